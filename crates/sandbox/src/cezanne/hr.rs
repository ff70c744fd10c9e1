//! What HR does in the screens, past the data service and its rules.

use std::fmt;

use serde_json::{Value, json};

use super::Cezanne;
use super::day;
use super::schema::{Rule, Table};
use super::seed::{fields, open_end};
use super::tenant::{Fields, Key, Task, fold, key_in, key_of};
use super::values;
use crate::message::Millis;

/// An act that cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub(super) String);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

fn missing(what: &str, code: &str) -> Refused {
    Refused(format!("there is no such {what}: {code}"))
}

impl Cezanne {
    /// Enters a person by hand: values by property, checked for nothing but the code.
    pub fn add_person(&mut self, now: Millis, code: &str, values: &[(&str, &str)]) -> Result<(), Refused> {
        let mut row: Fields = values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        row.insert("PERSONID".to_owned(), json!(code));
        let key = key_in(Table::People, &row);
        if self.tenant.row(Table::People, &key).is_some() {
            return Err(Refused(format!("the code is taken: {code}")));
        }
        self.tenant.insert(now, Table::People, row);
        Ok(())
    }

    /// Enters the private address of a person, also where none of their contact details were entered so far.
    pub fn enter_email(&mut self, now: Millis, code: &str, email: &str) -> Result<(), Refused> {
        self.known(Table::People, code, "person")?;
        let row = Fields::from_iter([("PERSONID".to_owned(), json!(code))]);
        if self.tenant.row(Table::Communications, &key_in(Table::Communications, &row)).is_none() {
            self.tenant.insert(now, Table::Communications, row);
        }
        self.edit(now, Table::Communications, &[("PERSONID", code)], "EXTERNALEMAILADDRESS", json!(email))
    }

    /// Gives a person another code, everywhere.
    pub fn change_code(&mut self, now: Millis, from: &str, to: &str) -> Result<(), Refused> {
        self.known(Table::People, from, "person")?;
        if fold(from) != fold(to) && self.tenant.row(Table::People, &vec![fold(to)]).is_some() {
            return Err(Refused(format!("the code is taken: {to}")));
        }
        for table in Table::ALL.into_iter().filter(|table| table.is_of_a_person()) {
            for key in self.tenant.keys_of_person(table, from) {
                self.tenant
                    .change(now, table, &key, |row| drop(row.insert("PERSONID".to_owned(), json!(to))));
            }
        }
        if self.tenant.hidden.remove(&fold(from)) {
            self.tenant.hidden.insert(fold(to));
        }
        Ok(())
    }

    /// Writes one property of a row; null empties it. The key as `[("PERSONID", "1001")]`.
    pub fn edit(
        &mut self,
        now: Millis,
        table: Table,
        key: &[(&str, &str)],
        name: &str,
        value: Value,
    ) -> Result<(), Refused> {
        let no_property = || missing("property", name);
        let column = self.schema.column(table, name).ok_or_else(no_property)?;
        if matches!(column.rule, Rule::Computed | Rule::Version) || table.key().contains(&name) {
            return Err(Refused(format!("{name} is not edited")));
        }
        let text =
            |wanted: &str| key.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        let key: Key = key_of(table, text);
        self.tenant.row(table, &key).ok_or_else(|| missing("row", &key.join(", ")))?;
        let (name, value) = match value.as_str() {
            Some(text) if name == "GENDERDESCRIPTION" => {
                let code = self.tenant.gender_called(text).ok_or_else(|| missing("gender", text))?;
                ("GENDERCODE", json!(code))
            }
            _ if value.is_null() => (name, value),
            _ => (name, values::take(self.schema.version, column, &value).map_err(Refused)?),
        };
        let name = name.to_owned();
        self.tenant.change(now, table, &key, |row| drop(row.insert(name, value)));
        Ok(())
    }

    /// Deletes a person with everything there is of them.
    pub fn delete_person(&mut self, code: &str) -> Result<(), Refused> {
        self.known(Table::People, code, "person")?;
        for table in Table::ALL.into_iter().filter(|table| table.is_of_a_person()) {
            for key in self.tenant.keys_of_person(table, code) {
                self.tenant.remove(table, &key);
            }
        }
        self.tenant.hidden.remove(&fold(code));
        Ok(())
    }

