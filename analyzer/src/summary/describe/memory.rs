//! Where does a word of memory come from?
//!
//! In: a walk. Out: [`Memories`], to ask what was last written somewhere before an effect.
//! Invariant: every path backwards is followed, so an answer names all that may be there; where too
//! many writes may have, or one may overlap in an unknown way, the answer is none.
//!
//! The walk itself forgets a word when two paths disagree on it or a call returns into it. Here such
//! words are looked up again, one at a time, for a text.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use slotcast_model::IndexVec;

use super::paths::Paths;
use crate::{
    absint::{Place, Walk, place},
    bytecode::Pc,
    ir::{CopyKind, Effect, Graph, NodeId, Op, TermId, TermPool, base_offset},
};

const WORD: u32 = 32;
/// Different things one word may be.
const MAX_ORIGINS: usize = 3;
/// Nodes looked at for one word.
const MAX_NODES: usize = 64;
/// Below this an absolute address is reserved, and no unknown pointer reaches it.
const RESERVED: u64 = 0x80;

/// What a piece of memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A word that was stored, from this byte of it on.
    Stored(TermId, u32),
    /// Calldata at this distance behind a term.
    CallData(TermId, u32),
    /// What a call returned, at this distance.
    Returned(NodeId, Pc, u32),
    /// Nothing was written there.
    Zero,
}

/// Where an address points to, so far as two can be told apart.
#[derive(Clone, Copy)]
struct Address {
    base: TermId,
    offset: U256,
    /// Zero or a value of the free memory pointer, which points to memory of its own.
    is_root: bool,
}

/// How a piece that is read lies to one that was written.
enum Overlap {
    /// The whole piece was written; it starts this many bytes in.
    Within(u32),
    None,
    Unknown,
}

/// One write.
struct Write {
    to: TermId,
    /// Bytes; none when not known.
    len: Option<u32>,
    what: Written,
}

#[derive(Clone, Copy)]
enum Written {
    Word(TermId),
    CallData(TermId),
    Output(Pc),
    Other,
}

/// The memory of one entry point.
pub(super) struct Memories<'a> {
    graph: &'a Graph,
    paths: &'a Paths,
    addresses: BTreeMap<TermId, Address>,
    /// The last word of what is hashed, for hashes whose length is not known.
    tails: BTreeMap<(NodeId, Pc), TermId>,
    /// For each node, what its effects write: position, write.
    writes: IndexVec<NodeId, Vec<(usize, Write)>>,
}

impl<'a> Memories<'a> {
    pub(super) fn new(walk: &'a Walk, paths: &'a Paths, pool: &mut TermPool<'_>) -> Self {
        let graph = &walk.graph;
        let mut addresses = BTreeMap::new();
        let mut tails = BTreeMap::new();
        let mut writes: IndexVec<NodeId, Vec<(usize, Write)>> = IndexVec::new();
        for (id, node) in graph.nodes.iter_enumerated() {
            let mut of_node = Vec::new();
            for (position, (pc, effect)) in node.effects.iter().enumerate() {
                let mut points = Vec::new();
                match *effect {
                    Effect::MLoad { at } | Effect::Call { input: (at, _), .. } => points.push(at),
                    Effect::Keccak { at, len } => {
                        points.push(at);
                        if pool.as_const(len).is_none() {
                            let tail = tail(pool, at, len);
                            points.push(tail);
                            tails.insert((id, *pc), tail);
                        }
                    }
                    _ => {}
                }
                if let Some(write) = write(pool, *pc, effect) {
                    points.push(write.to);
                    of_node.push((position, write));
                }
                for at in points {
                    let is_root = matches!(place(pool, &walk.pointers, at), Place::At { .. });
                    addresses.entry(at).or_insert_with(|| address(pool, at, is_root));
                }
            }
            writes.push(of_node);
        }
        Self { graph, paths, addresses, tails, writes }
    }

    /// The last word of what the effect at `pc` hashes, when its length is not known.
    pub(super) fn tail(&self, node: NodeId, pc: Pc) -> Option<TermId> {
        self.tails.get(&(node, pc)).copied()
    }

