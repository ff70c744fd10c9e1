//! When a field is written, decided purely: tables, and random walks over a target that is written whole or field by field.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{
    Capabilities, FieldRule, Intent, Level, Link, RemoteState, Step, TaskKind, memory::Memory,
};
use engine::{
    Policy,
    plan::{Decision, Facts, Plan, Remote, plan},
};
use ledger::{DigestKey, LeftOut, LinkOrigin, Phase, Standing, WhyHeld};
use mapping::Writes;
use people::{
    Candidacy, FieldKey, FieldName, Filled, Hire, Lack, Missing, OpportunityId, Person, Pii, Secret,
    TargetName, Timestamp, Value, Wanted, Zone,
};
use proptest::prelude::*;

use crate::world::{contact, opportunity};

/// One person, one target, and what was agreed between them.
struct Desk {
    person: Person,
    wanted: Wanted,
    standing: Standing,
    remote: Option<RemoteState>,
    capabilities: Capabilities,
    writes: Writes,
    placeholders: BTreeSet<FieldKey>,
    left_out: BTreeMap<OpportunityId, LeftOut>,
    key: DigestKey,
    target: TargetName,
    /// Lever lets the data be kept.
    permitted: bool,
    /// It writes whole records; else only the fields that moved.
    whole: bool,
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn of_person(field: &str) -> FieldKey {
    FieldKey::Person { field: FieldName::new(field) }
}

fn of_hire(hire: &str, field: &str) -> FieldKey {
    FieldKey::Hire { opportunity: opportunity(hire), field: FieldName::new(field) }
}

fn text(value: &str) -> Pii<Value> {
    Pii::new(if value.is_empty() { Value::Blank } else { Value::Text(value.to_owned()) })
}

/// `created` and `started` are written only when their record is made, `empty` and `badge` only while they are empty.
fn writes() -> Writes {
    [
        ((Level::Person, FieldName::new("created")), FieldRule::OnlyOnCreate),
        ((Level::Hire, FieldName::new("started")), FieldRule::OnlyOnCreate),
        ((Level::Person, FieldName::new("empty")), FieldRule::OnlyIfEmpty),
        ((Level::Hire, FieldName::new("badge")), FieldRule::OnlyIfEmpty),
    ]
    .into_iter()
    .collect()
}

fn link(remote: &RemoteState) -> Link {
    let hires = remote.hires.keys().map(|hire| (hire.clone(), hire.as_str().parse().unwrap())).collect();
    Link { hires, ..remote.link.clone() }
}

impl Desk {
    fn new() -> Desk {
        let mut desk = Desk {
            person: Person::new(contact("ada")),
            wanted: Wanted::default(),
            standing: Standing::default(),
            remote: None,
            capabilities: Memory::everything(),
            writes: writes(),
            placeholders: BTreeSet::new(),
            left_out: BTreeMap::new(),
            key: DigestKey::new(Secret::new("key".to_owned())),
            target: "hr".parse().unwrap(),
            permitted: true,
            whole: true,
        };
        for field in ["name", "created", "empty"] {
            desk.lever(field, "1");
        }
        desk.hire("o1");
        desk
    }

    /// Delivered as it is.
    fn delivered() -> Desk {
        let mut desk = Desk::new();
        assert!(desk.cycle().is_some());
        desk
    }

    fn hire(&mut self, hire: &str) {
        self.person.hires.insert(opportunity(hire), Hire::new(now()));
        self.person.opportunities.insert(opportunity(hire), Candidacy::Hired);
        for field in ["title", "started", "badge"] {
            self.lever_of(hire, field, "1");
        }
    }

    fn lever(&mut self, field: &str, value: &str) {
        self.wanted.person.insert(FieldName::new(field), text(value));
    }

    fn lever_of(&mut self, hire: &str, field: &str, value: &str) {
        let fields = self.wanted.hires.entry(opportunity(hire)).or_default();
        fields.insert(FieldName::new(field), text(value));
    }

    /// The ledger forgot everything but where the record is, which was there before us.
    fn adopt(&mut self) {
        let link = link(self.remote.as_ref().unwrap());
        self.standing = Standing::default();
        self.standing.adopt(link, LinkOrigin::Adopted, now());
    }

