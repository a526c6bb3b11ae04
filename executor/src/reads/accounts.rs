//! Which accounts did a run load, and where is the one at this address?
//!
//! In: accounts, in the order in which they were loaded. Out: all of them, or the one at an address.
//! Invariant: of one address there is one account, the one that was loaded last.
//!
//! Most runs load a handful, among which looking at each is quicker than hashing one address; those
//! that load more have a table.

use alloy_primitives::{Address, map::AddressMap};
use revm::state::AccountInfo;

use crate::fees::Use;

/// An account as a run found it.
#[derive(Debug)]
pub(crate) struct AccountRead {
    /// What was there, without its code.
    pub(crate) info: Option<AccountInfo>,
    /// Whether it came from the base state rather than from a transaction.
    pub(crate) is_from_base: bool,
    /// Whether the nonce is the one the transaction states, or anything was told, rather than all of it
    /// found.
    pub(crate) is_assumed: bool,
    /// What the run did with it.
    pub(crate) usage: Use,
}

/// Up to so many are looked through.
const A_HANDFUL: usize = 12;

/// The accounts that one run loaded.
#[derive(Debug, Default)]
pub(crate) struct AccountReads {
    list: Vec<(Address, AccountRead)>,
    /// Where each is, once there are more than a handful.
    places: AddressMap<usize>,
}

impl AccountReads {
    /// Enters an account.
    pub(crate) fn insert(&mut self, address: Address, read: AccountRead) {
        if let Some(known) = self.get_mut(&address) {
            *known = read;
            return;
        }
        self.list.push((address, read));
        match self.list.len() {
            ..=A_HANDFUL => {}
            n if self.places.is_empty() => {
                self.places = self.list.iter().map(|(address, _)| *address).zip(0..n).collect();
            }
            n => {
                self.places.insert(address, n - 1);
            }
        }
    }

    /// The account at an address, if it was loaded.
    pub(crate) fn get_mut(&mut self, address: &Address) -> Option<&mut AccountRead> {
        if self.places.is_empty() {
            let mut list = self.list.iter_mut().rev();
            return list.find(|(known, _)| known == address).map(|(_, read)| read);
        }
        let place = *self.places.get(address)?;
        Some(&mut self.list[place].1)
    }

    /// All accounts, in the order in which they were loaded.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Address, AccountRead)> {
        self.list.iter()
    }
}

#[cfg(test)]
mod tests;
