//! Lists, page by page.

use crate::{
    call::{Ask, Caller, Got, Trouble, What},
    sweep::RESTARTS_MAX,
    wire::NotUnderstood,
};

/// Records on a page: the most that Lever gives (its documentation, "Pagination").
const PAGE_SIZE: u32 = 100;
/// Pages of one list; beyond, it is going in circles.
const PAGES_MAX: u32 = 10_000;

/// Where a list is that is read page by page to its end.
#[derive(Default)]
pub(crate) struct Pages {
    offset: Option<String>,
    restarts: u8,
    pages: u32,
}

impl Caller {
    /// Asks for one page of a list. While it is longer than we accept, one of half as many records is asked for: 100, 50, 25,
    /// 12, 6, 3 and 1.
    pub(crate) async fn page<T: Send>(
        &self,
        ask: &Ask,
        decode: impl Fn(&str) -> Result<T, NotUnderstood> + Send + Sync,
    ) -> Result<Got<T>, Trouble> {
        let mut size = PAGE_SIZE;
        loop {
            match Box::pin(self.get(&ask.clone().with("limit", size.to_string()), &decode)).await {
                Err(Trouble { what: What::TooLong, .. }) if size > 1 => size /= 2,
                outcome => return outcome,
            }
        }
    }

    /// Every record of a list to its last page; from the first page again when Lever takes the token no longer.
    pub(crate) async fn all<T: Send>(
        &self,
        ask: &Ask,
        decode: impl Fn(&str) -> Result<(Vec<T>, Option<String>), NotUnderstood> + Send + Sync,
    ) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let (records, next) = match self.page(&pages.ask(ask), &decode).await {
                Ok(got) => got.value,
                Err(trouble) if pages.begin_anew(&trouble) => {
                    all.clear();
                    continue;
                }
                Err(trouble) => return Err(trouble),
            };
            all.extend(records);
            match pages.follow(next) {
                Ok(true) => {}
                Ok(false) => return Ok(all),
                Err(what) => return Err(self.trouble(ask.endpoint(), what, 1)),
            }
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
        if next.is_some() && (next == self.offset || self.pages > PAGES_MAX) {
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
