use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How long a pace stays halved after [`Pace::slow_down`].
const SLOW: Duration = Duration::from_secs(180);
/// The rolling second of the hard cap, and a little more for what a network does to even spacing.
const WINDOW: Duration = Duration::from_millis(1050);

/// Evenly spaced starts, in the order in which they were asked for. Everybody who uses one key shares one pace.
///
/// Two limits hold at once: so many starts a second on average, and never more than a hard cap in any rolling second,
/// however the process was delayed. There is no burst: an idle hour saves nothing up.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    cap: usize,
    /// Held by whoever's turn is next while waiting for it: tokio's lock is fair, so the queue at it is first in, first
    /// out, and a waiter that gives up passes its turn on unused.
    turns: tokio::sync::Mutex<Turns>,
    slow_until: Mutex<Option<Instant>>,
}

#[derive(Debug, Default)]
struct Turns {
    /// When the last start was due. The next one is counted from here, not from when it really began, or every delay of
    /// a millisecond would lower the rate.
    due: Option<Instant>,
    /// The last starts, at most the cap.
    starts: VecDeque<Instant>,
}

impl Pace {
    /// `per_second` starts a second, and never more than 10 in any rolling second. A rate that is no positive number
    /// counts as one every hundred seconds.
    pub fn new(per_second: f64) -> Self {
        Pace::capped(per_second, 10)
    }

    /// The same with another hard cap, at least 1.
    pub fn capped(per_second: f64, cap: usize) -> Self {
        let cap = cap.max(1);
        // `max` also turns a NaN into the floor.
        let per_second = per_second.max(0.01).min(cap as f64);
        Pace {
            interval: Duration::from_secs_f64(1.0 / per_second),
            cap,
            turns: tokio::sync::Mutex::default(),
            slow_until: Mutex::default(),
        }
    }

    /// Waits for our turn. May be dropped while waiting.
    pub async fn turn(&self) {
        if planted::bug(planted::Bug::NoPace) {
            return;
        }
        let mut turns = self.turns.lock().await;
        loop {
            // Asked again after each sleep: the pace may have been slowed down meanwhile.
            let interval = self.interval_now();
            let due = turns.due(interval, self.cap);
            if due <= Instant::now() {
                return turns.begin(due, interval, self.cap);
            }
            sleep_until(due).await;
        }
    }

    /// Somebody was told that these are too many: half the pace for three minutes from now.
    pub fn slow_down(&self) {
        *self.slow_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + SLOW);
    }

    /// Whether the pace is halved at the moment.
    pub fn is_slow(&self) -> bool {
        let until = *self.slow_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn interval_now(&self) -> Duration {
        if self.is_slow() { self.interval * 2 } else { self.interval }
    }
}

impl Turns {
    fn due(&self, interval: Duration, cap: usize) -> Instant {
        let now = Instant::now();
        let Some(last_due) = self.due else { return now };
        let spaced = match self.starts.back() {
            // What one start was late may be caught up with the next, a tenth of the interval at a time.
            Some(&last) => (last_due + interval).max(last + interval.mul_f64(0.9)),
            None => last_due + interval,
        };
        let allowed =
            if self.starts.len() >= cap { self.starts.front().map(|&first| first + WINDOW) } else { None };
        allowed.map_or(spaced, |allowed| allowed.max(spaced))
    }

