//! One token, shared by everybody and renewed in time.
//!
//! The grant is `client_credentials` (RFC 6749, 4.4), as Cezanne's own OData bridge uses it. The address of the token
//! endpoint, the scopes and the lifetime are unknown, so the first two are settings and the last is what the answer says.

use std::{sync::Arc, time::Duration};

use http::{Failure, Method, Request, Response, Transport};
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
    transport: Arc<dyn Transport>,
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
    pub(crate) fn new(settings: Settings, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Tokens { settings, transport, clock, kept: Mutex::default() }
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
        let asked_at = Instant::now();
        let (token, lifetime) = self.ask().await?;
        *kept = Some(Kept { token: token.clone(), renew_at: asked_at + lifetime - early(lifetime) });
        Ok(token)
    }

    async fn ask(&self) -> Result<(Secret, Duration), Trouble> {
        let answer = http::exchange(&*self.transport, "/:token", self.request()).await;
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

    fn request(&self) -> Request {
        let Settings { token_url, client_id, client_secret, scope, auth } = &self.settings;
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let mut request = Request::new(Method::Post, token_url.clone());
        request.body_max = 256 << 10;
        request.headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        match auth {
            ClientAuth::Basic => {
                let basic = http::basic_auth(client_id, client_secret.reveal());
                request.headers.push(("authorization", basic));
            }
            ClientAuth::Form => {
                form.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.reveal())])
            }
        }
        request.body = pairs(form).into();
        request
    }

    fn granted(&self, response: &Response) -> Result<(Secret, Duration), Trouble> {
        if !(200..=299).contains(&response.status) {
            return Err(self.refusal(response));
        }
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
