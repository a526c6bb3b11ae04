//! How much faster is a block run by its prediction than by a plain loop?
//!
//! In: a [`Prepared`] block, [`BenchSettings`]. Out: a [`BenchLine`] for each number of threads, and
//! over all blocks a [`BenchSummary`] for each.
//! Invariants: sequential and parallel runs take turns in one process; every figure is the median of
//! its runs; summaries are warm and stay so; every parallel outcome is compared with the sequential
//! executor's before anything is timed.

use core::num::NonZeroUsize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier},
};

use serde::Serialize;
use slotcast_executor::{
    Block, ExecutionError, MemoryState, SequentialSettings, UnitCosts, block_level_work,
    execute_baseline, execute_sequential,
};
use slotcast_model::Fork;

use slotcast::{Clock, Engine, NextBlock, Prepared, StepTimes};
use slotcast_corpus::RunError;

use crate::makespan::{BlockCosts, MakespanRow};

/// Least gas of the blocks that a summary is about.
const LARGE_BLOCK_GAS: u64 = 4_000_000;

/// How to measure.
#[derive(Debug)]
pub struct BenchSettings {
    /// The engines to measure, one for each number of threads.
    pub engines: Vec<Engine>,
    /// Least and most runs for a median.
    pub runs: [usize; 2],
    /// Between these, runs go on for this long.
    pub micros: u64,
    /// Whether to measure engines that have never met a contract, too.
    pub is_cold: bool,
    /// On how many threads to simulate the block, too.
    pub simulated: Vec<NonZeroUsize>,
}

/// How many times faster than sequential execution a block would be on more threads: simulated from what
/// its transactions take on one, see [`makespan`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulated {
    /// With nothing predicted.
    pub cold: f64,
    /// With predictions made on the parent state.
    pub pooled: f64,
    /// With predictions in block order at hand.
    pub hinted: f64,
    /// Optimistic re-execution.
    pub optimistic: f64,
    /// If no transaction waited for another and nothing cost anything besides.
    pub limit: f64,
}

impl Simulated {
    fn of(row: &MakespanRow) -> Self {
        let ratio = |micros: f64| row.sequential_micros / micros;
        Self {
            cold: ratio(row.ours_micros),
            pooled: ratio(row.pooled_micros),
            hinted: ratio(row.hinted_micros),
            optimistic: ratio(row.optimistic_micros),
            limit: ratio(row.limit_micros),
        }
    }

    /// The geometric means.
    fn mean<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let mean = |part: fn(&Self) -> f64| geometric_mean(all.clone().map(part));
        Some(Self {
            cold: mean(|it| it.cold)?,
            pooled: mean(|it| it.pooled)?,
            hinted: mean(|it| it.hinted)?,
            optimistic: mean(|it| it.optimistic)?,
            limit: mean(|it| it.limit)?,
        })
    }
}

