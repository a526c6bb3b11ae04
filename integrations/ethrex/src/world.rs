//! What is the state after a block, as each of the two left it?
//!
//! In: the state before, and the changes of either. Out: [`World`], by which they are compared, and its
//! root as ethrex works it out.
//! Invariants: accounts that EIP-161 removes and words that are zero are not there; two worlds are
//! equal when no later transaction can tell them apart.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256, keccak256};
use ethrex_common::{
    H256,
    types::{AccountState, AccountUpdate},
};
use ethrex_crypto::NativeCrypto;
use ethrex_rlp::encode::RLPEncode;
use ethrex_trie::Trie;
use slotcast::executor::AccountChange;
use slotcast_corpus::RecordedBlock;

use crate::convert::{address, b256, h256, u256, word};

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    balance: U256,
    nonce: u64,
    code_hash: B256,
    storage: BTreeMap<U256, U256>,
}

impl Default for Account {
    fn default() -> Self {
        Self { balance: U256::ZERO, nonce: 0, code_hash: KECCAK256_EMPTY, storage: BTreeMap::new() }
    }
}

impl Account {
    fn is_empty(&self) -> bool {
        self.balance.is_zero() && self.nonce == 0 && self.code_hash == KECCAK256_EMPTY
    }

    fn set(&mut self, key: U256, value: U256) {
        match value.is_zero() {
            true => self.storage.remove(&key),
            false => self.storage.insert(key, value),
        };
    }

    fn state(&self) -> AccountState {
        let slots = self.storage.iter().map(|(key, value)| {
            (keccak256(B256::from(*key)).to_vec(), u256(*value).encode_to_vec())
        });
        AccountState {
            nonce: self.nonce,
            balance: u256(self.balance),
            storage_root: Trie::compute_hash_from_unsorted_iter(slots, &NativeCrypto),
            code_hash: h256(self.code_hash),
        }
    }
}

/// All accounts that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World(BTreeMap<Address, Account>);

impl World {
    /// The recorded state before the block.
    pub fn before(recorded: &RecordedBlock) -> Self {
        let account = |(&at, account): (&Address, &slotcast_corpus::PreAccount)| {
            let slots = account.storage.iter().filter(|(_, value)| !value.is_zero());
            let storage = slots.map(|(&key, &value)| (key, value)).collect();
            let code_hash = account.code_hash();
            let (balance, nonce) = (account.balance, account.nonce);
            (at, Account { balance, nonce, code_hash, storage })
        };
        Self(recorded.pre_state.iter().map(account).collect()).trimmed()
    }

    /// The same after what Slotcast says the block changes.
    pub fn after_slotcast(mut self, changes: &[AccountChange]) -> Self {
        for change in changes {
            let Some(after) = change.after else {
                self.0.remove(&change.address);
                continue;
            };
            let account = self.0.entry(change.address).or_default();
            (account.balance, account.nonce) = (after.balance, after.nonce);
            account.code_hash = after.code_hash;
            if change.destroyed {
                account.storage.clear();
            }
            change.storage.iter().for_each(|slot| account.set(slot.key, slot.after));
        }
        self.trimmed()
    }

    /// The same after what ethrex says the block changes.
    pub fn after_ethrex(mut self, updates: &[AccountUpdate]) -> Self {
        for update in updates {
            let at = address(update.address);
            if update.removed {
                self.0.remove(&at);
                continue;
            }
            let account = self.0.entry(at).or_default();
            if let Some(info) = &update.info {
                (account.balance, account.nonce) = (word(info.balance), info.nonce);
                account.code_hash = b256(info.code_hash);
            }
            if update.removed_storage {
                account.storage.clear();
            }
            let mut added: Vec<_> = update.added_storage.iter().collect();
            added.sort_unstable();
            for (key, value) in added {
                account.set(U256::from_be_bytes(key.0), word(*value));
            }
        }
        self.trimmed()
    }

    fn trimmed(mut self) -> Self {
        self.0.retain(|_, account| !account.is_empty());
        self
    }

    /// The root of the state, by ethrex's trie; that of the chain only where all of the state is known.
    pub fn root(&self) -> B256 {
        let accounts = self
            .0
            .iter()
            .map(|(at, account)| (keccak256(at).to_vec(), account.state().encode_to_vec()));
        let root: H256 = Trie::compute_hash_from_unsorted_iter(accounts, &NativeCrypto);
        b256(root)
    }

    /// The first account that differs, as each has it.
    pub fn first_difference(&self, other: &Self) -> Option<String> {
        let at = self.0.keys().chain(other.0.keys()).find(|at| self.0.get(*at) != other.0.get(*at));
        at.map(|at| format!("{at}: {:?}, and {:?}", self.0.get(at), other.0.get(at)))
    }
}

#[cfg(test)]
mod tests;
