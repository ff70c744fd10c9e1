//! What goes wrong on order.

use super::super::FaultKind;
use super::*;
use crate::message::{Sending, http_date};

/// Plans it, inserts Ada, and says what came and whether she is there.
fn inserting(spec: &str) -> (Reply, bool) {
    let mut cezanne = cezanne();
    plan(&mut cezanne, spec);
    let reply = write(&mut cezanne, "POST", "People", &ada());
    (reply, cezanne.person("LV-1").is_some())
}

#[test]
fn an_ambiguous_answer_leaves_the_row_and_another_does_not() {
    for (spec, status, sending, is_stored) in [
        ("500", 500, Sending::Whole, false),
        ("after=500", 500, Sending::Whole, true),
        ("after=502", 502, Sending::Whole, true),
        ("after=503", 503, Sending::Whole, true),
        ("after=504", 504, Sending::Whole, true),
        ("close", 200, Sending::Nothing, false),
        ("lost", 201, Sending::Nothing, true),
        ("hang", 200, Sending::Hang, false),
        ("stuck", 201, Sending::Hang, true),
        ("bare", 201, Sending::Whole, true),
        ("soft", 200, Sending::Whole, false),
        ("soft=stored", 200, Sending::Whole, true),
        ("html", 200, Sending::Whole, false),
        ("login", 302, Sending::Whole, false),
    ] {
        let (reply, is_there) = inserting(spec);
        assert_eq!((reply.status, reply.sending, is_there), (status, sending, is_stored), "{spec}");
    }
}

#[test]
fn what_comes_is_a_page_an_error_or_half_of_it() {
    assert!(text(&inserting("html").0).contains("<title>Log in</title>"));
    assert!(inserting("login").0.header("location").unwrap().contains("/Account/LogIn?ReturnUrl="));
    assert!(body(&inserting("soft=stored").0)["odata.error"].is_object());
    assert_eq!(inserting("bare").0.body.len(), 0);
    let (half, is_stored) = inserting("half");
    assert!(
        serde_json::from_slice::<Value>(&half.body).is_err() && half.sending == Sending::Whole && is_stored
    );
    assert!(matches!(inserting("cut").0.sending, Sending::Cut { after } if after > 0));
    assert_eq!(inserting("slow").0.sending, Sending::Slowly);
}

#[test]
fn whoever_is_to_wait_is_told_how_long_in_seconds_or_until_when() {
    for (spec, status, after) in [
        ("429=30", 429, "30".to_owned()),
        ("429=date:30", 429, http_date(NOW + 30_000)),
        ("503=120", 503, "120".to_owned()),
        ("503=date:120", 503, http_date(NOW + 120_000)),
    ] {
        let (reply, _) = inserting(spec);
        assert_eq!((reply.status, reply.header("retry-after")), (status, Some(after.as_str())), "{spec}");
    }
    assert_eq!(inserting("429").0.header("retry-after"), None);
}

#[test]
fn a_fault_waits_for_the_request_it_is_for_and_they_are_played_in_order() {
    let mut cezanne = staffed(1);
    plan(&mut cezanne, "after=503@write/Employments,401,500@POST/People,lost@write/People");
    assert_eq!(get(&mut cezanne, "People('1001')").status, 401);
    assert_eq!(get(&mut cezanne, "People('1001')").status, 200);
    assert_eq!(post(&mut cezanne, "People", &ada()), 500);
    assert!(cezanne.person("LV-1").is_none());
    assert_eq!(write(&mut cezanne, "POST", "People", &ada()).sending, Sending::Nothing);
    assert!(cezanne.person("LV-1").is_some());
    assert_eq!(post(&mut cezanne, "Employments", &job()), 503);
    assert_eq!((cezanne.employments().len(), cezanne.figures().faults), (2, 4));
}

#[test]
fn without_a_place_the_token_endpoint_is_left_alone() {
    let mut cezanne = staffed(1);
    plan(&mut cezanne, "503*9,500@token,html@token");
    let form = "grant_type=client_credentials";
    assert_eq!(ask_token(&mut cezanne, NOW, form).0, 500);
    let page = cezanne.handle(NOW, &token_request(form));
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(ask_token(&mut cezanne, NOW, form).0, 200);
    assert_eq!(get(&mut cezanne, "$metadata").status, 503);
}

