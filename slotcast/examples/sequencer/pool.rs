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
    pub(crate) fn take(&mut self, gas: u64, base_fee: u64) -> Vec<Recovered<ChainTx>> {
        let chosen: Vec<_> = self.best(gas, base_fee).into_iter().cloned().collect();
        for tx in &chosen {
            if let Some(queue) = self.senders.get_mut(&tx.signer()) {
                queue.remove(&tx.nonce());
            }
        }
        self.senders.retain(|_, queue| !queue.is_empty());
        chosen
    }

    /// What fits into so much gas, in the order in which it pays.
    pub(crate) fn best(&self, mut gas: u64, base_fee: u64) -> Vec<&Recovered<ChainTx>> {
        let bid = |arrival: u64, tx: &Recovered<ChainTx>| {
            let tip = tx.effective_tip_per_gas(base_fee)?;
            Some((tip, core::cmp::Reverse(arrival), tx.signer()))
        };
        // What each sender has left, and the bid of the next of it.
        let mut queues: BTreeMap<Address, _> = self
            .senders
            .iter()
            .map(|(sender, queue)| (*sender, queue.values().peekable()))
            .collect();
        let heads = queues.values_mut().filter_map(|queue| queue.peek().copied());
        let mut best: BinaryHeap<_> = heads.filter_map(|(arrival, tx)| bid(*arrival, tx)).collect();
        let mut chosen = Vec::new();
        while let Some((_, _, sender)) = best.pop() {
            let Some(queue) = queues.get_mut(&sender) else { continue };
            let Some((_, tx)) = queue.next() else { continue };
            // What does not fit leaves its sender out of this block.
            let Some(left) = gas.checked_sub(tx.gas_limit()) else { continue };
            gas = left;
            chosen.push(tx);
            best.extend(queue.peek().and_then(|(arrival, tx)| bid(*arrival, tx)));
        }
        chosen
    }
}
