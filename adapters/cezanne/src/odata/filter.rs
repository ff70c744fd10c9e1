//! Keys, filters and queries. Every value is a typed literal, so a name like `O'Brien' or 1 eq 1` stays a name.
//!
//! Source: [MS-ODATA] 2.2.3.1 (keys), 2.2.3.6.1 (query options), 2.2.2 (literals); OData URL Conventions 4.0. Names of
//! properties are taken from `$metadata`, whose reader lets identifiers pass and nothing else.

use std::fmt;

use people::Date;

use super::{Edm, Version};

/// Which records are meant.
#[derive(Clone, PartialEq)]
pub(crate) enum Filter {
    Compare(String, Comparison, Literal),
    StartsWith(String, String),
    Contains(String, String),
    And(Vec<Filter>),
    Or(Vec<Filter>),
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// A value in a filter.
#[derive(Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Text(String),
    Whole(i64),
    Flag(bool),
    /// For a property that is a day, or a `DateTime`.
    Day(Date),
    /// For a `DateTimeOffset`: midnight, UTC.
    Midnight(Date),
}

/// The key of one record: names and values. Text only: our keys are codes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(Vec<(String, String)>);

/// What to read of a set.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Query {
    pub(crate) filter: Option<Filter>,
    pub(crate) select: Vec<String>,
    pub(crate) order_by: Vec<String>,
    pub(crate) descending: bool,
    /// At most so many records.
    pub(crate) top: Option<usize>,
}

impl Literal {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Literal::Text(text.into())
    }

    /// A day, for a property of type `edm`.
    pub(crate) fn day(day: Date, edm: Edm) -> Self {
        if edm == Edm::DateTimeOffset { Literal::Midnight(day) } else { Literal::Day(day) }
    }

    fn to_text(&self, version: Version) -> String {
        match self {
            Literal::Null => "null".to_owned(),
            Literal::Text(text) => quoted(text),
            Literal::Whole(number) => number.to_string(),
            Literal::Flag(yes) => yes.to_string(),
            Literal::Day(day) if version == Version::V4 => day.to_string(),
            Literal::Day(day) => format!("datetime'{day}T00:00:00'"),
            Literal::Midnight(day) if version == Version::V4 => format!("{day}T00:00:00Z"),
            Literal::Midnight(day) => format!("datetimeoffset'{day}T00:00:00Z'"),
        }
    }
}

impl Filter {
    /// `field` is exactly `literal`. Servers may ignore case and trailing spaces: compare what comes back once more.
    pub(crate) fn eq(field: impl Into<String>, literal: Literal) -> Self {
        Filter::Compare(field.into(), Comparison::Eq, literal)
    }

    pub(crate) fn starts_with(field: impl Into<String>, beginning: impl Into<String>) -> Self {
        Filter::StartsWith(field.into(), beginning.into())
    }

    pub(crate) fn contains(field: impl Into<String>, part: impl Into<String>) -> Self {
        Filter::Contains(field.into(), part.into())
    }

    pub(crate) fn and(self, other: Filter) -> Self {
        match self {
            Filter::And(mut all) => {
                all.push(other);
                Filter::And(all)
            }
            first => Filter::And(vec![first, other]),
        }
    }

    pub(crate) fn or(self, other: Filter) -> Self {
        match self {
            Filter::Or(mut any) => {
                any.push(other);
                Filter::Or(any)
            }
            first => Filter::Or(vec![first, other]),
        }
    }

    /// The text of `$filter`, not yet percent-encoded.
    pub(crate) fn to_text(&self, version: Version) -> String {
        match self {
            Filter::Compare(field, comparison, literal) => {
                format!("{field} {} {}", comparison.word(), literal.to_text(version))
            }
            Filter::StartsWith(field, beginning) => format!("startswith({field},{})", quoted(beginning)),
            Filter::Contains(field, part) if version == Version::V4 => {
                format!("contains({field},{})", quoted(part))
            }
            Filter::Contains(field, part) => format!("substringof({},{field})", quoted(part)),
            Filter::And(all) => joined(all, " and ", "true", version),
            Filter::Or(any) => joined(any, " or ", "false", version),
        }
    }
}

impl Comparison {
    fn word(self) -> &'static str {
        match self {
            Comparison::Eq => "eq",
            Comparison::Ne => "ne",
            Comparison::Gt => "gt",
            Comparison::Ge => "ge",
            Comparison::Lt => "lt",
            Comparison::Le => "le",
        }
    }
}

impl Key {
    /// A key of one property.
    pub(crate) fn single(name: impl Into<String>, value: impl Into<String>) -> Self {
        Key(vec![(name.into(), value.into())])
    }

    /// A key of several properties, or of one.
    pub(crate) fn of<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Key(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// What stands after the name of the set in the path: `('LV-1')`, `(EMPLOYMENTID='a',PERSONID='b')`. Not yet
    /// percent-encoded.
    pub(crate) fn to_text(&self) -> String {
        match self.0.as_slice() {
            [(_, value)] => format!("({})", quoted(value)),
            pairs => {
                let pairs: Vec<String> =
                    pairs.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
                format!("({})", pairs.join(","))
            }
        }
    }

    /// The filter that only this record fits.
    pub(crate) fn to_filter(&self) -> Filter {
        let mut each: Vec<Filter> =
            self.0.iter().map(|(name, value)| Filter::eq(name, Literal::text(value))).collect();
        if each.len() == 1 { each.remove(0) } else { Filter::And(each) }
    }

    /// Whether the key can stand in a path. IIS refuses some characters there, percent-encoded or not, so what is not
    /// surely harmless is looked for by filter.
    pub(crate) fn fits_a_path(&self) -> bool {
        self.0.iter().all(|(_, value)| fits_a_path(value))
    }
}

fn fits_a_path(value: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~'".contains(&byte);
    (1..=128).contains(&value.len())
        && !value.ends_with('.')
        && !value.contains("..")
        && value.bytes().all(harmless)
}

impl Query {
    /// Everything that fits `filter`.
    pub(crate) fn by(filter: Filter) -> Self {
        Query { filter: Some(filter), ..Query::default() }
    }

    /// The query options, not yet percent-encoded.
    pub(crate) fn options(&self, version: Version) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        if let Some(filter) = &self.filter {
            options.push(("$filter", filter.to_text(version)));
        }
        if !self.select.is_empty() {
            options.push(("$select", self.select.join(",")));
        }
        if !self.order_by.is_empty() {
            let suffix = if self.descending { " desc" } else { "" };
            let columns: Vec<String> = self.order_by.iter().map(|name| format!("{name}{suffix}")).collect();
            options.push(("$orderby", columns.join(",")));
        }
        if let Some(top) = self.top {
            options.push(("$top", top.to_string()));
        }
        options
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn joined(filters: &[Filter], word: &str, none: &str, version: Version) -> String {
    match filters {
        [] => none.to_owned(),
        [only] => only.to_text(version),
        several => {
            let parts: Vec<String> =
                several.iter().map(|filter| format!("({})", filter.to_text(version))).collect();
            parts.join(word)
        }
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Compare(field, comparison, _) => write!(f, "{field} {} …", comparison.word()),
            Filter::StartsWith(field, _) => write!(f, "startswith({field},…)"),
            Filter::Contains(field, _) => write!(f, "contains({field},…)"),
            Filter::And(all) => f.debug_tuple("And").field(all).finish(),
            Filter::Or(any) => f.debug_tuple("Or").field(any).finish(),
        }
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«literal»")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
