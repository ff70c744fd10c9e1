//! `plan` and `apply`. Neither needs a daemon; beside one, both are its work, since the ledger is its own.

use std::{io::Write as _, os::unix::net::UnixStream, path::Path, sync::Arc};

use engine::{Applied, CycleError, Engine, Head, Moved, PlanFile, PlanKey};
use ledger::{Ledger, StateFolder};
use people::ContactId;
use tempfile::TempDir;

use crate::{
    client::Client,
    config::{Config, Secrets},
    exit::Exit,
    once, print, progress,
    report::{ApplyAnswer, PlanAnswer},
    wiring::{self, Book, Equipped, Ground, NO_LEDGER},
};

/// `plan`
pub fn plan(path: &Path, contacts: &[String], out: Option<&Path>, as_json: bool) -> Result<Exit, Exit> {
    let config = once::config_beside(path, once::asking_config)?;
    let parsed = contact_ids(contacts)?;
    let mut answer = match kept_ledger(&config)? {
        Kept::Ours(ledger, _copy) => ours(&config, ledger, &parsed)?,
        Kept::Daemons => {
            let client = daemon(&config)?;
            once::runtime()?.block_on(Box::pin(client.plan(contacts)))?
        }
    };
    let file = answer.file.take();
    if let Some(out) = out {
        let file = file.ok_or_else(|| {
            print::complain("the daemon answers no plan that could be kept; is it of another version?");
            Exit::Unreachable
        })?;
        write(out, &file)?;
    }
    if as_json {
        print::json(&answer)?
    } else {
        print::answer(&answer.text(out))?
    }
    Ok(Exit::Done)
}

fn contact_ids(contacts: &[String]) -> Result<Vec<ContactId>, Exit> {
    contacts.iter().map(|contact| contact.parse()).collect::<Result<_, _>>().map_err(|_| {
        print::complain("--contact is no contact id; `hiresync people` lists them");
        Exit::Usage
    })
}

/// Whose the ledger is.
pub(crate) enum Kept {
    /// A copy of ours in a folder of its own, or one in memory where there is none.
    Ours(Arc<Ledger>, Option<TempDir>),
    /// A running daemon's.
    Daemons,
}

/// The ledger as it is: opened as a copy, for a plan changes nothing. Where there is none, none is made.
pub(crate) fn kept_ledger(config: &Config) -> Result<Kept, Exit> {
    if !has_ledger(config) {
        return Ok(Kept::Ours(Arc::new(once::empty_ledger()?), None));
    }
    let copy = tempfile::tempdir().map_err(|error| {
        print::complain(&format!("no folder for a copy of the ledger can be made: {}", error.kind()));
        Exit::CannotCreate
    })?;
    match wiring::open_copy(config, copy.path(), once::clock().now()) {
        Ok(ledger) => Ok(Kept::Ours(Arc::new(ledger), Some(copy))),
        Err(ledger::Error::Locked { .. }) => Ok(Kept::Daemons),
        Err(error) => Err(once::ledger_fault(&error)),
    }
}

fn has_ledger(config: &Config) -> bool {
    config.state.dir.join("store").exists()
}

fn ours(config: &Config, ledger: Arc<Ledger>, contacts: &[ContactId]) -> Result<PlanAnswer, Exit> {
    let clock = once::clock();
    let engine = asking(config, ledger)?;
    let dry = once::runtime()?
        .block_on(async { Box::pin(progress::beside(engine.activity(), engine.dry_run(contacts))).await })
        .map_err(|error| once::cycle_fault(&error))?;
    Ok(PlanAnswer::of(&dry, Book::of(config).file(&engine, &dry, clock.now())))
}

pub(crate) fn asking(config: &Config, ledger: Arc<Ledger>) -> Result<Engine, Exit> {
    Ok(Ground { ledger, way: once::asking_way()?, clock: once::clock() }.asking(config))
}

/// In one step, for nobody else to read.
fn write(out: &Path, file: &PlanFile) -> Result<(), Exit> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot = |exit: Exit, error: &std::io::Error| {
        print::complain(&format!("{} cannot be written: {}", out.display(), error.kind()));
        exit
    };
    // Made with mode 0600.
    let mut fresh =
        tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot(Exit::CannotCreate, &error))?;
    fresh
        .write_all(&file.bytes())
        .and_then(|()| fresh.as_file().sync_all())
        .map_err(|error| cannot(Exit::CannotWrite, &error))?;
    fresh.persist(out).map_err(|error| cannot(Exit::CannotCreate, &error.error))?;
    Ok(())
}

