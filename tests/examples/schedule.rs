//! How long does it take to make a schedule from predictions that are at hand?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example schedule [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given,
//! and blocks generated here. Out: for every block of at least 4 Mgas, and for synthetic ones of 1,000 and
//! 10,000 transactions, microseconds for a thousand transactions: until it is known up to where each
//! waits, which is all that running in dataflow mode needs, and until the graph with its layers and its
//! critical path is there. Each is the median of many runs. Blocks of few transactions take more for each;
//! the row of all of them together weighs each by its transactions. The allocator is the command's.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{hint::black_box, path::PathBuf};

use mimalloc::MiMalloc;
use slotcast::{
    Clock, Prepared,
    graph::{Waits, predicted_accesses},
    model::{IndexVec, Prediction, TxIndex},
    scheduler::schedule,
};
use slotcast_corpus::{self as corpus, Plan, Scenario, prepare};
use slotcast_lab::seal;
use slotcast_tests::checkout;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const LARGE_BLOCK_GAS: u64 = 4_000_000;
const N_RUNS: usize = 31;
const MADE_UP: [(Scenario, usize); 4] = [
    (Scenario::Mixed, 1_000),
    (Scenario::Mixed, 10_000),
    (Scenario::TokensApart, 1_000),
    (Scenario::TokensApart, 10_000),
];

fn main() {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    println!("| block | transactions | waits, µs for 1,000 | graph and layers, µs for 1,000 |");
    println!("| --- | ---: | ---: | ---: |");
    let mut all = [Vec::new(), Vec::new()];
    let (mut n_all, mut together) = (0, [0.0; 2]);
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        if LARGE_BLOCK_GAS <= block.header.gas_used {
            let prepared = prepare(&block).expect("recorded blocks are well formed");
            let micros = row(&block.number().to_string(), &prepared);
            all.iter_mut().zip(micros).for_each(|(all, micros)| all.push(micros));
            let n_txs = prepared.block().n_transactions();
            n_all += n_txs;
            together.iter_mut().zip(micros).for_each(|(sum, it)| *sum += it * n_txs as f64);
        }
    }
    let [waits, graphs] = all.map(|mut all| median(&mut all));
    println!("| median of these | | {waits:.0} | {graphs:.0} |");
    let [waits, graphs] = together.map(|sum| sum / n_all.max(1) as f64);
    println!("| all of these together | {n_all} | {waits:.0} | {graphs:.0} |");
    for (scenario, n_txs) in MADE_UP {
        let plan = Plan { n_txs, scenario, ..Plan::default() };
        let block = corpus::generate(&plan).expect("the era knows these scenarios");
        let prepared = prepare(&seal(block).expect("synthetic blocks are valid"));
        row(&format!("synthetic, {}", scenario.name()), &prepared.expect("and well formed"));
    }
}

/// Measures one block and prints its row.
fn row(name: &str, prepared: &Prepared) -> [f64; 2] {
    let predictions = prepared.predict(&Default::default()).predictions;
    let micros = [
        micros(prepared, || {
            let mut waits = Waits::new(prepared.block(), prepared.state(), Default::default());
            predictions.iter().for_each(|it| drop(black_box(waits.next(it))));
        }),
        micros(prepared, || drop(black_box(graph(prepared, &predictions)))),
    ];
    let n_txs = prepared.block().n_transactions();
    println!("| {name} | {n_txs} | {:.0} | {:.0} |", micros[0], micros[1]);
    micros
}

fn graph(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> slotcast::scheduler::Schedule {
    let predicted = predicted_accesses(prepared.block(), predictions, prepared.state());
    schedule(&predicted)
}

/// Microseconds for a thousand transactions.
fn micros(prepared: &Prepared, mut run: impl FnMut()) -> f64 {
    let mut all: Vec<f64> = (0..N_RUNS)
        .map(|_| {
            let clock = Clock::start();
            run();
            clock.elapsed().as_secs_f64() * 1e9 / prepared.block().n_transactions().max(1) as f64
        })
        .collect();
    median(&mut all)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
