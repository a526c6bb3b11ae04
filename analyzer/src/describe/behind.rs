//! What stands behind a leaf?
//!
//! In: a graph. Out: [`Behind`]: the effect that gave a result, the values that meet in a phi.
//! Invariant: a leaf of a node that no path reaches has nothing behind it.

use std::collections::BTreeMap;

use crate::{
    bytecode::Pc,
    ir::{Effect, Graph, NodeId, Term, TermId, TermPool},
};

/// The leaves of one graph.
pub(super) struct Behind<'a> {
    graph: &'a Graph,
    incoming: BTreeMap<(NodeId, u32), Vec<TermId>>,
}

impl<'a> Behind<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut incoming: BTreeMap<(NodeId, u32), Vec<TermId>> = BTreeMap::new();
        for node in &graph.nodes {
            for (next, arguments) in node.successors().zip(&node.arguments) {
                for (&position, &value) in graph.nodes[next].phis.iter().zip(arguments) {
                    let values = incoming.entry((next, position)).or_default();
                    if !values.contains(&value) {
                        values.push(value);
                    }
                }
            }
        }
        Self { graph, incoming }
    }

    /// The distinct values that meet in a phi.
    pub(super) fn incoming(&self, node: NodeId, position: u32) -> &[TermId] {
        self.incoming.get(&(node, position)).map_or(&[], Vec::as_slice)
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
