//! What becomes of the accounts of one part of a store, and how is that undone?
//!
//! In: the part, lent by the store of one thread alone, and changes of its accounts, ascending by
//! stamp. Out: the part as the changes left it, or as it was.
//! Invariant: undone, a part is as it was lent, to the order of its accounts.

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};
use indexmap::map::Entry;
use revm::state::AccountInfo;

use super::{Accounts, cell::AccountCell};
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

    /// Changes an account, which `look` finds if nobody changed it before; nothing when it cannot be
    /// found or changed, and then everything is to be undone.
    pub(crate) fn change(
        &mut self,
        stamp: Stamp,
        address: &Address,
        look: impl FnOnce() -> Option<Option<AccountInfo>>,
        change: impl FnOnce(&mut AccountInfo) -> Option<()>,
    ) -> Option<()> {
        match self.accounts.entry(*address) {
            Entry::Occupied(mut place) => {
                if place.get().last().0 < self.first {
                    self.replaced.push((place.index(), place.get().clone()));
                }
                place.get_mut().remake(stamp, NOBODY, change)
            }
            Entry::Vacant(place) => {
                let mut info = look()?.unwrap_or(NOBODY);
                change(&mut info)?;
                place.insert(AccountCell::new(stamp, (!info.is_empty()).then_some(info)));
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

/// An account that does not exist. Its code is left out, which costs less to make than none.
const NOBODY: AccountInfo = AccountInfo {
    balance: U256::ZERO,
    nonce: 0,
    code_hash: KECCAK256_EMPTY,
    account_id: None,
    code: None,
};
