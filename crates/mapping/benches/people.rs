//! `cargo bench -p mapping`: what a mapping costs. Prints figures, asserts nothing about time:
//!
//! * what a telephone number costs, the first and the others;
//! * 100,000 people through 25 fields: people a second, bytes and allocations a person, and the same for one field, so that
//!   the share of a field is a ratio within one run;
//! * the slowest and the largest of many hostile expressions on hostile people, beside what is allowed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that prints figures and ends where it stands"
)]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
    time::{Duration, Instant},
};

use adapter_sdk::FieldSchema;
use mapping::{Decisions, Mapping, Rules, Tables};
use people::{
    Answer, AnswerValue, Candidacy, Colleague, FullName, Hire, Offer, OpportunityId, Person, Phone,
    PhoneKind, Pii, Posting, Requisition,
};

const PEOPLE: usize = 100_000;

const PERSON: [(&str, &str); 13] = [
    ("employee_ref", "contact"),
    ("full_name", "name.full"),
    ("first_name", "name.given"),
    ("last_name", "name.surname | title"),
    ("suffix", "name.suffix"),
    ("email", "emails | first | lower"),
    ("mobile", "phone('mobile') | e164('GB')"),
    ("home", "phone('home') | default(phone('work'))"),
    ("place", "location"),
    ("born", "answer('Date of birth') | date"),
    ("address", "answer('Home address') | truncate(80)"),
    ("profile", "links | first"),
    ("opportunities", "opportunities | join(';')"),
];
const HIRE: [(&str, &str); 12] = [
    ("hired_on", "hired_at | date"),
    ("first_monday", "offer.start_date | date(next='monday', format='%d.%m.%Y')"),
    ("title", "offer.job_title | default(posting.title)"),
    ("department", "posting.department | lookup('departments', miss='keep')"),
    ("team", "posting.team"),
    ("site", "job_location | replace('London', 'LON')"),
    ("contract", "'P' if posting.commitment == 'Permanent' else 'T'"),
    ("pay", "offer.salary_amount | currency(offer.compensation_currency)"),
    ("grade", "offer.custom_grade | upper"),
    ("requisition", "requisition.code"),
    ("manager", "manager.external_id | default(manager.email)"),
    ("tags", "tags | sort | unique | join(',')"),
];

fn main() {
    telephones();
    ordinary();
    hostile();
}

/// The library reads its metadata at the first number, and compiles a region's rules at the first of that region.
fn telephones() {
    let mapping = compile(&[("mobile", "phone('mobile') | e164('GB')")], &[]);
    let mut person = somebody(1);
    let mut read = |number: &str, times: u32| {
        person.phones = vec![Phone { kind: Some(PhoneKind::Mobile), number: Pii::new(number.to_owned()) }];
        let begun = Instant::now();
        for _ in 0..times {
            black_box(mapping.apply(&person, &BTreeSet::new(), &Decisions::new()));
        }
        begun.elapsed() / times
    };
    println!(
        "telephone numbers: the first {:.1?}, the first of another region {:.1?}, each further one {:.1?}",
        read("020 7946 0018", 1),
        read("+1 202 555 0143", 1),
        read("020 7946 0018", 10_000),
    );
}

fn ordinary() {
    let people: Vec<Person> = (0..1_000).map(somebody).collect();
    let all = compile(&PERSON, &HIRE);
    let one = compile(&PERSON[..1], &[]);
    run("warm-up", &all, &people, PEOPLE / 10);
    let whole = run("25 fields", &all, &people, PEOPLE);
    let single = run("1 field", &one, &people, PEOPLE);
    println!(
        "a person of 25 fields costs {:.1} times one of a single field",
        whole.as_secs_f64() / single.as_secs_f64()
    );
}

fn run(what: &str, mapping: &Mapping, people: &[Person], count: usize) -> Duration {
    let decided = Decisions::new();
    let mut took = Duration::ZERO;
    let spent = allocation_counter::measure(|| {
        let begun = Instant::now();
        for person in people.iter().cycle().take(count) {
            let hires: BTreeSet<&OpportunityId> = person.hires.keys().collect();
            black_box(mapping.apply(person, &hires, &decided));
        }
        took = begun.elapsed();
    });
    #[expect(clippy::cast_precision_loss, reason = "figures are small")]
    let a_second = count as f64 / took.as_secs_f64();
    println!(
        "{what}: {count} people in {took:.2?}, {a_second:.0} a second; {} bytes in {} allocations a person",
        spent.bytes_total / count as u64,
        spent.count_total / count as u64,
    );
    took
}

