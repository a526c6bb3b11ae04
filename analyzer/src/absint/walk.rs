//! Which nodes are reachable, and with which states?
//!
//! In: bytecode, an [`Entry`] and limits. Out: a [`Walk`]: the graph of nodes, and the selectors
//! met on the way.
//! Invariant: a worklist over nodes; knows no opcode. Every state joined into a node is one that
//! some path brings there, and the walk ends with no node's state changing, or with the reason why
//! it stopped earlier.

use std::{cmp::Reverse, collections::BinaryHeap};

use alloy_primitives::{U256, map::HashMap};
use slotcast_model::IndexVec;

use super::{
    dead_end::DeadEnds,
    memory::Pointers,
    state::{Context, State},
    transfer::{BlockEnd, Transfer},
};
use crate::{
    bytecode::{Bytecode, Kind, Pc},
    ir::{Effect, Exit, Graph, Node, NodeId, Op, Term, TermId, TermPool},
    limits::{Fuel, Limits, StopReason},
    targets::Targets,
};

/// Which entry point to walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The function the pool's selector names.
    Function,
    /// Everything that is left when no selector of the dispatcher matches: the fallback and receive
    /// functions. Selectors that calldata is compared with are collected, not followed.
    Fallback,
}

/// What a walk found.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The entry point's nodes.
    pub(crate) graph: Graph,
    /// Selectors the dispatcher compares calldata with, ascending. Empty for a function.
    pub(crate) selectors: Vec<u32>,
    /// The values the free memory pointer has had.
    pub(crate) pointers: Pointers,
}

/// Walks one entry point.
pub(crate) fn walk<'t>(
    code: &Bytecode<'_>,
    entry: Entry,
    pool: &mut TermPool<'t>,
    targets: &Targets,
    fuel: &mut Fuel,
    limits: &Limits,
) -> Walk {
    let mut walker = Walker {
        code,
        entry,
        pool,
        pointers: Pointers::default(),
        nodes: IndexVec::new(),
        by_key: HashMap::default(),
        n_contexts: HashMap::default(),
        worklist: BinaryHeap::new(),
        selectors: Vec::new(),
        stop: StopReason::Finished,
        dead_ends: DeadEnds::default(),
        targets,
        limits,
    };
    let start = State::new(walker.pool);
    walker.enter(Pc(0), &start);
    while let Some(Reverse(node)) = walker.worklist.pop() {
        if !walker.visit(node, fuel) {
            walker.stop = walker.stop.max(StopReason::FuelLimit);
            break;
        }
    }
    walker.finish()
}

/// A node while its state may still change.
struct Draft {
    pc: Pc,
    entry: State,
    queued: bool,
    effects: Vec<(Pc, Effect<TermId>)>,
    exit: Exit<TermId, NodeId>,
    cases: Vec<NodeId>,
    gas: u64,
    /// The stack on exit, from which the successors' phis take their values.
    stack: Vec<TermId>,
}

impl Draft {
    fn successors(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.exit.successors().chain(self.cases.iter().copied())
    }
}

struct Walker<'a, 't> {
    code: &'a Bytecode<'a>,
    entry: Entry,
    pool: &'a mut TermPool<'t>,
    pointers: Pointers,
    nodes: IndexVec<NodeId, Draft>,
    by_key: HashMap<(Pc, Context), NodeId>,
    n_contexts: HashMap<Pc, u32>,
    /// Nodes to visit, lowest number first: a node found earlier mostly lies before one found later,
    /// so that a node is visited after what leads to it has settled.
    worklist: BinaryHeap<Reverse<NodeId>>,
    selectors: Vec<u32>,
    stop: StopReason,
    dead_ends: DeadEnds,
    targets: &'a Targets,
    limits: &'a Limits,
}

impl Walker<'_, '_> {
    /// Runs a node's block on its state; false when the fuel is gone.
    fn visit(&mut self, node: NodeId, fuel: &mut Fuel) -> bool {
        let draft = &mut self.nodes[node];
        draft.queued = false;
        let (pc, state) = (draft.pc, draft.entry.clone());
        let copied = state.size();
        let mut transfer = Transfer {
            code: self.code,
            pool: self.pool,
            pointers: &mut self.pointers,
            node,
            state,
            effects: Vec::new(),
            n_steps: 0,
            gas: 0,
        };
        let end = transfer.run(pc);
        let (n_steps, gas) = (transfer.n_steps, transfer.gas);
        let (state, effects) = (transfer.state, transfer.effects);
        let (exit, cases) = match end {
            BlockEnd::Jump { at, target } if self.pool.as_const(target).is_none() => {
                self.switch(at, target, None, &state)
            }
            BlockEnd::Branch { condition, target, next }
                if self.pool.as_const(target).is_none() =>
            {
                let target = self.select(condition, target, next);
                self.switch(Pc(next.0 - 1), target, Some(next), &state)
            }
            end => (self.resolve(end, &state), Vec::new()),
        };
        let draft = &mut self.nodes[node];
        draft.exit = exit;
        draft.cases = cases;
        draft.gas = gas;
        draft.effects = effects;
        draft.stack = state.stack;
        fuel.burn(n_steps + 2 * copied)
    }

