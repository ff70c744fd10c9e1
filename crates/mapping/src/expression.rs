//! One expression, compiled and read through: which facts it uses, what kind of value it gives, and everything about it that
//! can be wrong before anybody is read. minijinja's own syntax tree is read for it, so nothing hides in a branch that a trial
//! would not take.

mod reader;
mod slips;

use std::fmt;

use adapter_sdk::{FieldKind, Level};
use minijinja::{
    Expression,
    machinery::{parse_expr, tokenize},
    syntax::SyntaxConfig,
    value::ValueKind,
};
use people::Lack;

use crate::{
    Needs, Tables,
    facts::Query,
    language,
    names::{self, Gives},
};
use reader::{Reader, character, of_phones, path};
use slips::SLIPS;

/// Longest expression, in characters.
const LENGTH_MAX: usize = 2_000;
/// Most helpers and operators that make something new, in one expression.
const STEPS_MAX: usize = 50;

/// A compiled expression.
pub(crate) struct Compiled {
    pub source: String,
    pub expression: Expression<'static, 'static>,
    /// The parts of a name that is all of the expression, as it most often is: it is looked up and not run.
    pub bare: Option<Vec<String>>,
    /// Every fact it uses, as written, each once.
    pub uses: Vec<Use>,
    pub gives: Gives,
    pub needs: Needs,
}

/// A fact as an expression uses it.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// As written: `name.first`, `answer('Date of birth')`.
    pub text: String,
    /// Its entry in the table of names.
    pub name: &'static str,
    /// Which answer is meant, for those that ask for one.
    pub(crate) query: Option<Query>,
}

/// Something wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// At which character, from 1.
    pub at: Option<usize>,
    pub problem: String,
    pub remedy: String,
}

impl Compiled {
    /// Compiles `source` for a field of `level`, or says everything that is wrong with it.
    pub(crate) fn new(source: &str, level: Level, tables: &Tables) -> Result<Compiled, Vec<Fault>> {
        let whole = |problem: &str, remedy: &str| {
            Err(vec![Fault { at: None, problem: problem.to_owned(), remedy: remedy.to_owned() }])
        };
        if source.trim().is_empty() {
            return whole("is empty", "write an expression such as \"name.first\", or remove the field");
        }
        if source.trim().parse::<people::Date>().is_ok() {
            return whole("is a day without quotes, which is a subtraction", "write \"'2026-05-04'\"");
        }
        if source.chars().count() > LENGTH_MAX {
            return whole("is longer than 2000 characters", "put what varies into a table and use lookup");
        }
        // The parser takes a character it does not know for the end, and never looks at what stands behind it.
        let unread = tokenize(source, true, SyntaxConfig::default()).find_map(Result::err);
        let tree =
            unread.map_or_else(|| parse_expr(source), Err).map_err(|error| vec![syntax(source, &error)])?;
        let mut reader = Reader::new(source, level, tables);
        let gives = reader.read(&tree);
        if of_phones(&tree) {
            reader.fault(
                tree.span(),
                "gives whole telephone numbers, each with its type",
                "write phones[0].number, or phone('mobile')",
            );
        }
        if reader.steps > STEPS_MAX {
            return whole(
                "takes more than 50 steps",
                "split it into several fields, or use a table and lookup",
            );
        }
        if !reader.faults.is_empty() {
            return Err(reader.faults);
        }
        let expression = language::compile(source).map_err(|error| vec![syntax(source, &error)])?;
        let needs = reader
            .uses
            .iter()
            .filter_map(|used| names::find(used.name))
            .fold(Needs::default(), |needs, name| needs.union(name.needs));
        let bare = path(&tree);
        Ok(Compiled { source: source.to_owned(), expression, bare, uses: reader.uses, gives, needs })
    }

    /// Its value in what it sees: a value, a blank, or what is wrong with it. Never a panic.
    pub(crate) fn compute(&self, seen: &minijinja::Value) -> Result<people::Value, Lack> {
        let Some(parts) = &self.bare else { return language::compute(&self.expression, seen) };
        let mut found = seen.clone();
        for part in parts {
            if !matches!(found.kind(), ValueKind::Map | ValueKind::Plain) {
                break;
            }
            found = found.get_attr(part).unwrap_or_default();
        }
        language::value(&found)
    }

    /// The same for everybody.
    pub(crate) fn is_constant(&self) -> bool {
        self.uses.is_empty()
    }

    /// The first parts of the names of `level` that it uses: `offer` of `offer.start_date`.
    pub(crate) fn heads(&self, level: Level) -> impl Iterator<Item = &'static str> + '_ {
        let names = self.uses.iter().filter_map(|used| names::find(used.name));
        let of_level = names.filter(move |name| name.level == level);
        of_level.map(|name| name.name.split_once('.').map_or(name.name, |(head, _)| head))
    }

    /// Why its value cannot be what a field takes, and what to write instead; `None` where it can.
    pub(crate) fn misfit(&self, kind: FieldKind) -> Option<(String, &'static str)> {
        let remedy = match (kind, self.gives) {
            (_, Gives::Anything)
            | (FieldKind::List, _)
            | (FieldKind::Day, Gives::Day)
            | (FieldKind::Whole | FieldKind::Number, Gives::Number)
            | (FieldKind::Flag, Gives::Flag) => return None,
            (FieldKind::Text, Gives::List) => "add | join(';') or | first",
            (FieldKind::Text, _) => return None,
            (FieldKind::Day, Gives::Moment) => "add | date",
            (FieldKind::Day, _) => "use a day, such as offer.start_date, or add | date(from='%d/%m/%Y')",
            (FieldKind::Whole | FieldKind::Number, Gives::Text) => "add | number",
            (FieldKind::Whole | FieldKind::Number, _) => "use a number, such as offer.salary_amount",
            (FieldKind::Flag, _) => "compare it, e.g. posting.country == 'GB'",
        };
        Some((format!("gives {}, and the field takes {}", self.gives.words(), kind.words()), remedy))
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

fn syntax(source: &str, error: &minijinja::Error) -> Fault {
    let detail = error.detail().unwrap_or("it cannot be understood");
    let range = error.range();
    let rest = range.as_ref().and_then(|range| source.get(range.start..)).unwrap_or_default();
    let formula = source.trim_start().starts_with('=').then_some("leave the = out: \"name.first\"");
    let slip =
        SLIPS.iter().find(|(sign, _)| [rest, source.trim_start()].iter().any(|at| at.starts_with(sign)));
    Fault {
        at: range.map(|range| character(source, range.start)),
        problem: format!("is no expression: {detail}"),
        remedy: formula
            .or_else(|| slip.map(|(_, remedy)| *remedy))
            .unwrap_or("write an expression such as \"name.first\"; a fixed text is \"'text'\"")
            .to_owned(),
    }
}
