//! Rot: a file of the state folder is cut, zeroed, flipped, emptied, removed, swapped for another, or has a page of another place; then
//! it is opened as the daemon opens it.
//!
//! Either it says so (it begins in recovery, takes the folder for a copy, or refuses it with an error), or no harm was done: it holds
//! what it held. Never silently less, never a panic, never longer than five seconds. One in [`RUN_ONE_IN`] is done once more to another
//! copy, over which the real program runs a cycle: after it, everybody is in the file once.
//!
//! `HIRESYNC_ROT_SEED` and `HIRESYNC_ROTS` replay what is done. Each has a seed of its own, which its finding names: the next one's is
//! one more. The folder is made anew each time.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use ledger::{Origin, StateFolder};
use people::{Clock, SystemClock};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use tokio::time::Instant;

use super::ledger::copy_folder;
use crate::harness::{Comparison, Roster, World, lever::now_ms, number};

const OPENED_WITHIN: Duration = Duration::from_secs(5);
const AT_ONCE: usize = 2;
/// One in so many is done once more to another copy, for a cycle of the real program.
const RUN_ONE_IN: u32 = 8;
const PAGE: usize = 4096;

/// What befalls a file.
#[derive(Debug, Clone)]
enum Rot {
    Cut(usize),
    Zeroed(usize),
    Flipped(usize, u8),
    Removed,
    Emptied,
    Swapped(PathBuf),
    /// A page of it is the one of another place.
    Misplaced(usize, usize),
}

impl Rot {
    fn draw(dice: &mut ChaCha8Rng, length: usize, others: &[PathBuf]) -> Rot {
        let place = dice.random_range(0..length.max(1));
        match dice.random_range(0..20) {
            0..4 => Rot::Cut(place),
            4..8 => Rot::Zeroed(place / PAGE * PAGE),
            8..14 => Rot::Flipped(place, 1 << dice.random_range(0..8)),
            14 => Rot::Removed,
            15 => Rot::Emptied,
            16 => Rot::Swapped(others.choose(dice).unwrap().clone()),
            _ => Rot::Misplaced(place / PAGE * PAGE, dice.random_range(0..length.max(1)) / PAGE * PAGE),
        }
    }

    fn befall(&self, file: &Path, folder: &Path) {
        let mut bytes = fs::read(file).unwrap();
        let length = bytes.len();
        match self {
            Rot::Cut(at) => bytes.truncate(*at),
            Rot::Zeroed(at) => bytes[(*at).min(length)..(at + PAGE).min(length)].fill(0),
            Rot::Flipped(at, bit) => {
                if let Some(byte) = bytes.get_mut(*at) {
                    *byte ^= bit;
                }
            }
            Rot::Removed => return fs::remove_file(file).unwrap(),
            Rot::Emptied => bytes.clear(),
            Rot::Swapped(other) => {
                let other = folder.join(other);
                let theirs = fs::read(&other).unwrap();
                fs::write(other, &bytes).unwrap();
                bytes = theirs;
            }
            Rot::Misplaced(from, to) => {
                let page = bytes[(*from).min(length)..(from + PAGE).min(length)].to_vec();
                let end = (to + page.len()).min(length);
                let to = (*to).min(end);
                bytes[to..end].copy_from_slice(&page[..end - to]);
            }
        }
        fs::write(file, bytes).unwrap();
    }
}

/// What came of opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Unharmed,
    Recovery,
    Refused,
    Copied,
}

/// The world before anything rots.
struct Healthy {
    world: World,
    content: String,
    files: Vec<PathBuf>,
}

impl Healthy {
    fn new() -> Healthy {
        let world = World::empty();
        for nth in 0..12 {
            let somebody = world.lever.hire(&format!("Person{nth} Example"));
            if nth % 4 == 0 {
                world.once(&[]).expect(0);
                world
                    .lever
                    .act(|lever, now| lever.rename(now, &somebody.contact, &format!("Person{nth} Renamed")));
                world.lever.hire_again(&somebody.contact);
            }
        }
        world.once(&[]).expect(0);
        world.assert_exact();
        let copy = Copied::of(&world.setup.state, world.dir());
        let (came, content) = open(copy.state()).expect("it is healthy");
        assert_eq!(came, Came::Unharmed);
        let mut files = Vec::new();
        list(&world.setup.state, Path::new(""), &mut files);
        Healthy { world, content, files }
    }
}

fn list(folder: &Path, below: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            list(folder, &path, files);
        } else {
            files.push(path);
        }
    }
    files.sort();
}

/// A copy of the state folder that stands for the folder itself: its `place` is the same file.
struct Copied(tempfile::TempDir);

impl Copied {
    fn of(state: &Path, beside: &Path) -> Copied {
        let dir = tempfile::tempdir_in(beside).unwrap();
        let copy = dir.path().join("state");
        copy_folder(state, &copy);
        fs::remove_file(copy.join("place")).unwrap();
        fs::hard_link(state.join("place"), copy.join("place")).unwrap();
        Copied(dir)
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }
}

