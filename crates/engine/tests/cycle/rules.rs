//! Fields with rules, through whole cycles: when they are written, what is held and until when, and placeholders.

use adapter_sdk::{
    Capabilities, FieldRule, TaskKind,
    memory::{Fault, Memory},
};
use chrono::TimeDelta;
use engine::SweepKind;
use ledger::{Outcome, Phase, WhyHeld};
use mapping::Rule;
use people::{Answer, AnswerValue, Candidacy, Lack, Offer, Pii};

use crate::world::{World, contact, opportunity, rules};

fn place(rule: Rule) -> (&'static str, Rule) {
    ("place", Rule { value: "location".to_owned(), ..rule })
}

fn written(write: FieldRule) -> Rule {
    Rule { write: Some(write), ..Rule::default() }
}

fn filled(placeholder: &str) -> Rule {
    Rule {
        placeholder: Some(adapter_sdk::Placeholder::Is(people::Value::Text(placeholder.to_owned()))),
        ..Rule::default()
    }
}

fn held(hold: &str) -> Rule {
    Rule { hold: Some(hold.parse().unwrap()), ..Rule::default() }
}

fn ruled(of: &[(&str, Rule)]) -> World {
    let mut world = World::new();
    world.configure(&rules(of));
    world
}

fn place_there(world: &World) -> String {
    let record = world.only_record();
    record.person.get("place").map(|place| place.reveal().to_text()).unwrap_or_default()
}

impl World {
    fn nowhere(&self, who: &str) {
        self.change(who, |person| person.location = None);
    }
}

#[tokio::test]
async fn what_is_written_only_on_creation_is_hr_s_from_then_on() {
    let world = ruled(&[place(written(FieldRule::OnlyOnCreate))]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(place_there(&world), "Leeds");
    world.place("ada", "London");
    let report = world.cycle().await;
    assert_eq!((report.delivered, place_there(&world).as_str()), (engine::Delivered::default(), "Leeds"));
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.name_there("ada").as_str()), ("Leeds", "Ada Lovelace"));
    world.hr_writes("place", "York");
    world.place("ada", "Paris");
    world.rename("ada", "Ada King");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("York", vec![]));
    world.settles().await;
}

#[tokio::test]
async fn a_rule_that_is_taken_out_of_the_configuration_lets_everybody_be_looked_at_again() {
    let mut world = ruled(&[place(written(FieldRule::OnlyOnCreate))]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.place("ada", "London");
    world.cycle().await;
    world.configure(&rules(&[]));
    world.cycle().await;
    assert_eq!(place_there(&world), "London");
    world.reads();
    world.cycle().await;
    assert_eq!(world.reads(), 0, "once is enough");
}

#[tokio::test]
async fn what_is_ours_only_while_it_is_empty_is_filled_and_else_left_in_peace() {
    let world = ruled(&[place(written(FieldRule::OnlyIfEmpty))]);
    world.hire("ada", "Ada", "o1");
    world.nowhere("ada");
    world.cycle().await;
    world.place("ada", "London");
    world.cycle().await;
    assert_eq!(place_there(&world), "London");
    world.place("ada", "Paris");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("London", vec![]));
    world.settles().await;
    world.hr_writes("place", "");
    world.try_cycle(engine::SweepKind::Full).await.unwrap();
    assert_eq!(place_there(&world), "Paris");
}

#[tokio::test]
async fn a_lost_ledger_changes_nothing_about_whose_a_field_is() {
    let of = [place(written(FieldRule::OnlyOnCreate)), ("title", Rule::new("posting.title"))];
    let mut world = ruled(&of);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.hr_writes("place", "York");
    world.place("ada", "London");
    world.lose_ledger();
    world.configure(&rules(&of));
    world.full_sweeps(2).await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("York", vec![]));
}

#[tokio::test]
async fn a_value_that_is_never_cleared_stays_and_its_return_is_no_disagreement() {
    let world = ruled(&[place(Rule { never_clear: true, ..Rule::default() })]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.nowhere("ada");
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.name_there("ada").as_str()), ("Leeds", "Ada Lovelace"));
    world.place("ada", "London");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("London", vec![]));
    world.settles().await;
}

