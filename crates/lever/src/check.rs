//! Does the key work, does it reach what the mapping needs, do the clocks agree. Changes nothing.

use adapter_sdk::{CheckReport, Finding, Result};
use engine::Sweep;

use crate::{
    Lever, Settings,
    call::{Ask, Endpoint, Trouble, What},
    kept::NoOlderThan,
    wire::Opportunity,
};

/// Seconds by which two clocks may differ before somebody should know.
pub const SKEW_MAX: u64 = 60;
/// Asked for when the account has no hire whose objects could be asked for: "not found" proves the permission as well.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

impl Lever {
    pub(crate) async fn check_all(&self) -> Result<CheckReport> {
        let reasons = self.reasons.get(&self.caller, NoOlderThan::at_the_start_of(&Sweep::Full)).await?;
        let mut findings = vec![good(format!(
            "{} takes the key; {} archive reason(s) mean a hire",
            self.caller.host(),
            reasons.hired.len()
        ))];

        let mut hires = Ask::list(Endpoint::Opportunities).with("archived", "true");
        for reason in &reasons.hired {
            hires = hires.with("archive_reason_id", reason.as_str());
        }
        let hires = self.with_confidentiality(hires.with("expand", "applications"));
        let sample = self
            .opportunities(&hires)
            .await?
            .value
            .read
            .into_iter()
            .map(|(opportunity, _)| opportunity)
            // Nothing of an anonymised one is asked for.
            .find(|opportunity| !opportunity.is_anonymised);
        findings.push(good("hired people can be listed".to_owned()));
        if sample.as_ref().is_some_and(|opportunity| opportunity.applications_unexpanded) {
            findings.push(missing_permission(
                "applications:read:admin".to_owned(),
                "postings and answers of hired people",
            ));
        }

        for (endpoint, ask, what) in self.needed(sample.as_ref()) {
            // Any answer of Lever's own proves the permission, also that there is no such object.
            match self.caller.get(&ask, |_| Ok(())).await {
                Ok(_) | Err(Trouble { what: What::Missing | What::Refused(_), .. }) => {
                    findings.push(good(format!("{what} can be read")));
                }
                Err(Trouble { what: What::Forbidden, .. }) => {
                    findings.push(missing_permission(needed_for(endpoint), what));
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }

        findings.extend(self.settings.own.is_on().then(|| write_back(&self.settings)));
        findings.push(if self.settings.confidential {
            good("confidential hires are included (lever.confidential = true)".to_owned())
        } else {
            good("confidential hires are left out (lever.confidential = false)".to_owned())
        });
        findings.extend(host_reminder(self.caller.host()));
        findings.extend(skew(self.caller.usage().skew_seconds));
        Ok(CheckReport { findings, ..CheckReport::default() })
    }

    /// What the mapping needs, and one request for each that needs its permission.
    fn needed(&self, sample: Option<&Opportunity>) -> Vec<(Endpoint, Ask, &'static str)> {
        let needs = self.settings.needs;
        let contact = sample.map_or(NOBODY, |opportunity| opportunity.contact.as_str());
        let opportunity = sample.map_or(NOBODY, |opportunity| opportunity.id.as_str());
        let list = |endpoint| Ask::list(endpoint).with("limit", "1");
        let mut needed = vec![(
            Endpoint::Contact,
            Ask::of(Endpoint::Contact, contact),
            "contacts that have no visible opportunity",
        )];
        if needs.offers {
            let offers = Ask::of(Endpoint::Offers, opportunity).with("limit", "1");
            needed.push((Endpoint::Offers, offers, "offers"));
        }
        if needs.forms {
            let forms = Ask::of(Endpoint::Forms, opportunity).with("limit", "1");
            needed.push((Endpoint::Forms, forms, "profile forms"));
        }
        if needs.postings {
            needed.push((Endpoint::Postings, list(Endpoint::Postings), "postings"));
        }
        if needs.requisitions || needs.requisition_details {
            needed.push((Endpoint::Requisitions, list(Endpoint::Requisitions), "requisitions"));
        }
        if needs.users {
            needed.push((Endpoint::Users, list(Endpoint::Users), "users"));
        }
        needed
    }
}

fn good(what: String) -> Finding {
    Finding::Good { what }
}

/// What to give the key; requisitions may also be refused because the account has none.
fn needed_for(endpoint: Endpoint) -> String {
    match endpoint {
        Endpoint::Requisitions => {
            format!("{}, if the account's package has requisitions at all", endpoint.permission())
        }
        _ => endpoint.permission().to_owned(),
    }
}

fn missing_permission(permission: String, what: &str) -> Finding {
    Finding::Warning {
        what: format!("the key may not read {what}: what is mapped from them stays empty"),
        remedy: format!("give the key in lever.api_key the permission {permission}"),
    }
}

/// Which permissions writing takes. Whether the key has them is seen at the first write: there is no way to try that writes
/// nothing.
fn write_back(settings: &Settings) -> Finding {
    let own = &settings.own;
    let opportunities = (!own.tags.is_empty() || !own.links.is_empty()).then_some(Endpoint::AddTags);
    let notes = own.notes.then_some([Endpoint::Notes, Endpoint::AddNote]);
    let needed: Vec<&str> =
        opportunities.into_iter().chain(notes.into_iter().flatten()).map(Endpoint::permission).collect();
    let user = settings.perform_as.as_ref().map_or(String::new(), |user| format!(" as user {user}"));
    good(format!(
        "hires are told in Lever{user} where they arrived: the key needs {}, and whether it has them is seen at the first \
         write",
        needed.join(", ")
    ))
}

fn host_reminder(host: &str) -> Option<Finding> {
    let what = match host {
        "api.lever.co" => {
            "this is the global production host; EU accounts use api.eu.lever.co, the sandbox api.sandbox.lever.co"
        }
        "api.sandbox.lever.co" => "this is Lever's sandbox, not production",
        "api.eu.lever.co" => "this is the EU production host",
        _ => {
            return Some(Finding::Warning {
                what: format!("{host} is not one of Lever's hosts"),
                remedy: "lever.base_url should be https://api.lever.co/v1 or https://api.eu.lever.co/v1, unless this is a \
                         test"
                    .to_owned(),
            });
        }
    };
    Some(good(what.to_owned()))
}

fn skew(seconds: i64) -> Option<Finding> {
    (seconds.unsigned_abs() > SKEW_MAX).then(|| Finding::Warning {
        what: format!("this machine's clock differs from Lever's by {} s", seconds.unsigned_abs()),
        remedy: "set the clock (timedatectl set-ntp true); sweeps go by Lever's time, but days and deadlines go by ours"
            .to_owned(),
    })
}
