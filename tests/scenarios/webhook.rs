//! Webhooks: believed for what is signed, never needed, and no way in for anybody else.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{
    Daemon, World,
    lever::{Hire, now_ms},
    wait_until,
    webhook::{Event, Line, TOKEN, post, request, sign},
};

const SOON: Duration = Duration::from_secs(40);
/// A cycle at the start, and then none for as long as a test lasts.
const ONCE_A_YEAR: &str = "0 0 0 1 1 *";
const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;

/// A daemon that did its first cycle and then only does what a webhook says; its world, and two people in the file.
fn listening() -> (World, Daemon, SocketAddr, [Hire; 2]) {
    let world = World::empty().with(|setup| setup.poll = ONCE_A_YEAR).with_webhook(&[TOKEN]);
    let hires = ["Ada Example", "Ben Example"].map(|name| world.lever.hire(name));
    let daemon = world.daemon();
    daemon.wait_for_status("the first cycle ended", SOON, |status| !status["last_good_cycle_at"].is_null());
    let address = daemon.webhook_address();
    (world, daemon, address, hires)
}

/// Insists that nothing was asked, marked or written since there were so many requests.
#[track_caller]
fn assert_untouched(world: &World, daemon: &Daemon, requests: u64) {
    assert_eq!(world.lever.figures().requests, requests, "Lever was asked\n{}", daemon.log());
    assert_eq!(daemon.status()["marked"], 0);
}

#[test]
fn a_hire_is_in_the_file_at_once_although_no_poll_is_due() {
    let (world, mut daemon, ..) = listening();
    world.register_webhooks(&mut daemon, &["candidateHired", "candidateArchiveChange", "contactUpdated"]);
    // The reload brings one poll.
    daemon.wait_for_status("it did", SOON, |status| {
        status["activity"]["doing"] == "idle" && status["cycle"] == 2
    });
    let polled_at = || daemon.status()["source"]["cursor_moved_at"].clone();
    let before = polled_at();

    let mut took = Vec::new();
    for (nth, name) in ["Cleo Example", "Dora Example", "Edda Example"].into_iter().enumerate() {
        let began = Instant::now();
        world.lever.hire(name);
        world.wait_for_roster(name, SOON, |roster| roster.rows.len() == 3 + nth);
        took.push(began.elapsed());
    }
    assert_eq!(polled_at(), before, "nobody asked Lever who changed");

    println!("from the hire in Lever to the row in the file: {took:?}");
    assert!(took.iter().max() < Some(&Duration::from_secs(10)), "{took:?}");
    let contact = world.lever.account().hired()[0].contact.clone();
    world.lever.act(|lever, now| lever.rename(now, &contact, "Ada Newname"));
    world.wait_for_roster("a change of somebody known", SOON, |roster| {
        roster.rows.iter().any(|row| row["last_name"] == "Newname")
    });
    world.assert_exact();
    assert_eq!(polled_at(), before);
    daemon.post("/v1/sync", "").expect(202);
    daemon.wait_for_status("a poll shows", SOON, |status| status["source"]["cursor_moved_at"] != before);
    let webhook = daemon.webhook();
    assert_eq!((&webhook["forged"], &webhook["failed"]), (&0.into(), &0.into()), "{webhook:#}");
    assert!(webhook["genuine"].as_u64() >= Some(7), "{webhook:#}");
    world.ask(&["status"]).expect(0).says(&["Webhook  127.0.0.1:", "genuine", "last one signed by Lever"]);
}

