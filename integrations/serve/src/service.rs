//! What do all methods share?
//!
//! In: settings. Out: [`Service`]: the source, what is warm, the limits, what was measured, and
//! predictions as answers have them.
//! Invariant: an answer depends on the request and its context alone, but for targets of computed jumps
//! that were met before.

use std::sync::Arc;

use alloy_primitives::{Address, B256};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use slotcast::{
    analyzer::summary::ANALYZER_VERSION,
    hints::Hint,
    model::{Gap, Prediction, TxIndex},
    prediction_file,
};
use slotcast_store::Store;

use crate::{
    block_context::{BlockContext, BlockName},
    chain::Chain,
    concurrency::ConcurrencyLimit,
    error::ServeError,
    fault::Fault,
    measured::Measured,
    methods,
    settings::{Limits, Settings},
    stream::Stream,
    traced::Seen,
    transaction::Asked,
    warm::Warm,
    words::WordOut,
};

/// The version of all answers.
pub(crate) const SCHEMA_VERSION: u64 = 1;

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) chain: Chain,
    pub(crate) warm: Warm,
    pub(crate) limits: Limits,
    pub(crate) concurrency: ConcurrencyLimit,
    pub(crate) stream: Stream,
    pub(crate) measured: Measured,
}

/// A prediction, as answers have it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PredictedAccess<T> {
    schema_version: u64,
    block: BlockName,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<B256>,
    #[serde(flatten)]
    tx: T,
    relied_on: Vec<WordOut>,
}

impl Service {
    /// A service by these settings, which listens nowhere yet.
    pub(crate) fn open(settings: &Settings) -> Result<Self, ServeError> {
        let Settings { source, rules, store, store_bytes, limits, .. } = settings;
        let store = store.as_deref().map(|path| Store::open(path, *store_bytes)).transpose()?;
        if store.as_ref().is_some_and(Store::is_rebuilt) {
            tracing::warn!("the store could not be trusted; it was set aside and begun again");
        }
        Ok(Self {
            chain: Chain::open(source.clone(), rules.clone())?,
            warm: Warm::new(limits.summaries, limits.pending, store.map(Arc::new)),
            limits: *limits,
            concurrency: ConcurrencyLimit::new(limits.concurrency, limits.time),
            stream: Stream::new(),
            measured: Measured::new(&methods::NAMES),
        })
    }

    /// Predicts one transaction on the context alone; one that waits may have been predicted before.
    pub(crate) fn predict(
        &self,
        context: &BlockContext,
        asked: &Asked,
    ) -> Result<Prediction, Fault> {
        if let Some(hash) = &asked.hash
            && let Some(kept) = self.kept(context, hash)
        {
            self.measured.from_kept.increment(1);
            return Ok(kept);
        }
        let prediction = self.warm.predict(context, asked).prediction;
        self.note(context, &prediction)?;
        Ok(prediction)
    }

    /// What is kept of a transaction that waits, if it still holds and lacks no state that the node did
    /// not give.
    pub(crate) fn kept(&self, context: &BlockContext, hash: &B256) -> Option<Prediction> {
        let kept = self.warm.kept(context, hash);
        let kept = kept.filter(|prediction| !prediction.gaps().contains(&Gap::MissingState))?;
        self.measured.prediction(kept.coverage());
        Some(kept)
    }

    /// Predicts one transaction with what a prediction leaves out.
    pub(crate) fn predict_traced(
        &self,
        context: &BlockContext,
        asked: &Asked,
    ) -> Result<(Prediction, Seen), Fault> {
        let (bound, seen) = self.warm.predict_traced(context, asked);
        self.note(context, &bound.prediction)?;
        Ok((bound.prediction, seen))
    }

    /// Predicts transactions in this order, each on what those before it leave.
    pub(crate) fn predict_in_order(
        &self,
        context: &BlockContext,
        asked: &[Asked],
    ) -> Result<Vec<Prediction>, Fault> {
        let predictions = self.warm.predict_in_order(context, asked);
        for prediction in &predictions {
            self.note(context, prediction)?;
        }
        Ok(predictions.into_iter().collect())
    }

    /// Counts a prediction; one that lacks state because the node did not answer is none.
    fn note(&self, context: &BlockContext, prediction: &Prediction) -> Result<(), Fault> {
        self.measured.prediction(prediction.coverage());
        match prediction.gaps().contains(&Gap::MissingState) {
            true => context.check(),
            false => Ok(()),
        }
    }

    /// The hint that a prediction on this context is.
    pub(crate) fn hint(context: &BlockContext, prediction: Prediction) -> Hint {
        let code = |address: &Address| Some((*address, context.code_hash(*address)?));
        let codes = prediction.accounts().code_reads.iter().filter_map(code).collect();
        Hint::new(prediction, codes, ANALYZER_VERSION)
    }

    /// The prediction of the transaction at `index` of a request, as answers have it.
    pub(crate) fn answer(
        context: &BlockContext,
        index: usize,
        hash: Option<B256>,
        hint: &Hint,
    ) -> impl Serialize + Clone + use<> {
        let index = TxIndex(u32::try_from(index).unwrap_or(u32::MAX));
        PredictedAccess {
            schema_version: SCHEMA_VERSION,
            block: context.name(),
            hash,
            tx: prediction_file::of_tx(index, hint.prediction()),
            relied_on: hint.relied_on().map(WordOut::from).collect(),
        }
    }
}

/// Any answer as JSON.
pub(crate) fn json(answer: &impl Serialize) -> Box<RawValue> {
    to_raw_value(answer).expect("plain lists and numbers can be written as JSON")
}
