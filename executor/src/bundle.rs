//! What does a host get that keeps its state as revm's bundle?
//!
//! In: a block, any base state, and [`Advice`]. Out: an [`Execution`] and the [`BundleState`] that the
//! block executor of `alloy-evm` would leave behind, reverts included.
//! Invariant: the bundle is revm's own work: every step's state is committed to revm's `State` in
//! block order, as the host itself would do it; plain transfers say of themselves what revm would
//! have reported.

use revm::{
    DatabaseCommit,
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
    state::EvmState,
};

use crate::{
    any_state::{AnyState, Erased},
    canonical::Base,
    error::ExecutionError,
    execution::{Execution, execute_keeping_states},
    input::Block,
    version::Version,
    wait::Advice,
};

/// As [`crate::execute`], for a host that goes on with a bundle.
pub fn execute_with_bundle<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    advice: Advice<'_>,
) -> Result<(Execution, BundleState), ExecutionError> {
    execute_with_bundle_any(block, &(&Erased(base) as AnyState<'_>), advice)
}

fn execute_with_bundle_any(
    block: &Block,
    base: &AnyState<'_>,
    advice: Advice<'_>,
) -> Result<(Execution, BundleState), ExecutionError> {
    let (execution, states) = execute_keeping_states(block, base, advice)?;
    Ok((execution, bundle_of(base, states)))
}

/// The bundle of a block whose steps ended with these states.
fn bundle_of<DB: DatabaseRef>(base: &DB, states: Vec<(Version, EvmState)>) -> BundleState {
    let mut state = State::builder().with_database(Base(base)).with_bundle_update().build();
    states.into_iter().for_each(|(_, changes)| state.commit(changes));
    state.merge_transitions(BundleRetention::Reverts);
    state.take_bundle()
}
