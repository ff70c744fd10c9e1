//! What an adversary found wrong with the cycle, and what is true since.

use std::sync::Arc;

use adapter_sdk::{
    AdapterInfo, Capabilities, CheckReport, Delivery, FieldSchema, Found, HrisAdapter, Identity, Link,
    Receipt, RemoteState, TaskKind,
    memory::{Fault, Lag, Memory},
};
use async_trait::async_trait;
use chrono::TimeDelta;
use engine::{Guards, SweepKind};
use ledger::Outcome;
use people::{DataProtection, FieldName, FullName, Person, RemoteId};

use crate::world::{HIRE, PERSON, World, contact, mapping, opportunity};

/// A target that cannot be asked about anything.
fn blind() -> Capabilities {
    Capabilities { find: false, list: false, read: false, ..Memory::everything() }
}

/// A target that makes a second record when it is told twice.
fn doubling() -> Capabilities {
    Capabilities { dedupes_by_key: false, ..Memory::everything() }
}

fn at_most(each: usize) -> Guards {
    Guards { creates_per_cycle_max: each, changes_per_cycle_max: each, ..Guards::default() }
}

#[tokio::test]
async fn somebody_read_under_two_ids_in_one_cycle_is_added_once() {
    let one_by_one = Capabilities { batch_max: 1, in_flight_max: 1, ..doubling() };
    for capabilities in [one_by_one, doubling()] {
        // given a debt of reading somebody whose profile is merged before that can be done
        let world = World::with(capabilities);
        world.hire("loser", "Ada", "o1");
        world.source.people().failing.insert(contact("loser"));
        world.cycle().await;
        world.source.people().failing.clear();
        world.merge("loser", "winner");
        world.hire("winner", "Ada", "o1");
        // when the loser's id and the winner's own both lead to the winner
        world.cycle().await;
        // then
        assert_eq!((world.target.records().len(), world.target.deliveries().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_lost_answer_that_cannot_be_looked_up_is_never_repeated_without_an_order() {
    // given
    let world = World::with(Capabilities { dedupes_by_key: false, ..blind() });
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    // when
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    world.full_sweeps(3).await;
    // then
    assert_eq!((world.target.records().len(), world.target.deliveries().len()), (1, 1));
    assert_eq!(world.state("ada"), Some("held"));
}

#[tokio::test]
async fn a_second_hire_whose_lost_answer_cannot_be_told_apart_is_not_repeated() {
    // given a record with the same contact beside the linked one, so that a look finds two
    let world = World::with(Capabilities { read: false, ..doubling() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.target.plant(Some(contact("ada")), Default::default(), Default::default());
    world.hire("ada", "Ada", "o2");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    let before = world.target.deliveries().len();
    // when
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    world.full_sweeps(3).await;
    // then
    assert_eq!(world.deliveries_after(before), 0);
}

#[tokio::test]
async fn an_order_to_retry_lets_a_hire_go_out_to_a_blind_target_after_the_ledger_was_lost() {
    // given
    let mut world = World::with(blind());
    world.lose_ledger();
    world.hire("ben", "Ben", "o1");
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ben")), (0, Some("held")));
    // when
    assert_eq!(world.engine.retry(&contact("ben"), 0).unwrap(), 1);
    world.cycle().await;
    // then
    assert_eq!((world.target.records().len(), world.state("ben")), (1, Some("agreed")));
}

#[tokio::test]
async fn a_hire_that_stays_on_a_record_which_cannot_be_merged_is_not_sent_to_the_other_one() {
    // given two records in a target that cannot move a hire between them
    let world = World::with(Capabilities { moves_hires: false, ..doubling() });
    world.hire("loser", "Ada", "o1");
    world.hire("winner", "Ada", "o2");
    world.cycle().await;
    let before = world.target.deliveries().len();
    // when
    world.merge("loser", "winner");
    world.hire("winner", "Ada", "o1");
    world.cycle().await;
    world.full_sweeps(2).await;
    // then a human was asked, and nothing was done meanwhile
    assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
    assert_eq!(world.deliveries_after(before), 0);
}

#[tokio::test]
async fn what_hr_has_to_say_of_a_merged_profile_is_asked_of_the_survivor_too_who_is_told_on_meanwhile() {
    for (asked, has_record) in [("loser", true), ("winner", true), ("winner", false)] {
        // given two profiles, one of them with an attempt that only HR can tell the outcome of
        let world = World::with(Capabilities { moves_hires: false, ..doubling() });
        world.hire("loser", "Ada", "o1");
        world.mail("loser", "ada@x");
        world.target.script([Fault::RequestLost]);
        world.cycle().await;
        world.staff("Ada", "ada@x");
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
        if has_record {
            world.hire("winner", "Ada", "o2");
            world.cycle().await;
        }
        // when they are merged, and HR takes its time
        world.merge("loser", "winner");
        world.hire("winner", "Ada Lovelace", "o1");
        world.full_sweeps(2).await;
        // then
        assert_eq!(world.explained("winner").0, "held.ambiguous");
        assert_eq!(world.target.records().len(), 1 + usize::from(has_record));
        if has_record {
            assert_eq!(world.name_there("winner"), "Ada Lovelace");
        }
        assert_eq!(world.engine.status().unwrap().marked, 0);
        // and when HR says that it is nobody
        assert_eq!(world.engine.retry(&contact(asked), 7).unwrap(), 1);
        world.full_sweeps(5).await;
        // then all hires are on one record
        let record = world.target.record_of(&contact("winner")).unwrap();
        assert_eq!(record.hires.len(), 1 + usize::from(has_record), "{asked}, {has_record}");
        assert_eq!(world.target.records().len(), 2);
        assert_eq!((world.state("winner"), world.state("loser")), (Some("agreed"), None));
    }
}

#[tokio::test]
async fn a_merge_waits_for_what_hr_has_to_say_of_the_survivor() {
    // given two profiles, and of the one that survives an attempt that only HR can tell the outcome of
    let world = World::with(Capabilities { moves_hires: false, ..doubling() });
    world.hire("winner", "Ada", "o1");
    world.mail("winner", "ada@x");
    world.target.script([Fault::RequestLost]);
    world.cycle().await;
    world.staff("Ada", "ada@x");
    world.later(TimeDelta::minutes(5));
    world.cycle().await;
    world.hire("loser", "Ada", "o2");
    world.cycle().await;
    let before = world.target.deliveries().len();
    // when
    world.merge("loser", "winner");
    world.hire("winner", "Ada", "o2");
    world.full_sweeps(2).await;
    // then
    assert_eq!(world.explained("winner").0, "held.ambiguous");
    assert_eq!((world.deliveries_after(before), world.engine.status().unwrap().marked), (0, 0));
    // and when HR says that it is nobody
    assert_eq!(world.engine.retry(&contact("winner"), 7).unwrap(), 1);
    world.full_sweeps(3).await;
    assert_eq!(world.target.record_of(&contact("winner")).unwrap().hires.len(), 2);
    assert_eq!((world.target.records().len(), world.state("winner")), (2, Some("agreed")));
}

#[tokio::test]
async fn where_nobody_can_look_a_humans_word_about_a_merged_profile_is_the_end_of_it() {
    for (asked, has_record) in [("loser", true), ("winner", true), ("loser", false), ("winner", false)] {
        // given
        let can = Capabilities { moves_hires: false, dedupes_by_key: false, ..blind() };
        let world = World::with(can);
        world.hire("loser", "Ada", "o1");
        world.target.script([Fault::RequestLost]);
        world.cycle().await;
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
        assert_eq!(world.explained("loser").0, "held.ambiguous");
        if has_record {
            world.hire("winner", "Ada", "o2");
            world.cycle().await;
        }
        world.merge("loser", "winner");
        world.hire("winner", "Ada", "o1");
        world.full_sweeps(2).await;
        assert_eq!(world.explained("winner").0, "held.ambiguous");
        // when
        assert_eq!(world.engine.retry(&contact(asked), 7).unwrap(), 1);
        world.full_sweeps(3).await;
        // then
        let record = world.target.record_of(&contact("winner")).unwrap();
        assert_eq!(record.hires.len(), 1 + usize::from(has_record), "{asked}, {has_record}");
        assert_eq!((world.state("winner"), world.state("loser")), (Some("agreed"), None));
        assert_eq!((world.target.records().len(), world.engine.status().unwrap().marked), (1, 0));
    }
}

#[tokio::test]
async fn who_was_said_to_be_nobody_stays_so_when_a_refused_value_is_corrected() {
    // given
    let world = World::with(doubling());
    world.staff("Ada", "ada@x");
    world.hire("ada", "Ada", "o1");
    world.mail("ada", "ada@x");
    world.cycle().await;
    assert_eq!(world.explained("ada").0, "held.ambiguous");
    // when a human says that it is somebody else, the target refuses a value, and it is corrected in Lever
    assert_eq!(world.engine.retry(&contact("ada"), 7).unwrap(), 1);
    world.target.script([Fault::Rejected]);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("parked"));
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    // then
    assert_eq!((world.state("ada"), world.target.records().len()), (Some("agreed"), 2));
}

#[tokio::test]
async fn where_a_merge_joins_a_record_and_somebody_refused_for_one_that_is_not_shown_hr_is_told() {
    for (hidden, shown) in [("loser", "winner"), ("winner", "loser")] {
        // given
        let world = World::with(Capabilities { moves_hires: false, ..doubling() });
        world.hire(hidden, "Ada", "o1");
        world.target.script([Fault::Conflict]);
        world.cycle().await;
        assert_eq!(world.state(hidden), Some("parked"));
        world.hire(shown, "Ada", "o2");
        world.cycle().await;
        // when
        world.merge("loser", "winner");
        world.hire("winner", "Ada", if hidden == "loser" { "o1" } else { "o2" });
        world.full_sweeps(2).await;
        // then
        assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate], "{hidden}");
        assert_eq!(world.target.record_of(&contact("winner")).unwrap().hires.len(), 2);
        assert_eq!(world.state("winner"), Some("agreed"));
    }
}

#[tokio::test]
async fn an_edit_made_while_an_answer_was_lost_arrives_whatever_else_hr_touched() {
    for (capabilities, lag) in [(doubling(), Some(Lag::Finds(4))), (Memory::everything(), None)] {
        // given a record that was made, but nobody said so
        let world = World::with(capabilities);
        world.hire("ada", "Ada", "o1");
        if let Some(lag) = lag {
            world.target.lag(lag);
        }
        world.target.script([Fault::AnswerLost]);
        world.cycle().await;
        // when HR corrects one field of it and Lever another
        world.hr_writes("place", "York");
        world.rename("ada", "Ada Lovelace");
        for _ in 0..8 {
            world.later(TimeDelta::minutes(5));
            world.cycle().await;
        }
        // then
        let record = world.only_record();
        assert_eq!(record.person["name"].reveal().to_text(), "Ada Lovelace");
        assert_eq!(record.person["place"].reveal().to_text(), "York");
    }
}

#[tokio::test]
async fn a_hire_done_in_part_is_finished_also_after_it_was_out_of_reach_for_a_while() {
    type Away = fn(&World);
    let ways: [Away; 3] = [
        |world| drop(world.lose("ada")),
        |world| world.unhire("ada", "o1"),
        |world| {
            let denied = DataProtection { allowed: false, expires_at: None };
            world.change("ada", |person| person.protection = denied);
        },
    ];
    for (way, away) in ways.into_iter().enumerate() {
        // given the person's record without the hire
        let world = World::new();
        world.hire("ada", "Ada", "o1");
        world.target.script([Fault::Partial]);
        world.cycle().await;
        assert_eq!(world.only_record().hires.len(), 0);
        // when
        let ada: Person = world.source.people().persons["ada"].clone();
        away(&world);
        world.later(TimeDelta::minutes(2));
        world.cycle().await;
        world.change("ada", |person| *person = ada);
        world.full_sweeps(3).await;
        // then
        assert_eq!((world.only_record().hires.len(), world.state("ada")), (1, Some("agreed")), "way {way}");
    }
}

#[tokio::test]
async fn a_hire_taken_back_a_second_time_is_told_again_although_the_first_task_was_done() {
    // given
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.unhire("ada", "o1");
    world.cycle().await;
    let task = world.engine.ledger().tasks().unwrap().remove(0).id;
    assert!(world.engine.task_done(&task, 0).unwrap());
    // when
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.unhire("ada", "o1");
    world.cycle().await;
    // then
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
}

#[tokio::test]
async fn an_emptied_target_gets_nothing_although_the_first_look_at_it_failed() {
    // given
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.target.delete(&world.only_record().remote);
    world.restart();
    world.hire("ben", "Ben", "o2");
    // when
    world.target.script_reads([Fault::Unavailable]);
    world.cycle().await;
    world.later(TimeDelta::minutes(5));
    world.cycle().await;
    // then
    assert_eq!(world.target.records().len(), 0);
}

#[tokio::test]
async fn after_refused_credentials_no_further_debt_is_sent_in_that_cycle() {
    // given forty debts to a target that takes them one by one
    let one_by_one = Capabilities { batch_max: 1, in_flight_max: 1, ..Memory::everything() };
    let world = World::with(one_by_one).guards(at_most(1000));
    for n in 0..40 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    world.cycle().await;
    for n in 0..40 {
        world.rename(&format!("c{n}"), "Somebody Else");
    }
    let before = world.target.deliveries().len();
    // when
    world.target.script(vec![Fault::Unauthorized; 100]);
    world.cycle().await;
    // then
    let sent = world.deliveries_after(before);
    assert!(sent < 5, "{sent} deliveries with credentials that are refused");
}

#[tokio::test]
async fn a_debt_written_down_under_a_clock_that_was_a_year_fast_is_paid() {
    // given
    let world = World::new();
    world.later(TimeDelta::days(365));
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::Unavailable]);
    world.cycle().await;
    // when
    world.later(TimeDelta::days(-365));
    world.full_sweeps(2).await;
    // then
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn an_edit_that_hr_takes_back_while_a_debt_waits_gives_way_to_lever() {
    // given a debt that leaves out the field HR edited
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.hr_writes("place", "York");
    world.rename("ada", "Ada Lovelace");
    world.place("ada", "London");
    world.target.script([Fault::Unavailable]);
    world.cycle().await;
    // when
    world.hr_writes("place", "Leeds");
    world.later(TimeDelta::minutes(3));
    world.cycle().await;
    world.full_sweeps(2).await;
    // then
    let record = world.only_record();
    assert_eq!(record.person["name"].reveal().to_text(), "Ada Lovelace");
    assert_eq!(record.person["place"].reveal().to_text(), "London");
    assert_eq!(world.state("ada"), Some("agreed"));
}

#[tokio::test]
async fn a_hire_done_in_part_and_then_edited_is_finished_with_the_edit() {
    // given
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::Partial]);
    world.cycle().await;
    // when
    world.rename("ada", "Ada Lovelace");
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    // then
    let record = world.only_record();
    assert_eq!(record.person["name"].reveal().to_text(), "Ada Lovelace");
    assert_eq!(record.hires[&opportunity("o1")]["title"].reveal().to_text(), "Engineer");
}

