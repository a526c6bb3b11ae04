//! What does a trace of a block tell of the state before it?
//!
//! In: for each transaction the state that it found. Out: the state before the block, as far as
//! that follows, in a [`Known`].
//! Invariant: of a word that several transactions found, the first finding counts. Two kinds of
//! findings are not those of the parent state and left out: what the system calls before the first
//! transaction write, and accounts that the block itself creates. Of the latter only those that a
//! transaction without recipient creates can be told here; a user of a trace must be ready to
//! find it contradicted.

use alloy_consensus::Transaction as _;
use alloy_eips::{eip2935::HISTORY_STORAGE_ADDRESS, eip4788::BEACON_ROOTS_ADDRESS};
use alloy_primitives::{Address, keccak256};
use slotcast::model::Slot;
use slotcast_corpus::{PreState, RecordedBlock};

use crate::{known::Known, node::Fields};

/// Lays out what the traces of `block` tell.
pub(crate) fn seed(block: &RecordedBlock, traces: Vec<PreState>, known: &mut Known) {
    let created: Vec<Address> = block
        .transactions
        .iter()
        .filter(|tx| tx.is_create())
        .map(|tx| tx.signer().create(tx.nonce()))
        .collect();
    for (address, account) in traces.into_iter().flatten() {
        if created.contains(&address) {
            continue;
        }
        known.accounts.entry(address).or_insert_with(|| {
            Fields::unproven(account.balance, account.nonce, account.code_hash())
        });
        if let Some(code) = account.code.filter(|code| !code.is_empty()) {
            known.codes.entry(keccak256(&code)).or_insert(code);
        }
        if matches!(address, HISTORY_STORAGE_ADDRESS | BEACON_ROOTS_ADDRESS) {
            continue;
        }
        for (key, value) in account.storage {
            known.storage.entry(Slot::new(address, key)).or_insert(value);
        }
    }
}
