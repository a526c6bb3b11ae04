//! Does a transaction succeed, and which slots does it touch of contracts that it creates?
//!
//! In: what a binding says while it runs. Out: [`Seen`]; a prediction leaves both out.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use slotcast::{analyzer::bind::Trace, model::Slot, predict::Listener};

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

impl Listener for Seen {
    fn hear(&mut self, trace: Trace<'_>) {
        match trace {
            Trace::Begin => *self = Self::default(),
            Trace::Enter(entered) => {
                self.n_open += 1;
                if entered.code_at.is_none() {
                    self.created.insert(entered.address);
                }
            }
            Trace::Access { slot, .. } => drop(self.slots.insert(slot)),
            Trace::Leave { success } => {
                self.n_open = self.n_open.saturating_sub(1);
                self.is_failed = self.n_open == 0 && !success;
            }
        }
    }
}
