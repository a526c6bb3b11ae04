//! Up to where does a transaction wait, and which values does it find, as soon as it is predicted?
//!
//! In: what transactions are predicted to read and change, one after the other, with the values they
//! are predicted to leave in slots, to add to balances and nonces, and the code that they put in place.
//! Out: for each its horizon, one more than the
//! highest transaction that changes what it reads to something that is not known, and what is known
//! from there on.
//! Invariants: without values the horizons are those of the DAG that the scheduler makes; what is
//! said of a transaction depends on earlier transactions alone, so nothing has to wait for the rest
//! of the block.

use core::ops::Range;

use alloy_primitives::{
    Address, Bytes, U256,
    map::{AddressMap, HashMap},
};
use slotcast_executor::{Code, ToldAccount};
use slotcast_model::{Location, Slot, TxIndex};

use crate::announced::Move;

/// Balances that a transaction usually changes: more only make the map grow.
const BALANCES_PER_TX: usize = 2;

/// The last change of a slot: by which transaction, and to what.
#[derive(Clone, Copy, Debug)]
struct SlotChange {
    tx: TxIndex,
    value: Option<U256>,
    /// The last that did more than add to it.
    written: Option<TxIndex>,
}

/// How a balance or a nonce changed so far.
#[derive(Clone, Debug, Default)]
struct Sums {
    /// The last transaction that changed it by an unknown amount.
    unknown: Option<TxIndex>,
    /// What others added to it so far, modulo 2^256, ascending by transaction.
    known: Vec<(TxIndex, U256)>,
}

impl Sums {
    /// `tx` adds this, where it is known.
    fn add(&mut self, tx: TxIndex, added: Option<U256>) {
        match added {
            None => self.unknown = Some(tx),
            // It is in two lists: gained and spent, created and creating.
            Some(_) if self.known.last().is_some_and(|(last, _)| *last == tx) => {}
            Some(added) => self.known.push((tx, self.sum_below(tx).wrapping_add(added))),
        }
    }

    /// What the transactions of `range` add.
    fn sum_of(&self, range: &Range<TxIndex>) -> U256 {
        self.sum_below(range.end).wrapping_sub(self.sum_below(range.start))
    }

    /// What the transactions below `tx` add.
    fn sum_below(&self, tx: TxIndex) -> U256 {
        let n_below = self.known.partition_point(|(other, _)| *other < tx);
        n_below.checked_sub(1).map_or(U256::ZERO, |last| self.known[last].1)
    }
}

/// The last change of an account's code.
#[derive(Clone, Debug)]
struct CodeChange {
    tx: TxIndex,
    /// What it is then, if that is known.
    code: Option<Bytes>,
    /// The same, once a transaction was told.
    told: Option<Code>,
}

/// What a transaction leaves of an account in place of what it found.
#[derive(Debug)]
enum Left {
    /// This code, if it is known.
    Code(Option<Bytes>),
    /// Nothing at all.
    Nothing,
}

/// What is looked at of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Balance,
    Nonce,
    Code,
}

/// What a transaction leaves in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Leaves {
    /// The value, on the state that it was predicted on.
    pub(super) value: Option<U256>,
    /// Whether it is known what else it does when the slot holds something else.
    pub(super) is_moving: bool,
    /// What it leaves in this slot then, if that is known.
    pub(super) moves: Option<Move>,
}

impl Leaves {
    /// What is left after this change of the slot.
    fn after(self, last: Option<&SlotChange>) -> Option<U256> {
        match (last, self.moves) {
            (None, _) | (_, Some(Move::Stays)) => self.value,
            (Some(last), Some(Move::Adds(added))) => Some(last.value?.wrapping_add(added)),
            (Some(_), None) => self.value.filter(|_| !self.is_moving),
        }
    }
}

/// What transactions before it change of what a transaction is predicted to read or to add to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Touched {
    /// Nothing.
    #[default]
    Nowhere,
    /// Slots alone of which it is known what it does when they hold something else.
    WhereItMoves,
    /// More.
    Elsewhere,
}

/// What the next transaction waits for and finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Up to where it waits.
    pub(super) horizon: TxIndex,
    /// The values of slots from there on, ascending by slot.
    pub(super) expected: Vec<(Slot, U256)>,
    /// What is changed of accounts from there on, ascending by address.
    pub(super) accounts: Vec<(Address, ToldAccount)>,
}

/// The last change of every location so far.
#[derive(Debug, Default)]
pub(super) struct LastChanges {
    balances: AddressMap<Sums>,
    slots: HashMap<Slot, SlotChange>,
    nonces: AddressMap<Sums>,
    codes: AddressMap<CodeChange>,
    /// The accounts that are known to be destroyed, by which transaction last.
    destroyed: AddressMap<TxIndex>,
    next: TxIndex,
    horizon: TxIndex,
    /// What transactions changed of what the next one is predicted to read or to add to.
    touched: Touched,
    /// The known values that the next transaction reads, with their writers.
    expected: Vec<(Slot, U256, TxIndex)>,
    /// What it looks at of accounts and others change in a known way.
    looked_at: Vec<(Address, Part)>,
    /// What it leaves of accounts, which is entered when its turn is over.
    left: Vec<(Address, Left)>,
}

