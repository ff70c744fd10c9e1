//! Faulty configurations made of good ones: each differs in one place, and says at which line, under which path and with which
//! remedy it has to be refused. What is still right when it is misspelt (a column of a file, a field of an offer, another key)
//! is not made in the first place.

use mapping::{HELPERS, KEYS, names::NAMES};

/// One faulty configuration.
pub(super) struct Mutant {
    /// Which kind of mistake it is.
    pub kind: &'static str,
    /// The whole text.
    pub text: String,
    /// The line that is at fault, from 1.
    pub line: usize,
    /// The path that is at fault.
    pub path: String,
    /// What the remedy has to say.
    pub remedy: String,
}

/// The keys of each section but the names that an admin chooses.
const SECTIONS: [(&str, &[&str]); 17] = [
    ("", &["lever", "state", "socket", "guards", "targets", "tables", "webhook", "metrics", "notices"]),
    (
        "lever",
        &[
            "base_url",
            "api_key",
            "hired_since",
            "timezone",
            "poll",
            "full_sweep",
            "confidential",
            "requests_per_second",
            "perform_as",
        ],
    ),
    ("state", &["dir", "digest_key", "retention_days"]),
    ("socket", &["path"]),
    (
        "guards",
        &[
            "creates_per_cycle_max",
            "changes_per_cycle_max",
            "withdrawals_per_cycle_max",
            "mapping_changes_max",
        ],
    ),
    (
        "targets.*",
        &[
            "enabled",
            "adapter",
            "when",
            "inherit",
            "purpose",
            "person",
            "hire",
            "path",
            "format",
            "layout",
            "write_back",
            "only",
            "deliver_from",
            "withdrawals",
            "withdraw_after_start",
            "rehire",
        ],
    ),
    ("webhook", &["listen", "path", "signature_tokens", "max_age_hours"]),
    ("metrics", &["listen"]),
    ("write_back", &["tag", "link", "note"]),
    (
        "rehire",
        &[
            "while_employed",
            "after_leaving",
            "conversion",
            "transfer",
            "same_day",
            "new_contact",
            "unclear",
            "contractor",
        ],
    ),
    (
        "targets.cezanne",
        &[
            "enabled",
            "adapter",
            "when",
            "inherit",
            "purpose",
            "person",
            "hire",
            "write_back",
            "only",
            "deliver_from",
            "withdrawals",
            "withdraw_after_start",
            "rehire",
            "new_starter",
            "new_hire_administrator",
            "service_root",
            "token_url",
            "client_id",
            "client_secret",
            "client_auth",
            "scope",
            "odata_version",
            "calls_per_second_max",
            "create_employment",
            "company_code",
            "company",
            "hire_date",
            "open_ended",
            "placeholder",
            "missing_surname",
            "middle_name",
            "home_number_source",
            "gender_code",
            "gender_description",
            "person_code_prefix",
            "keep",
            "sets",
            "subdomain",
            "webhook_url",
            "signature_token",
        ],
    ),
    ("company", &["by", "table"]),
    ("keep", &["contact", "opportunities", "opportunity"]),
    ("sets", &["people", "communications", "employments", "deployments", "companies"]),
    ("notices", &["digest_at", "names", "mail", "webhook"]),
    ("notices.mail", &["server", "port", "tls", "user", "password", "from", "helo", "hr", "engineer"]),
    ("notices.webhook", &["url", "shape", "for"]),
];
/// How the targets of Cezanne begin. Their fields may have one name in two tables.
const CEZANNE: &str = "targets.cezanne";
/// What has to be there.
const OF_CEZANNE: [&str; 6] =
    ["service_root", "token_url", "client_id", "client_secret", "company_code", "signature_token"];
const WORDS: [&str; 10] = ["and", "or", "not", "in", "if", "else", "is", "true", "false", "none"];
const CALLED: [&str; 3] = ["answer", "form", "phone"];

/// Every mutant of `text`.
pub(super) fn of(text: &str) -> Vec<Mutant> {
    let lines: Vec<&str> = text.lines().collect();
    let mut mutants = Vec::new();
    let (mut section, mut header_at) = (String::new(), 0);
    let mut columns: Vec<&str> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.split(" #").next().unwrap_or_default();
        let mut on = Line { lines: &lines, at, mutants: &mut mutants };
        if let Some(header) = code.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            header.clone_into(&mut section);
            header_at = at;
            on.header(header);
        } else if let Some((key, value)) = code.split_once('=').filter(|_| !code.starts_with('#')) {
            let (key, value) = (key.trim(), value.trim());
            on.setting(&section, key, value);
            on.removed(&section, key, header_at);
            if section.ends_with(".person") {
                columns.push(key);
            } else if section.ends_with(".hire") && !section.starts_with(CEZANNE) {
                on.twice(&section, key, columns.first().expect("the person has a column"));
            }
        }
    }
    mutants
}

