//! What does executing a block in parallel come to?
//!
//! In: a block, a schedule, a state and settings. Out: [`Ran`], what is compared of an execution.

use slotcast::{
    executor::{
        Advice, Block, BlockOutcome, ExecutionError, Settings, database::DatabaseRef, execute,
    },
    model::TxIndex,
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
    let execution = execute(block, state, Advice::Schedule(schedule, settings))?;
    let (reexecuted, n_executions) = (execution.reexecuted().to_vec(), execution.n_executions());
    Ok(Ran { outcome: execution.into_outcome(state)?, reexecuted, n_executions })
}
