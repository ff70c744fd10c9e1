//! The compiled mapping of one target.

use std::{collections::BTreeSet, fmt};

use adapter_sdk::{Columns, FieldKind, Level, Placeholder};
use people::{FieldKey, FieldName, Zone};

use crate::{
    Needs, Writes,
    expression::{Compiled, Use},
    rules::{Due, Milestone, Rule},
};

/// The compiled mapping of one target: total and deterministic. An expression yields a value, a blank, or a field that holds
/// its person; never a panic.
pub struct Mapping {
    pub(crate) person: Vec<Field>,
    pub(crate) hire: Vec<Field>,
    pub(crate) when: Option<Compiled>,
    /// The first parts of the names that are used, of the person and of a hire.
    pub(crate) heads: [Vec<&'static str>; 2],
    pub(crate) needs: Needs,
    pub(crate) pinned: BTreeSet<FieldName>,
    pub(crate) writes: Writes,
    pub(crate) tables: minijinja::Value,
    pub(crate) wording: String,
    pub(crate) zone: Zone,
}

/// One mapped field.
pub struct Field {
    /// Of the person, or of each hire.
    pub level: Level,
    /// The target's name for it.
    pub name: FieldName,
    /// What the target says it takes, if it says.
    pub kind: Option<FieldKind>,
    /// Holds personal data, as far as the target knows; where it does not, it is taken to.
    pub personal: bool,
    /// The target's own default: the configuration does not mention it.
    pub inherited: bool,
    /// Its rule, the schema's demands included.
    pub rule: Rule,
    pub(crate) compiled: Compiled,
}

impl Field {
    /// The facts it uses, each once, as they are written.
    pub fn facts(&self) -> &[Use] {
        &self.compiled.uses
    }

    /// What has to be asked of Lever for it.
    pub fn needs(&self) -> Needs {
        let due = self.rule.hold.and_then(|hold| hold.due);
        let offers = matches!(due, Some(Due { milestone: Milestone::Start, .. }));
        self.compiled.needs.union(Needs { offers, ..Needs::default() })
    }

    /// Whether it depends on the day of the decision.
    pub(crate) fn is_pinned(&self) -> bool {
        self.rule.placeholder == Some(Placeholder::Today)
            || self.compiled.uses.iter().any(|used| used.name == "today")
    }
}

impl Mapping {
    /// What has to be asked of Lever.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Fields that depend on the day of the decision: a ledger that lost that day leaves them as they are.
    pub fn pinned(&self) -> &BTreeSet<FieldName> {
        &self.pinned
    }

    /// When each field is written.
    pub fn writes(&self) -> &Writes {
        &self.writes
    }

    /// All that decides about values, as one text: another text may mean other values for anybody. It may name somebody.
    pub fn wording(&self) -> &str {
        &self.wording
    }

    /// The target's `when`, as written.
    pub fn when(&self) -> Option<&str> {
        self.when.as_ref().map(|when| when.source.as_str())
    }

    /// The facts `when` uses.
    pub fn when_facts(&self) -> &[Use] {
        self.when.as_ref().map_or(&[], |when| when.uses.as_slice())
    }

    /// Every mapped field, in the order in which a target gets them.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.person.iter().chain(&self.hire)
    }

    /// The field that `key` means.
    pub fn field(&self, key: &FieldKey) -> Option<&Field> {
        let (level, name) = match key {
            FieldKey::Person { field } => (&self.person, field),
            FieldKey::Hire { field, .. } => (&self.hire, field),
        };
        level.iter().find(|field| field.name == *name)
    }

    /// Whether there is a placeholder for a field.
    pub fn has_placeholder(&self, key: &FieldKey) -> bool {
        self.field(key).is_some_and(|field| field.rule.placeholder.is_some())
    }

    /// The mapped fields in the order of the configuration.
    pub fn columns(&self) -> Columns {
        let names = |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect();
        Columns { person: names(&self.person), hire: names(&self.hire) }
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping")
            .field("fields", &self.fields().collect::<Vec<_>>())
            .field("when", &self.when)
            .finish()
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} = {}", self.level.word(), self.name, self.rule.value)
    }
}
