//! The first day in a company that has had its HR system for years: import, find, plan, sign-off, apply, backfill.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
};

use sandbox::{NewContact, cezanne::Settings};

use crate::harness::{
    Ended,
    cezanne::{Company, KEEPING},
    lever::{Hire, hire},
};

const DAY: u64 = 24 * 60 * 60 * 1000;
/// Staff by what is known of them; the codes go from 1001 to 1400.
const KNOWN: Range<u32> = 1001..1121;
const TWICE: Range<u32> = 1001..1031;
const MERGED: Range<u32> = 1031..1041;
const FOUND: Range<u32> = 1121..1336;
const AMBIGUOUS: Range<u32> = 1336..1341;

/// A row of the tenant, by the code of its person.
type Rows = BTreeMap<String, String>;

struct Firm {
    company: Company,
    /// `remote_id,candidate_id`, as an older integration kept them.
    old_ids: String,
}

impl Firm {
    fn new() -> Firm {
        let more = KEEPING
            .replace("[targets.cezanne-uk.keep]", "[targets.cezanne-uk.keep]\nopportunities = \"COMMENTS\"");
        let company = Company::with(Settings { staff: 400, ..Settings::default() }, &more);
        let mut old_ids = "remote_id,candidate_id\n".to_owned();
        let named = Firm::staff(&company);
        for code in KNOWN {
            let code_text = code.to_string();
            let (name, _) = &named[&code_text];
            // HR has the address of the firm, Lever the private one.
            let private = format!("known-{code}@private.example");
            let first = Firm::hired_long_ago(&company, name, &private);
            let mut ids = vec![first.opportunity.to_string()];
            if TWICE.contains(&code) {
                let again = company.world.lever.act(|lever, now| hire(lever, now - 80 * DAY, &first.contact));
                ids.push(again.opportunity.to_string());
            }
            if MERGED.contains(&code) {
                let survivor = Firm::hired_long_ago(&company, name, &private);
                company.world.lever.act(|lever, now| lever.merge(now, &survivor.contact, &first.contact));
            }
            ids.iter().for_each(|id| old_ids.push_str(&format!("{code},{id}\n")));
        }
        for code in FOUND {
            let (name, email) = &named[&code.to_string()];
            Firm::hired_long_ago(&company, name, email);
        }
        for code in AMBIGUOUS {
            // The address is theirs, the name is another.
            let (_, email) = &named[&code.to_string()];
            Firm::hired_long_ago(&company, "Quite Another", email);
        }
        Firm { company, old_ids }
    }

    /// Name and address of each, as HR has them.
    fn staff(company: &Company) -> BTreeMap<String, (String, String)> {
        let account = company.cezanne.account();
        let emails: BTreeMap<String, String> = account
            .communications()
            .iter()
            .map(|row| (row.text("PERSONID").to_owned(), row.text("EXTERNALEMAILADDRESS").to_owned()))
            .collect();
        let named = account.people();
        let one = |row: &sandbox::cezanne::Record| {
            let code = row.text("PERSONID").to_owned();
            let name = format!("{} {}", row.text("GIVENNAME"), row.text("FAMILYNAME"));
            let email = emails.get(&code).cloned().unwrap_or_default();
            (code, (name, email))
        };
        named.iter().map(one).collect()
    }

    fn hired_long_ago(company: &Company, name: &str, email: &str) -> Hire {
        company.world.lever.act(|lever, now| {
            let contact = lever.add_contact(NewContact::named(name).with_email(email));
            hire(lever, now - 90 * DAY, &contact)
        })
    }