impl LastChanges {
    /// No transaction yet, with room for what so many usually change.
    pub(super) fn with_room_for(n_txs: usize) -> Self {
        let room = BALANCES_PER_TX * n_txs;
        let balances = AddressMap::with_capacity_and_hasher(room, Default::default());
        let slots = HashMap::with_capacity_and_hasher(n_txs, Default::default());
        Self { balances, slots, ..Self::default() }
    }

    /// The next transaction is predicted to read `slot`.
    pub(super) fn read_slot(&mut self, slot: Slot) {
        let last = self.last_of(&slot);
        self.touch(last, false);
        self.expect(slot, last);
    }

    /// The last change of `slot`, which is empty when its account is destroyed.
    fn last_of(&self, slot: &Slot) -> Option<SlotChange> {
        let last = self.slots.get(slot).copied();
        if self.destroyed.is_empty() {
            return last;
        }
        match self.destroyed.get(&slot.address) {
            Some(&tx) if last.is_none_or(|last| last.tx <= tx) => {
                Some(SlotChange { tx, value: Some(U256::ZERO), written: Some(tx) })
            }
            _ => last,
        }
    }

    /// The next transaction is predicted to read `slot` and to leave this in it.
    pub(super) fn read_and_change(&mut self, slot: Slot, leaves: Leaves) {
        let (tx, written) = (self.next, Some(self.next));
        let last = self.last_of(&slot);
        self.slots.insert(slot, SlotChange { tx, value: leaves.after(last.as_ref()), written });
        self.touch(last, leaves.is_moving);
        self.expect(slot, last);
    }

    /// The next transaction finds another value in a slot than the state has before the block.
    fn touch(&mut self, last: Option<SlotChange>, is_moving: bool) {
        if last.is_some_and(|last| last.tx < self.next) {
            let by = if is_moving { Touched::WhereItMoves } else { Touched::Elsewhere };
            self.touched = self.touched.max(by);
        }
    }

    fn expect(&mut self, slot: Slot, last: Option<SlotChange>) {
        match last {
            Some(SlotChange { tx, value: Some(value), .. }) if tx < self.next => {
                self.expected.push((slot, value, tx));
            }
            last => self.wait_until(last.map(|last| last.tx)),
        }
    }

    /// The next transaction is predicted to add to `slot`, after all of its reads were told; whether a
    /// transaction changed it that is not waited for. Where the value is not known, it waits for the
    /// last that did more than add to the slot, because storing costs something else in an empty one.
    pub(super) fn add(&mut self, slot: Slot, leaves: Leaves) -> bool {
        let last = self.last_of(&slot);
        let written = last.and_then(|last| last.written);
        self.touch(last, leaves.is_moving);
        let value = leaves.after(last.as_ref());
        self.slots.insert(slot, SlotChange { tx: self.next, value, written });
        match last {
            Some(SlotChange { value: Some(_), .. }) => {
                self.expect(slot, last);
                false
            }
            last => {
                self.wait_until(written);
                last.is_some_and(|last| self.horizon <= last.tx && last.tx < self.next)
            }
        }
    }

    /// The next transaction is predicted to look at an account's balance, nonce or code, or reads a slot.
    pub(super) fn read(&mut self, location: &Location) {
        match location {
            Location::Balance(address) => self.read_sum(*address, Part::Balance),
            Location::Nonce(address) => self.read_sum(*address, Part::Nonce),
            Location::Code(address) => match self.codes.get(address) {
                Some(CodeChange { code: Some(_), .. }) => {
                    self.touched = Touched::Elsewhere;
                    self.looked_at.push((*address, Part::Code));
                    if self.nonces.contains_key(address) {
                        self.looked_at.push((*address, Part::Nonce));
                    }
                }
                last => self.wait_for(last.map(|last| last.tx)),
            },
            Location::Storage(slot) => self.read_slot(*slot),
        }
    }

    /// The next transaction is predicted to pay from a balance that others pay into, which need not suffice
    /// without that; it does not wait.
    pub(super) fn pay_from(&mut self, address: Address) {
        if self.balances.get(&address).is_some_and(|sums| !sums.known.is_empty()) {
            self.looked_at.push((address, Part::Balance));
        }
    }

    fn read_sum(&mut self, address: Address, part: Part) {
        let sums = if part == Part::Balance { &self.balances } else { &self.nonces };
        let Some(sums) = sums.get(&address) else { return };
        let is_other = !sums.sum_below(self.next).is_zero();
        let (unknown, is_known) = (sums.unknown, !sums.known.is_empty());
        let is_destroyed = self.destroyed.contains_key(&address);
        // What was passed on in full leaves the balance as it was.
        if is_other || is_destroyed {
            self.touched = Touched::Elsewhere;
        }
        if is_known || is_destroyed {
            self.looked_at.push((address, part));
        }
        self.wait_for(unknown);
    }

