//! Which access list does a block have (EIP-7928)?
//!
//! In: a block and the state before it. Out: every account and slot that running the block sequentially
//! touches, with what they hold after each transaction that changes them: [`block_access_list`] runs
//! it sequentially, [`execute_with_access_list`] takes it from a run on several threads.
//! Invariants: index 0 is what the protocol does before the transactions, `i + 1` the transaction `i`,
//! and the last what the protocol does after them; a rejected transaction leaves nothing. Forks
//! before Amsterdam have no such list in their headers, but the question has an answer there too.

use alloy_eip7928::{BlockAccessIndex, BlockAccessList};
use revm::{
    database::State,
    database_interface::{DatabaseRef, bal::BalState},
};

use crate::{
    any_state::{AnyState, Erased},
    canonical::{Base, Canonical, Run},
    error::ExecutionError,
    execution::{Execution, execute_keeping_states},
    fork::Rules,
    input::Block,
    wait::Advice,
};

/// The block's access list, made by running it sequentially.
pub fn block_access_list<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
) -> Result<BlockAccessList, ExecutionError> {
    block_access_list_any(block, &(&Erased(base) as AnyState<'_>))
}

fn block_access_list_any(
    block: &Block,
    base: &AnyState<'_>,
) -> Result<BlockAccessList, ExecutionError> {
    let rules = Rules::of(block)?;
    let database = State::builder().with_database(Base(base)).with_bundle_update();
    let mut canonical = Canonical::open(block, &rules, database.with_bal_builder().build(), false)?;
    for tx in block.tx_indices() {
        canonical.state_mut().set_bal_index(BlockAccessIndex::new(u64::from(tx.0) + 1));
        if let Run::Executed(result) = canonical.run(tx)? {
            canonical.commit(tx, result)?;
        }
    }
    let last = BlockAccessIndex::new(block.n_transactions() as u64 + 1);
    canonical.state_mut().set_bal_index(last);
    let (mut state, _) = canonical.finish()?;
    Ok(state.take_built_alloy_bal().unwrap_or_default())
}

/// As [`crate::execute`], with the block's access list, which is made of what every step ended with:
/// nothing runs for its sake.
pub fn execute_with_access_list<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
    advice: Advice<'_>,
) -> Result<(Execution, BlockAccessList), ExecutionError> {
    execute_with_access_list_any(block, &(&Erased(base) as AnyState<'_>), advice)
}

fn execute_with_access_list_any(
    block: &Block,
    base: &AnyState<'_>,
    advice: Advice<'_>,
) -> Result<(Execution, BlockAccessList), ExecutionError> {
    let (execution, states) = execute_keeping_states(block, base, advice)?;
    let mut list = BalState::new().with_bal_builder();
    for (version, state) in &states {
        list.bal_index = version.access_index(block.n_transactions());
        list.commit(state);
    }
    Ok((execution, list.take_built_alloy_bal().unwrap_or_default()))
}
