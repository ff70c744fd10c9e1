//! What belongs to hires: the offers and profile forms of each one, and what many share (postings, users, requisitions), each
//! read once.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use engine::{Needs, Reading};
use futures::{StreamExt, future::BoxFuture, stream};
use people::{Answer, Candidacy, Colleague, ContactId, OpportunityId, Posting, Requisition, Withheld};
use serde_json::{Map, Value, value::RawValue};
use tracing::warn;

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble, What},
    kept::{Kept, Reasons},
    person::{self, Judged, Parts},
    read::{IN_FLIGHT_MAX, failed},
    wire::{self, NotUnderstood, Opportunity, Shape, list, one_record},
};

/// A contact whose opportunities are known, and whose objects are still to be read.
pub(crate) struct Draft {
    pub(crate) contact: ContactId,
    pub(crate) opportunities: Vec<Judged>,
    pub(crate) reasons: Arc<Reasons>,
}

/// One object to read.
enum Job {
    Offer { of: OpportunityId, posting: Option<String> },
    Forms(OpportunityId),
    Posting(String),
    User(String),
    Requisition(String),
}

type Read<T> = Result<Option<T>, Trouble>;

/// All objects of a batch, or why they could not be read.
#[derive(Default)]
pub(crate) struct Objects {
    needs: Needs,
    offers: HashMap<OpportunityId, Read<Option<people::Offer>>>,
    forms: HashMap<OpportunityId, Read<Vec<Answer>>>,
    postings: HashMap<String, Read<Arc<Posting>>>,
    users: HashMap<String, Read<Arc<Colleague>>>,
    requisitions: HashMap<String, Read<Arc<Requisition>>>,
}

enum Done {
    Offer(OpportunityId, Read<Option<people::Offer>>),
    Forms(OpportunityId, Read<Vec<Answer>>),
    Posting(String, Read<Arc<Posting>>),
    User(String, Read<Arc<Colleague>>),
    Requisition(String, Read<Arc<Requisition>>),
}

impl Lever {
    /// Every object that these drafts need, each once.
    pub(crate) async fn objects(&self, drafts: &[Draft]) -> Objects {
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
            if needs.forms {
                jobs.push(Job::Forms(hire.id.clone()));
            }
            if needs.postings {
                postings.extend(posting);
            }
            if needs.users {
                users.extend(person::manager(hire));
                users.extend(hire.owner.as_deref());
            }
            requisitions.extend(requisition_to_read(hire, needs));
        }
        jobs.extend(postings.into_iter().map(|id| Job::Posting(id.to_owned())));
        jobs.extend(users.into_iter().map(|id| Job::User(id.to_owned())));
        jobs.extend(requisitions.into_iter().map(|id| Job::Requisition(id.to_owned())));

