//! The plug pulled: the disks that a machine may be left with, made from a trace of everything that the program wrote.
//!
//! The real program runs with `recorder` before it. A moment of its trace is drawn; what was synced by then is on the disk, and of
//! the rest a part that is drawn too (`Disk::image`):
//!
//! * of a file, each sector of 512 bytes holds what it held after some of the writes since it was last synced: dropped, torn, reordered;
//! * of the names in a folder, those up to some operation since the folder was last synced. A rename is there or not, in both folders.
//!
//! Only fsync and fdatasync make anything durable, and of a name only that of its folder does.
//!
//! Each image is opened as the daemon opens it. What must hold: it opens, and not as one that lost something; every step that the
//! program had acknowledged by then is in it; and each row that HR can read is backed by a mark or an agreement. Over one in
//! [`RUN_ONE_IN`] of the random ones, laid out once more, the program itself runs a cycle and a full one, after which everybody is there
//! once.
//!
//! `HIRESYNC_POWER_SEED` and `HIRESYNC_POWER_IMAGES` replay what is drawn. The trace is made anew each time: over one that is longer or
//! shorter, the same seed draws other images.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use ledger::{Origin, StateFolder};
use people::{Clock, OpportunityId, SystemClock};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recorder::Event;
use tokio::time::Instant;

use super::crash::hires_that_may_be_over_there;
use crate::harness::{
    Roster, World,
    lever::now_ms,
    number,
    program::{recorded, run},
};

const SECTOR: usize = 512;

// ------------------------------------------------------------------------------------------------- the disk

/// A file or a folder, whatever it is called.
type Node = usize;

/// What was done to a file since it was last synced.
#[derive(Debug, Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Cut(usize),
}

#[derive(Debug, Clone)]
enum Inode {
    Folder,
    File { durable: Vec<u8>, pending: Vec<Change> },
}

/// What was done to names. A name is a folder's node and a word.
#[derive(Debug, Clone)]
enum Naming {
    Put { folder: Node, name: String, node: Node },
    Take { folder: Node, name: String },
    Move { from: (Node, String), to: (Node, String) },
}

impl Naming {
    fn folders(&self) -> Vec<Node> {
        match self {
            Naming::Put { folder, .. } | Naming::Take { folder, .. } => vec![*folder],
            Naming::Move { from, to } => vec![from.0, to.0],
        }
    }
}

type Names = BTreeMap<(Node, String), Node>;

