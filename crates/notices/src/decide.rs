//! From what was said and what is so to the letters that are due.
//!
//! | kind | when |
//! |---|---|
//! | tasks | as they arise, what arose together in one letter; then at most one letter in ten minutes |
//! | digest | when the schedule says; the one that was missed is sent late, several that were missed are one |
//! | alarms | when one begins, once a day while it lasts, and when it has been over for ten minutes; all in one letter |
//!
//! Over all of it: at most twelve letters to one recipient in an hour. What is over that stands in the next one, since whatever was
//! not said counts as new until it was.

use chrono::TimeDelta;
use people::Timestamp;

use crate::{
    Facts, Recipient,
    remembered::{About, Item, Lasting, Letter, Notice, Phase, Remembered, Told},
};

/// At most so many letters to one recipient in an hour.
pub const LETTERS_MAX: usize = 12;
const HOUR: TimeDelta = TimeDelta::hours(1);
/// Refused so often, a letter holds up no other one of its kind; so many wait at most.
const REFUSALS: u32 = 3;
const PENDING_MAX: usize = 3;
/// Between two letters about tasks.
const BETWEEN: TimeDelta = TimeDelta::minutes(10);
/// While a cycle is under way more tasks may follow, so a letter waits for its end, but not longer than this.
const BUSY_MAX: TimeDelta = TimeDelta::minutes(2);
/// An alarm that lasts is said again.
const AGAIN: TimeDelta = TimeDelta::days(1);
/// An alarm that was not met for so long is over: what comes and goes is one alarm.
const OVER: TimeDelta = TimeDelta::minutes(10);

/// The letters that are due at `at`, and what is to be remembered, durably, before any of them is sent.
pub fn notices(before: &Remembered, now: &Facts, at: Timestamp) -> (Vec<Notice>, Remembered) {
    let mut after = Remembered::default();
    for recipient in &now.recipients {
        let mut told = before.0.get(&recipient.key).cloned().unwrap_or_default();
        told.digest_at.get_or_insert(at);
        told.made.retain(|made| *made <= at && at - *made < HOUR);
        alarms(&mut told, recipient, now, at);
        tasks(&mut told, recipient, now, at);
        digest(&mut told, recipient, now, at);
        after.0.insert(recipient.key.clone(), told);
    }
    (due(&after, at), after)
}

/// From when on a digest must know what happened, if one is to be made or sent at `at`.
pub fn digest_since(before: &Remembered, now: &Facts, at: Timestamp) -> Option<Timestamp> {
    let since = |recipient: &Recipient| {
        let told = before.0.get(&recipient.key)?;
        let pending =
            told.pending.iter().filter(|letter| is_due(letter, at)).find_map(|letter| match letter.about {
                About::Digest { since } => Some(since),
                _ => None,
            });
        pending.or_else(|| told.digest_at.filter(|last| is_digest_due(*last, recipient, now, at)))
    };
    now.recipients.iter().filter_map(since).min()
}

fn is_digest_due(last: Timestamp, recipient: &Recipient, now: &Facts, at: Timestamp) -> bool {
    recipient.digest && now.digest_due.is_some_and(|due| last < due && due <= at)
}

fn due(remembered: &Remembered, at: Timestamp) -> Vec<Notice> {
    let of = |(to, told): (&String, &Told)| -> Vec<Notice> {
        told.pending
            .iter()
            .filter(|letter| is_due(letter, at))
            .map(|letter| Notice { to: to.clone(), letter: letter.clone() })
            .collect()
    };
    remembered.0.iter().flat_map(of).collect()
}

/// Whether its time has come. A clock that was set back must not keep a letter for a year.
fn is_due(letter: &Letter, at: Timestamp) -> bool {
    letter.not_before <= at || letter.not_before - at > HOUR
}

/// Whether `span` went by, also where the clock was set back behind `since`.
fn passed(since: Timestamp, span: TimeDelta, at: Timestamp) -> bool {
    since > at || at - since >= span
}

impl Told {
    /// There is room for another letter of this kind. One that was refused a few times by a server that took us may be refused for
    /// what stands in it, and keeps nobody from hearing what is new.
    fn has_room(&self, kind: &str) -> bool {
        let pending = || self.pending.iter().filter(|letter| letter.about.word() == kind);
        let is_on_its_way = pending().any(|letter| letter.refused < REFUSALS);
        self.made.len() < LETTERS_MAX && !is_on_its_way && pending().count() < PENDING_MAX
    }

