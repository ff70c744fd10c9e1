//! Whoever may change without a trace in the source's record: a signature or a start date on an offer, an answer on a form, a
//! permission that comes back. They are looked at again with every poll.
//!
//! How to think of it: looking costs requests, which are scarce, so a poll looks at [`WATCHED_MAX`] at most, those unseen
//! longest first. Where there are more, each waits for its turn, and the full sweep sees them all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use ledger::{Draft, Seen};
use people::{ContactId, Hire, OpportunityId, Timestamp};

use crate::cycle::{Engine, READ_BATCH};

/// Contacts looked at again in one poll: what one listing holds.
const WATCHED_MAX: usize = READ_BATCH;
/// For so long after a hire a signed offer with a start date is awaited; then the full sweep will do.
const AWAITED_FOR: TimeDelta = TimeDelta::days(30);

/// What is remembered between polls; a new process knows it from the ledger, and looks at everybody in turn.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Whose offer is awaited, and until when.
    awaited: Option<BTreeMap<ContactId, Timestamp>>,
    /// In which cycle somebody was last looked at.
    looked: BTreeMap<ContactId, u64>,
}

impl Engine {
    /// Marks who is to be looked at again, changed or not.
    pub(crate) fn watch(&self, cycle: u64) -> ledger::Result<()> {
        let now = self.clock.now();
        let mut watched = self.ledger.watched();
        let mut memory = self.memory();
        let Watch { awaited, looked } = &mut memory.watch;
        let awaited = match awaited {
            Some(awaited) => awaited,
            None => awaited.insert(self.ledger.awaited(now)?),
        };
        awaited.retain(|_, until| *until > now);
        watched.extend(awaited.keys().cloned());
        looked.retain(|contact, _| watched.contains(contact));
        let mut watched = Vec::from_iter(watched);
        watched.sort_by_key(|contact| looked.get(contact).copied().unwrap_or(0));
        watched.truncate(WATCHED_MAX);
        looked.extend(watched.iter().map(|contact| (contact.clone(), cycle)));
        drop(memory);
        let _ = self.ledger.write(|draft| watched.iter().try_for_each(|contact| draft.mark(contact, now)))?;
        Ok(())
    }

    /// Until when more is to be expected of a hire's offer, if anybody needs it and it can be read.
    pub(crate) fn awaited_until(&self, hire: &Hire) -> Option<Timestamp> {
        let until = hire.hired_at + AWAITED_FOR;
        let is_needed = self.targets.iter().any(|target| target.mapping.needs().offers);
        let is_settled = hire.offer.as_ref().is_some_and(people::Offer::is_settled);
        (is_needed && !is_settled && !hire.withheld.offers && until > self.clock.now()).then_some(until)
    }

    /// Of hires that are not among what a contact has now nothing more is expected.
    pub(crate) fn await_no_longer(
        &self,
        draft: &mut Draft<'_>,
        contact: &ContactId,
        has: &BTreeSet<OpportunityId>,
    ) -> ledger::Result<()> {
        for hire in self.known_opportunities(contact)?.difference(has) {
            if let Some(seen) = draft.seen(hire)?.filter(|seen| seen.awaited_until.is_some()) {
                draft.put_seen(hire, &Seen { awaited_until: None, ..seen })?;
            }
        }
        Ok(())
    }

    /// What a reading showed of a contact: until when it is awaited, if at all.
    pub(crate) fn await_offer(&self, contact: &ContactId, until: Option<Timestamp>) {
        let mut memory = self.memory();
        // Before the ledger was asked, it is the ledger that will tell.
        if let Some(awaited) = &mut memory.watch.awaited {
            match until {
                Some(until) => awaited.insert(contact.clone(), until),
                None => awaited.remove(contact),
            };
        }
    }
}
