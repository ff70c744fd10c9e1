//! A store over another one: what is written stays in memory and goes with it, and the one below stays as it is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::store::{Batch, Entry, Result, Store, Tree};

/// What is below is read and never written: there is no other call to it in here.
#[derive(Debug)]
pub(crate) struct Sketch {
    below: Arc<dyn Store>,
    above: Mutex<Above>,
}

/// New values, and `None` for what was removed.
type Above = BTreeMap<(Tree, Vec<u8>), Option<Vec<u8>>>;

impl Sketch {
    pub(crate) fn over(below: Arc<dyn Store>) -> Sketch {
        Sketch { below, above: Mutex::default() }
    }

    fn above(&self) -> MutexGuard<'_, Above> {
        self.above.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Sketch {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.above().get(&(tree, key.to_vec())) {
            Some(written) => Ok(written.clone()),
            None => self.below.get(tree, key),
        }
    }

    fn scan(&self, tree: Tree, prefix: &[u8], after: &[u8], limit: usize) -> Result<Vec<Entry>> {
        let above = self.above();
        let mut found: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut from = after.to_vec();
        // What was removed above leaves gaps: more is read below until the page is full.
        let last = loop {
            let page = self.below.scan(tree, prefix, &from, limit)?;
            let is_end = page.len() < limit;
            let last = page.last().map(|(key, _)| key.clone());
            found.extend(page.into_iter().filter(|(key, _)| !above.contains_key(&(tree, key.clone()))));
            match last {
                Some(last) if !is_end && found.len() < limit => from = last,
                last => break last.filter(|_| !is_end),
            }
        };
        let is_asked = |key: &[u8]| {
            let is_after = after.is_empty() || key > after;
            is_after && last.as_deref().is_none_or(|last| key <= last)
        };
        let written = above
            .range((tree, prefix.to_vec())..)
            .take_while(|((of, key), _)| *of == tree && key.starts_with(prefix))
            .filter(|((_, key), _)| is_asked(key));
        found.extend(written.filter_map(|((_, key), value)| Some((key.clone(), value.clone()?))));
        Ok(found.into_iter().take(limit).collect())
    }

    fn commit(&self, batch: &Batch) -> Result<()> {
        self.above().extend(batch.0.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::MemoryStore;

    fn batch(steps: &[(u8, Option<u8>)]) -> Batch {
        let change = |(key, value): &(u8, Option<u8>)| {
            ((Tree::Marks, vec![b'a' + key % 2, *key]), value.map(|value| vec![value]))
        };
        Batch(steps.iter().map(change).collect())
    }

    proptest! {
        #[test]
        fn a_sketch_answers_as_if_it_had_written_and_what_is_below_it_stays(
            below in prop::collection::vec((0..20_u8, any::<u8>().prop_map(Some)), 0..20),
            above in prop::collection::vec((0..20_u8, any::<Option<u8>>()), 0..20),
            after in prop::option::of((0..2_u8, 0..20_u8)),
            limit in 1..25_usize,
        ) {
            let (model, kept) = (MemoryStore::default(), Arc::new(MemoryStore::default()));
            model.commit(&batch(&below)).unwrap();
            kept.commit(&batch(&below)).unwrap();
            let before = kept.scan(Tree::Marks, &[], &[], usize::MAX).unwrap();
            let sketch = Sketch::over(Arc::<MemoryStore>::clone(&kept));
            // when
            model.commit(&batch(&above)).unwrap();
            sketch.commit(&batch(&above)).unwrap();
            // then
            let after = after.map(|(first, key)| vec![b'a' + first, key]).unwrap_or_default();
            for prefix in [&b""[..], b"a", b"b"] {
                for limit in [limit, usize::MAX] {
                    prop_assert_eq!(
                        sketch.scan(Tree::Marks, prefix, &after, limit).unwrap(),
                        model.scan(Tree::Marks, prefix, &after, limit).unwrap()
                    );
                }
            }
            for key in 0..20_u8 {
                let key = [b'a' + key % 2, key];
                prop_assert_eq!(sketch.get(Tree::Marks, &key).unwrap(), model.get(Tree::Marks, &key).unwrap());
            }
            prop_assert_eq!(kept.scan(Tree::Marks, &[], &[], usize::MAX).unwrap(), before);
        }
    }
}
