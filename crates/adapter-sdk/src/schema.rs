//! Which fields a target takes.

use people::FieldName;

/// The fields of a target, at the level of the person and of each hire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSchema {
    /// Known fields. For an open schema these are only documentation.
    pub fields: Vec<FieldSpec>,
    /// Takes any field the configuration names: a file has the columns it is given.
    pub open: bool,
}

/// One field of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub source: Option<&'static str>,
    /// When it is written.
    pub rule: FieldRule,
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
