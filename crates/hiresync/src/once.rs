//! The commands that do their work in this process and end: `run --once`, `check`.

use std::{path::Path, sync::Arc};

use adapter_sdk::{CheckReport, Finding};
use engine::{CycleError, CycleOrder, Engine, SweepKind};
use http::Way;
use ledger::{DigestKey, Ledger, MemoryStore, Origin, StateFolder};
use people::{Clock, ContactId, Secret, SystemClock};
use planted::Point;
use serde_json::json;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{
    client::Client,
    config::{Config, Env, Expiring, Outside, Secrets, WebhookConfig},
    exit::Exit,
    print, progress, report,
    report::{Destinations, ForgottenAnswer, ReportAnswer},
    wiring::{self, Ground},
};

/// The wall clock of the real thing.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The configuration, or every fault of it, said.
pub fn config(path: &Path, secrets: Secrets) -> Result<Config, Exit> {
    let way = wiring::way().unwrap_or_else(|_| Way::nowhere());
    read(path, secrets, way)
}

/// The same for whoever only asks: nothing that is made of it has a way to change anything.
pub fn asking_config(path: &Path, secrets: Secrets) -> Result<Config, Exit> {
    let way = wiring::asking_way().unwrap_or_else(|_| Way::nowhere().asking_only());
    read(path, secrets, way)
}

/// The same, as `read` reads it, for a command that a running daemon does where there is one: whoever asks a daemon needs no secret.
pub fn config_beside(path: &Path, read: fn(&Path, Secrets) -> Result<Config, Exit>) -> Result<Config, Exit> {
    let config = read(path, Secrets::IfThere)?;
    if config.unread.is_empty() || StateFolder::is_in_use(&config.state.dir) {
        return Ok(config);
    }
    read(path, Secrets::Needed)
}

fn read(path: &Path, secrets: Secrets, way: Way) -> Result<Config, Exit> {
    let outside = Outside { clock: clock(), way };
    Config::load(path, &Env::of_process().with(secrets), &outside).map_err(|faults| {
        faults.0.iter().for_each(|fault| print::say(fault));
        let count = print::count(faults.0.len() as u64, "fault", "faults");
        print::complain(&format!("{count} in the configuration; nothing was started"));
        Exit::Config
    })
}

/// Says what stopped the ledger.
pub fn ledger_fault(error: &ledger::Error) -> Exit {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    print::complain(&text);
    Exit::of_ledger(error)
}

/// One thread does everything: the engine writes to disk as it goes.
pub fn runtime() -> Result<Runtime, Exit> {
    Builder::new_current_thread().enable_all().build().map_err(|error| {
        print::complain(&format!("cannot start: {}", error.kind()));
        Exit::Bug
    })
}

/// The real way out, or why there is none.
pub fn way() -> Result<Way, Exit> {
    wiring::way().map_err(no_way)
}

/// The same for whoever only asks.
pub fn asking_way() -> Result<Way, Exit> {
    wiring::asking_way().map_err(no_way)
}

fn no_way(problem: String) -> Exit {
    print::complain(&problem);
    Exit::Unreachable
}

/// How `run --once` is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Once {
    /// Everybody hired, not only who changed.
    pub full: bool,
    /// What the guard holds is approved.
    pub approve: bool,
    /// One JSON document.
    pub json: bool,
}

