//! A transport that answers as it was told to, and remembers what it was asked. For tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Failure, Method, Request, Response, Transport, Way};
use people::{Clock, Secret, Timestamp};
use tokio::time::Instant;
use url::Url;

use crate::oauth::{ClientAuth, Settings, Tokens};

pub(crate) type Answer = Result<Response, Failure>;

/// How long every answer takes: longer than the pause between two starts, or nobody would see that they never overlap.
pub(crate) const TAKES: Duration = Duration::from_millis(700);

/// Answers in the order in which they were planned: tokens to whoever posts to `/token`, data to everybody else. Tokens that
/// nobody planned are `token-1`, `token-2` and so on, good for an hour.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    data: Mutex<VecDeque<Answer>>,
    tokens: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<(Instant, Request)>>,
    granted: Mutex<usize>,
    in_flight: Mutex<(usize, usize)>,
}

impl Scripted {
    pub(crate) fn new(data: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Scripted::with_tokens([], data)
    }

    pub(crate) fn with_tokens(
        tokens: impl IntoIterator<Item = Answer>,
        data: impl IntoIterator<Item = Answer>,
    ) -> Arc<Self> {
        Arc::new(Scripted {
            data: Mutex::new(data.into_iter().collect()),
            tokens: Mutex::new(tokens.into_iter().collect()),
            ..Scripted::default()
        })
    }

    /// What the data service was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.all().into_iter().map(|(_, request)| request).filter(|request| !is_for_token(request)).collect()
    }

    /// What the token endpoint was asked, in order.
    pub(crate) fn asked_for_tokens(&self) -> Vec<Request> {
        self.all().into_iter().map(|(_, request)| request).filter(is_for_token).collect()
    }

    /// Everything, with its time.
    pub(crate) fn all(&self) -> Vec<(Instant, Request)> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn in_flight_max(&self) -> usize {
        self.in_flight.lock().unwrap().1
    }

    fn answer(&self, request: &Request) -> Answer {
        if !is_for_token(request) {
            let planned = self.data.lock().unwrap().pop_front();
            return planned.unwrap_or_else(|| panic!("nobody planned an answer to {}", request.url));
        }
        let planned = self.tokens.lock().unwrap().pop_front();
        planned.unwrap_or_else(|| {
            let mut granted = self.granted.lock().unwrap();
            *granted += 1;
            ok(format!(r#"{{"access_token":"token-{granted}","token_type":"Bearer","expires_in":3600}}"#))
        })
    }
}

fn is_for_token(request: &Request) -> bool {
    request.url.path().ends_with("/token")
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: Request) -> Answer {
        assert!(matches!(request.method, Method::Get | Method::Post | Method::Patch), "{request:?}");
        self.asked.lock().unwrap().push((Instant::now(), request.clone()));
        {
            let mut in_flight = self.in_flight.lock().unwrap();
            in_flight.0 += 1;
            in_flight.1 = in_flight.1.max(in_flight.0);
        }
        tokio::time::sleep(TAKES).await;
        self.in_flight.lock().unwrap().0 -= 1;
        self.answer(&request)
    }
}

#[derive(Debug)]
pub(crate) struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp_millis(784_111_777_000).unwrap()
    }
}

pub(crate) fn ok(body: impl Into<String>) -> Answer {
    status(200, body)
}

pub(crate) fn status(status: u16, body: impl Into<String>) -> Answer {
    Ok(Response { status, headers: Vec::new(), body: Bytes::from(body.into()) })
}

pub(crate) fn with_header(answer: Answer, name: &str, value: &str) -> Answer {
    let mut response = answer?;
    response.headers.push((name.to_owned(), value.to_owned()));
    Ok(response)
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(crate) fn oauth() -> Settings {
    Settings {
        token_url: url("https://acme.example.com/oauth/token"),
        client_id: "id".to_owned(),
        client_secret: Secret::new("s3cret+ /".to_owned()),
        scope: Some("read write".to_owned()),
        auth: ClientAuth::Basic,
    }
}

pub(crate) fn tokens(settings: Settings, transport: &Arc<Scripted>) -> Tokens {
    Tokens::new(settings, Way::whole(Arc::<Scripted>::clone(transport)), Arc::new(Fixed))
}

/// The header of that name.
pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}
