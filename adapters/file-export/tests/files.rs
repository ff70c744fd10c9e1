//! What lies in the folder, and what happens when somebody else was there.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::PathBuf,
    sync::Arc,
};

use adapter_sdk::{
    Build, Columns, Delivery, Effect, ErrorKind, Evidence, Finding, Generation, HrisAdapter, Identity,
    Intent, Link, Receipt, Result,
    settings::{Node, Reading},
};
use people::{Clock, FieldKey, FieldName, Fields, Pii, Timestamp, Value, Wanted};
use tempfile::TempDir;

#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }
}

struct Export {
    folder: TempDir,
    format: &'static str,
    layout: &'static str,
    person: Vec<&'static str>,
}

impl Export {
    fn new(format: &'static str, layout: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Export { folder, format, layout, person: vec!["ref", "name", "phone"] }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("export")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn adapter_of(&self, target: &str) -> Arc<dyn HrisAdapter> {
        self.adapter_by(target, |build| build)
    }

    fn adapter_by(&self, target: &str, way: fn(Build) -> Build) -> Arc<dyn HrisAdapter> {
        let path = self.path().to_str().unwrap().to_owned();
        let entries = [("path", path.as_str()), ("format", self.format), ("layout", self.layout)];
        let entries = entries.map(|(key, word)| (key.to_owned(), Node::Text(word.to_owned())));
        let reading = Reading::default();
        let section = reading.section("targets.roster", Some(Node::Table(entries.into())));
        let person = self.person.iter().map(|name| FieldName::new(*name)).collect();
        let columns = Columns { person, hire: vec![FieldName::new("title")] };
        let build = way(Build::without_network(target.parse().unwrap(), columns, Arc::new(Noon)));
        (file_export::REGISTRATION.build)(section, build).unwrap_or_else(|| panic!("{:?}", reading.faults()))
    }

    /// As after a restart.
    fn adapter(&self) -> Arc<dyn HrisAdapter> {
        self.adapter_of("roster")
    }

    async fn send(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        self.adapter().deliver(deliveries).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Receipt> {
        let answers = self.send(deliveries).await;
        answers.into_iter().map(|answer| answer.unwrap_or_else(|error| panic!("{}", error.chain()))).collect()
    }

    async fn effects(&self, deliveries: &[Delivery]) -> Vec<Effect> {
        self.deliver(deliveries).await.into_iter().map(|receipt| receipt.effect).collect()
    }

    async fn refusal(&self, deliveries: &[Delivery]) -> adapter_sdk::Error {
        self.send(deliveries).await.remove(0).expect_err("a refusal")
    }
}

fn delivery(contact: &str, name: &str, hires: &[(&str, &str)], intent: Intent) -> Delivery {
    let text = |text: &str| Pii::new(Value::Text(text.to_owned()));
    let fields = [("ref", text(contact)), ("name", text(name)), ("phone", text("+44 7700 900123"))];
    let person: Fields = fields.map(|(name, value)| (FieldName::new(name), value)).into();
    let hire = |&(hire, title): &(&str, &str)| {
        (hire.parse().unwrap(), Fields::from([(FieldName::new("title"), text(title))]))
    };
    let remote = contact.parse().unwrap();
    Delivery {
        target: "roster".parse().unwrap(),
        contact: contact.parse().unwrap(),
        generation: Generation(7),
        intent,
        wanted: Wanted { person, hires: hires.iter().map(hire).collect(), ..Wanted::default() },
        order: Vec::new(),
        looked_at: false,
        seen: None,
        link: (intent != Intent::Add).then(|| Link { remote, hires: BTreeMap::new() }),
        changed: Vec::new(),
        withdrawn: Default::default(),
        unfinished: Vec::new(),
    }
}

fn add(contact: &str, name: &str) -> Delivery {
    delivery(contact, name, &[(&format!("{contact}-1"), "Engineer")], Intent::Add)
}

fn update(contact: &str, name: &str) -> Delivery {
    Delivery { intent: Intent::Update, ..add(contact, name) }
}

#[tokio::test]
async fn a_hire_that_takes_the_place_of_an_earlier_one_takes_its_row_and_leaves_the_others() {
    let export = Export::new("csv", "roster");
    let both = delivery("ada", "Ada", &[("ada-1", "Engineer"), ("ada-2", "Writer")], Intent::Add);
    export.deliver(&[both]).await;
    let hires = [("ada-3", "ada-2")].map(|(hire, of)| (hire.parse().unwrap(), of.parse().unwrap()));
    let link = Some(Link { remote: "ada".parse().unwrap(), hires: hires.into() });
    let third = delivery("ada", "Ada", &[("ada-1", "Engineer"), ("ada-3", "Editor")], Intent::Update);
    let third = Delivery { link, ..third };
    for effect in [Effect::Updated, Effect::Unchanged] {
        assert_eq!(export.effects(std::slice::from_ref(&third)).await, [effect]);
        let file = std::fs::read_to_string(export.path().join("roster.csv")).unwrap();
        let titles: Vec<&str> =
            file.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().trim()).collect();
        assert_eq!(titles, ["Engineer", "Editor"]);
    }
    let link = Link::to("ada".parse().unwrap());
    let held = export.adapter().read(&link).await.unwrap().unwrap();
    assert_eq!(held.hires.keys().map(|hire| hire.as_str()).collect::<Vec<_>>(), ["ada-1", "ada-3"]);
}

