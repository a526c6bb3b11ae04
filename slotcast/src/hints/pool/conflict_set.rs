//! Which of the transactions there before does a transaction conflict with?
//!
//! In: the conflicts of each transaction as it comes in. Out: [`ConflictSet`], which says of two whether they
//! conflict in a few steps however many there are.
//! Invariants: a set is exact for the transactions that were in the pool when it was made, and is
//! never changed; so of two transactions, the set of the later one says whether they conflict. Who is
//! cancelled or replaced leaves its number behind in later sets, but the transaction that gets that number next is
//! later than they, and has a set of its own that is asked instead.
//!
//! What is named by thousands of transactions, or names thousands of accounts, costs its comparisons
//! here, once, and not each time two are compared. Whatever is compared stands close together, because
//! what takes time is waiting for memory.

use slotcast_model::IndexVec;

use super::{Ticket, tickets::Tickets};

/// One transaction's.
#[derive(Clone, Debug, Default)]
struct Arrived {
    /// When it came, counted from one: later than all with a lower number; zero if there is none.
    at: u64,
    conflicts: Tickets,
}

/// What conflicts with what.
#[derive(Clone, Debug, Default)]
pub(super) struct ConflictSet {
    arrived: IndexVec<Ticket, Arrived>,
    n_arrivals: u64,
}

impl ConflictSet {
    /// One more ticket may come.
    pub(super) fn make_room(&mut self) {
        self.arrived.push(Arrived::default());
    }

    /// Notes that `ticket` comes now and conflicts with these of those who are there.
    pub(super) fn enter(&mut self, ticket: Ticket, conflicts: Tickets) {
        self.n_arrivals += 1;
        self.arrived[ticket] = Arrived { at: self.n_arrivals, conflicts };
    }

    /// Notes that `ticket` goes.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.arrived[ticket] = Arrived::default();
    }

    /// Whether two conflict; not if one of them is not there, or both are one.
    pub(super) fn are(&self, a: Ticket, b: Ticket) -> bool {
        let (Some(left), Some(right)) = (self.arrived.get(a), self.arrived.get(b)) else {
            return false;
        };
        let are_there = left.at != 0 && right.at != 0;
        are_there
            && match left.at < right.at {
                true => right.conflicts.contains(a),
                false => left.conflicts.contains(b),
            }
    }
}
