//! The receiver of Lever's webhooks: somebody was hired or changed, so look now and not at the next poll.
//!
//! | module | what it holds |
//! |---|---|
//! | `decide` | pure: which hint an event is, and whether it is in time |
//! | `memory` | what was processed, woken for and asked about lately; bounded |
//! | `receive` | from a body to an answer: the one place that marks and wakes |
//! | `serve` | the port: connections, and requests that are no delivery |
//! | `tally` | the counts that `hiresync status` shows |
//!
//! How to think of it: the signature covers a token and a time, not the body. So a delivery is a hint to look at somebody and
//! evidence of nothing; nothing but ids is taken from it, and what is written to a target is read from Lever as always. Whatever
//! is lost, late, doubled or dropped here is found by the next poll.
//!
//! **Invariant:** a delivery is answered with 200 only once its mark is on disk; its token counts as processed from then on.
//! **Invariant:** what nobody vouched for costs no request to Lever, no write to disk and no line of its own in the log.

mod decide;
mod memory;
mod receive;
mod serve;
mod tally;

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{AbortHandle, JoinSet},
    time::timeout,
};

pub use tally::{Tally, WebhookStatus};

use crate::{api::Shared, config::WebhookConfig};
use receive::Receiver;

/// The receiver within the daemon.
pub struct Webhook {
    receiver: Arc<Receiver>,
    open: Option<Open>,
    tasks: JoinSet<()>,
    waking: AbortHandle,
}

/// A port that is listened on.
struct Open {
    /// As the configuration says it: its port may be 0.
    listen: SocketAddr,
    close: watch::Sender<()>,
}

impl Webhook {
    /// Listens on nothing yet.
    pub fn new(shared: &Arc<Shared>) -> Webhook {
        let receiver = Arc::new(Receiver::new(Arc::clone(shared)));
        let mut tasks = JoinSet::new();
        let waker = Arc::clone(&receiver);
        let waking = tasks.spawn(async move { waker.wake_later().await });
        Webhook { receiver, open: None, tasks, waking }
    }

    /// Does as `config` says from now on: its tokens and its path are in force at once; without one, nothing listens. Another
    /// port is opened before the old one is closed; where it cannot be, the old one stays, and the reason comes back.
    pub async fn set(&mut self, config: Option<WebhookConfig>) -> io::Result<()> {
        let listen = config.as_ref().map(|config| config.listen);
        self.receiver.obey(config);
        let Some(listen) = listen else {
            self.close();
            return Ok(());
        };
        if self.open.as_ref().is_some_and(|open| open.listen == listen) {
            return Ok(());
        }
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        self.close();
        let (close, closed) = watch::channel(());
        self.receiver.tally().listens(Some(address));
        self.tasks.spawn(serve::serve(listener, Arc::clone(&self.receiver), closed));
        self.open = Some(Open { listen, close });
        tracing::info!(code = "webhook.open", "webhooks are taken on {address}");
        Ok(())
    }

    /// Takes no more connections; requests under way may end.
    pub fn close(&mut self) {
        if let Some(open) = self.open.take() {
            // Whoever serves sees the sender go.
            drop(open.close);
            self.receiver.tally().listens(None);
        }
    }

    /// Waits for what is under way, for a moment.
    pub async fn end(mut self) {
        self.close();
        self.waking.abort();
        let _ =
            timeout(crate::port::END_TIME, async { while self.tasks.join_next().await.is_some() {} }).await;
    }
}