fn hostile() {
    let long = "é".repeat(4_096);
    let mut person = somebody(1);
    person.name = FullName::new(long.clone());
    person.emails = (0..1_000).map(|_| Pii::new(long.clone())).collect();
    person.location = Some(Pii::new("👨‍👩‍👧‍👦".repeat(320)));
    person.answers = (0..1_000).map(|at| answer("Anything", &long, at)).collect();
    let joined = format!("name.full{}", " ~ name.full".repeat(45));
    let nested = format!("location{}", " | upper | lower | title".repeat(16));
    let expressions = [
        "name.full | title",
        "location | truncate(1000)",
        "emails | join(';')",
        "emails | sort | unique | join",
        "answer('Anything') | replace('é', 'éééééééééé')",
        "name.full | e164('GB')",
        "name.full | name('surname')",
        "emails | first | split('é') | join('éé')",
        joined.as_str(),
        nested.as_str(),
    ];
    let mut slowest = (Duration::ZERO, "");
    let mut largest = (0, "");
    for expression in expressions {
        let mapping = compile(&[("field", expression)], &[]);
        let begun = Instant::now();
        let wanted = mapping.apply(&person, &BTreeSet::new(), &Decisions::new());
        slowest = slowest.max((begun.elapsed(), expression));
        let size = wanted.person.values().map(|value| value.reveal().to_text().len()).sum();
        largest = largest.max((size, expression));
    }
    let shown = |text: &str| text.chars().take(40).collect::<String>();
    println!("hostile: the slowest took {:.2?} (allowed: 10 ms): {}", slowest.0, shown(slowest.1));
    println!("hostile: the largest has {} bytes (allowed: 1048576): {}", largest.0, shown(largest.1));
}

fn compile(person: &[(&str, &str)], hire: &[(&str, &str)]) -> Mapping {
    let departments = BTreeMap::from([("Engineering".to_owned(), "ENG".to_owned())]);
    let tables = Tables::from([("departments".to_owned(), departments)]);
    let open = FieldSchema { open: true, ..FieldSchema::default() };
    Mapping::compile(&Rules::short(person, hire), &tables, &open, chrono_tz::Europe::London).unwrap()
}

fn somebody(n: usize) -> Person {
    let said = |text: &str| Some(text.to_owned());
    let private = |text: String| Pii::new(text);
    let opportunity: OpportunityId = format!("o-{n}").parse().unwrap();
    let mut person = Person::new(format!("c-{n}").parse().unwrap());
    person.name = FullName::new(format!("Ada Maria van der Example-{n}"));
    person.emails = vec![private(format!("Ada{n}@example.com")), private("ada@example.org".to_owned())];
    person.phones = vec![
        Phone { kind: Some(PhoneKind::Home), number: private("020 7946 0123".to_owned()) },
        Phone { kind: Some(PhoneKind::Mobile), number: private(format!("07700 900{:03}", n % 1000)) },
    ];
    person.location = Some(private("London".to_owned()));
    person.links = vec![private("https://example.com/ada".to_owned())];
    person.opportunities =
        [(opportunity.clone(), Candidacy::Hired), ("o-other".parse().unwrap(), Candidacy::Open)].into();
    person.answers = vec![
        answer("Date of birth", "1990-02-03", 1),
        answer("Home address", "1 Example Street, London", 2),
        answer("Anything else?", "No", 3),
    ];
    let mut hire = Hire::new("2026-03-31T23:30:00Z".parse().unwrap());
    hire.tags = vec!["onboarding".to_owned(), "engineering".to_owned()];
    hire.posting = Some(Posting {
        id: "p".to_owned(),
        title: said("Engineer"),
        team: said("Platform"),
        department: said("Engineering"),
        location: said("London"),
        commitment: said("Permanent"),
        ..Posting::default()
    });
    let text = |text: &str| Pii::new(AnswerValue::Text(text.to_owned()));
    hire.offer = Some(Offer {
        id: "f".to_owned(),
        status: "signed".to_owned(),
        start_date: "2026-05-06".parse().ok(),
        fields: [
            ("job_title".to_owned(), text("Senior Engineer")),
            ("salary_amount".to_owned(), Pii::new(AnswerValue::Number(64_000.0))),
            ("compensation_currency".to_owned(), text("GBP")),
            ("custom_grade".to_owned(), text("e4")),
        ]
        .into(),
    });
    hire.requisition = Some(Requisition { code: said("ENG-1"), ..Requisition::default() });
    hire.manager = Some(Colleague {
        id: "u".to_owned(),
        name: None,
        email: Some(private("charles@example.com".to_owned())),
        external_directory_id: None,
    });
    person.hires.insert(opportunity, hire);
    person
}

fn answer(question: &str, text: &str, at: i64) -> Answer {
    Answer {
        opportunity: "o-other".parse().unwrap(),
        posting: Some("onboarding".to_owned()),
        template: None,
        field: None,
        question: question.to_owned(),
        value: Pii::new(AnswerValue::Text(text.to_owned())),
        at: people::Timestamp::from_timestamp(at, 0),
    }
}
