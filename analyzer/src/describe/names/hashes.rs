//! Which hash is this constant?
//!
//! In: a constant. Out: `keccak(7)`, `keccak(7) + 2`, when it lies on or shortly behind the hash of a
//! small number or one that the walk folded; `keccak("eip1967.proxy.beacon") - 1` for the slots that
//! standards derive from a text.
//! Invariant: a constant that is written as a hash is that hash; a chance match has odds below
//! 2^-170.

use std::collections::BTreeMap;

use alloy_primitives::{U256, keccak256};

use crate::ir::{TermPool, Text};

/// Slots below this are where compilers put arrays.
const N_SLOTS: u64 = 1024;
/// Texts that standards hash to a slot, and what they subtract from it (EIP-1967, 1822, 2535).
const STANDARD: [(&str, u64); 6] = [
    ("eip1967.proxy.implementation", 1),
    ("eip1967.proxy.beacon", 1),
    ("eip1967.proxy.admin", 1),
    ("eip1967.proxy.rollback", 1),
    ("PROXIABLE", 0),
    ("diamond.standard.diamond.storage", 0),
];
/// Elements and fields further behind a hash are not looked for.
const MAX_DISTANCE: U256 = U256::from_limbs([1 << 32, 0, 0, 0]);
/// Fields of a standard's struct further behind its slot are not looked for.
const MAX_FIELDS: U256 = U256::from_limbs([64, 0, 0, 0]);

/// The hashes that constants are compared with.
pub(in crate::describe) struct Hashes {
    /// Of the first slots, where compilers put the elements of arrays.
    slots: BTreeMap<U256, u64>,
    /// Of texts, as the slot derived from each, with its text.
    standard: BTreeMap<U256, String>,
}

impl Hashes {
    pub(in crate::describe) fn new() -> Self {
        let hash = |slot: u64| (keccak256(U256::from(slot).to_be_bytes::<32>()).into(), slot);
        let standard = STANDARD.map(|(text, distance)| {
            let slot = U256::from_be_bytes(keccak256(text).0) - U256::from(distance);
            let minus = if distance == 0 { String::new() } else { format!(" - {distance}") };
            (slot, format!("keccak(\"{text}\"){minus}"))
        });
        Self { slots: (0..N_SLOTS).map(hash).collect(), standard: standard.into() }
    }

    /// Writes `value` as a hash; false when it is none.
    pub(super) fn write(&self, out: &mut Text<'_, '_>, pool: &TermPool<'_>, value: U256) -> bool {
        let near = self.standard.range(..=value).next_back();
        if let Some((slot, text)) = near.filter(|(slot, _)| value - **slot < MAX_FIELDS) {
            let distance = value - *slot;
            out.push(text);
            if !distance.is_zero() {
                out.push(&format!(" + {distance}"));
            }
            return true;
        }
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
