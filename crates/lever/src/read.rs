//! The whole person. Contacts are read in batches through the list of their opportunities; whoever is not in it is looked
//! for one by one before anything is said about them. Offers are asked for by hire, postings and colleagues once each.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use adapter_sdk::{ErrorKind, Result};
use engine::{Reading, Whom};
use futures::{StreamExt, future::BoxFuture, stream};
use people::{Candidacy, Colleague, ContactId, OpportunityId, Posting, Requisition, Withheld};
use serde_json::{Map, Value};
use tracing::warn;

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble, What},
    kept::Kept,
    person::{self, Judged, Parts},
    sweep::RESTARTS_MAX,
    wire::{self, Contact, NotUnderstood, Opportunity, Shape, Unread, list, one_record},
};

/// Contacts in one listing.
const BATCH_MAX: usize = 50;
/// Longest address of a batch's first page. Lever refuses nothing below 8,000; the rest is for the page token.
const URL_MAX: usize = 6_500;
/// Requests under way at once. The pace decides how many really start.
const IN_FLIGHT_MAX: usize = 8;

/// What a listing by contact brought.
#[derive(Debug, Default)]
struct Listed {
    by_contact: HashMap<ContactId, Vec<Opportunity>>,
    unread: Vec<Unread>,
}

/// What came of looking for one contact.
enum Found {
    Opportunities(Vec<Opportunity>),
    Reading(Reading),
}

/// A contact whose opportunities are known, and whose objects are still to be read.
struct Draft {
    contact: ContactId,
    opportunities: Vec<Judged>,
}

/// One object to read.
enum Job {
    Offer { of: OpportunityId, posting: Option<String> },
    Posting(String),
    User(String),
    Requisition(String),
}

type Read<T> = Result<Option<T>, Trouble>;

/// All objects of a batch, or why they could not be read.
#[derive(Default)]
struct Objects {
    offers: HashMap<OpportunityId, Read<Option<people::Offer>>>,
    postings: HashMap<String, Read<Arc<Posting>>>,
    users: HashMap<String, Read<Arc<Colleague>>>,
    requisitions: HashMap<String, Read<Arc<Requisition>>>,
}

