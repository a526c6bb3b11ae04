//! Which summaries are at hand, and what does the state show of an account?
//!
//! In: a base state, and a [`SummaryStore`] where summaries outlive the process, if there is one. Out:
//! [`Summaries`], made once for each code hash, and [`View`], the state as the binder asks for it.
//! Invariant: a summary depends on code, fork, targets and limits alone, so caching it changes
//! nothing but time.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use alloy_primitives::{
    Address, B256, Bytes, U256, keccak256,
    map::{AddressMap, B256Map},
};
use slotcast_analyzer::{
    Targets, analyze_shared,
    bind::{Callee, StateView},
    bytecode::Pc,
    limits::Limits,
    summary::Summary,
};
use slotcast_executor::MemoryState;
use slotcast_model::Fork;

/// Where summaries outlive the process.
pub trait SummaryStore: core::fmt::Debug + Send + Sync {
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
    store: Option<Arc<dyn SummaryStore>>,
    cache: Mutex<Cache>,
    n_refinements: AtomicU64,
    n_code_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Cache {
    by_hash: B256Map<Cached>,
    /// What others with more targets took the place of; the next process begins with these again.
    refined: Vec<Cached>,
    /// The targets of computed jumps in code whose summary was forgotten.
    targets: B256Map<Targets>,
}

#[derive(Debug)]
struct Cached {
    summary: Arc<Summary>,
    code_bytes: u64,
    /// How many programs were found in the store.
    n_found: usize,
    /// How many are there by now; none before the summary is there itself.
    n_kept: usize,
}

/// How much of what was needed was in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreHits {
    /// Summaries that were needed.
    pub n_summaries: usize,
    /// Those of them that were found.
    pub n_summaries_found: usize,
    /// Programs in all of them, of which each summary has one at least.
    pub n_programs: usize,
    /// Those of them that were found.
    pub n_programs_found: usize,
}

impl StoreHits {
    /// Adds what others needed.
    pub const fn add(&mut self, other: Self) {
        self.n_summaries += other.n_summaries;
        self.n_summaries_found += other.n_summaries_found;
        self.n_programs += other.n_programs;
        self.n_programs_found += other.n_programs_found;
    }
}

