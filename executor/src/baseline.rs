//! How fast is a loop that does nothing but run the transactions?
//!
//! In: a block and a base state. Out: [`Baseline`], the results of its transactions.
//! Invariants: plain revm over its own `CacheDB`, run and commit for one transaction after the
//! other and every result kept, as anybody would write it first; nothing here is shared with the
//! executors that are measured against it, and nothing is tuned.
//!
//! It is *not* what a block means: there are no system calls, withdrawals and rewards, and no room
//! in the block is kept account of. That is [`crate::execute_sequential`], which the results are
//! tested against.

use revm::{
    Context, DatabaseCommit, MainBuilder, MainContext,
    context::result::{EVMError, ExecutionResult, ResultAndState},
    database::{Cache, CacheDB},
    database_interface::DatabaseRef,
};
use slotcast_model::{IndexVec, TxIndex};

use crate::{
    any_state::{AnyState, Erased, state_error},
    canonical::Base,
    chain_evm::transact,
    error::ExecutionError,
    fork::Rules,
    input::Block,
    outcome::TxOutcome,
    rejection::Rejection,
};

/// The results of the transactions of a block, and nothing else of it.
#[derive(Clone, Debug)]
pub struct Baseline {
    results: IndexVec<TxIndex, Result<ExecutionResult, Rejection>>,
    /// What was read and written: giving it back is no part of running.
    #[expect(dead_code, reason = "held until the caller has stopped the clock")]
    cache: Cache,
}

impl Baseline {
    /// The results in the form in which outcomes are compared.
    pub fn tx_outcomes(&self) -> IndexVec<TxIndex, TxOutcome> {
        let outcome = |result: &Result<ExecutionResult, Rejection>| match result {
            Ok(result) => TxOutcome::executed(result),
            Err(reason) => TxOutcome::Rejected(reason.clone()),
        };
        self.results.iter().map(outcome).collect()
    }
}

/// Runs the transactions of `block` on `base`, one after the other.
pub fn execute_baseline<DB: DatabaseRef + Sync>(
    block: &Block,
    base: &DB,
) -> Result<Baseline, ExecutionError> {
    execute_baseline_any(block, &(&Erased(base) as AnyState<'_>))
}

fn execute_baseline_any(block: &Block, base: &AnyState<'_>) -> Result<Baseline, ExecutionError> {
    let rules = Rules::of(block)?;
    let mut evm = Context::mainnet()
        .with_db(CacheDB::new(Base(base)))
        .with_block(rules.env.block_env.clone())
        .with_cfg(rules.env.cfg_env.clone())
        .build_mainnet()
        .with_precompiles(rules.precompiles());
    let mut results = IndexVec::new();
    for tx in block.tx_indices() {
        let result = match transact(&mut evm, &rules, block, tx) {
            Ok((ResultAndState { result, state }, _)) => {
                evm.ctx.journaled_state.database.commit(state);
                Ok(result)
            }
            Err(EVMError::Transaction(reason)) => Err(reason.into()),
            Err(EVMError::Database(source)) => {
                return Err(ExecutionError::Database { tx: Some(tx), source: state_error(source) });
            }
            Err(error) => return Err(ExecutionError::Evm { tx, source: error.to_string().into() }),
        };
        results.push(result);
    }
    let CacheDB { cache, .. } = evm.ctx.journaled_state.database;
    Ok(Baseline { results, cache })
}