#[tokio::test]
async fn a_merge_made_while_the_ledger_was_lost_leaves_one_person_in_scope() {
    // given
    let mut world = World::new();
    world.hire("loser", "Ada", "o1");
    world.cycle().await;
    // when
    world.merge("loser", "winner");
    world.hire("winner", "Ada", "o1");
    world.lose_ledger();
    world.full_sweeps(3).await;
    // then
    let status = world.engine.status().unwrap();
    let in_scope: Vec<u64> = status.targets.values().map(|target| target.in_scope).collect();
    assert_eq!((world.target.records().len(), in_scope), (1, vec![1]));
    assert_eq!((world.state("loser"), world.state("winner")), (None, Some("agreed")));
}

#[tokio::test]
async fn a_task_about_somebody_who_could_not_be_found_goes_away_when_they_are_found() {
    // given
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let ada = world.lose("ada");
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
    // when
    world.change("ada", |person| *person = ada);
    world.try_cycle(SweepKind::Full).await.unwrap();
    // then
    assert_eq!(world.open_tasks(), []);
}

#[tokio::test]
async fn somebody_gone_before_anything_was_sent_leaves_no_task() {
    // given
    let world = World::new().guards(at_most(0));
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("held"));
    // when
    world.lose("ada");
    world.engine.sync(&[contact("ada")]).unwrap();
    world.cycle().await;
    // then
    assert_eq!((world.target.deliveries().len(), world.open_tasks()), (0, vec![]));
}

