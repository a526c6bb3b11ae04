//! What would predictions like to know that has not been asked yet?
//!
//! In: the state as far as it is known. Out: [`Wanting`], the same as predictions ask for it, which
//! answers from what is known and notes the rest.
//! Invariant: nothing here waits for a node.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use slotcast::{BaseState, CodeAt, model::Slot};

use crate::{
    known::{Known, Want},
    state::NodeState,
};

/// A state that answers from what is known.
#[derive(Debug)]
pub(crate) struct Wanting<'a> {
    state: &'a NodeState,
    wants: Mutex<BTreeSet<Want>>,
}

impl<'a> Wanting<'a> {
    /// Nothing wanted yet.
    pub(crate) fn new(state: &'a NodeState) -> Self {
        Self { state, wants: Mutex::default() }
    }

    /// What was asked for and is not known.
    pub(crate) fn into_wants(self) -> BTreeSet<Want> {
        self.wants.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants(&self) -> MutexGuard<'_, BTreeSet<Want>> {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `look` finds, else none and a note.
    fn or_want<T>(&self, want: Want, look: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let found = look(&self.state.known());
        if found.is_none() {
            self.wants().insert(want);
        }
        found
    }
}

impl BaseState for Wanting<'_> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        let slot = Slot::new(address, key);
        self.or_want(Want::Slot(slot), |known| known.storage.get(&slot).copied())
    }

    fn balance(&self, address: Address) -> Option<U256> {
        let look = |known: &Known| known.accounts.get(&address).map(|fields| fields.balance);
        self.or_want(Want::Account(address), look)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        let look = |known: &Known| known.accounts.get(&address).map(|fields| fields.nonce);
        self.or_want(Want::Account(address), look)
    }

    fn code(&self, address: Address) -> CodeAt {
        let look = |known: &Known| -> Option<(B256, Bytes)> {
            let hash = known.accounts.get(&address)?.code_hash;
            match hash {
                KECCAK256_EMPTY => Some((hash, Bytes::new())),
                hash => Some((hash, known.codes.get(&hash)?.clone())),
            }
        };
        match self.or_want(Want::Code(address), look) {
            None => CodeAt::Unavailable,
            Some((KECCAK256_EMPTY, _)) => CodeAt::Nothing,
            Some((hash, code)) => CodeAt::Known(hash, code),
        }
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.or_want(Want::Hash(number), |known| known.hashes.get(&number).copied())
    }
}
