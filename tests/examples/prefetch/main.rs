//! What do predicted keys bring when they are fetched in a batch before a block is executed?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example prefetch [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given.
//! Out: for a database that takes 0, 10 or 100 µs for each cold read, a batch of any size taking no
//! longer, and for a redb file, a Markdown table of the time that all blocks of at least 4 Mgas take:
//! by the lean loop, sequentially, on two threads, and on two threads after fetching what is predicted.
//!
//! Predictions are at hand, as a builder has them; what waits for what is worked out within the time.
//! The executor remembers what was read, so that nothing is cold twice within one run.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

mod disk;
mod latent;

use std::{path::PathBuf, time::Duration};

use slotcast::{
    Clock, Prepared,
    executor::{self, Advice, BatchRef, ReadThrough, Settings, execute_baseline},
    graph::Waits,
    hints::FetchPlan,
    model::{IndexVec, Prediction, TxIndex},
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_lab::wanted;
use slotcast_tests::checkout;

use crate::{disk::Disk, latent::Latent};

const LATENCIES: [u64; 3] = [0, 10, 100];
const LARGE_BLOCK_GAS: u64 = 4_000_000;
const N_RUNS: usize = 3;

/// A block with its predictions.
struct Subject {
    prepared: Prepared,
    predictions: IndexVec<TxIndex, Prediction>,
    recorded: corpus::RecordedBlock,
}

/// Milliseconds by each way, and how often the database was asked for one thing.
#[derive(Default)]
struct Row {
    millis: [f64; 4],
    n_single: [u64; 4],
    n_fetched: u64,
}

fn main() {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let mut subjects = Vec::new();
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let recorded = corpus::read_file(&path).expect("recorded blocks can be read");
        if recorded.header.gas_used < LARGE_BLOCK_GAS {
            continue;
        }
        let prepared = prepare(&recorded).expect("recorded blocks are well formed");
        let predictions = prepared.predict(&Default::default()).predictions;
        subjects.push(Subject { prepared, predictions, recorded });
    }
    println!(
        "{} blocks; milliseconds for all of them, 2 threads, and single reads of the database\n",
        subjects.len()
    );
    println!(
        "| database | lean loop | sequential | in parallel | fetched, then in parallel | fetched |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let settings = Settings::with_threads(2).expect("two threads can be had");
    for micros in LATENCIES {
        let latency = Duration::from_micros(micros);
        let row = measure(&subjects, &settings, |it| Latent::new(it.prepared.state(), latency));
        print(&format!("{micros} µs for each cold read"), &row);
    }
    let row = measure(&subjects, &settings, |subject| {
        Disk::holding(&subject.recorded).expect("a file can be written to the temporary folder")
    });
    print("redb file", &row);
}

fn print(name: &str, row: &Row) {
    let cell = |n: usize| format!("{:.1} ({})", row.millis[n], row.n_single[n]);
    let cells: Vec<String> = (0..4).map(cell).collect();
    println!("| {name} | {} | {} |", cells.join(" | "), row.n_fetched);
}

/// Runs every block by every way on a database of its own.
fn measure<'s, DB: BatchRef + Sync>(
    subjects: &'s [Subject],
    settings: &Settings,
    open: impl Fn(&'s Subject) -> DB,
) -> Row {
    let mut row = Row::default();
    for subject in subjects {
        let mut millis: [Vec<f64>; 4] = Default::default();
        let database = open(subject);
        for run in 0..N_RUNS {
            for (way, millis) in millis.iter_mut().enumerate() {
                let state = ReadThrough::new(&database);
                let clock = Clock::start();
                execute(subject, &state, settings, way);
                millis.push(clock.elapsed().as_secs_f64() * 1e3);
                if run == 0 {
                    row.n_single[way] += state.asked().single;
                    row.n_fetched += state.asked().in_batches;
                }
            }
        }
        for (sum, mut millis) in row.millis.iter_mut().zip(millis) {
            millis.sort_unstable_by(f64::total_cmp);
            *sum += millis[N_RUNS / 2];
        }
    }
    row
}

/// Executes the block by one of four ways.
fn execute<DB: BatchRef + Sync>(
    subject: &Subject,
    state: &ReadThrough<&DB>,
    settings: &Settings,
    way: usize,
) {
    let Subject { prepared, predictions, .. } = subject;
    let block = prepared.block();
    let done = match way {
        0 => execute_baseline(block, state).map(drop),
        1 => executor::execute(block, state, Advice::None).map(drop),
        _ => {
            if way == 3 {
                let plan = FetchPlan::of(predictions);
                state.warm(&wanted(block, &plan)).expect("recorded state can be read");
            }
            let mut waits = Waits::new(block, prepared.state(), settings.mode);
            let mut next = |tx| waits.next(&predictions[tx]);
            let advice = Advice::Streamed(&mut next, settings);
            executor::execute(block, state, advice).map(drop)
        }
    };
    done.expect("recorded blocks can be executed");
}
