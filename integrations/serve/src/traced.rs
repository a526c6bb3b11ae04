//! Does a transaction succeed, and which slots does it touch of contracts that it creates?
//!
//! In: a view of the state. Out: [`Traced`], the same view, which remembers what a binding says while
//! it runs; a prediction leaves both out.
//! Invariant: what is predicted is the same as without.

use std::{cell::RefCell, collections::BTreeSet};

use alloy_primitives::{Address, B256, Bytes, U256};
use slotcast::{
    analyzer::{
        bind::{Callee, StateView, Trace},
        bytecode::Pc,
    },
    model::Slot,
};

/// A view that remembers.
#[derive(Debug)]
pub(crate) struct Traced<'a, S> {
    view: &'a S,
    seen: RefCell<Seen>,
}

/// What a binding said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    n_open: usize,
    created: BTreeSet<Address>,
    slots: BTreeSet<Slot>,
    /// Whether the outermost frame failed.
    pub(crate) is_failed: bool,
}

impl Seen {
    /// The slots of contracts that the transaction creates, ascending.
    pub(crate) fn created_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| self.created.contains(&slot.address))
    }
}

impl<'a, S> Traced<'a, S> {
    pub(crate) fn new(view: &'a S) -> Self {
        Self { view, seen: RefCell::default() }
    }

    pub(crate) fn into_seen(self) -> Seen {
        self.seen.into_inner()
    }
}

impl<S: StateView> StateView for Traced<'_, S> {
    const IS_TRACED: bool = true;

    fn trace(&self, trace: Trace<'_>) {
        let mut seen = self.seen.borrow_mut();
        match trace {
            Trace::Begin => *seen = Seen::default(),
            Trace::Enter(entered) => {
                seen.n_open += 1;
                if entered.code_at.is_none() {
                    seen.created.insert(entered.address);
                }
            }
            Trace::Access { slot, .. } => drop(seen.slots.insert(slot)),
            Trace::Leave { success } => {
                seen.n_open = seen.n_open.saturating_sub(1);
                seen.is_failed = seen.n_open == 0 && !success;
            }
        }
    }

    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.view.storage(address, key)
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.view.balance(address)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.view.nonce(address)
    }

    fn callee(&self, address: Address) -> Callee {
        self.view.callee(address)
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.view.summarise(code)
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.view.refine(address, jump, target)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.view.block_hash(number)
    }
}
