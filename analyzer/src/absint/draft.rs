//! What is known of a node while the walk goes on?
//!
//! In: where it begins, and the states that lead there. Out: a [`Draft`], and which drafts only revert.
//! Invariant: its effects, exit and stack are those of its last visit.

use core::ops::Range;

use slotcast_model::IndexVec;

use super::{
    state::{Stack, State},
    transfer::Labels,
};
use crate::{
    bytecode::Pc,
    ir::{Effect, Exit, NodeId, Stretches, TermId},
    limits::StopReason,
};

/// A node while its state may still change.
pub(super) struct Draft {
    pub(super) pc: Pc,
    pub(super) blocks: Range<u32>,
    pub(super) entry: State,
    /// The labels that its [`Chain`](super::transfer::Chain) begins with.
    pub(super) labels: Labels,
    pub(super) queued: bool,
    pub(super) effects: Vec<(Pc, Effect<TermId>)>,
    pub(super) exit: Exit<TermId, NodeId>,
    /// Where the code goes on, if the walk stopped, and whether it jumps there.
    pub(super) rest: Option<(TermId, bool)>,
    pub(super) cases: Vec<NodeId>,
    pub(super) gas: Stretches,
    /// The stack on exit, from which the successors' phis take their values.
    pub(super) stack: Stack,
}

impl Draft {
    /// A node that is about to be visited.
    pub(super) fn new(pc: Pc, entry: State, labels: Labels) -> Self {
        Self {
            pc,
            blocks: 0..0,
            entry,
            labels,
            queued: true,
            effects: Vec::new(),
            exit: Exit::Unknown(StopReason::FuelLimit),
            rest: None,
            cases: Vec::new(),
            gas: Stretches::default(),
            stack: Stack::new(),
        }
    }

    pub(super) fn n_bytes(&self) -> usize {
        size_of::<Self>()
            + self.entry.memory.n_bytes()
            + self.effects.capacity() * size_of::<(Pc, Effect<TermId>)>()
    }

    pub(super) fn successors(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.exit.successors().chain(self.cases.iter().copied())
    }
}

/// For each node: whether every way on from it reverts, before it touches state.
pub(super) fn only_reverts(
    nodes: &IndexVec<NodeId, Draft>,
    order: &[NodeId],
) -> IndexVec<NodeId, bool> {
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
                | Effect::Touch { .. }
                | Effect::Gas
        )
    };
    let mut result = IndexVec::from_elem(false, nodes.len());
    // A node in a loop has a successor that comes later, and is taken not to revert only: one pass
    // settles all.
    for &node in order {
        let draft = &nodes[node];
        let reverts = match draft.exit {
            Exit::Revert(..) | Exit::Invalid => true,
            Exit::Jump(next) => result[next],
            Exit::Branch { then, other, .. } => result[then] && result[other],
            _ => false,
        };
        result[node] = reverts && draft.effects.iter().all(|(_, effect)| harmless(effect));
    }
    result
}
