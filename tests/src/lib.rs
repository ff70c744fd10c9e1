//! The real binary, proven from outside.
