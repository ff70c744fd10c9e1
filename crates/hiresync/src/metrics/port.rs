//! The port of `[metrics] listen`: on this machine alone, bounded like the socket, and good for one question.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, Response, StatusCode, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use crate::{
    api::{self, Shared},
    port,
};

/// Connections at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 16;
/// Longest head of a request; what hyper takes is 8 KiB at least.
const HEAD_MAX: usize = 8 << 10;
/// For the head of a request to arrive.
const HEAD_TIME: Duration = Duration::from_secs(2);
/// For one question, from the connection to the last byte of the answer.
const WHOLE_TIME: Duration = Duration::from_secs(15);

/// The port within the daemon.
pub struct Port {
    shared: Arc<Shared>,
    open: Option<Open>,
    serving: JoinSet<()>,
}

/// A port that is listened on.
struct Open {
    /// As the configuration says it: its port may be 0.
    listen: SocketAddr,
    /// Whoever serves sees this go.
    _close: watch::Sender<()>,
}

impl Port {
    /// Listens on nothing yet.
    pub fn new(shared: &Arc<Shared>) -> Port {
        Port { shared: Arc::clone(shared), open: None, serving: JoinSet::new() }
    }

    /// Listens there from now on, or nowhere. Another port is opened before the old one is closed; where it cannot be, the old
    /// one stays, and the reason comes back.
    pub async fn set(&mut self, listen: Option<SocketAddr>) -> io::Result<()> {
        if self.open.as_ref().map(|open| open.listen) == listen {
            return Ok(());
        }
        let Some(listen) = listen else {
            self.open = None;
            return Ok(());
        };
        let listener = TcpListener::bind(listen).await?;
        tracing::info!(code = "metrics.open", "figures for Prometheus are on {}", listener.local_addr()?);
        let (close, closed) = watch::channel(());
        let shared = Arc::clone(&self.shared);
        self.serving.spawn(port::serve(listener, CONNECTIONS_MAX, "metrics.accept", closed, move |stream| {
            converse(stream, Arc::clone(&shared))
        }));
        self.open = Some(Open { listen, _close: close });
        Ok(())
    }

    /// Takes no more connections, and waits for a moment for those there are.
    pub async fn end(mut self) {
        self.open = None;
        let _ = timeout(port::END_TIME, async { while self.serving.join_next().await.is_some() {} }).await;
    }
}

/// One question and its answer.
async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&request, &shared).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .keep_alive(false)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that went away, or was too slow, needs no answer.
    let _ = timeout(WHOLE_TIME, connection).await;
}

async fn answer<B>(request: &Request<B>, shared: &Arc<Shared>) -> Response<Body> {
    if request.uri().path() != "/metrics" {
        return said(StatusCode::NOT_FOUND);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refused = said(StatusCode::METHOD_NOT_ALLOWED);
        refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    api::metrics(shared).await
}

fn said(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
