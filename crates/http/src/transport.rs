use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

use crate::Question;

/// Sends one request and brings back one answer. The real one wraps reqwest; a simulation routes to a state machine.
///
/// One attempt: no retry, no redirect followed, no cookie kept.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// One attempt at `request`.
    async fn send(&self, request: Request) -> Result<Response, Failure>;
}

#[async_trait]
impl Transport for Arc<dyn Transport> {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        self.as_ref().send(request).await
    }
}

/// Puts a question and brings back its answer; there is no way to change anything by it. Whatever can send can ask.
#[async_trait]
pub trait Asking: fmt::Debug + Send + Sync + 'static {
    /// One attempt at `question`.
    async fn ask(&self, question: Question) -> Result<Response, Failure>;
}

#[async_trait]
impl<T: Transport> Asking for T {
    async fn ask(&self, question: Question) -> Result<Response, Failure> {
        self.send(question.into_request()).await
    }
}

/// Reaches nobody: for whoever reads settings without being about to use them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _request: Request) -> Result<Response, Failure> {
        Err(Failure::NotSent("nobody is to be reached from here".to_owned()))
    }
}

/// A request, with its bounds. `Debug` shows method and host only: path, query, headers and body may hold secrets and
/// personal data.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address, query included.
    pub url: Url,
    /// Headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// From the first byte sent to the last byte received.
    pub deadline: Duration,
    /// Longest body accepted, in bytes after decompression.
    pub body_max: usize,
}

/// The methods anybody here uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or asks for a token.
    Post,
    /// Replaces.
    Put,
    /// Changes some fields.
    Patch,
    /// Removes. Nothing that concerns a person.
    Delete,
}

/// An answer, whatever its status. `Debug` shows the status and the length of the body.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body, decompressed.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The request was surely not received: no address, no connection, no trust in the certificate.
    NotSent(String),
    /// It may have been received: the connection broke, or the deadline passed.
    Unanswered(String),
    /// The answer is longer than the request allows.
    TooLong,
}

impl Method {
    /// The method in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

impl Failure {
    /// A word for logs and counters.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::NotSent(_) => "not_sent",
            Failure::Unanswered(_) => "unanswered",
            Failure::TooLong => "too_long",
        }
    }
}

impl Request {
    /// A GET with a deadline of 30 s and a body of at most 8 MiB.
    pub fn get(url: Url) -> Self {
        Request::new(Method::Get, url)
    }

    /// No headers, no body, a deadline of 30 s, and at most 8 MiB of answer.
    pub fn new(method: Method, url: Url) -> Self {
        Request {
            method,
            url,
            headers: Vec::new(),
            body: Bytes::new(),
            deadline: Duration::from_secs(30),
            body_max: 8 << 20,
        }
    }
}

impl Response {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.method, self.url.host_str().unwrap_or("?"))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotSent(why) => write!(f, "could not be sent: {why}"),
            Failure::Unanswered(why) => write!(f, "was not answered: {why}"),
            Failure::TooLong => f.write_str("was answered with a body that is too long"),
        }
    }
}

impl std::error::Error for Failure {}
