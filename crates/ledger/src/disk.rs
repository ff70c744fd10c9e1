//! sled behind the seam, with the rules it needs (measured; see `crates/engine/decisions/0001-sled-and-its-rules.md`):
//!
//! * `snap.*.generating` is removed before opening: killed while opening, sled otherwise takes a half-written snapshot for
//!   the newest and never opens again, about once in 1,400 kills.
//! * `flush` is no power-loss barrier on Linux (it ends in `sync_file_range`), so `fdatasync` of the data file follows it.
//! * It syncs neither its settings nor the names of its files. A new store is made under another name, and has its own once all of it
//!   is on the disk; the names are synced whenever it was opened.
//! * It loses records silently on corruption (60 % of 900 random faults). Each value carries a checksum over tree, key and
//!   value; each tree a count and a sum of those checksums, written in the same transaction and verified at start.
//! * Opening a damaged store may panic: it is done inside `catch_unwind`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use planted::{Bug, Point};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sled::transaction::{ConflictableTransactionError, Transactional};

use crate::{
    store::{Batch, Entry, Error, Result, Store, Tree, at},
    witness::Witness,
};

/// Bytes of checksum in front of every value.
const SUM: usize = 8;
/// Holds the [`Head`]; in the meta tree, and not itself counted.
const HEAD: &[u8] = b"\0head";
const CACHE_BYTES: u64 = 32 << 20;

/// How far the store has come, and what each tree should add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub serial: u64,
    pub lineage: String,
    tallies: BTreeMap<String, Tally>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    count: u64,
    sum: u64,
}

impl Tally {
    fn enter(&mut self, sum: u64) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(sum);
    }

    fn leave(&mut self, sum: u64) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(sum);
    }
}

/// The store on disk.
#[derive(Debug)]
pub(crate) struct DiskStore {
    db: sled::Db,
    trees: Vec<sled::Tree>,
    /// sled's data file, for the `fdatasync` that `flush` does not make.
    data: File,
    witness: Witness,
    head: Mutex<Head>,
    /// A step failed after it was begun: how much of it is on disk is unknown, so nothing is written any more.
    broken: AtomicBool,
}

impl DiskStore {
    /// Opens the store in `dir`, making it if need be, and verifies every record. `Err` is a sentence that says what is
    /// wrong with it.
    pub(crate) fn open(dir: &Path, witness: Witness, lineage: &str) -> Result<DiskStore, String> {
        if !dir.exists() {
            make(dir).map_err(|error| format!("it cannot be made: {error}"))?;
        }
        remove_half_written_snapshots(dir).map_err(|error| format!("its folder cannot be read: {error}"))?;
        sync_data(dir).map_err(|error| format!("its data file cannot be synced: {error}"))?;
        planted::point(Point::SnapshotsCleaned);
        let opened = catch_unwind(AssertUnwindSafe(|| open_trees(dir)))
            .map_err(|_| "sled gave up while opening it".to_owned())?;
        let (db, trees) = opened.map_err(|error| format!("sled cannot open it: {error}"))?;
        planted::point(Point::StoreOpened);
        let data =
            File::open(dir.join("db")).map_err(|error| format!("its data file is missing: {error}"))?;
        sync_names(dir).map_err(|error| format!("its folder cannot be synced: {error}"))?;
        planted::point(Point::StoreNamed);
        let verified = catch_unwind(AssertUnwindSafe(|| verify(&trees)))
            .map_err(|_| "sled gave up while reading it".to_owned())??;
        planted::point(Point::StoreVerified);
        let head = verified.unwrap_or_else(|| Head { lineage: lineage.to_owned(), ..Head::default() });
        Ok(DiskStore { db, trees, data, witness, head: Mutex::new(head), broken: AtomicBool::new(false) })
    }

