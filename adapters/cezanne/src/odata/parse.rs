//! What a service makes of a filter or a key of ours: a reader of its own, which shares nothing with the writer. For tests and
//! for the fuzzer; the daemon never calls it.

use people::Date;

use super::{Comparison, Filter, Literal, Version};

/// Reads the whole text of a filter.
pub(crate) fn filter(text: &str, version: Version) -> Option<Filter> {
    let mut reader = Reader { rest: text, version, depth: 0 };
    let filter = reader.filter()?;
    reader.rest.is_empty().then_some(filter)
}

/// Reads the key after the name of a set: pairs of name and value, without a name if there is only one.
pub(crate) fn key(text: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader { rest: text, version: Version::V3, depth: 0 };
    reader.take("(")?;
    let mut pairs = Vec::new();
    loop {
        let name = reader.name().unwrap_or_default();
        if !name.is_empty() {
            reader.take("=")?;
        }
        pairs.push((name, reader.quoted()?));
        if reader.take(",").is_none() {
            break;
        }
    }
    reader.take(")")?;
    reader.rest.is_empty().then_some(pairs)
}

struct Reader<'a> {
    rest: &'a str,
    version: Version,
    depth: usize,
}

/// A filter of ours is three deep.
const DEPTH_MAX: usize = 32;

impl Reader<'_> {
    fn take(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    /// One comparison or call, or several in brackets.
    fn filter(&mut self) -> Option<Filter> {
        if !self.rest.starts_with('(') {
            return self.simple();
        }
        let first = self.in_brackets()?;
        let word = if self.rest.starts_with(" and ") { " and " } else { " or " };
        let mut all = vec![first];
        while self.take(word).is_some() {
            all.push(self.in_brackets()?);
        }
        Some(if word == " and " { Filter::And(all) } else { Filter::Or(all) })
    }

    fn in_brackets(&mut self) -> Option<Filter> {
        self.take("(")?;
        self.depth += 1;
        let filter = if self.depth <= DEPTH_MAX { self.filter()? } else { return None };
        self.depth -= 1;
        self.take(")")?;
        Some(filter)
    }

    fn simple(&mut self) -> Option<Filter> {
        let name = self.name()?;
        if self.take("(").is_none() {
            let comparison = self.comparison()?;
            return Some(Filter::Compare(name, comparison, self.literal()?));
        }
        let filter = match (name.as_str(), self.version) {
            ("startswith", _) => {
                let (field, text) = self.field_first()?;
                Filter::StartsWith(field, text)
            }
            ("contains", Version::V4) => {
                let (field, text) = self.field_first()?;
                Filter::Contains(field, text)
            }
            ("substringof", Version::V2 | Version::V3) => {
                let text = self.quoted()?;
                self.take(",")?;
                Filter::Contains(self.name()?, text)
            }
            _ => return None,
        };
        self.take(")")?;
        Some(filter)
    }

    fn field_first(&mut self) -> Option<(String, String)> {
        let field = self.name()?;
        self.take(",")?;
        Some((field, self.quoted()?))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let all = [
            (" eq ", Comparison::Eq),
            (" ne ", Comparison::Ne),
            (" gt ", Comparison::Gt),
            (" ge ", Comparison::Ge),
            (" lt ", Comparison::Lt),
            (" le ", Comparison::Le),
        ];
        all.into_iter().find_map(|(word, comparison)| self.take(word).map(|()| comparison))
    }

    fn literal(&mut self) -> Option<Literal> {
        if self.rest.starts_with('\'') {
            return self.quoted().map(Literal::Text);
        }
        if self.version != Version::V4 {
            if self.take("datetimeoffset").is_some() {
                return day(self.quoted()?.strip_suffix("T00:00:00Z")?).map(Literal::Midnight);
            }
            if self.take("datetime").is_some() {
                return day(self.quoted()?.strip_suffix("T00:00:00")?).map(Literal::Day);
            }
        }
        let word = self.word()?;
        match word.as_str() {
            "null" => Some(Literal::Null),
            "true" => Some(Literal::Flag(true)),
            "false" => Some(Literal::Flag(false)),
            word => word.parse().ok().map(Literal::Whole).or_else(|| match word.strip_suffix("T00:00:00Z") {
                Some(text) => day(text).map(Literal::Midnight),
                None => day(word).map(Literal::Day),
            }),
        }
    }

    fn name(&mut self) -> Option<String> {
        self.while_is(|char| char.is_alphanumeric() || char == '_')
    }

    fn word(&mut self) -> Option<String> {
        self.while_is(|char| char.is_ascii_alphanumeric() || "-:".contains(char))
    }

    fn while_is(&mut self, fits: impl Fn(char) -> bool) -> Option<String> {
        let (word, rest) = self.rest.split_at(self.rest.find(|char| !fits(char)).unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// A text in quotes, up to the quote that is no half of a pair.
    fn quoted(&mut self) -> Option<String> {
        self.take("'")?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            if char != '\'' {
                text.push(char);
            } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
                text.push('\'');
            } else {
                self.rest = &self.rest[at + 1..];
                return Some(text);
            }
        }
        None
    }
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}
