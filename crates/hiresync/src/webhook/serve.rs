//! The port: connections that are bounded in number, length and time, and requests that are no delivery.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody, to_bytes},
    http::{HeaderValue, Method, Request, Response, StatusCode, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, timeout},
};

use super::{receive::Receiver, tally::Came};
use crate::port;

/// Longest body of a delivery; Lever's have less than one KiB.
const BODY_MAX: usize = 64 << 10;
/// Longest head of a request.
const HEAD_MAX: usize = 16 << 10;
/// Connections at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;
/// For the head of a request to arrive, on an idle connection too; and for its body: together five seconds.
const HEAD_TIME: Duration = Duration::from_secs(2);
const BODY_TIME: Duration = Duration::from_secs(3);
/// After this a connection takes no further request.
const CONNECTION_TIME: Duration = Duration::from_secs(60);
/// For an answer to be made and taken once its connection is to end.
const LAST_ANSWER_TIME: Duration = Duration::from_secs(10);

/// Answers until the other end of `closed` goes, then lets requests under way end.
pub(super) async fn serve(listener: TcpListener, receiver: Arc<Receiver>, closed: watch::Receiver<()>) {
    let closing = closed.clone();
    port::serve(listener, CONNECTIONS_MAX, "webhook.accept", closed, |stream| {
        converse(stream, Arc::clone(&receiver), closing.clone())
    })
    .await;
}

/// One request after the other, for a while.
async fn converse(stream: TcpStream, receiver: Arc<Receiver>, mut closing: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let receiver = Arc::clone(&receiver);
        async move { Ok::<_, Infallible>(answer(request, &receiver).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A peer that went away, or was too slow, needs no answer.
        _ = connection.as_mut() => return,
        () = sleep(CONNECTION_TIME) => {}
        _ = closing.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_ANSWER_TIME, connection).await;
}

/// The answer to one request: a status and nothing else.
async fn answer(request: Request<Incoming>, receiver: &Arc<Receiver>) -> Response<Body> {
    let Some(config) = receiver.config() else { return refused(receiver, StatusCode::NOT_FOUND) };
    if let Err(status) = is_delivery(&request, &config.path) {
        return refused(receiver, status);
    }
    match timeout(BODY_TIME, to_bytes(Body::new(request.into_body()), BODY_MAX)).await {
        Ok(Ok(body)) => said(receiver.take(&body, &config).await),
        Ok(Err(_)) => refused(receiver, StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => refused(receiver, StatusCode::REQUEST_TIMEOUT),
    }
}

/// Whether a head may be that of a delivery: nothing of the body is read where it is not.
fn is_delivery<B: HttpBody>(request: &Request<B>, path: &str) -> Result<(), StatusCode> {
    if request.uri().path() != path {
        return Err(StatusCode::NOT_FOUND);
    }
    if request.method() != Method::POST {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if request.body().size_hint().lower() > BODY_MAX as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(())
}

/// What is no delivery ends its connection.
fn refused(receiver: &Receiver, status: StatusCode) -> Response<Body> {
    receiver.count(Came::Refused);
    let mut response = said(status);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

fn said(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(method: &str, uri: &str, encoding: Option<&str>, length: usize) -> Result<(), u16> {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let request = request.body(Body::from("x".repeat(length))).unwrap();
        is_delivery(&request, "/lever").map_err(|status| status.as_u16())
    }

    #[test]
    fn only_a_short_plain_post_on_the_path_may_be_a_delivery() {
        assert_eq!(head("POST", "/lever", None, BODY_MAX), Ok(()));
        assert_eq!(head("POST", "/lever?x=1", Some("Identity"), 0), Ok(()));
        for (method, uri, encoding, length, status) in [
            ("POST", "/", None, 0, 404),
            ("POST", "/lever/", None, 0, 404),
            ("POST", "/Lever", None, 0, 404),
            ("GET", "/elsewhere", None, 0, 404),
            ("GET", "/lever", None, 0, 405),
            ("PUT", "/lever", None, 0, 405),
            ("POST", "/lever", Some("gzip"), 0, 415),
            ("POST", "/lever", Some("identity, gzip"), 0, 415),
            ("POST", "/lever", None, BODY_MAX + 1, 413),
        ] {
            assert_eq!(head(method, uri, encoding, length), Err(status), "{method} {uri}");
        }
    }
}
