//! What does the committer read and write?
//!
//! In: the store and the base state. Out: [`Ledger`], the state the block executor runs on.
//! Invariants: a read sees everything committed so far; a commit is entered under the version of the
//! opening, or of the closing once turned to.

use core::fmt;

use alloy_primitives::{Address, B256, map::AddressMap};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    database_interface::{DatabaseRef, bal::EvmDatabaseError},
    primitives::{StorageKey, StorageValue},
    state::{Account, AccountInfo},
};
use slotcast_model::Slot;

use crate::{
    store::{Sharing, Store},
    version::{Seen, Version},
};

/// The store and the base state, for what a block does before and after its transactions.
pub(crate) struct Ledger<'a, DB, S: Sharing> {
    base: &'a DB,
    store: &'a Store<S>,
    version: Version,
}

impl<'a, DB: DatabaseRef, S: Sharing> Ledger<'a, DB, S> {
    /// The ledger at the opening of a block.
    pub(crate) const fn open(base: &'a DB, store: &'a Store<S>) -> Self {
        Self { base, store, version: Version::OPENING }
    }

    /// Moves on to the closing.
    pub(crate) const fn turn_to_closing(&mut self) {
        self.version = Version::CLOSING;
    }
}

impl<DB, S: Sharing> fmt::Debug for Ledger<'_, DB, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger at {:?}", self.version)
    }
}

impl<DB: DatabaseRef, S: Sharing> Database for Ledger<'_, DB, S> {
    type Error = EvmDatabaseError<DB::Error>;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        match self.store.last_account(&address) {
            Seen::Written(info) => Ok(info),
            Seen::Base => self.base.basic_ref(address).map_err(EvmDatabaseError::Database),
        }
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.base.code_by_hash_ref(code_hash).map_err(EvmDatabaseError::Database)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        match self.store.last_slot(&Slot::new(address, key)) {
            Seen::Written(value) => Ok(value),
            Seen::Base => self.base.storage_ref(address, key).map_err(EvmDatabaseError::Database),
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.base.block_hash_ref(number).map_err(EvmDatabaseError::Database)
    }
}

impl<DB: DatabaseRef, S: Sharing> DatabaseCommit for Ledger<'_, DB, S> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        self.store.commit(self.version, changes);
    }
}
