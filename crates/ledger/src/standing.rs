//! One value per (target, contact): what was agreed, what is owed, and where that stands. The transitions are pure; the
//! ledger only stores what they say.
//!
//! ```text
//!            owe                begin                  settle
//! (nothing) ─────▶ Waiting ───────────────▶ Sent ───────────────▶ agreed
//!                  ▲  ▲ │ hold               │ fail: Retry ─▶ Waiting
//!          release │  │ ▼                    │ fail: Park  ─▶ Parked
//!                  │ Held                    │ fail: FindFirst, or a crash: stays Sent
//!                Parked                      ▼
//!                                    look: found ─▶ adopt; surely not there, or harmless to repeat ─▶ resend ─▶ Waiting
//! ```
//!
//! It is not a queue: at most one debt, and a newer decision replaces an unsent one. Three traps are built in and tested:
//! while an outcome is unknown the `Sent` mark stays; owing the same again changes nothing, or every poll would be a
//! retry; what an attempt may have written is remembered in `sent` until the target agreed, so that neither an edit made
//! meanwhile is lost nor our own value taken for HR's.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{ErrorKind, Generation, Intent, Link, Obstacle, Step};
use people::{Date, Digest, FieldKey, FieldName, Lack, Missing, OpportunityId, RemoteHireId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::records::Actor;
use crate::rehire::{Rehire, RehireKind, Treatment};

/// Where one contact stands with one target.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct Standing {
    /// How often a change was decided.
    pub generation: Generation,
    /// What the target last agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Agreed>,
    /// The one change that is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Owed>,
    /// How the link to the record over there came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LinkOrigin>,
    /// "Today" of each hire, pinned when it was first planned and kept for good.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decided_on: BTreeMap<OpportunityId, Date>,
    /// What was decided about each hire after the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rehires: BTreeMap<OpportunityId, Rehire>,
    /// The first day of each hire, as Lever last said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub starts: BTreeMap<OpportunityId, Date>,
    /// Keyed digests of the person's e-mail addresses: by them somebody who was anonymised is told from somebody new.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub addresses: BTreeSet<Digest>,
    /// Fields in which HR's own value was met and left: what it was, so that it is told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Digests>,
    /// A human ordered that Lever's ids be written onto a record that was there before us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backfill: bool,
    /// What the source was told about each hire once the target agreed: a digest of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<OpportunityId, Digest>,
}

/// What a target last agreed to.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Agreed {
    /// The records over there.
    pub link: Link,
    /// What it holds, field by field, as far as we know; `None`: the record was adopted, or an outcome was unknown, and
    /// it was not compared since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Digests>,
    /// When the target said so.
    pub at: Timestamp,
}

/// Digests of fields, of the person and of each hire.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct Digests {
    /// The person's fields.
    pub person: BTreeMap<FieldName, Digest>,
    /// Each hire's fields.
    pub hires: BTreeMap<OpportunityId, BTreeMap<FieldName, Digest>>,
}

/// How a link came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkOrigin {
    /// We made the record.
    Created,
    /// It was there, and proven to be this person's.
    Adopted,
    /// A human said so.
    Imported,
}

/// A change that is owed to a target.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Owed {
    /// What is meant.
    pub intent: Intent,
    /// The digest of the whole wanted state: the same digest is the same debt.
    pub wanted: Digest,
    /// Fields that moved since the target last agreed.
    pub changed: Vec<FieldKey>,
    /// Hires that it takes back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub withdrawn: BTreeSet<OpportunityId>,
    /// What attempts whose outcome is unknown, or was, may have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Digests>,
    /// What a partly successful attempt left to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfinished: Vec<Step>,
    /// What stands in the way of it, as the target's adapter last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
    /// The newest hire when it was owed: a hire that is made again is a human's way to have it tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hired_at: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: u32,
    /// A human looked at the records that may be this person's, and let it go on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looked_at: bool,
    /// A human approved exactly this debt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved: bool,
    /// When it was first owed.
    pub since: Timestamp,
    /// Where it stands.
    pub phase: Phase,
}

/// Where a debt stands.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// It goes out when its time has come.
    Waiting {
        /// Not earlier than this.
        not_before: Timestamp,
    },
    /// It is under way, or what came of it is unknown.
    Sent {
        /// When it was sent.
        at: Timestamp,
        /// When to look what came of it.
        ask_after: Timestamp,
        /// How often we looked.
        looks: u32,
    },
    /// It waits for a value, a date or an approval.
    Held {
        /// Why.
        why: WhyHeld,
        /// By when it is needed, if that is known.
        due: Option<Date>,
    },
    /// It was refused and will be refused again until a human changes something.
    Parked {
        /// What kind of failure.
        kind: ErrorKind,
        /// What we were doing, without personal values.
        hint: String,
    },
}

/// Why a debt is held.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum WhyHeld {
    /// The cycle owed more than the guards allow; `approve` lets it go on.
    Guard {
        /// Which cycle.
        cycle: u64,
    },
    /// Values that are required and absent, or that are none which may be sent; nothing is invented for them.
    Missing {
        /// Which fields, what is wrong with each, and by when it is needed.
        #[serde(deserialize_with = "lacking")]
        fields: Vec<Missing>,
    },
    /// Lever says that this person's data may not be kept.
    StorageNotPermitted,
    /// Several records over there may be this person, or one whose only evidence is an address.
    Ambiguous {
        /// How many.
        records: usize,
    },
    /// The record over there is gone. It is not made again unless a human orders it.
    RecordGone,
    /// A human said that the record it was linked to is not this person's. Nobody is linked or made in its place unless a human
    /// orders it.
    Unlinked,
    /// The ledger was lost, and this target can neither be searched nor listed.
    Recovery,
    /// Somebody who is there already was hired again, and a human decides what that is over there.
    Rehire {
        /// Which hire.
        opportunity: OpportunityId,
        /// What it seems to be.
        kind: RehireKind,
    },
    /// The target is told later: `deliver_from`.
    NotYet {
        /// Which hire.
        opportunity: OpportunityId,
        /// From which day on; `None`: Lever has no start date yet.
        from: Option<Date>,
        /// The first moment of that day.
        at: Option<Timestamp>,
    },
    /// Lever has dates of before and of after `hired_since` for this hire: it may be an old one that was archived again.
    HireDate {
        /// Which hire.
        opportunity: OpportunityId,
    },
}

impl WhyHeld {
    /// Whether what it waits for may come about without a trace in Lever's record of the person.
    pub fn is_watched(&self) -> bool {
        matches!(
            self,
            WhyHeld::Missing { .. } | WhyHeld::StorageNotPermitted | WhyHeld::NotYet { from: None, .. }
        )
    }

