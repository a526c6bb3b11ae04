//! Which loads and stores of storage only add to what a slot holds?
//!
//! In: a graph and the nodes that are reached. Out: [`Deltas`], the loads and stores of the form
//! `S[k] := S[k] + d` and `S[k] := S[k] - d`.
//! Invariant: what such a load gives goes nowhere but into such stores of the same slot and into
//! conditions whose one side merely reverts, the guards; so but for the guards, a slot raised
//! beforehand is raised as much afterwards, and nothing else changes.
//!
//! Events, return values, calls, keys and other stores that depend on the load rule it out. What a
//! revert says about it does not: nothing is left of that but the failure, which is the guard's.

use alloy_primitives::map::{DefaultHashBuilder, HashMap, HashSet};
use indexmap::IndexMap;
use slotcast_model::Index;

use crate::{
    bytecode::Pc,
    ir::{Effect, Exit, Graph, Incoming, Node, NodeId, Op, Rest, Term, TermId, TermPool},
};

/// The loads and stores that only add, by their nodes and places in the code.
#[derive(Debug, Default)]
pub(crate) struct Deltas(HashSet<At>);

/// An effect by its node and its place in the code.
type At = (NodeId, Pc);

/// The stores that have the form of a sum.
type Sums = IndexMap<At, Sum, DefaultHashBuilder>;

impl Deltas {
    /// Those among the nodes that are reached, which are given in any order.
    pub(crate) fn new(
        graph: &Graph,
        (order, incoming): (&[NodeId], &Incoming),
        pool: &TermPool<'_>,
    ) -> Self {
        let sums = sums(graph, order, pool);
        if sums.is_empty() {
            return Self::default();
        }
        let mut uses = Uses { graph, pool, seen: vec![false; pool.len()], incoming };
        for &id in order {
            let node = &graph.nodes[id];
            if !node.only_reverts {
                uses.node(id, node, &sums);
            }
        }
        let mut found = HashSet::default();
        for sum in &sums {
            if !uses.seen[sum.1.load.as_usize()] {
                found.insert(*sum.0);
                found.insert(sum.1.loaded_at);
            }
        }
        Self(found)
    }

    /// Whether the effect at that place is one of them.
    pub(crate) fn has(&self, node: NodeId, pc: Pc) -> bool {
        self.0.contains(&(node, pc))
    }
}

/// A store of what a load of the same slot gave, and something more or less.
#[derive(Clone, Copy)]
struct Sum {
    /// What the load gave.
    load: TermId,
    loaded_at: At,
    /// What is added or subtracted.
    by: TermId,
}

/// All stores that have the form of a sum.
fn sums(graph: &Graph, order: &[NodeId], pool: &TermPool<'_>) -> Sums {
    let mut loads = HashMap::<At, TermId>::default();
    for &node in order {
        for &(pc, ref effect) in &graph.nodes[node].effects {
            if let Effect::SLoad { key } = *effect {
                loads.insert((node, pc), key);
            }
        }
    }
    let mut sums = Sums::default();
    for &node in order {
        for &(pc, ref effect) in &graph.nodes[node].effects {
            let Effect::SStore { key, value } = *effect else { continue };
            let sides = match pool.get(value) {
                Term::Apply(Op::Add, [a, b, _]) => vec![(a, b), (b, a)],
                Term::Apply(Op::Sub, [a, b, _]) => vec![(a, b)],
                _ => continue,
            };
            let sum = sides.into_iter().find_map(|(load, by)| {
                let Term::Result(at, loaded) = pool.get(load) else { return None };
                let is_same_slot = loads.get(&(at, loaded)) == Some(&key);
                is_same_slot.then_some(Sum { load, loaded_at: (at, loaded), by })
            });
            sums.extend(sum.map(|sum| ((node, pc), sum)));
        }
    }
    sums
}

/// Terms that something uses other than as a guard or in its own sum.
struct Uses<'a, 't> {
    graph: &'a Graph,
    pool: &'a TermPool<'t>,
    seen: Vec<bool>,
    incoming: &'a Incoming,
}

impl Uses<'_, '_> {
    fn node(&mut self, id: NodeId, node: &Node, sums: &Sums) {
        for &(pc, ref effect) in &node.effects {
            match (effect, sums.get(&(id, pc))) {
                (Effect::SStore { key, .. }, Some(sum)) => {
                    self.mark(*key);
                    self.mark(sum.by);
                }
                _ => effect.for_each(|operand| self.mark(operand)),
            }
        }
        match node.exit {
            Exit::Branch { condition, then, other } => {
                let reverts = |node: NodeId| self.graph.nodes[node].only_reverts;
                if !reverts(then) && !reverts(other) {
                    self.mark(condition);
                }
            }
            Exit::Switch { target, .. } => self.mark(target),
            Exit::Return(at, len) | Exit::Revert(at, len) => {
                self.mark(at);
                self.mark(len);
            }
            Exit::Jump(_) | Exit::Stop | Exit::Invalid | Exit::Unknown(_) => {}
        }
        if let Some(Rest { at, stack, .. }) = &node.rest {
            self.mark(*at);
            stack.iter().for_each(|word| self.mark(*word));
        }
    }

    /// Notes that `term` is used, and so is what it is computed from.
    fn mark(&mut self, term: TermId) {
        let mut pending = vec![term];
        while let Some(term) = pending.pop() {
            if core::mem::replace(&mut self.seen[term.as_usize()], true) {
                continue;
            }
            match self.pool.get(term) {
                Term::Phi(node, position) => {
                    pending.extend(self.graph.given(node, position, self.incoming));
                }
                // What a load is asked for is marked where it happens.
                term => term.for_each_operand(|operand| pending.push(operand)),
            }
        }
    }
}
