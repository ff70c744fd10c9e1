//! Requests that change nothing, by their type.

use std::{fmt, time::Duration};

use bytes::Bytes;
use url::Url;

use crate::{Method, Request};

/// Headers by which some servers take a request for another one than it is.
const DISGUISES: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];

/// A request that changes nothing: a GET, or the one POST that asks for a token.
///
/// ```
/// # use hiresync_http::Question;
/// # fn ask(url: url::Url) -> Question {
/// Question::get(url)
/// # }
/// ```
///
/// Nothing else can be made into one:
///
/// ```compile_fail,E0423
/// # use hiresync_http::{Method, Question, Request};
/// # fn ask(url: url::Url) -> Question {
/// Question(Request::new(Method::Post, url))
/// # }
/// ```
#[derive(Clone)]
pub struct Question(Request);

impl Question {
    /// A GET with a deadline of 30 s and a body of at most 8 MiB.
    pub fn get(url: Url) -> Question {
        Question(Request::get(url))
    }

    /// Asks the token endpoint at `url` for a token of our own (RFC 6749, 4.4.2). `form` is what follows the grant type, encoded;
    /// perhaps nothing.
    pub fn token(url: Url, form: &str) -> Question {
        let mut request = Request::new(Method::Post, url);
        request.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        let between = if form.is_empty() { "" } else { "&" };
        request.body = Bytes::from(format!("grant_type=client_credentials{between}{form}"));
        Question(request)
    }

    /// With a header; its name in lower case. One that would make another method of it is left out.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Question {
        if !DISGUISES.contains(&name) {
            self.0.headers.push((name, value.into()));
        }
        self
    }

    /// With other bounds than 30 s and 8 MiB.
    pub fn within(mut self, deadline: Duration, body_max: usize) -> Question {
        (self.0.deadline, self.0.body_max) = (deadline, body_max);
        self
    }

    /// What goes out.
    pub fn request(&self) -> &Request {
        &self.0
    }

    /// The same, to be sent by whoever can send.
    pub fn into_request(self) -> Request {
        self.0
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("https://example.com/a").unwrap()
    }

    #[test]
    fn a_question_is_a_get_or_asks_for_a_token() {
        let get = Question::get(url()).with("accept", "application/json").into_request();
        assert_eq!((get.method, get.body.len(), get.headers.len()), (Method::Get, 0, 1));
        let token = Question::token(url(), "scope=read").into_request();
        assert_eq!(token.method, Method::Post);
        assert_eq!(&token.body[..], b"grant_type=client_credentials&scope=read");
    }

    #[test]
    fn no_header_makes_another_method_of_a_question() {
        for name in DISGUISES {
            assert!(Question::get(url()).with(name, "MERGE").request().headers.is_empty());
        }
    }
}
