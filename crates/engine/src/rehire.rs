//! What another hire of somebody is to a target: an employment that stands there already, or one of seven kinds, each with the
//! treatment that the target's policy names. Pure.
//!
//! | kind | how it is told | evidence |
//! |---|---|---|
//! | there already | the opportunity id stands on an employment, or its first day fits exactly one that is nobody's | the record |
//! | `conversion` | the hire before was a contractor's by its posting's commitment, and this one is not | Lever |
//! | `transfer` | the origin of the opportunity is `internal` | Lever |
//! | `same_day` | another hire of the contact was made on the same day | Lever |
//! | `while_employed` | an employment goes on at the new one's first day | the record |
//! | `after_leaving` | every employment has ended before the new one's first day | the record |
//! | `unclear` | none of these, and the target does not tell its employments | nobody |
//! | `new_contact` | an address of somebody who was anonymised in Lever after they were delivered | the ledger |
//!
//! Hired, taken back and hired again under the same opportunity is none of these: the record is there and linked, and stays the
//! one it is.

use std::collections::BTreeSet;

use adapter_sdk::{Employment, RemoteState, TaskKind, TaskRequest};
use ledger::{Actor, LinkOrigin, Rehire, RehireKind, Standing, Treatment};
use people::{Date, Hire, OpportunityId, RemoteHireId};

use crate::plan::{Facts, Remote};

/// How far an employment's first day may be from the hire's start date, or from the day of the hire, to be the hire's own.
const NEAR_START: i64 = 31;
const AFTER_HIRE: i64 = 184;
/// Lever's origin of somebody of the company.
const INTERNAL: &str = "internal";

/// What was found out about a hire, to be kept with the standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// An employment that is there already is this hire's.
    There {
        /// Which hire.
        hire: OpportunityId,
        /// Which employment.
        employment: RemoteHireId,
    },
    /// It is another hire, and this is done with it.
    Decided {
        /// Which hire.
        hire: OpportunityId,
        /// What.
        rehire: Rehire,
    },
}

impl Pin {
    /// Keeps it.
    pub fn apply(&self, standing: &mut Standing) {
        match self {
            Pin::There { hire, employment } => standing.recognise(hire, employment.clone()),
            Pin::Decided { hire, rehire } => standing.decide(hire, rehire.clone()),
        }
    }

    /// Whether a hire has an employment by it that was not its own before.
    pub(crate) fn gives_an_employment(&self) -> bool {
        match self {
            Pin::There { .. } => true,
            Pin::Decided { rehire, .. } => rehire.replaces.is_some(),
        }
    }
}

/// What came of looking at the hires of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// The record has to be read first.
    Look,
    /// These are to be kept.
    Pins(Vec<Pin>),
}

/// Looks at every hire about which nothing is known yet.
pub(crate) fn resolve(facts: &Facts<'_>) -> Resolved {
    let open = undecided(facts);
    let standing = facts.standing;
    let Some(agreed) = &standing.agreed else { return Resolved::Pins(of_somebody_new(facts, &open)) };
    if open.is_empty() {
        return Resolved::Pins(Vec::new());
    }
    let remote = match facts.remote {
        Remote::Unasked if facts.capabilities.employments => return Resolved::Look,
        Remote::Holds(remote) => Some(remote),
        Remote::Unasked | Remote::Gone => None,
    };
    let employments = remote.map_or(&[][..], |remote| &remote.employments);
    let mut taken: BTreeSet<&RemoteHireId> = agreed.link.hires.values().collect();
    let mut pins = Vec::new();
    for id in &open {
        let Some(hire) = facts.person.hires.get(*id) else { continue };
        if let Some(own) = own_employment(facts, id, hire, employments, &taken) {
            taken.insert(&own.id);
            pins.push(Pin::There { hire: (*id).clone(), employment: own.id.clone() });
        } else if let Some((kind, because)) = kind_of(facts, id, hire, employments) {
            pins.push(treated(facts, id, kind, because, remote, &taken));
        }
    }
    Resolved::Pins(pins)
}

/// Hires that are neither there, nor sent, nor decided about, and not put off to a later day; the oldest first.
fn undecided<'a>(facts: &Facts<'a>) -> Vec<&'a OpportunityId> {
    let standing = facts.standing;
    let agreed = standing.agreed.as_ref();
    let sent = standing.owed.as_ref().and_then(|owed| owed.sent.as_ref());
    let written = agreed.and_then(|agreed| agreed.digests.as_ref()).into_iter().chain(sent);
    let written: BTreeSet<&OpportunityId> = written.flat_map(|digests| digests.hires.keys()).collect();
    // Whose place another took is none any more.
    let replaced: BTreeSet<&OpportunityId> =
        standing.rehires.values().filter_map(|rehire| rehire.replaces.as_ref()).collect();
    let is_open = |id: &&OpportunityId| {
        !agreed.is_some_and(|agreed| agreed.link.hires.contains_key(*id))
            && !standing.rehires.contains_key(*id)
            && !replaced.contains(*id)
            && !written.contains(*id)
            && !facts.waiting.contains_key(*id)
    };
    let mut open: Vec<&OpportunityId> = facts.wanted.hires.keys().filter(is_open).collect();
    open.sort_by_key(|id| (facts.person.hires.get(*id).map(|hire| hire.hired_at), *id));
    open
}