    /// How far it has come.
    pub(crate) fn head(&self) -> Head {
        self.head.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tree(&self, tree: Tree) -> &sled::Tree {
        &self.trees[tree as usize]
    }

    fn apply(&self, batch: &Batch, head: &Head) -> Result<()> {
        let doing = "write";
        let sealed: Vec<Sealed<'_>> = batch
            .0
            .iter()
            .map(|((tree, key), value)| {
                (*tree as usize, key.as_slice(), value.as_ref().map(|v| seal(*tree, key, v)))
            })
            .collect();
        let head_value =
            seal(Tree::Meta, HEAD, &serde_json::to_vec(head).map_err(|error| failed(doing, error))?);
        self.trees
            .as_slice()
            .transaction(|trees| {
                for (tree, key, value) in &sealed {
                    match value {
                        Some(value) => trees[*tree].insert(*key, value.as_slice())?,
                        None => trees[*tree].remove(*key)?,
                    };
                }
                trees[Tree::Meta as usize].insert(HEAD, head_value.as_slice())?;
                Ok::<(), ConflictableTransactionError<std::convert::Infallible>>(())
            })
            .map_err(|error| failed(doing, format!("{error:?}")))?;
        planted::point(Point::CommitApplied);
        if planted::bug(Bug::NoFlush) {
            return Ok(());
        }
        self.db.flush().map_err(|error| failed("flush", error))?;
        planted::point(Point::CommitFlushed);
        if planted::bug(Bug::NoDataSync) {
            return Ok(());
        }
        self.data.sync_data().map_err(|error| failed("sync", error))
    }
}

impl Store for DiskStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let found = self.tree(tree).get(key).map_err(|error| failed("read", error))?;
        found.map(|bytes| unseal(tree, key, &bytes).map(<[u8]>::to_vec)).transpose()
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Entry>> {
        let start = if after.is_empty() || after < prefix {
            std::ops::Bound::Included(prefix.to_vec())
        } else {
            std::ops::Bound::Excluded(after.to_vec())
        };
        let mut entries = Vec::new();
        for entry in self.tree(tree).range((start, std::ops::Bound::Unbounded)) {
            let (key, value) = entry.map_err(|error| failed("read", error))?;
            if !key.starts_with(prefix) || entries.len() == limit {
                break;
            }
            if !(tree == Tree::Meta && key == HEAD) {
                entries.push((key.to_vec(), unseal(tree, &key, &value)?.to_vec()));
            }
        }
        Ok(entries)
    }

    fn commit(&self, batch: &Batch) -> Result<()> {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        if self.broken.load(Ordering::Acquire) {
            return Err(failed("write", "an earlier step failed halfway"));
        }
        let mut next = head.clone();
        next.serial += 1;
        for ((tree, key), value) in &batch.0 {
            let tally = next.tallies.entry(tree.name().to_owned()).or_default();
            if let Some(old) = self.tree(*tree).get(key).map_err(|error| failed("read", error))? {
                unseal(*tree, key, &old)?;
                tally.leave(sum_of(&old));
            }
            if let Some(value) = value {
                tally.enter(checksum(*tree, key, value));
            }
        }
        self.broken.store(true, Ordering::Release);
        planted::point(Point::CommitBegins);
        catch_unwind(AssertUnwindSafe(|| self.apply(batch, &next)))
            .map_err(|_| failed("write", "sled gave up"))??;
        planted::point(Point::CommitSynced);
        self.witness.remember(&next.lineage, next.serial).map_err(|error| failed("witness", error))?;
        self.broken.store(false, Ordering::Release);
        *head = next;
        planted::point(Point::CommitDone);
        Ok(())
    }
}

/// Tree, key, and the value with its checksum; none for what is removed.
type Sealed<'b> = (usize, &'b [u8], Option<Vec<u8>>);

fn open_trees(dir: &Path) -> sled::Result<(sled::Db, Vec<sled::Tree>)> {
    let db = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).open()?;
    let trees = Tree::ALL.iter().map(|tree| db.open_tree(tree.name())).collect::<sled::Result<Vec<_>>>()?;
    Ok((db, trees))
}

/// Reads every record and compares with what the head says; `None` for a store that holds nothing yet.
fn verify(trees: &[sled::Tree]) -> Result<Option<Head>, String> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut head: Option<Head> = None;
    for (tree, records) in Tree::ALL.into_iter().zip(trees) {
        for record in records {
            let (key, value) = record.map_err(|error| format!("tree {tree} cannot be read: {error}"))?;
            let inner =
                unseal(tree, &key, &value).map_err(|_| format!("a record of tree {tree} is damaged"))?;
            if tree == Tree::Meta && key == HEAD {
                head =
                    Some(serde_json::from_slice(inner).map_err(|_| "its head record is damaged".to_owned())?);
            } else {
                tallies.entry(tree.name().to_owned()).or_default().enter(sum_of(&value));
            }
        }
    }
    let Some(head) = head else {
        return if tallies.is_empty() { Ok(None) } else { Err("its head record is missing".to_owned()) };
    };
    for tree in Tree::ALL {
        let found = tallies.remove(tree.name()).unwrap_or_default();
        let expected = head.tallies.get(tree.name()).copied().unwrap_or_default();
        if found != expected {
            return Err(format!(
                "tree {tree} holds {} records and should hold {}",
                found.count, expected.count
            ));
        }
    }
    Ok(Some(head))
}

