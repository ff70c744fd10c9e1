//! Which hint an event is, and whether a delivery is in time. Pure.

use chrono::TimeDelta;
use engine::{About, Hint};
use lever::webhook::{Event, Kind};
use people::Timestamp;

/// How far a delivery may be ahead of Lever's clock.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);
/// Longest id that is taken; Lever's have 36 characters.
const ID_LEN_MAX: usize = 64;

/// Where a delivery's time stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// In time.
    Fresh,
    /// Too old, or from the future.
    Stale,
}

/// `now` is Lever's, as far as we know it.
pub(super) fn timing(triggered_at: Timestamp, now: Timestamp, age_max: TimeDelta) -> Timing {
    let age = now - triggered_at;
    if (-AHEAD_MAX..=age_max).contains(&age) { Timing::Fresh } else { Timing::Stale }
}

/// Whom an event is about; `None` where it asks nothing of us. `is_no_hire` knows reasons that are no hire.
///
/// A rejection is the most frequent event in recruiting, and tells itself from a hire only by the id of its reason. Where that
/// is known to be no hire, only whoever is known is looked at: nobody who was rejected is read.
pub(super) fn hint(event: &Event, is_no_hire: impl Fn(&str) -> bool) -> Option<Hint> {
    let may_be_hire = || event.archived_for.as_deref().is_some_and(|reason| !is_no_hire(reason));
    let about = match event.kind {
        Kind::CandidateHired => About::Anybody,
        Kind::CandidateArchiveChange if may_be_hire() => About::Anybody,
        Kind::CandidateArchiveChange
        | Kind::CandidateDeleted
        | Kind::ContactCreated
        | Kind::ContactUpdated
        // The form behind an unlisted posting comes as an application.
        | Kind::ApplicationCreated => About::Known,
        Kind::CandidateStageChange
        | Kind::InterviewCreated
        | Kind::InterviewUpdated
        | Kind::InterviewDeleted
        | Kind::Other => return None,
    };
    // An id goes to disk: whoever could staple a name or an address to a delivery must not bring it there.
    let contact = event.contact.clone().filter(|id| is_id(id.as_str()));
    let opportunity = event.opportunity.clone().filter(|id| is_id(id.as_str()));
    (contact.is_some() || opportunity.is_some()).then_some(Hint { contact, opportunity, about })
}

fn is_id(text: &str) -> bool {
    text.len() <= ID_LEN_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: Kind) -> Event {
        let (contact, opportunity) = ("c1".parse().ok(), "o1".parse().ok());
        Event { kind, contact, opportunity, archived_for: None }
    }

    fn about(event: &Event) -> Option<About> {
        hint(event, |reason| reason == "rejected").map(|hint| hint.about)
    }

    #[test]
    fn a_hire_is_about_anybody_a_change_about_the_known_and_an_interview_about_nobody() {
        let found = Kind::ALL.map(|(_, kind)| (kind, about(&event(kind))));
        let expected = [
            (Kind::ApplicationCreated, Some(About::Known)),
            (Kind::CandidateHired, Some(About::Anybody)),
            (Kind::CandidateStageChange, None),
            (Kind::CandidateArchiveChange, Some(About::Known)),
            (Kind::CandidateDeleted, Some(About::Known)),
            (Kind::InterviewCreated, None),
            (Kind::InterviewUpdated, None),
            (Kind::InterviewDeleted, None),
            (Kind::ContactCreated, Some(About::Known)),
            (Kind::ContactUpdated, Some(About::Known)),
        ];
        assert_eq!(found, expected);
        assert_eq!(about(&event(Kind::Other)), None);
    }

    #[test]
    fn being_archived_may_be_a_hire_unless_its_reason_is_known_to_be_none() {
        for (reason, expected) in
            [("hired", About::Anybody), ("new", About::Anybody), ("rejected", About::Known)]
        {
            let archived =
                Event { archived_for: Some(reason.to_owned()), ..event(Kind::CandidateArchiveChange) };
            assert_eq!(about(&archived), Some(expected), "{reason}");
        }
    }

    #[test]
    fn what_names_nobody_or_is_no_id_of_levers_asks_nothing() {
        let nobody = Event { contact: None, opportunity: None, ..event(Kind::CandidateHired) };
        assert_eq!(hint(&nobody, |_| false), None);
        for text in ["ada@example.com", "https://example.com/x", "Ada.Example", &"x".repeat(65)] {
            let stapled = Event { contact: text.parse().ok(), ..nobody.clone() };
            assert!(stapled.contact.is_some());
            assert_eq!(hint(&stapled, |_| false), None, "{text}");
            let both = Event { contact: text.parse().ok(), ..event(Kind::CandidateHired) };
            let kept = hint(&both, |_| false).unwrap();
            assert_eq!((kept.contact, kept.opportunity), (None, "o1".parse().ok()), "{text}");
        }
    }

    #[test]
    fn a_delivery_is_in_time_from_a_day_back_to_five_minutes_ahead() {
        let now: Timestamp = "2026-05-02T10:00:00Z".parse().unwrap();
        for (triggered_at, expected) in [
            ("2026-05-01T09:59:59Z", Timing::Stale),
            ("2026-05-01T10:00:00Z", Timing::Fresh),
            ("2026-05-02T10:05:00Z", Timing::Fresh),
            ("2026-05-02T10:05:01Z", Timing::Stale),
            ("2126-05-02T10:00:00Z", Timing::Stale),
        ] {
            let triggered_at = triggered_at.parse().unwrap();
            assert_eq!(timing(triggered_at, now, TimeDelta::hours(24)), expected, "{triggered_at}");
        }
    }
}
