//! Second hires, days to come, hires taken back, trials with a few, another mapping, records that were there before us.

use adapter_sdk::{Capabilities, Employment, Intent, TaskKind, memory::Memory};
use chrono::TimeDelta;
use engine::{DeliverFrom, Guards, Policy, RehireKind, SweepKind, Treatment};
use ledger::{LinkOrigin, Outcome, Rehire};
use people::{Candidacy, Clock, Date, FieldName, Hire, Offer, Pii, Posting, Timestamp};

use crate::world::{HIRE, PERSON, World, contact, mapping, opportunity, rules};

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A target that tells its employments, and Ada, who was delivered to it.
async fn employer(policy: Policy) -> World {
    let mut world = World::with(Capabilities { employments: true, ..Memory::everything() });
    world.policy = policy;
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world
}

fn always(kind: RehireKind, treatment: Treatment) -> Policy {
    Policy { rehire: [(kind, treatment)].into(), ..Policy::default() }
}

/// HR's employment, beside ours.
fn employed(world: &World, id: &str, from: Option<&str>, until: Option<&str>) {
    let remote = world.only_record().remote;
    world.target.edit(&remote, |record| {
        let (from, until) = (from.map(day), until.map(day));
        let employment = Employment { id: id.parse().unwrap(), opportunity: None, from, until };
        let fields = [("title", "HR's"), ("decided", "2020-01-01")].map(text).into();
        record.employments.push((employment, fields));
    });
}

fn edit(world: &World, what: &str, change: impl FnOnce(&mut Hire)) {
    world.change("ada", |person| change(person.hires.get_mut(what).unwrap()));
}

fn starts(world: &World, what: &str, start: &str) {
    let offer = Offer { start_date: Some(day(start)), ..Offer::default() };
    edit(world, what, |hire| hire.offer = Some(offer));
}

fn commitment(world: &World, what: &str, commitment: &str) {
    let posting = Posting { commitment: Some(commitment.to_owned()), ..Posting::default() };
    edit(world, what, |hire| hire.posting = Some(posting));
}

fn rehire(world: &World, what: &str) -> Rehire {
    world.standing("ada").rehires.get(&opportunity(what)).cloned().expect("it was decided about")
}

fn hires_there(world: &World) -> Vec<String> {
    world.only_record().hires.keys().map(ToString::to_string).collect()
}

#[tokio::test]
async fn each_kind_of_rehire_is_told_by_its_evidence() {
    type Happens = fn(&World);
    let table: [(RehireKind, &str, Happens); 7] = [
        (RehireKind::WhileEmployed, "goes on", |world| employed(world, "E7", Some("2020-01-01"), None)),
        (RehireKind::AfterLeaving, "ended on 2026-06-03", |world| {
            employed(world, "E7", Some("2020-01-01"), Some("2026-06-03"));
        }),
        (RehireKind::AfterLeaving, "ended on 2021-01-01", |world| {
            employed(world, "E7", None, Some("2021-01-01"));
        }),
        (RehireKind::Conversion, "\"Contract\"", |world| {
            commitment(world, "o1", "Contract");
            commitment(world, "o2", "Full-time");
        }),
        (RehireKind::Transfer, "internal", |world| {
            edit(world, "o2", |hire| hire.origin = Some("internal".to_owned()));
        }),
        (RehireKind::SameDay, "o1 was hired on 2026-06-05", |world| {
            edit(world, "o1", |hire| hire.hired_at += TimeDelta::days(4));
        }),
        (RehireKind::Unclear, "does not tell", |_| {}),
    ];
    for (kind, evidence, happens) in table {
        let contractors = ["contract".to_owned()].into();
        let world = employer(Policy { contractor: contractors, ..Policy::default() }).await;
        world.later(TimeDelta::days(4));
        world.hire("ada", "Ada", "o2");
        happens(&world);
        world.cycle().await;
        let rehire = rehire(&world, "o2");
        assert_eq!((rehire.kind, rehire.treatment), (kind, Treatment::NewEmployment));
        assert!(rehire.because.contains(evidence), "{kind:?}: {}", rehire.because);
        assert_eq!(hires_there(&world), ["o1", "o2"]);
        world.settles().await;
    }
}

