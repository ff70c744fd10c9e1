//! `GET /opportunities`: filters, order, pages (ref §6.2).

use super::Lever;
use super::paging::envelope;
use super::query::{Confidentiality, Parameters, Query, Refusal, Span};
use super::render;
use super::world::{Opportunity, Place, World};
use crate::message::{Millis, Request};

const ONCE: &[&str] = &[
    "limit",
    "offset",
    "archived",
    "archived_at_start",
    "archived_at_end",
    "updated_at_start",
    "updated_at_end",
    "advanced_at_start",
    "advanced_at_end",
    "created_at_start",
    "created_at_end",
    "email",
    "confidentiality",
    "snoozed",
];
const MANY: &[&str] = &[
    "contact_id",
    "archive_reason_id",
    "stage_id",
    "posting_id",
    "archived_posting_id",
    "tag",
    "origin",
    "source",
    "location",
];

impl Lever {
    pub(super) fn list_opportunities(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let known = Parameters { once: ONCE, many: MANY, expands: render::OPPORTUNITY_EXPANDS };
        let query = Query::check(&request.query, known)?;
        let expand = query.expand;
        let filter =
            Filter::read(&query, self.settings.confidential_granted, now, self.faults.index_lag(now))?;
        let size = self.page_size(&query)?;
        let start = self.offsets.redeem(now, &request.path, &query)?;

        let mut found = self.matching(&filter, start.as_ref(), size + 1);
        let next = if found.len() > size { found.pop() } else { None };
        let next = next.map(|at| {
            let place = self.world.place_of(&self.world.opportunities()[at]);
            self.offsets.issue(now, &request.path, &query, place)
        });

        let is_whole = query.one("include").is_none();
        let mut records = String::new();
        for at in found {
            if !records.is_empty() {
                records.push(',');
            }
            if is_whole {
                let render = |world: &World, opportunity: &Opportunity| {
                    render::opportunity(world, opportunity, expand)
                };
                records.push_str(self.world.rendered(at, expand.0, render));
            } else {
                let record = render::opportunity(&self.world, &self.world.opportunities()[at], expand);
                records.push_str(&render::only(record, &query).to_string());
            }
        }
        Ok(envelope(&records, next.as_deref()))
    }

    /// How many records this request gets at most.
    pub(super) fn page_size(&self, query: &Query<'_>) -> Result<usize, Refusal> {
        let asked = query.limit()?.unwrap_or(self.settings.page_size);
        Ok(asked.min(self.settings.page_size_max).max(1))
    }

    /// Indexes of the first so many that pass, in the order of the list. Asking for contacts does not walk
    /// the whole account.
    fn matching(&self, filter: &Filter<'_>, start: Option<&Place>, enough: usize) -> Vec<usize> {
        let world = &self.world;
        let passes = |at: &usize| {
            let opportunity = &world.opportunities()[*at];
            filter.admits(world, opportunity) && !self.hidden.contains(&opportunity.id)
        };
        if filter.contacts.is_empty() {
            return world.listed_from(start).map(|(_, at)| at).filter(passes).take(enough).collect();
        }
        let mut contacts = filter.contacts.clone();
        contacts.sort_unstable();
        contacts.dedup();
        let mut places: Vec<(Place, usize)> = contacts
            .into_iter()
            .flat_map(|contact| world.of_contact(contact))
            .filter(|at| world.opportunities()[**at].deleted.is_none())
            .map(|at| (world.place_of(&world.opportunities()[*at]), *at))
            .filter(|(place, _)| start.is_none_or(|start| start <= place))
            .collect();
        places.sort_unstable();
        places.into_iter().map(|(_, at)| at).filter(passes).take(enough).collect()
    }
}

/// Values of one parameter are a union, different parameters an intersection (ref §4, §6.2).
struct Filter<'a> {
    contacts: Vec<&'a str>,
    reasons: Vec<&'a str>,
    stages: Vec<&'a str>,
    postings: Vec<&'a str>,
    archived_postings: Vec<&'a str>,
    tags: Vec<&'a str>,
    origins: Vec<&'a str>,
    sources: Vec<&'a str>,
    locations: Vec<&'a str>,
    email: Option<&'a str>,
    is_archived: Option<bool>,
    is_snoozed: Option<bool>,
    archived_at: Span,
    updated_at: Span,
    advanced_at: Span,
    created_at: Span,
    confidentiality: Confidentiality,
    now: Millis,
    index_lag: Millis,
}

