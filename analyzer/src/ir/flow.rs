//! In which order do nodes follow one another, and which node does every path to a node pass last?
//!
//! In: a graph. Out: its [`postorder`], and a [`DominatorTree`].
//! Invariants: the entry is the root; nodes that no path reaches have no parent and are no child.
//!
//! The algorithm of Cooper, Harvey and Kennedy: parents are guessed in reverse postorder and
//! corrected until they agree, which takes two passes where the graph has no odd loops. The one of
//! petgraph collects predecessors in a hash set for each node, which would show in every compilation.

use slotcast_model::{Index, IndexVec};

use super::{Graph, NodeId};

/// The nodes by which node immediately dominates them.
pub(crate) struct DominatorTree {
    /// For each node, its immediate dominator; none for the entry.
    parents: IndexVec<NodeId, Option<NodeId>>,
    /// Grouped by parent, ascending.
    children: Vec<NodeId>,
    /// For each node, where its children end.
    ends: IndexVec<NodeId, usize>,
}

/// Stands for a node that was not reached.
const NONE: u32 = u32::MAX;

impl DominatorTree {
    /// The tree of `graph`, whose nodes are in this post`order`.
    pub(crate) fn new(graph: &Graph, order: &[NodeId]) -> Self {
        let mut rank = vec![NONE; graph.nodes.len()];
        for (n, node) in (0..).zip(order) {
            rank[node.as_usize()] = n;
        }
        let parents = parents(graph, order, &rank);
        let mut ends = IndexVec::from_elem(0, graph.nodes.len());
        let parent_of = |node: NodeId| {
            let parent = *parents.get(rank[node.as_usize()] as usize)?;
            (node.0 != 0 && parent != NONE).then(|| order[parent as usize])
        };
        let parents: IndexVec<NodeId, _> = graph.nodes.indices().map(parent_of).collect();
        for &parent in parents.iter().flatten() {
            ends[parent] += 1;
        }
        let mut start = 0;
        for end in ends.iter_mut() {
            (start, *end) = (start + *end, start);
        }
        let mut children = vec![NodeId(0); start];
        for node in graph.nodes.indices() {
            if let Some(parent) = parents[node] {
                children[ends[parent]] = node;
                ends[parent] += 1;
            }
        }
        Self { parents, children, ends }
    }

    /// The immediate dominator of `node`, if it has one.
    pub(crate) fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.parents[node]
    }

    /// The nodes that `node` immediately dominates, ascending.
    pub(crate) fn children(&self, node: NodeId) -> &[NodeId] {
        let start = if node.0 == 0 { 0 } else { self.ends[NodeId(node.0 - 1)] };
        &self.children[start..self.ends[node]]
    }
}

/// The nodes of `n` that are reached from the first, each after its successors as far as there are no
/// loops.
pub(crate) fn postorder<I: Iterator<Item = NodeId>>(
    n: usize,
    successors: impl Fn(NodeId) -> I,
) -> Vec<NodeId> {
    let mut order = Vec::with_capacity(n);
    let mut seen = vec![false; n];
    let mut pending = vec![(NodeId(0), false)];
    while let Some((node, is_done)) = pending.pop() {
        if is_done {
            order.push(node);
        } else if !core::mem::replace(&mut seen[node.as_usize()], true) {
            pending.push((node, true));
            let fresh = successors(node).filter(|next| !seen[next.as_usize()]);
            pending.extend(fresh.map(|next| (next, false)));
        }
    }
    order
}

/// For each place in the postorder, that of the immediate dominator; the entry's is its own.
fn parents(graph: &Graph, order: &[NodeId], rank: &[u32]) -> Vec<u32> {
    let mut parents = vec![NONE; order.len()];
    let entry = order.len() as u32 - 1;
    parents[entry as usize] = entry;
    loop {
        let mut changed = false;
        // Pushing a node's parent to its successors visits each edge once, without a list of
        // predecessors; what was guessed before only moves towards the entry.
        for from in (0..=entry).rev() {
            for next in graph.nodes[order[from as usize]].successors() {
                let to = rank[next.as_usize()];
                let known = parents[to as usize];
                let met = if known == NONE { from } else { meet(&parents, known, from) };
                if to != entry && met != known {
                    parents[to as usize] = met;
                    changed = true;
                }
            }
        }
        if !changed {
            return parents;
        }
    }
}

/// The nearest node above both.
fn meet(parents: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        let lower = if a < b { &mut a } else { &mut b };
        *lower = parents[*lower as usize];
    }
    a
}

#[cfg(test)]
mod tests;
