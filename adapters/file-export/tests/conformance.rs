//! The conformance run: a roster and files of changes, as CSV and as JSON lines.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use adapter_sdk::{
    Build, Columns, HrisAdapter, Registration,
    conformance::{Bench, Seen, Somebody},
    settings::{Node, Reading},
};
use async_trait::async_trait;
use people::{ContactId, FieldName, Fields, OpportunityId, Pii, SystemClock, Value, Wanted};
use tempfile::TempDir;

/// An export folder of its own.
struct Folder {
    folder: TempDir,
    settings: [(&'static str, &'static str); 2],
}

impl Folder {
    fn new(format: &'static str, layout: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Folder { folder, settings: [("format", format), ("layout", layout)] }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("export")
    }

    fn adapter(&self) -> Arc<dyn HrisAdapter> {
        let mut entries = vec![("path".to_owned(), Node::Text(self.path().to_str().unwrap().to_owned()))];
        entries.extend(self.settings.map(|(key, word)| (key.to_owned(), Node::Text(word.to_owned()))));
        let reading = Reading::default();
        let section = reading.section("targets.bench", Some(Node::Table(entries)));
        let build = Build::without_network("bench".parse().unwrap(), columns(), Arc::new(SystemClock));
        (file_export::REGISTRATION.build)(section, build).unwrap_or_else(|| panic!("{:?}", reading.faults()))
    }

    /// The rows of a file, by column.
    fn rows(&self, file: &str) -> Vec<BTreeMap<String, String>> {
        let Ok(content) = fs::read(self.path().join(file)) else { return Vec::new() };
        if file.ends_with(".csv") {
            let mut reader = csv::Reader::from_reader(content.as_slice());
            return reader.deserialize().map(|row| row.expect("a row of CSV")).collect();
        }
        let lines = content.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let object: BTreeMap<String, serde_json::Value> =
                    serde_json::from_slice(line).expect("a line of JSON");
                let text = |value: serde_json::Value| value.as_str().map_or(value.to_string(), str::to_owned);
                object.into_iter().map(|(key, value)| (key, text(value))).collect()
            })
            .collect()
    }

    fn roster(&self, file: &str) -> Vec<Seen> {
        let mut seen: BTreeMap<ContactId, Vec<OpportunityId>> = BTreeMap::new();
        for row in self.rows(file) {
            seen.entry(row["contact"].parse().unwrap())
                .or_default()
                .push(row["opportunity"].parse().unwrap());
        }
        seen.into_iter().map(|(contact, hires)| Seen { contact, hires }).collect()
    }

    /// What somebody holds who took in every file of changes in order.
    fn taken_in(&self) -> Vec<Seen> {
        let Ok(entries) = fs::read_dir(self.path()) else { return Vec::new() };
        let mut files: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.retain(|name| name.starts_with("changes-") && !name.ends_with(".manifest.json"));
        files.sort();
        let mut owner: BTreeMap<OpportunityId, ContactId> = BTreeMap::new();
        let mut doubled = Vec::new();
        for row in files.iter().flat_map(|file| self.rows(file)) {
            let opportunity: OpportunityId = row["opportunity"].parse().unwrap();
            let contact: ContactId = row["contact"].parse().unwrap();
            let before = match row["operation"].as_str() {
                "withdraw" => owner.remove(&opportunity),
                _ => owner.insert(opportunity.clone(), contact.clone()),
            };
            if row["operation"] == "add" && before.is_some() {
                doubled.push((opportunity, contact));
            }
        }
        let mut seen: BTreeMap<ContactId, Vec<OpportunityId>> = BTreeMap::new();
        for (opportunity, contact) in owner.into_iter().chain(doubled) {
            seen.entry(contact).or_default().push(opportunity);
        }
        seen.into_iter().map(|(contact, hires)| Seen { contact, hires }).collect()
    }
}

fn columns() -> Columns {
    let names = |names: &[&str]| names.iter().map(|name| FieldName::new(*name)).collect();
    Columns {
        person: names(&["contact", "first", "last", "email", "phone"]),
        hire: names(&["opportunity", "title"]),
    }
}

fn wanted(somebody: &Somebody) -> Wanted {
    let text = |text: &str| Pii::new(Value::Text(text.to_owned()));
    let maybe = |value: &Option<String>| value.as_deref().map_or(Pii::new(Value::Blank), text);
    let person = Fields::from([
        (FieldName::new("contact"), text(somebody.contact.as_str())),
        (FieldName::new("first"), text(&somebody.first)),
        (FieldName::new("last"), text(&somebody.last)),
        (FieldName::new("email"), maybe(&somebody.email)),
        (FieldName::new("phone"), maybe(&somebody.phone)),
    ]);
    let hire = |(opportunity, title): (&OpportunityId, &String)| {
        let fields = [("opportunity", text(opportunity.as_str())), ("title", text(title))];
        (opportunity.clone(), fields.map(|(name, value)| (FieldName::new(name), value)).into())
    };
    Wanted { person, hires: somebody.hires.iter().map(hire).collect(), ..Wanted::default() }
}

macro_rules! bench {
    ($module:ident, $bench:ident, $format:literal, $layout:literal, |$folder:ident| $records:expr) => {
        struct $bench(Folder);

        #[async_trait]
        impl Bench for $bench {
            async fn start() -> Self {
                $bench(Folder::new($format, $layout))
            }

            fn adapter(&self) -> Arc<dyn HrisAdapter> {
                self.0.adapter()
            }

            fn wanted(&self, somebody: &Somebody) -> Wanted {
                wanted(somebody)
            }

            async fn records(&self) -> Vec<Seen> {
                let $folder = &self.0;
                $records
            }

            fn registration() -> Option<Registration> {
                Some(file_export::REGISTRATION)
            }

            fn columns() -> Columns {
                columns()
            }
        }

        mod $module {
            adapter_sdk::conformance!(super::$bench);
        }
    };
}

bench!(roster_as_csv, RosterCsv, "csv", "roster", |folder| folder.roster("roster.csv"));
bench!(roster_as_jsonl, RosterJsonl, "jsonl", "roster", |folder| folder.roster("roster.jsonl"));
bench!(changes_as_csv, ChangesCsv, "csv", "changes", |folder| folder.taken_in());
bench!(changes_as_jsonl, ChangesJsonl, "jsonl", "changes", |folder| folder.taken_in());
