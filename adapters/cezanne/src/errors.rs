//! What went wrong with one request, and the one place that says what that means to the engine.
//!
//! The classes of status codes are those of [MS-ODATA] 3.2.5 and of RFC 9110; what Cezanne itself says in its errors is
//! unknown, so nothing is decided by a text.

use std::{fmt, time::Duration};

use adapter_sdk::{Error, ErrorKind};
use http::{Failure, Response};
use people::{Pii, Timestamp};

use crate::odata::error_text;

/// Why a request came to nothing.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) kind: TroubleKind,
    /// What we were doing, like `adding a record`.
    pub(crate) doing: &'static str,
    pub(crate) status: Option<u16>,
    /// The server's own words, at most 512 bytes. They may quote what was sent.
    pub(crate) said: Option<Pii<String>>,
    /// The words of the transport or of a parser, without values.
    pub(crate) why: Option<String>,
}

/// The kinds of trouble. "Unknown" below means: a write may have been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TroubleKind {
    /// Nothing left this machine.
    NotSent,
    /// Sent, and no whole answer. Unknown.
    Unanswered,
    /// 429.
    Throttled { after: Option<Duration> },
    /// 503. With a time to come back it is a refusal; without one it may come from something in between. Unknown.
    Maintenance { after: Option<Duration> },
    /// A redirect or an HTML page where data was expected: the log-in page.
    LogInPage,
    /// The token endpoint refuses us. `code` is the `error` of RFC 6749, 5.2.
    TokenRefused { code: Option<String> },
    /// The token endpoint does not answer, or not now.
    TokenUnreachable,
    /// Whatever answers at the token address, it gives no tokens.
    TokenAddress,
    /// 401 to a token that is a moment old.
    Refused401,
    /// 403.
    Forbidden,
    /// 404 of the root, a set or `$metadata`.
    NoSuchPath,
    /// 404 of a record that was to be changed: gone, or not shown to the service user.
    NoSuchRecord,
    /// 400 and its kin.
    Refused,
    /// 409: something is there already. 412: the record moved since it was read.
    Conflict,
    /// 500. Unhandled business rules come like this, too. Unknown.
    ServerError,
    /// 502, 504. Unknown.
    Gateway,
    /// 405, 406, 415, 501, after every way of saying it was tried.
    Dialect,
    /// More than we take. Unknown.
    TooLong,
    /// A success whose body makes no sense. Unknown.
    Garbled,
    /// `$metadata` makes no sense.
    BadMetadata,
    /// The next page is said to be on another host.
    ForeignLink,
}

impl Trouble {
    pub(crate) fn new(kind: TroubleKind, doing: &'static str) -> Self {
        Trouble { kind, doing, status: None, said: None, why: None }
    }

    pub(crate) fn because(self, why: impl Into<String>) -> Self {
        Trouble { why: Some(why.into()), ..self }
    }

    /// With status and words of `response`.
    pub(crate) fn told_by(self, response: &Response) -> Self {
        let said = error_text(&response.body, response.header("content-type")).map(Pii::new);
        Trouble { status: Some(response.status), said, ..self }
    }

    /// The data service could not be asked.
    pub(crate) fn of_failure(failure: Failure, doing: &'static str) -> Self {
        match failure {
            Failure::NotSent(why) => Trouble::new(TroubleKind::NotSent, doing).because(why),
            Failure::Unanswered(why) => Trouble::new(TroubleKind::Unanswered, doing).because(why),
            Failure::TooLong => Trouble::new(TroubleKind::TooLong, doing).because("the answer is too long"),
        }
    }

    /// The data service answered, and no success.
    pub(crate) fn of_status(response: &Response, doing: &'static str, now: Timestamp) -> Self {
        let after = || http::retry_after(response, now);
        let kind = match response.status {
            300..=399 => TroubleKind::LogInPage,
            401 => TroubleKind::Refused401,
            403 => TroubleKind::Forbidden,
            404 | 410 => TroubleKind::NoSuchPath,
            405 | 406 | 415 | 501 => TroubleKind::Dialect,
            408 => TroubleKind::Unanswered,
            409 | 412 => TroubleKind::Conflict,
            429 => TroubleKind::Throttled { after: after() },
            400..=499 => TroubleKind::Refused,
            502 | 504 => TroubleKind::Gateway,
            503 => TroubleKind::Maintenance { after: after() },
            _ => TroubleKind::ServerError,
        };
        Trouble::new(kind, doing).told_by(response)
    }

    /// If this was a write: whether it may have been applied.
    pub(crate) fn is_unknown_for_a_write(&self) -> bool {
        matches!(
            self.kind,
            TroubleKind::Unanswered
                | TroubleKind::Maintenance { after: None }
                | TroubleKind::ServerError
                | TroubleKind::Gateway
                | TroubleKind::TooLong
                | TroubleKind::Garbled
        )
    }

