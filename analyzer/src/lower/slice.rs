//! Which terms and effects decide what state is touched?
//!
//! In: a graph and its nodes in postorder. Out: [`Slice`], the backward slice from every access to
//! state: a flag for each term and for each effect.
//! Invariant: everything a needed term or effect depends on is needed.

use slotcast_model::{Index, IndexVec};

use super::memory::Stores;
use crate::{
    absint::{Place, Pointers, Walk, place},
    bytecode::Pc,
    ir::{CopyKind, Effect, Exit, Graph, Incoming, NodeId, Rest, Term, TermId, TermPool},
};

/// Memory up to here costs less than a frame has left.
const NEAR: u32 = 1 << 16;

/// What is needed of a graph.
pub(super) struct Slice {
    /// For each term, whether its value is used.
    pub(super) terms: Vec<bool>,
    /// For each effect of each node, whether it must happen.
    pub(super) effects: Needed,
    /// Whether how much gas is left decides more than how much calls are given.
    pub(super) gas_decides: bool,
}

/// A flag for each effect of each node.
pub(super) struct Needed {
    flags: Vec<bool>,
    /// For each node, where its flags begin.
    starts: IndexVec<NodeId, u32>,
}

impl Needed {
    fn new(graph: &Graph) -> Self {
        let mut n_effects = 0;
        let starts = graph.nodes.iter().map(|node| {
            let start = n_effects as u32;
            n_effects += node.effects.len();
            start
        });
        let starts = starts.collect();
        Self { flags: vec![false; n_effects], starts }
    }

    /// Whether the `n`th effect of `node` must happen.
    pub(super) fn has(&self, node: NodeId, n: usize) -> bool {
        self.flags[self.starts[node] as usize + n]
    }

    /// Notes that it must; tells whether that is new.
    fn insert(&mut self, node: NodeId, n: usize) -> bool {
        !core::mem::replace(&mut self.flags[self.starts[node] as usize + n], true)
    }
}

impl Slice {
    /// Whether a term's value is used.
    pub(super) fn has(&self, term: TermId) -> bool {
        self.terms.get(term.as_usize()).copied().unwrap_or_default()
    }
}

/// Finds what is needed; `order` is the postorder of the nodes that are reached.
pub(super) fn slice(
    walk: &Walk,
    (order, incoming): (&[NodeId], &Incoming),
    pool: &TermPool<'_>,
) -> Slice {
    let mut marker = Marker::new(walk, incoming, pool);
    let mut stores = Stores::new(&walk.graph, order, marker.pool, &walk.pointers);
    marker.roots();
    marker.close(&mut stores);
    marker.slice.gas_decides = marker.has_needed(|effect| *effect == Effect::Gas);
    for gas in core::mem::take(&mut marker.given_gas) {
        marker.need_term(gas);
    }
    if !marker.pending.is_empty() {
        marker.close(&mut stores);
    }
    marker.slice
}

struct Marker<'a, 't> {
    graph: &'a Graph,
    pool: &'a TermPool<'t>,
    pointers: &'a Pointers,
    slice: Slice,
    pending: Vec<TermId>,
    /// The gas that calls are given, needed last.
    given_gas: Vec<TermId>,
    /// Whether the size of memory is asked for.
    asks_for_size: bool,
    incoming: &'a Incoming,
}

impl<'a, 't> Marker<'a, 't> {
    fn new(walk: &'a Walk, incoming: &'a Incoming, pool: &'a TermPool<'t>) -> Self {
        let (graph, pointers) = (&walk.graph, &walk.pointers);
        let effects = Needed::new(graph);
        let slice = Slice { terms: vec![false; pool.len()], effects, gas_decides: false };
        let (pending, given_gas) = (Vec::new(), Vec::new());
        let mut effects = graph.nodes.iter().flat_map(|node| &node.effects);
        let asks_for_size =
            walk.may_ask_for_size || effects.any(|(_, effect)| *effect == Effect::MSize);
        Self { graph, pool, pointers, slice, pending, given_gas, asks_for_size, incoming }
    }

    /// Marks what is needed of all that is marked. Needed stores need their values, which may need
    /// loads, which may make more stores visible.
    fn close(&mut self, stores: &mut Stores<'_>) {
        loop {
            self.drain();
            let visible = stores.visible(&self.slice.effects);
            if visible.is_empty() {
                return;
            }
            for (node, n) in visible {
                self.need_effect(node, n);
            }
        }
    }

    fn has_needed(&self, is_it: impl Fn(&Effect<TermId>) -> bool) -> bool {
        let effects = self.graph.nodes.iter().flat_map(|node| &node.effects);
        let mut needed = effects.zip(&self.slice.effects.flags).filter(|(_, needed)| **needed);
        needed.any(|((_, effect), _)| is_it(effect))
    }

