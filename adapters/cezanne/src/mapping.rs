//! The fields of Cezanne, with the sources that the "Fields Sent to Cezanne" of Lever's help page names. Everything here can be
//! mapped otherwise by the configuration; what a tenant really has is decided by its `$metadata`, in `contract`.

use adapter_sdk::{FieldKind, FieldRule, FieldSchema, FieldSpec, Level, Placeholder, settings::Section};
use people::{FieldName, Value};

use crate::config::{entry, is_relay, switch, word};

/// The key of a person: the only field that the configuration may choose and that nobody may change.
pub(crate) const PERSON_CODE: &str = "PERSONID";
pub(crate) const GENDER_TEXT: &str = "GENDERDESCRIPTION";
pub(crate) const GENDER_CODE: &str = "GENDERCODE";
pub(crate) const HIRE_DATE: &str = "EFFECTIVEFROM";
pub(crate) const TERMINATION_DATE: &str = "EFFECTIVETO";
pub(crate) const COMPANY: &str = "COMPANYCODE";
pub(crate) const EMAIL: &str = "EXTERNALEMAILADDRESS";

/// Columns of Communications: one row for a person, one column for a kind (Cezanne's API articles, v1).
pub(crate) const COMMUNICATIONS: [&str; 10] = [
    "HOMEPHONENUMBER",
    "WORKPHONENUMBER",
    "WORKPHONEEXTENSION",
    "MOBILEPHONENUMBER",
    "OTHERPHONENUMBER",
    "SKYPENAME",
    EMAIL,
    "ALTERNATEEMAILADDRESS",
    "FAXNUMBER",
    "COMMENT",
];

/// The fields, given the settings.
pub(crate) fn schema(settings: &Section<'_>) -> FieldSchema {
    if is_relay(settings) {
        // Cezanne reads everything from Lever itself.
        return FieldSchema::default();
    }
    let kept = kept(settings);
    let is_free = |spec: &FieldSpec| !kept.iter().any(|own| own.level == spec.level && own.name == spec.name);
    let mut fields = [people(settings), communications(settings), employments(settings)].concat();
    fields.retain(is_free);
    fields.extend(kept);
    FieldSchema { fields, open: true, key: Some(FieldName::new(PERSON_CODE)) }
}

fn person(name: &str) -> FieldSpec {
    FieldSpec::new(Level::Person, name)
}

fn from(name: &str, source: impl Into<String>) -> FieldSpec {
    FieldSpec { source: Some(source.into().into()), ..person(name) }
}

fn people(settings: &Section<'_>) -> Vec<FieldSpec> {
    const BOTH: &str = "[name.first, name.last] | join(' ')";
    let surname = word(settings, "missing_surname").unwrap_or_else(|| "-".to_owned());
    let middle = switch(settings, "middle_name") == Some(true);
    vec![
        FieldSpec { personal: false, rule: FieldRule::OnlyOnCreate, ..person(PERSON_CODE) },
        FieldSpec { required: true, ..from("GIVENNAME", "name.first") },
        FieldSpec {
            required: true,
            placeholder: Some(Placeholder::Is(Value::Text(surname))),
            ..from("FAMILYNAME", "name.last")
        },
        if middle { from("MIDDLENAME", "name.middle") } else { person("MIDDLENAME") },
        from("PREFERREDGIVENNAME", "name.first"),
        from("FORMATTEDNAME", BOTH),
        from("LEGALNAME", BOTH),
        gender(settings),
        FieldSpec {
            kind: FieldKind::Day,
            required: true,
            source: nobody_said(settings),
            placeholder: filled(settings, Placeholder::Today),
            ..person("BIRTHDATE")
        },
        person("SALUTATIONDESCRIPTION"),
        person("COMMENTS"),
    ]
}

/// By its text, or by its code where that is mapped; a tenant that has only the other is served as well.
fn gender(settings: &Section<'_>) -> FieldSpec {
    let text = |key, default: &str| Value::Text(word(settings, key).unwrap_or_else(|| default.to_owned()));
    let (name, value) = if is_mapped(settings, GENDER_CODE) {
        (GENDER_CODE, text("gender_code", "U"))
    } else {
        (GENDER_TEXT, text("gender_description", "Not Known"))
    };
    FieldSpec {
        required: true,
        source: nobody_said(settings),
        placeholder: filled(settings, Placeholder::Is(value)),
        ..person(name)
    }
}

fn is_mapped(settings: &Section<'_>, field: &str) -> bool {
    use adapter_sdk::settings::Node;
    matches!(settings.peek("person"), Some(Node::Table(entries)) if entries.iter().any(|(name, _)| name == field))
}

