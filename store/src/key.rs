//! Under which key does a summary stand?
//!
//! In: everything that a summary depends on. Out: [`Key`].
//! Invariant: two summaries that may differ have different keys.

use alloy_primitives::{B256, keccak256};
use slotcast::{
    analyzer::{Targets, limits::Limits, summary::ANALYZER_VERSION},
    model::Fork,
};

/// keccak256 of everything that a summary depends on.
pub(crate) type Key = [u8; 32];

/// The key of the summary of this code.
pub(crate) fn key(code_hash: B256, fork: Fork, limits: &Limits, targets: &Targets) -> Key {
    let parts = (ANALYZER_VERSION, fork.name(), limits, targets, code_hash.0);
    let bytes = postcard::to_stdvec(&parts).expect("plain data in memory can be written");
    keccak256(bytes).0
}
