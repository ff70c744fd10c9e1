//! An account full of people who look real, the same for the same seed and time.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::account::{DAY, ONBOARDING_FORM};
use super::names::{Invented, invent, pick};
use super::world::{ContactId, OfferStatus, OpportunityId, Phone, PostingId, Salary, StageId};
use super::{Lever, NewContact, NewOffer, Refused, Settings};
use crate::message::Millis;

/// Hires are spread over so many days before now, so that a date to start from cuts some off.
const HIRES_SPREAD: Millis = 300 * DAY;

/// The middle of 2019, before the older of the hired reasons was retired.
const YEAR_2019: Millis = 1_546_300_800_000;

/// The title of the form on the profiles of hires.
const PROFILE_FORM: &str = "Onboarding";

const COST_CENTRES: [&str; 4] = ["4711", "4712", "4720", "0815"];

impl Lever {
    /// An account with so many **opportunities**, about a third of them hired; contacts are a few less, since
    /// some people have two. The same settings, number and time give the same account to the byte.
    pub fn seeded(settings: Settings, opportunities: usize, now: Millis) -> Lever {
        let mut lever = Lever::without_profile_forms(settings, opportunities, now);
        profile_forms(&mut lever, now).expect("the account was just made and refuses nothing of this");
        lever
    }

    pub(super) fn without_profile_forms(settings: Settings, opportunities: usize, now: Millis) -> Lever {
        let mut dice = ChaCha8Rng::seed_from_u64(settings.seed);
        dice.set_stream(2);
        let mut seeding = Seeding { lever: Lever::new(settings), dice, now };
        while seeding.missing(opportunities) > 0 {
            let fits_two = seeding.missing(opportunities) > 1;
            seeding.somebody(fits_two).expect("the account was just made and refuses nothing of this");
        }
        seeding.forget_updates();
        seeding.lever
    }
}

struct Seeding {
    lever: Lever,
    dice: ChaCha8Rng,
    now: Millis,
}

impl Seeding {
    fn missing(&self, wanted: usize) -> usize {
        wanted.saturating_sub(self.lever.opportunities().len())
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_ratio(percent, 100)
    }

    /// A time so many days before `at`, to the millisecond.
    fn days_before(&mut self, at: Millis, days: std::ops::Range<u64>) -> Millis {
        at.saturating_sub(self.dice.random_range(days.start * DAY..days.end * DAY))
    }

    /// One person and what became of them.
    fn somebody(&mut self, fits_two: bool) -> Result<(), Refused> {
        let roll = self.dice.random_range(0..100_u32);
        match roll {
            0..3 if fits_two => {
                let contact = self.contact(Outcome::Hired);
                let first = self.hiring_time();
                self.hired(&contact, first)?;
                let second = self.hiring_time();
                self.hired(&contact, second)
            }
            3..6 if fits_two => {
                let contact = self.contact(Outcome::Hired);
                let at = self.hiring_time();
                self.hired(&contact, at)?;
                self.active(&contact).map(drop)
            }
            6..8 if fits_two => {
                let contact = self.contact(Outcome::Hired);
                let at = self.hiring_time();
                self.hired(&contact, at)?;
                self.onboarding_form(&contact, at)
            }
            0..34 => {
                let contact = self.contact(Outcome::Hired);
                let at = self.hiring_time();
                self.hired(&contact, at)
            }
            34..70 => {
                let contact = self.contact(Outcome::Open);
                self.active(&contact).map(drop)
            }
            _ => {
                let contact = self.contact(Outcome::Open);
                self.turned_down(&contact)
            }
        }
    }

    /// Most over the last 300 days, one in thirty years ago.
    fn hiring_time(&mut self) -> Millis {
        if self.dice.random_ratio(1, 30) {
            return YEAR_2019 + self.dice.random_range(0..365 * DAY);
        }
        self.now.saturating_sub(self.dice.random_range(1..HIRES_SPREAD))
    }

