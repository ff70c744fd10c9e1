//! What must be in the file, from what is true in Lever; and what must never be in it. Knows neither the engine, nor the
//! mapping, nor the adapter: the rules are written down a second time here, from `interface.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use chrono::DateTime;
use people::Zone;
use sandbox::{ContactId, Hired, Lever, Millis, Offer, OfferStatus, Opportunity};
use serde_json::Value;

use super::plan::Setup;

/// The columns of the roster, as the simulation maps them: name, expression.
pub const PERSON: [(&str, &str); 6] = [
    ("employee_ref", "contact"),
    ("first_name", "name.first"),
    ("last_name", "name.last"),
    ("email", "emails | first"),
    ("mobile", "phone('mobile')"),
    ("opportunities", "opportunities | join(';')"),
];
pub const HIRE: [(&str, &str); 5] = [
    ("opportunity", "opportunity"),
    ("hired_on", "hired_at | date"),
    ("title", "posting.title"),
    ("department", "posting.department"),
    ("start_date", "offer.start_date"),
];

/// What Lever does not tell by itself: nothing of an opportunity moves when these change, and only the full sweep sees it.
const SILENT: [&str; 4] = ["opportunities", "title", "department", "start_date"];

/// A row: column to value, a blank being the empty text.
pub type Row = BTreeMap<String, String>;
/// Rows by opportunity.
type Rows = BTreeMap<String, Row>;

/// A sentence that does not hold.
#[derive(Debug, Clone)]
pub struct Violation(pub String);

/// Fails with a sentence unless it holds.
macro_rules! holds {
    ($holds:expr, $($sentence:tt)*) => {
        if !$holds {
            return Err($crate::simulation::oracle::Violation(format!($($sentence)*)));
        }
    };
}
pub(super) use holds;

/// Which columns are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    All,
    /// Those whose change Lever tells by itself.
    Told,
}

/// Contacts of each opportunity, and since when.
type Owners = BTreeMap<String, BTreeMap<ContactId, Millis>>;

/// Those that an opportunity had by then.
fn by<'o>(
    owners: &'o Owners,
    opportunity: &str,
    then: Millis,
) -> impl Iterator<Item = &'o ContactId> + use<'o> {
    let owners = owners.get(opportunity).into_iter().flatten();
    owners.filter(move |(_, since)| **since <= then).map(|(owner, _)| owner)
}

/// Remembers what was ever true, and what the file last held.
pub struct Oracle {
    since: Millis,
    zone: Zone,
    confidential: bool,
    format: &'static str,
    /// Offers could not be read for a while; then a hire goes out without them.
    pub offers_withheld: bool,
    hires: BTreeMap<String, Known>,
    /// Titles and departments that a posting ever had: a posting is read once a day.
    jobs: BTreeMap<String, BTreeSet<(String, String)>>,
    /// Contacts that an opportunity ever had, and since when.
    owners: Owners,
    /// Those of them that Lever showed us.
    shown: Owners,
    /// Opportunities that were ever seen as hired before the day from which on hires count: archived again, they stay old.
    old: BTreeSet<String>,
    /// Those that were split into two.
    split: BTreeSet<String>,
    file: Rows,
    stamp: Option<Stamp>,
}

/// An opportunity that counted as a hire at some time.
#[derive(Debug, Default)]
struct Known {
    /// The row it should have now; none when it is no hire any more, or we are not to see it.
    row: Option<Row>,
    /// Since when there is none.
    gone_since: Option<Millis>,
    /// Values that were true at some time while it was a hire.
    values: BTreeMap<String, BTreeSet<String>>,
    /// Postings that it ever was for; none among them when it was for none.
    postings: BTreeSet<Option<String>>,
}

/// Tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    modified: (i64, i64),
}

impl Oracle {
    pub fn new(setup: &Setup) -> Oracle {
        Oracle {
            since: setup.since(),
            zone: setup.zone,
            confidential: setup.confidential,
            format: setup.format,
            offers_withheld: false,
            hires: BTreeMap::new(),
            jobs: BTreeMap::new(),
            owners: BTreeMap::new(),
            shown: BTreeMap::new(),
            old: BTreeSet::new(),
            split: BTreeSet::new(),
            file: Rows::new(),
            stamp: None,
        }
    }

    // --- what is true

