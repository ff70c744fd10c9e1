//! HR's file: a roster or numbered changes, as CSV or JSON lines.
