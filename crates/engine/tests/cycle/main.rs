//! The cycle against a pretend source and a target in memory: what is owed, when, and what is never done.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends where it stands")]

mod certificate;
mod changes;
mod copies;
mod correlated;
mod forget;
mod links;
mod mended;
mod mended_file;
mod order;
mod plan_rules;
mod plans;
mod policies;
mod repair;
mod rules;
mod scope;
mod telling;
mod world;

use adapter_sdk::{
    Capabilities, TaskKind,
    memory::{Fault, Memory},
};
use chrono::TimeDelta;
use engine::{CycleError, Guards, SweepKind};
use ledger::{Phase, TargetHealth, WhyHeld};
use people::{Candidacy, DataProtection, FieldName, Pii, Value};
use world::{World, contact, opportunity};

#[tokio::test]
async fn a_hire_becomes_one_record_and_the_next_cycle_does_nothing() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    let report = world.cycle().await;
    assert_eq!((report.delivered.created, world.target.records().len()), (1, 1));
    assert_eq!(world.state("ada"), Some("agreed"));
    world.reads();
    let report = world.cycle().await;
    assert_eq!((report.read, report.delivered), (0, engine::Delivered::default()));
}

#[tokio::test]
async fn nobody_hired_before_the_date_is_created_and_nobody_in_the_pipeline_is_read() {
    let world = World::new();
    world.hire_at("old", "Old", "o1", "2025-12-31T23:59:59Z".parse().unwrap());
    world.hire_at("new", "New", "o2", "2026-01-01T00:00:00Z".parse().unwrap());
    world.change("candidate", |person| {
        person.opportunities.insert(opportunity("o3"), Candidacy::Open);
    });
    world.cycle().await;
    assert_eq!(world.source.people().read, [contact("new")]);
    assert_eq!(world.target.records().len(), 1);
}

#[tokio::test]
async fn an_old_hire_archived_again_does_not_become_new() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire_at("ada", "Ada", "o0", "2019-05-05T00:00:00Z".parse().unwrap());
    world.cycle().await;
    world.hire("ada", "Ada", "o0");
    world.cycle().await;
    assert_eq!(world.target.record_of(&contact("ada")).unwrap().hires.len(), 1);
}

#[tokio::test]
async fn a_second_hire_is_the_same_person_with_two_hires() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    assert_eq!(world.target.records().len(), 1);
    assert_eq!(world.target.record_of(&contact("ada")).unwrap().hires.len(), 2);
}

#[tokio::test]
async fn a_second_hire_where_one_record_holds_one_hire_is_a_task() {
    let world = World::with(Capabilities { rehire: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    world.cycle().await;
    assert_eq!(world.target.record_of(&contact("ada")).unwrap().hires.len(), 1);
    assert_eq!(world.open_tasks(), [TaskKind::Rehire]);
}

#[tokio::test]
async fn a_rename_arrives_and_the_day_of_the_decision_stays() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.later(TimeDelta::days(3));
    world.rename("ada", "Ada Lovelace");
    let report = world.cycle().await;
    assert_eq!((report.delivered.updated, world.name_there("ada").as_str()), (1, "Ada Lovelace"));
    let hire = &world.target.record_of(&contact("ada")).unwrap().hires[&opportunity("o1")];
    assert_eq!(hire[&FieldName::new("decided")].reveal().to_text(), "2026-06-01");
}

#[tokio::test]
async fn what_hr_corrected_is_kept_and_another_change_still_arrives() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let remote = world.target.record_of(&contact("ada")).unwrap().remote;
    let name = FieldName::new("name");
    world.target.edit(&remote, |record| {
        record.person.insert(name.clone(), Pii::new(Value::Text("Ada King".to_owned())));
    });
    world.change("ada", |person| person.location = Some(Pii::new("London".to_owned())));
    world.cycle().await;
    let record = world.target.record_of(&contact("ada")).unwrap();
    assert_eq!(world.name_there("ada"), "Ada King");
    assert_eq!(record.person[&FieldName::new("place")].reveal().to_text(), "London");
    assert_eq!(world.open_tasks(), []);
}

