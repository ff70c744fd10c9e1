//! File below, environment above: the one place that reads the process's environment.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use adapter_sdk::settings::{Node, Reading, Secrets};
use config::{Environment, File, FileFormat, Value, ValueKind};

const PREFIX: &str = "HIRESYNC__";

/// What the environment says about the configuration.
#[derive(Debug, Clone, Default)]
pub struct Env {
    /// `HIRESYNC__SECTION__KEY` and their values.
    overrides: BTreeMap<String, String>,
    /// Names whose values are no text.
    unreadable: Vec<String>,
    /// `$CREDENTIALS_DIRECTORY`.
    credentials: Option<PathBuf>,
    /// Whether the secrets must be there.
    secrets: Secrets,
}

impl Env {
    /// The environment of this process.
    pub fn of_process() -> Env {
        Env::of(std::env::vars_os())
    }

    /// The same for a reading that needs its secrets, or not.
    pub fn with(self, secrets: Secrets) -> Env {
        Env { secrets, ..self }
    }

    /// Where settings are read from that stand in a file in the folder `base`.
    pub(super) fn reading(&self, base: PathBuf) -> Reading {
        Reading::new(base, self.credentials.clone(), self.secrets)
    }

    /// The environment as a list, for tests.
    pub fn of(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Env {
        let mut env = Env::default();
        for (name, value) in vars {
            let Ok(name) = name.into_string() else { continue };
            if name == "CREDENTIALS_DIRECTORY" {
                env.credentials = Some(PathBuf::from(value)).filter(|path| !path.as_os_str().is_empty());
            } else if name.starts_with(PREFIX) {
                match value.into_string() {
                    Ok(value) => drop(env.overrides.insert(name, value)),
                    Err(_) => env.unreadable.push(name),
                }
            }
        }
        env
    }

    /// Each overriding variable with the dotted path it stands for.
    pub fn paths(&self) -> impl Iterator<Item = (&str, String)> {
        self.overrides.keys().map(|name| (name.as_str(), dotted(name)))
    }

    /// Overriding variables whose values are no text.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, String)> {
        self.unreadable.iter().map(|name| (name.as_str(), dotted(name)))
    }

    /// The variable that a fault at `path` comes from, if it does: it stands for the path, or for a part or a parent of it.
    pub fn behind(&self, path: &str) -> Option<&str> {
        let (name, _) =
            self.paths().find(|(_, over)| over == path || within(path, over) || within(over, path))?;
        Some(name)
    }

    /// Whether a variable stands for exactly `path` or something around it.
    pub fn decides(&self, path: &str) -> bool {
        self.paths().any(|(_, over)| over == path || within(path, &over))
    }
}

/// The file's text with the environment's values over it, in the order of the file.
pub fn layered(text: &str, env: &Env) -> Result<Node, config::ConfigError> {
    let over = Environment::with_prefix("HIRESYNC")
        .prefix_separator("__")
        .separator("__")
        .source(Some(env.overrides.clone().into_iter().collect()));
    let config = config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(over)
        .build()?;
    Ok(node(config.cache))
}

fn node(value: Value) -> Node {
    // What comes from the environment has no type yet: the reader of the setting decides.
    let loose = value.origin() == Some("the environment");
    match value.kind {
        ValueKind::Nil => Node::Table(Vec::new()),
        ValueKind::Boolean(yes) => Node::Flag(yes),
        ValueKind::I64(number) => Node::Integer(number),
        ValueKind::I128(number) => whole(number),
        ValueKind::U64(number) => whole(number.into()),
        ValueKind::U128(number) => {
            i128::try_from(number).map_or_else(|_| Node::Text(number.to_string()), whole)
        }
        ValueKind::Float(number) => Node::Float(number),
        ValueKind::String(text) if loose => Node::Loose(text),
        ValueKind::String(text) => Node::Text(text),
        ValueKind::Table(entries) => {
            Node::Table(entries.into_iter().map(|(key, value)| (key, node(value))).collect())
        }
        ValueKind::Array(values) => Node::List(values.into_iter().map(node).collect()),
    }
}

fn whole(number: i128) -> Node {
    i64::try_from(number).map_or_else(|_| Node::Text(number.to_string()), Node::Integer)
}

fn dotted(name: &str) -> String {
    name[PREFIX.len()..].to_lowercase().replace("__", ".")
}

/// Whether `path` lies within `outer`.
fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        Env::of(vars.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    fn entries(node: &Node) -> &[(String, Node)] {
        match node {
            Node::Table(entries) => entries,
            other => panic!("{other:?} is no table"),
        }
    }

    #[test]
    fn keys_keep_their_order_their_case_and_their_dots() {
        let text = "[targets.r.person]\nZebra = \"1\"\nalpha = \"2\"\n\"Full.Name\" = \"3\"\n\"m-m m\" = \"4\"\nBeta = \"5\"\n\"ß\" = \"6\"\n";
        let root = layered(text, &Env::default()).unwrap();
        let person = entries(&entries(&entries(&entries(&root)[0].1)[0].1)[0].1);
        let keys: Vec<&str> = person.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["Zebra", "alpha", "Full.Name", "m-m m", "Beta", "ß"]);
    }

    #[test]
    fn the_environment_lies_over_the_file_with_its_types_left_open() {
        let env = env(&[
            ("HIRESYNC__LEVER__POLL", "0 * * * * *"),
            ("HIRESYNC__GUARDS__CREATES_PER_CYCLE_MAX", "0012"),
            ("HIRESYNC__TARGETS__CEZANNE-UK__PATH", "/x"),
            ("HIRESYNC_SOCKET", "/elsewhere"),
            ("PATH", "/bin"),
        ]);
        let root = layered("[lever]\npoll = \"x\"\nconfidential = true\n[guards]\nb = 1\n", &env).unwrap();
        let lever = entries(&root)[0].1.clone();
        assert_eq!(
            lever,
            Node::Table(vec![
                ("poll".to_owned(), Node::Loose("0 * * * * *".to_owned())),
                ("confidential".to_owned(), Node::Flag(true)),
            ])
        );
        let guards = entries(&root)[1].1.clone();
        assert_eq!(
            guards,
            Node::Table(vec![
                ("b".to_owned(), Node::Integer(1)),
                ("creates_per_cycle_max".to_owned(), Node::Loose("0012".to_owned())),
            ])
        );
        let targets = entries(&root)[2].1.clone();
        assert_eq!(entries(&targets)[0].0, "cezanne-uk");
        assert_eq!(env.behind("lever.poll"), Some("HIRESYNC__LEVER__POLL"));
        assert_eq!(env.behind("lever.poller"), None);
    }

    #[test]
    fn a_bare_date_is_a_text() {
        let root = layered("[lever]\nhired_since = 2026-01-01\n", &Env::default()).unwrap();
        assert_eq!(entries(&entries(&root)[0].1)[0].1, Node::Text("2026-01-01".to_owned()));
    }
}
