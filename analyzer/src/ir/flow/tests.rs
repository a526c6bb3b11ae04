//! Is the tree of dominators right where paths meet, part and loop?
//!
//! In: small graphs. Out: assertions on the children of each node.

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
    let tree = DominatorTree::new(&graph, &graph.postorder());
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
