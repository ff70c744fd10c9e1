//! What a review found: each was sent, accepted or refused wrongly once.

use mapping::{Rule, Rules};
use people::AnswerValue;

use crate::people_of_the_tests::{OPEN, amara, answer, cell, compile, hire, person, wanted};

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
