//! How a ledger of an older version becomes one of this version.
//!
//! A step reads what is there and adds what is missing, in batches that may be done again: killed anywhere, it begins anew at the
//! next start, and is over only with the number of its schema, which is written last. A version that knows fewer schemas refuses the
//! ledger ([`Error::TooNew`](crate::Error::TooNew)) and changes nothing.

use planted::Point;

use crate::{
    ledger::{Birth, decode, encode, journal_key, put_birth},
    records::Event,
    store::{Batch, Result, Store, Tree},
};

/// The schema that this version writes.
pub(crate) const SCHEMA: u32 = 2;
/// Records read and written in one batch.
const STEP: usize = 500;

/// What leads from schema 1 to 2, from 2 to 3 and so on.
const STEPS: [fn(&dyn Store) -> Result<()>; SCHEMA as usize - 1] = [keep_a_journal];

/// Brings a ledger to the schema of this version, and says what it is now.
pub(crate) fn bring_up(store: &dyn Store, mut birth: Birth) -> Result<Birth> {
    for step in STEPS.iter().skip(birth.schema.saturating_sub(1) as usize) {
        step(store)?;
        birth.schema += 1;
        put_birth(store, &birth)?;
        planted::point(Point::SchemaRaised);
    }
    Ok(birth)
}

/// Schema 2: the order in which everything happened, so that what is new is found without reading everybody's history.
fn keep_a_journal(store: &dyn Store) -> Result<()> {
    let mut after = Vec::new();
    loop {
        let page = store.scan(Tree::History, &[], &after, STEP)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after.clone_from(last);
        let mut batch = Batch::default();
        for (key, bytes) in &page {
            let event: Event = decode(Tree::History, bytes)?;
            let entry = encode(&(event.at, &event.contact));
            batch.0.insert((Tree::Journal, journal_key(key).to_vec()), Some(entry));
        }
        store.commit(&batch)?;
        planted::point(Point::SchemaStep);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use people::{ContactId, Secret, Timestamp};

    use super::*;
    use crate::{
        DigestKey, Entry, Error, Ledger, MemoryStore, Origin,
        ledger::birth,
        records::{Actor, Outcome},
    };

    /// The store of a process that is killed before its n-th step.
    #[derive(Debug)]
    struct Mortal {
        store: Arc<MemoryStore>,
        steps_left: AtomicUsize,
    }

    impl Store for Mortal {
        fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
            self.store.get(tree, key)
        }

        fn scan(&self, tree: Tree, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Entry>> {
            self.store.scan(tree, prefix, after, limit)
        }

        fn commit(&self, batch: &Batch) -> Result<()> {
            let left =
                self.steps_left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
            left.map_err(|_| Error::Damaged { tree: "a process that is no more" })?;
            self.store.commit(batch)
        }
    }

    fn open(store: Arc<dyn Store>) -> Result<Ledger> {
        Ledger::over(store, DigestKey::new(Secret::new("k".to_owned())), "l1", Origin::Fresh)
    }

    fn event(who: u32, second: i64) -> Event {
        Event {
            at: Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(second),
            contact: format!("c{who}").parse::<ContactId>().unwrap(),
            actor: Actor::Cycle,
            target: None,
            generation: None,
            fields: vec![],
            outcome: Outcome::KeptTheirs,
        }
    }

    /// A ledger as version 0.1 left it: with histories and without a journal.
    fn of_schema_1(events: u32) -> Arc<MemoryStore> {
        let store = Arc::new(MemoryStore::default());
        let ledger = open(Arc::<MemoryStore>::clone(&store)).unwrap();
        for number in 0..events {
            let _ = ledger.write(|draft| draft.tell(&event(number % 40, i64::from(number)))).unwrap();
        }
        let mut batch = Batch::default();
        for (key, _) in store.scan(Tree::Journal, &[], &[], usize::MAX).unwrap() {
            batch.0.insert((Tree::Journal, key), None);
        }
        store.commit(&batch).unwrap();
        let birth = birth(&*store).unwrap().unwrap();
        put_birth(&*store, &Birth { schema: 1, ..birth }).unwrap();
        store
    }

    #[test]
    fn a_ledger_of_the_first_schema_has_its_whole_journal_wherever_the_process_was_killed_on_the_way() {
        const EVENTS: u32 = 1_700;
        let whole = open(of_schema_1(EVENTS)).unwrap().history_since(None).unwrap();
        assert_eq!(whole.len(), EVENTS as usize);
        for dies_at in 0..6 {
            let store = of_schema_1(EVENTS);
            let mortal = Mortal { store: Arc::clone(&store), steps_left: AtomicUsize::new(dies_at) };
            let died = open(Arc::new(mortal)).is_err();
            assert_eq!(died, dies_at < 5, "four pages and the number of the schema");
            let ledger = open(Arc::<MemoryStore>::clone(&store)).unwrap();
            assert_eq!(ledger.history_since(None).unwrap(), whole, "killed before step {dies_at}");
            assert_eq!(birth(&*store).unwrap().unwrap().schema, SCHEMA);
        }
    }

    #[test]
    fn a_ledger_of_a_newer_schema_is_refused_and_stays_as_it_is() {
        let store = of_schema_1(3);
        let of_now = birth(&*store).unwrap().unwrap();
        put_birth(&*store, &Birth { schema: SCHEMA + 1, ..of_now }).unwrap();
        let before = format!("{store:?}");
        assert!(matches!(
            open(Arc::<MemoryStore>::clone(&store)),
            Err(Error::TooNew { found, known }) if (found, known) == (SCHEMA + 1, SCHEMA)
        ));
        assert_eq!(format!("{store:?}"), before);
    }

    #[test]
    fn what_is_new_is_read_from_where_one_stopped_and_what_made_room_is_missing() {
        let ledger = open(Arc::new(MemoryStore::default())).unwrap();
        let tell = |who, second| {
            let _ = ledger.write(|draft| draft.tell(&event(who, second))).unwrap();
        };
        (0..100).for_each(|second| tell(1, second));
        tell(2, 100);
        let first = ledger.events(0, 50, |_, _| true).unwrap();
        assert_eq!((first.events.len(), first.is_end), (50, false));
        assert_eq!(first.events[0].at, event(1, 36).at, "64 are kept of each");
        let rest = ledger.events(first.next, 50, |_, _| true).unwrap();
        assert_eq!((rest.events.len(), rest.is_end, rest.next), (15, true, *ledger.watch_events().borrow()));
        tell(1, 101);
        let new = ledger.events(rest.next, 50, |_, _| true).unwrap();
        assert_eq!(new.events, [event(1, 101)]);
        assert_eq!(ledger.events(new.next, 50, |_, _| true).unwrap().events, []);
        let theirs = ledger.events(0, 999, |_, contact| contact.as_str() == "c2").unwrap();
        assert_eq!(theirs.events, [event(2, 100)]);
    }
}
