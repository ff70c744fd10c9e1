//! `hiresync links`: which record over there is whose. Beside a running daemon it orders the daemon; with `--config`, and none
//! running, it does the same in the ledger itself: staff are adopted before the daemon ever starts.

mod file;
mod say;
mod words;

use std::{path::Path, str::FromStr, sync::Arc};

use engine::{
    Engine,
    links::{GivenId, LinkAnswer, LinkError, LinkLine, LinkOrder, LinksOf},
};
use ledger::{Ledger, StateFolder};
use people::{ContactId, TargetName};
use serde_json::{Value, json};

pub use words::{LinksOrder, Place};

use crate::{
    client::Client,
    config::Config,
    exit::Exit,
    once, print,
    wiring::{self, Ground},
};

/// From so many rows on it is said that it takes a while.
const MANY: usize = 50;

/// Who carries it out.
enum Hands {
    /// We do, as long as we hold the ledger's folder.
    Ours(Box<Engine>, Option<StateFolder>),
    /// A running daemon.
    Daemons(Client),
}

/// Carries it out.
pub fn run(order: Option<&LinksOrder>, socket: &Path, as_json: bool) -> Result<Exit, Exit> {
    let nowhere = Place::default();
    let place = order.map_or(&nowhere, LinksOrder::place);
    let target =
        place.target.as_deref().map(|name| named(name, "--target is no target's name")).transpose()?;
    let contact =
        |text: &String| named::<ContactId>(text, "this is no contact id; `hiresync people` lists them");
    let (order, then) = match order {
        None | Some(LinksOrder::List { .. }) => {
            let lines = lines(place, socket, target.as_ref())?;
            return shown(&lines, as_json, || say::list(&lines));
        }
        Some(LinksOrder::Export { .. }) => return export(place, socket, target.as_ref(), as_json),
        Some(LinksOrder::Show { contact: who, .. }) => {
            let of = links_of(place, socket, &contact(who)?)?;
            return shown(&of, as_json, || say::show(&of, print::width()));
        }
        Some(LinksOrder::Import { file, dry_run, .. }) => {
            let read = rows(file)?;
            (LinkOrder::Import { target, rows: read.rows, dry: *dry_run }, Then::Skipped(read.skipped))
        }
        Some(LinksOrder::Find { contact: whom, out, .. }) => {
            let contacts = whom.iter().map(contact).collect::<Result<_, _>>()?;
            (LinkOrder::Find { target, contacts }, out.as_deref().map_or(Then::Nothing, Then::Write))
        }
        Some(LinksOrder::Set { contact: who, remote, .. }) => {
            let remote = named(remote, "this is no record's id")?;
            (LinkOrder::Set { target, contact: contact(who)?, remote }, Then::Nothing)
        }
        Some(LinksOrder::Remove { contact: who, .. }) => {
            (LinkOrder::Remove { target, contact: contact(who)? }, Then::Nothing)
        }
        Some(LinksOrder::Backfill { .. }) => (LinkOrder::Backfill { target }, Then::Nothing),
        Some(LinksOrder::Rehire { contact: who, opportunity, treatment, .. }) => {
            let opportunity = named(opportunity, "this is no opportunity id")?;
            let treatment = words::treatment(treatment).ok_or(Exit::Usage)?;
            (LinkOrder::Rehire { target, contact: contact(who)?, opportunity, treatment }, Then::Nothing)
        }
    };
    let answer = carry_out(place, socket, order)?;
    then.finish(&answer, as_json)
}

/// What is done once the answer is there.
enum Then<'a> {
    Nothing,
    /// Rows of the file that nobody said yes to are counted.
    Skipped(u64),
    /// The list goes into a file.
    Write(&'a Path),
}

impl Then<'_> {
    fn finish(self, answer: &LinkAnswer, as_json: bool) -> Result<Exit, Exit> {
        if let (Then::Write(path), LinkAnswer::Find(found)) = (&self, answer) {
            file::write_private(path, &file::review(found)).map_err(|error| {
                print::complain(&format!("{}: {}", path.display(), error.kind()));
                Exit::CannotCreate
            })?;
        }
        let needs_human = say::needs_human(answer);
        if as_json {
            let mut document = json!(answer);
            document["needs_human"] = needs_human.into();
            if let Then::Skipped(rows) = self {
                document["skipped"] = rows.into();
            }
            print::json(&document)?;
        } else {
            let after = match self {
                Then::Skipped(rows) if rows > 0 => {
                    format!(
                        "Left out, since nobody said yes to them: {}.\n",
                        print::count(rows, "row", "rows")
                    )
                }
                Then::Write(path) => {
                    let path = path.display();
                    format!(
                        "\nThe list is in {path}. Look at it, correct its column `confirm`, then `hiresync links import {path}`.\n"
                    )
                }
                _ => String::new(),
            };
            print::answer(&(say::answer(answer, print::width()) + &after))?;
        }
        Ok(if needs_human { Exit::NeedsHuman } else { Exit::Done })
    }
}

/// Bytes as a list of links. Says whether they are one.
pub(crate) fn fuzz(bytes: &[u8]) -> bool {
    let read = file::read(bytes);
    assert!(read.as_ref().err().is_none_or(|faults| !faults.is_empty()), "a refusal says why");
    read.is_ok()
}

fn named<T: FromStr>(text: &str, fault: &str) -> Result<T, Exit> {
    text.parse().map_err(|_| {
        print::complain(fault);
        Exit::Usage
    })
}

