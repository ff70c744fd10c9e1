//! Which fields a target takes.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use people::{FieldName, Value};

/// The fields of a target, at the level of the person and of each hire.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldSchema {
    /// Known fields. For an open schema these are only documentation.
    pub fields: Vec<FieldSpec>,
    /// Takes any field the configuration names: a file has the columns it is given.
    pub open: bool,
    /// The person's field that is the record's own key, if the configuration may choose it. What is mapped to it becomes the
    /// record's id, which is kept and logged: nothing of a name or an address may go into it.
    pub key: Option<FieldName>,
}

impl FieldSchema {
    /// Fields that hold nothing but Lever's own ids.
    pub fn ids(&self) -> BTreeSet<(Level, FieldName)> {
        let ids = self.fields.iter().filter(|field| field.holds_ids);
        ids.map(|field| (field.level, field.name.clone())).collect()
    }
}

/// One field of a target.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldSpec {
    /// Of the person, or of each hire.
    pub level: Level,
    /// The target's name for it.
    pub name: FieldName,
    /// What it takes.
    pub kind: FieldKind,
    /// A record without it is refused over there.
    pub required: bool,
    /// Longest text, in characters; `None`: unlimited or unknown.
    pub length_max: Option<usize>,
    /// Holds personal data.
    pub personal: bool,
    /// The expression used when the configuration maps nothing to it.
    pub source: Option<Cow<'static, str>>,
    /// What is sent where nobody gave a value, unless the configuration says otherwise: reported as filled, and a task asks for
    /// the right one.
    pub placeholder: Option<Placeholder>,
    /// When it is written.
    pub rule: FieldRule,
    /// Holds nothing but Lever's own ids: what `links backfill` writes onto records that were there before us.
    pub holds_ids: bool,
}

impl FieldSpec {
    /// An optional text of anybody's, written whenever it changes, that nothing is mapped to.
    pub fn new(level: Level, name: impl Into<String>) -> FieldSpec {
        FieldSpec {
            level,
            name: FieldName::new(name),
            kind: FieldKind::Text,
            required: false,
            length_max: None,
            personal: true,
            source: None,
            placeholder: None,
            rule: FieldRule::Always,
            holds_ids: false,
        }
    }
}

/// A value that nobody gave us.
#[derive(Debug, Clone, PartialEq)]
pub enum Placeholder {
    /// This one.
    Is(Value),
    /// The day on which the hire was first planned; for a person's field, the first of their hires.
    Today,
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Placeholder::Is(value) => write!(f, "{:?}", value.to_text()),
            Placeholder::Today => f.write_str("the day on which the hire was first planned"),
        }
    }
}

/// What kind of value a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldKind {
    /// Any text; whatever else is written as text.
    #[default]
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// A calendar day.
    Day,
    /// Several values.
    List,
}

impl FieldKind {
    /// With its article, for messages: `a day`.
    pub fn words(self) -> &'static str {
        match self {
            FieldKind::Text => "a text",
            FieldKind::Whole => "a whole number",
            FieldKind::Number => "a number",
            FieldKind::Flag => "yes or no",
            FieldKind::Day => "a day",
            FieldKind::List => "a list",
        }
    }
}

/// Whose field it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of the person.
    Person,
    /// Of each hire.
    Hire,
}

/// When a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldRule {
    /// Whenever it changes.
    #[default]
    Always,
    /// Only when the record is made; afterwards it is HR's.
    OnlyOnCreate,
    /// Only while it is empty over there.
    OnlyIfEmpty,
}

impl Level {
    /// The name of its table in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Level::Person => "person",
            Level::Hire => "hire",
        }
    }
}
