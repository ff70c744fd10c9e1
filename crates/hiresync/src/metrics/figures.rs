//! Which families there are, and what each is made of. Names and units follow
//! <https://prometheus.io/docs/practices/naming/>; `systemd/prometheus` names them in its rules.

use std::collections::BTreeMap;

use adapter_sdk::TaskKind;
use chrono::TimeDelta;
use engine::{Delivered, TargetStatus};
use ledger::{TargetHealth, Task};
use people::TargetName;

use super::{
    count::{Cycles, Ended},
    page::{Page, Sample, number, plain, seconds, yes},
};
use crate::{report::StatusAnswer, webhook::WebhookStatus};

/// What a page is made of.
#[derive(Debug)]
pub struct Figures<'f> {
    /// What `GET /v1/status` says.
    pub status: &'f StatusAnswer,
    /// What `GET /v1/health` says.
    pub healthy: bool,
    /// From one poll to the next.
    pub interval: TimeDelta,
    /// Every task.
    pub tasks: &'f [Task],
    /// What was delivered, target by target.
    pub delivered: &'f BTreeMap<TargetName, Delivered>,
    /// The cycles.
    pub cycles: &'f Cycles,
}

/// The page.
pub fn text(figures: &Figures<'_>) -> String {
    let mut page = Page::default();
    figures.daemon(&mut page);
    figures.schedule(&mut page);
    figures.source(&mut page);
    figures.targets(&mut page);
    figures.people_per_target(&mut page);
    figures.humans(&mut page);
    webhook(figures.status.webhook.as_ref(), &mut page);
    page.into_text()
}

