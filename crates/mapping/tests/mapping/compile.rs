use adapter_sdk::{FieldRule, Placeholder};
use mapping::{Hold, Needs, Place, Rule, Rules};
use people::{FieldKey, FieldName, Value};

use crate::people_of_the_tests::{OPEN, compile, compiled, hire, person, said, strict};

#[test]
fn every_fault_of_a_mapping_is_found_at_once_when_it_is_compiled() {
    let rules = Rules::short(
        &[
            ("a", "name.frist"),
            ("b", "emails | frist"),
            ("c", "name.first +"),
            ("d", "hired_at"),
            ("e", "salary"),
            ("f", "contact"),
        ],
        &[("f", "opportunity"), ("g", "range(10)")],
    );
    let said = said(&rules, &OPEN);
    assert_eq!(said[0], "person.a: uses the unknown name name.frist; did you mean name.first?");
    assert_eq!(said[1], "person.b: uses the unknown filter frist; did you mean first?");
    assert!(said[2].starts_with("person.c: is no expression: "), "{}", said[2]);
    assert_eq!(
        said[3],
        "person.d: uses hired_at, which belongs to one hire; move the field to the target's .hire table"
    );
    assert!(said[4].starts_with("person.e: uses the unknown name salary; "), "{}", said[4]);
    assert!(said[5].starts_with("hire.g: calls range, which is no function; "), "{}", said[5]);
    assert_eq!(said[6], "hire.f: is mapped under .person too; keep one of the two");
    assert_eq!(said.len(), 7);
}

#[test]
fn a_fault_is_found_in_a_branch_that_nobody_takes_and_its_character_named() {
    let rules = person(Rule::new("contact if true else (name.first | uper)"));
    let faults = compile(&rules, &OPEN).unwrap_err();
    assert_eq!((faults.len(), faults[0].at), (1, Some(36)));
    assert_eq!(faults[0].remedy, "did you mean upper?");
}

