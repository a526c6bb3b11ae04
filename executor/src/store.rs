//! What has the block left of every account and slot, transaction by transaction?
//!
//! In: what each step of the block ended with, in block order. Out: the account or word that
//! a view of the block up to a version finds; at the end, what the block changed.
//! Invariants: only what is decided for good stands here, ascending by version; so what is read below
//! a version is the same for ever once everything below that version is decided.
//!
//! # Protocol
//!
//! One committer writes, any number of workers read meanwhile. Accounts and slots lie in shards,
//! each behind its own read-write lock, held for one look or one change. Sequentially no other thread
//! reads: there is one shard then, and no lock (`store/lock.rs`). That a worker may meet
//! versions of later transactions does no harm: it says below which version it looks, and everything
//! below is there before it starts, which its scheduler saw to.
//!
//! Accounts that were cleared are kept beside the slots, because a cleared account's slots read as
//! zero without being written. Few blocks clear any, so a flag says whether there is one at all.
//! The flag is raised before the committer says that the step is decided, and readers learn of that
//! through a mutex, so relaxed loads are enough.

mod cell;
mod filter;
mod lock;

use alloy_primitives::{
    Address, U256,
    map::{AddressMap, DefaultHashBuilder, FbBuildHasher},
};
use indexmap::{IndexMap, map::Entry};
use revm::{
    database_interface::DatabaseRef,
    state::{Account, AccountInfo, EvmState},
};
use slotcast_model::{Slot, TxIndex};

use crate::{
    outcome::{AccountChange, AccountFields, SlotChange},
    sync::atomic::{AtomicBool, Ordering},
    version::{Seen, Version},
};
use cell::{AccountCell, AccountVersion, SlotCell};
use filter::{Filter, Place};
use lock::Lock;
pub(crate) use lock::{Exclusive, Shared, Sharing};

/// The parts of a map, each behind a lock of its own.
type Shards<S, T> = Box<[<S as Sharing>::Lock<T>]>;

/// What was changed, one after the other, and where to find it: to enter one more touches memory that
/// is at hand, while in a plain map of thousands it would stand somewhere else.
type Accounts = IndexMap<Address, AccountCell, FbBuildHasher<20>>;
type Slots = IndexMap<Slot, SlotCell, DefaultHashBuilder>;

/// Accounts, and slots, for which there is room from the start: what is not used is never touched, and
/// growing means copying.
const CHANGES_PER_TX: usize = 2;

/// Fewest and most shards of a store that several threads use, and for how many transactions there is
/// one: each costs a little to make, whether it is used or not.
const N_SHARDS: [usize; 2] = [8, 64];
const TXS_PER_SHARD: usize = 8;

/// How an account stands against what was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// It was not changed since.
    Same,
    /// It was changed, and left like this.
    Written(Option<AccountInfo>),
}

/// What is decided of a block.
#[derive(Debug)]
pub(crate) struct Store<S: Sharing = Shared> {
    /// What may stand below.
    written: Filter,
    /// What of it the opening of the block left: all that a transaction sees that waits for nothing.
    opened: Filter,
    accounts: Shards<S, Accounts>,
    slots: Shards<S, Slots>,
    clears: S::Lock<AddressMap<Vec<Version>>>,
    is_any_cleared: AtomicBool,
    /// What was committed, where it is to be kept.
    states: Option<S::Lock<Vec<(Version, EvmState)>>>,
}

impl<S: Sharing> Store<S> {
    /// An empty store with room for what so many transactions usually change. Exclusive, no other thread looks
    /// back, so no history is kept.
    pub(crate) fn new(n_transactions: usize) -> Self {
        let n_shards = (n_transactions / TXS_PER_SHARD).clamp(N_SHARDS[0], N_SHARDS[1]);
        Self::in_shards(n_transactions, if S::IS_SHARED { n_shards.next_power_of_two() } else { 1 })
    }

    fn in_shards(n_transactions: usize, n_shards: usize) -> Self {
        let room = (CHANGES_PER_TX * n_transactions).div_ceil(n_shards);
        let accounts = || Accounts::with_capacity_and_hasher(room, Default::default());
        let slots = || Slots::with_capacity_and_hasher(room, Default::default());
        Self {
            written: Filter::new(n_transactions),
            opened: Filter::new(0),
            accounts: (0..n_shards).map(|_| Lock::around(accounts())).collect(),
            slots: (0..n_shards).map(|_| Lock::around(slots())).collect(),
            clears: Lock::around(AddressMap::default()),
            is_any_cleared: AtomicBool::new(false),
            states: None,
        }
    }

    /// The same, keeping the state of every step.
    pub(crate) fn keeping_states(self) -> Self {
        Self { states: Some(Lock::around(Vec::new())), ..self }
    }

    /// Whether the state of every step is kept, so that every step has to keep one.
    pub(crate) const fn is_keeping_states(&self) -> bool {
        self.states.is_some()
    }

    /// The state of every step so far, in block order.
    pub(crate) fn take_states(&mut self) -> Vec<(Version, EvmState)> {
        self.states.take().map_or_else(Vec::new, Lock::take)
    }

