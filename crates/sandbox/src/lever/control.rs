//! `/sandbox`: the recruiter's seat, for a person with `curl`. [`DOORS`](super::DOORS) lists the routes; those
//! that are one row each are in `doors`.

use serde_json::{Value, json};

use super::doors::{ON_KEY, ON_OPPORTUNITY};
use super::query::Refusal;
use super::world::{ContactId, OpportunityId, Phone, Posting, PostingId, RequisitionId};
use super::{Fault, Lever, NewContact, NewPosting, Refused};
use crate::message::{Millis, Reply, Request};

impl Lever {
    pub(super) fn control(&mut self, now: Millis, path: &[String], request: &Request) -> Reply {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), &path[..]) {
            ("GET", ["people"]) => Ok(self.people()),
            ("GET", ["figures"]) => Ok(self.figures.to_json()),
            ("POST", ["hire"]) => self.hire_somebody(now, request),
            ("POST", ["opportunities", id, "forms"]) => {
                self.fill_on_profile(now, &OpportunityId::from(*id), request)
            }
            ("DELETE", ["opportunities", id, "forms", form]) => {
                self.done(|lever| lever.delete_profile_form(now, &OpportunityId::from(*id), form))
            }
            ("POST", ["opportunities", id, word]) => {
                self.open(ON_OPPORTUNITY, word, request, |act, lever, order| {
                    act(lever, now, &OpportunityId::from(*id), order)
                })
            }
            ("POST", ["key", word]) => {
                self.open(ON_KEY, word, request, |act, lever, order| act(lever, order))
            }
            ("POST", ["contacts", id, "merge"]) => {
                let id = ContactId::from(*id);
                body(request).and_then(|order| self.merge_into(now, &id, &order)).map(|()| done())
            }
            ("GET", ["postings"]) => Ok(self.jobs()),
            ("POST", ["postings"]) => self.open_job(now, request),
            ("POST", ["contacts", id, "forms"]) => self.fill_as(now, &ContactId::from(*id), request),
            ("POST", ["contacts", id]) => self.change_somebody(now, &ContactId::from(*id), request),
            ("GET", ["trap", ..]) => {
                self.figures.trapped += 1;
                Ok(json!({ "trapped": self.figures.trapped }))
            }
            ("POST", ["faults"]) => self.plan_faults(request),
            ("DELETE", ["faults"]) => {
                self.clear_faults();
                Ok(json!({ "planned": [] }))
            }
            _ => Err(Refusal::not_found(
                "the sandbox has people, postings, figures, hire, opportunities, contacts, key and faults",
            )),
        };
        answer.map_or_else(Refusal::into_reply, |answer| Reply::json(200, format!("{answer:#}\n")))
    }

    /// Goes through the door of this name. Most take no body.
    fn open<Act: Copy>(
        &mut self,
        doors: &[(&str, Act)],
        name: &str,
        request: &Request,
        go: impl FnOnce(Act, &mut Lever, &Value) -> Result<(), Refusal>,
    ) -> Result<Value, Refusal> {
        let door = doors.iter().find(|(known, _)| *known == name);
        let (_, act) = door.ok_or_else(|| {
            let names: Vec<&str> = doors.iter().map(|(known, _)| *known).collect();
            Refusal::not_found(format!("there is no such door; there are: {}", names.join(", ")))
        })?;
        let order = if request.body.is_empty() { Value::Null } else { body(request)? };
        go(*act, self, &order).map(|()| done())
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
        let requisition = word("requisition").map(|code| self.requisition_of(code)).transpose()?;
        let emails = word("email").map(str::to_owned).into_iter().collect();
        let phones = word("phone").map(|value| Phone::new("mobile", value)).into_iter().collect();
        let contact =
            self.add_contact(NewContact { name: name.to_owned(), emails, phones, ..NewContact::default() });
        let opportunity = self.add_opportunity(now, &contact, posting.as_ref()).map_err(unable)?;
        self.hire(now, &opportunity).map_err(unable)?;
        if let Some(requisition) = requisition {
            self.hire_against(now, &opportunity, &requisition).map_err(unable)?;
        }
        Ok(json!({"contact": contact.as_str(), "opportunity": opportunity.as_str()}))
    }

    /// By id, or by title in any case.
    pub(super) fn posting_called(&self, wanted: &str) -> Result<PostingId, Refusal> {
        let is_wanted = |title: &str| title.to_lowercase() == wanted.to_lowercase();
        let found =
            self.postings().iter().find(|posting| posting.id.as_str() == wanted || is_wanted(&posting.title));
        found.map(|posting| posting.id.clone()).ok_or_else(|| {
            let titles: Vec<&str> = self.postings().iter().map(|posting| posting.title.as_str()).collect();
            Refusal::not_found(format!("no such posting; there are: {}", titles.join("; ")))
        })
    }

    fn requisition_of(&self, code: &str) -> Result<RequisitionId, Refusal> {
        let found = self.requisitions().iter().find(|requisition| requisition.code == code);
        found.map(|requisition| requisition.id.clone()).ok_or_else(|| {
            let codes: Vec<&str> = self.requisitions().iter().map(|found| found.code.as_str()).collect();
            Refusal::not_found(format!("no such requisition; there are: {}", codes.join(", ")))
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

    fn jobs(&self) -> Value {
        let job = |posting: &Posting| json!({"posting": posting.id.as_str(), "title": posting.title, "state": posting.state});
        self.postings().iter().map(job).collect()
    }

    /// Unlisted unless said otherwise: a listed one is there already.
    fn open_job(&mut self, now: Millis, request: &Request) -> Result<Value, Refusal> {
        let order = body(request)?;
        let word = |key: &str| order[key].as_str().map(str::to_owned);
        let title =
            word("title").ok_or_else(|| Refusal::bad("say which: {\"title\": \"Your first day\"}"))?;
        let states = ["internal", "published", "closed", "draft"];
        let wanted = order["state"].as_str().unwrap_or("internal");
        let state = states.into_iter().find(|state| *state == wanted);
        let state = state.ok_or_else(|| Refusal::bad(format!("state is one of: {}", states.join(", "))))?;
        let tags = order["tags"].as_array().into_iter().flatten();
        let posting = self.add_posting(
            now,
            NewPosting {
                title,
                state,
                team: word("team"),
                department: word("department"),
                location: word("location"),
                commitment: word("commitment"),
                tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
            },
        );
        Ok(json!({"posting": posting.as_str()}))
    }

    /// The person answers the questions behind a posting.
    fn fill_as(&mut self, now: Millis, id: &ContactId, request: &Request) -> Result<Value, Refusal> {
        let order = body(request)?;
        let posting = order["posting"].as_str().ok_or_else(|| Refusal::bad("say which posting"))?;
        let posting = self.posting_called(posting)?;
        let opportunity = self.fill_form(now, id, &posting, &answers(&order)?).map_err(unable)?;
        Ok(json!({"contact": id.as_str(), "opportunity": opportunity.as_str()}))
    }

    fn fill_on_profile(
        &mut self,
        now: Millis,
        id: &OpportunityId,
        request: &Request,
    ) -> Result<Value, Refusal> {
        let order = body(request)?;
        let title =
            order["title"].as_str().ok_or_else(|| Refusal::bad("say which: {\"title\": \"Onboarding\"}"))?;
        let form = self.fill_profile_form(now, id, title, &answers(&order)?).map_err(unable)?;
        Ok(json!({"opportunity": id.as_str(), "form": form}))
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
        act(self).map(|()| done()).map_err(unable)
    }
}

fn done() -> Value {
    json!({ "done": true })
}

fn body(request: &Request) -> Result<Value, Refusal> {
    serde_json::from_slice(&request.body).map_err(|_| Refusal::bad("the body is not JSON"))
}

/// Field type, question, value; a field without a type is a text.
fn answers(order: &Value) -> Result<Vec<(&str, &str, Value)>, Refusal> {
    let wrong = || {
        Refusal::bad("say what: {\"answers\": [{\"type\": \"text\", \"question\": \"…\", \"value\": \"…\"}]}")
    };
    order["answers"]
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(|answer| {
            let question = answer["question"].as_str().ok_or_else(wrong)?;
            Ok((answer["type"].as_str().unwrap_or("text"), question, answer["value"].clone()))
        })
        .collect()
}

fn unable(refused: Refused) -> Refusal {
    Refusal::not_found(refused)
}
