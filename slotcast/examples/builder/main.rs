//! How does a builder order a pool by predictions, and what does it save beside simulating everything?
//!
//! ```text
//! cargo run --release -p slotcast --example builder [FILE|FOLDER] [BLOCKS TO BUILD]
//! ```
//!
//! In: recorded blocks, or the embedded one, whose transactions play the pool: each is predicted on its
//! parent state, as a pool does that does not know the order. Out: what the packed form and the pool
//! cost, and a table of ways to build, each of which really runs what it simulates (`toy.rs`).

#![expect(clippy::print_stdout, reason = "a program for the command line")]

mod packed;
mod pool;
mod toy;

use std::path::PathBuf;

use slotcast::{
    Basis, PredictSettings,
    hints::{ConflictScope, Hint, hints_of},
    model::Fork,
};
use slotcast_corpus::{self as corpus, RecordedBlock, prepare};

/// As many transactions as the pool is to hold, if the blocks have so many.
const POOL: usize = 10_000;
/// As many blocks are built unless told otherwise, the newest ones, and those of before proof of stake
/// are left out: there a builder was a miner.
const BUILT: usize = 12;

fn main() {
    let mut pending: Vec<Hint> = Vec::new();
    let mut packing = packed::Packing::default();
    let mut built = toy::Table::default();
    let blocks = blocks();
    let n_built = std::env::args().nth(2).map_or(BUILT, |n| n.parse().expect("a number of blocks"));
    for block in &blocks {
        let prepared = prepare(block).expect("recorded blocks are well formed");
        packing.add(&prepared);
        let settings = PredictSettings { basis: Basis::Parent, ..PredictSettings::default() };
        let predicted = prepared.predict(&settings);
        let hints = hints_of(&prepared, &predicted.predictions);
        if Fork::Paris <= prepared.fork() && built.n_blocks() < n_built {
            built.add(&prepared, &hints, predicted.predict_micros);
        }
        pending.extend(hints);
    }
    pending.truncate(POOL);
    packing.print();
    println!("pool of {} transactions of {} blocks", pending.len(), blocks.len());
    for scope in [ConflictScope::All, ConflictScope::Observed] {
        pool::measure(scope, &pending);
    }
    if 0 < built.n_blocks() {
        built.print();
    }
}

fn blocks() -> Vec<RecordedBlock> {
    let Some(path) = std::env::args().nth(1).map(PathBuf::from) else {
        return vec![corpus::embedded().expect("the embedded block can be read")];
    };
    let mut paths = corpus::list(&path).expect("the folder can be listed");
    // The newest first, so that the pool is of our days.
    paths.reverse();
    paths.iter().map(|path| corpus::read_file(path).expect("recorded blocks can be read")).collect()
}
