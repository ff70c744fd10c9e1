//! Writing: a new row, or some fields of one.

use serde_json::{Map, Value, json};

use super::Cezanne;
use super::dialect::{Format, writable};
use super::options::Options;
use super::path::Named;
use super::problem::Problem;
use super::render::Pen;
use super::schema::{Rule, Table};
use super::settings::Version;
use super::tenant::{Fields, Row, fold, key_in, key_named};
use super::values::take;
use crate::message::{Millis, Reply, Request};

impl Cezanne {
    /// `POST Set`
    pub(super) fn insert(
        &mut self,
        now: Millis,
        format: Format,
        table: Table,
        light: bool,
        request: &Request,
    ) -> Result<Reply, Problem> {
        let sent = self.sent(table, light, request)?;
        let needed = self.columns(table).iter().filter(|column| column.rule == Rule::Needed);
        if let Some(missing) = needed.clone().find(|column| !sent.contains_key(&column.name)) {
            return Err(Problem::bad(format!("The field {} is required.", missing.name)));
        }
        let fields = self.kept(table, &sent)?;
        self.obey(table, &fields)?;
        let key = key_in(table, &fields);
        if self.tenant.row(table, &key).is_some() {
            return Err(Problem::generic(self.settings.duplicate_status));
        }
        if table == Table::People && self.settings.communications_appear {
            let code = fields.get("PERSONID").cloned().unwrap_or_default();
            let empty = Fields::from([("PERSONID".to_owned(), code)]);
            if self.tenant.row(Table::Communications, &key).is_none() {
                self.tenant.insert(now, Table::Communications, empty);
            }
        }
        self.tenant.insert(now, table, fields);
        let row = self.tenant.row(table, &key).ok_or_else(|| Problem::generic(500))?;
        Ok(self.created(now, format, table, row, request))
    }

    fn created(&self, now: Millis, format: Format, table: Table, row: &Row, request: &Request) -> Reply {
        let root = self.root(request);
        let shown = self.shown(now, table, row.truth(), &Options::default());
        let address = format!("{root}/{}", shown.address);
        let reply = if prefers(request, "minimal") {
            let id = if self.schema.version == Version::V4 { "odata-entityid" } else { "dataserviceid" };
            applied(Reply::empty(204).with(id, address.clone()), request)
        } else {
            let pen = Pen { schema: &self.schema, format, root: &root, table };
            pen.one(201, &shown)
        };
        reply.with("location", address)
    }

    /// `PATCH Set(key)`, or a `MERGE`.
    pub(super) fn update(
        &mut self,
        now: Millis,
        format: Format,
        (table, named): (Table, &Named),
        light: bool,
        request: &Request,
    ) -> Result<Reply, Problem> {
        let key = key_named(table, named);
        let row = self.tenant.row(table, &key).filter(|_| !self.tenant.is_hidden(table, &key));
        let row = row.ok_or_else(|| Problem::not_found(table.name()))?;
        self.match_etag(table, row, request)?;
        let sent = self.sent(table, light, request)?;
        let change = self.kept(table, &sent)?;
        let mut fields = row.truth().fields.clone();
        fields.extend(change);
        if key_in(table, &fields) != key {
            return Err(Problem::bad("A property of the key cannot be changed."));
        }
        self.obey(table, &fields)?;
        self.tenant.change(now, table, &key, |kept| *kept = fields);
        let row = self.tenant.row(table, &key).ok_or_else(|| Problem::generic(500))?;
        let shown = self.shown(now, table, row.truth(), &Options::default());
        if prefers(request, "representation") {
            let root = self.root(request);
            let pen = Pen { schema: &self.schema, format, root: &root, table };
            return Ok(applied(pen.one(200, &shown), request));
        }
        let reply = Reply::empty(204);
        Ok(shown.etag.into_iter().fold(reply, |reply, etag| reply.with("etag", etag)))
    }

    /// An update of a row with an ETag has to name it ([MS-ODATA] 2.2.5.5).
    fn match_etag(&self, table: Table, row: &Row, request: &Request) -> Result<(), Problem> {
        let Some(etag) = self.etag(table, row.truth()) else {
            return match request.header("if-match") {
                Some(stated) if stated != "*" => {
                    Err(Problem::bad("If-Match or If-None-Match HTTP headers cannot be specified: no ETag."))
                }
                _ => Ok(()),
            };
        };
        match request.header("if-match") {
            None => Err(Problem::bad("An If-Match HTTP header must be specified: the entity has an ETag.")),
            Some(stated) if stated == "*" || stated == etag => Ok(()),
            Some(_) => Err(Problem::new(412, "The etag value in the request header does not match.")),
        }
    }

