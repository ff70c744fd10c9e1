//! Secrets that are about to expire. No vendor says when; whoever made the secret was told, and may write it beside its place:
//! `{ credential = "lever-api-key", expires = "2027-01-31" }`.

use adapter_sdk::{Finding, settings::Expiry};
use people::{Date, Timestamp, Zone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Config;
use crate::print;

/// How long before its last day it is said.
const NOTICE_DAYS: i64 = 30;

/// A secret that expires soon, or did.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Expiring {
    /// Where the configuration names it.
    pub secret: String,
    /// The last day on which it is good.
    pub on: Date,
    /// From today on; negative when it is past.
    pub days: i64,
}

impl Expiring {
    /// What, and what to do.
    pub fn words(&self) -> (String, String) {
        let Expiring { secret, on, days } = self;
        let what = match days {
            ..0 => format!("{secret} expired on {on}"),
            0 => format!("{secret} expires today"),
            _ => format!("{secret} expires in {} ({on})", print::count(days.unsigned_abs(), "day", "days")),
        };
        let remedy = "renew it, put the new one in its place with its new `expires`, and restart hiresync";
        (what, remedy.to_owned())
    }

    /// For `check`.
    pub fn finding(&self) -> Finding {
        let (what, remedy) = self.words();
        Finding::Warning { what, remedy }
    }
}

impl Config {
    /// Every secret of which the configuration says when it expires, if that is soon.
    pub fn expiring(&self, now: Timestamp) -> Vec<Expiring> {
        expiring(&self.expiries, self.lever.zone, now)
    }
}

/// Those that expire soon, the first first.
pub fn expiring(expiries: &[Expiry], zone: Zone, now: Timestamp) -> Vec<Expiring> {
    let today = now.with_timezone(&zone).date_naive();
    let of = |expiry: &Expiry| Expiring {
        secret: expiry.path.clone(),
        on: expiry.on,
        days: (expiry.on - today).num_days(),
    };
    let mut soon: Vec<Expiring> = expiries.iter().map(of).filter(|soon| soon.days <= NOTICE_DAYS).collect();
    soon.sort_by_key(|expiring| expiring.on);
    soon
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_said_to_expire_from_a_month_before_its_last_day_on() {
        let expiries = [("lever.api_key", "2027-01-31"), ("targets.uk.client_secret", "2026-12-24")]
            .map(|(path, on)| Expiry { path: path.to_owned(), on: on.parse().unwrap() });
        let said = |now: &str| -> Vec<String> {
            let zone = "Europe/London".parse().unwrap();
            let soon = expiring(&expiries, zone, now.parse().unwrap());
            soon.iter().map(|expiring| expiring.words().0).collect()
        };
        assert!(said("2026-11-23T23:59:00Z").is_empty());
        assert_eq!(
            said("2026-11-24T00:00:00Z"),
            ["targets.uk.client_secret expires in 30 days (2026-12-24)"]
        );
        assert_eq!(said("2026-12-23T12:00:00Z"), ["targets.uk.client_secret expires in 1 day (2026-12-24)"]);
        assert_eq!(said("2026-12-24T12:00:00Z"), ["targets.uk.client_secret expires today"]);
        assert_eq!(
            said("2027-01-30T12:00:00Z"),
            ["targets.uk.client_secret expired on 2026-12-24", "lever.api_key expires in 1 day (2027-01-31)"]
        );
    }
}
