//! Reading settings so that every fault is reported, not the first: a missing key, an unknown one (with the nearest valid
//! name), a wrong type, a secret that cannot be read.
//!
//! A [`Section`] is one table of the configuration. Each reading method takes the key, remembers that it is known, and
//! answers `None` after noting a [`Fault`] when something is wrong with it. [`Section::finish`] reports what was never
//! asked for.

use std::{
    cell::RefCell,
    fmt,
    fs::File,
    io::Read,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use people::{Date, Secret};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::Finding;

/// Longest secret, in bytes.
const SECRET_MAX: usize = 64 << 10;

/// A piece of configuration, in the order in which it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A table: keys and values in order.
    Table(Vec<(String, Node)>),
    /// An array.
    List(Vec<Node>),
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A text whose type is not known yet, because it came from an environment variable.
    Loose(String),
}

impl Node {
    /// What it is, with its article, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Node::Table(_) => "a table",
            Node::List(_) => "an array",
            Node::Text(_) => "a text",
            Node::Integer(_) => "a whole number",
            Node::Float(_) => "a number",
            Node::Flag(_) => "true or false",
            Node::Loose(_) => "an environment variable",
        }
    }
}

/// One thing wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a dotted path: `targets.roster.path`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
    /// Which text it is about, if it is about what a text says.
    pub within: Option<Within>,
}

/// Which text a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// The text's key, where the fault's path is that of a table around it.
    pub key: &'static str,
    /// At which character of the text, from 1, if that is known.
    pub at: Option<usize>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)?;
        if let Some(Within { at: Some(at), .. }) = self.within {
            write!(f, " at character {at}")?;
        }
        write!(f, "; {}", self.remedy)
    }
}

/// Whether there must be a secret wherever one is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Secrets {
    /// Somebody will be asked: each is read, or a fault.
    #[default]
    Needed,
    /// Nobody will be asked: where there is no `$CREDENTIALS_DIRECTORY`, a credential is not looked at.
    IfThere,
}

/// The day after which a secret is refused, as whoever made it was told: no vendor says it of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The path of the secret, e.g. `lever.api_key`.
    pub path: String,
    /// The last day on which it is good.
    pub on: Date,
}

/// Stands for a secret that was not looked at; long and plain enough for whoever checks how one looks.
const NOT_LOOKED_AT: &str = "a-secret-that-was-not-looked-at";

/// Where settings come from and where faults go.
#[derive(Debug, Default)]
pub struct Reading {
    base: PathBuf,
    credentials: Option<PathBuf>,
    secrets: Secrets,
    unread: RefCell<Vec<String>>,
    expiries: RefCell<Vec<Expiry>>,
    warnings: RefCell<Vec<Finding>>,
    faults: RefCell<Vec<Fault>>,
}

impl Reading {
    /// Relative paths are relative to `base`; `{ credential = … }` is read from `credentials`, systemd's
    /// `$CREDENTIALS_DIRECTORY`.
    pub fn new(base: impl Into<PathBuf>, credentials: Option<PathBuf>, secrets: Secrets) -> Self {
        Reading { base: base.into(), credentials, secrets, ..Reading::default() }
    }

    /// The section at `path`. A missing table is an empty one: then each required key is missing by its own name.
    pub fn section<'a>(&'a self, path: &str, node: Option<Node>) -> Section<'a> {
        let entries = match node {
            None => Vec::new(),
            Some(Node::Table(entries)) => entries,
            Some(other) => {
                self.fault(path, format!("is {}, not a table", other.kind()), format!("write [{path}]"));
                Vec::new()
            }
        };
        Section { reading: self, path: path.to_owned(), entries, known: Vec::new() }
    }

    /// Where a path leads that is written in the configuration file.
    pub fn resolved(&self, path: impl AsRef<Path>) -> PathBuf {
        self.base.join(path)
    }

    /// Notes a fault.
    pub fn fault(&self, path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.note(Fault { path: path.into(), problem: problem.into(), remedy: remedy.into(), within: None });
    }

    /// Notes a fault as it is.
    pub fn note(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// Every fault noted so far.
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.borrow().clone()
    }

    /// When secrets expire, as far as the configuration says so.
    pub fn expiries(&self) -> Vec<Expiry> {
        self.expiries.borrow().clone()
    }

    /// What was read and works, and somebody should know of, for `check`.
    pub fn warnings(&self) -> Vec<Finding> {
        self.warnings.borrow().clone()
    }

    /// The paths of the secrets that were not looked at: see [`Secrets::IfThere`].
    pub fn unread(&self) -> Vec<String> {
        self.unread.borrow().clone()
    }
}