    /// A value that is not ours to write now.
    fn silent(&mut self, field: &str) {
        self.wanted.person.remove(field);
    }

    fn fill(&mut self, field: &str, value: &str) {
        self.lever(field, value);
        self.placeholders.insert(of_person(field));
        self.wanted.filled = vec![Filled { field: of_person(field), why: "Lever has none".to_owned() }];
    }

    fn hr(&mut self, field: &str, value: &str) {
        let remote = self.remote.as_mut().unwrap();
        remote.person.insert(FieldName::new(field), text(value));
        remote.untouched = false;
    }

    fn hr_of(&mut self, hire: &str, field: &str, value: &str) {
        let remote = self.remote.as_mut().unwrap();
        remote.hires.get_mut(&opportunity(hire)).unwrap().insert(FieldName::new(field), text(value));
        remote.untouched = false;
    }

    fn there(&self, field: &str) -> String {
        self.remote.as_ref().unwrap().person[&FieldName::new(field)].reveal().to_text()
    }

    fn there_of(&self, hire: &str, field: &str) -> String {
        let hire = &self.remote.as_ref().unwrap().hires[&opportunity(hire)];
        hire.get(&FieldName::new(field)).map(|value| value.reveal().to_text()).unwrap_or_default()
    }

    fn plan_with(&self, remote: Remote<'_>) -> Plan {
        let facts = Facts {
            target: &self.target,
            person: &self.person,
            wanted: &self.wanted,
            standing: &self.standing,
            remote,
            capabilities: self.capabilities,
            left_out: &self.left_out,
            writes: &self.writes,
            placeholders: &self.placeholders,
            pinned: &BTreeSet::new(),
            permitted: self.permitted,
            blind: false,
            deleted: &BTreeSet::new(),
            doubtful: None,
            waiting: &BTreeMap::new(),
            policy: &Policy::default(),
            ids: &BTreeSet::new(),
            former: None,
            zone: Zone::UTC,
            today: now().date_naive(),
        };
        plan(&facts, &self.key)
    }

    fn plan(&self) -> Plan {
        let plan = self.plan_with(Remote::Unasked);
        match (&plan.decision, &self.remote) {
            (Decision::Ask, Some(remote)) => self.plan_with(Remote::Holds(remote)),
            (Decision::Ask, None) => self.plan_with(Remote::Gone),
            _ => plan,
        }
    }

    /// Plans and delivers. `None`: nothing was sent.
    fn cycle(&mut self) -> Option<Wanted> {
        self.attempt(Fate::Arrives)
    }

    fn attempt(&mut self, fate: Fate) -> Option<Wanted> {
        let plan = self.plan();
        match plan.decision {
            Decision::Agreed | Decision::NotInScope | Decision::Ask => {
                self.standing.forgive();
                None
            }
            Decision::Compared(digests) => {
                self.standing.forgive();
                self.standing.compared(digests);
                None
            }
            Decision::Hold { debt, why } => {
                self.standing.owe(debt, Phase::Held { due: why.due(), why }, now());
                None
            }
            Decision::Owe { debt, wanted, digests } => {
                let changed = debt.changed.clone();
                self.standing.saw(&plan.held);
                self.standing.owe(debt, Phase::Waiting { not_before: now() }, now());
                self.standing.begin(now(), now(), digests.clone());
                if fate != Fate::RequestLost {
                    self.write(&wanted, &changed, fate == Fate::InPart);
                }
                let link = self.remote.as_ref().map(link);
                let steps = vec![Step("hires".to_owned())];
                match (fate, link) {
                    (Fate::Arrives, Some(link)) => self.standing.settle(link, digests, now()),
                    (Fate::InPart, Some(link)) => {
                        self.standing.settle_in_part(
                            link,
                            steps,
                            None,
                            Phase::Waiting { not_before: now() },
                            now(),
                        );
                    }
                    _ => self.standing.resend(now()),
                }
                Some(wanted)
            }
        }
    }

