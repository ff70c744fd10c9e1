//! The socket: HTTP/1.1 and JSON for whoever the file's mode lets in; orders for root and the service's own user.
//!
//! How to think of it: the socket never waits for the engine. Questions about the ledger and orders are synchronous calls
//! that write to disk, made on a blocking thread; what needs Lever is handed to the engine's thread and awaited.
//!
//! **Invariant:** what somebody may is decided by the kernel's word about them when they connect, before a byte of theirs is read; an order
//! that they may not give is refused before its body is read.
//! **Invariant:** no personal value stands in a path or in a log line.

mod answers;
mod archive;
mod door;
mod figures;
mod follow;
mod links;
mod routes;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, middleware};
use engine::{
    Applied, CycleError, DryRun, Engine, Forgotten, Live, OrderError, PlanFile, Source,
    links::{LinkAnswer, LinkError, LinkOrder},
};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, rt::TokioTimer, service::TowerToHyperService};
use people::{Clock, ContactId, Pii, Timestamp, Zone};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{Notify, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

pub use door::{Door, DoorError};
pub use figures::metrics;
use follow::{Followers, Pace};

use crate::{
    config::{self, Config, Expiring, Expiry},
    metrics::Cycles,
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
/// Connections at once of all of them together: there is always a place for root.
const READERS_MAX: usize = 48;
/// What the kernel says of a user whom our user namespace does not know.
const OVERFLOW_UID: u32 = 65_534;
/// Longest head of a request.
const HEAD_MAX: usize = 4 << 10;
/// What is kept of a connection's bytes at most; hyper takes no less.
const BUFFER: usize = 8 << 10;
/// For a request to arrive.
const REQUEST_TIME: Duration = Duration::from_secs(2);
/// For an answer to be made: a look reads Lever at Lever's pace.
const ANSWER_TIME: Duration = Duration::from_secs(600);
/// For a plan to be made or carried out: everybody in it is looked for, at the slowest target's pace.
pub(crate) const PLAN_TIME: Duration = Duration::from_secs(2 * 3600);
/// For a piece of the history to be taken by whoever follows it.
const REPLY_TIME: Duration = Duration::from_secs(5);
/// For a whole answer to be taken.
const TAKE_TIME: Duration = Duration::from_secs(60);

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
    /// The state folder, and whether the digest key is kept in it.
    state: (PathBuf, bool),
    /// The cycles since the start.
    pub cycles: Cycles,
    followers: Followers,
    /// Who is told without asking, and how that goes.
    pub notices: Board,
    asks: mpsc::UnboundedSender<Ask>,
    work: AtomicBool,
    sweep: AtomicBool,
    stopping: AtomicBool,
}

/// How Lever is asked, as the configuration in force says, and how long with these secrets.
#[derive(Debug, Clone)]
struct Asking {
    requests_per_second: f64,
    confidential: bool,
    expiries: Arc<Vec<Expiry>>,
    zone: Zone,
}

impl Asking {
    fn of(config: &Config) -> Asking {
        let lever = &config.lever;
        Asking {
            requests_per_second: lever.requests_per_second,
            confidential: lever.confidential,
            expiries: Arc::new(config.expiries.clone()),
            zone: lever.zone,
        }
    }

    fn expiring(&self, now: Timestamp) -> Vec<Expiring> {
        config::expiring(&self.expiries, self.zone, now)
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
            state: (config.state.dir.clone(), config.state.digest_key.is_none()),
            cycles: Cycles::default(),
            followers: Followers::default(),
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

    /// Secrets that expire soon.
    pub fn expiring(&self, now: Timestamp) -> Vec<Expiring> {
        self.asking().expiring(now)
    }

    fn asking(&self) -> Asking {
        self.asking.read().unwrap_or_else(PoisonError::into_inner).clone()
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
        self.followers.end();
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

/// Who is at the other end, by the kernel's word when they connected: decided before a byte of theirs is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Their user id.
    pub uid: u32,
    /// What they may.
    role: Role,
}

/// What somebody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    /// Ask.
    Reader,
    /// Ask, and order.
    Orderer,
}

impl Peer {
    /// Root and the service's own user may order, everybody else who is let in may ask. Whoever has no id in our user namespace
    /// (the root of another one, say) comes as the overflow id: nobody, even where the service itself runs as nobody.
    fn of(uid: u32, service_uid: u32) -> Peer {
        let is_ours = uid == 0 || uid == service_uid;
        let role = if is_ours && uid != OVERFLOW_UID { Role::Orderer } else { Role::Reader };
        Peer { uid, role }
    }
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
            ("GET" | "HEAD", path) if path.ends_with("/report") || path == "/v1/state" => Need::Order,
            ("GET" | "HEAD", _) | ("POST", "/v1/resolve") => Need::Read,
            _ => Need::Order,
        }
    }

    fn is_met_by(self, peer: Peer) -> bool {
        self == Need::Read || peer.role == Role::Orderer
    }
}

