//! Requests to the data service: one at a time, paced, each with the headers of the service's version.
//!
//! Source: [MS-ODATA] 2.2.5 (headers) and 3.2.5 (answers), OData Protocol 4.0. What Cezanne's service insists on is unknown, so
//! where there are two ways of saying a thing, the second is tried once when the first is not understood, and remembered.

use std::{
    fmt,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Failure, Method, Pace, Question, Request, Response, Way};
use people::{Clock, Secret};
use serde_json::{Map, Value};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{Key, Metadata, Page, Query, Row, Version, Written, is_html, is_refusal, page, written};
use crate::{
    encode::{encoded, pairs},
    errors::{Trouble, TroubleKind},
    oauth::Tokens,
};

const DEADLINE: Duration = Duration::from_secs(60);
const ANSWER_MAX: usize = 16 << 20;
const METADATA_MAX: usize = 32 << 20;
/// What is waited for in place when the service asks for a pause, and how often for one request.
const MOMENT: Duration = Duration::from_secs(5);
const WAITS_MAX: u32 = 5;
/// Metadata is not fetched again sooner, whoever doubts it.
const METADATA_AGE_MIN: Duration = Duration::from_secs(3600);
/// A list that goes on for longer is not what anybody here asks for.
const PAGES_MAX: usize = 100;

/// Where the service is.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) root: Url,
    /// `None`: what `$metadata` says.
    pub(crate) version: Option<Version>,
    pub(crate) requests_per_second: f64,
}

/// The data service.
pub(crate) struct Service {
    settings: Settings,
    tokens: Tokens,
    way: Way,
    clock: Arc<dyn Clock>,
    pace: Arc<Pace>,
    manner: StdMutex<Manner>,
    /// When it was fetched, and what it said.
    metadata: Mutex<Option<(Instant, Arc<Metadata>)>>,
}

/// What the service turned out to insist on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Manner {
    /// Verbose JSON, not the light one.
    verbose: bool,
    /// MERGE inside a POST, not PATCH.
    tunnel: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Describe,
    Read,
    Insert,
    Change,
}

/// One request, before it is put into the service's dialect.
struct Ask {
    verb: Verb,
    doing: &'static str,
    template: &'static str,
    url: Url,
    version: Version,
    body: Bytes,
    etag: Option<String>,
}

impl Service {
    pub(crate) fn new(settings: Settings, tokens: Tokens, way: Way, clock: Arc<dyn Clock>) -> Self {
        Service {
            pace: way.pace(|| pace(settings.requests_per_second)),
            settings,
            tokens,
            way,
            clock,
            manner: StdMutex::default(),
            metadata: Mutex::default(),
        }
    }

    /// What the service has. Asked for once and kept.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, Trouble> {
        let mut kept = self.metadata.lock().await;
        if let Some((_, metadata)) = kept.as_ref() {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.describe().await?);
        *kept = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// Has the metadata fetched again when it is next needed, unless it is younger than an hour. Says whether it will be.
    pub(crate) async fn forget_metadata(&self) -> bool {
        let mut kept = self.metadata.lock().await;
        kept.take_if(|(at, _)| at.elapsed() >= METADATA_AGE_MIN).is_some()
    }

    /// The version that is spoken: the configured one, or what `$metadata` says.
    pub(crate) async fn version(&self) -> Result<Version, Trouble> {
        match self.settings.version {
            Some(version) => Ok(version),
            None => Ok(self.metadata().await?.version),
        }
    }

    /// The record of that key; `None` if the service has none to show.
    ///
    /// A 404 is an answer about the record only where the set is surely there. Where it may be about anything else, the
    /// list is asked, which says "none" with a 200.
    pub(crate) async fn get(&self, set: &str, key: &Key) -> Result<Option<Row>, Trouble> {
        if !key.fits_a_path() {
            return self.find(set, key).await;
        }
        let ask = self.ask(Verb::Read, set, Some(key)).await?;
        let response = self.send(&ask).await?;
        match response.status {
            404 if is_refusal(&response.body) && self.metadata().await?.sets.contains_key(set) => Ok(None),
            // 204 is how version 4 says null.
            204 | 404 => self.find(set, key).await,
            _ => match self.written(&ask, &response)? {
                Some(row) => Ok(Some(row)),
                None => Err(ask.trouble(TroubleKind::Garbled).told_by(&response)),
            },
        }
    }

