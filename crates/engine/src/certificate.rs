//! What became of everybody hired, checked by the daemon itself: what sweeps and readings *saw* is held against what was decided.
//!
//! How to think of it: the running counts say what is in the ledger; they cannot say who is not. What a sweep saw to be a hire is
//! written down beside the standings, so after each cycle with a sweep everybody who was seen hired is looked for: agreed, owed,
//! left out for a reason that was written down, about to be read, or not readable. Whoever is none of these was lost by us: that is
//! an error, and heals itself, since they are read again.
//!
//! It reads the ledger from end to end, so it is done only where something was written since the last time, and takes no more than a
//! fiftieth of the time: of a few hundred people after each cycle, of 100,000 every other minute.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use ledger::{Glance, LeftOut, Outcome, Phase, Seen, Standing, Unread, WhyHeld};
use people::{ContactId, OpportunityId, TargetName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    cycle::SweepKind,
    cycle::{CycleError, Engine, Run},
    orders::held_code,
    plan::{Decision, Plan, name_of},
    planning::Planned,
    settings::Target,
};

/// Up to so many people it takes a fraction of a second.
const MANY: u64 = 10_000;
/// Where there are more, so many times as long passes before the next one; a full sweep does not wait for that.
const REST: u32 = 50;
/// Contacts that are named in one line of the log.
const NAMED_MAX: usize = 50;

/// What became of everybody hired, for one target.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct Certificate {
    /// Contacts with a hire of `hired_since` or later, by its first date, as sweeps and readings last saw them. The sum of all
    /// that follows.
    pub hired: u64,
    /// The target holds what it should.
    pub agreed: u64,
    /// A change goes out when its time has come.
    pub waiting: u64,
    /// A change is under way, or what came of it is unknown.
    pub sent: u64,
    /// Held, by the code of the reason.
    pub held: BTreeMap<String, u64>,
    /// Of those held for values that are missing: for which fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lacking: BTreeMap<String, u64>,
    /// Refused, in all or in part, by what stands in the way or the kind of refusal.
    pub parked: BTreeMap<String, u64>,
    /// Left out, by the reason.
    pub left_out: BTreeMap<String, u64>,
    /// Marked, and read in Lever at the next occasion.
    pub being_read: u64,
    /// Seen hired, but reading them did not show it, by the reason.
    pub unread: BTreeMap<String, u64>,
    /// None of these.
    pub unexplained: u64,
}

/// The last certificates, and what readings of this process showed of those about whom nothing was decided.
#[derive(Debug, Default)]
pub(crate) struct Certified {
    /// At which step of the ledger.
    at: Option<u64>,
    /// Not made again before.
    not_before: Option<Instant>,
    certificates: BTreeMap<TargetName, Certificate>,
    unread: BTreeMap<ContactId, Unread>,
    /// Who was unexplained, and is read again for that.
    healing: BTreeSet<ContactId>,
}

/// Where somebody hired is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Agreed,
    Waiting,
    Sent,
    Held(WhyHeld),
    Parked(String),
    LeftOut(LeftOut),
    BeingRead,
    Unread(Unread),
    Unexplained,
}

/// Everybody who was last seen hired, with these hires.
type Hired = BTreeMap<ContactId, Vec<(OpportunityId, Seen)>>;

impl Engine {
    /// Says what became of everybody hired. Whoever is unexplained is an error, and is marked.
    pub(crate) fn certify(&self, run: &mut Run) -> Result<(), CycleError> {
        if run.sweep == SweepKind::Skip {
            return Ok(());
        }
        let began = Instant::now();
        let is_new = self.memory().certified.at != Some(self.ledger.steps());
        let is_rested = self.memory().certified.not_before.is_none_or(|at| began >= at);
        if is_new && (is_rested || run.report.full) {
            let (certificates, unexplained) = self.count_hired()?;
            self.heal(&unexplained)?;
            let mut memory = self.memory();
            memory.certified.certificates = certificates;
            memory.certified.at = Some(self.ledger.steps());
            let is_long = memory.certified.certificates.values().any(|certificate| certificate.hired > MANY);
            memory.certified.not_before = is_long.then(|| began + began.elapsed() * REST);
        }
        run.report.certificate = self.memory().certified.certificates.clone();
        Ok(())
    }

