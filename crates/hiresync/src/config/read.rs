//! From text to [`Config`], or to every fault with its place.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use adapter_sdk::{
    Build, Columns, HrisAdapter, Registration,
    settings::{Fault, Node, Reading, Section, nearest},
};
use engine::Guards;
use mapping::{Mapping, Rules};
use people::{Clock, Date, FieldName, TargetName, Zone};

use super::{Config, Env, Faults, LeverConfig, StateConfig, TargetConfig, layers::layered, place::Places};
use crate::schedule::Schedule;

const BASE_URL: &str = "https://api.lever.co/v1";
const POLL: &str = "0 */5 * * * *";
const FULL_SWEEP: &str = "0 30 2 * * *";
const STATE_DIR: &str = "/var/lib/hiresync";
const SOCKET: &str = "/run/hiresync/hiresync.sock";
const REQUESTS_PER_SECOND: f64 = 9.0;
const DIGEST_KEY_LEN_MIN: usize = 16;
/// Longest path the kernel takes for a socket, less room for its end.
const SOCKET_PATH_MAX: usize = 107;

pub(super) fn config(text: &str, path: &Path, env: &Env, clock: &Arc<dyn Clock>) -> Result<Config, Faults> {
    let file = path.display();
    let places = Places::read(text).map_err(|faults| {
        let line = |fault: super::place::SyntaxFault| {
            format!("{file}:{}:{}: is no TOML: {}", fault.place.line, fault.place.column, fault.problem)
        };
        Faults(faults.into_iter().map(line).collect())
    })?;
    let root =
        layered(text, env).map_err(|error| Faults(vec![format!("{file}: cannot be read: {error}")]))?;
    let base = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
    let reading = Reading::new(base, env.credentials.clone());
    let config = Reader { reading: &reading, clock }.root(root);
    secrets_from_the_environment(&reading, env, &places);
    let faults = reading.faults();
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => Err(Faults(in_order_of_the_file(faults, &places, env, &file.to_string()))),
    }
}

fn in_order_of_the_file(faults: Vec<Fault>, places: &Places, env: &Env, file: &str) -> Vec<String> {
    let mut placed: Vec<_> = faults
        .into_iter()
        .map(|fault| {
            let from_env =
                env.behind(&fault.path).filter(|_| env.decides(&fault.path) || !places.has(&fault.path));
            match from_env {
                Some(variable) => (None, format!("{variable}: {fault}")),
                None => {
                    let place = places.find(&fault.path);
                    (Some(place), format!("{file}:{}:{}: {fault}", place.line, place.column))
                }
            }
        })
        .collect();
    // Those of the environment last: they have no line.
    placed.sort_by_key(|(place, _)| (place.is_none(), *place));
    let mut said = BTreeSet::new();
    placed.into_iter().map(|(_, line)| line).filter(|line| said.insert(line.clone())).collect()
}

/// A secret in an environment variable is readable in `/proc`, in crash reports and by every child.
fn secrets_from_the_environment(reading: &Reading, env: &Env, places: &Places) {
    for (_, path) in env.paths() {
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let is_place_of_secret = path.ends_with(".credential")
            || (path.ends_with(".file") && parent != "targets")
            || places.has(&format!("{path}.credential"))
            || places.has(&format!("{path}.file"));
        let said = || reading.faults().iter().any(|fault| fault.path == path);
        if is_place_of_secret && !said() {
            reading.fault(
                path,
                "a secret cannot be set by the environment",
                "write { credential = \"name\" } or { file = \"path\" } into the file",
            );
        }
    }
    for (_, path) in env.unreadable() {
        reading.fault(path, "is not UTF-8", "set the variable to plain text");
    }
}

struct Reader<'r> {
    reading: &'r Reading,
    clock: &'r Arc<dyn Clock>,
}

impl<'r> Reader<'r> {
    fn root(&self, root: Node) -> Option<Config> {
        let mut root = self.reading.section("", Some(root));
        let (lever, schedule, zone) = self.lever(root.section("lever"));
        let state = self.state(root.section("state"));
        let socket = self.socket(root.section("socket"));
        let guards = self.guards(root.section("guards"));
        if root.has("webhook") {
            let remedy = "remove [webhook]: until then every hire is found within one `poll`";
            root.section("webhook").rest();
            root.fault("webhook", "webhooks are not available in this version", remedy);
        }
        let targets = self.targets(root.section("targets"), zone);
        root.finish();
        Some(Config { lever: lever?, schedule: schedule?, state: state?, socket: socket?, guards, targets })
    }

