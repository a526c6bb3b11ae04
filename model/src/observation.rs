//! What did one transaction really touch?
//!
//! In: what the executor recorded. Out: [`Observation`], the truth predictions are scored against.
//! Invariant: lists are ascending and without repeats; every written slot is also read.

use alloy_primitives::{Address, U256, map::HashMap};

use crate::{AccountAccess, Location, Slot, TxIndex};

/// The truth about one executed transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Observation {
    /// Slots hit by SLOAD or SSTORE, also in frames that reverted, but for slots of contracts the
    /// same transaction created.
    pub reads: Vec<Slot>,
    /// Slots whose value after the transaction differs from before.
    pub writes: Vec<Slot>,
    /// The accounts touched.
    pub accounts: AccountAccess,
    /// The accounts whose balance code asked for, whether or not they were spent from as well.
    pub balances_asked: Vec<Address>,
    /// What was added to balances modulo 2^256, where it is not zero, ascending by address.
    pub balance_changes: Vec<(Address, U256)>,
}

impl Observation {
    /// What the transaction changed, but for what it creates or destroys.
    fn written(&self) -> impl Iterator<Item = Location> + '_ {
        let slots = self.writes.iter().copied().map(Location::Storage);
        let accounts = &self.accounts;
        let balances = accounts.balance_debits.iter().chain(&accounts.balance_credits);
        let balances = balances.copied().map(Location::Balance);
        let nonces = accounts.nonces.iter().copied().map(Location::Nonce);
        let codes = accounts.delegated.iter().copied().map(Location::Code);
        slots.chain(balances).chain(nonces).chain(codes)
    }
}

/// Which transaction changed a location last.
#[derive(Clone, Debug, Default)]
pub struct LastWriters {
    locations: HashMap<Location, TxIndex>,
    /// Accounts that were created or destroyed, with all that they hold.
    made: HashMap<Address, TxIndex>,
}

impl LastWriters {
    /// Those among the transactions before `tx`.
    pub fn before<'a>(
        tx: TxIndex,
        observations: impl IntoIterator<Item = (TxIndex, &'a Observation)>,
    ) -> Self {
        let mut writers = Self::default();
        for (earlier, observation) in observations.into_iter().take_while(|(it, _)| *it < tx) {
            writers.add(earlier, observation);
        }
        writers
    }

    /// Adds a transaction behind all that were added.
    pub fn add(&mut self, tx: TxIndex, observation: &Observation) {
        self.locations.extend(observation.written().map(|location| (location, tx)));
        let accounts = &observation.accounts;
        let made = accounts.created.iter().chain(&accounts.destroyed);
        self.made.extend(made.map(|address| (*address, tx)));
    }

    /// The transaction that changed `location` last.
    pub fn of(&self, location: &Location) -> Option<TxIndex> {
        let written = self.locations.get(location).copied();
        written.max(self.made.get(&location.address()).copied())
    }
}

#[cfg(test)]
mod tests;
