//! The one way out: every request bounded, paced and redacted.
