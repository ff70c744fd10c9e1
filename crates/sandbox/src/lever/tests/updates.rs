use serde_json::json;

use super::*;
use crate::lever::{NewOffer, OfferStatus};

fn updated_at(lever: &Lever, opportunity: &OpportunityId) -> Option<Millis> {
    lever.opportunity(opportunity).unwrap().updated_at
}

#[test]
fn a_record_with_null_updated_at_is_in_no_sweep() {
    let mut lever = lever();
    candidate(&mut lever, NOW, "Ada Example");
    let record = &read(&mut lever, NOW, "/v1/opportunities")["data"][0];
    assert!(record["updatedAt"].is_null());
    assert!(found(&mut lever, NOW, "/v1/opportunities?updated_at_start=0").is_empty());
    assert!(found(&mut lever, NOW, "/v1/opportunities?updated_at_end=9999999999999").is_empty());
}

#[test]
fn a_hire_may_leave_updated_at_null_and_is_then_found_by_archived_at_only() {
    let mut lever = Lever::new(Settings { hires_touch_updated_at: false, ..unlimited() });
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW + 1, &opportunity).unwrap();
    assert_eq!(updated_at(&lever, &opportunity), None);
    assert_eq!(found(&mut lever, NOW + 1, &format!("/v1/opportunities?archived_at_start={NOW}")).len(), 1);
    lever.unarchive(NOW + 2, &opportunity).unwrap();
    assert_eq!(updated_at(&lever, &opportunity), Some(NOW + 2), "an un-hire still shows");
}

#[test]
fn offers_and_postings_change_without_a_trace() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW + 1, &opportunity).unwrap();
    let posting = lever.postings()[0].id.clone();

    let new = NewOffer { start_date: Some(NOW), ..NewOffer::default() };
    let offer = lever.add_offer(NOW + 2, &opportunity, new).unwrap();
    lever.sign_offer(NOW + 3, &opportunity, &offer).unwrap();
    lever.move_start_date(NOW + 4, &opportunity, &offer, Some(NOW + MINUTE)).unwrap();
    lever.change_posting(NOW + 5, &posting, |posting| posting.title = "Archivist".to_owned()).unwrap();

    assert_eq!(updated_at(&lever, &opportunity), Some(NOW + 1));
    let hired = &lever.hired()[0];
    assert_eq!(hired.start_date, Some(NOW + MINUTE));
    assert_eq!(hired.posting.as_ref().unwrap().title, "Archivist");
    let offers = read(&mut lever, NOW + 6, &format!("/v1/opportunities/{opportunity}/offers"));
    let fields = offers["data"][0]["fields"].as_array().unwrap();
    let start = fields.iter().find(|field| field["identifier"] == "anticipated_start_date").unwrap();
    assert_eq!(start["value"], NOW + MINUTE);
    assert_eq!(offers["data"][0]["signatures"]["candidate"]["signedAt"], NOW + 3);
}

#[test]
fn a_contact_edit_touches_each_of_its_opportunities_at_its_own_time() {
    let mut lever = lever();
    let (contact, first) = candidate(&mut lever, NOW, "Ada Example");
    let second = lever.add_opportunity(NOW, &contact, None).unwrap();
    read(&mut lever, NOW, "/v1/opportunities");

    lever.rename(NOW + 100, &contact, "Ada Sample").unwrap();

    assert_eq!([updated_at(&lever, &first), updated_at(&lever, &second)], [Some(NOW + 100), Some(NOW + 107)]);
    let page = read(&mut lever, NOW + 200, "/v1/opportunities");
    assert!(page["data"].as_array().unwrap().iter().all(|record| record["name"] == "Ada Sample"));
}

#[test]
fn hiring_unhiring_and_hiring_again_moves_archived_at() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW + 1, &opportunity).unwrap();
    assert_eq!(lever.hired()[0].hired_at, NOW + 1);
    lever.unarchive(NOW + 2, &opportunity).unwrap();
    assert!(lever.hired().is_empty());
    let rejected = lever.rejected_reason();
    lever.archive(NOW + 3, &opportunity, &rejected).unwrap();
    assert!(lever.hired().is_empty());
    lever.hire(NOW + 4, &opportunity).unwrap();
    assert_eq!(lever.hired()[0].hired_at, NOW + 4);
}

#[test]
fn archiving_the_archived_leaves_the_application_behind() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &opportunity).unwrap();
    lever.hire(NOW + 7_000, &opportunity).unwrap();
    let record = &read(&mut lever, NOW, "/v1/opportunities?expand=applications")["data"][0];
    assert_eq!(record["archived"]["archivedAt"], NOW + 7_000);
    assert_eq!(record["applications"][0]["archived"]["archivedAt"], NOW - 15);
    assert_eq!(record["lastAdvancedAt"], NOW + 7_000, "archiving counts as an advance");
}

#[test]
fn after_a_merge_the_losers_opportunities_are_the_winners() {
    let mut lever = lever();
    let (winner, _) = candidate(&mut lever, NOW, "Ada Example");
    let (loser, moved) = candidate(&mut lever, NOW, "A. Example");
    lever.hire(NOW, &moved).unwrap();
    lever.merge(NOW + 1, &winner, &loser).unwrap();

    assert_eq!(found(&mut lever, NOW, &format!("/v1/opportunities?contact_id={winner}")).len(), 2);
    assert_eq!(found(&mut lever, NOW, &format!("/v1/opportunities?contact_id={loser}")).len(), 0);
    assert_eq!(ask(&mut lever, NOW, &format!("/v1/contacts/{loser}")).status, 404);
    assert_eq!(updated_at(&lever, &moved), Some(NOW + 1));
    assert_eq!(
        (lever.hired()[0].contact.clone(), lever.hired()[0].name.as_str()),
        (winner.clone(), "Ada Example")
    );
    assert!(lever.merge(NOW, &winner, &loser).is_err(), "a merge cannot be repeated");
    assert!(lever.rename(NOW, &loser, "Nobody").is_err());
}