#[tokio::test]
async fn a_roster_is_one_row_for_each_hire_and_its_manifest_describes_it() {
    // given
    let export = Export::new("csv", "roster");
    // when
    let twice = [("ada-1", "Engineer"), ("ada-2", "Lead, \"Tools\"")];
    let effects = export.effects(&[delivery("ada", "Ada", &twice, Intent::Add), add("bob", "=cmd|x")]).await;
    // then
    assert_eq!(effects, [Effect::Created, Effect::Created]);
    assert_eq!(
        export.text("roster.csv"),
        "ref,name,phone,title\r\n\
         ada,Ada,+44 7700 900123,Engineer\r\n\
         ada,Ada,+44 7700 900123,\"Lead, \"\"Tools\"\"\"\r\n\
         bob,'=cmd|x,+44 7700 900123,Engineer\r\n"
    );
    let manifest: serde_json::Value = serde_json::from_str(&export.text("roster.manifest.json")).unwrap();
    assert_eq!(manifest["file"], "roster.csv");
    assert_eq!(manifest["rows"], 3);
    assert_eq!(manifest["written_at"], "2026-03-01T12:00:00Z");
    assert_eq!(manifest["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(export.names(), [".hiresync", "roster.csv", "roster.manifest.json"]);
}

#[tokio::test]
async fn json_lines_have_the_same_keys_in_the_same_order_with_types() {
    let export = Export::new("jsonl", "roster");
    let mut ada = add("ada", "=Ada");
    ada.wanted
        .person
        .insert(FieldName::new("phone"), Pii::new(Value::List(vec![Value::Integer(1), Value::Blank])));
    export.deliver(&[ada]).await;
    let line = "{\"ref\":\"ada\",\"name\":\"=Ada\",\"phone\":[1,null],\"title\":\"Engineer\"}\n";
    assert_eq!(export.text("roster.jsonl"), line);
}

#[tokio::test]
async fn files_are_for_the_owner_and_the_group_whatever_the_umask() {
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada")]).await;
    let mode = |name: &str| fs::metadata(export.file(name)).unwrap().permissions().mode() & 0o7777;
    for name in [
        "roster.csv",
        "roster.manifest.json",
        ".hiresync/index.json",
        ".hiresync/copy-000001",
        ".hiresync/lock",
    ] {
        assert_eq!(mode(name), 0o640, "{name}");
    }
    assert_eq!((mode("."), mode(".hiresync")), (0o750, 0o750));
}

#[tokio::test]
async fn nothing_changed_means_no_write_and_the_same_file() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    let inode = |name: &str| fs::metadata(export.file(name)).unwrap().ino();
    let before = ["roster.csv", "roster.manifest.json", ".hiresync/index.json"].map(inode);
    // when
    let effects = export.effects(&[update("ada", "Ada"), add("bob", "Bob")]).await;
    // then
    assert_eq!(effects, [Effect::Unchanged, Effect::Unchanged]);
    assert_eq!(["roster.csv", "roster.manifest.json", ".hiresync/index.json"].map(inode), before);
    export.deliver(&[update("ada", "Ada King")]).await;
    assert_ne!(inode("roster.csv"), before[0], "a change replaces the file");
}

#[tokio::test]
async fn where_the_rows_of_a_person_differ_none_speaks_for_the_others() {
    // given: the row of a hire that is not delivered any more keeps the name that it had
    let export = Export::new("csv", "roster");
    let both = [("ada-1", "Engineer"), ("ada-2", "Lead")];
    export.deliver(&[delivery("ada", "Ada", &both, Intent::Add)]).await;
    // and: the ledger was lost, and generations count anew
    let one = delivery("ada", "Ada King", &both[..1], Intent::Update);
    export.deliver(&[Delivery { generation: Generation(1), ..one }]).await;
    // when
    let held = export.adapter().read(&Link::to("ada".parse().unwrap())).await.unwrap().unwrap();
    // then
    let named: Vec<&str> = held.person.keys().map(FieldName::as_str).collect();
    assert_eq!(named, ["phone", "ref"]);
    assert_eq!(held.hires.len(), 2);
}

#[tokio::test]
async fn the_old_file_stays_whole_for_whoever_has_it_open() {
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada")]).await;
    let old = export.text("roster.csv");
    fs::hard_link(export.file("roster.csv"), export.folder.path().join("kept")).unwrap();
    export.deliver(&[update("ada", "Ada King")]).await;
    assert_eq!(fs::read_to_string(export.folder.path().join("kept")).unwrap(), old);
}

#[tokio::test]
async fn a_second_hire_is_a_second_row_and_the_first_one_follows_the_person() {
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    let both = delivery("ada", "Ada King", &[("ada-1", "Engineer"), ("ada-2", "Lead")], Intent::AddHire);
    assert_eq!(export.effects(&[both]).await, [Effect::Updated]);
    assert_eq!(
        export.text("roster.csv"),
        "ref,name,phone,title\r\n\
         ada,Ada King,+44 7700 900123,Engineer\r\n\
         bob,Bob,+44 7700 900123,Engineer\r\n\
         ada,Ada King,+44 7700 900123,Lead\r\n"
    );
}

#[tokio::test]
async fn a_row_whose_hire_is_not_wanted_any_more_stays_as_it_was() {
    let export = Export::new("csv", "roster");
    export.deliver(&[delivery("ada", "Ada", &[("ada-1", "Engineer"), ("ada-2", "Lead")], Intent::Add)]).await;
    let receipts = export.deliver(&[delivery("ada", "Ada King", &[("ada-2", "Lead")], Intent::Update)]).await;
    assert_eq!(receipts[0].link.hires.len(), 2);
    assert_eq!(
        export.text("roster.csv"),
        "ref,name,phone,title\r\nada,Ada,+44 7700 900123,Engineer\r\nada,Ada King,+44 7700 900123,Lead\r\n"
    );
    assert_eq!(export.effects(&[delivery("ada", "", &[], Intent::Update)]).await, [Effect::Unchanged]);
}

#[tokio::test]
async fn a_merged_profile_is_found_by_its_hires_and_its_rows_move() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("lovelace", "A. Lovelace")]).await;
    let who = |opportunities: &[&str]| {
        let opportunities = opportunities.iter().map(|id| id.parse().unwrap()).collect::<BTreeSet<_>>();
        Identity::new("lovelace".parse().unwrap(), opportunities)
    };
    // when
    let found = export.adapter().find(&who(&["ada-1", "lovelace-1"])).await.unwrap();
    let merged = delivery(
        "lovelace",
        "Ada Lovelace",
        &[("ada-1", "Engineer"), ("lovelace-1", "Lead")],
        Intent::Update,
    );
    let receipts = export.deliver(&[merged]).await;
    // then
    assert_eq!((found.len(), found[0].evidence, found[0].link.hires.len()), (1, Evidence::ContactId, 2));
    assert_eq!((receipts[0].link.remote.as_str(), receipts[0].link.hires.len()), ("lovelace", 2));
    assert_eq!(
        export.text("roster.csv").lines().filter(|line| line.starts_with("lovelace,Ada Lovelace")).count(),
        2
    );
    assert!(export.adapter().read(&Link::to("ada".parse().unwrap())).await.unwrap().is_none());
}

