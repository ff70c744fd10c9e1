//! From a body to an answer: the one place that marks and wakes.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use axum::http::StatusCode;
use chrono::TimeDelta;
use engine::{Engine, Hint, OrderError};
use lever::webhook::{Delivery, Kind};
use people::{ContactId, OpportunityId, Pii, Timestamp};
use tokio::{
    sync::{Notify, Semaphore, oneshot},
    time::{Instant, sleep, timeout},
};

use super::{
    decide::{self, Timing},
    memory::{AT_MOST_EVERY, Memory, Token},
    tally::{Came, Tally},
};
use crate::{
    api::{Ask, Shared},
    config::WebhookConfig,
    schedule::Ordered,
};

/// For a mark to reach the disk; Lever waits for the answer.
const MARK_TIME: Duration = Duration::from_secs(5);
/// For Lever to say whose an opportunity is.
const RESOLVE_TIME: Duration = Duration::from_secs(3);
/// Marks made at once: the rest of the blocking threads are the socket's.
const MARKS_MAX: usize = 4;
/// The engine's word about Lever's clock is asked for at most this often: it counts everybody for it.
const SKEW_EVERY: Duration = Duration::from_secs(60);

/// What takes deliveries.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    config: RwLock<Option<Arc<WebhookConfig>>>,
    memory: Mutex<Memory>,
    skew: Mutex<Skew>,
    marks: Arc<Semaphore>,
    later: Notify,
}

/// Lever's clock less ours, as last heard.
#[derive(Debug, Default, Clone, Copy)]
struct Skew {
    ahead: TimeDelta,
    heard_at: Option<Instant>,
}

/// A delivery whose token is ours while this lives.
struct Claim {
    receiver: Arc<Receiver>,
    token: Arc<str>,
    age_max: Duration,
}

impl Receiver {
    pub(super) fn new(shared: Arc<Shared>) -> Receiver {
        Receiver {
            shared,
            config: RwLock::default(),
            memory: Mutex::new(Memory::new()),
            skew: Mutex::default(),
            marks: Arc::new(Semaphore::new(MARKS_MAX)),
            later: Notify::new(),
        }
    }

