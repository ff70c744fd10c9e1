//! The pretend Lever with its recruiters, on the clock of the simulation: whatever fell due happens before anybody looks.

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use people::{Clock, Secret, Timestamp};
use rand::{Rng, RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sandbox::{
    ContactId, Fault, Lever, Millis, NewContact, NewOffer, OfferStatus, Opportunity, OpportunityId, Phone,
    PostingId, Reply, Request, Settings,
};
use serde_json::json;
use tokio::time::Instant;

use crate::harness::awaited;

use super::{
    oracle::Oracle,
    plan::{DAY, Happening, MINUTE, Plan, QUIET_FROM, Recruiting, Setup, Staffing, Stream, What, dice},
    tenant::Tenant,
};

pub type Shared = Arc<Mutex<World>>;

/// Whoever is renamed is read again: without an end to it, nobody would ever be done.
const RACES_A_DAY: u32 = 8;
/// The key that the pretend Lever lets in.
pub const KEY: &str = "sandbox-key";

/// Everything outside the daemon, and what is known about it.
pub struct World {
    pub lever: Lever,
    pub oracle: Oracle,
    /// Cezanne, if there is one, and what is known of it.
    pub tenant: Option<Tenant>,
    /// How often what happened.
    pub counts: Counts,
    /// Webhooks that were registered: the only writes there are.
    pub hooks: u64,
    pub setup: Setup,
    began: Instant,
    timeline: VecDeque<Happening>,
    shifts: ChaCha8Rng,
    races: ChaCha8Rng,
    /// How often each contact was asked for in this cycle; the further pages of an answer do not count.
    pub asked_for: BTreeMap<String, u64>,
    /// How many were renamed while they were read, and on which day.
    raced: (u64, u32),
    fault: &'static str,
    unreachable_until: Millis,
    jumped_ms: i64,
    /// When the daemon last lost its ledger, or somebody else wrote in its name: it cannot tell its own values from HR's any more.
    pub forgot_at: Option<Millis>,
    /// A posting was changed: it is read once a day.
    pub posting_changed_at: Option<Millis>,
    /// A clone ran: two of us ask Lever.
    pub was_cloned: bool,
    /// Until when a clone of the machine runs beside it.
    pub cloned_until: Option<Millis>,
    told: Vec<String>,
    trace: DefaultHasher,
}

/// How often what happened, by name.
#[derive(Debug, Default, Clone)]
pub struct Counts(pub BTreeMap<String, u64>);

impl Counts {
    pub fn count(&mut self, what: &str) {
        self.add(what, 1);
    }

    pub fn add(&mut self, what: &str, more: u64) {
        *self.0.entry(what.to_owned()).or_default() += more;
    }

    pub fn merge(&mut self, other: &Counts) {
        for (what, count) in &other.0 {
            self.add(what, *count);
        }
    }
}

impl World {
    /// The world at the beginning, which is now.
    pub fn new(plan: &Plan) -> World {
        let setup = plan.setup.clone();
        let settings = Settings {
            api_key: KEY.to_owned(),
            seed: plan.seed,
            page_size_max: setup.page_size_max,
            hires_touch_updated_at: setup.hires_touch_updated_at,
            hired_reasons: setup.hired_reasons,
            ..Settings::default()
        };
        let lever = Lever::seeded(settings, setup.population, setup.starts_at);
        let mut world = World {
            oracle: Oracle::new(&setup),
            lever,
            tenant: setup.tenant.as_ref().map(|kind| Tenant::new(kind, plan.seed, setup.starts_at)),
            counts: Counts::default(),
            hooks: 0,
            setup,
            began: Instant::now(),
            timeline: plan.timeline.iter().cloned().collect(),
            shifts: dice(plan.seed, Stream::Shifts),
            races: dice(plan.seed, Stream::Races),
            raced: (0, 0),
            asked_for: BTreeMap::new(),
            fault: "",
            unreachable_until: 0,
            jumped_ms: 0,
            forgot_at: None,
            posting_changed_at: None,
            was_cloned: false,
            cloned_until: None,
            told: Vec::new(),
            trace: DefaultHasher::new(),
        };
        world.oracle.note(&world.lever, world.elapsed());
        if world.setup.webhooks {
            world.register();
        }
        world
    }

    /// Somebody sets the webhooks up.
    fn register(&mut self) {
        for event in ["candidateHired", "candidateArchiveChange", "candidateDeleted", "contactUpdated"] {
            let order = json!({"url": "https://hiresync.example.com/lever", "event": event}).to_string();
            let request = Request::new("POST", "/v1/webhooks").with_key(KEY).with_body(order);
            let long_before = self.now() - DAY;
            assert_eq!(self.lever.handle(long_before, &request).status, 201, "a webhook can be made");
            self.hooks += 1;
        }
    }

    /// What Lever sends now. Whether it arrives is not for Lever to know.
    pub fn webhooks(&mut self) -> Vec<String> {
        let now = self.now();
        let sent = self.lever.outbox(now);
        sent.iter().for_each(|delivery| self.lever.delivered(delivery.id, now, true));
        sent.into_iter().map(|delivery| delivery.body).collect()
    }

    /// The keys of its signatures.
    pub fn signature_tokens(&self) -> Vec<Secret> {
        self.lever.webhooks().iter().map(|hook| Secret::new(hook.signature_token.clone())).collect()
    }

    /// The most requests that looking at recent hires again takes: to a clock that is behind, they are recent for longer.
    pub fn looked_at_again(&self) -> u64 {
        let ours = u64::try_from(self.our_time().timestamp_millis()).expect("a time of this century");
        awaited::requests(&self.lever, self.now().min(ours), self.setup.page_size_max)
    }

    /// Milliseconds since the beginning.
    pub fn elapsed(&self) -> Millis {
        u64::try_from(self.began.elapsed().as_millis()).expect("a few days")
    }

    /// Lever's clock.
    pub fn now(&self) -> Millis {
        self.setup.starts_at + self.elapsed()
    }

    /// Our clock.
    pub fn our_time(&self) -> Timestamp {
        let now = i64::try_from(self.now()).expect("a time of this century");
        DateTime::from_timestamp_millis(now + self.setup.skew_ms + self.jumped_ms)
            .expect("a time of this century")
    }

    /// What Lever answers; nothing when it cannot be reached.
    pub fn answer(&mut self, request: &Request) -> Option<Reply> {
        self.catch_up();
        let now = self.now();
        (self.elapsed(), &request.path, &request.query).hash(&mut self.trace);
        if self.elapsed() < self.unreachable_until {
            self.counts.count("fault: unsent");
            return None;
        }
        let played = self.lever.figures().faults;
        let reply = self.lever.handle(now, request);
        if self.lever.figures().faults > played {
            self.counts.count(&format!("fault: {}", self.fault));
            self.oracle.offers_withheld |= self.fault == "403 on offers";
            let line = format!("{} {} met the fault `{}`", request.path, reply.status, self.fault);
            self.tell(&line);
        }
        self.counts.add("requests", 1);
        let is_first_page = !request.query.iter().any(|(name, _)| name == "offset");
        for (_, contact) in request.query.iter().filter(|(name, _)| is_first_page && name == "contact_id") {
            *self.asked_for.entry(contact.clone()).or_default() += 1;
        }
        self.shift_page(&reply);
        self.race(request);
        Some(reply)
    }

    /// What Cezanne answers.
    pub fn tenant_answer(&mut self, request: &Request) -> Reply {
        self.catch_up();
        let now = self.now();
        (self.elapsed(), &request.method, &request.path, &request.query, &request.body).hash(&mut self.trace);
        let tenant = self.tenant.as_mut().expect("only a daemon that has one asks");
        let (reply, fault) = tenant.answer(now, request);
        if let Some(family) = fault {
            self.counts.count(&format!("Cezanne's fault: {family}"));
            let line = format!(
                "{} {} {} met Cezanne's fault `{family}`",
                request.method, request.path, reply.status
            );
            self.tell(&line);
        }
        self.counts.add("requests to Cezanne", 1);
        reply
    }

    /// Lets everything happen that fell due.
    pub fn catch_up(&mut self) {
        let elapsed = self.elapsed();
        while self.timeline.front().is_some_and(|next| next.at <= elapsed) {
            let Happening { what, .. } = self.timeline.pop_front().expect("it was just seen");
            match what {
                What::Recruit(what, draw) => self.recruit(what, draw),
                What::Fault { family, spec } => {
                    self.lever.clear_faults();
                    self.lever
                        .add_fault(Fault::parse(&spec).expect("the plan writes faults that can be read"));
                    self.fault = family;
                    if matches!(family, "late" | "very late") {
                        self.counts.count(&format!("fault: {family}"));
                    }
                    self.tell(&format!("fault planned: {spec}"));
                }
                What::Outage { lasts } => {
                    self.unreachable_until = elapsed + lasts;
                    self.tell(&format!("Lever cannot be reached for {} s", lasts / 1000));
                }
                What::Jump { by_ms } => {
                    self.jumped_ms += by_ms;
                    self.counts.count("clock jumps");
                    self.tell(&format!("our clock was set by {} min", by_ms / 60_000));
                }
                What::Staff(what, draw) => self.staff(what, draw),
                What::TenantFault { family, spec } => {
                    if let Some(tenant) = &mut self.tenant {
                        tenant.plan_fault(family, &spec);
                        self.tell(&format!("Cezanne's fault planned: {spec}"));
                    }
                }
                What::Clone { lasts } => {
                    self.cloned_until = Some(elapsed + lasts);
                    self.forgot_at = Some(elapsed);
                    self.was_cloned = true;
                    self.counts.count("machines cloned");
                    self.tell(&format!("the machine was cloned for {} min", lasts / 60_000));
                }
                What::Calm => {
                    self.lever.clear_faults();
                    self.unreachable_until = 0;
                    let now = self.now();
                    self.tenant.iter_mut().for_each(|tenant| tenant.calm(now));
                }
            }
        }
    }

    /// Remembers a line for whoever has to understand a failure.
    pub fn tell(&mut self, line: &str) {
        self.told.push(format!("{} {line}", when(self.elapsed())));
    }

    /// The last so many lines.
    pub fn told(&self, lines: usize) -> String {
        let first = self.told.len().saturating_sub(lines);
        self.told[first..].iter().map(|line| format!("    {line}\n")).collect()
    }

    /// Every request so far, in a number.
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Somebody edits something between two pages of a listing.
    fn shift_page(&mut self, reply: &Reply) {
        let busy = self.elapsed() % DAY < QUIET_FROM;
        let more = busy
            && self.setup.shifts_percent > 0
            && String::from_utf8_lossy(&reply.body).contains("\"hasNext\":true");
        if more && self.shifts.random_ratio(self.setup.shifts_percent, 100) {
            let edits = [
                Recruiting::Advance,
                Recruiting::Hire,
                Recruiting::Unhire,
                Recruiting::Rehire,
                Recruiting::Rename,
                Recruiting::Apply,
                Recruiting::Delete,
            ];
            let what = *edits.choose(&mut self.shifts).expect("there are edits");
            let draw = self.shifts.next_u64();
            self.counts.count("pages shifted");
            self.recruit(what, draw);
        }
    }

    /// Somebody renames whoever was just read, or another one who is perhaps read next.
    fn race(&mut self, request: &Request) {
        let (day, busy) = (self.elapsed() / DAY, self.elapsed() % DAY < QUIET_FROM);
        if self.raced.0 != day {
            self.raced = (day, 0);
        }
        if !self.setup.races || !busy || self.raced.1 == RACES_A_DAY || !self.races.random_ratio(1, 4) {
            return;
        }
        let is_id = |(name, _): &&(String, String)| name == "contact_id";
        let Some(contact) = request.query.iter().find(is_id).map(|(_, id)| ContactId::from(id.as_str()))
        else {
            return;
        };
        let (itself, dice) =
            (self.races.random_ratio(1, 2), ChaCha8Rng::seed_from_u64(self.races.next_u64()));
        let mut doing = Doing { dice, now: self.now(), world: self };
        let whom = if itself { Some(contact) } else { doing.some_contact() };
        let Some(done) = whom.and_then(|contact| doing.rename(&contact)) else { return };
        self.raced.1 += 1;
        self.counts.count("renamed while people were read");
        self.tell(&format!("while people were read: {done}"));
        self.oracle.note(&self.lever, self.elapsed());
    }

    /// HR does something in Cezanne.
    fn staff(&mut self, what: Staffing, draw: u64) {
        let (now, elapsed) = (self.now(), self.elapsed());
        let Some(tenant) = &mut self.tenant else { return };
        let Some(done) = tenant.act(&self.lever, what, draw, now, elapsed) else { return };
        self.counts.count(&format!("Cezanne: {what:?}"));
        self.tell(&format!("in Cezanne, {what:?}: {done}"));
    }

    // --- recruiters

    fn recruit(&mut self, what: Recruiting, draw: u64) {
        let mut doing = Doing { dice: ChaCha8Rng::seed_from_u64(draw), now: self.now(), world: self };
        let Some(done) = doing.act(what) else { return };
        if let Some(counted) = counted(what) {
            self.counts.count(counted);
        }
        self.tell(&format!("{what:?}: {done}"));
        self.oracle.note(&self.lever, self.elapsed());
    }
}

/// One deed of a recruiter.
struct Doing<'w> {
    world: &'w mut World,
    dice: ChaCha8Rng,
    now: Millis,
}

