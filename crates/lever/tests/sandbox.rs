//! Lever's source against the pretend Lever, which was written by others from the same reference. Byte level, paused time.
#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use engine::{Cursor, Needs, News, Reading, Sighting, Source, Sweep, Then, Whom};
use http::{Failure, Request, Response, Transport, Way};
use lever::{Lever, LinkPattern, Own, Settings};
use people::{
    Answer, AnswerValue, Band, Candidacy, Clock, ContactId, OpportunityId, Person, Pii, Requisition, Secret,
    Timestamp, Withheld,
};
use sandbox::{Fault, Sending};
use tokio::time::Instant;

/// 1 January 2026.
const BEGIN_MS: u64 = 1_767_225_600_000;

/// The pretend Lever behind a transport, on tokio's clock.
struct Pretend {
    lever: Mutex<sandbox::Lever>,
    began: Instant,
    /// The path of each request, in order.
    asked: Mutex<Vec<String>>,
}

impl Pretend {
    fn now_ms(&self) -> u64 {
        BEGIN_MS + u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn change<T>(&self, change: impl FnOnce(&mut sandbox::Lever, u64) -> T) -> T {
        change(&mut self.lever.lock().unwrap(), self.now_ms())
    }

    /// What was asked for since somebody looked last, as the words of the paths after `/v1`.
    fn asked(&self) -> Vec<Vec<String>> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let words = |path: String| path.split('/').skip(2).map(str::to_owned).collect();
        asked.into_iter().map(words).collect()
    }
}

impl fmt::Debug for Pretend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pretend")
    }
}

#[async_trait]
impl Transport for Pretend {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let mut asked = sandbox::Request::new(request.method.as_str(), request.url.as_str());
        asked.headers =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        asked.body = request.body;
        self.asked.lock().unwrap().push(request.url.path().to_owned());
        tokio::time::advance(Duration::from_millis(40)).await;
        let reply = self.change(|lever, now| lever.handle(now, &asked));
        match reply.sending {
            Sending::Whole if reply.body.len() > request.body_max => Err(Failure::TooLong),
            Sending::Whole => Ok(Response {
                status: reply.status,
                headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                body: reply.body,
            }),
            Sending::Hang | Sending::Slowly => {
                tokio::time::advance(request.deadline).await;
                Err(Failure::Unanswered("deadline".to_owned()))
            }
            Sending::Cut { .. } | Sending::Nothing => Err(Failure::Unanswered("cut".to_owned())),
        }
    }
}

/// Our own clock, a day off: nothing may depend on it.
#[derive(Debug)]
struct Wrong;

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp_millis(1_767_225_600_000 + 86_400_000).unwrap()
    }
}

const ALL: Needs = Needs {
    offers: true,
    postings: true,
    requisitions: true,
    requisition_details: true,
    users: true,
    forms: true,
};

fn set_up(people: usize, confidential: bool) -> (Lever, Arc<Pretend>) {
    set_up_for(ALL, people, confidential)
}

fn set_up_for(needs: Needs, people: usize, confidential: bool) -> (Lever, Arc<Pretend>) {
    set_up_with(people, |settings| Settings { confidential, needs, ..settings })
}

fn set_up_with(people: usize, change: impl FnOnce(Settings) -> Settings) -> (Lever, Arc<Pretend>) {
    let settings = sandbox::Settings { page_size_max: 7, ..sandbox::Settings::default() };
    let key = settings.api_key.clone();
    let lever = sandbox::Lever::seeded(settings, people, BEGIN_MS);
    let pretend =
        Arc::new(Pretend { lever: Mutex::new(lever), began: Instant::now(), asked: Mutex::default() });
    let base = http::check_base("http://127.0.0.1:1/v1").unwrap();
    let settings = change(Settings::new(base, Secret::new(key)));
    (Lever::new(settings, Way::whole(Arc::<Pretend>::clone(&pretend)), Arc::new(Wrong), 1), pretend)
}