#[tokio::test]
async fn a_missing_value_holds_the_person_until_it_arrives_on_an_opportunity_that_nobody_had_seen() {
    let birth = Rule { value: "answer('Date of birth')".to_owned(), ..held("2 weeks after hire") };
    let world = ruled(&[("birth", birth)]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!((world.target.deliveries().len(), world.state("ada")), (0, Some("held")));
    let due = Some("2026-06-15".parse().unwrap());
    let Phase::Held { why: WhyHeld::Missing { fields }, due: by } = world.standing("ada").owed.unwrap().phase
    else {
        panic!("held for another reason")
    };
    assert_eq!((fields.len(), fields[0].lack, fields[0].due, by), (1, Lack::Absent, due, due));
    let (code, what) = world.explained("ada");
    assert_eq!(code, "held.missing");
    assert!(what.contains("birth (required, and Lever has none; needed by 2026-06-15)"), "{what}");
    assert_eq!(world.engine.people().unwrap()[0].needed_by, due);
    assert!(!world.engine.needs_human().unwrap());
    world.settles().await;
    // when only the other opportunity shows up in a sweep
    world.source.people().unseen.insert(opportunity("o1"));
    world.change("ada", |person| {
        person.opportunities.insert(opportunity("o9"), Candidacy::Open);
        person.answers.push(Answer {
            question: "Date of birth".to_owned(),
            value: Pii::new(AnswerValue::Text("1815-12-10".to_owned())),
            ..an_answer()
        });
    });
    world.cycle().await;
    // then
    assert_eq!(world.state("ada"), Some("agreed"));
    assert_eq!(world.only_record().person["birth"].reveal().to_text(), "1815-12-10");
}

#[tokio::test]
async fn of_many_who_are_held_a_poll_looks_at_fifty_and_everybody_has_their_turn() {
    let world = ruled(&[place(Rule { required: true, ..Rule::default() })]);
    for n in 0..120 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
        world.nowhere(&format!("c{n}"));
    }
    world.cycle().await;
    world.settles().await;
    world.reads();
    for _ in 0..3 {
        assert_eq!(world.cycle().await.read, 50);
    }
    let read: std::collections::BTreeSet<_> = world.source.people().read.drain(..).collect();
    assert_eq!(read.len(), 120);
}

#[tokio::test]
async fn an_edited_expression_reaches_whoever_was_delivered_in_the_next_cycle() {
    let mut world = ruled(&[("shown", Rule::new("name.full"))]);
    world.hire("ada", "Ada Lovelace", "o1");
    world.cycle().await;
    world.settles().await;
    world.configure(&rules(&[("shown", Rule::new("name.last"))]));
    world.cycle().await;
    assert_eq!(world.only_record().person["shown"].reveal().to_text(), "Lovelace");
}

#[tokio::test]
async fn a_value_that_comes_without_a_trace_is_found_with_the_next_poll() {
    let world = ruled(&[(
        "birth",
        Rule { value: "answer('Date of birth')".to_owned(), ..held("2 weeks after hire") },
    )]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.settles().await;
    world.source.people().unseen.insert(opportunity("o1"));
    world.change("ada", |person| {
        let value = Pii::new(AnswerValue::Text("1815-12-10".to_owned()));
        person.answers.push(Answer { question: "Date of birth".to_owned(), value, ..an_answer() });
    });
    world.try_cycle(SweepKind::Skip).await.unwrap();
    assert_eq!(world.state("ada"), Some("held"), "no sweep shows it");
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("agreed"));
}

#[tokio::test]
async fn a_missing_value_needs_a_human_once_its_day_is_over_and_any_other_lack_at_once() {
    let world = ruled(&[place(held("1 week after hire"))]);
    world.hire("ada", "Ada", "o1");
    world.nowhere("ada");
    world.cycle().await;
    for (days, past_due) in [(7, 0), (1, 1)] {
        world.later(TimeDelta::days(days));
        let status = world.engine.status().unwrap();
        assert_eq!(status.targets.values().next().unwrap().past_due, past_due);
        assert_eq!(world.engine.needs_human().unwrap(), past_due > 0);
    }
    world.settles().await;
    let world = ruled(&[place(Rule { length_max: Some(3), ..Rule::default() })]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("held"));
    let status = world.engine.status().unwrap();
    let target = status.targets.values().next().unwrap();
    assert_eq!((target.past_due, target.to_correct, world.engine.needs_human().unwrap()), (0, 1, true));
}