/// `apply`
pub fn apply(path: &Path, file: &Path, contacts: &[String], as_json: bool) -> Result<Exit, Exit> {
    // The plan is sealed under a key made of Lever's: beside a daemon, too.
    let config = once::config(path, Secrets::Needed)?;
    let parsed = contact_ids(contacts)?;
    let bytes = std::fs::read(file).map_err(|error| refused(file, &error.kind().to_string()))?;
    let key = PlanKey::of(&config.lever.api_key);
    let plan = PlanFile::read(&bytes, &key).map_err(|error| refused(file, &error.to_string()))?;
    let plan = plan.only(&parsed, &key);
    let answer = match carried_out(&config, &plan, &key)? {
        Some(applied) => ApplyAnswer::of(&plan, applied),
        None => match moved_in_file(&config, &plan)? {
            Some(moved) => ApplyAnswer::of(&plan, moved),
            None => beside_daemon(&config, &plan)?,
        },
    };
    if as_json {
        print::json(&answer)?
    } else if answer.applied {
        print::answer(&answer.text())?
    } else {
        print::complain(answer.text().trim_end());
    }
    Ok(answer.exit())
}

fn refused(file: &Path, why: &str) -> Exit {
    print::complain(&format!("{}: {why}", file.display()));
    Exit::BadInput
}

fn beside_daemon(config: &Config, plan: &PlanFile) -> Result<ApplyAnswer, Exit> {
    let client = daemon(config)?;
    once::runtime()?.block_on(Box::pin(client.apply(plan)))
}

/// Whoever has the ledger, if it is a daemon; else it is somebody who will be done with it soon.
fn daemon(config: &Config) -> Result<Client, Exit> {
    if UnixStream::connect(&config.socket)
        .is_err_and(|error| error.kind() != std::io::ErrorKind::PermissionDenied)
    {
        print::complain(&format!(
            "{} is in use by another hiresync that answers on no socket; try again when it has ended",
            config.state.dir.display()
        ));
        return Err(Exit::Busy);
    }
    Ok(Client::new(&config.socket)?.patient())
}

/// Carries it out here; `None`: the ledger is a running daemon's.
fn carried_out(config: &Config, plan: &PlanFile, key: &PlanKey) -> Result<Option<Applied>, Exit> {
    let clock = once::clock();
    let lineage = if has_ledger(config) {
        None
    } else {
        // No ledger is made for a plan that is refused.
        if let Some(moved) = moved_without_ledger(config, plan, key)? {
            return Ok(Some(moved));
        }
        Some(NO_LEDGER)
    };
    let folder = match StateFolder::lock(&config.state.dir) {
        Ok(folder) => folder,
        Err(ledger::Error::Locked { .. }) => return Ok(None),
        Err(error) => return Err(once::ledger_fault(&error)),
    };
    // Somebody may have begun one meanwhile: then it is not the one that the plan was made over.
    let lineage = lineage.filter(|_| !has_ledger(config)).map(str::to_owned);
    let opened = wiring::open(&folder, config, clock.now()).map_err(|error| once::ledger_fault(&error))?;
    let lineage = lineage.unwrap_or_else(|| opened.ledger.lineage().to_owned());
    let equipped = Ground { ledger: Arc::new(opened.ledger), way: once::way()?, clock }.equipped(config);
    let applied = in_time(&equipped, equipped.apply(plan, &lineage))?;
    Ok(Some(applied))
}

/// A daemon goes by the configuration that it read last; what was changed in the file since is no part of the plan either.
fn moved_in_file(config: &Config, plan: &PlanFile) -> Result<Option<Applied>, Exit> {
    let engine = asking(config, Arc::new(once::empty_ledger()?))?;
    let head = Head { ledger: plan.head.ledger, ..Book::of(config).head(&engine, NO_LEDGER) };
    let moved: Vec<Moved> =
        plan.head.moved(&head).into_iter().map(|what| Moved { contact: None, what }).collect();
    Ok((!moved.is_empty()).then_some(Applied::Moved(moved)))
}

fn moved_without_ledger(config: &Config, plan: &PlanFile, key: &PlanKey) -> Result<Option<Applied>, Exit> {
    let engine = asking(config, Arc::new(once::empty_ledger()?))?;
    let moved = Book::of(config).moved(&engine, NO_LEDGER, plan);
    if !moved.is_empty() {
        return Ok(Some(Applied::Moved(moved)));
    }
    let moved = once::runtime()?
        .block_on(async { Box::pin(progress::beside(engine.activity(), engine.moved(plan, key))).await })
        .map_err(|error| once::cycle_fault(&error))?;
    Ok((!moved.is_empty()).then_some(Applied::Moved(moved)))
}

fn in_time(
    equipped: &Equipped,
    applying: impl Future<Output = Result<Applied, CycleError>>,
) -> Result<Applied, Exit> {
    let engine = &equipped.engine;
    let applied = once::runtime()?.block_on(async {
        let applying = once::until_signalled(engine, applying);
        Box::pin(progress::beside(engine.activity(), applying)).await
    });
    applied.map_err(|error| once::cycle_fault(&error))
}
