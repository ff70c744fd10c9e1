use adapter_sdk::ErrorKind;
use engine::{Cursor, Page, PageToken, Source, Sweep, Then};
use people::{Candidacy, Timestamp};

use crate::{
    Lever, Settings,
    scripted::{
        DATE_MS, HIRED, Scripted, lever, lever_with, ok, opportunity, page, page_then, settings, status,
        with_header, without_header,
    },
};

const FULL: &str = "/opportunities?archived=true&archive_reason_id=hired";
const CURSOR_MS: i64 = DATE_MS - 15 * 60_000;

fn since(ms: i64) -> Sweep {
    Sweep::Since(Cursor(ms.to_string()))
}

async fn pages(lever: &Lever, sweep: &Sweep) -> Result<Vec<Page>, adapter_sdk::Error> {
    let mut pages: Vec<Page> = Vec::new();
    loop {
        let token = pages.last().map(|page| match &page.then {
            Then::More(token) => token.clone(),
            Then::Done(_) => unreachable!("the sweep is over"),
        });
        pages.push(lever.sweep(sweep, token).await?);
        if let Then::Done(_) = pages.last().unwrap().then {
            return Ok(pages);
        }
    }
}

fn cursor(pages: &[Page]) -> i64 {
    match &pages.last().unwrap().then {
        Then::Done(cursor) => crate::cursor::Seen::read(cursor).unwrap().at(),
        Then::More(_) => panic!("the sweep is not over"),
    }
}

