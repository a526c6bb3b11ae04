//! Which summaries are at hand, and what does the state show of an account?
//!
//! In: a base state, and a [`Shelf`] where summaries outlive the process, if there is one. Out:
//! [`Summaries`], made once for each code hash, and [`View`], the state as the binder asks for it.
//! Invariant: a summary depends on code, fork, targets and limits alone, so caching it changes
//! nothing but time.

use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, B256Map},
};
use slotcast_analyzer::{
    Targets, analyze_with,
    bind::{Callee, StateView},
    bytecode::Pc,
    limits::Limits,
    summary::Summary,
};
use slotcast_executor::MemoryState;
use slotcast_model::Fork;

/// Where summaries outlive the process.
pub trait Shelf: core::fmt::Debug + Send + Sync {
    /// The summary of the code with this hash, made for `fork` within `limits` and with these
    /// `targets`; none when it is not there or cannot be trusted.
    fn find(
        &self,
        code_hash: B256,
        fork: Fork,
        limits: &Limits,
        targets: &Targets,
    ) -> Option<Summary>;
}

/// Summaries by code hash, for one fork.
#[derive(Debug)]
pub struct Summaries {
    fork: Fork,
    limits: Limits,
    shelf: Option<Arc<dyn Shelf>>,
    by_hash: Mutex<B256Map<Arc<Summary>>>,
}

impl Summaries {
    /// An empty cache for code under the rules of `fork`.
    pub fn new(fork: Fork, limits: Limits) -> Self {
        Self { fork, limits, shelf: None, by_hash: Mutex::default() }
    }

    /// An empty cache that looks on `shelf` before it makes a summary.
    pub fn on_shelf(fork: Fork, limits: Limits, shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf: Some(shelf), ..Self::new(fork, limits) }
    }

    /// The fork the summaries hold for.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// The summary of `code`, made now if it is the first time.
    pub fn get(&self, code_hash: B256, code: &[u8]) -> Arc<Summary> {
        if let Some(summary) = self.lock().get(&code_hash) {
            return Arc::clone(summary);
        }
        // Others may look up theirs meanwhile; when two make the same one, the first counts.
        let summary = Arc::new(self.make(code_hash, code, Targets::default()));
        Arc::clone(self.lock().entry(code_hash).or_insert(summary))
    }

    /// The summary of `code` with one more target of a computed jump; none when it was known.
    fn refine(&self, code_hash: B256, code: &[u8], jump: Pc, target: Pc) -> Option<Arc<Summary>> {
        let mut targets = self.get(code_hash, code).targets().clone();
        if !targets.insert(jump, target) {
            return None;
        }
        let summary = Arc::new(self.make(code_hash, code, targets));
        self.lock().insert(code_hash, Arc::clone(&summary));
        Some(summary)
    }

    fn make(&self, code_hash: B256, code: &[u8], targets: Targets) -> Summary {
        let shelf = self.shelf.as_ref();
        let kept = shelf.and_then(|it| it.find(code_hash, self.fork, &self.limits, &targets));
        kept.unwrap_or_else(|| analyze_with(code, self.fork, targets, &self.limits))
    }

    /// All summaries, by code hash.
    pub fn all(&self) -> Vec<Arc<Summary>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_unstable_by_key(|summary| summary.code_hash());
        all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, B256Map<Arc<Summary>>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many summaries there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a view asks of the state before a block; nothing is to be had where the answer is none.
pub trait BaseState {
    /// The value of a storage slot.
    fn storage(&self, address: Address, key: U256) -> Option<U256>;
    /// An account's balance in wei; zero for an account that does not exist.
    fn balance(&self, address: Address) -> Option<U256>;
    /// An account's nonce; zero for an account that does not exist.
    fn nonce(&self, address: Address) -> Option<u64>;
    /// What code is at an address.
    fn code(&self, address: Address) -> CodeAt;
    /// The hash of one of the last 256 blocks.
    fn block_hash(&self, number: u64) -> Option<B256>;
}

/// The code at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeAt {
    /// The account has none.
    Nothing,
    /// This, with its hash.
    Known(B256, Bytes),
    /// It is not to be had.
    Unavailable,
}

impl BaseState for MemoryState {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        Some(Self::storage(self, address, key))
    }

    fn balance(&self, address: Address) -> Option<U256> {
        Some(Self::balance(self, address))
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        Some(Self::nonce(self, address))
    }

    fn code(&self, address: Address) -> CodeAt {
        match Self::code(self, address) {
            Ok(None) => CodeAt::Nothing,
            Ok(Some(code)) => CodeAt::Known(self.code_hash(address), code),
            Err(_) => CodeAt::Unavailable,
        }
    }

    fn block_hash(&self, number: u64) -> Option<B256> {
        Some(Self::block_hash(self, number))
    }
}

/// A base state as the binder asks for it.
#[derive(Debug)]
pub struct View<'a, B = MemoryState> {
    state: &'a B,
    summaries: &'a Summaries,
    callees: Mutex<AddressMap<Callee>>,
}

impl<'a, B: BaseState> View<'a, B> {
    /// The view of `state` that makes summaries through `summaries`.
    pub fn new(state: &'a B, summaries: &'a Summaries) -> Self {
        Self { state, summaries, callees: Mutex::default() }
    }

    fn find(&self, address: Address) -> Callee {
        match self.state.code(address) {
            CodeAt::Nothing => Callee::Nothing,
            CodeAt::Known(hash, code) => {
                Callee::Contract { summary: self.summaries.get(hash, &code), code }
            }
            CodeAt::Unavailable => Callee::Unavailable,
        }
    }
}

impl<B: BaseState> StateView for View<'_, B> {
    fn storage(&self, address: Address, key: U256) -> Option<U256> {
        self.state.storage(address, key)
    }

    fn balance(&self, address: Address) -> Option<U256> {
        self.state.balance(address)
    }

    fn nonce(&self, address: Address) -> Option<u64> {
        self.state.nonce(address)
    }

    fn callee(&self, address: Address) -> Callee {
        let callees = || self.callees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(callee) = callees().get(&address) {
            return callee.clone();
        }
        let callee = self.find(address);
        callees().entry(address).or_insert(callee).clone()
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
        self.state.block_hash(number)
    }
}
