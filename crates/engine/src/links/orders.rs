//! One link made or taken away, Lever's ids written onto records that were there, and questions.

use std::collections::BTreeMap;

use adapter_sdk::{Intent, Level};
use ledger::{Debt, LinkOrigin, Outcome, Owed, Phase, Standing, WhyHeld};
use people::{ContactId, FieldName, TargetName};

use super::{Backfill, GivenId, ImportRow, LinkAnswer, LinkError, LinkLine, LinkOrder, LinksOf, Removed};
use crate::{cycle::Engine, orders::OrderError, settings::Target, status::state};

/// Standings changed in one step.
const STEP: usize = 200;

impl Engine {
    /// Carries out an order about links, for the user with this id.
    pub async fn link_order(&self, order: LinkOrder, user: u32) -> Result<LinkAnswer, LinkError> {
        Ok(match order {
            LinkOrder::Import { target, rows, dry } => {
                let target = self.target_meant(target.as_ref())?;
                LinkAnswer::Import(Box::pin(self.import(target, rows, dry, user)).await?)
            }
            LinkOrder::Find { target, contacts } => {
                let target = self.target_meant(target.as_ref())?;
                LinkAnswer::Find(Box::pin(self.find_links(target, &contacts)).await?)
            }
            LinkOrder::Set { target, contact, remote } => {
                let target = self.target_meant(target.as_ref())?;
                let who = GivenId::Contact(contact);
                let row = ImportRow { line: 1, remote, who, confirmed: true };
                LinkAnswer::Set(Box::pin(self.import(target, vec![row], false, user)).await?)
            }
            LinkOrder::Remove { target, contact } => {
                let target = self.target_meant(target.as_ref())?;
                LinkAnswer::Remove(self.remove_link(target, contact, user)?)
            }
            LinkOrder::Backfill { target } => {
                LinkAnswer::Backfill(self.backfill(self.target_meant(target.as_ref())?)?)
            }
            LinkOrder::Rehire { target, contact, opportunity, treatment } => {
                let target = self.target_meant(target.as_ref())?.name.clone();
                let decided = self.decide_rehire(&target, &contact, &opportunity, treatment, user)?;
                LinkAnswer::Rehire { decided }
            }
        })
    }

    /// The target of that name; the only one, where none is named.
    pub(super) fn target_meant(&self, name: Option<&TargetName>) -> Result<&Target, LinkError> {
        match (name, self.targets.as_slice()) {
            (None, [only]) => Ok(only),
            (None, all) => {
                Err(LinkError::WhichTarget(all.iter().map(|target| target.name.to_string()).collect()))
            }
            (Some(name), all) => {
                let known = all.iter().find(|target| target.name == *name);
                known.ok_or_else(|| OrderError::UnknownTarget(name.clone()).into())
            }
        }
    }

    /// Takes a link away. Nothing is deleted over there, and nobody is linked or made in its place until a human says so.
    fn remove_link(&self, target: &Target, contact: ContactId, user: u32) -> Result<Removed, LinkError> {
        let now = self.clock.now();
        let removed = self.ledger.write(|draft| {
            let mut standing = draft.standing(&target.name, &contact)?.unwrap_or_default();
            let Some(agreed) = &standing.agreed else { return Ok(Err(Refusal::NotLinked)) };
            if standing.owed.as_ref().is_some_and(Owed::is_sent) {
                return Ok(Err(Refusal::UnderWay));
            }
            let remote = agreed.link.remote.clone();
            standing.unlink();
            let wanted = self.ledger.key().record("unlinked");
            let debt = Debt { intent: Intent::Add, wanted, changed: Vec::new() };
            standing.owe(debt, Phase::Held { why: WhyHeld::Unlinked, due: None }, now);
            draft.put_standing(&target.name, &contact, standing)?;
            draft.mark(&contact, now)?;
            draft.tell(&self.said_by(user, &contact, target, Outcome::Unlinked))?;
            Ok(Ok(remote))
        })?;
        match removed.into_inner() {
            Ok(remote) => Ok(Removed { target: target.name.clone(), contact, remote }),
            Err(Refusal::NotLinked) => Err(LinkError::NotLinked(target.name.clone(), contact)),
            Err(Refusal::UnderWay) => Err(LinkError::UnderWay(target.name.clone(), contact)),
        }
    }

