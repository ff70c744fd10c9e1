//! A ledger that is not the one which ran last: put back from a month ago, cloned while the original runs on, rolled back with
//! the whole machine. Nobody twice, nothing old over what is newer, and it is said.

use std::{fs, path::Path, time::Duration};

use sandbox::cezanne::{Settings, Table};
use serde_json::json;

use super::ledger::copy_folder;
use crate::harness::{
    World,
    cezanne::{Company, KEEPING},
};

const SOON: Duration = Duration::from_secs(20);

/// Puts a folder back as a copy of another.
fn put_back(from: &Path, to: &Path) {
    fs::remove_dir_all(to).unwrap();
    copy_folder(from, to);
}

fn family_name(company: &Company, given: &str) -> String {
    let people = company.cezanne.account().people();
    let row = people.iter().find(|row| row.text("GIVENNAME") == given);
    row.unwrap_or_else(|| panic!("nobody is called {given}\n{}", company.world.everything_said()))
        .text("FAMILYNAME")
        .to_owned()
}

#[test]
pub(super) fn a_ledger_of_a_month_ago_doubles_nobody_in_the_file_and_is_said_once() {
    let world = World::empty();
    let ada = world.lever.hire("Ada Example");
    world.lever.hire("Ben Example");
    world.once(&[]).expect(0);
    let backup = world.path("backup");
    copy_folder(&world.setup.state, &backup);
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Married"));
    world.lever.hire("Cleo Example");
    world.once(&[]).expect(0);
    let before = (world.roster(), world.roster_identity());
    put_back(&backup, &world.setup.state);

    world.once(&[]).expect(0).says(&["ledger.copied"]);

    assert_eq!((world.roster(), world.roster_identity()), before, "everything is right already");
    let ended = world.once(&["--json"]).expect(0);
    assert!(!ended.stderr.contains("ledger.copied"), "it is said once: {ended}");
    assert_eq!(ended.json()["certificate"]["roster"]["unexplained"], 0, "{ended}");
    world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Again"));
    world.lever.hire("Dora Example");
    world.once(&[]).expect(0);
    world.assert_exact();
    let daemon = world.daemon();
    daemon.wait_for_status("certified", SOON, |status| {
        status["targets"]["roster"]["certificate"]["agreed"] == 4
    });
    world.ask(&["status"]).says(&["the state folder was copied", "0 unexplained"]);
}

#[test]
fn a_ledger_of_a_month_ago_leaves_what_hr_put_back_and_makes_nobody_again() {
    // given a ledger that agreed on "Ada Example"
    let company = Company::new(Settings::default());
    let ada = company.world.lever.hire("Ada Example");
    company.world.lever.hire("Ben Example");
    company.world.once(&[]).expect(0);
    let backup = company.world.path("backup");
    copy_folder(&company.world.setup.state, &backup);
    // and a month in which she is renamed in Lever, HR puts the old name back, and others come
    company.world.lever.act(|lever, now| lever.rename(now, &ada.contact, "Ada Married"));
    company.world.lever.hire("Cleo Example");
    company.world.once(&[]).expect(0);
    assert_eq!(family_name(&company, "Ada"), "Married");
    let rows = company.cezanne.account().people();
    let code =
        rows.iter().find(|row| row.text("FAMILYNAME") == "Married").unwrap().text("PERSONID").to_owned();
    company.cezanne.act(|tenant, now| {
        tenant.edit(now, Table::People, &[("PERSONID", &code)], "FAMILYNAME", json!("Example"))
    });
    let writes = company.cezanne.writes();
    // when the ledger of then is put back
    put_back(&backup, &company.world.setup.state);
    company.world.once(&[]).says(&["ledger.copied"]);
    company.world.once(&["--full"]);
    // then
    assert_eq!(company.cezanne.writes(), writes, "{}", company.world.everything_said());
    assert_eq!(family_name(&company, "Ada"), "Example");
    company.assert_exact();
    company.world.lever.hire("Dora Example");
    company.world.once(&[]);
    company.assert_exact();
}

#[test]
fn a_ledger_cloned_while_the_original_runs_on_doubles_nobody_and_both_say_so() {
    let mut company = Company::new(Settings::default());
    company.world.lever.hire("Ada Example");
    company.world.once(&[]).expect(0);
    let (original, clone) = (company.world.setup.state.clone(), company.world.path("clone"));
    copy_folder(&original, &clone);
    let run_as = |company: &mut Company, state: &Path| {
        company.world.setup.state = state.to_owned();
        company.configure(KEEPING);
        company.world.once(&[]).expect(0)
    };
    company.world.lever.hire("Ben Example");
    run_as(&mut company, &original);
    let said = run_as(&mut company, &clone);
    said.says(&["ledger.copied"]);
    company.world.lever.hire("Cleo Example");
    run_as(&mut company, &clone);
    // The original was never copied, and finds somebody whom it should have made itself.
    let said = run_as(&mut company, &original);
    said.says(&["ledger.unknown_record"]);

    company.assert_exact();
    assert_eq!(company.cezanne.account().figures().of("POST", "People"), 3);
    let _daemon = company.world.daemon();
    company.world.ask(&["status"]).says(&["Found 1 record in cezanne-uk", "a second hiresync is at work"]);
}
