//! Keys, filters and queries. Every value is a typed literal, so a name like `O'Brien' or 1 eq 1` stays a name.
//!
//! Source: [MS-ODATA] 2.2.3.1 (keys), 2.2.3.6.1 (query options), 2.2.2 (literals); OData URL Conventions 4.0. Names of
//! properties are taken from `$metadata`, whose reader lets identifiers pass and nothing else.

use std::fmt;

use people::Date;

use super::Version;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::parse, *};

    fn ymd(year: i32, month: u32, day: u32) -> Date {
        Date::from_ymd_opt(year, month, day).expect("a day")
    }

    #[test]
    fn each_version_writes_a_filter_its_own_way() {
        let day = ymd(2026, 1, 31);
        let compare = |comparison, literal| Filter::Compare("A".to_owned(), comparison, literal);
        for (filter, v3, v4) in [
            (Filter::eq("CODE", Literal::text("O'Neil")), "CODE eq 'O''Neil'", "CODE eq 'O''Neil'"),
            (
                Filter::eq("CODE", Literal::text("x' or 1 eq '1")),
                "CODE eq 'x'' or 1 eq ''1'",
                "CODE eq 'x'' or 1 eq ''1'",
            ),
            (Filter::starts_with("CODE", "LV-"), "startswith(CODE,'LV-')", "startswith(CODE,'LV-')"),
            (Filter::contains("CODE", "it's"), "substringof('it''s',CODE)", "contains(CODE,'it''s')"),
            (
                compare(Comparison::Ge, Literal::Day(day)),
                "A ge datetime'2026-01-31T00:00:00'",
                "A ge 2026-01-31",
            ),
            (
                compare(Comparison::Lt, Literal::Midnight(day)),
                "A lt datetimeoffset'2026-01-31T00:00:00Z'",
                "A lt 2026-01-31T00:00:00Z",
            ),
            (compare(Comparison::Ne, Literal::Null), "A ne null", "A ne null"),
            (compare(Comparison::Le, Literal::Whole(-7)), "A le -7", "A le -7"),
            (compare(Comparison::Gt, Literal::Flag(true)), "A gt true", "A gt true"),
            (
                Filter::eq("A", Literal::text("1"))
                    .or(Filter::eq("B", Literal::text("2")))
                    .and(Filter::contains("C", "3")),
                "((A eq '1') or (B eq '2')) and (substringof('3',C))",
                "((A eq '1') or (B eq '2')) and (contains(C,'3'))",
            ),
        ] {
            assert_eq!(filter.to_text(Version::V2), v3);
            assert_eq!(filter.to_text(Version::V3), v3);
            assert_eq!(filter.to_text(Version::V4), v4);
        }
    }

    #[test]
    fn three_alternatives_are_one_list_and_a_list_of_one_needs_no_brackets() {
        let code = |code: &str| Filter::eq("C", Literal::text(code));
        assert_eq!(
            code("1").or(code("2")).or(code("3")).to_text(Version::V3),
            "(C eq '1') or (C eq '2') or (C eq '3')"
        );
        assert_eq!(Filter::And(vec![code("1")]).to_text(Version::V3), "C eq '1'");
        assert_eq!(Filter::Or(Vec::new()).to_text(Version::V3), "false");
    }

    #[test]
    fn a_key_is_a_value_or_pairs_with_names_and_also_a_filter() {
        let single = Key::single("PERSONID", "LV-1");
        let double = Key::of([("EMPLOYMENTID", "a'b"), ("PERSONID", "LV-1")]);
        assert_eq!(single.to_text(), "('LV-1')");
        assert_eq!(double.to_text(), "(EMPLOYMENTID='a''b',PERSONID='LV-1')");
        assert_eq!(single.to_filter().to_text(Version::V3), "PERSONID eq 'LV-1'");
        assert_eq!(
            double.to_filter().to_text(Version::V3),
            "(EMPLOYMENTID eq 'a''b') and (PERSONID eq 'LV-1')"
        );
    }

    #[test]
    fn a_key_that_iis_would_refuse_in_a_path_does_not_fit_one() {
        for (value, fits) in [
            ("LV-7QK2M9XW4B1C", true),
            ("a_b.c~d", true),
            ("O'Neil", true),
            ("a/b", false),
            ("a\\b", false),
            ("a:b", false),
            ("a*b", false),
            ("a?b", false),
            ("100%", false),
            ("a&b", false),
            ("<a>", false),
            ("a+b", false),
            ("a b", false),
            ("é", false),
            ("a.", false),
            ("..", false),
            ("a\0", false),
            ("", false),
            (&"x".repeat(129), false),
        ] {
            assert_eq!(Key::single("PERSONID", value).fits_a_path(), fits, "{value}");
            assert_eq!(Key::of([("EMPLOYMENTID", "1"), ("PERSONID", value)]).fits_a_path(), fits, "{value}");
        }
    }

    #[test]
    fn a_query_has_the_options_that_were_asked_for() {
        let query = Query {
            select: vec!["PERSONID".to_owned(), "FAMILYNAME".to_owned()],
            order_by: vec!["EFFECTIVEFROM".to_owned(), "PERSONID".to_owned()],
            descending: true,
            top: Some(2),
            ..Query::by(Filter::contains("CODE", "x"))
        };
        let options = query.options(Version::V4);
        let expected = [
            ("$filter", "contains(CODE,'x')"),
            ("$select", "PERSONID,FAMILYNAME"),
            ("$orderby", "EFFECTIVEFROM desc,PERSONID desc"),
            ("$top", "2"),
        ];
        assert_eq!(options, expected.map(|(name, value)| (name, value.to_owned())));
        assert!(Query::default().options(Version::V3).is_empty());
    }

    #[test]
    fn no_value_is_in_the_debug_text_of_a_query_or_a_key() {
        let query =
            Query::by(Filter::eq("NAME", Literal::text("Planted")).and(Filter::starts_with("A", "Planted")));
        let shown =
            format!("{query:?} {:?} {:?}", Key::single("PERSONID", "Planted"), Literal::text("Planted"));
        assert!(shown.contains("NAME") && !shown.contains("Planted"), "{shown}");
    }

    fn any_literal() -> impl Strategy<Value = Literal> {
        let day = (-700_000..2_000_000_i32).prop_filter_map("years 1 to 9999", |days| {
            use chrono::Datelike as _;
            Date::from_num_days_from_ce_opt(days).filter(|day| (1..=9999).contains(&day.year()))
        });
        prop_oneof![
            any::<String>().prop_map(Literal::Text),
            "[' ()a-z%+=,]{0,12}".prop_map(Literal::Text),
            any::<i64>().prop_map(Literal::Whole),
            any::<bool>().prop_map(Literal::Flag),
            Just(Literal::Null),
            day.clone().prop_map(Literal::Day),
            day.prop_map(Literal::Midnight),
        ]
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let field = || "[A-Z_][A-Z0-9_]{0,8}";
        let comparison = prop_oneof![
            Just(Comparison::Eq),
            Just(Comparison::Ne),
            Just(Comparison::Gt),
            Just(Comparison::Ge),
            Just(Comparison::Lt),
            Just(Comparison::Le)
        ];
        let leaf = prop_oneof![
            (field(), comparison, any_literal())
                .prop_map(|(field, by, with)| Filter::Compare(field, by, with)),
            (field(), any::<String>()).prop_map(|(field, text)| Filter::StartsWith(field, text)),
            (field(), any::<String>()).prop_map(|(field, text)| Filter::Contains(field, text)),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
                prop::collection::vec(inner, 2..4).prop_map(Filter::Or),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_service_reads_the_filter_that_was_meant(filter in any_filter()) {
            for version in Version::ALL {
                let text = filter.to_text(version);
                prop_assert_eq!(parse::filter(&text, version), Some(filter.clone()), "{}", text);
            }
        }

        #[test]
        fn a_service_reads_the_key_that_was_meant(
            names in prop::collection::vec("[A-Z]{1,6}", 2..4),
            hostile in "[' ()a-z,=/]{0,16}",
            any in any::<String>(),
        ) {
            for value in [&hostile, &any] {
                let single = Key::single("ID", value).to_text();
                prop_assert_eq!(parse::key(&single), Some(vec![(String::new(), value.clone())]));
                let pairs: Vec<_> = names.iter().map(|name| (name.clone(), value.clone())).collect();
                prop_assert_eq!(parse::key(&Key::of(pairs.clone()).to_text()), Some(pairs));
            }
        }
    }
}
