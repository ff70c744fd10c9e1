//! What an error means next, and what a human should do about it. Nowhere else is that decided.

use std::time::Duration;

use adapter_sdk::{Error, ErrorKind, Next};
use chrono::TimeDelta;
use ledger::{Phase, WhyHeld};
use people::{Date, Lack, Missing, Timestamp};
use planted::Bug;

/// Pauses between attempts at one debt; after the last one, every [`EVERY`], for ever and visibly.
const LADDER: [TimeDelta; 6] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(6),
    TimeDelta::hours(12),
];
const EVERY: TimeDelta = TimeDelta::hours(24);

/// Pauses between probes of a target that cannot be used.
const PROBES: [TimeDelta; 4] =
    [TimeDelta::minutes(1), TimeDelta::minutes(5), TimeDelta::minutes(15), TimeDelta::hours(1)];

/// The first look after an unknown outcome comes no later than this.
const FIRST_LOOK_MAX: TimeDelta = TimeDelta::seconds(60);
const BETWEEN_LOOKS: TimeDelta = TimeDelta::seconds(30);
/// Looks that must have found nothing before something is sent again: at 30, 60, 120 and 240 seconds.
const LOOKS_MIN: u32 = 4;
/// Failed calls in a row after which a target counts as unusable.
const FAILURES_MAX: u32 = 5;

/// What to do with a debt after a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The debt goes on in this phase.
    Debt(Phase),
    /// Not this person's fault: the whole target cannot be used.
    Target,
}

/// What a failed delivery means, after `attempts` attempts including this one.
pub fn after_failure(
    error: &Error,
    attempts: u32,
    sent_at: Timestamp,
    call_timeout: Duration,
    now: Timestamp,
) -> Verdict {
    match error.next() {
        Next::FindFirst => Verdict::Debt(unknown(sent_at, call_timeout)),
        _ if concerns_target(error.kind()) => Verdict::Target,
        Next::Retry { after } => {
            let asked = after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or_default();
            Verdict::Debt(Phase::Waiting { not_before: now + pause(attempts).max(asked.min(EVERY)) })
        }
        Next::Park => Verdict::Debt(Phase::Parked { kind: error.kind(), hint: error.to_string() }),
    }
}

/// The phase of a debt whose outcome is unknown.
pub fn unknown(sent_at: Timestamp, call_timeout: Duration) -> Phase {
    Phase::Sent { at: sent_at, ask_after: ask_after(sent_at, call_timeout), looks: 0 }
}

/// When to look what came of a call that was made at `sent_at` and is given `call_timeout`.
pub fn ask_after(sent_at: Timestamp, call_timeout: Duration) -> Timestamp {
    sent_at + TimeDelta::from_std(call_timeout).map_or(FIRST_LOOK_MAX, |limit| limit.min(FIRST_LOOK_MAX))
}

/// When a call that may simply be repeated is: at once, also after a kill; or when it was put off, because repetitions got no
/// answer either.
pub fn repeat_at(sent_at: Timestamp, ask_after: Timestamp, now: Timestamp) -> Timestamp {
    if ask_after > sent_at + FIRST_LOOK_MAX { ask_after.max(now) } else { now }
}

/// When what is left of a debt is attempted next: the target is there and took a part, so a human is probably mending the rest.
pub fn next_part(attempts: u32, now: Timestamp) -> Timestamp {
    now + pause(attempts).min(TimeDelta::hours(1))
}

/// When a debt that was attempted so often is attempted next.
pub fn next_attempt(attempts: u32, now: Timestamp) -> Timestamp {
    now + pause(attempts)
}

/// After a look that found nothing: look again later, or `None` when the outcome is settled: it was not applied. Looks are
/// spread, since a target's search may lag: the n-th is due 30·2ⁿ seconds after the call, and never sooner than 30 seconds
/// after the one before.
pub fn after_look(sent_at: Timestamp, looks: u32, now: Timestamp) -> Option<Phase> {
    let looks = looks + 1;
    (looks < LOOKS_MIN && !planted::bug(Bug::OneLookIsEnough)).then(|| {
        let due = sent_at + BETWEEN_LOOKS * (1 << looks);
        Phase::Sent { at: sent_at, ask_after: due.max(now + BETWEEN_LOOKS), looks }
    })
}

/// Whether a failure is the whole target's.
pub fn concerns_target(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unauthorized | ErrorKind::ConfigInvalid)
        || kind == ErrorKind::Rejected && planted::bug(Bug::RefusalClosesTarget)
}

