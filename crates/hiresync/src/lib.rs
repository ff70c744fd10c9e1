//! Keeps HR systems in step with the people Lever has hired: the daemon and its command line.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cli`] | the words of the command line |
//! | [`config`] | the configuration: every fault at once, with its place |
//! | [`wiring`] | from a configuration to an engine |
//! | [`daemon`] | the engine's thread, signals, the service manager: `run` |
//! | [`once`] | `run --once`, `check` |
//! | [`links`] | `links`: which record over there is whose |
//! | [`plan`](mod@plan) | `plan`, `apply` |
//! | [`state`] | `state`: the ledger as one file, and back |
//! | [`map`](mod@map), [`data_flow`] | `map`, `check --data-flow`: what the mapping does, for who writes it and who answers for it |
//! | [`lever`] | `lever`: webhooks of the account, and whom old ids mean |
//! | [`names`] | whom a task is about, asked of Lever when somebody looks |
//! | [`notices`] | telling humans without being asked: mail, a channel, `notify test` |
//! | [`schedule`] | when a cycle is due |
//! | [`api`] | the socket: who may, and what is answered |
//! | [`metrics`] | figures for Prometheus, on the socket and on a port of this machine |
//! | `port` | taking connections on a TCP port, so many at once |
//! | [`webhook`] | the receiver of Lever's webhooks: a port, a signature, a hint |
//! | [`client`] | the command line as a client of the socket |
//! | [`report`] | what is answered: sentences, tables, documents |
//! | [`packaging`] | `completions`, `man`: what a package carries beside the program |
//! | [`print`](mod@print), [`progress`], [`logs`], [`exit`] | standard output, the moving line, standard error, exit codes |
//! | [`fuzz`] | doors for the fuzzer |
//! | `demo`, `sandbox` | the whole thing on this machine, and the pretend vendors (feature `demo`) |

pub mod api;
pub mod cli;
pub mod client;
pub mod config;
mod csv_file;
pub mod daemon;
pub mod data_flow;
#[cfg(feature = "demo")]
pub mod demo;
pub mod exit;
pub mod fuzz;
pub mod lever;
pub mod links;
pub mod logs;
pub mod map;
pub mod metrics;
pub mod names;
pub mod notices;
pub mod once;
pub mod packaging;
pub mod plan;
mod port;
pub mod print;
pub mod progress;
pub mod report;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod schedule;
mod service;
pub mod state;
pub mod webhook;
pub mod wiring;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use cli::{Cli, Command, MapQuestion, NotifyOrder};
use exit::Exit;

/// The program.
pub fn main() -> ExitCode {
    run(std::env::args_os()).into()
}

/// Runs one command line, program name first, and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let is_fault = error.use_stderr();
            // Help that nobody reads to its end is no fault.
            let _ = error.print();
            return if is_fault { Exit::Usage } else { Exit::Done };
        }
    };
    if let Err(problem) = logs::start(cli.log.as_deref().unwrap_or(usual_log(&cli.command))) {
        print::complain(&problem);
        return Exit::Usage;
    }
    dispatch(&cli).unwrap_or_else(|exit| exit)
}

/// What is logged unless somebody says otherwise: a command's answer already says what went wrong.
fn usual_log(command: &Command) -> &'static str {
    match command {
        Command::Run { once: false, .. } => "info",
        #[cfg(feature = "demo")]
        Command::Demo(_) => "off",
        _ => "warn",
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, Exit> {
    let json = cli.json;
    match &cli.command {
        Command::Run { config, once: false, .. } => daemon::run(&config.path),
        Command::Run { config, once: true, full, approve } => {
            once::run(&config.path, once::Once { full: *full, approve: *approve, json })
        }
        Command::Check { config, data_flow: true, .. } => data_flow::run(&config.path, json),
        Command::Map { question: MapQuestion::Try { config, contact, target } } => {
            map::try_on(&config.path, contact, target.as_deref(), json)
        }
        Command::Map { question: MapQuestion::Fields { config, target } } => {
            map::fields(&config.path, target.as_deref(), json)
        }
        Command::Links { order } => links::run(order.as_ref(), &cli.socket, json),
        Command::State { order } => state::run(order, json),
        Command::Lever { order } => lever::run(order, json),
        Command::Notify { order: NotifyOrder::Test { config } } => notices::test(&config.path, json),
        Command::Check { config, offline, .. } => once::check(&config.path, *offline, json),
        Command::Plan { config, contact, out } => plan::plan(&config.path, contact, out.as_deref(), json),
        Command::Apply { config, plan, contact } => plan::apply(&config.path, plan, contact, json),
        Command::Forget { contact, config: Some(config) } => once::forget(config, contact, json),
        Command::Report { contact, config: Some(config) } => once::report(config, contact, json),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => demo::run(demo, json),
        #[cfg(feature = "demo")]
        Command::Sandbox { vendor } => sandbox::run(vendor),
        Command::Completions { shell } => packaging::completions(*shell),
        Command::Man { dir } => packaging::man(dir.as_deref()),
        command => {
            let client = client::Client::new(&cli.socket)?;
            once::runtime()?.block_on(Box::pin(client.run(command, json)))
        }
    }
}
