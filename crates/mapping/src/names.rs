//! Every name an expression may use. A name that is not here is refused when the configuration is loaded.

use adapter_sdk::Level;

use crate::Needs;

/// One name.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// As written in an expression; `offer.*` stands for every name that begins with `offer.`.
    pub name: &'static str,
    /// `Person`: usable everywhere. `Hire`: only under `[targets.NAME.hire]`.
    pub level: Level,
    /// What it is.
    pub about: &'static str,
    /// What kind of value it gives.
    pub gives: Gives,
    /// What has to be asked of Lever for it.
    pub needs: Needs,
    /// What it tells about whom: the words of the data-flow page.
    pub data: Data,
}

/// What kind of value a name gives, as far as that is certain before anybody is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// Text.
    Text,
    /// A calendar day.
    Day,
    /// A moment: `| date` makes it a day.
    Moment,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
    /// Several values.
    List,
    /// Whatever somebody made of it.
    Anything,
}

impl Gives {
    /// Whether the two may be compared and added up. Days and moments are texts to an expression.
    pub(crate) fn is_alike(self, other: Gives) -> bool {
        let class = |gives| if matches!(gives, Gives::Day | Gives::Moment) { Gives::Text } else { gives };
        self == Gives::Anything || other == Gives::Anything || class(self) == class(other)
    }

    /// With its article, for tables and messages.
    pub fn words(self) -> &'static str {
        match self {
            Gives::Text => "a text",
            Gives::Day => "a day",
            Gives::Moment => "a moment",
            Gives::Number => "a number",
            Gives::Flag => "yes or no",
            Gives::List => "a list",
            Gives::Anything => "depends",
        }
    }
}

/// What a name tells about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Data {
    /// Who somebody is.
    Identity,
    /// How to reach them.
    Contact,
    /// What they answered on a form: whatever was asked.
    Answers,
    /// What they were hired as, when and where.
    Job,
    /// What they are paid.
    Pay,
    /// How they came to be hired.
    Recruiting,
    /// Somebody else: a manager, a recruiter.
    Colleague,
}

impl Data {
    /// For the data-flow page.
    pub fn words(self) -> &'static str {
        match self {
            Data::Identity => "identity",
            Data::Contact => "contact details",
            Data::Answers => "answers on forms",
            Data::Job => "employment",
            Data::Pay => "pay and terms",
            Data::Recruiting => "recruiting",
            Data::Colleague => "a colleague's data",
        }
    }
}

const OFFERS: Needs = Needs { offers: true, ..Needs::NONE };
const POSTINGS: Needs = Needs { postings: true, ..Needs::NONE };
const CODES: Needs = Needs { requisitions: true, ..Needs::NONE };
const DETAILS: Needs = Needs { requisition_details: true, ..Needs::NONE };
const USERS: Needs = Needs { users: true, ..Needs::NONE };
const FORMS: Needs = Needs { forms: true, ..Needs::NONE };

const fn of_person(name: &'static str, gives: Gives, data: Data, about: &'static str) -> Name {
    Name { name, level: Level::Person, about, gives, needs: Needs::NONE, data }
}

const fn of_hire(name: &'static str, gives: Gives, data: Data, needs: Needs, about: &'static str) -> Name {
    Name { name, level: Level::Hire, about, gives, needs, data }
}

use Data::{Answers, Colleague, Contact, Identity, Job, Pay, Recruiting};
use Gives::{Anything, Day, List, Moment, Number, Text};

