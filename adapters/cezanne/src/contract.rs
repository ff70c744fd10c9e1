//! What the tenant's own `$metadata` makes of the settings: where each mapped field is written, and what stands in the way. Pure.
//!
//! **Invariant:** nothing is written that a contract does not name. Names in our tables are defaults; the tenant decides.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use adapter_sdk::{CheckReport, Columns, Error, ErrorKind, Level};
use people::FieldName;

use crate::{
    config::{Keep, OpenEnded, Rules},
    mapping::{COMMUNICATIONS, COMPANY, GENDER_CODE, GENDER_TEXT, HIRE_DATE, PERSON_CODE, TERMINATION_DATE},
    odata::{EntityType, Metadata, Property, Version},
};

pub(crate) const EMPLOYMENT_ID: &str = "EMPLOYMENTID";

/// Everything the adapter must know before it writes.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) version: Version,
    pub(crate) people: Set,
    pub(crate) communications: Set,
    pub(crate) employments: Set,
    /// Only where something is mapped to it.
    pub(crate) deployments: Option<Set>,
    /// Companies with their codes, if the tenant shows them.
    pub(crate) companies: Option<Set>,
    places: BTreeMap<(Level, FieldName), Place>,
    /// What works but should be known: what, and what to do.
    warnings: Vec<(String, String)>,
    functions: Vec<String>,
}

/// An entity set with its type.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) entity: Arc<EntityType>,
}

/// The entities we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entity {
    People,
    Communications,
    Employments,
    Deployments,
}

/// Where a mapped field is written.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) entity: Entity,
    pub(crate) property: String,
    pub(crate) spec: Property,
    /// The tenant has the gender's code, and its text is mapped.
    pub(crate) as_gender_code: bool,
}

/// What the settings want and the tenant does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Breaches(pub(crate) Vec<String>);

impl Set {
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.entity.properties.get(name)
    }
}

impl Contract {
    /// Settles it, or says everything that stands in the way.
    pub(crate) fn settle(
        metadata: &Metadata,
        rules: &Rules,
        columns: &Columns,
    ) -> Result<Contract, Breaches> {
        let mut drafting = Drafting { metadata, breaches: Vec::new() };
        let sets = &rules.sets;
        let people = drafting.set("people", &sets.people, &[PERSON_CODE]);
        let communications = drafting.set("communications", &sets.communications, &[PERSON_CODE]);
        let employments = drafting.set("employments", &sets.employments, &[EMPLOYMENT_ID, PERSON_CODE]);
        let wants_deployments = columns.hire.iter().any(is_of_deployments);
        let deployments =
            wants_deployments.then(|| drafting.set("deployments", &sets.deployments, &[])).flatten();
        let companies = metadata.set(&sets.companies).map(set).filter(|set| set.property(COMPANY).is_some());
        let (Some(people), Some(communications), Some(employments)) = (people, communications, employments)
        else {
            return Err(Breaches(drafting.breaches));
        };
        let mut contract = Contract {
            version: metadata.version,
            people,
            communications,
            employments,
            deployments,
            companies,
            places: BTreeMap::new(),
            warnings: Vec::new(),
            functions: metadata.functions.clone(),
        };
        let mut breaches = drafting.breaches;
        contract.place_fields(columns, &mut breaches);
        contract.look_for_what_is_unmapped(rules, &mut breaches);
        contract.check_kept(rules, &mut breaches);
        if breaches.is_empty() { Ok(contract) } else { Err(Breaches(breaches)) }
    }

    fn place_fields(&mut self, columns: &Columns, breaches: &mut Vec<String>) {
        for (level, fields) in [(Level::Person, &columns.person), (Level::Hire, &columns.hire)] {
            for field in fields {
                match self.find_place(level, field.as_str()) {
                    Ok(place) if place.spec.read_only => breaches.push(format!(
                        "{field} ({}) is computed by Cezanne and cannot be written; remove it from .{}",
                        level.word(),
                        level.word()
                    )),
                    Ok(place) => {
                        self.places.insert((level, field.clone()), place);
                    }
                    Err(told) if is_dispensable(field.as_str()) => self.warnings.push((
                        told,
                        format!("nothing, if HR does not miss it; it is left out. Else map it to a field that the tenant has under .{}", level.word()),
                    )),
                    // That there is no such set was said.
                    Err(_) if is_of_deployments(field) && self.deployments.is_none() => {}
                    Err(told) => breaches.push(format!("{told}; correct its name under .{}", level.word())),
                }
            }
        }
    }

