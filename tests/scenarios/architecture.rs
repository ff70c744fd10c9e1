//! The invariants of ARCHITECTURE.md, each with its reason in the failure message.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

/// Our packages, and the packages each one depends on (not counting what only its tests use).
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages
        .iter()
        .map(|package| {
            let normal =
                package["dependencies"].as_array().into_iter().flatten().filter(|it| it["kind"].is_null());
            (name(package), normal.map(name).collect())
        })
        .collect()
}

fn name(of: &serde_json::Value) -> String {
    of["name"].as_str().expect("a package has a name").to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                found.push((path, text));
            }
        }
    }
    found
}

/// What each package may depend on among ours. A new edge is a decision: change this table and ARCHITECTURE.md, and say why.
const EDGES: &[(&str, &[&str])] = &[
    ("people", &[]),
    ("planted", &[]),
    ("adapter-sdk", &["hiresync-http", "people"]),
    ("mapping", &["adapter-sdk", "people"]),
    ("hiresync-http", &["people"]),
    ("ledger", &["adapter-sdk", "people"]),
    ("engine", &["adapter-sdk", "ledger", "mapping", "people"]),
    ("lever", &["adapter-sdk", "engine", "hiresync-http", "people"]),
    ("file-export", &["adapter-sdk", "people"]),
    ("cezanne", &["adapter-sdk", "hiresync-http", "people"]),
    ("adapters", &["adapter-sdk", "cezanne", "file-export"]),
    ("notices", &["hiresync-http", "people"]),
    ("sandbox", &[]),
    (
        "hiresync",
        &[
            "adapter-sdk",
            "adapters",
            "engine",
            "hiresync-http",
            "ledger",
            "lever",
            "mapping",
            "notices",
            "people",
            "sandbox",
        ],
    ),
    ("recorder", &[]),
    ("scenarios", &["hiresync", "recorder"]),
];

/// Whoever has something planted in it may depend on this one.
const PLANTED: &str = "planted";

#[test]
fn each_crate_depends_on_what_the_table_allows_and_nothing_else() {
    let dependencies = dependencies();
    let ours: BTreeSet<&String> = dependencies.keys().collect();
    for (package, all) in &dependencies {
        let among_ours: BTreeSet<&str> =
            all.iter().filter(|name| ours.contains(name) && *name != PLANTED).map(String::as_str).collect();
        let allowed = EDGES
            .iter()
            .find(|(name, _)| name == package)
            .map(|(_, allowed)| allowed.iter().copied().collect());
        assert_eq!(
            Some(among_ours),
            allowed,
            "{package}: the engine names no vendor, adapters see neither ledger nor engine, the sandbox shares nothing with what it tests"
        );
    }
}

fn named_only_by(dependency: &str, package: &str, why: &str) {
    let found: Vec<String> = dependencies()
        .into_iter()
        .filter(|(_, all)| all.contains(dependency))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, [package], "{dependency}: {why}");
}

#[test]
fn sled_is_named_by_the_ledger_only() {
    named_only_by(
        "sled",
        "ledger",
        "its own README calls it beta: it stays replaceable, and what it holds re-derivable",
    );
}

#[test]
fn reqwest_is_named_by_http_only() {
    named_only_by(
        "reqwest",
        "hiresync-http",
        "every request is bounded, paced, redacted and can be simulated",
    );
}

#[test]
fn lettre_is_named_by_notices_only() {
    let why = "mail is the one other way out: whom it reaches, and how secretly, is decided in one place";
    named_only_by("lettre", "notices", why);
}

#[test]
fn the_scheduler_is_named_by_the_binary_only() {
    let why = "it reads the wall clock and spawns each firing: it can neither be paused in a test nor keep runs from overlapping";
    named_only_by("tokio-cron-scheduler", "hiresync", why);
}

#[test]
fn people_and_mapping_do_no_io_and_no_async() {
    for package in ["people", "mapping"] {
        let all = &dependencies()[package];
        for outside in ["tokio", "futures", "async-trait", "hiresync-http", "ledger"] {
            assert!(!all.contains(outside), "{package} names {outside}: plans are tested as tables");
        }
        for (path, text) in sources(&format!("crates/{package}/src")) {
            for door in ["std::fs", "std::net", "std::process", "async fn"] {
                assert!(!text.contains(door), "{} names {door}: plans are tested as tables", path.display());
            }
        }
    }
}

#[test]
fn no_crate_of_ours_allows_unsafe_code_or_leaves_the_shared_lints() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("there is a manifest");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    let mut apart = Vec::new();
    for folder in ["crates", "adapters", "tests"] {
        for entry in std::fs::read_dir(root().join(folder)).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            let Ok(manifest) = std::fs::read_to_string(path.join("Cargo.toml")) else { continue };
            let is_ours = path.join("src").exists();
            if is_ours && !manifest.contains("[lints]\nworkspace = true") {
                apart.push(path.strip_prefix(root()).expect("it is below").to_owned());
            }
        }
    }
    let why = "it stands in for functions of the C library; nothing else has a reason";
    assert_eq!(apart, [PathBuf::from("tests/recorder")], "{why}");
}

#[test]
fn nothing_that_ships_depends_on_the_recorder() {
    named_only_by("recorder", "scenarios", "it stands in for functions of the C library");
}

#[test]
fn the_engine_names_no_vendor() {
    for (path, text) in sources("crates/engine/src") {
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for vendor in ["lever::", "cezanne", "Cezanne", "file_export", "file-export"] {
            assert!(
                !code.contains(vendor),
                "{} names {vendor}: a new adapter cannot break the loop",
                path.display()
            );
        }
    }
}

#[test]
fn the_top_level_holds_what_the_design_card_names() {
    let allowed: BTreeSet<&str> = [
        "Cargo.toml",
        "Cargo.lock",
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "clippy.toml",
        "deny.toml",
        "rustfmt.toml",
        "crates",
        "adapters",
        "systemd",
        "tests",
        "target",
    ]
    .into();
    for entry in std::fs::read_dir(root()).expect("the root can be read") {
        let name = entry.expect("it can be read").file_name().into_string().expect("a plain name");
        assert!(name.starts_with('.') || allowed.contains(name.as_str()), "{name} stands at the top level");
    }
}