/// `run --once`
pub fn run(path: &Path, once: Once) -> Result<Exit, Exit> {
    let config = config(path, Secrets::Needed)?;
    planted::point(Point::Configured);
    let clock = clock();
    let folder = StateFolder::lock(&config.state.dir).map_err(|error| ledger_fault(&error))?;
    let opened = wiring::open(&folder, &config, clock.now()).map_err(|error| ledger_fault(&error))?;
    let ground = Ground { ledger: Arc::new(opened.ledger), way: way()?, clock };
    let engine = ground.engine(&config);
    let order = CycleOrder {
        sweep: if once.full { SweepKind::Full } else { SweepKind::Changes },
        approve: once.approve,
    };
    if once.approve {
        approve_all(&engine).map_err(|error| ledger_fault(&error))?;
    }
    let outcome = runtime()?.block_on(async {
        let cycle = until_signalled(&engine, engine.cycle(order));
        Box::pin(progress::beside(engine.activity(), cycle)).await
    });
    let report = match outcome {
        Ok(report) => report,
        Err(error) => return Err(cycle_fault(&error)),
    };
    let needs_human = engine.needs_human().map_err(|error| ledger_fault(&error))?;
    let all_unusable = !report.unusable.is_empty() && report.unusable.len() == config.targets.len();
    let exit = if all_unusable || report.delivered.only_failed() {
        Exit::Unreachable
    } else if needs_human {
        Exit::NeedsHuman
    } else {
        Exit::Done
    };
    let status = engine.status().map_err(|error| ledger_fault(&error))?;
    let guards = engine.guards().map_err(|error| ledger_fault(&error))?;
    let now = ground.clock.now();
    let facts = report::Facts { status: &status, guards: &guards, needs_human, now };
    let (summary, tone) = facts.verdict();
    if once.json {
        let mut document = json!(&report);
        document["needs_human"] = needs_human.into();
        document["summary"] = summary.into();
        document["targets"] = json!(&status.targets);
        document["guards"] = json!(&guards);
        print::json(&document)?;
    } else {
        print::answer(&format!("{}{}\n", report::cycle(&report), print::toned(&summary, tone)))?;
    }
    Ok(exit)
}

/// A human at the command line approves what any earlier cycle holds.
fn approve_all(engine: &Engine) -> ledger::Result<()> {
    for trip in engine.guards()? {
        match engine.approve(trip.cycle, rustix::process::getuid().as_raw()) {
            Err(engine::OrderError::Ledger(error)) => return Err(error),
            // Nothing is held there any more: as it should be.
            _ => continue,
        }
    }
    Ok(())
}

/// The two signals that end a program.
pub fn ending_signals() -> Result<(Signal, Signal), Exit> {
    let on = |kind| {
        signal(kind).map_err(|error| {
            print::complain(&format!("cannot listen to signals: {}", error.kind()));
            Exit::Bug
        })
    };
    Ok((on(SignalKind::terminate())?, on(SignalKind::interrupt())?))
}

/// Stops the engine at the first signal; the cycle then ends by itself.
pub async fn until_signalled<T>(
    engine: &Engine,
    cycle: impl Future<Output = Result<T, CycleError>>,
) -> Result<T, CycleError> {
    let Ok((mut term, mut int)) = ending_signals() else { return cycle.await };
    let mut cycle = std::pin::pin!(cycle);
    tokio::select! {
        outcome = &mut cycle => return outcome,
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    engine.stop();
    // What is on disk by then is whole; a call that is still under way is looked up next time.
    tokio::time::timeout(crate::daemon::STOP_TIME, cycle).await.unwrap_or(Err(CycleError::Stopped))
}

/// Says why a cycle, a plan or its application ended early.
pub fn cycle_fault(error: &CycleError) -> Exit {
    match error {
        CycleError::Stopped => {
            print::complain(
                "stopped before the cycle ended; what was done is kept, and the next cycle goes on",
            );
            Exit::Busy
        }
        CycleError::Source(error) => source_fault(error),
        CycleError::Ledger(error) => ledger_fault(error),
    }
}

/// Says why Lever could not be read.
pub fn source_fault(error: &adapter_sdk::Error) -> Exit {
    print::complain(&format!("Lever could not be read: {}", error.chain()));
    print::say(remedy(error.kind()));
    Exit::Unreachable
}

fn remedy(kind: adapter_sdk::ErrorKind) -> &'static str {
    use adapter_sdk::ErrorKind::{ConfigInvalid, RateLimited, Unauthorized, Unavailable};
    match kind {
        Unauthorized => {
            "What to do: check [lever] api_key; `hiresync check` says which permission is missing."
        }
        ConfigInvalid => "What to do: correct [lever]; `hiresync check` says what Lever refuses.",
        RateLimited => {
            "What to do: nothing, or lower requests_per_second if another program uses the same key."
        }
        Unavailable => "What to do: check the network and [lever] base_url; the next cycle tries again.",
        _ => "What to do: run `hiresync check`; if that is all right, report this with the log.",
    }
}

