//! Up to where does a transaction wait, as soon as its forecast is there?
//!
//! In: what transactions are forecast to read and change, one after the other. Out: for each, its
//! horizon: one more than the highest transaction that changes what it reads.
//! Invariants: the horizons are those of the DAG that [`crate::schedule`] would make without a
//! policy; a horizon depends on earlier transactions alone, so nothing has to wait for the rest of
//! the block.

use alloy_primitives::map::{AddressMap, HashMap};
use slotcast_model::{Location, Slot, TxIndex};

/// Balances that a transaction usually changes: more only make the map grow.
const BALANCES_PER_TX: usize = 2;

/// The last change of a slot, and the last that was no addition.
#[derive(Clone, Copy, Debug)]
struct SlotChange {
    last: TxIndex,
    written: Option<TxIndex>,
}

/// The last change of every location so far.
#[derive(Debug, Default)]
pub struct Horizons {
    /// Balances change with every transaction and are seldom waited for, so theirs is a map of small
    /// entries.
    balances: AddressMap<TxIndex>,
    slots: HashMap<Slot, SlotChange>,
    nonces: AddressMap<TxIndex>,
    codes: AddressMap<TxIndex>,
    next: TxIndex,
    horizon: TxIndex,
    /// What everything waits for in any case.
    floor: TxIndex,
}

impl Horizons {
    /// No transaction yet, with room for what so many usually change.
    pub fn with_room_for(n_txs: usize) -> Self {
        let room = BALANCES_PER_TX * n_txs;
        let balances = AddressMap::with_capacity_and_hasher(room, Default::default());
        let slots = HashMap::with_capacity_and_hasher(n_txs, Default::default());
        Self { balances, slots, ..Self::default() }
    }

    /// The next transaction is forecast to read `location`.
    pub fn read(&mut self, location: &Location) {
        let last = match location {
            Location::Balance(address) => self.balances.get(address),
            Location::Storage(slot) => self.slots.get(slot).map(|change| &change.last),
            Location::Nonce(address) => self.nonces.get(address),
            Location::Code(address) => self.codes.get(address),
        };
        self.wait_for(last.copied());
    }

    /// The next transaction is forecast to read `location` and to change it then.
    pub fn read_and_change(&mut self, location: Location) {
        let last = self.note(location);
        self.wait_for(last);
    }

    fn wait_for(&mut self, last: Option<TxIndex>) {
        if let Some(last) = last
            && last < self.next
        {
            self.horizon = self.horizon.max(TxIndex(last.0 + 1));
        }
    }

    /// The next transaction is forecast to change `location`, after all of its reads were told.
    pub fn change(&mut self, location: Location) {
        self.note(location);
    }

    /// The next transaction is predicted to add to `slot`, after all of its reads were told; whether it
    /// was changed by one that the transaction does not wait for. It waits for the last that wrote the
    /// slot otherwise than by adding to it, because storing costs something else in an empty slot.
    pub fn add(&mut self, slot: Slot) -> bool {
        let (last, written) =
            self.slots.get(&slot).map_or((None, None), |it| (Some(it.last), it.written));
        self.wait_for(written);
        self.slots.insert(slot, SlotChange { last: self.next, written });
        last.is_some_and(|last| self.horizon <= last && last < self.next)
    }

    /// Notes a change by the next transaction; the last one before it.
    fn note(&mut self, location: Location) -> Option<TxIndex> {
        match location {
            Location::Balance(address) => self.balances.insert(address, self.next),
            Location::Storage(slot) => {
                let change = SlotChange { last: self.next, written: Some(self.next) };
                self.slots.insert(slot, change).map(|before| before.last)
            }
            Location::Nonce(address) => self.nonces.insert(address, self.next),
            Location::Code(address) => self.codes.insert(address, self.next),
        }
    }

    /// Everything about the next transaction is told: its horizon.
    pub fn turn(&mut self) -> TxIndex {
        self.next = TxIndex(self.next.0 + 1);
        core::mem::replace(&mut self.horizon, self.floor)
    }

    /// Nothing is forecast of the next transaction: all behind it wait for it.
    pub fn pass(&mut self) {
        self.next = TxIndex(self.next.0 + 1);
        (self.floor, self.horizon) = (self.next, self.next);
    }
}

#[cfg(test)]
mod tests;
