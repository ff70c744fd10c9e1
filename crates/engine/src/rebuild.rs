//! A ledger that is new to a target (a lost one, the first one, a new target) knows nobody there. Before anything is planned
//! for it, the target is asked whom it holds. What is found is adopted; nothing is written.

use std::collections::BTreeSet;

use adapter_sdk::{CheckReport, Error, ErrorKind, Evidence, Found, Link};
use ledger::{Draft, LinkOrigin, Origin, Outcome, Standing};
use people::{ContactId, RemoteId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cycle::{CycleError, Engine},
    deliver::two_records,
    settings::Target,
    sweep::CURSOR,
};

/// Fewer may all have been renumbered, or have left.
const LANDMARKS_MIN: usize = 3;

impl Engine {
    /// Rebuilds the links of one target. False when the target could not be asked: then nothing is planned for it in this
    /// cycle.
    pub(crate) async fn rebuild(&self, target: &Target) -> Result<bool, CycleError> {
        self.distrust_copy(target)?;
        if target.adapter.info().capabilities.list {
            let mut after: Option<RemoteId> = None;
            loop {
                let page = match self.unless_stopped(target.adapter.list(after)).await? {
                    Ok(page) => page,
                    Err(error) => {
                        self.target_failed(target, &error)?;
                        return Ok(false);
                    }
                };
                let Some(last) = page.last() else { break };
                after = Some(last.link.remote.clone());
                let _ = self.ledger.write(|draft| {
                    page.iter().try_for_each(|found| self.adopt_listed(draft, target, found))
                })?;
            }
        }
        let _ = self.ledger.write(|draft| {
            let mut state = draft.target(&target.name)?;
            state.rebuilt_under = Some(self.ledger.lineage().to_owned());
            draft.put_target(&target.name, &state)
        })?;
        Ok(true)
    }

    /// A copied ledger knew this target: its links stay, and what they hold is compared afresh, for everybody.
    fn distrust_copy(&self, target: &Target) -> ledger::Result<()> {
        if self.ledger.target(&target.name)?.rebuilt_under.is_none() {
            return Ok(());
        }
        self.about_everybody(target, |draft, contact| {
            let Some(mut standing) = draft.standing(&target.name, contact)? else { return Ok(()) };
            standing.distrust();
            draft.put_standing(&target.name, contact, standing)?;
            draft.repair(contact);
            Ok(())
        })?;
        // Whoever came since is listed.
        let _ = self.ledger.write(|draft| {
            draft.drop_note(CURSOR);
            Ok(())
        })?;
        self.memory().cursor = None;
        Ok(())
    }

    /// Whether the target is the one we knew: asked once a process, before the first delivery. True when it may be used.
    pub(crate) async fn recognises(&self, target: &Target) -> Result<bool, CycleError> {
        if target.adapter.info().capabilities.landmarks {
            match self.unless_stopped(target.adapter.check()).await? {
                Ok(report) if self.is_the_tenant(target, &report)? => {}
                Ok(_) => return Ok(false),
                Err(error) => {
                    self.target_failed(target, &error)?;
                    return Ok(false);
                }
            }
        }
        self.holds_ours(target).await
    }

    /// Where hardly anything stands any more of all that stood there, somebody configured another tenant. Its landmarks are kept as
    /// keyed digests, and follow the target as it changes.
    pub(crate) fn is_the_tenant(&self, target: &Target, report: &CheckReport) -> Result<bool, CycleError> {
        if !target.adapter.info().capabilities.landmarks {
            return Ok(true);
        }
        let note = format!("landmarks {}", target.name);
        let digest = |landmark: &String| self.ledger.key().record(landmark).to_string();
        let now: BTreeSet<String> = report.landmarks.iter().map(digest).collect();
        let before = self.ledger.note(&note)?.unwrap_or_default();
        let known: BTreeSet<&str> = before.split_whitespace().collect();
        let left = known.iter().filter(|landmark| now.contains(**landmark)).count();
        if known.len() >= LANDMARKS_MIN && left * 4 < known.len() {
            let error = Error::new(
                ErrorKind::ConfigInvalid,
                "the target is another one than before: hardly anybody who stood there is there any more",
            )
            .with("remedy", "correct the settings, or name a new target: a name belongs to one tenant");
            self.target_failed(target, &error)?;
            return Ok(false);
        }
        let kept = now.into_iter().collect::<Vec<_>>().join(" ");
        if !kept.is_empty() && kept != before {
            let _ = self.ledger.write(|draft| {
                draft.put_note(&note, &kept);
                Ok(())
            })?;
        }
        Ok(true)
    }