    /// Turns a block's end into an exit, entering the successors with `state`.
    fn resolve(&mut self, end: BlockEnd, state: &State) -> Exit<TermId, NodeId> {
        match end {
            BlockEnd::Next(pc) => self.jump(pc, state),
            BlockEnd::Jump { target, .. } => self.jump_to(target, state),
            BlockEnd::Branch { condition, target, next } => {
                self.branch(condition, target, next, state)
            }
            BlockEnd::Return(at, len) => Exit::Return(at, len),
            BlockEnd::Stop => Exit::Stop,
            BlockEnd::Revert(at, len) => Exit::Revert(at, len),
            BlockEnd::Invalid => Exit::Invalid,
        }
    }

    fn jump_to(&mut self, target: TermId, state: &State) -> Exit<TermId, NodeId> {
        match self.pool.as_const(target) {
            Some(target) => match self.code.jump_target(target) {
                Some(pc) => self.jump(pc, state),
                None => Exit::Invalid,
            },
            None => self.unresolved(),
        }
    }

    fn jump(&mut self, pc: Pc, state: &State) -> Exit<TermId, NodeId> {
        self.enter(pc, state).map_or(Exit::Unknown(StopReason::NodeLimit), Exit::Jump)
    }

    fn unresolved(&mut self) -> Exit<TermId, NodeId> {
        self.stop = self.stop.max(StopReason::UnresolvedJump);
        Exit::Unknown(StopReason::UnresolvedJump)
    }

    /// A jump to a computed target: the cases are the targets met so far, and `next` where the jump
    /// is conditional.
    fn switch(
        &mut self,
        at: Pc,
        target: TermId,
        next: Option<Pc>,
        state: &State,
    ) -> (Exit<TermId, NodeId>, Vec<NodeId>) {
        self.stop = self.stop.max(StopReason::UnresolvedJump);
        let code = self.code;
        let is_target = |target: &Pc| code.jump_target(U256::from(target.0)).is_some();
        let mut targets: Vec<Pc> = self.targets.of(at).filter(is_target).chain(next).collect();
        targets.sort_unstable();
        targets.dedup();
        let cases: Option<Vec<NodeId>> =
            targets.into_iter().map(|target| self.enter(target, state)).collect();
        match cases {
            Some(cases) => (Exit::Switch { at, target }, cases),
            None => (Exit::Unknown(StopReason::NodeLimit), Vec::new()),
        }
    }

    /// Where a conditional jump to a computed target leads, as one value:
    /// `next + (condition != 0) * (target - next)`.
    fn select(&mut self, condition: TermId, target: TermId, next: Pc) -> TermId {
        let next = self.pool.constant(U256::from(next.0));
        let is_zero = self.pool.apply(Op::IsZero, &[condition]);
        let taken = self.pool.apply(Op::IsZero, &[is_zero]);
        let distance = self.pool.apply(Op::Sub, &[target, next]);
        let moved = self.pool.apply(Op::Mul, &[taken, distance]);
        self.pool.apply(Op::Add, &[next, moved])
    }

    fn branch(
        &mut self,
        condition: TermId,
        target: TermId,
        next: Pc,
        state: &State,
    ) -> Exit<TermId, NodeId> {
        let (condition, negated) = strip_negations(self.pool, condition);
        if let Some(value) = self.pool.as_const(condition) {
            return match value.is_zero() == negated {
                true => self.jump_to(target, state),
                false => self.jump(next, state),
            };
        }
        if self.entry == Entry::Fallback
            && let Some((selector, equal_when_set)) = selector_test(self.pool, condition)
        {
            self.selectors.push(selector);
            // The side where the selector is equal belongs to that function.
            return match equal_when_set == negated {
                true => self.jump_to(target, state),
                false => self.jump(next, state),
            };
        }
        let Some(label) = self.pool.as_const(target) else { return self.unresolved() };
        let Some(taken) = self.code.jump_target(label) else { return self.jump(next, state) };
        let refuted = self.refuted(condition, state);
        let refuted = refuted.as_ref().unwrap_or(state);
        let (on_taken, on_next) = if negated { (refuted, state) } else { (state, refuted) };
        let (taken, next) = (self.enter(taken, on_taken), self.enter(next, on_next));
        let (Some(taken), Some(next)) = (taken, next) else {
            return Exit::Unknown(StopReason::NodeLimit);
        };
        let (then, other) = if negated { (next, taken) } else { (taken, next) };
        Exit::Branch { condition, then, other }
    }

