//! Why is a transaction predicted to touch what it is predicted to touch, why does it wait for
//! others, and where was the prediction wrong?
//!
//! In: a prepared block, the position of a transaction, how to execute. Out: [`Explained`], plain
//! data to print.
//! Invariants: the explanation is of the predictions that [`run_block`](crate::run_block) makes; it
//! depends on the block alone, whatever the number of threads.
//!
//! The schedule explained, and executed by, is the one in which every transaction waits for all that
//! its prediction names. `run_block` may leave out waits that validation makes up for.

mod outcome;
mod prediction;
mod told;
mod traced;

use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use serde::Serialize;
use slotcast_executor::ExecutionError;
use slotcast_model::{Index, TxIndex};

use crate::score_report::judge_block;
use slotcast::{Engine, PredictSettings, Prepared, graph::schedule_of};
use slotcast_corpus::RunError;

pub use outcome::{Conflict, DagPart, EdgePart, Instead, OutcomePart, PredictedValue};
pub use prediction::{FramePart, MissPart, PlacePart, PredictionPart, ReliedPart, SlotPart};

/// A transaction, explained.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// The block's number.
    pub block: u64,
    /// The transaction's position.
    pub tx: u32,
    /// Who sent it.
    pub from: Address,
    /// The account it calls; none if it creates a contract.
    pub to: Option<Address>,
    /// What is predicted, and why.
    pub prediction: PredictionPart,
    /// What it waits for, and why.
    pub dag: DagPart,
    /// What became of it.
    pub outcome: OutcomePart,
}

/// Why a transaction cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The block has no such transaction.
    #[error("--tx {tx}: the block has {n_txs} transactions, counted from 0")]
    NoSuchTransaction {
        /// The position asked for.
        tx: TxIndex,
        /// How many there are.
        n_txs: usize,
    },
    /// The block could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The threads could not be started.
    #[error(transparent)]
    Threads(#[from] ExecutionError),
}

/// Explains the transaction at `tx`; what became of it is what becomes of it when `engine` executes the
/// block by its predictions.
///
/// ```
/// use slotcast::{Engine, model::TxIndex};
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::explain::explain_tx;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let explained = explain_tx(&prepared, TxIndex(3), &Engine::new(1)?)?;
/// assert_eq!(explained.tx, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explain_tx(
    prepared: &Prepared,
    tx: TxIndex,
    engine: &Engine,
) -> Result<Explained, ExplainError> {
    let block = prepared.block();
    let n_txs = block.n_transactions();
    if n_txs <= tx.as_usize() {
        return Err(ExplainError::NoSuchTransaction { tx, n_txs });
    }
    let settings = PredictSettings::default();
    let summaries = prepared.summaries(&settings);
    let predictions = prepared.predict_with(&summaries, &settings).predictions;
    let judged = judge_block(prepared, &predictions)?;
    let schedule = schedule_of(prepared, &predictions);
    let transaction = block.transaction(tx);
    Ok(Explained {
        block: block.header.number,
        tx: tx.0,
        from: transaction.signer(),
        to: transaction.to(),
        prediction: prediction::explain(prepared, &summaries, &settings, &judged, tx),
        dag: outcome::dag(&schedule, tx),
        outcome: outcome::explain(prepared, &predictions, &judged, engine, tx)?,
    })
}

#[cfg(test)]
mod tests;
