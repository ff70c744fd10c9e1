//! What the daemon answers and the command line shows: sentences and tables made of the engine's own status.

mod erasure;
mod page;
mod plans;
mod tasks;

use std::fmt::Write as _;

use adapter_sdk::{Intent, TaskKind};
use chrono::TimeDelta;
use engine::{Activity, Certificate, CycleReport, GuardTrip, PersonLine, Status, TargetExplanation};
use ledger::{Actor, Event, LeftOut, Outcome, Standing, TargetHealth};
use people::{ContactId, FieldKey, OpportunityId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use erasure::{Destinations, ForgottenAnswer, ReportAnswer};
pub use page::explain;
pub use plans::{ApplyAnswer, PlanAnswer, PlanCounts, PlanField, PlanGuard, PlanLine, PlanUnread};
pub use tasks::{Doers, Explained, NamedTasks, TaskLine, named, tasks};

use crate::{
    config::Expiring,
    notices::NoticesStatus,
    print::{self, Tone, ago, ahead, count, fitted, lasting, moment, table, wrapped},
    webhook::WebhookStatus,
};

/// `GET /v1/status`
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct StatusAnswer {
    /// Is it all right, in one sentence.
    pub summary: String,
    /// True when nothing is wrong and nobody is needed.
    pub ok: bool,
    /// True when somebody needs a human.
    pub needs_human: bool,
    /// This program's version.
    pub version: String,
    /// The daemon's clock now.
    pub now: Timestamp,
    /// When the daemon started.
    pub started_at: Timestamp,
    /// Since then.
    pub uptime_seconds: i64,
    /// When Lever is next asked who changed.
    pub next_poll_at: Timestamp,
    /// When Lever is next asked for everybody.
    pub next_full_sweep_at: Timestamp,
    /// The configured pace of requests to Lever.
    pub requests_per_second: f64,
    /// Whether confidential hires are among those we see.
    #[serde(default)]
    pub confidential: bool,
    /// When a reload was refused because the configuration on disk is faulty; the one before is in force.
    #[serde(default)]
    pub reload_refused_at: Option<Timestamp>,
    /// Secrets that expire soon, as far as the configuration says when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expiring: Vec<Expiring>,
    /// Why an earlier ledger was lost, if this one is its successor.
    pub recovery: Option<String>,
    /// What came by webhook, where it listens for any.
    #[serde(default)]
    pub webhook: Option<WebhookStatus>,
    /// How telling humans goes, where anybody is told.
    #[serde(default)]
    pub notices: Option<NoticesStatus>,
    /// Cycles that the guard holds.
    pub guards: Vec<GuardTrip>,
    /// The engine's part.
    #[serde(flatten)]
    pub engine: Status,
}

impl StatusAnswer {
    /// What a human would call a change: everything but times, and counts that only ever grow.
    pub fn state(&self) -> serde_json::Value {
        let targets = self.engine.targets.iter().map(|(name, target)| {
            let is_active = target.health == TargetHealth::Active;
            serde_json::json!([
                name,
                target.paused,
                is_active,
                target.rebuilding,
                target.counts,
                target.past_due,
                target.to_correct,
                target.started,
                target.obstacles,
                target.unexplained,
            ])
        });
        let fault = self.engine.last_fault.as_ref().map(|fault| &fault.code);
        let guards: Vec<(u64, usize)> = self.guards.iter().map(|trip| (trip.cycle, trip.held)).collect();
        serde_json::json!([
            self.ok,
            self.needs_human,
            fault,
            guards,
            self.engine.tasks_open,
            self.engine.last_good_cycle_at.is_some(),
            self.reload_refused_at,
            targets.collect::<Vec<_>>(),
        ])
    }
}

/// What is said of those who wait by themselves.
const UNTIL_THERE: &str = "held until Lever has their values";

/// What the one sentence is made of.
#[derive(Debug)]
pub struct Facts<'f> {
    /// The engine's part.
    pub status: &'f Status,
    /// Cycles that the guard holds.
    pub guards: &'f [GuardTrip],
    /// Whether anybody needs a human.
    pub needs_human: bool,
    /// Now.
    pub now: Timestamp,
}

