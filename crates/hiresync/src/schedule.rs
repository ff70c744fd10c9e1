//! When a cycle is due. [`Agenda`] is pure; [`Ticker`] only wakes whoever asks it.
//!
//! How to think of it: a tick carries no meaning. Whoever is woken asks the agenda what is due *now*; ten missed ticks and
//! one tick are the same question. The wall clock may jump: forward, one catch-up; backward, the next time is computed anew.
//!
//! **Invariant:** a job of the scheduler does nothing but wake. It reads the wall clock, spawns each firing, lets runs
//! overlap, and its zoned jobs are an hour off after the clocks change; so its expressions are UTC and hold seconds only.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use croner::{
    Cron,
    parser::{CronParser, Seconds},
};
use engine::SweepKind;
use people::{Timestamp, Zone};
use planted::Bug;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// Longest sleep between two looks at the agenda, whatever the scheduler and the wall clock do.
pub const SLEEP_MAX: Duration = Duration::from_secs(60);
/// Least and longest pause after a cycle that could do nothing about what was due.
const PAUSE_MIN: TimeDelta = TimeDelta::seconds(1);
const PAUSE_MAX: TimeDelta = TimeDelta::seconds(60);

/// `poll` and `full_sweep`, in their zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    poll: Cron,
    full_sweep: Cron,
    zone: Zone,
}

impl Schedule {
    /// Parses one expression of six fields, seconds first.
    pub fn cron(text: &str) -> Result<Cron, String> {
        if text.split_whitespace().count() != 6 {
            return Err("is no cron expression of six fields".to_owned());
        }
        let parser = CronParser::builder().seconds(Seconds::Required).build();
        let cron = parser.parse(text).map_err(|error| format!("is no cron expression: {error}"))?;
        match cron.find_next_occurrence(&Timestamp::UNIX_EPOCH, false) {
            Ok(_) => Ok(cron),
            Err(_) => Err("names a time that never comes".to_owned()),
        }
    }

    /// Both expressions.
    pub fn new(poll: Cron, full_sweep: Cron, zone: Zone) -> Schedule {
        Schedule { poll, full_sweep, zone }
    }

    /// The first poll after `now`.
    pub fn next_poll(&self, now: Timestamp) -> Timestamp {
        next(&self.poll, self.zone, now)
    }

    /// The first full sweep after `now`.
    pub fn next_full_sweep(&self, now: Timestamp) -> Timestamp {
        next(&self.full_sweep, self.zone, now)
    }

    /// From one poll to the next, about now.
    pub fn interval(&self, now: Timestamp) -> TimeDelta {
        let first = self.next_poll(now);
        self.next_poll(first) - first
    }

    /// What wakes often enough for both: their seconds, every minute.
    fn ticks(&self) -> [String; 2] {
        [&self.poll, &self.full_sweep].map(|cron| {
            let seconds = cron.as_str().split_whitespace().next().unwrap_or("0").to_owned();
            format!("{seconds} * * * * *")
        })
    }
}

fn next(cron: &Cron, zone: Zone, now: Timestamp) -> Timestamp {
    let local = now.with_timezone(&zone);
    // A day's grace where the expression cannot be met, so that the schedule never stands still.
    cron.find_next_occurrence(&local, false).map_or(now + TimeDelta::days(1), |next| next.to_utc())
}

/// What was ordered from outside since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ordered {
    /// Look at what was marked or let go.
    pub work: bool,
    /// Ask Lever who changed, too.
    pub sweep: bool,
}

/// What is due when.
#[derive(Debug)]
pub struct Agenda {
    schedule: Arc<Schedule>,
    /// `None`: nothing has run yet, so a poll is due.
    poll_at: Option<Timestamp>,
    full_at: Option<Timestamp>,
    /// Nothing is tried again by itself before this.
    quiet_until: Option<Timestamp>,
    pause: TimeDelta,
}

