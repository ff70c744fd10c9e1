use serde_json::json;

use super::*;
use crate::lever::NewPosting;

#[test]
fn a_form_on_an_unlisted_posting_is_a_second_opportunity_with_the_answers() {
    let mut lever = lever();
    let (contact, hired) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &hired).unwrap();
    let posting = lever.postings().iter().find(|posting| posting.state == "internal").unwrap().id.clone();
    let answers = [("date", "Date of birth", json!(0)), ("text", "Bank", json!("Example Bank"))];
    let form = lever.fill_form(NOW + 1, &contact, &posting, &answers).unwrap();

    let target = format!("/v1/opportunities?contact_id={contact}&posting_id={posting}&expand=applications");
    let page = read(&mut lever, NOW + 2, &target);
    assert_eq!(ids(&page), [form.as_str()]);
    let questions = &page["data"][0]["applications"][0]["customQuestions"][0]["fields"];
    assert_eq!((&questions[0]["text"], &questions[0]["value"]), (&json!("Date of birth"), &json!(0)));
    assert_eq!(questions[1]["value"], "Example Bank");
    assert_eq!(lever.hired().len(), 1);
}

#[test]
fn an_unlisted_posting_of_ones_own_takes_answers_too_and_the_second_opportunity_is_open() {
    let mut lever = lever();
    let (contact, hired) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &hired).unwrap();
    let posting = lever.add_posting(NOW, NewPosting::unlisted("Your first day"));
    let form =
        lever.fill_form(NOW + 1, &contact, &posting, &[("text", "Bank", json!("Example Bank"))]).unwrap();
    let page = read(&mut lever, NOW, &format!("/v1/opportunities?contact_id={contact}&archived=false"));
    assert_eq!(ids(&page), [form.as_str()]);
    assert_eq!(read(&mut lever, NOW, &format!("/v1/postings/{posting}"))["data"]["state"], "internal");
}

#[test]
fn a_profile_form_is_filled_changed_and_deleted_and_touches_nothing() {
    let mut lever = lever();
    let (_, hired) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &hired).unwrap();
    let before = lever.opportunity(&hired).unwrap().updated_at;
    let answers = [("currency", "Bonus", json!(500)), ("text", "Manager", json!(null))];
    let first = lever.fill_profile_form(NOW + 1, &hired, "Onboarding", &answers).unwrap();
    let second = lever.begin_profile_form(NOW + 2, &hired, "Onboarding", &answers).unwrap();
    lever.change_profile_form(&hired, &second, "Manager", json!("Rae Example")).unwrap();
    lever.delete_profile_form(NOW + 3, &hired, &first).unwrap();
    assert!(lever.change_profile_form(&hired, &second, "No such question", json!(1)).is_err());
    assert!(lever.delete_profile_form(NOW, &hired, "none").is_err());

    let forms = walk(&mut lever, NOW, &format!("/v1/opportunities/{hired}/forms?limit=1"));
    let form = |id: &str| forms.iter().find(|form| form["id"] == id).unwrap();
    assert_eq!(forms.len(), 2, "deleted ones are listed");
    assert_eq!(
        (&form(&first)["deletedAt"], &form(&first)["completedAt"]),
        (&json!(NOW + 3), &json!(NOW + 1))
    );
    assert_eq!((&form(&second)["deletedAt"], &form(&second)["completedAt"]), (&json!(null), &json!(null)));
    assert_eq!(form(&first)["baseTemplateId"], form(&second)["baseTemplateId"]);
    assert_eq!(form(&first)["fields"][0]["currency"], "GBP");
    assert_eq!(form(&second)["fields"][1]["value"], "Rae Example");
    assert_eq!(lever.opportunity(&hired).unwrap().updated_at, before);
}

#[test]
fn what_no_sync_should_read_is_not_there() {
    let mut lever = lever();
    assert_eq!(ask(&mut lever, NOW, "/v1/eeo/responses/pii").status, 404);
    assert_eq!(lever.figures().of_endpoint("unknown"), 1);
}

#[test]
fn children_the_account_has_none_of_are_empty_lists() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    for path in ["feedback", "resumes", "files", "referrals", "interviews", "notes"] {
        let page = read(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}/{path}?limit=5"));
        assert_eq!(page, json!({"data": [], "hasNext": false}), "{path}");
        assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/nobody/{path}")).status, 404);
    }
}
