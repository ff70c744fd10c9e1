//! Looking for somebody: by our own code, by the ids kept over there, and, as evidence only, by e-mail.
//!
//! **Invariant:** "not found" is a statement about what the service user may see, never about who exists.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Error, ErrorKind, Evidence, Found, Identity, Link, Placeholder, Result};
use chrono::Datelike;
use people::{Date, OpportunityId, RemoteHireId, RemoteId, Value};

use crate::{
    adapter::{Cezanne, contact_in, email_of, read_failed, text},
    code,
    config::Keep,
    contract::{Contract, EMPLOYMENT_ID},
    encode::encoded,
    mapping::{EMAIL, PERSON_CODE, TERMINATION_DATE},
    odata::{self, Edm, Filter, Key, Literal, Query, Row, Service},
};

/// Addresses that are looked for.
const EMAILS_MAX: usize = 3;
/// Opportunity ids that are looked for in one request: URLs have an end.
const OPPORTUNITIES_MAX: usize = 20;
/// From this year on, a day means "no end".
const FAR: i32 = 2999;

/// Whose the record is that stands under one of our codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This person's.
    Theirs,
    /// Another contact is kept on it.
    Anothers,
    /// Nothing on it agrees with this person.
    Unclear,
}

impl Cezanne {
    /// The codes under which this person may stand, in their order.
    pub(crate) fn codes(&self, contract: &Contract, who: &Identity) -> Vec<String> {
        match &who.key {
            Some(key) => vec![key.clone()],
            None => code::person_codes(&self.rules.prefix, &who.contact, contract.code_length_max()),
        }
    }

    pub(crate) async fn look_for(&self, contract: &Contract, who: &Identity) -> Result<Vec<Found>> {
        let codes = self.codes(contract, who);
        let mut rows: BTreeMap<String, (Row, Evidence)> = BTreeMap::new();
        for row in self.keeping(contract, who).await? {
            if let (Some(code), Some(evidence)) = (text(&row, PERSON_CODE), self.kept_evidence(&row, who)) {
                rows.insert(code, (row, evidence));
            }
        }
        for code in &codes {
            if rows.contains_key(code) {
                break;
            }
            let Some(row) = self.person_row(contract, code).await? else { break };
            match self.whose(contract, &row, code, who).await? {
                Whose::Theirs => {
                    rows.insert(code.clone(), (row, Evidence::Key));
                    break;
                }
                Whose::Anothers => {}
                // Somebody stands there under a code of ours, and neither name nor address is this person's. By order of a
                // human, this person may stand under the next code.
                Whose::Unclear => {
                    rows.insert(code.clone(), (row, Evidence::Email));
                }
            }
        }
        for code in self.by_email(contract, who).await? {
            if !rows.contains_key(&code)
                && let Some(row) = self.person_row(contract, &code).await?
            {
                // Whoever shares an address may be somebody else. Of one name as well, they may be two profiles in Lever of one human.
                let evidence = match self.has_name(&row, who) {
                    true => Evidence::EmailAndName,
                    false if self.is_anothers(&row, who) => continue,
                    false => Evidence::Email,
                };
                rows.insert(code, (row, evidence));
            }
        }
        for code in self.employed(contract, who).await? {
            if rows.get(&code).is_none_or(|(_, evidence)| !evidence.is_proof())
                && let Some(row) = self.person_row(contract, &code).await?
            {
                rows.insert(code, (row, Evidence::OpportunityId));
            }
        }
        let mut found = Vec::new();
        for (code, (row, evidence)) in rows {
            let remote = remote_id(&code, evidence)?;
            let hires = match evidence.is_proof() {
                true => self.hires_of(contract, &code, &codes, who).await?,
                false => BTreeMap::new(),
            };
            let contact = self.rules.keep.contact.as_ref().and_then(|field| contact_in(&text(&row, field)?));
            found.push(Found { link: Link { remote, hires }, contact, evidence });
        }
        Ok(found)
    }

    pub(crate) async fn person_row(&self, contract: &Contract, code: &str) -> Result<Option<Row>> {
        let key = Key::single(PERSON_CODE, code);
        self.service.get(&contract.people.name, &key).await.map_err(read_failed)
    }

