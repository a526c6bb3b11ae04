//! Which stores to memory can a needed effect still see?
//!
//! In: a graph, and which effects are needed. Out: the stores that must stay.
//! Invariant: a store is dropped only if, under the assumptions of [`crate::absint`], nothing that
//! reads its bytes comes after it without the bytes having been overwritten.

use slotcast_model::IndexVec;

use crate::{
    absint::{Place, Pointers, place},
    ir::{CopyKind, Effect, Exit, Graph, NodeId, TermId, TermPool},
};

/// Words at absolute addresses that are told apart.
const TRACKED: u32 = 64;
const WORD: u32 = 32;
/// The first word behind the reserved ones, which unknown pointers do not reach.
const FIRST_UNRESERVED: u32 = 4;

/// Memory that may still be read: one bit for each tracked word, and one for all the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Live {
    words: u64,
    rest: bool,
}

/// A range of memory as far as it is known.
#[derive(Clone, Copy)]
struct Range {
    /// Tracked words touched.
    words: u64,
    /// Tracked words covered from end to end.
    covered: u64,
    /// Whether anything else is touched.
    rest: bool,
}

impl Live {
    const fn union(self, other: Self) -> Self {
        Self { words: self.words | other.words, rest: self.rest || other.rest }
    }

    const fn meets(self, range: Range) -> bool {
        self.words & range.words != 0 || (self.rest && range.rest)
    }

    const fn add(&mut self, range: Range) {
        self.words |= range.words;
        self.rest |= range.rest;
    }
}

/// Effects that write memory and must stay, as flags beside `needed`.
pub(super) struct Stores<'a, 't> {
    pub(super) graph: &'a Graph,
    pub(super) pool: &'a mut TermPool<'t>,
    pub(super) pointers: &'a Pointers,
}

impl Stores<'_, '_> {
    /// For each node and effect whether it is a store that a needed effect may see.
    pub(super) fn visible(
        &mut self,
        needed: &IndexVec<NodeId, Vec<bool>>,
    ) -> IndexVec<NodeId, Vec<bool>> {
        let graph = self.graph;
        let mut visible: IndexVec<NodeId, Vec<bool>> =
            graph.nodes.iter().map(|node| vec![false; node.effects.len()]).collect();
        let mut entry = IndexVec::from_elem(Live::default(), graph.nodes.len());
        loop {
            let mut changed = false;
            for node in graph.nodes.indices().rev() {
                let live = self.node(node, &entry, &needed[node], &mut visible[node]);
                changed |= live != entry[node];
                entry[node] = live;
            }
            if !changed {
                return visible;
            }
        }
    }

    fn node(
        &mut self,
        node: NodeId,
        entry: &IndexVec<NodeId, Live>,
        needed: &[bool],
        visible: &mut [bool],
    ) -> Live {
        let node = &self.graph.nodes[node];
        let mut live =
            node.successors().fold(Live::default(), |live, next| live.union(entry[next]));
        if let Exit::Return(at, len) | Exit::Revert(at, len) = node.exit {
            live.add(self.range(at, Some(len)));
        }
        for (n, (_, effect)) in node.effects.iter().enumerate().rev() {
            if let Some(range) = self.writes(effect) {
                visible[n] |= live.meets(range);
                live.words &= !range.covered;
            }
            if (needed[n] || visible[n])
                && let Some((at, len)) = reads(effect)
            {
                let range = match len {
                    ReadLen::Word => self.word(at),
                    ReadLen::Bytes(len) => self.range(at, Some(len)),
                };
                live.add(range);
            }
        }
        live
    }

    fn writes(&mut self, effect: &Effect<TermId>) -> Option<Range> {
        match *effect {
            Effect::MStore { at, .. } => Some(self.word(at)),
            Effect::MStore8 { at, .. } => Some(Range { covered: 0, ..self.word(at) }),
            Effect::Copy { to, len, .. } => Some(self.range(to, Some(len))),
            _ => None,
        }
    }

    fn word(&mut self, at: TermId) -> Range {
        self.bytes(at, Some(WORD))
    }

    fn range(&mut self, at: TermId, len: Option<TermId>) -> Range {
        let len = len
            .and_then(|len| self.pool.as_const(len))
            .map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        self.bytes(at, len)
    }

    fn bytes(&mut self, at: TermId, len: Option<u32>) -> Range {
        if len == Some(0) {
            return Range { words: 0, covered: 0, rest: false };
        }
        let absolute = self.pool.constant(alloy_primitives::U256::ZERO);
        match place(self.pool, self.pointers, at) {
            Place::At { base, offset } if base == absolute => {
                let end = len.map_or(u32::MAX, |len| offset.saturating_add(len));
                let words = bits(offset / WORD, end.div_ceil(WORD));
                let covered = match len {
                    Some(_) => bits(offset.div_ceil(WORD), end / WORD),
                    None => 0,
                };
                Range { words, covered, rest: TRACKED * WORD < end }
            }
            Place::At { .. } => Range { words: 0, covered: 0, rest: true },
            Place::Unknown => {
                Range { words: bits(FIRST_UNRESERVED, TRACKED), covered: 0, rest: true }
            }
        }
    }
}

enum ReadLen {
    Word,
    Bytes(TermId),
}

/// The memory an effect reads. What is logged decides no access.
fn reads(effect: &Effect<TermId>) -> Option<(TermId, ReadLen)> {
    match *effect {
        Effect::MLoad { at } => Some((at, ReadLen::Word)),
        Effect::Keccak { at, len } => Some((at, ReadLen::Bytes(len))),
        Effect::Call { input: (at, len), .. } | Effect::Create { input: (at, len), .. } => {
            Some((at, ReadLen::Bytes(len)))
        }
        Effect::Copy { kind: CopyKind::Memory, from, len, .. } => Some((from, ReadLen::Bytes(len))),
        _ => None,
    }
}

/// Bits `first..end`, cut off at the tracked words.
const fn bits(first: u32, end: u32) -> u64 {
    let low = if first < TRACKED { (1_u64 << first) - 1 } else { u64::MAX };
    let high = if end < TRACKED { (1_u64 << end) - 1 } else { u64::MAX };
    high & !low
}