    fn find_place(&self, level: Level, field: &str) -> Result<Place, String> {
        let (told, name) = match field.split_once('.') {
            Some((set, name)) => (Some(set), name),
            None => (None, field),
        };
        let sets: Vec<(Entity, &Set)> = match level {
            Level::Person if COMMUNICATIONS.contains(&field) => {
                vec![(Entity::Communications, &self.communications), (Entity::People, &self.people)]
            }
            Level::Person => {
                vec![(Entity::People, &self.people), (Entity::Communications, &self.communications)]
            }
            Level::Hire => {
                let deployments = self.deployments.iter().map(|set| (Entity::Deployments, set));
                [(Entity::Employments, &self.employments)].into_iter().chain(deployments).collect()
            }
        };
        let known = |(entity, set): &(Entity, &Set)| match told {
            Some(told) => told.eq_ignore_ascii_case(&set.name) || told.eq_ignore_ascii_case(entity.word()),
            None => *entity != Entity::Deployments,
        };
        let sets: Vec<_> = sets.into_iter().filter(known).collect();
        let place = |entity, property: &str, spec: &Property, as_gender_code| Place {
            entity,
            property: property.to_owned(),
            spec: spec.clone(),
            as_gender_code,
        };
        for (entity, set) in &sets {
            // A tenant that shows the code is sent the code: its text can be renamed.
            if let (GENDER_TEXT, Some((code, spec))) = (name, gender_code(set)) {
                return Ok(place(*entity, code, spec, true));
            }
            if let Some(spec) = set.property(name) {
                return Ok(place(*entity, name, spec, false));
            }
        }
        let nearest = sets.iter().find_map(|(_, set)| {
            adapter_sdk::settings::nearest(name, set.entity.properties.keys().map(String::as_str))
        });
        let hint = nearest.map(|near| format!(" (there is {near})")).unwrap_or_default();
        let names: Vec<&str> = sets.iter().map(|(_, set)| set.name.as_str()).collect();
        Err(format!("{field} is no property of {} in this tenant{hint}", names.join(" or ")))
    }

    /// What the tenant demands and nobody maps.
    fn look_for_what_is_unmapped(&mut self, rules: &Rules, breaches: &mut Vec<String>) {
        let ours = [PERSON_CODE, EMPLOYMENT_ID, HIRE_DATE, TERMINATION_DATE];
        let sets = [(Entity::People, &self.people), (Entity::Employments, &self.employments)];
        for (entity, set) in sets {
            if entity == Entity::Employments && !rules.create_employment {
                continue;
            }
            for (name, spec) in &set.entity.properties {
                let is_mapped =
                    || self.places.values().any(|place| place.entity == entity && place.property == *name);
                let demanded = !spec.nullable && !spec.has_default && !spec.read_only;
                if demanded && !ours.contains(&name.as_str()) && !is_flag(name) && !is_mapped() {
                    breaches.push(format!(
                        "{} demands {name}, and nothing is mapped to it; add {name} = \"…\" under .{}",
                        set.name,
                        entity.level().word()
                    ));
                }
            }
        }
        if !self.people.entity.properties.contains_key(GENDER_TEXT) && gender_code(&self.people).is_none() {
            self.warnings.push((
                format!("{} has neither {GENDER_TEXT} nor {GENDER_CODE}", self.people.name),
                "nothing: no gender is sent".to_owned(),
            ));
        }
    }

    /// Ids are looked for where they are kept: on the person, and on the employment.
    fn check_kept(&self, rules: &Rules, breaches: &mut Vec<String>) {
        let Keep { contact, opportunities, opportunity } = &rules.keep;
        for (key, field, set) in [
            ("contact", contact, &self.people),
            ("opportunities", opportunities, &self.people),
            ("opportunity", opportunity, &self.employments),
        ] {
            if let Some(field) = field.as_ref().filter(|field| set.property(field).is_none()) {
                breaches.push(format!(
                    "keep.{key} names {field}, which is no property of {}; name one that is",
                    set.name
                ));
            }
        }
    }

    /// Where a field is written; `None`: the tenant has no place for it, and it may be left out.
    pub(crate) fn place(&self, level: Level, field: &FieldName) -> Option<&Place> {
        self.places.get(&(level, field.clone()))
    }

    /// The set of an entity.
    pub(crate) fn set(&self, entity: Entity) -> &Set {
        match entity {
            Entity::People => &self.people,
            Entity::Communications => &self.communications,
            Entity::Employments => &self.employments,
            Entity::Deployments => self.deployments.as_ref().unwrap_or(&self.employments),
        }
    }

