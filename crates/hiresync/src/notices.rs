//! Telling humans without being asked: mail and a channel, as `[notices]` says.
//!
//! How to think of it: a task of its own on the daemon's runtime looks after each cycle, and at least each minute, at what is so,
//! and lets `notices::notices` decide what is said. It is not on the engine's thread, so a stuck engine is noticed by mail, and a
//! mail server that hangs holds up no cycle.
//!
//! **Invariant:** a letter is in the ledger before it is sent, and struck out there once it was taken.
//!
//! **Invariant:** neither addresses nor what a server answered are logged or kept.

mod destinations;
mod facts;
mod test;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::notices::{Address, Facts, Notice, Recipient, Refusal, Remembered, Scope, Text, Who, digest_since};
use engine::{Activity, Engine};
use futures::{StreamExt, stream};
use http::Way;
use people::{ContactId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, oneshot, watch},
    time::{sleep, timeout},
};

pub use destinations::Destinations;
pub use test::{check, test};

use crate::{
    api::{Ask, Shared},
    config::{Config, NoticesConfig},
};

/// What was said is kept in the ledger under this name.
const NOTE: &str = "notices";
/// Longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Shortest time between two looks, where cycles are short.
const LOOK_PAUSE: Duration = Duration::from_secs(5);
/// For Lever to say what people are called; then the letter goes without.
const NAMES_TIME: Duration = Duration::from_secs(20);
/// Letters under way at once.
const AT_ONCE: usize = 4;

/// `[notices]` of the configuration in force, with what it takes of the rest.
#[derive(Debug)]
pub struct Setup {
    config: NoticesConfig,
    /// Where Lever shows people, where that is known: `https://hire.lever.co/candidates/`.
    profiles: Option<String>,
    /// Targets whose tasks somebody does whose address is known.
    doers: BTreeMap<TargetName, Address>,
}

/// `GET /v1/status`, the part about notices.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct NoticesStatus {
    /// How many recipients there are, channels included.
    pub recipients: usize,
    /// Letters that were not taken yet.
    pub pending: usize,
    /// When a letter was last taken, since the daemon started.
    pub last_sent_at: Option<Timestamp>,
    /// Since when letters have not been taken, if they are not.
    pub failing_since: Option<Timestamp>,
    /// Why, and what to do.
    pub why: Option<String>,
}

/// What the rest of the daemon is shown, and by what it says that the configuration changed.
#[derive(Debug, Default)]
pub struct Board {
    setup: Mutex<Option<Arc<Setup>>>,
    status: Mutex<Option<NoticesStatus>>,
    changed: Notify,
}

/// Where one recipient is.
#[derive(Debug, Clone)]
enum Place {
    Mail(Address),
    Channel,
}

impl Board {
    /// What is shown; `None` where nobody is told anything.
    pub fn status(&self) -> Option<NoticesStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Another configuration is in force.
    pub fn set(&self, config: &Config) {
        let setup = Setup::of(config).map(Arc::new);
        let status = setup.as_ref().map(|_| NoticesStatus::default());
        *self.setup.lock().unwrap_or_else(PoisonError::into_inner) = setup;
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        self.changed.notify_one();
    }

    fn setup(&self) -> Option<Arc<Setup>> {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, change: impl FnOnce(&mut NoticesStatus)) {
        if let Some(status) = &mut *self.status.lock().unwrap_or_else(PoisonError::into_inner) {
            change(status);
        }
    }
}

impl Setup {
    /// `None` where nobody is told anything.
    fn of(config: &Config) -> Option<Setup> {
        let notices = config.notices.clone()?;
        let host = config.lever.base_url.host_str().and_then(|host| host.strip_prefix("api."));
        let site = host.filter(|rest| *rest == "lever.co" || rest.ends_with(".lever.co"));
        let doer = |target: &crate::config::TargetConfig| {
            let address = target.adapter.info().tasks_for.as_ref()?.parse().ok()?;
            Some((target.name.clone(), address))
        };
        // Without mail nobody but the channel can be told.
        let doers = notices.mail.iter().flat_map(|_| config.targets.iter().filter_map(doer)).collect();
        let profiles = site.map(|rest| format!("https://hire.{rest}/candidates/"));
        Some(Setup { config: notices, profiles, doers })
    }

