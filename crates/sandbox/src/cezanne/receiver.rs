//! Cezanne's receiver of Lever's webhooks: the native integration, which makes person, employment and process by itself.
//!
//! Lever signs token and time, not the body (Lever's webhook documentation). What this receiver answers, and whether it
//! knows a delivery again, is unknown; here it does not, so a doubled delivery is a doubled person.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Cezanne;
use super::computed::covers;
use super::day;
use super::dialect::Format;
use super::faults::Occasion;
use super::problem::page;
use super::schema::Table;
use super::seed::{fields, open_end, split};
use super::settings::Receiver;
use super::tenant::{LogEntry, Task, fold};
use crate::message::{Millis, Reply, Request};

impl Cezanne {
    /// `POST …/Lever/webhook/{subdomain}`
    pub(super) fn handle_webhook(&mut self, now: Millis, subdomain: &str, request: &Request) -> Reply {
        self.figures.webhooks += 1;
        if let Some(status) = self.closed {
            return page(status, "The service is unavailable.");
        }
        let occasion = Occasion { method: &request.method, place: "webhook", is_list: false };
        let fault = self.faults.play(now, &occasion);
        self.with_fault(now, fault, Format::V4 { is_bare: false }, |cezanne| {
            cezanne.receive(now, subdomain, request)
        })
    }

    fn receive(&mut self, now: Millis, subdomain: &str, request: &Request) -> Reply {
        let configured = self.settings.receiver.clone().filter(|receiver| receiver.subdomain == subdomain);
        let Some(receiver) = configured else { return Reply::empty(404) };
        if request.method != "POST" {
            return Reply::empty(405);
        }
        let Ok(delivery) = serde_json::from_slice::<Value>(&request.body) else { return Reply::empty(400) };
        if !is_genuine(&receiver.token, &delivery) {
            return Reply::empty(401);
        }
        let id = |name: &str| delivery["data"][name].as_str().map(str::to_owned);
        let is_hire = delivery["event"] == "candidateHired";
        if let (true, Some(contact), Some(opportunity)) = (is_hire, id("contactId"), id("opportunityId")) {
            *self.tenant.deliveries.entry((contact.clone(), opportunity)).or_default() += 1;
            self.welcome(now, &receiver, &contact);
        }
        Reply::empty(200)
    }

    /// As the native integration does: gender *Not Known*, born and hired today, in the one configured company.
    fn welcome(&mut self, now: Millis, receiver: &Receiver, contact: &str) {
        let unnamed = || split(&format!("Candidate {contact}"));
        let (given, family) = receiver.directory.get(contact).cloned().unwrap_or_else(unnamed);
        let today = day::midnight(now);
        let code = self.free_code();
        let person = fields([
            ("PERSONID", json!(code)),
            ("GIVENNAME", json!(given)),
            ("FAMILYNAME", json!(family)),
            ("PREFERREDGIVENNAME", json!(given)),
            ("FORMATTEDNAME", json!(format!("{given} {family}"))),
            ("LEGALNAME", json!(format!("{given} {family}"))),
            ("GENDERCODE", json!("U")),
            ("BIRTHDATE", json!(today)),
        ]);
        self.tenant.insert(now, Table::People, person);
        self.tenant.insert(now, Table::Communications, fields([("PERSONID", json!(code))]));
        self.employ_new(now, receiver, &code, &today);
        let task =
            Task { person: code.clone(), administrator: receiver.administrator.clone(), started_at: now };
        self.tenant.tasks.push(task);
        self.tenant
            .log
            .push(LogEntry { level: "Information", text: format!("New Hire Process started for {code}") });
    }

    /// Without an open company the process starts all the same, and the log says why there is no employment.
    fn employ_new(&mut self, now: Millis, receiver: &Receiver, code: &str, today: &str) {
        let company = self.tenant.row(Table::Companies, &vec![fold(&receiver.company)]);
        if !company.is_some_and(|row| covers(&row.truth().fields, today)) {
            let text =
                format!("Employment not created for {code}: company {} is not active", receiver.company);
            self.tenant.log.push(LogEntry { level: "Error", text });
            return;
        }
        let employment = fields([
            ("PERSONID", json!(code)),
            ("EMPLOYMENTID", json!(code)),
            ("COMPANYCODE", json!(receiver.company)),
            ("EFFECTIVEFROM", json!(today)),
            ("EFFECTIVETO", open_end(&self.settings)),
        ]);
        self.tenant.insert(now, Table::Employments, employment);
    }

    /// What code the native integration takes is unknown; a number nobody has will do.
    fn free_code(&self) -> String {
        let count = self.tenant.rows(Table::People).len() + 1;
        let codes = (count..).map(|nth| format!("N{nth:05}"));
        let free = |code: &String| self.tenant.row(Table::People, &vec![fold(code)]).is_none();
        codes.into_iter().find(free).unwrap_or_default()
    }
}

/// `hex(HMAC-SHA256(signature token, token + triggeredAt))`
fn is_genuine(key: &str, delivery: &Value) -> bool {
    let (Some(token), Some(at), Some(signature)) =
        (delivery["token"].as_str(), delivery["triggeredAt"].as_u64(), delivery["signature"].as_str())
    else {
        return false;
    };
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return false };
    let Ok(signature) = hex::decode(signature) else { return false };
    mac.chain_update(format!("{token}{at}").as_bytes()).verify_slice(&signature).is_ok()
}
