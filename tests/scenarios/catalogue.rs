//! The catalogue of what can go wrong at Lever's side, row by row, and where each row is proven.
//!
//! | row | what goes wrong | where |
//! |---|---|---|
//! | L1 | 429 | simulation (`429`); `scenarios::lever` |
//! | L2 | 5xx, reset, no route, a slow or endless body | simulation (`5xx`, `close`, `lost`, `hang`, `slow`, `unsent`); here |
//! | L3 | half a page, HTML, `hasNext` without `next` | simulation (`half`, `cut`, `html`, `nonext`); `scenarios::lever`; the fuzzer |
//! | L4 | a page token that expires | simulation (`offset`); here |
//! | L5 | records that move between pages | simulation (pages shifted); here |
//! | L6 | an index that lags behind | simulation (`late`, `very late`) |
//! | L7 | clocks that differ by a day | simulation (skew); here |
//! | L8 | a later schema | simulation (`garbled`); here; the fuzzer |
//! | L9 | huge and hostile texts | here; the fuzzer |
//! | L10 | names of every shape | `mapping`'s table of names |
//! | L11 | two hires in the same second | simulation (second hires) |
//! | L12 | hired again months later | simulation (second hires); `scenarios::people` |
//! | L13 | taken back and hired again | simulation (un-hires, re-hires); `scenarios::people` |
//! | L14 | profiles merged | simulation (merges); `scenarios::people`; here |
//! | L15 | a candidate of old that became two opportunities | here |
//! | L16 | anonymised | simulation (anonymisations); `scenarios::people`; here |
//! | L17 | anonymised, and then another contact applies | here |
//! | L18 | deleted | simulation (deletions); here |
//! | L19 | a permission narrowed | simulation (`empty`, `403 on offers`); here |
//! | L20 | a key revoked | simulation (`401`); `engine`; here |
//! | L21 | redirected to another host | simulation (`redirect`); here |
//! | L22 | addresses in records that lead elsewhere | here |
//!
//! The rows W1 to W7 are in `scenarios::webhook`.

use std::time::Duration;

use sandbox::{Lever, NewContact, Phone, Settings};

use crate::harness::{PretendLever, World};

const SOON: Duration = Duration::from_secs(40);
const DAY: u64 = 24 * 60 * 60 * 1000;

/// A few people in the file, on pages of two.
fn world_of_small_pages() -> World {
    let settings = Settings { rate: None, page_size_max: 2, ..Settings::default() };
    let world = World::around(PretendLever::start(Lever::new(settings)));
    for name in ["Ada Example", "Ben Example", "Cleo Example", "Dan Example", "Eve Example"] {
        world.lever.hire(name);
    }
    world.once(&[]).expect(0);
    world
}

/// What stands open, as `hiresync tasks --json` says it.
fn tasks(world: &World) -> String {
    let daemon = world.daemon();
    let tasks = daemon.get("/v1/tasks").expect(200).text();
    daemon.terminate().expect(0);
    tasks
}

#[test]
fn whatever_lever_does_for_a_while_the_file_is_in_the_end_what_it_would_have_been() {
    let faults = [
        "503*25", "401*3", "offset*2", "half", "html*2", "cut", "lost", "shift", "twice*2", "429*9",
        "plain*2",
    ];
    for fault in faults {
        let world = world_of_small_pages();
        let ada = world.lever.hire("Fay Example");
        world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Fay Newname"));
        world.lever.plan_faults(fault);
        let during = world.once(&[]);
        assert!(
            [Some(0), Some(69)].contains(&during.code),
            "{fault}: a cycle survives or ends cleanly\n{during}"
        );
        world.lever.mend();
        world.once(&["--full"]).expect(0);
        world.assert_exact();
        assert_eq!(world.roster().rows.len(), 6, "{fault}");
    }
}

#[test]
fn l7_a_clock_that_differs_by_a_day_is_reported() {
    for skew in ["skew=26h", "skew=-26h"] {
        let world = World::empty();
        world.lever.hire("Ada Example");
        world.lever.plan_faults(skew);
        let daemon = world.daemon();
        daemon.wait_for_status("the clock is reported", SOON, |status| {
            status["source"]["skew_seconds"].as_i64().is_some_and(|seconds| seconds.abs() > 90_000)
        });
        world.ask(&["status"]).says(&["Clock", "differs from Lever's by 2"]);
        world.wait_for_roster("Ada", SOON, |roster| roster.rows.len() == 1);
        daemon.terminate().expect(0);
    }
}

