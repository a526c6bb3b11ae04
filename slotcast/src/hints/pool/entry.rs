//! What does one transaction of the pool touch, and what does it conflict with?
//!
//! In: a [`Hint`]. Out: [`Entry`]: the places it reads, changes and relies on; and what it conflicts
//! with of those who are there.
//! Invariant: lists are ascending.

use alloy_primitives::U256;
use slotcast_model::{AccountAccess, Location, Slot, StorageAccess};

use super::{
    ConflictScope, Ticket,
    places::{PlaceId, Places, Role},
    tickets::{Gathering, Tickets},
};
use crate::hints::Hint;

/// One transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    reads: Vec<PlaceId>,
    changes: Vec<PlaceId>,
    relied_on: Vec<(PlaceId, U256)>,
}

impl Entry {
    /// Enters the transaction at every place it uses.
    pub(super) fn new(
        ticket: Ticket,
        hint: &Hint,
        scope: ConflictScope,
        places: &mut Places,
    ) -> Self {
        let mut entry = Self::default();
        entry.add_storage(hint.prediction().storage(), places);
        entry.add_accounts(hint.prediction().accounts(), scope, places);
        for word in hint.relied_on() {
            entry.relied_on.push((places.intern(word.location), word.value));
        }
        for list in [&mut entry.reads, &mut entry.changes] {
            list.sort_unstable();
            list.dedup();
        }
        entry.relied_on.sort_unstable();
        for (role, id) in entry.roles() {
            places.enter(id, role, ticket);
        }
        entry
    }

    /// Leaves every place.
    pub(super) fn leave(&self, ticket: Ticket, places: &mut Places) {
        for (role, id) in self.roles() {
            places.leave(id, role, ticket);
        }
    }

    /// Those of the pool that it conflicts with; `ticket` is its own.
    pub(super) fn conflicting(
        &self,
        ticket: Ticket,
        places: &Places,
        gathering: &mut Gathering,
    ) -> Tickets {
        for id in &self.reads {
            gathering.add(places.changers(*id));
        }
        for id in &self.changes {
            gathering.add(places.readers(*id));
        }
        gathering.take(ticket)
    }

    /// Where they conflict, in any order.
    pub(super) fn conflicting_locations(&self, other: &Self) -> Vec<PlaceId> {
        let observes = |reads: &[PlaceId], changes: &[PlaceId]| -> Vec<PlaceId> {
            reads.iter().copied().filter(|id| changes.binary_search(id).is_ok()).collect()
        };
        let mut places = observes(&self.reads, &other.changes);
        places.extend(observes(&other.reads, &self.changes));
        places
    }

    /// The places it reads or changes; some may come twice.
    pub(super) fn places(&self) -> impl Iterator<Item = PlaceId> {
        self.reads.iter().chain(&self.changes).copied()
    }

    /// Whether it may observe what is at the place.
    pub(super) fn reads(&self, id: PlaceId) -> bool {
        self.reads.binary_search(&id).is_ok()
    }

    /// Whether it may leave another value at the place.
    pub(super) fn changes(&self, id: PlaceId) -> bool {
        self.changes.binary_search(&id).is_ok()
    }

    /// Whether its prediction relied on something else than `value` at the place.
    pub(super) fn is_stale(&self, id: PlaceId, value: U256) -> bool {
        let from = self.relied_on.partition_point(|word| word.0 < id);
        self.relied_on[from..].iter().take_while(|word| word.0 == id).any(|word| word.1 != value)
    }

    fn roles(&self) -> impl Iterator<Item = (Role, PlaceId)> {
        let reads = self.reads.iter().map(|&id| (Role::Reads, id));
        let changes = self.changes.iter().map(|&id| (Role::Changes, id));
        reads.chain(changes).chain(self.relied_on.iter().map(|&(id, _)| (Role::ReliesOn, id)))
    }

    fn add_storage(&mut self, storage: &StorageAccess, places: &mut Places) {
        // Both lists are ascending and what is written is also read, so one walk finds both and
        // interns each slot once.
        let mut writes = storage.writes.iter().peekable();
        for slot in &storage.reads {
            let id = places.intern(Location::Storage(*slot));
            self.reads.push(id);
            if writes.next_if_eq(&slot).is_some() {
                self.changes.push(id);
            }
        }
        debug_assert!(writes.next().is_none(), "what is written is also read");
        let add = |slot: &Slot| places.intern(Location::Storage(*slot));
        self.changes.extend(storage.deltas.iter().map(add));
    }

    fn add_accounts(
        &mut self,
        accounts: &AccountAccess,
        scope: ConflictScope,
        places: &mut Places,
    ) {
        for address in &accounts.balance_reads {
            self.reads.push(places.intern(Location::Balance(*address)));
        }
        for address in &accounts.code_reads {
            self.reads.push(places.intern(Location::Code(*address)));
        }
        for address in &accounts.balance_debits {
            let id = places.intern(Location::Balance(*address));
            self.changes.push(id);
            if scope == ConflictScope::All {
                self.reads.push(id);
            }
        }
        for address in &accounts.balance_credits {
            self.changes.push(places.intern(Location::Balance(*address)));
        }
        for address in &accounts.nonces {
            self.add_both(Location::Nonce(*address), places);
        }
        for &address in &accounts.delegated {
            self.add_both(Location::Code(address), places);
        }
        for &address in accounts.created.iter().chain(&accounts.destroyed) {
            self.add_both(Location::Balance(address), places);
            self.add_both(Location::Nonce(address), places);
            self.add_both(Location::Code(address), places);
        }
    }

    fn add_both(&mut self, location: Location, places: &mut Places) {
        let id = places.intern(location);
        self.reads.push(id);
        self.changes.push(id);
    }
}
