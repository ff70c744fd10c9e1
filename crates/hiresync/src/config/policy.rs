//! What of `[targets.NAME]` decides whom a target is told about and when, and what a second hire is to it.

use std::{collections::BTreeSet, str::FromStr};

use adapter_sdk::{
    Capabilities,
    settings::{Node, Reading, Section},
};
use engine::{DeliverFrom, Policy, RehireKind, Treatment};
use people::ContactId;

/// Commitments of postings that make a hire a contractor's, unless the configuration names others.
const CONTRACTOR: [&str; 4] = ["contract", "contractor", "contracting", "freelance"];
/// A target is told at most so long before or after the first day.
const DAYS_MAX: i64 = 366;

/// Reads what stands in the target's own section. Faults are noted.
pub(super) fn policy(section: &mut Section<'_>) -> Policy {
    let only = section.any("only").map(|node| contacts(section, &node));
    let deliver_from = section
        .text("deliver_from")
        .and_then(|text| {
            let parsed = text.parse::<From>();
            if parsed.is_err() {
                let remedy = "write \"hired\", \"start_date\" or \"start_date - 14d\"";
                section.fault("deliver_from", "is no day that is known here", remedy);
            }
            parsed.ok()
        })
        .map_or(DeliverFrom::Hired, |From(from)| from);
    let withdraws = section.choice("withdrawals", &[("task", false), ("withdraw", true)]).unwrap_or(false);
    let withdraws_after_start = section.flag("withdraw_after_start").unwrap_or(false);
    if withdraws_after_start && !withdraws {
        section.fault(
            "withdraw_after_start",
            "stands without withdrawals = \"withdraw\"",
            "add that, or remove this",
        );
    }
    let mut rehire = section.section("rehire");
    let contractor = rehire
        .any("contractor")
        .map_or_else(|| CONTRACTOR.map(str::to_owned).into(), |node| words(&rehire, &node));
    let treatments = RehireKind::ALL
        .into_iter()
        .filter_map(|(word, kind)| Some((kind, rehire.choice(word, &Treatment::ALL)?)))
        .collect();
    rehire.finish();
    Policy { rehire: treatments, contractor, withdraws, withdraws_after_start, deliver_from, only }
}

/// What the adapter cannot do is not ordered of it.
pub(super) fn fits(reading: &Reading, at: &str, policy: &Policy, can: Capabilities) {
    let kind_of =
        |treatment| policy.rehire.iter().find(|(_, is)| **is == treatment).map(|(kind, _)| kind.word());
    if policy.withdraws && !can.withdraw {
        let problem = "is \"withdraw\", and this adapter cannot take anything back";
        reading.fault(format!("{at}.withdrawals"), problem, "write \"task\": a human decides");
    }
    if let Some(word) = kind_of(Treatment::NewEmployment).filter(|_| !can.rehire) {
        let problem = "is \"new_employment\", and a record of this adapter holds one";
        reading.fault(format!("{at}.rehire.{word}"), problem, "write task, update or ignore");
    }
    if let Some(word) = kind_of(Treatment::Update).filter(|_| !can.update) {
        let problem = "is \"update\", and this adapter cannot change a record";
        reading.fault(format!("{at}.rehire.{word}"), problem, "write task or ignore");
    }
}

fn contacts(section: &Section<'_>, node: &Node) -> BTreeSet<ContactId> {
    let Node::List(entries) = node else {
        return section.wrong("only", node, "an array of contact ids").unwrap_or_default();
    };
    let mut contacts = BTreeSet::new();
    for (at, entry) in entries.iter().enumerate() {
        match entry {
            Node::Text(text) => match text.parse() {
                Ok(contact) => {
                    contacts.insert(contact);
                }
                Err(_) => section.fault(
                    &format!("only[{at}]"),
                    "is no contact id",
                    "`hiresync lever resolve` finds the contact id of an address",
                ),
            },
            other => {
                let _: Option<()> = section.wrong(&format!("only[{at}]"), other, "a contact id in quotes");
            }
        }
    }
    contacts
}

fn words(section: &Section<'_>, node: &Node) -> BTreeSet<String> {
    let Node::List(entries) = node else {
        return section.wrong("contractor", node, "an array of texts").unwrap_or_default();
    };
    let word = |(at, entry): (usize, &Node)| match entry {
        Node::Text(text) => Some(text.trim().to_lowercase()),
        other => section.wrong(&format!("contractor[{at}]"), other, "a text in quotes"),
    };
    entries.iter().enumerate().filter_map(word).collect()
}

/// `hired`, `start_date`, `start_date - 14d`
struct From(DeliverFrom);

impl FromStr for From {
    type Err = ();

    fn from_str(text: &str) -> Result<From, ()> {
        let text: String = text.split_whitespace().collect();
        if text == "hired" {
            return Ok(From(DeliverFrom::Hired));
        }
        let rest = text.strip_prefix("start_date").ok_or(())?;
        let days = match rest {
            "" => 0,
            _ => {
                let (sign, number) = match rest.split_at_checked(1).ok_or(())? {
                    ("-", number) => (-1, number),
                    ("+", number) => (1, number),
                    _ => return Err(()),
                };
                let number = number.strip_suffix('d').ok_or(())?;
                let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
                let days: i64 = if is_number { number.parse().map_err(|_| ())? } else { return Err(()) };
                if days > DAYS_MAX {
                    return Err(());
                }
                sign * days
            }
        };
        Ok(From(DeliverFrom::Start { days }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_told_as_soon_as_somebody_is_hired_or_so_many_days_from_the_start() {
        let start = |days| Some(DeliverFrom::Start { days });
        for (text, is) in [
            ("hired", Some(DeliverFrom::Hired)),
            ("start_date", start(0)),
            ("start_date - 14d", start(-14)),
            ("start_date-1d", start(-1)),
            ("start_date + 3d", start(3)),
            ("start_date - 14", None),
            ("start_date - d", None),
            ("start_date - 9999d", None),
            ("start_date * 2d", None),
            ("start_date -é", None),
            ("start", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<From>().ok().map(|From(from)| from), is, "{text}");
        }
    }
}