    /// The properties of a body, annotations left out; each known, writable, and of its type.
    fn sent(&self, table: Table, light: bool, request: &Request) -> Result<Fields, Problem> {
        if !self.settings.may_write || !table.is_of_a_person() {
            return Err(Problem::new(403, "Forbidden"));
        }
        writable(self.schema.version, light, request)?;
        let body: Map<String, Value> = serde_json::from_slice(&request.body)
            .map_err(|_| Problem::bad("An error occurred while reading the body."))?;
        let mut sent = Fields::new();
        for (name, value) in body.iter().filter(|(name, _)| !is_annotation(name)) {
            let column = self.schema.column(table, name).ok_or_else(|| {
                let kind = table.kind();
                Problem::bad(format!("The property '{name}' does not exist on type 'CezanneModel.{kind}'."))
            })?;
            if matches!(column.rule, Rule::Computed | Rule::Version) {
                return Err(Problem::bad(format!("The property '{name}' is read-only.")));
            }
            let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
            if column.rule == Rule::Needed && (value.is_null() || is_blank) {
                return Err(Problem::bad(format!("The field {name} is required.")));
            }
            let value = match value {
                Value::Null => Value::Null,
                value => take(self.schema.version, column, value).map_err(Problem::bad)?,
            };
            sent.insert(name.clone(), value);
        }
        Ok(sent)
    }

    /// As they are kept: the gender by its code.
    fn kept(&self, table: Table, sent: &Fields) -> Result<Fields, Problem> {
        let mut fields = sent.clone();
        if table != Table::People {
            return Ok(fields);
        }
        if let Some(text) = fields.remove("GENDERDESCRIPTION") {
            let code = text.as_str().and_then(|text| self.tenant.gender_called(text));
            fields.insert("GENDERCODE".to_owned(), json!(code.ok_or_else(|| self.broken_rule())?));
        } else if let Some(code) = fields.get("GENDERCODE") {
            let code = code.as_str().and_then(|code| self.tenant.gender_coded(code));
            fields.insert("GENDERCODE".to_owned(), json!(code.ok_or_else(|| self.broken_rule())?));
        }
        Ok(fields)
    }

    /// What WCF Data Services says of a rule of the business: nothing.
    pub(super) fn broken_rule(&self) -> Problem {
        Problem::generic(self.settings.rule_status)
    }

    /// The rules of the business: whom and what a row speaks of has to be there.
    fn obey(&self, table: Table, fields: &Fields) -> Result<(), Problem> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let from = text("EFFECTIVEFROM");
        let is_in_order = text("EFFECTIVETO").is_empty() || from <= text("EFFECTIVETO");
        let person = vec![fold(text("PERSONID"))];
        let has_person = self.tenant.row(Table::People, &person).is_some()
            && !self.tenant.is_hidden(Table::People, &person);
        let is_fine = match table {
            Table::People => true,
            Table::Communications => has_person,
            Table::Employments => has_person && is_in_order && self.is_open(text("COMPANYCODE"), from),
            Table::Deployments => {
                let employment = vec![fold(text("PERSONID")), fold(text("EMPLOYMENTID"))];
                let unit = vec![fold(text("ORGUNITCODE"))];
                has_person
                    && is_in_order
                    && self.tenant.row(Table::Employments, &employment).is_some()
                    && self.tenant.row(Table::OrgUnits, &unit).is_some()
            }
            Table::Companies | Table::OrgUnits => false,
        };
        if is_fine { Ok(()) } else { Err(self.broken_rule()) }
    }

    /// Whether there is such a company, and it is open at that moment.
    pub(super) fn is_open(&self, company: &str, moment: &str) -> bool {
        let row = self.tenant.row(Table::Companies, &vec![fold(company)]);
        row.is_some_and(|row| super::computed::covers(&row.truth().fields, moment))
    }
}

fn is_annotation(name: &str) -> bool {
    name == "__metadata" || name.starts_with("odata.") || name.contains("@odata.")
}

/// Whether this answer is preferred: `return-no-content`, `return=minimal` and their opposites.
fn prefers(request: &Request, what: &str) -> bool {
    let preferred = request.header("prefer").unwrap_or_default();
    let old = if what == "minimal" { "return-no-content" } else { "return-content" };
    preferred.split([',', ';']).map(str::trim).any(|part| part == old || part == format!("return={what}"))
}

fn applied(reply: Reply, request: &Request) -> Reply {
    let preferred = request.header("prefer").unwrap_or_default().to_owned();
    reply.with("preference-applied", preferred)
}