#[tokio::test]
async fn a_field_that_both_changed_is_kept_and_a_human_is_asked_once() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let remote = world.target.record_of(&contact("ada")).unwrap().remote;
    world.target.edit(&remote, |record| {
        record.person.insert(FieldName::new("name"), Pii::new(Value::Text("Ada King".to_owned())));
    });
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(
        (world.name_there("ada").as_str(), world.open_tasks()),
        ("Ada King", vec![TaskKind::Disagreement])
    );
}

#[tokio::test]
async fn a_record_that_hr_deleted_is_made_again_only_by_order() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let remote = world.target.record_of(&contact("ada")).unwrap().remote;
    world.target.delete(&remote);
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!((world.target.records().len(), world.state("ada")), (0, Some("held")));
    assert_eq!(world.engine.retry(&contact("ada"), 0).unwrap(), 1);
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn a_hire_taken_back_stays_and_a_task_says_so_until_it_is_hired_again() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.unhire("ada", "o1");
    world.cycle().await;
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!((world.target.records().len(), world.open_tasks()), (1, vec![TaskKind::ReviewWithdrawal]));
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!((world.target.records()[0].hires.len(), world.open_tasks()), (1, vec![]));
    world.unhire("ada", "o1");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
}

#[tokio::test]
async fn what_is_not_there_is_evidence_of_nothing() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    world.source.people().persons.remove("ada");
    world.source.people().anonymised.insert(contact("ben"));
    world.change("ben", |person| person.name = FullName::default());
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.target.deliveries().len(), 2);
    let mut tasks = world.open_tasks();
    tasks.sort();
    assert_eq!(tasks, [TaskKind::ReviewWithdrawal, TaskKind::ErasureNotice]);
}

use people::FullName;

#[tokio::test]
async fn an_answer_that_was_lost_leaves_one_record_and_the_edit_made_meanwhile_arrives() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::AnswerLost]);
    let report = world.cycle().await;
    assert_eq!((report.delivered.unknown, world.state("ada")), (1, Some("sent")));
    world.rename("ada", "Ada Lovelace");
    world.later(TimeDelta::seconds(10));
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("sent"), "the look is not due yet");
    world.later(TimeDelta::seconds(60));
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.name_there("ada").as_str()), (1, "Ada Lovelace"));
    assert_eq!((world.state("ada"), world.open_tasks()), (Some("agreed"), vec![]));
}

#[tokio::test]
async fn a_hire_taken_back_while_its_answer_was_lost_is_found_over_there_and_becomes_a_task() {
    for second in [false, true] {
        let world = World::new();
        world.hire("ada", "Ada", "o1");
        if second {
            world.cycle().await;
            world.hire("ada", "Ada", "o2");
        }
        let taken_back = if second { "o2" } else { "o1" };
        world.target.script([Fault::AnswerLost]);
        world.cycle().await;
        assert_eq!(world.state("ada"), Some("sent"));
        world.unhire("ada", taken_back);
        for _ in 0..3 {
            world.later(TimeDelta::minutes(2));
            world.cycle().await;
        }
        assert_eq!(world.target.records()[0].hires.len(), if second { 2 } else { 1 });
        assert_eq!(
            (world.state("ada"), world.open_tasks()),
            (Some("agreed"), vec![TaskKind::ReviewWithdrawal])
        );
    }
}

#[tokio::test]
async fn a_second_hire_whose_answer_was_lost_is_known_to_be_over_there_once_it_was_compared() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.hire("ada", "Ada", "o2");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    let agreed = world.standing("ada").agreed.unwrap();
    assert!(agreed.link.hires.contains_key(&opportunity("o2")), "{agreed:?}");
    world.unhire("ada", "o2");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
}

