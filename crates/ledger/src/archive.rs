//! A ledger as one file: for a backup, for another machine, and before a new version changes anything.
//!
//! JSON lines. The first says what it is, each further one is a record, the last counts them and has the SHA-256 of every line
//! before it: a file that was cut off, or of which a bit turned, is refused as a whole. No personal data, as in the ledger; but the
//! digest key is in it unless the configuration keeps that elsewhere, so it is to be kept like the state folder.

use std::io::{self, BufRead, Write};

use people::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{
    DigestKey, Ledger,
    ledger::{Birth, birth},
    schema::SCHEMA,
    store::{self, Batch, Store, Tree},
};

/// What this version writes and reads.
const FORMAT: u32 = 1;
/// Longest line that is read: a standing has some thousand bytes.
const LINE_MAX: usize = 16 << 20;
/// Records read and written at once.
const STEP: usize = 500;

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The schema of the ledger in it.
    pub schema: u32,
    /// Of which ledger.
    pub lineage: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether the digest key is in it.
    pub has_key: bool,
    /// How many records.
    pub records: u64,
}

/// Why an archive cannot be written or read. Each message names what to do.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read or written.
    #[error("the file cannot be {doing}")]
    File {
        /// `read` or `written`.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error("this is no archive of a ledger; make one with `hiresync state export`")]
    NotOne,
    /// A newer version made it.
    #[error(
        "the archive is of a newer hiresync (format {format}, schema {schema}); install that version first"
    )]
    TooNew {
        /// Its format.
        format: u32,
        /// The schema of the ledger in it.
        schema: u32,
    },
    /// The end is missing.
    #[error("the archive was cut off after line {line}; take another one")]
    Cut {
        /// The last line that is there.
        line: u64,
    },
    /// A line is damaged, or something was changed.
    #[error("line {line} of the archive is not what was written; take another one")]
    Damaged {
        /// Which; the last one, where only the sum tells.
        line: u64,
    },
    /// The digest key that it needs is not at hand.
    #[error(
        "the archive needs the digest key {id}, and neither holds it nor finds it in the configuration or the state folder; put that key there: without it nobody would be recognised"
    )]
    OtherKey {
        /// Which key.
        id: String,
    },
    /// Something is in the folder already.
    #[error(
        "there is a ledger in the state folder already; give --replace to have it moved aside (it is kept), or another [state] dir"
    )]
    Occupied,
    /// A pipe, a device or a folder: it is read twice, and to its end.
    #[error("the archive must be a regular file; write what comes out of a pipe to one first")]
    NotAFile,
    /// It is whole, and yet no ledger that could be used.
    #[error("the archive is whole, but no ledger can be made of it: {fault}; take another one")]
    Unsound {
        /// Why.
        fault: String,
    },
    /// The ledger itself.
    #[error(transparent)]
    Ledger(#[from] store::Error),
}

type Result<T, E = ArchiveError> = std::result::Result<T, E>;

#[derive(Serialize, Deserialize)]
struct First {
    hiresync_state: u32,
    schema: u32,
    lineage: String,
    key_id: String,
    made_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest_key: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Line<'l> {
    tree: String,
    key: String,
    #[serde(borrow)]
    value: &'l RawValue,
}

#[derive(Serialize, Deserialize)]
struct Last {
    records: u64,
    sha256: String,
}

impl Ledger {
    /// Writes the whole ledger to `out`, as it is at one moment: nothing is written to it meanwhile. `key` goes along where nobody
    /// else keeps it.
    pub fn export(&self, key: Option<&Secret>, now: Timestamp, out: &mut dyn Write) -> Result<Manifest> {
        self.at_rest(|| write(self.store.as_ref(), key, now, out))
    }
}

