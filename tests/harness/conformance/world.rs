//! What does the state of a test hold, before and after?
//!
//! In: accounts and the changes of a block. Out: [`World`], a base state to execute on, and its root.
//! Invariant: an empty account that is there differs from one that is not, as it did before EIP-161;
//! a block hash is that of the block's number as text, as the tests have it.

use core::convert::Infallible;
use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use revm::{bytecode::Bytecode, database_interface::DatabaseRef, state::AccountInfo};
use slotcast::{
    executor::{AccountChange, AccountRecord, CodeRecord, MemoryState},
    model::Fork,
};
use slotcast_lab::state_root::{Account, WholeState};

/// Accounts with their codes.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) whole: WholeState,
    codes: BTreeMap<B256, Bytes>,
}

impl World {
    /// Adds an account; one that is there already keeps all but the smaller balance.
    pub(super) fn insert(
        &mut self,
        address: Address,
        (balance, nonce): (U256, u64),
        code: &Bytes,
        storage: &BTreeMap<U256, U256>,
    ) {
        if let Some(known) = self.whole.accounts.get_mut(&address) {
            known.balance = known.balance.max(balance);
            return;
        }
        let code_hash = keccak256(code);
        self.codes.insert(code_hash, code.clone());
        let storage = storage.iter().filter(|(_, value)| !value.is_zero());
        let storage = storage.map(|(key, value)| (*key, *value)).collect();
        self.whole.accounts.insert(address, Account { balance, nonce, code_hash, storage });
    }

    /// Lays the changes of a block on top.
    pub(super) fn apply(&mut self, changes: &[AccountChange]) {
        self.whole.apply(changes);
    }

    /// Takes the block reward back, which state tests do not pay, but leaves the beneficiary touched.
    pub(super) fn take_back_reward(&mut self, beneficiary: Address, fork: Fork) {
        let ether = |n: u64| U256::from(n) * U256::from(10).pow(U256::from(18));
        let since =
            [(Fork::Paris, 0), (Fork::Petersburg, 2), (Fork::Byzantium, 3), (Fork::Frontier, 5)];
        let reward = since.iter().find(|(first, _)| *first <= fork).map_or(0, |(_, n)| *n);
        let Some(account) = self.whole.accounts.get_mut(&beneficiary) else { return };
        account.balance -= ether(reward);
        if Fork::SpuriousDragon <= fork && account.is_empty() {
            self.whole.accounts.remove(&beneficiary);
        }
    }

    /// The root of the state.
    pub(super) fn root(&self) -> B256 {
        self.whole.root()
    }

    /// The same as predictions are made on.
    pub(super) fn memory_state(&self, number: u64) -> MemoryState {
        let records = self.whole.accounts.iter().map(|(&address, account)| AccountRecord {
            address,
            balance: account.balance,
            nonce: account.nonce,
            code: CodeRecord::Known(self.codes[&account.code_hash].clone()),
            storage: account.storage.iter().map(|(key, value)| (*key, *value)).collect(),
        });
        MemoryState::new(number, records, [])
    }
}

impl DatabaseRef for World {
    type Error = Infallible;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        Ok(self.whole.accounts.get(&address).map(|account| AccountInfo {
            balance: account.balance,
            nonce: account.nonce,
            code_hash: account.code_hash,
            code: None,
            ..AccountInfo::default()
        }))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Self::Error> {
        let code = self.codes.get(&hash).cloned().unwrap_or_default();
        Ok(Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code)))
    }

    fn storage_ref(&self, address: Address, key: U256) -> Result<U256, Self::Error> {
        let account = self.whole.accounts.get(&address);
        Ok(account.and_then(|account| account.storage.get(&key)).copied().unwrap_or_default())
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, Self::Error> {
        Ok(keccak256(number.to_string()))
    }
}