/// One block on one number of threads; its JSON form is what `slotcast bench --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BenchLine {
    /// The block's number.
    pub block: u64,
    /// The kind of a synthetic block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<&'static str>,
    /// How many transactions it has.
    pub txs: usize,
    /// The gas it used.
    pub gas_used: u64,
    /// How many threads ran it.
    pub threads: usize,
    /// Running the plain loop, and what the block does besides its transactions.
    pub sequential_micros: f64,
    /// Of this, system calls, withdrawals and rewards: the same code on both sides.
    pub block_level_micros: f64,
    /// Running with nothing predicted.
    pub total_micros: f64,
    /// Sequential against total.
    pub ratio: f64,
    /// As `ratio`, by an engine that was made for each run and has never met a contract, if that is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_cold: Option<f64>,
    /// The same where every transaction was announced and predicted on the parent state before the
    /// clock started.
    pub ratio_pooled: f64,
    /// Sequential against scheduling and running alone, the predictions being at hand.
    pub ratio_hinted: f64,
    /// Predicting in block order, as is done before the clock starts where predictions are at hand.
    pub predict_micros: f64,
    /// From predictions to a schedule.
    pub schedule_micros: f64,
    /// Running in parallel.
    pub execute_micros: f64,
    /// Executing, with predictions at hand.
    pub execute_hinted_micros: f64,
    /// So many plain loops at once against one after the other: what the machine gives to threads that
    /// share nothing.
    pub ratio_of_loops: f64,
    /// By number of threads, where that was asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub simulated: BTreeMap<usize, Simulated>,
    /// As `ratio`, of the least times instead of the medians: less disturbed by whatever else the
    /// machine does.
    pub ratio_of_best: f64,
    /// As `ratio_pooled`, of the least times.
    pub ratio_pooled_of_best: f64,
    /// As `ratio_hinted`, of the least times.
    pub ratio_hinted_of_best: f64,
    /// How often transactions were run, all in all, with predictions at hand.
    pub executions: usize,
    /// Whether the outcome is that of the sequential executor.
    pub matches_sequential: bool,
    /// How often everything was run.
    pub runs: usize,
    /// Whether the block is one since London.
    #[serde(skip)]
    pub since_london: bool,
}

/// Geometric means of ratios over large blocks, on one number of threads.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BenchSummary {
    /// How many threads ran the blocks.
    pub threads: usize,
    /// Blocks of at least 4 Mgas.
    pub blocks: usize,
    /// The mean of their ratios; nothing when there are none.
    pub ratio: Option<f64>,
    /// The mean by engines that have never met a contract, if that is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio_cold: Option<f64>,
    /// The block of any size with the least of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_cold_block: Option<u64>,
    /// Its ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_ratio_cold: Option<f64>,
    /// The mean with predictions made on the parent state.
    pub ratio_pooled: Option<f64>,
    /// The mean with predictions at hand.
    pub ratio_hinted: Option<f64>,
    /// Of these, blocks since London.
    pub blocks_since_london: usize,
    /// The mean of their ratios.
    pub ratio_since_london: Option<f64>,
    /// The mean with predictions made on the parent state.
    pub ratio_pooled_since_london: Option<f64>,
    /// The mean with predictions at hand.
    pub ratio_hinted_since_london: Option<f64>,
    /// The block of any size with the least ratio.
    pub worst_block: Option<u64>,
    /// Its ratio.
    pub worst_ratio: Option<f64>,
    /// The block of any size with the least ratio with predictions made on the parent state.
    pub worst_pooled_block: Option<u64>,
    /// Its ratio.
    pub worst_ratio_pooled: Option<f64>,
    /// The block of any size with the least ratio with predictions at hand.
    pub worst_hinted_block: Option<u64>,
    /// Its ratio.
    pub worst_ratio_hinted: Option<f64>,
    /// The mean of so many plain loops at once against one after the other.
    pub ratio_of_loops: Option<f64>,
    /// The means by number of threads, where that was asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub simulated: BTreeMap<usize, Simulated>,
    /// The mean of the ratios of least times.
    pub ratio_of_best: Option<f64>,
    /// The mean with predictions made on the parent state.
    pub ratio_pooled_of_best: Option<f64>,
    /// The mean with predictions at hand.
    pub ratio_hinted_of_best: Option<f64>,
    /// The mean of the ratios of least times since London.
    pub ratio_of_best_since_london: Option<f64>,
    /// The mean with predictions made on the parent state.
    pub ratio_pooled_of_best_since_london: Option<f64>,
    /// The mean with predictions at hand.
    pub ratio_hinted_of_best_since_london: Option<f64>,
    /// Runs for each transaction, over all blocks.
    pub executions_per_tx: Option<f64>,
}

