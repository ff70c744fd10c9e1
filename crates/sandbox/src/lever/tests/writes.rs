use serde_json::json;

use super::*;

/// Somebody with two candidacies, and a writer of the first.
fn somebody() -> (Lever, OpportunityId, OpportunityId) {
    let mut lever = lever();
    let (contact, first) = candidate(&mut lever, NOW, "Ada Example");
    let second = lever.add_opportunity(NOW, &contact, None).unwrap();
    (lever, first, second)
}

fn record(lever: &mut Lever, id: &OpportunityId) -> Value {
    read(lever, NOW, &format!("/v1/opportunities/{id}"))["data"].take()
}

#[test]
fn tags_are_added_once_and_removed_and_touch_the_record() {
    let (mut lever, id, _) = somebody();
    let before = record(&mut lever, &id)["tags"].as_array().unwrap().len();
    for now in [NOW + 1, NOW + 2] {
        let target = format!("/v1/opportunities/{id}/addTags");
        let (status, answer) = send(&mut lever, now, "POST", &target, r#"{"tags": ["in HR", "in HR"]}"#);
        assert_eq!((status, answer["data"]["tags"].as_array().unwrap().len()), (200, before + 1));
        assert_eq!(record(&mut lever, &id)["updatedAt"], now);
    }
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?tag=in%20HR").len(), 1);
    let target = format!("/v1/opportunities/{id}/removeTags");
    let (status, answer) =
        send(&mut lever, NOW + 3, "POST", &target, r#"{"tags": ["in HR", "never there"]}"#);
    assert_eq!((status, answer["data"]["tags"].as_array().unwrap().len()), (200, before));
}

#[test]
fn links_belong_to_the_person_and_the_answer_shows_the_old_updated_at() {
    let (mut lever, first, second) = somebody();
    let target = format!("/v1/opportunities/{first}/addLinks");
    let order = r#"{"links": ["https://hr.example.com/people/1"]}"#;
    let (status, answer) = send(&mut lever, NOW + 1, "POST", &target, order);
    assert_eq!((status, &answer["data"]["updatedAt"]), (200, &Value::Null));
    assert_eq!(answer["data"]["lastInteractionAt"], NOW + 1);
    for id in [&first, &second] {
        let record = record(&mut lever, id);
        assert_eq!(record["links"], json!(["https://hr.example.com/people/1"]));
        assert!(record["updatedAt"].as_u64().unwrap() > NOW);
    }
    let target = format!("/v1/opportunities/{second}/removeLinks");
    assert_eq!(send(&mut lever, NOW + 2, "POST", &target, order).0, 200);
    assert_eq!(record(&mut lever, &first)["links"], json!([]));
}

#[test]
fn an_anonymized_person_gets_no_links() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    lever.anonymize(NOW, &id).unwrap();
    let target = format!("/v1/opportunities/{id}/addLinks");
    assert_eq!(send(&mut lever, NOW, "POST", &target, r#"{"links": ["x"]}"#).0, 400);
}

#[test]
fn the_same_note_twice_is_two_notes() {
    let (mut lever, id, _) = somebody();
    let user = lever.users()[0].id.clone();
    let target = format!("/v1/opportunities/{id}/notes");
    let order = r#"{"value": "In HR since today", "secret": true}"#;
    let (status, first) = send(&mut lever, NOW + 1, "POST", &target, order);
    let as_user = format!("{target}?perform_as={user}");
    let (_, second) = send(&mut lever, NOW + 2, "POST", &as_user, r#"{"value": "again"}"#);
    assert_eq!((status, &first["data"]["id"]), (201, &json!(id.as_str())));

    let page = read(&mut lever, NOW, &target);
    let at = |id: &Value| page["data"].as_array().unwrap().iter().find(|note| note["id"] == *id).unwrap();
    let note = at(&first["data"]["noteId"]);
    assert_eq!((&note["text"], &note["secret"], &note["user"]), (&json!("Note"), &json!(true), &Value::Null));
    assert_eq!(note["fields"][0]["value"], "In HR since today");
    assert_eq!((&note["createdAt"], &note["deletedAt"]), (&json!(NOW + 1), &Value::Null));
    assert_eq!(at(&second["data"]["noteId"])["user"], user.as_str());
    assert_eq!(record(&mut lever, &id)["updatedAt"], NOW + 2);
    assert_eq!(lever.opportunity(&id).unwrap().notes.len(), 2);
}

#[test]
fn an_answer_to_a_write_is_the_record_without_place_and_expansions() {
    let (mut lever, id, _) = somebody();
    let target = format!("/v1/opportunities/{id}/addTags?expand=contact");
    let (_, mut answer) = send(&mut lever, NOW, "POST", &target, r#"{"tags": []}"#);
    let mut record = record(&mut lever, &id);
    assert!(record.as_object_mut().unwrap().remove("opportunityLocation").is_some());
    assert_eq!(answer["data"].take(), record);
}

#[test]
fn on_behalf_of_a_user_the_answer_is_blank_and_the_record_is_whole() {
    let (mut lever, id, _) = somebody();
    let contact = lever.opportunity(&id).unwrap().contact.clone();
    lever.set_emails(NOW, &contact, vec!["ada@example.com".to_owned()]).unwrap();
    let user = lever.users()[0].id.clone();
    let target = format!("/v1/opportunities/{id}/addTags?perform_as={user}");
    let (status, answer) = send(&mut lever, NOW, "POST", &target, r#"{"tags": ["x"]}"#);
    assert_eq!((status, &answer["data"]["name"], &answer["data"]["emails"]), (200, &json!(""), &json!([])));
    assert_eq!(record(&mut lever, &id)["emails"], json!(["ada@example.com"]));
    let target = format!("/v1/opportunities/{id}/addTags?perform_as=nobody");
    assert_eq!(send(&mut lever, NOW, "POST", &target, r#"{"tags": []}"#).0, 400);
}

#[test]
fn a_lost_answer_was_written_all_the_same() {
    let (mut lever, id, _) = somebody();
    plan(&mut lever, "lost,close");
    let target = format!("/v1/opportunities/{id}/notes");
    for _ in 0..2 {
        send(&mut lever, NOW, "POST", &target, r#"{"value": "x"}"#);
    }
    assert_eq!(lever.opportunity(&id).unwrap().notes.len(), 1, "lost was executed and close was not");
}

#[test]
fn a_write_nobody_understands_changes_nothing() {
    let (mut lever, id, _) = somebody();
    let before = record(&mut lever, &id);
    for (method, path, order, status) in [
        ("POST", "addTags", "no JSON", 400),
        ("POST", "addTags", r#"{"tags": "x"}"#, 400),
        ("POST", "addTags", r#"{"tags": [1]}"#, 400),
        ("POST", "addTags?perform=x", r#"{"tags": []}"#, 400),
        ("POST", "notes", r#"{"value": 1}"#, 400),
        ("POST", "notes", r#"{"value": "x", "secret": "yes"}"#, 400),
        ("GET", "addTags", "", 404),
        ("PUT", "addTags", r#"{"tags": []}"#, 403),
        ("DELETE", "notes", "", 403),
        ("PUT", "stage", r#"{"stage": "offer"}"#, 404),
    ] {
        let target = format!("/v1/opportunities/{id}/{path}");
        assert_eq!(send(&mut lever, NOW, method, &target, order).0, status, "{method} {path} {order}");
    }
    assert_eq!(send(&mut lever, NOW, "POST", "/v1/opportunities/nobody/addTags", r#"{"tags": []}"#).0, 404);
    assert_eq!(record(&mut lever, &id), before);
}
