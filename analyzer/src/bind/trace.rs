//! Where in the code does an access come from?
//!
//! In: a binding while it runs. Out: [`Trace`]s to a [`StateView`] that asks for them.
//! Invariant: a view that does not ask costs nothing, for whether it does is known when the binder
//! is compiled; asking changes nothing of what is predicted.

use alloy_primitives::{Address, U256};
use slotcast_model::Slot;

use super::{
    StateView,
    eval::{Ended, Machine},
    frame::Frame,
    running::Running,
};
use crate::{bytecode::Pc, program::Operand, summary::Summary};

/// Most words of calldata that are shown.
const MAX_ARGUMENTS: usize = 32;

/// What happens in a binding, in order.
#[derive(Clone, Copy, Debug)]
pub enum Trace<'a> {
    /// The transaction begins, from the start if it was bound before: only the last time counts.
    Begin,
    /// A frame begins.
    Enter(&'a Entered<'a>),
    /// The innermost frame's code touches a slot.
    Access {
        /// The instruction.
        pc: Pc,
        /// The slot.
        slot: Slot,
        /// Whether it stores.
        is_store: bool,
    },
    /// The innermost frame ends, and leaves changes if it succeeds.
    Leave {
        /// Whether it succeeds.
        success: bool,
    },
}

/// A frame as it begins.
#[derive(Clone, Debug)]
pub struct Entered<'a> {
    /// The code that runs.
    pub summary: &'a Summary,
    /// The account whose code that is; none for the code that creates a contract.
    pub code_at: Option<Address>,
    /// The account whose storage it touches.
    pub address: Address,
    /// Who calls.
    pub caller: Address,
    /// The wei sent along.
    pub value: U256,
    /// The first four bytes of calldata, if there are as many.
    pub selector: Option<u32>,
    /// The words of calldata behind them, as far as they are known.
    pub arguments: Vec<Option<U256>>,
}

impl<S: StateView> Machine<'_, S> {
    /// Tells that `frame` begins to run the code of `summary`.
    pub(super) fn trace_enter(
        &self,
        summary: &Summary,
        code_at: Option<Address>,
        selector: Option<u32>,
        frame: &Frame,
    ) {
        if !S::IS_TRACED {
            return;
        }
        let n_words = frame.input.len().saturating_sub(4).div_ceil(32);
        let word = |n: usize| frame.input.word(4 + 32 * n);
        self.state.trace(Trace::Enter(&Entered {
            summary,
            code_at,
            address: frame.address,
            caller: frame.caller,
            value: frame.value,
            selector,
            arguments: (0..n_words.min(MAX_ARGUMENTS)).map(word).collect(),
        }));
    }

    /// Tells that the innermost frame has ended.
    pub(super) fn trace_leave(&self, ended: &Ended) {
        if S::IS_TRACED {
            self.state.trace(Trace::Leave { success: ended.success });
        }
    }

    /// Tells of an access to a slot that is about to happen at `pc`, if its key is known.
    #[inline]
    pub(super) fn trace_access(&self, running: &Running<'_>, pc: Pc, key: Operand, is_store: bool) {
        if !S::IS_TRACED {
            return;
        }
        if let Some(key) = running.get(key) {
            let slot = Slot::new(running.frame.address, key);
            self.state.trace(Trace::Access { pc, slot, is_store });
        }
    }
}
