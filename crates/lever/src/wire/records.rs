//! The records we read, each with the fields we need and no others.

use std::collections::BTreeMap;

use people::{
    AnswerValue, Band, Colleague, ContactId, DataProtection, OpportunityId, Phone, PhoneKind, Pii, Posting,
    Requisition, Secret, Timestamp,
};
use planted::Bug;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::hooks::Hook;

use super::{
    json::{NotUnderstood, object, one},
    text::{answer, id, is_nothing, is_true, items, line, lines, moment, number, text},
};

type Object = Map<String, Value>;

/// From here on a number in a field called a date is taken for milliseconds since the epoch. It is in 1973.
const DATE_MS_MIN: f64 = 1e11;

/// A record of a list that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Whose it is, if that much could be read.
    pub(crate) contact: Option<ContactId>,
    /// Which record and which field.
    pub(crate) place: String,
}

/// One candidacy.
#[derive(Debug, Clone)]
pub(crate) struct Opportunity {
    pub(crate) id: OpportunityId,
    pub(crate) contact: ContactId,
    pub(crate) person: Contact,
    pub(crate) archived: Archived,
    pub(crate) is_confidential: bool,
    pub(crate) is_anonymised: bool,
    pub(crate) applications: Vec<Application>,
    /// Applications of which only the id came: we asked for the whole ones.
    pub(crate) applications_unexpanded: bool,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) protection: DataProtection,
    pub(crate) owner: Option<String>,
    pub(crate) job_location: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) profile: Option<String>,
}

/// What an opportunity or a contact says about the human being.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contact {
    pub(crate) name: String,
    pub(crate) emails: Vec<Pii<String>>,
    pub(crate) phones: Vec<Phone>,
    pub(crate) location: Option<Pii<String>>,
    pub(crate) links: Vec<Pii<String>>,
}

/// Whether an opportunity, or an application, has left the pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Archived {
    /// It has not.
    #[default]
    No,
    /// It has, for this reason.
    For { reason: String, at: Option<Timestamp> },
    /// It says something else: neither in the pipeline nor out of it for a reason we can look up.
    Unclear,
}

/// What ties an opportunity to a posting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Application {
    pub(crate) posting: Option<String>,
    pub(crate) hiring_manager: Option<String>,
    pub(crate) archived: Archived,
    pub(crate) requisition: Option<Requisition>,
    pub(crate) manager_at_hire: Option<String>,
    pub(crate) forms: Vec<Form>,
}

/// A form with answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    /// Old forms have none.
    pub(crate) id: Option<String>,
    pub(crate) is_deleted: bool,
    pub(crate) template: Option<String>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) questions: Vec<Question>,
}

/// One question of a form.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) field: Option<String>,
    pub(crate) text: String,
    pub(crate) value: AnswerValue,
}

/// An offer.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) posting: Option<String>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) fields: BTreeMap<String, AnswerValue>,
}

/// An archive reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) id: String,
    /// What it says itself; `None` when it says nothing.
    pub(crate) is_hired: Option<bool>,
}

impl Opportunity {
    /// One record of a list, and the keys it was made of.
    pub(crate) fn from_list(at: usize, raw: &RawValue) -> Result<(Self, Object), Unread> {
        let unread = |why: NotUnderstood| {
            let (id, contact) = salvaged(raw);
            let record = id.map_or_else(|| format!("data[{at}]"), |id| format!("opportunity {id}"));
            Unread { contact, place: format!("{record}: {}", why.place) }
        };
        let keys = object(raw.get()).map_err(unread)?;
        let opportunity = Opportunity::from_keys(&keys).map_err(unread)?;
        Ok((opportunity, keys))
    }

