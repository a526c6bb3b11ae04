//! What has a node told of one state so far?
//!
//! In: answers. Out: [`Known`], the answers by account, slot, code hash and block number.
//! Invariant: an answer that is there stays: it is that of one block, whose state does not change.

use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap},
};
use slotcast::model::Slot;

use crate::node::Fields;

/// Answers about one state.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) accounts: AddressMap<Fields>,
    pub(crate) storage: HashMap<Slot, U256>,
    pub(crate) codes: B256Map<Bytes>,
    pub(crate) hashes: HashMap<u64, B256>,
}

/// One thing to ask about a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    /// An account's fields.
    Account(Address),
    /// An account's code, and its fields.
    Code(Address),
    /// A slot.
    Slot(Slot),
    /// The hash of an earlier block.
    Hash(u64),
}

impl Known {
    /// Whether there is nothing left to ask about `want`.
    pub(crate) fn has(&self, want: &Want) -> bool {
        match want {
            Want::Account(address) => self.accounts.contains_key(address),
            Want::Code(address) => {
                let fields = self.accounts.get(address);
                fields.is_some_and(|fields| self.has_code(fields.code_hash))
            }
            Want::Slot(slot) => self.storage.contains_key(slot),
            Want::Hash(number) => self.hashes.contains_key(number),
        }
    }

    fn has_code(&self, hash: B256) -> bool {
        hash == alloy_primitives::KECCAK256_EMPTY || self.codes.contains_key(&hash)
    }
}
