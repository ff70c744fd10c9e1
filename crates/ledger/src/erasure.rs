//! Forgetting somebody, and what grows old. What is left of somebody forgotten is a tombstone: keyed digests of ids, which say
//! whose they are to nobody who does not ask with the id. The ledger takes nothing about them any more, whoever writes it.

use std::collections::BTreeSet;

use people::{ContactId, OpportunityId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ledger::{Draft, Ledger, decode, joined, journal_key, repair_key, standing_ids},
    records::{Event, Outcome, Seen, Task, TaskId},
    standing::Standing,
    store::{Result, Tree},
};

const TOMB: &str = "tomb";
const DONE: &str = "done";
/// Stands for the id of somebody forgotten.
const FORGOTTEN: &str = "(forgotten)";

/// Everything the ledger holds about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct Holding {
    /// Standings, also in targets that are configured no more.
    pub standings: Vec<(TargetName, Standing)>,
    /// Opportunities that are known to be this contact's.
    pub opportunities: Vec<(OpportunityId, Seen)>,
    /// Tasks, open and closed.
    pub tasks: Vec<Task>,
    /// The history.
    pub history: Vec<Event>,
    /// Whether the contact is to be read again, and since when.
    pub marked_since: Option<Timestamp>,
    /// Whether a repair is still to look at the contact.
    pub to_repair: bool,
}

impl Holding {
    /// Every opportunity id in it.
    pub fn hires(&self) -> BTreeSet<OpportunityId> {
        let seen = self.opportunities.iter().map(|(opportunity, _)| opportunity.clone());
        let standings = self.standings.iter().flat_map(|(_, standing)| {
            let linked = standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys());
            linked.chain(standing.decided_on.keys()).cloned()
        });
        seen.chain(standings).collect()
    }

    /// True when there is nothing at all.
    pub fn is_nothing(&self) -> bool {
        *self == Holding::default()
    }
}

impl Ledger {
    /// Everything that is held about a contact. Reads the ledger from end to end.
    pub fn holding(&self, contact: &ContactId) -> Result<Holding> {
        let mut holding = Holding {
            history: self.history(contact)?,
            marked_since: self.mark_of(contact)?.map(|mark| mark.since),
            to_repair: self.value::<()>(Tree::Meta, &repair_key(contact))?.is_some(),
            ..Holding::default()
        };
        self.each_seen(|opportunity, seen| {
            if seen.contact == *contact {
                holding.opportunities.push((opportunity, seen));
            }
        })?;
        self.each_entry(Tree::Standings, &[], |key, bytes| {
            let (target, whose) = standing_ids(key)?;
            if whose == *contact {
                holding.standings.push((target, decode(Tree::Standings, bytes)?));
            }
            Ok(())
        })?;
        holding.tasks = self.tasks()?;
        holding.tasks.retain(|task| task.contact == *contact);
        Ok(holding)
    }

    /// Whether a human ordered that this contact be forgotten.
    pub fn is_buried(&self, contact: &ContactId) -> Result<bool> {
        Ok(self.value::<Timestamp>(Tree::Meta, &self.tomb(&contact_words(contact)))?.is_some())
    }

    /// Whether this opportunity was somebody's who was forgotten.
    pub fn is_buried_hire(&self, opportunity: &OpportunityId) -> Result<bool> {
        Ok(self.value::<Timestamp>(Tree::Meta, &self.tomb(&hire_words(opportunity)))?.is_some())
    }

    /// Whether a task is there, open or closed, or was there and grew old.
    pub fn knows_task(&self, id: &TaskId) -> Result<bool> {
        Ok(self.task(id)?.is_some() || self.value::<()>(Tree::Meta, &done_key(id))?.is_some())
    }