impl Summaries {
    /// An empty cache for code under the rules of `fork`.
    pub fn new(fork: Fork, limits: Limits) -> Self {
        let (n_refinements, n_code_bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { fork, limits, store: None, cache: Mutex::default(), n_refinements, n_code_bytes }
    }

    /// An empty cache that looks on `store` before it makes a summary.
    pub fn with_store(fork: Fork, limits: Limits, store: Arc<dyn SummaryStore>) -> Self {
        Self { store: Some(store), ..Self::new(fork, limits) }
    }

    /// The fork the summaries hold for.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// The limits they are made within.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The summary of `code`, made now if it is the first time.
    pub fn get(&self, code_hash: B256, code: &Bytes) -> Arc<Summary> {
        if let Some(cached) = self.lock().by_hash.get(&code_hash) {
            return Arc::clone(&cached.summary);
        }
        self.n_code_bytes.fetch_add(code.len() as u64, Ordering::Relaxed);
        // Others may look up theirs meanwhile; when two make the same one, the first counts.
        let targets = self.lock().targets.get(&code_hash).cloned().unwrap_or_default();
        let cached = self.make(code_hash, code, targets);
        Arc::clone(&self.lock().by_hash.entry(code_hash).or_insert(cached).summary)
    }

    /// The summary of `code` with one more target of a computed jump; none when it was known.
    fn refine(&self, code_hash: B256, code: &Bytes, jump: Pc, target: Pc) -> Option<Arc<Summary>> {
        let mut targets = self.get(code_hash, code).targets().clone();
        if !targets.insert(jump, target) {
            return None;
        }
        let cached = self.make(code_hash, code, targets);
        let summary = Arc::clone(&cached.summary);
        let mut cache = self.lock();
        let before = cache.by_hash.insert(code_hash, cached);
        if self.store.is_some() {
            cache.refined.extend(before);
        }
        self.n_refinements.fetch_add(1, Ordering::Relaxed);
        Some(summary)
    }

    /// How many bytes of code there are summaries of; what they take in memory goes by that.
    pub fn n_code_bytes(&self) -> u64 {
        self.n_code_bytes.load(Ordering::Relaxed)
    }

    /// How often a computed jump that led somewhere new has refined a summary; a prediction during
    /// which this grows is worth making again.
    pub fn n_refinements(&self) -> u64 {
        self.n_refinements.load(Ordering::Relaxed)
    }

    fn make(&self, code_hash: B256, code: &Bytes, targets: Targets) -> Cached {
        let (store, code_bytes) = (self.store.as_ref(), code.len() as u64);
        let found = store.and_then(|it| it.find(code_hash, self.fork, &self.limits, &targets));
        if let Some(summary) = found {
            let n_found = n_programs(&summary);
            let summary = Arc::new(summary.sharing(code));
            return Cached { summary, code_bytes, n_found, n_kept: n_found };
        }
        let summary = Arc::new(analyze_shared(code.clone(), self.fork, targets, &self.limits));
        Cached { summary, code_bytes, n_found: 0, n_kept: 0 }
    }

    /// Forgets the summaries once they are of more than `most` bytes of code, so that they do not grow
    /// without bound over blocks; those that the store lacks are kept until [`Self::drain_dirty`].
    ///
    /// What computed jumps were found to lead to is not forgotten. So the summary that is made when a
    /// code is next met is the one that was forgotten, and predictions are the same.
    pub fn forget_beyond(&self, most: u64) {
        if self.n_code_bytes() <= most {
            return;
        }
        let has_store = self.store.is_some();
        let mut cache = self.lock();
        let Cache { by_hash, refined, targets } = &mut *cache;
        let is_kept = |cached: &Cached| has_store && cached.n_kept < n_programs(&cached.summary);
        let mut left = 0;
        by_hash.retain(|code_hash, cached| {
            let is_kept = is_kept(cached);
            if is_kept {
                left += cached.code_bytes;
            } else if *cached.summary.targets() != Targets::default() {
                targets.insert(*code_hash, cached.summary.targets().clone());
            }
            is_kept
        });
        refined.retain(is_kept);
        self.n_code_bytes.store(left, Ordering::Relaxed);
    }

    /// What the store lacks, summaries and programs in them, taken to be there from now on.
    pub fn drain_dirty(&self) -> Vec<Arc<Summary>> {
        let mut cache = self.lock();
        let Cache { by_hash, refined, .. } = &mut *cache;
        let all = by_hash.values_mut().chain(refined);
        let news = all.filter_map(|cached| {
            let n_programs = n_programs(&cached.summary);
            let n_kept = core::mem::replace(&mut cached.n_kept, n_programs);
            (n_kept < n_programs).then(|| Arc::clone(&cached.summary))
        });
        let mut news: Vec<_> = news.collect();
        news.sort_by(|a, b| (a.code_hash(), a.targets()).cmp(&(b.code_hash(), b.targets())));
        news
    }

    /// How much of what was needed so far was in the store.
    pub fn store_hits(&self) -> StoreHits {
        let cache = self.lock();
        let mut sum = StoreHits::default();
        cache.by_hash.values().chain(&cache.refined).for_each(|cached| {
            sum.add(StoreHits {
                n_summaries: 1,
                n_summaries_found: usize::from(cached.n_found != 0),
                n_programs: n_programs(&cached.summary),
                n_programs_found: cached.n_found,
            });
        });
        sum
    }

    /// All summaries, by code hash.
    pub fn all(&self) -> Vec<Arc<Summary>> {
        let cache = self.lock();
        let mut all: Vec<_> =
            cache.by_hash.values().map(|cached| Arc::clone(&cached.summary)).collect();
        all.sort_unstable_by_key(|summary| summary.code_hash());
        all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many summaries there are.
    pub fn len(&self) -> usize {
        self.lock().by_hash.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The programs made so far: those of functions, and the one that every summary has.
fn n_programs(summary: &Summary) -> usize {
    1 + summary.made().count()
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

#[cfg(test)]
mod tests;
