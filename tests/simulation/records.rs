//! What must be in Cezanne, and what must never happen there: judged from Lever's truth and from what HR did, by somebody who knows
//! neither the engine nor the adapter.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::{
    Millis,
    cezanne::{Record, Table},
};

use super::{
    oracle::{Oracle, Row, Violation, holds},
    tenant::{Hr, Tenant},
};

/// Where Lever's ids are kept over there.
pub const CONTACT: &str = "COMMENTS";
pub const OPPORTUNITY: &str = "HIRINGCOMMENT";

/// Remembers what was there.
#[derive(Debug, Default)]
pub struct Records {
    people: BTreeSet<String>,
    employments: BTreeSet<String>,
    writes: u64,
    /// Contacts about whom HR was asked: a possible duplicate, or values on which Lever and Cezanne disagree.
    pub asked: BTreeSet<String>,
    /// Contacts who were entered with a lost ledger, while a record of theirs was hidden from us.
    unseen: BTreeSet<String>,
    /// Corrections that came while a delivery was under way, which may not have seen them.
    pub raced: u64,
}

/// Why somebody is not over there: the contact, and the code that the daemon gives.
pub type Reasons = BTreeMap<String, String>;

impl Records {
    /// Looks after something may have been written. What is written now was read after `began`.
    /// The daemon knows nothing of before `forgot_at`.
    pub fn look(
        &mut self,
        tenant: &mut Tenant,
        oracle: &Oracle,
        began: Millis,
        forgot_at: Option<Millis>,
    ) -> Result<(), Violation> {
        let figures = tenant.cezanne.figures();
        let never = (figures.puts, figures.deletes, figures.function_calls);
        holds!(
            never == (0, 0, 0),
            "nothing is replaced or deleted in Cezanne, and no function called: {never:?}"
        );
        if !self.is_news(tenant) {
            return Ok(());
        }
        self.writes = tenant.writes();
        let there = There { forgot_at, ..There::new(tenant, oracle, began) };
        for (code, person) in &there.people {
            if !self.people.contains(code)
                && !tenant.hr.own.contains(code)
                && !tenant.hr.renumbered.contains(code)
            {
                self.may_enter(&there, &tenant.hr, code, person)?;
                self.unseen.extend(there.contact(person).filter(|it| there.is_hidden(it)).map(str::to_owned));
            }
            there.values_were_true(&tenant.hr, code, person)?;
        }
        there.nobody_is_there_twice(&self.asked, &self.unseen)?;
        for (opportunity, row) in &there.employments {
            there.is_on_its_person(opportunity, row)?;
            let gone = oracle.gone_since(opportunity).is_some_and(|gone| gone < began);
            holds!(
                !gone || self.employments.contains(opportunity),
                "nobody is employed whose hire was taken back before the cycle began: {opportunity} is"
            );
        }
        self.people = there.people.keys().cloned().collect();
        self.employments = there.employments.keys().cloned().collect();
        self.corrections_stay(tenant, began)
    }

    /// Whether anything was written since somebody last looked.
    pub fn is_news(&self, tenant: &Tenant) -> bool {
        tenant.writes() != self.writes
    }

    fn may_enter(&self, there: &There<'_>, hr: &Hr, code: &str, person: &Record) -> Result<(), Violation> {
        let Some(contact) = there.contact(person) else {
            return Err(Violation(format!("whoever is entered carries the contact: {code} does not")));
        };
        let hires: Vec<Option<Millis>> = there.hires_of(contact);
        holds!(!hires.is_empty(), "nobody is entered who was never hired: {code}, {contact}");
        let counts = hires.iter().any(|gone| gone.is_none_or(|gone| gone >= there.began));
        holds!(
            counts,
            "nobody is entered whose hires were taken back before the cycle began: {code}, {contact}"
        );
        let is_same =
            |other: &Record| there.contact(other).is_some_and(|other| there.is_same(other, contact));
        let is_known =
            |at: Millis| at < there.began && there.forgot_at.is_none_or(|forgot_at| at > forgot_at);
        let deleted = hr
            .deleted
            .iter()
            .any(|gone| gone.was_known && is_known(gone.at) && there.contact(&gone.record) == Some(contact));
        holds!(
            !deleted || hr.is_ordered(contact),
            "whom HR deleted is not entered again by itself: {code}, {contact}"
        );
        let beside = there.people.iter().find(|(other, row)| {
            *other != code && self.people.contains(*other) && !row.is_hidden && is_same(row)
        });
        holds!(
            beside.is_none() || hr.is_ordered(contact) || there.is_asked_about(&self.asked, contact),
            "nobody is entered beside their own record: {code} beside {:?}, {contact}",
            beside.map(|(other, _)| other)
        );
        Ok(())
    }

