//! One test binary: the scenarios drive the real binary from outside; the simulation drives the whole engine on a paused
//! clock. What each level is for is in README.md.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends where it stands")]

mod harness;
mod scenarios;
mod simulation;
