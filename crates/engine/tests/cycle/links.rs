//! Adoption: whoever is in the target already is linked by a human's word or a kept id, and by nothing weaker.

use std::{panic::catch_unwind, time::Duration};

use adapter_sdk::{
    Capabilities, FieldSchema, FieldSpec, Intent, Level, TaskKind,
    memory::{Fault, Memory},
};
use chrono::TimeDelta;
use engine::{
    SweepKind,
    links::{
        FoundLinks, GivenId, ImportRow, Imported, LinkAnswer, LinkError, LinkOrder, RowResult, Strength,
    },
};
use ledger::{Actor, LinkOrigin, Outcome, Phase, WhyHeld};
use people::{Candidacy, FieldName, Pii, RemoteId, Timestamp, Value};
use planted::{Bug, arm};

use crate::world::{HIRE, PERSON, World, contact, mapping, opportunity};

/// Long before `hired_since`.
fn long_ago() -> Timestamp {
    "2019-05-05T09:00:00Z".parse().unwrap()
}

/// Rows of a file, as `("r1", "contact c1")`.
fn rows(of: &[(&RemoteId, &str)]) -> Vec<ImportRow> {
    let row = |(nth, (remote, who)): (usize, &(&RemoteId, &str))| {
        let (kind, id) = who.split_once(' ').unwrap();
        let who = match kind {
            "contact" => GivenId::Contact(contact(id)),
            "opportunity" => GivenId::Opportunity(opportunity(id)),
            _ => GivenId::Candidate(opportunity(id)),
        };
        ImportRow { line: nth as u64 + 2, remote: (*remote).clone(), who, confirmed: false }
    };
    of.iter().enumerate().map(row).collect()
}

impl World {
    async fn ordered(&self, order: LinkOrder) -> Result<LinkAnswer, LinkError> {
        self.engine.link_order(order, 7).await
    }

    async fn import(&self, rows: Vec<ImportRow>) -> Imported {
        match self.ordered(LinkOrder::Import { target: None, rows, dry: false }).await.unwrap() {
            LinkAnswer::Import(imported) => imported,
            other => panic!("{other:?}"),
        }
    }

    async fn find(&self) -> FoundLinks {
        match self.ordered(LinkOrder::Find { target: None, contacts: vec![] }).await.unwrap() {
            LinkAnswer::Find(found) => found,
            other => panic!("{other:?}"),
        }
    }

    async fn set(&self, who: &str, remote: &RemoteId) -> RowResult {
        let order = LinkOrder::Set { target: None, contact: contact(who), remote: remote.clone() };
        match self.ordered(order).await.unwrap() {
            LinkAnswer::Set(set) => set.rows[0].result,
            other => panic!("{other:?}"),
        }
    }

    async fn remove(&self, who: &str) -> Result<LinkAnswer, LinkError> {
        self.ordered(LinkOrder::Remove { target: None, contact: contact(who) }).await
    }

    pub fn mail(&self, who: &str, email: &str) {
        self.change(who, |person| person.emails = vec![Pii::new(email.to_owned())]);
    }

    fn linked_to(&self, who: &str) -> Option<RemoteId> {
        self.standing(who).agreed.map(|agreed| agreed.link.remote)
    }
}

fn codes(imported: &Imported) -> Vec<&str> {
    imported.rows.iter().map(|row| row.code.as_str()).collect()
}

