//! Sweep, read, map, plan, guard, deliver.
