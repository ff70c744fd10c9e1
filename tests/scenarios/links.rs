//! The staff you have: adopted by old ids or by a reviewed list, before the daemon ever ran and beside it, and doubled never.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, time::Duration};

use sandbox::{
    NewContact,
    cezanne::{Settings, Table},
};
use serde_json::{Value, json};

use crate::harness::{
    Ended,
    cezanne::{Company, KEEPING},
    lever::{Hire, hire},
    wait_until,
};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Somebody of the staff, as HR has them.
struct Somebody {
    name: String,
    email: String,
}

fn staff(company: &Company, code: &str) -> Somebody {
    let account = company.cezanne.account();
    let person = account.person(code).unwrap();
    let rows = account.communications();
    let row = rows.iter().find(|row| row.text("PERSONID") == code).unwrap();
    Somebody {
        name: format!("{} {}", person.text("GIVENNAME"), person.text("FAMILYNAME")),
        email: row.text("EXTERNALEMAILADDRESS").to_owned(),
    }
}

/// Hires somebody of that name and address long before `hired_since`.
fn hired_long_ago(company: &Company, name: &str, email: &str) -> Hire {
    company.world.lever.act(|lever, now| {
        let contact = lever.add_contact(NewContact::named(name).with_email(email));
        hire(lever, now - 90 * DAY, &contact)
    })
}

/// The same, with a private address that HR does not have.
fn unrecognised(company: &Company, name: &str) -> Hire {
    let word = name.split(' ').next().unwrap().to_lowercase();
    hired_long_ago(company, name, &format!("{word}@private.example"))
}

impl Company {
    /// `hiresync links …`, in the ledger itself.
    #[track_caller]
    fn links(&self, args: &[&str]) -> Ended {
        let config = self.world.config();
        let place = ["--target", "cezanne-uk", "--config", config.to_str().unwrap()];
        self.world.run(&[&["links"], args, &place].concat())
    }

    /// The same of the running daemon.
    #[track_caller]
    fn ask_links(&self, args: &[&str]) -> Ended {
        self.world.ask(&[&["links"], args].concat())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.world.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Everything that is over there about people, row by row.
    fn everything(&self) -> BTreeMap<String, Vec<String>> {
        let account = self.cezanne.account();
        let tables = [account.people(), account.communications(), account.employments()];
        let rows = |rows: &Vec<sandbox::cezanne::Record>| rows.iter().map(|row| format!("{row:?}")).collect();
        ["people", "communications", "employments"]
            .into_iter()
            .map(str::to_owned)
            .zip(tables.iter().map(rows))
            .collect()
    }
}

fn codes(answer: &Value) -> Vec<String> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn staff_known_by_old_candidate_ids_are_adopted_before_the_daemon_ever_ran_and_nobody_is_doubled_or_changed()
{
    // given staff: one candidate, one of two, one split, one merged, and rows of every other kind
    let company = Company::new(Settings::default());
    let ada = unrecognised(&company, "Ada Example");
    let ben = unrecognised(&company, "Ben Example");
    let ben_again = company.world.lever.act(|lever, now| hire(lever, now - 80 * DAY, &ben.contact));
    let cy = unrecognised(&company, "Cy Example");
    let (dee, loser) = (unrecognised(&company, "Dee Example"), unrecognised(&company, "Dee Example"));
    let eve = unrecognised(&company, "Eve Example");
    let (fay, gus) = (unrecognised(&company, "Fay Example"), unrecognised(&company, "Gus Example"));
    company.world.lever.act(|lever, now| {
        let posting = lever.postings()[0].id.clone();
        lever.split(now, &cy.opportunity, &posting, Some(now - 70 * DAY))?;
        lever.merge(now, &dee.contact, &loser.contact)
    });
    let list = format!(
        "name,remote_id,candidate_id,contact_id\n\
         Ada,1001,{},\nBen,1002,{},\nBen,1002,{},\nCy,1003,{},\nDee,1004,{},\n\
         Eve,1005,,{}\nNobody,1006,c0ffee00-0000-4000-8000-000000000000,\nNowhere,9999,{},\nFay,1007,{},\nGus,1007,{},\n",
        ada.opportunity, ben.opportunity, ben_again.opportunity, cy.opportunity, loser.opportunity,
        eve.contact, ada.opportunity, fay.opportunity, gus.opportunity,
    )
    .replace(&format!("9999,{}", ada.opportunity), &format!("9999,{}", unrecognised(&company, "Hal Example").opportunity));
    let list = company.write("staff.csv", &list);
    let before = company.everything();

    // when it is tried, and when it is done
    let expected = [
        "linked",
        "linked",
        "already_linked",
        "linked",
        "linked",
        "linked",
        "unknown.lever",
        "unknown.target",
        "conflicting.rows",
        "conflicting.rows",
    ];
    let tried = company.links(&["import", &list, "--dry-run", "--json"]).expect(1).json();
    assert_eq!((codes(&tried), &tried["dry"]), (expected.map(str::to_owned).to_vec(), &json!(true)));
    assert!(!company.world.setup.state.join("store").exists(), "a trial makes no ledger");
    let done = company.links(&["import", &list]).expect(1);
    done.says(&[
        "5 linked, 1 already linked, 2 unknown, 2 conflicting",
        "no record of that id",
        "none of them was taken",
    ]);

    // then the same once more is the same, and the first cycle makes and changes nobody
    let again = company.links(&["import", &list, "--json"]).expect(1).json();
    assert_eq!(again["counts"]["already_linked"], 6, "{again}");
    let linked = company.links(&["list", "--json"]).expect(0).json();
    let linked: BTreeMap<&str, &str> = linked
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["remote"].as_str().unwrap(), line["contact"].as_str().unwrap()))
        .collect();
    let contacts = [("1001", &ada), ("1002", &ben), ("1003", &cy), ("1004", &dee), ("1005", &eve)];
    assert_eq!(linked, contacts.map(|(code, hire)| (code, hire.contact.as_str())).into());
    company.world.once(&[]).expect(0);
    assert_eq!((company.cezanne.writes(), company.everything()), (0, before));

    // and an export is a list that can be imported
    let export = company.links(&["export"]).expect(0).stdout;
    let export = company.write("export.csv", &export);
    let again = company.links(&["import", &export, "--json"]).expect(0).json();
    assert_eq!(again["counts"]["already_linked"], 5, "{again}");
}

