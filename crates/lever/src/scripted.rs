//! A transport that answers as it was told to, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use engine::Needs;
use http::{Failure, Method, Request, Response, Transport, Way};
use people::{Clock, Secret, Timestamp};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::{Lever, Settings};

/// 6 November 1994, 08:49:37 UTC: what the `date` header of every answer says unless it says something else.
pub(crate) const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
pub(crate) const DATE_MS: i64 = 784_111_777_000;

pub(crate) type Answer = Result<Response, Failure>;

/// One hired reason and one other, as the list of all types gives them.
const BOTH_REASONS: &str = r#"{"data":[{"id":"hired","type":"hired"},{"id":"other","type":"non-hired"}]}"#;

/// Routes are beginnings of targets, like `/opportunities?archived=true`; the longest that fits answers. Its answers are
/// given in order, and the last one over and over. A request that is no GET has its method before it: `POST /webhooks`.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    routes: Mutex<Vec<(String, VecDeque<Answer>)>>,
    asked: Mutex<Vec<(Instant, String)>>,
    in_flight: Mutex<(usize, usize)>,
    written: Mutex<Vec<(String, Value)>>,
}

impl Scripted {
    /// With one hired reason, `hired`, and one other, `other`.
    pub(crate) fn new() -> Self {
        Scripted::default()
            .on("/archive_reasons?limit=100", [ok(BOTH_REASONS)])
            .on("/archive_reasons?type=hired", [ok(r#"{"data":{"id":"hired","type":"hired"}}"#)])
            .on("/archive_reasons?type=non-hired", [ok(r#"{"data":[{"id":"other","type":"non-hired"}]}"#)])
    }

    pub(crate) fn on(self, target: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut routes = self.routes.lock().unwrap();
        routes.retain(|(known, _)| known != target);
        routes.push((target.to_owned(), answers.into_iter().collect()));
        drop(routes);
        self
    }

    /// What was asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(_, target)| target.clone()).collect()
    }

    pub(crate) fn asked_at(&self) -> Vec<Instant> {
        self.asked.lock().unwrap().iter().map(|(at, _)| *at).collect()
    }

    /// What was asked for that begins like this.
    pub(crate) fn asked_like(&self, beginning: &str) -> Vec<String> {
        self.asked().into_iter().filter(|target| target.starts_with(beginning)).collect()
    }

    /// What was sent to change something, in order, with its body.
    pub(crate) fn written(&self) -> Vec<(String, Value)> {
        self.written.lock().unwrap().clone()
    }

    pub(crate) fn in_flight_max(&self) -> usize {
        self.in_flight.lock().unwrap().1
    }

    fn answer(&self, target: &str) -> Answer {
        let mut routes = self.routes.lock().unwrap();
        let fitting = routes.iter_mut().filter(|(route, _)| target.starts_with(route.as_str()));
        let (_, answers) = fitting
            .max_by_key(|(route, _)| route.len())
            .unwrap_or_else(|| panic!("nobody planned an answer to {target}"));
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: Request) -> Answer {
        assert!(request.headers.contains(&("authorization", "Basic a2V5Og==".to_owned())));
        assert!(request.url.as_str().len() < 8000);
        let target = request.url.as_str().strip_prefix("https://api.lever.co/v1").expect("the base");
        let target = match request.method {
            Method::Get => target.to_owned(),
            method => format!("{} {target}", method.as_str()),
        };
        if request.method != Method::Get {
            let body = if request.body.is_empty() {
                Value::Null
            } else {
                assert!(request.headers.contains(&("content-type", "application/json".to_owned())));
                serde_json::from_slice(&request.body).expect("JSON")
            };
            self.written.lock().unwrap().push((target.clone(), body));
        }
        self.asked.lock().unwrap().push((Instant::now(), target.clone()));
        {
            let mut in_flight = self.in_flight.lock().unwrap();
            in_flight.0 += 1;
            in_flight.1 = in_flight.1.max(in_flight.0);
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
        self.in_flight.lock().unwrap().0 -= 1;
        self.answer(&target)
    }
}

#[derive(Debug)]
struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

pub(crate) fn ok(body: impl Into<String>) -> Answer {
    status(200, body)
}

pub(crate) fn status(status: u16, body: impl Into<String>) -> Answer {
    let headers = vec![("date".to_owned(), DATE.to_owned())];
    Ok(Response { status, headers, body: Bytes::from(body.into()) })
}

pub(crate) fn with_header(answer: Answer, name: &str, value: &str) -> Answer {
    let mut response = answer?;
    response.headers.retain(|(key, _)| key != name);
    response.headers.push((name.to_owned(), value.to_owned()));
    Ok(response)
}

pub(crate) fn without_header(answer: Answer, name: &str) -> Answer {
    let mut response = answer?;
    response.headers.retain(|(key, _)| key != name);
    Ok(response)
}

/// A list of these records, which is all there is.
pub(crate) fn page(records: &[String]) -> Answer {
    ok(format!(r#"{{"data":[{}],"hasNext":false}}"#, records.join(",")))
}

/// A list of these records, and more behind `next`.
pub(crate) fn page_then(records: &[String], next: &str) -> Answer {
    ok(format!(r#"{{"data":[{}],"hasNext":true,"next":{}}}"#, records.join(","), serde_json::json!(next)))
}

/// An opportunity of `contact`, with `more` keys.
pub(crate) fn opportunity(id: &str, contact: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"id":"{id}","contact":"{contact}"{comma}{more}}}"#)
}

/// Hired at the moment 1000.
pub(crate) const HIRED: &str = r#""archived":{"reason":"hired","archivedAt":1000}"#;

pub(crate) fn settings() -> Settings {
    let base = http::check_base("https://api.lever.co/v1/").expect("a good base");
    Settings::new(base, Secret::new("key\n".to_owned()))
}

pub(crate) const ALL: Needs = Needs {
    offers: true,
    postings: true,
    requisitions: true,
    requisition_details: true,
    users: true,
    forms: true,
};

pub(crate) fn lever(scripted: Scripted) -> (Lever, Arc<Scripted>) {
    lever_with(Settings { needs: ALL, ..settings() }, scripted)
}

pub(crate) fn lever_with(settings: Settings, scripted: Scripted) -> (Lever, Arc<Scripted>) {
    let scripted = Arc::new(scripted);
    let clock = Fixed(Timestamp::from_timestamp_millis(DATE_MS).unwrap());
    let way = Way::whole(Arc::<Scripted>::clone(&scripted));
    assert!(Url::parse(settings.base_url.as_str()).is_ok());
    (Lever::new(settings, way, Arc::new(clock), 7), scripted)
}
