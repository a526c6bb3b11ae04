//! What has the transaction touched so far, and what would a revert undo?
//!
//! In: loads, stores and transfers in order. Out: the storage and account lists of the prediction.
//! Invariants: a revert restores values but never forgets that something was touched; a slot is
//! written if its value at the end differs from that at the start, or if either is unknown.

use core::ops::Range;

use alloy_primitives::{Address, Bytes, U256, map::DefaultHashBuilder};
use indexmap::{IndexMap, IndexSet};
use slotcast_model::{AccountAccess, Slot, StorageAccess};

use super::Changes;

/// A slot's value, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Touched, but the value was not asked for yet.
    Unread,
    Known(U256),
    Unknown,
}

impl Value {
    pub(super) const fn known(self) -> Option<U256> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unread | Self::Unknown => None,
        }
    }

    pub(super) const fn of(value: Option<U256>) -> Self {
        match value {
            Some(value) => Self::Known(value),
            None => Self::Unknown,
        }
    }
}

/// Whether a slot that holds this is known not to be empty.
fn is_full(value: Value) -> bool {
    matches!(value, Value::Known(word) if !word.is_zero())
}

/// A slot at the start of the transaction and now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) original: Value,
    pub(super) current: Value,
    /// Whether nothing was done with the slot but adding to it.
    pub(super) only_added: bool,
}

impl Cell {
    /// Whether the transaction leaves another value than it found, as far as that is known.
    fn is_changed(&self) -> bool {
        match (self.original, self.current) {
            (Value::Known(before), Value::Known(after)) => before != after,
            (Value::Unread, Value::Unread) => false,
            _ => true,
        }
    }

    /// Whether the slot changes when its account is destroyed, as far as that is known.
    fn is_cleared(&self) -> bool {
        self.original != Value::Known(U256::ZERO)
    }

    /// Whether all the transaction does with the slot is add to it. What a store costs depends on
    /// whether the slot is empty before and after, so neither may be.
    fn is_delta(&self) -> bool {
        self.only_added && is_full(self.original) && is_full(self.current)
    }
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Storage(usize, Value),
    Transient(usize, Value),
    Credit(usize, U256),
    Debit(usize, U256),
    Nonce(usize, u64),
    Created,
    Destroyed,
}

/// A point to return to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkpoint(usize);

/// Wei moved to and from one account.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    credit: U256,
    debit: U256,
    /// Contracts the account created in this transaction.
    n_created: u64,
}

/// Everything one transaction touched.
#[derive(Debug, Default)]
pub(super) struct Journal {
    slots: IndexMap<Slot, Cell, DefaultHashBuilder>,
    transient: IndexMap<Slot, Value, DefaultHashBuilder>,
    moved: IndexMap<Address, Moved, DefaultHashBuilder>,
    balance_reads: IndexSet<Address, DefaultHashBuilder>,
    code_reads: IndexSet<Address, DefaultHashBuilder>,
    /// Accounts touched, for what gas costs.
    warm: IndexSet<Address, DefaultHashBuilder>,
    /// Slots of the access list, which are touched for the first time at no cost.
    warm_slots: Vec<Slot>,
    created: Vec<Address>,
    /// All that were created, also where the creation was undone.
    ever_created: Vec<Address>,
    destroyed: Vec<Address>,
    /// Code of created accounts, none while they are being created, if it is known. A creation that is
    /// undone leaves its entry, which nothing asks for any more.
    codes: Vec<(Address, Option<Bytes>)>,
    log: Vec<Undo>,
    /// The parts of the log that are of frames which were not followed to their end: these may yet
    /// have changed what they left, as a lock against calling back is released last.
    lost: Vec<Range<usize>>,
    /// Whether a created account begins with a nonce of one (EIP-161).
    pub(super) is_born_with_nonce: bool,
}

