//! What would be sent, and why, without writing anything anywhere.

use std::collections::BTreeSet;

use adapter_sdk::{Intent, RemoteState};
use ledger::{LeftOut, Mark, WhyHeld};
use people::{Candidacy, ContactId, FieldKey, Filled, Missing, Person, Pii, TargetName};

use crate::{
    cycle::READ_BATCH,
    cycle::SweepKind,
    cycle::{CycleError, Engine},
    orders,
    plan::{self, Decision, Plan},
    planning::{self, Mode, Planning},
    policy,
    settings::Target,
    source::{Reading, Sweep},
};

/// What would be sent.
#[derive(Debug, Default)]
pub struct DryRun {
    /// Target by target, contact by contact.
    pub changes: Vec<PlannedChange>,
}

/// What would be sent to one target about one contact, and why.
#[derive(Debug)]
pub struct PlannedChange {
    /// The target.
    pub target: TargetName,
    /// The contact.
    pub contact: ContactId,
    /// A stable code: `add`, `update`, `add_hire`, `held.missing`, `nothing`, …
    pub decision: String,
    /// Why, in words.
    pub why: String,
    /// Field by field, where something would be written.
    pub fields: Vec<FieldChange>,
    /// Values that nobody gave us and that would be sent all the same.
    pub filled: Vec<Filled>,
    /// Values that are required and absent, or cannot be sent.
    pub missing: Vec<Missing>,
}

/// One field, old and new. Printed, never stored.
#[derive(Debug)]
pub struct FieldChange {
    /// Which field.
    pub key: FieldKey,
    /// What the target holds, as far as it can be read.
    pub old: Option<Pii<String>>,
    /// What it would hold.
    pub new: Pii<String>,
}

pub(crate) fn describe(
    target: &Target,
    contact: &ContactId,
    person: &Person,
    plan: Plan,
    remote: Option<&RemoteState>,
) -> PlannedChange {
    let none = (Vec::new(), Vec::new(), Vec::new());
    let (decision, why, (fields, filled, missing)) = match plan.decision {
        Decision::NotInScope if person.hires.is_empty() => {
            ("nothing".to_owned(), "Nobody is hired under this contact.".to_owned(), none)
        }
        Decision::NotInScope => {
            let by = [LeftOut::When, LeftOut::HiredSince].into_iter();
            let by = by.filter(|by| plan.left_out.iter().any(|(_, told)| told == by));
            let (code, why, _) =
                by.filter_map(|by| orders::left_out(target, by)).next().unwrap_or_else(|| {
                    ("nothing".to_owned(), "No hire of this contact is in scope.".to_owned(), String::new())
                });
            (code, why, none)
        }
        Decision::Agreed | Decision::Compared(_) | Decision::Ask => {
            ("nothing".to_owned(), "The target holds what it should.".to_owned(), none)
        }
        Decision::Hold { why, .. } => {
            let (code, text) = (orders::held_code(&why), policy::held(&why).0);
            let missing = if let WhyHeld::Missing { fields } = why { fields } else { Vec::new() };
            (code, text, (Vec::new(), Vec::new(), missing))
        }
        Decision::Owe { debt, wanted, .. } => {
            let why = match debt.intent {
                Intent::Add => "Hired, and not over there yet.",
                Intent::AddHire => "Hired again.",
                Intent::Update => "What is wanted is not what the target last agreed to.",
                Intent::Withdraw => "The hire was taken back.",
            };
            let changed: BTreeSet<&FieldKey> = debt.changed.iter().collect();
            let fields = wanted
                .iter()
                .filter(|(key, _)| changed.contains(key))
                .map(|(key, value)| FieldChange {
                    old: remote
                        .and_then(|remote| plan::held_value(remote, &key))
                        .map(|value| Pii::new(value.to_text())),
                    new: Pii::new(value.to_text()),
                    key,
                })
                .collect();
            (debt.intent.to_string(), why.to_owned(), (fields, wanted.filled, wanted.missing))
        }
    };
    PlannedChange {
        target: target.name.clone(),
        contact: contact.clone(),
        decision,
        why,
        fields,
        filled,
        missing,
    }
}

impl Engine {
    /// What a cycle would send, for these contacts, or for everybody that it would look at. Writes nothing anywhere.
    pub async fn dry_run(&self, contacts: &[ContactId]) -> Result<DryRun, CycleError> {
        let whom: Vec<ContactId> =
            if contacts.is_empty() { self.would_read().await? } else { contacts.to_vec() };
        let mut run = self.begin_run(0, false, SweepKind::Changes);
        let mut dry = DryRun::default();
        for batch in whom.chunks(READ_BATCH) {
            let batch: Vec<(ContactId, Option<Mark>)> =
                batch.iter().map(|contact| (contact.clone(), None)).collect();
            for (contact, reading) in self.read(&batch).await? {
                let Reading::Person(person) = reading else { continue };
                let who = self.identity(&person)?;
                for target in &self.targets {
                    if let Planning::Done(done) = self.plan_one(&mut run, target, &person, Mode::Dry).await? {
                        let (_, plan, remote) = *done;
                        let adding = match &plan.decision {
                            Decision::Owe { debt, wanted, .. } if debt.intent == Intent::Add => {
                                Some(planning::identity_for(target, &who, wanted))
                            }
                            _ => None,
                        };
                        let mut change = describe(target, &contact, &person, plan, remote.as_ref());
                        if let Some(who) = adding
                            && self.would_adopt(target, &who).await?
                        {
                            "adopt".clone_into(&mut change.decision);
                            "A record over there is this person's: it is linked and compared, not created."
                                .clone_into(&mut change.why);
                        }
                        dry.changes.push(change);
                    }
                }
            }
        }
        Ok(dry)
    }

    /// Everybody that a cycle would look at, without marking them, and everybody to whom something is owed already, whatever it
    /// waits for: what a human is to approve has to be seen.
    pub(crate) async fn would_read(&self) -> Result<Vec<ContactId>, CycleError> {
        let mut whom: BTreeSet<ContactId> =
            self.ledger.due(self.clock.now(), usize::MAX).into_iter().collect();
        whom.extend(self.ledger.marked(None, usize::MAX)?.into_iter().map(|(contact, _)| contact));
        whom.extend(self.ledger.to_repair(None, usize::MAX)?);
        for target in &self.targets {
            whom.extend(self.owed_to(target)?);
        }
        let Some(sweep) =
            self.which_sweep(SweepKind::Changes, &self.begin_run(0, false, SweepKind::Changes))?
        else {
            return Ok(Vec::new());
        };
        let since = self.settings.since();
        let everybody = sweep == Sweep::Full;
        let mut page = None;
        loop {
            let seen = self.unless_stopped(self.source.sweep(&sweep, page)).await??;
            for sighting in seen.sightings {
                let digest = Some(self.ledger.key().record(sighting.content.reveal()));
                let known = self.ledger.seen(&sighting.opportunity)?.filter(|seen| !seen.is_old(since));
                let hired =
                    sighting.candidacy == Candidacy::Hired && sighting.hired_at.is_some_and(|at| at >= since);
                let is_new = known.as_ref().is_none_or(|known| known.digest != digest);
                if (hired || known.is_some()) && (everybody || is_new) {
                    whom.insert(sighting.contact);
                }
            }
            match seen.then {
                crate::Then::More(token) => page = Some(token),
                crate::Then::Done(_) => return Ok(whom.into_iter().collect()),
            }
        }
    }
}
