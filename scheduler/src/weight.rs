//! How long does a transaction of so much gas take to run?
//!
//! In: gas. Out: expected nanoseconds, by [`CostModel`].
//! Invariants: integer arithmetic only, monotone in gas, never overflows. The numbers are for
//! simulations and for choosing what to start first; no outcome depends on them.

use slotcast_model::{IndexVec, TxIndex};

/// The gas every transaction uses before its first instruction.
const INTRINSIC_GAS: u64 = 21_000;

/// A straight line from gas to time: a plain transfer, and so much more per unit of gas beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CostModel {
    /// Nanoseconds for a transaction that uses the intrinsic gas or less.
    pub base_nanos: u64,
    /// Picoseconds for each unit of gas beyond the intrinsic gas.
    pub picos_per_gas: u64,
}

impl Default for CostModel {
    /// About 2 microseconds for a plain transfer and 29 for a transaction of 113,000 gas, the
    /// average of recent mainnet blocks: what an interpreter takes on one core of a server.
    fn default() -> Self {
        Self { base_nanos: 2_000, picos_per_gas: 290 }
    }
}

impl CostModel {
    /// The expected time for a transaction that uses `gas`.
    pub const fn nanos(&self, gas: u64) -> u64 {
        let beyond = gas.saturating_sub(INTRINSIC_GAS);
        self.base_nanos.saturating_add(beyond.saturating_mul(self.picos_per_gas) / 1_000)
    }

    /// The expected time for each of `weights`, which are in gas.
    pub fn nanos_of_each(&self, weights: &IndexVec<TxIndex, u64>) -> IndexVec<TxIndex, u64> {
        weights.iter().map(|&gas| self.nanos(gas)).collect()
    }
}

#[cfg(test)]
mod tests;
