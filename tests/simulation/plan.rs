//! What a seed decides before anything runs: how the account and the daemon are set up, which families of events and
//! faults happen and how often, and when. Pure.
//!
//! Each concern draws from a stream of its own, so that one more draw in one of them shifts nothing in another.

use std::time::Duration;

use chrono::NaiveDate;
use engine::Guards;
use people::{Date, Zone};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sandbox::{HiredReasons, Millis, cezanne::Variant};

pub const MINUTE: Millis = 60_000;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// How often the daemon asks who changed in a quiet evening; during the day, the setup says.
pub const POLL: Millis = 15 * MINUTE;
/// From here to midnight nothing happens and, in a [quiet evening](Setup::is_quiet), nothing fails.
pub const QUIET_FROM: Millis = 20 * HOUR;
/// By now nothing is owed any more, and an idle cycle is an idle cycle.
pub const IDLE_FROM: Millis = 21 * HOUR + 30 * MINUTE;
/// By now everything is there that Lever said by itself.
pub const TOLD_BY: Millis = 22 * HOUR + 15 * MINUTE;
/// The daily full sweep, which finds the rest.
pub const FULL_SWEEP_AT: Millis = 22 * HOUR + 30 * MINUTE;
/// By now nothing is owed after the full sweep either.
pub const IDLE_AGAIN_FROM: Millis = 23 * HOUR + 15 * MINUTE;
/// By now the file holds exactly the hires, each once, with today's values.
pub const RIGHT_BY: Millis = 23 * HOUR + 45 * MINUTE;

/// From this seed on, three worlds of four are small: few people, so that much happens to each, and a day costs less. Those before are
/// CI's, and of the size in which every counter is reached in few.
const SMALL_FROM: u64 = 10_000;

fn is_small(seed: u64) -> bool {
    seed >= SMALL_FROM && !seed.is_multiple_of(4)
}

/// A source of random draws: who draws from it is its name.
#[derive(Debug, Clone, Copy)]
pub enum Stream {
    Setup,
    Recruiters,
    Faults,
    Crashes,
    Network,
    Humans,
    Shifts,
    Targets,
    Staff,
    TenantFaults,
    Host,
    Relatives,
    Plain,
    Races,
    Impatience,
}

/// The draws of one concern.
pub fn dice(seed: u64, stream: Stream) -> ChaCha8Rng {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(1 + stream as u64);
    dice
}

/// Everything a seed decides.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub days: u64,
    pub setup: Setup,
    /// What happens, in order of its time.
    pub timeline: Vec<Happening>,
}

/// How the account, the network and the daemon are.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Lever's time when the simulation begins: a midnight, UTC.
    pub starts_at: Millis,
    /// Opportunities in the account at the beginning.
    pub population: usize,
    pub hires_touch_updated_at: bool,
    pub hired_reasons: HiredReasons,
    pub page_size_max: usize,
    pub confidential: bool,
    pub hired_since: Date,
    pub zone: Zone,
    pub format: &'static str,
    pub guards: Guards,
    pub ledger: LedgerKind,
    /// Our clock less Lever's.
    pub skew_ms: i64,
    /// Of an answer; the way there is short, or the network would bunch up what was sent evenly.
    pub latency_max: Duration,
    /// Of a look at the target, or a write.
    pub disk_max: Duration,
    /// Of a thousand cycles, so many are cut off.
    pub crashes_per_mille: u32,
    /// Of a hundred crashes, so many cost the ledger.
    pub losses_percent: u32,
    /// Of a hundred pages that are not the last, so many are followed by an edit before the next.
    pub shifts_percent: u32,
    /// Whether Lever may say what is not so: an empty list, a garbled record, an index that lags behind for long.
    pub lies: bool,
    /// Whether Lever's webhooks are set up.
    pub webhooks: bool,
    /// How often the daemon asks who changed during the day.
    pub poll: Millis,
    /// Each so many days ends in a quiet evening; and so does the last.
    pub quiet_every: u64,
    pub days: u64,
    /// Who is told.
    pub roster: bool,
    pub tenant: Option<Tenant>,
    /// Whether there is a target that knows no key. Only where no ledger is lost: nobody could tell it from one that saw nothing.
    pub plain: bool,
    /// Of a hundred losses of the ledger, so many are the whole machine, put back to an earlier day.
    pub rollbacks_percent: u32,
    /// Whether recruiters edit whom the daemon has just read, before it sends what it read.
    pub races: bool,
    /// Whether nothing is wrong with Lever but its index, which is behind all day.
    pub lags: bool,
    /// Whether whoever sees that a call got no answer orders a poll a minute later.
    pub impatient: bool,
}

