//! Mistakes that are planted in the program and that no simulation sees: each has a test that fails with it, and one that does is
//! named here. The tests themselves pass without it: that is what the others of this folder show.
//!
//! How to think of it: a test is a function. It is called with the mistake planted in this thread, from where it reaches the
//! processes that the test starts ([`crate::harness::program::planted`]), and it must panic.

use std::{
    fs,
    panic::catch_unwind,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use engine::{Source, Sweep};
use hiresync::schedule::{Agenda, Ordered, Schedule};
use http::{Backoff, Dice, Failure, Request, Response, Transport, Way};
use ledger::StateFolder;
use people::{Clock, Secret, SystemClock, Timestamp};
use planted::{Bug, Level, arm};
use sandbox::NewContact;

use super::{cezanne, crash, daemon, guard, ledger as ledgers, power, restored, target, webhook};
use crate::simulation::{dry_runs, planted as simulated};

/// The quickest test that notices each.
const TESTS: [(Bug, fn()); 19] = [
    (Bug::GuardPerBatch, guard::all_of_a_poll_is_held_also_what_is_read_after_the_guard_has_tripped),
    (Bug::TokenForEach, cezanne::one_token_does_for_everybody_who_is_sent_at_once),
    (Bug::EndlessPause, a_pause_that_is_asked_for_has_an_end),
    (Bug::CatchesUp, a_clock_that_jumps_a_day_ahead_makes_one_poll_due),
    (Bug::DryRunWrites, dry_runs::no_dry_run_asks_for_anything_that_could_change_something),
    (Bug::NoFlush, what_was_acknowledged_is_in_the_files),
    (Bug::NoSentMark, crash::killed_right_after_the_file_was_replaced_the_mark_of_each_row_is_there),
    (Bug::RollbackUnnoticed, ledgers::a_store_older_than_its_witness_is_noticed_and_doubles_nobody),
    (Bug::CopyUnnoticed, restored::a_ledger_of_a_month_ago_doubles_nobody_in_the_file_and_is_said_once),
    (Bug::LockIgnored, daemon::a_second_daemon_on_the_same_state_is_refused_at_once_and_asks_nobody),
    (Bug::NoDataSync, power::whatever_is_left_of_the_disk_no_acknowledged_step_is_lost_and_nobody_is_doubled),
    (Bug::RenameWithoutFsync, simulated::no_file_is_renamed_before_its_content_is_on_disk),
    (Bug::LeavesTempFile, target::a_write_leaves_nothing_in_the_private_folder_but_what_the_next_one_needs),
    (
        Bug::WebhookTrusted,
        webhook::what_asks_nothing_of_us_is_acknowledged_and_nobody_in_the_pipeline_is_read,
    ),
    (
        Bug::ReplayTaken,
        webhook::w2_a_replay_with_another_body_reads_nobody_and_the_same_contact_is_read_once_a_minute,
    ),
    (Bug::SocketUnbounded, daemon::the_socket_answers_every_question_and_takes_every_order),
    (Bug::PiiInError, an_error_about_an_answer_says_nothing_of_what_it_held),
    (Bug::SecretInDebug, a_secret_is_not_shown),
    (Bug::CsvUnquoted, a_cell_with_a_comma_in_it_is_one_cell),
];

#[test]
fn every_mistake_that_no_simulation_sees_fails_its_test() {
    let only = simulated::only();
    let meant = TESTS.iter().filter(|(bug, _)| only.as_ref().is_none_or(|only| only.contains(bug)));
    let meant: Vec<_> = meant.collect();
    assert!(!meant.is_empty(), "no line of TESTS is of {only:?}: planted::Bug says what notices each");
    let mut missed = Vec::new();
    for (bug, test) in meant {
        let began = stopwatch();
        let _planted = arm::plant(*bug);
        let noticed = catch_unwind(test).is_err();
        println!("  {:<24} {:>5.1} s", bug.name(), began.elapsed().as_secs_f64());
        if !noticed {
            missed.push(bug.name());
        }
    }
    assert!(missed.is_empty(), "these get past the tests that should notice them: {missed:?}");
}

#[test]
fn every_mistake_is_noticed_by_the_simulation_or_by_a_test_of_its_own() {
    for bug in Bug::ALL {
        let tests = TESTS.iter().filter(|(tested, _)| tested == bug).count();
        assert_eq!(tests, usize::from(bug.level() == Level::Test), "{}", bug.name());
        assert_eq!(Bug::named(bug.name()), Some(*bug));
    }
}

#[test]
fn a_pause_that_is_asked_for_has_an_end() {
    let backoff = Backoff::new(Arc::new(Dice::new(1)));
    assert!(backoff.pause(1, Some(Duration::from_secs(86_400))) <= Duration::from_secs(60));
}

#[test]
fn a_clock_that_jumps_a_day_ahead_makes_one_poll_due() {
    let [poll, full] = ["0 */5 * * * *", "0 30 2 * * SUN"].map(|text| Schedule::cron(text).unwrap());
    let mut agenda = Agenda::new(Arc::new(Schedule::new(poll, full, people::Zone::UTC)), None);
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let before = at("2026-05-05T10:01:00Z");
    assert!(agenda.due(before, None, Ordered::default()).is_some());
    let due = (0..10).filter(|second| {
        let now = at("2026-05-06T10:01:00Z") + chrono::TimeDelta::seconds(*second);
        agenda.due(now, None, Ordered::default()).is_some()
    });
    assert_eq!(due.count(), 1);
}

#[test]
fn what_was_acknowledged_is_in_the_files() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let state = StateFolder::lock(folder.path()).unwrap();
    let opened = state.open(state.digest_key().unwrap(), SystemClock.now()).unwrap();
    for nth in 0..20 {
        let _ = opened.ledger.write(|draft| {
            draft.put_note("nth", &nth.to_string());
            Ok(())
        });
        // What a kill at this moment leaves behind.
        let at = copy.path().join(nth.to_string());
        fs::create_dir(&at).unwrap();
        ledgers::copy_folder(folder.path(), &at);
        fs::remove_file(at.join("place")).unwrap();
        fs::hard_link(folder.path().join("place"), at.join("place")).unwrap();
        let left = StateFolder::lock(&at).unwrap();
        let left = left.open(left.digest_key().unwrap(), SystemClock.now()).unwrap();
        assert_eq!(left.lost, None, "after {nth}");
        assert_eq!(left.ledger.note("nth").unwrap(), Some(nth.to_string()));
    }
}

