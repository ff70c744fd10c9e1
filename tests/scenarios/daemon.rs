//! The daemon as a process: alone on its state, stopped, killed, asked, ordered.

use std::{fs, os::unix::fs::PermissionsExt, process::Command, time::Duration};

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{
    World,
    host::{as_nobody, left_out},
    program::{PROGRAM, run},
    socket,
};

const SOON: Duration = Duration::from_secs(40);
/// A cycle at the start, and then none for as long as a test lasts.
const ONCE_A_YEAR: &str = "0 0 0 1 1 *";

/// A daemon that did its first cycle and now does nothing; and its world, with two people in the file.
fn idle() -> (World, crate::harness::Daemon) {
    let world = World::empty().with(|setup| setup.poll = ONCE_A_YEAR);
    world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    let daemon = world.daemon();
    daemon.wait_for_status("the first cycle ended", SOON, |status| !status["last_good_cycle_at"].is_null());
    (world, daemon)
}

#[test]
pub(super) fn a_second_daemon_on_the_same_state_is_refused_at_once_and_asks_nobody() {
    let (world, first) = idle();
    let requests = world.lever.figures().requests;
    let elsewhere = world.path("second.toml");
    fs::write(&elsewhere, world.config_text().replace("run/hiresync.sock", "run/second.sock")).unwrap();

    for options in [&[][..], &["--once"]] {
        let args = [&["run", "--config", elsewhere.to_str().unwrap()], options].concat();
        let ended = world.run(&args).expect(75);
        println!("a second daemon {options:?} is refused after {:?}", ended.took);
        assert!(ended.took < Duration::from_secs(2), "{ended}");
        ended.says(&[world.setup.state.to_str().unwrap()]);
    }

    assert_eq!(world.lever.figures().requests, requests);
    assert!(!world.path("run/second.sock").exists());
    assert_eq!(first.status()["ok"], true);
    first.terminate().expect(0);
}

#[test]
fn a_daemon_whose_socket_another_one_answers_on_is_refused() {
    let (world, first) = idle();
    let elsewhere = world.path("second.toml");
    fs::write(&elsewhere, world.config_text().replace("/state\"", "/state-2\"")).unwrap();

    let ended = world.run(&["run", "--config", elsewhere.to_str().unwrap()]).expect(75);

    ended.says(&["another daemon answers on"]);
    assert_eq!(first.status()["ok"], true);
}

#[test]
fn what_a_killed_daemon_leaves_behind_keeps_no_other_from_starting() {
    let (world, daemon) = idle();
    daemon.kill();
    assert!(world.socket().exists(), "the socket is stale");

    let daemon = world.daemon();

    assert_eq!(daemon.status()["recovery"], Value::Null);
    daemon.terminate().expect(0);
    assert!(!world.socket().exists(), "an orderly end takes the socket away");
}