#[tokio::test]
async fn what_is_decided_about_a_rehire_stays_when_the_policy_or_the_world_changes() {
    let mut world = employer(always(RehireKind::WhileEmployed, Treatment::Ignore)).await;
    employed(&world, "E7", Some("2020-01-01"), None);
    world.hire("ada", "Ada", "o2");
    world.later(TimeDelta::days(1));
    edit(&world, "o2", |hire| hire.hired_at += TimeDelta::days(1));
    world.cycle().await;
    assert_eq!(
        (rehire(&world, "o2").treatment, hires_there(&world)),
        (Treatment::Ignore, vec!["o1".to_owned()])
    );
    world.policy = Policy::default();
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(
        (rehire(&world, "o2").treatment, hires_there(&world)),
        (Treatment::Ignore, vec!["o1".to_owned()])
    );
}

#[tokio::test]
async fn a_rehire_for_a_human_is_held_with_a_task_and_everything_else_goes_on() {
    let world = employer(always(RehireKind::Unclear, Treatment::Task)).await;
    world.later(TimeDelta::days(30));
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    assert_eq!(
        (world.open_tasks(), world.explained("ada").0.as_str()),
        (vec![TaskKind::Rehire], "held.rehire")
    );
    assert!(world.engine.needs_human().unwrap());
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!(
        (world.name_there("ada").as_str(), hires_there(&world)),
        ("Ada Lovelace", vec!["o1".to_owned()])
    );
    world.full_sweeps(1).await;
    assert_eq!(world.explained("ada").0, "held.rehire");
    assert_eq!(world.engine.retry(&contact("ada"), 0).unwrap(), 0, "a decision has a command of its own");
    world.settles().await;
}

#[tokio::test]
async fn a_human_decides_a_rehire_by_one_command() {
    for (treatment, there, title) in [
        (Treatment::NewEmployment, vec!["o1", "o2"], "Engineer"),
        (Treatment::Ignore, vec!["o1"], "Engineer"),
    ] {
        let world = employer(always(RehireKind::Unclear, Treatment::Task)).await;
        world.later(TimeDelta::days(30));
        world.hire("ada", "Ada", "o2");
        world.cycle().await;
        let decide = |hire: &str| {
            let (target, contact, hire) = ("hr".parse().unwrap(), contact("ada"), opportunity(hire));
            world.engine.decide_rehire(&target, &contact, &hire, treatment, 7).unwrap()
        };
        assert!(decide("o2") && !decide("o2") && !decide("o1"), "once, and only what waits for it");
        world.cycle().await;
        assert_eq!(hires_there(&world), there, "{treatment:?}");
        assert_eq!((world.open_tasks(), world.state("ada")), (vec![], Some("agreed")));
        let hire = &world.only_record().hires[&opportunity("o1")];
        assert_eq!(hire[&FieldName::new("title")].reveal().to_text(), title);
    }
}

#[tokio::test]
async fn a_task_about_a_rehire_that_is_closed_leaves_the_hire_out() {
    let world = employer(always(RehireKind::Unclear, Treatment::Task)).await;
    world.later(TimeDelta::days(30));
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    let task = world.engine.ledger().tasks().unwrap().remove(0);
    assert!(world.engine.task_done(&task.id, 7).unwrap());
    world.cycle().await;
    assert_eq!((rehire(&world, "o2").treatment, world.state("ada")), (Treatment::Ignore, Some("agreed")));
    assert_eq!(hires_there(&world), ["o1"]);
    // Closed by mistake: it can be decided otherwise.
    let (target, ada, hire) = ("hr".parse().unwrap(), contact("ada"), opportunity("o2"));
    assert!(world.engine.decide_rehire(&target, &ada, &hire, Treatment::NewEmployment, 7).unwrap());
    world.cycle().await;
    assert_eq!(hires_there(&world), ["o1", "o2"]);
}

#[tokio::test]
async fn hired_taken_back_and_hired_again_under_one_opportunity_creates_nothing() {
    let world = employer(always(RehireKind::Unclear, Treatment::Task)).await;
    for _ in 0..3 {
        world.unhire("ada", "o1");
        world.cycle().await;
        world.later(TimeDelta::days(1));
        world.hire("ada", "Ada", "o1");
        world.cycle().await;
    }
    assert_eq!((hires_there(&world), world.target.deliveries().len()), (vec!["o1".to_owned()], 1));
    assert!(world.standing("ada").rehires.is_empty());
}

