//! The pretend Lever: one request in, one reply out.

mod access;
mod account;
mod control;
mod doors;
mod faults;
mod figures;
mod forms;
mod hooks;
mod list;
pub(crate) mod names;
mod paging;
mod query;
mod rate;
mod recruiting;
mod render;
mod routes;
mod seed;
mod split;
mod spoil;
mod truth;
mod world;
mod writes;

pub use access::is_permission;
pub use doors::DOORS;
pub use faults::{BadFault, Drift, Fault, FaultKind};
pub use figures::Figures;
pub(crate) use hooks::{ANSWER_MS_MAX, loopback};
pub use hooks::{Delivery, Webhook};
pub use rate::Rate;
pub use recruiting::{NewContact, NewOffer, NewPosting, Refused};
pub use truth::Hired;
pub use world::{
    Application, ArchiveReason, Archived, Band, Contact, ContactId, Form, FormField, Note, Offer, OfferId,
    OfferStatus, Opportunity, OpportunityId, Phone, Posting, PostingId, ReasonId, Requisition, RequisitionId,
    Salary, Stage, StageChange, StageId, User, UserId,
};

use std::collections::BTreeSet;

use serde_json::json;

use crate::message::{Millis, Reply, Request, Sending, basic_auth, http_date};
use crate::server::Pretend;
use faults::{Faults, Occasion};
use hooks::Hooks;
use paging::Offsets;
use query::Refusal;
use rate::Bucket;
use routes::Route;
use world::World;

/// How the pretend account is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The only key that is let in.
    pub api_key: String,
    /// The key's rate limit; none for no limit.
    pub rate: Option<Rate>,
    /// Decides every id, the seeded people, and which request a fault with a percentage meets.
    pub seed: u64,
    /// Records on a page when the request has no `limit`. Lever's own default is 100 (ref §4).
    pub page_size: usize,
    /// A page never has more records than this, whatever `limit` says: many pages out of few people.
    pub page_size_max: usize,
    /// How long an offset token is good for. Unknown for Lever (ref §4).
    pub offset_lives_ms: Millis,
    /// Whether the key was granted confidential data when it was made (ref §1.2).
    pub confidential_granted: bool,
    /// Whether a hire sets `updatedAt`. Lever documents that it does; in real recordings all 43 hired people
    /// had null (ref §6).
    pub hires_touch_updated_at: bool,
    /// How `GET /archive_reasons?type=hired` answers.
    pub hired_reasons: HiredReasons,
    /// Permissions the key lacks, named as Lever names them, such as `offers:read:admin`: 403.
    pub denied: BTreeSet<String>,
    /// How long to wait before each repetition of a webhook that failed. Five at Lever, with growing pauses; how long
    /// they are is unknown (ref §15.4).
    pub webhook_pauses_ms: Vec<Millis>,
}

/// Lever's documentation shows an object where clients saw an array (ref §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HiredReasons {
    /// An array of the account's two hired reasons, one of them retired.
    Many,
    /// A bare object, and the account has only one.
    One,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            api_key: "sandbox-key".to_owned(),
            rate: Some(Rate::default()),
            seed: 1,
            page_size: 100,
            page_size_max: 100,
            offset_lives_ms: 10 * 60_000,
            confidential_granted: true,
            hires_touch_updated_at: true,
            hired_reasons: HiredReasons::Many,
            denied: BTreeSet::new(),
            webhook_pauses_ms: vec![1_000, 5_000, 30_000, 120_000, 600_000],
        }
    }
}

/// A pretend Lever with one account and one API key.
#[derive(Debug)]
pub struct Lever {
    settings: Settings,
    world: World,
    bucket: Option<Bucket>,
    offsets: Offsets,
    faults: Faults,
    figures: Figures,
    hooks: Hooks,
    is_revoked: bool,
    /// What a narrowed key does not see.
    hidden: BTreeSet<OpportunityId>,
}

impl Lever {
    /// An account with stages, reasons, users, postings and requisitions, and nobody who applied.
    pub fn new(settings: Settings) -> Lever {
        Lever {
            world: account::furnish(&settings),
            bucket: settings.rate.map(Bucket::full),
            offsets: Offsets::new(settings.offset_lives_ms),
            faults: Faults::none(settings.seed),
            figures: Figures::default(),
            hooks: Hooks::none(settings.seed),
            is_revoked: false,
            hidden: BTreeSet::new(),
            settings,
        }
    }

    /// Answers one request. Under `/v1` it is Lever; under `/sandbox` it is us, without key, limit or faults.
    pub fn handle(&mut self, now: Millis, request: &Request) -> Reply {
        let segments = request.segments();
        let mut reply = match segments.split_first() {
            Some((first, path)) if first == "v1" => self.handle_lever(now, path, request),
            Some((first, path)) if first == "sandbox" => self.control(now, path, request),
            _ => Refusal::not_found("nothing is here; Lever's paths start with /v1").into_reply(),
        };
        reply.headers.push(("date", http_date(now.saturating_add_signed(self.faults.skew(now)))));
        reply.headers.push(("server", "lever-data-api".to_owned()));
        reply.headers.push(("x-lever-region", "global".to_owned()));
        reply
    }

