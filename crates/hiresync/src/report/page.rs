//! `explain`: one page about one contact, in HR's words; `--verbose` adds what the engineer asks next.

use std::fmt::Write as _;

use engine::{Preview, TargetExplanation, story};
use ledger::{Event, Outcome, Phase};

use super::{Explained, happened, history};
use crate::print::{self, moment, wrapped};

/// `hiresync explain`
pub fn explain(explanation: &Explained, verbose: bool) -> String {
    let mut text = format!("{}\n", explanation.contact);
    if let Some(into) = &explanation.merged_into {
        let _ = writeln!(text, "This contact was merged into {into} in Lever: `hiresync explain {into}`.");
    }
    if explanation.forgotten {
        text.push_str("A human ordered that this person be forgotten: nothing is read, sent or kept.\n");
    }
    if explanation.marked {
        text.push_str("Marked: is read again in Lever at the next cycle.\n");
    }
    in_lever(&mut text, explanation);
    for target in &explanation.targets {
        let preview = explanation
            .live
            .as_ref()
            .and_then(|live| live.targets.iter().find(|preview| preview.target == target.target));
        about(&mut text, target, preview, &explanation.history, verbose);
    }
    if !explanation.tasks.is_empty() {
        text.push_str("\nOpen tasks:\n");
        for line in &explanation.tasks {
            text.push_str(&wrapped(&format!("{}: {}", line.whose(), line.to_do()), 2, print::width()));
        }
    }
    if !explanation.history.is_empty() {
        text.push_str("\nWhat happened:\n");
        for line in history(&explanation.history, false).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// What Lever says now, or why it could not be asked.
fn in_lever(text: &mut String, explanation: &Explained) {
    if let Some(why) = &explanation.live_failed {
        text.push_str(&wrapped(
            &format!("Lever could not be asked now: what follows is what was known before ({why})."),
            0,
            print::width(),
        ));
    }
    let Some(live) = &explanation.live else { return };
    let _ = writeln!(text, "\nIn Lever, asked {} ({}): {}", moment(live.at), live.code, live.what);
    for opportunity in &live.opportunities {
        let since = opportunity.hired_at.map_or_else(String::new, |at| format!(" since {}", moment(at)));
        let _ = writeln!(text, "  opportunity {}: {}{since}", opportunity.opportunity, opportunity.state);
    }
}

fn about(
    text: &mut String,
    target: &TargetExplanation,
    preview: Option<&Preview>,
    events: &[Event],
    verbose: bool,
) {
    let _ = writeln!(text, "\n{} ({}): {}", target.target, target.code, target.what);
    let usual = story::reason_of(&target.code).map_or("", |reason| reason.remedy);
    let remedy = if target.remedy.is_empty() { usual } else { &target.remedy };
    if !remedy.is_empty() {
        let _ = writeln!(text, "  What to do: {remedy}");
    }
    if let Some(preview) = preview {
        for line in &preview.scope {
            let _ = writeln!(text, "  Hire {} ({}): {}", line.opportunity, line.code, line.what);
        }
        let mut mapping = format!("{} fields are mapped", preview.mapped);
        for (fields, what) in [(&preview.missing, "missing"), (&preview.placeholders, "placeholders")] {
            if !fields.is_empty() {
                let _ = write!(mapping, "; {what}: {}", fields.join(", "));
            }
        }
        let _ = writeln!(text, "  Mapping: {mapping}.");
        let fields = if preview.fields.is_empty() {
            String::new()
        } else {
            format!(" Fields: {}.", preview.fields.join(", "))
        };
        let _ = writeln!(text, "  A cycle now ({}): {}{fields}", preview.code, preview.why);
    }
    let of = |event: &&Event| event.target.as_ref() == Some(&target.target);
    let is_request = |event: &&Event| matches!(event.outcome, Outcome::Owed { .. });
    let is_answer = |event: &&Event| {
        matches!(
            event.outcome,
            Outcome::Agreed { .. }
                | Outcome::Unfinished { .. }
                | Outcome::Retry { .. }
                | Outcome::Unknown { .. }
                | Outcome::Parked { .. }
                | Outcome::Adopted
        )
    };
    let mut ours = events.iter().filter(of).rev();
    if let Some(event) = ours.clone().find(is_request) {
        let _ = writeln!(text, "  Last decision: {} {}", moment(event.at), happened(event));
    }
    if let Some(event) = ours.find(is_answer) {
        let _ = writeln!(text, "  Last answer: {} {}", moment(event.at), happened(event));
    }
    let _ = writeln!(text, "  Next: {}", next(target));
    if verbose {
        engineers(text, target);
    }
}

/// What is done next, and when.
fn next(target: &TargetExplanation) -> String {
    let Some(owed) = &target.standing.owed else {
        return "nothing, until something changes in Lever".to_owned();
    };
    match &owed.phase {
        Phase::Waiting { not_before } => format!("it is sent, not before {}", moment(*not_before)),
        Phase::Sent { ask_after, .. } => {
            format!("the target is asked what came of it at {}", moment(*ask_after))
        }
        Phase::Held { due: Some(day), .. } => {
            format!("it goes out once what is missing is there; needed by {day}")
        }
        Phase::Held { .. } => match target.standing.due() {
            Some(at) => format!("it goes out at {}", moment(at)),
            None => "it waits for what is said above".to_owned(),
        },
        Phase::Parked { .. } => "it waits for a human, or for another value in Lever".to_owned(),
    }
}

/// What is kept, short of the digests.
fn engineers(text: &mut String, target: &TargetExplanation) {
    let standing = &target.standing;
    let _ = writeln!(text, "  generation {}, origin {:?}", standing.generation, standing.origin);
    if let Some(agreed) = &standing.agreed {
        let compared = agreed.digests.as_ref().map_or("not compared since".to_owned(), |digests| {
            format!(
                "{} fields compared",
                digests.person.len() + digests.hires.values().map(|hire| hire.len()).sum::<usize>()
            )
        });
        let _ = writeln!(text, "  record {}; {compared}", agreed.link.remote);
        for (opportunity, hire) in &agreed.link.hires {
            let _ = writeln!(text, "  employment {hire} of hire {opportunity}");
        }
    }
    if let Some(owed) = &standing.owed {
        let phase = serde_json::to_string(&owed.phase).unwrap_or_default();
        let _ = writeln!(
            text,
            "  owed {}: {phase}, {} attempts, since {}",
            owed.intent,
            owed.attempts,
            moment(owed.since)
        );
        let steps: Vec<&str> = owed.unfinished.iter().map(|step| step.0.as_str()).collect();
        if !steps.is_empty() {
            let _ = writeln!(text, "  left to do: {}", steps.join(", "));
        }
    }
    for (opportunity, day) in &standing.decided_on {
        let _ = writeln!(text, "  hire {opportunity} first decided on {day}");
    }
    for (opportunity, rehire) in &standing.rehires {
        let how = serde_json::to_string(rehire).unwrap_or_default();
        let _ = writeln!(text, "  hire {opportunity} is {}: {how}", rehire.kind.words());
    }
}
