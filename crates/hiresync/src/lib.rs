//! Keeps HR systems in step with the people Lever has hired.
