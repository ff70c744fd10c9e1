//! The order of calls: the mark is on disk before the target is called.

use std::sync::Arc;

use adapter_sdk::{AdapterInfo, Capabilities, Effect, FieldSchema, Link, MockHrisAdapter, Receipt};
use engine::{CycleOrder, Guards, SweepKind};
use ledger::{MemoryStore, MockStore, Origin, Store};
use mockall::Sequence;

use crate::world::{World, engine_over};

#[tokio::test]
async fn the_mark_is_on_disk_before_deliver_is_called() {
    // given a store and an adapter that expect their calls in one order
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    let info = AdapterInfo {
        tasks_for: None,
        kind: "mock",
        target: "hr".parse().unwrap(),
        capabilities: Capabilities { update: true, dedupes_by_key: true, ..Capabilities::default() },
        schema: FieldSchema { open: true, ..FieldSchema::default() },
    };
    let memory = Arc::new(MemoryStore::default());
    let mut order = Sequence::new();
    let mut store = MockStore::new();
    let mut adapter = MockHrisAdapter::new();
    adapter.expect_info().return_const(info);
    let reads = Arc::clone(&memory);
    store.expect_get().returning(move |tree, key| reads.get(tree, key));
    let scans = Arc::clone(&memory);
    store.expect_scan().returning(move |tree, prefix, after, limit| scans.scan(tree, prefix, after, limit));
    // The mark of the contact, the debt, … until a commit holds the phase `sent`.
    let before = Arc::clone(&memory);
    store
        .expect_commit()
        .withf(|batch| !holds(batch, "\"phase\":\"sent\""))
        .returning(move |batch| before.commit(batch));
    let sent = Arc::clone(&memory);
    store
        .expect_commit()
        .withf(|batch| holds(batch, "\"phase\":\"sent\""))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |batch| sent.commit(batch));
    adapter.expect_deliver().times(1).in_sequence(&mut order).returning(|deliveries| {
        deliveries
            .iter()
            .map(|delivery| {
                let link = Link { remote: "r1".parse().unwrap(), hires: Default::default() };
                let _ = delivery;
                Ok(Receipt::new(link, Effect::Created))
            })
            .collect()
    });

    // when a cycle runs
    let engine = engine_over(
        &world.source,
        Arc::new(adapter),
        &world.clock,
        Arc::new(store),
        Guards::default(),
        Origin::Fresh,
        "l",
    );
    let report = engine.cycle(CycleOrder { sweep: SweepKind::Changes, approve: false }).await.unwrap();

    // then the mocks saw `sent` committed first, and the delivery after it
    assert_eq!(report.delivered.created, 1);
}

fn holds(batch: &ledger::Batch, text: &str) -> bool {
    batch.0.values().flatten().any(|value| String::from_utf8_lossy(value).contains(text))
}