    /// A command on the ledger itself: no daemon runs yet.
    fn run(&self, words: &[&str]) -> Ended {
        let config = self.company.world.config();
        self.company.world.run(&[words, &["--config", config.to_str().unwrap()]].concat())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.company.world.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// People, and all else, row by row; of people what is kept in comments stands apart.
    fn rows(&self) -> (Rows, Rows, BTreeSet<String>) {
        let account = self.company.cezanne.account();
        let mut people = Rows::new();
        let mut comments = Rows::new();
        for row in account.people() {
            let comment = row.text("COMMENTS").to_owned();
            let rest = row.fields.iter().filter(|(name, _)| *name != "COMMENTS");
            people.insert(row.text("PERSONID").to_owned(), format!("{:?}", rest.collect::<Vec<_>>()));
            comments.insert(row.text("PERSONID").to_owned(), comment);
        }
        let others = [account.communications(), account.employments()].concat();
        (people, comments, others.iter().map(|row| format!("{:?}", row.fields)).collect())
    }
}

#[test]
fn on_the_first_day_four_hundred_are_recognised_three_are_new_and_nothing_of_hrs_is_written_over() {
    let firm = Firm::new();
    let (people, comments, others) = firm.rows();
    assert_eq!(people.len(), 400);

    // given: old ids are imported, the rest is looked for, a human reviews and confirms the list
    let list = firm.write("old-ids.csv", &firm.old_ids);
    let imported = firm.run(&["links", "import", &list, "--json"]).expect(0).json();
    assert_eq!(
        (&imported["counts"]["linked"], &imported["counts"]["already_linked"]),
        (&KNOWN.len().into(), &TWICE.len().into()),
        "{}",
        imported["counts"]
    );
    let review = firm.company.world.path("review.csv");
    let review = review.to_str().unwrap();
    let found = firm.run(&["links", "find", "--out", review, "--json"]).expect(1).json();
    let counted = |strength: &str| {
        let matches = found["matches"].as_array().unwrap().iter();
        matches.filter(|one| one["strength"] == strength).count()
    };
    assert_eq!(counted("likely") + counted("weak"), FOUND.len() + AMBIGUOUS.len());
    assert!(counted("likely") >= 200 && counted("weak") >= 5, "{} likely", counted("likely"));
    // Names that HR splits otherwise are weak: whoever reviews the list says yes to them, and to none of the five.
    let reviewed: Vec<String> = fs::read_to_string(review).unwrap().lines().map(confirmed).collect();
    fs::write(review, reviewed.join("\n")).unwrap();
    firm.run(&["links", "import", review]).expect(0).says(&["215 linked"]);

    // and three are hired on that day, of whom the plan names each and nobody else
    let new = ["Ada Example", "Ben Example", "Cleo Example"].map(|name| firm.company.world.lever.hire(name));
    let file = firm.company.world.path("first-day.plan");
    let file = file.to_str().unwrap();
    let planned = firm.run(&["plan", "--out", file, "--json"]).expect(0).json();
    let touched: BTreeSet<&str> = planned["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["decision"] != "nothing")
        .map(|change| change["contact"].as_str().unwrap())
        .collect();
    assert_eq!(touched, new.iter().map(|hire| hire.contact.as_str()).collect());
    assert_eq!(firm.company.cezanne.writes(), 0, "until here nothing was written");

    // when it is signed off
    firm.run(&["apply", file]).expect(0);

    // then
    let (people_then, comments_then, others_then) = firm.rows();
    assert_eq!(
        (people_then.len(), people_then.keys().filter(|code| people.contains_key(*code)).count()),
        (403, 400)
    );
    assert!(people.iter().all(|(code, row)| people_then[code] == *row), "nobody of the staff was changed");
    assert!(
        comments.iter().all(|(code, text)| comments_then[code] == *text) && others.is_subset(&others_then)
    );
    assert_eq!(
        others_then.len(),
        others.len() + 6,
        "contact details and one employment for each of the three"
    );
    let tasks = firm.duplicates();
    assert_eq!(tasks, AMBIGUOUS.len(), "a task only for the ambiguous");

    // and the ids of Lever go onto the records that were there, and nothing else
    let writes = firm.company.cezanne.writes();
    firm.run(&["links", "backfill", "--target", "cezanne-uk"]).expect(0).says(&["335 records"]);
    firm.company.world.once(&[]).expect(0);
    let (backfilled, comments_now, others_now) = firm.rows();
    let with_ids =
        |comments: &Rows| comments.values().filter(|text| text.starts_with("Lever contact ")).count();
    assert_eq!(with_ids(&comments_now) - with_ids(&comments_then), 335);
    assert_eq!(firm.company.cezanne.writes() - writes, 335, "one write for each");
    assert!(people_then.iter().all(|(code, row)| backfilled[code] == *row) && others_now == others_then);

    // and from then on nothing is left to do
    let writes = firm.company.cezanne.writes();
    firm.company.world.once(&["--full"]).expect(0);
    assert_eq!((firm.company.cezanne.writes(), firm.duplicates()), (writes, tasks));
}

/// A line of the review, with a yes for whoever is meant to be found.
fn confirmed(line: &str) -> String {
    let code = line.split(',').next().unwrap().parse::<u32>();
    match line.strip_suffix(',') {
        Some(open) if code.is_ok_and(|code| FOUND.contains(&code)) => format!("{open},yes"),
        _ => line.to_owned(),
    }
}

impl Firm {
    /// Open tasks about possible duplicates, as a daemon shows them.
    fn duplicates(&self) -> usize {
        let _daemon = self.company.world.daemon();
        let tasks = self.company.world.ask(&["tasks", "--json"]).expect(0).json();
        let tasks = tasks.as_array().unwrap();
        let open = tasks.iter().filter(|task| task["done_at"].is_null());
        let (duplicates, others): (Vec<_>, Vec<_>) =
            open.partition(|task| task["kind"] == "possible_duplicate");
        let kinds: BTreeSet<&str> = others.iter().map(|task| task["kind"].as_str().unwrap()).collect();
        let of_new = ["correct_placeholder", "new_starter"].into();
        assert!(kinds.is_subset(&of_new), "{kinds:?}");
        duplicates.len()
    }
}
