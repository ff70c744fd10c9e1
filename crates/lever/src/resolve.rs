//! From what somebody typed to a contact. What was typed is personal: it goes into a request and nowhere else.

use std::collections::BTreeSet;

use adapter_sdk::{Error, ErrorKind, Result};
use people::{ContactId, OpportunityId, Pii};
use url::Url;

use crate::{
    Lever,
    call::{Ask, Endpoint, Trouble, What},
    pages::Pages,
    wire::one_record,
};

/// What somebody typed.
#[derive(PartialEq, Eq)]
pub(crate) enum Who {
    Email(String),
    /// The last part of a profile link: an opportunity.
    Link(OpportunityId),
    /// A contact or an opportunity; ids do not tell.
    Id(String),
    Nonsense,
}

impl Lever {
    pub(crate) async fn contact_of(&self, who: &Pii<String>) -> Result<Option<ContactId>> {
        match Who::read(who.reveal()) {
            Who::Nonsense => Ok(None),
            Who::Email(email) => self.contact_by_email(&email).await,
            Who::Link(opportunity) => Ok(self.contact_by_opportunity(&opportunity).await?),
            Who::Id(id) => Ok(self.contact_by_id(&id).await?),
        }
    }

    async fn contact_by_email(&self, email: &str) -> Result<Option<ContactId>> {
        let ask = Ask::list(Endpoint::Opportunities).with("email", email);
        let contacts = self.contacts_of(&self.with_confidentiality(ask)).await?;
        let mut contacts = contacts.into_iter();
        match (contacts.next(), contacts.len()) {
            (contact, 0) => Ok(contact),
            (_, others) => Err(Error::new(ErrorKind::Conflict, "finding a contact by e-mail address")
                .with("contacts", others + 1)
                .with("remedy", "give the contact's or the opportunity's id, or a profile link")),
        }
    }

    /// By the listing first: it takes no permission that a sweep does not.
    async fn contact_by_id(&self, id: &str) -> Result<Option<ContactId>, Trouble> {
        let ask = Ask::list(Endpoint::Opportunities).with("contact_id", id);
        if let Some(contact) = self.contacts_of(&self.with_confidentiality(ask)).await?.into_iter().next() {
            return Ok(Some(contact));
        }
        if let Ok(opportunity) = id.parse()
            && let Some(contact) = self.contact_by_opportunity(&opportunity).await?
        {
            return Ok(Some(contact));
        }
        self.contact_itself(id).await
    }

    /// A contact by its own id; `None` when it is not there or not for us.
    pub(crate) async fn contact_itself(&self, id: &str) -> Result<Option<ContactId>, Trouble> {
        let ask = Ask::of(Endpoint::Contact, id);
        let decode = |text: &str| {
            one_record(text, |keys| keys.get("id").and_then(|id| id.as_str()).and_then(|id| id.parse().ok()))
        };
        match self.caller.get(&ask, decode).await {
            Ok(got) => Ok(got.value),
            Err(trouble) if trouble.is_about_the_object() => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    pub(crate) async fn contact_by_opportunity(
        &self,
        id: &OpportunityId,
    ) -> Result<Option<ContactId>, Trouble> {
        match self.opportunity(id).await {
            Ok(opportunity) => Ok(opportunity.map(|opportunity| opportunity.contact)),
            // What is withheld is as good as unknown to whoever asks by hand.
            Err(Trouble { what: What::Forbidden, .. }) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    pub(crate) async fn contacts_of(&self, ask: &Ask) -> Result<BTreeSet<ContactId>, Trouble> {
        let mut contacts = BTreeSet::new();
        let mut pages = Pages::default();
        loop {
            let page = match self.opportunities(&pages.ask(ask)).await {
                Ok(got) => got.value,
                Err(trouble) if pages.begin_anew(&trouble) => continue,
                Err(trouble) => return Err(trouble),
            };
            contacts.extend(page.read.into_iter().map(|(opportunity, _)| opportunity.contact));
            match pages.follow(page.next) {
                Ok(true) => {}
                Ok(false) => return Ok(contacts),
                Err(what) => return Err(self.caller.trouble(Endpoint::Opportunities, what, 1)),
            }
        }
    }
}

impl Who {
    pub(crate) fn read(typed: &str) -> Who {
        let typed = typed.trim();
        if typed.contains("://") || typed.contains(".lever.co/") {
            return Who::link(typed).unwrap_or(Who::Nonsense);
        }
        match typed.parse::<OpportunityId>() {
            _ if typed.contains('@') && typed.len() <= 320 => Who::Email(typed.to_owned()),
            // These two are not names of anything in a path.
            Ok(id) if !matches!(id.as_str(), "." | "..") => Who::Id(id.into()),
            _ => Who::Nonsense,
        }
    }

    fn link(typed: &str) -> Option<Who> {
        let url = match Url::parse(typed) {
            Ok(url) if url.has_host() => url,
            _ => Url::parse(&format!("https://{typed}")).ok()?,
        };
        let host = url.host_str()?;
        if !host.starts_with("hire.") || !host.ends_with(".lever.co") {
            return None;
        }
        let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
        last.parse().ok().map(Who::Link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_told_apart() {
        for (typed, who) in [
            (" amara@example.com ", Who::Email("amara@example.com".to_owned())),
            ("c7a1f0de-2b34", Who::Id("c7a1f0de-2b34".to_owned())),
            ("https://hire.lever.co/candidates/4b0d?tab=x#y", Who::Link("4b0d".parse().expect("an id"))),
            ("https://hire.lever.co/candidates/4b0d/", Who::Link("4b0d".parse().expect("an id"))),
            ("hire.sandbox.lever.co/candidates/4b0d", Who::Link("4b0d".parse().expect("an id"))),
            ("https://hire.eu.lever.co/candidates/4b0d", Who::Link("4b0d".parse().expect("an id"))),
            ("https://evil.example.com/candidates/4b0d", Who::Nonsense),
            ("https://hire.lever.co.example.com/candidates/4b0d", Who::Nonsense),
            ("https://hire.lever.co/", Who::Nonsense),
            ("", Who::Nonsense),
            ("Amara Okafor", Who::Nonsense),
        ] {
            assert!(Who::read(typed) == who, "{typed}");
        }
    }
}
