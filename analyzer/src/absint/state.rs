//! What does the machine hold on entry to a node?
//!
//! In: the states of the paths that lead there. Out: one [`State`] that stands for all.
//! Invariant: a phi, once made, stays; joining a state into itself changes nothing.

use smallvec::SmallVec;

use super::memory::Memory;
use crate::{
    bytecode::Bytecode,
    ir::{NodeId, Term, TermId, TermPool},
};

/// The words of a stack, bottom first; of the usual height they need no allocation.
pub(super) type Stack = SmallVec<[TermId; 24]>;

/// Stack and known memory at one point.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) stack: Stack,
    pub(super) memory: Memory,
    /// Whether the frame may have called or created anything; before that there is no return data.
    pub(super) has_called: bool,
}

/// What tells the contexts of one basic block apart: its stack height, and the jump labels on the
/// stack with their positions.
pub(super) type Context = SmallVec<[u32; 14]>;

impl Clone for State {
    fn clone(&self) -> Self {
        // All at once, where the stack's own clone copies word by word.
        let stack = Stack::from_slice(&self.stack);
        Self { stack, memory: self.memory.clone(), has_called: self.has_called }
    }
}

impl State {
    pub(super) fn new() -> Self {
        Self { stack: Stack::new(), memory: Memory::new(), has_called: false }
    }

    /// Words one copy of the state moves; the unit of fuel.
    pub(super) fn size(&self) -> u64 {
        (self.stack.len() + self.memory.len()) as u64
    }

    /// The state as a revert-only region sees it: the top `need` words of the stack.
    pub(super) fn cut(&self, need: u32) -> Self {
        let from = self.stack.len().saturating_sub(need as usize);
        let stack = Stack::from_slice(&self.stack[from..]);
        Self { stack, memory: self.memory.clone(), has_called: self.has_called }
    }

    /// The state's context.
    pub(super) fn context(&self, pool: &TermPool<'_>, code: &Bytecode) -> Context {
        let mut context = Context::new();
        context.push(self.stack.len() as u32);
        for (position, &word) in self.stack.iter().enumerate() {
            if let Some(label) = pool.as_small(word)
                && code.is_jump_target(label)
            {
                context.push(position as u32);
                context.push(label);
            }
        }
        context
    }

    /// Takes `other` in at `node`; tells whether anything changed.
    ///
    /// Both have the same height, for it is part of the node's context.
    pub(super) fn join(&mut self, other: &Self, node: NodeId, pool: &mut TermPool<'_>) -> bool {
        let mut changed = other.has_called && !self.has_called;
        self.has_called |= other.has_called;
        for (position, (mine, &theirs)) in self.stack.iter_mut().zip(&other.stack).enumerate() {
            if *mine == theirs {
                continue;
            }
            let phi = pool.leaf(Term::Phi(node, position as u32));
            changed |= *mine != phi;
            *mine = phi;
        }
        self.memory.join(&other.memory) || changed
    }
}