    fn write(&mut self, wanted: &Wanted, changed: &[FieldKey], person_only: bool) {
        let is_new = self.remote.is_none();
        let remote = self.remote.get_or_insert_with(|| RemoteState {
            untouched: true,
            ..RemoteState::new(Link::to("r1".parse().unwrap()))
        });
        remote.untouched = true;
        let made: BTreeSet<OpportunityId> = remote.hires.keys().cloned().collect();
        for (field, value) in wanted.iter() {
            let writes_it = self.whole || changed.contains(&field);
            match &field {
                FieldKey::Person { field } if is_new || writes_it => {
                    remote.person.insert(field.clone(), Pii::new(value.clone()));
                }
                FieldKey::Hire { opportunity, field }
                    if !person_only && (!made.contains(opportunity) || writes_it) =>
                {
                    let fields = remote.hires.entry(opportunity.clone()).or_default();
                    fields.insert(field.clone(), Pii::new(value.clone()));
                }
                _ => {}
            }
        }
        remote.link = link(remote);
    }
}

/// What becomes of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    AnswerLost,
    RequestLost,
    InPart,
}

/// Whether the placeholder's task is moot.
fn is_moot(plan: &Plan) -> bool {
    plan.moot.iter().any(|(kind, _)| *kind == TaskKind::CorrectPlaceholder)
}

fn changed(plan: &Plan) -> Vec<FieldKey> {
    match &plan.decision {
        Decision::Owe { debt, .. } => debt.changed.clone(),
        other => panic!("nothing is owed: {other:?}"),
    }
}

#[test]
fn what_is_written_only_on_creation_is_never_written_again_and_asks_nobody() {
    for (read, update) in [(true, true), (false, true), (false, false)] {
        let mut desk = Desk::delivered();
        desk.capabilities = Capabilities { read, update, ..desk.capabilities };
        desk.lever("created", "2");
        desk.lever_of("o1", "started", "2");
        let plan = desk.plan();
        assert_eq!((&plan.decision, plan.tasks), (&Decision::Agreed, vec![]), "read {read}, update {update}");
    }
}

#[test]
fn what_is_written_only_on_creation_stays_as_it_is_there_when_something_else_is_written() {
    for whole in [true, false] {
        for read in [true, false] {
            let mut desk = Desk::delivered();
            desk.whole = whole;
            desk.capabilities.read = read;
            desk.hr("created", "HR's");
            desk.lever("created", "2");
            desk.lever("name", "2");
            let wanted = desk.cycle().unwrap();
            assert_eq!((desk.there("created").as_str(), desk.there("name").as_str()), ("HR's", "2"));
            let created = wanted.person.get("created").map(|value| value.reveal().to_text());
            assert_eq!(created.as_deref(), read.then_some("HR's"));
            assert_eq!(desk.cycle(), None);
        }
    }
}

#[test]
fn a_rule_that_is_taken_away_lets_the_difference_be_seen() {
    for whole in [true, false] {
        let mut desk = Desk::delivered();
        desk.whole = whole;
        desk.lever("created", "2");
        desk.lever("name", "2");
        desk.cycle().unwrap();
        desk.writes = Writes::default();
        assert_eq!(changed(&desk.plan()), [of_person("created")]);
        desk.cycle().unwrap();
        assert_eq!(desk.there("created"), "2");
    }
}

#[test]
fn a_hire_that_joins_brings_what_is_written_only_on_creation_and_one_that_comes_back_does_not() {
    for read in [true, false] {
        let mut desk = Desk::delivered();
        desk.capabilities.read = read;
        // given a second hire
        desk.lever("created", "2");
        desk.hire("o2");
        desk.lever_of("o2", "started", "2");
        desk.cycle().unwrap();
        assert_eq!((desk.there_of("o2", "started").as_str(), desk.there("created").as_str()), ("2", "1"));
        // when it goes, and comes back otherwise
        let gone = desk.wanted.hires.remove(&opportunity("o2")).unwrap();
        desk.lever("name", "3");
        desk.cycle().unwrap();
        desk.wanted.hires.insert(opportunity("o2"), gone);
        desk.lever_of("o2", "started", "3");
        desk.lever_of("o2", "badge", "3");
        desk.lever_of("o2", "title", "3");
        desk.cycle().unwrap();
        // then
        assert_eq!(
            (desk.there_of("o2", "started").as_str(), desk.there_of("o2", "badge").as_str()),
            ("2", "1")
        );
        assert_eq!(desk.cycle(), None, "read {read}");
    }
}