impl Agenda {
    /// Begins with a poll at once; with a full sweep, if one fell due since the `last_full` one, in an earlier process.
    pub fn new(schedule: Arc<Schedule>, last_full: Option<Timestamp>) -> Agenda {
        let full_at = last_full.map(|last| schedule.next_full_sweep(last));
        Agenda { schedule, poll_at: None, full_at, quiet_until: None, pause: PAUSE_MIN }
    }

    /// Another schedule from now on; it begins with a poll at once, like the first one.
    pub fn reschedule(&mut self, schedule: Arc<Schedule>, last_full: Option<Timestamp>) {
        *self = Agenda::new(schedule, last_full);
    }

    /// The sweep that is due now, if any cycle is. Whatever was missed is one sweep.
    pub fn due(
        &mut self,
        now: Timestamp,
        next_debt: Option<Timestamp>,
        ordered: Ordered,
    ) -> Option<SweepKind> {
        let next_poll = self.schedule.next_poll(now);
        let next_full = self.schedule.next_full_sweep(now);
        let poll_at = self.poll_at.unwrap_or(now);
        let full_at = self.full_at.unwrap_or(next_full);
        let due = if full_at <= now {
            Some(SweepKind::Full)
        } else if poll_at <= now || ordered.sweep {
            Some(SweepKind::Changes)
        } else if ordered.work {
            Some(SweepKind::Skip)
        } else {
            let quiet = self.quiet_until.is_some_and(|until| now < until && until <= now + PAUSE_MAX);
            next_debt.filter(|&at| at <= now && !quiet).map(|_| SweepKind::Skip)
        };
        // Never later than the schedule says from here: a clock that was set back must not starve us.
        let after = if planted::bug(Bug::CatchesUp) { self.schedule.next_poll(poll_at) } else { next_poll };
        self.poll_at = Some(if poll_at <= now { after } else { poll_at.min(next_poll) });
        self.full_at = Some(if full_at <= now { next_full } else { full_at.min(next_full) });
        due
    }

    /// A full sweep did not come to its end: the next poll is one.
    pub fn full_again(&mut self) {
        self.full_at = self.full_at.min(self.poll_at);
    }

    /// A cycle ended: if what was due still is, it cannot be done now, and is tried again more and more slowly.
    pub fn ended(&mut self, now: Timestamp, next_debt: Option<Timestamp>) {
        if next_debt.is_some_and(|at| at <= now) {
            self.quiet_until = Some(now + self.pause);
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        } else {
            (self.quiet_until, self.pause) = (None, PAUSE_MIN);
        }
    }

    /// How long nothing can fall due by itself, at most [`SLEEP_MAX`]. The scheduler wakes for the schedule.
    pub fn sleep(&self, now: Timestamp, next_debt: Option<Timestamp>) -> Duration {
        let quiet = self.quiet_until.filter(|&until| until <= now + PAUSE_MAX);
        let debt = next_debt.map(|at| quiet.map_or(at, |until| at.max(until)));
        let first = debt.into_iter().chain(self.poll_at).chain(self.full_at).min();
        first.map_or(SLEEP_MAX, |at| {
            (at - now).to_std().unwrap_or_default().clamp(Duration::from_millis(1), SLEEP_MAX)
        })
    }
}

/// The scheduler's jobs: each wakes, and nothing else.
pub struct Ticker {
    scheduler: JobScheduler,
    wake: Arc<Notify>,
    jobs: Vec<tokio_cron_scheduler::job::JobId>,
}

