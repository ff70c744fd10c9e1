//! A ledger that is new to a target (a lost one, the first one, a new target) knows nobody there. Before anything is planned
//! for it, the target is asked whom it holds. What is found is adopted; nothing is written.

use adapter_sdk::{Error, ErrorKind, Found, Link};
use ledger::{Draft, LinkOrigin, Outcome};
use people::{ContactId, RemoteId};

use crate::{
    cycle::{CycleError, Engine},
    settings::Target,
};

impl Engine {
    /// Rebuilds the links of one target. False when the target could not be asked: then nothing is planned for it in this
    /// cycle.
    pub(crate) async fn rebuild(&self, target: &Target) -> Result<bool, CycleError> {
        if target.adapter.info().capabilities.list {
            let mut after: Option<RemoteId> = None;
            loop {
                let page = match self.unless_stopped(target.adapter.list(after)).await? {
                    Ok(page) => page,
                    Err(error) => {
                        self.target_failed(target, &error)?;
                        return Ok(false);
                    }
                };
                let Some(last) = page.last() else { break };
                after = Some(last.link.remote.clone());
                let _ = self.ledger.write(|draft| {
                    page.iter().try_for_each(|found| self.adopt_listed(draft, target, found))
                })?;
            }
        }
        let _ = self.ledger.write(|draft| {
            let mut state = draft.target(&target.name)?;
            state.rebuilt_under = Some(self.ledger.lineage().to_owned());
            draft.put_target(&target.name, &state)
        })?;
        Ok(true)
    }

    /// A target that lists nobody although people were agreed has been emptied or exchanged: nothing is written to it until
    /// somebody looked. Asked once a process, before the first delivery. True when the target may be used.
    pub(crate) async fn recognises(&self, target: &Target) -> Result<bool, CycleError> {
        let agreed = self.ledger.linked(&target.name)?;
        if agreed == 0 || !target.adapter.info().capabilities.list {
            return Ok(true);
        }
        let error = match self.unless_stopped(target.adapter.list(None)).await? {
            Ok(page) if page.is_empty() => Error::new(
                ErrorKind::ConfigInvalid,
                "the target holds nobody, but people were delivered to it: put its data back, or name a new target",
            )
            .with("delivered", agreed),
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        self.target_failed(target, &error)?;
        Ok(false)
    }

    /// Whether nobody is created yet because links are being rebuilt.
    pub(crate) fn is_rebuilding(&self, target: &Target) -> ledger::Result<bool> {
        Ok(self.ledger.target(&target.name)?.rebuilt_under.as_deref() != Some(self.ledger.lineage()))
    }

    fn adopt_listed(&self, draft: &mut Draft<'_>, target: &Target, found: &Found) -> ledger::Result<()> {
        let Some(contact) = whose(draft, found)? else { return Ok(()) };
        if draft.standing(&target.name, &contact)?.is_some_and(|standing| standing.agreed.is_some()) {
            return Ok(());
        }
        for opportunity in found.link.hires.keys() {
            // By this a merge that happened meanwhile is recognised.
            if draft.seen(opportunity)?.is_none() {
                let seen = ledger::Seen::of(contact.clone());
                draft.put_seen(opportunity, &seen)?;
            }
        }
        self.adopt(draft, target, &contact, found.link.clone())
    }

    /// Takes the record for this contact's. What it holds is compared with what it should hold when the person is read again.
    pub(crate) fn adopt(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
        link: Link,
    ) -> ledger::Result<()> {
        let now = self.clock.now();
        let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
        standing.adopt(link, LinkOrigin::Adopted, now);
        draft.put_standing(&target.name, contact, standing)?;
        draft.mark(contact, now)?;
        draft.tell(&self.event(contact, Some(&target.name), Outcome::Adopted))
    }
}

/// The contact kept on the record, else the one we know an opportunity of.
fn whose(draft: &Draft<'_>, found: &Found) -> ledger::Result<Option<ContactId>> {
    if let Some(contact) = &found.contact {
        return Ok(Some(contact.clone()));
    }
    for opportunity in found.link.hires.keys() {
        if let Some(seen) = draft.seen(opportunity)? {
            return Ok(Some(seen.contact));
        }
    }
    Ok(None)
}
