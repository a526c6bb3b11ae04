//! What is the hash of these two words, if it was worked out a moment ago?
//!
//! In: bytes. Out: their keccak256, remembered if it is two words.
//! Invariants: a hash is found only under the very words that hash to it, so what is remembered decides
//! nothing but how long it takes; memory is bounded.
//!
//! Keys of mappings are hashes of two words (the key and the mapping's slot), and a block's transactions
//! meet at few tokens and few pools: predicting and running them asks for the same hashes again and
//! again.

use alloy_primitives::{B256, keccak256};

/// The bytes of two words.
pub const PAIR: usize = 64;

/// How many hashes are remembered, 48 KiB with what was hashed, which stay in a core's cache.
const N_PLACES: usize = 512;

/// So many hashes are not worth remembering: the smallest blocks do without.
const FEW: usize = 32;

/// Hashes of two words, each where the words say; what comes later displaces what was there.
///
/// ```
/// use alloy_primitives::keccak256;
/// use slotcast_model::PairHashes;
///
/// assert_eq!(PairHashes::default().keccak(&[7; 64]), keccak256([7; 64]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct PairHashes {
    /// Empty while there were few.
    places: Vec<([u8; PAIR], B256)>,
    n_forgotten: usize,
}

impl PairHashes {
    /// keccak256 of `bytes`.
    pub fn keccak(&mut self, bytes: &[u8]) -> B256 {
        match bytes.try_into() {
            Ok(pair) => self.of(pair),
            Err(_) => keccak256(bytes),
        }
    }

    fn of(&mut self, pair: &[u8; PAIR]) -> B256 {
        if self.n_forgotten < FEW {
            self.n_forgotten += 1;
            return keccak256(pair);
        }
        if self.places.is_empty() {
            let zeros = [0; PAIR];
            self.places = vec![(zeros, keccak256(zeros)); N_PLACES];
        }
        let (hashed, hash) = &mut self.places[place(pair)];
        if hashed != pair {
            (*hashed, *hash) = (*pair, keccak256(pair));
        }
        *hash
    }
}

/// Where a pair is remembered: by the low halves of both words, in which keys, addresses, and slots
/// differ, multiplied by an odd number without pattern (Knuth, volume 3, 6.4).
fn place(pair: &[u8; PAIR]) -> usize {
    let at = |from: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&pair[from..from + 8]);
        u64::from_be_bytes(bytes)
    };
    let mixed = at(16) ^ at(24).rotate_left(23) ^ at(56).rotate_left(41) ^ at(48);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % N_PLACES
}

#[cfg(test)]
mod tests;
