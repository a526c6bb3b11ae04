//! Which stores to memory can a needed effect still see?
//!
//! Liveness of memory, word by word, as a backward fixpoint over the nodes.
//!
//! In: a graph, and which effects are needed. Out: the stores that must stay.
//! Invariant: a store is dropped only if, under the assumptions of [`crate::absint`], nothing that
//! reads its bytes comes after it without the bytes having been overwritten.

use slotcast_model::IndexVec;

use super::slice::Needed;
use crate::{
    absint::{Place, Pointers, place},
    ir::{CopyKind, Effect, Exit, Graph, Node, NodeId, TermId, TermPool},
};

/// Words at absolute addresses that are told apart.
const TRACKED: u32 = 64;
const WORD: u32 = 32;

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

/// An effect that reads or writes memory.
struct Access {
    /// Its position in its node.
    n: usize,
    written: Option<Range>,
    read: Option<Range>,
    /// Whether it is a store that a needed effect may see.
    is_visible: bool,
}

/// Finds the effects that write memory and must stay.
pub(super) struct Stores<'a> {
    graph: &'a Graph,
    /// The nodes that are reached, in postorder.
    order: &'a [NodeId],
    /// Node by node, in order.
    accesses: Vec<Access>,
    /// For each node, where its accesses end.
    ends: IndexVec<NodeId, usize>,
    /// For each node, what its exit gives to the caller.
    outputs: IndexVec<NodeId, Live>,
    /// For each node, what may be read from its entry on, as far as it was found.
    live: IndexVec<NodeId, Live>,
    /// Whether some way leads round, so that one pass over the nodes does not settle all.
    has_loops: bool,
}

impl<'a> Stores<'a> {
    pub(super) fn new(
        graph: &'a Graph,
        order: &'a [NodeId],
        pool: &TermPool<'_>,
        pointers: &Pointers,
    ) -> Self {
        let places = Places { pool, pointers };
        let mut accesses = Vec::new();
        let mut ends = IndexVec::new();
        for node in &graph.nodes {
            for (n, (_, effect)) in node.effects.iter().enumerate() {
                let (written, read) = (places.written(effect), places.read(effect));
                if written.is_some() || read.is_some() {
                    accesses.push(Access { n, written, read, is_visible: false });
                }
            }
            ends.push(accesses.len());
        }
        let output = |node: &Node| {
            let mut live = Live::default();
            if let Exit::Return(at, len) | Exit::Revert(at, len) = node.exit {
                live.add(places.range(at, len));
            }
            if node.rest.is_some() {
                live = Live { words: u64::MAX, rest: true };
            }
            live
        };
        let outputs: IndexVec<NodeId, Live> = graph.nodes.iter().map(output).collect();
        let live = IndexVec::from_elem(Live::default(), graph.nodes.len());
        let has_loops = has_loops(graph, order);
        Self { graph, order, accesses, ends, outputs, live, has_loops }
    }

    /// The stores that a needed effect may see and that are not needed yet.
    ///
    /// What is `needed` only grows from call to call, and so does what is live.
    pub(super) fn visible(&mut self, needed: &Needed) -> Vec<(NodeId, usize)> {
        loop {
            let mut changed = false;
            for &node in self.order {
                let live = self.node(node, needed);
                changed |= live != self.live[node];
                self.live[node] = live;
            }
            if !changed || !self.has_loops {
                break;
            }
        }
        let mut found = Vec::new();
        let mut start = 0;
        for (node, &end) in self.ends.iter_enumerated() {
            let visible = self.accesses[start..end].iter().filter(|access| access.is_visible);
            found.extend(
                visible.map(|access| (node, access.n)).filter(|&(_, n)| !needed.has(node, n)),
            );
            start = end;
        }
        found
    }

    /// What is live at the entry of `node`, marking the stores on the way.
    fn node(&mut self, node: NodeId, needed: &Needed) -> Live {
        let successors = self.graph.nodes[node].successors();
        let mut live = successors.fold(self.outputs[node], |live, to| live.union(self.live[to]));
        let start = if node.0 == 0 { 0 } else { self.ends[NodeId(node.0 - 1)] };
        for access in self.accesses[start..self.ends[node]].iter_mut().rev() {
            if let Some(range) = access.written {
                access.is_visible |= live.meets(range);
                live.words &= !range.covered;
            }
            if let Some(range) =
                access.read.filter(|_| access.is_visible || needed.has(node, access.n))
            {
                live.add(range);
            }
        }
        live
    }
}

/// Whether a node in postorder has a successor that does not come before it.
fn has_loops(graph: &Graph, order: &[NodeId]) -> bool {
    let mut is_done = IndexVec::from_elem(false, graph.nodes.len());
    order.iter().any(|&node| {
        let leads_back = graph.nodes[node].successors().any(|next| !is_done[next]);
        is_done[node] = true;
        leads_back
    })
}

/// Where effects reach in memory.
struct Places<'a, 't> {
    pool: &'a TermPool<'t>,
    pointers: &'a Pointers,
}

impl Places<'_, '_> {
    fn written(&self, effect: &Effect<TermId>) -> Option<Range> {
        match *effect {
            Effect::MStore { at, .. } => Some(self.bytes(at, Some(WORD))),
            Effect::MStore8 { at, .. } => Some(Range { covered: 0, ..self.bytes(at, Some(WORD)) }),
            Effect::Copy { to, len, .. } => Some(self.range(to, len)),
            _ => None,
        }
    }

    /// The memory an effect reads. What is logged decides no access.
    fn read(&self, effect: &Effect<TermId>) -> Option<Range> {
        match *effect {
            Effect::MLoad { at } => Some(self.bytes(at, Some(WORD))),
            Effect::Keccak { at, len }
            | Effect::Call { input: (at, len), .. }
            | Effect::Create { input: (at, len), .. }
            | Effect::Copy { kind: CopyKind::Memory, from: at, len, .. } => {
                Some(self.range(at, len))
            }
            _ => None,
        }
    }

    fn range(&self, at: TermId, len: TermId) -> Range {
        let len = self.pool.as_const(len).map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        self.bytes(at, len)
    }

    fn bytes(&self, at: TermId, len: Option<u32>) -> Range {
        if len == Some(0) {
            return Range { words: 0, covered: 0, rest: false };
        }
        match place(self.pool, self.pointers, at) {
            Place::At { base: TermPool::ZERO, offset } => {
                let end = len.map_or(u32::MAX, |len| offset.saturating_add(len));
                let words = bits(offset / WORD, end.div_ceil(WORD));
                let covered = match len {
                    Some(_) => bits(offset.div_ceil(WORD), end / WORD),
                    None => 0,
                };
                Range { words, covered, rest: TRACKED * WORD < end }
            }
            // A pointer leads behind what is reserved; what it is not known to be may be any number.
            Place::At { .. } => {
                let first = self.pointers.first_unreserved();
                Range { words: bits(first, TRACKED), covered: 0, rest: true }
            }
            Place::Unknown => Range { words: u64::MAX, covered: 0, rest: true },
        }
    }
}

/// Bits `first..end`, cut off at the tracked words.
const fn bits(first: u32, end: u32) -> u64 {
    let low = if first < TRACKED { (1_u64 << first) - 1 } else { u64::MAX };
    let high = if end < TRACKED { (1_u64 << end) - 1 } else { u64::MAX };
    high & !low
}
