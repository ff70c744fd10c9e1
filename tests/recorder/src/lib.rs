//! Writes down everything that a program writes under some folders, in the order in which the kernel took it: every file made,
//! every byte written, every rename, removal, truncation, and every barrier. From such a trace the power-loss test makes the disks
//! that a machine may be left with.
//!
//! Linking this puts functions of the same names before those of the C library (`interpose`); [`start`] switches them on. A
//! recorded program waits for itself: one call at a time is made and written down, so that the order of the trace is the order of the
//! calls. That makes it slower, and nothing else.
//!
//! Why `unsafe`: whoever stands in for a function of the C library has its raw pointers in hand. This is the one package of ours
//! that may, and nothing that ships depends on it.
//!
//! What slips past (a call that is not among them, or one made to the kernel directly) is found: the test replays the whole trace
//! and compares it with the folders to the byte.
//!
//! `sync_file_range` is not in it. It promises nothing after a power loss (sync_file_range(2)), and that is what is to be shown.

mod interpose;
mod trace;

pub use trace::{Event, Unreadable, events};

use std::{
    fs::OpenOptions,
    io,
    os::fd::IntoRawFd as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

struct Recorder {
    roots: Vec<PathBuf>,
    log: Mutex<libc::c_int>,
}

static RECORDER: OnceLock<Recorder> = OnceLock::new();
static LATER: AtomicI64 = AtomicI64::new(0);

/// From now on everything that this process writes under `roots` is appended to the file `log`. Only the first call counts.
pub fn start(roots: Vec<PathBuf>, log: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    RECORDER.get_or_init(|| Recorder { roots, log: Mutex::new(file.into_raw_fd()) });
    Ok(())
}

/// The wall clock is so many seconds ahead in this process: what is due in five minutes is due now.
pub fn live_later(seconds: i64) {
    LATER.store(seconds, Ordering::Relaxed);
}

/// Puts a word of the program's own into the trace.
pub fn mark(word: &str) {
    if let Some(recorder) = RECORDER.get() {
        recorder.hold().write(&Event::Mark(word.to_owned()));
    }
}

impl Recorder {
    /// Nobody else calls or writes down anything meanwhile.
    fn hold(&self) -> Held<'_> {
        Held(self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_ours(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }
}

struct Held<'r>(MutexGuard<'r, libc::c_int>);

impl Held<'_> {
    /// A trace with a gap would prove nothing.
    fn write(&self, event: &Event) {
        if !interpose::append(*self.0, &event.encode()) {
            std::process::abort();
        }
    }
}
