//! The whole person. Contacts are read in batches through the list of their opportunities; whoever is not in it is looked
//! for one by one before anything is said about them.

use std::{collections::HashMap, sync::Arc};

use adapter_sdk::{ErrorKind, Result};
use engine::{Reading, Whom};
use futures::{StreamExt, future::BoxFuture, stream};
use people::{ContactId, OpportunityId};
use serde_json::{Map, Value};

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble, What},
    objects::Draft,
    pages::Pages,
    person,
    wire::{self, Contact, NotUnderstood, Opportunity, Unread, one_record},
};

/// Contacts in one listing.
const BATCH_MAX: usize = 50;
/// Longest address of a batch's first page. Lever refuses nothing below 8,000; the rest is for the page token.
const URL_MAX: usize = 6_500;
/// Requests under way at once. The pace decides how many really start.
pub(crate) const IN_FLIGHT_MAX: usize = 8;

/// What a listing by contact brought.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) by_contact: HashMap<ContactId, Vec<Opportunity>>,
    unread: Vec<Unread>,
}

/// What came of looking for one contact.
enum Found {
    Opportunities(Vec<Opportunity>),
    Reading(Reading),
}

impl Lever {
    pub(crate) async fn read_all(&self, who: &[Whom]) -> Result<Vec<(ContactId, Reading)>> {
        let who = once_each(who);
        let mut readings: Vec<(ContactId, Reading)> = Vec::with_capacity(who.len());
        let mut rest = who.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(self.batch_len(rest));
            match Box::pin(self.read_batch(batch)).await {
                Ok(more) => readings.extend(more),
                // One record spoils the listing of all: whoever it is costs nobody else anything.
                Err(trouble) if batch.len() > 1 && matches!(trouble.what, What::NotUnderstood(_)) => {
                    let (one, other) = batch.split_at(batch.len() / 2);
                    for half in [one, other] {
                        match Box::pin(self.read_all(half)).await {
                            Ok(more) => readings.extend(more),
                            Err(error) => readings.extend(
                                half.iter()
                                    .map(|whom| (whom.contact.clone(), Reading::Failed(error.clone()))),
                            ),
                        }
                    }
                }
                Err(trouble) if readings.is_empty() => return Err(trouble.into()),
                Err(trouble) => {
                    let failed =
                        |whom: &Whom| (whom.contact.clone(), Reading::Failed(trouble.clone().into()));
                    readings.extend(rest.iter().map(failed));
                    break;
                }
            }
            rest = later;
        }
        // A key that is refused concerns everybody, also when only the offers were asked for with it.
        let refused = |reading: &Reading| matches!(reading, Reading::Failed(error) if error.kind() == ErrorKind::Unauthorized);
        if readings.iter().all(|(_, reading)| refused(reading))
            && let Some((_, Reading::Failed(error))) = readings.pop()
        {
            return Err(error);
        }
        Ok(readings)
    }

    async fn read_batch(&self, batch: &[Whom]) -> Result<Vec<(ContactId, Reading)>, Trouble> {
        let mut listed = self.listed(batch).await?;
        let mut found = Vec::with_capacity(batch.len());
        let mut looked_for: Vec<BoxFuture<'_, (ContactId, Found)>> = Vec::new();
        for whom in batch {
            match listed.by_contact.remove(&whom.contact) {
                Some(opportunities) if !listed.has_unread_of(&whom.contact) => {
                    found.push((whom.contact.clone(), Found::Opportunities(opportunities)));
                }
                _ => looked_for.push(Box::pin(async { (whom.contact.clone(), self.look_for(whom).await) })),
            }
        }
        found.extend(stream::iter(looked_for).buffer_unordered(IN_FLIGHT_MAX).collect::<Vec<_>>().await);

        let opportunities = found.iter().flat_map(|(_, found)| match found {
            Found::Opportunities(opportunities) => opportunities.as_slice(),
            Found::Reading(_) => &[],
        });
        let reasons = self.reasons.covering(&self.caller, opportunities).await?;

        let mut readings = Vec::with_capacity(batch.len());
        let mut drafts = Vec::new();
        for (contact, found) in found {
            match found {
                Found::Reading(reading) => readings.push((contact, reading)),
                Found::Opportunities(all) if all.iter().all(|opportunity| opportunity.is_anonymised) => {
                    readings.push((contact, Reading::Anonymised));
                }
                Found::Opportunities(all) => {
                    let judged = all.into_iter().map(|mut opportunity| {
                        self.settings.own.leave(&mut opportunity);
                        let is = reasons.candidacy(&opportunity);
                        (opportunity, is)
                    });
                    let reasons = Arc::clone(&reasons);
                    let draft = Draft { contact, opportunities: judged.collect(), reasons };
                    match draft.unreadable_place() {
                        Some(place) => readings.push((draft.contact, Reading::Unreadable { place })),
                        None => drafts.push(draft),
                    }
                }
            }
        }
        let objects = self.objects(&drafts).await;
        readings.extend(drafts.into_iter().map(|draft| (draft.contact.clone(), objects.complete(draft))));
        Ok(readings)
    }

    /// How many of `who` fit into one listing; at least one.
    pub(crate) fn batch_len(&self, who: &[Whom]) -> usize {
        let room = URL_MAX.saturating_sub(self.caller.url_len(&self.by_contacts(&[])));
        let mut length = 0;
        let fitting = who.iter().take(BATCH_MAX).take_while(|whom| {
            // An id is at most 128 ASCII characters, each of which may be written as three.
            length += "&contact_id=".len()
                + whom
                    .contact
                    .as_str()
                    .bytes()
                    .map(|byte| if byte.is_ascii_alphanumeric() { 1 } else { 3 })
                    .sum::<usize>();
            length <= room
        });
        fitting.count().max(1)
    }

    fn by_contacts(&self, who: &[Whom]) -> Ask {
        let mut ask = Ask::list(Endpoint::Opportunities);
        for whom in who {
            ask = ask.with("contact_id", whom.contact.as_str());
        }
        self.with_confidentiality(ask.with("expand", "applications"))
    }

    pub(crate) async fn listed(&self, who: &[Whom]) -> Result<Listed, Trouble> {
        let ask = self.by_contacts(who);
        let mut listed = Listed::default();
        let mut pages = Pages::default();
        loop {
            let page = match self.opportunities(&pages.ask(&ask)).await {
                Ok(got) => got.value,
                Err(trouble) if pages.begin_anew(&trouble) => continue,
                Err(trouble) => return Err(trouble),
            };
            for (opportunity, _) in page.read {
                listed.add(opportunity, self.settings.confidential);
            }
            listed.unread.extend(page.unread);
            match pages.follow(page.next) {
                Ok(true) => {}
                Ok(false) => return Ok(listed),
                Err(what) => return Err(self.caller.trouble(Endpoint::Opportunities, what, 1)),
            }
        }
    }

    /// Looks for a contact that was not in a listing, or not wholly: once more by itself, then by the opportunities known to
    /// be its, then by its own id. An error on the way is an error, never "gone".
    async fn look_for(&self, whom: &Whom) -> Found {
        match self.try_look_for(whom).await {
            Ok(found) => found,
            Err(trouble) => Found::Reading(failed(trouble)),
        }
    }

    async fn try_look_for(&self, whom: &Whom) -> Result<Found, Trouble> {
        let mut listed = self.listed(std::slice::from_ref(whom)).await?;
        if let Some(unread) = listed.unread.into_iter().next() {
            return Ok(Found::Reading(Reading::Unreadable { place: unread.place }));
        }
        if let Some(opportunities) = listed.by_contact.remove(&whom.contact) {
            return Ok(Found::Opportunities(opportunities));
        }
        // Asked for one contact, Lever answers with another's: it knows that they were merged.
        let mut moved_to = listed.by_contact.into_keys().next();
        let mut own = Vec::new();
        let mut hidden = None;
        let mut withheld = None;
        for id in &whom.known {
            match self.opportunity(id).await {
                Ok(Some(opportunity)) if opportunity.contact != whom.contact => {
                    moved_to = moved_to.or(Some(opportunity.contact));
                }
                Ok(Some(opportunity)) if opportunity.is_confidential && !self.settings.confidential => {
                    hidden = Some(opportunity.id);
                }
                Ok(Some(opportunity)) => own.push(opportunity),
                Ok(None) => {}
                Err(trouble) if trouble.is_about_the_object() => withheld = Some(trouble),
                Err(trouble) => return Err(trouble),
            }
        }
        if !own.is_empty() {
            return Ok(Found::Opportunities(own));
        }
        if let Some(opportunity) = hidden {
            let place =
                format!("opportunity {opportunity}, which is confidential while lever.confidential is false");
            return Ok(Found::Reading(Reading::Unreadable { place }));
        }
        if let Some(to) = moved_to {
            return Ok(Found::Reading(Reading::Moved { to }));
        }
        match withheld {
            Some(trouble) => Err(trouble),
            None => self.contact_without_opportunities(&whom.contact).await.map(Found::Reading),
        }
    }

    async fn contact_without_opportunities(&self, contact: &ContactId) -> Result<Reading, Trouble> {
        let decode = |keys: &Map<String, Value>| {
            let id = keys.get("id").and_then(Value::as_str).and_then(|id| id.parse::<ContactId>().ok());
            (id, keys.get("isAnonymized") == Some(&Value::Bool(true)), Contact::from_keys(keys))
        };
        let ask = Ask::of(Endpoint::Contact, contact.as_str());
        match self.caller.get(&ask, |text| one_record(text, decode)).await {
            Ok(got) => Ok(match got.value {
                (Some(to), _, _) if to != *contact => Reading::Moved { to },
                (_, true, _) => Reading::Anonymised,
                (_, false, mut own) => {
                    self.settings.own.leave_links(&mut own.links);
                    Reading::Person(Box::new(person::nobody(contact.clone(), own)))
                }
            }),
            Err(Trouble { what: What::Missing, .. }) => Ok(Reading::Gone),
            Err(trouble) => Err(trouble),
        }
    }

    /// One opportunity; `None` when it is not there.
    pub(crate) async fn opportunity(&self, id: &OpportunityId) -> Result<Option<Opportunity>, Trouble> {
        let ask = Ask::of(Endpoint::Opportunity, id.as_str()).with("expand", "applications");
        let decode = |text: &str| {
            Opportunity::from_keys(&wire::one(text)?)
                .map_err(|why| NotUnderstood { place: format!("opportunity {id}: {}", why.place), ..why })
        };
        match self.caller.get(&ask, decode).await {
            Ok(got) => Ok(Some(got.value)),
            Err(Trouble { what: What::Missing, .. }) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }
}