/// Where a list is that is read page by page to its end.
#[derive(Default)]
pub(crate) struct Pages {
    offset: Option<String>,
    restarts: u8,
    pages: u32,
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
                    let judge = |opportunity| (reasons.candidacy(&opportunity), opportunity);
                    let judged = all.into_iter().map(judge).map(|(is, opportunity)| (opportunity, is));
                    let draft = Draft { contact, opportunities: judged.collect() };
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
    fn batch_len(&self, who: &[Whom]) -> usize {
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

    async fn listed(&self, who: &[Whom]) -> Result<Listed, Trouble> {
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
                (_, false, own) => Reading::Person(Box::new(person::nobody(contact.clone(), own))),
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

    /// Every object that these drafts need, each once.
    async fn objects(&self, drafts: &[Draft]) -> Objects {
        let needs = self.settings.needs;
        let mut jobs = Vec::new();
        let mut postings = BTreeSet::new();
        let mut users = BTreeSet::new();
        let mut requisitions = BTreeSet::new();
        for hire in drafts.iter().flat_map(Draft::hires) {
            let application = person::application(hire);
            let posting = application.and_then(|application| application.posting.as_deref());
            if needs.offers {
                jobs.push(Job::Offer { of: hire.id.clone(), posting: posting.map(str::to_owned) });
            }
            if needs.postings {
                postings.extend(posting);
            }
            if needs.users {
                users.extend(person::manager(hire));
                users.extend(hire.owner.as_deref());
            }
            if needs.requisitions {
                requisitions.extend(requisition_to_read(hire));
            }
        }
        jobs.extend(postings.into_iter().map(|id| Job::Posting(id.to_owned())));
        jobs.extend(users.into_iter().map(|id| Job::User(id.to_owned())));
        jobs.extend(requisitions.into_iter().map(|id| Job::Requisition(id.to_owned())));

        let boxed = jobs.into_iter().map(|job| -> BoxFuture<'_, Done> { Box::pin(self.run(job)) });
        let mut under_way = stream::iter(boxed.collect::<Vec<_>>()).buffer_unordered(IN_FLIGHT_MAX);
        let mut objects = Objects::default();
        while let Some(done) = under_way.next().await {
            match done {
                Done::Offer(of, read) => drop(objects.offers.insert(of, read)),
                Done::Posting(id, read) => drop(objects.postings.insert(id, read)),
                Done::User(id, read) => drop(objects.users.insert(id, read)),
                Done::Requisition(id, read) => drop(objects.requisitions.insert(id, read)),
            }
        }
        objects
    }

    async fn run(&self, job: Job) -> Done {
        match job {
            Job::Offer { of, posting } => {
                let read = self.offer(&of, posting.as_deref()).await;
                Done::Offer(of, read)
            }
            Job::Posting(id) => {
                let read = self.object(&self.postings, Endpoint::Posting, &id, wire::posting).await;
                Done::Posting(id, read)
            }
            Job::User(id) => {
                let read = self.object(&self.users, Endpoint::User, &id, wire::user).await;
                Done::User(id, read)
            }
            Job::Requisition(id) => {
                let read =
                    self.object(&self.requisitions, Endpoint::Requisition, &id, wire::requisition).await;
                Done::Requisition(id, read)
            }
        }
    }

    /// An object that many hires share. Missing or withheld, it is `None`; any other trouble is not evidence of anything.
    async fn object<T: Send + Sync>(
        &self,
        kept: &Kept<T>,
        endpoint: Endpoint,
        id: &str,
        decode: fn(&str, &Map<String, Value>) -> T,
    ) -> Read<Arc<T>> {
        if let Some(known) = kept.get(id) {
            return Ok(known);
        }
        let ask = Ask::of(endpoint, id);
        let object = match self.caller.get(&ask, |text| one_record(text, |keys| decode(id, keys))).await {
            Ok(got) => Some(Arc::new(got.value)),
            Err(trouble) if trouble.is_about_the_object() => {
                warn!(path = endpoint.template(), id, "an object that a hire names is missing or withheld");
                None
            }
            Err(trouble) => return Err(trouble),
        };
        kept.put(id.to_owned(), object.clone());
        Ok(object)
    }

    /// The offer that counts, if one does. Withheld offers are `Ok(None)`.
    async fn offer(&self, of: &OpportunityId, posting: Option<&str>) -> Read<Option<people::Offer>> {
        let ask = Ask::of(Endpoint::Offers, of.as_str());
        let decode = |text: &str| {
            let page = list(text, Shape::Loose)?;
            let records = page.records.into_iter().enumerate();
            let offers =
                records.map(|(at, raw)| wire::Offer::from_list(at, raw)).collect::<Result<Vec<_>, _>>();
            let place = |why: NotUnderstood| NotUnderstood {
                place: format!("opportunity {of}: {}", why.place),
                ..why
            };
            Ok((offers.map_err(place)?, page.next))
        };
        let mut offers = BTreeMap::new();
        let mut pages = Pages::default();
        loop {
            let (page, next) = match self.caller.get(&pages.ask(&ask).with("limit", "100"), decode).await {
                Ok(got) => got.value,
                Err(trouble) if pages.begin_anew(&trouble) => continue,
                // Deleted since it was listed: then it has no offers because it is no hire, and that is no blank.
                Err(trouble) if trouble.what == What::Missing && self.opportunity(of).await?.is_none() => {
                    return Err(trouble);
                }
                Err(trouble) if trouble.is_about_the_object() => {
                    warn!(opportunity = %of, "the offers of a hire are missing or withheld");
                    return Ok(None);
                }
                Err(trouble) => return Err(trouble),
            };
            offers.extend(page.into_iter().map(|offer| (offer.id.clone(), offer)));
            match pages.follow(next) {
                Ok(true) => {}
                Ok(false) => {
                    return Ok(Some(person::offer_that_counts(offers.into_values().collect(), posting)));
                }
                Err(what) => return Err(self.caller.trouble(Endpoint::Offers, what, 1)),
            }
        }
    }
}

enum Done {
    Offer(OpportunityId, Read<Option<people::Offer>>),
    Posting(String, Read<Arc<Posting>>),
    User(String, Read<Arc<Colleague>>),
    Requisition(String, Read<Arc<Requisition>>),
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

impl Draft {
    fn hires(&self) -> impl Iterator<Item = &Opportunity> {
        self.opportunities
            .iter()
            .filter(|(_, is)| *is == Candidacy::Hired)
            .map(|(opportunity, _)| opportunity)
    }

    /// Why a hire cannot be made of what came, if so. Its place, without values.
    fn unreadable_place(&self) -> Option<String> {
        self.hires().find_map(|hire| {
            let what = if hire.applications_unexpanded {
                "applications, of which only the ids came: does the key have applications:read:admin?"
            } else if person::hired(hire).is_none() {
                "archived.archivedAt"
            } else {
                return None;
            };
            Some(format!("opportunity {}: {what}", hire.id))
        })
    }
}

impl Objects {
    fn complete(&self, draft: Draft) -> Reading {
        match self.troubles(&draft).next() {
            Some(trouble) => failed(trouble.clone()),
            None => {
                let parts = |hire: &Opportunity| self.parts(hire);
                Reading::Person(Box::new(person::person(draft.contact.clone(), &draft.opportunities, parts)))
            }
        }
    }

    /// What could not be read of this person. One thing is enough: a blank that nobody saw must not be delivered.
    fn troubles<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = &'a Trouble> {
        draft.hires().flat_map(|hire| {
            let posting = person::application(hire).and_then(|application| application.posting.as_deref());
            let requisition = requisition_to_read(hire).and_then(|id| trouble(self.requisitions.get(id)));
            let users = [person::manager(hire), hire.owner.as_deref()];
            trouble(self.offers.get(&hire.id))
                .into_iter()
                .chain(posting.and_then(|id| trouble(self.postings.get(id))))
                .chain(requisition)
                .chain(users.into_iter().flatten().filter_map(|id| trouble(self.users.get(id))))
        })
    }

    fn parts(&self, hire: &Opportunity) -> Parts {
        let application = person::application(hire);
        let posting = application.and_then(|application| application.posting.as_deref());
        let requisition = application.and_then(|application| application.requisition.clone());
        let read_requisition = requisition_to_read(hire).and_then(|id| shared(self.requisitions.get(id)));
        Parts {
            posting: posting.and_then(|id| shared(self.postings.get(id))),
            offer: self.offers.get(&hire.id).and_then(|read| read.as_ref().ok()?.clone()?),
            requisition: read_requisition.or(requisition),
            manager: person::manager(hire).and_then(|id| self.colleague(id)),
            recruiter: hire.owner.as_deref().and_then(|id| self.colleague(id)),
            withheld: Withheld {
                offers: is_withheld(self.offers.get(&hire.id)),
                posting: posting.is_some_and(|id| is_withheld(self.postings.get(id))),
                requisition: requisition_to_read(hire)
                    .is_some_and(|id| is_withheld(self.requisitions.get(id))),
                colleagues: [person::manager(hire), hire.owner.as_deref()]
                    .into_iter()
                    .flatten()
                    .any(|id| is_withheld(self.users.get(id))),
                forms: false,
            },
        }
    }

    /// The user, or only the id of one whom we are not shown.
    fn colleague(&self, id: &str) -> Option<Colleague> {
        let unnamed =
            || Colleague { id: id.to_owned(), name: None, email: None, external_directory_id: None };
        match self.users.get(id)? {
            Ok(Some(user)) => Some(Colleague::clone(user)),
            Ok(None) | Err(_) => Some(unnamed()),
        }
    }
}

impl Pages {
    pub(crate) fn ask(&self, ask: &Ask) -> Ask {
        match &self.offset {
            Some(offset) => ask.clone().with("offset", offset.as_str()),
            None => ask.clone(),
        }
    }

    /// Whether there is another page to ask for.
    pub(crate) fn follow(&mut self, next: Option<String>) -> Result<bool, What> {
        self.pages += 1;
        if next.is_some() && (next == self.offset || self.pages > 10_000) {
            return Err(What::NotUnderstood(NotUnderstood::at("next, which leads in a circle")));
        }
        self.offset = next;
        Ok(self.offset.is_some())
    }

    /// Whether to begin again from the first page because the token is taken no longer.
    pub(crate) fn begin_anew(&mut self, trouble: &Trouble) -> bool {
        let again =
            trouble.is_about_the_request() && self.offset.take().is_some() && self.restarts < RESTARTS_MAX;
        self.restarts += 1;
        again
    }
}

/// The requisition whose code we are not told with the hire.
/// It was asked for, and we were not shown it.
fn is_withheld<T>(read: Option<&Read<T>>) -> bool {
    matches!(read, Some(Ok(None)))
}

fn requisition_to_read(hire: &Opportunity) -> Option<&str> {
    let requisition = person::application(hire)?.requisition.as_ref()?;
    requisition.code.is_none().then_some(requisition.id.as_str())
}

fn failed(trouble: Trouble) -> Reading {
    match trouble.unreadable_place() {
        Some(place) => Reading::Unreadable { place: place.to_owned() },
        None => Reading::Failed(trouble.into()),
    }
}

fn trouble<T>(read: Option<&Read<T>>) -> Option<&Trouble> {
    read.and_then(|read| read.as_ref().err())
}

fn shared<T: Clone>(read: Option<&Read<Arc<T>>>) -> Option<T> {
    read.and_then(|read| read.as_ref().ok()?.as_deref().cloned())
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