/// One line of the good text, and where its mutants go.
struct Line<'a> {
    lines: &'a [&'a str],
    at: usize,
    mutants: &'a mut Vec<Mutant>,
}

impl Line<'_> {
    fn text(&self) -> &str {
        self.lines[self.at]
    }

    /// The good text with this line in its place.
    fn add(&mut self, kind: &'static str, line: &str, path: &str, remedy: impl Into<String>) {
        let mut lines = self.lines.to_vec();
        lines[self.at] = line;
        let path = path.to_owned();
        self.mutants.push(Mutant {
            kind,
            text: lines.join("\n"),
            line: self.at + 1,
            path,
            remedy: remedy.into(),
        });
    }

    /// The same with `from` in this line replaced, the first time it is there after `after`.
    fn replaced(&mut self, kind: &'static str, after: usize, from: &str, to: &str, path: &str, remedy: &str) {
        let text = self.text();
        let start = after + text[after..].find(from).expect("it is in this line");
        let line = format!("{}{to}{}", &text[..start], &text[start + from.len()..]);
        self.add(kind, &line, path, remedy);
    }

    fn header(&mut self, header: &str) {
        let parts: Vec<&str> = header.split('.').collect();
        let first = SECTIONS[0].1;
        for wrong in misspelt(parts[0], first) {
            self.replaced("section", 1, parts[0], &wrong, &wrong, &format!("did you mean {}?", parts[0]));
        }
        if let ["targets", name, level @ ("person" | "hire" | "write_back" | "rehire"), ..] = parts.as_slice()
        {
            let (_, keys) = SECTIONS[5];
            for wrong in misspelt(level, keys) {
                let path = format!("targets.{name}.{wrong}");
                self.replaced(
                    "section",
                    "[targets.".len() + name.len(),
                    level,
                    &wrong,
                    &path,
                    "did you mean ",
                );
            }
        }
    }

    fn setting(&mut self, section: &str, key: &str, value: &str) {
        let path =
            if section.is_empty() { key.to_owned() } else { format!("{section}.{}", key.trim_matches('"')) };
        let after = self.text().find('=').expect("it is a setting") + 1;
        let parts: Vec<&str> = section.split('.').collect();
        match parts.as_slice() {
            ["tables", _] => {
                self.replaced("type", after, value, "[1]", &path, "write a text in quotes");
                self.replaced("type", after, value, "{ a = \"b\" }", &path, "write a text in quotes");
            }
            ["targets", _, "person" | "hire"] if value.starts_with('{') => self.long(&path, value),
            ["targets", _, "person" | "hire"] => {
                self.expression(&path, value, after);
                self.replaced("type", after, value, "7", &path, "write an expression in quotes");
                self.replaced("type", after, value, "[\"contact\"]", &path, "write an expression in quotes");
                self.replaced("type", after, value, "{}", &path, "add value = ");
            }
            ["targets", _, "person" | "hire", _] => {
                self.key(&keys(), section, key);
                self.rule(section, key, value, after);
            }
            _ => {
                let is_same = |of: &str| match parts.as_slice() {
                    ["targets", _] if section.starts_with(CEZANNE) => of == CEZANNE,
                    ["targets", _] => of == "targets.*",
                    ["targets", _, level] => of == *level,
                    _ => of == section,
                };
                let (_, keys) = SECTIONS.iter().find(|(of, _)| is_same(of)).expect("the section is known");
                self.key(keys, section, key);
                self.typed(&path, value, after);
                if key == "when" {
                    self.expression(&path, value, after);
                }
                self.valued(key, value, &path, after);
            }
        }
    }

    /// A key that is misspelt.
    fn key(&mut self, known: &[&str], section: &str, key: &str) {
        for wrong in misspelt(key, known) {
            let path = format!("{section}.{wrong}");
            self.replaced("key", 0, key, &wrong, &path, &format!("did you mean {key}?"));
        }
    }

    /// A setting that has to be there and is not: its section is at fault.
    fn removed(&mut self, section: &str, key: &str, header_at: usize) {
        if matches!((section, key), ("lever", "api_key" | "hired_since") | (_, "adapter"))
            || (section, key) == ("webhook", "signature_tokens")
            || matches!(
                (section, key),
                ("notices.mail", "server" | "from") | ("notices.webhook", "url" | "shape")
            )
            || section.starts_with("targets.") && matches!(key, "path" | "subdomain" | "by" | "table")
            || section.starts_with(CEZANNE) && OF_CEZANNE.contains(&key)
        {
            let remedy = format!("add {key} = ");
            self.add("removed", "", &format!("{section}.{key}"), remedy);
            if let Some(mutant) = self.mutants.last_mut() {
                mutant.line = header_at + 1;
            }
        }
    }

    /// A column of a hire under the name of one of the person.
    fn twice(&mut self, section: &str, key: &str, column: &str) {
        self.replaced("twice", 0, key, column, &format!("{section}.{column}"), "keep one of the two");
    }

    /// A value of another type.
    fn typed(&mut self, path: &str, value: &str, after: usize) {
        let wrong = match value.chars().next() {
            Some('"') => "7",
            Some('0'..='9') if value.contains('-') => "7",
            Some('{') => "7",
            Some('t' | 'f') => "\"yes\"",
            Some('[') => "\"x\"",
            _ => "\"many\"",
        };
        self.replaced("type", after, value, wrong, path, "write ");
    }

    /// A value that is no such value.
    fn valued(&mut self, key: &str, value: &str, path: &str, after: usize) {
        for (of, wrong, remedy) in [
            ("adapter", "\"file-exprt\"", "did you mean \"file-export\"?"),
            ("adapter", "\"spreadsheet\"", "there are: "),
            ("format", "\"csw\"", "write one of csv, jsonl"),
            ("layout", "\"rooster\"", "write one of roster, changes"),
            ("timezone", "\"Europe/Lndon\"", "write a time zone"),
            ("hired_since", "\"2026-13-01\"", "write a day"),
            ("hired_since", "\"last spring\"", "write a day"),
            ("poll", "\"*/5 * * * *\"", "write six fields"),
            ("full_sweep", "\"at night\"", "write six fields"),
            ("base_url", "\"http://example.com/v1\"", "write https://"),
            ("requests_per_second", "11", "write a number from 0 to 10"),
            ("requests_per_second", "0", "write a number above 0"),
            ("creates_per_cycle_max", "-1", "write a whole number from 0"),
            ("changes_per_cycle_max", "1.5", "write a whole number"),
            ("deliver_from", "\"start_date - 14\"", "write \"hired\""),
            ("withdrawals", "\"delete\"", "write one of task, withdraw"),
            ("withdrawals", "\"withdraw\"", "write \"task\""),
            ("while_employed", "\"merge\"", "write one of new_employment"),
            ("api_key", "\"lever-api-key\"", "write { credential = "),
            ("api_key", "{ credential = \"a\", file = \"b\" }", "write { credential = "),
            ("listen", "\"127.0.0.1\"", "write an address and a port"),
            ("listen", "\"localhost:8470\"", "write an address and a port"),
            ("signature_tokens", "[]", "write [{ credential"),
            ("max_age_hours", "0", "write a whole number from 1"),
            ("max_age_hours", "337", "write a whole number from 1 to 336"),
            ("perform_as", "\"Ada Example\"", "write the id of a Lever user"),
            ("tag", "\"\"", "write a text of at most 100"),
            ("tag", "\"{record}\"", "write the tag itself"),
            ("link", "\"ftp://example.com/{record}\"", "write one such as"),
            ("link", "\"people/{record}\"", "write one such as"),
            ("link", "\"https://example.com/{recrod}\"", "did you mean {record}?"),
            ("note", "\"as {name}\"", "is the only one"),
            ("note", "\"as {record\"", "did you mean {record}?"),
            ("purpose", "\"\"", "say why"),
            ("service_root", "\"http://acme.example.com/v7\"", "write https://"),
            ("token_url", "\"acme\"", "write "),
            ("client_id", "\"a:b\"", "needs client_auth"),
            ("client_secret", "\"s3cret\"", "write { credential = "),
            ("client_auth", "\"header\"", "write one of basic, form"),
            ("odata_version", "\"5\"", "write one of 2, 3, 4"),
            ("calls_per_second_max", "0", "write a number from"),
            ("new_starter", "\"webhook\"", "write one of task, lever-webhook"),
            ("hire_date", "\"today\"", "write one of processed"),
            ("open_ended", "\"2026-12-31\"", "a nearer day would end"),
            ("open_ended", "\"never\"", "write one of them"),
            ("placeholder", "\"none\"", "write one of fill, hold"),
            ("missing_surname", "\" \"", "write what stands in"),
            ("home_number_source", "\"mobile\"", "write one of work"),
            ("person_code_prefix", "\"L/V\"", "write 1 to 12"),
            ("by", "\"team\"", "write one of location"),
            ("subdomain", "\"a/b\"", "write the Subdomain"),
            ("company_code", "\"O'Neil\"", "write the code"),
            ("path", "\"\"", if path.starts_with("webhook") { "write one such as" } else { "write a path" }),
        ] {
            if of == key && !(key == "path" && path.starts_with("socket")) {
                self.replaced("value", after, value, wrong, path, remedy);
            }
        }
    }

    /// `field = { value = "…", … }`
    fn long(&mut self, path: &str, table: &str) {
        let start = self.text().find('{').expect("it is a table");
        let mut said = Vec::new();
        for (offset, key, value) in entries(table) {
            said.push(key);
            let at = start + offset;
            for wrong in misspelt(key, &keys()) {
                let path = format!("{path}.{wrong}");
                self.replaced("key", at, key, &wrong, &path, &format!("did you mean {key}?"));
            }
            self.rule(path, key, value, at + key.len());
        }
        for (keys, more, of, remedy) in [
            (
                &["only_on_create", "only_if_empty"][..],
                "only_on_create = true, only_if_empty = true",
                ".only_if_empty",
                "keep one",
            ),
            (&["never_clear", "clear"], "never_clear = true, clear = true", ".clear", "keep one"),
            (&["never_clear", "clear"], "never_clear = false, clear = false", ".clear", "keep one"),
            (&["hold", "placeholder"], "hold = true, placeholder = \"x\"", ".placeholder", "keep one"),
            (
                &["placeholder", "one_of", "hold"],
                "one_of = [\"x\"], placeholder = \"y\"",
                ".placeholder",
                "write a value",
            ),
            (
                &["placeholder", "max_length", "hold"],
                "max_length = 3, placeholder = \"long\"",
                ".placeholder",
                "write a value",
            ),
            (&["one_of"], "one_of = []", ".one_of", "write the values"),
            (&["max_length"], "max_length = 0", ".max_length", "write a whole number"),
            (&["purpose"], "purpose = \"\"", ".purpose", "say why"),
            (&["hold"], "hold = \"soon\"", ".hold", "\"3 days before start\""),
        ] {
            if !keys.iter().any(|key| said.contains(key)) {
                let text = self.text();
                let line = text.replace(" }", &format!(", {more} }}"));
                self.add("contradiction", &line, &format!("{path}{of}"), remedy);
            }
        }
    }

    /// A key of the long form: of another type, and what is wrong in its expression.
    fn rule(&mut self, field: &str, key: &str, value: &str, after: usize) {
        let path = format!("{field}.{key}");
        if key == "value" {
            self.typed(&path, value, after);
            self.expression(field, value, after);
            return;
        }
        match key {
            "hold" => {
                self.replaced(
                    "value",
                    after,
                    value,
                    "\"3 days befor start\"",
                    &path,
                    "\"3 days before start\"",
                );
                self.replaced(
                    "value",
                    after,
                    value,
                    "\"3 moons before start\"",
                    &path,
                    "\"3 days before start\"",
                );
                self.replaced("type", after, value, "3", &path, "\"3 days before start\"");
            }
            "placeholder" => self.replaced("type", after, value, "[1]", &path, "write a text in quotes"),
            "one_of" => {
                self.typed(&path, value, after);
                self.replaced(
                    "type",
                    after,
                    value,
                    "[true]",
                    &format!("{path}[0]"),
                    "write a text or a number",
                );
            }
            _ => self.typed(&path, value, after),
        }
    }

    /// Everything in an expression that can be misspelt.
    fn expression(&mut self, path: &str, quoted: &str, after: usize) {
        let expression = quoted.trim_matches('"');
        let begin = after + self.text()[after..].find(expression).expect("it is in this line");
        for (broken, remedy) in [
            (" |", "a helper stands after one bar"),
            (" ~", "write an expression such as"),
            (" | upper(", "write an expression such as"),
        ] {
            let whole = format!("{expression}{broken}");
            self.replaced("syntax", begin, expression, &whole, path, remedy);
        }
        let filters: Vec<&str> = HELPERS.iter().map(|helper| helper.name).collect();
        for (at, word, role) in words(expression) {
            let (kind, known, told): (_, Vec<&str>, _) = match role {
                Role::Filter => ("helper", filters.clone(), format!("did you mean {word}?")),
                Role::Keyword => {
                    ("argument", vec!["miss", "default", "next", "format"], format!("did you mean {word}=?"))
                }
                Role::Table => ("table", Vec::new(), format!("did you mean '{word}'?")),
                Role::Name if CALLED.contains(&word) => {
                    ("function", CALLED.to_vec(), format!("did you mean {word}?"))
                }
                // Any field of an offer may have any name: only the first part can be wrong.
                Role::Name if word.starts_with("offer.") => {
                    for wrong in misspelt("offer", &[]) {
                        self.replaced("name", begin + at, "offer", &wrong, path, "");
                    }
                    continue;
                }
                Role::Name => {
                    ("name", NAMES.iter().map(|name| name.name).collect(), format!("did you mean {word}?"))
                }
            };
            for wrong in misspelt(word, &known) {
                self.replaced(kind, begin + at, word, &wrong, path, &told);
            }
        }
    }
}

