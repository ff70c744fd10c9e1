//! `[targets.NAME]` of this adapter: every key, its default and what is wrong with it.

use adapter_sdk::settings::{Node, Section};
use people::{Date, Secret};
use url::Url;

use crate::{
    oauth::{self, ClientAuth},
    odata::{self, Version},
};

/// Settings that build.
pub(crate) const EXAMPLE: &str = r#"
service_root = "https://acme.cezanneondemand.com/cezanneondemand/v7/dataservice.svc"
token_url = "https://acme.cezanneondemand.com/cezanneondemand/OAuth/Token"
client_id = "hiresync"
client_secret = { file = "cezanne-secret" }
company_code = "ACME-UK"
new_hire_administrator = "hr.ops@example.com"
"#;

/// Requests a second when nobody says otherwise: no limit is published, and this is the careful one.
const REQUESTS_PER_SECOND: f64 = 2.0;
/// Where Cezanne receives Lever's webhooks (Lever's help page on the integration).
const RECEIVER: &str = "https://w3.cezanneondemand.com/cezannehr/api/v4/Lever/webhook/";

/// What one target is told.
#[derive(Debug)]
pub(crate) enum Settings {
    /// We make the records, over the data service.
    Data(Box<Data>),
    /// Cezanne makes them: it is handed the hire as Lever would.
    Relay(Relay),
}

/// `new_starter = "task"`.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) service: odata::Settings,
    pub(crate) tokens: oauth::Settings,
    pub(crate) rules: Rules,
    pub(crate) administrator: Option<String>,
}

/// How records are made.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) sets: Sets,
    /// What a person code of ours begins with.
    pub(crate) prefix: String,
    pub(crate) gender: Gender,
    pub(crate) open_ended: OpenEnded,
    pub(crate) create_employment: bool,
    pub(crate) company: Option<String>,
    pub(crate) keep: Keep,
}

/// The entity sets, as configured; where the tenant's metadata has another spelling, that counts.
#[derive(Debug, Clone)]
pub(crate) struct Sets {
    pub(crate) people: String,
    pub(crate) communications: String,
    pub(crate) employments: String,
    pub(crate) deployments: String,
    pub(crate) companies: String,
}

/// The picklist item that stands for nobody having said.
#[derive(Debug, Clone)]
pub(crate) struct Gender {
    pub(crate) code: String,
    pub(crate) description: String,
}

/// What an employment without an end has for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenEnded {
    /// What the tenant's own employments have.
    Learn,
    /// The field is left out.
    Omit,
    /// Null.
    Null,
    /// This day.
    On(Date),
}

/// `[targets.NAME.keep]`: fields over there that hold Lever's ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keep {
    /// Of the person: the contact id.
    pub(crate) contact: Option<String>,
    /// Of the person: all opportunity ids.
    pub(crate) opportunities: Option<String>,
    /// Of the employment: the opportunity id.
    pub(crate) opportunity: Option<String>,
}

/// `new_starter = "lever-webhook"`.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) url: Url,
    pub(crate) signature_token: Secret,
    pub(crate) administrator: Option<String>,
}

/// Keys that belong to one of the two modes.
const OF_DATA: [&str; 20] = [
    "service_root",
    "token_url",
    "client_id",
    "client_secret",
    "client_auth",
    "scope",
    "odata_version",
    "calls_per_second_max",
    "company_code",
    "company",
    "create_employment",
    "hire_date",
    "open_ended",
    "placeholder",
    "missing_surname",
    "middle_name",
    "home_number_source",
    "gender_code",
    "gender_description",
    "person_code_prefix",
];
const OF_DATA_TABLES: [&str; 2] = ["keep", "sets"];
const OF_RELAY: [&str; 3] = ["webhook_url", "subdomain", "signature_token"];

/// Whether the settings say that Cezanne makes everything itself.
pub(crate) fn is_relay(settings: &Section<'_>) -> bool {
    word(settings, "new_starter").as_deref() == Some("lever-webhook")
}

/// A text that stands in the settings, without reading it.
pub(crate) fn word(settings: &Section<'_>, key: &str) -> Option<String> {
    match settings.peek(key) {
        Some(Node::Text(text) | Node::Loose(text)) => Some(text.clone()),
        _ => None,
    }
}

/// A switch that stands in the settings, without reading it.
pub(crate) fn switch(settings: &Section<'_>, key: &str) -> Option<bool> {
    match settings.peek(key) {
        Some(Node::Flag(on)) => Some(*on),
        Some(Node::Loose(text)) => text.parse().ok(),
        _ => None,
    }
}

