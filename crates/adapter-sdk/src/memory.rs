//! A target in memory.
