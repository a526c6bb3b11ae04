//! Which nodes are reachable, and with which states?
//!
//! In: bytecode, a pool whose selector names the entry point, and limits. Out: a [`Walk`]: the graph of nodes, and the selectors
//! met on the way.
//! Invariant: a worklist over nodes; knows no opcode. Every state joined into a node is one that
//! some path brings there, and the walk ends with no node's state changing, or with the reason why
//! it stopped earlier.

use std::{cmp::Reverse, collections::BinaryHeap};

use alloy_primitives::{
    U256,
    map::{DefaultHashBuilder, HashMap},
};
use slotcast_model::IndexVec;
use smallvec::SmallVec;

use super::{
    code_index::CodeIndex,
    dispatch::{selector_test, strip_negations},
    draft::{Draft, only_reverts},
    memory::{Memory, Pointers},
    state::{Context, Stack, State},
    transfer::{BlockEnd, Chain, Labels, Transfer},
};
use crate::{
    bytecode::{Kind, Pc},
    ir::{
        Effect, Exit, Graph, Node, NodeId, Op, Rest, Stretches, Term, TermId, TermPool, postorder,
    },
    limits::{Fuel, Limits, StopReason},
    targets::Targets,
};

/// What a walk found.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The entry point's nodes.
    pub(crate) graph: Graph,
    /// Selectors the dispatcher compares calldata with, ascending. Empty for a function.
    pub(crate) selectors: Vec<u32>,
    /// The values the free memory pointer has had.
    pub(crate) pointers: Pointers,
    /// Bytes that the states held, as if none shared memory.
    pub(crate) n_bytes: usize,
    /// Whether what was not walked may ask for the size of memory.
    pub(crate) may_ask_for_size: bool,
}

/// Where a frame goes on behind what was walked with the rest.
///
/// Of its stack the walk sees the topmost words and knows none; of memory it knows nothing. Where the
/// code wants more words, or jumps to a label that lies among them, the walk stops again: it is a
/// stretch of code with what that calls, wherever it was called from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resumption {
    /// Where it goes on.
    pub(crate) pc: Pc,
    /// Words of the stack that are seen.
    pub(crate) n_words: u32,
}

/// The most words of a stack with which a walk that stopped is gone on with.
const MOST_LEFT: usize = 256;

/// The most words of all such stacks of one walk, each of which takes a register.
const ALL_LEFT: usize = 8192;

/// By how many words the stack of a resumed frame may grow.
pub(crate) const MOST_GROWTH: usize = 256;

/// Room for the nodes of a plain function.
const FEW_NODES: usize = 48;

/// Blocks that one node may hold.
const MAX_CHAIN: usize = 64;

/// Stands for the height in the context of a revert-only region, which is the same whatever lies below.
const DEAD_END: u32 = u32::MAX;

/// Stands for the height in the context of what was not walked.
const WALL: u32 = u32::MAX - 1;

/// Stands for the height in the context of where a frame is resumed.
const ENTRY: u32 = u32::MAX - 2;

/// Walks one entry point: the function that the selector of `pool` names, or, when it has none, all that
/// is left when no selector of the dispatcher matches, the fallback and receive functions. Selectors
/// that calldata is compared with are collected then, not followed.
pub(crate) fn walk<'t>(
    index: &CodeIndex,
    pool: &mut TermPool<'t>,
    targets: &Targets,
    fuel: &mut Fuel,
    limits: &Limits,
    resumed: Option<Resumption>,
) -> Walk {
    let mut walker = Walker {
        index,
        pool,
        pointers: Pointers::default(),
        nodes: Vec::with_capacity(FEW_NODES).into(),
        by_key: HashMap::with_capacity_and_hasher(FEW_NODES, DefaultHashBuilder::default()),
        n_contexts: HashMap::with_capacity_and_hasher(FEW_NODES, DefaultHashBuilder::default()),
        worklist: BinaryHeap::with_capacity(FEW_NODES),
        trail: Vec::with_capacity(4 * FEW_NODES),
        held: 0,
        selectors: Vec::new(),
        stop: StopReason::Finished,
        targets,
        limits,
        resumed,
    };
    match resumed {
        Some(resumption) => walker.resume(resumption),
        None => drop(walker.enter(Pc(0), &State::new(), &[])),
    }
    while let Some(Reverse(node)) = walker.worklist.pop() {
        if !walker.visit(node, fuel) {
            walker.stop = walker.stop.max(StopReason::FuelLimit);
            break;
        }
        if limits.bytes_per_function < walker.pool.n_bytes() + walker.held {
            walker.stop = walker.stop.max(StopReason::MemoryLimit);
            break;
        }
    }
    walker.finish()
}