/// A text in a table of the settings, without reading it.
pub(crate) fn entry(settings: &Section<'_>, table: &str, key: &str) -> Option<String> {
    let Some(Node::Table(entries)) = settings.peek(table) else { return None };
    entries.iter().find(|(name, _)| name == key).and_then(|(_, node)| match node {
        Node::Text(text) | Node::Loose(text) => Some(text.clone()),
        _ => None,
    })
}

impl Settings {
    /// Reads the section; every fault goes into its list.
    pub(crate) fn read(mut section: Section<'_>) -> Option<Settings> {
        let mode = section.choice("new_starter", &[("task", false), ("lever-webhook", true)]);
        let administrator = section.text("new_hire_administrator");
        let settings = if mode.unwrap_or(false) {
            let others = [&OF_DATA[..], &OF_DATA_TABLES].concat();
            alien(&mut section, &others, "task", "Cezanne makes every record itself");
            relay(&mut section, administrator).map(Settings::Relay)
        } else {
            alien(&mut section, &OF_RELAY, "lever-webhook", "we make every record ourselves");
            data(&mut section, administrator).map(|data| Settings::Data(Box::new(data)))
        };
        let is_whole = mode.is_some() || !section.has("new_starter");
        section.finish();
        settings.filter(|_| is_whole)
    }
}

/// Two ways of making one hire make two people.
fn alien(section: &mut Section<'_>, keys: &[&'static str], mode: &str, since: &str) {
    for key in keys.iter().filter(|key| section.has(key)).copied().collect::<Vec<_>>() {
        let _ = section.any(key);
        section.fault(
            key,
            format!("belongs to new_starter = \"{mode}\", and here {since}"),
            "remove it: the two ways exclude each other, or a hire would be made twice",
        );
    }
}

fn data(section: &mut Section<'_>, administrator: Option<String>) -> Option<Data> {
    let service_root = address(section, "service_root");
    let service_root = section.required("service_root", service_root, "\"https://…/v7/dataservice.svc\"");
    let token_url = address(section, "token_url");
    let token_url = section.required("token_url", token_url, "\"https://…/OAuth/Token\"");
    let auth = section.choice("client_auth", &[("basic", ClientAuth::Basic), ("form", ClientAuth::Form)]);
    let auth = auth.unwrap_or_default();
    let client_id = client_id(section, auth);
    let client_id = section.required("client_id", client_id, "\"…\"");
    let client_secret = section.secret("client_secret");
    let client_secret =
        section.required("client_secret", client_secret, "{ credential = \"cezanne-secret\" }");
    let scope = section.text("scope").filter(|scope| !scope.trim().is_empty());
    let version =
        section.choice("odata_version", &[("2", Version::V2), ("3", Version::V3), ("4", Version::V4)]);
    let requests_per_second = section.number("calls_per_second_max", 0.1..=1000.0);
    let rules = rules(section);
    Some(Data {
        service: odata::Settings {
            root: service_root?,
            version,
            requests_per_second: requests_per_second.unwrap_or(REQUESTS_PER_SECOND),
        },
        tokens: oauth::Settings {
            token_url: token_url?,
            client_id: client_id?,
            client_secret: client_secret?,
            scope,
            auth,
        },
        rules: rules?,
        administrator,
    })
}

fn client_id(section: &mut Section<'_>, auth: ClientAuth) -> Option<String> {
    let id = section.text("client_id")?;
    if id.is_empty() || id.contains(':') && auth == ClientAuth::Basic {
        section.fault(
            "client_id",
            "is empty or has a colon",
            "copy the Client ID from Cezanne; one with a colon needs client_auth = \"form\"",
        );
        return None;
    }
    Some(id)
}