#[tokio::test]
async fn a_look_that_is_refused_for_one_person_never_makes_the_target_unusable() {
    // given
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    for cycle in 0..60 {
        // when
        world.target.script_reads([Fault::Rejected]);
        let report = world.cycle().await;
        world.later(TimeDelta::minutes(1));
        // then
        assert!(report.unusable.is_empty(), "cycle {cycle}");
    }
}

#[tokio::test]
async fn an_update_whose_outcome_stays_unknown_is_repeated_ever_more_slowly() {
    // given
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.rename("ada", "Ada Lovelace");
    world.target.script(vec![Fault::RequestLost; 10_000]);
    let before = world.target.deliveries().len();
    // when
    for _ in 0..24 * 60 {
        world.cycle().await;
        world.later(TimeDelta::minutes(1));
    }
    // then
    let sent = world.deliveries_after(before);
    assert!((2..50).contains(&sent), "{sent} deliveries in a day");
}

#[tokio::test]
async fn approval_does_not_cover_what_changed_after_it_was_shown() {
    // given
    let world = World::new().guards(at_most(1));
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    let trip = world.cycle().await.guard.unwrap();
    // when
    world.change("ada", |person| person.name = FullName::new("Somebody Else"));
    world.engine.approve(trip.cycle, 0).unwrap();
    world.cycle().await;
    // then
    assert_eq!((world.state("ada"), world.state("ben")), (Some("held"), Some("agreed")));
}

