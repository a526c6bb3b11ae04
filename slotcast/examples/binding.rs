//! What does a prediction cost beside the execution it predicts?
//!
//! ```text
//! cargo run --release -p slotcast --features fast-precompiles --example binding -- FOLDER [--without NUMBER]...
//! ```
//!
//! In: a folder of recorded blocks, and numbers of blocks to leave out of a second sum. Out: for blocks of at least 4 Mgas, with summaries
//! at hand, the time of predicting all transactions and of a plain revm loop, the least of several
//! interleaved runs each; and of direct ERC-20 calls, prediction alone on the parent state, the
//! median. One thread.

#![expect(clippy::print_stdout, reason = "a program for the command line")]
#![expect(clippy::disallowed_methods, reason = "measuring is what it is for")]

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use alloy_consensus::Transaction;
use mimalloc::MiMalloc;
use slotcast::{
    PredictSettings, Prepared, Summaries, View,
    analyzer::bind::Binder,
    executor::{SequentialSettings, execute_baseline, execute_sequential},
    predict::{predict_tx, words_of},
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_lab::score::Stratum;
/// The allocator of the command, so that both sides have it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Smaller blocks say little.
const MIN_GAS: u64 = 4_000_000;
const N_RUNS: usize = 15;
const N_CALL_RUNS: usize = 30;

fn main() {
    let (mut folder, mut left_out) = (PathBuf::from("blocks"), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--without" => left_out.extend(arguments.next().and_then(|n| n.parse::<u64>().ok())),
            _ => folder = PathBuf::from(argument),
        }
    }
    let (mut all, mut rest) = ([Duration::ZERO; 2], [Duration::ZERO; 2]);
    let mut calls = Vec::new();
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        if prepared.block().header.gas_used < MIN_GAS {
            continue;
        }
        let settings = PredictSettings::default();
        let summaries = prepared.summaries(&settings);
        // Makes the summaries, and settles where computed jumps lead.
        prepared.predict_with(&summaries, &settings);
        let times = block_times(&prepared, &summaries);
        let number = prepared.block().header.number;
        println!("{number:>9}  {:>8.2?} of {:>8.2?}  {:.3}", times[0], times[1], ratio(times));
        add(&mut all, times);
        if !left_out.contains(&number) {
            add(&mut rest, times);
        }
        calls.extend(call_times(&prepared, &summaries));
    }
    println!("all: {:.2?} of {:.2?}, {:.3}", all[0], all[1], ratio(all));
    if !left_out.is_empty() {
        println!("without {left_out:?}: {:.2?} of {:.2?}, {:.3}", rest[0], rest[1], ratio(rest));
    }
    calls.sort_unstable();
    if let Some(median) = calls.get(calls.len() / 2) {
        println!("{} ERC-20 calls: {median:.2?} each in the median", calls.len());
    }
}

fn ratio([predicting, running]: [Duration; 2]) -> f64 {
    predicting.as_secs_f64() / running.as_secs_f64()
}

fn add(sum: &mut [Duration; 2], times: [Duration; 2]) {
    sum[0] += times[0];
    sum[1] += times[1];
}

/// Predicting all transactions of a block, and running them.
fn block_times(prepared: &Prepared, summaries: &Summaries) -> [Duration; 2] {
    let settings = PredictSettings::default();
    let mut least = [Duration::MAX; 2];
    for _ in 0..N_RUNS {
        let start = Instant::now();
        let predictions = prepared.predict_once(summaries, &settings);
        least[0] = least[0].min(start.elapsed());
        drop(predictions);
        let start = Instant::now();
        let run = execute_baseline(prepared.block(), prepared.state());
        least[1] = least[1].min(start.elapsed());
        drop(run.expect("recorded blocks can be run"));
    }
    least
}

/// What each direct ERC-20 call takes to predict.
fn call_times(prepared: &Prepared, summaries: &Summaries) -> Vec<Duration> {
    let (block, fork) = (prepared.block(), prepared.fork());
    let (words, view) = (words_of(block, fork), View::new(prepared.state(), summaries));
    let mut binder = Binder::new(fork, PredictSettings::default().binding);
    let truth =
        execute_sequential(block, prepared.state(), &SequentialSettings { is_observed: true })
            .expect("recorded blocks can be run");
    let calls = block
        .transactions
        .iter()
        .zip(&truth.observations)
        .filter(|(tx, truth)| Stratum::of(tx.input(), truth) == Stratum::Erc20);
    calls
        .map(|(tx, _)| {
            let runs = (0..N_CALL_RUNS).map(|_| {
                let start = Instant::now();
                let bound = predict_tx(&mut binder, tx, &words, &view);
                let took = start.elapsed();
                drop(bound);
                took
            });
            runs.min().unwrap_or_default()
        })
        .collect()
}
