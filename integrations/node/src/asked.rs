//! What of the state does running a block ask for?
//!
//! In: the state before the block. Out: [`Asked`], the same state to run on, which notes every
//! question, and from that the [`PreState`] of a recording.
//! Invariant: what is noted depends on the block and the state alone, so that a recording does too,
//! whatever else the node was asked on the way.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use revm::{
    bytecode::Bytecode,
    context::DBErrorMarker,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast::model::{Fork, Slot};
use slotcast_corpus::{PreAccount, PreState};

use crate::{error::NodeError, state::NodeState};

impl DBErrorMarker for NodeError {}

/// A state that notes what it is asked.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    state: &'a NodeState,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    accounts: BTreeMap<Address, BTreeSet<U256>>,
    /// One account for each code hash that was met.
    owners: BTreeMap<B256, Address>,
    codes: BTreeSet<B256>,
    hashes: BTreeMap<u64, B256>,
    failure: Option<NodeError>,
}

impl<'a> Asked<'a> {
    /// Nothing asked yet.
    pub(crate) fn new(state: &'a NodeState) -> Self {
        Self { state, notes: Mutex::default() }
    }

    /// Why the node did not answer, if it did not: the executor's error keeps only the text.
    pub(crate) fn failure(&self) -> Option<NodeError> {
        self.notes().failure.take()
    }

    fn noted<T>(&self, answer: Result<T, NodeError>) -> Result<T, NodeError> {
        answer.inspect_err(|error| self.notes().failure = Some(error.clone()))
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was asked for, with the answers. Before Spurious Dragon, under which an account
    /// with nothing in it may exist, what does not exist is left out.
    pub(crate) fn recording(
        self,
        fork: Fork,
    ) -> Result<(PreState, BTreeMap<u64, B256>), NodeError> {
        let notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut pre_state = PreState::new();
        for (address, keys) in notes.accounts {
            let fields = self.state.account(address)?;
            if fork < Fork::SpuriousDragon && !fields.exists {
                continue;
            }
            let mut account = PreAccount {
                balance: fields.balance,
                nonce: fields.nonce,
                ..PreAccount::default()
            };
            if notes.codes.contains(&fields.code_hash) {
                account.code = Some(self.state.code_of(address)?.1);
            } else if fields.code_hash != KECCAK256_EMPTY {
                account.code_hash = Some(fields.code_hash);
            }
            for key in keys {
                account.storage.insert(key, self.state.slot(Slot::new(address, key))?);
            }
            pre_state.insert(address, account);
        }
        Ok((pre_state, notes.hashes))
    }
}

impl DatabaseRef for Asked<'_> {
    type Error = NodeError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, NodeError> {
        let fields = self.noted(self.state.account(address))?;
        let mut notes = self.notes();
        notes.accounts.entry(address).or_default();
        notes.owners.entry(fields.code_hash).or_insert(address);
        let info = AccountInfo {
            balance: fields.balance,
            nonce: fields.nonce,
            code_hash: fields.code_hash,
            code: None,
            ..AccountInfo::default()
        };
        Ok(fields.exists.then_some(info))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, NodeError> {
        let owner = self.notes().owners.get(&hash).copied();
        let Some(owner) = owner.filter(|_| hash != KECCAK256_EMPTY) else {
            return Ok(Bytecode::default());
        };
        let (_, code) = self.noted(self.state.code_of(owner))?;
        self.notes().codes.insert(hash);
        Ok(Bytecode::new_raw_checked(code.clone()).unwrap_or_else(|_| Bytecode::new_legacy(code)))
    }

    fn storage_ref(&self, address: Address, key: StorageKey) -> Result<StorageValue, NodeError> {
        let value = self.noted(self.state.slot(Slot::new(address, key)))?;
        self.notes().accounts.entry(address).or_default().insert(key);
        Ok(value)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, NodeError> {
        let hash = self.noted(self.state.hash_of(number))?;
        self.notes().hashes.insert(number, hash);
        Ok(hash)
    }
}
