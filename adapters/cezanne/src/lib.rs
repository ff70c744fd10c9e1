//! Cezanne HR as a target, over its OData data service.
//!
//! | module | what it holds |
//! |---|---|
//! | `odata` | the dialect, and nothing of Cezanne's: metadata, filters, values, answers, requests |
//! | `oauth` | one token, shared and renewed in time |
//! | `errors` | what went wrong, and what that means to the engine |
//! | `fuzz` | doors for the fuzzer |
//! | `encode` | percent-encoding, the one that every server reads alike |
//!
//! How to think of it: everything the service sends is somebody else's. Bytes become an `odata::Row` and an
//! `odata::Metadata` in `odata` and nowhere else, and what cannot be read is an error, never an absence.
//!
//! **Invariant:** nothing is deleted and nothing is replaced: there is no call for it.
#![allow(dead_code, unused_imports, reason = "the adapter that uses these comes with the next merge")]

mod encode;
mod errors;
#[doc(hidden)]
pub mod fuzz;
mod oauth;
mod odata;
#[cfg(test)]
mod scripted;