/// `check`
pub fn check(path: &Path, offline: bool, as_json: bool) -> Result<Exit, Exit> {
    if offline {
        return check_offline(path, as_json);
    }
    let config = asking_config(path, Secrets::Needed)?;
    let engine = asking_only(&config, clock())?;
    let mut reports = runtime()?.block_on(Box::pin(engine.check()));
    let webhook = config
        .webhook
        .iter()
        .map(|webhook| CheckReport { findings: vec![webhook.finding()], ..CheckReport::default() });
    let findings = about_secrets(&config);
    if !findings.is_empty() {
        reports.push(("secrets".to_owned(), Ok(CheckReport { findings, ..CheckReport::default() })));
    }
    reports.extend(webhook.map(|report| ("webhook".to_owned(), Ok(report))));
    let notices = runtime()?.block_on(Box::pin(crate::notices::check(&config)));
    reports.extend(notices.map(|report| ("notices".to_owned(), report)));
    show_check(&reports, as_json)
}

fn check_offline(path: &Path, as_json: bool) -> Result<Exit, Exit> {
    let config = asking_config(path, Secrets::IfThere)?;
    let targets: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
    if as_json {
        print::json(&json!({
            "configuration": "good",
            "targets": targets,
            "secrets_not_looked_at": config.unread,
        }))?;
    } else {
        let targets = targets.join(", ");
        let good = format!("{} is a good configuration; targets: {targets}.\n", path.display());
        print::answer(&(good + &not_looked_at(&config.unread) + &warned(&config)))?;
    }
    Ok(Exit::Done)
}

fn not_looked_at(secrets: &[String]) -> String {
    match secrets {
        [] => String::new(),
        secrets => format!(
            "Secrets not looked at, since $CREDENTIALS_DIRECTORY is not set: {}.\n",
            secrets.join(", ")
        ),
    }
}

/// Secrets that expire soon, and those that others may read.
fn about_secrets(config: &Config) -> Vec<Finding> {
    let expiring = config.expiring(clock().now());
    expiring.iter().map(Expiring::finding).chain(config.warnings.clone()).collect()
}

fn warned(config: &Config) -> String {
    let words = |of: &str, finding: Finding| match finding {
        Finding::Warning { what, remedy } => format!("{of}{what}; {remedy}\n"),
        Finding::Good { .. } => String::new(),
    };
    let webhook = config.webhook.as_ref().map(WebhookConfig::finding);
    let secrets = about_secrets(config).into_iter().map(|finding| words("", finding));
    secrets.chain(webhook.map(|finding| words("webhook: ", finding))).collect()
}

fn show_check(reports: &[(String, adapter_sdk::Result<CheckReport>)], as_json: bool) -> Result<Exit, Exit> {
    let mut exit = Exit::Done;
    let mut text = String::new();
    let mut documents = Vec::new();
    for (name, report) in reports {
        match report {
            Ok(report) => {
                text.push_str(&format!("{name}: good\n"));
                for finding in &report.findings {
                    match finding {
                        Finding::Good { what } => text.push_str(&format!("  ok       {what}\n")),
                        Finding::Warning { what, remedy } => {
                            text.push_str(&format!("  warning  {what}\n           What to do: {remedy}\n"));
                        }
                    }
                }
                documents.push(json!({ "name": name, "ok": true, "findings": findings(report) }));
            }
            Err(error) => {
                // The first fault decides: Lever stands first.
                if exit == Exit::Done {
                    exit = Exit::of_check(error.kind());
                }
                text.push_str(&format!("{name}: cannot be used\n  {}\n", error.chain()));
                documents.push(
                    json!({ "name": name, "ok": false, "code": error.kind().code(), "error": error.chain() }),
                );
            }
        }
    }
    if as_json {
        print::json(&documents)?
    } else {
        print::answer(&text)?
    }
    Ok(exit)
}

