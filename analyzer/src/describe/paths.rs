//! What happens on every path, and what decides whether it happens?
//!
//! In: a graph. Out: [`Paths`], to ask for the certainty of an access and for the branch behind it.
//! Invariant: a path counts when it ends well or where the walk lost it; when no path does, all
//! count that do more than revert.

use std::collections::BTreeSet;

use slotcast_model::IndexVec;

use super::Certainty;
use crate::ir::{DominatorTree, Exit, Graph, Node, NodeId, TermId};

/// The shape of one entry point.
pub(super) struct Paths {
    successors: IndexVec<NodeId, Vec<NodeId>>,
    predecessors: IndexVec<NodeId, Vec<NodeId>>,
    /// Branches: condition, where it leads when it holds, and where else.
    branches: IndexVec<NodeId, Option<(TermId, NodeId, NodeId)>>,
    /// Where a path that counts ends.
    ends: IndexVec<NodeId, bool>,
    /// What lies on a path that counts.
    counts: IndexVec<NodeId, bool>,
    dominators: DominatorTree,
    /// Distance from the entry in the dominator tree.
    depth: IndexVec<NodeId, u32>,
    order: Vec<NodeId>,
}

impl Paths {
    pub(super) fn new(graph: &Graph) -> Self {
        let n = graph.nodes.len();
        let mut successors = IndexVec::from_elem(Vec::new(), n);
        let mut predecessors = IndexVec::from_elem(Vec::new(), n);
        let mut branches = IndexVec::from_elem(None, n);
        for (id, node) in graph.nodes.iter_enumerated() {
            for next in node.successors() {
                successors[id].push(next);
                predecessors[next].push(id);
            }
            if let Exit::Branch { condition, then, other } = node.exit {
                branches[id] = (then != other).then_some((condition, then, other));
            }
        }
        let ends = ends(graph);
        let counts = leading_to(&ends, &predecessors);
        let mut order = graph.postorder();
        let dominators = DominatorTree::new(graph, &order);
        order.reverse();
        let mut depth = IndexVec::from_elem(0, n);
        for &node in &order {
            depth[node] = dominators.parent(node).map_or(0, |above| depth[above] + 1);
        }
        Self { successors, predecessors, branches, ends, counts, dominators, depth, order }
    }

    /// Reachable nodes, each behind its dominators.
    pub(super) fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// The nodes that lead to `node`.
    pub(super) fn predecessors(&self, node: NodeId) -> &[NodeId] {
        &self.predecessors[node]
    }

    /// Whether every path that counts passes one of `places`.
    pub(super) fn certainty(&self, places: &BTreeSet<NodeId>) -> Certainty {
        let entry = NodeId(0);
        if places.contains(&entry) {
            return Certainty::Must;
        }
        let mut seen = IndexVec::from_elem(false, self.counts.len());
        seen[entry] = true;
        let mut pending = vec![entry];
        while let Some(node) = pending.pop() {
            if self.ends[node] {
                return Certainty::May;
            }
            for &next in &self.successors[node] {
                if self.counts[next] && !seen[next] && !places.contains(&next) {
                    seen[next] = true;
                    pending.push(next);
                }
            }
        }
        Certainty::Must
    }

    /// The conditions without which nothing ends well, with whether they must hold: of branches on
    /// every path that counts, one side of which leads to none.
    pub(super) fn required(&self) -> impl Iterator<Item = (TermId, bool)> + '_ {
        self.order.iter().filter_map(|&node| {
            let (condition, then, other) = self.branches[node]?;
            let is_one_sided = self.counts[then] != self.counts[other];
            let is_on_every_path = self.certainty(&BTreeSet::from([node])) == Certainty::Must;
            (is_one_sided && is_on_every_path).then_some((condition, self.counts[then]))
        })
    }

    /// The nearest branch one side of which leads to `node` and the other around it, with whether
    /// its condition holds on the way there.
    pub(super) fn decider(&self, node: NodeId) -> Option<(TermId, bool)> {
        let mut below = node;
        while let Some(above) = self.dominators.parent(below) {
            if let Some((condition, then, other)) = self.branches[above] {
                let rest = if below == then { other } else { then };
                let is_side = below == then || below == other;
                if is_side && self.counts[rest] && self.is_entered_only_from(below, above) {
                    return Some((condition, below == then));
                }
            }
            below = above;
        }
        None
    }

    /// Whether `node` is entered from `from`, and otherwise only from behind itself.
    fn is_entered_only_from(&self, node: NodeId, from: NodeId) -> bool {
        self.predecessors[node].iter().all(|&p| p == from || self.dominates(node, p))
    }

    fn dominates(&self, above: NodeId, mut below: NodeId) -> bool {
        while self.depth[above] < self.depth[below] {
            match self.dominators.parent(below) {
                Some(next) => below = next,
                None => return false,
            }
        }
        above == below
    }
}

fn ends(graph: &Graph) -> IndexVec<NodeId, bool> {
    let well = |node: &Node| match node.exit {
        Exit::Return(..) | Exit::Stop => true,
        Exit::Unknown(_) => node.is_reachable(),
        Exit::Switch { .. } => node.cases.is_empty(),
        _ => false,
    };
    let ends: IndexVec<NodeId, bool> = graph.nodes.iter().map(well).collect();
    if ends.iter().any(|&end| end) {
        return ends;
    }
    let undone = |exit: &Exit<TermId, NodeId>| matches!(exit, Exit::Revert(..) | Exit::Invalid);
    graph.nodes.iter().map(|node| undone(&node.exit) && !node.only_reverts).collect()
}

/// For each node whether an end lies ahead.
fn leading_to(
    ends: &IndexVec<NodeId, bool>,
    predecessors: &IndexVec<NodeId, Vec<NodeId>>,
) -> IndexVec<NodeId, bool> {
    let mut leads = ends.clone();
    let mut pending: Vec<NodeId> = ends.indices().filter(|&node| ends[node]).collect();
    while let Some(node) = pending.pop() {
        for &previous in &predecessors[node] {
            if !leads[previous] {
                leads[previous] = true;
                pending.push(previous);
            }
        }
    }
    leads
}