#[tokio::test]
async fn a_second_hire_is_the_first_once_the_one_before_it_was_taken_back_undelivered() {
    let mut world = World::new();
    world.policy = always(RehireKind::SameDay, Treatment::Task);
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world.engine.pause(&"hr".parse().unwrap()).unwrap();
    world.hire("ada", "Ada", "o1");
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    assert_eq!(world.open_tasks(), [TaskKind::Rehire]);
    world.unhire("ada", "o1");
    world.engine.resume(&"hr".parse().unwrap()).unwrap();
    world.cycle().await;
    assert_eq!((hires_there(&world), world.open_tasks()), (vec!["o2".to_owned()], vec![]));
}

#[tokio::test]
async fn somebody_who_was_anonymised_and_comes_back_under_a_new_contact_is_for_a_human() {
    let mail = |world: &World, who: &str| {
        world.change(who, |person| person.emails = vec![Pii::new("Ada@Example.com ".to_owned())]);
    };
    for (treatment, records) in [(Treatment::NewEmployment, 2), (Treatment::Ignore, 1)] {
        let world = World::with(Capabilities { moves_hires: false, ..Memory::everything() });
        world.hire("ada", "Ada", "o1");
        mail(&world, "ada");
        world.cycle().await;
        world.source.people().anonymised.insert(contact("ada"));
        world.engine.sync(&[contact("ada")]).unwrap();
        world.cycle().await;
        world.later(TimeDelta::days(300));
        world.hire("ada2", "Ada", "o2");
        mail(&world, "ada2");
        world.hire("bob", "Bob", "o3");
        world.mail("bob", "bob@example.com");
        world.cycle().await;
        assert_eq!((world.state("ada2"), world.state("bob")), (Some("held"), Some("agreed")));
        assert_eq!(world.explained("ada2").0, "held.rehire");
        assert!(world.open_tasks().contains(&TaskKind::Rehire));
        let (target, ada2) = ("hr".parse().unwrap(), contact("ada2"));
        assert!(world.engine.decide_rehire(&target, &ada2, &opportunity("o2"), treatment, 7).unwrap());
        world.cycle().await;
        assert_eq!(world.target.records().len(), 1 + records, "{treatment:?}: Ada's, and Bob's");
    }
}

fn withdrawing(world: &mut World, policy: Policy) {
    world.policy = Policy { withdraws: true, ..policy };
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
}

#[tokio::test]
async fn a_hire_taken_back_is_taken_back_there_only_before_its_first_day_unless_told_otherwise() {
    for (start, after_start, is_gone) in [
        (Some("2026-07-01"), false, true),
        (Some("2026-06-01"), false, false),
        (None, false, false),
        (Some("2026-06-01"), true, true),
        (None, true, true),
    ] {
        for deleted in [false, true] {
            let mut world = World::new();
            withdrawing(&mut world, Policy { withdraws_after_start: after_start, ..Policy::default() });
            world.hire("ada", "Ada", "o1");
            if let Some(start) = start {
                starts(&world, "o1", start);
            }
            world.cycle().await;
            assert_eq!(hires_there(&world), ["o1"]);
            if deleted {
                world.change("ada", |person| {
                    person.hires.clear();
                    person.opportunities.clear();
                });
                world.source.people().deleted = Some([opportunity("o1")].into());
            } else {
                world.unhire("ada", "o1");
            }
            world.cycle().await;
            world.engine.sync(&[contact("ada")]).unwrap();
            let report = world.cycle().await;
            let tasks = if is_gone { vec![] } else { vec![TaskKind::ReviewWithdrawal] };
            assert_eq!(
                hires_there(&world).is_empty(),
                is_gone,
                "{start:?} {after_start} {deleted} {report:?}"
            );
            assert_eq!(world.open_tasks(), tasks, "{start:?} {after_start} {deleted}");
            if !deleted {
                // And hired again: one record, one hire.
                world.later(TimeDelta::days(1));
                world.hire("ada", "Ada", "o1");
                world.cycle().await;
                world.cycle().await;
                assert_eq!((hires_there(&world), world.target.records().len()), (vec!["o1".to_owned()], 1));
            }
        }
    }
}