#[tokio::test]
async fn whoever_was_merged_away_while_an_outcome_was_unknown_is_looked_for_and_nobody_is_made_beside_them() {
    for (fault, made) in [(Fault::AnswerLost, true), (Fault::RequestLost, false)] {
        // given an attempt of which nobody knows what came of it
        let world = World::with(Capabilities { moves_hires: false, ..doubling() });
        world.target.lag(Lag::Finds(2));
        world.hire("loser", "Ada", "o1");
        world.target.script([fault]);
        world.cycle().await;
        assert_eq!(world.state("loser"), Some("sent"));
        // when the profiles are merged
        world.merge("loser", "winner");
        world.hire("winner", "Ada", "o1");
        for _ in 0..10 {
            world.later(TimeDelta::minutes(5));
            world.cycle().await;
        }
        // then
        assert_eq!(world.target.records().len(), 1, "{made}");
        assert_eq!((world.state("loser"), world.state("winner")), (None, Some("agreed")), "{made}");
    }
}

#[tokio::test]
async fn nobody_is_made_beside_a_record_that_a_merge_brings_while_an_outcome_is_unknown() {
    // given somebody with a record, and an attempt at another contact that did not arrive
    let world = World::with(Capabilities { moves_hires: false, ..doubling() });
    world.hire("loser", "Ada", "o1");
    world.cycle().await;
    world.hire("winner", "Ada", "o2");
    world.target.script([Fault::RequestLost]);
    world.cycle().await;
    assert_eq!(world.state("winner"), Some("sent"));
    // when both turn out to be one
    world.merge("loser", "winner");
    world.hire("winner", "Ada", "o1");
    for _ in 0..10 {
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
    }
    // then
    assert_eq!(world.only_record().hires.len(), 2);
    assert_eq!((world.state("loser"), world.state("winner")), (None, Some("agreed")));
}

