//! Plans: what a dry run says, what is kept of it, and that exactly this is carried out, or nothing.

use std::collections::BTreeMap;

use adapter_sdk::memory::Fault;
use chrono::TimeDelta;
use engine::{Applied, Guards, Head, Moved, Place, PlanFile, PlanFileError, PlanKey, SweepKind};
use ledger::{Entry, MemoryStore, Store, Tree};
use people::{ContactId, FieldName, Fields, Pii, Secret, Value};

use crate::world::{World, contact, opportunity};

fn key() -> PlanKey {
    PlanKey::of(&Secret::new("an API key".to_owned()))
}

async fn plan(world: &World, contacts: &[&str]) -> PlanFile {
    let contacts: Vec<ContactId> = contacts.iter().map(|name| contact(name)).collect();
    let dry = world.engine.dry_run(&contacts).await.unwrap();
    let head = Head::of(&world.engine, &Place::default(), world.engine.ledger().lineage(), &key());
    PlanFile::of(&dry, head, "2026-06-01T09:00:00Z".parse().unwrap(), &key())
}

async fn apply(world: &World, plan: &PlanFile) -> Applied {
    world.engine.apply(&world.engine, plan, &key()).await.unwrap()
}

/// What moved, where nothing was done for it.
async fn refused(world: &World, plan: &PlanFile) -> Vec<Moved> {
    let before = (bytes(&world.store), world.target.deliveries().len());
    let Applied::Moved(moved) = apply(world, plan).await else { panic!("something moved") };
    assert_eq!((bytes(&world.store), world.target.deliveries().len()), before, "nothing is written");
    moved
}

fn bytes(store: &MemoryStore) -> BTreeMap<Tree, Vec<Entry>> {
    Tree::ALL.into_iter().map(|tree| (tree, store.scan(tree, &[], &[], usize::MAX).unwrap())).collect()
}

fn codes(plan: &PlanFile) -> Vec<String> {
    let code = |entry: &engine::Entry| match &entry.then {
        Some(then) => format!("{}: {}, {then}", entry.contact, entry.decision),
        None => format!("{}: {}", entry.contact, entry.decision),
    };
    plan.entries.iter().map(code).collect()
}

/// Somebody who stands over there already, under this name.
fn plant(world: &World, who: &str, name: &str) {
    let text = |text: &str| Pii::new(Value::Text(text.to_owned()));
    let person =
        Fields::from([(FieldName::new("name"), text(name)), (FieldName::new("place"), text("Leeds"))]);
    world.target.plant(Some(contact(who)), person, BTreeMap::default());
}

#[tokio::test]
async fn exactly_the_plan_is_carried_out_whatever_the_guards_let_through_and_only_once() {
    let world = World::new().guards(Guards { creates_per_cycle_max: 1, ..Guards::default() });
    for who in ["ada", "bob", "cay"] {
        world.hire(who, "Somebody", &format!("of-{who}"));
    }
    let plan = plan(&world, &["ada", "bob"]).await;
    assert_eq!(codes(&plan), ["ada: add", "bob: add"]);
    // when
    let Applied::Done { report, left } = apply(&world, &plan).await else { panic!("nothing moved") };
    // then
    assert_eq!((report.delivered.created, left, report.guard), (2, vec![], None));
    assert_eq!(
        (world.state("ada"), world.state("bob"), world.state("cay")),
        (Some("agreed"), Some("agreed"), None)
    );
    assert!(matches!(apply(&world, &plan).await, Applied::Before(_)));
    assert_eq!(world.target.deliveries().len(), 2);
    // Whoever was not in it is found by the next cycle as before.
    assert_eq!((world.cycle().await.delivered.created, world.target.records().len()), (1, 3));
    world.settles().await;
}

