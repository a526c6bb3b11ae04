//! Where does a call lead?
//!
//! In: a call's operands. Out: the callee's accesses, and what the caller sees of it: whether it
//! succeeded, and what it returned.
//! Invariants: calls nest no deeper than the limit; a callee that reverts leaves no change behind;
//! what is not followed gives unknown results and says so.

use alloy_primitives::{Address, U256, keccak256};
use slotcast_model::{Fork, Gap, Location};

use super::{
    Callee, StateView,
    account::address_of,
    buffer::Buffer,
    eval::{Ended, Machine, Running},
    frame::Frame,
    precompile::{is_precompile, run_precompile},
};
use crate::{ir::CallKind, summary::Operand, word::flag};

/// The first four bytes of calldata, if they are known.
enum Selector {
    Known(u32),
    /// Fewer than four bytes.
    Short,
    Unknown,
}

fn selector(input: &Buffer) -> Selector {
    if input.open_ended {
        return Selector::Unknown;
    }
    if input.len() < 4 {
        return Selector::Short;
    }
    match input.slice(0, 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) {
        Some(bytes) => Selector::Known(u32::from_be_bytes(bytes)),
        None => Selector::Unknown,
    }
}

impl<S: StateView> Machine<'_, S> {
    /// The transaction's own frame.
    pub(super) fn call_top(&mut self, to: Address) {
        let checkpoint = self.work.journal.checkpoint();
        if !self.tx.value.is_zero() {
            self.work.journal.transfer(self.tx.caller, to, self.tx.value);
        }
        let frame = Frame {
            address: to,
            caller: self.tx.caller,
            value: self.tx.value,
            input: Buffer::known(self.tx.input.to_vec()),
            code: Default::default(),
            depth: 0,
        };
        let ended = match is_precompile(to, self.fork) {
            true => None,
            false => self.enter(to, frame, 0),
        };
        if let Some(Ended { success: false, .. }) = ended {
            self.work.journal.revert(checkpoint);
        }
    }

    /// Runs the code at `target` in `frame`; none when there is no code.
    fn enter(&mut self, target: Address, mut frame: Frame, base: usize) -> Option<Ended> {
        self.work.journal.read_code(target);
        let lost = || Ended { success: true, output: Buffer::lost() };
        if self.work.journal.is_created(target) {
            self.gap(Gap::Creation);
            return Some(lost());
        }
        let (mut summary, mut code) = match self.state.callee(target) {
            Callee::Nothing => return None,
            Callee::Contract { summary, code } => (summary, code),
            Callee::Unavailable => {
                self.gap(Gap::MissingState);
                return Some(lost());
            }
        };
        if let Some(delegate) = summary.delegate {
            // A delegation leads to code once, never on to another delegation (EIP-7702).
            self.work.journal.read_code(delegate);
            match self.state.callee(delegate) {
                Callee::Contract { summary: next, code: next_code } => {
                    (summary, code) = (next, next_code);
                }
                Callee::Nothing => return None,
                Callee::Unavailable => {
                    self.gap(Gap::MissingState);
                    return Some(lost());
                }
            }
        }
        let program = match selector(&frame.input) {
            Selector::Known(selector) => summary.entry(Some(selector)),
            Selector::Short => summary.entry(None),
            Selector::Unknown => {
                self.gap(Gap::UnknownCallee);
                return Some(lost());
            }
        };
        frame.code = code;
        Some(self.run(program, frame, base))
    }

    /// CALL, CALLCODE, DELEGATECALL or STATICCALL; gives the success flag.
    pub(super) fn call(
        &mut self,
        running: &mut Running<'_>,
        kind: CallKind,
        target: Operand,
        value: Operand,
        input: (Operand, Operand),
        output: (Operand, Operand),
    ) -> Option<U256> {
        let input = self.memory_range(running, input);
        let value = self.get(running, value).unwrap_or_default();
        let Some(target) = self.get(running, target).map(address_of) else {
            self.gap(Gap::UnknownCallee);
            return Some(self.not_followed(running, output));
        };
        let caller = &running.frame;
        if self.limits.depth <= caller.depth {
            self.gap(Gap::CallDepth);
            return Some(self.not_followed(running, output));
        }
        let (address, sender, value) = match kind {
            CallKind::Call => (target, caller.address, value),
            CallKind::CallCode => (caller.address, caller.address, value),
            CallKind::DelegateCall => (caller.address, caller.caller, caller.value),
            CallKind::StaticCall => (target, caller.address, U256::ZERO),
        };
        let (depth, payer) = (caller.depth + 1, caller.address);
        let moves_value = matches!(kind, CallKind::Call | CallKind::CallCode) && !value.is_zero();
        if moves_value && self.balance(payer).is_some_and(|balance| balance < value) {
            running.returned = Buffer::default();
            return Some(U256::ZERO);
        }
        let checkpoint = self.work.journal.checkpoint();
        if moves_value {
            self.work.journal.transfer(payer, address, value);
        }
        let ended = match is_precompile(target, self.fork) {
            true => run_precompile(target, self.fork, &input),
            false => {
                let frame =
                    Frame { address, caller: sender, value, input, code: Default::default(), depth };
                let nothing = Ended { success: true, output: Buffer::default() };
                self.enter(target, frame, running.next_base()).unwrap_or(nothing)
            }
        };
        if !ended.success {
            self.work.journal.revert(checkpoint);
        }
        self.finish_call(running, ended, output)
    }

    /// Hands a call's output to the caller; gives the success flag.
    fn finish_call(
        &mut self,
        running: &mut Running<'_>,
        ended: Ended,
        output: (Operand, Operand),
    ) -> Option<U256> {
        if let (Some(at), Some(len)) = (self.offset(running, output.0), self.offset(running, output.1))
            && len != 0
            && at.saturating_add(len) <= self.limits.memory
        {
            // Memory behind what was returned keeps what it held.
            let len = if ended.output.open_ended { len } else { len.min(ended.output.len()) };
            running.memory.copy_from(at, &ended.output, 0, len);
        }
        running.returned = ended.output;
        Some(flag(ended.success))
    }

    /// A call that is not followed is taken to succeed with unknown output.
    fn not_followed(&mut self, running: &mut Running<'_>, output: (Operand, Operand)) -> U256 {
        let lost = Ended { success: true, output: Buffer::lost() };
        self.finish_call(running, lost, output);
        U256::ONE
    }

    fn memory_range(&self, running: &Running<'_>, (at, len): (Operand, Operand)) -> Buffer {
        match (self.offset(running, at), self.offset(running, len)) {
            (_, Some(0)) => Buffer::default(),
            (Some(at), Some(len)) if at.saturating_add(len) <= self.limits.memory => {
                running.memory.range(at, len)
            }
            _ => Buffer::lost(),
        }
    }

    /// CREATE or CREATE2: the address is predicted, the init code is not followed.
    pub(super) fn create(
        &mut self,
        running: &mut Running<'_>,
        value: Operand,
        input: (Operand, Operand),
        salt: Option<Operand>,
    ) -> Option<U256> {
        self.gap(Gap::Creation);
        running.returned = Buffer::default();
        let creator = running.frame.address;
        let created = match salt {
            Some(salt) => {
                let init = self.memory_range(running, input);
                let hash = keccak256(init.slice(0, init.len())?);
                creator.create2(self.get(running, salt)?.to_be_bytes::<32>(), hash)
            }
            None => {
                let nonce = self.state.nonce(creator)?;
                self.rely(Location::Nonce(creator), U256::from(nonce));
                creator.create(nonce.wrapping_add(self.work.journal.n_created(creator)))
            }
        };
        self.work.journal.create(creator, created);
        if let Some(value) = self.get(running, value).filter(|value| !value.is_zero()) {
            self.work.journal.transfer(creator, created, value);
        }
        Some(U256::from_be_slice(created.as_slice()))
    }

    /// SELFDESTRUCT: everything goes to `to`.
    pub(super) fn self_destruct(&mut self, running: &Running<'_>, to: Operand) {
        let address = running.frame.address;
        let balance = self.balance(address).unwrap_or_default();
        if let Some(to) = self.get(running, to).map(address_of) {
            self.work.journal.transfer(address, to, balance);
        } else {
            self.gap(Gap::UnknownCallee);
        }
        // Since EIP-6780 only an account created by the same transaction is destroyed.
        if self.fork < Fork::Cancun || self.work.journal.is_created(address) {
            self.work.journal.destroy(address);
        }
    }
}