    fn contact(&mut self, outcome: Outcome) -> ContactId {
        let invented = invent(&mut self.dice, self.lever.contacts().len());
        let emails = self.emails(&invented, outcome);
        let phones = self.phones(&invented);
        let is_blank = self.dice.random_ratio(1, 80);
        let headlines =
            ["Northwind Freight", "Bluebell Analytics, Tern & Sons", "Universität Eibenstadt", "", ""];
        self.lever.add_contact(NewContact {
            name: if is_blank { String::new() } else { invented.name },
            headline: (*pick(&mut self.dice, &headlines)).to_owned(),
            location: invented.city.to_owned(),
            emails,
            phones,
        })
    }

    /// In real recordings no hired person had an address (ref §6); here six in ten have none.
    fn emails(&mut self, invented: &Invented, outcome: Outcome) -> Vec<String> {
        let without = match outcome {
            Outcome::Hired => 60,
            Outcome::Open => 10,
        };
        if self.chance(without) {
            return Vec::new();
        }
        let count = if self.chance(15) { 2 } else { 1 };
        let domains = ["example.com", "example.org", "example.net"];
        (0..count)
            .map(|_| {
                let number = self.dice.random_range(1..1000_u32);
                format!("{}{number}@{}", invented.handle, pick(&mut self.dice, &domains))
            })
            .collect()
    }

    fn phones(&mut self, invented: &Invented) -> Vec<Phone> {
        let kinds: &[Option<&str>] = match self.dice.random_range(0..10) {
            0..2 => &[],
            2..6 => &[Some("mobile")],
            6 => &[None],
            7 => &[Some("home"), Some("mobile")],
            8 => &[Some("mobile"), Some("mobile"), Some("work")],
            _ => &[
                Some("mobile"),
                Some("home"),
                Some("home"),
                Some("work"),
                Some("work"),
                Some("other"),
                Some("skype"),
            ],
        };
        kinds
            .iter()
            .map(|kind| Phone { kind: kind.map(str::to_owned), value: invented.phone(&mut self.dice) })
            .collect()
    }

    /// Any posting but the onboarding form; one in twenty-five has none and so no application.
    fn posting(&mut self) -> Option<PostingId> {
        if self.chance(4) {
            return None;
        }
        let postings = self.lever.postings().iter().filter(|posting| posting.title != ONBOARDING_FORM);
        let postings: Vec<PostingId> = postings.map(|posting| posting.id.clone()).collect();
        Some(pick(&mut self.dice, &postings).clone())
    }

    fn opportunity(&mut self, created_at: Millis, contact: &ContactId) -> Result<OpportunityId, Refused> {
        let posting = self.posting();
        let id = self.lever.add_opportunity(created_at, contact, posting.as_ref())?;
        if self.chance(1) {
            self.lever.make_confidential(created_at, &id)?;
        }
        Ok(id)
    }

    /// To a stage, most often the one that is usual.
    fn advance(&mut self, at: Millis, id: &OpportunityId, usual: &str) -> Result<(), Refused> {
        let stage = if self.chance(70) {
            StageId::from(usual)
        } else {
            let stages: Vec<StageId> = self.lever.stages().iter().map(|stage| stage.id.clone()).collect();
            pick(&mut self.dice, &stages).clone()
        };
        self.lever.advance(at, id, &stage)
    }

    fn active(&mut self, contact: &ContactId) -> Result<OpportunityId, Refused> {
        let created_at = self.days_before(self.now, 1..120);
        let id = self.opportunity(created_at, contact)?;
        let advanced_at = created_at + (self.now - created_at) / 2;
        self.advance(advanced_at, &id, "applicant-new")?;
        if self.chance(10) {
            self.offer(advanced_at, &id, OfferStatus::Draft)?;
        }
        Ok(id)
    }

    fn turned_down(&mut self, contact: &ContactId) -> Result<(), Refused> {
        let at = self.days_before(self.now, 1..700);
        let created_at = self.days_before(at, 2..60);
        let id = self.opportunity(created_at, contact)?;
        let reasons = self.lever.archive_reasons().iter().filter(|reason| !reason.is_hire);
        let reasons: Vec<_> = reasons.map(|reason| reason.id.clone()).collect();
        let reason = pick(&mut self.dice, &reasons).clone();
        if self.chance(5) {
            self.offer(at.saturating_sub(DAY), &id, OfferStatus::Denied)?;
        }
        self.lever.archive(at, &id, &reason)
    }