/// The keys that only the field schema uses are read here, so that what is wrong with them is said.
fn rules(section: &mut Section<'_>) -> Option<Rules> {
    let _ = section.choice("placeholder", &[("fill", ()), ("hold", ())]);
    let _ = section.choice("hire_date", &[("processed", ()), ("hired_at", ()), ("offer_start_date", ())]);
    let _ = section.choice("home_number_source", &[("work", ()), ("home", ()), ("home_then_work", ())]);
    let _ = section.flag("middle_name");
    let create_employment = section.flag("create_employment").unwrap_or(true);
    if section.text("missing_surname").is_some_and(|surname| surname.trim().is_empty()) {
        section.fault("missing_surname", "is empty", "write what stands in for a surname, e.g. \"-\"");
    }
    let company = section.text("company_code");
    if let Some(code) = &company {
        plain(section, "company_code", code);
    }
    company_table(section);
    // Somebody may map COMPANYCODE instead, or leave the employment to HR.
    let is_needed = create_employment && !is_mapped(section, "hire", "COMPANYCODE");
    let needed = if is_needed {
        section.required("company_code", company.clone(), "\"ACME-UK\"")
    } else {
        Some(String::new())
    };
    let prefix = person_code_prefix(section);
    let gender = Gender {
        code: section.text("gender_code").unwrap_or_else(|| "U".to_owned()),
        description: section.text("gender_description").unwrap_or_else(|| "Not Known".to_owned()),
    };
    let open_ended = open_ended(section);
    let mut keep = section.section("keep");
    let kept = Keep {
        contact: keep.text("contact"),
        opportunities: keep.text("opportunities"),
        opportunity: keep.text("opportunity"),
    };
    for key in ["contact", "opportunities", "opportunity"] {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if word(&keep, key).is_some_and(|name| name.is_empty() || !name.chars().all(is_name)) {
            keep.fault(key, "is no name of a property", "write it as $metadata has it, without the set");
        }
    }
    keep.finish();
    let mut sets = section.section("sets");
    let mut named = |key, default: &str| sets.text(key).unwrap_or_else(|| default.to_owned());
    let named = Sets {
        people: named("people", "People"),
        communications: named("communications", "Communications"),
        employments: named("employments", "Employments"),
        deployments: named("deployments", "Deployments"),
        companies: named("companies", "Companies"),
    };
    sets.finish();
    needed?;
    Some(Rules {
        sets: named,
        prefix: prefix?,
        gender,
        open_ended: open_ended?,
        create_employment,
        company,
        keep: kept,
    })
}

/// `company = { by = "location", table = "companies" }`
fn company_table(section: &mut Section<'_>) {
    if !section.has("company") {
        return;
    }
    let mut company = section.section("company");
    let by = company.choice("by", &[("location", ()), ("department", ()), ("tag", ())]);
    company.required("by", by, "\"location\"");
    let table = company.text("table");
    if let Some(table) = company.required("table", table, "\"companies\"") {
        plain(&company, "table", &table);
    }
    company.finish();
}

/// It becomes part of an expression.
fn plain(section: &Section<'_>, key: &str, text: &str) {
    if text.is_empty() || text.contains(['\'', '\\', '\n', '\r']) {
        section.fault(
            key,
            "is empty, or has a quote or a backslash",
            "write the code as it stands in Cezanne",
        );
    }
}

fn is_mapped(section: &Section<'_>, table: &str, field: &str) -> bool {
    match section.peek(table) {
        Some(Node::Table(entries)) => entries.iter().any(|(name, _)| name == field),
        _ => false,
    }
}

/// IIS refuses most other characters in a path, even encoded, and keys stand in paths.
fn person_code_prefix(section: &mut Section<'_>) -> Option<String> {
    let Some(prefix) = section.text("person_code_prefix") else { return Some("LV-".to_owned()) };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if prefix.is_empty() || prefix.len() > 12 || !prefix.chars().all(is_plain) {
        section.fault(
            "person_code_prefix",
            "is no beginning of a person code",
            "write 1 to 12 letters, digits, - or _",
        );
        return None;
    }
    Some(prefix)
}

fn open_ended(section: &mut Section<'_>) -> Option<OpenEnded> {
    let Some(text) = section.text("open_ended") else { return Some(OpenEnded::Learn) };
    match text.as_str() {
        "learn" => Some(OpenEnded::Learn),
        "omit" => Some(OpenEnded::Omit),
        "null" => Some(OpenEnded::Null),
        day => {
            let day = day.parse::<Date>().ok().filter(|day| *day >= far());
            if day.is_none() {
                section.fault(
                    "open_ended",
                    "is none of learn, omit, null, and no day from 2100 on",
                    "write one of them; a nearer day would end the employment",
                );
            }
            day.map(OpenEnded::On)
        }
    }
}

/// No employment that is meant to end ends so late.
fn far() -> Date {
    Date::from_ymd_opt(2100, 1, 1).unwrap_or(Date::MAX)
}

fn address(section: &mut Section<'_>, key: &'static str) -> Option<Url> {
    let text = section.text(key)?;
    match http::check_base(&text) {
        Ok(url) => Some(url),
        Err(problem) => {
            section.fault(key, problem.problem, problem.remedy);
            None
        }
    }
}

