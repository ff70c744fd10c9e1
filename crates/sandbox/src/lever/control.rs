//! `/sandbox`: the recruiter's seat, for a person with `curl`. The crate's first page lists the routes.

use serde_json::{Value, json};

use super::query::Refusal;
use super::world::{ContactId, OpportunityId, Phone, PostingId};
use super::{Fault, Lever, NewContact, Refused};
use crate::message::{Millis, Reply, Request};

impl Lever {
    pub(super) fn control(&mut self, now: Millis, path: &[String], request: &Request) -> Reply {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), &path[..]) {
            ("GET", ["people"]) => Ok(self.people()),
            ("GET", ["figures"]) => Ok(self.figures.to_json()),
            ("POST", ["hire"]) => self.hire_somebody(now, request),
            ("POST", ["opportunities", id, "hire"]) => {
                self.done(|lever| lever.hire(now, &OpportunityId::from(*id)))
            }
            ("POST", ["opportunities", id, "unhire"]) => {
                self.done(|lever| lever.unarchive(now, &OpportunityId::from(*id)))
            }
            ("POST", ["contacts", id]) => self.change_somebody(now, &ContactId::from(*id), request),
            ("POST", ["faults"]) => self.plan_faults(request),
            ("DELETE", ["faults"]) => {
                self.clear_faults();
                Ok(json!({ "planned": [] }))
            }
            _ => Err(Refusal::not_found(
                "the sandbox has people, figures, hire, opportunities, contacts and faults",
            )),
        };
        answer.map_or_else(Refusal::into_reply, |answer| Reply::json(200, format!("{answer:#}\n")))
    }

    fn people(&self) -> Value {
        let opportunities = self.opportunities().iter().filter(|opportunity| opportunity.deleted.is_none());
        opportunities
            .map(|opportunity| {
                json!({
                    "contact": opportunity.contact.as_str(),
                    "opportunity": opportunity.id.as_str(),
                    "name": self.world.contact_of(opportunity).name,
                    "hired": self.world.hired_at(opportunity).is_some(),
                })
            })
            .collect()
    }

    fn hire_somebody(&mut self, now: Millis, request: &Request) -> Result<Value, Refusal> {
        let order = body(request)?;
        let word = |key: &str| order[key].as_str();
        let name = word("name").ok_or_else(|| Refusal::bad("say who: {\"name\": \"Ada Example\"}"))?;
        let posting = word("posting").map(|wanted| self.posting_called(wanted)).transpose()?;
        let emails = word("email").map(str::to_owned).into_iter().collect();
        let phones = word("phone").map(|value| Phone::new("mobile", value)).into_iter().collect();
        let contact =
            self.add_contact(NewContact { name: name.to_owned(), emails, phones, ..NewContact::default() });
        let opportunity = self.add_opportunity(now, &contact, posting.as_ref()).map_err(unable)?;
        self.hire(now, &opportunity).map_err(unable)?;
        Ok(json!({"contact": contact.as_str(), "opportunity": opportunity.as_str()}))
    }

    /// By id, or by title in any case.
    fn posting_called(&self, wanted: &str) -> Result<PostingId, Refusal> {
        let is_wanted = |title: &str| title.to_lowercase() == wanted.to_lowercase();
        let found =
            self.postings().iter().find(|posting| posting.id.as_str() == wanted || is_wanted(&posting.title));
        found.map(|posting| posting.id.clone()).ok_or_else(|| {
            let titles: Vec<&str> = self.postings().iter().map(|posting| posting.title.as_str()).collect();
            Refusal::not_found(format!("no such posting; there are: {}", titles.join("; ")))
        })
    }

    fn change_somebody(&mut self, now: Millis, id: &ContactId, request: &Request) -> Result<Value, Refusal> {
        let order = body(request)?;
        let list = |key: &str| order[key].as_array();
        if let Some(name) = order["name"].as_str() {
            self.rename(now, id, name).map_err(unable)?;
        }
        if let Some(emails) = list("emails") {
            let emails = emails.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            self.set_emails(now, id, emails).map_err(unable)?;
        }
        if let Some(phones) = list("phones") {
            let phones = phones.iter().filter_map(|phone| {
                let kind = phone["type"].as_str().map(str::to_owned);
                Some(Phone { kind, value: phone["value"].as_str()?.to_owned() })
            });
            self.set_phones(now, id, phones.collect()).map_err(unable)?;
        }
        self.done(|lever| lever.contact(id).map(drop).ok_or_else(|| Refused::no_contact(id)))
    }

    fn plan_faults(&mut self, request: &Request) -> Result<Value, Refusal> {
        let order = body(request)?;
        let spec = order["spec"].as_str().ok_or_else(|| Refusal::bad("say what: {\"spec\": \"503*20\"}"))?;
        for fault in Fault::parse_list(spec).map_err(Refusal::bad)? {
            self.add_fault(fault);
        }
        Ok(json!({ "planned": self.faults.texts() }))
    }

    fn done(&mut self, act: impl FnOnce(&mut Lever) -> Result<(), Refused>) -> Result<Value, Refusal> {
        act(self).map(|()| json!({ "done": true })).map_err(unable)
    }
}

fn body(request: &Request) -> Result<Value, Refusal> {
    serde_json::from_slice(&request.body).map_err(|_| Refusal::bad("the body is not JSON"))
}

fn unable(refused: Refused) -> Refusal {
    Refusal::not_found(refused)
}
