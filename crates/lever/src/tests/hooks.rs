use adapter_sdk::{ErrorKind, Next};
use http::Failure;
use serde_json::json;

use crate::{
    Hook,
    scripted::{Scripted, lever, ok, page, page_then, status},
};

const URL: &str = "https://hooks.example/lever";

#[tokio::test(start_paused = true)]
async fn webhooks_are_listed_to_the_last_page() {
    let hook =
        |id: &str| format!(r#"{{"id":"{id}","url":"{URL}","event":"candidateHired","configuration":{{}}}}"#);
    let scripted = Scripted::new()
        .on("/webhooks", [page_then(&[hook("h1")], "n")])
        .on("/webhooks?offset=n", [ok(format!(r#"{{"data":[{}]}}"#, hook("h2")))]);
    let (lever, _) = lever(scripted);
    let hooks = lever.webhooks().await.unwrap();
    let wanted = ["h1", "h2"].map(|id| Hook {
        id: id.to_owned(),
        url: URL.to_owned(),
        event: "candidateHired".to_owned(),
    });
    assert_eq!(hooks, wanted);
}

#[tokio::test(start_paused = true)]
async fn a_new_webhook_comes_with_its_token_in_either_envelope() {
    let made = r#"{"id":"h1","configuration":{"signatureToken":"planted-token"}}"#;
    for answer in [format!(r#"{{"data":{made}}}"#), format!(r#"{{"data":{{"data":{made}}}}}"#)] {
        let (lever, scripted) = lever(Scripted::new().on("POST /webhooks", [status(201, answer)]));
        let hook = lever.create_webhook(URL, "candidateHired").await.unwrap();
        assert_eq!((hook.id.as_str(), hook.token.reveal()), ("h1", "planted-token"));
        assert!(!format!("{hook:?}").contains("planted"));
        let body = json!({"url": URL, "event": "candidateHired"});
        assert_eq!(scripted.written(), [("POST /webhooks".to_owned(), body)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_came_without_a_token_is_removed_again() {
    let scripted = Scripted::new()
        .on("POST /webhooks", [status(201, r#"{"data":{"id":"h1","configuration":{}}}"#)])
        .on("DELETE /webhooks/h1", [status(204, "")]);
    let (lever, scripted) = lever(scripted);
    assert_eq!(lever.create_webhook(URL, "x").await.unwrap_err().kind(), ErrorKind::Unexpected);
    assert_eq!(scripted.asked_like("DELETE /webhooks/h1").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_is_made_by_one_request_whatever_comes_of_it() {
    for (answer, is_unknown) in [
        (status(503, ""), true),
        (Err(Failure::Unanswered("reset".to_owned())), true),
        (status(201, "planted"), true),
        (status(201, r#"{"data":{"configuration":{"signatureToken":"planted"}}}"#), true),
        (status(400, "planted"), false),
        (status(403, "planted"), false),
    ] {
        let (lever, scripted) = lever(Scripted::new().on("POST /webhooks", [answer]));
        let error = lever.create_webhook(URL, "x").await.unwrap_err();
        assert_eq!(error.next() == Next::FindFirst, is_unknown, "{error}");
        assert!(!error.chain().contains("planted"));
        assert_eq!(scripted.written().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn removing_is_repeated_and_what_is_gone_is_gone() {
    for (answers, outcome) in [
        (vec![status(204, "")], Ok(true)),
        (vec![status(404, "{}")], Ok(false)),
        (vec![status(503, ""), status(204, "")], Ok(true)),
        (vec![Err(Failure::Unanswered("reset".to_owned())), status(404, "{}")], Ok(true)),
        (vec![status(503, "")], Err(ErrorKind::Unavailable)),
        (vec![status(403, "{}")], Err(ErrorKind::Unauthorized)),
    ] {
        let (lever, _) = lever(Scripted::new().on("DELETE /webhooks/h1", answers));
        assert_eq!(lever.delete_webhook("h1").await.map_err(|error| error.kind()), outcome);
    }
    let (lever, scripted) = lever(Scripted::new());
    assert!(lever.delete_webhook("..").await.is_err());
    assert!(scripted.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_list_of_webhooks_that_makes_no_sense_is_never_an_empty_one() {
    for (answer, kind) in [
        (ok("<html>"), ErrorKind::Unavailable),
        (ok(r#"{"data":[{"id":"h1","event":"x"}]}"#), ErrorKind::Unavailable),
        (page(&["17".to_owned()]), ErrorKind::Unavailable),
        (status(403, "{}"), ErrorKind::Unauthorized),
    ] {
        let (lever, _) = lever(Scripted::new().on("/webhooks", [answer]));
        assert_eq!(lever.webhooks().await.unwrap_err().kind(), kind);
    }
}
