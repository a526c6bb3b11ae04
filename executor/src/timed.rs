//! What does each transaction of a block take, one after the other?
//!
//! In: a block, a base state. Out: nanoseconds for each transaction.
//! Invariant: the block is run as [`crate::execute`] runs it without advice, closed-form transfers included;
//! the times are for simulations and decide nothing.

use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, IndexVec, TxIndex};

use crate::{
    any_state::{AnyState, Erased},
    error::ExecutionError,
    execution::run,
    fallback::FallbackRule,
    input::Block,
    prefix::CommittedPrefix,
    runner::Runner,
    store::{Exclusive, Store},
    telemetry::Stopwatch,
    view::StateSource,
};

/// Executes `block` on `base` sequentially; the nanoseconds that each transaction took.
pub fn time_each<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
) -> Result<IndexVec<TxIndex, u64>, ExecutionError> {
    time_each_any(block, &(&Erased(base) as AnyState<'_>))
}

fn time_each_any(
    block: &Block,
    base: &AnyState<'_>,
) -> Result<IndexVec<TxIndex, u64>, ExecutionError> {
    let n_transactions = block.n_transactions();
    let mut nanos = IndexVec::with_capacity(n_transactions);
    run(block, base, Store::<Exclusive>::new(n_transactions), Store::into_shared, |job| {
        let mut prefix = CommittedPrefix::new(block, job.rules, job.store, FallbackRule::NEVER);
        let mut runner = Runner::new(block, job.rules, base, StateSource::Exclusive(job.store));
        let mut watch = Stopwatch::start();
        while prefix.next().as_usize() < n_transactions {
            prefix.commit_next(&mut runner)?;
            nanos.push(watch.split());
        }
        Ok(prefix.complete())
    })?;
    Ok(nanos)
}
