//! What does a creation leave behind?
//!
//! In: init code, known at binding. Out: the accesses of the init code, and the created account with
//! its code.
//! Invariants: the created account's own slots are nobody else's business and are not predicted; init
//! code that is not known is a gap, and so is what it would have created.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use slotcast_model::{Fork, Gap, Location};

use super::{
    Callee, StateView,
    buffer::Buffer,
    eval::{Ended, Machine},
    frame::Frame,
    running::Running,
};
use crate::program::Operand;

/// Gas for each byte of code left behind (yellow paper appendix G).
const CODE_DEPOSIT: u64 = 200;

impl<S: StateView> Machine<'_, S> {
    /// The frame of a transaction that creates a contract.
    pub(super) fn create_top(&mut self) {
        let created = self.tx.caller.create(self.tx.nonce);
        let frame = Frame {
            address: created,
            caller: self.tx.caller,
            value: self.tx.value,
            input: Buffer::default(),
            code: self.tx.input.clone(),
            depth: 0,
            gas: self.tx.gas,
        };
        self.run_init(self.tx.caller, frame);
    }

    /// CREATE or CREATE2; gives the created address, or zero.
    pub(super) fn create(
        &mut self,
        running: &mut Running<'_>,
        value: Operand,
        input: (Operand, Operand),
        salt: Option<Operand>,
    ) -> Option<U256> {
        running.returned = Buffer::default();
        let value = running.get(value).unwrap_or_default();
        let init = self.memory_range(running, input);
        let Some(bytes) = init.slice(0, init.len()) else {
            self.gap(Gap::Creation);
            return None;
        };
        let creator = running.frame.address;
        let init = Bytes::copy_from_slice(bytes);
        let created = match salt {
            Some(salt) => {
                let salt: B256 = running.get(salt)?.into();
                creator.create2(salt, keccak256(&init))
            }
            None => self.next_created(creator)?,
        };
        if self.limits.depth <= running.frame.depth {
            self.gap(Gap::CallDepth);
            return None;
        }
        let left = running.frame.gas;
        let gas = if self.prices.keeps_part { left - left / 64 } else { left };
        running.charge(gas);
        self.work.journal.count_created(creator);
        let frame = Frame {
            address: created,
            caller: creator,
            value,
            input: Buffer::default(),
            code: init,
            depth: running.frame.depth + 1,
            gas,
        };
        let ended = self.run_init(creator, frame);
        running.frame.gas = running.frame.gas.saturating_add(ended.gas);
        if !ended.success {
            running.returned = ended.output;
            return Some(U256::ZERO);
        }
        Some(U256::from_be_slice(created.as_slice()))
    }

    /// The address CREATE gives next.
    fn next_created(&mut self, creator: Address) -> Option<Address> {
        let nonce = if self.may_read() { self.state.nonce(creator)? } else { return None };
        self.rely(Location::Nonce(creator), U256::from(nonce));
        // Since EIP-161 a contract's nonce starts at one.
        let own = self.work.journal.is_created(creator) && Fork::SpuriousDragon <= self.fork;
        let made = u64::from(own) + self.work.journal.n_created(creator);
        let nonce = nonce.saturating_add(made);
        Some(creator.create(nonce))
    }

    /// Runs init code and notes what it leaves behind.
    fn run_init(&mut self, creator: Address, mut frame: Frame) -> Ended {
        let (created, value, gas) = (frame.address, frame.value, frame.gas);
        let checkpoint = self.work.journal.checkpoint();
        self.work.journal.create(created);
        if !value.is_zero() {
            self.work.journal.transfer(creator, created, value);
        }
        let summary = match self.state.summarise(frame.code.clone()) {
            Callee::Contract { summary, .. } => summary,
            Callee::Nothing => {
                self.work.journal.set_code(created, Bytes::new());
                return Ended::returned(Buffer::default(), gas);
            }
            Callee::Unavailable => {
                self.gap(Gap::Creation);
                return Ended::lost(gas);
            }
        };
        self.trace_enter(&summary, None, None, &frame);
        let mut ended = self.run(summary.entry(None), &mut frame);
        self.trace_leave(&ended);
        if !ended.success {
            self.work.journal.revert(checkpoint);
            return ended;
        }
        let deposit = CODE_DEPOSIT.saturating_mul(ended.output.len() as u64);
        if ended.gas < deposit {
            self.work.journal.revert(checkpoint);
            return Ended::halted();
        }
        ended.gas -= deposit;
        match ended.output.slice(0, ended.output.len()) {
            Some(code) => self.work.journal.set_code(created, Bytes::copy_from_slice(code)),
            None => self.gap(Gap::Creation),
        }
        ended
    }
}
