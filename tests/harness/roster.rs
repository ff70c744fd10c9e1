//! The file as any importer would read it, and the comparison with the pretend Lever's truth.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use people::{Date, Timestamp};
use sandbox::{Hired, Lever, OfferStatus, OpportunityId};

/// A row, by column.
pub type Row = BTreeMap<String, String>;

/// The rows of the file; none while there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    pub rows: Vec<Row>,
}

impl Roster {
    /// Reads the file at `path`.
    #[track_caller]
    pub fn read(path: &Path) -> Roster {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Roster { rows: Vec::new() },
            Err(error) => panic!("{} cannot be read: {error}", path.display()),
        };
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows = reader
            .deserialize()
            .map(|row| row.unwrap_or_else(|error| panic!("{} is no CSV: {error}", path.display())));
        Roster { rows: rows.collect() }
    }

    /// The only row of this hire.
    #[track_caller]
    pub fn row(&self, hire: &OpportunityId) -> &Row {
        let rows = self.rows_of(hire);
        let [row] = rows.as_slice() else { panic!("{} rows of {hire:?} in\n{self}", rows.len()) };
        row
    }

    /// Every row of this hire.
    pub fn rows_of(&self, hire: &OpportunityId) -> Vec<&Row> {
        self.rows.iter().filter(|row| row["hire_id"] == hire.as_str()).collect()
    }
}

impl fmt::Display for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rows", self.rows.len())?;
        self.rows.iter().take(20).try_for_each(|row| writeln!(f, "  {row:?}"))
    }
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Hires that the file should hold.
    pub in_scope: usize,
    /// Of these, not in it.
    pub missing: Vec<String>,
    /// Rows more than one for the same hire.
    pub duplicates: Vec<String>,
    /// Cells that do not hold what Lever says now.
    pub wrong: Vec<String>,
    /// Rows of what was no hire on or after the date.
    pub unexpected: Vec<String>,
    /// Rows that stay though the hire is none any more: taken back, anonymised, deleted.
    pub staying: usize,
}

impl Comparison {
    /// Compares `roster` with what `lever` says now.
    pub fn of(lever: &Lever, hired_since: Date, roster: &Roster) -> Comparison {
        let hired = in_scope(lever, hired_since);
        let truth: BTreeMap<&str, &Hired> =
            hired.iter().map(|hire| (hire.opportunity.as_str(), hire)).collect();
        let mut found = Comparison { in_scope: truth.len(), ..Comparison::default() };
        let mut seen = BTreeSet::new();
        for row in &roster.rows {
            let id = row["hire_id"].as_str();
            if !seen.insert(id) {
                found.duplicates.push(id.to_owned());
                continue;
            }
            match truth.get(id) {
                Some(hire) => found.wrong.extend(wrong_cells(lever, hire, row)),
                None if may_stay(lever, id, hired_since) => found.staying += 1,
                None => found.unexpected.push(id.to_owned()),
            }
        }
        found.missing = truth.keys().filter(|id| !seen.contains(*id)).map(|id| (*id).to_owned()).collect();
        found
    }

    /// The file holds exactly the hires, each once, with today's values.
    pub fn is_exact(&self) -> bool {
        self.missing.is_empty()
            && self.duplicates.is_empty()
            && self.wrong.is_empty()
            && self.unexpected.is_empty()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { in_scope, missing, duplicates, wrong, unexpected, staying } = self;
        write!(
            f,
            "{in_scope} hires in scope; {} missing {missing:?}; {} duplicates {duplicates:?}; {} wrong cells {wrong:#?}; {} \
             unexpected {unexpected:?}; {staying} staying",
            missing.len(),
            duplicates.len(),
            wrong.len(),
            unexpected.len()
        )
    }
}

/// Everybody whom the file should hold.
pub fn in_scope(lever: &Lever, hired_since: Date) -> Vec<Hired> {
    let mut hired = lever.hired();
    hired.retain(|hire| hire.hired_at >= millis(hired_since) && !hire.is_confidential && !hire.is_anonymized);
    hired
}

/// A row may stay of somebody who is no hire any more, if they can have been one.
fn may_stay(lever: &Lever, id: &str, hired_since: Date) -> bool {
    let hired_now: BTreeMap<String, u64> =
        lever.hired().iter().map(|hire| (hire.opportunity.as_str().to_owned(), hire.hired_at)).collect();
    let known = lever.opportunities().iter().any(|opportunity| opportunity.id.as_str() == id);
    known && hired_now.get(id).is_none_or(|at| *at >= millis(hired_since))
}

fn wrong_cells(lever: &Lever, hire: &Hired, row: &Row) -> Vec<String> {
    let words: Vec<&str> = hire.name.split_whitespace().collect();
    let last = if words.len() > 1 { words[words.len() - 1] } else { "" };
    let mobile = hire.phones.iter().find(|phone| phone.kind.as_deref() == Some("mobile"));
    let posting = hire.posting.as_ref();
    let expected = [
        ("employee_ref", hire.contact.as_str().to_owned()),
        ("first_name", words.first().copied().unwrap_or_default().to_owned()),
        ("last_name", last.to_owned()),
        ("email", hire.emails.first().cloned().unwrap_or_default()),
        ("mobile", mobile.map(|phone| phone.value.clone()).unwrap_or_default()),
        ("hired_on", day(hire.hired_at)),
        ("title", posting.map(|posting| posting.title.clone()).unwrap_or_default()),
        ("department", posting.and_then(|posting| posting.department.clone()).unwrap_or_default()),
        ("start_date", start_date(lever, hire).map(day).unwrap_or_default()),
    ];
    let differs = |(column, value): &(&str, String)| {
        let cell = row[*column].as_str();
        cell != value && cell.strip_prefix('\'') != Some(value.as_str())
    };
    let mut wrong: Vec<String> = expected
        .into_iter()
        .filter(differs)
        .map(|(column, value)| {
            format!("{} {column}: `{}`, should be `{value}`", hire.opportunity.as_str(), row[column])
        })
        .collect();
    let theirs = |opportunity: &&sandbox::Opportunity| {
        opportunity.contact == hire.contact && opportunity.deleted.is_none() && !opportunity.is_confidential
    };
    let expected: BTreeSet<&str> =
        lever.opportunities().iter().filter(theirs).map(|opportunity| opportunity.id.as_str()).collect();
    let listed: BTreeSet<&str> = row["opportunities"].split(';').collect();
    if expected != listed {
        wrong
            .push(format!("{} opportunities: {listed:?}, should be {expected:?}", hire.opportunity.as_str()));
    }
    wrong
}

/// Of the offer that counts: a signed one before any other that is neither a draft nor denied, the newest first.
fn start_date(lever: &Lever, hire: &Hired) -> Option<u64> {
    let offers = &lever.opportunity(&hire.opportunity)?.offers;
    let counting = offers.iter().filter(|it| !matches!(it.status, OfferStatus::Draft | OfferStatus::Denied));
    counting.max_by_key(|it| (it.status == OfferStatus::Signed, it.created_at))?.start_date
}

fn day(at: u64) -> String {
    Timestamp::from_timestamp_millis(at.try_into().unwrap()).unwrap().date_naive().to_string()
}

fn millis(day: Date) -> u64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis().try_into().unwrap()
}