#[test]
fn l8_records_of_a_later_schema_are_read_all_the_same() {
    for drift in ["drift=numbers", "drift=enums@/postings/:id", "drift=fields", "drift=nulls"] {
        let world = World::empty();
        world.lever.hire("Ada Example");
        world.lever.plan_faults(&format!("{drift}%100"));
        world.once(&[]).expect(0);
        world.assert_exact();
    }
}

#[test]
fn l9_a_monstrous_person_costs_nobody_else_anything_and_the_file_can_be_read() {
    let world = World::empty();
    let huge = NewContact {
        name: format!("Ada {}", "\u{202e}x\u{0}\u{301}".repeat(60_000)),
        emails: (0..10_000).map(|n| format!("a{n}@example.com")).collect(),
        phones: vec![Phone::new("mobile", &"+".repeat(100_000))],
        ..NewContact::default()
    };
    world.lever.hire_whom(huge);
    world.lever.hire("Ben Example");
    world.lever.plan_faults("surrogate@/opportunities*1");
    let ended = world.once(&[]);
    assert!([Some(0), Some(1)].contains(&ended.code), "{ended}");
    world.lever.mend();
    world.once(&["--full"]);
    let roster = world.roster();
    assert!(roster.rows.iter().any(|row| row["last_name"] == "Example"), "Ben is there");
    assert!(roster.rows.len() <= 2);
}

#[test]
fn l15_an_old_candidate_id_that_became_two_opportunities_is_one_person_and_is_looked_up_by_it() {
    let world = World::empty();
    let old = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let posting = world.lever.account().postings()[1].id.clone();
    let other = world.lever.act(|lever, now| lever.split(now, &old.opportunity, &posting, Some(now)));
    world.once(&[]).expect(0);
    world.assert_exact();
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 2, "{roster}");
    assert!(roster.rows.iter().all(|row| row["employee_ref"] == old.contact.as_str()));
    let config = world.config();
    let found = world.run(&[
        "lever",
        "resolve",
        "--config",
        config.to_str().unwrap(),
        old.opportunity.as_str(),
        "--json",
    ]);
    let found = found.expect(0);
    assert!(
        found.stdout.contains(old.contact.as_str()) && found.stdout.contains(other.as_str()),
        "{}",
        found.stdout
    );
}

#[test]
fn l14_merged_profiles_that_both_had_a_row_are_one_person_and_never_a_third_row() {
    let world = World::empty();
    let (ada, ben) = (world.lever.hire("Ada Example"), world.lever.hire("Ada E. Example"));
    world.once(&[]).expect(0);
    world.lever.act(|lever, now| lever.merge(now, &ada.contact, &ben.contact));
    world.once(&[]);
    world.once(&["--full"]);
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 2, "{roster}");
    assert!(roster.rows.iter().all(|row| row["employee_ref"] == ada.contact.as_str()), "{roster}");
}

#[test]
fn l16_of_an_anonymised_person_nothing_further_is_read_and_a_human_is_told() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let before = world.roster();
    world.lever.act(|lever, now| lever.anonymize(now, &ada.opportunity));
    let offers = world.lever.figures().of_endpoint("/opportunities/:id/offers");
    world.once(&["--full"]);
    assert_eq!(world.lever.figures().of_endpoint("/opportunities/:id/offers"), offers, "no offer is read");
    assert_eq!(world.roster(), before);
    let tasks = tasks(&world);
    assert!(tasks.contains("erasure_notice") && tasks.contains(ada.contact.as_str()), "{tasks}");
}

#[test]
fn l17_somebody_anonymised_who_comes_back_under_another_contact_is_another_person_to_us_and_spoils_nothing() {
    let world = World::empty();
    let before = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let row = world.roster().row(&before.opportunity).clone();
    world.lever.act(|lever, now| lever.anonymize(now, &before.opportunity));
    let after = world.lever.hire("Ada Example");
    world.once(&[]);
    let roster = world.roster();
    assert_eq!(roster.rows.len(), 2, "{roster}");
    assert_eq!(*roster.row(&before.opportunity), row, "the row of before is as it was");
    assert_eq!(roster.row(&after.opportunity)["employee_ref"], after.contact.as_str());
}

