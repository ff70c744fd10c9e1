//! Ports that nobody else gets, and a pretend vendor on one.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use sandbox::Pretend;
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime,
    sync::oneshot,
};

use super::lever::now_ms;

/// A port where nobody listens, so that connections are refused, and that no other test gets while this lives.
pub struct Reserved {
    _bound: TcpSocket,
    address: SocketAddr,
}

impl Reserved {
    /// A free port of loopback.
    pub fn new() -> Reserved {
        let bound = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let address = bound.local_addr().unwrap();
        Reserved { _bound: bound, address }
    }

    /// Where nobody listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on somebody does. Within a runtime.
    fn listen(&self) -> TcpListener {
        bind(self.address).listen(1024).unwrap()
    }
}

/// Sockets of ours may share a port, and nobody is given a shared one who asks for any.
fn bind(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

/// A vendor that answers on loopback until it is dropped or its port closed.
pub struct Port<V: Pretend> {
    vendor: Arc<Mutex<V>>,
    port: Reserved,
    serving: Option<Serving>,
}

struct Serving {
    shutdown: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl<V: Pretend> Port<V> {
    /// Serves `vendor` on a free port.
    pub fn open(vendor: V) -> Port<V> {
        let vendor = Arc::new(Mutex::new(vendor));
        let port = Reserved::new();
        let serving = Some(serve(Arc::clone(&vendor), &port));
        Port { vendor, port, serving }
    }

    /// Where it is, or was.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Connections are refused from now on.
    pub fn close(&mut self) {
        if let Some(serving) = self.serving.take() {
            let _ = serving.shutdown.send(());
            serving.thread.join().unwrap();
        }
    }

    /// The same port answers again.
    pub fn reopen(&mut self) {
        self.serving = Some(serve(Arc::clone(&self.vendor), &self.port));
    }

    /// The vendor itself.
    pub fn account(&self) -> MutexGuard<'_, V> {
        self.vendor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Pretend> Drop for Port<V> {
    fn drop(&mut self) {
        self.close();
    }
}

fn serve<V: Pretend>(vendor: Arc<Mutex<V>>, port: &Reserved) -> Serving {
    let (shutdown, asked_to_stop) = oneshot::channel();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = {
        let _within = runtime.enter();
        port.listen()
    };
    let thread = std::thread::spawn(move || {
        runtime.block_on(sandbox::serve(vendor, listener, now_ms, async { drop(asked_to_stop.await) }));
    });
    Serving { shutdown, thread }
}
