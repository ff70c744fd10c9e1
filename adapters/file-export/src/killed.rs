//! A write is killed between any two steps, and so is the restart after it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use adapter_sdk::{
    Build, Columns, Delivery, Effect, Generation, HrisAdapter, Identity, Intent, Next, Receipt, Result,
};
use futures::FutureExt as _;
use people::{FieldName, Fields, OpportunityId, Pii, SystemClock, Value, Wanted};

use crate::{
    adapter::FileExport,
    config::{Format, Layout, Settings},
    folder::Steps,
    wire::sha256,
};

/// More than any write takes.
const STEPS_MAX: u32 = 200;

#[derive(Clone, Copy)]
struct Kind {
    format: Format,
    layout: Layout,
}

struct Export {
    folder: tempfile::TempDir,
    kind: Kind,
}

impl Export {
    fn new(kind: Kind) -> Self {
        Export { folder: tempfile::tempdir().unwrap(), kind }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("export")
    }

    fn adapter(&self, steps: Steps) -> FileExport {
        FileExport::with_steps(self.settings(), Export::build(), steps)
    }

    fn settings(&self) -> Settings {
        Settings { path: self.path(), format: self.kind.format, layout: self.kind.layout }
    }

    fn build() -> Build {
        let names = |names: &[&str]| names.iter().map(|name| FieldName::new(*name)).collect();
        let columns = Columns { person: names(&["name"]), hire: names(&["title"]) };
        Build::without_network("roster".parse().unwrap(), columns, Arc::new(SystemClock))
    }

    /// Delivers with as many steps as there are; then everything fails, as for a process that is gone.
    fn deliver(&self, steps: Steps, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let adapter = self.adapter(steps);
        let answers = adapter.deliver(deliveries);
        answers.now_or_never().expect("files are written without waiting")
    }

    fn finds(&self, key: &str) -> bool {
        let who = Identity::new(key.parse().unwrap(), BTreeSet::from([hire(key)]));
        let find =
            |adapter: FileExport| adapter.find(&who).now_or_never().unwrap().expect("a look after a kill");
        let before = (self.public(), self.private());
        let asked = find(FileExport::new(self.settings(), Export::build().asking_only()));
        assert_eq!((self.public(), self.private()), before, "who only asks leaves the folder as it is");
        let found = find(self.adapter(Steps::default()));
        assert_eq!(asked, found, "and finds whom a look finds that finishes the write");
        !found.is_empty()
    }

    fn check(&self) {
        let adapter = self.adapter(Steps::default());
        adapter.check().now_or_never().unwrap().expect("a check after a kill");
    }

    /// Every file in the folder and its content.
    fn files(&self, folder: &Path) -> BTreeMap<String, String> {
        let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
        entries
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| {
                (
                    entry.file_name().into_string().unwrap(),
                    String::from_utf8(fs::read(entry.path()).unwrap()).unwrap(),
                )
            })
            .collect()
    }

    fn public(&self) -> BTreeMap<String, String> {
        self.files(&self.path())
    }

    fn private(&self) -> BTreeMap<String, String> {
        self.files(&self.path().join(".hiresync"))
    }

    fn tables(&self) -> BTreeMap<String, String> {
        self.public().into_iter().filter(|(name, _)| !name.ends_with(".manifest.json")).collect()
    }

    /// Every manifest describes the file it names.
    fn assert_manifests(&self) {
        let public = self.public();
        for name in self.tables().keys() {
            let manifest = &public[&crate::wire::Manifest::name(name)];
            let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
            assert_eq!(manifest["file"], name.as_str());
            assert_eq!(manifest["sha256"], sha256(public[name].as_bytes()));
        }
    }

    fn assert_nothing_left_over(&self) {
        let names: Vec<String> = self.private().into_keys().collect();
        assert!(
            matches!(&names[..], [copy, index, lock]
            if copy.starts_with("copy-") && index == "index.json" && lock == "lock"),
            "{names:?}"
        );
    }
}

fn hire(key: &str) -> OpportunityId {
    format!("{key}-hire").parse().unwrap()
}

fn delivery(key: &str, name: &str, intent: Intent) -> Delivery {
    let text = |text: &str| Pii::new(Value::Text(text.to_owned()));
    Delivery {
        target: "roster".parse().unwrap(),
        contact: key.parse().unwrap(),
        generation: Generation(1),
        intent,
        wanted: Wanted {
            person: Fields::from([(FieldName::new("name"), text(name))]),
            hires: BTreeMap::from([(hire(key), Fields::from([(FieldName::new("title"), text("Engineer"))]))]),
            ..Wanted::default()
        },
        order: Vec::new(),
        looked_at: false,
        seen: None,
        link: None,
        changed: Vec::new(),
        withdrawn: Default::default(),
        unfinished: Vec::new(),
    }
}

fn first_batch() -> Vec<Delivery> {
    vec![delivery("ada", "Ada", Intent::Add), delivery("bob", "Bob", Intent::Add)]
}

fn second_batch() -> Vec<Delivery> {
    vec![delivery("ada", "Ada King", Intent::Update), delivery("cy", "Cy", Intent::Add)]
}

const KINDS: [Kind; 3] = [
    Kind { format: Format::Csv, layout: Layout::Roster },
    Kind { format: Format::Jsonl, layout: Layout::Roster },
    Kind { format: Format::Csv, layout: Layout::Changes },
];

