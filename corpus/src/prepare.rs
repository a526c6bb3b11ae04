//! How does a recorded block become what predicts and executes it?
//!
//! In: a [`RecordedBlock`]. Out: a [`Prepared`] block; or why there is none.
//! Invariants: the recording was validated; nothing is computed that the recording does not say.

use std::sync::Arc;

use alloy_primitives::{B256, KECCAK256_EMPTY};
use slotcast::{
    Prepared,
    executor::{
        AccountRecord, Block, ChainRules, CodeRecord, ExecutionError, ForkChoice, MemoryState,
        rules_of,
    },
};

use crate::{PreAccount, RecordedBlock, UnknownChain, ValidationError, chains::forks_of};

/// Why a recorded block has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The recording contradicts itself.
    #[error(transparent)]
    Recording(#[from] ValidationError),
    /// What is said to be the whole state is not.
    #[error(
        "preStateRoot: is {stated}, but preState has the root {computed}; record the block again \
         with its whole state, or leave preStateRoot out"
    )]
    NotWhole {
        /// The root that is stated.
        stated: B256,
        /// The root of what is recorded.
        computed: B256,
    },
    /// The rules of its chain are not known.
    #[error("block {number}: {source}")]
    Chain {
        /// The block's number.
        number: u64,
        /// Why.
        source: UnknownChain,
    },
    /// The block could not be executed.
    #[error("block {number}: {source}{}", advice(source))]
    Execution {
        /// The block's number.
        number: u64,
        /// What the executor reported.
        source: ExecutionError,
    },
}

/// What to do about an error of the executor, if the recording is to blame.
const fn advice(error: &ExecutionError) -> &'static str {
    match error {
        ExecutionError::Database { .. } | ExecutionError::Block { .. } => {
            "; record the block again with everything it touches"
        }
        _ => "",
    }
}

/// Validates and converts a recording.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// assert_eq!(prepared.block().n_transactions(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prepare(recorded: &RecordedBlock) -> Result<Prepared, RunError> {
    prepare_by(recorded, None)
}

/// The same by rules that the caller describes, instead of those that are known by the chain's id.
pub fn prepare_by(
    recorded: &RecordedBlock,
    rules: Option<Arc<ChainRules>>,
) -> Result<Prepared, RunError> {
    let block = block_by(recorded, rules);
    let failed = |source| RunError::Execution { number: recorded.number(), source };
    let rules = rules_of(&block).map_err(|source| match source {
        ExecutionError::UnsupportedChain { chain_id } => {
            RunError::Chain { number: recorded.number(), source: UnknownChain::of_id(chain_id) }
        }
        source => failed(source),
    })?;
    recorded.validate_by(&rules)?;
    // A wrong sender can go unnoticed by everything a header proves.
    recorded.validate_senders()?;
    Prepared::new(block, state_of(recorded)).map_err(failed)
}

impl RunError {
    /// Names the block in an error of the executor.
    pub const fn of(block: &Block, source: ExecutionError) -> Self {
        Self::Execution { number: block.header.number, source }
    }
}

/// The block as the executor takes it. Uncle headers are not part of a recording.
///
/// ```
/// use slotcast_corpus::{block_of, self as corpus};
///
/// assert_eq!(block_of(&corpus::embedded()?).n_transactions(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn block_of(recorded: &RecordedBlock) -> Block {
    Block {
        chain_id: recorded.chain_id,
        header: recorded.header.clone(),
        hash: recorded.hash,
        transactions: recorded.transactions.clone(),
        withdrawals: recorded.withdrawals.clone(),
        forks: forks_of(recorded.chain_id),
        ommers: Vec::new(),
    }
}

/// The same by rules that the caller describes, instead of those that are known by the chain's id.
pub fn block_by(recorded: &RecordedBlock, rules: Option<Arc<ChainRules>>) -> Block {
    let block = block_of(recorded);
    match rules {
        Some(rules) => Block { forks: ForkChoice::Of(rules), ..block },
        None => block,
    }
}

/// The recorded state before the block.
///
/// ```
/// use slotcast_corpus::{self as corpus, state_of};
///
/// let state = state_of(&corpus::embedded()?);
/// assert_eq!(state.n_missing_reads(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn state_of(recorded: &RecordedBlock) -> MemoryState {
    let accounts = recorded.pre_state.iter().map(|(&address, account)| AccountRecord {
        address,
        balance: account.balance,
        nonce: account.nonce,
        code: code_of(account),
        storage: account.storage.iter().map(|(&key, &value)| (key, value)).collect(),
    });
    let hashes = recorded.block_hashes.iter().map(|(&number, &hash)| (number, hash));
    MemoryState::new(recorded.number(), accounts, hashes)
}

fn code_of(account: &PreAccount) -> CodeRecord {
    match (&account.code, account.code_hash) {
        (Some(code), _) => CodeRecord::Known(code.clone()),
        (None, Some(hash)) if hash != KECCAK256_EMPTY => CodeRecord::HashOnly(hash),
        (None, _) => CodeRecord::None,
    }
}