#[tokio::test]
async fn what_moved_is_named_and_nothing_at_all_is_written() {
    for (case, what) in [
        ("renamed", "the person in Lever"),
        ("gone", "the person in Lever: gone"),
        ("corrected", "the record in hr"),
        ("delivered", "what hiresync and hr agreed on or owe since"),
        ("planted", "the record in hr"),
        ("paused", "the target hr: it is paused"),
    ] {
        let world = World::new();
        world.hire("ada", "Ada", "o1");
        world.cycle().await;
        world.rename("ada", "Ada King");
        world.hire("bob", "Bob", "o2");
        let plan = plan(&world, &[]).await;
        assert_eq!(codes(&plan), ["ada: update", "bob: add"]);
        // when
        match case {
            "renamed" => world.rename("bob", "Robert"),
            "gone" => drop(world.lose("bob")),
            "corrected" => world.hr_writes("place", "York"),
            "delivered" => drop(world.try_cycle(SweepKind::Full).await.unwrap()),
            "planted" => plant(&world, "bob", "Bob"),
            _ => world.engine.pause(&"hr".parse().unwrap()).unwrap(),
        }
        // then
        let moved = refused(&world, &plan).await;
        assert!(moved.iter().any(|moved| moved.what == what), "{case}: {moved:?}");
        let who = if case == "corrected" { "ada" } else { "bob" };
        let named = moved.iter().any(|moved| moved.contact == Some(contact(who)));
        assert!(named || case == "paused", "{case}: {moved:?}");
    }
}

#[tokio::test]
async fn another_mapping_policy_place_or_ledger_is_told_by_its_name() {
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    let plan = plan(&world, &[]).await;
    let moved = |world: &World, place: &Place, lineage: &str| {
        plan.head.moved(&Head::of(&world.engine, place, lineage, &key()))
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(moved(&world, &Place::default(), "first"), none);
    assert_eq!(moved(&world, &Place::default(), "second").len(), 1);
    let elsewhere =
        Place { targets: [("hr".parse().unwrap(), "there".to_owned())].into(), ..Place::default() };
    assert_eq!(moved(&world, &elsewhere, "first"), ["the settings of hr"]);
    world.policy.withdraws = true;
    world.configure(&mapping::Rules::short(
        &[("ref", "contact"), ("name", "name.last")],
        &[("title", "posting.title")],
    ));
    assert_eq!(moved(&world, &Place::default(), "first"), ["the mapping of hr", "the policy of hr"]);
}

#[tokio::test]
async fn whoever_is_there_already_is_adopted_and_the_plan_names_what_follows() {
    let world = World::new();
    plant(&world, "ada", "Ada");
    plant(&world, "bob", "Bobby");
    world.hire("ada", "Ada", "o1");
    world.hire("bob", "Bob", "o2");
    let before = world.target.records();
    let dry = world.engine.dry_run(&[]).await.unwrap();
    assert_eq!(world.target.records(), before);
    let plan = plan(&world, &[]).await;
    assert!(codes(&plan).iter().all(|code| code.contains(": adopt, ")), "{:?}", codes(&plan));
    assert!(dry.changes.iter().all(|change| change.record.is_some()));
    // when
    let Applied::Done { left, .. } = apply(&world, &plan).await else { panic!("nothing moved") };
    // then
    assert_eq!((left, world.target.records().len()), (vec![], 2));
    assert_eq!((world.state("ada"), world.state("bob")), (Some("agreed"), Some("agreed")));
    assert_eq!(world.name_there("bob"), "Bobby", "what was there is HR's");
    world.cycle().await;
    world.settles().await;
}

#[tokio::test]
async fn a_plan_of_yesterday_sends_the_day_that_it_showed() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    let plan = plan(&world, &[]).await;
    world.later(TimeDelta::days(1));
    let Applied::Done { .. } = apply(&world, &plan).await else { panic!("nothing moved") };
    let decided = world.only_record().hires[&opportunity("o1")].get("decided").unwrap().reveal().to_text();
    assert_eq!(decided, "2026-06-01");
    world.cycle().await;
    world.settles().await;
}

