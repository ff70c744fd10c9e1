//! What became of everybody hired: nobody is lost without being said.

use std::collections::BTreeMap;

use adapter_sdk::{Link, TaskKind, memory::Memory};
use chrono::TimeDelta;
use engine::{Certificate, Guards, SweepKind};
use ledger::{Digests, Ledger, LinkOrigin, Seen, Standing, StateFolder};
use mapping::Rule;
use people::{Candidacy, Clock as _, ContactId, Person};

use crate::world::{World, contact, engine_with, opportunity, rules};

fn counted(code: &str, number: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(code.to_owned(), number)])
}

async fn certified(world: &World, sweep: SweepKind) -> Certificate {
    let report = world.try_cycle(sweep).await.unwrap();
    let certificate = report.certificate.into_values().next().unwrap();
    let status = world.engine.status().unwrap().targets.into_values().next().unwrap();
    assert_eq!(status.certificate.as_ref(), Some(&certificate), "the same is said by `status`");
    certificate
}

#[tokio::test]
async fn everybody_hired_is_somewhere_and_the_reason_is_named() {
    // given one of each kind
    let mut world = World::new();
    let mut rules = rules(&[("place", Rule { required: true, ..Rule::new("location") })]);
    rules.when = Some("posting.title != 'Intern'".to_owned());
    world.configure(&rules);
    world.hire("agreed", "Ada", "o1");
    world.hire("lacking", "Ben", "o2");
    world.change("lacking", |person| person.location = None);
    world.hire("intern", "Cleo", "o3");
    world.promote("intern", "o3", "Intern");
    world.hire("failing", "Dora", "o4");
    world.hire("hidden", "Emil", "o5");
    world.hire_at("old", "Old", "o6", "2025-05-05T00:00:00Z".parse().unwrap());
    world.change("candidate", |person| {
        person.opportunities.insert(opportunity("o7"), Candidacy::Open);
    });
    world.source.people().failing.insert(contact("failing"));
    world.source.people().then = Some((
        0,
        Box::new(|people| {
            // The sweep saw the hire; reading the person does not show it any more, and nobody says why.
            let hidden: &mut Person = people.persons.get_mut(&contact("hidden")).unwrap();
            hidden.hires.clear();
            hidden.opportunities.clear();
        }),
    ));
    // when
    let certificate = certified(&world, SweepKind::Changes).await;
    // then
    let expected = Certificate {
        hired: 5,
        agreed: 1,
        held: counted("missing", 1),
        lacking: counted("place", 1),
        left_out: counted("when", 1),
        being_read: 1,
        unread: counted("hidden", 1),
        ..Certificate::default()
    };
    assert_eq!(certificate, expected);
    assert!(!world.engine.needs_human().unwrap());
    // and a new process, which read nobody, says the same
    world.configure(&rules);
    assert_eq!(certified(&world, SweepKind::Changes).await, expected);
}

#[tokio::test]
async fn somebody_lost_is_an_error_and_heals_by_itself() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    assert_eq!(certified(&world, SweepKind::Changes).await.agreed, 2);
    // given a bug of ours: what was agreed about somebody is gone
    let target = world.target.adapter().info().target.clone();
    let _ = world.engine.ledger().write(|draft| draft.remove_standing(&target, &contact("ada"))).unwrap();
    // when
    let certificate = certified(&world, SweepKind::Changes).await;
    // then
    assert_eq!((certificate.hired, certificate.agreed, certificate.unexplained), (2, 1, 1));
    assert!(world.engine.needs_human().unwrap());
    let certificate = certified(&world, SweepKind::Changes).await;
    assert_eq!((certificate.agreed, certificate.unexplained), (2, 0));
    assert!(!world.engine.needs_human().unwrap());
    assert_eq!(world.target.records().len(), 2);
}

#[tokio::test]
async fn a_second_hire_that_no_plan_ever_met_is_unexplained_though_the_first_is_agreed() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let at = world.clock.now();
    let _ = world
        .engine
        .ledger()
        .write(|draft| {
            let seen = Seen { hired_at: Some(at), ..Seen::of(contact("ada")) };
            draft.put_seen(&opportunity("o2"), &seen)
        })
        .unwrap();
    let certificate = certified(&world, SweepKind::Changes).await;
    assert_eq!((certificate.agreed, certificate.unexplained), (0, 1));
    // Reading her shows no such hire: that is said from then on.
    let certificate = certified(&world, SweepKind::Changes).await;
    assert_eq!((certificate.unread, certificate.unexplained), (counted("hidden", 1), 0));
}