fn apply(names: &mut Names, naming: &Naming) {
    match naming {
        Naming::Put { folder, name, node } => {
            names.insert((*folder, name.clone()), *node);
        }
        Naming::Take { folder, name } => {
            names.remove(&(*folder, name.clone()));
        }
        Naming::Move { from, to } => {
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

/// A disk and the kernel's memory of it.
#[derive(Debug, Clone, Default)]
struct Disk {
    /// The folders that were there before: they stay.
    roots: BTreeMap<PathBuf, Node>,
    inodes: Vec<Inode>,
    /// As the program sees them.
    seen: Names,
    durable: Names,
    pending: Vec<Naming>,
    /// The step that the witness was told of last.
    witnessed: u64,
    /// The last step that the program acknowledged.
    acknowledged: u64,
}

impl Disk {
    fn with_roots(roots: &[&Path]) -> Disk {
        let mut disk = Disk::default();
        for root in roots {
            let node = disk.new_inode(Inode::Folder);
            disk.roots.insert(root.to_path_buf(), node);
        }
        disk
    }

    fn new_inode(&mut self, inode: Inode) -> Node {
        self.inodes.push(inode);
        self.inodes.len() - 1
    }

    fn node(&self, path: &Path) -> Option<Node> {
        if let Some(root) = self.roots.get(path) {
            return Some(*root);
        }
        let (folder, name) = self.name(path)?;
        self.seen.get(&(folder, name)).copied()
    }

    fn name(&self, path: &Path) -> Option<(Node, String)> {
        Some((self.node(path.parent()?)?, path.file_name()?.to_string_lossy().into_owned()))
    }

    fn rename(&mut self, naming: Naming) {
        apply(&mut self.seen, &naming);
        self.pending.push(naming);
    }

    fn create(&mut self, path: &Path, inode: Inode) {
        let (folder, name) = self.name(path).unwrap_or_else(|| panic!("nobody made the folder of {path:?}"));
        let node = self.new_inode(inode);
        self.rename(Naming::Put { folder, name, node });
    }

    fn change(&mut self, path: &Path, change: Change) {
        // A file that was removed while it was open is nobody's any more.
        let Some(node) = self.node(path) else { return };
        let Inode::File { pending, .. } = &mut self.inodes[node] else { panic!("{path:?} is a folder") };
        pending.push(change);
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Created(path) => {
                self.create(path, Inode::File { durable: Vec::new(), pending: Vec::new() });
            }
            Event::FolderMade(path) => self.create(path, Inode::Folder),
            Event::Written { path, at, bytes } => {
                if path.ends_with("witness") {
                    self.witnessed = newest_serial(bytes).expect("the witness is told of a step");
                }
                self.change(path, Change::Write { at: *at as usize, bytes: bytes.clone() });
            }
            Event::Cut { path, length } => self.change(path, Change::Cut(*length as usize)),
            Event::Renamed { from, to } => {
                if let Some((from, to)) = self.name(from).zip(self.name(to)) {
                    self.rename(Naming::Move { from, to });
                }
            }
            Event::Removed(path) => {
                if let Some((folder, name)) = self.name(path) {
                    self.rename(Naming::Take { folder, name });
                }
            }
            Event::Synced(path) => self.sync(path),
            Event::Mark(_) => self.acknowledged = self.witnessed,
        }
    }

    fn sync(&mut self, path: &Path) {
        let Some(node) = self.node(path) else { return };
        match &mut self.inodes[node] {
            Inode::File { durable, pending } => {
                for change in std::mem::take(pending) {
                    change.make(durable);
                }
            }
            Inode::Folder => self.sync_names(node),
        }
    }

    /// What happened in the folder is durable, and whatever came before that in the folders that it had to do with.
    fn sync_names(&mut self, folder: Node) {
        let mut folders: BTreeSet<Node> = [folder].into();
        let mut rest = Vec::new();
        let mut done = Vec::new();
        for naming in std::mem::take(&mut self.pending).into_iter().rev() {
            let touched = naming.folders();
            if touched.iter().any(|folder| folders.contains(folder)) {
                folders.extend(touched);
                done.push(naming);
            } else {
                rest.push(naming);
            }
        }
        rest.reverse();
        self.pending = rest;
        done.iter().rev().for_each(|naming| apply(&mut self.durable, naming));
    }

    /// The disk after the plug was pulled: the content of everything that has a name.
    fn image(&self, luck: Luck, dice: &mut ChaCha8Rng) -> Files {
        let names = self.names_left(luck, dice);
        let mut files = Files::new();
        for (root, node) in &self.roots {
            self.fill(*node, root, &names, luck, dice, &mut files);
        }
        files
    }

    /// In each folder what was done up to some moment.
    fn names_left(&self, luck: Luck, dice: &mut ChaCha8Rng) -> Names {
        let mut names = self.durable.clone();
        let mut over: BTreeSet<Node> = BTreeSet::new();
        for naming in &self.pending {
            let folders = naming.folders();
            let came = !folders.iter().any(|folder| over.contains(folder)) && luck.comes(dice);
            if came {
                apply(&mut names, naming);
            } else {
                over.extend(folders);
            }
        }
        names
    }

    fn fill(
        &self,
        folder: Node,
        path: &Path,
        names: &Names,
        luck: Luck,
        dice: &mut ChaCha8Rng,
        files: &mut Files,
    ) {
        files.insert(path.to_owned(), None);
        let inside = names.range((folder, String::new())..(folder + 1, String::new()));
        for ((_, name), node) in inside {
            let path = path.join(name);
            match &self.inodes[*node] {
                Inode::Folder => self.fill(*node, &path, names, luck, dice, files),
                Inode::File { durable, pending } => {
                    files.insert(path, Some(content_left(durable, pending, luck, dice)));
                }
            }
        }
    }

    /// The disk as the kernel sees it.
    fn whole(&self) -> Files {
        let mut disk = self.clone();
        disk.durable = disk.seen.clone();
        disk.pending.clear();
        disk.image(Luck::Everything, &mut ChaCha8Rng::seed_from_u64(0))
    }
}

impl Change {
    fn make(&self, content: &mut Vec<u8>) {
        match self {
            Change::Write { at, bytes } => {
                let end = at + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(bytes);
            }
            Change::Cut(length) => content.resize(*length, 0),
        }
    }
}

/// Paths with their contents; none for a folder.
type Files = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// How much of what was not synced is on the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Luck {
    Nothing,
    Everything,
    /// Each with this chance.
    Some(f64),
}

impl Luck {
    fn draw(dice: &mut ChaCha8Rng) -> Luck {
        match dice.random_range(0..10) {
            0 => Luck::Nothing,
            1 => Luck::Everything,
            2..6 => Luck::Some(0.5),
            6..8 => Luck::Some(0.9),
            _ => Luck::Some(0.1),
        }
    }

    fn comes(self, dice: &mut ChaCha8Rng) -> bool {
        match self {
            Luck::Nothing => false,
            Luck::Everything => true,
            Luck::Some(chance) => dice.random_bool(chance),
        }
    }

    /// How many of the changes a sector, or the length, has seen.
    fn seen(self, changes: usize, dice: &mut ChaCha8Rng) -> usize {
        match self {
            Luck::Nothing => 0,
            Luck::Everything => changes,
            Luck::Some(chance) if dice.random_bool(chance) => changes,
            Luck::Some(_) => dice.random_range(0..=changes),
        }
    }
}

fn content_left(durable: &[u8], pending: &[Change], luck: Luck, dice: &mut ChaCha8Rng) -> Vec<u8> {
    let mut states = vec![durable.to_vec()];
    if pending.is_empty() {
        return durable.to_vec();
    }
    // The states that the file went through are kept only where few; else some of them stand for all.
    for (nth, change) in pending.iter().enumerate() {
        let mut next = states.last().expect("there is the durable one").clone();
        change.make(&mut next);
        if nth + STATES_MAX < pending.len() {
            states.pop();
        }
        states.push(next);
    }
    states[0] = durable.to_vec();
    let last = states.len() - 1;
    let length = states[luck.seen(last, dice)].len();
    let mut content = vec![0; length];
    for (nth, sector) in content.chunks_mut(SECTOR).enumerate() {
        let state = &states[luck.seen(last, dice)];
        let from = (nth * SECTOR).min(state.len());
        let to = (from + sector.len()).min(state.len());
        sector[..to - from].copy_from_slice(&state[from..to]);
    }
    content
}

const STATES_MAX: usize = 12;

// ------------------------------------------------------------------------------------------------- the trace

/// A world whose program was recorded, and what it wrote.
struct Recorded {
    world: World,
    events: Vec<Event>,
}

/// A day's run is killed here, and made once more: what a killed process left to the kernel is lost as easily.
const KILLED_AT: [Option<&str>; 6] = [
    None,
    Some("commit-applied:4"),
    Some("export-published"),
    Some("commit-flushed:3"),
    Some("store-opened"),
    Some("answered"),
];

/// Some days of recruiters' work.
fn record() -> Recorded {
    let world = World::empty();
    for name in ["Ada Example", "Ben Example", "Cleo Example"] {
        world.lever.hire(name);
    }
    for root in [&world.setup.state, &world.setup.export] {
        fs::DirBuilder::new().mode(0o750).create(root).unwrap();
    }
    let log = world.path("trace");
    for (day, killed_at) in KILLED_AT.into_iter().enumerate() {
        let somebody = world.lever.hire(&format!("Day{day} Example"));
        if day % 2 == 1 {
            world.lever.act(|lever, now| lever.rename(now, &somebody.contact, &format!("Day{day} Renamed")));
            world.lever.hire_again(&somebody.contact);
        }
        if let Some(point) = killed_at {
            let mut program = program_of(&world, &log);
            program.env("HIRESYNC_DIES_AT", point);
            let ended = run(program, &world.said());
            assert_eq!(ended.code, None, "it never came to {point}: {ended}");
        }
        run(program_of(&world, &log), &world.said()).expect(0);
    }
    world.assert_exact();
    let events = recorder::events(&fs::read(&log).unwrap()).expect("the trace is whole");
    let recorded = Recorded { world, events };
    recorded.is_complete();
    recorded
}

/// A cycle of the program, recorded.
fn program_of(world: &World, log: &Path) -> Command {
    let mut program = recorded();
    program.args(["run", "--config", world.config().to_str().unwrap(), "--once"]);
    let roots = [&world.setup.state, &world.setup.export].map(|root| root.to_str().unwrap());
    program.env("HIRESYNC_RECORD", roots.join(":")).env("HIRESYNC_RECORD_LOG", log);
    program
}

impl Recorded {
    fn disk(&self) -> Disk {
        Disk::with_roots(&[&self.world.setup.state, &self.world.setup.export])
    }

    fn disk_at(&self, moment: usize) -> Disk {
        let mut disk = self.disk();
        self.events[..moment].iter().for_each(|event| disk.take(event));
        disk
    }

    /// Nothing slipped past the recorder.
    fn is_complete(&self) {
        let mut there = Files::new();
        for root in [&self.world.setup.state, &self.world.setup.export] {
            read_all(root, &mut there);
        }
        let made = self.disk_at(self.events.len()).whole();
        let paths = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(paths(&made), paths(&there), "the trace has other files than the folders");
        for (path, content) in &there {
            assert!(made[path] == *content, "the trace has another content of {}", path.display());
        }
        assert!(self.disk_at(self.events.len()).acknowledged > 10, "the steps are in the trace");
    }
}

fn read_all(folder: &Path, files: &mut Files) {
    files.insert(folder.to_owned(), None);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, files);
        } else {
            files.insert(path.clone(), Some(fs::read(&path).unwrap()));
        }
    }
}

