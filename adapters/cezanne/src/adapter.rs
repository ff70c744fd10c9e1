//! The contract, fulfilled over the data service. What each delivery does, step by step, is in `steps`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use adapter_sdk::{
    AdapterInfo, Build, Capabilities, CheckReport, Columns, Delivery, Employment, Error, ErrorKind, Found,
    HrisAdapter, Identity, Level, Link, Receipt, RemoteState, Result,
};
use async_trait::async_trait;
use people::{ContactId, Date, FieldName, Fields, Pii, RemoteId, Value};
use tokio::sync::OnceCell;

use crate::{
    DELIVERY_MAX,
    config::{Data, OpenEnded, Rules},
    contract::{Contract, EMPLOYMENT_ID, Entity},
    errors::Trouble,
    look,
    mapping::{EMAIL, HIRE_DATE, PERSON_CODE, TERMINATION_DATE},
    oauth::Tokens,
    odata::{self, Filter, Key, Literal, Query, Row, Service},
};

/// One tenant of Cezanne HR.
#[derive(Debug)]
pub(crate) struct Cezanne {
    pub(crate) info: AdapterInfo,
    pub(crate) columns: Columns,
    pub(crate) rules: Rules,
    pub(crate) service: Service,
    pub(crate) build: Build,
    contract: Mutex<Option<(Arc<odata::Metadata>, Arc<Contract>)>>,
    /// The end of an employment that has none, learnt from the tenant's own.
    pub(crate) far_end: OnceCell<serde_json::Value>,
}

impl Cezanne {
    pub(crate) fn new(settings: Data, schema: adapter_sdk::FieldSchema, build: Build) -> Self {
        let Data { service, tokens, rules, administrator } = settings;
        let create_employment = rules.create_employment;
        let capabilities = Capabilities {
            find: true,
            read: true,
            update: true,
            rehire: true,
            contact_id: rules.keep.contact.is_some(),
            resumes: true,
            landmarks: true,
            employments: create_employment,
            call_timeout: DELIVERY_MAX,
            ..Capabilities::default()
        };
        let info = AdapterInfo {
            kind: crate::REGISTRATION.kind,
            target: build.target.clone(),
            capabilities,
            schema,
            tasks_for: administrator,
        };
        let tokens = Tokens::new(tokens, build.way.clone(), Arc::clone(&build.clock));
        let service = Service::new(service, tokens, build.way.clone(), Arc::clone(&build.clock));
        let columns = build.columns.clone();
        Cezanne { info, columns, rules, service, build, contract: Mutex::default(), far_end: OnceCell::new() }
    }

    /// What the tenant makes of the settings. Settled once for each `$metadata`.
    pub(crate) async fn contract(&self) -> Result<Arc<Contract>> {
        let metadata = self.service.metadata().await.map_err(read_failed)?;
        if let Some((of, contract)) = &*self.kept_contract()
            && Arc::ptr_eq(of, &metadata)
        {
            return Ok(Arc::clone(contract));
        }
        match Contract::settle(&metadata, &self.rules, &self.columns) {
            Ok(contract) => {
                let contract = Arc::new(contract);
                *self.kept_contract() = Some((metadata, Arc::clone(&contract)));
                Ok(contract)
            }
            Err(breaches) => {
                // The tenant may be mended as well as the mapping.
                self.service.forget_metadata().await;
                Err(breaches.into_error())
            }
        }
    }

    fn kept_contract(&self) -> MutexGuard<'_, Option<(Arc<odata::Metadata>, Arc<Contract>)>> {
        self.contract.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All employments of a person.
    pub(crate) async fn employments(&self, contract: &Contract, code: &str) -> Result<Vec<Row>, Trouble> {
        let query = Query {
            order_by: vec![EMPLOYMENT_ID.to_owned(), PERSON_CODE.to_owned()],
            ..Query::by(Filter::eq(PERSON_CODE, Literal::text(code)))
        };
        let rows = self.service.query(&contract.employments.name, &query).await?;
        // A server may take `LV-1 ` or `lv-1` for the same text.
        Ok(rows.into_iter().filter(|row| text(row, PERSON_CODE).as_deref() == Some(code)).collect())
    }

    /// What a row holds in the fields of `level` that are mapped to `entity`.
    pub(crate) fn fields_of(&self, contract: &Contract, level: Level, entity: Entity, row: &Row) -> Fields {
        let columns = match level {
            Level::Person => &self.columns.person,
            Level::Hire => &self.columns.hire,
        };
        let value = |field: &FieldName| {
            let place = contract.place(level, field).filter(|place| place.entity == entity)?;
            let held = row.fields.get(&place.property).unwrap_or(&serde_json::Value::Null);
            let value = match odata::read(held, place.spec.edm) {
                Value::Text(code) if place.as_gender_code && code == self.rules.gender.code => {
                    Value::Text(self.rules.gender.description.clone())
                }
                Value::Day(day) if place.property == TERMINATION_DATE && self.is_open_end(day) => {
                    Value::Blank
                }
                value => value,
            };
            Some((field.clone(), Pii::new(value)))
        };
        columns.iter().filter_map(value).collect()
    }

