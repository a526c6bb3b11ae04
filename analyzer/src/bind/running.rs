//! What does a frame hold while its program runs?
//!
//! In: a frame and its program. Out: [`Running`]: registers, memory, the output of the last call, and
//! gas; [`FramePool`], from which its working memory comes and to which it returns.
//! Invariants: a register that is not known is never read as a word; a frame begins with memory of
//! length zero and every register known; the buffers that are kept have no more than a fixed number of
//! bytes.

use alloy_primitives::U256;

use super::{
    buffer::{Buffer, Unknown},
    eval::Ended,
    frame::Frame,
    gas,
};
use crate::{
    ir::Op,
    program::{Operand, Program, Register, Source},
    word,
};

/// A frame while it runs.
#[derive(Debug)]
pub(super) struct Running<'p> {
    pub(super) frame: &'p mut Frame,
    pub(super) program: &'p Program,
    registers: Vec<U256>,
    /// Why registers are unknown; empty while none is.
    unknown: Vec<Option<Unknown>>,
    /// The words of the stack that the program does not see, bottom first.
    pub(super) below: Vec<Word>,
    pub(super) memory: Buffer,
    pub(super) returned: Buffer,
    /// Words of memory paid for.
    n_words: u64,
    /// The gas it began with, and what of the transaction was uncounted then.
    began: (u64, u64),
    is_out_of_gas: bool,
}

/// A word of the stack, or why it is not known.
pub(super) type Word = Result<U256, Unknown>;

/// What a frame holds from one program to the next.
#[derive(Debug)]
pub(super) struct Held {
    registers: Vec<U256>,
    memory: Buffer,
    returned: Buffer,
    n_words: u64,
    began: (u64, u64),
}

/// An address in memory that no gas pays for.
pub(super) const FAR: usize = 1 << 40;

/// The bytes that buffers may have which are kept: enough for calls of usual size within each other,
/// while what one call with much memory took is not held for ever.
const MOST_KEPT: usize = 256 << 10;

/// Working memory of frames that have ended, for those to come.
#[derive(Debug, Default)]
pub(super) struct FramePool {
    registers: Vec<Vec<U256>>,
    buffers: Vec<Buffer>,
    /// The bytes that the buffers have.
    n_kept: usize,
}

impl FramePool {
    /// An empty buffer.
    pub(super) fn buffer(&mut self) -> Buffer {
        let buffer = self.buffers.pop().unwrap_or_default();
        self.n_kept -= buffer.room();
        buffer
    }

    /// Takes back a buffer that is not needed any more.
    pub(super) fn keep(&mut self, mut buffer: Buffer) {
        let room = buffer.room();
        if room != 0 && self.n_kept + room <= MOST_KEPT {
            buffer.clear();
            self.n_kept += room;
            self.buffers.push(buffer);
        }
    }
}

impl<'p> Running<'p> {
    /// A frame about to run.
    pub(super) fn new(
        frame: &'p mut Frame,
        program: &'p Program,
        spare: &mut FramePool,
        uncounted: u64,
    ) -> Self {
        let began = (frame.gas, uncounted);
        let mut registers = spare.registers.pop().unwrap_or_default();
        if registers.len() < program.n_registers as usize {
            registers.resize(program.n_registers as usize, U256::ZERO);
        }
        Self {
            frame,
            program,
            registers,
            unknown: Vec::new(),
            below: Vec::new(),
            memory: spare.buffer(),
            returned: Buffer::default(),
            n_words: 0,
            began,
            is_out_of_gas: false,
        }
    }

    /// What goes on with another program.
    pub(super) fn hold(self) -> Held {
        let Self { registers, memory, returned, n_words, began, .. } = self;
        Held { registers, memory, returned, n_words, began }
    }

    /// A frame that goes on with `program`, which sees the topmost `n_seen` words of `stack`.
    pub(super) fn resumed(
        frame: &'p mut Frame,
        program: &'p Program,
        held: Held,
        mut stack: Vec<Word>,
        n_seen: u32,
    ) -> Self {
        let Held { mut registers, memory, returned, n_words, began } = held;
        if registers.len() < program.n_registers as usize {
            registers.resize(program.n_registers as usize, U256::ZERO);
        }
        let seen = stack.split_off(stack.len() - n_seen as usize);
        let (unknown, is_out_of_gas) = (Vec::new(), false);
        let mut running = Self {
            frame,
            program,
            registers,
            unknown,
            below: stack,
            memory,
            returned,
            n_words,
            began,
            is_out_of_gas,
        };
        for &(position, register) in &program.inputs {
            running.put(register, seen[position as usize]);
        }
        running
    }

    /// Gives the working memory back.
    pub(super) fn end(self, spare: &mut FramePool) {
        spare.registers.push(self.registers);
        spare.keep(self.memory);
        spare.keep(self.returned);
    }

    /// Takes gas; false, and nothing is left, when there is not enough.
    pub(super) const fn charge(&mut self, gas: u64) -> bool {
        let enough = gas <= self.frame.gas;
        self.frame.gas = self.frame.gas.saturating_sub(gas);
        self.is_out_of_gas |= !enough;
        enough
    }

    /// Pays for memory up to `end`; false when there is not enough gas.
    #[inline]
    pub(super) const fn pay_memory(&mut self, end: usize) -> bool {
        let n_words = (end as u64).div_ceil(32);
        if n_words <= self.n_words {
            return true;
        }
        let more = gas::memory(n_words) - gas::memory(self.n_words);
        self.n_words = n_words;
        self.charge(more)
    }

    /// The bytes of memory paid for, which are those there are.
    pub(super) const fn memory_size(&self) -> u64 {
        self.n_words * 32
    }

