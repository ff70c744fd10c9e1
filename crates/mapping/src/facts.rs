//! A person and a hire under the names of [`crate::names`].

use std::collections::BTreeMap;

use minijinja::Value;
use people::{AnswerValue, Colleague, Date, Hire, OpportunityId, Person, PhoneKind, Zone};

use crate::language::ZONE;

/// The facts of a person, shared by all expressions of one application.
pub(crate) type Facts = BTreeMap<&'static str, Value>;

pub(crate) fn of_person(person: &Person, zone: Zone) -> Facts {
    let phones: Vec<(Option<PhoneKind>, String)> =
        person.phones.iter().map(|phone| (phone.kind, phone.number.reveal().clone())).collect();
    let listed: Vec<Value> = phones
        .iter()
        .map(|(kind, number)| {
            let kind =
                kind.and_then(|kind| PhoneKind::ALL.iter().find(|(_, k)| *k == kind)).map(|(name, _)| *name);
            table([("type", Value::from(kind)), ("number", Value::from(number.as_str()))])
        })
        .collect();
    let phone = move |kind: &str| {
        let kind = PhoneKind::named(kind);
        phones.iter().find(|(of, _)| of.is_some() && *of == kind).map(|(_, number)| number.clone())
    };
    // Newest last, so that the newest wins.
    let mut answers: Vec<_> = person.answers.iter().collect();
    answers.sort_by_key(|answer| answer.at);
    let answers: BTreeMap<String, Value> = answers
        .into_iter()
        .filter(|answer| *answer.value.reveal() != AnswerValue::Blank)
        .map(|answer| (answer.question.trim().to_owned(), answer_value(answer.value.reveal())))
        .collect();
    let answer = move |question: &str| answers.get(question.trim()).cloned();
    let texts = |values: &[people::Pii<String>]| -> Value {
        values.iter().map(|value| Value::from(value.reveal().as_str())).collect()
    };
    Facts::from([
        (ZONE, Value::from(zone.name())),
        ("contact", Value::from(person.contact.as_str())),
        ("opportunities", person.opportunities.keys().map(|id| Value::from(id.as_str())).collect()),
        (
            "name",
            table([
                ("full", Value::from(person.name.full())),
                ("first", Value::from(person.name.first())),
                ("middle", Value::from(person.name.middle())),
                ("last", Value::from(person.name.last())),
            ]),
        ),
        ("emails", texts(&person.emails)),
        ("phones", Value::from(listed)),
        ("phone", Value::from_function(phone)),
        ("location", Value::from(person.location.as_ref().map(|place| place.reveal().clone()))),
        ("links", texts(&person.links)),
        ("answer", Value::from_function(answer)),
    ])
}

pub(crate) fn of_hire(opportunity: &OpportunityId, hire: &Hire, decided_on: Option<Date>) -> Facts {
    let posting = hire.posting.clone().unwrap_or_default();
    let requisition = hire.requisition.clone().unwrap_or_default();
    let job_location = hire.location.clone().or_else(|| posting.location.clone());
    Facts::from([
        ("opportunity", Value::from(opportunity.as_str())),
        ("hired_at", Value::from(hire.hired_at.to_rfc3339())),
        ("today", Value::from(decided_on.map(|day| day.to_string()))),
        ("reason", Value::from(hire.reason.as_str())),
        ("origin", Value::from(hire.origin.clone())),
        ("sources", hire.sources.iter().map(|source| Value::from(source.as_str())).collect()),
        ("tags", hire.tags.iter().map(|tag| Value::from(tag.as_str())).collect()),
        ("profile", Value::from(hire.profile.clone())),
        ("job_location", Value::from(job_location)),
        (
            "posting",
            table([
                ("id", Value::from(hire.posting.as_ref().map(|posting| posting.id.as_str()))),
                ("title", Value::from(posting.title)),
                ("team", Value::from(posting.team)),
                ("department", Value::from(posting.department)),
                ("location", Value::from(posting.location)),
                ("commitment", Value::from(posting.commitment)),
                ("level", Value::from(posting.level)),
                ("workplace", Value::from(posting.workplace)),
                ("country", Value::from(posting.country)),
            ]),
        ),
        ("offer", offer(hire)),
        (
            "requisition",
            table([
                ("id", Value::from(hire.requisition.as_ref().map(|requisition| requisition.id.as_str()))),
                ("code", Value::from(requisition.code)),
            ]),
        ),
        ("manager", colleague(hire.manager.as_ref())),
        ("recruiter", colleague(hire.recruiter.as_ref())),
    ])
}

fn offer(hire: &Hire) -> Value {
    let Some(offer) = &hire.offer else { return Value::from(BTreeMap::<String, Value>::new()) };
    let mut fields: BTreeMap<String, Value> =
        offer.fields.iter().map(|(name, value)| (name.clone(), answer_value(value.reveal()))).collect();
    fields.insert("id".to_owned(), Value::from(offer.id.as_str()));
    fields.insert("status".to_owned(), Value::from(offer.status.as_str()));
    fields.insert("start_date".to_owned(), Value::from(offer.start_date.map(|day| day.to_string())));
    Value::from(fields)
}

fn colleague(who: Option<&Colleague>) -> Value {
    table([
        ("name", Value::from(who.and_then(|who| who.name.as_ref()).map(|name| name.reveal().clone()))),
        ("email", Value::from(who.and_then(|who| who.email.as_ref()).map(|email| email.reveal().clone()))),
        ("external_id", Value::from(who.and_then(|who| who.external_directory_id.clone()))),
    ])
}

fn answer_value(value: &AnswerValue) -> Value {
    match value {
        AnswerValue::Blank => Value::from(()),
        AnswerValue::Text(text) => Value::from(text.as_str()),
        AnswerValue::Number(number) => whole(*number).map_or_else(|| Value::from(*number), Value::from),
        AnswerValue::Day(day) => Value::from(day.to_string()),
        AnswerValue::Several(values) => values.iter().map(|value| Value::from(value.as_str())).collect(),
    }
}

/// The whole number that `number` is, if it is one: pay is `64000`, not `64000.0`.
pub(crate) fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "within the range in which f64 is exact")]
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn table<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    Value::from(BTreeMap::from(entries))
}
