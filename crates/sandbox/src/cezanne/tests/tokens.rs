//! The token endpoint, and what a token is good for.

use super::super::{Access, ClientAuth, ExpiresIn};
use super::*;

const FORM: &str = "grant_type=client_credentials&scope=read%20write";

fn accessible(access: Access) -> Cezanne {
    Cezanne::new(Settings { access, staff: 1, ..Settings::default() }, NOW)
}

fn use_token(cezanne: &mut Cezanne, now: Millis, token: &str) -> u16 {
    let request = call("GET", "People('1001')").with_header("authorization", &format!("Bearer {token}"));
    cezanne.handle(now, &request).status
}

#[test]
fn a_token_is_given_and_lets_in_until_its_time_is_over() {
    let mut cezanne = accessible(Access { lifetime_ms: 60_000, ..Access::default() });
    let (status, answer) = ask_token(&mut cezanne, NOW, FORM);
    assert_eq!((status, &answer["token_type"], &answer["expires_in"]), (200, &json!("bearer"), &json!("60")));
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(use_token(&mut cezanne, NOW + 59_999, token), 200);
    assert_eq!(use_token(&mut cezanne, NOW + 60_000, token), 401);
    assert_eq!(use_token(&mut cezanne, NOW, "made up"), 401);
    assert_eq!(cezanne.handle(NOW, &call("GET", "$metadata")).status, 401, "none at all");
    let figures = cezanne.figures();
    assert_eq!((figures.token_requests, figures.tokens, figures.token_refusals), (1, 1, 3));
}

#[test]
fn expires_in_is_a_text_a_number_or_nothing() {
    for (expires_in, told) in
        [(ExpiresIn::Text, json!("1200")), (ExpiresIn::Number, json!(1200)), (ExpiresIn::Absent, json!(null))]
    {
        let mut cezanne = accessible(Access { expires_in, ..Access::default() });
        assert_eq!(ask_token(&mut cezanne, NOW, FORM).1["expires_in"], told);
    }
}

#[test]
fn the_client_says_who_it_is_where_that_is_looked_for() {
    let in_form = format!("{FORM}&client_id=sandbox-client&client_secret=sandbox-secret");
    for (client_auth, by_header, by_form) in
        [(ClientAuth::Basic, 200, 401), (ClientAuth::Form, 401, 200), (ClientAuth::Either, 200, 200)]
    {
        let mut cezanne = accessible(Access { client_auth, ..Access::default() });
        assert_eq!(ask_token(&mut cezanne, NOW, FORM).0, by_header, "{client_auth:?}");
        let reply = cezanne.handle(NOW, &token_request(&in_form));
        assert_eq!(reply.status, by_form, "{client_auth:?}");
    }
}

#[test]
fn what_is_wrong_with_a_request_for_a_token_is_said_in_the_words_of_rfc_6749() {
    let mut cezanne = accessible(Access { scope: Some("read write".to_owned()), ..Access::default() });
    for (form, status, code) in [
        ("grant_type=client_credentials&scope=write+read", 200, None),
        ("grant_type=client_credentials&scope=read", 400, Some("invalid_scope")),
        ("grant_type=client_credentials", 400, Some("invalid_scope")),
        ("grant_type=password&scope=read+write", 400, Some("unsupported_grant_type")),
        ("scope=read+write", 400, Some("invalid_request")),
    ] {
        let (got, answer) = ask_token(&mut cezanne, NOW, form);
        assert_eq!((got, answer["error"].as_str()), (status, code), "{form}");
    }
    let wrong = token_request(FORM).with_header("authorization", &basic("another"));
    let reply = cezanne.handle(NOW, &wrong);
    assert_eq!((reply.status, body(&reply)["error"].clone()), (401, json!("invalid_client")));
    cezanne.change_secret("another");
    assert_eq!(cezanne.handle(NOW, &wrong).status, 200);
    let json = Request::new("POST", TOKEN_PATH).with_header("content-type", "application/json");
    assert_eq!(cezanne.handle(NOW, &json).status, 400);
    assert_eq!(cezanne.handle(NOW, &Request::get(TOKEN_PATH)).status, 405);
}

#[test]
fn when_the_service_users_password_expires_nothing_works_any_more() {
    let mut cezanne = accessible(Access::default());
    let token = cezanne.give_token(NOW);
    cezanne.expire_user(true);
    assert_eq!(use_token(&mut cezanne, NOW, &token), 401);
    let (status, answer) = ask_token(&mut cezanne, NOW, FORM);
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")));
    cezanne.expire_user(false);
    assert_eq!(use_token(&mut cezanne, NOW, &token), 200);
}

#[test]
fn a_token_may_die_after_so_many_calls_or_at_once() {
    let mut cezanne = accessible(Access { calls_max: Some(2), ..Access::default() });
    let token = cezanne.give_token(NOW);
    assert_eq!([0; 3].map(|_: i32| use_token(&mut cezanne, NOW, &token)), [200, 200, 401]);
    let token = cezanne.give_token(NOW);
    cezanne.revoke_tokens();
    assert_eq!(use_token(&mut cezanne, NOW, &token), 401);
}

#[test]
fn a_closed_tenant_shows_a_page_whatever_is_asked() {
    let mut cezanne = staffed(1);
    for status in [403, 503] {
        cezanne.close(Some(status));
        let token = cezanne.handle(NOW, &token_request(FORM));
        assert_eq!((token.status, token.header("content-type")), (status, Some("text/html; charset=utf-8")));
        assert_eq!(get(&mut cezanne, "People('1001')").status, status);
    }
    cezanne.close(None);
    assert_eq!(get(&mut cezanne, "People('1001')").status, 200);
}

#[test]
fn the_paths_are_the_same_in_any_case_and_another_version_is_none() {
    let mut cezanne = staffed(1);
    let anywhere = Request::new("POST", "/CezanneOnDemand/oauth/token");
    assert_ne!(cezanne.handle(NOW, &anywhere).status, 404);
    let shouting = Request::get("/CEZANNEONDEMAND/V7/DataService.svc/People('1001')")
        .with_header("accept", "application/json");
    assert_eq!(send(&mut cezanne, shouting).status, 200);
    let old = Request::get("/cezanneondemand/v1/dataservice.svc/People('1001')");
    assert_eq!(send(&mut cezanne, old).status, 404);
}
