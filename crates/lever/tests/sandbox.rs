//! Lever's source against the pretend Lever, which was written by others from the same reference. Byte level, paused time.
#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use engine::{Cursor, Needs, Reading, Sighting, Source, Sweep, Then, Whom};
use http::{Failure, Request, Response, Transport};
use lever::{Lever, Settings};
use people::{Candidacy, Clock, ContactId, Person, Secret, Timestamp};
use sandbox::{Fault, Sending};
use tokio::time::Instant;

/// 1 January 2026.
const BEGIN_MS: u64 = 1_767_225_600_000;

/// The pretend Lever behind a transport, on tokio's clock.
struct Pretend {
    lever: Mutex<sandbox::Lever>,
    began: Instant,
}

impl Pretend {
    fn now_ms(&self) -> u64 {
        BEGIN_MS + u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn change<T>(&self, change: impl FnOnce(&mut sandbox::Lever, u64) -> T) -> T {
        change(&mut self.lever.lock().unwrap(), self.now_ms())
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
        tokio::time::sleep(Duration::from_millis(40)).await;
        let reply = self.change(|lever, now| lever.handle(now, &asked));
        match reply.sending {
            Sending::Whole if reply.body.len() > request.body_max => Err(Failure::TooLong),
            Sending::Whole => Ok(Response {
                status: reply.status,
                headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                body: reply.body,
            }),
            Sending::Hang | Sending::Slowly => {
                tokio::time::sleep(request.deadline).await;
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

fn set_up(people: usize, confidential: bool) -> (Lever, Arc<Pretend>) {
    let settings = sandbox::Settings { page_size_max: 7, ..sandbox::Settings::default() };
    let key = settings.api_key.clone();
    let lever = sandbox::Lever::seeded(settings, people, BEGIN_MS);
    let pretend = Arc::new(Pretend { lever: Mutex::new(lever), began: Instant::now() });
    let base = http::check_base("http://127.0.0.1:1/v1").unwrap();
    let settings = Settings {
        confidential,
        needs: Needs { offers: true, postings: true, requisitions: true, users: true, ..Needs::default() },
        ..Settings::new(base, Secret::new(key))
    };
    (Lever::new(settings, Arc::clone(&pretend) as Arc<dyn Transport>, Arc::new(Wrong), 1), pretend)
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
        assert_eq!(
            hire.posting.as_ref().and_then(|posting| posting.title.clone()),
            hired.posting.map(|posting| posting.title)
        );
        let wanted = hired.requisition.map(|requisition| requisition.id.as_str().to_owned());
        assert_eq!(hire.requisition.as_ref().map(|requisition| requisition.id.clone()), wanted);
        if let Some(start) = hired.start_date {
            let day = Timestamp::from_timestamp_millis(start as i64).unwrap().date_naive();
            assert_eq!(hire.offer.as_ref().unwrap().start_date, Some(day));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_hired_is_found_and_read_as_the_account_has_them() {
    for confidential in [false, true] {
        let (lever, pretend) = set_up(400, confidential);
        let (sightings, cursor) = sweep(&lever, &Sweep::Full).await.unwrap();
        let people = people(&lever, &sightings).await;
        assert!(people.len() > 20, "{} people", people.len());
        assert_true(&people, &pretend, confidential);
        assert_eq!(cursor, Cursor((BEGIN_MS - 15 * 60_000).to_string()));
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