    /// Takes note of what is true now, `at` this time since the beginning.
    pub fn note(&mut self, lever: &Lever, at: Millis) {
        for posting in lever.postings() {
            let job = (posting.title.clone(), posting.department.clone().unwrap_or_default());
            self.jobs.entry(posting.id.to_string()).or_default().insert(job);
        }
        for opportunity in lever.opportunities() {
            let is_shown =
                opportunity.deleted.is_none() && (self.confidential || !opportunity.is_confidential);
            for owners in [&mut self.owners].into_iter().chain(is_shown.then_some(&mut self.shown)) {
                let owners = owners.entry(opportunity.id.to_string()).or_default();
                if !owners.contains_key(&opportunity.contact) {
                    owners.insert(opportunity.contact.clone(), at);
                }
            }
        }
        let hired = lever.hired();
        let old = hired.iter().filter(|hired| hired.hired_at < self.since);
        self.old.extend(old.map(|hired| hired.opportunity.to_string()));
        let mut rows: Rows = hired
            .iter()
            .filter(|hired| self.counts(hired))
            .map(|hired| (hired.opportunity.to_string(), self.row(lever, hired)))
            .collect();
        for (opportunity, known) in &mut self.hires {
            known.become_now(rows.remove(opportunity), at);
        }
        for (opportunity, row) in rows {
            let mut known = Known::default();
            known.become_now(Some(row), at);
            self.hires.insert(opportunity, known);
        }
        for (opportunity, known) in self.hires.iter_mut().filter(|(_, known)| known.row.is_some()) {
            let id = sandbox::OpportunityId::from(opportunity.as_str());
            let application = lever.opportunity(&id).and_then(|found| found.application.as_ref());
            known.postings.insert(application.and_then(|found| Some(found.posting.as_ref()?.to_string())));
        }
    }

    /// Opportunities that were hires that count and are none now.
    pub fn not_hired_any_more(&self) -> BTreeSet<String> {
        let gone = self.hires.iter().filter(|(_, known)| known.row.is_none());
        gone.map(|(opportunity, _)| opportunity.clone()).collect()
    }

    /// Whether it was ever hired before the day from which on hires count.
    pub fn is_old(&self, opportunity: &sandbox::OpportunityId) -> bool {
        self.old.contains(opportunity.as_str())
    }

    fn counts(&self, hired: &Hired) -> bool {
        !self.is_old(&hired.opportunity)
            && !hired.is_anonymized
            && (self.confidential || !hired.is_confidential)
    }

    fn row(&self, lever: &Lever, hired: &Hired) -> Row {
        let visible = |one: &&Opportunity| {
            one.contact == hired.contact
                && one.deleted.is_none()
                && (self.confidential || !one.is_confidential)
        };
        let mut opportunities: Vec<&str> =
            lever.opportunities().iter().filter(visible).map(|one| one.id.as_str()).collect();
        opportunities.sort_unstable();
        let mut words = hired.name.split_whitespace();
        let first = words.next().unwrap_or_default();
        let last = words.last().unwrap_or_default();
        let mobile = hired.phones.iter().find(|phone| phone.kind.as_deref() == Some("mobile"));
        let posting = hired.posting.as_ref();
        let offers = lever.opportunity(&hired.opportunity).map_or(&[][..], |found| &found.offers);
        let start_date = offer_that_counts(offers).and_then(|offer| offer.start_date);
        let values = [
            ("employee_ref", hired.contact.to_string()),
            ("first_name", first.to_owned()),
            ("last_name", last.to_owned()),
            ("email", hired.emails.first().cloned().unwrap_or_default()),
            ("mobile", mobile.map(|phone| phone.value.clone()).unwrap_or_default()),
            ("opportunities", opportunities.join(";")),
            ("opportunity", hired.opportunity.to_string()),
            ("hired_on", day(hired.hired_at, self.zone)),
            ("title", posting.map(|posting| posting.title.clone()).unwrap_or_default()),
            ("department", posting.and_then(|posting| posting.department.clone()).unwrap_or_default()),
            ("start_date", start_date.map(|at| day(at, chrono_tz::UTC)).unwrap_or_default()),
        ];
        values.into_iter().map(|(column, value)| (column.to_owned(), value)).collect()
    }

    // --- what must hold at every moment

