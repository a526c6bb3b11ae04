//! What did a block come to, and where do two engines differ?
//!
//! In: what either side made of a block. Out: [`Came`], in a form that neither side's types are in,
//! and one line for each difference.
//! Invariant: no line means that both are equal in everything that is compared.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, Log, U256};

/// What a block came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    /// Gas used by the block.
    pub(crate) gas_used: u64,
    /// One for each transaction.
    pub(crate) txs: Vec<Tx>,
    /// What each step changed: 0 is before the transactions, n + 1 the transaction n.
    pub(crate) steps: BTreeMap<u64, BTreeMap<Address, Change>>,
    /// The accounts that are another after the block than before.
    pub(crate) state: BTreeMap<Address, Account>,
}

/// What a transaction came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tx {
    /// Its receipt; nothing where it was rejected.
    pub(crate) receipt: Option<Receipt>,
    /// Gas that it used.
    pub(crate) gas_used: u64,
    /// What it paid for its data, and to the operator.
    pub(crate) fees: [U256; 2],
}

/// A receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The type of the transaction.
    pub(crate) tx_type: u8,
    /// Whether it succeeded.
    pub(crate) success: bool,
    /// Gas used by the block so far.
    pub(crate) cumulative_gas: u64,
    /// What it logged.
    pub(crate) logs: Vec<Log>,
    /// A deposit's nonce and version, from the forks on that have them.
    pub(crate) deposit: [Option<u64>; 2],
}

/// What a step left in an account where it is another than before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// The balance.
    pub(crate) balance: Option<U256>,
    /// The nonce.
    pub(crate) nonce: Option<u64>,
    /// The code.
    pub(crate) code: Option<Bytes>,
    /// Slots.
    pub(crate) storage: BTreeMap<U256, U256>,
}

/// An account after a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its balance.
    pub(crate) balance: U256,
    /// Its nonce.
    pub(crate) nonce: u64,
    /// The hash of its code.
    pub(crate) code_hash: B256,
    /// Slots with another value than before.
    pub(crate) storage: BTreeMap<U256, U256>,
}

impl Came {
    /// The change of an account in a step, to be filled in.
    pub(crate) fn change(&mut self, step: u64, address: Address) -> &mut Change {
        self.steps.entry(step).or_default().entry(address).or_default()
    }

    /// Where this differs from `theirs`.
    pub(crate) fn differences(&self, theirs: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.gas_used != theirs.gas_used {
            lines.push(format!("gas: {} and {}", self.gas_used, theirs.gas_used));
        }
        if self.txs.len() != theirs.txs.len() {
            lines.push(format!("transactions: {} and {}", self.txs.len(), theirs.txs.len()));
        }
        for (n, (ours, theirs)) in self.txs.iter().zip(&theirs.txs).enumerate() {
            if ours != theirs {
                lines.push(format!("transaction {n}: {ours:?}\n  op-revm: {theirs:?}"));
            }
        }
        let none = BTreeMap::new();
        for step in keys(&self.steps, &theirs.steps) {
            let [ours, theirs] = [self, theirs].map(|it| it.steps.get(&step).unwrap_or(&none));
            unlike(&format!("step {step}"), ours, theirs, &mut lines);
        }
        unlike("after the block", &self.state, &theirs.state, &mut lines);
        lines
    }
}

fn keys<K: Copy + Ord, V>(ours: &BTreeMap<K, V>, theirs: &BTreeMap<K, V>) -> BTreeSet<K> {
    ours.keys().chain(theirs.keys()).copied().collect()
}

fn unlike<V: std::fmt::Debug + PartialEq>(
    what: &str,
    ours: &BTreeMap<Address, V>,
    theirs: &BTreeMap<Address, V>,
    lines: &mut Vec<String>,
) {
    for address in keys(ours, theirs) {
        let (ours, theirs) = (ours.get(&address), theirs.get(&address));
        if ours != theirs {
            lines.push(format!("{what}: {address}: {ours:?}\n  op-revm: {theirs:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
