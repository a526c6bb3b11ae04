//! How does a frame go on where the walk of its function stopped?
//!
//! In: a frame whose program ends at a [`Step::Resume`](crate::program::Step::Resume). Out: the same
//! frame, running the program of what begins there.
//! Invariants: what a frame goes on with depends on the code, the place and the words seen of the stack
//! alone, and the number of such programs in one run has a limit, so that nothing depends on what was
//! made before; a frame that may not go on is lost, with a gap.
//!
//! Functions that call themselves, and functions too large to be walked as a whole, are so followed as
//! far as a transaction goes, in stretches that each are walked once.

use alloy_primitives::U256;
use slotcast_model::Gap;

use super::{
    StateView,
    eval::{Ended, Machine},
    frame::Frame,
    running::{Held, Running, Word},
};
use crate::{
    absint::{MOST_GROWTH, Resumption, STACK_LIMIT},
    bytecode::Pc,
    limits::Limits,
    program::{Operand, Program, Run},
    summary::Summary,
};

/// Words that are seen of a higher stack, or more, if the first block takes more.
const MOST_SEEN: u32 = 32;

/// Steps that going on counts for, beside one for each word of the stack.
const STEPS: u64 = 128;

/// Where a frame goes on.
#[derive(Debug)]
pub(super) struct Rest {
    target: U256,
    /// Whether it was jumped to; where the walk stopped by itself need be no jump destination.
    is_jump: bool,
    /// The whole stack, bottom first.
    stack: Vec<Word>,
}

impl<S: StateView> Machine<'_, S> {
    /// Runs `program`, which is of `summary`, in `frame` to its end.
    pub(super) fn run(&mut self, summary: &Summary, program: &Program, frame: &mut Frame) -> Ended {
        let n_branches = self.doubts.n_branches;
        let running = Running::new(frame, program, &mut self.work.spare, self.uncounted);
        let mut outcome = self.stretch(running);
        let ended = loop {
            match outcome {
                Ok(ended) => break ended,
                Err(stopped) => {
                    let (held, Rest { target, is_jump, stack }) = *stopped;
                    let place = match is_jump {
                        true => summary.index().code.jump_target(target),
                        false => u32::try_from(target).ok().map(Pc),
                    };
                    let Some(pc) = place else { break Ended::halted() };
                    let n_taken = summary.index().n_taken(pc).max(MOST_SEEN);
                    let n_words = n_taken.min(stack.len() as u32);
                    let from = Resumption { pc, n_words };
                    if !self.may_resume(summary, from) {
                        self.gap(Gap::AnalysisBudget);
                        break Ended::lost(frame.gas);
                    }
                    let program = summary.resumed(from);
                    let running = Running::resumed(frame, &program, held, stack, n_words);
                    outcome = self.stretch(running);
                }
            }
        };
        self.doubts.is_undone |= !ended.success && n_branches < self.doubts.n_branches;
        ended
    }

    /// Runs one program, to the frame's end or to where the program's is.
    fn stretch(&mut self, mut running: Running<'_>) -> Result<Ended, Box<(Held, Rest)>> {
        let ended = match self.follow(&mut running) {
            Ok(ended) => ended,
            Err(rest) => return Err(Box::new((running.hold(), rest))),
        };
        let is_halted = !ended.success && ended.gas == 0;
        if !is_halted && running.is_in_doubt(ended.gas, self.uncounted) {
            self.doubt_gas(running.frame.depth);
        }
        running.end(&mut self.work.spare);
        Ok(ended)
    }

    /// Whether the transaction may use one more program, if it has not used this.
    fn may_resume(&mut self, summary: &Summary, from: Resumption) -> bool {
        let program = (summary.code_hash(), from);
        let used = &mut self.work.resumed;
        let is_used = used.contains(&program);
        if !is_used && used.len() < Limits::STRETCHES {
            used.push(program);
            return true;
        }
        is_used
    }

    /// How the frame goes on at `at`, to which it may have to jump, if that is known and the stack has
    /// room.
    pub(super) fn rest(
        &mut self,
        running: &Running<'_>,
        (at, is_jump): (Operand, bool),
        stack: Run,
    ) -> Option<Rest> {
        let target = running.get(at)?;
        let operands = &running.program.operands[stack.range()];
        let height = running.below.len() + operands.len();
        if STACK_LIMIT < height + MOST_GROWTH {
            return None;
        }
        self.steps_left = self.steps_left.saturating_sub(STEPS + height as u64);
        let mut words = Vec::with_capacity(height);
        words.extend_from_slice(&running.below);
        words.extend(operands.iter().map(|operand| running.value(*operand)));
        Some(Rest { target, is_jump, stack: words })
    }
}
