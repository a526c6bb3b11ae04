//! What do the steps of executing a block cost on this machine?
//!
//! In: blocks. Out: [`UnitCosts`], measured over all of them together.
//! Invariants: nothing measured here decides anything by itself: it is printed, and a caller
//! puts it into the settings, where it is the same from then on.
//!
//! Each figure of a block is the median of a few runs, and each unit cost the median over the blocks
//! that have enough calls to tell. What a call takes is fitted as a straight line, by least squares
//! over the blocks; plain transfers are measured on a synthetic block of nothing else.

use alloy_consensus::Transaction;
use slotcast_corpus::{Plan, Scenario, generate};
use slotcast_executor::{Advice, Call, ExecutionError, FallbackRule, Settings, UnitCosts, execute};
use slotcast_model::{Index, TxIndex};
use slotcast_scheduler::{CostModel, Schedule};

use crate::seal::{SealError, seal};
use slotcast::{
    Clock, PredictSettings, Prepared,
    graph::{Waits, estimate_gas, predicted_work, schedule_of},
};
use slotcast_corpus::{RunError, prepare};

/// The gas of a plain transfer.
const TRANSFER_GAS: u64 = 21_000;
/// Runs for a median.
const N_RUNS: usize = 9;
/// Up to this many calls, a block tells nothing of what one costs.
const FEW_CALLS: f64 = 10.0;
/// Transactions of the synthetic block that only computes.
const N_COMPUTING: usize = 30;
/// Turns in which costs are brought closer to what fits best.
const N_TURNS: usize = 100;
/// Transfers of the synthetic block.
const N_TRANSFERS: usize = 1_000;

/// Why unit costs could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum UnitsError {
    /// A block could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A block could not be executed.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The synthetic block could not be made.
    #[error("the synthetic block: {0}")]
    MadeUp(String),
    /// There is nothing to measure.
    #[error("none of the blocks has more than ten calls")]
    NoCalls,
}

impl From<SealError> for UnitsError {
    fn from(error: SealError) -> Self {
        Self::MadeUp(error.to_string())
    }
}

/// What one block came to, in nanoseconds.
#[derive(Clone, Debug, Default)]
struct Block {
    n_txs: f64,
    n_calls: f64,
    gas_beyond: f64,
    gas_of_calls: f64,
    gas_limit_of_calls: f64,
    calls_nanos: f64,
    handing_over_nanos: f64,
    schedule_nanos: f64,
    /// The calls by the gas that they are predicted to use.
    estimates: Vec<Call>,
    /// What the calls are predicted to go through together: slots, codes and bytes.
    touched: [f64; 3],
}

/// Measures over blocks.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::measure_units;
///
/// let units = measure_units(&[prepare(&corpus::embedded()?)?])?;
/// assert!(0 < units.call.picos_per_gas);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn measure_units(prepared: &[Prepared]) -> Result<UnitCosts, UnitsError> {
    let transfer = transfer_nanos()?;
    let blocks: Result<Vec<Block>, UnitsError> =
        prepared.iter().map(|prepared| of_block(prepared, transfer)).collect();
    let blocks = blocks?;
    let sum = |part: fn(&Block) -> f64| blocks.iter().map(part).sum::<f64>();
    let telling = || blocks.iter().filter(|it| is_telling(it));
    if telling().count() == 0 {
        return Err(UnitsError::NoCalls);
    }
    let typical = |part: fn(&Block) -> f64| median(telling().map(part).collect());
    let whole = |value: f64| value.max(0.0).round() as u64;
    let used_percent = whole(100.0 * sum(|it| it.gas_of_calls) / sum(|it| it.gas_limit_of_calls));
    // As if code of one byte were typical, calls would take as many times more as code has bytes.
    let mut units = UnitCosts {
        transfer_nanos: whole(transfer),
        call: line(&blocks),
        typical_code_bytes: 1,
        used_percent,
        slot_nanos: 0,
        code_nanos: 0,
        byte_picos: 0,
        computing_picos: whole(1_000.0 * computing_nanos()?),
        certain_percent: 100,
        certain_by_limits_percent: 100,
        hand_over_nanos: whole(typical(|it| it.handing_over_nanos / it.n_calls)),
        wake_nanos: whole(wake_nanos()?),
        schedule_nanos: whole(typical(|it| it.schedule_nanos / it.n_txs)),
    };
    let too_long = |block: &Block| estimate(&units, &block.estimates) / block.calls_nanos;
    units.typical_code_bytes = whole(median(telling().map(too_long).collect())).max(1);
    let least = |estimates: Vec<f64>| {
        let percents = estimates.iter().zip(&blocks).filter(|(_, it)| is_telling(it));
        let percents = percents.map(|(estimate, it)| 100.0 * it.calls_nanos / estimate.max(1.0));
        whole(percents.fold(100.0, f64::min).floor())
    };
    let [slot, code, byte] = through(&blocks);
    (units.slot_nanos, units.code_nanos) = (whole(slot), whole(code));
    units.byte_picos = whole(1_000.0 * byte);
    let by_touched =
        |it: &Block| it.touched[0] * slot + it.touched[1] * code + it.touched[2] * byte;
    let certain = least(blocks.iter().map(by_touched).collect());
    let by_limits = |it: &Prepared| {
        units.nanos_of_calls(it.block(), |address| it.state().code_bytes(address)) as f64
    };
    let certain_by_limits = least(prepared.iter().map(by_limits).collect());
    (units.certain_percent, units.certain_by_limits_percent) = (certain, certain_by_limits);
    Ok(units)
}

