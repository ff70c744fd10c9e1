//! The line that moves on a terminal while a long cycle runs. On anything else there is none.

use std::{
    io::{IsTerminal, Write as _},
    time::Duration,
};

use engine::Activity;
use tokio::{sync::watch, time::interval};

use crate::report;

/// Shows what is going on, if standard error is a terminal, until `work` is done.
pub async fn beside<T>(activity: watch::Receiver<Activity>, work: impl Future<Output = T>) -> T {
    if !std::io::stderr().is_terminal() {
        return work.await;
    }
    let mut work = std::pin::pin!(work);
    let mut tick = interval(Duration::from_millis(200));
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = tick.tick() => draw(*activity.borrow()),
        }
    };
    erase();
    done
}

fn draw(activity: Activity) {
    let share = match activity {
        Activity::Reading { read: done, of } | Activity::Delivering { done, of } if of > 0 => {
            Some(done * 30 / of)
        }
        _ => None,
    };
    let bar = share.map_or_else(String::new, |share| {
        let share = usize::try_from(share.min(30)).unwrap_or(30);
        format!("[{}{}] ", "#".repeat(share), ".".repeat(30 - share))
    });
    let _ = write!(std::io::stderr().lock(), "\r\x1b[K{bar}{}", report::activity(activity));
}

fn erase() {
    let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
}
