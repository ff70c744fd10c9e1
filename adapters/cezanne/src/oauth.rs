//! One token, shared by everybody and renewed in time.
//!
//! The grant is `client_credentials` (RFC 6749, 4.4), as Cezanne's own OData bridge uses it. The address of the token
//! endpoint, the scopes and the lifetime are unknown, so the first two are settings and the last is what the answer says.

use std::{sync::Arc, time::Duration};

use http::{Failure, Question, Response, Way};
use people::{Clock, Secret};
use serde::Deserialize;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::{
    encode::pairs,
    errors::{Trouble, TroubleKind},
};

const DOING: &str = "asking for a token";
/// What Cezanne's own bridge takes when the answer names no lifetime.
const LIFETIME: Duration = Duration::from_secs(3600);
/// No token is trusted for longer, whatever is said of it.
const LIFETIME_MAX: Duration = Duration::from_secs(7 * 86_400);
const TOKEN_LEN_MAX: usize = 16 << 10;
const DEADLINE: Duration = Duration::from_secs(30);
const ANSWER_MAX: usize = 256 << 10;

/// Where tokens come from, and for what.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) token_url: Url,
    /// Without a colon if it goes into a Basic header.
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
    /// `None`: no such parameter is sent.
    pub(crate) scope: Option<String>,
    pub(crate) auth: ClientAuth,
}

/// How the application shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ClientAuth {
    /// In a Basic header, as it is: not form-encoded first, as Cezanne's own bridge does it.
    #[default]
    Basic,
    /// In the form.
    Form,
}

/// The token of one application.
#[derive(Debug)]
pub(crate) struct Tokens {
    settings: Settings,
    way: Way,
    clock: Arc<dyn Clock>,
    /// Held while a token is asked for: whoever comes meanwhile waits and gets the same one.
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    token: Secret,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

impl Tokens {
    pub(crate) fn new(settings: Settings, way: Way, clock: Arc<dyn Clock>) -> Self {
        Tokens { settings, way, clock, kept: Mutex::default() }
    }

    /// A token that is good for a while yet.
    pub(crate) async fn token(&self) -> Result<Secret, Trouble> {
        self.token_but(None).await
    }

    /// Another token than `refused`: the one that somebody else got meanwhile, or a new one.
    pub(crate) async fn renew(&self, refused: &Secret) -> Result<Secret, Trouble> {
        self.token_but(Some(refused)).await
    }

    async fn token_but(&self, refused: Option<&Secret>) -> Result<Secret, Trouble> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref()
            && Instant::now() < kept.renew_at
            && Some(&kept.token) != refused
        {
            return Ok(kept.token.clone());
        }
        // Not to be given out again, should asking fail.
        *kept = None;
        if planted::bug(planted::Bug::TokenForEach) {
            drop(kept);
            return Ok(self.ask().await?.0);
        }
        let asked_at = Instant::now();
        let (token, lifetime) = self.ask().await?;
        *kept = Some(Kept { token: token.clone(), renew_at: asked_at + lifetime - early(lifetime) });
        Ok(token)
    }

    async fn ask(&self) -> Result<(Secret, Duration), Trouble> {
        let answer = self.way.ask("/:token", self.question()).await;
        let response = answer.map_err(|failure| match failure {
            Failure::NotSent(why) | Failure::Unanswered(why) => {
                Trouble::new(TroubleKind::TokenUnreachable, DOING).because(why)
            }
            Failure::TooLong => {
                Trouble::new(TroubleKind::TokenAddress, DOING).because("the answer is too long")
            }
        })?;
        self.granted(&response)
    }

    fn question(&self) -> Question {
        let Settings { token_url, client_id, client_secret, scope, auth } = &self.settings;
        let mut form: Vec<(&str, &str)> =
            scope.as_deref().map(|scope| ("scope", scope)).into_iter().collect();
        if *auth == ClientAuth::Form {
            form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.reveal())]);
        }
        let question = Question::token(token_url.clone(), &pairs(form))
            .within(DEADLINE, ANSWER_MAX)
            .with("accept", "application/json");
        match auth {
            ClientAuth::Basic => {
                question.with("authorization", http::basic_auth(client_id, client_secret.reveal()))
            }
            ClientAuth::Form => question,
        }
    }

    fn granted(&self, response: &Response) -> Result<(Secret, Duration), Trouble> {
        if !(200..=299).contains(&response.status) {
            return Err(self.refusal(response));
        }
        taken(response)
    }

    fn refusal(&self, response: &Response) -> Trouble {
        let kind = match response.status {
            400 | 401 | 403 => TroubleKind::TokenRefused { code: code(&response.body) },
            429 => TroubleKind::Throttled { after: http::retry_after(response, self.clock.now()) },
            408 | 500..=599 => TroubleKind::TokenUnreachable,
            _ => TroubleKind::TokenAddress,
        };
        Trouble::new(kind, DOING).told_by(response)
    }
}

