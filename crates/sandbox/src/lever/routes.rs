//! The endpoints, and what each reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::account::DAY;
use super::paging::envelope;
use super::query::{Expand, PAGED, Parameters, Query, Refusal};
use super::render;
use super::world::{Opportunity, Place};
use super::{HiredReasons, Lever};
use crate::message::{Millis, Request};

/// The longest span of deletions that is answered.
const DELETED_SPAN_MAX: Millis = 30 * DAY;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Opportunities,
    DeletedOpportunities,
    Opportunity,
    Offers,
    Applications,
    Forms,
    Notes,
    AddTags,
    RemoveTags,
    AddLinks,
    RemoveLinks,
    NothingHere,
    ArchiveReasons,
    ArchiveReason,
    Stages,
    Stage,
    Contact,
    Postings,
    Posting,
    Requisitions,
    Requisition,
    Users,
    User,
    Sources,
    Tags,
    Webhooks,
    Webhook,
}

/// One path of the API.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    /// The path after `/v1`.
    pub(super) template: &'static str,
    pub(super) is_list: bool,
    /// What a permission for it begins with: `offers` of `offers:read:admin` (Lever's documentation, "Scopes").
    pub(super) scope: &'static str,
}

const fn list(endpoint: Endpoint, template: &'static str, scope: &'static str) -> Route {
    Route { endpoint, template, is_list: true, scope }
}

const fn one(endpoint: Endpoint, template: &'static str, scope: &'static str) -> Route {
    Route { endpoint, template, is_list: false, scope }
}

/// Every path; the first that fits is taken. `/candidates` is deprecated at Lever and still answers.
pub(super) const ROUTES: &[Route] = &[
    list(Endpoint::Opportunities, "/opportunities", "opportunities"),
    list(Endpoint::DeletedOpportunities, "/opportunities/deleted", "opportunities"),
    one(Endpoint::Opportunity, "/opportunities/:id", "opportunities"),
    list(Endpoint::Offers, "/opportunities/:id/offers", "offers"),
    list(Endpoint::Applications, "/opportunities/:id/applications", "applications"),
    list(Endpoint::Forms, "/opportunities/:id/forms", "forms"),
    list(Endpoint::Notes, "/opportunities/:id/notes", "notes"),
    one(Endpoint::AddTags, "/opportunities/:id/addTags", "opportunities"),
    one(Endpoint::RemoveTags, "/opportunities/:id/removeTags", "opportunities"),
    one(Endpoint::AddLinks, "/opportunities/:id/addLinks", "opportunities"),
    one(Endpoint::RemoveLinks, "/opportunities/:id/removeLinks", "opportunities"),
    list(Endpoint::NothingHere, "/opportunities/:id/resumes", "resumes"),
    list(Endpoint::NothingHere, "/opportunities/:id/files", "files"),
    list(Endpoint::NothingHere, "/opportunities/:id/referrals", "referrals"),
    list(Endpoint::NothingHere, "/opportunities/:id/interviews", "interviews"),
    list(Endpoint::NothingHere, "/opportunities/:id/feedback", "feedback"),
    list(Endpoint::Opportunities, "/candidates", "opportunities"),
    one(Endpoint::Opportunity, "/candidates/:id", "opportunities"),
    list(Endpoint::Offers, "/candidates/:id/offers", "offers"),
    list(Endpoint::Applications, "/candidates/:id/applications", "applications"),
    list(Endpoint::NothingHere, "/candidates/:id/resumes", "resumes"),
    list(Endpoint::NothingHere, "/candidates/:id/referrals", "referrals"),
    list(Endpoint::ArchiveReasons, "/archive_reasons", "archive_reasons"),
    one(Endpoint::ArchiveReason, "/archive_reasons/:id", "archive_reasons"),
    list(Endpoint::Stages, "/stages", "stages"),
    one(Endpoint::Stage, "/stages/:id", "stages"),
    one(Endpoint::Contact, "/contacts/:id", "contact"),
    list(Endpoint::Postings, "/postings", "postings"),
    one(Endpoint::Posting, "/postings/:id", "postings"),
    list(Endpoint::Requisitions, "/requisitions", "requisitions"),
    one(Endpoint::Requisition, "/requisitions/:id", "requisitions"),
    list(Endpoint::Users, "/users", "users"),
    one(Endpoint::User, "/users/:id", "users"),
    list(Endpoint::Sources, "/sources", "sources"),
    list(Endpoint::Tags, "/tags", "tags"),
    list(Endpoint::Webhooks, "/webhooks", "webhooks"),
    one(Endpoint::Webhook, "/webhooks/:id", "webhooks"),
];

/// The route of a path after `/v1`, and the id in it.
pub(super) fn find(path: &[String]) -> Option<(&'static Route, &str)> {
    ROUTES.iter().find_map(|route| fit(route.template, path).map(|id| (route, id)))
}