#[test]
fn the_person_is_written_into_the_row_of_a_hire_that_came_back_however_often_it_is_tried() {
    // given a row that stands as it was when its hire was taken back
    let mut desk = Desk::delivered();
    desk.hire("o2");
    desk.cycle().unwrap();
    let gone = desk.wanted.hires.remove(&opportunity("o2")).unwrap();
    desk.lever("name", "2");
    desk.cycle().unwrap();
    desk.wanted.hires.insert(opportunity("o2"), gone);
    // when the rows are not of one mind, and no attempt arrives
    desk.remote.as_mut().unwrap().person.remove(&FieldName::new("name"));
    for attempt in 1..=4 {
        assert!(changed(&desk.plan()).contains(&of_person("name")), "attempt {attempt}");
        desk.attempt(Fate::RequestLost);
    }
    desk.cycle().unwrap();
    // then
    assert_eq!((desk.there("name").as_str(), desk.cycle()), ("2", None));
}

#[test]
fn a_hire_whose_record_hr_removed_is_made_again_with_everything() {
    let mut desk = Desk::delivered();
    desk.remote.as_mut().unwrap().hires.clear();
    desk.lever_of("o1", "title", "2");
    desk.cycle().unwrap();
    assert_eq!((desk.there_of("o1", "started").as_str(), desk.there_of("o1", "title").as_str()), ("1", "2"));
}

#[test]
fn what_is_ours_only_while_it_is_empty_is_written_then_and_else_left_without_a_word() {
    for (hr, lever, expected) in [
        (None, "2", "1"),
        (Some("HR's"), "2", "HR's"),
        (Some(""), "2", "2"),
        (Some(""), "1", ""),
        (Some("2"), "2", "2"),
        (None, "", "1"),
    ] {
        let mut desk = Desk::delivered();
        if let Some(value) = hr {
            desk.hr("empty", value);
        }
        desk.lever("empty", lever);
        let plan = desk.plan();
        assert_eq!((plan.tasks, plan.kept), (vec![], vec![]), "{hr:?} {lever}");
        desk.cycle();
        assert_eq!(desk.there("empty"), expected, "{hr:?} {lever}");
        let settled = desk.standing.clone();
        desk.cycle();
        assert_eq!(desk.standing, settled, "{hr:?} {lever}: looking again changes nothing");
    }
}

#[test]
fn a_blank_that_was_delivered_is_filled_when_lever_knows_more() {
    let mut desk = Desk::new();
    desk.lever("empty", "");
    desk.cycle().unwrap();
    desk.lever("empty", "2");
    assert_eq!(changed(&desk.plan()), [of_person("empty")]);
    desk.cycle().unwrap();
    assert_eq!((desk.there("empty").as_str(), desk.cycle()), ("2", None));
}

#[test]
fn where_nobody_can_tell_whether_it_is_empty_it_is_left() {
    for (read, update) in [(false, true), (true, false), (false, false)] {
        let mut desk = Desk::new();
        desk.capabilities = Capabilities { read, update, ..desk.capabilities };
        desk.lever("empty", "");
        desk.cycle().unwrap();
        desk.lever("empty", "2");
        let plan = desk.plan();
        assert_eq!((plan.decision, plan.tasks), (Decision::Agreed, vec![]), "read {read}, update {update}");
    }
}

#[test]
fn a_record_that_was_found_is_filled_where_it_is_empty_and_its_other_values_are_left() {
    for (empty, expected) in [("", "1"), ("HR's", "HR's"), ("1", "1")] {
        let mut desk = Desk::delivered();
        desk.hr("created", "");
        desk.hr("empty", empty);
        desk.hr_of("o1", "started", "HR's");
        desk.adopt();
        assert_eq!((desk.plan().tasks, desk.plan().kept), (vec![], vec![]));
        desk.cycle();
        assert_eq!(desk.there("empty"), expected);
        assert_eq!((desk.there("created").as_str(), desk.there_of("o1", "started").as_str()), ("", "HR's"));
        assert_eq!(desk.cycle(), None);
    }
}

