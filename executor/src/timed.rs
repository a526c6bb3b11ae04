//! What does each transaction of a block take, one after the other?
//!
//! In: a block, a base state. Out: nanoseconds for each transaction.
//! Invariant: the block is run as [`crate::execute_in_order`] runs it, closed-form transfers included;
//! the times are for simulations and decide nothing.

use revm::database_interface::DatabaseRef;
use slotcast_model::{Index, IndexVec, TxIndex};

use crate::{
    error::ExecutionError,
    execution::run,
    fallback::FallbackRule,
    input::Block,
    prefix::Prefix,
    runner::Runner,
    store::{Alone, Store},
    telemetry::Stopwatch,
    view::Ground,
};

/// Executes `block` on `base` in order; the nanoseconds that each transaction took.
pub fn time_each<DB: DatabaseRef>(
    block: &Block,
    base: &DB,
) -> Result<IndexVec<TxIndex, u64>, ExecutionError> {
    let n_transactions = block.n_transactions();
    let mut nanos = IndexVec::with_capacity(n_transactions);
    run(block, base, Store::<Alone>::new(n_transactions), Store::into_shared, |work| {
        let mut prefix = Prefix::new(block, work.rules, work.store, FallbackRule::NEVER);
        let mut runner = Runner::new(block, work.rules, base, Ground::Alone(work.store));
        let mut watch = Stopwatch::start();
        while prefix.next().as_usize() < n_transactions {
            prefix.decide_next(&mut runner)?;
            nanos.push(watch.split());
        }
        Ok(prefix.complete())
    })?;
    Ok(nanos)
}