    fn hired(&mut self, contact: &ContactId, at: Millis) -> Result<(), Refused> {
        let created_at = self.days_before(at, 15..90);
        let id = self.opportunity(created_at, contact)?;
        // The stage stays where it was: seven in ten sat in `offer`, others never left where they began (ref
        // §5).
        self.advance(at.saturating_sub(10 * DAY), &id, "offer")?;
        let offered_at = at.saturating_sub(8 * DAY);
        match self.dice.random_range(0..100_u32) {
            0..10 => {}
            10..17 => self.offer(offered_at, &id, OfferStatus::Sent)?,
            17..20 => self.offer(offered_at, &id, OfferStatus::Draft)?,
            20..26 => {
                self.offer(offered_at.saturating_sub(5 * DAY), &id, OfferStatus::Denied)?;
                self.offer(offered_at, &id, OfferStatus::Signed)?;
            }
            26..29 => {
                self.offer(offered_at.saturating_sub(3 * DAY), &id, OfferStatus::Signed)?;
                self.offer(offered_at, &id, OfferStatus::Signed)?;
            }
            _ => self.offer(offered_at, &id, OfferStatus::Signed)?,
        }
        let retired = self.lever.archive_reasons().iter().find(|reason| reason.is_hire && !reason.is_active);
        let retired = retired.map(|reason| reason.id.clone()).filter(|_| at < YEAR_2019 + 365 * DAY);
        let reason = retired.unwrap_or_else(|| self.lever.hired_reason());
        self.lever.archive(at, &id, &reason)?;
        self.against_requisition(at, &id)
    }

    /// Half of those whose posting has a requisition were hired against it.
    fn against_requisition(&mut self, at: Millis, id: &OpportunityId) -> Result<(), Refused> {
        let posting =
            self.lever.opportunity(id).and_then(|found| found.application.as_ref()?.posting.as_ref());
        let codes =
            posting.and_then(|posting| self.lever.posting(posting)).map(|posting| &posting.requisition_codes);
        let requisitions = self.lever.requisitions().iter();
        let requisition =
            codes.and_then(|codes| requisitions.into_iter().find(|known| codes.contains(&known.code)));
        match requisition.map(|requisition| requisition.id.clone()) {
            Some(requisition) if self.chance(50) => self.lever.hire_against(at, id, &requisition),
            _ => Ok(()),
        }
    }

    /// Mostly with a first day at midnight UTC; one in ten without, one in twenty at some other hour (ref
    /// §11).
    fn offer(&mut self, at: Millis, id: &OpportunityId, status: OfferStatus) -> Result<(), Refused> {
        let day = at - at % DAY + self.dice.random_range(14..90) * DAY;
        let start_date = match self.dice.random_range(0..20) {
            0..2 => None,
            2 => Some(day + self.dice.random_range(1..DAY)),
            _ => Some(day),
        };
        let pays = [
            ("GBP", "per-year-salary", 64_000),
            ("EUR", "per-month-salary", 4_150),
            ("JPY", "per-year-salary", 8_200_000),
        ];
        let (currency, interval, amount) = *pick(&mut self.dice, &pays);
        let salary =
            Salary { amount: amount + amount / 100 * self.dice.random_range(0..20), currency, interval };
        let users = self.lever.users().iter().map(|user| user.id.clone()).collect::<Vec<_>>();
        let direct_manager = self.chance(60).then(|| pick(&mut self.dice, &users).clone());
        let new = NewOffer { start_date, salary: Some(salary), job_title: None, direct_manager };
        let offer = self.lever.add_offer(at, id, new)?;
        match status {
            OfferStatus::Draft => Ok(()),
            status => self.lever.set_offer_status(at + DAY, id, &offer, status),
        }
    }