    pub(crate) fn from_keys(keys: &Object) -> Result<Self, NotUnderstood> {
        let required = |key: &str| id(keys.get(key)).ok_or_else(|| NotUnderstood::in_record(key));
        let applications = items(keys.get("applications"));
        let whose = if planted::bug(Bug::KeyedByOpportunity) { "id" } else { "contact" };
        Ok(Opportunity {
            id: required("id")?.parse().map_err(|_| NotUnderstood::in_record("id"))?,
            contact: required(whose)?.parse().map_err(|_| NotUnderstood::in_record("contact"))?,
            person: Contact::from_keys(keys),
            archived: archived(keys.get("archived")),
            is_confidential: line(keys.get("confidentiality")).is_some_and(|word| word != "non-confidential"),
            is_anonymised: is_true(keys.get("isAnonymized")) && !planted::bug(Bug::AnonymisedIsRead),
            applications: applications
                .iter()
                .filter_map(Value::as_object)
                .map(Application::from_keys)
                .collect(),
            applications_unexpanded: applications.iter().any(Value::is_string),
            created_at: moment(keys.get("createdAt")),
            updated_at: moment(keys.get("updatedAt")),
            protection: protection(keys.get("dataProtection")),
            owner: id(keys.get("owner")),
            job_location: line(keys.get("opportunityLocation")).filter(|place| place != "unspecified"),
            origin: line(keys.get("origin")),
            sources: lines(keys.get("sources")),
            tags: lines(keys.get("tags")),
            profile: keys.get("urls").and_then(|urls| line(urls.get("show"))),
        })
    }
}

impl Contact {
    pub(crate) fn from_keys(keys: &Object) -> Self {
        let location = match keys.get("location") {
            Some(Value::Object(location)) => line(location.get("name")),
            location => line(location),
        };
        let emails = lines(keys.get("emails"));
        Contact {
            name: line(keys.get("name")).unwrap_or_default(),
            emails: emails.iter().map(|email| Pii::new(email.trim().to_owned())).collect(),
            phones: items(keys.get("phones")).iter().filter_map(phone).collect(),
            location: location.map(Pii::new),
            links: lines(keys.get("links")).into_iter().map(Pii::new).collect(),
        }
    }
}

impl Application {
    fn from_keys(keys: &Object) -> Self {
        let for_hire = keys.get("requisitionForHire");
        let requisition = id(for_hire).map(|id| Requisition {
            id,
            code: for_hire.and_then(|requisition| line(requisition.get("requisitionCode"))),
            ..Requisition::default()
        });
        Application {
            posting: id(keys.get("posting")),
            hiring_manager: id(keys.get("postingHiringManager")),
            archived: archived(keys.get("archived")),
            requisition,
            manager_at_hire: for_hire.and_then(|requisition| id(requisition.get("hiringManagerOnHire"))),
            forms: items(keys.get("customQuestions"))
                .iter()
                .filter_map(Value::as_object)
                .map(Form::from_keys)
                .filter(|form| !form.is_deleted)
                .collect(),
        }
    }
}

impl Form {
    /// One record of a list. A form that cannot be read is not left out: what it answers would look like a blank.
    pub(crate) fn from_list(at: usize, raw: &RawValue) -> Result<Self, NotUnderstood> {
        let wrong = |what: &str| NotUnderstood::in_record(format!("forms[{at}]: {what}"));
        let keys = object(raw.get()).map_err(|why| wrong(&why.place))?;
        let form = Form::from_keys(&keys);
        match keys.get("fields") {
            None | Some(Value::Null | Value::Array(_)) => Ok(form),
            Some(_) if form.is_deleted => Ok(form),
            Some(_) => Err(wrong("fields, which are no list")),
        }
    }

    fn from_keys(keys: &Object) -> Self {
        Form {
            id: id(keys.get("id")),
            is_deleted: !is_nothing(keys.get("deletedAt")),
            template: id(keys.get("baseTemplateId")),
            at: moment(keys.get("completedAt")).or_else(|| moment(keys.get("createdAt"))),
            questions: items(keys.get("fields"))
                .iter()
                .filter_map(Value::as_object)
                .map(Question::from_keys)
                .collect(),
        }
    }
}

impl Question {
    fn from_keys(keys: &Object) -> Self {
        let value = keys.get("value");
        let value = match line(keys.get("type")).as_deref() {
            // Files are not read, and what they are called may say as much as what stands in them.
            Some("file-upload") => AnswerValue::Blank,
            Some("currency") => number(value).map_or_else(|| answer(value, false), AnswerValue::Number),
            kind => answer(value, kind == Some("date")),
        };
        Question { field: id(keys.get("id")), text: line(keys.get("text")).unwrap_or_default(), value }
    }
}