/// The table of names.
pub const NAMES: &[Name] = &[
    of_person("contact", Text, Identity, "Lever's id of the person"),
    of_person("opportunities", List, Identity, "ids of all opportunities of the person, hired or not"),
    of_person("name.full", Text, Identity, "the name as typed"),
    of_person("name.first", Text, Identity, "the first word of the name"),
    of_person("name.middle", Text, Identity, "the words between the first and the last"),
    of_person("name.last", Text, Identity, "the last word of the name; empty for a name of one word"),
    of_person("name.given", Text, Identity, "everything before the surname, without a suffix"),
    of_person("name.surname", Text, Identity, "the surname with its particles: `van der Berg`"),
    of_person("name.particles", Text, Identity, "the particles of the surname: `van der`"),
    of_person("name.suffix", Text, Identity, "what follows the name: `Jr.`, `III`, `PhD`"),
    of_person("emails", List, Contact, "e-mail addresses"),
    of_person("phones", List, Contact, "telephone numbers: `phones[0].number`, `phones[0].type`"),
    of_person("phone", Text, Contact, "`phone('mobile')`: the first number of that type, as typed"),
    of_person("location", Text, Contact, "whereabouts of the person, free text"),
    of_person("links", List, Contact, "links on the profile"),
    of_person(
        "answer",
        Anything,
        Answers,
        "`answer('Date of birth')`: the newest answer to that question on an application form of any of the person's opportunities; also `answer(field='ID', template='ID')`, each narrowed by `posting='ID'`",
    ),
    of_hire("opportunity", Text, Identity, Needs::NONE, "id of the hired opportunity"),
    of_hire("hired_at", Moment, Job, Needs::NONE, "the moment of hire; `hired_at | date` gives its day"),
    of_hire("today", Day, Job, Needs::NONE, "the day on which this hire was first planned, kept for good"),
    of_hire("reason", Text, Recruiting, Needs::NONE, "id of the archive reason"),
    of_hire(
        "origin",
        Text,
        Recruiting,
        Needs::NONE,
        "agency, applied, internal, referred, sourced or university",
    ),
    of_hire("sources", List, Recruiting, Needs::NONE, "sources"),
    of_hire("tags", List, Recruiting, Needs::NONE, "tags"),
    of_hire("profile", Text, Recruiting, Needs::NONE, "where a Lever user sees this opportunity"),
    of_hire(
        "form",
        Anything,
        Answers,
        FORMS,
        "`form('Cost centre')`: the newest answer to that question on a profile form of the hire; also by `field` and `template`",
    ),
    of_hire("job_location", Text, Job, POSTINGS, "the location chosen for this hire, else the posting's"),
    of_hire("posting.id", Text, Job, POSTINGS, "id of the posting"),
    of_hire("posting.title", Text, Job, POSTINGS, "title of the posting"),
    of_hire("posting.team", Text, Job, POSTINGS, "team"),
    of_hire("posting.department", Text, Job, POSTINGS, "department"),
    of_hire("posting.location", Text, Job, POSTINGS, "location"),
    of_hire("posting.commitment", Text, Job, POSTINGS, "commitment"),
    of_hire("posting.level", Text, Job, POSTINGS, "level"),
    of_hire("posting.workplace", Text, Job, POSTINGS, "onsite, remote, hybrid or unspecified"),
    of_hire("posting.country", Text, Job, POSTINGS, "ISO country code"),
    of_hire("posting.state", Text, Job, POSTINGS, "published, internal (unlisted), closed, …"),
    of_hire("posting.tags", List, Job, POSTINGS, "tags of the posting"),
    of_hire("offer.id", Text, Job, OFFERS, "id of the offer that counts"),
    of_hire("offer.status", Text, Job, OFFERS, "its status, e.g. signed"),
    of_hire("offer.start_date", Day, Job, OFFERS, "anticipated start date"),
    of_hire("offer.job_title", Text, Job, OFFERS, "the job's title"),
    of_hire("offer.team", Text, Job, OFFERS, "the team"),
    of_hire("offer.salary_amount", Number, Pay, OFFERS, "pay, in whole units of the currency"),
    of_hire("offer.compensation_currency", Text, Pay, OFFERS, "its currency, an ISO code"),
    of_hire("offer.salary_interval", Text, Pay, OFFERS, "per-year-salary, per-month-salary, …"),
    of_hire("offer.offered_equity", Anything, Pay, OFFERS, "equity"),
    of_hire("offer.hiring_manager", Text, Colleague, OFFERS, "hiring manager, a Lever user id"),
    of_hire("offer.direct_manager", Text, Colleague, OFFERS, "direct manager, a Lever user id"),
    of_hire(
        "offer.*",
        Anything,
        Pay,
        OFFERS,
        "any other field of the offer form by its identifier: `offer.custom_grade`, `offer['location/office']`",
    ),
    of_hire("requisition.id", Text, Job, CODES, "id of the requisition the hire was made against"),
    of_hire("requisition.code", Text, Job, CODES, "its code"),
    of_hire("requisition.name", Text, Job, DETAILS, "what it is called"),
    of_hire("requisition.team", Text, Job, DETAILS, "its team"),
    of_hire("requisition.department", Text, Job, DETAILS, "its department"),
    of_hire("requisition.location", Text, Job, DETAILS, "its location"),
    of_hire("requisition.employment_status", Text, Job, DETAILS, "employment status, in the account's words"),
    of_hire("requisition.band.min", Number, Pay, DETAILS, "least pay of its band"),
    of_hire("requisition.band.max", Number, Pay, DETAILS, "most pay of its band"),
    of_hire("requisition.band.currency", Text, Pay, DETAILS, "currency of its band"),
    of_hire("requisition.band.interval", Text, Pay, DETAILS, "per-year-salary, …"),
    of_hire(
        "requisition.custom.*",
        Anything,
        Job,
        DETAILS,
        "its own fields by name: `requisition.custom.cost_centre`",
    ),
    of_hire("manager.name", Text, Colleague, USERS, "hiring manager at the moment of hire"),
    of_hire("manager.email", Text, Colleague, USERS, "their e-mail address"),
    of_hire(
        "manager.external_id",
        Text,
        Colleague,
        USERS,
        "their id in the HR system, where Lever's users carry it",
    ),
    of_hire("recruiter.name", Text, Colleague, USERS, "owner of the opportunity"),
    of_hire("recruiter.email", Text, Colleague, USERS, "their e-mail address"),
    of_hire(
        "recruiter.external_id",
        Text,
        Colleague,
        USERS,
        "their id in the HR system, where Lever's users carry it",
    ),
];

