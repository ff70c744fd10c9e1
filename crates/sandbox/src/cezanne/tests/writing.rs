//! New rows and changed ones.

use super::super::{OpenEnded, Table};
use super::*;

#[test]
fn a_person_is_created_with_a_location_and_a_body() {
    let mut cezanne = cezanne();
    let reply = write(&mut cezanne, "POST", "People", &ada());
    assert_eq!((reply.status, body(&reply)["GIVENNAME"].clone()), (201, json!("Ada")));
    let address = "http://acme.example.com/cezanneondemand/v7/dataservice.svc/People('LV-1')";
    assert_eq!(reply.header("location"), Some(address));
    assert_eq!(reply.header("dataserviceversion"), Some("3.0;"));
    let person = cezanne.person("LV-1").unwrap();
    assert_eq!((person.text("FAMILYNAME"), person.text("GENDERCODE"), person.writes), ("O'Neil", "U", 1));
    assert_eq!(
        post(
            &mut cezanne,
            "Communications",
            &json!({"PERSONID": "LV-1", "EXTERNALEMAILADDRESS": "a+x@example.org"})
        ),
        201
    );
    assert_eq!(post(&mut cezanne, "Employments", &job()), 201);
    assert_eq!(cezanne.rows_by_person()["LV-1"].employments, 1);
    assert_eq!(read(&mut cezanne, "People('LV-1')")["ACTIVEEMPLOYEE"], 1);
}

#[test]
fn an_insert_that_wants_no_body_gets_none() {
    let mut cezanne = cezanne();
    let reply =
        send(&mut cezanne, writing("POST", "People", &ada()).with_header("prefer", "return-no-content"));
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert_eq!(reply.header("location"), reply.header("dataserviceid"));
    assert_eq!(reply.header("preference-applied"), Some("return-no-content"));
}

#[test]
fn what_breaks_the_schema_is_refused_and_stores_nothing() {
    let mut cezanne = cezanne();
    for (why, fields) in [
        ("unknown property", but(ada(), "HIREDATE", json!("2026-02-02T00:00:00"))),
        ("name in another case", but(ada(), "Comments", json!("x"))),
        ("read-only", but(ada(), "AGEYEARS", json!(30))),
        ("null where it is mandatory", but(ada(), "FAMILYNAME", json!(null))),
        ("blank where it is mandatory", but(ada(), "FAMILYNAME", json!("  "))),
        ("mandatory and absent", but(ada(), "BIRTHDATE", None)),
        ("too long", but(ada(), "PERSONID", json!("x".repeat(51)))),
        ("too long in UTF-16", but(ada(), "PERSONID", json!("😀".repeat(26)))),
        ("a number for a text", but(ada(), "GIVENNAME", json!(7))),
        ("a text for a flag", but(ada(), "STUDENT", json!("yes"))),
        ("a day alone for a moment", but(ada(), "BIRTHDATE", json!("2026-02-02"))),
        ("a zone where there is none", but(ada(), "BIRTHDATE", json!("2026-02-02T00:00:00Z"))),
        ("no such day", but(ada(), "BIRTHDATE", json!("2026-02-30T00:00:00"))),
        ("gender not in the picklist", but(ada(), "GENDERDESCRIPTION", json!("U"))),
        ("wrapped in d", json!({"d": ada()})),
        ("no object", json!([ada()])),
    ] {
        assert_eq!(post(&mut cezanne, "People", &fields), 400, "{why}");
    }
    assert_eq!(cezanne.people(), []);
    let annotated = but(ada(), "__metadata", json!({"type": "CezanneModel.Person"}));
    assert_eq!(post(&mut cezanne, "People", &annotated), 201);
}

