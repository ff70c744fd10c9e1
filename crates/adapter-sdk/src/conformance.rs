//! What every adapter must survive.
