//! How long would a block take on many threads, by what its transactions take on one?
//!
//! In: a [`Prepared`] block, the unit costs of the executor. Out: a [`MakespanRow`] for each number of
//! threads: ours with nothing at hand, with predictions from when transactions arrived, and with those of
//! the block, the sets of what transactions really touch without any value, optimistic re-execution in the manner of Block-STM,
//! and the limit below which no schedule comes, on the same costs.
//! Invariants: times are measured on one thread and everything else is simulated; a simulation runs
//! nothing and depends on its inputs alone; who conflicts is for all of them what is left when reads
//! that need no order are left out (`waits.rs`).

use core::num::NonZeroUsize;
use std::sync::Arc;

use serde::Serialize;
use slotcast_executor::{
    Advice, Block, ExecutionError, FallbackRule, SequentialSettings, Settings, UnitCosts, Wait,
    execute, execute_sequential, time_each,
};
use slotcast_model::{IndexVec, Observation, Prediction, StorageAccess, TxIndex};
use slotcast_scheduler::{Actual, Steps, simulate_optimistic, simulate_streamed};

use slotcast::{
    Clock, Engine, NextBlock, PredictSettings, Prepared,
    graph::{Waits, predicted_accesses},
};
use slotcast_corpus::RunError;

/// Runs for a median.
const N_RUNS: usize = 7;

/// One block on a number of threads; times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MakespanRow {
    /// How many threads are simulated.
    pub threads: usize,
    /// All transactions one after the other, on one thread, without predicting: measured.
    pub sequential_micros: f64,
    /// Executing and deciding, with nothing predicted.
    pub ours_micros: f64,
    /// The same with predictions made on the parent state when transactions arrived.
    pub pooled_micros: f64,
    /// The same with predictions at hand.
    pub hinted_micros: f64,
    /// Executing and deciding by the sets of what the transactions really touch. No values are known, so
    /// that a transaction waits for every change of what it reads; ours with values wait for less.
    pub true_sets_micros: f64,
    /// Optimistic re-execution.
    pub optimistic_micros: f64,
    /// If no transaction waited for another and nothing cost anything besides: the longest one alone,
    /// or all of them shared by the threads, whichever is more.
    pub limit_micros: f64,
    /// How often it runs transactions.
    pub optimistic_runs: usize,
    /// How often we run transactions.
    pub our_runs: usize,
}

/// What is measured of one block, in nanoseconds by transaction.
struct Measured {
    run: IndexVec<TxIndex, u64>,
    /// Finding out what each waits for when nothing is predicted.
    blind: IndexVec<TxIndex, u64>,
    /// The same by predictions at hand.
    hint: IndexVec<TxIndex, u64>,
    predictions: IndexVec<TxIndex, Prediction>,
    truth: IndexVec<TxIndex, Prediction>,
    /// What each waits for when nothing is predicted.
    waits_blind: IndexVec<TxIndex, Wait>,
    /// Predicting the block in its order, as one who ships the predictions does.
    beforehand: u64,
    /// Predicting each transaction when it arrives.
    arriving: u64,
    /// Finding out what each waits for by these.
    follow: IndexVec<TxIndex, u64>,
    /// What each waits for then.
    pooled: IndexVec<TxIndex, Wait>,
}

/// What a block's transactions cost, from which any number of threads can be simulated.
#[derive(Debug)]
pub struct BlockCosts {
    pub(crate) gas: u64,
    pub(crate) sequential: u64,
    pub(crate) ours: IndexVec<TxIndex, Steps>,
    pub(crate) pooled: IndexVec<TxIndex, Steps>,
    pub(crate) hinted: IndexVec<TxIndex, Steps>,
    true_sets: IndexVec<TxIndex, Steps>,
    pub(crate) actual: IndexVec<TxIndex, Actual>,
    /// Predicting on arrival, and in block order before the block, in all.
    pub(crate) predicted_before: [u64; 2],
    our_runs: usize,
    pub(crate) run: IndexVec<TxIndex, u64>,
}

/// Measures a block and simulates it on each of these numbers of threads.
///
/// ```
/// use core::num::NonZeroUsize;
///
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::makespan;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let threads = [1, 8].map(|n| NonZeroUsize::new(n).expect("it is not zero"));
/// let rows = makespan(&prepared, &Default::default(), &threads)?;
/// assert!(rows[1].hinted_micros <= rows[0].hinted_micros);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn makespan(
    prepared: &Prepared,
    units: &UnitCosts,
    threads: &[NonZeroUsize],
) -> Result<Vec<MakespanRow>, RunError> {
    Ok(BlockCosts::measure(prepared, units)?.makespan(threads))
}

impl BlockCosts {
    /// Measures a block on one thread.
    pub fn measure(prepared: &Prepared, units: &UnitCosts) -> Result<Self, RunError> {
        Self::of(prepared, units).map_err(|source| RunError::of(prepared.block(), source))
    }

