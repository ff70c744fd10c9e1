//! Lever's API as a source of persons.
