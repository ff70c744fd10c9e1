//! What systemd is told, and what it tells. Without systemd everything here does nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// Tells the service manager.
pub fn notify(state: &[NotifyState<'_>]) {
    // Nobody listens, or the socket is gone: neither is a reason to stop.
    let _ = sd_notify::notify(state);
}

/// Whether a service manager listens.
pub fn is_listening() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// Started, and usable.
pub fn ready(status: &str) {
    notify(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// What `systemctl status` shows.
pub fn status(status: &str) {
    notify(&[NotifyState::Status(status)]);
}

/// The configuration is read again: until [`reloaded`] says so, `systemctl reload` is not over (sd_notify(3)).
pub fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
}

/// The configuration was read again, and taken or refused.
pub fn reloaded() {
    notify(&[NotifyState::Ready]);
}

/// Stopping.
pub fn stopping() {
    notify(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// How often the watchdog wants to hear of us, if there is one: a third of its patience.
pub fn heartbeat() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 3)
}

/// Alive.
pub fn alive() {
    notify(&[NotifyState::Watchdog]);
}