#[tokio::test]
async fn what_is_taken_back_is_one_hire_and_no_other_and_what_lever_merely_does_not_show_is_none() {
    let mut world = World::new();
    withdrawing(&mut world, Policy::default());
    world.hire("ada", "Ada", "o1");
    world.hire("ada", "Ada", "o2");
    for hire in ["o1", "o2"] {
        starts(&world, hire, "2026-07-01");
    }
    world.cycle().await;
    world.change("ada", |person| {
        person.hires.remove("o1");
        person.opportunities.remove("o1");
    });
    world.cycle().await;
    assert_eq!(hires_there(&world), ["o1", "o2"]);
    world.hr_writes("place", "HR's");
    world.unhire("ada", "o2");
    world.cycle().await;
    assert_eq!(hires_there(&world), ["o1"]);
    let place = world.only_record().person[&FieldName::new("place")].reveal().to_text();
    assert_eq!((place.as_str(), world.open_tasks()), ("HR's", vec![]));
}

#[tokio::test]
async fn everybody_taken_back_at_once_is_held_by_a_guard_of_its_own() {
    let mut world = World::new().guards(Guards { withdrawals_per_cycle_max: 3, ..Guards::default() });
    withdrawing(&mut world, Policy::default());
    let names: Vec<String> = (0..6).map(|nth| format!("p{nth}")).collect();
    for name in &names {
        world.hire(name, name, &format!("o-{name}"));
        let offer = Offer { start_date: Some(day("2026-09-01")), ..Offer::default() };
        world.change(name, |person| {
            person.hires.values_mut().for_each(|hire| hire.offer = Some(offer.clone()))
        });
    }
    world.cycle().await;
    names.iter().for_each(|name| world.unhire(name, &format!("o-{name}")));
    let trip = world.cycle().await.guard.expect("the guard holds them");
    assert_eq!((trip.withdrawals, trip.creates, trip.changes), (6, 0, 0));
    assert!(world.target.records().iter().all(|record| record.hires.len() == 1));
    assert_eq!(world.engine.guards().unwrap()[0].withdrawals, 6);
    world.engine.approve(trip.cycle, 7).unwrap();
    world.cycle().await;
    assert!(world.target.records().iter().all(|record| record.hires.is_empty()));
}

fn later_told(world: &mut World, days: i64) {
    world.policy = Policy { deliver_from: DeliverFrom::Start { days }, ..Policy::default() };
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
}

#[tokio::test]
async fn a_future_start_waits_for_its_day_and_goes_out_by_itself() {
    let mut world = World::new();
    later_told(&mut world, -14);
    world.hire("ada", "Ada", "o1");
    starts(&world, "o1", "2026-07-01");
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.explained("ada").0.as_str()), (0, "held.not_yet"));
    assert!(!world.engine.needs_human().unwrap());
    let at: Timestamp = "2026-06-17T00:00:00Z".parse().unwrap();
    assert_eq!(world.engine.next_due(), Some(at));
    world.settles().await;
    world.later(TimeDelta::days(15) + TimeDelta::hours(16));
    world.try_cycle(SweepKind::Skip).await.unwrap();
    assert_eq!(world.target.records().len(), 1);
    assert_eq!(world.state("ada"), Some("agreed"));
}

#[tokio::test]
async fn a_start_date_that_is_moved_moves_the_day_and_none_waits_until_there_is_one() {
    let mut world = World::new();
    later_told(&mut world, 0);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.explained("ada").0, "held.no_start_date");
    starts(&world, "o1", "2026-08-01");
    world.cycle().await;
    assert_eq!(world.explained("ada").0, "held.not_yet");
    starts(&world, "o1", "2026-06-01");
    world.cycle().await;
    assert_eq!(hires_there(&world), ["o1"]);
    // What is there is told on, whatever its day.
    starts(&world, "o1", "2026-12-01");
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!(world.name_there("ada"), "Ada Lovelace");
}

#[tokio::test]
async fn a_second_hire_waits_for_its_day_while_the_first_goes_on() {
    let mut world = World::new();
    later_told(&mut world, 0);
    world.hire("ada", "Ada", "o1");
    starts(&world, "o1", "2026-06-01");
    world.cycle().await;
    world.later(TimeDelta::days(40));
    world.hire("ada", "Ada", "o2");
    starts(&world, "o2", "2026-09-01");
    world.cycle().await;
    assert_eq!(
        (hires_there(&world), world.explained("ada").0.as_str()),
        (vec!["o1".to_owned()], "held.not_yet")
    );
    world.later(TimeDelta::days(60));
    world.try_cycle(SweepKind::Skip).await.unwrap();
    assert_eq!(hires_there(&world), ["o1", "o2"]);
}