#[test]
fn w1_a_delivery_that_no_token_of_ours_signed_is_refused_and_touches_nothing() {
    let (world, daemon, address, [ada, _]) = listening();
    let requests = world.lever.figures().requests;
    let event = Event::hired(&ada, "t-1");
    let genuine = event.signed_by(TOKEN);
    let signature = sign(TOKEN, &event.token, event.at);
    let without = |key: &str| {
        let mut body: Value = serde_json::from_str(&genuine).unwrap();
        body.as_object_mut().unwrap().remove(key).unwrap();
        body.to_string()
    };
    let forgeries = [
        event.signed_by("another-token"),
        event.signed_by(""),
        event.with_signature(&json!("")),
        event.with_signature(&json!("x".repeat(64))),
        event.with_signature(&json!(signature[..62])),
        event.with_signature(&json!(format!("{signature}00"))),
        event.with_signature(&json!(signature.replace(|digit: char| digit.is_ascii_digit(), "é"))),
        event.with_signature(&Value::Null),
        event.with_signature(&json!({ "a": signature })),
        event.with_signature(&json!([signature])),
        event.clone().at(event.at + 1).with_signature(&json!(signature)),
        Event { token: "t-2".to_owned(), ..event.clone() }.with_signature(&json!(signature)),
        // What the signature is made of can be split in another place: 1 + 23 is 12 + 3.
        without("signature"),
        without("token"),
        without("triggeredAt"),
        genuine.replace(&event.at.to_string(), &format!("\"{}\"", event.at)),
        genuine.replace(&event.at.to_string(), &format!("{}.0", event.at)),
        genuine.replace(&event.at.to_string(), "99999999999999999999"),
        String::new(),
        "{}".to_owned(),
        "null".to_owned(),
        genuine[..genuine.len() - 1].to_owned(),
        "\u{0}".repeat(1000),
    ];
    let mut line = Line::to(address);
    for body in &forgeries {
        assert_eq!(line.post(body).unwrap(), (401, String::new()), "{body}");
    }

    assert_untouched(&world, &daemon, requests);
    let webhook = daemon.webhook();
    assert_eq!(webhook["forged"], forgeries.len(), "{webhook:#}");
    assert_eq!((&webhook["genuine"], &webhook["last_genuine_at"]), (&0.into(), &Value::Null));
    let lines: Vec<String> =
        daemon.log().lines().filter(|line| line.contains("no token of ours")).map(str::to_owned).collect();
    assert_eq!(lines.len(), 1, "one line a minute at most: {lines:?}");
    assert_eq!(post(address, &genuine), 200, "the genuine one is still taken");
}

#[test]
pub(super) fn w2_a_replay_with_another_body_reads_nobody_and_the_same_contact_is_read_once_a_minute() {
    let (world, daemon, address, [ada, ben]) = listening();
    let event = Event::hired(&ada, "t-1");
    let before = world.lever.figures().requests;
    assert_eq!(post(address, &event.signed_by(TOKEN)), 200);
    daemon.wait_for_status("it was read", SOON, |status| status["marked"] == 0 && status["cycle"] == 2);
    let requests = world.lever.figures().requests;
    println!("one genuine delivery: {} requests", requests - before);

    let mut line = Line::to(address);
    for nth in 0..2_000 {
        let data = match nth % 3 {
            0 => json!({ "contactId": ben.contact.as_str() }),
            1 => json!({ "contactId": format!("c-{nth}"), "opportunityId": format!("o-{nth}") }),
            _ => json!({ "opportunityId": ben.opportunity.as_str() }),
        };
        let kind = ["candidateHired", "candidateDeleted", "contactUpdated"][nth % 3];
        assert_eq!(line.post(&event.clone().with(kind, data).signed_by(TOKEN)).unwrap().0, 200);
    }
    assert_untouched(&world, &daemon, requests);
    assert_eq!(daemon.webhook()["replayed"], 2_000);

    // Genuine ones about somebody who was just read are marked, and wait.
    for nth in 0..50 {
        assert_eq!(line.post(&Event::hired(&ada, &format!("more-{nth}")).signed_by(TOKEN)).unwrap().0, 200);
    }
    assert_eq!(world.lever.figures().requests, requests, "read once a minute at most");
    assert_eq!(daemon.status()["marked"], 1, "and nothing is lost");
    assert_eq!(daemon.webhook()["genuine"], 51);
}