impl Facts<'_> {
    /// Is it all right? In plain words, with what to do.
    pub fn verdict(&self) -> (String, Tone) {
        if let Some(fault) = &self.status.last_fault {
            let since = lasting(self.now - fault.since);
            let text = format!(
                "Lever cannot be read for {since}: {}. {}",
                fault.what.trim_end_matches('.'),
                fault.remedy
            );
            return (text, Tone::Bad);
        }
        if self.needs_human {
            let besides = match self.waiting() {
                0 => String::new(),
                waiting => format!("; besides, {waiting} {UNTIL_THERE}"),
            };
            return (format!("Needs a human: {}{besides}", self.needs()), Tone::Bad);
        }
        let (mut in_scope, mut agreed) = (0, 0);
        for target in self.status.targets.values() {
            in_scope += target.in_scope;
            agreed += target.counts.agreed;
        }
        let waiting = self.waiting();
        let under_way = in_scope.saturating_sub(agreed + waiting);
        let paused: Vec<&str> = self
            .status
            .targets
            .iter()
            .filter(|(_, target)| target.paused)
            .map(|(name, _)| name.as_str())
            .collect();
        let Some(good) = self.status.last_good_cycle_at else {
            return ("Just started: no cycle has ended yet".to_owned(), Tone::Plain);
        };
        let mut figures = format!("{in_scope} in scope, {agreed} agreed");
        for (number, what) in [(under_way, "under way"), (waiting, UNTIL_THERE)] {
            if number > 0 {
                let _ = write!(figures, ", {number} {what}");
            }
        }
        let last = format!("last good cycle {}", ago(good, self.now));
        if !paused.is_empty() {
            return (format!("Paused ({}): {figures}; {last}", paused.join(", ")), Tone::Plain);
        }
        if under_way > 0 {
            return (format!("At work: {figures}; {last}"), Tone::Plain);
        }
        (format!("All right: {figures}; {last}"), Tone::Good)
    }

    /// Who is held and goes out by itself: neither overdue, nor to be corrected, nor held by a guard.
    fn waiting(&self) -> u64 {
        let by_guards: u64 = self.guards.iter().map(|trip| trip.held as u64).sum();
        let besides_guards = self.status.targets.values().map(|target| {
            target.counts.held.saturating_sub(target.past_due).saturating_sub(target.to_correct)
        });
        besides_guards.sum::<u64>().saturating_sub(by_guards)
    }

    fn needs(&self) -> String {
        let mut needs = Vec::new();
        for trip in self.guards.iter().filter(|trip| trip.held > 0) {
            needs.push(format!(
                "the guard holds {} (look with `hiresync plan`, then `hiresync approve {}`)",
                count(trip.held as u64, "change", "changes"),
                trip.cycle
            ));
        }
        for (name, target) in &self.status.targets {
            let certificate = target.certificate.as_ref();
            let unexplained = certificate.map_or(0, |certificate| certificate.unexplained);
            if unexplained > 0 {
                needs.push(format!(
                    "{} hired and unexplained ({name}; the log names the contacts, and they are read again)",
                    count(unexplained, "person", "people")
                ));
            }
            let unreadable = certificate.map_or(0, Certificate::unreadable);
            if unreadable > 0 {
                needs.push(format!(
                    "{} hired whose record in Lever cannot be used ({name}; `hiresync tasks` says where)",
                    count(unreadable, "person", "people")
                ));
            }
            for met in &target.obstacles {
                needs.push(format!("{} ({name}): {}", count(met.people, "person", "people"), met.obstacle));
            }
            let told: u64 = target.obstacles.iter().map(|met| met.people).sum();
            if target.counts.parked > told {
                needs.push(format!("{} parked ({name}; `hiresync parked` says why)", target.counts.parked));
            }
            if target.started > 0 {
                let people = count(target.started, "hire has", "hires have");
                needs.push(format!(
                    "{people} begun without a record ({name}; `hiresync people` shows who is not agreed)"
                ));
            }
            if target.past_due > 0 {
                needs
                    .push(format!("{} held past due ({name}; `hiresync people` shows who)", target.past_due));
            }
            if target.to_correct > 0 {
                needs.push(format!(
                    "{} held for a human ({name}; `hiresync people` shows who)",
                    target.to_correct
                ));
            }
            if let TargetHealth::Quarantined { since, why, .. } = &target.health {
                needs.push(format!("{name} cannot be used for {}: {why}", lasting(self.now - *since)));
            }
        }
        needs.join("; ")
    }
}

