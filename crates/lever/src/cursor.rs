//! What a cursor says, in our own words: up to when everything was seen, and which archive reasons were known then, so that a
//! new process need not ask for them before it asks who changed.

use std::{collections::BTreeSet, time::Duration};

use adapter_sdk::{Error, ErrorKind, Result};
use engine::Cursor;
use people::Timestamp;
use serde::{Deserialize, Serialize};

/// A cursor that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Seen {
    /// Up to this time of Lever's, in milliseconds.
    UpTo(i64),
    /// The same, and the reasons.
    Knowing { at: i64, reasons: Known },
}

/// Archive reasons by their type, as they were last listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) hired: BTreeSet<String>,
    pub(crate) closed: BTreeSet<String>,
}

impl Seen {
    /// One that is not ours would be taken for January 1970, or refused with a riddle.
    pub(crate) fn read(Cursor(text): &Cursor) -> Result<Seen> {
        serde_json::from_str(text).map_err(|_| {
            Error::new(ErrorKind::Unexpected, "beginning a sweep")
                .with("problem", "the kept cursor is no time")
                .with("remedy", "run a full sweep: hiresync run --once --full")
        })
    }

    /// Everything up to `date`, less what Lever's index may lag behind.
    pub(crate) fn up_to(date: Timestamp, overlap: Duration) -> Seen {
        let overlap = if planted::bug(planted::Bug::NoOverlap) { Duration::ZERO } else { overlap };
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        Seen::UpTo(date.timestamp_millis().saturating_sub(overlap).max(0))
    }

    pub(crate) fn at(&self) -> i64 {
        let (Seen::UpTo(at) | Seen::Knowing { at, .. }) = self;
        *at
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_form_and_one_of_an_earlier_version_is_read() {
        let known = Known { hired: BTreeSet::from(["r1".to_owned()]), closed: BTreeSet::new() };
        for seen in [Seen::UpTo(17), Seen::Knowing { at: 17, reasons: known }] {
            assert_eq!(Seen::read(&seen.cursor()).unwrap(), seen);
        }
        assert_eq!(Seen::read(&Cursor("17".to_owned())).unwrap(), Seen::UpTo(17));
        for odd in ["", "1767225600s", "{}", "1.5"] {
            assert!(Seen::read(&Cursor(odd.to_owned())).is_err(), "{odd}");
        }
    }
}
