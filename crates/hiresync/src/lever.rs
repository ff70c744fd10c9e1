//! `lever`: what one asks of Lever by hand, or arranges there. No ledger is opened and no target is asked.

mod hooks;
mod resolve;
mod tokens;

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
};

use adapter_sdk::{Error, ErrorKind};
use lever::{Lever, Settings};

use crate::{
    cli::{LeverOrder, WebhookOrder},
    config::{Config, Secrets},
    exit::Exit,
    once, print,
};

/// The events that say that somebody was hired, or that something changed about somebody who is.
pub const EVENTS: [&str; 5] =
    ["candidateHired", "candidateArchiveChange", "candidateDeleted", "contactUpdated", "applicationCreated"];

/// `lever`
pub fn run(order: &LeverOrder, as_json: bool) -> Result<Exit, Exit> {
    once::runtime()?.block_on(Box::pin(done(order, as_json)))
}

async fn done(order: &LeverOrder, as_json: bool) -> Result<Exit, Exit> {
    match order {
        LeverOrder::Webhook { order: WebhookOrder::List { config } } => {
            let (_, lever) = lever(&config.path)?;
            hooks::list(&lever, as_json).await
        }
        LeverOrder::Webhook { order: WebhookOrder::Create { config, url, tokens, event } } => {
            let url = hooks::address(url)?;
            let (_, lever) = lever(&config.path)?;
            hooks::create(&lever, &url, event, tokens, as_json).await
        }
        LeverOrder::Webhook { order: WebhookOrder::Delete { config, id, url } } => {
            let url = url.as_deref().map(hooks::address).transpose()?;
            let (_, lever) = lever(&config.path)?;
            hooks::delete(&lever, id, url.as_ref(), as_json).await
        }
        LeverOrder::Resolve { config, id, csv, column } => {
            let given = match csv {
                Some(file) => resolve::given(file, column.as_deref())?,
                None => id.clone(),
            };
            let (config, lever) = lever(&config.path)?;
            let answer = resolve::answer(&lever, given, config.lever.zone).await?;
            answer.show(resolve::Form::of(csv.is_some(), as_json))
        }
    }
}

/// Lever as the configuration says.
fn lever(path: &Path) -> Result<(Config, Lever), Exit> {
    let config = once::config(path, Secrets::Needed)?;
    let of = &config.lever;
    let settings = Settings {
        requests_per_second: of.requests_per_second,
        confidential: of.confidential,
        ..Settings::new(of.base_url.clone(), of.api_key.clone())
    };
    let seed = RandomState::new().hash_one(std::process::id());
    let lever = Lever::new(settings, once::way()?, once::clock(), seed);
    Ok((config, lever))
}

/// Says what Lever refused.
fn refused(error: &Error) -> Exit {
    print::complain(&format!("Lever: {}", error.chain()));
    match error.kind() {
        // One object that the key may not change: the key, again.
        ErrorKind::Rejected => Exit::NotAllowed,
        kind => Exit::of_check(kind),
    }
}

/// Bytes as a list of old ids. Says whether they are one.
pub(crate) fn fuzz(bytes: &[u8]) -> bool {
    let _ = resolve::ids(bytes, Some("id"));
    resolve::ids(bytes, None).is_ok()
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
