//! One seed from its first day to its last.

use std::{
    collections::BTreeSet,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
    time::Duration,
};

use adapter_sdk::{ErrorKind, TaskKind};
use engine::{About, CycleError, CycleOrder, CycleReport, Hint, SweepKind};
use ledger::TargetHealth;
use people::ContactId;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sandbox::Millis;
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    daemon::{Daemon, Ended, ROSTER, TENANT},
    oracle::{Columns, Violation, holds},
    plain::PLAIN,
    plan::{
        DAY, FULL_SWEEP_AT, HOUR, IDLE_AGAIN_FROM, IDLE_FROM, POLL, Plan, QUIET_FROM, RIGHT_BY, Stream,
        TOLD_BY, dice,
    },
    records::{Reasons, Records},
    world::{Counts, Shared, World, when},
};

/// How often one call is made at most, in one cycle.
const ATTEMPTS: u64 = 3;
/// Requests of a cycle that reads everybody: by itself, and for each opportunity, with the pages they are listed on.
const OF_A_CYCLE: u64 = 40;
const OF_AN_OPPORTUNITY: u64 = 6;
/// How long an impatient human waits for an answer that was lost.
const IMPATIENT_AFTER: Millis = 70_000;
/// How often one contact is asked for in a cycle: in each round, and whenever it was edited meanwhile.
const OF_A_CONTACT: u64 = 30;
/// Of how many people a report says what the ledger has.
const PEOPLE_SHOWN: usize = 8;
/// A cycle that takes longer does not end.
const CYCLE_MAX: Duration = Duration::from_secs(6 * 3600);

/// A seed that was told to its end.
pub struct Story {
    pub counts: Counts,
    /// All requests and the final file, in a number.
    pub trace: u64,
}

/// Plays one plan. `Err` is a report for whoever has to find out why, with the last so many lines of what happened.
pub fn tell(plan: &Plan, lines: usize) -> Result<Story, String> {
    let (seed, days) = (plan.seed, plan.days);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime needs nothing").block_on(async {
        let world = Arc::new(Mutex::new(World::new(plan)));
        let mut telling = Telling::new(plan, &world);
        // On the heap: a cycle is a large future.
        let outcome = Box::pin(telling.all_days()).await;
        // A process that is not there is started to be asked, and looks at the clock.
        let _ = telling.daemon.engine();
        let mut world = world.lock().unwrap();
        match outcome {
            Ok(()) => {
                let rows = world.oracle.rows() as u64;
                world.counts.add("rows", rows);
                Ok(Story { counts: world.counts.clone(), trace: telling.trace(&world) })
            }
            Err(Violation(sentence)) => Err(format!(
                "seed {seed}, {}: this does not hold: {sentence}\n  {:?}\n  what happened last:\n{}{}  replay: HIRESYNC_SIM_SEED={seed} HIRESYNC_SIM_DAYS={days} cargo test -p scenarios simulation::on_\n",
                when(world.elapsed()),
                plan.setup,
                world.told(lines),
                remembered(&mut telling.daemon, &world.oracle.named_in(&sentence)),
            )),
        }
    })
}

/// What the ledger says of these contacts; where nobody is named, of all whom it knows, if they are few.
fn remembered(daemon: &mut Daemon, named: &BTreeSet<String>) -> String {
    let mut contacts: BTreeSet<ContactId> =
        named.iter().map(|id| id.parse().expect("Lever's ids are ids")).collect();
    if contacts.is_empty() {
        let people = daemon.engine().people().unwrap_or_default();
        contacts = people.into_iter().map(|line| line.contact).collect();
    }
    let ledger = daemon.engine().ledger();
    let mut text = String::new();
    for contact in contacts.iter().take(PEOPLE_SHOWN) {
        for target in [ROSTER, TENANT, PLAIN] {
            let standing = ledger.standing(&target.parse().expect("a name"), contact);
            text += &format!("  {contact}, {target}: {standing:?}\n");
        }
        for event in ledger.history(contact).unwrap_or_default() {
            text += &format!("    {} {:?} {:?}\n", event.at, event.outcome, event.fields);
        }
    }
    text
}

