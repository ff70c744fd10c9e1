//! The state folder: lock, key, store, witness.
//!
//! ```text
//! <dir>/lock         held by the one process that may use the folder
//! <dir>/digest.key   0600; the key under which values are remembered, unless the configuration names another
//! <dir>/store/       sled; `store.new` while it is made
//! <dir>/witness      how far the store had come
//! <dir>/place        empty; no copy of the folder keeps its inode and time of birth
//! <dir>/lost-<time>/ a store that could not be used, or was replaced, moved aside, never deleted
//! <dir>/importing/   an archive on its way to be store, witness and key; `imported` once it is whole: whoever locks the folder next
//!                    puts it in its place
//! <dir>/schema-1.state, and so on: the ledger as an archive, before a new version brought it to another schema
//! ```

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use people::{Secret, TargetName, Timestamp};
use planted::{Bug, Point};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest as _, Sha256};

use crate::{
    ArchiveError, DigestKey, Manifest, archive,
    disk::{DiskStore, Lock, wait_until_closed},
    erasure,
    ledger::{self, Birth, Ledger, begin_as_copy, birth, put_birth},
    records::{Origin, TargetState},
    schema::SCHEMA,
    store::{Batch, Error, Result, Store, Tree, at},
    witness::Witness,
};

/// A state folder that this process alone may use. The lock goes with the value.
#[derive(Debug)]
pub struct StateFolder {
    dir: PathBuf,
    _lock: Lock,
}

/// What opening a ledger brought.
#[derive(Debug)]
pub struct Opened {
    /// The ledger.
    pub ledger: Ledger,
    /// What happened to an earlier one *just now*, for the log; the ledger's own origin says what happened ever.
    pub lost: Option<String>,
    /// True when the folder is found *just now* to be a copy. The ledger in it is kept, and asks every target before it does
    /// anything.
    pub copied: bool,
}

/// What came of an import.
#[derive(Debug)]
pub struct Imported {
    /// What was imported.
    pub manifest: Manifest,
    /// Where the ledger went that was there before.
    pub kept: Option<PathBuf>,
    /// People in the archive who were forgotten since it was made: they are forgotten again.
    pub forgotten: usize,
    /// There may be more of them: the ledger that was there cannot be read, or keeps them under another digest key.
    pub unknown: bool,
}

/// Why a ledger begins again that was found in a copied folder.
pub const COPIED: &str = "the state folder was copied: restored from a backup, or cloned to another machine";

/// Tells this machine apart from others (machine-id(5)).
const MACHINE: &str = "/etc/machine-id";