#[test]
fn records_of_people_who_were_merged_keep_what_is_written_only_on_creation() {
    let mut desk = Desk::delivered();
    desk.standing.agreed.as_mut().unwrap().digests = None;
    // The other one's hire: linked, and not read with this record.
    desk.hire("o2");
    desk.standing.agreed.as_mut().unwrap().link.hires.insert(opportunity("o2"), "o2".parse().unwrap());
    let wanted = desk.cycle().unwrap();
    assert!(!wanted.hires[&opportunity("o2")].contains_key("started"));
    assert!(wanted.hires[&opportunity("o2")].contains_key("title"));
}

#[test]
fn a_hire_made_in_part_still_gets_everything_and_its_latest_values() {
    let mut desk = Desk::new();
    desk.attempt(Fate::InPart);
    assert!(desk.remote.as_ref().unwrap().hires.is_empty());
    desk.lever_of("o1", "started", "2");
    desk.lever("name", "2");
    desk.cycle().unwrap();
    assert_eq!((desk.there_of("o1", "started").as_str(), desk.there("name").as_str()), ("2", "2"));
    assert_eq!(desk.cycle(), None);
    desk.lever_of("o1", "started", "3");
    assert_eq!(desk.cycle(), None);
}

#[test]
fn what_is_left_of_a_hire_made_in_part_is_owed_but_for_what_hr_wrote_meanwhile() {
    for hr in ["", "HR's"] {
        let mut desk = Desk::new();
        desk.attempt(Fate::InPart);
        desk.hr("empty", hr);
        desk.hr("name", "HR's");
        let plan = desk.plan();
        assert!(changed(&plan).contains(&of_hire("o1", "title")), "{hr:?}");
        assert_eq!(plan.tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::Disagreement]);
        desk.cycle().unwrap();
        assert_eq!((desk.there("empty").as_str(), desk.there("name").as_str()), (hr, "HR's"));
        assert_eq!((desk.there_of("o1", "title").as_str(), desk.cycle()), ("1", None));
    }
}

#[test]
fn a_field_that_is_not_wanted_any_more_is_not_left_to_do_of_a_hire_made_in_part() {
    let mut desk = Desk::new();
    desk.attempt(Fate::InPart);
    desk.silent("name");
    assert!(!changed(&desk.plan()).contains(&of_person("name")));
}

#[test]
fn a_hire_made_in_part_whose_record_is_gone_is_owed_as_it_was() {
    let mut desk = Desk::new();
    desk.attempt(Fate::InPart);
    desk.remote = None;
    let plan = desk.plan();
    assert!(matches!(&plan.decision, Decision::Owe { debt, .. } if debt.intent == Intent::Add), "{plan:?}");
}

#[test]
fn a_value_that_hr_keeps_is_not_taken_for_what_an_attempt_left_there() {
    for (hr, is_seen) in [(None, true), (Some("HR's"), false)] {
        for (field, rest) in [("name", "empty"), ("empty", "name")] {
            // given an attempt that may have arrived
            let mut desk = Desk::delivered();
            desk.hr("empty", "");
            desk.lever(field, "2");
            desk.attempt(Fate::RequestLost);
            // when
            if let Some(value) = hr {
                desk.hr(field, value);
            }
            desk.lever(field, "3");
            // then
            let held = desk.plan().held;
            assert_eq!(held.of(&of_person(field)).is_some(), is_seen, "{field} {hr:?}");
            assert_eq!(held.of(&of_person(rest)), None, "{field} {hr:?}");
        }
    }
}

#[test]
fn what_an_attempt_left_in_a_field_that_was_empty_is_agreed_on() {
    let mut desk = Desk::delivered();
    desk.hr("empty", "");
    desk.lever("empty", "2");
    desk.attempt(Fate::AnswerLost);
    desk.lever("empty", "3");
    desk.lever("name", "3");
    desk.cycle().unwrap();
    let agreed = |desk: &Desk| {
        desk.standing.agreed.as_ref().unwrap().digests.as_ref().unwrap().of(&of_person("empty"))
    };
    let two = desk.key.value(&Value::Text("2".to_owned()));
    assert_eq!((desk.there("empty").as_str(), agreed(&desk)), ("2", Some(two)));
}

