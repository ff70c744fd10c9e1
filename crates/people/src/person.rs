use std::collections::BTreeMap;

use crate::{ContactId, Date, FullName, OpportunityId, Pii, Timestamp};

/// The whole truth about one contact, as Lever has it at the moment of reading. Never stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Lever's id of the human being.
    pub contact: ContactId,
    /// The name as Lever keeps it: one free string.
    pub name: FullName,
    /// E-mail addresses in Lever's order, which has no documented meaning. Often none for hired people.
    pub emails: Vec<Pii<String>>,
    /// Telephone numbers as typed.
    pub phones: Vec<Phone>,
    /// Whereabouts of the person, free text. Not the job's location.
    pub location: Option<Pii<String>>,
    /// Links on the profile; a scheme may be missing.
    pub links: Vec<Pii<String>>,
    /// Every hire of this contact that can be read. Empty: nobody to onboard. Two: hired twice.
    pub hires: BTreeMap<OpportunityId, Hire>,
    /// All opportunities visible to us, hired or not, and what each one is: the array that HR keeps.
    pub opportunities: BTreeMap<OpportunityId, Candidacy>,
    /// Answers to custom questions of *every* opportunity, e.g. of an unlisted onboarding form.
    pub answers: Vec<Answer>,
    /// Whether we may keep this person's data, and until when.
    pub protection: DataProtection,
}

impl Person {
    /// A contact about whom nothing else is known.
    pub fn new(contact: ContactId) -> Self {
        Person {
            contact,
            name: FullName::default(),
            emails: Vec::new(),
            phones: Vec::new(),
            location: None,
            links: Vec::new(),
            hires: BTreeMap::new(),
            opportunities: BTreeMap::new(),
            answers: Vec::new(),
            protection: DataProtection::default(),
        }
    }
}

/// What an opportunity was seen to be. "Not seen" is not among the values: absence is never evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidacy {
    /// Archived with a reason of type hired.
    Hired,
    /// In the pipeline.
    Open,
    /// Archived with a reason of another type.
    Closed,
    /// Archived with a reason whose type could not be learnt: neither a hire nor evidence against one.
    Unclear,
    /// Anonymised: its data is gone, its id is not. Says nothing about whether it is a hire.
    Anonymised,
}

impl Candidacy {
    /// The word for it, in answers and lists.
    pub fn word(self) -> &'static str {
        match self {
            Candidacy::Hired => "hired",
            Candidacy::Open => "open",
            Candidacy::Closed => "closed",
            Candidacy::Unclear => "unclear",
            Candidacy::Anonymised => "anonymised",
        }
    }

    /// True when Lever was *seen* to say that this opportunity is not a hire.
    pub fn is_seen_not_hired(self) -> bool {
        matches!(self, Candidacy::Open | Candidacy::Closed)
    }
}

/// A telephone number as typed, with the type the recruiter or the candidate gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// The type; absent when nobody gave one.
    pub kind: Option<PhoneKind>,
    /// The number as typed.
    pub number: Pii<String>,
}

/// The types of telephone number that Lever's clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneKind {
    /// `mobile`
    Mobile,
    /// `home`
    Home,
    /// `work`
    Work,
    /// `skype`: a Skype name rather than a number.
    Skype,
    /// `other`, and every type not listed here.
    Other,
}

impl PhoneKind {
    /// Every kind and the word for it, in Lever and in a mapping: `phone('mobile')`.
    pub const ALL: [(&'static str, PhoneKind); 5] = [
        ("mobile", PhoneKind::Mobile),
        ("home", PhoneKind::Home),
        ("work", PhoneKind::Work),
        ("skype", PhoneKind::Skype),
        ("other", PhoneKind::Other),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        PhoneKind::ALL.iter().find(|(_, kind)| *kind == self).map_or("other", |&(word, _)| word)
    }

    /// The kind of that name, if there is one.
    pub fn named(word: &str) -> Option<PhoneKind> {
        PhoneKind::ALL.iter().find(|(name, _)| *name == word).map(|&(_, kind)| kind)
    }
}

/// One opportunity archived with a reason of type hired.
#[derive(Debug, Clone, PartialEq)]
pub struct Hire {
    /// When it was archived as hired. Archiving it again moves the date.
    pub hired_at: Timestamp,
    /// When its application was archived as hired, where Lever says so. That date stays behind when an opportunity is
    /// archived again through the API, so it is a second witness.
    pub applied_hired_at: Option<Timestamp>,
    /// The archive reason's id.
    pub reason: String,
    /// The job, if the opportunity has an application to a posting that could be read.
    pub posting: Option<Posting>,
    /// The job's location chosen for this candidacy, if Lever says one; else the posting's is meant.
    pub location: Option<String>,
    /// The offer that counts; absent too when the mapping needs none and it was not asked for.
    pub offer: Option<Offer>,
    /// The requisition the hire was made against.
    pub requisition: Option<Requisition>,
    /// Hiring manager at the moment of hire, if known and asked for.
    pub manager: Option<Colleague>,
    /// Owner of the opportunity, if known and asked for.
    pub recruiter: Option<Colleague>,
    /// Lever's origin: `agency`, `applied`, `internal`, `referred`, `sourced`, `university`.
    pub origin: Option<String>,
    /// Sources as recruiters typed them.
    pub sources: Vec<String>,
    /// Tags as recruiters typed them.
    pub tags: Vec<String>,
    /// Answers on the profile forms of this opportunity, if asked for.
    pub forms: Vec<Answer>,
    /// Where a Lever user sees this opportunity.
    pub profile: Option<String>,
    /// What was asked for and not shown to us: what depends on it is unknown, not blank.
    pub withheld: Withheld,
}

/// Objects of a hire that Lever did not show: the key lacks a permission, or the object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Withheld {
    /// Its offers.
    pub offers: bool,
    /// Its posting.
    pub posting: bool,
    /// Its requisition, and with it all that did not come with the hire.
    pub requisition: bool,
    /// The code of its requisition: it did not come with the hire either.
    pub requisition_code: bool,
    /// Its manager or its recruiter.
    pub colleagues: bool,
    /// Its profile forms.
    pub forms: bool,
}

