//! Where does a call lead?
//!
//! In: a call's operands. Out: the callee's accesses, and what the caller sees of it: whether it
//! succeeded, and what it returned.
//! Invariants: calls nest no deeper than the limit; a callee that reverts leaves no change behind;
//! what is not followed gives unknown results and says so.

use alloy_primitives::{Address, U256};
use slotcast_model::{Fork, Gap};

use super::{
    Callee, StateView,
    account::address_of,
    buffer::Buffer,
    eval::{Ended, Machine},
    frame::Frame,
    gas::{CALL_STIPEND, CALL_VALUE, saturate},
    precompile::is_precompile,
    running::Running,
};
use crate::{
    ir::{CallKind, Effect},
    program::Operand,
    word::flag,
};

/// How often one frame is run again because a computed jump led somewhere new.
const MAX_NEW_TARGETS: usize = 256;

/// The first four bytes of calldata, if they are known.
#[derive(Clone, Copy)]
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

impl Frame {
    /// The frame of a call from this one, its input and gas still to be set.
    fn callee(&self, kind: CallKind, target: Address, value: U256) -> Self {
        let (address, caller, value) = match kind {
            CallKind::Call => (target, self.address, value),
            CallKind::CallCode => (self.address, self.address, value),
            CallKind::DelegateCall => (self.address, self.caller, self.value),
            CallKind::StaticCall => (target, self.address, U256::ZERO),
        };
        Self {
            address,
            caller,
            value,
            input: Buffer::default(),
            code: Default::default(),
            depth: self.depth + 1,
            gas: 0,
        }
    }
}

