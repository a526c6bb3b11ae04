//! Where do summaries outlive the process?
//!
//! In: a path and a size. Out: [`Store`], a [`SummaryStore`](slotcast::SummaryStore) of summaries by code hash,
//! fork, limits, targets and analysis.
//! Invariants: what is found was written whole by the same analysis, which its key and its checksum
//! show, else it is not found; a file that cannot be read, is damaged or of another format is set
//! aside and begun again; the size is bounded. A summary is advice: a false one costs time, never
//! an outcome.

mod analysis;
mod export;
mod fault;
mod file;
mod key;

mod store;

pub use analysis::analysis;
pub use export::ExportError;
pub use store::{CacheError, Kept, Store};
