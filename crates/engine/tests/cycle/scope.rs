//! A target's `when`: who it is told about, who is left out and why, and what happens when that changes.

use adapter_sdk::TaskKind;
use chrono::TimeDelta;
use engine::SweepKind;
use ledger::{LeftOut, Outcome};
use mapping::Rules;
use people::Posting;

use crate::world::{World, contact, opportunity, rules};

const BRITISH: &str = "posting.country == 'GB'";

fn only(when: &str) -> Rules {
    Rules { when: Some(when.to_owned()), ..rules(&[]) }
}

fn british() -> World {
    let mut world = World::new();
    world.configure(&only(BRITISH));
    world
}

impl World {
    fn hire_in(&self, who: &str, what: &str, country: &str) {
        self.hire(who, who, what);
        self.country(who, what, country);
    }

    fn country(&self, who: &str, what: &str, country: &str) {
        self.change(who, |person| {
            let posting = Posting { country: Some(country.to_owned()), ..Posting::default() };
            person.hires.get_mut(what).expect("somebody hired").posting = Some(posting);
        });
    }

    fn withheld(&self, who: &str, what: &str, withheld: bool) {
        self.change(who, |person| {
            person.hires.get_mut(what).expect("somebody hired").withheld.posting = withheld;
        });
    }

    fn left_out(&self, who: &str) -> Vec<LeftOut> {
        let told = self.history(who).into_iter().filter_map(|outcome| match outcome {
            Outcome::OutOfScope { by, .. } => Some(by),
            _ => None,
        });
        told.collect()
    }
}

#[tokio::test]
async fn that_an_earlier_hire_is_too_old_is_not_said_of_whom_the_target_is_told() {
    // given
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire_at("ada", "Ada", "o2", "2025-05-05T00:00:00Z".parse().unwrap());
    // when
    world.cycle().await;
    // then
    assert_eq!((world.state("ada"), world.left_out("ada")), (Some("agreed"), vec![]));
}

#[tokio::test]
async fn a_target_is_told_about_the_hires_its_when_names_and_the_others_are_explained() {
    let world = british();
    world.hire_in("ada", "o1", "GB");
    world.hire_in("bob", "o2", "FR");
    world.cycle().await;
    assert_eq!((world.state("ada"), world.state("bob")), (Some("agreed"), None));
    let (code, what) = world.explained("bob");
    assert_eq!(code, "out_of_scope.when");
    assert!(what.contains(BRITISH), "{what}");
    assert_eq!(world.explained("ada").0, "agreed");
    assert_eq!(world.left_out("bob"), [LeftOut::When]);
    // Once, however often they are read.
    for _ in 0..3 {
        world.rename("bob", "Robert");
        world.cycle().await;
        world.settles().await;
    }
    assert_eq!(world.left_out("bob"), [LeftOut::When]);
    let dry = world.engine.dry_run(&[contact("bob")]).await.unwrap();
    assert_eq!((dry.changes[0].decision.as_str(), &dry.changes[0].why), ("out_of_scope.when", &what));
    assert_eq!(world.engine.status().unwrap().targets.values().next().unwrap().in_scope, 1);
}

#[tokio::test]
async fn somebody_who_was_hired_too_early_is_explained_too() {
    let world = World::new();
    world.hire_at("old", "Old", "o1", "2025-12-31T23:59:59Z".parse().unwrap());
    world.engine.sync(&[contact("old")]).unwrap();
    world.cycle().await;
    assert_eq!(world.explained("old").0, "out_of_scope.hired_since");
    // Rehired, and therefore delivered: nobody asks why nothing is there.
    world.hire("old", "Old", "o2");
    world.cycle().await;
    world.settles().await;
    assert_eq!((world.explained("old").0.as_str(), world.left_out("old").len()), ("agreed", 1));
}

#[tokio::test]
async fn somebody_left_out_who_is_no_hire_any_more_is_not_explained_as_one() {
    let world = british();
    world.hire_in("bob", "o2", "FR");
    world.cycle().await;
    world.unhire("bob", "o2");
    world.cycle().await;
    world.settles().await;
    assert_eq!((world.explained("bob").0.as_str(), world.left_out("bob").len()), ("unknown", 2));
    // Somebody of whom nothing was said needs no such line.
    world.change("cy", |person| {
        person.opportunities.insert(opportunity("o3"), people::Candidacy::Closed);
    });
    world.engine.sync(&[contact("cy")]).unwrap();
    world.cycle().await;
    assert_eq!(world.history("cy"), []);
}

