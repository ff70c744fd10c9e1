//! `map try` and `map fields`: for whoever writes a mapping. Neither writes anything: no ledger is opened, no target is asked.

mod listing;
mod trial;

use std::path::Path;

use adapter_sdk::{ErrorKind, settings::nearest};
use engine::{Reading, Source, Whom};
use people::{ContactId, Person, Pii};

use crate::{
    client::NOBODY,
    config::{Config, Secrets},
    exit::Exit,
    once, print, wiring,
};
use listing::Listing;
use trial::Answer;

/// How often a contact may have been merged into another while we ask.
const MERGES_MAX: usize = 5;

/// `map try`
pub fn try_on(path: &Path, who: &str, target: Option<&str>, as_json: bool) -> Result<Exit, Exit> {
    let config = narrowed(once::asking_config(path, Secrets::Needed)?, target)?;
    let clock = once::clock();
    let source = wiring::source(&config, &once::asking_way()?, &clock);
    let who = Pii::new(who.to_owned());
    let person = once::runtime()?.block_on(Box::pin(person(source.as_ref(), &who)))?;
    let answer = Answer::of(&config, &person, clock.now());
    if as_json {
        print::json(&answer)?
    } else {
        print::answer(&answer.text())?
    }
    Ok(Exit::Done)
}

/// `map fields`
pub fn fields(path: &Path, target: Option<&str>, as_json: bool) -> Result<Exit, Exit> {
    let listing = Listing::of(&narrowed(once::asking_config(path, Secrets::IfThere)?, target)?);
    if as_json {
        print::json(&listing)?
    } else {
        print::answer(&listing.text())?
    }
    Ok(Exit::Done)
}

/// The configuration with this target alone, so that nothing is asked of Lever for the others.
fn narrowed(mut config: Config, target: Option<&str>) -> Result<Config, Exit> {
    let Some(name) = target else { return Ok(config) };
    let names: Vec<String> = config.targets.iter().map(|target| target.name.to_string()).collect();
    config.targets.retain(|target| target.name.as_str() == name);
    if config.targets.is_empty() {
        let remedy = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("there are: {}", names.join(", ")),
        };
        print::complain(&format!("--target names no enabled target of the configuration; {remedy}"));
        return Err(Exit::BadInput);
    }
    Ok(config)
}

/// The whole person, read as a cycle would.
async fn person(source: &dyn Source, who: &Pii<String>) -> Result<Person, Exit> {
    let found = source.resolve(who).await.map_err(|error| match error.kind() {
        ErrorKind::Conflict => {
            let what = "several people in Lever have that e-mail address; give the contact's or the opportunity's id, or a profile link";
            refused(what, Exit::BadInput)
        }
        _ => once::source_fault(&error),
    })?;
    let mut contact = found.ok_or_else(|| refused(NOBODY, Exit::BadInput))?;
    for _ in 0..MERGES_MAX {
        match reading(source, contact).await? {
            Reading::Person(person) => return Ok(*person),
            Reading::Moved { to } => contact = to,
            Reading::Gone => return Err(refused(NOBODY, Exit::BadInput)),
            Reading::Anonymised => {
                let what = "this person is anonymised in Lever: there is nothing to map, and a cycle writes nothing about them";
                return Err(refused(what, Exit::BadInput));
            }
            Reading::Unreadable { place } => {
                let what = format!(
                    "Lever's record of this person cannot be understood at {place}; a cycle leaves them as they are"
                );
                return Err(refused(&what, Exit::Unreachable));
            }
            Reading::Failed(error) => return Err(once::source_fault(&error)),
        }
    }
    Err(refused("this person's profiles are being merged in Lever; try again in a minute", Exit::Unreachable))
}

async fn reading(source: &dyn Source, contact: ContactId) -> Result<Reading, Exit> {
    let whom = Whom { contact, known: Vec::new() };
    let readings = source.read(&[whom]).await.map_err(|error| once::source_fault(&error))?;
    // Nothing is said about whoever was asked for: as good as not there.
    Ok(readings.into_iter().next().map_or(Reading::Gone, |(_, reading)| reading))
}

fn refused(what: &str, exit: Exit) -> Exit {
    print::complain(what);
    exit
}

#[cfg(test)]
mod tests;
