use std::collections::BTreeSet;

use mapping::{Decisions, Rule, Rules, Scope};

use crate::people_of_the_tests::{amara, compiled};

#[test]
fn a_trial_shows_each_field_with_its_expression_and_the_facts_it_came_from() {
    let mut rules = Rules::short(
        &[("name", "name.first ~ ' ' ~ name.last"), ("born", "answer('Date of birth')")],
        &[("title", "posting.title | upper")],
    );
    rules.hire.push(("grade".to_owned(), Rule { required: true, ..Rule::new("offer.custom_grade") }));
    rules.when = Some("posting.country == 'GB'".to_owned());
    let (person, opportunity) = amara();
    let trial = compiled(&rules).try_on(&person, &BTreeSet::from([&opportunity]), &Decisions::new());
    assert_eq!(trial.hires[0].1, Scope::In);
    let told: Vec<String> = trial
        .fields
        .iter()
        .map(|tried| {
            let facts: Vec<String> = tried
                .facts
                .iter()
                .map(|fact| {
                    format!(
                        "{}={}{}",
                        fact.name,
                        fact.value.reveal(),
                        fact.from.as_deref().unwrap_or_default()
                    )
                })
                .collect();
            let value = tried.value.as_ref().map_or("-".to_owned(), |value| value.reveal().to_text());
            format!("{}: {value} from {}", tried.key, facts.join(", "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "person.name: Amara Okafor-Lind from name.first=Amara, name.last=Okafor-Lind",
            "person.born: 1991-02-03 from answer('Date of birth')=1991-02-03opportunity o2, answered on 1970-01-01",
            "hire[o1].title: ENGINEER from posting.title=Engineer",
            "hire[o1].grade: - from offer.custom_grade=",
        ]
    );
    assert_eq!(trial.fields[3].expression, "offer.custom_grade");
    assert!(trial.fields[3].missing.is_some());
}

#[test]
fn a_trial_says_what_the_helper_said_that_could_not_do_its_work() {
    let rules = Rules::short(&[("born", "location | date")], &[]);
    let (mut person, _) = amara();
    person.location = Some(crate::people_of_the_tests::private("10/12/1985"));
    let trial = compiled(&rules).try_on(&person, &BTreeSet::new(), &Decisions::new());
    let told = trial.fields[0].told.as_deref().unwrap();
    assert!(told.contains("from='%d/%m/%Y'") && !told.contains("1985"), "{told}");
}
