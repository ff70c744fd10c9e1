//! Records as Lever's JSON.

use serde_json::{Value, json};

use super::query::{Expand, Query};
use super::world::{
    Application, ArchiveReason, Archived, Band, Contact, Form, Note, Offer, Opportunity, Phone, Posting,
    Requisition, Stage, User, UserId, World,
};

pub(super) const OPPORTUNITY_EXPANDS: &[&str] =
    &["applications", "stage", "owner", "followers", "sourcedBy", "contact"];
pub(super) const POSTING_EXPANDS: &[&str] = &["user", "owner", "hiringManager", "followers"];
pub(super) const REQUISITION_EXPANDS: &[&str] = &["creator", "hiringManager", "owner", "postings"];

/// The role of every user here.
pub(super) const ACCESS_ROLE: &str = "team member";

/// `include` is subtractive: once given, only the named fields come back, and the expanded ones (ref §4).
pub(super) fn only(mut record: Value, query: &Query<'_>) -> Value {
    if query.one("include").is_some()
        && let Some(fields) = record.as_object_mut()
    {
        fields.retain(|name, _| query.all("include").chain(query.all("expand")).any(|wanted| wanted == name));
    }
    record
}

pub(super) fn opportunity(world: &World, opportunity: &Opportunity, expand: Expand) -> Value {
    let known = world.contact_of(opportunity);
    // Other opportunities of the person may still show what this one no longer does (ref §14).
    let person = if opportunity.is_anonymized { &anonymous(known) } else { known };
    let id = opportunity.id.as_str();
    let applications: Vec<Value> = opportunity
        .application
        .iter()
        .map(|found| match expand.has("applications") {
            true => application(world, opportunity, found),
            false => json!(found.id),
        })
        .collect();
    let stage_record = world.stages.iter().find(|stage| stage.id == opportunity.stage);
    let mut record = json!({
        "id": id,
        "name": person.name,
        "headline": person.headline,
        "contact": if expand.has("contact") { contact(known) } else { json!(opportunity.contact.as_str()) },
        "emails": person.emails,
        "phones": phones(&person.phones),
        "location": person.location,
        "links": person.links,
        "stage": match stage_record {
            Some(found) if expand.has("stage") => stage(found),
            _ => json!(opportunity.stage.as_str()),
        },
        "stageChanges": stage_changes(opportunity),
        "archived": archived(opportunity.archived.as_ref()),
        "confidentiality": confidentiality(opportunity.is_confidential),
        "tags": opportunity.tags,
        "sources": opportunity.sources,
        "origin": opportunity.origin,
        "sourcedBy": user_or_id(world, opportunity.sourced_by.as_ref(), expand.has("sourcedBy")),
        "owner": user_or_id(world, opportunity.owner.as_ref(), expand.has("owner")),
        "followers": opportunity.followers.iter()
            .map(|follower| user_or_id(world, Some(follower), expand.has("followers")))
            .collect::<Vec<_>>(),
        "applications": applications,
        "createdAt": opportunity.created_at,
        "updatedAt": opportunity.updated_at,
        "lastInteractionAt": opportunity.last_interaction_at,
        "lastAdvancedAt": opportunity.last_advanced_at,
        "snoozedUntil": opportunity.snoozed_until,
        "urls": {
            "list": "https://hire.sandbox.lever.co/candidates",
            "show": format!("https://hire.sandbox.lever.co/candidates/{id}"),
        },
        "isAnonymized": opportunity.is_anonymized,
        "dataProtection": opportunity.data_protection,
        "resume": null,
    });
    if let Some(location) = &opportunity.opportunity_location {
        record["opportunityLocation"] = json!(location);
    }
    record
}

pub(super) fn contact(contact: &Contact) -> Value {
    json!({
        "id": contact.id.as_str(),
        "name": contact.name,
        "headline": contact.headline,
        "isAnonymized": contact.is_anonymized,
        "location": { "name": contact.location },
        "emails": contact.emails,
        "phones": phones(&contact.phones),
    })
}

pub(super) fn application(world: &World, opportunity: &Opportunity, application: &Application) -> Value {
    let requisition = application.requisition_for_hire.as_ref().and_then(|id| world.requisition(id.as_str()));
    json!({
        "id": application.id,
        "type": application.kind,
        "candidateId": opportunity.id.as_str(),
        "opportunityId": opportunity.id.as_str(),
        "posting": application.posting.as_ref().map(|posting| posting.as_str()),
        "postingOwner": application.posting_owner.as_ref().map(UserId::as_str),
        "postingHiringManager": application.posting_hiring_manager.as_ref().map(UserId::as_str),
        "user": null,
        "name": application.name,
        "email": application.email,
        "company": null,
        "phone": application.phone.as_ref().map(phone),
        "links": [],
        "comments": null,
        "customQuestions": application.custom_questions.iter().map(form).collect::<Vec<_>>(),
        "createdAt": application.created_at,
        "archived": archived(application.archived.as_ref()),
        "requisitionForHire": requisition.map(|requisition| json!({
            "id": requisition.id.as_str(),
            "requisitionCode": requisition.code,
            "hiringManagerOnHire": requisition.hiring_manager.as_ref().map(UserId::as_str),
        })),
        "timezone": null,
    })
}

