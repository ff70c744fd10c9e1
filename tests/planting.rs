//! What a test planted in the program comes by its environment.

use std::sync::atomic::{AtomicU32, Ordering};

use planted::{Bug, Point, arm};
use rustix::process::{Signal, getpid, kill_process};

/// `HIRESYNC_PLANTED` names a mistake, `HIRESYNC_DIES_AT` a point: `commit-done`, or `commit-done:3` for the third time there. What
/// else is done at every point is `also`.
pub fn plant(also: impl Fn(Point) + Send + Sync + 'static) {
    if let Some(name) = asked("HIRESYNC_PLANTED") {
        arm::plant_in_process(Bug::named(&name).expect("HIRESYNC_PLANTED names a mistake"));
    }
    let dies_at = asked("HIRESYNC_DIES_AT").map(|text| place(&text));
    arm::watch_process(Box::new(move |point| {
        also(point);
        if let Some((place, left)) = &dies_at
            && point == *place
            && left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }));
}

fn place(text: &str) -> (Point, AtomicU32) {
    let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
    let place = Point::named(name).expect("HIRESYNC_DIES_AT names a point");
    (place, AtomicU32::new(nth.parse().expect("a number of times")))
}

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "the test tells its child through its environment")]
pub fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