#[tokio::test]
async fn where_hires_move_what_an_attempt_at_the_survivor_made_is_known_and_moves_without_a_question() {
    // given somebody with a record, and an attempt at another contact whose answer was lost, about to be repeated
    let world = World::new();
    let target = world.target.adapter().info().target.clone();
    world.hire("loser", "Ada", "o1");
    world.cycle().await;
    world.hire("winner", "Ada", "o2");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    world.engine.pause(&target).unwrap();
    world.later(TimeDelta::minutes(2));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.state("winner"), Some("waiting"));
    // when both turn out to be one
    world.merge("loser", "winner");
    world.hire("winner", "Ada", "o1");
    world.try_cycle(SweepKind::Full).await.unwrap();
    // then
    assert_eq!(world.standing("winner").unknown_hires().collect::<Vec<_>>(), [&opportunity("o2")]);
    world.engine.resume(&target).unwrap();
    world.full_sweeps(2).await;
    assert_eq!((world.state("loser"), world.state("winner")), (None, Some("agreed")));
    let holds =
        |hire| world.target.records().iter().filter(|it| it.hires.contains_key(&opportunity(hire))).count();
    assert_eq!((holds("o1"), holds("o2"), world.open_tasks()), (1, 1, vec![]));
}

#[tokio::test]
async fn nothing_is_owed_to_a_contact_that_was_merged_away() {
    // given two people with a record each, and a change of one that could not be sent yet
    let world = World::with(Capabilities { moves_hires: false, ..doubling() });
    world.hire("loser", "Ada", "o1");
    world.hire("winner", "Ada", "o2");
    world.cycle().await;
    world.rename("loser", "Ada Lovelace");
    world.target.script([Fault::Unavailable]);
    world.cycle().await;
    assert_eq!(world.state("loser"), Some("waiting"));
    // when both turn out to be one
    world.merge("loser", "winner");
    world.hire("winner", "Ada", "o1");
    world.later(TimeDelta::hours(1));
    world.full_sweeps(2).await;
    // then HR is asked which record stays, and nothing waits for a contact that nobody can read
    assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
    assert_eq!((world.state("loser"), world.state("winner")), (Some("agreed"), Some("agreed")));
}

