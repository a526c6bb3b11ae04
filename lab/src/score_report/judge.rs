//! What is true of a block, and which claims of its predictions hold?
//!
//! In: a prepared block and predictions for it. Out: [`Judged`]: the truth, the score, and every
//! miss with its reason.
//! Invariant: the block is executed sequentially by the canonical executor; a claim that a slot is only added
//! to is confirmed if it holds for every amount in [`RAISES`].

use alloy_consensus::Transaction as _;
use alloy_primitives::U256;
use slotcast_executor::{Inspected, Question, TxOutcome, inspect};
use slotcast_model::{IndexVec, Observation, Prediction, Slot, TxIndex};

use super::values::values_held;
use crate::score::{Evidence, Miss, Score, Scored, Stratum, misses, score};
use slotcast::Prepared;
use slotcast_corpus::RunError;

/// By how much a slot is raised to see whether anybody looks at it. Small, so that packed fields
/// beside it stay what they are; several, so that no chance equality decides.
const RAISES: [u64; 3] = [1, 7, 4096];

/// What really happened in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// What became of each transaction.
    pub txs: IndexVec<TxIndex, TxOutcome>,
    /// What each touched.
    pub observations: IndexVec<TxIndex, Observation>,
    /// What each of the slots that it read or wrote held when its turn came.
    pub found: IndexVec<TxIndex, Vec<U256>>,
}

/// Predictions of a block against the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The truth.
    pub truth: Truth,
    /// The score.
    pub score: Score,
    /// What the predictions have wrong, by transaction and slot.
    pub misses: Vec<Miss>,
    /// What the words that each prediction relied on held when the transaction's turn came.
    pub held: IndexVec<TxIndex, Vec<U256>>,
}

/// Runs the block sequentially and judges `predictions` by what happens.
///
/// ```
/// use slotcast_corpus::{self as corpus, prepare};
/// use slotcast_lab::judge_block;
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let judged = judge_block(&prepared, &predictions)?;
/// assert!(0.9 < judged.score.total.slot_recall());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// When there is not one prediction for each transaction.
pub fn judge_block(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> Result<Judged, RunError> {
    let questions = predictions.iter().map(question).collect();
    let Inspected { txs, observations, answers } =
        inspect(prepared.block(), prepared.state(), &questions)
            .map_err(|source| RunError::of(prepared.block(), source))?;
    let found = answers.iter().map(|answer| answer.found.clone()).collect();
    let truth = Truth { txs, observations, found };
    let confirmed: IndexVec<TxIndex, Vec<Slot>> = answers
        .iter_enumerated()
        .map(|(tx, answer)| confirmed(&predictions[tx], &answer.only_added))
        .collect();
    let evidence: IndexVec<TxIndex, Evidence<'_>> = answers
        .iter_enumerated()
        .map(|(tx, answer)| Evidence {
            prediction: &predictions[tx],
            truth: &truth.observations[tx],
            values: &answer.values,
            outcome: &truth.txs[tx],
        })
        .collect();
    let misses = misses(&evidence);
    let held: IndexVec<TxIndex, Vec<U256>> =
        answers.into_iter().map(|answer| answer.values).collect();
    let claims = |tx: TxIndex| (&confirmed[tx][..], words_held(&predictions[tx], &held[tx]));
    let score = score_by(prepared, predictions, &truth, claims);
    Ok(Judged { score, misses, held, truth })
}

/// Whether all words that a prediction relied on are listed and held what it says.
fn words_held(prediction: &Prediction, held: &[U256]) -> bool {
    let relied_on = prediction.relied_on();
    relied_on.len() == prediction.n_state_reads()
        && relied_on.iter().zip(held).all(|(word, held)| word.value == *held)
}

/// The score of `predictions` by a truth that is known already; `claims` tells of each the slots that
/// are really only added to, and whether all words relied on held.
pub(super) fn score_by<'a>(
    prepared: &Prepared,
    predictions: &'a IndexVec<TxIndex, Prediction>,
    truth: &'a Truth,
    claims: impl Fn(TxIndex) -> (&'a [Slot], bool),
) -> Score {
    let block = prepared.block();
    let values_held = values_held(prepared, predictions, truth);
    let scored = |tx: TxIndex| {
        let observation = &truth.observations[tx];
        let (confirmed, words_held) = claims(tx);
        Scored {
            prediction: &predictions[tx],
            truth: observation,
            confirmed,
            words_held,
            values_held: values_held[tx],
            stratum: Stratum::of(block.transaction(tx).input(), observation),
            gas: truth.txs[tx].gas_used().unwrap_or(0),
        }
    };
    score(&block.tx_indices().map(scored).collect())
}

/// What has to be asked to judge a prediction.
fn question(prediction: &Prediction) -> Question {
    let deltas = &prediction.storage().deltas;
    Question {
        locations: prediction.relied_on().iter().map(|word| word.location).collect(),
        raises: deltas.iter().flat_map(|&slot| RAISES.map(|by| (slot, U256::from(by)))).collect(),
    }
}

/// The slots of which every raise was only a delta.
fn confirmed(prediction: &Prediction, only_added: &[bool]) -> Vec<Slot> {
    let deltas = &prediction.storage().deltas;
    let of_each = only_added.chunks(RAISES.len());
    let confirmed = deltas.iter().zip(of_each).filter(|(_, holds)| holds.iter().all(|it| *it));
    confirmed.map(|(slot, _)| *slot).collect()
}
