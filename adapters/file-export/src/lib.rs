#![doc = include_str!("../README.md")]
//!
//! # For whoever reads the code
//!
//! | module | what it holds |
//! |---|---|
//! | `config` | the settings, read and checked |
//! | `adapter` | the contract, fulfilled |
//! | `mapping` | a value becomes a cell, and a cell a value |
//! | `roster` | everybody's rows in memory: what a delivery changes, which row is whose. Pure |
//! | `wire` | the bytes of files: CSV, JSON lines, index, manifest |
//! | `store` | the order of writes, and what a restart makes of a write that was cut off |
//! | `folder` | the only module that touches the disk |
//! | [`fuzz`] | doors for the fuzzer |
//! | `errors` | a refusal of the operating system becomes an [`adapter_sdk::Error`] |

mod adapter;
mod config;
mod errors;
mod folder;
pub mod fuzz;
mod mapping;
mod roster;
mod store;
mod wire;

#[cfg(test)]
mod killed;

use std::sync::Arc;

use adapter_sdk::{Build, HrisAdapter, Registration, settings::Section};

/// How the daemon learns of this adapter.
pub const REGISTRATION: Registration = Registration {
    kind: "file-export",
    about: "a roster or numbered change files in a folder, as CSV or JSON lines",
    keeps: "the files themselves, and beside them, in `.hiresync`, a copy of every row as last written, by which HR's edits are \
            noticed: personal data like the files. Rows stay, also of somebody who is anonymised or deleted in Lever, and files of \
            the layout `changes` stay until somebody removes them",
    example: config::EXAMPLE,
    schema: |_| adapter::schema(),
    build,
};

fn build(settings: Section<'_>, build: Build) -> Option<Arc<dyn HrisAdapter>> {
    let settings = config::Settings::read(settings, &build.columns)?;
    Some(Arc::new(adapter::FileExport::new(settings, build)))
}