/// A story being told.
struct Telling<'p> {
    plan: &'p Plan,
    world: Shared,
    daemon: Daemon,
    humans: ChaCha8Rng,
    began: Instant,
    /// The day of the last full sweep in the evening that completed.
    swept_on: Option<u64>,
    /// Webhooks on their way.
    late: Vec<String>,
    /// What Cezanne held when somebody last looked.
    records: Records,
    /// A human ordered something since the last poll.
    intervened: bool,
    /// Cycles since the faults ceased, until all agreed.
    settling: Option<u32>,
    unasked: Unasked,
}

/// Who was marked when the last cycle began, less whom it asked for.
#[derive(Default)]
struct Unasked {
    began: Millis,
    contacts: BTreeSet<ContactId>,
}

impl<'p> Telling<'p> {
    fn new(plan: &'p Plan, world: &Shared) -> Self {
        let daemon = Daemon::new(plan, world);
        let humans = dice(plan.seed, Stream::Humans);
        Telling {
            plan,
            world: Arc::clone(world),
            daemon,
            humans,
            began: Instant::now(),
            swept_on: None,
            late: Vec::new(),
            records: Records::default(),
            intervened: false,
            settling: None,
            unasked: Unasked::default(),
        }
    }

    async fn all_days(&mut self) -> Result<(), Violation> {
        while self.elapsed() < self.plan.days * DAY {
            let at = self.elapsed();
            self.world.lock().unwrap().catch_up();
            if at % DAY < QUIET_FROM {
                self.take_webhooks().await?;
            }
            self.clone_machine();
            let poll_again = self.poll(at).await?;
            if !poll_again {
                let every =
                    if self.plan.setup.is_quiet(self.elapsed()) { POLL } else { self.plan.setup.poll };
                let next = (self.elapsed() / every + 1) * every;
                sleep_until(self.began + Duration::from_millis(self.ordered().unwrap_or(next).min(next)))
                    .await;
            }
        }
        Ok(())
    }

    /// When somebody who saw that a call got no answer orders the next poll.
    fn ordered(&self) -> Option<Millis> {
        let unanswered = self.daemon.plain.as_ref()?.take_unanswered();
        (self.plan.setup.impatient && unanswered > 0).then(|| self.elapsed() + IMPATIENT_AFTER)
    }

    /// One cycle and what is to be said of it. True when the daemon died and was started again: it begins with a cycle.
    async fn poll(&mut self, at: Millis) -> Result<bool, Violation> {
        let time = at % DAY;
        let quiet = self.plan.setup.is_quiet(at);
        let evening = time >= FULL_SWEEP_AT && self.swept_on != Some(at / DAY);
        // Now and then a human asks for a full sweep, or approves beforehand.
        let full = evening || (!quiet && self.humans.random_ratio(1, 60));
        let order = CycleOrder {
            sweep: if full { SweepKind::Full } else { SweepKind::Changes },
            approve: self.humans.random_ratio(1, 20),
        };
        let crash = if quiet { None } else { self.daemon.draw_crash() };
        if full && !quiet && self.humans.random_ratio(1, 2) {
            // A poll falls due while the full sweep is under way.
            self.daemon.engine().hurry(SweepKind::Changes);
        }
        self.nobody_is_passed_over()?;
        let at_rest = !std::mem::take(&mut self.intervened) && quiet && self.is_at_rest()?;
        let before = self.figures();
        let stamp = self.world.lock().unwrap().oracle.stamp();
        let ended = tokio::time::timeout(CYCLE_MAX, Box::pin(self.daemon.cycle(order, crash))).await;
        let ended = ended.map_err(|_| Violation("a cycle comes to an end".to_owned()))?;
        self.safe(at)?;
        self.comes_to_an_end(&before)?;
        let report = match ended {
            Ended::Crashed { delivering } => {
                self.count_crash(delivering);
                sleep(Duration::from_millis(self.humans.random_range(1_500..20_000))).await;
                return Ok(true);
            }
            Ended::Refused { said } => {
                self.refused(said)?;
                sleep(Duration::from_millis(self.humans.random_range(1_500..600_000))).await;
                return Ok(true);
            }
            Ended::Done(outcome) => self.told(*outcome)?,
        };
        if report.is_some() && evening {
            self.swept_on = Some(at / DAY);
        }
        self.approve(quiet)?;
        if quiet {
            self.retry()?;
        }
        self.daemon_is_restarted_in_good_order(quiet);
        if let Some(report) = report {
            if !quiet {
                self.settling = Some(0);
                return Ok(false);
            }
            self.settles()?;
            let is_idle = (IDLE_FROM..TOLD_BY).contains(&time) || time >= IDLE_AGAIN_FROM;
            if is_idle && at_rest {
                self.idle(&report, &before)?;
                let same = stamp == self.world.lock().unwrap().oracle.stamp();
                holds!(same, "an idle cycle leaves the file untouched");
            }
        } else {
            holds!(!quiet || time < QUIET_FROM + HOUR, "a cycle of a quiet hour completes");
        }
        if !quiet {
            return Ok(false);
        }
        if self.plan.setup.roster && (TOLD_BY..TOLD_BY + POLL).contains(&time) && self.is_told_everything() {
            self.world.lock().unwrap().oracle.is_right(Columns::Told)?;
        }
        if time >= RIGHT_BY {
            if self.plan.setup.roster {
                self.world.lock().unwrap().oracle.is_right(Columns::All)?;
            }
            self.nothing_is_owed()?;
        }
        Ok(false)
    }