    /// The state where `condition` turned out to be zero, if it is a call's success flag that the
    /// stack still holds.
    ///
    /// Solidity's `try` keeps the flag and tests it again: without this, the second test would seem
    /// to go both ways, and a path that never runs would return to a wrong label. Other values are
    /// left as they are, for a zero would only be merged with the value again.
    fn refuted(&mut self, condition: TermId, state: &State) -> Option<State> {
        let Term::Result(_, pc) = self.pool.get(condition) else { return None };
        let is_flag = matches!(self.code.decode(pc).kind, Kind::Call(_));
        if !is_flag || !state.stack.contains(&condition) {
            return None;
        }
        let zero = self.pool.constant(U256::ZERO);
        let mut refuted = state.clone();
        let held = refuted.stack.iter_mut().filter(|word| **word == condition);
        held.for_each(|word| *word = zero);
        Some(refuted)
    }

    /// The node for `pc` in the context of `state`, with the state joined in; none when there are
    /// too many.
    fn enter(&mut self, pc: Pc, state: &State) -> Option<NodeId> {
        let cut;
        let (state, key) = match self.dead_ends.need(self.code, pc) {
            Some(need) => {
                cut = state.cut(need);
                let context = Context::from_slice(&[u32::MAX, cut.stack.len() as u32]);
                (&cut, (pc, context))
            }
            None => (state, (pc, state.context(self.pool, self.code))),
        };
        if let Some(&node) = self.by_key.get(&key) {
            let draft = &mut self.nodes[node];
            if draft.entry.join(state, node, self.pool) && !draft.queued {
                draft.queued = true;
                self.worklist.push(Reverse(node));
            }
            return Some(node);
        }
        let n_contexts = self.n_contexts.entry(pc).or_default();
        *n_contexts += 1;
        if self.limits.contexts_per_block < *n_contexts
            || self.limits.nodes_per_function <= self.nodes.len()
        {
            self.stop = self.stop.max(StopReason::NodeLimit);
            return None;
        }
        let node = self.nodes.push(Draft {
            pc,
            entry: state.clone(),
            queued: true,
            effects: Vec::new(),
            exit: Exit::Unknown(StopReason::FuelLimit),
            cases: Vec::new(),
            gas: 0,
            stack: Vec::new(),
        });
        self.by_key.insert(key, node);
        self.worklist.push(Reverse(node));
        Some(node)
    }

    fn finish(mut self) -> Walk {
        self.selectors.sort_unstable();
        self.selectors.dedup();
        let alive = reachable(&self.nodes);
        let only_reverts = only_reverts(&self.nodes);
        // Terms name nodes by number, so unreachable nodes keep theirs and are merely emptied.
        let nodes: IndexVec<NodeId, Node> = self
            .nodes
            .iter_enumerated()
            .map(|(node, draft)| match alive[node] {
                true => self.node(draft, only_reverts[node]),
                false => Node::unreachable(draft.pc),
            })
            .collect();
        let is_unresolved = |node: &&Node| {
            matches!(node.exit, Exit::Unknown(StopReason::UnresolvedJump) | Exit::Switch { .. })
        };
        let n_unresolved = nodes.iter().filter(is_unresolved).count() as u32;
        let graph = Graph { nodes, stop: self.stop, n_unresolved };
        Walk { graph, selectors: self.selectors, pointers: self.pointers }
    }

    fn node(&self, draft: &Draft, only_reverts: bool) -> Node {
        let arguments = draft.successors().map(|next| self.arguments(draft, next)).collect();
        Node {
            pc: draft.pc,
            effects: draft.effects.clone(),
            exit: draft.exit,
            phis: self.phis_of(draft),
            cases: draft.cases.clone(),
            arguments,
            gas: draft.gas,
            only_reverts,
        }
    }

