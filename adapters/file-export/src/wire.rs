//! The bytes of files: the table as CSV or JSON lines, the private index, the manifest.

use std::collections::{BTreeMap, BTreeSet};

use people::{ContactId, OpportunityId, Pii, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{
    config::{Format, Layout},
    mapping::{Cell, canonical},
};

/// SHA-256 as hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 of a row: of its cells, so that other quotes, line ends or blanks around them are no other row.
pub(crate) fn row_digest(cells: &[Cell]) -> String {
    let mut hash = Sha256::new();
    for cell in cells {
        hash.update((cell.reveal().len() as u64).to_le_bytes());
        hash.update(cell.reveal().as_bytes());
    }
    hex::encode(hash.finalize())
}

/// A table as a file of this format.
pub(crate) fn encode<'r>(
    format: Format,
    columns: &[String],
    rows: impl Iterator<Item = &'r [Cell]>,
) -> Vec<u8> {
    match format {
        Format::Csv => encode_csv(columns, rows),
        Format::Jsonl => encode_jsonl(columns, rows),
    }
}

/// The rows of a file, their cells in the order of `columns`.
pub(crate) fn decode(
    format: Format,
    columns: &[String],
    content: &[u8],
) -> Result<Vec<Vec<Cell>>, Unreadable> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    match format {
        Format::Csv => decode_csv(columns, content),
        Format::Jsonl => decode_jsonl(columns, content),
    }
}

/// Whether a file holds more than a header.
pub(crate) fn has_rows(format: Format, content: &[u8]) -> bool {
    // Whatever HR's editor ends a line with: a lone return is an end as well.
    let lines = content.split(|byte| matches!(byte, b'\n' | b'\r'));
    let lines = lines.filter(|line| !line.trim_ascii().is_empty()).count();
    match format {
        Format::Csv => lines > 1,
        Format::Jsonl => lines > 0,
    }
}

/// Why a file cannot be read back. Never shows what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Its columns are not the ones it was written with.
    Columns,
    /// It is no table of this format in UTF-8.
    Form,
}

fn encode_csv<'r>(columns: &[String], rows: impl Iterator<Item = &'r [Cell]>) -> Vec<u8> {
    let quotes = if planted::bug(planted::Bug::CsvUnquoted) {
        csv::QuoteStyle::Never
    } else {
        csv::QuoteStyle::Necessary
    };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(quotes)
        .from_writer(Vec::new());
    let in_memory = "writing to memory cannot fail, and every row has the header's length";
    writer.write_record(columns.iter().map(|name| escape(name))).expect(in_memory);
    for cells in rows {
        writer.write_record(cells.iter().map(|cell| escape(cell.reveal()))).expect(in_memory);
    }
    writer.into_inner().expect(in_memory)
}

fn decode_csv(columns: &[String], content: &[u8]) -> Result<Vec<Vec<Cell>>, Unreadable> {
    let mut reader = csv::Reader::from_reader(content);
    let header = reader.headers().map_err(|_| Unreadable::Form)?;
    let header: Vec<String> = header.iter().map(|name| unescape(name).to_owned()).collect();
    let distinct: BTreeSet<&String> = header.iter().collect();
    if distinct.len() != header.len() || header.len() != columns.len() {
        return Err(Unreadable::Columns);
    }
    let place = |column: &String| header.iter().position(|name| name == column).ok_or(Unreadable::Columns);
    let places: Vec<usize> = columns.iter().map(place).collect::<Result<_, _>>()?;
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|_| Unreadable::Form)?;
            Ok(places.iter().map(|&place| Pii::new(unescape(&record[place]).to_owned())).collect())
        })
        .collect()
}

fn encode_jsonl<'r>(columns: &[String], rows: impl Iterator<Item = &'r [Cell]>) -> Vec<u8> {
    let keys: Vec<String> =
        columns.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
    let mut lines = Vec::new();
    for cells in rows {
        for (index, (key, cell)) in keys.iter().zip(cells).enumerate() {
            lines.extend_from_slice(if index == 0 { b"{" } else { b"," });
            lines.extend_from_slice(key.as_bytes());
            lines.push(b':');
            lines.extend_from_slice(cell.reveal().as_bytes());
        }
        lines.extend_from_slice(b"}\n");
    }
    lines
}

