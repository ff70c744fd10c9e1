//! One test binary: the scenarios drive the real binary from outside; the simulation drives the whole engine on a paused
//! clock. What each level is for is in README.md.

mod harness;
mod scenarios;
mod simulation;
