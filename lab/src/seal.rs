//! How does a synthetic block become one that can be checked?
//!
//! In: an [`Unsealed`] block. Out: a [`RecordedBlock`] with the results of running it sequentially in
//! its header.
//! Invariant: a sealed block is valid, and running it gives what its header states.

use std::sync::Arc;

use alloy_primitives::B256;
use slotcast_corpus::{
    BlockResults, RecordedBlock, RollupResults, Unsealed, ValidationError, block_by, post_state_of,
    receipts_of, state_of,
};
use slotcast_executor::{
    ChainRules, ExecutionError, OpChain, Rejection, SequentialSettings, TxOutcome,
    block_access_list, execute_sequential_with_bundle, fork_of, rules_of,
};
use slotcast_model::{Fork, TxIndex};

use crate::state_root::{WholeState, whole_state_of};

/// Why a synthetic block could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It could not be executed.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// One of its transactions is not valid where it stands.
    #[error("transaction {tx} was rejected: {reason}")]
    Rejected {
        /// The transaction.
        tx: TxIndex,
        /// Why.
        reason: Rejection,
    },
    /// It uses more gas than its header allows.
    #[error(transparent)]
    Invalid(#[from] ValidationError),
}

/// Runs the block sequentially and puts the results into its header.
///
/// ```
/// use slotcast_corpus::{self as corpus, Plan};
/// use slotcast_lab::seal;
///
/// let plan = Plan { n_txs: 3, ..Plan::default() };
/// let block = seal(corpus::generate(&plan)?)?;
/// assert_eq!(block.transactions.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn seal(unsealed: Unsealed) -> Result<RecordedBlock, SealError> {
    seal_by(unsealed, None)
}

/// The same by rules that the caller describes, instead of those that are known by the chain's id.
pub fn seal_by(
    unsealed: Unsealed,
    rules: Option<Arc<ChainRules>>,
) -> Result<RecordedBlock, SealError> {
    let block = block_by(unsealed.block(), rules.clone());
    let state = state_of(unsealed.block());
    let fork = fork_of(&block)?;
    let settings = SequentialSettings { is_observed: false };
    let (run, bundle) = execute_sequential_with_bundle(&block, &state, &settings)?;
    let outcome = run.outcome;
    for (tx, what) in outcome.txs.iter_enumerated() {
        if let TxOutcome::Rejected(reason) = what {
            return Err(SealError::Rejected { tx, reason: reason.clone() });
        }
    }
    // What was generated is all there is.
    let mut whole = whole_state_of(unsealed.block());
    let pre_state_root = whole.root();
    let passer_before = passer_root(&whole);
    whole.apply(&outcome.state);
    let code_of = |hash| Some(bundle.contracts.get(&hash)?.original_bytes());
    let rollup = rules_of(&block)?.as_optimism().map(|_| RollupResults {
        message_passer: (passer_before, passer_root(&whole)),
        da_footprint: outcome.blob_gas_used,
        post_state: post_state_of(&outcome.state, code_of),
    });
    let block_access_list = match Fork::Amsterdam <= fork {
        true => Some(block_access_list(&block, &state)?),
        false => None,
    };
    let sealed = unsealed.seal(BlockResults {
        pre_state_root,
        state_root: whole.root(),
        gas_used: outcome.gas_used,
        receipts_root: outcome.receipts_root().unwrap_or_default(),
        logs_bloom: outcome.logs_bloom(),
        requests_hash: (Fork::Prague <= fork).then(|| outcome.requests.requests_hash()),
        block_access_list,
        receipts: Some(receipts_of(&block, &outcome)),
        rollup,
    });
    match rules {
        Some(rules) => sealed.validate_by(&rules)?,
        None => sealed.validate()?,
    }
    Ok(sealed)
}

/// The storage root of the contract that records withdrawals.
fn passer_root(state: &WholeState) -> B256 {
    state.accounts.get(&OpChain::MESSAGE_PASSER).cloned().unwrap_or_default().storage_root()
}
