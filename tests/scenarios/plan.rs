//! `plan` and `apply`: exactly what was shown is done, or nothing.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use crate::harness::{Ended, World, cezanne::Company};
use sandbox::cezanne::Settings;

const SOON: Duration = Duration::from_secs(40);

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Every file in a folder and its content.
fn files(folder: &Path) -> Files {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// All that a plan, and an application that is refused, have to leave as it is.
fn kept(world: &World) -> (Files, Files, u64) {
    (files(&world.setup.export), files(&world.setup.state), world.lever.figures().writes)
}

fn plan_file(world: &World) -> PathBuf {
    world.path("the.plan")
}

/// `plan --out FILE --json`, and what it printed.
#[track_caller]
fn plan(world: &World, more: &[&str]) -> Value {
    let (config, file) = (world.config(), plan_file(world));
    let words = ["plan", "--config", config.to_str().unwrap(), "--out", file.to_str().unwrap(), "--json"];
    world.run(&[&words, more].concat()).expect(0).json()
}

#[track_caller]
fn apply(world: &World, more: &[&str]) -> Ended {
    let (config, file) = (world.config(), plan_file(world));
    let words = ["apply", "--config", config.to_str().unwrap(), file.to_str().unwrap()];
    world.run(&[&words, more].concat())
}

/// Refused with all of these words, and nothing written.
#[track_caller]
fn refused(world: &World, words: &[&str]) {
    let before = kept(world);
    apply(world, &[]).expect(1).says(words);
    assert!(kept(world).0 == before.0, "the export is as it was");
}

#[test]
fn a_plan_without_a_ledger_leaves_no_trace_and_is_carried_out_exactly_and_once() {
    // Nothing of this passes the guard.
    let world = World::empty().with(|setup| setup.creates_per_cycle_max = 0);
    let hires = ["Ada Example", "Ben Example", "Cleo Example"].map(|name| world.lever.hire(name));

    let said = plan(&world, &[]);

    assert_eq!(
        (&said["counts"]["create"], said["changes"].as_array().unwrap().len()),
        (&3.into(), 3),
        "{said:#}"
    );
    assert!(said["id"].as_str().unwrap().starts_with("P-") && said["guard"].is_object(), "{said:#}");
    assert!(!world.setup.state.exists() && !world.setup.export.exists());
    let kept = fs::read_to_string(plan_file(&world)).unwrap();
    assert!(!kept.contains("Example") && !kept.contains("example.com") && !kept.contains("7700"), "{kept}");
    assert!(hires.iter().all(|hire| kept.contains(hire.contact.as_str())), "{kept}");
    assert_eq!(fs::metadata(plan_file(&world)).unwrap().permissions().mode() & 0o777, 0o600);

    apply(&world, &[]).expect(0).says(&["3 created"]);

    assert_eq!(world.roster().rows.len(), 3);
    world.assert_exact();
    let written = world.roster_identity();
    apply(&world, &[]).expect(1).says(&["already applied"]);
    world.once(&[]).expect(0);
    assert_eq!(world.roster_identity(), written, "nothing is sent twice");
}

#[test]
fn a_plan_over_a_ledger_leaves_every_byte_of_it_as_it_was() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada King"));
    world.lever.hire("Ben Example");
    let before = kept(&world);

    let said = plan(&world, &[]);

    assert!(kept(&world) == before);
    assert_eq!((&said["counts"]["create"], &said["counts"]["change"]), (&1.into(), &1.into()), "{said:#}");
    let change =
        said["changes"].as_array().unwrap().iter().find(|line| line["decision"] == "update").unwrap();
    let field = &change["fields"].as_array().unwrap()[0];
    assert_eq!((&field["old"], &field["new"]), (&"Example".into(), &"King".into()), "{change:#}");
    apply(&world, &["--json"]).expect(0);
    world.assert_exact();
}

#[test]
fn somebody_who_was_edited_in_lever_since_is_named_and_nothing_is_sent() {
    let world = World::empty();
    let hires = ["Ada Example", "Ben Example"].map(|name| world.lever.hire(name));
    plan(&world, &[]);
    world.lever.act(|lever, now| lever.rename(now, &hires[1].contact, "Somebody Else"));

    refused(&world, &[hires[1].contact.as_str(), "the person in Lever"]);

    assert!(!world.setup.state.exists() && !world.setup.export.exists(), "not even a ledger was made");
    plan(&world, &[]);
    apply(&world, &[]).expect(0);
    world.assert_exact();
}

#[test]
fn another_mapping_is_named() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    plan(&world, &[]);
    world.write_config(&world.config_text().replace("name.first", "name.first | upper"));
    refused(&world, &["the mapping of roster"]);
    // Where the export goes is the target's business.
    world.write_config(&world.config_text().replace("format  = \"csv\"", "format  = \"jsonl\""));
    refused(&world, &["the settings of roster"]);
}

