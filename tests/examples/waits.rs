//! What do calls wait for, what are they told instead, and what was told in vain?
//!
//! ```text
//! cargo run --release -p slotcast-tests --example waits [FOLDER]
//! ```
//!
//! In: a folder of recorded blocks, `../shared/blocks` beside the checkout unless another is given. Out:
//! for predictions made in block order, without and with values, and for predictions made on the parent
//! state: how many calls wait for an earlier transaction, how many values of each kind transactions are
//! told, and how many are run twice when every block is executed on several threads. These are counts,
//! the same on every machine.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::path::PathBuf;

use slotcast::{
    Engine, EngineSettings, ExecutionRule, NextBlock, Prepared,
    executor::{ExecutionMode, Wait},
    graph::Waits,
    scheduler::Mode,
};
use slotcast_corpus::{self as corpus, prepare};
use slotcast_tests::checkout;

const THREADS: usize = 2;

fn main() {
    let folder =
        std::env::args().nth(1).map_or_else(|| checkout().join("../shared/blocks"), PathBuf::from);
    let mut sums = ["block order, without values", "block order", "parent state"].map(Sum::new);
    let mut n_blocks = 0;
    for path in corpus::list(&folder).expect("the folder can be listed") {
        let block = corpus::read_file(&path).expect("recorded blocks can be read");
        let prepared = prepare(&block).expect("recorded blocks are well formed");
        let [without, ordered, parent] = &mut sums;
        in_block_order(&prepared, Mode::Dataflow, without);
        in_block_order(&prepared, Mode::Values, ordered);
        on_parent_state(&prepared, parent);
        n_blocks += 1;
    }
    println!("{n_blocks} blocks");
    sums.iter().for_each(Sum::print);
}

fn engine(mode: Mode) -> Engine {
    let execution = ExecutionRule::Always(ExecutionMode::Parallel);
    let settings = EngineSettings { mode, execution, ..EngineSettings::default() };
    Engine::with_settings(THREADS, settings).expect("threads can be started")
}

fn in_block_order(prepared: &Prepared, mode: Mode, sum: &mut Sum) {
    let predictions = prepared.predict(&Default::default()).predictions;
    let (block, state) = (prepared.block(), prepared.state());
    let mut waits = Waits::new(block, state, mode).with_all(predictions.iter_enumerated());
    predictions.iter().for_each(|it| sum.count(&waits.next(it)));
    let executed =
        engine(mode).execute_predicted(block, state, &predictions).expect("the block runs");
    sum.n_twice += executed.execution.reexecuted().len();
}

fn on_parent_state(prepared: &Prepared, sum: &mut Sum) {
    let (block, state) = (prepared.block(), prepared.state());
    let (engine, next) = (engine(Mode::Values), NextBlock::of(block, prepared.fork()));
    // A node has met the contracts before.
    for _ in 0..2 {
        engine.predict_block(block, state).expect("the block can be predicted");
    }
    for tx in &block.transactions {
        engine.announce(tx, &next, state);
    }
    let mut waits = engine.waits(block, state).expect("the block can be predicted");
    block.tx_indices().for_each(|tx| sum.count(&waits(tx)));
    let executed = engine.execute(block, state).expect("the block runs");
    sum.n_twice += executed.execution.reexecuted().len();
}

#[derive(Default)]
struct Sum {
    name: &'static str,
    n_txs: usize,
    n_calls: usize,
    n_waiting: usize,
    n_slots: usize,
    n_balances: usize,
    n_nonces: usize,
    n_codes: usize,
    n_destroyed: usize,
    n_twice: usize,
}

impl Sum {
    fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    fn count(&mut self, wait: &Wait) {
        self.n_txs += 1;
        // What is made at its turn takes no gas by estimate.
        if wait.gas == 0 {
            return;
        }
        self.n_calls += 1;
        self.n_waiting += usize::from(wait.horizon.0.0 != 0);
        self.n_slots += wait.expected.len();
        for (_, told) in &wait.accounts {
            self.n_balances += usize::from(!told.balance.is_zero());
            self.n_nonces += usize::from(told.nonces != 0);
            self.n_codes += usize::from(told.code.is_some());
            self.n_destroyed += usize::from(told.is_destroyed);
        }
    }

    fn print(&self) {
        let Self { name, n_txs, n_calls, n_waiting, n_slots, n_twice, .. } = self;
        let Self { n_balances, n_nonces, n_codes, n_destroyed, .. } = self;
        println!(
            "predictions of {name}: of {n_calls} calls among {n_txs} transactions {n_waiting} wait; \
             told are {n_slots} slots, {n_balances} balances, {n_nonces} nonces, {n_codes} codes, \
             {n_destroyed} destroyed accounts; {n_twice} are run twice"
        );
    }
}