    /// The next transaction is predicted to add this to a balance, modulo 2^256, where it is known;
    /// after all of its reads were told.
    pub(super) fn change_balance(&mut self, address: Address, added: Option<U256>) {
        self.balances.entry(address).or_default().add(self.next, added);
    }

    /// The same of a nonce.
    pub(super) fn change_nonce(&mut self, address: Address, added: Option<u64>) {
        self.nonces.entry(address).or_default().add(self.next, added.map(U256::from));
    }

    /// The next transaction is predicted to put this code in place, where it is known.
    pub(super) fn change_code(&mut self, address: Address, code: Option<Bytes>) {
        self.left.push((address, Left::Code(code)));
    }

    /// The next transaction is predicted to destroy an account.
    pub(super) fn destroy(&mut self, address: Address) {
        self.left.push((address, Left::Nothing));
    }

    /// Enters what a transaction leaves in place of what it found.
    fn leave(&mut self, tx: TxIndex) {
        for (address, left) in self.left.drain(..) {
            let code = match left {
                Left::Code(code) => code,
                Left::Nothing => {
                    self.balances.insert(address, Sums::default());
                    self.nonces.insert(address, Sums::default());
                    self.destroyed.insert(address, tx);
                    Some(Bytes::new())
                }
            };
            self.codes.insert(address, CodeChange { tx, code, told: None });
        }
    }

    /// The next transaction is predicted to leave this in a slot of an account that it creates.
    pub(super) fn fill(&mut self, slot: Slot, value: U256) {
        let (tx, written) = (self.next, Some(self.next));
        self.slots.insert(slot, SlotChange { tx, value: Some(value), written });
    }

    /// What transactions changed of what was told so far to be read or added to by the next one.
    pub(super) const fn touched(&self) -> Touched {
        self.touched
    }

    /// The next transaction leaves something else in `slot` than was told.
    pub(super) fn forget_value(&mut self, slot: &Slot) {
        if let Some(change) = self.slots.get_mut(slot) {
            change.value = None;
        }
    }

    /// The next transaction waits for this one, which changes something that it reads.
    pub(super) fn wait_for(&mut self, last: Option<TxIndex>) {
        if last.is_some_and(|last| last < self.next) {
            self.touched = Touched::Elsewhere;
        }
        self.wait_until(last);
    }

    fn wait_until(&mut self, last: Option<TxIndex>) {
        if let Some(last) = last
            && last < self.next
        {
            self.horizon = self.horizon.max(TxIndex(last.0 + 1));
        }
    }

    /// Everything about the next transaction is told: up to where it waits, and what it finds of what is
    /// changed from there on.
    pub(super) fn turn(&mut self) -> Found {
        let this = self.next;
        self.next = TxIndex(this.0 + 1);
        self.touched = Touched::Nowhere;
        let horizon = core::mem::take(&mut self.horizon);
        let accounts = self.told_accounts(horizon..this);
        self.leave(this);
        let above = self.expected.drain(..).filter(|(.., writer)| horizon <= *writer);
        let mut expected: Vec<_> = above.map(|(slot, value, _)| (slot, value)).collect();
        expected.sort_unstable_by_key(|(slot, _)| *slot);
        Found { horizon, expected, accounts }
    }

    /// What the transactions of `range` change of accounts that are looked at.
    fn told_accounts(&mut self, range: Range<TxIndex>) -> Vec<(Address, ToldAccount)> {
        self.looked_at.sort_unstable();
        self.looked_at.dedup();
        let mut accounts: Vec<(Address, ToldAccount)> = Vec::new();
        for (address, part) in self.looked_at.drain(..) {
            if accounts.last().is_none_or(|(last, _)| *last != address) {
                let at = self.destroyed.get(&address);
                let is_destroyed = at.is_some_and(|at| range.contains(at));
                accounts.push((address, ToldAccount { is_destroyed, ..ToldAccount::default() }));
            }
            let Some((_, told)) = accounts.last_mut() else { continue };
            match part {
                Part::Balance => told.balance = self.balances[&address].sum_of(&range),
                Part::Nonce => {
                    told.nonces = self.nonces[&address].sum_of(&range).wrapping_to();
                }
                Part::Code => {
                    told.code = self.codes.get_mut(&address).and_then(|it| it.tell(&range))
                }
            }
        }
        accounts.retain(|(_, told)| *told != ToldAccount::default());
        accounts
    }
}

impl CodeChange {
    /// The code, if a transaction of `range` puts any in place.
    fn tell(&mut self, range: &Range<TxIndex>) -> Option<Code> {
        let code = self.code.as_ref().filter(|_| range.contains(&self.tx))?;
        Some(self.told.get_or_insert_with(|| Code::new(code.clone())).clone())
    }
}

#[cfg(test)]
mod tests;