/// Of somebody who is not there, the first hire is no other hire, unless they were there under another contact.
fn of_somebody_new(facts: &Facts<'_>, open: &[&OpportunityId]) -> Vec<Pin> {
    let known = facts.wanted.hires.keys().any(|id| !open.contains(&id) && !facts.waiting.contains_key(id));
    let mut pins = Vec::new();
    for (nth, id) in open.iter().enumerate() {
        if nth == 0 && !known {
            if let Some(former) = facts.former {
                let because = format!("an e-mail address of contact {former}, who was anonymised in Lever");
                pins.push(treated(facts, id, RehireKind::NewContact, because, None, &BTreeSet::new()));
            }
            continue;
        }
        let Some(hire) = facts.person.hires.get(*id) else { continue };
        if let Some((kind, because)) = kind_of(facts, id, hire, &[]) {
            pins.push(treated(facts, id, kind, because, None, &BTreeSet::new()));
        }
    }
    pins
}

/// The employment that is this hire's, if it is certain: by the opportunity id kept on it, else by its first day.
fn own_employment<'e>(
    facts: &Facts<'_>,
    id: &OpportunityId,
    hire: &Hire,
    employments: &'e [Employment],
    taken: &BTreeSet<&RemoteHireId>,
) -> Option<&'e Employment> {
    let free = || employments.iter().filter(|employment| !taken.contains(&employment.id));
    if let Some(kept) = free().find(|employment| employment.opportunity.as_ref() == Some(id)) {
        return Some(kept);
    }
    let fits = |employment: &&Employment| {
        employment.opportunity.is_none() && employment.from.is_some_and(|from| is_near(facts, hire, from))
    };
    let mut near = free().filter(fits);
    // Two that fit are for a human.
    near.next().filter(|_| near.next().is_none())
}

/// Whether an employment that begins on `from` is this hire's by its day.
fn is_near(facts: &Facts<'_>, hire: &Hire, from: Date) -> bool {
    match start_of(hire) {
        Some(start) => (from - start).num_days().abs() <= NEAR_START,
        None => (-NEAR_START..=AFTER_HIRE).contains(&(from - day_of(facts, hire)).num_days()),
    }
}

/// The first day as Lever's offer says.
pub(crate) fn start_of(hire: &Hire) -> Option<Date> {
    hire.offer.as_ref().and_then(|offer| offer.start_date)
}

fn day_of(facts: &Facts<'_>, hire: &Hire) -> Date {
    hire.hired_at.with_timezone(&facts.zone).date_naive()
}

/// What kind of hire it is, and why; `None` where nothing was before it.
fn kind_of(
    facts: &Facts<'_>,
    id: &OpportunityId,
    hire: &Hire,
    employments: &[Employment],
) -> Option<(RehireKind, String)> {
    let linked = facts.standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys());
    let others: BTreeSet<&OpportunityId> =
        linked.chain(facts.wanted.hires.keys()).filter(|other| *other != id).collect();
    let mut before: Vec<(&OpportunityId, &Hire)> = others
        .iter()
        .filter_map(|other| facts.person.hires.get_key_value(*other))
        .filter(|(other, earlier)| (earlier.hired_at, *other) < (hire.hired_at, id))
        .collect();
    before.sort_by_key(|(other, hire)| (hire.hired_at, *other));
    let is_there = facts.standing.agreed.as_ref().is_some_and(|agreed| !agreed.link.hires.is_empty());
    if before.is_empty() && employments.is_empty() && !is_there {
        return None;
    }
    if let Some((earlier, was)) = before.last().and_then(|(earlier, was)| Some((*earlier, commitment(was)?)))
        && let Some(now) = commitment(hire)
        && is_contractors(facts, was)
        && !is_contractors(facts, now)
    {
        let because = format!("commitment {was:?} of opportunity {earlier}, now {now:?}");
        return Some((RehireKind::Conversion, because));
    }
    if hire.origin.as_deref() == Some(INTERNAL) {
        return Some((RehireKind::Transfer, "the origin of the opportunity is \"internal\"".to_owned()));
    }
    let day = day_of(facts, hire);
    if let Some((other, _)) = before.iter().find(|(_, earlier)| day_of(facts, earlier) == day) {
        return Some((RehireKind::SameDay, format!("opportunity {other} was hired on {day} as well")));
    }
    let start = start_of(hire).unwrap_or(day);
    let known =
        employments.iter().filter(|employment| employment.from.is_some() || employment.until.is_some());
    let goes_on = known.clone().find(|employment| employment.until.is_none_or(|until| until >= start));
    if let Some(employment) = goes_on {
        let since = employment.from.map(|from| format!(" since {from}")).unwrap_or_default();
        let because = format!("employment {}{since} goes on at {start}", employment.id);
        return Some((RehireKind::WhileEmployed, because));
    }
    if let Some(last) = known.filter_map(|employment| employment.until).max() {
        return Some((
            RehireKind::AfterLeaving,
            format!("the last employment ended on {last}, before {start}"),
        ));
    }
    Some((
        RehireKind::Unclear,
        "the target does not tell from when until when somebody was employed".to_owned(),
    ))
}

