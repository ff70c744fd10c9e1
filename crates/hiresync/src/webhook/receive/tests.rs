use lever::webhook::Event;
use people::{Clock, SystemClock};
use tokio::{sync::mpsc, task::JoinSet, time::advance};

use super::*;
use crate::{
    config::{Config, Env},
    wiring::{self, Ground},
};

const DAY: TimeDelta = TimeDelta::hours(24);

/// A receiver around an engine that never runs a cycle, and the other end of what the engine's thread is asked.
struct Desk {
    receiver: Arc<Receiver>,
    asked: mpsc::UnboundedReceiver<Ask>,
    _dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key"), "k3y").unwrap();
        let text = "[lever]\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key = { file = \"key\" }\nhired_since = 2026-01-01\n\
            [targets.roster]\nadapter = \"file-export\"\npath = \"roster\"\nperson = { ref = \"contact\" }\n";
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let config = Config::parse(
            text,
            &dir.path().join("hiresync.toml"),
            &Env::default(),
            &crate::config::Outside::nowhere(Arc::clone(&clock)),
        )
        .unwrap();
        let key = ledger::DigestKey::new(people::Secret::new("k".repeat(32)));
        let store = Arc::new(ledger::MemoryStore::default());
        let ledger = Arc::new(ledger::Ledger::over(store, key, "l", ledger::Origin::Fresh).unwrap());
        let ground = Ground { ledger, way: wiring::way().unwrap(), clock: Arc::clone(&clock) };
        let (asks, asked) = mpsc::unbounded_channel();
        let shared = Shared::new(ground.equipped(&config), &config, clock, asks);
        Desk { receiver: Arc::new(Receiver::new(shared)), asked, _dir: dir }
    }

    /// A delivery that was found genuine.
    async fn process(&self, token: &str, kind: Kind, contact: Option<&str>) -> Came {
        let event = Event {
            kind,
            contact: contact.and_then(|contact| contact.parse().ok()),
            opportunity: "o1".parse().ok(),
            archived_for: Some("r1".to_owned()),
        };
        let triggered_at = self.receiver.shared.clock.now();
        self.receiver.process(Delivery { token: token.to_owned(), triggered_at, event }, DAY).await
    }

    fn is_marked(&self, contact: &str) -> bool {
        self.receiver.shared.engine().ledger().mark_of(&contact.parse().unwrap()).unwrap().is_some()
    }

    fn was_woken(&self) -> bool {
        self.receiver.shared.take_ordered().work
    }
}

#[tokio::test]
async fn what_is_taken_is_marked_the_engine_woken_and_the_token_spent() {
    let desk = Desk::new();
    assert_eq!(desk.process("t1", Kind::CandidateHired, Some("c1")).await, Came::Taken);
    assert!(desk.is_marked("c1") && desk.was_woken());
    assert_eq!(desk.process("t1", Kind::CandidateHired, Some("c2")).await, Came::Replayed);
    assert!(!desk.is_marked("c2") && !desk.was_woken());
    assert_eq!(desk.process("t2", Kind::ContactUpdated, Some("c2")).await, Came::Ignored);
    assert_eq!(
        desk.process("t2", Kind::CandidateHired, Some("c2")).await,
        Came::Replayed,
        "it asked nothing, and is spent"
    );
    assert!(!desk.is_marked("c2"));
}

#[tokio::test]
async fn somebody_archived_for_a_reason_that_is_not_known_yet_is_looked_at_as_if_hired() {
    let desk = Desk::new();
    for (token, kind) in [("t1", Kind::CandidateArchiveChange), ("t2", Kind::CandidateHired)] {
        assert_eq!(desk.process(token, kind, Some("c1")).await, Came::Taken);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_was_just_woken_for_is_marked_at_once_and_woken_for_within_a_minute() {
    let desk = Desk::new();
    let mut tasks = JoinSet::new();
    let receiver = Arc::clone(&desk.receiver);
    tasks.spawn(async move { receiver.wake_later().await });
    desk.process("t1", Kind::CandidateHired, Some("c1")).await;
    assert!(desk.was_woken());
    for token in ["t2", "t3", "t4"] {
        assert_eq!(desk.process(token, Kind::CandidateHired, Some("c1")).await, Came::Taken);
    }
    assert!(desk.is_marked("c1") && !desk.was_woken());
    sleep(AT_MOST_EVERY + Duration::from_secs(1)).await;
    assert!(desk.was_woken());
}

#[tokio::test(start_paused = true)]
async fn a_hire_whose_contact_lever_does_not_say_in_time_is_sent_again_and_asked_for_once_a_minute() {
    let mut desk = Desk::new();
    let began = Instant::now();
    assert_eq!(desk.process("t1", Kind::CandidateHired, None).await, Came::Failed);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(matches!(desk.asked.try_recv(), Ok(Ask::Resolve(who, _)) if who.reveal() == "o1"));
    assert_eq!(desk.process("t1", Kind::CandidateHired, None).await, Came::Failed);
    assert!(desk.asked.try_recv().is_err(), "it was just asked for");
    advance(AT_MOST_EVERY).await;

    let Desk { receiver, mut asked, _dir } = desk;
    let mut thread = JoinSet::new();
    thread.spawn(async move {
        let Some(Ask::Resolve(_, reply)) = asked.recv().await else { panic!("Lever is not asked") };
        reply.send(Ok("c1".parse().ok())).unwrap();
    });
    let (_, asked) = mpsc::unbounded_channel();
    let desk = Desk { receiver, asked, _dir };
    assert_eq!(desk.process("t1", Kind::CandidateHired, None).await, Came::Taken);
    assert!(desk.is_marked("c1") && desk.was_woken());
}

#[tokio::test]
async fn the_same_token_twice_at_once_is_taken_once() {
    let desk = Desk::new();
    let both = tokio::join!(
        desk.process("t1", Kind::CandidateHired, Some("c1")),
        desk.process("t1", Kind::CandidateHired, Some("c2")),
    );
    assert_eq!(both, (Came::Taken, Came::Failed), "Lever sends the second again, and then it is a replay");
    assert!(desk.is_marked("c1") && !desk.is_marked("c2"));
}