impl Journal {
    /// Forgets everything, keeping the allocations.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.transient.clear();
        self.moved.clear();
        self.balance_reads.clear();
        self.code_reads.clear();
        self.warm.clear();
        self.warm_slots.clear();
        self.created.clear();
        self.ever_created.clear();
        self.destroyed.clear();
        self.codes.clear();
        self.log.clear();
        self.lost.clear();
    }

    /// What a frame left since then is not what it leaves at its end.
    pub(super) fn lose_since(&mut self, checkpoint: Checkpoint) {
        self.lost.push(checkpoint.0..self.log.len());
    }

    /// The slots, by their place, that a lost frame stored to last; ascending.
    fn lost_slots(&self) -> Vec<usize> {
        let is_lost = |n| self.lost.iter().any(|range| range.contains(&n));
        let mut last: Vec<(usize, bool)> = Vec::new();
        if !self.lost.is_empty() {
            let stored = |(n, undo): (usize, &Undo)| match undo {
                Undo::Storage(slot, _) => Some((*slot, is_lost(n))),
                _ => None,
            };
            last.extend(self.log.iter().enumerate().filter_map(stored));
        }
        // Stable, so that of one slot the last store stays last.
        last.sort_by_key(|(slot, _)| *slot);
        let of_one = last.chunk_by(|(one, _), (other, _)| one == other);
        let lost = of_one.filter_map(|stores| stores.last().filter(|(_, is_lost)| *is_lost));
        lost.map(|(slot, _)| *slot).collect()
    }

    pub(super) const fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.log.len())
    }

    /// Restores every value to what it was at the checkpoint.
    pub(super) fn revert(&mut self, checkpoint: Checkpoint) {
        for undo in self.log.drain(checkpoint.0..).rev() {
            match undo {
                Undo::Storage(at, value) => self.slots[at].current = value,
                Undo::Transient(at, value) => self.transient[at] = value,
                Undo::Credit(at, value) => self.moved[at].credit = value,
                Undo::Debit(at, value) => self.moved[at].debit = value,
                Undo::Nonce(at, value) => self.moved[at].n_created = value,
                Undo::Created => {
                    self.created.pop();
                }
                Undo::Destroyed => {
                    self.destroyed.pop();
                }
            }
        }
        self.lost.iter_mut().for_each(|range| range.end = range.end.min(checkpoint.0));
    }

    /// The cell of `slot`, with its place for [`Self::set`], and whether it is touched for the first
    /// time.
    ///
    /// `only_adds` says that this is part of adding to the slot.
    pub(super) fn touch(&mut self, slot: Slot, only_adds: bool) -> (usize, Cell, bool) {
        let n_before = self.slots.len();
        let entry = self.slots.entry(slot);
        let at = entry.index();
        let (original, current) = (Value::Unread, Value::Unread);
        let cell = entry.or_insert(Cell { original, current, only_added: true });
        cell.only_added &= only_adds;
        let is_first = at == n_before && !self.warm_slots.contains(&slot);
        (at, *cell, is_first)
    }

    /// Notes slots of the access list.
    pub(super) fn warm_slots(&mut self, address: Address, keys: &[U256]) {
        self.warm_slots.extend(keys.iter().map(|&key| Slot::new(address, key)));
    }

    /// Notes that an account was touched; true when it is the first time.
    pub(super) fn warm(&mut self, address: Address) -> bool {
        self.warm.insert(address)
    }

    /// The slots of an account that were touched and not read, with their places.
    pub(super) fn unread(&self, address: Address) -> Vec<(usize, Slot)> {
        let slots = self.slots.iter().enumerate();
        slots
            .filter(|(_, (slot, cell))| slot.address == address && cell.current == Value::Unread)
            .map(|(at, (&slot, _))| (at, slot))
            .collect()
    }

    /// Notes what an unread slot holds.
    pub(super) fn learn(&mut self, at: usize, value: Value) {
        let cell = &mut self.slots[at];
        (cell.original, cell.current) = (value, value);
    }

    /// Stores into the slot at a place that [`Self::touch`] gave.
    pub(super) fn set(&mut self, at: usize, value: Value) {
        let cell = &mut self.slots[at];
        // Emptying a slot in between costs something else too.
        cell.only_added &= is_full(value);
        let old = core::mem::replace(&mut cell.current, value);
        self.log.push(Undo::Storage(at, old));
    }

    /// The transient slot's value (EIP-1153); zero at first.
    pub(super) fn transient(&self, slot: Slot) -> Value {
        self.transient.get(&slot).copied().unwrap_or(Value::Known(U256::ZERO))
    }

    /// Stores into a transient slot.
    pub(super) fn set_transient(&mut self, slot: Slot, value: Value) {
        let entry = self.transient.entry(slot);
        let at = entry.index();
        let current = entry.or_insert(Value::Known(U256::ZERO));
        let old = core::mem::replace(current, value);
        self.log.push(Undo::Transient(at, old));
    }

    /// Moves wei from one account to another; between an account and itself nothing moves.
    pub(super) fn transfer(&mut self, from: Address, to: Address, value: U256) {
        if from != to {
            self.burn(from, value);
            self.credit(to, value);
        }
    }

    /// Takes wei from an account.
    pub(super) fn burn(&mut self, from: Address, value: U256) {
        let at = self.account(from);
        let old = self.moved[at].debit;
        self.moved[at].debit = old.wrapping_add(value);
        self.log.push(Undo::Debit(at, old));
    }

    /// Gives wei to an account.
    fn credit(&mut self, to: Address, value: U256) {
        let at = self.account(to);
        let old = self.moved[at].credit;
        self.moved[at].credit = old.wrapping_add(value);
        self.log.push(Undo::Credit(at, old));
    }

    /// An account's balance now, given what it was at the start.
    pub(super) fn balance(&self, address: Address, at_start: U256) -> U256 {
        let moved = self.moved.get(&address).copied().unwrap_or_default();
        at_start.wrapping_add(moved.credit).saturating_sub(moved.debit)
    }

    /// Counts one more contract created by the contract `creator`.
    pub(super) fn count_created(&mut self, creator: Address) {
        let at = self.account(creator);
        let old = self.moved[at].n_created;
        self.moved[at].n_created = old + 1;
        self.log.push(Undo::Nonce(at, old));
    }

    /// Notes a created account.
    pub(super) fn create(&mut self, created: Address) {
        self.warm.insert(created);
        self.set_code(created, Some(Bytes::new()));
        self.created.push(created);
        self.ever_created.push(created);
        self.log.push(Undo::Created);
    }

    /// How many nonces an account has taken in this transaction, by creating contracts and by being
    /// created.
    pub(super) fn nonces_taken(&self, address: Address) -> u64 {
        let own = u64::from(self.is_born_with_nonce && self.is_created(address));
        own + self.moved.get(&address).map_or(0, |moved| moved.n_created)
    }

    pub(super) fn destroy(&mut self, address: Address) {
        self.destroyed.push(address);
        self.log.push(Undo::Destroyed);
    }

    pub(super) fn read_balance(&mut self, address: Address) {
        self.balance_reads.insert(address);
    }

    pub(super) fn read_code(&mut self, address: Address) {
        self.code_reads.insert(address);
    }

    /// Notes the code that the creation of `address` left behind, if it is known.
    pub(super) fn set_code(&mut self, address: Address, code: Option<Bytes>) {
        self.codes.push((address, code));
    }

    /// The code of an account created in this transaction, if it is known.
    pub(super) fn code(&self, address: Address) -> Option<Bytes> {
        self.codes.iter().rev().find(|(at, _)| *at == address)?.1.clone()
    }

    pub(super) fn is_created(&self, address: Address) -> bool {
        self.created.contains(&address)
    }

    fn account(&mut self, address: Address) -> usize {
        let entry = self.moved.entry(address);
        let at = entry.index();
        entry.or_default();
        at
    }

    /// The storage lists. Slots of accounts created here are not predicted.
    pub(super) fn storage(&self) -> StorageAccess {
        let mut storage = StorageAccess::default();
        for (&slot, cell) in &self.slots {
            if self.ever_created.contains(&slot.address) {
                continue;
            }
            if self.destroyed.contains(&slot.address) {
                storage.reads.push(slot);
                if cell.is_cleared() {
                    storage.writes.push(slot);
                }
                continue;
            }
            match (cell.is_changed(), cell.is_delta()) {
                (true, true) => storage.deltas.push(slot),
                (true, false) => {
                    storage.reads.push(slot);
                    storage.writes.push(slot);
                }
                (false, _) => storage.reads.push(slot),
            }
        }
        storage
    }

    /// What the transaction leaves behind, for the transactions after it.
    pub(super) fn changes(&self) -> Changes {
        let lost = self.lost_slots();
        let value = |place: usize, cell: &Cell| {
            cell.current.known().filter(|_| lost.binary_search(&place).is_err())
        };
        Changes {
            storage: self
                .slots
                .iter()
                .enumerate()
                .filter(|(_, (slot, _))| !self.destroyed.contains(&slot.address))
                .filter(|(_, (_, cell))| cell.is_changed())
                .map(|(place, (&slot, cell))| (slot, value(place, cell)))
                .collect(),
            balances: self
                .moved
                .iter()
                .map(|(&address, moved)| (address, moved.credit, moved.debit))
                .collect(),
            nonces: self
                .moved
                .keys()
                .chain(self.created.iter().filter(|it| !self.moved.contains_key(*it)))
                .map(|&address| (address, self.nonces_taken(address)))
                .filter(|(_, n)| *n != 0)
                .collect(),
            codes: self.created.iter().map(|&address| (address, self.code(address))).collect(),
            destroyed: self.destroyed.clone(),
            spares_balance: false,
            by_gas: Vec::new(),
        }
    }

    /// The account lists, but for the sender's nonce.
    pub(super) fn accounts(&self) -> AccountAccess {
        let mut accounts = AccountAccess {
            balance_reads: self.balance_reads.iter().copied().collect(),
            code_reads: self.code_reads.iter().copied().collect(),
            created: self.created.clone(),
            destroyed: self.destroyed.clone(),
            ..AccountAccess::default()
        };
        for (&address, moved) in &self.moved {
            if moved.debit != U256::ZERO {
                accounts.balance_debits.push(address);
            }
            if moved.credit != U256::ZERO {
                accounts.balance_credits.push(address);
            }
            if moved.n_created != 0 {
                accounts.nonces.push(address);
            }
        }
        accounts
    }
}
