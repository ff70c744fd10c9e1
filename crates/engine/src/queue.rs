//! Who is read in a cycle, and reading them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::Mark;
use people::{ContactId, OpportunityId};

use crate::{
    cycle::READ_BATCH,
    cycle::{CycleError, Engine, Run},
    source::{Reading, Whom},
};

/// Who is read in this cycle: first whose debt fell due, the longest due first; then the marked, in the order of their ids;
/// at last, once more, whoever was marked again on the way. Nothing here grows with the number of marks.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) due: VecDeque<ContactId>,
    /// Of these, who was read: marked or not, once is enough.
    pub(crate) read: BTreeSet<ContactId>,
    pub(crate) after: Option<ContactId>,
    pub(crate) again: BTreeSet<ContactId>,
    pub(crate) is_closed: bool,
}

impl Engine {
    /// The next contacts to read, with their marks.
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
        while batch.len() < READ_BATCH {
            let page = self.ledger.marked(run.queue.after.as_ref(), READ_BATCH - batch.len())?;
            let Some((last, _)) = page.last() else { break };
            run.queue.after = Some(last.clone());
            let unread = page.into_iter().filter(|(contact, _)| !run.queue.read.contains(contact));
            batch.extend(unread.map(|(contact, mark)| (contact, Some(mark))));
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
