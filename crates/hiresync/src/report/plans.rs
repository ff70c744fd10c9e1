//! What `plan` and `apply` answer. A plan is the one answer that shows personal values, to whoever may see them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use adapter_sdk::TaskKind;
use engine::{Applied, Counted, CycleReport, DryRun, Left, Moved, PlanFile, PlannedChange};
use people::{Date, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    exit::Exit,
    print::{count, moment, quoted},
};

/// `hiresync plan`
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct PlanAnswer {
    /// What it is called.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Contact by contact, target by target.
    pub changes: Vec<PlanLine>,
    /// How many of what.
    pub counts: PlanCounts,
    /// What the guards would hold, if it is too much for them.
    pub guard: Option<PlanGuard>,
    /// Targets that nothing goes to now, and why.
    pub closed: BTreeMap<String, String>,
    /// Whom nothing can be said about.
    pub unread: Vec<PlanUnread>,
    /// The same without values, to be kept and applied. Not part of what is printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PlanFile>,
}

/// What would be done about one person in one target.
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct PlanLine {
    /// The target.
    pub target: String,
    /// The contact.
    pub contact: String,
    /// A stable code: `add`, `update`, `add_hire`, `adopt`, `held.…`, `nothing`, …
    pub decision: String,
    /// What follows, where a record is adopted.
    pub then: Option<String>,
    /// Why.
    pub why: String,
    /// Whether something is sent.
    pub sends: bool,
    /// The record over there, where it is known.
    pub record: Option<String>,
    /// Field by field.
    pub fields: Vec<PlanField>,
    /// Values that nobody gave us.
    pub filled: Vec<String>,
    /// Values that are required and absent.
    pub missing: Vec<String>,
    /// By when the first of them is needed, if that is known.
    pub needed_by: Option<Date>,
    /// What a human would be asked to do.
    pub tasks: Vec<TaskKind>,
}

/// One field.
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct PlanField {
    /// Which.
    pub field: String,
    /// What is over there, where that is known.
    pub old: Option<String>,
    /// What would be sent.
    pub new: String,
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PlanCounts {
    /// New people and new hires.
    pub create: u64,
    /// Changes of people who are there, those adopted among them.
    pub change: u64,
    /// Hires taken back.
    pub withdraw: u64,
    /// Records that are linked.
    pub adopt: u64,
    /// Held, for whatever reason.
    pub held: u64,
    /// Owed before, and waiting, under way or refused.
    pub open: u64,
    /// As it should be, or none of the target's.
    pub nothing: u64,
    /// Values that nobody gave us.
    pub invented: u64,
    /// Tasks for a human.
    pub tasks: u64,
}

/// More than the guards let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PlanGuard {
    /// New people and new hires, and how many pass.
    pub creates: (usize, usize),
    /// Changes, and how many pass.
    pub changes: (usize, usize),
    /// Withdrawals, and how many pass.
    pub withdrawals: (usize, usize),
    /// Changes that come of another mapping, and how many pass.
    #[serde(default)]
    pub reworded: (usize, usize),
}

/// Somebody about whom nothing can be said.
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct PlanUnread {
    /// Who.
    pub contact: String,
    /// A stable code.
    pub code: String,
    /// In words.
    pub why: String,
}

impl PlanAnswer {
    /// The values are revealed here, for the person who asked for them and nobody else.
    pub fn of(plan: &DryRun, file: PlanFile) -> PlanAnswer {
        let changes: Vec<PlanLine> = plan.changes.iter().map(PlanLine::of).collect();
        let unread = plan.unread.iter().map(|unread| PlanUnread {
            contact: unread.contact.to_string(),
            code: unread.code.to_owned(),
            why: unread.why.clone(),
        });
        PlanAnswer {
            id: file.id.clone(),
            made_at: file.made_at,
            counts: PlanCounts::of(&changes),
            changes,
            guard: plan.counted.is_too_much().then(|| PlanGuard::of(plan.counted)),
            closed: plan.closed.iter().map(|(target, why)| (target.to_string(), why.clone())).collect(),
            unread: unread.collect(),
            file: Some(file),
        }
    }