    /// Looks at the folder after something may have been written in it. What is written now was read after `began`.
    pub fn look(&mut self, folder: &Path, began: Millis) -> Result<(), Violation> {
        let path = self.roster(folder);
        let stamp = Stamp::of(&path);
        if stamp == self.stamp {
            return Ok(());
        }
        holds!(stamp.is_some(), "the roster is there once it was there");
        let content = fs::read(&path).expect("it is there");
        let rows = match self.format {
            "csv" => csv_rows(&content)?,
            _ => json_rows(&content)?,
        };
        manifest_matches(folder, &path, &content, rows.len())?;
        for opportunity in self.file.keys() {
            holds!(rows.contains_key(opportunity), "a row stays: that of {opportunity} is gone");
        }
        for (opportunity, row) in &rows {
            self.may_be(opportunity, row, began)?;
        }
        self.file = rows;
        self.stamp = stamp;
        Ok(())
    }

    /// Whether this row may stand in the file.
    fn may_be(&self, opportunity: &str, row: &Row, began: Millis) -> Result<(), Violation> {
        let Some(known) = self.hires.get(opportunity) else {
            return Err(Violation(format!("no row of somebody who was never hired: {opportunity} has one")));
        };
        let before = self.file.get(opportunity);
        let gone_before = known.gone_since.is_some_and(|gone| gone < began);
        if gone_before {
            let why = "whose hire was taken back, hidden, deleted or anonymised before the cycle began";
            holds!(before.is_some(), "no row is made of somebody {why}: {opportunity} got one");
            let untouched = before.is_some_and(|before| {
                row.iter()
                    .all(|(column, value)| column == "employee_ref" || before.get(column) == Some(value))
            });
            holds!(
                untouched,
                "nothing is written about somebody {why}: {opportunity} was {before:?} and is {row:?}"
            );
        }
        for (column, value) in row {
            let was_true = self.was_true(opportunity, known, column, value);
            holds!(
                was_true,
                "every value was true in Lever at some time: {column} of {opportunity} is {value:?}, of {:?}",
                known.values.get(column)
            );
        }
        Ok(())
    }

    fn was_true(&self, opportunity: &str, known: &Known, column: &str, value: &str) -> bool {
        let owners = |id: &str| self.owners.get(id).into_iter().flat_map(BTreeMap::keys);
        match column {
            "employee_ref" => owners(opportunity).any(|contact| contact.as_str() == value),
            "opportunities" => value
                .split(';')
                .all(|id| owners(id).any(|contact| owners(opportunity).any(|own| own == contact))),
            "title" | "department" => known.postings.iter().any(|posting| match posting {
                None => value.is_empty(),
                Some(posting) => {
                    self.jobs.get(posting).into_iter().flatten().any(|(title, department)| {
                        value == if column == "title" { title } else { department }
                    })
                }
            }),
            "start_date"
                if value.is_empty() && (self.offers_withheld || self.split.contains(opportunity)) =>
            {
                true
            }
            // A person is read in pages: a hire that is taken back on the way may be seen with the name of a moment later.
            "first_name" | "last_name" | "email" | "mobile" => {
                let own: Vec<_> = owners(opportunity).collect();
                let same =
                    self.hires.iter().filter(|(id, _)| owners(id).any(|contact| own.contains(&contact)));
                same.into_iter()
                    .any(|(_, known)| known.values.get(column).is_some_and(|seen| seen.contains(value)))
            }
            _ => known.values.get(column).is_some_and(|values| values.contains(value)),
        }
    }

    /// One became two, and the offers are the other's: who reads them meanwhile sees none.
    pub fn was_split(&mut self, opportunities: &[&str]) {
        self.split.extend(opportunities.iter().map(|id| (*id).to_owned()));
    }

    /// The machine was put back to an earlier day, and the folder with it: what is there now is what HR last saw.
    pub fn was_put_back(&mut self, folder: &Path) {
        let path = self.roster(folder);
        self.stamp = Stamp::of(&path);
        let content = fs::read(&path).unwrap_or_default();
        let rows = if self.format == "csv" { csv_rows(&content) } else { json_rows(&content) };
        self.file = rows.unwrap_or_default();
    }

    // --- what others ask