/// Whether a target that failed so many calls in a row counts as unusable.
pub fn is_unusable(failures: u32) -> bool {
    failures >= FAILURES_MAX
}

/// When a target that was probed so often is probed next.
pub fn next_probe(probes: u32, now: Timestamp) -> Timestamp {
    now + PROBES[(probes as usize).min(PROBES.len() - 1)]
}

/// Whether it is time. A clock that was set back must not keep a target waiting for longer than any pause is.
pub fn is_probe_due(probe_at: Timestamp, now: Timestamp) -> bool {
    probe_at <= now || probe_at - now > PROBES[PROBES.len() - 1]
}

fn pause(attempts: u32) -> TimeDelta {
    if planted::bug(Bug::NoBackoff) {
        return TimeDelta::zero();
    }
    let step = attempts.saturating_sub(1) as usize;
    LADDER.get(step).copied().unwrap_or(EVERY)
}

/// One sentence for the operator: what happened. And one: what to do.
pub fn advice(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::ConfigInvalid => (
            "The settings do not fit.",
            "Run `hiresync check`: it names the setting to change. Everything owed waits and flows on by itself.",
        ),
        ErrorKind::Unauthorized => (
            "The credentials are refused, or do not allow it.",
            "Renew the credential, then restart hiresync. Everything owed waits and flows on by itself.",
        ),
        ErrorKind::RateLimited => {
            ("It takes fewer calls than we make.", "Nothing to do: it is tried again, more slowly.")
        }
        ErrorKind::Unavailable => (
            "It cannot be reached or cannot answer now.",
            "Nothing to do unless it lasts: it is tried again.",
        ),
        ErrorKind::Rejected => (
            "The target refuses this person's data.",
            "Correct the named field in Lever or in the mapping; a changed value is sent by itself, `hiresync retry` sends the same again.",
        ),
        ErrorKind::Conflict => (
            "Another record stands where this person's should.",
            "Decide which record is the person's, then `hiresync retry`.",
        ),
        ErrorKind::Unsupported => ("The target cannot do this.", "Do it there by hand and close the task."),
        ErrorKind::Unexpected => (
            "The target answered in a way nobody foresaw.",
            "Look at the log around that time, then `hiresync retry`; tell the adapter's author.",
        ),
    }
}

/// Why a debt is held, and what to do, in HR's words.
pub fn held(why: &WhyHeld) -> (String, String) {
    match why {
        WhyHeld::Guard { cycle } => (
            format!("Cycle {cycle} would have changed more people than the guards allow, so all of its changes wait."),
            format!("Look at `hiresync guards`; if it is right, `hiresync approve {cycle}`."),
        ),
        WhyHeld::Missing { fields } => (
            format!("Not sent, because these values are missing or cannot be sent, and none is invented: {}.", listed(fields)),
            remedies(fields),
        ),
        WhyHeld::StorageNotPermitted => (
            "Lever says that this person's data may not be stored (any more).".to_owned(),
            "Renew the consent in Lever, or enter the person by hand.".to_owned(),
        ),
        WhyHeld::Ambiguous { records } => (
            format!("{records} record(s) over there may be this person; none was created or changed."),
            "Look whether one of them is. If none is, `hiresync retry` creates the person.".to_owned(),
        ),
        WhyHeld::RecordGone => (
            "The record is not shown over there under the id we know: its id was changed, it was hidden from us, or deleted. It is not made again by itself.".to_owned(),
            "Look for the person over there first. Only if nobody is there, `hiresync retry` makes a new record.".to_owned(),
        ),
        WhyHeld::HireDate { opportunity } => (
            format!("Lever has dates of before and of after `hired_since` for opportunity {opportunity}: it may be an old hire that was archived again."),
            "If it is a new hire, `hiresync retry` sends it; if it is an old one, close its task (`hiresync tasks`), and it is left out.".to_owned(),
        ),
        WhyHeld::Rehire { opportunity, kind } => (
            format!("Opportunity {opportunity}: {}. Nothing is sent about this hire until somebody decides what it is over there.", kind.words()),
            format!("`hiresync links rehire CONTACT {opportunity} new_employment`, or update, or ignore; the task says what each would do."),
        ),
        WhyHeld::NotYet { opportunity, from: Some(day), .. } => (
            format!("Opportunity {opportunity}: the target is told from {day} on (`deliver_from`)."),
            "Nothing: it goes out by itself on that day. Another start date in Lever moves it.".to_owned(),
        ),
        WhyHeld::NotYet { opportunity, from: None, .. } => (
            format!("Opportunity {opportunity}: no start date in Lever, and the target is told by the start date (`deliver_from`)."),
            "Give the start date in Lever's offer; it then goes out by itself.".to_owned(),
        ),
        WhyHeld::Unlinked => (
            "A human said that the record it was linked to is not this person's. Nobody is linked or created in its place by itself.".to_owned(),
            "`hiresync links set CONTACT RECORD` names the right record; if there is none, `hiresync retry CONTACT` creates one.".to_owned(),
        ),
        WhyHeld::Recovery => (
            "The ledger was lost, and this target can neither be searched nor listed: we cannot know who is there.".to_owned(),
            "Check by hand that the person is not there, then `hiresync retry`.".to_owned(),
        ),
    }
}