    /// Once the faults have ceased, the file says with the second cycle what Lever says; later only where somebody is still
    /// looked for, or waits for the pause after a refusal to end.
    fn settles(&mut self) -> Result<(), Violation> {
        let is_told = self.plan.setup.roster && self.is_told_everything();
        let Some(cycles) = self.settling.filter(|_| is_told).map(|cycles| cycles + 1) else { return Ok(()) };
        let people = self.daemon.engine().people();
        let people = people.map_err(|error| Violation(format!("the ledger can be read: {error}")))?;
        let mut world = self.world.lock().unwrap();
        let right = world.oracle.is_right(Columns::Told);
        let now = world.our_time();
        let waits = |line: &&engine::PersonLine| {
            line.target.as_str() == ROSTER
                && (line.state == "sent" || line.next_at.is_some_and(|at| at > now))
        };
        self.settling = match right {
            Ok(()) => {
                world.counts.count(&format!("evenings that agreed with cycle {cycles}"));
                None
            }
            // What waited for a human goes out with the next cycle.
            Err(_) if self.intervened => Some(0),
            Err(Violation(what)) => {
                holds!(
                    cycles < 2 || people.iter().any(|line| waits(&line)),
                    "two cycles after the faults ceased all agree, or somebody is looked for: {what}"
                );
                Some(cycles)
            }
        };
        Ok(())
    }

    fn told(&mut self, outcome: Result<CycleReport, CycleError>) -> Result<Option<CycleReport>, Violation> {
        let mut world = self.world.lock().unwrap();
        world.counts.count("cycles");
        match outcome {
            Ok(report) => {
                if report.guard.is_some() {
                    world.counts.count("guard trips");
                }
                let done = &report.delivered;
                if report.read > 0 {
                    world.tell(&format!(
                        "cycle {}: full {}, {} seen, {} read, {} failed, {} created, {} updated, {} unchanged, {} retried, {} unknown, guard {}",
                        report.cycle, report.full, report.seen, report.read, report.failed, done.created, done.updated,
                        done.unchanged, done.retried, done.unknown, report.guard.is_some(),
                    ));
                }
                let is_usable = report.unusable.iter().all(|target| target.as_str() != ROSTER);
                holds!(is_usable, "the export folder can be used");
                if let Some(plain) = self.daemon.plain.clone() {
                    let name = PLAIN.parse().expect("it is a name");
                    let health = self.daemon.engine().ledger().target(&name).expect("it can be read").health;
                    // To a daemon that starts right after the first deliveries it looks empty, for its lists are behind.
                    let looks_empty =
                        matches!(health, TargetHealth::Quarantined { kind: ErrorKind::ConfigInvalid, .. });
                    plain.is_open(looks_empty || !report.unusable.contains(&name))?;
                }
                Ok(Some(report))
            }
            Err(CycleError::Source(error)) => {
                world.counts.count("cycles without Lever");
                world.tell(&format!("no cycle: {}", error.chain()));
                Ok(None)
            }
            Err(error) => Err(Violation(format!("the ledger can be used: {error}"))),
        }
    }

    // --- what must hold

