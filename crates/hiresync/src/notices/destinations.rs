//! Who is told what, for `check --data-flow`.

use serde::Serialize;

use super::{Place, Setup};
use crate::config::Config;

/// Where notices go.
#[derive(Debug, Serialize)]
pub struct Destinations {
    /// The mail server, where there is mail.
    pub server: Option<String>,
    /// Everybody.
    pub to: Vec<Destination>,
    /// Whether mail says what people are called.
    pub names: bool,
}

/// One of them.
#[derive(Debug, Serialize)]
pub struct Destination {
    /// An address, or the host of a channel.
    pub to: String,
    /// What goes there.
    pub what: Vec<String>,
}

impl Destinations {
    /// `None` where nobody is told anything.
    pub fn of(config: &Config) -> Option<Destinations> {
        let setup = Setup::of(config)?;
        let destination = |(recipient, place): &(::notices::Recipient, Place)| {
            let of = recipient.tasks.of.iter().map(|target| format!("tasks of {target}"));
            let others = recipient.tasks.others.then(|| "tasks that nobody else does".to_owned());
            let digest = recipient.digest.then(|| "the digest".to_owned());
            let alarms = recipient.alarms.then(|| "alarms".to_owned());
            let what = of.chain(others).chain(digest).chain(alarms).collect();
            Destination { to: setup.shown(place), what }
        };
        let server = setup.config.mail.as_ref().map(|mail| mail.mailer.server.clone());
        let to = setup.everybody(str::to_owned).iter().map(destination).collect();
        Some(Destinations { server, to, names: setup.config.names })
    }
}
