//! How does a rollup's sequencer build blocks with predictions, and what does it win?
//!
//! ```text
//! cargo run --release -p slotcast --example sequencer [RATE] [BLOCKS] [SCENARIO] [THREADS]
//! ```
//!
//! In: how many transactions arrive in a second, how many blocks are built, what the transactions do
//! (a scenario of `slotcast generate`), on how many threads. Out: what building takes in parallel and
//! sequentially, and where the time goes. Each transaction is predicted when it is among those that pay
//! for one of the next two blocks. Every 200 ms what was predicted is refreshed on the newest state, the best-paying transactions of the pool
//! become a block behind the deposit that writes the fee parameters, and the block is executed on the
//! state that the one before it left.
//!
//! Invariants: time is counted and never waited for, so a machine that is too slow shows as more than
//! 200 ms and drops nothing; both ways build the same blocks, and their receipts are equal.
//!
//! The transactions are synthetic and signed; the chain has the rules of OP mainnet at Isthmus.

#![expect(clippy::print_stdout, reason = "a program for the command line")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

mod head;
mod pool;
mod template;

use std::{collections::BTreeSet, time::Instant};

use slotcast::{
    Engine, EngineSettings, NextBlock, OnRejected, Reads,
    executor::{Block, SequentialSettings, execute_sequential_with_bundle, fork_of, receipts_root},
};
use slotcast_corpus::Scenario;

use crate::{head::Head, pool::Pending, template::Template};

/// How long a block has, in milliseconds.
const SLOT: f64 = 200.0;

/// How many blocks' worth of the best-paying transactions is predicted: one that pays less may wait for
/// long, and would be predicted again for each block until then.
const AHEAD: u64 = 2;

/// What took how long, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    /// Predicting transactions when they come among the best-paying.
    predict: f64,
    /// Going over predictions after a new block.
    refresh: f64,
    /// Choosing and ordering.
    order: f64,
    /// Executing, with what is still predicted meanwhile.
    execute: f64,
    /// Of executing, until it is known what each transaction waits for; other threads execute meanwhile.
    advise: f64,
    /// Entering what a block changed into the state.
    commit: f64,
}

impl Times {
    fn total(&self) -> f64 {
        self.predict + self.refresh + self.order + self.execute + self.commit
    }

    /// What is done while a block waits for it.
    fn building(&self) -> f64 {
        self.order + self.execute + self.commit
    }

    fn print(&self, name: &str, gas: u64) {
        let rate = |ms: f64| gas as f64 / 1_000.0 / ms;
        println!(
            "{name:10}  {:9.1}  {:11.1}  {:9.1}  {:8.1}  {:7.1}  {:9.1}  {:8.1}",
            rate(self.building()),
            rate(self.total()),
            100.0 * self.predict / self.total(),
            100.0 * self.refresh / self.total(),
            100.0 * self.order / self.total(),
            100.0 * self.execute / self.total(),
            100.0 * self.commit / self.total(),
        );
    }
}

/// Counts the time that a step takes.
fn timed<T>(into: &mut f64, step: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = step();
    *into += 1e3 * start.elapsed().as_secs_f64();
    result
}

/// What arrives and what is built.
#[derive(Clone, Copy, Debug)]
struct Traffic {
    rate: usize,
    n_blocks: usize,
    scenario: Scenario,
    threads: usize,
}

fn main() {
    let argument = |n: usize| std::env::args().nth(n);
    let number = |n: usize, usual: usize| {
        argument(n).map_or(usual, |text| text.parse().expect("this argument is a number"))
    };
    let named = |name: &str| Scenario::ALL.iter().find(|scenario| scenario.name() == name);
    let scenario = argument(3).unwrap_or_else(|| "amm".to_owned());
    let traffic = Traffic {
        rate: number(1, 2_000).max(5),
        n_blocks: number(2, 20).max(1),
        scenario: *named(&scenario).expect("this argument is a scenario"),
        threads: number(4, 2).max(1),
    };
    run(traffic);
}

