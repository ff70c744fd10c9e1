//! `/_state`, `/_act`, `/_fault`: HR's seat, for a person with `curl`. No token, no faults, not counted.

use serde_json::{Map, Value, json};

use super::hr::Refused;
use super::schema::Table;
use super::truth::RowCount;
use super::{Cezanne, Fault};
use crate::message::{Millis, Reply, Request};

/// Every act of HR's, for the help of a command line.
pub const ACTS: &str = "\
GET    /_state                          rows, figures, faults, deliveries, processes
POST   /_act                            {\"act\": ...}, with
         change-code                    {\"person\", \"to\"}
         edit                           {\"set\", \"key\": {\"PERSONID\": ...}, \"field\", \"value\"}
         add-person                     {\"person\", \"fields\": {\"GIVENNAME\": ...}}
         delete, hide, show             {\"person\"}
         close-company, reopen-company  {\"company\"}
         rename-company                 {\"company\", \"to\"}
         rename-gender                  {\"code\", \"to\"}
         start-process                  {\"person\"}
         employ                         {\"person\", \"id\", \"company\", \"from\": \"2026-01-31\"}
         close-tenant                   {\"status\": 403 or 503}
         open-tenant, expire-user, restore-user, revoke-tokens, forbid-writes, allow-writes
         change-secret                  {\"to\"}
         lag                            {\"key\": ms, \"filter\": ms}
POST   /_fault                          {\"spec\": \"after=503@write/People\"}
DELETE /_fault
";

/// Does one act; the order says to whom and what.
type Act = fn(&mut Cezanne, Millis, &Value) -> Result<(), Refused>;

/// Does one act that needs no more words.
type Switch = fn(&mut Cezanne);

pub(super) const BY_NAME: &[(&str, Act)] = &[
    ("change-code", |cezanne, now, order| {
        cezanne.change_code(now, word(order, "person")?, word(order, "to")?)
    }),
    ("edit", |cezanne, now, order| {
        let table =
            Table::called(word(order, "set")?).ok_or_else(|| Refused("there is no such set".to_owned()))?;
        let key = order["key"].as_object().ok_or_else(|| say("key"))?;
        let key: Vec<(&str, &str)> =
            key.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        cezanne.edit(now, table, &key, word(order, "field")?, order["value"].clone())
    }),
    ("add-person", |cezanne, now, order| {
        let fields = order["fields"].as_object().cloned().unwrap_or_default();
        let values: Vec<(&str, &str)> =
            fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        cezanne.add_person(now, word(order, "person")?, &values)
    }),
    ("delete", |cezanne, _, order| cezanne.delete_person(word(order, "person")?)),
    ("hide", |cezanne, _, order| word(order, "person").map(|person| cezanne.hide(person))),
    ("show", |cezanne, _, order| word(order, "person").map(|person| cezanne.show(person))),
    ("close-company", |cezanne, now, order| cezanne.close_company(now, word(order, "company")?)),
    ("reopen-company", |cezanne, now, order| cezanne.reopen_company(now, word(order, "company")?)),
    ("rename-company", |cezanne, now, order| {
        cezanne.rename_company(now, word(order, "company")?, word(order, "to")?)
    }),
    ("rename-gender", |cezanne, _, order| cezanne.rename_gender(word(order, "code")?, word(order, "to")?)),
    ("start-process", |cezanne, now, order| cezanne.start_process(now, word(order, "person")?)),
    ("employ", |cezanne, now, order| {
        let (person, id) = (word(order, "person")?, word(order, "id")?);
        cezanne.employ(now, person, id, word(order, "company")?, word(order, "from")?)
    }),
    ("close-tenant", |cezanne, _, order| {
        let status = order["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        cezanne
            .close(Some(status.filter(|status| matches!(status, 403 | 503)).ok_or_else(|| say("status"))?));
        Ok(())
    }),
    ("change-secret", |cezanne, _, order| word(order, "to").map(|secret| cezanne.change_secret(secret))),
    ("lag", |cezanne, _, order| {
        let by = |name: &str| order[name].as_u64().ok_or_else(|| say(name));
        cezanne.set_lag(by("key")?, by("filter")?);
        Ok(())
    }),
];

/// Acts that need no more words.
pub(super) const SWITCHES: &[(&str, Switch)] = &[
    ("open-tenant", |cezanne| cezanne.close(None)),
    ("expire-user", |cezanne| cezanne.expire_user(true)),
    ("restore-user", |cezanne| cezanne.expire_user(false)),
    ("revoke-tokens", Cezanne::revoke_tokens),
    ("forbid-writes", |cezanne| cezanne.allow_writes(false)),
    ("allow-writes", |cezanne| cezanne.allow_writes(true)),
];

fn say(name: &str) -> Refused {
    Refused(format!("say which: {{\"{name}\": …}}"))
}

fn word<'o>(order: &'o Value, name: &str) -> Result<&'o str, Refused> {
    order[name].as_str().ok_or_else(|| say(name))
}

impl Cezanne {
    pub(super) fn control(&mut self, now: Millis, path: &[String], request: &Request) -> Reply {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), &path[..]) {
            ("GET", ["_state"]) => Ok(self.state(now)),
            ("POST", ["_act"]) => self.act(now, request),
            ("POST", ["_fault"]) => self.plan(request),
            ("DELETE", ["_fault"]) => {
                self.clear_faults();
                Ok(json!({"planned": []}))
            }
            _ => {
                Err(Refused("there are GET /_state, POST /_act, POST /_fault and DELETE /_fault".to_owned()))
            }
        };
        match answer {
            Ok(answer) => Reply::json(200, format!("{answer:#}\n")),
            Err(refused) => Reply::json(400, format!("{:#}\n", json!({"refused": refused.to_string()}))),
        }
    }

    fn act(&mut self, now: Millis, request: &Request) -> Result<Value, Refused> {
        let order = body(request)?;
        let name = word(&order, "act")?;
        if let Some((_, switch)) = SWITCHES.iter().find(|(known, _)| *known == name) {
            switch(self);
        } else if let Some((_, act)) = BY_NAME.iter().find(|(known, _)| *known == name) {
            act(self, now, &order)?;
        } else {
            let switches = SWITCHES.iter().map(|(known, _)| *known);
            let names: Vec<&str> = BY_NAME.iter().map(|(known, _)| *known).chain(switches).collect();
            return Err(Refused(format!("there is no such act; there are: {}", names.join(", "))));
        }
        Ok(json!({"done": true}))
    }

    fn plan(&mut self, request: &Request) -> Result<Value, Refused> {
        let order = body(request)?;
        for fault in Fault::parse_list(word(&order, "spec")?).map_err(|bad| Refused(bad.to_string()))? {
            self.add_fault(fault);
        }
        Ok(json!({"planned": self.faults.texts()}))
    }

    /// Everything there is: rows with what is derived, moments as they are kept, hidden ones too.
    pub fn state(&self, now: Millis) -> Value {
        let sets: Map<String, Value> = Table::ALL
            .into_iter()
            .filter(|table| self.schema.columns(*table).is_some())
            .map(|table| {
                let rows = self.tenant.rows(table).values();
                let rows =
                    rows.map(|row| json!(self.tenant.view(now, table, self.columns(table), row.truth())));
                (table.name().to_owned(), rows.collect())
            })
            .collect();
        let deliveries = self.tenant.deliveries.iter().map(|((contact, opportunity), times)| {
            json!({"contact": contact, "opportunity": opportunity, "times": times})
        });
        let tasks = self.tenant.tasks.iter().map(|task| {
            json!({"person": task.person, "administrator": task.administrator, "startedAt": task.started_at})
        });
        let log = self.tenant.log.iter().map(|entry| json!({"level": entry.level, "text": entry.text}));
        let by_person: Map<String, Value> =
            self.rows_by_person().into_iter().map(|(code, count)| (code, counted(count))).collect();
        json!({
            "sets": sets,
            "hidden": self.tenant.hidden,
            "genders": self.tenant.genders,
            "rowsByPerson": by_person,
            "tasks": tasks.collect::<Vec<_>>(),
            "log": log.collect::<Vec<_>>(),
            "deliveries": deliveries.collect::<Vec<_>>(),
            "faults": self.faults.texts(),
            "figures": self.figures.to_json(),
        })
    }
}

fn counted(count: RowCount) -> Value {
    let RowCount { communications, employments, deployments } = count;
    json!({"Communications": communications, "Employments": employments, "Deployments": deployments})
}

fn body(request: &Request) -> Result<Value, Refused> {
    serde_json::from_slice(&request.body).map_err(|_| Refused("the body is not JSON".to_owned()))
}
