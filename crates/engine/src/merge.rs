//! Profiles merged in Lever: a known opportunity shows up under another contact, and the standing goes along.

use std::collections::BTreeSet;

use adapter_sdk::{ErrorKind, TaskKind, TaskRequest};
use ledger::{Outcome, Owed, Phase, Seen, Standing};
use people::{Candidacy, ContactId, OpportunityId, Person};

use crate::cycle::{CycleError, Engine};

impl Engine {
    /// What is known of a person's opportunities after this reading. Where one of them was another contact's, profiles were
    /// merged: that contact's standings become this one's.
    pub(crate) fn recognise_merges(&self, person: &Person) -> Result<Vec<(OpportunityId, Seen)>, CycleError> {
        let mut seen = Vec::new();
        let mut merged = BTreeSet::new();
        for (opportunity, candidacy) in &person.opportunities {
            if self.ledger.is_buried_hire(opportunity)? {
                continue;
            }
            let before = self.ledger.seen(opportunity)?;
            if let Some(before) = &before
                && before.contact != person.contact
                && !planted::bug(planted::Bug::MergeCreates)
            {
                merged.insert(before.contact.clone());
            }
            let hired_at = person.hires.get(opportunity).map(|hire| hire.hired_at);
            let first = before.as_ref().and_then(|before| before.first_hired_at);
            let first_hired_at = match (*candidacy, first, hired_at) {
                (Candidacy::Hired, Some(first), Some(now)) => Some(first.min(now)),
                (_, first, hired_at) => first.or(hired_at),
            };
            let said = before.as_ref().and_then(|before| before.said);
            let left_out = before.as_ref().map(|before| before.left_out.clone()).unwrap_or_default();
            let seen_now = Seen {
                contact: person.contact.clone(),
                digest: before.and_then(|before| before.digest),
                first_hired_at,
                awaited_until: person.hires.get(opportunity).and_then(|hire| self.awaited_until(hire)),
                said,
                deleted_at: None,
                hired_at,
                left_out,
                unread: None,
            };
            seen.push((opportunity.clone(), seen_now));
        }
        for from in merged {
            self.merge(&from, person)?;
            // What could not be merged stays the other's, so that it is recognised the next time as well: the hires on its record,
            // or, where none of them is shown, all that were its own.
            let Some(held) = self.held_by(&from)? else { continue };
            let was_its = |opportunity: &OpportunityId| {
                Ok::<_, ledger::Error>(
                    self.ledger.seen(opportunity)?.is_some_and(|before| before.contact == from),
                )
            };
            let shows_some = seen.iter().any(|(opportunity, _)| held.contains(opportunity));
            for (opportunity, seen) in &mut seen {
                if was_its(opportunity)? && (!shows_some || held.contains(opportunity)) {
                    seen.contact = from.clone();
                }
            }
        }
        Ok(seen)
    }

    /// The hires that are on records of this contact, or may be; `None` where nothing is known of it at all.
    fn held_by(&self, contact: &ContactId) -> ledger::Result<Option<BTreeSet<OpportunityId>>> {
        let mut held = None;
        for target in &self.targets {
            let Some(standing) = self.ledger.standing(&target.name, contact)? else { continue };
            let hires = held.get_or_insert_with(BTreeSet::new);
            hires.extend(standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys()).cloned());
            hires.extend(standing.unknown_hires().cloned());
        }
        Ok(held)
    }

    /// Moves the standings of a contact that was merged away, or asks a human where that would join two records.
    fn merge(&self, from: &ContactId, person: &Person) -> Result<(), CycleError> {
        let into = &person.contact;
        let _ = self.ledger.write(|draft| {
            for target in &self.targets {
                let Some(lost) = draft.standing(&target.name, from)? else { continue };
                let kept = draft.standing(&target.name, into)?;
                let moves_hires = target.adapter.info().capabilities.moves_hires;
                // A part of a contact went elsewhere: its record holds hires that are not this person's.
                // One that was deleted went nowhere.
                let mut hires = lost.agreed.iter().flat_map(|agreed| agreed.link.hires.keys());
                let is_whole = hires.try_fold(true, |is_whole, hire| {
                    let is_here = person.opportunities.contains_key(hire);
                    let is_deleted = self.ledger.seen(hire)?.is_some_and(|seen| seen.deleted_at.is_some());
                    Ok::<_, ledger::Error>(is_whole && (is_here || is_deleted))
                })?;
                if let Some(kept) = &kept
                    && (is_beside_another(&lost) && kept.agreed.is_some() || is_beside_another(kept) && lost.agreed.is_some())
                {
                    self.raise(draft, into, Some(&target.name), beside_another_task(from, into))?;
                }
                // An attempt may have made a record that nobody would know of: it is looked for under the contact it was made for.
                let may_be_one = kept.as_ref().is_some_and(|kept| kept.is_open() && kept.owed.as_ref().is_some_and(|owed| owed.is_sent() || owed.is_for_a_human_to_settle()));
                if (lost.is_open() || may_be_one) && !moves_hires {
                    continue;
                }
                let is_open = lost.is_open();
                let standing = match kept {
                    _ if !is_whole && !moves_hires => None,
                    None => Some(lost),
                    Some(kept) if lost.agreed.is_none() && !is_open => Some(kept),
                    Some(kept) if kept.agreed.is_none() && !kept.owed.as_ref().is_some_and(Owed::is_sent) => {
                        Some(if moves_hires { lost.with_attempt_of(kept) } else { lost })
                    }
                    Some(kept) if (moves_hires || is_one_record(&kept, &lost)) && !is_open => Some(kept.absorb(lost)),
                    Some(_) => None,
                };
                let Some(standing) = standing else {
                    let task = TaskRequest {
                        kind: TaskKind::PossibleDuplicate,
                        cause: format!("merged {from}"),
                        text: format!("Lever merged contact {from} into {into}, and both have a record over there. Merge the two records by hand."),
                        fields: Vec::new(),
                    };
                    self.raise(draft, into, Some(&target.name), task)?;
                    continue;
                };
                draft.put_standing(&target.name, into, standing)?;
                draft.remove_standing(&target.name, from)?;
                draft.tell(&self.event(into, Some(&target.name), Outcome::MergedFrom { contact: from.clone() }))?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether the target refused to make somebody, because another record stands there that is not shown to us.
pub(crate) fn is_beside_another(standing: &Standing) -> bool {
    let phase = standing.owed.as_ref().map(|owed| &owed.phase);
    standing.agreed.is_none() && matches!(phase, Some(Phase::Parked { kind: ErrorKind::Conflict, .. }))
}

/// What HR is asked then.
pub(crate) fn beside_another_task(from: &ContactId, into: &ContactId) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::PossibleDuplicate,
        cause: format!("beside another {from}"),
        text: format!(
            "Lever merged contact {from} into {into}. One of them could not be made over there, because another record stands in its \
             place that is not shown to us; the other has a record, which gets all of their hires. Look whether the record that is not \
             shown is this person's, and merge the two by hand."
        ),
        fields: Vec::new(),
    }
}

/// Whether both have the same record: it was found for the one after it had been the other's.
fn is_one_record(one: &Standing, other: &Standing) -> bool {
    let record = |standing: &Standing| standing.agreed.as_ref().map(|agreed| agreed.link.remote.clone());
    record(one).is_some() && record(one) == record(other)
}
