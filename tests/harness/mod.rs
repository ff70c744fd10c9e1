//! Starting the pretend Lever and the real binary, and reading what they leave behind.
//!
//! | module | what it holds |
//! |---|---|
//! | [`world`] | one test's world: a folder, a configuration, a pretend Lever, the program run on them |
//! | [`mailbox`] | a mail server on loopback |
//! | [`port`] | a port that nobody else gets, and a pretend vendor on one |
//! | [`cezanne`] | the pretend Cezanne, its HR people, and the comparison with the truth |
//! | [`lever`] | the pretend Lever on a port of its own, and its recruiters |
//! | [`program`] | the real program: run to its end, or as a daemon that is asked, signalled, killed |
//! | [`socket`] | the daemon's socket, byte by byte |
//! | [`roster`] | the file as any importer would read it, and the comparison with the truth |
//! | [`webhook`] | Lever's side of a webhook: signing, and sending whatever a sender may send |
//! | [`awaited`] | what an idle cycle may ask beyond its three requests |
//! | [`host`] | what only a real machine has: small disks, read-only disks, foreign users |
//! | [`watch`] | seeing a file change within microseconds |
//! | [`wait`] | waiting for a condition with a deadline: the only place that lets time pass |
//!
//! **Invariant:** each test has its own folder, port and processes; order never matters.
#![allow(clippy::unwrap_used, reason = "test helpers: a surprise is a failed test")]

pub mod awaited;
pub mod cezanne;
pub mod host;
pub mod lever;
pub mod mailbox;
pub mod port;
pub mod program;
pub mod roster;
pub mod socket;
pub mod wait;
pub mod watch;
pub mod webhook;
pub mod world;

pub use cezanne::PretendCezanne;
pub use lever::PretendLever;
pub use mailbox::Mailbox;
pub use program::{Daemon, Ended};
pub use roster::{Comparison, Roster};
pub use wait::wait_until;
pub use world::World;

/// A number in the environment: how a soak asks for more, and for other worlds.
pub fn number(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?.into_string().unwrap();
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
