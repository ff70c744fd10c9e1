//! Who may do what.

use axum::http::Method;

use super::*;

const SERVICE: u32 = 990;

#[test]
fn orders_are_for_root_and_the_service_and_questions_for_whoever_the_mode_lets_in() {
    for (method, path, who_may) in [
        (Method::GET, "/v1/status", [true, true, true]),
        (Method::GET, "/v1/people/c1/explain", [true, true, true]),
        (Method::POST, "/v1/resolve", [true, true, true]),
        (Method::POST, "/v1/plan", [true, true, false]),
        (Method::GET, "/v1/links", [true, true, true]),
        (Method::POST, "/v1/links/import", [true, true, false]),
        (Method::POST, "/v1/links/set", [true, true, false]),
        (Method::POST, "/v1/apply", [true, true, false]),
        (Method::POST, "/v1/sync", [true, true, false]),
        (Method::POST, "/v1/people/c1/retry", [true, true, false]),
        (Method::POST, "/v1/people/c1/forget", [true, true, false]),
        (Method::GET, "/v1/people/c1/report", [true, true, false]),
        (Method::POST, "/v1/targets/roster/pause", [true, true, false]),
        (Method::POST, "/v1/guards/1/approve", [true, true, false]),
        (Method::POST, "/v1/tasks/t/done", [true, true, false]),
        (Method::POST, "/v1/resolve/", [true, true, false]),
        (Method::DELETE, "/v1/status", [true, true, false]),
        (Method::PUT, "/v1/anything/to/come", [true, true, false]),
    ] {
        for (uid, may) in [0, SERVICE, 1000].into_iter().zip(who_may) {
            let need = Need::of(&method, path);
            assert_eq!(need.is_met_by(Peer::of(uid, SERVICE)), may, "{uid} {method} {path}");
        }
    }
}

#[test]
fn whoever_our_user_namespace_does_not_know_gives_no_orders_even_where_the_service_is_nobody() {
    assert_eq!(Peer::of(OVERFLOW_UID, OVERFLOW_UID).role, Role::Reader);
    assert_eq!(Peer::of(0, OVERFLOW_UID).role, Role::Orderer);
    assert_eq!(Peer::of(SERVICE, SERVICE).role, Role::Orderer);
}

#[test]
fn neither_one_user_who_may_only_ask_nor_all_of_them_can_take_every_place() {
    let crowd = Crowd::default();
    let stranger = |nth: u32| Peer::of(SERVICE + 1 + nth, SERVICE);
    let count = |peer: Peer, times: usize| (0..times).filter(|_| crowd.count(peer)).count();
    assert_eq!(count(stranger(0), 20), CONNECTIONS_PER_USER_MAX);
    let all = (1..9).map(|nth| count(stranger(nth), 20)).sum::<usize>();
    assert_eq!(CONNECTIONS_PER_USER_MAX + all, READERS_MAX);
    assert_eq!(count(Peer::of(SERVICE, SERVICE), CONNECTIONS_MAX), CONNECTIONS_MAX);
    drop(Guest { peer: stranger(0), crowd: crowd.clone() });
    assert!(crowd.count(stranger(0)), "a place that was left is free again");
}

/// A daemon's socket with an engine that never runs a cycle.
struct Room {
    dir: tempfile::TempDir,
    asks: mpsc::UnboundedReceiver<Ask>,
    _serving: JoinSet<()>,
}

impl Room {
    fn open() -> Room {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key"), "k3y").unwrap();
        let text = "[lever]\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = { file = \"key\" }\nhired_since = 2026-01-01\n\
            [targets.roster]\nadapter = \"file-export\"\npath = \"roster\"\nperson = { ref = \"contact\" }\n";
        let clock: Arc<dyn Clock> = Arc::new(people::SystemClock);
        let path = dir.path().join("hiresync.toml");
        let config = Config::parse(
            text,
            &path,
            &crate::config::Env::default(),
            &crate::config::Outside::nowhere(Arc::clone(&clock)),
        )
        .unwrap();
        let key = ledger::DigestKey::new(people::Secret::new("k".repeat(32)));
        let store = Arc::new(ledger::MemoryStore::default());
        let ledger = Arc::new(ledger::Ledger::over(store, key, "l", ledger::Origin::Fresh).unwrap());
        let way = crate::wiring::way().unwrap();
        let ground = crate::wiring::Ground { ledger, way, clock: Arc::clone(&clock) };
        let (asks, asked) = mpsc::unbounded_channel();
        let shared = Shared::new(ground.equipped(&config), &config, clock, asks);
        let listener = UnixListener::bind(dir.path().join("s")).unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, shared, std::future::pending()));
        Room { dir, asks: asked, _serving: serving }
    }

    fn client(&self) -> http::Local {
        http::Local::new(&self.dir.path().join("s")).unwrap()
    }
}