impl Ticker {
    /// Wakes `wake` as often as `schedule` may need it.
    pub async fn start(schedule: &Schedule, wake: Arc<Notify>) -> Result<Ticker, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let mut ticker = Ticker { scheduler, wake, jobs: Vec::new() };
        ticker.set(schedule).await?;
        ticker.scheduler.start().await?;
        Ok(ticker)
    }

    /// Follows another schedule.
    pub async fn set(&mut self, schedule: &Schedule) -> Result<(), JobSchedulerError> {
        for job in self.jobs.drain(..) {
            self.scheduler.remove(&job).await?;
        }
        let mut ticks = schedule.ticks().to_vec();
        ticks.dedup();
        for tick in ticks {
            let wake = Arc::clone(&self.wake);
            let job = Job::new(tick.as_str(), move |_, _| wake.notify_one())?;
            self.jobs.push(self.scheduler.add(job).await?);
        }
        Ok(())
    }

    /// Wakes nobody any more.
    pub async fn stop(mut self) {
        let _ = self.scheduler.shutdown().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(poll: &str, full: &str, zone: &str) -> Arc<Schedule> {
        let (poll, full) = (Schedule::cron(poll).unwrap(), Schedule::cron(full).unwrap());
        Arc::new(Schedule::new(poll, full, zone.parse().unwrap()))
    }

    fn every_five_minutes() -> Agenda {
        Agenda::new(schedule("0 */5 * * * *", "0 30 2 * * *", "UTC"), None)
    }

    const NOTHING: Ordered = Ordered { work: false, sweep: false };

    #[test]
    fn a_full_sweep_keeps_its_local_time_when_the_clocks_change() {
        let london = schedule("0 */5 * * * *", "0 30 2 * * *", "Europe/London");
        for (now, next) in [
            ("2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T12:00:00Z", "2026-03-30T01:30:00Z"),
            ("2026-10-24T12:00:00Z", "2026-10-25T02:30:00Z"),
        ] {
            assert_eq!(london.next_full_sweep(at(now)), at(next), "{now}");
        }
    }

    #[test]
    fn a_local_time_that_a_change_of_the_clocks_skips_or_doubles_comes_once() {
        let skipped = schedule("0 30 1 * * *", "0 0 0 * * *", "Europe/London");
        let first = skipped.next_poll(at("2026-03-28T12:00:00Z"));
        assert!(first <= at("2026-03-29T02:00:00Z") || first == at("2026-03-30T00:30:00Z"), "{first}");
        let first = skipped.next_poll(at("2026-10-24T12:00:00Z"));
        assert_eq!(first, at("2026-10-25T00:30:00Z"));
        assert!(skipped.next_poll(first) >= at("2026-10-25T01:30:00Z"));
    }

    #[test]
    fn a_poll_is_due_at_once_and_then_by_the_schedule() {
        let mut agenda = every_five_minutes();
        assert_eq!(agenda.due(at("2026-05-01T10:01:00Z"), None, NOTHING), Some(SweepKind::Changes));
        assert_eq!(agenda.due(at("2026-05-01T10:04:59Z"), None, NOTHING), None);
        assert_eq!(agenda.due(at("2026-05-01T10:05:00Z"), None, NOTHING), Some(SweepKind::Changes));
        assert_eq!(agenda.due(at("2026-05-01T10:05:00Z"), None, NOTHING), None);
    }

    #[test]
    fn a_month_of_missed_ticks_is_one_sweep_and_a_full_one() {
        let mut agenda = every_five_minutes();
        agenda.due(at("2026-05-01T10:01:00Z"), None, NOTHING);
        assert_eq!(agenda.due(at("2026-06-01T10:01:00Z"), None, NOTHING), Some(SweepKind::Full));
        assert_eq!(agenda.due(at("2026-06-01T10:01:01Z"), None, NOTHING), None);
        assert_eq!(agenda.due(at("2026-06-01T10:05:00Z"), None, NOTHING), Some(SweepKind::Changes));
    }

    #[test]
    fn a_full_sweep_that_was_missed_while_the_daemon_was_down_comes_first() {
        let now = at("2026-05-03T10:01:00Z");
        for (last, sweep) in [
            (Some("2026-05-02T02:30:05Z"), SweepKind::Full),
            (Some("2026-05-03T02:30:05Z"), SweepKind::Changes),
            (None, SweepKind::Changes),
        ] {
            let schedule = schedule("0 */5 * * * *", "0 30 2 * * *", "UTC");
            let mut agenda = Agenda::new(schedule, last.map(at));
            assert_eq!(agenda.due(now, None, NOTHING), Some(sweep), "{last:?}");
            assert_eq!(agenda.due(now, None, NOTHING), None);
        }
    }

    #[test]
    fn a_full_sweep_that_failed_is_made_good_by_the_next_poll() {
        let mut agenda = every_five_minutes();
        agenda.due(at("2026-05-01T02:28:00Z"), None, NOTHING);
        assert_eq!(agenda.due(at("2026-05-01T02:30:00Z"), None, NOTHING), Some(SweepKind::Full));
        agenda.full_again();
        assert_eq!(agenda.due(at("2026-05-01T02:34:00Z"), None, NOTHING), None);
        assert_eq!(agenda.due(at("2026-05-01T02:35:00Z"), None, NOTHING), Some(SweepKind::Full));
        assert_eq!(agenda.due(at("2026-05-01T02:40:00Z"), None, NOTHING), Some(SweepKind::Changes));
    }

    #[test]
    fn a_clock_that_is_set_back_ten_years_starves_nobody() {
        let mut agenda = every_five_minutes();
        agenda.due(at("2026-05-01T10:01:00Z"), None, NOTHING);
        assert_eq!(agenda.due(at("2016-05-01T10:01:00Z"), None, NOTHING), None);
        assert_eq!(agenda.due(at("2016-05-01T10:05:00Z"), None, NOTHING), Some(SweepKind::Changes));
    }

    #[test]
    fn a_clock_that_jumps_to_and_fro_brings_one_sweep_for_each_jump_forward() {
        let mut agenda = every_five_minutes();
        agenda.due(at("2026-05-01T10:01:00Z"), None, NOTHING);
        let mut sweeps = 0;
        for _ in 0..10 {
            for now in ["2026-05-01T11:01:00Z", "2026-05-01T11:01:01Z", "2026-05-01T10:01:00Z"] {
                sweeps += u32::from(agenda.due(at(now), None, NOTHING).is_some());
            }
        }
        assert_eq!(sweeps, 10);
    }

    #[test]
    fn an_order_and_a_debt_bring_a_cycle_without_a_sweep() {
        let mut agenda = every_five_minutes();
        let now = at("2026-05-01T10:01:00Z");
        agenda.due(now, None, NOTHING);
        assert_eq!(agenda.due(now, None, Ordered { work: true, sweep: false }), Some(SweepKind::Skip));
        assert_eq!(agenda.due(now, None, Ordered { work: true, sweep: true }), Some(SweepKind::Changes));
        assert_eq!(agenda.due(now, Some(now), NOTHING), Some(SweepKind::Skip));
        assert_eq!(agenda.due(now, Some(now + TimeDelta::seconds(1)), NOTHING), None);
    }

    #[test]
    fn a_debt_that_stays_due_is_tried_more_and_more_slowly_and_never_in_a_loop() {
        let mut agenda = every_five_minutes();
        let start = at("2026-05-01T10:00:01Z");
        agenda.due(start, None, NOTHING);
        let cycles = (0..240)
            .filter(|&second| {
                let now = start + TimeDelta::seconds(second);
                let due = agenda.due(now, Some(start), NOTHING).is_some();
                if due {
                    agenda.ended(now, Some(start));
                }
                due
            })
            .count();
        assert!((5..12).contains(&cycles), "{cycles}");
        agenda.ended(start, None);
        assert_eq!(agenda.due(start, Some(start), NOTHING), Some(SweepKind::Skip));
    }

    #[test]
    fn it_sleeps_until_something_falls_due_but_never_longer_than_a_minute() {
        let mut agenda = every_five_minutes();
        let now = at("2026-05-01T10:01:00Z");
        agenda.due(now, None, NOTHING);
        assert_eq!(agenda.sleep(now, None), SLEEP_MAX);
        assert_eq!(agenda.sleep(now, Some(now + TimeDelta::seconds(7))), Duration::from_secs(7));
        assert_eq!(agenda.sleep(at("2026-05-01T10:04:50Z"), None), Duration::from_secs(10));
    }

    #[test]
    fn what_is_no_expression_of_six_fields_is_refused() {
        for text in ["", "*/5 * * * *", "@daily", "0 61 * * * *", "x * * * * *", "0 0 0 31 2 *"] {
            assert!(Schedule::cron(text).is_err(), "{text}");
        }
    }
}
