//! From text to [`Config`], or to every fault with its place.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use adapter_sdk::settings::{Fault, Node, Reading, Section};
use engine::Guards;
use people::{Date, Zone};

use super::{
    Config, Env, Faults, LeverConfig, Outside, StateConfig, fields, layers::layered, metrics, notices,
    place::Places, targets, webhook,
};
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

pub(super) fn config(text: &str, path: &Path, env: &Env, outside: &Outside) -> Result<Config, Faults> {
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
    let reading = env.reading(base);
    let config = Reader { reading: &reading, outside }.root(root);
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
            let text = fault.within.map(|within| format!("{}.{}", fault.path, within.key));
            let said_at = text.as_deref().unwrap_or(&fault.path);
            let from_env = env.behind(said_at).filter(|_| env.decides(said_at) || !places.has(&fault.path));
            match from_env {
                Some(variable) => (None, format!("{variable}: {fault}")),
                None => {
                    let place = match fault.within {
                        Some(within) => places.within(&fault.path, within),
                        None => places.find(&fault.path),
                    };
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
        // A field, or an entry of a table, may have any name.
        let may_be_any_name =
            path.starts_with("tables.") || path.contains(".person.") || path.contains(".hire.");
        let is_place_of_secret = !may_be_any_name
            && (path.ends_with(".credential")
                || (path.ends_with(".file") && parent != "targets")
                || places.has(&format!("{path}.credential"))
                || places.has(&format!("{path}.file")));
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
    outside: &'r Outside,
}

impl<'r> Reader<'r> {
    fn root(&self, root: Node) -> Option<Config> {
        let mut root = self.reading.section("", Some(root));
        let (lever, schedule, zone) = self.lever(root.section("lever"));
        let state = self.state(root.section("state"));
        let socket = self.socket(root.section("socket"));
        let guards = self.guards(root.section("guards"));
        let has_webhook = root.has("webhook");
        let webhook_section = root.section("webhook");
        let webhook = if has_webhook { webhook::webhook(webhook_section).map(Some) } else { Some(None) };
        let metrics = metrics::listen(root.section("metrics"));
        let has_notices = root.has("notices");
        let notices_section = root.section("notices");
        let notices = match has_notices {
            true => notices::notices(self.reading, notices_section, zone).map(Some),
            false => Some(None),
        };
        let tables = fields::tables(self.reading, root.section("tables"));
        let ground = targets::Ground { reading: self.reading, outside: self.outside, tables: &tables, zone };
        let targets = ground.targets(root.section("targets"));
        root.finish();
        Some(Config {
            lever: lever?,
            schedule: schedule?,
            state: state?,
            socket: socket?,
            guards,
            webhook: webhook?,
            metrics: metrics?,
            notices: notices?,
            targets,
            unread: self.reading.unread(),
            expiries: self.reading.expiries(),
            warnings: self.reading.warnings(),
        })
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
        let perform_as = section.text("perform_as").filter(|user| {
            let is_id = !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_graphic());
            if !is_id {
                let remedy = "write the id of a Lever user; `GET /users` lists them";
                section.fault("perform_as", "is no id", remedy);
            }
            is_id
        });
        section.finish();
        let lever = || {
            Some(LeverConfig {
                base_url: base_url?,
                api_key: api_key?,
                hired_since: hired_since?,
                zone,
                confidential,
                requests_per_second,
                perform_as,
            })
        };
        let schedule = crons.0.zip(crons.1).map(|(poll, full_sweep)| Schedule::new(poll, full_sweep, zone));
        (lever(), schedule, zone)
    }

    fn state(&self, mut section: Section<'r>) -> Option<StateConfig> {
        let usual = (!section.has("dir")).then(|| PathBuf::from(STATE_DIR));
        let dir = section.file("dir").or(usual);
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
        let days = section.integer("retention_days", 1..=36_500).and_then(|days| days.try_into().ok());
        section.finish();
        let retention_days = days.unwrap_or(engine::settings::RETENTION_DAYS);
        Some(StateConfig { dir: dir?, digest_key, retention_days })
    }

    fn socket(&self, mut section: Section<'r>) -> Option<PathBuf> {
        let usual = (!section.has("path")).then(|| PathBuf::from(SOCKET));
        let path = section.file("path").or(usual);
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
            withdrawals_per_cycle_max: count("withdrawals_per_cycle_max", usual.withdrawals_per_cycle_max),
            mapping_changes_max: count("mapping_changes_max", usual.mapping_changes_max),
        };
        section.finish();
        guards
    }
}
