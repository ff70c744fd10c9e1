//! What a review found: each was sent, accepted or refused wrongly once.

use mapping::{Rule, Rules};
use people::AnswerValue;

use crate::people_of_the_tests::{
    OPEN, amara, answer, applied, cell, compile, hire, holds, person, said, strict, wanted,
};

/// What a field of the hire shows.
fn shown(expression: &str) -> Option<String> {
    let (mut about, _) = amara();
    about.answers.push(answer("Several", AnswerValue::Several(vec!["a".to_owned(), "b".to_owned()]), 3));
    cell(&wanted(&hire(Rule::new(expression)), &about))
}

#[test]
fn what_stands_behind_a_character_that_nobody_knows_is_not_passed_over() {
    for expression in [
        "posting.country == 'GB' && not 'contractor' in tags",
        "posting.country == 'GB' ? 'x' : 'y'",
        "name.first ~ ' ' ; name.last",
        "contact ~ 'a' “",
    ] {
        assert!(compile(&hire(Rule::new(expression)), &OPEN).is_err(), "{expression}");
        let when = Rules { when: Some(expression.to_owned()), ..person(Rule::new("contact")) };
        assert!(compile(&when, &OPEN).is_err(), "{expression}");
    }
}

#[test]
fn a_blank_put_into_a_text_leaves_nothing_there() {
    for (expression, expected) in [
        ("posting.title ~ posting.team", "Engineer"),
        ("posting.title ~ (posting.team | upper)", "Engineer"),
        ("posting.title ~ today", "Engineer"),
        ("posting.title ~ requisition.band.min ~ manager.name ~ offer.custom_grade", "Engineer"),
        ("posting.title ~ phones[0].type", "Engineer"),
        ("'yes' if 'x' in posting.team else 'no'", "no"),
    ] {
        assert_eq!(shown(expression).as_deref(), Some(expected), "{expression}");
    }
}

#[test]
fn what_could_never_be_right_is_told_when_it_is_read() {
    for (expression, problem) in [
        ("2026-05-04", "is a day without quotes"),
        ("posting.team == ''", "compares with an empty text; write … is blank"),
        ("posting.team != ''", "compares with an empty text; write … is blank"),
        ("posting.team == none", "says none"),
        ("offer.salary_amount > '60000'", "compares a number with a text"),
        ("offer.start_date + 7", "reckons with a day and a number; shift a day with | date(days=7)"),
        ("offer.start_date - 3", "reckons with a day and a number; shift a day with | date(days=7)"),
        ("posting.title == 'A' or 'B'", "joins yes or no with what is neither"),
        ("emails ~ ''", "puts a list into a text; add | join"),
        ("(offer.salary_amount / 10) ~ ' a month'", "puts a computed number into a text"),
        ("offer.start_date.year", "uses the unknown name offer.start_date.year"),
        ("requisition['band.min']", "uses the unknown name requisition.band.min"),
    ] {
        let said = said(&hire(Rule::new(expression)), &OPEN);
        assert!(said[0].starts_with(&format!("hire.field: {problem}")), "{expression}: {said:?}");
    }
    for expression in [
        "offer.start_date < '2026-05-04'",
        "offer.start_date <= today",
        "offer.salary_amount >= 60000 and 'GB' in posting.country",
        "name.first + ' ' + name.last",
        "answer('Grade') == 7 or answer('Grade') == '7'",
        "tags == ['a']",
        "posting.team or posting.title",
        "offer.custom_bonus + offer.salary_amount",
        "'' ~ offer.salary_amount ~ ''",
    ] {
        assert!(compile(&hire(Rule::new(expression)), &OPEN).is_ok(), "{expression}");
    }
}

#[test]
fn a_fixed_day_number_or_flag_may_be_written_as_a_text() {
    let fixed = |field: &str, value: &str| Rules::short(&[("code", "contact")], &[(field, value)]);
    for (field, value) in [("starts", "'2026-05-04'"), ("pay", "'64000'"), ("grade", "'7'")] {
        assert!(compile(&fixed(field, value), &strict()).is_ok(), "{value}");
    }
    let wrong = said(&fixed("starts", "'soon'"), &strict());
    assert!(wrong[0].contains("the same for everybody, and not the kind of value"), "{wrong:?}");
}

