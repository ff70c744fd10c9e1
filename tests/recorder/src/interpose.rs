//! The functions of the C library that change files, under their own names. Each makes the call that it stands for and writes down
//! what came of it, if it was about one of our folders; before [`crate::start`], and for every other file, it only makes the call.
//!
//! Nothing here takes memory or opens a file through what it stands in for: that would end in itself.

use std::{
    ffi::{CStr, OsString},
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use libc::{
    c_char, c_int, c_long, c_uint, c_void, clockid_t, iovec, mode_t, off64_t, size_t, ssize_t, timespec,
};

use crate::{Event, Held, LATER, RECORDER, Recorder};

const NO_ERROR: c_long = 0;

/// Makes a call to the kernel and leaves `errno` as the C library would.
macro_rules! call {
    ($number:ident, $($argument:expr),*) => {
        // SAFETY: the arguments are those the caller gave for this very call, or point to memory of ours that outlives it.
        unsafe { libc::syscall(libc::$number, $($argument),*) }
    };
}

/// Appends to the trace.
pub(crate) fn append(log: c_int, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let written = call!(SYS_write, log, bytes.as_ptr(), bytes.len());
        let Ok(written) = usize::try_from(written) else { return false };
        bytes = &bytes[written.min(bytes.len())..];
    }
    true
}

/// The path of an open file, as the kernel has it now.
fn path_of(fd: c_int) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{fd}\0");
    let mut room = vec![0_u8; libc::PATH_MAX as usize];
    let length = call!(SYS_readlinkat, libc::AT_FDCWD, link.as_ptr(), room.as_mut_ptr(), room.len());
    room.truncate(usize::try_from(length).ok()?);
    Some(PathBuf::from(OsString::from_vec(room)))
}

/// The path that a name means, seen from an open folder.
fn named(folder: c_int, name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller gave it as the name of a file, which ends in a NUL.
    let name = unsafe { CStr::from_ptr(name) };
    let name = PathBuf::from(OsString::from_vec(name.to_bytes().to_vec()));
    if name.is_absolute() {
        return Some(name);
    }
    let folder = if folder == libc::AT_FDCWD { std::env::current_dir().ok()? } else { path_of(folder)? };
    Some(folder.join(name))
}

fn exists(path: &Path) -> bool {
    let Ok(path) = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()) else { return false };
    call!(SYS_faccessat, libc::AT_FDCWD, path.as_ptr(), libc::F_OK) == NO_ERROR
}

/// The recorder and the path, where this is one of ours.
fn ours(path: impl FnOnce() -> Option<PathBuf>) -> Option<(&'static Recorder, PathBuf)> {
    let recorder = RECORDER.get()?;
    let path = path()?;
    recorder.is_ours(&path).then_some((recorder, path))
}

/// The call on an open file: with what is to be written down when it came to an end.
fn on_file(
    fd: c_int,
    call: impl FnOnce() -> c_long,
    event: impl FnOnce(PathBuf, u64) -> Option<Event>,
) -> c_long {
    let Some((recorder, _)) = ours(|| path_of(fd)) else { return call() };
    let held = recorder.hold();
    let done = call();
    // It may have been renamed since: nobody renames anything while this is held.
    if let (Ok(done), Some(path)) = (u64::try_from(done), path_of(fd))
        && let Some(event) = event(path, done)
    {
        held.write(&event);
    }
    done
}

/// The call on a name.
fn on_name(
    path: Option<PathBuf>,
    call: impl FnOnce() -> c_long,
    event: impl FnOnce(PathBuf) -> Event,
) -> c_long {
    let Some((recorder, path)) = ours(|| path) else { return call() };
    let held = recorder.hold();
    let done = call();
    if done == NO_ERROR {
        held.write(&event(path));
    }
    done
}