fn edit(export: &Export, from: &str, to: &str) {
    let text = export.text("roster.csv");
    assert!(text.contains(from));
    fs::write(export.file("roster.csv"), text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn a_cell_that_hr_edited_is_hrs_until_its_value_moves_in_lever() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    let untouched = async |contact: &str| {
        export.adapter().read(&Link::to(contact.parse().unwrap())).await.unwrap().unwrap().untouched
    };
    assert!(untouched("ada").await);
    edit(&export, "bob,Bob,+44 7700 900123,Engineer", "bob,Bob,+44 7700 900123,Head of Everything");
    assert!(untouched("ada").await && !untouched("bob").await);
    let mut renamed = update("bob", "Robert");
    renamed.changed = vec![FieldKey::Person { field: FieldName::new("name") }];
    // when somebody else's row is written, the person's own, and the same once more
    export.deliver(&[update("ada", "Ada King")]).await;
    let effects =
        [export.effects(std::slice::from_ref(&renamed)).await, export.effects(&[renamed]).await].concat();
    // then
    assert_eq!(effects, [Effect::Updated, Effect::Unchanged]);
    assert_eq!(
        export.text("roster.csv"),
        "ref,name,phone,title\r\n\
         ada,Ada King,+44 7700 900123,Engineer\r\n\
         bob,Robert,+44 7700 900123,Head of Everything\r\n"
    );
    assert!(!untouched("bob").await, "what HR changed once is HR's, also after our next write");
    // when the value moves in Lever
    let mut promoted = delivery("bob", "Robert", &[("bob-1", "Lead")], Intent::Update);
    let field = FieldName::new("title");
    promoted.changed = vec![FieldKey::Hire { opportunity: "bob-1".parse().unwrap(), field }];
    export.deliver(&[promoted]).await;
    // then
    assert!(export.text("roster.csv").contains("bob,Robert,+44 7700 900123,Lead\r\n"));
    assert!(!untouched("bob").await, "nobody remembers which cells HR changed, so the row is HR's for good");
}

#[tokio::test]
async fn a_file_that_a_spreadsheet_saved_sorted_and_requoted_is_still_known() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    let saved = "\u{feff}\"ref\",\"name\",\"phone\",\"title\"\n\"bob\",\"Bob\",\"+44 7700 900123\",\"Engineer\"\n\
                 \"ada\",\"Ada\",\"+44 7700 900123\",\"Engineer\"\n";
    fs::write(export.file("roster.csv"), saved).unwrap();
    // when, then
    assert_eq!(export.effects(&[update("ada", "Ada")]).await, [Effect::Unchanged]);
    assert_eq!(export.text("roster.csv"), saved, "nothing changed, nothing is written");
    export.deliver(&[update("ada", "Ada King")]).await;
    let rows = "ref,name,phone,title\r\nbob,Bob,+44 7700 900123,Engineer\r\nada,Ada King,+44 7700 900123,Engineer\r\n";
    assert_eq!(export.text("roster.csv"), rows);
}

