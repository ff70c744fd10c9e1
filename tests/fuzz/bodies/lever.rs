//! Everything that comes from Lever, at the door where it comes in: a client of Lever's API is given the bytes as one answer,
//! and any other answer is a good one.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use adapter_sdk::Error;
use async_trait::async_trait;
use bytes::Bytes;
use engine::{Cursor, Needs, News, Reading, Source, Sweep, Whom};
use http::{Failure, Method, Request, Response, Transport, Way};
use lever::{Lever, LinkPattern, Own, Settings, webhook};
use people::{Secret, SystemClock};
use tokio::runtime::Builder;

/// The doors. Each is the name of a fuzz target.
pub const DOORS: [&str; 14] = [
    "opportunities",
    "opportunity",
    "contact",
    "archive_reasons",
    "offers",
    "forms",
    "posting",
    "requisition",
    "user",
    "deleted",
    "notes",
    "webhooks",
    "new_webhook",
    "delivery",
];

/// The bytes are understood or refused, and a refusal is short. Says which.
pub fn door(name: &str, data: &[u8]) -> bool {
    if name == "delivery" {
        return delivery(data);
    }
    let transport =
        Arc::new(Pretend { door: name.to_owned(), answer: data.to_vec(), is_given: AtomicBool::new(false) });
    let lever =
        Lever::new(settings(), Way::whole(Arc::<Pretend>::clone(&transport)), Arc::new(SystemClock), 1);
    // Pauses between attempts take no time.
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let outcome = runtime.block_on(ask(&lever, name));
    assert!(transport.is_given.load(Ordering::Relaxed), "{name} was never asked for");
    outcome.unwrap_or_else(|error| {
        assert!(error.chain().len() < 2_000, "a refusal is no copy of what was refused");
        false
    })
}

async fn ask(lever: &Lever, name: &str) -> Result<bool, Error> {
    match name {
        "archive_reasons" => drop(lever.sweep(&Sweep::Full, None).await?),
        "deleted" => drop(lever.deleted(&Cursor("1767225600000".to_owned())).await?),
        "notes" => drop(lever.tell(&news()).await?),
        "webhooks" => drop(lever.webhooks().await?),
        "new_webhook" => {
            let hook = lever.create_webhook("https://hooks.example.com", "candidateHired").await?;
            assert!(!hook.token.reveal().contains(char::is_whitespace), "a token is one line");
        }
        "opportunities" => {
            for sighting in lever.sweep(&Sweep::Full, None).await?.sightings {
                assert!(!sighting.content.reveal().is_empty());
            }
        }
        _ => {
            let readings = lever.read(&[whom()]).await?;
            assert_eq!(readings.len(), 1, "one answer for one question");
            match &readings[0].1 {
                Reading::Unreadable { place } => {
                    assert!(place.len() < 2_000, "a place is no copy of what stands there");
                    return Ok(false);
                }
                Reading::Failed(error) => return Err(error.clone()),
                _ => {}
            }
        }
    }
    Ok(true)
}

fn whom() -> Whom {
    Whom { contact: "c1".parse().expect("an id"), known: vec!["o1".parse().expect("an id")] }
}

fn news() -> News {
    News {
        contact: "c1".parse().expect("an id"),
        hires: BTreeSet::from(["o1".parse().expect("an id")]),
        tag: None,
        link: None,
        note: Some("Record 17".to_owned()),
    }
}

fn settings() -> Settings {
    let base = http::check_base("https://api.lever.co/v1").expect("an address");
    let needs = Needs {
        offers: true,
        postings: true,
        requisitions: true,
        requisition_details: true,
        users: true,
        forms: true,
    };
    let own = Own {
        tags: vec!["in HR".to_owned()],
        links: vec![LinkPattern::new("https://hr.example/{record}")],
        notes: true,
    };
    Settings { needs, own, ..Settings::new(base, Secret::new("key".to_owned())) }
}

/// A Lever that gives the answer at its door once, and refuses it from then on.
#[derive(Debug)]
struct Pretend {
    door: String,
    answer: Vec<u8>,
    is_given: AtomicBool,
}

const REASONS: &str = r#"{"data":[{"id":"hired","type":"hired"},{"id":"other","type":"non-hired"}]}"#;
const HIRE: &str = r#"{"id":"o1","contact":"c1","archived":{"reason":"hired","archivedAt":1},"owner":"u1",
    "applications":[{"posting":"p1","requisitionForHire":{"id":"r1"}}]}"#;
const EMPTY: &str = r#"{"data":[]}"#;

#[async_trait]
impl Transport for Pretend {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let path: Vec<&str> =
            request.url.path_segments().map(|path| path.skip(1).collect()).unwrap_or_default();
        let door = match path[..] {
            ["opportunities", _, "offers"] => "offers",
            ["opportunities", _, "forms"] => "forms",
            ["opportunities", _, "notes"] => "notes",
            ["opportunities", "deleted"] => "deleted",
            ["opportunities", _] => "opportunity",
            ["contacts", _] => "contact",
            ["postings", _] => "posting",
            ["requisitions", _] => "requisition",
            ["users", _] => "user",
            ["webhooks"] if request.method == Method::Post => "new_webhook",
            [list] => list,
            _ => "elsewhere",
        };
        // Whoever is not in a listing is looked for by id.
        let is_listed = !matches!(self.door.as_str(), "opportunity" | "contact");
        let (status, body) = match door {
            _ if request.method == Method::Delete => (204, Bytes::new()),
            _ if door == self.door && !self.is_given.swap(true, Ordering::Relaxed) => {
                (200, Bytes::from(self.answer.clone()))
            }
            _ if door == self.door => (400, Bytes::new()),
            "archive_reasons" => (200, REASONS.into()),
            "opportunities" if is_listed => (200, format!(r#"{{"data":[{HIRE}]}}"#).into()),
            "opportunity" if is_listed => (200, format!(r#"{{"data":{HIRE}}}"#).into()),
            "opportunities" | "offers" | "forms" | "notes" => (200, EMPTY.into()),
            _ => (404, Bytes::new()),
        };
        let date = ("date".to_owned(), "Thu, 01 Jan 2026 01:00:00 GMT".to_owned());
        Ok(Response { status, headers: vec![date], body })
    }
}

/// What Lever sends by itself: the bytes as a whole delivery, and as the data of one whose signature is right.
fn delivery(data: &[u8]) -> bool {
    const KEY: &str = "3f0c9b7e5a1d4c2f8e6b0a9d7c5e3f1a2b4d6f8091a3c5e7";
    const SIGNED: &str = r#""triggeredAt":1767225600123,"token":"9d2e4f6a8b0c1d3e5f7a9b1c3d5e7f90a1b2c3d4e5f60718",
        "signature":"9912a9a740a124ec994ac122ac76c3e603cff601700925520066ed043e71666d""#;
    let keys = [Secret::new("another".to_owned()), Secret::new(KEY.to_owned())];
    let is_let_in = |body: &[u8]| match webhook::read(body, &keys) {
        Ok(delivery) => {
            assert!(delivery.token.len() <= 256 && !delivery.event.kind.word().is_empty());
            true
        }
        Err(_) => false,
    };
    assert!(is_let_in(format!(r#"{{{SIGNED}}}"#).as_bytes()), "the signature is right");
    let text = String::from_utf8_lossy(data);
    let around = format!(r#"{{{SIGNED},"event":"candidateHired","data":{text}}}"#);
    is_let_in(data) | is_let_in(around.as_bytes())
}
