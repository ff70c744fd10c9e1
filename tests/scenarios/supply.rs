//! What hiresync is built from: where it comes from, under which licence, how much of it there is, and that nothing of the workshop
//! is in what ships. Over `cargo metadata` and `cargo tree`, without the network. The rules are those of `deny.toml`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Packages in what ships, ours included. More is a decision: change the number, and say in ARCHITECTURE.md what the package is for.
const SHIPPED_MAX: usize = 257;
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const SHIPPED_FOR: &str = "x86_64-unknown-linux-gnu";

#[test]
fn everything_is_from_the_one_registry_and_pinned_by_its_checksum() {
    for package in list(&lock(), "package") {
        let name = package["name"].as_str().unwrap();
        match package.get("source").and_then(toml::Value::as_str) {
            Some(source) => {
                assert_eq!(source, CRATES_IO, "{name} comes from elsewhere");
                assert!(package.get("checksum").is_some(), "{name} is not pinned");
            }
            None => assert!(ours().contains_key(name), "{name} is neither ours nor from a registry"),
        }
    }
}

#[test]
fn everything_is_under_a_licence_that_is_allowed() {
    let rules = deny();
    let allowed: BTreeSet<&str> = list(rules["licenses"].as_table().unwrap(), "allow")
        .into_iter()
        .map(|it| it.as_str().unwrap())
        .collect();
    for package in metadata(&[])["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_met(licence, &allowed), "{}: {licence:?} is not allowed by deny.toml", package["name"]);
    }
    assert!(
        !is_met("GPL-3.0-only", &allowed)
            && !is_met("", &allowed)
            && !is_met("MIT AND GPL-3.0-only", &allowed)
    );
    assert!(
        is_met("GPL-2.0-only OR (MIT AND (ISC OR GPL-3.0-only))", &allowed)
            && is_met("GPL-3.0/MIT", &allowed)
    );
}

#[test]
fn no_dependency_is_taken_in_just_any_version() {
    for package in ours().values() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let is_by_path = dependency.get("path").is_some_and(Value::is_string);
            assert!(is_by_path || dependency["req"] != "*", "{} of {}", dependency["name"], package["name"]);
        }
    }
}