#[tokio::test]
async fn whoever_the_guard_holds_or_who_is_gone_is_counted_as_that() {
    let world = World::new().guards(Guards { creates_per_cycle_max: 1, ..Guards::default() });
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    let certificate = certified(&world, SweepKind::Changes).await;
    assert_eq!((certificate.hired, certificate.held), (2, counted("guard", 2)));
    // A hire taken back is no hire.
    world.unhire("ben", "o2");
    let certificate = certified(&world, SweepKind::Changes).await;
    assert_eq!((certificate.hired, certificate.held), (1, counted("guard", 1)));
    // Nor can somebody who cannot be found be planned for.
    world.hire("cleo", "Cleo", "o3");
    world.source.people().then = Some((0, Box::new(|people| drop(people.persons.remove(&contact("cleo"))))));
    let certificate = certified(&world, SweepKind::Changes).await;
    assert_eq!((certificate.hired, certificate.unread), (2, counted("gone", 1)));
}

#[tokio::test]
async fn a_new_hire_whose_record_cannot_be_used_is_a_humans_task_until_it_can() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    let _ = world.source.people().unreadable.insert(contact("ada"));
    // when
    let report = world.try_cycle(SweepKind::Changes).await.unwrap();
    // then
    let certificate = report.certificate.into_values().next().unwrap();
    assert_eq!((report.unreadable, certificate.unread), (1, counted("unreadable", 1)));
    assert!(world.engine.needs_human().unwrap());
    let tasks = || world.engine.ledger().tasks().unwrap();
    assert_eq!(tasks().iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::Review]);
    assert!(tasks()[0].text.contains("opportunities[0].emails"), "{:?}", tasks()[0].text);
    // and reading her again says nothing anew
    let history = || world.engine.ledger().history(&contact("ada")).unwrap();
    let before = history();
    let _ = certified(&world, SweepKind::Full).await;
    assert_eq!((tasks().len(), history()), (1, before));
    // when it was corrected in Lever
    let _ = world.source.people().unreadable.remove(&contact("ada"));
    let certificate = certified(&world, SweepKind::Full).await;
    // then
    assert_eq!((certificate.agreed, certificate.unread), (1, BTreeMap::new()));
    assert!(!world.engine.needs_human().unwrap());
}

#[tokio::test]
async fn an_idle_cycle_certifies_without_writing_anything() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.later(TimeDelta::minutes(5));
    let before = world.engine.ledger().steps();
    assert_eq!(certified(&world, SweepKind::Changes).await.agreed, 1);
    assert_eq!(world.engine.ledger().steps(), before);
}

/// Prints what certifying costs on a real disk: `HIRESYNC_CERTIFIED=100000` for the figure in the decisions.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it measures real time")]
async fn certifying_many_is_measured() {
    let people: usize =
        std::env::var("HIRESYNC_CERTIFIED").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000);
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::lock(dir.path()).unwrap();
    let world = World::with(Memory::everything());
    let ledger = folder.open(folder.digest_key().unwrap(), world.clock.now()).unwrap().ledger;
    fill(&ledger, people, &world);
    let engine = engine_with(&world, ledger);
    for what in ["after something was written", "after nothing was written"] {
        let began = std::time::Instant::now();
        let order = engine::CycleOrder { sweep: SweepKind::Changes, approve: false };
        let report = engine.cycle(order).await.unwrap();
        println!(
            "{people} hired people: a cycle with its certificate {what}: {} ms",
            began.elapsed().as_millis()
        );
        let certificate = report.certificate.into_values().next().unwrap();
        assert_eq!((certificate.agreed, certificate.unexplained), (people as u64, 0));
    }
}

fn fill(ledger: &Ledger, people: usize, world: &World) {
    let at = world.clock.now();
    let target = world.target.adapter().info().target.clone();
    let value = ledger.key().value(&people::Value::Text("x".to_owned()));
    let fields: BTreeMap<_, _> =
        (0..12).map(|n| (people::FieldName::new(format!("field_{n}")), value)).collect();
    let all: Vec<usize> = (0..people).collect();
    for step in all.chunks(1_000) {
        let _ = ledger
            .write(|draft| {
                for n in step {
                    let who: ContactId = format!("4b0d2c9e-5a77-4c1e-9d0b-{n:012}").parse().unwrap();
                    let hire = opportunity(&format!("5c1e3d0f-6b88-4d2f-8e1c-{n:012}"));
                    let remote = format!("r{n}").parse().unwrap();
                    let link =
                        Link { remote, hires: [(hire.clone(), format!("h{n}").parse().unwrap())].into() };
                    let mut standing = Standing::default();
                    standing.adopt(link, LinkOrigin::Created, at);
                    let hires = [(hire.clone(), fields.clone())].into();
                    standing.compared(Digests { person: fields.clone(), hires });
                    draft.put_standing(&target, &who, standing)?;
                    let digest = Some(value);
                    let seen = Seen { digest, first_hired_at: Some(at), hired_at: Some(at), ..Seen::of(who) };
                    draft.put_seen(&hire, &seen)?;
                }
                draft.put_note("cursor", "c");
                Ok(())
            })
            .unwrap();
    }
}