#[test]
fn a_file_with_a_fault_and_a_lever_that_fails_in_the_middle_link_nobody() {
    let company = Company::new(Settings::default());
    let (ada, ben) = (unrecognised(&company, "Ada Example"), unrecognised(&company, "Ben Example"));
    let good = format!("remote_id,candidate_id\n1001,{}\n1002,{}\n", ada.opportunity, ben.opportunity);
    let faulty = company.write("faulty.csv", &format!("{good}1003,Cy Example\n"));
    let good = company.write("good.csv", &good);

    company
        .links(&["import", &faulty])
        .expect(65)
        .says(&["line 4, column candidate_id", "Nothing was imported"]);
    company.world.lever.plan_faults("401@/opportunities/:id%100");
    company.links(&["import", &good]).expect(69).says(&["Lever could not be read"]);
    company.world.lever.mend();
    company.cezanne.plan_faults("500@read/People%100");
    company.links(&["import", &good]).expect(69).says(&["nothing was linked"]);
    company.cezanne.mend();
    assert_eq!(company.links(&["list", "--json"]).expect(0).json(), json!([]));

    company.links(&["import", &good]).expect(0);
    assert_eq!(company.links(&["list", "--json"]).expect(0).json().as_array().unwrap().len(), 2);
}

#[test]
fn a_daemon_finds_who_may_be_who_a_human_reviews_the_list_and_one_command_links_it() {
    // given staff with their addresses in Lever: one sure by name, one whose address two people share, one of another name
    let company = Company::new(Settings::default());
    let [one, shared, renamed] = ["1001", "1002", "1003"].map(|code| staff(&company, code));
    let likely = hired_long_ago(&company, &one.name, &one.email);
    let twins = [&shared.name, "Twin Example"].map(|name| hired_long_ago(&company, name, &shared.email));
    let weak = hired_long_ago(&company, "Quite Another", &renamed.email);
    unrecognised(&company, &one.name);
    company.world.once(&[]).expect(0);
    let daemon = company.world.daemon();
    let review = company.world.path("review.csv");

    // when
    let found = company.ask_links(&["find", "--out", review.to_str().unwrap()]).expect(1);

    // then
    found.says(&["5 people looked for: 0 certain, 1 likely, 1 weak, 2 with several", "1 not there"]);
    assert_eq!(fs::metadata(&review).unwrap().permissions().mode() & 0o777, 0o600);
    let list = fs::read_to_string(&review).unwrap();
    assert!(
        list.contains(&format!("1001,{},likely,e-mail address and name agree,,yes", likely.contact)),
        "{list}"
    );
    assert_eq!(list.lines().filter(|line| line.ends_with(",yes")).count(), 1, "{list}");
    for somebody in [&one, &shared, &renamed] {
        assert!(!list.contains(&somebody.email) && !found.stdout.contains(&somebody.email));
    }
    let tasks = company.world.ask(&["tasks"]).expect(0);
    tasks.says(&[
        "1002 (e-mail address and name agree)",
        "1003 (an e-mail address agrees, the name does not)",
    ]);
    company.ask_links(&["import", review.to_str().unwrap()]).expect(0).says(&["1 linked", "3 rows"]);
    tasks.says(&[&format!("hiresync links set {} 1003 --target cezanne-uk", weak.contact)]);
    company.ask_links(&["set", weak.contact.as_str(), "1003"]).expect(0).says(&["1003 in cezanne-uk now"]);
    company.ask_links(&["set", twins[0].contact.as_str(), "1002"]).expect(0);
    company.ask_links(&["set", twins[1].contact.as_str(), "1002"]).expect(1).says(&["linked to contact"]);
    company.ask_links(&["show", weak.contact.as_str()]).expect(0).says(&["is 1003", "said by a human"]);
    let open = company.world.ask(&["tasks", "--json"]).expect(0).json();
    let open: Vec<&str> =
        open.as_array().unwrap().iter().filter_map(|task| task["contact"].as_str()).collect();
    assert_eq!(open, [twins[1].contact.as_str()], "only the other twin is to be decided about");
    daemon.wait_for_status("nothing is marked any more", Duration::from_secs(20), |status| {
        status["marked"].as_u64() == Some(0)
    });
    assert_eq!(company.cezanne.writes(), 0);
}