impl StateFolder {
    /// Takes the folder at `dir`, making it (mode 0700) if need be. [`Error::Locked`] when another process has it.
    pub fn lock(dir: &Path) -> Result<StateFolder> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(at("create", dir))?;
        planted::point(Point::FolderMade);
        let path = dir.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(at("open", &path))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) if planted::bug(Bug::LockIgnored) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut pid = String::new();
                let _ = lock.read_to_string(&mut pid);
                let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
                return Err(Error::Locked { dir: dir.to_owned(), pid });
            }
            Err(error) => return Err(at("lock", &path)(error.into())),
        }
        let said = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        said.map_err(at("write", &path))?;
        planted::point(Point::FolderLocked);
        let folder = StateFolder { dir: dir.to_owned(), _lock: Lock(lock) };
        folder.finish_import()?;
        Ok(folder)
    }

    /// Opens a copy, made in `into`, of the ledger in `dir`, which stays as it is to the last byte: opening a store may change it.
    /// [`Error::Locked`] when another process has the folder.
    pub fn open_copy(dir: &Path, into: &Path, key: Option<DigestKey>, now: Timestamp) -> Result<Opened> {
        {
            let _lock = lock_if_there(dir)?;
            copy(dir, into).map_err(at("copy", dir))?;
        }
        let folder = StateFolder::lock(into)?;
        let key = key.map_or_else(|| folder.digest_key(), Ok)?;
        // It is the one in `dir` that is meant, and whether that one was copied.
        let here = match File::open(dir.join("place")) {
            Ok(file) => place_of(&file).map_err(at("open", dir))?,
            Err(_) => folder.place()?,
        };
        folder.open_at(key, now, &here)
    }

    /// Whether a process has the folder at `dir` now.
    pub fn is_in_use(dir: &Path) -> bool {
        matches!(lock_if_there(dir), Err(Error::Locked { .. }))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The key kept in the folder; made on first use.
    pub fn digest_key(&self) -> Result<DigestKey> {
        let key = match StateFolder::kept_key(&self.dir)? {
            Some(key) => key,
            None => {
                let key = Secret::new(random_hex::<32>()?);
                keep_key(&self.dir, &key)?;
                key
            }
        };
        Ok(DigestKey::new(key))
    }

    /// Opens the ledger. One that cannot be used, that lost records, that was rolled back, or whose digests were made
    /// under another key is moved aside, and a new one begins in recovery.
    pub fn open(&self, key: DigestKey, now: Timestamp) -> Result<Opened> {
        self.open_at(key, now, &self.place()?)
    }

    fn open_at(&self, key: DigestKey, now: Timestamp, here: &str) -> Result<Opened> {
        let store_dir = self.dir.join("store");
        wait_until_closed(&store_dir)?;
        let existed = store_dir.exists();
        match self.try_open(&store_dir, &key)? {
            Found::Whole(store, birth) => {
                if birth.schema < SCHEMA {
                    self.keep_as_it_was(store.as_ref(), birth.schema, now)?;
                }
                let copied = is_copy(store.as_ref(), &birth, here)?;
                let ledger = Ledger::over(store, key, &birth.lineage, birth.origin)?;
                planted::point(Point::LedgerOpened);
                Ok(Opened { ledger, lost: None, copied })
            }
            Found::Empty(store, lineage) => {
                // Killed between losing one and beginning another: it is still the successor of a lost one.
                let origin = match self.moved_aside().map_err(at("read", &self.dir))? {
                    Some(kept) => {
                        Origin::Recovery { why: "an earlier one was lost".to_owned(), kept: Some(kept) }
                    }
                    None => Origin::Fresh,
                };
                self.begin(store, key, &lineage, origin, here, None)
            }
            Found::Lost(why) => {
                let kept = existed.then(|| self.aside(now));
                if let Some(kept) = &kept {
                    std::fs::rename(&store_dir, kept).map_err(at("move aside", &store_dir))?;
                    planted::point(Point::StoreMovedAside);
                }
                self.witness()?.forget().map_err(at("write", &self.dir.join("witness")))?;
                planted::point(Point::WitnessForgotten);
                wait_until_closed(&store_dir)?;
                let (Found::Empty(store, lineage) | Found::Whole(store, Birth { lineage, .. })) =
                    self.try_open(&store_dir, &key)?
                else {
                    return Err(Error::Damaged { tree: "meta" });
                };
                let origin =
                    Origin::Recovery { why: why.clone(), kept: kept.map(|path| path.display().to_string()) };
                self.begin(store, key, &lineage, origin, here, Some(why))
            }
        }
    }

    /// A new ledger, which lives here.
    fn begin(
        &self,
        store: Arc<dyn Store>,
        key: DigestKey,
        lineage: &str,
        origin: Origin,
        here: &str,
        lost: Option<String>,
    ) -> Result<Opened> {
        let ledger = Ledger::over(Arc::clone(&store), key, lineage, origin)?;
        planted::point(Point::LedgerBegun);
        if let Some(birth) = birth(store.as_ref())? {
            is_copy(store.as_ref(), &birth, here)?;
        }
        self.sync().map_err(at("sync", &self.dir))?;
        Ok(Opened { ledger, lost, copied: false })
    }

    /// Before a new version changes the ledger: an archive that the version before can import, since it refuses the ledger itself.
    fn keep_as_it_was(&self, store: &dyn Store, schema: u32, now: Timestamp) -> Result<()> {
        let key = StateFolder::kept_key(&self.dir)?;
        let path = self.dir.join(format!("schema-{schema}.state"));
        let fresh = self.dir.join("schema.state.new");
        let mut file = private_file(&fresh)?;
        let mut out = io::BufWriter::new(&mut file);
        archive::write(store, key.as_ref(), now, &mut out).map_err(|error| match error {
            ArchiveError::Ledger(error) => error,
            ArchiveError::File { source, .. } => at("write", &fresh)(source),
            _ => Error::Damaged { tree: "meta" },
        })?;
        drop(out);
        let kept = file.sync_all().and_then(|()| {
            planted::point(Point::SchemaKeeping);
            std::fs::rename(&fresh, &path)?;
            self.sync()
        });
        planted::point(Point::SchemaKept);
        kept.map_err(at("write", &path))
    }

    /// The text of the key that is kept in the folder `dir`, if one is.
    pub fn kept_key(dir: &Path) -> Result<Option<Secret>> {
        let path = dir.join("digest.key");
        match std::fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => Ok(Some(Secret::new(text))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at("read", &path)(error)),
        }
    }

    /// Makes the ledger in an archive the one of this folder: as one that was copied, so that every target is asked and every
    /// record compared before anything is sent. What was forgotten here since is forgotten there too, and what is paused stays so.
    /// `configured` is the digest key where the configuration names one. Killed on the way, there is the ledger of before, or the new
    /// one.
    pub fn import(
        &self,
        path: &Path,
        configured: Option<&Secret>,
        replace: bool,
        now: Timestamp,
    ) -> Result<Imported, ArchiveError> {
        let open = || {
            let file = File::open(path).map_err(|source| ArchiveError::File { doing: "read", source })?;
            Ok::<_, ArchiveError>(io::BufReader::new(file))
        };
        if !std::fs::metadata(path).map_err(|source| ArchiveError::File { doing: "read", source })?.is_file()
        {
            return Err(ArchiveError::NotAFile);
        }
        let store_dir = self.dir.join("store");
        if store_dir.exists() && !replace {
            return Err(ArchiveError::Occupied);
        }
        // Whole, or nothing is begun.
        let head = archive::read(open()?, |_, _| Ok(()))?;
        let candidates = [
            configured.cloned(),
            head.key.clone().filter(|_| configured.is_none()),
            StateFolder::kept_key(&self.dir)?,
        ];
        let key =
            candidates.into_iter().flatten().find(|key| DigestKey::new(key.clone()).id() == head.key_id);
        let Some(key) = key else { return Err(ArchiveError::OtherKey { id: head.key_id }) };
        let Before { tombs, paused, unknown } = self.before(&store_dir, &head.key_id)?;
        let importing = self.dir.join("importing");
        match std::fs::remove_dir_all(&importing) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at("remove", &importing)(error).into());
            }
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&importing).map_err(at("create", &importing))?;
        let lineage = random_hex::<16>()?;
        let witness = importing.join("witness");
        let witness = Witness::open(&witness).map_err(at("open", &witness))?;
        let fresh = importing.join("store");
        let store = DiskStore::open(&fresh, witness, &lineage)
            .map_err(|why| at("create", &fresh)(io::Error::other(why)))?;
        let store: Arc<dyn Store> = Arc::new(store);
        planted::point(Point::ImportBegun);
        let head = archive::read(open()?, |_, batch| Ok(store.commit(&batch)?))?;
        let said = birth(store.as_ref())?.map(|birth| (birth.key_id, birth.schema));
        if said != Some((head.key_id, head.manifest.schema)) {
            return Err(ArchiveError::Unsound { fault: "it does not say whose ledger it is".to_owned() });
        }
        store.commit(&tombs)?;
        begin_as_copy(store.as_ref(), &lineage, Some(self.place()?))?;
        planted::point(Point::ImportRead);
        let ledger = Ledger::over(store, DigestKey::new(key.clone()), &lineage, Origin::Fresh)?;
        if let Some(fault) = ledger.audit()?.faults.into_iter().next() {
            return Err(ArchiveError::Unsound { fault });
        }
        let forgotten = ledger.forget_the_buried(now)?;
        let _ = ledger.write(|draft| {
            paused.iter().try_for_each(|target| {
                let state = TargetState { paused: true, ..draft.target(target)? };
                draft.put_target(target, &state)
            })
        })?;
        drop(ledger);
        wait_until_closed(&fresh)?;
        if configured.is_none() {
            keep_key(&importing, &key)?;
        }
        planted::point(Point::ImportWhole);
        // From here on it is done, whoever finishes it.
        std::fs::rename(&importing, self.dir.join("imported")).map_err(at("rename", &importing))?;
        planted::point(Point::ImportDecided);
        self.sync().map_err(at("sync", &self.dir))?;
        let kept = self.finish_import()?;
        Ok(Imported { manifest: head.manifest, kept, forgotten, unknown })
    }

    /// An import that was complete, and killed before it was in its place, is put there.
    fn finish_import(&self) -> Result<Option<PathBuf>> {
        let imported = self.dir.join("imported");
        let (new, store) = (imported.join("store"), self.dir.join("store"));
        if !imported.exists() {
            return Ok(None);
        }
        let mut kept = None;
        if new.exists() && store.exists() {
            let free =
                (1..).map(|nth| self.dir.join(format!("lost-replaced-{nth}"))).find(|path| !path.exists());
            let aside = free.expect("there is always another number");
            std::fs::rename(&store, &aside).map_err(at("move aside", &store))?;
            planted::point(Point::ImportAside);
            kept = Some(aside);
        }
        for name in ["digest.key", "witness", "store"] {
            let from = imported.join(name);
            if from.exists() {
                std::fs::rename(&from, self.dir.join(name)).map_err(at("rename", &from))?;
                planted::point(Point::ImportPart);
            }
        }
        planted::point(Point::ImportPlaced);
        self.sync().and_then(|()| std::fs::remove_dir(&imported)).map_err(at("remove", &imported))?;
        Ok(kept)
    }

    /// What the ledger that is there knows and an older one does not, if it can be read.
    fn before(&self, store_dir: &Path, key_id: &str) -> Result<Before> {
        let mut before = Before::default();
        if !store_dir.exists() {
            return Ok(before);
        }
        wait_until_closed(store_dir)?;
        before.unknown = true;
        let Ok(store) = DiskStore::open(store_dir, self.witness()?, "") else { return Ok(before) };
        before.paused = ledger::paused(&store)?;
        let found = store.scan(Tree::Meta, &erasure::tombs(), &[], usize::MAX)?;
        before.unknown = !found.is_empty() && birth(&store)?.is_none_or(|birth| birth.key_id != key_id);
        if !before.unknown {
            before.tombs.0.extend(found.into_iter().map(|(key, value)| ((Tree::Meta, key), Some(value))));
        }
        Ok(before)
    }

    fn aside(&self, now: Timestamp) -> PathBuf {
        self.dir.join(format!("lost-{}", now.format("%Y%m%dT%H%M%S%3fZ")))
    }

    /// A digest of where the folder is: of the machine, and of what no copy of the file keeps. Not of the device, whose number may
    /// be another one after each start.
    fn place(&self) -> Result<String> {
        let path = self.dir.join("place");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        file.and_then(|file| place_of(&file)).map_err(at("open", &path))
    }

    fn try_open(&self, store_dir: &Path, key: &DigestKey) -> Result<Found> {
        let witness = self.witness()?;
        let testimony = witness.testimony().map_err(at("read", &self.dir.join("witness")))?;
        let lineage = random_hex::<16>()?;
        let store = match DiskStore::open(store_dir, witness, &lineage) {
            Ok(store) => store,
            Err(why) => {
                // A full or unwritable disk is not a damaged store: moving it aside would only make things worse.
                writable(&self.dir)?;
                return Ok(Found::Lost(why));
            }
        };
        let head = store.head();
        if let Some(testimony) = testimony {
            if head.serial == 0 {
                return Ok(Found::Lost("it is empty, but was not before".to_owned()));
            }
            if testimony.lineage != head.lineage {
                return Ok(Found::Lost("it is another one than the witness saw".to_owned()));
            }
            if testimony.serial > head.serial && !planted::bug(Bug::RollbackUnnoticed) {
                let behind = testimony.serial - head.serial;
                return Ok(Found::Lost(format!(
                    "it is {behind} steps behind what the witness saw: it was rolled back"
                )));
            }
        }
        match birth(&store)? {
            Some(birth) if birth.key_id != key.id() => {
                Ok(Found::Lost("its digests were made under another digest key".to_owned()))
            }
            Some(birth) => Ok(Found::Whole(Arc::new(store), birth)),
            None => Ok(Found::Empty(Arc::new(store), lineage)),
        }
    }

    /// A store that was moved aside earlier, if there is one.
    fn moved_aside(&self) -> io::Result<Option<String>> {
        for entry in std::fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lost-")) {
                return Ok(Some(path.display().to_string()));
            }
        }
        Ok(None)
    }

    fn witness(&self) -> Result<Witness> {
        let path = self.dir.join("witness");
        Witness::open(&path).map_err(at("open", &path))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// The lock of a folder that is not to be made or written to; `None` where there is none.
fn lock_if_there(dir: &Path) -> Result<Option<Lock>> {
    let path = dir.join("lock");
    let lock = match File::open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at("open", &path)(error)),
    };
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        let pid = std::fs::read_to_string(&path).unwrap_or_default();
        return Err(Error::Locked { dir: dir.to_owned(), pid: pid.trim().to_owned() });
    }
    Ok(Some(Lock(lock)))
}

