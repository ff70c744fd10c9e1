//! The daemon's socket from outside: what the document promises, what Prometheus is told, who follows, and ten thousand who mean harm.

use std::{
    collections::BTreeSet,
    fs::{self, File, Permissions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use rustix::{process::Uid, thread::set_thread_res_uid};
use serde_json::{Map, Value};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::Instant,
};

use crate::harness::{Daemon, World, host::left_out, number, program::command, socket, wait_until};

const SOON: Duration = Duration::from_secs(60);
/// A cycle at the start, and then none for as long as a test lasts.
const ONCE_A_YEAR: &str = "0 0 0 1 1 *";

/// A daemon that did its first cycle and now does nothing; two people are in the file.
fn idle() -> (World, Daemon) {
    let world = World::empty().with(|setup| setup.poll = ONCE_A_YEAR);
    world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    let daemon = world.daemon();
    daemon.wait_for_status("the first cycle ended", SOON, |status| !status["last_good_cycle_at"].is_null());
    (world, daemon)
}

// ---- the document ----

/// What stands for a name in braces.
fn filled(path: &str, contact: &str) -> String {
    [("{contact}", contact), ("{what}", contact), ("{cycle}", "7"), ("{target}", "roster"), ("{id}", "none")]
        .iter()
        .fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
}

/// The schema of an answer, with the document around it so that references lead somewhere.
fn validator(document: &Value, operation: &Value, status: u16, content_type: &str) -> jsonschema::Validator {
    let of = content_type.split(';').next().unwrap_or_default();
    let contents = &operation["responses"][status.to_string()]["content"];
    let found = contents.as_object().into_iter().flatten().find(|(name, _)| name.starts_with(of));
    let (_, content) =
        found.unwrap_or_else(|| panic!("{status} with {content_type} is not in {operation:#}"));
    let mut schema: Map<String, Value> = content["schema"].as_object().unwrap().clone();
    schema.insert("components".to_owned(), document["components"].clone());
    jsonschema::validator_for(&Value::Object(schema)).unwrap()
}

#[test]
fn every_answer_of_a_running_daemon_is_as_the_document_says() {
    let (world, daemon) = idle();
    let contact = world.lever.account().hired()[0].contact.to_string();
    let document = daemon.get("/v1/openapi.json").expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut checked = 0;
    let mut check = |operation: &Value, what: &str, answer: socket::Answer| {
        let content_type = answer
            .head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-type: ").map(str::to_owned))
            .unwrap_or_else(|| panic!("{what} says not what it is: {}", answer.head));
        let validator = validator(&document, operation, answer.status, &content_type);
        let documents = match content_type.as_str() {
            "application/x-ndjson" => {
                answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
            }
            text if text.starts_with("text/") => vec![Value::String(answer.text())],
            _ => vec![answer.json()],
        };
        for document in documents {
            let faults: Vec<String> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{what} {}\n{faults:#?}\n{document:#}", answer.status);
            checked += 1;
        }
    };
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            // To forget is tried last: it leaves nothing to ask for.
            if path.ends_with("/forget") {
                continue;
            }
            for who in [contact.as_str(), "nobody-we-know", "%20"] {
                let filled = filled(path, who);
                let answer = match method.as_str() {
                    "get" => daemon.get(&filled),
                    _ => daemon.post(&filled, ""),
                };
                check(operation, &format!("{method} {filled}"), answer);
            }
        }
    }
    for (path, body) in [
        ("/v1/links/find", "{}"),
        ("/v1/links/backfill", "{}"),
        ("/v1/sync", "{\"contacts\": 1}"),
        ("/v1/plan", &format!("{{\"contacts\": [\"{contact}\"]}}")),
        ("/v1/resolve", "{\"who\": \"ada@example.com\"}"),
        ("/v1/resolve", &format!("{{\"who\": \"{}\"}}", "a".repeat(5_000))),
    ] {
        let template = if path.starts_with("/v1/links/") { "/v1/links/{what}" } else { path };
        check(&paths[template]["post"], path, daemon.post(path, body));
    }
    check(
        &paths["/v1/people/{contact}/forget"]["post"],
        "forget",
        daemon.post(&format!("/v1/people/{contact}/forget"), ""),
    );
    println!("{checked} documents of {} paths are as the document says", paths.len());
    assert!(checked > 60, "{checked}");
}

