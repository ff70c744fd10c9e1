//! The settings of `[targets.NAME]`.

use std::{collections::BTreeSet, path::PathBuf};

use adapter_sdk::{Columns, settings::Section};
use serde::{Deserialize, Serialize};

/// Settings that build.
pub(crate) const EXAMPLE: &str = r#"
path   = "/srv/hiresync/roster"   # a folder of its own, readable by HR's group
format = "csv"                    # csv | jsonl
layout = "roster"                 # roster: one file, everybody · changes: one numbered file per delivery cycle
"#;

/// Where and how to write.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The export folder: its own, not shared with anything else. It is made at the first delivery if its parent exists.
    /// Required.
    pub(crate) path: PathBuf,
    /// How a file is written. Default: `csv`.
    pub(crate) format: Format,
    /// What a file holds. Default: `roster`.
    pub(crate) layout: Layout,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// RFC 4180 with a header line.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The ending of a file's name.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
        }
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    /// Everybody: one file, replaced whole.
    Roster,
    /// What changed: one numbered file for each delivery that changed something.
    Changes,
}

/// The columns that a file of changes begins with.
pub(crate) const LEADING: [&str; 2] = ["operation", "generation"];

impl Settings {
    /// Reads and checks the words; does not look at the disk.
    pub(crate) fn read(mut section: Section<'_>, columns: &Columns) -> Option<Settings> {
        let path = section.file("path");
        let path = section.required("path", path, "\"/srv/hiresync/roster\"");
        let formats = [("csv", Format::Csv), ("jsonl", Format::Jsonl)];
        let format = optional(&mut section, "format", &formats, Format::Csv);
        let layouts = [("roster", Layout::Roster), ("changes", Layout::Changes)];
        let layout = optional(&mut section, "layout", &layouts, Layout::Roster);
        let columns_fit = fits(&section, columns, layout);
        section.finish();
        let settings = Settings { path: path?, format: format?, layout: layout? };
        columns_fit.then_some(settings)
    }
}

fn optional<T: Copy>(
    section: &mut Section<'_>,
    key: &'static str,
    choices: &[(&'static str, T)],
    default: T,
) -> Option<T> {
    if section.has(key) {
        section.choice(key, choices)
    } else {
        section.choice(key, choices).or(Some(default))
    }
}

/// Whether a file can have these columns: at least one, each name once.
fn fits(section: &Section<'_>, columns: &Columns, layout: Option<Layout>) -> bool {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    if layout == Some(Layout::Changes) {
        taken.extend(LEADING);
    }
    let mut fits = true;
    for (table, names) in [("person", &columns.person), ("hire", &columns.hire)] {
        for name in names {
            if !taken.insert(name.as_str()) {
                section.fault(
                    &format!("{table}.{name}"),
                    "is a column of that file already",
                    "give it another name",
                );
                fits = false;
            }
        }
    }
    if columns.person.is_empty() && columns.hire.is_empty() {
        section.fault("person", "maps no column, and neither does hire", "add employee_ref = \"contact\"");
        fits = false;
    }
    fits
}