#[tokio::test]
async fn every_row_of_an_import_is_answered_and_what_is_right_is_linked_and_never_created_or_changed() {
    // given staff, two of them with the same old candidate hired twice
    let world = World::new();
    let there: Vec<RemoteId> =
        ["Ada", "Ben", "Cy", "Dee", "Eve"].iter().map(|name| world.staff(name, "none@example.com")).collect();
    for (who, what) in
        [("ada", "o1"), ("ada", "o2"), ("ben", "o3"), ("cy", "o4"), ("dee", "o5"), ("eve", "o6")]
    {
        world.hire(who, &format!("{who} As Lever Has It"), what);
    }
    world.target.edit(&there[3], |record| record.contact = Some(contact("eve")));
    let before = world.target.records();
    let nowhere: RemoteId = "nowhere".parse().unwrap();

    // when
    let imported = world
        .import(rows(&[
            (&there[0], "candidate o1"),
            (&there[0], "candidate o2"),
            (&there[1], "contact ben"),
            (&there[2], "candidate strange"),
            (&nowhere, "contact cy"),
            (&there[3], "opportunity o5"),
        ]))
        .await;

    // then
    assert_eq!(
        codes(&imported),
        ["linked", "already_linked", "linked", "unknown.lever", "unknown.target", "conflicting.kept_id"]
    );
    assert_eq!(
        (world.linked_to("ada"), world.linked_to("ben")),
        (Some(there[0].clone()), Some(there[1].clone()))
    );
    assert_eq!(world.standing("ada").origin, Some(LinkOrigin::Imported));
    let events = world.engine.ledger().history(&contact("ada")).unwrap();
    assert_eq!((&events[0].outcome, &events[0].actor), (&Outcome::Linked, &Actor::User(7)));
    assert_eq!(
        codes(&world.import(rows(&[(&there[0], "contact ada"), (&there[1], "contact ada")])).await),
        ["already_linked", "conflicting.contact_linked"]
    );
    assert_eq!(codes(&world.import(rows(&[(&there[0], "contact cy")])).await), ["conflicting.record_linked"]);
    for who in ["cy", "dee", "eve"] {
        world.source.people().persons.remove(who);
    }
    world.cycle().await;
    assert_eq!(world.target.records().len(), before.len(), "nobody was created beside a linked record");
    let name = |nth: usize| world.target.records()[nth].person[&FieldName::new("name")].clone();
    assert_eq!(name(0).reveal(), &Value::Text("Ada".to_owned()), "HR's fields stay HR's");
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_none_of_them_taken() {
    let world = World::new();
    let (one, two) = (world.staff("Ada", "a@x"), world.staff("Ada", "b@x"));
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    world.hire("cy", "Cy", "o3");
    let imported =
        world.import(rows(&[(&one, "contact ada"), (&two, "candidate o1"), (&two, "contact ben")])).await;
    assert_eq!(codes(&imported), ["conflicting.rows"; 3]);
    assert!(imported.rows[0].why.contains('3') && imported.needs_human(), "{imported:?}");
    assert_eq!((world.linked_to("ada"), world.linked_to("ben")), (None, None));
}

#[tokio::test]
async fn a_fault_of_lever_or_of_the_target_in_the_middle_links_nobody() {
    let world = World::new();
    let there: Vec<RemoteId> = (0..4).map(|_| world.staff("Somebody", "s@x")).collect();
    for n in 0..4 {
        world.hire(&format!("c{n}"), "Somebody", &format!("o{n}"));
    }
    let whose = ["contact c0", "contact c1", "contact c2", "candidate o3"];
    let all: Vec<(&RemoteId, &str)> = there.iter().zip(whose).collect();
    let import = || world.ordered(LinkOrder::Import { target: None, rows: rows(&all), dry: false });

    world.source.people().failing.insert(contact("c2"));
    assert!(matches!(import().await, Err(LinkError::Source(_))));
    world.source.people().failing.clear();
    world.source.people().down = true;
    assert!(matches!(import().await, Err(LinkError::Source(_))));
    world.source.people().down = false;
    for before in 0..6 {
        let fine = std::iter::repeat_n(Fault::Nothing, before);
        world.target.script_reads(fine.chain([Fault::Unavailable]));
        assert!(matches!(import().await, Err(LinkError::Target(..))), "after {before}");
        world.target.script_reads([]);
        assert!(world.engine.links(None).unwrap().is_empty());
        // What is left of the script belongs to no later call.
        while world.target.adapter().list(None).await.is_err() {}
    }
    assert!(matches!(import().await, Ok(LinkAnswer::Import(imported)) if imported.counts.linked == 4));
}

#[tokio::test]
async fn a_trial_says_the_same_and_writes_nothing() {
    let world = World::new();
    let there = world.staff("Ada", "a@x");
    world.hire("ada", "Ada", "o1");
    let order = LinkOrder::Import { target: None, rows: rows(&[(&there, "contact ada")]), dry: true };
    let Ok(LinkAnswer::Import(imported)) = world.ordered(order).await else { panic!("an import") };
    assert_eq!((codes(&imported), imported.dry), (vec!["linked"], true));
    assert_eq!((world.linked_to("ada"), world.history("ada")), (None, vec![]));
    assert_eq!(world.engine.ledger().marks().unwrap(), 0);
}

#[tokio::test]
async fn whoever_was_merged_is_linked_as_the_survivor_and_a_merge_that_comes_later_takes_the_link_along() {
    // given one whose old contact id is in the file, and one who is merged after the import
    let world = World::new();
    let (ada, ben) = (world.staff("Ada", "a@x"), world.staff("Ben", "b@x"));
    world.hire_at("winner", "Ada", "o1", long_ago());
    world.merge("loser", "winner");
    world.hire_at("ben", "Ben", "o2", long_ago());
    let imported =
        world.import(rows(&[(&ada, "contact loser"), (&ada, "candidate o1"), (&ben, "contact ben")])).await;
    assert_eq!(codes(&imported), ["linked", "already_linked", "linked"]);
    assert_eq!(imported.rows[0].contact, Some(contact("winner")));
    world.cycle().await;
    // when
    world.lose("ben");
    world.merge("ben", "benjamin");
    world.hire_at("benjamin", "Ben", "o2", long_ago());
    world.cycle().await;
    // then
    assert_eq!(world.linked_to("benjamin"), Some(ben.clone()));
    assert_eq!(world.linked_to("ben"), None);
    world.hire("benjamin", "Ben", "o9");
    world.hire("winner", "Ada", "o8");
    world.cycle().await;
    assert_eq!(world.target.records().len(), 2, "hired again, both are who they were");
}

#[tokio::test]
async fn a_record_of_a_contact_that_was_merged_into_this_one_is_not_another_ones() {
    let world = World::new();
    let there = world.staff("Ada", "a@x");
    world.target.edit(&there, |record| record.contact = Some(contact("loser1")));
    world.hire("winner", "Ada", "o1");
    world.merge("loser1", "winner");
    // A word of HR's in that field is nobody's id.
    let noted = world.staff("Ben", "b@x");
    world.target.edit(&noted, |record| record.contact = Some(contact("great-colleague")));
    world.hire("ben", "Ben", "o2");
    let imported = world.import(rows(&[(&there, "contact winner"), (&noted, "contact ben")])).await;
    assert_eq!(codes(&imported), ["linked", "linked"]);
}

#[tokio::test]
async fn a_record_that_is_proven_elsewhere_is_ambiguous_until_a_human_has_looked() {
    let world = World::new();
    let (ours, named) = (world.staff("Ada", "a@x"), world.staff("Ada", "b@x"));
    world.target.edit(&ours, |record| record.contact = Some(contact("ada")));
    world.hire("ada", "Ada", "o1");
    let row = rows(&[(&named, "contact ada")]);
    let imported = world.import(row.clone()).await;
    assert_eq!((codes(&imported), world.linked_to("ada")), (vec!["ambiguous.another_record"], None));
    assert!(imported.rows[0].why.contains(ours.as_str()), "{imported:?}");
    let confirmed = ImportRow { confirmed: true, ..row[0].clone() };
    assert_eq!(codes(&world.import(vec![confirmed]).await), ["linked"]);
    assert_eq!(world.linked_to("ada"), Some(named));
}

#[tokio::test]
async fn likely_matches_are_proposed_certain_ones_named_and_the_weak_and_the_several_become_tasks() {
    // given staff of every kind, most hired long before `hired_since`
    let world = World::new();
    let certain = world.staff("Somebody", "none@x");
    world.target.edit(&certain, |record| record.contact = Some(contact("certain")));
    let likely = world.staff("Ada Example", "ada@x");
    let weak = world.staff("Another Name", "shared@x");
    let twice = [world.staff("Cy Example", "cy@x"), world.staff("Cy Example", "cy@x")];
    let one = world.staff("Dee Example", "dee@x");
    for (who, name, email) in [
        ("certain", "Renamed Since", "other@x"),
        ("likely", "Ada Example", "ada@x"),
        ("weak", "Ben Example", "shared@x"),
        ("twice", "Cy Example", "cy@x"),
        ("dee-1", "Dee Example", "dee@x"),
        ("dee-2", "Dee Example", "dee@x"),
        ("nobody", "Ada Example", "ada.example@elsewhere"),
    ] {
        world.hire_at(who, name, &format!("o-{who}"), long_ago());
        world.mail(who, email);
    }
    world.change("candidate", |person| {
        person.emails = vec![Pii::new("ada@x".to_owned())];
        person.opportunities.insert(opportunity("o-open"), Candidacy::Open);
    });

    // when
    let found = world.find().await;

    // then
    let strength =
        |who: &str| found.matches.iter().find(|one| one.contact == contact(who)).map(|one| one.strength);
    for (who, expected) in [
        ("certain", Some(Strength::Certain)),
        ("likely", Some(Strength::Likely)),
        ("weak", Some(Strength::Weak)),
        ("twice", Some(Strength::Several)),
        ("dee-1", Some(Strength::Several)),
        ("dee-2", Some(Strength::Several)),
        ("nobody", None),
        ("candidate", None),
    ] {
        assert_eq!(strength(who), expected, "{who}");
    }
    assert_eq!((found.looked_for, found.nobody, found.already_linked), (7, 1, 0));
    assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate; 4]);
    assert!(world.engine.links(None).unwrap().is_empty(), "finding links nobody");
    let tasks = world.engine.ledger().tasks().unwrap();
    let text = |who: &str| &tasks.iter().find(|task| task.contact == contact(who)).unwrap().text;
    assert!(
        text("weak").contains(&format!("hiresync links set weak {weak} --target hr")),
        "{}",
        text("weak")
    );
    assert!(twice.iter().all(|remote| text("twice").contains(remote.as_str())), "{}", text("twice"));
    assert!(text("twice").contains("e-mail address and name agree"), "{}", text("twice"));

    // and what was decided is asked no more
    assert_eq!(world.set("twice", &twice[1]).await, RowResult::Linked);
    assert_eq!(world.set("dee-1", &one).await, RowResult::Linked);
    assert_eq!(world.set("likely", &likely).await, RowResult::Linked);
    let tasks = world.open_tasks().len();
    assert_eq!(tasks, 2, "weak, and the other Dee, whose record is taken now");
    let found = world.find().await;
    assert_eq!((found.looked_for, found.already_linked), (4, 3));
    assert_eq!(world.open_tasks().len(), tasks);
}