/// `placeholder = "hold"`: nothing is invented, and the person waits, also where nothing is mapped.
fn nobody_said(settings: &Section<'_>) -> Option<std::borrow::Cow<'static, str>> {
    (word(settings, "placeholder").as_deref() == Some("hold")).then(|| "''".into())
}

/// What stands in, unless the person is to wait.
fn filled(settings: &Section<'_>, placeholder: Placeholder) -> Option<Placeholder> {
    (word(settings, "placeholder").as_deref() != Some("hold")).then_some(placeholder)
}

fn communications(settings: &Section<'_>) -> Vec<FieldSpec> {
    // As published, the Home Number comes from Lever's work number.
    let home = match word(settings, "home_number_source").as_deref() {
        Some("home") => "phone('home')",
        Some("home_then_work") => "phone('home') | default(phone('work'))",
        _ => "phone('work')",
    };
    vec![
        from("HOMEPHONENUMBER", home),
        from("WORKPHONENUMBER", "phone('work')"),
        from("MOBILEPHONENUMBER", "phone('mobile')"),
        from("OTHERPHONENUMBER", "phone('other')"),
        from("SKYPENAME", "phone('skype')"),
        from(EMAIL, "emails | first"),
        person("WORKPHONEEXTENSION"),
        person("ALTERNATEEMAILADDRESS"),
        person("FAXNUMBER"),
        person("COMMENT"),
    ]
}

fn employments(settings: &Section<'_>) -> Vec<FieldSpec> {
    if switch(settings, "create_employment") == Some(false) {
        return Vec::new();
    }
    let hire = |name: &str| FieldSpec { personal: false, ..FieldSpec::new(Level::Hire, name) };
    // As published: the day of processing.
    let hired = match word(settings, "hire_date").as_deref() {
        Some("hired_at") => "hired_at | date",
        Some("offer_start_date") => "offer.start_date",
        _ => "today",
    };
    vec![
        FieldSpec {
            kind: FieldKind::Day,
            required: true,
            source: Some(hired.into()),
            // A start that is moved is moved; what another setting would have said concerns new hires.
            rule: if hired == "offer.start_date" { FieldRule::Always } else { FieldRule::OnlyOnCreate },
            ..hire(HIRE_DATE)
        },
        FieldSpec { kind: FieldKind::Day, ..hire(TERMINATION_DATE) },
        // Another company code is one for new hires: whoever moves between companies is moved by HR.
        FieldSpec {
            required: true,
            source: company(settings).map(Into::into),
            rule: FieldRule::OnlyOnCreate,
            ..hire(COMPANY)
        },
        hire("EMPLOYMENTREASONDESCRIPTION"),
        hire("SOURCEAGENCYDESCRIPTION"),
        hire("HIRINGCOMMENT"),
    ]
}

/// The company code, or the entry of a table with the code for the rest.
fn company(settings: &Section<'_>) -> Option<String> {
    let code = word(settings, "company_code").filter(|code| !code.contains(['\'', '\\']))?;
    let table = entry(settings, "company", "table").filter(|table| !table.contains(['\'', '\\']));
    let by = match entry(settings, "company", "by").as_deref() {
        Some("location") => Some("job_location"),
        Some("department") => Some("posting.department"),
        Some("tag") => Some("posting.tags"),
        _ => None,
    };
    Some(match by.zip(table) {
        Some((by, table)) => format!("{by} | lookup('{table}', default='{code}') | default('{code}')"),
        None => format!("'{code}'"),
    })
}

/// Where the admin lets Lever's ids be kept. In one field, both are told apart by words.
fn kept(settings: &Section<'_>) -> Vec<FieldSpec> {
    let at = |key| entry(settings, "keep", key);
    let own = |spec: FieldSpec| FieldSpec { personal: false, holds_ids: true, ..spec };
    let mut fields = Vec::new();
    match (at("contact"), at("opportunities")) {
        (Some(contact), Some(all)) if contact == all => {
            fields.push(own(from(
                &contact,
                "'Lever contact ' ~ contact ~ ', opportunities ' ~ (opportunities | join(' '))",
            )));
        }
        (contact, all) => {
            fields.extend(contact.map(|field| own(from(&field, "contact"))));
            fields.extend(all.map(|field| own(from(&field, "opportunities | join(' ')"))));
        }
    }
    if let Some(field) = at("opportunity").filter(|_| switch(settings, "create_employment") != Some(false)) {
        let source = Some("opportunity".into());
        fields.push(own(FieldSpec { source, ..FieldSpec::new(Level::Hire, field) }));
    }
    fields
}

#[cfg(test)]
mod tests {
    use adapter_sdk::settings::Reading;

    use super::*;

    fn of(text: &str) -> FieldSchema {
        let reading = Reading::default();
        let section = reading.section("targets.hr", Some(toml::from_str(text).unwrap()));
        schema(&section)
    }

    fn source(text: &str, name: &str) -> Option<String> {
        let schema = of(text);
        let spec = schema.fields.iter().find(|spec| spec.name.as_str() == name);
        spec?.source.as_ref().map(ToString::to_string)
    }

    fn placeholder(text: &str, name: &str) -> Option<String> {
        let schema = of(text);
        let spec = schema.fields.iter().find(|spec| spec.name.as_str() == name);
        spec?.placeholder.as_ref().map(ToString::to_string)
    }

    #[test]
    fn each_setting_moves_the_source_of_its_field_and_of_no_other() {
        let base = "company_code = 'ACME-UK'";
        let usual = of(base);
        for (more, name, expected) in [
            ("middle_name = true", "MIDDLENAME", Some("name.middle")),
            ("home_number_source = 'home'", "HOMEPHONENUMBER", Some("phone('home')")),
            (
                "home_number_source = 'home_then_work'",
                "HOMEPHONENUMBER",
                Some("phone('home') | default(phone('work'))"),
            ),
            ("hire_date = 'hired_at'", HIRE_DATE, Some("hired_at | date")),
            ("hire_date = 'offer_start_date'", HIRE_DATE, Some("offer.start_date")),
            (
                "company = { by = 'location', table = 'companies' }",
                COMPANY,
                Some("job_location | lookup('companies', default='ACME-UK') | default('ACME-UK')"),
            ),
            (
                "company = { by = 'tag', table = 'companies' }",
                COMPANY,
                Some("posting.tags | lookup('companies', default='ACME-UK') | default('ACME-UK')"),
            ),
            ("keep = { contact = 'COMMENTS' }", "COMMENTS", Some("contact")),
            ("keep = { opportunities = 'COMMENTS' }", "COMMENTS", Some("opportunities | join(' ')")),
            ("keep = { opportunity = 'HIRINGCOMMENT' }", "HIRINGCOMMENT", Some("opportunity")),
        ] {
            let text = format!("{base}\n{more}");
            assert_eq!(source(&text, name).as_deref(), expected, "{more}");
            let others = |schema: &FieldSchema| -> Vec<FieldSpec> {
                schema.fields.iter().filter(|spec| spec.name.as_str() != name).cloned().collect()
            };
            assert_eq!(others(&of(&text)), others(&usual), "{more}");
        }
    }

    #[test]
    fn what_is_made_up_is_what_the_settings_say() {
        for (text, name, expected) in [
            ("", "FAMILYNAME", Some("\"-\"")),
            ("missing_surname = 'Unknown'", "FAMILYNAME", Some("\"Unknown\"")),
            ("", GENDER_TEXT, Some("\"Not Known\"")),
            ("gender_description = 'Keine Angabe'", GENDER_TEXT, Some("\"Keine Angabe\"")),
            ("gender_code = 'X'\nperson = { GENDERCODE = 'x' }", GENDER_CODE, Some("\"X\"")),
            ("person = { GENDERCODE = 'x' }", GENDER_TEXT, None),
            ("", "BIRTHDATE", Some("the day on which the hire was first planned")),
            ("placeholder = 'hold'", "BIRTHDATE", None),
            ("placeholder = 'hold'", GENDER_TEXT, None),
            // Cezanne demands a surname, and a person of one name has none to wait for.
            ("placeholder = 'hold'", "FAMILYNAME", Some("\"-\"")),
        ] {
            assert_eq!(placeholder(text, name).as_deref(), expected, "{text} {name}");
        }
    }

    #[test]
    fn each_field_is_there_once_and_nobodys_id_is_personal() {
        for text in [
            "company_code = 'A'",
            "company_code = 'A'\nkeep = { contact = 'COMMENTS', opportunities = 'COMMENTS', opportunity = 'HIRINGCOMMENT' }",
            "company_code = 'A'\nkeep = { contact = 'FAXNUMBER', opportunities = 'COMMENT' }",
        ] {
            let schema = of(text);
            let mut names: Vec<_> = schema.fields.iter().map(|spec| (spec.level, &spec.name)).collect();
            names.sort();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{text}");
            let ids = |spec: &&FieldSpec| {
                spec.source.as_ref().is_some_and(|it| it.contains("contact") || it.contains("opportunit"))
            };
            assert!(schema.fields.iter().filter(ids).all(|spec| !spec.personal), "{text}");
        }
    }

    #[test]
    fn without_employments_and_for_the_relay_nothing_of_theirs_is_mapped() {
        let schema = of("create_employment = false\nkeep = { opportunity = 'HIRINGCOMMENT' }");
        assert!(schema.fields.iter().all(|spec| spec.level == Level::Person));
        assert_eq!(of("new_starter = 'lever-webhook'"), FieldSchema::default());
    }

    #[test]
    fn a_code_with_a_quote_is_in_no_expression() {
        assert_eq!(source("company_code = \"A' ~ name.full ~ '\"", COMPANY), None);
        let table = "company_code = 'A'\ncompany = { by = 'tag', table = \"t') ~ name.full ~ ('\" }";
        assert_eq!(source(table, COMPANY).as_deref(), Some("'A'"));
    }
}
