//! The configuration as a whole: what a person may write, and what they are told.

use std::{ffi::OsString, fs, os::unix::fs::PermissionsExt as _, sync::Arc};

use adapter_sdk::Finding;
use people::{Clock, SystemClock};

use super::{Config, Env, Faults, Outside, Secrets};

mod fields;
mod metrics;
mod mutants;
mod mutated;
mod notices;
mod webhook;

/// Everything that is shipped as a configuration, by its name under `systemd/`.
pub(crate) const SHIPPED: [(&str, &str); 5] = [
    ("hiresync.toml", include_str!("../../../../systemd/hiresync.toml")),
    ("examples/roster.toml", include_str!("../../../../systemd/examples/roster.toml")),
    ("examples/onboarding-form.toml", include_str!("../../../../systemd/examples/onboarding-form.toml")),
    ("examples/payroll-uk.toml", include_str!("../../../../systemd/examples/payroll-uk.toml")),
    ("examples/cezanne.toml", include_str!("../../../../systemd/examples/cezanne.toml")),
];

/// A folder with the secrets that a configuration may name.
pub(crate) struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("key"), "k3y\n").unwrap();
        fs::create_dir(dir.path().join("credentials")).unwrap();
        fs::write(dir.path().join("credentials/lever-api-key"), "k3y").unwrap();
        fs::write(dir.path().join("credentials/digest-key"), "0123456789abcdef0123456789abcdef").unwrap();
        fs::write(dir.path().join("credentials/lever-webhook-token"), "t0ken\n").unwrap();
        fs::write(dir.path().join("credentials/cezanne-secret"), "s3cret").unwrap();
        fs::write(dir.path().join("credentials/cezanne-signature-token"), "t0ken").unwrap();
        fs::write(dir.path().join("credentials/smtp-password"), "s3cret").unwrap();
        let hook = "https://hooks.example.com/s3cret";
        fs::write(dir.path().join("credentials/notices-webhook"), hook).unwrap();
        Desk { dir }
    }

    /// Reads what is shipped, with its credentials.
    pub(crate) fn shipped(&self, text: &str) -> Result<Config, Faults> {
        let credentials = self.dir.path().join("credentials");
        self.read(text, &[("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())])
    }

    fn read(&self, text: &str, vars: &[(&str, &str)]) -> Result<Config, Faults> {
        let env = Env::of(vars.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Config::parse(
            text,
            &self.dir.path().join("hiresync.toml"),
            &env,
            &Outside::nowhere(Arc::clone(&clock)),
        )
    }

    fn faults(&self, text: &str, vars: &[(&str, &str)]) -> Vec<String> {
        let folder = format!("{}/", self.dir.path().display());
        let Err(faults) = self.read(text, vars) else { panic!("no fault is found in\n{text}") };
        faults.0.into_iter().map(|line| line.replace(&folder, "")).collect()
    }
}

const TEN_LINES: &str = r#"[lever]
api_key = { file = "key" }
hired_since = 2026-01-01

[targets.roster]
adapter = "file-export"
path = "roster"
person = { employee_ref = "contact", Name = "name.first" }
hire = { title = "posting.title" }
"#;

#[test]
fn ten_lines_are_a_configuration() {
    let desk = Desk::new();
    let config = desk.read(TEN_LINES, &[]).unwrap();
    assert_eq!(config.lever.base_url.as_str(), "https://api.lever.co/v1");
    assert_eq!(config.lever.api_key.reveal(), "k3y");
    assert_eq!(config.lever.hired_since.to_string(), "2026-01-01");
    assert_eq!(config.lever.requests_per_second, 9.0);
    assert_eq!(config.state.dir.to_str(), Some("/var/lib/hiresync"));
    assert_eq!(config.socket.to_str(), Some("/run/hiresync/hiresync.sock"));
    assert_eq!(config.guards, engine::Guards::default());
    assert_eq!(config.targets.len(), 1);
}

#[test]
fn the_order_of_the_columns_is_the_order_of_the_file() {
    let desk = Desk::new();
    let text = "[lever]\napi_key = { file = \"key\" }\nhired_since = \"2026-01-01\"\n[targets.r]\nadapter = \"file-export\"\npath = \"r\"\n\
        [targets.r.person]\nZulu = \"contact\"\nalpha = \"name.first\"\n\"Full.Name\" = \"name.last\"\nBeta = \"emails | first\"\n";
    let config = desk.read(text, &[("HIRESYNC__TARGETS__R__FORMAT", "jsonl")]).unwrap();
    let columns: Vec<String> =
        config.targets[0].mapping.columns().person.iter().map(ToString::to_string).collect();
    assert_eq!(columns, ["Zulu", "alpha", "Full.Name", "Beta"]);
}

#[test]
fn every_fault_is_named_at_once_with_its_line() {
    let desk = Desk::new();
    let text = r#"[lever]
base_url = "http://example.com"
api_key = "s3cret-value"
pol = "x"
timezone = "Europe/Lndon"
full_sweep = "5 4 * * *"
requests_per_second = 11

[guards]
creates_per_cycle_max = "many"

[stat]
dir = "x"

[webhook]
listen = "127.0.0.1:1"

[targets.roster]
adapter = "file-export"
path = "roster"
fromat = "csv"
[targets.roster.person]
first = "name.frist"
number = 7

[targets.other]
adapter = "file-exprt"

[targets.twin]
adapter = "file-export"
path = "./x/../roster"
person = { a = "contact" }
"#;
    let faults = desk.faults(text, &[("HIRESYNC__LEVER__CONFIDENTIAL", "perhaps")]);
    let expected = [
        "hiresync.toml:1:2: lever.hired_since: is missing and required",
        "hiresync.toml:2:1: lever.base_url: plain http",
        "hiresync.toml:3:1: lever.api_key: must not hold the secret itself",
        "hiresync.toml:4:1: lever.pol: is not a known key; did you mean poll?",
        "hiresync.toml:5:1: lever.timezone: is not a time zone",
        "hiresync.toml:6:1: lever.full_sweep: is no cron expression of six fields",
        "hiresync.toml:7:1: lever.requests_per_second: is out of range",
        "hiresync.toml:10:1: guards.creates_per_cycle_max: is a text, not a whole number",
        "hiresync.toml:12:2: stat: is not a known key; did you mean state?",
        "hiresync.toml:15:2: webhook.signature_tokens: is missing and required",
        "hiresync.toml:21:1: targets.roster.fromat: is not a known key; did you mean format?",
        "hiresync.toml:23:10: targets.roster.person.first: uses the unknown name name.frist at character 1; did you mean name.first?",
        "hiresync.toml:24:1: targets.roster.person.number: is a whole number, not an expression",
        "hiresync.toml:27:1: targets.other.adapter: is no adapter of this version; did you mean \"file-export\"?",
        "hiresync.toml:31:1: targets.twin.path: is the folder of targets.roster too",
        "HIRESYNC__LEVER__CONFIDENTIAL: lever.confidential: ",
    ];
    for (line, start) in faults.iter().zip(expected) {
        assert!(line.starts_with(start), "expected {start}\nfound {}", faults.join("\n"));
    }
    assert_eq!(faults.len(), expected.len(), "{}", faults.join("\n"));
    assert!(!faults.join("\n").contains("s3cret"), "a secret is never repeated");
}

#[test]
fn the_environment_overrides_every_type_but_never_a_secret() {
    let desk = Desk::new();
    let config = desk
        .read(
            TEN_LINES,
            &[
                ("HIRESYNC__LEVER__REQUESTS_PER_SECOND", "2.5"),
                ("HIRESYNC__LEVER__CONFIDENTIAL", "true"),
                ("HIRESYNC__LEVER__HIRED_SINCE", "2025-05-05"),
                ("HIRESYNC__GUARDS__CREATES_PER_CYCLE_MAX", "0"),
                ("HIRESYNC__STATE__DIR", "state"),
                ("HIRESYNC__TARGETS__ROSTER__LAYOUT", "changes"),
            ],
        )
        .unwrap();
    assert_eq!((config.lever.requests_per_second, config.lever.confidential), (2.5, true));
    assert_eq!(config.guards.creates_per_cycle_max, 0);
    assert_eq!(config.state.dir, desk.dir.path().join("state"));
    for (name, value) in [
        ("HIRESYNC__LEVER__API_KEY", "s3cret"),
        ("HIRESYNC__LEVER__API_KEY__FILE", "elsewhere"),
        ("HIRESYNC__STATE__DIGEST_KEY", "0123456789abcdef"),
        ("HIRESYNC__STATE__DIGEST_KEY__FILE", "key"),
    ] {
        let faults = desk.faults(TEN_LINES, &[(name, value)]);
        let start = format!("{name}: ");
        assert!(faults.iter().any(|fault| fault.starts_with(&start)), "{name}: {faults:?}");
        assert!(!faults.join("").contains("s3cret"));
    }
}

#[test]
fn an_unknown_key_of_the_environment_is_a_fault_that_names_the_variable() {
    let faults =
        Desk::new().faults(TEN_LINES, &[("HIRESYNC__LEVRE__POLL", "x"), ("HIRESYNC__LEVER__POL", "x")]);
    assert_eq!(
        faults,
        [
            "HIRESYNC__LEVER__POL: lever.pol: is not a known key; did you mean poll?",
            "HIRESYNC__LEVRE__POLL: levre: is not a known key; did you mean lever?",
        ]
    );
}

#[test]
fn a_text_that_is_no_toml_is_refused_with_line_and_column() {
    let faults = Desk::new().faults("[lever]\npoll = \n", &[]);
    assert!(faults[0].starts_with("hiresync.toml:2:8: is no TOML: "), "{faults:?}");
}

#[test]
fn every_target_may_be_switched_off_but_there_must_be_one() {
    let desk = Desk::new();
    let off = desk.read(&TEN_LINES.replace("path =", "enabled = false\npath ="), &[]).unwrap();
    assert_eq!(off.targets.len(), 0);
    let (without, _) = TEN_LINES.split_once("[targets").unwrap();
    let faults = desk.faults(without, &[]);
    assert!(faults.iter().any(|fault| fault.contains("targets")), "{faults:?}");
}

#[test]
fn a_secret_that_never_ends_is_refused_and_not_read_to_its_end() {
    let desk = Desk::new();
    let faults = desk.faults(&TEN_LINES.replace("\"key\"", "\"/dev/zero\""), &[]);
    assert!(faults[0].contains("lever.api_key: /dev/zero is longer than any secret"), "{faults:?}");
}

#[test]
fn of_a_secret_that_every_user_of_the_machine_may_read_check_warns() {
    let desk = Desk::new();
    let warnings = |mode| {
        fs::set_permissions(desk.dir.path().join("key"), fs::Permissions::from_mode(mode)).unwrap();
        desk.read(TEN_LINES, &[]).unwrap().warnings
    };
    let Finding::Warning { what, remedy } = warnings(0o644).remove(0) else { panic!("it is not good") };
    assert!(
        what.starts_with("lever.api_key: every user") && remedy.starts_with("chmod 600"),
        "{what}; {remedy}"
    );
    assert_eq!([warnings(0o640), warnings(0o600)], [vec![], vec![]]);
    // What systemd hands over is its business.
    assert_eq!(desk.shipped(SHIPPED[0].1).unwrap().warnings, []);
}

#[test]
fn a_secret_file_that_is_not_there_is_named_and_a_key_of_two_lines_refused() {
    let desk = Desk::new();
    let faults = desk.faults(&TEN_LINES.replace("\"key\"", "\"nokey\""), &[]);
    assert!(faults[0].contains("lever.api_key: cannot read") && faults[0].contains("nokey"), "{faults:?}");
    fs::write(desk.dir.path().join("key"), "one\ntwo\n").unwrap();
    let faults = desk.faults(TEN_LINES, &[]);
    assert!(faults[0].contains("lever.api_key: holds a blank"), "{faults:?}");
}

#[test]
fn what_is_shipped_can_be_looked_at_without_its_credentials_and_not_be_run() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    for (name, text) in SHIPPED {
        let read = |secrets| {
            Config::parse(
                text,
                name.as_ref(),
                &Env::default().with(secrets),
                &Outside::nowhere(Arc::clone(&clock)),
            )
        };
        let config = read(Secrets::IfThere).unwrap_or_else(|faults| panic!("{name}: {faults}"));
        assert_eq!(config.unread[0], "lever.api_key", "{name}");
        assert!(read(Secrets::Needed).unwrap_err().to_string().contains("$CREDENTIALS_DIRECTORY is not set"));
    }
    let desk = Desk::new();
    assert!(desk.shipped(SHIPPED[0].1).unwrap().unread.is_empty());
}

#[test]
fn everything_that_is_shipped_loads_as_it_is() {
    for (name, text) in SHIPPED {
        Desk::new().shipped(text).unwrap_or_else(|faults| panic!("{name}: {faults}"));
    }
}

#[test]
fn the_shipped_configuration_loads_with_every_comment_taken_away() {
    let all = every_key();
    assert_ne!(all, SHIPPED[0].1);
    let config = Desk::new().shipped(&all).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(config.targets[0].mapping.fields().count(), 12);
}

#[test]
fn the_shipped_configuration_has_every_key_that_any_adapter_takes() {
    // Like no key at all: the fault names every key there is.
    const NO_KEY: &str = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
    let desk = Desk::new();
    let known_at = |path: &str, text: &str| -> Vec<String> {
        let faults = desk.faults(text, &[]);
        let said = faults
            .iter()
            .find_map(|fault| fault.split_once(&format!("{path}.{NO_KEY}: "))?.1.split_once("known here: "));
        said.map(|(_, keys)| keys.split(", ").map(str::to_owned).collect()).unwrap_or_default()
    };
    let all: toml::Table = every_key().parse().unwrap();
    let targets: Vec<&toml::Table> =
        all["targets"].as_table().unwrap().values().filter_map(|target| target.as_table()).collect();
    let mut count = 0;
    for registration in adapters::ALL {
        let of_it = |target: &&&toml::Table| target["adapter"].as_str() == Some(registration.kind);
        let shipped: Vec<_> = targets.iter().filter(of_it).collect();
        let begin = format!("[targets.x]\nadapter = \"{}\"\n", registration.kind);
        // `enabled` and its like are shown once, with the first target.
        let is_shown = |key: &String| {
            shipped.iter().any(|target| target.contains_key(key)) || targets[0].contains_key(key)
        };
        for key in known_at("targets.x", &format!("{begin}{NO_KEY} = 1\n")) {
            assert!(is_shown(&key), "{}: {key}", registration.kind);
            for inner in
                known_at(&format!("targets.x.{key}"), &format!("{begin}{key} = {{ {NO_KEY} = 1 }}\n"))
            {
                let table =
                    |target: &&toml::Table| target.get(&key).and_then(|table| table.get(&inner)).is_some();
                assert!(targets.iter().any(table), "{}: {key}.{inner}", registration.kind);
                count += 1;
            }
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

/// `hiresync.toml` with every setting that is commented out: those begin with "#" right before their name; prose has a blank.
pub(crate) fn every_key() -> String {
    let settings = SHIPPED[0].1.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => format!("{rest}\n"),
        _ => format!("{line}\n"),
    });
    settings.collect()
}

#[test]
fn every_piece_of_configuration_that_a_page_shows_loads() {
    const PAGES: [&str; 4] = [
        include_str!("../../../../README.md"),
        include_str!("../../../../adapters/cezanne/README.md"),
        include_str!("../../../mapping/README.md"),
        include_str!("../../../../systemd/README.md"),
    ];
    let desk = Desk::new();
    fs::write(desk.dir.path().join("lever-api-key"), "k3y").unwrap();
    let blocks = PAGES.iter().flat_map(|page| page.split("```toml\n").skip(1));
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 11);
    // What a piece about Cezanne goes on with: the first whole configuration of its page.
    let cezanne = blocks.iter().find(|block| block.contains("[targets.cezanne]")).unwrap().to_string();
    for block in blocks {
        // A piece begins in the middle: it is given what stands before it.
        let around = "[lever]\napi_key = { file = \"key\" }\nhired_since = \"2026-01-01\"\n[targets.roster]\nadapter = \"file-export\"\npath = \"r\"\n";
        let whole = match block.strip_prefix("[targets.roster]\n") {
            _ if block.starts_with("[lever]") => block.to_owned(),
            _ if block.starts_with("[targets.cezanne.") => format!("{cezanne}\n{block}"),
            Some(rest) => format!("{around}{rest}"),
            None if block.contains(".person]") => format!("{around}{block}"),
            None => format!("{around}person = {{ ref = \"contact\" }}\n{block}"),
        };
        desk.shipped(&whole).unwrap_or_else(|faults| panic!("{block}\n{faults}"));
    }
}