    /// By when what it waits for is needed, if that is known: the earliest day of all.
    pub fn due(&self) -> Option<Date> {
        match self {
            WhyHeld::Missing { fields } => fields.iter().filter_map(|missing| missing.due).min(),
            _ => None,
        }
    }
}

/// Reads what is lacking; an entry of an earlier version is the field alone.
fn lacking<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Missing>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Entry {
        Told(Missing),
        Bare(FieldKey),
    }
    let entries = Vec::<Entry>::deserialize(from)?;
    let missing = |entry| match entry {
        Entry::Told(missing) => missing,
        Entry::Bare(field) => Missing { field, lack: Lack::Absent, due: None },
    };
    Ok(entries.into_iter().map(missing).collect())
}

/// A change that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// What is meant.
    pub intent: Intent,
    /// The digest of the whole wanted state.
    pub wanted: Digest,
    /// Fields that moved since the target last agreed.
    pub changed: Vec<FieldKey>,
}

/// What came of owing something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owing {
    /// It is owed now, and nothing was before.
    New,
    /// It replaces another debt that had not been sent.
    Replaced,
    /// It is owed already; attempts and backoff are left alone.
    Same,
    /// An earlier attempt has an unknown outcome: that is settled first.
    Unsettled,
}

/// Nothing waits longer by itself: what says so was written down under a clock that was wrong.
pub const LONGEST_WAIT: chrono::TimeDelta = chrono::TimeDelta::hours(25);

impl Standing {
    /// Owes `debt` in the given phase, unless the same is owed already or an outcome is unknown.
    pub fn owe(&mut self, debt: Debt, phase: Phase, now: Timestamp) -> Owing {
        // Of a human's word about look-alikes nothing changes with the values that are owed.
        let is_to_be_made = |owed: &Owed| self.agreed.is_none() && owed.intent == Intent::Add;
        let looked_at = self.owed.as_ref().is_some_and(|owed| owed.looked_at && is_to_be_made(owed));
        let (owing, since, unfinished, sent) = match self.owed.take() {
            Some(owed) if owed.is_sent() || owed.is_for_a_human_to_settle() => {
                self.owed = Some(owed);
                return Owing::Unsettled;
            }
            Some(mut owed) if owed.is_same(&debt, &phase) => {
                owed.changed = debt.changed;
                self.owed = Some(owed);
                return Owing::Same;
            }
            Some(owed) => (Owing::Replaced, owed.since, owed.unfinished, owed.sent),
            None => (Owing::New, now, Vec::new(), None),
        };
        self.generation = self.generation.next();
        let Debt { intent, wanted, changed } = debt;
        self.owed = Some(Owed {
            intent,
            wanted,
            changed,
            withdrawn: BTreeSet::new(),
            sent,
            unfinished,
            obstacle: None,
            hired_at: None,
            attempts: 0,
            looked_at: looked_at && intent == Intent::Add,
            approved: false,
            since,
            phase,
        });
        owing
    }

    /// Nothing is owed any more: Lever went back to what was agreed, or the person left the scope. Refused (false) while an
    /// outcome is unknown.
    pub fn forgive(&mut self) -> bool {
        if self.owed.as_ref().is_some_and(|owed| owed.is_sent() || owed.is_for_a_human_to_settle()) {
            return false;
        }
        let Some(owed) = self.owed.take() else { return true };
        if let (false, Some(agreed)) = (owed.unfinished.is_empty(), &mut self.agreed) {
            // A part of it never got there: compared afresh, should it be wanted again.
            agreed.digests = None;
        }
        self.doubt(owed);
        true
    }

    /// What an attempt without an answer may have written over there, or not, is agreed on no more: it is compared afresh.
    fn doubt(&mut self, owed: Owed) {
        if let (Some(sent), Some(agreed)) = (owed.sent, &mut self.agreed)
            && let Some(digests) = &mut agreed.digests
        {
            digests.doubt(&sent);
        }
    }

    /// The target was read: of what was sent to it without an answer, this is what it holds. Nothing while an outcome is unknown:
    /// it may arrive yet.
    pub fn saw(&mut self, held: &Digests) {
        let (Some(owed), Some(agreed)) = (&mut self.owed, &mut self.agreed) else { return };
        if let (false, Some(sent), Some(base)) = (owed.is_sent(), &mut owed.sent, &mut agreed.digests) {
            base.extend(held.clone());
            sent.forget(held);
        }
    }

    /// The debt goes out now, with these values. To be durable before the target is called. Where a record is there already, a field to
    /// which another value was sent that had no answer may hold either.
    pub fn begin(&mut self, at: Timestamp, ask_after: Timestamp, mut values: Digests) {
        if let Some(owed) = &mut self.owed {
            owed.attempts = owed.attempts.saturating_add(1);
            let sent = owed.sent.get_or_insert_default();
            if self.agreed.is_some() {
                values.doubt(sent);
            }
            sent.extend(values);
            owed.phase = Phase::Sent { at, ask_after, looks: 0 };
        }
    }

    /// The target agreed to all of it.
    pub fn settle(&mut self, link: Link, digests: Digests, at: Timestamp) {
        self.origin.get_or_insert(LinkOrigin::Created);
        self.agree(link, Some(digests), at);
        self.owed = None;
    }

    /// The target agreed to a part; `unfinished` is left, in the given phase, and `obstacle` says why. Which of the values that
    /// were sent got there is not known: what was agreed before stays so, until all of it is there.
    pub fn settle_in_part(
        &mut self,
        link: Link,
        unfinished: Vec<Step>,
        obstacle: Option<Obstacle>,
        phase: Phase,
        at: Timestamp,
    ) {
        self.origin.get_or_insert(LinkOrigin::Created);
        let sent = self.owed.as_ref().and_then(|owed| owed.sent.clone());
        let before = self.agreed.as_ref().map(|agreed| agreed.digests.clone());
        let mut digests = before.unwrap_or_else(|| sent.clone());
        if let (Some(digests), Some(sent)) = (&mut digests, &sent) {
            digests.hires.retain(|hire, _| sent.hires.contains_key(hire));
        }
        self.agree(link, digests, at);
        if let Some(owed) = &mut self.owed {
            owed.unfinished = unfinished;
            owed.obstacle = obstacle;
            owed.phase = phase;
        }
    }

    /// A look found the record of an attempt whose outcome was unknown: it holds what was sent.
    pub fn settle_found(&mut self, link: Link, at: Timestamp) {
        self.origin.get_or_insert(LinkOrigin::Created);
        let sent = self.owed.take().and_then(|owed| owed.sent);
        self.agree(link, sent, at);
    }

