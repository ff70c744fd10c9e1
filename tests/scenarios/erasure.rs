//! `explain`, `report` and `forget`, from outside: beside the daemon, and without one.

use std::time::Duration;

use crate::harness::World;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn explain_tells_the_way_from_lever_to_the_answer_and_says_when_lever_cannot_be_asked() {
    let mut world = World::empty();
    let ada = world.lever.hire("Ada Example");
    let daemon = world.daemon();
    world.wait_for_roster("Ada", SOON, |roster| roster.rows.len() == 1);
    daemon.wait_for_status("agreed", SOON, |status| status["targets"]["roster"]["agreed"] == 1);

    let page = world.ask(&["explain", ada.contact.as_str()]).expect(0);

    page.says(&[
        "In Lever, asked",
        "(read.person)",
        ada.opportunity.as_str(),
        "roster (agreed)",
        "(in_scope)",
        "fields are mapped",
        "A cycle now (nothing)",
        "Last answer:",
        "Next: nothing",
    ]);
    assert!(!page.stdout.contains("Example"), "no personal values: {page}");
    let engineers = world.ask(&["explain", ada.contact.as_str(), "--verbose"]).expect(0);
    engineers.says(&["generation", "fields compared"]);
    world.lever.go_away();
    world
        .ask(&["explain", ada.contact.as_str()])
        .expect(0)
        .says(&["Lever could not be asked now", "roster (agreed)"]);
}

#[test]
fn somebody_forgotten_is_named_once_and_never_made_again() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    let contact = ada.contact.as_str();
    let daemon = world.daemon();
    daemon.wait_for_status("agreed", SOON, |status| status["targets"]["roster"]["agreed"] == 2);
    let report = world.ask(&["report", contact]).expect(0);
    report.says(&["Who received what", "created", "last_name", world.setup.export.to_str().unwrap()]);
    assert!(!report.stdout.contains("Example"), "no personal values: {report}");

    let forgotten = world.ask(&["forget", contact]).expect(0);

    forgotten.says(&["Still held by", "roster", ada.opportunity.as_str()]);
    let before = world.roster();
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Newname"));
    world.lever.hire("Cleo Example");
    world.ask(&["sync", contact]).expect(0);
    world.wait_for_roster("Cleo", SOON, |roster| roster.rows.len() == before.rows.len() + 1);
    world.ask(&["explain", contact]).expect(0).says(&["out_of_scope.forgotten"]);
    world.ask(&["report", contact]).expect(0).says(&["Nothing is held"]);
    assert_eq!(world.roster().row(&ada.opportunity)["last_name"], "Example", "the row is HR's to remove");
    daemon.terminate().expect(0);
    // Without a daemon, by the configuration.
    let config = world.config();
    let config = config.to_str().unwrap();
    world.run(&["report", contact, "--config", config]).expect(0).says(&["Nothing is held"]);
    let ben = world.lever.account().hired()[1].clone();
    let answer = world.run(&["forget", ben.contact.as_str(), "--config", config, "--json"]).expect(0).json();
    assert_eq!(answer["held_by"][0]["target"], "roster", "{answer:#}");
    let ended = world.once(&["--full", "--json"]).expect(0).json();
    assert_eq!(ended["certificate"]["roster"]["hired"], 1, "{ended:#}");
    assert_eq!(world.roster().rows.len(), 3);
}
