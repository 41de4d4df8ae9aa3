//! Engines, journal, unit of work, writer, vault: knows no domain word.