/// Whether the daemon is healthy: the last good cycle is younger than it should be. `Err` says why not.
pub fn health(
    last_good: Option<Timestamp>,
    started_at: Timestamp,
    interval: TimeDelta,
    activity: Activity,
    now: Timestamp,
) -> Result<String, String> {
    let allowed = interval * 3 + TimeDelta::minutes(5);
    // What lies ahead was said by a clock that was set back since, and is worth nothing.
    let stamps = [last_good, Some(started_at)].into_iter().flatten();
    let Some(since) = stamps.filter(|at| *at <= now).max() else {
        return Err("the clock was set back, and no cycle has been good since".to_owned());
    };
    if now - since <= allowed {
        return Ok(last_good.map_or_else(
            || "no cycle has ended yet".to_owned(),
            |good| format!("last good cycle {}", ago(good, now)),
        ));
    }
    // A first backfill of many thousands takes its time, and moves.
    if last_good.is_none() && activity != Activity::Idle && now - started_at <= TimeDelta::hours(6) {
        return Ok("the first cycle is at work".to_owned());
    }
    Err(match last_good {
        Some(good) => format!(
            "the last good cycle was {}, it should be at most {} old",
            ago(good, now),
            lasting(allowed)
        ),
        None => format!("no good cycle since the start {}", ago(started_at, now)),
    })
}