impl Hire {
    /// A hire of which nothing but the moment is known.
    pub fn new(hired_at: Timestamp) -> Self {
        Hire {
            hired_at,
            applied_hired_at: None,
            reason: String::new(),
            posting: None,
            location: None,
            offer: None,
            requisition: None,
            manager: None,
            recruiter: None,
            origin: None,
            sources: Vec::new(),
            tags: Vec::new(),
            forms: Vec::new(),
            profile: None,
            withheld: Withheld::default(),
        }
    }
}

/// The job somebody was hired for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Posting {
    /// The posting's id.
    pub id: String,
    /// The title.
    pub title: Option<String>,
    /// Team, department, location, commitment and level as the account names them.
    pub team: Option<String>,
    /// See [`Posting::team`].
    pub department: Option<String>,
    /// See [`Posting::team`].
    pub location: Option<String>,
    /// See [`Posting::team`].
    pub commitment: Option<String>,
    /// See [`Posting::team`].
    pub level: Option<String>,
    /// `onsite`, `remote`, `hybrid` or `unspecified`.
    pub workplace: Option<String>,
    /// ISO 3166 country code.
    pub country: Option<String>,
    /// Tags of the posting.
    pub tags: Vec<String>,
    /// `published`, `internal` (unlisted), `closed`, …; open-ended.
    pub state: Option<String>,
}

/// The offer that counts: signed first, newest; never a denied one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offer {
    /// The offer's id.
    pub id: String,
    /// `signed`, `sent`, … as Lever says; open-ended.
    pub status: String,
    /// `anticipated_start_date`, as a UTC calendar date.
    pub start_date: Option<Date>,
    /// Every form field by its identifier, `custom_…` included, as JSON scalars.
    pub fields: BTreeMap<String, Pii<AnswerValue>>,
}

impl Offer {
    /// Whether nothing more is to be expected of it: it is signed and says when the person starts.
    pub fn is_settled(&self) -> bool {
        self.status == "signed" && self.start_date.is_some()
    }
}

/// The requisition a hire was made against.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Requisition {
    /// The requisition's id.
    pub id: String,
    /// The code that Finance knows. It comes with the hire; everything below only when asked for.
    pub code: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// Team, department, location and employment status in the account's own words.
    pub team: Option<String>,
    /// See [`Requisition::team`].
    pub department: Option<String>,
    /// See [`Requisition::team`].
    pub location: Option<String>,
    /// See [`Requisition::team`].
    pub employment_status: Option<String>,
    /// The band within which pay was approved.
    pub band: Option<Band>,
    /// The account's own fields by their names, as JSON scalars; of a nested object each key as `field_key`.
    pub custom: BTreeMap<String, Pii<AnswerValue>>,
}

/// A requisition's compensation band.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// `per-year-salary`, `per-month-salary`, …; open-ended.
    pub interval: Option<String>,
}

/// A Lever user in some role towards a hire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub name: Option<Pii<String>>,
    /// The user's e-mail address.
    pub email: Option<Pii<String>>,
    /// The HR system's employee id of that user, where the customer fills it in.
    pub external_directory_id: Option<String>,
}

/// One answered question of a form on one of the contact's opportunities.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The opportunity whose application carries the form.
    pub opportunity: OpportunityId,
    /// The posting of that application.
    pub posting: Option<String>,
    /// The form's template id and the field's id, where present: the stable way to name a question.
    pub template: Option<String>,
    /// See [`Answer::template`].
    pub field: Option<String>,
    /// The question as worded.
    pub question: String,
    /// The answer.
    pub value: Pii<AnswerValue>,
    /// When the form was completed, else when it was made.
    pub at: Option<Timestamp>,
}

/// What somebody answered.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerValue {
    /// Not answered.
    Blank,
    /// Free text, a choice, `yes` or `no`.
    Text(String),
    /// A number, an amount.
    Number(f64),
    /// A day.
    Day(Date),
    /// Several choices.
    Several(Vec<String>),
}

/// Lever's `dataProtection.store`: may we keep this, and until when. No policy: allowed without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataProtection {
    /// False when the person or a policy withdrew it.
    pub allowed: bool,
    /// From then on it counts as withdrawn.
    pub expires_at: Option<Timestamp>,
}

impl Default for DataProtection {
    fn default() -> Self {
        DataProtection { allowed: true, expires_at: None }
    }
}

impl DataProtection {
    /// Whether the data may be kept at `now`. A policy can lapse without any record changing, so ask at the moment of use.
    pub fn permits(&self, now: Timestamp) -> bool {
        self.allowed && self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_permitted_until_it_is_withdrawn_or_lapses() {
        let now = Timestamp::UNIX_EPOCH;
        let later = now + chrono::TimeDelta::days(1);
        assert!(DataProtection::default().permits(now));
        assert!(!DataProtection { allowed: false, expires_at: None }.permits(now));
        assert!(DataProtection { allowed: true, expires_at: Some(later) }.permits(now));
        assert!(!DataProtection { allowed: true, expires_at: Some(later) }.permits(later));
    }
}
