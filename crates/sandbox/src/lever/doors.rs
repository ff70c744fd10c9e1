//! The recruiter's doors that are one row each: what is done to a candidacy, to a contact, and to the API key.

use serde_json::Value;

use super::access::is_permission;
use super::query::Refusal;
use super::recruiting::Refused;
use super::world::{ContactId, OfferId, OfferStatus, OpportunityId, StageId};
use super::{Lever, NewOffer};
use crate::message::Millis;

/// Every door of the recruiter's seat, for the help of a command line.
pub const DOORS: &str = "\
GET    /sandbox/people
GET    /sandbox/figures                 requests by path and status, most in a second
POST   /sandbox/hire                    {\"name\", \"email\", \"phone\", \"posting\", \"requisition\"}
POST   /sandbox/opportunities/{id}/...
         hire, unhire, rehire, reject, archive-again, delete, anonymize, confidential, open
         stage                          {\"stage\"}
         data-protection                {\"allowed\": false, \"expiresAt\": null}
         offer                          {\"startDate\": 1772409600000, \"jobTitle\", \"status\": \"signed\"}
         change-offer                   {\"offer\", \"startDate\", \"status\"}; the newest if none
         split                          {\"posting\"}: two of one, as Lever's migration did
         interview                      {\"event\": \"interviewCreated\"}
         hide, show                     from or to this API key
POST   /sandbox/opportunities/{id}/forms         {\"title\", \"answers\"}
DELETE /sandbox/opportunities/{id}/forms/{form}
POST   /sandbox/contacts/{id}           {\"name\", \"emails\": [], \"phones\": [{\"type\", \"value\"}]}
POST   /sandbox/contacts/{id}/forms     {\"posting\", \"answers\": [{\"type\", \"question\", \"value\"}]}
POST   /sandbox/contacts/{id}/merge     {\"loser\": another contact}
GET    /sandbox/postings
POST   /sandbox/postings                {\"title\", \"state\"}
POST   /sandbox/key/...
         revoke, restore                the key itself
         deny, allow                    {\"permission\": \"offers:read:admin\"}
         grant, withhold                confidential data
POST   /sandbox/faults                  {\"spec\": \"503*20\"}
DELETE /sandbox/faults
GET    /sandbox/trap                   where `bait` leads; hits are among the figures
";

/// What a door does to the candidacy of this id.
pub(super) type OnOpportunity = fn(&mut Lever, Millis, &OpportunityId, &Value) -> Result<(), Refusal>;

/// `POST /sandbox/opportunities/{id}/<word>`.
pub(super) const ON_OPPORTUNITY: &[(&str, OnOpportunity)] = &[
    ("hire", |lever, now, id, _| Ok(lever.hire(now, id)?)),
    ("unhire", |lever, now, id, _| Ok(lever.unarchive(now, id)?)),
    ("rehire", |lever, now, id, _| Ok(lever.unarchive(now, id).and_then(|()| lever.hire(now, id))?)),
    ("reject", |lever, now, id, _| Ok(lever.archive(now, id, &lever.rejected_reason())?)),
    ("archive-again", |lever, now, id, _| Ok(lever.archive_again(now, id)?)),
    ("delete", |lever, now, id, _| Ok(lever.delete(now, id)?)),
    ("anonymize", |lever, now, id, _| Ok(lever.anonymize(now, id)?)),
    ("confidential", |lever, now, id, _| Ok(lever.make_confidential(now, id)?)),
    ("open", |lever, now, id, _| Ok(lever.make_open(now, id)?)),
    ("stage", |lever, now, id, order| Ok(lever.advance(now, id, &StageId::from(word(order, "stage")?))?)),
    ("data-protection", |lever, now, id, order| {
        let allowed = order["allowed"].as_bool().ok_or_else(|| Refusal::bad("allowed is true or false"))?;
        Ok(lever.protect(now, id, allowed, time(order, "expiresAt")?)?)
    }),
    ("offer", |lever, now, id, order| {
        let title = order["jobTitle"].as_str().map(str::to_owned);
        let new = NewOffer { start_date: time(order, "startDate")?, job_title: title, ..NewOffer::default() };
        let offer = lever.add_offer(now, id, new)?;
        lever.change_offer(now, id, &offer, order)
    }),
    ("change-offer", |lever, now, id, order| {
        let newest =
            lever.opportunity(id).and_then(|found| found.offers.last()).map(|offer| offer.id.clone());
        let named = order["offer"].as_str().map(OfferId::from).or(newest);
        let offer = named.ok_or_else(|| Refusal::not_found("there is no offer"))?;
        if !order["startDate"].is_null() {
            lever.move_start_date(now, id, &offer, time(order, "startDate")?)?;
        }
        lever.change_offer(now, id, &offer, order)
    }),
    ("split", |lever, now, id, order| {
        let posting = lever.posting_called(word(order, "posting")?)?;
        Ok(lever.split(now, id, &posting, None).map(drop)?)
    }),
    ("interview", |lever, now, id, order| Ok(lever.tell_of_interview(now, id, word(order, "event")?)?)),
    ("hide", |lever, _, id, _| lever.known(id).map(|()| lever.hide(id))),
    ("show", |lever, _, id, _| lever.known(id).map(|()| lever.show(id))),
];

/// What a door does to the API key.
pub(super) type OnKey = fn(&mut Lever, &Value) -> Result<(), Refusal>;

/// `POST /sandbox/key/<word>`.
pub(super) const ON_KEY: &[(&str, OnKey)] = &[
    ("revoke", |lever, _| {
        lever.revoke_key();
        Ok(())
    }),
    ("restore", |lever, _| {
        lever.restore_key();
        Ok(())
    }),
    ("deny", |lever, order| permission(order).map(|permission| lever.deny(permission))),
    ("allow", |lever, order| permission(order).map(|permission| lever.allow(permission))),
    ("grant", |lever, _| {
        lever.grant_confidential(true);
        Ok(())
    }),
    ("withhold", |lever, _| {
        lever.grant_confidential(false);
        Ok(())
    }),
];

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        Refusal::not_found(refused)
    }
}

impl Lever {
    /// `POST /sandbox/contacts/{id}/merge`.
    pub(super) fn merge_into(
        &mut self,
        now: Millis,
        winner: &ContactId,
        order: &Value,
    ) -> Result<(), Refusal> {
        Ok(self.merge(now, winner, &ContactId::from(word(order, "loser")?))?)
    }

    fn change_offer(
        &mut self,
        now: Millis,
        id: &OpportunityId,
        offer: &OfferId,
        order: &Value,
    ) -> Result<(), Refusal> {
        let Some(wanted) = order["status"].as_str() else { return Ok(()) };
        let status = OfferStatus::ALL.into_iter().find(|status| status.as_str() == wanted);
        let status = status.ok_or_else(|| {
            let words = OfferStatus::ALL.map(OfferStatus::as_str);
            Refusal::bad(format!("status is one of: {}", words.join(", ")))
        })?;
        Ok(self.set_offer_status(now, id, offer, status)?)
    }

    fn known(&self, id: &OpportunityId) -> Result<(), Refusal> {
        let known = self.opportunity(id).map(drop);
        known.ok_or_else(|| Refusal::not_found(format!("there is no such opportunity: {id}")))
    }
}

fn word<'o>(order: &'o Value, key: &str) -> Result<&'o str, Refusal> {
    order[key].as_str().ok_or_else(|| Refusal::bad(format!("say which: {{\"{key}\": \"…\"}}")))
}

fn time(order: &Value, key: &str) -> Result<Option<Millis>, Refusal> {
    match &order[key] {
        Value::Null => Ok(None),
        at => at.as_u64().map(Some).ok_or_else(|| Refusal::bad(format!("{key} is a time in ms"))),
    }
}

fn permission(order: &Value) -> Result<&str, Refusal> {
    let permission = word(order, "permission")?;
    if is_permission(permission) {
        return Ok(permission);
    }
    Err(Refusal::bad("no such permission; one looks like offers:read:admin"))
}
