//! Which terms and effects decide what state is touched?
//!
//! In: a graph and its nodes in postorder. Out: [`Slice`], the backward slice from every access to
//! state: a flag for each term and for each effect.
//! Invariant: everything a needed term or effect depends on is needed.

use slotcast_model::{Index, IndexVec};

use super::memory::Stores;
use crate::{
    absint::Pointers,
    ir::{Edge, Effect, Exit, Graph, NodeId, Term, TermId, TermPool},
};

/// What is needed of a graph.
pub(super) struct Slice {
    /// For each term, whether its value is used.
    pub(super) terms: Vec<bool>,
    /// For each effect of each node, whether it must happen.
    pub(super) effects: IndexVec<NodeId, Vec<bool>>,
}

impl Slice {
    /// Whether a term's value is used.
    pub(super) fn has(&self, term: TermId) -> bool {
        self.terms.get(term.as_usize()).copied().unwrap_or_default()
    }
}

/// Finds what is needed; `order` is the postorder of the nodes that are reached.
pub(super) fn slice(
    graph: &Graph,
    order: &[NodeId],
    pool: &TermPool<'_>,
    pointers: &Pointers,
) -> Slice {
    let mut marker = Marker::new(graph, pool);
    marker.roots();
    marker.drain();
    // Needed stores need their values, which may need loads, which may make more stores visible.
    let mut stores = Stores::new(graph, order, marker.pool, pointers);
    loop {
        let visible = stores.visible(&marker.slice.effects);
        if visible.is_empty() {
            return marker.slice;
        }
        for (node, n) in visible {
            marker.need_effect(node, n);
        }
        marker.drain();
    }
}

struct Marker<'a, 't> {
    graph: &'a Graph,
    pool: &'a TermPool<'t>,
    slice: Slice,
    pending: Vec<TermId>,
    incoming: IndexVec<NodeId, Vec<Edge>>,
}

impl<'a, 't> Marker<'a, 't> {
    fn new(graph: &'a Graph, pool: &'a TermPool<'t>) -> Self {
        let incoming = graph.incoming(graph.nodes.indices());
        let effects = graph.nodes.iter().map(|node| vec![false; node.effects.len()]).collect();
        let slice = Slice { terms: vec![false; pool.len()], effects };
        Self { graph, pool, slice, pending: Vec::new(), incoming }
    }

    fn roots(&mut self) {
        let graph = self.graph;
        for (id, node) in graph.nodes.iter_enumerated() {
            for (n, (_, effect)) in node.effects.iter().enumerate() {
                if is_root(effect) {
                    self.need_effect(id, n);
                }
            }
            match node.exit {
                Exit::Branch { condition, then, other } if then != other => {
                    self.need_term(condition);
                }
                Exit::Switch { target, .. } => self.need_term(target),
                Exit::Return(at, len) | Exit::Revert(at, len) => {
                    self.need_term(at);
                    self.need_term(len);
                }
                _ => {}
            }
        }
    }

    fn need_effect(&mut self, node: NodeId, n: usize) {
        if core::mem::replace(&mut self.slice.effects[node][n], true) {
            return;
        }
        let graph = self.graph;
        graph.nodes[node].effects[n].1.for_each(|operand| self.need_term(operand));
    }

    fn need_term(&mut self, term: TermId) {
        let term_idx = term.as_usize();
        if !core::mem::replace(&mut self.slice.terms[term_idx], true) {
            self.pending.push(term);
        }
    }

    fn drain(&mut self) {
        while let Some(term) = self.pending.pop() {
            match self.pool.get(term) {
                Term::Phi(node, position) => self.need_phi(node, position),
                Term::Result(node, pc) => {
                    let effects = &self.graph.nodes[node].effects;
                    if let Some(n) = effects.iter().position(|(at, _)| *at == pc) {
                        self.need_effect(node, n);
                    }
                }
                term => term.for_each_operand(|operand| self.need_term(operand)),
            }
        }
    }

    fn need_phi(&mut self, node: NodeId, position: u32) {
        let edges = core::mem::take(&mut self.incoming[node]);
        self.graph.given(node, position, &edges).for_each(|term| self.need_term(term));
        self.incoming[node] = edges;
    }
}

/// Whether an effect is needed for its own sake: it touches state, or calls.
const fn is_root(effect: &Effect<TermId>) -> bool {
    !effect.is_pure()
        && !matches!(
            effect,
            Effect::MStore { .. }
                | Effect::MStore8 { .. }
                | Effect::Copy { .. }
                | Effect::Log { .. }
        )
}
