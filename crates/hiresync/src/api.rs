//! The socket: HTTP/1.1 and JSON for whoever the file's mode lets in; orders for root and the service's own user.
//!
//! How to think of it: the socket never waits for the engine. Questions about the ledger and orders are synchronous calls
//! that write to disk, made on a blocking thread; what needs Lever is handed to the engine's thread and awaited.
//!
//! **Invariant:** who asks is decided by the kernel's word about the peer, before a byte of the request's body is read.
//! **Invariant:** no personal value stands in a path or in a log line.

mod answers;
mod door;
mod links;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router, middleware,
    routing::{get, post},
};
use engine::{
    Applied, CycleError, DryRun, Engine, Forgotten, Live, OrderError, PlanFile, Source,
    links::{LinkAnswer, LinkError, LinkOrder},
};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, rt::TokioTimer, service::TowerToHyperService};
use people::{Clock, ContactId, Pii, Timestamp};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{Notify, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

pub use door::{Door, DoorError};

use crate::{
    config::Config,
    names::Names,
    notices::Board,
    once::destinations,
    report::{Destinations, Doers},
    schedule::{Ordered, Schedule},
    webhook::Tally,
    wiring::Equipped,
};

/// Connections at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;
/// Connections at once of one user who may only ask; further ones are closed.
const CONNECTIONS_PER_USER_MAX: usize = 16;
/// For a request to arrive.
const REQUEST_TIME: Duration = Duration::from_secs(2);
/// For an answer to be made: a look reads Lever at Lever's pace.
const ANSWER_TIME: Duration = Duration::from_secs(600);
/// For a plan to be made or carried out: everybody in it is looked for, at the slowest target's pace.
pub(crate) const PLAN_TIME: Duration = Duration::from_secs(2 * 3600);
/// For an answer to be taken.
const REPLY_TIME: Duration = Duration::from_secs(5);

/// What the socket and the engine's thread have in common.
pub struct Shared {
    equipped: RwLock<Equipped>,
    doers: RwLock<Arc<Doers>>,
    destinations: RwLock<Arc<Destinations>>,
    schedule: RwLock<Arc<Schedule>>,
    asking: RwLock<Asking>,
    reload_refused_at: RwLock<Option<Timestamp>>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Wakes the engine's thread to look at its agenda.
    pub wake: Arc<Notify>,
    /// What came by webhook.
    pub webhook: Tally,
    /// Who is told without asking, and how that goes.
    pub notices: Board,
    asks: mpsc::UnboundedSender<Ask>,
    work: AtomicBool,
    sweep: AtomicBool,
    stopping: AtomicBool,
}

/// How Lever is asked, as the configuration in force says.
#[derive(Debug, Clone, Copy)]
struct Asking {
    requests_per_second: f64,
    confidential: bool,
}

impl Asking {
    fn of(config: &Config) -> Asking {
        let lever = &config.lever;
        Asking { requests_per_second: lever.requests_per_second, confidential: lever.confidential }
    }
}

/// To whoever waits for what comes of a plan.
pub type AppliedReply = oneshot::Sender<Result<Applied, CycleError>>;

/// What the engine's thread is asked to do between and beside its cycles.
pub enum Ask {
    /// Who is meant.
    Resolve(Pii<String>, oneshot::Sender<adapter_sdk::Result<Option<ContactId>>>),
    /// What these contacts are called now.
    Names(Vec<ContactId>, oneshot::Sender<(Names, adapter_sdk::Result<()>)>),
    /// Forget somebody.
    Forget(ContactId, oneshot::Sender<Result<Forgotten, OrderError>>),
    /// What Lever says of somebody now, and what a cycle would make of it.
    Look(ContactId, oneshot::Sender<Result<Live, CycleError>>),
    /// What would be sent.
    Plan(Vec<ContactId>, oneshot::Sender<Result<DryRun, CycleError>>),
    /// Carry out an order about links, for the user with this id.
    Links(LinkOrder, u32, oneshot::Sender<Result<LinkAnswer, LinkError>>),
    /// Carry out a plan, between two cycles.
    Apply(Box<PlanFile>, AppliedReply),
    /// Go on under another configuration.
    Replace(Box<Config>),
}

impl Shared {
    /// Around an engine and its source; `asks` leads to its thread.
    pub fn new(
        equipped: Equipped,
        config: &Config,
        clock: Arc<dyn Clock>,
        asks: mpsc::UnboundedSender<Ask>,
    ) -> Arc<Shared> {
        let notices = Board::default();
        notices.set(config);
        Arc::new(Shared {
            equipped: RwLock::new(equipped),
            doers: RwLock::new(Arc::new(doers(config))),
            destinations: RwLock::new(Arc::new(destinations(config))),
            schedule: RwLock::new(Arc::new(config.schedule.clone())),
            asking: RwLock::new(Asking::of(config)),
            reload_refused_at: RwLock::default(),
            started_at: clock.now(),
            clock,
            wake: Arc::default(),
            webhook: Tally::default(),
            notices,
            asks,
            work: AtomicBool::default(),
            sweep: AtomicBool::default(),
            stopping: AtomicBool::default(),
        })
    }

    /// The engine of the configuration in force.
    pub fn engine(&self) -> Arc<Engine> {
        self.equipped().engine
    }

    /// The engine for dry runs: it has no way to change anything.
    pub fn asking_engine(&self) -> Arc<Engine> {
        self.equipped().asking
    }

    /// Whom the engine asks, for what it has no question for.
    pub fn source(&self) -> Arc<dyn Source> {
        self.equipped().source
    }

    /// The engine, and who asks beside it.
    pub fn equipped(&self) -> Equipped {
        self.equipped.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who does the tasks, by the configuration in force.
    fn doers(&self) -> Arc<Doers> {
        Arc::clone(&self.doers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where each target's data goes, by the configuration in force.
    fn destinations(&self) -> Arc<Destinations> {
        Arc::clone(&self.destinations.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The schedule in force.
    pub fn schedule(&self) -> Arc<Schedule> {
        Arc::clone(&self.schedule.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Since when the configuration on disk is faulty, so that the one before stays in force; `None`: it is not.
    pub fn set_reload_refused(&self, at: Option<Timestamp>) {
        *self.reload_refused_at.write().unwrap_or_else(PoisonError::into_inner) = at;
    }

    pub(crate) fn reload_refused_at(&self) -> Option<Timestamp> {
        *self.reload_refused_at.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn asking(&self) -> Asking {
        *self.asking.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another configuration is in force.
    pub fn replace(&self, equipped: Equipped, config: &Config) {
        *self.destinations.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(destinations(config));
        *self.doers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(doers(config));
        *self.equipped.write().unwrap_or_else(PoisonError::into_inner) = equipped;
        self.notices.set(config);
        *self.schedule.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config.schedule.clone());
        *self.asking.write().unwrap_or_else(PoisonError::into_inner) = Asking::of(config);
    }

    /// Hands something to the engine's thread. It may have ended: then nobody answers.
    pub fn ask(&self, ask: Ask) {
        let _ = self.asks.send(ask);
    }

    /// An order was written down: act on it now.
    pub fn order(&self, ordered: Ordered) {
        self.work.fetch_or(ordered.work, Ordering::AcqRel);
        self.sweep.fetch_or(ordered.sweep, Ordering::AcqRel);
        self.wake.notify_one();
    }

    /// Nothing new is begun from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        let Equipped { engine, asking, .. } = self.equipped();
        engine.stop();
        asking.stop();
        self.wake.notify_one();
    }

    /// Whether the daemon is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// What was ordered since this was last asked.
    pub fn take_ordered(&self) -> Ordered {
        Ordered {
            work: self.work.swap(false, Ordering::AcqRel),
            sweep: self.sweep.swap(false, Ordering::AcqRel),
        }
    }
}

fn doers(config: &Config) -> Doers {
    let doer = |target: &crate::config::TargetConfig| {
        Some((target.name.clone(), target.adapter.info().tasks_for.clone()?))
    };
    config.targets.iter().filter_map(doer).collect()
}

/// Who is at the other end, by the kernel's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Their user id.
    pub uid: u32,
}

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// To be let in by the socket's mode.
    Read,
    /// To be root or the service's own user.
    Order,
}

impl Need {
    fn of(method: &axum::http::Method, path: &str) -> Need {
        match (method.as_str(), path) {
            ("GET" | "HEAD", path) if path.ends_with("/report") => Need::Order,
            ("GET" | "HEAD", _) | ("POST", "/v1/resolve") => Need::Read,
            _ => Need::Order,
        }
    }

    fn is_met_by(self, peer: Peer, service_uid: u32) -> bool {
        self == Need::Read || peer.uid == 0 || peer.uid == service_uid
    }
}

/// Every route.
fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/status", get(answers::status))
        .route("/v1/health", get(answers::health))
        .route("/v1/people", get(answers::people))
        .route("/v1/people/{contact}", get(answers::person))
        .route("/v1/people/{contact}/explain", get(answers::explain))
        .route("/v1/people/{contact}/report", get(answers::report))
        .route("/v1/people/{contact}/forget", post(answers::forget))
        .route("/v1/people/{contact}/sync", post(answers::sync_one))
        .route("/v1/people/{contact}/retry", post(answers::retry))
        .route("/v1/history", get(answers::history))
        .route("/v1/tasks", get(answers::tasks))
        .route("/v1/tasks/{id}/done", post(answers::task_done))
        .route("/v1/parked", get(answers::parked))
        .route("/v1/guards", get(answers::guards))
        .route("/v1/guards/{cycle}/approve", post(answers::approve))
        .route("/v1/links", get(links::list))
        .route("/v1/links/{what}", get(links::show).post(links::order))
        .route("/v1/sync", post(answers::sync))
        .route("/v1/targets/{target}/pause", post(answers::pause))
        .route("/v1/targets/{target}/resume", post(answers::resume))
        .route("/v1/resolve", post(answers::resolve))
        .route("/v1/plan", post(answers::plan))
        .route("/v1/apply", post(answers::apply))
        .fallback(answers::nowhere)
        .method_not_allowed_fallback(answers::not_so)
        .layer(middleware::from_fn(answers::permit))
        .with_state(shared)
}

/// Answers until `shutdown` is done; then lets answers under way go out for a moment.
pub async fn serve(listener: UnixListener, shared: Arc<Shared>, shutdown: impl Future<Output = ()>) {
    let router = router(shared);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let crowd = Crowd::default();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accept = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = &mut shutdown => break,
            (permit, accepted) = accept => match accepted {
                Ok((stream, _)) => {
                    let Some(guest) = crowd.admit(&stream) else { continue };
                    let router = router.clone();
                    connections.spawn(async move {
                        let _permit = permit;
                        converse(stream, guest.peer, router).await;
                        drop(guest);
                    });
                }
                Err(error) => {
                    tracing::warn!(code = "socket.accept", kind = %error.kind(), "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(Duration::from_millis(500), rest).await;
}

/// How many connections each user has.
#[derive(Debug, Default, Clone)]
struct Crowd(Arc<Mutex<HashMap<u32, usize>>>);

/// One connection, counted until it is dropped.
#[derive(Debug)]
struct Guest {
    peer: Peer,
    crowd: Crowd,
}

impl Crowd {
    fn admit(&self, stream: &UnixStream) -> Option<Guest> {
        let peer = Peer { uid: stream.peer_cred().ok()?.uid() };
        self.count(peer).then(|| Guest { peer, crowd: self.clone() })
    }

    /// Root and the service's own user may use every place there is.
    fn count(&self, peer: Peer) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer.uid).or_default();
        let room = *count < CONNECTIONS_PER_USER_MAX || Need::Order.is_met_by(peer, service_uid());
        *count += usize::from(room);
        room
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer.uid) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer.uid);
            }
        }
    }
}

/// The user we run as.
fn service_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// One request and its answer. There is no second one on a connection: nobody can hold a place by being slow.
async fn converse(stream: UnixStream, peer: Peer, router: Router) {
    let router = router.layer(axum::Extension(peer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIME)
        .keep_alive(false)
        .max_buf_size(16 << 10)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let patience = if Need::Order.is_met_by(peer, service_uid()) { PLAN_TIME } else { ANSWER_TIME };
    // A peer that went away, or was too slow, needs no answer.
    let _ = timeout(patience.max(links::ANSWER_TIME) + REPLY_TIME, connection).await;
}

#[cfg(test)]
mod tests;