// ------------------------------------------------------------------------------------------------- the images

/// Where an image is laid out.
struct Laid {
    dir: tempfile::TempDir,
}

impl Laid {
    fn out(recorded: &Recorded, files: &Files) -> Laid {
        // On the same disk as the original: the file `place` of a folder is put back as itself.
        let dir = tempfile::tempdir_in(recorded.world.dir()).unwrap();
        let laid = Laid { dir };
        for (path, content) in files {
            let to = laid.path(recorded, path);
            match content {
                None => fs::DirBuilder::new().mode(0o750).create(&to).unwrap(),
                Some(_) if path.ends_with("place") => {
                    fs::hard_link(recorded.world.setup.state.join("place"), &to).unwrap();
                }
                Some(content) => {
                    let mut file = fs::OpenOptions::new()
                        .write(true)
                        .create(true)
                        .truncate(true)
                        .mode(0o640)
                        .open(&to)
                        .unwrap();
                    std::io::Write::write_all(&mut file, content).unwrap();
                }
            }
        }
        laid
    }

    fn path(&self, recorded: &Recorded, path: &Path) -> PathBuf {
        self.dir.path().join(path.strip_prefix(recorded.world.dir()).unwrap())
    }

    fn state(&self, recorded: &Recorded) -> PathBuf {
        self.path(recorded, &recorded.world.setup.state)
    }