        let boxed = jobs.into_iter().map(|job| -> BoxFuture<'_, Done> { Box::pin(self.run(job)) });
        let mut under_way = stream::iter(boxed.collect::<Vec<_>>()).buffer_unordered(IN_FLIGHT_MAX);
        let mut objects = Objects { needs, ..Objects::default() };
        while let Some(done) = under_way.next().await {
            match done {
                Done::Offer(of, read) => drop(objects.offers.insert(of, read)),
                Done::Forms(of, read) => drop(objects.forms.insert(of, read)),
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
            Job::Forms(of) => {
                let read = self.forms(&of).await;
                Done::Forms(of, read)
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
                let decode = if self.settings.needs.requisition_details {
                    wire::requisition_details
                } else {
                    wire::requisition
                };
                let read = self.object(&self.requisitions, Endpoint::Requisition, &id, decode).await;
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
        let offers = self.of_hire(Endpoint::Offers, of, wire::Offer::from_list).await?;
        Ok(offers.map(|offers| {
            let once: BTreeMap<_, _> = offers.into_iter().map(|offer| (offer.id.clone(), offer)).collect();
            person::offer_that_counts(once.into_values().collect(), posting)
        }))
    }

    /// The answers on the profile forms. Withheld forms are `Ok(None)`.
    async fn forms(&self, of: &OpportunityId) -> Read<Vec<Answer>> {
        let forms = self.of_hire(Endpoint::Forms, of, wire::Form::from_list).await?;
        Ok(forms.map(|forms| person::profile_answers(of, forms)))
    }

    /// All pages of a list that belongs to one hire, in the order of arrival. A record that cannot be understood is the
    /// trouble of the whole list; withheld, the list is `Ok(None)`.
    async fn of_hire<T: Send>(
        &self,
        endpoint: Endpoint,
        of: &OpportunityId,
        decode: fn(usize, &RawValue) -> Result<T, NotUnderstood>,
    ) -> Read<Vec<T>> {
        let ask = Ask::of(endpoint, of.as_str());
        let decode = |text: &str| {
            let page = list(text, Shape::Loose)?;
            let records = page.records.into_iter().enumerate();
            let decoded = records.map(|(at, raw)| decode(at, raw)).collect::<Result<Vec<_>, _>>();
            let place = |why: NotUnderstood| NotUnderstood {
                place: format!("opportunity {of}: {}", why.place),
                ..why
            };
            Ok((decoded.map_err(place)?, page.next))
        };
        match self.caller.all(&ask, decode).await {
            Ok(all) => Ok(Some(all)),
            // Deleted since it was listed: then it has none because it is no hire, and that is no blank.
            Err(trouble) if trouble.what == What::Missing && self.opportunity(of).await?.is_none() => {
                Err(trouble)
            }
            Err(trouble) if trouble.is_about_the_object() => {
                warn!(path = endpoint.template(), opportunity = %of, "what belongs to a hire is missing or withheld");
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
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
    pub(crate) fn unreadable_place(&self) -> Option<String> {
        self.hires().find_map(|hire| {
            let what = if hire.applications_unexpanded {
                "applications, of which only the ids came: does the key have applications:read:admin?"
            } else if person::hired(hire, &self.reasons).is_none() {
                "archived.archivedAt"
            } else {
                return None;
            };
            Some(format!("opportunity {}: {what}", hire.id))
        })
    }
}

impl Objects {
    pub(crate) fn complete(&self, draft: Draft) -> Reading {
        match self.troubles(&draft).next() {
            Some(trouble) => failed(trouble.clone()),
            None => {
                let parts = |hire: &Opportunity| self.parts(hire);
                let Draft { contact, opportunities, reasons } = &draft;
                Reading::Person(Box::new(person::person(contact.clone(), opportunities, reasons, parts)))
            }
        }
    }

    /// What could not be read of this person. One thing is enough: a blank that nobody saw must not be delivered.
    fn troubles<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = &'a Trouble> {
        draft.hires().flat_map(|hire| {
            let posting = person::application(hire).and_then(|application| application.posting.as_deref());
            let requisition = requisition_to_read(hire, self.needs);
            let users = [person::manager(hire), hire.owner.as_deref()];
            trouble(self.offers.get(&hire.id))
                .into_iter()
                .chain(trouble(self.forms.get(&hire.id)))
                .chain(posting.and_then(|id| trouble(self.postings.get(id))))
                .chain(requisition.and_then(|id| trouble(self.requisitions.get(id))))
                .chain(users.into_iter().flatten().filter_map(|id| trouble(self.users.get(id))))
        })
    }

    fn parts(&self, hire: &Opportunity) -> Parts {
        let application = person::application(hire);
        let posting = application.and_then(|application| application.posting.as_deref());
        let requisition = application.and_then(|application| application.requisition.clone());
        let asked_for = requisition_to_read(hire, self.needs).and_then(|id| self.requisitions.get(id));
        // The code that came with the hire holds as long as the requisition itself says no other.
        let code = requisition.as_ref().and_then(|requisition| requisition.code.clone());
        let read_requisition =
            shared(asked_for).map(|read| Requisition { code: read.code.clone().or(code.clone()), ..read });
        Parts {
            posting: posting.and_then(|id| shared(self.postings.get(id))),
            offer: self.offers.get(&hire.id).and_then(|read| read.as_ref().ok()?.clone()?),
            requisition: read_requisition.or(requisition),
            manager: person::manager(hire).and_then(|id| self.colleague(id)),
            recruiter: hire.owner.as_deref().and_then(|id| self.colleague(id)),
            forms: self.forms.get(&hire.id).and_then(|read| read.as_ref().ok()?.clone()).unwrap_or_default(),
            withheld: Withheld {
                offers: is_withheld(self.offers.get(&hire.id)),
                posting: posting.is_some_and(|id| is_withheld(self.postings.get(id))),
                requisition: is_withheld(asked_for),
                requisition_code: is_withheld(asked_for) && code.is_none(),
                colleagues: [person::manager(hire), hire.owner.as_deref()]
                    .into_iter()
                    .flatten()
                    .any(|id| is_withheld(self.users.get(id))),
                forms: is_withheld(self.forms.get(&hire.id)),
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

/// It was asked for, and we were not shown it.
fn is_withheld<T>(read: Option<&Read<T>>) -> bool {
    matches!(read, Some(Ok(None)))
}

/// The requisition that has to be asked for: any one for what else it says, else one whose code we are not told with the hire.
fn requisition_to_read(hire: &Opportunity, needs: Needs) -> Option<&str> {
    let requisition = person::application(hire)?.requisition.as_ref()?;
    let is_needed = needs.requisition_details || needs.requisitions && requisition.code.is_none();
    is_needed.then_some(requisition.id.as_str())
}

fn trouble<T>(read: Option<&Read<T>>) -> Option<&Trouble> {
    read.and_then(|read| read.as_ref().err())
}

fn shared<T: Clone>(read: Option<&Read<Arc<T>>>) -> Option<T> {
    read.and_then(|read| read.as_ref().ok()?.as_deref().cloned())
}
