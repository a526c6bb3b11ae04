//! Which hashes were computed just now?
//!
//! In: bytes. Out: their keccak256, remembered for inputs of two words, which is what keys of
//! mappings are hashed from: a block's transactions meet at few tokens and few pools.
//! Invariant: an entry is found by its whole input, so what is remembered never changes a result.

use alloy_primitives::{U256, keccak256};

const PAIR: usize = 64;
/// Entries; a power of two. 48 KiB of keys and hashes stay in a core's cache.
const N_ENTRIES: usize = 512;

/// Recent hashes.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    /// One entry for each place, the last that fell on it; empty until the first is kept.
    entries: Vec<([u8; PAIR], U256)>,
}

impl Hashes {
    /// keccak256 of `bytes`.
    pub(super) fn keccak(&mut self, bytes: &[u8]) -> U256 {
        let Ok(pair) = <&[u8; PAIR]>::try_from(bytes) else { return keccak256(bytes).into() };
        if self.entries.is_empty() {
            let zeros = [0; PAIR];
            self.entries.resize(N_ENTRIES, (zeros, keccak256(zeros).into()));
        }
        let (key, hash) = &mut self.entries[place(pair)];
        if key != pair {
            *key = *pair;
            *hash = keccak256(pair).into();
        }
        *hash
    }
}

/// Where a pair of words is kept: mixed from the low halves of both.
fn place(pair: &[u8; PAIR]) -> usize {
    let at = |from: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&pair[from..from + 8]);
        u64::from_be_bytes(bytes)
    };
    let mixed = (at(16) ^ at(24).rotate_left(23) ^ at(56).rotate_left(41) ^ at(48))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize % N_ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_computed() {
        let mut hashes = Hashes::default();
        for n in (0..2000_u64).chain(0..2000) {
            let mut pair = [0; PAIR];
            pair[24..32].copy_from_slice(&n.to_be_bytes());
            assert_eq!(hashes.keccak(&pair), U256::from_be_bytes(keccak256(pair).0));
        }
        assert_eq!(hashes.keccak(b"short"), U256::from_be_bytes(keccak256(b"short").0));
    }
}