fn relay(section: &mut Section<'_>, administrator: Option<String>) -> Option<Relay> {
    let address = address(section, "webhook_url");
    let url = match (section.has("webhook_url"), section.text("subdomain")) {
        (true, None) => address,
        (false, Some(subdomain)) => {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let url = Url::parse(&format!("{RECEIVER}{subdomain}")).ok();
            let has_name = subdomain.chars().any(|c| c.is_ascii_alphanumeric());
            let url = url.filter(|_| has_name && subdomain.chars().all(is_plain));
            if url.is_none() {
                section.fault(
                    "subdomain",
                    "is none",
                    "write the Subdomain as in Cezanne's Integrations > Lever > Details",
                );
            }
            url
        }
        (true, Some(_)) => {
            section.fault("webhook_url", "stands beside subdomain", "keep one of the two");
            None
        }
        (false, None) => {
            section.required("subdomain", None::<Url>, "\"CezanneHR\"");
            None
        }
    };
    let token = section.secret("signature_token");
    let token = section.required("signature_token", token, "{ credential = \"lever-signature-token\" }");
    Some(Relay { url: url?, signature_token: token?, administrator })
}

#[cfg(test)]
mod tests {
    use adapter_sdk::settings::{Fault, Reading, Secrets};

    use super::*;

    const DATA: &str = r#"
service_root = "https://acme.example.com/v7/dataservice.svc"
token_url = "https://acme.example.com/OAuth/Token"
client_id = "hiresync"
client_secret = { credential = "cezanne-secret" }
company_code = "ACME-UK"
"#;
    const RELAY: &str = r#"
new_starter = "lever-webhook"
subdomain = "AcmeHR"
signature_token = { credential = "lever-signature-token" }
"#;

    fn read(text: &str) -> (Option<Settings>, Vec<Fault>) {
        let reading = Reading::new("", None, Secrets::IfThere);
        let section = reading.section("targets.hr", Some(toml::from_str(text).unwrap()));
        let settings = Settings::read(section);
        (settings, reading.faults())
    }

    /// `base`, with the line of that key replaced, or added.
    fn with(base: &str, key: &str, value: &str) -> String {
        let rest: Vec<&str> = base.lines().filter(|line| !line.starts_with(&format!("{key} ="))).collect();
        format!("{key} = {value}\n{}", rest.join("\n"))
    }

    fn data(text: &str) -> Data {
        match read(text) {
            (Some(Settings::Data(data)), faults) if faults.is_empty() => *data,
            (_, faults) => panic!("{text}: {faults:?}"),
        }
    }

    #[test]
    fn each_wrong_value_is_refused_by_its_own_name_with_a_remedy() {
        for (key, value) in [
            ("new_starter", "\"webhook\""),
            ("service_root", "\"ftp://acme.example.com/\""),
            ("service_root", "\"http://acme.example.com/v7/dataservice.svc\""),
            ("service_root", "7"),
            ("token_url", "\"OAuth/Token\""),
            ("client_id", "\"\""),
            ("client_id", "\"a:b\""),
            ("client_secret", "\"in the open\""),
            ("client_auth", "\"digest\""),
            ("scope", "true"),
            ("odata_version", "\"5\""),
            ("odata_version", "3"),
            ("calls_per_second_max", "0"),
            ("calls_per_second_max", "1001"),
            ("calls_per_second_max", "\"fast\""),
            ("placeholder", "\"invent\""),
            ("hire_date", "\"yesterday\""),
            ("home_number_source", "\"mobile\""),
            ("middle_name", "\"perhaps\""),
            ("create_employment", "\"later\""),
            ("missing_surname", "\" \""),
            ("company_code", "\"\""),
            ("company_code", "\"ACME'UK\""),
            ("company_code", "'ACME\\UK'"),
            ("person_code_prefix", "\"\""),
            ("person_code_prefix", "\"LV \""),
            ("person_code_prefix", "\"LÜ-\""),
            ("person_code_prefix", "\"LV-LV-LV-LV-L\""),
            ("open_ended", "\"soon\""),
            ("open_ended", "\"2026-12-31\""),
            ("open_ended", "\"2099-12-31\""),
            ("gender_code", "1"),
            ("keep", "\"COMMENTS\""),
            ("sets", "7"),
        ] {
            let (_, faults) = read(&with(DATA, key, value));
            let [fault] = &faults[..] else { panic!("{key} = {value}: {faults:?}") };
            assert_eq!(fault.path, format!("targets.hr.{key}"), "{value}: {fault}");
            assert!(!fault.remedy.is_empty(), "{fault}");
        }
        for (text, path) in [
            ("keep = { contacts = \"COMMENTS\" }", "keep.contacts"),
            ("sets = { person = \"People\" }", "sets.person"),
            ("company = { by = \"city\", table = \"companies\" }", "company.by"),
            ("company = { by = \"tag\" }", "company.table"),
            ("company = { by = \"tag\", table = \"it's\" }", "company.table"),
            ("company = { by = \"tag\", table = \"companies\", default = \"X\" }", "company.default"),
        ] {
            let (_, faults) = read(&format!("{text}\n{DATA}"));
            let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
            assert_eq!(paths, [format!("targets.hr.{path}")], "{faults:?}");
        }
    }