    /// People on whose record one of Lever's ids is kept.
    async fn keeping(&self, contract: &Contract, who: &Identity) -> Result<Vec<Row>> {
        let Keep { contact, opportunities, .. } = &self.rules.keep;
        let mut any: Option<Filter> = None;
        let mut also = |filter: Filter| any = Some(any.take().map_or(filter.clone(), |any| any.or(filter)));
        if let Some(field) = contact {
            let is_shared = contact == opportunities;
            let id = who.contact.as_str();
            also(if is_shared { Filter::contains(field, id) } else { Filter::eq(field, Literal::text(id)) });
        }
        if let Some(field) = opportunities {
            // The newest are enough: any one of them proves it.
            for id in who.hires.iter().chain(&who.opportunities).take(OPPORTUNITIES_MAX) {
                also(Filter::contains(field, id.as_str()));
            }
        }
        let Some(filter) = any else { return Ok(Vec::new()) };
        let query = Query { order_by: vec![PERSON_CODE.to_owned()], ..Query::by(filter) };
        self.service.query(&contract.people.name, &query).await.map_err(read_failed)
    }

    /// The server compares loosely: the ids are compared once more, whole.
    fn kept_evidence(&self, row: &Row, who: &Identity) -> Option<Evidence> {
        let Keep { contact, opportunities, .. } = &self.rules.keep;
        let at = |field: &Option<String>| field.as_ref().and_then(|field| text(row, field));
        if at(contact).and_then(|text| contact_in(&text)).is_some_and(|contact| contact == who.contact) {
            return Some(Evidence::ContactId);
        }
        let kept = at(opportunities)?;
        let kept: BTreeSet<&str> = kept.split([' ', ',', ';']).collect();
        who.opportunities.iter().any(|id| kept.contains(id.as_str())).then_some(Evidence::OpportunityId)
    }

    fn is_anothers(&self, row: &Row, who: &Identity) -> bool {
        let kept = self.rules.keep.contact.as_ref().and_then(|field| contact_in(&text(row, field)?));
        kept.is_some_and(|contact| {
            contact != who.contact && is_of_a_form(contact.as_str(), who.contact.as_str())
        })
    }

    /// Whose record stands under a code that is made of this person's contact id, or that the configuration gives them.
    pub(crate) async fn whose(
        &self,
        contract: &Contract,
        row: &Row,
        code: &str,
        who: &Identity,
    ) -> Result<Whose> {
        if self.is_anothers(row, who) {
            return Ok(Whose::Anothers);
        }
        if self.kept_evidence(row, who).is_some() || self.has_name(row, who) {
            return Ok(Whose::Theirs);
        }
        let key = Key::single(PERSON_CODE, code);
        let row = self.service.get(&contract.communications.name, &key).await.map_err(read_failed)?;
        let email = row.as_ref().and_then(email_of);
        let is_theirs = email.is_some_and(|email| emails(who).any(|own| own == email));
        Ok(if is_theirs { Whose::Theirs } else { Whose::Unclear })
    }

    /// Whether the row has the person's first and last name, in any case, by either way of splitting a name that a mapping
    /// has. Who has one name has the placeholder for a surname, and nobody else's.
    fn has_name(&self, row: &Row, who: &Identity) -> bool {
        let alike = |property: &str, ours: [&str; 2]| {
            let theirs = text(row, property).unwrap_or_default().trim().to_lowercase();
            !theirs.is_empty() && ours.iter().any(|ours| ours.trim().to_lowercase() == theirs)
        };
        let name = &who.name;
        let none = self.no_surname();
        let last = if name.last().is_empty() { none.as_str() } else { name.last() };
        alike("GIVENNAME", [name.first(), &name.given()]) && alike("FAMILYNAME", [last, &name.surname()])
    }

    /// What is sent for a surname where there is none.
    fn no_surname(&self) -> String {
        let spec = self.info.schema.fields.iter().find(|spec| spec.name.as_str() == "FAMILYNAME");
        match spec.and_then(|spec| spec.placeholder.as_ref()) {
            Some(Placeholder::Is(value)) => value.to_text(),
            _ => String::new(),
        }
    }

    /// Codes of people with an employment on which one of the hires is kept: after a merge in Lever it may be on the record of the
    /// contact that is no more.
    async fn employed(&self, contract: &Contract, who: &Identity) -> Result<Vec<String>> {
        let Some(field) = self.rules.keep.opportunity.as_ref().filter(|_| self.rules.create_employment)
        else {
            return Ok(Vec::new());
        };
        let hires = who.hires.iter().take(OPPORTUNITIES_MAX);
        let filters = hires.map(|hire| Filter::eq(field, Literal::text(hire.as_str())));
        let Some(filter) = filters.reduce(Filter::or) else { return Ok(Vec::new()) };
        let query = Query { order_by: vec![PERSON_CODE.to_owned()], ..Query::by(filter) };
        let rows = self.service.query(&contract.employments.name, &query).await.map_err(read_failed)?;
        // The server compares loosely.
        let is_theirs = |row: &&Row| {
            text(row, field).is_some_and(|said| who.hires.iter().any(|hire| hire.as_str() == said.trim()))
        };
        Ok(rows.iter().filter(is_theirs).filter_map(|row| text(row, PERSON_CODE)).collect())
    }

