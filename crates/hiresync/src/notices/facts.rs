//! From the engine's own words to what letters are made of.

use std::collections::{BTreeMap, BTreeSet};

use ::notices::{Alarm, Arrived, Digest, Facts, OfTarget, Recipient, Stopped, Task};
use adapter_sdk::{ErrorKind, TaskKind};
use chrono::TimeDelta;
use engine::{Activity, Engine, GuardTrip, PersonLine, Status};
use ledger::{Ledger, Origin, Outcome, TargetHealth};
use people::{ContactId, OpportunityId, TargetName, Timestamp};

use super::Setup;
use crate::{
    api::Shared,
    config::Expiring,
    print::{count, lasting},
    report::{self, TaskLine},
};

/// A target that cannot be reached is tried again by itself; it is an alarm if that lasts.
const OUTAGE: TimeDelta = TimeDelta::minutes(15);
/// A pause is somebody's wish, until it was forgotten.
const PAUSE: TimeDelta = TimeDelta::hours(24);
/// So many people are explained in a digest; of the others there is the code.
const EXPLAINED_MAX: usize = 300;

/// Everything but the digest.
pub(super) fn gather(
    shared: &Shared,
    engine: &Engine,
    setup: &Setup,
    recipients: Vec<Recipient>,
    at: Timestamp,
) -> ledger::Result<Facts> {
    let (status, guards) = (engine.status()?, engine.guards()?);
    let open = engine.ledger().tasks()?.into_iter().filter(|task| task.done_at.is_none());
    let tasks = open.map(task).collect();
    let interval = shared.schedule().interval(at);
    let health = report::health(status.last_good_cycle_at, shared.started_at, interval, status.activity, at);
    let mut alarms = of_status(&status, &guards);
    alarms.extend(health.err().map(|why| silence(&status, why, shared.started_at)));
    alarms.extend(of_ledger(engine.ledger()));
    alarms.extend(shared.reload_refused_at().map(reload_refused));
    alarms.extend(shared.expiring(at).iter().map(expires));
    let zone = setup.config.zone;
    let last = setup.config.digest_at.find_previous_occurrence(&at.with_timezone(&zone), true);
    Ok(Facts {
        recipients,
        assigned: setup.doers.keys().cloned().collect(),
        tasks,
        alarms,
        is_busy: status.activity != Activity::Idle,
        digest_due: last.ok().map(|last| last.to_utc()),
        digest: None,
        zone,
    })
}

fn task(task: ledger::Task) -> Task {
    Task {
        id: task.id.0.clone(),
        target: task.target.clone(),
        contact: task.contact.clone(),
        is_for_starter: matches!(task.kind, TaskKind::NewStarter | TaskKind::CorrectPlaceholder),
        raised_at: task.raised_at,
        to_do: TaskLine::of(task, &report::Doers::new()).to_do(),
    }
}

/// An alarm that is one at once and lasts.
fn alarm(key: String, title: String, what: String, remedy: impl Into<String>) -> Alarm {
    let remedy = remedy.into();
    Alarm { key, title, what, remedy, since: None, grace: TimeDelta::zero(), is_event: false }
}