fn keys() -> Vec<&'static str> {
    KEYS.iter().map(|&(key, ..)| key).collect()
}

/// A letter left out, one doubled, two swapped; without those that are right again.
fn misspelt(word: &str, known: &[&str]) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let half = letters.len() / 2;
    let middle = if letters[half] == '.' { half + 1 } else { half };
    let mut left_out = letters.clone();
    left_out.remove(middle);
    let mut doubled = letters.clone();
    doubled.insert(middle, letters[middle]);
    let mut wrong = vec![left_out, doubled];
    let pair = (1..letters.len()).rev().find(|&at| letters[at - 1] != letters[at]);
    wrong.extend(pair.map(|at| {
        let mut swapped = letters.clone();
        swapped.swap(at - 1, at);
        swapped
    }));
    let wrong = wrong.into_iter().map(String::from_iter);
    wrong.filter(|wrong: &String| wrong != word && !known.contains(&wrong.as_str())).collect()
}

/// The entries of an inline table: where each begins in it, its key, its value.
fn entries(table: &str) -> Vec<(usize, &str, &str)> {
    let inner = table.trim_start_matches('{').trim_end_matches('}');
    let (mut start, mut in_text, mut depth) = (0, false, 0);
    let mut parts = Vec::new();
    for (at, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '"' => in_text = !in_text,
            '[' if !in_text => depth += 1,
            ']' if !in_text => depth -= 1,
            ',' if !in_text && depth == 0 => {
                parts.push((start, &inner[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.into_iter().filter_map(entry).collect()
}

fn entry((start, part): (usize, &str)) -> Option<(usize, &str, &str)> {
    let (key, value) = part.split_once('=')?;
    let offset = 1 + start + (part.len() - part.trim_start().len());
    Some((offset, key.trim(), value.trim()))
}

/// What a word of an expression is.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Name,
    Filter,
    Keyword,
    /// The name of a table, in quotes.
    Table,
}

/// The words of an expression with where they are and what they are.
fn words(expression: &str) -> Vec<(usize, &str, Role)> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(letter) = expression[at..].chars().next() {
        let rest = &expression[at..];
        let before = expression[..at].trim_end();
        if letter == '\'' {
            let end = rest[1..].find('\'').expect("a text ends") + 2;
            if before.ends_with("lookup(") {
                words.push((at + 1, &rest[1..end - 1], Role::Table));
            }
            at += end;
        } else if letter.is_ascii_alphabetic() {
            let end =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c))).unwrap_or(rest.len());
            let (word, after) = (&rest[..end], rest[end..].trim_start());
            let is_keyword = after.starts_with('=') && !after.starts_with("==");
            match word {
                _ if WORDS.contains(&word) => {}
                _ if before.ends_with('|') => words.push((at, word, Role::Filter)),
                // Which of an answer's is meant: those of a helper are told apart by what they take.
                "field" | "template" | "posting" if is_keyword => {}
                _ if is_keyword => words.push((at, word, Role::Keyword)),
                _ => words.push((at, word, Role::Name)),
            }
            at += end;
        } else {
            at += letter.len_utf8();
        }
    }
    words
}
