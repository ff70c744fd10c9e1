//! What every adapter gets around it, so that no author writes it twice and none forgets it.
//!
//! | layer, outermost first | what it does |
//! |---|---|
//! | trace | one event per call and person: ids, intent, outcome code; never a value |
//! | capability check | what was not declared is refused before the adapter is asked |
//! | rate, in-flight | calls start evenly spaced, and no more than declared are under way |
//! | timeout, panic | a call ends; a delivery that did not end by itself has an unknown outcome |
//!
//! The pace stands outside the deadline: waiting for one's turn is not the target being slow.
//!
//! **Invariant:** there is deliberately no retry layer. A wait in memory is lost with the process and seen by nobody; the
//! engine writes it into the ledger instead, where it survives a restart, where status shows it and where a newer truth
//! about the person replaces it.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, sync::Mutex, time::Duration};

use async_trait::async_trait;
use futures::FutureExt as _;
use people::RemoteId;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout},
};
use tracing::debug;

use crate::{
    AdapterInfo, Capabilities, CheckReport, Delivery, Effect, Error, ErrorKind, Found, HrisAdapter, Identity,
    Intent, Link, Next, Receipt, RemoteState, Result,
};

#[cfg(feature = "conformance")]
mod scripted;
#[cfg(feature = "conformance")]
pub use scripted::Scripted;

/// Puts every layer around `adapter`.
pub fn wrap(adapter: Arc<dyn HrisAdapter>) -> Arc<dyn HrisAdapter> {
    let limited = Limited::new(adapter);
    let checked = Checked { inner: limited };
    Arc::new(Traced { inner: checked })
}

// ---------------------------------------------------------------------------------------------------------- trace

#[derive(Debug)]
struct Traced {
    inner: Checked,
}

impl Traced {
    async fn call<T>(
        &self,
        call: &'static str,
        id: &str,
        answer: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let started = Instant::now();
        let answer = answer.await;
        let outcome = answer.as_ref().map_or_else(|error| error.kind().code(), |_| "ok");
        let elapsed_ms = millis_since(started);
        debug!(target_name = %self.info().target, call, id, outcome, elapsed_ms, "{call} answered {outcome}");
        answer
    }
}

#[async_trait]
impl HrisAdapter for Traced {
    fn info(&self) -> &AdapterInfo {
        self.inner.info()
    }

    async fn check(&self) -> Result<CheckReport> {
        self.call("check", "", self.inner.check()).await
    }

    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        self.call("find", who.contact.as_str(), self.inner.find(who)).await
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        self.call("read", link.remote.as_str(), self.inner.read(link)).await
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        let id = after.clone();
        let id = id.as_ref().map_or("", RemoteId::as_str);
        self.call("list", id, self.inner.list(after)).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let started = Instant::now();
        let answers = self.inner.deliver(deliveries).await;
        let elapsed_ms = millis_since(started);
        for (delivery, answer) in deliveries.iter().zip(&answers) {
            let outcome = outcome_code(answer);
            debug!(
                target_name = %delivery.target,
                contact = %delivery.contact,
                generation = delivery.generation.0,
                intent = %delivery.intent,
                outcome,
                next = answer.as_ref().err().map(|error| next_code(error.next())),
                batch = deliveries.len(),
                elapsed_ms,
                "delivery of {} to {}: {outcome}",
                delivery.contact,
                delivery.target,
            );
        }
        answers
    }
}

fn millis_since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn outcome_code(answer: &Result<Receipt>) -> &'static str {
    match answer {
        Err(error) => error.kind().code(),
        Ok(receipt) if !receipt.unfinished.is_empty() => "unfinished",
        Ok(receipt) => match receipt.effect {
            Effect::Created => "created",
            Effect::Updated => "updated",
            Effect::Unchanged => "unchanged",
            Effect::Withdrawn => "withdrawn",
        },
    }
}

fn next_code(next: Next) -> &'static str {
    match next {
        Next::Retry { .. } => "retry",
        Next::FindFirst => "find_first",
        Next::Park => "park",
    }
}

