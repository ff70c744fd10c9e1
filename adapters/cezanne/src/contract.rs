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

#[cfg(test)]
mod tests {
    use adapter_sdk::settings::{Reading, Secrets};

    use super::*;
    use crate::config::Settings;

    const PEOPLE: &str = r#"<Key><PropertyRef Name="PERSONID"/></Key><Property Name="PERSONID" Type="Edm.String" Nullable="false" MaxLength="20"/>
        <Property Name="GIVENNAME" Type="Edm.String" Nullable="false" MaxLength="100"/>
        <Property Name="GENDERDESCRIPTION" Type="Edm.String" Nullable="false"/>
        <Property Name="AGEYEARS" Type="Edm.Int16" annotation:StoreGeneratedPattern="Computed"/>"#;
    const COMMUNICATION: &str = r#"<Key><PropertyRef Name="PERSONID"/></Key><Property Name="PERSONID" Type="Edm.String" Nullable="false"/>
        <Property Name="EXTERNALEMAILADDRESS" Type="Edm.String"/><Property Name="COMMENT" Type="Edm.String"/>"#;
    const EMPLOYMENT: &str = r#"<Key><PropertyRef Name="EMPLOYMENTID"/><PropertyRef Name="PERSONID"/></Key>
        <Property Name="PERSONID" Type="Edm.String" Nullable="false"/><Property Name="EMPLOYMENTID" Type="Edm.String" Nullable="false" MaxLength="18"/>
        <Property Name="EFFECTIVEFROM" Type="Edm.DateTime" Nullable="false"/><Property Name="EFFECTIVETO" Type="Edm.DateTime" Nullable="false"/>
        <Property Name="PRIMARYEMPLOYMENT" Type="Edm.Int16" Nullable="false"/><Property Name="COMPANYCODE" Type="Edm.String" Nullable="false"/>"#;

    fn metadata(types: [&str; 3], sets: [&str; 3], more: &str) -> Metadata {
        let names = ["Person", "Communication", "Employment"];
        let types: String = names
            .iter()
            .zip(types)
            .map(|(name, inner)| format!("<EntityType Name=\"{name}\">{inner}</EntityType>"))
            .collect();
        let sets: String = names
            .iter()
            .zip(sets)
            .map(|(name, set)| format!("<EntitySet Name=\"{set}\" EntityType=\"M.{name}\"/>"))
            .collect();
        let text = format!(
            "<edmx:Edmx Version=\"1.0\" xmlns:edmx=\"urn:e\"><edmx:DataServices m:DataServiceVersion=\"3.0\" xmlns:m=\"urn:m\"><Schema Namespace=\"M\" \
             xmlns=\"urn:s\" xmlns:annotation=\"urn:a\">{types}<EntityContainer Name=\"C\">{sets}{more}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
        );
        Metadata::parse(text.as_bytes()).unwrap()
    }

    fn usual() -> Metadata {
        metadata([PEOPLE, COMMUNICATION, EMPLOYMENT], ["People", "Communications", "Employments"], "")
    }

    fn rules(more: &str) -> Rules {
        let text = format!(
            "{more}\nservice_root = 'https://a.example.com/x.svc'\ntoken_url = 'https://a.example.com/t'\nclient_id = 'me'\n\
             client_secret = {{ credential = 'x' }}\ncompany_code = 'ACME-UK'"
        );
        let reading = Reading::new("", None, Secrets::IfThere);
        let section = reading.section("targets.hr", Some(toml::from_str(&text).unwrap()));
        match Settings::read(section) {
            Some(Settings::Data(data)) if reading.faults().is_empty() => data.rules,
            _ => panic!("{:?}", reading.faults()),
        }
    }

    fn columns(person: &[&str], hire: &[&str]) -> Columns {
        let names = |names: &[&str]| names.iter().map(|name| FieldName::new(*name)).collect();
        Columns { person: names(person), hire: names(hire) }
    }

