//! What the pretend Cezanne holds against the pretend Lever's own truth. Everybody is known by Lever's ids that are kept over
//! there: how we make our person codes is no part of it.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{
    Hired,
    cezanne::{Cezanne, Figures, Record},
};

use super::{stage::Acts, truth::name_parts};
use crate::print::count;

/// Fields of People for the contact id and for all opportunity ids, with their lengths.
pub(super) const CUSTOM_FIELDS: [(&str, usize); 2] = [("LEVERCONTACT", 50), ("LEVEROPPORTUNITIES", 4000)];
/// The field of Employments for the opportunity id.
pub(super) const OPPORTUNITY: &str = "HIRINGCOMMENT";

/// Rows in the tenant, without those that were there before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holdings {
    pub people: usize,
    pub communications: usize,
    pub employments: usize,
}

impl Holdings {
    pub fn of(tenant: &Cezanne, staff: usize) -> Holdings {
        let new = |rows: Vec<Record>| rows.len().saturating_sub(staff);
        Holdings {
            people: new(tenant.people()),
            communications: new(tenant.communications()),
            employments: new(tenant.employments()),
        }
    }

    pub fn in_words(&self) -> String {
        let number = |count: usize| count as u64;
        format!(
            "{}, {}, {}",
            count(number(self.people), "person", "people"),
            count(number(self.communications), "row of contact details", "rows of contact details"),
            count(number(self.employments), "employment", "employments")
        )
    }
}

/// Requests that wrote something.
pub(super) fn writes(figures: &Figures) -> u64 {
    let is_write = |method: &str| method != "GET";
    figures.by_request.iter().filter(|((method, _), _)| is_write(method)).map(|(_, count)| count).sum()
}

/// What the comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Hires that should be employed.
    pub hired: u64,
    /// Of these, employed.
    pub delivered: u64,
    /// Employments more than one for the same hire, people more than one for the same contact.
    pub twice: u64,
    /// Hires without an employment.
    pub missing: u64,
    /// Hires of people without a name: held, since Cezanne demands one.
    pub nameless: u64,
    /// Employments of hires that are no hires.
    pub unexpected: u64,
    /// Employments of somebody else, or of somebody who is called otherwise.
    pub stale: u64,
    /// Employments of hires that were taken back: they stay until HR decides.
    pub taken_back: u64,
}

impl Comparison {
    pub fn of(hired: &[Hired], acts: &Acts, tenant: &Cezanne) -> Comparison {
        let taken_back = BTreeSet::from([acts.taken_back.as_str()]);
        compare(hired, &taken_back, &tenant.people(), &tenant.employments())
    }

    /// Exactly one person for each contact, and one employment for each hire, with today's names.
    pub fn is_exact(&self) -> bool {
        (self.twice, self.missing, self.unexpected, self.stale) == (0, 0, 0, 0)
    }
}

fn compare(
    hired: &[Hired],
    taken_back: &BTreeSet<&str>,
    people: &[Record],
    employments: &[Record],
) -> Comparison {
    let [(contact, _), _] = CUSTOM_FIELDS;
    let (nameless, named): (Vec<&Hired>, Vec<&Hired>) =
        hired.iter().partition(|hire| hire.name.trim().is_empty());
    let truth: BTreeMap<&str, &Hired> = named.iter().map(|hire| (hire.opportunity.as_str(), *hire)).collect();
    let mut found =
        Comparison { hired: truth.len() as u64, nameless: nameless.len() as u64, ..Comparison::default() };
    let mut contacts = BTreeSet::new();
    for person in people.iter().filter(|person| !person.text(contact).is_empty()) {
        found.twice += u64::from(!contacts.insert(person.text(contact)));
    }
    let by_code: BTreeMap<&str, &Record> =
        people.iter().map(|person| (person.text("PERSONID"), person)).collect();
    let mut seen = BTreeSet::new();
    for employment in employments.iter().filter(|row| !row.text(OPPORTUNITY).is_empty()) {
        let hire = employment.text(OPPORTUNITY);
        if !seen.insert(hire) {
            found.twice += 1;
            continue;
        }
        let Some(hire) = truth.get(hire) else {
            let is_known = taken_back.contains(hire);
            found.taken_back += u64::from(is_known);
            found.unexpected += u64::from(!is_known);
            continue;
        };
        found.delivered += 1;
        let is_right = by_code.get(employment.text("PERSONID")).is_some_and(|person| {
            let (first, last) = name_parts(&hire.name);
            let last = if last.is_empty() { "-" } else { last };
            person.text(contact) == hire.contact.as_str()
                && (person.text("GIVENNAME"), person.text("FAMILYNAME")) == (first, last)
        });
        found.stale += u64::from(!is_right);
    }
    found.missing = found.hired - found.delivered;
    found
}

#[cfg(test)]
mod tests {
    use sandbox::Lever;
    use serde_json::json;

    use super::*;

    fn record(fields: &[(&str, &str)]) -> Record {
        let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        Record { fields, written_at: 0, writes: 1, is_hidden: false }
    }

    fn employment(code: &str, hire: &str) -> Record {
        record(&[("PERSONID", code), ("EMPLOYMENTID", code), (OPPORTUNITY, hire)])
    }

    #[test]
    fn what_is_twice_missing_stale_or_too_much_is_counted() {
        let lever = Lever::seeded(sandbox::Settings::default(), 60, 1_780_000_000_000);
        let mut hired =
            super::super::truth::in_scope(&lever, people::Date::from_ymd_opt(2020, 1, 1).unwrap());
        hired.retain(|hire| !hire.name.trim().is_empty());
        let mut people: BTreeMap<&str, Record> = BTreeMap::new();
        for hire in &hired {
            let (first, last) = name_parts(&hire.name);
            let last = if last.is_empty() { "-" } else { last };
            let code = hire.contact.as_str();
            people.insert(
                code,
                record(&[
                    ("PERSONID", code),
                    ("LEVERCONTACT", code),
                    ("GIVENNAME", first),
                    ("FAMILYNAME", last),
                ]),
            );
        }
        let mut people: Vec<Record> = people.into_values().collect();
        let mut employments: Vec<Record> =
            hired.iter().map(|hire| employment(hire.contact.as_str(), hire.opportunity.as_str())).collect();
        // Somebody who was there before is nobody's concern.
        people.push(record(&[("PERSONID", "1001"), ("GIVENNAME", "Old"), ("FAMILYNAME", "Hand")]));
        employments.push(record(&[("PERSONID", "1001"), ("EMPLOYMENTID", "1001")]));
        let taken_back = BTreeSet::from(["taken"]);
        assert!(compare(&hired, &taken_back, &people, &employments).is_exact());

        employments[0] = employments[1].clone();
        employments[2] = employment("1001", hired[2].opportunity.as_str());
        employments.push(employment("1001", "nobody"));
        employments.push(employment("1001", "taken"));
        people.push(record(&[("PERSONID", "LV-X"), ("LEVERCONTACT", hired[3].contact.as_str())]));
        let found = compare(&hired, &taken_back, &people, &employments);
        assert_eq!(
            (found.missing, found.twice, found.stale, found.unexpected, found.taken_back),
            (1, 2, 1, 1, 1)
        );
        assert!(!found.is_exact());
    }
}
