//! What happens to people: hired, hired again, renamed, taken back, merged, anonymised.

use sandbox::NewContact;

use crate::harness::World;

#[test]
fn somebody_hired_once_has_one_row() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.act(|lever, now| {
        let contact = lever.add_contact(NewContact::named("Still Applying"));
        lever.add_opportunity(now, &contact, None)
    });

    world.once(&[]).expect(0);

    world.assert_exact();
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 1, "{roster}");
    let row = roster.row(&ada.opportunity);
    assert_eq!((row["first_name"].as_str(), row["last_name"].as_str()), ("Ada", "Example"));
    assert_eq!(row["mobile"], "+44 7700 900123");
}

#[test]
fn somebody_hired_twice_is_one_person_with_two_rows() {
    let world = World::empty();
    let first = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let second = world.lever.hire_again(&first.contact);

    world.once(&[]).expect(0);

    world.assert_exact();
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 2, "{roster}");
    for hire in [&first, &second] {
        assert_eq!(roster.row(&hire.opportunity)["employee_ref"], first.contact.as_str());
    }
}

#[test]
fn a_rename_arrives() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    let ben = world.lever.hire("Ben Example");
    world.once(&[]).expect(0);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Newname"));

    world.once(&[]).expect(0);

    world.assert_exact();
    let roster = world.roster();
    assert_eq!(roster.row(&ada.opportunity)["last_name"], "Newname");
    assert_eq!(roster.row(&ben.opportunity)["last_name"], "Example");
}

#[test]
fn a_hire_taken_back_keeps_its_row_and_becomes_a_task_and_hired_again_it_is_one_row() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let before = world.roster();

    world.lever.act(|lever, now| lever.unarchive(now, &ada.opportunity));
    let daemon = world.daemon();
    daemon.wait_for_status("a task was raised", SOON, |status| status["tasks_open"] == 1);
    let tasks = daemon.get("/v1/tasks").expect(200).text();
    assert!(tasks.contains(ada.contact.as_str()), "{tasks}");
    assert_eq!(world.roster(), before);
    daemon.terminate().expect(0);

    world.lever.act(|lever, now| lever.hire(now, &ada.opportunity));
    world.once(&[]);
    world.assert_exact();
    assert_eq!(world.roster().rows.len(), 1);
}

#[test]
fn merged_profiles_keep_one_row_per_hire_under_the_surviving_contact() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    let also_ada = world.lever.hire("Adah Example");
    world.once(&[]).expect(0);

    world.lever.act(|lever, now| lever.merge(now, &ada.contact, &also_ada.contact));
    world.once(&[]).expect(0);
    world.once(&["--full"]).expect(0);

    world.assert_exact();
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 2, "{roster}");
    assert_eq!(roster.row(&also_ada.opportunity)["employee_ref"], ada.contact.as_str());
}

#[test]
fn somebody_anonymised_after_delivery_keeps_the_row_they_had() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let before = world.roster();

    world.lever.act(|lever, now| lever.anonymize(now, &ada.opportunity));
    let never_seen = world.lever.hire("Never Seen");
    world.lever.act(|lever, now| lever.anonymize(now, &never_seen.opportunity));
    world.once(&[]);
    world.once(&["--full"]);

    assert_eq!(
        world.roster(),
        before,
        "the row stays, and whoever was anonymised before we saw them is not created"
    );
}

#[test]
fn an_offer_changed_without_a_trace_arrives_with_the_next_full_sweep() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let offer = world.lever.account().hired()[0].signed_offer.clone().unwrap();
    let later = offer.start_date.unwrap() + 7 * DAY;
    world.lever.act(|lever, now| lever.move_start_date(now, &ada.opportunity, &offer.id, Some(later)));

    world.once(&["--full"]).expect(0);

    world.assert_exact();
}

#[test]
fn an_empty_ledger_creates_nobody_hired_before_the_date() {
    use crate::harness::lever::{hire, now_ms};
    let world = World::empty();
    let since = world.setup.hired_since.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    let since = u64::try_from(since).unwrap();
    let first_moment = world.lever.act(|lever, _| {
        let contact = lever.add_contact(NewContact::named("On Theday"));
        hire(lever, since, &contact)
    });
    for (name, at) in [("Long Ago", now_ms() - 400 * DAY), ("Just Before", since - 1)] {
        world.lever.act(|lever, _| {
            let contact = lever.add_contact(NewContact::named(name));
            hire(lever, at, &contact)
        });
    }

    world.once(&[]).expect(0);
    world.once(&["--full"]).expect(0);

    world.assert_exact();
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 1, "{roster}");
    roster.row(&first_moment.opportunity);
}

const DAY: u64 = 24 * 60 * 60 * 1000;
const SOON: std::time::Duration = std::time::Duration::from_secs(30);