impl Listed {
    /// A record that moved while we paged comes twice; the later one is the newer. A confidential one is not for us.
    fn add(&mut self, opportunity: Opportunity, with_confidential: bool) {
        if opportunity.is_confidential && !with_confidential {
            return;
        }
        for of_contact in self.by_contact.values_mut() {
            of_contact.retain(|known| known.id != opportunity.id);
        }
        self.by_contact.retain(|_, of_contact| !of_contact.is_empty());
        self.by_contact.entry(opportunity.contact.clone()).or_default().push(opportunity);
    }

    fn has_unread_of(&self, contact: &ContactId) -> bool {
        self.unread.iter().any(|unread| unread.contact.as_ref().is_none_or(|of| of == contact))
    }
}

pub(crate) fn failed(trouble: Trouble) -> Reading {
    match trouble.unreadable_place() {
        Some(place) => Reading::Unreadable { place: place.to_owned() },
        None => Reading::Failed(trouble.into()),
    }
}

/// Each contact once, with everything known of it.
fn once_each(who: &[Whom]) -> Vec<Whom> {
    let mut at: HashMap<ContactId, usize> = HashMap::new();
    let mut once: Vec<Whom> = Vec::with_capacity(who.len());
    for whom in who {
        match at.get(&whom.contact) {
            Some(&index) => {
                let known: &mut Vec<OpportunityId> = &mut once[index].known;
                known.extend(whom.known.iter().filter(|id| !known.contains(id)).cloned().collect::<Vec<_>>());
            }
            None => {
                at.insert(whom.contact.clone(), once.len());
                once.push(whom.clone());
            }
        }
    }
    once
}
