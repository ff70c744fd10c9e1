//! A plan as it is kept between being made and being applied: ids, decisions and keyed digests of everything they were made from.
//! No value of anybody's.
//!
//! The digests are made under a key of their own, derived from the source's API key: a plan can be made before there is a ledger,
//! and checked once there is one, and without the key nothing can be guessed from it. The same key seals the file: one that was
//! changed by a byte is refused. A renewed API key makes older plans void.

use std::collections::BTreeMap;

use adapter_sdk::TaskKind;
use ledger::DigestKey;
use people::{ContactId, Date, Digest, FieldKey, OpportunityId, RemoteId, Secret, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DryRun, PlannedChange, cycle::Engine};

/// The form that this version writes.
const FORM: u32 = 1;

/// The key under which plans are made.
#[derive(Debug, Clone)]
pub struct PlanKey(DigestKey);

impl PlanKey {
    /// The key that belongs to an API key.
    pub fn of(api_key: &Secret) -> PlanKey {
        let derived = DigestKey::new(api_key.clone()).record("hiresync: the key of plans");
        PlanKey(DigestKey::new(Secret::new(derived.to_string())))
    }

    fn digest(&self, words: &str) -> Digest {
        self.0.record(words)
    }
}

/// A plan, written down.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Which form it has.
    hiresync_plan: u32,
    /// What it is called: another plan has another id.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Under which circumstances.
    pub head: Head,
    /// What is to be done, contact by contact, target by target.
    pub entries: Vec<Entry>,
    /// Whom nothing could be said about, and the code of why.
    pub unread: Vec<(ContactId, String)>,
    /// Proof that it is as it was made.
    seal: Digest,
}

/// What a plan depends on beside the people.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// What `[lever]` says of whom is read.
    pub lever: Digest,
    /// Which ledger.
    pub ledger: Digest,
    /// Each target.
    pub targets: BTreeMap<TargetName, TargetHead>,
}

/// What a plan depends on of a target.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetHead {
    /// Its mapping.
    pub mapping: Digest,
    /// Its policies.
    pub policy: Digest,
    /// Where it is, and its adapter's settings.
    pub settings: Digest,
}

/// One contact in one target.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The target.
    pub target: TargetName,
    /// The contact.
    pub contact: ContactId,
    /// The code of what is to be done.
    pub decision: String,
    /// What follows, where a record is adopted.
    pub then: Option<String>,
    /// Whether something is sent.
    pub sends: bool,
    /// The record over there, where it is known.
    pub record: Option<RemoteId>,
    /// Which fields are written.
    pub fields: Vec<FieldKey>,
    /// Of these, what nobody gave us.
    pub filled: Vec<FieldKey>,
    /// What is missing.
    pub missing: Vec<FieldKey>,
    /// What a human is asked to do.
    pub tasks: Vec<TaskKind>,
    /// The day of each hire's decision.
    pub decided_on: BTreeMap<OpportunityId, Date>,
    /// What it was decided from.
    pub digests: EntryDigests,
}

/// What an entry was decided from.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDigests {
    /// What Lever says of the person, as far as the target is told.
    pub person: Digest,
    /// What the target holds, as far as it was asked.
    pub record: Digest,
    /// What the ledger knows of both.
    pub standing: Digest,
}

/// What the configuration says beside what the engine knows of it, in words that change when it does.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Of the source: who is read.
    pub lever: String,
    /// Of each target: where it is, and how it is spoken to.
    pub targets: BTreeMap<TargetName, String>,
}

/// Why a file is no plan to be applied. Says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    /// It is something else.
    #[error("this is no plan of hiresync's; `hiresync plan --out FILE` makes one")]
    NotOurs,
    /// Another version made it.
    #[error(
        "this plan was made by another version of hiresync; make it again with `hiresync plan --out FILE`"
    )]
    OtherForm,
    /// The seal does not fit.
    #[error(
        "this plan was changed since it was made, or it was made under another Lever API key; make it again with \
         `hiresync plan --out FILE`"
    )]
    Changed,
}

impl Head {
    /// What a plan of this engine's depends on, with the ledger of that lineage.
    pub fn of(engine: &Engine, place: &Place, lineage: &str, key: &PlanKey) -> Head {
        let target = |target: &crate::Target| {
            let settings = place.targets.get(&target.name).map_or("", String::as_str);
            let head = TargetHead {
                mapping: key.digest(target.mapping.wording()),
                policy: key.digest(&target.policy.wording()),
                settings: key.digest(settings),
            };
            (target.name.clone(), head)
        };
        Head {
            lever: key.digest(&place.lever),
            ledger: key.digest(lineage),
            targets: engine.targets.iter().map(target).collect(),
        }
    }

    /// What is otherwise by now, each in words that begin with what moved.
    pub fn moved(&self, now: &Head) -> Vec<String> {
        let mut moved = Vec::new();
        if self.lever != now.lever {
            moved.push("the settings of [lever]: who is read, or since when".to_owned());
        }
        let names =
            self.targets.keys().chain(now.targets.keys().filter(|name| !self.targets.contains_key(*name)));
        for name in names {
            match (self.targets.get(name), now.targets.get(name)) {
                (Some(then), Some(now)) => moved.extend(then.moved(name, now)),
                (Some(_), None) => moved.push(format!("the target {name}: it is not there any more")),
                (None, _) => moved.push(format!("the target {name}: it is new")),
            }
        }
        if self.ledger != now.ledger {
            moved.push("the ledger: it is not the one that the plan was made over".to_owned());
        }
        moved
    }
}

