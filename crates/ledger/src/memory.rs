//! A model of the store: what is committed is there, for as long as the value lives.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, PoisonError},
};

use crate::store::{Batch, Entry, Result, Store, Tree};

/// A store in memory. A simulation "crashes" by dropping everything but this.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Entries>);

impl MemoryStore {
    /// Another one with the same in it: a backup, or a clone.
    pub fn copy_of(store: &MemoryStore) -> MemoryStore {
        MemoryStore(Mutex::new(store.0.lock().unwrap_or_else(PoisonError::into_inner).clone()))
    }
}

type Entries = BTreeMap<(Tree, Vec<u8>), Vec<u8>>;

impl Store for MemoryStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.get(&(tree, key.to_vec())).cloned())
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Entry>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = if after.is_empty() || after < prefix {
            Bound::Included((tree, prefix.to_vec()))
        } else {
            Bound::Excluded((tree, after.to_vec()))
        };
        Ok(entries
            .range((start, Bound::Unbounded))
            .take_while(|((of, key), _)| *of == tree && key.starts_with(prefix))
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    fn commit(&self, batch: &Batch) -> Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in &batch.0 {
            match value {
                Some(value) => entries.insert(key.clone(), value.clone()),
                None => entries.remove(key),
            };
        }
        Ok(())
    }
}
