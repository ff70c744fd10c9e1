//! The state folder on a real disk: one owner, and no silent loss.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends where it stands")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use adapter_sdk::Link;
use ledger::{Digests, Error, Ledger, LinkOrigin, Opened, Origin, Standing, StateFolder};
use people::{ContactId, TargetName, Timestamp};
use proptest::prelude::*;

fn now() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn target() -> TargetName {
    "roster".parse().unwrap()
}

fn contact(n: u32) -> ContactId {
    format!("c{n:04}").parse().unwrap()
}

fn agreed(n: u32) -> Standing {
    let mut standing = Standing::default();
    let link = Link { remote: format!("r{n}").parse().unwrap(), hires: BTreeMap::new() };
    standing.adopt(link, LinkOrigin::Created, now());
    standing.compared(Digests::default());
    standing
}

fn open(dir: &Path) -> (StateFolder, Opened) {
    let folder = StateFolder::lock(dir).unwrap();
    let key = folder.digest_key().unwrap();
    let opened = folder.open(key, now()).unwrap();
    (folder, opened)
}

fn fill(ledger: &Ledger, people: std::ops::Range<u32>) {
    for n in people {
        let _ = ledger.write(|draft| draft.put_standing(&target(), &contact(n), agreed(n))).unwrap();
    }
}

fn known(ledger: &Ledger) -> usize {
    ledger.standings(&target(), None, usize::MAX).unwrap().len()
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let lineage = {
        let (_folder, opened) = open(dir.path());
        assert_eq!((opened.lost, opened.ledger.origin()), (None, &Origin::Fresh));
        fill(&opened.ledger, 0..20);
        opened.ledger.lineage().to_owned()
    };
    let (_folder, opened) = open(dir.path());
    assert_eq!((opened.lost, known(&opened.ledger)), (None, 20));
    assert_eq!(opened.ledger.lineage(), lineage);
    assert_eq!(opened.ledger.counts(&target()).agreed, 20);
}

#[test]
fn a_folder_in_use_is_refused_and_names_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (_folder, _opened) = open(dir.path());
    match StateFolder::lock(dir.path()) {
        Err(Error::Locked { pid, .. }) => assert_eq!(pid, std::process::id().to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_store_that_is_locked_by_another_program_is_not_taken_for_a_damaged_one() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (_folder, opened) = open(dir.path());
        fill(&opened.ledger, 0..3);
    }
    let folder = StateFolder::lock(dir.path()).unwrap();
    let data = fs::File::open(dir.path().join("store/db")).unwrap();
    data.lock().unwrap();
    let refused = folder.open(folder.digest_key().unwrap(), now());
    assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
    drop(data);
    let opened = folder.open(folder.digest_key().unwrap(), now()).unwrap();
    assert_eq!((opened.lost, known(&opened.ledger)), (None, 3));
}

#[test]
fn a_folder_can_be_taken_the_moment_it_was_let_go_also_while_a_child_is_being_started() {
    let dir = tempfile::tempdir().unwrap();
    let children = std::thread::spawn(|| (0..300).for_each(|_| drop(Command::new("true").output().unwrap())));
    let mut refused = 0;
    while !children.is_finished() {
        refused += u32::from(StateFolder::lock(dir.path()).is_err());
    }
    assert_eq!(refused, 0);
    children.join().unwrap();
}

/// sled's threads hold its files a moment longer than whoever drops it.
#[test]
fn a_store_can_be_opened_the_moment_it_was_closed_also_one_that_was_just_found_to_be_empty() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let dir = tempfile::tempdir().unwrap();
                for round in 0..6 {
                    let (folder, opened) = open(dir.path());
                    assert_eq!(opened.lost.is_some(), round > 0, "{:?}", opened.lost);
                    fill(&opened.ledger, 0..3);
                    drop((folder, opened));
                    let (folder, opened) = open(dir.path());
                    assert_eq!((opened.lost, known(&opened.ledger)), (None, 3));
                    drop((folder, opened.ledger));
                    fs::remove_dir_all(dir.path().join("store")).unwrap();
                }
            });
        }
    });
}

#[test]
fn the_digest_key_is_for_its_owner_only_and_stays_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::lock(dir.path()).unwrap();
    let key = folder.digest_key().unwrap();
    let mode = fs::metadata(dir.path().join("digest.key")).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, folder.digest_key().unwrap().id()), (0o600, key.id()));
}

#[test]
fn another_digest_key_means_recovery_and_the_old_store_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (_folder, opened) = open(dir.path());
        fill(&opened.ledger, 0..3);
    }
    fs::remove_file(dir.path().join("digest.key")).unwrap();
    let (_folder, opened) = open(dir.path());
    assert!(opened.lost.unwrap().contains("digest key"));
    let Origin::Recovery { kept: Some(kept), .. } = opened.ledger.origin() else { panic!("no recovery") };
    assert!(Path::new(kept).join("db").exists());
    assert_eq!(known(&opened.ledger), 0);
}

#[test]
fn a_store_that_was_rolled_back_is_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let earlier = tempfile::tempdir().unwrap();
    {
        let (_folder, opened) = open(dir.path());
        fill(&opened.ledger, 0..3);
    }
    copy(&dir.path().join("store"), &earlier.path().join("store"));
    {
        let (_folder, opened) = open(dir.path());
        fill(&opened.ledger, 3..6);
    }
    fs::remove_dir_all(dir.path().join("store")).unwrap();
    copy(&earlier.path().join("store"), &dir.path().join("store"));
    let (_folder, opened) = open(dir.path());
    assert!(opened.lost.unwrap().contains("rolled back"));
}