#[test]
fn into_rows_that_are_not_of_one_mind_only_what_is_always_ours_is_written() {
    let mut desk = Desk::delivered();
    desk.hire("o2");
    desk.cycle().unwrap();
    let gone = desk.wanted.hires.remove(&opportunity("o2")).unwrap();
    desk.lever("name", "2");
    desk.cycle().unwrap();
    desk.wanted.hires.insert(opportunity("o2"), gone);
    desk.remote.as_mut().unwrap().person.clear();
    let changed = changed(&desk.plan());
    let of_the_person = changed.iter().filter(|field| matches!(field, FieldKey::Person { .. }));
    assert_eq!(of_the_person.collect::<Vec<_>>(), [&of_person("name")]);
}

#[test]
fn a_lack_holds_nobody_where_the_field_is_not_written_any_more() {
    let lacking = |desk: &mut Desk, field: FieldKey| {
        desk.wanted.missing = vec![Missing { field, lack: Lack::Absent, due: None }];
    };
    let held =
        |desk: &Desk| matches!(desk.plan().decision, Decision::Hold { why: WhyHeld::Missing { .. }, .. });
    for (field, there, holds) in
        [("created", "1", false), ("empty", "HR's", false), ("empty", "", true), ("other", "1", true)]
    {
        let mut desk = Desk::new();
        lacking(&mut desk, of_person(field));
        assert!(held(&desk), "{field}: nobody is made without it");
        let mut desk = Desk::delivered();
        desk.hr(field, there);
        desk.silent(field);
        desk.lever("name", "2");
        lacking(&mut desk, of_person(field));
        assert_eq!(held(&desk), holds, "{field} {there:?}");
    }
    // That `when` cannot be decided is no lack of a field.
    let mut desk = Desk::delivered();
    desk.writes =
        [((Level::Hire, FieldName::new(mapping::WHEN)), FieldRule::OnlyOnCreate)].into_iter().collect();
    desk.lever("name", "2");
    lacking(&mut desk, of_hire("o1", mapping::WHEN));
    assert!(held(&desk));
}

#[test]
fn a_field_that_was_left_out_once_and_comes_back_is_lever_s_own() {
    for (back, expected) in [("1", "1"), ("3", "3")] {
        let mut desk = Desk::delivered();
        desk.silent("name");
        desk.lever_of("o1", "title", "2");
        desk.cycle().unwrap();
        desk.lever("name", back);
        let plan = desk.plan();
        assert_eq!((plan.tasks, plan.kept), (vec![], vec![]));
        desk.cycle();
        assert_eq!(desk.there("name"), expected);
    }
    let mut desk = Desk::delivered();
    desk.silent("name");
    desk.lever_of("o1", "title", "2");
    desk.cycle().unwrap();
    desk.hr("name", "HR's");
    desk.lever("name", "3");
    assert_eq!(desk.plan().kept, [of_person("name")], "HR's is still told apart");
}

#[test]
fn a_placeholder_never_takes_the_place_of_a_value() {
    for read in [true, false] {
        let mut desk = Desk::delivered();
        desk.capabilities.read = read;
        // given a real value that Lever does not have any more
        desk.fill("name", "unknown");
        let plan = desk.plan();
        assert!(matches!(plan.decision, Decision::Agreed | Decision::Compared(_)), "{:?}", plan.decision);
        assert_eq!((&plan.tasks, is_moot(&plan)), (&vec![], false));
        // when something else is written
        desk.lever_of("o1", "title", "2");
        let wanted = desk.cycle().unwrap();
        assert_eq!((desk.there("name").as_str(), wanted.filled), ("1", vec![]));
        // then the value that comes back is ours to write
        desk.wanted.filled.clear();
        desk.lever("name", "2");
        desk.cycle().unwrap();
        assert_eq!(desk.there("name"), "2");
    }
}

#[test]
fn a_placeholder_says_nothing_against_what_stands_in_a_record_that_was_found() {
    let mut desk = Desk::delivered();
    desk.hr("name", "HR's");
    desk.adopt();
    desk.fill("name", "unknown");
    let plan = desk.plan();
    assert!(plan.tasks.iter().all(|task| task.kind != TaskKind::Disagreement), "{:?}", plan.tasks);
    assert_eq!((plan.kept, desk.cycle(), desk.there("name").as_str()), (vec![], None, "HR's"));
    // and another field is told apart all the same
    desk.adopt();
    desk.hr_of("o1", "title", "HR's");
    assert_eq!(desk.plan().kept, [of_hire("o1", "title")]);
}

