//! In which other shapes can a forecast travel?
//!
//! In: a block's number and predictions. Out: one JSON document for each dialect: EIP-2930 access
//! lists, the keys of an EIP-7928 block access list, a BEP-396-style transaction DAG.
//! Invariants: all are made from the same predictions; lists are ascending; slots are padded to 32
//! bytes; nothing states a value, for no value is predicted.

mod bal;
mod eip2930;
mod txdag;

use alloy_primitives::B256;
use serde::Serialize;
use slotcast_model::Slot;

pub use bal::{AccountKeys, BlockKeys, KeyChange, SlotChanges, TxReads, block_keys};
pub use eip2930::{AccessList, AccessListItem, BlockAccessLists, access_lists};
pub use txdag::{TxDag, TxDependencies, tx_dag};

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
