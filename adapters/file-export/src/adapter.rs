//! The contract, fulfilled.

use std::collections::BTreeMap;

use adapter_sdk::{
    AdapterInfo, Build, Capabilities, CheckReport, Columns, Delivery, Effect, Evidence, FieldSchema, Found,
    HrisAdapter, Identity, Link, Receipt, RemoteState, Result, TaskKind, TaskRequest,
};
use async_trait::async_trait;
use people::{ContactId, FieldName, Fields, Pii, RemoteHireId, RemoteId};

use crate::{
    config::{Layout, Settings},
    folder::Steps,
    roster::{Roster, Row, Shape},
    store::{Store, View},
};

/// A file takes any field the configuration names.
pub(crate) fn schema() -> FieldSchema {
    FieldSchema { open: true, ..FieldSchema::default() }
}

/// One export folder. The record of a person is the contact id; the record of a hire is the opportunity id.
///
/// The disk is local and every call short, so the files are written by plain blocking calls: a delivery either happens in
/// one go or not at all, and a simulation runs the same way each time.
#[derive(Debug)]
pub(crate) struct FileExport {
    info: AdapterInfo,
    columns: Columns,
    store: Store,
}

impl FileExport {
    pub(crate) fn new(settings: Settings, build: Build) -> Self {
        FileExport::with_steps(settings, build, Steps::default())
    }

    pub(crate) fn with_steps(settings: Settings, build: Build, steps: Steps) -> Self {
        let capabilities = Capabilities {
            find: true,
            read: true,
            list: true,
            update: true,
            rehire: true,
            // A roster has no way to say "taken back": the row stays. A file of changes says `withdraw`.
            withdraw: settings.layout == Layout::Changes,
            contact_id: true,
            dedupes_by_key: true,
            moves_hires: true,
            batch_max: 500,
            in_flight_max: 1,
            ..Capabilities::default()
        };
        let info = AdapterInfo {
            tasks_for: None,
            kind: crate::REGISTRATION.kind,
            target: build.target.clone(),
            capabilities,
            schema: schema(),
        };
        let shape = Shape { format: settings.format, columns: build.columns.clone() };
        let store = Store::new(settings, shape, build.target, build.clock, steps);
        let store = if build.way.is_whole() { store } else { store.asking_only() };
        FileExport { info, columns: build.columns, store }
    }

    fn found<'r>(
        &self,
        remote: &ContactId,
        rows: impl Iterator<Item = &'r Row>,
        evidence: Evidence,
    ) -> Found {
        Found { link: link(remote, rows), contact: Some(remote.clone()), evidence }
    }

    /// The person's columns, as far as the rows of a person are of one mind. They differ where a hire is not delivered any
    /// more, or where profiles were merged, and then no row can speak for the others: not even the one of the highest
    /// generation, for a lost ledger counts anew. What is left out here is written again, to the rows that are delivered.
    /// A row that HR edited speaks all the same, lest an edit be overwritten.
    fn person(&self, view: &View, rows: &[&Row]) -> Fields {
        let edited = rows.iter().filter(|row| row.edited).max_by_key(|row| row.generation);
        let mut person = match edited.or(rows.first()) {
            Some(row) => self.fields(view, row, &self.columns.person),
            None => Fields::new(),
        };
        if edited.is_none() {
            person.retain(|name, said| {
                rows.iter().all(|row| view.value(row, name.as_str()).as_ref() == Some(said.reveal()))
            });
        }
        person
    }

    fn fields(&self, view: &View, row: &Row, columns: &[FieldName]) -> Fields {
        let field = |name: &FieldName| Some((name.clone(), Pii::new(view.value(row, name.as_str())?)));
        columns.iter().filter_map(field).collect()
    }
}

#[async_trait]
impl HrisAdapter for FileExport {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    async fn check(&self) -> Result<CheckReport> {
        self.store.check()
    }

    /// A row stands for itself, so whatever belongs to this contact or to one of its opportunities is one record, even
    /// where two profiles were merged: the next delivery moves every row to the surviving contact.
    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        let view = self.store.finished_view()?;
        let claimed = |row: &&Row| view.claimed(row);
        let own: Vec<&Row> = view.roster.of(&who.contact).filter(claimed).collect();
        let others = who.opportunities.iter().filter_map(|opportunity| view.roster.row(opportunity));
        let others: Vec<&Row> = others.filter(claimed).filter(|row| row.contact != who.contact).collect();
        let (remote, evidence) = match (own.first(), others.first()) {
            (Some(_), _) => (&who.contact, Evidence::ContactId),
            (None, Some(row)) => (&row.contact, Evidence::OpportunityId),
            (None, None) => return Ok(Vec::new()),
        };
        Ok(vec![self.found(remote, own.into_iter().chain(others), evidence)])
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        let view = self.store.view()?;
        // Only a record that was delivered is read: an empty folder is then a lost one, not somebody who is not there.
        self.store.refuse_lost(&view)?;
        let Ok(contact) = link.remote.as_str().parse::<ContactId>() else { return Ok(None) };
        let rows: Vec<&Row> = view.roster.of(&contact).filter(|row| view.claimed(row)).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        Ok(Some(RemoteState {
            contact: Some(contact.clone()),
            person: self.person(&view, &rows),
            hires: rows
                .iter()
                .map(|row| (row.opportunity.clone(), self.fields(&view, row, &self.columns.hire)))
                .collect(),
            untouched: rows.iter().all(|row| !row.edited),
            ..RemoteState::new(self::link(&contact, rows.iter().copied()))
        }))
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        const PAGE: usize = 1_000;
        let view = self.store.view()?;
        let page = view
            .roster
            .contacts()
            .filter(|contact| after.as_ref().is_none_or(|after| contact.as_str() > after.as_str()))
            .filter(|contact| view.roster.of(contact).any(|row| view.claimed(row)))
            .take(PAGE)
            .map(|contact| {
                let rows = view.roster.of(contact).filter(|row| view.claimed(row));
                self.found(contact, rows, Evidence::ContactId)
            });
        Ok(page.collect())
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        let batch = match self.store.deliver(deliveries) {
            Ok(batch) => batch,
            Err(error) => return deliveries.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut put_back = batch.put_back.map(|file| put_back_task(&file));
        let receipts = deliveries
            .iter()
            .zip(batch.effects)
            .map(|(delivery, effect)| Ok(receipt(&batch.roster, delivery, effect, put_back.take())));
        receipts.collect()
    }
}

fn receipt(roster: &Roster, delivery: &Delivery, effect: Effect, task: Option<TaskRequest>) -> Receipt {
    Receipt {
        filled: delivery.wanted.filled.clone(),
        tasks: task.into_iter().collect(),
        ..Receipt::new(link(&delivery.contact, roster.of(&delivery.contact)), effect)
    }
}

fn put_back_task(file: &str) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::Review,
        cause: format!("{file} was gone"),
        text: format!("{file} had disappeared and was put back with every row. Find out who removed it."),
        fields: Vec::new(),
    }
}

fn link<'r>(contact: &ContactId, rows: impl Iterator<Item = &'r Row>) -> Link {
    const SAME_RULES: &str = "every kind of id is printable and short by the same rule";
    let hire = |row: &Row| {
        let remote: RemoteHireId = row.opportunity.as_str().parse().expect(SAME_RULES);
        (row.opportunity.clone(), remote)
    };
    let hires: BTreeMap<_, _> = rows.map(hire).collect();
    Link { remote: contact.as_str().parse().expect(SAME_RULES), hires }
}