/// What the engine's status and its guards say is wrong.
pub(super) fn of_status(status: &Status, guards: &[GuardTrip]) -> Vec<Alarm> {
    let mut alarms = Vec::new();
    if let Some(fault) =
        status.last_fault.as_ref().filter(|fault| fault.code == ErrorKind::Unauthorized.code())
    {
        let refused = "Lever refuses the key".to_owned();
        alarms.push(Alarm {
            since: Some(fault.since),
            ..alarm("lever.credentials".to_owned(), refused, fault.what.clone(), fault.remedy.as_str())
        });
    }
    for trip in guards.iter().filter(|trip| trip.held > 0) {
        let held = count(trip.held as u64, "change", "changes");
        alarms.push(alarm(
            format!("guard.{}", trip.cycle),
            format!("the guard holds {held}"),
            format!(
                "Cycle {} would have made {}, {} and {}.",
                trip.cycle,
                count(trip.creates as u64, "record", "records"),
                count(trip.changes as u64, "change", "changes"),
                count(trip.withdrawals as u64, "withdrawal", "withdrawals")
            ),
            format!("Look with `hiresync plan`; if it is right, `hiresync approve {}`.", trip.cycle),
        ));
    }
    for (name, target) in &status.targets {
        if target.paused {
            alarms.push(Alarm {
                grace: PAUSE,
                ..alarm(
                    format!("target.paused.{name}"),
                    format!("{name} has been paused for more than a day"),
                    "What is owed waits.".to_owned(),
                    format!("`hiresync resume {name}`, if nobody needs the pause any more."),
                )
            });
        }
        if let TargetHealth::Quarantined { since, kind, why, .. } = &target.health {
            alarms.push(Alarm { since: Some(*since), ..unusable(name, *kind, why) });
        }
        let unexplained = target.certificate.as_ref().map_or(0, |certificate| certificate.unexplained);
        if unexplained > 0 {
            let people = count(unexplained, "person", "people");
            alarms.push(alarm(
                format!("unexplained.{name}"),
                format!("{people} hired and unexplained in {name}"),
                "They were seen hired, and nothing says what became of them. They are read again by themselves.".to_owned(),
                "If it lasts, report it with the log, which names the contacts.",
            ));
        }
        if let Some(unknown) = &target.unknown_records {
            let records = count(unknown.records, "record", "records");
            alarms.push(Alarm {
                is_event: true,
                since: Some(unknown.last_at),
                ..alarm(
                    format!("unknown_records.{name}"),
                    format!("{records} in {name} that the ledger should know"),
                    "The ledger was rolled back, or a second hiresync is at work.".to_owned(),
                    "Look whether another hiresync runs, and stop one of the two.",
                )
            });
        }
    }
    alarms
}

fn unusable(name: &TargetName, kind: ErrorKind, why: &str) -> Alarm {
    let why = format!("{why}. What is owed waits, and flows on by itself.");
    match kind {
        ErrorKind::Unauthorized => alarm(
            format!("target.credentials.{name}"),
            format!("{name} refuses the credentials"),
            why,
            "Renew them, then `systemctl restart hiresync`.",
        ),
        ErrorKind::Unavailable | ErrorKind::RateLimited => Alarm {
            grace: OUTAGE,
            ..alarm(
                format!("target.unusable.{name}"),
                format!("{name} cannot be reached"),
                why,
                "Nothing, unless it lasts: it is tried again. `hiresync check` says more.",
            )
        },
        _ => alarm(
            format!("target.unusable.{name}"),
            format!("{name} cannot be used"),
            why,
            "`hiresync check` says what is wrong.",
        ),
    }
}

/// No good cycle for longer than there may be.
fn silence(status: &Status, why: String, started_at: Timestamp) -> Alarm {
    let fault = status.last_fault.as_ref();
    let because = fault
        .map_or_else(String::new, |fault| format!(" {} ({}).", fault.what.trim_end_matches('.'), fault.code));
    let remedy = fault.map_or("Look at the log: journalctl -u hiresync.", |fault| fault.remedy.as_str());
    Alarm {
        since: Some(status.last_good_cycle_at.map_or(started_at, |good| good.max(started_at))),
        ..alarm("silence".to_owned(), "no good cycle".to_owned(), format!("{why}.{because}"), remedy)
    }
}

/// What happened to the ledger, once for each ledger.
fn of_ledger(ledger: &Ledger) -> Option<Alarm> {
    let Origin::Recovery { why, .. } = ledger.origin() else { return None };
    let (title, what) = if why == ledger::COPIED {
        ("the ledger came from elsewhere", "Its links are kept, and every record is compared anew.")
    } else {
        ("the ledger was lost", "Records are found and adopted, and nobody is made twice.")
    };
    let key = format!("ledger.{}", ledger.lineage());
    let remedy = "Look at `hiresync status` now and then until it says that all is right. If the original runs on, stop one of the two.";
    Some(Alarm { is_event: true, ..alarm(key, title.to_owned(), format!("{what} ({why})"), remedy) })
}

fn expires(expiring: &Expiring) -> Alarm {
    let (title, remedy) = expiring.words();
    let what = "After its last day nothing is read or sent with it any more.".to_owned();
    alarm(format!("expires.{}", expiring.secret), title, what, format!("{remedy}."))
}

