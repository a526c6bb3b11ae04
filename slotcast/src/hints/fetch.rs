//! Which state should be loaded before the transactions run, and in which order?
//!
//! In: predictions. Out: [`FetchPlan`]: each account and each slot once.
//! Invariants: accounts and keys are ascending, which is how databases lay them out; nothing is asked
//! for twice; the plan depends on the predictions alone. A key that is missing costs one load later,
//! a key too many one load for nothing.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use slotcast_model::Prediction;

use crate::hints::{SCHEMA_VERSION, key_of};

/// What to load before running transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchPlan {
    /// The version of the dialect.
    pub schema_version: u64,
    /// Every account, ascending.
    pub accounts: Vec<AccountFetch>,
}

/// What to load of one account; its balance, nonce and code hash come together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFetch {
    /// The account.
    pub address: Address,
    /// Whether its code is needed too.
    pub code: bool,
    /// Slots of its storage, ascending.
    pub slots: Vec<B256>,
}

impl FetchPlan {
    /// What these predictions say will be asked for.
    ///
    /// ```
    /// use alloy_primitives::{Address, U256};
    /// use slotcast::hints::FetchPlan;
    /// use slotcast_model::{AccountAccess, Prediction, Slot, StorageAccess};
    ///
    /// let slot = Slot::new(Address::with_last_byte(1), U256::from(2));
    /// let storage = StorageAccess { reads: vec![slot], ..StorageAccess::default() };
    /// let prediction =
    ///     Prediction::new(storage, AccountAccess::default(), vec![], vec![], vec![]);
    /// let plan = FetchPlan::of([&prediction, &prediction]);
    /// assert_eq!((plan.n_accounts(), plan.n_slots()), (1, 1));
    /// ```
    pub fn of<'a>(predictions: impl IntoIterator<Item = &'a Prediction>) -> Self {
        let mut slots = Vec::new();
        let mut accounts: BTreeMap<Address, bool> = BTreeMap::new();
        for prediction in predictions {
            let (storage, touched) = (prediction.storage(), prediction.accounts());
            slots.extend(storage.reads.iter().chain(&storage.deltas).copied());
            let others = [
                &touched.balance_reads,
                &touched.balance_debits,
                &touched.balance_credits,
                &touched.nonces,
                &touched.created,
                &touched.destroyed,
                &touched.delegated,
            ];
            for address in others.into_iter().flatten() {
                accounts.entry(*address).or_default();
            }
            for address in &touched.code_reads {
                accounts.insert(*address, true);
            }
        }
        slots.sort_unstable();
        slots.dedup();
        for slot in &slots {
            accounts.entry(slot.address).or_default();
        }
        let mut slots = slots.iter().peekable();
        let fetch = |(address, code)| {
            let mut fetch = AccountFetch { address, code, slots: Vec::new() };
            while let Some(slot) = slots.next_if(|slot| slot.address == address) {
                fetch.slots.push(key_of(slot));
            }
            fetch
        };
        Self { schema_version: SCHEMA_VERSION, accounts: accounts.into_iter().map(fetch).collect() }
    }

    /// How many accounts are loaded.
    pub const fn n_accounts(&self) -> usize {
        self.accounts.len()
    }

    /// How many slots are loaded.
    pub fn n_slots(&self) -> usize {
        self.accounts.iter().map(|account| account.slots.len()).sum()
    }
}

#[cfg(test)]
mod tests;