#[tokio::test]
async fn a_first_day_that_comes_without_a_record_is_an_alarm() {
    let world = World::new();
    world.engine.pause(&"hr".parse().unwrap()).unwrap();
    world.hire("ada", "Ada", "o1");
    starts(&world, "o1", "2026-06-03");
    world.cycle().await;
    assert!(!world.engine.needs_human().unwrap());
    world.later(TimeDelta::days(2));
    let started = |world: &World| {
        world.engine.status().unwrap().targets.values().map(|target| target.started).sum::<u64>()
    };
    assert_eq!((world.engine.needs_human().unwrap(), started(&world)), (true, 1));
    world.engine.resume(&"hr".parse().unwrap()).unwrap();
    world.cycle().await;
    assert_eq!((world.engine.needs_human().unwrap(), started(&world)), (false, 0));
}

#[tokio::test]
async fn a_trial_tells_the_target_about_the_people_it_names_and_nobody_else() {
    let mut world = World::new();
    world.policy = Policy { only: Some([contact("ada")].into()), ..Policy::default() };
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world.hire("ada", "Ada", "o1");
    world.hire("bob", "Bob", "o2");
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("bob")), (1, None));
    assert_eq!(world.explained("bob").0, "out_of_scope.only");
    world.settles().await;
    world.policy = Policy::default();
    world.restart_with(world.target.adapter(), mapping(PERSON, HIRE));
    world.cycle().await;
    assert_eq!(world.target.records().len(), 2);
}

#[tokio::test]
async fn another_mapping_that_would_change_more_than_a_few_is_held_until_approved() {
    let names: Vec<String> = (0..8).map(|nth| format!("p{nth}")).collect();
    for (few, held) in [(4, false), (8, true)] {
        let mut world = World::new();
        for name in &names[..few] {
            world.hire(name, name, &format!("o-{name}"));
        }
        world.cycle().await;
        let before = world.target.deliveries().len();
        world.configure(&rules(&[("place", mapping::Rule::new("'over there'"))]));
        let report = world.cycle().await;
        assert_eq!(report.guard.as_ref().map(|trip| trip.changes), held.then_some(few), "{few}");
        assert_eq!(world.deliveries_after(before), if held { 0 } else { few });
        if let Some(trip) = report.guard {
            assert_eq!(world.engine.approve(trip.cycle, 7).unwrap(), few);
            world.cycle().await;
            assert_eq!(world.deliveries_after(before), few);
        }
        // From then on the ordinary guard counts.
        for name in &names[..few] {
            world.rename(name, "Somebody else");
        }
        assert_eq!(world.cycle().await.guard, None);
    }
}

/// A record that was there before us, linked by a human.
fn linked(world: &World, who: &str) {
    let remote =
        world.target.plant(None, [("name", "HR's"), ("place", "Leeds")].map(text).into(), Default::default());
    let _ = world
        .engine
        .ledger()
        .write(|draft| {
            let mut standing = ledger::Standing::default();
            standing.adopt(adapter_sdk::Link::to(remote), LinkOrigin::Imported, world.clock.now());
            draft.put_standing(&"hr".parse().unwrap(), &contact(who), standing)
        })
        .unwrap();
}

fn text((field, value): (&str, &str)) -> (FieldName, Pii<people::Value>) {
    (FieldName::new(field), Pii::new(people::Value::Text(value.to_owned())))
}