/// How the tenant of Cezanne is. Nobody knows which of these a real one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub variant: Variant,
    pub etags: bool,
    pub is_open_ended_null: bool,
    pub duplicate_status: u16,
    pub rule_status: u16,
    pub communications_appear: bool,
    /// How far its lists are behind, in a bad hour.
    pub lag_ms: Millis,
    pub staff: usize,
}

/// Where the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    Memory,
    Sled,
}

/// Something that happens by itself.
#[derive(Debug, Clone)]
pub struct Happening {
    /// Since the beginning.
    pub at: Millis,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// Recruiters do something; the number decides to whom.
    Recruit(Recruiting, u64),
    /// From now on Lever fails like this, and like nothing before.
    Fault { family: &'static str, spec: String },
    /// Lever cannot be reached at all.
    Outage { lasts: Millis },
    /// Our wall clock is set.
    Jump { by_ms: i64 },
    /// HR does something in Cezanne; the number decides to whom.
    Staff(Staffing, u64),
    /// From now on Cezanne fails like this, and like nothing before.
    TenantFault { family: &'static str, spec: String },
    /// The machine is cloned, and both run for so long.
    Clone { lasts: Millis },
    /// Nothing fails any more.
    Calm,
}

/// What recruiters, candidates and admins do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recruiting {
    Apply,
    Advance,
    Reject,
    Hire,
    HireAgain,
    HireTwiceAtOnce,
    Unhire,
    Rehire,
    ArchiveAgain,
    ArchiveOldAgain,
    Rename,
    EditEmails,
    EditPhones,
    WriteOffer,
    DecideOffer,
    MoveStartDate,
    FillForm,
    ChangePosting,
    Merge,
    Anonymise,
    Delete,
    Hide,
    Show,
    Split,
}

const RECRUITING: [(Recruiting, usize); 24] = [
    (Recruiting::Apply, 4),
    (Recruiting::Advance, 5),
    (Recruiting::Reject, 2),
    (Recruiting::Hire, 8),
    (Recruiting::HireAgain, 3),
    (Recruiting::HireTwiceAtOnce, 1),
    (Recruiting::Unhire, 3),
    (Recruiting::Rehire, 3),
    (Recruiting::ArchiveAgain, 1),
    (Recruiting::ArchiveOldAgain, 1),
    (Recruiting::Rename, 4),
    (Recruiting::EditEmails, 3),
    (Recruiting::EditPhones, 3),
    (Recruiting::WriteOffer, 3),
    (Recruiting::DecideOffer, 4),
    (Recruiting::MoveStartDate, 3),
    (Recruiting::FillForm, 2),
    (Recruiting::ChangePosting, 2),
    (Recruiting::Merge, 3),
    (Recruiting::Anonymise, 2),
    (Recruiting::Delete, 2),
    (Recruiting::Hide, 1),
    (Recruiting::Show, 2),
    (Recruiting::Split, 1),
];

/// What HR and the admins of Cezanne do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staffing {
    /// Corrects a name, a date of birth, a number or an address.
    Correct,
    Delete,
    Hide,
    Renumber,
    /// Enters somebody by hand who is known to Lever, or will be.
    EnterByHand,
    /// Enters somebody else, at the address of somebody who may be hired one day.
    EnterRelative,
    CloseCompany,
    RenameGender,
    ForbidWrites,
    ExpireUser,
    RevokeTokens,
    FallBehind,
}