    async fn find(&self, set: &str, key: &Key) -> Result<Option<Row>, Trouble> {
        let mut rows = self.query(set, &Query::by(key.to_filter())).await?;
        if rows.len() > 1 {
            let trouble = Trouble::new(TroubleKind::Garbled, "looking for a record by its key");
            return Err(trouble.because("several records are said to have one key"));
        }
        Ok(rows.pop())
    }

    /// All records that fit, page by page.
    pub(crate) async fn query(&self, set: &str, query: &Query) -> Result<Vec<Row>, Trouble> {
        let mut ask = self.list(set, query).await?;
        let mut rows = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.page_of(&ask).await?;
            rows.extend(page.rows);
            if let Some(top) = query.top.filter(|top| rows.len() >= *top) {
                rows.truncate(top);
                return Ok(rows);
            }
            match page.next {
                Some(link) => {
                    ask.url =
                        self.own(&link).map_err(|why| ask.trouble(TroubleKind::ForeignLink).because(why))?
                }
                None => return Ok(rows),
            }
        }
        Err(ask.trouble(TroubleKind::TooLong).because("the list has too many pages"))
    }

    /// The first page of the records that fit.
    pub(crate) async fn page(&self, set: &str, query: &Query) -> Result<Page, Trouble> {
        let ask = self.list(set, query).await?;
        self.page_of(&ask).await
    }

    /// Adds a record. `None`: it was added, and the service did not say how it looks.
    pub(crate) async fn insert(&self, set: &str, fields: Map<String, Value>) -> Result<Option<Row>, Trouble> {
        let mut ask = self.ask(Verb::Insert, set, None).await?;
        ask.body = Value::Object(fields).to_string().into();
        let response = self.send(&ask).await?;
        self.written(&ask, &response)
    }

    /// Changes some fields of a record, if it still has `etag`.
    pub(crate) async fn change(
        &self,
        set: &str,
        key: &Key,
        fields: Map<String, Value>,
        etag: Option<&str>,
    ) -> Result<(), Trouble> {
        let mut ask = self.ask(Verb::Change, set, Some(key)).await?;
        ask.body = Value::Object(fields).to_string().into();
        ask.etag = etag.map(str::to_owned);
        let response = self.send(&ask).await?;
        if response.status == 404 && is_refusal(&response.body) {
            return Err(ask.trouble(TroubleKind::NoSuchRecord).told_by(&response));
        }
        self.written(&ask, &response).map(drop)
    }

    async fn describe(&self) -> Result<Metadata, Trouble> {
        let ask = Ask {
            verb: Verb::Describe,
            doing: Verb::Describe.words(),
            template: "/$metadata",
            url: self.url("$metadata", None),
            version: self.settings.version.unwrap_or(Version::V3),
            body: Bytes::new(),
            etag: None,
        };
        let response = self.send(&ask).await?;
        self.check(&ask, &response)?;
        Metadata::parse(&response.body)
            .map_err(|why| ask.trouble(TroubleKind::BadMetadata).because(why.to_string()))
    }

    async fn ask(&self, verb: Verb, set: &str, key: Option<&Key>) -> Result<Ask, Trouble> {
        let path = match key {
            Some(key) => format!("{}{}", encoded(set, ""), encoded(&key.to_text(), "'()=,")),
            None => encoded(set, ""),
        };
        Ok(Ask {
            verb,
            doing: verb.words(),
            template: if key.is_some() { "/:set(:key)" } else { "/:set" },
            url: self.url(&path, None),
            version: self.version().await?,
            body: Bytes::new(),
            etag: None,
        })
    }

    async fn list(&self, set: &str, query: &Query) -> Result<Ask, Trouble> {
        let ask = self.ask(Verb::Read, set, None).await?;
        let options = query.options(ask.version);
        let options = pairs(options.iter().map(|(name, value)| (*name, value.as_str())));
        Ok(Ask { url: self.url(&encoded(set, ""), Some(&options).filter(|text| !text.is_empty())), ..ask })
    }

    fn url(&self, path: &str, query: Option<&String>) -> Url {
        let mut url = self.settings.root.clone();
        let path = format!("{}/{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_query(query.map(String::as_str));
        url
    }

    /// Where `link` leads, if that is this service: a token goes nowhere else.
    fn own(&self, link: &str) -> Result<Url, String> {
        let root = self.url("", None);
        let url = root.join(link).map_err(|_| "the next page has no address".to_owned())?;
        let is_own = url.origin() == root.origin() && url.username().is_empty() && url.password().is_none();
        if is_own {
            Ok(url)
        } else {
            Err(format!("the next page is said to be at {}", url.origin().ascii_serialization()))
        }
    }

    async fn page_of(&self, ask: &Ask) -> Result<Page, Trouble> {
        let response = self.send(ask).await?;
        self.check(ask, &response)?;
        page(&response.body).ok_or_else(|| ask.trouble(TroubleKind::Garbled).told_by(&response))
    }

    /// The record in the answer to a request for one record.
    fn written(&self, ask: &Ask, response: &Response) -> Result<Option<Row>, Trouble> {
        self.check(ask, response)?;
        match written(&response.body) {
            Written::Row(row) => {
                let etag = row.etag.or_else(|| response.header("etag").map(str::to_owned));
                Ok(Some(Row { etag, ..row }))
            }
            Written::Nothing => Ok(None),
            Written::Doubtful => Err(ask.trouble(TroubleKind::Garbled).told_by(response)),
        }
    }

    /// A success, and no web page.
    fn check(&self, ask: &Ask, response: &Response) -> Result<(), Trouble> {
        if !(200..=299).contains(&response.status) {
            return Err(Trouble::of_status(response, ask.doing, self.clock.now()));
        }
        if is_html(&response.body, response.header("content-type")) {
            return Err(ask.trouble(TroubleKind::LogInPage).told_by(response));
        }
        Ok(())
    }

    /// Sends `ask`, and again where the service wants a new token, another way of saying it, or a moment's patience. Each follows
    /// an answer that says that nothing was done; a longer wait is the caller's, who writes it down.
    async fn send(&self, ask: &Ask) -> Result<Response, Trouble> {
        let _lane = self.way.lane().await;
        let mut manner = self.manner();
        let mut token = self.tokens.token().await?;
        let mut is_renewed = false;
        let mut waits = 0;
        loop {
            let response = self.send_once(ask, manner, &token).await?;
            match response.status {
                429 if waits < WAITS_MAX && self.is_a_moment(&response) => {
                    waits += 1;
                    self.pace.slow_down();
                    tokio::time::sleep(http::retry_after(&response, self.clock.now()).unwrap_or(MOMENT))
                        .await;
                }
                401 if !is_renewed => {
                    token = self.tokens.renew(&token).await?;
                    is_renewed = true;
                }
                500..=599 if !is_renewed && planted::bug(planted::Bug::ReplaysWrites) => is_renewed = true,
                406 | 415 if ask.verb != Verb::Describe && !manner.verbose => manner.verbose = true,
                405 | 501 if ask.can_be_tunnelled() && !manner.tunnel => manner.tunnel = true,
                401 | 405 | 406 | 415 | 501 => return Ok(response),
                status => {
                    if status == 429 {
                        self.pace.slow_down();
                    }
                    *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
                    return Ok(response);
                }
            }
        }
    }

    /// Whether it asks for no more than may be waited for here.
    fn is_a_moment(&self, response: &Response) -> bool {
        http::retry_after(response, self.clock.now()).is_none_or(|pause| pause <= MOMENT)
    }

    async fn send_once(&self, ask: &Ask, manner: Manner, token: &Secret) -> Result<Response, Trouble> {
        self.pace.turn().await;
        let answer = ask.put(&self.way, manner, token).await;
        answer.map_err(|failure| Trouble::of_failure(failure, ask.doing))
    }

    fn manner(&self) -> Manner {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never more in any second than the rate says, either.
fn pace(per_second: f64) -> Pace {
    Pace::capped(per_second, per_second.ceil() as usize)
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("settings", &self.settings)
            .field("manner", &self.manner())
            .finish_non_exhaustive()
    }
}

impl Verb {
    fn words(self) -> &'static str {
        match self {
            Verb::Describe => "reading $metadata",
            Verb::Read => "reading records",
            Verb::Insert => "adding a record",
            Verb::Change => "changing a record",
        }
    }
}

