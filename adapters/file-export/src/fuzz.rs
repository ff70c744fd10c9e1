//! Doors for the fuzzer: whatever HR made of the file, and whatever stands beside it, nothing panics. No part of the adapter's
//! interface.

use crate::{
    config::Format,
    mapping,
    wire::{Index, decode, encode, has_rows, sha256},
};

/// A roster as HR left it, in both formats: what is read and written again is read as the same. Says whether it is one.
pub fn roster(bytes: &[u8]) -> bool {
    let columns = ["name", "start", "salary"].map(str::to_owned);
    let mut is_one = false;
    for format in [Format::Csv, Format::Jsonl] {
        let Ok(rows) = decode(format, &columns, bytes) else { continue };
        is_one = true;
        assert!(rows.is_empty() || has_rows(format, bytes), "rows out of nothing");
        for cell in rows.iter().flatten() {
            let value = mapping::value(format, cell);
            let _ = mapping::cell(format, &value);
        }
        let written = encode(format, &columns, rows.iter().map(Vec::as_slice));
        assert_eq!(decode(format, &columns, &written).as_ref(), Ok(&rows), "it comes back as another");
    }
    is_one
}

/// The index as it is, and with the sum that it should have. Says whether it is one.
pub fn index(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let summed = [line, b"\n", sha256(line).as_bytes(), b"\n"].concat();
    let read = Index::decode(bytes).or_else(|| Index::decode(&summed));
    read.is_some_and(|index| {
        assert!(Index::decode(&index.encode()).is_some(), "what was read can be read again");
        true
    })
}