pub const STAFFING: [(Staffing, usize); 11] = [
    (Staffing::Correct, 8),
    (Staffing::Delete, 2),
    (Staffing::Hide, 1),
    (Staffing::Renumber, 1),
    (Staffing::EnterByHand, 2),
    (Staffing::CloseCompany, 1),
    (Staffing::RenameGender, 1),
    (Staffing::ForbidWrites, 1),
    (Staffing::ExpireUser, 1),
    (Staffing::RevokeTokens, 3),
    (Staffing::FallBehind, 3),
];

/// Families of faults of Cezanne.
pub const TENANT_FAULTS: [&str; 14] = [
    "refused", "after", "429", "503", "close", "lost", "stuck", "hang", "login", "html", "half", "bare",
    "soft", "token",
];

/// Families of faults. Those of [`LIES`] only where the setup allows it.
pub const FAULTS: [&str; 18] = [
    "429",
    "5xx",
    "html",
    "half",
    "cut",
    "close",
    "lost",
    "hang",
    "slow",
    "nonext",
    "offset",
    "huge",
    "redirect",
    "401",
    "403 on offers",
    "5xx on offers",
    "late",
    "unsent",
];
pub const LIES: [&str; 4] = ["empty", "garbled", "garbled reasons", "very late"];

impl Plan {
    pub fn draw(seed: u64, days: u64) -> Plan {
        let setup = Setup::draw(seed, days);
        let evenings = (0..days).map(|day| day * DAY + QUIET_FROM).filter(|at| setup.is_quiet(*at));
        let mut timeline: Vec<Happening> = evenings.map(|at| Happening { at, what: What::Calm }).collect();
        recruiting(seed, days, &mut timeline);
        if setup.lags {
            lags(days, &mut timeline);
        } else {
            faults(seed, days, &setup, &mut timeline);
        }
        jumps(seed, days, &mut timeline);
        if setup.tenant.is_some() {
            staffing(seed, days, &mut timeline);
            tenant_faults(seed, days, &mut timeline);
            clones(seed, days, &mut timeline);
            relatives(seed, days, &mut timeline);
        }
        timeline.sort_by_key(|happening| happening.at);
        Plan { seed, days, setup, timeline }
    }
}

impl Plan {
    /// Nothing happens by itself and nothing fails: for what is measured.
    pub fn calm(population: usize, ledger: LedgerKind) -> Plan {
        let mut plan = Plan::draw(1, 0);
        plan.timeline.clear();
        plan.setup.population = population;
        plan.setup.page_size_max = 100;
        plan.setup.confidential = false;
        plan.setup.webhooks = false;
        plan.setup.roster = true;
        plan.setup.tenant = None;
        plan.setup.plain = false;
        (plan.setup.races, plan.setup.lags, plan.setup.impatient) = (false, false, false);
        plan.setup.ledger = ledger;
        plan.setup.skew_ms = 0;
        plan.setup.latency_max = Duration::from_millis(60);
        plan.setup.disk_max = Duration::ZERO;
        plan.setup.guards =
            Guards { creates_per_cycle_max: 100_000, changes_per_cycle_max: 100_000, ..Guards::default() };
        plan
    }
}