#[test]
fn a_record_that_hr_edited_since_is_named() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada King"));
    plan(&world, &[]);
    let text = fs::read_to_string(world.roster_file()).unwrap();
    fs::write(world.roster_file(), text.replace("ada@example.com", "ada@hr.example.com")).unwrap();
    refused(&world, &[ada.contact.as_str(), "the record in roster"]);
}

#[test]
fn a_cycle_since_then_is_named() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada King"));
    plan(&world, &[]);
    world.once(&[]).expect(0);
    refused(&world, &[ada.contact.as_str(), "what hiresync and roster agreed on"]);
}

#[test]
fn a_plan_that_was_changed_by_a_byte_or_is_none_is_refused() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    plan(&world, &[]);
    let mut bytes = fs::read(plan_file(&world)).unwrap();
    let at = bytes.windows(5).position(|word| word == b"\"add\"").unwrap();
    bytes[at + 1] ^= 1;
    fs::write(plan_file(&world), &bytes).unwrap();
    apply(&world, &[]).expect(65).says(&["was changed"]);
    fs::write(plan_file(&world), "{}").unwrap();
    apply(&world, &[]).expect(65).says(&["no plan"]);
    fs::remove_file(plan_file(&world)).unwrap();
    apply(&world, &[]).expect(65);
    assert!(!world.setup.state.exists() && !world.setup.export.exists());
}

#[test]
fn contacts_limit_what_is_planned_and_what_is_applied() {
    let world = World::empty();
    let hires = ["Ada Example", "Ben Example", "Cleo Example"].map(|name| world.lever.hire(name));
    let [ada, ben, _] = hires.each_ref().map(|hire| hire.contact.as_str());
    let said = plan(&world, &["--contact", ada, "--contact", ben]);
    assert_eq!(said["changes"].as_array().unwrap().len(), 2);
    apply(&world, &["--contact", ben]).expect(0);
    let names = || world.roster().rows.iter().map(|row| row["first_name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(), ["Ben"]);
    plan(&world, &["--contact", ada]);
    apply(&world, &[]).expect(0);
    assert_eq!(world.roster().rows.len(), 2);
}

#[test]
fn a_plan_that_could_not_be_made_is_not_kept() {
    let mut world = World::empty();
    world.lever.hire("Ada Example");
    world.lever.go_away();
    let (config, file) = (world.config(), plan_file(&world));
    world.run(&["plan", "--config", config.to_str().unwrap(), "--out", file.to_str().unwrap()]).expect(69);
    assert!(!file.exists());
}

#[test]
fn while_somebody_else_has_the_ledger_neither_is_done() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada King"));
    plan(&world, &[]);
    let locked = ledger::StateFolder::lock(&world.setup.state).unwrap();
    apply(&world, &[]).expect(75).says(&["in use"]);
    let config = world.config();
    world.run(&["plan", "--config", config.to_str().unwrap()]).expect(75).says(&["in use"]);
    drop(locked);
    apply(&world, &[]).expect(0).says(&["1 updated"]);
}

#[test]
fn beside_a_daemon_plan_and_apply_are_its_work() {
    let world = World::empty().with(|setup| setup.creates_per_cycle_max = 1);
    let hires = ["Ada Example", "Ben Example"].map(|name| world.lever.hire(name));
    let daemon = world.daemon();
    daemon.wait_for_status("the guard holds", SOON, |status| status["targets"]["roster"]["held"] == 2);

    let said = plan(&world, &[]);
    assert_eq!(said["counts"]["create"], 2, "{said:#}");
    assert!(said.get("file").is_none(), "what is printed is for people and programs, not for apply");
    let before = kept(&world).0;
    world.lever.act(|lever, now| lever.rename(now, &hires[0].contact, "Somebody Else"));
    apply(&world, &[]).expect(1).says(&[hires[0].contact.as_str()]);
    assert!(kept(&world).0 == before);

    plan(&world, &[]);
    apply(&world, &[]).expect(0).says(&["2 created"]);
    assert_eq!(world.roster().rows.len(), 2);
    world.assert_exact();
    apply(&world, &[]).expect(1).says(&["already applied"]);
    daemon.terminate().expect(0);
}

#[test]
fn a_plan_asks_cezanne_for_a_token_and_changes_nothing_there_and_is_then_carried_out() {
    let company = Company::new(Settings::default());
    let ada = company.world.lever.hire("Ada Example");
    let before = company.cezanne.account().people();

    let said = plan(&company.world, &[]);

    assert_eq!((company.cezanne.writes(), company.cezanne.account().people()), (0, before));
    assert_eq!(
        (&said["counts"]["create"], &said["changes"][0]["contact"]),
        (&1.into(), &ada.contact.as_str().into())
    );
    assert!(said["counts"]["invented"].as_u64().unwrap() > 0, "a birth date that nobody gave: {said:#}");
    let done = apply(&company.world, &[]);
    assert!(matches!(done.code, Some(0)), "{done}");
    company.assert_exact();
    apply(&company.world, &[]).expect(1).says(&["already applied"]);
}
