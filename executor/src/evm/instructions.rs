//! Which instructions look at an account, and at what of it?
//!
//! In: revm's instruction table. Out: the same table, in which every instruction that loads an
//! account first does what it always does and then notes in the view what that looked at.
//! Invariants: no instruction behaves or costs differently; one that fails part-way makes the whole
//! run opaque, because it may have looked at something and nobody noted what.
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

use super::SpeculativeContext;

type Args<'i, 'a, DB> = InstructionContext<'i, SpeculativeContext<'a, DB>, EthInterpreter>;

/// Makes the instructions of `table` note what they look at.
pub(super) fn watch<'a, DB: DatabaseRef>(
    table: &mut InstructionTable<EthInterpreter, SpeculativeContext<'a, DB>>,
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
const fn again<'i, 'a, DB: DatabaseRef>(args: &'i mut Args<'_, 'a, DB>) -> Args<'i, 'a, DB> {
    InstructionContext { interpreter: &mut *args.interpreter, host: &mut *args.host }
}

/// The address an instruction is about to take from the stack.
fn top(interpreter: &Interpreter<EthInterpreter>) -> Address {
    interpreter.stack.data().last().map_or(Address::ZERO, |word| Address::from_word((*word).into()))
}

fn balance<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = top(args.interpreter);
    let result = host::balance(again(&mut args));
    let reads = &mut args.host.journaled_state.database.reads;
    reads.is_opaque |= result.is_err();
    reads.note(address, |usage| {
        usage.explain();
        usage.look_at_balance();
    });
    result
}

fn selfbalance<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = args.interpreter.input.target_address();
    let result = host::selfbalance(again(&mut args));
    args.host.journaled_state.database.reads.note(address, |usage| usage.look_at_balance());
    result
}

fn extcodesize<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = top(args.interpreter);
    let result = host::extcodesize(again(&mut args));
    note_code(&mut args, address, result.is_err());
    result
}

fn extcodecopy<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = top(args.interpreter);
    let result = host::extcodecopy(again(&mut args));
    note_code(&mut args, address, result.is_err());
    result
}

fn note_code<DB: DatabaseRef>(args: &mut Args<'_, '_, DB>, address: Address, has_failed: bool) {
    let reads = &mut args.host.journaled_state.database.reads;
    reads.is_opaque |= has_failed;
    reads.note(address, |usage| usage.explain());
}

fn extcodehash<DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let address = top(args.interpreter);
    let result = host::extcodehash(again(&mut args));
    let reads = &mut args.host.journaled_state.database.reads;
    reads.is_opaque |= result.is_err();
    reads.note(address, |usage| {
        usage.explain();
        usage.look_at_existence();
    });
    result
}

fn call<const KIND: u8, DB: DatabaseRef>(mut args: Args<'_, '_, DB>) -> InstructionExecResult {
    let result = contract::call::<KIND, _, _>(again(&mut args));
    let host = &mut *args.host;
    match (result, args.interpreter.bytecode.action()) {
        (
            Err(InstructionResult::Suspend),
            Some(InterpreterAction::NewFrame(FrameInput::Call(inputs))),
        ) => note_call(host, inputs, KIND == opcode::CALL),
        _ => host.journaled_state.database.reads.is_opaque = true,
    }
    result
}

fn note_call<DB: DatabaseRef>(
    host: &mut SpeculativeContext<'_, DB>,
    inputs: &CallInputs,
    is_plain: bool,
) {
    let state = &host.journaled_state.inner.state;
    let reads = &mut host.journaled_state.database.reads;
    let callee = inputs.bytecode_address;
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
    if let Some(code) = state.get(&callee).and_then(|account| account.info.code.as_ref())
        && let Some(delegate) = code.eip7702_address()
    {
        reads.note(delegate, |usage| usage.explain());
    }
    if !value.is_zero()
        && let Some(caller) = state.get(&inputs.caller)
    {
        reads.note(inputs.caller, |usage| usage.spend(caller.info.balance, value));
    }
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
        _ => host.journaled_state.database.reads.is_opaque = true,
    }
    result
}

fn note_create<DB: DatabaseRef>(host: &mut SpeculativeContext<'_, DB>, inputs: &CreateInputs) {
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
    let (address, heir) = (args.interpreter.input.target_address(), top(args.interpreter));
    let result = host::selfdestruct(again(&mut args));
    let reads = &mut args.host.journaled_state.database.reads;
    reads.is_opaque |= result != Err(InstructionResult::SelfDestruct);
    reads.note(heir, |usage| {
        usage.explain();
        usage.look_at_existence();
    });
    reads.note(address, |usage| usage.look_at_all());
    result
}
