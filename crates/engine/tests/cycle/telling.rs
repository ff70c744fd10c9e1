//! What is written back once a target agreed.

use std::collections::BTreeSet;

use adapter_sdk::{ErrorKind, memory::Fault};
use engine::{SweepKind, WriteBack};
use ledger::Outcome;

use crate::world::{HIRE, PERSON, World, contact, mapping, opportunity};

fn telling(write_back: WriteBack) -> World {
    let mut world = World::new();
    world.write_back = write_back;
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world
}

fn tagging() -> World {
    telling(WriteBack { tag: Some("in-payroll".to_owned()), ..WriteBack::default() })
}

impl World {
    fn told(&self) -> usize {
        self.source.people().told.len()
    }
}

#[tokio::test]
async fn nothing_is_written_back_unless_the_configuration_says_so() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.told(), 0);
}

#[tokio::test]
async fn a_hire_is_told_of_once_its_target_agreed_and_a_second_one_by_itself() {
    let world = tagging();
    world.target.script([Fault::RateLimited { after: None }]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.told(), 0, "nothing is agreed yet");
    world.later(chrono::TimeDelta::minutes(2));
    world.cycle().await;
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    world.settles().await;
    let people = world.source.people();
    let hires: Vec<BTreeSet<_>> = people.told.iter().map(|news| news.hires.clone()).collect();
    assert_eq!(hires, [BTreeSet::from([opportunity("o1")]), BTreeSet::from([opportunity("o2")])]);
    assert!(people.told.iter().all(|news| news.contact == contact("ada")));
    assert_eq!(people.told[0].tag.as_deref(), Some("in-payroll"));
}

#[tokio::test]
async fn a_link_and_a_note_name_the_record_over_there() {
    let world = telling(WriteBack {
        link: Some("https://hr.example.com/people/{record}".to_owned()),
        note: Some("Record {record}".to_owned()),
        ..WriteBack::default()
    });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let record = world.only_record().remote;
    let people = world.source.people();
    assert_eq!(people.told[0].link, Some(format!("https://hr.example.com/people/{record}")));
    assert_eq!(people.told[0].note, Some(format!("Record {record}")));
}

#[tokio::test]
async fn a_telling_that_failed_for_now_is_repeated_and_one_that_is_not_allowed_waits_for_the_next_full_sweep()
{
    let world = tagging();
    world.source.people().deaf = Some(ErrorKind::Unavailable);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.cycle().await;
    assert_eq!(world.told(), 2);
    world.source.people().deaf = Some(ErrorKind::Rejected);
    for n in 0..5 {
        world.hire(&format!("c{n}"), "Somebody", &format!("p{n}"));
    }
    world.cycle().await;
    assert_eq!(world.told(), 5, "one refusal may be about one record, three are about us");
    world.source.people().deaf = None;
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.told(), 11);
    assert!(
        matches!(world.history("ada").last(), Some(Outcome::WrittenBack { hires }) if *hires == [opportunity("o1")])
    );
    world.settles().await;
    assert_eq!(world.told(), 11);
}

#[tokio::test]
async fn other_words_are_told_to_everybody_with_the_next_full_sweep() {
    let mut world = tagging();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.write_back = WriteBack { tag: Some("onboarded".to_owned()), ..WriteBack::default() };
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.told(), 2);
}