#[test]
fn w3_what_is_too_old_or_of_the_future_by_levers_clock_is_acknowledged_and_dropped() {
    let (world, daemon, address, [ada, _]) = listening();
    let (requests, now) = (world.lever.figures().requests, now_ms());
    let times = [
        now - 25 * HOUR,
        now - 24 * HOUR - MINUTE,
        now + 6 * MINUTE,
        now + 48 * HOUR,
        0,
        253_402_300_799_000,
    ];
    for (nth, at) in times.into_iter().enumerate() {
        let event = Event::hired(&ada, &format!("t-{nth}")).at(at);
        assert_eq!(post(address, &event.signed_by(TOKEN)), 200, "{at}");
    }
    assert_untouched(&world, &daemon, requests);
    assert_eq!(daemon.webhook()["stale"], times.len());
    for (nth, at) in [now - 23 * HOUR, now + 4 * MINUTE].into_iter().enumerate() {
        let event = Event::hired(&ada, &format!("in-time-{nth}")).at(at);
        assert_eq!(post(address, &event.signed_by(TOKEN)), 200, "{at}");
    }
    assert_eq!(daemon.webhook()["genuine"], 2);
}

#[test]
fn w3_a_delivery_is_as_old_as_levers_clock_says_where_ours_is_wrong() {
    let world = World::empty().with(|setup| setup.poll = ONCE_A_YEAR).with_webhook(&[TOKEN]);
    world.lever.plan_faults("skew=48h");
    let ada = world.lever.hire("Ada Example");
    let daemon = world.daemon();
    daemon.wait_for_status("the first cycle ended", SOON, |status| !status["last_good_cycle_at"].is_null());
    let address = daemon.webhook_address();

    let event = Event::hired(&ada, "t-1").at(now_ms() + 48 * HOUR);
    assert_eq!(post(address, &event.signed_by(TOKEN)), 200);

    let webhook = daemon.webhook();
    assert_eq!((&webhook["genuine"], &webhook["stale"]), (&1.into(), &0.into()), "{webhook:#}");
    assert_eq!(post(address, &Event::hired(&ada, "t-2").signed_by(TOKEN)), 200);
    assert_eq!(daemon.webhook()["stale"], 1, "two days old, by Lever's clock");
}