impl Ask {
    fn trouble(&self, kind: TroubleKind) -> Trouble {
        Trouble::new(kind, self.doing)
    }

    /// MERGE is a verb of versions 2 and 3, and version 2 has no other.
    fn can_be_tunnelled(&self) -> bool {
        self.verb == Verb::Change && self.version == Version::V3
    }

    /// Reads ask; only what changes something is sent.
    async fn put(&self, way: &Way, manner: Manner, token: &Secret) -> Result<Response, Failure> {
        let is_merge = self.verb == Verb::Change && (manner.tunnel || self.version == Version::V2);
        let method = match self.verb {
            Verb::Describe | Verb::Read => return way.ask(self.template, self.question(manner, token)).await,
            Verb::Change if !is_merge => Method::Patch,
            Verb::Insert | Verb::Change => Method::Post,
        };
        let mut request = Request::new(method, self.url.clone());
        request.headers = self.headers(manner, token);
        if is_merge {
            request.headers.push(("x-http-method", "MERGE".to_owned()));
        }
        if let Some(etag) = &self.etag {
            request.headers.push(("if-match", etag.clone()));
        }
        request.headers.push(("content-type", content_type(self.version, manner).to_owned()));
        request.body = self.body.clone();
        (request.deadline, request.body_max) = (DEADLINE, ANSWER_MAX);
        way.send(self.template, request).await
    }

