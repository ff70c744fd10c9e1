use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest id accepted from outside, in bytes. Lever's are 36; HR systems' own are shorter.
const LEN_MAX: usize = 128;

/// Why a text is no id. Never contains the text: an "id" from outside may be anything, a name included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidId {
    /// The text is empty.
    Empty,
    /// The text is longer than 128 bytes.
    TooLong,
    /// The text holds a blank, a control or another unprintable character.
    Unprintable,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidId::Empty => "an id must not be empty",
            InvalidId::TooLong => "an id must not be longer than 128 bytes",
            InvalidId::Unprintable => "an id must consist of printable ASCII characters without blanks",
        })
    }
}

impl std::error::Error for InvalidId {}

fn checked(text: &str) -> Result<Arc<str>, InvalidId> {
    match text {
        "" => Err(InvalidId::Empty),
        _ if text.len() > LEN_MAX => Err(InvalidId::TooLong),
        _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => Err(InvalidId::Unprintable),
        _ => Ok(text.into()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Takes printable ASCII without blanks, 1 to 128 bytes. Deliberately not only UUIDs: Lever's stage
            /// ids are slugs, and no promise covers the others.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                checked(text).map($name)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

id! {
    /// Lever's stable id of one human being: the key of everything here.
    ContactId
}
id! {
    /// One candidacy of a contact. Once called *candidate*; the value is the same.
    OpportunityId
}
id! {
    /// One configured HR system, as the configuration names it: `[targets.NAME]`.
    TargetName
}
id! {
    /// A person's record in a target, in the target's own terms.
    RemoteId
}
id! {
    /// One hire's record in a target (an employment, a row), in the target's own terms.
    RemoteHireId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_any_short_printable_text_without_blanks() {
        for good in ["lead-new", "4b0d2c9e-5a77-4c1e-9d0b-1f1d1c6a8e10", "~", &"x".repeat(128)] {
            assert_eq!(good.parse::<ContactId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for (bad, why) in [
            ("", InvalidId::Empty),
            ("a b", InvalidId::Unprintable),
            ("a\n", InvalidId::Unprintable),
            ("é", InvalidId::Unprintable),
            (&"x".repeat(129), InvalidId::TooLong),
        ] {
            assert_eq!(bad.parse::<ContactId>(), Err(why));
        }
    }
}
