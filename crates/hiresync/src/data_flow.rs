//! `check --data-flow`: the page that a data-protection officer asks for, made from the configuration alone. No request is
//! made, and equal configurations give equal pages.

mod page;

use std::path::Path;

use adapter_sdk::FieldRule;
use engine::Needs;
use mapping::{
    Due, Field, Milestone, Use,
    names::{Data, NAMES},
};
use serde::Serialize;

use crate::{
    config::{Config, Secrets, TargetConfig},
    exit::Exit,
    once, print,
};

/// Which data of whom goes where, and why.
#[derive(Debug, Serialize)]
pub(crate) struct DataFlow {
    source: Source,
    targets: Vec<OfTarget>,
    notices: Option<crate::notices::Destinations>,
    asked: Vec<Asked>,
    not_asked: Vec<&'static str>,
    never_asked: Vec<&'static str>,
    kept: &'static [&'static str],
    without_purpose: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Source {
    host: String,
    hired_since: String,
    timezone: String,
    confidential: bool,
    /// The path under which Lever itself says that something happened.
    webhook: Option<String>,
}

#[derive(Debug, Serialize)]
struct OfTarget {
    target: String,
    adapter: &'static str,
    about: &'static str,
    /// What the adapter keeps at the target's side.
    keeps: &'static str,
    destination: Option<String>,
    purpose: Option<String>,
    when: Option<When>,
    /// What it is searched by before anybody is created there.
    searched_by: &'static [&'static str],
    fields: Vec<OfField>,
    /// What Lever is told once the target holds a hire.
    told_to_lever: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Told {
    what: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct When {
    expression: String,
    made_of: Vec<Fact>,
}

#[derive(Debug, Serialize)]
struct OfField {
    level: &'static str,
    field: String,
    inherited: bool,
    expression: String,
    made_of: Vec<Fact>,
    data: Vec<&'static str>,
    personal: bool,
    purpose: Option<String>,
    written: &'static str,
    when_absent: String,
    /// The expression is a fact and nothing else.
    #[serde(skip)]
    is_bare: bool,
    allowed: Option<String>,
}

/// A fact of Lever's, as an expression names it.
#[derive(Debug, Serialize)]
struct Fact {
    name: String,
    data: &'static str,
    /// What of Lever's it comes with; `None`: it is no fact of Lever's.
    object: Option<&'static str>,
}

/// An object that is asked for, and because of which fields.
#[derive(Debug, Serialize)]
struct Asked {
    object: &'static str,
    because_of: Vec<String>,
}

/// What is asked of Lever only where something mapped needs it.
const OPTIONAL: [(&str, Needs); 5] = [
    ("postings", Needs { postings: true, ..Needs::NONE }),
    ("offers", Needs { offers: true, ..Needs::NONE }),
    ("requisitions", Needs { requisition_details: true, ..Needs::NONE }),
    ("users", Needs { users: true, ..Needs::NONE }),
    ("profile forms", Needs { forms: true, ..Needs::NONE }),
];
const NEVER: [&str; 3] =
    ["answers about equal opportunities (EEO)", "feedback and interviews", "résumés and other files"];
const KEPT: &[&str] = &[
    "ids of contacts, opportunities and records over there",
    "digests of values under a secret key, by which a change is noticed",
    "times, states, codes and names of fields",
];
const SEARCHED_BY: &[&str] = &["contact id", "opportunity ids", "where it can be, e-mail addresses"];
/// The same, of a target without a place for the contact id.
const SEARCHED_BY_KEY: &[&str] = &["a key made of the contact id", "where it can be, e-mail addresses"];

/// The page, printed.
pub fn run(path: &Path, as_json: bool) -> Result<Exit, Exit> {
    let flow = DataFlow::of(&once::config(path, Secrets::IfThere)?);
    if as_json {
        print::json(&flow)?
    } else {
        print::answer(&flow.text())?
    }
    Ok(Exit::Done)
}

/// The optional objects that `needs` means, in the words for people.
pub(crate) fn objects(needs: Needs) -> Vec<&'static str> {
    let mut objects: Vec<&str> =
        OPTIONAL.iter().filter(|(_, object)| needs.union(*object) == needs).map(|&(name, _)| name).collect();
    if needs.requisitions && !needs.requisition_details {
        objects.push("requisitions, where the hire has no code");
    }
    objects
}