// ----------------------------------------------------------------------------------------------- capability check

#[derive(Debug)]
struct Checked {
    inner: Limited,
}

impl Checked {
    fn require(&self, declared: bool, ability: &'static str) -> Result<()> {
        if declared { Ok(()) } else { Err(unsupported(self.info(), ability)) }
    }

    fn refusal(&self, delivery: &Delivery, batch: usize) -> Option<Error> {
        let info = self.info();
        undeclared(&info.capabilities, delivery, batch).map(|ability| unsupported(info, ability))
    }
}

fn unsupported(info: &AdapterInfo, ability: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, "asking for something this kind of target does not do")
        .with("adapter", info.kind)
        .with("ability", ability)
}

/// The first ability that `delivery`, one of `batch`, needs and that was not declared.
fn undeclared(can: &Capabilities, delivery: &Delivery, batch: usize) -> Option<&'static str> {
    let needs = [
        (batch > can.batch_max.max(1), "batch_max", can.batch_max >= batch),
        (delivery.intent == Intent::Update, "update", can.update),
        (delivery.intent == Intent::AddHire || delivery.wanted.hires.len() > 1, "rehire", can.rehire),
        (delivery.intent == Intent::Withdraw, "withdraw", can.withdraw),
    ];
    needs.into_iter().find(|&(needed, _, declared)| needed && !declared).map(|(_, ability, _)| ability)
}

#[async_trait]
impl HrisAdapter for Checked {
    fn info(&self) -> &AdapterInfo {
        self.inner.info()
    }

    async fn check(&self) -> Result<CheckReport> {
        self.inner.check().await
    }

    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        self.require(self.info().capabilities.find, "find")?;
        self.inner.find(who).await
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        self.require(self.info().capabilities.read, "read")?;
        self.inner.read(link).await
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        self.require(self.info().capabilities.list, "list")?;
        self.inner.list(after).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let refusals: Vec<Option<Error>> =
            deliveries.iter().map(|delivery| self.refusal(delivery, deliveries.len())).collect();
        if refusals.iter().all(Option::is_none) {
            return self.inner.deliver(deliveries).await;
        }
        let allowed: Vec<Delivery> = deliveries
            .iter()
            .zip(&refusals)
            .filter(|(_, refusal)| refusal.is_none())
            .map(|(delivery, _)| delivery.clone())
            .collect();
        let answers = if allowed.is_empty() { Vec::new() } else { self.inner.deliver(&allowed).await };
        let mut answers = answers.into_iter();
        refusals
            .into_iter()
            .map(|refusal| match refusal {
                Some(error) => Err(error),
                None => answers.next().unwrap_or_else(|| Err(no_answer())),
            })
            .collect()
    }
}

// ----------------------------------------------------------------------------- rate, in-flight, timeout and panics

/// Pace and deadline of each call.
#[derive(Debug)]
struct Limited {
    inner: Arc<dyn HrisAdapter>,
    in_flight: Semaphore,
    pace: Pace,
}

impl Limited {
    fn new(inner: Arc<dyn HrisAdapter>) -> Self {
        let can = inner.info().capabilities;
        Limited {
            in_flight: Semaphore::new(can.in_flight_max.clamp(1, Semaphore::MAX_PERMITS)),
            pace: Pace::new(can.calls_per_second_max),
            inner,
        }
    }