#[tokio::test]
async fn somebody_with_address_and_name_over_there_is_held_and_one_command_decides_it() {
    for is_theirs in [true, false] {
        let world = World::new();
        let there = world.staff("Ada", "ada@x");
        world.hire("ada", "Ada", "o1");
        world.mail("ada", "ada@x");
        world.cycle().await;
        assert_eq!((world.state("ada"), world.target.deliveries().len()), (Some("held"), 0));
        assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
        if is_theirs {
            assert_eq!(world.set("ada", &there).await, RowResult::Linked);
            assert_eq!(world.open_tasks(), []);
        } else {
            world.engine.retry(&contact("ada"), 7).unwrap();
        }
        world.cycle().await;
        assert_eq!(world.state("ada"), Some("agreed"));
        assert_eq!(world.target.records().len(), if is_theirs { 1 } else { 2 });
    }
}

#[tokio::test]
async fn a_human_who_looked_is_believed_also_where_an_attempt_had_no_answer() {
    for is_hired in [true, false] {
        // given an attempt that was lost on its way, and a relative who was entered since
        let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
        world.hire("ada", "Ada", "o1");
        world.mail("ada", "ada@x");
        world.target.script([Fault::RequestLost]);
        world.cycle().await;
        world.staff("Ada", "ada@x");
        if !is_hired {
            world.unhire("ada", "o1");
        }
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
        assert_eq!(world.state("ada"), Some("held"));
        assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
        // when
        assert_eq!(world.engine.retry(&contact("ada"), 7).unwrap(), 1);
        world.full_sweeps(5).await;
        // then
        assert_eq!(world.state("ada"), is_hired.then_some("agreed"));
        assert_eq!(world.target.records().len(), if is_hired { 2 } else { 1 });
        world.settles().await;
    }
}

