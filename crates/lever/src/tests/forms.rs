use engine::{Needs, Reading};
use people::{Answer, AnswerValue, Timestamp};

use super::read::{everything, hire, person, reading, readings, whom};
use crate::{
    Lever, Settings,
    scripted::{Scripted, lever_with, ok, opportunity, page, page_then, settings, status},
};

const FORMS: &str = "/opportunities/o1/forms";

fn with_forms(scripted: Scripted) -> (Lever, std::sync::Arc<Scripted>) {
    let needs = Needs { forms: true, ..Needs::default() };
    lever_with(Settings { needs, ..settings() }, scripted)
}

/// The answers on the profile forms of o1, of which these are all.
async fn answers(forms: &[String]) -> Vec<Answer> {
    let (lever, _) = with_forms(everything().on(FORMS, [page(forms)]));
    person(reading(&lever, "c1", &[]).await).hires["o1"].forms.clone()
}

fn said(answers: &[Answer]) -> Vec<(&str, AnswerValue)> {
    answers.iter().map(|answer| (answer.question.as_str(), answer.value.reveal().clone())).collect()
}

fn text(text: &str) -> AnswerValue {
    AnswerValue::Text(text.to_owned())
}

/// A form with one field of these keys.
fn form(field: &str) -> String {
    format!(r#"{{"id":"f","baseTemplateId":"t","createdAt":4,"fields":[{{"text":"q",{field}}}]}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_profile_form_is_read_with_everything_that_names_its_questions() {
    let onboarding = r#"{"id":"x1","type":"form","text":"Onboarding","baseTemplateId":"t1","createdAt":4,"completedAt":5,
        "deletedAt":null,"fields":[
            {"id":"f1","type":"date","text":"Start date","value":1772409600000},
            {"id":"f2","type":"dropdown","text":"Cost centre","value":"4711"}]}"#;
    let started =
        r#"{"id":"x2","createdAt":3,"completedAt":null,"fields":[{"text":"Manager","value":null}]}"#;
    let deleted = r#"{"id":"x3","createdAt":9,"deletedAt":10,"fields":[{"text":"Gone","value":"x"}]}"#;
    let answers = answers(&[onboarding, started, deleted].map(str::to_owned)).await;
    assert_eq!(
        said(&answers),
        [
            ("Manager", AnswerValue::Blank),
            ("Start date", AnswerValue::Day("2026-03-02".parse().unwrap())),
            ("Cost centre", text("4711")),
        ],
        "the newest last"
    );
    let answer = &answers[1];
    assert_eq!((answer.opportunity.as_str(), answer.posting.as_deref()), ("o1", None));
    assert_eq!((answer.template.as_deref(), answer.field.as_deref()), (Some("t1"), Some("f1")));
    assert_eq!(answer.at, Timestamp::from_timestamp_millis(5), "when it was completed");
    assert_eq!(answers[0].at, Timestamp::from_timestamp_millis(3), "else when it was made");
}