/// A digest of the machine, and of what no copy of the file keeps.
fn place_of(file: &File) -> io::Result<String> {
    let found = file.metadata()?;
    let born = found.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
    let machine = std::fs::read_to_string(MACHINE).unwrap_or_default();
    let place = format!("{} {} {:?}", machine.trim(), found.ino(), born);
    Ok(hex::encode(&Sha256::digest(place.as_bytes())[..16]))
}

/// Whether a ledger comes from elsewhere. From then on it lives here, under a lineage of its own: links and decisions stay, and
/// every target is asked before anything else. One that never knew where it lives is told.
fn is_copy(store: &dyn Store, birth: &Birth, here: &str) -> Result<bool> {
    let place = Some(here.to_owned());
    if birth.place == place || planted::bug(Bug::CopyUnnoticed) {
        return Ok(false);
    }
    if birth.place.is_some() {
        begin_as_copy(store, &random_hex::<16>()?, place)?;
        planted::point(Point::CopyBegun);
        return Ok(true);
    }
    put_birth(store, &Birth { place, ..birth.clone() })?;
    Ok(false)
}

/// Copies everything but the lock; of stores that were moved aside only that they are there.
fn copy(from: &Path, into: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let to = into.join(&name);
        let is_aside = name.to_string_lossy().starts_with("lost-");
        if entry.is_dir() {
            DirBuilder::new().mode(0o700).create(&to)?;
            if !is_aside {
                copy(&entry, &to)?;
            }
        } else if name != "lock" {
            std::fs::copy(&entry, &to)?;
        }
    }
    Ok(())
}

