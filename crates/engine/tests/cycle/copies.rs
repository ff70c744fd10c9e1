//! A ledger that is a copy: put back from long ago, or cloned while the original runs on.

use adapter_sdk::{Capabilities, TaskKind, memory::Memory};
use chrono::TimeDelta;
use engine::SweepKind;
use ledger::MemoryStore;

use crate::world::{World, contact, opportunity};

/// The ledger as it was, a month later.
async fn a_month_with(between: impl AsyncFnOnce(&World)) -> World {
    a_month_in(Memory::everything(), between).await
}

async fn a_month_in(capabilities: Capabilities, between: impl AsyncFnOnce(&World)) -> World {
    let mut world = World::with(capabilities);
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    let then = MemoryStore::copy_of(&world.store);
    world.later(TimeDelta::days(30));
    between(&world).await;
    world.store = std::sync::Arc::new(then);
    world.copy_ledger();
    world
}

#[tokio::test]
async fn a_ledger_of_a_month_ago_doubles_nobody_and_writes_nothing_where_all_is_right() {
    let world = a_month_with(async |world| {
        world.hire("cleo", "Cleo", "o3");
        world.hire("ben", "Ben", "o4");
        world.rename("ada", "Ada Lovelace");
        world.cycle().await;
    })
    .await;
    let (records, deliveries) = (world.target.records(), world.target.deliveries().len());
    world.cycle().await;
    world.full_sweeps(2).await;
    assert_eq!(world.target.records(), records);
    assert_eq!((world.deliveries_after(deliveries), world.open_tasks()), (0, vec![]));
    // and it goes on as ever
    world.rename("ada", "Ada King");
    world.hire("dora", "Dora", "o5");
    world.cycle().await;
    assert_eq!((world.name_there("ada").as_str(), world.target.records().len()), ("Ada King", 4));
    world.settles().await;
}

#[tokio::test]
async fn an_old_value_that_hr_put_back_is_not_taken_for_ours() {
    // The ledger of then agreed on "Ada". Since then Lever says "Ada Lovelace", it was delivered, and HR put "Ada" back.
    let world = a_month_with(async |world| {
        world.rename("ada", "Ada Lovelace");
        world.cycle().await;
        let remote = world.target.record_of(&contact("ada")).unwrap().remote;
        world.target.edit(&remote, |record| {
            let ada = people::Pii::new(people::Value::Text("Ada".to_owned()));
            record.person.insert(people::FieldName::new("name"), ada);
        });
    })
    .await;
    let deliveries = world.target.deliveries().len();
    world.cycle().await;
    world.full_sweeps(2).await;
    assert_eq!((world.name_there("ada").as_str(), world.deliveries_after(deliveries)), ("Ada", 0));
    assert_eq!(world.open_tasks(), [TaskKind::Disagreement]);
}

#[tokio::test]
async fn a_debt_of_a_month_ago_is_decided_anew_also_where_nobody_can_look() {
    for capabilities in [
        Memory::everything(),
        Capabilities { find: false, list: false, read: false, dedupes_by_key: false, ..Memory::everything() },
    ] {
        // given a ledger of a moment at which Cleo was owed
        let mut world = World::with(capabilities);
        let target = world.target.adapter().info().target.clone();
        world.engine.pause(&target).unwrap();
        world.hire("cleo", "Cleo", "o3");
        world.cycle().await;
        assert_eq!(world.state("cleo"), Some("waiting"));
        let then = MemoryStore::copy_of(&world.store);
        // who was delivered since
        world.engine.resume(&target).unwrap();
        world.try_cycle(SweepKind::Changes).await.unwrap();
        assert_eq!(world.target.records().len(), 1);
        // when
        world.store = std::sync::Arc::new(then);
        world.copy_ledger();
        world.engine.resume(&target).unwrap();
        world.cycle().await;
        world.full_sweeps(2).await;
        // then
        assert_eq!(world.target.records().len(), 1, "{capabilities:?}");
        let expected = if capabilities.find { "agreed" } else { "held" };
        assert_eq!(world.state("cleo"), Some(expected));
    }
}

#[tokio::test]
async fn a_clone_and_the_original_make_nobody_twice_and_the_original_says_what_it_should_know() {
    let mut world = World::with(Capabilities { list: false, ..Memory::everything() });
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let original = std::sync::Arc::clone(&world.store);
    world.store = std::sync::Arc::new(MemoryStore::copy_of(&original));
    world.copy_ledger();
    world.cycle().await;
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    world.store = original;
    world.restart();
    world.rename("ben", "Ben Newname");
    world.cycle().await;
    let status = world.engine.status().unwrap();
    let unknown = status.targets.into_values().next().unwrap().unknown_records;
    assert_eq!(unknown.map(|unknown| unknown.records), Some(1));
    assert_eq!(world.target.records().len(), 2);
    assert_eq!(world.target.record_of(&contact("ben")).unwrap().hires.len(), 1);
    assert!(world.engine.ledger().seen(&opportunity("o2")).unwrap().is_some());
}
