//! Which basic blocks of a contract can run, and where do they lead?
//!
//! In: runtime bytes. Out: [`Reach`]: the union of the graphs of all entry points, without labels,
//! terms and effects, for comparison with other tools.
//! Invariants: blocks and their successors are ascending and without repeats; a jump that some
//! context leaves open is marked, whatever other contexts say of it.

use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;
use slotcast_model::Fork;

use crate::{
    absint::EntryPoints,
    bytecode::Pc,
    ir::{Exit, Graph, TermPool},
    limits::{Limits, StopReason},
    targets::Targets,
};

/// What can run of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The blocks that some entry point reaches, by where they begin.
    pub blocks: BTreeMap<Pc, ReachedBlock>,
    /// Selectors of the dispatcher, each an entry point of its own; what runs when none matches is
    /// one more.
    pub n_functions: usize,
    /// The worst reason why the walk of some entry point ended.
    pub stop: StopReason,
}

/// A block that can run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReachedBlock {
    /// The blocks it leads to.
    pub successors: BTreeSet<Pc>,
    /// Whether it ends, in some context, in a jump whose target was not found.
    pub is_unresolved: bool,
}

/// Walks all entry points of runtime `code` under the rules of `fork`.
///
/// Total, like [`analyze`](crate::analyze), and within `limits` for the whole contract.
pub fn reach(code: &[u8], fork: Fork, limits: &Limits) -> Reach {
    let mut entry_points = EntryPoints::new(code, fork, limits);
    let mut reach = Reach { blocks: BTreeMap::new(), n_functions: 0, stop: StopReason::Finished };
    let mut selectors = reach.walk(&mut entry_points, None);
    if limits.functions < selectors.len() {
        selectors.truncate(limits.functions);
        reach.stop = reach.stop.max(StopReason::NodeLimit);
    }
    reach.n_functions = selectors.len();
    for selector in selectors {
        reach.walk(&mut entry_points, Some(selector));
    }
    reach
}

impl Reach {
    /// Adds what one entry point reaches; gives the selectors it compares calldata with.
    fn walk(&mut self, entry_points: &mut EntryPoints<'_>, selector: Option<u32>) -> Vec<u32> {
        if entry_points.is_out_of_fuel() {
            self.stop = self.stop.max(StopReason::FuelLimit);
            return Vec::new();
        }
        let arena = Bump::new();
        let walk = entry_points.walk(&mut TermPool::new(&arena, selector), &Targets::default());
        self.add(&walk.graph);
        walk.selectors
    }

    fn add(&mut self, graph: &Graph) {
        self.stop = self.stop.max(graph.stop);
        for node in graph.nodes.iter().filter(|node| node.is_reachable()) {
            // What stands for something that was not walked has no blocks.
            let blocks = graph.blocks(node);
            for pair in blocks.windows(2) {
                self.blocks.entry(pair[0]).or_default().successors.insert(pair[1]);
            }
            let Some(last) = blocks.last() else { continue };
            let block = self.blocks.entry(*last).or_default();
            let next =
                node.successors().filter_map(|next| graph.blocks(&graph.nodes[next]).first());
            block.successors.extend(next);
            block.is_unresolved |= matches!(
                node.exit,
                Exit::Switch { .. } | Exit::Unknown(StopReason::UnresolvedJump)
            );
        }
    }
}

#[cfg(test)]
mod tests;
