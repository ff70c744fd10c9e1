use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use adapter_sdk::{CheckReport, Result};
use async_trait::async_trait;
use engine::{Cursor, Deleted, Needs, News, Page, PageToken, Reading, Source, Sweep, Usage, Whom};
use http::{Backoff, Dice, Pace, Way};
use people::{Clock, Colleague, ContactId, OpportunityId, Pii, Posting, Requisition, Secret};
use url::Url;

use crate::{
    call::Caller,
    kept::{Kept, KeptReasons},
    own::Own,
};

/// `[lever]` of the configuration, as far as it concerns this source.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The API's base, like `https://api.lever.co/v1`; what [`http::check_base`] gives.
    pub base_url: Url,
    /// The key.
    pub api_key: Secret,
    /// Requests a second, evenly spaced. Never more than 10 in any rolling second, whatever stands here.
    pub requests_per_second: f64,
    /// Whether confidential opportunities are asked for. Without it they are invisible, and one that is met is not used.
    pub confidential: bool,
    /// Which of Lever's objects the mapping needs.
    pub needs: Needs,
    /// How much of the time before a sweep the next one looks at again: Lever's index lags behind by minutes.
    pub overlap: Duration,
    /// What is written back, so that it is told from what others wrote.
    pub own: Own,
    /// The Lever user on whose behalf is written; the key's own if there is none.
    pub perform_as: Option<String>,
}

impl Settings {
    /// The settings with every default: 9 requests a second, nothing confidential, no needs, an overlap of 15 minutes,
    /// nothing written back.
    pub fn new(base_url: Url, api_key: Secret) -> Self {
        Settings {
            base_url,
            api_key,
            requests_per_second: 9.0,
            confidential: false,
            needs: Needs::default(),
            overlap: Duration::from_secs(15 * 60),
            own: Own::default(),
            perform_as: None,
        }
    }
}

/// Lever as a source of persons.
///
/// Shares one pace among everything that uses it, so there is one of these for each key.
#[derive(Debug)]
pub struct Lever {
    pub(crate) settings: Settings,
    pub(crate) caller: Caller,
    pub(crate) reasons: Arc<KeptReasons>,
    pub(crate) postings: Arc<Kept<Posting>>,
    pub(crate) users: Arc<Kept<Colleague>>,
    pub(crate) requisitions: Arc<Kept<Requisition>>,
}

impl Lever {
    /// Speaks to Lever by `way`. `seed` decides the pauses between attempts and nothing else. No request is made.
    pub fn new(settings: Settings, way: Way, clock: Arc<dyn Clock>, seed: u64) -> Self {
        let caller = Caller::new(
            settings.base_url.clone(),
            &settings.api_key,
            way,
            clock,
            Pace::new(settings.requests_per_second),
            Backoff::new(Arc::new(Dice::new(seed))),
        );
        Lever {
            settings,
            caller,
            reasons: Arc::default(),
            postings: Arc::default(),
            users: Arc::default(),
            requisitions: Arc::default(),
        }
    }

    /// The same for asking alone: it has no way to change anything in Lever. Pace, counts and what is kept are shared.
    pub fn asking_only(&self) -> Lever {
        Lever {
            settings: self.settings.clone(),
            caller: self.caller.asking_only(),
            reasons: Arc::clone(&self.reasons),
            postings: Arc::clone(&self.postings),
            users: Arc::clone(&self.users),
            requisitions: Arc::clone(&self.requisitions),
        }
    }

    /// Requests so far by path template, repeated ones included: where the calls go.
    pub fn requests_by_path(&self) -> BTreeMap<&'static str, u64> {
        self.caller.counts()
    }
}

#[async_trait]
impl Source for Lever {
    async fn check(&self) -> Result<CheckReport> {
        Box::pin(self.check_all()).await
    }

    async fn sweep(&self, sweep: &Sweep, page: Option<PageToken>) -> Result<Page> {
        Box::pin(self.sweep_page(sweep, page)).await
    }

    async fn deleted(&self, since: &Cursor) -> Result<Deleted> {
        Box::pin(self.deleted_since(since)).await
    }

    async fn read(&self, who: &[Whom]) -> Result<Vec<(ContactId, Reading)>> {
        Box::pin(self.read_all(who)).await
    }

    async fn resolve(&self, who: &Pii<String>) -> Result<Option<ContactId>> {
        Box::pin(self.contact_of(who)).await
    }

    async fn whose(&self, opportunity: &OpportunityId) -> Result<Option<ContactId>> {
        Ok(Box::pin(self.contact_by_opportunity(opportunity)).await?)
    }

    async fn tell(&self, news: &News) -> Result<BTreeSet<OpportunityId>> {
        Box::pin(self.tell_all(news)).await
    }

    fn is_no_hire(&self, reason: &str) -> bool {
        self.reasons.is_closed(reason)
    }

    fn usage(&self) -> Usage {
        self.caller.usage()
    }
}