    /// For people. `out` is where it is kept.
    pub fn text(&self, out: Option<&Path>) -> String {
        let mut text = String::new();
        for change in &self.changes {
            change.write(&mut text);
        }
        for unread in &self.unread {
            let _ = writeln!(text, "{}: {}: {}", unread.contact, unread.code, unread.why);
        }
        for (target, why) in &self.closed {
            let _ = writeln!(text, "Nothing goes to {target} now: {why}.");
        }
        if let Some(guard) = &self.guard {
            let _ = writeln!(text, "{}", guard.text());
        }
        let whom: BTreeSet<&str> = self.changes.iter().map(|change| change.contact.as_str()).collect();
        let people = count(whom.len() as u64, "person", "people");
        let _ = writeln!(text, "Plan {} for {people}: {}. Nothing was written.", self.id, self.counts.text());
        if let Some(out) = out {
            let _ = writeln!(
                text,
                "Kept in {}: `hiresync apply --config FILE {}` does exactly this, or nothing if anything moved.",
                out.display(),
                out.display()
            );
        }
        text
    }
}

impl PlanLine {
    fn of(change: &PlannedChange) -> PlanLine {
        let field = |field: &engine::FieldChange| PlanField {
            field: field.key.to_string(),
            old: field.old.as_ref().map(|old| old.reveal().clone()),
            new: field.new.reveal().clone(),
        };
        PlanLine {
            target: change.target.to_string(),
            contact: change.contact.to_string(),
            decision: change.decision.clone(),
            then: change.then.clone(),
            why: change.why.clone(),
            sends: change.sends,
            record: change.record.as_ref().map(ToString::to_string),
            fields: change.fields.iter().map(field).collect(),
            filled: change.filled.iter().map(|filled| format!("{}: {}", filled.field, filled.why)).collect(),
            missing: change.missing.iter().map(|missing| missing.field.to_string()).collect(),
            needed_by: change.missing.iter().filter_map(|missing| missing.due).min(),
            tasks: change.tasks.clone(),
        }
    }

    /// What is done in the end: of somebody who is adopted, what follows.
    fn last(&self) -> &str {
        self.then.as_deref().unwrap_or(&self.decision)
    }

    fn write(&self, text: &mut String) {
        if self.decision == "nothing" {
            return;
        }
        let then = self.then.as_ref().map_or_else(String::new, |then| format!(", then {then}"));
        let record = self.record.as_ref().map_or_else(String::new, |record| format!(" [{record}]"));
        let PlanLine { target, contact, decision, why, .. } = self;
        let _ = writeln!(text, "{target} {contact}{record}: {decision}{then}: {why}");
        for field in &self.fields {
            let old = field.old.as_ref().map_or_else(String::new, |old| format!("{} → ", quoted(old)));
            let _ = writeln!(text, "    {} = {old}{}", field.field, quoted(&field.new));
        }
        for filled in &self.filled {
            let _ = writeln!(text, "    filled in by us: {filled}");
        }
        let by = self.needed_by.map_or_else(String::new, |day| format!(", by {day}"));
        for missing in &self.missing {
            let _ = writeln!(text, "    missing: {missing}{by}");
        }
        for task in &self.tasks {
            let _ = writeln!(text, "    a task for HR: {}", code(task));
        }
    }
}

/// The stable code of a kind of task.
fn code(task: &TaskKind) -> String {
    serde_json::to_value(task).ok().and_then(|code| Some(code.as_str()?.to_owned())).unwrap_or_default()
}

