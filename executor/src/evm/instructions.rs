//! Which instructions look at an account, and at what of it?
//!
//! In: revm's instruction table. Out: the same table, in which every instruction that loads an
//! account first does what it always does and then notes in the view what that looked at.
//! Invariants: no instruction behaves or costs differently; of an account that an instruction loaded
//! and then failed on, everything counts as looked at, because its price may have been what failed.
//!
//! | instruction | looks at |
//! |---|---|
//! | `BALANCE`, `SELFBALANCE` | the balance |
//! | `EXTCODESIZE`, `EXTCODECOPY` | nothing but code |
//! | `EXTCODEHASH` | code, and whether the account exists and is empty |
//! | `CALL` | code; with a value whether the callee is empty, and before Spurious Dragon in any case |
//! | `CALLCODE`, `DELEGATECALL`, `STATICCALL` | code |
//! | `CALL`, `CALLCODE`, `CREATE*` with a value | that the caller has that much |
//! | `CREATE`, `CREATE2` | the creator's nonce, all of what is at the new address |
//! | `SELFDESTRUCT` | all of the account itself, whether the heir is empty |

use alloy_primitives::{Address, U256};
use revm::{
    bytecode::opcode,
    database_interface::DatabaseRef,
    interpreter::{
        CallInputs, CallValue, CreateInputs, FrameInput, Instruction, InstructionContext,
        InstructionExecResult, InstructionResult, Interpreter, InterpreterAction,
        instructions::{InstructionTable, contract, host},
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, LoopControl},
    },
    primitives::hardfork::SpecId,
};

use super::context::ViewContext;
use crate::fees::Use;

pub(super) type Args<'i, 'a, DB> = InstructionContext<'i, ViewContext<'a, DB>, EthInterpreter>;

/// Makes the instructions of `table` note what they look at of an account.
pub(super) fn watch_accounts<'a, DB: DatabaseRef>(
    table: &mut InstructionTable<EthInterpreter, ViewContext<'a, DB>>,
) {
    let mut set = |opcode: u8, instruction| table[usize::from(opcode)] = instruction;
    set(opcode::BALANCE, Instruction::new(balance::<DB>));
    set(opcode::SELFBALANCE, Instruction::new(selfbalance::<DB>));
    set(opcode::EXTCODESIZE, Instruction::new(extcodesize::<DB>));
    set(opcode::EXTCODECOPY, Instruction::new(extcodecopy::<DB>));
    set(opcode::EXTCODEHASH, Instruction::new(extcodehash::<DB>));
    set(opcode::CALL, Instruction::new(call::<{ opcode::CALL }, DB>));
    set(opcode::CALLCODE, Instruction::new(call::<{ opcode::CALLCODE }, DB>));
    set(opcode::DELEGATECALL, Instruction::new(call::<{ opcode::DELEGATECALL }, DB>));
    set(opcode::STATICCALL, Instruction::new(call::<{ opcode::STATICCALL }, DB>));
    set(opcode::CREATE, Instruction::new(create::<false, DB>));
    set(opcode::CREATE2, Instruction::new(create::<true, DB>));
    set(opcode::SELFDESTRUCT, Instruction::new(selfdestruct::<DB>));
}

/// The same arguments again, for the instruction that is watched.
pub(super) const fn again<'i, 'a, DB: DatabaseRef>(
    args: &'i mut Args<'_, 'a, DB>,
) -> Args<'i, 'a, DB> {
    InstructionContext { interpreter: &mut *args.interpreter, host: &mut *args.host }
}

/// The address an instruction is about to take from the stack, below `n_above` other words. Without
/// enough words there the instruction fails before it loads anything.
fn operand(interpreter: &Interpreter<EthInterpreter>, n_above: usize) -> Address {
    let word = interpreter.stack.data().iter().rev().nth(n_above);
    word.map_or(Address::ZERO, |word| Address::from_word((*word).into()))
}

/// Notes what an instruction that loads one account, and does no more, looked at.
fn note<DB: DatabaseRef>(
    args: &mut Args<'_, '_, DB>,
    address: Address,
    result: &InstructionExecResult,
    look: impl FnOnce(&mut Use),
) {
    args.host.journaled_state.database.reads.note(address, |usage| match result {
        Ok(()) => {
            usage.explain();
            look(usage);
        }
        Err(_) => usage.look_at_all(),
    });
}

fn balance<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = operand(args.interpreter, 0);
    let result = host::balance(again(&mut args));
    note(&mut args, address, &result, Use::look_at_balance);
    result
}

