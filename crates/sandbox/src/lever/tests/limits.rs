use super::*;
use crate::lever::Rate;

#[test]
fn without_the_key_there_is_nothing_but_401() {
    let mut lever = Lever::new(Settings::default());
    for request in [
        Request::get("/v1/stages"),
        Request::get("/v1/stages").with_key("another"),
        Request::get("/v1/nothing").with_key(""),
    ] {
        let reply = lever.handle(NOW, &request);
        assert_eq!((reply.status, json(&reply)["code"].as_str()), (401, Some("UnauthorizedError")));
    }
    assert_eq!(lever.figures().by_status[&401], 3);
}

#[test]
fn the_twenty_first_request_at_once_is_refused_without_a_hint_when_to_come_back() {
    let mut lever = Lever::new(Settings::default());
    let statuses: Vec<u16> = (0..25).map(|_| ask(&mut lever, NOW, "/v1/stages").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    let refused = ask(&mut lever, NOW, "/v1/stages");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_none());
    assert_eq!(ask(&mut lever, NOW + 100, "/v1/stages").status, 200);
    assert_eq!(lever.figures().refused_by_rate, 6);
    assert_eq!(lever.figures().most_in_a_second, 27);
}

#[test]
fn the_rate_can_be_set_and_a_stranger_costs_the_key_nothing() {
    let mut lever =
        Lever::new(Settings { rate: Some(Rate { per_second: 1, burst: 1 }), ..Settings::default() });
    assert_eq!(lever.handle(NOW, &Request::get("/v1/stages")).status, 401);
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 200);
    assert_eq!(ask(&mut lever, NOW, "/v1/stages").status, 429);
}

#[test]
fn figures_count_by_template_and_notice_writes() {
    let mut lever = lever();
    let (contact, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    read(&mut lever, NOW, "/v1/opportunities");
    read(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}"));
    read(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}"));
    ask(&mut lever, NOW, "/v1/nothing");
    let key = lever.settings().api_key.clone();
    let write = lever.handle(NOW, &Request::new("PUT", &format!("/v1/contacts/{contact}")).with_key(&key));
    assert_eq!(write.status, 403);

    let shown = json(&lever.handle(NOW, &Request::get("/sandbox/figures")));
    assert_eq!(shown["requests"], 5);
    assert_eq!(shown["byEndpoint"]["/opportunities/:id"], 2);
    assert_eq!(shown["byEndpoint"]["/contacts/:id"], 1);
    assert_eq!(shown["byEndpoint"]["unknown"], 1);
    assert_eq!(shown["byStatus"], serde_json::json!({"200": 3, "403": 1, "404": 1}));
    assert_eq!(shown["writes"], 1);
}
