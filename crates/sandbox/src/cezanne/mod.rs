//! A pretend Cezanne HR: one tenant's data service, its token endpoint, and its receiver of Lever's webhooks.
//!
//! [`Cezanne`] is a deterministic state machine like [`Lever`](crate::Lever): a [`Request`] and the time go in, a
//! [`Reply`] comes out. It speaks OData as WCF Data Services does ([MS-ODATA]); entities, keys and what is mandatory are
//! from Cezanne's API articles (v1). Much about Cezanne is unknown: then it is a [setting](Settings), or the stricter
//! reading is played, so that a client's mistake shows here and not at a customer.
//!
//! ```
//! use sandbox::Request;
//! use sandbox::cezanne::{Cezanne, Settings};
//!
//! let mut cezanne = Cezanne::new(Settings { staff: 3, ..Settings::default() }, 1_770_000_000_000);
//! let token = cezanne.give_token(1_770_000_000_000);
//! let request = Request::get("/cezanneondemand/v7/dataservice.svc/People('1001')")
//!     .with_header("authorization", &format!("Bearer {token}"))
//!     .with_header("accept", "application/json");
//! assert_eq!(cezanne.handle(1_770_000_000_000, &request).status, 200);
//! assert_eq!(cezanne.people().len(), 3);
//! ```

mod computed;
mod control;
mod day;
mod dialect;
mod edmx;
mod faults;
mod figures;
mod filter;
mod hr;
mod lexer;
mod options;
mod path;
mod problem;
mod read;
mod receiver;
mod render;
mod schema;
mod seed;
mod service;
mod settings;
mod tenant;
mod token;
mod truth;
mod values;
mod write;

pub use control::ACTS;
pub use faults::{BadFault, Fault, FaultKind};
pub use figures::Figures;
pub use hr::Refused;
pub use schema::{STARTER_FUNCTION, Table};
pub use settings::{Access, ClientAuth, ErrorShape, ExpiresIn, OpenEnded, Receiver, Settings, Variant};
pub use tenant::{LogEntry, Task};
pub use truth::{Record, RowCount};

use crate::message::{Millis, Reply, Request, http_date};
use crate::server::Pretend;
use faults::Faults;
use schema::Schema;
use tenant::Tenant;
use token::Tokens;

/// The path of the data service.
pub const SERVICE_PATH: &str = "/cezanneondemand/v7/dataservice.svc";
/// The path of the token endpoint. The real one is unknown.
pub const TOKEN_PATH: &str = "/cezanneondemand/OAuth/Token";
/// The path of the receiver of Lever's webhooks, before the subdomain.
pub const RECEIVER_PATH: &str = "/cezannehr/api/v4/Lever/webhook/";

/// A pretend Cezanne HR with one tenant.
#[derive(Debug)]
pub struct Cezanne {
    settings: Settings,
    schema: Schema,
    tenant: Tenant,
    tokens: Tokens,
    faults: Faults,
    figures: Figures,
    /// The status of the page everybody gets, while the tenant is closed.
    closed: Option<u16>,
}

impl Cezanne {
    /// A tenant with its companies, units and staff.
    pub fn new(settings: Settings, now: Millis) -> Cezanne {
        Cezanne {
            schema: Schema::of(&settings),
            tenant: seed::furnish(&settings, now),
            tokens: Tokens::none(settings.seed),
            faults: Faults::none(settings.seed),
            figures: Figures::default(),
            closed: None,
            settings,
        }
    }

    /// Answers one request.
    pub fn handle(&mut self, now: Millis, request: &Request) -> Reply {
        let mut reply = match Door::of(request) {
            Door::Token => self.handle_token(now, request),
            Door::Data(path) => self.handle_data(now, &path, request),
            Door::Receiver(subdomain) => self.handle_webhook(now, &subdomain, request),
            Door::Control(path) => return self.control(now, &path, request),
            Door::Unknown => problem::page(404, "The resource cannot be found."),
        };
        if reply.header("date").is_none() {
            reply.headers.push(("date", http_date(now)));
        }
        reply.headers.push(("server", "Microsoft-IIS/10.0".to_owned()));
        reply
    }

