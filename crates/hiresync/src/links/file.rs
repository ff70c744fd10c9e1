//! The files that links come from and go to: ids, and nothing about anybody.

use std::{
    fmt::Display,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    str::FromStr,
};

use engine::links::{FoundLinks, GivenId, ImportRow, LinkLine};

use crate::{csv_file, print};

/// Columns that say whose a record is; the first that is not empty counts.
const WHOSE: [&str; 3] = ["contact_id", "opportunity_id", "candidate_id"];
const REMOTE: &str = "remote_id";
const CONFIRM: &str = "confirm";
/// What a human writes who agrees.
const YES: [&str; 4] = ["yes", "y", "true", "x"];
/// Faults that are told one by one.
const FAULTS_MAX: usize = 20;

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// Row by row.
    pub rows: Vec<ImportRow>,
    /// Rows that nobody said yes to.
    pub skipped: u64,
}

/// Reads a file. Every fault is told, with its line and column; then nothing of it is taken.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, Vec<String>> {
    let mut lines = csv_file::lines(bytes);
    let head = match lines.next() {
        Some(Ok((_, head))) => head,
        Some(Err(fault)) => return Err(vec![fault]),
        None => return Err(vec!["the file is empty".to_owned()]),
    };
    let named = |name: &str| head.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let there = || head.iter().map(print::flat).collect::<Vec<_>>().join(", ");
    let Some(remote) = named(REMOTE) else {
        return Err(vec![format!("line 1 names no column {REMOTE}; there are: {}", there())]);
    };
    let whose: Vec<(usize, &str)> = WHOSE.into_iter().filter_map(|name| Some((named(name)?, name))).collect();
    if whose.is_empty() {
        return Err(vec![format!(
            "line 1 names none of the columns {}; there are: {}",
            WHOSE.join(", "),
            there()
        )]);
    }
    let columns = Columns { remote, whose, confirm: named(CONFIRM) };
    let (mut rows, mut faults) = (Rows::default(), Vec::new());
    for line in lines {
        match line.map_err(|fault| vec![fault]).and_then(|(at, line)| columns.row(at, &line)) {
            Ok(Row::Is(row)) => rows.rows.push(row),
            Ok(Row::Skipped) => rows.skipped += 1,
            Ok(Row::Blank) => {}
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() {
        return Ok(rows);
    }
    let more = faults.len().saturating_sub(FAULTS_MAX);
    faults.truncate(FAULTS_MAX);
    faults.extend((more > 0).then(|| format!("and {more} more")));
    Err(faults)
}

struct Columns {
    remote: usize,
    whose: Vec<(usize, &'static str)>,
    confirm: Option<usize>,
}

enum Row {
    Is(ImportRow),
    Skipped,
    Blank,
}

impl Columns {
    fn row(&self, at: u64, line: &csv::StringRecord) -> Result<Row, Vec<String>> {
        let cell = |column: usize| line.get(column).map(str::trim).unwrap_or_default();
        if line.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(Row::Blank);
        }
        let is_yes = |column: usize| YES.iter().any(|yes| cell(column).eq_ignore_ascii_case(yes));
        if self.confirm.is_some_and(|column| !is_yes(column)) {
            return Ok(Row::Skipped);
        }
        let remote = id(at, REMOTE, cell(self.remote));
        let whose = self.whose.iter().find(|(column, _)| !cell(*column).is_empty());
        let who = match whose {
            Some((column, name @ "contact_id")) => id(at, name, cell(*column)).map(GivenId::Contact),
            Some((column, name @ "opportunity_id")) => id(at, name, cell(*column)).map(GivenId::Opportunity),
            Some((column, name)) => id(at, name, cell(*column)).map(GivenId::Candidate),
            None => {
                let names: Vec<&str> = self.whose.iter().map(|(_, name)| *name).collect();
                Err(format!("line {at}, column {}: nobody is named", names.join(" or ")))
            }
        };
        match (remote, who) {
            (Ok(remote), Ok(who)) => {
                Ok(Row::Is(ImportRow { line: at, remote, who, confirmed: self.confirm.is_some() }))
            }
            (remote, who) => Err(remote.err().into_iter().chain(who.err()).collect()),
        }
    }
}

/// An id, or what is wrong with it. What stands there instead is not repeated: it may be a name.
fn id<T: FromStr<Err: Display>>(line: u64, column: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("line {line}, column {column}: {error}"))
}

/// The list of `links find` for a human to correct: what is probably right says yes already.
pub(super) fn review(found: &FoundLinks) -> String {
    let mut rows = vec![[REMOTE, WHOSE[0], "strength", "evidence", "others", CONFIRM].map(str::to_owned)];
    for one in &found.matches {
        for (nth, candidate) in one.candidates.iter().enumerate() {
            let others: Vec<&str> = candidate.others.iter().map(|other| other.as_str()).collect();
            let proposed = nth == 0 && one.strength.is_proposed();
            rows.push([
                candidate.remote.to_string(),
                one.contact.to_string(),
                one.strength.word().to_owned(),
                candidate.evidence.clone(),
                others.join(" "),
                if proposed { "yes" } else { "" }.to_owned(),
            ]);
        }
    }
    csv(&rows)
}

