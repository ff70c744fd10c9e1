//! What the pretend Cezanne counted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::busiest::Busiest;
use crate::message::Millis;

/// Counts of everything asked of the tenant. Memory stays bounded whatever is asked.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Requests to the data service.
    pub requests: u64,
    /// They by method and place, such as `("POST", "People")`. A tunnelled MERGE is a MERGE; other places are `service`,
    /// `metadata`, `function` and `unknown`.
    pub by_request: BTreeMap<(&'static str, &'static str), u64>,
    /// Answers by status. One that was lost on purpose counts here all the same.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests that wanted to replace a row. Nobody should.
    pub puts: u64,
    /// Requests that wanted to delete a row. Nobody should.
    pub deletes: u64,
    /// Calls of the function import. Nobody should.
    pub function_calls: u64,
    /// Requests for a token.
    pub token_requests: u64,
    /// Tokens given out.
    pub tokens: u64,
    /// Calls refused with 401 for their token.
    pub token_refusals: u64,
    /// Deliveries to the receiver of webhooks.
    pub webhooks: u64,
    /// Faults played.
    pub faults: u64,
    /// The most requests to the data service within any span of 1,000 ms.
    pub most_in_a_second: u64,
    /// The most requests to the data service under way at once. Only a server, or whoever calls
    /// [`Cezanne::begun`](super::Cezanne::begun), can know.
    pub most_at_once: u64,
    /// The most requests for a token under way at once.
    pub most_tokens_at_once: u64,
    busiest: Busiest,
    under_way: u64,
    tokens_under_way: u64,
}

const METHODS: [&str; 6] = ["GET", "POST", "PATCH", "MERGE", "PUT", "DELETE"];

impl Figures {
    pub(super) fn count(&mut self, now: Millis, method: &str, place: &'static str) {
        self.requests += 1;
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("another");
        *self.by_request.entry((method, place)).or_default() += 1;
        self.puts += u64::from(method == "PUT");
        self.deletes += u64::from(method == "DELETE");
        self.function_calls += u64::from(place == "function");
        self.most_in_a_second = self.busiest.count(now);
    }

    pub(super) fn count_reply(&mut self, status: u16) {
        *self.by_status.entry(status).or_default() += 1;
    }

    pub(super) fn begin(&mut self, is_token: bool) {
        let (under_way, most) = self.lane(is_token);
        *under_way += 1;
        *most = (*most).max(*under_way);
    }

    pub(super) fn finish(&mut self, is_token: bool) {
        let (under_way, _) = self.lane(is_token);
        *under_way = under_way.saturating_sub(1);
    }

    fn lane(&mut self, is_token: bool) -> (&mut u64, &mut u64) {
        if is_token {
            (&mut self.tokens_under_way, &mut self.most_tokens_at_once)
        } else {
            (&mut self.under_way, &mut self.most_at_once)
        }
    }

    /// Requests of this method to this place so far.
    pub fn of(&self, method: &str, place: &str) -> u64 {
        let found = self.by_request.iter().find(|((known, at), _)| *known == method && *at == place);
        found.map_or(0, |(_, count)| *count)
    }

    pub(super) fn to_json(&self) -> Value {
        let by_request: BTreeMap<String, u64> = self
            .by_request
            .iter()
            .map(|((method, place), count)| (format!("{method} {place}"), *count))
            .collect();
        let by_status: BTreeMap<String, u64> =
            self.by_status.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        json!({
            "requests": self.requests,
            "byRequest": by_request,
            "byStatus": by_status,
            "puts": self.puts,
            "deletes": self.deletes,
            "functionCalls": self.function_calls,
            "tokenRequests": self.token_requests,
            "tokens": self.tokens,
            "tokenRefusals": self.token_refusals,
            "webhooks": self.webhooks,
            "faults": self.faults,
            "mostInASecond": self.most_in_a_second,
            "mostAtOnce": self.most_at_once,
            "mostTokensAtOnce": self.most_tokens_at_once,
        })
    }
}