    const PERSON: [&str; 3] = ["GIVENNAME", "GENDERDESCRIPTION", "EXTERNALEMAILADDRESS"];
    const HIRE: [&str; 2] = ["EFFECTIVEFROM", "COMPANYCODE"];

    fn settled(metadata: &Metadata, more: &str, columns: &Columns) -> Contract {
        Contract::settle(metadata, &rules(more), columns).unwrap_or_else(|Breaches(told)| panic!("{told:?}"))
    }

    fn breaches(metadata: &Metadata, more: &str, person: &[&str], hire: &[&str]) -> Vec<String> {
        let columns = columns(&[&PERSON[..], person].concat(), &[&HIRE[..], hire].concat());
        Contract::settle(metadata, &rules(more), &columns).err().map(|it| it.0).unwrap_or_default()
    }

    #[test]
    fn each_field_has_its_place() {
        let contract = settled(
            &usual(),
            "",
            &columns(&[&PERSON[..], &["COMMENT", "Communications.COMMENT"]].concat(), &HIRE),
        );
        for (level, field, entity, property) in [
            (Level::Person, "GIVENNAME", Entity::People, "GIVENNAME"),
            (Level::Person, "EXTERNALEMAILADDRESS", Entity::Communications, "EXTERNALEMAILADDRESS"),
            (Level::Person, "COMMENT", Entity::Communications, "COMMENT"),
            (Level::Person, "Communications.COMMENT", Entity::Communications, "COMMENT"),
            (Level::Hire, "COMPANYCODE", Entity::Employments, "COMPANYCODE"),
        ] {
            let place = contract.place(level, &FieldName::new(field)).unwrap();
            assert_eq!((place.entity, place.property.as_str()), (entity, property), "{field}");
        }
        // Room for `-2` and its like, and for the shortest of all.
        assert_eq!(contract.code_length_max(), Some(15));
    }

    #[test]
    fn each_breach_is_told_with_what_to_do() {
        let sets = ["People", "Communications", "Employments"];
        let other_key = EMPLOYMENT.replace("<PropertyRef Name=\"PERSONID\"/>", "");
        let demands =
            PEOPLE.to_owned() + "<Property Name=\"TAXCODE\" Type=\"Edm.String\" Nullable=\"false\"/>";
        let employment_demands =
            EMPLOYMENT.to_owned() + "<Property Name=\"GRADE\" Type=\"Edm.String\" Nullable=\"false\"/>";
        let with = |types: [&str; 3]| metadata(types, sets, "");
        for (metadata, more, person, hire, words) in [
            (
                usual(),
                "",
                &["LEGALNAMES"][..],
                &[][..],
                &["LEGALNAMES is no property of People or Communications", ".person"][..],
            ),
            (usual(), "", &["GIVENNAMES"], &[], &["there is GIVENNAME"]),
            (usual(), "", &["AGEYEARS"], &[], &["AGEYEARS", "computed by Cezanne"]),
            (usual(), "", &[], &["HIREDATE"], &["HIREDATE is no property of Employments", ".hire"]),
            (
                usual(),
                "",
                &[],
                &["Deployments.ORGUNITCODE"],
                &["no entity set Deployments", "sets.deployments"],
            ),
            (usual(), "sets = { people = 'Persons' }", &[], &[], &["no entity set Persons", "sets.people"]),
            (
                with([PEOPLE, COMMUNICATION, &other_key]),
                "",
                &[],
                &[],
                &["Employments has the key EMPLOYMENTID", "EMPLOYMENTID + PERSONID"],
            ),
            (
                with([&demands, COMMUNICATION, EMPLOYMENT]),
                "",
                &[],
                &[],
                &["People demands TAXCODE", ".person"],
            ),
            (
                with([PEOPLE, COMMUNICATION, &employment_demands]),
                "",
                &[],
                &[],
                &["Employments demands GRADE", ".hire"],
            ),
        ] {
            let told = breaches(&metadata, more, person, hire);
            let [one] = &told[..] else { panic!("{told:?}") };
            for word in words {
                assert!(one.contains(word), "{word}: {one}");
            }
        }
        // What HR's process makes demands nothing of us.
        let left_to_hr = with([PEOPLE, COMMUNICATION, &employment_demands]);
        assert_eq!(breaches(&left_to_hr, "create_employment = false", &[], &[]), [""; 0]);
        // Everything is told at once.
        assert_eq!(breaches(&usual(), "", &["NOPE", "AGEYEARS"], &["NEVER"]).len(), 3);
    }