    /// Forgets again whoever was forgotten before this ledger was put back. Answers how many.
    pub(crate) fn forget_the_buried(&self, at: Timestamp) -> Result<usize> {
        if self.store.scan(Tree::Meta, &tombs(), &[], 1)?.is_empty() {
            return Ok(0);
        }
        let mut contacts = BTreeSet::new();
        self.each_entry(Tree::Standings, &[], |key, _| {
            contacts.insert(standing_ids(key)?.1);
            Ok(())
        })?;
        self.each_seen(|_, seen| {
            contacts.insert(seen.contact);
        })?;
        contacts.extend(self.marked(None, usize::MAX)?.into_iter().map(|(contact, _)| contact));
        contacts.extend(self.tasks()?.into_iter().map(|task| task.contact));
        contacts.extend(self.history_since(None)?.into_iter().map(|event| event.contact));
        let mut forgotten = 0;
        for contact in contacts {
            if self.is_buried(&contact)? {
                let holding = self.holding(&contact)?;
                let hires = holding.hires();
                let _ = self.write(|draft| draft.bury(&contact, &holding, &hires, at))?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    fn tomb(&self, words: &str) -> Vec<u8> {
        joined(&[TOMB, &self.key().record(words).to_string()])
    }
}

impl Draft<'_> {
    /// Removes everything about a contact and leaves a tombstone of the contact and of these opportunities. Where others are told
    /// of the contact, the id goes.
    pub fn bury(
        &mut self,
        contact: &ContactId,
        holding: &Holding,
        hires: &BTreeSet<OpportunityId>,
        at: Timestamp,
    ) -> Result<()> {
        for (target, _) in &holding.standings {
            self.remove_standing(target, contact)?;
        }
        for (opportunity, _) in &holding.opportunities {
            self.remove(Tree::Opportunities, opportunity.as_str().as_bytes());
        }
        self.remove(Tree::Marks, contact.as_str().as_bytes());
        self.repaired(contact)?;
        self.forget_history(contact)?;
        for task in &holding.tasks {
            self.forget_task(&task.id);
        }
        self.forget_mentions(contact, hires)?;
        let tombs = hires.iter().map(hire_words).chain([contact_words(contact)]);
        for words in tombs {
            let key = self.ledger().tomb(&words);
            self.put(Tree::Meta, &key, &at);
        }
        Ok(())
    }

    /// Removes a contact's history.
    fn forget_history(&mut self, contact: &ContactId) -> Result<()> {
        let prefix = joined(&[contact.as_str(), ""]);
        for (key, _) in self.ledger().store.scan(Tree::History, &prefix, &[], usize::MAX)? {
            self.remove_event(&key);
        }
        Ok(())
    }

    /// What others' histories and tasks say of a contact that was merged with theirs.
    fn forget_mentions(&mut self, contact: &ContactId, hires: &BTreeSet<OpportunityId>) -> Result<()> {
        let mut mentions = Vec::new();
        self.ledger().each_entry(Tree::History, &[], |key, bytes| {
            let event: Event = decode(Tree::History, bytes)?;
            if matches!(&event.outcome, Outcome::MergedFrom { contact: from } if from == contact) {
                mentions.push(key.to_vec());
            }
            Ok(())
        })?;
        mentions.iter().for_each(|key| self.remove_event(key));
        let ids = hires.iter().map(OpportunityId::as_str).chain([contact.as_str()]);
        let ids: Vec<&str> = ids.collect();
        for mut task in self.ledger().tasks()? {
            if task.contact != *contact && ids.iter().any(|id| task.text.contains(id)) {
                ids.iter().for_each(|id| task.text = task.text.replace(id, FORGOTTEN));
                self.put(Tree::Tasks, task.id.0.as_bytes(), &task);
            }
        }
        Ok(())
    }

    /// Whether nothing about this contact is taken any more.
    pub fn is_buried(&self, contact: &ContactId) -> Result<bool> {
        Ok(self.value::<Timestamp>(Tree::Meta, &self.ledger().tomb(&contact_words(contact)))?.is_some())
    }

    /// The same of an opportunity.
    pub fn is_buried_hire(&self, opportunity: &OpportunityId) -> Result<bool> {
        Ok(self.value::<Timestamp>(Tree::Meta, &self.ledger().tomb(&hire_words(opportunity)))?.is_some())
    }

    /// Removes a closed task that grew old. Its cause is not raised again all the same.
    fn retire(&mut self, id: &TaskId) {
        self.remove(Tree::Tasks, id.0.as_bytes());
        self.put(Tree::Meta, &done_key(id), &());
    }

    pub(crate) fn was_retired(&self, id: &TaskId) -> Result<bool> {
        Ok(self.value::<()>(Tree::Meta, &done_key(id))?.is_some())
    }

    pub(crate) fn unretire(&mut self, id: &TaskId) {
        self.remove(Tree::Meta, &done_key(id));
    }

    /// Removes what is older than `before`: closed tasks; and of contacts without a standing, to whom nothing newer happened and
    /// who are not to be read, the history and what was seen, except for the date of a hire. Answers how much.
    pub fn retain_since(&mut self, before: Timestamp) -> Result<usize> {
        let mut removed = 0;
        let tasks = self.ledger().tasks()?;
        for task in tasks.iter().filter(|task| task.done_at.is_some_and(|at| at < before)) {
            self.retire(&task.id);
            removed += 1;
        }
        let mut living = BTreeSet::new();
        self.ledger().each_entry(Tree::Standings, &[], |key, _| {
            living.insert(standing_ids(key)?.1);
            Ok(())
        })?;
        let to_read = self.ledger().marked(None, usize::MAX)?.into_iter().map(|(contact, _)| contact);
        living.extend(to_read);
        living.extend(tasks.into_iter().filter(|task| task.done_at.is_none()).map(|task| task.contact));
        let mut old = BTreeSet::new();
        self.ledger().each_entry(Tree::History, &[], |_, bytes| {
            let event: Event = decode(Tree::History, bytes)?;
            if event.at >= before {
                living.insert(event.contact);
            } else if !living.contains(&event.contact) {
                old.insert(event.contact);
            }
            Ok(())
        })?;
        for contact in old.difference(&living) {
            self.forget_history(contact)?;
            removed += 1;
        }
        let mut stale = Vec::new();
        self.ledger().each_seen(|opportunity, seen| {
            let is_dated = seen.first_hired_at.is_some() || seen.hired_at.is_some() || seen.said.is_some();
            if !is_dated && !living.contains(&seen.contact) {
                stale.push(opportunity);
            }
        })?;
        for opportunity in &stale {
            self.remove(Tree::Opportunities, opportunity.as_str().as_bytes());
        }
        Ok(removed + stale.len())
    }

    fn remove(&mut self, tree: Tree, key: &[u8]) {
        self.batch.0.insert((tree, key.to_vec()), None);
    }

    /// Removes an event from its contact's history and from the journal.
    pub(crate) fn remove_event(&mut self, key: &[u8]) {
        self.remove(Tree::History, key);
        self.remove(Tree::Journal, journal_key(key));
    }
}

/// What the key of every tombstone begins with.
pub(crate) fn tombs() -> Vec<u8> {
    joined(&[TOMB, ""])
}

fn contact_words(contact: &ContactId) -> String {
    format!("tomb contact {contact}")
}

fn hire_words(opportunity: &OpportunityId) -> String {
    format!("tomb opportunity {opportunity}")
}

fn done_key(id: &TaskId) -> Vec<u8> {
    joined(&[DONE, &id.0])
}
