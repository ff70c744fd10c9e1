use chrono::{TimeDelta, TimeZone, Utc};

use people::Zone;

use super::*;
use crate::{Alarm, Digest, Scope, Task, Who, refusal::Kind, text};

fn at(minutes: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn hr() -> Recipient {
    Recipient {
        key: "hr".to_owned(),
        tasks: Scope { others: true, ..Scope::default() },
        digest: true,
        alarms: false,
    }
}

fn engineer() -> Recipient {
    Recipient { key: "engineer".to_owned(), tasks: Scope::default(), digest: false, alarms: true }
}

fn quiet() -> Facts {
    Facts {
        recipients: vec![hr(), engineer()],
        assigned: Default::default(),
        tasks: Vec::new(),
        alarms: Vec::new(),
        is_busy: false,
        digest_due: None,
        digest: None,
        zone: Zone::UTC,
    }
}

fn task(id: &str, raised: i64) -> Task {
    Task {
        id: id.to_owned(),
        target: Some("cezanne".parse().unwrap()),
        contact: format!("contact-{id}").parse().unwrap(),
        is_for_starter: true,
        to_do: "Start the New Starter Process.".to_owned(),
        raised_at: at(raised),
    }
}

fn with_tasks(tasks: Vec<Task>) -> Facts {
    Facts { tasks, ..quiet() }
}

fn alarm(key: &str) -> Alarm {
    Alarm {
        key: key.to_owned(),
        title: format!("{key} is wrong"),
        what: "It cannot be used.".to_owned(),
        remedy: "Mend it.".to_owned(),
        since: None,
        grace: TimeDelta::zero(),
        is_event: false,
    }
}

fn with_alarms(keys: &[&str]) -> Facts {
    Facts { alarms: keys.iter().map(|key| alarm(key)).collect(), ..quiet() }
}

/// A desk at which every letter is taken at once.
#[derive(Default)]
struct Desk(Remembered);

impl Desk {
    /// What is sent at `minutes`: to whom, and the subject.
    fn tick(&mut self, facts: &Facts, minutes: i64) -> Vec<String> {
        let (due, after) = notices(&self.0, facts, at(minutes));
        // Whatever is kept survives the disk.
        self.0 = Remembered::from_json(&after.to_json());
        assert_eq!(self.0, after);
        let sent = due.iter().filter_map(|notice| {
            let text = text(notice, facts, &Who::default())?;
            Some(format!("{}: {}", notice.to, text.subject))
        });
        let sent = sent.collect();
        due.iter().for_each(|notice| self.0.sent(notice));
        sent
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_arises_is_said_at_once_and_once_and_what_follows_ten_minutes_later_in_one_letter() {
    let mut desk = Desk::default();
    assert_eq!(desk.tick(&quiet(), 0), NOTHING);
    let mut tasks = vec![task("T-1", 1)];
    assert_eq!(desk.tick(&with_tasks(tasks.clone()), 1), ["hr: 1 new starter needs something from you"]);
    tasks.push(task("T-2", 2));
    assert_eq!(desk.tick(&with_tasks(tasks.clone()), 2), NOTHING);
    tasks.push(task("T-3", 5));
    assert_eq!(desk.tick(&with_tasks(tasks.clone()), 10), NOTHING);
    assert_eq!(desk.tick(&with_tasks(tasks.clone()), 11), ["hr: 2 new starters need something from you"]);
    for minute in 12..200 {
        assert_eq!(desk.tick(&with_tasks(tasks.clone()), minute), NOTHING);
    }
}

#[test]
fn two_hundred_tasks_of_one_cycle_are_one_letter_however_long_it_takes_to_raise_them() {
    let mut desk = Desk::default();
    let busy = |count| Facts {
        is_busy: true,
        ..with_tasks((0..count).map(|nth| task(&format!("T-{nth}"), 0)).collect())
    };
    assert_eq!(desk.tick(&busy(1), 0), NOTHING);
    assert_eq!(desk.tick(&busy(120), 1), NOTHING);
    let whole = Facts { is_busy: false, ..busy(200) };
    assert_eq!(desk.tick(&whole, 1), ["hr: 200 new starters need something from you"]);
    assert_eq!(desk.tick(&whole, 30), NOTHING);
    // A cycle that takes a day keeps nobody waiting for so long.
    let mut desk = Desk::default();
    assert_eq!(desk.tick(&busy(3), 2), ["hr: 3 new starters need something from you"]);
}

#[test]
fn the_tasks_of_a_target_go_to_whom_it_names_and_the_others_to_hr() {
    let admin = Recipient {
        key: "admin".to_owned(),
        tasks: Scope { of: ["cezanne".parse().unwrap()].into(), others: false },
        digest: false,
        alarms: false,
    };
    let mut facts = with_tasks(vec![task("T-1", 0), Task { target: None, ..task("T-2", 0) }]);
    facts.recipients.push(admin);
    facts.assigned = ["cezanne".parse().unwrap()].into();
    let (due, _) = notices(&Remembered::default(), &facts, at(0));
    let ids: Vec<_> = due.iter().map(|notice| (notice.to.as_str(), notice.letter.about.clone())).collect();
    let tasks = |id: &str| About::Tasks { ids: vec![id.to_owned()] };
    assert_eq!(ids, [("admin", tasks("T-1")), ("hr", tasks("T-2"))]);
}

#[test]
fn a_letter_that_was_cut_off_is_the_same_letter_again_and_one_that_was_taken_is_not() {
    let facts = with_tasks(vec![task("T-1", 0)]);
    let (first, kept) = notices(&Remembered::default(), &facts, at(0));
    // Killed after it was written down: nobody knows whether it was sent.
    let (again, kept) = notices(&kept, &facts, at(1));
    assert_eq!(first, again);
    let mut kept = kept;
    kept.sent(&again[0]);
    assert_eq!(notices(&kept, &facts, at(2)).0, []);
}

#[test]
fn a_server_that_is_down_is_asked_more_and_more_slowly_and_what_comes_meanwhile_is_one_letter() {
    let mut tasks = vec![task("T-0", 0)];
    let mut kept = Remembered::default();
    let mut tried = Vec::new();
    for minute in 0..180 {
        let (due, after) = notices(&kept, &with_tasks(tasks.clone()), at(minute));
        kept = after;
        for notice in due {
            tried.push(minute);
            kept.failed(&notice, Kind::Unreachable, at(minute));
        }
        tasks.push(task(&format!("T-{}", minute + 1), minute));
    }
    assert_eq!(tried, [0, 1, 6, 36, 96, 156]);
    assert_eq!(kept.pending(), 1);
    let mut desk = Desk(kept);
    let facts = with_tasks(tasks);
    assert_eq!(desk.tick(&facts, 216), ["hr: 1 new starter needs something from you"]);
    assert_eq!(desk.tick(&facts, 217), ["hr: 180 new starters need something from you"]);
}

#[test]
fn a_letter_that_the_server_refuses_for_good_keeps_nobody_from_hearing_of_the_next_alarm() {
    let mut kept = Remembered::default();
    let mut taken = Vec::new();
    for minute in 0..180 {
        // The first is refused for what stands in it; half an hour later something else goes wrong.
        let wrong = if minute < 30 { &["lever"][..] } else { &["lever", "reload"] };
        let (due, after) = notices(&kept, &with_alarms(wrong), at(minute));
        kept = after;
        for notice in due {
            match &notice.letter.about {
                About::Alarms { items } if items.iter().any(|item| item.key == "lever") => {
                    kept.failed(&notice, Kind::Refused, at(minute));
                }
                _ => {
                    taken.push(minute);
                    kept.sent(&notice);
                }
            }
        }
    }
    assert_eq!(taken, [30], "the first was refused three times by then");
    assert_eq!(kept.pending(), 1);
}

#[test]
fn an_alarm_is_said_when_it_begins_once_a_day_while_it_lasts_and_when_it_is_over() {
    let mut desk = Desk::default();
    let wrong = with_alarms(&["silence"]);
    let mut said = Vec::new();
    for minute in 0..3_000 {
        said.extend(desk.tick(&wrong, minute).into_iter().map(|what| (minute, what)));
    }
    for minute in 3_000..3_100 {
        said.extend(desk.tick(&quiet(), minute).into_iter().map(|what| (minute, what)));
    }
    let said: Vec<(i64, &str)> = said.iter().map(|(minute, what)| (*minute, what.as_str())).collect();
    assert_eq!(
        said,
        [
            (0, "engineer: hiresync: silence is wrong"),
            (1_440, "engineer: hiresync: still so: silence is wrong"),
            (2_880, "engineer: hiresync: still so: silence is wrong"),
            (3_010, "engineer: hiresync: is over: silence is wrong"),
        ]
    );
}

#[test]
fn an_alarm_that_comes_and_goes_is_one_and_what_begins_together_is_one_letter() {
    let mut desk = Desk::default();
    assert_eq!(desk.tick(&with_alarms(&["a", "b", "c"]), 0), ["engineer: hiresync: 3 alarms: 3 new"]);
    for minute in 1..600 {
        let there: &[&str] = if minute % 2 == 0 { &["a", "b", "c"] } else { &["b", "c"] };
        assert_eq!(desk.tick(&with_alarms(there), minute), NOTHING, "{minute}");
    }
}

#[test]
fn nothing_is_an_alarm_before_it_has_lasted_for_its_grace_and_an_event_is_said_once() {
    let mut desk = Desk::default();
    let patient = |keys: &[&str]| {
        let mut facts = with_alarms(keys);
        facts.alarms.iter_mut().for_each(|alarm| alarm.grace = TimeDelta::minutes(15));
        facts
    };
    assert_eq!(desk.tick(&patient(&["a"]), 0), NOTHING);
    assert_eq!(desk.tick(&patient(&["a"]), 14), NOTHING);
    assert_eq!(desk.tick(&patient(&[]), 14), NOTHING);
    assert_eq!(desk.tick(&patient(&["a"]), 16), NOTHING);
    assert_eq!(desk.tick(&patient(&["a"]), 31), ["engineer: hiresync: a is wrong"]);
    let mut desk = Desk::default();
    let mut event = with_alarms(&["lost"]);
    event.alarms[0].is_event = true;
    assert_eq!(desk.tick(&event, 0).len(), 1);
    assert_eq!(desk.tick(&event, 5_000), NOTHING);
    assert_eq!(desk.tick(&quiet(), 5_001), NOTHING);
    assert_eq!(desk.tick(&quiet(), 9_000), NOTHING);
}

#[test]
fn nobody_gets_more_than_twelve_letters_an_hour_and_nothing_is_lost_by_that() {
    let mut desk = Desk::default();
    let keys: Vec<String> = (0..60).map(|nth| format!("alarm-{nth:02}")).collect();
    let so_far = |minute: usize| with_alarms(&keys[..=minute].iter().map(String::as_str).collect::<Vec<_>>());
    let mut letters = 0;
    for minute in 0..60 {
        letters += desk.tick(&so_far(minute), minute as i64).len();
    }
    assert_eq!(letters, LETTERS_MAX);
    assert_eq!(desk.tick(&so_far(59), 60), ["engineer: hiresync: 48 alarms: 48 new"]);
}

#[test]
fn a_digest_goes_on_its_day_also_a_quiet_one_and_days_that_were_missed_are_one() {
    let morning = |due: i64, at_minute: i64, before: &Remembered| {
        let mut facts = Facts { digest_due: Some(at(due)), ..quiet() };
        let since = digest_since(before, &facts, at(at_minute));
        facts.digest = since.map(|_| Digest::default());
        (facts, since)
    };
    let mut desk = Desk::default();
    // Whoever is new hears of the next morning first.
    let (facts, since) = morning(-60, 0, &desk.0);
    assert_eq!((desk.tick(&facts, 0), since), (vec![], None));
    let (facts, since) = morning(60, 61, &desk.0);
    assert_eq!(since, Some(at(0)));
    assert_eq!(desk.tick(&facts, 61), ["hr: Monday 23 November: 0 arrived, 0 waiting, 0 to do"]);
    let (facts, since) = morning(60, 62, &desk.0);
    assert_eq!((desk.tick(&facts, 62), since), (vec![], None));
    // The machine was off from Tuesday to Thursday.
    let (facts, since) = morning(4_000, 5_000, &desk.0);
    assert_eq!(since, Some(at(61)));
    assert_eq!(desk.tick(&facts, 5_000).len(), 1);
    assert_eq!(desk.tick(&morning(4_000, 5_001, &desk.0).0, 5_001), NOTHING);
}

#[test]
fn what_is_done_before_its_letter_goes_out_is_not_in_it() {
    let (due, _) = notices(&Remembered::default(), &with_tasks(vec![task("T-1", 0), task("T-2", 0)]), at(0));
    let left = with_tasks(vec![task("T-2", 0)]);
    let words = text(&due[0], &left, &Who::default()).unwrap();
    assert!(!words.body.contains("T-1") && words.body.contains("T-2"));
    assert!(text(&due[0], &quiet(), &Who::default()).is_none());
}

#[test]
fn a_clock_that_was_set_back_silences_nobody() {
    let mut desk = Desk::default();
    assert_eq!(desk.tick(&with_tasks(vec![task("T-1", 0)]), 100_000).len(), 1);
    assert_eq!(desk.tick(&with_tasks(vec![task("T-1", 0), task("T-2", 0)]), 0).len(), 1);
}

#[test]
fn a_letter_about_tasks_says_who_what_and_how_to_be_done_with_it() {
    let facts = with_tasks(vec![task("T-1", -90)]);
    let (due, _) = notices(&Remembered::default(), &facts, at(0));
    let contact: people::ContactId = "contact-T-1".parse().unwrap();
    let who = Who {
        names: [(contact.clone(), people::Pii::new("Ada\r\nBcc: all@example.com".to_owned()))].into(),
        profiles: [(contact, "https://hire.lever.co/candidates/o-1".to_owned())].into(),
    };
    let words = text(&due[0], &facts, &who).unwrap();
    assert_eq!(words.subject, "1 new starter needs something from you");
    assert_eq!(
        words.body,
        "1 new starter needs something from you. Each is written once; `hiresync tasks` lists what is open.\n\
         \n1. Ada Bcc: all@example.com (contact contact-T-1)\n   What to do: Start the New Starter Process.\n   \
         Since Mon 23 Nov 2026 07:30 (UTC), in cezanne\n   Who it is: https://hire.lever.co/candidates/o-1\n   \
         When it is done: hiresync tasks done T-1\n\
         \n-- \nhiresync sent this by itself; nobody reads answers. [notices] in its configuration says who gets what.\n"
    );
}