fn router(shared: Arc<Shared>) -> Router {
    routes::router()
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
struct Crowd(Arc<Mutex<HashMap<(Role, u32), usize>>>);

/// One connection, counted until it is dropped.
#[derive(Debug)]
struct Guest {
    peer: Peer,
    crowd: Crowd,
}

impl Crowd {
    fn admit(&self, stream: &UnixStream) -> Option<Guest> {
        let peer = Peer::of(stream.peer_cred().ok()?.uid(), service_uid());
        self.count(peer).then(|| Guest { peer, crowd: self.clone() })
    }

    /// Root and the service's own user may use every place there is.
    fn count(&self, peer: Peer) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let readers: usize =
            counts.iter().filter(|((role, _), _)| *role == Role::Reader).map(|(_, count)| count).sum();
        let count = counts.entry((peer.role, peer.uid)).or_default();
        let room = peer.role == Role::Orderer || (*count < CONNECTIONS_PER_USER_MAX && readers < READERS_MAX);
        *count += usize::from(room);
        room
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (self.peer.role, self.peer.uid);
        if let Some(count) = counts.get_mut(&whose) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&whose);
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
    let pace = Pace::new();
    let router = router.layer(axum::Extension(pace.clone())).layer(axum::Extension(peer));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIME)
        .keep_alive(false)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let patience = match peer.role {
        Role::Orderer => PLAN_TIME.max(links::ANSWER_TIME),
        Role::Reader => ANSWER_TIME,
    };
    tokio::select! {
        // A peer that went away, or was too slow, needs no answer.
        _ = connection => {}
        () = pace.over(REQUEST_TIME + patience + REPLY_TIME) => {}
    }
}

/// A request as whoever connects may send it: the first line is its path and query, the rest its body. Says whether any
/// question or order understands it.
pub(crate) fn fuzz(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let (path, body) = text.split_once('\n').unwrap_or((&text, ""));
    let body = body.as_bytes();
    let name = path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let has_query = path.parse().is_ok_and(|uri: axum::http::Uri| {
        axum::extract::Query::<follow::HistoryQuery>::try_from_uri(&uri).is_ok_and(|it| it.0.is_understood())
            | axum::extract::Query::<answers::ExplainQuery>::try_from_uri(&uri).is_ok()
            | axum::extract::Query::<answers::TasksQuery>::try_from_uri(&uri).is_ok()
            | axum::extract::Query::<links::LinksQuery>::try_from_uri(&uri).is_ok()
    });
    let has_id = answers::contact_id(name).is_ok() | answers::target_name(name).is_ok();
    let has_body = answers::Contacts::read(body).is_ok()
        | answers::Who::read(body).is_ok()
        | links::read(name, body).is_ok();
    (has_query | has_id) & has_body
}

#[cfg(test)]
mod tests;
