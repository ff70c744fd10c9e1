//! Rows by their keys, and lists in pages.

use super::*;

#[test]
fn a_row_is_found_by_its_key_however_that_is_written() {
    let mut cezanne = staffed(3);
    for (path, status) in [
        ("People('1001')", 200),
        ("People(PERSONID='1001')", 200),
        ("People(%271001%27)", 200),
        ("Employments(PERSONID='1001',EMPLOYMENTID='1001')", 200),
        ("Employments(EMPLOYMENTID='1001',%20PERSONID='1001')", 200),
        ("Communications('1001')", 200),
        ("Companies('acme-uk')", 200),
        ("OrgUnits('ENG')", 200),
        ("People('9999')", 404),
        ("people('1001')", 404),
        ("Persons('1001')", 404),
        ("People(1001)", 400),
        ("People()", 400),
        ("People('1001'", 400),
        ("People('10'01')", 400),
        ("People(personid='1001')", 400),
        ("Employments('1001')", 400),
        ("Employments(PERSONID='1001')", 400),
        ("Employments(PERSONID='1001',PERSONID='1001')", 400),
        ("People('1001')/GIVENNAME", 404),
        ("People('1001')/PeopleToCommunications", 501),
        ("People?$expand=PeopleToCommunications", 501),
        ("$batch", 404),
    ] {
        assert_eq!(get(&mut cezanne, path).status, status, "{path}");
    }
}

#[test]
fn a_quote_in_a_key_is_doubled_and_some_letters_never_get_through_a_path() {
    let mut cezanne = cezanne();
    for code in ["O'Neil", "Müller 7"] {
        assert_eq!(post(&mut cezanne, "People", &but(ada(), "PERSONID", json!(code))), 201);
        let path = format!("People('{}')", percent_encode(&code.replace('\'', "''")));
        assert_eq!(read(&mut cezanne, &path)["PERSONID"], code);
    }
    for letter in ["/", "\\", ":", "*", "?", "%", "&", "<", ">"] {
        let code = format!("a{letter}b");
        assert_eq!(post(&mut cezanne, "People", &but(ada(), "PERSONID", json!(code))), 201);
        let reply = get(&mut cezanne, &format!("People('{}')", percent_encode(&code)));
        assert_eq!((reply.status, text(&reply).contains("dangerous")), (400, true), "{letter}");
        assert_eq!(found(&mut cezanne, "People", &format!("PERSONID eq '{code}'")), [code]);
    }
}

#[test]
fn a_location_leads_to_what_was_made() {
    let mut cezanne = cezanne();
    let reply = write(&mut cezanne, "POST", "People", &but(ada(), "PERSONID", json!("O'Neil é")));
    let location = reply.header("location").unwrap();
    let path = location.split_once("dataservice.svc/").unwrap().1.to_owned();
    assert_eq!(read(&mut cezanne, &path)["PERSONID"], "O'Neil é");
}

#[test]
fn a_list_comes_in_pages_and_every_row_once() {
    for order in ["", "&$orderby=COMPANYCODE,PERSONID", "&$orderby=EFFECTIVEFROM%20desc"] {
        let mut cezanne = Cezanne::new(Settings { staff: 37, page_size: 5, ..Settings::default() }, NOW);
        let mut path =
            format!("Employments?$filter=COMPANYCODE%20eq%20'ACME-UK'{order}&$inlinecount=allpages");
        let mut codes = Vec::new();
        loop {
            let page = read(&mut cezanne, &path);
            assert_eq!(page["odata.count"], "19");
            let rows = page["value"].as_array().unwrap();
            codes.extend(rows.iter().map(|row| row["PERSONID"].as_str().unwrap().to_owned()));
            let Some(next) = page["odata.nextLink"].as_str() else { break };
            next.split_once("dataservice.svc/").unwrap().1.clone_into(&mut path);
        }
        assert_eq!(codes.len(), 19, "{order}");
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 19, "{order}");
    }
}

