//! What would run when, and on which thread, by what is predicted?
//!
//! In: a [`Prepared`] block, its predictions, a mode, a number of threads. Out: [`Lanes`].
//! Invariants: nothing is run, so this is a simulation and equal inputs give equal lanes; times come
//! from estimated gas, handing over included, with all predictions at hand; plain transfers take what
//! they do in closed form; no transaction is taken to run twice.
//!
//! The rules are those of [`slotcast_scheduler::simulate_streamed`], which the figures for many threads
//! come from too.

use core::num::NonZeroUsize;

use slotcast::{
    Prepared,
    graph::{Waits, predicted_accesses},
};
use slotcast_executor::UnitCosts;
use slotcast_model::{IndexVec, Prediction, TxIndex};
use slotcast_scheduler::{CostModel, Mode, Work, WorkSpan, schedule, trace_streamed};

use crate::makespan::{no_wait_limit, steps};

/// What runs when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// How the schedule is followed.
    pub mode: Mode,
    /// How many threads there are.
    pub threads: NonZeroUsize,
    /// What each thread is at, in the order in which it begins.
    pub spans: Vec<WorkSpan>,
    /// Each transaction waits until everything below this one is decided.
    pub horizons: IndexVec<TxIndex, TxIndex>,
    /// All transactions one after the other on one thread, in nanoseconds.
    pub sequential: u64,
    /// Less than this no schedule takes on so many threads, in nanoseconds.
    pub limit: u64,
}

impl Lanes {
    /// Simulates `prepared` on `threads` threads with these predictions.
    ///
    /// ```
    /// use core::num::NonZeroUsize;
    ///
    /// use slotcast::scheduler::Mode;
    /// use slotcast_corpus::{self as corpus, prepare};
    /// use slotcast_lab::Lanes;
    ///
    /// let prepared = prepare(&corpus::embedded()?)?;
    /// let predictions = prepared.predict(&Default::default()).predictions;
    /// let threads = NonZeroUsize::new(4).expect("it is not zero");
    /// let lanes = Lanes::new(&prepared, &predictions, Mode::Values, threads);
    /// assert!(lanes.limit <= lanes.end() && lanes.end() < lanes.sequential);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        prepared: &Prepared,
        predictions: &IndexVec<TxIndex, Prediction>,
        mode: Mode,
        threads: NonZeroUsize,
    ) -> Self {
        let accesses = predicted_accesses(prepared.block(), predictions, prepared.state());
        let schedule = schedule(&accesses);
        let horizons: IndexVec<TxIndex, TxIndex> = match mode {
            // A schedule knows no values.
            Mode::Values => {
                let mut waits = Waits::new(prepared.block(), prepared.state(), mode);
                predictions.iter().map(|it| waits.next(it).horizon.0).collect()
            }
            Mode::Layers | Mode::Dataflow => {
                predictions.indices().map(|tx| mode.horizon(&schedule, tx)).collect()
            }
        };
        let units = UnitCosts::default();
        let cost = |(tx, gas): (TxIndex, &u64)| match prepared.is_transfer(tx) {
            true => units.transfer_nanos,
            false => CostModel::default().nanos(*gas),
        };
        let costs: IndexVec<TxIndex, u64> =
            schedule.weights().iter_enumerated().map(cost).collect();
        let free = IndexVec::from_elem(0, costs.len());
        let steps = steps(prepared, &units, &costs, &free, &horizons, &[]);
        let spans = trace_streamed(&steps, threads);
        let sequential = costs.iter().sum();
        Self { mode, threads, spans, horizons, sequential, limit: no_wait_limit(&costs, threads) }
    }

    /// When the last transaction is decided, in nanoseconds.
    pub fn end(&self) -> u64 {
        self.spans.iter().map(|span| span.end).max().unwrap_or(0)
    }

    /// Where each transaction is executed: in a run of its own, or where it is decided.
    pub fn executions(&self) -> IndexVec<TxIndex, Option<WorkSpan>> {
        let mut executions = IndexVec::from_elem(None, self.horizons.len());
        for span in &self.spans {
            match span.work {
                Work::Run(tx) => executions[tx] = Some(*span),
                // A run comes before its decision.
                Work::Decide(tx) => executions[tx] = executions[tx].or(Some(*span)),
                Work::Predict(_) => {}
            }
        }
        executions
    }
}

#[cfg(test)]
mod tests;
