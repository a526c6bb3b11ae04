//! How many threads does so much gas a second take, and what does that cost?
//!
//! In: recorded blocks, measured on one thread by `makespan.rs`. Out: a [`CapacityRow`] for each engine:
//! its throughput by number of threads, how many threads the wanted throughput takes, what that costs,
//! and from where on more threads hardly help.
//! Invariants: costs are measured and everything else is simulated; blocks follow one another without a
//! pause; what is worked out counts every run, also in vain, and every prediction, also those that are made
//! before the block or on another machine.

use core::num::NonZeroUsize;

use serde::Serialize;
use slotcast::Prepared;
use slotcast_corpus::RunError;
use slotcast_executor::UnitCosts;
use slotcast_model::{IndexVec, TxIndex};
use slotcast_scheduler::{Steps, simulate_optimistic, simulate_streamed};

use crate::makespan::BlockCosts;

/// Numbers of threads that are simulated.
pub const CAPACITY_THREADS: [usize; 14] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64];

/// Twice as many threads pay while they make at least this much more.
const PAYS: f64 = 1.1;

/// Ways of executing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CapacityEngine {
    /// One transaction after the other.
    Sequential,
    /// Optimistic re-execution, in the manner of Block-STM.
    Optimistic,
    /// Ours, with nothing known before the block.
    Cold,
    /// Ours, with predictions made on the parent state when transactions arrived.
    Pooled,
    /// Ours, with predictions that come with the block.
    Hinted,
}

impl CapacityEngine {
    /// All ways, in the order of tables.
    pub const ALL: [Self; 5] =
        [Self::Sequential, Self::Optimistic, Self::Cold, Self::Pooled, Self::Hinted];
}

/// Blocks one after the other, on each number of threads.
#[derive(Clone, Debug, Default)]
pub struct CapacityCosts {
    gas: u64,
    n_txs: u64,
    /// By engine and number of threads: the time that passes and the time that threads work, in
    /// nanoseconds.
    nanos: [[(u64, u64); CAPACITY_THREADS.len()]; CapacityEngine::ALL.len()],
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CapacityTarget {
    /// Millions of gas in a second.
    pub mgas_per_second: f64,
    /// What one thread costs in an hour, in any currency.
    pub price: Option<f64>,
    /// What one thread takes while it works.
    pub watts: Option<f64>,
}

/// An engine on a number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityPoint {
    /// Threads.
    pub threads: usize,
    /// Millions of gas in a second: simulated.
    pub mgas_per_second: f64,
    /// Seconds that threads work for a thousand million gas, with prediction and runs in vain.
    pub processor_seconds_per_ggas: f64,
}

/// What an engine can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityRow {
    /// The engine.
    pub engine: CapacityEngine,
    /// By number of threads.
    pub points: Vec<CapacityPoint>,
    /// The least number of threads that make what is wanted; nothing if none does.
    pub threads: Option<usize>,
    /// The number of threads from which on twice as many make less than a tenth more.
    pub pays_up_to: usize,
    /// The point that cost and energy are of: with the threads that make what is wanted, or those up to
    /// which more pay.
    pub at: CapacityPoint,
    /// What the threads cost while a million transactions run, at the rate that is wanted or, if that is
    /// too much, reached.
    pub cost_per_million_txs: Option<f64>,
    /// Watt-hours of working threads for a million transactions.
    pub watt_hours_per_million_txs: Option<f64>,
}