    /// The most gas that it may have used and that was not counted.
    pub(super) const fn most_uncounted(&self, uncounted: u64) -> u64 {
        let (gas, uncounted_before) = self.began;
        let used = gas.saturating_sub(self.frame.gas);
        let uncounted = uncounted.saturating_sub(uncounted_before);
        gas::most_uncounted(used, uncounted).saturating_add(self.frame.loose)
    }

    /// Whether so much may not be left.
    pub(super) const fn is_in_doubt(&self, left: u64, uncounted: u64) -> bool {
        left < self.most_uncounted(uncounted)
    }

    /// Gives more gas than anything costs, for what is only looked at ahead.
    pub(super) const fn lend_gas(&mut self) {
        self.frame.gas = u64::MAX / 2;
        self.is_out_of_gas = false;
    }

    /// Whether the gas ran out.
    pub(super) const fn is_out_of_gas(&self) -> bool {
        self.is_out_of_gas
    }

    /// Whether that much gas is left.
    pub(super) const fn has_gas(&self, gas: u64) -> bool {
        gas <= self.frame.gas
    }

    /// Adds to registers what `n` rounds of a loop add; one that is not known stays so.
    pub(super) fn grow(&mut self, growth: &[(Operand, U256)], n: U256) {
        for &(operand, by) in growth {
            if let (Source::Register(at), true) = (operand.source(), self.is_known(operand)) {
                let word = self.registers[at as usize];
                self.registers[at as usize] = word.wrapping_add(n.wrapping_mul(by));
            }
        }
    }

    /// How the frame ends if it has run out of gas.
    pub(super) fn out_of_gas(&self) -> Option<Ended> {
        self.is_out_of_gas.then(Ended::halted)
    }

    /// The word an operand holds if it is known; else anything.
    #[inline]
    fn word(&self, operand: Operand) -> &U256 {
        match operand.source() {
            Source::Constant(at) => &self.program.constants[at as usize],
            Source::Register(at) => &self.registers[at as usize],
        }
    }

    #[inline]
    fn is_known(&self, operand: Operand) -> bool {
        match operand.source() {
            Source::Constant(_) => true,
            Source::Register(at) => self.unknown.is_empty() || self.unknown[at as usize].is_none(),
        }
    }

    /// An operand's word, if it is known.
    #[inline]
    pub(super) fn get(&self, operand: Operand) -> Option<U256> {
        self.is_known(operand).then(|| *self.word(operand))
    }

    /// An operand as an address in memory or a length, if it is known; what no gas pays for is
    /// [`FAR`].
    #[inline]
    pub(super) fn offset(&self, operand: Operand) -> Option<usize> {
        if !self.is_known(operand) {
            return None;
        }
        let [low, high @ ..] = self.word(operand).as_limbs();
        match *high == [0; 3] {
            true => Some(usize::try_from(*low).map_or(FAR, |low| low.min(FAR))),
            false => Some(FAR),
        }
    }

    /// Gives a register a word that is known.
    #[inline]
    pub(super) fn know(&mut self, to: Register, word: U256) {
        self.registers[to as usize] = word;
        if !self.unknown.is_empty() {
            self.unknown[to as usize] = None;
        }
    }

    /// Gives a register a word, or makes it unknown.
    #[inline]
    pub(super) fn set(&mut self, to: Register, value: Option<U256>) {
        match value {
            Some(word) => self.know(to, word),
            None => self.forget(to, Unknown::Lost),
        }
    }

    /// An operand's word, or why it is not known.
    #[inline]
    pub(super) fn value(&self, operand: Operand) -> Result<U256, Unknown> {
        match (operand.source(), self.unknown.is_empty()) {
            (Source::Register(at), false) => match self.unknown[at as usize] {
                Some(unknown) => Err(unknown),
                None => Ok(self.registers[at as usize]),
            },
            _ => Ok(*self.word(operand)),
        }
    }

    /// Gives a register a word, or says why it is not known.
    #[inline]
    pub(super) fn put(&mut self, to: Register, value: Result<U256, Unknown>) {
        match value {
            Ok(word) => self.know(to, word),
            Err(unknown) => self.forget(to, unknown),
        }
    }

    #[cold]
    fn forget(&mut self, to: Register, why: Unknown) {
        if self.unknown.is_empty() {
            self.unknown = vec![None; self.program.n_registers as usize];
        }
        self.unknown[to as usize] = Some(why);
    }

    /// An operation; unused operands repeat the first.
    #[inline]
    pub(super) fn apply(&mut self, op: Op, to: Register, operands: [Operand; 3]) {
        let [a, b, c] = operands;
        if !self.unknown.is_empty() {
            let is_known = self.is_known(a) && self.is_known(b) && self.is_known(c);
            if !is_known {
                return self.apply_unknown(op, to, operands);
            }
        }
        let word = word::eval(op, self.word(a), self.word(b), self.word(c));
        self.know(to, word);
    }

    /// An operation on words of which one at least is unknown. A signer is taken to be whom it is
    /// compared with.
    #[cold]
    fn apply_unknown(&mut self, op: Op, to: Register, operands: [Operand; 3]) {
        let is_signer = |operand| self.value(operand) == Err(Unknown::Signer);
        let [a, b, _] = operands;
        let value = match op {
            _ if operands.iter().any(|&operand| self.value(operand) == Err(Unknown::Lost)) => {
                Err(Unknown::Lost)
            }
            Op::Eq => Ok(U256::ONE),
            Op::IsZero => Ok(U256::ZERO),
            Op::Sub | Op::Xor => Ok(U256::ZERO),
            Op::And | Op::Or | Op::Shl | Op::Shr if is_signer(a) || is_signer(b) => {
                Err(Unknown::Signer)
            }
            _ => Err(Unknown::Lost),
        };
        self.put(to, value);
    }
}

#[cfg(test)]
mod tests;