    fn onboarding_form(&mut self, contact: &ContactId, hired_at: Millis) -> Result<(), Refused> {
        let posting = self.lever.postings().iter().find(|posting| posting.title == ONBOARDING_FORM);
        let posting =
            posting.map(|posting| posting.id.clone()).expect("every account has the onboarding form");
        let born = self.dice.random_range(0..30 * 365) * DAY;
        let answers = [
            ("text", "Preferred first name", json!(" Sam ")),
            ("date", "Date of birth", json!(born)),
            ("dropdown", "T-shirt size", json!("M")),
            ("yes-no", "Do you need a parking space?", json!("no")),
            ("textarea", "Home address", json!(null)),
        ];
        let filled_at = (hired_at + DAY).min(self.now);
        self.lever.fill_form(filled_at, contact, &posting, &answers).map(drop)
    }

    /// Nearly everything in a real account was never touched since Lever introduced `updatedAt`, hired people
    /// above all: 964 of 1,004 records and all 43 hired (ref §6).
    fn forget_updates(&mut self) {
        for at in 0..self.lever.opportunities().len() {
            let is_hired = self.lever.world.hired_at(&self.lever.opportunities()[at]).is_some();
            if self.chance(if is_hired { 97 } else { 90 }) {
                self.lever.world.change(at, |opportunity| opportunity.updated_at = None);
            }
        }
    }
}

/// Recruiters put on the profile of most hires what HR has to know, mostly two days later; some begin it and leave it, some
/// fill it again, some delete it. It has dice and ids of its own, so that everybody is who they would be without.
fn profile_forms(lever: &mut Lever, now: Millis) -> Result<(), Refused> {
    let mut dice = ChaCha8Rng::seed_from_u64(lever.settings().seed);
    dice.set_stream(4);
    let managers: Vec<String> = lever.users().iter().map(|user| user.name.clone()).collect();
    for hired in lever.hired() {
        let id = &hired.opportunity;
        let at = (hired.hired_at + 2 * DAY).min(now);
        let later = (at + 3 * DAY).min(now);
        let start = at - at % DAY + dice.random_range(14..90) * DAY;
        let (cost_centre, other) = (*pick(&mut dice, &COST_CENTRES), *pick(&mut dice, &COST_CENTRES));
        let manager = pick(&mut dice, &managers).clone();
        let bonus = dice.random_ratio(1, 4).then(|| dice.random_range(1..10_u32) * 500);
        let answers = |cost_centre: &str| {
            [
                ("date", "Start date", json!(start)),
                ("dropdown", "Cost centre", json!(cost_centre)),
                ("text", "Manager", json!(manager)),
                ("multiple-select", "Equipment", json!(["Laptop", "Headset"])),
                ("yes-no", "Works from home", json!("no")),
                ("currency", "Sign-on bonus", json!(bonus)),
                ("file-upload", "Signed contract", file(at)),
                ("textarea", "Remarks", json!("")),
            ]
        };
        match dice.random_range(0..100_u32) {
            0..50 => drop(lever.fill_profile_form(at, id, PROFILE_FORM, &answers(cost_centre))?),
            50..57 => {
                lever.fill_profile_form(at, id, PROFILE_FORM, &answers(other))?;
                lever.fill_profile_form(later, id, PROFILE_FORM, &answers(cost_centre))?;
            }
            57..64 => {
                let wrong = lever.fill_profile_form(at, id, PROFILE_FORM, &answers(other))?;
                lever.delete_profile_form(later, id, &wrong)?;
                lever.fill_profile_form(later, id, PROFILE_FORM, &answers(cost_centre))?;
            }
            64..70 => {
                let wrong = lever.fill_profile_form(at, id, PROFILE_FORM, &answers(other))?;
                lever.delete_profile_form(later, id, &wrong)?;
            }
            70..77 => {
                let unanswered = answers("").map(|(kind, question, _)| (kind, question, json!(null)));
                lever.begin_profile_form(at, id, PROFILE_FORM, &unanswered)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The docs show sizes and times of files as text too (ref §12).
fn file(at: Millis) -> serde_json::Value {
    json!({"id": "file-1", "ext": "pdf", "name": "contract.pdf", "size": "48211", "uploadedAt": at.to_string()})
}

#[derive(Clone, Copy)]
enum Outcome {
    Hired,
    Open,
}