async fn sweep(lever: &Lever, sweep: &Sweep) -> Result<(Vec<Sighting>, Cursor), adapter_sdk::Error> {
    let mut sightings = Vec::new();
    let mut token = None;
    loop {
        let page = lever.sweep(sweep, token.take()).await?;
        sightings.extend(page.sightings);
        match page.then {
            Then::More(next) => token = Some(next),
            Then::Done(cursor) => return Ok((sightings, cursor)),
        }
    }
}

/// Reads whomever a sweep saw hired, each until it is not `Failed`.
async fn people(lever: &Lever, sightings: &[Sighting]) -> BTreeMap<ContactId, Person> {
    let mut open: BTreeMap<ContactId, Whom> = BTreeMap::new();
    for sighting in sightings.iter().filter(|sighting| sighting.candidacy == Candidacy::Hired) {
        let whom = Whom { contact: sighting.contact.clone(), known: Vec::new() };
        open.entry(sighting.contact.clone()).or_insert(whom).known.push(sighting.opportunity.clone());
    }
    let mut people = BTreeMap::new();
    while !open.is_empty() {
        let who: Vec<Whom> = open.values().cloned().collect();
        let Ok(readings) = lever.read(&who).await else { continue };
        assert_eq!(readings.len(), who.len());
        for (contact, reading) in readings {
            match reading {
                Reading::Failed(_) => continue,
                Reading::Person(person) => drop(people.insert(contact.clone(), *person)),
                Reading::Anonymised => {}
                other => panic!("{other:?}"),
            }
            open.remove(&contact);
        }
    }
    people
}

/// What the account really holds of everybody hired whom we may see.
fn assert_true(people: &BTreeMap<ContactId, Person>, pretend: &Pretend, confidential: bool) {
    let truth = pretend.change(|lever, _| lever.hired());
    let truth: Vec<_> = truth
        .into_iter()
        .filter(|hired| !hired.is_anonymized && (confidential || !hired.is_confidential))
        .collect();
    assert_eq!(people.values().map(|person| person.hires.len()).sum::<usize>(), truth.len());
    for hired in truth {
        let person = &people[hired.contact.as_str()];
        let hire = &person.hires[hired.opportunity.as_str()];
        assert_eq!(person.name.full(), hired.name);
        assert!(person.emails.iter().map(|email| email.reveal()).eq(&hired.emails));
        assert_eq!(hire.hired_at.timestamp_millis() as u64, hired.hired_at);
        let applied = pretend.change(|lever, _| {
            let application = lever.opportunity(&hired.opportunity).unwrap().application.as_ref()?;
            application.archived.as_ref().map(|archived| archived.at)
        });
        assert_eq!(hire.applied_hired_at.map(|at| at.timestamp_millis() as u64), applied);
        let posting = hire
            .posting
            .as_ref()
            .map(|posting| (posting.title.clone(), posting.tags.clone(), posting.state.clone()));
        let wanted =
            hired.posting.map(|posting| (Some(posting.title), posting.tags, Some(posting.state.to_owned())));
        assert_eq!(posting, wanted);
        assert_eq!(hire.requisition.is_some(), hired.requisition.is_some());
        if let (Some(read), Some(truth)) = (&hire.requisition, &hired.requisition) {
            assert_requisition(read, truth);
        }
        let forms = pretend.change(|lever, _| lever.opportunity(&hired.opportunity).unwrap().forms.clone());
        assert_eq!(said_on(&hire.forms), wanted_of(&forms));
        assert_eq!(hire.withheld, Withheld::default());
        if let Some(start) = hired.start_date {
            let day = Timestamp::from_timestamp_millis(start as i64).unwrap().date_naive();
            assert_eq!(hire.offer.as_ref().unwrap().start_date, Some(day));
        }
    }
}

