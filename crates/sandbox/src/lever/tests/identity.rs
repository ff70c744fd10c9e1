//! People who come under other ids, and people nobody would invent.

use serde_json::json;

use super::*;

fn hired_person(lever: &mut Lever) -> (ContactId, OpportunityId) {
    let (contact, id) = candidate(lever, NOW, "Ada Example");
    lever.hire(NOW + 10, &id).unwrap();
    (contact, id)
}

#[test]
fn after_a_split_the_active_candidacy_has_the_old_id_and_the_hire_a_new_one() {
    let mut lever = lever();
    let (contact, old) = hired_person(&mut lever);
    let posting = lever.postings()[1].id.clone();
    let application = lever.opportunity(&old).unwrap().application.clone();

    let new = lever.split(NOW + 20, &old, &posting, None).unwrap();

    let record = |lever: &mut Lever, id: &OpportunityId| {
        read(lever, NOW, &format!("/v1/opportunities/{id}?expand=applications"))["data"].take()
    };
    let (active, hired) = (record(&mut lever, &old), record(&mut lever, &new));
    assert_eq!(
        (&active["archived"], &active["applications"][0]["posting"]),
        (&Value::Null, &json!(posting.as_str()))
    );
    assert_eq!(hired["archived"]["archivedAt"], NOW + 10);
    assert_eq!(hired["applications"][0]["id"], application.unwrap().id);
    for record in [&active, &hired] {
        assert_eq!((&record["contact"], &record["updatedAt"]), (&json!(contact.as_str()), &json!(NOW + 20)));
        assert_eq!(record["applications"][0]["opportunityId"], record["id"]);
    }
    assert_eq!(lever.hired()[0].opportunity, new);
    let of_contact = format!("/v1/opportunities?contact_id={contact}&limit=1");
    assert_eq!(found(&mut lever, NOW, &of_contact), set([old.as_str(), new.as_str()]));
}

#[test]
fn after_a_split_of_two_hires_the_later_one_has_the_old_id() {
    for (other_hired_at, moves) in [(NOW + 5, false), (NOW + 15, true)] {
        let mut lever = lever();
        let (_, old) = hired_person(&mut lever);
        let posting = lever.postings()[1].id.clone();
        let new = lever.split(NOW + 20, &old, &posting, Some(other_hired_at)).unwrap();
        let archived_at = |id| lever.opportunity(id).unwrap().archived.as_ref().unwrap().at;
        let (older, newer) = if moves { (NOW + 10, NOW + 15) } else { (NOW + 5, NOW + 10) };
        assert_eq!((archived_at(&new), archived_at(&old)), (older, newer));
    }
    let mut lever = lever();
    let posting = lever.postings()[0].id.clone();
    assert!(lever.split(NOW, &OpportunityId::from("nobody"), &posting, None).is_err());
}

#[test]
fn who_was_anonymised_comes_back_as_somebody_else() {
    let mut lever = lever();
    let new = || NewContact::named("Ada Example").with_email("ada@example.com");
    let before = lever.add_contact(new());
    let first = lever.add_opportunity(NOW, &before, None).unwrap();
    lever.hire(NOW + 1, &first).unwrap();
    lever.anonymize(NOW + 2, &first).unwrap();
    assert!(lever.add_opportunity(NOW + 3, &before, None).is_err(), "an anonymized contact cannot apply");

    let after = lever.add_contact(new());
    let second = lever.add_opportunity(NOW + 3, &after, None).unwrap();
    lever.hire(NOW + 4, &second).unwrap();

    let names: Vec<_> =
        lever.hired().iter().map(|hired| (hired.contact.clone(), hired.name.clone())).collect();
    assert_eq!(names, [(before, String::new()), (after, "Ada Example".to_owned())]);
    assert_eq!(found(&mut lever, NOW + 5, "/v1/opportunities?email=ada@example.com"), set([second.as_str()]));
}

#[test]
fn a_name_of_a_mebibyte_and_ten_thousand_addresses_arrive_as_they_are() {
    let mut lever = lever();
    let (contact, id) = candidate(&mut lever, NOW, "Ada Example");
    let emails: Vec<String> = (0..10_000).map(|nth| format!("ada{nth}@example.com")).collect();
    lever.set_emails(NOW, &contact, emails.clone()).unwrap();
    let target = format!("/v1/opportunities/{id}");
    for name in [
        "x".repeat(1 << 20),
        "A\0da\u{7}".to_owned(),
        "\u{202e}adA\u{2066}".to_owned(),
        "e\u{301}\u{301}\u{301}".repeat(1000),
        "👩🏽\u{200d}🚀".to_owned(),
        "'; DROP TABLE people; -- {{ 7 * 7 }} =1+1".to_owned(),
    ] {
        lever.rename(NOW, &contact, &name).unwrap();
        let record = read(&mut lever, NOW, &target)["data"].take();
        assert_eq!((&record["name"], &record["emails"]), (&json!(name), &json!(emails)));
    }
}
