//! What `explain` tells beyond the ledger: what the source says now and what a cycle would make of it; and every reason there is, with
//! its stable code, in one table. [`REASONS`] is printed in `crates/hiresync/REASONS.md`, and a test holds the two together.

use ledger::{LeftOut, Outcome, Standing};
use people::{ContactId, Missing, OpportunityId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cycle::{CycleError, Engine},
    dry_run::PlannedChange,
    orders,
    settings::Target,
    source::Reading,
};

/// Why something is as it is: a stable code, what it means, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The code. Where it ends in a dot, what follows is an adapter's own code.
    pub code: &'static str,
    /// What it means, in HR's words.
    pub what: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

const fn reason(code: &'static str, what: &'static str, remedy: &'static str) -> Reason {
    Reason { code, what, remedy }
}

const WAITS: &str = "Nothing: everything owed waits and flows on by itself.";
const BY_ITSELF: &str = "Nothing: it goes on by itself.";

/// Every reason there is.
pub const REASONS: &[Reason] = &[
    // where somebody stands
    reason("agreed", "The target holds what it should.", "Nothing."),
    reason(
        "unknown",
        "Nothing was ever owed here.",
        "If the person was hired since, `hiresync sync CONTACT` reads them now.",
    ),
    reason("waiting", "A change is about to be sent.", BY_ITSELF),
    reason("waiting.paused", "A change waits, because the target is paused.", "`hiresync resume TARGET`."),
    reason(
        "waiting.retry",
        "A change failed, and is tried again; the number of attempts follows.",
        BY_ITSELF,
    ),
    reason(
        "waiting.config_invalid",
        "The target's settings do not fit.",
        "`hiresync check` names the setting. What is owed flows on by itself.",
    ),
    reason(
        "waiting.unauthorized",
        "The target refuses the credentials.",
        "Renew them, then restart hiresync. What is owed flows on by itself.",
    ),
    reason("waiting.rate_limited", "The target takes fewer calls than we make.", WAITS),
    reason(
        "waiting.unavailable",
        "The target cannot be reached.",
        "Nothing, unless it lasts: it is tried again.",
    ),
    reason("waiting.rejected", "The target refused a check.", "`hiresync check` says what it refuses."),
    reason(
        "waiting.conflict",
        "The target refused a check: something stands in the way.",
        "`hiresync check` says what.",
    ),
    reason("waiting.unsupported", "The target cannot do what was asked.", "`hiresync check` says what."),
    reason(
        "waiting.unexpected",
        "The target answered in a way nobody foresaw.",
        "Look at the log; `hiresync resume TARGET` probes it at once.",
    ),
    reason(
        "waiting.",
        "A part was refused, and is tried again: the adapter's own code follows.",
        "As `explain` says.",
    ),
    reason(
        "sent",
        "A change was sent, and what came of it is unknown.",
        "Nothing: the target is asked before anything is sent again.",
    ),
    reason(
        "held.guard",
        "The cycle would have changed more people than the guards allow.",
        "Look at `hiresync plan`; if it is right, `hiresync approve CYCLE`.",
    ),
    reason(
        "held.missing",
        "Values are missing, or cannot be sent; none is invented.",
        "Give or correct them in Lever. The person is then sent by itself.",
    ),
    reason(
        "held.storage_not_permitted",
        "Lever says that the data may not be stored.",
        "Renew the consent in Lever, or enter the person by hand.",
    ),
    reason(
        "held.ambiguous",
        "Records over there may be this person.",
        "Look whether one of them is. If none is, `hiresync retry CONTACT`.",
    ),
    reason(
        "held.record_gone",
        "The record is not shown over there any more.",
        "Look for it there. Only if nobody is there, `hiresync retry CONTACT`.",
    ),
    reason(
        "held.unlinked",
        "A human said that the record over there is not this person's.",
        "`hiresync links set CONTACT RECORD` names the right one; only if there is none, `hiresync retry CONTACT`.",
    ),
    reason(
        "held.recovery",
        "The ledger was lost, and the target can neither be searched nor listed.",
        "See by hand that nobody is there, then `hiresync retry CONTACT`.",
    ),
    reason(
        "held.rehire",
        "Hired again: a human decides what that is over there.",
        "`hiresync links rehire CONTACT OPPORTUNITY …`, as the task says.",
    ),
    reason(
        "held.not_yet",
        "The target is told from a later day on (`deliver_from`).",
        "Nothing: it goes out by itself on that day.",
    ),
    reason(
        "held.no_start_date",
        "The target is told by the start date, and Lever has none.",
        "Give the start date in Lever's offer.",
    ),
    reason(
        "held.hire_date",
        "Lever has dates of before and of after `hired_since` for this hire.",
        "`hiresync retry CONTACT` if it is new; close its task if it is old.",
    ),
    reason("parked.config_invalid", "The settings do not fit.", "`hiresync check` names the setting."),
    reason(
        "parked.unauthorized",
        "The credentials do not allow it.",
        "Renew them, then `hiresync retry CONTACT`.",
    ),
    reason("parked.rate_limited", "The target takes fewer calls than we make.", "`hiresync retry CONTACT`."),
    reason("parked.unavailable", "The target could not answer.", "`hiresync retry CONTACT`."),
    reason(
        "parked.rejected",
        "The target refuses this person's data.",
        "Correct the named field in Lever or in the mapping; a changed value is sent by itself.",
    ),
    reason(
        "parked.conflict",
        "Another record stands where this person's should.",
        "Decide which record is the person's, then `hiresync retry CONTACT`.",
    ),
    reason("parked.unsupported", "The target cannot do this.", "Do it there by hand, and close the task."),
    reason(
        "parked.unexpected",
        "The target answered in a way nobody foresaw.",
        "Look at the log around that time, then `hiresync retry CONTACT`.",
    ),
    reason("parked.", "Refused, in all or in part: the adapter's own code follows.", "As `explain` says."),
    // what leaves a hire out
    reason(
        "out_of_scope.when",
        "Left out by the target's `when`.",
        "Nothing, if that is meant; else correct `when`.",
    ),
    reason(
        "out_of_scope.hired_since",
        "Hired before `hired_since`.",
        "Nothing, if that is meant; else correct `hired_since`.",
    ),
    reason(
        "out_of_scope.hire_date",
        "A human said that it is an old hire.",
        "Nothing, if that is so; else enter the hire by hand.",
    ),
    reason(
        "out_of_scope.only",
        "The target is tried with the people of `only` first.",
        "Add the contact to `only`, or remove it once the trial is over.",
    ),
    reason(
        "out_of_scope.rehire",
        "Hired again, and left out by `rehire` or by a human.",
        "Nothing, if that is meant; else `hiresync links rehire …`.",
    ),
    reason(
        "out_of_scope.forgotten",
        "A human ordered that the person be forgotten.",
        "Nothing. Whoever is to be there is entered by hand.",
    ),
    reason("out_of_scope.not_hired", "No hire, or none any more.", "Nothing."),
    // what a cycle would do
    reason("add", "Hired, and not over there yet.", BY_ITSELF),
    reason("add_hire", "Hired again.", BY_ITSELF),
    reason("update", "What is wanted is not what was last agreed.", BY_ITSELF),
    reason("withdraw", "The hire was taken back.", BY_ITSELF),
    reason("adopt", "A record over there is this person's: it is linked and compared.", BY_ITSELF),
    reason("nothing", "Nothing would be sent.", "Nothing."),
    // what reading somebody showed
    reason("read.person", "Lever shows the person.", "Nothing."),
    reason("read.moved", "The contact was merged into another one in Lever.", "Ask about the other one."),
    reason(
        "read.anonymised",
        "The person was anonymised in Lever; nothing is read or written.",
        "Check whether the records over there may stay.",
    ),
    reason(
        "read.gone",
        "Lever shows neither the contact nor an opportunity of theirs.",
        "See in Lever whether the profile was deleted, or hidden from the API key.",
    ),
    reason(
        "read.unreadable",
        "Lever's record cannot be understood.",
        "Correct the named field in Lever, or report it.",
    ),
    reason(
        "read.hidden",
        "A sweep saw a hire that reading the person does not show.",
        "See in Lever whether the profile is confidential.",
    ),
    reason("read.failed", "Lever could not be asked about this person now.", "Nothing: they are read again."),
];

