//! What does a host get that keeps its state as revm's bundle?
//!
//! In: a block, any base state, and perhaps a schedule or a function that says what waits for what.
//! Out: an [`Execution`] and the [`BundleState`] that the block executor of `alloy-evm` would leave
//! behind, reverts included.
//! Invariant: the bundle is revm's own work: every step's state is committed to revm's `State` in
//! block order, as the host itself would do it; plain transfers say of themselves what revm would
//! have reported.

use revm::{
    DatabaseCommit,
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
    state::EvmState,
};
use slotcast_model::TxIndex;
use slotcast_scheduler::Schedule;

use crate::{
    canonical::Base,
    dataflow::{Wait, run_dataflow, run_in_order},
    error::ExecutionError,
    execution::{Execution, check_length, execute_keeping_states},
    fallback::FallbackRule,
    input::Block,
    parallel::Pool,
    store::{Alone, Store},
};

/// Executes `block` on `base` as `schedule` advises, for a host that goes on with a bundle.
pub fn execute_with_bundle<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    base: &DB,
    pool: &Pool,
    fallback: FallbackRule,
) -> Result<(Execution, BundleState), ExecutionError> {
    check_length(block, schedule)?;
    execute_streamed_with_bundle(block, base, pool, fallback, |tx| Wait::of(schedule, tx))
}

/// Executes `block` on `base` while it is still being found out what waits for what, as
/// [`crate::execute_streamed`] does, for a host that goes on with a bundle.
///
/// # Panics
///
/// When a transaction waits for a later one.
pub fn execute_streamed_with_bundle<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    pool: &Pool,
    fallback: FallbackRule,
    waits_for: impl FnMut(TxIndex) -> Wait,
) -> Result<(Execution, BundleState), ExecutionError> {
    let store = Store::new(block.n_transactions());
    let (execution, states) = execute_keeping_states(
        block,
        base,
        store,
        |store| store,
        |work| run_dataflow(work, pool, fallback, waits_for),
    )?;
    Ok((execution, bundle_of(base, states)))
}

/// Executes `block` on `base`, one transaction after the other, for a host that goes on with a
/// bundle.
pub fn execute_in_order_with_bundle<DB: DatabaseRef>(
    block: &Block,
    base: &DB,
) -> Result<(Execution, BundleState), ExecutionError> {
    let store = Store::<Alone>::new(block.n_transactions());
    let (execution, states) =
        execute_keeping_states(block, base, store, Store::into_shared, |work| {
            run_in_order(work, FallbackRule::NEVER)
        })?;
    Ok((execution, bundle_of(base, states)))
}

/// The bundle of a block whose steps ended with these states.
fn bundle_of<DB: DatabaseRef>(base: &DB, states: Vec<EvmState>) -> BundleState {
    let mut state = State::builder().with_database(Base(base)).with_bundle_update().build();
    states.into_iter().for_each(|changes| state.commit(changes));
    state.merge_transitions(BundleRetention::Reverts);
    state.take_bundle()
}