    /// For the engine. The server's words are left out: whoever knows what was sent scrubs and adds them.
    pub(crate) fn into_error(self, write: bool) -> Error {
        let mut error = Error::new(self.error_kind(), self.doing);
        match self.kind {
            TroubleKind::Throttled { after } | TroubleKind::Maintenance { after } => {
                error = error.retry(after)
            }
            // It was not applied, and reading once more is all it takes.
            TroubleKind::Conflict if self.status == Some(412) => error = error.retry(None),
            _ => {}
        }
        if write && self.is_unknown_for_a_write() {
            error = error.find_first();
        }
        if let Some(status) = self.status {
            error = error.with("status", status);
        }
        if let Some(remedy) = self.remedy() {
            error = error.with("remedy", remedy);
        }
        match self.why {
            Some(why) => error.because(Cause(why)),
            None => error,
        }
    }

    fn error_kind(&self) -> ErrorKind {
        match self.kind {
            TroubleKind::NotSent
            | TroubleKind::Unanswered
            | TroubleKind::Maintenance { .. }
            | TroubleKind::TokenUnreachable
            | TroubleKind::ServerError
            | TroubleKind::Gateway
            | TroubleKind::TooLong
            | TroubleKind::Garbled => ErrorKind::Unavailable,
            TroubleKind::Throttled { .. } => ErrorKind::RateLimited,
            TroubleKind::TokenRefused { .. } | TroubleKind::Refused401 | TroubleKind::Forbidden => {
                ErrorKind::Unauthorized
            }
            TroubleKind::LogInPage
            | TroubleKind::TokenAddress
            | TroubleKind::NoSuchPath
            | TroubleKind::Dialect
            | TroubleKind::BadMetadata
            | TroubleKind::ForeignLink => ErrorKind::ConfigInvalid,
            TroubleKind::Refused | TroubleKind::NoSuchRecord => ErrorKind::Rejected,
            TroubleKind::Conflict => ErrorKind::Conflict,
        }
    }

    /// What a human can do, naming settings.
    fn remedy(&self) -> Option<&'static str> {
        Some(match &self.kind {
            TroubleKind::Throttled { .. } => {
                "lower calls_per_second_max if something else uses the same application"
            }
            TroubleKind::LogInPage => {
                "service_root led to a log-in page: it must be the whole address of the data service, up to dataservice.svc"
            }
            TroubleKind::TokenRefused { code } => token_remedy(code.as_deref()),
            TroubleKind::TokenAddress => {
                "token_url is no token endpoint: take it from the API documentation your Cezanne account links to"
            }
            TroubleKind::Refused401 => {
                "the service refuses a fresh token: look at the scopes of the application, at the service account user, and \
                 whether token_url and service_root belong to one account"
            }
            TroubleKind::Forbidden => {
                "the application needs the scope API write access besides API read access, and the service account user the \
                 role HR Professional"
            }
            TroubleKind::NoSuchPath => {
                "look at service_root, its version (like v7), and the names of entity sets, if any are set"
            }
            TroubleKind::Dialect => {
                "the service does not take this kind of request: look at service_root and odata_version"
            }
            TroubleKind::BadMetadata => "service_root must be the whole address of the data service",
            TroubleKind::ForeignLink => {
                "service_root should name scheme, host and port as the service names itself in its links"
            }
            _ => return None,
        })
    }
}

/// By the codes of RFC 6749, 5.2. Whether Cezanne uses them is unknown.
fn token_remedy(code: Option<&str>) -> &'static str {
    match code {
        Some("invalid_client") => {
            "look at client_id and client_secret; Regenerate in Cezanne replaces the secret. If both are right, try the other \
             client_auth"
        }
        Some("invalid_scope") => "look at scope, and at the Application Scopes of the application in Cezanne",
        Some("invalid_grant" | "access_denied") => {
            "look at the service account user of the application: deleted, disabled, or its password expired?"
        }
        Some("unauthorized_client" | "unsupported_grant_type") => {
            "the application must be allowed the client credentials grant: it needs a service account user in Cezanne"
        }
        _ => {
            "look at client_id, client_secret, scope and client_auth, and whether the password of the service account user \
             expired"
        }
    }
}

#[derive(Debug)]
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

#[cfg(test)]
mod tests {
    use adapter_sdk::Next;
    use bytes::Bytes;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(7);

