//! Names of contacts, asked of Lever at the moment when somebody looks. They are shown, and kept nowhere.

use std::collections::BTreeMap;

use adapter_sdk::Result;
use engine::{Reading, Source, Whom};
use people::{ContactId, Pii};

/// Contacts that are asked for at once: as many as one request of Lever's takes.
const BATCH: usize = 50;

/// Names by contact. Whoever has none in Lever is not there.
pub type Names = BTreeMap<ContactId, Pii<String>>;

/// The names of these contacts now, as far as they could be read, and what went wrong if anything did.
pub async fn ask(source: &dyn Source, who: &[ContactId]) -> (Names, Result<()>) {
    let mut names = Names::new();
    for batch in who.chunks(BATCH) {
        let whom = batch.iter().map(|contact| Whom { contact: contact.clone(), known: Vec::new() });
        match source.read(&whom.collect::<Vec<_>>()).await {
            Ok(readings) => {
                names.extend(readings.into_iter().filter_map(|(who, reading)| named(who, &reading)))
            }
            Err(error) => return (names, Err(error)),
        }
    }
    (names, Ok(()))
}

fn named(contact: ContactId, reading: &Reading) -> Option<(ContactId, Pii<String>)> {
    let Reading::Person(person) = reading else { return None };
    let name = person.name.full().trim();
    (!name.is_empty()).then(|| (contact, Pii::new(name.to_owned())))
}