    /// Codes of people with one of the addresses.
    async fn by_email(&self, contract: &Contract, who: &Identity) -> Result<Vec<String>> {
        if contract.communications.property(EMAIL).is_none() {
            return Ok(Vec::new());
        }
        let wanted: Vec<&str> = who
            .emails
            .iter()
            .map(|email| email.reveal().trim())
            .filter(|email| !email.is_empty())
            .take(EMAILS_MAX)
            .collect();
        let filters = wanted.into_iter().map(|email| Filter::eq(EMAIL, Literal::text(email)));
        let Some(filter) = filters.reduce(Filter::or) else { return Ok(Vec::new()) };
        let query = Query { order_by: vec![PERSON_CODE.to_owned()], ..Query::by(filter) };
        let rows = self.service.query(&contract.communications.name, &query).await.map_err(read_failed)?;
        let is_theirs = |row: &&Row| email_of(row).is_some_and(|email| emails(who).any(|own| own == email));
        Ok(rows.iter().filter(is_theirs).filter_map(|row| text(row, PERSON_CODE)).collect())
    }

    /// Which employment belongs to which hire: by the opportunity id kept on it, else by its number among ours.
    pub(crate) async fn hires_of(
        &self,
        contract: &Contract,
        code: &str,
        codes: &[String],
        who: &Identity,
    ) -> Result<BTreeMap<OpportunityId, RemoteHireId>> {
        if !self.rules.create_employment {
            // The person's own record stands for each of them.
            let person = |hire: &OpportunityId| Some((hire.clone(), code.parse().ok()?));
            return Ok(who.hires.iter().filter_map(person).collect());
        }
        let rows = self.employments(contract, code).await.map_err(read_failed)?;
        Ok(pair(&rows, codes, who, self.rules.keep.opportunity.as_deref()))
    }
}

/// The first hire's employment has the person code for its id, the second `-2`.
fn pair(
    rows: &[Row],
    codes: &[String],
    who: &Identity,
    kept: Option<&str>,
) -> BTreeMap<OpportunityId, RemoteHireId> {
    let mut pairs = BTreeMap::new();
    let mut rest = Vec::new();
    for row in rows {
        let Some(id) = text(row, EMPLOYMENT_ID) else { continue };
        let Ok(remote) = id.parse::<RemoteHireId>() else { continue };
        let said =
            kept.and_then(|field| text(row, field)).and_then(|id| id.trim().parse::<OpportunityId>().ok());
        match said {
            Some(opportunity) if who.opportunities.contains(&opportunity) => {
                pairs.insert(opportunity, remote);
            }
            // A hire that Lever does not show any more, deleted or hidden: its employment is no other hire's, whatever its number.
            Some(opportunity)
                if who.hires.iter().any(|hire| is_of_a_form(opportunity.as_str(), hire.as_str())) => {}
            _ => rest.push((id, remote)),
        }
    }
    for (id, remote) in rest {
        let nth = codes.iter().find_map(|code| code::nth_employment(code, &id));
        let hire = nth.and_then(|nth| who.order.get(nth - 1));
        if let Some(hire) = hire.filter(|hire| who.hires.contains(hire)) {
            pairs.entry(hire.clone()).or_insert(remote);
        }
    }
    pairs
}

fn emails(who: &Identity) -> impl Iterator<Item = String> + '_ {
    who.emails.iter().map(|email| email.reveal().trim().to_lowercase())
}

/// A person code as we keep it. HR may have given one that cannot be kept: then nobody can be linked to it, and nobody may be
/// made beside it.
fn remote_id(code: &str, evidence: Evidence) -> Result<RemoteId> {
    let refusal = |_| {
        Error::new(
            ErrorKind::Conflict,
            "looking for a person whose person code HR changed to none that can be kept",
        )
        .with("remedy", "in Cezanne, give the person a code of letters, digits and signs without blanks")
    };
    // What is not proven is not linked: any form of it will do.
    let told = if evidence.is_proof() { code.to_owned() } else { encoded(code, "") };
    told.parse().map_err(refusal)
}

/// Whether two ids are built alike. The field is HR's as well, and a word of theirs in it is no other contact.
fn is_of_a_form(one: &str, other: &str) -> bool {
    let is_alike = |(one, other): (char, char)| one.is_ascii_alphanumeric() == other.is_ascii_alphanumeric();
    one.len() == other.len() && one.chars().zip(other.chars()).all(is_alike)
}

/// Whether that day means "no end".
pub(crate) fn is_far(day: Date) -> bool {
    day.year() >= FAR
}

