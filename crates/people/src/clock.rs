use std::fmt;

/// A moment, UTC. Lever's times are milliseconds since the Unix epoch.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
/// A calendar day, without a zone.
pub type Date = chrono::NaiveDate;
/// An IANA time zone: the one in which "today" and `hired_since` are days.
pub type Zone = chrono_tz::Tz;

/// The wall clock. Durations are measured with `tokio::time::Instant` instead, so that a test can let the two disagree.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment, to be written down or shown. Never used to measure how long something took.
    fn now(&self) -> Timestamp;

    /// The present day in `zone`.
    fn today(&self, zone: Zone) -> Date {
        self.now().with_timezone(&zone).date_naive()
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's wall clock")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}
