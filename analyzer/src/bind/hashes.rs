//! Which hashes were computed just now?
//!
//! In: bytes. Out: their keccak256, remembered for short inputs: keys of mappings are hashed from two
//! words, and addresses of contracts made by others from 85 bytes (EIP-1014); a block's transactions
//! meet at few tokens and few pools.
//! Invariant: an entry is found by its whole input, so what is remembered never changes a result.

use alloy_primitives::{U256, keccak256};

/// The longest input that is remembered.
const SHORT: usize = 96;
/// Entries; a power of two. 136 KiB of inputs and hashes stay near a core.
const N_ENTRIES: usize = 1024;

/// 2^64 over the golden ratio, which spreads neighbours (Knuth, The Art of Computer Programming, 6.4).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Recent hashes.
#[derive(Debug, Default)]
pub(super) struct Hashes {
    /// One entry for each place, the last that fell on it; empty until the first is kept.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    len: usize,
    input: [u8; SHORT],
    hash: U256,
}

impl Hashes {
    /// keccak256 of `bytes`.
    pub(super) fn keccak(&mut self, bytes: &[u8]) -> U256 {
        if SHORT < bytes.len() {
            return keccak256(bytes).into();
        }
        if self.entries.is_empty() {
            let empty = Entry { len: 0, input: [0; SHORT], hash: keccak256([]).into() };
            self.entries.resize(N_ENTRIES, empty);
        }
        let entry = &mut self.entries[place(bytes)];
        if &entry.input[..entry.len] != bytes {
            entry.len = bytes.len();
            entry.input[..bytes.len()].copy_from_slice(bytes);
            entry.hash = keccak256(bytes).into();
        }
        entry.hash
    }
}

/// Where an input is kept: its words of 64 bits, mixed one after the other.
fn place(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let rest = rest.iter().fold(bytes.len() as u64, |mixed, byte| mixed << 8 | u64::from(*byte));
    let mix = |mixed: u64, word: u64| (mixed.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    let mixed =
        words.iter().fold(mix(0, rest), |mixed, word| mix(mixed, u64::from_le_bytes(*word)));
    (mixed >> 32) as usize % N_ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_would_be_computed() {
        let mut hashes = Hashes::default();
        for n in (0..3000_u64).chain(0..3000) {
            let mut bytes = [0; 2 * SHORT];
            bytes[24..32].copy_from_slice(&n.to_be_bytes());
            // Many inputs begin like others.
            for bytes in [&bytes[..64], &bytes[..SHORT], &bytes[..], &bytes[..n as usize % 40]] {
                assert_eq!(hashes.keccak(bytes), U256::from_be_bytes(keccak256(bytes).0));
            }
        }
    }
}
