//! What was said to whom, and what is still to be sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use people::Timestamp;
use serde::{Deserialize, Serialize};

use crate::refusal::Kind;

/// Before the second attempt, the third, and so on; then always the last.
const PAUSES: [TimeDelta; 4] =
    [TimeDelta::minutes(1), TimeDelta::minutes(5), TimeDelta::minutes(30), TimeDelta::hours(1)];

/// What was said to everybody, by the keys of the recipients.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Remembered(pub BTreeMap<String, Told>);

/// What was said to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// Open tasks that stood in a letter, by their ids.
    pub tasks: BTreeSet<String>,
    /// When the last letter about tasks was made.
    pub tasks_at: Option<Timestamp>,
    /// What is wrong, or was a moment ago, by the alarms' keys.
    pub alarms: BTreeMap<String, Lasting>,
    /// When the last digest was made; at first, when the recipient was new.
    pub digest_at: Option<Timestamp>,
    /// When letters were made in the last hour.
    pub made: Vec<Timestamp>,
    /// Letters that were not taken yet, at most one of each kind.
    pub pending: Vec<Letter>,
}

/// An alarm that was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lasting {
    /// In a few words.
    pub title: String,
    /// When it began.
    pub since: Timestamp,
    /// When the recipient was last told; `None`: not yet.
    #[serde(default)]
    pub told_at: Option<Timestamp>,
    /// Since when it is not met any more.
    #[serde(default)]
    pub gone_at: Option<Timestamp>,
    /// It happened and does not last.
    #[serde(default)]
    pub is_event: bool,
}

/// A letter that is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its own, whoever sends it how often; the left half of a mail's `Message-ID`.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// What it says.
    pub about: About,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// How often the server took us and refused this letter.
    #[serde(default)]
    pub refused: u32,
    /// When it is tried next.
    pub not_before: Timestamp,
}

/// What a letter says: not the words, since those are made when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum About {
    /// What somebody has to do.
    Tasks {
        /// Which tasks.
        ids: Vec<String>,
    },
    /// How it is.
    Digest {
        /// What happened since.
        since: Timestamp,
    },
    /// What is wrong, and what is so no longer.
    Alarms {
        /// Which.
        items: Vec<Item>,
    },
}

/// One alarm in a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which.
    pub key: String,
    /// In a few words.
    pub title: String,
    /// When it began.
    pub since: Timestamp,
    /// What is said of it.
    #[serde(flatten)]
    pub phase: Phase,
}

/// What is said of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// It is new.
    Begins,
    /// It is still so.
    Lasts,
    /// It is over.
    Over {
        /// Since when.
        ended: Timestamp,
    },
}

/// A letter that is due, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The recipient's key.
    pub to: String,
    /// The letter.
    pub letter: Letter,
}

impl About {
    /// A word for the kind.
    pub fn word(&self) -> &'static str {
        match self {
            About::Tasks { .. } => "tasks",
            About::Digest { .. } => "digest",
            About::Alarms { .. } => "alarms",
        }
    }
}

impl Remembered {
    /// The letter was taken, or there is nothing to say in it any more.
    pub fn sent(&mut self, notice: &Notice) {
        if let Some(told) = self.0.get_mut(&notice.to) {
            told.pending.retain(|letter| letter.id != notice.letter.id);
        }
    }

    /// The letter was not taken at `at`: it is tried again, more and more slowly.
    pub fn failed(&mut self, notice: &Notice, why: Kind, at: Timestamp) {
        let pending = self.0.get_mut(&notice.to).map(|told| &mut told.pending);
        let letter = pending.into_iter().flatten().find(|letter| letter.id == notice.letter.id);
        if let Some(letter) = letter {
            let nth = usize::try_from(letter.attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
            letter.not_before = at + PAUSES[nth];
            letter.attempts = letter.attempts.saturating_add(1);
            letter.refused = letter.refused.saturating_add(u32::from(why == Kind::Refused));
        }
    }

    /// How many letters were not taken yet.
    pub fn pending(&self) -> usize {
        self.0.values().map(|told| told.pending.len()).sum()
    }

    /// For the ledger.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was kept, or nothing where it cannot be understood: then everything is said once more.
    pub fn from_json(text: &str) -> Remembered {
        serde_json::from_str(text).unwrap_or_default()
    }
}
