//! How would recorded blocks run on 1 to 64 threads?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example makespan [FOLDER [PLOT.svg]]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given.
//! Out: for every number of threads the geometric means of the ratios over blocks of at least 4 Mgas,
//! as a Markdown table on stdout, and as a plot if one is asked for.
//!
//! What transactions, predictions and handing over take is measured on one thread; everything else is
//! simulated.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

mod plot;

use std::{num::NonZeroUsize, path::PathBuf};

use slotcast::executor::UnitCosts;
use slotcast_corpus::{self as corpus, prepare};
use slotcast_lab::{MakespanRow, makespan};
use slotcast_tests::checkout;

const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const LARGE_BLOCK_GAS: u64 = 4_000_000;

/// The ways that are compared, each with its time.
type Way = (&'static str, fn(&MakespanRow) -> f64);

const WAYS: [Way; 5] = [
    ("ours, nothing predicted", |row| row.ours_micros),
    ("our predictions, at hand", |row| row.hinted_micros),
    ("true sets, no values", |row| row.true_sets_micros),
    ("optimistic re-execution", |row| row.optimistic_micros),
    ("limit: no waiting", |row| row.limit_micros),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder =
        arguments.next().map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let threads =
        THREADS.map(|n| NonZeroUsize::new(n).expect("no time is simulated for no thread"));
    let (mut blocks, mut n_txs) = (Vec::new(), 0);
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        if prepared.block().header.gas_used < LARGE_BLOCK_GAS {
            continue;
        }
        n_txs += prepared.block().n_transactions();
        let units = UnitCosts::default();
        blocks.push(makespan(&prepared, &units, &threads).expect("recorded blocks can be run"));
    }
    println!("{} blocks, {n_txs} transactions; simulation", blocks.len());
    println!("| threads | {} | optimistic runs a transaction |", WAYS.map(|way| way.0).join(" | "));
    println!("| ---: |{}", " ---: |".repeat(WAYS.len() + 1));
    let mut lines = WAYS.map(|way| plot::Line { name: way.0, ratios: Vec::new() });
    for (n, threads) in THREADS.iter().enumerate() {
        let rows: Vec<&MakespanRow> = blocks.iter().map(|rows| &rows[n]).collect();
        let mut cells = Vec::new();
        for (line, (_, micros)) in lines.iter_mut().zip(WAYS) {
            let ratio = mean(rows.iter().map(|row| row.sequential_micros / micros(row)));
            cells.push(format!("{ratio:.2}"));
            line.ratios.push(ratio);
        }
        let n_runs: usize = rows.iter().map(|row| row.optimistic_runs).sum();
        println!("| {threads} | {} | {:.3} |", cells.join(" | "), n_runs as f64 / n_txs as f64);
    }
    if let Some(path) = arguments.next() {
        std::fs::write(path, plot::svg(&THREADS, &lines)).expect("the plot can be written");
    }
}

/// The geometric mean; of nothing, one.
fn mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = ratios.fold((0_usize, 0.0), |(n, sum), ratio| (n + 1, sum + ratio.ln()));
    if n == 0 { 1.0 } else { (sum / n as f64).exp() }
}