    fn question(&self, manner: Manner, token: &Secret) -> Question {
        let body_max = if self.verb == Verb::Describe { METADATA_MAX } else { ANSWER_MAX };
        let question = Question::get(self.url.clone()).within(DEADLINE, body_max);
        self.headers(manner, token)
            .into_iter()
            .fold(question, |question, (name, value)| question.with(name, value))
    }

    fn headers(&self, manner: Manner, token: &Secret) -> Vec<(&'static str, String)> {
        let dialect = self.dialect(manner).map(|(name, value)| (name, value.to_owned()));
        [("authorization", format!("Bearer {}", token.reveal()))].into_iter().chain(dialect).collect()
    }

    /// Which version, and which form of it. The first request goes out before the version is known, and names the newest of
    /// both families: neither looks at the other's header.
    fn dialect(&self, manner: Manner) -> [(&'static str, &'static str); 3] {
        if self.verb == Verb::Describe {
            let any_xml = "application/xml, */*;q=0.1";
            return [("accept", any_xml), ("maxdataserviceversion", "3.0"), ("odata-maxversion", "4.0")];
        }
        let accept = accept(self.version, manner);
        match self.version {
            Version::V2 => [accept, ("dataserviceversion", "2.0"), ("maxdataserviceversion", "2.0")],
            Version::V3 => [accept, ("dataserviceversion", "3.0"), ("maxdataserviceversion", "3.0")],
            Version::V4 => [accept, ("odata-version", "4.0"), ("odata-maxversion", "4.0")],
        }
    }
}

fn accept(version: Version, manner: Manner) -> (&'static str, &'static str) {
    let forms = match (version, manner.verbose) {
        (Version::V3, false) => {
            "application/json;odata=minimalmetadata, application/json;odata=verbose;q=0.8, application/json;q=0.5"
        }
        (Version::V2 | Version::V3, true) => "application/json;odata=verbose, application/json;q=0.5",
        (Version::V4, false) => "application/json;odata.metadata=minimal",
        (Version::V2, false) | (Version::V4, true) => "application/json",
    };
    ("accept", forms)
}

fn content_type(version: Version, manner: Manner) -> &'static str {
    match (version, manner.verbose) {
        (Version::V2 | Version::V3, true) => "application/json;odata=verbose",
        _ => "application/json",
    }
}

#[cfg(test)]
mod tests;
