//! What becomes of each row of an import: decided from what Lever, the target and the ledger say. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use adapter_sdk::Link;
use people::{ContactId, OpportunityId, Person, RemoteId};

use super::{GivenId, ImportRow, RowResult};

/// What Lever and the target say of a row.
#[derive(Debug)]
pub(super) struct Looked {
    pub row: ImportRow,
    pub who: Who,
    pub record: Record,
}

/// Who is meant by an id.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// Lever knows nobody by it.
    Nobody,
    /// Every opportunity of the contact is anonymised.
    Anonymised(ContactId),
    /// The contact is there and cannot be understood.
    Unreadable(ContactId, String),
    /// This person.
    Person(Arc<Person>),
}

/// What the target says of a record.
#[derive(Debug, Clone)]
pub(super) enum Record {
    /// It cannot be asked, or there is nobody to ask for.
    Unasked,
    /// There is none of that id.
    Missing,
    /// It is there.
    There(There),
}

/// A record that is there.
#[derive(Debug, Clone)]
pub(super) struct There {
    /// Its id as the target writes it, and the hires that are known to stand on it.
    pub link: Link,
    /// Somebody else's id that is kept on it.
    pub anothers: Option<Anothers>,
    /// Other records that are proven to be this person's.
    pub proven: Vec<RemoteId>,
}

/// An id on a record that is not this person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Anothers {
    /// A contact's.
    Contact(ContactId),
    /// An opportunity's, and whose that is.
    Opportunity(OpportunityId, ContactId),
}

/// What the ledger says of the person and the record of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The record that is this contact's, or a contact's that was merged into this one.
    pub own: Option<RemoteId>,
    /// That record is not there any more, and a human is to say what now.
    pub own_is_gone: bool,
    /// Whose the record is, if it is somebody else's.
    pub holder: Option<ContactId>,
    /// Something was sent about the contact, and what came of it is not known.
    pub under_way: bool,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The record is this person's now: these records are linked.
    Link(Link),
    /// It was already, or an earlier row says the same.
    Already,
    NobodyInLever,
    Anonymised,
    Unreadable(String),
    NoRecord,
    ProvenElsewhere(Vec<RemoteId>),
    Rows(BTreeSet<u64>),
    LinkedTo(RemoteId),
    HeldBy(ContactId),
    Anothers(Anothers),
    UnderWay,
}

impl Looked {
    /// The record, as the target writes its id.
    pub(super) fn remote(&self) -> &RemoteId {
        match &self.record {
            Record::There(there) => &there.link.remote,
            Record::Unasked | Record::Missing => &self.row.remote,
        }
    }

    pub(super) fn contact(&self) -> Option<&ContactId> {
        match &self.who {
            Who::Nobody => None,
            Who::Anonymised(contact) | Who::Unreadable(contact, _) => Some(contact),
            Who::Person(person) => Some(&person.contact),
        }
    }
}

