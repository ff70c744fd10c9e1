//! From records to a person. Pure.

use std::collections::BTreeMap;

use people::{
    Answer, Candidacy, Colleague, ContactId, DataProtection, FullName, Hire, OpportunityId, Person, Pii,
    Posting, Requisition, Timestamp, Withheld,
};
use serde_json::Value;

use crate::{
    kept::Reasons,
    wire::{Application, Archived, Contact, Form, Offer, Opportunity, day},
};

/// An opportunity and what it is.
pub(crate) type Judged = (Opportunity, Candidacy);

/// What a hire is made of besides its own opportunity. Absent is what nobody needs and what is not there.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) posting: Option<Posting>,
    pub(crate) offer: Option<people::Offer>,
    pub(crate) requisition: Option<Requisition>,
    pub(crate) manager: Option<Colleague>,
    pub(crate) recruiter: Option<Colleague>,
    /// Answers on its profile forms.
    pub(crate) forms: Vec<Answer>,
    pub(crate) withheld: Withheld,
}

/// The whole person. `reasons` says which archive reasons mean a hire, and `parts` what belongs to one.
pub(crate) fn person(
    contact: ContactId,
    opportunities: &[Judged],
    reasons: &Reasons,
    mut parts: impl FnMut(&Opportunity) -> Parts,
) -> Person {
    let mut hires = BTreeMap::new();
    for (opportunity, candidacy) in opportunities {
        if *candidacy != Candidacy::Hired {
            continue;
        }
        let Some((reason, hired_at)) = hired(opportunity, reasons) else { continue };
        let parts = parts(opportunity);
        hires.insert(
            opportunity.id.clone(),
            Hire {
                hired_at,
                applied_hired_at: applied_hired_at(opportunity, reasons),
                reason,
                posting: parts.posting,
                location: opportunity.job_location.clone(),
                offer: parts.offer,
                requisition: parts.requisition,
                manager: parts.manager,
                recruiter: parts.recruiter,
                origin: opportunity.origin.clone(),
                sources: opportunity.sources.clone(),
                tags: opportunity.tags.clone(),
                profile: opportunity.profile.clone(),
                forms: parts.forms,
                withheld: parts.withheld,
            },
        );
    }
    let known = |opportunity: &&Judged| !opportunity.0.is_anonymised;
    let latest =
        opportunities.iter().filter(known).map(|(opportunity, _)| opportunity).max_by_key(|opportunity| {
            // Records never touched since Lever keeps `updatedAt` have none: they are the older ones.
            (opportunity.updated_at, opportunity.created_at, &opportunity.id)
        });
    let own = latest.map(|opportunity| opportunity.person.clone()).unwrap_or_default();
    Person {
        hires,
        opportunities: opportunities.iter().map(|(opportunity, is)| (opportunity.id.clone(), *is)).collect(),
        answers: opportunities
            .iter()
            .filter(known)
            .flat_map(|(opportunity, _)| answers(opportunity))
            .collect(),
        protection: opportunities
            .iter()
            .map(|(opportunity, _)| opportunity.protection)
            .fold(DataProtection::default(), stricter),
        ..nobody(contact, own)
    }
}

/// A contact of whom no opportunity is visible.
pub(crate) fn nobody(contact: ContactId, own: Contact) -> Person {
    Person {
        contact,
        name: FullName::new(own.name),
        emails: own.emails,
        phones: own.phones,
        location: own.location,
        links: own.links,
        hires: BTreeMap::new(),
        opportunities: BTreeMap::new(),
        answers: Vec::new(),
        protection: DataProtection::default(),
    }
}

/// For which reason and when somebody was hired. The opportunity's own `archived` is the truth; where it has no time, the
/// application's has, some seconds apart.
pub(crate) fn hired(opportunity: &Opportunity, reasons: &Reasons) -> Option<(String, Timestamp)> {
    let Archived::For { reason, at } = &opportunity.archived else { return None };
    Some((reason.clone(), at.or_else(|| applied_hired_at(opportunity, reasons))?))
}

/// When the application was archived as hired. One that was archived for another reason, perhaps long before, says nothing
/// about a hire.
fn applied_hired_at(opportunity: &Opportunity, reasons: &Reasons) -> Option<Timestamp> {
    opportunity.applications.iter().find_map(|application| match &application.archived {
        Archived::For { reason, at } if reasons.is_hire(reason) => *at,
        _ => None,
    })
}

