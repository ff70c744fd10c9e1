//! The token bucket of one API key (ref §2).

use crate::message::Millis;

/// How many requests the key may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second in the long run.
    pub per_second: u32,
    /// Requests that may come at once after a pause.
    pub burst: u32,
}

impl Default for Rate {
    /// What Lever documents: 10 a second, bursts to 20 (ref §2).
    fn default() -> Rate {
        Rate { per_second: 10, burst: 20 }
    }
}

/// Tokens are counted in thousandths, so that a millisecond refills a whole number of them.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    rate: Rate,
    thousandths: u64,
    filled_at: Millis,
}

const TOKEN: u64 = 1000;

impl Bucket {
    pub(super) fn full(rate: Rate) -> Bucket {
        Bucket { rate, thousandths: u64::from(rate.burst) * TOKEN, filled_at: 0 }
    }

    /// Takes a token if there is one. A refused request costs nothing, and a clock that goes back refills
    /// nothing.
    pub(super) fn take(&mut self, now: Millis) -> bool {
        let refill = now.saturating_sub(self.filled_at).saturating_mul(u64::from(self.rate.per_second));
        self.thousandths = self.thousandths.saturating_add(refill).min(u64::from(self.rate.burst) * TOKEN);
        self.filled_at = self.filled_at.max(now);
        match self.thousandths.checked_sub(TOKEN) {
            Some(rest) => {
                self.thousandths = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_empties_the_bucket_and_a_tenth_of_a_second_brings_one_token() {
        let mut bucket = Bucket::full(Rate::default());
        let granted = (0..50).filter(|_| bucket.take(5_000)).count();
        assert_eq!(granted, 20);
        assert!(!bucket.take(5_099));
        assert!(bucket.take(5_100));
        assert!(!bucket.take(5_100));
    }

    #[test]
    fn in_the_long_run_ten_a_second_pass() {
        let mut bucket = Bucket::full(Rate::default());
        let granted = (0..60_000).step_by(20).filter(|now| bucket.take(*now)).count();
        assert!((600..=620).contains(&granted), "{granted}");
    }

    #[test]
    fn a_clock_that_goes_back_refills_nothing() {
        let mut bucket = Bucket::full(Rate { per_second: 1, burst: 1 });
        assert!(bucket.take(10_000));
        assert!(!bucket.take(0));
        assert!(!bucket.take(10_500));
    }
}