/// Makes durable what a process that was killed left to the kernel: sled makes a snapshot of it, which a power failure must not leave
/// ahead of what it is a snapshot of.
fn sync_data(dir: &Path) -> std::io::Result<()> {
    match File::open(dir.join("db")) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        data => data?.sync_data(),
    }
}

/// Makes a store where there is none. A power failure leaves all of it, or none.
fn make(dir: &Path) -> std::io::Result<()> {
    let fresh = dir.with_extension("new");
    match std::fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed?,
    }
    drop(open_trees(&fresh)?);
    wait_until_closed(&fresh).map_err(std::io::Error::other)?;
    for entry in std::fs::read_dir(&fresh)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(&fresh)?.sync_all()?;
    planted::point(Point::StoreMade);
    std::fs::rename(&fresh, dir)?;
    dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// A file that is locked, until this is dropped. Closing it would not do: a child that is just being started has it, too, until it is a
/// program of its own.
#[derive(Debug)]
pub(crate) struct Lock(pub(crate) File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// sled holds a lock on its data file for as long as one of its threads still has it, which is a moment longer than we do, and a
/// store that is locked looks to it like one that cannot be opened. [`Error::Locked`] when it stays so: then it is another
/// program's, which does not know our lock.
pub(crate) fn wait_until_closed(store_dir: &Path) -> Result<()> {
    const LOOKS: u32 = 300;
    const PAUSE: Duration = Duration::from_millis(10);
    let path = store_dir.join("db");
    let data = match File::open(&path) {
        Ok(data) => data,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at("open", &path)(error)),
    };
    for _ in 0..LOOKS {
        match flock(&data, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                drop(Lock(data));
                return Ok(());
            }
            Err(rustix::io::Errno::WOULDBLOCK) => pause(PAUSE),
            Err(error) => return Err(at("lock", &path)(error.into())),
        }
    }
    Err(Error::Locked { dir: store_dir.to_owned(), pid: "unknown".to_owned() })
}

#[expect(
    clippy::disallowed_methods,
    reason = "before the ledger is open nothing else runs, and no clock is simulated"
)]
fn pause(moment: Duration) {
    std::thread::sleep(moment);
}

/// Makes the names of sled's files durable, which it does not do.
fn sync_names(dir: &Path) -> std::io::Result<()> {
    for folder in [dir.join("blobs"), dir.to_owned()] {
        match File::open(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => opened?.sync_all()?,
        }
    }
    Ok(())
}

fn remove_half_written_snapshots(dir: &Path) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "generating") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn checksum(tree: Tree, key: &[u8], value: &[u8]) -> u64 {
    let mut hash = Sha256::new();
    hash.update([tree as u8]);
    hash.update((key.len() as u64).to_be_bytes());
    hash.update(key);
    hash.update(value);
    u64::from_be_bytes(hash.finalize()[..SUM].try_into().expect("SHA-256 has 32 bytes"))
}

fn seal(tree: Tree, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut bytes = checksum(tree, key, value).to_be_bytes().to_vec();
    bytes.extend_from_slice(value);
    bytes
}

fn sum_of(sealed: &[u8]) -> u64 {
    sealed.first_chunk::<SUM>().map_or(0, |sum| u64::from_be_bytes(*sum))
}

fn unseal<'b>(tree: Tree, key: &[u8], sealed: &'b [u8]) -> Result<&'b [u8]> {
    let (_, value) = sealed.split_first_chunk::<SUM>().ok_or(Error::Damaged { tree: tree.name() })?;
    if checksum(tree, key, value) != sum_of(sealed) {
        return Err(Error::Damaged { tree: tree.name() });
    }
    Ok(value)
}

fn failed(doing: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Store { doing, source: source.into() }
}
