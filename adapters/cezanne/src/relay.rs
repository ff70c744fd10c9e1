//! `new_starter = "lever-webhook"`: Cezanne's own receiver makes person, employment and New Starter Process; we hand it the hire as
//! Lever's webhook would, signed, once for each contact and opportunity.
//!
//! What the receiver does with a delivery that comes twice is unknown, so one whose answer was lost is never sent again by
//! ourselves: there is nothing to look it up by, and a human is asked. So is one that a web page or a redirect answered: whoever
//! gave it may have taken the hire.

use std::time::Duration;

use adapter_sdk::{
    AdapterInfo, Build, Capabilities, CheckReport, Delivery, Effect, Error, ErrorKind, FieldSchema, Found,
    HrisAdapter, Identity, Link, Receipt, RemoteState, Result, TaskKind, TaskRequest,
};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Failure, Method, Request, Response};
use people::{OpportunityId, RemoteId};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{config, odata::is_html};

const DOING: &str = "handing a hire to Cezanne's Lever receiver";
/// After an answer that is no receiver's, from whoever gave it.
const REMEDY: &str = "see in Cezanne whether the hire arrived (Integrations > Lever > Log); if not, it was probably no receiver that \
                      answered: subdomain or webhook_url must be those of Integrations > Lever > Details";
/// The longest content type that is said.
const CONTENT_TYPE_MAX: usize = 64;

/// Cezanne's Lever receiver.
#[derive(Debug)]
pub(crate) struct Relay {
    info: AdapterInfo,
    settings: config::Relay,
    build: Build,
}

impl Relay {
    pub(crate) fn new(settings: config::Relay, build: Build) -> Self {
        let info = AdapterInfo {
            kind: crate::REGISTRATION.kind,
            target: build.target.clone(),
            // Nothing can be looked up there, and a second hire of somebody is HR's Rehire.
            capabilities: Capabilities { call_timeout: Duration::from_secs(90), ..Capabilities::default() },
            schema: FieldSchema::default(),
            tasks_for: settings.administrator.clone(),
        };
        Relay { info, settings, build }
    }

    async fn hand_over(&self, delivery: &Delivery) -> Result<Receipt> {
        if delivery.link.is_some() {
            // It would be made once more, by Cezanne.
            return Err(Error::new(ErrorKind::Unsupported, "handing over somebody who is there already")
                .with("remedy", "complete or change the person by hand in Cezanne"));
        }
        let mut hires = delivery.wanted.hires.keys();
        let (Some(hire), None) = (hires.next(), hires.next()) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "handing over somebody with several hires at once",
            )
            .with("remedy", "enter the further hires by hand: Rehire > Start Process"));
        };
        let remote = delivery.contact.as_str().parse::<RemoteId>();
        let remote = remote.map_err(|_| Error::new(ErrorKind::Unexpected, DOING))?;
        let answer = self.build.way.send("/:receiver", self.request(delivery, hire)).await;
        self.judge(answer)?;
        let link = Link { remote, hires: [(hire.clone(), id_of(hire)?)].into() };
        Ok(Receipt { tasks: vec![task(hire)], ..Receipt::new(link, Effect::Created) })
    }

    /// Lever's `candidateHired`, as its developer documentation shows it: ids only, and a signature over `token` and `triggeredAt`.
    fn request(&self, delivery: &Delivery, hire: &OpportunityId) -> Request {
        let triggered_at = self.build.clock.now().timestamp_millis();
        // The same hire has the same ids, however often somebody orders it to be sent again.
        let id = uuid(&format!("event {} {hire}", delivery.contact));
        let token = hex::encode(&Sha256::digest(format!("token {id} {triggered_at}"))[..24]);
        let body = json!({
            "id": id,
            "event": "candidateHired",
            "triggeredAt": triggered_at,
            "token": token,
            "signature": self.sign(&format!("{token}{triggered_at}")),
            "data": {
                "candidateId": hire.as_str(),
                "opportunityId": hire.as_str(),
                "contactId": delivery.contact.as_str(),
            },
        });
        let mut request = Request::new(Method::Post, self.settings.url.clone());
        request.headers.push(("content-type", "application/json".to_owned()));
        request.headers.push(("accept", "application/json".to_owned()));
        request.deadline = Duration::from_secs(60);
        request.body = body.to_string().into();
        request
    }

    fn sign(&self, text: &str) -> String {
        let key = self.settings.signature_token.reveal().as_bytes();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// 2xx is "delivered", not "created": what Cezanne makes of it only Cezanne's own Log says.
    fn judge(&self, answer: std::result::Result<Response, Failure>) -> Result<()> {
        let response = match answer {
            Ok(response) => response,
            Err(Failure::NotSent(why)) => {
                return Err(Error::new(ErrorKind::Unavailable, DOING).with("why", why));
            }
            Err(failure) => {
                return Err(Error::new(ErrorKind::Unavailable, DOING)
                    .with("why", failure.code())
                    .find_first());
            }
        };
        let error = |kind| Error::new(kind, DOING).with("status", response.status);
        Err(match response.status {
            200..=299 if says_taken(&response) => return Ok(()),
            // Many a program says so and has done what it was told: "no receiver" is a guess.
            200..=399 => error(ErrorKind::Unavailable)
                .with("content_type", content_type(&response))
                .with("remedy", REMEDY)
                .find_first(),
            401 | 403 => error(ErrorKind::Unauthorized).with(
                "remedy",
                "signature_token must be the Signature Token of Cezanne's Integrations > Lever > Details",
            ),
            404 | 405 | 410 => error(ErrorKind::ConfigInvalid).with(
                "remedy",
                "subdomain must be the Subdomain of Cezanne's Integrations > Lever > Details",
            ),
            429 => error(ErrorKind::RateLimited).retry(http::retry_after(&response, self.build.clock.now())),
            // Somebody on the way waited in vain: for us, or for the receiver.
            408 => error(ErrorKind::Unavailable).find_first(),
            // Refused, so it was not acted upon.
            400..=499 => error(ErrorKind::Unavailable),
            _ => error(ErrorKind::Unavailable).find_first(),
        })
    }
}

