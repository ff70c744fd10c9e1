//! The drill: back the ledger up beside a running daemon, lose the machine, put it back, and find out whether it is whole.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use serde_json::Value;

use crate::harness::World;

const SOON: Duration = Duration::from_secs(20);

/// `state WHAT --config … REST`, run in the world's folder.
fn state(world: &World, what: &str, rest: &[&str]) -> crate::harness::Ended {
    let config = world.config();
    let mut args = vec!["state", what, "--config", config.to_str().unwrap()];
    args.extend_from_slice(rest);
    world.run(&args)
}

#[test]
fn a_backup_made_beside_the_daemon_is_put_back_on_an_empty_machine_and_nobody_is_made_twice() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    let archive = world.path("monday.state");
    let archive = archive.to_str().unwrap();
    {
        let daemon = world.daemon();
        daemon.wait_for_status("both there", SOON, |status| status["targets"]["roster"]["agreed"] == 2);
        let said = state(&world, "export", &[archive, "--json"]).expect(0).json();
        assert!(said["records"].as_u64().unwrap() > 5 && said["has_digest_key"] == true, "{said}");
        assert_eq!(fs::metadata(archive).unwrap().permissions().mode() & 0o777, 0o600);
        state(&world, "verify", &[]).expect(75).says(&["a daemon has the ledger"]);
        state(&world, "import", &[archive]).expect(75);
        daemon.terminate().expect(0);
    }
    // Without a daemon the same: only the time and the last cycle's lines differ.
    let again = world.path("again.state");
    state(&world, "export", &[again.to_str().unwrap()]).expect(0);
    state(&world, "verify", &[again.to_str().unwrap()]).expect(0);
    state(&world, "verify", &[]).expect(0).says(&["Every record is there"]);
    // The month goes on, and then the machine is gone.
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Married"));
    world.lever.hire("Cleo Example");
    world.once(&[]).expect(0);
    let before = (world.roster(), world.roster_identity());
    fs::remove_dir_all(&world.setup.state).unwrap();

    state(&world, "import", &[archive]).expect(0).says(&["begins as a copy"]);

    world.once(&[]).expect(0);
    assert_eq!((world.roster(), world.roster_identity()), before, "everything is right already");
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Again"));
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
fn a_ledger_that_is_there_is_not_replaced_by_accident_and_who_was_forgotten_stays_forgotten() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    world.once(&[]).expect(0);
    let archive = world.path("before.state");
    let archive = archive.to_str().unwrap();
    state(&world, "export", &[archive]).expect(0);
    let config = world.config();
    world.run(&["forget", ada.contact.as_str(), "--config", config.to_str().unwrap()]).expect(0);

    state(&world, "import", &[archive]).expect(73).says(&["--replace"]);
    let said: Value = state(&world, "import", &[archive, "--replace", "--json"]).expect(0).json();

    assert_eq!(said["forgotten_again"], 1, "{said}");
    assert!(fs::metadata(said["kept"].as_str().unwrap()).unwrap().is_dir());
    let report = world.run(&["report", ada.contact.as_str(), "--config", config.to_str().unwrap(), "--json"]);
    assert!(!report.stdout.contains("agreed_at"), "{report}");
    let rows = world.roster().rows.len();
    world.once(&[]).expect(0);
    assert_eq!(world.roster().rows.len(), rows, "the row is HR's now");
}

#[test]
fn an_archive_that_is_damaged_and_a_ledger_that_is_damaged_are_named_and_nothing_is_touched() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let archive = world.path("whole.state");
    state(&world, "export", &[archive.to_str().unwrap()]).expect(0);
    let whole = fs::read(&archive).unwrap();
    let spoilt = world.path("spoilt.state");
    fs::write(&spoilt, &whole[..whole.len() / 2]).unwrap();
    let spoilt = spoilt.to_str().unwrap();
    state(&world, "verify", &[spoilt]).expect(65).says(&["cut off after line", "take another one"]);
    state(&world, "import", &["--replace", spoilt]).expect(65);
    state(&world, "verify", &[]).expect(0);
    state(&world, "export", &["/nowhere/monday.state"]).expect(73);

    let db = world.cut_ledger();
    let length = fs::metadata(&db).unwrap().len();
    let found = state(&world, "verify", &[]);
    found.expect(1).says(&["Wrong: ", "state import --replace"]);
    assert_eq!(fs::metadata(&db).unwrap().len(), length, "verify changes nothing");
    let other = world.path("other.state");
    state(&world, "export", &[other.to_str().unwrap()]).expect(1);
    assert!(!other.exists());
}
