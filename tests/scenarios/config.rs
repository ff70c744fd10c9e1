//! A faulty configuration: every fault at once, with its place, before anything is touched.

use std::fs;

use crate::harness::World;

#[test]
fn every_fault_of_a_configuration_is_named_at_once_with_line_and_column_and_nothing_is_started() {
    let world = World::empty();
    fs::remove_file(world.path("lever-api-key")).unwrap();
    let text = r#"[lever]
base_url = "http://example.com/v1"
api_key = { file = "lever-api-key" }
pol = "*/2 * * * * *"
timezone = "Europe/Lndon"
requests_per_second = "fast"

[guards]
creates_per_cycle_max = -1

[targets.roster]
adapter = "file-export"
format = "xml"
fromat = "csv"

[targets.roster.person]
first_name = "name.frist"

[targets.cezanne]
adapter = "cezzane"
"#;
    world.write_config(text);
    let config = world.config();
    let file = config.to_str().unwrap();

    for args in [
        &["run", "--config", file][..],
        &["run", "--once", "--config", file],
        &["check", "--offline", "--config", file],
        &["check", "--config", file],
        &["plan", "--config", file],
    ] {
        let ended = world.run(args).expect(78);
        for place in [
            "1:2: lever.hired_since: is missing and required",
            "2:1: lever.base_url:",
            "3:1: lever.api_key: cannot read",
            "4:1: lever.pol: is not a known key; did you mean poll?",
            "5:1: lever.timezone:",
            "6:1: lever.requests_per_second:",
            "9:1: guards.creates_per_cycle_max:",
            "11:10: targets.roster.path: is missing and required",
            "13:1: targets.roster.format:",
            "14:1: targets.roster.fromat: is not a known key; did you mean format?",
            "17:15: targets.roster.person.first_name: uses the unknown name name.frist at character 1; did you mean name.first?",
            "20:1: targets.cezanne.adapter:",
        ] {
            assert!(
                ended.stderr.contains(&format!("{file}:{place}")),
                "{args:?}: nowhere `{place}`\n{ended}"
            );
        }
        ended.says(&["12 faults"]);
    }

    assert_eq!(world.lever.figures().requests, 0);
    for path in [world.setup.state.clone(), world.socket(), world.setup.export.clone()] {
        assert!(!path.exists(), "{} was made", path.display());
    }
}

#[test]
fn a_configuration_that_is_not_there_or_no_toml_is_said_so() {
    let world = World::empty();
    world
        .run(&["run", "--config", "/nowhere/hiresync.toml"])
        .expect(78)
        .says(&["/nowhere/hiresync.toml", "--config"]);
    world.write_config("[lever\nhired_since = \n");
    world.once(&[]).expect(78).says(&["hiresync.toml:1:", "is no TOML"]);
    world.run(&["run", "--config"]).expect(64);
    world.run(&["rnu"]).expect(64);
}

#[test]
fn a_faulty_configuration_is_refused_by_a_running_daemon_and_the_old_one_stays_in_force() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    let mut daemon = world.daemon();
    world.write_config(&world.config_text().replace("poll ", "pol "));

    daemon.signal(rustix::process::Signal::HUP);

    let soon = std::time::Duration::from_secs(20);
    daemon.wait_for_log(&["lever.pol: is not a known key", "the old one stays in force"], soon);
    world.ask(&["status"]).says(&["The configuration on disk was refused"]);
    world.wait_for_roster("Ada", soon, |roster| roster.rows.len() == 1);
    world.lever.hire("Ben Example");
    world.wait_for_roster("Ben", soon, |roster| roster.rows.len() == 2);
    daemon.terminate().expect(0);
}

#[test]
fn check_asks_lever_and_the_target_and_changes_nothing() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    let config = world.config();
    let check = ["check", "--config", config.to_str().unwrap()];

    world.run(&check).expect(0);
    assert_eq!(world.lever.figures().writes, 0);
    assert!(!world.setup.state.exists() && !world.roster_file().exists());

    world.write_key("not-the-key");
    world.run(&check).expect(77).says(&["api_key"]);
}

#[test]
fn a_plan_without_a_daemon_shows_what_would_be_sent_and_leaves_everything_as_it_is() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    let config = world.config();

    let plan = world.run(&["plan", "--config", config.to_str().unwrap()]).expect(0);

    plan.says(&[ada.contact.as_str(), "Example"]);
    assert!(!world.setup.state.exists() && !world.roster_file().exists());
}
