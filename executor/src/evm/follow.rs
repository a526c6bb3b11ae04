//! What becomes of a word that a run is expected to only add to?
//!
//! In: an SLOAD of such a slot. Out: the same SLOAD, and with it every instruction after it for as
//! long as the word, or a sum with it, is on the stack; what they do with it stands in
//! [`Deltas`](crate::deltas::Deltas).
//! Invariants: every instruction does and costs what it always does; a word that goes anywhere but
//! into a sum, a comparison or its own slot counts as looked at, as does one that is left on the
//! stack while another frame runs; once a slot counts as looked at, it does so until the run ends.
//!
//! Only these stretches are followed, from the load to the store mostly a hundred instructions, by
//! stepping the interpreter from inside the load. All other code runs at full speed.
//!
//! ```text
//! SLOAD         found + 0                       SUB, ADD    found + offset
//! DUP SWAP POP  wherever it goes                LT GT EQ ISZERO   a narrower range, a plain word
//! AND 2^n - 1   itself, if it is below 2^n      SSTORE to its own slot   a narrower range
//! ```
//!
//! What an SSTORE costs and refunds depends on which of the original, the present and the new word
//! are zero and which of them are equal (EIP-2200, EIP-3529 and what came before). All three are
//! sums with the word found, so that which are equal follows from the offsets, and which are zero is
//! kept by the range.
//!
//! What a reverted frame stored is undone, also here: how much was added is seen when the run is
//! over, from the word that is then in the slot.

use alloy_primitives::U256;
use revm::{
    bytecode::opcode::{self, OpCode},
    database_interface::DatabaseRef,
    interpreter::{
        Instruction, InstructionExecResult, InstructionResult,
        instructions::{InstructionTable, gas_table_spec, host, instruction_table},
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, Jumps},
    },
};
use slotcast_model::Slot;

use super::{
    context::ViewContext,
    hashes::remember_hashes,
    instructions::{Args, again, watch_accounts},
};
use crate::deltas::Range;

/// Makes the instructions of `table` follow the words of the slots that a run is expected to only
/// add to.
pub(super) fn watch_deltas<'a, DB: DatabaseRef>(
    table: &mut InstructionTable<EthInterpreter, ViewContext<'a, DB>>,
) {
    table[usize::from(opcode::SLOAD)] = Instruction::new(sload::<DB>);
    table[usize::from(opcode::SSTORE)] = Instruction::new(sstore::<DB>);
}

fn sload<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    if args.host.journaled_state.database.reads.deltas.is_empty() {
        return host::sload(args);
    }
    let slot = word(&args, 0).map(|key| slot_of(&args, key));
    host::sload(again(&mut args))?;
    let mut marks = Marks::default();
    if let Some(slot) = slot {
        marks.load(slot, &mut args);
    }
    marks.follow(args)
}

fn sstore<DB: DatabaseRef>(args: Args<'_, '_, DB>) -> InstructionExecResult {
    // No sum is on the stack here, so what is stored is something else.
    if let Some(slot) = word(&args, 0).map(|key| slot_of(&args, key)) {
        let deltas = &mut args.host.journaled_state.database.reads.deltas;
        if let Some(source) = deltas.followed(&slot) {
            deltas.look_at(source);
        }
    }
    host::sstore(args)
}

/// The word below `n_above` others on the stack.
fn word<DB: DatabaseRef>(args: &Args<'_, '_, DB>, n_above: usize) -> Option<U256> {
    args.interpreter.stack.data().iter().rev().nth(n_above).copied()
}

fn slot_of<DB: DatabaseRef>(args: &Args<'_, '_, DB>, key: U256) -> Slot {
    Slot::new(args.interpreter.input.target_address(), key)
}

/// A sum: the word found in a slot, named by its place in the deltas, and a number.
#[derive(Clone, Copy, Debug)]
struct Sum {
    source: usize,
    offset: U256,
}

/// The sums on the stack of one frame, by their position from the bottom.
#[derive(Debug, Default)]
struct Marks(Vec<(usize, Sum)>);

impl Marks {
    /// Runs the frame until no sum is on its stack any more.
    fn follow<DB: DatabaseRef>(mut self, mut args: Args<'_, '_, DB>) -> InstructionExecResult {
        if self.0.is_empty() {
            return Ok(());
        }
        let gas_table = gas_table_spec(args.host.cfg.spec);
        let mut table = instruction_table();
        watch_accounts(&mut table);
        remember_hashes(&mut table);
        while !self.0.is_empty() {
            let opcode = args.interpreter.bytecode.opcode();
            let after = self.before(opcode, &mut args);
            let result = args.interpreter.step(&table, &gas_table, args.host);
            if let Err(end) = result {
                if end == InstructionResult::Suspend {
                    self.look_at_all(&mut args);
                }
                return result;
            }
            match after {
                After::Nothing => {}
                After::Sum(sum) => self.push(sum, &args),
                After::Loaded(slot) => self.load(slot, &mut args),
            }
        }
        Ok(())
    }

