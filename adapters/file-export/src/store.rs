//! The order of writes, and what a restart makes of a write that was cut off.
//!
//! ```text
//! /srv/hiresync/roster/            the export folder
//!   roster.csv                     what HR reads (layout changes: changes-000001.csv, …)
//!   roster.manifest.json           what HR checks it against
//!   .hiresync/                     private
//!     lock                         one writer at a time; holds the target's name
//!     index.json                   which row is whose
//!     copy-000042                  every row, as last written
//!     index.next, staged, manifest.next   a write under way
//! ```
//!
//! A write takes these steps, each durable before the next:
//!
//! 1. `copy-N`: every row;
//! 2. `staged`: the file to publish;
//! 3. `index.next`: the index that describes both;
//! 4. **`staged` is renamed to its public name: the one step that decides;**
//! 5. the manifest;
//! 6. the older copy is removed;
//! 7. `index.next` is renamed to `index.json`.
//!
//! Why no kill loses or doubles anybody: `staged` leaves the private folder by step 4 and in no other way while `index.next`
//! is there (a write that is given up removes `index.next` first, and so does the next write before it begins). So after a
//! kill, `index.next` without `staged` means *published*: both were durable, and steps 5 to 7 are taken again. Anything
//! else means *not published*: `index.json` still describes the public file, and what was prepared is thrown away. The
//! evidence does not depend on the public file, so HR may take a file of changes away, or edit the roster, at any moment.
//!
//! The private copy is a copy and no hard link: a spreadsheet that writes in place would change both.
//!
//! A row of a write that was cut off after step 4 is in the file, but [`View::claimed`] leaves it out until the write is
//! finished: by the next delivery, or by the next search for a person ([`Store::finished_view`]). Without the latter a hire
//! taken back after such a kill would stay in the file and be nobody's.

