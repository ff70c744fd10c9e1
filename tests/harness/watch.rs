//! Seeing, within microseconds, that a file in a folder was changed.

use std::{mem::MaybeUninit, os::fd::OwnedFd, path::Path};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};

/// The changes in one folder.
pub struct Watch(OwnedFd);

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: String,
    /// Put into place by a rename, which is how a whole file appears.
    pub is_arrival: bool,
}

impl Watch {
    /// Watches the folder from now on.
    pub fn on(folder: &Path) -> Watch {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let what = WatchFlags::CREATE
            | WatchFlags::MODIFY
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE;
        inotify::add_watch(&queue, folder, what).unwrap();
        Watch(queue)
    }

    /// What changed since this was last asked.
    pub fn changes(&self) -> Vec<Change> {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut room);
        let mut changes = Vec::new();
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            changes.push(Change { name, is_arrival: event.events().contains(ReadFlags::MOVED_TO) });
        }
        changes
    }
}