    /// Another configuration from now on.
    pub(super) fn obey(&self, config: Option<WebhookConfig>) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config.map(Arc::new);
    }

    /// The configuration in force.
    pub(super) fn config(&self) -> Option<Arc<WebhookConfig>> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.shared.webhook
    }

    /// Counts one request, and tells the log of it where that is due.
    pub(super) fn count(&self, came: Came) {
        let Some(news) = self.tally().count(came, self.shared.clock.now()) else { return };
        match came {
            Came::Forged => tracing::warn!(
                code = "webhook.forged",
                count = news,
                "webhooks came that no token of ours signed; they are refused"
            ),
            _ => tracing::warn!(
                code = "webhook.failed",
                count = news,
                "webhooks could not be taken now; Lever sends them again, and polls go on"
            ),
        }
    }

    /// Takes one delivery, and answers what Lever is told: 200, 401, or 503 where it should send the same again.
    pub(super) async fn take(self: &Arc<Self>, body: &[u8], config: &WebhookConfig) -> StatusCode {
        let Ok(delivery) = lever::webhook::read(body, &config.tokens) else {
            self.count(Came::Forged);
            return StatusCode::UNAUTHORIZED;
        };
        let came = self.process(delivery, config.age_max).await;
        self.count(came);
        if came == Came::Failed { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }

    async fn process(self: &Arc<Self>, delivery: Delivery, age_max: TimeDelta) -> Came {
        if self.timing(delivery.triggered_at, age_max).await == Timing::Stale {
            return Came::Stale;
        }
        let claim = match self.claim(delivery.token, age_max) {
            Ok(claim) => claim,
            Err(came) => return came,
        };
        let event = delivery.event;
        let engine = self.shared.engine();
        let Some(mut hint) = decide::hint(&event, |reason| engine.is_no_hire(reason)) else {
            claim.processed();
            return Came::Ignored;
        };
        if hint.contact.is_none()
            && event.kind == Kind::CandidateHired
            && let Some(opportunity) = hint.opportunity.clone()
        {
            match self.contact_of(&opportunity).await {
                Ok(contact) => hint.contact = contact,
                Err(came) => return came,
            }
        }
        self.mark(claim, hint).await
    }

    /// By our clock as Lever's was last seen to differ from it. What seems out of time is looked at a second time by what the
    /// engine knows now.
    async fn timing(&self, triggered_at: Timestamp, age_max: TimeDelta) -> Timing {
        let now = self.shared.clock.now();
        let Skew { ahead, heard_at } = *self.skew();
        let timing = decide::timing(triggered_at, now + ahead, age_max);
        let is_news = heard_at.is_none_or(|at| at.elapsed() >= SKEW_EVERY);
        if timing == Timing::Fresh || !is_news {
            return timing;
        }
        self.skew().heard_at = Some(Instant::now());
        let engine = self.shared.engine();
        let status = tokio::task::spawn_blocking(move || engine.status()).await;
        let Ok(Ok(status)) = status else { return timing };
        let ahead = TimeDelta::seconds(status.source.skew_seconds);
        self.skew().ahead = ahead;
        decide::timing(triggered_at, now + ahead, age_max)
    }

    fn claim(self: &Arc<Self>, token: String, age_max: TimeDelta) -> Result<Claim, Came> {
        let token = Arc::<str>::from(token);
        let age_max = age_max.to_std().unwrap_or_default();
        match self.memory().claim(&token, Instant::now(), age_max) {
            Token::Claimed => Ok(Claim { receiver: Arc::clone(self), token, age_max }),
            Token::Processed => Err(Came::Replayed),
            // Whether the first one succeeds is not known yet.
            Token::UnderWay => Err(Came::Failed),
        }
    }

    /// Whose the opportunity is: as the ledger knows it, else as Lever says, which is asked at most once a minute.
    async fn contact_of(&self, opportunity: &OpportunityId) -> Result<Option<ContactId>, Came> {
        let (engine, asked) = (self.shared.engine(), opportunity.clone());
        let seen = tokio::task::spawn_blocking(move || engine.ledger().seen(&asked)).await;
        let Ok(Ok(seen)) = seen else { return Err(Came::Failed) };
        if let Some(seen) = seen {
            return Ok(Some(seen.contact));
        }
        if !self.memory().may_ask(opportunity, Instant::now()) {
            return Err(Came::Failed);
        }
        let (reply, answer) = oneshot::channel();
        self.shared.ask(Ask::Resolve(Pii::new(opportunity.as_str().to_owned()), reply));
        match timeout(RESOLVE_TIME, answer).await {
            Ok(Ok(Ok(contact))) => Ok(contact),
            _ => Err(Came::Failed),
        }
    }

    /// Marks whom the hint is about, on a thread that may wait for the disk. What was begun ends there even when whoever asked
    /// goes away.
    async fn mark(self: &Arc<Self>, claim: Claim, hint: Hint) -> Came {
        let marked = async {
            let permit = Arc::clone(&self.marks).acquire_owned().await;
            let engine = self.shared.engine();
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                claim.mark(&engine, &hint)
            })
            .await
        };
        match timeout(MARK_TIME, marked).await {
            Ok(Ok(Ok(Some(_)))) => Came::Taken,
            Ok(Ok(Ok(None))) => Came::Ignored,
            Ok(Ok(Err(error))) => {
                tracing::error!(code = "webhook.ledger", "a webhook could not be written down: {error}");
                Came::Failed
            }
            _ => Came::Failed,
        }
    }

    /// Wakes the engine a little later for those whom it was just woken for: they are marked, and must not wait for a poll that
    /// may be an hour away.
    pub(super) async fn wake_later(&self) {
        loop {
            self.later.notified().await;
            sleep(AT_MOST_EVERY).await;
            self.shared.order(Ordered { work: true, sweep: false });
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn skew(&self) -> MutexGuard<'_, Skew> {
        self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// The mark is on disk when this returns, and the engine is about to look.
    fn mark(&self, engine: &Engine, hint: &Hint) -> Result<Option<ContactId>, OrderError> {
        let marked = engine.hint(hint)?;
        self.processed();
        if let Some(contact) = &marked {
            let now = Instant::now();
            let mut memory = self.receiver.memory();
            if memory.may_wake(contact, now) {
                tracing::info!(code = "webhook", %contact, "a webhook says that somebody changed");
                self.receiver.shared.order(Ordered { work: true, sweep: false });
            } else {
                self.receiver.later.notify_one();
            }
        }
        Ok(marked)
    }

    fn processed(&self) {
        self.receiver.memory().processed(&self.token, Instant::now(), self.age_max);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.receiver.memory().release(&self.token);
    }
}

#[cfg(test)]
mod tests;
