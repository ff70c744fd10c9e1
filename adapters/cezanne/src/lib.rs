//! Cezanne HR as a target, over its OData data service.
//!
//! | module | what it holds |
//! |---|---|
//! | `config` | the settings and what is wrong with them |
//! | `mapping` | the fields, with the sources that Lever's help page on the integration publishes |
//! | `contract` | what the tenant's own `$metadata` makes of both |
//! | `adapter` | the contract with the engine, fulfilled |
//! | `code` | person codes and employment ids, made of the contact id |
//! | `look` | looking for somebody, and whose a record is |
//! | `steps` | one delivery: person, contact details, employments |
//! | `check` | what a tenant says when it is asked |
//! | `words` | obstacles and tasks, as HR reads them |
//! | `relay` | the other way: handing the hire to Cezanne's own Lever receiver |
//! | `odata` | the dialect, and nothing of Cezanne's: metadata, filters, values, answers, requests |
//! | `oauth` | one token, shared and renewed in time |
//! | `errors` | what went wrong with a request, and what that means to the engine |
//! | `encode` | percent-encoding, the one that every server reads alike |
//!
//! How to think of it: everything the service sends is somebody else's. Bytes become an `odata::Row` and an
//! `odata::Metadata` in `odata` and nowhere else, and what cannot be read is an error, never an absence.
//!
//! **Invariant:** nothing is deleted and nothing is replaced: there is no call for it.

mod adapter;
mod check;
mod code;
mod config;
mod contract;
mod encode;
mod errors;
#[doc(hidden)]
pub mod fuzz;
mod look;
mod mapping;
mod oauth;
mod odata;
mod relay;
#[cfg(test)]
mod scripted;
mod steps;
mod words;

use std::{sync::Arc, time::Duration};

use adapter_sdk::{Build, HrisAdapter, Registration, settings::Section};

/// One delivery is up to a dozen requests, paced, each with a deadline of its own.
const DELIVERY_MAX: Duration = Duration::from_secs(300);

/// How the daemon learns of this adapter.
pub const REGISTRATION: Registration = Registration {
    kind: "cezanne",
    about: "Cezanne HR: person, contact details and employment, over its OData service or its Lever receiver",
    keeps: "nothing on this machine. In Cezanne, what the table lists, until somebody removes it there; nothing is ever deleted by \
            hiresync",
    example: config::EXAMPLE,
    schema: mapping::schema,
    build,
};

fn build(settings: Section<'_>, build: Build) -> Option<Arc<dyn HrisAdapter>> {
    let schema = mapping::schema(&settings);
    Some(match config::Settings::read(settings)? {
        config::Settings::Data(data) => Arc::new(adapter::Cezanne::new(*data, schema, build)),
        config::Settings::Relay(relay) => Arc::new(relay::Relay::new(relay, build)),
    })
}
