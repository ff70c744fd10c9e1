use std::time::Duration;

use adapter_sdk::{Error, ErrorKind, Next};
use engine::{Source, Sweep};
use http::Failure;
use people::Pii;
use tokio::time::Instant;

use crate::scripted::{Answer, Scripted, lever, page, status, with_header};

async fn outcome(answers: Vec<Answer>) -> (Result<(), Error>, usize, Duration) {
    let (lever, scripted) = lever(Scripted::new().on("/opportunities", answers));
    let began = Instant::now();
    let outcome = lever.sweep(&Sweep::Full, None).await;
    (outcome.map(drop), scripted.asked_like("/opportunities").len(), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn each_fault_is_repeated_as_often_as_that_can_help() {
    let redirect = |to: &str| with_header(status(301, ""), "location", to);
    for (answer, attempts, kind) in [
        (status(401, "{}"), 1, ErrorKind::Unauthorized),
        (status(403, "{}"), 1, ErrorKind::Unauthorized),
        (status(404, "{}"), 1, ErrorKind::ConfigInvalid),
        (status(400, "{}"), 1, ErrorKind::Unexpected),
        (status(418, "{}"), 1, ErrorKind::Unexpected),
        (status(429, "{}"), 6, ErrorKind::RateLimited),
        (status(500, "{}"), 6, ErrorKind::Unavailable),
        (status(503, "{}"), 6, ErrorKind::Unavailable),
        (status(408, "{}"), 6, ErrorKind::Unavailable),
        (status(204, ""), 6, ErrorKind::Unavailable),
        (Err(Failure::Unanswered("reset".to_owned())), 6, ErrorKind::Unavailable),
        (Err(Failure::NotSent("no such host".to_owned())), 3, ErrorKind::Unavailable),
        (redirect("https://evil.example.com/v1/opportunities?token=planted"), 1, ErrorKind::ConfigInvalid),
        (redirect("http://api.lever.co/v1/opportunities"), 1, ErrorKind::ConfigInvalid),
        (redirect("https://api.lever.co:444/v1/opportunities"), 1, ErrorKind::ConfigInvalid),
        (redirect("https://user:pw@api.lever.co/v1/x"), 1, ErrorKind::ConfigInvalid),
        (redirect("//evil.example.com/"), 1, ErrorKind::ConfigInvalid),
        (status(302, ""), 1, ErrorKind::Unexpected),
    ] {
        let text = format!("{answer:?}");
        let (outcome, asked, _) = outcome(vec![answer]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), asked), (kind, attempts), "{text}");
        let retries = matches!(error.next(), Next::Retry { .. });
        assert_eq!(retries, matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable), "{text}");
        assert!(!error.chain().contains("planted") && !error.chain().contains("a2V5"), "{}", error.chain());
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_passes_is_not_noticed_above() {
    let faults = vec![
        status(503, ""),
        Err(Failure::Unanswered("reset".to_owned())),
        status(429, ""),
        status(200, "<html>"),
        status(500, ""),
        page(&[]),
    ];
    let (outcome, asked, _) = outcome(faults).await;
    outcome.unwrap();
    assert_eq!(asked, 6);
}

#[tokio::test(start_paused = true)]
async fn a_wished_pause_is_kept_and_capped() {
    for (wished, least, most) in [("20", 20, 25), ("Sun, 06 Nov 1994 08:49:57 GMT", 20, 25), ("7200", 60, 65)]
    {
        let (outcome, _, took) =
            outcome(vec![with_header(status(429, ""), "retry-after", wished), page(&[])]).await;
        outcome.unwrap();
        assert!((least..most).contains(&took.as_secs()), "{wished}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_within_the_host_is_followed_once() {
    let hop = |to: &str| with_header(status(307, ""), "location", to);
    let scripted =
        Scripted::new().on("/opportunities", [hop("/v1/elsewhere?x=1")]).on("/elsewhere", [page(&[])]);
    let (followed, asked) = lever(scripted);
    followed.sweep(&Sweep::Full, None).await.unwrap();
    assert_eq!(asked.asked().last().map(String::as_str), Some("/elsewhere?x=1"));

    let scripted = Scripted::new()
        .on("/opportunities", [hop("/v1/elsewhere")])
        .on("/elsewhere", [hop("/v1/opportunities")]);
    let (circle, asked) = lever(scripted);
    assert_eq!(circle.sweep(&Sweep::Full, None).await.unwrap_err().kind(), ErrorKind::ConfigInvalid);
    assert_eq!(asked.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn too_many_requests_are_counted_and_halve_the_pace() {
    let scripted =
        Scripted::new().on("/opportunities", [status(429, ""), page(&[])]).on("/contacts", [status(404, "")]);
    let (lever, scripted) = lever(scripted);
    lever.sweep(&Sweep::Full, None).await.unwrap();
    assert_eq!((lever.usage().requests, lever.usage().refused), (3, 1));
    assert_eq!(lever.requests_by_path()["/opportunities"], 2);
    let begin = scripted.asked().len();
    let who: Vec<engine::Whom> = (0..8)
        .map(|at| engine::Whom { contact: format!("c{at}").parse().unwrap(), known: Vec::new() })
        .collect();
    // Eight contacts that are not in the listing are looked for at once, as fast as the pace allows.
    lever.read(&who).await.unwrap();
    let at = scripted.asked_at();
    assert_eq!(at.len() - begin, 1 + 8 + 8);
    for pair in at[begin..].windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_millis(199), "9 a second, halved");
    }
}

#[tokio::test(start_paused = true)]
async fn no_error_and_no_debug_text_holds_what_was_typed_or_the_key() {
    let scripted =
        Scripted::new().on("/opportunities?email=", [status(500, r#"{"message":"planted@example.com"}"#)]);
    let (lever, _) = lever(scripted);
    let error = lever.resolve(&Pii::new("planted@example.com".to_owned())).await.unwrap_err();
    let text = format!("{error:?} {} {:?} {:?}", error.chain(), lever.settings, lever.requests_by_path());
    assert!(!text.contains("planted") && !text.contains("a2V5"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_difference_of_the_clocks_is_that_of_levers_last_answer_whatever_it_is() {
    for (date, seconds) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400),
        ("Sat, 05 Nov 1994 08:49:37 GMT", -86_400),
        ("Sat, 05 Nov 1994 09:49:37 +0100", -86_400),
    ] {
        let earlier = with_header(status(503, ""), "date", "Tue, 01 Nov 1994 00:00:00 GMT");
        let last = with_header(page(&[]), "date", date);
        let (lever, _) = lever(Scripted::new().on("/opportunities", [earlier, last]));
        assert_eq!(lever.usage().skew_seconds, 0);
        lever.sweep(&Sweep::Full, None).await.unwrap();
        assert_eq!(lever.usage().skew_seconds, seconds, "{date}");
    }
}