fn selfbalance<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = args.interpreter.input.target_address();
    let result = host::selfbalance(again(&mut args));
    args.host.journaled_state.database.reads.note(address, Use::look_at_balance);
    result
}

fn extcodesize<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = operand(args.interpreter, 0);
    let result = host::extcodesize(again(&mut args));
    note(&mut args, address, &result, |_| {});
    result
}

fn extcodecopy<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = operand(args.interpreter, 0);
    let result = host::extcodecopy(again(&mut args));
    note(&mut args, address, &result, |_| {});
    result
}

fn extcodehash<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = operand(args.interpreter, 0);
    let result = host::extcodehash(again(&mut args));
    note(&mut args, address, &result, Use::look_at_existence);
    result
}

fn call<const KIND: u8, DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let callee = operand(args.interpreter, 1);
    let result = contract::call::<KIND, _, _>(again(&mut args));
    let host = &mut *args.host;
    match (result, args.interpreter.bytecode.action()) {
        (
            Err(InstructionResult::Suspend),
            Some(InterpreterAction::NewFrame(FrameInput::Call(inputs))),
        ) => note_call(host, inputs, KIND == opcode::CALL),
        _ => {
            let delegate = delegate(host, callee);
            let reads = &mut host.journaled_state.database.reads;
            reads.note(callee, Use::look_at_all);
            if let Some(delegate) = delegate {
                reads.note(delegate, Use::look_at_all);
            }
        }
    }
    result
}

fn note_call<DB: DatabaseRef>(host: &mut ViewContext<'_, DB>, inputs: &CallInputs, is_plain: bool) {
    let callee = inputs.bytecode_address;
    let delegate = delegate(host, callee);
    let state = &host.journaled_state.inner.state;
    let reads = &mut host.journaled_state.database.reads;
    let value = match inputs.value {
        CallValue::Transfer(value) => value,
        CallValue::Apparent(_) => U256::ZERO,
    };
    let is_existence_charged =
        is_plain && (!value.is_zero() || host.cfg.spec < SpecId::SPURIOUS_DRAGON);
    reads.note(callee, |usage| {
        usage.explain();
        if is_existence_charged {
            usage.look_at_existence();
        }
    });
    if let Some(delegate) = delegate {
        reads.note(delegate, Use::explain);
    }
    if !value.is_zero()
        && let Some(caller) = state.get(&inputs.caller)
    {
        reads.note(inputs.caller, |usage| usage.spend(caller.info.balance, value));
    }
}

/// Where the code of `address` really is, if it is delegated.
fn delegate<DB: DatabaseRef>(host: &ViewContext<'_, DB>, address: Address) -> Option<Address> {
    host.journaled_state.inner.state.get(&address)?.info.code.as_ref()?.eip7702_address()
}

fn create<const IS_CREATE2: bool, DB: DatabaseRef>(
    mut args: Args<'_, '_, DB>,
) -> InstructionExecResult {
    let result = contract::create::<IS_CREATE2, _, _>(again(&mut args));
    let host = &mut *args.host;
    match (result, args.interpreter.bytecode.action()) {
        (
            Err(InstructionResult::Suspend),
            Some(InterpreterAction::NewFrame(FrameInput::Create(inputs))),
        ) => note_create(host, inputs),
        // Since Amsterdam a creation looks at both accounts before it fails.
        _ => host.journaled_state.database.reads.is_opaque |= SpecId::AMSTERDAM <= host.cfg.spec,
    }
    result
}

fn note_create<DB: DatabaseRef>(host: &mut ViewContext<'_, DB>, inputs: &CreateInputs) {
    let creator = inputs.caller();
    let Some(account) = host.journaled_state.inner.state.get(&creator) else { return };
    let reads = &mut host.journaled_state.database.reads;
    reads.note(creator, |usage| {
        usage.look_at_nonce();
        if !inputs.value().is_zero() {
            usage.spend(account.info.balance, inputs.value());
        }
    });
    // The frame loads the new address only later, so it is noted when the run is over.
    reads.creations.push(inputs.created_address(account.info.nonce));
}

fn selfdestruct<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let (address, heir) = (args.interpreter.input.target_address(), operand(args.interpreter, 0));
    let result = host::selfdestruct(again(&mut args));
    let reads = &mut args.host.journaled_state.database.reads;
    reads.note(heir, |usage| match result {
        Err(InstructionResult::SelfDestruct) => {
            usage.explain();
            usage.look_at_existence();
        }
        _ => usage.look_at_all(),
    });
    reads.note(address, Use::look_at_all);
    result
}