/// `hiresync status`
pub fn status(answer: &StatusAnswer) -> String {
    let engine = &answer.engine;
    let mut text = String::new();
    if let Some(why) = &answer.recovery {
        let _ = if why == ledger::COPIED {
            writeln!(
                text,
                "The ledger came from elsewhere ({why}); its links are kept, and every record is compared anew. If the original runs \
                 on, stop one of the two."
            )
        } else {
            writeln!(
                text,
                "An earlier ledger was lost ({why}); records are found and adopted, nobody is made twice."
            )
        };
    }
    for (name, target) in &engine.targets {
        if let Some(unknown) = &target.unknown_records {
            let _ = writeln!(
                text,
                "Found {} in {name} that this ledger should know, the last one {}: it was rolled back, or a second hiresync is at \
                 work.",
                count(unknown.records, "record", "records"),
                ago(unknown.last_at, answer.now)
            );
        }
    }
    for expiring in &answer.expiring {
        let (what, remedy) = expiring.words();
        let _ = writeln!(text, "{what}. What to do: {remedy}.");
    }
    if let Some(at) = answer.reload_refused_at {
        let _ = writeln!(
            text,
            "The configuration on disk was refused {}; the one before is in force. What to do: `hiresync check --offline`, then reload.",
            ago(at, answer.now)
        );
    }
    let rows: Vec<Vec<String>> = engine
        .targets
        .iter()
        .map(|(name, target)| {
            let state = match &target.health {
                _ if target.paused => "paused".to_owned(),
                TargetHealth::Quarantined { probe_at, .. } => {
                    format!("quarantined, next try {}", ahead(*probe_at, answer.now))
                }
                TargetHealth::Active if target.rebuilding => "rebuilding links".to_owned(),
                TargetHealth::Active => "active".to_owned(),
            };
            let counts = &target.counts;
            let mut row = vec![name.to_string(), target.adapter.clone(), state];
            let numbers = [
                target.in_scope,
                counts.agreed,
                counts.waiting,
                counts.sent,
                counts.held,
                counts.parked,
                target.unexplained,
            ];
            row.extend(numbers.map(|number| number.to_string()));
            row
        })
        .collect();
    let heading = [
        "target",
        "adapter",
        "state",
        "in scope",
        "agreed",
        "waiting",
        "sent",
        "held",
        "parked",
        "unexplained",
    ];
    text.push_str(&table(&heading, &rows));
    for (name, target) in &engine.targets {
        if let Some(certificate) = &target.certificate {
            let _ = write!(text, "\n{name}: {certificate}");
        }
    }
    let _ = writeln!(text);
    let _ = writeln!(
        text,
        "Lever    {} since the start, {} refused; at most {} a second; confidential hires {}; cursor moved {}",
        count(engine.source.requests, "request", "requests"),
        engine.source.refused,
        answer.requests_per_second,
        if answer.confidential { "included" } else { "left out" },
        engine.source.cursor_moved_at.map_or_else(|| "never".to_owned(), |at| ago(at, answer.now)),
    );
    let skew = engine.source.skew_seconds;
    if skew.unsigned_abs() > lever::SKEW_MAX {
        let _ = writeln!(
            text,
            "Clock    differs from Lever's by {}: set it (timedatectl set-ntp true); sweeps go by Lever's time, days and deadlines by ours",
            lasting(TimeDelta::seconds(skew.abs()))
        );
    }
    let _ = writeln!(
        text,
        "Next     poll {}, full sweep {}, debt {}",
        ahead(answer.next_poll_at, answer.now),
        ahead(answer.next_full_sweep_at, answer.now),
        engine.next_due_at.map_or_else(|| "none".to_owned(), |at| ahead(at, answer.now)),
    );
    if let Some(webhook) = &answer.webhook {
        let _ = writeln!(text, "Webhook  {}", received(webhook, answer.now));
    }
    if let Some(notices) = &answer.notices {
        let _ = writeln!(text, "Notices  {}", told(notices, answer.now));
    }
    let to_repair = match engine.to_repair {
        0 => String::new(),
        left => format!("; {left} left of the last full sweep"),
    };
    let _ = writeln!(text, "Now      {}; {} marked{to_repair}", activity(engine.activity), engine.marked);
    if engine.tasks_open > 0 {
        let tasks = count(engine.tasks_open as u64, "task", "tasks");
        let _ = writeln!(text, "Tasks    {tasks} for a human: `hiresync tasks`");
    }
    let _ = writeln!(
        text,
        "Daemon   hiresync {}, up {}",
        answer.version,
        lasting(TimeDelta::seconds(answer.uptime_seconds))
    );
    text
}

fn received(webhook: &WebhookStatus, now: Timestamp) -> String {
    let mut text = format!("{}; {} genuine", webhook.listening, webhook.genuine);
    if webhook.ignored > 0 {
        let _ = write!(text, " ({} asked nothing)", webhook.ignored);
    }
    for (number, what) in [
        (webhook.forged, "forged"),
        (webhook.stale, "stale"),
        (webhook.replayed, "replayed"),
        (webhook.refused, "no delivery at all"),
        (webhook.failed, "not taken then"),
    ] {
        if number > 0 {
            let _ = write!(text, ", {number} {what}");
        }
    }
    let last = webhook.last_genuine_at.map_or_else(
        || "none signed by Lever yet".to_owned(),
        |at| format!("last one signed by Lever {}", ago(at, now)),
    );
    format!("{text}; {last}")
}

fn told(notices: &NoticesStatus, now: Timestamp) -> String {
    let last = notices.last_sent_at.map_or_else(
        || "none sent since the start".to_owned(),
        |at| format!("last one sent {}", ago(at, now)),
    );
    let to = count(notices.recipients as u64, "recipient", "recipients");
    match notices.failing_since {
        None => format!("{to}; {last}"),
        Some(since) => format!(
            "NOT TAKEN for {} ({} waiting): {}; {last}",
            lasting(now - since),
            notices.pending,
            notices.why.as_deref().unwrap_or("it is tried again")
        ),
    }
}

