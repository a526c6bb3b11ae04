//! Which pending transactions touch the same state, and which predictions has the chain made stale?
//!
//! In: [`Hint`]s of unexecuted transactions, one at a time. Out: whether two conflict, the
//! groups of those that do, and who relied on a word that changed.
//! Invariants: every answer is about exact locations, interned by value. Answers depend on what is in
//! the pool, not on how it got there, but for the tickets themselves.
//!
//! Two transactions *conflict* when one may observe what the other changes, whichever comes first.
//! Deltas to one location do not conflict with one another. Conflict *groups* are what conflicts
//! connect: transactions of different groups may be ordered, simulated and thrown away without a look
//! at one another. What a prediction leaves open (its gaps and wildcards) makes no conflict.
//!
//! ```
//! use alloy_primitives::{Address, U256};
//! use slotcast::hints::{ConflictScope, Hint, ConflictPool};
//! use slotcast_model::{AccountAccess, Prediction, Slot, StorageAccess};
//!
//! let writes = |key: u64| {
//!     let slot = Slot::new(Address::with_last_byte(1), U256::from(key));
//!     let storage = StorageAccess { writes: vec![slot], ..StorageAccess::default() };
//!     Hint::from(Prediction::new(storage, AccountAccess::default(), vec![], vec![], vec![]))
//! };
//! let mut pool = ConflictPool::new(ConflictScope::All);
//! let [a, b, c] = [writes(1), writes(1), writes(2)].map(|hint| pool.insert(&hint));
//! assert!(pool.conflicts(a, b) && !pool.conflicts(a, c));
//! assert_eq!(pool.groups(), [vec![a, b], vec![c]]);
//! ```

mod conflict_set;
mod entry;
mod groups;
mod places;
mod tickets;

use slotcast_model::{IndexVec, Location, StateRead, index_newtype};

use self::{
    conflict_set::ConflictSet, entry::Entry, groups::Groups, places::Places, tickets::Gathering,
};
use crate::hints::Hint;

index_newtype! {
    /// A transaction's place in a [`ConflictPool`]. When the transaction is cancelled, the next one may get
    /// the same ticket.
    pub struct Ticket;
}

/// What counts when two transactions are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConflictScope {
    /// All that an outcome can depend on. A spender conflicts with all who pay it.
    #[default]
    All,
    /// The same without balances that are spent from and not looked at: that a sender can pay is
    /// checked when the transaction is run.
    Observed,
}

/// Transactions that wait, by what they are predicted to touch.
#[derive(Clone, Debug, Default)]
pub struct ConflictPool {
    scope: ConflictScope,
    places: Places,
    entries: IndexVec<Ticket, Option<Entry>>,
    /// What of `entries` is empty.
    free: Vec<Ticket>,
    groups: Groups,
    conflicts: ConflictSet,
    n_transactions: usize,
    gathering: Gathering,
}

impl ConflictPool {
    /// An empty pool.
    pub fn new(scope: ConflictScope) -> Self {
        Self { scope, ..Self::default() }
    }

    /// How many transactions wait.
    pub const fn len(&self) -> usize {
        self.n_transactions
    }

    /// Whether none does.
    pub const fn is_empty(&self) -> bool {
        self.n_transactions == 0
    }

    /// The transactions that wait, ascending.
    pub fn tickets(&self) -> impl Iterator<Item = Ticket> {
        self.entries
            .iter_enumerated()
            .filter(|(_, entry)| entry.is_some())
            .map(|(ticket, _)| ticket)
    }

    /// Takes a transaction in.
    pub fn insert(&mut self, hint: &Hint) -> Ticket {
        let ticket = self.free.pop().unwrap_or_else(|| {
            self.groups.make_room();
            self.conflicts.make_room();
            self.entries.push(None)
        });
        self.put(ticket, hint);
        ticket
    }

    /// Puts another transaction, or another prediction of the same one, in place of `ticket`; false if
    /// no transaction has it.
    pub fn replace(&mut self, ticket: Ticket, hint: &Hint) -> bool {
        let had_one = self.remove(ticket);
        if had_one {
            self.put(ticket, hint);
        }
        had_one
    }

    /// Takes a transaction out; false if none has this ticket.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let had_one = self.remove(ticket);
        if had_one {
            self.free.push(ticket);
        }
        had_one
    }

    /// Whether one of the two may observe what the other changes.
    ///
    /// A transaction that is not in the pool conflicts with none, and none conflicts with itself.
    pub fn conflicts(&self, a: Ticket, b: Ticket) -> bool {
        self.conflicts.are(a, b)
    }

    /// The locations at which two transactions conflict, ascending.
    pub fn conflicting_locations(&self, a: Ticket, b: Ticket) -> Vec<Location> {
        let (Some(left), Some(right)) = (self.at(a), self.at(b)) else { return Vec::new() };
        if a == b {
            return Vec::new();
        }
        let mut locations: Vec<Location> = left
            .conflicting_locations(right)
            .into_iter()
            .map(|id| self.places.location(id))
            .collect();
        locations.sort_unstable();
        locations.dedup();
        locations
    }

    /// The conflict groups, each ascending, by their first transaction.
    ///
    /// Groups that lost a transaction since they were last asked for are divided again now.
    pub fn groups(&mut self) -> Vec<Vec<Ticket>> {
        self.groups.settle(&self.entries, &self.places);
        self.groups.list()
    }

    /// The conflict group of a transaction, ascending; empty if it is not in the pool.
    pub fn group_of(&mut self, ticket: Ticket) -> Vec<Ticket> {
        if self.at(ticket).is_none() {
            return Vec::new();
        }
        self.groups.settle(&self.entries, &self.places);
        self.groups.of(ticket)
    }

    /// The transactions whose predictions no longer hold now that the chain has `changed`, ascending.
    ///
    /// Each word comes with what it holds now (a code with its hash, as a number); a word that holds
    /// what a prediction relied on does not touch it. Only the predictions given back have to be made
    /// again, the others need not even be looked at.
    pub fn revalidate(&self, changed: &[StateRead]) -> Vec<Ticket> {
        let mut stale = Vec::new();
        for word in changed {
            let Some(place) = self.places.find(&word.location) else { continue };
            let relies = |ticket: &Ticket| {
                self.at(*ticket).is_some_and(|entry| entry.is_stale(place, word.value))
            };
            stale.extend(self.places.reliers(place).iter().filter(relies));
        }
        stale.sort_unstable();
        stale.dedup();
        stale
    }

    fn at(&self, ticket: Ticket) -> Option<&Entry> {
        self.entries.get(ticket)?.as_ref()
    }

    fn put(&mut self, ticket: Ticket, hint: &Hint) {
        let entry = Entry::new(ticket, hint, self.scope, &mut self.places);
        self.conflicts.enter(ticket, entry.conflicting(ticket, &self.places, &mut self.gathering));
        self.groups.enter(ticket, &entry, &self.places);
        self.entries[ticket] = Some(entry);
        self.n_transactions += 1;
    }

    fn remove(&mut self, ticket: Ticket) -> bool {
        if self.at(ticket).is_none() {
            return false;
        }
        let Some(entry) = self.entries[ticket].take() else { return false };
        self.groups.leave(ticket, &entry, &self.places);
        entry.leave(ticket, &mut self.places);
        self.conflicts.leave(ticket);
        self.n_transactions -= 1;
        true
    }
}

#[cfg(test)]
mod tests;