impl Setup {
    fn draw(seed: u64, days: u64) -> Setup {
        let (told, host) = (&mut dice(seed, Stream::Targets), &mut dice(seed, Stream::Host));
        let dice = &mut dice(seed, Stream::Setup);
        let tenant = told.random_ratio(3, 5).then(|| Tenant::draw(told));
        let zones =
            [chrono_tz::UTC, chrono_tz::Europe::London, chrono_tz::Asia::Tokyo, chrono_tz::America::Lima];
        let first = NaiveDate::from_ymd_opt(2026, 3, 20).expect("a day of the calendar");
        let starts_on = first + chrono::Days::new(dice.random_range(0..10));
        let hired_since = starts_on - chrono::Days::new(dice.random_range(1..150));
        let small_pages = dice.random_ratio(1, 3);
        let guards = if dice.random_ratio(1, 5) {
            Guards {
                creates_per_cycle_max: dice.random_range(1..4),
                changes_per_cycle_max: dice.random_range(1..6),
                ..Guards::default()
            }
        } else {
            Guards { creates_per_cycle_max: 10_000, changes_per_cycle_max: 10_000, ..Guards::default() }
        };
        let setup = Setup {
            starts_at: u64::try_from(starts_on.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
                .expect("after 1970"),
            population: if is_small(seed) { dice.random_range(2..10) } else { dice.random_range(15..50) },
            hires_touch_updated_at: dice.random_ratio(1, 2),
            hired_reasons: if dice.random_ratio(1, 3) { HiredReasons::One } else { HiredReasons::Many },
            page_size_max: if small_pages { dice.random_range(2..9) } else { 100 },
            confidential: dice.random_ratio(1, 4),
            hired_since,
            zone: *zones.choose(dice).expect("there are zones"),
            format: if dice.random_ratio(1, 3) { "jsonl" } else { "csv" },
            guards,
            ledger: LedgerKind::Memory,
            skew_ms: if dice.random_ratio(1, 4) { dice.random_range(-86_400_000..86_400_000) } else { 0 },
            latency_max: Duration::from_millis(if dice.random_ratio(1, 5) { 4_000 } else { 300 }),
            disk_max: Duration::from_millis(300),
            crashes_per_mille: if dice.random_ratio(1, 5) { 0 } else { dice.random_range(5..120) },
            losses_percent: if dice.random_ratio(1, 3) { dice.random_range(5..30) } else { 0 },
            shifts_percent: if small_pages { dice.random_range(0..25) } else { 0 },
            lies: dice.random_ratio(1, 3),
            webhooks: dice.random_ratio(1, 2),
            poll: *[POLL, 2 * POLL, HOUR, HOUR, 2 * HOUR, 2 * HOUR].choose(dice).expect("there are some"),
            quiet_every: dice.random_range(1..5),
            days,
            roster: tenant.is_none() || told.random_ratio(1, 4),
            plain: false,
            tenant,
            rollbacks_percent: if host.random_ratio(1, 2) { 40 } else { 0 },
            races: false,
            lags: false,
            impatient: false,
        };
        let plain = setup.tenant.is_none() && setup.losses_percent == 0;
        let impatient = plain && self::dice(seed, Stream::Impatience).random_ratio(1, 2);
        // Only where Lever tells everything by itself, so that what was missed shows before the full sweep of the evening.
        let races = &mut self::dice(seed, Stream::Races);
        let tells = setup.tells_everything() && setup.roster;
        let (races, lags) = match races.random_range(0..5) {
            0 | 1 => (tells, false),
            2 | 3 => (false, tells && !setup.webhooks),
            _ => (false, false),
        };
        Setup { plain, impatient, races, lags, ..setup }
    }

    /// Whether Lever says nothing that is not so; else only a full sweep finds what it kept back.
    pub fn tells_everything(&self) -> bool {
        !self.lies && self.page_size_max >= 100
    }

    /// Whether it is an evening in which nothing fails, and everything has to come right.
    pub fn is_quiet(&self, at: Millis) -> bool {
        let day = at / DAY;
        at % DAY >= QUIET_FROM && ((day + 1).is_multiple_of(self.quiet_every) || day + 1 == self.days)
    }

    /// The first moment of a hire that counts.
    pub fn since(&self) -> Millis {
        let midnight = self.hired_since.and_time(chrono::NaiveTime::MIN);
        let moment = midnight
            .and_local_timezone(self.zone)
            .earliest()
            .expect("no zone here skips a midnight in spring");
        u64::try_from(moment.timestamp_millis()).expect("after 1970")
    }
}

impl Tenant {
    fn draw(dice: &mut ChaCha8Rng) -> Tenant {
        let variants = [Variant::Description, Variant::Code, Variant::V4, Variant::V2];
        Tenant {
            variant: *variants.choose(dice).expect("there are some"),
            etags: dice.random_ratio(1, 3),
            is_open_ended_null: dice.random_ratio(1, 3),
            duplicate_status: if dice.random_ratio(1, 2) { 400 } else { 409 },
            rule_status: if dice.random_ratio(1, 2) { 400 } else { 500 },
            communications_appear: dice.random_ratio(1, 3),
            lag_ms: dice.random_range(2_000..120_000),
            staff: dice.random_range(2..8),
        }
    }
}

fn staffing(seed: u64, days: u64, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::Staff);
    let swarm: Vec<Staffing> = STAFFING
        .into_iter()
        .flat_map(|(what, weight)| {
            std::iter::repeat_n(what, if dice.random_ratio(1, 2) { 0 } else { weight })
        })
        .collect();
    if swarm.is_empty() {
        return;
    }
    let a_day = dice.random_range(1..6_u64);
    for day in 0..days {
        for _ in 0..dice.random_range(0..=a_day) {
            let at = day * DAY + moment(dice);
            let what = *swarm.choose(dice).expect("it is not empty");
            timeline.push(Happening { at, what: What::Staff(what, dice.random()) });
        }
    }
}

