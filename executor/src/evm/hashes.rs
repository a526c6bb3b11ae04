//! When is a hash not worked out again?
//!
//! In: revm's KECCAK256 instruction. Out: the same instruction, which looks two words up before it
//! hashes them.
//! Invariants: the instruction does, costs and fails as it always does.
//!
//! Code that reads the slot of a mapping mostly writes it a little later, for which it hashes the same
//! words again. A call of a token spends a third of its time on hashing, and half of that is repeated.

use alloy_primitives::U256;
use revm::{
    bytecode::opcode,
    context::Cfg,
    database_interface::DatabaseRef,
    interpreter::{
        Instruction, InstructionExecResult, InstructionResult, Interpreter,
        instructions::{InstructionTable, system},
        interpreter::EthInterpreter,
        interpreter_types::MemoryTr,
    },
};
use slotcast_model::PAIR;

use super::{context::ViewContext, instructions::Args};

/// Makes the instructions of `table` remember hashes.
pub(super) fn remember_hashes<'a, DB: DatabaseRef>(
    table: &mut InstructionTable<EthInterpreter, ViewContext<'a, DB>>,
) {
    table[usize::from(opcode::KECCAK256)] = Instruction::new(keccak256::<DB>);
}

fn keccak256<DB: DatabaseRef>(args: Args<'_, '_, DB>) -> InstructionExecResult {
    let Some(from) = pair(args.interpreter) else { return system::keccak256(args) };
    let gas = args.host.cfg.gas_params().keccak256_cost(PAIR);
    if !args.interpreter.gas.record_regular_cost(gas) {
        return Err(InstructionResult::OutOfGas);
    }
    let bytes = args.interpreter.memory.slice(from..from + PAIR);
    let hash = args.host.journaled_state.database.hashes.keccak(&bytes);
    drop(bytes);
    if let Some((_, top)) = args.interpreter.stack.popn_top::<1>() {
        *top = hash.into();
    }
    Ok(())
}

/// Where in memory the two words begin that are about to be hashed, if it is two and they are there
/// already.
fn pair(interpreter: &Interpreter<EthInterpreter>) -> Option<usize> {
    let [.., length, offset] = interpreter.stack.data().as_slice() else { return None };
    if *length != U256::from(PAIR) {
        return None;
    }
    let from = usize::try_from(offset).ok()?;
    (from.checked_add(PAIR)? <= interpreter.memory.size()).then_some(from)
}