impl PlanCounts {
    fn of(changes: &[PlanLine]) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for change in changes {
            counts.invented += change.filled.len() as u64;
            counts.tasks += change.tasks.len() as u64;
            counts.adopt += u64::from(change.decision == "adopt");
            let slot = match change.last() {
                "add" | "add_hire" => &mut counts.create,
                "update" => &mut counts.change,
                "withdraw" => &mut counts.withdraw,
                code if code.starts_with("held.") => &mut counts.held,
                code if code == "nothing" || code.starts_with("out_of_scope.") => &mut counts.nothing,
                _ => &mut counts.open,
            };
            *slot += 1;
        }
        counts
    }

    fn text(&self) -> String {
        let mut parts = vec![
            format!("{} to create", self.create),
            format!("{} to change", self.change),
            format!("{} adopted", self.adopt),
            format!("{} held", self.held),
            format!("{} invented", self.invented),
        ];
        for (number, what) in [
            (self.withdraw, "to withdraw"),
            (self.open, "waiting, under way or refused since before"),
            (self.nothing, "as they should be"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        if self.tasks > 0 {
            parts.push(format!("{} for HR", count(self.tasks, "task", "tasks")));
        }
        parts.join(", ")
    }
}

impl PlanGuard {
    fn of(counted: Counted) -> PlanGuard {
        let guards = counted.guards;
        PlanGuard {
            creates: (counted.creates, guards.creates_per_cycle_max),
            changes: (counted.changes, guards.changes_per_cycle_max),
            withdrawals: (counted.withdrawals, guards.withdrawals_per_cycle_max),
            reworded: (counted.reworded, guards.mapping_changes_max),
        }
    }

    fn text(&self) -> String {
        let of = [
            ("new", self.creates),
            ("changed", self.changes),
            ("withdrawn", self.withdrawals),
            ("changed by another mapping", self.reworded),
        ];
        let over: Vec<String> = of
            .into_iter()
            .filter(|(_, (number, max))| number > max)
            .map(|(what, (number, max))| format!("{number} {what}, and {max} pass"))
            .collect();
        format!(
            "The guard would hold all of a cycle with this: {}. To apply this plan is to approve exactly this.",
            over.join("; ")
        )
    }
}

/// `hiresync apply`
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct ApplyAnswer {
    /// Which plan.
    pub id: String,
    /// Whether it was carried out; if not, nothing was written.
    pub applied: bool,
    /// It goes on in the daemon; `hiresync status` shows how far it is.
    #[serde(default)]
    pub under_way: bool,
    /// What is not as it was when the plan was made.
    #[serde(default)]
    pub moved: Vec<Moved>,
    /// When it was carried out before.
    pub before: Option<Timestamp>,
    /// How many records were linked.
    #[serde(default)]
    pub linked: u64,
    /// What was done.
    pub report: Option<CycleReport>,
    /// What is still owed of it.
    #[serde(default)]
    pub left: Vec<Left>,
}

impl ApplyAnswer {
    /// What came of a plan.
    pub fn of(plan: &PlanFile, applied: Applied) -> ApplyAnswer {
        let none = ApplyAnswer {
            id: plan.id.clone(),
            applied: false,
            under_way: false,
            moved: Vec::new(),
            before: None,
            linked: 0,
            report: None,
            left: Vec::new(),
        };
        match applied {
            Applied::Moved(moved) => ApplyAnswer { moved, ..none },
            Applied::Before(at) => ApplyAnswer { before: Some(at), ..none },
            Applied::Done { report, left } => {
                let linked = plan.entries.iter().filter(|entry| entry.decision == "adopt").count() as u64;
                ApplyAnswer { applied: true, linked, report: Some(*report), left, ..none }
            }
        }
    }

    /// It was begun, and takes longer than anybody waits.
    pub fn under_way(plan_id: String) -> ApplyAnswer {
        ApplyAnswer {
            id: plan_id,
            applied: true,
            under_way: true,
            moved: Vec::new(),
            before: None,
            linked: 0,
            report: None,
            left: Vec::new(),
        }
    }

    /// How the command ends.
    pub fn exit(&self) -> Exit {
        if self.report.as_ref().is_some_and(|report| report.delivered.only_failed()) {
            Exit::Unreachable
        } else if !self.applied || self.left.iter().any(|left| left.needs_human) {
            Exit::NeedsHuman
        } else {
            Exit::Done
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let id = &self.id;
        if let Some(at) = self.before {
            return format!(
                "plan {id} was already applied ({}); nothing was written now. What a kill may have left of it is owed and goes out with the next cycle, of the daemon or of `hiresync run --once`; anything new is for another plan\n",
                moment(at)
            );
        }
        if !self.applied {
            let mut text =
                format!("plan {id} is not carried out, and nothing was written, because this moved since:\n");
            for Moved { contact, what } in &self.moved {
                let who = contact.as_ref().map_or_else(String::new, |contact| format!("{contact}: "));
                let _ = writeln!(text, "  {who}{what}");
            }
            text.push_str("Make another one with `hiresync plan --out FILE`, and look at it again.\n");
            return text;
        }
        let Some(report) = &self.report else {
            return format!(
                "Plan {id} is being carried out by the daemon; `hiresync status` shows how far it is.\n"
            );
        };
        let done = &report.delivered;
        let mut text = format!(
            "Plan {id} was applied: {} created, {} updated, {} unchanged, {} withdrawn, {} linked.\n",
            done.created, done.updated, done.unchanged, done.withdrawn, self.linked
        );
        for left in &self.left {
            let _ = writeln!(text, "{} {}: {}: {}", left.target, left.contact, left.code, left.what);
            if !left.remedy.is_empty() {
                let _ = writeln!(text, "    What to do: {}", left.remedy);
            }
        }
        text
    }
}