/// A target that tells employments apart by their numbers only: the first is that of whoever is first in the order.
#[derive(Debug)]
struct Numbered(Arc<dyn HrisAdapter>);

#[async_trait]
impl HrisAdapter for Numbered {
    fn info(&self) -> &AdapterInfo {
        self.0.info()
    }

    async fn check(&self) -> adapter_sdk::Result<CheckReport> {
        self.0.check().await
    }

    async fn find(&self, who: &Identity) -> adapter_sdk::Result<Vec<Found>> {
        let mut found = self.0.find(who).await?;
        for found in &mut found {
            let ids = std::mem::take(&mut found.link.hires).into_values();
            found.link.hires = who.order.iter().cloned().zip(ids).collect();
        }
        Ok(found)
    }

    async fn read(&self, link: &Link) -> adapter_sdk::Result<Option<RemoteState>> {
        self.0.read(link).await
    }

    async fn list(&self, after: Option<RemoteId>) -> adapter_sdk::Result<Vec<Found>> {
        self.0.list(after).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<adapter_sdk::Result<Receipt>> {
        self.0.deliver(deliveries).await
    }
}

#[tokio::test]
async fn the_employment_of_an_earlier_hire_is_not_taken_for_one_whose_answer_was_lost() {
    // given a hire that was delivered, and does not count any more
    let can = Capabilities { employments: true, moves_hires: false, ..doubling() };
    let mut world = World::with(can);
    world.restart_with(Arc::new(Numbered(world.target.adapter())), mapping(PERSON, HIRE));
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.unhire("ada", "o1");
    world.cycle().await;
    // when another one is lost on its way, and looked for
    world.hire("ada", "Ada", "o2");
    world.target.script([Fault::RequestLost]);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("sent"));
    for _ in 0..5 {
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
    }
    // then
    let hires: Vec<_> = world.only_record().hires.into_keys().collect();
    assert_eq!((hires, world.state("ada")), (vec![opportunity("o1"), opportunity("o2")], Some("agreed")));
}