    /// Fields that it did not speak of, of the person and of its hires, stay as they were agreed: nobody wrote them. Hires
    /// that were not part of it keep their links: their records are still there. What was agreed about them is forgotten:
    /// how the person looks in those records is not known any more, should they come back into scope.
    fn agree(&mut self, mut link: Link, mut digests: Option<Digests>, at: Timestamp) {
        let before = self.agreed.take();
        if let Some(before) = before {
            for (opportunity, remote) in before.link.hires {
                link.hires.entry(opportunity).or_insert(remote);
            }
            if let (Some(digests), Some(before)) = (&mut digests, before.digests) {
                digests.keep_unspoken(before);
            }
        }
        self.agreed = Some(Agreed { link, digests, at });
    }

    /// The attempt failed; the debt goes on in `phase`: waiting, parked, or still sent when the outcome is unknown.
    pub fn fail(&mut self, phase: Phase) {
        if let Some(owed) = &mut self.owed {
            owed.phase = phase;
        }
    }

    /// Whoever is owed this was hired at `hired_at`, as Lever says now. True when that is later than it was: somebody took the
    /// hire back and made it again, and what was refused or put off is to be tried at once.
    pub fn is_hired_anew(&mut self, hired_at: Option<Timestamp>) -> bool {
        let Some(owed) = &mut self.owed else { return false };
        let before = std::mem::replace(&mut owed.hired_at, hired_at);
        before.is_some() && before < hired_at
    }

    /// The record has another id over there now; it is the same record, and what was agreed about it stands.
    pub fn moved_to(&mut self, link: Link) {
        if let Some(agreed) = &mut self.agreed {
            let hires = std::mem::replace(&mut agreed.link, link).hires;
            for (opportunity, remote) in hires {
                agreed.link.hires.entry(opportunity).or_insert(remote);
            }
        }
    }

    /// Keeps what was decided about another hire. One that takes the place of an earlier one takes over its employment, and what
    /// was agreed about it.
    pub fn decide(&mut self, hire: &OpportunityId, rehire: Rehire) {
        if let (Treatment::Update, Some(old), Some(agreed)) =
            (rehire.treatment, &rehire.replaces, &mut self.agreed)
            && let Some(remote) = agreed.link.hires.remove(old)
        {
            agreed.link.hires.insert(hire.clone(), remote);
            if let Some(digests) = &mut agreed.digests
                && let Some(fields) = digests.hires.remove(old)
            {
                digests.hires.insert(hire.clone(), fields);
            }
        }
        self.rehires.insert(hire.clone(), rehire);
    }

    /// An employment on the record was found to be this hire's.
    pub fn recognise(&mut self, hire: &OpportunityId, remote: RemoteHireId) {
        if let Some(agreed) = &mut self.agreed {
            agreed.link.hires.entry(hire.clone()).or_insert(remote);
        }
    }

    /// Nothing is owed and nothing is there: only what a human decided is kept.
    pub fn forget_all_but_decisions(&mut self) {
        let mut rehires = std::mem::take(&mut self.rehires);
        rehires.retain(|_, rehire| matches!(rehire.by, Actor::User(_)));
        *self = Standing { rehires, ..Standing::default() };
    }

    /// The link was wrong: nothing is known any more of the record, and nothing was agreed. What was decided about the hires
    /// falls with it.
    pub fn unlink(&mut self) {
        *self = Standing {
            generation: self.generation,
            decided_on: std::mem::take(&mut self.decided_on),
            ..Standing::default()
        };
    }

    /// The target took these hires back. Of somebody of whom nothing is left there, nothing is known any more.
    pub fn take_back(&mut self, hires: &BTreeSet<OpportunityId>, is_anything_left: bool, at: Timestamp) {
        if let Some(owed) = self.owed.take() {
            self.doubt(owed);
        }
        for hire in hires {
            self.rehires.remove(hire);
            self.starts.remove(hire);
        }
        if let Some(agreed) = &mut self.agreed {
            agreed.at = at;
            agreed.link.hires.retain(|hire, _| !hires.contains(hire));
            if let Some(digests) = &mut agreed.digests {
                digests.hires.retain(|hire, _| !hires.contains(hire));
            }
        }
        if !is_anything_left {
            (self.agreed, self.origin, self.kept) = (None, None, None);
        }
    }

    /// Lever's ids were written onto a record that was there before us. What else it holds is as well known as before.
    pub fn backfilled(&mut self, link: Link, digests: Digests, at: Timestamp) {
        let knows = self.agreed.as_ref().is_some_and(|agreed| agreed.digests.is_some());
        let before = self.agreed.as_ref().and_then(|agreed| agreed.digests.clone());
        self.agree(link, None, at);
        if let (Some(agreed), true) = (&mut self.agreed, knows) {
            let mut all = before.unwrap_or_default();
            all.extend(digests);
            agreed.digests = Some(all);
        }
        (self.owed, self.backfill) = (None, false);
    }

    /// Notes what stands in the way of what is owed.
    pub fn meet(&mut self, obstacle: Option<Obstacle>) {
        if let Some(owed) = &mut self.owed {
            owed.obstacle = obstacle;
        }
    }

    /// The record over there is this person's. What it holds is unknown until it is compared, so the whole state is planned
    /// afresh.
    pub fn adopt(&mut self, link: Link, origin: LinkOrigin, at: Timestamp) {
        self.origin.get_or_insert(origin);
        // What has an employment there was decided about without knowing so, unless by a human.
        self.rehires
            .retain(|hire, rehire| matches!(rehire.by, Actor::User(_)) || !link.hires.contains_key(hire));
        self.agreed = Some(Agreed { link, digests: None, at });
        // What an attempt may have written there is ours, and not HR's.
        self.owed = self.owed.take().filter(|owed| owed.sent.is_some());
    }

    /// What the target holds was compared with what it should hold: they agree in these digests.
    pub fn compared(&mut self, digests: Digests) {
        let Some(agreed) = &mut self.agreed else { return };
        agreed.digests.get_or_insert_default().extend(digests);
        if let Some(owed) = &mut self.owed
            && let Some(sent) = &mut owed.sent
        {
            // What an attempt may have written is known now, but for hires that are not linked yet.
            sent.person.clear();
            sent.hires.retain(|hire, _| !agreed.link.hires.contains_key(hire));
            owed.sent = owed.sent.take().filter(|sent| !sent.hires.is_empty());
        }
    }

    /// A human lets a held or parked debt go on. False when there is none.
    pub fn release(&mut self, now: Timestamp) -> bool {
        let Some(owed) = &mut self.owed else { return false };
        match &owed.phase {
            Phase::Held { why: WhyHeld::RecordGone, .. } => {
                // The order is to make the record again.
                self.agreed = None;
                self.owed = None;
                self.origin = None;
            }
            // Decided afresh: the person is looked for before they are made.
            Phase::Held { why: WhyHeld::Unlinked, .. } => self.owed = None,
            Phase::Held { .. } | Phase::Parked { .. } | Phase::Waiting { .. } => {
                owed.approved |= matches!(owed.phase, Phase::Held { why: WhyHeld::Guard { .. }, .. });
                owed.looked_at |= matches!(owed.phase, Phase::Held { why: WhyHeld::Ambiguous { .. }, .. });
                owed.phase = Phase::Waiting { not_before: now };
            }
            Phase::Sent { .. } => return false,
        }
        true
    }