#[tokio::test]
async fn an_edit_that_cannot_be_told_apart_stops_the_target_and_leaves_the_file() {
    for (from, to) in [
        ("bob,Bob,+44 7700 900123,Engineer\r\n", ""),
        ("bob,Bob,+44 7700 900123,Engineer\r\n", "bob,Bob,1,Engineer\r\ncy,Cy,2,Engineer\r\n"),
        ("ref,name,phone,title", "ref,name,phone,title,notes"),
        ("ref,name,phone,title", "ref;name;phone;title"),
    ] {
        // given
        let export = Export::new("csv", "roster");
        export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
        edit(&export, from, to);
        let edited = export.text("roster.csv");
        // when
        let error = export.refusal(&[update("ada", "Ada King")]).await;
        // then
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        assert!(
            error.to_string().contains("roster.csv") && error.to_string().contains("what to do: "),
            "{error}"
        );
        assert!(!error.chain().contains("Bob"), "no personal value in an error");
        assert_eq!(export.text("roster.csv"), edited);
        assert_eq!(export.adapter().check().await.unwrap_err().kind(), ErrorKind::ConfigInvalid);
        // and the remedy works
        fs::remove_file(export.file("roster.csv")).unwrap();
        export.deliver(&[update("ada", "Ada King")]).await;
        assert!(export.text("roster.csv").contains("Ada King") && export.text("roster.csv").contains("Bob"));
    }
}