fn document(answer: &http::Response) -> serde_json::Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn questions_are_answered_and_errors_are_problem_documents() {
    let room = Room::open();
    let client = room.client();
    let status = client.get("/v1/status").await.unwrap();
    assert_eq!((status.status, document(&status)["targets"]["roster"]["in_scope"].as_u64()), (200, Some(0)));
    assert_eq!(document(&client.get("/v1/people").await.unwrap()), serde_json::json!([]));
    for (path, expected) in [
        ("/v1/people/c1/explain", 404),
        ("/v1/people/a%20b", 400),
        ("/v1/history?since=yesterday", 400),
        ("/v1/history?follow=perhaps", 400),
        ("/v1/people/%FF", 400),
        ("/v1/sync", 405),
        ("/v1/nothing", 404),
    ] {
        let answer = client.get(path).await.unwrap();
        assert_eq!(answer.status, expected, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        assert_eq!(document(&answer)["status"].as_u64(), Some(expected.into()), "{path}");
    }
    let long = format!("{{\"contacts\": [\"{}\"]}}", "c".repeat(70_000));
    assert_eq!(client.post("/v1/sync", long).await.unwrap().status, 413);
    assert_eq!(client.post("/v1/sync", "{\"contact\": 1}").await.unwrap().status, 400);
    assert_eq!(client.post("/v1/guards/7/approve", "").await.unwrap().status, 404);
}

#[tokio::test]
async fn an_order_is_written_down_and_wakes_the_engine() {
    let room = Room::open();
    let answer = room.client().post("/v1/sync", r#"{"contacts": ["c1"]}"#).await.unwrap();
    assert_eq!((answer.status, document(&answer)["marked"].as_u64()), (202, Some(1)));
    let explained = room.client().get("/v1/people/c1/explain").await.unwrap();
    assert_eq!(document(&explained)["marked"].as_bool(), Some(true));
}

#[tokio::test]
async fn tasks_are_listed_without_names_when_lever_cannot_be_asked_for_them() {
    let mut room = Room::open();
    let client = room.client();
    assert_eq!(document(&client.get("/v1/tasks").await.unwrap()), serde_json::json!([]));
    assert_eq!(client.get("/v1/tasks?names=perhaps").await.unwrap().status, 400);
    let answering = async {
        let Some(Ask::Names(who, reply)) = room.asks.recv().await else { panic!("names are asked for") };
        assert!(who.is_empty());
        let away = adapter_sdk::Error::new(adapter_sdk::ErrorKind::Unavailable, "reading people");
        reply.send((Names::new(), Err(away))).unwrap();
    };
    let (answer, ()) = tokio::join!(client.get("/v1/tasks?names=true"), answering);
    let answer = document(&answer.unwrap());
    assert_eq!(answer["tasks"], serde_json::json!([]));
    assert!(answer["names_missing"].as_str().unwrap().starts_with("Lever could not be asked"), "{answer}");
}

#[tokio::test]
async fn a_page_that_lever_adds_nothing_to_is_shown_without_it() {
    let mut room = Room::open();
    let client = room.client();
    client.post("/v1/sync", r#"{"contacts": ["c1"]}"#).await.unwrap();
    let answering = async {
        let Some(Ask::Look(contact, reply)) = room.asks.recv().await else { panic!("Lever is asked") };
        let away = adapter_sdk::Error::new(adapter_sdk::ErrorKind::Unavailable, "reading people");
        assert_eq!(contact.as_str(), "c1");
        assert!(reply.send(Err(away.into())).is_ok());
    };
    let (answer, ()) = tokio::join!(client.get("/v1/people/c1/explain?live=true"), answering);
    let answer = document(&answer.unwrap());
    assert_eq!(answer["marked"].as_bool(), Some(true));
    assert!(answer["live_failed"].as_str().unwrap().starts_with("Lever could not be asked"), "{answer}");
}

#[tokio::test]
async fn what_needs_lever_is_asked_on_the_engines_thread() {
    let mut room = Room::open();
    let client = room.client();
    let answering = async {
        let Some(Ask::Resolve(who, reply)) = room.asks.recv().await else { panic!("somebody is looked up") };
        assert_eq!(who.reveal(), "ada@example.com");
        reply.send(Ok("c9".parse().ok())).unwrap();
    };
    let (answer, ()) = tokio::join!(client.post("/v1/resolve", r#"{"who": "ada@example.com"}"#), answering);
    assert_eq!(document(&answer.unwrap())["contact"].as_str(), Some("c9"));
}
