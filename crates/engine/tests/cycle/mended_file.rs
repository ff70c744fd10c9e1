//! What an adversary found wrong with the cycle together with an export that HR edits, and what is true since.

use std::{fs, path::PathBuf, sync::Arc};

use adapter_sdk::{
    Build, FieldRule,
    settings::{Node, Reading},
};
use mapping::{Mapping, Rule};
use people::Clock;
use tempfile::TempDir;

use crate::world::{HIRE, HandClock, PERSON, World, compile, mapping, rules};

/// A folder into which a world exports.
struct Export(TempDir);

impl Export {
    fn new() -> Export {
        Export(tempfile::tempdir().unwrap())
    }

    fn roster(&self) -> PathBuf {
        self.0.path().join("export/roster.csv")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.roster()).unwrap()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.text();
        assert!(text.contains(from), "{text}");
        fs::write(self.roster(), text.replacen(from, to, 1)).unwrap();
    }

    /// The world's process is started again with these columns of a hire.
    fn restart(&self, world: &mut World, hire: &[(&str, &str)]) {
        self.restart_with(world, mapping(PERSON, hire));
    }

    fn restart_with(&self, world: &mut World, mapping: Mapping) {
        let path = self.0.path().join("export").to_str().unwrap().to_owned();
        let reading = Reading::default();
        let entries = [("path".to_owned(), Node::Text(path))];
        let section = reading.section("targets.hr", Some(Node::Table(entries.into())));
        let clock: Arc<dyn Clock> = Arc::<HandClock>::clone(&world.clock);
        let build = Build::without_network("hr".parse().unwrap(), mapping.columns(), clock);
        world.restart_with((file_export::REGISTRATION.build)(section, build).unwrap(), mapping);
    }
}

#[tokio::test]
async fn what_hr_corrected_stays_corrected_after_another_cell_moved() {
    // given
    let (mut world, export) = (World::new(), Export::new());
    export.restart(&mut world, HIRE);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    export.edit("Engineer", "Analyst");
    // when another cell of the row moves in Lever, and then the one that HR corrected
    world.place("ada", "London");
    world.cycle().await;
    assert!(export.text().contains("ada,Ada,London,Analyst,"), "{}", export.text());
    world.promote("ada", "o1", "Manager");
    world.cycle().await;
    // then
    assert!(export.text().contains("ada,Ada,London,Analyst,"), "{}", export.text());
}

#[tokio::test]
async fn a_column_taken_out_and_put_back_is_filled_for_everybody() {
    // given
    let (mut world, export) = (World::new(), Export::new());
    export.restart(&mut world, HIRE);
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    // when
    export.restart(&mut world, &HIRE[1..]);
    world.hire("ben", "Ben", "o2");
    world.full_sweeps(1).await;
    assert!(!export.text().contains("Engineer"), "{}", export.text());
    export.restart(&mut world, HIRE);
    world.full_sweeps(2).await;
    world.hire("cy", "Cy", "o3");
    world.cycle().await;
    // then
    assert_eq!(export.text().matches("Engineer").count(), 3, "{}", export.text());
}

#[tokio::test]
async fn a_new_column_is_filled_in_a_row_that_hr_edited_too() {
    // given
    let (mut world, export) = (World::new(), Export::new());
    export.restart(&mut world, &HIRE[1..]);
    world.hire("ada", "Ada", "o1");
    world.hire("ben", "Ben", "o2");
    world.cycle().await;
    export.edit("ada,Ada,Leeds", "ada,Ada,York");
    // when somebody else's delivery puts the new column in
    export.restart(&mut world, HIRE);
    world.hire("cy", "Cy", "o3");
    world.cycle().await;
    world.full_sweeps(1).await;
    // then
    assert_eq!((export.text().matches("Engineer").count(), world.open_tasks()), (3, vec![]));
    assert!(export.text().contains("ada,Ada,York,Engineer"), "{}", export.text());
}

#[tokio::test]
async fn what_is_hr_s_after_the_row_was_made_stays_in_every_row_of_the_person() {
    // given
    let (mut world, export) = (World::new(), Export::new());
    let place = |rule: Rule| [("place", Rule { value: "location".to_owned(), ..rule })];
    let once = Rule { write: Some(FieldRule::OnlyOnCreate), ..Rule::default() };
    export.restart_with(&mut world, compile(&rules(&place(once))));
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    export.edit("Leeds", "York");
    // when another cell moves, the value moves in Lever, and a hire joins
    world.place("ada", "London");
    world.rename("ada", "Ada Lovelace");
    world.cycle().await;
    world.hire("ada", "Ada Lovelace", "o2");
    world.cycle().await;
    // then
    assert_eq!(export.text().matches("Ada Lovelace").count(), 2, "{}", export.text());
    assert_eq!((export.text().matches("York").count(), world.open_tasks()), (2, vec![]), "{}", export.text());
}

#[tokio::test]
async fn a_cell_that_is_never_cleared_stays_and_is_in_the_row_of_a_hire_that_joins() {
    // given
    let (mut world, export) = (World::new(), Export::new());
    let kept = Rule { value: "location".to_owned(), never_clear: true, ..Rule::default() };
    export.restart_with(&mut world, compile(&rules(&[("place", kept)])));
    world.hire("ada", "Ada", "o1");
    world.cycle().await;
    // when
    world.change("ada", |person| person.location = None);
    world.hire("ada", "Ada", "o2");
    world.cycle().await;
    assert_eq!(export.text().matches("Leeds").count(), 2, "{}", export.text());
    // and when there is a value again
    world.place("ada", "London");
    world.cycle().await;
    // then
    assert_eq!(
        (export.text().matches("London").count(), world.open_tasks()),
        (2, vec![]),
        "{}",
        export.text()
    );
}

#[tokio::test]
async fn a_row_that_is_taken_over_in_a_merge_keeps_what_is_written_only_when_it_is_made() {
    // given
    let (mut world, export) = (World::new(), Export::new());
    let once =
        Rule { value: "posting.title".to_owned(), write: Some(FieldRule::OnlyOnCreate), ..Rule::default() };
    export.restart_with(&mut world, compile(&rules(&[("title", once)])));
    world.hire("loser", "Ada", "o1");
    world.hire("winner", "Ada", "o2");
    world.cycle().await;
    // when the profiles are merged, and the title of the hire that moves is another one by now
    world.merge("loser", "winner");
    world.hire("winner", "Ada Lovelace", "o1");
    world.promote("winner", "o1", "Manager");
    world.cycle().await;
    world.full_sweeps(2).await;
    // then
    let text = export.text();
    assert_eq!((text.matches("winner").count(), text.matches("Ada Lovelace").count()), (2, 2), "{text}");
    assert_eq!((text.matches("Engineer").count(), world.open_tasks()), (2, vec![]), "{text}");
}
