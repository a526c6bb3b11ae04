//! Under which key does a summary stand?
//!
//! In: everything that a summary depends on. Out: [`Key`].
//! Invariant: two summaries that may differ have different keys.

use alloy_primitives::{B256, keccak256};
use slotcast::{
    analyzer::{Targets, limits::Limits, summary::Summary},
    model::Fork,
};

use crate::analysis::analysis;

/// keccak256 of everything that a summary depends on.
pub(crate) type Key = [u8; 32];

/// The key of the summary of this code.
pub(crate) fn key(code_hash: B256, fork: Fork, limits: &Limits, targets: &Targets) -> Key {
    let parts = (analysis(), fork.name(), limits, targets, code_hash.0);
    let bytes = postcard::to_stdvec(&parts).expect("plain data in memory can be written");
    keccak256(bytes).0
}

/// The key of this summary.
pub(crate) fn key_of(summary: &Summary) -> Key {
    key(summary.code_hash(), summary.fork(), summary.limits(), summary.targets())
}
