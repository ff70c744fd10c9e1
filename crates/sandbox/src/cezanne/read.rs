//! Reading: one row by its key, a page of rows, a count.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Cezanne;
use super::filter::{item, order};
use super::options::Options;
use super::path::Named;
use super::problem::Problem;
use super::render::{Page, Pen, Shown, address};
use super::schema::{Column, Table};
use super::tenant::{Key, Version, key_named};
use crate::message::{Millis, Reply, Request, percent_encode};

impl Cezanne {
    /// `GET Set(key)`
    pub(super) fn read_one(
        &self,
        now: Millis,
        pen: &Pen<'_>,
        named: &Named,
        request: &Request,
    ) -> Result<Reply, Problem> {
        let options = Options::read(&self.schema, pen.table, request)?;
        let key = key_named(pen.table, named);
        let row = self.tenant.row(pen.table, &key).filter(|_| !self.tenant.is_hidden(pen.table, &key));
        let seen = row.and_then(|row| row.seen(now, self.settings.lag_by_key_ms));
        let version = seen.ok_or_else(|| Problem::not_found(pen.table.name()))?;
        Ok(pen.one(200, &self.shown(now, pen.table, version, &options)))
    }

    /// `GET Set`
    pub(super) fn read_many(&self, now: Millis, pen: &Pen<'_>, request: &Request) -> Result<Reply, Problem> {
        let options = Options::read(&self.schema, pen.table, request)?;
        let found = self.matching(now, pen.table, &options);
        let count = options.is_counted.then_some(found.len());
        let begin = match &options.after {
            Some(token) => after(&found, token, !options.order.is_empty())?,
            None => options.skip.min(found.len()),
        };
        let rest = &found[begin..];
        let wanted = options.top.unwrap_or(usize::MAX).min(rest.len());
        let length = wanted.min(self.settings.page_size.max(1));
        let next = (length < wanted).then(|| {
            let token =
                rest[length - 1].0.iter().map(|part| percent_encode(part)).collect::<Vec<_>>().join("|");
            self.next_link(pen, request, options.top.map(|top| top - length), &token)
        });
        let rows = rest[..length].iter().map(|(_, version)| self.shown(now, pen.table, version, &options));
        Ok(pen.many(&Page { rows: rows.collect(), count, next }))
    }

    /// `GET Set/$count`
    pub(super) fn count(&self, now: Millis, table: Table, request: &Request) -> Result<Reply, Problem> {
        let options = Options::read(&self.schema, table, request)?;
        let count = self.matching(now, table, &options).len();
        Ok(Reply::text(200, "text/plain;charset=utf-8", count.to_string()))
    }

    /// A row as it was asked for.
    pub(super) fn shown(&self, now: Millis, table: Table, version: &Version, options: &Options) -> Shown {
        let columns = self.columns(table).iter().filter(|column| options.wants(&column.name));
        Shown {
            fields: self.tenant.view(now, table, columns, version),
            address: address(&self.schema, table, &version.fields),
            etag: self.etag(table, version),
        }
    }

    /// The ETag of a row, where the tenant has them.
    pub(super) fn etag(&self, table: Table, version: &Version) -> Option<String> {
        (self.settings.etags && table.is_of_a_person()).then(|| format!("W/\"'{}'\"", version.number))
    }

    pub(super) fn columns(&self, table: Table) -> &[Column] {
        self.schema.columns(table).unwrap_or_default()
    }

    /// What a list may show, in its order.
    fn matching(&self, now: Millis, table: Table, options: &Options) -> Vec<(&Key, &Version)> {
        let mut names = BTreeSet::new();
        if let Some(filter) = &options.filter {
            filter.names(&mut names);
        }
        let looked_at: Vec<&Column> =
            self.columns(table).iter().filter(|column| names.contains(&column.name)).collect();
        let holds = |version: &Version| match &options.filter {
            Some(filter) => filter.holds(&self.tenant.view(now, table, looked_at.iter().copied(), version)),
            None => true,
        };
        let lag = self.settings.lag_by_filter_ms;
        let rows = self.tenant.rows(table).iter().filter(|(key, _)| !self.tenant.is_hidden(table, key));
        let seen = rows.filter_map(|(key, row)| Some((key, row.seen(now, lag)?)));
        let mut found: Vec<(&Key, &Version)> = seen.filter(|(_, version)| holds(version)).collect();
        if !options.order.is_empty() {
            self.sort(now, table, options, &mut found);
        }
        found
    }

    /// By the columns asked for, then by key. Null comes first, as in SQL Server.
    fn sort(&self, now: Millis, table: Table, options: &Options, found: &mut [(&Key, &Version)]) {
        let columns = options.order.iter().map(|(column, _)| column);
        found.sort_by_cached_key(|(key, version)| {
            let view = self.tenant.view(now, table, columns.clone(), version);
            let parts = options.order.iter().map(|(column, is_descending)| Part {
                item: item(column.edm, &view[&column.name]),
                is_descending: *is_descending,
            });
            (parts.collect::<Vec<_>>(), (*key).clone())
        });
    }

    fn next_link(&self, pen: &Pen<'_>, request: &Request, top: Option<usize>, token: &str) -> String {
        let kept = request
            .query
            .iter()
            .filter(|(name, _)| !["$skip", "$top", "$skiptoken"].contains(&name.as_str()));
        let mut pairs: Vec<(String, String)> = kept.cloned().collect();
        pairs.extend(top.map(|top| ("$top".to_owned(), top.to_string())));
        pairs.push(("$skiptoken".to_owned(), token.to_owned()));
        let query: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
        format!("{}/{}?{}", pen.root, pen.table.name(), query.join("&"))
    }
}

/// One column of an order.
#[derive(PartialEq)]
struct Part {
    item: super::filter::Item,
    is_descending: bool,
}

impl Eq for Part {}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Part) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Part {
    fn cmp(&self, other: &Part) -> Ordering {
        use super::filter::Item::Null;
        let order = match (&self.item, &other.item) {
            (Null, Null) => Ordering::Equal,
            (Null, _) => Ordering::Less,
            (_, Null) => Ordering::Greater,
            (one, another) => order(one, another).unwrap_or(Ordering::Equal),
        };
        if self.is_descending { order.reverse() } else { order }
    }
}

/// Where the page after this row begins. In the order of keys it need not be there any more.
fn after(found: &[(&Key, &Version)], token: &str, is_ordered: bool) -> Result<usize, Problem> {
    let request = Request::get(&format!("/{}", token.replace('|', "/")));
    let key = request.segments();
    if is_ordered {
        let at = found.iter().position(|(known, _)| **known == key);
        return at.map(|at| at + 1).ok_or_else(|| Problem::bad("Bad $skiptoken."));
    }
    Ok(found.partition_point(|(known, _)| **known <= key))
}
