//! The mapping from outside: rules in, fields out.

mod apply;
mod compile;
mod hostile;
mod page;
mod people_of_the_tests;
mod rules;
mod scope;
mod trial;