    /// The debt is sent again: it was surely not applied, or repeating it is harmless.
    pub fn resend(&mut self, now: Timestamp) {
        if let Some(owed) = &mut self.owed {
            owed.phase = Phase::Waiting { not_before: now };
        }
    }

    /// Takes over the records of a contact that was merged into this one. What they hold is compared afresh.
    pub fn absorb(mut self, merged: Standing) -> Standing {
        if let (Some(agreed), Some(lost)) = (&mut self.agreed, merged.agreed) {
            agreed.link.hires.extend(lost.link.hires);
            agreed.digests = None;
        }
        for (opportunity, day) in merged.decided_on {
            self.decided_on.entry(opportunity).or_insert(day);
        }
        self.told.extend(merged.told);
        self
    }

    /// Whose record this is has no record of its own, but an attempt may have made one: what it held is not forgotten.
    pub fn with_attempt_of(mut self, other: Standing) -> Standing {
        match (&mut self.owed, other.owed) {
            (Some(owed), Some(Owed { sent: Some(sent), .. })) => {
                owed.sent.get_or_insert_default().extend(sent)
            }
            (None, Some(attempted)) if attempted.sent.is_some() => self.owed = Some(attempted),
            _ => {}
        }
        self
    }

    /// Forgets what the values were, and that anything is owed: the person was anonymised. The link stays, so that nobody is
    /// created in their place.
    pub fn forget_values(&mut self) {
        if let Some(agreed) = &mut self.agreed {
            agreed.digests = None;
        }
        (self.addresses, self.kept) = (BTreeSet::new(), None);
        self.starts.clear();
        self.forgive();
    }

    /// The ledger is a copy of what it was: what was agreed field by field, and what was owed, may be long out of date. The link
    /// stays; what was sent and never answered is still looked up.
    pub fn distrust(&mut self) {
        if let Some(agreed) = &mut self.agreed {
            agreed.digests = None;
        }
        let is_kept =
            |owed: &Owed| owed.is_sent() || owed.is_for_a_human_to_settle() || !owed.unfinished.is_empty();
        self.owed = self.owed.take().filter(is_kept);
    }

    /// Forgets what the values of one hire were: it was anonymised.
    pub fn forget_hire(&mut self, hire: &OpportunityId) {
        if let Some(digests) = self.agreed.as_mut().and_then(|agreed| agreed.digests.as_mut()) {
            digests.hires.remove(hire);
        }
    }

    /// Forgets what was agreed about fields that are mapped no longer.
    pub fn keep_fields(&mut self, person: &[FieldName], hire: &[FieldName]) {
        let Some(digests) = self.agreed.as_mut().and_then(|agreed| agreed.digests.as_mut()) else { return };
        digests.person.retain(|field, _| person.contains(field));
        digests.hires.values_mut().for_each(|fields| fields.retain(|field, _| hire.contains(field)));
    }

    /// Hires that an attempt may have made, and about which nothing was agreed.
    pub fn unknown_hires(&self) -> impl Iterator<Item = &OpportunityId> {
        let agreed = |hire: &OpportunityId| {
            self.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(hire))
        };
        let sent = self.owed.iter().filter_map(|owed| owed.sent.as_ref());
        sent.flat_map(|sent| sent.hires.keys()).filter(move |hire| !agreed(hire))
    }

    /// True when there is, or may be, a record over there.
    pub fn may_be_over_there(&self) -> bool {
        self.agreed.is_some() || self.owed.as_ref().is_some_and(|owed| owed.sent.is_some())
    }

    /// True when an attempt of ours may have made a record over there that we know nothing of.
    pub fn is_open(&self) -> bool {
        self.agreed.is_none() && self.owed.as_ref().is_some_and(|owed| owed.sent.is_some())
    }

    /// True when only a human can say whether an attempt of ours made a record.
    pub fn is_with_hr(&self) -> bool {
        self.is_open() && self.owed.as_ref().is_some_and(Owed::is_for_a_human_to_settle)
    }

    /// True while a guard holds the debt, or a human approved exactly it: what replaces it was shown to nobody.
    pub fn is_for_approval(&self) -> bool {
        self.is_held_by_guard() || self.owed.as_ref().is_some_and(|owed| owed.approved)
    }

    /// True while a guard holds the debt.
    pub fn is_held_by_guard(&self) -> bool {
        self.owed
            .as_ref()
            .is_some_and(|owed| matches!(owed.phase, Phase::Held { why: WhyHeld::Guard { .. }, .. }))
    }

    /// True while a human's word that the link was wrong holds the debt.
    pub fn is_held_as_unlinked(&self) -> bool {
        let phase = self.owed.as_ref().map(|owed| &owed.phase);
        matches!(phase, Some(Phase::Held { why: WhyHeld::Unlinked, .. }))
    }

    /// True while the debt was refused, or waits for another attempt.
    pub fn is_put_off(&self) -> bool {
        let phase = self.owed.as_ref().map(|owed| &owed.phase);
        matches!(phase, Some(Phase::Parked { .. } | Phase::Waiting { .. }))
    }

    /// True when the debt may go out at `now`.
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.owed
            .as_ref()
            .is_some_and(|owed| matches!(owed.phase, Phase::Waiting { not_before } if not_before <= now || not_before > now + LONGEST_WAIT))
    }

    /// When something is to be done about it by itself, if ever.
    pub fn due(&self) -> Option<Timestamp> {
        self.owed.as_ref().and_then(|owed| owed.phase.due())
    }
}

impl Phase {
    /// When something is to be done about it by itself, if ever.
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Phase::Waiting { not_before } => Some(*not_before),
            Phase::Sent { ask_after, .. } => Some(*ask_after),
            Phase::Held { why: WhyHeld::NotYet { at, .. }, .. } => *at,
            Phase::Held { .. } | Phase::Parked { .. } => None,
        }
    }
}

impl Owed {
    /// True when what came of an attempt can neither be looked up nor told apart: it is never sent again unless a human says so.
    pub fn is_for_a_human_to_settle(&self) -> bool {
        self.sent.is_some() && matches!(self.phase, Phase::Held { why: WhyHeld::Ambiguous { .. }, .. })
    }

    /// True while an outcome is unknown.
    pub fn is_sent(&self) -> bool {
        matches!(self.phase, Phase::Sent { .. })
    }