fn decode_jsonl(columns: &[String], content: &[u8]) -> Result<Vec<Vec<Cell>>, Unreadable> {
    let text = std::str::from_utf8(content).map_err(|_| Unreadable::Form)?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let object: BTreeMap<String, Box<RawValue>> =
                serde_json::from_str(line).map_err(|_| Unreadable::Form)?;
            if object.len() != columns.len() {
                return Err(Unreadable::Columns);
            }
            let cell = |column: &String| {
                object.get(column).map(|raw| Pii::new(canonical(raw.get()))).ok_or(Unreadable::Columns)
            };
            columns.iter().map(cell).collect()
        })
        .collect()
}

/// `text` as it stands in a CSV cell: with a `'` in front if a spreadsheet would run it, and with one more if it begins with
/// such quotes itself, so that [`unescape`] gives back exactly `text`.
pub(crate) fn escape(text: &str) -> String {
    if would_run(text.trim_start_matches('\'')) { format!("'{text}") } else { text.to_owned() }
}

/// The text that [`escape`] was given.
pub(crate) fn unescape(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if would_run(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

/// Whether a spreadsheet would take `text` for a formula. Signed numbers and telephone numbers are none.
fn would_run(text: &str) -> bool {
    let mut rest = text.chars();
    match rest.next() {
        Some('=' | '@' | '\t' | '\r' | '\u{ff1d}' | '\u{ff20}') => true,
        Some('+' | '-' | '\u{ff0b}' | '\u{ff0d}') => {
            !rest.all(|c| c.is_ascii_digit() || " ()./-".contains(c))
        }
        _ => false,
    }
}

/// What the adapter remembers beside the file: which row is whose, and what the file was when it wrote it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Index {
    /// How many writes there were: the number of the private copy.
    pub(crate) serial: u64,
    /// SHA-256 of the private copy.
    pub(crate) copy_sha256: String,
    /// What the last write published.
    pub(crate) published: Published,
    /// The last number given to a file of changes.
    pub(crate) changes_last: u64,
    /// See [`Layout`].
    pub(crate) layout: Layout,
    /// See [`Format`].
    pub(crate) format: Format,
    /// The columns of the private copy.
    pub(crate) columns: Vec<String>,
    /// The rows of the private copy, in its order.
    pub(crate) rows: Vec<IndexRow>,
}

/// A file that was put where HR reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Published {
    /// Its name.
    pub(crate) file: String,
    /// Its SHA-256.
    pub(crate) sha256: String,
    /// Its rows.
    pub(crate) rows: usize,
}

/// One row's owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexRow {
    /// Whose row it is.
    pub(crate) contact: ContactId,
    /// Which hire it is.
    pub(crate) opportunity: OpportunityId,
    /// [`row_digest`] of the row.
    pub(crate) digest: String,
    /// The generation of the delivery that last changed it.
    pub(crate) generation: u64,
    /// HR changed a cell of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) edited: bool,
}

impl Index {
    /// One line of JSON, one line with its SHA-256: a damaged index is noticed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("an index has only texts, numbers and lists");
        let check = sha256(&bytes);
        bytes.push(b'\n');
        bytes.extend_from_slice(check.as_bytes());
        bytes.push(b'\n');
        bytes
    }

    /// `None` for anything that [`Index::encode`] did not write.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Index> {
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let (json, check) = (&bytes[..end], &bytes[end + 1..]);
        if check.trim_ascii() != sha256(json).as_bytes() {
            return None;
        }
        serde_json::from_slice(json).ok()
    }
}

/// What whoever reads the file checks it against. Written last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The file.
    pub(crate) file: String,
    /// Its SHA-256.
    pub(crate) sha256: String,
    /// Its rows, without the header.
    pub(crate) rows: usize,
    /// When it was written, RFC 3339, UTC.
    pub(crate) written_at: Timestamp,
}

impl Manifest {
    /// The manifest's own name: `roster.manifest.json` for `roster.csv`.
    pub(crate) fn name(file: &str) -> String {
        let stem = file.split('.').next().unwrap_or(file);
        format!("{stem}.manifest.json")
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a manifest has only texts and numbers");
        bytes.push(b'\n');
        bytes
    }

