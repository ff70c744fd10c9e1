//! `sandbox`: the pretend vendors behind a port.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use people::Clock;
use sandbox::{Fault, Lever, Pretend, Rate, Settings, cezanne, is_permission};
use tokio::sync::oneshot;

use crate::{
    cli::{CezanneArgs, Vendor},
    exit::Exit,
    once, print,
};

/// `sandbox VENDOR`: until a signal.
pub fn run(vendor: &Vendor) -> Result<Exit, Exit> {
    match vendor {
        Vendor::Lever { listen, people, seed, rate, fault, deny } => {
            let rate = (*rate > 0).then(|| Rate { per_second: *rate, burst: rate.saturating_mul(2) });
            let faults = faults(fault, Fault::parse_list)?;
            if let Some(unknown) = deny.iter().find(|permission| !is_permission(permission)) {
                return Err(misused(&format!(
                    "--deny {unknown}: no such permission; one looks like offers:read:admin"
                )));
            }
            let clock = once::clock();
            let denied = deny.iter().cloned().collect();
            let settings = Settings { rate, seed: *seed, denied, ..Settings::default() };
            let mut lever = Lever::seeded(settings, *people as usize, millis(clock.as_ref()));
            faults.into_iter().for_each(|fault| lever.add_fault(fault));
            let pretend = Running::start(*listen, lever, &clock)?;
            print::answer(&format!("listening on http://{}\n", pretend.address))?;
            until_signal()
        }
        Vendor::Cezanne(order) => {
            let faults = faults(&order.fault, cezanne::Fault::parse_list)?;
            let clock = once::clock();
            let mut pretend = cezanne::Cezanne::new(order.settings(), millis(clock.as_ref()));
            faults.into_iter().for_each(|fault| pretend.add_fault(fault));
            let pretend = Running::start(order.listen, pretend, &clock)?;
            print::answer(&configuration(order, &format!("http://{}", pretend.address)))?;
            until_signal()
        }
    }
}

/// All faults of the command line, in order.
fn faults<F, E: std::fmt::Display>(
    specs: &[String],
    parse: impl Fn(&str) -> Result<Vec<F>, E>,
) -> Result<Vec<F>, Exit> {
    let parsed =
        specs.iter().map(|spec| parse(spec).map_err(|error| misused(&format!("--fault {spec}: {error}"))));
    Ok(parsed.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn misused(complaint: &str) -> Exit {
    print::complain(complaint);
    Exit::Usage
}

fn until_signal() -> Result<Exit, Exit> {
    once::runtime()?.block_on(async {
        let (mut term, mut int) = once::ending_signals()?;
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        Ok(Exit::Done)
    })
}

/// Where the pretend Cezanne is, and what a target's settings need to say to reach it.
fn configuration(order: &CezanneArgs, address: &str) -> String {
    let company = order.company.first().map_or("", String::as_str);
    let mut text = format!(
        "listening on {address}\n\
         service_root = \"{address}{}\"\n\
         token_url = \"{address}{}\"\n\
         client_id = \"{}\"\n\
         # the client secret is {}\n\
         company_code = \"{company}\"\n",
        cezanne::SERVICE_PATH,
        cezanne::TOKEN_PATH,
        order.client_id,
        order.client_secret,
    );
    if order.signature_token.is_some() {
        text.push_str(&format!(
            "# Lever's webhooks go to {address}{}{}\n",
            cezanne::RECEIVER_PATH,
            order.subdomain
        ));
    }
    text
}

impl CezanneArgs {
    fn settings(&self) -> cezanne::Settings {
        let company = self.company.first().cloned().unwrap_or_default();
        let receiver = self.signature_token.as_ref().map(|token| cezanne::Receiver {
            subdomain: self.subdomain.clone(),
            token: token.clone(),
            administrator: "New Hire Administrator".to_owned(),
            company: company.clone(),
            directory: std::collections::BTreeMap::new(),
        });
        let access = cezanne::Access {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            lifetime_ms: u64::from(self.token_lifetime) * 1000,
            scope: self.scope.clone(),
            ..cezanne::Access::default()
        };
        cezanne::Settings {
            variant: match self.metadata.as_str() {
                "code" => cezanne::Variant::Code,
                "v4" => cezanne::Variant::V4,
                "v2" => cezanne::Variant::V2,
                _ => cezanne::Variant::Description,
            },
            open_ended: match self.open_ended.as_str() {
                "null" => cezanne::OpenEnded::Null,
                _ => cezanne::OpenEnded::Sentinel,
            },
            access,
            receiver,
            seed: self.seed,
            staff: self.staff as usize,
            companies: self.company.clone(),
            page_size: self.page_size as usize,
            lag_by_key_ms: self.lag,
            lag_by_filter_ms: self.lag,
            ..cezanne::Settings::default()
        }
    }
}

/// A pretend Lever that answers on a thread of its own until it is dropped.
pub type PretendLever = Running<Lever>;

/// A pretend vendor that answers on a thread of its own until it is dropped.
pub struct Running<P> {
    /// Where.
    pub address: SocketAddr,
    vendor: Arc<Mutex<P>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl<P: Pretend> Running<P> {
    /// Answers at `listen`.
    pub fn start(listen: SocketAddr, vendor: P, clock: &Arc<dyn Clock>) -> Result<Running<P>, Exit> {
        let cannot = |error: std::io::Error| {
            print::complain(&format!("cannot listen on {listen}: {}", error.kind()));
            Exit::CannotCreate
        };
        let listener = TcpListener::bind(listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let vendor = Arc::new(Mutex::new(vendor));
        let (stop, stopped) = oneshot::channel::<()>();
        let (answering, clock) = (Arc::clone(&vendor), Arc::clone(clock));
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
        Ok(Running { address, vendor, stop: Some(stop), thread: Some(thread) })
    }

    /// The account itself: what people do there, and what is true.
    pub fn account(&self) -> MutexGuard<'_, P> {
        self.vendor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P> Drop for Running<P> {
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
