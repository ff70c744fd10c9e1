//! A ledger as one file: what goes in comes out, and nothing else is taken for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends where it stands")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use adapter_sdk::Link;
use ledger::{ArchiveError, COPIED, Digests, Ledger, LinkOrigin, Origin, Standing, StateFolder, archive};
use people::{ContactId, Secret, TargetName, Timestamp};
use tempfile::TempDir;

fn now() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn target() -> TargetName {
    "roster".parse().unwrap()
}

fn contact(n: u32) -> ContactId {
    format!("contact-{n}").parse().unwrap()
}

fn known(ledger: &Ledger) -> Vec<ContactId> {
    ledger.standings(&target(), None, usize::MAX).unwrap().into_iter().map(|(contact, _)| contact).collect()
}

/// A folder with a ledger that knows some people, and an archive of it.
struct Place {
    dir: TempDir,
}

impl Place {
    fn empty() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    fn knowing(people: std::ops::Range<u32>) -> Place {
        let place = Place::empty();
        place.with(|ledger| {
            let _ = ledger
                .write(|draft| {
                    people.clone().try_for_each(|n| {
                        draft.mark(&contact(n), now())?;
                        let link = Link { remote: format!("r{n}").parse().unwrap(), hires: BTreeMap::new() };
                        let mut standing = Standing::default();
                        standing.adopt(link, LinkOrigin::Created, now());
                        standing.compared(Digests::default());
                        draft.put_standing(&target(), &contact(n), standing)
                    })
                })
                .unwrap();
        });
        place
    }

    fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    fn archive(&self) -> PathBuf {
        self.dir.path().join("archive")
    }

    fn with<T>(&self, act: impl FnOnce(&Ledger) -> T) -> T {
        let folder = StateFolder::lock(&self.state()).unwrap();
        let opened = folder.open(folder.digest_key().unwrap(), now()).unwrap();
        assert_eq!(opened.lost, None);
        act(&opened.ledger)
    }

    fn export(&self) -> Vec<u8> {
        let key = StateFolder::kept_key(&self.state()).unwrap();
        let mut bytes = Vec::new();
        self.with(|ledger| ledger.export(key.as_ref(), now(), &mut bytes)).unwrap();
        fs::write(self.archive(), &bytes).unwrap();
        bytes
    }

    fn import(&self, path: &Path, replace: bool) -> Result<ledger::Imported, ArchiveError> {
        StateFolder::lock(&self.state()).unwrap().import(path, None, replace, now())
    }
}

#[test]
fn what_was_exported_is_imported_as_a_copy_under_the_same_key() {
    let from = Place::knowing(0..700);
    let bytes = from.export();
    let manifest = archive::verify(bytes.as_slice()).unwrap();
    assert!(manifest.has_key && manifest.records > 1_400, "{manifest:?}");
    let to = Place::empty();
    let imported = to.import(&from.archive(), false).unwrap();
    assert_eq!((imported.manifest, imported.kept, imported.forgotten), (manifest, None, 0));
    let mode = fs::metadata(to.state().join("digest.key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    to.with(|ledger| {
        assert_eq!(known(ledger), from.with(known));
        assert_eq!(ledger.marks().unwrap(), 700);
        assert!(
            matches!(ledger.origin(), Origin::Recovery { why, .. } if why == COPIED),
            "{:?}",
            ledger.origin()
        );
        assert_ne!(ledger.lineage(), from.with(|ledger| ledger.lineage().to_owned()));
        assert_eq!(ledger.audit().unwrap().faults, Vec::<String>::new());
    });
    assert!(!to.state().join("importing").exists());
}

#[test]
fn an_archive_that_was_cut_off_or_changed_anywhere_is_refused_and_nothing_is_begun() {
    let from = Place::knowing(0..20);
    let whole = from.export();
    let to = Place::empty();
    let spoilt = to.dir.path().join("spoilt");
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&spoilt, bytes).unwrap();
        let refused = to.import(&spoilt, false);
        assert!(refused.is_err(), "{what}");
        assert!(!to.state().join("store").exists(), "{what}");
    };
    for at in (0..whole.len()).step_by(37) {
        refused(&whole[..at], &format!("cut off after {at} bytes"));
        let mut turned = whole.clone();
        turned[at] ^= 1;
        refused(&turned, &format!("a bit turned in byte {at}"));
    }
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let without = [&lines[..3], &lines[4..]].concat().concat();
    refused(&without, "a line is missing");
    refused(&[whole.as_slice(), b"{}\n"].concat(), "something follows");
    refused(b"employee_ref,first_name\r\n", "it is a roster");
    to.import(&from.archive(), false).unwrap();
}

#[test]
fn a_ledger_that_is_there_is_replaced_only_when_that_is_said_and_is_kept() {
    let (from, to) = (Place::knowing(0..3), Place::knowing(10..14));
    from.export();
    assert!(matches!(to.import(&from.archive(), false), Err(ArchiveError::Occupied)));
    assert_eq!(to.with(known).len(), 4);
    let imported = to.import(&from.archive(), true).unwrap();
    assert!(imported.kept.unwrap().join("db").exists());
    assert_eq!(to.with(known).len(), 3);
}