#[tokio::test]
async fn a_day_that_moves_is_told_once() {
    let world = ruled(&[place(held("3 days before start"))]);
    world.hire("ada", "Ada", "o1");
    world.nowhere("ada");
    let holds = |world: &World| {
        world.history("ada").iter().filter(|outcome| matches!(outcome, Outcome::Held { .. })).count()
    };
    for (day, told) in [(None, 1), (Some("2026-07-10"), 2), (Some("2026-07-10"), 2), (Some("2026-07-20"), 3)]
    {
        world.change("ada", |person| {
            let hire = person.hires.get_mut("o1").unwrap();
            let start_date = day.map(|day| day.parse().unwrap());
            hire.offer = Some(Offer { start_date, ..Offer::default() });
        });
        world.cycle().await;
        world.settles().await;
        assert_eq!(holds(&world), told, "{day:?}");
    }
    assert!(world.explained("ada").1.contains("needed by 2026-07-17"));
}

#[tokio::test]
async fn somebody_over_there_of_whom_a_required_value_goes_missing_keeps_what_is_there() {
    let world = ruled(&[place(Rule { required: true, ..Rule::default() })]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.nowhere("ada");
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!((world.state("ada"), world.name_there("ada").as_str()), (Some("held"), "Ada"));
    world.place("ada", "London");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.name_there("ada").as_str()), ("London", "Ada Lovelace"));
}

#[tokio::test]
async fn somebody_over_there_whose_value_goes_wrong_is_held_though_nothing_else_moved() {
    let mut world = ruled(&[place(Rule { length_max: Some(6), ..Rule::default() })]);
    world.hire("ada", "Ada", "o1");
    world.place("ada", "London");
    world.cycle().await;
    for (place, state) in [("Llanfairpwllgwyngyll", "held"), ("London", "agreed"), ("Llanfairpwll", "held")] {
        world.place("ada", place);
        world.cycle().await;
        assert_eq!((world.state("ada"), place_there(&world).as_str()), (Some(state), "London"));
        assert_eq!(world.engine.needs_human().unwrap(), state == "held");
        world.settles().await;
    }
    // A mended configuration lets them go, too.
    world.configure(&rules(&[]));
    world.cycle().await;
    assert_eq!((world.state("ada"), place_there(&world).as_str()), (Some("agreed"), "Llanfairpwll"));
}

#[tokio::test]
async fn a_dry_run_shows_what_a_guard_holds_and_who_is_held_for_a_value() {
    let guards =
        engine::Guards { creates_per_cycle_max: 1, changes_per_cycle_max: 1, ..engine::Guards::default() };
    let mut world = World::new().guards(guards);
    world.configure(&rules(&[place(Rule { required: true, ..Rule::default() })]));
    for who in ["ada", "ben", "cay"] {
        world.hire(who, "Somebody", &format!("of-{who}"));
        world.place(who, "London");
    }
    world.nowhere("cay");
    world.cycle().await;
    let dry = world.engine.dry_run(&[]).await.unwrap();
    let decisions: Vec<&str> = dry.changes.iter().map(|change| change.decision.as_str()).collect();
    assert_eq!(decisions, ["add", "add", "held.missing"]);
}

#[tokio::test]
async fn people_whose_missing_values_arrive_all_at_once_are_counted_by_the_guard() {
    let guards =
        engine::Guards { creates_per_cycle_max: 2, changes_per_cycle_max: 2, ..engine::Guards::default() };
    let mut world = World::new().guards(guards);
    let mut of = rules(&[]);
    // The field may not be longer than a letter: nobody fits.
    of.person[1].1 = Rule { value: "name.full".to_owned(), length_max: Some(1), ..Rule::default() };
    world.configure(&of);
    for n in 0..5 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    assert!(world.cycle().await.guard.is_none(), "nothing would have been sent");
    world.configure(&rules(&[]));
    // A new configuration is a reason to look at them.
    let report = world.cycle().await;
    assert_eq!((report.guard.unwrap().creates, world.target.deliveries().len()), (5, 0));
}

