//! Which phis are copies of a value that has a name already?
//!
//! In: a graph, the nodes that are reached, and which terms are needed. Out: [`Copies`], for each
//! term the term to propagate to its uses.
//! Invariant: a phi stands for another term only if on every edge that leads to it it is given that
//! term, or itself; so the two are equal wherever the phi may be used.
//!
//! The walk meets some nodes with a constant before it finds that the constant changes from round to
//! round, and keeps a phi in each of them; only that of the loop's head is worth a register.
//!
//! ```text
//!  head(i): branch i < n body end          head(i): branch i < n body end
//!  body(j): jump head(j + 1)          ⇒    body:    jump head(i + 1)
//! ```
//!
//! Why the other term may be computed where the phi is used, later than the phi is given: the phi's
//! node N is passed on every way to the use. Were a leaf of the other term given a new value between
//! N and the use without N being passed again, the leaf's node, which is passed before N, would lead
//! to the use around N.

use slotcast_model::Index;

use super::slice::Slice;
use crate::ir::{Edge, Graph, Incoming, NodeId, Term, TermId, TermPool};

/// For each term, the one to use in its place.
pub(super) struct Copies(Vec<TermId>);

/// Passes over the phis. The first finds all but those of loops that give each other's phis back.
const MAX_PASSES: usize = 8;

impl Copies {
    /// The copies among the needed phis of the nodes that are reached, given in postorder.
    pub(super) fn new(
        graph: &Graph,
        (order, incoming): (&[NodeId], &Incoming),
        pool: &TermPool<'_>,
        slice: &Slice,
    ) -> Self {
        let mut phis = Vec::new();
        for &node in order.iter().rev().filter(|node| node.0 != 0) {
            for (n, &position) in graph.nodes[node].phis.iter().enumerate() {
                let phi = pool.find(Term::Phi(node, position));
                phis.extend(phi.filter(|&phi| slice.has(phi)).map(|phi| (node, n, phi)));
            }
        }
        let mut copies = Self((0..pool.len()).map(TermId::from_usize).collect());
        for _ in 0..MAX_PASSES {
            let n_before = phis.len();
            phis.retain(|&(node, n, phi)| match copies.only(graph, incoming.of(node), n, phi) {
                Some(other) => {
                    copies.0[phi.as_usize()] = other;
                    false
                }
                None => true,
            });
            if phis.len() == n_before {
                break;
            }
        }
        copies
    }

    /// The only term besides itself that a phi is given.
    fn only(&self, graph: &Graph, edges: &[Edge], n: usize, phi: TermId) -> Option<TermId> {
        let mut only = None;
        for &(from, edge) in edges {
            let given = self.of(graph.nodes[from].arguments[edge][n]);
            if given != phi && *only.get_or_insert(given) != given {
                return None;
            }
        }
        only
    }

    /// The term to use in place of `term`.
    pub(super) fn of(&self, mut term: TermId) -> TermId {
        loop {
            let other = self.0[term.as_usize()];
            if other == term {
                return term;
            }
            term = other;
        }
    }
}
