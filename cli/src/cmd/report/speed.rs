//! How much do the predictions win?
//!
//! In: what is known of the blocks. Out: what was measured, and what was simulated for more threads.
//! Invariant: what is simulated says so, and from which costs.

use slotcast::scheduler::Mode;
use slotcast_lab::render::{Axis, Mark, Part, Plot, Point, Scale, Section, Series};
use slotcast_lab::{BenchLine, MakespanRow};

use super::{
    measure::{OfBlock, THREADS},
    situations::lines,
};
use crate::render::count;

/// Least gas of the blocks that simulations are about; in smaller ones there is little to win.
const LARGE_BLOCK_GAS: u64 = 4_000_000;

/// Of these numbers of threads the simulated ratio stands in the table of situations.
pub(super) const SHOWN: [usize; 2] = [8, 16];

/// A way to run a block, with its time.
type Way = (&'static str, fn(&MakespanRow) -> f64);

/// The ways that are simulated from measured costs: the situations in their order, then others.
const WAYS: [Way; 5] = [
    ("nothing known", |row| row.ours_micros),
    ("pooled", |row| row.pooled_micros),
    ("hinted", |row| row.hinted_micros),
    ("true sets, no values", |row| row.true_sets_micros),
    ("optimistic re-execution", |row| row.optimistic_micros),
];

const LIMIT: &str = "limit: no waiting";

/// Times measured on as many threads as there are at hand.
pub(super) fn measured(blocks: &[OfBlock], threads: usize) -> Section {
    let lines = lines(blocks);
    let series = |name: &str, ratio: fn(&BenchLine) -> f64| Series {
        name: name.to_owned(),
        mark: Mark::Dots,
        points: lines.iter().filter(|line| line.txs != 0).map(|line| point(line, ratio)).collect(),
    };
    let plot = Plot {
        title: format!(
            "Times faster than a plain loop, on {}, by block",
            count(threads, "thread", "threads")
        ),
        x: Axis { label: "gas", scale: Scale::Decades },
        y: Axis { label: "ratio", scale: Scale::Linear },
        series: vec![
            series("nothing known", |line| line.ratio),
            series("pooled", |line| line.ratio_pooled),
            series("hinted", |line| line.ratio_hinted),
        ],
        line_at: Some(1.0),
    };
    Section {
        title: "Speed, measured".to_owned(),
        text: vec![
            "Medians of runs that take turns in one process; the plain loop is revm over a cache, \
             one transaction after the other. Contracts were summarised before."
                .to_owned(),
        ],
        parts: vec![Part::Plot(plot)],
    }
}

fn point(line: &BenchLine, ratio: fn(&BenchLine) -> f64) -> Point {
    let label = format!("block {}, {} transactions", line.block, line.txs);
    Point { x: line.gas_used as f64, y: ratio(line), label }
}

/// The blocks that simulations are about.
fn large(blocks: &[OfBlock]) -> Vec<&OfBlock> {
    let large: Vec<&OfBlock> =
        blocks.iter().filter(|block| LARGE_BLOCK_GAS <= block.gas_used).collect();
    if large.is_empty() { blocks.iter().collect() } else { large }
}

/// Which blocks simulations are about, in words.
pub(super) fn simulated_over(blocks: &[OfBlock]) -> String {
    let large = large(blocks);
    let is_large = large.iter().all(|block| LARGE_BLOCK_GAS <= block.gas_used);
    let what = if is_large { " of at least 4 Mgas" } else { "" };
    format!("geometric means over {}{what}", count(large.len(), "block", "blocks"))
}

/// How much faster a situation is on so many threads, as far as it is simulated: from measured costs,
/// or from estimated gas where nothing was measured.
pub(super) fn simulated_ratio(blocks: &[OfBlock], situation: usize, threads: usize) -> Option<f64> {
    let n = THREADS.iter().position(|it| *it == threads)?;
    let timed = timed(blocks);
    match (situation, timed.is_empty()) {
        (0..3, false) => Some(mean(timed.iter().map(|rows| ratio(&rows[n], WAYS[situation].1)))),
        (2, true) => Some(expected(blocks, |block| block.expected.of(Mode::Values)[n])),
        _ => None,
    }
}

fn timed(blocks: &[OfBlock]) -> Vec<&[MakespanRow]> {
    let rows = |block: &&'_ OfBlock| block.timed.is_some();
    let large = large(blocks).into_iter().filter(rows);
    large.filter_map(|block| Some(block.timed.as_ref()?.makespan.as_slice())).collect()
}

fn ratio(row: &MakespanRow, micros: fn(&MakespanRow) -> f64) -> f64 {
    row.sequential_micros.max(0.001) / micros(row).max(0.001)
}

/// How much faster blocks are in this time, which comes from estimated gas.
fn expected(blocks: &[OfBlock], nanos: impl Fn(&OfBlock) -> u64) -> f64 {
    let ratio =
        |block: &OfBlock| block.expected.sequential.max(1) as f64 / nanos(block).max(1) as f64;
    mean(large(blocks).into_iter().map(ratio))
}

/// More threads: from measured costs where there are any.
pub(super) fn main_plot(blocks: &[OfBlock]) -> Plot {
    let timed = timed(blocks);
    if timed.is_empty() {
        return plot_by_mode(blocks);
    }
    let of_way = |name, mark, micros| {
        line(name, mark, |n| mean(timed.iter().map(|rows| ratio(&rows[n], micros))))
    };
    let mut series = WAYS.map(|(name, micros)| of_way(name, Mark::Line, micros)).to_vec();
    series.push(of_way(LIMIT, Mark::Limit, |row| row.limit_micros));
    plot("Simulation, from costs measured on one thread: times faster than sequential", series)
}

/// How the three modes compare with predictions at hand.
pub(super) fn by_mode(blocks: &[OfBlock]) -> Section {
    Section {
        title: "Modes, simulated".to_owned(),
        text: vec![format!(
            "Nothing was run for this: predictions at hand, {}.",
            simulated_over(blocks)
        )],
        parts: vec![Part::Plot(plot_by_mode(blocks))],
    }
}

fn plot_by_mode(blocks: &[OfBlock]) -> Plot {
    let of_mode = |mode: Mode| {
        line(mode.text(), Mark::Line, |n| expected(blocks, |block| block.expected.of(mode)[n]))
    };
    let mut series: Vec<Series> = Mode::ALL.into_iter().rev().map(of_mode).collect();
    series.push(line(LIMIT, Mark::Limit, |n| expected(blocks, |block| block.expected.limit[n])));
    plot(
        "Simulation, from estimated gas, predictions at hand: times faster than sequential",
        series,
    )
}

fn plot(title: &str, series: Vec<Series>) -> Plot {
    Plot {
        title: title.to_owned(),
        x: Axis { label: "threads", scale: Scale::Doubling },
        y: Axis { label: "ratio", scale: Scale::Linear },
        series,
        line_at: Some(1.0),
    }
}

/// A line over [`THREADS`]; `ratio` is given a position in them.
fn line(name: &str, mark: Mark, ratio: impl Fn(usize) -> f64) -> Series {
    let point = |(n, threads): (usize, usize)| Point {
        x: threads as f64,
        y: ratio(n),
        label: format!("{name}, {}", count(threads, "thread", "threads")),
    };
    let points = THREADS.into_iter().enumerate().map(point).collect();
    Series { name: name.to_owned(), mark, points }
}

/// The geometric mean; of nothing, one.
fn mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = ratios.fold((0_usize, 0.0), |(n, sum), ratio| (n + 1, sum + ratio.ln()));
    if n == 0 { 1.0 } else { (sum / n as f64).exp() }
}