#[async_trait]
impl HrisAdapter for Relay {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    async fn check(&self) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        report.warn(
            "Cezanne's Lever receiver cannot be asked anything: whether address and signature token are right shows with the first hire",
            "switch off the webhook in Lever that points to Cezanne, keep Cezanne's own Lever integration set up, and look at its Log after the first hire",
        );
        Ok(report)
    }

    async fn find(&self, _who: &Identity) -> Result<Vec<Found>> {
        Err(cannot("looking for a person"))
    }

    async fn read(&self, _link: &Link) -> Result<Option<RemoteState>> {
        Err(cannot("reading a person"))
    }

    async fn list(&self, _after: Option<RemoteId>) -> Result<Vec<Found>> {
        Err(cannot("listing people"))
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let mut answers = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            answers.push(self.hand_over(delivery).await);
        }
        answers
    }
}

/// Whether a success is one: neither a web page nor an error. The receiver's own words are unknown.
fn says_taken(response: &Response) -> bool {
    if is_html(&response.body, response.header("content-type")) {
        return false;
    }
    let says_error = |body: serde_json::Value| {
        ["error", "errors", "odata.error"].iter().any(|key| body.get(key).is_some())
    };
    !serde_json::from_slice(&response.body).is_ok_and(says_error)
}

/// What kind of text came, if the receiver names one and nothing else.
fn content_type(response: &Response) -> &str {
    let named =
        response.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_kind = |byte: u8| byte.is_ascii_alphanumeric() || b"/+.-".contains(&byte);
    if (1..=CONTENT_TYPE_MAX).contains(&named.len()) && named.bytes().all(is_kind) {
        named
    } else {
        "unknown"
    }
}

fn cannot(doing: &'static str) -> Error {
    Error::new(ErrorKind::Unsupported, doing)
}

fn id_of(hire: &OpportunityId) -> Result<people::RemoteHireId> {
    hire.as_str().parse().map_err(|_| Error::new(ErrorKind::Unexpected, DOING))
}

fn task(hire: &OpportunityId) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::NewStarter,
        cause: hire.to_string(),
        text: format!(
            "The hire (opportunity {hire}) was handed to Cezanne, which makes the person and starts the New Starter Process itself. See that the \
             task arrived there (Cezanne's Integrations > Lever > Log), and correct date of birth and gender, which Cezanne fills in."
        ),
        fields: Vec::new(),
    }
}

/// An id in the form of Lever's: 36 characters, the same for the same text.
fn uuid(text: &str) -> String {
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    format!(
        "{}-{}-4{}-a{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[13..16],
        &digest[17..20],
        &digest[20..32]
    )
}