fn reload_refused(at: Timestamp) -> Alarm {
    Alarm {
        since: Some(at),
        ..alarm(
            "reload.refused".to_owned(),
            "a new configuration was refused".to_owned(),
            "The configuration on disk is faulty; the one before is in force, until a restart.".to_owned(),
            "`hiresync check --offline` names every fault; then `systemctl reload hiresync`.",
        )
    }
}

/// What HR reads: what happened since, and who waits for what.
pub(super) fn digest(
    engine: &Engine,
    facts: &Facts,
    shared: &Shared,
    since: Timestamp,
    at: Timestamp,
) -> ledger::Result<Digest> {
    let status = engine.status()?;
    let (guards, needs_human) = (engine.guards()?, engine.needs_human()?);
    let (summary, _) = report::Facts { status: &status, guards: &guards, needs_human, now: at }.verdict();
    let mut arrived = arrived(engine.ledger(), since)?;
    let mut stopped = stopped(engine)?;
    let targets = status.targets.iter().map(|(name, target)| {
        let (held, parked) = stopped.remove(name).unwrap_or_default();
        let arrived = arrived.remove(name).unwrap_or_default();
        OfTarget { target: name.clone(), arrived, held, parked, started: target.started }
    });
    let targets = targets.collect();
    let up = lasting(at - shared.started_at);
    let alarms = match facts.alarms.len() as u64 {
        0 => String::new(),
        number => format!(" The engineer was told of {}.", count(number, "alarm", "alarms")),
    };
    Ok(Digest { targets, summary: format!("{summary}. Running for {up}.{alarms}") })
}

/// Whose record was made or recognised, target by target, each person once.
fn arrived(ledger: &Ledger, since: Timestamp) -> ledger::Result<BTreeMap<TargetName, Vec<Arrived>>> {
    let mut said = BTreeSet::new();
    let mut arrived = BTreeMap::<TargetName, Vec<Arrived>>::new();
    for event in ledger.history_since(Some(since))? {
        let is_there = matches!(
            event.outcome,
            Outcome::Agreed { effect: adapter_sdk::Effect::Created } | Outcome::Adopted
        );
        if let Some(target) = event.target.filter(|_| is_there)
            && said.insert((target.clone(), event.contact.clone()))
        {
            arrived.entry(target).or_default().push(Arrived { contact: event.contact, at: event.at });
        }
    }
    Ok(arrived)
}

type HeldAndParked = (Vec<Stopped>, Vec<Stopped>);

/// Who waits and who was refused, what is needed first on top.
fn stopped(engine: &Engine) -> ledger::Result<BTreeMap<TargetName, HeldAndParked>> {
    let mut lines: Vec<PersonLine> = engine.people()?;
    lines.retain(|line| matches!(line.state.as_str(), "held" | "parked"));
    lines.sort_by_key(|line| (line.needed_by.is_none(), line.needed_by, line.contact.clone()));
    let mut stopped = BTreeMap::<TargetName, HeldAndParked>::new();
    for (nth, line) in lines.into_iter().enumerate() {
        let explained = match nth < EXPLAINED_MAX {
            true => engine.explain(&line.contact)?.targets.into_iter().find(|it| it.target == line.target),
            false => None,
        };
        let (code, what, remedy) = explained.map_or_else(
            || (line.state.clone(), String::new(), String::new()),
            |it| (it.code, it.what, it.remedy),
        );
        let one = Stopped { contact: line.contact, code, what, remedy, needed_by: line.needed_by };
        let (held, parked) = stopped.entry(line.target).or_default();
        if line.state == "held" { held.push(one) } else { parked.push(one) }
    }
    Ok(stopped)
}