    /// What holds after each cycle and each crash. What was written in it was read after `began`.
    fn safe(&mut self, began: Millis) -> Result<(), Violation> {
        let wrote =
            self.world.lock().unwrap().tenant.as_ref().is_some_and(|tenant| self.records.is_news(tenant));
        if wrote {
            self.hear_tasks()?;
        }
        let mut world = self.world.lock().unwrap();
        let world = &mut *world;
        if self.plan.setup.roster {
            world.oracle.look(&self.daemon.export, began)?;
        }
        if let Some(tenant) = &mut world.tenant {
            self.records.look(tenant, &world.oracle, began, world.forgot_at)?;
            // Two daemons do not look for each other.
            let blind = tenant.take_blind().filter(|_| !world.was_cloned);
            holds!(blind.is_none(), "nothing is written without a look: {}", blind.unwrap_or_default());
        }
        if let Some(plain) = &self.daemon.plain {
            plain.are_once()?;
            plain.is_patient()?;
        }
        let figures = world.lever.figures();
        let most = figures.most_in_a_second;
        // Two daemons know nothing of each other's pace.
        let few = most <= 10 || world.was_cloned;
        holds!(few, "never more than 10 requests in any rolling second: there were {most}");
        let writes = figures.writes - world.hooks;
        holds!(writes == 0, "nothing is ever written to Lever");
        Ok(())
    }

    /// However much fails, a cycle asks about everything a few times at most, and leaves the rest to the next one.
    fn comes_to_an_end(&mut self, before: &Figures) -> Result<(), Violation> {
        let requests = self.figures().requests - before.requests;
        let opportunities = self.world.lock().unwrap().lever.opportunities().len() as u64;
        let most = ATTEMPTS * (OF_A_CYCLE + OF_AN_OPPORTUNITY * opportunities);
        holds!(requests <= most, "a cycle asks for nothing without end: {requests} requests, at most {most}");
        let asked_for = std::mem::take(&mut self.world.lock().unwrap().asked_for);
        self.unasked.contacts.retain(|contact| !asked_for.contains_key(contact.as_str()));
        let often = asked_for.into_iter().find(|(_, times)| *times > ATTEMPTS * OF_A_CONTACT);
        holds!(often.is_none(), "a cycle asks for nobody without end: {often:?}");
        Ok(())
    }

    /// Whoever was marked when the last cycle began, and was not asked for in it, is marked when the next one begins: also where the
    /// daemon died between, unless its ledger was lost with it.
    fn nobody_is_passed_over(&mut self) -> Result<(), Violation> {
        let marked = self.daemon.engine().ledger().marked(None, usize::MAX);
        let marked = marked.map_err(|error| Violation(format!("the ledger can be read: {error}")))?;
        let contacts = marked.into_iter().map(|(contact, _)| contact).collect();
        let unasked = Unasked { began: self.elapsed(), contacts };
        let before = std::mem::replace(&mut self.unasked, unasked);
        let world = self.world.lock().unwrap();
        let is_lost = world.forgot_at.is_some_and(|at| at >= before.began);
        // A webhook is heard between two polls.
        let is_asked_for = |contact: &&ContactId| world.asked_for.contains_key(contact.as_str());
        let mut unmarked = before.contacts.difference(&self.unasked.contacts);
        let passed_over = unmarked.find(|contact| !is_lost && !is_asked_for(contact));
        holds!(passed_over.is_none(), "a mark is taken off nobody who was not asked for: {passed_over:?}");
        Ok(())
    }

    /// Whether nothing is waited for that may take hours: what was refused is tried again, who may be there is looked for, and a posting
    /// is read once a day.
    fn is_at_rest(&mut self) -> Result<bool, Violation> {
        let changed_at = self.world.lock().unwrap().posting_changed_at;
        if changed_at.is_some_and(|at| self.elapsed() < at + DAY + HOUR) {
            return Ok(false);
        }
        let people = self.daemon.engine().people();
        let people = people.map_err(|error| Violation(format!("the ledger can be read: {error}")))?;
        let is_at_rest = |line: &engine::PersonLine| match line.target.as_str() {
            TENANT => line.state == "agreed",
            PLAIN => matches!(line.state.as_str(), "agreed" | "held"),
            _ => true,
        };
        Ok(people.iter().all(is_at_rest))
    }

