//! What is known of each block before the page is written?
//!
//! In: blocks, their scores. Out: [`OfBlock`]s: sizes, simulated times and, if they are wanted,
//! measured ones.
//! Invariant: blocks are measured one after the other, so that they do not disturb one another.

use core::num::NonZeroUsize;

use slotcast::{
    Engine, Prepared,
    executor::UnitCosts,
    graph::schedule_of,
    scheduler::{CostModel, Mode, simulate},
};
use slotcast_lab::{
    BenchLine, BenchSettings, MakespanRow, bench_block, makespan, scoreboard::Entry,
};

use crate::{failure::Failure, input::Source, progress::Progress, render::Console};

/// How many threads are simulated.
pub(super) const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// Fewest and most runs for each figure, and for how long to go on between these, in microseconds.
const RUNS: [usize; 2] = [5, 51];
const MICROS: u64 = 200_000;

/// What handing a transaction over costs in the simulation, in nanoseconds, as measured.
const HANDING_OVER: u64 = 1_000;

/// What is known of one block.
#[derive(Debug)]
pub(super) struct OfBlock {
    /// How good its predictions are.
    pub(super) entry: Entry,
    pub(super) gas_used: u64,
    pub(super) n_layers: usize,
    pub(super) n_edges: usize,
    /// Expected nanoseconds from estimated gas: in order, and simulated on each of [`THREADS`].
    pub(super) expected: (u64, [u64; THREADS.len()]),
    /// Measured times, if they were wanted.
    pub(super) timed: Option<Timed>,
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

/// Looks at every block again, for its sizes and times.
pub(super) fn measure(
    sources: &[Source],
    entries: Vec<Entry>,
    timed_on: Option<usize>,
    console: &Console,
) -> Result<Vec<OfBlock>, Failure> {
    let progress = Progress::new(sources.len(), console);
    let mut blocks = Vec::new();
    for (source, entry) in sources.iter().zip(entries) {
        progress.start(source.name());
        let prepared = source.prepare()?;
        let timed = timed_on.map(|threads| time(&prepared, threads, source)).transpose()?;
        let predictions = prepared.predict(&Default::default()).predictions;
        let schedule = schedule_of(&prepared, &predictions);
        let costs = CostModel::default().nanos_of_each(schedule.weights());
        let on = |n: NonZeroUsize| simulate(&schedule, &costs, n, Mode::Dataflow, HANDING_OVER);
        let in_order = costs.iter().fold(0, |sum: u64, nanos| sum.saturating_add(*nanos));
        blocks.push(OfBlock {
            entry,
            gas_used: prepared.block().header.gas_used,
            n_layers: schedule.layers().len(),
            n_edges: schedule.dag().n_edges(),
            expected: (in_order, numbers_of_threads().map(on)),
            timed,
        });
        progress.done(|| {});
    }
    Ok(blocks)
}

fn time(prepared: &Prepared, threads: usize, source: &Source) -> Result<Timed, Failure> {
    let engine = Engine::new(threads).map_err(Failure::bad_input)?;
    let settings = BenchSettings { engines: vec![engine], runs: RUNS, micros: MICROS };
    let in_file = |error| Failure::in_file(&source.name(), error);
    let mut lines = bench_block(prepared, &settings).map_err(in_file)?;
    let line = lines.pop().expect("there is a line for each way to measure");
    let makespan =
        makespan(prepared, &UnitCosts::default(), &numbers_of_threads()).map_err(in_file)?;
    Ok(Timed { line, makespan })
}

fn numbers_of_threads() -> [NonZeroUsize; THREADS.len()] {
    THREADS.map(|n| NonZeroUsize::new(n).expect("no time is simulated for no thread"))
}