#[tokio::test]
async fn a_request_that_was_lost_is_sent_again_only_after_four_looks_found_nothing() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::RequestLost]);
    world.cycle().await;
    for (wait, records) in [(30, 0), (30, 0), (60, 0), (120, 1)] {
        world.later(TimeDelta::seconds(wait));
        world.cycle().await;
        assert_eq!(world.target.records().len(), records, "after {wait} s more");
    }
    assert_eq!(world.state("ada"), Some("agreed"));
}

#[tokio::test]
async fn a_search_that_lags_behind_a_lost_answer_makes_no_second_record() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.target.lag(adapter_sdk::memory::Lag::Finds(4));
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    for _ in 0..6 {
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
    }
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_sent_again_even_where_lever_went_back() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.rename("ada", "Adah");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    world.rename("ada", "Ada");
    world.later(TimeDelta::minutes(5));
    world.cycle().await;
    assert_eq!(
        (world.name_there("ada").as_str(), world.state("ada"), world.open_tasks()),
        ("Ada", Some("agreed"), vec![])
    );
}

#[tokio::test]
async fn killed_after_the_mark_the_next_process_settles_what_came_of_it() {
    let mut world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::HangAfterApply]);
    {
        let cycle = world.try_cycle(SweepKind::Changes);
        tokio::pin!(cycle);
        // The call never ends: the process is killed while it waits.
        let _ = futures::poll!(&mut cycle);
        while world.target.deliveries().is_empty() {
            let _ = futures::poll!(&mut cycle);
            tokio::task::yield_now().await;
        }
    }
    world.restart();
    assert_eq!(world.state("ada"), Some("sent"));
    world.later(TimeDelta::seconds(60));
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn killed_on_the_way_to_a_target_that_dedupes_the_next_process_repeats_it_at_once() {
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    for _ in 0..3 {
        world.target.script([Fault::Hang]);
        let before = world.target.deliveries().len();
        {
            let cycle = world.try_cycle(SweepKind::Changes);
            tokio::pin!(cycle);
            while world.target.deliveries().len() == before {
                let _ = futures::poll!(&mut cycle);
                tokio::task::yield_now().await;
            }
        }
        world.restart();
        assert_eq!(world.state("ada"), Some("sent"));
    }
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn a_lost_ledger_doubles_nobody_changes_nothing_and_the_next_hire_needs_no_human() {
    let mut world = World::new();
    for n in 0..8 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    world.cycle().await;
    let before = world.target.records();
    world.lose_ledger();
    world.later(TimeDelta::days(1));
    world.hire("next", "Next", "o9");
    world.cycle().await;
    let after = world.target.records();
    assert_eq!(after.len(), 9);
    assert_eq!(&after[..8], &before[..]);
    assert_eq!(world.target.deliveries().len(), 9);
    assert_eq!(world.open_tasks(), []);
}

#[tokio::test]
async fn a_target_that_was_emptied_gets_nothing_until_somebody_looked() {
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let record = world.target.record_of(&contact("ada")).unwrap();
    world.target.delete(&record.remote);
    world.restart();
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    assert_eq!(world.target.records().len(), 0);
    assert!(world.engine.needs_human().unwrap());
    world.target.plant(record.contact, record.person, record.hires);
    world.later(TimeDelta::hours(2));
    world.cycle().await;
    assert_eq!(world.target.records().len(), 2);
}

#[tokio::test]
async fn a_lost_answer_about_somebody_who_can_no_longer_be_read_is_settled_too() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    world.source.people().persons.remove("ada");
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
    world.reads();
    world.later(TimeDelta::minutes(5));
    world.cycle().await;
    assert_eq!(world.reads(), 0, "nothing is open, so nobody is read");
}

