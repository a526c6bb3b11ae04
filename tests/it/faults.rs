//! What does a program that links us get when its database fails, panics or is slow, and when a
//! transaction cannot be included?
//!
//! In: small blocks, a database that fails at its n-th read, for every n, or at one key for good, or
//! that sleeps. Out: the result of sequential execution, or a typed error with the transaction; the same
//! on one, two and eight threads, from `slotcast::Engine` and through `alloy-evm`'s traits; and
//! the same engine executes the next block as if nothing had been.

mod database;

use std::{collections::BTreeMap, sync::Arc};

use alloy_evm::{block::InternalBlockExecutionError, eth::receipt_builder::AlloyReceiptBuilder};
use alloy_primitives::B256;
use slotcast::{
    Engine, EngineSettings, ExecutionRule,
    executor::{
        Block, Execution, ExecutionError, ExecutionMode, MemoryState, Rejection,
        SequentialSettings, execute_sequential,
    },
    model::TxIndex,
};
use slotcast_alloy::ParallelExecutorFactory;
use slotcast_corpus::{self as corpus, Plan, block_of, state_of};
use slotcast_lab::seal;
use slotcast_tests::{blocks, random::Random};

use self::database::{Fault, Faulty};
use crate::linking::host::{Chain, execute_by};

const THREADS: [usize; 3] = [1, 2, 8];

fn engines() -> Vec<Arc<Engine>> {
    let engine = |threads: usize| {
        let execution = ExecutionRule::Always(ExecutionMode::Parallel);
        let settings = EngineSettings { execution, ..EngineSettings::default() };
        Arc::new(Engine::with_settings(threads, settings).unwrap())
    };
    THREADS.map(engine).into()
}

/// A block in which contracts, slots and balances meet again and again.
fn small_block() -> (Block, Arc<MemoryState>) {
    let plan = Plan { seed: 3, n_txs: 8, ..Plan::default() };
    let recorded = seal(corpus::generate(&plan).unwrap()).unwrap();
    (block_of(&recorded), Arc::new(state_of(&recorded)))
}

/// Receipts, gas and requests of a block, as text.
fn text(execution: &Execution) -> String {
    let (receipts, requests) = (execution.receipts(), execution.requests());
    format!("{receipts:?} {} {requests:?}", execution.gas_used())
}

/// The error of executing through `alloy-evm`'s traits, if there is one.
fn error_by_traits(
    block: &Block,
    database: &Arc<Faulty>,
    engine: &Arc<Engine>,
) -> Option<ExecutionError> {
    let (receipts, base) = (AlloyReceiptBuilder::default(), Arc::clone(database));
    let parent = move |_: B256| Ok::<_, core::convert::Infallible>(Arc::clone(&base));
    let factory =
        ParallelExecutorFactory::new(receipts, Chain::of(block), Arc::clone(engine), parent);
    // The host's own state is sound; what fails is what the workers read.
    let error = execute_by(&factory, block, database.sound()).result.err()?;
    let internal = match error {
        alloy_evm::block::BlockExecutionError::Internal(internal) => internal,
        error => panic!("{error:?}"),
    };
    match internal {
        InternalBlockExecutionError::Other(error) => Some(*error.downcast().unwrap()),
        error => panic!("{error:?}"),
    }
}

#[test]
fn a_read_that_fails_once_is_made_up_for_or_an_error_of_its_transaction() {
    let (block, state) = small_block();
    let engines = engines();
    let expected = text(&engines[0].execute(&block, &state).unwrap().execution);
    // Run once before, so that contracts are known and reads are the same from run to run.
    let counting = Faulty::new(&state, Fault::Never);
    engines[0].execute(&block, &counting).unwrap();
    let n_reads = counting.n_reads();
    let (mut n_recovered, mut n_errors) = (0, 0);
    for n in 0..n_reads {
        for fault in [Fault::ErrorAt(n), Fault::PanicAt(n)] {
            for engine in &engines {
                match engine.execute(&block, &Faulty::new(&state, fault)) {
                    Ok(executed) => {
                        assert_eq!(text(&executed.execution), expected, "{fault:?}");
                        n_recovered += 1;
                    }
                    Err(error) => {
                        assert_is_typed(&error, fault);
                        n_errors += 1;
                    }
                }
            }
        }
    }
    assert!(0 < n_recovered, "a predicted or a speculative run was hit");
    assert!(0 < n_errors, "a run for good was hit");
    println!("{n_reads} reads, each failing once: {n_recovered} runs recovered, {n_errors} errors");
    for engine in &engines {
        assert_eq!(text(&engine.execute(&block, &state).unwrap().execution), expected);
    }
}

/// An error of the database says so, and a panic in a transaction names it.
fn assert_is_typed(error: &ExecutionError, fault: Fault) {
    let is_panic = matches!(fault, Fault::PanicAt(_) | Fault::PanicFor(_));
    let says_why = error.to_string().contains("the disk is gone");
    let is_typed = match error {
        // Outside of transactions a panic of the database is an error of the database.
        ExecutionError::Database { tx, .. } => says_why && (tx.is_none() || !is_panic),
        ExecutionError::Panicked { .. } => says_why && is_panic,
        // What withdrawals and rewards could not read, alloy-evm does not pass on.
        ExecutionError::Block { .. } => !is_panic,
        _ => false,
    };
    assert!(is_typed, "{fault:?}: {error:?}");
}

