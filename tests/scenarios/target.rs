//! The export folder at its worst: not there, not writable, full.

use std::fs;

use crate::harness::{
    World,
    host::{SmallDisk, left_out},
};

#[test]
fn an_export_folder_that_is_a_file_or_has_no_parent_is_named_and_nothing_is_lost() {
    let world = World::empty();
    for (export, spoil, mend) in [
        (
            "a-file",
            (|path| fs::write(path, "HR's").unwrap()) as fn(&std::path::Path),
            (|path| fs::remove_file(path).unwrap()) as fn(&std::path::Path),
        ),
        ("nowhere/roster", |_| (), |path| fs::create_dir(path.parent().unwrap()).unwrap()),
    ] {
        let path = world.path(export);
        let world = World::empty().with(|setup| setup.export = path.clone());
        world.lever.hire("Ada Example");
        spoil(&path);

        let ended = world.once(&[]).expect(69);
        ended.says(&[path.to_str().unwrap()]);

        mend(&path);
        world.once(&[]).expect(0);
        world.assert_exact();
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_keeps_the_old_roster_and_flows_on_when_mended() {
    let world = World::empty();
    let path = world.path("disk");
    let disk = match SmallDisk::mount(&path, 4096) {
        Ok(disk) => disk,
        Err(why) => return left_out("a disk that becomes read-only", &why),
    };
    let world = World::empty().with(|setup| setup.export = path.join("roster"));
    world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let before = (world.roster(), world.roster_identity());
    disk.make_read_only();
    world.lever.hire("Ben Example");

    let ended = world.once(&[]).expect(69);
    ended.says(&[world.setup.export.to_str().unwrap()]);
    assert_eq!((world.roster(), world.roster_identity()), before);

    disk.make_writable();
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
fn a_full_disk_under_the_export_keeps_the_old_roster_and_flows_on_when_there_is_room() {
    let world = World::empty();
    let path = world.path("disk");
    let disk = match SmallDisk::mount(&path, 256) {
        Ok(disk) => disk,
        Err(why) => return left_out("a full disk under the export", &why),
    };
    let world = World::empty().with(|setup| setup.export = path.join("roster"));
    world.lever.hire("Ada Example");
    world.once(&[]).expect(0);
    let before = (world.roster(), world.roster_identity());
    disk.fill();
    world.lever.hire("Ben Example");

    let ended = world.once(&[]);
    println!("full disk under the export: exit {:?}", ended.code);
    // It is tried again by itself, so nobody is needed yet.
    assert!(matches!(ended.code, Some(0 | 1 | 69)), "{ended}");
    ended.says(&[world.setup.export.to_str().unwrap(), "free some space"]);
    assert_eq!((world.roster(), world.roster_identity()), before);

    disk.make_room();
    let daemon = world.daemon();
    world.wait_for_roster("Ben arrives by himself", std::time::Duration::from_secs(120), |roster| {
        roster.rows.len() == 2
    });
    world.assert_exact();
    daemon.terminate().expect(0);
}

#[test]
fn a_folder_of_somebody_elses_is_not_written_to_without_root() {
    if rustix::process::geteuid().is_root() {
        return left_out(
            "a folder with mode 0500",
            "root may write anywhere; the read-only disk stands in for it",
        );
    }
    use std::os::unix::fs::PermissionsExt;
    let world = World::empty();
    fs::create_dir(&world.setup.export).unwrap();
    fs::set_permissions(&world.setup.export, fs::Permissions::from_mode(0o500)).unwrap();
    world.lever.hire("Ada Example");

    world.once(&[]).expect(69).says(&[world.setup.export.to_str().unwrap()]);

    fs::set_permissions(&world.setup.export, fs::Permissions::from_mode(0o750)).unwrap();
    world.once(&[]).expect(0);
    world.assert_exact();
}

#[test]
pub(super) fn a_write_leaves_nothing_in_the_private_folder_but_what_the_next_one_needs() {
    let world = World::empty();
    for name in ["Ada Example", "Ben Example", "Cy Example"] {
        world.lever.hire(name);
        world.once(&[]).expect(0);
    }
    let entries = fs::read_dir(world.setup.export.join(".hiresync")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["copy-000003", "index.json", "lock"]);
}