fn assert_requisition(read: &Requisition, truth: &sandbox::Requisition) {
    assert_eq!((read.id.as_str(), read.code.as_deref()), (truth.id.as_str(), Some(truth.code.as_str())));
    assert_eq!(read.name.as_deref(), Some(truth.name.as_str()));
    assert_eq!(
        (&read.team, &read.department, &read.location, &read.employment_status),
        (&truth.team, &truth.department, &truth.location, &truth.employment_status)
    );
    let band = |band: &Band| (band.min, band.max, band.currency.clone(), band.interval.clone());
    let of_truth = |band: &sandbox::Band| {
        let text = |word: &str| Some(word.to_owned());
        (Some(band.min as f64), Some(band.max as f64), text(band.currency), text(band.interval))
    };
    assert_eq!(read.band.as_ref().map(band), truth.band.as_ref().map(of_truth));
    let flat: usize = truth
        .custom_fields
        .as_object()
        .unwrap()
        .values()
        .map(|value| value.as_object().map_or(1, |of| of.len()))
        .sum();
    assert_eq!(read.custom.len(), flat);
    if truth.code == "ENG-214" {
        let value = |name: &str| read.custom[name].reveal().clone();
        assert_eq!(value("cost_center"), AnswerValue::Text("4711".to_owned()));
        assert_eq!(value("approver_employee_id"), AnswerValue::Text("E1002".to_owned()));
        assert_eq!(value("approved_date"), AnswerValue::Day("2018-01-31".parse().unwrap()));
    }
}

type Said = Vec<(Option<String>, Option<String>, String, Option<i64>, AnswerValue)>;

fn said_on(answers: &[Answer]) -> Said {
    let mut said: Said = answers
        .iter()
        .map(|answer| {
            let at = answer.at.map(|at| at.timestamp_millis());
            let value = answer.value.reveal().clone();
            (answer.template.clone(), answer.field.clone(), answer.question.clone(), at, value)
        })
        .collect();
    said.sort_by(|one, other| format!("{one:?}").cmp(&format!("{other:?}")));
    said
}

/// What is on the forms that were not deleted.
fn wanted_of(forms: &[sandbox::Form]) -> Said {
    let mut said: Said = forms
        .iter()
        .filter(|form| form.deleted_at.is_none())
        .flat_map(|form| form.fields.iter().map(move |field| (form, field)))
        .map(|(form, field)| {
            let at = i64::try_from(form.completed_at.unwrap_or(form.created_at)).unwrap();
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let value = match field.kind.as_str() {
                _ if field.value.is_null() || field.value == "" => AnswerValue::Blank,
                "file-upload" => AnswerValue::Blank,
                "date" => {
                    let moment = Timestamp::from_timestamp_millis(field.value.as_i64().unwrap()).unwrap();
                    AnswerValue::Day(moment.date_naive())
                }
                "currency" => AnswerValue::Number(field.value.as_f64().unwrap()),
                "multiple-select" => {
                    AnswerValue::Several(field.value.as_array().unwrap().iter().map(text).collect())
                }
                _ => AnswerValue::Text(text(&field.value)),
            };
            (Some(form.template.clone()), Some(field.id.clone()), field.text.clone(), Some(at), value)
        })
        .collect();
    said.sort_by(|one, other| format!("{one:?}").cmp(&format!("{other:?}")));
    said
}

