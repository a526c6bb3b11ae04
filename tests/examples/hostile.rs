//! How much time can hostile advice cost?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example hostile [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given. Out: for
//! each kind of advice how many times faster blocks of at least 4 Mgas are executed by it, on two
//! threads, than by the plain loop: geometric mean and worst block, with what was run again. Samples
//! of both are taken in turns and the median counts. Every outcome is compared; status 1 if one differs.
//! The advice is ours with what it leaves changed, so that it looks as good as any to the engine.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, process::ExitCode};

use alloy_primitives::{Address, U256};
use slotcast::{
    Clock, Engine, Prepared,
    executor::{SequentialSettings, execute_baseline, execute_sequential},
    model::{AccountAccess, AccountLeft, IndexVec, Prediction, Slot, TxIndex},
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_tests::checkout;

const LEAST_GAS: u64 = 4_000_000;
const SAMPLES: usize = 7;
const THREADS: usize = 2;

type Predictions = IndexVec<TxIndex, Prediction>;

/// How a prediction is changed, given the values of the whole block.
type Change = fn(&Prediction, &[(Slot, U256)]) -> Prediction;

const KINDS: [(&str, Change); 6] = [
    ("values as predicted", |own, _| own.clone()),
    ("values one more than predicted", |own, _| {
        changed(own, |value| value.wrapping_add(U256::ONE))
    }),
    ("values the largest word", |own, _| changed(own, |_| U256::MAX)),
    ("values of another slot of the block", |own, all| {
        let others = all.iter().rev().map(|(_, value)| *value).cycle();
        let values = own.values().iter().zip(others);
        own.clone().with_values(values.map(|((slot, _), value)| (*slot, value)).collect())
    }),
    ("code that fails wherever code is run", |own, _| {
        left(own, |accounts, codes| accounts.delegated.extend(codes), &failing())
    }),
    ("every contract destroyed", |own, _| {
        let gone = AccountLeft { is_destroyed: true, ..AccountLeft::default() };
        left(own, |accounts, codes| accounts.destroyed.extend(codes), &gone)
    }),
];

fn changed(own: &Prediction, change: impl Fn(U256) -> U256) -> Prediction {
    let values = own.values().iter().map(|(slot, value)| (*slot, change(*value)));
    own.clone().with_values(values.collect())
}

/// The code of a contract of which every call fails.
fn failing() -> AccountLeft {
    AccountLeft { code: Some([0xfe].into()), ..AccountLeft::default() }
}

/// A prediction that claims to change every contract that it enters in this way.
fn left(
    own: &Prediction,
    claim: impl FnOnce(&mut AccountAccess, &[Address]),
    change: &AccountLeft,
) -> Prediction {
    let codes = own.accounts().code_reads.clone();
    let changes = codes.iter().map(|address| (*address, change.clone())).collect();
    own.clone().with_accounts(|accounts| claim(accounts, &codes)).with_account_changes(changes)
}

fn main() -> ExitCode {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let engine = Engine::new(THREADS).expect("threads can be started");
    let mut sums = KINDS.map(|(name, _)| Sum { name, ..Sum::default() });
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        if block.header.gas_used < LEAST_GAS {
            continue;
        }
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        let ours = prepared.predict(&Default::default()).predictions;
        for ((_, change), sum) in KINDS.iter().zip(&mut sums) {
            sum.add(&engine, &prepared, &with_changes(&ours, *change));
        }
    }
    sums.iter().for_each(Sum::print);
    match sums.iter().all(|sum| sum.n_wrong == 0) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn with_changes(ours: &Predictions, change: Change) -> Predictions {
    let all: Vec<_> = ours.iter().flat_map(|it| it.values().iter().copied()).collect();
    ours.iter().map(|it| change(it, &all)).collect()
}

#[derive(Default)]
struct Sum {
    name: &'static str,
    n_blocks: usize,
    n_wrong: usize,
    n_txs: usize,
    n_again: usize,
    logarithms: f64,
    worst: Option<(f64, u64)>,
}

impl Sum {
    fn add(&mut self, engine: &Engine, prepared: &Prepared, predictions: &Predictions) {
        let (block, state) = (prepared.block(), prepared.state());
        let by_advice = || engine.execute_predicted(block, state, predictions).expect("it runs");
        let settings = SequentialSettings { is_observed: false };
        let right = execute_sequential(block, state, &settings).expect("it runs").outcome;
        let execution = by_advice().execution;
        self.n_again += execution.reexecuted().len();
        self.n_txs += block.n_transactions();
        let outcome = execution.into_outcome(state).expect("the state can be read");
        self.n_wrong += usize::from(outcome != right);
        let (mut plain, mut advised) = (Vec::new(), Vec::new());
        for _ in 0..SAMPLES {
            plain.push(time(|| execute_baseline(block, state).expect("it runs")));
            advised.push(time(by_advice));
        }
        let ratio = median(plain) / median(advised);
        let number = block.header.number;
        self.n_blocks += 1;
        self.logarithms += ratio.ln();
        if self.worst.is_none_or(|(worst, _)| ratio < worst) {
            self.worst = Some((ratio, number));
        }
    }

    fn print(&self) {
        let Self { name, n_blocks, n_wrong, n_txs, n_again, logarithms, worst } = self;
        let Some((worst, number)) = worst else { return println!("{name}: no block") };
        let mean = (logarithms / *n_blocks as f64).exp();
        println!(
            "{name}: {mean:.2}x over {n_blocks} blocks, worst {worst:.2}x ({number}); \
             {n_again} of {n_txs} transactions run twice; {n_wrong} outcomes differ"
        );
    }
}

/// Microseconds that `work` takes, without dropping what it gives.
fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let clock = Clock::start();
    let kept = work();
    let micros = clock.elapsed().as_secs_f64() * 1e6;
    drop(kept);
    micros
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples[samples.len() / 2]
}