    /// Whether `debt` would change nothing: it is owed already, and waits for the same reason. A parked debt is left parked,
    /// since the same values would be refused again; what a guard holds stays held until a human approves.
    fn is_same(&self, debt: &Debt, phase: &Phase) -> bool {
        let waits_alike = match (&self.phase, phase) {
            (Phase::Held { why: WhyHeld::Guard { .. }, .. }, _) => true,
            (Phase::Held { why: is, .. }, Phase::Held { why: would_be, .. }) => is == would_be,
            (Phase::Held { .. }, _) | (_, Phase::Held { .. }) => false,
            _ => true,
        };
        self.wanted == debt.wanted && self.intent == debt.intent && waits_alike
    }
}

impl Digests {
    /// Takes over `newer`: fields and hires it does not name stay.
    pub fn extend(&mut self, newer: Digests) {
        self.person.extend(newer.person);
        for (opportunity, fields) in newer.hires {
            self.hires.entry(opportunity).or_default().extend(fields);
        }
    }

    /// Takes over from `before` the fields that these digests do not name, of the person and of the hires they do name.
    fn keep_unspoken(&mut self, mut before: Digests) {
        for (field, digest) in before.person {
            self.person.entry(field).or_insert(digest);
        }
        for (opportunity, fields) in &mut self.hires {
            for (field, digest) in before.hires.remove(opportunity).unwrap_or_default() {
                fields.entry(field).or_insert(digest);
            }
        }
    }

    /// Forgets the fields that `other` names.
    fn forget(&mut self, other: &Digests) {
        self.person.retain(|field, _| !other.person.contains_key(field));
        for (hire, fields) in &mut self.hires {
            fields.retain(|field, _| other.hires.get(hire).is_none_or(|others| !others.contains_key(field)));
        }
    }

    /// Of the fields in which `other` differs it is not known any more what they hold.
    fn doubt(&mut self, other: &Digests) {
        let of_hires =
            self.hires.iter_mut().filter_map(|(hire, fields)| Some((fields, other.hires.get(hire)?)));
        for (fields, others) in of_hires.chain([(&mut self.person, &other.person)]) {
            for (field, digest) in fields {
                if others.get(field).is_some_and(|other| other != digest) {
                    *digest = Digest::IN_DOUBT;
                }
            }
        }
    }

    /// Remembers another digest of one field, or none.
    pub fn set(&mut self, key: &FieldKey, digest: Option<Digest>) {
        let (fields, field) = match key {
            FieldKey::Person { field } => (&mut self.person, field),
            FieldKey::Hire { opportunity, field } => {
                (self.hires.entry(opportunity.clone()).or_default(), field)
            }
        };
        match digest {
            Some(digest) => fields.insert(field.clone(), digest),
            None => fields.remove(field),
        };
    }

