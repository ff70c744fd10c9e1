//! A person and a hire under the names of [`crate::names`]. Only what an expression of the mapping uses is made.

use std::{collections::BTreeMap, fmt, sync::Arc};

use minijinja::{
    Error, ErrorKind, Value,
    value::{Enumerator, Kwargs, Object, ObjectRepr},
};
use people::{Answer, AnswerValue, Band, Colleague, Date, Hire, OpportunityId, Person, PhoneKind, Pii, Zone};

use crate::language::{self, ZONE};

/// Longest text an expression is given, and longest list with all its texts, in bytes. What is longer makes the expressions
/// that use it fail, whatever they do with it: nobody's department has 8 KiB.
const TEXT_MAX: usize = 8 << 10;
const LIST_MAX: usize = 1_000;
const LIST_TEXT_MAX: usize = 64 << 10;

/// Facts by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts(BTreeMap<&'static str, Value>);

/// What one expression sees: the person, and for a field of a hire that hire.
#[derive(Debug)]
struct Seen {
    person: Arc<Facts>,
    hire: Facts,
}

impl Object for Seen {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.hire.0.get(key).or_else(|| self.person.0.get(key)).cloned()
    }
}

/// Several values. Put into a text they are what a cell shows of them, not what a programmer sees.
#[derive(Debug)]
struct Several(Vec<Value>);

impl Object for Several {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(Value::to_string).collect::<Vec<_>>().join(";"))
    }
}

/// What an expression about the person sees.
pub(crate) fn about_person(person: &Arc<Facts>) -> Value {
    about_hire(person, Facts::default())
}

/// What an expression about a hire sees.
pub(crate) fn about_hire(person: &Arc<Facts>, hire: Facts) -> Value {
    Value::from_object(Seen { person: Arc::clone(person), hire })
}

/// The facts of a person under the `heads` that are used.
pub(crate) fn of_person(person: &Person, heads: &[&'static str], zone: Zone, tables: &Value) -> Facts {
    let fact = |head: &'static str| -> (&'static str, Value) {
        let value = match head {
            "contact" => Value::from(person.contact.as_str()),
            "opportunities" => list(person.opportunities.keys().map(|id| Value::from(id.as_str()))),
            "name" => name(person),
            "emails" => list(person.emails.iter().map(|email| text(email.reveal()))),
            "phones" => list(person.phones.iter().map(|phone| {
                let kind = phone.kind.map(PhoneKind::word);
                table([("type", or_blank(kind)), ("number", text(phone.number.reveal()))])
            })),
            "phone" => phone(person),
            "location" => optional(person.location.as_ref().map(Pii::reveal)),
            "links" => list(person.links.iter().map(|link| text(link.reveal()))),
            "answer" => asked(&person.answers),
            other => unreachable_name(other),
        };
        (head, value)
    };
    let mut facts: BTreeMap<_, _> = heads.iter().map(|head| fact(head)).collect();
    facts.insert(ZONE, Value::from(zone.name()));
    facts.insert(language::TABLES, tables.clone());
    Facts(facts)
}

/// The facts of a hire under the `heads` that are used. `today` is the day on which it was first planned.
pub(crate) fn of_hire(
    opportunity: &OpportunityId,
    hire: &Hire,
    heads: &[&'static str],
    today: Option<Date>,
) -> Facts {
    let fact = |head: &'static str| -> (&'static str, Value) {
        let posting = hire.posting.as_ref();
        let value = match head {
            "opportunity" => Value::from(opportunity.as_str()),
            "hired_at" => Value::from(hire.hired_at.to_rfc3339()),
            "today" => or_blank(today.map(|day| day.to_string())),
            "reason" => text(&hire.reason),
            "origin" => optional(hire.origin.as_ref()),
            "sources" => list(hire.sources.iter().map(|source| text(source))),
            "tags" => list(hire.tags.iter().map(|tag| text(tag))),
            "profile" => optional(hire.profile.as_ref()),
            "form" => asked(&hire.forms),
            "job_location" => optional(
                hire.location.as_ref().or_else(|| posting.and_then(|posting| posting.location.as_ref())),
            ),
            "posting" => posting.map_or_else(empty, |posting| {
                table([
                    ("id", text(&posting.id)),
                    ("title", optional(posting.title.as_ref())),
                    ("team", optional(posting.team.as_ref())),
                    ("department", optional(posting.department.as_ref())),
                    ("location", optional(posting.location.as_ref())),
                    ("commitment", optional(posting.commitment.as_ref())),
                    ("level", optional(posting.level.as_ref())),
                    ("workplace", optional(posting.workplace.as_ref())),
                    ("country", optional(posting.country.as_ref())),
                    ("state", optional(posting.state.as_ref())),
                    ("tags", list(posting.tags.iter().map(|tag| text(tag)))),
                ])
            }),
            "offer" => offer(hire),
            "requisition" => hire.requisition.as_ref().map_or_else(empty, |requisition| {
                table([
                    ("id", text(&requisition.id)),
                    ("code", optional(requisition.code.as_ref())),
                    ("name", optional(requisition.name.as_ref())),
                    ("team", optional(requisition.team.as_ref())),
                    ("department", optional(requisition.department.as_ref())),
                    ("location", optional(requisition.location.as_ref())),
                    ("employment_status", optional(requisition.employment_status.as_ref())),
                    ("band", requisition.band.as_ref().map_or_else(empty, band)),
                    ("custom", Value::from(fields(&requisition.custom))),
                ])
            }),
            "manager" => colleague(hire.manager.as_ref()),
            "recruiter" => colleague(hire.recruiter.as_ref()),
            other => unreachable_name(other),
        };
        (head, value)
    };
    Facts(heads.iter().map(|head| fact(head)).collect())
}

