//! Erasure and access: what is left of somebody forgotten, what keeps them from being made again, and what grows old.

use adapter_sdk::{
    Capabilities, TaskKind,
    memory::{Fault, Memory},
};
use chrono::TimeDelta;
use engine::{About, Hint, OrderError, SweepKind};
use ledger::{Holding, Origin};
use people::Candidacy;

use crate::world::{World, contact, opportunity};

fn holding(world: &World, who: &str) -> Holding {
    world.engine.ledger().holding(&contact(who)).unwrap()
}

/// Everything that could bring somebody back.
async fn provoke(world: &World, who: &str) {
    world.rename(who, "Another Name");
    world.engine.sync(&[contact(who)]).unwrap();
    let hint =
        Hint { contact: Some(contact(who)), opportunity: Some(opportunity("o1")), about: About::Anybody };
    world.engine.hint(&hint).unwrap();
    world.cycle().await;
    world.full_sweeps(2).await;
}

#[tokio::test]
async fn nothing_is_left_of_somebody_forgotten_and_nothing_makes_them_again() {
    for is_deleted_there in [false, true] {
        // given
        let mut world = World::new();
        world.hire("ada", "Ada", "o1");
        world.hire("ben", "Ben", "o2");
        world.cycle().await;
        let record = world.target.record_of(&contact("ada")).unwrap();
        // when
        let forgotten = world.engine.forget(&contact("ada")).unwrap();
        if is_deleted_there {
            world.target.delete(&record.remote);
        }
        let (records, deliveries) = (world.target.records().len(), world.target.deliveries().len());
        // then the answer names where the person still is, this once
        assert_eq!(forgotten.held_by.len(), 1);
        assert_eq!(forgotten.held_by[0].record.as_ref(), Some(&record.remote));
        assert!(holding(&world, "ada").is_nothing());
        provoke(&world, "ada").await;
        world.restart();
        provoke(&world, "ada").await;
        assert!(holding(&world, "ada").is_nothing());
        assert_eq!((world.target.records().len(), world.target.deliveries().len()), (records, deliveries));
        assert_eq!((world.open_tasks(), world.state("ben")), (vec![], Some("agreed")));
        assert_eq!(world.explained("ada").0, "out_of_scope.forgotten");
        assert!(world.engine.report(&contact("ada")).unwrap().forgotten);
        assert!(world.engine.forget(&contact("ada")).unwrap().held_by.is_empty());
    }
}

#[tokio::test]
async fn a_listing_of_the_target_does_not_bring_somebody_forgotten_back() {
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.engine.forget(&contact("ada")).unwrap();
    world.copy_ledger();
    assert!(matches!(world.engine.ledger().origin(), Origin::Recovery { .. }));
    provoke(&world, "ada").await;
    assert!(holding(&world, "ada").is_nothing());
}

#[tokio::test]
async fn somebody_forgotten_who_comes_back_by_a_merge_is_forgotten_under_the_other_contact_too() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.engine.forget(&contact("ada")).unwrap();
    let before = world.target.deliveries().len();
    world.merge("ada", "winner");
    world.hire("winner", "Ada", "o1");
    world.hire("winner", "Ada", "o9");
    provoke(&world, "winner").await;
    assert_eq!(world.deliveries_after(before), 0);
    assert!(holding(&world, "winner").is_nothing() && holding(&world, "ada").is_nothing());
}

#[tokio::test]
async fn an_employee_into_whom_somebody_forgotten_is_merged_goes_on_without_the_forgotten_hire() {
    let world = World::new();
    world.hire("test", "Test", "o1");
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    world.engine.forget(&contact("test")).unwrap();
    world.merge("test", "ben");
    world.hire("ben", "Ben Newname", "o1");
    world.cycle().await;
    world.full_sweeps(1).await;
    let there = world.target.record_of(&contact("ben")).unwrap();
    assert_eq!(there.hires.keys().cloned().collect::<Vec<_>>(), [opportunity("o2")]);
    assert_eq!(world.name_there("ben"), "Ben Newname");
    assert!(!format!("{:?}", holding(&world, "ben")).contains("o1"), "nothing is kept of the forgotten hire");
}

#[tokio::test]
async fn nobody_is_forgotten_while_an_answer_about_them_is_awaited() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    assert!(matches!(world.engine.forget(&contact("ada")), Err(OrderError::UnderWay(_))));
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    assert_eq!(world.engine.forget(&contact("ada")).unwrap().held_by.len(), 1);
}

#[tokio::test]
async fn a_report_says_what_is_held_and_who_received_what() {
    let world = World::new();
    world.hire("ada", "Ada Secretname", "o1");
    world.cycle().await;
    world.rename("ada", "Ada Anothername");
    world.cycle().await;
    let report = world.engine.report(&contact("ada")).unwrap();
    assert_eq!((report.holding.standings.len(), report.holding.opportunities.len()), (1, 1));
    let received: Vec<(&str, usize)> =
        report.received.iter().map(|received| (received.target.as_str(), received.fields.len())).collect();
    assert_eq!(received, [("hr", 5), ("hr", 1)]);
    assert_eq!(report.digests.values().next().unwrap().len(), 5);
    let document = serde_json::to_string(&report).unwrap();
    assert!(!document.contains("name\":\"Ada") && !document.contains("Secretname"), "{document}");
    assert_eq!(serde_json::from_str::<engine::Report>(&document).unwrap(), report);
}

#[tokio::test]
async fn what_is_of_no_use_any_more_goes_after_a_while_and_nothing_comes_back_for_that() {
    // given somebody who never came, somebody whose task was closed, and an old hire
    let world = World::new();
    world.hire("never", "Never", "o1");
    world.target.script([Fault::Rejected]);
    world.cycle().await;
    world.unhire("never", "o1");
    world.hire("ada", "Ada", "o2");
    world.hire_at("old", "Old", "o3", "2020-01-01T00:00:00Z".parse().unwrap());
    world.cycle().await;
    world.full_sweeps(1).await;
    world.unhire("ada", "o2");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
    let ledger = world.engine.ledger();
    let task = ledger.tasks().unwrap().remove(0).id;
    assert!(world.engine.task_done(&task, 0).unwrap());
    assert!(!world.history("never").is_empty());
    // when
    world.later(TimeDelta::days(89));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert!(!world.history("never").is_empty() && !ledger.tasks().unwrap().is_empty());
    world.later(TimeDelta::days(2));
    world.full_sweeps(2).await;
    // then
    assert!(world.history("never").is_empty() && ledger.tasks().unwrap().is_empty());
    assert!(!world.history("ada").is_empty() && world.standing("ada").agreed.is_some());
    assert!(ledger.seen(&opportunity("o3")).unwrap().unwrap().first_hired_at.is_some());
    assert_eq!(world.source.people().persons[&contact("ada")].opportunities["o2"], Candidacy::Open);
}