/// The token of an answer, and for how long it is good.
fn taken(response: &Response) -> Result<(Secret, Duration), Trouble> {
    let no_token = |why: &str| {
        Trouble { status: Some(response.status), ..Trouble::new(TroubleKind::TokenAddress, DOING) }
            .because(why)
    };
    // The parser's own message may quote a token.
    let granted: Granted = serde_json::from_slice(&response.body)
        .map_err(|_| no_token("the answer is no JSON with an access_token"))?;
    let token = Secret::new(granted.access_token);
    if granted.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(no_token("the token is no bearer token"));
    }
    if !can_be_sent(token.reveal()) {
        return Err(no_token("the token cannot be sent in a header"));
    }
    Ok((token, lifetime(&granted.expires_in)))
}

/// An answer of the token endpoint, as a good one and as a refusal. Says whether it is either.
pub(crate) fn fuzz(bytes: &[u8]) -> bool {
    let response = Response { status: 200, headers: Vec::new(), body: bytes.to_vec().into() };
    let is_token = taken(&response).is_ok_and(|(token, lifetime)| {
        assert!(can_be_sent(token.reveal()) && lifetime <= LIFETIME_MAX && early(lifetime) <= lifetime);
        true
    });
    is_token | code(bytes).is_some()
}

/// The code of a refusal (RFC 6749, 5.2), if it looks like one.
fn code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = body.get("error")?.as_str()?;
    let is_code =
        (1..=40).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_code.then(|| code.to_owned())
}