impl Doing<'_> {
    /// Says what was done, if there was anything to do it to.
    fn act(&mut self, what: Recruiting) -> Option<String> {
        let now = self.now;
        match what {
            Recruiting::Apply => {
                let contact = self.somebody_new();
                self.apply(&contact).map(|id| format!("{contact} applied as {id}"))
            }
            Recruiting::Advance => {
                let opportunity = self.opportunity(|opportunity| opportunity.deleted.is_none())?;
                let stages: Vec<_> = self.world.lever.stages().iter().map(|stage| stage.id.clone()).collect();
                let stage = stages.choose(&mut self.dice)?.clone();
                self.world.lever.advance(now, &opportunity, &stage).ok()?;
                Some(format!("{opportunity} to {stage}"))
            }
            Recruiting::Reject => {
                let opportunity = self.opportunity(|opportunity| opportunity.deleted.is_none())?;
                if self.is_old_hire(&opportunity) {
                    return None;
                }
                let reason = self.world.lever.rejected_reason();
                self.world.lever.archive(now, &opportunity, &reason).ok()?;
                Some(opportunity.to_string())
            }
            Recruiting::Hire => {
                let fits =
                    |one: &Opportunity| one.deleted.is_none() && one.archived.is_none() && !one.is_anonymized;
                let opportunity = self.opportunity(fits)?;
                self.hire(&opportunity)
            }
            Recruiting::HireAgain => {
                let contact = self.hired_contact()?;
                let opportunity = self.apply(&contact)?;
                self.hire(&opportunity)
            }
            Recruiting::HireTwiceAtOnce => {
                let contact = self.somebody_new();
                let one = self.apply(&contact)?;
                let other = self.apply(&contact)?;
                self.hire(&one)?;
                self.hire(&other)?;
                Some(format!("{contact} by {one} and {other}"))
            }
            Recruiting::Unhire => {
                let opportunity = self.hire_that_counts()?;
                self.world.lever.unarchive(now, &opportunity).ok()?;
                Some(opportunity.to_string())
            }
            Recruiting::Rehire => {
                let was = self.world.oracle.not_hired_any_more();
                let fits = |one: &Opportunity| {
                    one.deleted.is_none() && !one.is_anonymized && was.contains(one.id.as_str())
                };
                let opportunity = self.opportunity(|one| fits(one) && one.archived.is_none())?;
                self.hire(&opportunity)
            }
            Recruiting::ArchiveAgain => {
                let opportunity = self.hire_that_counts()?;
                self.hire(&opportunity)
            }
            Recruiting::ArchiveOldAgain => {
                let since = self.world.setup.since();
                let old = self.world.lever.hired().into_iter().filter(|hired| hired.hired_at < since);
                let old: Vec<OpportunityId> =
                    old.filter(|hired| hired.posting.is_some()).map(|hired| hired.opportunity).collect();
                let opportunity = old.choose(&mut self.dice)?.clone();
                self.world.lever.hire(now, &opportunity).ok()?;
                Some(opportunity.to_string())
            }
            Recruiting::Rename => {
                let contact = self.some_contact()?;
                self.rename(&contact)
            }
            Recruiting::EditEmails => {
                let contact = self.some_contact()?;
                let emails = self.emails();
                let done = format!("{contact} has {emails:?}");
                self.world.lever.set_emails(now, &contact, emails).ok()?;
                Some(done)
            }
            Recruiting::EditPhones => {
                let contact = self.some_contact()?;
                let phones = self.phones();
                let done = format!("{contact} has {} phones", phones.len());
                self.world.lever.set_phones(now, &contact, phones).ok()?;
                Some(done)
            }
            Recruiting::WriteOffer => {
                let opportunity = self.hire_that_counts()?;
                let offer = self.offer(&opportunity)?;
                let status =
                    if self.dice.random_ratio(1, 2) { OfferStatus::Signed } else { OfferStatus::Sent };
                self.world.lever.set_offer_status(now, &opportunity, &offer, status).ok()?;
                Some(format!("{opportunity} has one that is {}", status.as_str()))
            }
            Recruiting::DecideOffer => {
                let (opportunity, offer) = self.some_offer()?;
                let all = [
                    OfferStatus::Approved,
                    OfferStatus::Sent,
                    OfferStatus::Opened,
                    OfferStatus::Denied,
                    OfferStatus::Signed,
                    OfferStatus::Signed,
                ];
                let status = *all.choose(&mut self.dice)?;
                self.world.lever.set_offer_status(now, &opportunity, &offer, status).ok()?;
                Some(format!("{opportunity} {}", status.as_str()))
            }
            Recruiting::MoveStartDate => {
                let (opportunity, offer) = self.some_offer()?;
                let day = self.start_date();
                self.world.lever.move_start_date(now, &opportunity, &offer, day).ok()?;
                Some(opportunity.to_string())
            }
            Recruiting::FillForm => {
                let contact = self.hired_contact()?;
                let forms = self.world.lever.postings().iter().filter(|posting| posting.state == "internal");
                let forms: Vec<PostingId> = forms.map(|posting| posting.id.clone()).collect();
                let posting = forms.choose(&mut self.dice)?.clone();
                let answers = [("text", "Preferred first name", json!("Sam"))];
                self.world.lever.fill_form(now, &contact, &posting, &answers).ok()?;
                Some(contact.to_string())
            }
            Recruiting::ChangePosting => {
                let postings: Vec<_> = self.world.lever.postings().iter().map(|one| one.id.clone()).collect();
                let posting = postings.choose(&mut self.dice)?.clone();
                let number = self.dice.random_range(2..100_u32);
                let (of_title, named) = (self.dice.random_ratio(1, 2), self.dice.random_ratio(3, 4));
                let change = |posting: &mut sandbox::Posting| {
                    if of_title {
                        posting.title = format!("Specialist {number}");
                    } else {
                        posting.department = named.then(|| format!("Department {number}"));
                    }
                };
                self.world.lever.change_posting(now, &posting, change).ok()?;
                self.world.posting_changed_at = Some(self.world.elapsed());
                Some(posting.to_string())
            }
            Recruiting::Merge => {
                let (one, other) = (self.hired_contact()?, self.some_contact()?);
                let anonymous =
                    |id: &ContactId| self.world.lever.contact(id).is_none_or(|contact| contact.is_anonymized);
                if anonymous(&one) || anonymous(&other) {
                    return None;
                }
                let (winner, loser) = if self.dice.random_ratio(1, 2) { (one, other) } else { (other, one) };
                self.world.lever.merge(now, &winner, &loser).ok()?;
                Some(format!("{loser} into {winner}"))
            }
            Recruiting::Anonymise => {
                let opportunity = self.opportunity(|one| one.deleted.is_none() && !one.is_anonymized)?;
                let contact = self.world.lever.opportunity(&opportunity)?.contact.clone();
                if self.dice.random_ratio(1, 3) {
                    self.world.lever.anonymize(now, &opportunity).ok()?;
                    return Some(opportunity.to_string());
                }
                let all = self.world.lever.opportunities().iter();
                let all = all.filter(|one| one.contact == contact && one.deleted.is_none());
                for opportunity in all.map(|one| one.id.clone()).collect::<Vec<_>>() {
                    self.world.lever.anonymize(now, &opportunity).ok()?;
                }
                Some(format!("all of {contact}"))
            }
            Recruiting::Delete => {
                let opportunity = self.opportunity(|one| one.deleted.is_none())?;
                self.world.lever.delete(now, &opportunity).ok()?;
                Some(opportunity.to_string())
            }
            Recruiting::Hide => {
                let opportunity = self.opportunity(|one| one.deleted.is_none() && !one.is_confidential)?;
                self.world.lever.make_confidential(now, &opportunity).ok()?;
                Some(opportunity.to_string())
            }
            Recruiting::Split => {
                let opportunity = self.hire_that_counts()?;
                let postings: Vec<PostingId> =
                    self.world.lever.postings().iter().map(|posting| posting.id.clone()).collect();
                let posting = postings.choose(&mut self.dice)?.clone();
                let other = self.world.lever.split(now, &opportunity, &posting, None).ok()?;
                self.world.oracle.was_split(&[opportunity.as_str(), other.as_str()]);
                Some(format!("{opportunity} and {other}"))
            }
            Recruiting::Show => {
                let opportunity = self.opportunity(|one| one.deleted.is_none() && one.is_confidential)?;
                self.world.lever.make_open(now, &opportunity).ok()?;
                Some(opportunity.to_string())
            }
        }
    }

    // --- to whom

    /// Any opportunity that fits; mostly one of somebody hired.
    fn opportunity(&mut self, fits: impl Fn(&Opportunity) -> bool) -> Option<OpportunityId> {
        let near: Vec<ContactId> = self.hired_contacts();
        let fitting: Vec<&Opportunity> =
            self.world.lever.opportunities().iter().filter(|opportunity| fits(opportunity)).collect();
        let hired: Vec<&Opportunity> =
            fitting.iter().copied().filter(|opportunity| near.contains(&opportunity.contact)).collect();
        let from = if self.dice.random_ratio(2, 3) && !hired.is_empty() { hired } else { fitting };
        from.choose(&mut self.dice).map(|opportunity| opportunity.id.clone())
    }

    fn hire_that_counts(&mut self) -> Option<OpportunityId> {
        let since = self.world.setup.since();
        let oracle = &self.world.oracle;
        let hired = self.world.lever.hired().into_iter();
        let hired = hired.filter(|hired| hired.hired_at >= since && !oracle.is_old(&hired.opportunity));
        let hired: Vec<OpportunityId> = hired.map(|hired| hired.opportunity).collect();
        hired.choose(&mut self.dice).cloned()
    }

    /// Hired before the day from which on hires count. What re-hiring such a one means is nobody's promise.
    fn is_old_hire(&self, opportunity: &OpportunityId) -> bool {
        self.world.oracle.is_old(opportunity)
    }

    fn hired_contacts(&self) -> Vec<ContactId> {
        let since = self.world.setup.since();
        let hired = self.world.lever.hired().into_iter().filter(|hired| hired.hired_at >= since);
        let mut contacts: Vec<ContactId> = hired.map(|hired| hired.contact).collect();
        contacts.sort();
        contacts.dedup();
        contacts
    }

    fn hired_contact(&mut self) -> Option<ContactId> {
        self.hired_contacts().choose(&mut self.dice).cloned()
    }

    /// Anybody; mostly somebody hired.
    fn some_contact(&mut self) -> Option<ContactId> {
        if self.dice.random_ratio(2, 3)
            && let Some(contact) = self.hired_contact()
        {
            return Some(contact);
        }
        let contacts = self.world.lever.contacts().iter().filter(|contact| contact.merged_into.is_none());
        let contacts: Vec<&ContactId> = contacts.map(|contact| &contact.id).collect();
        contacts.choose(&mut self.dice).map(|contact| (*contact).clone())
    }

    fn some_offer(&mut self) -> Option<(OpportunityId, sandbox::OfferId)> {
        let offers = self.world.lever.hired().into_iter().filter_map(|hired| {
            let offers = &self.world.lever.opportunity(&hired.opportunity)?.offers;
            Some((hired.opportunity, offers.last()?.id.clone()))
        });
        offers.collect::<Vec<_>>().choose(&mut self.dice).cloned()
    }

    // --- with what

    fn rename(&mut self, contact: &ContactId) -> Option<String> {
        let name = self.name();
        self.world.lever.rename(self.now, contact, &name).ok()?;
        Some(format!("{contact} is {name:?}"))
    }

    fn hire(&mut self, opportunity: &OpportunityId) -> Option<String> {
        if self.is_old_hire(opportunity) {
            return None;
        }
        if self.dice.random_ratio(1, 2) {
            let offer = self.offer(opportunity)?;
            self.world.lever.sign_offer(self.now, opportunity, &offer).ok()?;
        }
        self.world.lever.hire(self.now, opportunity).ok()?;
        let contact = &self.world.lever.opportunity(opportunity)?.contact;
        Some(format!("{opportunity} of {contact}"))
    }

    fn apply(&mut self, contact: &ContactId) -> Option<OpportunityId> {
        let postings: Vec<PostingId> =
            self.world.lever.postings().iter().map(|posting| posting.id.clone()).collect();
        let posting = if self.dice.random_ratio(1, 10) { None } else { postings.choose(&mut self.dice) };
        let opportunity = self.world.lever.add_opportunity(self.now, contact, posting).ok()?;
        if self.dice.random_ratio(1, 15) {
            self.world.lever.make_confidential(self.now, &opportunity).ok()?;
        }
        Some(opportunity)
    }

    fn offer(&mut self, opportunity: &OpportunityId) -> Option<sandbox::OfferId> {
        let offer = NewOffer { start_date: self.start_date(), ..NewOffer::default() };
        self.world.lever.add_offer(self.now, opportunity, offer).ok()
    }

    fn start_date(&mut self) -> Option<Millis> {
        let day = self.now - self.now % DAY + self.dice.random_range(1..90) * DAY;
        match self.dice.random_range(0..8) {
            0 => None,
            1 => Some(day + self.dice.random_range(0..24 * 60) * MINUTE),
            _ => Some(day),
        }
    }

    fn somebody_new(&mut self) -> ContactId {
        let new = NewContact {
            name: self.name(),
            emails: self.emails(),
            phones: self.phones(),
            ..NewContact::default()
        };
        self.world.lever.add_contact(new)
    }

    /// Few different ones, so that they meet each other; some that a spreadsheet or a reader of CSV could choke on.
    fn name(&mut self) -> String {
        let names = [
            "Ada Example",
            "Ben van der Example",
            "Suharto",
            "",
            "王 小明",
            "Zoë O'Neill",
            "Anna \"Q\" Quist, Jr",
            "=1+2 Mallory",
            "@home Ng",
            "-Dash Stroke",
            "'=quoted Already",
            "  Two  Blanks ",
            "ليلى الشامي",
        ];
        let name = *names.choose(&mut self.dice).expect("there are names");
        match self.dice.random_range(0..3) {
            0 => format!("{name} {}", self.dice.random_range(0..50_u32)),
            _ => name.to_owned(),
        }
    }

    fn emails(&mut self) -> Vec<String> {
        let number = self.dice.random_range(1..40_u32);
        match self.dice.random_range(0..4) {
            0 => Vec::new(),
            1 => vec![format!("second{number}@example.org"), format!("first{number}@example.com")],
            _ => vec![format!("person{number}@example.com")],
        }
    }

    fn phones(&mut self) -> Vec<Phone> {
        let number = self.dice.random_range(100_000..999_999_u32);
        let mobile = Phone::new("mobile", &format!("+44 7700 {number}"));
        match self.dice.random_range(0..5) {
            0 => Vec::new(),
            1 => vec![Phone::new("home", "+44 20 7946 0000"), mobile],
            2 => vec![Phone { kind: None, value: "0113 496 0000".to_owned() }],
            3 => vec![Phone::new("mobile", &format!("+{number}x4")), mobile],
            _ => vec![mobile],
        }
    }
}

