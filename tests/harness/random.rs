//! Where do synthetic things come from?
//!
//! In: a seed, or a fuzzer's bytes. Out: the same numbers in every run and on every machine.

use alloy_primitives::{Address, U256};

/// A small reproducible sequence of numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    /// Bytes that are the first numbers, two for each, from the last one on.
    bytes: Vec<u8>,
}

impl Random {
    /// The sequence of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed, bytes: Vec::new() }
    }

    /// The sequence that begins with `bytes`, so that a fuzzer decides what is made of it.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self { state: bytes.len() as u64, bytes: bytes.iter().rev().copied().collect() }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        if let Some(low) = self.bytes.pop() {
            return u64::from(low) | u64::from(self.bytes.pop().unwrap_or(0)) << 8;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `n`.
    ///
    /// # Panics
    ///
    /// When `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        (self.number() % n as u64) as usize
    }

    /// Whether something happens that does once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of `choices`.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// So many bytes.
    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.number() as u8).collect()
    }

    /// Any word.
    pub fn word(&mut self) -> U256 {
        U256::from_limbs([self.number(), self.number(), self.number(), self.number()])
    }

    /// Any address.
    pub fn address(&mut self) -> Address {
        Address::from_slice(&self.bytes(20))
    }
}
