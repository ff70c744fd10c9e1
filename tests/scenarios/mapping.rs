//! What an admin maps: the onboarding form, holds, placeholders, whose hires, and what is asked of Lever for it.

use people::{Clock, SystemClock, Zone};
use sandbox::{ContactId, NewContact, NewPosting, PostingId};
use serde_json::{Value, json};

use crate::harness::World;

/// A world whose target is mapped so; `more` stands in `[targets.roster]`.
fn mapped(more: &str, rules: &str) -> World {
    let world = World::empty();
    let text = world.config_text();
    let (before, _) = text.split_once("[targets.roster.person]").unwrap();
    world.write_config(&format!("{before}{more}\n{rules}"));
    world
}

const ONBOARDING: &str = r#"
[targets.roster.person]
employee_ref = "contact"
last_name    = "name.surname"
birth_date   = { value = "answer('Date of birth') | date", hold = "3 days before start", purpose = "payroll" }
address      = { value = "answer('Home address')", required = true, max_length = 200 }

[targets.roster.hire]
hire_id    = "opportunity"
start_date = "offer.start_date"
"#;

/// The form behind an unlisted posting.
fn onboarding_form(world: &World) -> PostingId {
    world.lever.act(|lever, now| Ok(lever.add_posting(now, NewPosting::unlisted("Onboarding"))))
}

fn fill(world: &World, contact: &ContactId, form: &PostingId, answers: &[(&str, &str, Value)]) {
    world.lever.act(|lever, now| lever.fill_form(now, contact, form, answers));
}

/// 3 February 1990, in Lever's unit.
fn birth_date() -> Value {
    json!(633_999_600_000_u64 - 633_999_600_000_u64 % 86_400_000)
}

#[test]
fn answers_on_an_unlisted_form_reach_the_row_of_the_hire_they_were_given_for_elsewhere() {
    let world = mapped("", ONBOARDING);
    let form = onboarding_form(&world);
    let ada = world.lever.hire("Ada van der Example");
    let answers =
        [("date", "Date of birth", birth_date()), ("textarea", "Home address", json!("1 Example Street"))];
    fill(&world, &ada.contact, &form, &answers);

    world.once(&[]).expect(0);

    let roster = world.roster();
    assert_eq!(roster.rows.len(), 1, "{roster}");
    let row = roster.row(&ada.opportunity);
    assert_eq!((row["birth_date"].as_str(), row["address"].as_str()), ("1990-02-02", "1 Example Street"));
    assert_eq!(row["last_name"], "van der Example");
}

#[test]
fn whoever_lacks_an_answer_is_held_with_a_day_and_goes_out_by_themselves_when_it_arrives() {
    let world = mapped("", ONBOARDING);
    let form = onboarding_form(&world);
    let ada = world.lever.hire("Ada Example");
    let ben = world.lever.hire("Ben Example");
    fill(
        &world,
        &ben.contact,
        &form,
        &[("date", "Date of birth", birth_date()), ("textarea", "Home address", json!("2 Example Street"))],
    );

    let first = world.once(&["--json"]).expect(0).json();
    assert_eq!(first["targets"]["roster"]["held"], 1, "{first}");
    assert_eq!(world.roster().rows.len(), 1, "nobody goes out without what is required");
    let daemon = world.daemon();
    let why = world.ask(&["explain", ada.contact.as_str()]).expect(0);
    let needed = SystemClock.today(Zone::UTC) + chrono::TimeDelta::days(27);
    assert!(why.stdout.contains("birth_date") && why.stdout.contains("address"), "{}", why.stdout);
    assert!(why.stdout.contains(&needed.to_string()), "needed by {needed}: {}", why.stdout);
    daemon.terminate();

    fill(&world, &ada.contact, &form, &[("date", "Date of birth", birth_date())]);
    world.once(&[]).expect(0);
    assert_eq!(world.roster().rows.len(), 1, "half of it is not enough");
    fill(&world, &ada.contact, &form, &[("textarea", "Home address", json!("3 Example Street"))]);
    world.once(&[]).expect(0);

    let roster = world.roster();
    assert_eq!(roster.row(&ada.opportunity)["address"], "3 Example Street");
    assert_eq!((roster.row(&ada.opportunity)["birth_date"].as_str(), roster.rows.len()), ("1990-02-02", 2));
}

#[test]
fn whoever_still_lacks_a_value_when_it_is_due_needs_a_human() {
    let world = mapped("", &ONBOARDING.replace("3 days before start", "6 weeks before start"));
    world.lever.hire("Ada Example");

    world.once(&[]).expect(1).says(&["held"]);
}

