//! What becomes of the accounts of one part of a store, and how is that undone?
//!
//! In: the part, lent by the store of one thread alone, and changes of its accounts, ascending by
//! stamp. Out: the part as the changes left it, or as it was.
//! Invariant: undone, a part is as it was lent, to the order of its accounts.

use alloy_primitives::Address;
use indexmap::map::Entry;
use revm::state::AccountInfo;

use super::{
    Accounts, Purse,
    cell::{AccountCell, Left},
};
use crate::versions::Stamp;

/// Accounts that somebody has to himself.
#[derive(Debug)]
pub(crate) struct Part {
    pub(super) accounts: Accounts,
    /// What is changed has at least this stamp.
    first: Stamp,
    n_before: usize,
    /// As they were, those that were there.
    replaced: Vec<(usize, AccountCell)>,
}

impl Part {
    pub(super) fn new(accounts: Accounts, first: Stamp) -> Self {
        let n_before = accounts.len();
        Self { accounts, first, n_before, replaced: Vec::new() }
    }

    /// Pays an account or for it, which `look` finds if nobody changed it before; nothing when it
    /// cannot be found or paid, and then everything is to be undone.
    pub(crate) fn pay(
        &mut self,
        stamp: Stamp,
        address: &Address,
        look: impl FnOnce() -> Option<Option<AccountInfo>>,
        pay: impl FnOnce(Purse<'_>) -> Option<()>,
    ) -> Option<()> {
        match self.accounts.entry(*address) {
            Entry::Occupied(mut place) => {
                if place.get().last().0 < self.first {
                    self.replaced.push((place.index(), place.get().clone()));
                }
                place.get_mut().pay(stamp, pay)
            }
            Entry::Vacant(place) => {
                let mut left = Left::from(look()?.as_ref());
                pay(left.purse())?;
                left.vanish_if_empty();
                place.insert(AccountCell::new(stamp, left));
                Some(())
            }
        }
    }

    /// Makes everything as it was.
    pub(crate) fn undo(&mut self) {
        self.accounts.truncate(self.n_before);
        for (place, cell) in self.replaced.drain(..) {
            self.accounts[place] = cell;
        }
    }
}

/// In which of so many parts, a power of two, an account lies.
pub(crate) const fn place_of(address: &Address, n_parts: usize) -> usize {
    address.0.0[19] as usize & (n_parts - 1)
}
