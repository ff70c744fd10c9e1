//! `sandbox`: the pretend vendors behind a port.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use people::Clock;
use sandbox::{Fault, Lever, Rate, Settings, is_permission};
use tokio::sync::oneshot;

use crate::{cli::Vendor, exit::Exit, once, print};

/// `sandbox lever`: until a signal.
pub fn run(vendor: &Vendor) -> Result<Exit, Exit> {
    let Vendor::Lever { listen, people, seed, rate, fault, deny } = vendor;
    let rate = (*rate > 0).then(|| Rate { per_second: *rate, burst: rate.saturating_mul(2) });
    let mut faults = Vec::new();
    for spec in fault {
        let parsed = Fault::parse_list(spec).map_err(|error| {
            print::complain(&format!("--fault {spec}: {error}"));
            Exit::Usage
        })?;
        faults.extend(parsed);
    }
    if let Some(unknown) = deny.iter().find(|permission| !is_permission(permission)) {
        print::complain(&format!("--deny {unknown}: no such permission; one looks like offers:read:admin"));
        return Err(Exit::Usage);
    }
    let clock = once::clock();
    let denied = deny.iter().cloned().collect();
    let settings = Settings { rate, seed: *seed, denied, ..Settings::default() };
    let mut lever = Lever::seeded(settings, *people as usize, millis(clock.as_ref()));
    for fault in faults {
        lever.add_fault(fault);
    }
    let pretend = PretendLever::start(*listen, lever, &clock)?;
    print::answer(&format!("listening on http://{}\n", pretend.address))?;
    once::runtime()?.block_on(async {
        let (mut term, mut int) = once::ending_signals()?;
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        Ok(Exit::Done)
    })
}

/// A pretend Lever that answers on a thread of its own until it is dropped.
pub struct PretendLever {
    /// Where.
    pub address: SocketAddr,
    lever: Arc<Mutex<Lever>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl PretendLever {
    /// Answers at `listen`.
    pub fn start(listen: SocketAddr, lever: Lever, clock: &Arc<dyn Clock>) -> Result<PretendLever, Exit> {
        let cannot = |error: std::io::Error| {
            print::complain(&format!("cannot listen on {listen}: {}", error.kind()));
            Exit::CannotCreate
        };
        let listener = TcpListener::bind(listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let lever = Arc::new(Mutex::new(lever));
        let (stop, stopped) = oneshot::channel::<()>();
        let (answering, clock) = (Arc::clone(&lever), Arc::clone(clock));
        let runtime = once::runtime()?;
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let time = move || millis(clock.as_ref());
                let until = async {
                    let _ = stopped.await;
                };
                Box::pin(sandbox::serve(answering, listener, time, until)).await;
            });
        });
        let thread = thread.map_err(cannot)?;
        Ok(PretendLever { address, lever, stop: Some(stop), thread: Some(thread) })
    }

    /// The account itself: what a recruiter does, and what is true.
    pub fn account(&self) -> MutexGuard<'_, Lever> {
        self.lever.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PretendLever {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It panicked: then it has said so.
            let _ = thread.join();
        }
    }
}

/// The present moment as the pretend vendors count it.
pub fn millis(clock: &dyn Clock) -> u64 {
    u64::try_from(clock.now().timestamp_millis()).unwrap_or_default()
}