#[tokio::test]
async fn a_file_sorted_and_edited_in_the_same_rows_gives_nobody_the_row_of_another() {
    // given two rows, each edited and in the other's line, still alike enough to pass for the other's
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    let edited = "ref,name,phone,title\r\n\
                  bob,Bobby,+44 7700 900123,Engineer\r\n\
                  ada,Ada K,+44 7700 900123,Engineer\r\n";
    fs::write(export.file("roster.csv"), edited).unwrap();
    // when
    let promoted = delivery("ada", "Ada", &[("ada-1", "Lead")], Intent::Update);
    let error = export.refusal(&[promoted]).await;
    // then
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
    assert_eq!(export.text("roster.csv"), edited);
}

#[tokio::test]
async fn a_row_that_hr_corrected_keeps_the_correction_when_profiles_are_merged() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("lovelace", "A. Lovelace")]).await;
    edit(&export, "ada,Ada,+44 7700 900123,Engineer", "ada,Ada,+44 7700 900123,Analyst");
    // when
    let hires = [("ada-1", "Engineer"), ("lovelace-1", "Engineer")];
    let mut merged = delivery("lovelace", "Ada Lovelace", &hires, Intent::Update);
    let of_hire = hires.map(|(hire, _)| FieldKey::Hire {
        opportunity: hire.parse().unwrap(),
        field: FieldName::new("title"),
    });
    merged.changed = vec![FieldKey::Person { field: FieldName::new("name") }];
    merged.changed.extend(of_hire);
    export.deliver(&[merged]).await;
    // then the row has its new owner and HR's title
    assert_eq!(
        export.text("roster.csv"),
        "ref,name,phone,title\r\n\
         lovelace,Ada Lovelace,+44 7700 900123,Analyst\r\n\
         lovelace,Ada Lovelace,+44 7700 900123,Engineer\r\n"
    );
}

#[tokio::test]
async fn a_missing_file_is_put_back_with_everybody_and_somebody_is_told() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    let rows = export.text("roster.csv");
    fs::remove_file(export.file("roster.csv")).unwrap();
    // when
    let report = export.adapter().check().await.unwrap();
    let receipts = export.deliver(&[update("ada", "Ada"), update("bob", "Bob")]).await;
    // then
    assert!(
        report
            .findings
            .iter()
            .any(|finding| matches!(finding, Finding::Warning { what, .. } if what.contains("roster.csv")))
    );
    assert_eq!(export.text("roster.csv"), rows);
    assert_eq!(receipts.iter().map(|receipt| receipt.tasks.len()).collect::<Vec<_>>(), [1, 0]);
    assert!(export.deliver(&[update("ada", "Ada")]).await[0].tasks.is_empty());
}