/// The transaction an error names.
fn tx_of(error: &ExecutionError) -> Option<TxIndex> {
    match error {
        ExecutionError::Database { tx, .. } => *tx,
        ExecutionError::Panicked { tx, .. } | ExecutionError::Evm { tx, .. } => Some(*tx),
        ExecutionError::Block { .. } => None,
        error => panic!("{error:?}"),
    }
}

#[test]
fn what_can_never_be_read_is_an_error_of_the_first_transaction_that_needs_it() {
    let (block, state) = small_block();
    let engines = engines();
    let counting = Faulty::new(&state, Fault::Never);
    engines[0].execute(&block, &counting).unwrap();
    let mut by_tx: BTreeMap<Option<TxIndex>, usize> = BTreeMap::new();
    for what in counting.asked() {
        let faulty = |fault| Arc::new(Faulty::new(&state, fault));
        let settings = SequentialSettings { is_observed: false };
        let sequential = execute_sequential(&block, &faulty(Fault::ErrorFor(what)), &settings);
        // A prediction may have asked for what is not needed.
        let Err(expected) = sequential else { continue };
        let tx = tx_of(&expected);
        *by_tx.entry(tx).or_default() += 1;
        for fault in [Fault::ErrorFor(what), Fault::PanicFor(what)] {
            for engine in &engines {
                let error = engine.execute(&block, &faulty(fault)).unwrap_err();
                assert_is_typed(&error, fault);
                assert_eq!(tx_of(&error), tx, "{fault:?}: {error}");
                let by_traits = error_by_traits(&block, &faulty(fault), engine);
                // What the host does after the transactions reads the host's own state.
                if tx.is_some() {
                    assert_eq!(tx_of(&by_traits.unwrap()), tx, "{fault:?}");
                }
            }
        }
    }
    assert!(4 <= by_tx.len(), "errors are of several transactions: {by_tx:?}");
    let good = engines[0].execute_with_bundle(&block, &state).unwrap().1;
    for engine in &engines {
        let again = engine.execute_with_bundle(&block, &state).unwrap().1;
        assert_eq!(again.state, good.state, "an engine goes on as before");
    }
}

#[test]
fn a_slow_database_changes_nothing_but_time() {
    let (block, state) = small_block();
    let mut first = None;
    for threads in THREADS {
        for seed in 0..6 {
            // A fresh engine each time: what is known of contracts has a say in what is predicted.
            let execution = ExecutionRule::Always(ExecutionMode::Parallel);
            let settings = EngineSettings { execution, ..EngineSettings::default() };
            let engine = Engine::with_settings(threads, settings).unwrap();
            let slow = Faulty::new(&state, Fault::SlowFrom(seed));
            let executed = engine.execute(&block, &slow).unwrap();
            let work = (
                executed.execution.reexecuted().to_vec(),
                executed.execution.n_executions(),
                text(&executed.execution),
            );
            assert_eq!(*first.get_or_insert_with(|| work.clone()), work, "{threads} threads");
        }
    }
}

#[test]
fn a_transaction_that_cannot_be_included_is_an_error_with_its_index_and_reason() {
    let engines = engines();
    let (good, good_state) = small_block();
    let expected_good = text(&engines[0].execute(&good, &good_state).unwrap().execution);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..300 {
        let (block, state) = blocks::make(&mut Random::new(seed));
        let settings = SequentialSettings { is_observed: false };
        let outcome = execute_sequential(&block, &state, &settings).unwrap().outcome;
        let rejected = outcome.txs.iter_enumerated().find_map(|(tx, outcome)| match outcome {
            slotcast::executor::TxOutcome::Rejected(reason) => Some((tx, reason.clone())),
            slotcast::executor::TxOutcome::Executed(_) => None,
        });
        let Some((expected_tx, expected_reason)) = rejected else { continue };
        let is_inside = 0 < expected_tx.0 && (expected_tx.0 as usize) + 1 < block.n_transactions();
        if is_inside {
            *reasons.entry(kind(&expected_reason)).or_default() += 1;
        }
        for engine in &engines {
            match engine.execute(&block, &state) {
                Err(ExecutionError::Rejected { tx, reason }) => {
                    assert_eq!((tx, reason), (expected_tx, expected_reason.clone()));
                }
                other => panic!("seed {seed}: {other:?}"),
            }
        }
    }
    for kind in ["nonce", "funds", "room"] {
        assert!(reasons.contains_key(kind), "in the middle of blocks: {reasons:?}");
    }
    for engine in &engines {
        let again = engine.execute(&good, &good_state).unwrap();
        assert_eq!(text(&again.execution), expected_good);
    }
}

fn kind(reason: &Rejection) -> &'static str {
    let text = reason.to_string();
    match reason {
        Rejection::NoRoom { .. } => "room",
        _ if text.contains("nonce") => "nonce",
        _ if text.contains("lack of funds") => "funds",
        _ => "other",
    }
}