/// The names that are called: `answer('…')`.
pub(crate) const CALLED: [&str; 3] = ["phone", "answer", "form"];

/// The entry for a dotted name as an expression uses it: itself, else a wildcard.
pub(crate) fn find(used: &str) -> Option<&'static Name> {
    let exact = NAMES.iter().find(|entry| entry.name == used);
    exact.or_else(|| {
        NAMES.iter().find(|entry| {
            let head = entry.name.strip_suffix('*');
            head.and_then(|head| used.strip_prefix(head)).is_some_and(|rest| !rest.is_empty())
        })
    })
}

/// The name of a field that every account has, of which `used`, a field of some account, is a letter or two away: a slip
/// would be blank for everybody.
pub(crate) fn nearly(used: &str) -> Option<&'static str> {
    let wild = find(used)?.name.strip_suffix('*')?;
    let fixed =
        NAMES.iter().map(|entry| entry.name).filter(|name| name.starts_with(wild) && !name.ends_with('*'));
    let is_near = |name: &&str| {
        let begins = used.len() > wild.len() + 3 && name.starts_with(used);
        begins || name.len() > wild.len() + 3 && strsim::damerau_levenshtein(used, name) <= 2
    };
    fixed.into_iter().find(is_near)
}

/// Whether a fixed text names a fact in braces: `{name.first}`, which would be sent as it stands.
pub(crate) fn is_braced(text: &str) -> bool {
    all().any(|name| text.contains(&format!("{{{}", name.trim_end_matches('*'))))
}

/// Whether `path` stands for several names: `posting`, `requisition.band`.
pub(crate) fn is_table(path: &str) -> bool {
    NAMES.iter().any(|entry| entry.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// Every name, for the nearest one to a wrong one.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|entry| entry.name)
}
