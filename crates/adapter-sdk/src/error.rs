//! What went wrong: the kind is for programs, the next step for the engine, the message for people.

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Obstacle;

/// The result of anything an adapter does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure. `Display` says what we were doing and never contains the text of the source or of the target's answer;
/// the chain is printed once, at the edge. A clone shares the cause: one failed write answers a whole batch.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    next: Next,
    doing: String,
    context: Vec<(&'static str, String)>,
    obstacle: Option<Box<Obstacle>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The fact that is advice.
const REMEDY: &str = "remedy";

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The configuration does not fit the target. Concerns the whole target.
    ConfigInvalid,
    /// The credentials are refused. Concerns the whole target.
    Unauthorized,
    /// Too many calls.
    RateLimited,
    /// The target cannot be reached or cannot answer now.
    Unavailable,
    /// The target refuses this person's data.
    Rejected,
    /// More than one record, or somebody else's record, stands where this person's should.
    Conflict,
    /// The adapter does not do this.
    Unsupported,
    /// Anything else: a bug, or an answer nobody foresaw.
    Unexpected,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [ErrorKind; 8] = [
        ErrorKind::ConfigInvalid,
        ErrorKind::Unauthorized,
        ErrorKind::RateLimited,
        ErrorKind::Unavailable,
        ErrorKind::Rejected,
        ErrorKind::Conflict,
        ErrorKind::Unsupported,
        ErrorKind::Unexpected,
    ];

    /// The stable code of the kind, as in logs, history and JSON.
    pub fn code(self) -> &'static str {
        match self {
            ErrorKind::ConfigInvalid => "config_invalid",
            ErrorKind::Unauthorized => "unauthorized",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::Rejected => "rejected",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Unexpected => "unexpected",
        }
    }

    /// What the kind means for the engine unless the adapter knows better. Keep the list of what retries short.
    fn usual_next(self) -> Next {
        match self {
            ErrorKind::RateLimited | ErrorKind::Unavailable => Next::Retry { after: None },
            _ => Next::Park,
        }
    }
}

/// What the engine should do next. Only the adapter knows what may have happened over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Surely not applied, or harmless to repeat: try again, not before `after` if the target named a time.
    Retry {
        /// The pause the target asked for.
        after: Option<Duration>,
    },
    /// It may have been applied: look before sending again.
    FindFirst,
    /// Not applied, and it will fail again until a human changes something.
    Park,
}

impl Error {
    /// A failure of `kind` while `doing` something, e.g. `"writing the roster"`. No personal values in either.
    pub fn new(kind: ErrorKind, doing: impl Into<String>) -> Self {
        Error {
            kind,
            next: kind.usual_next(),
            doing: doing.into(),
            context: Vec::new(),
            obstacle: None,
            source: None,
        }
    }

    /// The outcome is unknown: it may have been applied.
    pub fn find_first(mut self) -> Self {
        self.next = Next::FindFirst;
        self
    }

    /// Surely not applied: try again, not before `after`.
    pub fn retry(mut self, after: Option<Duration>) -> Self {
        self.next = Next::Retry { after };
        self
    }

    /// Adds a fact: a path, a status code, a field's name. Never a value of a person.
    pub fn with(mut self, name: &'static str, fact: impl fmt::Display) -> Self {
        self.context.push((name, fact.to_string()));
        self
    }

    /// Keeps the cause, to be printed once at the edge. It must not carry personal values either.
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Says it in HR's words, for the history.
    pub fn obstacle(mut self, obstacle: Obstacle) -> Self {
        self.obstacle = Some(Box::new(obstacle));
        self
    }

    /// What stands in the way, in HR's words, if the adapter knows.
    pub fn stands_in_the_way(&self) -> Option<&Obstacle> {
        self.obstacle.as_deref()
    }

    /// What to do about it, if the adapter says so: the fact of that name.
    pub fn remedy(&self) -> Option<&str> {
        self.context.iter().find(|(name, _)| *name == REMEDY).map(|(_, remedy)| remedy.as_str())
    }

    /// What kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do next.
    pub fn next(&self) -> Next {
        self.next
    }

    /// The message with every cause, for the one place that shows it.
    pub fn chain(&self) -> String {
        let mut text = self.happened();
        let mut source = self.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text + &self.advice()
    }
}

impl Error {
    /// The kind, what we were doing, and the facts.
    fn happened(&self) -> String {
        let facts = self.context.iter().filter(|(name, _)| *name != REMEDY);
        let facts: Vec<String> = facts.map(|(name, fact)| format!("{name}={fact}")).collect();
        let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
        format!("{}: {}{facts}", self.kind.code(), self.doing)
    }

    fn advice(&self) -> String {
        self.remedy().map(|remedy| format!("; what to do: {remedy}")).unwrap_or_default()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.happened(), self.advice())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_limit_and_an_outage_are_retried_by_themselves() {
        for kind in ErrorKind::ALL {
            let retries = matches!(Error::new(kind, "trying").next(), Next::Retry { .. });
            assert_eq!(retries, matches!(kind, ErrorKind::RateLimited | ErrorKind::Unavailable), "{kind:?}");
        }
    }

    #[test]
    fn the_cause_is_in_the_chain_and_not_in_the_message() {
        let error = Error::new(ErrorKind::Unavailable, "writing the roster")
            .with("path", "/srv/roster")
            .because(std::io::Error::other("disk on fire"));
        assert_eq!(error.to_string(), "unavailable: writing the roster (path=/srv/roster)");
        assert_eq!(error.chain(), "unavailable: writing the roster (path=/srv/roster): disk on fire");
    }
}