fn open_at(folder: c_int, name: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let open = || call!(SYS_openat, folder, name, flags, c_uint::from(mode)) as c_int;
    let changes = flags & (libc::O_CREAT | libc::O_TRUNC) != 0;
    let path = if changes && RECORDER.get().is_some() { named(folder, name) } else { None };
    let Some((recorder, path)) = ours(|| path) else { return open() };
    let held: Held<'_> = recorder.hold();
    let was_there = exists(&path);
    let fd = open();
    if fd >= 0 {
        if !was_there {
            held.write(&Event::Created(path));
        } else if flags & libc::O_TRUNC != 0 {
            held.write(&Event::Cut { path, length: 0 });
        }
    }
    fd
}

/// Where a write that moved the file's own place began.
fn began(fd: c_int, written: u64) -> u64 {
    let now = call!(SYS_lseek, fd, 0 as off64_t, libc::SEEK_CUR);
    u64::try_from(now).unwrap_or_default().saturating_sub(written)
}

/// What was written from one piece of memory.
///
/// # Safety
///
/// `length` bytes can be read from `from`.
unsafe fn bytes(from: *const c_void, length: u64) -> Vec<u8> {
    // SAFETY: as the caller says; the kernel has just read them.
    unsafe { std::slice::from_raw_parts(from.cast::<u8>(), length as usize) }.to_vec()
}

/// What was written from several pieces of memory.
///
/// # Safety
///
/// `pieces` are `count` pieces that can be read.
unsafe fn gathered(pieces: *const iovec, count: c_int, written: u64) -> Vec<u8> {
    // SAFETY: as the caller says.
    let pieces = unsafe { std::slice::from_raw_parts(pieces, count as usize) };
    let mut all = Vec::new();
    for piece in pieces.iter().filter(|piece| piece.iov_len > 0) {
        // SAFETY: each of them can be read.
        all.extend(unsafe { bytes(piece.iov_base, piece.iov_len as u64) });
    }
    all.truncate(written as usize);
    all
}

fn written(path: PathBuf, at: u64, bytes: Vec<u8>) -> Option<Event> {
    (!bytes.is_empty()).then_some(Event::Written { path, at, bytes })
}

/// The functions. Each is declared as the C library declares it; those that take a mode only sometimes are given one always, which
/// comes in a register of its own on every machine that we build for.
///
/// # Safety
///
/// As the function of that name.
macro_rules! stand_in {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $out:ty $body:block)*) => {
        $(
            #[doc = concat!("As the C library's `", stringify!($name), "`.")]
            ///
            /// # Safety
            ///
            /// As there.
            // SAFETY: it has the form and the meaning of the function whose name it takes.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($argument: $kind),*) -> $out $body
        )*
    };
}

