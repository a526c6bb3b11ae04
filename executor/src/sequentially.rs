//! How does one thread execute a block quickly?
//!
//! In: a block whose opening is in a store of this thread alone. Out: [`Complete`].
//! Invariant: nothing is speculative, so nothing is recorded, validated or locked.

use revm::database_interface::DatabaseRef;
use slotcast_model::Index;

use crate::{
    error::ExecutionError,
    fallback::FallbackRule,
    job::Job,
    prefix::{CommittedPrefix, Complete},
    runner::Runner,
    store::Exclusive,
    view::StateSource,
};

/// Commits every transaction, one after the other.
pub(crate) fn run_sequentially<DB: DatabaseRef>(
    Job { block, rules, base, store }: Job<'_, DB, Exclusive>,
) -> Result<Complete, ExecutionError> {
    let mut prefix = CommittedPrefix::new(block, rules, store, FallbackRule::NEVER);
    let mut runner = Runner::new(block, rules, base, StateSource::Exclusive(store));
    while prefix.next().as_usize() < block.n_transactions() {
        prefix.commit_next(&mut runner)?;
    }
    Ok(prefix.complete())
}