#[test]
fn what_a_helper_is_told_wrong_is_found_in_a_branch_that_nobody_takes() {
    for (expression, problem) in [
        ("phone('mobile') | e164('UK') if posting.country == 'FR' else ''", "e164: there is no region UK"),
        ("'a' if posting.country == 'FR' and (hired_at | date('%Q')) else ''", "date: format is no format"),
        ("hired_at | date('dd.mm.yyyy')", "date: format is no format of a day, such as '%d.%m.%Y'"),
        ("hired_at | date('')", "date: format is no format of a day"),
        ("answer('Born') | date(from='DD/MM/YYYY')", "date: from is no format of a whole day"),
        ("answer('Born') | date(from='%m/%Y')", "date: from is no format of a whole day"),
        ("hired_at | date('%Q', zone=location)", "date: format is no format of a day"),
        ("posting.title | lookup('departments', miss='skip')", "lookup: miss is one of hold, blank, keep"),
        ("emails | lower", "gives lower a list, and it takes a text; put | first"),
        ("tags | sort | upper", "gives upper a list, and it takes a text"),
        ("tags is containing('x')", "gives containing a list, and it takes a text; write 'x' in"),
        ("phones", "gives whole telephone numbers, each with its type; write phones[0].number"),
        ("phones | first", "gives whole telephone numbers"),
        ("phones[0]", "gives whole telephone numbers"),
    ] {
        let said = said(&hire(Rule::new(expression)), &OPEN);
        assert!(said[0].starts_with(&format!("hire.field: {problem}")), "{expression}: {said:?}");
    }
    for expression in [
        // Nobody knows yet what stands there.
        "phone('mobile') | e164(location)",
        "hired_at | date(zone=location)",
        "answer('Born') | date(from='%d/%m/%y')",
        "answer('Born') | date(from='%d %B %Y %H:%M')",
        "answer('Born') | date(from='%Y-%m-%dT%H:%M:%S%z')",
        "hired_at | date('%A')",
        "(phones | first).number",
        "phones[0].number",
        "phones | length",
        "emails is blank",
        "emails | default('a') | first | lower",
    ] {
        let compiled = compile(&hire(Rule::new(expression)), &OPEN);
        assert!(compiled.is_ok(), "{expression}: {compiled:?}");
    }
}

#[test]
fn several_answers_put_into_a_text_are_what_a_cell_shows() {
    assert_eq!(shown("answer('Several') ~ '!'").as_deref(), Some("a;b!"));
    assert_eq!(shown("'yes' if answer('Several') == ['a', 'b']").as_deref(), Some("yes"));
    let last_and_first = "(answer('Several') | last) ~ (answer('Several') | first)";
    assert_eq!(shown(last_and_first).as_deref(), Some("ba"));
}

#[test]
fn a_text_that_is_a_day_of_the_first_centuries_is_no_day() {
    let (mut about, _) = amara();
    about.answers.push(answer("Starts", AnswerValue::Text("01-02-26".to_owned()), 3));
    let rules = Rules::short(&[("code", "contact")], &[("starts", "answer('Starts')")]);
    let held = holds(&applied(&compile(&rules, &strict()).unwrap(), &about));
    assert_eq!(held, ["hire[o1].starts WrongKind"]);
}

#[test]
fn an_allowed_value_that_the_field_cannot_take_is_told_when_it_is_read() {
    let field = |name: &str, value: &str, one_of: &[&str]| {
        let one_of = one_of.iter().map(|choice| (*choice).to_owned()).collect();
        let own = (name.to_owned(), Rule { one_of, ..Rule::new(value) });
        let code = ("code".to_owned(), Rule::new("contact"));
        Rules { person: vec![code, own], ..Rules::default() }
    };
    let flag = said(&field("flag", "answer('Driver?')", &["yes", "no"]), &strict());
    let problem = "person.flag.one_of: allows yes, which is none of the allowed values; write true or false";
    assert_eq!((flag.len(), flag[0].as_str()), (2, problem));
    assert!(compile(&field("flag", "answer('Driver?')", &["true", "false"]), &strict()).is_ok());
    assert!(compile(&field("surname", "name.last", &["Okafor-Lind"]), &strict()).is_ok());
}

