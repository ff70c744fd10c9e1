use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Where chance comes from. Injected, so that a run can be repeated.
pub trait Jitter: fmt::Debug + Send + Sync + 'static {
    /// The next number, at least 0 and less than 1.
    fn fraction(&self) -> f64;
}

/// A small seeded generator (SplitMix64). Good enough to spread retries, for nothing secret.
#[derive(Debug)]
pub struct Dice(AtomicU64);

impl Dice {
    /// The same seed gives the same numbers in the same order.
    pub fn new(seed: u64) -> Self {
        Dice(AtomicU64::new(seed))
    }
}

impl Jitter for Dice {
    fn fraction(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How long to wait before another attempt: full jitter over a ceiling that doubles. Only says how long; whether to
/// repeat at all is decided by whoever knows what is harmless to repeat.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    jitter: Arc<dyn Jitter>,
}

impl Backoff {
    /// A ceiling of 1 s that doubles up to 60 s.
    pub fn new(jitter: Arc<dyn Jitter>) -> Self {
        Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60), jitter }
    }

    /// The same with other ceilings.
    pub fn between(self, first: Duration, max: Duration) -> Self {
        Backoff { first, max, ..self }
    }

    /// The pause after `failed` attempts in a row that failed (1 or more). A pause that the other side `asked` for is
    /// honoured, up to the last ceiling.
    pub fn pause(&self, failed: u32, asked: Option<Duration>) -> Duration {
        match asked {
            Some(asked) if planted::bug(planted::Bug::EndlessPause) => asked,
            Some(asked) => asked.min(self.max),
            None => self.ceiling(failed).mul_f64(self.jitter.fraction().clamp(0.0, 1.0)),
        }
    }

    fn ceiling(&self, failed: u32) -> Duration {
        let doubled = 2_u32.checked_pow(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Always(f64);
    impl Jitter for Always {
        fn fraction(&self) -> f64 {
            self.0
        }
    }

    #[test]
    fn the_ceiling_doubles_from_one_second_to_sixty() {
        let backoff = Backoff::new(Arc::new(Always(1.0)));
        let ceilings: Vec<u64> = (1..=9).map(|failed| backoff.pause(failed, None).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(backoff.pause(u32::MAX, None), Duration::from_secs(60));
        assert_eq!(backoff.pause(0, None), Duration::from_secs(1));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_honoured_up_to_sixty_seconds() {
        let backoff = Backoff::new(Arc::new(Always(0.0)));
        for (asked, given) in [(0, 0), (7, 7), (60, 60), (86_400, 60)] {
            assert_eq!(backoff.pause(1, Some(Duration::from_secs(asked))), Duration::from_secs(given));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_pauses_spread_over_the_whole_span() {
        let draw = |seed| {
            let backoff = Backoff::new(Arc::new(Dice::new(seed)));
            (0..1000).map(|_| backoff.pause(1, None)).collect::<Vec<_>>()
        };
        let pauses = draw(7);
        assert_eq!(pauses, draw(7));
        assert_ne!(pauses, draw(8));
        assert!(pauses.iter().all(|pause| *pause < Duration::from_secs(1)));
        for tenth in 0..10_u128 {
            let there = pauses.iter().filter(|pause| pause.as_millis() / 100 == tenth).count();
            assert!((50..=150).contains(&there), "{there} of 1000 in tenth {tenth}");
        }
    }
}