    /// Plans a fault after those already planned.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.add(fault);
    }

    /// Forgets all faults that are still to come.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What was counted so far.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// How the account is set up.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn handle_lever(&mut self, now: Millis, path: &[String], request: &Request) -> Reply {
        let route = routes::find(path);
        let template = route.as_ref().map_or("unknown", |(route, _)| route.template);
        self.figures.count_request(now, template, &request.method);
        let reply = self.answer(now, route, request).unwrap_or_else(Refusal::into_reply);
        self.figures.count_reply(reply.status);
        reply
    }

    fn answer(
        &mut self,
        now: Millis,
        route: Option<(&'static Route, &str)>,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let is_known = request.header("authorization") == Some(&basic_auth(&self.settings.api_key));
        if !is_known || self.is_revoked {
            return Err(Refusal::of_status(401));
        }
        if !self.bucket.as_mut().is_none_or(|bucket| bucket.take(now)) {
            return Err(Refusal::of_status(429));
        }
        let occasion = Occasion {
            now,
            endpoint: route.map_or("unknown", |(route, _)| route.template),
            is_list: request.method == "GET" && route.is_some_and(|(route, _)| route.is_list),
            has_offset: request.query.iter().any(|(name, _)| name == "offset"),
        };
        match self.faults.play(&occasion) {
            Some(fault) => {
                self.figures.faults += 1;
                self.answer_with(fault, now, route, request)
            }
            None => self.execute(now, route, request),
        }
    }

    fn execute(
        &mut self,
        now: Millis,
        route: Option<(&'static Route, &str)>,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let (route, id) = route.ok_or_else(|| Refusal::not_found("no such path"))?;
        self.permit(route, request)?;
        if request.method == "GET" {
            self.read(now, route.endpoint, id, request).map(|body| Reply::json(200, body))
        } else {
            self.write(now, route, id, request)
        }
    }

    fn answer_with(
        &mut self,
        fault: FaultKind,
        now: Millis,
        route: Option<(&'static Route, &str)>,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let unanswered = |sending| Ok(Reply { sending, ..Reply::json(200, String::new()) });
        match fault {
            FaultKind::Status(status) => return Err(Refusal::of_status(status)),
            FaultKind::Offset => return Err(Refusal::bad_offset()),
            FaultKind::Close => return unanswered(Sending::Nothing),
            FaultKind::Hang => return unanswered(Sending::Hang),
            FaultKind::Html => {
                return Ok(Reply::text(200, "text/html; charset=utf-8", LOGIN_PAGE.to_owned()));
            }
            FaultKind::Redirect { to } => {
                let mut reply =
                    Reply::json(301, json!({"code": "MovedPermanently", "message": ""}).to_string());
                reply.headers.push(("location", format!("{to}{}", request.path)));
                return Ok(reply);
            }
            _ => {}
        }
        let mut reply = self.execute(now, route, request)?;
        let length = reply.body.len();
        match fault {
            FaultKind::Half => reply.body.truncate(length / 2),
            FaultKind::Cut => reply.sending = Sending::Cut { after: length / 2 },
            FaultKind::Lost => reply.sending = Sending::Nothing,
            FaultKind::Slow => reply.sending = Sending::Slowly,
            FaultKind::Huge { mebibytes } => spoil::huge(&mut reply, mebibytes),
            FaultKind::Endless => reply.sending = Sending::Cut { after: usize::MAX },
            FaultKind::Plain => reply.label("text/plain; charset=utf-8"),
            FaultKind::Empty => reply.body = json!({"data": [], "hasNext": false}).to_string().into(),
            FaultKind::NoNext => spoil::reshape(&mut reply, |envelope| {
                if let Some(fields) = envelope.as_object_mut() {
                    fields.insert("hasNext".to_owned(), true.into());
                    fields.remove("next");
                }
            }),
            FaultKind::Garbled => {
                spoil::reshape(&mut reply, |envelope| spoil::garble(&mut self.faults.dice, envelope));
            }
            FaultKind::Shift => spoil::reshape(&mut reply, spoil::shift),
            FaultKind::Twice => spoil::reshape(&mut reply, spoil::twice),
            FaultKind::Drift(drift) => {
                spoil::reshape(&mut reply, |envelope| spoil::drift(envelope, drift));
            }
            FaultKind::Surrogate => spoil::surrogate(&mut reply),
            FaultKind::Deep => spoil::deep(&mut reply),
            FaultKind::Bait => {
                let host = request.header("host").unwrap_or("127.0.0.1");
                let of_files = ["/files", "/resumes"].iter().any(|end| request.path.ends_with(end));
                spoil::reshape(&mut reply, |envelope| spoil::bait(envelope, host, of_files));
            }
            _ => {}
        }
        Ok(reply)
    }
}

impl Pretend for Lever {
    fn handle(&mut self, now: Millis, request: &Request) -> Reply {
        Lever::handle(self, now, request)
    }

    fn outbox(&mut self, now: Millis) -> Vec<Delivery> {
        Lever::outbox(self, now)
    }

    fn may_post(&self) -> bool {
        !self.webhooks().is_empty() || self.undelivered() > 0
    }

    fn delivered(&mut self, id: u64, now: Millis, ok: bool) {
        Lever::delivered(self, id, now, ok);
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
    <body><h1>Sign in to continue</h1><form method=\"post\"><input name=\"email\"></form></body></html>\n";

#[cfg(test)]
mod tests;
