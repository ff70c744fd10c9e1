//! Answers: from bytes to rows, in whichever of the dialects they come.

use std::fmt;

use serde_json::{Map, Value};

/// One record.
#[derive(Clone, PartialEq)]
pub(crate) struct Row {
    /// The properties, without annotations and without links that were not followed.
    pub(crate) fields: Map<String, Value>,
    pub(crate) etag: Option<String>,
}

/// A part of a list of records.
#[derive(Clone, PartialEq)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    /// Where the next part is.
    pub(crate) next: Option<String>,
    /// How many there are in all parts, if that was asked for.
    pub(crate) count: Option<u64>,
}

/// The list in `body`. `None`: there is none, or part of it makes no sense.
pub(crate) fn page(body: &[u8]) -> Option<Page> {
    let _ = body;
    None
}

/// The record in `body`.
pub(crate) fn entity(body: &[u8]) -> Option<Row> {
    let _ = body;
    None
}

/// What `body` says went wrong, at most 512 bytes.
pub(crate) fn error_text(body: &[u8], content_type: Option<&str>) -> Option<String> {
    let _ = (body, content_type);
    None
}

/// Whether this is a web page.
pub(crate) fn is_html(body: &[u8], content_type: Option<&str>) -> bool {
    let _ = (body, content_type);
    false
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The link quotes the filter.
        let more = self.next.is_some();
        f.debug_struct("Page").field("rows", &self.rows.len()).field("more", &more).finish()
    }
}
