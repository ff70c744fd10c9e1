//! The query options of a list or of one entity.

use super::filter::Expression;
use super::problem::Problem;
use super::schema::{Column, Schema, Table};
use super::settings::Version;
use crate::message::Request;

/// What was asked.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) filter: Option<Expression>,
    pub(super) select: Option<Vec<String>>,
    /// Columns, and whether the largest comes first.
    pub(super) order: Vec<(Column, bool)>,
    pub(super) top: Option<usize>,
    pub(super) skip: usize,
    pub(super) is_counted: bool,
    /// After which row a page begins.
    pub(super) after: Option<String>,
}

impl Options {
    pub(super) fn read(schema: &Schema, table: Table, request: &Request) -> Result<Options, Problem> {
        let columns = schema.columns(table).unwrap_or_default();
        let mut options = Options::default();
        let mut met: Vec<&str> = Vec::new();
        for (name, value) in request.query.iter().filter(|(name, _)| name.starts_with('$')) {
            if met.contains(&name.as_str()) {
                return Err(Problem::bad(format!("Query parameter '{name}' is specified more than once.")));
            }
            met.push(name);
            options.take(schema.version, columns, name, value)?;
        }
        Ok(options)
    }

    fn take(&mut self, version: Version, columns: &[Column], name: &str, value: &str) -> Result<(), Problem> {
        let number = || {
            value
                .parse::<usize>()
                .map_err(|_| Problem::bad(format!("Incorrect format for {name} argument '{value}'.")))
        };
        match name {
            "$filter" => self.filter = Some(Expression::read(version, columns, value)?),
            "$select" => self.select = selected(columns, value)?,
            "$orderby" => self.order = order(columns, value)?,
            "$top" => self.top = Some(number()?),
            "$skip" => self.skip = number()?,
            "$skiptoken" => self.after = Some(value.to_owned()),
            "$inlinecount" if version != Version::V4 => {
                self.is_counted = match value {
                    "allpages" => true,
                    "none" => false,
                    _ => return Err(Problem::bad("Unknown $inlinecount option.")),
                }
            }
            "$count" if version == Version::V4 => {
                self.is_counted = value.parse().map_err(|_| Problem::bad("$count is true or false."))?;
            }
            "$format" => {}
            "$expand" => return Err(Problem::new(501, "Not Implemented")),
            _ => {
                return Err(Problem::bad(format!(
                    "The query parameter '{name}' begins with a system-reserved '$' character but is not recognized."
                )));
            }
        }
        Ok(())
    }

    /// Whether this property is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.select.as_ref().is_none_or(|names| names.iter().any(|wanted| wanted == name))
    }
}

fn known<'c>(columns: &'c [Column], name: &str) -> Result<&'c Column, Problem> {
    let found = columns.iter().find(|column| column.name == name);
    found.ok_or_else(|| Problem::bad(format!("Could not find a property named '{name}' on the type.")))
}

/// None for all.
fn selected(columns: &[Column], text: &str) -> Result<Option<Vec<String>>, Problem> {
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if names.contains(&"*") {
        return Ok(None);
    }
    let known: Result<_, _> =
        names.into_iter().map(|name| known(columns, name).map(|column| column.name.clone())).collect();
    known.map(Some)
}

fn order(columns: &[Column], text: &str) -> Result<Vec<(Column, bool)>, Problem> {
    text.split(',')
        .map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words[..] {
                [name] | [name, "asc"] => Ok((known(columns, name)?.clone(), false)),
                [name, "desc"] => Ok((known(columns, name)?.clone(), true)),
                _ => Err(Problem::bad("Syntax error in $orderby.")),
            }
        })
        .collect()
}
