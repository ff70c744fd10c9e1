//! Lever as a whole, over a scripted transport.

mod check;
mod deleted;
mod forms;
mod hooks;
mod look_up;
mod offers;
mod read;
mod requisitions;
mod retries;
mod sweep;
mod tell;
