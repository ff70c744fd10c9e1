//! What a path below the service root means.

use std::collections::BTreeMap;

use super::lexer::{Token, tokens};
use super::problem::{Problem, page};
use super::schema::{Edm, STARTER_FUNCTION, Schema, Table};
use super::settings::Version;
use super::values;
use crate::message::Reply;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Service,
    Metadata,
    Set(Table),
    Count(Table),
    One(Table, Named),
    Function,
    Unknown,
}

/// The values of a key by their names.
pub(super) type Named = BTreeMap<&'static str, String>;

impl Target {
    /// How figures and faults call it.
    pub(super) fn place(&self) -> &'static str {
        match self {
            Target::Service => "service",
            Target::Metadata => "metadata",
            Target::Set(table) | Target::Count(table) | Target::One(table, _) => table.name(),
            Target::Function => "function",
            Target::Unknown => "unknown",
        }
    }

    /// Reads the decoded parts of the path.
    pub(super) fn read(schema: &Schema, path: &[String]) -> Result<Target, Problem> {
        let Some((first, rest)) = path.split_first() else { return Ok(Target::Service) };
        if first == "$metadata" && rest.is_empty() {
            return Ok(Target::Metadata);
        }
        let (name, key) = match first.split_once('(') {
            Some((name, key)) => (name, Some(key.strip_suffix(')').ok_or_else(syntax)?)),
            None => (first.as_str(), None),
        };
        if name == STARTER_FUNCTION {
            return Ok(Target::Function);
        }
        let table = Table::called(name).filter(|table| schema.columns(*table).is_some());
        let Some(table) = table else { return Ok(Target::Unknown) };
        match (key, rest) {
            (None, []) => Ok(Target::Set(table)),
            (None, [count]) if count == "$count" => Ok(Target::Count(table)),
            (Some(key), []) => Ok(Target::One(table, named(schema, table, key)?)),
            (_, [rest, ..]) if rest.starts_with("PeopleTo") => Err(Problem::new(501, "Not Implemented")),
            _ => Ok(Target::Unknown),
        }
    }
}

fn syntax() -> Problem {
    Problem::bad("Error in query syntax.")
}

/// `'LV-1'`, or `EMPLOYMENTID='a',PERSONID='b'` in any order.
fn named(schema: &Schema, table: Table, text: &str) -> Result<Named, Problem> {
    let tokens = tokens(text).ok_or_else(syntax)?;
    let names = table.key();
    let mut found = Named::new();
    for part in tokens.split(|token| *token == Token::Comma) {
        let (name, value) = match part {
            [Token::Word(name), Token::Equals, value] => {
                (names.iter().find(|known| *known == name).ok_or_else(syntax)?, value)
            }
            [value] if names.len() == 1 => (&names[0], value),
            _ => return Err(syntax()),
        };
        let edm = schema.column(table, name).map_or(Edm::String, |column| column.edm);
        let value = literal(schema.version, edm, value).ok_or_else(syntax)?;
        if found.insert(name, value).is_some() {
            return Err(syntax());
        }
    }
    if found.len() == names.len() { Ok(found) } else { Err(syntax()) }
}

fn literal(version: Version, edm: Edm, token: &Token) -> Option<String> {
    match (edm, token) {
        (Edm::String, Token::Quoted { prefix, text }) if prefix.is_empty() => Some(text.clone()),
        (Edm::DateTime, Token::Quoted { prefix, text }) if prefix == "datetime" && version != Version::V4 => {
            values::moment(text)
        }
        (Edm::DateTimeOffset | Edm::Date, Token::Word(text)) => values::moment_of_v4(text),
        _ => None,
    }
}

/// ASP.NET refuses these letters in a path, also when they are encoded, and a dot at its end. The colons of a moment are
/// let through here, or rows whose key holds one could not be reached.
pub(super) fn dangerous(path: &[String]) -> Option<Reply> {
    let is_dangerous = |part: &String| {
        let plain = if part.starts_with("Deployments(") { part.replace(':', "") } else { part.clone() };
        plain.contains(['/', '\\', ':', '*', '?', '%', '&', '<', '>']) || plain.ends_with('.')
    };
    path.iter()
        .any(is_dangerous)
        .then(|| page(400, "A potentially dangerous Request.Path value was detected from the client."))
}
