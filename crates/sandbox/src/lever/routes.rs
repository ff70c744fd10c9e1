//! The endpoints, and what each reads.

use serde_json::{Value, json};

use super::paging::envelope;
use super::query::{Expand, PAGED, Parameters, Query, Refusal};
use super::render;
use super::world::{Opportunity, Place};
use super::{HiredReasons, Lever};
use crate::message::{Millis, Request};

/// What can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Opportunities,
    DeletedOpportunities,
    Opportunity,
    Offers,
    Applications,
    Forms,
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
}

/// The endpoint of a path after `/v1`, and the id in it.
pub(super) fn find(path: &[String]) -> Option<(Endpoint, &str)> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Some(match path[..] {
        ["opportunities"] => (Endpoint::Opportunities, ""),
        ["opportunities", "deleted"] => (Endpoint::DeletedOpportunities, ""),
        ["opportunities", id] => (Endpoint::Opportunity, id),
        ["opportunities", id, "offers"] => (Endpoint::Offers, id),
        ["opportunities", id, "applications"] => (Endpoint::Applications, id),
        ["opportunities", id, "forms"] => (Endpoint::Forms, id),
        ["archive_reasons"] => (Endpoint::ArchiveReasons, ""),
        ["archive_reasons", id] => (Endpoint::ArchiveReason, id),
        ["stages"] => (Endpoint::Stages, ""),
        ["stages", id] => (Endpoint::Stage, id),
        ["contacts", id] => (Endpoint::Contact, id),
        ["postings"] => (Endpoint::Postings, ""),
        ["postings", id] => (Endpoint::Posting, id),
        ["requisitions"] => (Endpoint::Requisitions, ""),
        ["requisitions", id] => (Endpoint::Requisition, id),
        ["users"] => (Endpoint::Users, ""),
        ["users", id] => (Endpoint::User, id),
        _ => return None,
    })
}

impl Endpoint {
    pub(super) fn template(self) -> &'static str {
        match self {
            Endpoint::Opportunities => "/opportunities",
            Endpoint::DeletedOpportunities => "/opportunities/deleted",
            Endpoint::Opportunity => "/opportunities/:id",
            Endpoint::Offers => "/opportunities/:id/offers",
            Endpoint::Applications => "/opportunities/:id/applications",
            Endpoint::Forms => "/opportunities/:id/forms",
            Endpoint::ArchiveReasons => "/archive_reasons",
            Endpoint::ArchiveReason => "/archive_reasons/:id",
            Endpoint::Stages => "/stages",
            Endpoint::Stage => "/stages/:id",
            Endpoint::Contact => "/contacts/:id",
            Endpoint::Postings => "/postings",
            Endpoint::Posting => "/postings/:id",
            Endpoint::Requisitions => "/requisitions",
            Endpoint::Requisition => "/requisitions/:id",
            Endpoint::Users => "/users",
            Endpoint::User => "/users/:id",
        }
    }

    pub(super) fn is_list(self) -> bool {
        match self {
            Endpoint::Opportunities
            | Endpoint::DeletedOpportunities
            | Endpoint::Offers
            | Endpoint::Applications
            | Endpoint::Forms
            | Endpoint::ArchiveReasons
            | Endpoint::Stages
            | Endpoint::Postings
            | Endpoint::Requisitions
            | Endpoint::Users => true,
            Endpoint::Opportunity
            | Endpoint::ArchiveReason
            | Endpoint::Stage
            | Endpoint::Contact
            | Endpoint::Posting
            | Endpoint::Requisition
            | Endpoint::User => false,
        }
    }
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
    fn visible(&self, id: &str) -> Result<&Opportunity, Refusal> {
        let found = self.world.find(id).map(|at| &self.world.opportunities()[at]);
        match found.filter(|opportunity| opportunity.deleted.is_none()) {
            None => Err(missing("opportunity", id)),
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

fn missing(what: &str, id: &str) -> Refusal {
    Refusal::not_found(format!("{what} {id} does not exist"))
}
