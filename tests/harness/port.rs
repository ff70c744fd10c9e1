//! A pretend vendor on a port of its own.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use sandbox::Pretend;
use tokio::sync::oneshot;

use super::{lever::now_ms, wait_until};

/// A vendor that answers on loopback until it is dropped or its port closed.
pub struct Port<V: Pretend> {
    vendor: Arc<Mutex<V>>,
    address: SocketAddr,
    serving: Option<Serving>,
}

struct Serving {
    shutdown: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl<V: Pretend> Port<V> {
    /// Serves `vendor` on a free port.
    pub fn open(vendor: V) -> Port<V> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let vendor = Arc::new(Mutex::new(vendor));
        let serving = Some(serve(Arc::clone(&vendor), listener));
        Port { vendor, address, serving }
    }

    /// Where it is, or was.
    pub fn address(&self) -> SocketAddr {
        self.address
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
        let listener = wait_until("the port is free again", Duration::from_secs(5), || {
            TcpListener::bind(self.address).ok()
        });
        self.serving = Some(serve(Arc::clone(&self.vendor), listener));
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

fn serve<V: Pretend>(vendor: Arc<Mutex<V>>, listener: TcpListener) -> Serving {
    let (shutdown, asked_to_stop) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            sandbox::serve(vendor, listener, now_ms, async { drop(asked_to_stop.await) }).await;
        });
    });
    Serving { shutdown, thread }
}
