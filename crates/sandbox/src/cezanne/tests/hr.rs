//! What HR does, in Rust and by `curl`.

use super::super::control::{BY_NAME, SWITCHES};
use super::super::{ACTS, Table};
use super::*;

fn act(cezanne: &mut Cezanne, order: &Value) -> u16 {
    cezanne.handle(NOW, &Request::new("POST", "/_act").with_body(order.to_string())).status
}

fn state(cezanne: &mut Cezanne) -> Value {
    body(&cezanne.handle(NOW, &Request::get("/_state")))
}

#[test]
fn another_code_is_another_code_everywhere() {
    let mut cezanne = staffed(3);
    cezanne.change_code(NOW, "1002", "P-2").unwrap();
    assert_eq!(get(&mut cezanne, "People('1002')").status, 404);
    assert_eq!(read(&mut cezanne, "Communications('P-2')")["PERSONID"], "P-2");
    assert_eq!(read(&mut cezanne, "Employments(PERSONID='P-2',EMPLOYMENTID='1002')")["PERSONID"], "P-2");
    assert_eq!(cezanne.people().len(), 3);
    assert!(cezanne.change_code(NOW, "1001", "p-2").is_err(), "taken");
    assert!(cezanne.change_code(NOW, "1002", "P-3").is_err(), "nobody");
}

#[test]
fn hr_edits_any_field_and_deletes_whom_they_want() {
    let mut cezanne = staffed(2);
    let key = [("PERSONID", "1001")];
    cezanne.edit(NOW, Table::People, &key, "FAMILYNAME", json!("Married")).unwrap();
    cezanne.edit(NOW, Table::People, &key, "GENDERDESCRIPTION", json!("female")).unwrap();
    let person = cezanne.person("1001").unwrap();
    assert_eq!((person.text("FAMILYNAME"), person.text("GENDERCODE")), ("Married", "F"));
    for (table, name, value) in [
        (Table::People, "PERSONID", json!("x")),
        (Table::People, "AGEYEARS", json!(1)),
        (Table::People, "HIREDATE", json!("x")),
        (Table::People, "STUDENT", json!("x")),
        (Table::Employments, "HIRINGCOMMENT", json!("x")),
    ] {
        assert!(cezanne.edit(NOW, table, &key, name, value).is_err(), "{name}");
    }
    cezanne.delete_person("1001").unwrap();
    assert_eq!(
        (cezanne.people().len(), cezanne.communications().len(), cezanne.employments().len()),
        (1, 1, 1)
    );
    assert!(cezanne.delete_person("1001").is_err());
}

#[test]
fn a_renamed_company_and_a_renamed_gender_refuse_their_old_words() {
    let mut cezanne = staffed(2);
    cezanne.rename_company(NOW, "ACME-UK", "ACME-GB").unwrap();
    assert_eq!(cezanne.employments()[0].text("COMPANYCODE"), "ACME-GB");
    cezanne.rename_gender("U", "Prefer not to say").unwrap();
    assert_eq!(post(&mut cezanne, "People", &ada()), 400);
    let renamed = but(ada(), "GENDERDESCRIPTION", json!("prefer not to say"));
    assert_eq!(post(&mut cezanne, "People", &renamed), 201);
    assert_eq!(post(&mut cezanne, "Employments", &job()), 400);
    assert_eq!(post(&mut cezanne, "Employments", &but(job(), "COMPANYCODE", json!("ACME-GB"))), 201);
    assert_eq!(cezanne.person("LV-1").unwrap().text("GENDERCODE"), "U");
}

