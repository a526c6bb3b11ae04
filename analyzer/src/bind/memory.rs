//! What do instructions do to byte memory?
//!
//! In: loads, stores, copies and hashes of ranges. Out: words, and memory changed.
//! Invariant: no frame's memory grows past the limit; an address or length that is not known ends the
//! frame with a gap, one beyond the limit as running out of gas does.

use alloy_primitives::{U256, keccak256};
use slotcast_model::Gap;

use super::{
    StateView,
    eval::{Ended, Machine, Running},
    gas::per_word,
};
use crate::{
    ir::{CopyKind, Effect},
    summary::Operand,
};

impl<S: StateView> Machine<'_, S> {
    /// Byte memory: loads, stores, copies and hashes of ranges.
    pub(super) fn memory(
        &mut self,
        running: &mut Running<'_>,
        effect: &Effect<Operand>,
    ) -> Result<Option<U256>, Ended> {
        match *effect {
            Effect::MLoad { at } => {
                let at = self.range(running, at, 32)?;
                Ok(running.memory.word(at))
            }
            Effect::MStore { at, value } => {
                let at = self.range(running, at, 32)?;
                running.memory.set_word(at, self.get(running, value));
                Ok(None)
            }
            Effect::MStore8 { at, value } => {
                let at = self.range(running, at, 1)?;
                match self.get(running, value) {
                    Some(value) => running.memory.write(at, &[value.byte(0)]),
                    None => running.memory.forget(at, 1),
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
            return Some(keccak256(bytes).into());
        }
        let mut bytes = bytes.to_vec();
        bytes.resize(len, 0);
        Some(keccak256(bytes).into())
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
        let from = self.get(running, from).map(|from| usize::try_from(from).unwrap_or(usize::MAX));
        let Some(from) = from else {
            running.memory.forget(to, len);
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
                let bytes = running.memory.range(from, len);
                running.memory.copy_from(to, &bytes, 0, len);
            }
            CopyKind::ExtCode => match self.code_of(running, account) {
                Some(code) => running.memory.copy_bytes(to, &code, from, len),
                None => running.memory.forget(to, len),
            },
        }
        Ok(())
    }

    /// A length that is known and within the memory limit, or the frame ends.
    fn length(&mut self, running: &Running<'_>, len: Operand) -> Result<usize, Ended> {
        match self.offset(running, len) {
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
        match self.offset(running, at) {
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