    /// What `len` bytes, `skip` bytes behind the address `at`, may hold before the effect at
    /// `position`; empty when that is not known.
    pub(super) fn read(
        &self,
        (node, position): (NodeId, usize),
        at: TermId,
        skip: u32,
        len: u32,
    ) -> Vec<Origin> {
        let Some(&address) = self.addresses.get(&at) else { return Vec::new() };
        let piece = Address { offset: address.offset.wrapping_add(U256::from(skip)), ..address };
        let mut seen = IndexVec::from_elem(false, self.graph.nodes.len());
        let mut n_seen = 0;
        let mut origins = Vec::new();
        let mut pending = vec![(node, position)];
        while let Some((node, end)) = pending.pop() {
            match self.last_write(node, end, piece, len) {
                Some(Some(origin)) => origins.push(origin),
                Some(None) => return Vec::new(),
                None if node == NodeId(0) => origins.push(Origin::Zero),
                None => {
                    for &previous in self.paths.predecessors(node) {
                        if !seen[previous] {
                            seen[previous] = true;
                            n_seen += 1;
                            pending.push((previous, usize::MAX));
                        }
                    }
                }
            }
            origins.sort_unstable();
            origins.dedup();
            if MAX_NODES < n_seen || MAX_ORIGINS < origins.len() {
                return Vec::new();
            }
        }
        origins
    }

    /// The last write in `node` before `end` that touches the piece; `Some(None)` for one of which
    /// it is not known what it leaves there.
    fn last_write(
        &self,
        node: NodeId,
        end: usize,
        piece: Address,
        len: u32,
    ) -> Option<Option<Origin>> {
        let before = self.writes[node].iter().rev().filter(|(position, _)| *position < end);
        for (_, write) in before {
            match self.overlap(write, piece, len) {
                Overlap::None => {}
                Overlap::Unknown => return Some(None),
                Overlap::Within(skip) => {
                    return Some(match write.what {
                        Written::Word(value) => Some(Origin::Stored(value, skip)),
                        Written::CallData(from) => Some(Origin::CallData(from, skip)),
                        Written::Output(pc) => Some(Origin::Returned(node, pc, skip)),
                        Written::Other => None,
                    });
                }
            }
        }
        None
    }

    fn overlap(&self, write: &Write, piece: Address, len: u32) -> Overlap {
        let Some(&to) = self.addresses.get(&write.to) else { return Overlap::Unknown };
        if to.base != piece.base {
            let reserved = |a: Address, b: Address| {
                a.is_root && a.offset < U256::from(RESERVED) && b.offset < U256::MAX >> 1
            };
            let apart = to.is_root && piece.is_root || reserved(to, piece) || reserved(piece, to);
            return if apart { Overlap::None } else { Overlap::Unknown };
        }
        let distance = piece.offset.wrapping_sub(to.offset);
        if let Some(written) = write.len {
            let fits = written.checked_sub(len).is_some_and(|room| distance <= U256::from(room));
            if fits {
                return Overlap::Within(distance.to());
            }
            let behind = U256::from(written) <= distance && !distance.bit(255);
            let before = U256::from(len) <= distance.wrapping_neg() && distance.bit(255);
            return if behind || before { Overlap::None } else { Overlap::Unknown };
        }
        let before = distance.bit(255) && U256::from(len) <= distance.wrapping_neg();
        if before { Overlap::None } else { Overlap::Unknown }
    }
}

fn address(pool: &mut TermPool<'_>, at: TermId, is_root: bool) -> Address {
    match pool.as_const(at) {
        Some(offset) => Address { base: pool.constant(U256::ZERO), offset, is_root: true },
        None => {
            let (base, offset) = base_offset(pool, at);
            Address { base, offset, is_root }
        }
    }
}

/// The address of the last word of `len` bytes from `at` on.
fn tail(pool: &mut TermPool<'_>, at: TermId, len: TermId) -> TermId {
    let back = pool.constant(U256::from(WORD).wrapping_neg());
    let end = pool.apply(Op::Add, &[at, len]);
    pool.apply(Op::Add, &[end, back])
}

/// What `effect` writes to memory, if it does.
fn write(pool: &TermPool<'_>, pc: Pc, effect: &Effect<TermId>) -> Option<Write> {
    let small = |word| pool.as_const(word).and_then(|value| u32::try_from(value).ok());
    let write = match *effect {
        Effect::MStore { at, value } => {
            Write { to: at, len: Some(WORD), what: Written::Word(value) }
        }
        Effect::MStore8 { at, .. } => Write { to: at, len: Some(1), what: Written::Other },
        Effect::Copy { kind, to, from, len, .. } => {
            let what = match kind {
                CopyKind::CallData => Written::CallData(from),
                _ => Written::Other,
            };
            Write { to, len: small(len), what }
        }
        Effect::Call { output, .. } => {
            Write { to: output.0, len: small(output.1), what: Written::Output(pc) }
        }
        _ => return None,
    };
    (write.len != Some(0)).then_some(write)
}
