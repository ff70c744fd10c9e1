use std::collections::BTreeMap;

use adapter_sdk::ErrorKind;
use engine::{Needs, Reading, Source, Whom};
use people::{AnswerValue, Candidacy, ContactId, Person, PhoneKind, Timestamp, Withheld};

use crate::{
    Lever, Settings,
    scripted::{
        ALL, Answer, HIRED, Scripted, lever, lever_with, ok, opportunity, page, page_then, settings, status,
    },
};

pub(super) fn whom(contact: &str, known: &[&str]) -> Whom {
    Whom { contact: contact.parse().unwrap(), known: known.iter().map(|id| id.parse().unwrap()).collect() }
}

pub(super) async fn readings(lever: &Lever, who: &[Whom]) -> BTreeMap<String, Reading> {
    let readings = lever.read(who).await.unwrap();
    let count = readings.len();
    let by_contact: BTreeMap<String, Reading> =
        readings.into_iter().map(|(contact, reading)| (contact.to_string(), reading)).collect();
    assert_eq!(by_contact.len(), count, "one answer each");
    by_contact
}

pub(super) async fn reading(lever: &Lever, contact: &str, known: &[&str]) -> Reading {
    readings(lever, &[whom(contact, known)]).await.remove(contact).unwrap()
}

pub(super) fn person(reading: Reading) -> Person {
    match reading {
        Reading::Person(person) => *person,
        other => panic!("{other:?}"),
    }
}

/// One hire of c1 with everything, and where its objects are.
pub(super) fn hire() -> String {
    opportunity(
        "o1",
        "c1",
        &format!(
            r#"{HIRED},"name":"Amara Okafor-Lind","emails":["amara@example.com"],"owner":"u1","origin":"applied",
            "sources":["Job site"],"tags":["x"],"urls":{{"show":"https://hire.lever.co/candidates/o1"}},"opportunityLocation":"Leeds",
            "applications":[{{"id":"a1","posting":"p1","postingHiringManager":"u9",
                "requisitionForHire":{{"id":"r1","hiringManagerOnHire":"u2"}},
                "customQuestions":[
                    {{"deletedAt":5,"fields":[{{"text":"gone","value":"x"}}]}},
                    {{"baseTemplateId":"t1","createdAt":4,"completedAt":5,"deletedAt":null,"fields":[
                        {{"id":"f1","type":"date","text":"Birthday?","value":1772409600000}},
                        {{"id":"f2","type":"multiple-select","text":"Which?","value":["a","b"]}},
                        {{"type":"text","text":"Blank?","value":" "}}]}}]}}]"#
        ),
    )
}