fn can_be_sent(token: &str) -> bool {
    (1..=TOKEN_LEN_MAX).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A number, the text of one, or nothing (which Cezanne's own bridge takes for an hour).
fn lifetime(expires_in: &Value) -> Duration {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match seconds {
        Some(seconds) if seconds > 0.0 => {
            Duration::try_from_secs_f64(seconds).map_or(LIFETIME_MAX, |it| it.min(LIFETIME_MAX))
        }
        _ => LIFETIME,
    }
}

/// How long before its end a token is renewed: a fifth of its life, within 5 and 60 seconds, and half of it at most. The
/// formula of Cezanne's own bridge.
fn early(lifetime: Duration) -> Duration {
    (lifetime / 5).clamp(Duration::from_secs(5), Duration::from_secs(60)).min(lifetime / 2)
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;

    use super::*;
    use crate::scripted::{Answer, Scripted, header, oauth, ok, status, tokens, with_header};

    fn granted(token: &str, rest: &str) -> Answer {
        ok(format!(r#"{{"access_token":"{token}"{rest}}}"#))
    }

    #[test]
    fn a_lifetime_is_a_number_or_its_text_or_an_hour() {
        for (expires_in, seconds) in [
            (serde_json::json!(1199), 1199.0),
            (serde_json::json!("1199"), 1199.0),
            (serde_json::json!(" 60 "), 60.0),
            (serde_json::json!(0.5), 0.5),
            (Value::Null, 3600.0),
            (serde_json::json!(0), 3600.0),
            (serde_json::json!(-7), 3600.0),
            (serde_json::json!("soon"), 3600.0),
            (serde_json::json!("NaN"), 3600.0),
            (serde_json::json!([60]), 3600.0),
            (serde_json::json!(1e300), 604_800.0),
            (serde_json::json!("inf"), 604_800.0),
        ] {
            assert!((lifetime(&expires_in).as_secs_f64() - seconds).abs() < 1e-9, "{expires_in}");
        }
    }

    #[test]
    fn a_token_is_renewed_a_fifth_of_its_life_early_within_5_and_60_seconds_and_half_its_life() {
        for (lifetime_ms, early_ms) in [
            (3_600_000, 60_000),
            (300_000, 60_000),
            (200_000, 40_000),
            (25_000, 5_000),
            (10_000, 5_000),
            (6_000, 3_000),
            (1_000, 500),
            (0, 0),
        ] {
            assert_eq!(early(Duration::from_millis(lifetime_ms)), Duration::from_millis(early_ms));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_kept_until_it_is_nearly_over_in_all_three_forms_of_its_lifetime() {
        for (rest, good_for) in [(r#","expires_in":300"#, 240), (r#","expires_in":"300""#, 240), ("", 3540)] {
            let transport = Scripted::with_tokens([granted("a", rest), granted("b", rest)], []);
            let tokens = tokens(oauth(), &transport);
            let asked_at = Instant::now();
            assert_eq!(tokens.token().await.unwrap().reveal(), "a");
            tokio::time::advance(
                Duration::from_secs(good_for) - asked_at.elapsed() - Duration::from_millis(1),
            )
            .await;
            assert_eq!(tokens.token().await.unwrap().reveal(), "a", "{rest}");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert_eq!(tokens.token().await.unwrap().reveal(), "b", "{rest}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_who_asks_at_once_gets_the_token_of_one_request() {
        let transport = Scripted::new([]);
        let tokens = tokens(oauth(), &transport);
        let all = join_all((0..10).map(|_| tokens.token())).await;
        assert!(all.into_iter().all(|token| token.unwrap().reveal() == "token-1"));
        assert_eq!(transport.asked_for_tokens().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_whose_token_was_refused_gets_the_next_token_of_one_request() {
        let transport = Scripted::new([]);
        let tokens = tokens(oauth(), &transport);
        let refused = tokens.token().await.unwrap();
        let all = join_all((0..10).map(|_| tokens.renew(&refused))).await;
        assert!(all.into_iter().all(|token| token.unwrap().reveal() == "token-2"));
        assert_eq!(transport.asked_for_tokens().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_not_given_out_again_when_renewing_fails() {
        let transport = Scripted::with_tokens([granted("a", ""), status(500, ""), granted("b", "")], []);
        let tokens = tokens(oauth(), &transport);
        let refused = tokens.token().await.unwrap();
        assert_eq!(tokens.renew(&refused).await.unwrap_err().kind, TroubleKind::TokenUnreachable);
        assert_eq!(tokens.token().await.unwrap().reveal(), "b");
    }

    #[tokio::test(start_paused = true)]
    async fn the_application_shows_who_it_is_in_a_basic_header_or_in_the_form() {
        let transport = Scripted::new([]);
        tokens(oauth(), &transport).token().await.unwrap();
        let form = Settings { auth: ClientAuth::Form, scope: None, ..oauth() };
        tokens(form, &transport).token().await.unwrap();
        let [basic, form] = &transport.asked_for_tokens()[..] else { panic!("two requests") };
        // The secret goes as it is: base64 of `id:s3cret+ /`.
        assert_eq!(header(basic, "authorization"), Some("Basic aWQ6czNjcmV0KyAv"));
        assert_eq!(&basic.body[..], b"grant_type=client_credentials&scope=read%20write");
        assert_eq!(header(form, "authorization"), None);
        assert_eq!(
            &form.body[..],
            b"grant_type=client_credentials&client_id=id&client_secret=s3cret%2B%20%2F"
        );
        for request in [basic, form] {
            assert_eq!(request.method, http::Method::Post);
            assert_eq!(header(request, "content-type"), Some("application/x-www-form-urlencoded"));
            assert_eq!(header(request, "accept"), Some("application/json"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_refusal_is_told_apart_and_shows_neither_secret_nor_token() {
        let code = |code: &str| TroubleKind::TokenRefused { code: Some(code.to_owned()) };
        let long = "x".repeat(TOKEN_LEN_MAX + 1);
        for (answer, kind) in [
            (
                status(400, r#"{"error":"invalid_scope","error_description":"planted"}"#),
                code("invalid_scope"),
            ),
            (status(401, r#"{"error":"invalid_client"}"#), code("invalid_client")),
            (status(401, r#"{"error":"Planted by somebody"}"#), TroubleKind::TokenRefused { code: None }),
            (status(403, "planted"), TroubleKind::TokenRefused { code: None }),
            (
                with_header(status(429, ""), "retry-after", "7"),
                TroubleKind::Throttled { after: Some(Duration::from_secs(7)) },
            ),
            (status(500, "planted"), TroubleKind::TokenUnreachable),
            (status(503, ""), TroubleKind::TokenUnreachable),
            (status(302, ""), TroubleKind::TokenAddress),
            (status(404, ""), TroubleKind::TokenAddress),
            (ok("<html><title>planted</title></html>"), TroubleKind::TokenAddress),
            (ok(r#"{"access_token":7}"#), TroubleKind::TokenAddress),
            (granted("", ""), TroubleKind::TokenAddress),
            (granted("planted token", ""), TroubleKind::TokenAddress),
            (granted("planted\\r\\nx: y", ""), TroubleKind::TokenAddress),
            (granted(&long, ""), TroubleKind::TokenAddress),
            (granted("planted", r#","token_type":"mac""#), TroubleKind::TokenAddress),
            (Err(Failure::NotSent("no route".to_owned())), TroubleKind::TokenUnreachable),
            (Err(Failure::Unanswered("broke off".to_owned())), TroubleKind::TokenUnreachable),
            (Err(Failure::TooLong), TroubleKind::TokenAddress),
        ] {
            let transport = Scripted::with_tokens([answer], []);
            let tokens = tokens(oauth(), &transport);
            let trouble = tokens.token().await.unwrap_err();
            assert_eq!(trouble.kind, kind);
            // Nothing was sent to the data service, so a write surely was not applied.
            assert!(!trouble.is_unknown_for_a_write());
            let shown = format!("{trouble:?} {tokens:?} {}", trouble.clone().into_error(true).chain());
            assert!(!shown.contains("planted") && !shown.contains("s3cret"), "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_type_of_a_token_is_compared_without_case_and_may_be_left_out() {
        for rest in ["", r#","token_type":"bearer""#, r#","token_type":"BEARER""#, r#","token_type":null"#] {
            let transport = Scripted::with_tokens([granted("a", rest)], []);
            let tokens = tokens(oauth(), &transport);
            assert_eq!(tokens.token().await.unwrap().reveal(), "a");
            assert!(!format!("{tokens:?}").contains("\"a\""));
        }
    }
}