    async fn turn(&self) -> SemaphorePermit<'_> {
        let permit = self.in_flight.acquire().await.expect("this semaphore is never closed");
        self.pace.wait().await;
        permit
    }

    async fn call<T>(&self, doing: &'static str, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let _turn = self.turn().await;
        match self.bounded(answer).await {
            Ok(answer) => answer,
            Err(Cut::TimedOut) => {
                Err(Error::new(ErrorKind::Unavailable, doing).with("timeout", self.limit()))
            }
            Err(Cut::Panicked) => Err(Error::new(ErrorKind::Unexpected, doing).with("cause", "panic")),
        }
    }

    async fn bounded<T>(&self, answer: impl Future<Output = T>) -> Result<T, Cut> {
        let deadline = self.info().capabilities.call_timeout;
        match timeout(deadline, AssertUnwindSafe(answer).catch_unwind()).await {
            Ok(Ok(answer)) => Ok(answer),
            // The payload is dropped unread: a panic's text may hold anything, a name included.
            Ok(Err(_payload)) => Err(Cut::Panicked),
            Err(_elapsed) => Err(Cut::TimedOut),
        }
    }

    fn limit(&self) -> String {
        format!("{:?}", self.info().capabilities.call_timeout)
    }

    fn unknown_outcome(&self, cut: Cut) -> Error {
        let error = match cut {
            Cut::TimedOut => Error::new(ErrorKind::Unavailable, "waiting for the answer to a delivery")
                .with("timeout", self.limit()),
            Cut::Panicked => Error::new(ErrorKind::Unexpected, "delivering").with("cause", "panic"),
        };
        error.find_first()
    }
}

/// Why a call did not end by itself.
#[derive(Debug, Clone, Copy)]
enum Cut {
    TimedOut,
    Panicked,
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Unexpected, "reading the adapter's answers: one is missing").find_first()
}

#[async_trait]
impl HrisAdapter for Limited {
    fn info(&self) -> &AdapterInfo {
        self.inner.info()
    }

    async fn check(&self) -> Result<CheckReport> {
        self.call("checking the target", async { self.inner.check().await }).await
    }

    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        self.call("looking for a person", async { self.inner.find(who).await }).await
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        self.call("reading a record", async { self.inner.read(link).await }).await
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        self.call("listing the records", async { self.inner.list(after).await }).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let _turn = self.turn().await;
        match self.bounded(async { self.inner.deliver(deliveries).await }).await {
            Ok(mut answers) => {
                answers.truncate(deliveries.len());
                answers.resize_with(deliveries.len(), || Err(no_answer()));
                answers
            }
            Err(cut) => deliveries.iter().map(|_| Err(self.unknown_outcome(cut))).collect(),
        }
    }
}

/// Lets calls start evenly spaced.
#[derive(Debug)]
struct Pace {
    interval: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(calls_per_second_max: Option<f64>) -> Self {
        let interval = calls_per_second_max
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Pace { interval, next: Mutex::new(None) }
    }

    async fn wait(&self) {
        if let Some(interval) = self.interval {
            sleep_until(self.slot(interval)).await;
        }
    }

    /// The next free moment. Whoever takes one and gives up leaves a gap: slower than allowed, never faster.
    fn slot(&self, interval: Duration) -> Instant {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot = next.map_or(now, |next| next.max(now));
        *next = slot.checked_add(interval);
        slot
    }
}

