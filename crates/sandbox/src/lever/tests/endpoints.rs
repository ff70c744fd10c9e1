use super::*;
use crate::lever::{HiredReasons, RequisitionId};

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
    assert_eq!(found(&mut lever, NOW, "/v1/users?includeDeactivated=True").len(), 8);
    assert_eq!(ask(&mut lever, NOW, "/v1/users?includeDeactivated=1").status, 400);
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
fn requisitions_say_what_was_planned_in_every_shape_that_is_known() {
    let mut lever = lever();
    let all = walk(&mut lever, NOW, "/v1/requisitions?limit=3");
    assert_eq!(all.len(), 4);
    let engineers =
        &read(&mut lever, NOW, "/v1/requisitions?requisition_code=ENG-214&status=open")["data"][0];
    assert_eq!(engineers["compensationBand"]["currency"], "GBP");
    assert_eq!(
        (&engineers["team"], &engineers["location"]),
        (&Value::from("Platform"), &Value::from("Leeds"))
    );
    assert_eq!(engineers["employmentStatus"], "Exempt Full-Time");
    assert_eq!(engineers["customFields"]["approver"]["employee_id"], "E1002");
    let custom: Vec<&Value> = all
        .iter()
        .filter_map(|requisition| requisition["customFields"].as_object())
        .flat_map(|fields| fields.values())
        .collect();
    for is in [Value::is_string, Value::is_u64, Value::is_f64, Value::is_null, Value::is_object] {
        assert!(custom.iter().any(|value| is(value)) && !custom.iter().all(|value| is(value)));
    }
    assert!(all.iter().any(|requisition| requisition["compensationBand"].is_null()));
    assert!(found(&mut lever, NOW, "/v1/requisitions?status=closed").is_empty());
}

#[test]
fn a_requisition_that_changes_changes_its_code_on_the_hires() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    let requisition = lever.requisitions()[0].id.clone();
    lever.hire(NOW, &opportunity).unwrap();
    lever.hire_against(NOW, &opportunity, &requisition).unwrap();
    let target = format!("/v1/opportunities?contact_id={}&expand=applications", lever.contacts()[0].id);
    let code = |lever: &mut Lever| {
        read(lever, NOW, &target)["data"][0]["applications"][0]["requisitionForHire"]["requisitionCode"]
            .clone()
    };
    assert_eq!(code(&mut lever), "ENG-214");
    lever.change_requisition(&requisition, |requisition| requisition.code = "ENG-999".to_owned()).unwrap();
    assert_eq!(code(&mut lever), "ENG-999");
    assert!(lever.change_requisition(&RequisitionId::from("none"), |_| ()).is_err());
}

#[test]
fn postings_have_tags_of_their_own() {
    let mut lever = lever();
    let page = read(&mut lever, NOW, "/v1/postings");
    let tagged =
        page["data"].as_array().unwrap().iter().filter(|posting| posting["tags"] != serde_json::json!([]));
    assert_eq!(tagged.count(), 2);
}

#[test]
fn forms_can_be_made_and_filled_with_curl() {
    let mut lever = lever();
    let (contact, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &opportunity).unwrap();
    let mut send = |method: &str, path: &str, body: &str| {
        let reply = lever.handle(NOW, &Request::new(method, path).with_body(body.to_owned()));
        (reply.status, json(&reply))
    };
    let (status, made) = send("POST", "/sandbox/postings", r#"{"title": "Your first day", "tags": ["hr"]}"#);
    assert_eq!(status, 200);
    let (_, jobs) = send("GET", "/sandbox/postings", "");
    let last = jobs.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["posting"], &last["state"]), (&made["posting"], &Value::from("internal")));
    let filled =
        r#"{"posting": "your first day", "answers": [{"question": "Bank", "value": "Example Bank"}]}"#;
    let (status, second) = send("POST", &format!("/sandbox/contacts/{contact}/forms"), filled);
    assert_eq!((status, second["contact"].as_str()), (200, Some(contact.as_str())));
    let onboarding = r#"{"title": "Onboarding", "answers": [{"type": "date", "question": "Start date", "value": 1772409600000}]}"#;
    let path = format!("/sandbox/opportunities/{opportunity}/forms");
    let (status, form) = send("POST", &path, onboarding);
    assert_eq!(status, 200);
    for (method, path, body, wanted) in [
        ("POST", "/sandbox/postings", r#"{"state": "internal"}"#, 400),
        ("POST", "/sandbox/postings", r#"{"title": "x", "state": "gone"}"#, 400),
        ("POST", "/sandbox/contacts/nobody/forms", filled, 404),
        ("POST", &format!("/sandbox/contacts/{contact}/forms"), r#"{"posting": "your first day"}"#, 400),
        (
            "POST",
            &format!("/sandbox/contacts/{contact}/forms"),
            r#"{"posting": "no such", "answers": []}"#,
            404,
        ),
        ("POST", "/sandbox/opportunities/nobody/forms", onboarding, 404),
        ("POST", &path, r#"{"title": "Onboarding", "answers": [{"value": 1}]}"#, 400),
        ("DELETE", &format!("{path}/none"), "", 404),
        ("POST", "/sandbox/hire", r#"{"name": "Ben", "requisition": "no such"}"#, 404),
        (
            "POST",
            "/sandbox/hire",
            r#"{"name": "Ben", "posting": "data engineer", "requisition": "ENG-214"}"#,
            200,
        ),
    ] {
        assert_eq!(send(method, path, body).0, wanted, "{method} {path} {body}");
    }
    let deleted = format!("{path}/{}", form["form"].as_str().unwrap());
    assert_eq!(send("DELETE", &deleted, "").0, 200);

    let page = read(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}/forms"));
    assert_eq!(page["data"][0]["fields"][0]["value"], 1_772_409_600_000_u64);
    assert_eq!(page["data"][0]["deletedAt"], NOW);
    let second = second["opportunity"].as_str().unwrap();
    let record = &read(&mut lever, NOW, &format!("/v1/opportunities/{second}?expand=applications"))["data"];
    assert!(record["archived"].is_null());
    assert_eq!(record["applications"][0]["customQuestions"][0]["fields"][0]["value"], "Example Bank");
    assert_eq!(record["applications"][0]["customQuestions"][0]["text"], "Your first day");
    assert_eq!(lever.hired()[1].requisition.as_ref().unwrap().code, "ENG-214");
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

#[test]
fn words_are_counted_and_the_old_name_of_opportunities_answers_too() {
    let mut lever = lever();
    let (_, gone) = candidate(&mut lever, NOW, "Ada Example");
    let (_, kept) = candidate(&mut lever, NOW, "Ben Example");
    lever.delete(NOW, &gone).unwrap();
    assert_eq!(
        read(&mut lever, NOW, "/v1/sources")["data"],
        serde_json::json!([{"text": "Job site", "count": 1}])
    );
    let tags = walk(&mut lever, NOW, "/v1/tags?limit=2");
    assert_eq!(tags.len(), lever.opportunity(&kept).unwrap().tags.len());
    assert_eq!(found(&mut lever, NOW, "/v1/candidates"), set([kept.as_str()]));
    assert_eq!(found(&mut lever, NOW, &format!("/v1/candidates/{kept}/applications")).len(), 1);
    assert_eq!(lever.figures().of_endpoint("/candidates"), 1);
}
