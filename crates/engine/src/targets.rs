//! Whether a target can be used in this cycle, and whether it is still the one we knew.

use std::collections::BTreeSet;

use ledger::{Seen, TargetHealth};
use people::TargetName;

use crate::{
    cycle::{CycleError, Engine, Run},
    policy,
    settings::Target,
};

impl Engine {
    /// Probes targets that could not be used, and rebuilds the links of those the ledger is new to.
    pub(crate) async fn prepare_targets(&self, run: &mut Run) -> Result<(), CycleError> {
        self.notice_who_is_back()?;
        for target in &self.targets {
            self.notice_other_columns(target)?;
            if !self.memory().met.contains(&target.name) {
                run.queue.due.extend(self.under_way_before(target)?);
            }
            let usable = self.is_usable(target).await?;
            if !usable {
                run.unusable.insert(target.name.clone());
            }
            if self.is_rebuilding(target)? && !(usable && self.rebuild(target).await?) {
                run.unknown.insert(target.name.clone());
            }
        }
        Ok(())
    }

    /// Targets that were not configured for a while: profiles that were merged meanwhile still stand there as they were, and are
    /// recognised as if they were merged now.
    fn notice_who_is_back(&self) -> Result<(), CycleError> {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        let names = names.join(" ");
        let before = self.ledger.note(CONFIGURED)?;
        if before.as_ref() == Some(&names) {
            return Ok(());
        }
        let were: BTreeSet<&str> = before.as_deref().unwrap_or(&names).split(' ').collect();
        let now = self.clock.now();
        for target in self.targets.iter().filter(|target| !were.contains(target.name.as_str())) {
            self.about_everybody(target, |draft, contact| {
                let standing = draft.standing(&target.name, contact)?.unwrap_or_default();
                let linked = standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys());
                for hire in linked.chain(standing.unknown_hires()) {
                    let Some(seen) = draft.seen(hire)?.filter(|seen| seen.contact != *contact) else {
                        continue;
                    };
                    draft.mark(&seen.contact, now)?;
                    draft.put_seen(hire, &Seen { contact: contact.clone(), ..seen })?;
                }
                Ok(())
            })?;
        }
        let _ = self.ledger.write(|draft| {
            draft.put_note(CONFIGURED, &names);
            Ok(())
        })?;
        Ok(())
    }

    /// A mapping with other fields than before: everybody is looked at again, and what was agreed about fields that are mapped
    /// no longer is forgotten, since the target may drop them.
    fn notice_other_columns(&self, target: &Target) -> Result<(), CycleError> {
        let columns = target.mapping.columns();
        let note = format!("columns {}", target.name);
        let now_mapped = format!("{columns:?}");
        let before = self.ledger.note(&note)?;
        if before.as_ref() == Some(&now_mapped) {
            return Ok(());
        }
        if before.is_some() {
            self.about_everybody(target, |draft, contact| {
                let Some(mut standing) = draft.standing(&target.name, contact)? else { return Ok(()) };
                standing.keep_fields(&columns.person, &columns.hire);
                draft.put_standing(&target.name, contact, standing)?;
                draft.repair(contact);
                Ok(())
            })?;
        }
        let _ = self.ledger.write(|draft| {
            draft.put_note(&note, &now_mapped);
            Ok(())
        })?;
        Ok(())
    }

    /// Whether a target's mapping is worded otherwise than at the last full sweep: anybody may be wanted otherwise, and whoever
    /// `when` left out until now has no standing, so only a full sweep finds them.
    ///
    /// A target whose links are not rebuilt yet has none that count: once it is known, everybody is looked at for it.
    pub(crate) fn has_other_rules(&self, unknown: &BTreeSet<TargetName>) -> ledger::Result<bool> {
        let mut known = self.targets.iter().filter(|target| !unknown.contains(&target.name));
        known.try_fold(false, |other, target| {
            Ok(other || self.ledger.note(&rules_note(target))?.as_ref() != Some(&self.rules(target)))
        })
    }

    /// Everybody was marked: they are planned for by the rules of now.
    pub(crate) fn remember_rules(&self, unknown: &BTreeSet<TargetName>) -> ledger::Result<()> {
        for target in self.targets.iter().filter(|target| !unknown.contains(&target.name)) {
            let rules = self.rules(target);
            let before = self.ledger.note(&rules_note(target))?;
            if before.as_ref() != Some(&rules) {
                let _ = self.ledger.write(|draft| {
                    draft.put_note(&rules_note(target), &rules);
                    if before.is_some() {
                        draft.put_note(&reworded_note(target), REWORDED);
                    }
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Only a digest: an expression may name somebody.
    fn rules(&self, target: &Target) -> String {
        self.ledger
            .key()
            .record(&format!("{}\n{}", target.mapping.wording(), target.policy.wording()))
            .to_string()
    }

    /// Targets whose rules are other ones than before, and for which not everybody was looked at since: what changes there
    /// changes because of us.
    pub(crate) fn reworded(&self) -> ledger::Result<BTreeSet<TargetName>> {
        let mut reworded = BTreeSet::new();
        for target in &self.targets {
            let before = self.ledger.note(&rules_note(target))?;
            let is_other = before.is_some_and(|before| before != self.rules(target));
            if is_other || self.ledger.note(&reworded_note(target))?.as_deref() == Some(REWORDED) {
                reworded.insert(target.name.clone());
            }
        }
        Ok(reworded)
    }

    /// Everybody was looked at.
    pub(crate) fn reworded_no_longer(&self, run: &Run) -> Result<(), CycleError> {
        if run.reworded.is_empty() || self.ledger.marks()? + self.ledger.repairs()? > 0 {
            return Ok(());
        }
        let _ = self.ledger.write(|draft| {
            let reworded = self.targets.iter().filter(|target| run.reworded.contains(&target.name));
            reworded.for_each(|target| draft.put_note(&reworded_note(target), "no"));
            Ok(())
        })?;
        Ok(())
    }

    /// True when the target can be used: it could before, or a probe that was due succeeded. A new process is reason enough
    /// to look: somebody may have mended it, or broken it, and started us again.
    async fn is_usable(&self, target: &Target) -> Result<bool, CycleError> {
        let first = self.memory().met.insert(target.name.clone());
        let state = self.ledger.target(&target.name)?;
        let TargetHealth::Quarantined { probe_at, .. } = state.health else {
            let known = if first { self.recognises(target).await } else { return Ok(true) };
            if !matches!(known, Ok(true)) && self.ledger.target(&target.name)?.health == TargetHealth::Active
            {
                // It could not be asked: it still has to be.
                self.memory().met.remove(&target.name);
            }
            return known;
        };
        if !first && !policy::is_probe_due(probe_at, self.clock.now()) {
            return Ok(false);
        }
        match self.unless_stopped(target.adapter.check()).await? {
            Ok(report) if self.is_the_tenant(target, &report)? && self.holds_ours(target).await? => {
                self.target_answered(target)?;
                tracing::info!(target_name = %target.name, "target can be used again");
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => {
                self.target_failed(target, &error)?;
                Ok(false)
            }
        }
    }
}

/// The note that names the targets of the last cycle.
const CONFIGURED: &str = "configured";
/// What the note of a target says whose rules are other ones than before.
const REWORDED: &str = "yes";

fn reworded_note(target: &Target) -> String {
    format!("reworded {}", target.name)
}

fn rules_note(target: &Target) -> String {
    format!("rules {}", target.name)
}
