use std::collections::BTreeMap;

use adapter_sdk::{FieldRule, Level};
use people::{FieldKey, FieldName};

/// When each mapped field is written, where that is not simply whenever it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writes(BTreeMap<(Level, FieldName), FieldRule>);

impl Writes {
    /// The rule of one field.
    pub fn of(&self, key: &FieldKey) -> FieldRule {
        let of = match key {
            FieldKey::Person { field } => (Level::Person, field.clone()),
            FieldKey::Hire { field, .. } => (Level::Hire, field.clone()),
        };
        self.0.get(&of).copied().unwrap_or_default()
    }

    /// True when every field is written whenever it changes.
    pub fn is_plain(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<((Level, FieldName), FieldRule)> for Writes {
    /// Keeps what is not [`FieldRule::Always`].
    fn from_iter<T: IntoIterator<Item = ((Level, FieldName), FieldRule)>>(rules: T) -> Self {
        Writes(rules.into_iter().filter(|(_, rule)| *rule != FieldRule::Always).collect())
    }
}

/// In the place of a field's name in [`people::Missing`]: whether the hire is meant cannot be decided. No field of a target is
/// called so.
pub const WHEN: &str = "`when`";

/// Whether a hire is one that a target is told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// It is.
    In,
    /// `when` leaves it out.
    Out,
    /// `when` cannot be decided: what it depends on was not shown to us, or it cannot be computed. [`crate::Mapping::apply`]
    /// makes that a missing value, so such a hire is held.
    Unclear,
}
