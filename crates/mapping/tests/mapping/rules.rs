use adapter_sdk::Placeholder;
use mapping::{Hold, Rule, Rules};
use people::{AnswerValue, FieldKey, FieldName, Value, Withheld};

use crate::people_of_the_tests::{
    amara, answer, applied, cell, compile, compiled, hire, holds, person, strict, wanted,
};

fn required(expression: &str) -> Rule {
    Rule { required: true, ..Rule::new(expression) }
}

#[test]
fn a_required_value_that_is_absent_holds_the_person_and_its_arrival_releases_them() {
    let (mut about, _) = amara();
    let rules = person(required("answer('Shoe size')"));
    assert_eq!(holds(&wanted(&rules, &about)), ["person.field Absent"]);
    about.answers.push(answer("Shoe size", AnswerValue::Number(42.0), 3));
    let wanted = wanted(&rules, &about);
    assert_eq!((cell(&wanted).as_deref(), holds(&wanted).len()), (Some("42"), 0));
}

#[test]
fn a_hold_says_by_when_the_value_is_needed() {
    let (mut about, opportunity) = amara();
    let due = |text: &str| Rule { hold: Some(text.parse().unwrap()), ..Rule::new("answer('Shoe size')") };
    assert_eq!(
        holds(&wanted(&person(due("3 days before start")), &about)),
        ["person.field Absent by 2026-05-01"]
    );
    // The day of hire is a day in the configured zone: 23:30 UTC in March is the next day in London.
    assert_eq!(
        holds(&wanted(&hire(due("1 week after hire")), &about)),
        ["hire[o1].field Absent by 2026-04-08"]
    );
    assert_eq!(
        holds(&wanted(&person(Rule { hold: Some(Hold::default()), ..Rule::new("location") }), &about)),
        ["person.field Absent"]
    );
    about.hires.get_mut(&opportunity).unwrap().offer = None;
    assert_eq!(holds(&wanted(&person(due("3 days before start")), &about)), ["person.field Absent"]);
}

#[test]
fn a_person_of_two_hires_is_needed_by_the_earlier_one() {
    let (mut about, opportunity) = amara();
    let mut second = about.hires[&opportunity].clone();
    second.offer.as_mut().unwrap().start_date = "2026-04-20".parse().ok();
    about.hires.insert("o2".parse().unwrap(), second);
    let rule = Rule { hold: Some("on start".parse().unwrap()), ..Rule::new("location") };
    assert_eq!(holds(&wanted(&person(rule), &about)), ["person.field Absent by 2026-04-20"]);
}

#[test]
fn a_placeholder_stands_in_for_a_blank_and_says_so() {
    let (mut about, opportunity) = amara();
    let rule = Rule {
        placeholder: Some(Placeholder::Is(Value::Text("U".to_owned()))),
        ..Rule::new("offer.custom_gender")
    };
    let mapping = compiled(&hire(rule));
    let filled = applied(&mapping, &about);
    let key = FieldKey::Hire { opportunity: opportunity.clone(), field: FieldName::new("field") };
    assert_eq!((cell(&filled).as_deref(), &filled.filled[0].field), (Some("U"), &key));
    assert!(mapping.has_placeholder(&key));
    let hire = about.hires.get_mut(&opportunity).unwrap();
    let said = people::Pii::new(AnswerValue::Text("F".to_owned()));
    hire.offer.as_mut().unwrap().fields.insert("custom_gender".to_owned(), said);
    let given = applied(&mapping, &about);
    assert_eq!((cell(&given).as_deref(), given.filled.len()), (Some("F"), 0));
}

#[test]
fn a_placeholder_never_stands_in_for_what_lever_withheld() {
    let (mut about, opportunity) = amara();
    about.hires.get_mut(&opportunity).unwrap().withheld = Withheld { offers: true, ..Withheld::default() };
    let rule = Rule {
        placeholder: Some(Placeholder::Is(Value::Text("U".to_owned()))),
        ..Rule::new("offer.custom_gender")
    };
    assert_eq!(holds(&wanted(&hire(rule), &about)), ["hire[o1].field Withheld"]);
    assert_eq!(holds(&wanted(&hire(required("offer.custom_gender")), &about)), ["hire[o1].field Withheld"]);
}

