//! What was received, in numbers: for `hiresync status` and the log.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use people::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// The log says at most this often that deliveries are forged, or that some could not be taken.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The webhook's part of the status. Each request is counted once, but for `ignored`, which are some of the genuine ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct WebhookStatus {
    /// Where it listens: address and port.
    pub listening: String,
    /// Deliveries that were taken: signed by a token of ours, in time, and new.
    pub genuine: u64,
    /// Of these, those that asked nothing of us: another kind, nobody we know, an empty one.
    pub ignored: u64,
    /// Processed before, hence dropped.
    pub replayed: u64,
    /// Too old or from the future, hence dropped.
    pub stale: u64,
    /// Not signed by a token of ours.
    pub forged: u64,
    /// No delivery at all: another path or method, too long, too slow.
    pub refused: u64,
    /// Could not be taken then; Lever sends them again.
    pub failed: u64,
    /// When the last one that was signed by a token of ours came.
    pub last_genuine_at: Option<Timestamp>,
}

/// One more of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    Taken,
    Ignored,
    Replayed,
    Stale,
    Forged,
    Refused,
    Failed,
}

/// The counts since the daemon started.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    status: WebhookStatus,
    address: Option<SocketAddr>,
    forged: Said,
    failed: Said,
}

/// What the log was told of one count, and when.
#[derive(Debug, Default, Clone, Copy)]
struct Said {
    at: Option<Instant>,
    count: u64,
}

impl Tally {
    /// What is shown; `None` where nothing listens.
    pub fn status(&self) -> Option<WebhookStatus> {
        let counted = self.counted();
        let address = counted.address?;
        Some(WebhookStatus { listening: address.to_string(), ..counted.status.clone() })
    }

    /// It listens there from now on, or nowhere.
    pub(super) fn listens(&self, address: Option<SocketAddr>) {
        self.counted().address = address;
    }

    /// Counts one request. Answers how many of its kind the log should be told of now, if it should be.
    pub(super) fn count(&self, came: Came, now: Timestamp) -> Option<u64> {
        let mut counted = self.counted();
        let Counted { status, forged, failed, .. } = &mut *counted;
        if matches!(came, Came::Taken | Came::Ignored | Came::Replayed | Came::Stale | Came::Failed) {
            status.last_genuine_at = Some(now);
        }
        match came {
            Came::Taken => status.genuine += 1,
            Came::Ignored => {
                status.genuine += 1;
                status.ignored += 1;
            }
            Came::Replayed => status.replayed += 1,
            Came::Stale => status.stale += 1,
            Came::Refused => status.refused += 1,
            Came::Forged => {
                status.forged += 1;
                return forged.news(status.forged);
            }
            Came::Failed => {
                status.failed += 1;
                return failed.news(status.failed);
            }
        }
        None
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Said {
    fn news(&mut self, count: u64) -> Option<u64> {
        if self.at.is_some_and(|at| at.elapsed() < SAY_EVERY) {
            return None;
        }
        let news = count - self.count;
        *self = Said { at: Some(Instant::now()), count };
        Some(news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_line_a_minute_and_none_of_it_goes_uncounted() {
        let tally = Tally::default();
        let mut lines = Vec::new();
        for _ in 0..150 {
            lines.extend((0..100).filter_map(|_| tally.count(Came::Forged, Timestamp::UNIX_EPOCH)));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(lines, [1, 6_000, 6_000]);
        assert_eq!(tally.status(), None, "nothing listens");
        tally.listens("127.0.0.1:8470".parse().ok());
        let status = tally.status().unwrap();
        assert_eq!((status.forged, status.genuine, status.last_genuine_at), (15_000, 0, None));
    }

    #[test]
    fn each_request_is_counted_once_and_the_ignored_are_some_of_the_genuine() {
        let (tally, now) = (Tally::default(), Timestamp::UNIX_EPOCH);
        tally.listens("[::1]:1".parse().ok());
        for came in [
            Came::Taken,
            Came::Ignored,
            Came::Replayed,
            Came::Stale,
            Came::Forged,
            Came::Refused,
            Came::Failed,
        ] {
            tally.count(came, now);
        }
        let expected = WebhookStatus {
            listening: "[::1]:1".to_owned(),
            genuine: 2,
            ignored: 1,
            replayed: 1,
            stale: 1,
            forged: 1,
            refused: 1,
            failed: 1,
            last_genuine_at: Some(now),
        };
        assert_eq!(tally.status(), Some(expected));
    }
}