    /// What became of everybody hired, as last checked.
    pub(crate) fn certificate_of(&self, target: &TargetName) -> Option<Certificate> {
        self.memory().certified.certificates.get(target).cloned()
    }

    /// Whether anybody hired was unexplained when it was last checked, or had a record that cannot be used.
    pub(crate) fn has_lost(&self) -> bool {
        let is_lost = |certificate: &Certificate| certificate.unexplained + certificate.unreadable() > 0;
        self.memory().certified.certificates.values().any(is_lost)
    }

    /// Whether a sweep saw a hire of theirs that is not too old.
    pub(crate) fn was_seen_hired(&self, contact: &ContactId) -> ledger::Result<bool> {
        let since = self.settings.since();
        let mut was_seen = false;
        self.ledger.each_seen(|_, seen| {
            was_seen |= seen.contact == *contact && seen.is_hired_since(since);
        })?;
        Ok(was_seen)
    }

    /// A contact about whom there was nothing to plan: why, should a sweep have seen a hire of theirs.
    pub(crate) fn note_unread(&self, contact: &ContactId, outcome: Option<&Outcome>) {
        let unread = match outcome {
            Some(Outcome::Anonymised) => Unread::Anonymised,
            Some(Outcome::Gone) => Unread::Gone,
            Some(Outcome::Unreadable { .. }) => Unread::Unreadable,
            _ => Unread::Hidden,
        };
        self.memory().certified.unread.insert(contact.clone(), unread);
    }

    /// A contact was read: a hire that a sweep saw and that is not among what was shown is hidden.
    pub(crate) fn note_reading(&self, one: &Planned) {
        let mut memory = self.memory();
        let is_nothing = |(_, _, plan): &(TargetName, Standing, Plan)| plan.decision == Decision::NotInScope;
        if one.plans.iter().any(is_nothing) || memory.certified.healing.contains(&one.contact) {
            memory.certified.unread.insert(one.contact.clone(), Unread::Hidden);
        } else {
            memory.certified.unread.remove(&one.contact);
        }
    }