    fn export(&self, recorded: &Recorded) -> PathBuf {
        self.path(recorded, &recorded.world.setup.export)
    }
}

/// What must not be. A ledger that says what it lost doubles nobody, and yet it has lost what was acknowledged.
fn judge(recorded: &Recorded, disk: &Disk, laid: &Laid) -> Result<(), String> {
    let state = laid.state(recorded);
    let folder =
        StateFolder::lock(&state).map_err(|error| format!("its folder cannot be locked: {error}"))?;
    let key = folder.digest_key().map_err(|error| format!("no key: {error}"))?;
    let opened = folder.open(key, SystemClock.now()).map_err(|error| format!("it does not open: {error}"))?;
    if opened.copied {
        return Err("it is taken for a copy".to_owned());
    }
    if let Some(lost) = opened.lost {
        return Err(format!("the ledger is lost: {lost}"));
    }
    let origin = opened.ledger.origin().clone();
    if origin != Origin::Fresh {
        return Err(format!("the ledger was lost: {origin:?}"));
    }
    let standings = opened.ledger.standings(&"roster".parse().unwrap(), None, usize::MAX);
    let standings = standings.map_err(|error| format!("it cannot be read: {error}"))?;
    let backed: BTreeSet<OpportunityId> =
        standings.iter().flat_map(|(_, standing)| hires_that_may_be_over_there(standing)).collect();
    for row in Roster::read(&laid.export(recorded).join("roster.csv")).rows {
        let hire: OpportunityId = row["hire_id"].parse().map_err(|_| "a row without an id".to_owned())?;
        if !backed.contains(&hire) {
            return Err(format!("a row of {hire} that the ledger knows nothing of"));
        }
    }
    // One step more shows how far it had come.
    let written = opened.ledger.write(|draft| {
        draft.put_note("power", "1");
        Ok(())
    });
    let _ = written.map_err(|error| format!("it takes no step: {error}"))?;
    let serial = serial_of(&state) - 1;
    if serial < disk.acknowledged {
        return Err(format!("{} steps were acknowledged, and it holds {serial}", disk.acknowledged));
    }
    Ok(())
}

fn serial_of(state: &Path) -> u64 {
    newest_serial(&fs::read(state.join("witness")).unwrap()).expect("a step was just written")
}

/// The newest serial that a witness names: a lineage, a number and a checksum in each of its lines.
fn newest_serial(witness: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(witness);
    let serials = text.lines().filter_map(|line| u64::from_str_radix(line.split(' ').nth(1)?, 16).ok());
    serials.max()
}