#[test]
fn what_breaks_a_rule_is_refused_in_general_words() {
    let mut cezanne = cezanne();
    assert_eq!(post(&mut cezanne, "Employments", &job()), 400, "nobody's employment");
    assert_eq!(
        post(&mut cezanne, "Communications", &json!({"PERSONID": "LV-1"})),
        400,
        "nobody's telephones"
    );
    post(&mut cezanne, "People", &ada());
    for (why, fields) in [
        ("no such company", but(job(), "COMPANYCODE", json!("ACME-FR"))),
        ("before the company was founded", but(job(), "EFFECTIVEFROM", json!("1990-01-01T00:00:00"))),
        ("the end before the beginning", but(job(), "EFFECTIVETO", json!("2026-02-01T00:00:00"))),
        ("no end", but(job(), "EFFECTIVETO", None)),
    ] {
        let reply = write(&mut cezanne, "POST", "Employments", &fields);
        assert_eq!(reply.status, 400, "{why}");
        assert!(!text(&reply).contains("ACME"), "{why}");
    }
    cezanne.close_company(NOW, "ACME-UK").unwrap();
    assert_eq!(post(&mut cezanne, "Employments", &job()), 400, "closed that day");
    cezanne.reopen_company(NOW, "ACME-UK").unwrap();
    assert_eq!(post(&mut cezanne, "Employments", &job()), 201);
    let mut strict = Cezanne::new(Settings { rule_status: 500, ..Settings::default() }, NOW);
    assert_eq!(post(&mut strict, "Employments", &job()), 500);
}

#[test]
fn a_key_that_is_taken_is_refused_in_any_case_of_its_letters() {
    for status in [400, 409] {
        let mut cezanne = Cezanne::new(Settings { duplicate_status: status, ..Settings::default() }, NOW);
        assert_eq!(post(&mut cezanne, "People", &ada()), 201);
        assert_eq!(post(&mut cezanne, "People", &ada()), status);
        assert_eq!(post(&mut cezanne, "People", &but(ada(), "PERSONID", json!("lv-1 "))), status);
        cezanne.hide("LV-1");
        assert_eq!(post(&mut cezanne, "People", &ada()), status, "hidden, and taken all the same");
        assert_eq!(post(&mut cezanne, "Employments", &job()), 400, "hidden, so nobody");
        assert_eq!(cezanne.people().len(), 1);
    }
}

#[test]
fn an_update_changes_what_it_names() {
    let mut cezanne = cezanne();
    post(&mut cezanne, "People", &ada());
    let tunnel = |header: &str| {
        writing("POST", "People('LV-1')", &json!({"COMMENTS": header})).with_header("X-HTTP-Method", header)
    };
    for (method, request) in [
        ("PATCH", writing("PATCH", "People('LV-1')", &json!({"COMMENTS": "PATCH"}))),
        ("MERGE", writing("MERGE", "People('lv-1')", &json!({"COMMENTS": "MERGE", "PERSONID": "LV-1"}))),
        ("MERGE", tunnel("MERGE")),
        ("PATCH", tunnel("PATCH")),
    ] {
        let reply = send(&mut cezanne, request);
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{method}");
        let person = cezanne.person("LV-1").unwrap();
        assert_eq!((person.text("COMMENTS"), person.text("GIVENNAME")), (method, "Ada"));
    }
    assert_eq!((cezanne.figures().of("PATCH", "People"), cezanne.figures().of("MERGE", "People")), (2, 2));
    for (why, change, status) in [
        ("another key", json!({"PERSONID": "LV-2"}), 400),
        ("mandatory", json!({"GIVENNAME": null}), 400),
        ("unknown", json!({"GENDER": "U"}), 400),
        ("emptied", json!({"COMMENTS": null}), 204),
    ] {
        assert_eq!(write(&mut cezanne, "PATCH", "People('LV-1')", &change).status, status, "{why}");
    }
    assert_eq!(write(&mut cezanne, "PATCH", "People('LV-2')", &json!({})).status, 404);
    let wanted =
        writing("PATCH", "People('LV-1')", &json!({"COMMENTS": "x"})).with_header("prefer", "return-content");
    assert_eq!(send(&mut cezanne, wanted).status, 200);
    cezanne.hide("LV-1");
    assert_eq!(write(&mut cezanne, "PATCH", "People('LV-1')", &json!({})).status, 404);
}

#[test]
fn whoever_replaces_or_deletes_is_refused_and_counted() {
    let mut cezanne = staffed(1);
    assert_eq!(write(&mut cezanne, "PUT", "People('1001')", &ada()).status, 405);
    let tunnelled = writing("POST", "People('1001')", &ada()).with_header("X-HTTP-Method", "PUT");
    assert_eq!(send(&mut cezanne, tunnelled).status, 405);
    assert_eq!(send(&mut cezanne, call("DELETE", "People('1001')")).status, 405);
    assert_eq!((cezanne.figures().puts, cezanne.figures().deletes, cezanne.people().len()), (2, 1, 1));
}

