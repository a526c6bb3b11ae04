//! Does anything depend on which thread comes when, step by step?
//!
//! In: small blocks that conflict everywhere, run on the locks and threads of a model checker, which
//! decides after every step on a shared structure who goes on. Out: outcome, retried transactions and
//! number of runs, the same under every order; no deadlock.
//!
//! ```text
//! cargo test --release -p slotcast-executor --features shuttle --test shuttle
//! ```
//!
//! The structures are those that are shipped (`src/sync.rs`): the queue of tasks, the store. An order that fails is printed, to be replayed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../it/asm.rs"]
#[expect(dead_code, reason = "another test binary uses the rest")]
mod asm;
#[path = "../it/made.rs"]
#[expect(dead_code, reason = "another test binary uses the rest")]
mod made;

use std::sync::{Arc, Mutex};

use alloy_primitives::{TxKind, U256};
use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
};
use slotcast_executor::{
    Advice, BlockOutcome, Execution, FallbackRule, Fork, MemoryState, Mode, SequentialSettings,
    Settings, Wait, execute, execute_sequential,
};
use slotcast_model::{AccessSet, Index, Location, Slot, TxIndex};
use slotcast_scheduler::{PredictedAccess, Schedule, schedule};

use crate::{
    asm::{Asm, op},
    made::{Call, ETHER, Made, address},
};

/// Orders tried of each block, mode and number of threads: half of them drawn step by step, half with
/// few changes of thread at drawn places.
const N_ORDERS: usize = 1_000;

/// Revm needs more than the checker's default.
const STACK_SIZE: usize = 1 << 20;

/// Contracts: a counter, one that is looked at, one that dies when it is called with wei.
const COUNTER: u8 = 0xd0;
const READER: u8 = 0xd1;
const MORTAL: u8 = 0xd2;

/// All call everything, a payment in between, one nonce too high, one that cannot pay.
fn contended(fork: Fork) -> Made {
    let mut made = Made::new(fork);
    let reader = Asm::default().op(&[op::COINBASE, op::BALANCE]).store(1).increment(0);
    let dies = Asm::default().op(&[op::CALLER, op::SELFDESTRUCT]);
    let mortal = Asm::default().when(Asm::default().op(&[op::CALLVALUE, op::ISZERO]), dies);
    made.contract(address(COUNTER), 0, &Asm::default().increment(0).0, &[(0, 7)]);
    made.contract(address(READER), 5, &reader.0, &[(0, 1)]);
    made.contract(address(MORTAL), 9, &mortal.increment(2).0, &[(2, 3)]);
    for n in 0..4 {
        made.account(address(0xa0 + n), ETHER);
    }
    for (n, to) in [COUNTER, READER, COUNTER, MORTAL].into_iter().enumerate() {
        let from = address(0xa0 + n as u8);
        made.send(from, 0, TxKind::Call(address(to)), Call::default());
    }
    made.pay(address(0xa0), 1, address(0xa1), 5);
    made.pay(address(0xa1), 9, address(0xa2), 5);
    made.pay(address(0xe0), 0, address(0xa2), 5);
    made.send(address(0xa2), 1, TxKind::Call(address(MORTAL)), Call::default());
    made
}

/// The counter is claimed to be only added to by all, the rest is not foreseen.
fn claims(n: usize) -> Schedule {
    let added = Location::Storage(Slot::new(address(COUNTER), U256::ZERO));
    let access = AccessSet::new(vec![], vec![], vec![added]);
    let prediction = PredictedAccess { access, weight: 1 };
    schedule(&(0..n).map(|_| prediction.clone()).collect())
}

/// What a run is compared by.
#[derive(Clone, Debug, PartialEq)]
struct Ran {
    outcome: BlockOutcome,
    reexecuted: Vec<TxIndex>,
    n_executions: usize,
}

fn ran(execution: Execution, state: &MemoryState) -> Ran {
    let (reexecuted, n_executions) = (execution.reexecuted().to_vec(), execution.n_executions());
    Ran { outcome: execution.into_outcome(state).unwrap(), reexecuted, n_executions }
}

fn run(made: &Made, mode: Mode, threads: usize) -> Ran {
    let (block, state) = made.build();
    let fallback = FallbackRule { n_forgiven: 2, one_in: 3 };
    let settings = Settings { fallback, mode, ..Settings::with_threads(threads).unwrap() };
    let claims = claims(block.n_transactions());
    ran(execute(&block, &state, Advice::Schedule(&claims, &settings)).unwrap(), &state)
}

/// The same while it is still being found out what waits for what.
fn run_streamed(made: &Made, threads: usize) -> Ran {
    let (block, state) = made.build();
    let claims = claims(block.n_transactions());
    let fallback = FallbackRule::NEVER;
    let settings = Settings { fallback, ..Settings::with_threads(threads).unwrap() };
    let mut wait = |tx: TxIndex| {
        // Every other transaction waits for the one three before it.
        let mut wait = Wait::of(&claims, tx, Mode::Dataflow);
        if tx.as_usize() % 2 == 1 {
            wait.horizon.0 = TxIndex(tx.0.saturating_sub(2));
        }
        wait
    };
    ran(execute(&block, &state, Advice::Streamed(&mut wait, &settings)).unwrap(), &state)
}

/// Runs `once` under many orders; everything is the same under all of them, and the outcome is that
/// of sequential execution.
fn check(expected: &BlockOutcome, once: impl Fn() -> Ran + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = STACK_SIZE;
    let (first, expected) = (Mutex::new(None), expected.clone());
    let once = Arc::new(move || {
        let ran = once();
        assert!(ran.outcome == expected, "another outcome");
        let mut first = first.lock().unwrap();
        assert_eq!(*first.get_or_insert_with(|| ran.clone()), ran, "the work depends on the order");
    });
    let random = Arc::clone(&once);
    Runner::new(RandomScheduler::new_from_seed(7, N_ORDERS / 2), config.clone())
        .run(move || random());
    Runner::new(PctScheduler::new_from_seed(7, 3, N_ORDERS / 2), config).run(move || once());
}

/// The outcome of sequential execution. Building a block has nothing to do with threads.
fn sequential(made: &Made) -> BlockOutcome {
    let (block, state) = made.build();
    let unobserved = SequentialSettings { is_observed: false };
    execute_sequential(&block, &state, &unobserved).unwrap().outcome
}

#[test]
fn dataflow_under_every_order() {
    for (fork, threads) in [(Fork::London, 2), (Fork::Byzantium, 3)] {
        let made = contended(fork);
        let expected = sequential(&made);
        check(&expected, move || run(&made, Mode::Dataflow, threads));
    }
}

#[test]
fn streaming_under_every_order() {
    for (fork, threads) in [(Fork::London, 2), (Fork::Prague, 3)] {
        let made = contended(fork);
        let expected = sequential(&made);
        check(&expected, move || run_streamed(&made, threads));
    }
}

#[test]
fn layers_under_every_order() {
    for (fork, threads) in [(Fork::London, 2), (Fork::Cancun, 3)] {
        let made = contended(fork);
        let expected = sequential(&made);
        check(&expected, move || run(&made, Mode::Layers, threads));
    }
}
