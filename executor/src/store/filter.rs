//! Has an account or a slot certainly not been written yet?
//!
//! In: what is written, noted by one thread before the others learn of it. Out: for any account or
//! slot, "certainly not" or "perhaps".
//! Invariants: what was noted is always "perhaps"; there is room for each written location to set a
//! bit of its own, so that most others are "certainly not".
//!
//! # Protocol
//!
//! Most of what a transaction reads is not written in the block. Asking a lock for it makes the threads
//! take its memory from one another; asking here reads words that seldom change. There is one writer,
//! so a bit is set by a load and a store. A thread that looks for what is below a version learned through a
//! mutex that everything below is decided, so relaxed is enough.

use alloy_primitives::Address;
use slotcast_model::Slot;

use crate::sync::atomic::{AtomicU64, Ordering};

/// Bits for each transaction of a block: several times what one usually writes.
const BITS_PER_TX: usize = 32;
/// Fewest and most bits.
const BITS: [usize; 2] = [1 << 10, 1 << 18];

/// A set of bits, each standing for some locations.
#[derive(Debug)]
pub(super) struct Filter {
    words: Box<[AtomicU64]>,
    /// Which bits of a hash count.
    shift: u32,
}

impl Filter {
    /// An empty filter for a block of so many transactions.
    pub(super) fn new(n_transactions: usize) -> Self {
        let n_bits = (BITS_PER_TX * n_transactions).clamp(BITS[0], BITS[1]).next_power_of_two();
        let words = (0..n_bits / 64).map(|_| AtomicU64::new(0)).collect();
        Self { words, shift: 64 - n_bits.trailing_zeros() }
    }

    /// Notes a location that is written.
    pub(super) fn note(&self, location: Place) {
        let (word, bit) = self.bit(location);
        let before = word.load(Ordering::Relaxed);
        if before & bit == 0 {
            word.store(before | bit, Ordering::Relaxed);
        }
    }

    /// Whether the location may have been written.
    pub(super) fn may_have(&self, location: Place) -> bool {
        let (word, bit) = self.bit(location);
        word.load(Ordering::Relaxed) & bit != 0
    }

    fn bit(&self, location: Place) -> (&AtomicU64, u64) {
        let n = (location.0 >> self.shift) as usize;
        (&self.words[n / 64], 1 << (n % 64))
    }
}

/// Where a location stands: the high bits count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(u64);

/// An odd number without pattern, the golden ratio's.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Place {
    /// Of an account.
    pub(super) const fn of_account(address: &Address) -> Self {
        Self(tail(address).wrapping_mul(SPREAD))
    }

    /// Of a slot.
    pub(super) fn of_slot(slot: &Slot) -> Self {
        let mix = |sum: u64, limb: &u64| (sum.rotate_left(23) ^ limb).wrapping_mul(SPREAD);
        Self(slot.key.as_limbs().iter().fold(tail(&slot.address), mix))
    }
}

/// The last bytes of an address, in which all addresses differ.
const fn tail(address: &Address) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = address.0.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests;
