//! How a test says what is planted: for a thread (a simulation), or for the whole process (the real program).

use std::{
    cell::{Cell, RefCell},
    marker::PhantomData,
    sync::OnceLock,
};

use crate::{Bug, Point};

/// What is done whenever the program comes past a point.
pub type Watch = Box<dyn Fn(Point) + Send + Sync>;

/// The same for a thread alone.
pub type WatchOfThread = Box<dyn Fn(Point)>;

static OF_PROCESS: OnceLock<Bug> = OnceLock::new();
static WATCH_OF_PROCESS: OnceLock<Watch> = OnceLock::new();

thread_local! {
    static OF_THREAD: Cell<Option<Bug>> = const { Cell::new(None) };
    static WATCH_OF_THREAD: RefCell<Option<WatchOfThread>> = const { RefCell::new(None) };
}

/// A mistake is planted in this thread for as long as this lives.
#[derive(Debug)]
#[must_use = "it is pulled up again when this is dropped"]
pub struct Planted(PhantomData<*const ()>);

/// Plants a mistake in this thread.
pub fn plant(bug: Bug) -> Planted {
    OF_THREAD.set(Some(bug));
    Planted(PhantomData)
}

impl Drop for Planted {
    fn drop(&mut self) {
        OF_THREAD.set(None);
    }
}

/// Plants a mistake in this process, for good. Only the first one counts.
pub fn plant_in_process(bug: Bug) {
    OF_PROCESS.get_or_init(|| bug);
}

/// What is planted here: in this thread, or else in this process.
pub fn planted() -> Option<Bug> {
    OF_THREAD.get().or_else(|| OF_PROCESS.get().copied())
}

/// Does this whenever a thread of this process comes past a point. Only the first one counts.
pub fn watch_process(watch: Watch) {
    WATCH_OF_PROCESS.get_or_init(|| watch);
}

/// Does this whenever this thread comes past a point, or nothing from now on. It may unwind.
pub fn watch_thread(watch: Option<WatchOfThread>) {
    WATCH_OF_THREAD.replace(watch);
}

pub(crate) fn has(bug: Bug) -> bool {
    OF_THREAD.get() == Some(bug) || OF_PROCESS.get() == Some(&bug)
}

pub(crate) fn passed(point: Point) {
    if let Some(watch) = WATCH_OF_PROCESS.get() {
        watch(point);
    }
    WATCH_OF_THREAD.with_borrow(|watch| watch.iter().for_each(|watch| watch(point)));
}