    /// Has Lever's ids written onto the records that were there before us. The planner writes them where they are missing, and
    /// nothing else.
    fn backfill(&self, target: &Target) -> Result<Backfill, LinkError> {
        let fields = fields_of_ids(target);
        let mut people = Vec::new();
        if !fields.is_empty() {
            self.each(&target.name, |contact, standing| {
                if was_there(standing) {
                    people.push(contact.clone());
                }
            })?;
        }
        let now = self.clock.now();
        for step in people.chunks(STEP) {
            let _ = self.ledger.write(|draft| {
                for contact in step {
                    let standing = draft.standing(&target.name, contact)?.unwrap_or_default();
                    if was_there(&standing) {
                        draft.put_standing(&target.name, contact, Standing { backfill: true, ..standing })?;
                        draft.mark(contact, now)?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(Backfill { target: target.name.clone(), people: people.len() as u64, fields })
    }

    /// Every link, of one target or of all.
    pub fn links(&self, target: Option<&TargetName>) -> Result<Vec<LinkLine>, OrderError> {
        let named = |known: &&Target| target.is_none_or(|name| known.name == *name);
        if let (Some(name), None) = (target, self.targets.iter().find(named)) {
            return Err(OrderError::UnknownTarget(name.clone()));
        }
        let mut lines = Vec::new();
        for target in self.targets.iter().filter(named) {
            self.each(&target.name, |contact, standing| lines.extend(line(&target.name, contact, standing)))?;
        }
        Ok(lines)
    }

    /// All that is known of one contact's links.
    pub fn links_of(&self, contact: &ContactId) -> Result<LinksOf, OrderError> {
        let mut of = LinksOf {
            contact: contact.clone(),
            links: Vec::new(),
            rehires: BTreeMap::new(),
            tasks: self.ledger.tasks()?,
        };
        for target in &self.targets {
            let Some(standing) = self.ledger.standing(&target.name, contact)? else { continue };
            of.links.extend(line(&target.name, contact, &standing));
            if !standing.rehires.is_empty() {
                of.rehires.insert(target.name.clone(), standing.rehires);
            }
        }
        of.tasks.retain(|task| {
            use adapter_sdk::TaskKind::{PossibleDuplicate, Rehire};
            let is_open = task.done_at.is_none() && task.contact == *contact;
            is_open && matches!(task.kind, PossibleDuplicate | Rehire)
        });
        Ok(of)
    }
}

enum Refusal {
    NotLinked,
    UnderWay,
}

/// Linked, to a record that was there before us.
fn was_there(standing: &Standing) -> bool {
    standing.agreed.is_some() && matches!(standing.origin, Some(LinkOrigin::Adopted | LinkOrigin::Imported))
}

/// Mapped fields that hold nothing but Lever's ids. None, where the target cannot be read or changed: then nobody could tell
/// whether they are empty.
fn fields_of_ids(target: &Target) -> Vec<FieldName> {
    let info = target.adapter.info();
    if !(info.capabilities.read && info.capabilities.update) {
        return Vec::new();
    }
    let columns = target.mapping.columns();
    let mapped = |(level, name): &(Level, FieldName)| match level {
        Level::Person => columns.person.contains(name),
        Level::Hire => columns.hire.contains(name),
    };
    info.schema.ids().into_iter().filter(mapped).map(|(_, name)| name).collect()
}

fn line(target: &TargetName, contact: &ContactId, standing: &Standing) -> Option<LinkLine> {
    let agreed = standing.agreed.as_ref()?;
    Some(LinkLine {
        target: target.clone(),
        contact: contact.clone(),
        remote: agreed.link.remote.clone(),
        origin: standing.origin,
        hires: agreed.link.hires.clone(),
        at: agreed.at,
        state: state(standing).unwrap_or_default().to_owned(),
        backfill: standing.backfill,
    })
}