#[test]
fn anonymising_the_last_opportunity_anonymises_the_contact() {
    let mut lever = lever();
    let contact = lever.add_contact(NewContact::named("Ada Example").with_email("ada@example.com"));
    let posting = lever.postings()[0].id.clone();
    let first = lever.add_opportunity(NOW, &contact, Some(&posting)).unwrap();
    let second = lever.add_opportunity(NOW, &contact, None).unwrap();
    lever.add_offer(NOW, &first, NewOffer::default()).unwrap();
    lever.hire(NOW, &first).unwrap();

    lever.anonymize(NOW + 1, &first).unwrap();
    let record = read(&mut lever, NOW, &format!("/v1/opportunities/{first}?expand=applications"));
    assert_eq!((&record["data"]["name"], &record["data"]["emails"]), (&json!(""), &json!([])));
    assert_eq!(record["data"]["isAnonymized"], true);
    assert!(record["data"]["applications"][0]["name"].is_null());
    assert!(record["data"]["opportunityLocation"].is_string(), "the job stays");
    assert_eq!(read(&mut lever, NOW, &format!("/v1/contacts/{contact}"))["data"]["name"], "Ada Example");
    assert_eq!(ids(&read(&mut lever, NOW, &format!("/v1/opportunities/{first}/offers"))).len(), 1);
    assert_eq!(lever.hired()[0].name, "");

    lever.anonymize(NOW + 2, &second).unwrap();
    let contact_record = read(&mut lever, NOW, &format!("/v1/contacts/{contact}"));
    assert_eq!(
        (&contact_record["data"]["name"], &contact_record["data"]["isAnonymized"]),
        (&json!(""), &json!(true))
    );
    assert!(lever.rename(NOW, &contact, "Back Again").is_err());
    assert!(lever.add_opportunity(NOW, &contact, None).is_err());
}

#[test]
fn the_deleted_are_only_in_the_list_of_the_deleted() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &opportunity).unwrap();
    lever.delete(NOW + 5, &opportunity).unwrap();
    assert!(lever.hired().is_empty());
    assert!(found(&mut lever, NOW, "/v1/opportunities?confidentiality=all").is_empty());
    let gone = ask(&mut lever, NOW, &format!("/v1/opportunities/{opportunity}"));
    assert_eq!(json(&gone)["code"], "ResourceNotFound");
    let deleted = read(&mut lever, NOW, &format!("/v1/opportunities/deleted?deleted_at_start={}", NOW + 5));
    assert_eq!(deleted["data"][0]["deletedAt"], NOW + 5);
    assert!(found(&mut lever, NOW, &format!("/v1/opportunities/deleted?deleted_at_end={NOW}")).is_empty());
    assert!(lever.hire(NOW, &opportunity).is_err());
}

#[test]
fn only_a_signed_offer_counts_in_the_truth() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW, &opportunity).unwrap();
    for (at, status) in [(1, OfferStatus::Signed), (2, OfferStatus::Signed), (3, OfferStatus::Denied)] {
        let new = NewOffer { start_date: Some(at), ..NewOffer::default() };
        let offer = lever.add_offer(NOW + at, &opportunity, new).unwrap();
        lever.set_offer_status(NOW + 10, &opportunity, &offer, status).unwrap();
    }
    assert_eq!(lever.hired()[0].start_date, Some(2));
}

#[test]
fn a_late_index_shows_a_change_only_after_its_lag() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    plan(&mut lever, "late=10m");
    lever.hire(NOW, &opportunity).unwrap();
    for filter in ["updated_at_start", "archived_at_start"] {
        let target = format!("/v1/opportunities?{filter}={NOW}");
        assert!(found(&mut lever, NOW + 10 * MINUTE - 1, &target).is_empty(), "{filter}");
        assert_eq!(found(&mut lever, NOW + 10 * MINUTE, &target).len(), 1, "{filter}");
    }
    let whole = format!("/v1/opportunities?contact_id={}", lever.contacts()[0].id);
    assert_eq!(found(&mut lever, NOW + 1, &whole).len(), 1, "what asks no index is not late");
}

#[test]
fn deletions_are_told_for_thirty_days_at_a_time() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    lever.delete(NOW, &id).unwrap();
    let days = |count: u64| count * 24 * 60 * MINUTE;
    let bounded = format!("/v1/opportunities/deleted?deleted_at_start={}&deleted_at_end=", NOW - days(1));
    assert_eq!(found(&mut lever, NOW, &format!("{bounded}{}", NOW + days(29))), set([id.as_str()]));
    assert_eq!(ask(&mut lever, NOW, &format!("{bounded}{}", NOW + days(29) + 1)).status, 400);
    let open = format!("/v1/opportunities/deleted?deleted_at_start={}", NOW - 1);
    assert_eq!(found(&mut lever, NOW, &open).len(), 1);
    assert_eq!(ask(&mut lever, NOW + days(30), &open).status, 400, "without an end it is now");
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities/deleted").len(), 1);
}
