//! The rim: the only module that touches the disk.
//!
//! A folder is opened once per call and everything in it is reached through that descriptor, never following a symbolic
//! link, so that nobody can swap a part of the path in between. Nothing is ever written to a file that has a public name:
//! a file is made whole under a private name and then renamed, so a planted hard link or a reader's open file is safe.
//! Names are constants and counters, never data.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use adapter_sdk::{Error, Result};
use planted::{Bug, Point};
use rustix::{
    fs::{Access, AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat},
    io::Errno,
};

use crate::errors;

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    fd: OwnedFd,
    steps: Steps,
}

/// A folder or file that is not there is `None`: absence is the caller's to judge, it is no failure here.
impl Folder {
    /// Opens the folder at `path` and refuses one that others may write to.
    pub(crate) fn open(path: &Path, steps: &Steps) -> Result<Option<Folder>> {
        Folder::open_with(path, FOLDER, steps)?.map(Folder::safe).transpose()
    }

    /// Opens the folder in which an export folder is to be made: the administrator's, so links and writers are theirs to judge.
    pub(crate) fn open_parent(path: &Path, steps: &Steps) -> Result<Option<Folder>> {
        Folder::open_with(path, FOLDER.difference(OFlags::NOFOLLOW), steps)
    }

    fn open_with(path: &Path, flags: OFlags, steps: &Steps) -> Result<Option<Folder>> {
        let fd = match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            // With O_NOFOLLOW and O_DIRECTORY a symbolic link is "not a directory".
            Err(error) => return Err(errors::from_io("opening the export folder", path, error.into())),
        };
        Ok(Some(Folder { path: path.to_owned(), fd, steps: steps.clone() }))
    }

    /// Opens the folder at `path`, and makes it first if only its parent is there.
    pub(crate) fn open_or_create(path: &Path, steps: &Steps) -> Result<Folder> {
        if let Some(folder) = Folder::open(path, steps)? {
            return Ok(folder);
        }
        let failed = |error: Errno| errors::from_io("making the export folder", path, error.into());
        steps.take().map_err(|error| errors::from_io("making the export folder", path, error))?;
        rustix::fs::mkdir(path, FOLDER_MODE).or_else(there_already).map_err(failed)?;
        let folder = Folder::open(path, steps)?.ok_or_else(|| failed(Errno::NOENT))?;
        folder.share_with_group()?;
        Ok(folder)
    }

    /// Opens the folder `name` in this one.
    pub(crate) fn inside(&self, name: &'static str) -> Result<Option<Folder>> {
        let path = self.path.join(name);
        match rustix::fs::openat(&self.fd, name, FOLDER, Mode::empty()) {
            Ok(fd) => Folder { path, fd, steps: self.steps.clone() }.safe().map(Some),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(errors::from_io("opening the private folder", &path, error.into())),
        }
    }

    /// Opens the folder `name` in this one, made if need be.
    pub(crate) fn inside_or_create(&self, name: &'static str) -> Result<Folder> {
        if let Some(folder) = self.inside(name)? {
            return Ok(folder);
        }
        self.step("making the private folder", name, || {
            Ok(rustix::fs::mkdirat(&self.fd, name, FOLDER_MODE).or_else(there_already)?)
        })?;
        let failed = || self.failed("making the private folder", name, Errno::NOENT.into());
        planted::point(Point::ExportFolderMade);
        let folder = self.inside(name)?.ok_or_else(failed)?;
        folder.share_with_group()?;
        self.sync()?;
        Ok(folder)
    }

    /// Where this folder is, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether we may write here, by the permissions alone: nothing is tried.
    pub(crate) fn writable(&self) -> Result<()> {
        rustix::fs::accessat(
            &self.fd,
            ".",
            Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK,
            AtFlags::EACCESS,
        )
        .map_err(|error| errors::from_io("looking at the folder's permissions", &self.path, error.into()))
    }

    /// The content of the file `name`.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        const DOING: &str = "reading a file of the export";
        // Non-blocking, so that a planted pipe cannot hold us.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let failed = |error: io::Error| self.failed(DOING, name, error);
        let fd = match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        };
        let stat = rustix::fs::fstat(&fd).map_err(|error| failed(error.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(errors::unusable(
                "reading a file of the export: it is none",
                &self.path.join(name),
                "remove it",
            ));
        }
        let mut content = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or_default());
        File::from(fd).read_to_end(&mut content).map_err(failed)?;
        Ok(Some(content))
    }

    /// Tells one content of the file `name` from another without reading it.
    pub(crate) fn stamp(&self, name: &str) -> Result<Option<Stamp>> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Stamp::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.failed("looking at a file of the export", name, error.into())),
        }
    }

    /// The names of everything in this folder.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let failed = |error: Errno| errors::from_io("listing the export folder", &self.path, error.into());
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Makes the file `name` with this content, on disk when this returns. One that is there from a write that was cut off
    /// is replaced.
    pub(crate) fn create(&self, name: &str, content: &[u8]) -> Result<()> {
        const DOING: &str = "writing a file of the export";
        self.remove(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = self.step(DOING, name, || {
            let fd = rustix::fs::openat(&self.fd, name, flags, FILE_MODE)?;
            rustix::fs::fchmod(&fd, FILE_MODE)?; // whatever the umask
            Ok(File::from(fd))
        })?;
        let half = content.len() / 2;
        file.write_all(&content[..half]).map_err(|error| self.failed(DOING, name, error))?;
        planted::point(Point::ExportFileHalf);
        self.step(DOING, name, || file.write_all(&content[half..]))?;
        planted::point(Point::ExportFileWritten);
        if planted::bug(Bug::RenameWithoutFsync) {
            return Ok(());
        }
        self.step(DOING, name, || file.sync_all())?;
        planted::point(Point::FileSynced);
        Ok(())
    }

    /// Renames the file `name` to `new_name` in folder `to`, replacing what is there. Not yet durable: see [`Folder::sync`].
    pub(crate) fn rename(&self, name: &str, to: &Folder, new_name: &str) -> Result<()> {
        self.step("putting a finished file in its place", name, || {
            Ok(rustix::fs::renameat(&self.fd, name, &to.fd, new_name)?)
        })?;
        planted::point(Point::FileRenamed);
        Ok(())
    }

    /// Removes the file `name`; it need not be there.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        if self.stamp(name)?.is_none() {
            return Ok(());
        }
        self.step("removing what a write left behind", name, || {
            Ok(rustix::fs::unlinkat(&self.fd, name, AtFlags::empty())?)
        })
    }

    /// Makes every name in this folder durable.
    pub(crate) fn sync(&self) -> Result<()> {
        self.step("making the folder durable", "", || Ok(rustix::fs::fsync(&self.fd)?))
    }

    /// Takes the lock file `name` for writing, made if need be with `owner` in it; busy when anybody holds it.
    pub(crate) fn lock(&self, name: &str, owner: &str) -> Result<Lock> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = self.locked(name, flags, FlockOperation::NonBlockingLockExclusive)?;
        let mut lock = lock.ok_or_else(|| self.failed("locking the folder", name, Errno::NOENT.into()))?;
        if lock.owner.is_empty() {
            self.step("locking the folder", name, || {
                rustix::fs::fchmod(&lock.file, FILE_MODE)?;
                lock.file.write_all(owner.as_bytes())?;
                lock.file.sync_all()
            })?;
            lock.owner = owner.to_owned();
        }
        Ok(lock)
    }

    /// Takes the lock file `name` for reading, if it is there; busy when somebody writes.
    pub(crate) fn lock_shared(&self, name: &str) -> Result<Option<Lock>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.locked(name, flags, FlockOperation::NonBlockingLockShared)
    }

    fn locked(&self, name: &str, flags: OFlags, operation: FlockOperation) -> Result<Option<Lock>> {
        let failed = |error: io::Error| self.failed("locking the folder", name, error);
        let mut file = match rustix::fs::openat(&self.fd, name, flags, FILE_MODE) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        };
        match rustix::fs::flock(&file, operation) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(errors::busy(&self.path)),
            Err(error) => return Err(failed(error.into())),
        }
        let mut owner = String::new();
        file.read_to_string(&mut owner).map_err(failed)?;
        Ok(Some(Lock { file, owner }))
    }

    fn safe(self) -> Result<Folder> {
        let stat = rustix::fs::fstat(&self.fd)
            .map_err(|error| errors::from_io("looking at the export folder", &self.path, error.into()))?;
        let mode = Mode::from_raw_mode(stat.st_mode);
        let others_write = mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX);
        if others_write {
            let doing = "opening the export folder: others may replace files in it";
            return Err(errors::unusable(doing, &self.path, "chmod g-w,o-w"));
        }
        Ok(self)
    }

    /// Mode 0750 whatever the umask, keeping the group that a set-group-id parent passes on. A folder that was made with that mode
    /// is left alone: under systemd's RestrictSUIDSGID= the bit can be inherited, but not named.
    fn share_with_group(&self) -> Result<()> {
        let set = || -> Result<(), Errno> {
            let mode = Mode::from_raw_mode(rustix::fs::fstat(&self.fd)?.st_mode);
            let wanted = FOLDER_MODE | (mode & Mode::SGID);
            if mode == wanted { Ok(()) } else { rustix::fs::fchmod(&self.fd, wanted) }
        };
        set().map_err(|error| errors::from_io("setting the folder's permissions", &self.path, error.into()))
    }

    fn step<T>(&self, doing: &'static str, name: &str, act: impl FnOnce() -> io::Result<T>) -> Result<T> {
        self.steps.take().and_then(|()| act()).map_err(|error| self.failed(doing, name, error))
    }

    fn failed(&self, doing: &'static str, name: &str, error: io::Error) -> Error {
        errors::from_io(doing, &self.path.join(name), error)
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FOLDER_MODE: Mode = Mode::RWXU.union(Mode::RGRP).union(Mode::XGRP);
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP);

fn there_already(error: Errno) -> Result<(), Errno> {
    if error == Errno::EXIST { Ok(()) } else { Err(error) }
}

/// The lock on a folder, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    /// The target whose folder this is.
    pub(crate) owner: String,
}

/// Identifies one content of a file: another inode, length or time is another content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    #[allow(
        clippy::unnecessary_cast,
        clippy::useless_conversion,
        reason = "the types differ between architectures"
    )]
    fn of(stat: &Stat) -> Stamp {
        Stamp {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as i64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

/// How many more changes the disk takes before it fails for good: how a test kills a write between any two steps.
/// Without a limit, as everywhere but in tests, it costs nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    left: Option<Arc<AtomicU32>>,
}

impl Steps {
    #[cfg(test)]
    pub(crate) fn limited(steps: u32) -> Steps {
        Steps { left: Some(Arc::new(AtomicU32::new(steps))) }
    }

    fn take(&self) -> io::Result<()> {
        let Some(left) = &self.left else { return Ok(()) };
        match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other("killed by a test")),
        }
    }
}