#[test]
fn whoever_writes_another_language_is_told_what_to_write_here() {
    for (expression, remedy) in [
        ("posting.team is none", "write is blank"),
        ("posting.team is defined", "write is not blank"),
        ("posting.team == null", "is blank"),
        ("posting.title | capitalize", "did you mean title?"),
        ("posting.title | uppercase", "did you mean upper?"),
        ("{{ name.first }}", "leave the braces out"),
        ("{% if tags %}a{% endif %}", "A if condition else B"),
        ("posting.country = 'GB'", "write =="),
        ("posting.country === 'GB'", "write =="),
        ("posting.country == “GB”", "straight quotes"),
        ("posting.country == 'GB' && tags is blank", "write and"),
        ("posting.country == 'GB' || tags is blank", "write or"),
        ("posting.country == 'GB' ? 'a' : 'b'", "A if condition else B"),
        ("if posting.country == 'GB' then 'x' else 'y'", "A if condition else B"),
        ("posting.country == 'GB' AND tags is blank", "write and"),
        ("!tags", "write not"),
        ("upper(name.first)", "… | upper"),
        ("concat(name.first, name.last)", "~"),
        ("NAME.FIRST", "did you mean name.first?"),
        ("London", "a fixed text is \"'text'\""),
    ] {
        let said = said(&hire(Rule::new(expression)), &OPEN);
        assert!(said[0].contains(remedy), "{expression}: {said:?}");
    }
}

#[test]
fn an_expression_as_deep_or_as_long_as_may_be_is_read_and_dropped() {
    let long = people::FullName::new("x".repeat(9_000));
    let (mut about, _) = amara();
    about.name = long;
    for expression in [
        "1-".repeat(999) + "1",
        "1<".repeat(999) + "1",
        "tags or ".repeat(249) + "tags",
        "name.first if tags else ".repeat(83) + "''",
        "emails".to_owned() + &"[0]".repeat(664),
        "offer".to_owned() + &".a".repeat(990),
        "offer".to_owned() + &"['a']".repeat(395),
        "contact".to_owned() + &"|a".repeat(990),
        "contact".to_owned() + &" is blank".repeat(220),
        "contact".to_owned() + &"()".repeat(990),
        "(".repeat(990) + &")".repeat(990),
        "[".repeat(990) + &"]".repeat(990),
        "[".repeat(140) + &"]".repeat(140),
        "not ".repeat(490) + "tags",
        "-".repeat(1_990) + "1",
        "name.full < name.full".to_owned(),
        "[name.full] < [name.full]".to_owned(),
        "[name.full, links] | sort".to_owned(),
        "phones[0] < phones[1]".to_owned(),
        "answer('Date of birth') < phones".to_owned(),
        "name.full in [name.full]".to_owned(),
        "name.full ~ ''".to_owned(),
        "[1] < tags".to_owned(),
    ] {
        if let Ok(mapping) = compile(&hire(Rule::new(expression)), &OPEN) {
            let _ = applied(&mapping, &about);
        }
    }
}

#[test]
fn what_a_spreadsheet_has_its_own_words_for_is_refused_with_ours() {
    for (expression, remedy) in [
        ("=name.first", "leave the = out"),
        ("IF(tags, 'a', 'b')", "write A if condition else B"),
        ("VLOOKUP(contact, 'x')", "[tables.NAME]"),
        ("UPPER(name.first)", "… | upper"),
        ("today()", "without brackets"),
        ("first_name", "did you mean name.first?"),
        ("offer.salary | number", "did you mean offer.salary_amount?"),
        ("'{name.first} {name.last}'", "name.first ~ ' ' ~ name.last"),
        ("offer.salary_amount / 12 | number(decimals=2)", "put brackets"),
        ("'x' if posting.country in 'DE, GB'", "in ['DE', 'GB']"),
        ("'x' if posting.country == 'Germany'", "posting.country == 'DE'"),
        ("'x' if offer.start_date == '01/05/2026'", "'2026-05-01'"),
        ("offer.start_date | date(format='%d.%m.%Y') | date(days=3)", "say it in one"),
    ] {
        let said = said(&hire(Rule::new(expression)), &OPEN);
        assert!(said[0].contains(remedy), "{expression}: {said:?}");
    }
}

#[test]
fn a_day_is_read_as_it_was_typed_and_as_a_day() {
    let (mut about, _) = amara();
    for typed in ["10/12/1985", "1985-12-10"] {
        about.answers = vec![answer("Born", AnswerValue::Text(typed.to_owned()), 1)];
        let shown = cell(&wanted(&hire(Rule::new("answer('Born') | date(from='%d/%m/%Y')")), &about));
        assert_eq!(shown.as_deref(), Some("1985-12-10"), "{typed}");
    }
}