#[tokio::test(start_paused = true)]
async fn everybody_hired_is_found_and_read_as_the_account_has_them() {
    for confidential in [false, true] {
        let (lever, pretend) = set_up(400, confidential);
        let (sightings, cursor) = sweep(&lever, &Sweep::Full).await.unwrap();
        let people = people(&lever, &sightings).await;
        assert!(people.len() > 20, "{} people", people.len());
        assert_true(&people, &pretend, confidential);
        assert!(cursor.0.contains(&(BEGIN_MS - 15 * 60_000).to_string()), "{cursor:?}");
        let figures = pretend.change(|lever, _| lever.figures().clone());
        assert!(figures.most_in_a_second <= 10 && figures.writes == 0);
        assert_eq!(figures.by_status.keys().collect::<Vec<_>>(), [&200], "{:?}", figures.by_status);
        assert_eq!(figures.requests, lever.usage().requests);
        assert!((-86_400..-80_000).contains(&lever.usage().skew_seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_sweep_sees_hires_un_hires_renames_and_merges_and_nothing_else_of_old() {
    let (lever, pretend) = set_up(200, false);
    let (_, cursor) = sweep(&lever, &Sweep::Full).await.unwrap();
    tokio::time::advance(Duration::from_secs(3600)).await;
    let hired = pretend.change(|lever, _| lever.hired());
    let mut hired = hired.into_iter().filter(|hired| !hired.is_confidential && !hired.is_anonymized);
    let (un_hired, renamed, loser, winner) =
        (hired.next().unwrap(), hired.next().unwrap(), hired.next().unwrap(), hired.next_back().unwrap());
    let new = pretend.change(|lever, now| {
        let contact = lever.add_contact(sandbox::NewContact::named("Ada Example"));
        let opportunity = lever.add_opportunity(now, &contact, None).unwrap();
        lever.hire(now + 1, &opportunity).unwrap();
        lever.unarchive(now + 2, &un_hired.opportunity).unwrap();
        lever.rename(now + 3, &renamed.contact, "Zoë Renamed").unwrap();
        lever.merge(now + 4, &winner.contact, &loser.contact).unwrap();
        opportunity
    });
    tokio::time::advance(Duration::from_secs(60)).await;

    let (sightings, _) = sweep(&lever, &Sweep::Since(cursor)).await.unwrap();
    let seen = |id: &str| sightings.iter().find(|sighting| sighting.opportunity.as_str() == id).unwrap();
    assert_eq!(seen(new.as_str()).candidacy, Candidacy::Hired);
    assert_eq!(seen(un_hired.opportunity.as_str()).candidacy, Candidacy::Open);
    assert_eq!(seen(loser.opportunity.as_str()).contact.as_str(), winner.contact.as_str());
    seen(renamed.opportunity.as_str());

    let lost = Whom {
        contact: loser.contact.as_str().parse().unwrap(),
        known: vec![loser.opportunity.as_str().parse().unwrap()],
    };
    let readings = lever.read(&[lost]).await.unwrap();
    assert!(
        matches!(&readings[0].1, Reading::Moved { to } if to.as_str() == winner.contact.as_str()),
        "{readings:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn through_faults_of_every_kind_nobody_is_lost_and_nothing_is_made_up() {
    for fault in
        ["429", "500", "503", "html", "half", "cut", "close", "lost", "hang", "slow", "nonext", "offset"]
    {
        let (lever, pretend) = set_up(120, false);
        let kind = Fault::parse(fault).unwrap_or_else(|_| panic!("{fault}"));
        pretend.change(|lever, _| lever.add_fault(kind.times(400).percent(30)));
        let mut attempts = 0;
        let sightings = loop {
            attempts += 1;
            match sweep(&lever, &Sweep::Full).await {
                Ok((sightings, _)) => break sightings,
                Err(_) if attempts < 50 => {}
                Err(error) => panic!("{fault}: {}", error.chain()),
            }
        };
        let people = people(&lever, &sightings).await;
        assert_true(&people, &pretend, false);
        let figures = pretend.change(|lever, _| lever.figures().clone());
        assert!(figures.faults > 0 && figures.most_in_a_second <= 10, "{fault}: {figures:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_behind_an_unlisted_posting_is_an_answer_of_the_person_and_a_profile_form_one_of_the_hire() {
    let (lever, pretend) = set_up(0, false);
    let (contact, hired, second) = pretend.change(|lever, now| {
        let contact = lever.add_contact(sandbox::NewContact::named("Ada Example"));
        let job = lever.postings()[0].id.clone();
        let hired = lever.add_opportunity(now, &contact, Some(&job)).unwrap();
        lever.hire(now + 1, &hired).unwrap();
        let posting = lever.add_posting(now, sandbox::NewPosting::unlisted("Your first day"));
        let answers = [("text", "Bank", "Example Bank".into())];
        let second = lever.fill_form(now + 2, &contact, &posting, &answers).unwrap();
        lever.fill_profile_form(now + 3, &hired, "Onboarding", &[("text", "Desk", "4.12".into())]).unwrap();
        (contact, hired, second)
    });
    tokio::time::advance(Duration::from_secs(60)).await;
    let (sightings, _) = sweep(&lever, &Sweep::Full).await.unwrap();
    let person = &people(&lever, &sightings).await[contact.as_str()];
    assert_eq!(person.opportunities[second.as_str()], Candidacy::Open);
    let on = |answers: &[Answer]| -> Vec<(String, String)> {
        answers.iter().map(|answer| (answer.opportunity.to_string(), answer.question.clone())).collect()
    };
    assert_eq!(on(&person.answers), [(second.to_string(), "Bank".to_owned())]);
    assert_eq!(on(&person.hires[hired.as_str()].forms), [(hired.to_string(), "Desk".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn forms_and_requisitions_that_may_not_be_read_are_withheld_and_nobody_is_held_back() {
    for (fault, of_forms) in
        [("403@/opportunities/:id/forms%100", true), ("403@/requisitions/:id%100", false)]
    {
        let (lever, pretend) = set_up(60, false);
        pretend.change(|lever, _| {
            Fault::parse_list(fault).unwrap().into_iter().for_each(|kind| lever.add_fault(kind))
        });
        let (sightings, _) = sweep(&lever, &Sweep::Full).await.unwrap();
        let people = people(&lever, &sightings).await;
        let hires: Vec<_> = people.values().flat_map(|person| person.hires.values()).collect();
        assert!(hires.len() > 10 && hires.iter().any(|hire| hire.requisition.is_some()));
        for hire in hires {
            let withheld = if of_forms {
                Withheld { forms: true, ..Withheld::default() }
            } else {
                Withheld { requisition: hire.requisition.is_some(), ..Withheld::default() }
            };
            assert_eq!(hire.withheld, withheld);
            assert!(!of_forms || hire.forms.is_empty());
            assert!(hire.requisition.as_ref().is_none_or(|requisition| requisition.code.is_some()));
        }
    }
}

/// Every combination of the six flags.
fn combinations() -> impl Iterator<Item = Needs> {
    (0..64_u8).map(|bits| {
        let flag = |nth: u8| bits >> nth & 1 == 1;
        Needs {
            offers: flag(0),
            postings: flag(1),
            requisitions: flag(2),
            requisition_details: flag(3),
            users: flag(4),
            forms: flag(5),
        }
    })
}

#[tokio::test(start_paused = true)]
async fn nothing_is_ever_asked_for_that_is_not_needed_and_nothing_of_anybody_who_was_not_hired() {
    for needs in combinations() {
        let (lever, pretend) = set_up_for(needs, 90, false);
        let truth = pretend.change(|lever, _| lever.hired());
        let seen: Vec<_> =
            truth.iter().filter(|hired| !hired.is_confidential && !hired.is_anonymized).collect();
        let all: BTreeSet<&str> = seen.iter().map(|hired| hired.opportunity.as_str()).collect();

        lever.check().await.unwrap();
        // One object of each sort, or one page of a list, and of a hire where it belongs to one.
        for path in pretend.asked() {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let is_needed = match path[..] {
                ["archive_reasons" | "opportunities"] | ["contacts", _] => true,
                ["opportunities", of, "offers"] => needs.offers && all.contains(of),
                ["opportunities", of, "forms"] => needs.forms && all.contains(of),
                ["postings"] => needs.postings,
                ["requisitions"] => needs.requisitions || needs.requisition_details,
                ["users"] => needs.users,
                _ => false,
            };
            assert!(is_needed, "{needs:?}: {path:?}");
        }

        let (sightings, _) = sweep(&lever, &Sweep::Full).await.unwrap();
        assert_eq!(
            people(&lever, &sightings).await.values().map(|person| person.hires.len()).sum::<usize>(),
            all.len()
        );
        let mut asked: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let paths = pretend.asked();
        for path in &paths {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let (what, of) = match path[..] {
                ["archive_reasons"] | ["opportunities"] => continue,
                ["opportunities", of, what @ ("offers" | "forms")] => (what, of),
                [what @ ("postings" | "requisitions" | "users"), of] => (what, of),
                // /eeo, /feedback, /resumes, /files, /notes and whatever else there is.
                _ => panic!("{needs:?}: {path:?}"),
            };
            asked.entry(what).or_default().push(of.to_owned());
        }
        // Codes come with the hires here: there is nothing to ask for where only they are mapped.
        let requisitions: BTreeSet<&str> = seen
            .iter()
            .filter_map(|hired| hired.requisition.as_ref())
            .map(|requisition| requisition.id.as_str())
            .collect();
        let postings: BTreeSet<&str> = seen
            .iter()
            .filter_map(|hired| hired.posting.as_ref())
            .map(|posting| posting.id.as_str())
            .collect();
        assert!(requisitions.len() > 2 && postings.len() > 5 && all.len() > 20);
        for (what, is_needed, wanted) in [
            ("offers", needs.offers, &all),
            ("forms", needs.forms, &all),
            ("postings", needs.postings, &postings),
            ("requisitions", needs.requisition_details, &requisitions),
        ] {
            let of = asked.remove(what).unwrap_or_default();
            let distinct: BTreeSet<&str> = of.iter().map(String::as_str).collect();
            let none = BTreeSet::new();
            assert_eq!(distinct, *if is_needed { wanted } else { &none }, "{needs:?}: {what}");
            assert_eq!(of.len(), distinct.len(), "{needs:?}: {what}, each once");
        }
        assert_eq!(asked.remove("users").is_some(), needs.users);
        assert!(asked.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_is_learnt_however_long_ago_it_was_asked_for_last() {
    let (lever, pretend) = set_up(80, false);
    let (_, cursor) = sweep(&lever, &Sweep::Full).await.unwrap();
    let mut gone = BTreeSet::new();
    for months in 0..3 {
        let hired = pretend.change(|lever, _| lever.hired().swap_remove(months).opportunity);
        pretend.change(|lever, now| lever.delete(now, &hired)).unwrap();
        gone.insert(hired.as_str().parse::<OpportunityId>().unwrap());
        tokio::time::advance(Duration::from_secs(31 * 86_400)).await;
    }
    sweep(&lever, &Sweep::Since(cursor.clone())).await.unwrap();
    pretend.asked();
    let deleted = lever.deleted(&cursor).await.unwrap();
    assert_eq!((deleted.opportunities, pretend.asked().len()), (gone, 4));
    let later = lever.deleted(&deleted.cursor).await.unwrap();
    assert_eq!((later.opportunities.len(), pretend.asked().len()), (0, 1));
}

const LINK: &str = "https://hr.example/p/17";

fn news(hire: &sandbox::Hired) -> News {
    News {
        contact: hire.contact.as_str().parse().unwrap(),
        hires: BTreeSet::from([hire.opportunity.as_str().parse().unwrap()]),
        tag: Some("in HR".to_owned()),
        link: Some(LINK.to_owned()),
        note: Some("Record 17".to_owned()),
    }
}

fn writing() -> (Lever, Arc<Pretend>, sandbox::Hired) {
    let own = Own {
        tags: vec!["in HR".to_owned()],
        links: vec![LinkPattern::new("https://hr.example/p/{record}")],
        notes: true,
    };
    let (lever, pretend) = set_up_with(60, |settings| Settings { own, ..settings });
    let hired = pretend.change(|lever, _| lever.hired());
    let hire = hired.into_iter().find(|hired| !hired.is_confidential && !hired.is_anonymized).unwrap();
    (lever, pretend, hire)
}

/// Tags, links and notes of ours that it carries.
fn carried(pretend: &Pretend, hire: &sandbox::Hired) -> [usize; 3] {
    pretend.change(|lever, _| {
        let opportunity = lever.opportunity(&hire.opportunity).unwrap();
        let links = &lever.contact(&opportunity.contact).unwrap().links;
        [
            opportunity.tags.iter().filter(|tag| *tag == "in HR").count(),
            links.iter().filter(|link| *link == LINK).count(),
            opportunity.notes.iter().filter(|note| note.value == "Record 17").count(),
        ]
    })
}

#[tokio::test(start_paused = true)]
async fn a_hire_is_told_once_whatever_goes_wrong_and_its_echo_changes_nobody() {
    for fault in ["", "429", "500", "503", "html", "half", "cut", "close", "lost", "hang"] {
        let (lever, pretend, hire) = writing();
        let whom = || Whom { contact: news(&hire).contact, known: news(&hire).hires.into_iter().collect() };
        let person = async || match lever.read(&[whom()]).await.unwrap().remove(0).1 {
            Reading::Person(person) => *person,
            other => panic!("{other:?}"),
        };
        let before = person().await;
        if !fault.is_empty() {
            let kind = Fault::parse(fault).unwrap_or_else(|_| panic!("{fault}"));
            pretend.change(|lever, _| lever.add_fault(kind.times(40).percent(40)));
        }
        let mut attempts = 0;
        while lever.tell(&news(&hire)).await.ok().is_none_or(|told| told != news(&hire).hires) {
            attempts += 1;
            assert!(attempts < 60, "{fault}");
        }
        assert_eq!(carried(&pretend, &hire), [1; 3], "{fault}");
        pretend.change(|lever, _| lever.clear_faults());
        assert_eq!(person().await, before, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hire_that_was_merged_is_told_where_it_is_now() {
    let (lever, pretend, hire) = writing();
    let winner = pretend.change(|lever, now| {
        let winner = lever.add_contact(sandbox::NewContact::named("Ada Example"));
        lever.merge(now, &winner, &hire.contact).unwrap();
        winner
    });
    assert_eq!(lever.tell(&news(&hire)).await.unwrap(), news(&hire).hires);
    assert_eq!(carried(&pretend, &hire), [1; 3]);
    let links = pretend.change(|lever, _| lever.contact(&winner).unwrap().links.clone());
    assert_eq!(links, [LINK]);
}

#[tokio::test(start_paused = true)]
async fn a_key_without_a_permission_to_write_is_told_which() {
    for permission in ["opportunities:write:admin", "notes:write:admin", "notes:read:admin"] {
        let (lever, pretend, hire) = writing();
        pretend.change(|lever, _| lever.deny(permission));
        let error = lever.tell(&news(&hire)).await.unwrap_err();
        assert!(error.to_string().contains(permission), "{error}");
        let text = format!("{:?}", lever.check().await.unwrap());
        assert!(text.contains(permission), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn webhooks_are_made_listed_and_removed_and_each_token_is_its_own() {
    let (lever, pretend) = set_up(0, false);
    let url = "https://hooks.example/lever";
    let mut made = Vec::new();
    for event in ["candidateHired", "contactUpdated"] {
        made.push(lever.create_webhook(url, event).await.unwrap());
    }
    let truth: Vec<String> =
        pretend.change(|lever, _| lever.webhooks().iter().map(|hook| hook.signature_token.clone()).collect());
    assert!(made.iter().map(|hook| hook.token.reveal()).eq(&truth));
    let listed = lever.webhooks().await.unwrap();
    let events: Vec<&str> = listed.iter().map(|hook| hook.event.as_str()).collect();
    assert_eq!(events, ["candidateHired", "contactUpdated"]);
    assert!(listed.iter().all(|hook| hook.url == url));
    assert!(lever.delete_webhook(&made[0].id).await.unwrap());
    assert!(!lever.delete_webhook(&made[0].id).await.unwrap());
    assert_eq!(lever.webhooks().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_id_of_the_account_leads_to_what_the_account_holds() {
    let (lever, pretend) = set_up(150, true);
    let truth = pretend.change(|lever, _| lever.hired());
    let given: Vec<Pii<String>> = truth
        .iter()
        .flat_map(|hired| [hired.opportunity.as_str().to_owned(), hired.contact.as_str().to_owned()])
        .map(Pii::new)
        .collect();
    let found = lever.look_up(&given).await.unwrap();
    for (hired, pair) in truth.iter().zip(found.chunks(2)) {
        assert_eq!(pair[0], pair[1]);
        let [known] = &pair[0][..] else { panic!("{pair:?}") };
        assert_eq!(known.contact.as_str(), hired.contact.as_str());
        let place = |place: &&lever::Place| place.opportunity.as_str() == hired.opportunity.as_str();
        let place = known.opportunities.iter().find(place).unwrap();
        let is = if hired.is_anonymized { Candidacy::Anonymised } else { Candidacy::Hired };
        assert_eq!(place.candidacy, is);
        if !hired.is_anonymized {
            assert_eq!(place.hired_at.unwrap().timestamp_millis() as u64, hired.hired_at);
        }
    }
}