/// The application that counts: there is at most one, and if there were more, the one that was hired against something.
pub(crate) fn application(opportunity: &Opportunity) -> Option<&Application> {
    let all = &opportunity.applications;
    all.iter()
        .find(|application| application.requisition.is_some())
        .or_else(|| all.iter().find(|application| application.posting.is_some()))
        .or_else(|| all.first())
}

/// The hiring manager at the moment of hire; without a requisition, the posting's when the person applied.
pub(crate) fn manager(opportunity: &Opportunity) -> Option<&str> {
    let application = application(opportunity)?;
    application.manager_at_hire.as_deref().or(application.hiring_manager.as_deref())
}

/// The offer that counts (reference §11): signed before sent by hand before approved before opened or sent; then one for
/// the posting in question; then the newest. Denied offers and drafts never count, and neither does a status we do not
/// know: it may be a word for withdrawn.
pub(crate) fn offer_that_counts(offers: Vec<Offer>, posting: Option<&str>) -> Option<people::Offer> {
    let rank = |offer: &Offer| match offer.status.as_str() {
        "signed" => Some(4),
        "sent-manually" => Some(3),
        "approved" => Some(2),
        "opened" | "sent" => Some(1),
        _ => None,
    };
    let fit = |offer: &Offer| match (offer.posting.as_deref(), posting) {
        (Some(of_offer), Some(wanted)) if of_offer == wanted => 2,
        (Some(_), Some(_)) => 0,
        _ => 1,
    };
    let counting = offers.into_iter().filter_map(|offer| Some((rank(&offer)?, offer)));
    let (_, offer) = counting.max_by(|(one_rank, one), (other_rank, other)| {
        (one_rank, fit(one), one.created_at, &one.id).cmp(&(
            other_rank,
            fit(other),
            other.created_at,
            &other.id,
        ))
    })?;
    let start_date = match offer.fields.get("anticipated_start_date") {
        Some(people::AnswerValue::Day(day)) => Some(*day),
        Some(people::AnswerValue::Text(text)) => day(&Value::String(text.clone())),
        _ => None,
    };
    Some(people::Offer {
        id: offer.id,
        status: offer.status,
        start_date,
        fields: offer.fields.into_iter().map(|(identifier, value)| (identifier, Pii::new(value))).collect(),
    })
}

/// The answers on profile forms, the newest form's last. One that was listed twice, because it moved while we paged, is there
/// once as it was listed later; a deleted one is not there at all.
pub(crate) fn profile_answers(of: &OpportunityId, forms: Vec<Form>) -> Vec<Answer> {
    let mut by_id: BTreeMap<String, Form> = BTreeMap::new();
    let mut living = Vec::new();
    for form in forms {
        match form.id.clone() {
            Some(id) => drop(by_id.insert(id, form)),
            None => living.push(form),
        }
    }
    living.extend(by_id.into_values());
    living.retain(|form| !form.is_deleted);
    living.sort_by_key(|form| form.at);
    living.iter().flat_map(|form| on_form(of, None, form)).collect()
}

fn answers(opportunity: &Opportunity) -> impl Iterator<Item = Answer> + '_ {
    opportunity.applications.iter().flat_map(move |application| {
        let posting = application.posting.as_deref();
        application.forms.iter().flat_map(move |form| on_form(&opportunity.id, posting, form))
    })
}

fn on_form<'a>(
    of: &'a OpportunityId,
    posting: Option<&'a str>,
    form: &'a Form,
) -> impl Iterator<Item = Answer> + 'a {
    form.questions.iter().map(move |question| Answer {
        opportunity: of.clone(),
        posting: posting.map(str::to_owned),
        template: form.template.clone(),
        field: question.field.clone(),
        question: question.text.clone(),
        value: Pii::new(question.value.clone()),
        at: form.at,
    })
}

fn stricter(one: DataProtection, other: DataProtection) -> DataProtection {
    let earlier = match (one.expires_at, other.expires_at) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    DataProtection { allowed: one.allowed && other.allowed, expires_at: earlier }
}
