//! What is known of each block before the page is written?
//!
//! In: blocks, their scores. Out: [`OfBlock`]s: sizes, simulated times and, if they are wanted,
//! measured ones; and what all blocks cost together.
//! Invariant: blocks are measured one after the other, so that they do not disturb one another.

use core::num::NonZeroUsize;

use slotcast::{
    Engine, Prepared,
    executor::UnitCosts,
    graph::schedule_of,
    model::{IndexVec, Prediction, TxIndex},
    scheduler::Mode,
};
use slotcast_lab::{
    BenchLine, BenchSettings, BlockCosts, Lanes, MakespanRow, bench_block, capacity::CapacityCosts,
    scoreboard::Entry,
};

use crate::{failure::Failure, input::Source, progress::Progress, render::Console};

/// How many threads are simulated.
pub(super) const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Fewest and most runs for each figure, and for how long to go on between these, in microseconds.
const RUNS: [usize; 2] = [5, 51];
const MICROS: u64 = 200_000;

/// What is known of one block.
#[derive(Debug)]
pub(super) struct OfBlock {
    /// How good its predictions are.
    pub(super) entry: Entry,
    pub(super) gas_used: u64,
    pub(super) n_layers: usize,
    pub(super) n_edges: usize,
    pub(super) expected: Expected,
    /// Measured times, if they were wanted.
    pub(super) timed: Option<Timed>,
}

/// Nanoseconds from estimated gas.
#[derive(Debug)]
pub(super) struct Expected {
    /// One transaction after the other.
    pub(super) sequential: u64,
    /// What no schedule is below, on each of [`THREADS`].
    pub(super) limit: [u64; THREADS.len()],
    /// Simulated on each of [`THREADS`], in each of [`Mode::ALL`].
    by_mode: [[u64; THREADS.len()]; Mode::ALL.len()],
}

impl Expected {
    fn new(prepared: &Prepared, predictions: &IndexVec<TxIndex, Prediction>) -> Self {
        let lanes = Mode::ALL.map(|mode| {
            numbers_of_threads().map(|threads| Lanes::new(prepared, predictions, mode, threads))
        });
        Self {
            sequential: lanes[0][0].sequential,
            limit: lanes[0].each_ref().map(|lanes| lanes.limit),
            by_mode: lanes.each_ref().map(|lanes| lanes.each_ref().map(Lanes::end)),
        }
    }

    /// On each of [`THREADS`] in this mode.
    pub(super) const fn of(&self, mode: Mode) -> &[u64; THREADS.len()] {
        // The order of the modes is that of `Mode::ALL`.
        &self.by_mode[mode as usize]
    }
}

/// Measured times of one block.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) line: BenchLine,
    /// Simulated from measured costs, on each of [`THREADS`].
    pub(super) makespan: Vec<MakespanRow>,
}

impl OfBlock {
    /// Whether running it in parallel gave the sequential outcome, as far as it was run.
    pub(super) fn holds(&self) -> bool {
        self.timed.as_ref().is_none_or(|timed| timed.line.matches_sequential)
    }
}

/// Looks at every block again, for its sizes and times; where times are wanted, also for what blocks cost
/// together.
pub(super) fn measure(
    sources: &[Source],
    entries: Vec<Entry>,
    timed_on: Option<usize>,
    console: &Console,
) -> Result<(Vec<OfBlock>, Option<CapacityCosts>), Failure> {
    let progress = Progress::new(sources.len(), console);
    let mut blocks = Vec::new();
    let mut costs = timed_on.map(|_| CapacityCosts::default());
    for (source, entry) in sources.iter().zip(entries) {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let timed = match timed_on.zip(costs.as_mut()) {
            Some((threads, costs)) => Some(time(&prepared, threads, costs, source)?),
            None => None,
        };
        let predictions = prepared.predict(&Default::default()).predictions;
        let schedule = schedule_of(&prepared, &predictions);
        blocks.push(OfBlock {
            entry,
            gas_used: prepared.block().header.gas_used,
            n_layers: schedule.layers().len(),
            n_edges: schedule.dag().n_edges(),
            expected: Expected::new(&prepared, &predictions),
            timed,
        });
        progress.done(|| {});
    }
    Ok((blocks, costs))
}

/// Measures a block, and adds what it costs to that of the others.
fn time(
    prepared: &Prepared,
    threads: usize,
    costs: &mut CapacityCosts,
    source: &Source,
) -> Result<Timed, Failure> {
    let engine = Engine::new(threads).map_err(Failure::bad_input)?;
    let engines = vec![engine];
    let settings = BenchSettings { engines, runs: RUNS, micros: MICROS, is_cold: false };
    let in_file = |error| Failure::in_file(&source.name(), error);
    let mut lines = bench_block(prepared, &settings).map_err(in_file)?;
    let line = lines.pop().expect("there is a line for each way to measure");
    let measured = BlockCosts::measure(prepared, &UnitCosts::default()).map_err(in_file)?;
    costs.add_measured(&measured);
    Ok(Timed { line, makespan: measured.makespan(&numbers_of_threads()) })
}

fn numbers_of_threads() -> [NonZeroUsize; THREADS.len()] {
    THREADS.map(|n| NonZeroUsize::new(n).expect("no time is simulated for no thread"))
}
