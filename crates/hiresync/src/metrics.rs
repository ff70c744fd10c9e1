//! What Prometheus is told: the figures of `hiresync status` in its text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! | module | what it holds |
//! |---|---|
//! | `page` | the format: families, labels, numbers |
//! | `figures` | which families there are, and what each is made of |
//! | `count` | what is counted since the daemon started |
//! | `port` | the port of `[metrics] listen` |
//!
//! How to think of it: a page is made anew for each question, from the same answer that `status` gives, so that the two never
//! differ. Only cycles are counted here; what must survive the process is in the ledger, and Prometheus knows what a counter that
//! begins again means.
//!
//! **Invariant:** a label is a name of the configuration or a code of ours: never an id of a person, never a value.

mod count;
mod figures;
mod page;
mod port;

pub use count::{Cycles, Ended};
pub use figures::{Figures, text};
pub use page::CONTENT_TYPE;
pub use port::Port;