#[test]
fn the_row_of_telephones_appears_with_the_person_where_it_does() {
    let settings = Settings { communications_appear: true, ..Settings::default() };
    let mut cezanne = Cezanne::new(settings, NOW);
    post(&mut cezanne, "People", &ada());
    assert_eq!(read(&mut cezanne, "Communications('LV-1')")["MOBILEPHONENUMBER"], json!(null));
    let number = json!({"PERSONID": "LV-1", "MOBILEPHONENUMBER": "+44 7700 900123"});
    assert_eq!(post(&mut cezanne, "Communications", &number), 400);
    assert_eq!(write(&mut cezanne, "PATCH", "Communications('LV-1')", &number).status, 204);
    assert_eq!(cezanne.communications()[0].text("MOBILEPHONENUMBER"), "+44 7700 900123");
}

#[test]
fn an_employment_without_an_end_has_the_sentinel_or_nothing() {
    let mut cezanne = Cezanne::new(Settings { open_ended: OpenEnded::Null, ..Settings::default() }, NOW);
    post(&mut cezanne, "People", &ada());
    assert_eq!(post(&mut cezanne, "Employments", &but(job(), "EFFECTIVETO", None)), 201);
    let key = "Employments(PERSONID='LV-1',EMPLOYMENTID='LV-1')";
    assert_eq!(read(&mut cezanne, key)["EFFECTIVETO"], json!(null));
}

#[test]
fn an_update_of_a_row_with_an_etag_has_to_name_it() {
    let mut cezanne = Cezanne::new(Settings { etags: true, ..Settings::default() }, NOW);
    let created = write(&mut cezanne, "POST", "People", &ada());
    let etag = created.header("etag").unwrap().to_owned();
    assert_eq!(body(&created)["odata.etag"], json!(etag));
    let change = || writing("PATCH", "People('LV-1')", &json!({"COMMENTS": "x"}));
    assert_eq!(send(&mut cezanne, change()).status, 400);
    let reply = send(&mut cezanne, change().with_header("if-match", &etag));
    assert_eq!(reply.status, 204);
    assert_ne!(reply.header("etag"), Some(etag.as_str()));
    assert_eq!(send(&mut cezanne, change().with_header("if-match", &etag)).status, 412);
    assert_eq!(send(&mut cezanne, change().with_header("if-match", "*")).status, 204);
    let mut without = staffed(1);
    let stated = writing("PATCH", "People('1001')", &json!({})).with_header("if-match", &etag);
    assert_eq!(send(&mut without, stated).status, 400, "there is no ETag to match");
}

#[test]
fn without_the_scope_nothing_is_written_and_companies_never_are() {
    let mut cezanne = staffed(1);
    assert_eq!(post(&mut cezanne, "Companies", &json!({"COMPANYCODE": "X"})), 403);
    cezanne.allow_writes(false);
    assert_eq!(post(&mut cezanne, "People", &ada()), 403);
    assert_eq!(get(&mut cezanne, "People('1001')").status, 200);
    assert_eq!(cezanne.records(Table::Companies).len(), 2);
}

#[test]
fn a_deployment_needs_its_employment_and_its_unit() {
    let mut cezanne = Cezanne::new(Settings { deployments: true, ..Settings::default() }, NOW);
    post(&mut cezanne, "People", &ada());
    let place = json!({
        "PERSONID": "LV-1", "EMPLOYMENTID": "LV-1", "ORGUNITCODE": "ENG",
        "EFFECTIVEFROM": "2026-02-02T00:00:00", "EFFECTIVETO": "9999-12-31T00:00:00",
    });
    assert_eq!(post(&mut cezanne, "Deployments", &place), 400);
    post(&mut cezanne, "Employments", &job());
    assert_eq!(post(&mut cezanne, "Deployments", &but(place.clone(), "ORGUNITCODE", json!("MOON"))), 400);
    assert_eq!(post(&mut cezanne, "Deployments", &place), 201);
    let key = "Deployments(PERSONID='LV-1',EMPLOYMENTID='LV-1',EFFECTIVEFROM=datetime'2026-02-02T00:00:00')";
    assert_eq!(read(&mut cezanne, key)["ORGUNITCODE"], "ENG");
    assert_eq!(get(&mut staffed(1), "Deployments").status, 404, "others have no such set");
}