stand_in! {
    fn open(name: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        open_at(libc::AT_FDCWD, name, flags, mode)
    }

    fn open64(name: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        open_at(libc::AT_FDCWD, name, flags | libc::O_LARGEFILE, mode)
    }

    fn openat(folder: c_int, name: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        open_at(folder, name, flags, mode)
    }

    fn openat64(folder: c_int, name: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        open_at(folder, name, flags | libc::O_LARGEFILE, mode)
    }

    fn write(fd: c_int, from: *const c_void, length: size_t) -> ssize_t {
        on_file(fd, || call!(SYS_write, fd, from, length), |path, done| {
            // SAFETY: the kernel has read as much from there.
            written(path, began(fd, done), unsafe { bytes(from, done) })
        }) as ssize_t
    }

    fn writev(fd: c_int, pieces: *const iovec, count: c_int) -> ssize_t {
        on_file(fd, || call!(SYS_writev, fd, pieces, count), |path, done| {
            // SAFETY: the kernel has read as much from there.
            written(path, began(fd, done), unsafe { gathered(pieces, count, done) })
        }) as ssize_t
    }

    fn pwrite(fd: c_int, from: *const c_void, length: size_t, at: off64_t) -> ssize_t {
        on_file(fd, || call!(SYS_pwrite64, fd, from, length, at), |path, done| {
            // SAFETY: the kernel has read as much from there.
            written(path, at as u64, unsafe { bytes(from, done) })
        }) as ssize_t
    }

    fn pwrite64(fd: c_int, from: *const c_void, length: size_t, at: off64_t) -> ssize_t {
        on_file(fd, || call!(SYS_pwrite64, fd, from, length, at), |path, done| {
            // SAFETY: the kernel has read as much from there.
            written(path, at as u64, unsafe { bytes(from, done) })
        }) as ssize_t
    }

    fn ftruncate(fd: c_int, length: off64_t) -> c_int {
        on_file(fd, || call!(SYS_ftruncate, fd, length), |path, _| Some(Event::Cut { path, length: length as u64 })) as c_int
    }

    fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
        on_file(fd, || call!(SYS_ftruncate, fd, length), |path, _| Some(Event::Cut { path, length: length as u64 })) as c_int
    }

    fn fsync(fd: c_int) -> c_int {
        on_file(fd, || call!(SYS_fsync, fd), |path, _| Some(Event::Synced(path))) as c_int
    }

    fn fdatasync(fd: c_int) -> c_int {
        on_file(fd, || call!(SYS_fdatasync, fd), |path, _| Some(Event::Synced(path))) as c_int
    }

    fn rename(from: *const c_char, to: *const c_char) -> c_int {
        renamed(libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0)
    }

    fn renameat(from_folder: c_int, from: *const c_char, to_folder: c_int, to: *const c_char) -> c_int {
        renamed(from_folder, from, to_folder, to, 0)
    }

    fn renameat2(from_folder: c_int, from: *const c_char, to_folder: c_int, to: *const c_char, flags: c_uint) -> c_int {
        renamed(from_folder, from, to_folder, to, flags)
    }

    fn unlink(name: *const c_char) -> c_int {
        removed(libc::AT_FDCWD, name, 0)
    }

    fn rmdir(name: *const c_char) -> c_int {
        removed(libc::AT_FDCWD, name, libc::AT_REMOVEDIR)
    }

    fn unlinkat(folder: c_int, name: *const c_char, flags: c_int) -> c_int {
        removed(folder, name, flags)
    }

    fn mkdir(name: *const c_char, mode: mode_t) -> c_int {
        made(libc::AT_FDCWD, name, mode)
    }

    fn mkdirat(folder: c_int, name: *const c_char, mode: mode_t) -> c_int {
        made(folder, name, mode)
    }

    fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
        let done = call!(SYS_clock_gettime, clock, time);
        if done == NO_ERROR && clock == libc::CLOCK_REALTIME {
            // SAFETY: the kernel has just written there.
            unsafe { (*time).tv_sec += LATER.load(Ordering::Relaxed) };
        }
        done as c_int
    }
}

fn renamed(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
    flags: c_uint,
) -> c_int {
    let rename = || call!(SYS_renameat2, from_folder, from, to_folder, to, flags);
    let is_on = RECORDER.get().is_some();
    let paths = if is_on { named(from_folder, from).zip(named(to_folder, to)) } else { None };
    let Some((old, new)) = paths else { return rename() as c_int };
    on_name(Some(new), rename, |to| Event::Renamed { from: old, to }) as c_int
}

fn removed(folder: c_int, name: *const c_char, flags: c_int) -> c_int {
    let path = if RECORDER.get().is_some() { named(folder, name) } else { None };
    on_name(path, || call!(SYS_unlinkat, folder, name, flags), Event::Removed) as c_int
}

fn made(folder: c_int, name: *const c_char, mode: mode_t) -> c_int {
    let path = if RECORDER.get().is_some() { named(folder, name) } else { None };
    on_name(path, || call!(SYS_mkdirat, folder, name, c_uint::from(mode)), Event::FolderMade) as c_int
}
