//! The token endpoint (RFC 6749 4.4; Cezanne's literal path and its error bodies are unknown), and who is let in.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::problem::Problem;
use super::settings::{Access, ClientAuth, ExpiresIn};
use crate::message::{Millis, Reply, Request, base64, parse_query};

/// Tokens given out, and what became of the service account user.
#[derive(Debug)]
pub(super) struct Tokens {
    alive: BTreeMap<String, Token>,
    dice: ChaCha8Rng,
    given: u64,
    /// Whether the service account user's password expired, or the user was deleted.
    pub(super) is_user_expired: bool,
}

#[derive(Debug)]
struct Token {
    dies_at: Millis,
    calls_left: Option<u32>,
}

impl Tokens {
    pub(super) fn none(seed: u64) -> Tokens {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(2);
        Tokens { alive: BTreeMap::new(), dice, given: 0, is_user_expired: false }
    }

    /// A new token.
    pub(super) fn give(&mut self, now: Millis, access: &Access) -> String {
        self.alive.retain(|_, token| now < token.dies_at);
        self.given += 1;
        let name = format!("AAEC{}-{:016x}", self.given, self.dice.random_range(0..u64::MAX));
        let token = Token { dies_at: now.saturating_add(access.lifetime_ms), calls_left: access.calls_max };
        self.alive.insert(name.clone(), token);
        name
    }

    /// Forgets all of them.
    pub(super) fn revoke(&mut self) {
        self.alive.clear();
    }

    /// Lets a call in, or says why not.
    pub(super) fn admit(&mut self, now: Millis, request: &Request) -> Result<(), Problem> {
        let bearer = request.header("authorization").and_then(|value| value.split_once(' '));
        let name =
            bearer.filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer")).map(|(_, name)| name.trim());
        let refused = || {
            let problem = Problem::new(401, "The access token is missing, expired or not valid.");
            Err(problem.with("www-authenticate", "Bearer error=\"invalid_token\""))
        };
        let Some(token) = name.and_then(|name| self.alive.get_mut(name)) else { return refused() };
        if token.dies_at <= now || token.calls_left == Some(0) || self.is_user_expired {
            return refused();
        }
        if let Some(left) = &mut token.calls_left {
            *left -= 1;
        }
        Ok(())
    }

    /// `POST …/OAuth/Token`; true where a token was given.
    pub(super) fn answer(&mut self, now: Millis, access: &Access, request: &Request) -> (Reply, bool) {
        match self.check(access, request) {
            Err((status, code)) => {
                let body = json!({"error": code, "error_description": "The request was refused."});
                (Reply::json(status, body.to_string()), false)
            }
            Ok(()) => {
                let seconds = access.lifetime_ms / 1000;
                let mut body = json!({"access_token": self.give(now, access), "token_type": "bearer"});
                match access.expires_in {
                    ExpiresIn::Number => body["expires_in"] = json!(seconds),
                    ExpiresIn::Text => body["expires_in"] = Value::String(seconds.to_string()),
                    ExpiresIn::Absent => {}
                }
                let reply = Reply::json(200, body.to_string()).with("cache-control", "no-store");
                (reply, true)
            }
        }
    }

    /// What is wrong: the status and the code of RFC 6749 5.2.
    fn check(&self, access: &Access, request: &Request) -> Result<(), (u16, &'static str)> {
        if request.method != "POST" {
            return Err((405, "invalid_request"));
        }
        let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err((400, "invalid_request"));
        }
        let form = parse_query(&String::from_utf8_lossy(&request.body));
        let field =
            |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let Access { client_id, client_secret, .. } = access;
        let basic = format!("Basic {}", base64(format!("{client_id}:{client_secret}").as_bytes()));
        let in_header = request.header("authorization") == Some(&basic);
        let in_form = field("client_id") == Some(client_id) && field("client_secret") == Some(client_secret);
        let is_known = match access.client_auth {
            ClientAuth::Basic => in_header,
            ClientAuth::Form => in_form,
            ClientAuth::Either => in_header || in_form,
        };
        if !is_known {
            return Err((401, "invalid_client"));
        }
        match field("grant_type") {
            Some("client_credentials") => {}
            Some(_) => return Err((400, "unsupported_grant_type")),
            None => return Err((400, "invalid_request")),
        }
        let asked: Vec<&str> = field("scope").unwrap_or_default().split(' ').collect();
        let mut wanted = access.scope.iter().flat_map(|scope| scope.split(' '));
        if !wanted.all(|scope| asked.contains(&scope)) {
            return Err((400, "invalid_scope"));
        }
        if self.is_user_expired {
            return Err((400, "invalid_grant"));
        }
        Ok(())
    }
}
