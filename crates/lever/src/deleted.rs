//! What was deleted. Lever lists deletions by their time, in windows of at most 30 days (its documentation says so of the same
//! list for applications and postings).

use std::collections::BTreeSet;

use adapter_sdk::{Error, ErrorKind, Result};
use engine::{Cursor, Deleted};
use people::OpportunityId;
use tracing::warn;

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble},
    cursor::Seen,
    kept::NoOlderThan,
    sweep::no_date,
    wire::{Shape, list, record_id},
};

/// Longest window, in milliseconds.
const WINDOW_MS: i64 = 30 * 24 * 3600 * 1000;
/// The last window ends so much after Lever's time, which it says in whole seconds and said a moment ago.
const AHEAD_MS: i64 = 60_000;
/// Windows of one question: twenty years. Whoever is further behind has a clock that is wrong, here or there.
const WINDOWS_MAX: i64 = 244;

impl Lever {
    pub(crate) async fn deleted_since(&self, since: &Cursor) -> Result<Deleted> {
        let since = Seen::read(since)?.at();
        let date = match self.caller.date() {
            Some(date) => date,
            // Nothing was asked yet, so that nobody knows Lever's time.
            None => {
                self.reasons.get(&self.caller, NoOlderThan::NOW).await?;
                self.caller.date().ok_or_else(no_date)?
            }
        };
        let now = date.timestamp_millis();
        let mut start = since.min(now);
        if now.saturating_sub(start) / WINDOW_MS >= WINDOWS_MAX {
            return Err(Error::new(ErrorKind::Unexpected, "asking what was deleted")
                .with("problem", "the kept cursor and Lever's time are decades apart")
                .with("remedy", "run a full sweep: hiresync run --once --full"));
        }
        let mut opportunities = BTreeSet::new();
        loop {
            let end = (now + AHEAD_MS).min(start + WINDOW_MS);
            opportunities.extend(self.deleted_between(start, end).await?);
            if end >= now {
                break;
            }
            start = end;
        }
        Ok(Deleted { opportunities, cursor: Seen::up_to(date, self.settings.overlap).cursor() })
    }

    /// What was deleted from `start` to `end`, both included.
    async fn deleted_between(&self, start: i64, end: i64) -> Result<Vec<OpportunityId>, Trouble> {
        let ask = Ask::list(Endpoint::Deleted)
            .with("deleted_at_start", start.to_string())
            .with("deleted_at_end", end.to_string());
        let decode = |text: &str| {
            let page = list(text, Shape::Strict)?;
            Ok((page.records.into_iter().map(record_id).collect::<Vec<_>>(), page.next))
        };
        let records = self.caller.all(&ask, decode).await?;
        let unread = records.iter().filter(|id| id.is_none()).count();
        if unread > 0 {
            warn!(unread, "records of what was deleted have no id that could be understood");
        }
        Ok(records.into_iter().flatten().collect())
    }
}
