//! What does Python see of Slotcast?
//!
//! In: codes and paths of recorded blocks, as Python or Arrow has them. Out: Arrow record batches.
//! Invariants: a row says what the command says, to the last value; what cannot be worked on is a row
//! with an error or an exception, never left out; the interpreter's lock is free while work is done.
//!
//! Suggested reading: `analyzer`, `codes` and `describe`, `blocks` and `predict`, `run`, `score`.

mod analyzer;

mod codes;
mod column;
mod describe;

mod blocks;
mod observe;
mod predict;
mod run;
mod score;

mod failure;
mod field;
mod parallel;
mod table;

/// The compiled part of the package `slotcast`.
#[pyo3::pymodule]
mod _slotcast {
    #[pymodule_export]
    use crate::{analyzer::Analyzer, failure::SlotcastError};
}
