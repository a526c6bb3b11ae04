//! What does a block need before it can be predicted or run?
//!
//! In: a [`Block`] and the state before it. Out: [`Prepared`], from which [`Prepared::predict`] gives
//! [`Predicted`].
//! Invariant: predictions depend on the block, the state and the limits alone, the times beside them
//! decide nothing.

use std::sync::Arc;

use alloy_consensus::Transaction as _;
use alloy_primitives::KECCAK256_EMPTY;
use slotcast_analyzer::{bind::BindLimits, limits::Limits};
use slotcast_executor::{Block, ExecutionError, MemoryState, fork_of};
use slotcast_model::{Fork, IndexVec, Prediction, TxIndex};

use crate::{
    clock::Clock,
    predict::{Basis, predict_block},
    summaries::{Summaries, SummaryStore, View},
};

/// Most passes over a block after the first; those that were recorded take one or two.
const MAX_PASSES: usize = 4;

/// A block ready to be predicted and run.
#[derive(Debug)]
pub struct Prepared {
    block: Block,
    state: MemoryState,
    fork: Fork,
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

impl Prepared {
    /// The block on the state before it; an error where no rules are known for it. Before Spurious
    /// Dragon an account that the state was given exists, even if it is empty (EIP-161 came later).
    pub fn new(block: Block, state: MemoryState) -> Result<Self, ExecutionError> {
        let fork = fork_of(&block)?;
        let state = if fork < Fork::SpuriousDragon { state.with_empty_accounts() } else { state };
        Ok(Self { block, state, fork })
    }

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

    /// No summaries yet, but those that are found on `store`.
    pub fn summaries_on(
        &self,
        store: Arc<dyn SummaryStore>,
        settings: &PredictSettings,
    ) -> Summaries {
        Summaries::with_store(self.fork, settings.analysis, store)
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

    /// Whether the executor makes the transaction in closed form, going by the state before the block.
    pub fn is_transfer(&self, tx: TxIndex) -> bool {
        let transaction = self.block.transaction(tx);
        transaction.to().is_some_and(|to| {
            self.state.code_hash(to) == KECCAK256_EMPTY || self.state.code_hash(to).is_zero()
        })
    }
}
