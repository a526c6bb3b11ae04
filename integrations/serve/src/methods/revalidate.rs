//! `slotcast_revalidate`: which predictions no longer hold?
//!
//! In: predictions, of which only the words they relied on are looked at, and a block. Out: those that
//! relied on a word that holds something else before that block, with the words.
//! Invariant: a word that is not to be had is said to be unknown, and makes no prediction stale; a word
//! that is not recorded holds if it was what predictions take such a word for.

use alloy_eips::BlockId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    block_context::{BlockName, Look},
    fault::Fault,
    service::{SCHEMA_VERSION, Service, json},
    words::{ChangeOut, PlaceOut, WordIn},
};

/// What is asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    predictions: Vec<Relied>,
    #[serde(default)]
    block: Option<BlockId>,
}

/// A prediction, as far as it is looked at.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relied {
    relied_on: Vec<WordIn>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revalidated {
    schema_version: u64,
    block: BlockName,
    stale: Vec<Stale>,
    unknown: Vec<Unknown>,
}

/// A prediction that does not hold.
#[derive(Serialize)]
struct Stale {
    index: usize,
    changed: Vec<ChangeOut>,
}

/// A prediction of which cannot be said whether it holds.
#[derive(Serialize)]
struct Unknown {
    index: usize,
    words: Vec<PlaceOut>,
}

/// Compares what predictions relied on with what is there.
pub(super) fn revalidate(service: &Service, params: Asking) -> Result<Box<RawValue>, Fault> {
    let most = service.limits.transactions;
    let n = params.predictions.len();
    if most < n {
        let reason = format!("predictions: there are {n}, more than {most}; ask in parts");
        return Err(Fault::Limit(reason));
    }
    let context = service.chain.context(params.block)?;
    let (mut stale, mut unknown) = (Vec::new(), Vec::new());
    for (index, prediction) in params.predictions.iter().enumerate() {
        let (mut changed, mut words) = (Vec::new(), Vec::new());
        for (n, word) in prediction.relied_on.iter().enumerate() {
            let name = || format!("predictions[{index}].reliedOn[{n}]");
            let word = word.read().map_err(|fault| fault.within(&name()))?;
            match context.look(&word.location) {
                // A prediction made again would find the same.
                Look::Known(now) | Look::Assumed(now) if now == word.value => {}
                Look::Known(now) => changed.push(ChangeOut::new(&word, now)),
                Look::Assumed(_) | Look::Unavailable => words.push(PlaceOut::from(&word.location)),
            }
        }
        if !changed.is_empty() {
            stale.push(Stale { index, changed });
        } else if !words.is_empty() {
            unknown.push(Unknown { index, words });
        }
    }
    let block = context.name();
    Ok(json(&Revalidated { schema_version: SCHEMA_VERSION, block, stale, unknown }))
}