#[tokio::test]
async fn a_file_that_is_gone_with_its_copy_or_its_index_is_never_begun_anew_with_a_few() {
    type Loss = fn(&Export);
    let losses: [(&str, Loss); 4] = [
        ("file and copy", |export| {
            fs::remove_file(export.file("roster.csv")).unwrap();
            fs::remove_file(export.file(".hiresync/copy-000001")).unwrap();
        }),
        ("index", |export| fs::remove_dir_all(export.file(".hiresync")).unwrap()),
        ("damaged index", |export| {
            let text = export.text(".hiresync/index.json").replace("ada-1", "bob-1");
            fs::write(export.file(".hiresync/index.json"), text).unwrap();
        }),
        ("everything", |export| fs::remove_dir_all(export.path()).unwrap()),
    ];
    for (what, lose) in losses {
        // given
        let export = Export::new("csv", "roster");
        let link = export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await.remove(0).link;
        lose(&export);
        // when
        let error = export.refusal(&[Delivery { link: Some(link), ..update("ada", "Ada King") }]).await;
        // then
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{what}");
        assert!(error.to_string().contains("backup"), "{what}: {error}");
        let read = export.adapter().read(&Link::to("ada".parse().unwrap())).await;
        assert_eq!(read.unwrap_err().kind(), ErrorKind::ConfigInvalid, "{what}");
    }
}

#[tokio::test]
async fn a_folder_that_is_emptied_while_the_daemon_runs_is_no_beginning_for_whoever_is_hired_next() {
    // given
    let export = Export::new("csv", "roster");
    let adapter = export.adapter();
    assert!(adapter.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await.iter().all(Result::is_ok));
    fs::remove_dir_all(export.path()).unwrap();
    // when
    let error = adapter.deliver(&[add("cleo", "Cleo")]).await.remove(0).unwrap_err();
    // then
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(!export.file("roster.csv").exists());
}

#[tokio::test]
async fn columns_that_stay_keep_their_values_and_new_ones_fill_with_the_next_delivery() {
    // given
    let mut export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    export.person = vec!["name", "nickname", "ref"];
    // when
    let mut ada = update("ada", "Ada");
    ada.wanted.person.insert(FieldName::new("nickname"), Pii::new(Value::Text("Countess".to_owned())));
    export.deliver(&[ada]).await;
    // then
    let rows = "name,nickname,ref,title\r\nAda,Countess,ada,Engineer\r\nBob,,bob,Engineer\r\n";
    assert_eq!(export.text("roster.csv"), rows);
    // and so it is for another format
    export.format = "jsonl";
    assert_eq!(export.effects(&[update("bob", "Bob")]).await, [Effect::Unchanged]);
    assert_eq!(
        export.text("roster.jsonl"),
        "{\"name\":\"Ada\",\"nickname\":\"Countess\",\"ref\":\"ada\",\"title\":\"Engineer\"}\n\
         {\"name\":\"Bob\",\"nickname\":null,\"ref\":\"bob\",\"title\":\"Engineer\"}\n"
    );
}

#[tokio::test]
async fn changes_are_numbered_files_and_nothing_changed_is_no_file() {
    // given
    let export = Export::new("csv", "changes");
    // when
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    assert_eq!(export.effects(&[add("ada", "Ada"), update("bob", "Bob")]).await, [Effect::Unchanged; 2]);
    fs::remove_file(export.file("changes-000001.csv")).unwrap(); // taken in
    fs::remove_file(export.file("changes-000001.manifest.json")).unwrap();
    export.deliver(&[update("ada", "Ada King"), update("bob", "Bob")]).await;
    let withdrawn = ["ada-1".parse().unwrap()].into();
    let back = Delivery { withdrawn, ..delivery("ada", "Ada King", &[], Intent::Withdraw) };
    let back = export.effects(&[back]).await;
    // then
    assert_eq!(back, [Effect::Withdrawn]);
    let header = "operation,generation,ref,name,phone,title\r\n";
    let file = |number: u32| export.text(&format!("changes-{number:06}.csv"));
    assert_eq!(file(2), format!("{header}update,7,ada,Ada King,+44 7700 900123,Engineer\r\n"));
    assert_eq!(file(3), format!("{header}withdraw,7,ada,Ada King,+44 7700 900123,Engineer\r\n"));
    let names = [
        "changes-000002.csv",
        "changes-000002.manifest.json",
        "changes-000003.csv",
        "changes-000003.manifest.json",
    ];
    assert_eq!(export.names()[1..], names);
    assert_eq!(
        export.effects(&[delivery("ada", "Ada King", &[], Intent::Withdraw)]).await,
        [Effect::Unchanged]
    );
    assert_eq!(export.effects(&[add("ada", "Ada King")]).await, [Effect::Created], "hired again after all");
    assert!(file(4).contains("add,7,ada"));
}

