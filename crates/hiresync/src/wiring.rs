//! From a configuration to an engine: the one place that knows that the source is Lever.

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::Arc,
};

use adapter_sdk::{HrisAdapter, layers};
use engine::{
    Applied, CycleError, DryRun, Engine, Head, Moved, Parts, Place, PlanFile, PlanKey, Settings, Source,
    Target, WriteBack,
};
use http::Way;
use ledger::{DigestKey, Ledger, Opened, StateFolder};
use people::{Clock, Timestamp};

use crate::config::{Config, TargetConfig};

/// What an engine is made of that outlives a configuration.
#[derive(Debug, Clone)]
pub struct Ground {
    /// What is owed and was agreed.
    pub ledger: Arc<Ledger>,
    /// The way out.
    pub way: Way,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}

/// An engine, and who asks beside it at the same pace.
#[derive(Debug, Clone)]
pub struct Equipped {
    /// It does what the configuration says.
    pub engine: Arc<Engine>,
    /// The same for dry runs: whatever it is asked, it has no way to change anything in Lever or in a target.
    pub asking: Arc<Engine>,
    /// Whom both ask; it has no way to change anything either.
    pub source: Arc<dyn Source>,
    /// What plans are made and checked with.
    pub book: Arc<Book>,
}

/// What plans are made and checked with.
#[derive(Debug)]
pub struct Book {
    /// Seals them.
    pub key: PlanKey,
    /// What the configuration says beside what the engine knows.
    pub place: Place,
}

/// The lineage of a ledger that there is not.
pub const NO_LEDGER: &str = "none";

impl Book {
    /// The one that belongs to a configuration.
    pub fn of(config: &Config) -> Book {
        let lever = &config.lever;
        let read = format!("{} {} {} {}", lever.base_url, lever.hired_since, lever.zone, lever.confidential);
        let settings = config.targets.iter().map(|target| (target.name.clone(), target.settings.clone()));
        Book { key: PlanKey::of(&lever.api_key), place: Place { lever: read, targets: settings.collect() } }
    }

    /// What the engine found out, as a file.
    pub fn file(&self, engine: &Engine, dry: &DryRun, now: Timestamp) -> PlanFile {
        PlanFile::of(dry, self.head(engine, engine.ledger().lineage()), now, &self.key)
    }

    /// What a plan depends on beside the people, over the ledger of that lineage.
    pub fn head(&self, engine: &Engine, lineage: &str) -> Head {
        Head::of(engine, &self.place, lineage, &self.key)
    }

    /// What is otherwise than `plan` says, beside the people.
    pub fn moved(&self, engine: &Engine, lineage: &str, plan: &PlanFile) -> Vec<Moved> {
        let moved = plan.head.moved(&self.head(engine, lineage)).into_iter();
        moved.map(|what| Moved { contact: None, what }).collect()
    }
}

impl Equipped {
    /// Carries out a plan that was made over the ledger of that lineage, or says what moved.
    pub async fn apply(&self, plan: &PlanFile, lineage: &str) -> Result<Applied, CycleError> {
        if let Some(at) = self.engine.applied(&plan.id)? {
            return Ok(Applied::Before(at));
        }
        match self.book.moved(&self.engine, lineage, plan) {
            moved if moved.is_empty() => self.engine.apply(&self.asking, plan, &self.book.key).await,
            moved => Ok(Applied::Moved(moved)),
        }
    }
}

impl Ground {
    /// An engine that does what `config` says.
    pub fn engine(&self, config: &Config) -> Engine {
        self.over(config, Arc::new(self.lever(config)), whole)
    }

    /// An engine that has no way to change anything, in Lever or in a target.
    pub fn asking(&self, config: &Config) -> Engine {
        self.over(config, Arc::new(self.lever(config).asking_only()), asking)
    }

    /// An engine that does what `config` says, and who asks beside it.
    pub fn equipped(&self, config: &Config) -> Equipped {
        let lever = self.lever(config);
        let source: Arc<dyn Source> = Arc::new(lever.asking_only());
        Equipped {
            asking: Arc::new(self.over(config, Arc::clone(&source), asking)),
            engine: Arc::new(self.over(config, Arc::new(lever), whole)),
            source,
            book: Arc::new(Book::of(config)),
        }
    }

    fn lever(&self, config: &Config) -> lever::Lever {
        lever(config, &engine::telling::ever_told(&self.ledger), &self.way, &self.clock)
    }

    fn over(&self, config: &Config, source: Arc<dyn Source>, adapter: OneOf) -> Engine {
        Engine::new(Parts {
            source,
            targets: targets(config, adapter),
            ledger: Arc::clone(&self.ledger),
            clock: Arc::clone(&self.clock),
            settings: settings(config),
        })
    }
}

/// Lever for whoever only asks: see [`lever`].
pub fn source(config: &Config, way: &Way, clock: &Arc<dyn Clock>) -> Arc<dyn Source> {
    Arc::new(lever(config, &[], way, clock).asking_only())
}

/// Lever, asked for what the targets of `config` need and nothing else. `told` is what was ever written back.
fn lever(config: &Config, told: &[WriteBack], way: &Way, clock: &Arc<dyn Clock>) -> lever::Lever {
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
    lever::Lever::new(settings, way.apart(), Arc::clone(clock), seed)
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

/// Which of a target's two adapters.
type OneOf = fn(&TargetConfig) -> &Arc<dyn HrisAdapter>;

fn whole(target: &TargetConfig) -> &Arc<dyn HrisAdapter> {
    &target.adapter
}

fn asking(target: &TargetConfig) -> &Arc<dyn HrisAdapter> {
    &target.asking
}

fn targets(config: &Config, adapter: OneOf) -> Vec<Target> {
    let target = |target: &TargetConfig| Target {
        name: target.name.clone(),
        adapter: layers::wrap(Arc::clone(adapter(target))),
        mapping: Arc::clone(&target.mapping),
        write_back: target.write_back.clone(),
        policy: target.policy.clone(),
    };
    config.targets.iter().map(target).collect()
}

/// The real way out.
pub fn way() -> Result<Way, String> {
    Ok(Way::whole(Arc::new(client()?)))
}

/// The same for a process that only asks.
pub fn asking_way() -> Result<Way, String> {
    Ok(Way::asking(Arc::new(client()?)))
}

fn client() -> Result<http::Client, String> {
    http::Client::new().map_err(|problem| problem.to_string())
}

/// Opens a copy of the ledger, made in `into`: see [`StateFolder::open_copy`].
pub fn open_copy(config: &Config, into: &Path, now: Timestamp) -> ledger::Result<Ledger> {
    let key = config.state.digest_key.clone().map(DigestKey::new);
    Ok(StateFolder::open_copy(&config.state.dir, into, key, now)?.ledger)
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
