//! What stands behind a leaf?
//!
//! In: a graph. Out: [`Behind`]: the effect that gave a result, the values that meet in a phi, the
//! value that the entry point itself stored before a load.
//! Invariants: a leaf of a node that no path reaches has nothing behind it; a store is behind a load
//! only if it is on every path there and nothing after it may have stored to the same slot.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    bytecode::Pc,
    ir::{CallKind, Effect, Exit, Graph, NodeId, Op, Term, TermId, TermPool},
};

/// Nodes looked at for the store before a load.
const MAX_NODES: usize = 64;
/// Sums within one another that are looked into for a hash.
const MAX_SUMS: u32 = 8;

/// The leaves of one graph.
pub(super) struct Behind<'a> {
    graph: &'a Graph,
    /// For each node where the edges to it come from.
    predecessors: BTreeMap<NodeId, Vec<NodeId>>,
    incoming: BTreeMap<(NodeId, u32), Vec<TermId>>,
}

impl<'a> Behind<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut incoming: BTreeMap<(NodeId, u32), Vec<TermId>> = BTreeMap::new();
        let mut predecessors: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for (id, node) in graph.nodes.iter_enumerated() {
            for next in node.successors() {
                predecessors.entry(next).or_default().push(id);
            }
            for (next, arguments) in node.successors().zip(&node.arguments) {
                for (&position, &value) in graph.nodes[next].phis.iter().zip(arguments) {
                    let values = incoming.entry((next, position)).or_default();
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
            }
        }
        Self { graph, predecessors, incoming }
    }

    /// The distinct values that meet in a phi.
    pub(super) fn incoming(&self, node: NodeId, position: u32) -> &[TermId] {
        self.incoming.get(&(node, position)).map_or(&[], Vec::as_slice)
    }

    /// The values that meet in a phi, each with the nearest branch that led to its edge, and whether
    /// the branch's condition held.
    pub(super) fn entering(
        &self,
        node: NodeId,
        position: u32,
    ) -> impl Iterator<Item = (TermId, Option<(TermId, bool)>)> + '_ {
        let place = self.graph.nodes[node].phis.iter().position(|it| *it == position);
        let sources = self.predecessors.get(&node).into_iter().flatten();
        sources.flat_map(move |&from| {
            let source = &self.graph.nodes[from];
            let edges = source.successors().zip(&source.arguments);
            let edges = edges.filter(move |(next, _)| *next == node);
            edges.filter_map(move |(next, arguments)| {
                Some((*arguments.get(place?)?, self.branch_to(from, next)))
            })
        })
    }

    /// The nearest branch on the only way to the edge between two nodes.
    fn branch_to(&self, mut from: NodeId, mut to: NodeId) -> Option<(TermId, bool)> {
        for _ in 0..MAX_NODES {
            if let Exit::Branch { condition, then, other } = self.graph.nodes[from].exit {
                return (then != other).then_some((condition, then == to));
            }
            to = from;
            from = match self.predecessors.get(&from).map(Vec::as_slice) {
                Some(&[only]) if from != NodeId(0) => only,
                _ => return None,
            };
        }
        None
    }

    /// The effect of the instruction at `pc` in `node`, with its position among the node's.
    pub(super) fn effect_at(&self, node: NodeId, pc: Pc) -> Option<(usize, Effect<TermId>)> {
        let effects = &self.graph.nodes.get(node)?.effects;
        let position = effects.iter().position(|(at, _)| *at == pc)?;
        Some((position, effects[position].1))
    }

    /// The effect that gave `leaf`, if one did.
    pub(super) fn effect(&self, leaf: Term<'_>) -> Option<Effect<TermId>> {
        let Term::Result(node, pc) = leaf else { return None };
        self.effect_at(node, pc).map(|(_, effect)| effect)
    }

    /// The value that was stored under `key` before the effect at `position` of `node`, if a store
    /// of the entry point decides it.
    pub(super) fn stored_before(
        &self,
        pool: &TermPool<'_>,
        (mut node, mut position): (NodeId, usize),
        key: TermId,
    ) -> Option<TermId> {
        for _ in 0..MAX_NODES {
            let effects = &self.graph.nodes[node].effects;
            for (_, effect) in effects[..position].iter().rev() {
                match *effect {
                    Effect::SStore { key: other, value } if other == key => {
                        // A word that is put together holds other variables, too.
                        let is_packed = matches!(pool.get(value), Term::Apply(Op::Or | Op::And, _));
                        return (!is_packed).then_some(value);
                    }
                    Effect::SStore { key: other, .. } if self.may_be_same(pool, key, other) => {
                        return None;
                    }
                    // What is called may call back.
                    Effect::Call { kind, .. } if kind != CallKind::StaticCall => return None,
                    Effect::Create { .. } => return None,
                    _ => {}
                }
            }
            // The first node is entered from outside, too.
            node = match self.predecessors.get(&node).map(Vec::as_slice) {
                Some(&[only]) if node != NodeId(0) => only,
                _ => return None,
            };
            position = self.graph.nodes[node].effects.len();
        }
        None
    }

    /// Whether a store of the entry point under `key` stands on some path to the effect at `position` of
    /// `node`; calls back are not looked at.
    pub(super) fn may_be_stored_before(
        &self,
        (node, position): (NodeId, usize),
        key: TermId,
    ) -> bool {
        let is_store = |effect: &Effect<TermId>| matches!(*effect, Effect::SStore { key: other, .. } if other == key);
        let stores = |node: NodeId, end: usize| {
            self.graph.nodes[node].effects[..end].iter().any(|(_, effect)| is_store(effect))
        };
        if stores(node, position) {
            return true;
        }
        let (mut seen, mut pending) = (BTreeSet::new(), vec![node]);
        while let Some(node) = pending.pop() {
            for &before in self.predecessors.get(&node).into_iter().flatten() {
                if seen.insert(before) {
                    if stores(before, self.graph.nodes[before].effects.len()) {
                        return true;
                    }
                    pending.push(before);
                }
            }
        }
        false
    }

    /// Whether two different keys may be the same slot; hashes are taken to be far from each other
    /// and from small numbers, as compilers do.
    fn may_be_same(&self, pool: &TermPool<'_>, a: TermId, b: TermId) -> bool {
        if pool.as_const(a).is_some() && pool.as_const(b).is_some() {
            return false;
        }
        let is_small = |term| pool.as_const(term).is_some_and(|slot| slot.bit_len() <= 128);
        let is_apart = |one: TermId, other: TermId| is_small(one) && self.is_hashed(pool, other, 0);
        if is_apart(a, b) || is_apart(b, a) {
            return false;
        }
        match (pool.get(a), pool.get(b)) {
            (Term::Keccak([.., a]), Term::Keccak([.., b])) => {
                pool.as_const(*a).is_none() || pool.as_const(*b).is_none() || a == b
            }
            _ => true,
        }
    }

    fn is_hashed(&self, pool: &TermPool<'_>, term: TermId, depth: u32) -> bool {
        match pool.get(term) {
            Term::Const(slot) => 128 < slot.bit_len(),
            Term::Keccak(_) => true,
            Term::Apply(Op::Add, [a, b, _]) if depth < MAX_SUMS => {
                self.is_hashed(pool, a, depth + 1) || self.is_hashed(pool, b, depth + 1)
            }
            leaf => matches!(self.effect(leaf), Some(Effect::Keccak { .. })),
        }
    }

    /// Calls `f` on what a term is computed from: its operands, those of the effect that gave it,
    /// or the values that meet in it.
    pub(super) fn for_each_operand(
        &self,
        pool: &TermPool<'_>,
        term: TermId,
        f: impl FnMut(TermId),
    ) {
        match pool.get(term) {
            Term::Phi(node, position) => self.incoming(node, position).iter().copied().for_each(f),
            leaf @ Term::Result(..) => {
                if let Some(effect) = self.effect(leaf) {
                    effect.for_each(f);
                }
            }
            term => term.for_each_operand(f),
        }
    }
}