    /// What HR was asked to look at, in Cezanne. It is remembered, though the ledger may be lost.
    fn hear_tasks(&mut self) -> Result<(), Violation> {
        let tasks = self.daemon.engine().ledger().tasks();
        let tasks = tasks.map_err(|error| Violation(format!("the ledger can be read: {error}")))?;
        let about = tasks.into_iter().filter(|task| {
            matches!(task.kind, TaskKind::PossibleDuplicate | TaskKind::Disagreement | TaskKind::Review)
        });
        self.records.asked.extend(about.map(|task| task.contact.to_string()));
        Ok(())
    }

    fn idle(&mut self, report: &CycleReport, before: &Figures) -> Result<(), Violation> {
        let after = self.figures();
        let requests = after.requests - before.requests;
        // Once a day the two lists of archive reasons are read again.
        let reasons = after.reasons - before.reasons;
        let again = self.world.lock().unwrap().looked_at_again();
        let few = requests - reasons <= 3 + again && (requests <= 3 + again || reasons > 0);
        holds!(
            few,
            "an idle cycle makes at most 3 requests: this one made {requests}, {reasons} of them for archive reasons, and {again} may look at recent hires again"
        );
        holds!(
            report.delivered == engine::Delivered::default(),
            "an idle cycle delivers nothing: {:?}",
            report.delivered
        );
        self.world.lock().unwrap().counts.count("idle cycles");
        Ok(())
    }

    fn nothing_is_owed(&mut self) -> Result<(), Violation> {
        let failed = |error: &dyn std::fmt::Display| Violation(format!("the ledger can be read: {error}"));
        let status = self.daemon.engine().status().map_err(|error| failed(&error))?;
        let people = self.daemon.engine().people().map_err(|error| failed(&error))?;
        holds!(status.marked == 0, "when everything is settled nobody is marked: {} are", status.marked);
        let now = self.world.lock().unwrap().our_time();
        for (target, status) in &status.targets {
            let (counts, unexplained) = (status.counts, status.unexplained);
            holds!(unexplained == 0, "every person in the ledger is explained: {unexplained} are not");
            // What HR did in Cezanne may need a human, and what Cezanne refused often waits for long: then there is a reason, which is
            // looked at below.
            let is_owing = |line: &&engine::PersonLine| {
                let is_stopped = matches!(line.state.as_str(), "held" | "parked");
                let waits = line.state == "waiting" && line.next_at.is_some_and(|at| at > now);
                line.target == *target
                    && line.state != "agreed"
                    && match target.as_str() {
                        TENANT => !(is_stopped || waits),
                        PLAIN => !(line.state == "held" || waits),
                        _ => true,
                    }
            };
            let owing: Vec<_> = people.iter().filter(is_owing).collect();
            holds!(owing.is_empty(), "when everything is settled nothing is owed: {counts:?} {owing:?}");
        }
        self.hear_tasks()?;
        let reasons = self.reasons()?;
        let at = self.elapsed();
        let mut world = self.world.lock().unwrap();
        for reason in reasons.values() {
            world.counts.count(&format!("settled as {reason}"));
        }
        if let Some(plain) = &self.daemon.plain {
            let waits = |line: &&engine::PersonLine| line.target.as_str() == PLAIN && line.state != "agreed";
            let waiting = people.iter().filter(waits).map(|line| line.contact.to_string()).collect();
            plain.are_all(&world.oracle, &waiting)?;
        }
        let exact = world.forgot_at.is_none();
        match &world.tenant {
            Some(tenant) => self.records.are_right(tenant, &world.oracle, &reasons, exact, at),
            None => Ok(()),
        }
    }

    /// Why somebody is not as they should be in Cezanne.
    fn reasons(&mut self) -> Result<Reasons, Violation> {
        let failed = |error: &dyn std::fmt::Display| Violation(format!("the ledger can be read: {error}"));
        let engine = self.daemon.engine();
        let mut reasons = Reasons::new();
        for line in engine.people().map_err(|error| failed(&error))? {
            if line.target.as_str() != TENANT || line.state == "agreed" {
                continue;
            }
            let explained = engine.explain(&line.contact).map_err(|error| failed(&error))?;
            let code = explained.targets.into_iter().find(|told| told.target == line.target);
            reasons.insert(line.contact.to_string(), code.map(|told| told.code).unwrap_or_default());
        }
        Ok(reasons)
    }

