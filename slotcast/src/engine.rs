//! How does a program that has blocks and a state of its own execute them?
//!
//! In: a [`Block`], any revm `DatabaseRef + Sync`, an [`Engine`] that is kept from block to block.
//! Out: an [`ExecutedBlock`]: receipts, requests, gas, the block access list; on request the bundle that alloy-evm's block
//! executor would leave; or a typed error with the transaction it happened in.
//! Invariants: the result is that of sequential execution, whatever is predicted; a database that
//! fails while a block is predicted makes predictions poorer and nothing else; after an error an
//! engine goes on as before.
//!
//! Predictions are made before the block comes, never while it is executed: by [`Engine::announce`] as
//! transactions arrive, or by the sequencer of the block ([`Engine::predict_block`]). A transaction of
//! which none is at hand runs blind: it waits for the last call of the same contract, and validation
//! finds out whether that was enough. A block that several threads cannot speed up is executed
//! sequentially.

use core::{fmt, time::Duration};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_consensus::{Header, transaction::Recovered};
use alloy_eip7928::{BlockAccessList, compute_block_access_list_hash, diff::BalDiff};
use alloy_primitives::B256;
use slotcast_analyzer::bind::{Binder, BlockWords};
use slotcast_executor::{
    Advice, Block, ChainTx, Decisions, Execution, ExecutionError, ExecutionMode, FallbackRule,
    HostRules, Mode, Pool, Settings, UnitCosts, Wait,
    database::{BundleState, DatabaseRef},
    decide, execute, execute_with_access_list, execute_with_bundle, fork_of, receipts_root,
};
use slotcast_model::{Fork, Index as _, IndexVec, Prediction, TxIndex};
use slotcast_scheduler::schedule;

use crate::{
    announced::{Announced, Kept, NextBlock},
    at_hand::{AtHand, Begun},
    clock::Clock,
    graph::predicted_accesses,
    overlay::StateOverlay,
    predict::{Basis, BlockPredictor, Made, predict_tx},
    prepared::PredictSettings,
    reads::Reads,
    summaries::{BaseState, Summaries, View},
};

/// What to do about a transaction that cannot be included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRejected {
    /// The block fails with an error that names it: a block of the chain has none.
    #[default]
    Fail,
    /// The block goes on without it, as a builder wants.
    GoOn,
}

/// Which blocks are executed on several threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExecutionRule {
    /// Those that several threads are expected to speed up, at the engine's unit costs.
    #[default]
    ByCost,
    /// The same, but decided as for two threads, so that the work is the same on any number of them.
    ByCostOfTwo,
    /// All, or none.
    Always(ExecutionMode),
}

/// How many bytes of code summaries are kept of, unless another bound is set: several thousand
/// contracts.
const SUMMARISED_CODE_BYTES: u64 = 64 << 20;

/// How many announced transactions are kept, unless another bound is set: what nodes keep of the pool
/// by default is of this order.
const ANNOUNCED: usize = 16_384;

/// How an engine executes blocks.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// How hard to try to predict.
    pub predict: PredictSettings,
    /// How predictions are followed.
    pub mode: Mode,
    /// When to give up predictions that do not hold.
    pub fallback: FallbackRule,
    /// What the steps of executing a block cost.
    pub units: UnitCosts,
    /// Which blocks are predicted and executed on several threads.
    pub execution: ExecutionRule,
    /// What to do about a transaction that cannot be included.
    pub on_rejected: OnRejected,
    /// Beyond how many bytes of code, of one fork, summaries are forgotten before the next block;
    /// that costs time when the same codes are met again, and changes no prediction.
    pub summarised_code_bytes: u64,
    /// How many announced transactions are kept; beyond, those that arrived first are forgotten.
    pub announced: usize,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            predict: PredictSettings::default(),
            mode: Mode::default(),
            fallback: FallbackRule::default(),
            units: UnitCosts::default(),
            execution: ExecutionRule::default(),
            on_rejected: OnRejected::default(),
            summarised_code_bytes: SUMMARISED_CODE_BYTES,
            announced: ANNOUNCED,
        }
    }
}

/// What is kept from block to block: threads, and summaries of contracts.
#[derive(Debug)]
pub struct Engine {
    execution: Settings,
    settings: EngineSettings,
    summaries: Mutex<BTreeMap<Fork, Arc<Summaries>>>,
    announced: Mutex<Announced>,
}