/// `delivery` without a word about the telephone number of the person and the title of the first hire.
fn silent(mut delivery: Delivery) -> Delivery {
    delivery.wanted.person.remove("phone");
    let mut hires = delivery.wanted.hires.values_mut();
    hires.next().unwrap().remove("title");
    drop(hires);
    delivery.changed = vec![FieldKey::Person { field: FieldName::new("name") }];
    delivery
}

#[tokio::test]
async fn a_field_that_an_update_does_not_speak_of_keeps_its_cell() {
    // given a row that HR edited and one that nobody did
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada"), add("bob", "Bob")]).await;
    edit(&export, "bob,Bob,+44 7700 900123,Engineer", "bob,Bob,112,Engineer");
    // when
    export.deliver(&[silent(update("ada", "Ada King")), silent(update("bob", "Robert"))]).await;
    // then
    assert_eq!(
        export.text("roster.csv"),
        "ref,name,phone,title\r\nada,Ada King,+44 7700 900123,Engineer\r\nbob,Robert,112,Engineer\r\n"
    );
}

#[tokio::test]
async fn the_row_of_a_hire_that_joins_says_of_the_person_what_the_other_rows_say() {
    let both = [("ada-1", "Engineer"), ("ada-2", "Lead")];
    for (edited, phone) in [(false, "+44 7700 900123"), (true, "112")] {
        // given
        let export = Export::new("csv", "roster");
        export.deliver(&[add("ada", "Ada")]).await;
        if edited {
            edit(&export, "+44 7700 900123", "112");
        }
        // when a hire joins, and nothing is said of the telephone number
        export.deliver(&[silent(delivery("ada", "Ada", &both, Intent::AddHire))]).await;
        // then
        let rows = format!("ada,Ada,{phone},Engineer\r\nada,Ada,{phone},Lead\r\n");
        assert_eq!(export.text("roster.csv"), format!("ref,name,phone,title\r\n{rows}"));
    }
    // Rows that are not of one mind say nothing: the cell stays empty.
    let export = Export::new("csv", "roster");
    export.deliver(&[delivery("ada", "Ada", &both, Intent::Add)]).await;
    let mut moved = delivery("ada", "Ada", &both[..1], Intent::Update);
    moved.wanted.person.insert(FieldName::new("phone"), Pii::new(Value::Text("112".to_owned())));
    export.deliver(&[moved]).await;
    let third = [("ada-2", "Lead"), ("ada-3", "Head")];
    export.deliver(&[silent(delivery("ada", "Ada", &third, Intent::AddHire))]).await;
    assert!(export.text("roster.csv").contains("ada,Ada,,Head"), "{}", export.text("roster.csv"));
}

