//! The engine's thread: one cycle after another, and questions in between and beside.

use std::{cell::RefCell, collections::VecDeque, io, rc::Rc, sync::Arc, thread};

use engine::{Applied, CycleError, CycleOrder, Engine, PlanFile, SweepKind};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep},
};

use super::pulse::Pulse;
use crate::{
    api::{AppliedReply, Ask, Shared},
    config::Config,
    exit::Exit,
    metrics::Ended,
    names,
    once::ledger_fault,
    report,
    schedule::Agenda,
    service,
    wiring::{Equipped, Ground},
};

/// Starts the thread. What comes back tells how it ended.
pub(super) fn start(
    shared: Arc<Shared>,
    ground: Ground,
    asks: mpsc::UnboundedReceiver<Ask>,
) -> io::Result<oneshot::Receiver<Exit>> {
    let (end, ended) = oneshot::channel();
    thread::Builder::new().name("engine".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let exit = match runtime {
            Ok(runtime) => runtime.block_on(async {
                let pulse = Rc::new(RefCell::new(Pulse::new(ground.clock.now())));
                let mut driver = Driver {
                    pulse: Rc::clone(&pulse),
                    agenda: Agenda::new(shared.schedule(), shared.engine().last_full_sweep()),
                    shared: Arc::clone(&shared),
                    ground,
                    asks,
                    full_waits: false,
                    next: None,
                    plans: VecDeque::new(),
                };
                tokio::select! {
                    exit = Box::pin(driver.run()) => exit,
                    () = heartbeat(&shared, &pulse) => Exit::Bug,
                }
            }),
            Err(_) => Exit::Bug,
        };
        let _ = end.send(exit);
    })?;
    Ok(ended)
}

struct Driver {
    pulse: Rc<RefCell<Pulse>>,
    shared: Arc<Shared>,
    ground: Ground,
    asks: mpsc::UnboundedReceiver<Ask>,
    agenda: Agenda,
    /// A full sweep fell due while a cycle was under way.
    full_waits: bool,
    /// A configuration that waits for the cycle under way to end.
    next: Option<Box<Config>>,
    /// Plans that are to be carried out, one at a time, between two cycles; and who waits for what comes of them.
    plans: VecDeque<(Box<PlanFile>, AppliedReply)>,
}

impl Driver {
    /// Until the engine is stopped, or the ledger cannot be written.
    async fn run(&mut self) -> Exit {
        let mut questions = JoinSet::new();
        loop {
            if let Some(config) = self.next.take() {
                // Whoever still asks the old engine holds its targets, and a folder belongs to one.
                while questions.join_next().await.is_some() {}
                self.replace(&config);
            }
            if let Some((plan, reply)) = self.plans.pop_front() {
                let Equipped { engine, .. } = self.shared.equipped();
                let applying = apply(self.shared.equipped(), plan);
                let outcome = self.beside_questions(&engine, &mut questions, applying).await;
                let exit = tell(&outcome);
                // Whoever waited may have gone away: it was done all the same.
                let _ = reply.send(outcome);
                if let Some(exit) = exit {
                    return exit;
                }
                continue;
            }
            self.pulse.borrow_mut().looked();
            let engine = self.shared.engine();
            let now = self.ground.clock.now();
            let due = self.agenda.due(now, engine.next_due(), self.shared.take_ordered());
            let hurried = engine.take_hurried();
            let full = std::mem::take(&mut self.full_waits).then_some(SweepKind::Full);
            if let Some(sweep) = full.or(due).or(hurried) {
                let order = CycleOrder { sweep, approve: false };
                let began = Instant::now();
                let outcome = self.beside_questions(&engine, &mut questions, engine.cycle(order)).await;
                self.shared.cycles.count(Ended::of(&outcome), began.elapsed());
                if let Some(exit) = tell(&outcome) {
                    return exit;
                }
                let is_listed = engine.last_full_sweep().is_some_and(|began| began >= now);
                if outcome.is_err() && sweep == SweepKind::Full && !is_listed {
                    self.agenda.full_again();
                }
                self.pulse.borrow_mut().tried(self.ground.clock.now());
                self.agenda.ended(self.ground.clock.now(), engine.next_due());
                if service::is_listening() {
                    service::status(&short(&self.shared));
                }
                continue;
            }
            let wait = sleep(self.agenda.sleep(now, engine.next_due()));
            tokio::select! {
                () = self.shared.wake.notified() => {}
                () = wait => {}
                Some(ask) = self.asks.recv() => self.handle(ask, &engine, &mut questions),
                Some(_) = questions.join_next() => {}
            }
            if self.shared.is_stopping() {
                return Exit::Done;
            }
        }
    }

    /// Runs the cycle, answers questions while it waits for the network, and says what falls due meanwhile: a long cycle does
    /// it in between, after a short one it is next.
    async fn beside_questions<T>(
        &mut self,
        engine: &Arc<Engine>,
        questions: &mut JoinSet<()>,
        cycle: impl Future<Output = Result<T, CycleError>>,
    ) -> Result<T, CycleError> {
        let mut cycle = Box::pin(cycle);
        loop {
            tokio::select! {
                outcome = &mut cycle => return outcome,
                () = self.shared.wake.notified() => self.hurry(engine),
                () = sleep(self.agenda.sleep(self.ground.clock.now(), None)) => self.hurry(engine),
                Some(ask) = self.asks.recv() => self.handle(ask, engine, questions),
                Some(_) = questions.join_next() => {}
            }
        }
    }