/// What is taken over from a ledger that is replaced.
#[derive(Default)]
struct Before {
    /// Who was forgotten in it.
    tombs: Batch,
    /// Which targets somebody paused in it.
    paused: Vec<TargetName>,
    /// Who was forgotten in it cannot be known.
    unknown: bool,
}

enum Found {
    Whole(Arc<dyn Store>, Birth),
    Empty(Arc<dyn Store>, String),
    Lost(String),
}

/// Keeps a digest key in `dir`.
fn keep_key(dir: &Path, key: &Secret) -> Result<()> {
    let (path, fresh) = (dir.join("digest.key"), dir.join("digest.key.new"));
    let mut file = private_file(&fresh)?;
    let mut keep = || {
        file.write_all(key.reveal().as_bytes())?;
        file.sync_all()?;
        planted::point(Point::KeyWritten);
        std::fs::rename(&fresh, &path)?;
        planted::point(Point::KeyNamed);
        File::open(dir)?.sync_all()
    };
    keep().map_err(at("write", &path))
}

/// A new file for us alone; one that is there is emptied.
fn private_file(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    opened.map_err(at("create", path))
}

/// Proves that the folder takes a file of some size.
fn writable(dir: &Path) -> Result<()> {
    let path = dir.join("writable");
    let tried = File::create(&path).and_then(|mut file| {
        file.write_all(&[0; 64 << 10])?;
        file.sync_all()
    });
    let _ = std::fs::remove_file(&path);
    tried.map_err(at("write", &path))
}

