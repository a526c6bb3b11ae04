//! What did a speculative run read, and what of it did it look at?
//!
//! In: every account and slot as it is loaded, and how instructions use them. Out: [`Reads`].
//! Invariant: an account whose use no instruction explained counts as looked at in full.

mod accounts;

use alloy_primitives::{Address, U256};
use slotcast_model::Slot;

use crate::{deltas::Deltas, fees::Use};

pub(crate) use accounts::{AccountRead, AccountReads};

/// Everything one run read.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Accounts, each loaded once.
    pub(crate) accounts: AccountReads,
    /// Storage slots, each loaded once.
    pub(crate) slots: Vec<SlotRead>,
    /// The slots that the run is expected to only add to, and what it did with them.
    pub(crate) deltas: Deltas,
    /// Addresses at which something was to be created.
    pub(crate) creations: Vec<Address>,
    /// Whether something unnamed was looked at: then every account counts as looked at
    /// in full.
    pub(crate) is_opaque: bool,
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
