//! From a person in Lever to the fields of an HR system.