#[tokio::test]
async fn a_link_that_was_taken_away_is_neither_made_again_nor_replaced_until_a_human_says_so() {
    for right in [true, false] {
        let world = World::new();
        let (wrong, other) = (world.staff("Ben", "b@x"), world.staff("Ada", "a@x"));
        world.hire("ada", "Ada", "o1");
        assert_eq!(world.set("ada", &wrong).await, RowResult::Linked);
        let before = world.target.records();
        // when
        assert!(
            matches!(world.remove("ada").await, Ok(LinkAnswer::Remove(removed)) if removed.remote == wrong)
        );
        assert!(matches!(world.remove("ben").await, Err(LinkError::NotLinked(..))));
        world.cycle().await;
        world.full_sweeps(2).await;
        // then
        assert_eq!((world.linked_to("ada"), world.explained("ada").0.as_str()), (None, "held.unlinked"));
        assert_eq!((world.target.deliveries().len(), world.target.records() == before), (0, true));
        assert_eq!(world.history("ada")[1], Outcome::Unlinked);
        let dry = world.engine.dry_run(&[contact("ada")]).await.unwrap();
        assert_eq!(dry.changes[0].decision, "held.unlinked");
        // and by order
        if right {
            assert_eq!(world.set("ada", &other).await, RowResult::Linked);
        } else {
            assert_eq!(world.engine.retry(&contact("ada"), 7).unwrap(), 1);
        }
        world.cycle().await;
        assert_eq!(world.state("ada"), Some("agreed"));
        assert_eq!(world.target.records().len(), if right { 2 } else { 3 });
    }
}

