//! Where do synthetic words come from?
//!
//! In: a seed. Out: the same words in every run and on every machine.

use alloy_primitives::{U256, keccak256};

/// A chain of hashes.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    word: U256,
}

impl Rng {
    /// The generator for these numbers.
    pub(crate) fn new(parts: &[U256]) -> Self {
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_be_bytes::<32>()).collect();
        Self { word: keccak256(bytes).into() }
    }

    /// The next word.
    pub(crate) fn word(&mut self) -> U256 {
        self.word = keccak256(self.word.to_be_bytes::<32>()).into();
        self.word
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.word().as_limbs()[0] % n
    }

    /// One of `choices`.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}
