//! Which instructions of which frames make the accesses of a binding?
//!
//! In: what a binding says while it runs. Out: a [`Log`] of it.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use slotcast_analyzer::{
    bind::{Entered, Trace},
    bytecode::Pc,
    describe::{Origin, origins},
};
use slotcast_model::Slot;

use slotcast::predict::Listener;

/// A frame of a binding.
#[derive(Clone, Debug)]
pub(super) struct FrameLog {
    pub(super) depth: usize,
    pub(super) code: Bytes,
    pub(super) code_hash: B256,
    pub(super) code_at: Option<Address>,
    pub(super) address: Address,
    pub(super) caller: Address,
    pub(super) value: U256,
    pub(super) selector: Option<u32>,
    /// The selector of the function that was entered; none for the fallback.
    pub(super) entered: Option<u32>,
    pub(super) arguments: Vec<Option<U256>>,
    pub(super) success: bool,
}

/// An access: its slot, its frame's position in the log, its instruction, whether it stores.
pub(super) type AccessLog = (Slot, usize, Pc, bool);

/// What happened in a binding.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) frames: Vec<FrameLog>,
    pub(super) accesses: Vec<AccessLog>,
    /// The accesses of each entry point that ran, by code hash and selector.
    pub(super) origins: BTreeMap<(B256, Option<u32>), Vec<Origin>>,
    open: Vec<usize>,
}

impl Log {
    fn enter(&mut self, entered: &Entered<'_>) {
        let &Entered { summary, code_at, address, caller, value, selector, ref arguments } =
            entered;
        let code_hash = summary.code_hash();
        let function = summary.entered(selector);
        let origins = || origins(summary, selector);
        self.origins.entry((code_hash, function)).or_insert_with(origins);
        self.open.push(self.frames.len());
        self.frames.push(FrameLog {
            depth: self.open.len() - 1,
            code: summary.code().clone(),
            code_hash,
            code_at,
            address,
            caller,
            value,
            selector,
            entered: function,
            arguments: arguments.clone(),
            success: true,
        });
    }
}

impl Listener for Log {
    fn hear(&mut self, trace: Trace<'_>) {
        match trace {
            Trace::Begin => {
                self.open.clear();
                self.frames.clear();
                self.accesses.clear();
            }
            Trace::Enter(entered) => self.enter(entered),
            Trace::Access { pc, slot, is_store } => {
                let innermost = self.open.last().copied();
                let innermost = innermost.expect("code runs in a frame that was entered");
                self.accesses.push((slot, innermost, pc, is_store));
            }
            Trace::Leave { success } => {
                let innermost = self.open.pop().expect("a frame that was entered is left once");
                self.frames[innermost].success = success;
            }
        }
    }
}
