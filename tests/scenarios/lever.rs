//! Lever at its worst: refusing, lying, silent, gone.

use std::time::Duration;

use crate::harness::{World, number, wait_until};

const SOON: Duration = Duration::from_secs(40);
/// How long the storm of 503 lasts here; a soak lets the real minute pass.
const STORM_SECONDS: u64 = 8;

/// Two people in the file; a third hired and the first renamed, but not yet delivered.
fn world_with_work_to_do() -> World {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    world.once(&[]).expect(0);
    world.lever.hire("Cleo Example");
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Newname"));
    world
}

#[test]
fn a_503_storm_passes_and_then_everybody_arrives() {
    let seconds = number("HIRESYNC_STORM_SECONDS").unwrap_or(STORM_SECONDS);
    let world = World::empty().with(|setup| setup.poll = "*/2 * * * * *");
    world.lever.hire("Ada Example");
    let mut daemon = world.daemon();
    world.wait_for_roster("the first row", SOON, |roster| roster.rows.len() == 1);
    let before = (world.roster_identity(), world.lever.figures().requests);

    world.lever.plan_faults(&format!("503~{seconds}s"));
    world.lever.hire("Ben Example");
    let storm = Duration::from_secs(seconds);
    let is_stormy = || world.lever.figures().by_status.contains_key(&503);
    wait_until("the storm begins", SOON, || is_stormy().then_some(()));
    super::all_along(storm.mul_f64(0.9), || {
        assert_eq!(world.roster_identity(), before.0, "nothing is written while nothing can be read");
    });
    let requests_in_storm = world.lever.figures().requests - before.1;
    let began = tokio::time::Instant::now();
    world.wait_for_roster("Ben arrives", storm + Duration::from_secs(90), |roster| roster.rows.len() == 2);

    println!(
        "503 storm of {seconds} s: {requests_in_storm} requests in it, Ben arrived {:?} after its end",
        began.elapsed()
    );
    assert!(requests_in_storm <= 10 + seconds * 2, "{requests_in_storm} requests in a storm of {seconds} s");
    assert!(daemon.ended().is_none(), "the daemon outlives it");
    world.assert_exact();
    daemon.terminate().expect(0);
}

#[test]
fn a_spoilt_answer_is_a_failed_page_and_never_an_empty_one() {
    let world = world_with_work_to_do();
    for fault in ["html", "half", "cut", "lost", "empty", "nonext", "429", "huge=70"] {
        for place in ["", "@/opportunities", "@/archive_reasons", "@/opportunities/:id/offers"] {
            if place == "@/archive_reasons" && fault == "empty" {
                continue;
            }
            world.lever.plan_faults(&format!("{fault}{place}"));
        }
        world.lever.hire(&format!("Dora {fault}"));
        let rows = world.roster().rows.len();

        let ended = world.once(&[]);
        assert!(matches!(ended.code, Some(0 | 1 | 69)), "{fault}: {ended}");
        assert!(world.roster().rows.len() >= rows, "{fault} took rows away: {}", world.roster());

        world.lever.mend();
        world.once(&["--full"]).expect(0);
        world.assert_exact();
    }
}

#[test]
fn html_for_every_page_is_an_outage_that_is_named_and_touches_nothing() {
    let world = world_with_work_to_do();
    let before = world.roster_identity();
    world.lever.plan_faults("html%100");

    let ended = world.once(&[]).expect(69);

    ended.says(&["Lever could not be read", "What to do:"]);
    assert_eq!(world.roster_identity(), before);
    world.lever.mend();
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
fn a_wrong_key_ends_a_single_run_and_names_the_setting() {
    let world = world_with_work_to_do();
    let (before, refused) = (world.roster_identity(), 401);
    world.write_key("not-the-key");

    let ended = world.once(&[]).expect(69);

    ended.says(&["[lever] api_key"]);
    assert!(!format!("{ended}").contains("not-the-key"), "{ended}");
    assert!(world.lever.figures().by_status[&refused] <= 2, "a refused key is not tried again and again");
    assert_eq!(world.roster_identity(), before);
}

#[test]
fn a_daemon_with_a_wrong_key_goes_on_running_and_recovers_when_the_key_is_mended() {
    let world = world_with_work_to_do();
    world.write_key("not-the-key");
    let mut daemon = world.daemon();
    let status =
        daemon.wait_for_status("it says what is wrong", SOON, |status| !status["last_fault"].is_null());
    assert!(status["summary"].as_str().unwrap().contains("lever.api_key"), "{status:#}");
    assert_eq!(status["ok"], false);
    assert!(daemon.ended().is_none());

    world.write_key("sandbox-key");
    daemon.signal(rustix::process::Signal::HUP);

    world.wait_for_roster("everybody", SOON, |roster| roster.rows.len() == 3);
    daemon.wait_for_status("all right again", SOON, |status| status["last_fault"].is_null());
    world.assert_exact();
    daemon.terminate().expect(0);
}

#[test]
fn a_key_that_lever_refuses_for_a_while_needs_nobody_to_mend_it() {
    let world = world_with_work_to_do();
    world.lever.plan_faults("401~3s");
    let mut daemon = world.daemon();
    daemon.wait_for_status("it is refused", SOON, |status| !status["last_fault"].is_null());

    world.wait_for_roster("everybody", SOON, |roster| roster.rows.len() == 3);
    assert!(daemon.ended().is_none());
    world.assert_exact();
}

#[test]
fn an_unreachable_lever_ends_a_single_run_with_69_and_a_daemon_waits_for_it() {
    let mut world = world_with_work_to_do();
    let before = world.roster_identity();
    world.lever.go_away();

    world.once(&[]).expect(69).says(&["Lever could not be read", "base_url"]);
    let mut daemon = world.daemon();
    daemon.wait_for_status("it says what is wrong", SOON, |status| !status["last_fault"].is_null());
    assert_eq!(world.roster_identity(), before);

    world.lever.come_back();
    world.wait_for_roster("everybody", SOON, |roster| roster.rows.len() == 3);
    assert!(daemon.ended().is_none());
    world.assert_exact();
}

#[test]
fn a_lever_that_hangs_does_not_keep_the_daemon_from_stopping() {
    let world = world_with_work_to_do();
    world.lever.plan_faults("hang%100");
    let requests = world.lever.figures().requests;
    let daemon = world.daemon();
    wait_until("a call hangs", SOON, || (world.lever.figures().requests > requests).then_some(()));

    let ended = daemon.terminate().expect(0);

    println!("SIGTERM while Lever hangs: {:?}", ended.took);
    assert!(ended.took <= Duration::from_secs(5), "{ended}");
    world.lever.mend();
    world.once(&[]).expect(0);
    world.assert_exact();
}