fn run(traffic: Traffic) {
    let Traffic { rate, n_blocks, scenario, threads } = traffic;
    let per_block = rate * SLOT as usize / 1_000;
    let template = Template::new(scenario, per_block * n_blocks);
    let (mut ours, mut theirs) = (Head::new(&template), Head::new(&template));
    let settings = EngineSettings { on_rejected: OnRejected::GoOn, ..EngineSettings::default() };
    let engine = Engine::with_settings(threads, settings).expect("threads can be started");
    let (mut parallel, mut sequential) = (Times::default(), Times::default());
    let (mut gas, mut n_included, mut n_again, mut n_late) = (0, 0, 0, 0);
    let (mut pool, mut announced) = (Pending::default(), BTreeSet::new());
    let mut arriving = template.arriving();
    for n in 0..n_blocks {
        let expected = template.block(n, Vec::new());
        let fork = fork_of(&expected).expect("the chain is known");
        let next = NextBlock::of(&expected, fork);
        n_again += timed(&mut parallel.refresh, || engine.refresh(&next, &Reads(&ours)).len());
        arriving.by_ref().take(per_block).for_each(|tx| pool.add(tx));
        let base_fee = expected.header.base_fee_per_gas.unwrap_or_default();
        let candidates = AHEAD * template.gas_for_pool();
        timed(&mut parallel.predict, || {
            for tx in pool.best(candidates, base_fee) {
                if announced.insert(*tx.tx_hash()) {
                    engine.announce(tx, &next, &Reads(&ours));
                }
            }
        });
        let before = parallel.building();
        let chosen = timed(&mut parallel.order, || pool.take(template.gas_for_pool(), base_fee));
        let block = template.block(n, chosen);
        let built = build(&engine, &block, &mut ours, &mut parallel);
        n_late += usize::from(SLOT < parallel.building() - before);
        timed(&mut parallel.commit, || {
            let withdrawn = block.transactions.iter().filter(|tx| engine.withdraw(tx.tx_hash()));
            withdrawn.count()
        });
        let alone = build_alone(&block, &mut theirs, &mut sequential);
        assert_eq!(built, alone, "both ways build the same block");
        gas += built.1;
        n_included += block.n_transactions();
    }
    sequential.order = parallel.order;
    println!(
        "{} at {rate} transactions a second: {n_blocks} blocks of {SLOT} ms, {n_included} transactions, \
         {:.1} Mgas, {} left in the pool, {n_again} predictions made again, {n_late} blocks late",
        scenario.name(),
        gas as f64 / 1e6,
        pool.len(),
    );
    println!(
        "            building  with all    predict  refresh    order    execute    commit\n\
         \x20              Mgas/s    Mgas/s          %        %        %          %         %"
    );
    parallel.print(&format!("{threads} threads"), gas);
    sequential.print("sequential", gas);
    println!(
        "of executing, {:.1} % until all is known that transactions wait for",
        100.0 * parallel.advise / parallel.execute
    );
}

/// Executes a block with predictions on the state before it, and enters what it changed; its receipts
/// root and gas.
fn build(
    engine: &Engine,
    block: &Block,
    head: &mut Head,
    times: &mut Times,
) -> (alloy_primitives::B256, u64) {
    let (built, bundle) = timed(&mut times.execute, || engine.execute_with_bundle(block, head))
        .expect("the state is in memory");
    times.advise += (built.times.predict + built.times.schedule) / 1e3;
    timed(&mut times.commit, || head.enter(bundle));
    (built.receipts_root(), built.execution.gas_used())
}

/// The same, one transaction after the other.
fn build_alone(block: &Block, head: &mut Head, times: &mut Times) -> (alloy_primitives::B256, u64) {
    let settings = SequentialSettings { is_observed: false };
    let (built, bundle) = timed(&mut times.execute, || {
        execute_sequential_with_bundle(block, head, &settings).expect("the state is in memory")
    });
    timed(&mut times.commit, || head.enter(bundle));
    (receipts_root(&built.outcome.receipts), built.outcome.gas_used)
}