#[tokio::test]
async fn what_was_written_down_before_a_crash_goes_out_with_the_next_cycle() {
    for fault in [Fault::AnswerLost, Fault::Unavailable] {
        let mut world = World::new().guards(Guards { creates_per_cycle_max: 0, ..Guards::default() });
        world.hire("ada", "Ada", "o1");
        let plan = plan(&world, &[]).await;
        world.target.script([fault]);
        let Applied::Done { left, .. } = apply(&world, &plan).await else { panic!("nothing moved") };
        assert_eq!(left.len(), 1);
        world.restart();
        world.later(TimeDelta::minutes(30));
        world.cycle().await;
        assert_eq!((world.state("ada"), world.target.records().len()), (Some("agreed"), 1));
        assert!(matches!(apply(&world, &plan).await, Applied::Before(_)));
    }
}

#[tokio::test]
async fn a_plan_with_another_byte_or_of_another_key_is_refused() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    let plan = plan(&world, &[]).await;
    let bytes = plan.bytes();
    assert_eq!(PlanFile::read(&bytes, &key()), Ok(plan));
    for at in 0..bytes.len() {
        for bit in [0x01, 0x20] {
            let mut other = bytes.clone();
            other[at] ^= bit;
            assert!(PlanFile::read(&other, &key()).is_err(), "byte {at}");
        }
    }
    let renewed = PlanKey::of(&Secret::new("another API key".to_owned()));
    assert_eq!(PlanFile::read(&bytes, &renewed), Err(PlanFileError::Changed));
    assert_eq!(PlanFile::read(b"{}", &key()), Err(PlanFileError::NotOurs));
    assert_eq!(PlanFile::read(br#"{"hiresync_plan":2}"#, &key()), Err(PlanFileError::OtherForm));
}

#[tokio::test]
async fn a_plan_keeps_nothing_that_is_somebodys_and_nothing_that_could_be_guessed() {
    let world = World::new();
    world.hire("ada", "Planted Person", "o1");
    world.place("ada", "Planted");
    plant(&world, "bob", "Planted");
    world.hire("bob", "Planted Too", "o2");
    let text = String::from_utf8(plan(&world, &[]).await.bytes()).unwrap();
    assert!(!text.contains("Planted") && !text.contains("Engineer"), "{text}");
    let other = PlanKey::of(&Secret::new("another API key".to_owned()));
    let dry = world.engine.dry_run(&[]).await.unwrap();
    let head = |key: &PlanKey| Head::of(&world.engine, &Place::default(), "first", key);
    let at = "2026-06-01T09:00:00Z".parse().unwrap();
    let (one, two) =
        (PlanFile::of(&dry, head(&key()), at, &key()), PlanFile::of(&dry, head(&other), at, &other));
    assert_ne!(one.entries[0].digests.person, two.entries[0].digests.person);
}

#[tokio::test]
async fn with_some_contacts_alone_the_rest_of_the_plan_is_left() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.hire("bob", "Bob", "o2");
    let plan = plan(&world, &[]).await;
    world.rename("bob", "Robert");
    let ada = plan.clone().only(&[contact("ada")], &key());
    let Applied::Done { report, .. } = apply(&world, &ada).await else { panic!("bob is none of it") };
    assert_eq!((report.delivered.created, world.state("bob")), (1, None));
}

#[tokio::test]
async fn a_dry_run_after_the_ledger_was_lost_links_nobody_but_on_paper() {
    let mut world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.lose_ledger();
    world.rename("ada", "Ada King");
    let before = bytes(&world.store);
    let plan = plan(&world, &[]).await;
    assert_eq!((codes(&plan).len(), bytes(&world.store) == before), (1, true));
    assert!(!codes(&plan)[0].ends_with(": add"), "{:?}", codes(&plan));
    let Applied::Done { .. } = apply(&world, &plan).await else { panic!("nothing moved") };
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.state("ada")), (1, Some("agreed")));
}
