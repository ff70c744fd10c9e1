use std::{borrow::Borrow, collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Date, OpportunityId, Pii};

/// A field of a target, in the target's own words: a column, a property.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldName(String);

impl FieldName {
    /// Wraps a name that the configuration or an adapter's schema gives.
    pub fn new(name: impl Into<String>) -> Self {
        FieldName(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for FieldName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which field of which record: of the person, or of one hire. Names only, no values, so it may be written down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldKey {
    /// A field of one hire's record.
    Hire {
        /// Whose record.
        opportunity: OpportunityId,
        /// Which field.
        field: FieldName,
    },
    /// A field of the person's record.
    Person {
        /// Which field.
        field: FieldName,
    },
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldKey::Person { field } => write!(f, "person.{field}"),
            FieldKey::Hire { opportunity, field } => write!(f, "hire[{opportunity}].{field}"),
        }
    }
}

/// The value of one field, before an adapter puts it into its own form.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Known to be empty. Different from a field that is not there at all, which is not ours to write.
    Blank,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Decimal(f64),
    /// Yes or no.
    Bool(bool),
    /// A calendar day.
    Day(Date),
    /// Several values, e.g. all opportunity ids.
    List(Vec<Value>),
}

impl Value {
    /// The value as plain text: what a cell of a table shows. Days as ISO 8601, lists joined by `;`.
    pub fn to_text(&self) -> String {
        match self {
            Value::Blank => String::new(),
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Decimal(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Day(day) => day.to_string(),
            Value::List(values) => values.iter().map(Value::to_text).collect::<Vec<_>>().join(";"),
        }
    }

    /// True for [`Value::Blank`], the empty text and the empty list: a cell with nothing in it.
    pub fn is_blank(&self) -> bool {
        match self {
            Value::Blank => true,
            Value::Text(text) => text.is_empty(),
            Value::List(values) => values.iter().all(Value::is_blank),
            _ => false,
        }
    }
}

/// The fields of one record.
pub type Fields = BTreeMap<FieldName, Pii<Value>>;

/// What one target should hold about one contact, in that target's own field names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    /// The person's own record.
    pub person: Fields,
    /// One record for each hire in scope.
    pub hires: BTreeMap<OpportunityId, Fields>,
    /// Values that nobody gave us, and why they are there.
    pub filled: Vec<Filled>,
    /// Values that are required, absent, and not to be invented: the person is held.
    pub missing: Vec<Missing>,
}

impl Wanted {
    /// Every field with its key: the person's first, then hire by hire.
    pub fn iter(&self) -> impl Iterator<Item = (FieldKey, &Value)> {
        let person = self
            .person
            .iter()
            .map(|(field, value)| (FieldKey::Person { field: field.clone() }, value.reveal()));
        let hires = self.hires.iter().flat_map(|(opportunity, fields)| {
            fields.iter().map(|(field, value)| {
                let key = FieldKey::Hire { opportunity: opportunity.clone(), field: field.clone() };
                (key, value.reveal())
            })
        });
        person.chain(hires)
    }
}

/// A value that nobody gave us: sent because the target demands one, reported so that a human corrects it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// Which field.
    pub field: FieldKey,
    /// Why it is there, in HR's words; no personal value.
    pub why: String,
}

/// A field whose value is not there, or is none that may be sent: the person is held.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Missing {
    /// Which field.
    pub field: FieldKey,
    /// What is wrong with it.
    #[serde(default)]
    pub lack: Lack,
    /// By when it is needed, if that is known.
    pub due: Option<Date>,
}

/// What is wrong with a value that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// It is required, and nobody gave it.
    #[default]
    Absent,
    /// It is longer than the field takes.
    TooLong,
    /// It is none of the allowed values.
    NotAllowed,
    /// It is of another kind than the field takes: a text where a day is wanted.
    WrongKind,
    /// The expression cannot be computed from what Lever says.
    NotComputable,
    /// A table of the configuration has no entry for it.
    NotInTable,
    /// What decides about it was not shown to us.
    Withheld,
}

impl Lack {
    /// In HR's words, after the field's name: "start_date (required, and Lever has none)".
    pub fn words(self) -> &'static str {
        match self {
            Lack::Absent => "required, and Lever has none",
            Lack::TooLong => "longer than the field takes",
            Lack::NotAllowed => "none of the allowed values",
            Lack::WrongKind => "not the kind of value the field takes",
            Lack::NotComputable => "cannot be computed from what Lever says",
            Lack::NotInTable => "not in the table of the configuration",
            Lack::Withheld => "Lever does not show us what decides about it",
        }
    }
}