    fn answered(status: u16) -> Trouble {
        let body = Bytes::from_static(br#"{"error":{"message":"Ada Planted is no code"}}"#);
        let response = Response { status, headers: vec![("retry-after".to_owned(), "7".to_owned())], body };
        Trouble::of_status(&response, "adding a record", Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_status_means_one_thing_to_a_read_and_one_to_a_write() {
        let retry = Next::Retry { after: None };
        let later = Next::Retry { after: Some(PAUSE) };
        for (status, kind, after_read, after_write) in [
            (302, ErrorKind::ConfigInvalid, Next::Park, Next::Park),
            (400, ErrorKind::Rejected, Next::Park, Next::Park),
            (401, ErrorKind::Unauthorized, Next::Park, Next::Park),
            (403, ErrorKind::Unauthorized, Next::Park, Next::Park),
            (404, ErrorKind::ConfigInvalid, Next::Park, Next::Park),
            (405, ErrorKind::ConfigInvalid, Next::Park, Next::Park),
            (406, ErrorKind::ConfigInvalid, Next::Park, Next::Park),
            (408, ErrorKind::Unavailable, retry, Next::FindFirst),
            (409, ErrorKind::Conflict, Next::Park, Next::Park),
            (412, ErrorKind::Conflict, retry, retry),
            (413, ErrorKind::Rejected, Next::Park, Next::Park),
            (415, ErrorKind::ConfigInvalid, Next::Park, Next::Park),
            (422, ErrorKind::Rejected, Next::Park, Next::Park),
            (429, ErrorKind::RateLimited, later, later),
            (500, ErrorKind::Unavailable, retry, Next::FindFirst),
            (501, ErrorKind::ConfigInvalid, Next::Park, Next::Park),
            (502, ErrorKind::Unavailable, retry, Next::FindFirst),
            (503, ErrorKind::Unavailable, later, later),
            (504, ErrorKind::Unavailable, retry, Next::FindFirst),
            (599, ErrorKind::Unavailable, retry, Next::FindFirst),
            (99, ErrorKind::Unavailable, retry, Next::FindFirst),
        ] {
            let read = answered(status).into_error(false);
            let write = answered(status).into_error(true);
            assert_eq!((read.kind(), read.next(), write.next()), (kind, after_read, after_write), "{status}");
            assert!(read.to_string().contains(&format!("status={status}")), "{read}");
        }
    }

    #[test]
    fn a_503_that_names_no_time_leaves_a_write_unknown() {
        let response = Response { status: 503, headers: Vec::new(), body: Bytes::new() };
        let trouble = Trouble::of_status(&response, "adding a record", Timestamp::UNIX_EPOCH);
        assert_eq!(trouble.clone().into_error(true).next(), Next::FindFirst);
        assert_eq!(trouble.into_error(false).next(), Next::Retry { after: None });
    }

    #[test]
    fn what_was_not_sent_was_not_applied_and_what_was_not_answered_may_have_been() {
        let retry = Next::Retry { after: None };
        for (failure, next) in [
            (Failure::NotSent("no route".to_owned()), retry),
            (Failure::Unanswered("broke off".to_owned()), Next::FindFirst),
            (Failure::TooLong, Next::FindFirst),
        ] {
            let trouble = Trouble::of_failure(failure, "adding a record");
            assert_eq!(trouble.clone().into_error(true).next(), next, "{trouble:?}");
            assert_eq!(trouble.into_error(false).next(), retry);
        }
    }

    #[test]
    fn the_words_of_the_server_are_in_no_text_of_ours() {
        let trouble = answered(400);
        assert_eq!(trouble.said.as_ref().map(|said| said.reveal().as_str()), Some("Ada Planted is no code"));
        let shown = format!("{trouble:?} {}", trouble.clone().into_error(true).chain());
        assert!(!shown.contains("Planted"), "{shown}");
    }

    #[test]
    fn whoever_must_change_a_setting_is_told_which() {
        let token = |code: &str| TroubleKind::TokenRefused { code: Some(code.to_owned()) };
        for (kind, setting) in [
            (TroubleKind::LogInPage, "service_root"),
            (TroubleKind::NoSuchPath, "service_root"),
            (TroubleKind::BadMetadata, "service_root"),
            (TroubleKind::ForeignLink, "service_root"),
            (TroubleKind::Dialect, "odata_version"),
            (TroubleKind::TokenAddress, "token_url"),
            (TroubleKind::Refused401, "service account user"),
            (TroubleKind::Forbidden, "API write access"),
            (token("invalid_client"), "client_secret"),
            (token("invalid_scope"), "scope"),
            (token("invalid_grant"), "password expired"),
            (token("unauthorized_client"), "client credentials"),
            (TroubleKind::TokenRefused { code: None }, "client_secret"),
        ] {
            let error = Trouble::new(kind, "asking").into_error(false);
            assert!(error.to_string().contains(setting), "{error}");
            assert!(matches!(error.kind(), ErrorKind::ConfigInvalid | ErrorKind::Unauthorized), "{error}");
            assert_eq!(error.next(), Next::Park);
        }
    }
}