#[tokio::test]
async fn a_file_of_changes_shows_the_whole_row_also_where_nothing_was_said_of_a_field() {
    for format in ["csv", "jsonl"] {
        // given
        let export = Export::new(format, "changes");
        export.deliver(&[add("ada", "Ada")]).await;
        // when
        let both = [("ada-1", "Engineer"), ("ada-2", "Lead")];
        export.deliver(&[silent(delivery("ada", "Ada King", &both, Intent::AddHire))]).await;
        // then
        let text = export.text(&format!("changes-000002.{format}"));
        assert_eq!(
            (text.matches("+44 7700 900123").count(), text.matches("Engineer").count()),
            (2, 1),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_link_in_place_of_the_folder_or_a_file_is_not_followed() {
    // given
    let export = Export::new("csv", "roster");
    let elsewhere = export.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, export.path()).unwrap();
    // when, then
    assert_eq!(export.refusal(&[add("ada", "Ada")]).await.kind(), ErrorKind::ConfigInvalid);
    assert_eq!(export.adapter().check().await.unwrap_err().kind(), ErrorKind::ConfigInvalid);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    // given a link in place of a file, once the folder is real
    fs::remove_file(export.path()).unwrap();
    export.deliver(&[add("ada", "Ada")]).await;
    let victim = elsewhere.join("victim");
    fs::write(&victim, "untouched").unwrap();
    fs::remove_file(export.file("roster.manifest.json")).unwrap();
    fs::remove_file(export.file("roster.csv")).unwrap();
    symlink(&victim, export.file("roster.csv")).unwrap();
    symlink(&victim, export.file(".hiresync/staged")).unwrap();
    // when, then
    assert_eq!(export.refusal(&[update("ada", "Ada King")]).await.kind(), ErrorKind::ConfigInvalid);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
}

#[tokio::test]
async fn a_folder_that_others_may_write_to_is_refused() {
    for mode in [0o770, 0o757] {
        let export = Export::new("csv", "roster");
        fs::create_dir(export.path()).unwrap();
        fs::set_permissions(export.path(), fs::Permissions::from_mode(mode)).unwrap();
        let error = export.refusal(&[add("ada", "Ada")]).await;
        assert!(error.kind() == ErrorKind::ConfigInvalid && error.to_string().contains("chmod"), "{error}");
    }
}

#[tokio::test]
async fn a_folder_without_a_parent_is_refused_and_a_check_makes_none() {
    let export = Export::new("csv", "roster");
    let report = export.adapter().check().await.unwrap();
    assert!(matches!(&report.findings[..], [Finding::Good { what }] if what.contains("will be made")));
    assert!(!export.path().exists());
    fs::remove_dir(export.folder.path()).unwrap();
    assert_eq!(export.adapter().check().await.unwrap_err().kind(), ErrorKind::ConfigInvalid);
    assert_eq!(export.refusal(&[add("ada", "Ada")]).await.kind(), ErrorKind::ConfigInvalid);
}

#[tokio::test]
async fn one_folder_has_one_target_and_one_writer() {
    // given
    let export = Export::new("csv", "roster");
    export.deliver(&[add("ada", "Ada")]).await;
    // when
    let other = export.adapter_of("other").deliver(&[add("bob", "Bob")]).await.remove(0).unwrap_err();
    let lock = fs::File::open(export.file(".hiresync/lock")).unwrap();
    lock.lock().unwrap();
    let busy = export.refusal(&[add("bob", "Bob")]).await;
    drop(lock);
    // then
    assert_eq!(other.kind(), ErrorKind::ConfigInvalid);
    assert_eq!(busy.kind(), ErrorKind::Unavailable);
    assert_eq!(export.effects(&[add("bob", "Bob")]).await, [Effect::Created]);
}

#[tokio::test]
async fn ten_thousand_rows_are_rewritten_quickly() {
    // given
    let export = Export::new("csv", "roster");
    let everybody: Vec<Delivery> = (0..10_000).map(|n| add(&format!("contact-{n:05}"), "Somebody")).collect();
    export.deliver(&everybody).await;
    // when
    let started = tokio::time::Instant::now();
    export.deliver(&[update("contact-05000", "Somebody Else")]).await;
    let elapsed = started.elapsed();
    // then: generous, for a debug build on a busy machine
    assert!(elapsed.as_secs() < 5, "{elapsed:?}");
    eprintln!("one of ten thousand rows rewritten in {elapsed:?}");
    assert_eq!(export.text("roster.csv").lines().count(), 10_001);
}

#[tokio::test]
async fn an_adapter_that_only_asks_makes_no_folder_and_refuses_to_deliver() {
    let export = Export::new("csv", "roster");
    let asking = || export.adapter_by("roster", |build| build.asking_only());
    let ada = delivery("ada", "Ada", &[("o1", "Clerk")], Intent::Add);
    asking().check().await.unwrap();
    let answers = asking().deliver(std::slice::from_ref(&ada)).await;
    assert_eq!(answers[0].as_ref().unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(!export.path().exists());
    export.deliver(std::slice::from_ref(&ada)).await;
    let before = export.text("roster.csv");
    let again = delivery("ada", "Another", &[("o1", "Clerk")], Intent::Update);
    assert!(asking().deliver(&[again]).await[0].is_err());
    assert_eq!((export.text("roster.csv"), asking().list(None).await.unwrap().len()), (before, 1));
}
