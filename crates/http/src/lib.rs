//! The one way out: every request to anybody goes by a [`Way`] through a [`Transport`], bounded in time and size, and nothing of a
//! request or an answer is ever logged but method, host, path template and status.
//!
//! | module | what it holds |
//! |---|---|
//! | `transport` | the seam: [`Request`], [`Response`], [`Failure`], one attempt |
//! | `question` | [`Question`]: a request that changes nothing, by its type |
//! | `way` | [`Way`]: asking always, writing only where it was made so; one attempt, with its line in the log |
//! | `client` | the real [`Transport`]: TLS, no redirects, a deadline, a cap on the body |
//! | `base` | which addresses the configuration may name |
//! | `pace` | evenly spaced starts, shared by everybody who uses one key |
//! | `backoff` | how long to wait before another attempt |
//! | `headers` | the few headers anybody here reads or writes |
//! | `local` | the command line's way to the daemon's Unix socket |
//!
//! **Invariant:** `reqwest` is named in this crate and nowhere else.
//!
//! **Invariant:** a [`Way`] that only asks holds nothing that has a method to write with.
//!
//! **Invariant:** a [`Transport`] makes one attempt. Who retries decides so above it, where it knows what is harmless to
//! repeat.

mod backoff;
mod base;
mod client;
mod headers;
mod local;
mod pace;
mod question;
mod transport;
mod way;

pub use backoff::{Backoff, Dice, Jitter};
pub use base::{Problem, check_base, is_loopback};
pub use client::Client;
pub use headers::{basic_auth, date, retry_after};
pub use local::{Lines, Local};
pub use pace::Pace;
pub use question::Question;
pub use transport::{Asking, Failure, Method, Nowhere, Request, Response, Transport};
pub use way::Way;
