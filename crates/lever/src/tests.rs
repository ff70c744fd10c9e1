//! Lever as a whole, over a scripted transport.

mod check;
mod offers;
mod read;
mod retries;
mod sweep;
