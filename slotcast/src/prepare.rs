//! What of a recorded block is needed before anything can be predicted or run?
//!
//! In: a [`RecordedBlock`]. Out: [`Prepared`], from which [`Prepared::predict`] gives [`Predicted`].
//! Invariants: the recording was validated; predictions depend on the recording and the limits
//! alone, the times beside them decide nothing.

use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_eip7928::compute_block_access_list_hash;
use alloy_primitives::{B256, KECCAK256_EMPTY};
use slotcast_analyzer::{bind::BindLimits, limits::Limits};
use slotcast_corpus::{RecordedBlock, ValidationError};
use slotcast_executor::{
    Block, BlockOutcome, ExecutionError, MemoryState, block_access_list, fork_of,
};
use slotcast_model::{Fork, IndexVec, Prediction, TxIndex};
use slotcast_trie::WholeState;

use crate::{
    clock::Clock,
    convert::{block_of, state_of, whole_state_of},
    predict::{Basis, predict_block},
    summaries::{Shelf, Summaries, View},
};

/// Most passes over a block after the first; those that were recorded take one or two.
const MAX_PASSES: usize = 4;

/// A recorded block ready to be predicted and run.
#[derive(Debug)]
pub struct Prepared {
    block: Block,
    state: MemoryState,
    fork: Fork,
    /// All of the state before the block with the root it is said to have, where it is recorded.
    whole: Option<(WholeState, B256)>,
}

/// Predictions for a block, and how long they took.
#[derive(Clone, Debug)]
pub struct Predicted {
    /// One for each transaction.
    pub predictions: IndexVec<TxIndex, Prediction>,
    /// Microseconds to summarise the contracts, none of which was known before.
    pub analyze_micros: u64,
    /// Microseconds to predict with all summaries at hand.
    pub predict_micros: u64,
}

/// How hard to try to predict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictSettings {
    /// What a prediction may build on.
    pub basis: Basis,
    /// Limits of summarising one contract.
    pub analysis: Limits,
    /// Limits of binding one transaction.
    pub binding: BindLimits,
}

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
        ExecutionError::UnsupportedChain { .. } => "; correct chainId",
        _ => "",
    }
}

/// Validates and converts a recording.
///
/// ```
/// use slotcast::{corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// assert_eq!(prepared.block().n_transactions(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prepare(recorded: &RecordedBlock) -> Result<Prepared, RunError> {
    recorded.validate()?;
    // A wrong sender can go unnoticed by everything a header proves.
    recorded.validate_senders()?;
    let block = block_of(recorded);
    let fork = fork_of(&block)
        .map_err(|source| RunError::Execution { number: recorded.number(), source })?;
    let whole = recorded.pre_state_root.map(|root| (whole_state_of(recorded), root));
    Ok(Prepared { block, state: state_of(recorded), fork, whole })
}

impl Prepared {
    /// The block.
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// The state before the block.
    pub const fn state(&self) -> &MemoryState {
        &self.state
    }

    /// The fork whose rules hold in the block.
    pub const fn fork(&self) -> Fork {
        self.fork
    }

    /// Predicts every transaction without running any.
    ///
    /// Summaries are made in a first pass and found in those behind it, of which the last is the one
    /// that is timed. What binding learns of computed jumps refines the summaries for the next pass,
    /// so passes go on until two agree; the result depends on the block alone.
    pub fn predict(&self, settings: &PredictSettings) -> Predicted {
        self.predict_with(&self.summaries(settings), settings)
    }

    /// No summaries yet, for code under the block's fork.
    pub fn summaries(&self, settings: &PredictSettings) -> Summaries {
        Summaries::new(self.fork, settings.analysis)
    }

    /// No summaries yet, but those that are found on `shelf`.
    pub fn summaries_on(&self, shelf: Arc<dyn Shelf>, settings: &PredictSettings) -> Summaries {
        Summaries::on_shelf(self.fork, settings.analysis, shelf)
    }

    /// Predicts every transaction once, with the summaries at hand.
    pub fn predict_once(
        &self,
        summaries: &Summaries,
        settings: &PredictSettings,
    ) -> IndexVec<TxIndex, Prediction> {
        let view = View::new(&self.state, summaries);
        predict_block(&self.block, self.fork, &view, settings.basis, settings.binding)
    }

    /// As [`Self::predict`], leaving the summaries behind for the next time.
    pub fn predict_with(&self, summaries: &Summaries, settings: &PredictSettings) -> Predicted {
        let pass = || self.predict_once(summaries, settings);
        let clock = Clock::start();
        let mut predictions = pass();
        for _ in 0..MAX_PASSES {
            let again = pass();
            let is_settled = again == predictions;
            predictions = again;
            if is_settled {
                break;
            }
        }
        let settled_micros = clock.micros();
        // Programs are made when they are first asked for, which the last of these passes may do too;
        // one more finds them all.
        let clock = Clock::start();
        drop(pass());
        let predict_micros = clock.micros();
        let analyze_micros = settled_micros.saturating_sub(predict_micros);
        Predicted { predictions, analyze_micros, predict_micros }
    }

    /// Whether the root of the state after `outcome` is the one that the header states; none where
    /// not all of the state is recorded.
    pub fn check_state_root(&self, outcome: &BlockOutcome) -> Result<Option<bool>, RunError> {
        let Some((whole, stated)) = &self.whole else { return Ok(None) };
        let computed = whole.root();
        if computed != *stated {
            return Err(RunError::NotWhole { stated: *stated, computed });
        }
        let mut after = whole.clone();
        after.apply(&outcome.state);
        Ok(Some(after.root() == self.block.header.state_root))
    }

    /// Whether running the block in order touches what the header's block access list says; none where
    /// the header states none.
    pub fn check_access_list(&self) -> Result<Option<bool>, RunError> {
        let Some(stated) = self.block.header.block_access_list_hash else { return Ok(None) };
        let list = block_access_list(&self.block, &self.state);
        let list = list.map_err(|source| self.failed(source))?;
        Ok(Some(compute_block_access_list_hash(&list) == stated))
    }

    /// Whether the executor makes the transaction in closed form, going by the state before the block.
    pub(crate) fn is_transfer(&self, tx: TxIndex) -> bool {
        let transaction = self.block.transaction(tx);
        transaction.to().is_some_and(|to| {
            self.state.code_hash(to) == KECCAK256_EMPTY || self.state.code_hash(to).is_zero()
        })
    }

    /// Names the block in an error of the executor.
    pub(crate) const fn failed(&self, source: ExecutionError) -> RunError {
        RunError::Execution { number: self.block.header.number, source }
    }
}