#[test]
fn of_whom_lever_forbids_to_keep_no_placeholder_is_told_again() {
    let mut desk = Desk::new();
    desk.fill("name", "unknown");
    desk.cycle().unwrap();
    for (permitted, tasks) in [(true, 1), (false, 0)] {
        desk.permitted = permitted;
        assert_eq!(desk.plan().tasks.len(), tasks, "{permitted}");
    }
}

#[test]
fn a_placeholder_that_is_there_is_a_task_and_a_real_value_makes_it_moot() {
    let mut desk = Desk::new();
    desk.fill("name", "unknown");
    let wanted = desk.cycle().unwrap();
    assert_eq!(wanted.filled.len(), 1);
    // The answer that said so may have been lost: it is told again, and raised once.
    let plan = desk.plan();
    assert_eq!(plan.decision, Decision::Agreed);
    let tasks: Vec<(TaskKind, &str)> =
        plan.tasks.iter().map(|task| (task.kind, task.cause.as_str())).collect();
    assert_eq!(tasks, [(TaskKind::CorrectPlaceholder, "person.name")]);
    desk.wanted.filled.clear();
    desk.lever("name", "Ada");
    let plan = desk.plan();
    let moot = [(TaskKind::CorrectPlaceholder, "person.name".to_owned())];
    assert!(plan.moot_once_delivered == moot && !is_moot(&plan), "{plan:?}");
    desk.cycle().unwrap();
    assert_eq!((desk.there("name").as_str(), is_moot(&desk.plan())), ("Ada", true));
}

#[test]
fn a_real_value_that_the_rule_does_not_let_through_leaves_the_placeholder_s_task() {
    let mut desk = Desk::new();
    desk.fill("created", "unknown");
    desk.cycle().unwrap();
    desk.wanted.filled.clear();
    desk.lever("created", "Ada");
    let plan = desk.plan();
    assert_eq!((&plan.decision, is_moot(&plan)), (&Decision::Agreed, false));
    assert_eq!(desk.there("created"), "unknown");
}

#[test]
fn a_delivered_hire_that_is_left_out_is_one_task_until_it_is_in_again_or_no_hire() {
    let when = |plan: &Plan| {
        let tasks: Vec<TaskKind> = plan.tasks.iter().map(|task| task.kind).collect();
        (tasks, plan.moot.contains(&(TaskKind::Review, "when o1".to_owned())))
    };
    let mut desk = Desk::delivered();
    assert_eq!(when(&desk.plan()), (vec![], true));
    let hire = desk.wanted.hires.remove(&opportunity("o1")).unwrap();
    desk.left_out.insert(opportunity("o1"), LeftOut::When);
    let plan = desk.plan();
    assert_eq!(when(&plan), (vec![TaskKind::Review], false));
    assert_eq!(plan.left_out, [(opportunity("o1"), LeftOut::When)]);
    // It cannot be decided: neither.
    desk.left_out.clear();
    desk.wanted.hires.insert(opportunity("o1"), hire);
    desk.wanted.missing =
        vec![Missing { field: of_hire("o1", mapping::WHEN), lack: Lack::Withheld, due: None }];
    assert_eq!(when(&desk.plan()), (vec![], false));
    desk.wanted.missing.clear();
    desk.person.opportunities.insert(opportunity("o1"), Candidacy::Closed);
    desk.wanted.hires.clear();
    assert_eq!(when(&desk.plan()), (vec![TaskKind::ReviewWithdrawal], true));
    // Not seen any more: evidence of nothing.
    desk.person.opportunities.clear();
    assert_eq!(when(&desk.plan()), (vec![], false));
}

#[test]
fn a_rehire_that_is_entered_by_hand_holds_no_change_of_the_person() {
    let mut desk = Desk::delivered();
    desk.capabilities.rehire = false;
    desk.hire("o2");
    desk.wanted.missing = vec![Missing { field: of_hire("o2", "start"), lack: Lack::Absent, due: None }];
    desk.lever("name", "2");
    let plan = desk.plan();
    assert!(
        matches!(&plan.decision, Decision::Owe { debt, .. } if debt.intent == Intent::Update),
        "{plan:?}"
    );
}