    /// Longest person code.
    pub(crate) fn code_length_max(&self) -> Option<usize> {
        let longest = |set: &Set, name| set.property(name).and_then(|spec| spec.length_max);
        [
            longest(&self.people, PERSON_CODE),
            longest(&self.communications, PERSON_CODE),
            longest(&self.employments, PERSON_CODE),
            // Room for `-2`, `-12`.
            longest(&self.employments, EMPLOYMENT_ID).map(|most| most.saturating_sub(3)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether an employment may be without an end.
    pub(crate) fn end_may_be_left_out(&self, open_ended: OpenEnded) -> bool {
        let nullable = self.employments.property(TERMINATION_DATE).is_none_or(|spec| spec.nullable);
        open_ended == OpenEnded::Omit || open_ended == OpenEnded::Learn && nullable
    }

    /// For `check`.
    pub(crate) fn report(&self, report: &mut CheckReport) {
        let mut sets = String::new();
        for entity in [Entity::People, Entity::Communications, Entity::Employments] {
            let fields = self.places.values().filter(|place| place.entity == entity).count();
            let _ = write!(
                sets,
                "{}{} ({fields} fields)",
                if sets.is_empty() { "" } else { ", " },
                self.set(entity).name
            );
        }
        report.good(format!("$metadata (OData {}) has every field that is mapped: {sets}", self.version));
        for (what, remedy) in &self.warnings {
            report.warn(what, remedy);
        }
        let processes: Vec<&str> = self
            .functions
            .iter()
            .filter(|name| name.contains("Process") || name.contains("Starter"))
            .map(String::as_str)
            .collect();
        if !processes.is_empty() {
            report.warn(
                format!("the tenant has functions that look like processes: {}", processes.join(", ")),
                "ask Cezanne whether one starts the New Starter Process; hiresync calls none of them",
            );
        }
    }
}

impl Entity {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Entity::People => "People",
            Entity::Communications => "Communications",
            Entity::Employments => "Employments",
            Entity::Deployments => "Deployments",
        }
    }

    fn level(self) -> Level {
        match self {
            Entity::People | Entity::Communications => Level::Person,
            Entity::Employments | Entity::Deployments => Level::Hire,
        }
    }
}

impl Breaches {
    /// For the engine: the whole target waits until somebody mended it.
    pub(crate) fn into_error(self) -> Error {
        Error::new(ErrorKind::ConfigInvalid, "the mapping does not fit the tenant's $metadata")
            .with("faults", self.0.len())
            .with("remedy", self.0.join("; "))
    }
}

fn set((name, entity): (&str, &Arc<EntityType>)) -> Set {
    Set { name: name.to_owned(), entity: Arc::clone(entity) }
}

struct Drafting<'m> {
    metadata: &'m Metadata,
    breaches: Vec<String>,
}

impl Drafting<'_> {
    /// The set, if it is there and has the key we know it by.
    fn set(&mut self, setting: &str, name: &str, key: &[&str]) -> Option<Set> {
        let Some(found) = self.metadata.set(name).map(set) else {
            self.breaches.push(format!(
                "the service has no entity set {name}; write its name as sets.{setting}, or look at the version in service_root"
            ));
            return None;
        };
        let mut theirs: Vec<&str> = found.entity.key.iter().map(String::as_str).collect();
        let mut ours = key.to_vec();
        theirs.sort_unstable();
        ours.sort_unstable();
        if !key.is_empty() && theirs != ours {
            self.breaches.push(format!(
                "{} has the key {}, and hiresync knows only {}; tell us, with the $metadata",
                found.name,
                theirs.join(" + "),
                ours.join(" + ")
            ));
            return None;
        }
        Some(found)
    }
}

fn is_of_deployments(field: &FieldName) -> bool {
    field.as_str().starts_with("Deployments.")
}

/// `GENDERCODE`, or `GENDER_CODE` as other versions might write it.
fn gender_code(set: &Set) -> Option<(&str, &Property)> {
    let is_it = |name: &&String| name.replace('_', "") == GENDER_CODE;
    let name = set.entity.properties.keys().find(is_it)?;
    Some((name, &set.entity.properties[name]))
}

/// Whether this is a person's first employment: given by us where it is demanded.
pub(crate) fn is_flag(name: &str) -> bool {
    name == "PRIMARYEMPLOYMENT"
}

/// Defaults of ours that a tenant can do without: left out, and `check` says so.
fn is_dispensable(field: &str) -> bool {
    matches!(field, "PREFERREDGIVENNAME" | "FORMATTEDNAME" | "LEGALNAME" | "MIDDLENAME" | GENDER_TEXT)
        || COMMUNICATIONS.contains(&field)
}
