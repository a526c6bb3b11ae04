//! How good were predictions for one recorded block, in the figures other tools read?
//!
//! In: a [`Prepared`] block and predictions for it. Out: [`BlockScore`], and [`ScoreLine`], its JSON
//! form and that of a sum over blocks.
//! Invariant: every figure but the times is a function of the recording and the predictions.

mod baseline;
mod judge;
mod values;

use std::collections::BTreeMap;

use serde::Serialize;
use slotcast_executor::{SequentialSettings, execute_sequential};
use slotcast_model::{IndexVec, Prediction, TxIndex};

use crate::{
    refunds::{RefundCounts, RefundFigures},
    score::{Bar, Counts, DeltaCounts, Histogram, HitFigures, Score, Stratum},
};
use slotcast::{Basis, Clock, PredictSettings, Predicted, Prepared, Summaries};
use slotcast_corpus::RunError;

use baseline::baseline_prediction;
use judge::score_by;

pub use judge::{Judged, Truth, judge_block};

/// The score of one block, or the sum over several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockScore {
    /// The counts.
    pub score: Score,
    /// Why predictions were wrong.
    pub reasons: Histogram,
    /// Microseconds to predict; nothing for predictions that were given.
    pub predict_micros: Option<u64>,
    /// Microseconds to run the block sequentially.
    pub sequential_micros: u64,
    /// The same block predicted in other ways, if that was asked for.
    pub compared: Option<Compared>,
    /// Refunds by warmth within the block, if they were asked for.
    pub refunds: Option<RefundCounts>,
}

impl BlockScore {
    /// Adds another block.
    pub fn add(&mut self, other: &Self) {
        self.score.add(&other.score);
        self.reasons.add(&other.reasons);
        self.sequential_micros += other.sequential_micros;
        self.predict_micros = match (self.predict_micros, other.predict_micros) {
            (Some(mine), Some(theirs)) => Some(mine + theirs),
            (mine, theirs) => mine.or(theirs),
        };
        if let Some(theirs) = &other.compared {
            self.compared.get_or_insert_default().add(theirs);
        }
        if let Some(theirs) = &other.refunds {
            self.refunds.get_or_insert_default().add(theirs);
        }
    }
}

/// Scores `predictions` against what running the block sequentially really touches.
///
/// The block is run twice: once looking at everything, and once timed.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::score_block;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let (score, judged) = score_block(&prepared, &predictions)?;
/// assert_eq!(score.score, judged.score);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn score_block(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> Result<(BlockScore, Judged), RunError> {
    let judged = judge_block(prepared, predictions)?;
    let clock = Clock::start();
    execute_sequential(
        prepared.block(),
        prepared.state(),
        &SequentialSettings { is_observed: false },
    )
    .map_err(|source| RunError::of(prepared.block(), source))?;
    let sequential_micros = clock.micros();
    let score = BlockScore {
        score: judged.score,
        reasons: Histogram::of(&judged.misses),
        predict_micros: None,
        sequential_micros,
        compared: None,
        refunds: None,
    };
    Ok((score, judged))
}

/// Other ways to predict a block, to set ours beside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Our predictions on the parent state alone, which is all that the baseline has to go by.
    pub parent: OtherPrediction,
    /// Running every transaction alone on the parent state.
    pub baseline: OtherPrediction,
}

impl Compared {
    /// Adds another block.
    pub fn add(&mut self, other: &Self) {
        self.parent.add(&other.parent);
        self.baseline.add(&other.baseline);
    }
}

/// How good another way to predict is, and what it costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OtherPrediction {
    /// The counts.
    pub score: Score,
    /// Microseconds it takes.
    pub micros: u64,
}

impl OtherPrediction {
    /// Adds another block.
    pub fn add(&mut self, other: &Self) {
        self.score.add(&other.score);
        self.micros += other.micros;
    }
}

