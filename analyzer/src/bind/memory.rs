//! What do instructions do to byte memory?
//!
//! In: loads, stores, copies and hashes of ranges. Out: words, and memory changed.
//! Invariant: no frame's memory grows past the limit; an address or length that is not known ends the
//! frame with a gap, one beyond the limit as running out of gas does.

use alloy_primitives::U256;
use slotcast_model::Gap;

use super::{
    StateView,
    buffer::Unknown,
    eval::{Ended, Machine},
    gas::per_word,
    running::Running,
};
use crate::{
    ir::{CopyKind, Effect},
    program::{Operand, Register},
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
        let at = self.range(running, at, 32)?;
        running.memory.set_word(at, running.value(value));
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
                let at = self.range(running, at, 1)?;
                match running.get(value) {
                    Some(value) => running.memory.write(at, &[value.byte(0)]),
                    None => running.memory.forget(at, 1, Unknown::Lost),
                }
                Ok(None)
            }
            Effect::Keccak { at, len } => {
                let len = self.length(running, len)?;
                let at = if len == 0 { 0 } else { self.range(running, at, len)? };
                running.charge(per_word(len, 6));
                Ok(self.hash_memory(running, at, len))
            }
            Effect::Copy { kind, account, to, from, len } => {
                let len = self.length(running, len)?;
                if len != 0 {
                    let to = self.range(running, to, len)?;
                    self.copy(running, kind, account, to, from, len)?;
                }
                Ok(None)
            }
            _ => Ok(Some(U256::from(running.memory.len()))),
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
        to: usize,
        from: Operand,
        len: usize,
    ) -> Result<(), Ended> {
        // Past any source's end there are only zeros.
        let from = running.get(from).map(|from| usize::try_from(from).unwrap_or(usize::MAX));
        let Some(from) = from else {
            running.memory.forget(to, len, Unknown::Lost);
            return Ok(());
        };
        match kind {
            CopyKind::CallData => running.memory.copy_from(to, &running.frame.input, from, len),
            CopyKind::ReturnData => running.memory.copy_from(to, &running.returned, from, len),
            CopyKind::Code => running.memory.copy_bytes(to, &running.frame.code, from, len),
            CopyKind::Memory => {
                if self.limits.memory < from.saturating_add(len) {
                    return Err(self.memory_lost(running));
                }
                running.memory.copy_within(to, from, len);
            }
            CopyKind::ExtCode => match self.code_of(running, account) {
                Some(code) => running.memory.copy_bytes(to, &code, from, len),
                None => running.memory.forget(to, len, Unknown::Lost),
            },
        }
        Ok(())
    }

    /// A length that is known and within the memory limit, or the frame ends.
    fn length(&mut self, running: &Running<'_>, len: Operand) -> Result<usize, Ended> {
        match running.offset(len) {
            Some(len) if len <= self.limits.memory => Ok(len),
            Some(_) => Err(Ended::halted()),
            None => Err(self.memory_lost(running)),
        }
    }

    /// The start of a memory range that is known and within the limit, or the frame ends.
    pub(super) fn range(
        &mut self,
        running: &Running<'_>,
        at: Operand,
        len: usize,
    ) -> Result<usize, Ended> {
        match running.offset(at) {
            Some(at) if at.saturating_add(len) <= self.limits.memory => Ok(at),
            // What is further out costs more gas than a block has.
            Some(_) => Err(Ended::halted()),
            None => Err(self.memory_lost(running)),
        }
    }

    fn memory_lost(&mut self, running: &Running<'_>) -> Ended {
        self.gap(Gap::MemoryLost);
        Ended::lost(running.frame.gas)
    }
}