    fn write(&mut self, to: &str, about: About, at: Timestamp) {
        let id = format!("{}.{}.{to}", about.word(), at.timestamp_millis());
        self.made.push(at);
        self.pending.push(Letter { id, at, about, attempts: 0, refused: 0, not_before: at });
    }
}

fn tasks(told: &mut Told, recipient: &Recipient, now: &Facts, at: Timestamp) {
    told.tasks.retain(|id| now.tasks.iter().any(|task| task.id == *id));
    let mut new: Vec<_> = now.tasks_for(recipient).filter(|task| !told.tasks.contains(&task.id)).collect();
    let Some(oldest) = new.iter().map(|task| task.raised_at).min() else { return };
    let is_early = told.tasks_at.is_some_and(|last| !passed(last, BETWEEN, at));
    let is_more_to_come = now.is_busy && !passed(oldest, BUSY_MAX, at);
    if is_early || is_more_to_come || !told.has_room("tasks") {
        return;
    }
    // What concerns one person stands together.
    new.sort_by_key(|task| (task.raised_at, &task.contact, !task.is_for_starter, &task.id));
    let ids: Vec<String> = new.into_iter().map(|task| task.id.clone()).collect();
    told.tasks.extend(ids.iter().cloned());
    told.tasks_at = Some(at);
    told.write(&recipient.key, About::Tasks { ids }, at);
}

fn digest(told: &mut Told, recipient: &Recipient, now: &Facts, at: Timestamp) {
    let due = told.digest_at.filter(|last| is_digest_due(*last, recipient, now, at));
    let Some(since) = due.filter(|_| now.digest.is_some() && told.has_room("digest")) else { return };
    told.digest_at = Some(at);
    told.write(&recipient.key, About::Digest { since }, at);
}

fn alarms(told: &mut Told, recipient: &Recipient, now: &Facts, at: Timestamp) {
    if !recipient.alarms {
        told.alarms.clear();
        return;
    }
    meet(told, now, at);
    if !told.has_room("alarms") {
        return;
    }
    let items: Vec<Item> = told
        .alarms
        .iter()
        .filter_map(|(key, lasting)| {
            let grace = now.alarms.iter().find(|alarm| alarm.key == *key).map(|alarm| alarm.grace);
            let phase = lasting.news(grace, at)?;
            Some(Item { key: key.clone(), title: lasting.title.clone(), since: lasting.since, phase })
        })
        .collect();
    for item in &items {
        match item.phase {
            Phase::Over { .. } => drop(told.alarms.remove(&item.key)),
            _ => {
                if let Some(lasting) = told.alarms.get_mut(&item.key) {
                    lasting.told_at = Some(at);
                }
            }
        }
    }
    if !items.is_empty() {
        told.write(&recipient.key, About::Alarms { items }, at);
    }
}

/// Notes which alarms there are, and which are there no more.
fn meet(told: &mut Told, now: &Facts, at: Timestamp) {
    for alarm in &now.alarms {
        let lasting = told.alarms.entry(alarm.key.clone()).or_insert_with(|| Lasting {
            title: alarm.title.clone(),
            since: alarm.since.unwrap_or(at),
            told_at: None,
            gone_at: None,
            is_event: alarm.is_event,
        });
        lasting.gone_at = None;
        lasting.title.clone_from(&alarm.title);
    }
    let is_there = |key: &String| now.alarms.iter().any(|alarm| alarm.key == *key);
    // What nobody was told of need not be said to be over; what only happened is remembered as long as it is in the facts.
    told.alarms.retain(|key, lasting| is_there(key) || lasting.told_at.is_some() && !lasting.is_event);
    for (_, lasting) in told.alarms.iter_mut().filter(|(key, _)| !is_there(key)) {
        lasting.gone_at.get_or_insert(at);
    }
}

impl Lasting {
    /// What is to be said of it now. `grace` is that of the alarm, where it is met now.
    fn news(&self, grace: Option<TimeDelta>, at: Timestamp) -> Option<Phase> {
        if let Some(gone) = self.gone_at {
            return passed(gone, OVER, at).then_some(Phase::Over { ended: gone });
        }
        match self.told_at {
            None => grace.filter(|grace| passed(self.since, *grace, at)).map(|_| Phase::Begins),
            Some(told) => (!self.is_event && passed(told, AGAIN, at)).then_some(Phase::Lasts),
        }
    }
}

#[cfg(test)]
mod tests;
