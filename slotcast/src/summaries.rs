//! Which summaries are at hand, and what does the state show of an account?
//!
//! In: a base state. Out: [`Summaries`], made once for each code hash, and [`View`], the state as
//! the binder asks for it.
//! Invariant: a summary depends on code, fork and limits alone, so caching it changes nothing but
//! time.

use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, B256Map},
};
use slotcast_analyzer::{
    analyze, analyze_with,
    bind::{Callee, StateView},
    bytecode::Pc,
    limits::Limits,
    summary::Summary,
};
use slotcast_executor::MemoryState;
use slotcast_model::Fork;

/// Summaries by code hash, for one fork.
#[derive(Debug)]
pub struct Summaries {
    fork: Fork,
    limits: Limits,
    by_hash: Mutex<B256Map<Arc<Summary>>>,
}

impl Summaries {
    /// An empty cache for code under the rules of `fork`.
    pub fn new(fork: Fork, limits: Limits) -> Self {
        Self { fork, limits, by_hash: Mutex::default() }
    }

    /// The fork the summaries hold for.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// The summary of `code`, made now if it is the first time.
    pub fn get(&self, code_hash: B256, code: &[u8]) -> Arc<Summary> {
        let mut by_hash = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(analyze(code, self.fork, &self.limits));
        Arc::clone(by_hash.entry(code_hash).or_insert_with(make))
    }

    /// The summary of `code` with one more target of a computed jump; none when it was known.
    fn refine(&self, code_hash: B256, code: &[u8], jump: Pc, target: Pc) -> Option<Arc<Summary>> {
        let mut targets = self.get(code_hash, code).targets().clone();
        if !targets.insert(jump, target) {
            return None;
        }
        let summary = Arc::new(analyze_with(code, self.fork, targets, &self.limits));
        let mut by_hash = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        by_hash.insert(code_hash, Arc::clone(&summary));
        Some(summary)
    }

    /// How many summaries there are.
    pub fn len(&self) -> usize {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A base state as the binder asks for it.
#[derive(Debug)]
pub struct View<'a> {
    state: &'a MemoryState,
    summaries: &'a Summaries,
    callees: Mutex<AddressMap<Callee>>,
}

impl<'a> View<'a> {
    /// The view of `state` that makes summaries through `summaries`.
    pub fn new(state: &'a MemoryState, summaries: &'a Summaries) -> Self {
        Self { state, summaries, callees: Mutex::default() }
    }

    fn find(&self, address: Address) -> Callee {
        match self.state.code(address) {
            Ok(None) => Callee::Nothing,
            Ok(Some(code)) => {
                let summary = self.summaries.get(self.state.code_hash(address), &code);
                Callee::Contract { summary, code }
            }
            Err(_) => Callee::Unavailable,
        }
    }
}

impl StateView for View<'_> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        Some(self.state.storage(address, key))
    }

    fn balance(&self, address: Address) -> Option<U256> {
        Some(self.state.balance(address))
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        Some(self.state.nonce(address))
    }

    fn callee(&self, address: Address) -> Callee {
        let mut callees = self.callees.lock().unwrap_or_else(PoisonError::into_inner);
        callees.entry(address).or_insert_with(|| self.find(address)).clone()
    }

    fn summarise(&self, code: Bytes) -> Callee {
        if code.is_empty() {
            return Callee::Nothing;
        }
        Callee::Contract { summary: self.summaries.get(keccak256(&code), &code), code }
    }

    fn refine(&self, address: Address, jump: Pc, target: Pc) -> Option<Callee> {
        let Callee::Contract { summary, code } = self.find(address) else { return None };
        // Another account with the same code may have met the target already.
        let mut refined = summary.targets().clone();
        let summary = match refined.insert(jump, target) {
            true => self.summaries.refine(summary.code_hash(), &code, jump, target)?,
            false => summary,
        };
        let callee = Callee::Contract { summary, code };
        let mut callees = self.callees.lock().unwrap_or_else(PoisonError::into_inner);
        callees.insert(address, callee.clone());
        Some(callee)
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        Some(self.state.block_hash(number))
    }
}
