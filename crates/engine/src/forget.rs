//! Erasure and access: `forget CONTACT` leaves a tombstone and nothing else, `report CONTACT` says all that we hold, and who received
//! what. Neither asks the source anything.
//!
//! A tombstone is asked in one place: a reading becomes no plan (`Engine::rests`). Whatever else names somebody forgotten, a sweep,
//! a webhook, an order, a listing of a target, is refused by the ledger itself, which takes nothing about them any more.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Effect, Generation};
use chrono::TimeDelta;
use ledger::{Holding, Outcome};
use people::{
    ContactId, FieldKey, FieldName, OpportunityId, Person, RemoteHireId, RemoteId, TargetName, Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{OrderError, cycle::Engine, source::Reading};

/// What came of an order to forget somebody: the one time that the records over there are named.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Forgotten {
    /// The contact.
    pub contact: ContactId,
    /// Where the person still is: for HR to act on.
    pub held_by: Vec<HeldBy>,
    /// How much was removed here.
    pub removed: Removed,
}

/// How much was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct Removed {
    /// Standings.
    pub standings: usize,
    /// Opportunities.
    pub opportunities: usize,
    /// Tasks, open and closed.
    pub tasks: usize,
    /// Lines of the history.
    pub events: usize,
}

/// A target that holds somebody, or may.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct HeldBy {
    /// The target.
    pub target: TargetName,
    /// The person's record; absent where something was sent and it is not known what came of it.
    pub record: Option<RemoteId>,
    /// The record of each hire.
    pub hires: BTreeMap<OpportunityId, RemoteHireId>,
}

/// All that we hold about somebody, and who received what.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Report {
    /// The contact.
    pub contact: ContactId,
    /// A human ordered that the person be forgotten: nothing but that is held.
    pub forgotten: bool,
    /// What is held.
    #[serde(flatten)]
    pub holding: Holding,
    /// Field names of which digests are held, target by target.
    pub digests: BTreeMap<TargetName, BTreeSet<FieldName>>,
    /// What was sent, oldest first, as far as the history goes back.
    pub received: Vec<Received>,
}

/// What a target received.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Received {
    /// Who.
    pub target: TargetName,
    /// When it said so.
    pub at: Timestamp,
    /// What it did.
    pub effect: Effect,
    /// Which fields, where the history still says so.
    pub fields: Vec<FieldKey>,
}

impl Engine {
    /// Forgets somebody: everything goes but a tombstone, so that nothing makes them again. Nothing is deleted over there; the answer
    /// names the records. Refused while an answer of a target is awaited: what it says would be lost.
    ///
    /// To be called where no cycle is between writing down and sending: on the engine's own thread.
    pub fn forget(&self, contact: &ContactId) -> Result<Forgotten, OrderError> {
        let holding = self.ledger.holding(contact)?;
        let awaited = |standing: &ledger::Standing| standing.owed.as_ref().is_some_and(ledger::Owed::is_sent);
        if let Some((target, _)) = holding.standings.iter().find(|(_, standing)| awaited(standing)) {
            return Err(OrderError::UnderWay(target.clone()));
        }
        let hires = holding.hires();
        let now = self.clock.now();
        let _ = self.ledger.write(|draft| draft.bury(contact, &holding, &hires, now))?;
        let mut memory = self.memory();
        memory.hinted.remove(contact);
        memory.certified.forget(contact);
        drop(memory);
        let held_by = holding.standings.iter().filter(|(_, standing)| standing.may_be_over_there());
        let held_by = held_by.map(|(target, standing)| {
            let link = standing.agreed.as_ref().map(|agreed| agreed.link.clone());
            HeldBy {
                target: target.clone(),
                record: link.as_ref().map(|link| link.remote.clone()),
                hires: link.map(|link| link.hires).unwrap_or_default(),
            }
        });
        let removed = Removed {
            standings: holding.standings.len(),
            opportunities: holding.opportunities.len(),
            tasks: holding.tasks.len(),
            events: holding.history.len(),
        };
        Ok(Forgotten { contact: contact.clone(), held_by: held_by.collect(), removed })
    }

    /// All that we hold about somebody, and who received what.
    pub fn report(&self, contact: &ContactId) -> ledger::Result<Report> {
        let holding = self.ledger.holding(contact)?;
        let digests = holding.standings.iter().filter_map(|(target, standing)| {
            let digests = standing.agreed.as_ref()?.digests.as_ref()?;
            let of_hires = digests.hires.values().flat_map(|fields| fields.keys());
            Some((target.clone(), digests.person.keys().chain(of_hires).cloned().collect()))
        });
        Ok(Report {
            contact: contact.clone(),
            forgotten: self.ledger.is_buried(contact)?,
            digests: digests.collect(),
            received: received(&holding),
            holding,
        })
    }

    /// Whether what was read is about somebody forgotten, and nothing is to come of it. Who shows up under another contact with an
    /// opportunity of somebody forgotten, and is not known otherwise, is the same human being, and is forgotten too.
    pub(crate) fn rests(&self, contact: &ContactId, reading: &Reading) -> ledger::Result<bool> {
        if self.ledger.is_buried(contact)? {
            return Ok(true);
        }
        let Reading::Person(person) = reading else { return Ok(false) };
        if !self.shows_buried(person)? || self.is_known(contact)? {
            return Ok(false);
        }
        let holding = self.ledger.holding(contact)?;
        let mut hires = holding.hires();
        hires.extend(person.opportunities.keys().cloned());
        let now = self.clock.now();
        let _ = self.ledger.write(|draft| draft.bury(contact, &holding, &hires, now))?;
        tracing::info!(
            code = "forgotten",
            "somebody who was forgotten showed up under another contact, and is forgotten under that one too"
        );
        Ok(true)
    }

    fn shows_buried(&self, person: &Person) -> ledger::Result<bool> {
        person
            .opportunities
            .keys()
            .try_fold(false, |shows, hire| Ok(shows || self.ledger.is_buried_hire(hire)?))
    }

    /// Removes what grew old.
    pub(crate) fn retain(&self) -> ledger::Result<()> {
        let before = self.clock.now() - TimeDelta::days(self.settings.retention_days.into());
        let removed = self.ledger.write(|draft| draft.retain_since(before))?.into_inner();
        if removed > 0 {
            tracing::info!(
                code = "retention",
                removed,
                "what is older than [state] retention_days was removed"
            );
        }
        Ok(())
    }
}

/// What the targets agreed to, with the fields of the decision it belongs to.
fn received(holding: &Holding) -> Vec<Received> {
    let mut owed: BTreeMap<(&TargetName, Generation), &[FieldKey]> = BTreeMap::new();
    let mut received = Vec::new();
    for event in &holding.history {
        let Some(target) = &event.target else { continue };
        let generation = event.generation.unwrap_or_default();
        match &event.outcome {
            Outcome::Owed { .. } | Outcome::Held { .. } => {
                owed.insert((target, generation), &event.fields);
            }
            Outcome::Agreed { effect } => received.push(Received {
                target: target.clone(),
                at: event.at,
                effect: *effect,
                fields: owed.get(&(target, generation)).map(|fields| fields.to_vec()).unwrap_or_default(),
            }),
            _ => {}
        }
    }
    received
}