impl CapacityCosts {
    /// Measures a block and adds it.
    ///
    /// ```
    /// use slotcast_corpus::{self as corpus, prepare};
    /// use slotcast_lab::capacity::{CapacityCosts, CapacityTarget};
    ///
    /// let mut costs = CapacityCosts::default();
    /// costs.add(&prepare(&corpus::embedded()?)?, &Default::default())?;
    /// let target = CapacityTarget { mgas_per_second: 1.0, price: None, watts: None };
    /// assert_eq!(costs.rows(&target)[0].threads, Some(1), "one million gas a second is little");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, prepared: &Prepared, units: &UnitCosts) -> Result<(), RunError> {
        self.add_measured(&BlockCosts::measure(prepared, units)?);
        Ok(())
    }

    /// Adds a block that is measured already.
    pub fn add_measured(&mut self, costs: &BlockCosts) {
        self.gas += costs.gas;
        self.n_txs += costs.run.len() as u64;
        let [arriving, beforehand] = costs.predicted_before;
        for (engine, of_engine) in CapacityEngine::ALL.into_iter().zip(&mut self.nanos) {
            for (threads, (time, busy)) in CAPACITY_THREADS.into_iter().zip(of_engine) {
                let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
                let streamed = |steps: &IndexVec<TxIndex, Steps>, before: u64| {
                    (simulate_streamed(steps, threads), worked(steps) + before)
                };
                let (takes, works) = match engine {
                    CapacityEngine::Sequential => (costs.sequential, costs.sequential),
                    CapacityEngine::Optimistic => {
                        let simulated = simulate_optimistic(&costs.actual, threads);
                        (simulated.time, simulated.busy)
                    }
                    CapacityEngine::Cold => streamed(&costs.ours, 0),
                    CapacityEngine::Pooled => streamed(&costs.pooled, arriving),
                    CapacityEngine::Hinted => streamed(&costs.hinted, beforehand),
                };
                *time += takes;
                *busy += works;
            }
        }
    }

    /// What each engine can do of what is wanted.
    pub fn rows(&self, target: &CapacityTarget) -> Vec<CapacityRow> {
        let engines = CapacityEngine::ALL.into_iter().zip(&self.nanos);
        engines.map(|(engine, nanos)| self.row(engine, nanos, target)).collect()
    }

    fn row(
        &self,
        engine: CapacityEngine,
        nanos: &[(u64, u64)],
        target: &CapacityTarget,
    ) -> CapacityRow {
        let gas = self.gas as f64;
        let point = |(threads, &(time, busy)): (usize, &(u64, u64))| CapacityPoint {
            threads,
            mgas_per_second: gas * 1e3 / time.max(1) as f64,
            processor_seconds_per_ggas: busy as f64 / gas.max(1.0),
        };
        let points: Vec<_> = CAPACITY_THREADS.into_iter().zip(nanos).map(point).collect();
        let wanted = points.iter().find(|it| target.mgas_per_second <= it.mgas_per_second);
        let pays_up_to = pays_up_to(&points);
        let up_to = points.iter().rfind(|it| it.threads <= pays_up_to);
        let at = *wanted.or(up_to).unwrap_or(&points[0]);
        let rate = at.mgas_per_second.min(target.mgas_per_second);
        let mgas = gas / 1e6 / self.n_txs.max(1) as f64 * 1e6;
        let hours = mgas / rate / 3_600.0 * at.threads as f64;
        let busy_hours = at.processor_seconds_per_ggas * mgas / 1e3 / 3_600.0;
        CapacityRow {
            engine,
            threads: wanted.map(|it| it.threads),
            pays_up_to,
            at,
            cost_per_million_txs: target.price.map(|price| price * hours),
            watt_hours_per_million_txs: target.watts.map(|watts| watts * busy_hours),
            points,
        }
    }
}

/// How long threads work by these steps.
fn worked(steps: &IndexVec<TxIndex, Steps>) -> u64 {
    steps.iter().map(|it| it.predict + it.run.unwrap_or(0) + it.decide).sum()
}

/// The number of threads from which on twice as many do not pay, of those that are simulated with twice
/// as many.
fn pays_up_to(points: &[CapacityPoint]) -> usize {
    let twice = |it: &CapacityPoint| points.iter().find(|other| other.threads == 2 * it.threads);
    let pays = |it: &CapacityPoint| {
        twice(it).is_some_and(|twice| PAYS * it.mgas_per_second <= twice.mgas_per_second)
    };
    let mut threads = 1;
    while let Some(point) = points.iter().find(|it| it.threads == threads)
        && pays(point)
    {
        threads *= 2;
    }
    threads
}

#[cfg(test)]
mod tests;
