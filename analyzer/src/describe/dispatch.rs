//! Which selectors does a dispatcher find in its tables?
//!
//! In: bytecode whose dispatcher computes a jump from the selector, as Vyper's do. Out: the
//! selectors that it compares calldata with, ascending, and whether the search got through.
//! Invariants: total, within [`MAX_STEPS`] steps for all candidates; a selector is reported only if
//! the dispatcher, run on it, compares it with an equal word that does not come from calldata.
//!
//! Each four bytes in the code, a table's entry or push data, are a candidate. The dispatcher is
//! short and depends on calldata and code alone, so it is run on every candidate; where it needs
//! anything else it is over.

use std::collections::BTreeSet;

use alloy_primitives::U256;

use crate::{
    bytecode::{Bytecode, Kind, Pc},
    ir::{CopyKind, Env, Op},
    word::eval,
};

/// Instructions for all candidates together.
const MAX_STEPS: u32 = 1 << 22;
/// Instructions for one candidate.
const MAX_PATH: u32 = 1 << 10;
/// Bytes of memory, enough for an entry of a table.
const MEMORY: usize = 1024;
/// The size of calldata, enough for any head that is checked first.
const CALLDATA: u64 = 4096;

/// The selectors, and whether all candidates were tried.
pub(super) fn table_selectors(code: &Bytecode) -> (Vec<u32>, bool) {
    let mut steps = MAX_STEPS;
    let mut found = BTreeSet::new();
    for candidate in candidates(code) {
        let granted = steps.min(MAX_PATH);
        let mut run = Run::new(code, candidate, granted);
        if run.compares() {
            found.insert(candidate);
        }
        steps -= granted - run.steps;
        if steps == 0 {
            return (found.into_iter().collect(), false);
        }
    }
    (found.into_iter().collect(), true)
}

/// Every four bytes, and shorter push data, of which leading zeros are left out.
fn candidates(code: &Bytecode) -> BTreeSet<u32> {
    let windows = code.bytes().windows(4).map(|bytes| U256::from_be_slice(bytes));
    let pushed = code.scan().map(|(_, _, data)| data).filter(|data| (1..4).contains(&data.len()));
    windows.chain(pushed.map(U256::from_be_slice)).filter_map(|word| word.try_into().ok()).collect()
}

/// A word, and whether it comes from calldata.
#[derive(Clone, Copy, Default)]
struct Value {
    word: U256,
    is_input: bool,
}

/// The dispatcher on one candidate.
struct Run<'a> {
    code: &'a Bytecode,
    selector: U256,
    stack: Vec<Value>,
    memory: [u8; MEMORY],
    /// Whether each byte of memory comes from calldata.
    inputs: [bool; MEMORY],
    steps: u32,
}

/// What an instruction leads to.
enum Next {
    At(Pc),
    /// The selector was compared with an equal word.
    Equal,
    End,
}

impl<'a> Run<'a> {
    fn new(code: &'a Bytecode, selector: u32, steps: u32) -> Self {
        let (memory, inputs) = ([0; MEMORY], [false; MEMORY]);
        Self { code, selector: U256::from(selector), stack: Vec::new(), memory, inputs, steps }
    }

    /// Whether the candidate is compared with an equal word of the code.
    fn compares(&mut self) -> bool {
        let mut at = Pc(0);
        while self.steps != 0 {
            self.steps -= 1;
            match self.step(at) {
                Some(Next::At(next)) => at = next,
                Some(Next::Equal) => return true,
                Some(Next::End) | None => return false,
            }
        }
        false
    }

    fn step(&mut self, at: Pc) -> Option<Next> {
        let instruction = self.code.decode(at);
        let next = Next::At(Bytecode::next(&instruction));
        match instruction.kind {
            Kind::Push => self.push(instruction.immediate, false),
            Kind::Dup(n) => {
                let at = self.stack.len().checked_sub(usize::from(n))?;
                self.stack.push(self.stack[at]);
            }
            Kind::Swap(n) => {
                let top = self.stack.len().checked_sub(1)?;
                self.stack.swap(top, top.checked_sub(usize::from(n))?);
            }
            Kind::Pop => drop(self.stack.pop()?),
            Kind::JumpDest => {}
            Kind::Pc => self.push(U256::from(at.0), false),
            Kind::Env(Env::CallDataSize) => self.push(U256::from(CALLDATA), true),
            Kind::Env(Env::CallValue) => self.push(U256::ZERO, true),
            Kind::Env(Env::CodeSize) => self.push(U256::from(self.code.bytes().len()), false),
            Kind::CallDataLoad => {
                let is_first = self.stack.pop()?.word.is_zero();
                self.push(if is_first { self.selector << 224 } else { U256::ZERO }, true);
            }
            Kind::Pure(op) => {
                if self.apply(op, instruction.inputs)? {
                    return Some(Next::Equal);
                }
            }
            Kind::MLoad => self.load()?,
            Kind::MStore => self.store()?,
            Kind::Copy(CopyKind::Code) => self.copy_code()?,
            Kind::Jump => return self.code.jump_target(self.stack.pop()?.word).map(Next::At),
            Kind::JumpI => {
                let (target, condition) = (self.stack.pop()?, self.stack.pop()?);
                if condition.word.is_zero() {
                    return Some(next);
                }
                return self.code.jump_target(target.word).map(Next::At);
            }
            _ => return Some(Next::End),
        }
        Some(next)
    }
    fn push(&mut self, word: U256, is_input: bool) {
        self.stack.push(Value { word, is_input });
    }

    /// Whether the operation compares the selector with a word of the code, and they are equal.
    fn apply(&mut self, op: Op, n_inputs: u8) -> Option<bool> {
        let mut of = [Value::default(); 3];
        for value in of.iter_mut().take(usize::from(n_inputs)) {
            *value = self.stack.pop()?;
        }
        let [a, b, c] = of;
        let is_test = matches!(op, Op::Eq | Op::Xor | Op::Sub);
        self.push(eval(op, &a.word, &b.word, &c.word), of.iter().any(|value| value.is_input));
        Some(is_test && a.is_input != b.is_input && a.word == b.word && a.word == self.selector)
    }

    /// Where `len` bytes of memory are.
    fn range(at: U256, len: usize) -> Option<core::ops::Range<usize>> {
        let start: usize = at.try_into().ok()?;
        let end = start.checked_add(len)?;
        (end <= MEMORY).then_some(start..end)
    }

    fn load(&mut self) -> Option<()> {
        let range = Self::range(self.stack.pop()?.word, 32)?;
        let is_input = self.inputs[range.clone()].contains(&true);
        self.push(U256::from_be_slice(&self.memory[range]), is_input);
        Some(())
    }

    fn store(&mut self) -> Option<()> {
        let (at, value) = (self.stack.pop()?, self.stack.pop()?);
        let range = Self::range(at.word, 32)?;
        self.memory[range.clone()].copy_from_slice(&value.word.to_be_bytes::<32>());
        self.inputs[range].fill(value.is_input);
        Some(())
    }

    fn copy_code(&mut self) -> Option<()> {
        let (to, from, len) = (self.stack.pop()?, self.stack.pop()?, self.stack.pop()?);
        let range = Self::range(to.word, len.word.try_into().ok()?)?;
        let from = usize::try_from(from.word).unwrap_or(usize::MAX);
        let there = self.code.bytes().get(from..).unwrap_or_default();
        for (byte, at) in self.memory[range.clone()].iter_mut().zip(0..) {
            *byte = there.get(at).copied().unwrap_or_default();
        }
        self.inputs[range].fill(false);
        Some(())
    }
}

#[cfg(test)]
mod tests;
