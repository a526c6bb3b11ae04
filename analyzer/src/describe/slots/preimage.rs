//! Which words went into a hash, or came out of memory, that the walk does not know?
//!
//! The walk forgets a memory word where two paths disagree on it, and hashes of a length that is not
//! constant it never takes apart. Here the stores are looked for again, from the effect backwards.
//!
//! Before → after: `keccak(at..+len)` → `slot[key]`, with `slot` as last stored at `at + len - 32`:
//! a mapping keyed by a string, or one whose key or slot depends on the path; with a length of one
//! word, the elements of an array. `mload(at)` → the words last stored at `at`: a variable that the
//! compiler moved from the stack to memory.
//! Guard: the address of the store is the same sum as that of the load; a store that merely may
//! overlap is passed over, so the result names slots that are likely, not all that are possible.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{Found, Recovery, Step, linear::Sum};
use crate::ir::{Effect, Graph, NodeId, Term, TermId, TermPool};

/// Nodes looked at on the way back.
const MAX_NODES: usize = 64;

/// Pointers looked through on the way to an address.
const MAX_POINTERS: usize = 4;

/// An effect's place: its node, and how many effects come before it there.
type Position = (NodeId, usize);

/// The words that a graph stores at constant addresses.
pub(super) struct Stores {
    /// Only addresses at which one and the same word is stored throughout.
    only: BTreeMap<U256, TermId>,
}

impl Stores {
    pub(super) fn new(graph: &Graph, pool: &TermPool<'_>) -> Self {
        let mut words: BTreeMap<U256, Option<TermId>> = BTreeMap::new();
        for (_, effect) in graph.nodes.iter().flat_map(|node| &node.effects) {
            let Effect::MStore { at, value } = *effect else { continue };
            let Some(at) = pool.as_const(at) else { continue };
            let word = words.entry(at).or_insert(Some(value));
            if *word != Some(value) {
                *word = None;
            }
        }
        let only = words.into_iter().filter_map(|(at, word)| Some((at, word?))).collect();
        Self { only }
    }
}

impl Recovery<'_, '_> {
    /// The effect that gave `term`, and its position.
    pub(super) fn effect(&self, term: TermId) -> Option<(Position, Effect<TermId>)> {
        let Term::Result(node, pc) = self.pool.get(term) else { return None };
        let effects = &self.graph.nodes[node].effects;
        let at = effects.iter().position(|effect| effect.0 == pc)?;
        Some(((node, at), effects[at].1))
    }

    /// What an effect gave.
    pub(super) fn result(&mut self, term: TermId) -> Found {
        match self.effect(term) {
            Some((position, Effect::Keccak { at, len })) => self.lost_hash(position, at, len),
            Some((position, Effect::MLoad { at })) => self.lost_word(position, at),
            _ => Found::opaque(),
        }
    }

    fn lost_hash(&mut self, position: Position, at: TermId, len: TermId) -> Found {
        let is_one_word = self.pool.as_usize(len) == Some(32);
        let mut last = self.address(at).plus(&self.address(len));
        last.constant = last.constant.wrapping_sub(U256::from(32));
        let words = self.last_stores(position, &last);
        self.all_of(&words).step(if is_one_word { Step::Elements } else { Step::Key })
    }

    fn lost_word(&mut self, position: Position, at: TermId) -> Found {
        let address = self.address(at);
        let words = self.last_stores(position, &address);
        let mut found = self.all_of(&words);
        // A small constant in memory is seldom a slot: lengths and pointers are stored there too.
        found.shapes.retain(|shape| shape.is_hashed());
        found
    }

    fn all_of(&mut self, words: &[TermId]) -> Found {
        let mut found = Found::default();
        for &word in words {
            let of_word = self.find(word);
            found.merge(of_word);
        }
        found
    }

    /// `term` as a sum, in which a word that was kept in memory is what was stored there.
    fn address(&self, term: TermId) -> Sum {
        let mut sum = Sum::new(self.pool, term);
        for _ in 0..MAX_POINTERS {
            let pointer = sum.summands.iter().find_map(|&(summand, factor)| {
                let Some((_, Effect::MLoad { at })) = self.effect(summand) else { return None };
                let word = self.stores.only.get(&self.pool.as_const(at)?)?;
                (factor == 1 && *word != summand).then_some((summand, *word))
            });
            let Some((pointer, word)) = pointer else { break };
            sum = sum.without(pointer).plus(&Sum::new(self.pool, word));
        }
        sum
    }

    /// The words last stored at `address` before an effect, one for each way that leads there.
    fn last_stores(&self, position: Position, address: &Sum) -> Vec<TermId> {
        if address.summands.is_empty()
            && let Some(&word) = self.stores.only.get(&address.constant)
        {
            return vec![word];
        }
        let mut words = Vec::new();
        let mut seen = vec![position];
        let mut next = 0;
        while let Some(&(node, before)) = seen.get(next) {
            next += 1;
            if let Some(word) = self.last_store((node, before), address) {
                words.push(word);
                continue;
            }
            for &(from, _) in self.incoming.of(node) {
                let end = self.graph.nodes[from].effects.len();
                if seen.len() < MAX_NODES && !seen.contains(&(from, end)) {
                    seen.push((from, end));
                }
            }
        }
        words.sort_unstable();
        words.dedup();
        words
    }

    /// The word last stored at `address` before an effect, in its own node.
    fn last_store(&self, (node, before): Position, address: &Sum) -> Option<TermId> {
        let mut effects = self.graph.nodes[node].effects[..before].iter().rev();
        effects.find_map(|(_, effect)| match *effect {
            Effect::MStore { at, value } if self.address(at) == *address => Some(value),
            _ => None,
        })
    }
}