/// The reason behind a code. One that an adapter made, or that counts, is found by how it begins.
pub fn reason_of(code: &str) -> Option<&'static Reason> {
    let counted = code.starts_with("waiting.retry_").then_some("waiting.retry");
    let exact = |code: &str| REASONS.iter().find(|reason| reason.code == code);
    let family = |code: &str| {
        REASONS.iter().find(|reason| reason.code.ends_with('.') && code.starts_with(reason.code))
    };
    exact(counted.unwrap_or(code)).or_else(|| family(code))
}

/// What Lever says now, and what a cycle would make of it. Ids, days, states and field names; no personal values.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Live {
    /// When it was asked.
    pub at: Timestamp,
    /// What came of reading the person: `read.person` and so on.
    pub code: String,
    /// The same in words.
    pub what: String,
    /// The contact that this one was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// Their opportunities.
    pub opportunities: Vec<LiveOpportunity>,
    /// What a cycle would do, target by target.
    pub targets: Vec<Preview>,
}

/// An opportunity as Lever shows it now.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct LiveOpportunity {
    /// Which.
    pub opportunity: OpportunityId,
    /// `hired`, `open`, `closed`, `unclear` or `anonymised`.
    pub state: String,
    /// Since when it is a hire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hired_at: Option<Timestamp>,
}