fn tenant_faults(seed: u64, days: u64, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::TenantFaults);
    let swarm: Vec<&'static str> = TENANT_FAULTS.into_iter().filter(|_| dice.random_ratio(2, 5)).collect();
    let a_day = if swarm.is_empty() { 0 } else { dice.random_range(0..8_u32) };
    for day in 0..days {
        for _ in 0..a_day {
            let at = moment(dice);
            let family = *swarm.choose(dice).expect("there are some");
            let spec = tenant_fault(dice, family, (QUIET_FROM - at).max(MINUTE));
            timeline.push(Happening { at: day * DAY + at, what: What::TenantFault { family, spec } });
        }
    }
}

fn tenant_fault(dice: &mut ChaCha8Rng, family: &str, left: Millis) -> String {
    let span = dice.random_range(10_000..2 * HOUR).min(left);
    let amount = if dice.random_ratio(1, 2) {
        format!("*{}", dice.random_range(1..6))
    } else {
        format!("%{}~{span}ms", dice.random_range(5..=100))
    };
    let place = *["", "", "@write", "@read", "@POST/People", "@POST/Employments", "@write/Communications"]
        .choose(dice)
        .expect("there are some");
    match family {
        "refused" => format!("{}{place}{amount}", [400, 403, 404, 500].choose(dice).expect("there are some")),
        "after" => {
            format!("after={}@write{amount}", [500, 502, 503, 504].choose(dice).expect("there are some"))
        }
        "429" | "503" if dice.random_ratio(1, 2) => {
            format!("{family}={}{place}{amount}", dice.random_range(1..90))
        }
        "soft" => format!("soft{}@write{amount}", if dice.random_ratio(1, 2) { "" } else { "=stored" }),
        "bare" => format!("bare@POST{amount}"),
        "token" => format!("503@token{amount}"),
        plain => format!("{plain}{place}{amount}"),
    }
}

/// Somebody clones the machine: at most once.
fn clones(seed: u64, days: u64, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::Host);
    for first in (0..days).step_by(10) {
        if !dice.random_ratio(1, 6) {
            continue;
        }
        let at = (first + dice.random_range(0..10)) * DAY + dice.random_range(0..QUIET_FROM - 4 * HOUR);
        let lasts = dice.random_range(HOUR..4 * HOUR);
        if at < days * DAY {
            timeline.push(Happening { at, what: What::Clone { lasts } });
        }
    }
}

/// Others who live at the address of somebody who may be hired one day.
fn relatives(seed: u64, days: u64, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::Relatives);
    let a_day = if dice.random_ratio(1, 4) { dice.random_range(1..4_u32) } else { 0 };
    for day in 0..days {
        for _ in 0..a_day {
            let at = day * DAY + moment(dice);
            timeline.push(Happening { at, what: What::Staff(Staffing::EnterRelative, dice.random()) });
        }
    }
}

fn recruiting(seed: u64, days: u64, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::Recruiters);
    // Each as often as it weighs.
    let swarm: Vec<Recruiting> = RECRUITING
        .into_iter()
        .flat_map(|(what, usual)| {
            let weight = if dice.random_ratio(1, 4) { 0 } else { usual * dice.random_range(1..4) };
            // Without anybody hired there is nothing to see.
            let weight = if what == Recruiting::Hire { weight.max(4) } else { weight };
            std::iter::repeat_n(what, weight)
        })
        .collect();
    // Most have a few events a day, some have many.
    let a_day = if is_small(seed) { dice.random_range(1..4_u64) } else { dice.random_range(2..7_u64) }.pow(2);
    for day in 0..days {
        for _ in 0..dice.random_range(0..=2 * a_day) {
            let at = day * DAY + moment(dice);
            let what = *swarm.choose(dice).expect("somebody hires");
            timeline.push(Happening { at, what: What::Recruit(what, dice.random()) });
        }
    }
}