    fn lever(&self, mut section: Section<'r>) -> (Option<LeverConfig>, Option<Schedule>, Zone) {
        let base_url = section.text("base_url").unwrap_or_else(|| BASE_URL.to_owned());
        let base_url = match http::check_base(&base_url) {
            Ok(url) => Some(url),
            Err(problem) => {
                section.fault("base_url", problem.problem, problem.remedy);
                None
            }
        };
        let api_key = section.secret("api_key");
        let api_key = section.required("api_key", api_key, "{ credential = \"lever-api-key\" }");
        let api_key = api_key.filter(|key| {
            let printable = key.reveal().bytes().all(|byte| byte.is_ascii_graphic());
            if !printable {
                let remedy = "put the key alone into the file, as Lever shows it, on one line";
                section.fault(
                    "api_key",
                    "holds a blank, a line break or another character no key has",
                    remedy,
                );
            }
            printable
        });
        let hired_since = section.parsed::<Date>("hired_since", "a day, e.g. \"2026-01-01\"");
        let hired_since = section.required("hired_since", hired_since, "\"2026-01-01\"");
        let zone = section.parsed::<Zone>("timezone", "a time zone of the IANA list, e.g. \"Europe/London\"");
        let zone = zone.unwrap_or(Zone::UTC);
        let poll = section.text("poll").unwrap_or_else(|| POLL.to_owned());
        let full_sweep = section.text("full_sweep").unwrap_or_else(|| FULL_SWEEP.to_owned());
        let cron = |key, text: &str| {
            Schedule::cron(text)
                .map_err(|problem| {
                    let remedy =
                        "write six fields: second minute hour day month weekday, e.g. \"0 */5 * * * *\"";
                    section.fault(key, problem, remedy);
                })
                .ok()
        };
        let crons = (cron("poll", &poll), cron("full_sweep", &full_sweep));
        let confidential = section.flag("confidential").unwrap_or(false);
        let requests_per_second =
            section.number("requests_per_second", 0.0..=10.0).unwrap_or(REQUESTS_PER_SECOND);
        if requests_per_second <= 0.0 {
            section.fault("requests_per_second", "is no pace", "write a number above 0, at most 10");
        }
        section.finish();
        let lever = || {
            Some(LeverConfig {
                base_url: base_url?,
                api_key: api_key?,
                hired_since: hired_since?,
                zone,
                confidential,
                requests_per_second,
            })
        };
        let schedule = crons.0.zip(crons.1).map(|(poll, full_sweep)| Schedule::new(poll, full_sweep, zone));
        (lever(), schedule, zone)
    }

    fn state(&self, mut section: Section<'r>) -> Option<StateConfig> {
        let dir = if section.has("dir") { section.file("dir") } else { Some(PathBuf::from(STATE_DIR)) };
        let digest_key = section.secret("digest_key").filter(|key| {
            let long = key.reveal().len() >= DIGEST_KEY_LEN_MIN;
            if !long {
                section.fault(
                    "digest_key",
                    "is too short",
                    "write at least 16 random characters, e.g. 32 hex digits",
                );
            }
            long
        });
        section.finish();
        Some(StateConfig { dir: dir?, digest_key })
    }

    fn socket(&self, mut section: Section<'r>) -> Option<PathBuf> {
        let path = if section.has("path") { section.file("path") } else { Some(PathBuf::from(SOCKET)) };
        let path = path.filter(|path| {
            let fits = path.as_os_str().len() <= SOCKET_PATH_MAX;
            if !fits {
                section.fault("path", "is too long for a socket", "choose one of at most 107 bytes");
            }
            fits
        });
        section.finish();
        path
    }

    fn guards(&self, mut section: Section<'r>) -> Guards {
        let usual = Guards::default();
        let mut count = |key, usual: usize| {
            section.integer(key, 0..=1_000_000).and_then(|count| count.try_into().ok()).unwrap_or(usual)
        };
        let guards = Guards {
            creates_per_cycle_max: count("creates_per_cycle_max", usual.creates_per_cycle_max),
            changes_per_cycle_max: count("changes_per_cycle_max", usual.changes_per_cycle_max),
        };
        section.finish();
        guards
    }

