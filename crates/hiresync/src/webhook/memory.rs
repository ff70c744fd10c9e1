//! What was processed, woken for and asked about lately. In memory alone: after a restart a replay costs one read, no more.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    sync::Arc,
    time::Duration,
};

use people::{ContactId, OpportunityId};
use tokio::time::Instant;

/// Tokens that are remembered; the oldest go first.
const TOKENS_MAX: usize = 20_000;
/// Contacts and opportunities that are remembered, of each kind.
const IDS_MAX: usize = 10_000;
/// The engine is woken for the same contact, and Lever asked for the same opportunity, at most this often.
pub(super) const AT_MOST_EVERY: Duration = Duration::from_secs(60);
/// How much longer than the age window a token is kept: a delivery may be ahead of our clock.
const GRACE: Duration = Duration::from_secs(10 * 60);

/// Keys with the time at which each was last put: at most so many, for so long.
#[derive(Debug)]
struct Lately<K> {
    at: HashMap<K, Instant>,
    order: VecDeque<(Instant, K)>,
    len_max: usize,
}

impl<K: Clone + Eq + Hash> Lately<K> {
    fn new(len_max: usize) -> Lately<K> {
        Lately { at: HashMap::new(), order: VecDeque::new(), len_max }
    }

    /// Whether it was put within `span` before `now`.
    fn has(&self, key: &K, now: Instant, span: Duration) -> bool {
        self.at.get(key).is_some_and(|&at| now - at < span)
    }

    fn put(&mut self, key: K, now: Instant, span: Duration) {
        self.at.insert(key.clone(), now);
        self.order.push_back((now, key));
        while let Some((at, key)) = self.order.front() {
            let is_over = now - *at >= span;
            if !is_over && self.order.len() <= self.len_max {
                break;
            }
            // One that was put again since stays.
            if self.at.get(key) == Some(at) {
                self.at.remove(key);
            }
            self.order.pop_front();
        }
    }
}

/// What the receiver remembers.
#[derive(Debug)]
pub(super) struct Memory {
    processed: Lately<Arc<str>>,
    under_way: HashSet<Arc<str>>,
    woken: Lately<ContactId>,
    asked: Lately<OpportunityId>,
}

/// How a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// Never seen, and now under way.
    Claimed,
    /// Another delivery with it is being processed.
    UnderWay,
    /// It was processed.
    Processed,
}

impl Memory {
    pub(super) fn new() -> Memory {
        Memory {
            processed: Lately::new(TOKENS_MAX),
            under_way: HashSet::new(),
            woken: Lately::new(IDS_MAX),
            asked: Lately::new(IDS_MAX),
        }
    }

    /// Takes a token, if nobody did. `age_max` is how old a delivery may be.
    pub(super) fn claim(&mut self, token: &Arc<str>, now: Instant, age_max: Duration) -> Token {
        if self.processed.has(token, now, age_max + GRACE) && !planted::bug(planted::Bug::ReplayTaken) {
            Token::Processed
        } else if self.under_way.insert(Arc::clone(token)) {
            Token::Claimed
        } else {
            Token::UnderWay
        }
    }

    /// What was claimed is processed.
    pub(super) fn processed(&mut self, token: &Arc<str>, now: Instant, age_max: Duration) {
        self.processed.put(Arc::clone(token), now, age_max + GRACE);
    }

    /// What was claimed is over, however it went.
    pub(super) fn release(&mut self, token: &Arc<str>) {
        self.under_way.remove(token);
    }

    /// Whether the engine may be woken for this contact now; if so, it counts as woken.
    pub(super) fn may_wake(&mut self, contact: &ContactId, now: Instant) -> bool {
        let may = !self.woken.has(contact, now, AT_MOST_EVERY);
        if may {
            self.woken.put(contact.clone(), now, AT_MOST_EVERY);
        }
        may
    }

    /// Whether Lever may be asked whose this opportunity is; if so, it counts as asked.
    pub(super) fn may_ask(&mut self, opportunity: &OpportunityId, now: Instant) -> bool {
        let may = !self.asked.has(opportunity, now, AT_MOST_EVERY);
        if may {
            self.asked.put(opportunity.clone(), now, AT_MOST_EVERY);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// Moments by their second from now on.
    fn seconds() -> impl Fn(u64) -> Instant {
        let start = Instant::now();
        move |second| start + Duration::from_secs(second)
    }

    #[test]
    fn a_token_is_refused_once_it_was_processed_and_only_then() {
        let (mut memory, token, at) = (Memory::new(), Arc::<str>::from("t1"), seconds());
        assert_eq!(memory.claim(&token, at(0), DAY), Token::Claimed);
        assert_eq!(memory.claim(&token, at(0), DAY), Token::UnderWay);
        memory.release(&token);
        assert_eq!(memory.claim(&token, at(1), DAY), Token::Claimed, "it failed: Lever sends it again");
        memory.processed(&token, at(2), DAY);
        memory.release(&token);
        for second in [2, 60, 24 * 60 * 60] {
            assert_eq!(memory.claim(&token, at(second), DAY), Token::Processed);
        }
    }

    #[test]
    fn no_more_tokens_are_kept_than_there_is_room_for_and_none_longer_than_a_delivery_may_be_old() {
        let (mut memory, at) = (Memory::new(), seconds());
        let token = |number: usize| Arc::<str>::from(number.to_string());
        for number in 0..TOKENS_MAX + 500 {
            memory.processed(&token(number), at(0), DAY);
        }
        assert_eq!((memory.processed.at.len(), memory.processed.order.len()), (TOKENS_MAX, TOKENS_MAX));
        assert_eq!(memory.claim(&token(499), at(1), DAY), Token::Claimed, "the oldest went first");
        assert_eq!(memory.claim(&token(500), at(1), DAY), Token::Processed);
        memory.processed(&token(0), at(2 * 24 * 60 * 60), DAY);
        assert_eq!((memory.processed.at.len(), memory.processed.order.len()), (1, 1));
    }

    #[test]
    fn a_contact_wakes_and_an_opportunity_is_asked_for_once_a_minute() {
        let (mut memory, at) = (Memory::new(), seconds());
        let (contact, other): (ContactId, ContactId) = ("c1".parse().unwrap(), "c2".parse().unwrap());
        let opportunity: OpportunityId = "o1".parse().unwrap();
        let wakes = [0, 1, 59, 60, 61, 119, 121].map(|second| memory.may_wake(&contact, at(second)));
        assert_eq!(wakes, [true, false, false, true, false, false, true]);
        assert!(memory.may_wake(&other, at(121)));
        let asks = [0, 59, 60].map(|second| memory.may_ask(&opportunity, at(second)));
        assert_eq!(asks, [true, false, true]);
    }

    #[test]
    fn what_is_put_again_stays_for_as_long_as_if_it_were_new() {
        let (mut lately, at) = (Lately::new(10), seconds());
        lately.put("a", at(0), MINUTE);
        lately.put("a", at(40), MINUTE);
        lately.put("b", at(70), MINUTE);
        assert!(lately.has(&"a", at(99), MINUTE) && !lately.has(&"a", at(100), MINUTE));
        lately.put("c", at(131), MINUTE);
        assert_eq!((lately.at.len(), lately.order.len()), (1, 1), "nothing is kept for ever");
    }
}
