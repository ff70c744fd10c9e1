//! What recruiters do besides hiring: delete, anonymise, archive again, sign late, take the key away.

use adapter_sdk::{
    Capabilities, TaskKind,
    memory::{Fault, Memory},
};
use chrono::TimeDelta;
use engine::{CycleError, SweepKind};
use ledger::{Phase, WhyHeld};
use people::{Candidacy, Offer, Timestamp};

use crate::world::{HIRE, PERSON, World, contact, mapping, opportunity};

fn day(day: &str) -> Timestamp {
    format!("{day}T12:00:00Z").parse().unwrap()
}

impl World {
    fn offers(&self, who: &str, what: &str, offer: Offer) {
        // An offer leaves no trace in the record: no sweep shows it.
        let mut people = self.source.people();
        let person = people.persons.get_mut(&contact(who)).unwrap();
        person.hires.get_mut(what).unwrap().offer = Some(offer);
    }

    /// Lever deletes an opportunity and says so.
    fn delete(&self, who: &str, what: &str) {
        let mut people = self.source.people();
        people.deleted.get_or_insert_default().insert(opportunity(what));
        let person = people.persons.get_mut(&contact(who)).unwrap();
        person.hires.remove(what);
        person.opportunities.remove(what);
    }

    /// An old hire is archived once more: its date moves, its application's stays.
    fn archive_again(&self, who: &str, what: &str, applied: Option<Timestamp>) {
        self.hire(who, who, what);
        self.change(who, |person| person.hires.get_mut(what).unwrap().applied_hired_at = applied);
    }

    fn doubts(&self, who: &str) -> bool {
        let owed = self.standing(who).owed;
        matches!(owed.map(|owed| owed.phase), Some(Phase::Held { why: WhyHeld::HireDate { .. }, .. }))
    }
}

fn with_start_dates() -> World {
    let mut world = World::new();
    let hire = [HIRE, &[("start", "offer.start_date")]].concat();
    world.restart_with(world.target.adapter(), mapping(PERSON, &hire));
    world
}

#[tokio::test]
async fn a_deleted_hire_is_a_task_and_never_a_withdrawal() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    world.delete("ada", "o2");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
    assert_eq!(world.only_record().hires.len(), 2);
    world.settles().await;
}

#[tokio::test]
async fn what_is_merely_not_there_is_no_deletion() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    world.delete("ada", "o2");
    world.source.people().deleted = None;
    world.full_sweeps(2).await;
    assert_eq!((world.open_tasks(), world.only_record().hires.len()), (Vec::new(), 2));
}

#[tokio::test]
async fn a_source_that_cannot_say_what_was_deleted_costs_nothing_else() {
    let world = World::new();
    world.source.people().deleted = None;
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("agreed"));
}

#[tokio::test]
async fn one_anonymised_hire_of_two_is_an_erasure_notice_and_its_values_are_forgotten() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    world.change("ada", |person| {
        person.hires.remove("o2");
        person.opportunities.insert(opportunity("o2"), Candidacy::Anonymised);
    });
    world.cycle().await;
    let digests = world.standing("ada").agreed.unwrap().digests.unwrap();
    assert_eq!(digests.hires.keys().collect::<Vec<_>>(), [&opportunity("o1")]);
    assert_eq!((world.open_tasks(), world.only_record().hires.len()), (vec![TaskKind::ErasureNotice], 2));
    world.settles().await;
}

#[tokio::test]
async fn an_old_hire_that_was_seen_before_stays_old_when_it_is_archived_again() {
    let world = World::new();
    world.hire_at("ada", "Ada", "o1", day("2019-05-05"));
    world.cycle().await;
    for applied in [None, Some(day("2019-05-05"))] {
        world.archive_again("ada", "o1", applied);
        world.cycle().await;
        assert_eq!((world.target.records().len(), world.state("ada")), (0, None));
    }
    assert_eq!(world.explained("ada").0, "out_of_scope.hired_since");
}

#[tokio::test]
async fn a_hire_whose_dates_disagree_is_held_and_a_human_who_lets_it_go_on_has_it_sent() {
    let world = World::new();
    world.archive_again("ada", "o1", Some(day("2019-05-05")));
    world.cycle().await;
    assert!(world.doubts("ada") && world.engine.needs_human().unwrap());
    assert_eq!(world.open_tasks(), [TaskKind::Review]);
    world.settles().await;
    world.engine.retry(&contact("ada"), 0).unwrap();
    world.cycle().await;
    assert_eq!((world.state("ada"), world.open_tasks()), (Some("agreed"), Vec::new()));
    world.settles().await;
}

#[tokio::test]
async fn a_hire_whose_dates_disagree_is_left_out_once_a_human_says_that_it_is_old() {
    let world = World::new();
    world.archive_again("ada", "o1", Some(day("2019-05-05")));
    world.cycle().await;
    let task = world.engine.ledger().tasks().unwrap().remove(0);
    assert!(world.engine.task_done(&task.id, 0).unwrap());
    world.cycle().await;
    assert_eq!((world.state("ada"), world.target.records().len()), (None, 0));
    assert_eq!(world.explained("ada").0, "out_of_scope.hire_date");
    world.settles().await;
}