/// What these calls are estimated to take.
fn estimate(units: &UnitCosts, calls: &[Call]) -> f64 {
    calls.iter().map(|call| units.nanos(*call) as f64).sum::<f64>().max(1.0)
}

/// Whether a block has enough calls to tell what one costs.
fn is_telling(block: &Block) -> bool {
    FEW_CALLS < block.n_calls && 0.0 < block.calls_nanos
}

fn of_block(prepared: &Prepared, transfer: f64) -> Result<Block, UnitsError> {
    let settings = PredictSettings::default();
    let summaries = prepared.summaries(&settings);
    let predictions = prepared.predict_with(&summaries, &settings).predictions;
    let (block, state) = (prepared.block(), prepared.state());
    let schedule = schedule_of(prepared, &predictions);
    let alone = Settings { fallback: FallbackRule::NEVER, ..Settings::with_threads(1)? };
    let sequential = execute(block, state, Advice::None)?;
    let mut measured = Block { n_txs: block.n_transactions() as f64, ..Block::default() };
    for (tx, outcome) in sequential.txs().iter_enumerated() {
        let gas_used = outcome.gas_used().unwrap_or(0);
        if TRANSFER_GAS < gas_used {
            measured.n_calls += 1.0;
            measured.gas_of_calls += gas_used as f64;
            measured.gas_beyond += (gas_used - TRANSFER_GAS) as f64;
            measured.gas_limit_of_calls += gas_limit(prepared, tx) as f64;
            let transaction = &block.transactions[tx.as_usize()];
            let call = |gas| Call::of(transaction, gas, |address| state.code_bytes(address));
            measured.estimates.push(call(estimate_gas(transaction, &predictions[tx])));
            let work = predicted_work(transaction, &predictions[tx]).unwrap_or_default();
            let parts = [work.slots, work.codes, work.bytes];
            measured.touched.iter_mut().zip(parts).for_each(|(sum, n)| *sum += n as f64);
        }
    }
    let sequential = median_nanos(|| execute(block, state, Advice::None).map(drop))?;
    measured.calls_nanos = sequential - transfer * (measured.n_txs - measured.n_calls);
    let handed_over =
        median_nanos(|| execute(block, state, Advice::Schedule(&schedule, &alone)).map(drop))?;
    measured.handing_over_nanos = handed_over - sequential;
    measured.schedule_nanos = median_nanos(|| {
        let mut waits = Waits::new(block, state, Default::default());
        predictions.iter().for_each(|it| drop(waits.next(it)));
        Ok(())
    })?;
    Ok(measured)
}

fn gas_limit(prepared: &Prepared, tx: TxIndex) -> u64 {
    prepared.block().transaction(tx).gas_limit()
}