impl BenchSummary {
    /// What the lines on `threads` threads come to.
    pub fn of(threads: usize, lines: &[BenchLine]) -> Self {
        // Where there is nothing to run, there is nothing to compare.
        let is_of = |line: &&BenchLine| line.threads == threads && line.txs != 0;
        let all: Vec<_> = lines.iter().filter(is_of).collect();
        let large = || all.iter().filter(|line| LARGE_BLOCK_GAS <= line.gas_used);
        let recent = || large().filter(|line| line.since_london);
        let least = |ratio: fn(&BenchLine) -> f64| {
            let ordered = |line: &&&BenchLine| ratio(line);
            all.iter().min_by(|a, b| ordered(a).total_cmp(&ordered(b)))
        };
        let worst_of = [
            least(|line| line.ratio),
            least(|line| line.ratio_pooled),
            least(|line| line.ratio_hinted),
        ];
        let [worst, worst_pooled, worst_hinted] = worst_of;
        let cold = all.iter().filter_map(|line| Some((line.block, line.ratio_cold?)));
        let worst_cold = cold.min_by(|a, b| a.1.total_cmp(&b.1));
        let n_txs: usize = all.iter().map(|line| line.txs).sum();
        let n_executions: usize = all.iter().map(|line| line.executions).sum();
        Self {
            threads,
            blocks: large().count(),
            ratio: geometric_mean(large().map(|line| line.ratio)),
            ratio_cold: geometric_mean(large().filter_map(|line| line.ratio_cold)),
            worst_cold_block: worst_cold.map(|(block, _)| block),
            worst_ratio_cold: worst_cold.map(|(_, ratio)| ratio),
            ratio_pooled: geometric_mean(large().map(|line| line.ratio_pooled)),
            ratio_hinted: geometric_mean(large().map(|line| line.ratio_hinted)),
            blocks_since_london: recent().count(),
            ratio_since_london: geometric_mean(recent().map(|line| line.ratio)),
            ratio_pooled_since_london: geometric_mean(recent().map(|line| line.ratio_pooled)),
            ratio_hinted_since_london: geometric_mean(recent().map(|line| line.ratio_hinted)),
            worst_block: worst.map(|line| line.block),
            worst_ratio: worst.map(|line| line.ratio),
            worst_pooled_block: worst_pooled.map(|line| line.block),
            worst_ratio_pooled: worst_pooled.map(|line| line.ratio_pooled),
            worst_hinted_block: worst_hinted.map(|line| line.block),
            worst_ratio_hinted: worst_hinted.map(|line| line.ratio_hinted),
            ratio_of_loops: geometric_mean(large().map(|line| line.ratio_of_loops)),
            simulated: {
                let simulated = |n| large().filter_map(move |line| line.simulated.get(&n));
                let all = large().flat_map(|line| line.simulated.keys().copied());
                let of = |n: usize| Some((n, Simulated::mean(simulated(n))?));
                all.filter_map(of).collect()
            },
            ratio_of_best: geometric_mean(large().map(|line| line.ratio_of_best)),
            ratio_pooled_of_best: geometric_mean(large().map(|line| line.ratio_pooled_of_best)),
            ratio_hinted_of_best: geometric_mean(large().map(|line| line.ratio_hinted_of_best)),
            ratio_of_best_since_london: geometric_mean(recent().map(|line| line.ratio_of_best)),
            ratio_pooled_of_best_since_london: geometric_mean(
                recent().map(|line| line.ratio_pooled_of_best),
            ),
            ratio_hinted_of_best_since_london: geometric_mean(
                recent().map(|line| line.ratio_hinted_of_best),
            ),
            executions_per_tx: (n_txs != 0).then(|| n_executions as f64 / n_txs as f64),
        }
    }
}

/// Measures one block on every number of threads asked for.
///
/// ```
/// use slotcast::Engine;
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::{BenchSettings, bench_block};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let engines = vec![Engine::new(2)?];
/// let settings = BenchSettings { engines, runs: [1, 1], micros: 0, is_cold: true, simulated: vec![] };
/// assert!(bench_block(&prepared, &settings)?[0].matches_sequential);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn bench_block(
    prepared: &Prepared,
    settings: &BenchSettings,
) -> Result<Vec<BenchLine>, RunError> {
    lines(prepared, settings).map_err(|source| RunError::of(prepared.block(), source))
}