fn commitment(hire: &Hire) -> Option<&str> {
    hire.posting.as_ref()?.commitment.as_deref()
}

fn is_contractors(facts: &Facts<'_>, commitment: &str) -> bool {
    facts.policy.contractor.contains(&commitment.trim().to_lowercase())
}

/// What the policy does with it, as far as the target can.
fn treated(
    facts: &Facts<'_>,
    id: &OpportunityId,
    kind: RehireKind,
    because: String,
    remote: Option<&RemoteState>,
    taken: &BTreeSet<&RemoteHireId>,
) -> Pin {
    let mut treatment = facts.policy.treatment(kind, facts.capabilities);
    let mut replaces = None;
    if treatment == Treatment::Update {
        // The latest employment: a hire's, or one that was there before us.
        match latest(facts, id) {
            Some(old) => replaces = Some(old.clone()),
            None => match only_free(remote, taken) {
                Some(employment) => return Pin::There { hire: id.clone(), employment },
                None => treatment = Treatment::Task,
            },
        }
    }
    // Linked just now, and an employment goes on whose day does not fit: whether it is this hire's only a human can see.
    if kind == RehireKind::WhileEmployed && is_first_look(facts.standing) {
        treatment = Treatment::Task;
    }
    // One record holds one hire: a human enters the other. The first hire of a new contact is the record's own.
    if treatment == Treatment::NewEmployment && !facts.capabilities.rehire && kind != RehireKind::NewContact {
        treatment = Treatment::Task;
    }
    let rehire = Rehire { kind, treatment, replaces, because, by: Actor::Cycle };
    Pin::Decided { hire: id.clone(), rehire }
}

/// Whether the record was there before us, and was not compared yet.
fn is_first_look(standing: &Standing) -> bool {
    let is_ours = standing.origin.is_none_or(|origin| origin == LinkOrigin::Created);
    !is_ours && standing.agreed.as_ref().is_some_and(|agreed| agreed.digests.is_none())
}

/// The latest hire whose employment is there. One that is later than `id` is none: it would be changed back.
pub(crate) fn latest<'a>(facts: &Facts<'a>, id: &OpportunityId) -> Option<&'a OpportunityId> {
    let at = |id: &OpportunityId| facts.person.hires.get(id).map(|hire| hire.hired_at);
    let linked = facts.standing.agreed.as_ref()?.link.hires.keys();
    let last = linked.max_by_key(|other| (at(other), *other))?;
    (at(last) < at(id)).then_some(last)
}

fn only_free(remote: Option<&RemoteState>, taken: &BTreeSet<&RemoteHireId>) -> Option<RemoteHireId> {
    let mut free = remote?.employments.iter().filter(|employment| {
        employment.until.is_none() && employment.opportunity.is_none() && !taken.contains(&employment.id)
    });
    let one = free.next()?;
    free.next().is_none().then(|| one.id.clone())
}

/// Tells the tasks of two hires apart.
pub(crate) fn cause(opportunity: &OpportunityId) -> String {
    format!("rehire {opportunity}")
}

/// What a human is asked about a hire that waits for a decision.
pub(crate) fn task(facts: &Facts<'_>, opportunity: &OpportunityId, rehire: &Rehire) -> TaskRequest {
    let Rehire { kind, because, .. } = rehire;
    let (contact, target, can) = (&facts.person.contact, facts.target, facts.capabilities);
    let mut ways = Vec::new();
    if *kind == RehireKind::NewContact {
        let link =
            format!("if it is the same human, `hiresync links set {contact} RECORD --target {target}`");
        ways.push(link);
    }
    let decide = format!("`hiresync links rehire {contact} {opportunity} --target {target}");
    ways.push(if can.rehire || *kind == RehireKind::NewContact {
        format!("{decide} new_employment` makes a record of its own")
    } else {
        "this target holds one hire per person: enter it there by hand".to_owned()
    });
    if can.update && *kind != RehireKind::NewContact {
        ways.push(format!("{decide} update` lets it take the place of the latest one"));
    }
    ways.push(format!("{decide} ignore`, or closing this task, leaves it out"));
    TaskRequest {
        kind: TaskKind::Rehire,
        cause: cause(opportunity),
        text: format!(
            "Opportunity {opportunity}: {} ({because}). Nothing was sent about this hire. What to do: {}.",
            kind.words(),
            ways.join("; ")
        ),
        fields: Vec::new(),
    }
}