/// The daemon's wall clock. It may be wrong, and it may jump.
pub struct WallClock(pub Shared);

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap().our_time()
    }
}

impl std::fmt::Debug for WallClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WallClock")
    }
}

/// Virtual time for people: `day 3 09:15:00.250`.
pub fn when(elapsed: Millis) -> String {
    let (day, rest) = (elapsed / DAY, elapsed % DAY);
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    format!("day {} {hours:02}:{minutes:02}:{:02}.{:03}", day + 1, rest / 1000 % 60, rest % 1000)
}

fn counted(what: Recruiting) -> Option<&'static str> {
    Some(match what {
        Recruiting::Hire => "hires",
        Recruiting::HireAgain | Recruiting::HireTwiceAtOnce => "second hires",
        Recruiting::Unhire => "un-hires",
        Recruiting::Rehire => "re-hires",
        Recruiting::ArchiveOldAgain => "old hires archived again",
        Recruiting::Merge => "merges",
        Recruiting::Anonymise => "anonymisations",
        Recruiting::Delete => "deletions",
        Recruiting::Rename => "renames",
        Recruiting::Hide | Recruiting::Show => "confidentiality changes",
        Recruiting::Split => "splits",
        Recruiting::FillForm => "onboarding forms",
        Recruiting::ChangePosting => "posting changes",
        Recruiting::WriteOffer | Recruiting::DecideOffer | Recruiting::MoveStartDate => "offer changes",
        _ => return None,
    })
}
