//! `lever resolve`

use std::path::Path;

use lever::{Known, Lever};
use people::{Pii, Zone};
use serde_json::{Value, json};

use super::refused;
use crate::{csv_file, exit::Exit, print};

/// Columns that hold ids, the most telling first.
const COLUMNS: [&str; 3] = ["candidate_id", "opportunity_id", "contact_id"];
/// From so many on it is said how long it will take.
const MANY: usize = 500;

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A table for people.
    Table,
    /// CSV in, CSV out.
    Csv,
    /// One JSON document.
    Json,
}

impl Form {
    pub(super) fn of(from_csv: bool, as_json: bool) -> Form {
        match (as_json, from_csv) {
            (true, _) => Form::Json,
            (false, true) => Form::Csv,
            (false, false) => Form::Table,
        }
    }
}

/// The ids of a file, in its order. Lines without one are left out.
pub(super) fn given(file: &Path, column: Option<&str>) -> Result<Vec<String>, Exit> {
    let bad = |why: &str| {
        print::complain(&format!("{}: {why}", file.display()));
        Exit::BadInput
    };
    let bytes = std::fs::read(file).map_err(|error| bad(&error.kind().to_string()))?;
    ids(&bytes, column).map_err(|why| bad(&why))
}

pub(super) fn ids(bytes: &[u8], column: Option<&str>) -> Result<Vec<String>, String> {
    let mut lines = csv_file::lines(bytes);
    let (_, head) = lines.next().ok_or("is empty")??;
    let named = |name: &str| head.iter().position(|cell| cell.trim() == name);
    let known = COLUMNS.iter().find_map(|name| named(name));
    let (at, has_head) = match (column, known) {
        (Some(name), _) => {
            let at = named(name);
            (at.ok_or_else(|| format!("has no column of that name; there are: {}", columns(&head)))?, true)
        }
        (None, Some(at)) => (at, true),
        // Names of columns are words; ids, links and addresses hold more than letters.
        (None, None) if head.len() == 1 => {
            (0, !head[0].contains(|c: char| c.is_ascii_digit() || "@/".contains(c)))
        }
        (None, None) => {
            return Err(format!(
                "has none of the columns {}; name one with --column: {}",
                COLUMNS.join(", "),
                columns(&head)
            ));
        }
    };
    let mut ids = if has_head { Vec::new() } else { vec![head[at].trim().to_owned()] };
    for line in lines {
        ids.extend(line?.1.get(at).map(|cell| cell.trim().to_owned()).filter(|id| !id.is_empty()));
    }
    Ok(ids)
}

fn columns(head: &csv::StringRecord) -> String {
    head.iter().map(print::flat).collect::<Vec<_>>().join(", ")
}

/// What each of `given` means. Days are days in `zone`.
pub(super) async fn answer(lever: &Lever, given: Vec<String>, zone: Zone) -> Result<Answer, Exit> {
    if given.len() >= MANY {
        print::say(&format!(
            "Asking Lever about {} ids; old candidate ids take one request each.",
            given.len()
        ));
    }
    let asked: Vec<Pii<String>> = given.iter().cloned().map(Pii::new).collect();
    let found = lever.look_up(&asked).await.map_err(|error| refused(&error))?;
    Ok(Answer { given, found, zone })
}

/// Who was found.
pub(super) struct Answer {
    given: Vec<String>,
    found: Vec<Vec<Known>>,
    zone: Zone,
}

/// One line: what was given, contact, opportunity, state, day of the hire, posting.
type Row = [String; 6];

impl Answer {
    /// Says it in this form.
    pub(super) fn show(&self, form: Form) -> Result<Exit, Exit> {
        match form {
            Form::Table => print::answer(&self.table())?,
            Form::Csv => print::answer(&self.csv())?,
            Form::Json => print::json(&self.document())?,
        }
        let (unknown, several) = (self.unknown(), self.several());
        if unknown > 0 {
            print::say(&format!("{} unknown to Lever.", print::count(unknown, "id is", "ids are")));
        }
        if several > 0 {
            let addresses = print::count(several, "e-mail address is", "e-mail addresses are");
            print::say(&format!("{addresses} several people's; decide by contact or opportunity id."));
        }
        Ok(self.exit())
    }