impl<'a> Filter<'a> {
    fn read(query: &Query<'a>, granted: bool, now: Millis, index_lag: Millis) -> Result<Filter<'a>, Refusal> {
        let all = |name| query.all(name).collect();
        Ok(Filter {
            contacts: all("contact_id"),
            reasons: all("archive_reason_id"),
            stages: all("stage_id"),
            postings: all("posting_id"),
            archived_postings: all("archived_posting_id"),
            tags: all("tag"),
            origins: all("origin"),
            sources: all("source"),
            locations: all("location"),
            email: query.one("email"),
            is_archived: query.flag("archived")?,
            is_snoozed: query.flag("snoozed")?,
            archived_at: query.span("archived_at")?,
            updated_at: query.span("updated_at")?,
            advanced_at: query.span("advanced_at")?,
            created_at: query.span("created_at")?,
            confidentiality: query.confidentiality(granted)?,
            now,
            index_lag,
        })
    }

    fn admits(&self, world: &World, opportunity: &Opportunity) -> bool {
        let archived = opportunity.archived.as_ref();
        // Times first: they turn most records away.
        self.updated_at.admits(opportunity.updated_at)
            && self.is_indexed(opportunity)
            && self.archived_at.admits(archived.map(|archived| archived.at))
            && self.advanced_at.admits(Some(opportunity.last_advanced_at))
            && self.created_at.admits(Some(opportunity.created_at))
            && self.confidentiality.admits(opportunity.is_confidential)
            && self.is_archived.is_none_or(|wanted| wanted == archived.is_some())
            && self
                .is_snoozed
                .is_none_or(|wanted| wanted == opportunity.snoozed_until.is_some_and(|at| at > self.now))
            && among(&self.contacts, [opportunity.contact.as_str()])
            && among(&self.reasons, archived.map(|archived| archived.reason.as_str()))
            && among(&self.stages, [opportunity.stage.as_str()])
            && self.admits_posting(opportunity)
            && among(&self.tags, opportunity.tags.iter().map(String::as_str))
            && among(&self.origins, [opportunity.origin])
            && among(&self.sources, opportunity.sources.iter().map(String::as_str))
            && among(&self.locations, [opportunity.opportunity_location.as_deref().unwrap_or("unspecified")])
            && self.email.is_none_or(|wanted| {
                world.contact_of(opportunity).emails.iter().any(|email| email.eq_ignore_ascii_case(wanted))
            })
    }

    /// Only sweeps by `updated_at_*` and `archived_at_*` go through the index that can be late.
    fn is_indexed(&self, opportunity: &Opportunity) -> bool {
        let is_in_time =
            |at: Option<Millis>| at.is_some_and(|at| at.saturating_add(self.index_lag) <= self.now);
        let archived_at = opportunity.archived.as_ref().map(|archived| archived.at);
        self.index_lag == 0
            || (self.updated_at.is_open() || is_in_time(opportunity.updated_at))
                && (self.archived_at.is_open() || is_in_time(archived_at))
    }

    /// `posting_id` finds active applications only and `archived_posting_id` archived ones: the stricter
    /// reading of an open question (ref §6.2).
    fn admits_posting(&self, opportunity: &Opportunity) -> bool {
        let application = opportunity.application.as_ref();
        let posting = |archived: bool| {
            application
                .filter(move |application| application.archived.is_some() == archived)
                .and_then(|application| application.posting.as_ref())
                .map(|posting| posting.as_str())
        };
        among(&self.postings, posting(false)) && among(&self.archived_postings, posting(true))
    }
}

fn among<'v>(wanted: &[&str], values: impl IntoIterator<Item = &'v str>) -> bool {
    wanted.is_empty() || values.into_iter().any(|value| wanted.contains(&value))
}
