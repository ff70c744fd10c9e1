//! The one way to standard output, and the tables and sentences for people. Standard output holds the answer, nothing else.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write as _},
};

use chrono::TimeDelta;
use people::Timestamp;
use serde::Serialize;

use crate::exit::Exit;

/// Prints an answer. A reader that went away (`| head`) is no fault of ours.
pub fn answer(text: &str) -> Result<(), Exit> {
    let mut out = io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("cannot write the answer: {error}"));
            Err(Exit::CannotWrite)
        }
        _ => Ok(()),
    }
}

/// Prints one line more of an answer that goes on; false: nobody reads it any more.
pub fn more(line: &str) -> Result<bool, Exit> {
    let mut out = io::stdout().lock();
    let end = if line.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{line}{end}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => {
            say(&format!("cannot write the answer: {error}"));
            Err(Exit::CannotWrite)
        }
    }
}

/// The text in the place of what the terminal shows.
pub fn page(text: &str) -> String {
    format!("\x1b[H\x1b[2J{text}")
}

/// Whether standard output is a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Prints one JSON document.
pub fn json(document: &impl Serialize) -> Result<(), Exit> {
    match serde_json::to_string_pretty(document) {
        Ok(text) => answer(&text),
        Err(_) => Err(Exit::Bug),
    }
}

/// Says something to the person at the terminal, beside the answer.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says what went wrong.
pub fn complain(text: &str) {
    say(&format!("hiresync: {text}"));
}

/// A tone of the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// A human is needed.
    Bad,
    /// Neither.
    Plain,
}

/// The line in its colour, if standard output is a terminal and nobody said `NO_COLOR`.
pub fn toned(line: &str, tone: Tone) -> String {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|no| !no.is_empty()) || !io::stdout().is_terminal();
    match tone {
        Tone::Good if !plain => format!("\x1b[1;32m{line}\x1b[0m"),
        Tone::Bad if !plain => format!("\x1b[1;31m{line}\x1b[0m"),
        _ => line.to_owned(),
    }
}

/// Least room that a column is given when it is broken into lines.
const COLUMN_MIN: usize = 30;

/// How wide the terminal is that standard output is; `None`: it is none, and lines are as long as they come.
pub fn width() -> Option<usize> {
    let out = io::stdout();
    let size = out.is_terminal().then(|| rustix::termios::tcgetwinsize(&out).ok()).flatten()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// The text in lines of at most `width`, each `indent` in, broken between words.
pub fn wrapped(text: &str, indent: usize, width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(COLUMN_MIN));
    lines(text, room).iter().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

/// At least one line. A word that is longer than `room` has a line of its own.
fn lines(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in safe(text).split(' ') {
        let more = word.chars().count();
        match lines.last_mut() {
            Some(line) if length == 0 || length + 1 + more <= room => {
                length += more + usize::from(!line.is_empty());
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => {
                lines.push(word.to_owned());
                length = more;
            }
        }
    }
    lines
}

/// A table whose last column is broken into lines where it would go beyond `width`.
pub fn fitted(heading: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let Some(width) = width else { return table(heading, rows) };
    let columns = heading.len().saturating_sub(1);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|cell| cell.chars().count())).max().unwrap_or_default()
    };
    let before: usize = (0..columns).map(|column| widest(column) + 2).sum();
    let room = width.saturating_sub(before).max(COLUMN_MIN);
    let broken: Vec<Vec<String>> = rows
        .iter()
        .flat_map(|row| {
            let last = row.get(columns).map_or_else(|| vec![String::new()], |cell| lines(cell, room));
            last.into_iter().enumerate().map(|(nth, line)| {
                let mut cells: Vec<String> =
                    (0..columns).map(|at| if nth == 0 { row[at].clone() } else { String::new() }).collect();
                cells.push(line);
                cells
            })
        })
        .collect();
    table(heading, &broken)
}

/// A table: a heading and rows, columns as wide as their widest cell, the last one as it comes.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let heading: Vec<String> = heading.iter().map(|cell| cell.to_uppercase()).collect();
    for row in std::iter::once(&heading).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(
                line,
                "{}{:fill$}  ",
                safe(cell),
                "",
                fill = width.saturating_sub(cell.chars().count())
            );
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text without anything that would drive the terminal.
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// In quotes on one line, as JSON has it; letters of every script stay as they are.
pub fn quoted(text: &str) -> String {
    flat(&serde_json::Value::from(text).to_string())
}

/// The same on one line.
pub fn flat(text: &str) -> String {
    safe(&text.replace(['\r', '\n', '\t'], " "))
}

/// `1 person`, `2 people`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `2 minutes ago`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let span = now - at;
    if span < TimeDelta::seconds(2) { "just now".to_owned() } else { format!("{} ago", lasting(span)) }
}

/// `in 2 minutes`.
pub fn ahead(at: Timestamp, now: Timestamp) -> String {
    let span = at - now;
    if span < TimeDelta::seconds(1) { "now".to_owned() } else { format!("in {}", lasting(span)) }
}

/// `2 minutes`, in the largest unit of which there are two.
pub fn lasting(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0).unsigned_abs();
    for (unit, one, many) in [(86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes")] {
        if seconds >= 2 * unit || (seconds >= unit && unit == 60) {
            return count(seconds / unit, one, many);
        }
    }
    count(seconds, "second", "seconds")
}

/// A moment as people write it.
pub fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_in_characters() {
        let text = table(
            &["who", "state"],
            &[vec!["Zoë-Łukasz".to_owned(), "agreed".to_owned()], vec!["a".to_owned(), String::new()]],
        );
        assert_eq!(text, "WHO         STATE\nZoë-Łukasz  agreed\na\n");
    }

    #[test]
    fn a_text_is_broken_between_words_and_never_where_there_is_no_terminal() {
        let text = "In Cezanne: People > All People, open the person, correct what is placeholder data.";
        assert_eq!(wrapped(text, 2, None), format!("  {text}\n"));
        assert_eq!(
            wrapped(text, 2, Some(40)),
            "  In Cezanne: People > All People, open\n  the person, correct what is\n  placeholder data.\n"
        );
        assert_eq!(wrapped("", 2, Some(40)), "  \n");
        assert_eq!(wrapped(&"x".repeat(50), 0, Some(40)), format!("{}\n", "x".repeat(50)));
    }

    #[test]
    fn only_the_last_column_of_a_table_is_broken() {
        let rows = [vec!["a".to_owned(), "one two three four five six seven eight".to_owned()]];
        assert_eq!(
            fitted(&["id", "what"], &rows, Some(34)),
            "ID  WHAT\na   one two three four five six\n    seven eight\n"
        );
        assert_eq!(fitted(&["id", "what"], &rows, None), table(&["id", "what"], &rows));
    }

    #[test]
    fn a_cell_cannot_drive_the_terminal() {
        assert_eq!(safe("a\x1b[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(flat("a\x1b[2Jb\nc"), "a\u{fffd}[2Jb c");
    }

    #[test]
    fn spans_are_said_in_the_largest_unit_that_tells_enough() {
        for (seconds, words) in [
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (119, "1 minute"),
            (3_600, "60 minutes"),
            (7_200, "2 hours"),
            (86_400, "24 hours"),
            (200_000, "2 days"),
            (-5, "0 seconds"),
        ] {
            assert_eq!(lasting(TimeDelta::seconds(seconds)), words);
        }
    }
}
