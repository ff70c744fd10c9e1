//! What is owed and what was agreed, on disk.
