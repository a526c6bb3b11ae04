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
    gas::{CALL_STIPEND, saturate},
    precompile::is_precompile,
    running::{FAR, Running},
};
use crate::{
    ir::{CallKind, Effect},
    program::Operand,
    word::flag,
};

/// What looking for the code of a delegated account takes, but for touching the other (EIP-7702).
const DELEGATION: u64 = 100;

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
            is_static: self.is_static || kind == CallKind::StaticCall,
            gas: 0,
            loose: 0,
        }
    }
}

/// What a call runs: the account whose code it is, which is another where that is delegated (EIP-7702).
struct Code {
    account: Address,
    callee: Callee,
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
            is_static: false,
            gas: self.tx.gas,
            loose: self.tx.loose,
        };
        self.work.journal.warm(to);
        if is_precompile(to, self.fork) {
            return;
        }
        let code = self.code_to_run(to);
        self.work.journal.warm(code.account);
        match self.enter(code, frame) {
            Some(Ended { success: false, .. }) => self.work.journal.revert(checkpoint),
            Some(Ended { is_lost: true, .. }) => self.work.journal.lose_since(checkpoint),
            _ => {}
        }
    }

    /// What runs when `target` is called.
    fn code_to_run(&mut self, target: Address) -> Code {
        self.work.journal.read_code(target);
        let callee = self.callee(target);
        if let Callee::Contract { summary, .. } = &callee
            && let Some(delegate) = summary.delegate()
        {
            // A delegation leads to code once, never on to another delegation; nor does it run what is
            // precompiled.
            self.work.journal.read_code(delegate);
            return Code { account: delegate, callee: self.callee(delegate) };
        }
        Code { account: target, callee }
    }

    /// Runs code in `frame`; none when there is no code.
    fn enter(&mut self, code: Code, mut frame: Frame) -> Option<Ended> {
        let ended = self.enter_frame(code, &mut frame);
        self.work.spare.keep(frame.input);
        ended
    }

    fn enter_frame(&mut self, code: Code, frame: &mut Frame) -> Option<Ended> {
        let Code { account, mut callee } = code;
        let gas = frame.gas;
        let lost = || Ended::lost(gas);
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
            let ended = self.run(&summary, program, frame);
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
    ) -> Result<Option<U256>, Ended> {
        let Effect::Call { kind, gas, target, value, input, output } = *effect else {
            unreachable!("only calls are sent here")
        };
        let value = running.get(value).unwrap_or_else(|| {
            self.gap(Gap::UnknownCallee);
            U256::ZERO
        });
        if running.frame.is_static && kind == CallKind::Call && !value.is_zero() {
            return Err(Ended::halted());
        }
        let input = self.memory_range(running, input)?;
        self.pay_output(running, output)?;
        let requested = running.get(gas).map_or(u64::MAX, saturate);
        let Some(target) = running.get(target).map(address_of) else {
            self.gap(Gap::UnknownCallee);
            return Ok(Some(self.not_followed(running, output)));
        };
        self.warm(running, target);
        if self.limits.depth <= running.frame.depth {
            self.gap(Gap::CallDepth);
            return Ok(Some(self.not_followed(running, output)));
        }
        let mut frame = running.frame.callee(kind, target, value);
        frame.input = input;
        let moves_value = matches!(kind, CallKind::Call | CallKind::CallCode) && !value.is_zero();
        if moves_value {
            running.charge(self.prices.call_value);
        }
        let code = (!is_precompile(target, self.fork)).then(|| self.code_to_run(target));
        if let Some(Code { account, .. }) = code
            && account != target
        {
            running.charge(DELEGATION);
            self.warm(running, account);
        }
        let loose = running.most_uncounted(self.uncounted);
        let left = running.frame.gas;
        // What is asked for is given as long as there is surely more.
        let is_certain = requested.saturating_add(loose) <= left - left / 64;
        frame.loose = if is_certain { 0 } else { loose };
        let given = self.give_gas(running, requested).ok_or_else(Ended::halted)?;
        frame.gas = if moves_value { given.saturating_add(CALL_STIPEND) } else { given };
        let payer = running.frame.address;
        if moves_value && self.is_short(payer, value) {
            running.frame.gas = running.frame.gas.saturating_add(frame.gas);
            running.returned = Buffer::default();
            return Ok(Some(U256::ZERO));
        }
        let checkpoint = self.work.journal.checkpoint();
        if moves_value {
            self.work.journal.transfer(payer, frame.address, value);
        }
        let uncounted = self.uncounted;
        let ended = self.enter_or_precompile(target, code, frame, moves_value);
        if !ended.success {
            self.work.journal.revert(checkpoint);
            self.doubt_refund(uncounted);
        } else if ended.is_lost {
            self.work.journal.lose_since(checkpoint);
        }
        running.frame.gas = running.frame.gas.saturating_add(ended.gas);
        Ok(self.finish_call(running, ended, output))
    }

    /// What a call runs; none is a precompiled contract.
    fn enter_or_precompile(
        &mut self,
        target: Address,
        code: Option<Code>,
        frame: Frame,
        moves_value: bool,
    ) -> Ended {
        let gas = frame.gas;
        let Some(code) = code else {
            let ended = self.precompile(target, &frame.input, gas);
            self.work.spare.keep(frame.input);
            return ended;
        };
        if moves_value && matches!(code.callee, Callee::Nothing) {
            self.uncounted += self.prices.new_account;
        }
        let nothing = Ended::returned(Buffer::default(), gas);
        self.enter(code, frame).unwrap_or(nothing)
    }

    /// Pays for the memory that a call's output goes to.
    fn pay_output(
        &mut self,
        running: &mut Running<'_>,
        (pointer, len): (Operand, Operand),
    ) -> Result<(), Ended> {
        match (running.offset(pointer), running.offset(len)) {
            (_, Some(0)) => Ok(()),
            (Some(at), Some(len)) => {
                let end = at.saturating_add(len);
                if FAR <= end || !running.pay_memory(end) {
                    return Err(Ended::halted());
                }
                if self.limits.memory < end {
                    self.gap(Gap::MemoryLost);
                }
                self.watch_reserved(running, pointer, at, len);
                Ok(())
            }
            _ => {
                self.gap(Gap::MemoryLost);
                Ok(())
            }
        }
    }

    /// Notes that a frame which failed gives back what it paid for state (EIP-8037), if it paid for any
    /// since so much was uncounted.
    pub(super) fn doubt_refund(&mut self, uncounted: u64) {
        if Fork::Amsterdam <= self.fork && uncounted < self.uncounted {
            self.gap(Gap::Gas);
        }
    }

    /// Takes the gas a call hands over; none when there is not enough.
    fn give_gas(&mut self, running: &mut Running<'_>, requested: u64) -> Option<u64> {
        let left = running.frame.gas;
        if self.prices.keeps_part {
            let given = requested.min(left - left / 64);
            return running.charge(given).then_some(given);
        }
        let above = left.checked_sub(requested);
        if above.is_some_and(|above| running.is_in_doubt(above, self.uncounted)) {
            self.doubt_gas(running.frame.depth);
        }
        running.charge(requested).then_some(requested)
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

    /// A range of memory as a buffer of its own; bytes that are not known, where the range is not.
    pub(super) fn memory_range(
        &mut self,
        running: &mut Running<'_>,
        (at, len): (Operand, Operand),
    ) -> Result<Buffer, Ended> {
        match (running.offset(at), running.offset(len)) {
            (_, Some(0)) => Ok(Buffer::default()),
            (Some(at), Some(len)) => {
                let end = at.saturating_add(len);
                if FAR <= end || !running.pay_memory(end) {
                    return Err(Ended::halted());
                }
                if self.limits.memory < end {
                    self.gap(Gap::MemoryLost);
                    return Ok(Buffer::lost());
                }
                let mut range = self.work.spare.buffer();
                running.memory.range_into(at, len, &mut range);
                Ok(range)
            }
            _ => Ok(Buffer::lost()),
        }
    }

    /// SELFDESTRUCT: everything goes to `to`.
    pub(super) fn self_destruct(&mut self, running: &mut Running<'_>, to: Operand) {
        let address = running.frame.address;
        let balance = self.balance(address).unwrap_or_default();
        // Since EIP-6780 only an account created by the same transaction is destroyed.
        let is_destroyed = self.fork < Fork::Cancun || self.work.journal.is_created(address);
        match running.get(to).map(address_of) {
            // Since EIP-8246 it keeps what it has.
            Some(to) if to == address && is_destroyed && self.fork < Fork::Amsterdam => {
                self.work.journal.burn(address, balance);
            }
            Some(to) => {
                if self.work.journal.warm(to) && !is_precompile(to, self.fork) {
                    running.charge(self.prices.cold_heir);
                }
                self.uncounted += self.prices.new_account;
                self.work.journal.transfer(address, to, balance);
            }
            None => self.gap(Gap::UnknownCallee),
        }
        if is_destroyed {
            self.work.journal.destroy(address);
            // Which of the slots that were touched change by it depends on what they held.
            for (at, slot) in self.work.journal.unread(address) {
                self.read(at, slot);
            }
        }
    }
}