    /// Whether these bytes are a manifest of that file.
    pub(crate) fn describes(bytes: &[u8], published: &Published) -> bool {
        serde_json::from_slice::<Manifest>(bytes)
            .is_ok_and(|manifest| manifest.file == published.file && manifest.sha256 == published.sha256)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_gets_a_quote_in_front_and_nothing_else_does() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("＝1", "'＝1"),
            ("＠x", "'＠x"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-2+3", "'-2+3"),
            ("＋x", "'＋x"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("+44 7700 900123", "+44 7700 900123"),
            ("+1 (555) 123-4567", "+1 (555) 123-4567"),
            ("-5", "-5"),
            ("-0.25", "-0.25"),
            ("'t Hooft", "'t Hooft"),
            ("O'Brien", "O'Brien"),
            ("'", "'"),
            ("", ""),
            ("1=1", "1=1"),
        ] {
            assert_eq!(escape(text), cell);
            assert_eq!(unescape(cell), text);
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "['=+@\t\r＝＠＋－0-9 ().a,;\"\n-]{0,8}"]
    }

    proptest! {
        #[test]
        fn escaping_is_reversible_and_leaves_nothing_to_run(text in hostile()) {
            let cell = escape(&text);
            prop_assert_eq!(unescape(&cell), text.as_str());
            prop_assert!(!would_run(&cell));
        }

        #[test]
        fn csv_read_back_is_what_was_written(rows in prop::collection::vec(prop::array::uniform3(hostile()), 0..6)) {
            let columns = ["a", "=b", "c, \"d\""].map(str::to_owned);
            let rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| row.map(Pii::new).to_vec()).collect();
            let bytes = encode(Format::Csv, &columns, rows.iter().map(Vec::as_slice));
            prop_assert_eq!(decode(Format::Csv, &columns, &bytes), Ok(rows.clone()));
            prop_assert_eq!(has_rows(Format::Csv, &bytes), !rows.is_empty());
        }

        #[test]
        fn one_column_of_csv_read_back_is_what_was_written(rows in prop::collection::vec(hostile(), 0..6)) {
            let columns = ["only".to_owned()];
            let rows: Vec<Vec<Cell>> = rows.into_iter().map(|cell| vec![Pii::new(cell)]).collect();
            let bytes = encode(Format::Csv, &columns, rows.iter().map(Vec::as_slice));
            prop_assert_eq!(decode(Format::Csv, &columns, &bytes), Ok(rows));
        }

        #[test]
        fn json_lines_read_back_are_what_was_written(rows in prop::collection::vec(prop::array::uniform2(hostile()), 0..6)) {
            let columns = ["a", "\"b\"\n"].map(str::to_owned);
            let cell = |text: String| Pii::new(serde_json::Value::from(text).to_string());
            let rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| row.map(cell).to_vec()).collect();
            let bytes = encode(Format::Jsonl, &columns, rows.iter().map(Vec::as_slice));
            prop_assert_eq!(bytes.split(|&byte| byte == b'\n').count(), rows.len() + 1);
            prop_assert_eq!(decode(Format::Jsonl, &columns, &bytes), Ok(rows));
        }
    }

    #[test]
    fn a_csv_file_is_rfc_4180_with_crlf_and_quotes_only_where_needed() {
        let columns = ["name", "note"].map(str::to_owned);
        let rows = [["Ada", "a,b"], ["Zoë \"Zo\"", "two\nlines"], ["", ""]]
            .map(|row| row.map(|c| Pii::new(c.to_owned())));
        let bytes = encode(Format::Csv, &columns, rows.iter().map(<[_; 2]>::as_slice));
        let expected = "name,note\r\nAda,\"a,b\"\r\n\"Zoë \"\"Zo\"\"\",\"two\nlines\"\r\n,\r\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn a_table_that_came_back_with_other_columns_or_in_another_form_is_not_read() {
        let columns = ["a", "b"].map(str::to_owned);
        for (format, text, why) in [
            (Format::Csv, "a\r\n1\r\n", Unreadable::Columns),
            (Format::Csv, "a,b,notes\r\n1,2,3\r\n", Unreadable::Columns),
            (Format::Csv, "a;b\r\n1;2\r\n", Unreadable::Columns),
            (Format::Csv, "a,b\r\n1\r\n", Unreadable::Form),
            (Format::Csv, "", Unreadable::Columns),
            (Format::Jsonl, "{\"a\":1}\n", Unreadable::Columns),
            (Format::Jsonl, "[1,2]\n", Unreadable::Form),
        ] {
            assert_eq!(decode(format, &columns, text.as_bytes()), Err(why), "{text:?}");
        }
        let moved = decode(Format::Csv, &columns, "\u{feff}b,a\n2,1\n".as_bytes()).unwrap();
        assert_eq!(moved, [["1", "2"].map(|cell| Pii::new(cell.to_owned())).to_vec()]);
    }
}
