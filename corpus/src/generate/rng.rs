//! Where do the generator's choices come from?
//!
//! In: a seed. Out: numbers that look random, the same for the same seed on every machine.
//! The generator is splitmix64 (public domain, Steele, Lea and Flood 2014): one addition and a mix
//! per number. Nothing here is meant to be hard to guess.

use alloy_primitives::{Address, B256, U256, keccak256};

/// A stream of choices.
#[derive(Clone, Debug)]
pub(super) struct Rng {
    state: u64,
}

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number in `low..high`, which must not be empty.
    pub(super) fn range(&mut self, low: u64, high: u64) -> u64 {
        assert!(low < high, "a choice needs something to choose from");
        // The high bits times the width: even up to one part in 2^64 over the width.
        let width = u128::from(high - low);
        low + ((u128::from(self.next()) * width) >> 64) as u64
    }

    /// An index below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.range(0, n as u64) as usize
    }

    /// An index below `n`, small ones far more often: a few accounts make most of the traffic.
    pub(super) fn skewed(&mut self, n: usize) -> usize {
        let bound = 1 + self.below(n);
        self.below(bound)
    }

    /// An index below `n` by Zipf's law in steps: of the indices 0, 1-2, 3-6, 7-14 and so on each group
    /// is as likely as the others.
    pub(super) fn zipf(&mut self, n: usize) -> usize {
        let n_groups = u64::from(n.ilog2()) + 1;
        loop {
            let first = (1 << self.range(0, n_groups)) - 1;
            // The last group may reach beyond the end.
            let index = first + self.below(first + 1);
            if index < n {
                return index;
            }
        }
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.range(0, 100) < percent
    }

    /// An index into `weights`, each as likely as it weighs.
    pub(super) fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.range(0, weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        unreachable!("the number drawn is below the sum of the weights")
    }

    /// Thirty-two bytes.
    pub(super) fn hash(&mut self) -> B256 {
        keccak256(self.next().to_be_bytes())
    }

    /// An address without a known key.
    pub(super) fn address(&mut self) -> Address {
        Address::from_word(self.hash())
    }

    /// An amount of wei between `low` and `high` thousandths of an ether.
    pub(super) fn milliether(&mut self, low: u64, high: u64) -> U256 {
        let wei = self.range(0, 1_000_000_000_000_000);
        U256::from(self.range(low, high)) * U256::from(1_000_000_000_000_000u64) + U256::from(wei)
    }
}

#[cfg(test)]
mod tests;