/// What it is doing, in words.
pub fn activity(activity: Activity) -> String {
    match activity {
        Activity::Idle => "idle".to_owned(),
        Activity::Sweeping { seen } => format!("asking Lever who changed ({seen} seen)"),
        Activity::Reading { read, of } => format!("reading people ({read} of {of})"),
        Activity::Delivering { done, of } => format!("delivering ({done} of {of})"),
    }
}

/// What one cycle did, for `run --once`.
pub fn cycle(report: &CycleReport) -> String {
    let mut text = String::new();
    let sweep = if report.full { "full sweep" } else { "sweep" };
    let _ = writeln!(
        text,
        "Cycle {}: {sweep}, {} seen, {} read, {} to Lever in {}.",
        report.cycle,
        count(report.seen, "record", "records"),
        count(report.read, "person", "people"),
        count(report.requests, "request", "requests"),
        lasting(report.ended_at - report.started_at),
    );
    let done = &report.delivered;
    let _ = writeln!(
        text,
        "Delivered: {} created, {} updated, {} unchanged, {} withdrawn.",
        done.created, done.updated, done.unchanged, done.withdrawn
    );
    for (number, one, many) in [
        (
            report.refused,
            "request was refused by Lever because there were too many",
            "requests were refused by Lever because there were too many",
        ),
        (report.unreadable, "record in Lever cannot be understood", "records in Lever cannot be understood"),
        (
            report.failed,
            "person could not be read now and is read again next time",
            "people could not be read now and are read again next time",
        ),
        (done.retried, "delivery failed and is tried again", "deliveries failed and are tried again"),
        (
            done.unknown,
            "delivery has an unknown outcome and is looked up",
            "deliveries have an unknown outcome and are looked up",
        ),
        (
            done.parked,
            "delivery was refused and waits for a human",
            "deliveries were refused and wait for a human",
        ),
    ] {
        if number > 0 {
            let _ = writeln!(text, "{}.", count(number, one, many));
        }
    }
    if let Some(guard) = &report.guard {
        text.push_str(&held(guard));
    }
    for target in &report.unusable {
        let _ = writeln!(text, "Target {target} cannot be used now.");
    }
    for (target, certificate) in &report.certificate {
        let _ = writeln!(text, "{target}: {certificate}.");
    }
    text
}

/// What the guard holds and how to let it go.
pub fn held(guard: &GuardTrip) -> String {
    format!(
        "The guard holds {}: cycle {} would create {} and change {}, more than [guards] allow. Look with `hiresync plan`, then \
         let them go with `hiresync approve {}` or `run --once --approve`.\n",
        count(guard.held as u64, "change", "changes"),
        guard.cycle,
        guard.creates,
        guard.changes,
        guard.cycle
    )
}

/// `hiresync people`
pub fn people(lines: &[PersonLine], now: Timestamp) -> String {
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let since = match (line.outcome_unknown_since, line.agreed_at) {
                (Some(unknown), _) => format!("outcome unknown since {}", moment(unknown)),
                (None, Some(agreed)) => format!("agreed {}", moment(agreed)),
                (None, None) => "-".to_owned(),
            };
            vec![
                line.contact.to_string(),
                line.target.to_string(),
                line.state.clone(),
                line.remote.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
                since,
                match (line.next_at, line.needed_by) {
                    (Some(at), _) => ahead(at, now),
                    (None, Some(day)) => format!("needed by {day}"),
                    (None, None) => "-".to_owned(),
                },
            ]
        })
        .collect();
    table(&["contact", "target", "state", "record", "evidence", "next"], &rows)
}