/// What becomes of each row. `kept` is asked once for each person and record.
pub(super) fn judge<E>(
    rows: &[Looked],
    mut kept: impl FnMut(&Person, &RemoteId) -> Result<Kept, E>,
) -> Result<Vec<Verdict>, E> {
    let contradictions = Contradictions::of(rows);
    let mut taken = BTreeSet::new();
    let mut verdicts = Vec::with_capacity(rows.len());
    for looked in rows {
        let verdict = match &looked.who {
            Who::Nobody => Verdict::NobodyInLever,
            Who::Anonymised(_) => Verdict::Anonymised,
            Who::Unreadable(_, place) => Verdict::Unreadable(place.clone()),
            Who::Person(person) => {
                let kept = kept(person, looked.remote())?;
                let verdict = judge_one(looked, &kept, contradictions.with(looked, &person.contact));
                let pair = (person.contact.clone(), looked.remote().clone());
                if matches!(verdict, Verdict::Link(_)) && !taken.insert(pair) {
                    Verdict::Already
                } else {
                    verdict
                }
            }
        };
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

/// The first that is so decides: what is linked, what cannot be, what speaks against it.
fn judge_one(looked: &Looked, kept: &Kept, others: BTreeSet<u64>) -> Verdict {
    let own = kept.own.as_ref().filter(|_| !(kept.own_is_gone && looked.row.confirmed));
    if own == Some(looked.remote()) {
        return Verdict::Already;
    }
    if let Some(remote) = own {
        return Verdict::LinkedTo(remote.clone());
    }
    if let Some(contact) = &kept.holder {
        return Verdict::HeldBy(contact.clone());
    }
    if !others.is_empty() {
        return Verdict::Rows(others);
    }
    let there = match &looked.record {
        Record::Missing => return Verdict::NoRecord,
        Record::Unasked => {
            There { link: Link::to(looked.row.remote.clone()), anothers: None, proven: vec![] }
        }
        Record::There(there) => there.clone(),
    };
    match there.anothers {
        Some(anothers) => Verdict::Anothers(anothers),
        None if kept.under_way => Verdict::UnderWay,
        None if !there.proven.is_empty() && !looked.row.confirmed => Verdict::ProvenElsewhere(there.proven),
        None => Verdict::Link(there.link),
    }
}

/// Which rows say of one contact that two records are theirs, or of one record that two contacts are.
struct Contradictions {
    of_contact: BTreeMap<ContactId, BTreeMap<RemoteId, BTreeSet<u64>>>,
    of_remote: BTreeMap<RemoteId, BTreeMap<ContactId, BTreeSet<u64>>>,
}

impl Contradictions {
    fn of(rows: &[Looked]) -> Contradictions {
        let mut all = Contradictions { of_contact: BTreeMap::new(), of_remote: BTreeMap::new() };
        for looked in rows {
            let Some(contact) = looked.contact() else { continue };
            let (remote, line) = (looked.remote().clone(), looked.row.line);
            let of_contact = all.of_contact.entry(contact.clone()).or_default();
            of_contact.entry(remote.clone()).or_default().insert(line);
            let of_remote = all.of_remote.entry(remote).or_default();
            of_remote.entry(contact.clone()).or_default().insert(line);
        }
        all
    }

    /// Lines that contradict this one.
    fn with(&self, looked: &Looked, contact: &ContactId) -> BTreeSet<u64> {
        let records = self.of_contact.get(contact).into_iter().flatten();
        let records = records.filter(|(remote, _)| *remote != looked.remote()).flat_map(|(_, lines)| lines);
        let contacts = self.of_remote.get(looked.remote()).into_iter().flatten();
        let contacts = contacts.filter(|(other, _)| *other != contact).flat_map(|(_, lines)| lines);
        records.chain(contacts).copied().collect()
    }
}

impl Verdict {
    pub(super) fn result(&self) -> RowResult {
        match self {
            Verdict::Link(_) => RowResult::Linked,
            Verdict::Already => RowResult::AlreadyLinked,
            Verdict::NobodyInLever | Verdict::Anonymised | Verdict::Unreadable(_) | Verdict::NoRecord => {
                RowResult::Unknown
            }
            Verdict::ProvenElsewhere(_) => RowResult::Ambiguous,
            Verdict::Rows(_)
            | Verdict::LinkedTo(_)
            | Verdict::HeldBy(_)
            | Verdict::Anothers(_)
            | Verdict::UnderWay => RowResult::Conflicting,
        }
    }

    /// A stable code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Verdict::Link(_) => "linked",
            Verdict::Already => "already_linked",
            Verdict::NobodyInLever => "unknown.lever",
            Verdict::Anonymised => "unknown.anonymised",
            Verdict::Unreadable(_) => "unknown.unreadable",
            Verdict::NoRecord => "unknown.target",
            Verdict::ProvenElsewhere(_) => "ambiguous.another_record",
            Verdict::Rows(_) => "conflicting.rows",
            Verdict::LinkedTo(_) => "conflicting.contact_linked",
            Verdict::HeldBy(_) => "conflicting.record_linked",
            Verdict::Anothers(_) => "conflicting.kept_id",
            Verdict::UnderWay => "conflicting.under_way",
        }
    }

    /// Why, and what to do; nothing where nothing is to be done.
    pub(super) fn why(&self, who: &GivenId, contact: Option<&ContactId>) -> String {
        let contact = contact.map_or("CONTACT", ContactId::as_str);
        match self {
            Verdict::Link(_) | Verdict::Already => String::new(),
            Verdict::NobodyInLever => {
                format!("Lever knows no such {}, or does not show it to this key", who.word())
            }
            Verdict::Anonymised => "this person is anonymised in Lever".to_owned(),
            Verdict::Unreadable(place) => format!("Lever's record cannot be used: {place}"),
            Verdict::NoRecord => "the target has no record of that id, or does not show it to us".to_owned(),
            Verdict::ProvenElsewhere(records) => format!(
                "{} over there has an id of this person's on it; look which one is right, then `hiresync links set {contact} RECORD`",
                list(records)
            ),
            Verdict::Rows(lines) => format!("another line says otherwise: {}; none of them was taken", list(lines)),
            Verdict::LinkedTo(remote) => {
                format!("contact {contact} is linked to {remote}; if that is wrong, `hiresync links remove {contact}` first")
            }
            Verdict::HeldBy(other) => {
                format!("the record is linked to contact {other}; if that is wrong, `hiresync links remove {other}` first")
            }
            Verdict::Anothers(Anothers::Contact(other)) => {
                format!("the id of contact {other} is kept on the record; correct it there first, if the record is contact {contact}'s")
            }
            Verdict::Anothers(Anothers::Opportunity(opportunity, other)) => format!(
                "opportunity {opportunity} of contact {other} is kept on the record; correct it there first, if the record is contact {contact}'s"
            ),
            Verdict::UnderWay => {
                "a change about this person is under way, and what came of it is not known yet; import again when it is".to_owned()
            }
        }
    }
}

