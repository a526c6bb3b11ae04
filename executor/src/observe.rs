//! What did one transaction really touch?
//!
//! In: the EVM state a transaction ended with, and what [`Watch`] saw it ask for. Out:
//! [`Observation`], the truth that predictions are scored against.
//! Invariants: lists are ascending and without repeats; every written slot is also read; slots of
//! contracts the transaction itself created are left out, even if the creation was undone.
//!
//! Storage needs no watching. revm loads every slot that SLOAD or SSTORE hits into the account it
//! belongs to and leaves it there when the frame reverts, while entries of an access list are kept
//! elsewhere until they are hit. Balances and code are different: an account is loaded as a whole,
//! so that only the instructions tell what was asked for.

use alloy_primitives::{Address, U256};
use revm::{
    Inspector,
    bytecode::opcode,
    context::{ContextTr, JournalTr},
    interpreter::{
        CallInputs, CallOutcome, Interpreter,
        interpreter_types::{InputsTr, Jumps},
    },
    state::{Account, EvmState},
};
use slotcast_model::{AccountAccess, Observation, Slot};

/// Notes which balances and codes a transaction asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    balances: Vec<Address>,
    codes: Vec<Address>,
}

impl Watch {
    /// Turns what was seen into an observation and starts again for the next transaction.
    pub(crate) fn observe(&mut self, state: &EvmState) -> Observation {
        let Self { balances, codes } = core::mem::take(self);
        let mut accounts =
            AccountAccess { balance_reads: balances, code_reads: codes, ..Default::default() };
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let delegates: Vec<_> = accounts
            .code_reads
            .iter()
            .filter_map(|address| state.get(address)?.info.code.as_ref()?.eip7702_address())
            .collect();
        accounts.code_reads.extend(delegates);
        state.iter().for_each(|(address, account)| {
            observe_fields(*address, account, &mut accounts);
            if !ran_as_its_own_creation(account) {
                observe_slots(*address, account, &mut reads, &mut writes);
            }
        });
        let mut balances_asked = accounts.balance_reads.clone();
        accounts.balance_reads.extend_from_slice(&accounts.balance_debits);
        for list in [
            &mut balances_asked,
            &mut accounts.balance_reads,
            &mut accounts.balance_debits,
            &mut accounts.balance_credits,
            &mut accounts.nonces,
            &mut accounts.code_reads,
            &mut accounts.created,
            &mut accounts.destroyed,
            &mut accounts.delegated,
        ] {
            list.sort_unstable();
            list.dedup();
        }
        reads.sort_unstable();
        writes.sort_unstable();
        let change = |(address, account): (&Address, &Account)| {
            let change = account.info.balance.wrapping_sub(account.original_info().balance);
            (!change.is_zero()).then_some((*address, change))
        };
        let mut balance_changes: Vec<_> = state.iter().filter_map(change).collect();
        balance_changes.sort_unstable();
        Observation { reads, writes, accounts, balances_asked, balance_changes }
    }
}

/// Sorts an account into the lists it belongs to, by how it ended against how it began.
fn observe_fields(address: Address, account: &Account, accounts: &mut AccountAccess) {
    let before = account.original_info();
    let created = account.is_created() && (!account.is_empty() || account.is_selfdestructed());
    if created {
        accounts.created.push(address);
    } else if before.nonce != account.info.nonce {
        accounts.nonces.push(address);
    }
    if account.is_selfdestructed() {
        accounts.destroyed.push(address);
    } else if !account.is_created() && before.code_hash != account.info.code_hash {
        accounts.delegated.push(address);
    }
    match account.info.balance.cmp(&before.balance) {
        core::cmp::Ordering::Less => accounts.balance_debits.push(address),
        core::cmp::Ordering::Equal => {}
        core::cmp::Ordering::Greater => accounts.balance_credits.push(address),
    }
}

fn observe_slots(
    address: Address,
    account: &Account,
    reads: &mut Vec<Slot>,
    writes: &mut Vec<Slot>,
) {
    account.storage.iter().for_each(|(key, slot)| {
        let after = if account.is_selfdestructed() { U256::ZERO } else { slot.present_value };
        reads.push(Slot::new(address, *key));
        if after != slot.original_value {
            writes.push(Slot::new(address, *key));
        }
    });
}

/// Whether storage this account touched was touched by its own creation.
///
/// Only code reaches storage. An account that had none before the transaction got it from a
/// creation, which may have been undone since and then left no mark, or from an EIP-7702 delegation,
/// which is never undone.
fn ran_as_its_own_creation(account: &Account) -> bool {
    let is_delegated = account.info.code.as_ref().is_some_and(|code| code.is_eip7702());
    account.original_info().is_empty_code_hash() && !is_delegated
}

impl<CTX: ContextTr> Inspector<CTX> for Watch {
    fn step(&mut self, interpreter: &mut Interpreter, _context: &mut CTX) {
        let top = |interpreter: &Interpreter| {
            interpreter.stack.data().last().map(|word| Address::from_word((*word).into()))
        };
        match interpreter.bytecode.opcode() {
            opcode::BALANCE => self.balances.extend(top(interpreter)),
            opcode::SELFBALANCE => self.balances.push(interpreter.input.target_address()),
            opcode::EXTCODESIZE | opcode::EXTCODECOPY | opcode::EXTCODEHASH => {
                self.codes.extend(top(interpreter));
            }
            _ => {}
        }
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        // That an account has no code to run is seen by looking; a precompile is known beforehand.
        let callee = inputs.bytecode_address;
        if !context.journal().precompile_addresses().contains(&callee) {
            self.codes.push(callee);
        }
        None
    }
}