fn rows(path: &Path) -> Result<file::Rows, Exit> {
    let bad = |why: &str| print::complain(&format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| {
        bad(&error.kind().to_string());
        Exit::BadInput
    })?;
    file::read(&bytes).map_err(|faults| {
        faults.iter().for_each(|fault| bad(fault));
        print::say("Nothing was imported.");
        Exit::BadInput
    })
}

/// Prints the document, or what it says to people.
fn shown(
    document: &impl serde::Serialize,
    as_json: bool,
    words: impl FnOnce() -> String,
) -> Result<Exit, Exit> {
    if as_json {
        print::json(document)?;
    } else {
        print::answer(&words())?;
    }
    Ok(Exit::Done)
}

fn export(place: &Place, socket: &Path, target: Option<&TargetName>, as_json: bool) -> Result<Exit, Exit> {
    let lines = lines(place, socket, target)?;
    if lines.windows(2).any(|two| two[0].target != two[1].target) {
        print::complain("there are several targets; say which with --target");
        return Err(Exit::Usage);
    }
    shown(&lines, as_json, || file::export(&lines))
}

fn lines(place: &Place, socket: &Path, target: Option<&TargetName>) -> Result<Vec<LinkLine>, Exit> {
    match hands(place, socket, false)? {
        Hands::Ours(engine, _folder) => {
            engine.links(target).map_err(|error| refused(&LinkError::Order(error)))
        }
        Hands::Daemons(client) => {
            let query = target.map(|target| format!("?target={target}")).unwrap_or_default();
            once::runtime()?.block_on(Box::pin(client.ask(&format!("/v1/links{query}"))))
        }
    }
}

fn links_of(place: &Place, socket: &Path, contact: &ContactId) -> Result<LinksOf, Exit> {
    match hands(place, socket, false)? {
        Hands::Ours(engine, _folder) => {
            engine.links_of(contact).map_err(|error| refused(&LinkError::Order(error)))
        }
        Hands::Daemons(client) => {
            let path = format!("/v1/links/{}", crate::client::segment(contact.as_str()));
            once::runtime()?.block_on(Box::pin(client.ask(&path)))
        }
    }
}

fn carry_out(place: &Place, socket: &Path, order: LinkOrder) -> Result<LinkAnswer, Exit> {
    let writes = !matches!(order, LinkOrder::Import { dry: true, .. });
    take_your_time(&order);
    match hands(place, socket, writes)? {
        Hands::Ours(engine, _folder) => {
            let user = rustix::process::getuid().as_raw();
            let answer = once::runtime()?.block_on(Box::pin(engine.link_order(order, user)));
            answer.map_err(|error| refused(&error))
        }
        Hands::Daemons(client) => {
            let mut body = json!(order);
            let name = body.as_object_mut().and_then(|body| body.remove("order"));
            let Some(Value::String(name)) = name else { return Err(Exit::Bug) };
            once::runtime()?.block_on(Box::pin(client.patient().order(&format!("/v1/links/{name}"), &body)))
        }
    }
}

fn take_your_time(order: &LinkOrder) {
    match order {
        LinkOrder::Import { rows, .. } if rows.len() >= MANY => {
            let old = rows.iter().filter(|row| !matches!(row.who, GivenId::Contact(_))).count() as u64;
            let ids = print::count(old, "old id", "old ids");
            print::say(&format!(
                "Asking Lever about {ids} and the target about {} records, each at its own pace.",
                rows.len()
            ));
        }
        LinkOrder::Find { contacts, .. } if contacts.is_empty() => {
            print::say(
                "Asking Lever for everybody hired, and the target for each of them who is not linked.",
            );
        }
        _ => {}
    }
}

/// A running daemon's socket; with a configuration, the ledger itself where no daemon has it.
fn hands(place: &Place, socket: &Path, writes: bool) -> Result<Hands, Exit> {
    let Some(path) = &place.config else { return Ok(Hands::Daemons(Client::new(socket)?)) };
    let config = once::config_beside(path, once::config)?;
    if !writes && !config.state.dir.join("store").exists() {
        return ours(&config, Arc::new(once::empty_ledger()?), None);
    }
    let folder = match StateFolder::lock(&config.state.dir) {
        Ok(folder) => folder,
        Err(ledger::Error::Locked { .. }) => return Ok(Hands::Daemons(Client::new(&config.socket)?)),
        Err(error) => return Err(once::ledger_fault(&error)),
    };
    let opened =
        wiring::open(&folder, &config, once::clock().now()).map_err(|error| once::ledger_fault(&error))?;
    ours(&config, Arc::new(opened.ledger), Some(folder))
}

fn ours(config: &Config, ledger: Arc<Ledger>, folder: Option<StateFolder>) -> Result<Hands, Exit> {
    // Links are kept by us: nothing about them is ever written to Lever or to a target.
    let ground = Ground { ledger, way: once::way()?.asking_only(), clock: once::clock() };
    Ok(Hands::Ours(Box::new(ground.asking(config)), folder))
}

/// Says why it was not done.
fn refused(error: &LinkError) -> Exit {
    match error {
        LinkError::Source(error) => return once::source_fault(error),
        LinkError::Order(engine::OrderError::Ledger(error)) => return once::ledger_fault(error),
        LinkError::Target(_, cause) => print::complain(&format!("{error}: {}", cause.chain())),
        error => print::complain(&error.to_string()),
    }
    match error {
        LinkError::Target(..) => Exit::Unreachable,
        LinkError::UnderWay(..) | LinkError::Stopped => Exit::Busy,
        _ => Exit::BadInput,
    }
}