#[test]
fn w4_what_is_too_long_too_slow_compressed_deep_or_doubled_is_refused_and_holds_nothing_up() {
    let (world, daemon, address, [ada, _]) = listening();
    let requests = world.lever.figures().requests;
    let head = |more: &str| format!("POST /lever HTTP/1.1\r\nHost: hiresync\r\n{more}\r\n");

    let mut line = Line::to(address);
    line.send(head("Content-Length: 65537\r\n").as_bytes()).unwrap();
    assert_eq!(line.answer().unwrap(), (413, String::new()), "refused before a byte of it is read");
    assert_eq!(line.rest(), b"", "and the connection ends");

    let mut line = Line::to(address);
    line.send(head("Transfer-Encoding: chunked\r\n").as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    let sent = (0..100_000).take_while(|_| line.send(chunk.as_bytes()).is_ok()).count();
    println!("chunks of 4 KiB that an endless body could send: {sent}");
    assert!(sent < 10_000, "somebody went on reading");

    for (more, status) in
        [("Content-Encoding: gzip\r\nContent-Length: 9\r\n", 415), ("Content-Encoding: br\r\n", 415)]
    {
        let mut line = Line::to(address);
        line.send(head(more).as_bytes()).unwrap();
        assert_eq!(line.answer().unwrap().0, status);
    }
    for (first, status) in [("GET /lever", 405), ("POST /", 404), ("POST /v1/status", 404), ("BREW\r\n", 400)]
    {
        let mut line = Line::to(address);
        line.send(format!("{first} HTTP/1.1\r\nHost: hiresync\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(line.answer().unwrap().0, status, "{first}");
    }

    let event = Event::hired(&ada, "t-1");
    let genuine = event.signed_by(TOKEN);
    let deep = |data: &str| genuine.replacen("\"data\":{", &format!("\"data\":{data},\"more\":{{"), 1);
    let nested = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let twice = genuine.replacen('{', &format!("{{\"token\":\"{}\",", event.token), 1);
    for body in [deep(&nested), deep(&"{\"a\":".repeat(10_000)), twice] {
        assert!(body.len() < 65_536);
        assert_eq!(post(address, &body), 401);
    }

    let began = Instant::now();
    let slow: Vec<thread::JoinHandle<Duration>> = (0..40)
        .map(|nth| {
            let part = if nth % 2 == 0 { "POST /lever HTTP/1.1\r\nHost: h" } else { "" };
            let bytes = if nth % 2 == 0 { part.to_owned() } else { head("Content-Length: 1000\r\n") };
            thread::spawn(move || {
                let mut line = Line::to(address);
                line.send(bytes.as_bytes()).unwrap();
                line.rest();
                began.elapsed()
            })
        })
        .collect();
    assert_eq!(post(address, &genuine), 200, "while forty others are slow");
    let longest = slow.into_iter().map(|slow| slow.join().unwrap()).max().unwrap();
    println!("a request that never ends is cut off after {longest:?}");
    assert!(longest < Duration::from_secs(8), "{longest:?}");

    daemon.wait_for_status("the genuine one was read", SOON, |status| status["cycle"] == 2);
    assert!(world.lever.figures().requests > requests);
    assert_eq!(daemon.webhook()["genuine"], 1, "{:#}", daemon.webhook());
}

#[test]
fn w5_a_flood_of_forged_and_replayed_deliveries_gets_nothing_and_holds_no_poll_up() {
    const FLOOD: u64 = 100_000;
    const TASKS: u64 = 4;
    const AT_LONGEST: Duration = Duration::from_secs(60);
    let world = World::empty().with_webhook(&[TOKEN]);
    let ada = world.lever.hire("Ada Example");
    let daemon = world.daemon();
    world.wait_for_roster("Ada", SOON, |roster| roster.rows.len() == 1);
    let address = daemon.webhook_address();
    let captured = Event::hired(&ada, "captured");
    assert_eq!(post(address, &captured.signed_by(TOKEN)), 200);
    // What any load brings with it is there before it is measured.
    flood(address, &captured, 2_000, 0, AT_LONGEST);
    let (resident, cycle) = (daemon.resident_kib(), daemon.status()["cycle"].as_u64().unwrap());

    let began = Instant::now();
    let answers = thread::scope(|scope| {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let captured = &captured;
                scope.spawn(move || flood(address, captured, FLOOD / TASKS, task + 1, AT_LONGEST))
            })
            .collect();
        tasks.into_iter().fold([0; 3], |mut sum, task| {
            sum.iter_mut().zip(task.join().unwrap()).for_each(|(sum, one)| *sum += one);
            sum
        })
    });
    let took = began.elapsed();
    let status = daemon.status();
    let cycles = status["cycle"].as_u64().unwrap() - cycle;

    let [forged, replayed, other] = answers;
    let resident_after = wait_for_memory(&daemon, resident);
    println!(
        "{FLOOD} deliveries in {took:?}: {forged} refused, {replayed} dropped, {other} other answers; {cycles} polls; resident \
         {resident} KiB before, {resident_after} KiB after"
    );
    assert_eq!(
        (forged + replayed, other),
        (FLOOD, 0),
        "the flood did not come to its end within {AT_LONGEST:?}"
    );
    let webhook = &status["webhook"];
    assert_eq!(
        (&webhook["genuine"], &webhook["failed"]),
        (&1.into(), &0.into()),
        "none is accepted: {webhook:#}"
    );
    assert_eq!(world.roster().rows.len(), 1);
    assert!(cycles + 3 >= took.as_secs(), "{cycles} polls in {took:?}");
    assert!(resident_after < resident + 8 * 1024, "{resident} KiB before, {resident_after} KiB after");
}

/// Posts so many on one connection after the other: half of them forged, half replays of `captured` with another body. How many
/// were refused, dropped, and answered otherwise.
fn flood(address: SocketAddr, captured: &Event, count: u64, seed: u64, at_longest: Duration) -> [u64; 3] {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let signature = json!(sign(TOKEN, &captured.token, captured.at));
    let (mut answers, began) = ([0; 3], Instant::now());
    let mut line = Line::to(address);
    for _ in 0..count {
        if began.elapsed() > at_longest {
            break;
        }
        let (contact, wrong) = (format!("c-{}", dice.random_range(0..5_000)), dice.random_bool(0.5));
        let mut event = captured.clone().with("candidateHired", json!({ "contactId": contact }));
        let body = if wrong {
            let mut bytes = [0; 32];
            dice.fill_bytes(&mut bytes);
            event.token = format!("t-{}", dice.random_range(0..u64::MAX));
            event.with_signature(&json!(hex::encode(bytes)))
        } else {
            event.with_signature(&signature)
        };
        let answer = line.post(&body).or_else(|_| {
            // A connection does not live for ever.
            line = Line::to(address);
            line.post(&body)
        });
        match (answer.map(|(status, _)| status), wrong) {
            (Ok(401), true) => answers[0] += 1,
            (Ok(200), false) => answers[1] += 1,
            _ => answers[2] += 1,
        }
    }
    answers
}

/// The resident memory once it is back where it was, or at last.
fn wait_for_memory(daemon: &Daemon, before: u64) -> u64 {
    let back = crate::harness::wait::within(Duration::from_secs(5), || {
        Some(daemon.resident_kib()).filter(|now| *now < before + 1024)
    });
    back.unwrap_or_else(|| daemon.resident_kib())
}

#[test]
fn w6_webhooks_that_are_lost_doubled_late_and_out_of_order_change_nothing_of_the_outcome() {
    let mut files = Vec::new();
    for seed in [None, Some(1), Some(2)] {
        let world = World::empty().with_webhook(&[TOKEN]);
        let daemon = world.daemon();
        let address = daemon.webhook_address();
        let mut carrier =
            seed.map(|seed| Carrier { address, dice: ChaCha8Rng::seed_from_u64(seed), kept: Vec::new() });
        let hires: Vec<Hire> = (0..12)
            .map(|nth| {
                let hire = world.lever.hire(&format!("Person{nth} Example"));
                told(&mut carrier, &Event::hired(&hire, &format!("hired-{nth}")));
                hire
            })
            .collect();
        for (nth, hire) in hires.iter().enumerate() {
            let again = (nth % 4 == 0).then(|| world.lever.hire_again(&hire.contact));
            world
                .lever
                .act(|lever, now| lever.rename(now, &hire.contact, &format!("Person{nth} Newname{nth}")));
            let renamed = json!({ "contactId": hire.contact.as_str() });
            told(
                &mut carrier,
                &Event::hired(hire, &format!("renamed-{nth}")).with("contactUpdated", renamed),
            );
            if let Some(again) = again {
                told(&mut carrier, &Event::hired(&again, &format!("again-{nth}")));
            }
        }
        if let Some(carrier) = &mut carrier {
            carrier.bring_the_rest();
        }
        world.wait_for_roster("everybody", SOON, |_| world.compare().is_exact());
        daemon.terminate().expect(0);
        world.once(&[]);
        world.assert_exact();
        let mut rows = world.roster().rows;
        rows.sort();
        files.push(rows);
    }
    assert_eq!(files[0].len(), 15);
    assert_eq!(files[0], files[1]);
    assert_eq!(files[0], files[2]);
}

/// Carries deliveries badly.
struct Carrier {
    address: SocketAddr,
    dice: ChaCha8Rng,
    /// To be brought late.
    kept: Vec<String>,
}

fn told(carrier: &mut Option<Carrier>, event: &Event) {
    let Some(Carrier { address, dice, kept }) = carrier else { return };
    let body = event.signed_by(TOKEN);
    match dice.random_range(0..4) {
        0 => {}
        1 => kept.push(body),
        2 => assert_eq!(post(*address, &body), 200),
        _ => {
            kept.push(body.clone());
            assert_eq!((post(*address, &body), post(*address, &body)), (200, 200));
        }
    }
}

impl Carrier {
    fn bring_the_rest(&mut self) {
        self.kept.shuffle(&mut self.dice);
        for body in self.kept.drain(..) {
            assert_eq!(post(self.address, &body), 200);
        }
    }
}

#[test]
fn w7_while_a_token_is_replaced_both_count_and_after_a_reload_the_old_one_does_not() {
    const NEXT: &str = "aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd";
    let (world, mut daemon, address, [ada, _]) = listening();
    let number = AtomicU64::new(0);
    let taken = |key| {
        let token = format!("t-{}", number.fetch_add(1, Ordering::Relaxed));
        post(address, &Event::hired(&ada, &token).signed_by(key))
    };
    assert_eq!((taken(TOKEN), taken(NEXT)), (200, 401));

    world.write_tokens(&[TOKEN, "", NEXT]);
    daemon.reload();
    assert_eq!((taken(TOKEN), taken(NEXT)), (200, 200));

    world.write_tokens(&[NEXT]);
    daemon.reload();
    assert_eq!((taken(TOKEN), taken(NEXT)), (401, 200));
    assert_eq!(daemon.webhook_address(), address);
}

#[test]
fn a_port_moves_at_a_reload_and_one_that_cannot_be_opened_leaves_the_old_one_open() {
    let (world, mut daemon, old, [ada, _]) = listening();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    world.write_config(&world.webhook_config(&taken.local_addr().unwrap().to_string()));
    daemon.reload();
    daemon.wait_for_log(&["cannot open the port for webhooks", "the old one stays"], SOON);
    assert_eq!(post(old, &Event::hired(&ada, "t-1").signed_by(TOKEN)), 200);
    assert_eq!(daemon.webhook_address(), old);

    let new = taken.local_addr().unwrap();
    drop(taken);
    daemon.reload();
    assert_eq!(daemon.webhook_address(), new);
    assert_eq!(post(new, &Event::hired(&ada, "t-2").signed_by(TOKEN)), 200);
    wait_until("the old port is closed", SOON, || TcpStream::connect(old).is_err().then_some(()));

    world.write_config(&world.config_text());
    daemon.reload();
    assert_eq!(daemon.webhook(), Value::Null);
    wait_until("nothing listens any more", SOON, || TcpStream::connect(new).is_err().then_some(()));
}

#[test]
fn a_daemon_whose_port_is_taken_does_not_start_and_says_why() {
    let world = World::empty();
    world.write_tokens(&[TOKEN]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    world.write_config(&world.webhook_config(&taken.local_addr().unwrap().to_string()));

    let config = world.config();
    let ended = world.run(&["run", "--config", config.to_str().unwrap()]).expect(75);

    ended.says(&["cannot open the port for webhooks", "[webhook] listen"]);
    assert_eq!(world.lever.figures().requests, 0);
    assert!(!world.socket().exists());
}

#[test]
fn it_stops_at_once_however_many_connections_wait_for_webhooks() {
    let (_world, daemon, address, [ada, _]) = listening();
    let mut lines: Vec<Line> = (0..20).map(|_| Line::to(address)).collect();
    for (nth, line) in lines.iter_mut().enumerate() {
        match nth % 2 {
            0 => line.send(b"POST /lever HTTP/1.1\r\n").unwrap(),
            _ => assert_eq!(
                line.post(&Event::hired(&ada, &format!("t-{nth}")).signed_by(TOKEN)).unwrap().0,
                200
            ),
        }
    }
    daemon.signal(Signal::TERM);
    let ended = daemon.terminate().expect(0);
    println!("SIGTERM with 20 connections: {:?}", ended.took);
    assert!(ended.took < Duration::from_secs(3), "{ended}");
}

#[test]
fn a_hire_that_only_its_opportunity_names_is_looked_up_in_lever_and_sent_again_where_that_fails() {
    let (mut world, daemon, address, _) = listening();
    let cleo = world.lever.hire("Cleo Example");
    let data = json!({ "opportunityId": cleo.opportunity.as_str() });
    let event = Event::hired(&cleo, "t-1").with("candidateHired", data);
    world.lever.go_away();
    assert_eq!(post(address, &event.signed_by(TOKEN)), 503, "Lever cannot be asked");
    world.lever.come_back();
    assert_eq!(post(address, &event.signed_by(TOKEN)), 503, "it was just asked for");
    assert_eq!(daemon.webhook()["failed"], 2);

    let dora = world.lever.hire("Dora Example");
    let data = json!({ "opportunityId": dora.opportunity.as_str(), "candidateId": "c-x" });
    assert_eq!(post(address, &Event::hired(&dora, "t-2").with("candidateHired", data).signed_by(TOKEN)), 200);
    world.wait_for_roster("Dora", SOON, |roster| roster.rows_of(&dora.opportunity).len() == 1);
}

#[test]
pub(super) fn what_asks_nothing_of_us_is_acknowledged_and_nobody_in_the_pipeline_is_read() {
    let (world, daemon, address, [ada, _]) = listening();
    let requests = world.lever.figures().requests;
    let stranger =
        world.lever.act(|lever, _| Ok(lever.add_contact(sandbox::NewContact::named("Eve Example"))));
    let stranger = json!({ "contactId": stranger.as_str(), "toArchived": null });
    for (nth, (kind, data)) in [
        ("candidateHired", json!({})),
        ("candidateHired", json!({ "contactId": "ada@example.com" })),
        ("candidateStageChange", json!({ "contactId": ada.contact.as_str() })),
        ("interviewCreated", json!({ "opportunityId": ada.opportunity.as_str() })),
        ("somethingNew", json!({ "contactId": ada.contact.as_str() })),
        ("contactUpdated", stranger.clone()),
        ("contactCreated", stranger.clone()),
        ("applicationCreated", stranger.clone()),
        ("candidateDeleted", stranger.clone()),
        ("candidateArchiveChange", stranger),
        ("contactUpdated", json!([])),
    ]
    .into_iter()
    .enumerate()
    {
        let body = Event::hired(&ada, &format!("t-{nth}")).with(kind, data).signed_by(TOKEN);
        assert_eq!(post(address, &body), 200, "{body}");
    }
    assert_untouched(&world, &daemon, requests);
    assert_eq!(daemon.webhook()["ignored"], 11);
    assert!(!daemon.log().contains("ada@example.com"));
}

#[test]
fn the_request_that_lever_makes_is_taken_in_pieces_and_one_after_the_other() {
    let (_world, daemon, address, [ada, ben]) = listening();
    let mut line = Line::to(address);
    for (nth, hire) in [&ada, &ben, &ada].into_iter().enumerate() {
        let request = request(&Event::hired(hire, &format!("t-{nth}")).signed_by(TOKEN));
        for piece in request.as_bytes().chunks(50) {
            line.send(piece).unwrap();
        }
        assert_eq!(line.answer().unwrap(), (200, String::new()));
    }
    assert_eq!(daemon.webhook()["genuine"], 3);
}
