//! The whole engine on a paused clock.
