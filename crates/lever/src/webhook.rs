//! What Lever sends by itself: from bytes to an event that somebody holding a signature token vouched for. Pure.
//!
//! How to think of it: the signature covers the token and the time, not the body (Lever's webhook documentation,
//! "Securing webhooks"). Whoever catches one delivery can staple it to any event. So an [`Event`] is a hint to look at
//! somebody and never evidence of anything; nothing of it is ever written to a target.

use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use people::{ContactId, OpportunityId, Secret, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

/// A delivery whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Random, made for this delivery; the same again is a replay, or Lever's own repetition of one that failed.
    pub token: String,
    /// When Lever says that it happened.
    pub triggered_at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What a delivery says. Every key of Lever's is optional, and nothing here is vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What kind.
    pub kind: Kind,
    /// About whom, if it says so.
    pub contact: Option<ContactId>,
    /// About which opportunity, if it says so.
    pub opportunity: Option<OpportunityId>,
    /// For which reason it was archived, if it was.
    pub archived_for: Option<String>,
}

/// The ten kinds of event that Lever has, and whatever it has next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `applicationCreated`
    ApplicationCreated,
    /// `candidateHired`
    CandidateHired,
    /// `candidateStageChange`
    CandidateStageChange,
    /// `candidateArchiveChange`
    CandidateArchiveChange,
    /// `candidateDeleted`
    CandidateDeleted,
    /// `interviewCreated`
    InterviewCreated,
    /// `interviewUpdated`
    InterviewUpdated,
    /// `interviewDeleted`
    InterviewDeleted,
    /// `contactCreated`
    ContactCreated,
    /// `contactUpdated`
    ContactUpdated,
    /// A word that we do not know.
    Other,
}

/// Why a delivery is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no delivery of Lever's: not JSON, or without a token, a time or a signature.
    #[error("no signed delivery")]
    Unsigned,
    /// None of our tokens made its signature.
    #[error("the signature is wrong")]
    Forged,
}

/// The envelope. `data` and `event` are looked at only after the signature was found right.
#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(default)]
    event: Value,
    #[serde(rename = "triggeredAt")]
    triggered_at: i64,
    token: std::borrow::Cow<'b, str>,
    signature: std::borrow::Cow<'b, str>,
    #[serde(default)]
    data: Value,
}

/// Reads one delivery. Any of `tokens`, the signature tokens of the configuration, may have signed it; there are several
/// while one is being replaced. All of them are tried, each in constant time.
pub fn read(body: &[u8], tokens: &[Secret]) -> Result<Delivery, Refusal> {
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(|_| Refusal::Unsigned)?;
    let triggered_at = DateTime::from_timestamp_millis(envelope.triggered_at).ok_or(Refusal::Unsigned)?;
    if envelope.token.is_empty() || envelope.token.len() > TOKEN_MAX {
        return Err(Refusal::Unsigned);
    }
    let signature = unhex(&envelope.signature).ok_or(Refusal::Forged)?;
    let plain = format!("{}{}", envelope.token, envelope.triggered_at);
    let verified =
        tokens.iter().fold(false, |verified, token| verified | is_signed(token, &plain, &signature));
    if !verified {
        return Err(Refusal::Forged);
    }
    Ok(Delivery {
        token: envelope.token.into_owned(),
        triggered_at,
        event: Event::of(&envelope.event, &envelope.data),
    })
}

/// Longest token that is looked at; Lever's have 48 characters.
const TOKEN_MAX: usize = 256;

fn is_signed(token: &Secret, plain: &str, signature: &[u8; 32]) -> bool {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.reveal().as_bytes()) else { return false };
    mac.update(plain.as_bytes());
    mac.verify_slice(signature).is_ok()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