#[tokio::test]
async fn nothing_is_linked_or_taken_away_while_something_is_under_way() {
    let world = World::with(Capabilities { dedupes_by_key: false, ..Memory::everything() });
    let there = world.staff("Ada", "a@x");
    world.hire("ada", "Ada", "o1");
    world.target.script([Fault::AnswerLost]);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("sent"));
    assert_eq!(world.set("ada", &there).await, RowResult::Conflicting);
    world.later(TimeDelta::minutes(2));
    world.cycle().await;
    world.rename("ada", "Augusta");
    world.target.script([Fault::RequestLost]);
    world.cycle().await;
    assert_eq!(world.state("ada"), Some("sent"));
    assert!(matches!(world.remove("ada").await, Err(LinkError::UnderWay(..))));
}

#[tokio::test]
async fn a_record_that_is_gone_is_replaced_by_the_one_a_human_names() {
    let world = World::new();
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    let gone = world.only_record().remote;
    world.target.delete(&gone);
    let there = world.staff("Ada", "a@x");
    world.rename("ada", "Augusta");
    world.cycle().await;
    let phase = world.standing("ada").owed.unwrap().phase;
    assert!(matches!(phase, Phase::Held { why: WhyHeld::RecordGone, .. }));
    assert_eq!(codes(&world.import(rows(&[(&there, "contact ada")])).await), ["conflicting.contact_linked"]);
    assert_eq!(world.set("ada", &there).await, RowResult::Linked);
    world.cycle().await;
    assert_eq!((world.linked_to("ada"), world.target.records().len()), (Some(there), 1));
}

