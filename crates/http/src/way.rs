//! The way out that a source and an adapter are built with.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};
use tracing::debug;

use crate::{Asking, Failure, Nowhere, Pace, Question, Request, Response, Transport};

/// A way out by which one can always ask, and write only if it was made so. What it asks by can be asked,
///
/// ```
/// # use hiresync_http::{Asking, Question};
/// # async fn ask(asking: &dyn Asking, question: Question) {
/// let _ = asking.ask(question).await;
/// # }
/// ```
///
/// and has no method to write with:
///
/// ```compile_fail,E0599
/// # use hiresync_http::{Asking, Request};
/// # async fn ask(asking: &dyn Asking, request: Request) {
/// let _ = asking.send(request).await;
/// # }
/// ```
///
/// It and the one that it was made from share their pace and their lane, so that asking beside somebody who works makes nobody
/// faster than is allowed.
#[derive(Clone)]
pub struct Way {
    asking: Arc<dyn Asking>,
    writing: Option<Arc<dyn Transport>>,
    lane: Arc<Lane>,
}

/// What everybody has in common who goes out by the same way.
#[derive(Debug, Default)]
struct Lane {
    pace: OnceLock<Arc<Pace>>,
    turn: Mutex<()>,
}

impl Way {
    /// For asking and writing.
    pub fn whole(transport: Arc<dyn Transport>) -> Way {
        Way { asking: Arc::new(Arc::clone(&transport)), writing: Some(transport), lane: Arc::default() }
    }

    /// For asking alone.
    pub fn asking(asking: Arc<dyn Asking>) -> Way {
        Way { asking, writing: None, lane: Arc::default() }
    }

    /// Reaches nobody: for an adapter that needs no network, or is not about to use it.
    pub fn nowhere() -> Way {
        Way::whole(Arc::new(Nowhere))
    }

    /// The same for asking alone, at the same pace and in the same lane.
    pub fn asking_only(&self) -> Way {
        Way { writing: None, ..self.clone() }
    }

    /// The same place for somebody else, with a pace and a lane of its own: another account, or another key.
    pub fn apart(&self) -> Way {
        Way { lane: Arc::default(), ..self.clone() }
    }

    /// Whether one can write by it: what has no network but a disk keeps to it as well.
    pub fn is_whole(&self) -> bool {
        self.writing.is_some()
    }

    /// The pace of this way, made by whoever goes first.
    pub fn pace(&self, make: impl FnOnce() -> Pace) -> Arc<Pace> {
        Arc::clone(self.lane.pace.get_or_init(|| Arc::new(make())))
    }

    /// Held by whoever has a request under way, where there is to be one at a time.
    pub async fn lane(&self) -> MutexGuard<'_, ()> {
        self.lane.turn.lock().await
    }

    /// One attempt at `question`, with its line in the log: host, method, `template`, status, milliseconds. The template is the
    /// path with its variable parts named, like `/opportunities/:id`; being `'static`, it cannot hold a value by accident.
    pub async fn ask(&self, template: &'static str, question: Question) -> Result<Response, Failure> {
        let line = Line::begin(template, question.request());
        line.end(self.asking.ask(question).await)
    }

    /// One attempt at `request`, with its line in the log. By a way that only asks, nothing is sent.
    pub async fn send(&self, template: &'static str, request: Request) -> Result<Response, Failure> {
        let line = Line::begin(template, &request);
        line.end(match &self.writing {
            Some(transport) => transport.send(request).await,
            None => Err(Failure::NotSent("nothing is written from here, it is only asked".to_owned())),
        })
    }
}

/// A line of the log.
struct Line {
    template: &'static str,
    host: String,
    method: &'static str,
    began: Instant,
}

impl Line {
    fn begin(template: &'static str, request: &Request) -> Line {
        let host = request.url.host_str().unwrap_or("?").to_owned();
        Line { template, host, method: request.method.as_str(), began: Instant::now() }
    }

    fn end(self, outcome: Result<Response, Failure>) -> Result<Response, Failure> {
        let Line { template, host, method, began } = self;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Ok(response) => {
                debug!(host, method, path = template, status = response.status, ms, "request answered")
            }
            Err(failure) => {
                debug!(host, method, path = template, failure = failure.code(), ms, "request failed")
            }
        }
        outcome
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("asking", &self.asking).field("is_whole", &self.is_whole()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use bytes::Bytes;
    use url::Url;

    use super::*;
    use crate::Method;

    #[derive(Debug, Default)]
    struct Counted(AtomicUsize);

    #[async_trait]
    impl Transport for Counted {
        async fn send(&self, _: Request) -> Result<Response, Failure> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(Response { status: 200, headers: Vec::new(), body: Bytes::new() })
        }
    }

    fn url() -> Url {
        Url::parse("https://example.com/a").unwrap()
    }

    #[tokio::test]
    async fn by_a_way_that_only_asks_a_question_goes_out_and_a_write_does_not() {
        let counted = Arc::new(Counted::default());
        let whole = Way::whole(Arc::<Counted>::clone(&counted));
        let asking = whole.asking_only();
        let write = || Request::new(Method::Post, url());
        assert!(asking.ask("/a", Question::get(url())).await.is_ok());
        assert!(matches!(asking.send("/a", write()).await, Err(Failure::NotSent(_))));
        assert_eq!(counted.0.load(Ordering::Relaxed), 1);
        assert!(whole.send("/a", write()).await.is_ok());
        assert_eq!(counted.0.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn who_only_asks_keeps_to_the_pace_of_whom_it_was_made_from() {
        let whole = Way::nowhere();
        let asking = whole.asking_only();
        let pace = asking.pace(|| Pace::new(3.0));
        assert!(Arc::ptr_eq(&pace, &whole.pace(|| Pace::new(9.0))));
        assert!(!Arc::ptr_eq(&pace, &whole.apart().pace(|| Pace::new(9.0))));
    }
}
