//! What does a creation leave behind?
//!
//! In: init code, known at binding. Out: the accesses of the init code, and the created account with
//! its code.
//! Invariants: the created account's own slots are not predicted; init
//! code that is not known is a gap, and so is what it would have created.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use slotcast_model::{Fork, Gap, Location};

use super::{
    Callee, StateView,
    buffer::Buffer,
    eval::{Ended, Machine},
    frame::Frame,
    gas,
    running::Running,
};
use crate::program::Operand;

/// Gas for each word of init code that is hashed (EIP-1014).
const HASH_WORD: u64 = 6;

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
            is_static: false,
            gas: self.tx.gas,
            loose: self.tx.loose,
        };
        if !self.collides(created, false) {
            self.run_init(self.tx.caller, frame);
        }
    }

    /// CREATE or CREATE2; gives the created address, or zero.
    pub(super) fn create(
        &mut self,
        running: &mut Running<'_>,
        value: Operand,
        input: (Operand, Operand),
        salt: Option<Operand>,
    ) -> Result<Option<U256>, Ended> {
        if running.frame.is_static {
            return Err(Ended::halted());
        }
        let Some(init) = self.init_code(running, input, salt.is_some())? else {
            self.gap(Gap::Creation);
            return Ok(None);
        };
        let (Some(value), Some(salt)) =
            (running.get(value), salt.map_or(Some(None), |salt| running.get(salt).map(Some)))
        else {
            self.gap(Gap::Creation);
            return Ok(None);
        };
        if self.limits.depth <= running.frame.depth {
            self.gap(Gap::CallDepth);
            return Ok(None);
        }
        let left = running.frame.gas;
        let gas = if self.prices.keeps_part { left - left / 64 } else { left };
        let creator = running.frame.address;
        running.returned = Buffer::default();
        if !value.is_zero() && self.is_short(creator, value) {
            return Ok(Some(U256::ZERO));
        }
        let created = match salt {
            Some(salt) => creator.create2(B256::from(salt), keccak256(&init)),
            None => match self.nonce(creator) {
                Some(nonce) => creator.create(nonce),
                None => return Ok(None),
            },
        };
        let uncounted = self.uncounted;
        self.uncounted += self.prices.state_account;
        let loose = running.most_uncounted(self.uncounted);
        running.charge(gas);
        // The nonce is taken whether or not anything comes of it.
        self.work.journal.count_created(creator);
        if self.collides(created, salt.is_some()) {
            self.doubt_refund(uncounted);
            return Ok(Some(U256::ZERO));
        }
        let frame = Frame {
            address: created,
            caller: creator,
            value,
            input: Buffer::default(),
            code: init,
            depth: running.frame.depth + 1,
            is_static: false,
            gas,
            loose,
        };
        let ended = self.run_init(creator, frame);
        running.frame.gas = running.frame.gas.saturating_add(ended.gas);
        if !ended.success {
            self.doubt_refund(uncounted);
            running.returned = ended.output;
            return Ok(Some(U256::ZERO));
        }
        Ok(Some(U256::from_be_slice(created.as_slice())))
    }

    /// The init code, paid for; none where it is not known. Too much of it ends the frame (EIP-3860).
    fn init_code(
        &mut self,
        running: &mut Running<'_>,
        input: (Operand, Operand),
        is_salted: bool,
    ) -> Result<Option<Bytes>, Ended> {
        if let Some(len) = running.offset(input.1) {
            if Fork::Shanghai <= self.fork && 2 * self.most_code() < len {
                return Err(Ended::halted());
            }
            let per_word = self.prices.init_word + if is_salted { HASH_WORD } else { 0 };
            running.charge(gas::per_word(len, per_word));
        }
        let init = self.memory_range(running, input)?;
        running.charge(self.prices.create);
        if let Some(ended) = running.out_of_gas() {
            return Err(ended);
        }
        Ok(init.slice(0, init.len()).map(Bytes::copy_from_slice))
    }

    /// The most bytes of code that may be left behind (EIP-170, EIP-7954).
    const fn most_code(&self) -> usize {
        match self.fork {
            Fork::Amsterdam => 0x10000,
            _ => 0x6000,
        }
    }

    /// Whether there is a contract already where one is to be created, or an account that has sent.
    /// That there is none is relied on where the place does not follow from a nonce that is taken once.
    fn collides(&mut self, created: Address, is_salted: bool) -> bool {
        self.work.journal.warm(created);
        if self.work.journal.is_created(created) {
            return true;
        }
        let has_code = !matches!(self.callee(created), Callee::Nothing);
        let nonce = if self.may_read() { self.state.nonce(created) } else { None };
        let Some(nonce) = nonce else {
            self.gap(Gap::MissingState);
            return has_code;
        };
        let collides = has_code || nonce != 0;
        if collides || is_salted || self.fork < Fork::Cancun {
            self.rely(Location::Nonce(created), U256::from(nonce));
        }
        if collides {
            // What stands there is all that it comes to.
            self.work.journal.read_code(created);
        }
        collides
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
            Callee::Nothing => return Ended::returned(Buffer::default(), gas),
            Callee::Unavailable => {
                self.gap(Gap::Creation);
                return Ended::lost(gas);
            }
        };
        self.trace_enter(&summary, None, None, &frame);
        let mut ended = self.run(&summary, summary.entry(None), &mut frame);
        self.trace_leave(&ended);
        if ended.success {
            ended = self.leave_code(created, frame.depth, ended);
        }
        if !ended.success {
            self.work.journal.revert(checkpoint);
        }
        ended
    }

    /// Leaves what init code returned as the code of the account, or fails.
    fn leave_code(&mut self, created: Address, depth: usize, mut ended: Ended) -> Ended {
        let len = ended.output.len();
        if Fork::SpuriousDragon <= self.fork && self.most_code() < len {
            return Ended::halted();
        }
        let first = ended.output.slice(0, 1).and_then(|bytes| bytes.first().copied());
        if Fork::London <= self.fork && first == Some(0xef) {
            // EIP-3541.
            return Ended::halted();
        }
        let output = core::mem::take(&mut ended.output);
        let mut code = output.slice(0, len).map(Bytes::copy_from_slice);
        if code.is_none() {
            self.gap(Gap::Creation);
        }
        let deposit = self.prices.code_byte.saturating_mul(len as u64);
        let uncounted = self.prices.state_byte.saturating_mul(len as u64);
        self.uncounted = self.uncounted.saturating_add(uncounted);
        match ended.gas.checked_sub(deposit) {
            Some(left) => {
                if left < gas::most_uncounted(deposit, uncounted) {
                    self.doubt_gas(depth);
                }
                ended.gas = left;
            }
            // EIP-2.
            None if Fork::Homestead <= self.fork => return Ended::halted(),
            None => code = Some(Bytes::new()),
        }
        self.work.journal.set_code(created, code);
        ended
    }
}
