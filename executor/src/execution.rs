//! How is a block executed from its opening to its closing, and what is left in the end?
//!
//! In: a block, a base state, and perhaps a schedule. Out: [`Execution`].
//! Invariants: system calls, withdrawals, requests and rewards are the block executor's of
//! `alloy-evm`, never ours; nothing is sorted or hashed before somebody asks for it.

use revm::database_interface::DatabaseRef;
use slotcast_model::{Fork, IndexVec, TxIndex};
use slotcast_scheduler::Schedule;

use crate::{
    canonical::{Canonical, Closing},
    dataflow::{Work, run_dataflow, run_in_order},
    error::ExecutionError,
    fallback::FallbackRule,
    fork::Rules,
    input::Block,
    ledger::StoreLedger,
    outcome::{BlockOutcome, Receipt, TxOutcome},
    parallel::{Parallel, Pool},
    prefix::Complete,
    store::Store,
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
    run(block, base, 1, |work| run_in_order(work, FallbackRule::NEVER))
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
    let (n_scheduled, n_transactions) = (schedule.len(), block.n_transactions());
    if n_scheduled != n_transactions {
        return Err(ExecutionError::ForeignSchedule { n_scheduled, n_transactions });
    }
    run(block, base, Store::SHARED, |work| run_dataflow(work, schedule, pool, fallback))
}

/// What a block does besides its transactions, for its own sake: to be measured.
pub fn block_level_work<DB: DatabaseRef>(block: &Block, base: &DB) -> Result<(), ExecutionError> {
    let empty = |_: Work<'_, DB>| Ok(Complete::default());
    run(block, base, 1, empty).map(|_| ())
}

fn run<DB: DatabaseRef>(
    block: &Block,
    base: &DB,
    threads: usize,
    decide: impl FnOnce(Work<'_, DB>) -> Result<Complete, ExecutionError>,
) -> Result<Execution, ExecutionError> {
    let mut watch = Stopwatch::start();
    let rules = Rules::of(block)?;
    let store = Store::new(threads);
    let opened = Canonical::open(block, &rules, StoreLedger::open(base, &store), false)?;
    watch.lap(Phase::Open);
    let mut complete = decide(Work { block, rules: &rules, base, store: &store })?;
    watch.lap(Phase::Speculate);
    let receipts = core::mem::take(&mut complete.receipts);
    let closing = opened.close(receipts, complete.meter, StoreLedger::turn_to_closing)?;
    watch.lap(Phase::Finish);
    let (fork, telemetry) = (rules.fork(), watch.telemetry());
    Ok(Execution { fork, complete, closing, store, telemetry })
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
        let state = self
            .store
            .changes(base)
            .map_err(|source| ExecutionError::Database { tx: None, source: Box::new(source) })?;
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