#[tokio::test]
async fn a_target_that_cannot_be_asked_takes_a_humans_word_and_says_that_nobody_looked() {
    let blind = Capabilities { find: false, list: false, read: false, ..Memory::everything() };
    let world = World::with(blind);
    let there = world.staff("Ada", "a@x");
    world.hire("ada", "Ada", "o1");
    assert!(matches!(
        world.ordered(LinkOrder::Find { target: None, contacts: vec![] }).await,
        Err(LinkError::CannotLook(_))
    ));
    let imported = world.import(rows(&[(&there, "contact ada")])).await;
    assert_eq!((codes(&imported), imported.looked), (vec!["linked"], false));
    world.cycle().await;
    assert_eq!(world.target.records().len(), 1);
}

#[tokio::test]
async fn levers_ids_are_written_onto_the_records_that_were_there_before_and_nothing_else_is() {
    // given a target with a place for the contact's id, somebody who was there and somebody who was made
    let mut world = World::new();
    let schema = FieldSchema {
        fields: vec![FieldSpec { holds_ids: true, ..FieldSpec::new(Level::Person, "ref") }],
        open: true,
        ..FieldSchema::default()
    };
    world.target = world.target.clone().with_schema(schema);
    world.restart();
    let there = world.staff("Ada As HR Has Her", "a@x");
    world.hire_at("ada", "Ada", "o1", long_ago());
    world.import(rows(&[(&there, "contact ada")])).await;
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    let before = world.target.deliveries().len();

    // when
    let Ok(LinkAnswer::Backfill(order)) = world.ordered(LinkOrder::Backfill { target: None }).await else {
        panic!("an order")
    };
    world.cycle().await;

    // then
    assert_eq!((order.people, order.fields), (1, vec![FieldName::new("ref")]));
    assert_eq!(world.deliveries_after(before), 1);
    let delivery = world.target.deliveries().pop().unwrap();
    assert_eq!((delivery.intent, delivery.contact), (Intent::Update, contact("ada")));
    let record = world.target.records().into_iter().find(|record| record.remote == there).unwrap();
    let text = |field: &str| record.person.get(&FieldName::new(field)).map(|value| value.reveal().to_text());
    assert_eq!(text("ref").as_deref(), Some("ada"));
    assert_eq!((text("name").as_deref(), text("place")), (Some("Ada As HR Has Her"), None));
    let line = world.engine.links(None).unwrap().into_iter().find(|line| line.contact == contact("ada"));
    assert!(!line.unwrap().backfill, "done once");
    world.try_cycle(SweepKind::Full).await.unwrap();
    assert_eq!(world.deliveries_after(before), 1);
}

#[tokio::test]
async fn a_record_that_becomes_a_merged_contacts_is_told_of_beside_one_that_has_its_id_already() {
    for has_one in [true, false] {
        // given a target with a place for the contact's id, and perhaps a record that was forgotten with an earlier ledger
        let mut world = World::with(Capabilities { moves_hires: false, ..Memory::everything() });
        let schema = FieldSchema {
            fields: vec![FieldSpec { holds_ids: true, ..FieldSpec::new(Level::Person, "ref") }],
            open: true,
            ..FieldSchema::default()
        };
        world.target = world.target.clone().with_schema(schema);
        world.restart();
        world.hire("loser", "Ada", "o1");
        world.cycle().await;
        if has_one {
            world.target.plant(Some(contact("winner")), Default::default(), Default::default());
        }
        // when
        world.merge("loser", "winner");
        world.hire("winner", "Ada", "o1");
        world.cycle().await;
        world.full_sweeps(2).await;
        // then
        assert_eq!(world.open_tasks(), if has_one { vec![TaskKind::PossibleDuplicate] } else { vec![] });
        assert_eq!(world.target.records().len(), if has_one { 2 } else { 1 });
        assert_eq!((world.state("winner"), world.state("loser")), (Some("agreed"), None));
    }
}