#[test]
fn levers_ids_go_onto_the_records_that_were_there_before_and_nothing_else_of_them_changes() {
    let company = Company::with(
        Settings::default(),
        &KEEPING
            .replace("[targets.cezanne-uk.keep]", "[targets.cezanne-uk.keep]\nopportunities = \"COMMENTS\""),
    );
    let ada = unrecognised(&company, "Ada Example");
    let ben = unrecognised(&company, "Ben Example");
    company.cezanne.act(|tenant, now| {
        tenant.edit(now, Table::People, &[("PERSONID", "1002")], "COMMENTS", json!("Speaks five languages"))
    });
    let list = format!("remote_id,candidate_id\n1001,{}\n1002,{}\n", ada.opportunity, ben.opportunity);
    let list = company.write("staff.csv", &list);
    company.links(&["import", &list]).expect(0);
    company.world.once(&[]).expect(0);
    let before = company.everything();

    company.links(&["backfill"]).expect(0).says(&["2 records", "COMMENTS"]);
    company.world.once(&[]).expect(0);

    let ids = format!("Lever contact {}, opportunities {}", ada.contact, ada.opportunity);
    let comments = |code: &str| company.cezanne.account().person(code).unwrap().text("COMMENTS").to_owned();
    assert_eq!((comments("1001"), comments("1002").as_str()), (ids, "Speaks five languages"));
    let figures = company.cezanne.account().figures().clone();
    assert_eq!((company.cezanne.writes(), figures.of("POST", "People")), (1, 0), "one record, one write");
    let after = company.everything();
    assert_eq!(after["communications"], before["communications"]);
    assert_eq!(after["employments"], before["employments"]);
    let changed = after["people"].iter().zip(&before["people"]).filter(|(after, before)| after != before);
    assert_eq!(changed.count(), 1);
    company.world.once(&["--full"]).expect(0);
    assert_eq!(company.cezanne.writes(), 1, "once");
}

#[test]
fn a_target_that_keeps_no_ids_says_so_and_a_link_can_be_taken_away_without_anybody_being_made_instead() {
    let company = Company::with(Settings::default(), "");
    let ada = company.world.lever.hire("Ada Example");
    let list = company.write("staff.csv", &format!("remote_id,contact_id\n1001,{}\n", ada.contact));
    company.links(&["import", &list]).expect(0);
    company.links(&["backfill"]).expect(1).says(&["keeps none of Lever's ids", "keep"]);

    company
        .links(&["remove", ada.contact.as_str()])
        .expect(0)
        .says(&["Nothing was deleted", "hiresync retry"]);
    company.links(&["remove", ada.contact.as_str()]).expect(65).says(&["has no link"]);

    company.world.once(&["--full"]).expect(1);
    assert_eq!(company.cezanne.writes(), 0);
    let _daemon = company.world.daemon();
    company.world.ask(&["explain", ada.contact.as_str()]).expect(0).says(&["held.unlinked"]);
    company.world.ask(&["retry", ada.contact.as_str()]).expect(0);
    wait_until("the person was made by order", Duration::from_secs(20), || {
        (company.cezanne.account().figures().of("POST", "People") == 1).then_some(())
    });
}