/// What a cycle would do in one target.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Preview {
    /// The target.
    pub target: TargetName,
    /// A stable code: `add`, `held.missing`, `nothing`, …
    pub code: String,
    /// Why.
    pub why: String,
    /// Each hire: whether the target is told about it.
    pub scope: Vec<ScopeLine>,
    /// Fields that are mapped.
    pub mapped: usize,
    /// Fields that would be written.
    pub fields: Vec<String>,
    /// Fields that lack a value, with what is wrong.
    pub missing: Vec<String>,
    /// Fields that would get a placeholder.
    pub placeholders: Vec<String>,
}

/// Whether a target is told about one hire.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct ScopeLine {
    /// Which hire.
    pub opportunity: OpportunityId,
    /// `in_scope`, or what leaves it out.
    pub code: String,
    /// In words.
    pub what: String,
}

impl Engine {
    /// Asks the source about somebody now, and says what a cycle would do. Writes nothing anywhere.
    pub async fn look(&self, contact: &ContactId) -> Result<Live, CycleError> {
        let mut live = Live {
            at: self.clock.now(),
            code: "out_of_scope.forgotten".to_owned(),
            what: String::new(),
            merged_into: None,
            opportunities: Vec::new(),
            targets: Vec::new(),
        };
        if !self.ledger.is_buried(contact)? {
            let reading = self.read(&[(contact.clone(), None)]).await?.pop().map(|(_, reading)| reading);
            let dry = self.dry_run(std::slice::from_ref(contact)).await?;
            self.tell_reading(&mut live, reading.as_ref(), &dry.changes)?;
        }
        live.what = match (&live.merged_into, reason_of(&live.code)) {
            (Some(into), _) => format!("This contact was merged into {into} in Lever."),
            (None, Some(reason)) => format!("{}{}", reason.what, live.what),
            (None, None) => live.what,
        };
        Ok(live)
    }

    fn tell_reading(
        &self,
        live: &mut Live,
        reading: Option<&Reading>,
        changes: &[PlannedChange],
    ) -> ledger::Result<()> {
        live.code = match reading {
            Some(Reading::Person(_)) => "read.person",
            Some(Reading::Moved { to }) => {
                live.merged_into = Some(to.clone());
                "read.moved"
            }
            Some(Reading::Anonymised) => "read.anonymised",
            Some(Reading::Gone) | None => "read.gone",
            Some(Reading::Unreadable { place }) => {
                live.what = format!(" It is at {place}.");
                "read.unreadable"
            }
            Some(Reading::Failed(error)) => {
                live.what = format!(" ({})", error.chain());
                "read.failed"
            }
        }
        .to_owned();
        let Some(Reading::Person(person)) = reading else { return Ok(()) };
        live.opportunities = person
            .opportunities
            .iter()
            .map(|(opportunity, candidacy)| LiveOpportunity {
                opportunity: opportunity.clone(),
                state: candidacy.word().to_owned(),
                hired_at: person.hires.get(opportunity).map(|hire| hire.hired_at),
            })
            .collect();
        for change in changes {
            let Some(target) = self.targets.iter().find(|target| target.name == change.target) else {
                continue;
            };
            let (in_scope, left_out, _) = self.scope(target, person)?;
            let standing = self.ledger.standing(&target.name, &person.contact)?.unwrap_or_default();
            let line = |opportunity: &OpportunityId, code: &str, what: String| ScopeLine {
                opportunity: opportunity.clone(),
                code: code.to_owned(),
                what,
            };
            let mut scope: Vec<ScopeLine> =
                in_scope.into_iter().map(|hire| line(hire, "in_scope", told(&standing, hire))).collect();
            scope.extend(left_out.iter().map(|(hire, by)| {
                let (code, what) = left_out_words(target, *by);
                line(hire, &code, what)
            }));
            live.targets.push(preview(target, change, scope));
        }
        Ok(())
    }