#[tokio::test]
async fn an_attempt_is_not_repeated_where_the_number_it_would_be_found_by_was_changed_since() {
    for (name, deliveries, state) in [("Ada", 2, "agreed"), ("Ada Lovelace", 1, "held")] {
        // given a target whose records have a key that the mapping makes
        let mut world = World::with(Capabilities { contact_id: false, ..doubling() });
        let schema = FieldSchema { open: true, key: Some(FieldName::new("name")), ..FieldSchema::default() };
        world.target = world.target.clone().with_schema(schema);
        world.restart();
        world.hire("ada", "Ada", "o1");
        world.target.script([Fault::RequestLost]);
        world.cycle().await;
        // when
        world.rename("ada", name);
        for _ in 0..6 {
            world.later(TimeDelta::minutes(5));
            world.cycle().await;
        }
        // then
        assert_eq!(
            (world.target.deliveries().len(), world.state("ada")),
            (deliveries, Some(state)),
            "{name}"
        );
        // and a human's word is the end of it
        world.engine.retry(&contact("ada"), 7).unwrap();
        world.full_sweeps(2).await;
        assert_eq!((world.only_record().hires.len(), world.state("ada")), (1, Some("agreed")), "{name}");
    }
}

#[tokio::test]
async fn a_look_that_is_refused_is_said_and_waits_for_a_human() {
    // given
    let world = World::with(doubling());
    world.cycle().await;
    world.hire("ada", "Ada", "o1");
    world.target.script_reads([Fault::Rejected]);
    // when it comes before the first attempt
    world.cycle().await;
    // then
    assert_eq!((world.target.deliveries().len(), world.state("ada")), (0, Some("parked")));
    assert!(
        matches!(world.history("ada").last(), Some(Outcome::Parked { .. })),
        "{:?}",
        world.history("ada")
    );
    // and when it comes after one that had no answer
    world.engine.retry(&contact("ada"), 7).unwrap();
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    world.target.script_reads([Fault::Rejected]);
    world.later(TimeDelta::minutes(5));
    world.cycle().await;
    // then
    assert_eq!((world.state("ada"), world.open_tasks()), (Some("held"), vec![TaskKind::Review]));
    world.engine.retry(&contact("ada"), 7).unwrap();
    world.full_sweeps(2).await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn an_attempt_under_a_clock_that_was_far_ahead_is_looked_for_once_the_clock_is_right() {
    // given
    let world = World::with(doubling());
    world.cycle().await;
    world.later(TimeDelta::days(30));
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::RequestLost]);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("sent"));
    // when
    world.later(-TimeDelta::days(30));
    world.full_sweeps(5).await;
    // then
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}

#[tokio::test]
async fn profiles_merged_while_a_target_was_not_configured_are_merged_when_it_is_back() {
    for (fault, state) in [(Fault::Nothing, "agreed"), (Fault::AnswerLost, "held")] {
        // given a target that cannot be asked what it holds
        let mut world = World::with(blind());
        world.hire("loser", "Ada", "o1");
        world.target.script([fault]);
        world.cycle().await;
        // when
        world.restart_with(Memory::new("other").adapter(), mapping(PERSON, HIRE));
        world.cycle().await;
        world.merge("loser", "winner");
        world.hire("winner", "Ada", "o1");
        world.full_sweeps(1).await;
        world.restart();
        world.full_sweeps(2).await;
        // then
        assert_eq!(world.only_record().hires.len(), 1);
        assert_eq!((world.state("winner"), world.state("loser")), (Some(state), None));
    }
}