/// Each field with what it lacks, and by when it is needed.
fn listed(fields: &[Missing]) -> String {
    let one = |missing: &Missing| {
        let due = missing.due.map(|day| format!("; needed by {day}")).unwrap_or_default();
        format!("{} ({}{due})", missing.field, missing.lack.words())
    };
    fields.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What to do about each kind of lack, once.
fn remedies(fields: &[Missing]) -> String {
    let mut remedies: Vec<&str> = Vec::new();
    for missing in fields {
        let remedy = match missing.lack {
            Lack::Absent => "Fill in in Lever what is absent.",
            Lack::TooLong | Lack::NotAllowed | Lack::WrongKind | Lack::NotComputable => {
                "Correct the value in Lever, or the field's expression."
            }
            Lack::NotInTable => "Add the value to the table in the configuration.",
            Lack::Withheld => "Let the API key see what the field depends on.",
        };
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    remedies.push("The person is then sent by itself.");
    remedies.join(" ")
}

/// Whether what is held waits by itself: for a value that nobody gave yet and that is not overdue. Anything else needs a human.
pub fn waits_by_itself(why: &WhyHeld, today: Date) -> bool {
    match why {
        WhyHeld::Missing { fields } => {
            fields.iter().all(|missing| missing.lack == Lack::Absent) && !is_past_due(why, today)
        }
        WhyHeld::NotYet { .. } => true,
        _ => false,
    }
}

/// Whether the day by which what it waits for was needed is over.
pub fn is_past_due(why: &WhyHeld, today: Date) -> bool {
    why.due().is_some_and(|due| due < today)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn verdict(error: &Error, attempts: u32) -> Verdict {
        after_failure(error, attempts, at(0), Duration::from_secs(30), at(0))
    }

    #[test]
    fn a_failure_that_passes_is_tried_again_ever_more_slowly_and_never_given_up() {
        let error = Error::new(ErrorKind::Unavailable, "writing");
        let pauses: Vec<i64> = (1..10)
            .map(|attempts| match verdict(&error, attempts) {
                Verdict::Debt(Phase::Waiting { not_before }) => not_before.timestamp() / 60,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(pauses, [1, 5, 30, 120, 360, 720, 1440, 1440, 1440]);
    }

    #[test]
    fn five_calls_that_fail_in_a_row_close_a_target_and_it_is_probed_ever_more_slowly() {
        assert_eq!((0..7).filter(|failures| is_unusable(*failures)).collect::<Vec<_>>(), [5, 6]);
        let pauses = [0, 1, 2, 3, 4, 1_000].map(|probes| next_probe(probes, at(0)).timestamp() / 60);
        assert_eq!(pauses, [1, 5, 15, 60, 60, 60]);
    }

    #[test]
    fn a_probe_is_due_in_its_time_and_when_the_clock_was_set_back_by_more_than_any_pause() {
        for (probe_at, is_due) in [(0, true), (1, false), (3_600, false), (3_601, true)] {
            assert_eq!(is_probe_due(at(probe_at), at(0)), is_due, "{probe_at}");
        }
    }

    #[test]
    fn a_look_that_came_late_is_followed_by_the_next_no_sooner_than_half_a_minute_later() {
        for (now, next) in [(30, 60), (31, 61), (600, 630)] {
            let due = Phase::Sent { at: at(0), ask_after: at(next), looks: 1 };
            assert_eq!(after_look(at(0), 0, at(now)), Some(due), "{now}");
        }
    }

    #[test]
    fn what_is_left_of_a_debt_is_attempted_every_hour_at_least() {
        let pauses = [1, 2, 3, 4, 99].map(|attempts| next_part(attempts, at(0)).timestamp() / 60);
        assert_eq!(pauses, [1, 5, 30, 60, 60]);
    }

    #[test]
    fn whatever_stops_a_target_is_said_in_sentences() {
        for kind in ErrorKind::ALL {
            let (what, remedy) = advice(kind);
            assert!(what.contains(' ') && remedy.contains(' '), "{kind:?}: {what}; {remedy}");
        }
    }

    #[test]
    fn a_pause_the_target_asks_for_is_kept() {
        let error = Error::new(ErrorKind::RateLimited, "writing").retry(Some(Duration::from_secs(90)));
        assert_eq!(verdict(&error, 1), Verdict::Debt(Phase::Waiting { not_before: at(90) }));
    }

    #[test]
    fn refused_credentials_are_the_targets_fault_and_refused_data_the_persons() {
        for kind in ErrorKind::ALL {
            let parked =
                matches!(verdict(&Error::new(kind, "writing"), 1), Verdict::Debt(Phase::Parked { .. }));
            let target = verdict(&Error::new(kind, "writing"), 1) == Verdict::Target;
            assert_eq!(target, matches!(kind, ErrorKind::Unauthorized | ErrorKind::ConfigInvalid));
            assert_eq!(parked, !target && !matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable));
        }
    }

    #[test]
    fn what_was_killed_on_the_way_is_repeated_at_once_however_often() {
        let as_begun = ask_after(at(0), Duration::from_secs(30));
        assert_eq!(repeat_at(at(0), as_begun, at(5)), at(5));
        assert_eq!(repeat_at(at(0), next_attempt(2, at(1)), at(5)), at(301));
        assert_eq!(repeat_at(at(0), next_attempt(2, at(1)), at(900)), at(900));
    }

    fn missing(lack: Lack, due: Option<&str>) -> WhyHeld {
        let field = people::FieldKey::Hire {
            opportunity: "o1".parse().unwrap(),
            field: people::FieldName::new("start_date"),
        };
        WhyHeld::Missing { fields: vec![Missing { field, lack, due: due.map(|day| day.parse().unwrap()) }] }
    }

    #[test]
    fn what_is_absent_waits_by_itself_until_its_day_is_over_and_every_other_lack_needs_a_human() {
        let today = "2026-05-01".parse().unwrap();
        for (lack, due, by_itself) in [
            (Lack::Absent, None, true),
            (Lack::Absent, Some("2026-05-02"), true),
            (Lack::Absent, Some("2026-05-01"), true),
            (Lack::Absent, Some("2026-04-30"), false),
            (Lack::TooLong, None, false),
            (Lack::NotAllowed, Some("2026-06-01"), false),
            (Lack::WrongKind, None, false),
            (Lack::NotComputable, None, false),
            (Lack::NotInTable, None, false),
            (Lack::Withheld, None, false),
        ] {
            assert_eq!(waits_by_itself(&missing(lack, due), today), by_itself, "{lack:?} {due:?}");
        }
        assert!(!waits_by_itself(&WhyHeld::Recovery, today));
    }

    #[test]
    fn what_is_held_names_each_field_with_what_it_lacks_and_by_when_it_is_needed() {
        let (what, remedy) = held(&missing(Lack::Absent, Some("2026-05-01")));
        assert!(what.contains("start_date (required, and Lever has none; needed by 2026-05-01)"), "{what}");
        assert_eq!(remedy, "Fill in in Lever what is absent. The person is then sent by itself.");
        let (what, _) = held(&missing(Lack::NotInTable, None));
        assert!(what.contains("start_date (not in the table of the configuration)."), "{what}");
    }

    #[test]
    fn an_unknown_outcome_is_looked_up_four_times_over_four_minutes_before_anything_is_sent_again() {
        let mut phase = unknown(at(0), Duration::from_secs(30));
        let mut looked = Vec::new();
        while let Phase::Sent { at: sent, ask_after, looks } = phase {
            looked.push(ask_after.timestamp());
            match after_look(sent, looks, ask_after) {
                Some(next) => phase = next,
                None => break,
            }
        }
        assert_eq!(looked, [30, 60, 120, 240]);
    }
}
