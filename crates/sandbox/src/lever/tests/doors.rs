use serde_json::json;

use super::super::doors::{DOORS, ON_KEY, ON_OPPORTUNITY};
use super::*;
use crate::lever::OfferStatus;

/// Goes through a door of the candidacy; the status.
fn go(lever: &mut Lever, id: &OpportunityId, door: &str, order: &str) -> u16 {
    send(lever, NOW + 50, "POST", &format!("/sandbox/opportunities/{id}/{door}"), order).0
}

#[test]
fn every_door_is_listed_and_no_listed_word_is_without_one() {
    let words = ON_OPPORTUNITY.iter().map(|(word, _)| *word).chain(ON_KEY.iter().map(|(word, _)| *word));
    for word in words {
        let mut listed = DOORS.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
        assert!(listed.any(|listed| listed == word), "{word} is not in the list");
    }
    let mut lever = lever();
    assert_eq!(send(&mut lever, NOW, "POST", "/sandbox/key/lose", "").0, 404);
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    assert_eq!(go(&mut lever, &id, "promote", ""), 404);
}

#[test]
fn a_candidacy_is_moved_about_by_its_doors() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    let archived_at = |lever: &Lever| lever.opportunity(&id).unwrap().archived.as_ref().map(|found| found.at);
    assert_eq!(go(&mut lever, &id, "archive-again", ""), 404, "it is not archived");
    lever.hire(NOW, &id).unwrap();
    assert_eq!(go(&mut lever, &id, "archive-again", ""), 200);
    assert_eq!((archived_at(&lever), lever.hired().len()), (Some(NOW + 50), 1));
    assert_eq!(go(&mut lever, &id, "reject", ""), 200);
    assert_eq!((archived_at(&lever), lever.hired().len()), (Some(NOW + 50), 0));
    assert_eq!(go(&mut lever, &id, "rehire", ""), 200);
    assert_eq!(lever.hired().len(), 1);
    assert_eq!(go(&mut lever, &id, "confidential", ""), 200);
    assert!(lever.hired()[0].is_confidential);
    assert_eq!(go(&mut lever, &id, "open", ""), 200);
    assert!(!lever.hired()[0].is_confidential);
    assert_eq!(go(&mut lever, &id, "stage", r#"{"stage": "offer"}"#), 200);
    assert_eq!(lever.opportunity(&id).unwrap().stage.as_str(), "offer");
    assert_eq!(go(&mut lever, &id, "stage", r#"{"stage": "moon"}"#), 404);
    assert_eq!(go(&mut lever, &id, "stage", ""), 400);
    assert_eq!(go(&mut lever, &id, "split", r#"{"posting": "night shift lead"}"#), 200);
    assert_eq!(lever.opportunities().len(), 2);
    assert_eq!(go(&mut lever, &id, "anonymize", ""), 200);
    assert!(lever.opportunity(&id).unwrap().is_anonymized);
    assert_eq!(go(&mut lever, &id, "delete", ""), 200);
    assert_eq!(go(&mut lever, &id, "delete", ""), 404);
}

#[test]
fn consent_is_given_for_a_time_and_taken_back() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    let store = |lever: &Lever| lever.opportunity(&id).unwrap().data_protection["store"].clone();
    assert_eq!(
        go(&mut lever, &id, "data-protection", r#"{"allowed": true, "expiresAt": 1772409600000}"#),
        200
    );
    assert_eq!(store(&lever), json!({"allowed": true, "expiresAt": 1_772_409_600_000_u64}));
    assert_eq!(go(&mut lever, &id, "data-protection", r#"{"allowed": false}"#), 200);
    assert_eq!(store(&lever), json!({"allowed": false, "expiresAt": null}));
    assert_eq!(go(&mut lever, &id, "data-protection", "{}"), 400);
    assert_eq!(go(&mut lever, &id, "data-protection", r#"{"allowed": true, "expiresAt": "soon"}"#), 400);
}

#[test]
fn an_offer_is_written_signed_and_changed() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    assert_eq!(go(&mut lever, &id, "change-offer", r#"{"status": "signed"}"#), 404);
    assert_eq!(go(&mut lever, &id, "offer", r#"{"startDate": 1772409600000, "jobTitle": "Archivist"}"#), 200);
    assert_eq!(go(&mut lever, &id, "change-offer", r#"{"status": "signed"}"#), 200);
    assert_eq!(go(&mut lever, &id, "change-offer", r#"{"startDate": 1772496000000}"#), 200);
    let offer = &lever.opportunity(&id).unwrap().offers[0];
    assert_eq!((offer.status, offer.start_date), (OfferStatus::Signed, Some(1_772_496_000_000)));
    assert_eq!(offer.job_title.as_deref(), Some("Archivist"));
    assert_eq!(go(&mut lever, &id, "change-offer", r#"{"status": "lost"}"#), 400);
    assert_eq!(go(&mut lever, &id, "change-offer", r#"{"offer": "none", "status": "sent"}"#), 404);
}

#[test]
fn two_people_become_one() {
    let mut lever = lever();
    let (winner, _) = candidate(&mut lever, NOW, "Ada Example");
    let (loser, id) = candidate(&mut lever, NOW, "Ada Sample");
    let target = format!("/sandbox/contacts/{winner}/merge");
    assert_eq!(send(&mut lever, NOW, "POST", &target, &json!({"loser": loser.as_str()}).to_string()).0, 200);
    assert_eq!(lever.opportunity(&id).unwrap().contact, winner);
    assert_eq!(send(&mut lever, NOW, "POST", &target, &json!({"loser": loser.as_str()}).to_string()).0, 404);
    assert_eq!(send(&mut lever, NOW, "POST", &target, "{}").0, 400);
}

#[test]
fn the_key_is_revoked_narrowed_and_restored_by_its_doors() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    let knock = |lever: &mut Lever, word: &str, order: &str| {
        send(lever, NOW, "POST", &format!("/sandbox/key/{word}"), order).0
    };
    let status = |lever: &mut Lever, path: &str| ask(lever, NOW, &format!("/v1{path}")).status;
    assert_eq!(knock(&mut lever, "revoke", ""), 200);
    assert_eq!(status(&mut lever, "/stages"), 401);
    assert_eq!(knock(&mut lever, "restore", ""), 200);
    let stages = r#"{"permission": "stages:read:admin"}"#;
    assert_eq!(knock(&mut lever, "deny", stages), 200);
    assert_eq!(status(&mut lever, "/stages"), 403);
    assert_eq!(knock(&mut lever, "allow", stages), 200);
    assert_eq!(status(&mut lever, "/stages"), 200);
    assert_eq!(knock(&mut lever, "deny", r#"{"permission": "stage:read:admin"}"#), 400);
    assert_eq!(knock(&mut lever, "deny", r#"{"permission": "stages:see:admin"}"#), 400);
    assert_eq!(knock(&mut lever, "withhold", ""), 200);
    assert_eq!(status(&mut lever, "/opportunities?confidentiality=all"), 403);
    assert_eq!(knock(&mut lever, "grant", ""), 200);
    assert_eq!(status(&mut lever, "/opportunities?confidentiality=all"), 200);
    assert_eq!(go(&mut lever, &id, "hide", ""), 200);
    assert_eq!(status(&mut lever, &format!("/opportunities/{id}")), 403);
    assert_eq!(go(&mut lever, &id, "show", ""), 200);
    assert_eq!(status(&mut lever, &format!("/opportunities/{id}")), 200);
    assert_eq!(go(&mut lever, &OpportunityId::from("nobody"), "hide", ""), 404);
}

#[test]
fn interviews_are_told_of_and_figures_say_what_was_asked() {
    let mut lever = lever();
    let (_, id) = candidate(&mut lever, NOW, "Ada Example");
    let hook = r#"{"event": "interviewDeleted", "url": "https://hooks.example.com/"}"#;
    assert_eq!(send(&mut lever, NOW, "POST", "/v1/webhooks", hook).0, 201);
    assert_eq!(go(&mut lever, &id, "interview", r#"{"event": "interviewDeleted"}"#), 200);
    assert_eq!(lever.undelivered(), 1);
    read(&mut lever, NOW, "/v1/webhooks");
    let (_, figures) = send(&mut lever, NOW, "GET", "/sandbox/figures", "");
    assert_eq!(figures["byRequest"], json!({"GET /webhooks": 1, "POST /webhooks": 1}));
    assert_eq!(figures["mostInASecond"], 2);
}