/// Predicts the block in other ways and scores that by the same truth; `summaries` may be those
/// that our own prediction has made.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::{compare_block, judge_block};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let summaries = prepared.summaries(&Default::default());
/// let predictions = prepared.predict_with(&summaries, &Default::default()).predictions;
/// let truth = judge_block(&prepared, &predictions)?.truth;
/// let compared = compare_block(&prepared, &truth, &summaries)?;
/// assert!(0.5 < compared.baseline.score.total.slot_recall());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare_block(
    prepared: &Prepared,
    truth: &Truth,
    summaries: &Summaries,
) -> Result<Compared, RunError> {
    let settings = PredictSettings { basis: Basis::Parent, ..PredictSettings::default() };
    let Predicted { predictions, predict_micros, .. } = prepared.predict_with(summaries, &settings);
    let parent = OtherPrediction {
        score: judge_block(prepared, &predictions)?.score,
        micros: predict_micros,
    };
    let predicted = baseline_prediction(prepared)?;
    let baseline = OtherPrediction {
        score: score_by(prepared, &predicted.predictions, truth, |_| (&[], false)),
        micros: predicted.micros,
    };
    Ok(Compared { parent, baseline })
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
    /// The account lists, by kind.
    pub accounts: BTreeMap<&'static str, HitFigures>,
    /// The claims that slots are only added to.
    pub deltas: DeltaFigures,
    /// Why slots are missing or wrong, the commonest reason first.
    pub reasons: Vec<Bar>,
    /// Our predictions on the parent state alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Figures>,
    /// Running every transaction alone on the parent state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Figures>,
    /// Refunds by warmth within the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunds: Option<RefundFigures>,
}

/// What claims that slots are only added to are worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeltaFigures {
    /// Slots claimed to be only added to.
    pub claimed: u64,
    /// Those of them of which it is true.
    pub confirmed: u64,
    /// The share of these.
    pub confirmed_share: f64,
    /// Conflict edges without those of deltas that are not observed.
    pub edges: u64,
    /// The share of them that the confirmed claims take away.
    pub explained_edge_share: f64,
}

impl From<DeltaCounts> for DeltaFigures {
    fn from(counts: DeltaCounts) -> Self {
        Self {
            claimed: counts.claimed,
            confirmed: counts.confirmed,
            confirmed_share: counts.confirmed_share(),
            edges: counts.edges,
            explained_edge_share: counts.explained_edge_share(),
        }
    }
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
    pub value_exact_share: f64,
    /// Predicted changes of balances that were just that.
    pub balance_exact_share: f64,
    pub complete_claims_sound: f64,
    pub assuming_claims_sound: f64,
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
        let compared = block.compared.as_ref();
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
            accounts: block.score.accounts.kinds().collect(),
            deltas: block.score.deltas.into(),
            reasons: block.reasons.bars(),
            parent: compared.map(|compared| Figures::of_other(&compared.parent)),
            baseline: compared.map(|compared| Figures::of_other(&compared.baseline)),
            refunds: block.refunds.as_ref().map(RefundFigures::from),
        }
    }
}

impl Figures {
    fn of_other(other: &OtherPrediction) -> Self {
        let counts = &other.score.total;
        Self {
            critical_path_inflation: Some(counts.critical_path_inflation()),
            predict_micros: Some(other.micros),
            ..Self::of_part(counts)
        }
    }

    pub(crate) fn of_part(counts: &Counts) -> Self {
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
            value_exact_share: counts.value_exact_share(),
            balance_exact_share: counts.balance_exact_share(),
            complete_claims_sound: counts.complete_claims_sound(),
            assuming_claims_sound: counts.assuming_claims_sound(),
            wildcard_tx_share: counts.wildcard_tx_share(),
            state_reads_per_tx: counts.state_reads_per_tx(),
            critical_path_inflation: None,
            predict_micros: None,
            sequential_micros: None,
        }
    }
}