/// How the walk of a node goes on behind a block.
enum Way {
    /// To one place only.
    On(Pc),
    /// Elsewhere, or nowhere.
    Out(Exit<TermId, NodeId>, Vec<NodeId>),
}

struct Walker<'a, 't> {
    index: &'a CodeIndex,
    pool: &'a mut TermPool<'t>,
    pointers: Pointers,
    nodes: IndexVec<NodeId, Draft>,
    by_key: HashMap<(Pc, Context), NodeId>,
    n_contexts: HashMap<Pc, u32>,
    /// Nodes to visit, lowest number first: a node found earlier mostly lies before one found later,
    /// so that a node is visited after what leads to it has settled.
    worklist: BinaryHeap<Reverse<NodeId>>,
    /// Bytes that the nodes hold, each as it was when it was found or last visited.
    held: usize,
    selectors: Vec<u32>,
    stop: StopReason,
    /// Where the blocks of the nodes begin, node by node.
    trail: Vec<Pc>,
    targets: &'a Targets,
    limits: &'a Limits,
    /// Where the walk began, if not at the start of the code.
    resumed: Option<Resumption>,
}

impl Walker<'_, '_> {
    /// Runs a node's blocks on its state; false when the fuel is gone.
    fn visit(&mut self, node: NodeId, fuel: &mut Fuel) -> bool {
        let draft = &mut self.nodes[node];
        draft.queued = false;
        let mut pc = draft.pc;
        let n_effects = draft.effects.len();
        let mut effects = core::mem::take(&mut draft.effects);
        effects.clear();
        let mut chain = Chain::new(node, draft.entry.clone(), draft.labels.clone(), effects);
        let copied = chain.state.size();
        let start = self.trail.len();
        let mut rest = None;
        let (exit, cases) = loop {
            if self.wants_more(pc, &chain.state) {
                rest = self.left_at(pc, chain.state.stack.len());
                break (Exit::Unknown(StopReason::NodeLimit), Vec::new());
            }
            self.trail.push(pc);
            let transfer = Transfer {
                index: self.index,
                pool: self.pool,
                pointers: &mut self.pointers,
                chain: &mut chain,
                limit: self.resumed.map(|from| from.n_words as usize + MOST_GROWTH),
            };
            let end = transfer.block(pc);
            match self.resolve(end, &chain) {
                Way::On(next) if self.goes_on((next, end), &chain, start) => pc = next,
                Way::On(next) => {
                    break (Exit::Jump(self.enter(next, &chain.state, &[])), Vec::new());
                }
                Way::Out(exit, cases) => {
                    rest = match (exit, end) {
                        (Exit::Unknown(_), BlockEnd::Jump { at, target }) => {
                            self.left_at(at, chain.state.stack.len()).map(|_| (target, true))
                        }
                        _ => None,
                    };
                    break (exit, cases);
                }
            }
        };
        let draft = &mut self.nodes[node];
        self.held += (chain.effects.len() * size_of::<(Pc, Effect<TermId>)>())
            .saturating_sub(n_effects * size_of::<(Pc, Effect<TermId>)>());
        draft.blocks = start as u32..self.trail.len() as u32;
        draft.exit = exit;
        draft.rest = rest;
        draft.cases = cases;
        draft.gas = chain.gas;
        draft.effects = chain.effects;
        draft.stack = chain.state.stack;
        fuel.burn(chain.n_steps + 2 * copied)
    }

