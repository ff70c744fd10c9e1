//! What a trace holds, and its form on disk: one byte for the kind, then texts and bytes, each with its length before it.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An empty file came to be.
    Created(PathBuf),
    /// A folder came to be.
    FolderMade(PathBuf),
    /// Bytes were written to a file.
    Written {
        /// Which.
        path: PathBuf,
        /// From which byte on.
        at: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// A file has this length now.
    Cut {
        /// Which.
        path: PathBuf,
        /// So many bytes.
        length: u64,
    },
    /// It has another name, and whatever had that name is gone.
    Renamed {
        /// The name before.
        from: PathBuf,
        /// The name now.
        to: PathBuf,
    },
    /// A file, or an empty folder, is gone.
    Removed(PathBuf),
    /// All that was written to the file, or all names in the folder, are on the disk: fsync or fdatasync answered.
    Synced(PathBuf),
    /// The program's own word.
    Mark(String),
}

impl Event {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let path = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let (kind, parts): (u8, Vec<Vec<u8>>) = match self {
            Event::Created(at) => (b'c', vec![path(at)]),
            Event::FolderMade(at) => (b'f', vec![path(at)]),
            Event::Written { path: to, at, bytes } => {
                (b'w', vec![path(to), at.to_le_bytes().to_vec(), bytes.clone()])
            }
            Event::Cut { path: at, length } => (b't', vec![path(at), length.to_le_bytes().to_vec()]),
            Event::Renamed { from, to } => (b'r', vec![path(from), path(to)]),
            Event::Removed(at) => (b'u', vec![path(at)]),
            Event::Synced(at) => (b's', vec![path(at)]),
            Event::Mark(word) => (b'm', vec![word.as_bytes().to_vec()]),
        };
        out.push(kind);
        for part in parts {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(&part);
        }
        out
    }
}

/// A trace that was not written by this version, or not to its end.
#[derive(Debug)]
pub struct Unreadable;

/// The events of a trace.
pub fn events(mut trace: &[u8]) -> Result<Vec<Event>, Unreadable> {
    let mut events = Vec::new();
    while let Some((kind, rest)) = trace.split_first() {
        trace = rest;
        events.push(event(*kind, &mut trace).ok_or(Unreadable)?);
    }
    Ok(events)
}

fn event(kind: u8, trace: &mut &[u8]) -> Option<Event> {
    Some(match kind {
        b'c' => Event::Created(path(trace)?),
        b'f' => Event::FolderMade(path(trace)?),
        b'w' => Event::Written { path: path(trace)?, at: number(trace)?, bytes: part(trace)? },
        b't' => Event::Cut { path: path(trace)?, length: number(trace)? },
        b'r' => Event::Renamed { from: path(trace)?, to: path(trace)? },
        b'u' => Event::Removed(path(trace)?),
        b's' => Event::Synced(path(trace)?),
        b'm' => Event::Mark(String::from_utf8(part(trace)?).ok()?),
        _ => return None,
    })
}

fn part(trace: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = trace.split_first_chunk::<8>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    *trace = rest;
    Some(part.to_vec())
}

fn path(trace: &mut &[u8]) -> Option<PathBuf> {
    Some(OsString::from_vec(part(trace)?).into())
}

fn number(trace: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(part(trace)?.try_into().ok()?))
}
