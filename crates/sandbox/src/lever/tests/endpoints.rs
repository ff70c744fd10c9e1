use super::*;
use crate::lever::HiredReasons;

#[test]
fn every_answer_tells_the_time_and_who_it_is() {
    let mut lever = lever();
    for target in ["/v1/stages", "/v1/nothing", "/elsewhere", "/sandbox/figures"] {
        let reply = ask(&mut lever, 784_111_777_000, target);
        assert_eq!(reply.header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(reply.header("server"), Some("lever-data-api"));
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    }
}

#[test]
fn the_hired_reasons_come_as_an_array_or_as_an_object() {
    let mut many = lever();
    let reasons = read(&mut many, NOW, "/v1/archive_reasons?type=hired");
    assert_eq!(reasons["data"].as_array().unwrap().len(), 2);
    assert!(reasons["data"].as_array().unwrap().iter().all(|reason| reason["type"] == "hired"));

    let mut one = Lever::new(Settings { hired_reasons: HiredReasons::One, ..unlimited() });
    let reasons = read(&mut one, NOW, "/v1/archive_reasons?type=hired");
    assert_eq!(reasons["data"]["id"], one.hired_reason().as_str());
    assert_eq!(read(&mut one, NOW, "/v1/archive_reasons")["data"].as_array().unwrap().len(), 5);
}

#[test]
fn what_is_there_is_found_by_id_and_what_is_not_is_named() {
    let mut lever = lever();
    let (contact, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    let posting = lever.postings()[0].id.clone();
    let requisition = lever.requisitions()[0].id.clone();
    let user = lever.users()[7].id.clone();
    let reason = lever.hired_reason();
    for path in [
        format!("/v1/contacts/{contact}"),
        format!("/v1/opportunities/{opportunity}"),
        format!("/v1/postings/{posting}"),
        format!("/v1/requisitions/{requisition}"),
        format!("/v1/users/{user}"),
        format!("/v1/archive_reasons/{reason}"),
        "/v1/stages/applicant-new".to_owned(),
    ] {
        let id = path.rsplit('/').next().unwrap().to_owned();
        assert_eq!(read(&mut lever, NOW, &path)["data"]["id"], id, "{path}");
        let missing = ask(&mut lever, NOW, &format!("{path}0"));
        assert_eq!((missing.status, json(&missing)["code"].as_str()), (404, Some("ResourceNotFound")));
        assert!(refusal(&missing).1.contains(&format!("{id}0")));
    }
}

#[test]
fn child_lists_use_the_same_envelope() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    for (child, count) in [("offers", 0), ("applications", 1), ("forms", 0)] {
        let page = read(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}/{child}"));
        assert_eq!((ids(&page).len(), page["hasNext"].as_bool()), (count, Some(false)), "{child}");
        assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/nobody/{child}")).status, 404);
    }
}

#[test]
fn users_who_left_are_listed_only_on_request() {
    let mut lever = lever();
    assert_eq!(found(&mut lever, NOW, "/v1/users").len(), 7);
    assert_eq!(found(&mut lever, NOW, "/v1/users?includeDeactivated=true&limit=3").len(), 8);
    assert_eq!(found(&mut lever, NOW, "/v1/users?external_directory_id=E1003").len(), 1);
}

#[test]
fn postings_are_filtered_by_what_they_are() {
    let mut lever = lever();
    assert_eq!(found(&mut lever, NOW, "/v1/postings?limit=5").len(), 13);
    assert_eq!(found(&mut lever, NOW, "/v1/postings?state=internal&state=draft").len(), 3);
    assert_eq!(found(&mut lever, NOW, "/v1/postings?department=Operations&location=Rotterdam").len(), 2);
    let page = read(&mut lever, NOW, "/v1/postings?expand=hiringManager&department=Finance");
    assert_eq!(page["data"][0]["hiringManager"]["externalDirectoryId"], "E1006");
}

#[test]
fn a_person_can_hire_and_unhire_with_curl() {
    let mut lever = Lever::new(Settings::default());
    let mut post = |path: &str, body: &str| {
        let reply = lever.handle(NOW, &Request::new("POST", path).with_body(body.to_owned()));
        (reply.status, json(&reply))
    };
    let order = r#"{"name": "Ada Example", "email": "ada@example.com", "posting": "data engineer"}"#;
    let (status, hired) = post("/sandbox/hire", order);
    assert_eq!(status, 200);
    let (contact, opportunity) = (hired["contact"].as_str().unwrap(), hired["opportunity"].as_str().unwrap());
    let rename = r#"{"name": "Ada Sample", "emails": [], "phones": [{"type": "work", "value": "1"}]}"#;
    assert_eq!(post(&format!("/sandbox/contacts/{contact}"), rename).0, 200);
    assert_eq!(post("/sandbox/contacts/nobody", rename).0, 404);
    assert_eq!(post("/sandbox/contacts/nobody", "{}").0, 404);
    assert_eq!(post("/sandbox/hire", "{}").0, 400);
    assert_eq!(post("/sandbox/hire", "hire Ada").0, 400);
    assert_eq!(post("/sandbox/hire", r#"{"name": "Ben", "posting": "no such job"}"#).0, 404);
    assert_eq!(post(&format!("/sandbox/opportunities/{opportunity}/unhire"), "").0, 200);
    assert_eq!(post(&format!("/sandbox/opportunities/{opportunity}/hire"), "").0, 200);
    assert_eq!(post("/sandbox/opportunities/nobody/hire", "").0, 404);
    assert_eq!(post("/sandbox/faults", r#"{"spec": "503*2,html@/stages"}"#).1["planned"][0], "503*2");
    assert_eq!(post("/sandbox/faults", r#"{"spec": "boom"}"#).0, 400);

    let truth = lever.hired().remove(0);
    assert_eq!((truth.name.as_str(), truth.emails.len(), truth.phones.len()), ("Ada Sample", 0, 1));
    let people = json(&lever.handle(NOW, &Request::get("/sandbox/people")));
    assert_eq!((&people[0]["name"], &people[0]["hired"]), (&Value::from("Ada Sample"), &Value::from(true)));
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 503);
    lever.handle(NOW, &Request::new("DELETE", "/sandbox/faults"));
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 200);
    assert_eq!(lever.figures().requests, 2, "the recruiter's seat is not counted");
}
