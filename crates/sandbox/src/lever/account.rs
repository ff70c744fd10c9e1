//! The account before anybody applied: pipeline, archive reasons, users, postings, requisitions.

use serde_json::{Value, json};

use super::world::{
    ArchiveReason, Band, Posting, PostingId, ReasonId, Requisition, RequisitionId, Stage, StageId, User,
    UserId, World,
};
use super::{HiredReasons, Settings};
use crate::message::Millis;

/// When the account was opened: 1 January 2018.
pub(super) const FOUNDED_AT: Millis = 1_514_764_800_000;

pub(super) const DAY: Millis = 86_400_000;

/// Id, text; in the order of the pipeline. Ids are slugs or UUIDs (ref §6); a UUID is made where there is no
/// slug.
const STAGES: [(&str, &str); 8] = [
    ("lead-new", "New lead"),
    ("lead-reached-out", "Reached out"),
    ("lead-responded", "Responded"),
    ("applicant-new", "New applicant"),
    ("", "Phone screen"),
    ("", "On-site interview"),
    ("", "Reference check"),
    ("offer", "Offer"),
];

/// Text, is it active, is it a hire.
const REASONS: [(&str, bool, bool); 6] = [
    ("Hired", true, true),
    ("Hired (before 2020)", false, true),
    ("Underqualified", true, false),
    ("Withdrew", true, false),
    ("Position closed", true, false),
    ("Unresponsive", false, false),
];

struct Colleague {
    name: &'static str,
    job_title: Option<&'static str>,
    /// The employee id in the HR system.
    directory_id: Option<&'static str>,
    /// Index of the colleague they report to.
    manager: Option<usize>,
    has_left: bool,
}

const COLLEAGUES: [Colleague; 8] = [
    Colleague { manager: None, ..colleague("Ottilie Farnsworth-Ndiaye", "Head of People", Some("E1001")) },
    colleague("Ren Kobayakawa", "VP Engineering", Some("E1002")),
    Colleague {
        manager: Some(1), ..colleague("Sólveig Brúnadóttir", "Engineering Manager", Some("E1003"))
    },
    colleague("Thabo Mokwele", "Sales Director", Some("E1004")),
    colleague("Ximena Arrúe Lastra", "Operations Manager", None),
    colleague("Piotr Wędrychowicz", "Finance Lead", Some("E1006")),
    colleague("Layla Haddadin", "Recruiter", None),
    Colleague {
        job_title: None,
        manager: None,
        has_left: true,
        ..colleague("Gwil Prosser-Vane", "", Some("E0907"))
    },
];

/// The one who looks after the postings.
const RECRUITER: usize = 6;

/// Reports to the first.
const fn colleague(
    name: &'static str,
    job_title: &'static str,
    directory_id: Option<&'static str>,
) -> Colleague {
    Colleague { name, job_title: Some(job_title), directory_id, manager: Some(0), has_left: false }
}

struct Job {
    title: &'static str,
    state: &'static str,
    team: Option<&'static str>,
    department: Option<&'static str>,
    location: Option<&'static str>,
    commitment: Option<&'static str>,
    workplace: &'static str,
    manager: Option<usize>,
    requisition: Option<&'static str>,
    tags: &'static [&'static str],
}

/// The title of the unlisted posting people fill in before their first day.
pub(super) const ONBOARDING_FORM: &str = "Before your first day";

const JOBS: [Job; 13] = [
    Job {
        tags: &["relocation", "on-call"],
        ..job("Data Engineer", "published", "Platform", "Engineering", "Leeds", Some(2), Some("ENG-214"))
    },
    Job {
        tags: &["relocation"],
        ..job(
            "Staff Engineer, Storage",
            "published",
            "Platform",
            "Engineering",
            "Berlin",
            Some(2),
            Some("ENG-220"),
        )
    },
    job("Mobile Developer", "closed", "Apps", "Engineering", "Kraków", Some(1), None),
    job("Engineering Manager", "published", "Apps", "Engineering", "Osaka", Some(1), None),
    job("Account Executive", "published", "Field", "Sales", "Nairobi", Some(3), Some("SAL-031")),
    job("Sales Development Representative", "closed", "Inside", "Sales", "Leeds", Some(3), None),
    Job {
        team: None,
        ..job("Warehouse Associate", "published", "", "Operations", "Rotterdam", Some(4), Some("OPS-007"))
    },
    Job {
        commitment: Some("Part-time"),
        ..job("Night Shift Lead", "published", "Dock 4", "Operations", "Rotterdam", Some(7), None)
    },
    Job {
        department: None,
        workplace: "remote",
        ..job("Technical Writer", "published", "Docs", "", "Remote", None, None)
    },
    Job {
        location: None,
        workplace: "unspecified",
        ..job("Comptroller", "closed", "Books", "Finance", "", Some(5), None)
    },
    Job {
        commitment: Some("Intern"),
        ..job("Summer Intern / Été", "draft", "Apps", "Engineering", "Montréal", None, None)
    },
    job("People Partner", "internal", "People", "People & Culture", "Leeds", Some(0), None),
    Job {
        team: None,
        department: None,
        location: None,
        commitment: None,
        ..job(ONBOARDING_FORM, "internal", "", "", "", None, None)
    },
];