#[test]
fn l18_a_deleted_hire_keeps_its_row_and_is_a_task() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    let again = world.lever.hire_again(&ada.contact);
    let ben = world.lever.hire("Ben Example");
    world.once(&[]).expect(0);
    let before = world.roster();
    for hire in [&again, &ben] {
        world.lever.act(|lever, now| lever.delete(now, &hire.opportunity));
    }
    world.once(&[]);
    let roster = world.roster();
    for hire in [&ada, &again, &ben] {
        let (now, then) = (roster.row(&hire.opportunity), before.row(&hire.opportunity));
        assert_eq!(now["last_name"], then["last_name"]);
    }
    let tasks = tasks(&world);
    assert_eq!(tasks.matches("review_withdrawal").count(), 2, "{tasks}");
    assert!(tasks.contains(ada.contact.as_str()) && tasks.contains(ben.contact.as_str()), "{tasks}");
}

#[test]
fn l19_what_a_narrowed_key_hides_is_no_withdrawal_and_what_depends_on_an_endpoint_is_all_that_it_costs() {
    let world = World::empty();
    let (ada, ben) = (world.lever.hire("Ada Example"), world.lever.hire("Ben Example"));
    world.once(&[]).expect(0);
    let before = world.roster();
    world.lever.account().hide(&ada.opportunity);
    for permission in ["offers:read:admin", "postings:read:admin", "contact:read:admin"] {
        world.lever.account().deny(permission);
    }
    world.lever.act(|lever, now| lever.rename(now, &ben.contact, "Ben Newname"));
    let cleo = world.lever.hire("Cleo Example");
    world.once(&["--full"]);
    let roster = world.roster();
    assert_eq!(
        *roster.row(&ada.opportunity),
        *before.row(&ada.opportunity),
        "nothing is taken from who is hidden"
    );
    let changed = roster.row(&ben.opportunity);
    assert_eq!(changed["last_name"], "Newname");
    assert_eq!(changed["start_date"], before.row(&ben.opportunity)["start_date"], "withheld is not blank");
    assert!(
        roster.rows.iter().all(|row| row["hire_id"] != cleo.opportunity.as_str() || row["title"].is_empty())
    );
    let config = world.config();
    let checked = world.run(&["check", "--config", config.to_str().unwrap()]);
    for permission in ["offers:read:admin", "postings:read:admin", "contact:read:admin"] {
        assert!(checked.stdout.contains(permission), "{permission}: {}", checked.stdout);
    }
}

#[test]
fn l20_a_revoked_key_keeps_every_debt_is_said_at_once_and_flows_on_when_it_is_mended() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    let daemon = world.daemon();
    world.wait_for_roster("Ada", SOON, |roster| roster.rows.len() == 1);
    world.lever.account().revoke_key();
    world.lever.hire("Ben Example");
    daemon.wait_for_status("it is said", SOON, |status| status["last_fault"]["code"] == "unauthorized");
    let said = world.ask(&["status"]);
    assert!(said.stdout.to_lowercase().contains("credential"), "{}", said.stdout);
    assert_eq!(world.roster().rows.len(), 1);
    world.lever.account().restore_key();
    world.wait_for_roster("Ben", SOON, |roster| roster.rows.len() == 2);
    daemon.wait_for_status("all is well", SOON, |status| status["last_fault"].is_null());
    daemon.terminate().expect(0);
    world.assert_exact();
}

#[test]
fn l21_a_redirect_to_another_host_is_refused_and_nothing_is_sent_there() {
    let world = World::empty();
    let elsewhere = PretendLever::empty();
    world.lever.hire("Ada Example");
    world.lever.plan_faults(&format!("redirect=http://{}%100", elsewhere.address()));
    world.once(&[]).expect(69).says(&["redirected"]);
    assert_eq!(elsewhere.figures().requests, 0, "not even a connection");
}

#[test]
fn l22_no_address_in_a_record_is_ever_fetched() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    world.lever.plan_faults("bait%100");
    world.once(&[]).expect(0);
    world.once(&["--full"]).expect(0);
    assert_eq!(world.lever.figures().trapped, 0);
}

