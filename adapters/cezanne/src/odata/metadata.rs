//! `$metadata`: what the service itself says that it has.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::Version;

/// The sets of a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metadata {
    pub(crate) version: Version,
    pub(crate) sets: BTreeMap<String, Arc<EntityType>>,
    /// Function imports and action imports, by name.
    pub(crate) functions: Vec<String>,
}

/// What the records of a set look like, inherited properties included.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct EntityType {
    pub(crate) name: String,
    pub(crate) key: Vec<String>,
    pub(crate) properties: BTreeMap<String, Property>,
    pub(crate) navigations: Vec<String>,
}

/// A property of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Property {
    pub(crate) edm: Edm,
    pub(crate) nullable: bool,
    /// Longest text; `None`: unlimited or not said.
    pub(crate) length_max: Option<usize>,
    /// The service computes it.
    pub(crate) read_only: bool,
    pub(crate) has_default: bool,
    /// Part of the ETag: a change needs one.
    pub(crate) concurrency: bool,
}

/// The primitive types we can do something with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edm {
    String,
    DateTime,
    DateTimeOffset,
    Date,
    Int16,
    Int32,
    Int64,
    Byte,
    Decimal,
    Double,
    Boolean,
    Guid,
    Other,
}

/// Why a document is no metadata. Says where, quotes nothing but names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadMetadata(pub(crate) String);

impl Metadata {
    /// Reads the document. At most 32 MiB; no DTD, no entities but the five of XML.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Metadata, BadMetadata> {
        let _ = bytes;
        Err(BadMetadata("not yet".to_owned()))
    }

    /// The set of that name and its name as the service writes it: exactly, else the only one but for case.
    pub(crate) fn set(&self, name: &str) -> Option<(&str, &Arc<EntityType>)> {
        self.sets.get_key_value(name).map(|(name, set)| (name.as_str(), set))
    }
}

impl fmt::Display for BadMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadMetadata {}