    /// Takes a person out of the service user's sight, though their code stays taken.
    pub fn hide(&mut self, code: &str) {
        self.tenant.hidden.insert(fold(code));
    }

    /// And back.
    pub fn show(&mut self, code: &str) {
        self.tenant.hidden.remove(&fold(code));
    }

    /// Closes a company the day before `now`: from today on nobody can be employed there.
    pub fn close_company(&mut self, now: Millis, code: &str) -> Result<(), Refused> {
        self.end_company(now, code, json!(day::later(&day::midnight(now), -1)))
    }

    /// Opens a closed company again.
    pub fn reopen_company(&mut self, now: Millis, code: &str) -> Result<(), Refused> {
        let end = open_end(&self.settings);
        self.end_company(now, code, end)
    }

    fn end_company(&mut self, now: Millis, code: &str, end: Value) -> Result<(), Refused> {
        let key = self.known(Table::Companies, code, "company")?;
        self.tenant
            .change(now, Table::Companies, &key, |row| drop(row.insert("EFFECTIVETO".to_owned(), end)));
        Ok(())
    }

    /// Gives a company another code; employments follow. Whoever configured the old one is refused from now on.
    pub fn rename_company(&mut self, now: Millis, from: &str, to: &str) -> Result<(), Refused> {
        let key = self.known(Table::Companies, from, "company")?;
        let renamed = |row: &mut Fields| drop(row.insert("COMPANYCODE".to_owned(), json!(to)));
        self.tenant.change(now, Table::Companies, &key, renamed);
        let is_there = |fields: &Fields| {
            fields.get("COMPANYCODE").and_then(Value::as_str).is_some_and(|code| fold(code) == fold(from))
        };
        let rows = self.tenant.rows(Table::Employments).iter();
        let met = rows.filter(|(_, row)| is_there(&row.truth().fields));
        let keys: Vec<Key> = met.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.tenant.change(now, Table::Employments, &key, renamed);
        }
        Ok(())
    }

    /// Gives a gender of the picklist another text.
    pub fn rename_gender(&mut self, code: &str, text: &str) -> Result<(), Refused> {
        let known = self.tenant.genders.get_mut(code).ok_or_else(|| missing("gender", code))?;
        text.clone_into(known);
        Ok(())
    }

    /// Starts a New Starter Process by hand.
    pub fn start_process(&mut self, now: Millis, person: &str) -> Result<(), Refused> {
        self.known(Table::People, person, "person")?;
        let task = Task { person: person.to_owned(), administrator: "by hand".to_owned(), started_at: now };
        self.tenant.tasks.push(task);
        Ok(())
    }

    /// Adds an employment by hand, without an end, from that day on (`2026-01-31`).
    pub fn employ(
        &mut self,
        now: Millis,
        person: &str,
        id: &str,
        company: &str,
        from: &str,
    ) -> Result<(), Refused> {
        self.known(Table::People, person, "person")?;
        self.known(Table::Companies, company, "company")?;
        let from = values::moment(&format!("{from}T00:00:00")).ok_or_else(|| missing("day", from))?;
        let row = fields([
            ("PERSONID", json!(person)),
            ("EMPLOYMENTID", json!(id)),
            ("COMPANYCODE", json!(company)),
            ("EFFECTIVEFROM", json!(from)),
            ("EFFECTIVETO", open_end(&self.settings)),
        ]);
        if self.tenant.row(Table::Employments, &key_in(Table::Employments, &row)).is_some() {
            return Err(Refused(format!("the employment is there: {id}")));
        }
        self.tenant.insert(now, Table::Employments, row);
        Ok(())
    }

    fn known(&self, table: Table, code: &str, what: &str) -> Result<Key, Refused> {
        let key = vec![fold(code)];
        self.tenant.row(table, &key).map(drop).ok_or_else(|| missing(what, code))?;
        Ok(key)
    }
}