/// The times of everything that takes turns, in microseconds.
#[derive(Debug)]
struct Samples {
    baseline: Vec<f64>,
    block_level: Vec<f64>,
    predict: Vec<f64>,
    /// By engine: unpredicted, predicted on the parent state, predicted, unpredicted by a new engine.
    engines: Vec<[Vec<StepTimes>; 4]>,
    /// By engine: as many plain loops at once as it has threads.
    loops: Vec<Vec<f64>>,
}

fn lines(prepared: &Prepared, settings: &BenchSettings) -> Result<Vec<BenchLine>, ExecutionError> {
    let (block, state) = (prepared.block(), prepared.state());
    let unobserved = SequentialSettings { is_observed: false };
    let truth = execute_sequential(block, state, &unobserved)?.outcome;
    let samples = measure(block, state, prepared, settings)?;
    let mut lines = Vec::new();
    let rows = match settings.simulated.is_empty() {
        true => Vec::new(),
        false => BlockCosts::of(prepared, &UnitCosts::default())?.makespan(&settings.simulated),
    };
    let simulated: BTreeMap<usize, Simulated> =
        rows.iter().map(|row| (row.threads, Simulated::of(row))).collect();
    for ((engine, [unpredicted, pooled, predicted, cold]), loops) in
        settings.engines.iter().zip(&samples.engines).zip(&samples.loops)
    {
        let predictions = prepared.predict(&engine.settings().predict).predictions;
        let execution = engine.execute_predicted(block, state, &predictions)?.execution;
        let executions = execution.n_executions();
        announce(engine, prepared);
        let pooled_outcome = engine.execute(block, state)?.execution.into_outcome(state)?;
        withdraw(engine, block);
        let matches_sequential = execution.into_outcome(state)? == truth && pooled_outcome == truth;
        let of = |times: &[StepTimes], part: fn(&StepTimes) -> f64| median(times.iter().map(part));
        let least_of = |times: &[StepTimes]| least(times.iter().map(StepTimes::total));
        let block_level_micros = median(samples.block_level.iter().copied());
        let sequential_micros = median(samples.baseline.iter().copied()) + block_level_micros;
        let best =
            least(samples.baseline.iter().copied()) + least(samples.block_level.iter().copied());
        let total_micros = of(unpredicted, StepTimes::total);
        lines.push(BenchLine {
            block: block.header.number,
            synthetic: None,
            txs: block.n_transactions(),
            gas_used: truth.gas_used,
            threads: engine.threads(),
            sequential_micros,
            block_level_micros,
            total_micros,
            ratio: sequential_micros / total_micros,
            ratio_cold: settings.is_cold.then(|| sequential_micros / of(cold, StepTimes::total)),
            ratio_pooled: sequential_micros / of(pooled, StepTimes::total),
            ratio_hinted: sequential_micros / of(predicted, StepTimes::total),
            predict_micros: median(samples.predict.iter().copied()),
            schedule_micros: of(predicted, |times| times.schedule),
            execute_micros: of(unpredicted, |times| times.execute),
            execute_hinted_micros: of(predicted, |times| times.execute),
            ratio_of_loops: engine.threads() as f64 * median(samples.baseline.iter().copied())
                / median(loops.iter().copied()),
            simulated: simulated.clone(),
            ratio_of_best: best / least_of(unpredicted),
            ratio_pooled_of_best: best / least_of(pooled),
            ratio_hinted_of_best: best / least_of(predicted),
            executions,
            matches_sequential,
            runs: samples.baseline.len(),
            since_london: Fork::London <= truth.fork,
        });
    }
    Ok(lines)
}

