//! One request to Lever: paced, repeated where repeating helps, and each answer told apart once and for all.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use adapter_sdk::{Error, ErrorKind};
use engine::Usage;
use http::{Backoff, Failure, Method, Pace, Question, Request, Response, Way};
use people::{Clock, Secret, Timestamp};
use planted::Bug;
use serde_json::{Map, Value};
use url::Url;

use crate::wire::{NotUnderstood, readable};

/// Attempts at a request that may have been received, or that was refused for now.
const ATTEMPTS: u32 = 6;
/// Attempts at a request that could not be sent: a name or a certificate seldom mends itself within seconds.
const ATTEMPTS_UNSENT: u32 = 3;
/// Attempts at an answer that is whole but for a record in it. That record will hardly be better next time.
const ATTEMPTS_RECORD: u32 = 3;

/// The parts of Lever's API that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    ArchiveReasons,
    Opportunities,
    Deleted,
    Opportunity,
    Offers,
    Forms,
    Contact,
    Posting,
    Postings,
    Requisition,
    Requisitions,
    User,
    Users,
    Notes,
    AddTags,
    AddLinks,
    AddNote,
    Webhooks,
    AddWebhook,
    RemoveWebhook,
}

/// What to ask for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    endpoint: Endpoint,
    id: Option<String>,
    query: Vec<(&'static str, String)>,
}

/// A decoded answer.
#[derive(Debug)]
pub(crate) struct Got<T> {
    pub(crate) value: T,
    /// Lever's own time, if it says one.
    pub(crate) date: Option<Timestamp>,
}

/// Why there is none. Cloned for every contact that it concerns.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) what: What,
    endpoint: Endpoint,
    host: Arc<str>,
    attempts: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// 401.
    KeyRefused,
    /// 403.
    Forbidden,
    /// 404.
    Missing,
    /// 400 and its kin: the request itself is refused.
    Refused(u16),
    /// 429.
    TooMany(Option<Duration>),
    /// 5xx and 408.
    Down(u16, Option<Duration>),
    /// Nothing was sent.
    Unsent(String),
    /// Sent, and no whole answer.
    Unanswered(String),
    /// A success whose body makes no sense, and where.
    NotUnderstood(NotUnderstood),
    TooLong,
    /// A redirect that is not followed, and the host it leads to.
    Redirected(String),
    /// Any other status.
    Odd(u16),
}

/// Sends requests with one key.
#[derive(Debug)]
pub(crate) struct Caller {
    base: Url,
    host: Arc<str>,
    authorization: Secret,
    way: Way,
    clock: Arc<dyn Clock>,
    backoff: Backoff,
    /// Shared with whoever uses the same key only to ask.
    tally: Arc<Tally>,
}

/// How fast a key may be used, and how it was used so far.
#[derive(Debug)]
struct Tally {
    pace: Arc<Pace>,
    requests: AtomicU64,
    refused: AtomicU64,
    skew_seconds: AtomicI64,
    date: Mutex<Option<Timestamp>>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Endpoint {
    pub(crate) fn template(self) -> &'static str {
        match self {
            Endpoint::ArchiveReasons => "/archive_reasons",
            Endpoint::Opportunities => "/opportunities",
            Endpoint::Deleted => "/opportunities/deleted",
            Endpoint::Opportunity => "/opportunities/:id",
            Endpoint::Offers => "/opportunities/:id/offers",
            Endpoint::Forms => "/opportunities/:id/forms",
            Endpoint::Contact => "/contacts/:id",
            Endpoint::Posting => "/postings/:id",
            Endpoint::Postings => "/postings",
            Endpoint::Requisition => "/requisitions/:id",
            Endpoint::Requisitions => "/requisitions",
            Endpoint::User => "/users/:id",
            Endpoint::Users => "/users",
            Endpoint::Notes | Endpoint::AddNote => "/opportunities/:id/notes",
            Endpoint::AddTags => "/opportunities/:id/addTags",
            Endpoint::AddLinks => "/opportunities/:id/addLinks",
            Endpoint::Webhooks | Endpoint::AddWebhook => "/webhooks",
            Endpoint::RemoveWebhook => "/webhooks/:id",
        }
    }

