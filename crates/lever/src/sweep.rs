//! Who changed. A full sweep is one listing, everybody hired; a later one is two: who was archived as hired since, and
//! whatever was touched since (reference §6.4, §6.5). Neither alone will do: records of old have no `updatedAt`, and an
//! un-hire is no hire.

use std::{collections::BTreeSet, time::Duration};

use adapter_sdk::{Error, ErrorKind, Result};
use engine::{Page, PageToken, Sighting, Sweep, Then};
use people::{Candidacy, Pii, Timestamp};
use planted::Bug;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tracing::warn;

use crate::{
    Lever,
    call::{Ask, Endpoint, Got, Trouble, What},
    cursor::Seen,
    kept::{NoOlderThan, Reasons},
    wire::{Archived, NotUnderstood, Opportunity, Shape, Unread, canonical, list},
};

/// How often one sweep may begin a listing anew because Lever no longer takes its page token.
pub(crate) const RESTARTS_MAX: u8 = 3;
/// Pages of one listing; beyond, it is going in circles.
const PAGES_MAX: u32 = 100_000;

/// Keys that say nothing a person is made of, and would cost a re-read each time somebody opens the profile: when somebody
/// last looked, until when it is snoozed, who follows it. `updatedAt` stays in, although these touch it too: a change of an
/// application (an answered form, the requisition) shows nowhere else in the record.
const VOLATILE: &[&str] = &["followers", "lastInteractionAt", "snoozedUntil"];

/// The listings of a sweep, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Listing {
    /// Archived as hired: whenever, or since the cursor.
    Hired,
    /// Touched since the cursor, whatever it is.
    Touched,
}

/// Where a sweep is. This is what a page token holds: the sweep itself keeps nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Going {
    listing: Listing,
    /// Lever's token; none at the beginning of a listing.
    offset: Option<String>,
    /// The hired reasons, the same for the whole sweep: a token is good for the filters it was given with.
    reasons: BTreeSet<String>,
    /// Where the next sweep begins, once the first answer told Lever's time.
    began: Option<i64>,
    restarts: u8,
    pages: u32,
}

/// A page of opportunities.
#[derive(Debug)]
pub(crate) struct Opportunities {
    pub(crate) read: Vec<(Opportunity, Map<String, Value>)>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) next: Option<String>,
}

impl Lever {
    pub(crate) async fn sweep_page(&self, sweep: &Sweep, page: Option<PageToken>) -> Result<Page> {
        let mut going = match page {
            Some(token) => Going::read(&token)?,
            None => {
                if let Sweep::Since(cursor) = sweep
                    && let Seen::Knowing { reasons, .. } = Seen::read(cursor)?
                {
                    self.reasons.recall(reasons).await;
                }
                Going::begin(&self.begin(sweep).await?)
            }
        };
        let got = loop {
            match self.opportunities(&self.ask(sweep, &going)?).await {
                Ok(got) => break got,
                Err(trouble) if trouble.is_about_the_request() && going.offset.is_some() => {
                    going = going.anew().ok_or(trouble)?;
                }
                Err(trouble) => return Err(trouble.into()),
            }
        };
        if going.began.is_none() {
            let date = if planted::bug(Bug::LocalClock) { Some(self.caller.our_time()) } else { got.date };
            going.began = Some(began(sweep, date, self.settings.overlap)?);
        }
        let Opportunities { read, unread, next } = got.value;
        for record in &unread {
            warn!(place = record.place, "a record of a sweep could not be understood");
        }
        let reasons =
            self.reasons.covering(&self.caller, read.iter().map(|(opportunity, _)| opportunity)).await?;
        let sightings = self.sightings(&reasons, read);
        let then = match going.then(sweep, next, &reasons) {
            Ok(then) => then,
            Err(place) => return Err(self.caller.trouble(Endpoint::Opportunities, place, 1).into()),
        };
        Ok(Page { sightings, unreadable: u32::try_from(unread.len()).unwrap_or(u32::MAX), then })
    }

    /// What a sweep begins with.
    async fn begin(&self, sweep: &Sweep) -> Result<Reasons, Trouble> {
        if *sweep == Sweep::Full {
            self.postings.forget();
            self.users.forget();
            self.requisitions.forget();
        }
        let reasons = self.reasons.get(&self.caller, NoOlderThan::at_the_start_of(sweep)).await?;
        Ok(Reasons::clone(&reasons))
    }

    fn ask(&self, sweep: &Sweep, going: &Going) -> Result<Ask> {
        let mut ask = Ask::list(Endpoint::Opportunities);
        if going.listing == Listing::Hired {
            ask = ask.with("archived", "true");
            for reason in &going.reasons {
                ask = ask.with("archive_reason_id", reason.as_str());
            }
        }
        if let Sweep::Since(cursor) = sweep {
            let key = if going.listing == Listing::Hired { "archived_at_start" } else { "updated_at_start" };
            ask = ask.with(key, Seen::read(cursor)?.at().to_string());
        }
        ask = self.with_confidentiality(ask);
        Ok(match &going.offset {
            Some(offset) => ask.with("offset", offset.as_str()),
            None => ask,
        })
    }