// ---- figures ----

/// Names of families, and names with all their suffixes.
fn families(page: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let typed = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let samples =
        page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next());
    (typed.map(str::to_owned).collect(), samples.map(str::to_owned).collect())
}

#[test]
fn prometheus_is_told_the_same_on_the_socket_and_on_the_port_and_a_reload_closes_the_port() {
    let world = World::empty().with(|setup| setup.poll = ONCE_A_YEAR);
    world.lever.hire("Ada Example");
    let without = world.config_text();
    world.write_config(&format!("{without}\n[metrics]\nlisten = \"127.0.0.1:0\"\n"));
    let mut daemon = world.daemon();
    daemon.wait_for_status("the first cycle ended", SOON, |status| !status["last_good_cycle_at"].is_null());
    let contact = world.lever.account().hired()[0].contact.to_string();

    let page = daemon.get("/metrics").expect(200);
    assert!(page.head.contains("text/plain; version=0.0.4"), "{}", page.head);
    let page = page.text();
    for line in [
        "hiresync_healthy 1",
        "hiresync_cycles_total{outcome=\"good\"} 1",
        "hiresync_target_in_scope_people{target=\"roster\"} 1",
        "hiresync_target_people{target=\"roster\",state=\"agreed\"} 1",
        "hiresync_deliveries_total{target=\"roster\",result=\"created\"} 1",
        "hiresync_guard_held_people 0",
    ] {
        assert!(page.lines().any(|found| found == line), "nowhere {line}\n{page}");
    }
    for secret in [contact.as_str(), "Ada", "Example"] {
        assert!(!page.contains(secret), "{secret} is told\n{page}");
    }

    let log = daemon.log();
    let (_, port) = log.split_once("figures for Prometheus are on ").expect("the port is said");
    let port = port.split(|c: char| !c.is_ascii_digit() && !".:".contains(c)).next().unwrap();
    let asked = |request: &str| {
        let mut stream = std::net::TcpStream::connect(port)?;
        stream.set_read_timeout(Some(SOON))?;
        stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    };
    let over_tcp = asked("GET /metrics").unwrap();
    assert!(over_tcp.starts_with("HTTP/1.1 200"), "{over_tcp}");
    assert_eq!(families(over_tcp.split_once("\r\n\r\n").unwrap().1), families(&page));
    for (request, status) in
        [("HEAD /metrics", "200"), ("POST /metrics", "405"), ("GET /v1/status", "404"), ("GET /", "404")]
    {
        assert!(asked(request).unwrap().starts_with(&format!("HTTP/1.1 {status}")), "{request}");
    }

    world.write_config(&without);
    daemon.signal(rustix::process::Signal::HUP);
    daemon.wait_for_log(&["a new configuration is in force"], SOON);
    wait_until("the port is closed", SOON, || asked("GET /metrics").is_err().then_some(()));
}

#[test]
fn every_figure_that_an_alert_rule_names_is_told() {
    const RULES: &str = include_str!("../../systemd/prometheus/hiresync.rules.yml");
    let (_world, daemon) = idle();
    let (told, _) = families(&daemon.get("/metrics").expect(200).text());
    let expressions = RULES.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let words = expressions.flat_map(|expr| expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("hiresync_")).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(told.contains(name), "{name} is asked for, and nobody tells it; told are {told:#?}");
    }
}

// ---- followers ----

/// Reads the history as it grows, line by line, as `curl -N` does.
struct Following(BufReader<UnixStream>);

