//! What the tenant holds: rows with their past, picklists, and who is hidden.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::computed;
use super::path::Named;
use super::schema::{Column, Table};
use crate::message::Millis;

/// Values by property, as they are kept.
pub(super) type Fields = BTreeMap<String, Value>;

/// A key as the database compares it.
pub(super) type Key = Vec<String>;

/// A text as a usual SQL collation compares it: in any case, without blanks at its end.
pub(super) fn fold(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
}

/// One state of a row.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) at: Millis,
    /// Where the ETag comes from.
    pub(super) number: u64,
    pub(super) fields: Fields,
}

/// A row with its past, as far as a lagging reader still sees it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    past: Vec<Version>,
    now: Version,
}

impl Row {
    fn new(at: Millis, fields: Fields) -> Row {
        Row { past: Vec::new(), now: Version { at, number: 1, fields } }
    }

    pub(super) fn truth(&self) -> &Version {
        &self.now
    }

    /// What a reader sees whose index is so far behind.
    pub(super) fn seen(&self, now: Millis, lag: Millis) -> Option<&Version> {
        let is_seen = |version: &&Version| version.at.saturating_add(lag) <= now;
        Some(&self.now).filter(is_seen).or_else(|| self.past.iter().rev().find(is_seen))
    }

    fn change(&mut self, now: Millis, lag_max: Millis, fields: Fields) {
        let next = Version { at: now, number: self.now.number + 1, fields };
        self.past.push(std::mem::replace(&mut self.now, next));
        // Of those that everybody sees, only the last is ever shown.
        let old =
            self.past.iter().rposition(|version| version.at.saturating_add(lag_max) <= now).unwrap_or(0);
        self.past.drain(..old);
        if lag_max == 0 {
            self.past.clear();
        }
    }
}

/// An entry of the integration's log tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// `Information` or `Error`.
    pub level: &'static str,
    /// What it says. Cezanne's wordings are unknown.
    pub text: String,
}

/// A New Starter Process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Whom it is for, by person code.
    pub person: String,
    /// Who has to do it; `by hand` when somebody started it in the screens.
    pub administrator: String,
    /// When it was started.
    pub started_at: Millis,
}

#[derive(Debug, Default)]
pub(super) struct Tenant {
    rows: [BTreeMap<Key, Row>; Table::ALL.len()],
    /// Text by code.
    pub(super) genders: BTreeMap<String, String>,
    /// Person codes the service user may not see.
    pub(super) hidden: BTreeSet<String>,
    pub(super) tasks: Vec<Task>,
    pub(super) log: Vec<LogEntry>,
    /// Deliveries to the receiver by contact and opportunity.
    pub(super) deliveries: BTreeMap<(String, String), u64>,
    /// The longest a reader may be behind.
    pub(super) lag_max: Millis,
}

/// The key of a row in a set.
pub(super) fn key_of(table: Table, text: impl Fn(&str) -> Option<String>) -> Key {
    table.key().iter().map(|name| fold(&text(name).unwrap_or_default())).collect()
}

/// The key a path names.
pub(super) fn key_named(table: Table, named: &Named) -> Key {
    key_of(table, |name| named.get(name).cloned())
}

/// The key of these values.
pub(super) fn key_in(table: Table, fields: &Fields) -> Key {
    key_of(table, |name| fields.get(name).and_then(Value::as_str).map(str::to_owned))
}

impl Tenant {
    pub(super) fn rows(&self, table: Table) -> &BTreeMap<Key, Row> {
        &self.rows[table as usize]
    }

    fn rows_mut(&mut self, table: Table) -> &mut BTreeMap<Key, Row> {
        &mut self.rows[table as usize]
    }

    pub(super) fn row(&self, table: Table, key: &Key) -> Option<&Row> {
        self.rows(table).get(key)
    }

    /// Adds a row whose key nobody has.
    pub(super) fn insert(&mut self, now: Millis, table: Table, fields: Fields) {
        self.rows_mut(table).insert(key_in(table, &fields), Row::new(now, fields));
    }

    /// Changes a row, its key included.
    pub(super) fn change(&mut self, now: Millis, table: Table, key: &Key, edit: impl FnOnce(&mut Fields)) {
        let lag_max = self.lag_max;
        let rows = self.rows_mut(table);
        let Some(mut row) = rows.remove(key) else { return };
        let mut fields = row.now.fields.clone();
        edit(&mut fields);
        let key = key_in(table, &fields);
        row.change(now, lag_max, fields);
        rows.insert(key, row);
    }

    pub(super) fn remove(&mut self, table: Table, key: &Key) {
        self.rows_mut(table).remove(key);
    }

    /// Keys of this person's rows.
    pub(super) fn keys_of_person(&self, table: Table, code: &str) -> Vec<Key> {
        let code = fold(code);
        let rows = self.rows(table).range(vec![code.clone()]..);
        rows.map(|(key, _)| key.clone()).take_while(|key| key[0] == code).collect()
    }

    /// Rows of this person, as they are.
    pub(super) fn rows_of_person(&self, table: Table, code: &str) -> impl Iterator<Item = &Fields> {
        let code = fold(code);
        let rows = self.rows(table).range(vec![code.clone()]..);
        rows.take_while(move |(key, _)| key[0] == code).map(|(_, row)| &row.now.fields)
    }

    pub(super) fn is_hidden(&self, table: Table, key: &Key) -> bool {
        table.is_of_a_person() && self.hidden.contains(&key[0])
    }

    /// The code of the gender with this text, in any case.
    pub(super) fn gender_called(&self, text: &str) -> Option<String> {
        let found = self.genders.iter().find(|(_, known)| fold(known) == fold(text));
        found.map(|(code, _)| code.clone())
    }

    /// The code of the gender with this code, in any case.
    pub(super) fn gender_coded(&self, code: &str) -> Option<String> {
        self.genders.keys().find(|known| fold(known) == fold(code)).cloned()
    }

    /// These properties of a row as they are kept, those that are derived derived.
    pub(super) fn view<'c>(
        &self,
        now: Millis,
        table: Table,
        columns: impl IntoIterator<Item = &'c Column>,
        version: &Version,
    ) -> Fields {
        let value = |column: &Column| computed::value(self, now, table, column, version);
        columns.into_iter().map(|column| (column.name.clone(), value(column))).collect()
    }
}