fn ids(pages: &[Page]) -> Vec<&str> {
    pages.iter().flat_map(|page| &page.sightings).map(|sighting| sighting.opportunity.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_full_sweep_asks_for_everybody_hired_for_any_of_the_hired_reasons() {
    let scripted = Scripted::new()
        .on("/archive_reasons?limit=100", [ok(r#"{"data":[{"id":"z z"},{"id":"a","type":"hired"}]}"#)])
        .on(
            "/archive_reasons?type=hired",
            [ok(r#"{"data":[{"id":"z z"},{"id":"a","type":"hired"},{"id":"n","type":"non-hired"}]}"#)],
        )
        .on(
            "/opportunities",
            [page(&[opportunity("o1", "c1", r#""archived":{"reason":"a","archivedAt":5}"#)])],
        );
    let (lever, scripted) = lever(scripted);
    let pages = pages(&lever, &Sweep::Full).await.unwrap();
    assert_eq!(
        scripted.asked(),
        [
            "/archive_reasons?limit=100",
            "/archive_reasons?type=hired&limit=100",
            "/archive_reasons?type=non-hired&limit=100",
            "/opportunities?archived=true&archive_reason_id=a&archive_reason_id=z+z&limit=100",
        ]
    );
    assert_eq!(cursor(&pages), CURSOR_MS);
    let sighting = &pages[0].sightings[0];
    assert_eq!((sighting.opportunity.as_str(), sighting.contact.as_str()), ("o1", "c1"));
    assert_eq!(
        (sighting.candidacy, sighting.hired_at),
        (Candidacy::Hired, Timestamp::from_timestamp_millis(5))
    );
}

#[tokio::test(start_paused = true)]
async fn a_later_sweep_asks_who_was_hired_since_and_then_what_was_touched_since() {
    let scripted = Scripted::new().on("/opportunities", [page(&[])]);
    let (lever, scripted) = lever_with(Settings { confidential: true, ..settings() }, scripted);
    let pages = pages(&lever, &since(17)).await.unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(
        scripted.asked()[1..],
        [
            "/opportunities?archived=true&archive_reason_id=hired&archived_at_start=17&confidentiality=all&limit=100",
            "/opportunities?updated_at_start=17&confidentiality=all&limit=100",
        ]
    );
    assert_eq!(cursor(&pages), CURSOR_MS);
}

#[tokio::test(start_paused = true)]
async fn a_page_token_goes_back_as_it_came_encoded_once_more() {
    let scripted = Scripted::new().on(
        "/opportunities",
        [
            page_then(&[opportunity("o1", "c1", "")], "%5B5%2C1%2C%22a%22%5D"),
            page(&[opportunity("o2", "c2", "")]),
        ],
    );
    let (lever, scripted) = lever(scripted);
    let pages = pages(&lever, &Sweep::Full).await.unwrap();
    assert_eq!(ids(&pages), ["o1", "o2"]);
    assert_eq!(scripted.asked()[2], format!("{FULL}&offset=%255B5%252C1%252C%2522a%2522%255D&limit=100"));
}

#[tokio::test(start_paused = true)]
async fn the_cursor_is_levers_time_at_the_first_answer_of_the_sweep() {
    let late = |answer| with_header(answer, "date", "Sun, 06 Nov 1994 09:49:37 GMT");
    let scripted =
        Scripted::new().on("/opportunities", [page_then(&[], "a"), late(page(&[])), late(page(&[]))]);
    let (lever, _) = lever(scripted);
    assert_eq!(cursor(&pages(&lever, &since(1)).await.unwrap()), CURSOR_MS);
}

#[tokio::test(start_paused = true)]
async fn without_levers_time_the_cursor_stays_and_a_first_sweep_is_an_error() {
    let scripted = Scripted::new().on("/opportunities", [without_header(page(&[]), "date")]);
    let (lever, _) = lever(scripted);
    assert_eq!(cursor(&pages(&lever, &since(17)).await.unwrap()), 17);
    let error = lever.sweep(&Sweep::Full, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lever_takes_no_longer_begins_the_listing_anew_three_times_at_most() {
    let refused = || status(400, r#"{"code":"BadRequest","message":"Invalid offset token"}"#);
    let first = || page_then(&[opportunity("o1", "c1", "")], "t");
    let offset = format!("{FULL}&offset=t");
    let scripted = Scripted::new()
        .on("/opportunities", [first()])
        .on(&offset, [refused(), page(&[opportunity("o2", "c2", "")])]);
    let (healing, _) = lever(scripted);
    assert_eq!(ids(&pages(&healing, &Sweep::Full).await.unwrap()), ["o1", "o1", "o2"]);

    let (stuck, scripted) = lever(Scripted::new().on("/opportunities", [first()]).on(&offset, [refused()]));
    let error = pages(&stuck, &Sweep::Full).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(scripted.asked_like(&offset).len(), 4);
    assert_eq!(scripted.asked_like(&format!("{FULL}&limit")).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_bad_request_without_a_token_is_no_reason_to_begin_anew() {
    let (lever, scripted) = lever(Scripted::new().on("/opportunities", [status(400, "no")]));
    assert!(lever.sweep(&Sweep::Full, None).await.is_err());
    assert_eq!(scripted.asked_like("/opportunities").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_makes_no_sense_is_never_an_empty_page() {
    for nonsense in [
        "",
        "<!doctype html><title>Log in</title>",
        r#"{"data":[{"id":"o1","con"#,
        r#"{"data":null,"hasNext":false}"#,
        r#"{"data":{"id":"o1","contact":"c1"}}"#,
        r#"{"hasNext":false}"#,
        r#"{}"#,
        r#"[]"#,
        r#"null"#,
        r#""data""#,
        r#"{"data":"none"}"#,
        r#"{"data":[],"hasNext":true}"#,
        r#"{"data":[],"hasNext":true,"next":null}"#,
        r#"{"data":[],"hasNext":true,"next":""}"#,
        r#"{"data":[]} {"data":[]}"#,
        r#"{"code":"X","message":"planted"}"#,
    ] {
        let (lever, scripted) = lever(Scripted::new().on("/opportunities", [ok(nonsense)]));
        let error = lever.sweep(&Sweep::Full, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{nonsense}");
        assert!(!error.chain().contains("planted"));
        assert_eq!(scripted.asked_like("/opportunities").len(), 6, "{nonsense}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_makes_no_sense_once_is_asked_for_again() {
    let scripted =
        Scripted::new().on("/opportunities", [ok("<html>"), page(&[opportunity("o1", "c1", HIRED)])]);
    let (lever, _) = lever(scripted);
    assert_eq!(ids(&pages(&lever, &Sweep::Full).await.unwrap()), ["o1"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_page_is_the_last_whatever_its_next_says() {
    for last in [r#"{"data":[],"hasNext":false,"next":"a"}"#, r#"{"data":[],"next":"a"}"#, r#"{"data":[]}"#] {
        let (lever, _) = lever(Scripted::new().on("/opportunities", [ok(last)]));
        assert_eq!(pages(&lever, &Sweep::Full).await.unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_leads_in_a_circle_is_an_error() {
    let (lever, _) = lever(Scripted::new().on("/opportunities", [page_then(&[], "same")]));
    assert_eq!(pages(&lever, &Sweep::Full).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_record_without_id_or_contact_is_one_unreadable_record() {
    let records = [
        opportunity("o1", "c1", HIRED),
        r#"{"contact":"c2"}"#.to_owned(),
        r#"{"id":"o3"}"#.to_owned(),
        r#"{"id":"","contact":"c4"}"#.to_owned(),
        r#"{"id":"o 5","contact":"c5"}"#.to_owned(),
        r#"{"id":["o6"],"contact":"c6"}"#.to_owned(),
        "17".to_owned(),
        "null".to_owned(),
        format!(r#"{{"id":"o7","contact":"c7","deep":{}{}}}"#, "[".repeat(5000), "]".repeat(5000)),
        r#"{"id":"o8","contact":{"id":"c8","name":"expanded"}}"#.to_owned(),
        r#"{"id":9,"contact":"c9","name":{"odd":true},"emails":7,"phones":"1","tags":null,"archived":17}"#
            .to_owned(),
    ];
    let (lever, _) = lever(Scripted::new().on("/opportunities", [page(&records)]));
    let pages = pages(&lever, &Sweep::Full).await.unwrap();
    assert_eq!(ids(&pages), ["o1", "o8", "9"]);
    assert_eq!(pages[0].unreadable, 8);
    assert_eq!(pages[0].sightings[1].contact.as_str(), "c8");
}

#[tokio::test(start_paused = true)]
async fn what_an_opportunity_is_is_said_only_as_far_as_it_was_seen() {
    let records = [
        ("hired", r#""archived":{"reason":"hired","archivedAt":"1000"}"#, Candidacy::Hired),
        ("expanded", r#""archived":{"reason":{"id":"hired"},"archivedAt":1000}"#, Candidacy::Hired),
        ("timeless", r#""archived":{"reason":"hired"}"#, Candidacy::Hired),
        ("closed", r#""archived":{"reason":"other","archivedAt":1000}"#, Candidacy::Closed),
        ("unknown", r#""archived":{"reason":"new","archivedAt":1000}"#, Candidacy::Unclear),
        ("no reason", r#""archived":{"reason":null,"archivedAt":1000}"#, Candidacy::Unclear),
        ("empty", r#""archived":{}"#, Candidacy::Unclear),
        ("odd", r#""archived":true"#, Candidacy::Unclear),
        ("open", r#""archived":null"#, Candidacy::Open),
        ("absent", "", Candidacy::Open),
        (
            "anonymised",
            r#""archived":{"reason":"hired","archivedAt":1},"isAnonymized":true"#,
            Candidacy::Anonymised,
        ),
    ];
    let listed: Vec<String> =
        records.iter().map(|(id, more, _)| opportunity(&id.replace(' ', "-"), "c", more)).collect();
    let (lever, scripted) = lever(Scripted::new().on("/opportunities", [page(&listed)]));
    let sweep = since(1);
    let first = lever.sweep(&sweep, None).await.unwrap();
    for (sighting, (id, _, candidacy)) in first.sightings.iter().zip(records) {
        assert_eq!(sighting.candidacy, candidacy, "{id}");
        let has_time = matches!(id, "hired" | "expanded");
        assert_eq!(sighting.hired_at.is_some(), has_time, "{id}");
    }
    // A reason that nobody knows is looked up, though not more than once a minute.
    assert_eq!(scripted.asked_like("/archive_reasons").len(), 1);
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    lever.sweep(&sweep, None).await.unwrap();
    assert_eq!(scripted.asked_like("/archive_reasons").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reason_made_this_minute_is_learnt_when_it_is_met() {
    let scripted = Scripted::new()
        .on(
            "/archive_reasons?limit=100",
            [
                ok(r#"{"data":[{"id":"hired","type":"hired"}]}"#),
                ok(r#"{"data":[{"id":"hired","type":"hired"},{"id":"new","type":"hired"}]}"#),
            ],
        )
        .on(
            "/opportunities",
            [page(&[]), page(&[opportunity("o1", "c1", r#""archived":{"reason":"new","archivedAt":1}"#)])],
        );
    let (lever, _) = lever(scripted);
    let Then::More(token) = lever.sweep(&since(1), None).await.unwrap().then else { panic!("two listings") };
    tokio::time::advance(std::time::Duration::from_secs(120)).await;
    let page = lever.sweep(&since(1), Some(token)).await.unwrap();
    assert_eq!(page.sightings[0].candidacy, Candidacy::Hired);
}

#[tokio::test(start_paused = true)]
async fn reasons_are_read_at_each_full_sweep_and_otherwise_once_a_day() {
    let (lever, scripted) = lever(Scripted::new().on("/opportunities", [page(&[])]));
    let count = || scripted.asked_like("/archive_reasons").len();
    lever.sweep(&Sweep::Full, None).await.unwrap();
    lever.sweep(&Sweep::Full, None).await.unwrap();
    assert_eq!(count(), 2);
    lever.sweep(&since(1), None).await.unwrap();
    assert_eq!(count(), 2);
    tokio::time::advance(std::time::Duration::from_secs(25 * 3600 + 1)).await;
    lever.sweep(&since(1), None).await.unwrap();
    assert_eq!(count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_new_process_knows_the_reasons_from_the_cursor_and_asks_when_it_meets_another() {
    let (first, _) = lever(Scripted::new().on("/opportunities", [page(&[])]));
    let Then::Done(cursor) = pages(&first, &since(1)).await.unwrap().pop().unwrap().then else { panic!() };

    let (second, scripted) = lever(Scripted::new().on("/opportunities", [page(&[])]));
    pages(&second, &Sweep::Since(cursor.clone())).await.unwrap();
    assert_eq!((scripted.asked_like("/archive_reasons").len(), scripted.asked().len()), (0, 2));
    let surely_none = ["hired", "other", "r-new"].map(|reason| second.is_no_hire(reason));
    assert_eq!(surely_none, [false, true, false], "what is not known is not denied");

    let odd = r#"{"id":"o1","contact":"c1","archived":{"reason":"r-new","archivedAt":1767225600000}}"#;
    let (third, scripted) = lever(Scripted::new().on("/opportunities", [page(&[odd.to_owned()])]));
    pages(&third, &Sweep::Since(cursor)).await.unwrap();
    assert_eq!(scripted.asked_like("/archive_reasons").len(), 1, "at once, and once");
}

#[tokio::test(start_paused = true)]
async fn an_account_without_hired_reasons_is_an_error_that_says_what_to_do() {
    for none in [r#"{"data":[]}"#, r#"{"data":null}"#, r#"[]"#, r#"{"data":[{"id":"n","type":"non-hired"}]}"#]
    {
        let (lever, _) = lever(
            Scripted::new()
                .on("/archive_reasons?limit=100", [ok(none)])
                .on("/archive_reasons?type=hired", [ok(none)]),
        );
        let error = lever.sweep(&Sweep::Full, None).await.unwrap_err();
        assert!(error.chain().contains("make one in Lever"), "{}", error.chain());
    }
}

#[tokio::test(start_paused = true)]
async fn equal_content_is_equal_text_whatever_the_order_and_the_last_look_at_it() {
    let one = r#"{"id":"o1","contact":"c1","tags":["a","b"],"urls":{"show":"s","list":"l"},"lastInteractionAt":1,"snoozedUntil":null,"followers":["x"]}"#;
    let two = r#"{ "urls":{"list":"l","show":"s"}, "followers":[], "tags":["a", "b"], "lastInteractionAt":2, "contact":"c1", "id":"o1" }"#;
    let changed = one.replace(r#""b""#, r#""c""#);
    let (lever, _) =
        lever(Scripted::new().on("/opportunities", [page(&[one.to_owned(), two.to_owned(), changed])]));
    let page = lever.sweep(&Sweep::Full, None).await.unwrap();
    // The repeat was dropped: one and two are the same.
    assert_eq!(page.sightings.len(), 2);
    assert_eq!(
        page.sightings[0].content.reveal(),
        r#"{"contact":"c1","id":"o1","tags":["a","b"],"urls":{"list":"l","show":"s"}}"#
    );
    assert_ne!(page.sightings[0].content, page.sightings[1].content);
}

#[tokio::test(start_paused = true)]
async fn a_confidential_record_is_seen_only_when_that_is_configured() {
    let record = opportunity("o1", "c1", r#""confidentiality":"confidential""#);
    let open = opportunity("o2", "c1", r#""confidentiality":"non-confidential""#);
    for (confidential, seen) in [(false, vec!["o2"]), (true, vec!["o1", "o2"])] {
        let scripted = Scripted::new().on("/opportunities", [page(&[record.clone(), open.clone()])]);
        let (lever, _) = lever_with(Settings { confidential, ..settings() }, scripted);
        assert_eq!(ids(&pages(&lever, &Sweep::Full).await.unwrap()), seen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_too_long_is_asked_for_in_smaller_pieces() {
    let scripted = Scripted::new()
        .on(&format!("{FULL}&limit=100"), [Err(http::Failure::TooLong)])
        .on(&format!("{FULL}&limit=50"), [Err(http::Failure::TooLong)])
        .on(&format!("{FULL}&limit=25"), [page(&[opportunity("o1", "c1", "")])]);
    let (first, asked) = lever(scripted);
    assert_eq!(ids(&pages(&first, &Sweep::Full).await.unwrap()), ["o1"]);
    assert_eq!(asked.asked_like(FULL), ["100", "50", "25"].map(|size| format!("{FULL}&limit={size}")));

    // One that never ends costs one attempt of each size.
    let (lever, scripted) = lever(Scripted::new().on("/opportunities", [Err(http::Failure::TooLong)]));
    assert_eq!(lever.sweep(&Sweep::Full, None).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let sizes = ["100", "50", "25", "12", "6", "3", "1"].map(|size| format!("{FULL}&limit={size}"));
    assert_eq!(scripted.asked_like("/opportunities"), sizes);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_or_token_that_is_not_ours_is_refused_before_anything_is_asked() {
    let (lever, scripted) = lever(Scripted::new());
    let odd = Sweep::Since(Cursor("1767225600s".to_owned()));
    assert_eq!(lever.sweep(&odd, None).await.unwrap_err().kind(), ErrorKind::Unexpected);
    let token = Some(PageToken("%5B1%5D".to_owned()));
    assert_eq!(lever.sweep(&Sweep::Full, token).await.unwrap_err().kind(), ErrorKind::Unexpected);
    assert!(scripted.asked().is_empty());
}
