//! The page as text: plain lines that survive being pasted into a document.

use std::fmt::Write as _;

use super::{DataFlow, Fact, OfField, OfTarget};
use crate::print::flat;

const NO_PURPOSE: &str = "(no purpose stated)";

impl DataFlow {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut page = Page::default();
        page.line(
            0,
            "Data flow of hiresync, from its configuration alone: nobody was asked, and no value was read.",
        );
        self.source(&mut page);
        self.targets.iter().for_each(|target| target.write(&mut page));
        self.notices(&mut page);
        self.lever(&mut page);
        page.heading("What hiresync keeps");
        self.kept.iter().for_each(|kept| page.line(1, kept));
        page.line(1, "No values, neither in its ledger nor in its log: they are read from Lever again whenever they are needed.");
        page.line(1, "What is kept at a target's side, values included, is said with the target.");
        page.heading("Purposes");
        match self.without_purpose.as_slice() {
            [] => page.line(1, "Every field has a purpose."),
            lacking => page.line(1, &format!("Without a purpose: {}", lacking.join(", "))),
        }
        page.0
    }

    fn source(&self, page: &mut Page) {
        let source = &self.source;
        page.heading("From where, and whose data");
        page.line(
            1,
            &match self.targets.iter().any(|target| !target.told_to_lever.is_empty()) {
                true => format!("Lever ({}); what is written there is said with each target.", source.host),
                false => format!("Lever ({}), read only: hiresync writes nothing there.", source.host),
            },
        );
        if let Some(path) = &source.webhook {
            page.line(
                1,
                &format!("Lever says by itself that somebody was hired or changed, to {path}: of that only ids are used."),
            );
        }
        page.line(
            1,
            &format!(
                "People with an opportunity archived as hired on or after {}, by days in {}. Nobody else is sent anywhere.",
                source.hired_since, source.timezone
            ),
        );
        page.line(
            1,
            "Each poll lists every opportunity that changed since the last one, candidates who are not hired included: names, \
             addresses and tags come with the record. Whoever is neither hired nor known is dropped at once.",
        );
        page.line(
            1,
            "Of a hired person all opportunities are read with their applications, also those without success.",
        );
        page.line(
            1,
            match source.confidential {
                true => "Confidential candidates: read and sent like the others.",
                false => "Confidential candidates: not read.",
            },
        );
    }

    fn notices(&self, page: &mut Page) {
        let Some(notices) = &self.notices else { return };
        page.heading("Who is told what, without asking");
        if let Some(server) = &notices.server {
            page.line(1, &format!("By mail through {server}"));
        }
        for to in &notices.to {
            page.line(2, &format!("{}: {}", to.to, to.what.join(", ")));
        }
        page.line(
            1,
            match notices.names {
                true => "Mail says what people are called, asked of Lever at that moment; the channel never does. Ids, states, names of \
                         fields and links to Lever's profiles come with it.",
                false => "Ids, states, names of fields and links to Lever's profiles; no names.",
            },
        );
    }

    fn lever(&self, page: &mut Page) {
        page.heading("What is asked of Lever");
        page.line(1, "Always");
        page.line(
            2,
            "opportunities with their contact (name, e-mail addresses, telephone numbers, location, links), tags and sources",
        );
        page.line(
            2,
            "applications: the posting, and the answers to its questions; they come with the opportunity",
        );
        page.line(2, "archive reasons: which of them mean hired");
        page.line(2, "contacts: only of somebody whose opportunities cannot be found");
        if !self.asked.is_empty() {
            page.line(1, "Because of this mapping");
        }
        for asked in &self.asked {
            page.line(2, &format!("{}: for {}", asked.object, asked.because_of.join(", ")));
        }
        if !self.not_asked.is_empty() {
            page.line(
                1,
                &format!("Not asked for, because nothing mapped needs it: {}", self.not_asked.join(", ")),
            );
        }
        page.line(1, &format!("Never asked for: {}", self.never_asked.join(", ")));
        page.line(1, "What comes with a record and is not mapped is dropped at once.");
    }
}

impl OfTarget {
    fn write(&self, page: &mut Page) {
        page.heading(&format!("Target {}", self.target));
        let destination = self.destination.as_deref().unwrap_or("as its adapter says");
        page.line(1, &format!("Goes to:  {destination} ({}: {})", self.adapter, self.about));
        match &self.when {
            None => page.line(1, "Of whom:  every hire in scope"),
            Some(when) => {
                page.line(1, &format!("Of whom:  hires for which {}", when.expression));
                let facts: Vec<String> = when.made_of.iter().map(Fact::words).collect();
                page.line(1, &format!("          decided by {}", facts.join("; ")));
            }
        }
        page.line(1, &format!("Why:      {}", self.purpose.as_deref().unwrap_or(NO_PURPOSE)));
        page.line(1, &format!("Keeps:    {}", self.keeps));
        if !self.searched_by.is_empty() {
            page.line(
                1,
                &format!(
                    "Before anybody is created there, it is searched by {}.",
                    self.searched_by.join(", ")
                ),
            );
        }
        for (nth, told) in self.told_to_lever.iter().enumerate() {
            let label = if nth == 0 { "Lever is told, once a hire is there:" } else { "and:" };
            page.line(1, &format!("{label} the {} {:?}", told.what, told.text));
        }
        if self.fields.is_empty() {
            page.line(1, "Gets:     the ids of contact and opportunity, and nothing else.");
        }
        for (level, title) in [("person", "Of the person"), ("hire", "Of each hire")] {
            let fields: Vec<&OfField> = self.fields.iter().filter(|field| field.level == level).collect();
            if !fields.is_empty() {
                page.0.push('\n');
                page.line(1, title);
                fields.iter().for_each(|field| field.write(page));
            }
        }
    }
}

impl OfField {
    fn write(&self, page: &mut Page) {
        let inherited = if self.inherited { " (the target's default)" } else { "" };
        page.line(2, &format!("{}{inherited}", self.field));
        let data = match (self.data.as_slice(), self.personal) {
            ([], _) => "the same for everybody".to_owned(),
            (data, true) => format!("{} (personal data)", data.join(", ")),
            (data, false) => format!("{} (not personal, as the target says)", data.join(", ")),
        };
        page.line(3, &format!("data:       {data}"));
        let facts: Vec<String> = self.made_of.iter().map(Fact::words).collect();
        if !facts.is_empty() {
            page.line(3, &format!("made of:    {}", facts.join("; ")));
        }
        // A placeholder and nothing else is no expression.
        if !self.is_bare && self.expression != "''" {
            page.line(3, &format!("how:        {}", self.expression));
        }
        page.line(3, &format!("why:        {}", self.purpose.as_deref().unwrap_or(NO_PURPOSE)));
        page.line(3, &format!("written:    {}", self.written));
        page.line(3, &format!("if absent:  {}", self.when_absent));
        if let Some(allowed) = &self.allowed {
            page.line(3, &format!("allowed:    {allowed}"));
        }
    }
}

impl Fact {
    fn words(&self) -> String {
        match self.object {
            Some(object) => format!("{} ({}, from Lever's {object})", self.name, self.data),
            None => format!("{} ({}, hiresync's own)", self.name, self.data),
        }
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn heading(&mut self, title: &str) {
        let _ = writeln!(self.0, "\n{}", flat(title));
    }

    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.0, "{:width$}{}", "", flat(text).trim_end(), width = depth * 2);
    }
}
