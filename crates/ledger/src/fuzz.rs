//! Doors for the fuzzer: whatever stands in a file of ours, nothing panics. No part of the ledger's interface.

use std::sync::Arc;

use people::{Secret, Timestamp};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::{
    Agreed, DigestKey, Event, Ledger, Mark, MemoryStore, Origin, Seen, Standing, Store, TargetState, Task,
    archive, begin_as_copy, schema::SCHEMA, witness,
};

/// An archive as it is; and the bytes as the records of one whose head and sum are right, made a ledger as an import does it.
/// Says whether one of the two is whole.
pub fn archive(bytes: &[u8]) -> bool {
    let is_whole = archive::verify(bytes).is_ok();
    let key = DigestKey::new(Secret::new("key".to_owned()));
    let head = format!(
        r#"{{"hiresync_state":1,"schema":{SCHEMA},"lineage":"l","key_id":"{}","made_at":"2026-01-01T00:00:00Z"}}"#,
        key.id()
    );
    let mut whole = [head.as_bytes(), b"\n", bytes].concat();
    if !whole.ends_with(b"\n") {
        whole.push(b'\n');
    }
    let records = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    let sum = hex::encode(Sha256::digest(&whole));
    whole.extend_from_slice(format!("{{\"records\":{records},\"sha256\":\"{sum}\"}}\n").as_bytes());
    let store = Arc::new(MemoryStore::default());
    let read = archive::read(whole.as_slice(), |_, batch| Ok(store.commit(&batch)?));
    read.is_ok() && is_imported(store, key) || is_whole
}

/// What an import does with records that are whole.
fn is_imported(store: Arc<MemoryStore>, key: DigestKey) -> bool {
    if begin_as_copy(store.as_ref(), "another", None).is_err() {
        return false;
    }
    let Ok(ledger) = Ledger::over(store, key, "another", Origin::Fresh) else { return false };
    let is_sound = ledger.audit().is_ok_and(|audit| audit.faults.is_empty());
    let forgotten = ledger.forget_the_buried(Timestamp::UNIX_EPOCH);
    if is_sound && forgotten.is_ok() {
        let mut again = Vec::new();
        let manifest = ledger.export(None, Timestamp::UNIX_EPOCH, &mut again);
        assert!(
            manifest.is_ok() && archive::verify(again.as_slice()).is_ok(),
            "what is sound can be exported"
        );
    }
    is_sound
}

/// A slot of the witness as it is, and with the sum that it should have.
pub fn witness(bytes: &[u8]) -> bool {
    witness::fuzz(bytes)
}

/// A value as it lies in the store, as each kind of record: what is understood comes back the same. Says whether it is one.
pub fn record(bytes: &[u8]) -> bool {
    fn is<T: DeserializeOwned + serde::Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> bool {
        let Ok(read) = serde_json::from_slice::<T>(bytes) else { return false };
        let written = serde_json::to_vec(&read).expect("a record has a JSON form");
        assert_eq!(serde_json::from_slice::<T>(&written).ok(), Some(read), "it comes back as another");
        true
    }
    is::<Standing>(bytes)
        | is::<Agreed>(bytes)
        | is::<Mark>(bytes)
        | is::<Event>(bytes)
        | is::<Task>(bytes)
        | is::<Seen>(bytes)
        | is::<TargetState>(bytes)
}