    /// Opportunities that ever counted as hires, with the row each should have now.
    pub fn hires(&self) -> impl Iterator<Item = (&str, Option<&Row>)> {
        self.hires.iter().map(|(opportunity, known)| (opportunity.as_str(), known.row.as_ref()))
    }

    /// Since when this opportunity is no hire any more, or not to be seen; none while it is one.
    pub fn gone_since(&self, opportunity: &str) -> Option<Millis> {
        self.hires.get(opportunity)?.gone_since
    }

    /// Contacts that an opportunity had by then.
    pub fn owners_by(&self, opportunity: &str, then: Millis) -> impl Iterator<Item = &ContactId> {
        by(&self.owners, opportunity, then)
    }

    /// The contacts that are one person: those that ever shared an opportunity, each with its first.
    pub fn persons(&self) -> BTreeMap<String, String> {
        Oracle::persons_of(&self.owners, Millis::MAX)
    }

    /// The contacts that Lever had shown us to be one person by then. Who was merged with all that is theirs hidden, it did not.
    pub fn persons_shown_by(&self, then: Millis) -> BTreeMap<String, String> {
        Oracle::persons_of(&self.shown, then)
    }

    fn persons_of(owners: &Owners, then: Millis) -> BTreeMap<String, String> {
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        let find = |first: &BTreeMap<String, String>, of: &str| {
            let mut at = of.to_owned();
            while let Some(next) = first.get(&at).filter(|next| **next != at) {
                at.clone_from(next);
            }
            at
        };
        for opportunity in owners.keys() {
            let owners: Vec<String> = by(owners, opportunity, then).map(ToString::to_string).collect();
            let roots: BTreeSet<String> = owners.iter().map(|owner| find(&first, owner)).collect();
            let Some(root) = roots.first().cloned() else { continue };
            for one in roots.into_iter().chain(owners) {
                first.insert(one, root.clone());
            }
        }
        let all: Vec<String> = first.keys().cloned().collect();
        all.into_iter().map(|one| (one.clone(), find(&first, &one))).collect()
    }

    /// Addresses that this contact's hires ever had.
    pub fn emails_of(&self, contact: &str) -> BTreeSet<String> {
        let theirs = self.hires.iter().filter(|(opportunity, _)| {
            self.owners
                .get(*opportunity)
                .is_some_and(|owners| owners.keys().any(|owner| owner.as_str() == contact))
        });
        theirs.filter_map(|(_, known)| known.values.get("email")).flatten().cloned().collect()
    }

    /// Whether this was a value of the column for any hire of these contacts.
    pub fn was_of(&self, contacts: &BTreeSet<&str>, column: &str, value: &str) -> bool {
        let is_theirs = |opportunity: &str| {
            self.owners
                .get(opportunity)
                .is_some_and(|owners| owners.keys().any(|it| contacts.contains(it.as_str())))
        };
        let theirs = self.hires.iter().filter(|(opportunity, _)| is_theirs(opportunity));
        theirs.into_iter().any(|(_, known)| known.values.get(column).is_some_and(|seen| seen.contains(value)))
    }

    // --- what must hold when everything has settled

    /// The file holds exactly the hires, each once, with today's values. A row that is not a hire any more may be there, as
    /// it was.
    pub fn is_right(&self, columns: Columns) -> Result<(), Violation> {
        let sentence = "the file holds exactly the hires, each once, with today's values";
        for (opportunity, known) in &self.hires {
            let Some(wanted) = &known.row else { continue };
            let Some(row) = self.file.get(opportunity) else {
                return Err(Violation(format!("{sentence}: {opportunity} is missing, {wanted:?}")));
            };
            for (column, value) in wanted {
                let compared = columns == Columns::All || !SILENT.contains(&column.as_str());
                let found = row.get(column);
                holds!(
                    !compared || found == Some(value),
                    "{sentence}: {column} of {opportunity} should be {value:?} and is {found:?}"
                );
            }
        }
        Ok(())
    }

    /// The contacts that a sentence names, by themselves or by an opportunity.
    pub fn named_in(&self, sentence: &str) -> BTreeSet<String> {
        let words: BTreeSet<&str> = sentence.split([' ', ',', '"', ';']).collect();
        let owned = self
            .owners
            .iter()
            .flat_map(|(opportunity, owners)| owners.keys().map(move |owner| (opportunity, owner)));
        let named = owned.filter(|(opportunity, owner)| {
            words.contains(opportunity.as_str()) || words.contains(owner.as_str())
        });
        named.map(|(_, owner)| owner.to_string()).collect()
    }