/// Writes what is in `store` to `out`.
pub(crate) fn write(
    store: &dyn Store,
    key: Option<&Secret>,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<Manifest> {
    let Some(Birth { lineage, key_id, schema, .. }) = birth(store)? else { return Err(ArchiveError::NotOne) };
    let mut out = Summed { out, sum: Sha256::new() };
    let first = First {
        hiresync_state: FORMAT,
        schema,
        lineage: lineage.clone(),
        key_id,
        made_at: now,
        digest_key: key.map(|key| key.reveal().to_owned()),
    };
    out.line(&first)?;
    let mut records = 0;
    for tree in Tree::ALL {
        let mut after = Vec::new();
        loop {
            let page = store.scan(tree, &[], &after, STEP)?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (key, value) in &page {
                let value: &RawValue =
                    serde_json::from_slice(value).map_err(|_| store::Error::Damaged { tree: tree.name() })?;
                out.line(&Line { tree: tree.name().to_owned(), key: hex::encode(key), value })?;
                records += 1;
            }
        }
    }
    let sha256 = hex::encode(out.sum.clone().finalize());
    out.line(&Last { records, sha256 })?;
    out.out.flush().map_err(unwritten)?;
    Ok(Manifest { schema, lineage, made_at: now, has_key: key.is_some(), records })
}

struct Summed<'o> {
    out: &'o mut dyn Write,
    sum: Sha256,
}

impl Summed<'_> {
    fn line<T: Serialize>(&mut self, line: &T) -> Result<()> {
        let mut bytes = serde_json::to_vec(line).expect("every line has a JSON form");
        bytes.push(b'\n');
        self.sum.update(&bytes);
        self.out.write_all(&bytes).map_err(unwritten)
    }
}

fn unwritten(source: io::Error) -> ArchiveError {
    ArchiveError::File { doing: "written", source }
}

/// The head of an archive: whose it is, and under which key.
pub(crate) struct Head {
    pub manifest: Manifest,
    pub key_id: String,
    pub key: Option<Secret>,
}

/// Reads an archive to its end and hands over its records in batches. They are worth nothing before this answered: the sum comes
/// last.
pub(crate) fn read(
    mut input: impl BufRead,
    mut each: impl FnMut(&Head, Batch) -> Result<()>,
) -> Result<Head> {
    let mut sum = Sha256::new();
    let mut text = Vec::new();
    let mut number = 1;
    next(&mut input, &mut text)?;
    let first: First = serde_json::from_slice(&text).map_err(|_| ArchiveError::NotOne)?;
    if first.hiresync_state != FORMAT || first.schema > SCHEMA {
        return Err(ArchiveError::TooNew { format: first.hiresync_state, schema: first.schema });
    }
    let mut head = Head {
        manifest: Manifest {
            schema: first.schema,
            lineage: first.lineage,
            made_at: first.made_at,
            has_key: first.digest_key.is_some(),
            records: 0,
        },
        key_id: first.key_id,
        key: first.digest_key.map(Secret::new),
    };
    if head.key.as_ref().is_some_and(|key| DigestKey::new(key.clone()).id() != head.key_id) {
        return Err(ArchiveError::Damaged { line: 1 });
    }
    let mut batch = Batch::default();
    loop {
        sum.update(&text);
        if !next(&mut input, &mut text)? {
            return Err(ArchiveError::Cut { line: number });
        }
        number += 1;
        let damaged = ArchiveError::Damaged { line: number };
        if let Ok(line) = serde_json::from_slice::<Line<'_>>(&text) {
            let tree = Tree::ALL.into_iter().find(|tree| tree.name() == line.tree);
            let (Some(tree), Ok(key)) = (tree, hex::decode(&line.key)) else { return Err(damaged) };
            batch.0.insert((tree, key), Some(line.value.get().as_bytes().to_vec()));
            head.manifest.records += 1;
            if batch.0.len() == STEP {
                each(&head, std::mem::take(&mut batch))?;
            }
            continue;
        }
        let last: Last = serde_json::from_slice(&text).map_err(|_| match text.ends_with(b"\n") {
            true => damaged,
            false => ArchiveError::Cut { line: number },
        })?;
        let is_whole = last.records == head.manifest.records
            && last.sha256 == hex::encode(sum.finalize())
            && !next(&mut input, &mut text)?;
        if !is_whole {
            return Err(ArchiveError::Damaged { line: number });
        }
        each(&head, batch)?;
        return Ok(head);
    }
}

/// Reads a line with its end into `text`. False when there is none.
fn next(input: &mut impl BufRead, text: &mut Vec<u8>) -> Result<bool> {
    text.clear();
    let unread = |source| ArchiveError::File { doing: "read", source };
    let read = io::Read::take(input, LINE_MAX as u64).read_until(b'\n', text).map_err(unread)?;
    Ok(read > 0)
}

/// Reads an archive, keeps nothing, and says what is in it.
pub fn verify(input: impl BufRead) -> Result<Manifest> {
    Ok(read(input, |_, _| Ok(()))?.manifest)
}
