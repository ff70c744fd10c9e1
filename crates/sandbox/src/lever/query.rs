//! A query that was checked, and the ways a request is refused.

use std::fmt;

use serde_json::json;

use crate::message::{Millis, Reply};

/// An error answer: `{"code", "message"}` (ref §3).
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, message: impl fmt::Display) -> Refusal {
        Refusal { status, code, message: message.to_string() }
    }

    /// What is wrong with the request. Lever's code for 400 is unknown (ref §3).
    pub(super) fn bad(message: impl fmt::Display) -> Refusal {
        Refusal::new(400, "BadRequest", message)
    }

    /// An offset that was never handed out, or too long ago. Only these words are known (ref §3).
    pub(super) fn bad_offset() -> Refusal {
        Refusal::bad("Invalid offset token")
    }

    pub(super) fn not_found(message: impl fmt::Display) -> Refusal {
        Refusal::new(404, "ResourceNotFound", message)
    }

    /// Lever's answer to confidential data without the grant is an access error (ref §3).
    pub(super) fn confidential() -> Refusal {
        Refusal::new(403, "Forbidden", "this key has no access to confidential data")
    }

    pub(super) fn of_status(status: u16) -> Refusal {
        let (code, message) = match status {
            401 => ("UnauthorizedError", "invalid credentials"),
            403 => ("Forbidden", "this key may not do this"),
            404 => ("ResourceNotFound", "not found"),
            429 => ("TooManyRequests", "rate limit exceeded"),
            500 => ("InternalServerError", "something went wrong"),
            503 => ("ServiceUnavailable", "down for maintenance"),
            _ => ("Error", "a fault on order"),
        };
        Refusal::new(status, code, message)
    }

    pub(super) fn into_reply(self) -> Reply {
        Reply::json(self.status, json!({"code": self.code, "message": self.message}).to_string())
    }
}

/// A query all of whose parameters the endpoint knows.
///
/// Lever's answer to an unknown parameter is unknown; here it is 400, so that a misspelt filter does not pass
/// as "everything".
pub(super) struct Query<'a> {
    pairs: &'a [(String, String)],
    /// What is to arrive as objects.
    pub(super) expand: Expand,
}

/// What an endpoint understands, besides `include`.
#[derive(Default)]
pub(super) struct Parameters<'p> {
    /// May come once.
    pub(super) once: &'p [&'p str],
    /// May come repeatedly.
    pub(super) many: &'p [&'p str],
    /// Fields that can be expanded.
    pub(super) expands: &'p [&'p str],
}

/// Of a list without filters.
pub(super) const PAGED: &[&str] = &["limit", "offset"];

impl<'a> Query<'a> {
    pub(super) fn check(pairs: &'a [(String, String)], known: Parameters<'_>) -> Result<Query<'a>, Refusal> {
        let mut expand = Expand(0);
        for (at, (name, value)) in pairs.iter().enumerate() {
            match name.as_str() {
                "include" => {}
                "expand" => expand.add(value, known.expands)?,
                many if known.many.contains(&many) => {}
                once if !known.once.contains(&once) => {
                    return Err(Refusal::bad(format!("unknown parameter: {name}")));
                }
                once if pairs[..at].iter().any(|(earlier, _)| earlier == once) => {
                    return Err(Refusal::bad(format!("parameter given twice: {name}")));
                }
                _ => {}
            }
        }
        Ok(Query { pairs, expand })
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn one(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// In any case: Airbyte's released source asks for `includeDeactivated=True` and is answered.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.one(name).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::bad(format!("{name} is true or false"))),
        }
    }

    /// `<name>_start` and `<name>_end`, both inclusive (ref §6.2).
    pub(super) fn span(&self, name: &str) -> Result<Span, Refusal> {
        Ok(Span { start: self.millis(&format!("{name}_start"))?, end: self.millis(&format!("{name}_end"))? })
    }

    fn millis(&self, name: &str) -> Result<Option<Millis>, Refusal> {
        let parse = |text: &str| text.parse().map_err(|_| Refusal::bad(format!("{name} is a time in ms")));
        self.one(name).map(parse).transpose()
    }

    /// 1 to 100 (ref §4).
    pub(super) fn limit(&self) -> Result<Option<usize>, Refusal> {
        match self.one("limit").map(str::parse) {
            None => Ok(None),
            Some(Ok(limit @ 1..=100)) => Ok(Some(limit)),
            Some(_) => Err(Refusal::bad("limit is a number from 1 to 100")),
        }
    }

    pub(super) fn confidentiality(&self, granted: bool) -> Result<Confidentiality, Refusal> {
        let wanted = match self.one("confidentiality") {
            None | Some("non-confidential") => return Ok(Confidentiality::Open),
            Some("confidential") => Confidentiality::Confidential,
            Some("all") => Confidentiality::All,
            Some(_) => return Err(Refusal::bad("confidentiality is confidential, non-confidential or all")),
        };
        if granted { Ok(wanted) } else { Err(Refusal::confidential()) }
    }

    /// Everything but `limit` and `offset`: what a token was handed out for.
    pub(super) fn filters(&self) -> String {
        let mut filters: Vec<_> = self
            .pairs
            .iter()
            .filter(|(name, _)| name != "limit" && name != "offset")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        filters.sort();
        filters.join("\n")
    }
}

/// A range of times, both ends inclusive, open where nothing was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: Option<Millis>,
    end: Option<Millis>,
}

impl Span {
    pub(super) fn is_open(self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    /// From start to end, or to now where there is no end; none where there is no start.
    pub(super) fn length(self, now: Millis) -> Option<Millis> {
        self.start.map(|start| self.end.unwrap_or(now).saturating_sub(start))
    }

    /// A range that asks for something never matches a record without the time.
    pub(super) fn admits(self, at: Option<Millis>) -> bool {
        self.is_open()
            || at.is_some_and(|at| {
                self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at <= end)
            })
    }
}

/// Which records a list shows; the open ones by default (ref §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Confidentiality {
    Open,
    Confidential,
    All,
}

impl Confidentiality {
    pub(super) fn admits(self, is_confidential: bool) -> bool {
        match self {
            Confidentiality::Open => !is_confidential,
            Confidentiality::Confidential => is_confidential,
            Confidentiality::All => true,
        }
    }
}

/// Which fields arrive as objects instead of ids (ref §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expand(pub(super) u16);

const EXPANDABLE: [&str; 10] = [
    "applications",
    "stage",
    "owner",
    "followers",
    "sourcedBy",
    "contact",
    "creator",
    "user",
    "hiringManager",
    "postings",
];

impl Expand {
    /// Refuses what the endpoint cannot expand.
    fn add(&mut self, name: &str, allowed: &[&str]) -> Result<(), Refusal> {
        let bit = EXPANDABLE.iter().position(|known| *known == name && allowed.contains(&name));
        self.0 |= 1 << bit.ok_or_else(|| Refusal::bad(format!("cannot expand: {name}")))?;
        Ok(())
    }

    pub(super) fn has(self, name: &str) -> bool {
        EXPANDABLE.iter().position(|known| *known == name).is_some_and(|bit| self.0 & 1 << bit != 0)
    }
}