    /// Whether the block at `next` is walked as part of the same node.
    ///
    /// A node of its own is worth its state only where paths may meet. They do not where nothing
    /// else leads, nor at a jump where this path alone knows a label: the one it returns to, or the
    /// one that what it calls is to return to. Loops are fallen into, not jumped to.
    fn goes_on(&self, (next, end): (Pc, BlockEnd), chain: &Chain, start: usize) -> bool {
        let n_blocks = self.trail.len() - start;
        if MAX_CHAIN <= n_blocks
            || chain.fruitful.contains(&next)
            || self.index.is_revert_only(next)
        {
            return false;
        }
        let is_return = |label: &TermId| self.pool.as_small(*label) == Some(next.0);
        let is_held = |label: &TermId| chain.state.stack.contains(label);
        // Within what is called, paths may meet again in spite of the label.
        let called = &chain.labels[chain.n_older..];
        let is_jump = matches!(end, BlockEnd::Jump { .. });
        self.index.is_single(next)
            || (is_jump && (chain.labels.iter().any(is_return) || called.iter().any(is_held)))
    }

    /// Turns a block's end into a way on, entering the successors where there may be several.
    fn resolve(&mut self, end: BlockEnd, chain: &Chain) -> Way {
        let state = &chain.state;
        let exit = match end {
            BlockEnd::Next(pc) => return Way::On(pc),
            // To a label below, or computed.
            BlockEnd::Jump { target, .. }
                if self.resumed.is_some() && self.pool.as_const(target).is_none() =>
            {
                Exit::Unknown(StopReason::UnresolvedJump)
            }
            BlockEnd::TooHigh => Exit::Unknown(StopReason::NodeLimit),
            BlockEnd::Jump { at, target } if self.pool.as_const(target).is_none() => {
                return self.switch(at, target, None, state);
            }
            BlockEnd::Branch { condition, target, next }
                if self.pool.as_const(target).is_none() =>
            {
                let target = self.select(condition, target, next);
                return self.switch(Pc(next.0 - 1), target, Some(next), state);
            }
            BlockEnd::Jump { target, .. } => return self.jump_to(target),
            BlockEnd::Branch { condition, target, next } => {
                return self.branch(condition, target, next, chain);
            }
            BlockEnd::Return(at, len) => Exit::Return(at, len),
            BlockEnd::Stop => Exit::Stop,
            BlockEnd::Revert(at, len) => Exit::Revert(at, len),
            BlockEnd::Invalid => Exit::Invalid,
        };
        Way::Out(exit, Vec::new())
    }

    /// A jump to the constant `target`.
    fn jump_to(&self, target: TermId) -> Way {
        match self.pool.as_small(target).filter(|&at| self.index.code.is_jump_target(at)) {
            Some(at) => Way::On(Pc(at)),
            None => Way::Out(Exit::Invalid, Vec::new()),
        }
    }