#[tokio::test]
async fn the_vendors_own_recovery_ritual_raises_no_doubt() {
    let world = World::new();
    world.archive_again("ada", "o1", Some(day("2026-06-01")));
    world.cycle().await;
    world.unhire("ada", "o1");
    world.cycle().await;
    world.later(TimeDelta::days(2));
    world.archive_again("ada", "o1", Some(day("2026-06-03")));
    world.cycle().await;
    assert_eq!((world.state("ada"), world.only_record().hires.len()), (Some("agreed"), 1));
}

#[tokio::test]
async fn a_recent_hire_is_looked_at_with_every_poll_until_a_signed_offer_says_when_it_starts() {
    let world = with_start_dates();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let start = "2026-07-01".parse().unwrap();
    let sent = Offer { status: "sent".to_owned(), start_date: Some(start), ..Offer::default() };
    world.offers("ada", "o1", sent.clone());
    assert_eq!(world.cycle().await.delivered.updated, 1);
    assert_eq!(world.cycle().await.read, 1, "it may still move");
    world.offers("ada", "o1", Offer { status: "signed".to_owned(), ..sent });
    world.cycle().await;
    assert_eq!(world.cycle().await.read, 0, "nothing more is to be expected");
}

#[tokio::test]
async fn a_new_process_goes_on_looking_and_nobody_looks_for_more_than_a_month() {
    let mut world = with_start_dates();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let hire = [HIRE, &[("start", "offer.start_date")]].concat();
    world.restart_with(world.target.adapter(), mapping(PERSON, &hire));
    assert_eq!(world.cycle().await.read, 1);
    world.later(TimeDelta::days(31));
    assert_eq!(world.cycle().await.read, 0);
}

#[tokio::test]
async fn where_nobody_needs_offers_none_is_looked_for() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.cycle().await.read, 0);
}

#[tokio::test]
async fn a_revoked_key_is_tried_once_a_poll_keeps_every_debt_and_is_said_at_once() {
    let world = World::new();
    world.target.script([Fault::RateLimited { after: None }]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("waiting"));
    world.source.people().revoked = true;
    assert!(matches!(world.try_cycle(SweepKind::Changes).await, Err(CycleError::Source(_))));
    assert_eq!(world.engine.status().unwrap().last_fault.unwrap().code, "unauthorized");
    world.source.people().asked = 0;
    world.later(TimeDelta::hours(1));
    for _ in 0..5 {
        assert!(world.try_cycle(SweepKind::Skip).await.is_err());
    }
    assert_eq!((world.source.people().asked, world.state("ada")), (0, Some("waiting")));
    world.source.people().revoked = false;
    world.cycle().await;
    assert_eq!((world.state("ada"), world.engine.status().unwrap().last_fault), (Some("agreed"), None));
}

#[tokio::test]
async fn a_hire_taken_back_just_before_its_lost_attempt_is_repeated_is_looked_for_and_not_forgotten() {
    let world = World::with(Capabilities { dedupes_by_key: true, ..Memory::everything() });
    let target = world.target.adapter().info().target.clone();
    world.target.script([Fault::AnswerLost]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("sent"));
    world.engine.pause(&target).unwrap();
    world.later(TimeDelta::minutes(2));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.state("ada"), Some("waiting"), "it is about to be repeated");
    world.unhire("ada", "o1");
    world.engine.resume(&target).unwrap();
    world.cycle().await;
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
}

#[tokio::test]
async fn what_a_human_said_of_a_hire_counts_after_a_merge_and_approving_something_else_says_nothing() {
    let world = World::new();
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    world.archive_again("ada", "o1", Some(day("2019-05-05")));
    world.cycle().await;
    let task = world.engine.ledger().tasks().unwrap().remove(0);
    world.engine.task_done(&task.id, 0).unwrap();
    world.cycle().await;
    let ada = world.source.people().persons[&contact("ada")].clone();
    world.change("ben", |person| {
        person.hires.extend(ada.hires);
        person.opportunities.extend(ada.opportunities);
    });
    world.merge("ada", "ben");
    world.full_sweeps(2).await;
    assert_eq!(world.only_record().hires.len(), 1, "it is old still");

    world.archive_again("eve", "o3", Some(day("2019-05-05")));
    world.hire("eve", "Eve", "o4");
    world.cycle().await;
    assert!(world.doubts("eve"));
}

#[tokio::test]
async fn of_two_hires_in_doubt_each_is_as_old_as_a_human_says_whichever_is_held() {
    // given
    let world = World::new();
    for hire in ["o2", "o1"] {
        world.archive_again("ada", hire, Some(day("2019-05-05")));
        world.cycle().await;
    }
    assert_eq!(world.open_tasks(), [TaskKind::Review; 2]);
    // when
    for task in world.engine.ledger().tasks().unwrap() {
        assert!(world.engine.task_done(&task.id, 0).unwrap());
    }
    world.full_sweeps(2).await;
    // then
    assert!(!world.doubts("ada"));
    assert_eq!((world.open_tasks(), world.target.records().len()), (vec![], 0));
    assert_eq!(world.explained("ada").0, "out_of_scope.hire_date");
}
