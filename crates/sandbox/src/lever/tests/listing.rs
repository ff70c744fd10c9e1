use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::lever::{NewOffer, StageId};

#[test]
fn the_list_goes_by_stage_then_by_latest_advance_then_by_id() {
    // GIVEN people in three stages, some advanced at the same moment
    let mut lever = lever();
    let offer = StageId::from("offer");
    let lead = StageId::from("lead-new");
    for at in 0..30 {
        let (_, opportunity) = candidate(&mut lever, NOW + at / 2, "Ada Example");
        match at % 3 {
            0 => lever.advance(NOW + 100 - at / 6, &opportunity, &offer).unwrap(),
            1 => lever.advance(NOW + 100, &opportunity, &lead).unwrap(),
            _ => {}
        }
    }

    // WHEN the list is read in pages of seven
    let records = walk(&mut lever, NOW, "/v1/opportunities?limit=7");

    // THEN every record is there once, in order
    assert_eq!(records.len(), 30);
    let position = |stage: &str| lever.stages().iter().position(|known| known.id.as_str() == stage).unwrap();
    let keys: Vec<_> = records
        .iter()
        .map(|record| {
            let advanced = record["lastAdvancedAt"].as_u64().unwrap();
            (
                position(record["stage"].as_str().unwrap()),
                std::cmp::Reverse(advanced),
                record["id"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn a_token_comes_encoded_and_must_be_encoded_again() {
    let mut lever = lever();
    for _ in 0..3 {
        candidate(&mut lever, NOW, "Ada Example");
    }
    let page = read(&mut lever, NOW, "/v1/opportunities?limit=2");
    let token = page["next"].as_str().unwrap();
    assert!(token.starts_with("%5B3%2C1770000000000%2C%22") && token.ends_with("%22%5D"), "{token}");

    let again = read(&mut lever, NOW, &format!("/v1/opportunities?limit=2&offset={}", percent_encode(token)));
    assert_eq!(ids(&again).len(), 1);
    assert!(again.get("next").is_none());

    let raw = ask(&mut lever, NOW, &format!("/v1/opportunities?limit=2&offset={token}"));
    assert_eq!(refusal(&raw), (400, "Invalid offset token".to_owned()));
}

#[test]
fn a_token_that_is_made_up_old_or_for_another_list_is_refused() {
    let mut lever = lever();
    for _ in 0..3 {
        candidate(&mut lever, NOW, "Ada Example");
    }
    let page = read(&mut lever, NOW, "/v1/opportunities?limit=2");
    let good = next("/v1/opportunities?limit=2", &page).unwrap();
    let foreign = good.replace("limit=2", "archived=false");
    let lives = lever.settings().offset_lives_ms;

    assert_eq!(ask(&mut lever, NOW, "/v1/opportunities?offset=%255B1%255D").status, 400);
    assert_eq!(ask(&mut lever, NOW, &foreign).status, 400);
    assert_eq!(ask(&mut lever, NOW + lives - 1, &good).status, 200);
    let late = ask(&mut lever, NOW + lives, &good);
    assert_eq!(refusal(&late), (400, "Invalid offset token".to_owned()));
}

#[test]
fn a_record_that_moves_back_while_somebody_pages_is_seen_twice() {
    let mut lever = lever();
    for at in 0..6 {
        candidate(&mut lever, NOW + at, "Ada Example");
    }
    let target = "/v1/opportunities?limit=3";
    let first = read(&mut lever, NOW + 10, target);

    // WHEN the newest, already seen, moves to the last stage before page two
    let moved = OpportunityId::from(ids(&first)[0].as_str());
    lever.advance(NOW + 20, &moved, &StageId::from("offer")).unwrap();
    let second = read(&mut lever, NOW + 30, &next(target, &first).unwrap());
    let third = read(&mut lever, NOW + 30, &next(target, &second).unwrap());

    // THEN it comes again at the end
    assert_eq!(ids(&third), [moved.as_str()]);
}

#[test]
fn a_record_that_moves_forward_while_somebody_pages_is_never_seen() {
    let mut lever = lever();
    for at in 0..6 {
        candidate(&mut lever, NOW + at, "Ada Example");
    }
    let target = "/v1/opportunities?limit=3";
    let first = read(&mut lever, NOW + 10, target);

    // WHEN the oldest, on page two, is hired and so becomes the latest advanced
    let oldest = lever.opportunities()[0].id.clone();
    lever.hire(NOW + 20, &oldest).unwrap();
    let second = read(&mut lever, NOW + 30, &next(target, &first).unwrap());

    // THEN neither page has it
    assert!(!set(ids(&first)).union(&set(ids(&second))).any(|id| id == oldest.as_str()));
    assert!(!second["hasNext"].as_bool().unwrap());
}

#[test]
fn the_first_record_of_the_next_page_may_vanish_before_it_is_read() {
    let mut lever = lever();
    for at in 0..4 {
        candidate(&mut lever, NOW + at, "Ada Example");
    }
    let target = "/v1/opportunities?limit=2";
    let first = read(&mut lever, NOW + 10, target);
    let opportunities: Vec<_> = lever.opportunities().iter().map(|found| found.id.clone()).collect();
    lever.delete(NOW + 20, &opportunities[1]).unwrap();

    let second = read(&mut lever, NOW + 30, &next(target, &first).unwrap());

    assert_eq!(ids(&second), [opportunities[0].as_str()]);
}

#[test]
fn values_of_one_filter_are_a_union_and_filters_an_intersection() {
    let mut lever = lever();
    let (ada, of_ada) = candidate(&mut lever, NOW, "Ada Example");
    let (ben, of_ben) = candidate(&mut lever, NOW, "Ben Example");
    let (_, of_cleo) = candidate(&mut lever, NOW, "Cleo Example");
    let (hired, rejected) = (lever.hired_reason(), lever.rejected_reason());
    lever.hire(NOW + 1, &of_ada).unwrap();
    lever.archive(NOW + 2, &of_ben, &rejected).unwrap();

    let mut list = |query: &str| found(&mut lever, NOW + 10, &format!("/v1/opportunities?{query}"));
    let both = set([of_ada.as_str(), of_ben.as_str()]);
    assert_eq!(list(&format!("contact_id={ada}&contact_id={ben}")), both);
    assert_eq!(list(&format!("contact_id={ada}&contact_id={ada}")), set([of_ada.as_str()]));
    assert_eq!(list(&format!("archive_reason_id={hired}&archive_reason_id={rejected}")), both);
    assert_eq!(list(&format!("archive_reason_id={hired}&contact_id={ben}")), set([""; 0]));
    assert_eq!(list("archived=true"), both);
    assert_eq!(list("archived=false"), set([of_cleo.as_str()]));
    assert_eq!(list("").len(), 3, "unset means both");
    assert_eq!(list("tag=data+engineer&tag=nothing"), set([""; 0]), "tags are case sensitive");
    assert_eq!(list("tag=Data%20Engineer&tag=nothing").len(), 3);
    assert_eq!(list("stage_id=applicant-new&stage_id=offer&origin=applied&origin=sourced").len(), 3);
    assert_eq!(list("source=Job+site&location=Leeds&location=unspecified").len(), 3);
}

#[test]
fn a_posting_filter_finds_active_applications_and_another_the_archived_ones() {
    let mut lever = lever();
    let (_, active) = candidate(&mut lever, NOW, "Ada Example");
    let (_, hired) = candidate(&mut lever, NOW, "Ben Example");
    lever.hire(NOW, &hired).unwrap();
    let posting = lever.postings()[0].id.clone();

    let mut list = |query: String| found(&mut lever, NOW, &format!("/v1/opportunities?{query}"));
    assert_eq!(list(format!("posting_id={posting}")), set([active.as_str()]));
    assert_eq!(list(format!("archived_posting_id={posting}")), set([hired.as_str()]));
}

#[test]
fn ranges_include_both_ends() {
    let mut lever = lever();
    let (_, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    lever.hire(NOW + 5, &opportunity).unwrap();
    let mut count = |query: String| found(&mut lever, NOW + 10, &format!("/v1/opportunities?{query}")).len();
    for (name, at) in
        [("archived_at", NOW + 5), ("updated_at", NOW + 5), ("advanced_at", NOW + 5), ("created_at", NOW)]
    {
        assert_eq!(count(format!("{name}_start={at}&{name}_end={at}")), 1, "{name}");
        assert_eq!(count(format!("{name}_start={}", at + 1)), 0, "{name}");
        assert_eq!(count(format!("{name}_end={}", at - 1)), 0, "{name}");
    }
    assert_eq!(count(format!("archived_at_start={}", NOW / 1000)), 1, "seconds mean 1970");
}

#[test]
fn a_parameter_lever_does_not_know_is_refused_by_name() {
    let mut lever = lever();
    for (target, message) in [
        ("/v1/opportunities?archive_at_start=1", "unknown parameter: archive_at_start"),
        ("/v1/opportunities?limit=0", "limit is a number from 1 to 100"),
        ("/v1/opportunities?limit=101", "limit is a number from 1 to 100"),
        ("/v1/opportunities?limit=10&limit=20", "parameter given twice: limit"),
        ("/v1/opportunities?archived=1", "archived is true or false"),
        ("/v1/opportunities?updated_at_start=2024-01-01", "updated_at_start is a time in ms"),
        ("/v1/opportunities?expand=posting", "cannot expand: posting"),
        ("/v1/opportunities?expand=applications,stage", "cannot expand: applications,stage"),
        ("/v1/archive_reasons?type=Hired", "type is hired or non-hired"),
        ("/v1/users?name=x", "unknown parameter: name"),
    ] {
        let reply = ask(&mut lever, NOW, target);
        assert_eq!(refusal(&reply), (400, message.to_owned()), "{target}");
    }
}

#[test]
fn confidential_records_are_shown_only_to_whoever_asks_and_may() {
    let mut lever = lever();
    let (contact, hidden) = candidate(&mut lever, NOW, "Ada Example");
    candidate(&mut lever, NOW, "Ben Example");
    lever.make_confidential(NOW, &hidden).unwrap();
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities").len(), 1);
    assert_eq!(found(&mut lever, NOW, &format!("/v1/opportunities?contact_id={contact}")).len(), 0);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?confidentiality=all").len(), 2);
    let only = found(&mut lever, NOW, "/v1/opportunities?confidentiality=confidential");
    assert_eq!(only, set([hidden.as_str()]));

    let mut ungranted = Lever::new(Settings { confidential_granted: false, ..unlimited() });
    let (_, hidden) = candidate(&mut ungranted, NOW, "Ada Example");
    ungranted.make_confidential(NOW, &hidden).unwrap();
    assert_eq!(ask(&mut ungranted, NOW, "/v1/opportunities?confidentiality=all").status, 403);
    assert_eq!(ask(&mut ungranted, NOW, &format!("/v1/opportunities/{hidden}")).status, 403);
    assert_eq!(ask(&mut ungranted, NOW, &format!("/v1/opportunities/{hidden}/offers")).status, 403);
    assert_eq!(found(&mut ungranted, NOW, "/v1/opportunities").len(), 0);
}

#[test]
fn expansions_replace_ids_by_objects_and_include_takes_fields_away() {
    let mut lever = lever();
    let (contact, opportunity) = candidate(&mut lever, NOW, "Ada Example");
    let plain = &read(&mut lever, NOW, "/v1/opportunities")["data"][0];
    assert_eq!(plain["contact"], contact.as_str());
    assert!(plain["applications"][0].is_string() && plain["stage"].is_string() && plain["owner"].is_string());

    let target = "/v1/opportunities?expand=applications&expand=stage&expand=owner&expand=contact";
    let full = &read(&mut lever, NOW, target)["data"][0];
    assert_eq!(full["contact"]["name"], "Ada Example");
    assert_eq!(full["applications"][0]["candidateId"], opportunity.as_str());
    assert!(full["applications"][0]["posting"].is_string());
    assert_eq!(full["stage"]["text"], "New applicant");
    assert_eq!(full["owner"]["name"], "Layla Haddadin");

    let page = read(&mut lever, NOW, "/v1/opportunities?include=followers&expand=stage");
    let names: Vec<_> = page["data"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["followers", "stage"]);
}

#[test]
fn a_smaller_page_cap_makes_many_pages_whatever_the_limit() {
    let mut lever = Lever::new(Settings { page_size_max: 2, ..unlimited() });
    for _ in 0..5 {
        candidate(&mut lever, NOW, "Ada Example");
    }
    assert_eq!(ids(&read(&mut lever, NOW, "/v1/opportunities?limit=100")).len(), 2);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?limit=100").len(), 5);
}

#[test]
fn an_address_and_the_snooze_can_be_asked_for() {
    let mut lever = lever();
    let contact = lever.add_contact(NewContact::named("Ada Example").with_email("Ada@example.com"));
    lever.add_opportunity(NOW, &contact, None).unwrap();
    candidate(&mut lever, NOW, "Ben Example");
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?email=ada%40example.com").len(), 1);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?snoozed=true").len(), 0);
    assert_eq!(found(&mut lever, NOW, "/v1/opportunities?snoozed=false").len(), 2);
}

/// The list keeps its order and its rendered text between requests; a record asked for by id is rendered
/// afresh.
#[test]
fn whatever_recruiters_do_the_list_shows_what_the_records_are() {
    for seed in 0..10 {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut lever = Lever::seeded(Settings { seed, page_size_max: 7, ..unlimited() }, 20, NOW);
        for step in 0..60 {
            let now = NOW + step;
            act(&mut lever, &mut dice, now);
            let listed = walk(&mut lever, now, "/v1/opportunities?confidentiality=all&expand=contact");
            let alive: Vec<_> =
                lever.opportunities().iter().filter(|found| found.deleted.is_none()).collect();
            assert_eq!(listed.len(), alive.len(), "seed {seed}, step {step}");
            for record in listed {
                let id = record["id"].as_str().unwrap();
                let afresh = read(&mut lever, now, &format!("/v1/opportunities/{id}?expand=contact"));
                assert_eq!(afresh["data"], record, "seed {seed}, step {step}");
            }
        }
    }
}

/// One thing a recruiter might do; doing what is refused is part of it.
fn act(lever: &mut Lever, dice: &mut ChaCha8Rng, now: Millis) {
    let one = dice.random_range(0..lever.opportunities().len());
    let other = dice.random_range(0..lever.contacts().len());
    let (opportunity, contact) =
        (lever.opportunities()[one].id.clone(), lever.opportunities()[one].contact.clone());
    let other = lever.contacts()[other].id.clone();
    let stage = lever.stages()[dice.random_range(0..lever.stages().len())].id.clone();
    let rejected = lever.rejected_reason();
    let _ = match dice.random_range(0..12) {
        0 => lever.hire(now, &opportunity),
        1 => lever.unarchive(now, &opportunity),
        2 => lever.archive(now, &opportunity, &rejected),
        3 => lever.advance(now, &opportunity, &stage),
        4 => lever.rename(now, &contact, "Ada Sample"),
        5 => lever.merge(now, &other, &contact),
        6 => lever.anonymize(now, &opportunity),
        7 => lever.delete(now, &opportunity),
        8 => lever.make_confidential(now, &opportunity),
        9 => lever.add_opportunity(now, &contact, None).map(drop),
        10 => lever.add_offer(now, &opportunity, NewOffer::default()).map(drop),
        _ => lever.forbid_storing(now, &opportunity),
    };
}
