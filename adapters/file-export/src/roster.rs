//! Everybody's rows in memory: what a delivery changes, and which row of an edited file is whose. Pure.
//!
//! A row is one hire, keyed by its opportunity. The rule for a row that HR changed by hand: from then on only the cells
//! whose value moved in Lever ([`Delivery::changed`]) are written; every other cell is HR's. A row nobody touched is written
//! whole.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Columns, Delivery, Effect, Intent};
use people::{ContactId, FieldKey, Fields, OpportunityId, Value};
use planted::Bug;

use crate::{
    config::Format,
    mapping::{self, Cell},
    wire::{IndexRow, row_digest},
};

/// How rows look: the format and the columns.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// See [`Format`].
    pub(crate) format: Format,
    /// The columns, the person's first.
    pub(crate) columns: Columns,
}

impl Shape {
    /// The header.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.columns.person.iter().chain(&self.columns.hire);
        names.map(|name| name.as_str().to_owned()).collect()
    }
}

/// One hire's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Whose row it is.
    pub(crate) contact: ContactId,
    /// Which hire it is.
    pub(crate) opportunity: OpportunityId,
    /// The generation of the delivery that last changed it.
    pub(crate) generation: u64,
    /// HR changed a cell of it.
    pub(crate) edited: bool,
    /// The cells, one for each column.
    pub(crate) cells: Vec<Cell>,
}

impl Row {
    /// What is remembered of it.
    pub(crate) fn index(&self) -> IndexRow {
        IndexRow {
            contact: self.contact.clone(),
            opportunity: self.opportunity.clone(),
            digest: row_digest(&self.cells),
            generation: self.generation,
            edited: self.edited,
        }
    }

    fn new(index: &IndexRow, cells: Vec<Cell>) -> Row {
        Row {
            contact: index.contact.clone(),
            opportunity: index.opportunity.clone(),
            generation: index.generation,
            edited: index.edited,
            cells,
        }
    }
}

/// All rows, in the order of the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roster {
    rows: Vec<Row>,
    places: BTreeMap<OpportunityId, usize>,
    hires: BTreeMap<ContactId, BTreeSet<OpportunityId>>,
}

/// What a delivery changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// What it did, all in all.
    pub(crate) effect: Effect,
    /// The rows it changed, as they are now.
    pub(crate) changes: Vec<Change>,
}

/// One changed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What was done to it.
    pub(crate) operation: Operation,
    /// By which decision.
    pub(crate) generation: u64,
    /// Its cells.
    pub(crate) cells: Vec<Cell>,
}

/// What was done to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// It is new.
    Add,
    /// It was there.
    Update,
    /// It is gone.
    Withdraw,
}

impl Operation {
    /// The word in the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Operation::Add => "add",
            Operation::Update => "update",
            Operation::Withdraw => "withdraw",
        }
    }
}

impl Roster {
    pub(crate) fn new(rows: Vec<Row>) -> Roster {
        let mut roster = Roster { rows, ..Roster::default() };
        roster.count_anew();
        roster
    }