use std::{
    collections::BTreeSet,
    fmt,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use adapter_sdk::{CheckReport, Delivery, Effect, Finding, Result};
use people::{Clock, OpportunityId, TargetName};
use planted::{Bug, Point};

use crate::{
    config::{Format, LEADING, Layout, Settings},
    errors,
    folder::{Folder, Lock, Stamp, Steps},
    mapping::{self, Cell},
    roster::{Change, Roster, Row, Shape, recognise},
    wire::{self, Index, Manifest, Published, sha256},
};

const PRIVATE: &str = ".hiresync";
const LOCK: &str = "lock";
const INDEX: &str = "index.json";
const NEXT: &str = "index.next";
const STAGED: &str = "staged";
const MANIFEST_NEXT: &str = "manifest.next";

const RESTORE: &str =
    "put the folder back from a backup; or begin anew: an empty folder and a new name for the target";

/// The export folder of one target.
pub(crate) struct Store {
    settings: Settings,
    shape: Shape,
    target: TargetName,
    clock: Arc<dyn Clock>,
    steps: Steps,
    /// Whether the disk may be touched at all.
    writes: bool,
    seen: Mutex<Option<(Stamps, Arc<View>)>>,
    /// Whether there ever was an index, since we look: then an empty folder was emptied, and is no beginning.
    has_held: AtomicBool,
}

/// What the export holds.
#[derive(Debug, Default, Clone)]
pub(crate) struct View {
    /// Every row.
    pub(crate) roster: Roster,
    /// How the rows are formatted.
    format: Option<Format>,
    index: Option<Index>,
    missing: bool,
    edited: usize,
    cut_off: bool,
    unclaimed: BTreeSet<OpportunityId>,
}

impl View {
    /// Whether this row may be reported as delivered.
    pub(crate) fn claimed(&self, row: &Row) -> bool {
        !self.unclaimed.contains(&row.opportunity)
    }

    /// The value of one of the row's cells, by the column's name.
    pub(crate) fn value(&self, row: &Row, column: &str) -> Option<people::Value> {
        let index = self.index.as_ref()?;
        let place = index.columns.iter().position(|name| name == column)?;
        Some(mapping::value(self.format?, row.cells.get(place)?))
    }
}

/// What a batch came to.
pub(crate) struct Batch {
    /// Each delivery's effect, in order.
    pub(crate) effects: Vec<Effect>,
    /// Everybody's rows now.
    pub(crate) roster: Roster,
    /// The name of the public file, if it was gone and was put back.
    pub(crate) put_back: Option<String>,
}

/// Identifies one state of the folder.
type Stamps = [Option<Stamp>; 4];

impl Store {
    pub(crate) fn new(
        settings: Settings,
        shape: Shape,
        target: TargetName,
        clock: Arc<dyn Clock>,
        steps: Steps,
    ) -> Self {
        Store {
            settings,
            shape,
            target,
            clock,
            steps,
            writes: true,
            seen: Mutex::default(),
            has_held: AtomicBool::default(),
        }
    }

    /// The same for asking alone: the disk is left as it is.
    pub(crate) fn asking_only(self) -> Self {
        Store { writes: false, ..self }
    }

    /// What the export holds now. Changes nothing.
    pub(crate) fn view(&self) -> Result<Arc<View>> {
        let Some((home, private)) = self.open()? else { return Ok(Arc::default()) };
        let _lock = private.as_ref().map(|private| self.lock_shared(private)).transpose()?;
        self.look(&home, private.as_ref())
    }

    /// Brings the export to what `deliveries` want, in one write, or in none if it is so already.
    pub(crate) fn deliver(&self, deliveries: &[Delivery]) -> Result<Batch> {
        let (home, private, _lock) = self.take()?;
        let view = self.look(&home, Some(&private))?;
        let exported_before =
            |delivery: &Delivery| delivery.link.as_ref().is_some_and(|link| !link.hires.is_empty());
        if self.has_held.load(Ordering::Acquire) || deliveries.iter().any(exported_before) {
            self.refuse_lost(&view)?;
        }

        let (columns, format) = match &view.index {
            Some(index) => (index.columns.clone(), index.format),
            None => (self.shape.names(), self.shape.format),
        };
        let mut roster = view.roster.clone().reshaped(&columns, format, &self.shape);
        let mut effects = Vec::with_capacity(deliveries.len());
        let mut changes = Vec::new();
        for delivery in deliveries {
            let delivered = roster.deliver(&self.shape, delivery);
            effects.push(delivered.effect);
            changes.extend(delivered.changes);
        }
        if !changes.is_empty() || self.outdated(&view) {
            self.publish(&home, &private, view.index.as_ref(), &roster, &changes)?;
            self.has_held.store(true, Ordering::Release);
        }
        let put_back = (view.missing && self.settings.layout == Layout::Roster).then(|| self.roster_file());
        Ok(Batch { effects, roster, put_back })
    }

    /// What the export holds now, a write that was cut off included: it is finished first, so that whoever is in the file is
    /// found, also when nobody is owed anything any more.
    pub(crate) fn finished_view(&self) -> Result<Arc<View>> {
        let view = self.view()?;
        if !view.cut_off {
            return Ok(view);
        }
        if !self.writes {
            // As it will be once somebody who may finishes it.
            let whole = View { cut_off: false, unclaimed: BTreeSet::new(), ..View::clone(&view) };
            return Ok(Arc::new(whole));
        }
        let (home, private, _lock) = self.take()?;
        self.look(&home, Some(&private))
    }

    /// The folder, ours alone and with no write under way.
    fn take(&self) -> Result<(Folder, Folder, Lock)> {
        if !self.writes {
            return Err(errors::only_asked());
        }
        let home = Folder::open_or_create(&self.settings.path, &self.steps)?;
        let private = home.inside_or_create(PRIVATE)?;
        let lock = private.lock(LOCK, self.target.as_str())?;
        planted::point(Point::ExportLocked);
        self.own(&lock, private.path())?;
        self.finish(&home, &private)?;
        Ok((home, private, lock))
    }

    /// Looks at the folder, its permissions and its content. Changes nothing.
    pub(crate) fn check(&self) -> Result<CheckReport> {
        let path = &self.settings.path;
        let mut findings = Vec::new();
        let Some((home, private)) = self.open()? else {
            let parent = path.parent().unwrap_or(Path::new("/"));
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            let Some(parent) = Folder::open_parent(parent, &self.steps)? else {
                let doing = "looking for the export folder: neither it nor its parent is there";
                return Err(errors::unusable(doing, path, "create the parent folder, or correct `path`"));
            };
            parent.writable()?;
            findings.push(good(format!("{} will be made at the first delivery", path.display())));
            return Ok(CheckReport { findings, ..CheckReport::default() });
        };
        home.writable()?;
        private.as_ref().map_or(Ok(()), Folder::writable)?;
        findings.push(good(format!("{} can be written to", path.display())));
        let view = self.view()?;
        let Some(index) = &view.index else {
            findings.push(good("nothing was exported yet".to_owned()));
            return Ok(CheckReport { findings, ..CheckReport::default() });
        };
        let (file, rows) = (&index.published.file, view.roster.rows().len());
        findings.push(good(format!("{rows} rows are exported, last in {file}")));
        if view.missing {
            findings.push(warning(
                format!("{file} is gone"),
                "nothing: the next delivery puts it back, from a private copy",
            ));
        }
        if view.edited > 0 {
            findings.push(warning(
                format!("{} rows of {file} were edited by hand", view.edited),
                "nothing: what was edited stays, and a task names it should Lever say otherwise later",
            ));
        }
        if view.cut_off {
            findings.push(warning(
                format!("the last write of {file} was cut off before its manifest"),
                "nothing: the next delivery finishes it",
            ));
        }
        let still_written = self.settings.layout == Layout::Roster && *file == self.roster_file();
        if index.layout == Layout::Roster && !still_written {
            findings.push(warning(
                format!("{file} is not written any more"),
                "remove it after the next delivery",
            ));
        }
        Ok(CheckReport { findings, ..CheckReport::default() })
    }

    fn open(&self) -> Result<Option<(Folder, Option<Folder>)>> {
        let Some(home) = Folder::open(&self.settings.path, &self.steps)? else { return Ok(None) };
        let private = home.inside(PRIVATE)?;
        Ok(Some((home, private)))
    }

    fn lock_shared(&self, private: &Folder) -> Result<Option<Lock>> {
        let lock = private.lock_shared(LOCK)?;
        if let Some(lock) = &lock {
            self.own(lock, private.path())?;
        }
        Ok(lock)
    }

    fn own(&self, lock: &Lock, private: &Path) -> Result<()> {
        if lock.owner.is_empty() || lock.owner == self.target.as_str() {
            return Ok(());
        }
        let remedy = "give each target a folder of its own; if this target was renamed, remove the file";
        Err(errors::unusable(
            "opening the export folder: it is another target's",
            &private.join(LOCK),
            remedy,
        ))
    }

    fn roster_file(&self) -> String {
        format!("roster.{}", self.settings.format.ending())
    }

    // -------------------------------------------------------------------------------------------------- reading

    fn look(&self, home: &Folder, private: Option<&Folder>) -> Result<Arc<View>> {
        let cached = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((stamps, view)) = cached
            && stamps == stamps_of(home, private, &view)?
        {
            return Ok(view);
        }
        let view = Arc::new(self.load(home, private)?);
        self.has_held.fetch_or(view.index.is_some(), Ordering::AcqRel);
        let stamps = stamps_of(home, private, &view)?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((stamps, Arc::clone(&view)));
        Ok(view)
    }

    fn load(&self, home: &Folder, private: Option<&Folder>) -> Result<View> {
        let Some(private) = private else { return self.nothing_yet(home) };
        let before = read_index(private, INDEX)?;
        let Some(cut_off) = published_index(private)? else {
            return match before {
                Some(index) => read_rows(home, private, index),
                None => self.nothing_yet(home),
            };
        };
        let known: BTreeSet<OpportunityId> =
            before.into_iter().flat_map(|index| index.rows).map(|row| row.opportunity).collect();
        let unclaimed = cut_off.rows.iter().map(|row| row.opportunity.clone());
        let unclaimed = unclaimed.filter(|opportunity| !known.contains(opportunity)).collect();
        Ok(View { cut_off: true, unclaimed, ..read_rows(home, private, cut_off)? })
    }

    /// Without an index the export must be empty: else we would not know whose the rows are.
    fn nothing_yet(&self, home: &Folder) -> Result<View> {
        for name in home.names()? {
            let format = [Format::Csv, Format::Jsonl].into_iter().find(|format| {
                name == format!("roster.{}", format.ending()) || change_number(&name, *format).is_some()
            });
            let Some(format) = format else { continue };
            let rows = home.read(&name)?.is_some_and(|content| wire::has_rows(format, &content));
            if rows {
                let doing =
                    "reading the private index of the export: it is gone, but a file with rows is there";
                return Err(errors::unusable(doing, &home.path().join(name), RESTORE));
            }
        }
        Ok(View::default())
    }

    /// Refuses to go on when rows that were exported are expected and there is not even an index.
    pub(crate) fn refuse_lost(&self, view: &View) -> Result<()> {
        if view.index.is_some() {
            return Ok(());
        }
        let doing = "looking for rows that were exported before: the folder is empty (is its disk mounted?)";
        Err(errors::unusable(doing, &self.settings.path, RESTORE))
    }

    /// The public roster must be written though nobody's row changed: it is gone, or the configuration changed.
    fn outdated(&self, view: &View) -> bool {
        let Some(index) = &view.index else { return false };
        self.settings.layout == Layout::Roster
            && (view.missing
                || index.published.file != self.roster_file()
                || index.columns != self.shape.names()
                || index.format != self.shape.format)
    }

    // -------------------------------------------------------------------------------------------------- writing

    /// Takes the last steps of a write that was cut off after it was published, and puts back a manifest that is gone.
    fn finish(&self, home: &Folder, private: &Folder) -> Result<()> {
        if let Some(index) = published_index(private)? {
            return self.settle(home, private, &index).map_err(|error| error.retry(None));
        }
        if private.stamp(STAGED)?.is_some() {
            give_up(private, None)?;
        }
        let Some(index) = read_index(private, INDEX)? else { return Ok(()) };
        if index.layout == Layout::Roster { self.describe(home, private, &index.published) } else { Ok(()) }
    }

    fn publish(
        &self,
        home: &Folder,
        private: &Folder,
        before: Option<&Index>,
        roster: &Roster,
        changes: &[Change],
    ) -> Result<()> {
        let write = self.prepare(home, before, roster, changes)?;
        let prepared = (|| {
            give_up(private, None)?;
            private.create(&copy_name(write.index.serial), &write.copy)?;
            planted::point(Point::ExportCopied);
            private.create(STAGED, &write.content)?;
            planted::point(Point::ExportStaged);
            private.create(NEXT, &write.index.encode())?;
            planted::point(Point::ExportDescribed);
            private.sync()?;
            planted::point(Point::ExportPrepared);
            private.rename(STAGED, home, &write.index.published.file)
        })();
        if let Err(error) = prepared {
            // Best effort: what cannot be removed now is removed by the next write.
            drop(give_up(private, Some(write.index.serial)));
            return Err(error);
        }
        planted::point(Point::ExportPublished);
        // Published: sending again is harmless, and finishes it.
        self.settle(home, private, &write.index).map_err(|error| error.retry(None))
    }

    fn prepare(
        &self,
        home: &Folder,
        before: Option<&Index>,
        roster: &Roster,
        changes: &[Change],
    ) -> Result<Write> {
        let (format, columns) = (self.shape.format, self.shape.names());
        let copy = wire::encode(format, &columns, roster.rows().iter().map(|row| row.cells.as_slice()));
        let mut changes_last = before.map_or(0, |index| index.changes_last);
        let (file, content, rows) = match self.settings.layout {
            Layout::Roster => (self.roster_file(), copy.clone(), roster.rows().len()),
            Layout::Changes => {
                changes_last = free_number(home, changes_last)?;
                let file = format!("changes-{changes_last:06}.{}", format.ending());
                (file, encode_changes(format, &columns, changes), changes.len())
            }
        };
        let index = Index {
            serial: before.map_or(0, |index| index.serial) + 1,
            copy_sha256: sha256(&copy),
            published: Published { file, sha256: sha256(&content), rows },
            changes_last,
            layout: self.settings.layout,
            format,
            columns,
            rows: roster.rows().iter().map(Row::index).collect(),
        };
        Ok(Write { index, copy, content })
    }

    /// The steps after a file was published.
    fn settle(&self, home: &Folder, private: &Folder, index: &Index) -> Result<()> {
        home.sync()?;
        private.sync()?;
        planted::point(Point::ExportPublishedDurably);
        self.describe(home, private, &index.published)?;
        let current = copy_name(index.serial);
        for name in private.names()? {
            if name.starts_with("copy-") && name != current && !planted::bug(Bug::LeavesTempFile) {
                private.remove(&name)?;
                planted::point(Point::ExportCopyRemoved);
            }
        }
        private.rename(NEXT, private, INDEX)?;
        planted::point(Point::ExportIndexPlaced);
        private.sync()
    }

    /// Writes the manifest of a file that is there, unless it is there too.
    fn describe(&self, home: &Folder, private: &Folder, published: &Published) -> Result<()> {
        let name = Manifest::name(&published.file);
        let right = home.read(&name)?.is_some_and(|manifest| Manifest::describes(&manifest, published));
        if right || home.stamp(&published.file)?.is_none() {
            return Ok(());
        }
        let Published { file, sha256, rows } = published.clone();
        let manifest = Manifest { file, sha256, rows, written_at: self.clock.now() };
        private.create(MANIFEST_NEXT, &manifest.encode())?;
        planted::point(Point::ExportManifestWritten);
        private.rename(MANIFEST_NEXT, home, &name)?;
        planted::point(Point::ExportManifestPlaced);
        home.sync()
    }
}

/// A write, before its first step.
struct Write {
    index: Index,
    copy: Vec<u8>,
    content: Vec<u8>,
}

/// Throws away what a write prepared and did not publish. In this order: see the module's text.
fn give_up(private: &Folder, serial: Option<u64>) -> Result<()> {
    private.remove(NEXT)?;
    private.sync()?;
    private.remove(STAGED)?;
    serial.map_or(Ok(()), |serial| private.remove(&copy_name(serial)))
}

/// The index of a write that was published and then cut off.
fn published_index(private: &Folder) -> Result<Option<Index>> {
    if private.stamp(STAGED)?.is_some() {
        return Ok(None);
    }
    read_index(private, NEXT)
}

fn read_index(private: &Folder, name: &str) -> Result<Option<Index>> {
    let Some(bytes) = private.read(name)? else { return Ok(None) };
    let damaged = || {
        errors::unusable(
            "reading the private index of the export: it is damaged",
            &private.path().join(name),
            RESTORE,
        )
    };
    Index::decode(&bytes).map(Some).ok_or_else(damaged)
}

fn read_rows(home: &Folder, private: &Folder, index: Index) -> Result<View> {
    let format = Some(index.format);
    let public = match index.layout {
        Layout::Roster => home.read(&index.published.file)?,
        Layout::Changes => None,
    };
    let Some(public) = public else {
        let copy = private.read(&copy_name(index.serial))?.filter(|copy| sha256(copy) == index.copy_sha256);
        let roster = copy.and_then(|copy| written(&index, &copy));
        let roster = roster.ok_or_else(|| {
            let doing = "reading the exported rows: the file or its private copy is gone or damaged";
            errors::unusable(doing, &home.path().join(&index.published.file), RESTORE)
        })?;
        let missing = index.layout == Layout::Roster;
        return Ok(View { roster, format, missing, index: Some(index), ..View::default() });
    };
    let roster = if sha256(&public) == index.published.sha256 { written(&index, &public) } else { None };
    let roster = match roster {
        Some(roster) => roster,
        None => edited_rows(home, private, &index, &public)?,
    };
    let edited = roster.rows().iter().filter(|row| row.edited).count();
    Ok(View { roster, format, edited, index: Some(index), ..View::default() })
}

/// The rows of a file that is as we wrote it.
fn written(index: &Index, content: &[u8]) -> Option<Roster> {
    let cells = wire::decode(index.format, &index.columns, content).ok()?;
    Roster::unchanged(&index.rows, cells)
}

/// The rows of a file that somebody edited.
fn edited_rows(home: &Folder, private: &Folder, index: &Index, content: &[u8]) -> Result<Roster> {
    let file = home.path().join(&index.published.file);
    let remedy =
        "undo the edit; or move the file away, and the next delivery puts it back as it was last written";
    let cells = wire::decode(index.format, &index.columns, content).map_err(|why| {
        let doing = match why {
            wire::Unreadable::Columns => {
                "reading the edited roster: its columns are not those it was written with"
            }
            wire::Unreadable::Form => {
                "reading the edited roster: it is no longer a table in UTF-8 of its format"
            }
        };
        errors::unusable(doing, &file, remedy)
    })?;
    let copy = private.read(&copy_name(index.serial))?.filter(|copy| sha256(copy) == index.copy_sha256);
    let last =
        copy.and_then(|copy| wire::decode(index.format, &index.columns, &copy).ok()).unwrap_or_default();
    recognise(&index.rows, &last, cells).map_err(|_| {
        let doing = "reading the edited roster: rows were added, removed or changed beyond recognition";
        errors::unusable(doing, &file, remedy)
    })
}

fn stamps_of(home: &Folder, private: Option<&Folder>, view: &View) -> Result<Stamps> {
    let stamp = |name: &str| private.map_or(Ok(None), |private| private.stamp(name));
    let public = match &view.index {
        Some(index) => home.stamp(&index.published.file)?,
        None => home.stamp(".")?,
    };
    Ok([stamp(INDEX)?, stamp(NEXT)?, stamp(STAGED)?, public])
}

fn copy_name(serial: u64) -> String {
    format!("copy-{serial:06}")
}

/// The number of a file of changes.
fn change_number(name: &str, format: Format) -> Option<u64> {
    name.strip_prefix("changes-")?.strip_suffix(format.ending())?.strip_suffix('.')?.parse().ok()
}

/// The next number that was never given, and that nobody else put a file under.
fn free_number(home: &Folder, last: u64) -> Result<u64> {
    let taken = home.names()?;
    let taken =
        taken.iter().flat_map(|name| [Format::Csv, Format::Jsonl].map(|format| change_number(name, format)));
    Ok(taken.flatten().fold(last, u64::max) + 1)
}

fn encode_changes(format: Format, columns: &[String], changes: &[Change]) -> Vec<u8> {
    let columns: Vec<String> =
        LEADING.map(str::to_owned).into_iter().chain(columns.iter().cloned()).collect();
    let rows: Vec<Vec<Cell>> = changes
        .iter()
        .map(|change| {
            let operation = people::Value::Text(change.operation.word().to_owned());
            let generation = people::Value::Integer(i64::try_from(change.generation).unwrap_or(i64::MAX));
            let leading = [operation, generation].map(|value| mapping::cell(format, &value));
            leading.into_iter().chain(change.cells.iter().cloned()).collect()
        })
        .collect();
    wire::encode(format, &columns, rows.iter().map(Vec::as_slice))
}

fn good(what: String) -> Finding {
    Finding::Good { what }
}

fn warning(what: String, remedy: &str) -> Finding {
    Finding::Warning { what, remedy: remedy.to_owned() }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("target", &self.target)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