    /// Everybody who is told, by a key that does not tell the address: `key` makes it.
    fn everybody(&self, key: impl Fn(&str) -> String) -> Vec<(Recipient, Place)> {
        let mut all: BTreeMap<String, (Recipient, Place)> = BTreeMap::new();
        let mut add = |address: &Address, change: &dyn Fn(&mut Recipient)| {
            let key = key(&address.plain());
            let (recipient, _) =
                all.entry(key.clone()).or_insert_with(|| (nobody(key), Place::Mail(address.clone())));
            change(recipient);
        };
        if let Some(mail) = &self.config.mail {
            for address in &mail.hr {
                add(address, &|recipient| (recipient.tasks.others, recipient.digest) = (true, true));
            }
            for address in &mail.engineer {
                add(address, &|recipient| recipient.alarms = true);
            }
            for (target, address) in &self.doers {
                add(address, &|recipient| recipient.tasks.of.extend([target.clone()]));
            }
        }
        let mut everybody: Vec<_> = all.into_values().collect();
        if let Some(channel) = self.config.webhook.as_ref().filter(|webhook| webhook.channel.is_some()) {
            let of = self.doers.keys().filter(|_| channel.hr).cloned().collect();
            let tasks = Scope { of, others: channel.hr };
            let recipient = Recipient {
                tasks,
                digest: channel.hr,
                alarms: channel.engineer,
                ..nobody("webhook".to_owned())
            };
            everybody.push((recipient, Place::Channel));
        }
        everybody
    }

    /// One letter to one place.
    async fn send(&self, way: &Way, place: &Place, notice: &Notice, text: &Text) -> Result<(), Refusal> {
        let webhook = self.config.webhook.as_ref().and_then(|webhook| webhook.channel.as_ref());
        match (place, &self.config.mail, webhook) {
            (Place::Mail(to), Some(mail), _) => {
                mail.mailer.send(to, &notice.letter.id, notice.letter.at, text).await
            }
            (Place::Channel, _, Some(channel)) => channel.send(way, notice, text).await,
            // A recipient comes of one of the two.
            _ => Ok(()),
        }
    }
}

fn nobody(key: String) -> Recipient {
    Recipient { key, tasks: Scope::default(), digest: false, alarms: false }
}

/// Looks, and says what is to be said, until the daemon ends. `way` is for the channel.
pub async fn run(shared: Arc<Shared>, way: Way) {
    loop {
        let mut activity = shared.engine().activity();
        if let Some(setup) = shared.notices.setup() {
            let round = Round { shared: &shared, way: &way, setup };
            if let Err(error) = round.go().await {
                tracing::error!(
                    code = "notices.ledger",
                    "notices cannot be written down, so none is sent: {error}"
                );
            }
        }
        sleep(LOOK_PAUSE).await;
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = at_rest(&mut activity) => {}
            () = shared.notices.changed.notified() => {}
        }
    }
}

/// Until a cycle ended since this was last awaited. Of an engine that was replaced none ends any more.
async fn at_rest(activity: &mut watch::Receiver<Activity>) {
    while activity.changed().await.is_ok() {
        if *activity.borrow_and_update() == Activity::Idle {
            return;
        }
    }
    std::future::pending().await
}

/// One look, and what comes of it.
struct Round<'r> {
    shared: &'r Arc<Shared>,
    way: &'r Way,
    setup: Arc<Setup>,
}

/// What a look found.
struct Found {
    facts: Facts,
    due: Vec<Notice>,
    remembered: Remembered,
    places: BTreeMap<String, Place>,
    profiles: BTreeMap<ContactId, String>,
}