impl DataFlow {
    pub(crate) fn of(config: &Config) -> DataFlow {
        let targets: Vec<OfTarget> = config.targets.iter().map(OfTarget::of).collect();
        let reasons = reasons(config);
        let (asked, not_asked): (Vec<_>, Vec<_>) = OPTIONAL
            .iter()
            .map(|&(object, needs)| Asked { object, because_of: because_of(object, needs, &reasons) })
            .partition(|asked| !asked.because_of.is_empty());
        // Ours is looked for before one is written.
        let notes = targets.iter().flat_map(|target| &target.told_to_lever).all(|told| told.what != "note");
        let never_asked = NEVER.into_iter().chain(notes.then_some("notes")).collect();
        let without_purpose = targets
            .iter()
            .flat_map(|target| target.fields.iter().map(move |field| (target, field)))
            .filter(|(_, field)| field.purpose.is_none())
            .map(|(target, field)| format!("{}.{}.{}", target.target, field.level, field.field))
            .collect();
        DataFlow {
            source: Source {
                host: config.lever.base_url.host_str().unwrap_or_default().to_owned(),
                hired_since: config.lever.hired_since.to_string(),
                timezone: config.lever.zone.to_string(),
                confidential: config.lever.confidential,
                webhook: config.webhook.as_ref().map(|webhook| webhook.path.clone()),
            },
            targets,
            notices: crate::notices::Destinations::of(config),
            asked,
            not_asked: not_asked.into_iter().map(|asked| asked.object).collect(),
            never_asked,
            kept: KEPT,
            without_purpose,
        }
    }
}

/// Everything that needs something of Lever, by its path in the configuration.
fn reasons(config: &Config) -> Vec<(String, Needs)> {
    let of_target = |target: &TargetConfig| -> Vec<(String, Needs)> {
        let when = target.mapping.when_facts().iter().filter_map(entry).map(|name| name.needs);
        let when = (format!("{}.when", target.name), when.fold(Needs::NONE, Needs::union));
        let of_field =
            |field: &Field| (format!("{}.{}.{}", target.name, field.level.word(), field.name), field.needs());
        std::iter::once(when).chain(target.mapping.fields().map(of_field)).collect()
    };
    config.targets.iter().flat_map(of_target).collect()
}

fn because_of(object: &str, needs: Needs, reasons: &[(String, Needs)]) -> Vec<String> {
    let is_asked =
        |found: Needs| found.union(needs) == found || object == "requisitions" && found.requisitions;
    reasons.iter().filter(|(_, found)| is_asked(*found)).map(|(path, _)| path.clone()).collect()
}

impl OfTarget {
    fn of(target: &TargetConfig) -> OfTarget {
        let info = target.adapter.info();
        let (about, keeps) = adapters::named(info.kind)
            .map_or_else(Default::default, |registration| (registration.about, registration.keeps));
        let when = target.mapping.when().map(|expression| When {
            expression: expression.to_owned(),
            made_of: target.mapping.when_facts().iter().filter_map(Fact::of).collect(),
        });
        OfTarget {
            target: target.name.to_string(),
            adapter: info.kind,
            about,
            keeps,
            destination: target.destination.clone(),
            purpose: target.purpose.clone(),
            when,
            searched_by: match (info.capabilities.find, info.capabilities.contact_id) {
                (true, true) => SEARCHED_BY,
                (true, false) => SEARCHED_BY_KEY,
                (false, _) => &[],
            },
            fields: target.mapping.fields().map(|field| OfField::of(field, target)).collect(),
            told_to_lever: told_to_lever(target),
        }
    }
}

