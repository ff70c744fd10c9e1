//! What the pretend Lever counted, for tests that assert on behaviour and for a person with `curl`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::busiest::Busiest;
use crate::message::Millis;

/// Counts of everything asked under `/v1`. Memory stays bounded whatever is asked.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Requests in all.
    pub requests: u64,
    /// Requests by template path, such as `/opportunities/:id`; what fits no endpoint is under `unknown`.
    pub by_endpoint: BTreeMap<&'static str, u64>,
    /// Answers by status. An answer that was lost on purpose counts here all the same.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests answered with 429, by the bucket or by a fault.
    pub refused_by_rate: u64,
    /// Faults played.
    pub faults: u64,
    /// Requests that wanted to change something, that is everything but `GET`.
    pub writes: u64,
    /// Requests by method and template path, such as `POST /opportunities/:id/notes`.
    pub by_request: BTreeMap<(&'static str, &'static str), u64>,
    /// Hits on `/sandbox/trap`, where the fault `bait` leads. Nobody should ever come.
    pub trapped: u64,
    /// The most requests within any span of 1,000 ms.
    pub most_in_a_second: u64,
    busiest: Busiest,
}

impl Figures {
    pub(super) fn count_request(&mut self, now: Millis, endpoint: &'static str, method: &str) {
        self.requests += 1;
        *self.by_endpoint.entry(endpoint).or_default() += 1;
        let known = ["GET", "POST", "PUT", "DELETE", "HEAD"].into_iter().find(|known| *known == method);
        *self.by_request.entry((known.unwrap_or("another"), endpoint)).or_default() += 1;
        self.writes += u64::from(method != "GET");
        self.most_in_a_second = self.busiest.count(now);
    }

    pub(super) fn count_reply(&mut self, status: u16) {
        *self.by_status.entry(status).or_default() += 1;
        self.refused_by_rate += u64::from(status == 429);
    }

    /// Requests of this endpoint so far.
    pub fn of_endpoint(&self, template: &str) -> u64 {
        self.by_endpoint.get(template).copied().unwrap_or(0)
    }

    pub(super) fn to_json(&self) -> Value {
        let by_status: BTreeMap<String, u64> =
            self.by_status.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        let by_request: BTreeMap<String, u64> = self
            .by_request
            .iter()
            .map(|((method, path), count)| (format!("{method} {path}"), *count))
            .collect();
        json!({
            "requests": self.requests,
            "byRequest": by_request,
            "byEndpoint": self.by_endpoint,
            "byStatus": by_status,
            "refusedByRate": self.refused_by_rate,
            "faults": self.faults,
            "writes": self.writes,
            "trapped": self.trapped,
            "mostInASecond": self.most_in_a_second,
        })
    }
}