    /// Simulates the block on each of these numbers of threads.
    pub fn makespan(&self, threads: &[NonZeroUsize]) -> Vec<MakespanRow> {
        threads.iter().map(|&threads| self.row(threads)).collect()
    }

    pub(crate) fn of(prepared: &Prepared, units: &UnitCosts) -> Result<Self, ExecutionError> {
        let measured = measure(prepared)?;
        let Measured { run, blind, hint, predictions, truth, .. } = &measured;
        let (waits, again) = waits(prepared, predictions)?;
        let (waits_blind, again_blind) = ran(prepared, measured.waits_blind.clone())?;
        let (waits_pooled, again_pooled) = ran(prepared, measured.pooled.clone())?;
        let (waits_of_truth, again_of_truth) = self::waits(prepared, truth)?;
        let free = IndexVec::from_elem(0, run.len());
        let steps = |predict, waits: &IndexVec<TxIndex, Wait>, again: &[TxIndex]| {
            let horizons = waits.iter().map(|wait| wait.horizon.0).collect();
            steps(prepared, units, run, predict, &horizons, again)
        };
        Ok(Self {
            gas: prepared.block().header.gas_used,
            sequential: run.iter().sum(),
            ours: steps(blind, &waits_blind, &again_blind),
            pooled: steps(&measured.follow, &waits_pooled, &again_pooled),
            hinted: steps(hint, &waits, &again),
            true_sets: steps(&free, &waits_of_truth, &again_of_truth),
            actual: actual(prepared, units, run, truth),
            predicted_before: [measured.arriving, measured.beforehand],
            our_runs: run.len() + again.len(),
            run: measured.run,
        })
    }

    fn row(&self, threads: NonZeroUsize) -> MakespanRow {
        let micros = |nanos: u64| nanos as f64 / 1e3;
        let optimistic = simulate_optimistic(&self.actual, threads);
        MakespanRow {
            threads: threads.get(),
            sequential_micros: micros(self.sequential),
            ours_micros: micros(simulate_streamed(&self.ours, threads)),
            pooled_micros: micros(simulate_streamed(&self.pooled, threads)),
            hinted_micros: micros(simulate_streamed(&self.hinted, threads)),
            true_sets_micros: micros(simulate_streamed(&self.true_sets, threads)),
            optimistic_micros: micros(optimistic.time),
            limit_micros: micros(no_wait_limit(&self.run, threads)),
            optimistic_runs: optimistic.n_runs,
            our_runs: self.our_runs,
        }
    }
}

fn measure(prepared: &Prepared) -> Result<Measured, ExecutionError> {
    let (block, state) = (prepared.block(), prepared.state());
    let observed = SequentialSettings { is_observed: true };
    let observations = execute_sequential(block, state, &observed)?.observations;
    let truth = observations.into_iter().map(prediction_of).collect();
    let settings = PredictSettings::default();
    let engine = Engine::new(1)?;
    let summaries = Arc::new(prepared.summaries(&settings));
    let predictions = prepared.predict_with(&summaries, &settings).predictions;
    engine.use_summaries(summaries);
    let next = NextBlock::of(block, prepared.fork());
    let [mut runs, mut blind, mut hinted, mut following] = [const { Vec::new() }; 4];
    let [mut beforehand, mut arriving] = [Vec::new(), Vec::new()];
    let [mut waits_blind, mut pooled] = [IndexVec::new(), IndexVec::new()];
    for _ in 0..N_RUNS {
        runs.push(time_each(block, state)?);
        waits_blind = timed_waits(block, || engine.waits(block, state), &mut blind)?;
        let (hints, mode) = (&predictions, Default::default());
        let by_hints = || {
            let mut waits = Waits::new(block, state, mode).with_all(hints.iter_enumerated());
            Ok(move |tx: TxIndex| waits.next(&hints[tx]))
        };
        timed_waits(block, by_hints, &mut hinted)?;
        beforehand.push(timed(|| engine.predict_block(block, state)).0);
        let announce = |tx| timed(|| engine.announce(tx, &next, state)).0;
        arriving.push(block.transactions.iter().map(announce).sum());
        pooled = timed_waits(block, || engine.waits(block, state), &mut following)?;
        for tx in &block.transactions {
            engine.withdraw(tx.tx_hash());
        }
    }
    let [run, blind, hint, follow] = [&runs, &blind, &hinted, &following].map(|it| medians(it));
    let [beforehand, arriving] = [beforehand, arriving].map(median);
    Ok(Measured {
        run,
        blind,
        hint,
        predictions,
        truth,
        waits_blind,
        beforehand,
        arriving,
        follow,
        pooled,
    })
}