/// Runs everything in turns, each twice in a row, of which the second run counts: what runs before
/// something else leaves other caches behind, predicting a block for one.
fn measure(
    block: &Block,
    state: &MemoryState,
    prepared: &Prepared,
    settings: &BenchSettings,
) -> Result<Samples, ExecutionError> {
    let BenchSettings { engines, runs: [fewest, most], micros, is_cold, .. } = settings;
    let warm = |engine: &Engine| {
        let settings = engine.settings().predict;
        let summaries = Arc::new(prepared.summaries(&settings));
        let predictions = prepared.predict_with(&summaries, &settings).predictions;
        engine.use_summaries(summaries);
        predictions
    };
    let warm: Vec<_> = engines.iter().map(warm).collect();
    let empty = || [const { Vec::new() }; 4];
    let mut samples = Samples {
        baseline: Vec::new(),
        block_level: Vec::new(),
        predict: Vec::new(),
        engines: engines.iter().map(|_| empty()).collect(),
        loops: engines.iter().map(|_| Vec::new()).collect(),
    };
    let all = Clock::start();
    while samples.baseline.len() < *fewest
        || (samples.baseline.len() < *most && all.micros() < *micros)
    {
        drop(execute_baseline(block, state)?);
        let clock = Clock::start();
        let baseline = execute_baseline(block, state)?;
        samples.baseline.push(micros_since(&clock));
        drop(baseline);
        let clock = Clock::start();
        block_level_work(block, state)?;
        samples.block_level.push(micros_since(&clock));
        for (engine, loops) in engines.iter().zip(&mut samples.loops) {
            loops.push(loops_at_once(block, state, engine.threads())?);
        }
        let [engine, ..] = &**engines else { continue };
        let clock = Clock::start();
        engine.predict_block(block, state)?;
        samples.predict.push(micros_since(&clock));
        for ((engine, predictions), samples) in engines.iter().zip(&warm).zip(&mut samples.engines)
        {
            let execute = || Ok(engine.execute(block, state)?.times);
            samples[0].push(second(execute)?);
            announce(engine, prepared);
            samples[1].push(second(execute)?);
            withdraw(engine, block);
            let follow = || Ok(engine.execute_predicted(block, state, predictions)?.times);
            samples[2].push(second(follow)?);
            if *is_cold {
                let new = Engine::with_settings(engine.threads(), *engine.settings())?;
                samples[3].push(new.execute(block, state)?.times);
            }
        }
    }
    Ok(samples)
}

/// What the second of two runs gives.
fn second<T>(mut run: impl FnMut() -> Result<T, ExecutionError>) -> Result<T, ExecutionError> {
    drop(run()?);
    run()
}

/// The microseconds that the longest of so many plain loops takes when all start at once.
fn loops_at_once(
    block: &Block,
    state: &MemoryState,
    threads: usize,
) -> Result<f64, ExecutionError> {
    let together = Barrier::new(threads);
    let one = || {
        together.wait();
        let clock = Clock::start();
        execute_baseline(block, state).map(|ran| (micros_since(&clock), ran).0)
    };
    let all: Result<Vec<_>, ExecutionError> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let first = one();
        let others = threads.into_iter().map(|it| it.join().expect("the loop does not panic"));
        [first].into_iter().chain(others).collect()
    });
    Ok(all?.into_iter().fold(0.0, f64::max))
}

/// Predicts every transaction as a pool does, on the state before the block.
fn announce(engine: &Engine, prepared: &Prepared) {
    let next = NextBlock::of(prepared.block(), prepared.fork());
    for tx in &prepared.block().transactions {
        engine.announce(tx, &next, prepared.state());
    }
}

fn withdraw(engine: &Engine, block: &Block) {
    for tx in &block.transactions {
        engine.withdraw(tx.tx_hash());
    }
}

fn micros_since(clock: &Clock) -> f64 {
    clock.elapsed().as_secs_f64() * 1e6
}

/// The middle value, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => 0.0,
        _ => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0_usize, 0.0), |(n, sum), value| (n + 1, sum + value.ln()));
    (n != 0).then(|| (sum / n as f64).exp())
}

#[cfg(test)]
mod tests;
