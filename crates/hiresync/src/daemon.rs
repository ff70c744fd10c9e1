//! The daemon: the engine on a thread of its own, the socket beside it, signals, the service manager.
//!
//! How to think of it: the engine's thread is the only one that runs cycles, so they cannot overlap. Everything else only
//! wakes it or asks it. Engine and ledger write to disk as they go, which would hold up the socket; hence two runtimes.
//!
//! Ends by itself only when the ledger cannot be written: then nothing may be sent, and the service manager starts us again.

mod drive;
mod pulse;

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ledger::StateFolder;
use planted::Point;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    api::{self, Ask, Door, DoorError, Shared},
    config::{Config, Env, Outside, Secrets, TargetConfig},
    exit::Exit,
    metrics::Port,
    notices, once, print,
    schedule::Ticker,
    service,
    webhook::Webhook,
    wiring::{self, Ground},
};

/// For a call under way to end after SIGTERM; a delivery that takes longer stays `sent` and is looked up next time.
pub const STOP_TIME: Duration = Duration::from_secs(4);
/// For the targets to be looked at before we say that we are ready.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// `run`
pub fn run(path: &Path) -> Result<Exit, Exit> {
    let config = once::config(path, Secrets::Needed)?;
    let clock = once::clock();
    let folder = StateFolder::lock(&config.state.dir).map_err(|error| once::ledger_fault(&error))?;
    let opened = wiring::open(&folder, &config, clock.now()).map_err(|error| once::ledger_fault(&error))?;
    let ground = Ground { ledger: Arc::new(opened.ledger), way: once::way()?, clock };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(8)
        .enable_all()
        .build()
        .map_err(|error| {
            print::complain(&format!("cannot start: {}", error.kind()));
            Exit::Bug
        })?;
    let ended = runtime.block_on(async {
        let (state_dir, socket) = (config.state.dir.clone(), config.socket.clone());
        Daemon { path: path.to_owned(), ground, state_dir, socket }.run(config).await
    });
    // A question that still waits for the disk must not keep us.
    runtime.shutdown_timeout(Duration::from_millis(200));
    drop(folder);
    ended
}

struct Daemon {
    path: PathBuf,
    ground: Ground,
    /// What only a restart changes. The rest of a configuration goes with its engine: its adapters hold their folders.
    state_dir: PathBuf,
    socket: PathBuf,
}

/// The signals we listen to.
struct Signals {
    ending: Ending,
    hup: Signal,
}

struct Ending {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn listen() -> Result<Signals, Exit> {
        let (term, int) = once::ending_signals()?;
        let hup = signal(SignalKind::hangup()).map_err(|_| Exit::Bug)?;
        Ok(Signals { ending: Ending { term, int }, hup })
    }
}