/// The line `calls_nanos = base × n_calls + slope × gas_beyond` that fits the blocks best, each
/// weighed by its time, so that a large block does not outweigh all others.
fn line(blocks: &[Block]) -> CostModel {
    let [mut nn, mut ng, mut gg, mut nt, mut gt] = [0.0; 5];
    for block in blocks.iter().filter(|block| 0.0 < block.calls_nanos) {
        let weight = 1.0 / block.calls_nanos;
        let (n, g, t) = (block.n_calls, block.gas_beyond, block.calls_nanos);
        nn += weight * n * n;
        ng += weight * n * g;
        gg += weight * g * g;
        nt += weight * n * t;
        gt += weight * g * t;
    }
    let determinant = nn * gg - ng * ng;
    let (base, slope) = match determinant.abs() <= f64::EPSILON * nn * gg {
        true => (0.0, if gg == 0.0 { 0.0 } else { gt / gg }),
        false => ((nt * gg - gt * ng) / determinant, (nn * gt - ng * nt) / determinant),
    };
    let whole = |value: f64| value.max(0.0).round() as u64;
    CostModel { base_nanos: whole(base), picos_per_gas: whole(1_000.0 * slope) }
}

/// What a slot, a code and a byte take, none of them less than nothing: what fits the blocks best, each
/// weighed by its time. Found by turns, one of the three after the other.
fn through(blocks: &[Block]) -> [f64; 3] {
    let mut takes = [0.0; 3];
    for turn in 0..3 * N_TURNS {
        let (this, [mut with, mut rest]) = (turn % 3, [0.0; 2]);
        for block in blocks.iter().filter(|it| is_telling(it)) {
            let others: f64 =
                (0..3).filter(|it| *it != this).map(|it| takes[it] * block.touched[it]).sum();
            let weight = block.touched[this] / block.calls_nanos;
            with += weight * block.touched[this];
            rest += weight * (block.calls_nanos - others);
        }
        takes[this] = if with == 0.0 { 0.0 } else { (rest / with).max(0.0) };
    }
    takes
}

/// What a plain transfer takes.
fn transfer_nanos() -> Result<f64, UnitsError> {
    let plan = Plan { n_txs: N_TRANSFERS, scenario: Scenario::Transfers, ..Plan::default() };
    let made = generate(&plan).map_err(|error| UnitsError::MadeUp(error.to_string()))?;
    let prepared = prepare(&seal(made)?)?;
    let (block, state) = (prepared.block(), prepared.state());
    let n_transfers = execute(block, state, Advice::None)?.n_transfers().max(1);
    Ok(median_nanos(|| execute(block, state, Advice::None).map(drop))? / n_transfers as f64)
}

/// What a unit of gas takes in a block of nothing but computing.
fn computing_nanos() -> Result<f64, UnitsError> {
    let scenario = Scenario::IndependentCompute;
    let plan = Plan { n_txs: N_COMPUTING, scenario, ..Plan::default() };
    let made = generate(&plan).map_err(|error| UnitsError::MadeUp(error.to_string()))?;
    let prepared = prepare(&seal(made)?)?;
    let (block, state) = (prepared.block(), prepared.state());
    let gas = block.header.gas_used.saturating_sub(TRANSFER_GAS * N_COMPUTING as u64).max(1);
    Ok(median_nanos(|| execute(block, state, Advice::None).map(drop))? / gas as f64)
}

/// What it takes to have a second thread do nothing.
fn wake_nanos() -> Result<f64, UnitsError> {
    let plan = Plan { n_txs: 1, scenario: Scenario::Transfers, ..Plan::default() };
    let made = generate(&plan).map_err(|error| UnitsError::MadeUp(error.to_string()))?;
    let prepared = prepare(&seal(made)?)?;
    let (block, state) = (prepared.block(), prepared.state());
    let schedule = Schedule::single_layer(1);
    let on = |threads| {
        let settings = Settings::with_threads(threads)?;
        let run = || execute(block, state, Advice::Schedule(&schedule, &settings));
        median_nanos(|| run().map(drop))
    };
    Ok(on(2)? - on(1)?)
}

fn median_nanos(
    mut run: impl FnMut() -> Result<(), ExecutionError>,
) -> Result<f64, ExecutionError> {
    let mut nanos = Vec::with_capacity(N_RUNS);
    for _ in 0..N_RUNS {
        let clock = Clock::start();
        run()?;
        nanos.push(clock.elapsed().as_secs_f64() * 1e9);
    }
    Ok(median(nanos))
}

/// The upper of the middle values; there is at least one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests;