impl Offer {
    /// One record of a list. An offer that cannot be read is not left out: it may be the one that counts.
    pub(crate) fn from_list(at: usize, raw: &RawValue) -> Result<Self, NotUnderstood> {
        let wrong = |what: &str| NotUnderstood::in_record(format!("offers[{at}]: {what}"));
        let keys = object(raw.get()).map_err(|why| wrong(&why.place))?;
        let mut fields = BTreeMap::new();
        for field in items(keys.get("fields")).iter().filter_map(Value::as_object) {
            let Some(identifier) = line(field.get("identifier")) else { continue };
            let value = answer(field.get("value"), is_date_field(&identifier, field.get("value")));
            let blank = fields.get(&identifier).is_none_or(|known| *known == AnswerValue::Blank);
            if blank {
                fields.insert(identifier, value);
            }
        }
        Ok(Offer {
            id: id(keys.get("id")).ok_or_else(|| wrong("id"))?,
            status: line(keys.get("status")).unwrap_or_default(),
            posting: id(keys.get("posting")),
            created_at: moment(keys.get("createdAt")),
            fields,
        })
    }
}

impl Reason {
    pub(crate) fn from_list(at: usize, raw: &RawValue) -> Result<Self, NotUnderstood> {
        let keys = object(raw.get())?;
        let id = id(keys.get("id")).ok_or_else(|| NotUnderstood::at(format!("reasons[{at}]: id")))?;
        let is_hired = line(keys.get("type")).and_then(|word| match word.as_str() {
            "hired" => Some(true),
            "non-hired" => Some(false),
            _ => None,
        });
        Ok(Reason { id, is_hired })
    }
}

/// The id of an opportunity of which nothing else may be there (Lever's documentation, "List deleted opportunities").
pub(crate) fn record_id(raw: &RawValue) -> Option<OpportunityId> {
    salvaged(raw).0
}

/// What a note says. It is a form of one field whose value is the text (Lever's documentation, "Notes").
pub(crate) fn note_texts(raw: &RawValue) -> Vec<String> {
    let Ok(keys) = object(raw.get()) else { return Vec::new() };
    let of_fields = items(keys.get("fields")).iter().filter_map(|field| text(field.get("value")));
    of_fields.chain(text(keys.get("value"))).chain(text(keys.get("text"))).collect()
}

/// A webhook of the list.
pub(crate) fn hook(at: usize, raw: &RawValue) -> Result<Hook, NotUnderstood> {
    let keys = object(raw.get())?;
    let required = |key: &str| {
        id(keys.get(key)).ok_or_else(|| NotUnderstood::in_record(format!("webhooks[{at}]: {key}")))
    };
    Ok(Hook { id: required("id")?, url: required("url")?, event: required("event")? })
}

/// The id of a webhook made just now, and its token. The documentation prints `data` within `data`, and the answers seen have
/// one of them.
pub(crate) fn new_hook(answer: &str) -> Option<(String, Option<Secret>)> {
    let keys = one(answer).ok()?;
    let keys = match keys.get("data") {
        Some(Value::Object(inner)) => inner,
        _ => &keys,
    };
    let token = keys.get("configuration").and_then(|configuration| id(configuration.get("signatureToken")));
    // One that is not printable was cut or is none.
    let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
    Some((id(keys.get("id"))?, token.map(Secret::new)))
}

/// A posting, by the id it was asked for with.
pub(crate) fn posting(asked: &str, keys: &Object) -> Posting {
    let category = |key: &str| keys.get("categories").and_then(|categories| line(categories.get(key)));
    Posting {
        id: asked.to_owned(),
        title: line(keys.get("text")),
        team: category("team"),
        department: category("department"),
        location: category("location"),
        commitment: category("commitment"),
        level: category("level"),
        workplace: line(keys.get("workplaceType")),
        country: line(keys.get("country")),
        tags: lines(keys.get("tags")),
        state: line(keys.get("state")),
    }
}

/// A requisition, by the id it was asked for with: its code and nothing else.
pub(crate) fn requisition(asked: &str, keys: &Object) -> Requisition {
    Requisition { id: asked.to_owned(), code: line(keys.get("requisitionCode")), ..Requisition::default() }
}

/// The same with everything that a mapping may name.
pub(crate) fn requisition_details(asked: &str, keys: &Object) -> Requisition {
    Requisition {
        name: line(keys.get("name")),
        team: line(keys.get("team")),
        department: line(keys.get("department")),
        location: line(keys.get("location")),
        employment_status: line(keys.get("employmentStatus")),
        band: keys.get("compensationBand").and_then(band),
        custom: custom_fields(keys.get("customFields")),
        ..requisition(asked, keys)
    }
}

