//! Which instructions of which frames make the accesses of a binding?
//!
//! In: a state view. Out: the same view, which also keeps a [`Log`] of the binding.
//! Invariant: it answers as the view inside does.

use std::{cell::RefCell, collections::BTreeMap};

use alloy_primitives::{Address, B256, Bytes, U256};
use slotcast_analyzer::{
    bind::{Callee, Entered, StateView, Trace},
    bytecode::Pc,
    describe::{Origin, origins},
};
use slotcast_model::Slot;

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

/// A view that keeps a log.
#[derive(Debug)]
pub(super) struct Traced<'a, S> {
    inner: &'a S,
    log: RefCell<Log>,
}

impl<'a, S: StateView> Traced<'a, S> {
    pub(super) fn new(inner: &'a S) -> Self {
        Self { inner, log: RefCell::default() }
    }

    pub(super) fn into_log(self) -> Log {
        self.log.into_inner()
    }
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

impl<S: StateView> StateView for Traced<'_, S> {
    const IS_TRACED: bool = true;

    fn trace(&self, trace: Trace<'_>) {
        let mut log = self.log.borrow_mut();
        match trace {
            Trace::Begin => {
                log.open.clear();
                log.frames.clear();
                log.accesses.clear();
            }
            Trace::Enter(entered) => log.enter(entered),
            Trace::Access { pc, slot, is_store } => {
                let innermost = log.open.last().copied();
                let innermost = innermost.expect("code runs in a frame that was entered");
                log.accesses.push((slot, innermost, pc, is_store));
            }
            Trace::Leave { success } => {
                let innermost = log.open.pop().expect("a frame that was entered is left once");
                log.frames[innermost].success = success;
            }
        }
    }

    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.inner.storage(address, key)
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.inner.balance(address)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.inner.nonce(address)
    }

    fn callee(&self, address: Address) -> Callee {
        self.inner.callee(address)
    }

    fn summarise(&self, code: Bytes) -> Callee {
        self.inner.summarise(code)
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        self.inner.refine(address, jump, target)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        self.inner.block_hash(number)
    }
}