pub(super) fn form(form: &Form) -> Value {
    let fields: Vec<Value> = form
        .fields
        .iter()
        .map(|field| {
            let mut record = json!({
                "id": field.id,
                "type": field.kind,
                "text": field.text,
                "description": "",
                "required": false,
                "value": field.value,
            });
            if field.kind == "currency" {
                record["currency"] = json!("GBP");
            }
            record
        })
        .collect();
    json!({
        "id": form.id,
        "type": form.kind,
        "text": form.text,
        "instructions": "",
        "baseTemplateId": form.template,
        "fields": fields,
        "user": null,
        "createdAt": form.created_at,
        "completedAt": form.completed_at,
        "deletedAt": form.deleted_at,
    })
}

/// A note looks like a form of one field (Lever's documentation, "Notes").
pub(super) fn note(note: &Note) -> Value {
    json!({
        "id": note.id,
        "text": "Note",
        "fields": [{"type": "note", "text": "Note", "value": note.value}],
        "user": note.user.as_ref().map(UserId::as_str),
        "secret": note.is_secret,
        "completedAt": note.created_at,
        "createdAt": note.created_at,
        "deletedAt": null,
    })
}

/// `job_posting` holds the id of the application, as a recording of 2024 does, and is a trap for whoever
/// joins on it (ref §11). A start date that is not known is missing altogether, not null.
pub(super) fn offer(world: &World, opportunity: &Opportunity, offer: &Offer, expand: Expand) -> Value {
    let field = |text: &str, id: &str, value: Value| json!({"text": text, "identifier": id, "value": value});
    let mut fields = vec![
        field("Job posting", "job_posting", json!(opportunity.application.as_ref().map(|found| &found.id))),
        field("Job title", "job_title", json!(offer.job_title)),
    ];
    if let Some(salary) = &offer.salary {
        fields.push(field("Offered compensation amount", "salary_amount", json!(salary.amount)));
        fields.push(field("Compensation currency", "compensation_currency", json!(salary.currency)));
        fields.push(field("Type of earnings", "salary_interval", json!(salary.interval)));
    }
    if let Some(start_date) = offer.start_date {
        fields.push(field("Anticipated start date", "anticipated_start_date", json!(start_date)));
    }
    let manager = offer.direct_manager.as_ref().map(UserId::as_str);
    fields.push(field("Direct manager", "direct_manager", json!(manager)));

    let contact = world.contact_of(opportunity);
    let signatures = match offer.sent_at {
        None => json!({}),
        Some(_) => json!({ "candidate": {
            "role": "candidate",
            "name": contact.name,
            "email": contact.emails.first(),
            "signed": offer.signed_at.is_some(),
            "signedAt": offer.signed_at,
        }}),
    };
    let document = |at: Option<u64>, word: &str| {
        at.map(|at| {
            let (opportunity, id) = (opportunity.id.as_str(), offer.id.as_str());
            let path = format!("opportunities/{opportunity}/offers/{id}/download?status={word}");
            let url = format!("https://api.sandbox.lever.co/v1/{path}");
            json!({"fileName": format!("offer_{word}.pdf"), "uploadedAt": at + 100, "downloadUrl": url})
        })
    };
    json!({
        "id": offer.id.as_str(),
        "posting": offer.posting.as_ref().map(|posting| posting.as_str()),
        "createdAt": offer.created_at,
        "creator": user_or_id(world, offer.creator.as_ref(), expand.has("creator")),
        "status": offer.status.as_str(),
        "fields": fields,
        "signatures": signatures,
        "approved": offer.sent_at.map(|_| true),
        "approvedAt": offer.sent_at,
        "sentAt": offer.sent_at,
        "sentDocument": document(offer.sent_at, "sent"),
        "signedDocument": document(offer.signed_at, "signed"),
    })
}

