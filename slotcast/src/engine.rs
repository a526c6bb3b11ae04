//! How does a program that has blocks and a state of its own execute them?
//!
//! In: a [`Block`], any revm `DatabaseRef + Sync`, an [`Engine`] that is kept from block to block.
//! Out: an [`ExecutedBlock`]: receipts, requests, gas, and the bundle that alloy-evm's block executor
//! would leave; or a typed error with the transaction it happened in.
//! Invariants: the result is the one of running the block sequentially, whatever is predicted of it; a
//! database that fails while a block is predicted makes the prediction poorer and nothing else; after an
//! error an engine goes on as before.
//!
//! Transactions are predicted one after the other on the calling thread, while the engine's other
//! threads run those at the start of the block, which are not predicted, and those that are predicted
//! already. What cannot win by several threads is run sequentially, and nothing is predicted for it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use alloy_primitives::Address;
use slotcast_executor::{
    Advice, Block, Decisions, Execution, ExecutionError, ExecutionMode, ExecutionPlan,
    FallbackRule, HostRules, Pool, Settings, UnitCosts, Wait,
    database::{BundleState, DatabaseRef},
    decide, execute_with_bundle, fork_of,
};
use slotcast_model::Fork;

use crate::{
    lookahead::Lookahead,
    prepared::PredictSettings,
    reads::Reads,
    summaries::{Summaries, View},
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
    /// Those that several threads are expected to gain something on, at the engine's unit costs.
    #[default]
    ByCost,
    /// All, or none.
    Always(ExecutionMode),
}

/// How many bytes of code summaries are kept of, unless another bound is set: several thousand
/// contracts.
const SUMMARISED_CODE_BYTES: u64 = 64 << 20;

/// How an engine executes blocks.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// How hard to try to predict.
    pub predict: PredictSettings,
    /// When to give up a prediction that does not hold.
    pub fallback: FallbackRule,
    /// What the steps of executing a block cost.
    pub units: UnitCosts,
    /// Which blocks are predicted and run on several threads.
    pub execution: ExecutionRule,
    /// What to do about a transaction that cannot be included.
    pub on_rejected: OnRejected,
    /// Beyond how many bytes of code, of one fork, summaries are forgotten before the next block;
    /// that costs time when the same codes are met again, and changes no prediction.
    pub summarised_code_bytes: u64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            predict: PredictSettings::default(),
            fallback: FallbackRule::default(),
            units: UnitCosts::default(),
            execution: ExecutionRule::default(),
            on_rejected: OnRejected::default(),
            summarised_code_bytes: SUMMARISED_CODE_BYTES,
        }
    }
}

/// What is kept from block to block: threads, and what is known of contracts.
#[derive(Debug)]
pub struct Engine {
    execution: Settings,
    settings: EngineSettings,
    summaries: Mutex<BTreeMap<Fork, Arc<Summaries>>>,
}

impl Engine {
    /// An engine in which `threads` threads work, the calling one included.
    pub fn new(threads: usize, settings: EngineSettings) -> Result<Self, ExecutionError> {
        Ok(Self::with_pool(Pool::new(threads)?, settings))
    }

    /// An engine with these threads.
    pub fn with_pool(pool: Pool, settings: EngineSettings) -> Self {
        let EngineSettings { fallback, units, .. } = settings;
        let execution = Settings { fallback, units, ..Settings::of(pool) };
        Self { execution, settings, summaries: Mutex::default() }
    }

    /// What is known of contracts under the rules of `fork`, which grows with every block up to what
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

    /// Decides the transactions of `block` for a host that opens, commits and closes the block
    /// itself; see [`decide`].
    pub fn decide<DB: DatabaseRef + Sync>(
        &self,
        block: &Block,
        rules: &HostRules,
        base: &DB,
    ) -> Result<Decisions, ExecutionError> {
        match self.planned(block) {
            None => decide(block, rules, base, Advice::None),
            Some(plan) => self.predicting(block, plan, rules.fork(), base, |wait| {
                decide(block, rules, base, Advice::Streamed(&mut |_| wait(), &self.execution))
            }),
        }
    }

    /// The plan by which a block is run on several threads, if it is.
    fn planned(&self, block: &Block) -> Option<ExecutionPlan> {
        let units = &self.settings.units;
        let plan = units.plan(block, None, typical_code(units));
        let is_parallel = match self.settings.execution {
            ExecutionRule::Always(mode) => mode == ExecutionMode::Parallel,
            ExecutionRule::ByCost => {
                1 < self.execution.pool.threads() && plan.mode == ExecutionMode::Parallel
            }
        };
        is_parallel.then_some(plan)
    }

    /// Calls `run` with a function that says of one transaction after the other what it waits for.
    fn predicting<DB: DatabaseRef, R>(
        &self,
        block: &Block,
        plan: ExecutionPlan,
        fork: Fork,
        base: &DB,
        run: impl FnOnce(&mut dyn FnMut() -> Wait) -> R,
    ) -> R {
        let (summaries, reads) = (self.summaries(fork), Reads(base));
        summaries.forget_beyond(self.settings.summarised_code_bytes);
        let view = View::new(&reads, &summaries);
        let (predict, first) = (&self.settings.predict, plan.first_predicted);
        let mut lookahead = Lookahead::new(block, fork, &view, &reads, predict, first);
        run(&mut || lookahead.next())
    }
}

/// Takes every code to be of typical size: asking the database for each could cost more than knowing
/// it saves.
fn typical_code(units: &UnitCosts) -> impl Fn(Address) -> usize {
    let typical = usize::try_from(units.typical_code_bytes).unwrap_or(usize::MAX);
    move |_| typical
}

/// An executed block, for a program that goes on with revm's bundle.
#[derive(Debug)]
pub struct ExecutedBlock {
    /// Receipts, requests, gas, and what became of every transaction.
    pub execution: Execution,
    /// What the block changed, with what it takes to undo it.
    pub bundle: BundleState,
}

/// Executes `block` on `base`, predicting it on the way.
pub fn execute_block<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    engine: &Engine,
) -> Result<ExecutedBlock, ExecutionError> {
    let Engine { execution: settings, .. } = engine;
    let (execution, bundle) = match engine.planned(block) {
        None => execute_with_bundle(block, base, Advice::None)?,
        Some(plan) => engine.predicting(block, plan, fork_of(block)?, base, |wait| {
            execute_with_bundle(block, base, Advice::Streamed(&mut |_| wait(), settings))
        })?,
    };
    if engine.settings.on_rejected == OnRejected::Fail {
        execution.require_all_included()?;
    }
    Ok(ExecutedBlock { execution, bundle })
}
