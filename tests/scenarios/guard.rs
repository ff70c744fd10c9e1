//! The guard: more than so many at once waits for a human.

use std::time::Duration;

use crate::harness::World;

const SOON: Duration = Duration::from_secs(40);

fn world_with_three_and_a_guard_of_two() -> World {
    let world = World::empty().with(|setup| setup.creates_per_cycle_max = 2);
    for name in ["Ada Example", "Ben Example", "Cleo Example"] {
        world.lever.hire(name);
    }
    world
}

#[test]
fn more_new_hires_than_the_guard_allows_are_all_held_until_a_run_with_approve() {
    let world = world_with_three_and_a_guard_of_two();

    let held = world.once(&["--json"]).expect(1).json();
    assert_eq!((&held["guard"]["held"], &held["needs_human"]), (&3.into(), &true.into()), "{held:#}");
    assert_eq!(world.roster().rows.len(), 0, "all or nothing");
    world.once(&[]).expect(1).says(&["the guard holds 3"]);
    assert_eq!(world.roster().rows.len(), 0);

    world.once(&["--approve"]).expect(0);
    world.assert_exact();
    assert_eq!(world.roster().rows.len(), 3);
}

#[test]
fn what_the_guard_holds_goes_out_when_it_is_approved_over_the_socket() {
    let world = world_with_three_and_a_guard_of_two();
    let daemon = world.daemon();
    daemon.wait_for_status("the guard holds", SOON, |status| status["targets"]["roster"]["held"] == 3);
    world.ask(&["status"]).expect(1).says(&["hiresync approve"]);
    let guards = world.ask(&["guards", "--json"]).expect(0).json();
    let cycle = guards[0]["cycle"].to_string();

    world.ask(&["approve", &cycle]).expect(0).says(&["3 changes"]);

    world.wait_for_roster("all three", SOON, |roster| roster.rows.len() == 3);
    world.assert_exact();
    daemon.wait_for_status("nobody is needed", SOON, |status| status["needs_human"] == false);
}

#[test]
fn more_changes_than_the_guard_allows_are_held_too() {
    let world = World::empty().with(|setup| setup.changes_per_cycle_max = 1);
    let hires: Vec<_> = ["Ada Example", "Ben Example"].map(|name| world.lever.hire(name)).into();
    world.once(&[]).expect(0);
    let before = world.roster();
    for hire in &hires {
        world.lever.act(|lever, now| lever.rename(now, &hire.contact, "Somebody Else"));
    }

    world.once(&[]).expect(1);
    assert_eq!(world.roster(), before);

    world.once(&["--approve"]).expect(0);
    world.assert_exact();
}

#[test]
pub(super) fn all_of_a_poll_is_held_also_what_is_read_after_the_guard_has_tripped() {
    let world = World::empty().with(|setup| setup.creates_per_cycle_max = 30);
    // Without offers a batch is one request.
    let targets = format!(
        "[targets.roster]\nadapter = \"file-export\"\npath = \"{}\"\n[targets.roster.person]\nemployee_ref = \"contact\"\n\
         [targets.roster.hire]\nhire_id = \"opportunity\"\n",
        world.setup.export.display()
    );
    world.write_config(&world.config_text_of(&targets));
    // Fifty are read at once: the twenty of the second batch would be few enough by themselves.
    (0..70).for_each(|nth| drop(world.lever.hire(&format!("Person{nth} Example"))));

    let held = world.once(&["--json"]).expect(1).json();

    assert_eq!(held["guard"]["held"], 70, "{held:#}");
    assert_eq!(world.roster().rows.len(), 0, "all or nothing");
}
