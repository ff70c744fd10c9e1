//! Every fault, as the client meets it.

use super::*;
use crate::message::Sending;

fn with_people(count: usize) -> Lever {
    let mut lever = lever();
    for _ in 0..count {
        candidate(&mut lever, NOW, "Ada Example");
    }
    lever
}

/// The answer to the list while a fault is on, and proof that the next answer is whole again.
fn played(fault: &str) -> Reply {
    let mut lever = with_people(4);
    plan(&mut lever, fault);
    let reply = ask(&mut lever, NOW, "/v1/opportunities?limit=3");
    assert_eq!(lever.figures().faults, 1);
    let after = ask(&mut lever, NOW, "/v1/opportunities?limit=3");
    assert_eq!((after.status, after.sending), (200, Sending::Whole));
    assert_eq!(ids(&json(&after)).len(), 3);
    reply
}

fn whole_length() -> usize {
    ask(&mut with_people(4), NOW, "/v1/opportunities?limit=3").body.len()
}

#[test]
fn a_status_on_order_has_the_body_of_an_error() {
    for (fault, code) in [
        ("429", "TooManyRequests"),
        ("500", "InternalServerError"),
        ("503", "ServiceUnavailable"),
        ("403", "Forbidden"),
    ] {
        let reply = played(fault);
        assert_eq!((reply.status.to_string().as_str(), json(&reply)["code"].as_str()), (fault, Some(code)));
    }
}

#[test]
fn a_login_page_comes_with_200() {
    let reply = played("html");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(text(&reply).contains("Sign in"));
}

#[test]
fn half_a_page_is_no_json_and_says_nothing_of_it() {
    let reply = played("half");
    assert_eq!((reply.status, reply.sending), (200, Sending::Whole));
    assert_eq!(reply.body.len(), whole_length() / 2);
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
}

#[test]
fn answers_that_do_not_arrive_say_how() {
    let length = whole_length();
    assert_eq!(played("cut").sending, Sending::Cut { after: length / 2 });
    assert_eq!(played("cut").body.len(), length);
    assert_eq!(played("close").sending, Sending::Nothing);
    assert_eq!(played("hang").sending, Sending::Hang);
    assert_eq!(played("slow").sending, Sending::Slowly);
}

#[test]
fn a_lost_answer_was_made_and_counted() {
    let reply = played("lost");
    assert_eq!(reply.sending, Sending::Nothing);
    assert_eq!(reply.body.len(), whole_length());
    assert!(played("close").body.is_empty());
}

#[test]
fn an_empty_list_looks_like_any_other() {
    let reply = played("empty");
    assert_eq!(json(&reply), serde_json::json!({"data": [], "hasNext": false}));
}

#[test]
fn more_is_promised_and_no_way_given() {
    let page = json(&played("nonext"));
    assert_eq!((page["hasNext"].as_bool(), page.get("next")), (Some(true), None));
    assert_eq!(ids(&page).len(), 3);
}

#[test]
fn one_record_of_a_page_is_garbled_and_the_others_are_well() {
    for seed in 0..20 {
        let mut lever = Lever::new(Settings { seed, ..unlimited() });
        for _ in 0..4 {
            candidate(&mut lever, NOW, "Ada Example");
        }
        plan(&mut lever, "garbled");
        let page = read(&mut lever, NOW, "/v1/opportunities");
        let well = page["data"].as_array().unwrap().iter().filter(|record| record["id"].is_string());
        assert_eq!(well.count(), 3, "seed {seed}");
    }
}

#[test]
fn a_huge_answer_is_over_any_cap() {
    let reply = played("huge=3");
    assert_eq!(reply.body.len(), whole_length() + (3 << 20));
    assert_eq!(ids(&json(&reply)).len(), 3, "for a reader without a cap it is good");
}

#[test]
fn a_redirect_leads_to_another_host() {
    let reply = played("redirect=https://h.example");
    assert_eq!((reply.status, reply.header("location")), (301, Some("https://h.example/v1/opportunities")));
}

#[test]
fn an_offset_goes_bad_in_the_middle_of_a_listing() {
    let mut lever = with_people(4);
    plan(&mut lever, "offset");
    let target = "/v1/opportunities?limit=3";
    let first = read(&mut lever, NOW, target);
    let second = next(target, &first).unwrap();
    let reply = ask(&mut lever, NOW, &second);
    assert_eq!(refusal(&reply), (400, "Invalid offset token".to_owned()));
    assert_eq!(ask(&mut lever, NOW, &second).status, 200);
}

#[test]
fn the_key_is_revoked_for_a_while() {
    let mut lever = with_people(1);
    plan(&mut lever, "401~60s");
    assert_eq!(json(&ask(&mut lever, NOW, "/v1/stages"))["code"], "UnauthorizedError");
    assert_eq!(ask(&mut lever, NOW + 59_999, "/v1/stages").status, 401);
    assert_eq!(ask(&mut lever, NOW + 60_000, "/v1/stages").status, 200);
}

#[test]
fn a_permission_is_missing_on_one_endpoint() {
    let mut lever = with_people(1);
    let opportunity = lever.opportunities()[0].id.clone();
    plan(&mut lever, "403@/opportunities/:id/offers%100");
    for _ in 0..3 {
        assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}/offers")).status, 403);
        assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}")).status, 200);
    }
    lever.clear_faults();
    assert_eq!(ask(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}/offers")).status, 200);
}

#[test]
fn a_request_without_key_or_over_the_rate_uses_no_fault_up() {
    let mut lever = Lever::new(Settings::default());
    plan(&mut lever, "503");
    lever.handle(NOW, &Request::get("/v1/stages"));
    assert_eq!(lever.figures().faults, 0);
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 503);
}