#[cfg(test)]
#[cfg(feature = "conformance")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use people::{Fields, Wanted};

    use super::*;
    use crate::{
        Generation, Link,
        memory::{Fault, Memory},
    };

    fn delivery(contact: &str, intent: Intent, hires: &[&str]) -> Delivery {
        let hires = hires.iter().map(|hire| (hire.parse().unwrap(), Fields::new())).collect();
        let link = Link { remote: "record-000001".parse().unwrap(), hires: BTreeMap::new() };
        Delivery {
            target: "hr".parse().unwrap(),
            contact: contact.parse().unwrap(),
            generation: Generation(1),
            intent,
            wanted: Wanted { hires, ..Wanted::default() },
            order: Vec::new(),
            looked_at: false,
            seen: None,
            link: (intent != Intent::Add).then_some(link),
            changed: Vec::new(),
            withdrawn: Default::default(),
            unfinished: Vec::new(),
        }
    }

    fn ada() -> Delivery {
        delivery("ada", Intent::Add, &["ada-1"])
    }

    fn kinds(answers: Vec<Result<Receipt>>) -> Vec<Option<ErrorKind>> {
        answers.into_iter().map(|answer| answer.err().map(|error| error.kind())).collect()
    }

    #[tokio::test]
    async fn what_is_not_declared_is_refused_before_the_adapter_is_asked() {
        // given
        let target = Memory::with("hr", Capabilities::default());
        let adapter = wrap(target.adapter());
        let who = Identity::new("ada".parse().unwrap(), BTreeSet::new());
        // when
        let asked = [
            adapter.find(&who).await.map(drop),
            adapter.read(&Link::to("record".parse().unwrap())).await.map(drop),
            adapter.list(None).await.map(drop),
        ];
        let mut answers = asked.map(|answer| answer.err().map(|error| error.kind())).to_vec();
        for intent in [Intent::Update, Intent::AddHire, Intent::Withdraw] {
            answers.extend(kinds(adapter.deliver(&[delivery("ada", intent, &["ada-1"])]).await));
        }
        answers.extend(kinds(adapter.deliver(&[delivery("ada", Intent::Add, &["ada-1", "ada-2"])]).await));
        answers.extend(kinds(adapter.deliver(&[ada(), ada()]).await));
        // then
        assert_eq!(answers, vec![Some(ErrorKind::Unsupported); 9]);
        assert!(target.calls().is_empty());
    }

    #[tokio::test]
    async fn one_undeclared_delivery_does_not_stop_the_others_of_its_batch() {
        let can = Capabilities { withdraw: false, ..Memory::everything() };
        let target = Memory::with("hr", can);
        let batch = [ada(), delivery("bob", Intent::Withdraw, &[]), delivery("cy", Intent::Add, &["cy-1"])];
        let answers = kinds(wrap(target.adapter()).deliver(&batch).await);
        assert_eq!(answers, [None, Some(ErrorKind::Unsupported), None]);
        assert_eq!(target.records().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_start_evenly_spaced() {
        let can = Capabilities { calls_per_second_max: Some(2.0), ..Memory::everything() };
        let target = Memory::with("hr", can);
        let adapter = wrap(target.adapter());
        let started = Instant::now();
        let checks = (0..5).map(|_| adapter.check());
        assert!(futures::future::join_all(checks).await.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(
            started.elapsed(),
            Duration::from_secs(2),
            "the first at once, four more at half a second each"
        );
        tokio::time::advance(Duration::from_secs(60)).await;
        let idle = Instant::now();
        adapter.check().await.unwrap();
        assert_eq!(idle.elapsed(), Duration::ZERO, "whoever waited long enough does not wait again");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_calls_are_under_way_than_declared() {
        let can =
            Capabilities { in_flight_max: 1, call_timeout: Duration::from_secs(9), ..Memory::everything() };
        let target = Memory::with("hr", can);
        target.script_checks([Fault::Hang]);
        let adapter = wrap(target.adapter());
        let started = Instant::now();
        let (first, second) = futures::join!(adapter.check(), adapter.check());
        assert_eq!(first.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(second.is_ok());
        assert_eq!(started.elapsed(), Duration::from_secs(9), "the second waited for the first to end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_delivery_that_takes_too_long_has_an_unknown_outcome_for_everybody_in_it() {
        let target = Memory::new("hr");
        target.script([Fault::HangAfterApply]);
        let answers =
            wrap(target.adapter()).deliver(&[ada(), delivery("bob", Intent::Add, &["bob-1"])]).await;
        assert_eq!(answers.len(), 2);
        for error in answers.into_iter().map(|answer| answer.unwrap_err()) {
            assert_eq!((error.kind(), error.next()), (ErrorKind::Unavailable, Next::FindFirst));
        }
    }

    #[tokio::test]
    async fn a_panic_is_an_unknown_outcome_and_its_text_is_not_repeated() {
        let target = Memory::new("hr");
        target.script([Fault::Panic]);
        target.script_checks([Fault::Panic]);
        let adapter = wrap(target.adapter());
        let error = adapter.deliver(&[ada()]).await.remove(0).unwrap_err();
        assert_eq!((error.kind(), error.next()), (ErrorKind::Unexpected, Next::FindFirst));
        assert!(!error.chain().contains("scripted"));
        assert_eq!(adapter.check().await.unwrap_err().kind(), ErrorKind::Unexpected);
        assert!(adapter.deliver(&[ada()]).await[0].is_ok(), "the adapter can be asked again");
    }
}