    fn corrections_stay(&mut self, tenant: &mut Tenant, began: Millis) -> Result<(), Violation> {
        let mut raced = Vec::new();
        for ((code, table, column), (value, at)) in &tenant.hr.corrected {
            let is = tenant.value(*table, code, column).unwrap_or_default();
            if is != *value {
                holds!(
                    *at >= began,
                    "what HR corrected stays: {column} of {code} was {value:?} and is {is:?}"
                );
                raced.push((code.clone(), *table, *column));
            }
        }
        self.raced += raced.len() as u64;
        raced.iter().for_each(|key| drop(tenant.hr.corrected.remove(key)));
        Ok(())
    }

    /// Whether a record over there may be this person's own: HR entered it, or took one away.
    pub fn is_known(tenant: &Tenant, oracle: &Oracle, contact: &str) -> bool {
        let there = There::new(tenant, oracle, Millis::MAX);
        let is_same =
            |record: &Record| there.contact(record).is_some_and(|other| there.is_same_now(other, contact));
        let taken_away = there.was_taken_away(&tenant.hr, contact);
        let emails = oracle.emails_of(contact);
        taken_away
            || there.people.values().any(is_same)
            || emails.iter().any(|email| tenant.hr.addresses.contains(email))
    }

    /// Every hire has its employment, or the reason why not is one that is so. `exact`: names are today's.
    pub fn are_right(
        &self,
        tenant: &Tenant,
        oracle: &Oracle,
        reasons: &Reasons,
        exact: bool,
        at: Millis,
    ) -> Result<(), Violation> {
        let there = There::new(tenant, oracle, at);
        for (opportunity, row) in oracle.hires() {
            let Some(row) = row else { continue };
            let contact = row["employee_ref"].as_str();
            match (there.employments.get(opportunity), reasons.get(contact)) {
                (_, Some(reason)) => {
                    let is_so = there.is_so(&tenant.hr, reason, contact, row);
                    holds!(
                        is_so,
                        "the reason why somebody is not right is one that is so: {contact}, {opportunity}: {reason}"
                    );
                }
                (Some(employment), None) if exact && !there.is_asked_about(&self.asked, contact) => {
                    there.is_todays(&tenant.hr, employment, row)?
                }
                (Some(_), None) => {}
                // Nothing is owed to them, so nobody looked.
                (None, None) if there.was_taken_away(&tenant.hr, contact) => {}
                (None, None) => {
                    return Err(Violation(format!(
                        "every hire has its employment, or a reason: {opportunity} of {contact} has neither"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// What is there at one moment.
struct There<'o> {
    oracle: &'o Oracle,
    began: Millis,
    forgot_at: Option<Millis>,
    /// By code.
    people: BTreeMap<String, Record>,
    emails: BTreeMap<String, BTreeSet<String>>,
    /// By opportunity.
    employments: BTreeMap<String, Record>,
    doubled: Option<String>,
    /// Who was the same person when the cycle began, and who is now.
    then: BTreeMap<String, String>,
    now: BTreeMap<String, String>,
}

impl<'o> There<'o> {
    fn new(tenant: &Tenant, oracle: &'o Oracle, began: Millis) -> There<'o> {
        let people = tenant.cezanne.people().into_iter();
        let people = people.map(|row| (row.text("PERSONID").to_owned(), row)).collect();
        let mut employments = BTreeMap::new();
        let mut doubled = None;
        for row in tenant.cezanne.employments() {
            let opportunity = row.text(OPPORTUNITY).to_owned();
            if !opportunity.is_empty() && employments.insert(opportunity.clone(), row).is_some() {
                doubled = Some(opportunity);
            }
        }
        let mut emails: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in tenant.cezanne.communications() {
            let email = row.text("EXTERNALEMAILADDRESS").to_lowercase();
            emails.entry(email).or_default().insert(row.text("PERSONID").to_owned());
        }
        let (then, now) = (oracle.persons_shown_by(began), oracle.persons());
        There { oracle, began, forgot_at: None, people, emails, employments, doubled, then, now }
    }

    /// The contact that a record carries.
    fn contact<'r>(&self, record: &'r Record) -> Option<&'r str> {
        record.text(CONTACT).split([' ', ',', ';']).find(|word| self.now.contains_key(*word))
    }

    /// Whether Lever had shown that they are one person when the cycle began.
    fn is_same(&self, one: &str, other: &str) -> bool {
        one == other || self.then.get(one).is_some_and(|person| self.then.get(other) == Some(person))
    }

    fn is_same_now(&self, one: &str, other: &str) -> bool {
        self.now.get(one) == self.now.get(other)
    }

    /// Of each hire that this person ever had: since when it is none.
    fn hires_of(&self, contact: &str) -> Vec<Option<Millis>> {
        let hires = self.oracle.hires().filter(|(opportunity, _)| {
            self.oracle
                .owners_by(opportunity, Millis::MAX)
                .any(|owner| self.is_same_now(owner.as_str(), contact))
        });
        hires.map(|(opportunity, _)| self.oracle.gone_since(opportunity)).collect()
    }

    /// Whether HR was asked about this person: two records that were there before Lever knew that they were one.
    fn is_asked_about(&self, asked: &BTreeSet<String>, contact: &str) -> bool {
        asked.iter().any(|other| self.is_same_now(other, contact))
    }

    /// Whether a record of this person is hidden from a daemon that lost its ledger.
    fn is_hidden(&self, contact: &str) -> bool {
        let is_same =
            |record: &Record| self.contact(record).is_some_and(|other| self.is_same_now(other, contact));
        self.forgot_at.is_some() && self.people.values().any(|person| person.is_hidden && is_same(person))
    }

    fn nobody_is_there_twice(
        &self,
        asked: &BTreeSet<String>,
        unseen: &BTreeSet<String>,
    ) -> Result<(), Violation> {
        let is_told =
            |contact: &str| self.is_asked_about(asked, contact) || self.is_asked_about(unseen, contact);
        let mut of: BTreeMap<&str, &str> = BTreeMap::new();
        for (code, person) in &self.people {
            if let Some(contact) = self.contact(person) {
                let other = of.insert(contact, code);
                holds!(
                    other.is_none() || is_told(contact),
                    "nobody is there twice: {contact} is {code} and {other:?}"
                );
            }
        }
        let doubled = &self.doubled;
        let are_told = doubled.iter().all(|opportunity| {
            self.oracle.owners_by(opportunity, Millis::MAX).any(|owner| is_told(owner.as_str()))
        });
        holds!(are_told, "every hire is one employment: {doubled:?} is two");
        Ok(())
    }

    fn is_on_its_person(&self, opportunity: &str, row: &Record) -> Result<(), Violation> {
        let code = row.text("PERSONID");
        let Some(contact) = self.people.get(code).and_then(|person| self.contact(person)) else {
            return Err(Violation(format!(
                "an employment is on somebody with a contact: {opportunity} is on {code}"
            )));
        };
        let mut owners = self.oracle.owners_by(opportunity, Millis::MAX);
        holds!(
            owners.any(|owner| self.is_same_now(owner.as_str(), contact)),
            "an employment is on its own person: {opportunity} is on {code}, who is {contact}"
        );
        Ok(())
    }

    fn values_were_true(&self, hr: &Hr, code: &str, person: &Record) -> Result<(), Violation> {
        let Some(contact) = self.contact(person).filter(|_| !hr.own.contains(code)) else { return Ok(()) };
        let same: BTreeSet<&str> =
            self.now.keys().map(String::as_str).filter(|other| self.is_same_now(other, contact)).collect();
        for (column, ours) in [("GIVENNAME", "first_name"), ("FAMILYNAME", "last_name")] {
            let value = person.text(column);
            let was_hrs = hr.corrected.contains_key(&(code.to_owned(), Table::People, column))
                || value.starts_with("Corrected");
            holds!(
                was_hrs || value == "-" || self.oracle.was_of(&same, ours, value),
                "every value in Cezanne was true in Lever at some time: {column} of {code}, {contact}, is {value:?}"
            );
        }
        Ok(())
    }

    fn is_todays(&self, hr: &Hr, employment: &Record, row: &Row) -> Result<(), Violation> {
        let code = employment.text("PERSONID");
        let contact = row["employee_ref"].as_str();
        // Who was merged in Lever and has two records over there: HR is asked, and one of them is kept up to date.
        let is_theirs =
            |person: &&Record| self.contact(person).is_some_and(|other| self.is_same_now(other, contact));
        if hr.own.contains(code) || self.people.values().filter(is_theirs).count() > 1 {
            return Ok(());
        }
        let person = &self.people[code];
        for (column, ours) in [("GIVENNAME", "first_name"), ("FAMILYNAME", "last_name")] {
            let wanted = row[ours].as_str();
            let is = person.text(column);
            let is_hrs = hr.corrected.contains_key(&(code.to_owned(), Table::People, column))
                || is.starts_with("Corrected");
            holds!(
                // What stands in for a name that Lever has no more replaces none.
                is_hrs || is == wanted || wanted.is_empty(),
                "names in Cezanne are today's: {column} of {code}, {contact}, should be {wanted:?} and is {is:?}"
            );
        }
        Ok(())
    }

    /// Whether HR deleted this person, or gave them another code.
    fn was_taken_away(&self, hr: &Hr, contact: &str) -> bool {
        let is_same =
            |record: &Record| self.contact(record).is_some_and(|other| self.is_same_now(other, contact));
        hr.deleted.iter().any(|gone| is_same(&gone.record))
            || hr.renumbered.iter().any(|code| self.people.get(code).is_some_and(is_same))
    }

    /// Whether what the daemon says of somebody is so.
    fn is_so(&self, hr: &Hr, reason: &str, contact: &str, row: &Row) -> bool {
        let is_same =
            |record: &Record| self.contact(record).is_some_and(|other| self.is_same_now(other, contact));
        let was_taken_away = || self.was_taken_away(hr, contact);
        let shares_an_address = || {
            let mine = self.people.iter().filter(|(_, person)| is_same(person)).map(|(code, _)| code).next();
            // Who had the same address once is still for a human to look at.
            let own = self.oracle.emails_of(contact).into_iter().chain([row["email"].clone()]);
            let mut codes = own.filter_map(|email| self.emails.get(&email.to_lowercase())).flatten();
            codes.any(|code| Some(code) != mine)
        };
        let records = self.people.values().filter(|person| is_same(person)).count();
        match reason {
            "held.missing" => row["first_name"].is_empty(),
            "held.record_gone" => was_taken_away(),
            "held.ambiguous" => shares_an_address() || records > 1 || was_taken_away(),
            "parked.conflict" => records > 1 || was_taken_away() || shares_an_address(),
            "held.rehire" => true,
            // What Cezanne refused is tried again, and is due later: the caller sees to that.
            waits => waits.starts_with("waiting."),
        }
    }
}

impl Hr {
    /// Whether a human ordered that this one be entered whatever is there.
    pub fn is_ordered(&self, contact: &str) -> bool {
        self.ordered.contains(contact)
    }
}