#[test]
fn somebody_whose_data_may_not_be_stored_is_held_until_it_may() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.act(|lever, now| lever.protect(now, &ada.opportunity, false, None));
    world.once(&[]).expect(1);
    assert!(!world.roster_file().exists() || world.roster().rows.is_empty());
    world.lever.act(|lever, now| lever.protect(now, &ada.opportunity, true, None));
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
fn a_permission_to_store_that_lapsed_without_a_trace_holds_all_the_same() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.act(|lever, now| lever.protect(now, &ada.opportunity, true, Some(now - DAY)));
    world.once(&[]).expect(1);
    assert!(!world.roster_file().exists() || world.roster().rows.is_empty());
}

#[test]
fn an_old_hire_archived_again_is_held_and_left_out_once_a_human_says_so() {
    let world = World::empty();
    let old = world.lever.act(|lever, now| {
        let contact = lever.add_contact(NewContact::named("Olga Example"));
        crate::harness::lever::hire(lever, now - 2_000 * DAY, &contact)
    });
    world.lever.act(|lever, now| lever.archive_again(now, &old.opportunity));
    world.once(&[]).expect(1);
    assert!(!world.roster_file().exists() || world.roster().rows.is_empty());
    let daemon = world.daemon();
    let tasks: serde_json::Value = serde_json::from_str(&daemon.get("/v1/tasks").expect(200).text()).unwrap();
    let id = tasks.as_array().or(tasks["tasks"].as_array()).unwrap()[0]["id"].as_str().unwrap().to_owned();
    world.ask(&["tasks", "done", &id]).expect(0);
    daemon.wait_for_status("nothing is held", SOON, |status| status["targets"]["roster"]["held"] == 0);
    daemon.terminate().expect(0);
    world.once(&["--full"]).expect(0);
    assert!(!world.roster_file().exists() || world.roster().rows.is_empty());
}

#[test]
fn what_is_written_back_is_there_once_is_never_fed_back_and_never_echoes() {
    let world = World::empty();
    let told = "\n[targets.roster.write_back]\ntag  = \"in-payroll\"\nlink = \"https://hr.example.com/people/{record}\"\nnote = \"Record {record}\"\n";
    world.write_config(&(world.config_text() + told));
    let ada = world.lever.hire("Ada Example");
    let again = world.lever.hire_again(&ada.contact);
    world.once(&[]).expect(0);
    let writes = world.lever.figures().writes;
    {
        let account = world.lever.account();
        for hire in [&ada, &again] {
            let found = account.opportunity(&hire.opportunity).unwrap();
            assert_eq!(found.tags.iter().filter(|tag| *tag == "in-payroll").count(), 1);
        }
        assert_eq!(account.contact(&ada.contact).unwrap().links.len(), 1);
    }
    let before = world.roster_identity();
    for _ in 0..3 {
        world.once(&["--full"]).expect(0);
    }
    assert_eq!(world.lever.figures().writes, writes, "told once");
    assert_eq!(world.roster_identity(), before, "an echo changes nothing");
    world.assert_exact();
    println!("written back about two hires: {writes} writes");
    // Switched off again, and the tags mapped: what we wrote stays in Lever and is still ours.
    world.write_config(
        &world.config_text().replace("hire_id    =", "tags       = \"tags | join(';')\"\nhire_id    ="),
    );
    world.once(&["--full", "--approve"]).expect(0);
    let roster = world.roster();
    assert!(
        roster.rows.iter().all(|row| !row["tags"].is_empty() && !row["tags"].contains("in-payroll")),
        "{roster}"
    );
}

#[test]
fn a_five_minute_cycle_with_a_few_changes_costs_its_pages_and_one_request_for_each_offer() {
    let world = World::empty();
    let hires: Vec<_> = (0..130).map(|n| world.lever.hire(&format!("P{n} Example"))).collect();
    world.once(&[]).expect(0);
    for hire in &hires[..120] {
        world.lever.act(|lever, now| lever.rename(now, &hire.contact, "New Name"));
    }
    let before = world.lever.figures();
    world.once(&[]).expect(0);
    let after = world.lever.figures();
    let requests = after.requests - before.requests;
    let postings = after.of_endpoint("/postings/:id") - before.of_endpoint("/postings/:id");
    let sweep_pages = 120_u64.div_ceil(100) + 130_u64.div_ceil(100);
    let bound = sweep_pages + 120_u64.div_ceil(50) + 120 + postings + 1;
    println!("120 of 130 changed: {requests} requests, bound {bound} ({postings} postings of a new process)");
    assert!(requests <= bound, "{requests} > {bound}");
    world.assert_exact();
}
