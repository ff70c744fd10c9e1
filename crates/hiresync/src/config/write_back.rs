//! `[targets.NAME.write_back]`: what Lever is told once the target holds a hire.

use adapter_sdk::settings::{Section, nearest};
use engine::WriteBack;
use url::Url;

/// Longest tag, in characters.
const TAG_LEN_MAX: usize = 100;
/// Longest link or note, in characters.
const TEXT_LEN_MAX: usize = 2_000;
/// Stands for the record's id over there.
const RECORD: &str = "{record}";

/// Reads `section`, which is there if `is_written`. Faults are noted and leave the value out.
pub(super) fn write_back(mut section: Section<'_>, is_written: bool) -> WriteBack {
    let tag = text(&mut section, "tag", TAG_LEN_MAX);
    let tag = tag.filter(|tag| {
        let is_plain = !tag.contains(['{', '}']) && !tag.chars().any(char::is_control);
        if !is_plain {
            let remedy = "write the tag itself, e.g. \"in payroll\"";
            section.fault("tag", "holds a brace or a line break; a tag is the same for everybody", remedy);
        }
        is_plain
    });
    let link = template(&mut section, "link").filter(|link| {
        let url = Url::parse(&link.replace(RECORD, "record"));
        let is_web = url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_web {
            let remedy = "write one such as \"https://hr.example.com/people/{record}\"";
            section.fault("link", "is no web address", remedy);
        }
        is_web
    });
    let note = template(&mut section, "note");
    if is_written && !["tag", "link", "note"].into_iter().any(|key| section.has(key)) {
        section.fault(
            "tag",
            "is missing, and so are link and note",
            "add one of the three, or remove the table",
        );
    }
    section.finish();
    WriteBack { tag, link, note }
}

fn text(section: &mut Section<'_>, key: &'static str, len_max: usize) -> Option<String> {
    let text = section.text(key)?;
    let problem = match text.chars().count() {
        _ if text.trim().is_empty() => "is empty",
        len if len > len_max => "is too long",
        _ => return Some(text),
    };
    section.fault(key, problem, format!("write a text of at most {len_max} characters, or remove it"));
    None
}

/// A text in which [`RECORD`] is the only placeholder.
fn template(section: &mut Section<'_>, key: &'static str) -> Option<String> {
    let text = text(section, key, TEXT_LEN_MAX)?;
    let rest = text.replace(RECORD, "");
    let Some(start) = rest.find(['{', '}']) else { return Some(text) };
    let word: String =
        rest[start..].trim_start_matches('{').chars().take_while(|c| c.is_alphanumeric()).collect();
    let remedy = match nearest(&word, ["record"]) {
        Some(_) => format!("did you mean {RECORD}?"),
        None => format!("{RECORD}, the record's id over there, is the only one"),
    };
    section.fault(key, "has a brace that is no placeholder we know", remedy);
    None
}