#[tokio::test(start_paused = true)]
async fn answers_to_postings_and_profile_forms_are_not_mixed() {
    let (lever, _) = with_forms(everything().on(FORMS, [page(&[form(r#""value":"x""#)])]));
    let person = person(reading(&lever, "c1", &[]).await);
    assert!(person.answers.iter().all(|answer| answer.question != "q" && answer.posting.is_some()));
    assert_eq!(said(&person.hires["o1"].forms), [("q", text("x"))]);
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_forms_are_read_and_one_that_moves_meanwhile_is_there_once_as_it_was_later() {
    let at = |id: &str, more: &str| {
        format!(r#"{{"id":"{id}","createdAt":1,"fields":[{{"text":"{id}","value":"v"}}]{more}}}"#)
    };
    let scripted = everything().on(FORMS, [page_then(&[at("a", ""), at("b", ""), at("c", "")], "n")]).on(
        &format!("{FORMS}?offset=n"),
        [page(&[at("b", r#","deletedAt":7"#), at("c", r#","completedAt":8"#), at("d", "")])],
    );
    let (lever, scripted) = with_forms(scripted);
    let person = person(reading(&lever, "c1", &[]).await);
    let questions: Vec<&str> =
        person.hires["o1"].forms.iter().map(|answer| answer.question.as_str()).collect();
    assert_eq!(questions, ["a", "d", "c"]);
    assert_eq!(
        scripted.asked_like(FORMS),
        [format!("{FORMS}?limit=100"), format!("{FORMS}?offset=n&limit=100")]
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_of_forms_whose_token_is_taken_no_longer_begins_anew() {
    let nameless = r#"{"fields":[{"text":"q","value":"v"}]}"#.to_owned();
    let scripted = everything()
        .on(FORMS, [page_then(std::slice::from_ref(&nameless), "n")])
        .on(&format!("{FORMS}?offset=n"), [status(400, "{}"), page(&[])]);
    let (lever, _) = with_forms(scripted);
    assert_eq!(person(reading(&lever, "c1", &[]).await).hires["o1"].forms.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_value_of_a_field_is_what_its_type_says_or_what_can_be_made_of_it() {
    let several = |texts: &[&str]| AnswerValue::Several(texts.iter().map(|&text| text.to_owned()).collect());
    let day = AnswerValue::Day("2026-03-02".parse().unwrap());
    for (field, value) in [
        // As documented.
        (r#""type":"text","value":" Sam ""#, text(" Sam ")),
        (r#""type":"textarea","value":"one\r\ntwo""#, text("one\ntwo")),
        (r#""type":"yes-no","value":"yes""#, text("yes")),
        (r#""type":"multiple-select","value":["a","b"]"#, several(&["a", "b"])),
        (r#""type":"date","value":1772409600000"#, day.clone()),
        (r#""type":"currency","value":64000.5,"currency":"GBP""#, AnswerValue::Number(64000.5)),
        (r#""type":"text","value":"""#, AnswerValue::Blank),
        // Numbers as digit strings; a text of digits stays a text.
        (r#""type":"date","value":"1772409600000""#, day.clone()),
        (r#""type":"date","value":"2026-03-02""#, day),
        (r#""type":"currency","value":" 64000 ""#, AnswerValue::Number(64000.0)),
        (r#""type":"currency","value":"by agreement""#, text("by agreement")),
        (r#""type":"currency","value":"1e999""#, text("1e999")),
        (r#""type":"text","value":"007""#, text("007")),
        (r#""type":"text","value":7"#, AnswerValue::Number(7.0)),
        // What nobody promised.
        (r#""type":"hologram","value":"x""#, text("x")),
        (r#""type":"hologram","value":{"text":"x"}"#, text(r#"{"text":"x"}"#)),
        (r#""type":"multiple-select","value":"a""#, text("a")),
        (r#""type":"multiple-select","value":[null,"",{"text":"a"},["b"],3]"#, several(&["a", "3"])),
        (r#""type":"multiple-select","value":[]"#, AnswerValue::Blank),
        (r#""type":"date","value":"soon""#, text("soon")),
        (r#""type":["date"],"value":true"#, text("yes")),
        (r#""type":"text","value":"\ud800""#, text("\u{fffd}")),
        (r#""type":"\udfff","value":"\ud83d\ude00\ud83d""#, text("😀\u{fffd}")),
        // Files.
        (r#""type":"file-upload","value":null"#, AnswerValue::Blank),
        (
            r#""type":"file-upload","value":{"id":"x","ext":"pdf","name":"passport.pdf","size":"17"}"#,
            AnswerValue::Blank,
        ),
        (r#""type":"file-upload","value":{"name":"passport.pdf"}"#, AnswerValue::Blank),
        (r#""type":"file-upload","value":[{"name":"passport.pdf"}]"#, AnswerValue::Blank),
        (r#""type":"file-upload","value":"https://files.example/passport.pdf""#, AnswerValue::Blank),
        (r#""type":null,"value":{"name":"passport.pdf","uploadedAt":1}"#, AnswerValue::Blank),
        (
            r#""type":"multiple-select","value":["a",{"name":"passport.pdf","downloadUrl":"x"}]"#,
            several(&["a"]),
        ),
        // Nothing.
        (r#""type":null,"value":null"#, AnswerValue::Blank),
        (r#""type":"text""#, AnswerValue::Blank),
    ] {
        let answers = answers(&[form(field)]).await;
        assert_eq!(said(&answers), [("q", value)], "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_of_any_shape_is_read_as_far_as_it_goes() {
    for (form, questions) in [
        ("{}", 0),
        (
            r#"{"id":null,"type":null,"text":null,"baseTemplateId":null,"fields":null,"createdAt":null,"completedAt":null,"deletedAt":null}"#,
            0,
        ),
        (
            r#"{"id":{"id":"x"},"baseTemplateId":{"id":"t"},"fields":[],"createdAt":"4","completedAt":"soon"}"#,
            0,
        ),
        (r#"{"fields":[null,7,"x",[],{},{"id":null,"type":null,"text":null,"value":null}]}"#, 2),
        (r#"{"deletedAt":"","fields":[{}]}"#, 1),
        (r#"{"deletedAt":false,"fields":[{}]}"#, 1),
        (r#"{"deletedAt":"1772409600000","fields":[{}]}"#, 0),
        (r#"{"deletedAt":true,"fields":7}"#, 0),
        (r#"{"baseTemplateId":"\ud800","fields":[{"id":"\udc00","text":"\ud800\ud800","value":"x"}]}"#, 1),
        (
            r#"{"createdAt":1e300,"completedAt":-9223372036854775808,"fields":[{"type":"date","value":1e300}]}"#,
            1,
        ),
    ] {
        assert_eq!(answers(&[form.to_owned()]).await.len(), questions, "{form}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_a_mebibyte_is_an_answer() {
    let long = "ñ".repeat(1 << 19);
    let answers = answers(&[form(&format!(r#""type":"textarea","value":"{long}""#))]).await;
    assert_eq!(said(&answers), [("q", text(&long))]);
}

#[tokio::test(start_paused = true)]
async fn a_form_that_cannot_be_understood_makes_its_own_person_unreadable_and_nobody_else() {
    let deep = format!(r#"{{"fields":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    for (bad, why) in [
        ("null", "forms[1]: data, which is no object that can be read"),
        ("17", "forms[1]: data, which is no object that can be read"),
        (r#""form""#, "forms[1]: data, which is no object that can be read"),
        (r#"[{"fields":[]}]"#, "forms[1]: data, which is no object that can be read"),
        (deep.as_str(), "forms[1]: data, which is no object that can be read"),
        (r#"{"fields":"hidden"}"#, "forms[1]: fields, which are no list"),
        (r#"{"fields":{"q":"v"}}"#, "forms[1]: fields, which are no list"),
    ] {
        let two = hire().replace(r#""o1""#, r#""o2""#).replace(r#""contact":"c1""#, r#""contact":"c2""#);
        let scripted = everything()
            .on("/opportunities?contact_id=", [page(&[hire(), two])])
            .on(FORMS, [page(&[form(r#""value":"v""#), bad.to_owned()])])
            .on("/opportunities/o2/forms", [page(&[form(r#""value":"v""#)])]);
        let (lever, scripted) = with_forms(scripted);
        let mut readings = readings(&lever, &[whom("c1", &[]), whom("c2", &[])]).await;
        match &readings["c1"] {
            Reading::Unreadable { place } => assert_eq!(*place, format!("opportunity o1: {why}")),
            other => panic!("{bad}: {other:?}"),
        }
        assert_eq!(person(readings.remove("c2").unwrap()).hires["o2"].forms.len(), 1);
        assert_eq!(scripted.asked_like(FORMS).len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn forms_come_as_array_object_null_or_without_envelope_and_anything_else_is_no_answer() {
    for (body, count) in [
        (r#"{"data":{"id":"f","fields":[{"text":"q"}]}}"#, Some(1)),
        (r#"[{"id":"f","fields":[{"text":"q"}]}]"#, Some(1)),
        (r#"{"data":null}"#, Some(0)),
        (r#"{"data":[],"hasNext":true,"next":null}"#, None),
        (r#"{"data":"forms"}"#, None),
        ("{}", None),
        ("<html>", None),
        ("", None),
    ] {
        let (lever, _) = with_forms(everything().on(FORMS, [ok(body)]));
        match (reading(&lever, "c1", &[]).await, count) {
            (Reading::Person(person), Some(count)) => {
                assert_eq!(person.hires["o1"].forms.len(), count, "{body}")
            }
            (Reading::Failed(_), None) => {}
            (other, _) => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn forms_of_which_a_later_page_is_withheld_are_withheld_and_not_halved() {
    let scripted = everything()
        .on(FORMS, [page_then(&[form(r#""value":"v""#)], "n")])
        .on(&format!("{FORMS}?offset=n"), [status(403, "{}")]);
    let (lever, _) = with_forms(scripted);
    let hire = person(reading(&lever, "c1", &[]).await).hires["o1"].clone();
    assert!(hire.withheld.forms && hire.forms.is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_forms_of_hires_are_asked_for() {
    let records = [
        hire(),
        opportunity("o2", "c1", ""),
        opportunity("o3", "c1", r#""archived":{"reason":"other","archivedAt":1}"#),
    ];
    let (lever, scripted) = with_forms(everything().on("/opportunities?contact_id=", [page(&records)]));
    assert_eq!(person(reading(&lever, "c1", &[]).await).opportunities.len(), 3);
    assert_eq!(scripted.asked_like("/opportunities/"), [format!("{FORMS}?limit=100")]);
}
