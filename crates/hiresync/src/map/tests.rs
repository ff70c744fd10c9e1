use std::sync::Mutex;

use adapter_sdk::{CheckReport, Error, Result};
use async_trait::async_trait;
use engine::{Page, PageToken, Sweep, Usage};
use people::{Answer as Answered, AnswerValue, FullName, Hire, Offer, Posting, Timestamp};

use super::*;
use crate::config::tests::{Desk, SHIPPED};

fn config(text: &str) -> Config {
    Desk::new().shipped(text).unwrap_or_else(|faults| panic!("{faults}"))
}

const ONBOARDING: &str = r#"
[lever]
api_key = { credential = "lever-api-key" }
hired_since = "2026-01-01"
timezone = "Europe/London"
[targets.hr]
adapter = "file-export"
path = "hr"
when = "posting.country == 'GB'"
[targets.hr.person]
ref = "contact"
born = { value = "answer('Date of birth') | date", hold = "3 days before start" }
home = { value = "answer('Home address')", hold = "3 days before start" }
sex = { value = "answer('Gender')", placeholder = "U" }
mobile = { value = "phone('mobile')", never_clear = true }
[targets.hr.hire]
title = "posting.title | upper"
decided = "today"
"#;

fn now() -> Timestamp {
    "2026-04-30T23:30:00Z".parse().unwrap()
}

/// Hired twice, once before anybody was to be sent, with half of a form filled in.
fn amara() -> Person {
    let mut person = Person::new("c1".parse().unwrap());
    person.name = FullName::new("Amara Okafor");
    person.answers = vec![Answered {
        opportunity: "o9".parse().unwrap(),
        posting: None,
        template: None,
        field: None,
        question: "Date of birth".to_owned(),
        value: Pii::new(AnswerValue::Text("1991-02-03".to_owned())),
        at: "2026-04-02T10:00:00Z".parse().ok(),
    }];
    let mut hire = Hire::new("2026-03-31T23:30:00Z".parse().unwrap());
    hire.posting = Some(Posting {
        title: Some("Engineer\u{1b}[2J\u{9b}2J".to_owned()),
        country: Some("GB".to_owned()),
        ..Posting::default()
    });
    hire.offer = Some(Offer { start_date: "2026-05-04".parse().ok(), ..Offer::default() });
    person.hires.insert("o1".parse().unwrap(), hire);
    person.hires.insert("o0".parse().unwrap(), Hire::new("2025-12-31T12:00:00Z".parse().unwrap()));
    person
}

#[test]
fn a_trial_says_of_each_field_what_comes_of_it_and_from_which_facts() {
    let text = Answer::of(&config(ONBOARDING), &amara(), now()).text();
    assert_eq!(
        text,
        r#"Contact c1, as Lever has it now. Today is 2026-05-01.

hr (file-export)
  when posting.country == 'GB'
  hire o0 of 2025-12-31: left out: hired before `hired_since`, 2026-01-01
  hire o1 of 2026-04-01: in scope
          posting.country is "GB"
  Held: nothing is sent until what is held below is there.

  person
    ref = "c1"
        contact
    born = "1991-02-03"
        answer('Date of birth') | date
          answer('Date of birth') is "1991-02-03" (opportunity o9, answered on 2026-04-02)
    home: held: required, and Lever has none; needed by 2026-05-01
        answer('Home address')
          answer('Home address') is nothing
    sex = "U", a placeholder: Lever has no value
        answer('Gender')
          answer('Gender') is nothing
    mobile: not written: blank, and a blank never clears it
        phone('mobile')
          phone('mobile') is nothing

  hire o1
    title = "ENGINEER\u001b[2J�2J"
        posting.title | upper
          posting.title is "Engineer\u001b[2J�2J"
    decided = "2026-05-01"
        today

Nothing was written. What the targets hold already was not looked at: `hiresync plan` does that.
"#
    );
}

#[test]
fn whoever_is_out_of_scope_is_shown_all_the_same() {
    let mut person = amara();
    let answer = |person: &Person| Answer::of(&config(ONBOARDING), person, now()).text();
    person.hires.get_mut("o1").unwrap().posting = None;
    let left_out = answer(&person);
    assert!(left_out.contains("hire o1 of 2026-04-01: left out by `when`"), "{left_out}");
    assert!(left_out.contains("No hire is in scope: nothing is sent."), "{left_out}");
    assert!(left_out.contains("    ref = \"c1\"") && !left_out.contains("title ="), "{left_out}");
    person.hires.get_mut("o1").unwrap().withheld.posting = true;
    assert!(answer(&person).contains("hire o1 of 2026-04-01: held: `when` cannot be decided"));
    person.hires.clear();
    person.protection.allowed = false;
    let nobody = answer(&person);
    assert!(nobody.contains("Nobody is hired under this contact: nothing is sent."), "{nobody}");
    assert!(nobody.contains("may not be stored"), "{nobody}");
}