    /// What the instruction about to run does with the sums it uses, and what it leaves on top.
    fn before<DB: DatabaseRef>(&mut self, opcode: u8, args: &mut Args<'_, '_, DB>) -> After {
        let height = args.interpreter.stack.data().len();
        let position = |n_above: usize| height.checked_sub(n_above + 1);
        match opcode {
            opcode::POP => {
                self.take(position(0));
                After::Nothing
            }
            opcode::DUP1..=opcode::DUP16 => {
                let copied = position(usize::from(opcode - opcode::DUP1));
                self.at(copied).map_or(After::Nothing, After::Sum)
            }
            opcode::SWAP1..=opcode::SWAP16 => {
                self.swap(position(0), position(usize::from(opcode - opcode::SWAP1) + 1));
                After::Nothing
            }
            opcode::ADD | opcode::SUB | opcode::AND | opcode::LT | opcode::GT | opcode::EQ => {
                let (left, right) = (self.take(position(0)), self.take(position(1)));
                let (Some(a), Some(b)) = (word(args, 0), word(args, 1)) else {
                    return After::Nothing;
                };
                self.combine(opcode, (left, a), (right, b), args)
            }
            opcode::ISZERO => {
                if let Some(sum) = self.take(position(0)) {
                    narrow(args, sum, |range, offset| range.keep_equal(offset, U256::ZERO));
                }
                After::Nothing
            }
            opcode::SLOAD if self.at(position(0)).is_none() => {
                word(args, 0).map_or(After::Nothing, |key| After::Loaded(slot_of(args, key)))
            }
            opcode::SSTORE if self.at(position(0)).is_none() => {
                let value = self.take(position(1));
                if let Some(slot) = word(args, 0).map(|key| slot_of(args, key)) {
                    self.store(slot, value, args);
                }
                After::Nothing
            }
            opcode::DUPN | opcode::SWAPN | opcode::EXCHANGE => {
                self.look_at_all(args);
                After::Nothing
            }
            _ => {
                // An unknown opcode uses nothing and ends the frame.
                let n_used = OpCode::new(opcode).map_or(0, |opcode| opcode.inputs());
                for n_above in 0..usize::from(n_used) {
                    if let Some(sum) = self.at(position(n_above)) {
                        self.look_at(sum.source, args);
                    }
                }
                After::Nothing
            }
        }
    }

    /// What two words, of which each may be a sum, come to.
    fn combine<DB: DatabaseRef>(
        &mut self,
        opcode: u8,
        (left, a): (Option<Sum>, U256),
        (right, b): (Option<Sum>, U256),
        args: &mut Args<'_, '_, DB>,
    ) -> After {
        let moved = |sum: Sum, offset| After::Sum(Sum { offset, ..sum });
        match (left, right) {
            (None, None) => After::Nothing,
            (Some(left), Some(right)) => self.combine_sums(opcode, left, right, args),
            (Some(sum), None) if opcode == opcode::SUB => moved(sum, sum.offset.wrapping_sub(b)),
            (Some(sum), None) | (None, Some(sum)) => {
                let (is_left, other, own) = match left {
                    Some(_) => (true, b, a),
                    None => (false, a, b),
                };
                match opcode {
                    opcode::ADD => return moved(sum, sum.offset.wrapping_add(other)),
                    opcode::AND if other.wrapping_add(U256::ONE) & other == U256::ZERO => {
                        if own <= other {
                            narrow(args, sum, |range, it| range.keep_above(it, other));
                            return After::Sum(sum);
                        }
                        self.look_at(sum.source, args);
                    }
                    opcode::LT | opcode::GT if is_left == (opcode == opcode::LT) => {
                        narrow(args, sum, |range, it| range.keep_below(it, other));
                    }
                    opcode::LT | opcode::GT => {
                        narrow(args, sum, |range, it| range.keep_above(it, other));
                    }
                    opcode::EQ => narrow(args, sum, |range, it| range.keep_equal(it, other)),
                    _ => self.look_at(sum.source, args),
                }
                After::Nothing
            }
        }
    }

