//! What we write into Lever ourselves, and how it is kept out of what we read.

use people::Pii;
use serde_json::{Map, Value};

use crate::wire::Opportunity;

/// The place of a record's id in a link.
const RECORD: &str = "{record}";

/// What we write back, known by how it looks. It is never part of a person or of a sighting: our own echo is no news.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Own {
    /// Tags that we add.
    pub tags: Vec<String>,
    /// Links that we add.
    pub links: Vec<LinkPattern>,
    /// Whether we add notes. They are no part of a person; what the key needs depends on it.
    pub notes: bool,
}

/// What links of ours begin and end with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPattern {
    before: String,
    /// `None`: every link is the same.
    after: Option<String>,
}

impl Own {
    /// Whether anything is written back.
    pub(crate) fn is_on(&self) -> bool {
        self.notes || !self.tags.is_empty() || !self.links.is_empty()
    }

    /// Takes what is ours off a record.
    pub(crate) fn leave(&self, opportunity: &mut Opportunity) {
        opportunity.tags.retain(|tag| !self.has_tag(tag));
        self.leave_links(&mut opportunity.person.links);
    }

    /// Takes our links off a person.
    pub(crate) fn leave_links(&self, links: &mut Vec<Pii<String>>) {
        links.retain(|link| !self.has_link(link.reveal()));
    }

    /// Takes what is ours off the keys of a record.
    pub(crate) fn leave_keys(&self, keys: &mut Map<String, Value>) {
        let mut retain = |key: &str, is_ours: &dyn Fn(&str) -> bool| {
            if let Some(Value::Array(items)) = keys.get_mut(key) {
                items.retain(|item| !item.as_str().is_some_and(is_ours));
            }
        };
        retain("tags", &|tag| self.has_tag(tag));
        retain("links", &|link| self.has_link(link));
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| is_same(own, tag))
    }

    fn has_link(&self, link: &str) -> bool {
        self.links.iter().any(|own| own.fits(link.trim()))
    }
}

/// Lever may cut blanks off.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.trim() == other.trim()
}

impl LinkPattern {
    /// The links that `template` makes, with some id of a record where it says `{record}`.
    pub fn new(template: &str) -> Self {
        let template = template.trim();
        match (template.split_once(RECORD), template.rsplit_once(RECORD)) {
            (Some((before, _)), Some((_, after))) => {
                LinkPattern { before: before.to_owned(), after: Some(after.to_owned()) }
            }
            _ => LinkPattern { before: template.to_owned(), after: None },
        }
    }

    fn fits(&self, link: &str) -> bool {
        match &self.after {
            Some(after) => link.strip_prefix(self.before.as_str()).is_some_and(|rest| rest.ends_with(after)),
            None => link == self.before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_ours_when_what_stands_before_and_after_the_record_fits() {
        for (template, link, is_ours) in [
            ("https://hr.example/p/{record}", "https://hr.example/p/17", true),
            ("https://hr.example/p/{record}", "https://hr.example/q/17", false),
            ("https://hr.example/p/{record}/edit", "https://hr.example/p/17/edit", true),
            ("https://hr.example/p/{record}/edit", "https://hr.example/p/17", false),
            ("https://hr.example/p/{record}/p/", "https://hr.example/p/", false),
            ("https://hr.example/{record}?id={record}#x", "https://hr.example/17?id=17#x", true),
            ("https://hr.example/", "https://hr.example/", true),
            ("https://hr.example/", "https://hr.example/17", false),
        ] {
            assert_eq!(LinkPattern::new(template).fits(link), is_ours, "{template} {link}");
        }
    }
}
