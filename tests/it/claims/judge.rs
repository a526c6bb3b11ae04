//! Which claims are made of a block, and do they hold?
//!
//! In: a block and the state before it. Out: one [`Claim`] for each transaction.
//! Invariant: predictions are made in block order, as often as summaries are refined by them.

use slotcast::{
    Basis, Summaries, View,
    executor::{Block, MemoryState, Question, inspect},
    model::{Coverage, Fork, Gap, IndexVec, Observation, Prediction, Slot, TxIndex},
    predict::predict_block,
};

/// What is claimed of a transaction.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) tx: TxIndex,
    pub(super) coverage: Coverage,
    pub(super) gaps: Vec<Gap>,
    /// Whether the claim is one to be held to: it has no gap, and all words it relies on held.
    pub(super) is_made: bool,
    /// What the claim misses, if it is made.
    pub(super) miss: Option<String>,
    /// What really happened.
    pub(super) truth: Observation,
}

/// The claims of all transactions.
pub(super) fn judge(
    block: &Block,
    state: &MemoryState,
    fork: Fork,
    summaries: &Summaries,
) -> Vec<Claim> {
    let predictions = predict(block, state, fork, summaries);
    let question = |prediction: &Prediction| Question {
        locations: prediction.relied_on().iter().map(|word| word.location).collect(),
        raises: Vec::new(),
    };
    let inspected = inspect(block, state, &predictions.iter().map(question).collect())
        .expect("the state has everything");
    let claim = |(tx, prediction): (TxIndex, &Prediction)| {
        let truth = &inspected.observations[tx];
        let held = &inspected.answers[tx].values;
        let words = prediction.relied_on().iter().zip(held);
        let coverage = prediction.coverage();
        let is_made =
            coverage != Coverage::Partial && words.clone().all(|(word, held)| word.value == *held);
        let miss = missing(prediction, truth).filter(|_| is_made);
        let miss = miss.map(|miss| format!("{miss}, {}, {:?}", coverage.text(), inspected.txs[tx]));
        Claim {
            tx,
            coverage,
            gaps: prediction.gaps().to_vec(),
            is_made,
            miss,
            truth: truth.clone(),
        }
    };
    predictions.iter_enumerated().map(claim).collect()
}

/// Predictions in block order, made again until no computed jump leads anywhere new.
pub(super) fn predict(
    block: &Block,
    state: &MemoryState,
    fork: Fork,
    summaries: &Summaries,
) -> IndexVec<TxIndex, Prediction> {
    loop {
        let before = summaries.n_refinements();
        let view = View::new(state, summaries);
        let predictions = predict_block(block, fork, &view, Basis::BlockOrder, Default::default());
        if summaries.n_refinements() == before {
            return predictions;
        }
    }
}

/// The first slot that was touched or changed and is not predicted to be.
fn missing(prediction: &Prediction, truth: &Observation) -> Option<String> {
    let storage = prediction.storage();
    let lacks = |list: &[Slot], slot: &&Slot| {
        list.binary_search(slot).is_err() && storage.deltas.binary_search(slot).is_err()
    };
    let read = truth.reads.iter().find(|slot| lacks(&storage.reads, slot));
    let write = truth.writes.iter().find(|slot| lacks(&storage.writes, slot));
    read.map(|slot| format!("touched {slot}")).or(write.map(|slot| format!("changed {slot}")))
}
