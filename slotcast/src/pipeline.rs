//! By which way does a block go through the parts?
//!
//! In: a [`Prepared`] block, warm summaries, [`PipelineSettings`]. Out: an [`Execution`] with the times
//! it took to get there.
//! Invariants: the way follows from the block, its predictions and the settings alone; all ways have
//! the same outcome.

use core::time::Duration;

use alloy_consensus::Transaction as _;

use slotcast_executor::{
    Call, Course, Execution, ExecutionError, Horizon, Outlook, Settings, UnitCosts, Wait,
    execute_in_order_on, execute_streamed,
};
use slotcast_model::{Index, IndexVec, Prediction, TxIndex};
use slotcast_scheduler::{Policy, Schedule, schedule};

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
    /// What to do about predictions that may be missing something.
    pub policy: Policy,
    /// Threads, and when to give up a schedule.
    pub execution: Settings,
    /// What the steps cost.
    pub units: UnitCosts,
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
/// use slotcast::scheduler::Policy;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let settings = PipelineSettings {
///     predict: Default::default(),
///     policy: Policy::Optimistic,
///     execution: Settings::with_threads(2)?,
///     units: Default::default(),
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
    let plan = (1 < threads).then(|| settings.units.plan(block, code_bytes));
    let Some(plan) = plan.filter(|plan| plan.is_worth_it) else {
        let times = StepTimes { schedule: micros(&clock), ..StepTimes::default() };
        return in_order(prepared, settings, times);
    };
    let state = prepared.state();
    let Settings { pool, fallback, .. } = &settings.execution;
    let view = View::new(state, summaries);
    let (fork, first) = (prepared.fork(), plan.first_predicted);
    let mut lookahead = Lookahead::new(block, fork, &view, state, &settings.predict, first);
    let mut predicting = Duration::ZERO;
    let execution = execute_streamed(block, state, pool, *fallback, |_| {
        let clock = Clock::start();
        let wait = lookahead.next();
        predicting += clock.elapsed();
        wait
    })?;
    let predict = predicting.as_secs_f64() * 1e6;
    let execute = micros(&clock) - predict;
    Ok((execution, StepTimes { predict, schedule: 0.0, execute }))
}

/// Executes a block whose predictions are at hand.
///
/// ```
/// use slotcast::{PipelineSettings, execute_predicted, executor::Settings};
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast::scheduler::Policy;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let settings = PipelineSettings {
///     predict: Default::default(),
///     policy: Policy::Optimistic,
///     execution: Settings::with_threads(2)?,
///     units: Default::default(),
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
    let threads = settings.execution.pool.threads();
    let call = |(tx, prediction): (TxIndex, &Prediction)| {
        let gas = gas_of(prepared, tx, prediction)?;
        let transaction = &prepared.block().transactions[tx.as_usize()];
        Some(Call::of(transaction, gas, |address| prepared.state().code_bytes(address)))
    };
    let calls = predictions.iter_enumerated().map(call);
    match settings.units.course_of_calls(calls, threads) {
        Course::InOrder => in_order(
            prepared,
            settings,
            StepTimes { schedule: micros(&clock), ..StepTimes::default() },
        ),
        Course::Dataflow => by_waits(prepared, predictions, settings),
    }
}

/// The gas that a call uses by its prediction; nothing for what looks like a plain transfer.
fn gas_of(prepared: &Prepared, tx: TxIndex, prediction: &Prediction) -> Option<u64> {
    let transaction = &prepared.block().transactions[tx.as_usize()];
    let is_plain = transaction.input().is_empty() && prediction.storage().reads.is_empty();
    (!is_plain).then(|| estimate_gas(transaction, prediction))
}

/// The schedule by which a block is executed without layers.
///
/// ```
/// use slotcast::{schedule_of_waits, scheduler::Policy};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let schedule = schedule_of_waits(&prepared, &predictions, &Policy::Optimistic);
/// assert_eq!(schedule.len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn schedule_of_waits(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    policy: &Policy,
) -> Schedule {
    schedule(&forecasts_of_waits(prepared.block(), predictions, prepared.state()), policy)
}

fn by_waits(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    settings: &PipelineSettings,
) -> Result<(Execution, StepTimes), ExecutionError> {
    let clock = Clock::start();
    let Settings { pool, fallback, .. } = &settings.execution;
    let (block, state) = (prepared.block(), prepared.state());
    if settings.policy != Policy::Optimistic {
        let schedule = schedule_of_waits(prepared, predictions, &settings.policy);
        let times = StepTimes { schedule: micros(&clock), ..StepTimes::default() };
        let clock = Clock::start();
        let wait = |tx| Wait::of(&schedule, tx);
        let execution = execute_streamed(block, state, pool, *fallback, wait)?;
        return Ok((execution, StepTimes { execute: micros(&clock), ..times }));
    }
    // Made while the other threads wake up.
    let mut waits = None;
    let mut outlook = Outlook::new(settings.units);
    let mut known_after = Duration::ZERO;
    let execution = execute_streamed(block, state, pool, *fallback, |tx| {
        if outlook.is_given_up() {
            return Horizon(tx).into();
        }
        let prediction = &predictions[tx];
        let wait = waits.get_or_insert_with(|| Waits::new(block, state)).next(prediction);
        outlook.tell(gas_of(prepared, tx, prediction).unwrap_or(0), wait.horizon);
        known_after = clock.elapsed();
        wait
    })?;
    let schedule = known_after.as_secs_f64() * 1e6;
    let execute = micros(&clock) - schedule;
    Ok((execution, StepTimes { predict: 0.0, schedule, execute }))
}

fn in_order(
    prepared: &Prepared,
    settings: &PipelineSettings,
    times: StepTimes,
) -> Result<(Execution, StepTimes), ExecutionError> {
    let clock = Clock::start();
    let execution =
        execute_in_order_on(prepared.block(), prepared.state(), &settings.execution.pool)?;
    Ok((execution, StepTimes { execute: micros(&clock), ..times }))
}

fn micros(clock: &Clock) -> f64 {
    clock.elapsed().as_secs_f64() * 1e6
}
