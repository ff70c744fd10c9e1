//! `[metrics]`: where Prometheus may ask beside the socket.

use std::net::SocketAddr;

use adapter_sdk::settings::Section;

/// Reads `[metrics]`: where to listen; `Some(None)`: nowhere. `None` after a fault.
pub(super) fn listen(mut section: Section<'_>) -> Option<Option<SocketAddr>> {
    const EXAMPLE: &str = "an address and a port, e.g. \"127.0.0.1:9470\"";
    let is_written = section.has("listen");
    let listen = section.parsed::<SocketAddr>("listen", EXAMPLE);
    let is_ours = listen.is_none_or(|listen| listen.ip().is_loopback());
    if !is_ours {
        let remedy =
            "write \"127.0.0.1:9470\"; a Prometheus elsewhere asks through a proxy that knows who may";
        section.fault(
            "listen",
            "is reachable from other machines, and this port asks nobody who they are",
            remedy,
        );
    }
    section.finish();
    if is_written && listen.is_none() || !is_ours { None } else { Some(listen) }
}