    /// Whether Lever said nothing that was not so; else only a full sweep finds what it kept back.
    fn is_told_everything(&self) -> bool {
        self.plan.setup.tells_everything()
    }

    // --- what else happens

    /// A human approves what the guards hold: soon in the evening, sometime during the day.
    fn approve(&mut self, quiet: bool) -> Result<(), Violation> {
        if self.plan.setup.guards.creates_per_cycle_max > 1_000 || !(quiet || self.humans.random_ratio(1, 4))
        {
            return Ok(());
        }
        let engine = self.daemon.engine();
        let trips = engine.guards().map_err(|error| Violation(format!("the ledger can be read: {error}")))?;
        for trip in trips {
            let approved = engine.approve(trip.cycle, 0);
            approved.map_err(|error| Violation(format!("a guard can be approved: {error}")))?;
            self.intervened = true;
            self.world.lock().unwrap().tell(&format!("a human approved cycle {}", trip.cycle));
        }
        Ok(())
    }

    /// In the evening a human looks at what is held or parked for another reason, and orders it to be tried again.
    fn retry(&mut self) -> Result<(), Violation> {
        let engine = self.daemon.engine();
        let people =
            engine.people().map_err(|error| Violation(format!("the ledger can be read: {error}")))?;
        for line in people.iter().filter(|line| matches!(line.state.as_str(), "held" | "parked")) {
            if self.says_that_it_is_old(&line.contact)? || self.leaves_it_to_hr(&line.contact)? {
                continue;
            }
            let engine = self.daemon.engine();
            let retried = engine
                .retry(&line.contact, 0)
                .map_err(|error| Violation(format!("a contact can be retried: {error}")))?;
            let mut world = self.world.lock().unwrap();
            self.intervened = true;
            world.counts.add("retries ordered by a human", retried as u64);
            world.tell(&format!("a human ordered a retry of {}", line.contact));
        }
        Ok(())
    }

    /// Whether only HR can say what is to be done: somebody was deleted, or may be somebody else. Whose address is only shared is
    /// ordered to be entered.
    fn leaves_it_to_hr(&mut self, contact: &ContactId) -> Result<bool, Violation> {
        let failed = |error: &dyn std::fmt::Display| Violation(format!("the ledger can be read: {error}"));
        let explained = self.daemon.engine().explain(contact).map_err(|error| failed(&error))?;
        let mut world = self.world.lock().unwrap();
        let world = &mut *world;
        let is_unclear =
            |told: &engine::TargetExplanation| told.target.as_str() == PLAIN && told.code == "held.ambiguous";
        if explained.targets.iter().any(is_unclear) {
            // Profiles with a record each were merged while an outcome was unknown: which record is to be kept, only HR can say.
            return Ok(true);
        }
        let Some(tenant) = &mut world.tenant else { return Ok(false) };
        let told = explained.targets.iter().find(|told| told.target.as_str() == TENANT);
        let asks = match told.map(|told| told.code.as_str()) {
            Some(
                "held.record_gone" | "parked.conflict" | "held.unlinked" | "held.rehire" | "held.missing",
            ) => true,
            Some("held.ambiguous") => Records::is_known(tenant, &world.oracle, contact.as_str()),
            _ => false,
        };
        if !asks && told.is_some_and(|told| told.code == "held.ambiguous") {
            tenant.hr.ordered.insert(contact.to_string());
            world.counts.count("people entered by order, beside others with their address");
        }
        Ok(asks)
    }

    /// A human who is asked whether a hire is old says yes: only old ones are archived again here.
    fn says_that_it_is_old(&mut self, contact: &ContactId) -> Result<bool, Violation> {
        let failed = |error: &dyn std::fmt::Display| Violation(format!("the ledger can be read: {error}"));
        let engine = self.daemon.engine();
        let explained = engine.explain(contact).map_err(|error| failed(&error))?;
        if !explained.targets.iter().any(|target| target.code == "held.hire_date") {
            return Ok(false);
        }
        let tasks = engine.ledger().tasks().map_err(|error| failed(&error))?;
        for task in tasks.iter().filter(|task| task.contact == *contact && task.kind == TaskKind::Review) {
            engine.task_done(&task.id, 0).map_err(|error| failed(&error))?;
        }
        let mut world = self.world.lock().unwrap();
        self.intervened = true;
        world.counts.count("old hires told from new ones by a human");
        world.tell(&format!("a human said that the hire of {contact} is old"));
        Ok(true)
    }