#[tokio::test]
async fn a_hire_that_stands_on_a_record_nobody_knew_of_is_not_added_to_another_without_a_humans_word() {
    // given somebody with a record, and a profile whose record was forgotten with an earlier ledger
    let world =
        World::with(Capabilities { moves_hires: false, dedupes_by_key: false, ..Memory::everything() });
    world.hire("winner", "Ada", "o1");
    world.cycle().await;
    let hires = [(opportunity("o2"), Default::default())].into();
    world.target.plant(Some(contact("loser")), Default::default(), hires);
    // when the profiles are merged
    world.hire("winner", "Ada", "o2");
    let dry = world.engine.dry_run(&[contact("winner")]).await.unwrap();
    world.cycle().await;
    world.full_sweeps(2).await;
    // then
    let changes = &dry.changes;
    assert_eq!((changes[0].decision.as_str(), changes[0].sends), ("held.ambiguous", false));
    assert_eq!(world.explained("winner").0, "held.ambiguous");
    assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
    assert_eq!(world.target.record_of(&contact("winner")).unwrap().hires.len(), 1);
}

/// Two records have the id of one contact.
fn copied_by_hr(can: Capabilities) -> World {
    let world = World::with(can);
    let hires = [(opportunity("o1"), Default::default())].into();
    world.target.plant(Some(contact("ada")), Default::default(), hires);
    world.target.plant(Some(contact("ada")), Default::default(), Default::default());
    world.hire("ada", "Ada", "o1");
    world
}

#[tokio::test]
async fn where_a_target_that_is_listed_has_two_records_of_somebody_hr_is_told_of_the_one_that_is_left() {
    let world =
        copied_by_hr(Capabilities { moves_hires: false, dedupes_by_key: false, ..Memory::everything() });
    world.full_sweeps(2).await;
    assert_eq!((world.state("ada"), world.open_tasks()), (Some("agreed"), vec![TaskKind::PossibleDuplicate]));
    assert_eq!(world.target.records().len(), 2);
}

#[tokio::test]
async fn of_two_records_that_have_somebodys_id_none_is_taken() {
    // given a contact whose record HR copied before the ledger was lost
    let world = copied_by_hr(Capabilities { dedupes_by_key: false, list: false, ..Memory::everything() });
    // when
    world.full_sweeps(2).await;
    // then
    assert_eq!((world.explained("ada").0.as_str(), world.linked_to("ada")), ("held.ambiguous", None));
    assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
    assert_eq!(world.target.deliveries().len(), 0);
}

#[test]
fn a_planted_mistake_that_takes_one_of_them_is_noticed() {
    let _planted = arm::plant(Bug::AdoptsOneOfMany);
    assert!(catch_unwind(of_two_records_that_have_somebodys_id_none_is_taken).is_err());
    assert_eq!(Bug::AdoptsOneOfMany.level(), planted::Level::EngineTest);
}

#[tokio::test]
async fn a_record_that_hr_says_is_a_merged_profiles_ends_the_wait_for_what_came_of_its_attempt() {
    for asked in ["loser", "winner"] {
        // given
        let can = Capabilities { moves_hires: false, dedupes_by_key: false, ..Memory::everything() };
        let world = World::with(can);
        world.hire("loser", "Ada", "o1");
        world.mail("loser", "ada@x");
        world.target.script([Fault::RequestLost]);
        world.cycle().await;
        let there = world.staff("Ada", "ada@x");
        world.later(TimeDelta::minutes(5));
        world.cycle().await;
        world.merge("loser", "winner");
        world.hire("winner", "Ada", "o1");
        world.full_sweeps(1).await;
        assert_eq!(world.explained("winner").0, "held.ambiguous");
        // when
        assert_eq!(world.set(asked, &there).await, RowResult::Linked);
        world.full_sweeps(2).await;
        // then
        assert_eq!((world.state("winner"), world.state("loser")), (Some("agreed"), None), "{asked}");
        assert_eq!((world.target.records().len(), world.open_tasks()), (1, vec![]));
    }
}