impl Figures<'_> {
    fn daemon(&self, page: &mut Page) {
        let status = self.status;
        let version = vec![("version", status.version.as_str())];
        page.gauge("hiresync_build_info", "The program's version; always 1.", [(version, 1.0)]);
        page.gauge(
            "hiresync_start_time_seconds",
            "When the daemon started, in seconds since 1970.",
            [plain(seconds(status.started_at))],
        );
        page.gauge(
            "hiresync_healthy",
            "1 while GET /v1/health answers 200: the last good cycle is young enough, and Lever takes the key.",
            [plain(yes(self.healthy))],
        );
        page.gauge(
            "hiresync_needs_human",
            "1 while somebody is parked, held past due or held by a guard, or a target is quarantined.",
            [plain(yes(status.needs_human))],
        );
        page.gauge(
            "hiresync_reload_refused",
            "1 while the configuration on disk is faulty and the one before is in force.",
            [plain(yes(status.reload_refused_at.is_some()))],
        );
        page.gauge(
            "hiresync_credential_last_day_timestamp_seconds",
            "The day on which a secret is good for the last time, from a month before on: the beginning of it, UTC.",
            status.expiring.iter().map(|expiring| {
                let day = expiring.on.and_time(chrono::NaiveTime::MIN).and_utc();
                (vec![("credential", expiring.secret.as_str())], seconds(day))
            }),
        );
        page.gauge(
            "hiresync_notices_failing",
            "1 while letters to people are not taken.",
            status.notices.iter().map(|notices| plain(yes(notices.failing_since.is_some()))),
        );
    }

    fn schedule(&self, page: &mut Page) {
        let (status, counted) = (self.status, self.cycles.counted());
        page.gauge(
            "hiresync_last_good_cycle_timestamp_seconds",
            "When a cycle of this process last read everything and could use every target; absent before the first.",
            status.engine.last_good_cycle_at.map(|at| plain(seconds(at))),
        );
        page.gauge(
            "hiresync_poll_interval_seconds",
            "From one poll to the next, as the schedule in force says.",
            [plain(self.interval.as_seconds_f64())],
        );
        page.gauge(
            "hiresync_next_poll_timestamp_seconds",
            "When Lever is next asked who changed.",
            [plain(seconds(status.next_poll_at))],
        );
        page.gauge(
            "hiresync_next_full_sweep_timestamp_seconds",
            "When Lever is next asked for everybody hired.",
            [plain(seconds(status.next_full_sweep_at))],
        );
        page.gauge(
            "hiresync_next_debt_timestamp_seconds",
            "When the next change that is owed falls due; absent while none waits.",
            status.engine.next_due_at.map(|at| plain(seconds(at))),
        );
        let of = |ended: Ended| number(counted.ended.get(&ended).copied().unwrap_or_default());
        page.counter(
            "hiresync_cycles_total",
            "Cycles that ended, by how.",
            Ended::ALL.map(|ended| (vec![("outcome", ended.code())], of(ended))),
        );
        page.summary(
            "hiresync_cycle_duration_seconds",
            "How long cycles took.",
            counted.ended.values().sum(),
            counted.took.as_secs_f64(),
        );
        page.gauge(
            "hiresync_last_cycle_duration_seconds",
            "How long the last cycle took; absent before the first.",
            counted.last.map(|took| plain(took.as_secs_f64())),
        );
        page.gauge(
            "hiresync_marked_people",
            "People who are read in the next cycle.",
            [plain(number(status.engine.marked as u64))],
        );
        page.gauge(
            "hiresync_repair_pending_people",
            "People whom the last full sweep listed and nobody looked at yet.",
            [plain(number(status.engine.to_repair as u64))],
        );
    }

    fn source(&self, page: &mut Page) {
        let source = &self.status.engine.source;
        let answered = source.requests.saturating_sub(source.refused);
        page.counter(
            "hiresync_lever_requests_total",
            "Requests to Lever; refused: there were too many.",
            [("answered", answered), ("refused", source.refused)]
                .map(|(result, count)| (vec![("result", result)], number(count))),
        );
        page.gauge(
            "hiresync_lever_cursor_moved_timestamp_seconds",
            "Up to when Lever was asked who changed; absent before the first sweep.",
            source.cursor_moved_at.map(|at| plain(seconds(at))),
        );
        page.gauge(
            "hiresync_lever_clock_skew_seconds",
            "Lever's clock less ours.",
            [plain(source.skew_seconds as f64)],
        );
        let fault = self.status.engine.last_fault.as_ref();
        page.gauge(
            "hiresync_lever_fault",
            "1 while Lever cannot be read, by why; unauthorized: it refuses the key. Absent while it can.",
            fault.map(|fault| (vec![("code", fault.code.as_str())], 1.0)),
        );
    }

    /// One sample for each target.
    fn each<'s>(&'s self, of: impl Fn(&'s TargetStatus) -> f64) -> Vec<Sample<'s>> {
        let targets = self.status.engine.targets.iter();
        targets.map(|(name, target)| (vec![("target", name.as_str())], of(target))).collect()
    }

    fn targets(&self, page: &mut Page) {
        page.gauge(
            "hiresync_target_paused",
            "1 while a human paused the target.",
            self.each(|target| yes(target.paused)),
        );
        page.gauge(
            "hiresync_target_quarantined",
            "1 while the target cannot be used.",
            self.each(|target| yes(target.health != TargetHealth::Active)),
        );
        let faults = self.status.engine.targets.iter().filter_map(|(name, target)| match &target.health {
            TargetHealth::Active => None,
            TargetHealth::Quarantined { kind, .. } => {
                Some((vec![("target", name.as_str()), ("code", kind.code())], 1.0))
            }
        });
        page.gauge(
            "hiresync_target_fault",
            "1 while the target cannot be used, by why; unauthorized: it refuses the credentials. Absent while it can.",
            faults,
        );
        page.gauge(
            "hiresync_target_rebuilding",
            "1 while links are rebuilt after a lost ledger: nobody is created meanwhile.",
            self.each(|target| yes(target.rebuilding)),
        );
        page.counter(
            "hiresync_deliveries_total",
            "Deliveries, by what came of them.",
            self.status.engine.targets.keys().flat_map(|target| {
                let done = self.delivered.get(target).copied().unwrap_or_default();
                results(&done).map(|(result, count)| {
                    (vec![("target", target.as_str()), ("result", result)], number(count))
                })
            }),
        );
    }

    fn people_per_target(&self, page: &mut Page) {
        let in_scope = self.each(|target| number(target.in_scope));
        page.gauge("hiresync_target_in_scope_people", "People whom the target is told about.", in_scope);
        let states = self.status.engine.targets.iter().flat_map(|(name, target)| {
            let counts = &target.counts;
            [
                ("agreed", counts.agreed),
                ("waiting", counts.waiting),
                ("sent", counts.sent),
                ("held", counts.held),
                ("parked", counts.parked),
            ]
            .map(|(state, count)| (vec![("target", name.as_str()), ("state", state)], number(count)))
        });
        page.gauge("hiresync_target_people", "Of those in scope, how many are in which state.", states);
        page.gauge(
            "hiresync_target_unexplained_people",
            "People of whom nobody can say what became of them: always 0, and checked after each poll.",
            self.each(|target| {
                let hired = target.certificate.as_ref().map_or(0, |certificate| certificate.unexplained);
                number(target.unexplained + hired)
            }),
        );
        page.gauge(
            "hiresync_target_past_due_people",
            "Of those held, how many wait for a value that was needed before today.",
            self.each(|target| number(target.past_due)),
        );
        page.gauge(
            "hiresync_target_to_correct_people",
            "Of those held, how many wait for a human for another reason than a guard.",
            self.each(|target| number(target.to_correct)),
        );
        page.gauge(
            "hiresync_target_started_without_record",
            "Hires whose first day came without a record over there.",
            self.each(|target| number(target.started)),
        );
        let obstacles = self.obstacles();
        page.gauge(
            "hiresync_target_obstacle_people",
            "In how many people's way an obstacle is, by its code.",
            obstacles.iter().map(|(&(target, code), people)| {
                (vec![("target", target.as_str()), ("code", code)], number(*people))
            }),
        );
    }

    /// Obstacles of one code together: two companies that are closed are two obstacles.
    fn obstacles(&self) -> BTreeMap<(&TargetName, &str), u64> {
        let mut people = BTreeMap::new();
        for (name, target) in &self.status.engine.targets {
            for met in &target.obstacles {
                *people.entry((name, met.obstacle.code.as_str())).or_default() += met.people;
            }
        }
        people
    }

    fn humans(&self, page: &mut Page) {
        let held: u64 = self.status.guards.iter().map(|trip| trip.held as u64).sum();
        page.gauge(
            "hiresync_guard_held_people",
            "People whose changes a guard holds until `hiresync approve`.",
            [plain(number(held))],
        );
        let mut open: BTreeMap<String, u64> = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| task.done_at.is_none()) {
            *open.entry(code(task.kind)).or_default() += 1;
        }
        page.gauge(
            "hiresync_tasks_open",
            "Open tasks for a human, by kind.",
            open.iter().map(|(kind, count)| (vec![("kind", kind.as_str())], number(*count))),
        );
    }
}

