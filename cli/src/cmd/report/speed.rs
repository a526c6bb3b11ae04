//! How much do the predictions win?
//!
//! In: what is known of the blocks. Out: sections: what was measured, and what was simulated.
//! Invariant: what is simulated says so, and from which costs.

use slotcast_lab::render::{Axis, Cell, Mark, Part, Plot, Point, Scale, Section, Series, Table};
use slotcast_lab::{BenchLine, BenchSummary, MakespanRow};

use super::measure::{OfBlock, THREADS};
use crate::render::count;

/// Least gas of the blocks that simulations are about; in smaller ones there is little to win.
const LARGE_BLOCK_GAS: u64 = 4_000_000;

/// A way to run a block, with its time.
type Way = (&'static str, fn(&MakespanRow) -> f64);

/// The ways that are simulated from measured costs.
const WAYS: [Way; 4] = [
    ("made meanwhile", |row| row.ours_micros),
    ("at hand", |row| row.hinted_micros),
    ("perfect", |row| row.perfect_micros),
    ("optimistic re-execution", |row| row.optimistic_micros),
];

/// Times measured on as many threads as there are at hand.
pub(super) fn measured(blocks: &[OfBlock], threads: usize) -> Section {
    let lines: Vec<BenchLine> =
        blocks.iter().filter_map(|block| Some(block.timed.as_ref()?.line.clone())).collect();
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
            series("predicted, scheduled and executed", |line| line.ratio),
            series("predictions at hand", |line| line.ratio_hinted),
        ],
        line_at: Some(1.0),
    };
    let summary = BenchSummary::of(threads, &lines);
    let number = |ratio: Option<f64>| {
        ratio.map_or(Cell::None, |ratio| Cell::Number(format!("{ratio:.3}"), ratio))
    };
    let row = |name: &str, n: usize, ratio, hinted| {
        let n = Cell::Number(n.to_string(), n as f64);
        vec![Cell::Text(name.to_owned()), n, number(ratio), number(hinted)]
    };
    let s = &summary;
    let rows = vec![
        row("at least 4 Mgas, geometric mean", s.blocks, s.ratio, s.ratio_hinted),
        row(
            "of these, since London",
            s.blocks_since_london,
            s.ratio_since_london,
            s.ratio_hinted_since_london,
        ),
        row("the worst of any size", lines.len(), s.worst_ratio, s.worst_ratio_hinted),
    ];
    let heads = ["blocks", "how many", "predicted, scheduled and executed", "predictions at hand"];
    let heads = heads.map(str::to_owned).to_vec();
    Section {
        title: "Speed, measured".to_owned(),
        text: vec![
            "Medians of runs that take turns in one process; the plain loop is revm over a cache, \
             one transaction after the other. Contracts were summarised before."
                .to_owned(),
        ],
        parts: vec![Part::Plot(plot), Part::Table(Table { heads, rows })],
    }
}

fn point(line: &BenchLine, ratio: fn(&BenchLine) -> f64) -> Point {
    let label = format!("block {}, {} transactions", line.block, line.txs);
    Point { x: line.gas_used as f64, y: ratio(line), label }
}

/// Times on more threads than there are at hand.
pub(super) fn simulated(blocks: &[OfBlock]) -> Section {
    let is_large = |block: &&OfBlock| LARGE_BLOCK_GAS <= block.gas_used;
    let mut large: Vec<&OfBlock> = blocks.iter().filter(is_large).collect();
    if large.is_empty() {
        large = blocks.iter().collect();
    }
    let expected = |n: usize| {
        let ratios = large.iter().map(|block| {
            let (in_order, on) = &block.expected;
            (*in_order).max(1) as f64 / on[n].max(1) as f64
        });
        mean(ratios)
    };
    let mut parts = vec![Part::Plot(plot(
        "Simulation, from estimated gas: times faster than in order",
        vec![line("predictions at hand", expected)],
    ))];
    let timed: Vec<&[MakespanRow]> =
        large.iter().filter_map(|block| Some(block.timed.as_ref()?.makespan.as_slice())).collect();
    if !timed.is_empty() {
        let of_way = |(name, micros): Way| {
            let ratio = |row: &MakespanRow| row.in_order_micros.max(0.001) / micros(row).max(0.001);
            line(name, |n| mean(timed.iter().map(|rows| ratio(&rows[n]))))
        };
        parts.push(Part::Plot(plot(
            "Simulation, from costs measured on one thread: times faster than in order",
            WAYS.map(of_way).to_vec(),
        )));
    }
    Section {
        title: "More threads, simulated".to_owned(),
        text: vec![format!(
            "Nothing here was run on so many threads: these are simulations. Geometric means over \
             {}{}.",
            count(large.len(), "block", "blocks"),
            if large.iter().all(is_large) { " of at least 4 Mgas" } else { "" },
        )],
        parts,
    }
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
fn line(name: &str, ratio: impl Fn(usize) -> f64) -> Series {
    let point = |(n, threads): (usize, usize)| Point {
        x: threads as f64,
        y: ratio(n),
        label: format!("{name}, {}", count(threads, "thread", "threads")),
    };
    let points = THREADS.into_iter().enumerate().map(point).collect();
    Series { name: name.to_owned(), mark: Mark::Line, points }
}

/// The geometric mean; of nothing, one.
fn mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = ratios.fold((0_usize, 0.0), |(n, sum), ratio| (n + 1, sum + ratio.ln()));
    if n == 0 { 1.0 } else { (sum / n as f64).exp() }
}