    /// Looks for everybody who was seen hired, target by target, and answers who is nowhere.
    fn count_hired(&self) -> ledger::Result<(BTreeMap<TargetName, Certificate>, BTreeSet<ContactId>)> {
        let hired = self.seen_hired()?;
        let mut marked: BTreeSet<ContactId> =
            self.ledger.marked(None, usize::MAX)?.into_iter().map(|(contact, _)| contact).collect();
        marked.extend(self.ledger.to_repair(None, usize::MAX)?);
        let read = self.memory().certified.unread.clone();
        let (mut certificates, mut unexplained, mut kept) =
            (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for target in &self.targets {
            let mut certificate = Certificate::default();
            let is_unknown = self.is_rebuilding(target)?;
            for (contact, hires) in &hired {
                let glance = self.ledger.glance(&target.name, contact)?.unwrap_or_default();
                let is_read_soon = is_unknown || marked.contains(contact);
                let place = place(target, glance, hires, is_read_soon, read.get(contact).copied());
                match place {
                    Place::Unexplained => drop(unexplained.insert(contact.clone())),
                    Place::Unread(unread) => drop(kept.insert(contact, unread)),
                    _ => {}
                }
                certificate.count(&place);
            }
            certificates.insert(target.name.clone(), certificate);
        }
        self.keep_unread(&hired, &kept)?;
        Ok((certificates, unexplained))
    }

    fn seen_hired(&self) -> ledger::Result<Hired> {
        let since = self.settings.since();
        let mut hired = Hired::new();
        self.ledger.each_seen(|opportunity, seen| {
            if seen.is_hired_since(since) {
                hired.entry(seen.contact.clone()).or_default().push((opportunity, seen));
            }
        })?;
        Ok(hired)
    }

    /// What reading somebody showed outlives the process: else the next one would know of no reason.
    fn keep_unread(&self, hired: &Hired, unread: &BTreeMap<&ContactId, Unread>) -> ledger::Result<()> {
        let _ = self.ledger.write(|draft| {
            for (contact, unread) in unread {
                for (opportunity, seen) in hired.get(*contact).into_iter().flatten() {
                    draft.put_seen(opportunity, &Seen { unread: Some(*unread), ..seen.clone() })?;
                }
            }
            Ok(())
        })?;
        Ok(())
    }

    fn heal(&self, unexplained: &BTreeSet<ContactId>) -> ledger::Result<()> {
        if unexplained.is_empty() {
            return Ok(());
        }
        let named: Vec<&str> = unexplained.iter().take(NAMED_MAX).map(ContactId::as_str).collect();
        tracing::error!(
            code = "certificate.unexplained",
            people = unexplained.len(),
            contacts = named.join(" "),
            "seen hired, and nothing was decided about them: they are read again. If they stay, this is a bug: please report it with the log"
        );
        let now = self.clock.now();
        let _ =
            self.ledger.write(|draft| unexplained.iter().try_for_each(|contact| draft.mark(contact, now)))?;
        self.memory().certified.healing.clone_from(unexplained);
        Ok(())
    }
}

/// What is known of an opportunity, with the reasons for which targets are not told about it, as they were decided now.
pub(crate) fn with_reasons(
    opportunity: &OpportunityId,
    seen: &Seen,
    plans: &[(TargetName, Standing, Plan)],
) -> Seen {
    let mut seen = seen.clone();
    for (target, _, plan) in plans {
        match plan.apart.get(opportunity) {
            Some(by) => seen.left_out.insert(target.clone(), *by),
            None => seen.left_out.remove(target),
        };
    }
    seen
}

fn place(
    target: &Target,
    glance: Glance,
    hires: &[(OpportunityId, Seen)],
    is_read_soon: bool,
    read: Option<Unread>,
) -> Place {
    let Glance { agreed, owed, decided_on } = glance;
    let linked = agreed.as_ref().map(|agreed| &agreed.link.hires);
    let left_out = |seen: &Seen| seen.left_out.get(&target.name).copied();
    let mut unmet = hires.iter().filter(|(opportunity, seen)| {
        let is_there = linked.is_some_and(|linked| linked.contains_key(opportunity));
        !is_there && left_out(seen).is_none() && !decided_on.contains_key(opportunity)
    });
    let unread = read.or_else(|| hires.iter().find_map(|(_, seen)| seen.unread));
    let nowhere = unread.map_or(Place::Unexplained, Place::Unread);
    let is_lost = unmet.next().is_some() && !is_read_soon;
    match (owed, agreed) {
        (Some(_), _) | (_, Some(_)) if is_lost => nowhere,
        (Some(owed), _) => match (owed.obstacle, owed.phase) {
            (Some(obstacle), _) => Place::Parked(obstacle.code),
            (None, Phase::Waiting { .. }) => Place::Waiting,
            (None, Phase::Sent { .. }) => Place::Sent,
            (None, Phase::Held { why, .. }) => Place::Held(why),
            (None, Phase::Parked { kind, .. }) => Place::Parked(kind.code().to_owned()),
        },
        (None, Some(_)) => Place::Agreed,
        (None, None) => match hires.iter().find_map(|(_, seen)| left_out(seen)) {
            Some(by) if hires.iter().all(|(_, seen)| left_out(seen).is_some()) => Place::LeftOut(by),
            _ if is_read_soon => Place::BeingRead,
            _ => nowhere,
        },
    }
}

impl Certified {
    /// Nothing is remembered of somebody.
    pub(crate) fn forget(&mut self, contact: &ContactId) {
        self.unread.remove(contact);
        self.healing.remove(contact);
    }
}

impl Certificate {
    /// Hired, and Lever's record cannot be used: nothing comes of it before it is corrected there.
    pub fn unreadable(&self) -> u64 {
        self.unread.get(Unread::Unreadable.code()).copied().unwrap_or_default()
    }

