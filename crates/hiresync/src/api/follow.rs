//! The history: what happened, and what happens from now on for whoever follows.
//!
//! How to think of it: nobody writes to a follower. A follower's body looks at the ledger's newest lines when hyper asks it for more,
//! and hyper asks when the peer took what it had. So whoever does not read holds up nothing but itself, and [`Pace`] ends it.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Extension, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use ledger::Event;
use people::{ContactId, Timestamp};
use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep_until},
};

use super::{
    REPLY_TIME, Shared, TAKE_TIME,
    answers::{Answer, Problem, blocking, contact_id, since},
};

/// Followers at once: most places on the socket stay free for questions.
const FOLLOWERS_MAX: usize = 8;
/// Events looked at in one step.
const PAGE: usize = 500;
/// About so many bytes are handed to a follower at once.
const CHUNK: usize = 16 << 10;

/// Everybody who follows.
#[derive(Debug)]
pub struct Followers {
    room: Arc<Semaphore>,
    ended: watch::Sender<bool>,
}

impl Default for Followers {
    fn default() -> Followers {
        Followers { room: Arc::new(Semaphore::new(FOLLOWERS_MAX)), ended: watch::Sender::new(false) }
    }
}

impl Followers {
    /// The daemon stops: every follower is given its last line and let go.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// How long a connection may go on.
#[derive(Debug, Clone)]
pub(super) struct Pace(watch::Sender<Doing>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// It makes one answer.
    Answering,
    /// The answer was made then, and is being taken.
    Answered(Instant),
    /// It follows, and has all there is.
    Waiting,
    /// It follows, and was handed something then.
    Taking(Instant),
}

impl Pace {
    pub(super) fn new() -> Pace {
        Pace(watch::Sender::new(Doing::Answering))
    }

    /// Until the peer had its time: `patience` for an answer to be made, [`TAKE_TIME`] to take it; for a follower, [`REPLY_TIME`] for each piece.
    pub(super) async fn over(&self, patience: Duration) {
        let mut doing = self.0.subscribe();
        let end = Instant::now() + patience;
        loop {
            let until = match *doing.borrow_and_update() {
                Doing::Answering => Some(end),
                Doing::Answered(since) => Some(since + TAKE_TIME),
                Doing::Waiting => None,
                Doing::Taking(since) => Some(since + REPLY_TIME),
            };
            let time_is_up = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = time_is_up => return,
                Ok(()) = doing.changed() => {}
            }
        }
    }

    /// The answer is made, or begun: the peer has so long to take it.
    pub(super) fn answered(&self) {
        self.is(Doing::Answered(Instant::now()));
    }

    fn is(&self, doing: Doing) {
        self.0.send_replace(doing);
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct HistoryQuery {
    contact: Option<String>,
    since: Option<String>,
    #[serde(default)]
    follow: bool,
}

impl HistoryQuery {
    pub(super) fn is_understood(&self) -> bool {
        let has_contact = self.contact.as_deref().map(contact_id).transpose().is_ok();
        has_contact & self.since.as_deref().map(since).transpose().is_ok()
    }
}

pub(super) async fn history(
    State(shared): State<Arc<Shared>>,
    Extension(pace): Extension<Pace>,
    Query(query): Query<HistoryQuery>,
) -> Answer {
    let contact = query.contact.as_deref().map(contact_id).transpose()?;
    let since = query.since.as_deref().map(since).transpose()?;
    if query.follow {
        return follow(shared, pace, contact, since);
    }
    let events = blocking(&shared, move |engine| {
        let Some(contact) = contact else { return Ok(engine.ledger().history_since(since)?) };
        let mut events = engine.ledger().history(&contact)?;
        events.retain(|event| since.is_none_or(|since| event.at >= since));
        Ok(events)
    });
    Ok(lines(Body::from(written(&events.await?))))
}

fn follow(shared: Arc<Shared>, pace: Pace, contact: Option<ContactId>, since: Option<Timestamp>) -> Answer {
    let Ok(place) = Arc::clone(&shared.followers.room).try_acquire_owned() else {
        let detail = format!("{FOLLOWERS_MAX} follow already; end one of them, or ask without follow=true");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "followers", detail));
    };
    let follower = Follower {
        news: shared.engine().ledger().watch_events(),
        ended: shared.followers.ended.subscribe(),
        ready: VecDeque::new(),
        shared,
        pace,
        contact,
        since,
        next: 0,
        _place: place,
    };
    let body = futures::stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.more().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(follower))),
            Ok(None) => None,
            // The answer breaks off instead of ending: whoever reads it knows that there was more.
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(lines(Body::from_stream(body)))
}

/// One connection that goes on.
struct Follower {
    shared: Arc<Shared>,
    pace: Pace,
    news: watch::Receiver<u64>,
    ended: watch::Receiver<bool>,
    contact: Option<ContactId>,
    since: Option<Timestamp>,
    /// What was read and not handed on yet.
    ready: VecDeque<Bytes>,
    /// The number of the first event that was not read yet: what there is already is followed from the first on.
    next: u64,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next piece, once there is one; `None` when the daemon stops. Asked only when the peer took the one before.
    async fn more(&mut self) -> io::Result<Option<Bytes>> {
        self.pace.is(Doing::Waiting);
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                self.pace.is(Doing::Taking(Instant::now()));
                return Ok(Some(chunk));
            }
            let is_ended = *self.ended.borrow_and_update();
            self.news.mark_unchanged();
            let is_all = self.read().await?;
            if !is_all || !self.ready.is_empty() {
                continue;
            }
            if is_ended {
                return Ok(None);
            }
            tokio::select! {
                changed = self.news.changed() => if changed.is_err() { return Ok(None) },
                changed = self.ended.changed() => if changed.is_err() { return Ok(None) },
            }
        }
    }

    /// Some of what is new. True when that is all.
    async fn read(&mut self) -> io::Result<bool> {
        let (next, since, contact) = (self.next, self.since, self.contact.clone());
        let page = blocking(&self.shared, move |engine| {
            let wanted = |at, whose: &ContactId| {
                since.is_none_or(|since| at >= since)
                    && contact.as_ref().is_none_or(|contact| contact == whose)
            };
            Ok(engine.ledger().events(next, PAGE, wanted)?)
        });
        // The answer breaks off: the log says why.
        let page = page.await.map_err(|_| io::Error::other("the ledger cannot be read"))?;
        self.next = page.next;
        self.ready = chunks(&page.events);
        Ok(page.is_end)
    }
}

fn chunks(events: &[Event]) -> VecDeque<Bytes> {
    let mut chunks = VecDeque::new();
    let mut chunk = String::new();
    for event in events {
        chunk.push_str(&line(event));
        if chunk.len() >= CHUNK {
            chunks.push_back(std::mem::take(&mut chunk).into());
        }
    }
    if !chunk.is_empty() {
        chunks.push_back(chunk.into());
    }
    chunks
}

fn written(events: &[Event]) -> String {
    events.iter().map(line).collect()
}

fn line(event: &Event) -> String {
    serde_json::to_string(event).map(|line| line + "\n").unwrap_or_default()
}

fn lines(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}