#[test]
fn a_hire_that_when_leaves_out_is_not_sent_explain_says_so_and_a_later_yes_sends_it() {
    let rules = "[targets.roster.person]\nemployee_ref = \"contact\"\n[targets.roster.hire]\nhire_id = \"opportunity\"\n";
    let world = mapped("when = \"name.last != 'Outside'\"", rules);
    let ada = world.lever.hire("Ada Example");
    let ben = world.lever.hire("Ben Outside");

    world.once(&[]).expect(0);

    let roster = world.roster();
    assert_eq!((roster.rows.len(), roster.rows_of(&ada.opportunity).len()), (1, 1), "{roster}");
    let daemon = world.daemon();
    world.ask(&["explain", ben.contact.as_str()]).expect(0).says(&["name.last != 'Outside'"]);
    world.ask(&["tasks"]).expect(0);
    daemon.terminate();
    world.lever.act(|lever, now| lever.rename(now, &ben.contact, "Ben Example"));
    world.once(&[]).expect(0);
    assert_eq!(world.roster().rows.len(), 2);
    world.lever.act(|lever, now| lever.rename(now, &ben.contact, "Ben Outside"));
    world.once(&[]).expect(0);
    assert_eq!(world.roster().rows.len(), 2, "what was delivered stays");
    let daemon = world.daemon();
    world.ask(&["tasks"]).expect(0).says(&[ben.contact.as_str(), "`when`"]);
    daemon.terminate();
}

#[test]
fn a_placeholder_goes_out_with_a_task_and_gives_way_to_the_value() {
    let rules = r#"
[targets.roster.person]
employee_ref = "contact"
gender       = { value = "answer('Gender')", placeholder = "U", one_of = ["F", "M", "U"] }
[targets.roster.hire]
hire_id = "opportunity"
"#;
    let world = mapped("", rules);
    let form = onboarding_form(&world);
    let ada = world.lever.hire("Ada Example");

    world.once(&[]).expect(0);

    assert_eq!(world.roster().row(&ada.opportunity)["gender"], "U");
    let daemon = world.daemon();
    let tasks = world.ask(&["tasks"]).expect(0);
    assert!(
        tasks.stdout.contains("gender") && tasks.stdout.contains(ada.contact.as_str()),
        "{}",
        tasks.stdout
    );
    daemon.terminate();
    fill(&world, &ada.contact, &form, &[("dropdown", "Gender", json!("F"))]);
    world.once(&["--full"]).expect(0);
    assert_eq!(world.roster().row(&ada.opportunity)["gender"], "F");
    let daemon = world.daemon();
    let tasks = world.ask(&["tasks"]).expect(0);
    assert!(!tasks.stdout.contains("gender"), "{}", tasks.stdout);
    daemon.terminate();
}

#[test]
fn only_what_is_mapped_is_asked_of_lever() {
    let rules = "[targets.roster.person]\nemployee_ref = \"contact\"\n[targets.roster.hire]\nhire_id = \"opportunity\"\n";
    let world = mapped("", rules);
    for name in ["Ada Example", "Ben Example", "Cay Example"] {
        world.lever.hire(name);
    }

    world.once(&[]).expect(0);

    let figures = world.lever.figures();
    let asked: Vec<String> = figures.by_endpoint.keys().map(ToString::to_string).collect();
    for never in ["offers", "postings", "requisitions", "users", "forms"] {
        assert!(!asked.iter().any(|path| path.contains(never)), "{asked:?}");
    }
    assert_eq!(world.roster().rows.len(), 3);
}

#[test]
fn map_try_shows_where_each_value_comes_from_and_writes_nothing() {
    let world = mapped("", ONBOARDING);
    let form = onboarding_form(&world);
    let ada = world.lever.hire_whom(NewContact::named("Ada van der Example"));
    fill(&world, &ada.contact, &form, &[("date", "Date of birth", birth_date())]);
    let config = world.config();
    let config = config.to_str().unwrap();

    let tried = world.run(&["map", "try", "--config", config, "--contact", ada.contact.as_str()]).expect(0);

    for word in
        ["birth_date", "1990-02-02", "answer('Date of birth')", "van der Example", "address", "required"]
    {
        assert!(tried.stdout.contains(word), "{word} is not in\n{}", tried.stdout);
    }
    assert!(!world.setup.state.exists() && !world.setup.export.exists(), "something was written");
    let listed = world.run(&["map", "fields", "--config", config]).expect(0);
    assert!(
        listed.stdout.contains("offer.start_date") && listed.stdout.contains("birth_date"),
        "{}",
        listed.stdout
    );
    let page = world.run(&["check", "--config", config, "--data-flow"]).expect(0);
    for word in ["payroll", "birth_date", "roster", "offer"] {
        assert!(page.stdout.contains(word), "{word} is not in\n{}", page.stdout);
    }
}