/// `hiresync guards`
pub fn guards(trips: &[GuardTrip]) -> String {
    if trips.is_empty() {
        return "The guard holds nothing.\n".to_owned();
    }
    let rows: Vec<Vec<String>> = trips
        .iter()
        .map(|trip| {
            let numbers = [trip.creates, trip.changes, trip.withdrawals, trip.held];
            let numbers = numbers.map(|number| number.to_string());
            [vec![trip.cycle.to_string()], numbers.to_vec(), vec![format!("hiresync approve {}", trip.cycle)]]
                .concat()
        })
        .collect();
    table(&["cycle", "creates", "changes", "withdrawals", "still held", "to let go"], &rows)
}

/// `hiresync history`
pub fn history(events: &[Event], with_contact: bool) -> String {
    let rows: Vec<Vec<String>> = events.iter().map(|event| row(event, with_contact)).collect();
    let heading: &[&str] = if with_contact {
        &["when", "kind", "contact", "target", "by", "what"]
    } else {
        &["when", "kind", "target", "by", "what"]
    };
    if rows.is_empty() {
        "Nothing happened yet.\n".to_owned()
    } else {
        fitted(heading, &rows, print::width())
    }
}

/// `hiresync history --follow`: one line, in the order of the table's columns.
pub fn happening(event: &Event, with_contact: bool) -> String {
    print::safe(&row(event, with_contact).join("  "))
}

fn row(event: &Event, with_contact: bool) -> Vec<String> {
    let kind = if event.outcome.is_error() { "Error" } else { "Information" };
    let who = match event.actor {
        Actor::Cycle => "hiresync".to_owned(),
        Actor::User(uid) => format!("user {uid}"),
    };
    let mut row = vec![moment(event.at), kind.to_owned()];
    if with_contact {
        row.push(event.contact.to_string());
    }
    row.push(event.target.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string));
    row.push(who);
    row.push(happened(event));
    row
}

fn happened(event: &Event) -> String {
    let fields = if event.fields.is_empty() { String::new() } else { format!(": {}", listed(&event.fields)) };
    match &event.outcome {
        Outcome::Owed { intent } => {
            let what = match intent {
                // All that is mapped: `explain` and `plan` name it.
                Intent::Add | Intent::AddHire => {
                    format!(" ({})", count(event.fields.len() as u64, "field", "fields"))
                }
                Intent::Update | Intent::Withdraw => fields,
            };
            format!("decided to {}{what}", intent.to_string().replace('_', " "))
        }
        Outcome::Agreed { effect } => match effect {
            adapter_sdk::Effect::Created => "created over there".to_owned(),
            adapter_sdk::Effect::Updated => "updated over there".to_owned(),
            adapter_sdk::Effect::Unchanged => "was right over there already".to_owned(),
            adapter_sdk::Effect::Withdrawn => "withdrawn over there".to_owned(),
        },
        Outcome::Unfinished { obstacle: Some(obstacle), .. } => obstacle.to_string(),
        Outcome::Unfinished { steps, obstacle: None } => {
            let steps: Vec<&str> = steps.iter().map(|step| step.0.as_str()).collect();
            format!("done in part; left to do: {}", steps.join(", "))
        }
        Outcome::Adopted => "found over there and adopted".to_owned(),
        Outcome::Linked => "a human said which record over there is this person's".to_owned(),
        Outcome::Unlinked => "a human said that the record over there is not this person's".to_owned(),
        Outcome::Rehire { opportunity, rehire } => {
            format!("hire {opportunity}: {}; {}", rehire.kind.words(), rehire.treatment.words())
        }
        Outcome::Retry { kind, not_before } => {
            format!("failed ({}), tried again {}", kind.code(), moment(*not_before))
        }
        Outcome::Unknown { ask_after } => format!("outcome unknown, looked up {}", moment(*ask_after)),
        Outcome::Parked { obstacle: Some(obstacle), .. } => obstacle.to_string(),
        Outcome::Parked { kind, obstacle: None } => format!("refused ({}), waits for a human", kind.code()),
        Outcome::Held { why } => format!("held: {}", engine::policy::held(why).0),
        Outcome::Released => "let go by a human".to_owned(),
        Outcome::TaskRaised { id, kind: Some(TaskKind::NewStarter) } => {
            format!("New Starter task raised: {}", id.0)
        }
        Outcome::TaskRaised { id, .. } => format!("task raised: {}", id.0),
        Outcome::TaskDone { id } => format!("task done: {}", id.0),
        Outcome::KeptTheirs => format!("left as HR changed it{fields}"),
        Outcome::Filled => format!("placeholders were sent, to be corrected{fields}"),
        Outcome::OutOfScope { opportunity, by } => match by {
            LeftOut::When => format!("hire {opportunity} is left out by the target's `when`"),
            LeftOut::HiredSince => format!("hire {opportunity} is left out: before `hired_since`"),
            LeftOut::HireDate => {
                format!("hire {opportunity} is left out: a human said that it is an old one")
            }
            LeftOut::Only => format!("hire {opportunity} is left out for now: not among `only`"),
            LeftOut::Rehire => format!("hire {opportunity} is left out by `rehire`, or by a human"),
            LeftOut::Forgotten => format!("hire {opportunity} is left out: a human had the person forgotten"),
            LeftOut::NotHired => format!("opportunity {opportunity} is no hire any more"),
        },
        Outcome::WrittenBack { hires } => {
            let hires: Vec<&str> = hires.iter().map(|hire| hire.as_str()).collect();
            format!("written back to Lever: {}", hires.join(", "))
        }
        Outcome::MergedFrom { contact } => format!("profiles merged in Lever, came from {contact}"),
        Outcome::Anonymised => "anonymised in Lever; nothing further is read or written".to_owned(),
        Outcome::Gone => "cannot be found in Lever any more; the target is left as it is".to_owned(),
        Outcome::Unreadable { place } => format!("Lever's record cannot be understood at {place}"),
    }
}