/// A kind of task as it stands in JSON.
fn code(kind: TaskKind) -> String {
    serde_json::to_value(kind).ok().and_then(|kind| Some(kind.as_str()?.to_owned())).unwrap_or_default()
}

fn results(done: &Delivered) -> [(&'static str, u64); 7] {
    let Delivered { created, updated, unchanged, withdrawn, retried, unknown, parked } = *done;
    [
        ("created", created),
        ("updated", updated),
        ("unchanged", unchanged),
        ("withdrawn", withdrawn),
        ("retried", retried),
        ("unknown", unknown),
        ("parked", parked),
    ]
}

fn webhook(status: Option<&WebhookStatus>, page: &mut Page) {
    let outcomes = status.map(|status| {
        [
            ("taken", status.genuine - status.ignored.min(status.genuine)),
            ("ignored", status.ignored),
            ("replayed", status.replayed),
            ("stale", status.stale),
            ("forged", status.forged),
            ("refused", status.refused),
            ("failed", status.failed),
        ]
        .map(|(outcome, count)| (vec![("outcome", outcome)], number(count)))
    });
    page.counter(
        "hiresync_webhook_requests_total",
        "Requests to the receiver of Lever's webhooks, by what came of them; absent while nothing listens.",
        outcomes.into_iter().flatten(),
    );
    page.gauge(
        "hiresync_webhook_last_genuine_timestamp_seconds",
        "When the last delivery that Lever signed came; absent before the first.",
        status.and_then(|status| status.last_genuine_at).map(|at| plain(seconds(at))),
    );
}