/// What each transaction waits for; what it takes to find out is added to `runs`, and to begin to the
/// first transaction's.
fn timed_waits<W: FnMut(TxIndex) -> Wait>(
    block: &Block,
    begin: impl FnOnce() -> Result<W, ExecutionError>,
    runs: &mut Vec<IndexVec<TxIndex, u64>>,
) -> Result<IndexVec<TxIndex, Wait>, ExecutionError> {
    let (beginning, wait) = timed(begin);
    let mut wait = wait?;
    let next = |tx| timed(|| wait(tx));
    let (mut nanos, waits): (Vec<u64>, Vec<Wait>) = block.tx_indices().map(next).unzip();
    if let Some(first) = nanos.first_mut() {
        *first += beginning;
    }
    runs.push(nanos.into());
    Ok(waits.into())
}

/// How long something takes, in nanoseconds, and what it gives.
fn timed<T>(what: impl FnOnce() -> T) -> (u64, T) {
    let clock = Clock::start();
    let given = what();
    (u64::try_from(clock.elapsed().as_nanos()).unwrap_or(u64::MAX), given)
}

/// The middle of what each transaction took.
fn medians(runs: &[IndexVec<TxIndex, u64>]) -> IndexVec<TxIndex, u64> {
    let Some(first) = runs.first() else { return IndexVec::new() };
    first.indices().map(|tx| median(runs.iter().map(|run| run[tx]).collect())).collect()
}

fn median(mut nanos: Vec<u64>) -> u64 {
    nanos.sort_unstable();
    nanos[nanos.len() / 2]
}

/// A prediction without a fault.
fn prediction_of(observation: Observation) -> Prediction {
    let Observation { reads, writes, accounts, .. } = observation;
    let storage = StorageAccess { reads, writes, deltas: Vec::new() };
    Prediction::new(storage, accounts, vec![], vec![], vec![])
}

/// What each transaction waits for by these predictions, and which are run twice if that is followed.
fn waits(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> Result<(IndexVec<TxIndex, Wait>, Vec<TxIndex>), ExecutionError> {
    let mut waits = Waits::new(prepared.block(), prepared.state(), Default::default());
    ran(prepared, predictions.iter().map(|it| waits.next(it)).collect())
}

/// Which transactions are run twice if they wait like this.
fn ran(
    prepared: &Prepared,
    waits: IndexVec<TxIndex, Wait>,
) -> Result<(IndexVec<TxIndex, Wait>, Vec<TxIndex>), ExecutionError> {
    let (block, state) = (prepared.block(), prepared.state());
    let settings = Settings { fallback: FallbackRule::NEVER, ..Settings::with_threads(1)? };
    let mut wait = |tx| waits[tx].clone();
    let ran = execute(block, state, Advice::Streamed(&mut wait, &settings))?;
    Ok((waits, ran.reexecuted().to_vec()))
}

/// The steps of each transaction, by what running and predicting it takes, up to where it waits, and
/// which are run twice.
pub(crate) fn steps(
    prepared: &Prepared,
    units: &UnitCosts,
    run: &IndexVec<TxIndex, u64>,
    predict: &IndexVec<TxIndex, u64>,
    horizons: &IndexVec<TxIndex, TxIndex>,
    again: &[TxIndex],
) -> IndexVec<TxIndex, Steps> {
    let half = units.hand_over_nanos / 2;
    let of = |tx: TxIndex| {
        let (predict, horizon, takes) = (predict[tx], horizons[tx], run[tx]);
        let is_on_prefix = prepared.is_transfer(tx) || horizon == tx && tx != TxIndex(0);
        let second = if again.binary_search(&tx).is_ok() { takes } else { 0 };
        match is_on_prefix {
            true => Steps { predict, run: None, decide: takes, horizon },
            false => Steps { predict, run: Some(takes + half), decide: half + second, horizon },
        }
    };
    run.indices().map(of).collect()
}

/// What no schedule on so many threads can be below: the longest transaction, or an equal share of all.
pub(crate) fn no_wait_limit(costs: &IndexVec<TxIndex, u64>, threads: NonZeroUsize) -> u64 {
    let longest = costs.iter().copied().max().unwrap_or(0);
    let total: u64 = costs.iter().sum();
    longest.max(total.div_ceil(threads.get() as u64))
}

/// The transactions as they really are. A plain transfer costs what its closed form does, and
/// conflicts with no other, for both sides.
fn actual(
    prepared: &Prepared,
    units: &UnitCosts,
    run: &IndexVec<TxIndex, u64>,
    truth: &IndexVec<TxIndex, Prediction>,
) -> IndexVec<TxIndex, Actual> {
    let half = units.hand_over_nanos / 2;
    let predicted = predicted_accesses(prepared.block(), truth, prepared.state());
    let of = |(predicted, &run): (slotcast_scheduler::PredictedAccess, &u64)| Actual {
        access: predicted.access,
        run: run + half,
        validate: half,
    };
    predicted.into_iter().zip(run).map(of).collect()
}

#[cfg(test)]
mod tests;