    /// A request is under way: whoever acts out what a client does at once says so, for [`Figures::most_at_once`].
    pub fn begun(&mut self, request: &Request) {
        self.count_under_way(request, Figures::begin);
    }

    /// It no longer is.
    pub fn finished(&mut self, request: &Request) {
        self.count_under_way(request, Figures::finish);
    }

    fn count_under_way(&mut self, request: &Request, count: fn(&mut Figures, bool)) {
        match Door::of(request) {
            Door::Token => count(&mut self.figures, true),
            Door::Data(_) => count(&mut self.figures, false),
            Door::Receiver(_) | Door::Control(_) | Door::Unknown => {}
        }
    }

    /// Plans a fault after those already planned.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.add(fault);
    }

    /// Forgets all faults that are still to come.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What was counted so far.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    /// How the tenant is set up.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A token as the endpoint gives them, for a test that has no use for the endpoint.
    pub fn give_token(&mut self, now: Millis) -> String {
        self.tokens.give(now, &self.settings.access)
    }

    /// Forgets all tokens: the next call with one is answered with 401.
    pub fn revoke_tokens(&mut self) {
        self.tokens.revoke();
    }

    /// The service account user's password expires (true), or gets a new one.
    pub fn expire_user(&mut self, is_expired: bool) {
        self.tokens.is_user_expired = is_expired;
    }

    /// The secret is regenerated: the old one is good no more.
    pub fn change_secret(&mut self, secret: &str) {
        secret.clone_into(&mut self.settings.access.client_secret);
    }

    /// The tenant answers everything with a page of this status, 403 or 503, or opens again.
    pub fn close(&mut self, status: Option<u16>) {
        self.closed = status;
    }

    /// How far reads are behind, by key and by filter.
    pub fn set_lag(&mut self, by_key: Millis, by_filter: Millis) {
        self.settings.lag_by_key_ms = by_key;
        self.settings.lag_by_filter_ms = by_filter;
        self.tenant.lag_max = by_key.max(by_filter);
    }

    /// Whether writes are allowed (scope *API write access*).
    pub fn allow_writes(&mut self, may_write: bool) {
        self.settings.may_write = may_write;
    }
}

impl Pretend for Cezanne {
    fn handle(&mut self, now: Millis, request: &Request) -> Reply {
        Cezanne::handle(self, now, request)
    }

    fn begun(&mut self, request: &Request) {
        Cezanne::begun(self, request);
    }

    fn finished(&mut self, request: &Request) {
        Cezanne::finished(self, request);
    }

    fn think_ms(&self) -> Millis {
        self.settings.think_ms
    }
}

/// Where a request goes. Virtual directories of IIS are the same in any case.
enum Door {
    Token,
    /// What is below the service root.
    Data(Vec<String>),
    /// The subdomain.
    Receiver(String),
    /// Ours, not Cezanne's.
    Control(Vec<String>),
    Unknown,
}

impl Door {
    fn of(request: &Request) -> Door {
        let segments = request.segments();
        let rest = |path: &str| {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            let (root, rest) = segments.split_at_checked(parts.len())?;
            let is_same = root.iter().zip(&parts).all(|(one, other)| one.eq_ignore_ascii_case(other));
            is_same.then(|| rest.to_vec())
        };
        if segments.first().is_some_and(|first| first.starts_with('_')) {
            return Door::Control(segments);
        }
        if rest(TOKEN_PATH).is_some_and(|rest| rest.is_empty()) {
            return Door::Token;
        }
        if let Some([subdomain]) = rest(RECEIVER_PATH).as_deref() {
            return Door::Receiver(subdomain.clone());
        }
        rest(SERVICE_PATH).map_or(Door::Unknown, Door::Data)
    }
}

#[cfg(test)]
mod tests;