#[test]
fn where_patch_is_refused_a_tunnelled_merge_is_not() {
    for status in [405, 501] {
        let mut cezanne = staffed(1);
        plan(&mut cezanne, &format!("nopatch={status}"));
        let change = json!({"COMMENTS": "x"});
        for _ in 0..3 {
            assert_eq!(write(&mut cezanne, "PATCH", "People('1001')", &change).status, status);
        }
        let tunnelled = writing("POST", "People('1001')", &change).with_header("x-http-method", "MERGE");
        assert_eq!(send(&mut cezanne, tunnelled).status, 204);
        assert_eq!(post(&mut cezanne, "People", &ada()), 201);
        cezanne.clear_faults();
        assert_eq!(write(&mut cezanne, "PATCH", "People('1001')", &change).status, 204);
    }
}

#[test]
fn where_light_is_refused_verbose_is_not() {
    let mut cezanne = cezanne();
    plan(&mut cezanne, "nolight@write");
    assert_eq!(post(&mut cezanne, "People", &ada()), 415);
    let verbose = call("POST", "People")
        .with_header("content-type", "application/json;odata=verbose")
        .with_body(ada().to_string());
    assert_eq!(send(&mut cezanne, verbose).status, 201);
}

#[test]
fn the_link_to_the_next_page_may_lead_away() {
    let mut cezanne = Cezanne::new(Settings { staff: 5, page_size: 2, ..Settings::default() }, NOW);
    plan(&mut cezanne, "foreign");
    assert_eq!(get(&mut cezanne, "People('1001')").status, 200, "no list");
    let link = read(&mut cezanne, "People")["odata.nextLink"].as_str().unwrap().to_owned();
    assert!(
        link.starts_with("https://elsewhere.example.net/cezanneondemand/v7/dataservice.svc/People?"),
        "{link}"
    );
    let link = read(&mut cezanne, "People")["odata.nextLink"].as_str().unwrap().to_owned();
    assert!(link.starts_with("http://acme.example.com/"), "{link}");
}

#[test]
fn a_percentage_meets_about_so_many_and_the_same_ones_for_a_seed() {
    let refused = |seed| {
        let mut cezanne = Cezanne::new(Settings { seed, staff: 1, ..Settings::default() }, NOW);
        plan(&mut cezanne, "500%30");
        (0..400).map(|_| get(&mut cezanne, "People('1001')").status == 500).collect::<Vec<_>>()
    };
    let met = refused(7).iter().filter(|met| **met).count();
    assert!((80..160).contains(&met), "{met}");
    assert_eq!(refused(7), refused(7));
    assert_ne!(refused(7), refused(8));
}

#[test]
fn a_span_begins_with_the_first_request_it_meets() {
    let mut cezanne = staffed(1);
    plan(&mut cezanne, "503~60s");
    let mut at = |now| send_at(&mut cezanne, now, call("GET", "People('1001')")).status;
    assert_eq!([at(NOW + 5_000), at(NOW + 64_999), at(NOW + 65_000)], [503, 503, 200]);
}

#[test]
fn the_text_of_a_fault_is_read_back_and_nonsense_is_refused() {
    for text in [
        "503*1",
        "after=500@write/People*2",
        "429=date:30%5",
        "nopatch=501%100",
        "soft=stored@POST*1",
        "lost%30~60000ms",
    ] {
        assert_eq!(Fault::parse(text).unwrap().to_string(), text);
    }
    let built = Fault::once(FaultKind::After(503)).on("write/People").times(2);
    assert_eq!(built, Fault::parse("after=503@write/People*2").unwrap());
    let always = Fault::always(FaultKind::Lost).percent(30).lasting(60_000);
    assert_eq!(always, Fault::parse("lost%30~60s").unwrap());
    for text in [
        "",
        "200",
        "after",
        "after=404",
        "503@Persons",
        "503@",
        "429=soon",
        "nopatch",
        "html=1",
        "503*x",
        "503%101",
        "503~1d",
        "é%",
        "503*",
    ] {
        assert!(Fault::parse(text).is_err(), "{text}");
    }
}
