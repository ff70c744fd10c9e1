//! `[targets.*]`: from words to adapters and mappings.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use adapter_sdk::{
    Build, Columns, FieldSchema, HrisAdapter, Level, Registration,
    settings::{Fault, Node, Reading, Section, Within, nearest},
};
use mapping::{Mapping, Rule, Rules, Tables};
use people::{FieldName, TargetName, Zone};
use url::Url;

use super::{
    Outside, TargetConfig,
    fields::{self, Written},
    policy, write_back,
};

/// What every target is read with.
pub(super) struct Ground<'r> {
    pub reading: &'r Reading,
    pub outside: &'r Outside,
    pub tables: &'r Tables,
    pub zone: Zone,
}

impl<'r> Ground<'r> {
    /// Those that are enabled, in the order of the file; the others are checked all the same.
    pub(super) fn targets(&self, mut section: Section<'r>) -> Vec<TargetConfig> {
        let mut enabled = Vec::new();
        let mut some = false;
        let mut folders: Vec<(PathBuf, String)> = Vec::new();
        for (name, node) in section.rest() {
            let at = format!("targets.{name}");
            let Ok(target) = name.parse::<TargetName>() else {
                self.reading.fault(at, "is no name", "use letters, digits, - and _ for a target's name");
                continue;
            };
            let (is_enabled, read) = self.target(&at, target, node, &mut folders);
            some = true;
            enabled.extend(read.filter(|_| is_enabled));
        }
        self.one_way_to_cezanne(&enabled);
        // All of them may be switched off: that is how one takes hiresync out again.
        if !some {
            self.reading.fault(
                "targets",
                "there is no target",
                "add a [targets.NAME] with adapter = \"file-export\"",
            );
        }
        enabled
    }

    /// A target that makes records itself, beside one that has Cezanne make them, makes every hire twice.
    fn one_way_to_cezanne(&self, enabled: &[TargetConfig]) {
        let ways = |finds: bool| {
            enabled.iter().find(move |target| {
                let info = target.adapter.info();
                info.kind == "cezanne" && info.capabilities.find == finds
            })
        };
        if let (Some(data), Some(relay)) = (ways(true), ways(false)) {
            self.reading.fault(
                format!("targets.{}.new_starter", relay.name),
                format!("is \"lever-webhook\", and {} makes the same people itself", data.name),
                "keep one of the two targets, or every hire is made twice",
            );
        }
    }

    fn target(
        &self,
        at: &str,
        name: TargetName,
        node: Node,
        folders: &mut Vec<(PathBuf, String)>,
    ) -> (bool, Option<TargetConfig>) {
        let mut section = self.reading.section(at, Some(node));
        let is_enabled = section.flag("enabled").unwrap_or(true);
        let kind = section.text("adapter");
        let kind = section.required("adapter", kind, "\"file-export\"");
        let when = section.text("when");
        let without_defaults = section.flag("inherit") == Some(false);
        let purpose = fields::purpose(&mut section);
        let has_write_back = section.has("write_back");
        let write_back = write_back::write_back(section.section("write_back"), has_write_back);
        let policy = policy::policy(&mut section);
        let person = fields::rules(self.reading, &mut section, Level::Person);
        let hire = fields::rules(self.reading, &mut section, Level::Hire);
        if kind.is_none() {
            section.misspelt("adapter");
        }
        let Some(registration) = kind.and_then(|kind| self.registration(&section, &kind)) else {
            return (is_enabled, None);
        };
        if registration.kind == "file-export" {
            self.own_folder(&mut section, at, folders);
        }
        let destination = self.destination(&section);
        let settings = format!(
            "{} {} {}",
            registration.kind,
            destination.as_deref().unwrap_or_default(),
            section.wording()
        );
        let names = |fields: &[Written]| fields.iter().map(|(field, _)| FieldName::new(field)).collect();
        let columns = Columns { person: names(&person), hire: names(&hire) };
        let rules = |fields: &[Written]| -> Vec<(String, Rule)> {
            fields.iter().filter_map(|(field, rule)| Some((field.clone(), rule.clone()?))).collect()
        };
        let rules = Rules { when, person: rules(&person), hire: rules(&hire), without_defaults };
        let mapping = self.mapping(at, &(registration.schema)(&section), &rules);
        // The target's own defaults are columns, too.
        let columns = mapping.as_ref().map_or(columns, Mapping::columns);
        let Outside { clock, way } = self.outside.clone();
        let build = Build { target: name.clone(), columns, clock, way: way.apart() };
        // What is wrong with the settings is said by the first.
        let again = section.clone();
        let asking = build.asking_only();
        let adapter: Option<Arc<dyn HrisAdapter>> = (registration.build)(section, build);
        let asking = adapter.as_ref().and_then(|_| (registration.build)(again, asking));
        for (level, fields) in [(Level::Person, &person), (Level::Hire, &hire)] {
            if let Some(adapter) = &adapter {
                fields::readable(self.reading, at, level, fields, adapter.info().capabilities);
            }
        }
        if let Some(adapter) = &adapter {
            policy::fits(self.reading, at, &policy, adapter.info().capabilities);
        }
        let read = adapter.zip(asking).zip(mapping).map(|((adapter, asking), mapping)| TargetConfig {
            name,
            adapter,
            asking,
            mapping: Arc::new(mapping),
            destination,
            settings,
            write_back,
            policy,
            purpose,
        });
        (is_enabled, read)
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

    fn mapping(&self, at: &str, schema: &FieldSchema, rules: &Rules) -> Option<Mapping> {
        let before = self.reading.faults();
        let faults = match Mapping::compile(rules, self.tables, schema, self.zone) {
            Ok(mapping) => return Some(mapping),
            Err(faults) => faults,
        };
        for fault in faults {
            let path = format!("{at}.{}", fault.place);
            // A field whose own words are wrong is not missing.
            let value = format!("{path}.value");
            let is_said = before.iter().any(|said| said.path == path || said.path == value);
            if !is_said {
                let within = Some(Within { key: "value", at: fault.at });
                self.reading.note(Fault { path, problem: fault.problem, remedy: fault.remedy, within });
            }
        }
        None
    }

    /// Where a target's data goes, in words: a folder by its whole path, or a host.
    fn destination(&self, section: &Section<'r>) -> Option<String> {
        let text = |key: &str| match section.peek(key) {
            Some(Node::Text(text) | Node::Loose(text)) => Some(text.clone()),
            _ => None,
        };
        let host = |key: &str| Some(format!("the host {}", Url::parse(&text(key)?).ok()?.host_str()?));
        let folder = |path| format!("the folder {}", plain(&self.reading.resolved(path)).display());
        text("path")
            .map(folder)
            .or_else(|| ["service_root", "base_url", "url", "webhook_url"].into_iter().find_map(host))
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