impl Event {
    fn of(event: &Value, data: &Value) -> Event {
        let nothing = Map::new();
        let data = data.as_object().unwrap_or(&nothing);
        let text = |key: &str| data.get(key).and_then(Value::as_str);
        let reason = |archived: &Value| archived.get("reason")?.as_str().map(str::to_owned);
        Event {
            kind: event.as_str().map_or(Kind::Other, Kind::named),
            contact: text("contactId").and_then(|id| id.parse().ok()),
            // `candidateId` may stand beside it and differ: it is no key.
            opportunity: text("opportunityId").and_then(|id| id.parse().ok()),
            archived_for: data.get("toArchived").and_then(reason),
        }
    }
}

impl Kind {
    /// Every kind with Lever's word for it.
    pub const ALL: [(&'static str, Kind); 10] = [
        ("applicationCreated", Kind::ApplicationCreated),
        ("candidateHired", Kind::CandidateHired),
        ("candidateStageChange", Kind::CandidateStageChange),
        ("candidateArchiveChange", Kind::CandidateArchiveChange),
        ("candidateDeleted", Kind::CandidateDeleted),
        ("interviewCreated", Kind::InterviewCreated),
        ("interviewUpdated", Kind::InterviewUpdated),
        ("interviewDeleted", Kind::InterviewDeleted),
        ("contactCreated", Kind::ContactCreated),
        ("contactUpdated", Kind::ContactUpdated),
    ];

    /// The kind of that name.
    pub fn named(word: &str) -> Kind {
        Kind::ALL.iter().find(|(name, _)| *name == word).map_or(Kind::Other, |&(_, kind)| kind)
    }

    /// Lever's word for it; `other` for one that we do not know.
    pub fn word(self) -> &'static str {
        Kind::ALL.iter().find(|(_, kind)| *kind == self).map_or("other", |&(word, _)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "3f0c9b7e5a1d4c2f8e6b0a9d7c5e3f1a2b4d6f8091a3c5e7";
    const BODY: &str = r#"{"event":"candidateHired","triggeredAt":1767225600123,
        "token":"9d2e4f6a8b0c1d3e5f7a9b1c3d5e7f90a1b2c3d4e5f60718",
        "signature":"9912a9a740a124ec994ac122ac76c3e603cff601700925520066ed043e71666d",
        "data":{"contactId":"c1","opportunityId":"o1","candidateId":"o9"}}"#;

    fn keys(keys: &[&str]) -> Vec<Secret> {
        keys.iter().map(|key| Secret::new((*key).to_owned())).collect()
    }

    #[test]
    fn a_genuine_delivery_is_read_whichever_of_the_tokens_signed_it() {
        for tokens in [keys(&[KEY]), keys(&["another", KEY]), keys(&[KEY, "another"])] {
            let delivery = read(BODY.as_bytes(), &tokens).unwrap();
            assert_eq!(delivery.event.kind, Kind::CandidateHired);
            assert_eq!(delivery.event.contact, "c1".parse().ok());
            assert_eq!(delivery.event.opportunity, "o1".parse().ok());
            assert_eq!(delivery.triggered_at.timestamp_millis(), 1_767_225_600_123);
        }
    }

    #[test]
    fn whatever_is_not_signed_by_one_of_the_tokens_is_refused() {
        assert_eq!(read(BODY.as_bytes(), &[]), Err(Refusal::Forged));
        assert_eq!(read(BODY.as_bytes(), &keys(&["another"])), Err(Refusal::Forged));
        for (from, to) in
            [("1767225600123", "1767225600124"), ("9912a9", "9912A8"), ("token\":\"9", "token\":\"8")]
        {
            let spoilt = BODY.replace(from, to);
            assert_ne!(spoilt, BODY);
            assert_eq!(read(spoilt.as_bytes(), &keys(&[KEY])), Err(Refusal::Forged), "{to}");
        }
        for unsigned in ["", "{}", "[]", "null", "\u{feff}{}", r#"{"token":"a","triggeredAt":1}"#] {
            assert_eq!(read(unsigned.as_bytes(), &keys(&[KEY])), Err(Refusal::Unsigned), "{unsigned}");
        }
    }
}
