//! Whose a field is once its record was made: some fields are written only then, some only while they are empty over there.
//! Pure.

use std::collections::BTreeSet;

use adapter_sdk::{FieldRule, Intent};
use ledger::{Agreed, Digests};
use mapping::WHEN;
use people::{Digest, FieldKey, Missing, Value};

use crate::plan::{Facts, Remote, held_value};

/// The rules of one person's fields in one target.
pub(crate) struct Rules<'a> {
    facts: &'a Facts<'a>,
    agreed: &'a Agreed,
    filled: BTreeSet<&'a FieldKey>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(facts: &'a Facts<'a>, agreed: &'a Agreed) -> Rules<'a> {
        let filled = facts.wanted.filled.iter().map(|filled| &filled.field).collect();
        Rules { facts, agreed, filled }
    }

    /// Not ours to write any more, whatever the target holds: what is written only when a record is made; and what is
    /// written only while it is empty over there, where nobody can tell whether it is.
    pub(crate) fn is_over(&self, field: &FieldKey) -> bool {
        let can_tell = self.facts.capabilities.read && self.facts.capabilities.update;
        self.is_made(field)
            && (self.facts.writes.of(field) == FieldRule::OnlyOnCreate || self.fills_only(field) && !can_tell)
    }

    /// Ours to write only while it is empty over there.
    pub(crate) fn is_only_if_empty(&self, field: &FieldKey) -> bool {
        self.is_made(field) && self.fills_only(field)
    }

    /// Whether a field that is ours only while it is empty is so: `theirs` is what the target holds. A field that it does
    /// not speak of is, if it was left empty by us or was never ours; else its records are not of one mind.
    pub(crate) fn is_empty_there(&self, field: &FieldKey, theirs: Option<&Value>, blank: Digest) -> bool {
        match (theirs, &self.agreed.digests) {
            (Some(theirs), _) => theirs.is_blank(),
            (None, Some(base)) => base.of(field).is_none_or(|digest| digest == blank),
            (None, None) => false,
        }
    }

    /// Whether a lacking value holds nobody: the field is not written any more, so nothing is to be sent for it.
    pub(crate) fn is_needless(&self, missing: &Missing) -> bool {
        let field = &missing.field;
        if self.is_when(field) || !self.is_made(field) {
            return false;
        }
        let theirs = match self.facts.remote {
            Remote::Holds(remote) => held_value(remote, field),
            Remote::Unasked | Remote::Gone => None,
        };
        let filled_there = self.fills_only(field) && theirs.is_some_and(|theirs| !theirs.is_blank());
        self.is_over(field) || filled_there
    }

    /// By its rule; or because all we have is a placeholder, which never takes the place of a value.
    fn fills_only(&self, field: &FieldKey) -> bool {
        self.facts.writes.of(field) == FieldRule::OnlyIfEmpty || self.filled.contains(field)
    }

    fn is_when(&self, field: &FieldKey) -> bool {
        matches!(field, FieldKey::Hire { field, .. } if field.as_str() == WHEN)
    }

    /// Whether the record of a field is over there already. One that was made in part is still being made.
    fn is_made(&self, field: &FieldKey) -> bool {
        let Agreed { link, digests, .. } = self.agreed;
        let unfinished = self.facts.standing.owed.as_ref().filter(|owed| !owed.unfinished.is_empty());
        let FieldKey::Hire { opportunity, .. } = field else {
            return unfinished.is_none_or(|owed| owed.intent != Intent::Add);
        };
        let is_linked = link.hires.contains_key(opportunity);
        match self.facts.remote {
            // Where profiles were merged, its record may stand under the other one still.
            Remote::Holds(remote) => remote.hires.contains_key(opportunity) || is_linked && digests.is_none(),
            Remote::Unasked | Remote::Gone => {
                let knows = |digests: &Digests| digests.hires.contains_key(opportunity);
                is_linked || unfinished.is_none() && digests.as_ref().is_some_and(knows)
            }
        }
    }
}