/// What the tenant's own employments have for an end that is none: the same far day, more than once.
pub(crate) async fn far_end(service: &Service, contract: &Contract) -> Result<serde_json::Value> {
    let query = Query {
        select: vec![TERMINATION_DATE.to_owned()],
        order_by: vec![TERMINATION_DATE.to_owned()],
        descending: true,
        top: Some(5),
        ..Query::default()
    };
    let page = service.page(&contract.employments.name, &query).await.map_err(read_failed)?;
    let edm = contract.employments.property(TERMINATION_DATE).map_or(Edm::DateTime, |spec| spec.edm);
    let ends: Vec<&serde_json::Value> =
        page.rows.iter().filter_map(|row| row.fields.get(TERMINATION_DATE)).collect();
    let is_end = |end: &serde_json::Value| matches!(odata::read(end, edm), Value::Day(day) if is_far(day));
    let learnt = ends.iter().find(|end| is_end(end) && ends.iter().filter(|other| other == end).count() > 1);
    learnt.map(|end| (*end).clone()).ok_or_else(|| {
        Error::new(ErrorKind::ConfigInvalid, "learning how this tenant writes an employment without an end")
            .with(
                "remedy",
                "EFFECTIVETO is mandatory here, and no two employments show what stands for \"open ended\": set open_ended to that day as Cezanne has it, e.g. \"9999-12-31\"",
            )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEPT: &str = "HIRINGCOMMENT";

    fn row(id: &str, kept: &str) -> Row {
        let serde_json::Value::Object(fields) = json!({EMPLOYMENT_ID: id, KEPT: kept}) else {
            panic!("an object")
        };
        Row { fields, etag: None }
    }

    /// `rows`: employment ids with what is kept on them. `expected`: each hire with its employment.
    fn pairs(rows: &[(&str, &str)], hires: &[&str], kept: Option<&str>) -> Vec<String> {
        let rows: Vec<Row> = rows.iter().map(|(id, kept)| row(id, kept)).collect();
        let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<OpportunityId>>();
        let mut who =
            Identity::new("contact".parse().unwrap(), ids(&["one", "two", "three"]).into_iter().collect());
        who.hires = ids(hires);
        who.order = who.hires.clone();
        let codes = ["LV-1".to_owned(), "LV-1ABCD".to_owned()];
        pair(&rows, &codes, &who, kept).iter().map(|(hire, id)| format!("{hire}={id}")).collect()
    }

    #[test]
    fn an_employment_is_the_hires_that_is_kept_on_it_and_else_the_one_of_its_number() {
        for (rows, hires, expected) in [
            (&[][..], &["one"][..], &[][..]),
            (&[("LV-1", "")], &["one"], &["one=LV-1"]),
            (&[("LV-1", ""), ("LV-1-2", "")], &["one", "two"], &["one=LV-1", "two=LV-1-2"]),
            // The order of hires decides, not that of rows.
            (&[("LV-1-2", ""), ("LV-1", "")], &["two", "one"], &["one=LV-1-2", "two=LV-1"]),
            // A number beyond the hires, and other people's numbers.
            (&[("LV-1-3", ""), ("LV-10", ""), ("1001", "")], &["one", "two"], &[]),
            // The next code is ours as well.
            (&[("LV-1ABCD", "")], &["one"], &["one=LV-1ABCD"]),
            // What is kept counts, whatever the id.
            (&[("LV-1", "two"), ("1001", "one")], &["one", "two"], &["one=1001", "two=LV-1"]),
            // Also for a hire that is not sent any more.
            (&[("LV-1", "three")], &["one"], &["three=LV-1"]),
            // One of a hire that Lever does not show any more is not the one of that number.
            (&[("LV-1", "old")], &["one"], &[]),
            // A comment of HR's is no id of this contact's.
            (&[("LV-1", "transfer")], &["one"], &["one=LV-1"]),
            (&[("LV-1", "moved from Oslo")], &["one"], &["one=LV-1"]),
            // Taken by what is kept: the number gives nothing more.
            (&[("1001", "one"), ("LV-1", "")], &["one"], &["one=1001"]),
        ] {
            assert_eq!(pairs(rows, hires, Some(KEPT)), expected, "{rows:?} {hires:?}");
        }
        assert_eq!(
            pairs(&[("LV-1", "two")], &["one"], None),
            ["one=LV-1"],
            "nothing is kept, nothing is read"
        );
    }

    #[test]
    fn another_contact_is_only_what_is_built_like_one() {
        let ours = "6f1e0c52-8a0e-4e57-9a57-1a2b3c4d5e6f";
        assert!(is_of_a_form("0d8c7b6a-1111-4222-8333-944455556666", ours));
        for other in ["VIP", "6f1e0c52", "0d8c7b6a11114222833394445555666600aa", "see-HR-2026"] {
            assert!(!is_of_a_form(other, ours), "{other}");
        }
    }
}