/// The id in a path that fits the template.
fn fit<'p>(template: &str, path: &'p [String]) -> Option<&'p str> {
    let mut parts = template.split('/').skip(1);
    let mut id = "";
    for found in path {
        match parts.next()? {
            ":id" => id = found,
            word if word == found => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(id)
}

impl Lever {
    /// The body of a successful answer.
    pub(super) fn read(
        &mut self,
        now: Millis,
        endpoint: Endpoint,
        id: &str,
        request: &Request,
    ) -> Result<String, Refusal> {
        match endpoint {
            Endpoint::Opportunities => self.list_opportunities(now, request),
            Endpoint::DeletedOpportunities => self.list_deleted(now, request),
            Endpoint::Opportunity => self.read_opportunity(id, request),
            Endpoint::Offers => self.list_offers(now, id, request),
            Endpoint::Applications => self.list_applications(now, id, request),
            Endpoint::Forms => self.list_forms(now, id, request),
            Endpoint::Notes => self.list_notes(now, id, request),
            Endpoint::NothingHere => self.list_nothing(now, id, request),
            Endpoint::Sources => self.count_words(now, request, |opportunity| &opportunity.sources),
            Endpoint::Tags => self.count_words(now, request, |opportunity| &opportunity.tags),
            Endpoint::Webhooks => Ok(self.list_webhooks()),
            Endpoint::AddTags
            | Endpoint::RemoveTags
            | Endpoint::AddLinks
            | Endpoint::RemoveLinks
            | Endpoint::Webhook => Err(Refusal::not_found("there is nothing to read at this path")),
            Endpoint::ArchiveReasons => self.list_reasons(now, request),
            Endpoint::Stages => self.list_stages(now, request),
            Endpoint::Postings => self.list_postings(now, request),
            Endpoint::Requisitions => self.list_requisitions(now, request),
            Endpoint::Users => self.list_users(now, request),
            Endpoint::ArchiveReason => self.read_one(request, &[], |lever, _| {
                lever.world.reason(id).map(render::reason).ok_or_else(|| missing("archive reason", id))
            }),
            Endpoint::Stage => self.read_one(request, &[], |lever, _| {
                let stage = lever.world.stages.iter().find(|stage| stage.id.as_str() == id);
                stage.map(render::stage).ok_or_else(|| missing("stage", id))
            }),
            Endpoint::Contact => self.read_one(request, &[], |lever, _| {
                // What Lever answers for the loser of a merge is unknown (ref §5); here it is gone.
                let contact = lever.world.contact(id).filter(|contact| contact.merged_into.is_none());
                contact.map(render::contact).ok_or_else(|| missing("contact", id))
            }),
            Endpoint::Posting => self.read_one(request, render::POSTING_EXPANDS, |lever, expand| {
                let posting = lever.world.posting(id).ok_or_else(|| missing("posting", id))?;
                if posting.is_confidential && !lever.settings.confidential_granted {
                    return Err(Refusal::confidential());
                }
                Ok(render::posting(&lever.world, posting, expand))
            }),
            Endpoint::Requisition => self.read_one(request, render::REQUISITION_EXPANDS, |lever, expand| {
                let requisition = lever.world.requisition(id).ok_or_else(|| missing("requisition", id))?;
                Ok(render::requisition(&lever.world, requisition, expand))
            }),
            Endpoint::User => self.read_one(request, &[], |lever, _| {
                lever.world.user(id).map(render::user).ok_or_else(|| missing("user", id))
            }),
        }
    }

    fn read_one(
        &self,
        request: &Request,
        expands: &[&str],
        read: impl FnOnce(&Lever, Expand) -> Result<Value, Refusal>,
    ) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { expands, ..Parameters::default() })?;
        let record = render::only(read(self, query.expand)?, &query);
        Ok(json!({ "data": record }).to_string())
    }

    fn read_opportunity(&mut self, id: &str, request: &Request) -> Result<String, Refusal> {
        self.visible(id)?;
        self.read_one(request, render::OPPORTUNITY_EXPANDS, |lever, expand| {
            Ok(render::opportunity(&lever.world, lever.visible(id)?, expand))
        })
    }

    /// The opportunity, if it is there and the key may see it.
    pub(super) fn visible(&self, id: &str) -> Result<&Opportunity, Refusal> {
        let found = self.world.find(id).map(|at| &self.world.opportunities()[at]);
        match found.filter(|opportunity| opportunity.deleted.is_none()) {
            None => Err(missing("opportunity", id)),
            Some(hidden) if self.hidden.contains(&hidden.id) => Err(Refusal::of_status(403)),
            Some(hidden) if hidden.is_confidential && !self.settings.confidential_granted => {
                Err(Refusal::confidential())
            }
            Some(opportunity) => Ok(opportunity),
        }
    }

    fn list_deleted(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let once = &["limit", "offset", "deleted_at_start", "deleted_at_end"];
        let query = Query::check(&request.query, Parameters { once, ..Parameters::default() })?;
        let deleted_at = query.span("deleted_at")?;
        // Said of the siblings for applications and postings; the stricter reading is that it holds here too.
        if deleted_at.length(now).is_some_and(|length| length > DELETED_SPAN_MAX) {
            return Err(Refusal::bad("deleted_at_start and deleted_at_end are at most 30 days apart"));
        }
        let deleted = self.world.opportunities().iter().filter_map(|opportunity| {
            let (by, at) = opportunity.deleted.as_ref().filter(|(_, at)| deleted_at.admits(Some(*at)))?;
            // Whether the rest of the object is there is unknown (ref §6.3), so it is not.
            let record = json!({"id": opportunity.id.as_str(), "deletedBy": by.as_str(), "deletedAt": at});
            Some((Place::new(0, *at, opportunity.id.as_str()), record))
        });
        let deleted = deleted.collect();
        self.page(now, request, &query, deleted)
    }

    fn list_offers(&mut self, now: Millis, id: &str, request: &Request) -> Result<String, Refusal> {
        let known = Parameters { once: PAGED, expands: &["creator"], ..Parameters::default() };
        let query = Query::check(&request.query, known)?;
        let opportunity = self.visible(id)?;
        let offers = opportunity.offers.iter().map(|offer| {
            let place = Place::new(0, offer.created_at, offer.id.as_str());
            (place, render::offer(&self.world, opportunity, offer, query.expand))
        });
        let offers = offers.collect();
        self.page(now, request, &query, offers)
    }

    fn list_applications(&mut self, now: Millis, id: &str, request: &Request) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { once: PAGED, ..Parameters::default() })?;
        let opportunity = self.visible(id)?;
        let applications = opportunity.application.iter().map(|application| {
            let place = Place::new(0, application.created_at, &application.id);
            (place, render::application(&self.world, opportunity, application))
        });
        let applications = applications.collect();
        self.page(now, request, &query, applications)
    }

    fn list_forms(&mut self, now: Millis, id: &str, request: &Request) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { once: PAGED, ..Parameters::default() })?;
        let forms = &self.visible(id)?.forms;
        let forms =
            forms.iter().map(|form| (Place::new(0, form.created_at, &form.id), render::form(form))).collect();
        self.page(now, request, &query, forms)
    }

    fn list_notes(&mut self, now: Millis, id: &str, request: &Request) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { once: PAGED, ..Parameters::default() })?;
        let notes = &self.visible(id)?.notes;
        let notes =
            notes.iter().map(|note| (Place::new(0, note.created_at, &note.id), render::note(note))).collect();
        self.page(now, request, &query, notes)
    }

    /// Children this account has none of: files, interviews and so on.
    fn list_nothing(&mut self, now: Millis, id: &str, request: &Request) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { once: PAGED, ..Parameters::default() })?;
        self.visible(id)?;
        self.page(now, request, &query, Vec::new())
    }

    /// `/sources` and `/tags`: each word and how many opportunities have it.
    fn count_words(
        &mut self,
        now: Millis,
        request: &Request,
        words: impl Fn(&Opportunity) -> &[String],
    ) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { once: PAGED, ..Parameters::default() })?;
        let mut counts = BTreeMap::<&str, usize>::new();
        for opportunity in self.world.opportunities().iter().filter(|found| found.deleted.is_none()) {
            for word in words(opportunity) {
                *counts.entry(word).or_default() += 1;
            }
        }
        let counts = counts
            .iter()
            .map(|(word, count)| (Place::new(0, 0, word), json!({"text": word, "count": count})));
        let counts = counts.collect();
        self.page(now, request, &query, counts)
    }

    fn list_reasons(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let once = &["limit", "offset", "type"];
        let query = Query::check(&request.query, Parameters { once, ..Parameters::default() })?;
        let wants_hires = match query.one("type") {
            None => None,
            Some("hired") => Some(true),
            Some("non-hired") => Some(false),
            Some(_) => return Err(Refusal::bad("type is hired or non-hired")),
        };
        let chosen =
            self.world.reasons.iter().filter(|reason| wants_hires.is_none_or(|hire| hire == reason.is_hire));
        if wants_hires == Some(true) && self.settings.hired_reasons == HiredReasons::One {
            return Ok(json!({ "data": chosen.map(render::reason).next() }).to_string());
        }
        let reasons =
            chosen.enumerate().map(|(at, reason)| (Place::new(at, 0, ""), render::reason(reason))).collect();
        self.page(now, request, &query, reasons)
    }

    fn list_stages(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let query = Query::check(&request.query, Parameters { once: PAGED, ..Parameters::default() })?;
        let stages = self.world.stages.iter().enumerate();
        let stages = stages.map(|(at, stage)| (Place::new(at, 0, ""), render::stage(stage))).collect();
        self.page(now, request, &query, stages)
    }

    /// Draft, closed and pending ones are listed; of the published only the public ones unless a channel is
    /// asked for (ref §12). Here a posting is public exactly when it is published, so a channel changes
    /// nothing.
    fn list_postings(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let once = &[
            "limit",
            "offset",
            "confidentiality",
            "updated_at_start",
            "updated_at_end",
            "distributionChannel",
        ];
        let many = &["state", "team", "department", "location", "commitment"];
        let query =
            Query::check(&request.query, Parameters { once, many, expands: render::POSTING_EXPANDS })?;
        let confidentiality = query.confidentiality(self.settings.confidential_granted)?;
        let updated_at = query.span("updated_at")?;
        let among = |name, value: Option<&str>| {
            query.one(name).is_none()
                || value.is_some_and(|value| query.all(name).any(|wanted| wanted == value))
        };
        let chosen = self.world.postings.iter().filter(|posting| {
            confidentiality.admits(posting.is_confidential)
                && updated_at.admits(Some(posting.updated_at))
                && among("state", Some(posting.state))
                && among("team", posting.team.as_deref())
                && among("department", posting.department.as_deref())
                && among("location", posting.location.as_deref())
                && among("commitment", posting.commitment.as_deref())
        });
        let postings = chosen.map(|posting| {
            let place = Place::new(0, posting.created_at, posting.id.as_str());
            (place, render::posting(&self.world, posting, query.expand))
        });
        let postings = postings.collect();
        self.page(now, request, &query, postings)
    }

    /// All are open and none is confidential here.
    fn list_requisitions(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let once =
            &["limit", "offset", "requisition_code", "confidentiality", "created_at_start", "created_at_end"];
        let many = &["status"];
        let expands = render::REQUISITION_EXPANDS;
        let query = Query::check(&request.query, Parameters { once, many, expands })?;
        let confidentiality = query.confidentiality(self.settings.confidential_granted)?;
        let created_at = query.span("created_at")?;
        let code = query.one("requisition_code");
        let chosen = self.world.requisitions.iter().filter(|requisition| {
            confidentiality.admits(false)
                && created_at.admits(Some(requisition.created_at))
                && code.is_none_or(|wanted| wanted == requisition.code)
                && (query.one("status").is_none() || query.all("status").any(|status| status == "open"))
        });
        let requisitions = chosen.map(|requisition| {
            let place = Place::new(0, requisition.created_at, requisition.id.as_str());
            (place, render::requisition(&self.world, requisition, query.expand))
        });
        let requisitions = requisitions.collect();
        self.page(now, request, &query, requisitions)
    }

    /// Deactivated users only on request (ref §12).
    fn list_users(&mut self, now: Millis, request: &Request) -> Result<String, Refusal> {
        let once = &["limit", "offset", "includeDeactivated", "external_directory_id"];
        let known = Parameters { once, many: &["email", "accessRole"], ..Parameters::default() };
        let query = Query::check(&request.query, known)?;
        let with_deactivated = query.flag("includeDeactivated")?.unwrap_or(false);
        let directory_id = query.one("external_directory_id");
        let chosen = self.world.users.iter().enumerate().filter(|(_, user)| {
            (with_deactivated || user.deactivated_at.is_none())
                && (query.one("email").is_none() || query.all("email").any(|email| email == user.email))
                && (query.one("accessRole").is_none()
                    || query.all("accessRole").any(|role| role == render::ACCESS_ROLE))
                && directory_id.is_none_or(|wanted| user.external_directory_id.as_deref() == Some(wanted))
        });
        let users =
            chosen.map(|(at, user)| (Place::new(at, 0, user.id.as_str()), render::user(user))).collect();
        self.page(now, request, &query, users)
    }

    /// A page of a list that is small enough to be made whole each time.
    fn page(
        &mut self,
        now: Millis,
        request: &Request,
        query: &Query<'_>,
        mut records: Vec<(Place, Value)>,
    ) -> Result<String, Refusal> {
        let size = self.page_size(query)?;
        let start = self.offsets.redeem(now, &request.path, query)?;
        records.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut rest =
            records.into_iter().filter(|(place, _)| start.as_ref().is_none_or(|start| start <= place));
        let page: Vec<String> =
            rest.by_ref().take(size).map(|(_, record)| render::only(record, query).to_string()).collect();
        let next = rest.next().map(|(place, _)| self.offsets.issue(now, &request.path, query, place));
        Ok(envelope(&page.join(","), next.as_deref()))
    }
}

pub(super) fn missing(what: &str, id: &str) -> Refusal {
    Refusal::not_found(format!("{what} {id} does not exist"))
}
