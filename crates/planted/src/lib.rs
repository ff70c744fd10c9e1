//! What tests plant in the program: mistakes that they must notice, and points at which it dies.
//!
//! A program that ships is built without the feature `armed`: then [`bug`] is `false` and [`point`] does nothing, and the compiler
//! leaves out what hangs on them. With it, nothing happens either until a test says so.
//!
//! | module | what it holds |
//! |---|---|
//! | `bugs` | the mistakes, each one that somebody has made in a program like this |
//! | `points` | the places between which a process can die |
//! | `arm` | how a test says what is planted: for a thread (a simulation), or for a process (the real program) |

#[cfg(feature = "armed")]
pub mod arm;
mod bugs;
mod points;

pub use bugs::{Bug, Level};
pub use points::Point;

/// Whether mistakes and deaths can be planted in this build at all.
pub const IS_ARMED: bool = cfg!(feature = "armed");

/// Whether this mistake is planted here.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub const fn bug(_: Bug) -> bool {
    false
}

/// Whether this mistake is planted here.
#[cfg(feature = "armed")]
pub fn bug(bug: Bug) -> bool {
    arm::has(bug)
}

/// The program comes past this point: a test may let it die here.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub const fn point(_: Point) {}

/// The program comes past this point: a test may let it die here.
#[cfg(feature = "armed")]
pub fn point(point: Point) {
    arm::passed(point);
}