    /// The rows that the index says are these cells'.
    pub(crate) fn unchanged(index: &[IndexRow], cells: Vec<Vec<Cell>>) -> Option<Roster> {
        let rows = index.iter().zip(cells).map(|(index, cells)| Row::new(index, cells)).collect::<Vec<_>>();
        (rows.len() == index.len()).then(|| Roster::new(rows))
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Everybody, in order of their ids.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &ContactId> {
        self.hires.keys()
    }

    /// The rows of one contact, in order of their opportunities.
    pub(crate) fn of(&self, contact: &ContactId) -> impl Iterator<Item = &Row> {
        self.hires.get(contact).into_iter().flatten().filter_map(|opportunity| self.row(opportunity))
    }

    /// One hire's row.
    pub(crate) fn row(&self, opportunity: &OpportunityId) -> Option<&Row> {
        self.places.get(opportunity).map(|&place| &self.rows[place])
    }

    /// The same rows under other columns or in another format: what is in both stays, what is new is empty until the
    /// person's next delivery.
    pub(crate) fn reshaped(self, columns: &[String], format: Format, shape: &Shape) -> Roster {
        let names = shape.names();
        if columns == names && format == shape.format {
            return self;
        }
        let from: Vec<Option<usize>> =
            names.iter().map(|name| columns.iter().position(|column| column == name)).collect();
        let blank = mapping::cell(shape.format, &Value::Blank);
        let reshape = |row: Row| {
            let cell = |place: &Option<usize>| match place {
                None => blank.clone(),
                Some(place) if format == shape.format => row.cells[*place].clone(),
                Some(place) => mapping::cell(shape.format, &mapping::value(format, &row.cells[*place])),
            };
            Row { cells: from.iter().map(cell).collect(), ..row }
        };
        Roster::new(self.rows.into_iter().map(reshape).collect())
    }

    /// Makes the rows of `delivery` what they should be. Rows of the contact that are not wanted any more stay as they are,
    /// unless the delivery takes them back.
    pub(crate) fn deliver(&mut self, shape: &Shape, delivery: &Delivery) -> Delivered {
        let wanted = &delivery.wanted.hires;
        let known = self.hires.contains_key(&delivery.contact)
            || wanted.keys().any(|hire| self.places.contains_key(hire));
        let mut changes = Vec::new();
        for (opportunity, fields) in wanted {
            changes.extend(self.put(shape, delivery, opportunity, fields));
        }
        if delivery.intent == Intent::Withdraw || planted::bug(Bug::UnhireDeletes) {
            changes.extend(self.withdraw(delivery));
        }
        let effect = match () {
            () if changes.is_empty() => Effect::Unchanged,
            () if changes.iter().any(|change| change.operation == Operation::Withdraw) => Effect::Withdrawn,
            () if known => Effect::Updated,
            () => Effect::Created,
        };
        Delivered { effect, changes }
    }

    fn put(
        &mut self,
        shape: &Shape,
        delivery: &Delivery,
        hire: &OpportunityId,
        fields: &Fields,
    ) -> Option<Change> {
        let place = self.places.get(hire).copied().or_else(|| self.taken_over(delivery, hire));
        let held = place.map(|place| &self.rows[place]);
        let mut row = Row {
            contact: delivery.contact.clone(),
            opportunity: hire.clone(),
            generation: delivery.generation.0,
            edited: false,
            cells: self.wanted_cells(shape, delivery, fields, held),
        };
        if let Some(held) = held.filter(|held| held.edited) {
            let mut moved = moved_columns(shape, delivery, hire);
            if held.contact != delivery.contact {
                // A merge: the row gets its new owner, but which of the hire's cells moved in Lever nobody can know.
                let persons = shape.columns.person.len();
                for (place, moved) in moved.iter_mut().enumerate() {
                    *moved =
                        place < persons && (*moved || names_the_person(&held.cells[place], &held.contact));
                }
            }
            let is_kept = moved.iter().any(|moved| !moved);
            let kept = row.cells.iter().zip(&held.cells).zip(moved);
            let cells: Vec<Cell> =
                kept.map(|((wanted, held), moved)| if moved { wanted } else { held }.clone()).collect();
            // For good: `wanted` shows HR's values too, the engine laid them over.
            row.edited = is_kept;
            row.cells = cells;
        }
        if held.is_some_and(|held| held.cells == row.cells && held.contact == row.contact) {
            return None;
        }
        let operation = if held.is_some() { Operation::Update } else { Operation::Add };
        let change = Change { operation, generation: row.generation, cells: row.cells.clone() };
        match place {
            Some(place) => {
                let old = std::mem::replace(&mut self.rows[place], row);
                self.forget(&old.contact, &old.opportunity);
                if old.opportunity != *hire {
                    self.places.remove(&old.opportunity);
                    self.places.insert(hire.clone(), place);
                }
            }
            None => {
                self.places.insert(hire.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
        self.hires.entry(delivery.contact.clone()).or_default().insert(hire.clone());
        Some(change)
    }

    /// The row of an earlier hire whose place this one takes: it is linked to that one's, which is not delivered any more.
    fn taken_over(&self, delivery: &Delivery, hire: &OpportunityId) -> Option<usize> {
        let linked = delivery.link.as_ref()?.hires.get(hire)?;
        let earlier: OpportunityId = linked.as_str().parse().ok()?;
        let place = *self.places.get(&earlier).filter(|_| !delivery.wanted.hires.contains_key(&earlier))?;
        (self.rows[place].contact == delivery.contact).then_some(place)
    }

    /// The cells that `delivery` wants. A field that it does not speak of is not ours to write: it stays as it is. In a row
    /// that is new, a person's field is then what their other rows say.
    fn wanted_cells(
        &self,
        shape: &Shape,
        delivery: &Delivery,
        hire: &Fields,
        held: Option<&Row>,
    ) -> Vec<Cell> {
        let blank = || mapping::cell(shape.format, &Value::Blank);
        let person = shape.columns.person.iter().enumerate().map(|(place, name)| {
            match (delivery.wanted.person.get(name), held) {
                (Some(value), _) => mapping::cell(shape.format, value.reveal()),
                (None, Some(row)) => row.cells[place].clone(),
                (None, None) => self.said(&delivery.contact, place).cloned().unwrap_or_else(blank),
            }
        });
        let first = shape.columns.person.len();
        let hire = shape.columns.hire.iter().enumerate().map(|(place, name)| match (hire.get(name), held) {
            (Some(value), _) => mapping::cell(shape.format, value.reveal()),
            (None, Some(row)) => row.cells[first + place].clone(),
            (None, None) => blank(),
        });
        person.chain(hire).collect()
    }

    /// What a person's rows say in a column, as far as they are of one mind. A row that HR edited speaks for the others.
    fn said(&self, contact: &ContactId, place: usize) -> Option<&Cell> {
        let edited = self.of(contact).filter(|row| row.edited).max_by_key(|row| row.generation);
        let cell = &edited.or_else(|| self.of(contact).next())?.cells[place];
        (edited.is_some() || self.of(contact).all(|row| row.cells[place] == *cell)).then_some(cell)
    }

    /// Takes the rows of the contact's hires that are taken back out.
    fn withdraw(&mut self, delivery: &Delivery) -> Vec<Change> {
        let is_gone = |hire: &OpportunityId| {
            delivery.withdrawn.contains(hire)
                || planted::bug(Bug::UnhireDeletes) && !delivery.wanted.hires.contains_key(hire)
        };
        let gone = |row: &Row| row.contact == delivery.contact && is_gone(&row.opportunity);
        let (out, rows): (Vec<Row>, Vec<Row>) = std::mem::take(&mut self.rows).into_iter().partition(gone);
        self.rows = rows;
        self.count_anew();
        let generation = delivery.generation.0;
        out.into_iter()
            .map(|row| Change { operation: Operation::Withdraw, generation, cells: row.cells })
            .collect()
    }

    fn forget(&mut self, contact: &ContactId, hire: &OpportunityId) {
        if let Some(hires) = self.hires.get_mut(contact) {
            hires.remove(hire);
            if hires.is_empty() {
                self.hires.remove(contact);
            }
        }
    }

    fn count_anew(&mut self) {
        self.places =
            self.rows.iter().enumerate().map(|(place, row)| (row.opportunity.clone(), place)).collect();
        self.hires = BTreeMap::new();
        for row in &self.rows {
            self.hires.entry(row.contact.clone()).or_default().insert(row.opportunity.clone());
        }
    }
}

fn names_the_person(cell: &Cell, contact: &ContactId) -> bool {
    cell.reveal().contains(contact.as_str())
}

/// For each column, whether its value moved in Lever. An add says nothing about that: it does not know what is there.
fn moved_columns(shape: &Shape, delivery: &Delivery, opportunity: &OpportunityId) -> Vec<bool> {
    let moved = |key: FieldKey| delivery.intent != Intent::Add && delivery.changed.contains(&key);
    let person = shape.columns.person.iter().map(|field| moved(FieldKey::Person { field: field.clone() }));
    let hire = shape
        .columns
        .hire
        .iter()
        .map(|field| moved(FieldKey::Hire { opportunity: opportunity.clone(), field: field.clone() }));
    person.chain(hire).collect()
}

/// The rows of a file that somebody edited by hand do not fit the rows that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unmatched;

/// Which row of an edited file is whose. `last` are the cells as we wrote them.
///
/// A row that is as it was is known by its digest, wherever it stands now. Of the others, one is taken for the row that
/// stood in the same line, or for the only one that is left over, if at least half of its cells are as they were. Rows that
/// were added or taken out are not guessed at.
pub(crate) fn recognise(
    index: &[IndexRow],
    last: &[Vec<Cell>],
    file: Vec<Vec<Cell>>,
) -> Result<Roster, Unmatched> {
    if file.len() != index.len() || last.len() != index.len() {
        return Err(Unmatched);
    }
    let mut places: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (place, row) in index.iter().enumerate() {
        places.entry(&row.digest).or_default().insert(place);
    }
    let mut owners: Vec<Option<usize>> = Vec::with_capacity(file.len());
    for (line, cells) in file.iter().enumerate() {
        let same = places.get_mut(row_digest(cells).as_str());
        // Of rows that look alike, the one in the same line first: then an unmoved file keeps its owners.
        owners.push(same.and_then(|same| same.take(&line).or_else(|| same.pop_last())));
    }
    let left: Vec<usize> = places.into_values().flatten().collect();
    for (line, owner) in owners.iter_mut().enumerate().filter(|(_, owner)| owner.is_none()) {
        let place = if let [only] = left[..] { only } else { line };
        let alike = |place: usize| same_cells(&last[place], &file[line]);
        let rivals = left.iter().any(|&other| other != place && alike(other) >= alike(place));
        if !left.contains(&place) || rivals || 2 * alike(place) < last[place].len() {
            return Err(Unmatched);
        }
        *owner = Some(place);
    }
    let rows = file.into_iter().zip(owners).map(|(cells, owner)| {
        let index = &index[owner.expect("every row got its owner above")];
        let edited = index.edited || row_digest(&cells) != index.digest;
        Row { edited, ..Row::new(index, cells) }
    });
    Ok(Roster::new(rows.collect()))
}

fn same_cells(last: &[Cell], now: &[Cell]) -> usize {
    last.iter().zip(now).filter(|(last, now)| last == now).count()
}

#[cfg(test)]
mod tests {
    use people::Pii;

    use super::*;

    fn cells(row: &str) -> Vec<Cell> {
        row.split(',').map(|cell| Pii::new(cell.to_owned())).collect()
    }

    fn written(rows: &[&str]) -> (Vec<IndexRow>, Vec<Vec<Cell>>) {
        let last: Vec<Vec<Cell>> = rows.iter().map(|row| cells(row)).collect();
        let index = last.iter().enumerate().map(|(line, cells)| IndexRow {
            contact: format!("c{line}").parse().unwrap(),
            opportunity: format!("o{line}").parse().unwrap(),
            digest: row_digest(cells),
            generation: 1,
            edited: false,
        });
        (index.collect(), last)
    }

    fn recognised(before: &[&str], after: &[&str]) -> Result<Vec<(String, bool)>, Unmatched> {
        let (index, last) = written(before);
        let roster = recognise(&index, &last, after.iter().map(|row| cells(row)).collect())?;
        Ok(roster.rows().iter().map(|row| (row.opportunity.to_string(), row.edited)).collect())
    }

    fn owners(rows: &[(&str, bool)]) -> Result<Vec<(String, bool)>, Unmatched> {
        Ok(rows.iter().map(|&(row, edited)| (row.to_owned(), edited)).collect())
    }

    #[test]
    fn a_row_that_was_moved_or_edited_by_hand_is_still_its_hires() {
        let before = ["Ada,x,1", "Bob,y,2", "Cy,z,3"];
        for (after, expected) in [
            (["Cy,z,3", "Ada,x,1", "Bob,y,2"], [("o2", false), ("o0", false), ("o1", false)]),
            (["Ada,x,1", "Bob,EDITED,2", "Cy,z,3"], [("o0", false), ("o1", true), ("o2", false)]),
            (["Ada,EDITED,1", "Bob,EDITED,2", "Cy,z,3"], [("o0", true), ("o1", true), ("o2", false)]),
            (["Cy,z,3", "Bob,y,2", "Ada,EDITED,1"], [("o2", false), ("o1", false), ("o0", true)]),
        ] {
            assert_eq!(recognised(&before, &after), owners(&expected));
        }
    }

    #[test]
    fn rows_that_were_added_taken_out_or_cannot_be_told_apart_are_not_guessed_at() {
        let before = ["Ada,x,1", "Bob,y,2", "Cy,z,3"];
        for after in [
            &["Ada,x,1", "Bob,y,2"][..],
            &["Ada,x,1", "Bob,y,2", "Cy,z,3", "Dee,w,4"],
            &["Ada,x,1", "Bob,y,2", "Dee,w,4"],
            &["Bob,EDITED,2", "Ada,EDITED,1", "Cy,z,3"],
        ] {
            assert_eq!(recognised(&before, after), Err(Unmatched), "{after:?}");
        }
    }

    #[test]
    fn rows_that_look_alike_keep_their_owners_in_a_file_nobody_moved() {
        assert_eq!(
            recognised(&["x,1", "x,1", "y,2"], &["x,1", "x,1", "y,3"]),
            owners(&[("o0", false), ("o1", false), ("o2", true)])
        );
    }
}
