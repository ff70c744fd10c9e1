//! The one way out: every request to anybody goes through a [`Transport`], bounded in time and size, and nothing of a
//! request or an answer is ever logged but method, host, path template and status.
//!
//! | module | what it holds |
//! |---|---|
//! | `transport` | the seam: [`Request`], [`Response`], [`Failure`], one attempt |
//! | `client` | the real [`Transport`]: TLS, no redirects, a deadline, a cap on the body |
//! | `base` | which addresses the configuration may name |
//! | `pace` | evenly spaced starts, shared by everybody who uses one key |
//! | `backoff` | how long to wait before another attempt |
//! | `headers` | the few headers anybody here reads or writes |
//! | `exchange` | one attempt, with its line in the log |
//! | `local` | the command line's way to the daemon's Unix socket |
//!
//! **Invariant:** `reqwest` is named in this crate and nowhere else.
//!
//! **Invariant:** a [`Transport`] makes one attempt. Who retries decides so above it, where it knows what is harmless to
//! repeat.

mod backoff;
mod base;
mod client;
mod exchange;
mod headers;
mod local;
mod pace;
mod transport;

pub use backoff::{Backoff, Dice, Jitter};
pub use base::{Problem, check_base, is_loopback};
pub use client::Client;
pub use exchange::exchange;
pub use headers::{basic_auth, date, retry_after};
pub use local::{Lines, Local};
pub use pace::Pace;
pub use transport::{Failure, Method, Nowhere, Request, Response, Transport};