/// One table of the configuration, being read.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    reading: &'a Reading,
    path: String,
    entries: Vec<(String, Node)>,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// The dotted path of `key` in this section.
    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of `key`.
    pub fn fault(&self, key: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.reading.fault(self.at(key), problem, remedy);
    }

    /// Whether the key is written, without reading it.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// What stands under `key`, without reading it: the key is known no better for it.
    pub fn peek(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// Notes that `key` is required when `value` is absent and nothing else was said about it.
    pub fn required<T>(&self, key: &'static str, value: Option<T>, example: &str) -> Option<T> {
        if value.is_none() && !self.has(key) && !self.known_fault(key) {
            self.fault(key, "is missing and required", format!("add {key} = {example}"));
        }
        value
    }

    /// Notes that `found` is not what `key` takes, which `expected` says with its article.
    pub fn wrong<T>(&self, key: &str, found: &Node, expected: &str) -> Option<T> {
        self.fault(key, format!("is {}, not {expected}", found.kind()), format!("write {expected}"));
        None
    }

    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Node::Text(text) | Node::Loose(text) => Some(text),
            other => self.wrong(key, &other, "a text in quotes"),
        }
    }

    /// Whatever stands there, for the caller to tell apart.
    pub fn any(&mut self, key: &'static str) -> Option<Node> {
        self.take(key)
    }

    /// A text that is parsed: `expected` says in words what it should be.
    pub fn parsed<T: FromStr>(&mut self, key: &'static str, expected: &str) -> Option<T> {
        let text = self.text(key)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.fault(key, format!("is not {expected}"), format!("write {expected}"));
        }
        value
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = match self.take(key)? {
            Node::Integer(number) => number,
            Node::Loose(text) if text.parse::<i64>().is_ok() => text.parse().ok()?,
            other => return self.wrong(key, &other, "a whole number"),
        };
        if !range.contains(&number) {
            let (low, high) = range.into_inner();
            self.fault(key, "is out of range", format!("write a whole number from {low} to {high}"));
            return None;
        }
        Some(number)
    }

    /// A number within `range`.
    pub fn number(&mut self, key: &'static str, range: std::ops::RangeInclusive<f64>) -> Option<f64> {
        let number = match self.take(key)? {
            #[expect(clippy::cast_precision_loss, reason = "settings are small numbers")]
            Node::Integer(number) => number as f64,
            Node::Float(number) => number,
            Node::Loose(text) if text.parse::<f64>().is_ok() => text.parse().ok()?,
            other => return self.wrong(key, &other, "a number"),
        };
        if !range.contains(&number) {
            let (low, high) = range.into_inner();
            self.fault(key, "is out of range", format!("write a number from {low} to {high}"));
            return None;
        }
        Some(number)
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            Node::Flag(yes) => Some(yes),
            Node::Loose(text) if text == "true" => Some(true),
            Node::Loose(text) if text == "false" => Some(false),
            other => self.wrong(key, &other, "true or false"),
        }
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let chosen = choices.iter().find(|(name, _)| *name == word).map(|&(_, value)| value);
        if chosen.is_none() {
            let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
            self.fault(key, "is none of the choices", format!("write one of {}", names.join(", ")));
        }
        chosen
    }

    /// A path; a relative one is relative to the configuration file.
    pub fn file(&mut self, key: &'static str) -> Option<PathBuf> {
        let text = self.text(key)?;
        if text.is_empty() {
            self.fault(key, "is empty", "write a path");
            return None;
        }
        Some(self.reading.resolved(text))
    }

    /// A secret: `{ credential = "name" }` or `{ file = "path" }`, read here and now; with `expires`, see [`Expiry`].
    pub fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let node = self.take(key)?;
        self.read_secret(&self.at(key), node)
    }

    /// Several secrets.
    pub fn secrets(&mut self, key: &'static str) -> Vec<Secret> {
        match self.take(key) {
            None => Vec::new(),
            Some(Node::List(nodes)) => {
                let at = self.at(key);
                nodes
                    .into_iter()
                    .enumerate()
                    .filter_map(|(i, node)| self.read_secret(&format!("{at}[{i}]"), node))
                    .collect()
            }
            Some(other) => self.wrong::<Vec<Secret>>(key, &other, "an array of secrets").unwrap_or_default(),
        }
    }

    /// A table within this one; a missing one is empty.
    pub fn section(&mut self, key: &'static str) -> Section<'a> {
        let node = self.take(key);
        self.reading.section(&self.at(key), node)
    }

    /// All entries that were not read yet, in order, each under its own name: `[targets.*]`, `[targets.NAME.person]`.
    pub fn rest(&mut self) -> Vec<(String, Node)> {
        std::mem::take(&mut self.entries)
    }

    /// What stands under the keys that were not asked for yet, as it is written. Secrets are named in a configuration, and never
    /// stand in it.
    pub fn wording(&self) -> String {
        let rest = self.entries.iter().filter(|(key, _)| !self.known.contains(&key.as_str()));
        format!("{:?}", rest.collect::<Vec<_>>())
    }

    /// Reports the key that was probably meant to be `key`, where who reads the rest cannot be told without it.
    pub fn misspelt(&self, key: &'static str) {
        let unknown = self.entries.iter().filter(|(name, _)| !self.known.contains(&name.as_str()));
        for (name, _) in unknown.filter(|(name, _)| nearest(name, [key]).is_some()) {
            self.fault(name, "is not a known key", format!("did you mean {key}?"));
        }
    }

    /// Reports every key that was never asked for.
    pub fn finish(self) {
        for (key, _) in &self.entries {
            if self.known.contains(&key.as_str()) {
                continue;
            }
            let remedy = match nearest(key, self.known.iter().copied()) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("remove it; known here: {}", self.known.join(", ")),
            };
            self.fault(key, "is not a known key", remedy);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        self.peek(key).cloned()
    }

    fn known_fault(&self, key: &str) -> bool {
        let at = self.at(key);
        self.reading.faults.borrow().iter().any(|fault| fault.path == at)
    }

    fn read_secret(&self, at: &str, node: Node) -> Option<Secret> {
        const FORMS: &str = "write { credential = \"name\" } or { file = \"path\" }";
        let Node::Table(_) = node else {
            self.reading.fault(at, "must not hold the secret itself", FORMS);
            return None;
        };
        let mut section = self.reading.section(at, Some(node));
        let credential = section.text("credential");
        let file = section.text("file");
        if let Some(on) = section.parsed::<Date>("expires", "a day, e.g. \"2027-01-31\"") {
            let mut expiries = self.reading.expiries.borrow_mut();
            if !expiries.iter().any(|expiry| expiry.path == at) {
                expiries.push(Expiry { path: at.to_owned(), on });
            }
        }
        let path = match (credential, file) {
            (Some(name), None) => match &self.reading.credentials {
                Some(folder) => folder.join(name),
                None if self.reading.secrets == Secrets::IfThere => {
                    section.finish();
                    let mut unread = self.reading.unread.borrow_mut();
                    // A section may be read twice.
                    if !unread.iter().any(|path| path == at) {
                        unread.push(at.to_owned());
                    }
                    return Some(Secret::new(NOT_LOOKED_AT.to_owned()));
                }
                None => {
                    self.reading.fault(
                        at,
                        "names a credential, but $CREDENTIALS_DIRECTORY is not set",
                        "put /usr/lib/hiresync/with-secrets before the command (it hands over what the unit does), or write { file = \"path\" }",
                    );
                    return None;
                }
            },
            (None, Some(file)) => {
                let path = self.reading.resolved(file);
                self.warn_if_exposed(at, &path);
                path
            }
            _ => {
                self.reading.fault(at, "names no single place for the secret", FORMS);
                return None;
            }
        };
        section.finish();
        self.open_secret(at, &path)
    }

    fn warn_if_exposed(&self, at: &str, path: &Path) {
        // One that cannot be looked at is a fault as soon as it is read.
        let Ok(metadata) = path.metadata() else { return };
        let finding = Finding::Warning {
            what: format!("{at}: every user of this machine may read {}", path.display()),
            remedy: "chmod 600 it, or 640 with the group of the user that runs hiresync; renew the secret if others have been on the machine".to_owned(),
        };
        let mut warnings = self.reading.warnings.borrow_mut();
        // A section may be read twice.
        if metadata.is_file() && metadata.mode() & 0o007 != 0 && !warnings.contains(&finding) {
            warnings.push(finding);
        }
    }

    fn open_secret(&self, at: &str, path: &Path) -> Option<Secret> {
        match read_secret_file(path).map(Secret::new) {
            Ok(secret) if secret.reveal().len() > SECRET_MAX => {
                let problem = format!("{} is longer than any secret", path.display());
                self.reading.fault(at, problem, "name the file that holds the secret alone");
                None
            }
            Ok(secret) if !secret.reveal().is_empty() => Some(secret),
            Ok(_) => {
                self.reading.fault(at, format!("{} is empty", path.display()), "put the secret into it");
                None
            }
            Err(error) => {
                self.reading.fault(
                    at,
                    format!("cannot read {}: {}", path.display(), error.kind()),
                    "create it, readable by the user that runs hiresync",
                );
                None
            }
        }
    }
}

