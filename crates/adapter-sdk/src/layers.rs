//! What every adapter gets around it.
