use std::{fs, path::Path};

use adapter_sdk::Level;
use mapping::{HELPERS, HelperKind, KEYS, Needs, names::NAMES};

const PAGE: &str = include_str!("../../README.md");

#[test]
fn the_page_has_a_table_of_every_key_name_and_helper() {
    let page = with_tables(PAGE);
    if page != PAGE {
        let right = Path::new(env!("CARGO_TARGET_TMPDIR")).join("README.md");
        fs::write(&right, &page).unwrap();
        panic!("crates/mapping/README.md is out of date; the right one is {}", right.display());
    }
}

/// The page with each table put behind its mark.
fn with_tables(page: &str) -> String {
    let tables = [("<!-- keys -->", keys()), ("<!-- names -->", names()), ("<!-- helpers -->", helpers())];
    let mut whole = String::new();
    let mut in_table = false;
    for line in page.lines() {
        if in_table && line.starts_with('|') {
            continue;
        }
        if in_table && !line.is_empty() {
            in_table = false;
            whole.push('\n');
        }
        if in_table {
            continue;
        }
        whole.push_str(line);
        whole.push('\n');
        if let Some((_, table)) = tables.iter().find(|(mark, _)| *mark == line) {
            whole.push('\n');
            whole.push_str(table);
            in_table = true;
        }
    }
    whole
}

fn keys() -> String {
    let row = |(key, example, about): &mapping::Key| {
        format!("| `{key} = {example}` | {} |\n", about.replace('|', "\\|"))
    };
    let rows = KEYS.iter().map(row);
    format!("| rule | what it does |\n|---|---|\n{}", rows.collect::<String>())
}

fn names() -> String {
    let row = |name: &mapping::names::Name| {
        let of = match name.level {
            Level::Person => "person",
            Level::Hire => "hire",
        };
        let about = name.about.replace('|', "\\|");
        format!("| `{}` | {of} | {} | {} | {about} |\n", name.name, name.gives.words(), asked(name.needs))
    };
    let rows: String = NAMES.iter().map(row).collect();
    format!("| name | of the | gives | asks Lever for | what it is |\n|---|---|---|---|---|\n{rows}")
}

fn asked(needs: Needs) -> &'static str {
    match needs {
        Needs { offers: true, .. } => "offers",
        Needs { postings: true, .. } => "postings",
        Needs { requisitions: true, .. } => "requisitions, where the hire has no code",
        Needs { requisition_details: true, .. } => "requisitions",
        Needs { users: true, .. } => "users",
        Needs { forms: true, .. } => "profile forms",
        _ => "nothing more",
    }
}

fn helpers() -> String {
    let row = |helper: &mapping::Helper| {
        let kind = match helper.kind {
            HelperKind::Filter => "filter",
            HelperKind::Test => "test",
        };
        let usage = helper.usage.replace('|', "\\|");
        format!("| `{}` | {kind} | `{usage}` | {} |\n", helper.name, helper.about)
    };
    let rows: String = HELPERS.iter().map(row).collect();
    format!("| helper | | for example | what it does |\n|---|---|---|---|\n{rows}")
}