/// The tables after `batches`, written in one go.
fn undisturbed(kind: Kind, batches: &[Vec<Delivery>]) -> BTreeMap<String, String> {
    let export = Export::new(kind);
    for batch in batches {
        assert!(export.deliver(Steps::default(), batch).iter().all(Result::is_ok));
    }
    export.tables()
}

/// Kills the write of the last batch after each number of steps, calls `after` on what is left, and then insists that
/// delivering again ends as if nothing had happened.
fn kill_at_every_step(kind: Kind, batches: &[Vec<Delivery>], after: impl Fn(&Export)) {
    let (last, earlier) = batches.split_last().expect("at least one batch");
    let (before, done) = (undisturbed(kind, earlier), undisturbed(kind, batches));
    for steps in 0..STEPS_MAX {
        // given
        let export = Export::new(kind);
        for batch in earlier {
            assert!(export.deliver(Steps::default(), batch).iter().all(Result::is_ok));
        }
        // when
        let answers = export.deliver(Steps::limited(steps), last);
        // then: old or new, never a mixture; a check changes nothing
        let killed = answers.iter().all(Result::is_err);
        assert!(killed || answers.iter().all(Result::is_ok));
        for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(matches!(error.next(), Next::Retry { .. }), "{}", error.chain());
        }
        let tables = export.tables();
        assert!(tables == before || tables == done, "after {steps} steps");
        let (public, private) = (export.public(), export.private());
        export.check();
        assert_eq!((export.public(), export.private()), (public, private), "a look after {steps} steps");
        after(&export);
        let again = export.deliver(Steps::default(), last);
        assert!(again.iter().all(Result::is_ok), "after {steps} steps: {again:?}");
        assert_eq!(export.tables(), done, "after {steps} steps");
        export.assert_manifests();
        export.assert_nothing_left_over();
        let once_more = export.deliver(Steps::default(), last);
        assert!(
            once_more
                .iter()
                .all(|answer| answer.as_ref().is_ok_and(|receipt| receipt.effect == Effect::Unchanged))
        );
        assert!(last.iter().all(|delivery| export.finds(delivery.contact.as_str())));
        if !killed {
            assert!(steps > 10, "a write has more steps than {steps}");
            return;
        }
    }
    panic!("a write takes fewer than {STEPS_MAX} steps");
}

#[test]
fn the_first_write_can_be_killed_after_any_step() {
    for kind in KINDS {
        kill_at_every_step(kind, &[first_batch()], |_| {});
    }
}

#[test]
fn a_later_write_can_be_killed_after_any_step() {
    for kind in KINDS {
        kill_at_every_step(kind, &[first_batch(), second_batch()], |_| {});
    }
}

#[test]
fn the_restart_after_a_kill_can_be_killed_after_any_step_too() {
    // Every seventh step, another one for each kind: all of them take a minute.
    for (offset, kind) in (0..).zip(KINDS) {
        for steps in (offset..24).step_by(7) {
            kill_at_every_step(kind, &[first_batch(), second_batch()], |export| {
                drop(export.deliver(Steps::limited(steps), &second_batch()));
            });
        }
    }
}

#[test]
fn another_delivery_than_the_one_that_was_killed_may_come_first_after_it() {
    for kind in [KINDS[0], KINDS[1]] {
        kill_at_every_step(kind, &[first_batch(), second_batch()], |export| {
            let answers = export.deliver(Steps::default(), &first_batch()[1..]);
            assert!(answers.iter().all(Result::is_ok));
        });
    }
}

#[test]
fn whoever_is_in_the_file_after_a_kill_is_found_and_nobody_else() {
    for kind in KINDS {
        let done = undisturbed(kind, &[first_batch()]);
        for steps in 0..STEPS_MAX {
            // given
            let export = Export::new(kind);
            let answers = export.deliver(Steps::limited(steps), &first_batch());
            let tables = export.tables();
            // when: nobody delivers again, because nothing is owed any more
            let found: Vec<bool> = ["ada", "bob", "cy"].map(|key| export.finds(key)).into();
            // then
            let is_there = tables == done;
            assert_eq!(found, [is_there, is_there, false], "after {steps} steps");
            assert_eq!(export.tables(), tables, "after {steps} steps");
            if is_there {
                export.assert_manifests();
                export.assert_nothing_left_over();
            }
            if answers.iter().all(Result::is_ok) {
                break;
            }
        }
    }
}

#[test]
fn a_file_of_changes_that_was_taken_away_after_a_kill_is_not_written_twice() {
    let kind = Kind { format: Format::Csv, layout: Layout::Changes };
    let taken = "changes-000001.csv";
    for steps in 0..STEPS_MAX {
        // given
        let export = Export::new(kind);
        let answers = export.deliver(Steps::limited(steps), &first_batch());
        let file = fs::read(export.path().join(taken)).ok();
        if file.is_some() {
            fs::remove_file(export.path().join(taken)).unwrap();
        }
        // when
        assert!(export.deliver(Steps::default(), &first_batch()).iter().all(Result::is_ok));
        // then
        assert_eq!(export.tables().is_empty(), file.is_some(), "after {steps} steps");
        if answers.iter().all(Result::is_ok) {
            return;
        }
    }
    panic!("a write takes fewer than {STEPS_MAX} steps");
}