/// Links as `links import` takes them: one row for each hire, or one for the person.
pub(super) fn export(lines: &[LinkLine]) -> String {
    let mut rows = vec![[REMOTE, WHOSE[0], WHOSE[1]].map(str::to_owned)];
    for line in lines {
        let row = |hire: &str| [line.remote.to_string(), line.contact.to_string(), hire.to_owned()];
        if line.hires.is_empty() {
            rows.push(row(""));
        }
        rows.extend(line.hires.keys().map(|hire| row(hire.as_str())));
    }
    csv(&rows)
}

fn csv<const N: usize>(rows: &[[String; N]]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    rows.iter().for_each(|row| drop(writer.write_record(row)));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use engine::links::{Candidate, FoundLink, Strength};

    use super::*;

    fn said(text: &str) -> Result<Vec<String>, Vec<String>> {
        let row = |row: &ImportRow| {
            let sure = if row.confirmed { "!" } else { "" };
            format!("{}: {} {} {}{sure}", row.line, row.remote, row.who.word(), row.who.as_str())
        };
        read(text.as_bytes()).map(|rows| rows.rows.iter().map(row).collect())
    }

    #[test]
    fn a_file_is_read_as_a_spreadsheet_or_a_program_writes_it() {
        for (text, expected) in [
            ("remote_id,contact_id\n1001,c1\n", vec!["2: 1001 contact c1"]),
            (
                "\u{feff}Remote_ID;Candidate_id\r\n1001;o1\r\n;\r\n1002;o2\r\n",
                vec!["2: 1001 candidate o1", "4: 1002 candidate o2"],
            ),
            (
                "name,opportunity_id,remote_id,contact_id\n\"Example, Ada\",o1,1001,\nx,o2,1002,c2\n",
                vec!["2: 1001 opportunity o1", "3: 1002 contact c2"],
            ),
            ("remote_id,contact_id\n", vec![]),
        ] {
            assert_eq!(said(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn every_fault_of_a_file_is_told_with_its_place_and_without_what_stands_there() {
        for (text, faults) in [
            ("", vec!["the file is empty"]),
            ("remote,contact_id\n", vec!["line 1 names no column remote_id; there are: remote, contact_id"]),
            (
                "remote_id,who\n",
                vec![
                    "line 1 names none of the columns contact_id, opportunity_id, candidate_id; there are: remote_id, who",
                ],
            ),
            (
                "remote_id,contact_id\n,c1\n1001,Ada Example\n1002,\n",
                vec![
                    "line 2, column remote_id: an id must not be empty",
                    "line 3, column contact_id: an id must consist of printable ASCII characters without blanks",
                    "line 4, column contact_id: nobody is named",
                ],
            ),
        ] {
            assert_eq!(said(text).unwrap_err(), faults, "{text}");
        }
        let many = format!("remote_id,contact_id\n{}", ",c\n".repeat(30));
        assert_eq!(said(&many).unwrap_err().last().map(String::as_str), Some("and 10 more"));
        assert!(read(b"remote_id,contact_id\n\xff,c\n").is_err());
    }

    #[test]
    fn of_a_reviewed_list_only_what_somebody_said_yes_to_is_taken() {
        let candidate = |remote: &str, others: &[&str]| Candidate {
            remote: remote.parse().unwrap(),
            proven: false,
            evidence: "an e-mail address agrees, the name does not".to_owned(),
            others: others.iter().map(|other| other.parse().unwrap()).collect(),
        };
        let one = |contact: &str, strength, candidates| FoundLink {
            contact: contact.parse().unwrap(),
            opportunities: vec![],
            strength,
            candidates,
        };
        let found = FoundLinks {
            target: "hr".parse().unwrap(),
            looked_for: 3,
            already_linked: 0,
            nobody: 0,
            matches: vec![
                one("c1", Strength::Likely, vec![candidate("1001", &[]), candidate("1009", &[])]),
                one("c2", Strength::Weak, vec![candidate("1002", &[])]),
                one("c3", Strength::Several, vec![candidate("1003", &["c8", "c9"])]),
            ],
            unread: vec![],
        };
        let list = review(&found);
        assert_eq!(list.lines().count(), 5, "{list}");
        assert_eq!(said(&list).unwrap(), ["2: 1001 contact c1!"]);
        assert_eq!(read(list.as_bytes()).unwrap().skipped, 3);
        for yes in ["yes", " X ", "TRUE", "y"] {
            let row = format!("remote_id,contact_id,confirm\n1002,c2,{yes}\n1003,c3,no\n");
            assert_eq!(said(&row).unwrap(), ["2: 1002 contact c2!"]);
        }
    }
}
