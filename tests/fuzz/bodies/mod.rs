//! What a fuzzer throws at the program: each body takes any bytes and must come back.

#![allow(dead_code, reason = "each fuzz target is a program of its own and uses one of them")]

pub mod cezanne;
pub mod lever;
pub mod ours;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use adapter_sdk::FieldSchema;
use hiresync::config::{Config, Env};
use mapping::{Decisions, Mapping, Rule, Rules, Tables};
use people::{
    Answer, AnswerValue, Candidacy, Clock, FullName, Hire, OpportunityId, Person, Pii, SystemClock,
};

/// The first line is an expression, the rest is what Lever says about somebody. The mapping is refused with a remedy, or
/// gives a value or a hold: the same twice, and none longer than 1 MiB.
pub fn expression(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (expression, said) = text.split_once('\n').unwrap_or((&text, ""));
    let rules = Rules { hire: vec![("field".to_owned(), Rule::new(expression))], ..Rules::default() };
    let tables = Tables::from([("departments".to_owned(), [(said.to_owned(), "X".to_owned())].into())]);
    let open = FieldSchema { open: true, ..FieldSchema::default() };
    let mapping = match Mapping::compile(&rules, &tables, &open, chrono_tz::Europe::London) {
        Ok(mapping) => mapping,
        Err(faults) => {
            assert!(faults.iter().all(|fault| !fault.problem.is_empty() && !fault.remedy.is_empty()));
            return;
        }
    };
    let opportunity: OpportunityId = "o".parse().expect("the letter is an id");
    let mut person = Person::new("c".parse().expect("the letter is an id"));
    person.name = FullName::new(said);
    person.emails = said.split(' ').map(|email| Pii::new(email.to_owned())).collect();
    person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
    person.answers = vec![Answer {
        opportunity: opportunity.clone(),
        posting: None,
        template: None,
        field: None,
        question: "Date of birth".to_owned(),
        value: Pii::new(AnswerValue::Text(said.to_owned())),
        at: None,
    }];
    person.hires.insert(opportunity.clone(), Hire::new(people::Timestamp::UNIX_EPOCH));
    let hires = BTreeSet::from([&opportunity]);
    let wanted = mapping.apply(&person, &hires, &Decisions::new());
    assert_eq!(wanted, mapping.apply(&person, &hires, &Decisions::new()), "twice the same");
    assert_eq!(wanted.iter().count() + wanted.missing.len(), 1, "a value or a hold");
    assert!(wanted.iter().all(|(_, value)| value.to_text().len() <= (1 << 20) + 1_000), "within bounds");
}

/// A configuration is read, or refused with places and remedies.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // A secret is read where the text says; a device would never end.
    if text.contains("/dev/") || text.contains("/proc/") {
        return;
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    if let Err(faults) = Config::parse(
        &text,
        Path::new("/nowhere/hiresync.toml"),
        &Env::default(),
        &hiresync::config::Outside::nowhere(Arc::clone(&clock)),
    ) {
        assert!(!faults.0.is_empty(), "a refusal says why");
        for fault in &faults.0 {
            assert!(fault.starts_with("/nowhere/hiresync.toml"), "{fault} names no place");
        }
    }
}
