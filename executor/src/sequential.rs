//! What does a block do? This file is the specification; everything parallel is judged by it.
//!
//! In: a block and a base state. Out: [`Sequential`], the outcome and, if asked for, what every
//! transaction touched.
//! Invariants: transactions run in block order, each on everything before it; a transaction that
//! cannot be included is a value, and the block goes on without it.

use revm::{
    database::{BundleState, State, states::bundle_state::BundleRetention},
    database_interface::DatabaseRef,
};
use slotcast_model::{IndexVec, Observation, TxIndex};

use crate::{
    any_state::{AnyState, Erased},
    canonical::{Base, Canonical, Run},
    error::ExecutionError,
    fork::Rules,
    input::Block,
    outcome::{BlockOutcome, TxOutcome, state_changes},
};

/// How to execute sequentially.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequentialSettings {
    /// Whether to record what every transaction touches; it costs a look at every instruction.
    pub is_observed: bool,
}

/// A block executed sequentially.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequential {
    /// What the block did.
    pub outcome: BlockOutcome,
    /// What every transaction touched, empty for rejected ones; no entries unless asked for.
    pub observations: IndexVec<TxIndex, Observation>,
}

/// Executes `block` on `base`, one transaction after the other.
pub fn execute_sequential<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    settings: &SequentialSettings,
) -> Result<Sequential, ExecutionError> {
    let (sequential, _) = execute_sequential_with_bundle(block, base, settings)?;
    Ok(sequential)
}

/// As [`execute_sequential`], with revm's bundle of the state changes, reverts included.
pub fn execute_sequential_with_bundle<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    settings: &SequentialSettings,
) -> Result<(Sequential, BundleState), ExecutionError> {
    execute_sequential_with_bundle_any(block, &(&Erased(base) as AnyState<'_>), settings)
}

fn execute_sequential_with_bundle_any(
    block: &Block,
    base: &AnyState<'_>,
    settings: &SequentialSettings,
) -> Result<(Sequential, BundleState), ExecutionError> {
    let rules = Rules::of(block)?;
    let state = State::builder().with_database(Base(base)).with_bundle_update().build();
    let mut canonical = Canonical::open(block, &rules, state, settings.is_observed)?;
    let (mut txs, mut observations) = (IndexVec::new(), IndexVec::new());
    for tx in block.tx_indices() {
        match canonical.run(tx)? {
            Run::Rejected(reason) => {
                txs.push(TxOutcome::Rejected(reason));
                if settings.is_observed {
                    observations.push(Observation::default());
                }
            }
            Run::Executed(result) => {
                txs.push(TxOutcome::executed(&result.result.result));
                if settings.is_observed {
                    observations.push(canonical.observe(&result));
                }
                canonical.commit(tx, result)?;
            }
        }
    }
    let (mut state, result) = canonical.finish()?;
    state.merge_transitions(BundleRetention::Reverts);
    let outcome = BlockOutcome {
        fork: rules.fork(),
        txs,
        receipts: result.receipts,
        gas_used: result.gas_used,
        blob_gas_used: result.blob_gas_used,
        requests: result.requests,
        state: state_changes(&state.bundle_state),
    };
    Ok((Sequential { outcome, observations }, state.take_bundle()))
}
