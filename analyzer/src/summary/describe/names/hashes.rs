//! Which hash is this constant?
//!
//! In: a constant. Out: `keccak(7)`, `keccak(7) + 2`, when it lies on or shortly behind the hash of a
//! small number or one that the walk folded.
//! Invariant: a constant that is written as a hash is that hash; a chance match has odds below
//! 2^-170.

use std::collections::BTreeMap;

use alloy_primitives::{U256, keccak256};

use crate::ir::{TermPool, Text};

/// Slots below this are where compilers put arrays.
const N_SLOTS: u64 = 1024;
/// Elements and fields further behind a hash are not looked for.
const MAX_DISTANCE: U256 = U256::from_limbs([1 << 32, 0, 0, 0]);

/// The hashes of the first slots, where compilers put the elements of arrays.
pub(in crate::summary::describe) struct Hashes {
    slots: BTreeMap<U256, u64>,
}

impl Hashes {
    pub(in crate::summary::describe) fn new() -> Self {
        let hash = |slot: u64| (keccak256(U256::from(slot).to_be_bytes::<32>()).into(), slot);
        Self { slots: (0..N_SLOTS).map(hash).collect() }
    }

    /// Writes `value` as a hash; false when it is none.
    pub(super) fn write(&self, out: &mut Text<'_, '_>, pool: &TermPool<'_>, value: U256) -> bool {
        let slot = self.slots.range(..=value).next_back();
        let slot = slot.map(|(hash, slot)| (*slot, value - hash));
        let words = pool.preimage(value).filter(|(_, distance)| *distance < MAX_DISTANCE);
        let distance = match (words, slot.filter(|(_, distance)| *distance < MAX_DISTANCE)) {
            (Some((words, distance)), _) => {
                out.keccak(words);
                distance
            }
            (None, Some((slot, distance))) => {
                out.push(&format!("keccak({slot})"));
                distance
            }
            (None, None) => return false,
        };
        if !distance.is_zero() {
            out.push(&format!(" + {distance}"));
        }
        true
    }
}
