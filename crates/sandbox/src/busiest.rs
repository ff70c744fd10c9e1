//! The most requests in any second, for figures.

use std::collections::VecDeque;

use crate::message::Millis;

/// Counts over a rolling second. Memory stays bounded whatever comes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Busiest {
    recent: VecDeque<(Millis, u64)>,
    in_recent: u64,
    most: u64,
}

impl Busiest {
    /// Counts one more, and says the most within any span of 1,000 ms so far. One entry per millisecond of the last
    /// second: at most a thousand.
    pub(crate) fn count(&mut self, now: Millis) -> u64 {
        let now = self.recent.back().map_or(now, |(last, _)| now.max(*last));
        while let Some((at, count)) = self.recent.front().copied() {
            if now - at < 1000 {
                break;
            }
            self.in_recent -= count;
            self.recent.pop_front();
        }
        match self.recent.back_mut() {
            Some((at, count)) if *at == now => *count += 1,
            _ => self.recent.push_back((now, 1)),
        }
        self.in_recent += 1;
        self.most = self.most.max(self.in_recent);
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_is_found_across_the_second_hand() {
        let mut busiest = Busiest::default();
        let most = [0, 900, 950, 1_000, 1_100, 1_899, 1_900, 5_000].map(|now| busiest.count(now));
        // 900 … 1,899; the request at 1,900 is a whole second after the one at 900.
        assert_eq!(most.last(), Some(&5));
    }

    #[test]
    fn a_million_requests_leave_at_most_a_thousand_entries() {
        let mut busiest = Busiest::default();
        for at in 0..1_000_000_u64 {
            busiest.count(at / 7);
        }
        assert!(busiest.recent.len() <= 1000);
        assert_eq!(busiest.most, 7000);
    }
}