    /// The permission a key needs for it, in Lever's words.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Endpoint::ArchiveReasons => "archive_reasons:read:admin",
            Endpoint::Opportunities | Endpoint::Deleted | Endpoint::Opportunity => "opportunities:read:admin",
            Endpoint::Offers => "offers:read:admin",
            Endpoint::Forms => "forms:read:admin",
            Endpoint::Contact => "contact:read:admin",
            Endpoint::Posting | Endpoint::Postings => "postings:read:admin",
            Endpoint::Requisition | Endpoint::Requisitions => "requisitions:read:admin",
            Endpoint::User | Endpoint::Users => "users:read:admin",
            Endpoint::Notes => "notes:read:admin",
            Endpoint::AddNote => "notes:write:admin",
            Endpoint::AddTags | Endpoint::AddLinks => "opportunities:write:admin",
            Endpoint::Webhooks => "webhooks:read:admin",
            Endpoint::AddWebhook | Endpoint::RemoveWebhook => "webhooks:write:admin",
        }
    }

    fn is_single(self) -> bool {
        matches!(
            self,
            Endpoint::Opportunity
                | Endpoint::Offers
                | Endpoint::Forms
                | Endpoint::Contact
                | Endpoint::Posting
                | Endpoint::Requisition
                | Endpoint::User
                | Endpoint::Notes
                | Endpoint::AddNote
                | Endpoint::AddTags
                | Endpoint::AddLinks
                | Endpoint::RemoveWebhook
        )
    }

    /// Whether a refusal may be about a confidential record.
    fn may_be_confidential(self) -> bool {
        !matches!(self, Endpoint::Webhooks | Endpoint::AddWebhook | Endpoint::RemoveWebhook)
    }

    /// Whether it changes something.
    fn is_write(self) -> bool {
        matches!(
            self,
            Endpoint::AddTags
                | Endpoint::AddLinks
                | Endpoint::AddNote
                | Endpoint::AddWebhook
                | Endpoint::RemoveWebhook
        )
    }
}

impl Ask {
    pub(crate) fn list(endpoint: Endpoint) -> Self {
        Ask { endpoint, id: None, query: Vec::new() }
    }

