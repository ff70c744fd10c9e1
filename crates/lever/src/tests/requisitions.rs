use engine::Needs;
use people::{AnswerValue, Band, Requisition};

use super::read::{everything, hire, person, reading, readings, whom};
use crate::{
    Lever, Settings,
    scripted::{Scripted, lever_with, ok, page, settings, status},
};

const PATH: &str = "/requisitions/r1";

fn with(needs: Needs, scripted: Scripted) -> (Lever, std::sync::Arc<Scripted>) {
    lever_with(Settings { needs, ..settings() }, scripted)
}

fn details() -> Needs {
    Needs { requisition_details: true, ..Needs::default() }
}

/// A hire that says its requisition's code itself.
fn told() -> String {
    hire().replace(r#""id":"r1","#, r#""id":"r1","requisitionCode":"ENG-1","#)
}

/// The requisition r1 of a hire that says no code, with these keys.
async fn read(keys: &str) -> Requisition {
    let answer = ok(format!(r#"{{"data":{{"id":"r1",{keys}}}}}"#));
    let (lever, _) = with(details(), everything().on(PATH, [answer]));
    person(reading(&lever, "c1", &[]).await).hires["o1"].requisition.clone().unwrap()
}

fn custom(requisition: &Requisition) -> Vec<(&str, AnswerValue)> {
    requisition.custom.iter().map(|(name, value)| (name.as_str(), value.reveal().clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_requisition_says_what_the_account_planned() {
    let requisition = read(
        r#""requisitionCode":"ENG-214","name":"Engineers 2026","status":"open","headcountTotal":"unlimited","backfill":false,
        "team":"Data","department":"Engineering","location":"Leeds","employmentStatus":"Exempt Full-Time",
        "compensationBand":{"min":60000,"max":"72000.5","currency":"GBP","interval":"per-year-salary"},
        "customFields":{"cost_center":"4711","head_count":2,"target_start_date":1772409600000,
            "approver":{"first_name":"Rae","ends_date":"1772409600000","sign_off":true}}"#,
    )
    .await;
    assert_eq!((requisition.id.as_str(), requisition.code.as_deref()), ("r1", Some("ENG-214")));
    assert_eq!(requisition.name.as_deref(), Some("Engineers 2026"));
    assert_eq!(
        (requisition.team.as_deref(), requisition.department.as_deref()),
        (Some("Data"), Some("Engineering"))
    );
    assert_eq!(requisition.location.as_deref(), Some("Leeds"));
    assert_eq!(requisition.employment_status.as_deref(), Some("Exempt Full-Time"));
    let band = Band {
        min: Some(60_000.0),
        max: Some(72_000.5),
        currency: Some("GBP".to_owned()),
        interval: Some("per-year-salary".to_owned()),
    };
    assert_eq!(requisition.band, Some(band));
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    let day = AnswerValue::Day("2026-03-02".parse().unwrap());
    assert_eq!(
        custom(&requisition),
        [
            ("approver_ends_date", day.clone()),
            ("approver_first_name", text("Rae")),
            ("approver_sign_off", text("yes")),
            ("cost_center", text("4711")),
            ("head_count", AnswerValue::Number(2.0)),
            ("target_start_date", day),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn custom_fields_are_taken_as_far_as_they_go() {
    let text = |text: &str| AnswerValue::Text(text.to_owned());
    let day = || AnswerValue::Day("2026-03-02".parse().unwrap());
    for (fields, wanted) in [
        ("null", vec![]),
        ("[]", vec![]),
        (r#""""#, vec![]),
        ("{}", vec![]),
        (r#"{"a":null,"b":"","c":" "}"#, ["a", "b", "c"].map(|name| (name, AnswerValue::Blank)).to_vec()),
        (
            r#"{"Start Date":1772409600000,"startDate":"1772409600000"}"#,
            vec![("Start Date", day()), ("startDate", day())],
        ),
        (
            r#"{"date":5,"candidate":"Ada","to_date":"2026-03-02"}"#,
            vec![
                ("candidate", text("Ada")),
                ("date", AnswerValue::Number(5.0)),
                ("to_date", text("2026-03-02")),
            ],
        ),
        (r#"{"budget":1772409600000}"#, vec![("budget", AnswerValue::Number(1_772_409_600_000.0))]),
        (r#"{"":"x"," ":{"":"y"}}"#, vec![("_", text("y"))]),
        (r#"{"\ud800":"\udc00"}"#, vec![("\u{fffd}", text("\u{fffd}"))]),
        (
            r#"{"a":{"b":"nested"},"a_b":"own","c":{"d":"nested"},"c_d":null}"#,
            vec![("a_b", text("own")), ("c_d", text("nested"))],
        ),
        (r#"{"a":{"b":{"c":1}}}"#, vec![("a_b", text(r#"{"c":1}"#))]),
        (
            r#"{"a":["x",{"text":"y"}]}"#,
            vec![("a", AnswerValue::Several(vec!["x".to_owned(), "y".to_owned()]))],
        ),
    ] {
        let requisition = read(&format!(r#""customFields":{fields}"#)).await;
        assert_eq!(custom(&requisition), wanted, "{fields}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_requisition_without_anything_is_a_requisition() {
    for keys in [
        r#""x":1"#,
        r#""requisitionCode":null,"name":"","team":" ","department":{},"location":[],"employmentStatus":null,"compensationBand":null"#,
        r#""compensationBand":{"min":null,"max":"","currency":" "},"customFields":7"#,
        r#""compensationBand":"secret""#,
    ] {
        let wanted = Requisition { id: "r1".to_owned(), ..Requisition::default() };
        assert_eq!(read(keys).await, wanted, "{keys}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_code_that_came_with_the_hire_holds_where_the_requisition_says_none() {
    for (says, code) in [("null", "ENG-1"), (r#""ENG-214""#, "ENG-214")] {
        let answer = ok(format!(r#"{{"data":{{"id":"r1","requisitionCode":{says},"name":"N"}}}}"#));
        let scripted = everything().on("/opportunities?contact_id=", [page(&[told()])]).on(PATH, [answer]);
        let (lever, _) = with(details(), scripted);
        let requisition = person(reading(&lever, "c1", &[]).await).hires["o1"].requisition.clone().unwrap();
        assert_eq!((requisition.code.as_deref(), requisition.name.as_deref()), (Some(code), Some("N")));
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_without_requisitions_keeps_what_came_with_the_hire_and_says_that_the_rest_is_withheld() {
    for refusal in [403, 404] {
        let scripted = everything()
            .on("/opportunities?contact_id=", [page(&[told()])])
            .on(PATH, [status(refusal, r#"{"code":"Forbidden","message":"not in your package"}"#)]);
        let (lever, scripted) = with(details(), scripted);
        for _ in 0..2 {
            let hire = person(reading(&lever, "c1", &[]).await).hires["o1"].clone();
            assert!(hire.withheld.requisition && !hire.withheld.requisition_code);
            assert_eq!(hire.requisition.unwrap().code.as_deref(), Some("ENG-1"));
        }
        assert_eq!(scripted.asked_like("/requisitions").len(), 1, "what is withheld is kept for a while too");
    }
}

#[tokio::test(start_paused = true)]
async fn each_requisition_is_asked_for_once_whoever_was_hired_against_it() {
    let two =
        told().replace(r#""id":"o1""#, r#""id":"o2""#).replace(r#""contact":"c1""#, r#""contact":"c2""#);
    let scripted = everything().on("/opportunities?contact_id=", [page(&[hire(), two])]);
    let (lever, scripted) = with(details(), scripted);
    for _ in 0..2 {
        readings(&lever, &[whom("c1", &[]), whom("c2", &[])]).await;
    }
    assert_eq!(scripted.asked_like("/requisitions"), [PATH]);
}

#[tokio::test(start_paused = true)]
async fn where_only_the_code_is_mapped_nothing_else_of_a_requisition_is_kept() {
    let answer =
        ok(r#"{"data":{"id":"r1","requisitionCode":"ENG-214","name":"N","customFields":{"a":"b"}}}"#);
    let needs = Needs { requisitions: true, ..Needs::default() };
    let (lever, _) = with(needs, everything().on(PATH, [answer]));
    let requisition = person(reading(&lever, "c1", &[]).await).hires["o1"].requisition.clone().unwrap();
    let code = Some("ENG-214".to_owned());
    assert_eq!(requisition, Requisition { id: "r1".to_owned(), code, ..Requisition::default() });
}
