//! Whether the engine's thread is alive: what the service manager's watchdog is fed by.
//!
//! How to think of it: a cycle shows progress, and the loop around it shows that it looked at its agenda. While one of the two goes
//! on, we are alive, however slow. What neither moves nor begins what is due is stuck, and only a new process helps. Lever being
//! away is no reason: cycles are tried then, and fail.

use std::time::Duration;

use engine::Activity;
use people::Timestamp;
use tokio::time::Instant;

use crate::schedule::Schedule;

/// What shows no progress for so long is stuck. A call to a vendor ends long before.
const STUCK_AFTER: Duration = Duration::from_secs(30 * 60);
/// A poll that fell due and was not tried for so long, while nothing else was done: nobody looks at the clock any more.
const OVERDUE_AFTER: Duration = Duration::from_secs(5 * 60);

/// What was last seen to move.
#[derive(Debug)]
pub(super) struct Pulse {
    activity: Activity,
    looks: u64,
    looks_seen: u64,
    moved_at: Instant,
    tried_at: Timestamp,
    overdue_since: Option<Instant>,
}

impl Pulse {
    /// Alive from now on.
    pub fn new(now: Timestamp) -> Pulse {
        Pulse {
            activity: Activity::Idle,
            looks: 0,
            looks_seen: 0,
            moved_at: Instant::now(),
            tried_at: now,
            overdue_since: None,
        }
    }

    /// The loop looked at its agenda.
    pub fn looked(&mut self) {
        self.looks += 1;
    }

    /// A cycle ended, well or not.
    pub fn tried(&mut self, now: Timestamp) {
        self.tried_at = now;
    }

    /// Why it is stuck, if it is.
    pub fn stuck(&mut self, activity: Activity, schedule: &Schedule, now: Timestamp) -> Option<&'static str> {
        let moment = Instant::now();
        if activity != self.activity || self.looks != self.looks_seen {
            (self.activity, self.looks_seen, self.moved_at) = (activity, self.looks, moment);
        }
        // Of the wall clock only that it is past: a jump of hours is as good as a minute, and the next look sees it too.
        let is_overdue = activity == Activity::Idle && now > schedule.next_poll(self.tried_at);
        self.overdue_since = is_overdue.then(|| self.overdue_since.unwrap_or(moment));
        if moment - self.moved_at >= STUCK_AFTER {
            return Some("a cycle makes no progress");
        }
        let overdue = self.overdue_since.is_some_and(|since| moment - since >= OVERDUE_AFTER);
        overdue.then_some("a poll fell due and was not begun")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn schedule() -> Schedule {
        let cron = |text| Schedule::cron(text).unwrap();
        Schedule::new(cron("0 */5 * * * *"), cron("0 30 2 * * *"), "UTC".parse().unwrap())
    }

    fn nine() -> Timestamp {
        "2026-06-01T09:00:00Z".parse().unwrap()
    }

    /// A minute goes by on both clocks.
    async fn minute(now: &mut Timestamp) {
        advance(MINUTE).await;
        *now += TimeDelta::minutes(1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cycle_that_moves_however_slowly_is_alive_and_one_that_stands_still_for_half_an_hour_is_not() {
        let (mut now, schedule) = (nine(), schedule());
        let mut pulse = Pulse::new(now);
        for read in 0..300 {
            minute(&mut now).await;
            let activity = Activity::Reading { read: read / 20, of: 9_000 };
            assert_eq!(pulse.stuck(activity, &schedule, now), None, "minute {read}");
        }
        let mut stood = 0;
        while pulse.stuck(Activity::Delivering { done: 3, of: 4 }, &schedule, now).is_none() {
            minute(&mut now).await;
            stood += 1;
        }
        assert_eq!(stood, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_looks_and_tries_is_alive_and_one_that_lets_a_poll_go_by_is_not() {
        let (mut now, schedule) = (nine(), schedule());
        let mut pulse = Pulse::new(now);
        for minutes in 0..120 {
            minute(&mut now).await;
            pulse.looked();
            if minutes % 5 == 4 {
                pulse.tried(now);
            }
            assert_eq!(pulse.stuck(Activity::Idle, &schedule, now), None, "minute {minutes}");
        }
        // It looks, and yet nothing is tried any more.
        let mut waited = 0;
        while pulse.stuck(Activity::Idle, &schedule, now).is_none() {
            minute(&mut now).await;
            pulse.looked();
            waited += 1;
        }
        assert_eq!(waited, 11, "the poll at five past, and five minutes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_jumps_by_a_day_is_no_standstill() {
        let (mut now, schedule) = (nine(), schedule());
        let mut pulse = Pulse::new(now);
        for days in [1, -2, 30] {
            now += TimeDelta::days(days);
            assert_eq!(pulse.stuck(Activity::Idle, &schedule, now), None, "{days}");
            minute(&mut now).await;
            pulse.looked();
            pulse.tried(now);
            assert_eq!(pulse.stuck(Activity::Idle, &schedule, now), None, "{days}");
        }
    }
}