impl TargetHead {
    fn moved(&self, name: &TargetName, now: &TargetHead) -> Vec<String> {
        let parts = [
            (self.mapping != now.mapping, format!("the mapping of {name}")),
            (self.policy != now.policy, format!("the policy of {name}")),
            (self.settings != now.settings, format!("the settings of {name}")),
        ];
        parts.into_iter().filter(|(is_other, _)| *is_other).map(|(_, what)| what).collect()
    }
}

impl PlanFile {
    /// What was found out, written down.
    pub fn of(dry: &DryRun, head: Head, made_at: Timestamp, key: &PlanKey) -> PlanFile {
        let mut file = PlanFile {
            hiresync_plan: FORM,
            id: String::new(),
            made_at,
            head,
            entries: dry.changes.iter().map(|change| Entry::of(change, key)).collect(),
            unread: dry
                .unread
                .iter()
                .map(|unread| (unread.contact.clone(), unread.code.to_owned()))
                .collect(),
            seal: key.digest(""),
        };
        file.id = format!("P-{}", &file.sealed(key).to_string()[..10]);
        file.seal = file.sealed(key);
        file
    }

    /// Reads what [`PlanFile::bytes`] made. A single other byte is refused.
    pub fn read(bytes: &[u8], key: &PlanKey) -> Result<PlanFile, PlanFileError> {
        #[derive(Deserialize)]
        struct AnyForm {
            hiresync_plan: u32,
        }
        let form: AnyForm = serde_json::from_slice(bytes).map_err(|_| PlanFileError::NotOurs)?;
        if form.hiresync_plan != FORM {
            return Err(PlanFileError::OtherForm);
        }
        let file: PlanFile = serde_json::from_slice(bytes).map_err(|_| PlanFileError::Changed)?;
        if file.seal == file.sealed(key) && file.bytes() == bytes {
            Ok(file)
        } else {
            Err(PlanFileError::Changed)
        }
    }

    /// The file's content.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("ids, codes and digests have a JSON form");
        bytes.push(b'\n');
        bytes
    }

    /// With these contacts alone, sealed anew; all of it, if none is named.
    pub fn only(mut self, contacts: &[ContactId], key: &PlanKey) -> PlanFile {
        if !contacts.is_empty() {
            self.entries.retain(|entry| contacts.contains(&entry.contact));
            self.unread.retain(|(contact, _)| contacts.contains(contact));
            self.seal = self.sealed(key);
        }
        self
    }

    /// Everybody it is about.
    pub fn contacts(&self) -> Vec<ContactId> {
        let entries = self.entries.iter().map(|entry| &entry.contact);
        let all = entries.chain(self.unread.iter().map(|(contact, _)| contact));
        all.collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect()
    }

    fn sealed(&self, key: &PlanKey) -> Digest {
        let PlanFile { hiresync_plan, id, made_at, head, entries, unread, seal: _ } = self;
        let text = serde_json::to_string(&(hiresync_plan, id, made_at, head, entries, unread));
        key.digest(&text.expect("ids, codes and digests have a JSON form"))
    }
}

impl Entry {
    pub(crate) fn of(change: &PlannedChange, key: &PlanKey) -> Entry {
        let basis = &change.basis;
        Entry {
            target: change.target.clone(),
            contact: change.contact.clone(),
            decision: change.decision.clone(),
            then: change.then.clone(),
            sends: change.sends,
            record: change.record.clone(),
            fields: change.fields.iter().map(|field| field.key.clone()).collect(),
            filled: change.filled.iter().map(|filled| filled.field.clone()).collect(),
            missing: change.missing.iter().map(|missing| missing.field.clone()).collect(),
            tasks: change.tasks.clone(),
            decided_on: basis.decided_on.clone(),
            digests: EntryDigests {
                person: key.digest(basis.person.reveal()),
                record: key.digest(basis.record.reveal()),
                standing: key.digest(&basis.standing),
            },
        }
    }

    /// Whether applying the plan does something here.
    pub fn is_for_applying(&self) -> bool {
        self.sends || self.decision == "adopt"
    }

    /// What is otherwise by now; nothing, if nothing is.
    pub(crate) fn moved(&self, now: &Entry) -> Vec<String> {
        let mut moved = Vec::new();
        if self.digests.person != now.digests.person {
            moved.push("the person in Lever".to_owned());
        }
        if self.digests.record != now.digests.record || self.record != now.record {
            moved.push(format!("the record in {}", self.target));
        }
        if self.digests.standing != now.digests.standing {
            moved.push(format!("what hiresync and {} agreed on or owe since", self.target));
        }
        if moved.is_empty() && self != now {
            moved.push(format!("what is to be done: it was {}, and is {}", self.code(), now.code()));
        }
        moved
    }

    fn code(&self) -> String {
        match &self.then {
            Some(then) => format!("{} then {then}", self.decision),
            None => self.decision.clone(),
        }
    }
}