    /// A jump to a computed target: the cases are the targets met so far, and `next` where the jump
    /// is conditional.
    fn switch(&mut self, at: Pc, target: TermId, next: Option<Pc>, state: &State) -> Way {
        self.stop = self.stop.max(StopReason::UnresolvedJump);
        let code = &self.index.code;
        let is_target = |target: &Pc| code.is_jump_target(target.0);
        let mut targets: Vec<Pc> = self.targets.of(at).filter(is_target).chain(next).collect();
        targets.sort_unstable();
        targets.dedup();
        let cases = targets.into_iter().map(|target| self.enter(target, state, &[])).collect();
        Way::Out(Exit::Switch { at, target }, cases)
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

    fn branch(&mut self, condition: TermId, target: TermId, next: Pc, chain: &Chain) -> Way {
        let (condition, negated) = strip_negations(self.pool, condition);
        if let Some(value) = self.pool.as_const(condition) {
            return match value.is_zero() == negated {
                true => self.jump_to(target),
                false => Way::On(next),
            };
        }
        if self.pool.selector().is_none()
            && self.resumed.is_none()
            && let Some((selector, equal_when_set)) = selector_test(self.pool, condition)
        {
            self.selectors.push(selector);
            // The side where the selector is equal belongs to that function.
            return match equal_when_set == negated {
                true => self.jump_to(target),
                false => Way::On(next),
            };
        }
        // Where the target is no jump destination, to take the branch is to fail.
        let Way::On(taken) = self.jump_to(target) else { return Way::On(next) };
        let state = &chain.state;
        let refuted = self.refuted(condition, state);
        let refuted = refuted.as_ref().unwrap_or(state);
        let (on_taken, on_next) = if negated { (refuted, state) } else { (state, refuted) };
        // Beside a revert-only region there is one way on.
        let is_revert_only = |pc| self.index.is_revert_only(pc);
        let labels = |beside, pc| match is_revert_only(beside) && self.index.is_single(pc) {
            true => chain.labels.as_slice(),
            false => &[],
        };
        let (taken_labels, next_labels) = (labels(next, taken), labels(taken, next));
        let taken = self.enter(taken, on_taken, taken_labels);
        let next = self.enter(next, on_next, next_labels);
        let (then, other) = if negated { (next, taken) } else { (taken, next) };
        Way::Out(Exit::Branch { condition, then, other }, Vec::new())
    }

    /// The state where `condition` turned out to be zero, if it is a call's success flag that the
    /// stack still holds.
    ///
    /// Solidity's `try` keeps the flag and tests it again: without this, the second test would seem
    /// to go both ways, and a path that never runs would return to a wrong label. Other values are
    /// left as they are, for a zero would only be merged with the value again.
    fn refuted(&mut self, condition: TermId, state: &State) -> Option<State> {
        let Term::Result(_, pc) = self.pool.get(condition) else { return None };
        let is_flag = matches!(self.index.code.decode(pc).kind, Kind::Call(_));
        if !is_flag || !state.stack.contains(&condition) {
            return None;
        }
        let zero = self.pool.constant(U256::ZERO);
        let mut refuted = state.clone();
        let held = refuted.stack.iter_mut().filter(|word| **word == condition);
        held.for_each(|word| *word = zero);
        Some(refuted)
    }

    /// The node for `pc` in the context of `state`, with the state joined in; where there are too
    /// many nodes, one that stands for what was not walked.
    fn enter(&mut self, pc: Pc, state: &State, labels: &[TermId]) -> NodeId {
        let cut;
        let (state, key) = match self.index.need(pc) {
            Some(need) => {
                cut = state.cut(need);
                let context = Context::from_slice(&[DEAD_END, cut.stack.len() as u32]);
                (&cut, (pc, context))
            }
            None => (state, (pc, state.context(self.pool, &self.index.code))),
        };
        if let Some(&node) = self.by_key.get(&key) {
            let draft = &mut self.nodes[node];
            if draft.entry.join(state, node, self.pool) && !draft.queued {
                draft.queued = true;
                self.worklist.push(Reverse(node));
            }
            return node;
        }
        if let Some(reason) = self.refusal(pc, &key.1) {
            return self.wall(pc, state.stack.len(), reason);
        }
        *self.n_contexts.entry(pc).or_default() += 1;

        let node = self.nodes.push(Draft::new(pc, state.clone(), labels.into()));
        self.held += self.nodes[node].n_bytes();
        self.by_key.insert(key, node);
        self.worklist.push(Reverse(node));
        node
    }

    /// Why there is to be no node for `pc` in `context`, if a limit forbids it.
    fn refusal(&self, pc: Pc, context: &[u32]) -> Option<StopReason> {
        let n_contexts = self.n_contexts.get(&pc).copied().unwrap_or_default();
        if self.limits.contexts_per_block <= n_contexts
            || self.limits.nodes_per_function <= self.nodes.len()
        {
            return Some(StopReason::NodeLimit);
        }
        let labels = context[1..].chunks_exact(2).map(|label| label[1]);
        let is_large = self.limits.nodes_per_function / 8 <= self.nodes.len();
        let is_dear = is_large && self.limits.recursion < nesting(labels.clone());
        let is_nested = labels.clone().any(|label| {
            // What more than one instruction pushes may be a number that happens to be a label.
            let doubt = if self.index.is_unique(Pc(label)) { 1 } else { 2 };
            self.limits.recursion * doubt < labels.clone().filter(|other| *other == label).count()
        });
        (is_dear || is_nested).then_some(StopReason::RecursionLimit)
    }

    /// The node that stands for what was not walked from `pc` on with a stack of that height.
    fn wall(&mut self, pc: Pc, height: usize, reason: StopReason) -> NodeId {
        self.stop = self.stop.max(reason);
        let context = [WALL, reason as u32, height as u32];
        if let Some(&node) = self.by_key.get(&(pc, Context::from_slice(&context))) {
            return node;
        }
        let rest = self.left_at(pc, height);
        // Where it is not gone on, it is all the same what is on the stack.
        let (height, context) = match rest {
            Some(_) => (height, &context[..]),
            None => (0, &context[..2]),
        };
        let node = self.with_any_stack(pc, height, context);
        self.nodes[node].exit = Exit::Unknown(reason);
        self.nodes[node].rest = rest;
        node
    }

    /// Where a frame goes on that comes to `pc` with a stack of that height, if the limits allow it; it
    /// is there already and does not jump.
    fn left_at(&mut self, pc: Pc, height: usize) -> Option<(TermId, bool)> {
        (height <= MOST_LEFT).then(|| (self.pool.constant(U256::from(pc.0)), false))
    }

    /// The node for `pc` under that key, which is not visited and knows no word of its stack.
    fn with_any_stack(&mut self, pc: Pc, height: usize, key: &[u32]) -> NodeId {
        let key = (pc, Context::from_slice(key));
        if let Some(&node) = self.by_key.get(&key) {
            return node;
        }
        let node = NodeId(self.nodes.len() as u32);
        let phi = |position| self.pool.leaf(Term::Phi(node, position));
        let stack: Stack = (0..height as u32).map(phi).collect();
        let entry = State { stack: stack.clone(), memory: Memory::unknown(), has_called: true };
        let draft = Draft { queued: false, stack, ..Draft::new(pc, entry, Labels::new()) };
        self.held += draft.n_bytes();
        self.nodes.push(draft);
        self.by_key.insert(key, node);
        node
    }

    /// Enters where a frame is resumed, by way of a node of its own that nothing else leads to.
    fn resume(&mut self, Resumption { pc, n_words }: Resumption) {
        let entry = self.with_any_stack(pc, n_words as usize, &[ENTRY]);
        let state = self.nodes[entry].entry.clone();
        self.nodes[entry].exit = Exit::Jump(self.enter(pc, &state, &[]));
    }

    /// Whether a resumed frame's block at `pc` takes more words than are seen of the stack, unless it is
    /// the first, which is shown all it takes.
    fn wants_more(&self, pc: Pc, state: &State) -> bool {
        let is_first =
            |from: Resumption| from.pc == pc && from.n_words as usize == state.stack.len();
        self.resumed.is_some_and(|from| !is_first(from))
            && state.stack.len() < self.index.n_taken(pc) as usize
    }

    /// Leaves what is still to be visited for later: what is known of it may be too much.
    fn leave_rest(&mut self) {
        for node in self.nodes.indices() {
            if !self.nodes[node].queued {
                continue;
            }
            let rest = self.left_at(self.nodes[node].pc, self.nodes[node].entry.stack.len());
            let draft = &mut self.nodes[node];
            draft.exit = Exit::Unknown(self.stop);
            draft.rest = rest;
            draft.stack = draft.entry.stack.clone();
            draft.blocks = 0..0;
            draft.effects = Vec::new();
            draft.cases = Vec::new();
            draft.gas = Stretches::default();
        }
    }

    /// Keeps as many of the places where it is gone on as the words of their stacks allow. Only what
    /// the walk came to in the end counts, and not what it took for an end on the way.
    fn bound_rest(&mut self, alive: &IndexVec<NodeId, bool>) {
        let mut n_left = 0;
        for node in alive.indices().filter(|node| alive[*node]) {
            let draft = &mut self.nodes[node];
            if draft.rest.is_some() {
                n_left += draft.stack.len();
                draft.rest = draft.rest.filter(|_| n_left <= ALL_LEFT);
            }
        }
    }

    fn finish(mut self) -> Walk {
        self.leave_rest();
        self.selectors.sort_unstable();
        self.selectors.dedup();
        let n_bytes = self.nodes.iter().map(Draft::n_bytes).sum();
        let order = postorder(self.nodes.len(), |node| self.nodes[node].successors());
        let mut alive = IndexVec::from_elem(false, self.nodes.len());
        order.iter().for_each(|&node| alive[node] = true);
        self.bound_rest(&alive);
        let only_reverts = only_reverts(&self.nodes, &order);
        let phis: IndexVec<NodeId, Vec<u32>> =
            self.nodes.indices().map(|node| self.phis(node, alive[node])).collect();
        let mut nodes = IndexVec::with_capacity(self.nodes.len());
        for node in alive.indices() {
            let draft = &mut self.nodes[node];
            if !alive[node] {
                // Terms name nodes by number, so unreachable nodes keep theirs and are emptied.
                nodes.push(Node::unreachable(draft.pc));
                continue;
            }
            let effects = core::mem::take(&mut draft.effects);
            let draft = &self.nodes[node];
            nodes.push(Node {
                pc: draft.pc,
                blocks: draft.blocks.clone(),
                effects,
                exit: draft.exit,
                rest: draft.rest.map(|(at, is_jump)| Rest {
                    at,
                    is_jump,
                    stack: draft.stack.to_vec(),
                }),
                phis: Vec::new(),
                cases: draft.cases.clone(),
                arguments: draft.successors().map(|to| self.arguments(draft, to, &phis)).collect(),
                gas: draft.gas.clone(),
                only_reverts: only_reverts[node],
            });
        }
        for (node, phis) in nodes.iter_mut().zip(phis) {
            node.phis = phis;
        }
        let is_unresolved = |node: &&Node| {
            matches!(node.exit, Exit::Unknown(StopReason::UnresolvedJump) | Exit::Switch { .. })
        };
        let n_unresolved = nodes.iter().filter(is_unresolved).count() as u32;
        let graph = Graph { nodes, trail: self.trail, stop: self.stop, n_unresolved };
        let has_rest = graph.nodes.iter().any(|node| node.rest.is_some());
        let may_ask_for_size = has_rest && self.index.asks_for_size;
        let (selectors, pointers) = (self.selectors, self.pointers);
        Walk { graph, selectors, pointers, n_bytes, may_ask_for_size }
    }

    /// The values the phis of `next` take when it is entered from `draft`.
    fn arguments(
        &self,
        draft: &Draft,
        next: NodeId,
        phis: &IndexVec<NodeId, Vec<u32>>,
    ) -> Vec<TermId> {
        // A revert-only region sees only the top of the stack.
        let hidden = draft.stack.len() - self.nodes[next].entry.stack.len();
        phis[next].iter().map(|&position| draft.stack[hidden + position as usize]).collect()
    }

    /// Positions whose value is a phi of the node itself, if it is reached.
    fn phis(&self, node: NodeId, is_alive: bool) -> Vec<u32> {
        let stack = if is_alive { &self.nodes[node].entry.stack[..] } else { &[] };
        let own = |(position, &word): (usize, &TermId)| match self.pool.get(word) {
            Term::Phi(of, at) if of == node && at as usize == position => Some(at),
            _ => None,
        };
        stack.iter().enumerate().filter_map(own).collect()
    }
}

/// How dear the contexts are in which calls lie within each other, where `labels` are the places they
/// return to: how often a place was met before, times how many such places there are.
///
/// Each depth of a recursion has contexts of its own. Where a function calls itself from two places, as
/// a sort does for both halves, their number doubles with every depth, though at run time few calls
/// are as deep as that. A walk that has grown large bounds this.
fn nesting(labels: impl Iterator<Item = u32>) -> usize {
    let mut sorted: SmallVec<[u32; 16]> = labels.collect();
    sorted.sort_unstable();
    let calls = sorted.chunk_by(|a, b| a == b);
    let (n_repeats, n_places) = calls
        .filter(|calls| 1 < calls.len())
        .fold((0, 0), |(repeats, places), calls| (repeats + calls.len() - 1, places + 1));
    n_repeats * n_places
}