    #[test]
    fn each_wrong_value_of_the_relay_is_refused_by_its_own_name() {
        for (key, value) in [
            ("subdomain", "\"\""),
            ("subdomain", "\"acme/hr\""),
            ("subdomain", "\"..\""),
            ("subdomain", "\"ac me\""),
            ("subdomain", "\"a?b\""),
            ("signature_token", "\"in the open\""),
            ("webhook_url", "\"https://w3.example.com/x\""),
        ] {
            let (_, faults) = read(&with(RELAY, key, value));
            let [fault] = &faults[..] else { panic!("{key} = {value}: {faults:?}") };
            assert_eq!(fault.path, format!("targets.hr.{key}"), "{value}: {fault}");
        }
        for (without, path) in [("subdomain", "subdomain"), ("signature_token", "signature_token")] {
            let rest: Vec<&str> = RELAY.lines().filter(|line| !line.starts_with(without)).collect();
            let (settings, faults) = read(&rest.join("\n"));
            assert!(settings.is_none() && faults.len() == 1, "{faults:?}");
            assert_eq!(faults[0].path, format!("targets.hr.{path}"));
        }
    }

    #[test]
    fn what_nobody_says_is_as_published_and_careful() {
        let data = data(DATA);
        assert_eq!((data.service.version, data.service.requests_per_second), (None, 2.0));
        assert_eq!((data.tokens.auth, data.tokens.scope.as_deref()), (ClientAuth::Basic, None));
        let rules = data.rules;
        assert_eq!((rules.prefix.as_str(), rules.open_ended), ("LV-", OpenEnded::Learn));
        assert_eq!((rules.gender.code.as_str(), rules.gender.description.as_str()), ("U", "Not Known"));
        assert!(rules.create_employment && rules.keep.contact.is_none());
    }

    #[test]
    fn values_at_their_limits_are_taken() {
        for (key, value) in [
            ("client_auth", "\"form\""),
            ("person_code_prefix", "\"A_b-4567890x\""),
            ("open_ended", "\"2100-01-01\""),
            ("calls_per_second_max", "0.1"),
            ("calls_per_second_max", "1000"),
            ("service_root", "\"http://127.0.0.1:8080/v7/dataservice.svc/\""),
            ("scope", "\" \""),
        ] {
            let (settings, faults) = read(&with(DATA, key, value));
            assert!(settings.is_some() && faults.is_empty(), "{key} = {value}: {faults:?}");
        }
        let colon = with(&with(DATA, "client_id", "\"a:b\""), "client_auth", "\"form\"");
        assert_eq!(data(&colon).tokens.client_id, "a:b");
    }

    #[test]
    fn a_company_code_is_needed_only_where_an_employment_is_made_of_it() {
        let without = DATA.replace("company_code = \"ACME-UK\"\n", "");
        let (settings, faults) = read(&without);
        assert!(settings.is_none());
        assert_eq!(faults[0].path, "targets.hr.company_code");
        for more in ["create_employment = false", "hire = { COMPANYCODE = \"posting.team\" }"] {
            let (_, faults) = read(&format!("{more}\n{without}"));
            let about: Vec<&Fault> = faults.iter().filter(|it| it.path.contains("company")).collect();
            assert!(about.is_empty(), "{about:?}");
        }
    }

    #[test]
    fn the_receivers_address_is_made_of_the_subdomain() {
        let (Some(Settings::Relay(relay)), _) = read(RELAY) else { panic!("it is right") };
        assert_eq!(relay.url.as_str(), format!("{RECEIVER}AcmeHR"));
    }

    #[test]
    fn no_secret_is_in_what_the_settings_show() {
        let (settings, _) = read(DATA);
        let shown = format!("{settings:?}");
        assert!(shown.contains("«secret»") && !shown.contains("not-looked-at"), "{shown}");
    }
}
