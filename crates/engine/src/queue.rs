//! Who is read in a cycle, and reading them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::Mark;
use people::{ContactId, OpportunityId};

use crate::{
    cycle::READ_BATCH,
    cycle::{CycleError, Engine, Run},
    source::{Reading, Whom},
};

/// Contacts of a repair read at once where each costs requests of its own: whoever was hired meanwhile waits for no more than
/// these.
const REPAIR_BATCH: usize = 15;

/// Who is read in this cycle, in two rounds: first whose debt fell due, the longest due first, and the marked, in the order of
/// their ids; then whom a repair is still to look at. At the end of a round, once more, whoever was marked again on the way.
/// Nothing here grows with the number of marks.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) due: VecDeque<ContactId>,
    /// Of these, who was read: marked or not, once is enough.
    pub(crate) read: BTreeSet<ContactId>,
    pub(crate) after: Option<ContactId>,
    pub(crate) again: BTreeSet<ContactId>,
    /// Everybody of this round was read once.
    pub(crate) is_closed: bool,
    pub(crate) round: Round,
    /// Of the marked only these: the others are being read by the cycle around this one.
    pub(crate) only: Option<BTreeSet<ContactId>>,
    /// Somebody is to be read once more, before the repair.
    pub(crate) look_again: bool,
    /// Who was read once more already.
    pub(crate) looked: BTreeSet<ContactId>,
}

/// Which round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Round {
    /// What cannot wait.
    #[default]
    Marked,
    /// What can.
    Repair,
}

impl Engine {
    /// The next contacts to read, with their marks. None: the round is over.
    pub(crate) fn next_batch(&self, run: &mut Run) -> ledger::Result<Vec<(ContactId, Option<Mark>)>> {
        let mut batch: BTreeMap<ContactId, Option<Mark>> = BTreeMap::new();
        while batch.len() < READ_BATCH
            && let Some(contact) = run.queue.due.pop_front()
        {
            if !run.queue.read.contains(&contact) && self.has_usable_debt(run, &contact)? {
                let mark = self.ledger.mark_of(&contact)?;
                run.queue.read.insert(contact.clone());
                batch.insert(contact, mark);
            }
        }
        if let Some(only) = &mut run.queue.only {
            while batch.len() < READ_BATCH
                && let Some(contact) = only.pop_first()
            {
                if let Some(mark) = self.ledger.mark_of(&contact)? {
                    batch.insert(contact, Some(mark));
                }
            }
        }
        while run.queue.only.is_none() && run.queue.round == Round::Marked && batch.len() < READ_BATCH {
            let page = self.ledger.marked(run.queue.after.as_ref(), READ_BATCH - batch.len())?;
            let Some((last, _)) = page.last() else { break };
            run.queue.after = Some(last.clone());
            let unread = page.into_iter().filter(|(contact, _)| !run.queue.read.contains(contact));
            batch.extend(unread.map(|(contact, mark)| (contact, Some(mark))));
        }
        if run.queue.round == Round::Repair && !run.queue.is_closed {
            let page = self.ledger.to_repair(run.queue.after.as_ref(), self.repair_batch())?;
            run.queue.after = page.last().cloned().or(run.queue.after.take());
            for contact in page {
                let mark = self.ledger.mark_of(&contact)?;
                batch.insert(contact, mark);
            }
        }
        if batch.is_empty() {
            run.queue.is_closed = true;
            while batch.len() < READ_BATCH
                && let Some(contact) = run.queue.again.pop_first()
            {
                if let Some(mark) = self.ledger.mark_of(&contact)? {
                    batch.insert(contact, Some(mark));
                }
            }
        }
        Ok(batch.into_iter().collect())
    }

    /// Goes on with whoever is to be read once more, or with the repair, if there is anything left of one.
    pub(crate) fn next_round(&self, run: &mut Run) -> ledger::Result<bool> {
        if std::mem::take(&mut run.queue.look_again) {
            run.queue.read.clear();
            (run.queue.round, run.queue.after, run.queue.is_closed) = (Round::Marked, None, false);
            return Ok(true);
        }
        let goes_on = run.queue.round == Round::Marked
            && !run.is_meanwhile
            && !self.memory().winding_up
            && !self.ledger.to_repair(None, 1)?.is_empty();
        if goes_on {
            (run.queue.round, run.queue.after, run.queue.is_closed) = (Round::Repair, None, false);
        }
        Ok(goes_on)
    }

    fn repair_batch(&self) -> usize {
        let each = |needs: mapping::Needs| needs.offers || needs.forms || needs.requisition_details;
        if self.targets.iter().any(|target| each(target.mapping.needs())) { REPAIR_BATCH } else { READ_BATCH }
    }

    fn has_usable_debt(&self, run: &Run, contact: &ContactId) -> ledger::Result<bool> {
        for target in self.targets.iter().filter(|target| !run.unusable.contains(&target.name)) {
            let paused = self.ledger.target(&target.name)?.paused;
            if !paused
                && self
                    .ledger
                    .standing(&target.name, contact)?
                    .is_some_and(|standing| standing.due().is_some())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) async fn read(
        &self,
        batch: &[(ContactId, Option<Mark>)],
    ) -> Result<Vec<(ContactId, Reading)>, CycleError> {
        let mut whom = Vec::with_capacity(batch.len());
        for (contact, _) in batch {
            let known = self.known_opportunities(contact)?.into_iter().collect();
            whom.push(Whom { contact: contact.clone(), known });
        }
        Ok(self.unless_stopped(self.source.read(&whom)).await??)
    }

    pub(crate) fn known_opportunities(&self, contact: &ContactId) -> ledger::Result<BTreeSet<OpportunityId>> {
        let mut known = BTreeSet::new();
        for target in &self.targets {
            if let Some(standing) = self.ledger.standing(&target.name, contact)? {
                known.extend(standing.decided_on.into_keys());
                known.extend(standing.agreed.into_iter().flat_map(|agreed| agreed.link.hires.into_keys()));
            }
        }
        Ok(known)
    }
}
