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

use super::{behind::Behind, paths::Paths};
use crate::{
    absint::{Place, Walk, place},
    bytecode::Pc,
    ir::{CopyKind, Effect, Env, Graph, NodeId, Op, Term, TermId, TermPool, base_offset},
};

const WORD: u32 = 32;
/// Different things one word may be.
const MAX_ORIGINS: usize = 3;
/// Nodes looked at for one word.
const MAX_NODES: usize = 64;
/// Copies of copies looked through.
const MAX_COPIES: u32 = 4;
/// Parts of a sum looked at.
const MAX_PARTS: usize = 8;
/// Below this an absolute address is reserved, and texts take no unknown pointer to reach it.
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
struct Address {
    point: Point,
    /// The parts of a base that is a sum; none is taken to point backwards.
    parts: Vec<TermId>,
}

#[derive(Clone, Copy)]
struct Point {
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

/// The last write that touches a piece.
enum Last {
    /// It leaves this there.
    Is(Origin),
    /// It is a copy, at this position, of what stood there.
    Copy(usize, Point),
    /// It is not known what it leaves there.
    Unknown,
    /// There is none in the node.
    None,
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
    /// A copy of other memory.
    Memory(TermId),
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
    pub(super) fn new(
        walk: &'a Walk,
        paths: &'a Paths,
        behind: &Behind<'_>,
        pool: &mut TermPool<'_>,
    ) -> Self {
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
                let write =
                    copied_by_loop(behind, pool, effect).or_else(|| write(pool, *pc, effect));
                if let Some(write) = write {
                    points.push(write.to);
                    if let Written::Memory(from) = write.what {
                        points.push(from);
                    }
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
        before: (NodeId, usize),
        at: TermId,
        skip: u32,
        len: u32,
    ) -> Vec<Origin> {
        let Some(address) = self.addresses.get(&at) else { return Vec::new() };
        self.read_point(before, address.point.behind(skip), len, MAX_COPIES).unwrap_or_default()
    }

    fn read_point(
        &self,
        before: (NodeId, usize),
        point: Point,
        len: u32,
        n_copies: u32,
    ) -> Option<Vec<Origin>> {
        let mut seen = IndexVec::from_elem(false, self.graph.nodes.len());
        let mut n_seen = 0;
        let mut origins = Vec::new();
        let mut pending = vec![before];
        while let Some((node, end)) = pending.pop() {
            match self.last_write(node, end, point, len) {
                Last::Is(origin) => origins.push(origin),
                Last::Copy(position, from) if 0 < n_copies => {
                    origins.extend(self.read_point((node, position), from, len, n_copies - 1)?);
                }
                Last::Copy(..) | Last::Unknown => return None,
                Last::None if node == NodeId(0) => origins.push(Origin::Zero),
                Last::None => {
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
                return None;
            }
        }
        Some(origins)
    }

    /// The last write in `node` before `end` that touches the piece.
    fn last_write(&self, node: NodeId, end: usize, piece: Point, len: u32) -> Last {
        let before = self.writes[node].iter().rev().filter(|(position, _)| *position < end);
        for (position, write) in before {
            match self.overlap(write, piece, len) {
                Overlap::None => {}
                Overlap::Unknown => return Last::Unknown,
                Overlap::Within(skip) => {
                    return match write.what {
                        Written::Word(value) => Last::Is(Origin::Stored(value, skip)),
                        Written::CallData(from) => Last::Is(Origin::CallData(from, skip)),
                        Written::Output(pc) => Last::Is(Origin::Returned(node, pc, skip)),
                        Written::Memory(from) => match self.addresses.get(&from) {
                            Some(from) => Last::Copy(*position, from.point.behind(skip)),
                            None => Last::Unknown,
                        },
                        Written::Other => Last::Unknown,
                    };
                }
            }
        }
        Last::None
    }

    fn overlap(&self, write: &Write, piece: Point, len: u32) -> Overlap {
        let Some(address) = self.addresses.get(&write.to) else { return Overlap::Unknown };
        let to = address.point;
        if to.base != piece.base {
            let reserved = |a: Point, b: Point| {
                a.is_root && a.offset < U256::from(RESERVED) && b.offset < U256::MAX >> 1
            };
            let apart = to.is_root && piece.is_root || reserved(to, piece) || reserved(piece, to);
            let end = piece.offset.saturating_add(U256::from(len));
            let is_behind = address.parts.contains(&piece.base) && end <= to.offset;
            return if apart || is_behind { Overlap::None } else { Overlap::Unknown };
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
        // A copy of unknown length is taken to hold at least the piece at its start.
        if distance.is_zero() && matches!(write.what, Written::Memory(_)) {
            return Overlap::Within(0);
        }
        let before = distance.bit(255) && U256::from(len) <= distance.wrapping_neg();
        if before { Overlap::None } else { Overlap::Unknown }
    }
}

impl Point {
    /// The place `skip` bytes on.
    fn behind(self, skip: u32) -> Self {
        Self { offset: self.offset.wrapping_add(U256::from(skip)), ..self }
    }
}

fn address(pool: &mut TermPool<'_>, at: TermId, is_root: bool) -> Address {
    let (base, offset) = match pool.as_const(at) {
        Some(offset) => (pool.constant(U256::ZERO), offset),
        None => base_offset(pool, at),
    };
    let mut parts = Vec::new();
    let mut sums = vec![base];
    while let Some(sum) = sums.pop() {
        if let Term::Apply(Op::Add, [a, b, _]) = pool.get(sum)
            && parts.len() < MAX_PARTS
        {
            parts.extend([a, b]);
            sums.extend([a, b]);
        }
    }
    Address { point: Point { base, offset, is_root }, parts }
}

/// The address of the last word of `len` bytes from `at` on.
fn tail(pool: &mut TermPool<'_>, at: TermId, len: TermId) -> TermId {
    let back = pool.constant(U256::from(WORD).wrapping_neg());
    let end = pool.apply(Op::Add, &[at, len]);
    pool.apply(Op::Add, &[end, back])
}

/// A copy that a loop makes word by word, `mstore(to + i, mload(from + i))` for `i` from zero on, as
/// the copy it is.
fn copied_by_loop(
    behind: &Behind<'_>,
    pool: &mut TermPool<'_>,
    effect: &Effect<TermId>,
) -> Option<Write> {
    let Effect::MStore { at: to, value } = *effect else { return None };
    let Effect::MLoad { at: from } = behind.effect(pool.get(value))? else { return None };
    let zero = pool.constant(U256::ZERO);
    let (to_base, to_offset) = base_offset(pool, to);
    let (from_base, from_offset) = base_offset(pool, from);
    let Term::Apply(Op::Add, [a, b, _]) = pool.get(to_base) else { return None };
    let Term::Apply(Op::Add, [c, d, _]) = pool.get(from_base) else { return None };
    for (index, to, others) in [(a, b, [c, d]), (b, a, [c, d])] {
        let Term::Phi(node, position) = pool.get(index) else { continue };
        let from = match others {
            [from, other] | [other, from] if other == index => from,
            _ => continue,
        };
        if behind.incoming(node, position).contains(&zero) {
            let (to_offset, from_offset) = (pool.constant(to_offset), pool.constant(from_offset));
            let to = pool.apply(Op::Add, &[to, to_offset]);
            let from = pool.apply(Op::Add, &[from, from_offset]);
            return Some(Write { to, len: None, what: Written::Memory(from) });
        }
    }
    None
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
                CopyKind::Memory => Written::Memory(from),
                _ => Written::Other,
            };
            // What lies behind the end of calldata reads as zero, in memory as in calldata.
            let is_all =
                kind == CopyKind::CallData && pool.get(len) == Term::Env(Env::CallDataSize);
            Write { to, len: if is_all { Some(u32::MAX) } else { small(len) }, what }
        }
        Effect::Call { output, .. } => {
            Write { to: output.0, len: small(output.1), what: Written::Output(pc) }
        }
        _ => return None,
    };
    (write.len != Some(0)).then_some(write)
}
