//! The file against the pretend Lever's own truth.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use people::Date;
use sandbox::{Hired, Lever};

use super::stage::Acts;

/// Everybody whom the file should hold: hired since the day, not confidential, not anonymised.
pub(super) fn in_scope(lever: &Lever, hired_since: Date) -> Vec<Hired> {
    let since = hired_since.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
    let since = u64::try_from(since).unwrap_or_default();
    let mut hired = lever.hired();
    hired.retain(|hire| hire.hired_at >= since && !hire.is_confidential && !hire.is_anonymized);
    hired
}

/// What the comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Hires that should be in the file.
    pub hired: u64,
    /// Of these, in the file.
    pub delivered: u64,
    /// Rows more than one for the same hire.
    pub duplicates: u64,
    /// Hires that are not in the file.
    pub missing: u64,
    /// Rows of hires that are no hires.
    pub unexpected: u64,
    /// Rows whose owner or name is not what Lever says now.
    pub stale: u64,
    /// Rows of hires that were taken back: they stay until HR decides.
    pub taken_back: u64,
}

impl Comparison {
    /// Compares the file at `roster`, which is read as any importer would read it.
    pub fn of(hired: &[Hired], acts: &Acts, roster: &Path) -> Result<Comparison, String> {
        let mut reader =
            csv::Reader::from_path(roster).map_err(|_| format!("{} cannot be read", roster.display()))?;
        let mut rows = Vec::new();
        for row in reader.deserialize::<BTreeMap<String, String>>() {
            rows.push(row.map_err(|_| format!("{} is no CSV", roster.display()))?);
        }
        let taken_back = BTreeSet::from([acts.taken_back.as_str()]);
        Ok(compare(hired, &taken_back, &rows))
    }

    /// The file holds exactly the hires, each once, with today's values.
    pub fn is_exact(&self) -> bool {
        (self.duplicates, self.missing, self.unexpected, self.stale) == (0, 0, 0, 0)
    }
}

fn compare(hired: &[Hired], taken_back: &BTreeSet<&str>, rows: &[BTreeMap<String, String>]) -> Comparison {
    let truth: BTreeMap<&str, &Hired> = hired.iter().map(|hire| (hire.opportunity.as_str(), hire)).collect();
    let mut found = Comparison { hired: truth.len() as u64, ..Comparison::default() };
    let mut seen = BTreeSet::new();
    for row in rows {
        let cell = |column: &str| row.get(column).map_or("", String::as_str);
        let hire_id = cell("hire_id");
        if !seen.insert(hire_id) {
            found.duplicates += 1;
            continue;
        }
        match truth.get(hire_id) {
            Some(hire) => {
                found.delivered += 1;
                found.stale +=
                    u64::from(cell("employee_ref") != hire.contact.as_str() || !same_name(cell, &hire.name));
            }
            None if taken_back.contains(hire_id) => found.taken_back += 1,
            None => found.unexpected += 1,
        }
    }
    found.missing = found.hired - found.delivered;
    found
}

/// Whether first and last name are the first and last word of the name, but for the sign that keeps a spreadsheet from
/// running a cell.
fn same_name<'r>(cell: impl Fn(&str) -> &'r str, name: &str) -> bool {
    let (first, last) = name_parts(name);
    let is = |cell: &str, word: &str| cell == word || cell.strip_prefix('\'') == Some(word);
    is(cell("first_name"), first) && is(cell("last_name"), last)
}

/// The first and the last word; no last one of a name of one word.
pub(super) fn name_parts(name: &str) -> (&str, &str) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let last = if words.len() > 1 { words[words.len() - 1] } else { "" };
    (words.first().copied().unwrap_or_default(), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_twice_missing_stale_or_too_much_is_counted() {
        let lever = Lever::seeded(sandbox::Settings::default(), 60, 1_780_000_000_000);
        let hired = in_scope(&lever, Date::from_ymd_opt(2020, 1, 1).unwrap());
        let row = |hire: &Hired| -> BTreeMap<String, String> {
            let words: Vec<&str> = hire.name.split_whitespace().collect();
            let last = if words.len() > 1 { words[words.len() - 1] } else { "" };
            [
                ("hire_id", hire.opportunity.as_str()),
                ("employee_ref", hire.contact.as_str()),
                ("first_name", words.first().copied().unwrap_or_default()),
                ("last_name", last),
            ]
            .map(|(column, cell)| (column.to_owned(), cell.to_owned()))
            .into()
        };
        let mut rows: Vec<_> = hired.iter().map(row).collect();
        assert!(compare(&hired, &BTreeSet::new(), &rows).is_exact());
        rows[0].insert("first_name".to_owned(), "Somebody-Else".to_owned());
        rows[1] = rows[2].clone();
        let mut stranger = rows[3].clone();
        stranger.insert("hire_id".to_owned(), "nobody".to_owned());
        rows.push(stranger.clone());
        stranger.insert("hire_id".to_owned(), "taken".to_owned());
        rows.push(stranger);
        let found = compare(&hired, &["taken"].into(), &rows);
        assert_eq!(
            (found.missing, found.duplicates, found.stale, found.unexpected, found.taken_back),
            (1, 1, 1, 1, 1)
        );
        assert!(!found.is_exact());
    }
}