#[test]
fn hr_starts_a_process_and_employs_by_hand() {
    let mut cezanne = cezanne();
    cezanne.add_person(NOW, "H-1", &[("GIVENNAME", "Hal"), ("FAMILYNAME", "Hand")]).unwrap();
    cezanne.start_process(NOW, "H-1").unwrap();
    cezanne.employ(NOW, "H-1", "H-1", "ACME-UK", "2026-03-01").unwrap();
    assert_eq!((cezanne.tasks()[0].person.as_str(), cezanne.tasks().len()), ("H-1", 1));
    assert_eq!(cezanne.employments()[0].text("EFFECTIVEFROM"), "2026-03-01T00:00:00");
    assert!(cezanne.employ(NOW, "H-1", "H-1", "ACME-UK", "2026-03-01").is_err(), "it is there");
    assert!(cezanne.employ(NOW, "H-1", "H-2", "ACME-UK", "soon").is_err());
    assert!(cezanne.add_person(NOW, "h-1", &[]).is_err(), "taken");
}

#[test]
fn every_act_is_listed_and_done_by_its_name() {
    let words = BY_NAME.iter().map(|(word, _)| *word).chain(SWITCHES.iter().map(|(word, _)| *word));
    for word in words {
        let mut listed = ACTS.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
        assert!(listed.any(|listed| listed == word), "{word} is not in the list");
    }
    let mut cezanne = staffed(2);
    for order in [
        json!({"act": "change-code", "person": "1001", "to": "P-1"}),
        json!({"act": "edit", "set": "People", "key": {"PERSONID": "P-1"}, "field": "COMMENTS", "value": "x"}),
        json!({"act": "add-person", "person": "H-1", "fields": {"GIVENNAME": "Hal"}}),
        json!({"act": "start-process", "person": "H-1"}),
        json!({"act": "employ", "person": "H-1", "id": "H-1", "company": "ACME-UK", "from": "2026-03-01"}),
        json!({"act": "hide", "person": "P-1"}),
        json!({"act": "delete", "person": "1002"}),
        json!({"act": "close-company", "company": "ACME-IE"}),
        json!({"act": "reopen-company", "company": "ACME-IE"}),
        json!({"act": "rename-company", "company": "ACME-IE", "to": "ACME-EI"}),
        json!({"act": "rename-gender", "code": "U", "to": "Unknown"}),
        json!({"act": "lag", "key": 10, "filter": 20}),
        json!({"act": "change-secret", "to": "another"}),
        json!({"act": "forbid-writes"}),
        json!({"act": "close-tenant", "status": 503}),
        json!({"act": "expire-user"}),
    ] {
        assert_eq!(act(&mut cezanne, &order), 200, "{order}");
    }
    let seen = state(&mut cezanne);
    assert_eq!((&seen["hidden"], &seen["genders"]["U"]), (&json!(["p-1"]), &json!("Unknown")));
    assert_eq!(seen["rowsByPerson"]["H-1"], json!({"Communications": 0, "Employments": 1, "Deployments": 0}));
    assert_eq!(
        (&seen["tasks"][0]["person"], &seen["sets"]["People"][1]["COMMENTS"]),
        (&json!("H-1"), &json!("x"))
    );
    assert_eq!(seen["sets"]["Companies"][0]["COMPANYCODE"], "ACME-EI");
    for order in [
        json!({}),
        json!({"act": "dance"}),
        json!({"act": "hide"}),
        json!({"act": "close-tenant", "status": 200}),
    ] {
        assert_eq!(act(&mut cezanne, &order), 400, "{order}");
    }
}

#[test]
fn faults_are_planned_and_taken_away_by_hand() {
    let mut cezanne = staffed(1);
    let spec = |text: &str| Request::new("POST", "/_fault").with_body(json!({"spec": text}).to_string());
    let reply = cezanne.handle(NOW, &spec("503*2,lost@write/People"));
    assert_eq!(body(&reply)["planned"], json!(["503*2", "lost@write/People*1"]));
    assert_eq!(cezanne.handle(NOW, &spec("dance")).status, 400);
    assert_eq!(get(&mut cezanne, "People").status, 503);
    assert_eq!(cezanne.handle(NOW, &Request::new("DELETE", "/_fault")).status, 200);
    assert_eq!(get(&mut cezanne, "People").status, 200);
    assert_eq!(cezanne.handle(NOW, &Request::get("/_act")).status, 400);
}
