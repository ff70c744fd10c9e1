use adapter_sdk::{ErrorKind, Finding};
use engine::{Needs, Source};
use people::Pii;

use crate::{
    Lever, Own, Settings,
    scripted::{
        ALL, HIRED, Scripted, lever, lever_with, ok, opportunity, page, settings, status, with_header,
    },
};

fn healthy() -> Scripted {
    Scripted::new()
        .on("/opportunities?archived", [page(&[opportunity("o1", "c1", HIRED)])])
        .on("/opportunities/o1/offers", [page(&[])])
        .on("/opportunities/o1/forms", [page(&[])])
        .on("/contacts/c1", [ok(r#"{"data":{"id":"c1"}}"#)])
        .on("/postings", [page(&[])])
        .on("/requisitions", [page(&[])])
        .on("/users", [page(&[])])
}

async fn warnings(lever: &Lever) -> Vec<String> {
    let findings = lever.check().await.unwrap().findings;
    findings
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Warning { what, remedy } => Some(format!("{what}; {remedy}")),
            Finding::Good { .. } => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_healthy_account_gives_no_warnings_and_is_only_read() {
    let (lever, scripted) = lever(healthy());
    assert_eq!(warnings(&lever).await, Vec::<String>::new());
    assert_eq!(
        scripted.asked()[1..],
        [
            "/opportunities?archived=true&archive_reason_id=hired&expand=applications&limit=100",
            "/contacts/c1",
            "/opportunities/o1/offers?limit=1",
            "/opportunities/o1/forms?limit=1",
            "/postings?limit=1",
            "/requisitions?limit=1",
            "/users?limit=1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_nobody_mapped_is_not_even_checked() {
    let (lever, scripted) = lever_with(Settings { needs: Needs::default(), ..settings() }, healthy());
    assert!(warnings(&lever).await.is_empty());
    assert_eq!(scripted.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn forms_and_requisitions_are_checked_exactly_when_something_is_mapped_from_them() {
    for (forms, requisitions, requisition_details) in
        [(true, false, false), (false, true, false), (false, false, true), (false, true, true)]
    {
        let needs = Needs { forms, requisitions, requisition_details, ..Needs::default() };
        let refused = |path| healthy().on(path, [status(403, "{}")]);
        let (lever, scripted) =
            lever_with(Settings { needs, ..settings() }, refused("/opportunities/o1/forms"));
        let said = warnings(&lever).await.join("\n");
        assert_eq!(said.contains("profile forms") && said.contains("forms:read:admin"), forms, "{said}");
        assert_eq!(scripted.asked_like("/opportunities/o1/forms").len(), usize::from(forms));
        assert_eq!(scripted.asked_like("/requisitions").len(), usize::from(!forms), "{needs:?}");

        let (lever, _) = lever_with(Settings { needs, ..settings() }, refused("/requisitions"));
        let said = warnings(&lever).await.join("\n");
        assert_eq!(said.contains("requisitions:read:admin") && said.contains("package"), !forms, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_missing_permission_is_named() {
    for (path, permission) in [
        ("/opportunities/o1/offers", "offers:read:admin"),
        ("/opportunities/o1/forms", "forms:read:admin"),
        ("/postings", "postings:read:admin"),
        ("/requisitions", "requisitions:read:admin"),
        ("/users", "users:read:admin"),
        ("/contacts/c1", "contact:read:admin"),
    ] {
        let (lever, _) = lever(healthy().on(path, [status(403, "{}")]));
        let warnings = warnings(&lever).await;
        assert!(warnings.len() == 1 && warnings[0].contains(permission), "{warnings:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_not_there_proves_the_permission() {
    let scripted = healthy()
        .on("/opportunities?archived", [page(&[])])
        .on("/opportunities/00000000", [status(404, "{}")])
        .on("/contacts/00000000", [status(404, "{}")])
        .on("/requisitions", [status(404, "{}")]);
    let (lever, _) = lever(scripted);
    assert!(warnings(&lever).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn permissions_are_tried_on_nobody_who_is_anonymised() {
    let gone = opportunity("o0", "c0", &format!(r#"{HIRED},"isAnonymized":true"#));
    let hired = opportunity("o1", "c1", HIRED);
    let (lever, scripted) = lever(healthy().on("/opportunities?archived", [page(&[gone, hired])]));
    assert!(warnings(&lever).await.is_empty());
    assert_eq!(scripted.asked_like("/opportunities/o1/").len(), 2);
    assert!(scripted.asked_like("/opportunities/o0").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_list_anybody_is_an_error_that_names_the_permission() {
    let (lever, _) = lever(healthy().on("/opportunities?archived", [status(403, "{}")]));
    let error = lever.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("opportunities:read:admin"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_by_more_than_a_minute_are_a_warning() {
    for (date, warns) in [
        ("Sun, 06 Nov 1994 08:50:37 GMT", false),
        ("Sun, 06 Nov 1994 08:50:38 GMT", true),
        ("Sun, 06 Nov 1994 08:48:37 GMT", false),
        ("Sat, 05 Nov 1994 08:49:37 GMT", true),
    ] {
        let scripted = healthy().on("/users", [with_header(page(&[]), "date", date)]);
        let (lever, _) = lever(scripted);
        assert_eq!(warnings(&lever).await.len(), usize::from(warns), "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_writing_takes_is_said_and_nothing_is_written_to_try_it() {
    let said = async |own: Own| {
        let settings = Settings { needs: ALL, own, perform_as: Some("u7".to_owned()), ..settings() };
        let (lever, scripted) = lever_with(settings, healthy());
        let text = format!("{:?}", lever.check().await.unwrap().findings);
        assert!(scripted.written().is_empty());
        let permissions = ["opportunities:write:admin", "notes:write:admin", "notes:read:admin", "user u7"];
        permissions.map(|permission| text.contains(permission))
    };
    assert_eq!(said(Own::default()).await, [false; 4]);
    let tags = vec!["x".to_owned()];
    assert_eq!(said(Own { tags, ..Own::default() }).await, [true, false, false, true]);
    let links = vec![crate::LinkPattern::new("x")];
    assert_eq!(said(Own { links, notes: true, ..Own::default() }).await, [true; 4]);
    assert_eq!(said(Own { notes: true, ..Own::default() }).await, [false, true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn confidential_mode_and_host_are_stated() {
    for confidential in [false, true] {
        let (lever, _) = lever_with(Settings { confidential, needs: ALL, ..settings() }, healthy());
        let text = format!("{:?}", lever.check().await.unwrap().findings);
        assert!(text.contains(&format!("lever.confidential = {confidential}")), "{text}");
        assert!(text.contains("api.lever.co takes the key") && text.contains("api.eu.lever.co"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_somebody_types_is_resolved_to_a_contact_or_to_nobody() {
    let scripted = || {
        Scripted::new()
            .on(
                "/opportunities?email=a%2Bb%40example.com",
                [page(&[opportunity("o1", "c1", ""), opportunity("o2", "c1", "")])],
            )
            .on("/opportunities?email=nobody", [page(&[])])
            .on("/opportunities?contact_id=", [page(&[])])
            .on("/opportunities?contact_id=c1", [page(&[opportunity("o1", "c1", "")])])
            .on("/opportunities/", [status(404, "{}")])
            .on("/opportunities/o1?", [ok(r#"{"data":{"id":"o1","contact":"c1"}}"#)])
            .on("/contacts/", [status(404, "{}")])
            .on("/contacts/c9", [ok(r#"{"data":{"id":"c9"}}"#)])
    };
    for (typed, contact) in [
        ("a+b@example.com", Some("c1")),
        ("nobody@example.com", None),
        ("c1", Some("c1")),
        ("o1", Some("c1")),
        ("https://hire.lever.co/candidates/o1", Some("c1")),
        ("https://hire.lever.co/candidates/o2", None),
        ("c9", Some("c9")),
        ("x", None),
        ("..", None),
        ("two words", None),
    ] {
        let (lever, _) = lever(scripted());
        let found = lever.resolve(&Pii::new(typed.to_owned())).await;
        assert_eq!(found.unwrap().map(String::from).as_deref(), contact, "{typed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_of_two_people_is_not_guessed_at() {
    let scripted = Scripted::new()
        .on("/opportunities?email=", [page(&[opportunity("o1", "c1", ""), opportunity("o2", "c2", "")])]);
    let (lever, _) = lever(scripted);
    let error = lever.resolve(&Pii::new("planted@example.com".to_owned())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(!error.chain().contains("planted"));
}
