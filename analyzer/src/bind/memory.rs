//! What do instructions do to byte memory?
//!
//! In: loads, stores, copies and hashes of ranges. Out: words, and memory changed.
//! Invariant: no frame's memory grows past the limit; an address or length that is not known, or that
//! is paid for and beyond the limit, ends the frame with a gap; one that cannot be paid for ends it as
//! running out of gas does.

use alloy_primitives::U256;
use slotcast_model::Gap;

use super::{
    StateView,
    account::address_of,
    buffer::Unknown,
    eval::{Ended, Machine},
    gas::per_word,
    running::{FAR, Running},
};
use crate::{
    absint::{FREE_POINTER, RESERVED},
    ir::{CopyKind, Effect},
    program::{Operand, Register, Source},
};

impl<S: StateView> Machine<'_, S> {
    /// MLOAD.
    #[inline]
    pub(super) fn load(
        &mut self,
        running: &mut Running<'_>,
        to: Option<Register>,
        at: Operand,
    ) -> Result<(), Ended> {
        let at = self.range(running, at, 32)?;
        if let Some(to) = to {
            running.put(to, running.memory.value(at));
        }
        Ok(())
    }

    /// MSTORE.
    #[inline]
    pub(super) fn store(
        &mut self,
        running: &mut Running<'_>,
        at: Operand,
        value: Operand,
    ) -> Result<(), Ended> {
        let to = self.range(running, at, 32)?;
        self.watch_reserved(running, at, to, 32);
        running.memory.set_word(to, running.value(value));
        Ok(())
    }

    /// Byte memory but for single words: bytes, copies and hashes of ranges.
    pub(super) fn memory(
        &mut self,
        running: &mut Running<'_>,
        effect: &Effect<Operand>,
    ) -> Result<Option<U256>, Ended> {
        match *effect {
            Effect::MStore8 { at, value } => {
                let to = self.range(running, at, 1)?;
                self.watch_reserved(running, at, to, 1);
                match running.get(value) {
                    Some(value) => running.memory.write(to, &[value.byte(0)]),
                    None => running.memory.forget(to, 1, Unknown::Lost),
                }
                Ok(None)
            }
            Effect::Keccak { at, len } => {
                let (at, len) = self.extent(running, at, len)?;
                running.charge(per_word(len, 6));
                Ok(self.hash_memory(running, at, len))
            }
            Effect::Copy { kind, account, to, from, len } => {
                self.copy(running, kind, account, (to, from, len))?;
                Ok(None)
            }
            Effect::Log { at, len } => {
                if running.frame.is_static {
                    return Err(Ended::halted());
                }
                let is_counted = matches!(len.source(), Source::Constant(_));
                let (_, len) = self.extent(running, at, len)?;
                if !is_counted {
                    running.charge(8 * len as u64);
                }
                Ok(None)
            }
            Effect::Touch { at, len } => self.extent(running, at, len).map(|_| None),
            _ => Ok(Some(U256::from(running.memory_size()))),
        }
    }

    fn hash_memory(&mut self, running: &Running<'_>, at: usize, len: usize) -> Option<U256> {
        let bytes = running.memory.slice(at, len)?;
        if bytes.len() == len {
            return Some(self.work.hashes.keccak(bytes).into());
        }
        let mut bytes = bytes.to_vec();
        bytes.resize(len, 0);
        Some(self.work.hashes.keccak(&bytes).into())
    }

    fn copy(
        &mut self,
        running: &mut Running<'_>,
        kind: CopyKind,
        account: Operand,
        (to, from, len): (Operand, Operand, Operand),
    ) -> Result<(), Ended> {
        if kind == CopyKind::ExtCode
            && let Some(account) = running.get(account)
        {
            self.warm(running, address_of(account));
            self.work.journal.read_code(address_of(account));
        }
        let is_counted = matches!(len.source(), Source::Constant(_));
        // Past any source's end there are only zeros.
        let from = running.get(from).map(|from| usize::try_from(from).unwrap_or(usize::MAX));
        if kind == CopyKind::ReturnData && self.is_beyond(running, from, len) {
            return Err(Ended::halted());
        }
        let at = to;
        let (to, len) = self.extent(running, to, len)?;
        if !is_counted {
            running.charge(per_word(len, 3));
        }
        if len == 0 {
            return Ok(());
        }
        self.watch_reserved(running, at, to, len);
        let Some(from) = from else {
            running.memory.forget(to, len, Unknown::Lost);
            return Ok(());
        };
        match kind {
            CopyKind::CallData => running.memory.copy_from(to, &running.frame.input, from, len),
            CopyKind::ReturnData => running.memory.copy_from(to, &running.returned, from, len),
            CopyKind::Code => running.memory.copy_bytes(to, &running.frame.code, from, len),
            CopyKind::Memory => {
                let from = self.paid(running, from.min(FAR), len)?;
                running.memory.copy_within(to, from, len);
            }
            CopyKind::ExtCode => match self.code_of(running, account) {
                Some(code) => running.memory.copy_bytes(to, &code, from, len),
                None => running.memory.forget(to, len, Unknown::Lost),
            },
        }
        Ok(())
    }

    /// Whether what is copied lies behind the end of what the last call returned, which fails
    /// (EIP-211); where that is not known, it is taken not to be so, and a gap.
    fn is_beyond(&mut self, running: &Running<'_>, from: Option<usize>, len: Operand) -> bool {
        match (from, running.offset(len), running.returned.open_ended) {
            (Some(from), Some(len), false) => running.returned.len() < from.saturating_add(len),
            _ => {
                self.gap(Gap::MemoryLost);
                false
            }
        }
    }

    /// A store through a pointer to where the analysis took none to reach is a gap: what the code
    /// loads from there may have been taken from an earlier store.
    #[inline]
    pub(super) fn watch_reserved(
        &mut self,
        running: &Running<'_>,
        pointer: Operand,
        at: usize,
        len: usize,
    ) {
        if at < RESERVED as usize
            && (FREE_POINTER as usize) < at.saturating_add(len)
            && running.program.spares_reserved
            && matches!(pointer.source(), Source::Register(_))
        {
            self.gap(Gap::MemoryLost);
        }
    }

    /// The start of a memory range of that length, paid for, or the frame ends.
    pub(super) fn range(
        &mut self,
        running: &mut Running<'_>,
        at: Operand,
        len: usize,
    ) -> Result<usize, Ended> {
        match running.offset(at) {
            Some(at) => self.paid(running, at, len),
            None => Err(self.memory_lost(running)),
        }
    }

    /// A memory range by start and length, paid for, or the frame ends; of nothing the start is zero.
    pub(super) fn extent(
        &mut self,
        running: &mut Running<'_>,
        at: Operand,
        len: Operand,
    ) -> Result<(usize, usize), Ended> {
        match running.offset(len) {
            Some(0) => Ok((0, 0)),
            Some(len) => Ok((self.range(running, at, len)?, len)),
            None => Err(self.memory_lost(running)),
        }
    }

    /// Pays for a memory range, or the frame ends; gives its start.
    fn paid(&mut self, running: &mut Running<'_>, at: usize, len: usize) -> Result<usize, Ended> {
        let end = at.saturating_add(len);
        if FAR <= end || !running.pay_memory(end) {
            return Err(Ended::halted());
        }
        match end <= self.limits.memory {
            true => Ok(at),
            false => Err(self.memory_lost(running)),
        }
    }

    fn memory_lost(&mut self, running: &Running<'_>) -> Ended {
        self.gap(Gap::MemoryLost);
        Ended::lost(running.frame.gas)
    }
}
