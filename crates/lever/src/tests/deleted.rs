use adapter_sdk::ErrorKind;
use engine::{Cursor, Source};
use people::OpportunityId;

use crate::{
    Lever,
    scripted::{DATE_MS, Scripted, lever, ok, page, page_then, status, with_header, without_header},
};

/// The end of the last window: a minute after the time that Lever said.
const NOW_MS: i64 = DATE_MS + 60_000;
const DAY_MS: i64 = 24 * 3600 * 1000;

fn ago(days: i64) -> Cursor {
    Cursor((DATE_MS - days * DAY_MS).to_string())
}

fn window(start: i64, end: i64) -> String {
    format!("/opportunities/deleted?deleted_at_start={start}&deleted_at_end={end}")
}

fn id(id: &str) -> String {
    format!(r#"{{"id":"{id}"}}"#)
}

async fn deleted(lever: &Lever, since: &Cursor) -> Vec<String> {
    lever.deleted(since).await.unwrap().opportunities.iter().map(OpportunityId::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn an_idle_question_is_one_request_up_to_levers_time() {
    let (lever, scripted) = lever(Scripted::new().on("/opportunities/deleted", [page(&[])]));
    // Nothing was asked before, so Lever's time has to be learnt first.
    assert_eq!(deleted(&lever, &ago(1)).await, [""; 0]);
    assert_eq!(scripted.asked_like("/archive_reasons").len(), 1);
    let before = scripted.asked().len();
    let next = lever.deleted(&ago(1)).await.unwrap().cursor;
    assert_eq!(scripted.asked()[before..], [format!("{}&limit=100", window(DATE_MS - DAY_MS, NOW_MS))]);
    assert_eq!(next, Cursor((DATE_MS - 15 * 60_000).to_string()));
}

#[tokio::test(start_paused = true)]
async fn a_long_time_is_asked_for_in_windows_of_thirty_days_that_meet() {
    let (start, month) = (DATE_MS - 70 * DAY_MS, 30 * DAY_MS);
    let scripted = Scripted::new()
        .on(&window(start, start + month), [page(&[id("o1")])])
        .on(&window(start + month, start + 2 * month), [page(&[id("o1"), id("o2")])])
        .on(&window(start + 2 * month, NOW_MS), [page(&[])]);
    let (lever, scripted) = lever(scripted);
    assert_eq!(deleted(&lever, &ago(70)).await, ["o1", "o2"]);
    assert_eq!(scripted.asked_like("/opportunities/deleted").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read_and_of_a_record_only_its_id() {
    let odd = [
        id("o1"),
        r#"{"id":"o2","deletedAt":"odd","deletedBy":{"id":[]},"contact":7}"#.to_owned(),
        r#"{"deletedAt":1}"#.to_owned(),
        "17".to_owned(),
    ];
    let first = window(DATE_MS - DAY_MS, NOW_MS);
    let scripted = Scripted::new()
        .on(&first, [page_then(&odd, "n")])
        .on(&format!("{first}&offset=n"), [page(&[id("o3")])]);
    let (lever, _) = lever(scripted);
    assert_eq!(deleted(&lever, &ago(1)).await, ["o1", "o2", "o3"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lever_takes_no_longer_begins_its_window_anew_three_times_at_most() {
    let first = window(DATE_MS - DAY_MS, NOW_MS);
    let offset = format!("{first}&offset=n");
    let scripted = || Scripted::new().on(&first, [page_then(&[id("o1")], "n")]);
    let (healing, _) = lever(scripted().on(&offset, [status(400, "{}"), page(&[id("o2")])]));
    assert_eq!(deleted(&healing, &ago(1)).await, ["o1", "o2"]);

    let (stuck, scripted) = lever(scripted().on(&offset, [status(400, "{}")]));
    assert_eq!(stuck.deleted(&ago(1)).await.unwrap_err().kind(), ErrorKind::Unexpected);
    assert_eq!(scripted.asked_like(&offset).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_or_an_answer_that_makes_no_sense_is_an_error_and_never_nobody() {
    for (answer, kind) in [
        (status(403, "{}"), ErrorKind::Unauthorized),
        (status(404, "{}"), ErrorKind::ConfigInvalid),
        (status(503, "{}"), ErrorKind::Unavailable),
        (ok(r#"{"data":null}"#), ErrorKind::Unavailable),
        (ok("<html>"), ErrorKind::Unavailable),
    ] {
        let (lever, _) = lever(Scripted::new().on("/opportunities/deleted", [answer]));
        assert_eq!(lever.deleted(&ago(1)).await.unwrap_err().kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_ahead_of_lever_goes_back_and_one_of_another_age_is_refused() {
    let (lever, scripted) = lever(Scripted::new().on("/opportunities/deleted", [page(&[])]));
    let ahead = lever.deleted(&ago(-3)).await.unwrap();
    assert_eq!(ahead.cursor, Cursor((DATE_MS - 15 * 60_000).to_string()));
    assert_eq!(scripted.asked_like(&window(DATE_MS, NOW_MS)).len(), 1);
    for odd in [i64::MIN.to_string(), "-1000000000000".to_owned(), "soon".to_owned()] {
        let error = lever.deleted(&Cursor(odd)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
    }
    assert_eq!(scripted.asked_like("/opportunities/deleted").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_levers_time_nothing_is_asked() {
    let reasons = ok(r#"{"data":[{"id":"hired","type":"hired"},{"id":"other","type":"non-hired"}]}"#);
    let (lever, scripted) =
        lever(Scripted::new().on("/archive_reasons?limit=100", [without_header(reasons, "date")]));
    assert_eq!(lever.deleted(&ago(1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(scripted.asked_like("/opportunities").is_empty());
}

#[tokio::test(start_paused = true)]
async fn levers_time_is_that_of_its_last_answer() {
    let later = "Mon, 07 Nov 1994 08:49:37 GMT";
    let scripted = Scripted::new().on("/opportunities/deleted", [with_header(page(&[]), "date", later)]);
    let (lever, scripted) = lever(scripted);
    lever.deleted(&ago(1)).await.unwrap();
    lever.deleted(&ago(1)).await.unwrap();
    assert_eq!(scripted.asked_like(&window(DATE_MS - DAY_MS, NOW_MS + DAY_MS)).len(), 1);
}
