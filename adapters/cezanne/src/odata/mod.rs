//! OData versions 2 to 4, as far as a client needs them that reads, adds and changes records. Knows nothing of Cezanne.
//!
//! Sources: [MS-ODATA] for versions 2 and 3, the OASIS standard OData 4.0 for version 4. Which one Cezanne speaks is unknown;
//! its service says so itself, in `$metadata`.
//!
//! | module | what it holds |
//! |---|---|
//! | `metadata` | pure: which sets, keys and properties the service has |
//! | `filter` | pure: keys, filters and queries, as text that means what was meant |
//! | `value` | pure: a field's value into the form its type demands, and back |
//! | `answer` | pure: from bytes to rows and error texts |
//! | `service` | requests: one at a time, paced, with token, version headers and dialect |
//! | `xml` | pure: XML of somebody else's, as a stream of tags |
//! | `parse` | pure: an independent reader of keys and filters, for tests |

use std::fmt;

mod answer;
mod filter;
mod metadata;
pub(crate) mod parse;
mod service;
mod value;
mod xml;

pub(crate) use answer::{Page, Row, Written, entity, error_text, is_html, is_refusal, page, written};
pub(crate) use filter::{Comparison, Filter, Key, Literal, Query};
pub(crate) use metadata::{Edm, EntityType, Metadata, Property};
pub(crate) use service::{Service, Settings};
pub(crate) use value::{read, write};

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V2,
    V3,
    V4,
}

impl Version {
    pub(crate) const ALL: [Version; 3] = [Version::V2, Version::V3, Version::V4];
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::V2 => "2",
            Version::V3 => "3",
            Version::V4 => "4",
        })
    }
}