    pub(crate) fn of(endpoint: Endpoint, id: impl Into<String>) -> Self {
        Ask { endpoint, id: Some(id.into()), query: Vec::new() }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    /// The address. The id is one segment of the path whatever it consists of, and values are encoded as any query value
    /// is, a page token too: it arrives percent-encoded and travels encoded once more (reference §4).
    fn url(&self, base: &Url) -> Option<Url> {
        let mut url = base.clone();
        {
            let mut segments = url.path_segments_mut().ok()?;
            segments.pop_if_empty();
            for part in self.endpoint.template().split('/').skip(1) {
                segments.push(if part == ":id" { self.id.as_deref().unwrap_or_default() } else { part });
            }
        }
        // `push` drops these two, which would turn one object's address into that of the list above it.
        if matches!(self.id.as_deref(), Some("." | ".." | "")) {
            return None;
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Some(url)
    }
}

impl Caller {
    pub(crate) fn new(
        base: Url,
        api_key: &Secret,
        way: Way,
        clock: Arc<dyn Clock>,
        pace: Pace,
        backoff: Backoff,
    ) -> Self {
        let tally = Tally {
            pace: way.pace(|| pace),
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            skew_seconds: AtomicI64::new(0),
            date: Mutex::default(),
            counts: Mutex::default(),
        };
        Caller {
            host: base.host_str().unwrap_or("?").into(),
            base,
            authorization: Secret::new(http::basic_auth(api_key.reveal(), "")),
            way,
            clock,
            backoff,
            tally: Arc::new(tally),
        }
    }

    /// The same with a way out that only asks, at the same pace and in the same count.
    pub(crate) fn asking_only(&self) -> Caller {
        Caller {
            base: self.base.clone(),
            host: Arc::clone(&self.host),
            authorization: self.authorization.clone(),
            way: self.way.asking_only(),
            clock: Arc::clone(&self.clock),
            backoff: self.backoff.clone(),
            tally: Arc::clone(&self.tally),
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            requests: self.tally.requests.load(Ordering::Relaxed),
            refused: self.tally.refused.load(Ordering::Relaxed),
            skew_seconds: self.tally.skew_seconds.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.tally.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The time by our own clock, which may be wrong by a day.
    pub(crate) fn our_time(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lever's own time, as its last answer said it.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        *self.tally.date.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the address of `ask` is.
    pub(crate) fn url_len(&self, ask: &Ask) -> usize {
        ask.url(&self.base).map_or(0, |url| url.as_str().len())
    }

    /// Asks, and decodes the answer. An answer that `decode` refuses is an answer that did not come: it is asked for again.
    pub(crate) async fn get<T: Send>(
        &self,
        ask: &Ask,
        decode: impl Fn(&str) -> Result<T, NotUnderstood> + Send + Sync,
    ) -> Result<Got<T>, Trouble> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let what = match self.attempt(ask).await {
                Ok(response) => match decode(&readable(&response.body)) {
                    Ok(value) => {
                        return Ok(Got { value, date: response.header("date").and_then(http::date) });
                    }
                    Err(why) if planted::bug(Bug::PiiInError) => {
                        let place = format!("{}: {}", why.place, readable(&response.body));
                        What::NotUnderstood(NotUnderstood { place, ..why })
                    }
                    Err(why) => What::NotUnderstood(why),
                },
                Err(what) => what,
            };
            if attempts >= what.attempts_max() {
                return Err(self.trouble(ask.endpoint, what, attempts));
            }
            self.pause(attempts, what.asked()).await;
        }
    }

    pub(crate) fn trouble(&self, endpoint: Endpoint, what: What, attempts: u32) -> Trouble {
        Trouble { what, endpoint, host: Arc::clone(&self.host), attempts }
    }

    /// Changes something. Repeated only while it was surely not done: what may have been done is for the caller to look at. A
    /// redirect is not followed.
    pub(crate) async fn change(
        &self,
        method: Method,
        ask: &Ask,
        body: Option<&Value>,
    ) -> Result<Response, Trouble> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let what = match self.change_once(method, ask, body).await {
                Ok(response) => return Ok(response),
                Err(what) => what,
            };
            let was_not_done = matches!(what, What::TooMany(_) | What::Unsent(_));
            if !was_not_done || attempts >= what.attempts_max() {
                return Err(self.trouble(ask.endpoint, what, attempts));
            }
            self.pause(attempts, what.asked()).await;
        }
    }

    async fn change_once(&self, method: Method, ask: &Ask, body: Option<&Value>) -> Result<Response, What> {
        let mut request = Request::new(method, self.url(ask)?);
        if let Some(body) = body {
            request.headers.push(("content-type", "application/json".to_owned()));
            request.body = body.to_string().into();
        }
        let response = self.told_apart(self.send(ask.endpoint, request).await?)?;
        // Somebody in between may answer 200 as well. Lever's own answer is an object, or nothing at all.
        if response.body.is_empty()
            || serde_json::from_str::<Map<String, Value>>(&readable(&response.body)).is_ok()
        {
            Ok(response)
        } else {
            Err(What::NotUnderstood(NotUnderstood::at("the answer to a write, which is no JSON object")))
        }
    }

    /// The pause after that many attempts.
    pub(crate) async fn pause(&self, attempts: u32, asked: Option<Duration>) {
        tokio::time::sleep(self.backoff.pause(attempts, asked)).await;
    }

    fn url(&self, ask: &Ask) -> Result<Url, What> {
        ask.url(&self.base).ok_or_else(|| What::Unsent("the id cannot be part of an address".to_owned()))
    }

    /// One attempt, and one more if Lever sends us to another path of the same host. A success is all that comes back as `Ok`.
    async fn attempt(&self, ask: &Ask) -> Result<Response, What> {
        let url = self.url(ask)?;
        let response = self.ask(ask.endpoint, Question::get(url.clone())).await?;
        let Some(elsewhere) = redirected(&response, &url)? else { return self.told_apart(response) };
        let response = self.ask(ask.endpoint, Question::get(elsewhere)).await?;
        match redirected(&response, &url)? {
            Some(again) => Err(What::Redirected(again.host_str().unwrap_or("?").to_owned())),
            None => self.told_apart(response),
        }
    }

    async fn ask(&self, endpoint: Endpoint, question: Question) -> Result<Response, What> {
        self.turn(endpoint).await;
        let question =
            self.headers().into_iter().fold(question, |asked, (name, value)| asked.with(name, value));
        self.answered(self.way.ask(endpoint.template(), question).await)
    }

    async fn send(&self, endpoint: Endpoint, mut request: Request) -> Result<Response, What> {
        self.turn(endpoint).await;
        request.headers.extend(self.headers());
        self.answered(self.way.send(endpoint.template(), request).await)
    }

    /// Waits for it, and counts it.
    async fn turn(&self, endpoint: Endpoint) {
        self.tally.pace.turn().await;
        self.tally.requests.fetch_add(1, Ordering::Relaxed);
        let mut counts = self.tally.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(endpoint.template()).or_default() += 1;
    }

    fn headers(&self) -> [(&'static str, String); 2] {
        let json = "application/json".to_owned();
        [("accept", json), ("authorization", self.authorization.reveal().to_owned())]
    }

    fn answered(&self, answer: Result<Response, Failure>) -> Result<Response, What> {
        let response = answer.map_err(|failure| match failure {
            Failure::NotSent(why) => What::Unsent(why),
            Failure::Unanswered(why) => What::Unanswered(why),
            Failure::TooLong => What::TooLong,
        })?;
        if let Some(date) = response.header("date").and_then(http::date) {
            *self.tally.date.lock().unwrap_or_else(PoisonError::into_inner) = Some(date);
            let skew = (date - self.clock.now()).num_seconds();
            self.tally.skew_seconds.store(skew, Ordering::Relaxed);
        }
        Ok(response)
    }

    fn told_apart(&self, response: Response) -> Result<Response, What> {
        let asked = || http::retry_after(&response, self.clock.now());
        match response.status {
            200..=299 => Ok(response),
            400 | 410 | 422 => Err(What::Refused(response.status)),
            401 => Err(What::KeyRefused),
            403 => Err(What::Forbidden),
            404 => Err(What::Missing),
            429 => {
                self.tally.refused.fetch_add(1, Ordering::Relaxed);
                self.tally.pace.slow_down();
                Err(What::TooMany(asked()))
            }
            408 | 500..=599 => Err(What::Down(response.status, asked())),
            other => Err(What::Odd(other)),
        }
    }
}

/// Where a redirect leads, if it is one and leads to the same host by the same scheme and port.
fn redirected(response: &Response, from: &Url) -> Result<Option<Url>, What> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(to) = response.header("location").and_then(|location| from.join(location).ok()) else {
        return Err(What::Odd(response.status));
    };
    if to.origin() == from.origin() && to.username().is_empty() {
        Ok(Some(to))
    } else {
        Err(What::Redirected(to.host_str().unwrap_or("?").to_owned()))
    }
}

impl What {
    /// What is worth repeating, and how often. Keep this list short.
    fn attempts_max(&self) -> u32 {
        match self {
            What::NotUnderstood(why) if why.is_record => ATTEMPTS_RECORD,
            What::TooMany(_) | What::Down(..) | What::Unanswered(_) | What::NotUnderstood(_) => ATTEMPTS,
            What::Unsent(_) => ATTEMPTS_UNSENT,
            What::TooLong
            | What::KeyRefused
            | What::Forbidden
            | What::Missing
            | What::Refused(_)
            | What::Redirected(_)
            | What::Odd(_) => 1,
        }
    }