pub(super) fn posting(world: &World, posting: &Posting, expand: Expand) -> Value {
    let id = posting.id.as_str();
    let is_listed = posting.state == "published";
    json!({
        "id": id,
        "text": posting.title,
        "state": posting.state,
        "distributionChannels": if is_listed { json!(["public"]) } else { Value::Null },
        "user": user_or_id(world, posting.owner.as_ref(), expand.has("user")),
        "owner": user_or_id(world, posting.owner.as_ref(), expand.has("owner")),
        "hiringManager": user_or_id(world, posting.hiring_manager.as_ref(), expand.has("hiringManager")),
        "categories": {
            "team": posting.team,
            "department": posting.department,
            "location": posting.location,
            "allLocations": posting.location.iter().collect::<Vec<_>>(),
            "commitment": posting.commitment,
        },
        "tags": posting.tags,
        "content": { "description": "", "lists": [], "closing": "" },
        "country": posting.country,
        "followers": [],
        "requisitionCodes": posting.requisition_codes,
        "urls": if is_listed {
            json!({
                "list": "https://jobs.sandbox.lever.co/example",
                "show": format!("https://jobs.sandbox.lever.co/example/{id}"),
            })
        } else {
            Value::Null
        },
        "confidentiality": confidentiality(posting.is_confidential),
        "workplaceType": posting.workplace,
        "createdAt": posting.created_at,
        "updatedAt": posting.updated_at,
    })
}

pub(super) fn requisition(world: &World, requisition: &Requisition, expand: Expand) -> Value {
    let manager = user_or_id(world, requisition.hiring_manager.as_ref(), expand.has("hiringManager"));
    let postings: Vec<Value> =
        world
            .postings
            .iter()
            .filter(|posting| posting.requisition_codes.contains(&requisition.code))
            .map(|found| {
                if expand.has("postings") {
                    posting(world, found, Expand(0))
                } else {
                    json!(found.id.as_str())
                }
            })
            .collect();
    json!({
        "id": requisition.id.as_str(),
        "requisitionCode": requisition.code,
        "name": requisition.name,
        "status": "open",
        "backfill": false,
        "headcountTotal": requisition.headcount.map_or(json!("unlimited"), |count| json!(count)),
        "headcountHired": 0,
        "headcountInfinite": requisition.headcount.is_none(),
        "confidentiality": confidentiality(false),
        "creator": null,
        "owner": null,
        "hiringManager": manager,
        "compensationBand": requisition.band.as_ref().map(band),
        "employmentStatus": requisition.employment_status,
        "location": requisition.location,
        "team": requisition.team,
        "department": requisition.department,
        "postings": postings,
        "offerIds": [],
        "customFields": requisition.custom_fields,
        "createdAt": requisition.created_at,
        "updatedAt": requisition.created_at,
        "closedAt": null,
    })
}

fn band(band: &Band) -> Value {
    json!({"min": band.min, "max": band.max, "currency": band.currency, "interval": band.interval})
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id.as_str(),
        "name": user.name,
        "username": user.email.split('@').next(),
        "email": user.email,
        "accessRole": ACCESS_ROLE,
        "photo": null,
        "createdAt": super::account::FOUNDED_AT,
        "deactivatedAt": user.deactivated_at,
        "externalDirectoryId": user.external_directory_id,
        "linkedContactIds": null,
        "jobTitle": user.job_title,
        "managerId": user.manager.as_ref().map(UserId::as_str),
    })
}

pub(super) fn reason(reason: &ArchiveReason) -> Value {
    json!({
        "id": reason.id.as_str(),
        "text": reason.text,
        "status": if reason.is_active { "active" } else { "inactive" },
        "type": if reason.is_hire { "hired" } else { "non-hired" },
    })
}

pub(super) fn stage(stage: &Stage) -> Value {
    json!({"id": stage.id.as_str(), "text": stage.text})
}

fn anonymous(contact: &Contact) -> Contact {
    Contact {
        id: contact.id.clone(),
        name: String::new(),
        headline: String::new(),
        location: String::new(),
        emails: Vec::new(),
        phones: Vec::new(),
        links: Vec::new(),
        is_anonymized: true,
        merged_into: None,
    }
}

fn stage_changes(opportunity: &Opportunity) -> Vec<Value> {
    let render = |change: &super::world::StageChange| {
        json!({
            "toStageId": change.to.as_str(),
            "toStageIndex": change.index,
            "updatedAt": change.at,
            "userId": change.by.as_ref().map(UserId::as_str),
        })
    };
    opportunity.stage_changes.iter().map(render).collect()
}

fn archived(archived: Option<&Archived>) -> Value {
    archived.map_or(
        Value::Null,
        |archived| json!({"reason": archived.reason.as_str(), "archivedAt": archived.at}),
    )
}

fn phones(phones: &[Phone]) -> Vec<Value> {
    phones.iter().map(phone).collect()
}

fn phone(phone: &Phone) -> Value {
    json!({"type": phone.kind, "value": phone.value})
}

fn confidentiality(is_confidential: bool) -> &'static str {
    if is_confidential { "confidential" } else { "non-confidential" }
}

fn user_or_id(world: &World, id: Option<&UserId>, is_expanded: bool) -> Value {
    match id.map(|id| (id, world.user(id.as_str()))) {
        None => Value::Null,
        Some((_, Some(found))) if is_expanded => user(found),
        Some((id, _)) => json!(id.as_str()),
    }
}
