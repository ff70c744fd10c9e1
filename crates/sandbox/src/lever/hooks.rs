//! Webhooks: who wants to hear what, and the deliveries that are owed (ref §15).
//!
//! Still a machine without a socket: [`Lever::outbox`] hands out what is due and [`Lever::delivered`] is told how it
//! went. The server carries them.
//!
//! At Lever a person has to switch each group of events on before anything is sent; here all are on.

use hmac::{Hmac, KeyInit, Mac};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sha2::Sha256;

use super::Lever;
use super::query::{Parameters, Query, Refusal};
use super::recruiting::{Refused, refused};
use super::routes::missing;
use super::world::{Archived, ContactId, OpportunityId, StageId, UserId};
use super::writes::body;
use crate::message::{Millis, Reply, Request};

/// Every event there is (Lever's documentation, "Webhooks").
pub(super) const EVENTS: [&str; 10] = [
    "applicationCreated",
    "candidateHired",
    "candidateStageChange",
    "candidateArchiveChange",
    "candidateDeleted",
    "interviewCreated",
    "interviewUpdated",
    "interviewDeleted",
    "contactCreated",
    "contactUpdated",
];

/// Those that can be limited to candidacies of some origins (Lever's documentation, "Webhooks").
const OF_CANDIDACIES: [&str; 4] =
    ["applicationCreated", "candidateHired", "candidateStageChange", "candidateArchiveChange"];

const ORIGINS: [&str; 6] = ["agency", "applied", "internal", "referred", "sourced", "university"];

/// An answer that takes longer than this is none. Unknown for Lever (ref §15.4).
pub(crate) const ANSWER_MS_MAX: Millis = 5_000;

/// Of the account, as contact events name it.
const ACCOUNT: &str = "5a9d0b1c-7e2f-4a3b-8c4d-0123456789ab";

/// Somebody who wants to hear of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// What it wants to hear of.
    pub event: &'static str,
    /// Where to post it.
    pub url: String,
    /// The key of the signatures: 48 characters, shown once.
    pub signature_token: String,
    /// Only candidacies of these origins; none for all.
    origins: Option<Vec<String>>,
    created_at: Millis,
    updated_at: Millis,
}

/// A webhook to be posted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To be named in [`Lever::delivered`]. Each attempt has its own, so that a late outcome is nobody else's.
    pub id: u64,
    /// Where.
    pub url: String,
    /// The JSON body, the same in every attempt.
    pub body: String,
    /// 1 for the first.
    pub attempt: u32,
}

#[derive(Debug)]
pub(super) struct Hooks {
    registered: Vec<Webhook>,
    outbox: Vec<Owed>,
    delivery_id: u64,
    dice: ChaCha8Rng,
}

#[derive(Debug)]
struct Owed {
    delivery: Delivery,
    due: Millis,
    /// Handed out then, and nothing was heard since.
    posted_at: Option<Millis>,
}

impl Hooks {
    pub(super) fn none(seed: u64) -> Hooks {
        // Another stream than the ids', so that a webhook never changes who is in the account.
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(5);
        Hooks { registered: Vec::new(), outbox: Vec::new(), delivery_id: 0, dice }
    }

    fn hex(&mut self, bytes: usize) -> String {
        let mut random = vec![0; bytes];
        self.dice.fill_bytes(&mut random);
        hex::encode(random)
    }

    /// One delivery for each hook that wants this event.
    fn fire(&mut self, now: Millis, event: &'static str, origin: &str, data: &Value) {
        for at in 0..self.registered.len() {
            let hook = &self.registered[at];
            let is_wanted = |origins: &Vec<String>| origins.iter().any(|wanted| wanted == origin);
            if hook.event != event || !hook.origins.as_ref().is_none_or(is_wanted) {
                continue;
            }
            let (url, key) = (hook.url.clone(), hook.signature_token.clone());
            let (id, token) = (self.hex(16), self.hex(24));
            let signature = sign(&key, &token, now);
            let body = json!({
                "id": id,
                "event": event,
                "triggeredAt": now,
                "token": token,
                "signature": signature,
                "data": data,
            });
            let delivery = Delivery { id: self.fresh_delivery_id(), url, body: body.to_string(), attempt: 1 };
            self.outbox.push(Owed { delivery, due: now, posted_at: None });
        }
    }