    /// The digest of one field.
    pub fn of(&self, field: &FieldKey) -> Option<Digest> {
        match field {
            FieldKey::Person { field } => self.person.get(field).copied(),
            FieldKey::Hire { opportunity, field } => self.hires.get(opportunity)?.get(field).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn debt(wanted: u8) -> Debt {
        let field = FieldName::new(format!("field-{wanted}"));
        Debt {
            intent: Intent::Add,
            wanted: Digest::new([wanted; 16]),
            changed: vec![FieldKey::Person { field }],
        }
    }

    fn waiting(seconds: i64) -> Phase {
        Phase::Waiting { not_before: at(seconds) }
    }

    fn link() -> Link {
        Link { remote: "r1".parse().unwrap(), hires: BTreeMap::new() }
    }

    #[test]
    fn owing_the_same_again_leaves_generation_attempts_and_backoff_alone() {
        let mut standing = Standing::default();
        assert_eq!(standing.owe(debt(1), waiting(0), at(0)), Owing::New);
        standing.begin(at(0), at(30), Digests::default());
        standing.fail(waiting(60));
        let before = standing.clone();
        assert_eq!(standing.owe(debt(1), waiting(5), at(5)), Owing::Same);
        assert_eq!(standing, before);
        assert_eq!(standing.owe(debt(2), waiting(5), at(5)), Owing::Replaced);
        assert_eq!((standing.generation, standing.due()), (Generation(2), Some(at(5))));
    }

    #[test]
    fn the_sent_mark_stays_while_an_outcome_is_unknown() {
        let mut standing = Standing::default();
        standing.owe(debt(1), waiting(0), at(0));
        standing.begin(at(0), at(30), Digests::default());
        let before = standing.clone();
        assert_eq!(standing.owe(debt(2), waiting(1), at(1)), Owing::Unsettled);
        assert!(!standing.forgive());
        assert!(!standing.release(at(1)));
        assert_eq!(standing, before);
    }

    fn named(value: u8) -> Digests {
        Digests {
            person: [(FieldName::new("name"), Digest::new([value; 16]))].into(),
            hires: BTreeMap::new(),
        }
    }

    #[test]
    fn what_an_unsettled_attempt_may_have_written_is_remembered_until_the_target_agreed() {
        let mut standing = Standing::default();
        standing.owe(debt(1), waiting(0), at(0));
        standing.settle(link(), named(1), at(0));
        standing.owe(debt(2), waiting(0), at(0));
        standing.begin(at(0), at(30), named(2));
        standing.resend(at(30));
        standing.owe(debt(3), waiting(30), at(30));
        assert_eq!(standing.owed.as_ref().unwrap().sent, Some(named(2)));
        standing.begin(at(30), at(60), named(3));
        standing.settle_found(link(), at(60));
        // Which of the two nobody knows: it is compared.
        assert_eq!((standing.agreed.unwrap().digests, standing.owed), (Some(named(0)), None));
    }

    #[test]
    fn what_was_seen_of_an_unsettled_attempt_is_agreed_and_in_doubt_no_more() {
        let mut standing = Standing::default();
        standing.settle(link(), named(1), at(0));
        standing.owe(debt(2), waiting(0), at(0));
        standing.begin(at(0), at(30), named(2));
        standing.saw(&named(2));
        assert_eq!(standing.agreed.as_ref().unwrap().digests, Some(named(1)), "it may arrive yet");
        standing.resend(at(30));
        standing.saw(&named(2));
        standing.owe(debt(3), waiting(30), at(30));
        standing.begin(at(30), at(60), named(3));
        assert_eq!(standing.agreed.as_ref().unwrap().digests, Some(named(2)));
        assert_eq!(standing.owed.unwrap().sent, Some(named(3)));
    }

    #[test]
    fn what_was_sent_without_an_answer_and_is_owed_no_more_is_in_doubt() {
        let ways: [fn(&mut Standing); 2] = [
            |standing| assert!(standing.forgive()),
            |standing| standing.take_back(&BTreeSet::new(), true, at(9)),
        ];
        for way in ways {
            let mut standing = Standing::default();
            standing.settle(link(), named(1), at(0));
            standing.owe(debt(2), waiting(0), at(0));
            standing.begin(at(0), at(30), named(2));
            standing.resend(at(30));
            way(&mut standing);
            assert_eq!((standing.agreed.unwrap().digests, standing.owed), (Some(named(0)), None));
        }
    }

    /// Agreed about these hires, of which each has one field.
    fn agreed(hires: &[&str]) -> Standing {
        let mut standing = Standing::default();
        standing.settle(linked("r1", hires), of_hires(hires), at(0));
        standing
    }

    fn linked(remote: &str, hires: &[&str]) -> Link {
        let hires = hires.iter().map(|hire| (hire.parse().unwrap(), hire.parse().unwrap())).collect();
        Link { remote: remote.parse().unwrap(), hires }
    }

    fn of_hires(hires: &[&str]) -> Digests {
        let hires = hires.iter().map(|hire| (hire.parse().unwrap(), fields(&["title"])));
        Digests { hires: hires.collect(), ..named(1) }
    }

    fn hires(standing: &Standing) -> Vec<&str> {
        standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys()).map(|hire| hire.as_str()).collect()
    }

    fn hires_known(standing: &Standing) -> Vec<&str> {
        let digests = standing.agreed.as_ref().and_then(|agreed| agreed.digests.as_ref());
        digests.into_iter().flat_map(|digests| digests.hires.keys()).map(|hire| hire.as_str()).collect()
    }

    #[test]
    fn hires_taken_back_are_known_no_more_and_the_others_are() {
        let mut standing = agreed(&["o1", "o2"]);
        standing.take_back(&["o1".parse().unwrap()].into(), true, at(9));
        assert_eq!((hires(&standing), hires_known(&standing)), (vec!["o2"], vec!["o2"]));
        standing.take_back(&["o2".parse().unwrap()].into(), false, at(9));
        assert_eq!((standing.agreed, standing.origin), (None, None));
    }

    #[test]
    fn a_record_with_another_id_keeps_the_hires_that_nobody_names() {
        let mut standing = agreed(&["o1", "o2"]);
        standing.moved_to(linked("r2", &["o2"]));
        assert_eq!(
            (standing.agreed.as_ref().unwrap().link.remote.as_str(), hires(&standing)),
            ("r2", vec!["o1", "o2"])
        );
    }

    #[test]
    fn two_records_in_one_hold_the_hires_of_both_and_are_compared_afresh() {
        let mut other = agreed(&["o2"]);
        other.decided_on.insert("o2".parse().unwrap(), at(0).date_naive());
        let both = agreed(&["o1"]).absorb(other);
        assert_eq!((hires(&both), both.agreed.as_ref().unwrap().digests.as_ref()), (vec!["o1", "o2"], None));
        assert_eq!(both.decided_on.len(), 1);
    }

    #[test]
    fn the_attempt_of_a_contact_without_a_record_goes_along_if_there_was_one() {
        let mut attempted = Standing::default();
        attempted.owe(debt(1), waiting(0), at(0));
        assert_eq!(agreed(&["o1"]).with_attempt_of(attempted.clone()).owed, None, "nothing was sent");
        attempted.begin(at(0), at(30), of_hires(&["o2"]));
        let sent = |standing: Standing| standing.owed.and_then(|owed| owed.sent);
        assert_eq!(sent(agreed(&["o1"]).with_attempt_of(attempted.clone())), Some(of_hires(&["o2"])));
        let mut owing = agreed(&["o1"]);
        owing.owe(debt(2), waiting(0), at(0));
        assert_eq!(sent(owing.with_attempt_of(attempted)), Some(of_hires(&["o2"])));
    }

    #[test]
    fn whoever_is_hired_later_than_before_is_hired_anew() {
        let mut standing = Standing::default();
        assert!(!standing.is_hired_anew(Some(at(1))), "nothing is owed");
        standing.owe(debt(1), waiting(0), at(0));
        for (hired_at, is_anew) in [(1, false), (1, false), (0, false), (2, true)] {
            assert_eq!(standing.is_hired_anew(Some(at(hired_at))), is_anew, "{hired_at}");
        }
    }

    #[test]
    fn a_link_that_was_wrong_takes_with_it_what_was_agreed_and_neither_the_count_nor_the_days() {
        let mut standing = agreed(&["o1"]);
        standing.owe(debt(1), waiting(0), at(0));
        standing.decided_on.insert("o1".parse().unwrap(), at(0).date_naive());
        let (generation, decided_on) = (standing.generation, standing.decided_on.clone());
        standing.unlink();
        assert_eq!(standing, Standing { generation, decided_on, ..Standing::default() });
        assert_ne!(generation, Generation(0));
    }

    #[test]
    fn what_was_compared_is_in_doubt_no_more_but_for_hires_that_are_not_linked() {
        for (sent, doubted) in [(&["o1"][..], None), (&["o1", "o2"][..], Some("o2"))] {
            let mut standing = agreed(&["o1"]);
            standing.owe(debt(2), waiting(0), at(0));
            standing.begin(at(0), at(30), of_hires(sent));
            standing.compared(of_hires(&["o1"]));
            let left = standing.owed.unwrap().sent;
            assert_eq!(
                left.map(|sent| sent.hires.into_keys().collect()),
                doubted.map(|hire| vec![hire.parse().unwrap()])
            );
        }
    }

    #[test]
    fn a_copied_ledger_keeps_what_was_sent_and_doubts_the_rest() {
        let mut standing = agreed(&["o1"]);
        standing.owe(debt(2), waiting(0), at(0));
        let mut unsent = standing.clone();
        unsent.distrust();
        assert_eq!(
            (hires(&unsent), unsent.agreed.as_ref().unwrap().digests.as_ref(), &unsent.owed),
            (vec!["o1"], None, &None)
        );
        standing.begin(at(0), at(30), named(2));
        standing.distrust();
        assert!(standing.owed.is_some_and(|owed| owed.is_sent()));
    }

    #[test]
    fn what_may_be_over_there_is_what_was_agreed_or_sent() {
        let said =
            |standing: &Standing| [standing.may_be_over_there(), standing.is_open(), standing.is_put_off()];
        let mut standing = Standing::default();
        standing.owe(debt(1), waiting(0), at(0));
        assert_eq!(said(&standing), [false, false, true]);
        standing.begin(at(0), at(30), named(1));
        assert_eq!(said(&standing), [true, true, false]);
        assert_eq!(said(&agreed(&["o1"])), [true, false, false]);
    }

    #[test]
    fn the_records_of_hires_that_left_the_scope_stay_known() {
        let hire = |name: &str| -> (OpportunityId, adapter_sdk::Link) {
            let id: OpportunityId = name.parse().unwrap();
            let hires = [(id.clone(), name.parse().unwrap())].into();
            (id, Link { remote: "r1".parse().unwrap(), hires })
        };
        let mut standing = Standing::default();
        for name in ["o1", "o2"] {
            let (id, link) = hire(name);
            standing.owe(debt(1), waiting(0), at(0));
            standing.settle(
                link,
                Digests { hires: [(id, BTreeMap::new())].into(), ..Digests::default() },
                at(0),
            );
        }
        let agreed = standing.agreed.unwrap();
        // The record is known, what it holds is not: should the hire come back, it is compared anew.
        assert_eq!((agreed.link.hires.len(), agreed.digests.unwrap().hires.len()), (2, 1));
    }

    fn fields(names: &[&str]) -> BTreeMap<FieldName, Digest> {
        names.iter().map(|name| (FieldName::new(*name), Digest::new([7; 16]))).collect()
    }

    #[test]
    fn what_a_delivery_did_not_speak_of_stays_agreed_for_the_person_and_for_its_hires() {
        let hires = |of: &[(&str, &[&str])]| -> BTreeMap<OpportunityId, BTreeMap<FieldName, Digest>> {
            of.iter().map(|(hire, names)| (hire.parse().unwrap(), fields(names))).collect()
        };
        type Way = fn(&mut Standing, Digests);
        let ways: [Way; 3] = [
            |standing, values| standing.settle(link(), values, at(1)),
            |standing, values| {
                standing.begin(at(1), at(2), values);
                standing.settle_found(link(), at(2));
            },
            |standing, values| {
                standing.begin(at(1), at(2), values);
                standing.settle_in_part(link(), vec![Step("hires".to_owned())], None, waiting(9), at(2));
            },
        ];
        for way in ways {
            let mut standing = Standing::default();
            standing.owe(debt(1), waiting(0), at(0));
            let all = Digests {
                person: fields(&["name", "phone"]),
                hires: hires(&[("o1", &["title", "pay"]), ("o2", &["title"])]),
            };
            standing.settle(link(), all, at(0));
            standing.owe(debt(2), waiting(1), at(1));
            way(&mut standing, Digests { person: fields(&["name"]), hires: hires(&[("o1", &["title"])]) });
            let agreed = standing.agreed.unwrap().digests.unwrap();
            assert_eq!(agreed.person, fields(&["name", "phone"]));
            assert_eq!(
                agreed.hires,
                hires(&[("o1", &["title", "pay"])]),
                "the other hire was not part of it"
            );
        }
    }

    #[test]
    fn what_is_lacking_survives_its_stored_form_and_that_of_an_earlier_version() {
        let old = r#"{"why":"missing","fields":[{"opportunity":"o1","field":"start"},{"field":"name"}]}"#;
        let start = FieldKey::Hire { opportunity: "o1".parse().unwrap(), field: FieldName::new("start") };
        let name = FieldKey::Person { field: FieldName::new("name") };
        let bare = |field: &FieldKey| Missing { field: field.clone(), lack: Lack::Absent, due: None };
        let WhyHeld::Missing { fields } = serde_json::from_str(old).unwrap() else {
            panic!("another reason")
        };
        assert_eq!(fields, [bare(&start), bare(&name)]);
        let due = Some("2026-05-01".parse().unwrap());
        let long = Missing { field: name, lack: Lack::TooLong, due: None };
        let why = WhyHeld::Missing { fields: vec![Missing { due, ..bare(&start) }, long] };
        let phase = Phase::Held { why: why.clone(), due: why.due() };
        assert_eq!(why.due(), due);
        assert_eq!(serde_json::from_str::<Phase>(&serde_json::to_string(&phase).unwrap()).unwrap(), phase);
        let old = r#"{"phase":"held","why":{"why":"missing","fields":[]},"due":null}"#;
        assert!(serde_json::from_str::<Phase>(old).is_ok());
    }

    #[test]
    fn a_held_debt_whose_reason_or_day_changed_is_another_one_and_the_same_again_is_not() {
        let held = |lack: Lack, due: Option<&str>| {
            let field = FieldKey::Person { field: FieldName::new("start") };
            let due = due.map(|day| day.parse().unwrap());
            let why = WhyHeld::Missing { fields: vec![Missing { field, lack, due }] };
            Phase::Held { due: why.due(), why }
        };
        let mut standing = Standing::default();
        standing.owe(debt(1), held(Lack::Absent, None), at(0));
        for (lack, due, expected) in [
            (Lack::Absent, None, Owing::Same),
            (Lack::Absent, Some("2026-05-01"), Owing::Replaced),
            (Lack::Absent, Some("2026-05-01"), Owing::Same),
            (Lack::Absent, Some("2026-05-02"), Owing::Replaced),
            (Lack::WrongKind, None, Owing::Replaced),
        ] {
            assert_eq!(standing.owe(debt(1), held(lack, due), at(1)), expected, "{lack:?} {due:?}");
        }
    }

    #[test]
    fn a_held_debt_changes_its_reason_but_a_guard_keeps_holding() {
        let mut standing = Standing::default();
        let missing = Phase::Held { why: WhyHeld::Missing { fields: vec![] }, due: None };
        standing.owe(debt(1), missing.clone(), at(0));
        assert_eq!(standing.owe(debt(1), missing, at(1)), Owing::Same);
        assert_eq!(standing.owe(debt(1), waiting(2), at(2)), Owing::Replaced);
        let mut standing = Standing::default();
        standing.owe(debt(1), Phase::Held { why: WhyHeld::Guard { cycle: 1 }, due: None }, at(0));
        assert_eq!(standing.owe(debt(1), waiting(2), at(2)), Owing::Same);
        assert!(standing.release(at(3)));
        assert_eq!(standing.due(), Some(at(3)));
    }

    #[test]
    fn a_record_that_is_gone_is_made_again_only_by_order() {
        let mut standing = Standing::default();
        standing.adopt(link(), LinkOrigin::Adopted, at(0));
        standing.owe(debt(1), Phase::Held { why: WhyHeld::RecordGone, due: None }, at(0));
        assert_eq!(standing.due(), None);
        assert!(standing.release(at(1)));
        assert_eq!((standing.agreed, standing.owed), (None, None));
    }

    #[test]
    fn a_humans_word_about_look_alikes_holds_for_whoever_is_still_to_be_made_and_for_nothing_else() {
        use Intent::{Add, AddHire, Update};
        for (looked_at, is_there, before, after, holds) in [
            (true, false, Add, Add, true),
            (false, false, Add, Add, false),
            (true, false, Add, AddHire, false),
            (true, false, AddHire, Add, false),
            (true, true, Add, Add, false),
            (true, true, Update, Update, false),
        ] {
            let mut standing = if is_there { agreed(&["o1"]) } else { Standing::default() };
            standing.owe(Debt { intent: before, ..debt(1) }, waiting(0), at(0));
            standing.owed.as_mut().unwrap().looked_at = looked_at;
            standing.owe(Debt { intent: after, ..debt(2) }, waiting(0), at(1));
            assert_eq!(
                standing.owed.unwrap().looked_at,
                holds,
                "{looked_at} {is_there} {before:?} {after:?}"
            );
        }
    }

    fn rehire(by: Actor) -> Rehire {
        let (kind, treatment) = (RehireKind::AfterLeaving, Treatment::NewEmployment);
        Rehire { kind, treatment, replaces: None, because: String::new(), by }
    }

    /// Of `o1` the policy decided, of `o2` a human, and of `o3` the policy.
    fn decided() -> Standing {
        let mut standing = Standing::default();
        for (hire, by) in [("o1", Actor::Cycle), ("o2", Actor::User(0)), ("o3", Actor::Cycle)] {
            standing.decide(&hire.parse().unwrap(), rehire(by));
        }
        standing
    }

    fn decisions(standing: &Standing) -> Vec<&str> {
        standing.rehires.keys().map(OpportunityId::as_str).collect()
    }

    #[test]
    fn of_nobody_only_what_a_human_decided_is_kept() {
        let mut standing = decided();
        standing.owe(debt(1), waiting(0), at(0));
        standing.forget_all_but_decisions();
        assert_eq!(
            (decisions(&standing), &standing.owed, standing.generation),
            (vec!["o2"], &None, Generation(0))
        );
    }

    #[test]
    fn a_hire_that_has_an_employment_on_an_adopted_record_was_decided_about_by_a_human_or_not_at_all() {
        let mut standing = decided();
        standing.adopt(linked("r1", &["o1", "o2"]), LinkOrigin::Adopted, at(0));
        assert_eq!(decisions(&standing), ["o2", "o3"]);
    }

    #[test]
    fn what_stands_in_the_way_is_said_until_it_does_not() {
        let text = String::new;
        let obstacle = Obstacle { code: "company_code".to_owned(), what: text(), remedy: text() };
        let mut standing = Standing::default();
        standing.owe(debt(1), waiting(0), at(0));
        for met in [Some(obstacle), None] {
            standing.meet(met.clone());
            assert_eq!(standing.owed.as_ref().unwrap().obstacle, met);
        }
    }

    #[test]
    fn a_copied_ledger_knows_what_was_done_in_part_and_what_a_human_is_to_settle() {
        let mut in_part = Standing::default();
        in_part.owe(debt(1), waiting(0), at(0));
        in_part.begin(at(0), at(30), named(1));
        let mut for_a_human = in_part.clone();
        in_part.settle_in_part(link(), vec![Step("hires".to_owned())], None, waiting(9), at(2));
        for_a_human.fail(Phase::Held { why: WhyHeld::Ambiguous { records: 2 }, due: None });
        for mut standing in [in_part, for_a_human] {
            let owed = standing.owed.clone();
            standing.distrust();
            assert!(owed.is_some());
            assert_eq!(standing.owed, owed);
        }
    }

    #[test]
    fn what_was_seen_is_forgotten_of_the_attempt_field_by_field() {
        let both = [("o1".parse().unwrap(), fields(&["title", "pay"]))];
        let mut sent = Digests { hires: both.into(), ..named(1) };
        let seen =
            Digests { hires: [("o1".parse().unwrap(), fields(&["pay"]))].into(), ..Digests::default() };
        sent.forget(&seen);
        let left = Digests { hires: [("o1".parse().unwrap(), fields(&["title"]))].into(), ..named(1) };
        assert_eq!(sent, left);
    }

    #[test]
    fn what_comes_about_in_lever_with_a_trace_or_over_there_is_not_watched_for() {
        let opportunity = || "o1".parse().unwrap();
        let not_yet = |from: Option<&str>| WhyHeld::NotYet {
            opportunity: opportunity(),
            from: from.map(|day| day.parse().unwrap()),
            at: None,
        };
        for (why, is_watched) in [
            (WhyHeld::Missing { fields: vec![] }, true),
            (WhyHeld::StorageNotPermitted, true),
            (not_yet(None), true),
            (not_yet(Some("2026-05-01")), false),
            (WhyHeld::Guard { cycle: 1 }, false),
            (WhyHeld::Ambiguous { records: 2 }, false),
            (WhyHeld::RecordGone, false),
            (WhyHeld::HireDate { opportunity: opportunity() }, false),
        ] {
            assert_eq!(why.is_watched(), is_watched, "{why:?}");
        }
    }

    #[test]
    fn a_standing_survives_its_stored_form() {
        let mut standing = Standing::default();
        standing.owe(debt(1), waiting(0), at(0));
        standing
            .owed
            .as_mut()
            .unwrap()
            .changed
            .push(FieldKey::Hire { opportunity: "o1".parse().unwrap(), field: FieldName::new("title") });
        standing.begin(at(0), at(30), Digests::default());
        let text = serde_json::to_string(&standing).unwrap();
        assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
    }

    #[derive(Debug, Clone)]
    enum Move {
        Owe(u8),
        Begin,
        Settle,
        Refuse,
        Lose,
        Release,
        Adopt,
        Forgive,
    }

    fn moves() -> impl Strategy<Value = Move> {
        prop_oneof![
            (0..3u8).prop_map(Move::Owe),
            Just(Move::Begin),
            Just(Move::Settle),
            Just(Move::Refuse),
            Just(Move::Lose),
            Just(Move::Release),
            Just(Move::Adopt),
            Just(Move::Forgive),
        ]
    }

    proptest! {
        #[test]
        fn on_any_walk_generations_only_grow_and_an_agreed_record_is_never_forgotten_by_accident(
            walk in proptest::collection::vec(moves(), 0..60)
        ) {
            let mut standing = Standing::default();
            for (step, next) in walk.into_iter().enumerate() {
                let now = at(i64::try_from(step).unwrap());
                let before = standing.clone();
                let sent = before.owed.as_ref().is_some_and(Owed::is_sent);
                match next {
                    Move::Owe(wanted) => { standing.owe(debt(wanted), Phase::Waiting { not_before: now }, now); }
                    Move::Begin => standing.begin(now, now + TimeDelta::seconds(30), named(1)),
                    Move::Settle if sent => standing.settle(link(), Digests::default(), now),
                    Move::Refuse if sent => standing.fail(Phase::Parked { kind: ErrorKind::Rejected, hint: String::new() }),
                    Move::Lose if sent => standing.fail(Phase::Sent { at: now, ask_after: now, looks: 1 }),
                    Move::Release => { standing.release(now); }
                    Move::Adopt if sent => standing.adopt(link(), LinkOrigin::Adopted, now),
                    Move::Forgive => { standing.forgive(); }
                    _ => {}
                }
                prop_assert!(standing.generation >= before.generation);
                prop_assert!(before.agreed.is_none() || standing.agreed.is_some());
                prop_assert!(!(sent && standing.owed.is_none()) || standing.agreed.is_some());
            }
        }
    }
}
