//! Every name an expression may use. A name that is not here is refused when the configuration is loaded.

use adapter_sdk::Level;

use crate::Needs;

/// One name.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// As written in an expression; `offer.*` stands for every name that begins with `offer.`.
    pub name: &'static str,
    /// `Person`: usable everywhere. `Hire`: only under `[targets.NAME.hire]`.
    pub level: Level,
    /// What it is.
    pub about: &'static str,
    /// What has to be asked of Lever for it.
    pub needs: Needs,
}

const NOTHING: Needs = Needs {
    offers: false,
    postings: false,
    requisitions: false,
    requisition_details: false,
    users: false,
    forms: false,
};
const OFFERS: Needs = Needs { offers: true, ..NOTHING };
const POSTINGS: Needs = Needs { postings: true, ..NOTHING };
const REQUISITIONS: Needs = Needs { requisitions: true, ..NOTHING };
const USERS: Needs = Needs { users: true, ..NOTHING };

const fn of_person(name: &'static str, about: &'static str) -> Name {
    Name { name, level: Level::Person, about, needs: NOTHING }
}

const fn of_hire(name: &'static str, needs: Needs, about: &'static str) -> Name {
    Name { name, level: Level::Hire, about, needs }
}

/// The table of names.
pub const NAMES: &[Name] = &[
    of_person("contact", "Lever's id of the person"),
    of_person("opportunities", "ids of all opportunities of the person, hired or not, as an array"),
    of_person("name.full", "the name as typed"),
    of_person("name.first", "the first word of the name"),
    of_person("name.middle", "the words between the first and the last"),
    of_person("name.last", "the last word of the name; empty for a name of one word"),
    of_person("emails", "e-mail addresses, as an array"),
    of_person("phones", "telephone numbers, as an array of type and number"),
    of_person("phone", "phone('mobile'): the first number of that type, as typed"),
    of_person("location", "whereabouts of the person, free text"),
    of_person("links", "links on the profile, as an array"),
    of_person("answer", "answer('Date of birth'): the newest answer to that question on any form"),
    of_hire("opportunity", NOTHING, "id of the hired opportunity"),
    of_hire("hired_at", NOTHING, "the moment of hire; hired_at | date gives the day in the configured zone"),
    of_hire("today", NOTHING, "the day on which this hire was first planned, kept for good"),
    of_hire("reason", NOTHING, "id of the archive reason"),
    of_hire("origin", NOTHING, "agency, applied, internal, referred, sourced or university"),
    of_hire("sources", NOTHING, "sources, as an array"),
    of_hire("tags", NOTHING, "tags, as an array"),
    of_hire("profile", NOTHING, "where a Lever user sees this opportunity"),
    of_hire("job_location", POSTINGS, "the location chosen for this candidacy, else the posting's"),
    of_hire("posting.id", POSTINGS, "id of the posting"),
    of_hire("posting.title", POSTINGS, "title of the posting"),
    of_hire("posting.team", POSTINGS, "team"),
    of_hire("posting.department", POSTINGS, "department"),
    of_hire("posting.location", POSTINGS, "location"),
    of_hire("posting.commitment", POSTINGS, "commitment"),
    of_hire("posting.level", POSTINGS, "level"),
    of_hire("posting.workplace", POSTINGS, "onsite, remote, hybrid or unspecified"),
    of_hire("posting.country", POSTINGS, "ISO country code"),
    of_hire("offer.id", OFFERS, "id of the offer that counts"),
    of_hire("offer.status", OFFERS, "its status, e.g. signed"),
    of_hire("offer.start_date", OFFERS, "anticipated start date"),
    of_hire(
        "offer.*",
        OFFERS,
        "any field of the offer form by its identifier, e.g. offer.salary_amount or offer.custom_grade",
    ),
    of_hire("requisition.id", REQUISITIONS, "id of the requisition the hire was made against"),
    of_hire("requisition.code", REQUISITIONS, "its code"),
    of_hire("manager.name", USERS, "hiring manager at the moment of hire"),
    of_hire("manager.email", USERS, "their e-mail address"),
    of_hire("manager.external_id", USERS, "their id in the HR system, where Lever's users carry it"),
    of_hire("recruiter.name", USERS, "owner of the opportunity"),
    of_hire("recruiter.email", USERS, "their e-mail address"),
    of_hire("recruiter.external_id", USERS, "their id in the HR system, where Lever's users carry it"),
];

/// The entry for a dotted name as an expression uses it: itself, a table of it (`posting`), or a wildcard.
pub(crate) fn entries(used: &str) -> Vec<&'static Name> {
    let exact: Vec<_> = NAMES.iter().filter(|entry| entry.name == used).collect();
    if !exact.is_empty() {
        return exact;
    }
    // An index or a method behind a known name, e.g. `emails.0`: the longest known head decides.
    let known_head = NAMES.iter().filter(|entry| {
        !TABLES.contains(&entry.name)
            && used.strip_prefix(entry.name).is_some_and(|rest| rest.starts_with('.'))
            && !entry.name.contains('.')
    });
    let heads: Vec<_> = known_head.collect();
    if !heads.is_empty() {
        return heads;
    }
    let wild = NAMES.iter().filter(|entry| {
        entry
            .name
            .strip_suffix('*')
            .is_some_and(|head| used.starts_with(head) && !used[head.len()..].contains('.'))
    });
    let wild: Vec<_> = wild.collect();
    if !wild.is_empty() {
        return wild;
    }
    // The whole table: everything in it.
    NAMES
        .iter()
        .filter(|entry| entry.name.strip_prefix(used).is_some_and(|rest| rest.starts_with('.')))
        .collect()
}

const TABLES: &[&str] = &["name", "posting", "offer", "requisition", "manager", "recruiter"];

/// Every name, for "did you mean".
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|entry| entry.name)
}
