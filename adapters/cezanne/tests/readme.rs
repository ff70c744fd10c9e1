//! What the README says of the settings is what the settings are.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its own page has nothing to prove")]

use std::{collections::BTreeSet, sync::Arc};

use adapter_sdk::{
    Build, Columns,
    settings::{Node, Reading, Secrets},
};

const README: &str = include_str!("../README.md");
/// Like no key at all, so that a fault names every key there is.
const NO_KEY: &str = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
const MODES: [&str; 2] = ["task", "lever-webhook"];
/// Keys of a target that the adapter never sees.
const OF_EVERY_TARGET: [&str; 8] =
    ["adapter", "enabled", "when", "purpose", "inherit", "write_back", "person", "hire"];

/// Builds it, and says what is wrong.
fn faults(settings: Vec<(String, Node)>) -> (bool, Vec<(String, String)>) {
    let reading = Reading::new("/nowhere", None, Secrets::IfThere);
    let section = reading.section("", Some(Node::Table(settings)));
    let build = Build {
        target: "cezanne".parse().unwrap(),
        columns: Columns::default(),
        clock: Arc::new(people::SystemClock),
        way: http::Way::nowhere(),
    };
    let is_built = (cezanne::REGISTRATION.build)(section, build).is_some();
    let faults = reading.faults().into_iter();
    (is_built, faults.map(|fault| (fault.path, format!("{}; {}", fault.problem, fault.remedy))).collect())
}

/// The keys that a table takes, by what it says to one that it does not take.
fn known_in(table: &str, faults: &[(String, String)]) -> Option<Vec<String>> {
    let path = if table.is_empty() { NO_KEY.to_owned() } else { format!("{table}.{NO_KEY}") };
    let (_, said) = faults.iter().find(|(at, _)| *at == path)?;
    let (_, keys) = said.split_once("known here: ")?;
    Some(keys.split(", ").map(str::to_owned).collect())
}

/// Every key of the settings in both modes, a table's keys after its name and a dot.
fn settings() -> BTreeSet<String> {
    let unknown = || (NO_KEY.to_owned(), Node::Integer(1));
    let mut all = BTreeSet::new();
    for mode in MODES {
        let word = || ("new_starter".to_owned(), Node::Text(mode.to_owned()));
        let (_, said) = faults(vec![word(), unknown()]);
        let top = known_in("", &said).unwrap().into_iter().chain(of_one_mode());
        for key in top.collect::<BTreeSet<_>>() {
            let table = (key.clone(), Node::Table(vec![unknown()]));
            let (_, said) = faults(vec![word(), table]);
            match known_in(&key, &said) {
                Some(inner) => all.extend(inner.iter().map(|inner| format!("{key}.{inner}"))),
                None => drop(all.insert(key)),
            }
        }
    }
    // Some tables are read in one mode only, and their keys are known from there.
    let tables: BTreeSet<String> =
        all.iter().filter_map(|key| Some(key.split_once('.')?.0.to_owned())).collect();
    &all - &tables
}

/// Keys that are refused in the other mode. Some are read only where they stand, so that no fault names them.
fn of_one_mode() -> Vec<String> {
    let source = include_str!("../src/config.rs");
    let lists = source.split("\nconst OF_").skip(1).filter_map(|list| list.split("];").next());
    let words = lists.flat_map(|list| list.split('"').skip(1).step_by(2));
    words.map(str::to_owned).collect()
}

#[test]
fn every_setting_is_in_the_table_and_nothing_else_is() {
    let (_, table) = README.split_once("<!-- settings -->").unwrap();
    let (table, _) = table.split_once("<!-- /settings -->").unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let told: Vec<String> = rows.map(|(key, _)| key.to_owned()).collect();
    let settings = settings();
    assert!(settings.len() > 30, "{settings:?}");
    assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), settings);
    assert_eq!(told.len(), settings.len(), "each once");
}

#[test]
fn every_configuration_on_the_page_builds() {
    let blocks = README.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let blocks: Vec<&str> = blocks.collect();
    let (whole, pieces): (Vec<&str>, Vec<&str>) =
        blocks.into_iter().partition(|block| block.starts_with("[lever]"));
    assert_eq!((whole.len(), pieces.len()), (3, 1));
    // A piece stands beside the smallest whole.
    let pieces = pieces.iter().map(|piece| format!("{}\n{piece}", whole[0]));
    for text in whole.iter().map(|text| (*text).to_owned()).chain(pieces) {
        let Node::Table(tables) = toml::from_str(&text).unwrap() else { panic!("a table") };
        let targets = tables.into_iter().find(|(name, _)| name == "targets");
        let Some((_, Node::Table(targets))) = targets else { panic!("a target") };
        for (_, target) in targets {
            let Node::Table(mut settings) = target else { panic!("a table") };
            settings.retain(|(key, _)| !OF_EVERY_TARGET.contains(&key.as_str()));
            let (is_built, faults) = faults(settings);
            assert!(is_built && faults.is_empty(), "{text}\n{faults:?}");
        }
    }
}

#[test]
fn every_obstacle_has_its_row() {
    let words = include_str!("../src/words.rs");
    let codes = words.split("obstacle(\n").skip(1).filter_map(|rest| rest.trim_start().split('"').nth(1));
    let codes: BTreeSet<&str> = codes.collect();
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert!(README.contains(&format!("`{code}`")), "{code} has no row");
    }
}
