//! Which bits of a word are looked at or replaced, and is a word only locked and unlocked?
//!
//! In: a graph. Out: [`Bits`] by key: the bits that are read, and for each store those it writes.
//! Before → after: `(load >> 112) & (2^112 - 1)` → bits 112..224 are read; `(load & ~0xff) | x` → the
//! low byte is written, and the load that keeps the rest reads nothing.
//! Guard: a use in any other form takes the whole word.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::behind::Behind;
use crate::{
    describe::slots::field_of,
    ir::{Effect, Exit, Graph, NodeId, Op, Term, TermId, TermPool},
};

/// Parts within parts of a value that is put together.
const MAX_PARTS: u32 = 16;

/// What is done to the words under each key.
#[derive(Default)]
pub(super) struct Bits {
    read: BTreeMap<TermId, U256>,
    written: BTreeMap<TermId, Vec<Stored>>,
}

/// One store.
pub(super) struct Stored {
    /// Where.
    pub(super) node: NodeId,
    /// The bits it replaces.
    pub(super) mask: U256,
    /// What it puts there, if that is constant.
    pub(super) constant: Option<U256>,
}

impl Bits {
    pub(super) fn new(graph: &Graph, behind: &Behind<'_>, pool: &TermPool<'_>) -> Self {
        let mut bits = Self::default();
        bits.note_terms(behind, pool);
        for (id, node) in graph.nodes.iter_enumerated() {
            for (_, effect) in &node.effects {
                if let Effect::SStore { key, value } = *effect {
                    let stored = stored(behind, pool, id, key, value);
                    bits.written.entry(key).or_default().push(stored);
                }
                effect.for_each(|operand| bits.note_whole(behind, pool, operand));
            }
            let mut whole = |term: TermId| bits.note_whole(behind, pool, term);
            match node.exit {
                Exit::Branch { condition, .. } => whole(condition),
                Exit::Return(at, len) | Exit::Revert(at, len) => {
                    [at, len].into_iter().for_each(whole)
                }
                _ => {}
            }
            node.arguments.iter().flatten().for_each(|term| bits.note_whole(behind, pool, *term));
        }
        bits
    }

    /// The bits of the word under `key` that something depends on.
    pub(super) fn read(&self, key: TermId) -> U256 {
        self.read.get(&key).copied().unwrap_or_default()
    }

    /// The stores to `key`.
    pub(super) fn stores(&self, key: TermId) -> &[Stored] {
        self.written.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The bits of the word under `key` that stores replace.
    pub(super) fn written(&self, key: TermId) -> U256 {
        self.stores(key).iter().fold(U256::ZERO, |all, stored| all | stored.mask)
    }

    /// Notes what the terms of a pool take of loaded words.
    fn note_terms(&mut self, behind: &Behind<'_>, pool: &TermPool<'_>) {
        let mut is_part = vec![false; pool.len()];
        // Operands have smaller ids than what is built on them.
        for n in (0..pool.len() as u32).rev() {
            let term = TermId(n);
            if is_part[n as usize] {
                continue;
            }
            let operands = match pool.get(term) {
                Term::Apply(op, operands) => operands[..op.arity()].to_vec(),
                Term::Keccak(words) => words.to_vec(),
                Term::CallData(at) | Term::BlobHash(at) => vec![at],
                _ => continue,
            };
            match field_of(pool, term) {
                Some((word, field)) if key_of(behind, pool, word).is_some() => {
                    let ones = (U256::ONE << usize::from(field.to - field.from)) - U256::ONE;
                    if !keeps_rest(pool, term) {
                        self.note(behind, pool, word, ones << usize::from(field.from));
                    }
                    operands.iter().for_each(|operand| is_part[operand.0 as usize] = true);
                }
                _ if keeps_rest(pool, term) => {}
                _ => operands.iter().for_each(|operand| self.note_whole(behind, pool, *operand)),
            }
        }
    }

    fn note_whole(&mut self, behind: &Behind<'_>, pool: &TermPool<'_>, word: TermId) {
        self.note(behind, pool, word, U256::MAX);
    }

    fn note(&mut self, behind: &Behind<'_>, pool: &TermPool<'_>, word: TermId, bits: U256) {
        if let Some(key) = key_of(behind, pool, word) {
            *self.read.entry(key).or_default() |= bits;
        }
    }
}

/// The key of the load that gave `term`.
fn key_of(behind: &Behind<'_>, pool: &TermPool<'_>, term: TermId) -> Option<TermId> {
    match behind.effect(pool.get(term))? {
        Effect::SLoad { key } => Some(key),
        _ => None,
    }
}

/// Whether `term` is a word with some bits cleared to make room, as stores do.
fn keeps_rest(pool: &TermPool<'_>, term: TermId) -> bool {
    cleared(pool, term).is_some_and(|(_, mask)| mask.bit(255))
}

/// `x & mask`, with the mask.
fn cleared(pool: &TermPool<'_>, term: TermId) -> Option<(TermId, U256)> {
    let Term::Apply(Op::And, [a, b, _]) = pool.get(term) else { return None };
    pool.with_const(a, b)
}

/// What a store of `value` under `key` replaces.
fn stored(
    behind: &Behind<'_>,
    pool: &TermPool<'_>,
    node: NodeId,
    key: TermId,
    value: TermId,
) -> Stored {
    let parts = Parts { behind, pool, key };
    Stored { node, mask: !parts.kept(value, 0), constant: parts.constant(value, 0) }
}

/// What a stored value is put together from. A compiler puts fields into the room it cleared, so
/// what is joined to a kept part is taken to lie outside it.
struct Parts<'a, 't> {
    behind: &'a Behind<'a>,
    pool: &'a TermPool<'t>,
    key: TermId,
}

impl Parts<'_, '_> {
    fn is_old(&self, term: TermId) -> bool {
        key_of(self.behind, self.pool, term) == Some(self.key)
    }

    /// The bits of the old word that stay.
    fn kept(&self, term: TermId, depth: u32) -> U256 {
        if depth == MAX_PARTS {
            return U256::ZERO;
        }
        if self.is_old(term) {
            return U256::MAX;
        }
        if let Some((word, mask)) = cleared(self.pool, term) {
            return self.kept(word, depth + 1) & mask;
        }
        match self.pool.get(term) {
            Term::Apply(Op::Or, [a, b, _]) => self.kept(a, depth + 1) | self.kept(b, depth + 1),
            _ => U256::ZERO,
        }
    }

    /// The new bits, if they are constant.
    fn constant(&self, term: TermId, depth: u32) -> Option<U256> {
        if depth == MAX_PARTS {
            return None;
        }
        if self.is_old(term) {
            return Some(U256::ZERO);
        }
        if let Some((word, mask)) = cleared(self.pool, term) {
            return Some(self.constant(word, depth + 1)? & mask);
        }
        match self.pool.get(term) {
            Term::Const(value) => Some(value),
            Term::Apply(Op::Or, [a, b, _]) => {
                Some(self.constant(a, depth + 1)? | self.constant(b, depth + 1)?)
            }
            _ => None,
        }
    }
}