    /// A target that lists nobody although people were agreed has been emptied or exchanged: nothing is written to it until
    /// somebody looked. True when the target may be used.
    pub(crate) async fn holds_ours(&self, target: &Target) -> Result<bool, CycleError> {
        let agreed = self.ledger.linked(&target.name)?;
        if agreed == 0 || !target.adapter.info().capabilities.list {
            return Ok(true);
        }
        let error = match self.unless_stopped(target.adapter.list(None)).await? {
            // What only a human linked need not stand there under our key.
            Ok(page) if page.is_empty() && self.holds_made_by_us(target)? => Error::new(
                ErrorKind::ConfigInvalid,
                "the target holds nobody, but people were delivered to it: put its data back, or name a new target",
            )
            .with("delivered", agreed),
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        self.target_failed(target, &error)?;
        Ok(false)
    }

    /// Whether some record there should be one of ours.
    fn holds_made_by_us(&self, target: &Target) -> ledger::Result<bool> {
        let mut any = false;
        self.each(&target.name, |_, standing| {
            any |= standing.agreed.is_some() && standing.origin != Some(LinkOrigin::Imported);
        })?;
        Ok(any)
    }

    /// Whether nobody is created yet because links are being rebuilt.
    pub(crate) fn is_rebuilding(&self, target: &Target) -> ledger::Result<bool> {
        Ok(self.ledger.target(&target.name)?.rebuilt_under.as_deref() != Some(self.ledger.lineage()))
    }

    fn adopt_listed(&self, draft: &mut Draft<'_>, target: &Target, found: &Found) -> ledger::Result<()> {
        let Some(contact) = whose(draft, found)? else { return Ok(()) };
        if draft.is_buried(&contact)? {
            return Ok(());
        }
        if let Some(own) = draft.standing(&target.name, &contact)?.and_then(|standing| standing.agreed) {
            let (own, other) = (&own.link.remote, &found.link.remote);
            if own != other {
                let what = format!("{own} is kept up to date.");
                self.raise(draft, &contact, Some(&target.name), two_records(&contact, own, other, &what))?;
            }
            return Ok(());
        }
        for opportunity in found.link.hires.keys() {
            // By this a merge that happened meanwhile is recognised.
            if draft.seen(opportunity)?.is_none() {
                let seen = ledger::Seen::of(contact.clone());
                draft.put_seen(opportunity, &seen)?;
            }
        }
        self.adopt(draft, target, &contact, found.link.clone())
    }

    /// Takes the record for this contact's. What it holds is compared with what it should hold when the person is read again.
    pub(crate) fn adopt(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
        link: Link,
    ) -> ledger::Result<()> {
        let now = self.clock.now();
        let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
        standing.adopt(link, LinkOrigin::Adopted, now);
        draft.put_standing(&target.name, contact, standing)?;
        draft.mark(contact, now)?;
        draft.tell(&self.event(contact, Some(&target.name), Outcome::Adopted))
    }
}

/// Records of ours that a look found, and of which the ledger knew nothing although it never was lost: it was rolled back with the
/// whole machine, or a second hiresync is at work.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct UnknownRecords {
    /// How many.
    pub records: u64,
    /// When the last one was found.
    pub last_at: Timestamp,
}

impl Engine {
    /// Counts a record that carries our key, or the contact, and that no attempt of this ledger made.
    pub(crate) fn notice_unknown(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        standing: &Standing,
        found: &[Found],
    ) -> ledger::Result<()> {
        let is_ours = |found: &Found| matches!(found.evidence, Evidence::Key | Evidence::ContactId);
        let was_tried = standing.owed.as_ref().is_some_and(|owed| owed.sent.is_some());
        let is_known_loss = matches!(self.ledger.origin(), Origin::Recovery { .. });
        if is_known_loss || was_tried || !found.iter().any(is_ours) {
            return Ok(());
        }
        let before = self.unknown_records(&target.name)?.map_or(0, |before| before.records);
        let unknown = UnknownRecords { records: before + 1, last_at: self.clock.now() };
        tracing::warn!(
            code = "ledger.unknown_record",
            target_name = %target.name,
            records = unknown.records,
            "found a record of ours that this ledger should know: it was rolled back with the machine, or a second hiresync is at work"
        );
        draft.put_note(&unknown_note(&target.name), &serde_json::to_string(&unknown).unwrap_or_default());
        Ok(())
    }

    /// How many such records were found in a target.
    pub(crate) fn unknown_records(&self, target: &TargetName) -> ledger::Result<Option<UnknownRecords>> {
        let note = self.ledger.note(&unknown_note(target))?;
        Ok(note.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

fn unknown_note(target: &TargetName) -> String {
    format!("unknown-records {target}")
}

/// The contact kept on the record, else the one we know an opportunity of.
fn whose(draft: &Draft<'_>, found: &Found) -> ledger::Result<Option<ContactId>> {
    if let Some(contact) = &found.contact {
        return Ok(Some(contact.clone()));
    }
    for opportunity in found.link.hires.keys() {
        if let Some(seen) = draft.seen(opportunity)? {
            return Ok(Some(seen.contact));
        }
    }
    Ok(None)
}