#[tokio::test]
async fn a_target_without_a_place_for_levers_ids_says_so() {
    let world = World::new();
    let there = world.staff("Ada", "a@x");
    world.hire("ada", "Ada", "o1");
    world.import(rows(&[(&there, "contact ada")])).await;
    let Ok(LinkAnswer::Backfill(order)) = world.ordered(LinkOrder::Backfill { target: None }).await else {
        panic!("an order")
    };
    assert_eq!((order.people, order.fields.len()), (0, 0));
    assert!(!world.standing("ada").backfill);
}

#[tokio::test]
async fn what_is_linked_can_be_listed_and_shown() {
    let world = World::new();
    let there = world.staff("Ada", "a@x");
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    world.import(rows(&[(&there, "contact ada")])).await;
    world.cycle().await;
    let lines = world.engine.links(Some(&"hr".parse().unwrap())).unwrap();
    let said: Vec<_> =
        lines.iter().map(|line| (line.contact.as_str(), line.origin, line.hires.len())).collect();
    assert_eq!(said, [("ada", Some(LinkOrigin::Imported), 1), ("ben", Some(LinkOrigin::Created), 1)]);
    assert!(world.engine.links(Some(&"other".parse().unwrap())).is_err());
    assert_eq!(world.engine.links_of(&contact("ada")).unwrap().links.len(), 1);
    assert!(world.engine.links_of(&contact("nobody")).unwrap().links.is_empty());
    let order = LinkOrder::Backfill { target: Some("other".parse().unwrap()) };
    assert!(matches!(world.ordered(order).await, Err(LinkError::Order(_))));
}

#[tokio::test]
async fn a_record_that_a_human_gave_to_one_contact_is_not_taken_for_another_whatever_stands_on_it() {
    // given one human under two contacts, and a record that keeps an id of the second
    let world = World::new();
    let there = world.staff("Ada", "a@x");
    world.hire_at("first", "Ada", "o1", long_ago());
    assert_eq!(world.set("first", &there).await, RowResult::Linked);
    world.target.edit(&there, |record| drop(record.hires.insert(opportunity("o2"), Default::default())));
    // when the second is hired
    world.hire("second", "Ada", "o2");
    world.cycle().await;
    // then
    assert_eq!((world.state("second"), world.linked_to("second")), (Some("held"), None));
    assert_eq!(world.open_tasks(), [TaskKind::PossibleDuplicate]);
    assert_eq!(world.target.deliveries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_human_who_links_somebody_in_the_middle_of_a_cycle_is_heard_before_they_are_created() {
    // given a target that takes its time, and a cycle that has written down that Ada is to be created
    let mut world = World::with(Capabilities { calls_per_second_max: Some(1.0), ..Memory::everything() });
    world.restart_with(adapter_sdk::layers::wrap(world.target.adapter()), mapping(PERSON, HIRE));
    let there = world.staff("Ada", "a@x");
    world.hire("ada", "Ada", "o1");
    {
        let cycle = world.try_cycle(SweepKind::Changes);
        let mut cycle = std::pin::pin!(cycle);
        while world.state("ada") != Some("waiting") {
            let _ = futures::poll!(&mut cycle);
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        // when a human says who she is while the target is asked for her
        assert_eq!(world.set("ada", &there).await, RowResult::Linked);
        let _ = cycle.await;
    }
    // then
    assert_eq!(world.target.deliveries().len(), 0);
    world.cycle().await;
    assert_eq!((world.target.records().len(), world.linked_to("ada")), (1, Some(there)));
}
