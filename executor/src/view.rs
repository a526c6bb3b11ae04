//! What does a speculative transaction read, and what of it did it look at?
//!
//! In: what of the block is visible to it, then the base state. Out: values for the EVM, and
//! [`Reads`], every one of them with how it was used.
//! Invariants: a view of layers sees exactly the transactions that were published before its layer
//! began, a view of what is decided exactly the transactions below its horizon; an account whose use
//! nobody explained counts as looked at in full.

mod account_reads;

use core::fmt;

use alloy_primitives::{Address, B256, U256};
use revm::{
    Database,
    bytecode::Bytecode,
    database_interface::DatabaseRef,
    primitives::{StorageKey, StorageValue},
    state::AccountInfo,
};
use slotcast_model::{PairHashes, Slot, TxIndex};

use crate::{
    additions::Additions,
    fees::Use,
    store::{Alone, Store},
    sync::{RwLock, RwLockReadGuard},
    versions::{Seen, Stamp, Versions},
};

pub(crate) use account_reads::AccountReads;

/// Everything one run read.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Accounts, each loaded once.
    pub(crate) accounts: AccountReads,
    /// Storage slots, each loaded once.
    pub(crate) slots: Vec<SlotRead>,
    /// The slots that the run is expected to only add to, and what it did with them.
    pub(crate) additions: Additions,
    /// Addresses at which something was to be created.
    pub(crate) creations: Vec<Address>,
    /// Whether something was looked at that nobody can name: then every account counts as looked at
    /// in full.
    pub(crate) is_opaque: bool,
}

/// An account as a run found it.
#[derive(Debug)]
pub(crate) struct AccountRead {
    /// What was there, without its code.
    pub(crate) info: Option<AccountInfo>,
    /// Whether it came from the base state rather than from a transaction.
    pub(crate) is_from_base: bool,
    /// Whether the nonce is the one the transaction states rather than one that was found.
    pub(crate) is_assumed: bool,
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

/// Where the effects of a block's transactions are looked up.
#[derive(Debug)]
pub(crate) enum Ground<'a> {
    /// Those published between layers.
    Layers(&'a RwLock<Versions>),
    /// Those decided for good.
    Decided(&'a Store),
    /// The same, where nobody else looks.
    Alone(&'a Store<Alone>),
}

impl Clone for Ground<'_> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Ground<'_> {}

/// The state as one transaction sees it.
pub(crate) struct View<'a, DB> {
    base: &'a DB,
    ground: Ground<'a>,
    /// The versions, while a layer runs.
    versions: Option<RwLockReadGuard<'a, Versions>>,
    /// What is visible: everything below.
    horizon: Stamp,
    /// The sender and the nonce it will have, where both are taken for granted until validation.
    sender: Option<(Address, u64)>,
    is_recording: bool,
    /// The account that everybody pays, and what was last found of it, below which horizon: what stands
    /// there stays, while those who pay write next to it.
    beneficiary: Address,
    paid: Option<(Stamp, Seen<Option<AccountInfo>>)>,
    /// What the interpreter hashed.
    pub(crate) hashes: PairHashes,
    /// What was read since the last [`View::start`].
    pub(crate) reads: Reads,
}

impl<'a, DB> View<'a, DB> {
    pub(crate) fn new(base: &'a DB, ground: Ground<'a>, beneficiary: Address) -> Self {
        Self {
            base,
            ground,
            versions: None,
            horizon: Stamp::OPENING,
            sender: None,
            is_recording: true,
            beneficiary,
            paid: None,
            hashes: PairHashes::default(),
            reads: Reads::default(),
        }
    }

    /// Holds the versions as they are until [`View::leave`].
    pub(crate) fn enter(&mut self) {
        if let Ground::Layers(store) = self.ground {
            let versions = store.read();
            self.versions = Some(versions.expect("the committer never panics while it writes"));
        }
    }

    /// Lets the committer write again.
    pub(crate) fn leave(&mut self) {
        self.versions = None;
    }

    /// Begins the reads of `tx` in its layer.
    pub(crate) fn start(&mut self, tx: TxIndex) {
        self.horizon = Stamp::of(tx);
        self.reads = Reads::default();
    }

    /// Begins the reads of a transaction that sees what is below `horizon`. Its sender is taken to
    /// have the nonce the transaction states, which only validation can tell: otherwise every
    /// transaction would wait for the one its sender sent before.
    pub(crate) fn start_below(&mut self, horizon: Stamp, sender: Address, nonce: u64) {
        self.horizon = horizon;
        self.sender = Some((sender, nonce));
        self.reads = Reads::default();
    }

    /// Begins a transaction on everything before it: there is nothing to validate, so that reads
    /// need not be recorded.
    pub(crate) const fn start_for_good(&mut self, stamp: Stamp) {
        self.horizon = stamp;
        self.is_recording = false;
    }

    fn account(&mut self, address: Address) -> Seen<Option<AccountInfo>> {
        match self.ground {
            Ground::Decided(store) if self.is_recording && address == self.beneficiary => {
                match &self.paid {
                    Some((horizon, seen)) if *horizon == self.horizon => seen.clone(),
                    _ => {
                        let seen = store.account(&address, self.horizon);
                        self.paid = Some((self.horizon, seen.clone()));
                        seen
                    }
                }
            }
            Ground::Decided(store) => store.account(&address, self.horizon),
            Ground::Alone(store) => store.account(&address, self.horizon),
            Ground::Layers(_) => match self.versions().account(address, self.horizon) {
                Seen::Left(info) => Seen::Left(info.cloned()),
                Seen::Base => Seen::Base,
            },
        }
    }

    fn versions(&self) -> &Versions {
        self.versions.as_ref().expect("a view is read only within a layer")
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
            Seen::Left(info) => (info, false),
            Seen::Base => (self.base.basic_ref(address)?, true),
        };
        if self.is_recording {
            let mut is_assumed = false;
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
        let seen = match self.ground {
            Ground::Decided(store) => store.slot(&slot, self.horizon),
            Ground::Alone(store) => store.slot(&slot, self.horizon),
            Ground::Layers(_) => self.versions().slot(address, key, self.horizon),
        };
        let (value, is_from_base) = match seen {
            Seen::Left(value) => (value, false),
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
