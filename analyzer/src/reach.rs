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
    absint::{CodeIndex, walk},
    bytecode::{Bytecode, Pc},
    ir::{Exit, Graph, TermPool},
    limits::{Fuel, Limits, StopReason},
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
    let index = CodeIndex::new(Bytecode::new(code, fork));
    let mut fuel = Fuel::new(limits.fuel_per_contract);
    let mut reach = Reach { blocks: BTreeMap::new(), n_functions: 0, stop: StopReason::Finished };
    let mut selectors = reach.walk(&index, None, &mut fuel, limits);
    if limits.functions < selectors.len() {
        selectors.truncate(limits.functions);
        reach.stop = reach.stop.max(StopReason::NodeLimit);
    }
    reach.n_functions = selectors.len();
    for selector in selectors {
        reach.walk(&index, Some(selector), &mut fuel, limits);
    }
    reach
}

impl Reach {
    /// Adds what one entry point reaches; gives the selectors it compares calldata with.
    fn walk(
        &mut self,
        index: &CodeIndex,
        selector: Option<u32>,
        fuel: &mut Fuel,
        limits: &Limits,
    ) -> Vec<u32> {
        let granted = limits.fuel_per_function.min(fuel.left());
        if granted == 0 {
            self.stop = self.stop.max(StopReason::FuelLimit);
            return Vec::new();
        }
        let mut of_function = Fuel::new(granted);
        let arena = Bump::new();
        let mut pool = TermPool::new(&arena, selector);
        let targets = Targets::default();
        let walk = walk(index, &mut pool, &targets, &mut of_function, limits);
        fuel.burn(granted - of_function.left());
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