#[test]
fn a_store_that_vanished_is_recognised_and_a_folder_that_vanished_is_a_fresh_start() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    {
        let (_folder, opened) = open(&state);
        fill(&opened.ledger, 0..3);
    }
    fs::remove_dir_all(state.join("store")).unwrap();
    {
        let (_folder, opened) = open(&state);
        assert!(opened.lost.unwrap().contains("not before"));
    }
    fs::remove_dir_all(&state).unwrap();
    let (_folder, opened) = open(&state);
    assert_eq!((opened.lost, opened.ledger.origin()), (None, &Origin::Fresh));
}

#[test]
fn a_copied_folder_is_recognised_once_keeps_what_is_in_it_and_begins_a_lineage_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (original, copied, moved) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("c"));
    let lineage = {
        let (_folder, opened) = open(&original);
        fill(&opened.ledger, 0..3);
        opened.ledger.lineage().to_owned()
    };
    copy(&original, &copied);
    let own = {
        let (_folder, opened) = open(&copied);
        assert_eq!((opened.copied, opened.lost, known(&opened.ledger)), (true, None, 3));
        let Origin::Recovery { why, kept: None } = opened.ledger.origin() else { panic!("no recovery") };
        assert_eq!(why, ledger::COPIED);
        assert_ne!(opened.ledger.lineage(), lineage);
        opened.ledger.lineage().to_owned()
    };
    // It is said once, stays so, and a move within the disk is no copy.
    fs::rename(&copied, &moved).unwrap();
    let (_folder, opened) = open(&moved);
    assert_eq!((opened.copied, opened.ledger.lineage()), (false, own.as_str()));
    assert!(matches!(opened.ledger.origin(), Origin::Recovery { .. }));
    // The original notices nothing.
    let (_folder, opened) = open(&original);
    assert_eq!((opened.copied, opened.ledger.lineage()), (false, lineage.as_str()));
}

#[test]
fn whoever_removes_the_place_of_a_folder_says_that_it_is_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (_folder, opened) = open(dir.path());
        fill(&opened.ledger, 0..3);
    }
    fs::remove_file(dir.path().join("place")).unwrap();
    // Else the new one might be given the inode of the old one.
    fs::write(dir.path().join("another"), b"").unwrap();
    let (_folder, opened) = open(dir.path());
    assert_eq!((opened.copied, known(&opened.ledger)), (true, 3));
}

#[test]
fn a_snapshot_that_was_cut_off_does_not_keep_the_store_from_opening() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (_folder, opened) = open(dir.path());
        fill(&opened.ledger, 0..3);
    }
    fs::write(dir.path().join("store/snap.00000000FFFFFFFF.generating"), b"half").unwrap();
    let (_folder, opened) = open(dir.path());
    assert_eq!((opened.lost, known(&opened.ledger)), (None, 3));
}

/// One way in which a file goes bad.
#[derive(Debug, Clone)]
enum Rot {
    Truncate(f64),
    Zero(f64),
    Flip(f64, u8),
}

fn rot() -> impl Strategy<Value = (usize, Rot)> {
    let kind = prop_oneof![
        (0.0..1.0f64).prop_map(Rot::Truncate),
        (0.0..1.0f64).prop_map(Rot::Zero),
        (0.0..1.0f64, 0..8u8).prop_map(|(at, bit)| Rot::Flip(at, bit)),
    ];
    (0..8usize, kind)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a small file"
)]
fn spoil(path: &Path, rot: &Rot) {
    let mut bytes = fs::read(path).unwrap();
    let place = |share: f64| ((bytes.len() as f64 * share) as usize).min(bytes.len().saturating_sub(1));
    match *rot {
        Rot::Truncate(share) => bytes.truncate(place(share)),
        Rot::Zero(share) => {
            let from = place(share);
            let to = (from + 4096).min(bytes.len());
            bytes[from..to].fill(0);
        }
        Rot::Flip(share, bit) if !bytes.is_empty() => {
            let at = place(share);
            bytes[at] ^= 1 << bit;
        }
        Rot::Flip(..) => {}
    }
    fs::write(path, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn a_damaged_file_is_noticed_or_harmless_and_never_a_silent_loss((which, rot) in rot()) {
        // given a store with people in it
        let dir = tempfile::tempdir().unwrap();
        {
            let (_folder, opened) = open(dir.path());
            fill(&opened.ledger, 0..40);
        }
        let mut files: Vec<PathBuf> = walk(&dir.path().join("store"));
        files.push(dir.path().join("witness"));
        files.sort();
        spoil(&files[which % files.len()], &rot);
        // when it is opened in a process of its own, since sled may panic in threads of its own
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "opened_by_another_process", "--nocapture"])
            .env("LEDGER_TEST_DIR", dir.path())
            .output()
            .unwrap();
        // then everybody is there, or the loss was said
        let said = String::from_utf8_lossy(&output.stdout);
        let whole = said.contains("whole: 40");
        let noticed = said.contains("noticed: 0");
        prop_assert!(whole || noticed, "{which} {rot:?}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Does nothing by itself: the test above runs it in a process of its own.
#[test]
#[expect(clippy::disallowed_methods, reason = "the folder is handed over to a process of its own")]
fn opened_by_another_process() {
    let Ok(dir) = std::env::var("LEDGER_TEST_DIR") else { return };
    let (_folder, opened) = open(Path::new(&dir));
    let word = if opened.lost.is_some() { "noticed" } else { "whole" };
    println!("{word}: {}", known(&opened.ledger));
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}
