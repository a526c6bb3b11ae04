//! Which slot does a constant stand for?
//!
//! Hashes of constants are folded, by the compiler or by the term pool, so the number of an array
//! seldom stands beside its elements. The hashes that can occur are therefore computed beforehand
//! and looked up: of the small numbers, of what the code pushes, and of the pairs that a function
//! stores where Solidity hashes them.
//!
//! Before → after: `7` → slot 7; `0xa66c…c688 + 1` → `7.data+1`; the hash of a constant key and a
//! slot → `slot[key]`; any other number is a slot of its own, as those of proxies are.
//! Guard: a hash must be met within [`MAX_DISTANCE`], which no other number of a program comes near
//! by chance.

use std::collections::BTreeSet;

use alloy_primitives::{U256, keccak256};

use super::{Found, Recovery, SlotShape, Step};
use crate::{
    bytecode::{Bytecode, Kind, Pc},
    ir::{Effect, Graph, TermPool},
};

/// Slots whose hash is looked for although the code does not push their number.
const SMALL_SLOTS: u64 = 512;

/// The farthest a slot may lie from a hash and belong to it.
const MAX_DISTANCE: U256 = U256::from_limbs([1 << 16, 0, 0, 0]);

/// Hashes computed beforehand, for one contract.
const MAX_HASHES: usize = 1 << 14;

/// The hashes of constants that a contract may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Anchors {
    /// Ascending by hash.
    hashes: Vec<(U256, Preimage)>,
    /// Constants stored at 0x00, where Solidity puts a key, or the slot of an array.
    first_words: BTreeSet<U256>,
    /// Constants stored at 0x20, where Solidity puts a mapping's slot.
    second_words: BTreeSet<U256>,
}

/// The slot that went into a hash, and what the hash makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Preimage {
    slot: U256,
    step: Step,
}

impl Anchors {
    /// Hashes the small numbers and those that `code` pushes.
    pub(crate) fn new(code: &Bytecode) -> Self {
        let mut slots: BTreeSet<U256> = (0..SMALL_SLOTS).map(U256::from).collect();
        slots.extend(pushed(code).take(MAX_HASHES));
        let mut hashes: Vec<_> = slots.into_iter().map(elements).collect();
        hashes.sort_unstable();
        Self { hashes, ..Self::default() }
    }

    /// Hashes what `graph` stores in the scratch space of Solidity.
    pub(crate) fn note_stores(&mut self, graph: &Graph, pool: &TermPool<'_>) {
        let stores = graph.nodes.iter().flat_map(|node| &node.effects);
        let constant_stores = stores.filter_map(|(_, effect)| match *effect {
            Effect::MStore { at, value } => Some((pool.as_usize(at)?, pool.as_const(value)?)),
            _ => None,
        });
        let before = (self.first_words.clone(), self.second_words.clone());
        for (at, value) in constant_stores {
            match at {
                0x00 => drop(self.first_words.insert(value)),
                0x20 => drop(self.second_words.insert(value)),
                _ => {}
            }
        }
        self.hash_new_words(&before.0, &before.1);
    }

    fn hash_new_words(&mut self, known_first: &BTreeSet<U256>, known_second: &BTreeSet<U256>) {
        let mut new = Vec::new();
        for &first in &self.first_words {
            let is_known = known_first.contains(&first);
            if !is_known {
                new.push(elements(first));
            }
            for &second in &self.second_words {
                if !is_known || !known_second.contains(&second) {
                    new.push(element(first, second));
                }
            }
        }
        if MAX_HASHES < self.hashes.len() + new.len() {
            return;
        }
        self.hashes.extend(new);
        self.hashes.sort_unstable();
        self.hashes.dedup();
    }

    /// The hash nearest to `constant`, and the signed distance from it, if there is one near.
    fn nearest(&self, constant: U256) -> Option<(Preimage, U256)> {
        let at = self.hashes.partition_point(|entry| entry.0 <= constant);
        let below = at.checked_sub(1).map(|at| self.hashes[at]);
        let above = self.hashes.get(at).copied();
        let is_near = |&(hash, _): &(U256, Preimage)| hash.abs_diff(constant) < MAX_DISTANCE;
        let (hash, preimage) = below.filter(is_near).or_else(|| above.filter(is_near))?;
        Some((preimage, constant.wrapping_sub(hash)))
    }
}

impl Recovery<'_, '_> {
    /// A constant.
    pub(super) fn constant(&mut self, constant: U256) -> Found {
        let Some((preimage, distance)) = self.anchors.nearest(constant) else {
            return Found::one(SlotShape::plain(constant));
        };
        let found = self.constant(preimage.slot).step(preimage.step);
        match distance < MAX_DISTANCE {
            true => found.step(Step::Offset(distance.to())),
            // Below the hash: the constant part of an index, as in `elements[length - 1]`.
            false => found.step(Step::Index),
        }
    }
}

fn elements(slot: U256) -> (U256, Preimage) {
    let hash = keccak256(slot.to_be_bytes::<32>());
    (hash.into(), Preimage { slot, step: Step::Elements })
}

fn element(key: U256, slot: U256) -> (U256, Preimage) {
    let words = [key.to_be_bytes::<32>(), slot.to_be_bytes::<32>()];
    (keccak256(words.concat()).into(), Preimage { slot, step: Step::Key })
}

/// The constants that `code` pushes, from its start on.
fn pushed<'a>(code: &'a Bytecode) -> impl Iterator<Item = U256> + 'a {
    let end = code.bytes().len() as u32;
    let instructions = core::iter::successors(Some(code.decode(Pc(0))), move |instruction| {
        let next = Bytecode::next(instruction);
        (next.0 < end).then(|| code.decode(next))
    });
    instructions
        .filter(|instruction| instruction.kind == Kind::Push)
        .map(|instruction| instruction.immediate)
}