fn random_hex<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| at("read", Path::new("the kernel's random numbers"))(error.into()))?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use people::ContactId;

    use super::*;
    use crate::records::{Actor, Event, Outcome};

    #[test]
    fn a_ledger_of_an_older_version_is_kept_as_an_archive_that_can_be_imported_before_it_is_brought_up() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let contact: ContactId = "c1".parse().unwrap();
        {
            let folder = StateFolder::lock(dir.path()).unwrap();
            let ledger = folder.open(folder.digest_key().unwrap(), now).unwrap().ledger;
            let event = Event {
                at: now,
                contact: contact.clone(),
                target: None,
                actor: Actor::Cycle,
                outcome: Outcome::KeptTheirs,
                generation: None,
                fields: vec![],
            };
            let _ = ledger.write(|draft| draft.tell(&event)).unwrap();
            // As version 0.1 left it.
            let store = ledger.store.as_ref();
            let journal = store.scan(Tree::Journal, &[], &[], 9).unwrap();
            assert_eq!(journal.len(), 1);
            store.commit(&Batch([((Tree::Journal, journal[0].0.clone()), None)].into())).unwrap();
            put_birth(store, &Birth { schema: 1, ..birth(store).unwrap().unwrap() }).unwrap();
        }
        {
            let folder = StateFolder::lock(dir.path()).unwrap();
            let ledger = folder.open(folder.digest_key().unwrap(), now).unwrap().ledger;
            assert_eq!(ledger.history_since(None).unwrap().len(), 1);
        }
        let kept = dir.path().join("schema-1.state");
        let manifest = archive::verify(io::BufReader::new(File::open(&kept).unwrap())).unwrap();
        assert_eq!((manifest.schema, manifest.has_key), (1, true));
        let other = tempfile::tempdir().unwrap();
        let folder = StateFolder::lock(other.path()).unwrap();
        folder.import(&kept, None, false, now).unwrap();
        let opened = folder.open(folder.digest_key().unwrap(), now).unwrap();
        assert_eq!((opened.lost, opened.ledger.history(&contact).unwrap().len()), (None, 1));
    }
}