    fn targets(&self, mut section: Section<'r>, zone: Zone) -> Vec<TargetConfig> {
        let mut enabled = Vec::new();
        let mut some = false;
        let mut folders: Vec<(PathBuf, String)> = Vec::new();
        for (name, node) in section.rest() {
            let at = format!("targets.{name}");
            let Ok(target) = name.parse::<TargetName>() else {
                self.reading.fault(at, "is no name", "use letters, digits, - and _ for a target's name");
                continue;
            };
            let (is_enabled, read) = self.target(&at, target, node, zone, &mut folders);
            some |= is_enabled;
            enabled.extend(read.filter(|_| is_enabled));
        }
        if !some {
            self.reading.fault(
                "targets",
                "no target is enabled",
                "add a [targets.NAME] with adapter = \"file-export\"",
            );
        }
        enabled
    }

    fn target(
        &self,
        at: &str,
        name: TargetName,
        node: Node,
        zone: Zone,
        folders: &mut Vec<(PathBuf, String)>,
    ) -> (bool, Option<TargetConfig>) {
        let mut section = self.reading.section(at, Some(node));
        let is_enabled = section.flag("enabled").unwrap_or(true);
        let kind = section.text("adapter");
        let kind = section.required("adapter", kind, "\"file-export\"");
        let person = self.rules(&mut section, "person");
        let hire = self.rules(&mut section, "hire");
        let Some(registration) = kind.and_then(|kind| self.registration(&section, &kind)) else {
            return (is_enabled, None);
        };
        if registration.kind == "file-export" {
            self.own_folder(&mut section, at, folders);
        }
        let names =
            |rules: &[(String, String)]| rules.iter().map(|(field, _)| FieldName::new(field)).collect();
        let columns = Columns { person: names(&person), hire: names(&hire) };
        let short = |fields: Vec<(String, String)>| {
            fields.into_iter().map(|(field, value)| (field, mapping::Rule::new(value))).collect()
        };
        let rules = Rules { person: short(person), hire: short(hire), ..Rules::default() };
        let mapping = self.mapping(at, registration, rules, zone);
        let build = Build { target: name.clone(), columns, clock: Arc::clone(self.clock) };
        let adapter: Option<Arc<dyn HrisAdapter>> = (registration.build)(section, build);
        let read = adapter.zip(mapping).map(|(adapter, mapping)| TargetConfig {
            name,
            adapter,
            mapping: Arc::new(mapping),
        });
        (is_enabled, read)
    }

    fn rules(&self, section: &mut Section<'r>, level: &'static str) -> Vec<(String, String)> {
        let mut fields = section.section(level);
        let rest = fields.rest();
        rest.into_iter()
            .filter_map(|(field, node)| match node {
                Node::Text(expression) | Node::Loose(expression) => Some((field, expression)),
                _ => {
                    let remedy =
                        "write an expression in quotes, e.g. \"name.first\"; a fixed text is \"'text'\"";
                    fields.fault(&field, "is no text", remedy);
                    None
                }
            })
            .collect()
    }

    fn registration(&self, section: &Section<'r>, kind: &str) -> Option<&'static Registration> {
        let found = adapters::named(kind);
        if found.is_none() {
            let kinds = || adapters::ALL.iter().map(|registration| registration.kind);
            let remedy = match nearest(kind, kinds()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there are: {}", kinds().collect::<Vec<_>>().join(", ")),
            };
            section.fault("adapter", "is no adapter of this version", remedy);
        }
        found
    }

    /// Two targets in one folder would replace each other's file.
    fn own_folder(&self, section: &mut Section<'r>, at: &str, folders: &mut Vec<(PathBuf, String)>) {
        let Some(path) = section.file("path") else { return };
        let path = plain(&path);
        match folders.iter().find(|(other, _)| *other == path) {
            Some((_, other)) => {
                section.fault(
                    "path",
                    format!("is the folder of {other} too"),
                    "give each target a folder of its own",
                );
            }
            None => folders.push((path, at.to_owned())),
        }
    }

    fn mapping(&self, at: &str, registration: &Registration, rules: Rules, zone: Zone) -> Option<Mapping> {
        let schema = (registration.schema)();
        match Mapping::compile(&rules, &mapping::Tables::new(), &schema, zone) {
            Ok(mapping) => Some(mapping),
            Err(faults) => {
                for fault in faults {
                    self.reading.fault(format!("{at}.{}", fault.place), fault.problem, fault.remedy);
                }
                None
            }
        }
    }
}

/// The path without `.` and `..`, as written; links are not followed, since reading the words touches no disk.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
