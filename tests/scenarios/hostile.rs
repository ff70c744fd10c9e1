//! The bodies of the fuzz targets, over their seeds and mutations of them: what a fuzzer does for hours, every run does for
//! seconds. `tests/README.md` says how to run the fuzzer itself.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

/// Mutations of each seed.
const MUTATIONS: u64 = 2_000;
/// And of each answer of Lever's, which comes in by fourteen doors.
const MUTATIONS_AT_A_DOOR: u64 = 150;
/// What a fuzzer kept is short, or it is not committed.
const KEPT_BYTES_MAX: u64 = 4 << 10;

#[test]
fn no_expression_and_nothing_that_lever_says_can_make_the_mapping_panic() {
    over_seeds(&["fuzz/seeds/expression"], MUTATIONS, bodies::expression);
}

#[test]
fn no_text_as_a_configuration_can_make_the_program_panic() {
    over_seeds(&["../systemd", "../systemd/examples"], MUTATIONS, bodies::configuration);
}

#[test]
fn nothing_that_lever_answers_or_sends_can_make_its_client_panic() {
    for door in bodies::lever::DOORS {
        let (understood, refused) = (Cell::new(0), Cell::new(0));
        over_seeds(&["fuzz/seeds/lever"], MUTATIONS_AT_A_DOOR, |data| {
            let count = if bodies::lever::door(door, data) { &understood } else { &refused };
            count.set(count.get() + 1);
        });
        assert!(understood.get() > 100 && refused.get() > 100, "{door}: {understood:?}, {refused:?}");
    }
}

#[test]
fn nothing_that_cezanne_answers_can_make_the_adapter_panic_and_no_name_breaks_a_filter() {
    for door in bodies::cezanne::DOORS {
        let understood = Cell::new(0);
        over_seeds(&[&format!("fuzz/seeds/{door}")], MUTATIONS, |data| {
            understood.set(understood.get() + u64::from(bodies::cezanne::door(door, data)));
        });
        assert!(understood.get() > MUTATIONS / 10, "{door}: {understood:?}");
    }
}

#[test]
fn no_file_of_ours_no_list_of_anybodys_and_no_request_can_make_the_program_panic() {
    for door in bodies::ours::DOORS {
        let understood = Cell::new(0);
        over_seeds(&[&format!("fuzz/seeds/{door}")], MUTATIONS, |data| {
            understood.set(understood.get() + u64::from(bodies::ours::door(door, data)));
        });
        assert!(understood.get() > MUTATIONS / 100, "{door}: {understood:?}");
    }
}

#[test]
fn what_the_fuzzer_found_worth_keeping_still_makes_nothing_panic() {
    let mut replayed = 0;
    for target in targets() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(&target);
        let listed = fs::read_dir(&folder)
            .unwrap_or_else(|_| panic!("{target} has no corpus; README.md says how to make it"));
        let mut count = 0;
        for file in listed {
            let path = file.expect("it is listed").path();
            let data = fs::read(&path).expect("it can be read");
            assert!(data.len() as u64 <= KEPT_BYTES_MAX, "{} is too long to be kept", path.display());
            body(&target, &data);
            count += 1;
        }
        assert!(count > 0, "the corpus of {target} is empty; README.md says how to make it");
        replayed += count;
    }
    println!("{replayed} inputs of {} targets", targets().len());
}

/// Every fuzz target, by the manifest of the fuzzer.
fn targets() -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml");
    let manifest: toml::Table =
        fs::read_to_string(manifest).expect("it is there").parse().expect("it is TOML");
    let bins = manifest["bin"].as_array().expect("there are targets");
    bins.iter().map(|bin| bin["name"].as_str().expect("it has a name").to_owned()).collect()
}

/// What the target of that name runs.
fn body(target: &str, data: &[u8]) {
    match target {
        "expression" => bodies::expression(data),
        "configuration" => bodies::configuration(data),
        door if bodies::lever::DOORS.contains(&door) => _ = bodies::lever::door(door, data),
        door if bodies::cezanne::DOORS.contains(&door) => _ = bodies::cezanne::door(door, data),
        door => _ = bodies::ours::door(door, data),
    }
}

fn over_seeds(folders: &[&str], mutations: u64, body: impl Fn(&[u8])) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = folders.iter().flat_map(|folder| fs::read_dir(tests.join(folder)).expect("there are seeds"));
    let files = listed.map(|file| file.expect("it is listed").path());
    // A seed is an expression or an answer, which have no extension, or a configuration.
    let is_seed =
        |path: &PathBuf| path.is_file() && path.extension().is_none_or(|extension| extension == "toml");
    let mut seeds: Vec<Vec<u8>> =
        files.filter(is_seed).map(|path| fs::read(path).expect("it can be read")).collect();
    seeds.sort();
    assert!(!seeds.is_empty());
    for seed in &seeds {
        body(seed);
        for number in 0..mutations {
            let mut random = ChaCha8Rng::seed_from_u64(number);
            body(&mutated(seed, &seeds, &mut random));
        }
    }
}

/// A few bytes dropped, doubled, swapped, made up, or taken from another seed.
fn mutated(seed: &[u8], seeds: &[Vec<u8>], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        let end = (at + random.random_range(0..12)).min(bytes.len());
        match random.random_range(0..5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            2 => {
                let made_up = random.random_range(0..=255u8);
                bytes.insert(at, made_up);
            }
            3 => {
                let sign = b"|().'\"[]{}=,~*\n"[random.random_range(0..15)];
                bytes.insert(at, sign);
            }
            _ => {
                let other = &seeds[random.random_range(0..seeds.len())];
                let from = random.random_range(0..=other.len());
                let to = (from + random.random_range(0..30)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}
