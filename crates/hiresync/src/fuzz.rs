//! Doors for the fuzzer: whatever a file or whoever connects says, nothing panics. No part of the program's interface.

use crate::{api, lever, links};

/// A list of links, and a list of old ids, as people hand them over. Says whether it is either.
pub fn csv(bytes: &[u8]) -> bool {
    links::fuzz(bytes) | lever::fuzz(bytes)
}

/// A request on the socket: the first line is its path and query, the rest its body. Says whether it is understood.
pub fn socket(bytes: &[u8]) -> bool {
    api::fuzz(bytes)
}
