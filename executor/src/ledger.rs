//! What does the committer read and write?
//!
//! In: the versions, held for writing, or the store, and the base state. Out: [`Ledger`] and
//! [`StoreLedger`], the states the block executor runs on.
//! Invariants: a read at a stamp sees everything below it and nothing else; a commit is entered
//! under the stamp of the step that is being decided.

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
    sync::{RwLock, RwLockWriteGuard},
    versions::{Seen, Stamp, Versions},
};

/// The versions and the base state below one stamp.
pub(crate) struct Ledger<'a, DB> {
    base: &'a DB,
    store: &'a RwLock<Versions>,
    versions: Option<RwLockWriteGuard<'a, Versions>>,
    stamp: Stamp,
}

impl<'a, DB: DatabaseRef> Ledger<'a, DB> {
    /// The ledger at the opening of a block, holding the versions.
    pub(crate) fn open(base: &'a DB, store: &'a RwLock<Versions>) -> Self {
        let mut ledger = Self { base, store, versions: None, stamp: Stamp::OPENING };
        ledger.hold();
        ledger
    }

    /// Keeps workers out until [`Self::release`].
    pub(crate) fn hold(&mut self) {
        let versions = self.store.write();
        self.versions = Some(versions.expect("only the committer writes, and not after a panic"));
    }

    /// Lets workers read, who find every version worked out.
    pub(crate) fn release(&mut self) {
        self.versions().settle();
        self.versions = None;
    }

    /// Moves to the step that is decided next.
    pub(crate) const fn turn_to(&mut self, stamp: Stamp) {
        self.stamp = stamp;
    }

    /// The versions, while they are held.
    pub(crate) fn versions(&mut self) -> &mut Versions {
        self.versions.as_mut().expect("the committer works only while it holds the versions")
    }
}

impl<DB> fmt::Debug for Ledger<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger at {:?}", self.stamp)
    }
}

impl<DB: DatabaseRef> Database for Ledger<'_, DB> {
    type Error = EvmDatabaseError<DB::Error>;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let stamp = self.stamp;
        match self.versions().account_mut(address, stamp) {
            Seen::Left(info) => Ok(info.cloned()),
            Seen::Base => self.base.basic_ref(address).map_err(EvmDatabaseError::Database),
        }
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.base.code_by_hash_ref(code_hash).map_err(EvmDatabaseError::Database)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        let stamp = self.stamp;
        match self.versions().slot(address, key, stamp) {
            Seen::Left(value) => Ok(value),
            Seen::Base => self.base.storage_ref(address, key).map_err(EvmDatabaseError::Database),
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.base.block_hash_ref(number).map_err(EvmDatabaseError::Database)
    }
}

impl<DB: DatabaseRef> DatabaseCommit for Ledger<'_, DB> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        let stamp = self.stamp;
        self.versions().publish(stamp, &changes);
    }
}

/// The store and the base state, for what a block does before and after its transactions.
pub(crate) struct StoreLedger<'a, DB, S: Sharing> {
    base: &'a DB,
    store: &'a Store<S>,
    stamp: Stamp,
}

impl<'a, DB: DatabaseRef, S: Sharing> StoreLedger<'a, DB, S> {
    /// The ledger at the opening of a block.
    pub(crate) const fn open(base: &'a DB, store: &'a Store<S>) -> Self {
        Self { base, store, stamp: Stamp::OPENING }
    }

    /// Moves on to the closing.
    pub(crate) const fn turn_to_closing(&mut self) {
        self.stamp = Stamp::CLOSING;
    }
}

impl<DB, S: Sharing> fmt::Debug for StoreLedger<'_, DB, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreLedger at {:?}", self.stamp)
    }
}

impl<DB: DatabaseRef, S: Sharing> Database for StoreLedger<'_, DB, S> {
    type Error = EvmDatabaseError<DB::Error>;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        match self.store.last_account(&address) {
            Seen::Left(info) => Ok(info),
            Seen::Base => self.base.basic_ref(address).map_err(EvmDatabaseError::Database),
        }
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.base.code_by_hash_ref(code_hash).map_err(EvmDatabaseError::Database)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        match self.store.last_slot(&Slot::new(address, key)) {
            Seen::Left(value) => Ok(value),
            Seen::Base => self.base.storage_ref(address, key).map_err(EvmDatabaseError::Database),
        }
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.base.block_hash_ref(number).map_err(EvmDatabaseError::Database)
    }
}

impl<DB: DatabaseRef, S: Sharing> DatabaseCommit for StoreLedger<'_, DB, S> {
    fn commit(&mut self, changes: AddressMap<Account>) {
        self.store.commit(self.stamp, changes);
    }
}
