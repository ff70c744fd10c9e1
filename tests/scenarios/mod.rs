//! The real binary, from outside.
#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

mod architecture;
mod catalogue;
mod cezanne;
mod config;
mod crash;
mod daemon;
mod demo;
mod erasure;
mod figures;
mod first_day;
mod guard;
mod hostile;
mod ledger;
mod lever;
mod links;
mod mapping;
mod notices;
mod people;
mod plan;
mod planted;
mod points;
mod power;
mod privacy;
mod restored;
mod rot;
mod socket;
mod state;
mod supply;
mod target;
mod webhook;

use std::time::Duration;

use crate::harness::wait::within;

/// Checks again and again for so long that something stays as it is.
fn all_along(span: Duration, mut check: impl FnMut()) {
    let _: Option<()> = within(span, || {
        check();
        None
    });
}

/// One line of figures, which the soak adds up.
#[expect(clippy::print_stdout, reason = "the soak reads it")]
fn figures(level: &str, counts: &[(&str, u64)]) {
    let counts: String = counts.iter().map(|(name, count)| format!(",\"{name}\":{count}")).collect();
    println!("figures: {{\"level\":\"{level}\"{counts}}}");
}
