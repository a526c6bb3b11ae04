//! By which way does a block go through the parts?
//!
//! In: a [`Prepared`] block, warm summaries, [`PipelineSettings`]. Out: an [`Execution`] with the times
//! it took to get there.
//! Invariants: the way follows from the block, its predictions and the settings alone; all ways have
//! the same outcome.

use core::time::Duration;

use alloy_consensus::Transaction as _;

use slotcast_executor::{Advice, Execution, ExecutionError, ExecutionMode, Settings, execute};
use slotcast_model::{Index, IndexVec, Prediction, TxIndex};
use slotcast_scheduler::{Schedule, schedule};

use crate::{
    clock::Clock,
    forecast::estimate_gas,
    lookahead::Lookahead,
    prepared::{PredictSettings, Prepared},
    summaries::{Summaries, View},
    waits::{Waits, forecasts_of_waits},
};

/// What decides the way.
#[derive(Debug)]
pub struct PipelineSettings {
    /// How hard to try to predict.
    pub predict: PredictSettings,
    /// Threads, what the steps cost, and when to give up advice.
    pub execution: Settings,
}

/// Where the time went, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepTimes {
    /// Predicting with the summaries at hand, and finding out what waits for what; the other threads
    /// execute meanwhile.
    pub predict: f64,
    /// From predictions at hand to knowing what waits for what; the other threads execute meanwhile.
    pub schedule: f64,
    /// Executing, from when all is known.
    pub execute: f64,
}

impl StepTimes {
    /// All steps.
    pub fn total(&self) -> f64 {
        self.predict + self.schedule + self.execute
    }
}

/// Executes a block of which nothing is predicted yet.
///
/// ```
/// use slotcast::{PipelineSettings, execute_unpredicted, executor::Settings};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let settings = PipelineSettings {
///     predict: Default::default(),
///     execution: Settings::with_threads(2)?,
/// };
/// let summaries = prepared.summaries(&settings.predict);
/// let (execution, _) = execute_unpredicted(&prepared, &summaries, &settings)?;
/// assert_eq!(execution.receipts().len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn execute_unpredicted(
    prepared: &Prepared,
    summaries: &Summaries,
    settings: &PipelineSettings,
) -> Result<(Execution, StepTimes), ExecutionError> {
    let clock = Clock::start();
    let threads = settings.execution.pool.threads();
    let code_bytes = |address| prepared.state().code_bytes(address);
    let block = prepared.block();
    let units = &settings.execution.units;
    let plan = (1 < threads).then(|| units.plan(block, None, code_bytes));
    let Some(plan) = plan.filter(|plan| plan.mode == ExecutionMode::Parallel) else {
        let times = StepTimes { schedule: micros(&clock), ..StepTimes::default() };
        return in_order(prepared, times);
    };
    let state = prepared.state();
    let view = View::new(state, summaries);
    let (fork, first) = (prepared.fork(), plan.first_predicted);
    let mut lookahead = Lookahead::new(block, fork, &view, state, &settings.predict, first);
    let mut predicting = Duration::ZERO;
    let mut next = |_| {
        let clock = Clock::start();
        let wait = lookahead.next();
        predicting += clock.elapsed();
        wait
    };
    let execution = execute(block, state, Advice::Streamed(&mut next, &settings.execution))?;
    let predict = predicting.as_secs_f64() * 1e6;
    let execute = micros(&clock) - predict;
    Ok((execution, StepTimes { predict, schedule: 0.0, execute }))
}

/// Executes a block whose predictions are at hand.
///
/// ```
/// use slotcast::{PipelineSettings, execute_predicted, executor::Settings};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let settings = PipelineSettings {
///     predict: Default::default(),
///     execution: Settings::with_threads(2)?,
/// };
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let (execution, _) = execute_predicted(&prepared, &predictions, &settings)?;
/// assert_eq!(execution.receipts().len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn execute_predicted(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    settings: &PipelineSettings,
) -> Result<(Execution, StepTimes), ExecutionError> {
    let clock = Clock::start();
    let code_bytes = |address| prepared.state().code_bytes(address);
    let Settings { pool, units, .. } = &settings.execution;
    let gas = predicted_gas(prepared, predictions);
    match units.plan(prepared.block(), Some(&gas), code_bytes).mode {
        ExecutionMode::Parallel if 1 < pool.threads() => by_waits(prepared, predictions, settings),
        ExecutionMode::Parallel | ExecutionMode::Sequential => {
            let times = StepTimes { schedule: micros(&clock), ..StepTimes::default() };
            in_order(prepared, times)
        }
    }
}

/// The gas that each transaction uses by its prediction; 0 for what looks like a plain transfer.
pub fn predicted_gas(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> IndexVec<TxIndex, u64> {
    let gas = |(tx, prediction): (TxIndex, &Prediction)| {
        let transaction = &prepared.block().transactions[tx.as_usize()];
        let is_plain = transaction.input().is_empty() && prediction.storage().reads.is_empty();
        if is_plain { 0 } else { estimate_gas(transaction, prediction) }
    };
    predictions.iter_enumerated().map(gas).collect()
}

/// The schedule by which a block is executed without layers.
///
/// ```
/// use slotcast::{schedule_of_waits};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let schedule = schedule_of_waits(&prepared, &predictions);
/// assert_eq!(schedule.len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schedule_of_waits(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> Schedule {
    schedule(&forecasts_of_waits(prepared.block(), predictions, prepared.state()))
}

fn by_waits(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    settings: &PipelineSettings,
) -> Result<(Execution, StepTimes), ExecutionError> {
    let clock = Clock::start();
    let (block, state) = (prepared.block(), prepared.state());
    // Made while the other threads wake up.
    let mut waits = None;
    let mut known_after = Duration::ZERO;
    let mut next = |tx| {
        let waits = waits.get_or_insert_with(|| Waits::new(block, state));
        let wait = waits.next(&predictions[tx]);
        known_after = clock.elapsed();
        wait
    };
    let execution = execute(block, state, Advice::Streamed(&mut next, &settings.execution))?;
    let schedule = known_after.as_secs_f64() * 1e6;
    let execute = micros(&clock) - schedule;
    Ok((execution, StepTimes { predict: 0.0, schedule, execute }))
}

fn in_order(
    prepared: &Prepared,
    times: StepTimes,
) -> Result<(Execution, StepTimes), ExecutionError> {
    let clock = Clock::start();
    let execution = execute(prepared.block(), prepared.state(), Advice::None)?;
    Ok((execution, StepTimes { execute: micros(&clock), ..times }))
}

fn micros(clock: &Clock) -> f64 {
    clock.elapsed().as_secs_f64() * 1e6
}