impl Following {
    fn begin(socket: &Path, query: &str) -> Following {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        write!(stream, "GET /v1/history?follow=true{query} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        Following(BufReader::new(stream))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    fn status(&mut self) -> String {
        self.line().unwrap_or_default()
    }

    /// The next event; `None` once the answer ended as it should.
    fn event(&mut self) -> Option<Value> {
        loop {
            let line = self.line()?;
            if line == "0" {
                return None;
            }
            if line.starts_with('{') {
                return Some(serde_json::from_str(&line).unwrap());
            }
        }
    }
}

#[test]
fn whoever_follows_reads_what_was_and_then_what_happens_until_the_daemon_stops() {
    let (world, daemon) = idle();
    let was = daemon.get("/v1/history").expect(200).text().lines().count();
    let mut following = Following::begin(&world.socket(), "");
    assert_eq!(following.status(), "HTTP/1.1 200 OK");
    for _ in 0..was {
        following.event().expect("what was");
    }

    world.lever.hire("Eve Example");
    daemon.post("/v1/sync", "").expect(202);
    let happened: Vec<Value> = (0..2).map(|_| following.event().expect("what happens")).collect();
    assert!(happened.iter().all(|event| event["contact"] == happened[0]["contact"]), "{happened:#?}");
    let all: Vec<Value> = daemon
        .get("/v1/history")
        .expect(200)
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(all[was..was + 2], happened[..]);

    daemon.terminate().expect(0);
    while following.event().is_some() {}
}

#[test]
fn at_most_eight_follow_and_whoever_goes_makes_room() {
    let (world, daemon) = idle();
    let mut all: Vec<Following> =
        (0..8).map(|_| Following::begin(&world.socket(), "&contact=nobody")).collect();
    for following in &mut all {
        assert_eq!(following.status(), "HTTP/1.1 200 OK");
    }
    let mut ninth = Following::begin(&world.socket(), "");
    assert_eq!(ninth.status(), "HTTP/1.1 503 Service Unavailable");
    assert_eq!(daemon.status()["ok"], true, "questions have places of their own");
    all.pop();
    wait_until("the place is free again", SOON, || {
        (Following::begin(&world.socket(), "").status() == "HTTP/1.1 200 OK").then_some(())
    });
}

/// A client that goes on; what it says goes to a file.
struct Going(Child, PathBuf);

impl Going {
    fn start(world: &World, args: &[&str]) -> Going {
        let socket = world.socket();
        let path = world.said().with_extension("out");
        let mut client: Command = command(&[args, &["--socket", socket.to_str().unwrap()]].concat());
        let client = client.stdout(File::create(&path).unwrap()).stderr(Stdio::null()).spawn().unwrap();
        Going(client, path)
    }