    fn fresh_delivery_id(&mut self) -> u64 {
        self.delivery_id += 1;
        self.delivery_id
    }

    /// A coin: what Lever promises no order of comes in either.
    fn coin(&mut self) -> bool {
        self.dice.random_ratio(1, 2)
    }
}

/// `hex(HMAC-SHA256(key, token + triggeredAt))`; the body is not covered (Lever's documentation, "Webhooks").
fn sign(key: &str, token: &str, triggered_at: Millis) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key of HMAC has any length");
    mac.update(format!("{token}{triggered_at}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

impl Lever {
    // --- for whoever carries them

    /// What is to be posted now. Each is handed out once until [`Lever::delivered`] tells how it went; what is not heard
    /// of for five seconds has failed.
    pub fn outbox(&mut self, now: Millis) -> Vec<Delivery> {
        let is_over = |owed: &Owed| owed.posted_at.is_some_and(|at| now.saturating_sub(at) >= ANSWER_MS_MAX);
        let over: Vec<u64> =
            self.hooks.outbox.iter().filter(|owed| is_over(owed)).map(|owed| owed.delivery.id).collect();
        for id in over {
            self.delivered(id, now, false);
        }
        let due = self.hooks.outbox.iter_mut().filter(|owed| owed.posted_at.is_none() && owed.due <= now);
        due.map(|owed| {
            owed.posted_at = Some(now);
            owed.delivery.clone()
        })
        .collect()
    }

    /// How a delivery went: `ok` for any 2xx. A failed one is repeated after the next of
    /// [`Settings::webhook_pauses_ms`](super::Settings::webhook_pauses_ms), and after the last it is gone. Not known or
    /// told before: nothing happens.
    pub fn delivered(&mut self, id: u64, now: Millis, ok: bool) {
        let posted = |owed: &Owed| owed.delivery.id == id && owed.posted_at.is_some();
        let Some(at) = self.hooks.outbox.iter().position(posted) else { return };
        let another_id = self.hooks.fresh_delivery_id();
        let owed = &mut self.hooks.outbox[at];
        let pause = self.settings.webhook_pauses_ms.get(owed.delivery.attempt as usize - 1);
        match pause.filter(|_| !ok) {
            Some(pause) => {
                owed.delivery.id = another_id;
                owed.delivery.attempt += 1;
                owed.due = now.saturating_add(*pause);
                owed.posted_at = None;
            }
            None => drop(self.hooks.outbox.remove(at)),
        }
    }

    /// Changes [`Settings::webhook_pauses_ms`](super::Settings::webhook_pauses_ms).
    pub fn set_webhook_pauses(&mut self, pauses_ms: Vec<Millis>) {
        self.settings.webhook_pauses_ms = pauses_ms;
    }

    /// Deliveries that are neither acknowledged nor given up.
    pub fn undelivered(&self) -> usize {
        self.hooks.outbox.len()
    }

    /// Who is registered, in the order they came.
    pub fn webhooks(&self) -> &[Webhook] {
        &self.hooks.registered
    }

    // --- the API

    /// No `hasNext`, as in recordings of 2026 (ref §4), and no signature token.
    pub(super) fn list_webhooks(&self) -> String {
        let hooks: Vec<Value> = self.hooks.registered.iter().map(render).collect();
        json!({ "data": hooks }).to_string()
    }

    /// The same address and event twice make two.
    pub(super) fn add_webhook(&mut self, now: Millis, request: &Request) -> Result<Reply, Refusal> {
        Query::check(&request.query, Parameters::default())?;
        let order = body(request)?;
        let event = EVENTS.into_iter().find(|event| order["event"] == *event);
        let event = event.ok_or_else(|| Refusal::bad(format!("event is one of: {}", EVENTS.join(", "))))?;
        let hook = Webhook {
            id: self.world.fresh_form_id(),
            event,
            url: address(&order["url"])?,
            signature_token: self.hooks.hex(24),
            origins: origins(event, &order["configuration"])?,
            created_at: now,
            updated_at: now,
        };
        let mut record = render(&hook);
        record["configuration"]["signatureToken"] = json!(hook.signature_token);
        self.hooks.registered.push(hook);
        Ok(Reply::json(201, json!({ "data": record }).to_string()))
    }

    /// `{"data": [{"id", "url", "configuration"}]}`, to the collection: all or none of them. The event stays.
    pub(super) fn change_webhooks(&mut self, now: Millis, request: &Request) -> Result<Reply, Refusal> {
        Query::check(&request.query, Parameters::default())?;
        let order = body(request)?;
        let changes = order["data"].as_array().ok_or_else(|| Refusal::bad("data is a list"))?;
        let mut hooks = self.hooks.registered.clone();
        for change in changes {
            let id = change["id"].as_str().ok_or_else(|| Refusal::bad("id is a text"))?;
            let hook = hooks.iter_mut().find(|hook| hook.id == id).ok_or_else(|| missing("webhook", id))?;
            if !change["url"].is_null() {
                hook.url = address(&change["url"])?;
            }
            if !change["configuration"].is_null() {
                hook.origins = origins(hook.event, &change["configuration"])?;
            }
            hook.updated_at = now;
        }
        self.hooks.registered = hooks;
        Ok(Reply::json(200, self.list_webhooks()))
    }

    pub(super) fn delete_webhook(&mut self, id: &str) -> Result<Reply, Refusal> {
        let at = self.hooks.registered.iter().position(|hook| hook.id == id);
        self.hooks.registered.remove(at.ok_or_else(|| missing("webhook", id))?);
        Ok(Reply::empty(204))
    }

    // --- events

    pub(super) fn tell_of_contact(&mut self, now: Millis, event: &'static str, id: &ContactId) {
        let time = if event == "contactCreated" { "createdAt" } else { "updatedAt" };
        self.hooks.fire(now, event, "", &json!({"contactId": id.as_str(), "accountId": ACCOUNT, time: now}));
    }

    pub(super) fn tell_of_application(&mut self, now: Millis, id: &OpportunityId) {
        let application =
            self.opportunity(id).and_then(|found| found.application.as_ref()).map(|found| found.id.clone());
        if let Some(application) = application {
            self.tell(now, "applicationCreated", id, &[("applicationId", json!(application))]);
        }
    }

    pub(super) fn tell_of_stage(&mut self, now: Millis, id: &OpportunityId, from: &StageId, to: &StageId) {
        let more = [("fromStageId", json!(from.as_str())), ("toStageId", json!(to.as_str()))];
        self.tell(now, "candidateStageChange", id, &more);
    }

    /// A hire is told twice, as a hire and as a change of the archive, in either order (ref §15.2).
    pub(super) fn tell_of_archive(&mut self, now: Millis, id: &OpportunityId, from: Option<&Archived>) {
        let Some(found) = self.opportunity(id) else { return };
        let show =
            |archived: &Archived| json!({"reason": archived.reason.as_str(), "archivedAt": archived.at});
        let more = [
            ("fromArchived", json!(from.map(show))),
            ("toArchived", json!(found.archived.as_ref().map(show))),
        ];
        let is_hire = self.world.hired_at(found).is_some();
        let is_hire_first = is_hire && self.hooks.coin();
        if is_hire_first {
            self.tell(now, "candidateHired", id, &[]);
        }
        self.tell(now, "candidateArchiveChange", id, &more);
        if is_hire && !is_hire_first {
            self.tell(now, "candidateHired", id, &[]);
        }
    }

    pub(super) fn tell_of_deletion(&mut self, now: Millis, id: &OpportunityId, by: &UserId) {
        self.tell(now, "candidateDeleted", id, &[("deletedBy", json!(by.as_str()))]);
    }

    /// Tells of an interview; there are none in the account. `event` is one of the three `interview…` events.
    pub fn tell_of_interview(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        event: &str,
    ) -> Result<(), Refused> {
        let times = [
            ("interviewCreated", "createdAt"),
            ("interviewUpdated", "updatedAt"),
            ("interviewDeleted", "deletedAt"),
        ];
        let known = times.into_iter().find(|(name, _)| *name == event);
        let (event, time) = known.ok_or_else(|| refused("there is no such event", event))?;
        let found = self.opportunity(opportunity).filter(|found| found.deleted.is_none());
        found.ok_or_else(|| refused("there is no such opportunity", opportunity))?;
        let data = json!({
            "interviewId": self.hooks.hex(16),
            "panelId": self.hooks.hex(16),
            "opportunityId": opportunity.as_str(),
            time: now,
        });
        self.hooks.fire(now, event, "", &data);
        Ok(())
    }

    /// An event with `opportunityId`, `contactId` and what it adds.
    fn tell(&mut self, now: Millis, event: &'static str, id: &OpportunityId, more: &[(&str, Value)]) {
        let Some(found) = self.opportunity(id) else { return };
        let mut data = json!({"opportunityId": id.as_str(), "contactId": found.contact.as_str()});
        for (key, value) in more {
            data[*key] = value.clone();
        }
        let origin = found.origin;
        self.hooks.fire(now, event, origin, &data);
    }
}

fn render(hook: &Webhook) -> Value {
    let configuration = match &hook.origins {
        Some(origins) => json!({"conditions": {"origins": origins}}),
        None => json!({}),
    };
    json!({
        "id": hook.id,
        "event": hook.event,
        "url": hook.url,
        "configuration": configuration,
        "createdAt": hook.created_at,
        "updatedAt": hook.updated_at,
    })
}

/// Lever takes `https` only. Loopback `http` is ours: a test has no certificate of a public authority.
fn address(url: &Value) -> Result<String, Refusal> {
    let url = url.as_str().unwrap_or_default();
    let is_https = url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    if is_https || loopback(url).is_some() {
        return Ok(url.to_owned());
    }
    Err(Refusal::bad("url is an https address"))
}

/// Host with port, and path, of an `http` address on this machine.
pub(crate) fn loopback(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = authority.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    let is_loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    is_loopback.then_some((authority, if path.is_empty() { "/" } else { path }))
}

/// `configuration.conditions.origins`; all where nothing is said. Lever has it for four events.
fn origins(event: &str, configuration: &Value) -> Result<Option<Vec<String>>, Refusal> {
    let wrong = || {
        Refusal::bad(format!(
            "origins is a list of: {}; for {}",
            ORIGINS.join(", "),
            OF_CANDIDACIES.join(", ")
        ))
    };
    match &configuration["conditions"]["origins"] {
        Value::Null => Ok(None),
        Value::Array(list) if OF_CANDIDACIES.contains(&event) => {
            let origin = |value: &Value| {
                value.as_str().filter(|text| ORIGINS.contains(text)).map(str::to_owned).ok_or_else(wrong)
            };
            list.iter().map(origin).collect::<Result<_, _>>().map(Some)
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_covers_the_token_and_the_time_and_nothing_else() {
        let signature = sign(
            "3f0c9b7e5a1d4c2f8e6b0a9d7c5e3f1a2b4d6f8091a3c5e7",
            "9d2e4f6a8b0c1d3e5f7a9b1c3d5e7f90a1b2c3d4e5f60718",
            1_767_225_600_123,
        );
        assert_eq!(signature, "9912a9a740a124ec994ac122ac76c3e603cff601700925520066ed043e71666d");
    }

    #[test]
    fn only_https_and_loopback_addresses_are_taken() {
        for (url, is_good) in [
            ("https://hooks.example.com/lever", true),
            ("http://127.0.0.1:8080/lever", true),
            ("http://localhost:1", true),
            ("http://[::1]:9/x", true),
            ("http://hooks.example.com:80/lever", false),
            ("http://127.0.0.1.example.com:80/", false),
            ("http://127.0.0.1/no-port", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!(address(&json!(url)).is_ok(), is_good, "{url}");
        }
    }
}
