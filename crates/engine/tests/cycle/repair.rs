//! The full sweep is a repair: it looks at everybody, goes on where it was cut off, and lets what cannot wait go first.

use std::{panic::catch_unwind, sync::Arc};

use engine::{About, CycleError, Engine, Guards, Hint, SweepKind};
use planted::{Bug, Level, arm};

use crate::world::{HIRE, PERSON, World, contact, mapping, opportunity};

fn with_offers(people: usize) -> World {
    let mut world = World::new().guards(Guards {
        creates_per_cycle_max: 1_000,
        changes_per_cycle_max: 1_000,
        ..Guards::default()
    });
    for n in 0..people {
        world.hire(&format!("c{n:03}"), "Somebody", &format!("o{n:03}"));
    }
    let hire = [HIRE, &[("start", "offer.start_date")]].concat();
    world.restart_with(world.target.adapter(), mapping(PERSON, &hire));
    world
}

#[tokio::test]
async fn a_repair_that_was_cut_off_goes_on_where_it_was_and_lists_nobody_again() {
    let mut world = with_offers(100);
    world.cycle().await;
    world.reads();
    world.source.people().then = Some((45, Box::new(|people| people.down = true)));
    // 45 were read, then the source went down.
    assert!(matches!(world.try_cycle(SweepKind::Full).await, Err(CycleError::Source(_)) | Ok(_)));
    let read = world.reads();
    assert!((45..100).contains(&read), "{read}");
    world.source.people().down = false;
    let hire = [HIRE, &[("start", "offer.start_date")]].concat();
    world.restart_with(world.target.adapter(), mapping(PERSON, &hire));
    let report = world.try_cycle(SweepKind::Skip).await.unwrap();
    assert_eq!((report.seen, report.read), (0, 100 - read as u64));
    assert_eq!(world.engine.status().unwrap().to_repair, 0);
}

#[tokio::test]
async fn whoever_is_hired_during_a_repair_is_there_before_it_ends() {
    let world = with_offers(100);
    world.cycle().await;
    world.reads();
    let engine: Arc<Engine> = Arc::clone(&world.engine);
    let hint = Hint { contact: Some(contact("new")), opportunity: None, about: About::Anybody };
    world.hire("new", "New", "o-new");
    // No sweep shows her: only the hint does.
    world.source.people().unseen.insert(opportunity("o-new"));
    world.source.people().then = Some((
        30,
        Box::new(move |_| {
            engine.hint(&hint).unwrap();
            engine.hurry(SweepKind::Skip);
        }),
    ));
    world.try_cycle(SweepKind::Full).await.unwrap();
    let people = world.source.people();
    let at = people.read.iter().position(|read| *read == contact("new")).unwrap();
    assert!((30..60).contains(&at), "after at most one more batch: {at}");
    assert_eq!(people.read.iter().filter(|read| **read == contact("new")).count(), 1);
    drop(people);
    assert_eq!(world.state("new"), Some("agreed"));
}

#[tokio::test]
async fn whoever_a_hint_names_goes_first_also_while_a_bulk_edit_is_read() {
    let world = with_offers(200);
    world.cycle().await;
    for n in 0..200 {
        world.rename(&format!("c{n:03}"), "Renamed");
    }
    world.hire("z-new", "New", "o-new");
    world.source.people().unseen.insert(opportunity("o-new"));
    world.reads();
    let engine: Arc<Engine> = Arc::clone(&world.engine);
    world.source.people().then = Some((
        50,
        Box::new(move |_| {
            let hint = Hint { contact: Some(contact("z-new")), opportunity: None, about: About::Anybody };
            engine.hint(&hint).unwrap();
            engine.hurry(SweepKind::Changes);
        }),
    ));
    world.cycle().await;
    let at = world.source.people().read.iter().position(|read| *read == contact("z-new")).unwrap();
    assert_eq!((at, world.state("z-new")), (100, Some("agreed")), "after the batch that was under way");
    assert_eq!(world.engine.take_hurried(), Some(SweepKind::Changes), "the poll comes next");
}

#[tokio::test]
async fn a_poll_that_falls_due_during_a_repair_is_done_in_between() {
    let world = with_offers(100);
    world.cycle().await;
    world.reads();
    let engine: Arc<Engine> = Arc::clone(&world.engine);
    world.source.people().then = Some((30, Box::new(move |_| engine.hurry(SweepKind::Changes))));
    let report = world.try_cycle(SweepKind::Full).await.unwrap();
    assert!(report.full);
    assert_eq!(world.engine.status().unwrap().last_cycle.unwrap().cycle, report.cycle);
    assert_eq!(world.engine.status().unwrap().cycle, report.cycle + 1, "there was another one within");
    assert_eq!(world.engine.take_hurried(), None);
}

#[tokio::test]
async fn a_repair_that_is_to_wind_up_leaves_the_rest_to_the_next_cycle() {
    let mut world = with_offers(100);
    world.cycle().await;
    world.reads();
    let engine: Arc<Engine> = Arc::clone(&world.engine);
    world.source.people().then = Some((30, Box::new(move |_| engine.wind_up())));
    assert_eq!(world.try_cycle(SweepKind::Full).await.unwrap().read, 45);
    let hire = [HIRE, &[("start", "offer.start_date")]].concat();
    world.restart_with(world.target.adapter(), mapping(PERSON, &hire));
    assert_eq!(world.try_cycle(SweepKind::Skip).await.unwrap().read, 55);
}

