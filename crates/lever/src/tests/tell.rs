use adapter_sdk::{Error, ErrorKind};
use engine::{News, Source, Sweep, Whom};
use http::Failure;
use serde_json::{Value, json};

use crate::{
    Lever, LinkPattern, Own, Settings,
    scripted::{
        Answer, HIRED, Scripted, lever, lever_with, ok, opportunity, page, page_then, settings, status,
        with_header,
    },
    tests::read::{person, reading},
};

const LIST: &str = "/opportunities?contact_id=c1&archived=true&archive_reason_id=hired";
const LINK: &str = "https://hr.example/p/17";

fn news(hires: &[&str]) -> News {
    News {
        contact: "c0".parse().unwrap(),
        hires: hires.iter().map(|id| id.parse().unwrap()).collect(),
        tag: Some("in HR".to_owned()),
        link: Some(LINK.to_owned()),
        note: Some("Record 17".to_owned()),
    }
}

fn note(text: &str) -> String {
    json!({"id": "n1", "text": "Note", "fields": [{"type": "note", "value": text}]}).to_string()
}

/// One hire of c1, o1, that carries nothing yet.
fn bare() -> Scripted {
    let hire = || opportunity("o1", "c1", HIRED);
    Scripted::new()
        .on("/opportunities/o1?", [ok(format!(r#"{{"data":{}}}"#, hire()))])
        .on(LIST, [page(&[hire()])])
        .on("/opportunities/o1/notes", [page(&[])])
        .on("POST /opportunities/o1/", [status(201, r#"{"data":{"id":"o1","name":""}}"#)])
}

async fn told(lever: &Lever, news: &News) -> Result<Vec<String>, Error> {
    Ok(lever.tell(news).await?.iter().map(ToString::to_string).collect())
}

fn written(scripted: &Scripted) -> Vec<String> {
    scripted.written().into_iter().map(|(target, _)| target).collect()
}

#[tokio::test(start_paused = true)]
async fn a_hire_is_told_in_six_requests_and_each_thing_is_written_once() {
    let perform_as = Some("u 7".to_owned());
    let (lever, scripted) = lever_with(Settings { perform_as, ..settings() }, bare());
    assert_eq!(told(&lever, &news(&["o1"])).await.unwrap(), ["o1"]);
    assert_eq!(
        scripted.asked(),
        [
            "/opportunities/o1?expand=applications".to_owned(),
            "/archive_reasons?limit=100".to_owned(),
            format!("{LIST}&limit=100"),
            "POST /opportunities/o1/addTags?perform_as=u+7".to_owned(),
            "POST /opportunities/o1/addLinks?perform_as=u+7".to_owned(),
            "/opportunities/o1/notes?limit=100".to_owned(),
            "POST /opportunities/o1/notes?perform_as=u+7".to_owned(),
        ]
    );
    let bodies: Vec<Value> = scripted.written().into_iter().map(|(_, body)| body).collect();
    let wanted = [
        json!({"tags": ["in HR"]}),
        json!({"links": [LINK]}),
        json!({"value": "Record 17", "secret": false}),
    ];
    assert_eq!(bodies, wanted);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_already_is_not_written_again() {
    let carrying = format!(r#"{HIRED},"tags":["x"," in HR "],"links":["{LINK}"]"#);
    let scripted = bare()
        .on(LIST, [page(&[opportunity("o1", "c1", &carrying)])])
        .on("/opportunities/o1/notes", [page_then(&[note("another")], "n")])
        .on("/opportunities/o1/notes?offset=n", [page(&[note("Record 17")])]);
    let (lever, scripted) = lever(scripted);
    assert_eq!(told(&lever, &news(&["o1"])).await.unwrap(), ["o1"]);
    assert!(scripted.written().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_looked_for_that_is_not_to_be_told() {
    let (lever, scripted) = lever(bare());
    let nothing = News { tag: None, link: None, note: None, ..news(&["o1"]) };
    assert_eq!(told(&lever, &nothing).await.unwrap(), ["o1"]);
    assert_eq!(scripted.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_note_counts_only_as_exactly_that_text() {
    for (listed, writes) in [("Record 171", 1), ("record 17", 1), ("", 1), ("Record 17\n", 0)] {
        let (lever, scripted) = lever(bare().on("/opportunities/o1/notes", [page(&[note(listed)])]));
        let only = News { tag: None, link: None, ..news(&["o1"]) };
        assert_eq!(told(&lever, &only).await.unwrap(), ["o1"]);
        assert_eq!(scripted.written().len(), writes, "{listed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_is_named_and_a_hire_now_is_told() {
    let records = [
        opportunity("o1", "c1", HIRED),
        opportunity("o2", "c1", HIRED),
        opportunity("o3", "c1", r#""archived":null"#),
        opportunity("o4", "c1", r#""archived":{"reason":"other","archivedAt":1}"#),
        opportunity("o5", "c1", &format!(r#"{HIRED},"isAnonymized":true"#)),
        opportunity("o6", "c1", &format!(r#"{HIRED},"confidentiality":"confidential""#)),
        opportunity("o7", "c1", HIRED),
        r#"{"id":"o8"}"#.to_owned(),
    ];
    let scripted = bare()
        .on(LIST, [page_then(&records, "n")])
        .on(&format!("{LIST}&offset=n"), [page(&[opportunity("o1", "c1", HIRED)])])
        .on("/opportunities/o2/notes", [page(&[])])
        .on("POST /opportunities/o2/", [status(201, "")]);
    let (lever, scripted) = lever(scripted);
    let named = news(&["o1", "o2", "o3", "o4", "o5", "o6"]);
    assert_eq!(told(&lever, &named).await.unwrap(), ["o1", "o2"]);
    // The link is the contact's, and is written once.
    let wanted = ["o1/addTags", "o1/addLinks", "o1/notes", "o2/addTags", "o2/notes"];
    assert_eq!(written(&scripted), wanted.map(|path| format!("POST /opportunities/{path}")));
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_was_merged_is_found_by_the_first_hire_that_is_still_there() {
    let (merged, scripted) = lever(bare().on("/opportunities/o0", [status(404, "{}")]));
    assert_eq!(told(&merged, &news(&["o0", "o1"])).await.unwrap(), ["o1"]);
    assert!(scripted.asked_like("/opportunities?contact_id=c0").is_empty());

    let gone = Scripted::new()
        .on("/opportunities/o0", [status(404, "{}")])
        .on("/opportunities?contact_id=c0", [page(&[])]);
    let (lever, _) = lever(gone);
    assert_eq!(told(&lever, &news(&["o0"])).await.unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_surely_was_not_done_is_repeated() {
    for refused in [status(429, "{}"), Err(Failure::NotSent("no such host".to_owned()))] {
        let scripted = bare().on("POST /opportunities/o1/addTags", [refused, status(200, "")]);
        let (lever, scripted) = lever(scripted);
        assert_eq!(told(&lever, &news(&["o1"])).await.unwrap(), ["o1"]);
        assert_eq!(scripted.asked_like("POST /opportunities/o1/addTags").len(), 2);
        // Nobody looked in between: only the record itself was read before anything was written.
        assert_eq!(scripted.asked_like("/opportunities/o1?").len(), 1);
    }
}

fn unknown() -> Vec<Answer> {
    vec![
        Err(Failure::Unanswered("reset".to_owned())),
        Err(Failure::TooLong),
        status(500, ""),
        status(503, ""),
        status(408, ""),
        status(200, "<html>"),
    ]
}

#[tokio::test(start_paused = true)]
async fn after_an_unknown_outcome_somebody_looks_before_it_is_written_again() {
    for lost in unknown() {
        let one = |more: &str| ok(format!(r#"{{"data":{}}}"#, opportunity("o1", "c1", more)));
        let without = || one(HIRED);
        let with = || one(&format!(r#"{HIRED},"tags":["in HR"]"#));
        for (looks, writes) in [([without(), with()], 1), ([without(), without()], 2)] {
            let scripted = bare()
                .on("/opportunities/o1?", looks)
                .on("POST /opportunities/o1/addTags", [lost.clone(), status(200, "")]);
            let (lever, scripted) = lever(scripted);
            let only = News { link: None, note: None, ..news(&["o1"]) };
            assert_eq!(told(&lever, &only).await.unwrap(), ["o1"]);
            assert_eq!(written(&scripted).len(), writes, "{lost:?}");
        }

        // A note that nobody sees is not written again in the same breath: it may only be late.
        let only = News { tag: None, link: None, ..news(&["o1"]) };
        for (seen, outcome) in [(page(&[note("Record 17")]), Ok(1)), (page(&[]), Err(ErrorKind::Unavailable))]
        {
            let scripted = bare()
                .on("/opportunities/o1/notes", [page(&[]), seen])
                .on("POST /opportunities/o1/notes", [lost.clone()]);
            let (lever, scripted) = lever(scripted);
            let told = told(&lever, &only).await.map(|told| told.len());
            assert_eq!(told.map_err(|error| error.kind()), outcome, "{lost:?}");
            assert_eq!(written(&scripted).len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_whose_outcome_stays_unknown_is_given_up_after_three_attempts() {
    let scripted = bare().on("POST /opportunities/o1/addTags", [status(503, "")]);
    let (lever, scripted) = lever(scripted);
    let error = told(&lever, &news(&["o1"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("writing /opportunities/:id/addTags"), "{error}");
    assert_eq!(written(&scripted).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_of_a_write_is_never_followed() {
    for to in ["/v1/elsewhere", "https://evil.example.com/"] {
        let scripted =
            bare().on("POST /opportunities/o1/addTags", [with_header(status(307, ""), "location", to)]);
        let (lever, scripted) = lever(scripted);
        assert_eq!(told(&lever, &news(&["o1"])).await.unwrap_err().kind(), ErrorKind::Unexpected);
        assert_eq!(written(&scripted).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named_and_one_refusal_costs_only_its_hire() {
    for (path, permission) in [
        ("POST /opportunities/o1/addTags", "opportunities:write:admin"),
        ("POST /opportunities/o1/notes", "notes:write:admin"),
        ("/opportunities/o1/notes", "notes:read:admin"),
    ] {
        let (lever, _) = lever(bare().on(path, [status(403, "{}")]));
        let error = told(&lever, &news(&["o1"])).await.unwrap_err();
        assert!(error.to_string().contains(permission), "{error}");
    }
    let scripted = bare()
        .on(LIST, [page(&[opportunity("o1", "c1", HIRED), opportunity("o2", "c1", HIRED)])])
        .on("/opportunities/o2/notes", [page(&[])])
        .on("POST /opportunities/o2/", [status(403, "{}")]);
    let (lever, _) = lever(scripted);
    assert_eq!(told(&lever, &news(&["o1", "o2"])).await.unwrap(), ["o1"]);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_may_not_write_is_pointed_to() {
    let (lever, _) = lever(bare().on("POST /opportunities/o1/", [status(400, "planted")]));
    let error = told(&lever, &news(&["o1"])).await.unwrap_err();
    assert!(error.chain().contains("lever.perform_as") && !error.chain().contains("planted"), "{error}");
}

fn ours() -> Settings {
    let own = Own {
        tags: vec!["in HR".to_owned()],
        links: vec![LinkPattern::new("https://hr.example/p/{record}")],
        notes: false,
    };
    Settings { own, ..settings() }
}

#[tokio::test(start_paused = true)]
async fn what_we_wrote_ourselves_is_no_part_of_a_person_and_no_news() {
    let before = format!(r#"{HIRED},"tags":["x"],"links":["linkedin.com/in/x"]"#);
    let after = format!(r#"{HIRED},"tags":["x","in HR"],"links":["{LINK}","linkedin.com/in/x"]"#);
    let mut contents = Vec::new();
    for more in [before, after] {
        let record = opportunity("o1", "c1", &more);
        let scripted = Scripted::new().on("/opportunities", [page(&[record])]);
        let (lever, _) = lever_with(ours(), scripted);
        let person = person(reading(&lever, "c1", &[]).await);
        assert_eq!(person.hires["o1"].tags, ["x"]);
        let links: Vec<&str> = person.links.iter().map(|link| link.reveal().as_str()).collect();
        assert_eq!(links, ["linkedin.com/in/x"]);
        contents.push(lever.sweep(&Sweep::Full, None).await.unwrap().sightings[0].content.clone());
    }
    assert_eq!(contents[0], contents[1]);

    let (lever, _) = lever_with(
        ours(),
        Scripted::new()
            .on("/opportunities", [page(&[])])
            .on("/contacts/c1", [ok(format!(r#"{{"data":{{"id":"c1","links":["{LINK}","y"]}}}}"#))]),
    );
    let whom = Whom { contact: "c1".parse().unwrap(), known: Vec::new() };
    let (_, alone) = lever.read(&[whom]).await.unwrap().pop().unwrap();
    assert_eq!(person(alone).links.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_ours_is_seen_where_it_is_to_be_written() {
    // What is left out of a person must still be found by whoever looks for it.
    let carrying = format!(r#"{HIRED},"tags":["in HR"],"links":["{LINK}"]"#);
    let (lever, scripted) =
        lever_with(ours(), bare().on(LIST, [page(&[opportunity("o1", "c1", &carrying)])]));
    let news = News { note: None, ..news(&["o1"]) };
    assert_eq!(told(&lever, &news).await.unwrap(), ["o1"]);
    assert!(scripted.written().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_only_asks_writes_nothing_and_keeps_to_the_same_pace() {
    let (lever, scripted) = lever(bare().on("/webhooks", [page(&[])]));
    let asking = lever.asking_only();
    assert_eq!(told(&asking, &news(&["o1"])).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(written(&scripted), Vec::<String>::new());
    let before = scripted.asked_at().len();
    for _ in 0..10 {
        let (one, other) = tokio::join!(lever.webhooks(), asking.webhooks());
        assert!(one.is_ok() && other.is_ok());
    }
    let starts = scripted.asked_at().split_off(before);
    assert_eq!(starts.len(), 20);
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= std::time::Duration::from_millis(99)));
    assert_eq!(lever.usage().requests, asking.usage().requests);
}