impl GivenId {
    /// What it is said to be.
    pub fn word(&self) -> &'static str {
        match self {
            GivenId::Contact(_) => "contact",
            GivenId::Opportunity(_) => "opportunity",
            GivenId::Candidate(_) => "candidate",
        }
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        match self {
            GivenId::Contact(contact) => contact.as_str(),
            GivenId::Opportunity(id) | GivenId::Candidate(id) => id.as_str(),
        }
    }
}

fn list<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `C1 R1` is a row; `C1 R1!` one that was confirmed.
    fn looked(nth: usize, text: &str) -> Looked {
        let (text, confirmed) = text.strip_suffix('!').map_or((text, false), |text| (text, true));
        let (contact, remote) = text.split_once(' ').unwrap();
        let who = GivenId::Contact(contact.parse().unwrap());
        let remote: RemoteId = remote.parse().unwrap();
        let record = Record::There(There { link: Link::to(remote.clone()), anothers: None, proven: vec![] });
        let row = ImportRow { line: nth as u64 + 2, remote, who, confirmed };
        Looked { row, who: Who::Person(Arc::new(Person::new(contact.parse().unwrap()))), record }
    }

    fn codes(rows: &[Looked], kept: impl Fn(&str, &str) -> Kept) -> Vec<&'static str> {
        let kept = |person: &Person, remote: &RemoteId| {
            Ok::<_, std::convert::Infallible>(kept(person.contact.as_str(), remote.as_str()))
        };
        judge(rows, kept).unwrap().iter().map(Verdict::code).collect()
    }

    #[test]
    fn rows_that_contradict_each_other_are_none_of_them_taken_and_rows_that_agree_are_one_link() {
        for (rows, expected) in [
            (&["c1 r1", "c2 r2"][..], &["linked", "linked"][..]),
            (&["c1 r1", "c1 r1"], &["linked", "already_linked"]),
            (&["c1 r1", "c1 r2", "c3 r3"], &["conflicting.rows", "conflicting.rows", "linked"]),
            (&["c1 r1", "c2 r1"], &["conflicting.rows", "conflicting.rows"]),
            (&["c1 r1", "c1 r1", "c2 r1"], &["conflicting.rows"; 3]),
        ] {
            let rows: Vec<Looked> = rows.iter().enumerate().map(|(nth, row)| looked(nth, row)).collect();
            assert_eq!(codes(&rows, |_, _| Kept::default()), expected);
        }
    }

    #[test]
    fn what_the_ledger_knows_otherwise_is_never_changed_by_a_row() {
        let linked = |own: &str| Kept { own: Some(own.parse().unwrap()), ..Kept::default() };
        let held = Kept { holder: Some("c2".parse().unwrap()), ..Kept::default() };
        for (row, kept, expected) in [
            ("c1 r1", linked("r1"), "already_linked"),
            ("c1 r1", linked("r2"), "conflicting.contact_linked"),
            ("c1 r1!", linked("r2"), "conflicting.contact_linked"),
            ("c1 r1", Kept { own_is_gone: true, ..linked("r2") }, "conflicting.contact_linked"),
            ("c1 r1!", Kept { own_is_gone: true, ..linked("r2") }, "linked"),
            ("c1 r1", held.clone(), "conflicting.record_linked"),
            ("c1 r1!", held, "conflicting.record_linked"),
            ("c1 r1", Kept { under_way: true, ..Kept::default() }, "conflicting.under_way"),
        ] {
            assert_eq!(codes(&[looked(0, row)], |_, _| kept.clone()), [expected], "{row} {kept:?}");
        }
    }

    #[test]
    fn a_record_that_is_missing_anothers_or_outweighed_is_not_linked_unless_a_human_said_so_of_the_last() {
        let there = |anothers, proven| There { link: Link::to("r1".parse().unwrap()), anothers, proven };
        let anothers = Some(Anothers::Contact("c2".parse().unwrap()));
        let elsewhere = vec!["r9".parse().unwrap()];
        for (record, unconfirmed, confirmed) in [
            (Record::Missing, "unknown.target", "unknown.target"),
            (Record::Unasked, "linked", "linked"),
            (Record::There(there(anothers, vec![])), "conflicting.kept_id", "conflicting.kept_id"),
            (Record::There(there(None, elsewhere)), "ambiguous.another_record", "linked"),
        ] {
            for (row, expected) in [("c1 r1", unconfirmed), ("c1 r1!", confirmed)] {
                let row = Looked { record: record.clone(), ..looked(0, row) };
                assert_eq!(codes(&[row], |_, _| Kept::default()), [expected], "{record:?}");
            }
        }
    }
}