#[test]
fn what_an_expression_may_not_say_is_refused_with_a_remedy() {
    for (expression, problem, remedy) in [
        ("", "is empty", "write an expression"),
        ("posting", "uses posting, which is several values", "name one of them, e.g. posting.id"),
        ("posting[name.first]", "computes which member of posting is meant", "write the name out"),
        ("phone", "uses phone without saying which", "write phone('…')"),
        ("phone('mobil')", "asks for a type of telephone number that there is not", "did you mean 'mobile'?"),
        ("answer()", "does not say which question is meant", "write answer("),
        ("answer(contact)", "does not write the question out", "write answer("),
        ("anwser('x')", "calls anwser, which is no function", "did you mean answer?"),
        ("name.first.upper()", "calls .upper(), and values have no methods", "write … | upper"),
        (
            "contact | lookup('departmens')",
            "looks into the unknown table departmens",
            "did you mean 'departments'?",
        ),
        ("contact | lookup(contact)", "does not write the table's name out", "write lookup('NAME')"),
        (
            "contact | lookup('departments', mis='blank')",
            "lookup takes no argument mis",
            "did you mean miss=?",
        ),
        ("contact | lookup", "lookup needs the argument table", "write it as in "),
        ("contact is nlank", "uses the unknown test nlank", "did you mean blank?"),
        ("{'a': contact}", "writes a table out", "[tables.NAME]"),
        ("contact * 100000", "multiplies what may be no number", "(… | number)"),
        ("phones[0].numbr", "asks for numbr, which nothing here has", "map fields"),
        ("name.full[:3]", "cuts a piece out, which may be part of a character", "use | truncate(3)"),
        ("emails[::-1]", "cuts a piece out", "| last"),
        ("name.full[0]", "takes one item of what may be a text", "use | first"),
        (
            "offer.start_dte",
            "uses offer.start_dte, which is nearly offer.start_date",
            "write offer['start_dte']",
        ),
        ("contact | e164('UK')", "e164: there is no region UK, e.g. GB", "| e164('GB')"),
        ("contact | date(format='%Q')", "date: format is no format of a day", "| date(format='%d.%m.%Y')"),
    ] {
        let said = said(&hire(Rule::new(expression)), &OPEN);
        assert!(said[0].starts_with(&format!("hire.field: {problem}")), "{expression}: {said:?}");
        assert!(said[0].contains(remedy), "{expression}: {said:?}");
    }
    let long = said(&person(Rule::new("contact ~ ".repeat(300) + "contact")), &OPEN);
    assert!(long[0].contains("is longer than 2000 characters"), "{long:?}");
    let steps = said(&person(Rule::new("'' ~ ".repeat(60) + "contact")), &OPEN);
    assert!(steps[0].contains("takes more than 50 steps"), "{steps:?}");
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_where_the_target_knows_its_fields() {
    let rules = Rules::short(
        &[("code", "emails"), ("flag", "name.first")],
        &[
            ("starts", "hired_at"),
            ("pay", "posting.title"),
            ("grade", "offer.start_date"),
            ("ids", "opportunity"),
        ],
    );
    assert_eq!(
        said(&rules, &strict()),
        [
            "person.code: gives a list, and the field takes a text; add | join(';') or | first",
            "person.flag: gives a text, and the field takes yes or no; compare it, e.g. posting.country == 'GB'",
            "hire.starts: gives a moment, and the field takes a day; add | date",
            "hire.pay: gives a text, and the field takes a number; add | number",
            "hire.grade: gives a day, and the field takes a whole number; use a number, such as offer.salary_amount",
        ]
    );
    let right = Rules::short(
        &[("code", "contact"), ("flag", "answer('Driver?')")],
        &[("starts", "hired_at | date"), ("pay", "offer.salary_amount"), ("grade", "offer.custom_grade")],
    );
    compile(&right, &strict()).unwrap();
}

#[test]
fn a_field_the_target_does_not_have_and_one_it_demands_are_named() {
    let rules = Rules::short(&[("cod", "contact"), ("pay", "contact")], &[]);
    assert_eq!(
        said(&rules, &strict()),
        [
            "person.code: is required by the target and mapped to nothing; add code = \"…\" under .person",
            "person.cod: is no field of this target; did you mean code?",
            "person.pay: is no field of this target; move it to the target's .hire table",
        ]
    );
}

#[test]
fn a_targets_default_fields_stay_unless_they_are_replaced_or_not_inherited() {
    let code = Rules::short(&[("code", "contact")], &[]);
    let columns = |rules: &Rules| -> Vec<String> {
        let columns = compile(rules, &strict()).unwrap().columns();
        columns.person.iter().map(ToString::to_string).collect()
    };
    assert_eq!(columns(&code), ["surname", "code"]);
    assert_eq!(columns(&Rules { without_defaults: true, ..code }), ["code"]);
    let replaced = Rules::short(&[("code", "contact"), ("surname", "name.full | truncate(10)")], &[]);
    assert_eq!(columns(&replaced), ["code", "surname"]);
}

#[test]
fn rules_that_cannot_hold_together_are_refused() {
    let placeholder = |text: &str| Some(Placeholder::Is(Value::Text(text.to_owned())));
    let rule = Rule::new("name.first");
    for (rule, problem) in [
        (
            Rule { hold: Some(Hold::default()), placeholder: placeholder("x"), ..rule.clone() },
            "person.field.placeholder: stands beside hold",
        ),
        (Rule { placeholder: placeholder(""), ..rule.clone() }, "person.field.placeholder: is empty"),
        (
            Rule { placeholder: placeholder("U"), one_of: vec!["F".to_owned()], ..rule.clone() },
            "person.field.placeholder: is none of the allowed values",
        ),
        (
            Rule { placeholder: placeholder("long"), length_max: Some(3), ..rule.clone() },
            "person.field.placeholder: is longer than the field takes",
        ),
        (
            Rule { value: "'U'".to_owned(), one_of: vec!["F".to_owned()], ..rule },
            "person.field: is the same for everybody, and none of the allowed values",
        ),
    ] {
        let said = said(&person(rule), &OPEN);
        assert!(said[0].starts_with(problem), "{said:?}");
    }
    let longer = Rule { length_max: Some(11), ..Rule::new("contact") };
    let rules = Rules { person: vec![("code".to_owned(), longer)], ..Rules::default() };
    assert_eq!(
        said(&rules, &strict()),
        ["person.code.max_length: is more than the 10 characters the target takes; write at most 10"]
    );
}

#[test]
fn only_what_is_mapped_is_needed() {
    let needs = |rules: &Rules| compiled(rules).needs();
    let none = Needs::default();
    for (expression, needed) in [
        ("hired_at", none),
        ("offer.start_date", Needs { offers: true, ..none }),
        ("offer['location/office']", Needs { offers: true, ..none }),
        ("offer['start_dte']", Needs { offers: true, ..none }),
        ("posting.title", Needs { postings: true, ..none }),
        ("job_location", Needs { postings: true, ..none }),
        ("requisition.code", Needs { requisitions: true, ..none }),
        ("requisition.custom.cost_centre", Needs { requisition_details: true, ..none }),
        ("requisition.band.max", Needs { requisition_details: true, ..none }),
        ("manager.email", Needs { users: true, ..none }),
        ("form('Cost centre')", Needs { forms: true, ..none }),
        ("answer('Date of birth')", none),
        ("contact if true else posting.title", Needs { postings: true, ..none }),
    ] {
        assert_eq!(needs(&hire(Rule::new(expression))), needed, "{expression}");
    }
    let due = Rule { hold: Some("3 days before start".parse().unwrap()), ..Rule::new("contact") };
    assert_eq!(needs(&person(due)), Needs { offers: true, ..none });
    let when = Rules { when: Some("posting.country == 'GB'".to_owned()), ..person(Rule::new("contact")) };
    assert_eq!(needs(&when), Needs { postings: true, ..none });
}

#[test]
fn the_configuration_and_the_schema_say_together_when_a_field_is_written() {
    let once = Rule { write: Some(FieldRule::OnlyOnCreate), ..Rule::new("contact") };
    let mapping = compiled(&person(once));
    let key = FieldKey::Person { field: FieldName::new("field") };
    assert_eq!(mapping.writes().of(&key), FieldRule::OnlyOnCreate);
    assert!(compiled(&person(Rule::new("contact"))).writes().is_plain());
}

#[test]
fn a_when_that_is_no_condition_is_refused() {
    let when = |text: &str| Rules { when: Some(text.to_owned()), ..person(Rule::new("contact")) };
    assert_eq!(
        said(&when("posting.country"), &OPEN),
        ["when: gives a text, which is neither true nor false; compare it, e.g. posting.country == 'GB'"]
    );
    let faults = compile(&when("posting.contry == 'GB'"), &OPEN).unwrap_err();
    assert_eq!((&faults[0].place, faults[0].at), (&Place::When, Some(1)));
    assert_eq!(faults[0].remedy, "did you mean posting.country?");
}