#[tokio::test]
async fn a_placeholder_is_sent_told_and_a_task_until_lever_has_a_value() {
    for fate in [None, Some(Fault::AnswerLost)] {
        let mut world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
        world.configure(&rules(&[place(filled("unknown"))]));
        world.hire("ada", "Ada", "o1");
        world.nowhere("ada");
        let dry = world.engine.dry_run(&[contact("ada")]).await.unwrap();
        assert_eq!(dry.changes[0].filled.len(), 1);
        world.target.script(fate.clone());
        world.cycle().await;
        world.later(TimeDelta::minutes(2));
        world.cycle().await;
        // then
        assert_eq!(
            (place_there(&world).as_str(), world.open_tasks()),
            ("unknown", vec![TaskKind::CorrectPlaceholder])
        );
        let text = world.engine.ledger().tasks().unwrap().remove(0).text;
        assert!(text.contains("person.place") && text.contains("hr") && !text.contains("unknown"), "{text}");
        assert_eq!(world.history("ada").contains(&Outcome::Filled), fate.is_none());
        world.settles().await;
        // A task that was done is not raised again while the placeholder stands.
        world.rename("ada", "Ada Lovelace");
        world.cycle().await;
        assert_eq!(world.open_tasks(), [TaskKind::CorrectPlaceholder]);
        // when
        world.place("ada", "London");
        world.cycle().await;
        assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("London", vec![]));
        world.settles().await;
    }
}

#[tokio::test]
async fn what_hr_put_in_place_of_a_placeholder_is_never_overwritten_by_it() {
    let world = ruled(&[place(filled("unknown"))]);
    world.hire("ada", "Ada", "o1");
    world.nowhere("ada");
    world.cycle().await;
    let task = world.engine.ledger().tasks().unwrap().remove(0).id;
    // when HR corrects it, and another field moves
    world.hr_writes("place", "York");
    assert!(world.engine.task_done(&task, 0).unwrap());
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    world.full_sweeps(2).await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("York", vec![]));
    assert_eq!(world.name_there("ada"), "Ada Lovelace");
    // when Lever says something else after all
    world.place("ada", "London");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("York", vec![TaskKind::Disagreement]));
    world.settles().await;
}

#[tokio::test]
async fn a_configuration_that_is_mended_lets_go_whom_it_held() {
    let mut world = ruled(&[place(Rule { one_of: vec!["York".to_owned()], ..Rule::default() })]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    assert!(world.explained("ada").1.contains("person.place (none of the allowed values)"));
    world.configure(&rules(&[place(Rule { one_of: vec!["Leeds".to_owned()], ..Rule::default() })]));
    world.cycle().await;
    assert_eq!((world.state("ada"), world.reads()), (Some("agreed"), 2));
}

#[tokio::test]
async fn a_value_that_lever_lost_is_not_replaced_by_a_placeholder() {
    let world = ruled(&[place(filled("unknown"))]);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    world.nowhere("ada");
    world.cycle().await;
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    assert_eq!((place_there(&world).as_str(), world.open_tasks()), ("Leeds", vec![]));
    world.settles().await;
}

#[tokio::test]
async fn a_placeholder_is_asked_about_again_after_the_ledger_was_lost() {
    let of = [place(filled("unknown"))];
    let mut world = ruled(&of);
    world.hire("ada", "Ada", "o1");
    world.nowhere("ada");
    world.cycle().await;
    world.lose_ledger();
    world.configure(&rules(&of));
    world.full_sweeps(2).await;
    assert_eq!(
        (place_there(&world).as_str(), world.open_tasks()),
        ("unknown", vec![TaskKind::CorrectPlaceholder])
    );
}

fn an_answer() -> Answer {
    Answer {
        opportunity: opportunity("o9"),
        posting: None,
        template: None,
        field: None,
        question: String::new(),
        value: Pii::new(AnswerValue::Blank),
        at: None,
    }
}
