//! What does a host get that keeps its state as revm's bundle?
//!
//! In: a block, a schedule, any base state. Out: an [`Execution`] and the [`BundleState`] that the
//! block executor of `alloy-evm` would leave behind, reverts included.
//! Invariant: the bundle is revm's own work: every step's state is committed to revm's `State` in
//! block order, as the host itself would do it.

use revm::{
    DatabaseCommit,
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
};
use slotcast_scheduler::Schedule;

use crate::{
    canonical::Base,
    error::ExecutionError,
    execution::{Execution, execute_keeping_states},
    fallback::FallbackRule,
    input::Block,
    parallel::Pool,
};

/// Executes `block` on `base` as `schedule` advises, for a host that goes on with a bundle.
///
/// Plain transfers are run by revm here, because a bundle is made of what revm reports.
pub fn execute_with_bundle<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    base: &DB,
    pool: &Pool,
    fallback: FallbackRule,
) -> Result<(Execution, BundleState), ExecutionError> {
    let (execution, states) = execute_keeping_states(block, schedule, base, pool, fallback)?;
    let mut state = State::builder().with_database(Base(base)).with_bundle_update().build();
    states.into_iter().for_each(|changes| state.commit(changes));
    state.merge_transitions(BundleRetention::Reverts);
    Ok((execution, state.take_bundle()))
}