/// A moment of the busy part of a day: any, or just after a poll began, when a cycle is under way.
fn moment(dice: &mut ChaCha8Rng) -> Millis {
    let any = dice.random_range(0..QUIET_FROM);
    if dice.random_ratio(1, 2) { any } else { any - any % POLL + dice.random_range(0..4_000) }
}

fn faults(seed: u64, days: u64, setup: &Setup, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::Faults);
    let mut swarm: Vec<&'static str> = FAULTS.into_iter().filter(|_| dice.random_ratio(2, 5)).collect();
    let lies = LIES.into_iter().filter(|_| dice.random_ratio(2, 3)).collect::<Vec<_>>();
    if setup.lies {
        swarm.extend(lies);
    }
    let a_day = if swarm.is_empty() { 0 } else { dice.random_range(0..12_u32) };
    for day in 0..days {
        for _ in 0..a_day {
            let at = moment(dice);
            let family = *swarm.choose(dice).expect("there are some");
            let what = fault(dice, family, (QUIET_FROM - at).max(MINUTE));
            timeline.push(Happening { at: day * DAY + at, what });
        }
    }
}

/// An index that is behind by no more than the daemon reckons with, until the evening.
fn lags(days: u64, timeline: &mut Vec<Happening>) {
    let spec = format!("late=10m~{QUIET_FROM}ms");
    let late = |day| Happening { at: day * DAY, what: What::Fault { family: "late", spec: spec.clone() } };
    timeline.extend((0..days).map(late));
}

fn fault(dice: &mut ChaCha8Rng, family: &'static str, left: Millis) -> What {
    let span = dice.random_range(10_000..90 * MINUTE).min(left);
    let amount = if dice.random_ratio(1, 2) {
        format!("*{}", dice.random_range(1..25))
    } else {
        format!("%{}~{span}ms", dice.random_range(5..=100))
    };
    let few = dice.random_range(1..5);
    let status = *[500, 502, 503, 504].choose(dice).expect("there are some");
    let spec = match family {
        "429" => format!("429{amount}"),
        "5xx" => format!("{status}{amount}"),
        "5xx on offers" => format!("{status}@/opportunities/:id/offers{amount}"),
        "401" => format!("401{amount}"),
        "403 on offers" => format!("403@/opportunities/:id/offers~{span}ms"),
        "slow" | "hang" | "redirect" => format!("{family}*{few}"),
        "huge" => "huge*1".to_owned(),
        "nonext" | "offset" => format!("{family}{amount}"),
        "garbled reasons" => format!("garbled@/archive_reasons*{few}"),
        "garbled" | "empty" => format!("{family}@/opportunities*{few}"),
        // An index that is behind is so for hours.
        "late" => format!("late={}s~{}ms", dice.random_range(10..600), (6 * span).min(left)),
        "very late" => format!("late={}m~{span}ms", dice.random_range(15..90)),
        "unsent" => return What::Outage { lasts: span },
        plain => format!("{plain}{amount}"),
    };
    What::Fault { family, spec }
}

/// Somebody sets the wall clock: at most once a day, and not so late that waiting for it would outlast the quiet hours.
fn jumps(seed: u64, days: u64, timeline: &mut Vec<Happening>) {
    let dice = &mut dice(seed, Stream::Humans);
    if !dice.random_ratio(1, 4) {
        return;
    }
    for day in 0..days {
        if dice.random_ratio(1, 2) {
            let at = day * DAY + dice.random_range(0..16 * HOUR);
            let hours = 2 * 3_600_000;
            timeline.push(Happening { at, what: What::Jump { by_ms: dice.random_range(-hours..=hours) } });
        }
    }
}
