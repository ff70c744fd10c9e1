//! Amara, who was hired, and what is asked of a mapping about her.

use std::collections::BTreeSet;

use adapter_sdk::{FieldKind, FieldSchema, FieldSpec, Level};
use mapping::{Decisions, Mapping, MappingFault, Rule, Rules, Tables};
use people::{
    Answer, AnswerValue, Candidacy, FieldName, FullName, Hire, Offer, OpportunityId, Person, Phone,
    PhoneKind, Pii, Posting, Wanted,
};

/// Takes any field.
pub const OPEN: FieldSchema = FieldSchema { fields: Vec::new(), open: true, key: None };

pub fn private(text: &str) -> Pii<String> {
    Pii::new(text.to_owned())
}

pub fn amara() -> (Person, OpportunityId) {
    let opportunity: OpportunityId = "o1".parse().unwrap();
    let mut person = Person::new("c1".parse().unwrap());
    person.name = FullName::new("Amara Okafor-Lind");
    person.emails = vec![private("amara@example.com"), private("a@example.org")];
    person.phones = vec![
        Phone { kind: None, number: private("1") },
        Phone { kind: Some(PhoneKind::Mobile), number: private("+44 7700 900123") },
    ];
    person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
    person.opportunities.insert("o2".parse().unwrap(), Candidacy::Open);
    person.answers = vec![
        answer("Date of birth ", AnswerValue::Text("1990-01-01".to_owned()), 1),
        answer("Date of birth ", AnswerValue::Text("1991-02-03".to_owned()), 2),
    ];
    let mut hire = Hire::new("2026-03-31T23:30:00Z".parse().unwrap());
    hire.posting = Some(Posting {
        title: Some("Engineer".to_owned()),
        country: Some("GB".to_owned()),
        ..Posting::default()
    });
    let fields = [("salary_amount".to_owned(), Pii::new(AnswerValue::Number(64000.0)))].into();
    hire.offer = Some(Offer { start_date: "2026-05-04".parse().ok(), fields, ..Offer::default() });
    person.hires.insert(opportunity.clone(), hire);
    (person, opportunity)
}

/// An answer on the onboarding form, which stands on another opportunity.
pub fn answer(question: &str, value: AnswerValue, at: i64) -> Answer {
    Answer {
        opportunity: "o2".parse().unwrap(),
        posting: Some("onboarding".to_owned()),
        template: Some("template".to_owned()),
        field: Some("field".to_owned()),
        question: question.to_owned(),
        value: Pii::new(value),
        at: people::Timestamp::from_timestamp(at, 0),
    }
}

pub fn tables() -> Tables {
    let departments = [("Engineering", "ENG"), ("People Operations", "HR")];
    let own = departments.map(|(from, to)| (from.to_owned(), to.to_owned()));
    [("departments".to_owned(), own.into())].into()
}

pub fn compiled(rules: &Rules) -> Mapping {
    compile(rules, &OPEN).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

pub fn compile(rules: &Rules, schema: &FieldSchema) -> Result<Mapping, Vec<MappingFault>> {
    Mapping::compile(rules, &tables(), schema, chrono_tz::Europe::London)
}

/// Faults as a user reads them: place, problem, remedy.
pub fn said(rules: &Rules, schema: &FieldSchema) -> Vec<String> {
    let faults = compile(rules, schema).expect_err("it is faulty");
    faults.iter().map(|fault| format!("{}: {}; {}", fault.place, fault.problem, fault.remedy)).collect()
}

/// One field of the person under a rule of the long form.
pub fn person(rule: Rule) -> Rules {
    Rules { person: vec![("field".to_owned(), rule)], ..Rules::default() }
}

/// The same for a hire.
pub fn hire(rule: Rule) -> Rules {
    Rules { hire: vec![("field".to_owned(), rule)], ..Rules::default() }
}

pub fn wanted(rules: &Rules, about: &Person) -> Wanted {
    applied(&compiled(rules), about)
}

pub fn applied(mapping: &Mapping, about: &Person) -> Wanted {
    let hires: BTreeSet<&OpportunityId> = about.hires.keys().collect();
    mapping.apply(about, &hires, &Decisions::new())
}

/// What one field's cell shows; `None` when it is not there.
pub fn cell(wanted: &Wanted) -> Option<String> {
    let field = FieldName::new("field");
    let of_hire = wanted.hires.values().find_map(|fields| fields.get(&field));
    wanted.person.get(&field).or(of_hire).map(|value| value.reveal().to_text())
}

/// What holds, in words: field, lack, due.
pub fn holds(wanted: &Wanted) -> Vec<String> {
    let due = |due: Option<people::Date>| due.map_or_else(String::new, |due| format!(" by {due}"));
    wanted
        .missing
        .iter()
        .map(|missing| format!("{} {:?}{}", missing.field, missing.lack, due(missing.due)))
        .collect()
}

/// A target that knows its fields.
pub fn strict() -> FieldSchema {
    let spec =
        |level, name: &str, kind| FieldSpec { kind, length_max: Some(10), ..FieldSpec::new(level, name) };
    let fields = vec![
        FieldSpec { required: true, ..spec(Level::Person, "code", FieldKind::Text) },
        FieldSpec {
            source: Some("name.last".into()),
            length_max: Some(40),
            ..spec(Level::Person, "surname", FieldKind::Text)
        },
        spec(Level::Person, "flag", FieldKind::Flag),
        spec(Level::Hire, "starts", FieldKind::Day),
        spec(Level::Hire, "pay", FieldKind::Number),
        spec(Level::Hire, "grade", FieldKind::Whole),
        FieldSpec { length_max: None, ..spec(Level::Hire, "ids", FieldKind::List) },
    ];
    FieldSchema { fields, ..FieldSchema::default() }
}