/// An executed block.
#[derive(Debug)]
pub struct ExecutedBlock {
    /// Receipts, requests, gas, and what became of every transaction.
    pub execution: Execution,
    /// Where the time went, which decides nothing.
    pub times: StepTimes,
    /// From Amsterdam on the block's access list (EIP-7928), made of the same run; none before, and none
    /// beside a bundle.
    pub access_list: Option<BlockAccessList>,
}

/// A block's access list is not the one that is stated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct OtherAccessList {
    /// The hash that the header states.
    pub stated: B256,
    /// The hash of the block's own list.
    pub made: B256,
    /// The first entry that differs, where the whole list is stated: left what is stated, right what
    /// execution gave.
    pub first: Option<Box<BalDiff>>,
}

impl fmt::Display for OtherAccessList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stated, made, first } = self;
        write!(f, "the header states the block access list {stated}, execution gives {made}")?;
        match first {
            Some(first) => write!(f, "; left what is stated, right what execution gives: {first}"),
            None => f.write_str("; the list itself is not stated, so the entry is not known"),
        }
    }
}

impl ExecutedBlock {
    /// Refuses a header whose block access list is not that of the block; `stated` is the list itself,
    /// if it came with the block. A header that states none is not refused.
    pub fn check_access_list(
        &self,
        header: &Header,
        stated: Option<&BlockAccessList>,
    ) -> Result<(), OtherAccessList> {
        let (Some(hash), Some(list)) = (header.block_access_list_hash, &self.access_list) else {
            return Ok(());
        };
        let made = compute_block_access_list_hash(list);
        let first = stated.map(|stated| Box::new(BalDiff::between(stated, list)));
        let is_same = first.as_ref().is_none_or(|first| first.is_empty());
        match made == hash && is_same {
            true => Ok(()),
            false => Err(OtherAccessList { stated: hash, made, first }),
        }
    }

    /// The root of the receipts, as headers state it from Byzantium on.
    pub fn receipts_root(&self) -> B256 {
        receipts_root(self.execution.receipts())
    }
}

/// A block's predictions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockPredictions {
    /// One for each transaction.
    pub predictions: IndexVec<TxIndex, Prediction>,
    /// How many were made when the transaction was announced, and held.
    pub n_kept: usize,
}

/// Where the time went, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepTimes {
    /// Prediction, which only layers are made of before execution; otherwise it is nothing.
    pub predict: f64,
    /// Deciding whether several threads pay, and what transactions wait for as far as that decides.
    pub schedule: f64,
    /// Execution; what transactions wait for is worked out while the first ones run.
    pub execute: f64,
}

impl StepTimes {
    /// All steps.
    pub fn total(&self) -> f64 {
        self.predict + self.schedule + self.execute
    }
}

