//! How does a schedule look as JSON?
//!
//! In: a schedule. Out: [`ScheduleDocument`], plain data that `slotcast schedule --json` prints and
//! the service answers.
//! Invariants: gas is estimated and times are simulated; equal schedules give equal documents.

use core::num::NonZeroUsize;

use serde::Serialize;
use slotcast_model::TxIndex;
use slotcast_scheduler::{CostModel, Edge, Mode, Reason, Schedule, simulate};

/// How many threads are simulated.
const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What running in parallel costs besides the transactions, in nanoseconds, as measured.
const HANDING_OVER: u64 = 1_000;

/// A schedule as JSON; gas is estimated and times are simulated.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleDocument {
    /// The block's number.
    pub block: u64,
    /// How many transactions it has.
    pub txs: usize,
    /// The gas they are expected to use.
    pub estimated_gas: u64,
    /// Transactions that no edge connects, layer by layer.
    pub layers: Vec<Vec<u32>>,
    /// The heaviest chain of edges.
    pub critical_path: CriticalPath,
    /// Every dependency, from the earlier to the later transaction.
    pub edges: Vec<DependencyEdge>,
    /// Times on several numbers of threads.
    pub simulated: Simulated,
}

/// The heaviest chain of edges.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CriticalPath {
    /// Its gas.
    pub estimated_gas: u64,
    /// Its transactions, in order.
    pub txs: Vec<u32>,
}

/// A dependency.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DependencyEdge {
    /// The transaction that is waited for.
    pub from: u32,
    /// The transaction that waits.
    pub to: u32,
    /// The first location they share, or why else.
    pub reason: String,
    /// How many locations they share.
    pub locations: u32,
}

/// Simulated times, in microseconds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulated {
    /// One transaction after the other.
    pub sequential_micros: f64,
    /// One row for each number of threads.
    pub threads: Vec<SimulatedThreads>,
}

/// The simulated times on one number of threads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulatedThreads {
    /// How many threads.
    pub threads: usize,
    /// The time layer by layer.
    pub layers_micros: f64,
    /// How often that fits into the sequential time.
    pub layers_ratio: f64,
    /// The time without layers.
    pub dataflow_micros: f64,
    /// How often that fits into the sequential time.
    pub dataflow_ratio: f64,
}

impl ScheduleDocument {
    /// The document of block `block` with this schedule.
    pub fn new(block: u64, schedule: &Schedule) -> Self {
        let path = schedule.critical_path();
        let edge = |edge: Edge| DependencyEdge {
            from: edge.from.0,
            to: edge.to.0,
            reason: match edge.reason {
                Reason::Data { location, .. } => location.to_string(),
                Reason::Given => "given".to_owned(),
            },
            locations: match edge.reason {
                Reason::Data { n_locations, .. } => n_locations,
                Reason::Given => 0,
            },
        };
        Self {
            block,
            txs: schedule.len(),
            estimated_gas: schedule.total_weight(),
            layers: schedule.layers().iter().map(|layer| numbers(layer)).collect(),
            critical_path: CriticalPath { estimated_gas: path.weight, txs: numbers(&path.txs) },
            edges: schedule.edges().map(edge).collect(),
            simulated: Simulated::new(schedule),
        }
    }
}

impl Simulated {
    /// The times of this schedule, with what running in parallel costs as measured.
    pub fn new(schedule: &Schedule) -> Self {
        let costs = CostModel::default().nanos_of_each(schedule.weights());
        let sequential = costs.iter().fold(0, |sum: u64, &nanos| sum.saturating_add(nanos));
        let on = |n: usize| {
            let n_threads = NonZeroUsize::new(n).expect("no time is simulated for no thread");
            let nanos = |mode| simulate(schedule, &costs, n_threads, mode, HANDING_OVER);
            let ratio = |nanos: u64| sequential as f64 / nanos.max(1) as f64;
            let (layers, dataflow) = (nanos(Mode::Layers), nanos(Mode::Dataflow));
            SimulatedThreads {
                threads: n,
                layers_micros: layers as f64 / 1e3,
                layers_ratio: ratio(layers),
                dataflow_micros: dataflow as f64 / 1e3,
                dataflow_ratio: ratio(dataflow),
            }
        };
        Self {
            sequential_micros: sequential as f64 / 1e3,
            threads: THREADS.into_iter().map(on).collect(),
        }
    }
}

fn numbers(txs: &[TxIndex]) -> Vec<u32> {
    txs.iter().map(|tx| tx.0).collect()
}
