//! The pretend Cezanne with its HR staff: what they correct, delete, hide, renumber and break, drawn from a seed.

use std::collections::{BTreeMap, BTreeSet};

use rand::{SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sandbox::{
    Lever, Millis, Opportunity, Reply, Request,
    cezanne::{Cezanne, Fault, OpenEnded, Record, SERVICE_PATH, Settings, Table, Variant},
};
use serde_json::json;

use super::plan::{self, MINUTE, Staffing};

/// The company of those who are hired.
pub const COMPANY: &str = "ACME-UK";
/// How the codes that we give begin.
const OURS: &str = "LV-";
/// Sooner than this, nothing is sent a second time.
const AT_ONCE: Millis = 10_000;
/// The gender that means that nobody said.
const UNKNOWN: (&str, &str) = ("U", "Not Known");

/// Cezanne, and what HR did there.
pub struct Tenant {
    pub cezanne: Cezanne,
    pub hr: Hr,
    kind: plan::Tenant,
    fault: &'static str,
    /// Writes that failed over there, since somebody last looked at anything, and when.
    failed: BTreeMap<(String, String, Vec<u8>), Millis>,
    /// A write that nobody who looks first makes.
    blind: Option<String>,
    /// Codes that reached the daemon in this cycle.
    reached: BTreeSet<String>,
    /// Codes that were somebody's for the daemon at the end of a cycle.
    known: BTreeSet<String>,
}

/// Somebody whom HR deleted.
#[derive(Debug)]
pub struct Deleted {
    /// What the record said.
    pub record: Record,
    /// When.
    pub at: Millis,
    /// Whether a cycle that came to its end had learnt that this is somebody's record. Nobody can know whom HR deleted before.
    pub was_known: bool,
}

/// What HR did, for whoever judges what is there afterwards. People go by their codes of today.
#[derive(Debug, Default)]
pub struct Hr {
    /// What HR corrected, and when.
    pub corrected: BTreeMap<(String, Table, &'static str), (String, Millis)>,
    /// Who was deleted.
    pub deleted: Vec<Deleted>,
    /// New codes of those that were renumbered.
    pub renumbered: BTreeSet<String>,
    /// Codes of those whom HR entered.
    pub own: BTreeSet<String>,
    /// Addresses that HR gave to people of its own.
    pub addresses: BTreeSet<String>,
    /// Contacts that a human ordered to be entered whatever is there.
    pub ordered: BTreeSet<String>,
    hidden: BTreeSet<String>,
    /// How often HR did anything.
    pub deeds: u64,
}

impl Tenant {
    pub fn new(kind: &plan::Tenant, seed: u64, now: Millis) -> Tenant {
        let settings = Settings {
            variant: kind.variant,
            seed,
            staff: kind.staff,
            etags: kind.etags,
            open_ended: if kind.is_open_ended_null { OpenEnded::Null } else { OpenEnded::Sentinel },
            duplicate_status: kind.duplicate_status,
            rule_status: kind.rule_status,
            communications_appear: kind.communications_appear,
            ..Settings::default()
        };
        let cezanne = Cezanne::new(settings, now);
        let own = cezanne.people().iter().map(|row| row.text("PERSONID").to_owned()).collect();
        Tenant {
            cezanne,
            hr: Hr { own, ..Hr::default() },
            kind: kind.clone(),
            fault: "",
            failed: BTreeMap::new(),
            blind: None,
            reached: BTreeSet::new(),
            known: BTreeSet::new(),
        }
    }

    /// An answer reached the daemon.
    pub fn reaches(&mut self, reply: &Reply) {
        for word in reply.body.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'-')) {
            if word.starts_with(OURS.as_bytes()) {
                self.reached.extend(std::str::from_utf8(word).map(str::to_owned));
            }
        }
    }

    /// Whether a cycle that ends now may have learnt whose a record is.
    pub fn told_something(&mut self) -> bool {
        std::mem::take(&mut self.reached).iter().any(|code| !self.known.contains(code))
    }

    /// Its ledger is not what it was.
    pub fn forgets(&mut self) {
        self.known.clear();
    }

    /// The daemon knows these codes as somebody's.
    pub fn knows(&mut self, codes: impl IntoIterator<Item = String>) {
        self.known.extend(codes);
    }

    /// What it answers, and the family of the fault that was played.
    pub fn answer(&mut self, now: Millis, request: &Request) -> (Reply, Option<&'static str>) {
        let played = self.cezanne.figures().faults;
        self.watch(now, request);
        let reply = self.cezanne.handle(now, request);
        // 501: it is said in another way, and at once.
        if is_write(request) && (500..600).contains(&reply.status) && reply.status != 501 {
            self.failed.insert(sent(request), now);
        }
        (reply, (self.cezanne.figures().faults > played).then_some(self.fault))
    }

    /// Whether a write is one of somebody who did not look first: what failed over there is sent once more at once, or an employment
    /// is asked for that has long been there.
    fn watch(&mut self, now: Millis, request: &Request) {
        if !is_write(request) {
            self.failed.clear();
            return;
        }
        let what = format!("{} {}", request.method, request.path);
        if self.failed.remove(&sent(request)).is_some_and(|at| now < at + AT_ONCE) {
            self.blind = Some(format!("{what}, which failed a moment ago"));
        }
        let Ok(wanted) = serde_json::from_slice::<serde_json::Value>(&request.body) else { return };
        let is_it = |row: &Record| {
            let is_key = |name: &str| wanted[name].as_str().is_some_and(|key| row.text(name) == key);
            is_key("PERSONID") && is_key("EMPLOYMENTID") && !row.is_hidden
        };
        let rows = self.cezanne.records(Table::Employments);
        let there = rows.iter().find(|row| is_it(row));
        if request.path.ends_with("/Employments")
            && there.is_some_and(|row| row.written_at + self.kind.lag_ms + MINUTE < now)
        {
            self.blind = Some(format!("{what} of an employment that is there"));
        }
    }

    /// The write of somebody who did not look first, if there was one.
    pub fn take_blind(&mut self) -> Option<String> {
        self.blind.take()
    }

    pub fn plan_fault(&mut self, family: &'static str, spec: &str) {
        self.cezanne.clear_faults();
        self.cezanne.add_fault(Fault::parse(spec).expect("the plan writes faults that can be read"));
        self.fault = family;
    }

    /// Nothing fails any more, and whatever an admin broke is mended.
    pub fn calm(&mut self, now: Millis) {
        self.cezanne.clear_faults();
        self.cezanne.reopen_company(now, COMPANY).expect("it is there");
        self.cezanne.rename_gender(UNKNOWN.0, UNKNOWN.1).expect("it is there");
        self.cezanne.allow_writes(true);
        self.cezanne.expire_user(false);
        self.cezanne.set_lag(0, 0);
        std::mem::take(&mut self.hr.hidden).iter().for_each(|code| self.cezanne.show(code));
    }

    /// Requests so far that wrote something, and what HR did.
    pub fn writes(&self) -> u64 {
        let figures = self.cezanne.figures();
        let writing = |method: &str| !matches!(method, "GET" | "HEAD");
        let asked = figures.by_request.iter().filter(|((method, _), _)| writing(method));
        asked.map(|(_, count)| count).sum::<u64>() + self.hr.deeds
    }

    /// One deed of HR's. Says what was done, if there was anything to do it to.
    pub fn act(
        &mut self,
        lever: &Lever,
        what: Staffing,
        draw: u64,
        now: Millis,
        at: Millis,
    ) -> Option<String> {
        let done = self.try_to(lever, what, &mut ChaCha8Rng::seed_from_u64(draw), now, at)?;
        self.hr.deeds += 1;
        Some(done)
    }

    fn try_to(
        &mut self,
        lever: &Lever,
        what: Staffing,
        dice: &mut ChaCha8Rng,
        now: Millis,
        at: Millis,
    ) -> Option<String> {
        match what {
            Staffing::Correct => self.correct(dice, now, at),
            Staffing::Delete => {
                let person = self.somebody(dice)?;
                let code = person.text("PERSONID").to_owned();
                self.cezanne.delete_person(&code).ok()?;
                self.hr.corrected.retain(|(of, ..), _| *of != code);
                // Who was given another code had been there for a while.
                let was_known = self.hr.renumbered.remove(&code) || self.known.contains(&code);
                self.hr.deleted.push(Deleted { record: person, at, was_known });
                Some(code)
            }
            Staffing::Hide => {
                let code = self.somebody(dice)?.text("PERSONID").to_owned();
                self.cezanne.hide(&code);
                self.hr.hidden.insert(code.clone());
                Some(code)
            }
            Staffing::Renumber => {
                let code = self.somebody(dice)?.text("PERSONID").to_owned();
                let new = format!("HR-{}", 5_000 + self.hr.deeds);
                self.cezanne.change_code(now, &code, &new).ok()?;
                self.hr.renumber(&code, &new);
                Some(format!("{code} is {new}"))
            }
            Staffing::EnterByHand => {
                let contact = lever.contacts().choose(dice)?;
                let email = contact.emails.first()?.clone();
                let name = contact.name.split_whitespace().collect::<Vec<_>>();
                let name = [name.first().copied().unwrap_or("-"), name.last().copied().unwrap_or("-")];
                let code = self.enter("HAND", name, &email, now)?;
                self.hr.addresses.insert(email);
                Some(format!("{code}, who may be {}", contact.id))
            }
            Staffing::EnterRelative => {
                let is_open = |one: &&Opportunity| one.archived.is_none() && one.deleted.is_none();
                let open: Vec<_> = lever.opportunities().iter().filter(is_open).collect();
                let candidate = &open.choose(dice)?.contact;
                let contact = lever.contacts().iter().find(|contact| contact.id == *candidate)?;
                let code = self.enter("KIN", ["Somebody", "Else"], contact.emails.first()?, now)?;
                Some(format!("{code}, at the address of {}", contact.id))
            }
            Staffing::CloseCompany => {
                self.cezanne.close_company(now, COMPANY).ok()?;
                Some(COMPANY.to_owned())
            }
            Staffing::RenameGender => {
                self.cezanne.rename_gender(UNKNOWN.0, "Unspecified").ok()?;
                Some("Unspecified".to_owned())
            }
            Staffing::ForbidWrites => {
                self.cezanne.allow_writes(false);
                Some("from now on".to_owned())
            }
            Staffing::ExpireUser => {
                self.cezanne.expire_user(true);
                self.cezanne.revoke_tokens();
                Some("the service user".to_owned())
            }
            Staffing::RevokeTokens => {
                self.cezanne.revoke_tokens();
                Some("all".to_owned())
            }
            Staffing::FallBehind => {
                self.cezanne.set_lag(self.kind.lag_ms / 8, self.kind.lag_ms);
                Some(format!("{} ms", self.kind.lag_ms))
            }
        }
    }

    /// HR enters somebody. Answers their code.
    fn enter(
        &mut self,
        series: &str,
        [given, family]: [&str; 2],
        email: &str,
        now: Millis,
    ) -> Option<String> {
        let code = format!("{series}-{}", 1_000 + self.hr.deeds);
        self.cezanne.add_person(now, &code, &[("GIVENNAME", given), ("FAMILYNAME", family)]).ok()?;
        self.cezanne.enter_email(now, &code, email).ok()?;
        self.hr.own.insert(code.clone());
        Some(code)
    }

    fn correct(&mut self, dice: &mut ChaCha8Rng, now: Millis, at: Millis) -> Option<String> {
        let columns = [
            (Table::People, "GIVENNAME"),
            (Table::People, "FAMILYNAME"),
            (Table::People, "PREFERREDGIVENNAME"),
            (Table::People, "BIRTHDATE"),
            (Table::Communications, "MOBILEPHONENUMBER"),
            (Table::Communications, "EXTERNALEMAILADDRESS"),
        ];
        let (table, column) = *columns.choose(dice).expect("there are some");
        let code = self.somebody(dice)?.text("PERSONID").to_owned();
        let value = match (column, self.kind.variant) {
            ("BIRTHDATE", Variant::V2) => return None,
            ("BIRTHDATE", Variant::V4) => "1990-02-03".to_owned(),
            ("BIRTHDATE", _) => "1990-02-03T00:00:00".to_owned(),
            ("MOBILEPHONENUMBER", _) => format!("+44 7700 {}", 100_000 + self.hr.deeds),
            ("EXTERNALEMAILADDRESS", _) => format!("corrected{}@example.net", self.hr.deeds),
            _ => format!("Corrected{}", self.hr.deeds),
        };
        self.cezanne.edit(now, table, &[("PERSONID", &code)], column, json!(value)).ok()?;
        let is = self.value(table, &code, column)?;
        self.hr.corrected.insert((code.clone(), table, column), (is, at));
        Some(format!("{column} of {code}"))
    }

    /// What stands there now.
    pub fn value(&self, table: Table, code: &str, column: &str) -> Option<String> {
        let rows = self.cezanne.records(table);
        let row = rows.iter().find(|row| row.text("PERSONID") == code)?;
        Some(row.text(column).to_owned())
    }

    /// Somebody whom the service entered.
    fn somebody(&self, dice: &mut ChaCha8Rng) -> Option<Record> {
        let people: Vec<Record> = self.cezanne.people();
        let entered: Vec<&Record> =
            people.iter().filter(|row| !self.hr.own.contains(row.text("PERSONID"))).collect();
        entered.choose(dice).map(|row| (*row).clone())
    }
}

/// Whether it is meant to change something; a request for a token is not.
fn is_write(request: &Request) -> bool {
    !matches!(request.method.as_str(), "GET" | "HEAD") && request.path.starts_with(SERVICE_PATH)
}

fn sent(request: &Request) -> (String, String, Vec<u8>) {
    (request.method.clone(), request.path.clone(), request.body.to_vec())
}

impl Hr {
    fn renumber(&mut self, from: &str, to: &str) {
        let moved: Vec<_> = self.corrected.keys().filter(|(of, ..)| of == from).cloned().collect();
        for (code, table, column) in moved {
            let was = self.corrected.remove(&(code, table, column)).expect("it was just seen");
            self.corrected.insert((to.to_owned(), table, column), was);
        }
        self.renumbered.remove(from);
        self.renumbered.insert(to.to_owned());
        if self.hidden.remove(from) {
            self.hidden.insert(to.to_owned());
        }
    }
}