    async fn read_link(&self, link: &Link) -> Result<Option<RemoteState>> {
        let contract = self.contract().await?;
        let code = link.remote.as_str();
        let key = Key::single(PERSON_CODE, code);
        let Some(person) = self.service.get(&contract.people.name, &key).await.map_err(read_failed)? else {
            return Ok(None);
        };
        let mut fields = self.fields_of(&contract, Level::Person, Entity::People, &person);
        if self.has_communications(&contract) {
            let row = self.service.get(&contract.communications.name, &key).await.map_err(read_failed)?;
            // No row: its columns are not there yet, rather than empty.
            fields.extend(
                row.map(|row| self.fields_of(&contract, Level::Person, Entity::Communications, &row))
                    .unwrap_or_default(),
            );
        }
        let kept = self.rules.keep.contact.as_ref();
        let contact = kept.and_then(|field| contact_in(&text(&person, field)?));
        // A server may take `lv-1` for `LV-1`: the record's id is as it writes it.
        let remote = text(&person, PERSON_CODE).and_then(|code| code.parse().ok());
        let link = Link { remote: remote.unwrap_or_else(|| link.remote.clone()), hires: link.hires.clone() };
        let mut state = RemoteState { person: fields, contact, ..RemoteState::new(link.clone()) };
        if self.rules.create_employment {
            let rows = self.employments(&contract, code).await.map_err(read_failed)?;
            state.employments = rows.iter().filter_map(|row| self.employment(&contract, row)).collect();
            for (opportunity, id) in &link.hires {
                if let Some(row) =
                    rows.iter().find(|row| text(row, EMPLOYMENT_ID).as_deref() == Some(id.as_str()))
                {
                    let fields = self.fields_of(&contract, Level::Hire, Entity::Employments, row);
                    state.hires.insert(opportunity.clone(), fields);
                }
            }
        }
        Ok(Some(state))
    }

    /// An employment, whoever made it.
    fn employment(&self, contract: &Contract, row: &Row) -> Option<Employment> {
        let day = |property: &str| {
            let edm = contract.employments.property(property)?.edm;
            match odata::read(row.fields.get(property)?, edm) {
                Value::Day(day) => Some(day),
                _ => None,
            }
        };
        let kept = self.rules.keep.opportunity.as_ref();
        Some(Employment {
            id: text(row, EMPLOYMENT_ID)?.parse().ok()?,
            opportunity: kept.and_then(|field| text(row, field)?.trim().parse().ok()),
            from: day(HIRE_DATE),
            until: day(TERMINATION_DATE).filter(|day| !self.is_open_end(*day)),
        })
    }

    fn has_communications(&self, contract: &Contract) -> bool {
        self.columns.person.iter().any(|field| {
            contract.place(Level::Person, field).is_some_and(|place| place.entity == Entity::Communications)
        })
    }

    /// How the end of an employment is written that has none; `None`: not at all. Learnt before anything is written.
    pub(crate) async fn open_end(&self, contract: &Contract) -> Result<Option<serde_json::Value>> {
        let policy = self.rules.open_ended;
        if contract.end_may_be_left_out(policy) {
            return Ok(None);
        }
        match policy {
            OpenEnded::Omit => Ok(None),
            OpenEnded::Null => Ok(Some(serde_json::Value::Null)),
            OpenEnded::On(day) => {
                let edm = contract.employments.property(TERMINATION_DATE).map(|spec| spec.edm);
                Ok(edm.and_then(|edm| odata::write(&Value::Day(day), edm, contract.version)))
            }
            OpenEnded::Learn => self
                .far_end
                .get_or_try_init(|| look::far_end(&self.service, contract))
                .await
                .cloned()
                .map(Some),
        }
    }

    /// Whether that day stands for an employment without an end.
    fn is_open_end(&self, day: Date) -> bool {
        look::is_far(day) || self.rules.open_ended == OpenEnded::On(day)
    }
}

#[async_trait]
impl HrisAdapter for Cezanne {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    async fn check(&self) -> Result<CheckReport> {
        self.check_tenant().await
    }

    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        let contract = self.contract().await?;
        self.look_for(&contract, who).await
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        self.read_link(link).await
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        Err(Error::new(
            ErrorKind::Unsupported,
            "listing people: whose a record is only shows when somebody is looked for",
        )
        .with("after", after.is_some()))
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let mut answers = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            answers.push(Box::pin(self.deliver_one(delivery)).await);
        }
        answers
    }
}

/// What went wrong with a read.
pub(crate) fn read_failed(trouble: Trouble) -> adapter_sdk::Error {
    trouble.into_error(false)
}

/// A text of a row; `None` when it is empty or not there.
pub(crate) fn text(row: &Row, property: &str) -> Option<String> {
    row.fields.get(property)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Who is looked for by address: what is in the field, in any case.
pub(crate) fn email_of(row: &Row) -> Option<String> {
    text(row, EMAIL).map(|email| email.trim().to_lowercase())
}

/// A contact id as it is kept.
pub(crate) fn contact_in(text: &str) -> Option<ContactId> {
    let id = text.trim();
    let id = id.strip_prefix("Lever contact ").map_or(id, |rest| rest.split(',').next().unwrap_or(rest));
    id.trim().parse().ok()
}
