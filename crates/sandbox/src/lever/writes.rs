//! What an integration may write back (ref §13).
//!
//! An answer holds the whole opportunity, without its location and with nothing expanded. On behalf of a user
//! (`perform_as`) it comes back without personal data although the record is intact: a trap, seen in
//! recordings, for whoever feeds it back.

use serde_json::{Value, json};

use super::Lever;
use super::query::{Expand, Parameters, Query, Refusal};
use super::recruiting::{Refused, Trace};
use super::render;
use super::routes::{Endpoint, Route};
use super::world::{Note, OpportunityId, UserId};
use crate::message::{Millis, Reply, Request};

impl Lever {
    pub(super) fn write(
        &mut self,
        now: Millis,
        route: &Route,
        id: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        match (request.method.as_str(), route.endpoint) {
            ("POST", Endpoint::AddTags) => self.change_tags(now, id, request, add),
            ("POST", Endpoint::RemoveTags) => self.change_tags(now, id, request, remove),
            ("POST", Endpoint::AddLinks) => self.change_links(now, id, request, add),
            ("POST", Endpoint::RemoveLinks) => self.change_links(now, id, request, remove),
            ("POST", Endpoint::Notes) => self.add_note(now, id, request),
            ("POST", Endpoint::Webhooks) => self.add_webhook(now, request),
            ("PUT", Endpoint::Webhooks) => self.change_webhooks(now, request),
            ("DELETE", Endpoint::Webhook) => self.delete_webhook(id),
            _ => Err(Refusal::new(403, "Forbidden", "this key may not write here")),
        }
    }

    fn change_tags(
        &mut self,
        now: Millis,
        id: &str,
        request: &Request,
        change: fn(&mut Vec<String>, &[String]),
    ) -> Result<Reply, Refusal> {
        let tags = words(request, "tags")?;
        let (id, performer) = self.target(id, request)?;
        self.edit(now, &id, Trace::Touched, |opportunity| change(&mut opportunity.tags, &tags))
            .map_err(gone)?;
        self.answer_write(200, &id, performer.as_ref(), None)
    }

    /// Links belong to the contact. The answer shows another `lastInteractionAt` and the old `updatedAt`, which
    /// moves right after (ref §13).
    fn change_links(
        &mut self,
        now: Millis,
        id: &str,
        request: &Request,
        change: fn(&mut Vec<String>, &[String]),
    ) -> Result<Reply, Refusal> {
        let links = words(request, "links")?;
        let (id, performer) = self.target(id, request)?;
        let contact = self.visible(id.as_str())?.contact.clone();
        if self.living_contact(&contact).map_err(gone)?.is_anonymized {
            return Err(Refusal::bad("an anonymized contact cannot be changed"));
        }
        self.world.change_contact(&contact, |contact| change(&mut contact.links, &links));
        self.edit(now, &id, Trace::None, |opportunity| opportunity.last_interaction_at = now)
            .map_err(gone)?;
        let answer = self.answer_write(200, &id, performer.as_ref(), None);
        self.edit_contact(now, &contact, |_| ()).map_err(gone)?;
        answer
    }

    /// Two equal requests make two notes.
    fn add_note(&mut self, now: Millis, id: &str, request: &Request) -> Result<Reply, Refusal> {
        let order = body(request)?;
        let value = order["value"].as_str().ok_or_else(|| Refusal::bad("value is a text"))?.to_owned();
        let is_secret = match &order["secret"] {
            Value::Null => false,
            Value::Bool(is_secret) => *is_secret,
            _ => return Err(Refusal::bad("secret is true or false")),
        };
        let (id, user) = self.target(id, request)?;
        let note = Note { id: self.world.fresh_form_id(), value, is_secret, user, created_at: now };
        let (note_id, user) = (note.id.clone(), note.user.clone());
        self.edit(now, &id, Trace::Touched, |opportunity| opportunity.notes.push(note)).map_err(gone)?;
        self.answer_write(201, &id, user.as_ref(), Some(&note_id))
    }

    /// The opportunity to be changed, and on whose behalf.
    fn target(&self, id: &str, request: &Request) -> Result<(OpportunityId, Option<UserId>), Refusal> {
        let known = Parameters {
            once: &["perform_as"],
            expands: render::OPPORTUNITY_EXPANDS,
            ..Parameters::default()
        };
        let query = Query::check(&request.query, known)?;
        let performer = match query.one("perform_as") {
            None => None,
            Some(user) => Some(self.world.user(user).ok_or_else(|| Refusal::bad("perform_as is no user"))?),
        };
        Ok((self.visible(id)?.id.clone(), performer.map(|user| user.id.clone())))
    }

    fn answer_write(
        &self,
        status: u16,
        id: &OpportunityId,
        performer: Option<&UserId>,
        note: Option<&str>,
    ) -> Result<Reply, Refusal> {
        let mut record = render::opportunity(&self.world, self.visible(id.as_str())?, Expand(0));
        if let Some(fields) = record.as_object_mut() {
            fields.remove("opportunityLocation");
            if performer.is_some() {
                for text in ["name", "headline", "location"] {
                    fields.insert(text.to_owned(), json!(""));
                }
                for list in ["emails", "phones", "links"] {
                    fields.insert(list.to_owned(), json!([]));
                }
            }
            if let Some(note) = note {
                fields.insert("noteId".to_owned(), json!(note));
            }
        }
        Ok(Reply::json(status, json!({ "data": record }).to_string()))
    }
}

pub(super) fn body(request: &Request) -> Result<Value, Refusal> {
    serde_json::from_slice(&request.body).map_err(|_| Refusal::bad("the body is not JSON"))
}

fn words(request: &Request, key: &str) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::bad(format!("{key} is a list of texts"));
    let order = body(request)?;
    let list = order[key].as_array().ok_or_else(wrong)?;
    list.iter().map(|word| word.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// What is there already stays where it is.
fn add(list: &mut Vec<String>, words: &[String]) {
    for word in words {
        if !list.contains(word) {
            list.push(word.clone());
        }
    }
}

fn remove(list: &mut Vec<String>, words: &[String]) {
    list.retain(|word| !words.contains(word));
}

fn gone(refused: Refused) -> Refusal {
    Refusal::not_found(refused)
}
