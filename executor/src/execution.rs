//! How is a block executed from its opening to its closing, and what is left in the end?
//!
//! In: a block, a base state, and [`Advice`]. Out: [`Execution`].
//! Invariants: system calls, withdrawals, requests and rewards are the block executor's of
//! `alloy-evm`, never ours; nothing is sorted or hashed before it is asked for.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use alloy_eips::eip7685::Requests;
use revm::{database_interface::DatabaseRef, state::EvmState};
use slotcast_model::{Fork, IndexVec, TxIndex};

use crate::{
    any_state::{AnyState, Erased, state_error},
    canonical::{Canonical, Closing, panic_text},
    error::ExecutionError,
    fork::Rules,
    input::Block,
    job::Job,
    ledger::Ledger,
    outcome::{BlockOutcome, TxOutcome},
    parallel::run_parallel,
    prefix::Complete,
    receipt::Receipt,
    sequentially::run_sequentially,
    store::{Exclusive, Sharing, Store},
    version::Version,
    wait::Advice,
};

/// An executed block: its results at hand, its state ready to be looked at.
#[derive(Debug)]
pub struct Execution {
    fork: Fork,
    complete: Complete,
    closing: Closing,
    store: Store,
}

/// Executes `block` on `base` as `advice` says.
///
/// [`crate::execute_sequential`] is the one that says what is right; this has the same outcome,
/// whatever the advice.
///
/// # Panics
///
/// When a transaction waits for a later one.
pub fn execute<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    advice: Advice<'_>,
) -> Result<Execution, ExecutionError> {
    execute_any(block, &(&Erased(base) as AnyState<'_>), advice)
}

fn execute_any(
    block: &Block,
    base: &AnyState<'_>,
    advice: Advice<'_>,
) -> Result<Execution, ExecutionError> {
    run_advised(block, base, advice, Store::new, Store::new)
}

/// The same, with the state that every step of the block ended with, in block order; a step may have
/// several.
pub(crate) fn execute_keeping_states(
    block: &Block,
    base: &AnyState<'_>,
    advice: Advice<'_>,
) -> Result<(Execution, Vec<(Version, EvmState)>), ExecutionError> {
    let alone = |n| Store::new(n).keeping_states();
    let mut execution =
        run_advised(block, base, advice, alone, |n| Store::new(n).keeping_states())?;
    let states = execution.store.take_states();
    Ok((execution, states))
}

fn run_advised(
    block: &Block,
    base: &AnyState<'_>,
    advice: Advice<'_>,
    exclusive: impl FnOnce(usize) -> Store<Exclusive>,
    shared: impl FnOnce(usize) -> Store,
) -> Result<Execution, ExecutionError> {
    advice.check_length(block)?;
    let n_transactions = block.n_transactions();
    match advice {
        Advice::None => {
            run(block, base, exclusive(n_transactions), Store::into_shared, run_sequentially)
        }
        advice => {
            let parallel = |job: Job<'_, AnyState<'_>>| run_parallel(job, advice);
            run(block, base, shared(n_transactions), |store| store, parallel)
        }
    }
}

/// What a block does besides its transactions, for its own sake: to be measured.
pub fn block_level_work<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
) -> Result<(), ExecutionError> {
    block_level_work_any(block, &(&Erased(base) as AnyState<'_>))
}

fn block_level_work_any(block: &Block, base: &AnyState<'_>) -> Result<(), ExecutionError> {
    let empty = |_: Job<'_, AnyState<'_>, Exclusive>| Ok(Complete::default());
    run(block, base, Store::new(0), Store::into_shared, empty).map(|_| ())
}

/// Opens a block, lets `commit` commit its transactions, and closes it; `into_shared` turns the store into
/// one that can be kept.
pub(crate) fn run<DB: DatabaseRef, S: Sharing>(
    block: &Block,
    base: &DB,
    store: Store<S>,
    into_shared: impl FnOnce(Store<S>) -> Store,
    commit: impl FnOnce(Job<'_, DB, S>) -> Result<Complete, ExecutionError>,
) -> Result<Execution, ExecutionError> {
    let rules = Rules::of(block)?;
    let opened = guarded(|| Canonical::open(block, &rules, Ledger::open(base, &store), false))?;
    let mut complete = commit(Job { block, rules: &rules, base, store: &store })?;
    let receipts = core::mem::take(&mut complete.receipts);
    let closing = guarded(|| opened.close(receipts, complete.meter, Ledger::turn_to_closing))?;
    Ok(Execution { fork: rules.fork(), complete, closing, store: into_shared(store) })
}

/// Turns a panic of the base state, outside of any transaction, into an error.
pub(crate) fn guarded<T>(
    step: impl FnOnce() -> Result<T, ExecutionError>,
) -> Result<T, ExecutionError> {
    // Whatever the step was working on is given up with it.
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result,
        Err(panic) => {
            let source = panic_text(&*panic).into();
            Err(ExecutionError::Database { tx: None, source })
        }
    }
}

impl Execution {
    /// Every transaction.
    pub const fn txs(&self) -> &IndexVec<TxIndex, TxOutcome> {
        &self.complete.txs
    }

    /// The receipts of the transactions that ran, in block order.
    pub fn receipts(&self) -> &[Receipt] {
        &self.closing.receipts
    }

    /// Requests to the consensus layer; none before Prague.
    pub const fn requests(&self) -> &Requests {
        &self.closing.requests
    }

    /// The block's gas, as its header counts it.
    pub const fn gas_used(&self) -> u64 {
        self.closing.gas_used
    }

    /// The block's blob gas; zero before Cancun.
    pub const fn blob_gas_used(&self) -> u64 {
        self.closing.blob_gas_used
    }

    /// Fails with the first transaction that could not be included, if there is one: a block of the
    /// chain has none, one that is being built may.
    pub fn require_all_included(&self) -> Result<(), ExecutionError> {
        let rejected = self.txs().iter_enumerated().find_map(|(tx, outcome)| match outcome {
            TxOutcome::Rejected(reason) => Some((tx, reason)),
            TxOutcome::Executed(_) => None,
        });
        match rejected {
            Some((tx, reason)) => Err(ExecutionError::Rejected { tx, reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// The re-executed transactions, whose speculative run did not hold, ascending.
    pub fn reexecuted(&self) -> &[TxIndex] {
        &self.complete.reexecuted
    }

    /// How often transactions were run, all in all.
    pub const fn n_executions(&self) -> usize {
        self.complete.n_executions
    }

    /// How many transactions were made in closed form.
    pub const fn n_transfers(&self) -> usize {
        self.complete.n_transfers
    }

    /// How many storage words that were only added to were moved to the committed ones instead of
    /// running their transactions again.
    pub const fn n_moved_slots(&self) -> usize {
        self.complete.n_moved_slots
    }

    /// Everything the block did, in the form that can be compared and hashed; `base` is the state it
    /// was executed on.
    pub fn into_outcome<DB: DatabaseRef>(self, base: &DB) -> Result<BlockOutcome, ExecutionError> {
        let unreadable =
            |source| ExecutionError::Database { tx: None, source: state_error(source) };
        let state = guarded(|| self.store.changes(base).map_err(unreadable))?;
        Ok(BlockOutcome {
            fork: self.fork,
            txs: self.complete.txs,
            receipts: self.closing.receipts,
            gas_used: self.closing.gas_used,
            blob_gas_used: self.closing.blob_gas_used,
            requests: self.closing.requests,
            state,
        })
    }
}
