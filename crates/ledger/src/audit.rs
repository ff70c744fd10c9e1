//! Looks at everything in a ledger: whether each record can be read, and whether they agree with each other.

use std::collections::BTreeMap;

use people::{ContactId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Ledger, Mark, Seen, Task,
    ledger::{decode, joined, standing_ids},
    records::Event,
    standing::Standing,
    store::{Result, Tree},
};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Records of each tree.
    pub records: BTreeMap<String, u64>,
    /// What is wrong, in sentences; empty where everything is right.
    pub faults: Vec<String>,
}

impl Ledger {
    /// Reads every record. Checksums were compared when the ledger was opened.
    pub fn audit(&self) -> Result<Audit> {
        let mut audit = Audit::default();
        for tree in Tree::ALL {
            let (mut count, mut wrong) = (0, 0);
            self.each_entry(tree, &[], |key, bytes| {
                count += 1;
                wrong += u64::from(!self.is_sound(tree, key, bytes)?);
                Ok(())
            })?;
            audit.records.insert(tree.name().to_owned(), count);
            if wrong > 0 {
                audit
                    .faults
                    .push(format!("{wrong} of {count} records of tree {tree} are not what they should be"));
            }
        }
        let (events, lines) = (audit.records["history"], audit.records["journal"]);
        if events != lines {
            audit.faults.push(format!("the journal has {lines} lines for {events} events"));
        }
        Ok(audit)
    }

    fn is_sound(&self, tree: Tree, key: &[u8], bytes: &[u8]) -> Result<bool> {
        Ok(match tree {
            Tree::Marks => decode::<Mark>(tree, bytes).is_ok(),
            Tree::Standings => standing_ids(key).is_ok() && decode::<Standing>(tree, bytes).is_ok(),
            Tree::Opportunities => decode::<Seen>(tree, bytes).is_ok(),
            Tree::Tasks => decode::<Task>(tree, bytes).is_ok_and(|task| task.id.0.as_bytes() == key),
            Tree::History => decode::<Event>(tree, bytes).is_ok(),
            Tree::Meta => decode::<&RawValue>(tree, bytes).is_ok(),
            Tree::Journal => match decode::<(Timestamp, ContactId)>(tree, bytes) {
                Ok((_, contact)) => {
                    let mut at = joined(&[contact.as_str(), ""]);
                    at.extend_from_slice(key);
                    self.store.get(Tree::History, &at)?.is_some()
                }
                Err(_) => false,
            },
        })
    }
}