#[test]
fn every_dependency_is_used_where_its_manifest_names_it() {
    for (package, manifest) in ours() {
        let folder = PathBuf::from(manifest["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned();
        let all = code_in(&folder);
        let ships: Vec<&str> = all.iter().filter_map(|(file, text)| shipped(&folder, file, text)).collect();
        let dependencies = manifest["dependencies"].as_array().unwrap();
        for dependency in
            dependencies.iter().filter(|one| !ONLY_SWITCHED.contains(&(package.as_str(), name_of(one))))
        {
            let path = format!("{}::", name_of(dependency).replace('-', "_"));
            let is_used = match dependency["kind"].as_str() {
                Some("dev") => all.values().any(|text| mentions(text, &path)),
                _ => ships.iter().any(|text| mentions(text, &path)),
            };
            assert!(is_used, "{package} depends on {} and never says {path}", name_of(dependency));
        }
    }
    assert!(
        mentions("use serde::Serialize;", "serde::") && !mentions("use toml_serde::Serialize;", "serde::")
    );
}

#[test]
fn unsafe_code_is_forbidden_in_every_package_of_ours_but_the_recorder_of_the_tests() {
    for (name, package) in ours() {
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let lints = read(&manifest)["lints"].clone();
        let inherits = lints.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        assert_eq!(inherits, name != "recorder", "{name}: who has lints of its own");
        if !inherits {
            assert_eq!(lints["clippy"]["undocumented_unsafe_blocks"].as_str(), Some("deny"), "{name}");
        }
    }
    let shipped = tree(&["-p", "hiresync", "-e", "normal", "--prefix", "none", "--format", "{p}"]);
    assert!(!shipped.lines().any(|line| line.starts_with("recorder ")), "the recorder ships");
    let workspace: toml::Table = read(&root().join("Cargo.toml"));
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
}

#[test]
fn what_ships_is_no_more_than_was_decided() {
    let shipped: BTreeSet<String> =
        tree(&["-p", "hiresync", "-e", "normal", "--prefix", "none", "--format", "{p}"])
            .lines()
            .filter_map(|line| {
                Some(line.split(' ').take(2).collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty())
            })
            .collect();
    println!("{} packages in what ships, {} of them ours", shipped.len(), ours().len());
    assert!(shipped.len() > 100, "the list is not what it seems: {shipped:?}");
    assert!(shipped.len() <= SHIPPED_MAX, "{} packages, at most {SHIPPED_MAX} were decided", shipped.len());
}

#[test]
fn nothing_can_be_planted_in_what_ships() {
    let arms = |package: &str| {
        let tree = tree(&["-p", package, "-e", "normal,features", "-i", "planted"]);
        assert!(tree.contains("planted"), "{package} does not name it at all");
        tree.contains("planted feature \"armed\"")
    };
    assert!(!arms("hiresync"), "a mistake can be planted in what ships");
    assert!(arms("scenarios"), "the program under test is armed: or else this test would notice nothing");
}

#[test]
fn each_exception_has_a_day_a_reason_and_a_way_out_and_is_still_needed() {
    let (rules, lock) = (deny(), lock());
    let ignored = list(rules["advisories"].as_table().unwrap(), "ignore");
    for exception in ignored {
        let (id, reason) = (exception["id"].as_str().unwrap(), exception["reason"].as_str().unwrap());
        let (day, rest) = reason.split_once(", ").unwrap_or_default();
        assert!(day.parse::<people::Date>().is_ok(), "{id} has no day: {reason}");
        assert!(rest.contains("Way out:"), "{id} has no way out: {reason}");
        let mut words = rest.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is_there = list(&lock, "package").into_iter().any(|package| {
            package["name"].as_str() == Some(name) && package["version"].as_str() == Some(version)
        });
        assert!(
            is_there,
            "{id}: {name} {version} is not built in any more; take the exception out of deny.toml"
        );
    }
}

/// Whether a licence, as a manifest words it, can be met by what is allowed. `/` is an old word for OR.
fn is_met(licence: &str, allowed: &BTreeSet<&str>) -> bool {
    let text =
        licence.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "\u{0}");
    let words: Vec<String> = text.split_whitespace().map(|word| word.replace('\u{0}', " WITH ")).collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(rest: &mut &[String], allowed: &BTreeSet<&str>) -> bool {
    let mut is_met = all(rest, allowed);
    while taken(rest, "OR") {
        is_met |= all(rest, allowed);
    }
    is_met
}

fn all(rest: &mut &[String], allowed: &BTreeSet<&str>) -> bool {
    let mut is_met = one(rest, allowed);
    while taken(rest, "AND") {
        is_met &= one(rest, allowed);
    }
    is_met
}

fn one(rest: &mut &[String], allowed: &BTreeSet<&str>) -> bool {
    if taken(rest, "(") {
        let is_met = any(rest, allowed);
        return taken(rest, ")") && is_met;
    }
    let Some((word, others)) = rest.split_first() else { return false };
    *rest = others;
    allowed.contains(word.as_str())
}

fn taken(rest: &mut &[String], word: &str) -> bool {
    let is_next = rest.first().is_some_and(|next| next == word);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}

/// Named for a feature that it switches on, and not for its items: the package, and what it depends on.
const ONLY_SWITCHED: [(&str, &str); 1] = [("recorder", "rustix")];

/// What a package calls what it depends on.
fn name_of(dependency: &Value) -> &str {
    dependency["rename"].as_str().or(dependency["name"].as_str()).unwrap()
}

fn mentions(text: &str, path: &str) -> bool {
    let is_inside = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    text.match_indices(path).any(|(at, _)| !is_inside(&text[..at]))
}

/// Every file of Rust in a folder.
fn code_in(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(code_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(path.clone(), std::fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// The part of a file that is no test. All of it, in a package without `src`.
fn shipped<'t>(folder: &Path, file: &Path, text: &'t str) -> Option<&'t str> {
    let src = folder.join("src");
    if !src.is_dir() {
        return Some(text);
    }
    let mut parts = file.strip_prefix(&src).ok()?.components();
    let (code, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    (!parts.any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")).then_some(code)
}

fn ours() -> BTreeMap<String, Value> {
    let metadata = metadata(&["--no-deps"]);
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (package["name"].as_str().unwrap().to_owned(), package.clone())).collect()
}

fn metadata(more: &[&str]) -> Value {
    let filter = ["metadata", "--format-version=1", "--filter-platform", SHIPPED_FOR];
    serde_json::from_str(&cargo(&[&filter, more].concat())).expect("cargo metadata is JSON")
}

fn tree(words: &[&str]) -> String {
    cargo(&[&["tree", "--target", SHIPPED_FOR], words].concat())
}

/// Cargo, over what is locked and here.
fn cargo(words: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO")).args(words).args(["--locked", "--offline"]).current_dir(root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

fn list<'t>(table: &'t toml::Table, name: &str) -> Vec<&'t toml::Value> {
    table[name].as_array().unwrap().iter().collect()
}

fn lock() -> toml::Table {
    read(&root().join("Cargo.lock"))
}

fn deny() -> toml::Table {
    read(&root().join("deny.toml"))
}

fn read(path: &Path) -> toml::Table {
    std::fs::read_to_string(path)
        .unwrap()
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