#[test]
fn it_stops_within_five_seconds_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let (world, mut daemon) = idle();
        let began = tokio::time::Instant::now();
        daemon.signal(signal);
        let status = crate::harness::wait_until("the daemon ends", SOON, || daemon.ended());
        println!("{signal:?} while idle: {:?}", began.elapsed());
        assert_eq!(status.code(), Some(0), "{}", world.everything_said());
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn it_stops_in_the_middle_of_a_backfill_and_goes_on_where_it_was() {
    // So slow that it still reads when a busy machine gets round to asking.
    let world = World::empty().with(|setup| setup.requests_per_second = 1);
    (0..30).for_each(|nth| drop(world.lever.hire(&format!("Person{nth} Example"))));
    let daemon = world.daemon();
    daemon.wait_for_status("it reads", SOON, |status| status["activity"]["doing"] == "reading");

    let ended = daemon.terminate().expect(0);
    println!("SIGTERM in the middle of a backfill: {:?}", ended.took);
    assert!(ended.took <= Duration::from_secs(5), "{ended}");

    let world = world.with(|setup| setup.requests_per_second = 10);
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
pub(super) fn the_socket_answers_every_question_and_takes_every_order() {
    let (world, daemon) = idle();
    let ada = world.lever.account().hired()[0].clone();
    let contact = ada.contact.as_str();

    let status = daemon.get("/v1/status").expect(200).json();
    let target = &status["targets"]["roster"];
    assert_eq!(
        (&target["in_scope"], &target["agreed"], &target["unexplained"]),
        (&2.into(), &2.into(), &0.into()),
        "{status:#}"
    );
    assert_eq!(daemon.get("/v1/people").expect(200).json().as_array().unwrap().len(), 2);
    assert_eq!(daemon.get(&format!("/v1/people/{contact}")).expect(200).json()[0]["state"], "agreed");
    let explanation = daemon.get(&format!("/v1/people/{contact}/explain")).expect(200).json();
    assert_eq!(explanation["targets"][0]["target"], "roster", "{explanation:#}");
    let history = daemon.get("/v1/history").expect(200).text();
    assert!(history.lines().count() >= 2 && history.contains(contact), "{history}");
    assert_eq!(daemon.get("/v1/health").expect(200).json()["healthy"], true);
    for list in ["/v1/tasks", "/v1/parked", "/v1/guards"] {
        assert_eq!(daemon.get(list).expect(200).text(), "[]", "{list}");
    }
    for (path, problem) in [("/v1/people/nobody-at-all", 404), ("/nothing", 404), ("/v1/sync", 405)] {
        let answer = daemon.get(path).expect(problem);
        assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
        assert_eq!(answer.json()["status"], problem);
    }

    daemon.post("/v1/targets/roster/pause", "").expect(200);
    assert_eq!(daemon.status()["targets"]["roster"]["paused"], true);
    world.lever.hire("Cleo Example");
    daemon.post("/v1/sync", "").expect(202);
    daemon.wait_for_status("Cleo waits", SOON, |status| status["targets"]["roster"]["waiting"] == 1);
    assert_eq!(world.roster().rows.len(), 2, "nothing is sent to a paused target");
    daemon.post("/v1/targets/roster/resume", "").expect(200);
    world.wait_for_roster("Cleo", SOON, |roster| roster.rows.len() == 3);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Newname"));
    daemon.post(&format!("/v1/people/{contact}/sync"), "").expect(202);
    world
        .wait_for_roster("the rename", SOON, |roster| roster.row(&ada.opportunity)["last_name"] == "Newname");
    daemon.post(&format!("/v1/people/{contact}/retry"), "").expect(202);
    daemon.post("/v1/people/nobody-at-all/retry", "").expect(404);
    daemon.post("/v1/guards/77/approve", "").expect(404);
    daemon.post("/v1/sync", &"x".repeat(70_000)).expect(413);
    world.assert_exact();
}

#[test]
fn the_command_line_asks_and_orders_and_says_it_for_people_and_for_programs() {
    let (world, daemon) = idle();
    let ada = world.lever.account().hired()[0].clone();
    let contact = ada.contact.as_str();

    world.ask(&["status"]).expect(0).says(&["All right", "2 in scope"]);
    assert_eq!(world.ask(&["status", "--json"]).expect(0).json()["ok"], true);
    world.ask(&["people"]).expect(0).says(&[contact, "agreed"]);
    for who in [contact, ada.opportunity.as_str(), "ada@example.com"] {
        world.ask(&["explain", who]).expect(0).says(&[contact]);
    }
    world.ask(&["explain", "nobody@example.com"]).expect(65);
    world.ask(&["history"]).expect(0).says(&[contact]);
    world.ask(&["history", contact, "--json"]).expect(0).json();
    for question in ["tasks", "parked", "guards"] {
        assert_eq!(world.ask(&[question, "--json"]).expect(0).json(), Value::Array(vec![]));
        world.ask(&[question]).expect(0);
    }
    world.ask(&["pause", "roster"]).expect(0);
    world.ask(&["status"]).expect(0).says(&["Paused"]);
    world.ask(&["resume"]).expect(0);
    world.lever.hire("Cleo Example");
    world.ask(&["sync"]).expect(0);
    world.wait_for_roster("Cleo", SOON, |roster| roster.rows.len() == 3);
    world.ask(&["sync", contact]).expect(0);
    world.ask(&["retry", contact]).expect(0);
    world.ask(&["approve", "77"]).expect(65);

    let plan = world.run(&["plan", "--config", world.config().to_str().unwrap(), "--json"]).expect(0);
    assert!(plan.json()["changes"].is_array(), "beside a running daemon it asks the daemon: {plan}");
    daemon.terminate().expect(0);
    world.ask(&["status"]).expect(69).says(&["no daemon answers on"]);
}

#[test]
fn a_task_is_closed_by_order() {
    let (world, daemon) = idle();
    let ada = world.lever.account().hired()[0].clone();
    world.lever.act(|lever, now| lever.unarchive(now, &ada.opportunity));
    daemon.post("/v1/sync", "").expect(202);
    daemon.wait_for_status("a task was raised", SOON, |status| status["tasks_open"] == 1);
    let tasks = world.ask(&["tasks", "--json"]).expect(0).json();
    let id = tasks[0]["id"].as_str().unwrap();

    world.ask(&["tasks", "done", id]).expect(0);

    assert_eq!(daemon.status()["tasks_open"], 0);
    world.ask(&["tasks", "done", id]).expect(65);
}

#[test]
fn a_task_shows_a_name_only_when_it_is_asked_for_and_lever_can_be_asked() {
    let (mut world, daemon) = idle();
    let ada = world.lever.account().hired()[0].clone();
    world.lever.act(|lever, now| lever.unarchive(now, &ada.opportunity));
    daemon.post("/v1/sync", "").expect(202);
    daemon.wait_for_status("a task was raised", SOON, |status| status["tasks_open"] == 1);

    let named = world.ask(&["tasks", "--names"]).expect(0);
    assert!(named.stdout.contains(&ada.name) && named.stdout.contains(ada.contact.as_str()), "{named}");
    let plain = world.ask(&["tasks"]).expect(0);
    assert!(!plain.stdout.contains(&ada.name) && plain.stdout.contains(ada.contact.as_str()), "{plain}");

    world.lever.go_away();
    let named = world.ask(&["tasks", "--names", "--json"]).expect(0).json();
    assert_eq!(named["tasks"][0]["contact"], ada.contact.as_str());
    assert!(named["names_missing"].as_str().unwrap().contains("Lever could not be asked"), "{named}");
    world.ask(&["tasks", "--names"]).expect(0).says(&[ada.contact.as_str(), "Names are missing"]);
}

#[test]
fn a_foreign_user_may_ask_when_let_in_but_never_order() {
    let nobody = |args: &[&str]| -> Result<Command, String> {
        let mut command = as_nobody(PROGRAM)?;
        command.args(args);
        Ok(command)
    };
    if let Err(why) = nobody(&[]) {
        return left_out("orders of a foreign user", &why);
    }
    let (world, daemon) = idle();
    for folder in [world.dir(), world.socket().parent().unwrap()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = world.socket();
    let ask = |words: &[&str]| {
        run(nobody(&[words, &["--socket", path.to_str().unwrap()]].concat()).unwrap(), &world.said())
    };
    ask(&["status"]).expect(77).says(&["you may not use"]);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    ask(&["status"]).expect(0).says(&["All right"]);
    let requests = world.lever.figures().requests;
    let contact = world.lever.account().hired()[0].contact.as_str().to_owned();
    for order in [
        &["sync"][..],
        &["sync", &contact],
        &["retry", &contact],
        &["pause", "roster"],
        &["resume", "roster"],
        &["approve", "1"],
        &["tasks", "done", "x"],
    ] {
        ask(order).expect(77).says(&["root"]);
    }

    assert_eq!(daemon.status()["targets"]["roster"]["paused"], false);
    assert_eq!(world.lever.figures().requests, requests, "a refused order asks nobody");
    let owner = socket::post(&path, "/v1/sync", "").unwrap();
    assert_eq!(owner.status, 202);
}