/// Where Lever shows these people, by their newest hire.
pub(super) fn profiles(
    ledger: &Ledger,
    site: Option<&str>,
    whom: &BTreeSet<ContactId>,
) -> ledger::Result<BTreeMap<ContactId, String>> {
    let Some(site) = site.filter(|_| !whom.is_empty()) else { return Ok(BTreeMap::new()) };
    let mut newest = BTreeMap::<ContactId, (Option<Timestamp>, OpportunityId)>::new();
    ledger.each_seen(|opportunity, seen| {
        if whom.contains(&seen.contact) {
            let this = (seen.first_hired_at, opportunity);
            let best = newest.entry(seen.contact).or_insert_with(|| this.clone());
            *best = this.max(best.clone());
        }
    })?;
    Ok(newest
        .into_iter()
        .map(|(contact, (_, opportunity))| (contact, format!("{site}{opportunity}")))
        .collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A status with one target, of which this is so.
    fn with(target: Value, fault: Value) -> Status {
        let mut roster = json!({
            "adapter": "file-export", "paused": false, "health": { "state": "active" }, "rebuilding": false,
            "in_scope": 0, "agreed": 0, "waiting": 0, "sent": 0, "held": 0, "parked": 0, "unexplained": 0,
        });
        for (key, value) in target.as_object().into_iter().flatten() {
            roster[key] = value.clone();
        }
        let status = json!({
            "cycle": 1, "activity": { "doing": "idle" }, "last_good_cycle_at": null, "last_cycle": null,
            "last_fault": fault,
            "source": { "requests": 0, "refused": 0, "skew_seconds": 0, "cursor_moved_at": null },
            "targets": { "roster": roster }, "tasks_open": 0, "marked": 0, "next_due_at": null,
        });
        serde_json::from_value(status).unwrap()
    }

    fn quarantined(kind: &str) -> Value {
        json!({ "health": {
            "state": "quarantined", "since": "2026-11-23T08:00:00Z", "kind": kind, "why": "asking for a token",
            "probe_at": "2026-11-23T09:00:00Z", "probes": 3,
        } })
    }

    #[test]
    fn each_thing_that_is_wrong_is_an_alarm_of_its_own_and_all_is_none() {
        assert_eq!(of_status(&with(json!({}), Value::Null), &[]), []);
        for (status, key, minutes) in [
            (with(quarantined("unauthorized"), Value::Null), "target.credentials.roster", 0),
            (with(quarantined("config_invalid"), Value::Null), "target.unusable.roster", 0),
            (with(quarantined("unavailable"), Value::Null), "target.unusable.roster", 15),
            (with(json!({ "paused": true }), Value::Null), "target.paused.roster", 24 * 60),
            (
                with(
                    json!({}),
                    json!({
                        "code": "unauthorized", "what": "asking Lever", "remedy": "Renew it.", "since": "2026-11-23T08:00:00Z",
                    }),
                ),
                "lever.credentials",
                0,
            ),
        ] {
            let alarms = of_status(&status, &[]);
            let found: Vec<_> =
                alarms.iter().map(|alarm| (alarm.key.as_str(), alarm.grace.num_minutes())).collect();
            assert_eq!(found, [(key, minutes)]);
            assert!(alarms.iter().all(|alarm| !alarm.remedy.is_empty() && !alarm.is_event));
        }
        let trip = GuardTrip { cycle: 7, creates: 1, changes: 0, withdrawals: 2, held: 3 };
        let alarms = of_status(&with(json!({}), Value::Null), &[trip]);
        assert_eq!(
            (alarms[0].key.as_str(), alarms[0].title.as_str()),
            ("guard.7", "the guard holds 3 changes")
        );
        assert_eq!(alarms[0].what, "Cycle 7 would have made 1 record, 0 changes and 2 withdrawals.");
        assert!(alarms[0].remedy.contains("hiresync approve 7"));
    }

    #[test]
    fn silence_says_since_when_and_what_lever_said_last() {
        let fault = json!({
            "code": "unavailable", "what": "asking Lever who changed.", "remedy": "Look at the network.", "since": "2026-11-23T08:00:00Z",
        });
        let alarm = silence(
            &with(json!({}), fault),
            "no good cycle".to_owned(),
            "2026-11-23T07:00:00Z".parse().unwrap(),
        );
        assert_eq!(alarm.since.unwrap().to_rfc3339(), "2026-11-23T07:00:00+00:00");
        assert_eq!(alarm.what, "no good cycle. asking Lever who changed (unavailable).");
        assert_eq!(alarm.remedy, "Look at the network.");
    }
}