/// As the daemon opens it; and all that is in it. An error is one that the daemon ends with, in words.
fn open(state: PathBuf) -> Result<(Came, String), String> {
    let folder = StateFolder::lock(&state).map_err(|error| error.to_string())?;
    let key = folder.digest_key().map_err(|error| error.to_string())?;
    let opened = folder.open(key, SystemClock.now()).map_err(|error| error.to_string())?;
    let came = match &opened.lost {
        Some(_) => Came::Recovery,
        None if *opened.ledger.origin() != Origin::Fresh => Came::Recovery,
        None if opened.copied => Came::Copied,
        None => Came::Unharmed,
    };
    let mut archive = Vec::new();
    opened.ledger.export(None, SystemClock.now(), &mut archive).map_err(|error| error.to_string())?;
    let archive = String::from_utf8(archive).map_err(|error| error.to_string())?;
    // But the first and the last line, which tell when it was made.
    let lines: Vec<&str> = archive.lines().collect();
    Ok((came, lines[1..lines.len() - 1].join("\n")))
}

/// What must not be. `at` says what happened.
fn judge(healthy: &Healthy, copy: &Copied, at: &str) -> Came {
    let began = Instant::now();
    let opened = catch_unwind(AssertUnwindSafe(|| open(copy.state())));
    let took = began.elapsed();
    assert!(took < OPENED_WITHIN, "{at}: opened after {took:?}");
    let opened = opened.unwrap_or_else(|_| panic!("{at}: a panic came through"));
    match opened {
        Err(_) => Came::Refused,
        Ok((Came::Unharmed, content)) => {
            assert_eq!(content, healthy.content, "{at}: silently, it holds something else");
            Came::Unharmed
        }
        Ok((came, _)) => came,
    }
}

/// A cycle of the real program over the rotten folder.
fn go_on(healthy: &Healthy, copy: &Copied, nth: u64, at: &str) {
    let world = &healthy.world;
    let (state, export) = (copy.state(), copy.0.path().join("roster"));
    copy_folder(&world.setup.export, &export);
    let text = world.config_text().replace(&show(&world.setup.state), &show(&state));
    let config = world.path(&format!("rot-{nth}.toml"));
    fs::write(&config, text.replace(&show(&world.setup.export), &show(&export))).unwrap();
    let args = ["run", "--config", config.to_str().unwrap(), "--once"];
    let said = world.path("said").join(format!("rot-{nth}"));
    let ended = crate::harness::program::run(crate::harness::program::command(&args), &said);
    let roster = Roster::read(&export.join("roster.csv"));
    let found = Comparison::of(&world.lever.account(), world.setup.hired_since, &roster);
    assert!(found.is_exact(), "{at}: {found}\n{ended}");
    assert!(!ended.stderr.contains("panicked at crates"), "{at}: {ended}");
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn whatever_rots_in_the_state_folder_is_said_or_harmless_and_nobody_is_doubled() {
    let seed = number("HIRESYNC_ROT_SEED").unwrap_or_else(now_ms);
    let rots = number("HIRESYNC_ROTS").unwrap_or(200);
    println!(
        "rot: HIRESYNC_ROT_SEED={seed} HIRESYNC_ROTS={rots} cargo test -p scenarios scenarios::rot:: -- --nocapture"
    );
    let began = Instant::now();
    let tally: Mutex<BTreeMap<Came, u64>> = Mutex::default();
    let next = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let healthy = Healthy::new();
                loop {
                    let nth = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if nth >= rots {
                        return;
                    }
                    let came = one(&healthy, seed, nth);
                    *tally.lock().unwrap().entry(came).or_default() += 1;
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    println!("rot: {tally:?}");
    let of = |came: Came| tally.get(&came).copied().unwrap_or_default();
    assert!(
        rots < 100 || of(Came::Recovery) > rots / 10,
        "the damage does not reach what matters: {tally:?}"
    );
    super::figures(
        "rot",
        &[
            ("rots", rots),
            ("unharmed", of(Came::Unharmed)),
            ("recoveries", of(Came::Recovery)),
            ("refused", of(Came::Refused)),
            ("copies", of(Came::Copied)),
            ("seconds", began.elapsed().as_secs()),
        ],
    );
}

fn one(healthy: &Healthy, seed: u64, nth: u64) -> Came {
    let mut dice = ChaCha8Rng::seed_from_u64(seed.wrapping_add(nth));
    let state = &healthy.world.setup.state;
    // Half of it where the records are.
    let db = healthy.files.iter().find(|file| file.ends_with("store/db")).expect("sled has a data file");
    let file = if dice.random_bool(0.5) { db } else { healthy.files.choose(&mut dice).unwrap() };
    let length = fs::metadata(state.join(file)).unwrap().len() as usize;
    let rot = Rot::draw(&mut dice, used(&state.join(file), length), &healthy.files);
    let at =
        format!("HIRESYNC_ROT_SEED={} HIRESYNC_ROTS=1: {} {rot:?}", seed.wrapping_add(nth), file.display());
    let rotten = || {
        let copy = Copied::of(state, healthy.world.dir());
        // `place` is linked to the original: it is made a file of its own before anything befalls it.
        let is_place =
            file.ends_with("place") || matches!(&rot, Rot::Swapped(other) if other.ends_with("place"));
        if is_place {
            let place = copy.state().join("place");
            fs::remove_file(&place).unwrap();
            fs::write(&place, "").unwrap();
        }
        rot.befall(&copy.state().join(file), &copy.state());
        copy
    };
    let came = judge(healthy, &rotten(), &at);
    if dice.random_ratio(1, RUN_ONE_IN) {
        // As it was left: whoever opens it may write to it.
        go_on(healthy, &rotten(), nth, &at);
    }
    came
}

/// sled makes its file longer than what is in it: what befalls the rest befalls nobody.
fn used(file: &Path, length: usize) -> usize {
    let bytes = fs::read(file).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).map_or(length, |last| (last + 1).min(length))
}
