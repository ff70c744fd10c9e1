//! The program, as `crates/hiresync/src/main.rs` starts it; what a test planted in it comes by its environment.

use std::process::ExitCode;

use planted::{Bug, Point, arm};
use rustix::process::{Signal, getpid, kill_process};

fn main() -> ExitCode {
    if let Some(name) = asked("HIRESYNC_PLANTED") {
        arm::plant_in_process(Bug::named(&name).expect("HIRESYNC_PLANTED names a mistake"));
    }
    if let Some(text) = asked("HIRESYNC_DIES_AT") {
        die_at(&text);
    }
    hiresync::run(std::env::args_os()).into()
}

/// `commit-done` or `commit-done:3`: killed when it comes there, or there for the third time.
fn die_at(text: &str) {
    let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
    let place = Point::named(name).expect("HIRESYNC_DIES_AT names a point");
    let left = std::sync::atomic::AtomicU32::new(nth.parse().expect("a number of times"));
    arm::watch_process(Box::new(move |point| {
        if point == place && left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
        }
    }));
}

#[expect(clippy::disallowed_methods, reason = "the test tells its child through its environment")]
fn asked(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
