//! Which value does a transaction find where several others may have written?
//!
//! In: the EVM state each step of the block ended with. Out: per account and slot, the value left by
//! the highest earlier step that wrote it; at the end, what the block changed.
//! Invariants: a transaction's effects stand here at most once, under its own stamp; what is read
//! below a stamp depends only on which effects below it are here, never on the order in which they
//! came.
//!
//! # Protocol
//!
//! The versions live behind one read-write lock. While a layer runs, every worker holds it for
//! reading and nothing changes; between layers the committer alone holds it for writing. So within
//! a layer all transactions see exactly the transactions of earlier layers, whatever the timing.
//!
//! # Effects, not values
//!
//! A speculative run may have started from a balance that is not final. What stays true is what it
//! did: *add this much*. An account's version is therefore an [`Effect`] on what was there before,
//! and balances add up along the chain of versions:
//!
//! ```text
//! base 10 ──── tx 2: +5 ──── tx 4: +1, nonce 8 ──── tx 9: destroyed
//! below 2: 10   below 4: 15   below 9: 16, nonce 8    above: nothing
//! ```
//!
//! When transaction 2 turns out to add 7 instead, only its own effect is replaced and everyone after
//! it sees the right sum. Chains are worked out once per change, not per read.

mod chain;

use alloy_primitives::{
    Address, U256,
    map::{AddressMap, HashMap},
};
use revm::{
    database_interface::DatabaseRef,
    state::{AccountInfo, EvmState},
};
use slotcast_model::TxIndex;

use crate::outcome::AccountChange;
use chain::{Chain, Effect};

/// When in a block something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u32);

impl Stamp {
    /// The system calls before the first transaction.
    pub(crate) const OPENING: Self = Self(0);
    /// The system calls, withdrawals and rewards after the last one.
    pub(crate) const CLOSING: Self = Self(u32::MAX - 1);
    /// When all of that is done.
    pub(crate) const AFTER_ALL: Self = Self(u32::MAX);

    /// A transaction.
    pub(crate) const fn of(tx: TxIndex) -> Self {
        Self(tx.0 + 1)
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen<T> {
    /// Nobody wrote it in this block: the base state has it.
    Base,
    /// The block left it like this.
    Left(T),
}

/// The effects of everything executed so far.
#[derive(Debug)]
pub(crate) struct Versions {
    chains: AddressMap<Chain>,
    /// Chains changed since all were settled, with repeats.
    unsettled: Vec<Address>,
}

impl Versions {
    /// No effects, with room for those of `n_transactions` that touch two accounts of their own.
    pub(crate) fn with_room_for(n_transactions: usize) -> Self {
        let chains = AddressMap::with_capacity_and_hasher(2 * n_transactions, Default::default());
        Self { chains, unsettled: Vec::new() }
    }

    /// Enters the effects of what happened at `stamp`.
    ///
    /// A transaction must not be here yet; opening and closing may consist of several steps.
    pub(crate) fn publish(&mut self, stamp: Stamp, state: &EvmState) {
        state.iter().for_each(|(address, account)| {
            let Some(effect) = Effect::of(account) else { return };
            self.unsettled.push(*address);
            let chain = self.chains.entry(*address).or_default();
            chain.insert(stamp, effect, account);
        });
    }

    /// Takes back the effects of a transaction, which were published with this same state.
    pub(crate) fn retract(&mut self, stamp: Stamp, state: &EvmState) {
        state.iter().for_each(|(address, account)| {
            if let Some(chain) = self.chains.get_mut(address) {
                self.unsettled.push(*address);
                chain.remove(stamp, account);
            }
        });
    }

    /// Works out every chain that changed, so that the versions can be read by many.
    pub(crate) fn settle(&mut self) {
        for address in self.unsettled.drain(..) {
            if let Some(chain) = self.chains.get_mut(&address) {
                chain.settle_all();
            }
        }
    }

    /// The account as it is found at `stamp`, working out its chain as far as that needs.
    pub(crate) fn account_mut(
        &mut self,
        address: Address,
        stamp: Stamp,
    ) -> Seen<Option<&AccountInfo>> {
        self.chains.get_mut(&address).map_or(Seen::Base, |chain| chain.settled_account(stamp))
    }

    /// The account as it is found at `stamp`.
    ///
    /// # Panics
    ///
    /// When the chain was not settled since its last change.
    pub(crate) fn account(&self, address: Address, stamp: Stamp) -> Seen<Option<&AccountInfo>> {
        self.chains.get(&address).map_or(Seen::Base, |chain| chain.account(stamp))
    }

    /// The storage word as it is found at `stamp`.
    pub(crate) fn slot(&self, address: Address, key: U256, stamp: Stamp) -> Seen<U256> {
        self.chains.get(&address).map_or(Seen::Base, |chain| chain.slot(key, stamp))
    }

    /// What the block changed, ascending by address. Nothing may be speculative any more.
    pub(crate) fn changes<DB: DatabaseRef>(
        &mut self,
        base: &DB,
    ) -> Result<Vec<AccountChange>, DB::Error> {
        self.settle();
        let mut changes = Vec::with_capacity(self.chains.len());
        self.chains.iter().try_for_each(|(address, chain)| {
            changes.extend(chain.change(*address, base)?);
            Ok(())
        })?;
        changes.sort_unstable_by_key(|change| change.address);
        Ok(changes)
    }
}

/// Storage slots of one account, each with its writes ascending by stamp.
type Slots = HashMap<U256, SlotWrites>;

/// The writes to one slot.
#[derive(Clone, Debug, Default)]
struct SlotWrites {
    /// What the base state holds, if somebody who wrote here read it there.
    base: Option<U256>,
    writes: Vec<(Stamp, U256)>,
}