impl Ending {
    async fn came(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

impl Daemon {
    async fn run(self, config: Config) -> Result<Exit, Exit> {
        let Signals { mut ending, mut hup } = Signals::listen()?;
        let (door, listener) = Door::open(&self.socket).await.map_err(|error| {
            print::complain(&error.to_string());
            match error {
                DoorError::Taken(_) => Exit::Busy,
                _ => Exit::CannotCreate,
            }
        })?;
        planted::point(Point::SocketOpened);
        let (asks, asked) = mpsc::unbounded_channel();
        let shared =
            Shared::new(self.ground.equipped(&config), &config, Arc::clone(&self.ground.clock), asks);
        let mut webhook = Webhook::new(&shared);
        webhook.set(config.webhook.clone()).await.map_err(|error| {
            print::complain(&format!("{}; choose another [webhook] listen", closed_port(&error)));
            if error.kind() == ErrorKind::AddrInUse { Exit::Busy } else { Exit::CannotCreate }
        })?;
        let mut port = Port::new(&shared);
        port.set(config.metrics).await.map_err(|error| {
            print::complain(&format!("{}; choose another [metrics] listen", no_figures(&error)));
            if error.kind() == ErrorKind::AddrInUse { Exit::Busy } else { Exit::CannotCreate }
        })?;
        let mut ticker =
            Ticker::start(&shared.schedule(), Arc::clone(&shared.wake)).await.map_err(|error| {
                print::complain(&format!("the schedule cannot be started: {error}"));
                Exit::Bug
            })?;
        let mut ended = drive::start(Arc::clone(&shared), self.ground.clone(), asked).map_err(|error| {
            print::complain(&format!("the engine's thread cannot be started: {}", error.kind()));
            Exit::Bug
        })?;
        tracing::info!(
            code = "start",
            version = env!("CARGO_PKG_VERSION"),
            targets = config.targets.len(),
            "hiresync runs; its socket is {}",
            self.socket.display()
        );
        let (close, closed) = oneshot::channel::<()>();
        let serving = api::serve(listener, Arc::clone(&shared), async {
            let _ = closed.await;
        });
        let mut rest = tokio::task::JoinSet::new();
        rest.spawn(serving);
        rest.spawn(look_at_targets(config.targets));
        let telling = rest.spawn(notices::run(Arc::clone(&shared), self.ground.way.apart()));
        let exit = loop {
            tokio::select! {
                () = ending.came() => {
                    service::stopping();
                    tracing::info!(code = "stop", "stopping: the call under way may end");
                    shared.stop();
                    planted::point(Point::Stopping);
                    webhook.close();
                    tokio::select! {
                        _ = timeout(STOP_TIME, &mut ended) => {}
                        () = ending.came() => tracing::warn!(code = "stop", "a second signal: stopping at once"),
                    }
                    break Exit::Done;
                }
                exit = &mut ended => break exit.unwrap_or(Exit::Bug),
                _ = hup.recv() => {
                    service::reloading();
                    self.reload(&shared, &mut ticker, &mut webhook, &mut port).await;
                    service::reloaded();
                }
            }
        };
        // A letter that is cut off is sent again under its id.
        telling.abort();
        ticker.stop().await;
        webhook.end().await;
        port.end().await;
        drop(close);
        drop(door);
        let _ =
            timeout(Duration::from_millis(500), async { while rest.join_next().await.is_some() {} }).await;
        tracing::info!(code = "stopped", "stopped");
        Ok(exit)
    }

    /// SIGHUP: the configuration and the secrets are read again. A faulty one changes nothing.
    async fn reload(&self, shared: &Shared, ticker: &mut Ticker, webhook: &mut Webhook, port: &mut Port) {
        let (path, Ground { clock, way, .. }) = (self.path.clone(), self.ground.clone());
        let outside = Outside { clock, way };
        let read = move || Config::load(&path, &Env::of_process(), &outside);
        let config = match tokio::task::spawn_blocking(read).await {
            Ok(Ok(config)) => config,
            Ok(Err(faults)) => {
                for fault in &faults.0 {
                    tracing::error!(code = "reload.fault", "{fault}");
                }
                tracing::error!(
                    code = "reload.refused",
                    faults = faults.0.len(),
                    "the configuration is faulty; the old one stays in force"
                );
                shared.set_reload_refused(Some(self.ground.clock.now()));
                return;
            }
            Err(_) => return,
        };
        shared.set_reload_refused(None);
        if config.state.dir != self.state_dir || config.socket != self.socket {
            tracing::warn!(
                code = "reload.restart",
                "a change of [state] or [socket] needs a restart; everything else is applied"
            );
        }
        if let Err(error) = ticker.set(&config.schedule).await {
            tracing::error!(
                code = "reload.schedule",
                "the scheduler refuses the new schedule ({error}); a look every minute stays"
            );
        }
        if let Err(error) = webhook.set(config.webhook.clone()).await {
            tracing::error!(code = "reload.webhook", "{}; the old one stays", closed_port(&error));
        }
        if let Err(error) = port.set(config.metrics).await {
            tracing::error!(code = "reload.metrics", "{}; the old one stays", no_figures(&error));
        }
        shared.ask(Ask::Replace(Box::new(config)));
    }
}

fn no_figures(error: &io::Error) -> String {
    format!("cannot open the port for Prometheus: {}", error.kind())
}

fn closed_port(error: &io::Error) -> String {
    format!("cannot open the port for webhooks: {}", error.kind())
}

/// Looks at every target once, then says that we are ready. A target that cannot be used is a line in the log: the daemon
/// outlives it.
async fn look_at_targets(targets: Vec<TargetConfig>) {
    let looks = targets.iter().map(|target| async move {
        match timeout(CHECK_TIME, target.asking.check()).await {
            Ok(Ok(report)) => {
                for finding in report.findings {
                    if let adapter_sdk::Finding::Warning { what, remedy } = finding {
                        tracing::warn!(code = "target.warning", target_name = %target.name, "{what}; {remedy}");
                    }
                }
            }
            Ok(Err(error)) => {
                tracing::error!(code = "target.unusable", target_name = %target.name, kind = error.kind().code(), "the target cannot be used now: {}", error.chain());
            }
            Err(_) => tracing::warn!(code = "target.slow", target_name = %target.name, "the target takes long to answer"),
        }
    });
    futures::future::join_all(looks).await;
    drop(targets);
    service::ready("running");
}