fn told_to_lever(target: &TargetConfig) -> Vec<Told> {
    let told = &target.write_back;
    let all = [("tag", &told.tag), ("link", &told.link), ("note", &told.note)];
    all.into_iter().filter_map(|(what, text)| Some(Told { what, text: text.clone()? })).collect()
}

impl OfField {
    fn of(field: &Field, target: &TargetConfig) -> OfField {
        let rule = &field.rule;
        let mut data: Vec<Data> = field.facts().iter().filter_map(entry).map(|name| name.data).collect();
        data.sort_unstable();
        data.dedup();
        OfField {
            level: field.level.word(),
            field: field.name.to_string(),
            inherited: field.inherited,
            expression: rule.value.clone(),
            made_of: field.facts().iter().filter_map(Fact::of).collect(),
            data: data.into_iter().map(Data::words).collect(),
            personal: field.personal && !field.facts().is_empty(),
            purpose: rule.purpose.clone().or_else(|| target.purpose.clone()),
            written: match rule.write.unwrap_or_default() {
                FieldRule::Always => "whenever it changes",
                FieldRule::OnlyOnCreate => "only when the record is made",
                FieldRule::OnlyIfEmpty => "only while it is empty over there",
            },
            when_absent: when_absent(field),
            is_bare: is_bare(field),
            allowed: allowed(field),
        }
    }
}

/// What happens where Lever has no value.
fn when_absent(field: &Field) -> String {
    let rule = &field.rule;
    match (&rule.placeholder, rule.hold.map(|hold| hold.due)) {
        (Some(placeholder), _) if field.facts().is_empty() => {
            format!(
                "nothing is mapped to it: the placeholder {placeholder} is always sent, and a task asks for the right value"
            )
        }
        (Some(placeholder), _) => {
            format!("the placeholder {placeholder} is sent, and a task asks for the right value")
        }
        _ if field.facts().is_empty() => "never: it is the same for everybody".to_owned(),
        (None, Some(Some(due))) => format!("the person is held; needed {}", due_words(due)),
        (None, Some(None)) => "the person is held".to_owned(),
        (None, None) if rule.required => "the person is held".to_owned(),
        (None, None) if rule.never_clear => "nothing is written: what was there stays".to_owned(),
        (None, None) if is_bare(field) => "the field is blank".to_owned(),
        (None, None) => "the field is blank, unless its expression says otherwise".to_owned(),
    }
}

/// Whether the expression is a fact and nothing else.
fn is_bare(field: &Field) -> bool {
    matches!(field.facts(), [fact] if fact.text == field.rule.value.trim())
}

fn due_words(due: Due) -> String {
    let from = match due.milestone {
        Milestone::Start => "the start date",
        Milestone::Hire => "the day of hire",
    };
    let days = print::count(due.days.unsigned_abs().into(), "day", "days");
    match due.days {
        0 => format!("on {from}"),
        ..0 => format!("{days} before {from}"),
        1.. => format!("{days} after {from}"),
    }
}

fn allowed(field: &Field) -> Option<String> {
    let rule = &field.rule;
    let values = (!rule.one_of.is_empty()).then(|| format!("one of {}", rule.one_of.join(", ")));
    let length = rule
        .length_max
        .map(|most| format!("at most {}", print::count(most as u64, "character", "characters")));
    let both: Vec<String> = values.into_iter().chain(length).collect();
    (!both.is_empty()).then(|| format!("{}; anything else holds the person", both.join(", ")))
}

impl Fact {
    fn of(used: &Use) -> Option<Fact> {
        let name = entry(used)?;
        let object = match name.name {
            "today" => None,
            "answer" => Some("applications"),
            "job_location" => Some("opportunities, postings"),
            _ if name.needs.requisitions || name.needs.requisition_details => Some("requisitions"),
            _ => Some(objects(name.needs).first().copied().unwrap_or("opportunities")),
        };
        Some(Fact { name: used.text.clone(), data: name.data.words(), object })
    }
}

/// The entry of a fact in the table of names.
fn entry(used: &Use) -> Option<&'static mapping::names::Name> {
    NAMES.iter().find(|name| name.name == used.name)
}

#[cfg(test)]
mod tests;
