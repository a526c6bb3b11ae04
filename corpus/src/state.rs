//! What was the state before a block, as far as it was recorded?
//!
//! In: accounts and their storage. Out: [`PreState`], ordered by address.
//! Invariant: an account without `code` and with a `code_hash` was touched but never executed, so
//! its code is unknown; without both it has no code.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};

/// Accounts by address. What is missing here was not touched when the block was recorded.
pub type PreState = BTreeMap<Address, PreAccount>;

/// One account before the block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreAccount {
    /// Its balance in wei.
    pub balance: U256,
    /// Its nonce.
    pub nonce: u64,
    /// Its code, if recorded.
    pub code: Option<Bytes>,
    /// The hash of its code, if recorded.
    pub code_hash: Option<B256>,
    /// The recorded storage words, zeros included.
    pub storage: BTreeMap<U256, U256>,
}

impl PreAccount {
    /// The hash of the account's code: as stated, else computed, else that of no code.
    pub fn code_hash(&self) -> B256 {
        match (&self.code_hash, &self.code) {
            (Some(hash), _) => *hash,
            (None, Some(code)) => keccak256(code),
            (None, None) => KECCAK256_EMPTY,
        }
    }
}

#[cfg(test)]
mod tests;
