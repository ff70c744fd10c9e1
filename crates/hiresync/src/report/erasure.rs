//! What `forget` and `report` answer.

use std::{collections::BTreeMap, fmt::Write as _};

use engine::{Forgotten, HeldBy, Report};
use people::TargetName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{history, listed, tasks};
use crate::{
    print::{self, count, moment},
    report::{Doers, TaskLine},
};

/// Where the data of each target goes, in words.
pub type Destinations = BTreeMap<TargetName, String>;

/// `POST /v1/people/{contact}/forget`
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct ForgottenAnswer {
    /// What came of it.
    #[serde(flatten)]
    pub forgotten: Forgotten,
    /// Where the records are.
    pub destinations: Destinations,
}

/// `GET /v1/people/{contact}/report`
#[derive(Debug, Clone, JsonSchema, Serialize, Deserialize)]
pub struct ReportAnswer {
    /// What is held, and who received what.
    #[serde(flatten)]
    pub report: Report,
    /// Where it went.
    pub destinations: Destinations,
}

fn place(destinations: &Destinations, target: &TargetName) -> String {
    destinations.get(target).map_or_else(|| target.to_string(), |place| format!("{target} ({place})"))
}

impl ForgottenAnswer {
    /// For people. It is said once: nobody keeps it.
    pub fn text(&self) -> String {
        let Forgotten { contact, held_by, removed } = &self.forgotten;
        let mut text = format!(
            "Forgotten: {contact}. Removed here: {}, {}, {}, {}.\nWhat stays is a tombstone that names nobody; nothing is read, sent or kept \
             about this person any more.\n",
            count(removed.standings as u64, "standing", "standings"),
            count(removed.opportunities as u64, "opportunity", "opportunities"),
            count(removed.tasks as u64, "task", "tasks"),
            count(removed.events as u64, "line of history", "lines of history"),
        );
        if held_by.is_empty() {
            text.push_str("No target holds the person, as far as was known here.\n");
            return text;
        }
        text.push_str("\nNothing was deleted over there. Still held by, and said this once only:\n");
        for HeldBy { target, record, hires } in held_by {
            let record = record.as_ref().map_or_else(
                || {
                    "something was sent, and what came of it is not known: look for the person there"
                        .to_owned()
                },
                |record| format!("record {record}"),
            );
            let _ = writeln!(text, "  {}: {record}", place(&self.destinations, target));
            for (opportunity, hire) in hires {
                let _ = writeln!(text, "    hire {opportunity}: {hire}");
            }
        }
        text.push_str("What to do: decide whether these records may stay; an employee's record usually has grounds of its own.\n");
        text
    }
}

impl ReportAnswer {
    /// For people.
    pub fn text(&self) -> String {
        let Report { contact, forgotten, holding, digests, received } = &self.report;
        let mut text = format!(
            "All that hiresync holds about {contact}. No personal values are kept: ids, states, times and keyed digests only.\n"
        );
        if *forgotten {
            text.push_str("A human ordered that this person be forgotten: what stays is a tombstone that names nobody.\n");
        }
        if holding.is_nothing() {
            text.push_str("Nothing is held.\n");
            return text;
        }
        self.standings(&mut text);
        for (target, fields) in digests {
            let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
            let _ = writeln!(text, "\nDigests of what {target} holds: {}", names.join(", "));
        }
        if !holding.opportunities.is_empty() {
            text.push_str("\nOpportunities in Lever:\n");
        }
        for (opportunity, seen) in &holding.opportunities {
            let hired = seen.hired_at.map_or_else(String::new, |at| format!(", hired {}", moment(at)));
            let first =
                seen.first_hired_at.map_or_else(String::new, |at| format!(", first hired {}", moment(at)));
            let _ = writeln!(text, "  {opportunity}{hired}{first}");
        }
        text.push_str("\nWho received what:\n");
        for one in received {
            let fields = if one.fields.is_empty() {
                "fields not known any more".to_owned()
            } else {
                listed(&one.fields)
            };
            let effect = format!("{:?}", one.effect).to_lowercase();
            let _ = writeln!(
                text,
                "  {} {}, {effect}: {fields}",
                moment(one.at),
                place(&self.destinations, &one.target)
            );
        }
        if let Some(since) = holding.marked_since {
            let _ = writeln!(text, "\nMarked to be read since {}.", moment(since));
        }
        let lines: Vec<TaskLine> =
            holding.tasks.iter().map(|task| TaskLine::of(task.clone(), &Doers::new())).collect();
        if !lines.is_empty() {
            let _ = write!(text, "\nOpen tasks ({} in all):\n{}", lines.len(), tasks(&lines, print::width()));
        }
        if !holding.history.is_empty() {
            let _ = write!(text, "\nWhat happened:\n{}", history(&holding.history, false));
        }
        text
    }

    fn standings(&self, text: &mut String) {
        for (target, standing) in &self.report.holding.standings {
            let state = engine::status::state(standing).unwrap_or("nothing owed");
            let _ = writeln!(text, "\n{}: {state}", place(&self.destinations, target));
            if let Some(agreed) = &standing.agreed {
                let _ = writeln!(text, "  record {}, agreed {}", agreed.link.remote, moment(agreed.at));
                for (opportunity, hire) in &agreed.link.hires {
                    let _ = writeln!(text, "    hire {opportunity}: {hire}");
                }
            }
        }
    }
}
