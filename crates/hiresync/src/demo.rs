//! `demo`: the whole thing on this machine. Pretend vendors on loopback with the real limits; configuration, ledger, HTTP, mapping
//! and adapters are the real ones. What it says at the end is computed from what the target holds and from the pretend Lever's
//! truth, not from what we believe of ourselves.
//!
//! | module | what it holds |
//! |---|---|
//! | `stage` | the folder, the configuration, and what recruiters do |
//! | `roster` | the play with a file |
//! | `tenant` | the play with the pretend Cezanne HR |
//! | `truth`, `tenant_truth` | what either holds against what Lever says |

mod roster;
mod stage;
mod tenant;
mod tenant_truth;
mod truth;

use std::{net::SocketAddr, sync::Arc};

use engine::{CycleOrder, CycleReport, Engine, SweepKind};
use ledger::StateFolder;
use people::Clock;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    cli::Demo,
    config::{Config, Env, Outside},
    exit::Exit,
    once, print,
    print::count,
    progress,
    sandbox::{PretendLever, millis},
    wiring::{self, Ground},
};
use stage::{Script, Stage};

/// `demo`
pub fn run(demo: &Demo, as_json: bool) -> Result<Exit, Exit> {
    match demo.target.as_str() {
        "cezanne" => tenant::run(demo, as_json),
        _ => roster::run(demo, as_json),
    }
}

/// Where every pretend vendor listens: on any free port of this machine.
fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// What every play has.
struct Show {
    engine: Engine,
    runtime: Runtime,
    lever: PretendLever,
    stage: Stage,
    clock: Arc<dyn Clock>,
    quiet: bool,
}

/// How every play begins: a first cycle that the guard holds, and what went out when it was approved.
#[derive(Clone)]
struct Opening {
    held: usize,
    first: CycleReport,
    approved: CycleReport,
}

impl Show {
    /// A pretend Lever, a folder, and an engine under the script's configuration.
    fn set(demo: &Demo, script: &Script, clock: Arc<dyn Clock>, quiet: bool) -> Result<Show, Exit> {
        let settings = ::sandbox::Settings { seed: demo.seed, ..::sandbox::Settings::default() };
        let api_key = settings.api_key.clone();
        let lever = ::sandbox::Lever::seeded(settings, demo.people as usize, millis(clock.as_ref()));
        let lever = PretendLever::start(loopback(), lever, &clock)?;
        let stage = Stage::set(demo, &lever, &api_key, script, clock.as_ref())?;
        let outside = Outside { clock: Arc::clone(&clock), way: once::way()? };
        let config = Config::load(&stage.config, &Env::default(), &outside).map_err(|faults| {
            faults.0.iter().for_each(|fault| print::say(fault));
            Exit::Bug
        })?;
        let folder = StateFolder::lock(&config.state.dir).map_err(|error| once::ledger_fault(&error))?;
        let opened =
            wiring::open(&folder, &config, clock.now()).map_err(|error| once::ledger_fault(&error))?;
        let Outside { way, .. } = outside;
        let ground = Ground { ledger: Arc::new(opened.ledger), way, clock: Arc::clone(&clock) };
        Ok(Show { engine: ground.engine(&config), runtime: once::runtime()?, lever, stage, clock, quiet })
    }

    /// The first cycle, which the guard holds, and the approval.
    fn open(&self, demo: &Demo) -> Result<Opening, Exit> {
        let hired = truth::in_scope(&self.lever.account(), self.stage.hired_since).len();
        self.say(&format!(
            "A pretend Lever with {} opportunities answers on http://{}, 10 requests a second and not one more.",
            demo.people, self.lever.address
        ));
        self.say(&format!(
            "\n1. The first cycle reads {} since {} …",
            count(hired as u64, "hire", "hires"),
            self.stage.hired_since
        ));
        let first = self.cycle(SweepKind::Changes)?;
        let Some(guard) = first.guard.clone() else {
            return Ok(Opening { held: 0, approved: first.clone(), first });
        };
        self.say(&format!(
            "   … and holds all of them: {} new people at once are more than the guard allows, so nothing was written.\n   A human \
             looks (`hiresync plan`) and approves (`hiresync approve {}`) …",
            guard.creates, guard.cycle
        ));
        self.engine.approve(guard.cycle, own_uid()).map_err(|error| {
            print::complain(&error.to_string());
            Exit::Bug
        })?;
        let approved = self.cycle(SweepKind::Skip)?;
        Ok(Opening { held: guard.held, first, approved })
    }

    /// The recruiters' part.
    fn recruit(&self) -> Result<stage::Acts, Exit> {
        let now = millis(self.clock.as_ref());
        stage::recruiters_act(&mut self.lever.account(), self.stage.hired_since, now).map_err(refused)
    }

    fn cycle(&self, sweep: SweepKind) -> Result<CycleReport, Exit> {
        let order = CycleOrder { sweep, approve: false };
        let cycle =
            async { Box::pin(progress::beside(self.engine.activity(), self.engine.cycle(order))).await };
        self.runtime.block_on(cycle).map_err(|error| {
            print::complain(&format!("the cycle failed: {error}"));
            if let engine::CycleError::Source(error) = &error {
                print::say(&error.chain());
            }
            Exit::Unreachable
        })
    }

    /// The story, as it goes; with `--json` there is only the document.
    fn say(&self, text: &str) {
        if !self.quiet {
            let _ = print::answer(text);
        }
    }

    /// How the play ended: a document, or a text.
    fn close(&self, document: &impl Serialize, text: &str, is_exact: bool) -> Result<Exit, Exit> {
        if self.quiet {
            print::json(document)?;
        } else {
            print::answer(text)?;
        }
        Ok(if is_exact { Exit::Done } else { Exit::Bug })
    }

    /// The first line of the end.
    fn verdict(is_exact: bool, figures: &str) -> String {
        let (head, tone) = match is_exact {
            true => ("It works", print::Tone::Good),
            false => ("Something is wrong", print::Tone::Bad),
        };
        format!("\n{}\n", print::toned(&format!("{head}: {figures}"), tone))
    }
}

/// What was typed to run us.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "hiresync".to_owned())
}

fn own_uid() -> u32 {
    rustix::process::getuid().as_raw()
}

fn refused(refused: ::sandbox::Refused) -> Exit {
    print::complain(&format!("the pretend Lever refused: {refused}"));
    Exit::Bug
}
