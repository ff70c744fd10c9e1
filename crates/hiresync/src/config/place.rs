//! Where in the file each setting stands: `config` layers well and forgets places, so the text is read a second time.

use std::collections::BTreeMap;

use adapter_sdk::settings::Within;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Line and column, from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where each dotted path stands.
#[derive(Debug, Default)]
pub struct Places(BTreeMap<String, Entry>);

/// What stands at one path.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Its key, or itself in an array.
    place: Place,
    /// It is a table.
    is_table: bool,
    /// The first character of a text of one line in which each character stands for itself.
    text: Option<Place>,
}

/// A text that is no TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// Where.
    pub place: Place,
    /// What the parser said, and what to do where that is plain. It quotes nothing of the file.
    pub problem: String,
}

impl Places {
    /// Reads the places of `text`, or every fault of its syntax.
    pub fn read(text: &str) -> Result<Places, Vec<SyntaxFault>> {
        let lines = Lines::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let fault = |error: toml::de::Error| SyntaxFault {
                place: lines.place(error.span().map_or(0, |span| span.start)),
                problem: with_remedy(&error.message().replace('\n', ", ")),
            };
            let mut faults: Vec<SyntaxFault> = errors.into_iter().map(fault).collect();
            faults.sort_by_key(|fault| fault.place);
            return Err(faults);
        }
        let mut places = Places::default();
        places.table("", table.get_ref(), &lines);
        Ok(places)
    }

    /// Where `path` stands; else the nearest table around it; else the first line.
    pub fn find(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(entry) = self.0.get(path) {
                return entry.place;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return Place { line: 1, column: 1 },
            }
        }
    }

    /// Where the text stands that is meant at `path`, from the character on that is meant, if that can be told.
    pub fn within(&self, path: &str, within: Within) -> Place {
        let inner = format!("{path}.{}", within.key);
        let is_around = self.0.get(path).is_some_and(|entry| entry.is_table) && self.has(&inner);
        let path = if is_around { inner.as_str() } else { path };
        match (self.0.get(path).and_then(|entry| entry.text), within.at) {
            (Some(text), Some(at)) => Place { line: text.line, column: text.column + at - 1 },
            _ => self.find(path),
        }
    }

    /// Whether the file says anything at `path`.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    fn table(&mut self, path: &str, table: &DeTable<'_>, lines: &Lines<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.value(&path, lines.place(key.span().start), value, lines);
        }
    }

    fn value(&mut self, path: &str, place: Place, value: &Spanned<DeValue<'_>>, lines: &Lines<'_>) {
        let mut entry = Entry { place, is_table: false, text: None };
        match value.get_ref() {
            DeValue::Table(table) => {
                entry.is_table = true;
                self.table(path, table, lines);
            }
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    self.value(&format!("{path}[{index}]"), lines.place(item.span().start), item, lines);
                }
            }
            DeValue::String(text) => {
                let written = lines.text.get(value.span()).unwrap_or_default();
                let plain = written.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
                if plain == Some(text.as_ref()) {
                    entry.text = Some(lines.place(value.span().start + 1));
                }
            }
            _ => {}
        }
        self.0.insert(path.to_owned(), entry);
    }
}

/// The parser's words for quotes left out, and what it does not say: where they belong.
const REMEDIES: [(&str, &str); 5] = [
    ("key with no value", QUOTE_THE_NAME),
    ("invalid unquoted key", QUOTE_THE_NAME),
    ("string values must be quoted", QUOTE_THE_TEXT),
    ("invalid float", QUOTE_THE_TEXT),
    ("invalid boolean", QUOTE_THE_TEXT),
];
const QUOTE_THE_NAME: &str = "a name with blanks or signs stands in quotes: \"First Name\" = …";
const QUOTE_THE_TEXT: &str = "a text stands in quotes: x = \"name.first\"";

fn with_remedy(problem: &str) -> String {
    match REMEDIES.iter().find(|(start, _)| problem.starts_with(start)) {
        Some((_, remedy)) => format!("{problem}; {remedy}"),
        None => problem.to_owned(),
    }
}

/// Turns byte offsets into lines and columns.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        let start = self.starts[line - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_by_line_and_column_and_a_missing_one_by_its_table() {
        let text = "[lever]\n\"ü\" = 1\n\n[targets.roster]\npath = \"x\"\n  person.\"a.b\" = \"c\"\nlist = [1,\n 2]\n";
        let places = Places::read(text).unwrap();
        for (path, line, column) in [
            ("lever", 1, 2),
            ("lever.ü", 2, 1),
            ("lever.hired_since", 1, 2),
            ("targets.roster", 4, 10),
            ("targets.roster.person.a.b", 6, 10),
            ("targets.roster.list[1]", 8, 2),
            ("nothing.at.all", 1, 1),
        ] {
            assert_eq!(places.find(path), Place { line, column }, "{path}");
        }
    }

    #[test]
    fn a_character_of_a_text_is_found_where_each_stands_for_itself_and_else_the_key() {
        let text = "short = \"name.frist\"\nlong = { hold = true, value = 'ü | uper' }\n\
            escaped = \"\\u0061 | uper\"\nlines = \"\"\"\na | uper\"\"\"\n";
        let places = Places::read(text).unwrap();
        let at = |path, at| {
            let Place { line, column } = places.within(path, Within { key: "value", at });
            (line, column)
        };
        assert_eq!((at("short", Some(6)), at("short", None)), ((1, 15), (1, 1)));
        assert_eq!((at("long", Some(5)), at("long", None)), ((2, 36), (2, 23)));
        assert_eq!((at("escaped", Some(5)), at("lines", Some(5))), ((3, 1), (4, 1)));
        assert_eq!(at("absent", Some(5)), (1, 1));
    }

    #[test]
    fn quotes_left_out_are_asked_for_where_they_belong() {
        for (text, remedy) in [
            ("First Name = \"a\"\n", QUOTE_THE_NAME),
            ("Prénom = \"a\"\n", QUOTE_THE_NAME),
            ("x = name.first\n", QUOTE_THE_TEXT),
            ("x = emails | first\n", QUOTE_THE_TEXT),
            ("x = tags\n", QUOTE_THE_TEXT),
            ("x = { value = phone('mobile') }\n", QUOTE_THE_TEXT),
        ] {
            let faults = Places::read(text).unwrap_err();
            assert!(faults[0].problem.ends_with(&format!("; {remedy}")), "{text}{faults:?}");
        }
        let other = Places::read("x = \"abc\ny = 2\n").unwrap_err();
        assert!(!other[0].problem.contains("in quotes"), "{other:?}");
    }

    #[test]
    fn every_fault_of_the_syntax_has_its_line() {
        let faults = Places::read("[lever]\na = \nb = 1\nc = [1\nd = 2\n").unwrap_err();
        assert_eq!(faults[0].place, Place { line: 2, column: 5 });
        assert!(faults.len() > 1, "{faults:?}");
    }
}