#[tokio::test]
async fn what_a_short_cycle_delivered_within_a_long_one_is_not_overtaken_by_what_that_had_planned() {
    let world = with_offers(60);
    world.cycle().await;
    world.reads();
    world.rename("c001", "First");
    let engine: Arc<Engine> = Arc::clone(&world.engine);
    world.source.people().then = Some((
        30,
        Box::new(move |people| {
            // Planned by the repair as "First", and renamed again before that is delivered.
            let person = people.persons.get_mut(&contact("c001")).unwrap();
            person.name = people::FullName::new("Second");
            let hint = Hint { contact: Some(contact("c001")), opportunity: None, about: About::Known };
            engine.hint(&hint).unwrap();
            engine.hurry(SweepKind::Skip);
        }),
    ));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.name_there("c001"), "Second");
    let updates = world.target.deliveries().into_iter().filter(|one| one.contact == contact("c001")).count();
    assert_eq!(updates, 2, "once created, once renamed");
}

#[test]
fn a_planted_mistake_that_delivers_it_twice_is_noticed() {
    let _planted = arm::plant(Bug::DoneTwice);
    let noticed = catch_unwind(
        what_a_short_cycle_delivered_within_a_long_one_is_not_overtaken_by_what_that_had_planned,
    );
    assert!(noticed.is_err());
    assert_eq!(Bug::DoneTwice.level(), Level::EngineTest);
}

#[tokio::test]
async fn a_repair_reads_in_short_batches_where_each_person_costs_requests_and_in_whole_pages_elsewhere() {
    let world = with_offers(100);
    world.cycle().await;
    world.source.people().batches.clear();
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.source.people().batches.iter().max(), Some(&15));

    let world = World::new().guards(Guards {
        creates_per_cycle_max: 1_000,
        changes_per_cycle_max: 1_000,
        ..Guards::default()
    });
    for n in 0..100 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.source.people().batches, [50, 50]);
}

#[tokio::test]
async fn what_hr_corrects_while_a_long_cycle_is_under_way_is_compared_once_more_and_kept() {
    let world = with_offers(100);
    world.cycle().await;
    world.rename("c001", "Lever says so");
    world.change("c099", |person| person.location = Some(people::Pii::new("York".to_owned())));
    world.reads();
    let (target, clock) = (world.target.clone(), Arc::clone(&world.clock));
    world.source.people().then = Some((
        60,
        Box::new(move |_| {
            // c001 was read and compared; now a long time goes by, and HR corrects the name.
            clock.advance(chrono::TimeDelta::minutes(5));
            let remote = target.record_of(&contact("c001")).unwrap().remote;
            let corrected = people::Pii::new(people::Value::Text("HR says so".to_owned()));
            target.edit(&remote, |record| {
                drop(record.person.insert(people::FieldName::new("name"), corrected))
            });
        }),
    ));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.name_there("c001"), "HR says so");
    assert_eq!(world.open_tasks(), [adapter_sdk::TaskKind::Disagreement]);
    let place = &world.target.record_of(&contact("c099")).unwrap().person["place"];
    assert_eq!(place.reveal().to_text(), "York", "whoever was compared just now goes out");
}

#[tokio::test]
async fn a_guard_that_has_tripped_keeps_what_was_read_also_when_the_cycle_is_cut_off() {
    let mut world = with_offers(100).guards(Guards {
        creates_per_cycle_max: 10,
        changes_per_cycle_max: 50,
        ..Guards::default()
    });
    let hire = [HIRE, &[("start", "offer.start_date")]].concat();
    world.restart_with(world.target.adapter(), mapping(PERSON, &hire));
    world.source.people().then = Some((60, Box::new(|people| people.down = true)));
    assert!(world.try_cycle(SweepKind::Full).await.is_err());
    let held = world.engine.guards().unwrap();
    assert_eq!((held.len(), held[0].held, world.target.records().len()), (1, 75, 0));
    world.source.people().down = false;
    world.reads();
    world.try_cycle(SweepKind::Skip).await.unwrap();
    assert_eq!(world.reads(), 25, "nobody is read again");
}

#[tokio::test]
async fn hints_one_by_one_do_not_get_round_the_guard() {
    let world = World::new().guards(Guards {
        creates_per_cycle_max: 2,
        changes_per_cycle_max: 50,
        ..Guards::default()
    });
    world.cycle().await;
    for n in 0..4 {
        let who = format!("c{n}");
        world.hire(&who, "Somebody", &format!("o{n}"));
        let hint = Hint { contact: Some(contact(&who)), opportunity: None, about: About::Anybody };
        world.engine.hint(&hint).unwrap();
        world.try_cycle(SweepKind::Skip).await.unwrap();
    }
    let states: Vec<_> = (0..4).map(|n| world.state(&format!("c{n}"))).collect();
    assert_eq!(states, [Some("agreed"), Some("agreed"), Some("held"), Some("held")]);
}

#[tokio::test]
async fn a_hint_about_somebody_in_the_pipeline_marks_nobody() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    for (who, what, about, marked) in [
        (Some("stranger"), None, About::Known, None),
        (Some("stranger"), None, About::Anybody, Some("stranger")),
        (None, Some("o1"), About::Known, Some("ada")),
        (None, Some("o9"), About::Anybody, None),
        (Some("ada"), None, About::Known, Some("ada")),
    ] {
        let hint = Hint { contact: who.map(contact), opportunity: what.map(opportunity), about };
        assert_eq!(world.engine.hint(&hint).unwrap(), marked.map(contact), "{hint:?}");
    }
}
