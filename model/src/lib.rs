//! The words all parts of Slotcast share: which transaction, which piece of state, what is predicted
//! for it and what really happened to it.
//!
//! Read [`index`](mod@index) for the numbering, [`Location`] for the pieces of state, [`AccessSet`]
//! for what the scheduler sees of a transaction, [`Prediction`] for the prediction and [`Observation`]
//! for the truth. The words are defined in the glossary of `ARCHITECTURE.md`.

mod access;
mod fork;
pub mod index;
mod location;
mod observation;
mod pairs;
mod prediction;

pub use access::AccessSet;
pub use fork::Fork;
pub use index::{Index, IndexVec, LocationId, TxIndex};
pub use location::{Location, LocationTable, Slot};
pub use observation::{LastWriters, Observation};
pub use pairs::{PAIR, PairHashes};
pub use prediction::{
    AccountAccess, AccountLeft, Coverage, Gap, Prediction, StateRead, StorageAccess,
};
