//! Which operands does a part of a program read, and which register does a step write?
//!
//! In: a step, an exit, and the lists of their program. Out: calls on each operand, which may be
//! replaced.
//! Invariant: every operand that binding reads is visited.

use super::{MemCopy, Operand, Program, Register, Run, Step, Word};
use crate::ir::{Effect, Exit};

/// Calls `f` on every operand that a step reads.
pub(crate) fn each_read(program: &mut Program, step: &mut Step, mut f: impl FnMut(&mut Operand)) {
    match step {
        Step::Apply { operands, .. } => operands.iter_mut().for_each(f),
        Step::CallData { at: operand, .. }
        | Step::BlobHash { index: operand, .. }
        | Step::MLoad { at: operand, .. }
        | Step::SLoad { key: operand, .. }
        | Step::Require { condition: operand, .. }
        | Step::Move { from: operand, .. } => f(operand),
        Step::MStore { at: first, value: second }
        | Step::SStore { key: first, value: second, .. } => {
            f(first);
            f(second);
        }
        Step::Keccak { words: Run { start, end }, .. } => {
            program.operands[*start as usize..*end as usize].iter_mut().for_each(f);
        }
        Step::Resume { at, stack: Run { start, end }, .. } => {
            f(at);
            program.operands[*start as usize..*end as usize].iter_mut().for_each(f);
        }
        Step::Effect { effect, .. } => each_of_effect(&mut program.effects[*effect as usize], f),
        Step::MemCopy { copy } => each_of_copy(&mut program.mem_copies[*copy as usize], f),
        Step::Env { .. } | Step::Charge { .. } | Step::Lost { .. } => {}
    }
}

/// What grows is given values on edges, so that it keeps its register.
fn each_of_copy(copy: &mut MemCopy, mut f: impl FnMut(&mut Operand)) {
    let MemCopy { counter, limit, to, word, growth, .. } = copy;
    let mut spans = vec![counter, limit, to];
    match word {
        Word::Copied { from, .. } => spans.push(from),
        Word::Same(operand) => f(operand),
    }
    spans.into_iter().flat_map(|span| &mut span.bases).for_each(&mut f);
    growth.iter_mut().for_each(|(operand, _)| f(operand));
}

/// The register that a step gives a value.
pub(crate) const fn written(step: &mut Step) -> Option<&mut Register> {
    match step {
        Step::Apply { to, .. }
        | Step::Env { to, .. }
        | Step::CallData { to, .. }
        | Step::BlobHash { to, .. }
        | Step::Keccak { to, .. }
        | Step::Move { to, .. }
        | Step::Lost { to } => Some(to),
        Step::MLoad { to, .. } | Step::SLoad { to, .. } | Step::Effect { to, .. } => to.as_mut(),
        Step::MStore { .. }
        | Step::SStore { .. }
        | Step::Require { .. }
        | Step::Charge { .. }
        | Step::Resume { .. }
        | Step::MemCopy { .. } => None,
    }
}

fn each_of_effect(effect: &mut Effect<Operand>, mut f: impl FnMut(&mut Operand)) {
    *effect = effect.map(|mut operand| {
        f(&mut operand);
        operand
    });
}

/// Calls `f` on every operand that an exit reads.
pub(crate) fn each_of_exit(exit: &mut Exit<Operand, u32>, mut f: impl FnMut(&mut Operand)) {
    match exit {
        Exit::Branch { condition: operand, .. } | Exit::Switch { target: operand, .. } => {
            f(operand)
        }
        Exit::Return(at, len) | Exit::Revert(at, len) => {
            f(at);
            f(len);
        }
        Exit::Jump(_) | Exit::Stop | Exit::Invalid | Exit::Unknown(_) => {}
    }
}
