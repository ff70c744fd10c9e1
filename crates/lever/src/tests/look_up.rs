use people::{Candidacy, Pii};

use crate::{
    Lever,
    scripted::{HIRED, Scripted, lever, ok, opportunity, page, status},
};

fn one(record: &str) -> crate::scripted::Answer {
    ok(format!(r#"{{"data":{record}}}"#))
}

/// What each of them means, as `contact: opportunity state, …`.
async fn looked_up(lever: &Lever, given: &[&str]) -> Vec<String> {
    let given: Vec<Pii<String>> = given.iter().map(|typed| Pii::new((*typed).to_owned())).collect();
    let answers = lever.look_up(&given).await.unwrap();
    let place = |place: &crate::Place| format!("{} {:?}", place.opportunity, place.candidacy);
    let known = |known: &crate::Known| {
        format!("{}: {}", known.contact, known.opportunities.iter().map(place).collect::<Vec<_>>().join(", "))
    };
    answers.iter().map(|all| all.iter().map(known).collect::<Vec<_>>().join("; ")).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_was_kept_leads_to_its_contact_and_all_its_opportunities() {
    let first =
        opportunity("o1", "c1", &format!(r#"{HIRED},"createdAt":1,"applications":[{{"posting":"p1"}}]"#));
    let second = opportunity("o2", "c1", r#""createdAt":2"#);
    let other = opportunity("o3", "c3", r#""archived":{"reason":"other","archivedAt":7}"#);
    let scripted = Scripted::new()
        .on("/opportunities?contact_id=", [page(&[])])
        .on("/opportunities?contact_id=c1&", [page(&[second.clone(), first.clone()])])
        .on("/opportunities?contact_id=c3&", [page(std::slice::from_ref(&other))])
        .on("/opportunities?contact_id=merged&expand", [page(&[first.clone(), second.clone()])])
        .on("/opportunities?contact_id=merged&limit", [page(&[first.clone(), second.clone()])])
        .on("/opportunities?email=ada", [page(&[first.clone(), second.clone()])])
        .on("/opportunities?email=both", [page(&[first.clone(), other.clone()])])
        .on("/opportunities/", [status(404, "{}")])
        .on("/opportunities/o2", [one(&second)])
        .on("/opportunities/o3", [one(&other)])
        .on("/opportunities/hidden", [status(403, "{}")])
        .on("/contacts/", [status(404, "{}")])
        .on("/contacts/c9", [one(r#"{"id":"c9"}"#)]);
    let (lever, scripted) = lever(scripted);
    let ada = "c1: o1 Hired, o2 Open";
    let given = [
        "o2",
        "nobody",
        " c1 ",
        "o2",
        "merged",
        "hire.lever.co/candidates/o3",
        "ada@example.com",
        "both@example.com",
        "c9",
        "hidden",
        "two words",
        "..",
    ];
    let both = format!("{ada}; c3: o3 Closed");
    let wanted = [ada, "", ada, ada, ada, "c3: o3 Closed", ada, &both, "c9: ", "", "", ""];
    assert_eq!(looked_up(&lever, &given).await, wanted);
    assert_eq!(scripted.asked_like("/opportunities/o2").len(), 1, "a duplicate is asked for once");

    let known = lever.look_up(&[Pii::new("c1".to_owned())]).await.unwrap().remove(0).remove(0);
    let hire = &known.opportunities[0];
    assert_eq!((hire.candidacy, hire.posting.as_deref()), (Candidacy::Hired, Some("p1")));
    assert_eq!(hire.hired_at.unwrap().timestamp_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn contacts_are_asked_for_fifty_at_a_time_and_old_candidates_one_by_one() {
    let contact = |at: usize| format!("c{at:03}");
    let records: Vec<String> =
        (0..120).map(|at| opportunity(&format!("o{at:03}"), &contact(at), "")).collect();
    let mut scripted = Scripted::new().on("/opportunities?contact_id=c", [page(&records)]);
    let given: Vec<String> = (0..120).map(contact).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let (by_contact, asked) = lever(scripted);
    assert!(looked_up(&by_contact, &given).await.iter().all(|found| found.ends_with("Open")));
    assert_eq!(asked.asked().len(), 3 + 1, "and the archive reasons");

    scripted = Scripted::new()
        .on("/opportunities?contact_id=o", [page(&[])])
        .on("/opportunities?contact_id=c", [page(&records)]);
    for (at, record) in records.iter().enumerate() {
        scripted = scripted.on(&format!("/opportunities/o{at:03}"), [one(record)]);
    }
    let given: Vec<String> = (0..120).map(|at| format!("o{at:03}")).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let (by_candidate, asked) = lever(scripted);
    assert!(looked_up(&by_candidate, &given).await.iter().all(|found| found.ends_with("Open")));
    assert_eq!(asked.asked().len(), 3 + 120 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_on_the_way_is_an_error_and_never_an_unknown_id() {
    for path in [
        "/opportunities?contact_id=x&expand",
        "/opportunities/x",
        "/opportunities?contact_id=x&limit",
        "/contacts/x",
    ] {
        let scripted = Scripted::new()
            .on("/opportunities?contact_id=x", [page(&[])])
            .on("/opportunities/x", [status(404, "{}")])
            .on("/contacts/x", [status(404, "{}")])
            .on(path, [status(503, "{}")]);
        let (lever, _) = lever(scripted);
        assert!(lever.look_up(&[Pii::new("x".to_owned())]).await.is_err(), "{path}");
    }
}