    /// The contact that this one was merged into, as far as histories say so.
    pub(crate) fn merged_into(&self, contact: &ContactId) -> ledger::Result<Option<ContactId>> {
        let events = self.ledger.history_since(None)?;
        let merged = events
            .into_iter()
            .rev()
            .find(|event| matches!(&event.outcome, Outcome::MergedFrom { contact: from } if from == contact));
        Ok(merged.map(|event| event.contact))
    }
}

/// What is done about a hire that is in scope; of one after the first, what it is and by which evidence.
fn told(standing: &Standing, hire: &OpportunityId) -> String {
    match standing.rehires.get(hire) {
        Some(rehire) => {
            format!("{} ({}); {}", rehire.kind.words(), rehire.because, rehire.treatment.words())
        }
        None => "the target is told about it".to_owned(),
    }
}

fn left_out_words(target: &Target, by: LeftOut) -> (String, String) {
    let code = format!("out_of_scope.{}", by.code());
    match orders::left_out(target, by) {
        Some((code, what, _)) => (code, what),
        None => {
            let what = reason_of(&code).map_or_else(String::new, |reason| reason.what.to_owned());
            (code, what)
        }
    }
}

fn preview(target: &Target, change: &PlannedChange, scope: Vec<ScopeLine>) -> Preview {
    let columns = target.mapping.columns();
    let lacking = |missing: &Missing| {
        let due = missing.due.map(|day| format!("; needed by {day}")).unwrap_or_default();
        format!("{} ({}{due})", missing.field, missing.lack.words())
    };
    Preview {
        target: change.target.clone(),
        code: change.decision.clone(),
        why: change.why.clone(),
        scope,
        mapped: columns.person.len() + columns.hire.len(),
        fields: change.fields.iter().map(|field| field.key.to_string()).collect(),
        missing: change.missing.iter().map(lacking).collect(),
        placeholders: change.filled.iter().map(|filled| filled.field.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use adapter_sdk::{ErrorKind, Intent};
    use ledger::{RehireKind, Unread, WhyHeld};

    use super::*;

    /// One of each. Whoever adds a variant is stopped here, and adds its reason.
    fn held() -> Vec<WhyHeld> {
        let opportunity: OpportunityId = "o".parse().unwrap();
        let not_yet = |from| WhyHeld::NotYet { opportunity: "o".parse().unwrap(), from, at: None };
        let all = vec![
            WhyHeld::Guard { cycle: 1 },
            WhyHeld::Missing { fields: vec![] },
            WhyHeld::StorageNotPermitted,
            WhyHeld::Ambiguous { records: 1 },
            WhyHeld::RecordGone,
            WhyHeld::Unlinked,
            WhyHeld::Recovery,
            WhyHeld::Rehire { opportunity: opportunity.clone(), kind: RehireKind::Unclear },
            not_yet(None),
            not_yet("2026-01-01".parse().ok()),
            WhyHeld::HireDate { opportunity },
        ];
        for why in &all {
            match why {
                WhyHeld::Guard { .. }
                | WhyHeld::Missing { .. }
                | WhyHeld::StorageNotPermitted
                | WhyHeld::Ambiguous { .. }
                | WhyHeld::RecordGone
                | WhyHeld::Unlinked
                | WhyHeld::Recovery
                | WhyHeld::Rehire { .. }
                | WhyHeld::NotYet { .. }
                | WhyHeld::HireDate { .. } => {}
            }
        }
        all
    }

    #[test]
    fn every_code_there_is_has_a_reason_and_a_remedy() {
        let mut codes: Vec<String> = held().iter().map(orders::held_code).collect();
        codes.extend(LeftOut::ALL.iter().map(|(code, _)| format!("out_of_scope.{code}")));
        codes.extend(Unread::ALL.iter().map(|(code, _)| format!("read.{code}")));
        for state in ["parked", "waiting"] {
            codes.extend(ErrorKind::ALL.iter().map(|kind| format!("{state}.{}", kind.code())));
            codes.push(format!("{state}.company_code"));
        }
        let intents = [Intent::Add, Intent::AddHire, Intent::Update, Intent::Withdraw];
        codes.extend(intents.iter().map(ToString::to_string));
        let others =
            ["agreed", "unknown", "sent", "waiting", "waiting.paused", "waiting.retry_3", "adopt", "nothing"];
        codes.extend(others.map(str::to_owned));
        for code in codes {
            let reason = reason_of(&code).unwrap_or_else(|| panic!("{code} has no reason"));
            assert!(!reason.what.is_empty() && !reason.remedy.is_empty(), "{code}");
        }
        let mut names: Vec<&str> = REASONS.iter().map(|reason| reason.code).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), REASONS.len(), "each code once");
    }
}