#[test]
fn who_was_forgotten_since_the_backup_was_made_is_forgotten_in_it_too() {
    let place = Place::knowing(0..3);
    place.export();
    place.with(|ledger| {
        let holding = ledger.holding(&contact(1)).unwrap();
        let _ = ledger.write(|draft| draft.bury(&contact(1), &holding, &holding.hires(), now())).unwrap();
    });
    let imported = place.import(&place.archive(), true).unwrap();
    assert_eq!(imported.forgotten, 1);
    place.with(|ledger| {
        assert_eq!(known(ledger), [contact(0), contact(2)]);
        assert!(ledger.is_buried(&contact(1)).unwrap());
        assert!(ledger.mark_of(&contact(1)).unwrap().is_none());
    });
}

#[test]
fn a_target_that_is_paused_stays_so_when_an_older_ledger_is_put_back() {
    let place = Place::knowing(0..3);
    place.export();
    let is_paused = |ledger: &Ledger| ledger.target(&target()).unwrap().paused;
    place.with(|ledger| {
        let state = ledger::TargetState { paused: true, ..ledger.target(&target()).unwrap() };
        let _ = ledger.write(|draft| draft.put_target(&target(), &state)).unwrap();
    });
    place.import(&place.archive(), true).unwrap();
    assert!(place.with(is_paused));
}

#[test]
fn without_its_digest_key_an_archive_is_refused() {
    let from = Place::knowing(0..3);
    let mut bytes = Vec::new();
    from.with(|ledger| ledger.export(None, now(), &mut bytes)).unwrap();
    fs::write(from.archive(), &bytes).unwrap();
    let to = Place::empty();
    assert!(matches!(to.import(&from.archive(), false), Err(ArchiveError::OtherKey { .. })));
    let other = Secret::new("another key".to_owned());
    let folder = StateFolder::lock(&to.state()).unwrap();
    let refused = folder.import(&from.archive(), Some(&other), false, now());
    assert!(matches!(refused, Err(ArchiveError::OtherKey { .. })));
    let key = Secret::new(fs::read_to_string(from.state().join("digest.key")).unwrap());
    folder.import(&from.archive(), Some(&key), false, now()).unwrap();
    assert!(!to.state().join("digest.key").exists(), "it stays where the configuration keeps it");
}

#[test]
fn an_import_that_was_killed_anywhere_is_the_ledger_of_before_or_the_new_one() {
    let (from, to) = (Place::knowing(0..3), Place::knowing(10..14));
    from.export();
    let before = to.dir.path().join("before");
    copy(&to.state(), &before);
    to.import(&from.archive(), true).unwrap();
    // What it was a moment before it was put in its place, and after each further step.
    let (state, names) = (to.state(), ["digest.key", "witness", "store"]);
    for steps in 0..=names.len() + 1 {
        let killed = Place::empty();
        copy(&before, &killed.state());
        fs::create_dir(killed.state().join("imported")).unwrap();
        names.iter().for_each(|name| copy(&state.join(name), &killed.state().join("imported").join(name)));
        if steps > 0 {
            fs::rename(killed.state().join("store"), killed.state().join("lost-replaced-1")).unwrap();
        }
        for name in names.iter().take(steps.saturating_sub(1)) {
            fs::rename(killed.state().join("imported").join(name), killed.state().join(name)).unwrap();
        }
        killed.with(|ledger| assert_eq!(known(ledger).len(), 3, "after {steps} steps"));
        assert!(killed.state().join("lost-replaced-1").exists() && !killed.state().join("imported").exists());
    }
    // Not complete: as if it had never been begun.
    let killed = Place::empty();
    copy(&before, &killed.state());
    copy(&state, &killed.state().join("importing"));
    killed.with(|ledger| assert_eq!(known(ledger).len(), 4));
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        copy(&path, &to.join(path.file_name().unwrap()));
    }
}

#[test]
fn an_archive_that_is_whole_and_no_ledger_is_refused_and_nothing_is_begun() {
    let from = Place::knowing(0..3);
    let text = String::from_utf8(from.export()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let birth = lines.iter().position(|line| line.contains("\"schema\"") && line.contains("meta")).unwrap();
    let standing = lines.iter().position(|line| line.contains("standings")).unwrap();
    let broken = |line: usize| {
        let (head, _) = lines[line].split_once("\"value\":").unwrap();
        format!("{head}\"value\":{{\"x\":1}}}}")
    };
    for (what, nth, instead) in
        [("no birth", birth, None), ("a standing that is none", standing, Some(broken(standing)))]
    {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines.pop();
        match instead {
            Some(line) => lines[nth] = line,
            None => drop(lines.remove(nth)),
        }
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let sum = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(body.as_bytes()));
        let whole = format!("{body}{{\"records\":{},\"sha256\":\"{sum}\"}}\n", lines.len() - 1);
        let to = Place::knowing(10..14);
        fs::write(to.archive(), whole).unwrap();
        let refused = to.import(&to.archive(), true);
        assert!(
            matches!(refused, Err(ArchiveError::Unsound { .. } | ArchiveError::Ledger(_))),
            "{what}: {refused:?}"
        );
        assert_eq!(to.with(known).len(), 4, "{what}");
    }
    assert!(matches!(from.import(Path::new("/dev/null"), true), Err(ArchiveError::NotAFile)));
}

#[test]
fn whoever_cannot_know_who_was_forgotten_says_so() {
    let place = Place::knowing(0..3);
    place.export();
    fs::write(place.state().join("store/db"), b"no store any more").unwrap();
    assert!(place.import(&place.archive(), true).unwrap().unknown);
    let other = Place::knowing(10..12);
    assert!(!other.import(&place.archive(), true).unwrap().unknown, "nobody was forgotten in it");
}