#[tokio::test]
async fn a_lost_ledger_keeps_what_hr_edited_and_asks_about_it() {
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let remote = world.target.record_of(&contact("ada")).unwrap().remote;
    world.target.edit(&remote, |record| {
        record.person.insert(FieldName::new("name"), Pii::new(Value::Text("Ada King".to_owned())));
    });
    world.lose_ledger();
    world.cycle().await;
    assert_eq!(
        (world.name_there("ada").as_str(), world.open_tasks()),
        ("Ada King", vec![TaskKind::Disagreement])
    );
}

#[tokio::test]
async fn a_lost_ledger_and_a_target_that_cannot_be_asked_wait_for_a_human() {
    let blind = Capabilities { find: false, list: false, read: false, ..Memory::everything() };
    let mut world = World::with(blind);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.lose_ledger();
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.target.deliveries().len()), (1, 1));
    let standing = world.standing("ada");
    assert!(matches!(standing.owed.unwrap().phase, Phase::Held { why: WhyHeld::Recovery, .. }));
}

#[tokio::test]
async fn more_than_the_guard_allows_holds_all_of_them_until_a_human_approves() {
    let world = World::new().guards(Guards {
        creates_per_cycle_max: 3,
        changes_per_cycle_max: 3,
        ..Guards::default()
    });
    for n in 0..5 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    let report = world.cycle().await;
    let trip = report.guard.unwrap();
    assert_eq!((trip.creates, trip.held, world.target.deliveries().len()), (5, 5, 0));
    assert!(world.engine.needs_human().unwrap());
    world.cycle().await;
    assert_eq!(world.target.deliveries().len(), 0, "waiting does not wear the guard out");
    world.rename("c0", "Changed Meanwhile");
    world.cycle().await;
    assert_eq!(world.target.deliveries().len(), 0, "a newer decision was not shown to anybody yet");
    assert_eq!(world.engine.approve(trip.cycle, 0).unwrap(), 4);
    assert!(world.engine.approve(trip.cycle, 0).is_err());
    world.cycle().await;
    assert_eq!(world.target.records().len(), 4);
    let trips = world.engine.guards().unwrap();
    assert_eq!((trips.len(), trips[0].held), (1, 1));
    world.engine.approve(trips[0].cycle, 0).unwrap();
    world.cycle().await;
    assert_eq!(world.target.records().len(), 5);
    assert!(!world.engine.needs_human().unwrap());
}

#[tokio::test]
async fn a_target_that_fails_is_tried_again_ever_more_slowly_and_five_edits_become_one_delivery() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::Unavailable, Fault::Unavailable]);
    world.cycle().await;
    for name in ["A", "B", "C", "D", "Ada Lovelace"] {
        world.rename("ada", name);
    }
    world.later(TimeDelta::seconds(61));
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("waiting"));
    world.later(TimeDelta::minutes(6));
    world.cycle().await;
    assert_eq!((world.target.deliveries().len(), world.name_there("ada").as_str()), (3, "Ada Lovelace"));
}

#[tokio::test]
async fn refused_data_is_parked_and_one_bad_record_is_one_bad_record() {
    let world = World::with(Capabilities { batch_max: 1, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    world.target.script([Fault::Rejected]);
    let report = world.cycle().await;
    assert_eq!((report.delivered.parked, report.delivered.created), (1, 1));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!((world.target.deliveries().len(), world.engine.parked().unwrap().len()), (2, 1));
    assert!(world.engine.needs_human().unwrap());
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.engine.parked().unwrap().len()), (2, 0));
}

#[tokio::test]
async fn refused_credentials_quarantine_the_target_park_nobody_and_flow_on_by_themselves() {
    let world = World::new();
    world.target.outage(Some(Fault::Unauthorized));
    for n in 0..5 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    world.cycle().await;
    let status = world.engine.status().unwrap();
    let target = status.targets.values().next().unwrap();
    assert!(matches!(target.health, TargetHealth::Quarantined { .. }), "{target:?}");
    assert_eq!((target.counts.parked, target.unexplained), (0, 0));
    world.cycle().await;
    let calls = world.target.calls().len();
    world.cycle().await;
    assert_eq!(world.target.calls().len(), calls, "it is probed no more often than planned");
    world.target.outage(None);
    world.later(TimeDelta::hours(2));
    world.cycle().await;
    assert_eq!(world.target.records().len(), 5);
    assert!(!world.engine.needs_human().unwrap());
}