impl Round<'_> {
    async fn go(&self) -> ledger::Result<()> {
        let (shared, setup) = (Arc::clone(self.shared), Arc::clone(&self.setup));
        let looked = tokio::task::spawn_blocking(move || look(&shared, &setup)).await;
        // A panic in there is told by the runtime; the next look is another try.
        let Ok(found) = looked else { return Ok(()) };
        let mut found = found?;
        self.show(&found);
        let names = self.names(&found).await;
        let sent: Vec<_> = found.due.iter().map(|notice| self.send_one(&found, notice, &names)).collect();
        let mut sent = stream::iter(sent).buffer_unordered(AT_ONCE);
        let mut remembered = found.remembered.clone();
        while let Some((notice, outcome)) = sent.next().await {
            let now = self.shared.clock.now();
            match &outcome {
                Ok(()) => remembered.sent(notice),
                Err(refusal) => remembered.failed(notice, refusal.kind, now),
            }
            self.tell(notice, &outcome, now);
            self.keep(&remembered).await?;
        }
        drop(sent);
        found.remembered = remembered;
        self.show(&found);
        Ok(())
    }

    async fn send_one<'n>(
        &self,
        found: &Found,
        notice: &'n Notice,
        names: &crate::names::Names,
    ) -> (&'n Notice, Result<(), Refusal>) {
        let Some(place) = found.places.get(&notice.to) else { return (notice, Ok(())) };
        let mut who = Who { profiles: found.profiles.clone(), ..Who::default() };
        // A channel may have readers nobody thought of.
        if let Place::Mail(_) = place {
            who.names.clone_from(names);
        }
        let outcome = match ::notices::text(notice, &found.facts, &who) {
            Some(text) => self.setup.send(self.way, place, notice, &text).await,
            None => Ok(()),
        };
        (notice, outcome)
    }

    /// What the people in the letters are called, where mail says so. As far as Lever answers in time.
    async fn names(&self, found: &Found) -> crate::names::Names {
        let to_mail = |notice: &&Notice| matches!(found.places.get(&notice.to), Some(Place::Mail(_)));
        let of = |notice: &Notice| ::notices::text::contacts(notice, &found.facts);
        let who: BTreeSet<ContactId> = found.due.iter().filter(to_mail).flat_map(of).collect();
        if who.is_empty() || !self.setup.config.names {
            return crate::names::Names::new();
        }
        let (reply, answer) = oneshot::channel();
        self.shared.ask(Ask::Names(who.into_iter().collect(), reply));
        match timeout(NAMES_TIME, answer).await {
            Ok(Ok((names, _))) => names,
            _ => crate::names::Names::new(),
        }
    }

    async fn keep(&self, remembered: &Remembered) -> ledger::Result<()> {
        let (engine, text) = (self.shared.engine(), remembered.to_json());
        let kept = tokio::task::spawn_blocking(move || keep(&engine, &text)).await;
        kept.unwrap_or(Ok(()))
    }

    fn tell(&self, notice: &Notice, outcome: &Result<(), Refusal>, now: Timestamp) {
        let about = notice.letter.about.word();
        match outcome {
            Ok(()) => {
                tracing::info!(code = "notice.sent", about, "a notice was taken");
                self.shared.notices.show(|status| status.last_sent_at = Some(now));
            }
            Err(refusal) => {
                tracing::warn!(
                    code = "notice.refused",
                    about,
                    kind = refusal.kind.code(),
                    "a notice was not taken: {refusal}; it is tried again. What to do: {}",
                    refusal.kind.remedy()
                );
                let why = format!("{refusal}; what to do: {}", refusal.kind.remedy());
                self.shared.notices.show(|status| status.why = Some(why));
            }
        }
    }

    fn show(&self, found: &Found) {
        let letters = found.remembered.0.values().flat_map(|told| &told.pending);
        let failing_since = letters.filter(|letter| letter.attempts > 0).map(|letter| letter.at).min();
        self.shared.notices.show(|status| {
            status.recipients = found.places.len();
            status.pending = found.remembered.pending();
            status.failing_since = failing_since;
            if failing_since.is_none() {
                status.why = None;
            }
        });
    }
}

/// Reads what is so, decides, and writes down what is decided. On a thread that may wait for the disk.
fn look(shared: &Shared, setup: &Setup) -> ledger::Result<Found> {
    let engine = shared.engine();
    let ledger = engine.ledger();
    let at = shared.clock.now();
    let everybody = setup.everybody(|address| {
        let digest = ledger.key().record(&format!("notices {address}")).to_string();
        digest.chars().take(16).collect()
    });
    let recipients = everybody.iter().map(|(recipient, _)| recipient.clone()).collect();
    let kept = ledger.note(NOTE)?.unwrap_or_default();
    let before = Remembered::from_json(&kept);
    let mut facts = facts::gather(shared, &engine, setup, recipients, at)?;
    if let Some(since) = digest_since(&before, &facts, at) {
        facts.digest = Some(facts::digest(&engine, &facts, shared, since, at)?);
    }
    let (due, remembered) = ::notices::notices(&before, &facts, at);
    let text = remembered.to_json();
    if text != kept {
        keep(&engine, &text)?;
    }
    let whom: BTreeSet<ContactId> =
        due.iter().flat_map(|notice| ::notices::text::contacts(notice, &facts)).collect();
    let profiles = facts::profiles(ledger, setup.profiles.as_deref(), &whom)?;
    let places = everybody.into_iter().map(|(recipient, place)| (recipient.key, place)).collect();
    Ok(Found { facts, due, remembered, places, profiles })
}

fn keep(engine: &Engine, text: &str) -> ledger::Result<()> {
    let _ = engine.ledger().write(|draft| {
        draft.put_note(NOTE, text);
        Ok(())
    })?;
    Ok(())
}