    fn count(&mut self, place: &Place) {
        let one_more = |counts: &mut BTreeMap<String, u64>, code: &str| {
            *counts.entry(code.to_owned()).or_default() += 1;
        };
        self.hired += 1;
        match place {
            Place::Agreed => self.agreed += 1,
            Place::Waiting => self.waiting += 1,
            Place::Sent => self.sent += 1,
            Place::Held(why) => {
                let code = held_code(why);
                one_more(&mut self.held, code.trim_start_matches("held."));
                if let WhyHeld::Missing { fields } = why {
                    let names: BTreeSet<String> =
                        fields.iter().map(|missing| name_of(&missing.field).to_string()).collect();
                    names.iter().for_each(|name| one_more(&mut self.lacking, name));
                }
            }
            Place::Parked(code) => one_more(&mut self.parked, code),
            Place::LeftOut(by) => one_more(&mut self.left_out, by.code()),
            Place::BeingRead => self.being_read += 1,
            Place::Unread(unread) => one_more(&mut self.unread, unread.code()),
            Place::Unexplained => self.unexplained += 1,
        }
    }
}

/// "41 hired in scope: 39 agreed, 1 held (no start date), 1 parked (company code), 0 unexplained"
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hired in scope: {} agreed", self.hired, self.agreed)?;
        for (number, what) in
            [(self.waiting, "waiting"), (self.sent, "sent, outcome unknown"), (self.being_read, "being read")]
        {
            if number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        for (counts, what) in [
            (&self.held, "held"),
            (&self.parked, "parked"),
            (&self.left_out, "left out"),
            (&self.unread, "not readable"),
        ] {
            let number: u64 = counts.values().sum();
            if number > 0 {
                write!(f, ", {number} {what} ({})", self.reasons(counts))?;
            }
        }
        write!(f, ", {} unexplained", self.unexplained)
    }
}

impl Certificate {
    /// Each reason, with its number where there are several.
    fn reasons(&self, counts: &BTreeMap<String, u64>) -> String {
        let words = |code: &String| match code.as_str() {
            "missing" => {
                let names: Vec<&str> = self.lacking.keys().map(String::as_str).collect();
                format!("no {}", names.join(", "))
            }
            code => code.replace('_', " "),
        };
        let reasons: Vec<String> = match counts.len() {
            1 => counts.keys().map(words).collect(),
            _ => counts.iter().map(|(code, number)| format!("{number} {}", words(code))).collect(),
        };
        reasons.join("; ")
    }
}

/// For the line of the log: nothing where nothing was certified.
pub(crate) fn in_one_line(certificates: &BTreeMap<TargetName, Certificate>) -> String {
    certificates.iter().map(|(target, certificate)| format!("; {target}: {certificate}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_reads_like_a_sentence() {
        let counted = |code: &str, number| BTreeMap::from([(code.to_owned(), number)]);
        let certificate = Certificate {
            hired: 41,
            agreed: 39,
            held: counted("no_start_date", 1),
            parked: counted("company_code", 1),
            ..Certificate::default()
        };
        assert_eq!(
            certificate.to_string(),
            "41 hired in scope: 39 agreed, 1 held (no start date), 1 parked (company code), 0 unexplained"
        );
        let held = BTreeMap::from([("guard".to_owned(), 2), ("missing".to_owned(), 1)]);
        let certificate = Certificate {
            hired: 5,
            being_read: 1,
            held,
            lacking: counted("title", 1),
            unread: counted("gone", 1),
            ..Certificate::default()
        };
        assert_eq!(
            certificate.to_string(),
            "5 hired in scope: 0 agreed, 1 being read, 3 held (2 guard; 1 no title), 1 not readable (gone), 0 unexplained"
        );
    }
}
