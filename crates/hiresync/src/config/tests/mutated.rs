//! A configuration with one mistake in it never starts, and says where the mistake is and what to do about it.

use std::collections::BTreeMap;

use super::{Desk, SHIPPED, every_key, mutants};

#[test]
fn every_mutated_configuration_is_refused_at_its_line_under_its_path_with_a_remedy() {
    let desk = Desk::new();
    let good = SHIPPED[1..].iter().map(|(_, text)| (*text).to_owned()).chain([every_key()]);
    let (mut counts, mut wrong) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for mutant in good.flat_map(|text| mutants::of(&text)) {
        *counts.entry(mutant.kind).or_default() += 1;
        let changed = mutant.text.lines().nth(mutant.line - 1).unwrap_or_default();
        let Err(faults) = desk.shipped(&mutant.text) else {
            wrong.push(format!("{}: is not refused: {changed}", mutant.kind));
            continue;
        };
        let (line, path) = (format!("hiresync.toml:{}:", mutant.line), format!(": {}: ", mutant.path));
        let is_told = |fault: &String| {
            let told = fault.contains(&line) && fault.contains(&path);
            told && fault.split_once("; ").is_some_and(|(_, remedy)| remedy.contains(&mutant.remedy))
        };
        if !faults.0.iter().any(is_told) {
            let expected = format!("line {}, {}, {}", mutant.line, mutant.path, mutant.remedy);
            wrong.push(format!("{}: {changed}\n  expected {expected}\n  found {faults}", mutant.kind));
        }
    }
    let count: usize = counts.values().sum();
    println!("{count} mutated configurations: {counts:?}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 300, "only {count}: {counts:?}");
    assert!(counts.len() >= 10 && counts.values().all(|&count| count > 0), "{counts:?}");
}