#[derive(Debug, Clone)]
enum Move {
    Lever(&'static str, u8),
    Hr(&'static str, u8),
    Hire(bool),
    Cycle(Fate),
    Silent,
}

fn moves() -> impl Strategy<Value = Move> {
    let field = || prop::sample::select(vec!["name", "created", "empty", "title", "started", "badge"]);
    let fate = prop::sample::select(vec![Fate::Arrives, Fate::Arrives, Fate::AnswerLost, Fate::RequestLost]);
    prop_oneof![
        3 => (field(), 0..4u8).prop_map(|(field, value)| Move::Lever(field, value)),
        2 => (field(), 0..4u8).prop_map(|(field, value)| Move::Hr(field, value)),
        1 => any::<bool>().prop_map(Move::Hire),
        4 => fate.prop_map(Move::Cycle),
        1 => Just(Move::Silent),
    ]
}

fn letter(by: &str, value: u8) -> String {
    if value == 0 { String::new() } else { format!("{by}{value}") }
}

fn is_of_hire(field: &str) -> bool {
    matches!(field, "title" | "started" | "badge")
}

proptest! {
    #[test]
    fn on_any_walk_a_field_is_written_only_when_its_rule_says_so_and_lever_arrives_where_hr_kept_away(
        walk in proptest::collection::vec(moves(), 0..40),
        whole in any::<bool>(),
        read in any::<bool>(),
    ) {
        let mut desk = Desk::delivered();
        desk.whole = whole;
        desk.capabilities.read = read;
        let mut hands_of_hr = BTreeSet::new();
        for next in walk.into_iter().chain([Move::Cycle(Fate::Arrives), Move::Cycle(Fate::Arrives)]) {
            match next {
                Move::Lever(field, value) if is_of_hire(field) => {
                    desk.lever_of("o1", field, &letter("l", value));
                    if desk.wanted.hires.contains_key(&opportunity("o2")) {
                        desk.lever_of("o2", field, &letter("m", value));
                    }
                }
                Move::Lever(field, value) => desk.lever(field, &letter("l", value)),
                Move::Hr(field, value) => {
                    hands_of_hr.insert(field);
                    if is_of_hire(field) {
                        desk.hr_of("o1", field, &letter("h", value));
                    } else {
                        desk.hr(field, &letter("h", value));
                    }
                }
                Move::Hire(true) if !desk.wanted.hires.contains_key(&opportunity("o2")) => desk.hire("o2"),
                Move::Hire(true) => {}
                Move::Hire(false) => { desk.wanted.hires.remove(&opportunity("o2")); }
                Move::Silent => desk.silent("name"),
                Move::Cycle(fate) => {
                    let before = desk.remote.clone().unwrap();
                    let plan = desk.plan();
                    let ruled = |field: &FieldKey| desk.writes.of(field) != FieldRule::Always;
                    prop_assert!(!plan.kept.iter().any(ruled), "{:?}", plan.kept);
                    let linked = desk.standing.agreed.as_ref().unwrap().link.hires.clone();
                    desk.attempt(fate);
                    let after = desk.remote.clone().unwrap();
                    prop_assert_eq!(before.person.get("created"), after.person.get("created"));
                    let empty = |remote: &RemoteState| remote.person["empty"].reveal().to_text();
                    prop_assert!(empty(&before) == empty(&after) || read && empty(&before).is_empty());
                    // A hire whose making got no answer is made again, where nobody can look.
                    for (hire, fields) in before.hires.iter().filter(|(hire, _)| read || linked.contains_key(*hire)) {
                        let after = &after.hires[hire];
                        prop_assert_eq!(fields.get("started"), after.get("started"));
                        let badge = |fields: &people::Fields| fields["badge"].reveal().to_text();
                        prop_assert!(badge(fields) == badge(after) || read && badge(fields).is_empty());
                    }
                }
            }
        }
        if hands_of_hr.is_empty() {
            if let Some(name) = desk.wanted.person.get("name") {
                prop_assert_eq!(name.reveal().to_text(), desk.there("name"));
            }
            for hire in desk.wanted.hires.keys() {
                let title = desk.wanted.hires[hire]["title"].reveal().to_text();
                prop_assert_eq!(title, desk.there_of(hire.as_str(), "title"));
            }
        }
    }
}
