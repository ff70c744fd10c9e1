//! Pages and the tokens between them.
//!
//! A token is the place of the first record of the next page, that record included:
//! `[5,1769904000123,"0b9f…"]`, percent-encoded, as in recordings of 2026 (ref §4). A record that moves while
//! somebody pages is therefore seen twice or not at all.
//!
//! Only a token that was handed out is taken back, for the same filters, and for a while. It must come back
//! as it was given, that is percent-encoded once more as any query value: whether Lever takes the raw form
//! too is unknown, so here it does not.

use std::collections::HashMap;

use super::query::{Query, Refusal};
use super::world::Place;
use crate::message::{Millis, percent_encode};

/// Tokens remembered at once; beyond that the oldest windows have to start again.
const TOKENS_MAX: usize = 10_000;

#[derive(Debug)]
pub(super) struct Offsets {
    lives: Millis,
    issued: HashMap<String, (Place, Millis)>,
}

impl Offsets {
    pub(super) fn new(lives: Millis) -> Offsets {
        Offsets { lives, issued: HashMap::new() }
    }

    /// The place to start from, if the request has a token.
    pub(super) fn redeem(
        &self,
        now: Millis,
        path: &str,
        query: &Query<'_>,
    ) -> Result<Option<Place>, Refusal> {
        let Some(token) = query.one("offset") else {
            return Ok(None);
        };
        match self.issued.get(&key(path, query, token)) {
            Some((place, at)) if now.saturating_sub(*at) < self.lives => Ok(Some(place.clone())),
            _ => Err(Refusal::bad_offset()),
        }
    }

    pub(super) fn issue(&mut self, now: Millis, path: &str, query: &Query<'_>, place: Place) -> String {
        if self.issued.len() >= TOKENS_MAX {
            self.issued.retain(|_, (_, at)| now.saturating_sub(*at) < self.lives);
        }
        if self.issued.len() >= TOKENS_MAX {
            self.issued.clear();
        }
        let token = percent_encode(&format!("[{},{},\"{}\"]", place.position, place.advanced.0, place.id));
        self.issued.insert(key(path, query, &token), (place, now));
        token
    }
}

fn key(path: &str, query: &Query<'_>, token: &str) -> String {
    format!("{token}\n{path}\n{}", query.filters())
}

/// A page as text: records that are JSON already, and the token of the next page if there is one.
pub(super) fn envelope(records: &str, next: Option<&str>) -> String {
    match next {
        Some(next) => format!("{{\"data\":[{records}],\"next\":\"{next}\",\"hasNext\":true}}"),
        None => format!("{{\"data\":[{records}],\"hasNext\":false}}"),
    }
}