#[tokio::test]
async fn a_source_that_fails_ends_the_cycle_and_loses_nothing() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.source.people().failing.insert(contact("ada"));
    let report = world.cycle().await;
    assert_eq!((report.failed, world.target.deliveries().len()), (1, 0));
    world.source.people().failing.clear();
    world.source.people().down = true;
    assert!(matches!(world.try_cycle(SweepKind::Changes).await, Err(CycleError::Source(_))));
    assert!(world.engine.status().unwrap().last_fault.is_some());
    world.source.people().down = false;
    world.cycle().await;
    assert_eq!(world.target.records().len(), 1);
    assert!(world.engine.status().unwrap().last_fault.is_none());
}

#[tokio::test]
async fn a_person_whose_data_may_not_be_kept_is_held_and_one_already_there_is_left_alone() {
    let world = World::new();
    let denied = DataProtection { allowed: false, expires_at: None };
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.change("ada", |person| {
        person.protection = denied;
        person.name = FullName::new("Changed");
    });
    world.hire("ben", "Ben", "o2");
    world.change("ben", |person| person.protection = denied);
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.name_there("ada").as_str()), (1, "Ada"));
    assert_eq!(world.state("ben"), Some("held"));
    world.change("ben", |person| person.protection = DataProtection::default());
    world.cycle().await;
    assert_eq!(world.state("ben"), Some("agreed"));
}

#[tokio::test]
async fn merged_profiles_stay_one_record() {
    let world = World::new();
    world.hire("loser", "Ada", "o1");
    world.cycle().await;
    {
        let mut people = world.source.people();
        people.persons.remove("loser");
        people.moved.insert(contact("loser"), contact("winner"));
    }
    world.hire("winner", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.target.records().len(), 1);
    assert_eq!((world.state("loser"), world.state("winner")), (None, Some("agreed")));
}

#[tokio::test]
async fn a_paused_target_gets_nothing_and_loses_nothing() {
    let world = World::new();
    let target = "hr".parse().unwrap();
    world.engine.pause(&target).unwrap();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!((world.target.deliveries().len(), world.state("ada")), (0, Some("waiting")));
    world.engine.resume(&target).unwrap();
    assert!(world.engine.next_due().is_some());
    world.cycle().await;
    assert_eq!(world.target.records().len(), 1);
}

#[tokio::test]
async fn what_was_done_in_part_is_finished_and_not_begun_again() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::Partial]);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("waiting"));
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    let deliveries = world.target.deliveries();
    assert_eq!((deliveries.len(), deliveries[1].unfinished.len()), (2, 1));
    assert_eq!(
        (world.target.record_of(&contact("ada")).unwrap().hires.len(), world.state("ada")),
        (1, Some("agreed"))
    );
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_sent_and_changes_nothing() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    let dry = world.engine.dry_run(&[]).await.unwrap();
    let said: Vec<&str> = dry.changes.iter().map(|change| change.decision.as_str()).collect();
    assert_eq!((said, dry.changes[0].fields.len()), (vec!["add"], 5));
    assert_eq!((world.target.deliveries().len(), world.state("ada")), (0, None));
    assert_eq!(world.engine.ledger().marked(None, 9).unwrap(), []);
}

#[tokio::test]
async fn a_stopped_engine_begins_nothing() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.engine.stop();
    assert!(matches!(world.try_cycle(SweepKind::Changes).await, Err(CycleError::Stopped)));
    assert_eq!(world.target.deliveries().len(), 0);
}