#[test]
fn top_and_skip_take_a_part_and_the_link_goes_on_with_what_is_left_of_it() {
    let mut cezanne = Cezanne::new(Settings { staff: 9, page_size: 4, ..Settings::default() }, NOW);
    let codes = |page: &Value| -> Vec<String> {
        page["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["PERSONID"].as_str().unwrap().to_owned())
            .collect()
    };
    let page = read(&mut cezanne, "People?$top=3&$skip=2");
    assert_eq!(
        (codes(&page), &page["odata.nextLink"]),
        (vec!["1003".into(), "1004".into(), "1005".into()], &json!(null))
    );
    let page = read(&mut cezanne, "People?$top=6&$skip=1&$select=PERSONID");
    assert_eq!(codes(&page), ["1002", "1003", "1004", "1005"]);
    let next = page["odata.nextLink"].as_str().unwrap().split_once("dataservice.svc/").unwrap().1.to_owned();
    let page = read(&mut cezanne, &next);
    assert_eq!((codes(&page), &page["odata.nextLink"]), (vec!["1006".into(), "1007".into()], &json!(null)));
    assert_eq!(codes(&read(&mut cezanne, "People?$skip=100")), Vec::<String>::new());
    assert_eq!(codes(&read(&mut cezanne, "People?$top=0")), Vec::<String>::new());
}

#[test]
fn a_page_goes_on_where_it_ended_though_the_last_row_is_gone() {
    let mut cezanne = Cezanne::new(Settings { staff: 5, page_size: 2, ..Settings::default() }, NOW);
    let page = read(&mut cezanne, "People");
    let next = page["odata.nextLink"].as_str().unwrap().split_once("dataservice.svc/").unwrap().1.to_owned();
    cezanne.delete_person("1002").unwrap();
    assert_eq!(read(&mut cezanne, &next)["value"][0]["PERSONID"], "1003");
}

#[test]
fn the_largest_end_is_found_first() {
    let mut cezanne = staffed(16);
    let page = read(&mut cezanne, "Employments?$select=EFFECTIVETO&$orderby=EFFECTIVETO%20desc&$top=5");
    let ends: Vec<&str> =
        page["value"].as_array().unwrap().iter().map(|row| row["EFFECTIVETO"].as_str().unwrap()).collect();
    assert_eq!(ends, ["9999-12-31T00:00:00"; 5]);
    let page = read(&mut cezanne, "Employments?$orderby=EFFECTIVETO&$top=1");
    assert_eq!(
        page["value"][0]["PERSONID"].as_str().map(|code| ["1008", "1016"].contains(&code)),
        Some(true)
    );
}

#[test]
fn only_the_columns_asked_for_come_and_an_option_nobody_knows_is_refused() {
    let mut cezanne = staffed(1);
    let person = read(&mut cezanne, "People('1001')?$select=PERSONID,%20AGEYEARS");
    assert_eq!(
        person.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["AGEYEARS", "PERSONID", "odata.metadata"]
    );
    assert_eq!(text(&get(&mut cezanne, "People/$count")), "1");
    for query in [
        "$select=HIREDATE",
        "$orderby=HIREDATE",
        "$orderby=PERSONID%20up",
        "$top=-1",
        "$top=x",
        "$skip=1.5",
        "$inlinecount=yes",
        "$count=true",
        "$search=x",
        "$filter=1%20eq%201&$filter=1%20eq%201",
    ] {
        assert_eq!(get(&mut cezanne, &format!("People?{query}")).status, 400, "{query}");
    }
    assert_eq!(get(&mut cezanne, "People?tenant=acme").status, 200, "what has no $ is for somebody else");
}

#[test]
fn a_reader_whose_index_is_behind_sees_a_row_and_a_change_late() {
    let mut cezanne = staffed(0);
    cezanne.set_lag(1_000, 5_000);
    let mut at = |now, path: &str| {
        let reply = send_at(&mut cezanne, now, call("GET", path));
        match reply.status {
            404 => None,
            _ => {
                let answer = body(&reply);
                let row = answer.get("value").map_or(answer.clone(), |rows| rows[0].clone());
                row["GIVENNAME"].as_str().map(str::to_owned)
            }
        }
    };
    let (key, list) = ("People('LV-1')", "People?$filter=PERSONID%20eq%20'LV-1'");
    assert_eq!((at(NOW, key), at(NOW, list)), (None, None));
    let token = cezanne.give_token(NOW);
    let insert = writing("POST", "People", &ada()).with_header("authorization", &format!("Bearer {token}"));
    assert_eq!(cezanne.handle(NOW, &insert).status, 201);
    let change = |to: &str| {
        writing("PATCH", key, &json!({"GIVENNAME": to}))
            .with_header("authorization", &format!("Bearer {token}"))
    };
    assert_eq!(cezanne.handle(NOW + 2_000, &change("Adele")).status, 204, "a write sees everything");
    assert_eq!(cezanne.handle(NOW + 2_500, &change("Adela")).status, 204);
    let mut at = |now, path: &str| {
        let reply = send_at(&mut cezanne, now, call("GET", path));
        let answer = body(&reply);
        let row = answer.get("value").map_or(answer.clone(), |rows| rows[0].clone());
        row["GIVENNAME"].as_str().map(str::to_owned).unwrap_or_default()
    };
    for (after, by_key, by_filter) in [
        (999, "", ""),
        (1_000, "Ada", ""),
        (3_000, "Adele", ""),
        (3_500, "Adela", ""),
        (5_000, "Adela", "Ada"),
        (7_000, "Adela", "Adele"),
        (7_500, "Adela", "Adela"),
    ] {
        assert_eq!(
            (at(NOW + after, key).as_str(), at(NOW + after, list).as_str()),
            (by_key, by_filter),
            "{after}"
        );
    }
    assert_eq!(post(&mut cezanne, "People", &ada()), 400, "not to be seen yet, and taken");
}

#[test]
fn whoever_is_hidden_is_in_no_answer() {
    let mut cezanne = staffed(3);
    cezanne.hide("1002");
    for path in
        ["People('1002')", "Communications('1002')", "Employments(PERSONID='1002',EMPLOYMENTID='1002')"]
    {
        assert_eq!(get(&mut cezanne, path).status, 404, "{path}");
    }
    assert_eq!(found(&mut cezanne, "People", "PERSONID ne null"), ["1001", "1003"]);
    assert_eq!(found(&mut cezanne, "Communications", "EXTERNALEMAILADDRESS ne null"), ["1001", "1003"]);
    assert_eq!(
        cezanne.people().iter().map(|person| person.is_hidden).collect::<Vec<_>>(),
        [false, true, false]
    );
    cezanne.show("1002");
    assert_eq!(get(&mut cezanne, "People('1002')").status, 200);
}

#[test]
fn the_same_seed_gives_the_same_staff() {
    let staff = |seed| Cezanne::new(Settings { seed, staff: 50, ..Settings::default() }, NOW).people();
    assert_eq!(staff(3), staff(3));
    assert_ne!(staff(3), staff(4));
    assert!(
        staff(3)
            .iter()
            .all(|person| !person.text("GIVENNAME").is_empty() && !person.text("FAMILYNAME").is_empty())
    );
    assert_eq!(staff(3)[49].text("PERSONID"), "1050");
}

#[test]
fn figures_say_what_was_asked_and_how_fast() {
    let mut cezanne = staffed(1);
    for path in ["", "$metadata", "People", "People('1001')", "Persons"] {
        get(&mut cezanne, path);
    }
    post(&mut cezanne, "People", &ada());
    send(&mut cezanne, call("POST", super::super::STARTER_FUNCTION));
    let figures = cezanne.figures();
    assert_eq!(
        (figures.of("GET", "People"), figures.of("POST", "People"), figures.of("GET", "unknown")),
        (2, 1, 1)
    );
    assert_eq!(
        (figures.of("GET", "metadata"), figures.of("GET", "service"), figures.function_calls),
        (1, 1, 1)
    );
    assert_eq!((figures.requests, figures.most_in_a_second, figures.by_status[&201]), (7, 7, 1));
    let request = call("GET", "People");
    for _ in 0..3 {
        cezanne.begun(&request);
    }
    cezanne.finished(&request);
    cezanne.begun(&token_request(""));
    assert_eq!((cezanne.figures().most_at_once, cezanne.figures().most_tokens_at_once), (3, 1));
}