    pub(crate) fn with_confidentiality(&self, ask: Ask) -> Ask {
        if self.settings.confidential { ask.with("confidentiality", "all") } else { ask }
    }

    fn sightings(&self, reasons: &Reasons, read: Vec<(Opportunity, Map<String, Value>)>) -> Vec<Sighting> {
        let mut sightings: Vec<Sighting> = Vec::with_capacity(read.len());
        for (opportunity, mut keys) in read {
            if opportunity.is_confidential && !self.settings.confidential {
                continue;
            }
            self.settings.own.leave_keys(&mut keys);
            let content = canonical(&keys, VOLATILE);
            let repeats =
                |seen: &Sighting| seen.opportunity == opportunity.id && *seen.content.reveal() == content;
            if sightings.iter().any(repeats) {
                continue;
            }
            let candidacy = reasons.candidacy(&opportunity);
            let hired_at = match &opportunity.archived {
                Archived::For { at, .. } if candidacy == Candidacy::Hired => *at,
                _ => None,
            };
            sightings.push(Sighting {
                opportunity: opportunity.id,
                contact: opportunity.contact,
                candidacy,
                hired_at,
                content: Pii::new(content),
            });
        }
        sightings
    }

    /// One page of opportunities.
    pub(crate) async fn opportunities(&self, ask: &Ask) -> Result<Got<Opportunities>, Trouble> {
        self.caller.page(ask, opportunities).await
    }
}

pub(crate) fn opportunities(text: &str) -> Result<Opportunities, NotUnderstood> {
    let page = list(text, Shape::Strict)?;
    let mut opportunities = Opportunities { read: Vec::new(), unread: Vec::new(), next: page.next };
    for (at, raw) in page.records.into_iter().enumerate() {
        match Opportunity::from_list(at, raw) {
            Ok(read) => opportunities.read.push(read),
            Err(unread) => opportunities.unread.push(unread),
        }
    }
    Ok(opportunities)
}

impl Going {
    fn begin(reasons: &Reasons) -> Self {
        Going {
            listing: Listing::Hired,
            offset: None,
            reasons: reasons.hired.clone(),
            began: None,
            restarts: 0,
            pages: 0,
        }
    }

    fn read(token: &PageToken) -> Result<Self> {
        serde_json::from_str(&token.0).map_err(|_| {
            Error::new(ErrorKind::Unexpected, "going on with a sweep")
                .with("problem", "the page token is not ours")
        })
    }

    /// The same listing from its first page, unless that was tried often enough.
    fn anew(mut self) -> Option<Self> {
        self.offset = None;
        self.restarts += 1;
        (self.restarts <= RESTARTS_MAX).then_some(self)
    }

    fn then(mut self, sweep: &Sweep, next: Option<String>, reasons: &Reasons) -> Result<Then, What> {
        match next.filter(|_| !planted::bug(Bug::OnlyFirstPage)) {
            Some(next) => {
                self.pages += 1;
                if self.offset.as_ref() == Some(&next) || self.pages > PAGES_MAX {
                    return Err(What::NotUnderstood(NotUnderstood::at("next, which leads in a circle")));
                }
                self.offset = Some(next);
            }
            None if self.listing == Listing::Hired && matches!(sweep, Sweep::Since(_)) => {
                self = Going { listing: Listing::Touched, offset: None, pages: 0, ..self };
            }
            None => {
                let seen = Seen::Knowing { at: self.began.unwrap_or_default(), reasons: reasons.known() };
                return Ok(Then::Done(seen.cursor()));
            }
        }
        let token =
            serde_json::to_string(&self).map_err(|_| What::NotUnderstood(NotUnderstood::at("next")))?;
        Ok(Then::More(PageToken(token)))
    }
}

/// Where the next sweep begins: at Lever's time at the start of this one, less the overlap. Without a time it begins where
/// this one began; our own clock is no substitute, it may be wrong by a day.
fn began(sweep: &Sweep, date: Option<Timestamp>, overlap: Duration) -> Result<i64> {
    match (date, sweep) {
        (Some(date), _) => Ok(Seen::up_to(date, overlap).at()),
        (None, Sweep::Since(cursor)) => Ok(Seen::read(cursor)?.at()),
        (None, Sweep::Full) => Err(no_date()),
    }
}

/// Lever did not say its time.
pub(crate) fn no_date() -> Error {
    Error::new(ErrorKind::Unavailable, "beginning a sweep")
        .with("problem", "Lever's answer has no date header")
        .with("remedy", "see whether a proxy in between removes it")
}
