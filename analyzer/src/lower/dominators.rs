//! Which node does every path to a node pass last?
//!
//! In: a graph. Out: a [`DominatorTree`].
//! Invariants: the entry is the root; nodes that no path reaches have no parent and are no child.
//!
//! The algorithm of Cooper, Harvey and Kennedy: parents are guessed in reverse postorder and
//! corrected until they agree, which takes two passes where the graph has no odd loops.

use slotcast_model::{Index, IndexVec};

use crate::ir::{Graph, NodeId};

/// The nodes by which node immediately dominates them.
pub(super) struct DominatorTree {
    /// Grouped by parent, ascending.
    children: Vec<NodeId>,
    /// For each node, where its children end.
    ends: IndexVec<NodeId, usize>,
}

/// Stands for a node that was not reached.
const NONE: u32 = u32::MAX;

impl DominatorTree {
    /// The tree of `graph`, whose nodes are in this post`order`.
    pub(super) fn new(graph: &Graph, order: &[NodeId]) -> Self {
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
        for node in graph.nodes.indices() {
            if let Some(parent) = parent_of(node) {
                ends[parent] += 1;
            }
        }
        let mut start = 0;
        for end in ends.iter_mut() {
            (start, *end) = (start + *end, start);
        }
        let mut children = vec![NodeId(0); start];
        for node in graph.nodes.indices() {
            if let Some(parent) = parent_of(node) {
                children[ends[parent]] = node;
                ends[parent] += 1;
            }
        }
        Self { children, ends }
    }

    /// The nodes that `node` immediately dominates, ascending.
    pub(super) fn children(&self, node: NodeId) -> &[NodeId] {
        let start = if node.0 == 0 { 0 } else { self.ends[NodeId(node.0 - 1)] };
        &self.children[start..self.ends[node]]
    }
}

/// The nodes that are reached, each after its successors as far as there are no loops.
pub(super) fn postorder(graph: &Graph) -> Vec<NodeId> {
    let mut order = Vec::with_capacity(graph.nodes.len());
    let mut seen = vec![false; graph.nodes.len()];
    let mut pending = vec![(NodeId(0), false)];
    while let Some((node, is_done)) = pending.pop() {
        if is_done {
            order.push(node);
        } else if !core::mem::replace(&mut seen[node.as_usize()], true) {
            pending.push((node, true));
            let fresh = graph.nodes[node].successors().filter(|next| !seen[next.as_usize()]);
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
mod tests {
    use super::*;
    use crate::{
        bytecode::Pc,
        ir::{Exit, Node, TermId},
        limits::StopReason,
    };

    /// A graph of nodes with these successors.
    fn graph(edges: &[&[u32]]) -> Graph {
        let node = |successors: &&[u32]| {
            let cases: Vec<NodeId> = successors.iter().copied().map(NodeId).collect();
            let exit = Exit::Switch { at: Pc(0), target: TermId(0) };
            Node { exit, cases, ..Node::unreachable(Pc(0)) }
        };
        let nodes = edges.iter().map(node).collect();
        Graph { nodes, trail: Vec::new(), stop: StopReason::Finished, n_unresolved: 0 }
    }

    fn children(edges: &[&[u32]]) -> Vec<Vec<u32>> {
        let graph = graph(edges);
        let tree = DominatorTree::new(&graph, &postorder(&graph));
        let of = |node| tree.children(node).iter().map(|child| child.0).collect();
        graph.nodes.indices().map(of).collect()
    }

    #[test]
    fn where_paths_meet_the_fork_dominates() {
        assert_eq!(children(&[&[1, 2], &[3], &[3], &[]]), [vec![1, 2, 3], vec![], vec![], vec![]]);
    }

    #[test]
    fn a_loop_is_dominated_by_its_header() {
        assert_eq!(children(&[&[1], &[2, 3], &[1], &[]]), [vec![1], vec![2, 3], vec![], vec![]]);
    }

    #[test]
    fn a_loop_with_two_entries_is_dominated_by_what_leads_to_both() {
        assert_eq!(children(&[&[1, 2], &[2], &[1, 3], &[]]), [vec![1, 2], vec![], vec![3], vec![]]);
    }

    #[test]
    fn what_is_not_reached_has_no_parent() {
        assert_eq!(children(&[&[2], &[2], &[]]), [vec![2], vec![], vec![]]);
    }
}
