//! What humans are told without asking, when, and by which way.
//!
//! | module | what it holds |
//! |---|---|
//! | [`facts`] | what is so now: who is told, open tasks, what is wrong, what a digest says |
//! | [`remembered`] | what was said to whom: kept in the ledger, hence without addresses and names |
//! | [`decide`] | from the two to the letters that are due: pure |
//! | [`text`](mod@text) | from a letter to what stands in it: pure |
//! | [`smtp`] | mail, to one address at a time |
//! | [`webhook`] | a channel of Slack, Teams, or anything that takes JSON |
//! | [`refusal`] | why a letter did not go, with what to do |
//!
//! How to think of it: a letter is decided and *written down* before it is sent, with an id of its own, and struck out once it was
//! taken. Whoever is cut off in between sends the same letter again under the same id, and a mail program shows it once. While a
//! letter waits for its server nothing of its kind is made for that recipient: what comes is summed up in the next one.
//!
//! **Invariant:** what is kept ([`Remembered`]) holds ids of tasks, codes and times, and no address, no name and no text about a person.
//!
//! **Invariant:** names stand in mail alone, where the configuration asks for them, and nowhere before the moment of sending.
//!
//! **Invariant:** `lettre` is named in [`smtp`] and nowhere else.

pub mod decide;
pub mod facts;
pub mod refusal;
pub mod remembered;
pub mod smtp;
pub mod text;
pub mod webhook;

pub use decide::{digest_since, notices};
pub use facts::{Alarm, Arrived, Digest, Facts, OfTarget, Recipient, Scope, Stopped, Task};
pub use refusal::{Kind, Refusal};
pub use remembered::{About, Item, Letter, Notice, Phase, Remembered, Told};
pub use smtp::{Address, Mailer, Tls};
pub use text::{Text, Who, contacts, text};
pub use webhook::{Channel, Shape};