    #[test]
    fn a_default_of_ours_that_the_tenant_lacks_is_left_out_and_said() {
        let contract =
            settled(&usual(), "", &columns(&[&PERSON[..], &["LEGALNAME", "SKYPENAME"]].concat(), &HIRE));
        assert!(contract.place(Level::Person, &FieldName::new("LEGALNAME")).is_none());
        let mut report = CheckReport::default();
        contract.report(&mut report);
        let text = format!("{:?}", report.findings);
        assert!(text.contains("LEGALNAME") && text.contains("SKYPENAME"), "{text}");
    }

    #[test]
    fn a_tenant_with_the_genders_code_is_sent_the_code_however_it_is_spelt() {
        for name in ["GENDERCODE", "GENDER_CODE"] {
            let people = PEOPLE.replace("\"GENDERDESCRIPTION\"", &format!("\"{name}\""));
            let metadata = metadata(
                [&people, COMMUNICATION, EMPLOYMENT],
                ["People", "Communications", "Employments"],
                "",
            );
            let contract = settled(&metadata, "", &columns(&PERSON, &HIRE));
            let place = contract.place(Level::Person, &FieldName::new(GENDER_TEXT)).unwrap();
            assert!(place.as_gender_code && place.property == name);
        }
    }

    #[test]
    fn sets_are_found_in_any_case_unless_told() {
        let metadata =
            metadata([PEOPLE, COMMUNICATION, EMPLOYMENT], ["people", "COMMUNICATIONS", "Jobs"], "");
        let contract = settled(&metadata, "sets = { employments = 'Jobs' }", &columns(&PERSON, &HIRE));
        let names = [Entity::People, Entity::Communications, Entity::Employments]
            .map(|entity| contract.set(entity).name.clone());
        assert_eq!(names, ["people", "COMMUNICATIONS", "Jobs"]);
    }

    #[test]
    fn an_end_may_be_left_out_where_the_tenant_or_the_setting_says_so() {
        let nullable = EMPLOYMENT.replace(
            "Name=\"EFFECTIVETO\" Type=\"Edm.DateTime\" Nullable=\"false\"",
            "Name=\"EFFECTIVETO\" Type=\"Edm.DateTime\"",
        );
        let sets = ["People", "Communications", "Employments"];
        let day = OpenEnded::On("9999-12-31".parse().unwrap());
        for (employment, expected) in
            [(EMPLOYMENT, [false, true, false, false]), (&nullable, [true, true, false, false])]
        {
            let contract = settled(
                &metadata([PEOPLE, COMMUNICATION, employment], sets, ""),
                "",
                &columns(&PERSON, &HIRE),
            );
            let may = [OpenEnded::Learn, OpenEnded::Omit, OpenEnded::Null, day]
                .map(|policy| contract.end_may_be_left_out(policy));
            assert_eq!(may, expected);
        }
    }

    #[test]
    fn a_function_that_looks_like_a_process_is_reported_and_no_other() {
        let functions = "<FunctionImport Name=\"StartNewStarterProcess\"/><FunctionImport Name=\"Ping\"/>";
        let metadata = metadata(
            [PEOPLE, COMMUNICATION, EMPLOYMENT],
            ["People", "Communications", "Employments"],
            functions,
        );
        let mut report = CheckReport::default();
        settled(&metadata, "", &columns(&PERSON, &HIRE)).report(&mut report);
        let text = format!("{:?}", report.findings);
        assert!(text.contains("StartNewStarterProcess") && !text.contains("Ping"), "{text}");
    }
}
