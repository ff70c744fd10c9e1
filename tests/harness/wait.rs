//! Waiting for a condition with a deadline.

use std::{sync::mpsc, time::Duration};

use tokio::time::Instant;

/// Between two looks at a condition.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Waits until `condition` gives a value; panics with `what` was waited for when it does not within `deadline`.
#[track_caller]
pub fn wait_until<T>(what: &str, deadline: Duration, condition: impl FnMut() -> Option<T>) -> T {
    within(deadline, condition).unwrap_or_else(|| panic!("waited {deadline:?} for this in vain: {what}"))
}

/// The value of `condition` as soon as it has one, or `None` after `span`.
pub fn within<T>(span: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(value) = condition() {
            return Some(value);
        }
        if began.elapsed() > span {
            return None;
        }
        pause(LOOK_EVERY);
    }
}

/// Lets a moment pass without burning the processor. For [`within`], and for the crash scenario's random moments.
pub fn pause(span: Duration) {
    let (_nobody_sends, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(span);
}
