//! From many ids that somebody kept of Lever to contacts and their opportunities: for whoever moves in with a list.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use adapter_sdk::Result;
use engine::Whom;
use futures::{StreamExt, stream};
use people::{Candidacy, ContactId, OpportunityId, Pii, Timestamp};

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble},
    person,
    read::IN_FLIGHT_MAX,
    resolve::Who,
    wire::Opportunity,
};

/// A contact and what there is of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The contact as it is called now.
    pub contact: ContactId,
    /// Every opportunity that may be seen, the oldest first.
    pub opportunities: Vec<Place>,
}

/// One opportunity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub opportunity: OpportunityId,
    /// What it is now.
    pub candidacy: Candidacy,
    /// When it was archived as hired, if it is a hire.
    pub hired_at: Option<Timestamp>,
    /// The posting it is for, if it is for one.
    pub posting: Option<String>,
}

/// The contacts behind each text. Usually one; several where an e-mail address is several people's; none where it is unknown.
type Contacts = BTreeMap<String, BTreeSet<ContactId>>;

impl Lever {
    /// The contacts that each of `given` means, in the same order: contact ids, opportunity ids (the candidate ids of old),
    /// profile links and e-mail addresses. None: Lever knows nobody of that name. Two: an e-mail address of several people.
    ///
    /// Contact ids cost one request for fifty of them, whatever else one each and another for fifty; what is unknown three.
    pub async fn look_up(&self, given: &[Pii<String>]) -> Result<Vec<Vec<Known>>> {
        let mut contacts = Contacts::new();
        let mut opportunities: HashMap<ContactId, Vec<Opportunity>> = HashMap::new();
        for typed in given {
            contacts.entry(typed.reveal().trim().to_owned()).or_default();
        }

        let possible = contacts.keys().filter_map(|typed| match Who::read(typed) {
            Who::Id(id) => id.parse().ok(),
            _ => None,
        });
        self.list_all(possible.collect(), &mut opportunities).await?;

        let jobs: Vec<&String> =
            contacts.keys().filter(|typed| !opportunities.contains_key(typed.as_str())).collect();
        let boxed = jobs.into_iter().map(|typed| {
            let job = async move { (typed.clone(), self.contacts_behind(typed).await) };
            Box::pin(job) as futures::future::BoxFuture<'_, _>
        });
        let mut under_way = stream::iter(boxed.collect::<Vec<_>>()).buffer_unordered(IN_FLIGHT_MAX);
        let mut found = Vec::new();
        while let Some((typed, behind)) = under_way.next().await {
            found.push((typed, behind?));
        }
        drop(under_way);
        for (typed, behind) in found {
            contacts.insert(typed, behind);
        }
        for (typed, behind) in &mut contacts {
            if let Ok(contact) = typed.parse::<ContactId>()
                && opportunities.contains_key(&contact)
            {
                behind.insert(contact);
            }
        }

        let all: BTreeSet<ContactId> = contacts.values().flatten().cloned().collect();
        let rest = all.into_iter().filter(|contact| !opportunities.contains_key(contact));
        self.list_all(rest.collect(), &mut opportunities).await?;

        let reasons = self.reasons.covering(&self.caller, opportunities.values().flatten()).await?;
        let place = |opportunity: &Opportunity| {
            let candidacy = reasons.candidacy(opportunity);
            let hired = person::hired(opportunity, &reasons).filter(|_| candidacy == Candidacy::Hired);
            let posting =
                person::application(opportunity).and_then(|application| application.posting.clone());
            let opportunity = opportunity.id.clone();
            Place { opportunity, candidacy, hired_at: hired.map(|(_, at)| at), posting }
        };
        let known = |contact: &ContactId| {
            let mut of_contact: Vec<&Opportunity> =
                opportunities.get(contact).into_iter().flatten().collect();
            of_contact.sort_by_key(|opportunity| (opportunity.created_at, opportunity.id.clone()));
            Known { contact: contact.clone(), opportunities: of_contact.into_iter().map(place).collect() }
        };
        let answer = |typed: &Pii<String>| {
            contacts.get(typed.reveal().trim()).into_iter().flatten().map(known).collect()
        };
        Ok(given.iter().map(answer).collect())
    }

    /// Adds the opportunities of those of `contacts` that have any. What Lever answers with another contact was merged, and is
    /// not among them.
    async fn list_all(
        &self,
        contacts: Vec<ContactId>,
        opportunities: &mut HashMap<ContactId, Vec<Opportunity>>,
    ) -> Result<(), Trouble> {
        let whom = |contact| Whom { contact, known: Vec::new() };
        let who: Vec<Whom> = contacts.into_iter().map(whom).collect();
        let mut rest = who.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(self.batch_len(rest));
            let mut listed = self.listed(batch).await?.by_contact;
            for whom in batch {
                if let Some(found) = listed.remove(&whom.contact) {
                    opportunities.insert(whom.contact.clone(), found);
                }
            }
            rest = later;
        }
        Ok(())
    }

    /// Whose this is that is no contact with opportunities of its own.
    async fn contacts_behind(&self, typed: &str) -> Result<BTreeSet<ContactId>, Trouble> {
        let one = |contact: Option<ContactId>| contact.into_iter().collect();
        match Who::read(typed) {
            Who::Nonsense => Ok(BTreeSet::new()),
            Who::Link(opportunity) => Ok(one(self.contact_by_opportunity(&opportunity).await?)),
            Who::Email(email) => {
                let ask = Ask::list(Endpoint::Opportunities).with("email", email);
                self.contacts_of(&self.with_confidentiality(ask)).await
            }
            Who::Id(id) => {
                if let Ok(opportunity) = id.parse()
                    && let Some(contact) = self.contact_by_opportunity(&opportunity).await?
                {
                    return Ok(BTreeSet::from([contact]));
                }
                // One that was merged away, or one that has no opportunity.
                let ask = Ask::list(Endpoint::Opportunities).with("contact_id", id.as_str());
                let merged = self.contacts_of(&self.with_confidentiality(ask)).await?;
                if merged.is_empty() { Ok(one(self.contact_itself(&id).await?)) } else { Ok(merged) }
            }
        }
    }
}
