//! Which format an answer has, and what a write may be written in.

use super::problem::Problem;
use super::settings::{Settings, Version};
use crate::message::Request;

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON light of v3.
    Light { is_bare: bool },
    /// Verbose JSON of v2 and v3. Up to v2 a moment is `/Date(ms)/`, and who takes no v3 is answered in v2.
    Verbose { has_ticks: bool },
    /// JSON of v4.
    V4 { is_bare: bool },
    /// Atom.
    Atom,
}

impl Format {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Format::Light { is_bare: false } => "application/json;odata=minimalmetadata;charset=utf-8",
            Format::Light { is_bare: true } => "application/json;odata=nometadata;charset=utf-8",
            Format::Verbose { .. } => "application/json;odata=verbose;charset=utf-8",
            Format::V4 { is_bare: false } => "application/json;odata.metadata=minimal;charset=utf-8",
            Format::V4 { is_bare: true } => "application/json;odata.metadata=none;charset=utf-8",
            Format::Atom => "application/atom+xml;charset=utf-8",
        }
    }
}

/// The format for an answer nobody negotiated, such as a 401.
pub(super) fn usual(version: Version) -> Format {
    match version {
        Version::V2 => Format::Verbose { has_ticks: true },
        Version::V3 => Format::Light { is_bare: false },
        Version::V4 => Format::V4 { is_bare: false },
    }
}

/// Reads `$format`, else `Accept` ([MS-ODATA] 2.2.5.1, 2.2.3.6.1.5). Without either it is Atom, in v4 JSON.
pub(super) fn negotiate(settings: &Settings, request: &Request) -> Result<Format, Problem> {
    let version = settings.variant.version();
    if let Some((_, wanted)) = request.query.iter().find(|(name, _)| name == "$format") {
        return of_option(settings, wanted);
    }
    let accepted = request.header("accept").filter(|accepted| !accepted.trim().is_empty());
    let ranges = ranges(accepted.unwrap_or("*/*"));
    let found = ranges.iter().find_map(|range| of_range(version, request, range));
    found.ok_or_else(|| Problem::new(415, "Unsupported media type requested."))
}

fn of_option(settings: &Settings, wanted: &str) -> Result<Format, Problem> {
    if !settings.format_option {
        return Err(Problem::bad(
            "The query parameter '$format' begins with a system-reserved '$' character but is not recognized.",
        ));
    }
    match (wanted, settings.variant.version()) {
        ("json", version) => Ok(usual(version)),
        ("verbosejson", Version::V3) => Ok(Format::Verbose { has_ticks: false }),
        ("atom", Version::V2 | Version::V3) => Ok(Format::Atom),
        _ => Err(Problem::new(415, "Unsupported media type requested.")),
    }
}

/// One media range of `Accept`.
struct Range {
    kind: String,
    parameters: Vec<(String, String)>,
    quality: u32,
}

/// The best first; of equals, the one that came first.
fn ranges(accepted: &str) -> Vec<Range> {
    let mut ranges: Vec<Range> = accepted.split(',').filter_map(range).collect();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.quality));
    ranges
}

fn range(text: &str) -> Option<Range> {
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let kind = parts.next()?;
    let pairs = parts.map(|part| part.split_once('=').map_or((part.clone(), String::new()), owned));
    let (quality, parameters): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == "q");
    let quality = quality.first().map_or(Some(1.0), |(_, value)| value.parse::<f64>().ok())?;
    // In thousandths, as finely as it can be written.
    let quality = (quality.clamp(0.0, 1.0) * 1000.0) as u32;
    (quality > 0).then_some(Range { kind, parameters, quality })
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.trim().to_owned(), value.trim().trim_matches('"').to_owned())
}

fn of_range(version: Version, request: &Request, range: &Range) -> Option<Format> {
    let parameter = |wanted: &str| {
        range.parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    match (version, range.kind.as_str()) {
        (Version::V4, "*/*" | "application/*") => Some(Format::V4 { is_bare: false }),
        (_, "*/*" | "application/*" | "application/atom+xml" | "application/xml") => {
            (version != Version::V4).then_some(Format::Atom)
        }
        (_, "application/atomsvc+xml") => (version != Version::V4).then_some(Format::Atom),
        (Version::V4, "application/json") => match (parameter("odata"), parameter("odata.metadata")) {
            (None, None | Some("minimal" | "full")) => Some(Format::V4 { is_bare: false }),
            (None, Some("none")) => Some(Format::V4 { is_bare: true }),
            _ => None,
        },
        (Version::V3, "application/json") => match parameter("odata") {
            Some("verbose") => Some(Format::Verbose { has_ticks: !takes_v3(request) }),
            Some("minimalmetadata" | "fullmetadata") if takes_v3(request) => {
                Some(Format::Light { is_bare: false })
            }
            Some("nometadata") if takes_v3(request) => Some(Format::Light { is_bare: true }),
            Some(_) => None,
            None if takes_v3(request) => Some(Format::Light { is_bare: false }),
            None => Some(Format::Verbose { has_ticks: true }),
        },
        (Version::V2, "application/json") => matches!(parameter("odata"), None | Some("verbose"))
            .then_some(Format::Verbose { has_ticks: true }),
        _ => None,
    }
}

/// JSON light is for who takes v3; who says nothing takes anything.
pub(super) fn takes_v3(request: &Request) -> bool {
    let most = request.header("maxdataserviceversion").or_else(|| request.header("dataserviceversion"));
    most.is_none_or(|version| version.trim_start().starts_with('3'))
}

/// Whether the body may be read, from `Content-Type`. `light`: whether JSON light is taken at all.
pub(super) fn writable(version: Version, light: bool, request: &Request) -> Result<(), Problem> {
    let unsupported = || Problem::new(415, "Unsupported media type requested.");
    let stated = request.header("content-type").and_then(range).ok_or_else(unsupported)?;
    if stated.kind != "application/json" {
        return Err(unsupported());
    }
    let odata = stated.parameters.iter().find(|(name, _)| name == "odata").map(|(_, value)| value.as_str());
    let says_v3 =
        request.header("dataserviceversion").is_some_and(|version| version.trim_start().starts_with('3'));
    let is_fine = match (version, odata) {
        (Version::V4, odata) => odata.is_none(),
        (Version::V2 | Version::V3, Some("verbose")) => true,
        (Version::V2, odata) => odata.is_none(),
        (Version::V3, None) => light,
        // Without the version, light is not recognised.
        (Version::V3, Some("minimalmetadata" | "nometadata" | "fullmetadata")) => light && says_v3,
        (Version::V3, Some(_)) => false,
    };
    if is_fine { Ok(()) } else { Err(unsupported()) }
}