#[test]
fn a_list_fault_waits_for_a_list() {
    let mut lever = with_people(1);
    let contact = lever.contacts()[0].id.clone();
    plan(&mut lever, "empty");
    assert!(read(&mut lever, NOW, &format!("/v1/contacts/{contact}"))["data"].is_object());
    assert!(read(&mut lever, NOW, "/v1/stages")["data"].as_array().unwrap().is_empty());
}

#[test]
fn a_page_that_shifts_misses_a_record_and_only_once_paging_began() {
    let mut lever = with_people(5);
    plan(&mut lever, "shift");
    let target = "/v1/opportunities?limit=2";
    let first = read(&mut lever, NOW, target);
    assert_eq!(ids(&first).len(), 2);
    let second_target = next(target, &first).unwrap();
    let second = read(&mut lever, NOW, &second_target);
    assert_eq!(ids(&second), ids(&read(&mut lever, NOW, &second_target))[1..]);
}

#[test]
fn a_record_comes_twice_on_a_page() {
    let page = json(&played("twice"));
    assert_eq!((ids(&page).len(), set(ids(&page)).len()), (4, 3));
}

#[test]
fn the_right_answer_may_be_labelled_as_something_else() {
    let reply = played("plain");
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(ids(&json(&reply)).len(), 3);
}

#[test]
fn an_endless_answer_is_cut_off_never() {
    assert_eq!(played("endless").sending, Sending::Cut { after: usize::MAX });
}

#[test]
fn records_drift_as_those_of_a_later_version_might() {
    let drifted = |drift: &str| {
        let mut lever = with_people(1);
        plan(&mut lever, drift);
        read(&mut lever, NOW, "/v1/opportunities?expand=applications")["data"][0].take()
    };
    let numbers = drifted("drift=numbers");
    assert_eq!(numbers["createdAt"], NOW.to_string());
    assert_eq!(numbers["applications"][0]["createdAt"], NOW.to_string());
    let words = drifted("drift=enums");
    assert_eq!(
        (&words["origin"], &words["applications"][0]["type"]),
        (&"unheard-of".into(), &"unheard-of".into())
    );
    let fields = drifted("drift=fields");
    assert!(fields["addedLater"].is_object() && fields["applications"][0]["addedLater"].is_object());
    let nulls = drifted("drift=nulls");
    assert!(nulls["emails"].is_null() && nulls["headline"].is_null() && nulls["id"].is_string());
}

#[test]
fn a_name_may_begin_with_half_a_character() {
    let mut lever = with_people(1);
    plan(&mut lever, "surrogate");
    let reply = ask(&mut lever, NOW, "/v1/opportunities");
    assert!(text(&reply).contains(r#""name":"\ud83dAda Example""#));
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "no text in Rust can hold it");
}

#[test]
fn lists_in_lists_are_deeper_than_a_parser_goes() {
    let mut lever = with_people(1);
    plan(&mut lever, "deep");
    let reply = ask(&mut lever, NOW, "/v1/opportunities");
    let text = text(&reply);
    assert_eq!(text.matches('[').count(), 10_000 + text[20_000..].matches('[').count());
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
}

#[test]
fn every_address_is_a_trap_and_a_hit_is_counted() {
    let mut lever = with_people(1);
    let id = lever.opportunities()[0].id.clone();
    let offer = lever.add_offer(NOW, &id, Default::default()).unwrap();
    lever.sign_offer(NOW, &id, &offer).unwrap();
    plan(&mut lever, "bait%100");
    let key = lever.settings().api_key.clone();
    let mut get = |target: &str| {
        let mut request = Request::get(target).with_key(&key);
        request.headers.push(("Host".to_owned(), "127.0.0.1:8080".to_owned()));
        json(&lever.handle(NOW, &request))["data"].take()
    };
    let record = get(&format!("/v1/opportunities/{id}"));
    let links: Vec<&str> =
        record["links"].as_array().unwrap().iter().map(|link| link.as_str().unwrap()).collect();
    assert_eq!(links[0], "http://127.0.0.1:8080/sandbox/trap/plain");
    assert!(links.contains(&"http://169.254.169.254/latest/meta-data/"));
    assert_eq!(record["resume"]["file"]["downloadUrl"], links[0]);
    assert!(links.contains(&record["urls"]["show"].as_str().unwrap()));
    let offer = &get(&format!("/v1/opportunities/{id}/offers"))[0];
    assert!(links.contains(&offer["signedDocument"]["downloadUrl"].as_str().unwrap()));
    let resume = &get(&format!("/v1/opportunities/{id}/resumes"))[0];
    assert!(links.contains(&resume["downloadUrl"].as_str().unwrap()));

    lever.handle(NOW, &Request::get("/sandbox/trap/plain"));
    assert_eq!((lever.figures().trapped, lever.figures().requests), (1, 3));
}

#[test]
fn the_clock_of_lever_is_ahead_or_behind_and_nothing_else_is() {
    let mut lever = with_people(1);
    let date =
        |lever: &mut Lever| ask(lever, 784_111_777_000, "/v1/stages").header("date").unwrap().to_owned();
    plan(&mut lever, "skew=-24h,503");
    assert_eq!(date(&mut lever), "Sat, 05 Nov 1994 08:49:37 GMT", "also on an answer with a fault");
    lever.clear_faults();
    plan(&mut lever, "skew=+24h");
    assert_eq!(date(&mut lever), "Mon, 07 Nov 1994 08:49:37 GMT");
    assert_eq!(date(&mut lever), "Mon, 07 Nov 1994 08:49:37 GMT", "a state is not used up");
    lever.clear_faults();
    assert_eq!(date(&mut lever), "Sun, 06 Nov 1994 08:49:37 GMT");
}