    fn hurry(&mut self, engine: &Engine) {
        match self.agenda.due(self.ground.clock.now(), None, self.shared.take_ordered()) {
            // A full sweep begins when the cycle under way is over; what cannot wait does not wait for that.
            Some(SweepKind::Full) => {
                self.full_waits = true;
                engine.hurry(SweepKind::Changes);
            }
            Some(sweep) => engine.hurry(sweep),
            None => {}
        }
    }

    fn handle(&mut self, ask: Ask, engine: &Arc<Engine>, questions: &mut JoinSet<()>) {
        let engine = Arc::clone(engine);
        // Whoever asked may have gone away meanwhile; then the answer is for nobody.
        match ask {
            Ask::Resolve(who, reply) => {
                questions.spawn(async move {
                    let _ = reply.send(Box::pin(engine.resolve(&who)).await);
                });
            }
            Ask::Names(who, reply) => {
                let source = self.shared.source();
                questions.spawn(async move {
                    let _ = reply.send(names::ask(&*source, &who).await);
                });
            }
            Ask::Forget(contact, reply) => {
                // Here, since no cycle of this thread is between writing down and sending.
                let _ = reply.send(engine.forget(&contact));
            }
            Ask::Look(contact, reply) => {
                questions.spawn(async move {
                    let _ = reply.send(Box::pin(engine.look(&contact)).await);
                });
            }
            Ask::Plan(contacts, reply) => {
                let engine = self.shared.asking_engine();
                questions.spawn(async move {
                    let _ = reply.send(Box::pin(engine.dry_run(&contacts)).await);
                });
            }
            Ask::Links(order, user, reply) => {
                let engine = self.shared.asking_engine();
                questions.spawn(async move {
                    let _ = reply.send(Box::pin(engine.link_order(order, user)).await);
                });
            }
            Ask::Apply(plan, reply) => self.plans.push_back((plan, reply)),
            Ask::Replace(config) => {
                tracing::info!(
                    code = "reload.accepted",
                    "a new configuration is in force when the cycle under way is over"
                );
                self.next = Some(config);
                engine.wind_up();
            }
        }
    }

    fn replace(&mut self, config: &Config) {
        self.shared.replace(self.ground.equipped(config), config);
        self.agenda.reschedule(self.shared.schedule(), self.shared.engine().last_full_sweep());
        tracing::info!(code = "reload", targets = config.targets.len(), "the new configuration is in force");
    }
}

/// The ledger is the same one all along: what the plan says of it is compared with its lineage.
async fn apply(equipped: Equipped, plan: Box<PlanFile>) -> Result<Applied, CycleError> {
    let lineage = equipped.engine.ledger().lineage().to_owned();
    equipped.apply(&plan, &lineage).await
}

/// One line for a cycle that did not complete; the engine tells of the others. `Some` when the daemon must end.
fn tell<T>(outcome: &Result<T, CycleError>) -> Option<Exit> {
    match outcome {
        Ok(_) => None,
        Err(CycleError::Stopped) => Some(Exit::Done),
        Err(CycleError::Source(error)) => {
            tracing::error!(
                code = "cycle.source",
                kind = error.kind().code(),
                "Lever could not be read: {}; the next poll tries again",
                error.chain()
            );
            None
        }
        Err(CycleError::Ledger(error)) => {
            tracing::error!(
                code = "cycle.ledger",
                "the ledger cannot be used, so nothing is sent any more: {error}"
            );
            ledger_fault(error);
            Some(Exit::CannotWrite)
        }
    }
}

fn short(shared: &Shared) -> String {
    let engine = shared.engine();
    let (Ok(status), Ok(guards), Ok(needs_human)) = (engine.status(), engine.guards(), engine.needs_human())
    else {
        return "the ledger cannot be read".to_owned();
    };
    let facts = report::Facts { status: &status, guards: &guards, needs_human, now: shared.clock.now() };
    let certified =
        status.targets.iter().filter_map(|(name, target)| Some((name, target.certificate.as_ref()?)));
    let certified: String = certified.map(|(name, certificate)| format!("; {name}: {certificate}")).collect();
    facts.verdict().0 + &certified
}

/// Tells the watchdog that this thread runs, and that what is due is done; else it is left to end us.
async fn heartbeat(shared: &Shared, pulse: &RefCell<Pulse>) {
    let Some(every) = service::heartbeat() else { return std::future::pending().await };
    let mut told = None;
    loop {
        let activity = *shared.engine().activity().borrow();
        let stuck = pulse.borrow_mut().stuck(activity, &shared.schedule(), shared.clock.now());
        match stuck {
            None => service::alive(),
            Some(why) if told != Some(why) => {
                tracing::error!(code = "watchdog", "{why}: the watchdog is left to start hiresync again");
            }
            Some(_) => {}
        }
        told = stuck;
        sleep(every).await;
    }
}