    fn wait_for(&self, what: &str) -> String {
        wait_until(what, SOON, || {
            Some(fs::read_to_string(&self.1).unwrap()).filter(|said| said.contains(what))
        })
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_command_line_follows_the_history_and_watches_the_status() {
    let (world, daemon) = idle();
    let watching = Going::start(&world, &["status", "--watch"]);
    let mut following = Going::start(&world, &["history", "--follow"]);
    watching.wait_for("All right: 2 in scope, 2 agreed");
    following.wait_for("created over there");

    daemon.post("/v1/targets/roster/pause", "").expect(200);
    let said = watching.wait_for("Paused (roster)");
    assert_eq!(said.lines().count(), 2, "one line for each change\n{said}");
    daemon.post("/v1/targets/roster/resume", "").expect(200);
    world.lever.hire("Eve Example");
    daemon.post("/v1/sync", "").expect(202);
    watching.wait_for("3 in scope, 3 agreed");
    wait_until("the third is told of", SOON, || {
        let said = fs::read_to_string(&following.1).unwrap();
        (said.matches("created over there").count() == 3).then_some(())
    });

    daemon.terminate().expect(0);
    let ended = wait_until("the follower ends", SOON, || following.0.try_wait().unwrap());
    assert_eq!(ended.code(), Some(0));
}

// ---- harm ----

/// What a hostile client does on its connection.
#[derive(Debug, Clone, Copy)]
enum Harm {
    /// Half a head, and then nothing.
    HalfOpen,
    /// A whole head, and a body that never comes.
    NoBody,
    /// A head of 64 KiB.
    Oversized,
    /// A head of 5 KiB: within a buffer, beyond what is allowed.
    LittleTooLong,
    /// A body of a megabyte where a few bytes are asked for.
    LongBody,
    /// Bytes that are no HTTP.
    Garbage,
    /// A hundred requests at once, and no answer is read.
    Pipelined,
    /// Gone as soon as it is there.
    Vanishes,
    /// An order of whoever may not give any.
    Orders,
    /// Follows, and never reads.
    Follows,
    /// Half of its connection is closed before it asks.
    HalfClosed,
}

const HARMS: [Harm; 11] = [
    Harm::HalfOpen,
    Harm::NoBody,
    Harm::Oversized,
    Harm::LittleTooLong,
    Harm::LongBody,
    Harm::Garbage,
    Harm::Pipelined,
    Harm::Vanishes,
    Harm::Orders,
    Harm::Follows,
    Harm::HalfClosed,
];

impl Harm {
    fn bytes(self) -> Vec<u8> {
        let head = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: x\r\n{more}\r\n").into_bytes();
        match self {
            Harm::HalfOpen => b"GET /v1/status HTTP/1.1\r\nHost: ".to_vec(),
            Harm::NoBody => head("POST /v1/resolve", "Content-Length: 1000\r\n"),
            Harm::Oversized => head("GET /v1/status", &format!("X: {}\r\n", "x".repeat(64 << 10))),
            Harm::LittleTooLong => head("GET /v1/status", &format!("X: {}\r\n", "x".repeat(5 << 10))),
            Harm::LongBody => {
                [head("POST /v1/resolve", "Content-Length: 1000000\r\n"), vec![b'x'; 1_000_000]].concat()
            }
            Harm::Garbage => {
                (0..4_096_u32).map(|nth| (nth.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
            }
            Harm::Pipelined => head("GET /v1/people", "").repeat(100),
            Harm::Vanishes | Harm::HalfClosed => Vec::new(),
            Harm::Orders => head("POST /v1/sync", "Content-Length: 0\r\n"),
            Harm::Follows => head("GET /v1/history?follow=true", ""),
        }
    }

    /// Does it, and stays until the daemon has enough of it. What the daemon said first.
    async fn do_to(self, socket: &Path) -> Option<String> {
        let mut stream = tokio::net::UnixStream::connect(socket).await.ok()?;
        if matches!(self, Harm::HalfClosed) {
            stream.shutdown().await.ok()?;
        }
        // The daemon may close in the middle of it.
        let _ = stream.write_all(&self.bytes()).await;
        if matches!(self, Harm::Vanishes | Harm::Pipelined | Harm::Follows) {
            return None;
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Some(String::from_utf8_lossy(&answer).into_owned()).filter(|answer| !answer.is_empty())
    }
}

/// How a storm went.
#[derive(Debug, Default)]
struct Storm {
    done: AtomicUsize,
    answered: AtomicUsize,
    forbidden: AtomicUsize,
    is_over: AtomicBool,
}

impl Storm {
    /// So many, so many at once, all of a user who may only ask: by the kernel's word, since this thread is that user.
    fn rage(&self, socket: &Path, clients: usize, at_once: usize) -> Result<(), String> {
        let nobody = Uid::from_raw(65_534);
        set_thread_res_uid(nobody, nobody, nobody)
            .map_err(|error| format!("only root can become nobody: {error}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let all = (0..clients).map(|nth| {
                let harm = HARMS[nth % HARMS.len()];
                async move {
                    let said = harm.do_to(socket).await;
                    self.done.fetch_add(1, Ordering::Relaxed);
                    if let Some(said) = said {
                        self.answered.fetch_add(1, Ordering::Relaxed);
                        assert!(!said.starts_with("HTTP/1.1 2"), "{harm:?} is answered {said}");
                        let is_order = matches!(harm, Harm::Orders);
                        assert_eq!(said.starts_with("HTTP/1.1 403"), is_order, "{harm:?} is answered {said}");
                        self.forbidden.fetch_add(usize::from(is_order), Ordering::Relaxed);
                    }
                }
            });
            futures::stream::iter(all).buffer_unordered(at_once).collect::<Vec<()>>().await;
        });
        Ok(())
    }
}

/// Open descriptors, and resident memory in KiB.
fn weight(daemon: &Daemon) -> (usize, u64) {
    let pid = daemon.pid();
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    (descriptors, resident.split_whitespace().next().unwrap().parse().unwrap())
}

/// What an honest client met meanwhile.
#[derive(Debug, Default)]
struct Honest {
    latencies: Vec<Duration>,
    /// Ends of cycles, as the status told them.
    cycles: BTreeSet<DateTime<Utc>>,
}

impl Honest {
    /// Asks one question after the other for as long as `goes_on`.
    fn ask(daemon: &Daemon, goes_on: impl Fn() -> bool) -> Honest {
        let mut met = Honest::default();
        while goes_on() {
            let began = Instant::now();
            let status = daemon.get("/v1/status").expect(200).json();
            met.latencies.push(began.elapsed());
            met.cycles.extend(
                status["last_good_cycle_at"].as_str().and_then(|at| at.parse::<DateTime<Utc>>().ok()),
            );
        }
        met.latencies.sort();
        met
    }

    fn percentile(&self, of_hundred: usize) -> Duration {
        self.latencies[(self.latencies.len() - 1) * of_hundred / 100]
    }

    /// How much later than a second after the one before the latest cycle ended.
    fn latest(&self) -> TimeDelta {
        let cycles: Vec<_> = self.cycles.iter().collect();
        let gaps = cycles.windows(2).map(|two| *two[1] - *two[0] - TimeDelta::seconds(1));
        gaps.max().unwrap_or_default()
    }
}

#[test]
fn a_storm_of_hostile_clients_holds_up_neither_an_honest_one_nor_a_cycle() {
    let clients = number("HIRESYNC_SOCKET_CLIENTS").unwrap_or(1_000) as usize;
    let at_once = clients.div_ceil(5).min(1_000);
    let world = World::empty();
    (0..20).for_each(|nth| drop(world.lever.hire(&format!("Person{nth} Example"))));
    let daemon = world.daemon();
    daemon.wait_for_status("the first cycle ended", SOON, |status| !status["last_good_cycle_at"].is_null());
    for (path, mode) in [(world.dir().to_owned(), 0o755), (world.path("run"), 0o755), (world.socket(), 0o666)]
    {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let calm = {
        let asked = AtomicUsize::new(0);
        Honest::ask(&daemon, || asked.fetch_add(1, Ordering::Relaxed) < 200)
    };
    let (descriptors, resident) = weight(&daemon);

    let (storm, socket) = (Storm::default(), world.socket());
    let began = Instant::now();
    let (met, raged) = thread::scope(|scope| {
        let raging = scope.spawn(|| {
            let raged = storm.rage(&socket, clients, at_once);
            storm.is_over.store(true, Ordering::Release);
            raged
        });
        let met = Honest::ask(&daemon, || !storm.is_over.load(Ordering::Acquire) && !raging.is_finished());
        (met, raging.join().expect("the storm is answered as it should be"))
    });
    let took = began.elapsed();
    if let Err(why) = raged {
        return left_out("hostile clients of another user", &why);
    }

    assert_eq!(storm.done.load(Ordering::Relaxed), clients);
    let (_, after) = wait_until("descriptors are as they were", SOON, || {
        Some(weight(&daemon)).filter(|(now, _)| *now <= descriptors)
    });
    println!(
        "storm: {clients} hostile clients, {at_once} at once, {took:?}; {} were answered ({} forbidden), the others closed",
        storm.answered.load(Ordering::Relaxed),
        storm.forbidden.load(Ordering::Relaxed)
    );
    println!(
        "status: {} honest calls, all answered; p50 {:?}, p99 {:?}, longest {:?} (in calm p50 {:?}, p99 {:?})",
        met.latencies.len(),
        met.percentile(50),
        met.percentile(99),
        met.percentile(100),
        calm.percentile(50),
        calm.percentile(99)
    );
    println!(
        "cycles: {} seen, the latest {} ms late (in calm {} ms); descriptors {descriptors}, resident {resident} KiB and {after} KiB after",
        met.cycles.len(),
        met.latest().num_milliseconds(),
        calm.latest().num_milliseconds()
    );
    assert!(storm.forbidden.load(Ordering::Relaxed) > 0, "some orders were refused in words");
    assert!(after < resident + (24 << 10), "{resident} KiB before, {after} KiB after");
    let seen = daemon.status()["cycle"].as_u64();
    daemon.wait_for_status("cycles go on", SOON, |status| status["cycle"].as_u64() > seen);
    world.assert_exact();
}
