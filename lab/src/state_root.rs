//! Which root does a whole state have, and which after a block?
//!
//! In: all accounts with all their storage, and the changes of blocks. Out: [`WholeState`] and its
//! root.
//! Invariants: a slot that holds zero is not there; an account that is there counts even if it is
//! empty, as it did before EIP-161, so a caller that does not want it leaves it out. A state of which
//! something is missing has a root too, which is not the chain's.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use alloy_trie::{
    TrieAccount,
    root::{state_root_unhashed, storage_root_unhashed},
};
use slotcast_corpus::{PreAccount, RecordedBlock, RunError};
use slotcast_executor::{AccountChange, BlockOutcome};

/// One account with all its storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The balance in wei.
    pub balance: U256,
    /// The nonce.
    pub nonce: u64,
    /// keccak256 of the code.
    pub code_hash: B256,
    /// The slots that do not hold zero.
    pub storage: BTreeMap<U256, U256>,
}

impl Default for Account {
    fn default() -> Self {
        let (balance, nonce) = (U256::ZERO, 0);
        Self { balance, nonce, code_hash: KECCAK256_EMPTY, storage: BTreeMap::new() }
    }
}

impl Account {
    /// Whether it is one that EIP-161 removes.
    pub fn is_empty(&self) -> bool {
        self.balance.is_zero() && self.nonce == 0 && self.code_hash == KECCAK256_EMPTY
    }

    /// The root of the storage.
    pub(crate) fn storage_root(&self) -> B256 {
        let slots = self.storage.iter().filter(|(_, value)| !value.is_zero());
        storage_root_unhashed(slots.map(|(key, value)| (B256::from(*key), *value)))
    }

    fn trie_account(&self) -> TrieAccount {
        let Self { balance, nonce, code_hash, .. } = *self;
        TrieAccount { nonce, balance, storage_root: self.storage_root(), code_hash }
    }
}

/// All accounts there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WholeState {
    /// By address.
    pub accounts: BTreeMap<Address, Account>,
}

impl WholeState {
    /// Lays the changes of a block on top.
    pub fn apply(&mut self, changes: &[AccountChange]) {
        for change in changes {
            let Some(after) = change.after else {
                self.accounts.remove(&change.address);
                continue;
            };
            let account = self.accounts.entry(change.address).or_default();
            (account.balance, account.nonce) = (after.balance, after.nonce);
            account.code_hash = after.code_hash;
            if change.destroyed {
                account.storage.clear();
            }
            for slot in &change.storage {
                match slot.after.is_zero() {
                    true => account.storage.remove(&slot.key),
                    false => account.storage.insert(slot.key, slot.after),
                };
            }
        }
    }

    /// The root of the state.
    pub fn root(&self) -> B256 {
        let accounts = self.accounts.iter();
        state_root_unhashed(accounts.map(|(address, account)| (*address, account.trie_account())))
    }
}

/// The recorded state before the block, taken for all there is.
pub fn whole_state_of(recorded: &RecordedBlock) -> WholeState {
    let accounts = recorded.pre_state.iter().map(|(&address, account)| {
        let slots = account.storage.iter().filter(|(_, value)| !value.is_zero());
        let storage = slots.map(|(&key, &value)| (key, value)).collect();
        let PreAccount { balance, nonce, .. } = *account;
        (address, Account { balance, nonce, code_hash: account.code_hash(), storage })
    });
    // As for `MemoryState`, an empty account is none.
    WholeState { accounts: accounts.filter(|(_, account)| !account.is_empty()).collect() }
}

/// Whether the root of the state after `outcome` is the one that the header states; none where not all
/// of the state is recorded.
pub fn check_state_root(
    recorded: &RecordedBlock,
    outcome: &BlockOutcome,
) -> Result<Option<bool>, RunError> {
    let Some(stated) = recorded.pre_state_root else { return Ok(None) };
    let mut state = whole_state_of(recorded);
    let computed = state.root();
    if computed != stated {
        return Err(RunError::NotWhole { stated, computed });
    }
    state.apply(&outcome.state);
    Ok(Some(state.root() == recorded.header.state_root))
}

#[cfg(test)]
mod tests;
