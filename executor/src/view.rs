//! What state does a transaction see?
//!
//! In: what of the block is visible to it, then the base state. Out: values for the EVM, and
//! [`Reads`].
//! Invariant: a view shows exactly the transactions below its horizon, and the values it was told
//! on top.

use core::fmt;

use alloy_primitives::{Address, B256, U256};
use revm::{
    Database,
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_model::{PairHashes, Slot};

use crate::{
    fees::Use,
    reads::{AccountRead, Reads, SlotRead},
    store::{Exclusive, Store},
    version::{Seen, Version},
    wait::ToldAccount,
};

/// Where the effects of a block's transactions are looked up.
#[derive(Debug)]
pub(crate) enum StateSource<'a> {
    /// A store that other threads use as well.
    Shared(&'a Store),
    /// A store of this thread alone.
    Exclusive(&'a Store<Exclusive>),
}

impl Clone for StateSource<'_> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for StateSource<'_> {}

/// The state as one transaction sees it.
pub(crate) struct View<'a, DB> {
    base: &'a DB,
    source: StateSource<'a>,
    /// What is visible: everything below.
    horizon: Version,
    /// The sender and the nonce it will have, where both are taken for granted until validation.
    sender: Option<(Address, u64)>,
    /// What slots are taken to hold that are changed from the horizon on, ascending.
    expected: Vec<(Slot, U256)>,
    /// What is changed of accounts from the horizon on, ascending.
    told: Vec<(Address, ToldAccount)>,
    is_recording: bool,
    /// The account that every transaction pays, and what was last found of it, below which horizon:
    /// what stands there stays, while later payments are written next to it.
    beneficiary: Address,
    paid: Option<(Version, Seen<Option<AccountInfo>>)>,
    /// What the interpreter hashed.
    pub(crate) hashes: PairHashes,
    /// What was read since the last [`View::start`].
    pub(crate) reads: Reads,
}

impl<'a, DB> View<'a, DB> {
    pub(crate) fn new(base: &'a DB, source: StateSource<'a>, beneficiary: Address) -> Self {
        Self {
            base,
            source,
            horizon: Version::OPENING,
            sender: None,
            expected: Vec::new(),
            told: Vec::new(),
            is_recording: true,
            beneficiary,
            paid: None,
            hashes: PairHashes::default(),
            reads: Reads::default(),
        }
    }

    /// Begins the reads of a transaction that sees what is below `horizon`, with `expected` and
    /// `told` on top. Its sender is taken to have the nonce the transaction states, which only
    /// validation can tell: otherwise every transaction would wait for the one its sender sent before.
    pub(crate) fn start_below(
        &mut self,
        horizon: Version,
        sender: Address,
        nonce: u64,
        expected: Vec<(Slot, U256)>,
        told: Vec<(Address, ToldAccount)>,
    ) {
        debug_assert!(expected.is_sorted_by_key(|(slot, _)| *slot), "values are ascending by slot");
        debug_assert!(told.is_sorted_by_key(|(it, _)| *it), "accounts are ascending");
        self.told = told;
        self.horizon = horizon;
        self.expected = expected;
        self.sender = Some((sender, nonce));
        self.reads = Reads::default();
    }

    /// Begins a transaction on everything before it: there is nothing to validate, so that reads
    /// need not be recorded.
    pub(crate) const fn start_for_good(&mut self, version: Version) {
        self.horizon = version;
        self.is_recording = false;
    }

    /// Changes an account by what is told of it from the horizon on; whether anything is.
    fn change_by_told(&self, address: Address, info: &mut Option<AccountInfo>) -> bool {
        let at = self.told.binary_search_by_key(&address, |(address, _)| *address);
        let Ok(at) = at else { return false };
        self.told[at].1.apply(info);
        true
    }

    fn account(&mut self, address: Address) -> Seen<Option<AccountInfo>> {
        match self.source {
            StateSource::Shared(store) if self.is_recording && address == self.beneficiary => {
                match &self.paid {
                    Some((horizon, seen)) if *horizon == self.horizon => seen.clone(),
                    _ => {
                        let seen = store.account(&address, self.horizon);
                        self.paid = Some((self.horizon, seen.clone()));
                        seen
                    }
                }
            }
            StateSource::Shared(store) => store.account(&address, self.horizon),
            StateSource::Exclusive(store) => store.account(&address, self.horizon),
        }
    }
}

impl<DB> fmt::Debug for View<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View below {:?}", self.horizon)
    }
}

impl<DB: DatabaseRef> Database for View<'_, DB> {
    type Error = DB::Error;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Self::Error> {
        let (mut info, is_from_base) = match self.account(address) {
            Seen::Written(info) => (info, false),
            Seen::Base => (self.base.basic_ref(address)?, true),
        };
        if self.is_recording {
            let mut is_assumed = self.change_by_told(address, &mut info);
            if let (Some(info), Some((sender, nonce))) = (&mut info, self.sender)
                && sender == address
                && info.nonce < nonce
            {
                info.nonce = nonce;
                is_assumed = true;
            }
            let is_from_base = is_from_base && !is_assumed;
            let usage = Use::default();
            // Codes are compared by their hashes.
            let found = info.as_ref().map(AccountInfo::copy_without_code);
            let read = AccountRead { info: found, is_from_base, is_assumed, usage };
            self.reads.accounts.insert(address, read);
        }
        Ok(info)
    }

    fn code_by_hash(&mut self, code_hash: B256) -> Result<Bytecode, Self::Error> {
        self.base.code_by_hash_ref(code_hash)
    }

    fn storage(&mut self, address: Address, key: StorageKey) -> Result<StorageValue, Self::Error> {
        let slot = Slot::new(address, key);
        let expected = self.expected.binary_search_by_key(&slot, |(slot, _)| *slot);
        let seen = match (expected, self.source) {
            (Ok(at), _) => Seen::Written(self.expected[at].1),
            (Err(_), StateSource::Shared(store)) => store.slot(&slot, self.horizon),
            (Err(_), StateSource::Exclusive(store)) => store.slot(&slot, self.horizon),
        };
        let (value, is_from_base) = match seen {
            Seen::Written(value) => (value, false),
            Seen::Base => (self.base.storage_ref(address, key)?, true),
        };
        if self.is_recording {
            self.reads.slots.push(SlotRead { slot, value, is_from_base });
        }
        Ok(value)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, Self::Error> {
        self.base.block_hash_ref(number)
    }
}