const fn job(
    title: &'static str,
    state: &'static str,
    team: &'static str,
    department: &'static str,
    location: &'static str,
    manager: Option<usize>,
    requisition: Option<&'static str>,
) -> Job {
    Job {
        title,
        state,
        team: Some(team),
        department: Some(department),
        location: Some(location),
        commitment: Some("Full-time"),
        workplace: "onsite",
        manager,
        requisition,
        tags: &[],
    }
}

/// The same account for the same seed.
pub(super) fn furnish(settings: &Settings) -> World {
    let mut world = World::empty(settings.seed);
    for (slug, text) in STAGES {
        let id = if slug.is_empty() { world.fresh_id() } else { slug.to_owned() };
        world.stages.push(Stage { id: StageId::from(id.as_str()), text: text.to_owned() });
    }
    for (text, is_active, is_hire) in REASONS {
        let id = ReasonId::from(world.fresh_id().as_str());
        if is_active || !is_hire || settings.hired_reasons == HiredReasons::Many {
            world.reasons.push(ArchiveReason { id, text: text.to_owned(), is_active, is_hire });
        }
    }
    for (at, colleague) in COLLEAGUES.iter().enumerate() {
        let user = User {
            id: UserId::from(world.fresh_id().as_str()),
            name: colleague.name.to_owned(),
            email: format!("user{at}@staff.example.com"),
            external_directory_id: colleague.directory_id.map(str::to_owned),
            job_title: colleague.job_title.map(str::to_owned),
            manager: colleague.manager.map(|manager| world.users[manager].id.clone()),
            deactivated_at: colleague.has_left.then_some(FOUNDED_AT + 1_000 * DAY),
        };
        world.users.push(user);
    }
    for (at, job) in JOBS.iter().enumerate() {
        furnish_job(&mut world, FOUNDED_AT + at as Millis * DAY, job);
    }
    world
}

fn furnish_job(world: &mut World, created_at: Millis, job: &Job) {
    let manager = job.manager.map(|manager| world.users[manager].id.clone());
    if let Some(code) = job.requisition {
        let id = RequisitionId::from(world.fresh_id().as_str());
        world.requisitions.push(Requisition {
            id,
            code: code.to_owned(),
            name: job.title.to_owned(),
            hiring_manager: manager.clone(),
            team: job.team.map(str::to_owned),
            department: job.department.map(str::to_owned),
            location: job.location.map(str::to_owned),
            employment_status: employment_status(code).map(str::to_owned),
            band: band(code),
            custom_fields: custom_fields(code),
            headcount: (code != "OPS-007").then_some(5),
            created_at,
        });
    }
    let posting = Posting {
        id: PostingId::from(world.fresh_id().as_str()),
        title: job.title.to_owned(),
        state: job.state,
        team: job.team.map(str::to_owned),
        department: job.department.map(str::to_owned),
        location: job.location.map(str::to_owned),
        commitment: job.commitment.map(str::to_owned),
        owner: Some(world.users[RECRUITER].id.clone()),
        hiring_manager: manager,
        country: job.location.and_then(country),
        workplace: job.workplace,
        tags: job.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        requisition_codes: job.requisition.iter().map(|code| (*code).to_owned()).collect(),
        is_confidential: false,
        created_at,
        updated_at: created_at,
    };
    world.postings.push(posting);
}

/// Accounts have words of their own for it (ref §12).
fn employment_status(code: &str) -> Option<&'static str> {
    match code {
        "ENG-214" => Some("Exempt Full-Time"),
        "SAL-031" => Some("Regular"),
        "OPS-007" => Some("Hourly, nights"),
        _ => None,
    }
}

fn band(code: &str) -> Option<Band> {
    let (min, max, currency, interval) = match code {
        "ENG-214" => (58_000, 72_000, "GBP", "per-year-salary"),
        "SAL-031" => (210_000, 260_000, "KES", "per-month-salary"),
        _ => return None,
    };
    Some(Band { min, max, currency, interval })
}

/// Every shape that is known (ref §12): text, number, time in ms, null, one object of such, and none at all.
fn custom_fields(code: &str) -> Value {
    match code {
        "ENG-214" => json!({
            "cost_center": "4711",
            "pay_grade": 7,
            "approved_date": FOUNDED_AT + 30 * DAY,
            "replaces": null,
            "approver": {"name": "Ren Kobayakawa", "employee_id": "E1002"},
        }),
        "ENG-220" => json!({"cost_center": "4712", "pay_grade": 9}),
        "OPS-007" => json!({"cost_center": 4720, "shift_allowance": 250.5, "replaces": ""}),
        _ => json!({}),
    }
}

fn country(location: &str) -> Option<&'static str> {
    Some(match location {
        "Berlin" => "DE",
        "Kraków" => "PL",
        "Leeds" => "GB",
        "Montréal" => "CA",
        "Nairobi" => "KE",
        "Osaka" => "JP",
        "Rotterdam" => "NL",
        _ => return None,
    })
}
