//! What Lever did to accounts that were moved from candidates to opportunities (ref §5).

use super::Lever;
use super::recruiting::{Refused, Trace, refused};
use super::world::{OpportunityId, PostingId};
use crate::message::Millis;

impl Lever {
    /// A candidate turns out to have applied twice, for `posting` too: hired there at `hired_at`, or still active. Two
    /// opportunities come of it. The old id goes to the one that is active, else to the one hired last; the other's
    /// new id is returned. Touches both.
    pub fn split(
        &mut self,
        now: Millis,
        candidate: &OpportunityId,
        posting: &PostingId,
        hired_at: Option<Millis>,
    ) -> Result<OpportunityId, Refused> {
        let known = self.opportunity(candidate).filter(|known| known.deleted.is_none());
        let known = known.ok_or_else(|| refused("there is no such opportunity", candidate))?;
        let (contact, archived_at) =
            (known.contact.clone(), known.archived.as_ref().map(|archived| archived.at));
        let created_at = known.created_at;
        let other = self.add_opportunity(created_at, &contact, Some(posting))?;
        if let Some(at) = hired_at {
            self.hire(at, &other)?;
        }
        // None, that is active, comes last.
        let is_last = match (hired_at, archived_at) {
            (None, archived_at) => archived_at.is_some(),
            (Some(_), None) => false,
            (Some(hired_at), Some(archived_at)) => hired_at > archived_at,
        };
        if is_last {
            self.swap(candidate, &other);
        }
        for id in [candidate, &other] {
            self.edit(now, id, Trace::Touched, |_| ())?;
        }
        Ok(other)
    }

    /// Each becomes what the other was, but for the id.
    fn swap(&mut self, one: &OpportunityId, other: &OpportunityId) {
        let (Some(one), Some(other)) = (self.world.find(one.as_str()), self.world.find(other.as_str()))
        else {
            return;
        };
        let records = [self.world.opportunities()[one].clone(), self.world.opportunities()[other].clone()];
        for (at, record) in [other, one].into_iter().zip(records) {
            self.world.change(at, |found| {
                let id = found.id.clone();
                *found = record;
                found.id = id;
            });
        }
    }
}