impl Engine {
    /// An engine in which `threads` threads work, the calling one included; an error when a thread
    /// cannot be started. It first measures for some milliseconds how fast the machine is
    /// ([`UnitCosts::on_this_machine`]); [`Self::with_settings`] takes costs as they are set.
    ///
    /// ```
    /// use slotcast::Engine;
    /// use slotcast_corpus::{embedded, prepare};
    ///
    /// let prepared = prepare(&embedded()?)?;
    /// let (block, state) = (prepared.block(), prepared.state());
    /// let engine = Engine::new(2)?;
    /// let out = engine.execute(block, state)?;
    /// assert_eq!(out.receipts_root(), block.header.receipts_root);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(threads: usize) -> Result<Self, ExecutionError> {
        let (pool, settings) = (Pool::new(threads)?, EngineSettings::default());
        let units = settings.units.on_this_machine(&pool)?;
        Ok(Self::with_pool(pool, EngineSettings { units, ..settings }))
    }

    /// The same with settings.
    pub fn with_settings(threads: usize, settings: EngineSettings) -> Result<Self, ExecutionError> {
        Ok(Self::with_pool(Pool::new(threads)?, settings))
    }

    /// An engine with these threads.
    pub fn with_pool(pool: Pool, settings: EngineSettings) -> Self {
        let EngineSettings { fallback, units, mode, .. } = settings;
        let execution = Settings { fallback, units, mode, ..Settings::of(pool) };
        Self { execution, settings, summaries: Mutex::default(), announced: Mutex::default() }
    }

    /// How the engine executes blocks.
    pub const fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// How many threads work in it.
    pub fn threads(&self) -> usize {
        self.execution.pool.threads()
    }

    /// The summaries of contracts under the rules of `fork`, which grow with every block up to what
    /// the settings allow.
    pub fn summaries(&self, fork: Fork) -> Arc<Summaries> {
        let mut all = self.summaries.lock().unwrap_or_else(PoisonError::into_inner);
        let analysis = self.settings.predict.analysis;
        Arc::clone(all.entry(fork).or_insert_with(|| Arc::new(Summaries::new(fork, analysis))))
    }

    /// Uses `summaries` from now on, such as ones that look into a file.
    pub fn use_summaries(&self, summaries: Arc<Summaries>) {
        let mut all = self.summaries.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(summaries.fork(), summaries);
    }

    /// Predicts one transaction on `state`, without executing it.
    pub fn predict<DB: DatabaseRef>(
        &self,
        tx: &Recovered<ChainTx>,
        block: &BlockWords,
        fork: Fork,
        state: &DB,
    ) -> Prediction {
        let (summaries, reads) = (self.summaries(fork), Reads(state));
        let mut binder = Binder::new(fork, self.settings.predict.binding);
        predict_tx(&mut binder, tx, block, &View::new(&reads, &summaries)).prediction
    }

    /// Predicts a transaction that is expected in a block soon, on the state before that block
    /// ([`Reads`] of a database), and keeps the prediction by transaction hash, for [`Self::execute`]
    /// to follow and [`Self::predict_block`] to bring up to date. A transaction of the same sender and
    /// nonce is replaced.
    ///
    /// Returns whether the transaction was kept: deposits are predicted in their block.
    ///
    /// ```
    /// use slotcast::{Engine, NextBlock};
    /// use slotcast_corpus::{embedded, prepare};
    ///
    /// let prepared = prepare(&embedded()?)?;
    /// let (block, state) = (prepared.block(), prepared.state());
    /// let (engine, next) = (Engine::new(2)?, NextBlock::of(block, prepared.fork()));
    /// for tx in &block.transactions {
    ///     engine.announce(tx, &next, state);
    /// }
    /// assert!(300 < engine.n_announced());
    /// let out = engine.execute(block, state)?;
    /// assert_eq!(out.receipts_root(), block.header.receipts_root);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn announce(
        &self,
        tx: &Recovered<ChainTx>,
        next: &NextBlock,
        state: &impl BaseState,
    ) -> bool {
        let summaries = self.summaries(next.fork);
        let mut binder = Binder::new(next.fork, self.settings.predict.binding);
        let Some(kept) = Kept::bind(&mut binder, tx, next, &View::new(state, &summaries)) else {
            return false;
        };
        self.lock().keep(tx, kept, self.settings.announced);
        true
    }

    /// Forgets an announced transaction that was dropped or included; whether it was kept.
    pub fn withdraw(&self, hash: &B256) -> bool {
        self.lock().remove(hash)
    }

    /// How many announced transactions are kept.
    pub fn n_announced(&self) -> usize {
        self.lock().len()
    }

    /// The hashes of the announced transactions that are kept, in order of arrival.
    pub fn announced(&self) -> Vec<B256> {
        self.lock().hashes()
    }

    /// The prediction that is kept of a transaction, if it still holds on `state`, the state before
    /// `next`: predicting it there would find the same.
    pub fn kept_prediction(
        &self,
        hash: &B256,
        next: &NextBlock,
        state: &impl BaseState,
    ) -> Option<Prediction> {
        let kept = self.lock().get(hash).cloned()?;
        let summaries = self.summaries(next.fork);
        let view = View::new(state, &summaries);
        kept.holds(next, &StateOverlay::new(&view)).then(|| kept.bound.prediction.clone())
    }

    /// Goes over what is kept when the head of the chain has changed, and predicts what no longer
    /// holds on `state`, the state before `next`: so that as little as possible is left to do when the
    /// block comes. To be called in the background; the transactions that were predicted again, in
    /// order of arrival.
    pub fn refresh(&self, next: &NextBlock, state: &impl BaseState) -> Vec<B256> {
        let summaries = self.summaries(next.fork);
        summaries.forget_beyond(self.settings.summarised_code_bytes);
        let view = View::new(state, &summaries);
        let mut binder = Binder::new(next.fork, self.settings.predict.binding);
        let mut again = Vec::new();
        for hash in self.announced() {
            let Some(kept) = self.lock().get(&hash).cloned() else { continue };
            let (kept, is_again) = kept.on(&mut binder, next, &view);
            if is_again {
                again.push(hash);
            }
            self.lock().renew(&hash, kept);
        }
        again
    }

    /// Predicts `block` in block order, with what was announced where it still holds: what a sequencer
    /// ships to those who execute the block after it, see [`Self::execute_predicted`].
    pub fn predict_block<DB: DatabaseRef>(
        &self,
        block: &Block,
        state: &DB,
    ) -> Result<BlockPredictions, ExecutionError> {
        let fork = fork_of(block)?;
        let (summaries, reads) = (self.summaries(fork), Reads(state));
        summaries.forget_beyond(self.settings.summarised_code_bytes);
        let view = View::new(&reads, &summaries);
        let PredictSettings { basis, binding, .. } = self.settings.predict;
        let mut predictor = BlockPredictor::new(block, fork, &view, basis, binding)
            .with_kept(self.at_hand(block, fork, None).into_kept(block));
        let mut n_kept = 0;
        let next = |_| {
            let made = predictor.make();
            n_kept += usize::from(matches!(made, Made::Before(_)));
            made.into_prediction()
        };
        let predictions = block.tx_indices().map(next).collect();
        Ok(BlockPredictions { predictions, n_kept })
    }

    fn lock(&self) -> MutexGuard<'_, Announced> {
        self.announced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each transaction of `block` waits for when [`Self::execute`] is called, one after the other:
    /// by the prediction that was made when it was announced, or blind.
    pub fn waits<'a>(
        &'a self,
        block: &'a Block,
        base: &'a impl BaseState,
    ) -> Result<impl FnMut(TxIndex) -> Wait + 'a, ExecutionError> {
        let mut at_hand = self.at_hand(block, fork_of(block)?, None);
        at_hand.complete(block);
        let mut waits = at_hand.waits(block, base, self.settings.mode);
        Ok(move |tx| at_hand.wait(&mut waits, tx))
    }

    /// What is at hand of a block.
    fn at_hand<'p>(
        &'p self,
        block: &Block,
        fork: Fork,
        predictions: Option<&'p IndexVec<TxIndex, Prediction>>,
    ) -> AtHand<'p> {
        match predictions {
            Some(predictions) => AtHand::All(predictions),
            None => {
                // On the parent state alone, nothing that earlier transactions leave counts.
                let counts = self.settings.predict.basis != Basis::Parent;
                AtHand::announced(block, fork, counts.then_some(&self.announced))
            }
        }
    }

    /// Executes `block` on `base`, by what was announced of it.
    pub fn execute<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        base: &DB,
    ) -> Result<ExecutedBlock, ExecutionError> {
        self.execute_advised(block, base, None)
    }

    /// Executes `block` on `base` by predictions that are at hand, one for each transaction.
    pub fn execute_predicted<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        base: &DB,
        predictions: &IndexVec<TxIndex, Prediction>,
    ) -> Result<ExecutedBlock, ExecutionError> {
        self.execute_advised(block, base, Some(predictions))
    }

    fn execute_advised<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        base: &DB,
        predictions: Option<&IndexVec<TxIndex, Prediction>>,
    ) -> Result<ExecutedBlock, ExecutionError> {
        let fork = fork_of(block)?;
        let run = |advice: Advice<'_>| match Fork::Amsterdam <= fork {
            true => {
                let (execution, list) = execute_with_access_list(block, base, advice)?;
                Ok((execution, Some(list)))
            }
            false => Ok((execute(block, base, advice)?, None)),
        };
        let ((execution, access_list), times) =
            self.advised(block, fork, base, predictions, run)?;
        self.check_included(&execution)?;
        Ok(ExecutedBlock { execution, times, access_list })
    }

    /// As [`Self::execute`], for a host that goes on with revm's bundle: what the block changed, with
    /// what it takes to undo it.
    pub fn execute_with_bundle<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        base: &DB,
    ) -> Result<(ExecutedBlock, BundleState), ExecutionError> {
        let ((execution, bundle), times) =
            self.advised(block, fork_of(block)?, base, None, |advice| {
                execute_with_bundle(block, base, advice)
            })?;
        self.check_included(&execution)?;
        Ok((ExecutedBlock { execution, times, access_list: None }, bundle))
    }

    /// Decides the transactions of `block` for a host that opens, commits and closes the block
    /// itself; see [`decide`].
    pub fn decide<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        rules: &HostRules,
        base: &DB,
    ) -> Result<Decisions, ExecutionError> {
        let run = |advice: Advice<'_>| decide(block, rules, base, advice);
        Ok(self.advised(block, rules.fork(), base, None, run)?.0)
    }

    /// Whether `block` is executed on several threads on `base`; `predictions` are those at hand.
    pub fn is_parallel(
        &self,
        block: &Block,
        base: &impl BaseState,
        predictions: Option<&IndexVec<TxIndex, Prediction>>,
    ) -> Result<bool, ExecutionError> {
        let mut at_hand = self.at_hand(block, fork_of(block)?, predictions);
        Ok(self.mode(block, base, &mut at_hand).0 == ExecutionMode::Parallel)
    }

    fn check_included(&self, execution: &Execution) -> Result<(), ExecutionError> {
        match self.settings.on_rejected {
            OnRejected::Fail => execution.require_all_included(),
            OnRejected::GoOn => Ok(()),
        }
    }

    /// How a block is executed, given what is at hand, and what its first transactions wait for if that
    /// was worked out.
    fn mode<'w>(
        &self,
        block: &'w Block,
        state: &'w impl BaseState,
        at_hand: &mut AtHand<'_>,
    ) -> (ExecutionMode, Option<Begun<'w>>) {
        let EngineSettings { units, mode, execution, .. } = &self.settings;
        match execution {
            ExecutionRule::Always(ExecutionMode::Sequential) => (ExecutionMode::Sequential, None),
            ExecutionRule::Always(ExecutionMode::Parallel) => {
                at_hand.complete(block);
                (ExecutionMode::Parallel, None)
            }
            ExecutionRule::ByCost if self.threads() == 1 => (ExecutionMode::Sequential, None),
            ExecutionRule::ByCost | ExecutionRule::ByCostOfTwo => {
                at_hand.decide(block, state, (units, *mode))
            }
        }
    }

    /// Calls `run` with the advice that there is for `block`.
    fn advised<DB: DatabaseRef, R>(
        &self,
        block: &Block,
        fork: Fork,
        base: &DB,
        predictions: Option<&IndexVec<TxIndex, Prediction>>,
        run: impl FnOnce(Advice<'_>) -> Result<R, ExecutionError>,
    ) -> Result<(R, StepTimes), ExecutionError> {
        let clock = Clock::start();
        let (reads, settings) = (Reads(base), &self.execution);
        let mut at_hand = self.at_hand(block, fork, predictions);
        let (mode, begun) = self.mode(block, &reads, &mut at_hand);
        if mode == ExecutionMode::Sequential {
            let schedule = micros(clock.elapsed());
            let result = run(Advice::None)?;
            let execute = micros(clock.elapsed()) - schedule;
            return Ok((result, StepTimes { predict: 0.0, schedule, execute }));
        }
        if settings.mode == Mode::Layers {
            let made = match predictions {
                Some(_) => None,
                None => Some(self.predict_block(block, base)?.predictions),
            };
            let predict = micros(clock.elapsed());
            let predictions = predictions.or(made.as_ref()).expect("given or made");
            let schedule = schedule(&predicted_accesses(block, predictions, &reads));
            let scheduled = micros(clock.elapsed());
            let result = run(Advice::Schedule(&schedule, settings))?;
            let execute = micros(clock.elapsed()) - scheduled;
            return Ok((result, StepTimes { predict, schedule: scheduled - predict, execute }));
        }
        let schedule = micros(clock.elapsed());
        let start = || {
            let waits = at_hand.waits(block, &reads, settings.mode);
            Begun { waits, known: Vec::new() }
        };
        let Begun { mut waits, mut known } = begun.unwrap_or_else(start);
        let wait = |tx: TxIndex| match known.get_mut(tx.as_usize()) {
            Some(known) => core::mem::take(known),
            None => at_hand.wait(&mut waits, tx),
        };
        let result = run(Advice::Streamed(&mut { wait }, settings))?;
        let execute = micros(clock.elapsed()) - schedule;
        Ok((result, StepTimes { predict: 0.0, schedule, execute }))
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
