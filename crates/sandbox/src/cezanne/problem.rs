//! Errors, in all the shapes a client may meet.

use serde_json::json;

use super::dialect::Format;
use super::edmx::xml;
use super::settings::ErrorShape;
use crate::message::Reply;

/// What is said instead of an answer.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    text: String,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Problem {
        Problem { status, text: text.into(), headers: Vec::new() }
    }

    pub(super) fn bad(text: impl Into<String>) -> Problem {
        Problem::new(400, text)
    }

    /// What WCF Data Services says when it will not say more.
    pub(super) fn generic(status: u16) -> Problem {
        Problem::new(status, "An error occurred while processing this request.")
    }

    pub(super) fn not_found(segment: &str) -> Problem {
        Problem::new(404, format!("Resource not found for the segment '{segment}'."))
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Problem {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn into_reply(self, shape: ErrorShape, format: Format) -> Reply {
        let mut reply = body(self.status, &self.text, shape, format);
        reply.headers.extend(self.headers);
        reply
    }
}

fn body(status: u16, text: &str, shape: ErrorShape, format: Format) -> Reply {
    let spoken = json!({"lang": "en-GB", "value": text});
    let shape = match (shape, format) {
        (ErrorShape::Negotiated, Format::Light { .. }) => ErrorShape::Light,
        (ErrorShape::Negotiated, Format::Verbose { .. }) => ErrorShape::Verbose,
        (ErrorShape::Negotiated, Format::V4 { .. }) => ErrorShape::Flat,
        (ErrorShape::Negotiated, Format::Atom) => ErrorShape::Xml,
        (shape, _) => shape,
    };
    let json = match shape {
        ErrorShape::Light => json!({"odata.error": {"code": "", "message": spoken}}),
        ErrorShape::Verbose => json!({"error": {"code": "", "message": spoken}}),
        ErrorShape::Flat => json!({"error": {"code": "", "message": text}}),
        ErrorShape::Html => return page(status, text),
        ErrorShape::Empty => return Reply::empty(status),
        ErrorShape::Xml | ErrorShape::Negotiated => {
            let document = format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><m:error \
                 xmlns:m=\"http://schemas.microsoft.com/ado/2007/08/dataservices/metadata\"><m:code/>\
                 <m:message xml:lang=\"en-GB\">{}</m:message></m:error>",
                xml(text)
            );
            return Reply::text(status, "application/xml;charset=utf-8", document);
        }
    };
    let content_type =
        if format == Format::Atom { "application/json;charset=utf-8" } else { format.content_type() };
    Reply::text(status, content_type, json.to_string())
}

/// A page for people.
pub(super) fn page(status: u16, title: &str) -> Reply {
    let title = xml(title);
    let document = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    Reply::text(status, "text/html; charset=utf-8", document)
}