    /// The account as it is found below `version`.
    pub(crate) fn account(&self, address: &Address, version: Version) -> Seen<Option<AccountInfo>> {
        if !self.below(version).may_have(Place::of_account(address)) {
            return Seen::Base;
        }
        let shard = self.account_shard(address).read();
        let version = shard.get(address).and_then(|cell| cell.below(version));
        version.map_or(Seen::Base, |left| Seen::Written(left.info()))
    }

    /// The account as everything decided left it.
    pub(crate) fn last_account(&self, address: &Address) -> Seen<Option<AccountInfo>> {
        self.last_left(address, AccountVersion::info)
    }

    /// Whether the account had code as everything decided left it.
    pub(crate) fn last_has_code(&self, address: &Address) -> Seen<bool> {
        self.last_left(address, AccountVersion::has_code)
    }

    fn last_left<T>(&self, address: &Address, look: impl FnOnce(&AccountVersion) -> T) -> Seen<T> {
        if !self.written.may_have(Place::of_account(address)) {
            return Seen::Base;
        }
        let shard = self.account_shard(address).read();
        shard.get(address).map_or(Seen::Base, |cell| Seen::Written(look(cell.last().1)))
    }

    /// What became of the account since it was read below `version`.
    pub(crate) fn account_since(&self, address: &Address, version: Version) -> Since {
        if !self.written.may_have(Place::of_account(address)) {
            return Since::Same;
        }
        let shard = self.account_shard(address).read();
        match shard.get(address).map(AccountCell::last) {
            Some((last, left)) if version <= last => Since::Written(left.info()),
            _ => Since::Same,
        }
    }

    /// The word as it is found below `version`.
    pub(crate) fn slot(&self, slot: &Slot, version: Version) -> Seen<U256> {
        let written = self.written_slot(slot, version, |cell| cell.below(version));
        self.unless_cleared(slot, written, version)
    }

    fn unless_cleared(
        &self,
        slot: &Slot,
        written: Option<(Version, U256)>,
        version: Version,
    ) -> Seen<U256> {
        match (written, self.cleared(&slot.address, version)) {
            (None, None) => Seen::Base,
            (None, Some(_)) => Seen::Written(U256::ZERO),
            // A creation clears first and writes after.
            (Some((writer, _)), Some(cleared)) if writer < cleared => Seen::Written(U256::ZERO),
            (Some((_, value)), _) => Seen::Written(value),
        }
    }

    /// The word as everything decided left it.
    pub(crate) fn last_slot(&self, slot: &Slot) -> Seen<U256> {
        let written = self.written_slot(slot, Version::AFTER_ALL, |cell| Some(cell.last()));
        self.unless_cleared(slot, written, Version::AFTER_ALL)
    }

    /// Keeps the state that a step ended with, where states are kept; entering it is another matter.
    /// Code without a byte is put in where it was left out, because a bundle of the states
    /// lists it with what is new.
    pub(crate) fn keep(&self, version: Version, mut state: EvmState) {
        let Some(states) = &self.states else { return };
        state.values_mut().map(|account| &mut account.info).for_each(|info| {
            if info.is_empty_code_hash() {
                info.code.get_or_insert_default();
            }
        });
        states.write().push((version, state));
    }

    fn written_slot(
        &self,
        slot: &Slot,
        version: Version,
        look: impl FnOnce(&SlotCell) -> Option<(Version, U256)>,
    ) -> Option<(Version, U256)> {
        if !self.below(version).may_have(Place::of_slot(slot)) {
            return None;
        }
        self.slot_shard(slot).read().get(slot).and_then(look)
    }

    /// What may stand here below `version`.
    fn below(&self, version: Version) -> &Filter {
        if version <= Version::of(TxIndex(0)) { &self.opened } else { &self.written }
    }

    fn note_at(&self, version: Version, place: Place) {
        self.written.note(place);
        if version == Version::OPENING {
            self.opened.note(place);
        }
    }

    /// Enters how a step ended.
    pub(crate) fn commit(&self, version: Version, state: EvmState) {
        state.iter().for_each(|(address, account)| {
            self.commit_account(version, address, account);
        });
        self.keep(version, state);
    }

    /// Enters what a step left of an account, which had no code and was not cleared.
    pub(crate) fn enter(&self, version: Version, address: &Address, info: &AccountInfo) {
        self.put_account(version, address, Some(info).filter(|info| !info.is_empty()));
    }

    fn commit_account(&self, version: Version, address: &Address, account: &Account) {
        if !account.is_touched() {
            return;
        }
        // Slots of what was made without code and left without slots are never read.
        let is_bare = account.info.is_empty_code_hash() && account.storage.is_empty();
        if account.is_selfdestructed() || (account.is_created() && !is_bare) {
            self.clears.write().entry(*address).or_default().push(version);
            self.is_any_cleared.store(true, Ordering::Relaxed);
        }
        if !account.is_selfdestructed() {
            self.commit_slots(version, address, account);
        }
        // Most accounts that are called are touched and left as they were, and need no look-up.
        let is_there_or_never_was = !account.info.is_empty() || account.is_loaded_as_not_existing();
        let is_remade = account.is_created() || account.is_selfdestructed();
        if is_there_or_never_was && !is_remade && !account.is_changed() {
            return;
        }
        // EIP-161: an account left empty by being touched ceases to exist. Before that proposal revm
        // reports such an account as created or as not touched.
        let is_there =
            !account.is_selfdestructed() && (account.is_created() || !account.info.is_empty());
        let after = is_there.then_some(&account.info);
        self.put_account(version, address, after);
    }

