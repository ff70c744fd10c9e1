use std::collections::BTreeSet;

use mapping::{Decisions, Needs, Rules};
use people::{AnswerValue, FieldName, Fields, FullName, OpportunityId, Withheld};

use crate::people_of_the_tests::{amara, answer, applied, cell, compiled, holds, person, wanted};

#[test]
fn the_published_example_maps_a_person_and_a_hire() {
    let rules = Rules::short(
        &[
            ("employee_ref", "contact"),
            ("first_name", "name.first"),
            ("last_name", "name.last"),
            ("email", "emails | first"),
            ("mobile", "phone('mobile')"),
            ("skype", "phone('skype')"),
            ("opportunities", "opportunities | join(';')"),
            ("born", "answer('Date of birth')"),
        ],
        &[
            ("hired_on", "hired_at | date"),
            ("title", "posting.title"),
            ("department", "posting.department"),
            ("start_date", "offer.start_date"),
            ("pay", "offer.salary_amount"),
            ("grade", "offer.custom_grade | upper"),
        ],
    );
    let mapping = compiled(&rules);
    let (person, opportunity) = amara();
    let wanted = applied(&mapping, &person);
    assert_eq!(wanted.missing, []);
    let cells = |fields: &Fields| -> Vec<String> {
        fields.iter().map(|(name, value)| format!("{name}={}", value.reveal().to_text())).collect()
    };
    assert_eq!(
        cells(&wanted.person),
        [
            "born=1991-02-03",
            "email=amara@example.com",
            "employee_ref=c1",
            "first_name=Amara",
            "last_name=Okafor-Lind",
            "mobile=+44 7700 900123",
            "opportunities=o1;o2",
            "skype=",
        ]
    );
    assert_eq!(
        cells(&wanted.hires[&opportunity]),
        [
            "department=",
            "grade=",
            "hired_on=2026-04-01",
            "pay=64000",
            "start_date=2026-05-04",
            "title=Engineer"
        ]
    );
    assert_eq!(mapping.needs(), Needs { offers: true, postings: true, ..Needs::default() });
}

#[test]
fn a_hire_out_of_scope_gets_no_record_and_stays_in_the_list_of_opportunities() {
    let mapping = compiled(&Rules::short(&[("all", "opportunities | join(';')")], &[("on", "today")]));
    let (person, _) = amara();
    let wanted = mapping.apply(&person, &BTreeSet::new(), &Decisions::new());
    assert!(wanted.hires.is_empty());
    assert_eq!(wanted.person[&FieldName::new("all")].reveal().to_text(), "o1;o2");
}

#[test]
fn what_lever_withheld_is_left_out_and_not_written_as_a_blank() {
    let rules = Rules::short(
        &[],
        &[("start", "offer.start_date"), ("title", "posting.title"), ("on", "hired_at | date")],
    );
    let (mut person, opportunity) = amara();
    let hire = person.hires.get_mut(&opportunity).unwrap();
    hire.offer = None;
    hire.withheld = Withheld { offers: true, ..Withheld::default() };
    let wanted = wanted(&rules, &person);
    let fields: Vec<&str> = wanted.hires[&opportunity].keys().map(FieldName::as_str).collect();
    assert_eq!(fields, ["on", "title"]);
}

#[test]
fn an_expression_that_cannot_be_computed_holds_its_field_and_no_other() {
    let rules = Rules::short(&[("bad", "location | date"), ("good", "contact")], &[]);
    let (mut person, _) = amara();
    person.location = Some(crate::people_of_the_tests::private("London"));
    let wanted = wanted(&rules, &person);
    assert_eq!((holds(&wanted), wanted.person.len()), (vec!["person.bad NotComputable".to_owned()], 1));
}

#[test]
fn the_newest_answer_that_says_something_wins_and_can_be_narrowed() {
    let (mut about, _) = amara();
    about.answers.push(answer("Date of birth", AnswerValue::Blank, 9));
    let mut elsewhere = answer("date of  BIRTH", AnswerValue::Text("1992-03-04".to_owned()), 3);
    elsewhere.posting = Some("elsewhere".to_owned());
    elsewhere.field = Some("other".to_owned());
    about.answers.push(elsewhere);
    for (expression, found) in [
        ("answer('Date of birth')", "1992-03-04"),
        ("answer('Date of birth', posting='onboarding')", "1991-02-03"),
        ("answer(field='field', template='template')", "1991-02-03"),
        ("answer(field='other')", "1992-03-04"),
        ("answer('Shoe size')", ""),
    ] {
        let wanted = wanted(&person(mapping::Rule::new(expression)), &about);
        assert_eq!(cell(&wanted).as_deref(), Some(found), "{expression}");
    }
}

#[test]
fn a_fact_that_is_too_long_holds_whatever_uses_it_and_nobody_else() {
    let (mut about, _) = amara();
    about.name = FullName::new("x ".repeat(1 << 19));
    for expression in ["name.full", "name.first ~ name.last", "name.full | upper"] {
        let wanted = wanted(&person(mapping::Rule::new(expression)), &about);
        assert_eq!(holds(&wanted).len(), 1, "{expression}");
    }
    let wanted = wanted(&person(mapping::Rule::new("contact")), &about);
    assert_eq!(cell(&wanted).as_deref(), Some("c1"));
}

#[test]
fn today_is_the_day_that_was_pinned() {
    let mapping = compiled(&Rules::short(&[], &[("on", "today")]));
    let (person, opportunity) = amara();
    let decided = [(opportunity.clone(), "2026-04-02".parse().unwrap())].into();
    let wanted = mapping.apply(&person, &BTreeSet::<&OpportunityId>::from([&opportunity]), &decided);
    assert_eq!(wanted.hires[&opportunity][&FieldName::new("on")].reveal().to_text(), "2026-04-02");
    assert_eq!(mapping.pinned().len(), 1);
}
