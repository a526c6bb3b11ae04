//! What does a speculative transaction read, and what of it did it look at?
//!
//! In: the versions of the transactions visible to it, then the base state. Out: values for the
//! EVM, and [`Reads`], every one of them with how it was used.
//! Invariants: a view sees exactly the transactions that were published before its layer began; an
//! account whose use nobody explained counts as looked at in full.

use core::fmt;
use std::sync::{RwLock, RwLockReadGuard};

use alloy_primitives::{Address, B256, U256, map::DefaultHashBuilder};
use indexmap::IndexMap;
use revm::{
    Database,
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_model::{Slot, TxIndex};

use crate::{
    fees::Use,
    versions::{Seen, Stamp, Versions},
};

/// Everything one run read.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Accounts, each loaded once.
    pub(crate) accounts: IndexMap<Address, AccountRead, DefaultHashBuilder>,
    /// Storage slots, each loaded once.
    pub(crate) slots: Vec<SlotRead>,
    /// Addresses at which something was to be created.
    pub(crate) creations: Vec<Address>,
    /// Whether something was looked at that nobody can name: then every account counts as looked at
    /// in full.
    pub(crate) is_opaque: bool,
}

/// An account as a run found it.
#[derive(Debug)]
pub(crate) struct AccountRead {
    /// What was there.
    pub(crate) info: Option<AccountInfo>,
    /// Whether it came from the base state rather than from a transaction.
    pub(crate) is_from_base: bool,
    /// What the run did with it.
    pub(crate) usage: Use,
}

/// A storage slot as a run found it.
#[derive(Debug)]
pub(crate) struct SlotRead {
    /// Which slot.
    pub(crate) slot: Slot,
    /// What was there.
    pub(crate) value: U256,
    /// Whether it came from the base state rather than from a transaction.
    pub(crate) is_from_base: bool,
}

impl Reads {
    /// Lets `note` record how the account at `address` was used, if it was loaded.
    pub(crate) fn note(&mut self, address: Address, note: impl FnOnce(&mut Use)) {
        if let Some(read) = self.accounts.get_mut(&address) {
            note(&mut read.usage);
        }
    }
}

/// The state as one transaction of a layer sees it.
pub(crate) struct View<'a, DB> {
    base: &'a DB,
    store: &'a RwLock<Versions>,
    versions: Option<RwLockReadGuard<'a, Versions>>,
    tx: TxIndex,
    /// What was read since the last [`View::start`].
    pub(crate) reads: Reads,
}

impl<'a, DB> View<'a, DB> {
    pub(crate) fn new(base: &'a DB, store: &'a RwLock<Versions>) -> Self {
        Self { base, store, versions: None, tx: TxIndex(0), reads: Reads::default() }
    }

    /// Holds the versions as they are until [`View::leave`].
    pub(crate) fn enter(&mut self) {
        let versions = self.store.read();
        self.versions = Some(versions.expect("the committer never panics while it writes"));
    }

    /// Lets the committer write again.
    pub(crate) fn leave(&mut self) {
        self.versions = None;
    }

    /// Begins the reads of `tx`.
    pub(crate) fn start(&mut self, tx: TxIndex) {
        self.tx = tx;
        self.reads = Reads::default();
    }

    fn versions(&self) -> &Versions {
        self.versions.as_ref().expect("a view is read only within a layer")
    }
}

impl<DB> fmt::Debug for View<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View of transaction {}", self.tx)
    }
}

impl<DB: DatabaseRef> Database for View<'_, DB> {
    type Error = DB::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let (info, is_from_base) = match self.versions().account(address, Stamp::of(self.tx)) {
            Seen::Left(info) => (info.cloned(), false),
            Seen::Base => (self.base.basic_ref(address)?, true),
        };
        let read = AccountRead { info: info.clone(), is_from_base, usage: Use::default() };
        self.reads.accounts.insert(address, read);
        Ok(info)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.base.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        let (value, is_from_base) = match self.versions().slot(address, key, Stamp::of(self.tx)) {
            Seen::Left(value) => (value, false),
            Seen::Base => (self.base.storage_ref(address, key)?, true),
        };
        self.reads.slots.push(SlotRead { slot: Slot::new(address, key), value, is_from_base });
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.base.block_hash_ref(number)
    }
}