/// Runs the program over an image, and compares with Lever's truth.
fn go_on(recorded: &Recorded, laid: &Laid, nth: u64) -> Result<(), String> {
    let world = &recorded.world;
    let text = world.config_text();
    let text =
        text.replace(&world.setup.state.display().to_string(), &laid.state(recorded).display().to_string());
    let text =
        text.replace(&world.setup.export.display().to_string(), &laid.export(recorded).display().to_string());
    let config = world.path(&format!("image-{nth}.toml"));
    fs::write(&config, text).unwrap();
    for full in [&[][..], &["--full"]] {
        let ended = world.run(&[&["run", "--config", config.to_str().unwrap(), "--once"], full].concat());
        if ended.code != Some(0) {
            return Err(format!("it does not go on: {ended}"));
        }
    }
    let roster = Roster::read(&laid.export(recorded).join("roster.csv"));
    let found = crate::harness::Comparison::of(&world.lever.account(), world.setup.hired_since, &roster);
    if found.is_exact() { Ok(()) } else { Err(format!("after a cycle: {found}")) }
}

/// One in so many images is run.
const RUN_ONE_IN: u64 = 20;

#[derive(Debug, Default)]
struct Tally {
    images: u64,
    run: u64,
    /// After the first step was acknowledged.
    acknowledged: u64,
}

/// Makes images until one is wrong.
fn pull_plugs(recorded: &Recorded, seed: u64, images: u64) -> Result<Tally, String> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut tally = Tally::default();
    for image in 0..images {
        let moment = dice.random_range(0..=recorded.events.len());
        one_image(recorded, moment, image % RUN_ONE_IN == 0, &mut dice, &mut tally)
            .map_err(|why| format!("image {image}: {why}"))?;
    }
    Ok(tally)
}

fn one_image(
    recorded: &Recorded,
    moment: usize,
    is_run: bool,
    dice: &mut ChaCha8Rng,
    tally: &mut Tally,
) -> Result<(), String> {
    let luck = Luck::draw(dice);
    let disk = recorded.disk_at(moment);
    let files = disk.image(luck, dice);
    let laid = Laid::out(recorded, &files);
    let after = recorded.events[..moment].last();
    let at = || format!("at event {moment} of {} ({}), {luck:?}", recorded.events.len(), short(after));
    tally.images += 1;
    tally.acknowledged += u64::from(disk.acknowledged > 0);
    judge(recorded, &disk, &laid).map_err(|why| format!("{}: {why}", at()))?;
    if is_run {
        tally.run += 1;
        // As it was left: to judge it was to write to it.
        let laid = Laid::out(recorded, &files);
        go_on(recorded, &laid, tally.images).map_err(|why| format!("{}: {why}", at()))?;
    }
    Ok(())
}

fn short(event: Option<&Event>) -> String {
    match event {
        Some(Event::Written { path, at, bytes }) => {
            format!("{} bytes at {at} of {}", bytes.len(), path.display())
        }
        other => format!("{other:?}"),
    }
}

#[test]
pub(super) fn whatever_is_left_of_the_disk_no_acknowledged_step_is_lost_and_nobody_is_doubled() {
    let seed = number("HIRESYNC_POWER_SEED").unwrap_or_else(now_ms);
    let images = number("HIRESYNC_POWER_IMAGES").unwrap_or(200);
    println!(
        "power: HIRESYNC_POWER_SEED={seed} HIRESYNC_POWER_IMAGES={images} cargo test -p scenarios scenarios::power:: -- --nocapture"
    );
    let began = Instant::now();
    let recorded = record();
    let mut tally = pull_plugs(&recorded, seed, images).unwrap_or_else(|why| panic!("{why}"));
    if images > EVERY_MOMENT_FROM {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        for moment in 0..recorded.events.len().min(MOMENTS) {
            one_image(&recorded, moment, false, &mut dice, &mut tally).unwrap_or_else(|why| panic!("{why}"));
        }
    }
    println!("power: {} events, {tally:?}", recorded.events.len());
    super::figures(
        "power",
        &[
            ("images", tally.images),
            ("run", tally.run),
            ("events", recorded.events.len() as u64),
            ("acknowledged", tally.acknowledged),
            ("seconds", began.elapsed().as_secs()),
        ],
    );
}

/// A soak takes each of the first moments as well.
const EVERY_MOMENT_FROM: u64 = 500;
const MOMENTS: usize = 1_000;