    pub fn rows(&self) -> usize {
        self.file.len()
    }

    pub fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// The public file.
    pub fn roster(&self, folder: &Path) -> PathBuf {
        folder.join(format!("roster.{}", self.format))
    }
}

impl Known {
    fn become_now(&mut self, row: Option<Row>, at: Millis) {
        match &row {
            Some(row) => {
                for (column, value) in row {
                    if !self.values.get(column).is_some_and(|values| values.contains(value)) {
                        self.values.entry(column.clone()).or_default().insert(value.clone());
                    }
                }
                self.gone_since = None;
            }
            None => {
                self.gone_since.get_or_insert(at);
            }
        }
        self.row = row;
    }
}

impl Stamp {
    pub fn of(path: &Path) -> Option<Stamp> {
        let found = fs::metadata(path).ok()?;
        Some(Stamp { inode: found.ino(), modified: (found.mtime(), found.mtime_nsec()) })
    }
}

/// Signed before approved before opened or sent, then the newest; never a draft or a denied one.
fn offer_that_counts(offers: &[Offer]) -> Option<&Offer> {
    let rank = |offer: &Offer| match offer.status {
        OfferStatus::Signed => 3,
        OfferStatus::Approved => 2,
        OfferStatus::Opened | OfferStatus::Sent => 1,
        OfferStatus::Draft | OfferStatus::Denied => 0,
    };
    let counting = offers.iter().filter(|offer| rank(offer) > 0);
    counting.max_by_key(|offer| (rank(offer), offer.created_at, offer.id.clone()))
}

fn day(at: Millis, zone: Zone) -> String {
    let moment =
        i64::try_from(at).ok().and_then(DateTime::from_timestamp_millis).expect("a time of this century");
    moment.with_timezone(&zone).date_naive().to_string()
}

fn csv_rows(content: &[u8]) -> Result<Rows, Violation> {
    let mut reader = csv::Reader::from_reader(content);
    let header = reader.headers().expect("a header line").clone();
    let wanted: Vec<&str> = PERSON.iter().chain(&HIRE).map(|(column, _)| *column).collect();
    holds!(
        header.iter().eq(wanted.iter().copied()),
        "the columns stand in the order of the configuration: {header:?}"
    );
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(|error| Violation(format!("the file can be read as CSV: {error}")))?;
        let cells =
            header.iter().zip(&record).map(|(column, cell)| (column.to_owned(), unescaped(cell).to_owned()));
        enter(&mut rows, cells.collect())?;
    }
    Ok(rows)
}

fn json_rows(content: &[u8]) -> Result<Rows, Violation> {
    let mut rows = Rows::new();
    for line in content.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let object: BTreeMap<String, Value> = serde_json::from_slice(line)
            .map_err(|error| Violation(format!("each line is a JSON object: {error}")))?;
        let cells = object.into_iter().map(|(column, value)| {
            let text =
                if value.is_null() { String::new() } else { value.as_str().unwrap_or("no text").to_owned() };
            (column, text)
        });
        enter(&mut rows, cells.collect())?;
    }
    Ok(rows)
}

fn enter(rows: &mut Rows, row: Row) -> Result<(), Violation> {
    let opportunity = row.get("opportunity").cloned().unwrap_or_default();
    holds!(!rows.contains_key(&opportunity), "each hire has one row: {opportunity} has two");
    rows.insert(opportunity, row);
    Ok(())
}

/// Takes off the quote that keeps a spreadsheet from running a cell.
fn unescaped(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

fn manifest_matches(folder: &Path, roster: &Path, content: &[u8], rows: usize) -> Result<(), Violation> {
    let manifest = fs::read(folder.join("roster.manifest.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
    let named = manifest["file"].as_str() == roster.file_name().and_then(|name| name.to_str());
    let counted = manifest["rows"].as_u64() == Some(rows as u64);
    let summed = manifest["sha256"].as_str() == Some(sha256(content).as_str());
    holds!(named && counted && summed, "the manifest describes the file: {manifest}");
    Ok(())
}

fn sha256(content: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