    /// What two sums come to: of one word, their order and difference follow from the offsets.
    fn combine_sums<DB: DatabaseRef>(
        &mut self,
        opcode: u8,
        left: Sum,
        right: Sum,
        args: &mut Args<'_, '_, DB>,
    ) -> After {
        match opcode {
            opcode::LT | opcode::GT if left.source == right.source => {
                for sum in [left, right] {
                    narrow(args, sum, Range::keep_wrapping);
                }
            }
            opcode::SUB | opcode::EQ if left.source == right.source => {}
            _ => {
                self.look_at(left.source, args);
                self.look_at(right.source, args);
            }
        }
        After::Nothing
    }

    /// Notes that `value`, or something that is no sum, is about to be stored in `slot`.
    fn store<DB: DatabaseRef>(
        &mut self,
        slot: Slot,
        value: Option<Sum>,
        args: &mut Args<'_, '_, DB>,
    ) {
        let state = &args.host.journaled_state.inner.state;
        let account = state.get(&slot.address);
        let present = account.and_then(|account| account.storage.get(&slot.key));
        let present = present.map(|word| word.present_value);
        let deltas = &mut args.host.journaled_state.database.reads.deltas;
        if let (Some(sum), Some(present)) = (value, present)
            && deltas.slot(sum.source) == slot
            && let Some(range) = deltas.range_mut(sum.source)
        {
            for offset in [U256::ZERO, present.wrapping_sub(range.found()), sum.offset] {
                range.keep_equal(offset, U256::ZERO);
            }
            return;
        }
        let overwritten = deltas.followed(&slot);
        for source in [value.map(|sum| sum.source), overwritten].into_iter().flatten() {
            self.look_at(source, args);
        }
    }

    /// Marks the word on top, just loaded from `slot`, if that is followed.
    fn load<DB: DatabaseRef>(&mut self, slot: Slot, args: &mut Args<'_, '_, DB>) {
        let reads = &mut args.host.journaled_state.database.reads;
        let Some(source) = reads.deltas.followed(&slot) else { return };
        if reads.deltas.range_mut(source).is_none() {
            match reads.slots.iter().rev().find(|read| read.slot == slot) {
                Some(read) => reads.deltas.read(source, read.value),
                // It was read nowhere: the storage of an account that this transaction created.
                None => return reads.deltas.look_at(source),
            }
        }
        let found = reads.deltas.range_mut(source).map(|range| range.found());
        if let (Some(found), Some(loaded)) = (found, word(args, 0)) {
            // Whatever was stored there was a sum, so that this is one too.
            self.push(Sum { source, offset: loaded.wrapping_sub(found) }, args);
        }
    }

    fn push<DB: DatabaseRef>(&mut self, sum: Sum, args: &Args<'_, '_, DB>) {
        if let Some(top) = args.interpreter.stack.data().len().checked_sub(1) {
            self.0.push((top, sum));
        }
    }

    fn at(&self, position: Option<usize>) -> Option<Sum> {
        self.0.iter().find(|(at, _)| Some(*at) == position).map(|(_, sum)| *sum)
    }

    fn take(&mut self, position: Option<usize>) -> Option<Sum> {
        let place = self.0.iter().position(|(at, _)| Some(*at) == position)?;
        Some(self.0.swap_remove(place).1)
    }

    fn swap(&mut self, one: Option<usize>, other: Option<usize>) {
        let (Some(one), Some(other)) = (one, other) else { return };
        for (at, _) in &mut self.0 {
            *at = match *at {
                at if at == one => other,
                at if at == other => one,
                at => at,
            };
        }
    }

    /// The word of this source counts as looked at, so that sums with it are plain words.
    fn look_at<DB: DatabaseRef>(&mut self, source: usize, args: &mut Args<'_, '_, DB>) {
        args.host.journaled_state.database.reads.deltas.look_at(source);
        self.0.retain(|(_, sum)| sum.source != source);
    }

    fn look_at_all<DB: DatabaseRef>(&mut self, args: &mut Args<'_, '_, DB>) {
        while let Some((_, sum)) = self.0.last().copied() {
            self.look_at(sum.source, args);
        }
    }
}

/// What an instruction leaves on top of the stack.
enum After {
    /// No sum.
    Nothing,
    /// A sum.
    Sum(Sum),
    /// The word of a slot.
    Loaded(Slot),
}

fn narrow<DB: DatabaseRef>(
    args: &mut Args<'_, '_, DB>,
    sum: Sum,
    narrow: impl FnOnce(&mut Range, U256),
) {
    let deltas = &mut args.host.journaled_state.database.reads.deltas;
    if let Some(range) = deltas.range_mut(sum.source) {
        narrow(range, sum.offset);
    }
}
