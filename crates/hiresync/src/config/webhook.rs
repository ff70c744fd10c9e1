//! `[webhook]`: where Lever's deliveries are taken, and what signs them.

use std::net::SocketAddr;

use adapter_sdk::{
    Finding,
    settings::{Node, Section},
};
use chrono::TimeDelta;
use people::Secret;

const LISTEN: &str = "127.0.0.1:8470";
const PATH: &str = "/lever";
const PATH_LEN_MAX: usize = 200;
const MAX_AGE_HOURS: i64 = 24;
/// Lever keeps deliveries for two weeks, in which its settings page can send them again.
const MAX_AGE_HOURS_MAX: i64 = 14 * 24;

/// `[webhook]`: what a receiver of Lever's deliveries needs.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// Where to listen. Plain HTTP: the TLS that Lever asks for is a reverse proxy's.
    pub listen: SocketAddr,
    /// The one path that is answered.
    pub path: String,
    /// Any of these may have signed a delivery; there are several while one is being replaced. At least one.
    pub tokens: Vec<Secret>,
    /// Older deliveries are dropped.
    pub age_max: TimeDelta,
}

impl WebhookConfig {
    /// What `check` says about it: a warning where whoever reaches this machine reaches the receiver.
    pub fn finding(&self) -> Finding {
        if self.listen.ip().is_loopback() {
            return Finding::Good { what: format!("listens on {}, this machine alone", self.listen) };
        }
        Finding::Warning {
            what: format!("listens on {} without TLS, for whoever reaches this machine", self.listen),
            remedy: format!("behind a reverse proxy on this machine, write listen = \"{LISTEN}\""),
        }
    }
}

/// Reads `[webhook]`; `None` after a fault.
pub(super) fn webhook(mut section: Section<'_>) -> Option<WebhookConfig> {
    let usual = if section.has("listen") { None } else { LISTEN.parse().ok() };
    let listen = section.parsed::<SocketAddr>("listen", "an address and a port, e.g. \"127.0.0.1:8470\"");
    let listen = listen.or(usual);
    let path = section.text("path").unwrap_or_else(|| PATH.to_owned());
    let is_path = path.starts_with('/')
        && path.len() <= PATH_LEN_MAX
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte));
    if !is_path {
        let remedy = "write one such as \"/lever\", of letters, digits and /-_.~, without a host and a `?`";
        section.fault("path", "is no path", remedy);
    }
    let tokens = tokens(&mut section);
    let hours = section.integer("max_age_hours", 1..=MAX_AGE_HOURS_MAX).unwrap_or(MAX_AGE_HOURS);
    section.finish();
    Some(WebhookConfig { listen: listen?, path, tokens: tokens?, age_max: TimeDelta::hours(hours) })
}

/// Every token of every file: one a line, blank lines ignored.
fn tokens(section: &mut Section<'_>) -> Option<Vec<Secret>> {
    const EXAMPLE: &str = "[{ credential = \"lever-webhook-token\" }]";
    section.required("signature_tokens", section.has("signature_tokens").then_some(()), EXAMPLE);
    let written = match section.peek("signature_tokens") {
        Some(Node::List(written)) => written.len(),
        _ => 0,
    };
    let files = section.secrets("signature_tokens");
    if written == 0 && matches!(section.peek("signature_tokens"), Some(Node::List(_))) {
        section.fault("signature_tokens", "is empty: nobody could be believed", format!("write {EXAMPLE}"));
    }
    let mut all = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let tokens = file.reveal().lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<Secret> = tokens.map(|line| Secret::new(line.to_owned())).collect();
        let is_plain = |token: &Secret| token.reveal().bytes().all(|byte| byte.is_ascii_graphic());
        // Where a file could not be read, the others stand at other places here than in the configuration.
        if files.len() == written && (tokens.is_empty() || !tokens.iter().all(is_plain)) {
            let remedy = "put each token on a line of its own, as Lever shows it";
            let problem = "holds no token, or a character no token has";
            section.fault(&format!("signature_tokens[{at}]"), problem, remedy);
        }
        all.extend(tokens);
    }
    Some(all).filter(|all| !all.is_empty())
}