#[test]
fn a_secret_is_not_shown() {
    assert!(!format!("{:?}", Secret::new("k3y".to_owned())).contains("k3y"));
}

#[test]
fn an_error_about_an_answer_says_nothing_of_what_it_held() {
    let base = "https://api.lever.example/v1".parse().unwrap();
    let settings = lever::Settings::new(base, Secret::new("key".to_owned()));
    let lever = lever::Lever::new(settings, Way::whole(Arc::new(CutShort)), Arc::new(SystemClock), 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let error = runtime.unwrap().block_on(lever.sweep(&Sweep::Full, None)).unwrap_err();
    assert!(error.chain().contains("not_understood"), "{}", error.chain());
    assert!(!error.chain().contains("Quillfeather"), "{}", error.chain());
}

/// A network on which every answer ends in the middle of a name.
#[derive(Debug)]
struct CutShort;

#[async_trait]
impl Transport for CutShort {
    async fn send(&self, _: Request) -> Result<Response, Failure> {
        let body = r#"{"data":[{"id":"o-1","name":"Zebedee Quillfeather"#.into();
        Ok(Response { status: 200, headers: Vec::new(), body })
    }
}

#[test]
fn a_cell_with_a_comma_in_it_is_one_cell() {
    let world = crate::harness::World::empty();
    world.lever.hire_whom(NewContact::named("Ada Example").with_email("\"Ada, Countess\"@example.com"));
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[expect(clippy::disallowed_methods, reason = "measures the tests themselves")]
fn stopwatch() -> Instant {
    Instant::now()
}
