//! How good were predictions for one recorded block, in the figures other tools read?
//!
//! In: a [`Prepared`] block and predictions for it. Out: [`BlockScore`], and [`ScoreLine`], its JSON
//! form and that of a sum over blocks.
//! Invariant: every figure but the times is a function of the recording and the predictions.

use alloy_consensus::Transaction as _;
use serde::Serialize;
use slotcast_executor::{SequentialSettings, execute_sequential};
use slotcast_model::{IndexVec, Prediction, TxIndex};

use crate::{
    clock::Clock,
    prepare::{Prepared, RunError},
    score::{Counts, Score, Scored, Stratum, score},
};

/// The score of one block, or the sum over several.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockScore {
    /// The counts.
    pub score: Score,
    /// Microseconds to predict; nothing for predictions that were given.
    pub predict_micros: Option<u64>,
    /// Microseconds to run the block in order.
    pub sequential_micros: u64,
}

impl BlockScore {
    /// Adds another block.
    pub fn add(&mut self, other: &Self) {
        self.score.add(&other.score);
        self.sequential_micros += other.sequential_micros;
        self.predict_micros = match (self.predict_micros, other.predict_micros) {
            (Some(mine), Some(theirs)) => Some(mine + theirs),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

/// Scores `predictions` against what running the block in order really touches.
///
/// The block is run twice: once looking at everything, and once timed.
pub fn score_block(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> Result<BlockScore, RunError> {
    let (block, state) = (prepared.block(), prepared.state());
    let run = |is_observed| {
        execute_sequential(block, state, &SequentialSettings { is_observed })
            .map_err(|source| prepared.failed(source))
    };
    let observed = run(true)?;
    let clock = Clock::start();
    run(false)?;
    let sequential_micros = clock.micros();
    let scored = |tx: TxIndex| {
        let truth = &observed.observations[tx];
        Scored {
            prediction: &predictions[tx],
            truth,
            stratum: Stratum::of(block.transaction(tx).input(), truth),
            gas: observed.outcome.txs[tx].gas_used().unwrap_or(0),
        }
    };
    let txs: IndexVec<TxIndex, Scored<'_>> = block.tx_indices().map(scored).collect();
    Ok(BlockScore { score: score(&txs), predict_micros: None, sequential_micros })
}

/// One line of `slotcast score --json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreLine {
    /// All transactions.
    #[serde(flatten)]
    pub all: Figures,
    /// The same for every stratum.
    pub strata: Strata,
}

/// The figures of every stratum.
#[derive(Clone, Debug, Serialize)]
pub struct Strata {
    /// No storage touched.
    pub transfer: Figures,
    /// Direct calls of `transfer`, `transferFrom` and `approve`.
    pub erc20: Figures,
    /// The rest.
    pub other: Figures,
}

/// The figures of some transactions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the functions of the same names at `Counts` say what they are")]
pub struct Figures {
    pub txs: u64,
    pub storage_txs: u64,
    pub slot_recall: f64,
    pub slot_precision: f64,
    pub write_recall: f64,
    pub edge_recall: f64,
    pub edge_precision: f64,
    pub edge_recall_near: f64,
    pub exact_share: f64,
    pub superset_share: f64,
    pub complete_claims_sound: f64,
    pub wildcard_tx_share: f64,
    pub state_reads_per_tx: f64,
    /// Of a whole block only, as are the times.
    pub critical_path_inflation: Option<f64>,
    pub predict_micros: Option<u64>,
    pub sequential_micros: Option<u64>,
}

impl From<&BlockScore> for ScoreLine {
    fn from(block: &BlockScore) -> Self {
        let stratum = |stratum: Stratum| Figures::of_part(&block.score.strata[stratum as usize]);
        let total = &block.score.total;
        Self {
            all: Figures {
                critical_path_inflation: Some(total.critical_path_inflation()),
                predict_micros: block.predict_micros,
                sequential_micros: Some(block.sequential_micros),
                ..Figures::of_part(total)
            },
            strata: Strata {
                transfer: stratum(Stratum::Transfer),
                erc20: stratum(Stratum::Erc20),
                other: stratum(Stratum::Other),
            },
        }
    }
}

impl Figures {
    fn of_part(counts: &Counts) -> Self {
        Self {
            txs: counts.txs,
            storage_txs: counts.storage_txs,
            slot_recall: counts.slot_recall(),
            slot_precision: counts.slot_precision(),
            write_recall: counts.write_recall(),
            edge_recall: counts.edge_recall(),
            edge_precision: counts.edge_precision(),
            edge_recall_near: counts.edge_recall_near(),
            exact_share: counts.exact_share(),
            superset_share: counts.superset_share(),
            complete_claims_sound: counts.complete_claims_sound(),
            wildcard_tx_share: counts.wildcard_tx_share(),
            state_reads_per_tx: counts.state_reads_per_tx(),
            critical_path_inflation: None,
            predict_micros: None,
            sequential_micros: None,
        }
    }
}
