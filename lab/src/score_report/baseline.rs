//! What does parent-state simulation predict?
//!
//! In: a prepared block. Out: [`BaselinePrediction`], what those runs touch, put as predictions.
//! Invariant: this is the baseline a score is set beside and nothing else. The module is private to
//! scoring, so that no prediction of ours can come from it.

use slotcast_executor::{AloneSettings, execute_alone};
use slotcast_model::{Coverage, IndexVec, Observation, Prediction, StorageAccess, TxIndex};

use slotcast::{Clock, Prepared};
use slotcast_corpus::RunError;

/// The baseline's predictions and their price.
#[derive(Debug)]
pub(super) struct BaselinePrediction {
    pub(super) predictions: IndexVec<TxIndex, Prediction>,
    /// Microseconds for a run that records storage only, which takes no look at instructions.
    pub(super) micros: u64,
}

/// Runs every transaction of the block alone on the parent state: once looking at everything, and
/// once timed.
pub(super) fn baseline_prediction(prepared: &Prepared) -> Result<BaselinePrediction, RunError> {
    let run = |is_observed| {
        execute_alone(prepared.block(), prepared.state(), AloneSettings { is_observed })
            .map_err(|source| RunError::of(prepared.block(), source))
    };
    let observed = run(true)?;
    let clock = Clock::start();
    run(false)?;
    let micros = clock.micros();
    let predictions = observed.observations.iter().map(predicted).collect();
    Ok(BaselinePrediction { predictions, micros })
}

/// What was seen is what is predicted; on another state it may be something else.
fn predicted(seen: &Observation) -> Prediction {
    let storage = StorageAccess {
        reads: seen.reads.clone(),
        writes: seen.writes.clone(),
        deltas: Vec::new(),
    };
    let accounts = seen.accounts.clone();
    Prediction::stated(storage, accounts, Vec::new(), Coverage::Assuming, Vec::new(), 0)
}