/// Fields of the person, then those of each hire under its id, which is said once.
fn listed(fields: &[FieldKey]) -> String {
    let mut groups: Vec<(Option<&OpportunityId>, Vec<&str>)> = Vec::new();
    for key in fields {
        let (hire, field) = match key {
            FieldKey::Person { field } => (None, field),
            FieldKey::Hire { opportunity, field } => (Some(opportunity), field),
        };
        match groups.iter_mut().find(|(of, _)| *of == hire) {
            Some((_, names)) => names.push(field.as_str()),
            None => groups.push((hire, vec![field.as_str()])),
        }
    }
    let group = |(hire, names): &(Option<&OpportunityId>, Vec<&str>)| match hire {
        None => names.join(", "),
        Some(hire) => format!("{} of hire {hire}", names.join(", ")),
    };
    groups.iter().map(group).collect::<Vec<_>>().join("; ")
}

/// `hiresync parked`: each with what stands in the way and what to do, in lines of at most `width`.
pub fn parked(list: &[ParkedLine], width: Option<usize>) -> String {
    let block = |line: &ParkedLine| {
        let head = print::safe(&format!("{}  {}  {}", line.contact, line.target, line.code));
        let remedy = match line.remedy.as_str() {
            "" => String::new(),
            remedy => wrapped(&format!("What to do: {remedy}"), 2, width),
        };
        format!("{head}\n{}{remedy}", wrapped(&line.what, 2, width))
    };
    match list {
        [] => "Nobody is parked.\n".to_owned(),
        list => list.iter().map(block).collect::<Vec<_>>().join("\n"),
    }
}

/// `GET /v1/parked`: somebody of whom all was refused, or a part.
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct ParkedLine {
    /// The contact.
    pub contact: ContactId,
    /// The target.
    pub target: TargetName,
    /// A stable code: the state, and the reason.
    pub code: String,
    /// What is so, in HR's words.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// The standing behind it.
    pub standing: Standing,
}

impl From<(ContactId, TargetExplanation)> for ParkedLine {
    fn from((contact, explained): (ContactId, TargetExplanation)) -> Self {
        let TargetExplanation { target, code, what, remedy, standing } = explained;
        ParkedLine { contact, target, code, what, remedy, standing }
    }
}

#[cfg(test)]
mod tests;