#[test]
fn a_blank_is_written_unless_the_field_is_never_cleared() {
    let (about, _) = amara();
    assert_eq!(cell(&wanted(&person(Rule::new("location")), &about)).as_deref(), Some(""));
    let kept = Rule { never_clear: true, ..Rule::new("location") };
    assert_eq!(cell(&wanted(&person(kept), &about)), None);
}

#[test]
fn a_value_too_long_or_not_allowed_holds_and_is_never_cut() {
    let (about, _) = amara();
    let long = Rule { length_max: Some(5), ..Rule::new("name.last") };
    assert_eq!(holds(&wanted(&person(long), &about)), ["person.field TooLong"]);
    let fits = Rule { length_max: Some(5), ..Rule::new("name.first") };
    assert_eq!(cell(&wanted(&person(fits), &about)).as_deref(), Some("Amara"));
    let choice = |text: &str| Rule { one_of: vec!["GB".to_owned(), "IE".to_owned()], ..Rule::new(text) };
    assert_eq!(cell(&wanted(&hire(choice("posting.country")), &about)).as_deref(), Some("GB"));
    assert_eq!(holds(&wanted(&hire(choice("posting.title")), &about)), ["hire[o1].field NotAllowed"]);
    assert_eq!(cell(&wanted(&hire(choice("posting.team")), &about)).as_deref(), Some(""));
}

#[test]
fn a_value_takes_the_form_of_its_field_or_holds() {
    let (mut about, _) = amara();
    about.answers = vec![
        answer("Driver?", AnswerValue::Text("Yes".to_owned()), 1),
        answer("Grade", AnswerValue::Text(" 7 ".to_owned()), 1),
    ];
    let rules = Rules::short(
        &[("code", "contact"), ("flag", "answer('Driver?')")],
        &[("starts", "offer.start_date"), ("grade", "answer('Grade')"), ("ids", "opportunity")],
    );
    let mapping = compile(&rules, &strict()).unwrap();
    let wanted = applied(&mapping, &about);
    let values: Vec<String> = wanted.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
    assert_eq!(
        values,
        [
            "person.code=Text(\"c1\")",
            "person.flag=Bool(true)",
            "person.surname=Text(\"Okafor-Lind\")",
            "hire[o1].grade=Integer(7)",
            "hire[o1].ids=List([Text(\"o1\")])",
            "hire[o1].starts=Day(2026-05-04)",
        ]
    );
    about.answers[0].value = people::Pii::new(AnswerValue::Text("sometimes".to_owned()));
    assert_eq!(holds(&applied(&mapping, &about)), ["person.flag WrongKind"]);
}

#[test]
fn what_no_table_knows_holds_unless_the_expression_says_otherwise() {
    let (mut about, opportunity) = amara();
    let posting = about.hires.get_mut(&opportunity).unwrap().posting.as_mut().unwrap();
    posting.department = Some("engineering ".to_owned());
    posting.team = Some("Catering".to_owned());
    let said = |expression: &str| wanted(&hire(Rule::new(expression)), &about);
    assert_eq!(cell(&said("posting.department | lookup('departments')")).as_deref(), Some("ENG"));
    assert_eq!(holds(&said("posting.team | lookup('departments')")), ["hire[o1].field NotInTable"]);
    assert_eq!(cell(&said("posting.team | lookup('departments', miss='blank')")).as_deref(), Some(""));
    assert_eq!(cell(&said("posting.team | lookup('departments', miss='keep')")).as_deref(), Some("Catering"));
    assert_eq!(cell(&said("posting.team | lookup('departments', default='X')")).as_deref(), Some("X"));
}