    fn roots(&mut self) {
        let graph = self.graph;
        for (id, node) in graph.nodes.iter_enumerated() {
            for (n, (_, effect)) in node.effects.iter().enumerate() {
                if is_root(effect)
                    || self.may_fail(effect, &node.effects[..n])
                    || self.asks_for_size && memory_of(effect).is_some()
                {
                    self.need_effect(id, n);
                }
            }
            match node.exit {
                Exit::Branch { condition, then, other } if then != other => {
                    self.need_term(condition);
                }
                Exit::Switch { target, .. } => self.need_term(target),
                Exit::Return(at, len) | Exit::Revert(at, len) => {
                    self.need_term(at);
                    self.need_term(len);
                }
                _ => {}
            }
            if let Some(Rest { at, stack, .. }) = &node.rest {
                self.need_term(*at);
                stack.iter().for_each(|word| self.need_term(*word));
            }
        }
    }

    fn need_effect(&mut self, node: NodeId, n: usize) {
        if !self.slice.effects.insert(node, n) {
            return;
        }
        let effect = self.graph.nodes[node].effects[n].1;
        match effect {
            // That it happens matters, and not what it says.
            Effect::Log { at, len } if !self.asks_for_size && self.is_near(at, Some(len)) => {}
            Effect::Call { gas, .. } => {
                self.given_gas.push(gas);
                // The target stands for the gas, which is needed last.
                let Effect::Call { target, .. } = effect else { return };
                let others = effect.map(|operand| if operand == gas { target } else { operand });
                others.for_each(|operand| self.need_term(operand));
            }
            _ => effect.for_each(|operand| self.need_term(operand)),
        }
    }

    /// Whether an effect that is needed for nothing else may end the frame: by memory that cannot be
    /// paid for, or by copying what the last call did not return.
    fn may_fail(&self, effect: &Effect<TermId>, before: &[(Pc, Effect<TermId>)]) -> bool {
        if let Effect::Copy { kind: CopyKind::ReturnData, from, len, .. } = *effect
            && !self.is_all_returned(from, len, before)
        {
            return true;
        }
        let source = match *effect {
            Effect::Copy { kind: CopyKind::Memory, from, .. } => Some(from),
            _ => None,
        };
        memory_of(effect).is_some_and(|(at, len)| {
            !self.is_near(at, len) || source.is_some_and(|from| !self.is_near(from, len))
        })
    }

    /// Whether all that the last call returned is copied, or nothing from its start on.
    fn is_all_returned(&self, from: TermId, len: TermId, before: &[(Pc, Effect<TermId>)]) -> bool {
        if from != TermPool::ZERO {
            return false;
        }
        let Term::Result(_, asked_at) = self.pool.get(len) else { return len == TermPool::ZERO };
        let since = before.iter().rev().take_while(|(_, effect)| {
            !matches!(effect, Effect::Call { .. } | Effect::Create { .. })
        });
        let mut asked = since.filter(|(_, effect)| *effect == Effect::ReturnDataSize);
        asked.any(|(pc, _)| *pc == asked_at)
    }

    /// Whether a range of memory, a word where it has no length, is known to be cheap.
    fn is_near(&self, at: TermId, len: Option<TermId>) -> bool {
        let len = len.map_or(Some(32), |len| self.pool.as_small(len));
        match (len, place(self.pool, self.pointers, at)) {
            (Some(0), _) => true,
            (Some(len), Place::At { offset, .. }) => offset.saturating_add(len) <= NEAR,
            _ => false,
        }
    }

    fn need_term(&mut self, term: TermId) {
        let term_idx = term.as_usize();
        if !core::mem::replace(&mut self.slice.terms[term_idx], true) {
            self.pending.push(term);
        }
    }

    fn drain(&mut self) {
        while let Some(term) = self.pending.pop() {
            match self.pool.get(term) {
                Term::Phi(node, position) => self.need_phi(node, position),
                Term::Result(node, pc) => {
                    let effects = &self.graph.nodes[node].effects;
                    if let Some(n) = effects.iter().position(|(at, _)| *at == pc) {
                        self.need_effect(node, n);
                    }
                }
                term => term.for_each_operand(|operand| self.need_term(operand)),
            }
        }
    }

    fn need_phi(&mut self, node: NodeId, position: u32) {
        self.graph.given(node, position, self.incoming).for_each(|term| self.need_term(term));
    }
}

/// The range of memory that an effect makes grow and does little else with; a word where it has no
/// length.
const fn memory_of(effect: &Effect<TermId>) -> Option<(TermId, Option<TermId>)> {
    match *effect {
        Effect::MLoad { at } | Effect::MStore { at, .. } | Effect::MStore8 { at, .. } => {
            Some((at, None))
        }
        Effect::Copy { to: at, len, .. }
        | Effect::Keccak { at, len }
        | Effect::Log { at, len }
        | Effect::Touch { at, len } => Some((at, Some(len))),
        _ => None,
    }
}

/// Whether an effect is needed for its own sake: it touches state, calls, or fails where nothing may
/// be changed.
const fn is_root(effect: &Effect<TermId>) -> bool {
    !effect.is_pure()
        && !matches!(effect, Effect::MStore { .. } | Effect::MStore8 { .. } | Effect::Copy { .. })
}
