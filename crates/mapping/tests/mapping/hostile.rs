//! Whatever an admin writes and whatever Lever says: a value, a hold, a fault, never a panic, never without a bound.

use std::collections::BTreeSet;

use mapping::{Decisions, HELPERS, HelperKind, Mapping, Rule, Rules, names::NAMES};
use people::{AnswerValue, FullName, Offer, OpportunityId, Person, Phone, PhoneKind, Pii, Posting};
use proptest::prelude::*;

use crate::people_of_the_tests::{OPEN, amara, answer, compile};

/// Longest value of a field.
const RESULT_MAX: usize = 1 << 20;

fn atom() -> impl Strategy<Value = String> {
    let names = NAMES.iter().map(|name| match name.name {
        "phone" => "phone('mobile')".to_owned(),
        "answer" => "answer('Anything')".to_owned(),
        "form" => "form(field='field')".to_owned(),
        name => name.replace('*', "custom"),
    });
    prop_oneof![
        8 => proptest::sample::select(names.collect::<Vec<_>>()),
        1 => "'[a-z ]{0,6}'",
        1 => (-9i64..99).prop_map(|number| number.to_string()),
        1 => proptest::sample::select(vec!["true", "none", "[]", "['a', contact]", "phones[0].number", "emails[99]"])
            .prop_map(str::to_owned),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    let filters = HELPERS.iter().filter(|helper| helper.kind == HelperKind::Filter);
    let examples = filters.map(|helper| {
        let (_, call) = helper.usage.rsplit_once('|').expect("a filter stands behind a bar");
        call.trim().replace("cost_centres", "departments")
    });
    let more = [
        "replace('a', 'aaaaaaaaaa')",
        "join('éé')",
        "split('')",
        "truncate(-1)",
        "date(days=99999999)",
        "number(decimals=400)",
    ];
    proptest::sample::select(examples.chain(more.map(str::to_owned)).collect::<Vec<_>>())
}

fn expression() -> impl Strategy<Value = String> {
    atom().prop_recursive(4, 24, 3, |inner| {
        let operator = proptest::sample::select(vec!["~", "+", "-", "*", "/", "//", "%", "**", "==", "<", "in", "and", "or"]);
        prop_oneof![
            3 => (inner.clone(), filter()).prop_map(|(of, filter)| format!("({of}) | {filter}")),
            2 => (inner.clone(), operator, inner.clone()).prop_map(|(one, by, other)| format!("({one}) {by} ({other})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(is, one, other)| format!("({one}) if ({is}) else ({other})")),
            1 => inner.clone().prop_map(|of| format!("({of})[1]")),
            1 => inner.prop_map(|of| format!("not ({of})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        1 => Just("é".repeat(4_000)),
        1 => Just("👨‍👩‍👧‍👦".repeat(300)),
        1 => Just("a".repeat(1 << 20)),
        1 => proptest::sample::select(vec!["2026-02-30", "9999-12-31", "+44 20 7946 0123", "1e999", "-0", "\u{202e}x"])
            .prop_map(str::to_owned),
    ]
}

fn somebody() -> impl Strategy<Value = Person> {
    (text(), text(), proptest::collection::vec(text(), 0..4), text(), any::<f64>(), 0usize..2_000).prop_map(
        |(name, place, emails, said, pay, many)| {
            let (mut person, opportunity) = amara();
            person.name = FullName::new(name.clone());
            person.location = Some(Pii::new(place));
            person.emails = emails.into_iter().map(Pii::new).collect();
            person.links = vec![Pii::new("x".to_owned()); many];
            person.phones = vec![Phone { kind: Some(PhoneKind::Mobile), number: Pii::new(said.clone()) }];
            person.answers = vec![answer("Anything", AnswerValue::Text(said.clone()), 1)];
            let hire = person.hires.get_mut(&opportunity).expect("she is hired");
            hire.forms = vec![
                answer("", AnswerValue::Number(pay), 1),
                answer("", AnswerValue::Several(vec![said]), 2),
            ];
            hire.posting = Some(Posting { title: Some(name), ..Posting::default() });
            let fields = [
                ("salary_amount".to_owned(), Pii::new(AnswerValue::Number(pay))),
                ("custom".to_owned(), Pii::new(AnswerValue::Number(pay))),
            ];
            hire.offer = Some(Offer { fields: fields.into(), ..Offer::default() });
            person
        },
    )
}

fn applied(mapping: &Mapping, person: &Person) -> people::Wanted {
    let hires: BTreeSet<&OpportunityId> = person.hires.keys().collect();
    mapping.apply(person, &hires, &Decisions::new())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn an_expression_is_total_deterministic_and_bounded_whoever_it_is_applied_to(
        expression in expression(),
        person in somebody(),
    ) {
        let rules = Rules { hire: vec![("field".to_owned(), Rule::new(expression))], ..Rules::default() };
        if let Ok(mapping) = compile(&rules, &OPEN) {
            let wanted = applied(&mapping, &person);
            prop_assert_eq!(&wanted, &applied(&mapping, &person));
            let values = wanted.hires.values().map(|fields| fields.len()).sum::<usize>();
            prop_assert_eq!(values + wanted.missing.len(), 1, "neither a value nor a hold");
            for (_, value) in wanted.iter() {
                prop_assert!(value.to_text().len() <= RESULT_MAX + 1_000, "{} bytes", value.to_text().len());
            }
        }
    }

    #[test]
    fn any_text_as_an_expression_is_a_mapping_or_a_fault_with_a_remedy(text in "\\PC{0,80}|[a-z.|()'\\[\\] ~*=0-9]{0,60}") {
        let rules = Rules { when: Some(text.clone()), hire: vec![("field".to_owned(), Rule::new(text))], ..Rules::default() };
        if let Err(faults) = compile(&rules, &OPEN) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(!fault.problem.is_empty() && !fault.remedy.is_empty());
            }
        }
    }
}
