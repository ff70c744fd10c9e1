//! From a configuration to an engine: the one place that knows that the source is Lever.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use adapter_sdk::layers;
use engine::{Engine, Parts, Settings, Source, Target, WriteBack};
use http::Transport;
use ledger::{DigestKey, Ledger, Opened, StateFolder};
use people::{Clock, Timestamp};

use crate::config::Config;

/// What an engine is made of that outlives a configuration.
#[derive(Debug, Clone)]
pub struct Ground {
    /// What is owed and was agreed.
    pub ledger: Arc<Ledger>,
    /// The way out.
    pub transport: Arc<dyn Transport>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

impl Ground {
    /// An engine that does what `config` says.
    pub fn engine(&self, config: &Config) -> Engine {
        self.over(config, self.source(config))
    }

    /// The same with its source, for who asks beside it: they share one pace.
    pub fn equipped(&self, config: &Config) -> (Arc<Engine>, Arc<dyn Source>) {
        let source = self.source(config);
        (Arc::new(self.over(config, Arc::clone(&source))), source)
    }

    fn source(&self, config: &Config) -> Arc<dyn Source> {
        source(config, &engine::telling::ever_told(&self.ledger), &self.transport, &self.clock)
    }

    fn over(&self, config: &Config, source: Arc<dyn Source>) -> Engine {
        Engine::new(Parts {
            source,
            targets: targets(config),
            ledger: Arc::clone(&self.ledger),
            clock: Arc::clone(&self.clock),
            settings: settings(config),
        })
    }
}

/// Lever, asked for what the targets of `config` need and nothing else. `told` is what was ever written back.
pub fn source(
    config: &Config,
    told: &[WriteBack],
    transport: &Arc<dyn Transport>,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Source> {
    let lever = &config.lever;
    let needs = config.targets.iter().map(|target| target.mapping.needs().union(target.policy.needs()));
    let settings = lever::Settings {
        requests_per_second: lever.requests_per_second,
        confidential: lever.confidential,
        needs: needs.fold(engine::Needs::default(), engine::Needs::union),
        own: own(config, told),
        perform_as: lever.perform_as.clone(),
        ..lever::Settings::new(lever.base_url.clone(), lever.api_key.clone())
    };
    // Decides the pauses between attempts: two daemons that met the same fault must not come back in step.
    let seed = RandomState::new().hash_one(std::process::id());
    Arc::new(lever::Lever::new(settings, Arc::clone(transport), Arc::clone(clock), seed))
}

/// What any target writes back, or ever did: it is never read as if somebody else had written it.
fn own(config: &Config, told: &[WriteBack]) -> lever::Own {
    let now = || config.targets.iter().map(|target| &target.write_back);
    let ever = || now().chain(told);
    lever::Own {
        tags: ever().filter_map(|told| told.tag.clone()).collect(),
        links: ever().filter_map(|told| told.link.as_deref()).map(lever::LinkPattern::new).collect(),
        notes: now().any(|told| told.note.is_some()),
    }
}

/// What concerns every target.
pub fn settings(config: &Config) -> Settings {
    Settings {
        hired_since: config.lever.hired_since,
        zone: config.lever.zone,
        guards: config.guards,
        retention_days: config.state.retention_days,
    }
}

fn targets(config: &Config) -> Vec<Target> {
    let target = |target: &crate::config::TargetConfig| Target {
        name: target.name.clone(),
        adapter: layers::wrap(Arc::clone(&target.adapter)),
        mapping: Arc::clone(&target.mapping),
        write_back: target.write_back.clone(),
        policy: target.policy.clone(),
    };
    config.targets.iter().map(target).collect()
}

/// The real way out.
pub fn transport() -> Result<Arc<dyn Transport>, String> {
    Ok(Arc::new(http::Client::new().map_err(|problem| problem.to_string())?))
}

/// Opens the ledger in a locked folder, under the configured key or the one kept there.
pub fn open(folder: &StateFolder, config: &Config, now: Timestamp) -> ledger::Result<Opened> {
    let key = match &config.state.digest_key {
        Some(key) => DigestKey::new(key.clone()),
        None => folder.digest_key()?,
    };
    let opened = folder.open(key, now)?;
    if let Some(why) = &opened.lost {
        tracing::error!(
            code = "ledger.recovery",
            "the ledger could not be used ({why}); a new one begins, and nobody is created before each target was asked for \
             exactly that person. The old one was moved aside in {}",
            folder.dir().display()
        );
    }
    if opened.copied {
        tracing::error!(
            code = "ledger.copied",
            "{}. Its links are kept; every target is asked and every record compared anew, so that nobody is made twice and \
             nothing old is written. If the original runs on, stop one of the two",
            ledger::COPIED
        );
    }
    Ok(opened)
}
