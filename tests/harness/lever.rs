//! The pretend Lever on a port of its own, and its recruiters.

use std::{net::SocketAddr, sync::MutexGuard};

use people::{Clock, SystemClock};
use sandbox::{ContactId, Fault, Figures, Lever, NewContact, NewOffer, OpportunityId, Settings};

use super::port::Port;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// A pretend Lever that answers on loopback until it is dropped or stopped.
pub struct PretendLever(Port<Lever>);

/// Somebody and one hire of theirs.
#[derive(Debug, Clone)]
pub struct Hire {
    pub contact: ContactId,
    pub opportunity: OpportunityId,
}

impl PretendLever {
    /// An account without applicants and without a rate limit.
    pub fn empty() -> PretendLever {
        PretendLever::start(Lever::new(Settings { rate: None, ..Settings::default() }))
    }

    /// Serves `lever` on a free port.
    pub fn start(lever: Lever) -> PretendLever {
        PretendLever(Port::open(lever))
    }

    /// Where it is, or was.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Closes the port: connections are refused from now on.
    pub fn go_away(&mut self) {
        self.0.close();
    }

    /// Opens the same port again.
    pub fn come_back(&mut self) {
        self.0.reopen();
    }

    /// The account itself.
    pub fn account(&self) -> MutexGuard<'_, Lever> {
        self.0.account()
    }

    /// What a recruiter does, now.
    pub fn act<T>(&self, act: impl FnOnce(&mut Lever, u64) -> Result<T, sandbox::Refused>) -> T {
        act(&mut self.account(), now_ms()).unwrap()
    }

    /// Plans faults, in the sandbox's text form.
    pub fn plan_faults(&self, list: &str) {
        let faults = Fault::parse_list(list).unwrap();
        let mut account = self.account();
        faults.into_iter().for_each(|fault| account.add_fault(fault));
    }

    /// Nothing goes wrong from now on.
    pub fn mend(&self) {
        self.account().clear_faults();
    }

    /// What was counted so far.
    pub fn figures(&self) -> Figures {
        self.account().figures().clone()
    }

    /// Enters somebody with an address and a mobile number, and hires them with a signed offer.
    pub fn hire(&self, name: &str) -> Hire {
        let word = name.split_whitespace().next().unwrap_or("nobody").to_lowercase();
        let new = NewContact::named(name)
            .with_email(&format!("{word}@example.com"))
            .with_phone("mobile", "+44 7700 900123");
        self.hire_whom(new)
    }

    /// The same with everything about the person chosen.
    pub fn hire_whom(&self, new: NewContact) -> Hire {
        self.act(|lever, now| {
            let contact = lever.add_contact(new);
            hire(lever, now, &contact)
        })
    }

    /// Hires somebody who is in the account, for another job.
    pub fn hire_again(&self, contact: &ContactId) -> Hire {
        self.act(|lever, now| hire(lever, now, contact))
    }
}

/// A new candidacy of this contact, with a signed offer, hired at `at`.
pub fn hire(lever: &mut Lever, at: u64, contact: &ContactId) -> Result<Hire, sandbox::Refused> {
    let jobs: Vec<_> =
        lever.postings().iter().filter(|job| job.state == "published").map(|job| job.id.clone()).collect();
    let posting = &jobs[lever.opportunities().len() % jobs.len()];
    let opportunity = lever.add_opportunity(at, contact, Some(posting))?;
    let offer = NewOffer { start_date: Some(at + 30 * DAY), ..NewOffer::default() };
    let offer = lever.add_offer(at, &opportunity, offer)?;
    lever.sign_offer(at, &opportunity, &offer)?;
    lever.hire(at, &opportunity)?;
    Ok(Hire { contact: contact.clone(), opportunity })
}

/// The wall clock in Lever's unit.
pub fn now_ms() -> u64 {
    SystemClock.now().timestamp_millis().try_into().unwrap()
}
