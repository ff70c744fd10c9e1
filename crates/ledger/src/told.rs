//! What was told lately, in memory, for whoever follows the history as it is written.
//!
//! How to think of it: nobody who follows can hold up who writes. A writer leaves the newest lines here and goes on; who follows
//! reads them when they can, and is told if they came too late.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{
    records::Event,
    store::{Batch, Tree},
};

/// Lines that are kept for who follows.
const LINES_MAX: usize = 4_096;
/// What a line's number is in the key it is kept under: sixteen digits, base 16, at the end.
const NUMBER_LEN: usize = 16;

/// The newest lines, and how far they go.
#[derive(Debug)]
pub(crate) struct Told {
    lines: Mutex<VecDeque<Line>>,
    next: watch::Sender<u64>,
}

#[derive(Debug)]
struct Line {
    number: u64,
    key: Vec<u8>,
    event: Event,
}

/// Who follows read too slowly: lines they have not read are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FellBehind;

impl Told {
    /// Nothing yet; the first line will have this number.
    pub fn new(next: u64) -> Told {
        Told { lines: Mutex::default(), next: watch::Sender::new(next) }
    }

    /// A step is on disk: its lines are told from now on, and what it removed no longer. The next line will have the number `next`.
    pub fn take(&self, batch: &Batch, next: u64) {
        let (mut new, mut gone) = (Vec::new(), BTreeSet::new());
        for ((_, key), value) in batch.0.iter().filter(|((tree, _), _)| *tree == Tree::History) {
            match value {
                Some(bytes) => new.extend(line(key, bytes)),
                None => drop(gone.insert(key)),
            }
        }
        new.sort_by_key(|line: &Line| line.number);
        let mut lines = self.lines();
        if !gone.is_empty() {
            lines.retain(|line| !gone.contains(&line.key));
        }
        lines.extend(new);
        let surplus = lines.len().saturating_sub(LINES_MAX);
        lines.drain(..surplus);
        drop(lines);
        self.next.send_if_modified(|known| std::mem::replace(known, next) != next);
    }

    /// The lines from this number on, and the number of the one after.
    pub fn since(&self, number: u64) -> Result<(Vec<Event>, u64), FellBehind> {
        let lines = self.lines();
        let next = *self.next.borrow();
        let kept = next.saturating_sub(LINES_MAX as u64);
        if number < kept {
            return Err(FellBehind);
        }
        let told = lines.iter().filter(|line| line.number >= number);
        let (events, last): (Vec<Event>, Vec<u64>) =
            told.map(|line| (line.event.clone(), line.number)).unzip();
        Ok((events, last.last().map_or(next, |last| last + 1).max(next)))
    }

    /// Tells when there are more: holds the number of the next line.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.next.subscribe()
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(key: &[u8], bytes: &[u8]) -> Option<Line> {
    Some(Line { number: number(key)?, key: key.to_vec(), event: serde_json::from_slice(bytes).ok()? })
}

/// The number of the line that is kept under this key.
pub(crate) fn number(key: &[u8]) -> Option<u64> {
    let digits = key.get(key.len().checked_sub(NUMBER_LEN)?..)?;
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use people::{ContactId, Timestamp};

    use super::*;
    use crate::{Actor, DigestKey, Ledger, MemoryStore, Origin, Outcome};

    fn ledger() -> Ledger {
        let key = DigestKey::new(people::Secret::new("k".repeat(32)));
        Ledger::over(Arc::new(MemoryStore::default()), key, "l", Origin::Fresh).unwrap()
    }

    fn contact(name: &str) -> ContactId {
        name.parse().unwrap()
    }

    fn adopted(name: &str, second: i64) -> Event {
        Event {
            at: Timestamp::from_timestamp(second, 0).unwrap(),
            contact: contact(name),
            target: None,
            actor: Actor::Cycle,
            outcome: Outcome::Adopted,
            generation: None,
            fields: vec![],
        }
    }

    fn tell(ledger: &Ledger, name: &str, second: i64) {
        let _ = ledger.write(|draft| draft.tell(&adopted(name, second))).unwrap();
    }

    fn seconds(events: &[Event]) -> Vec<i64> {
        events.iter().map(|event| event.at.timestamp()).collect()
    }

    #[test]
    fn what_was_there_and_what_comes_are_every_line_once_and_in_order() {
        let ledger = ledger();
        (0..3).for_each(|second| tell(&ledger, "c1", second));
        let (from, news) = (ledger.next_line(), ledger.watch_lines());
        // Written between the look at the number and the reading: it is among what comes.
        (3..5).for_each(|second| tell(&ledger, "c2", second));
        assert!(news.has_changed().unwrap());
        assert_eq!(seconds(&ledger.history_before(None, None, from).unwrap()), [0, 1, 2]);
        let (events, next) = ledger.told_since(from).unwrap();
        assert_eq!((seconds(&events), next), (vec![3, 4], 5));
        assert_eq!(ledger.told_since(next), Ok((vec![], 5)));
        let since = Timestamp::from_timestamp(1, 0);
        assert_eq!(seconds(&ledger.history_before(Some(&contact("c1")), since, from).unwrap()), [1, 2]);
    }

    #[test]
    fn whoever_reads_too_slowly_is_told_so_and_memory_is_bounded() {
        let told = Told::new(0);
        let key = |number: u64| [b"c\0".as_slice(), format!("{number:016x}").as_bytes()].concat();
        let event = serde_json::to_vec(&adopted("c", 0)).unwrap();
        let lines = LINES_MAX as u64 + 1;
        for number in 0..lines {
            told.take(&Batch([((Tree::History, key(number)), Some(event.clone()))].into()), number + 1);
        }
        assert_eq!(told.lines().len(), LINES_MAX);
        assert_eq!(told.since(0), Err(FellBehind));
        assert_eq!(told.since(1).unwrap().1, lines);
    }

    #[test]
    fn whoever_is_forgotten_is_told_of_no_more() {
        let ledger = ledger();
        tell(&ledger, "c1", 0);
        tell(&ledger, "c2", 1);
        let (who, at) = (contact("c1"), Timestamp::UNIX_EPOCH);
        let holding = ledger.holding(&who).unwrap();
        let _ = ledger.write(|draft| draft.bury(&who, &holding, &BTreeSet::new(), at)).unwrap();
        assert_eq!(seconds(&ledger.told_since(0).unwrap().0), [1]);
    }
}
