//! The records we read, each with the fields we need and no others.

use std::collections::BTreeMap;

use people::{
    AnswerValue, Colleague, ContactId, DataProtection, OpportunityId, Phone, PhoneKind, Pii, Posting,
    Requisition, Timestamp,
};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    json::{NotUnderstood, object},
    text::{answer, id, is_true, items, line, lines, moment},
};

type Object = Map<String, Value>;

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

/// Whether an opportunity has left the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Archived {
    /// It has not.
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
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) requisition: Option<Requisition>,
    pub(crate) manager_at_hire: Option<String>,
    pub(crate) forms: Vec<Form>,
}

/// A form with answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
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
        Ok(Opportunity {
            id: required("id")?.parse().map_err(|_| NotUnderstood::in_record("id"))?,
            contact: required("contact")?.parse().map_err(|_| NotUnderstood::in_record("contact"))?,
            person: Contact::from_keys(keys),
            archived: archived(keys.get("archived")),
            is_confidential: line(keys.get("confidentiality")).is_some_and(|word| word != "non-confidential"),
            is_anonymised: is_true(keys.get("isAnonymized")),
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
            archived_at: keys.get("archived").and_then(|archived| moment(archived.get("archivedAt"))),
            requisition,
            manager_at_hire: for_hire.and_then(|requisition| id(requisition.get("hiringManagerOnHire"))),
            forms: items(keys.get("customQuestions"))
                .iter()
                .filter_map(Value::as_object)
                .filter(|form| matches!(form.get("deletedAt"), None | Some(Value::Null)))
                .map(Form::from_keys)
                .collect(),
        }
    }
}

impl Form {
    fn from_keys(keys: &Object) -> Self {
        Form {
            template: id(keys.get("baseTemplateId")),
            at: moment(keys.get("completedAt")).or_else(|| moment(keys.get("createdAt"))),
            questions: items(keys.get("fields"))
                .iter()
                .filter_map(Value::as_object)
                .map(|field| Question {
                    field: id(field.get("id")),
                    text: line(field.get("text")).unwrap_or_default(),
                    value: answer(field.get("value"), line(field.get("type")).as_deref() == Some("date")),
                })
                .collect(),
        }
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
        ..Posting::default()
    }
}

/// A requisition, by the id it was asked for with.
pub(crate) fn requisition(asked: &str, keys: &Object) -> Requisition {
    Requisition {
        id: asked.to_owned(),
        code: line(keys.get("requisitionCode")),
        ..Requisition::default()
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

/// Offer fields carry no type. Lever's own date fields are known by name; an account's own ones are taken for dates when
/// they are called so and hold milliseconds.
fn is_date_field(identifier: &str, value: Option<&Value>) -> bool {
    match identifier {
        "anticipated_start_date" | "offer_expiration_date" | "today_date" => true,
        other => {
            other.ends_with("_date") && value.and_then(Value::as_f64).is_some_and(|number| number >= 1e11)
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
