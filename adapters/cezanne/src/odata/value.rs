//! Values: from a field of ours to what a property of that type takes, and back.
//!
//! Source: [MS-ODATA] 2.2.2 (literals) and 2.2.6.3 (JSON); OData JSON Format 4.0, 7.1.

use people::Value;
use serde_json::Value as Json;

use super::{Edm, Version};

/// `value` as a property of type `edm` takes it; a blank is null. `None`: it does not fit.
pub(crate) fn write(value: &Value, edm: Edm, version: Version) -> Option<Json> {
    let _ = (value, edm, version);
    None
}

/// What a property of type `edm` holds.
pub(crate) fn read(json: &Json, edm: Edm) -> Value {
    let _ = (json, edm);
    Value::Blank
}