#[tokio::test]
async fn the_staff_that_was_there_keeps_what_hr_has_and_the_employment_it_has() {
    let table = [
        // The employment whose first day fits is the hire's.
        (Some("2026-06-10"), Some("2026-06-15"), None, 0, "agreed"),
        (None, Some("2026-07-15"), None, 0, "agreed"),
        // One that has ended is another: hired again.
        (Some("2026-06-10"), Some("2019-01-01"), Some("2024-01-01"), 1, "agreed"),
        // One that goes on and does not fit is for a human.
        (Some("2026-06-10"), Some("2019-01-01"), None, 0, "held"),
    ];
    for (start, from, until, made, state) in table {
        let world = World::with(Capabilities { employments: true, ..Memory::everything() });
        linked(&world, "ada");
        employed(&world, "E1", from, until);
        world.hire("ada", "Ada", "o1");
        if let Some(start) = start {
            starts(&world, "o1", start);
        }
        world.cycle().await;
        world.cycle().await;
        let record = world.only_record();
        assert_eq!(record.hires.len(), made, "{start:?} {from:?} {until:?}");
        assert_eq!(world.state("ada"), Some(state), "{start:?} {from:?} {until:?}");
        assert_eq!(record.person[&FieldName::new("name")].reveal().to_text(), "HR's");
        let title = &record.employments[0].1[&FieldName::new("title")];
        assert_eq!(title.reveal().to_text(), "HR's");
        let asks = if state == "held" { vec![TaskKind::Rehire] } else { vec![] };
        assert_eq!(world.open_tasks(), asks, "what differs is no task");
        if state == "held" {
            // Nothing is sent, or compared, about somebody whose only hire waits.
            continue;
        }
        let kept = world.history("ada").into_iter().filter(|outcome| *outcome == Outcome::KeptTheirs).count();
        assert_eq!(kept, 1, "it is told, once: {start:?} {from:?} {until:?} {:?}", world.history("ada"));
        // Another field goes through all the same.
        world.place("ada", "Bath");
        world.cycle().await;
        assert_eq!(world.only_record().person[&FieldName::new("place")].reveal().to_text(), "Bath");
        world.rename("ada", "Ada Lovelace");
        world.cycle().await;
        assert_eq!(world.only_record().person[&FieldName::new("name")].reveal().to_text(), "HR's");
    }
}

#[tokio::test]
async fn what_hr_corrected_is_told_once_though_lever_says_nothing_new_about_it() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.hr_writes("name", "Ada King");
    for place in ["Bath", "York", "Hull"] {
        world.place("ada", place);
        world.cycle().await;
    }
    assert_eq!(world.name_there("ada"), "Ada King");
    let kept = |world: &World| {
        world.history("ada").into_iter().filter(|outcome| *outcome == Outcome::KeptTheirs).count()
    };
    assert_eq!((kept(&world), world.open_tasks()), (1, vec![]));
    world.hr_writes("name", "Countess");
    world.place("ada", "Leeds");
    world.cycle().await;
    assert_eq!(kept(&world), 2);
}

#[tokio::test]
async fn an_unseen_hire_is_never_taken_for_one_taken_back() {
    let mut world = World::new();
    withdrawing(&mut world, Policy { withdraws_after_start: true, ..Policy::default() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.change("ada", |person| {
        person.hires.clear();
        person.opportunities.insert(opportunity("o1"), Candidacy::Unclear);
    });
    world.cycle().await;
    let person = world.lose("ada");
    world.engine.sync(&[contact("ada")]).unwrap();
    world.cycle().await;
    assert_eq!((person.hires.len(), hires_there(&world)), (0, vec!["o1".to_owned()]));
}

#[tokio::test]
async fn a_hire_that_takes_the_place_of_the_latest_leaves_nothing_to_ask_about_it() {
    let world = employer(always(RehireKind::Unclear, Treatment::Update)).await;
    world.later(TimeDelta::days(30));
    world.hire("ada", "Ada", "o2");
    world.promote("ada", "o2", "Director");
    world.cycle().await;
    world.full_sweeps(2).await;
    assert_eq!(rehire(&world, "o2").replaces, Some(opportunity("o1")));
    assert!(!world.standing("ada").rehires.contains_key(&opportunity("o1")));
    assert_eq!((world.open_tasks(), world.state("ada")), (vec![], Some("agreed")));
    world.settles().await;
}

#[tokio::test]
async fn a_target_that_changes_nothing_gets_new_hires_and_a_human_the_rest() {
    // given
    let world = World::with(Capabilities { update: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    // when
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    // then
    assert_eq!((world.target.deliveries().len(), world.open_tasks()), (1, vec![TaskKind::ChangeByHand]));
    assert_eq!(world.state("ada"), Some("agreed"));
    // and
    world.hire("ada", "Ada Lovelace", "o2");
    world.cycle().await;
    assert_eq!(world.only_record().hires.len(), 2);
    assert_eq!((world.target.deliveries()[1].intent, world.open_tasks().len()), (Intent::AddHire, 1));
}

#[tokio::test]
async fn a_new_hire_of_somebody_whose_record_was_found_is_added_to_it_as_a_hire() {
    // given
    let mut world = World::with(Capabilities { moves_hires: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.lose_ledger();
    // when
    world.hire("ada", "Ada", "o2");
    world.full_sweeps(2).await;
    // then
    let last = world.target.deliveries().pop().unwrap();
    assert_eq!((last.intent, world.only_record().hires.len()), (Intent::AddHire, 2));
}