fn findings(report: &CheckReport) -> Vec<serde_json::Value> {
    let finding = |finding: &Finding| match finding {
        Finding::Good { what } => json!({ "level": "good", "what": what }),
        Finding::Warning { what, remedy } => json!({ "level": "warning", "what": what, "remedy": remedy }),
    };
    report.findings.iter().map(finding).collect()
}

/// `forget`, where no daemon runs; else it is asked.
pub fn forget(path: &Path, contact: &str, as_json: bool) -> Result<Exit, Exit> {
    let config = config_beside(path, asking_config)?;
    let parsed = contact_id(contact)?;
    let folder = match StateFolder::lock(&config.state.dir) {
        Ok(folder) => folder,
        Err(ledger::Error::Locked { .. }) => {
            let client = Client::new(&config.socket)?;
            return runtime()?.block_on(Box::pin(client.forget(contact, as_json)));
        }
        Err(error) => return Err(ledger_fault(&error)),
    };
    let opened = wiring::open(&folder, &config, clock().now()).map_err(|error| ledger_fault(&error))?;
    let engine = crate::plan::asking(&config, Arc::new(opened.ledger))?;
    let forgotten = engine.forget(&parsed).map_err(|error| match error {
        engine::OrderError::Ledger(error) => ledger_fault(&error),
        error => {
            print::complain(&error.to_string());
            Exit::Busy
        }
    })?;
    let answer = ForgottenAnswer { forgotten, destinations: destinations(&config) };
    if as_json {
        print::json(&answer)?
    } else {
        print::answer(&answer.text())?
    }
    Ok(Exit::Done)
}

/// `report`, where no daemon runs; else it is asked.
pub fn report(path: &Path, contact: &str, as_json: bool) -> Result<Exit, Exit> {
    let config = config_beside(path, asking_config)?;
    let parsed = contact_id(contact)?;
    let crate::plan::Kept::Ours(ledger, _copy) = crate::plan::kept_ledger(&config)? else {
        let client = Client::new(&config.socket)?;
        return runtime()?.block_on(Box::pin(client.report(contact, as_json)));
    };
    let engine = crate::plan::asking(&config, ledger)?;
    let report = engine.report(&parsed).map_err(|error| ledger_fault(&error))?;
    let answer = ReportAnswer { report, destinations: destinations(&config) };
    if as_json {
        print::json(&answer)?
    } else {
        print::answer(&answer.text())?
    }
    Ok(Exit::Done)
}

/// Where each target's data goes, in words.
pub fn destinations(config: &Config) -> Destinations {
    let place =
        |target: &crate::config::TargetConfig| Some((target.name.clone(), target.destination.clone()?));
    config.targets.iter().filter_map(place).collect()
}

fn contact_id(contact: &str) -> Result<ContactId, Exit> {
    contact.parse().map_err(|error| {
        print::complain(&format!("this is no contact id: {error}; `hiresync people` lists them"));
        Exit::BadInput
    })
}

/// A ledger in memory, for questions that need none.
pub(crate) fn empty_ledger() -> Result<Ledger, Exit> {
    let key = DigestKey::new(Secret::new("a ledger that nobody keeps".to_owned()));
    Ledger::over(Arc::new(MemoryStore::default()), key, wiring::NO_LEDGER, Origin::Fresh)
        .map_err(|error| ledger_fault(&error))
}

/// An engine that has no ledger to keep: for `check`.
pub fn asking_only(config: &Config, clock: Arc<dyn Clock>) -> Result<Engine, Exit> {
    Ok(Ground { ledger: Arc::new(empty_ledger()?), way: asking_way()?, clock }.asking(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_said_and_nothing_where_all_was() {
        assert_eq!(not_looked_at(&[]), "");
        assert_eq!(
            not_looked_at(&["lever.api_key".to_owned(), "state.digest_key".to_owned()]),
            "Secrets not looked at, since $CREDENTIALS_DIRECTORY is not set: lever.api_key, state.digest_key.\n"
        );
    }
}
