//! The mapping from outside: rules in, fields out.

#![allow(clippy::unwrap_used, reason = "a test, helpers included")]

mod apply;
mod compile;
mod found;
mod hostile;
mod page;
mod people_of_the_tests;
mod rules;
mod scope;
mod trial;