/// A device that never ends is read no further than this either.
fn read_secret_file(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let longest = u64::try_from(SECRET_MAX).unwrap_or(u64::MAX) + 1;
    File::open(path)?.take(longest).read_to_string(&mut text)?;
    Ok(text)
}

/// The name among `names` that `word` was probably meant to be.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|&(distance, name)| distance <= 2.max(name.len() / 3))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a piece of configuration")
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::Flag(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Integer(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Node, E> {
        i64::try_from(number).map(Node::Integer).map_err(|_| E::custom("a number too large"))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Table(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(&str, Node)]) -> Option<Node> {
        Some(Node::Table(entries.iter().map(|(key, node)| ((*key).to_owned(), node.clone())).collect()))
    }

    #[test]
    fn every_fault_is_reported_with_its_place_and_its_remedy() {
        let reading = Reading::default();
        let mut section = reading.section(
            "targets.roster",
            table(&[
                ("formatt", Node::Text("csv".to_owned())),
                ("layout", Node::Integer(3)),
                ("max", Node::Integer(0)),
                ("token", Node::Text("s3cret".to_owned())),
            ]),
        );
        let path = section.file("path");
        section.required("path", path, "\"/srv/roster\"");
        section.text("layout");
        section.choice("format", &[("csv", ())]);
        section.integer("max", 1..=9);
        section.secret("token");
        section.finish();
        let faults: Vec<String> = reading.faults().iter().map(Fault::to_string).collect();
        assert_eq!(
            faults,
            [
                "targets.roster.path: is missing and required; add path = \"/srv/roster\"",
                "targets.roster.layout: is a whole number, not a text in quotes; write a text in quotes",
                "targets.roster.max: is out of range; write a whole number from 1 to 9",
                "targets.roster.token: must not hold the secret itself; write { credential = \"name\" } or { file = \"path\" }",
                "targets.roster.formatt: is not a known key; did you mean format?",
            ]
        );
    }

    #[test]
    fn a_key_that_decides_about_the_others_is_recognised_misspelt() {
        let reading = Reading::default();
        let word = || Node::Text("x".to_owned());
        let mut section =
            reading.section("t", table(&[("adpter", word()), ("path", word()), ("adapt", word())]));
        assert_eq!(section.peek("path"), Some(&word()));
        section.text("adapt");
        section.misspelt("adapter");
        let faults: Vec<String> = reading.faults().iter().map(Fault::to_string).collect();
        assert_eq!(faults, ["t.adpter: is not a known key; did you mean adapter?"]);
    }

    #[test]
    fn a_credential_is_passed_over_only_where_nobody_is_asked_and_there_is_no_folder_of_them() {
        let token = |place: &str| table(&[("token", table(&[(place, Node::Text("x".to_owned()))]).unwrap())]);
        let read = |place, credentials: Option<&str>, secrets| {
            let reading = Reading::new("/nowhere", credentials.map(PathBuf::from), secrets);
            let is_some = reading.section("t", token(place)).secret("token").is_some();
            (is_some, reading.unread().concat(), reading.faults().len())
        };
        let (passed_over, faulty) = ((true, "t.token".to_owned(), 0), (false, String::new(), 1));
        assert_eq!(read("credential", None, Secrets::IfThere), passed_over);
        assert_eq!(read("credential", None, Secrets::Needed), faulty);
        assert_eq!(read("credential", Some("/nowhere"), Secrets::IfThere), faulty);
        assert_eq!(read("file", None, Secrets::IfThere), faulty);
    }

    #[test]
    fn a_fault_within_a_text_names_the_character() {
        let fault = |at| Fault {
            path: "t.x".to_owned(),
            problem: "is odd".to_owned(),
            remedy: "mend it".to_owned(),
            within: Some(Within { key: "value", at }),
        };
        assert_eq!(fault(Some(7)).to_string(), "t.x: is odd at character 7; mend it");
        assert_eq!(fault(None).to_string(), "t.x: is odd; mend it");
    }

    #[test]
    fn a_text_from_the_environment_takes_the_type_that_is_asked_for() {
        let reading = Reading::default();
        let loose = |text: &str| Node::Loose(text.to_owned());
        let mut section =
            reading.section("s", table(&[("a", loose("3")), ("b", loose("true")), ("c", loose("0012"))]));
        assert_eq!((section.integer("a", 0..=9), section.flag("b")), (Some(3), Some(true)));
        assert_eq!(section.text("c").as_deref(), Some("0012"));
        assert!(reading.faults().is_empty());
    }
}
