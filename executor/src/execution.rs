//! How is a block executed from its opening to its closing, and what is left in the end?
//!
//! In: a block, a base state, and perhaps a schedule. Out: [`Execution`].
//! Invariants: system calls, withdrawals, requests and rewards are the block executor's of
//! `alloy-evm`, never ours; nothing is sorted or hashed before somebody asks for it.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use alloy_eips::eip7685::Requests;
use revm::{database_interface::DatabaseRef, state::EvmState};
use slotcast_model::{Fork, IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

use crate::{
    canonical::{Canonical, Closing, panic_text},
    dataflow::{Wait, Work, run_dataflow, run_in_order, run_in_order_on},
    error::ExecutionError,
    fallback::FallbackRule,
    fork::Rules,
    input::Block,
    ledger::StoreLedger,
    outcome::{BlockOutcome, Receipt, TxOutcome},
    parallel::{Parallel, Pool},
    prefix::{Complete, stretch},
    store::{Alone, Sharing, Store},
    telemetry::{Phase, Stopwatch, Telemetry},
};

/// An executed block: its results at hand, its state ready to be looked at.
#[derive(Debug)]
pub struct Execution {
    fork: Fork,
    complete: Complete,
    closing: Closing,
    store: Store,
    telemetry: Telemetry,
}

/// Executes `block` on `base`, one transaction after the other.
///
/// This is the quick way; [`crate::execute_sequential`] is the one that says what is right.
pub fn execute_in_order<DB: DatabaseRef>(
    block: &Block,
    base: &DB,
) -> Result<Execution, ExecutionError> {
    let store = Store::<Alone>::new(block.n_transactions());
    run(block, base, store, Store::into_shared, |work| run_in_order(work, FallbackRule::NEVER))
}

/// The same, with threads at hand: many plain transfers in a row are made on all of them.
pub fn execute_in_order_on<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    pool: &Pool,
) -> Result<Execution, ExecutionError> {
    if block.n_transactions() < stretch::LEAST {
        return execute_in_order(block, base);
    }
    let store = Store::in_parts(block.n_transactions(), pool.threads());
    run(block, base, store, Store::into_shared, |work| run_in_order_on(work, pool))
}

/// Executes `block` on `base` as `schedule` advises, every transaction as soon as what it waits for
/// is decided.
pub fn execute_dataflow<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    base: &DB,
    pool: &Pool,
    fallback: FallbackRule,
) -> Result<Execution, ExecutionError> {
    check_length(block, schedule)?;
    execute_streamed(block, base, pool, fallback, |tx| Wait::of(schedule, tx))
}

/// Executes `block` on `base` while it is still being found out what waits for what: `waits_for` is
/// asked of one transaction after the other, on this thread, and those known already run meanwhile.
///
/// # Panics
///
/// When a transaction waits for a later one.
pub fn execute_streamed<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    pool: &Pool,
    fallback: FallbackRule,
    waits_for: impl FnMut(TxIndex) -> Wait,
) -> Result<Execution, ExecutionError> {
    let store = Store::new(block.n_transactions());
    run(block, base, store, |store| store, |work| run_dataflow(work, pool, fallback, waits_for))
}

/// Executes `block` on `base`, keeping the state that every step of it ended with, in block order;
/// `store` is used for that, and `decide` takes all decisions.
pub(crate) fn execute_keeping_states<DB: DatabaseRef, S: Sharing>(
    block: &Block,
    base: &DB,
    store: Store<S>,
    into_shared: impl FnOnce(Store<S>) -> Store,
    decide: impl FnOnce(Work<'_, DB, S>) -> Result<Complete, ExecutionError>,
) -> Result<(Execution, Vec<EvmState>), ExecutionError> {
    let mut execution = run(block, base, store.keeping_states(), into_shared, decide)?;
    let states = execution.store.take_states();
    Ok((execution, states.into_iter().map(|(_, state)| state).collect()))
}

/// Whether `schedule` was made for a block of this length.
pub(crate) fn check_length(block: &Block, schedule: &Schedule) -> Result<(), ExecutionError> {
    let (n_scheduled, n_transactions) = (schedule.len(), block.n_transactions());
    match n_scheduled == n_transactions {
        true => Ok(()),
        false => Err(ExecutionError::ForeignSchedule { n_scheduled, n_transactions }),
    }
}

/// What a block does besides its transactions, for its own sake: to be measured.
pub fn block_level_work<DB: DatabaseRef>(block: &Block, base: &DB) -> Result<(), ExecutionError> {
    let empty = |_: Work<'_, DB, Alone>| Ok(Complete::default());
    run(block, base, Store::new(0), Store::into_shared, empty).map(|_| ())
}

/// Opens a block, lets `decide` take all decisions, and closes it; `into_shared` turns the store into
/// one that can be kept.
pub(crate) fn run<DB: DatabaseRef, S: Sharing>(
    block: &Block,
    base: &DB,
    store: Store<S>,
    into_shared: impl FnOnce(Store<S>) -> Store,
    decide: impl FnOnce(Work<'_, DB, S>) -> Result<Complete, ExecutionError>,
) -> Result<Execution, ExecutionError> {
    let mut watch = Stopwatch::start();
    let rules = Rules::of(block)?;
    let opened =
        guarded(|| Canonical::open(block, &rules, StoreLedger::open(base, &store), false))?;
    watch.lap(Phase::Open);
    let mut complete = decide(Work { block, rules: &rules, base, store: &store })?;
    watch.lap(Phase::Speculate);
    let receipts = core::mem::take(&mut complete.receipts);
    let closing = guarded(|| opened.close(receipts, complete.meter, StoreLedger::turn_to_closing))?;
    watch.lap(Phase::Finish);
    let (fork, telemetry) = (rules.fork(), watch.telemetry());
    Ok(Execution { fork, complete, closing, store: into_shared(store), telemetry })
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

    /// The transactions whose speculative run did not hold, ascending.
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

    /// How many of these in long stretches, all accounts of which were brought through them at once.
    pub const fn n_made_together(&self) -> usize {
        self.complete.n_made_together
    }

    /// How many storage words that were only added to were moved to the committed ones instead of
    /// running their transactions again.
    pub const fn n_moved_slots(&self) -> usize {
        self.complete.n_moved_slots
    }

    /// Where the time went.
    pub const fn telemetry(&self) -> Telemetry {
        self.telemetry
    }

    /// As [`crate::execute`] gives it; `base` is the state it was executed on.
    pub fn into_parallel<DB: DatabaseRef>(mut self, base: &DB) -> Result<Parallel, ExecutionError> {
        let (n_executions, telemetry) = (self.n_executions(), self.telemetry);
        let reexecuted = core::mem::take(&mut self.complete.reexecuted);
        Ok(Parallel { outcome: self.into_outcome(base)?, reexecuted, n_executions, telemetry })
    }

    /// Everything the block did, in the form that can be compared and hashed; `base` is the state it
    /// was executed on.
    pub fn into_outcome<DB: DatabaseRef>(self, base: &DB) -> Result<BlockOutcome, ExecutionError> {
        let unreadable = |source| ExecutionError::Database { tx: None, source: Box::new(source) };
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
