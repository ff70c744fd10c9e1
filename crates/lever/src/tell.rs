//! Telling Lever that a target holds somebody, in the four steps that Lever's help centre describes for HR integrations:
//! from an id on file to the contact it has *now*, from the contact to its hired opportunities, several of them, and then
//! what each one is to carry. Nothing of a write's answer is used: it may be blanked.

use std::collections::BTreeSet;

use adapter_sdk::Result;
use engine::News;
use http::Method;
use people::{Candidacy, ContactId, OpportunityId};
use serde_json::{Value, json};
use tracing::warn;

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble},
    kept::NoOlderThan,
    own::is_same,
    sweep::opportunities,
    wire::{Opportunity, Shape, list, note_texts},
};

/// Attempts at something that may be written twice, with a look after each whose outcome is unknown.
const ATTEMPTS: u32 = 3;

/// One thing that an opportunity is to carry.
#[derive(Clone, Copy)]
enum Item<'n> {
    Tag(&'n str),
    Link(&'n str),
    Note(&'n str),
}

impl Lever {
    pub(crate) async fn tell_all(&self, news: &News) -> Result<BTreeSet<OpportunityId>> {
        let contact = self.contact_now(news).await?;
        let mut told = BTreeSet::new();
        let mut first = None;
        // A link is the contact's: written on one opportunity, it is on all of them.
        let mut link = news.link.as_deref();
        for hire in self.hires_of(&contact).await?.iter().filter(|hire| news.hires.contains(&hire.id)) {
            match self.tell_of(hire, news, &mut link).await {
                Ok(()) => drop(told.insert(hire.id.clone())),
                Err(trouble) => {
                    let is_everybodys = !trouble.is_about_the_object();
                    first = first.or(Some(trouble));
                    if is_everybodys {
                        break;
                    }
                }
            }
        }
        match first {
            Some(trouble) if told.is_empty() => Err(trouble.into()),
            Some(trouble) => {
                let error = adapter_sdk::Error::from(trouble);
                warn!(code = error.kind().code(), contact = %contact, "one of several hires was not told: {error}");
                Ok(told)
            }
            None => Ok(told),
        }
    }

    /// The contact that a hire we know belongs to now: it may have been merged since.
    async fn contact_now(&self, news: &News) -> Result<ContactId, Trouble> {
        for id in &news.hires {
            match self.opportunity(id).await {
                Ok(Some(opportunity)) => return Ok(opportunity.contact),
                Ok(None) => {}
                Err(trouble) if trouble.is_about_the_object() => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(news.contact.clone())
    }

    /// What is a hire of this contact now, and may be seen, and is not anonymised.
    async fn hires_of(&self, contact: &ContactId) -> Result<Vec<Opportunity>, Trouble> {
        let reasons = self.reasons.get(&self.caller, NoOlderThan::DAY).await?;
        let mut ask =
            Ask::list(Endpoint::Opportunities).with("contact_id", contact.as_str()).with("archived", "true");
        for reason in &reasons.hired {
            ask = ask.with("archive_reason_id", reason.as_str());
        }
        let decode = |text: &str| {
            let page = opportunities(text)?;
            for record in &page.unread {
                warn!(place = record.place, "a record of somebody to be told could not be understood");
            }
            Ok((page.read.into_iter().map(|(opportunity, _)| opportunity).collect(), page.next))
        };
        let mut hires: Vec<Opportunity> = self.caller.all(&self.with_confidentiality(ask), decode).await?;
        hires.retain(|hire| {
            reasons.candidacy(hire) == Candidacy::Hired
                && (self.settings.confidential || !hire.is_confidential)
        });
        // One that moved while we paged comes twice.
        let mut seen = BTreeSet::new();
        hires.retain(|hire| seen.insert(hire.id.clone()));
        Ok(hires)
    }

    /// Writes what this hire does not carry yet. A `link` that was written is owed no more.
    async fn tell_of<'n>(
        &self,
        hire: &Opportunity,
        news: &'n News,
        link: &mut Option<&'n str>,
    ) -> Result<(), Trouble> {
        let tag = news.tag.as_deref().map(Item::Tag).filter(|tag| !tag.is_on(hire));
        if let Some(tag) = tag {
            self.write(&hire.id, tag).await?;
        }
        if let Some(owed) = link.map(Item::Link).filter(|link| !link.is_on(hire)) {
            self.write(&hire.id, owed).await?;
            *link = None;
        }
        let note = news.note.as_deref().map(Item::Note);
        if let Some(note) = note
            && !self.carries(&hire.id, note).await?
        {
            self.write(&hire.id, note).await?;
        }
        Ok(())
    }

    async fn write(&self, of: &OpportunityId, item: Item<'_>) -> Result<(), Trouble> {
        let (endpoint, body) = item.written();
        let mut ask = Ask::of(endpoint, of.as_str());
        if let Some(user) = &self.settings.perform_as {
            ask = ask.with("perform_as", user.as_str());
        }
        let mut attempts = 0;
        loop {
            attempts += 1;
            let trouble = match self.caller.change(Method::Post, &ask, Some(&body)).await {
                Ok(_) => return Ok(()),
                Err(trouble) if trouble.is_unknown() => trouble,
                Err(trouble) => return Err(trouble),
            };
            self.caller.pause(attempts, None).await;
            if self.carries(of, item).await? {
                return Ok(());
            }
            // A note that is written late would stand there twice: whoever asks again later will see it.
            if matches!(item, Item::Note(_)) || attempts >= ATTEMPTS {
                return Err(trouble);
            }
        }
    }

    /// Whether Lever has it, asked now.
    async fn carries(&self, of: &OpportunityId, item: Item<'_>) -> Result<bool, Trouble> {
        match item {
            Item::Tag(_) | Item::Link(_) => {
                Ok(self.opportunity(of).await?.is_some_and(|opportunity| item.is_on(&opportunity)))
            }
            Item::Note(note) => {
                let decode = |text: &str| {
                    let page = list(text, Shape::Loose)?;
                    Ok((page.records.into_iter().flat_map(note_texts).collect(), page.next))
                };
                let texts = self.caller.all(&Ask::of(Endpoint::Notes, of.as_str()), decode).await?;
                Ok(texts.iter().any(|text: &String| is_same(text, note)))
            }
        }
    }
}

impl Item<'_> {
    /// Whether the record shows it. Notes are not part of it.
    fn is_on(self, opportunity: &Opportunity) -> bool {
        match self {
            Item::Tag(tag) => opportunity.tags.iter().any(|known| is_same(known, tag)),
            Item::Link(link) => opportunity.person.links.iter().any(|known| is_same(known.reveal(), link)),
            Item::Note(_) => false,
        }
    }

    fn written(self) -> (Endpoint, Value) {
        match self {
            Item::Tag(tag) => (Endpoint::AddTags, json!({ "tags": [tag] })),
            Item::Link(link) => (Endpoint::AddLinks, json!({ "links": [link] })),
            Item::Note(note) => (Endpoint::AddNote, json!({ "value": note, "secret": false })),
        }
    }
}
