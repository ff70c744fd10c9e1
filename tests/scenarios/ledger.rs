//! The ledger lost, damaged, rolled back, out of room.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
};

use crate::harness::{
    World,
    host::{SmallDisk, left_out},
    world::CUT_AT,
};

/// What happens to the store in this folder.
type Spoiling = fn(&Path);

fn world_with_three() -> World {
    let world = World::empty();
    for name in ["Ada Example", "Ben Example", "Cleo Example"] {
        world.lever.hire(name);
    }
    world.once(&[]).expect(0);
    world.assert_exact();
    world
}

#[test]
fn a_lost_ledger_doubles_nobody_and_a_later_hire_is_delivered_without_a_human() {
    let world = world_with_three();
    let before = (world.roster(), world.roster_identity());
    fs::remove_dir_all(&world.setup.state).unwrap();

    world.once(&[]).expect(0);
    assert_eq!(
        (world.roster(), world.roster_identity()),
        before,
        "everybody is found and adopted, nothing is written"
    );

    world.lever.hire("Dora Example");
    world.once(&[]).expect(0);
    world.assert_exact();
    assert_eq!(world.roster().rows.len(), 4);
}

#[test]
fn a_lost_ledger_is_caught_by_no_guard_when_everybody_is_in_the_file_already() {
    let world = world_with_three().with(|setup| setup.creates_per_cycle_max = 1);
    fs::remove_dir_all(&world.setup.state).unwrap();

    world.once(&[]).expect(0);
    world.lever.hire("Dora Example");
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
fn a_damaged_ledger_is_said_moved_aside_and_rebuilt_and_doubles_nobody() {
    let spoilings: [(&str, Spoiling); 7] = [
        ("every 64th byte flipped", |store| flip_every(64, &store.join("db"))),
        ("a page zeroed at the start", |store| zero(&store.join("db"), 0)),
        ("cut within what it holds", |store| cut(&store.join("db"), CUT_AT)),
        ("emptied", |store| cut(&store.join("db"), 0)),
        ("its data file removed", |store| fs::remove_file(store.join("db")).unwrap()),
        ("the whole store removed", |store| fs::remove_dir_all(store).unwrap()),
        ("its key removed", |store| fs::remove_file(store.parent().unwrap().join("digest.key")).unwrap()),
    ];
    for (what, spoil) in spoilings {
        let world = world_with_three();
        let before = (world.roster(), world.roster_identity());
        spoil(&world.setup.state.join("store"));

        let ended = world.once(&[]);
        assert_eq!(ended.code, Some(0), "{what}: {ended}");
        assert!(ended.stderr.contains("ledger.recovery"), "{what} is said: {ended}");
        let was_there = what != "the whole store removed";
        assert_eq!(world.lost_ledgers().len(), usize::from(was_there), "{what} is moved aside: {ended}");
        assert_eq!((world.roster(), world.roster_identity()), before, "{what} doubles and rewrites nobody");

        world.lever.hire("Dora Example");
        world.once(&[]).expect(0);
        world.assert_exact();
        assert!(!world.once(&[]).expect(0).stderr.contains("ledger.recovery"), "{what} is said once");
    }
}

#[test]
fn a_ledger_put_back_from_an_old_copy_doubles_nobody() {
    let world = world_with_three();
    let old = world.path("old-state");
    copy_folder(&world.setup.state, &old);
    let dora = world.lever.hire("Dora Example");
    world.lever.act(|lever, now| lever.rename(now, &dora.contact, "Dora Newname"));
    world.once(&[]).expect(0);
    fs::remove_dir_all(&world.setup.state).unwrap();
    copy_folder(&old, &world.setup.state);
    world.lever.hire("Emil Example");

    world.once(&[]).expect(0);

    world.assert_exact();
    assert_eq!(world.roster().rows.len(), 5);
}

#[test]
pub(super) fn a_store_older_than_its_witness_is_noticed_and_doubles_nobody() {
    let world = world_with_three();
    let old = world.path("old-store");
    copy_folder(&world.setup.state.join("store"), &old);
    world.lever.hire("Dora Example");
    world.once(&[]).expect(0);
    fs::remove_dir_all(world.setup.state.join("store")).unwrap();
    copy_folder(&old, &world.setup.state.join("store"));

    let ended = world.once(&[]).expect(0);

    // By the witness, before anything is asked: what the targets hold would tell it later as well.
    ended.says(&["behind what the witness saw: it was rolled back"]);
    world.assert_exact();
}

#[test]
fn a_full_disk_under_the_ledger_sends_nothing_and_loses_nothing() {
    let world = World::empty();
    let path = world.path("disk");
    let disk = match SmallDisk::mount(&path, 32 * 1024) {
        Ok(disk) => disk,
        Err(why) => return left_out("a full disk under the ledger", &why),
    };
    let world = World::empty().with(|setup| setup.state = path.join("state"));
    world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let before = (world.roster(), world.roster_identity());
    disk.fill();
    for nth in 0..200 {
        world.lever.act(|lever, now| {
            let contact = lever.add_contact(sandbox::NewContact::named(&format!("Person {nth}")));
            let opportunity = lever.add_opportunity(now, &contact, None)?;
            lever.hire(now, &opportunity)
        });
    }

    let ended = world.once(&[]);
    println!(
        "full disk under the ledger: exit {:?}: {}",
        ended.code,
        ended.stderr.lines().last().unwrap_or_default()
    );
    assert!(matches!(ended.code, Some(73 | 74)), "{ended}");
    assert_eq!((world.roster(), world.roster_identity()), before, "nothing is sent that is not written down");

    disk.make_room();
    world.once(&[]).expect(0);
    world.assert_exact();
    assert_eq!(world.lost_ledgers(), Vec::<String>::new(), "a full disk is not a damaged ledger");
}

fn flip_every(nth: usize, path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes.iter_mut().step_by(nth).for_each(|byte| *byte ^= 0x55);
    fs::write(path, bytes).unwrap();
}

fn zero(path: &Path, at: u64) {
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(&[0; 4096], at).unwrap();
}

fn cut(path: &Path, at: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(at).unwrap();
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
