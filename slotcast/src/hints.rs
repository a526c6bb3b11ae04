//! What do others do with predictions?
//!
//! In: predictions. Out: documents in several dialects, a compact binary form, conflicts and groups
//! of a pool, keys to fetch.
//! Invariants: all dialects are made from the same predictions; lists are ascending; slots are padded
//! to 32 bytes; no dialect states a value that was not predicted.
//!
//! Read [`Hint`] for a prediction with everything it holds for; [`prediction_file`],
//! [`access_lists`], [`block_keys`] and [`tx_dag`] for the dialects; [`pack`]
//! for few bytes; [`FetchPlan`] for what to load beforehand; [`ConflictPool`] for conflicts between
//! unexecuted transactions; [`changed_words`] for what the chain has changed since. Nothing here knows bytecode or runs a transaction.

mod hint;

mod bal;
mod eip2930;
pub mod prediction_file;
mod txdag;

mod changes;
mod fetch;
mod packed;
mod pool;
mod schedule_document;
mod summary_document;

use alloy_primitives::B256;
use serde::Serialize;
use slotcast_model::Slot;

pub use crate::provenance::{head_of, hint_of, hints_of};
pub use bal::{AccountKeys, BlockKeys, KeyChange, SlotChanges, TxReads, block_keys};
pub use changes::{ChangesError, changed_words};
pub use eip2930::{BlockAccessLists, TxAccessList, Warm, access_list, access_lists};
pub use fetch::{AccountFetch, FetchPlan};
pub use hint::{Head, Hint};
pub use packed::{PackedBlock, PackedTx, is_packed, pack, unpack};
pub use pool::{ConflictPool, ConflictScope, Ticket};
pub use schedule_document::{
    CriticalPath, DependencyEdge, ScheduleDocument, Simulated, SimulatedThreads,
};
pub use summary_document::{AccessDocument, CallDocument, FunctionDocument};
pub use txdag::{TxDag, TxDependencies, tx_dag};

/// The guide, so that its code is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/builders.md")]
struct Guide;

/// The version of all dialects.
const SCHEMA_VERSION: u64 = 1;

/// A slot key, padded.
fn key_of(slot: &Slot) -> B256 {
    slot.key.into()
}

/// The document as JSON on one line.
pub fn print(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("plain lists and numbers can be written as JSON")
}

#[cfg(test)]
mod tests;