    fn begin(&mut self, due: Instant, interval: Duration, cap: usize) {
        let now = Instant::now();
        self.due = Some(if now.duration_since(due) > interval { now } else { due });
        while self.starts.len() >= cap {
            self.starts.pop_front();
        }
        self.starts.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::future::join_all;
    use proptest::prelude::*;

    use super::*;

    /// When each of `users` tasks, each taking `turns_each` turns, got them.
    async fn starts(pace: Arc<Pace>, users: usize, turns_each: usize) -> Vec<Instant> {
        let starts = Arc::new(Mutex::new(Vec::new()));
        join_all((0..users).map(|_| async {
            for _ in 0..turns_each {
                pace.turn().await;
                starts.lock().unwrap().push(Instant::now());
            }
        }))
        .await;
        Arc::into_inner(starts).unwrap().into_inner().unwrap()
    }

    fn most_in_a_rolling_second(starts: &[Instant]) -> usize {
        (0..starts.len())
            .map(|at| {
                starts[at..].iter().take_while(|&&later| later - starts[at] < Duration::from_secs(1)).count()
            })
            .max()
            .unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn many_users_of_one_key_never_start_more_than_ten_in_any_rolling_second() {
        for per_second in [1.0, 9.0, 10.0, 25.0, f64::INFINITY] {
            let starts = starts(Arc::new(Pace::new(per_second)), 40, 10).await;
            assert_eq!(starts.len(), 400);
            assert!(most_in_a_rolling_second(&starts) <= 10, "at {per_second} a second");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn starts_are_evenly_spaced_and_the_rate_is_kept() {
        let starts = starts(Arc::new(Pace::new(9.0)), 3, 301).await;
        for pair in starts.windows(2) {
            let gap = pair[1] - pair[0];
            assert!((Duration::from_millis(99)..=Duration::from_millis(113)).contains(&gap), "{gap:?}");
        }
        let whole = *starts.last().unwrap() - starts[0];
        let rate = (starts.len() - 1) as f64 / whole.as_secs_f64();
        assert!((8.95..=9.01).contains(&rate), "{rate} a second");
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_hour_saves_nothing_up() {
        let pace = Arc::new(Pace::new(5.0));
        pace.turn().await;
        tokio::time::advance(Duration::from_secs(3600)).await;
        let starts = starts(pace, 4, 4).await;
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(179)));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_the_order_in_which_they_were_asked_for() {
        let pace = Arc::new(Pace::new(10.0));
        let order = Mutex::new(Vec::new());
        join_all((0..50).map(|user| {
            let (pace, order) = (Arc::clone(&pace), &order);
            async move {
                pace.turn().await;
                order.lock().unwrap().push(user);
            }
        }))
        .await;
        assert_eq!(order.into_inner().unwrap(), (0..50).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_gives_up_costs_nobody_a_turn() {
        let pace = Pace::new(1.0);
        pace.turn().await;
        let began = Instant::now();
        for _ in 0..20 {
            let given_up = tokio::time::timeout(Duration::from_millis(10), pace.turn()).await;
            assert!(given_up.is_err());
        }
        pace.turn().await;
        assert_eq!(began.elapsed().as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_the_pace_for_three_minutes() {
        let pace = Arc::new(Pace::new(10.0));
        pace.slow_down();
        assert!(pace.is_slow());
        let slow = starts(Arc::clone(&pace), 1, 101).await;
        assert_eq!((slow[100] - slow[0]).as_secs(), 20);
        tokio::time::advance(SLOW).await;
        assert!(!pace.is_slow());
        let fast = starts(pace, 1, 101).await;
        assert_eq!((fast[100] - fast[0]).as_secs(), 10);
    }

    #[test]
    fn a_rate_that_is_no_rate_is_very_slow_and_never_panics() {
        for wrong in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(Pace::new(wrong).interval, Duration::from_secs(100));
        }
        assert_eq!(Pace::capped(5.0, 0).interval, Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn whatever_the_pauses_between_them_no_rolling_second_holds_more_than_the_cap(
            per_second in 0.5..20.0_f64,
            cap in 1..12_usize,
            pauses in prop::collection::vec(0..400_u64, 1..60),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let starts = runtime.block_on(async {
                let pace = Pace::capped(per_second, cap);
                let mut starts = Vec::new();
                for (at, pause) in pauses.iter().enumerate() {
                    tokio::time::sleep(Duration::from_millis(*pause)).await;
                    if at % 7 == 3 {
                        pace.slow_down();
                    }
                    pace.turn().await;
                    starts.push(Instant::now());
                }
                starts
            });
            prop_assert!(most_in_a_rolling_second(&starts) <= cap);
        }
    }
}