#[test]
fn the_document_of_a_trial_has_every_field_with_its_outcome() {
    let document = serde_json::to_value(Answer::of(&config(ONBOARDING), &amara(), now())).unwrap();
    let fields = document["targets"][0]["fields"].as_array().unwrap();
    let outcomes: Vec<String> = fields
        .iter()
        .map(|field| format!("{} {} {}", field["field"], field["outcome"], field["value"]).replace('"', ""))
        .collect();
    assert_eq!(
        outcomes,
        [
            "ref value c1",
            "born value 1991-02-03",
            "home held null",
            "sex placeholder U",
            "mobile left_out null",
            "title value ENGINEER\\u001b[2J\u{9b}2J",
            "decided value 2026-05-01",
        ]
    );
    assert_eq!(fields[2]["needed_by"], "2026-05-01");
    assert_eq!(fields[5]["opportunity"], "o1");
    assert_eq!(document["targets"][0]["hires"][0]["scope"], "out");
}

#[test]
fn a_target_that_is_not_there_is_named_with_the_nearest_one() {
    assert_eq!(narrowed(config(ONBOARDING), Some("hr")).unwrap().targets.len(), 1);
    assert_eq!(narrowed(config(ONBOARDING), None).unwrap().targets.len(), 1);
    assert_eq!(narrowed(config(ONBOARDING), Some("hrr")).unwrap_err(), Exit::BadInput);
}

/// Answers what it is told, once each, and knows a contact by anything but "nobody".
#[derive(Debug, Default)]
struct Scripted {
    readings: Mutex<Vec<Reading>>,
    resolving: Option<ErrorKind>,
}

#[async_trait]
impl Source for Scripted {
    async fn check(&self) -> Result<CheckReport> {
        Ok(CheckReport::default())
    }

    async fn sweep(&self, _: &Sweep, _: Option<PageToken>) -> Result<Page> {
        Err(Error::new(ErrorKind::Unexpected, "nobody sweeps here"))
    }

    async fn read(&self, who: &[Whom]) -> Result<Vec<(ContactId, Reading)>> {
        let reading = self.readings.lock().unwrap().pop();
        Ok(reading.map(|reading| (who[0].contact.clone(), reading)).into_iter().collect())
    }

    async fn resolve(&self, who: &Pii<String>) -> Result<Option<ContactId>> {
        match self.resolving {
            Some(kind) => Err(Error::new(kind, "finding somebody")),
            None => Ok((who.reveal() != "nobody").then(|| "c1".parse().unwrap())),
        }
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}

async fn asked(
    who: &str,
    readings: Vec<Reading>,
    resolving: Option<ErrorKind>,
) -> std::result::Result<Person, Exit> {
    let source = Scripted { readings: Mutex::new(readings), resolving };
    person(&source, &Pii::new(who.to_owned())).await
}

#[tokio::test]
async fn whoever_cannot_be_read_is_told_apart_by_the_exit_code() {
    let failed = || Reading::Failed(Error::new(ErrorKind::Unavailable, "reading"));
    let unreadable = || Reading::Unreadable { place: "opportunities[0].id".to_owned() };
    for (readings, exit) in [
        (vec![], Exit::BadInput),
        (vec![Reading::Gone], Exit::BadInput),
        (vec![Reading::Anonymised], Exit::BadInput),
        (vec![unreadable()], Exit::Unreachable),
        (vec![failed()], Exit::Unreachable),
    ] {
        assert_eq!(asked("c1", readings, None).await.unwrap_err(), exit);
    }
    assert_eq!(asked("nobody", vec![], None).await.unwrap_err(), Exit::BadInput);
    assert_eq!(asked("c1", vec![], Some(ErrorKind::Conflict)).await.unwrap_err(), Exit::BadInput);
    assert_eq!(asked("c1", vec![], Some(ErrorKind::Unavailable)).await.unwrap_err(), Exit::Unreachable);
}

#[tokio::test]
async fn a_person_is_found_through_profiles_that_were_merged() {
    let moved = Reading::Moved { to: "c1".parse().unwrap() };
    let found = asked("c0", vec![Reading::Person(Box::new(amara())), moved], None).await.unwrap();
    assert_eq!(found.contact.as_str(), "c1");
    let circle = || (0..9).map(|_| Reading::Moved { to: "c1".parse().unwrap() }).collect();
    assert_eq!(asked("c0", circle(), None).await.unwrap_err(), Exit::Unreachable);
}

#[test]
fn the_listing_has_every_name_helper_and_rule_and_what_is_mapped_to_what() {
    let listing = Listing::of(&config(SHIPPED[3].1));
    let text = listing.text();
    let names = mapping::names::NAMES.iter().map(|name| name.name);
    let helpers = mapping::HELPERS.iter().map(|helper| helper.name);
    let rules = mapping::KEYS.iter().map(|&(key, ..)| key);
    for word in names.chain(helpers).chain(rules) {
        assert!(text.lines().any(|line| line.starts_with(word)), "{word} is not in\n{text}");
    }
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(line("surname ").contains("yes") && line("surname ").contains("name.surname | upper"), "{text}");
    assert!(line("starts ").contains("only on create"), "{text}");
    assert!(line("offer.start_date").contains("offers"), "{text}");
    let document = serde_json::to_value(&listing).unwrap();
    assert_eq!(document["targets"][0]["fields"][1]["length_max"], 35);
    assert_eq!(document["names"].as_array().unwrap().len(), mapping::names::NAMES.len());
}