    pub(super) fn exit(&self) -> Exit {
        if self.unknown() + self.several() == 0 { Exit::Done } else { Exit::NeedsHuman }
    }

    fn unknown(&self) -> u64 {
        self.found.iter().filter(|found| found.is_empty()).count() as u64
    }

    fn several(&self) -> u64 {
        self.found.iter().filter(|found| found.len() > 1).count() as u64
    }

    fn day(&self, place: &lever::Place) -> Option<String> {
        place.hired_at.map(|at| at.with_timezone(&self.zone).date_naive().to_string())
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let line = |given: &str, rest: [&str; 5]| {
            let [contact, opportunity, state, day, posting] = rest.map(str::to_owned);
            [given.to_owned(), contact, opportunity, state, day, posting]
        };
        for (given, found) in self.given.iter().zip(&self.found) {
            if found.is_empty() {
                rows.push(line(given, ["", "", "unknown", "", ""]));
            }
            for known in found {
                let contact = known.contact.as_str();
                if known.opportunities.is_empty() {
                    rows.push(line(given, [contact, "", "none", "", ""]));
                }
                for place in &known.opportunities {
                    let day = self.day(place).unwrap_or_default();
                    let posting = place.posting.as_deref().unwrap_or_default();
                    let of = [contact, place.opportunity.as_str(), place.candidacy.word(), &day, posting];
                    rows.push(line(given, of));
                }
            }
        }
        rows
    }

    pub(super) fn table(&self) -> String {
        let rows: Vec<Vec<String>> = self.rows().into_iter().map(Vec::from).collect();
        print::table(&["given", "contact", "opportunity", "state", "hired on", "posting"], &rows)
    }

    pub(super) fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory cannot fail.
        let _ = writer.write_record(["given", "contact_id", "opportunity_id", "state", "hired_on"]);
        for row in self.rows() {
            let _ = writer.write_record(&row[..5]);
        }
        writer
            .into_inner()
            .map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn document(&self) -> Value {
        let opportunity = |place: &lever::Place| {
            json!({
                "opportunity": place.opportunity,
                "state": place.candidacy.word(),
                "hired_on": self.day(place),
                "posting": place.posting,
            })
        };
        let contact = |known: &Known| {
            let opportunities: Vec<Value> = known.opportunities.iter().map(opportunity).collect();
            json!({ "contact": known.contact, "opportunities": opportunities })
        };
        let one = |(given, found): (&String, &Vec<Known>)| json!({ "given": given, "contacts": found.iter().map(contact).collect::<Vec<_>>() });
        let ids: Vec<Value> = self.given.iter().zip(&self.found).map(one).collect();
        json!({ "ids": ids, "unknown": self.unknown() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_of_the_ids_is_found_by_its_name_or_as_the_only_one() {
        for (text, column, wanted) in [
            ("name,contact_id,candidate_id\nx,c1,o1\ny,c2,o2\n", None, Ok(vec!["o1", "o2"])),
            ("name,contact_id\r\nx, c1 \r\ny,\r\nz\r\n", None, Ok(vec!["c1"])),
            ("\u{feff}\"Lever, id\",x\n\"a\",b\n", Some("Lever, id"), Ok(vec!["a"])),
            ("lever\no1\n\no2\n", None, Ok(vec!["o1", "o2"])),
            ("o1\no2\n", None, Ok(vec!["o1", "o2"])),
            ("ada@example.com\n", None, Ok(vec!["ada@example.com"])),
            ("contact_id\n", None, Ok(vec![])),
            ("\u{feff}candidate_id;name\no1;Ada, B\n", None, Ok(vec!["o1"])),
            ("a,b\n1,2\n", None, Err("--column")),
            ("a,b\n1,2\n", Some("c"), Err("there are: a, b")),
            ("", None, Err("empty")),
        ] {
            match (ids(text.as_bytes(), column), wanted) {
                (Ok(ids), Ok(wanted)) => assert_eq!(ids, wanted, "{text}"),
                (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{why}"),
                (other, _) => panic!("{text}: {other:?}"),
            }
        }
        assert!(ids(b"contact_id\n\xff\n", None).is_err());
    }
}