    fn asked(&self) -> Option<Duration> {
        match self {
            What::TooMany(asked) | What::Down(_, asked) => *asked,
            _ => None,
        }
    }
}

impl Trouble {
    /// The one place that says what each of Lever's answers means to the engine.
    fn into_error(self) -> Error {
        let (doing, at) = if self.endpoint.is_write() { ("writing", "to") } else { ("reading", "from") };
        let doing = format!("{doing} {} {at} {}", self.endpoint.template(), self.host);
        let error = |kind| Error::new(kind, doing.clone());
        let error = match &self.what {
            What::KeyRefused => error(ErrorKind::Unauthorized).with("status", 401).with(
                "remedy",
                "renew the key in lever.api_key; a sandbox key works on the sandbox host only, see lever.base_url",
            ),
            // One object that is withheld, perhaps for being confidential, says nothing about all the others.
            What::Forbidden if self.endpoint.is_single() && self.endpoint.may_be_confidential() => error(ErrorKind::Rejected)
                .with("status", 403)
                .with("remedy", format!("the key lacks {}, or the record is confidential", self.endpoint.permission())),
            What::Forbidden => error(ErrorKind::Unauthorized).with("status", 403).with(
                "remedy",
                format!(
                    "give the key the permission {}{}; a sandbox key works on the sandbox host only",
                    self.endpoint.permission(),
                    if self.endpoint.may_be_confidential() {
                        "; for lever.confidential it must have been made with access to confidential data"
                    } else {
                        ""
                    }
                ),
            ),
            What::Missing if self.endpoint.is_single() => error(ErrorKind::Rejected).with("status", 404),
            What::Missing => error(ErrorKind::ConfigInvalid)
                .with("status", 404)
                .with("remedy", "lever.base_url should be like https://api.lever.co/v1"),
            What::Refused(status) if matches!(self.endpoint, Endpoint::AddTags | Endpoint::AddLinks | Endpoint::AddNote) => {
                error(ErrorKind::Unexpected)
                    .with("status", status)
                    .with("remedy", "lever.perform_as, if it is set, must be the id of a Lever user who may do this")
            }
            What::Refused(status) | What::Odd(status) => error(ErrorKind::Unexpected).with("status", status),
            What::TooMany(asked) => error(ErrorKind::RateLimited).with("status", 429).retry(*asked).with(
                "remedy",
                "lower lever.requests_per_second if something else uses the same key",
            ),
            What::Down(status, asked) => error(ErrorKind::Unavailable).with("status", status).retry(*asked),
            What::Unsent(why) => error(ErrorKind::Unavailable).because(Cause(format!("could not be sent: {why}"))),
            What::Unanswered(why) => error(ErrorKind::Unavailable).because(Cause(format!("not answered: {why}"))),
            What::NotUnderstood(why) => error(ErrorKind::Unavailable).with("not_understood", &why.place),
            What::TooLong => error(ErrorKind::Unavailable).because(Cause("the answer is too long".to_owned())),
            What::Redirected(host) => error(ErrorKind::ConfigInvalid).with("redirected_to", host).with(
                "remedy",
                "redirects to another host are not followed; if that host is Lever's, name it in lever.base_url",
            ),
        };
        error.with("attempts", self.attempts)
    }

    /// Lever takes the page token no longer. Told by the status alone: the same request without a token was fine.
    pub(crate) fn is_about_the_request(&self) -> bool {
        matches!(self.what, What::Refused(_))
    }

    /// A record is there and cannot be understood: where.
    pub(crate) fn unreadable_place(&self) -> Option<&str> {
        match &self.what {
            What::NotUnderstood(why) if why.is_record => Some(&why.place),
            _ => None,
        }
    }

    /// It may have been received, and nobody knows what came of it.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self.what, What::Unanswered(_) | What::Down(..) | What::TooLong | What::NotUnderstood(_))
    }

    /// The object is not there or not for us. That costs this object and nothing else.
    pub(crate) fn is_about_the_object(&self) -> bool {
        matches!(self.what, What::Missing | What::Forbidden)
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        trouble.into_error()
    }
}

#[derive(Debug)]
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}
