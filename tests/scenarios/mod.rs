//! The real binary, from outside.

mod architecture;