impl<S: StateView> Machine<'_, S> {
    /// The transaction's own frame.
    pub(super) fn call_top(&mut self, to: Address) {
        let checkpoint = self.work.journal.checkpoint();
        if !self.tx.value.is_zero() {
            self.work.journal.transfer(self.tx.caller, to, self.tx.value);
        }
        let mut input = self.work.spare.buffer();
        input.fill(&self.tx.input);
        let frame = Frame {
            address: to,
            caller: self.tx.caller,
            value: self.tx.value,
            input,
            code: Default::default(),
            depth: 0,
            gas: self.tx.gas,
        };
        self.work.journal.warm(to);
        let ended = match is_precompile(to, self.fork) {
            true => None,
            false => self.enter(to, frame),
        };
        if let Some(Ended { success: false, .. }) = ended {
            self.work.journal.revert(checkpoint);
        }
    }

    /// Runs the code at `target` in `frame`; none when there is no code.
    fn enter(&mut self, target: Address, mut frame: Frame) -> Option<Ended> {
        let ended = self.enter_frame(target, &mut frame);
        self.work.spare.keep(frame.input);
        ended
    }

    fn enter_frame(&mut self, target: Address, frame: &mut Frame) -> Option<Ended> {
        self.work.journal.read_code(target);
        let gas = frame.gas;
        let lost = || Ended::lost(gas);
        let mut account = target;
        let mut callee = self.callee(target);
        if let Callee::Contract { summary, .. } = &callee
            && let Some(delegate) = summary.delegate()
        {
            // A delegation leads to code once, never on to another delegation (EIP-7702).
            self.work.journal.read_code(delegate);
            account = delegate;
            callee = self.callee(delegate);
        }
        let selector = selector(&frame.input);
        if matches!(selector, Selector::Unknown) {
            self.gap(Gap::UnknownCallee);
            return Some(lost());
        }
        let checkpoint = self.work.journal.checkpoint();
        for _ in 0..MAX_NEW_TARGETS {
            let (summary, code) = match callee {
                Callee::Nothing => return None,
                Callee::Contract { summary, code } => (summary, code),
                Callee::Unavailable => {
                    self.gap(Gap::MissingState);
                    return Some(lost());
                }
            };
            let program = match selector {
                Selector::Known(selector) => summary.entry(Some(selector)),
                Selector::Short | Selector::Unknown => summary.entry(None),
            };
            (frame.code, frame.gas) = (code, gas);
            let known = match selector {
                Selector::Known(selector) => Some(selector),
                Selector::Short | Selector::Unknown => None,
            };
            self.trace_enter(&summary, Some(account), known, frame);
            let ended = self.run(program, frame);
            self.trace_leave(&ended);
            let Some((jump, to)) = ended.new_target else { return Some(ended) };
            // The frame is run again from its start, now that the jump has one more case.
            match self.state.refine(account, jump, to) {
                Some(refined) => callee = refined,
                None => break,
            }
            self.work.journal.revert(checkpoint);
        }
        self.gap(Gap::UnresolvedJump);
        Some(lost())
    }

    /// CALL, CALLCODE, DELEGATECALL or STATICCALL; gives the success flag.
    pub(super) fn call(
        &mut self,
        running: &mut Running<'_>,
        effect: &Effect<Operand>,
    ) -> Option<U256> {
        let Effect::Call { kind, gas, target, value, input, output } = *effect else {
            unreachable!("only calls are sent here")
        };
        let input = self.memory_range(running, input);
        let value = running.get(value).unwrap_or_default();
        let requested = running.get(gas).map_or(u64::MAX, saturate);
        let Some(target) = running.get(target).map(address_of) else {
            self.gap(Gap::UnknownCallee);
            return Some(self.not_followed(running, output));
        };
        self.warm(running, target);
        if self.limits.depth <= running.frame.depth {
            self.gap(Gap::CallDepth);
            return Some(self.not_followed(running, output));
        }
        let mut frame = running.frame.callee(kind, target, value);
        frame.input = input;
        let moves_value = matches!(kind, CallKind::Call | CallKind::CallCode) && !value.is_zero();
        let payer = running.frame.address;
        if moves_value {
            running.charge(CALL_VALUE);
            if self.balance(payer).is_some_and(|balance| balance < value) {
                // The callee was looked at for what the call costs.
                self.work.journal.read_code(target);
                running.returned = Buffer::default();
                return Some(U256::ZERO);
            }
        }
        let given = self.give_gas(running, requested)?;
        frame.gas = if moves_value { given.saturating_add(CALL_STIPEND) } else { given };
        let checkpoint = self.work.journal.checkpoint();
        if moves_value {
            self.work.journal.transfer(payer, frame.address, value);
        }
        let ended = self.enter_or_precompile(target, frame);
        if !ended.success {
            self.work.journal.revert(checkpoint);
        }
        running.frame.gas = running.frame.gas.saturating_add(ended.gas);
        self.finish_call(running, ended, output)
    }

    /// Takes the gas a call hands over; none when there is not enough.
    fn give_gas(&self, running: &mut Running<'_>, requested: u64) -> Option<u64> {
        let left = running.frame.gas;
        let given =
            if self.prices.keeps_part { requested.min(left - left / 64) } else { requested };
        running.charge(given).then_some(given)
    }

    fn enter_or_precompile(&mut self, target: Address, frame: Frame) -> Ended {
        let gas = frame.gas;
        if is_precompile(target, self.fork) {
            let ended = self.precompile(target, &frame.input, gas);
            self.work.spare.keep(frame.input);
            return ended;
        }
        let nothing = Ended::returned(Buffer::default(), gas);
        self.enter(target, frame).unwrap_or(nothing)
    }

    /// Hands a call's output to the caller; gives the success flag.
    fn finish_call(
        &mut self,
        running: &mut Running<'_>,
        ended: Ended,
        output: (Operand, Operand),
    ) -> Option<U256> {
        if let (Some(at), Some(len)) = (running.offset(output.0), running.offset(output.1))
            && len != 0
            && at.saturating_add(len) <= self.limits.memory
        {
            // Memory behind what was returned keeps what it held.
            let len = if ended.output.open_ended { len } else { len.min(ended.output.len()) };
            running.memory.copy_from(at, &ended.output, 0, len);
        }
        let returned = core::mem::replace(&mut running.returned, ended.output);
        self.work.spare.keep(returned);
        Some(flag(ended.success))
    }

    /// A call that is not followed is taken to succeed with unknown output.
    fn not_followed(&mut self, running: &mut Running<'_>, output: (Operand, Operand)) -> U256 {
        self.finish_call(running, Ended::lost(0), output);
        U256::ONE
    }

    /// A range of memory as a buffer of its own.
    pub(super) fn memory_range(
        &mut self,
        running: &Running<'_>,
        (at, len): (Operand, Operand),
    ) -> Buffer {
        match (running.offset(at), running.offset(len)) {
            (_, Some(0)) => Buffer::default(),
            (Some(at), Some(len)) if at.saturating_add(len) <= self.limits.memory => {
                let mut range = self.work.spare.buffer();
                running.memory.range_into(at, len, &mut range);
                range
            }
            _ => Buffer::lost(),
        }
    }

    /// SELFDESTRUCT: everything goes to `to`.
    pub(super) fn self_destruct(&mut self, running: &Running<'_>, to: Operand) {
        let address = running.frame.address;
        let balance = self.balance(address).unwrap_or_default();
        if let Some(to) = running.get(to).map(address_of) {
            self.work.journal.transfer(address, to, balance);
        } else {
            self.gap(Gap::UnknownCallee);
        }
        // Since EIP-6780 only an account created by the same transaction is destroyed.
        if self.fork < Fork::Cancun || self.work.journal.is_created(address) {
            self.work.journal.destroy(address);
            // Which of the slots that were touched change by it depends on what they held.
            for (at, slot) in self.work.journal.unread(address) {
                self.read(at, slot);
            }
        }
    }
}