#[tokio::test]
async fn a_posting_that_is_corrected_brings_the_hire_in() {
    let world = british();
    world.hire_in("bob", "o2", "FR");
    world.cycle().await;
    world.later(TimeDelta::days(3));
    world.country("bob", "o2", "GB");
    world.cycle().await;
    let record = world.only_record();
    assert_eq!(world.state("bob"), Some("agreed"));
    assert_eq!(record.hires[&opportunity("o2")]["decided"].reveal().to_text(), "2026-06-04");
}

#[tokio::test]
async fn a_when_that_is_configured_otherwise_finds_whoever_was_left_out() {
    for (before, after) in [(Some(BRITISH), None), (Some(BRITISH), Some("posting.country != 'US'"))] {
        let mut world = World::new();
        world.configure(&Rules { when: before.map(str::to_owned), ..rules(&[]) });
        world.hire_in("ada", "o1", "GB");
        world.hire_in("bob", "o2", "FR");
        world.cycle().await;
        // when
        world.configure(&Rules { when: after.map(str::to_owned), ..rules(&[]) });
        let dry = world.engine.dry_run(&[]).await.unwrap();
        assert!(dry.changes.iter().any(|change| change.decision == "add"), "it is planned before it is done");
        // The source cannot be read at first.
        world.source.people().down = true;
        world.try_cycle(SweepKind::Changes).await.unwrap_err();
        world.source.people().down = false;
        world.try_cycle(SweepKind::Skip).await.unwrap();
        let report = world.cycle().await;
        // then
        assert_eq!((report.full, world.state("bob")), (true, Some("agreed")));
        assert!(!world.cycle().await.full, "once is enough");
    }
}

#[tokio::test]
async fn a_ledger_from_before_there_was_a_when_looks_at_everybody_once_one_is_configured() {
    let mut world = World::new();
    world.hire_in("bob", "o2", "FR");
    world.cycle().await;
    assert!(!world.cycle().await.full);
    world.configure(&only(BRITISH));
    assert!(world.cycle().await.full);
    assert_eq!(world.open_tasks(), [TaskKind::Review]);
}

#[tokio::test]
async fn a_delivered_hire_that_is_left_out_stays_as_it_is_and_is_one_task() {
    let world = british();
    world.hire_in("ada", "o1", "GB");
    world.cycle().await;
    let there = world.only_record();
    world.country("ada", "o1", "FR");
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    world.full_sweeps(2).await;
    assert_eq!((world.only_record(), world.open_tasks()), (there, vec![TaskKind::Review]));
    assert_eq!(world.state("ada"), Some("agreed"));
    world.settles().await;
    // when it is in again
    world.country("ada", "o1", "GB");
    world.cycle().await;
    assert_eq!((world.name_there("ada").as_str(), world.open_tasks()), ("Ada Lovelace", vec![]));
    // and when it is left out again, and then no hire any more
    world.country("ada", "o1", "FR");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::Review]);
    world.unhire("ada", "o1");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::ReviewWithdrawal]);
}

#[tokio::test]
async fn of_two_hires_the_one_that_is_left_out_is_not_written() {
    let world = british();
    world.hire_in("ada", "o1", "GB");
    world.hire_in("ada", "o2", "FR");
    world.cycle().await;
    assert_eq!(world.only_record().hires.keys().collect::<Vec<_>>(), [&opportunity("o1")]);
    assert_eq!((world.explained("ada").0.as_str(), world.left_out("ada")), ("agreed", vec![LeftOut::When]));
    world.country("ada", "o2", "GB");
    world.cycle().await;
    assert_eq!(world.only_record().hires.len(), 2);
    // Left out again: a rename is written, that hire is not.
    world.country("ada", "o2", "US");
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    let title = |world: &World| world.only_record().hires[&opportunity("o2")].clone();
    let before = title(&world);
    world.promote("ada", "o2", "Manager");
    world.cycle().await;
    assert_eq!((title(&world), world.name_there("ada").as_str()), (before, "Ada Lovelace"));
    assert_eq!(world.open_tasks(), [TaskKind::Review]);
}

#[tokio::test]
async fn a_when_that_cannot_be_decided_holds_the_hire_and_asks_a_human() {
    let world = british();
    world.hire_in("ada", "o1", "GB");
    world.withheld("ada", "o1", true);
    world.cycle().await;
    let (code, what) = world.explained("ada");
    assert_eq!((code.as_str(), world.target.deliveries().len()), ("held.missing", 0));
    assert!(what.contains("`when` (Lever does not show us what decides about it)"), "{what}");
    assert!(world.engine.needs_human().unwrap());
    world.withheld("ada", "o1", false);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("agreed"));
    // Over there already: nothing is changed meanwhile.
    world.withheld("ada", "o1", true);
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!((world.state("ada"), world.name_there("ada").as_str()), (Some("held"), "ada"));
    assert_eq!(world.open_tasks(), []);
}