/// Which answer is meant: by the question's text, or by the ids of template and field, which outlive a rewording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub question: Option<String>,
    pub template: Option<String>,
    pub field: Option<String>,
    pub posting: Option<String>,
}

impl Query {
    /// The newest answer that is meant and says something. Case and white space of a question do not matter.
    pub(crate) fn newest<'a>(&self, answers: &'a [Answer]) -> Option<&'a Answer> {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let question = self.question.as_deref().map(plain);
        let meant = answers.iter().filter(|answer| {
            *answer.value.reveal() != AnswerValue::Blank
                && same(&self.template, answer.template.as_deref())
                && same(&self.field, answer.field.as_deref())
                && same(&self.posting, answer.posting.as_deref())
                && question.as_ref().is_none_or(|question| plain(&answer.question) == *question)
        });
        // Where two are of one moment, the order of ids decides: any rule will do, as long as it is always the same.
        meant.max_by(|one, other| (one.at, &one.opportunity).cmp(&(other.at, &other.opportunity)))
    }
}

fn plain(question: &str) -> String {
    question.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn asked(answers: &[Answer]) -> Value {
    let answers = answers.to_vec();
    let newest = move |question: Option<String>, kwargs: Kwargs| -> Result<Value, Error> {
        let word = |name: &str| kwargs.get::<Option<String>>(name);
        let query =
            Query { question, template: word("template")?, field: word("field")?, posting: word("posting")? };
        kwargs.assert_all_used()?;
        Ok(query.newest(&answers).map_or(Value::UNDEFINED, |answer| answer_value(answer.value.reveal())))
    };
    Value::from_function(newest)
}

fn phone(person: &Person) -> Value {
    let phones = person.phones.clone();
    Value::from_function(move |kind: &str| {
        let kind = PhoneKind::named(kind);
        let first = phones.iter().find(|phone| phone.kind.is_some() && phone.kind == kind);
        optional(first.map(|phone| phone.number.reveal()))
    })
}

fn name(person: &Person) -> Value {
    let name = &person.name;
    if name.full().len() > TEXT_MAX {
        return language::too_long();
    }
    table([
        ("full", Value::from(name.full())),
        ("first", Value::from(name.first())),
        ("middle", Value::from(name.middle())),
        ("last", Value::from(name.last())),
        ("given", Value::from(name.given())),
        ("surname", Value::from(name.surname())),
        ("particles", Value::from(name.particles())),
        ("suffix", Value::from(name.suffix())),
    ])
}

fn offer(hire: &Hire) -> Value {
    let Some(offer) = &hire.offer else { return empty() };
    let mut fields = fields(&offer.fields);
    fields.insert("id".to_owned(), text(&offer.id));
    fields.insert("status".to_owned(), text(&offer.status));
    fields.insert("start_date".to_owned(), or_blank(offer.start_date.map(|day| day.to_string())));
    Value::from(fields)
}

fn band(band: &Band) -> Value {
    table([
        ("min", or_blank(band.min.map(number))),
        ("max", or_blank(band.max.map(number))),
        ("currency", optional(band.currency.as_ref())),
        ("interval", optional(band.interval.as_ref())),
    ])
}

fn colleague(who: Option<&Colleague>) -> Value {
    who.map_or_else(empty, |who| {
        table([
            ("name", optional(who.name.as_ref().map(Pii::reveal))),
            ("email", optional(who.email.as_ref().map(Pii::reveal))),
            ("external_id", optional(who.external_directory_id.as_ref())),
        ])
    })
}

fn fields(fields: &BTreeMap<String, Pii<AnswerValue>>) -> BTreeMap<String, Value> {
    fields.iter().map(|(name, value)| (name.clone(), answer_value(value.reveal()))).collect()
}

fn answer_value(value: &AnswerValue) -> Value {
    match value {
        AnswerValue::Blank => Value::UNDEFINED,
        AnswerValue::Text(said) => text(said),
        AnswerValue::Number(said) => number(*said),
        AnswerValue::Day(day) => Value::from(day.to_string()),
        AnswerValue::Several(values) => list(values.iter().map(|value| text(value))),
    }
}

fn number(number: f64) -> Value {
    whole(number).map_or_else(|| Value::from(number), Value::from)
}

/// The whole number that `number` is, if it is one: pay is `64000`, not `64000.0`.
pub(crate) fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "within the range in which f64 is exact")]
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn text(text: &str) -> Value {
    if text.len() > TEXT_MAX { language::too_long() } else { Value::from(text) }
}

fn optional(found: Option<&String>) -> Value {
    or_blank(found.map(|found| text(found)))
}

/// What is not there is undefined: `~` would write the word `None` for nothing.
fn or_blank<T: Into<Value>>(found: Option<T>) -> Value {
    found.map_or(Value::UNDEFINED, Into::into)
}

fn list(values: impl ExactSizeIterator<Item = Value>) -> Value {
    if values.len() > LIST_MAX {
        return language::too_long();
    }
    let values: Vec<Value> = values.collect();
    let bytes: usize = values.iter().filter_map(Value::as_str).map(str::len).sum();
    if bytes > LIST_TEXT_MAX { language::too_long() } else { Value::from_object(Several(values)) }
}

fn table<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    Value::from(BTreeMap::from(entries))
}

fn empty() -> Value {
    Value::from(BTreeMap::<String, Value>::new())
}

/// A name that the table has and this page has not: the expression fails, and a test fails before that.
fn unreachable_name(_head: &str) -> Value {
    Value::from(Error::new(ErrorKind::UndefinedError, "this name has no fact"))
}
