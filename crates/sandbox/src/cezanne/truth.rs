//! What is true in the tenant, for tests: nothing hidden, nothing late.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Cezanne;
use super::schema::Table;
use super::tenant::fold;
use super::{LogEntry, Task};

/// A row as it is kept. Moments are `2026-01-31T00:00:00`; a gender is its code, under `GENDERCODE`.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Values by property; what was never written is not there.
    pub fields: BTreeMap<String, Value>,
    /// When it was last written.
    pub written_at: u64,
    /// How often it was written.
    pub writes: u64,
    /// Whether the service user may not see it.
    pub is_hidden: bool,
}

impl Record {
    /// The text of this property; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// How many rows one person has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCount {
    /// In Communications.
    pub communications: usize,
    /// In Employments.
    pub employments: usize,
    /// In Deployments.
    pub deployments: usize,
}

impl Cezanne {
    /// All rows of a set, in the order of their keys.
    pub fn records(&self, table: Table) -> Vec<Record> {
        let rows = self.tenant.rows(table).iter();
        rows.map(|(key, row)| {
            let truth = row.truth();
            Record {
                fields: truth.fields.clone(),
                written_at: truth.at,
                writes: truth.number,
                is_hidden: self.tenant.is_hidden(table, key),
            }
        })
        .collect()
    }

    /// All people.
    pub fn people(&self) -> Vec<Record> {
        self.records(Table::People)
    }

    /// All employments.
    pub fn employments(&self) -> Vec<Record> {
        self.records(Table::Employments)
    }

    /// All rows of telephones and addresses.
    pub fn communications(&self) -> Vec<Record> {
        self.records(Table::Communications)
    }

    /// The person with this code.
    pub fn person(&self, code: &str) -> Option<Record> {
        self.people().into_iter().find(|person| fold(person.text("PERSONID")) == fold(code))
    }

    /// Rows by person code, for "nobody twice".
    pub fn rows_by_person(&self) -> BTreeMap<String, RowCount> {
        let people = self.tenant.rows(Table::People).values();
        people
            .filter_map(|row| row.truth().fields.get("PERSONID")?.as_str())
            .map(|code| {
                let count = |table| self.tenant.keys_of_person(table, code).len();
                let counts = RowCount {
                    communications: count(Table::Communications),
                    employments: count(Table::Employments),
                    deployments: count(Table::Deployments),
                };
                (code.to_owned(), counts)
            })
            .collect()
    }

    /// New Starter Processes, oldest first.
    pub fn tasks(&self) -> &[Task] {
        &self.tenant.tasks
    }

    /// The log tab of the native integration.
    pub fn log(&self) -> &[LogEntry] {
        &self.tenant.log
    }

    /// Deliveries of webhooks by contact and opportunity.
    pub fn deliveries(&self) -> &BTreeMap<(String, String), u64> {
        &self.tenant.deliveries
    }
}
