//! The configuration: a value of [`Config`] is a valid one. Reading it touches no network; every fault is reported at once.

mod expiry;
mod fields;
mod layers;
mod metrics;
mod notices;
mod place;
mod policy;
mod read;
mod targets;
mod webhook;
mod write_back;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use adapter_sdk::{Finding, HrisAdapter};
use engine::Guards;
use http::Way;
use mapping::Mapping;
use people::{Clock, Date, Secret, TargetName, Zone};
use url::Url;

use crate::schedule::Schedule;
pub use adapter_sdk::settings::{Expiry, Secrets};
pub use expiry::{Expiring, expiring};
pub use layers::Env;
pub use notices::{ChannelConfig, MailConfig, NoticesConfig};
pub use webhook::WebhookConfig;

/// Everything the daemon is told.
#[derive(Debug)]
pub struct Config {
    /// `[lever]`
    pub lever: LeverConfig,
    /// `[lever] poll`, `full_sweep` and `timezone`.
    pub schedule: Schedule,
    /// `[state]`
    pub state: StateConfig,
    /// `[socket] path`
    pub socket: PathBuf,
    /// `[guards]`
    pub guards: Guards,
    /// `[webhook]`, where it is written.
    pub webhook: Option<WebhookConfig>,
    /// `[metrics] listen`, where it is written: an address of this machine.
    pub metrics: Option<SocketAddr>,
    /// `[notices]`, where it is written.
    pub notices: Option<NoticesConfig>,
    /// `[targets.*]`, those that are enabled, in the order of the file.
    pub targets: Vec<TargetConfig>,
    /// Secrets that were not looked at, by their paths. There are none unless the reading needed none.
    pub unread: Vec<String>,
    /// When secrets expire, as far as it says so.
    pub expiries: Vec<Expiry>,
    /// What was read and works, and somebody should know of.
    pub warnings: Vec<Finding>,
}

/// `[lever]`: the recruiting system.
#[derive(Debug)]
pub struct LeverConfig {
    /// Where its API is: https, or http on this machine.
    pub base_url: Url,
    /// The key of a Lever integration.
    pub api_key: Secret,
    /// Nobody hired before this day, in `zone`, is ever created.
    pub hired_since: Date,
    /// The zone in which days are days.
    pub zone: Zone,
    /// Whether confidential opportunities are read.
    pub confidential: bool,
    /// Evenly spaced; never more than 10 in any rolling second.
    pub requests_per_second: f64,
    /// The id of the Lever user in whose name is written back; `None`: the key's own.
    pub perform_as: Option<String>,
}

/// `[state]`: what is kept.
#[derive(Debug)]
pub struct StateConfig {
    /// The folder.
    pub dir: PathBuf,
    /// The key under which values are remembered; `None`: the one generated in the folder.
    pub digest_key: Option<Secret>,
    /// How long the history of whoever is in no target is kept, and any closed task.
    pub retention_days: u32,
}

/// `[targets.NAME]`: one HR system, ready to be asked.
#[derive(Debug)]
pub struct TargetConfig {
    /// Its name.
    pub name: TargetName,
    /// Its adapter, as its settings made it.
    pub adapter: Arc<dyn HrisAdapter>,
    /// The same without a way to change anything: for dry runs.
    pub asking: Arc<dyn HrisAdapter>,
    /// From a person to its fields.
    pub mapping: Arc<Mapping>,
    /// Where its data goes, in words: a folder, or a host. `None`: its adapter alone knows.
    pub destination: Option<String>,
    /// Where it is and how it is spoken to, in words that change when that does.
    pub settings: String,
    /// What Lever is told once the target agreed.
    pub write_back: engine::WriteBack,
    /// Whom it is told about and when, and what hires after the first are.
    pub policy: engine::Policy,
    /// Why it gets what it gets, for every field that says nothing of its own.
    pub purpose: Option<String>,
}

/// What adapters are built with: the time, and the way out. Reading a configuration uses neither.
#[derive(Debug, Clone)]
pub struct Outside {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The way out. By one that only asks, every adapter only asks.
    pub way: Way,
}

impl Outside {
    /// For whoever only reads the words.
    pub fn nowhere(clock: Arc<dyn Clock>) -> Outside {
        Outside { clock, way: Way::nowhere() }
    }
}

/// Everything that is wrong with a configuration, each fault as `FILE:LINE:COLUMN: path: problem; remedy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl Config {
    /// Reads the file at `path` with the environment's values over it.
    pub fn load(path: &Path, env: &Env, outside: &Outside) -> Result<Config, Faults> {
        let text = std::fs::read(path).map_err(|error| {
            let remedy = "name the configuration with --config FILE; systemd/hiresync.toml is an example";
            Faults(vec![format!("{}: cannot be read: {error}; {remedy}", path.display())])
        })?;
        let Ok(text) = String::from_utf8(text) else {
            return Err(Faults(vec![format!("{}: is not UTF-8; save it as UTF-8", path.display())]));
        };
        Config::parse(&text, path, env, outside)
    }

    /// Reads `text`, which stands in the file at `path`.
    pub fn parse(text: &str, path: &Path, env: &Env, outside: &Outside) -> Result<Config, Faults> {
        read::config(text, path, env, outside)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
pub(crate) mod tests;