    /// What Lever sends by itself, as far as it arrives: some of it not at all, some twice, some late, in any order. Whoever is
    /// hinted at is read at once, or with the next poll.
    async fn take_webhooks(&mut self) -> Result<(), Violation> {
        let sent = self.world.lock().unwrap().webhooks();
        self.late.extend(sent);
        let mut hinted = false;
        for at in (0..self.late.len()).rev() {
            if self.humans.random_ratio(1, 4) {
                continue;
            }
            let twice = self.humans.random_ratio(1, 5);
            let lost = self.humans.random_ratio(1, 5);
            let body = if twice { self.late[at].clone() } else { self.late.swap_remove(at) };
            if lost {
                continue;
            }
            let tokens = self.world.lock().unwrap().signature_tokens();
            let delivery = lever::webhook::read(body.as_bytes(), &tokens)
                .map_err(|refusal| Violation(format!("what Lever signs is let in: {refusal}")))?;
            let about = match delivery.event.kind {
                lever::webhook::Kind::CandidateHired => About::Anybody,
                _ => About::Known,
            };
            let hint =
                Hint { contact: delivery.event.contact, opportunity: delivery.event.opportunity, about };
            let marked = self.daemon.engine().hint(&hint);
            hinted |=
                marked.map_err(|error| Violation(format!("a hint can be written down: {error}")))?.is_some();
            self.world.lock().unwrap().counts.count("webhooks");
        }
        if hinted && self.humans.random_ratio(2, 3) {
            let began = self.elapsed();
            let crash = self.daemon.draw_crash();
            let order = CycleOrder { sweep: SweepKind::Skip, approve: false };
            let ended = tokio::time::timeout(CYCLE_MAX, Box::pin(self.daemon.cycle(order, crash))).await;
            match ended.map_err(|_| Violation("a cycle comes to an end".to_owned()))? {
                Ended::Crashed { delivering } => self.count_crash(delivering),
                Ended::Refused { said } => self.refused(said)?,
                Ended::Done(outcome) => drop(self.told(*outcome)?),
            }
            self.safe(began)?;
        }
        Ok(())
    }

    fn daemon_is_restarted_in_good_order(&mut self, quiet: bool) {
        if !quiet && self.humans.random_ratio(1, 100) {
            self.daemon.stop();
            self.world.lock().unwrap().tell("the daemon was stopped and started");
        }
    }

    /// The disk refused a step: whoever wrote it says so, and nothing is sent any more until it is started again.
    fn refused(&mut self, said: bool) -> Result<(), Violation> {
        self.world.lock().unwrap().counts.count("steps refused by the disk");
        holds!(said, "a cycle whose step the disk refused says so");
        Ok(())
    }

    fn clone_machine(&mut self) {
        let until = self.world.lock().unwrap().cloned_until;
        let runs = until.is_some_and(|until| self.elapsed() < until);
        self.daemon.clone_machine(runs);
    }

    fn count_crash(&mut self, delivering: bool) {
        let mut world = self.world.lock().unwrap();
        world.counts.count("crashes");
        if delivering {
            world.counts.count("crashes while a delivery was under way");
        }
    }

    // --- small things

    fn elapsed(&self) -> Millis {
        self.world.lock().unwrap().elapsed()
    }

    fn figures(&self) -> Figures {
        let world = self.world.lock().unwrap();
        let figures = world.lever.figures();
        Figures { requests: figures.requests, reasons: figures.of_endpoint("/archive_reasons") }
    }

    fn trace(&self, world: &World) -> u64 {
        let mut trace = DefaultHasher::new();
        world.trace().hash(&mut trace);
        for file in
            [world.oracle.roster(&self.daemon.export), self.daemon.export.join("roster.manifest.json")]
        {
            fs::read(file).ok().hash(&mut trace);
        }
        if let Some(tenant) = &world.tenant {
            format!("{:?} {:?}", tenant.cezanne.people(), tenant.cezanne.employments()).hash(&mut trace);
        }
        trace.finish()
    }
}

/// What the pretend Lever counted.
struct Figures {
    requests: u64,
    reasons: u64,
}
