//! Which transactions come next?
//!
//! In: transactions as they arrive. Out: the best-paying ones that fit, each behind those of the same
//! sender with lower nonces.
//! Invariant: of two that pay the same the one that arrived first comes first.

use std::collections::{BTreeMap, BinaryHeap};

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_primitives::Address;
use slotcast::executor::ChainTx;

/// Transactions that wait for a block.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// By sender and nonce, with the number of the arrival.
    senders: BTreeMap<Address, BTreeMap<u64, (u64, Recovered<ChainTx>)>>,
    n_arrived: u64,
}

impl Pending {
    pub(crate) fn add(&mut self, tx: Recovered<ChainTx>) {
        let queue = self.senders.entry(tx.signer()).or_default();
        queue.insert(tx.nonce(), (self.n_arrived, tx));
        self.n_arrived += 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.senders.values().map(BTreeMap::len).sum()
    }

    /// Takes what fits into so much gas, in the order in which it pays.
    pub(crate) fn take(&mut self, mut gas: u64, base_fee: u64) -> Vec<Recovered<ChainTx>> {
        let bid = |arrival: u64, tx: &Recovered<ChainTx>| {
            let tip = tx.effective_tip_per_gas(base_fee)?;
            Some((tip, core::cmp::Reverse(arrival), tx.signer()))
        };
        let first = |queue: &BTreeMap<u64, (u64, Recovered<ChainTx>)>| {
            queue.values().next().and_then(|(arrival, tx)| bid(*arrival, tx))
        };
        let mut best: BinaryHeap<_> = self.senders.values().filter_map(first).collect();
        let mut chosen = Vec::new();
        while let Some((_, _, sender)) = best.pop() {
            let Some(queue) = self.senders.get_mut(&sender) else { continue };
            let Some(next) = queue.first_entry() else { continue };
            // What does not fit leaves its sender out of this block.
            let Some(left) = gas.checked_sub(next.get().1.gas_limit()) else { continue };
            gas = left;
            chosen.push(next.remove().1);
            best.extend(first(queue));
        }
        self.senders.retain(|_, queue| !queue.is_empty());
        chosen
    }
}
