//! For which state does a prediction hold?
//!
//! In: a prepared block and its predictions. Out: [`Hint`]s, which carry the hashes of the codes they
//! were made from and the version of the analysis.
//! Invariant: nothing is predicted here.

use crate::hints::{Head, Hint};
use slotcast_analyzer::summary::ANALYZER_VERSION;
use slotcast_executor::Block;
use slotcast_model::{IndexVec, Prediction, TxIndex};

use crate::prepared::Prepared;

/// The predictions with everything they hold for.
///
/// Hashes are those before the block; a code that an earlier transaction of the block puts in place
/// is part of what [`Basis::BlockOrder`](crate::Basis) builds on.
///
/// ```
/// use slotcast::hints::hints_of;
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let predictions = prepared.predict(&Default::default()).predictions;
/// let hints = hints_of(&prepared, &predictions);
/// assert!(hints.iter().all(|hint| hint.analyzer() != 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hints_of(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
) -> IndexVec<TxIndex, Hint> {
    predictions.iter().map(|prediction| hint_of(prepared, prediction.clone())).collect()
}

/// One prediction with everything it holds for.
///
/// ```
/// use slotcast::{model::Prediction, hints::hint_of};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// assert!(hint_of(&prepared, Prediction::default()).codes().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn hint_of(prepared: &Prepared, prediction: Prediction) -> Hint {
    let codes = prediction.accounts().code_reads.iter();
    let codes = codes.map(|&address| (address, prepared.state().code_hash(address))).collect();
    Hint::new(prediction, codes, ANALYZER_VERSION)
}

/// What predictions of `block` that are made here are of, as files of them say.
///
/// ```
/// use slotcast::hints::head_of;
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// assert_eq!(head_of(prepared.block()).chain_id, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const fn head_of(block: &Block) -> Head {
    Head { chain_id: block.chain_id, block: block.header.number, analyzer: ANALYZER_VERSION }
}