    fn put_account(&self, version: Version, address: &Address, after: Option<&AccountInfo>) {
        self.note_at(version, Place::of_account(address));
        match self.account_shard(address).write().entry(*address) {
            Entry::Occupied(mut cell) => cell.get_mut().push(version, after.into(), S::IS_SHARED),
            Entry::Vacant(place) => {
                place.insert(AccountCell::new(version, after.into()));
            }
        }
    }

    fn commit_slots(&self, version: Version, address: &Address, account: &Account) {
        for (key, word) in account.changed_storage_slots() {
            let slot = Slot::new(*address, *key);
            self.note_at(version, Place::of_slot(&slot));
            match self.slot_shard(&slot).write().entry(slot) {
                Entry::Occupied(mut cell) => {
                    cell.get_mut().push(version, word.present_value, S::IS_SHARED);
                }
                Entry::Vacant(place) => {
                    place.insert(SlotCell::new(version, word.present_value));
                }
            }
        }
    }

    /// When the account was last cleared below `version`.
    fn cleared(&self, address: &Address, version: Version) -> Option<Version> {
        if !self.is_any_cleared.load(Ordering::Relaxed) {
            return None;
        }
        let clears = self.clears.read();
        clears.get(address)?.iter().rev().find(|clear| **clear < version).copied()
    }

    /// What the block changed, ascending by address.
    pub(crate) fn changes<DB: DatabaseRef>(
        &self,
        base: &DB,
    ) -> Result<Vec<AccountChange>, DB::Error> {
        let mut slots = Vec::new();
        for shard in &self.slots {
            let mut look = |slot: &Slot, cell: &SlotCell| {
                let (writer, after) = cell.last();
                let before = match self.cleared(&slot.address, Version::AFTER_ALL) {
                    Some(cleared) if writer < cleared => return Ok(()),
                    Some(_) => U256::ZERO,
                    None => base.storage_ref(slot.address, slot.key)?,
                };
                if before != after {
                    slots.push((slot.address, SlotChange { key: slot.key, before, after }));
                }
                Ok(())
            };
            shard.read().iter().try_for_each(|(slot, cell)| look(slot, cell))?;
        }
        slots.sort_unstable_by_key(|(address, slot)| (*address, slot.key));
        let mut changes = Vec::new();
        for shard in &self.accounts {
            let mut look = |address: &Address, cell: &AccountCell| {
                let before = base.basic_ref(*address)?;
                let from = slots.partition_point(|(owner, _)| owner < address);
                let of_account = slots[from..].iter().take_while(|(owner, _)| owner == address);
                let storage = of_account.map(|(_, slot)| *slot).collect();
                let before = before.as_ref().map(AccountFields::from);
                let change = cell.change(*address, before, storage);
                changes.extend(change.is_any().then_some(change));
                Ok(())
            };
            shard.read().iter().try_for_each(|(address, cell)| look(address, cell))?;
        }
        for of_account in slots.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((address, _)) = of_account.first() else { continue };
            if self.account_shard(address).read().contains_key(address) {
                continue;
            }
            // Nothing but its slots was changed.
            let fields = base.basic_ref(*address)?.as_ref().map(AccountFields::from);
            let storage = of_account.iter().map(|(_, slot)| *slot).collect();
            let (address, before, after) = (*address, fields, fields);
            changes.push(AccountChange { address, before, after, destroyed: false, storage });
        }
        changes.sort_unstable_by_key(|change| change.address);
        Ok(changes)
    }

    fn account_shard(&self, address: &Address) -> &S::Lock<Accounts> {
        &self.accounts[address.0.0[19] as usize & (self.accounts.len() - 1)]
    }

    fn slot_shard(&self, slot: &Slot) -> &S::Lock<Slots> {
        let mixed = slot.key.byte(0) ^ slot.address[19];
        &self.slots[usize::from(mixed) & (self.slots.len() - 1)]
    }
}

impl Store<Exclusive> {
    /// The same to be read, once nothing changes any more.
    pub(crate) fn into_shared(self) -> Store {
        let Self { written, opened, accounts, slots, clears, is_any_cleared, states } = self;
        Store {
            written,
            opened,
            accounts: into_shared(accounts),
            slots: into_shared(slots),
            clears: Lock::around(clears.take()),
            is_any_cleared,
            states: states.map(|states| Lock::around(states.take())),
        }
    }
}

fn into_shared<T: core::fmt::Debug>(shards: Shards<Exclusive, T>) -> Shards<Shared, T> {
    shards.into_iter().map(|shard| Lock::around(shard.take())).collect()
}

#[cfg(test)]
mod tests;
