//! What does executing a block in parallel come to?
//!
//! In: a block, a schedule, a state and settings. Out: [`Ran`], what is compared of an execution.

use slotcast::{
    executor::{
        Advice, Block, BlockOutcome, Execution, ExecutionError, MemoryState, Settings,
        database::DatabaseRef, execute,
    },
    graph::Waits,
    model::{IndexVec, Prediction, TxIndex},
    scheduler::Schedule,
};

/// What is compared of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What the block did.
    pub outcome: BlockOutcome,
    /// The re-executed transactions.
    pub reexecuted: Vec<TxIndex>,
    /// How often transactions were run, all in all.
    pub n_executions: usize,
}

/// Executes a block by a schedule.
///
/// # Errors
///
/// Those of [`execute`].
pub fn run<DB: DatabaseRef + Sync>(
    block: &Block,
    schedule: &Schedule,
    state: &DB,
    settings: &Settings,
) -> Result<Ran, ExecutionError> {
    ran(execute(block, state, Advice::Schedule(schedule, settings))?, state)
}

/// Executes a block by what transactions wait for in the mode of the settings, and by the values
/// that are predicted.
///
/// # Errors
///
/// Those of [`execute`].
pub fn run_waiting(
    block: &Block,
    predictions: &IndexVec<TxIndex, Prediction>,
    state: &MemoryState,
    settings: &Settings,
) -> Result<Ran, ExecutionError> {
    let mut waits = Waits::new(block, state, settings.mode);
    let mut wait = |tx| waits.next(&predictions[tx]);
    ran(execute(block, state, Advice::Streamed(&mut wait, settings))?, state)
}

fn ran<DB: DatabaseRef>(execution: Execution, state: &DB) -> Result<Ran, ExecutionError> {
    let (reexecuted, n_executions) = (execution.reexecuted().to_vec(), execution.n_executions());
    Ok(Ran { outcome: execution.into_outcome(state)?, reexecuted, n_executions })
}