    /// The values the phis of `next` take when it is entered from `draft`.
    fn arguments(&self, draft: &Draft, next: NodeId) -> Vec<TermId> {
        let next = &self.nodes[next];
        // A dead end sees only the top of the stack.
        let hidden = draft.stack.len() - next.entry.stack.len();
        let phis = self.phis_of(next);
        phis.into_iter().map(|position| draft.stack[hidden + position as usize]).collect()
    }

    /// Positions whose value is a phi of the node itself.
    fn phis_of(&self, draft: &Draft) -> Vec<u32> {
        let own = |(position, &word): (usize, &TermId)| match self.pool.get(word) {
            Term::Phi(node, at) if at as usize == position => {
                core::ptr::eq(draft, &self.nodes[node]).then_some(at)
            }
            _ => None,
        };
        draft.entry.stack.iter().enumerate().filter_map(own).collect()
    }
}

/// `condition` without leading `iszero`s, and whether their number was odd.
fn strip_negations(pool: &TermPool<'_>, mut condition: TermId) -> (TermId, bool) {
    let mut negated = false;
    while let Term::Apply(Op::IsZero, [inner, ..]) = pool.get(condition) {
        condition = inner;
        negated = !negated;
    }
    (condition, negated)
}

/// The selector that `condition` compares calldata with, and whether a condition that is not zero
/// means equal.
fn selector_test(pool: &TermPool<'_>, condition: TermId) -> Option<(u32, bool)> {
    let Term::Apply(op, [a, b, _]) = pool.get(condition) else { return None };
    let (value, equal_when_set) = match (op, pool.as_const(a), pool.as_const(b)) {
        (Op::Eq, Some(value), _) if is_selector(pool, b) => (value, true),
        (Op::Eq, _, Some(value)) if is_selector(pool, a) => (value, true),
        (Op::Xor | Op::Sub, Some(value), _) if is_selector(pool, b) => (value, false),
        (Op::Xor, _, Some(value)) if is_selector(pool, a) => (value, false),
        // Subtracting a constant is folded to adding its negation.
        (Op::Add, _, Some(value)) if is_selector(pool, a) => (value.wrapping_neg(), false),
        (Op::Add, Some(value), _) if is_selector(pool, b) => (value.wrapping_neg(), false),
        _ => return None,
    };
    Some((u32::try_from(value).ok()?, equal_when_set))
}

/// Whether `x` is the first four bytes of calldata, `shr(224, calldata[0])`.
fn is_selector(pool: &TermPool<'_>, x: TermId) -> bool {
    let Term::Apply(Op::Shr, [by, word, _]) = pool.get(x) else { return false };
    let Term::CallData(at) = pool.get(word) else { return false };
    pool.as_const(by) == Some(U256::from(224)) && pool.as_const(at) == Some(U256::ZERO)
}

/// For each node: whether it can be reached from the entry.
fn reachable(nodes: &IndexVec<NodeId, Draft>) -> IndexVec<NodeId, bool> {
    let mut seen = IndexVec::from_elem(false, nodes.len());
    let mut pending = vec![NodeId(0)];
    seen[NodeId(0)] = true;
    while let Some(node) = pending.pop() {
        for successor in nodes[node].successors() {
            if !seen[successor] {
                seen[successor] = true;
                pending.push(successor);
            }
        }
    }
    seen
}

/// For each node: whether every way on from it reverts, before it touches state.
fn only_reverts(nodes: &IndexVec<NodeId, Draft>) -> IndexVec<NodeId, bool> {
    let harmless = |effect: &Effect<TermId>| {
        matches!(
            effect,
            Effect::MLoad { .. }
                | Effect::MStore { .. }
                | Effect::MStore8 { .. }
                | Effect::Keccak { .. }
                | Effect::Copy { .. }
                | Effect::ReturnDataSize
                | Effect::MSize
                | Effect::Gas
        )
    };
    let mut result = IndexVec::from_elem(false, nodes.len());
    // Nodes are numbered in the order they were found, so successors mostly have higher numbers and
    // one backward pass settles most; it is repeated until nothing changes.
    loop {
        let mut changed = false;
        for (node, draft) in nodes.iter_enumerated().rev() {
            if result[node] || !draft.effects.iter().all(|(_, effect)| harmless(effect)) {
                continue;
            }
            let reverts = match draft.exit {
                Exit::Revert(..) | Exit::Invalid => true,
                Exit::Jump(next) => result[next],
                Exit::Branch { then, other, .. } => result[then] && result[other],
                _ => false,
            };
            changed |= reverts;
            result[node] = reverts;
        }
        if !changed {
            return result;
        }
    }
}
