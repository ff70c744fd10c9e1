//! A refusal of the operating system becomes an [`Error`]: one match, and every remedy in words.

use std::{io, path::Path};

use adapter_sdk::{Error, ErrorKind};
use rustix::io::Errno;

/// An I/O error while `doing` something with `path`.
///
/// None of these leaves half a row behind: before the rename nothing is published, and after it the next delivery goes on
/// where this one stopped. So whatever is not the folder's fault is tried again.
pub(crate) fn from_io(doing: &'static str, path: &Path, error: io::Error) -> Error {
    let (kind, remedy) = match Errno::from_io_error(&error) {
        Some(Errno::ACCESS | Errno::PERM) => {
            (ErrorKind::ConfigInvalid, "let the user that runs hiresync read, write and enter this folder")
        }
        Some(Errno::ROFS) => (ErrorKind::ConfigInvalid, "mount the file system writable"),
        Some(Errno::NOENT) => (ErrorKind::ConfigInvalid, "create the parent folder, or correct `path`"),
        Some(Errno::NOTDIR | Errno::LOOP) => (
            ErrorKind::ConfigInvalid,
            "put a real folder and real files there: symbolic links are not followed",
        ),
        Some(Errno::XDEV) => {
            (ErrorKind::ConfigInvalid, "keep .hiresync on the same file system as its parent")
        }
        Some(Errno::NOSPC | Errno::DQUOT) => {
            (ErrorKind::Unavailable, "free some space: the disk or the quota is full")
        }
        _ => (ErrorKind::Unavailable, "look at the cause; it is tried again"),
    };
    Error::new(kind, doing).with("path", path.display()).with("remedy", remedy).because(error)
}

/// The folder, or what is in it, is not as it must be: the whole target waits for a human.
pub(crate) fn unusable(doing: impl Into<String>, path: &Path, remedy: &'static str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, doing).with("path", path.display()).with("remedy", remedy)
}

/// Made for asking alone.
pub(crate) fn only_asked() -> Error {
    Error::new(ErrorKind::Unsupported, "writing the export: nothing is written from here, it is only asked")
}

/// Somebody else is writing there now.
pub(crate) fn busy(path: &Path) -> Error {
    Error::new(ErrorKind::Unavailable, "waiting for the folder: another hiresync is using it")
        .with("path", path.display())
}

#[cfg(test)]
mod tests {
    use adapter_sdk::Next;

    use super::*;

    #[test]
    fn a_full_disk_is_retried_and_a_forbidden_folder_concerns_the_whole_target() {
        for (errno, kind) in [
            (Errno::NOSPC, ErrorKind::Unavailable),
            (Errno::DQUOT, ErrorKind::Unavailable),
            (Errno::IO, ErrorKind::Unavailable),
            (Errno::ACCESS, ErrorKind::ConfigInvalid),
            (Errno::ROFS, ErrorKind::ConfigInvalid),
            (Errno::LOOP, ErrorKind::ConfigInvalid),
        ] {
            let error = from_io("writing the roster", Path::new("/srv/roster"), errno.into());
            assert_eq!(error.kind(), kind, "{errno:?}");
            assert_eq!(matches!(error.next(), Next::Retry { .. }), kind == ErrorKind::Unavailable);
            assert!(error.to_string().contains("/srv/roster") && error.to_string().contains("what to do: "));
        }
    }
}