/// A Lever user, by the id it was asked for with.
pub(crate) fn user(asked: &str, keys: &Object) -> Colleague {
    Colleague {
        id: asked.to_owned(),
        name: line(keys.get("name")).map(Pii::new),
        email: line(keys.get("email")).map(|email| Pii::new(email.trim().to_owned())),
        external_directory_id: line(keys.get("externalDirectoryId")),
    }
}

fn archived(value: Option<&Value>) -> Archived {
    match value {
        None | Some(Value::Null) => Archived::No,
        Some(Value::Object(archived)) => match id(archived.get("reason")) {
            Some(reason) => Archived::For { reason, at: moment(archived.get("archivedAt")) },
            None => Archived::Unclear,
        },
        Some(_) => Archived::Unclear,
    }
}

fn phone(value: &Value) -> Option<Phone> {
    let (kind, number) = match value {
        Value::Object(phone) => (line(phone.get("type")), line(phone.get("value"))),
        number => (None, line(Some(number))),
    };
    Some(Phone {
        kind: kind.map(|word| PhoneKind::named(word.trim()).unwrap_or(PhoneKind::Other)),
        number: Pii::new(number?),
    })
}

/// What cannot be read where somebody may have said no counts as no.
fn protection(value: Option<&Value>) -> DataProtection {
    let Some(Value::Object(store)) = value.and_then(|protection| protection.get("store")) else {
        return DataProtection::default();
    };
    let allowed = matches!(store.get("allowed"), None | Some(Value::Null)) || is_true(store.get("allowed"));
    let expires_at = moment(store.get("expiresAt"));
    let is_endless = matches!(store.get("expiresAt"), None | Some(Value::Null));
    DataProtection { allowed: allowed && (is_endless || expires_at.is_some()), expires_at }
}

fn band(value: &Value) -> Option<Band> {
    let band = Band {
        min: number(value.get("min")),
        max: number(value.get("max")),
        currency: line(value.get("currency")),
        interval: line(value.get("interval")),
    };
    (band != Band::default()).then_some(band)
}

/// The account's own fields of a requisition by their names, and of a nested object each key as `field_key`. A field that is
/// called like that outright goes first.
fn custom_fields(value: Option<&Value>) -> BTreeMap<String, Pii<AnswerValue>> {
    let mut fields = BTreeMap::new();
    let Some(Value::Object(custom)) = value else { return fields };
    let mut add = |name: &str, value: &Value| {
        let name = Value::String(name.to_owned());
        let Some(name) = line(Some(&name)).map(|name| name.trim().to_owned()) else { return };
        let value = answer(Some(value), is_custom_date(&name, value));
        let is_blank =
            fields.get(&name).is_none_or(|known: &Pii<AnswerValue>| *known.reveal() == AnswerValue::Blank);
        if is_blank {
            fields.insert(name, Pii::new(value));
        }
    };
    for (name, value) in custom.iter().filter(|(_, value)| !value.is_object()) {
        add(name, value);
    }
    for (name, nested) in custom.iter().filter_map(|(name, value)| Some((name, value.as_object()?))) {
        for (key, value) in nested {
            add(&format!("{name}_{key}"), value);
        }
    }
    fields
}

/// Custom fields carry no type either, and their names are anybody's: `target_start_date`, `Start date`, `startDate`.
fn is_custom_date(name: &str, value: &Value) -> bool {
    name.to_lowercase().ends_with("date") && number(Some(value)).is_some_and(|number| number >= DATE_MS_MIN)
}

/// Offer fields carry no type. Lever's own date fields are known by name; an account's own ones are taken for dates when
/// they are called so and hold milliseconds.
fn is_date_field(identifier: &str, value: Option<&Value>) -> bool {
    match identifier {
        "anticipated_start_date" | "offer_expiration_date" | "today_date" => true,
        other => {
            other.ends_with("_date")
                && value.and_then(Value::as_f64).is_some_and(|number| number >= DATE_MS_MIN)
        }
    }
}

/// Id and contact of a record that cannot be read as a whole, without looking at anything else in it.
fn salvaged(raw: &RawValue) -> (Option<OpportunityId>, Option<ContactId>) {
    #[derive(Deserialize)]
    struct Ids {
        id: Option<Value>,
        contact: Option<Value>,
    }
    let Ok(ids) = serde_json::from_str::<Ids>(raw.get()) else { return (None, None) };
    let parsed = |value: &Option<Value>| id(value.as_ref());
    (parsed(&ids.id).and_then(|id| id.parse().ok()), parsed(&ids.contact).and_then(|id| id.parse().ok()))
}