pub(super) fn everything() -> Scripted {
    Scripted::new()
        .on("/opportunities?contact_id=", [page(&[hire()])])
        .on(
            "/opportunities/o1/offers",
            [page(&[r#"{"id":"f1","status":"signed","fields":[{"identifier":"anticipated_start_date","value":1772409600000}]}"#.to_owned()])],
        )
        .on("/opportunities/o1/forms", [page(&[])])
        .on("/postings/p1", [ok(r#"{"data":{"id":"p1","text":"Engineer","state":"closed","tags":["relocation",null,""],"categories":{"team":"Data","level":null},"workplaceType":"hybrid"}}"#)])
        .on("/requisitions/r1", [ok(r#"{"data":{"id":"r1","requisitionCode":"ENG-214","headcountTotal":"unlimited"}}"#)])
        .on("/users/u1", [ok(r#"{"data":{"id":"u1","name":"Rae","email":"rae@example.com","externalDirectoryId":"17"}}"#)])
        .on("/users/u2", [ok(r#"{"data":{"id":"u2","name":"Max"}}"#)])
}

/// Where the objects of [`hire`] are.
const OBJECTS: [&str; 6] = [
    "/opportunities/o1/offers",
    "/opportunities/o1/forms",
    "/postings/p1",
    "/requisitions/r1",
    "/users/u1",
    "/users/u2",
];

#[tokio::test(start_paused = true)]
async fn a_hire_is_read_whole() {
    let (lever, scripted) = lever(everything());
    let person = person(reading(&lever, "c1", &["o1"]).await);
    assert_eq!(scripted.asked()[0], "/opportunities?contact_id=c1&expand=applications&limit=100");
    assert_eq!(
        (person.name.full(), person.emails[0].reveal().as_str()),
        ("Amara Okafor-Lind", "amara@example.com")
    );
    let hire = &person.hires["o1"];
    assert_eq!(hire.hired_at, Timestamp::from_timestamp_millis(1000).unwrap());
    assert_eq!((hire.reason.as_str(), hire.location.as_deref()), ("hired", Some("Leeds")));
    let posting = hire.posting.as_ref().unwrap();
    assert_eq!(
        (posting.id.as_str(), posting.title.as_deref(), posting.team.as_deref()),
        ("p1", Some("Engineer"), Some("Data"))
    );
    assert_eq!((posting.level.as_deref(), posting.workplace.as_deref()), (None, Some("hybrid")));
    assert_eq!(
        (posting.state.as_deref(), posting.tags.as_slice()),
        (Some("closed"), &["relocation".to_owned()][..])
    );
    assert_eq!(hire.offer.as_ref().unwrap().start_date, "2026-03-02".parse().ok());
    assert_eq!(hire.requisition.as_ref().unwrap().code.as_deref(), Some("ENG-214"));
    assert_eq!(hire.manager.as_ref().unwrap().id, "u2");
    assert_eq!(hire.recruiter.as_ref().unwrap().external_directory_id.as_deref(), Some("17"));
    assert_eq!(hire.profile.as_deref(), Some("https://hire.lever.co/candidates/o1"));
    assert_eq!(person.opportunities.values().copied().collect::<Vec<_>>(), [Candidacy::Hired]);
    let answers: Vec<_> = person
        .answers
        .iter()
        .map(|answer| (answer.question.as_str(), answer.value.reveal().clone()))
        .collect();
    assert_eq!(
        answers,
        [
            ("Birthday?", AnswerValue::Day("2026-03-02".parse().unwrap())),
            ("Which?", AnswerValue::Several(vec!["a".to_owned(), "b".to_owned()])),
            ("Blank?", AnswerValue::Blank),
        ]
    );
    let answer = &person.answers[0];
    assert_eq!(
        (answer.template.as_deref(), answer.field.as_deref(), answer.posting.as_deref()),
        (Some("t1"), Some("f1"), Some("p1"))
    );
    assert_eq!(answer.at, Timestamp::from_timestamp_millis(5));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_mapped_is_not_asked_for() {
    let (lever, scripted) = lever_with(settings(), everything());
    let person = person(reading(&lever, "c1", &[]).await);
    assert_eq!(scripted.asked().len(), 2, "{:?}", scripted.asked());
    let hire = &person.hires["o1"];
    assert!(
        hire.posting.is_none() && hire.offer.is_none() && hire.manager.is_none() && hire.recruiter.is_none()
    );
    assert_eq!(hire.requisition.as_ref().unwrap().id, "r1");
}

#[tokio::test(start_paused = true)]
async fn a_requisition_whose_code_came_with_the_hire_is_not_asked_for() {
    let told = hire().replace(r#""id":"r1","#, r#""id":"r1","requisitionCode":"ENG-1","#);
    let scripted = everything().on("/opportunities?contact_id=", [page(&[told])]);
    let needs = Needs { requisition_details: false, ..ALL };
    let (lever, scripted) = lever_with(Settings { needs, ..settings() }, scripted);
    let person = person(reading(&lever, "c1", &[]).await);
    assert_eq!(person.hires["o1"].requisition.as_ref().unwrap().code.as_deref(), Some("ENG-1"));
    assert!(scripted.asked_like("/requisitions").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_missing_or_withheld_costs_only_itself() {
    for refusal in [403, 404] {
        for path in OBJECTS {
            let there = ok(format!(r#"{{"data":{}}}"#, hire()));
            let scripted = everything().on("/opportunities/o1?", [there]).on(path, [status(refusal, "{}")]);
            let (lever, _) = lever(scripted);
            let person = person(reading(&lever, "c1", &[]).await);
            let hire = &person.hires["o1"];
            assert_eq!(hire.offer.is_none(), path.ends_with("offers"), "{path}");
            assert_eq!(hire.posting.is_none(), path == "/postings/p1");
            assert_eq!(hire.requisition.as_ref().unwrap().code.is_none(), path == "/requisitions/r1");
            assert_eq!(hire.recruiter.as_ref().unwrap().name.is_none(), path == "/users/u1");
            assert_eq!(hire.manager.as_ref().unwrap().id, "u2");
            let withheld = Withheld {
                offers: path.ends_with("offers"),
                forms: path.ends_with("forms"),
                posting: path == "/postings/p1",
                requisition: path == "/requisitions/r1",
                requisition_code: path == "/requisitions/r1",
                colleagues: path.starts_with("/users"),
            };
            assert_eq!(hire.withheld, withheld, "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn offers_and_forms_that_went_with_their_hire_are_no_blank() {
    // It was deleted after it was listed: what was delivered must not lose its start date for that.
    let gone = || [status(404, "{}")];
    for path in ["/opportunities/o1/offers", "/opportunities/o1/forms"] {
        let scripted = everything().on(path, gone()).on("/opportunities/o1?", gone());
        let (lever, _) = lever(scripted);
        assert!(matches!(reading(&lever, "c1", &[]).await, Reading::Failed(_)), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_now_holds_its_person_back() {
    for path in OBJECTS {
        for fault in [status(503, ""), status(429, ""), status(200, "<html>"), Err(http::Failure::TooLong)] {
            let other = opportunity("o2", "c2", r#""name":"Other""#);
            let scripted =
                everything().on("/opportunities?contact_id=", [page(&[hire(), other])]).on(path, [fault]);
            let (lever, _) = lever(scripted);
            let mut readings = readings(&lever, &[whom("c1", &[]), whom("c2", &[])]).await;
            assert!(matches!(readings["c1"], Reading::Failed(_)), "{path}: {:?}", readings["c1"]);
            assert_eq!(person(readings.remove("c2").unwrap()).name.full(), "Other");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_refused_for_everything_is_an_error_of_the_whole_read() {
    let (lever, _) = lever(everything().on("/opportunities/o1/offers", [status(401, "{}")]));
    let error = lever.read(&[whom("c1", &[])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

#[tokio::test(start_paused = true)]
async fn an_offer_that_cannot_be_understood_makes_an_unreadable_person_not_a_blank_one() {
    let (lever, scripted) =
        lever(everything().on("/opportunities/o1/offers", [page(&[r#"{"status":"signed"}"#.to_owned()])]));
    match reading(&lever, "c1", &[]).await {
        Reading::Unreadable { place } => assert_eq!(place, "opportunity o1: offers[0]: id"),
        other => panic!("{other:?}"),
    }
    assert_eq!(scripted.asked_like("/opportunities/o1/offers").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn postings_and_colleagues_are_asked_for_once_and_kept_until_a_full_sweep() {
    let two =
        hire().replace(r#""id":"o1""#, r#""id":"o2""#).replace(r#""contact":"c1""#, r#""contact":"c2""#);
    let scripted = everything()
        .on("/opportunities?contact_id=", [page(&[hire(), two])])
        .on("/opportunities?archived", [page(&[])])
        .on("/opportunities/o2/", [page(&[])]);
    let (lever, scripted) = lever(scripted);
    let both = [whom("c1", &[]), whom("c2", &[])];
    readings(&lever, &both).await;
    readings(&lever, &both).await;
    assert_eq!(scripted.asked_like("/postings").len(), 1);
    assert_eq!(scripted.asked_like("/users").len(), 2);
    assert_eq!(scripted.asked_like("/requisitions").len(), 1);
    assert_eq!(scripted.asked_like("/opportunities/o").len(), 8, "offers and forms of both, twice");
    lever.sweep(&engine::Sweep::Full, None).await.unwrap();
    readings(&lever, &both).await;
    assert_eq!(scripted.asked_like("/postings").len(), 2);
    assert_eq!(scripted.asked_like("/requisitions").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn fifty_contacts_share_a_listing_and_no_address_is_too_long() {
    let contact = |at: usize| format!("c7a1f0de-2b34-4a56-8f90-0a1b2c3d{at:04}");
    let records: Vec<String> = (0..120).map(|at| opportunity(&format!("o{at}"), &contact(at), "")).collect();
    let (fifty, scripted) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&records)]));
    let who: Vec<Whom> = (0..120).map(|at| whom(&contact(at), &[])).collect();
    assert_eq!(readings(&fifty, &who).await.len(), 120);
    assert_eq!(scripted.asked_like("/opportunities").len(), 3);

    // Ids of 128 characters, each of which is written as three.
    let contact = |at: usize| format!("{}{at:03}", "/".repeat(125));
    let records: Vec<String> = (0..40).map(|at| opportunity(&format!("o{at}"), &contact(at), "")).collect();
    let (long, scripted) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&records)]));
    let who: Vec<Whom> = (0..40).map(|at| whom(&contact(at), &[])).collect();
    assert_eq!(readings(&long, &who).await.len(), 40);
    assert_eq!(scripted.asked_like("/opportunities").len(), 3);
    assert!(scripted.asked().iter().all(|target| target.len() < 7000));
}

#[tokio::test(start_paused = true)]
async fn a_contact_asked_for_twice_is_answered_once() {
    let (lever, _) =
        lever(Scripted::new().on("/opportunities?contact_id=c1", [page(&[opportunity("o1", "c1", "")])]));
    assert_eq!(readings(&lever, &[whom("c1", &["o1"]), whom("c1", &["o2"])]).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_moves_while_we_page_is_there_once_in_its_later_form() {
    let list = "/opportunities?contact_id=c1&contact_id=c2&expand=applications";
    let scripted = Scripted::new()
        .on(
            list,
            [page_then(&[opportunity("o1", "c1", r#""name":"old""#), opportunity("o2", "c2", "")], "n")],
        )
        .on(&format!("{list}&offset=n"), [page(&[opportunity("o1", "c1", r#""name":"new""#)])]);
    let (lever, _) = lever(scripted);
    let mut readings = readings(&lever, &[whom("c1", &[]), whom("c2", &[])]).await;
    let person = person(readings.remove("c1").unwrap());
    assert_eq!((person.name.full(), person.opportunities.len()), ("new", 1));
}

#[tokio::test(start_paused = true)]
async fn a_listing_whose_token_is_taken_no_longer_begins_anew() {
    let list = "/opportunities?contact_id=c1&expand=applications";
    let scripted = Scripted::new()
        .on(list, [page_then(&[opportunity("o1", "c1", "")], "n")])
        .on(&format!("{list}&offset=n"), [status(400, "{}"), page(&[opportunity("o2", "c1", "")])]);
    let (lever, _) = lever(scripted);
    assert_eq!(person(reading(&lever, "c1", &[]).await).opportunities.len(), 2);
}

fn missing(known: Answer, contact: Answer) -> Scripted {
    Scripted::new()
        .on("/opportunities?contact_id=", [page(&[])])
        .on("/opportunities/o1?expand=applications", [known])
        .on("/opportunities/gone", [status(404, "{}")])
        .on("/contacts/c1", [contact])
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_is_not_listed_is_looked_for_before_anything_is_said_of_it() {
    let one = |contact: &str, more: &str| ok(format!(r#"{{"data":{}}}"#, opportunity("o1", contact, more)));
    let there =
        || ok(r#"{"data":{"id":"c1","name":"Ada","location":{"name":"Leeds"},"isAnonymized":false}}"#);
    let say = |reading: Reading| match reading {
        Reading::Person(person) => format!("person {} {}", person.name.full(), person.opportunities.len()),
        Reading::Moved { to } => format!("moved {to}"),
        Reading::Failed(error) => format!("failed {}", error.kind().code()),
        Reading::Unreadable { place } => format!("unreadable {place}"),
        other => format!("{other:?}").to_lowercase(),
    };
    for (known, contact, said) in [
        (one("c2", ""), status(404, "{}"), "moved c2"),
        (one("c1", r#""name":"Ada""#), status(404, "{}"), "person Ada 1"),
        (one("c1", r#""isAnonymized":true"#), status(404, "{}"), "anonymised"),
        (
            one("c1", r#""confidentiality":"confidential""#),
            there(),
            "unreadable opportunity o1, which is confidential while lever.confidential is false",
        ),
        (status(404, "{}"), status(404, "{}"), "gone"),
        (status(404, "{}"), status(403, "{}"), "failed rejected"),
        (status(404, "{}"), there(), "person Ada 0"),
        (status(404, "{}"), ok(r#"{"data":{"id":"c1","isAnonymized":true}}"#), "anonymised"),
        (status(404, "{}"), ok(r#"{"data":{"id":"c3"}}"#), "moved c3"),
        (status(404, "{}"), ok(r#"{"data":{}}"#), "unreadable id"),
        (status(404, "{}"), ok("<html>"), "failed unavailable"),
        (status(403, "{}"), status(404, "{}"), "failed rejected"),
        (status(403, "{}"), there(), "failed rejected"),
        (status(503, "{}"), status(404, "{}"), "failed unavailable"),
        (ok(r#"{"data":{"id":"o1"}}"#), status(404, "{}"), "unreadable opportunity o1: contact"),
    ] {
        let (lever, _) = lever(missing(known, contact));
        assert_eq!(say(reading(&lever, "c1", &["gone", "o1"]).await), said);
    }
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_lever_itself_answers_for_with_another_has_moved() {
    let (lever, _) =
        lever(Scripted::new().on("/opportunities?contact_id=", [page(&[opportunity("o1", "c2", "")])]));
    assert!(matches!(reading(&lever, "c1", &[]).await, Reading::Moved { to } if to.as_str() == "c2"));
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_is_empty_by_mistake_is_asked_for_once_more() {
    let scripted = Scripted::new()
        .on("/opportunities?contact_id=", [page(&[]), page(&[opportunity("o1", "c1", r#""name":"Ada""#)])]);
    let (lever, _) = lever(scripted);
    assert_eq!(person(reading(&lever, "c1", &[]).await).name.full(), "Ada");
}

#[tokio::test(start_paused = true)]
async fn a_contact_is_anonymised_when_all_of_it_is_and_nothing_more_is_asked_for() {
    let gone = |id: &str| {
        opportunity(id, "c1", &format!(r#"{HIRED},"isAnonymized":true,"name":null,"emails":null"#))
    };
    let (all, scripted) =
        lever(Scripted::new().on("/opportunities?contact_id=", [page(&[gone("o1"), gone("o2")])]));
    assert!(matches!(reading(&all, "c1", &[]).await, Reading::Anonymised));
    assert!(scripted.asked().iter().all(|target| !target.contains("offers")));

    let answers = r#""isAnonymized":true,"updatedAt":9,"name":"","applications":[{"customQuestions":[{"fields":[{"text":"q","value":"x"}]}]}]"#;
    let records =
        [opportunity("o1", "c1", &format!("{HIRED},{answers}")), opportunity("o2", "c1", r#""name":"Ada""#)];
    let (one, _) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&records)]));
    let person = person(reading(&one, "c1", &[]).await);
    assert!(person.hires.is_empty() && person.answers.is_empty());
    assert_eq!(person.name.full(), "Ada");
    assert_eq!(
        person.opportunities.values().copied().collect::<Vec<_>>(),
        [Candidacy::Anonymised, Candidacy::Open]
    );
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_record_costs_only_its_own_contact() {
    let bad = r#"{"id":"o 9","contact":"c1"}"#.to_owned();
    let fine = opportunity("o2", "c2", "");
    let scripted = Scripted::new()
        .on("/opportunities?contact_id=", [page(&[bad.clone(), fine.clone()])])
        .on("/opportunities?contact_id=c1&expand", [page(std::slice::from_ref(&bad))]);
    let (attributable, scripted) = lever(scripted);
    let both = [whom("c1", &[]), whom("c2", &[])];
    let answers = readings(&attributable, &both).await;
    assert!(matches!(&answers["c1"], Reading::Unreadable { place } if place == "data[0]: id"), "{answers:?}");
    assert!(matches!(answers["c2"], Reading::Person(_)));
    assert_eq!(scripted.asked_like("/opportunities").len(), 2);

    // Whose it is cannot be told: each contact is asked for by itself.
    let nobodys = "17".to_owned();
    let scripted = Scripted::new()
        .on("/opportunities?contact_id=", [page(&[nobodys.clone(), fine.clone()])])
        .on("/opportunities?contact_id=c1&expand", [page(&[nobodys])])
        .on("/opportunities?contact_id=c2&expand", [page(&[fine])]);
    let (nameless, _) = lever(scripted);
    let answers = readings(&nameless, &both).await;
    assert!(matches!(answers["c1"], Reading::Unreadable { .. }), "{answers:?}");
    assert!(matches!(answers["c2"], Reading::Person(_)));
}

#[tokio::test(start_paused = true)]
async fn a_hire_that_is_only_half_there_is_unreadable() {
    for (more, place) in [
        (r#""archived":{"reason":"hired"}"#.to_owned(), "opportunity o1: archived.archivedAt"),
        (format!(r#"{HIRED},"applications":["a1"]"#), "opportunity o1: applications, of which"),
    ] {
        let (lever, _) = lever(
            Scripted::new().on("/opportunities?contact_id=", [page(&[opportunity("o1", "c1", &more)])]),
        );
        match reading(&lever, "c1", &[]).await {
            Reading::Unreadable { place: said } => assert!(said.starts_with(place), "{said}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hire_without_application_or_offer_is_a_hire_all_the_same() {
    for applications in
        ["", r#","applications":null"#, r#","applications":[]"#, r#","applications":[{"posting":null}]"#]
    {
        let record = opportunity("o1", "c1", &format!("{HIRED}{applications}"));
        let scripted = Scripted::new()
            .on("/opportunities?contact_id=", [page(&[record])])
            .on("/opportunities/o1/", [ok(r#"{"data":null}"#)]);
        let (lever, _) = lever(scripted);
        let person = person(reading(&lever, "c1", &[]).await);
        let hire = &person.hires["o1"];
        assert!(hire.posting.is_none() && hire.offer.is_none() && hire.forms.is_empty());
        assert_eq!(hire.withheld, Withheld::default());
    }
}

#[tokio::test(start_paused = true)]
async fn the_date_of_an_application_counts_only_where_it_was_archived_as_hired() {
    for (archived, date) in [
        (r#"{"reason":"hired","archivedAt":993}"#, Some(993)),
        (r#"{"reason":{"id":"hired"},"archivedAt":"993"}"#, Some(993)),
        (r#"{"reason":"other","archivedAt":5}"#, None),
        (r#"{"reason":"unheard-of","archivedAt":5}"#, None),
        (r#"{"archivedAt":5}"#, None),
        (r#"{"reason":"hired"}"#, None),
        ("null", None),
    ] {
        let date = date.and_then(Timestamp::from_timestamp_millis);
        let applications = format!(r#""applications":[{{"id":"a1","archived":{archived}}}]"#);
        let read = async |hired: &str| {
            let record = opportunity("o1", "c1", &format!("{hired},{applications}"));
            let scripted = Scripted::new().on("/opportunities?contact_id=", [page(&[record])]);
            reading(&lever_with(settings(), scripted).0, "c1", &[]).await
        };
        let hire = person(read(HIRED).await).hires["o1"].clone();
        assert_eq!((hire.hired_at.timestamp_millis(), hire.applied_hired_at), (1000, date), "{archived}");

        // Where the opportunity's own date is missing it is the only one, or there is none.
        match (read(r#""archived":{"reason":"hired"}"#).await, date) {
            (Reading::Person(person), Some(date)) => assert_eq!(person.hires["o1"].hired_at, date),
            (Reading::Unreadable { place }, None) => assert!(place.ends_with("archivedAt"), "{place}"),
            (other, _) => panic!("{archived}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_belongs_to_an_anonymised_hire_is_asked_for_beside_one_that_is_not() {
    let gone = hire().replace(r#""id":"o1""#, r#""id":"o2","isAnonymized":true"#);
    let gone = gone.replace("p1", "p2").replace("r1", "r2").replace("\"u", "\"v");
    let scripted = everything().on("/opportunities?contact_id=", [page(&[gone, hire()])]);
    let (lever, scripted) = lever(scripted);
    assert_eq!(person(reading(&lever, "c1", &[]).await).hires.len(), 1);
    let mut asked = scripted.asked();
    asked.sort();
    let objects = [
        "/archive_reasons?limit=100",
        "/opportunities/o1/forms?limit=100",
        "/opportunities/o1/offers?limit=100",
        "/opportunities?contact_id=c1&expand=applications&limit=100",
        "/postings/p1",
        "/requisitions/r1",
        "/users/u1",
        "/users/u2",
    ];
    assert_eq!(asked, objects);
}

#[tokio::test(start_paused = true)]
async fn the_latest_record_says_who_somebody_is_and_the_strictest_what_may_be_kept() {
    let records = [
        opportunity(
            "o1",
            "c1",
            r#""name":"never touched","updatedAt":null,"createdAt":99,"dataProtection":{"store":{"allowed":true,"expiresAt":"500"}}"#,
        ),
        opportunity(
            "o2",
            "c1",
            r#""name":"latest","updatedAt":7,"dataProtection":{"store":{"allowed":true,"expiresAt":400},"interviewIntelligence":{}}"#,
        ),
        opportunity("o3", "c1", r#""name":"earlier","updatedAt":6,"dataProtection":null"#),
    ];
    let (lever, _) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&records)]));
    let person = person(reading(&lever, "c1", &[]).await);
    assert_eq!(person.name.full(), "latest");
    assert!(person.protection.allowed);
    assert_eq!(person.protection.expires_at, Timestamp::from_timestamp_millis(400));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_about_keeping_data_is_taken_strictly() {
    for (store, allowed) in [
        ("null", true),
        ("{}", true),
        (r#"{"allowed":null,"expiresAt":null}"#, true),
        (r#"{"allowed":true}"#, true),
        (r#"{"allowed":"true"}"#, true),
        (r#"{"allowed":false}"#, false),
        (r#"{"allowed":"no"}"#, false),
        (r#"{"allowed":0}"#, false),
        (r#"{"allowed":true,"expiresAt":"someday"}"#, false),
    ] {
        let record = opportunity("o1", "c1", &format!(r#""dataProtection":{{"store":{store}}}"#));
        let (lever, _) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&[record])]));
        assert_eq!(person(reading(&lever, "c1", &[]).await).protection.allowed, allowed, "{store}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_keep_what_was_typed_and_lose_what_nobody_can_see() {
    for (typed, kept) in [
        (r"Jos\u00e9 M\u0061ria", "José Maria"),
        (r" Anna  Maria ", " Anna  Maria "),
        (r"Ada\u0000Love\u0007lace\u009f", "AdaLovelace"),
        (r"Ada\nLovelace\tII", "Ada Lovelace II"),
        (r"\u202eecalevoL adA\u202c", "ecalevoL adA"),
        (r"\ud83d\ude00 Ada", "😀 Ada"),
        (r"Ada \ud83d!", "Ada \u{fffd}!"),
        (r"\ude00\ud83d\ud83d\ude00", "\u{fffd}\u{fffd}😀"),
        (r"a\\ud83d", r"a\ud83d"),
        (r"O\u2019Brien \u05d0\u200f", "O’Brien א\u{200f}"),
    ] {
        let record = opportunity("o1", "c1", &format!(r#""name":"{typed}","location":{{"name":"{typed}"}}"#));
        let (lever, _) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&[record])]));
        let person = person(reading(&lever, "c1", &[]).await);
        assert_eq!(person.name.full(), kept, "{typed}");
        assert_eq!(person.location.unwrap().reveal(), kept);
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_text_cost_a_letter_and_not_a_page() {
    let mut body = br#"{"data":[{"id":"o1","contact":"c1","name":"A"#.to_vec();
    body.splice(0..0, [0xef, 0xbb, 0xbf]);
    body.extend([0xff, 0x01, b'\n']);
    body.extend(br#"B"}],"hasNext":false}"#);
    let answer = ok("").map(|response| http::Response { body: body.into(), ..response });
    let (lever, _) = lever(Scripted::new().on("/opportunities?contact_id=", [answer]));
    assert_eq!(person(reading(&lever, "c1", &[]).await).name.full(), "A\u{fffd}  B");
}

#[tokio::test(start_paused = true)]
async fn phones_and_addresses_come_in_every_shape() {
    let record = opportunity(
        "o1",
        "c1",
        r#""phones":[{"type":"mobile","value":"+44 1"},{"value":" 07 "},{"type":null,"value":2},{"type":"fax","value":"3"},{"type":"home","value":""},"4",null],
        "emails":[" a@example.com ","",null,7],"links":"x","location":"  ""#,
    );
    let (lever, _) = lever(Scripted::new().on("/opportunities?contact_id=", [page(&[record])]));
    let person = person(reading(&lever, "c1", &[]).await);
    let phones: Vec<_> =
        person.phones.iter().map(|phone| (phone.kind, phone.number.reveal().as_str())).collect();
    assert_eq!(
        phones,
        [
            (Some(PhoneKind::Mobile), "+44 1"),
            (None, " 07 "),
            (None, "2"),
            (Some(PhoneKind::Other), "3"),
            (None, "4")
        ]
    );
    let emails: Vec<&str> = person.emails.iter().map(|email| email.reveal().as_str()).collect();
    assert_eq!(emails, ["a@example.com", "7"]);
    assert!(person.location.is_none() && person.links.len() == 1);
}

#[tokio::test(start_paused = true)]
async fn an_unspecified_location_is_none() {
    for (text, location) in [("unspecified", None), ("", None), ("Leeds", Some("Leeds"))] {
        let record = opportunity("o1", "c1", &format!(r#"{HIRED},"opportunityLocation":"{text}""#));
        let (lever, _) =
            lever_with(settings(), Scripted::new().on("/opportunities?contact_id=", [page(&[record])]));
        assert_eq!(person(reading(&lever, "c1", &[]).await).hires["o1"].location.as_deref(), location);
    }
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_hires_is_asked_for_several_at_once_and_never_more_than_eight() {
    let records: Vec<String> = (0..40).map(|at| opportunity(&format!("o{at}"), "c1", HIRED)).collect();
    let scripted = Scripted::new()
        .on("/opportunities?contact_id=", [page(&records)])
        .on("/opportunities/o", [page(&[])]);
    let (lever, scripted) = lever(scripted);
    assert_eq!(person(reading(&lever, "c1", &[]).await).hires.len(), 40);
    assert_eq!(scripted.in_flight_max(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_fails_is_an_error_and_later_batches_cost_only_themselves() {
    let contacts: Vec<Whom> = (100..160).map(|at| whom(&format!("c{at}"), &[])).collect();
    let first: Vec<String> =
        (100..150).map(|at| opportunity(&format!("o{at}"), &format!("c{at}"), "")).collect();
    let (down, _) = lever(Scripted::new().on("/opportunities", [status(503, "")]));
    assert_eq!(down.read(&contacts).await.unwrap_err().kind(), ErrorKind::Unavailable);

    let scripted = Scripted::new().on("/opportunities", [page(&first), status(503, "")]);
    let (half, _) = lever(scripted);
    let readings = half.read(&contacts).await.unwrap();
    let failed = readings.iter().filter(|(_, reading)| matches!(reading, Reading::Failed(_))).count();
    assert_eq!((readings.len(), failed), (60, 10));
    assert!(half.read(&[]).await.is_ok_and(|none| none.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn confidential_hires_are_read_only_when_that_is_configured() {
    let record = opportunity("o1", "c1", &format!(r#"{HIRED},"confidentiality":"confidential""#));
    let scripted = || {
        Scripted::new()
            .on("/opportunities?contact_id=", [page(&[record.clone(), opportunity("o2", "c1", "")])])
            .on("/opportunities/o1/", [page(&[])])
    };
    let (closed, _) = lever(scripted());
    let person_then = person(reading(&closed, "c1", &["o1"]).await);
    assert!(person_then.hires.is_empty() && person_then.opportunities.len() == 1);
    let (open, asked) = lever_with(Settings { confidential: true, needs: ALL, ..settings() }, scripted());
    assert_eq!(person(reading(&open, "c1", &[]).await).hires.len(), 1);
    assert_eq!(
        asked.asked()[0],
        "/opportunities?contact_id=c1&expand=applications&confidentiality=all&limit=100"
    );
    let _: ContactId = "c1".parse().unwrap();
}
