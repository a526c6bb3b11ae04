//! `slotcast_predictAccess` and `slotcast_predictBatch`: what will transactions touch?
//!
//! In: transactions and a block. Out: their predictions, as in a prediction file, with the state words
//! they relied on.

use alloy_eips::BlockId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{OfOne, asked, asked_all};
use crate::{
    fault::Fault,
    inclusion::objection,
    service::{Service, json},
};

/// Predicts one transaction.
pub(super) fn one(service: &Service, params: OfOne) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context(params.block)?;
    let asked = asked(&params.tx, &context)?;
    let hint = Service::hint(&context, service.predict(&context, &asked)?);
    let prediction = Service::answer(&context, 0, asked.hash, &hint);
    Ok(json(&One { prediction, rejected: objection(&context, &asked) }))
}

/// A prediction, and why the transaction cannot be included if it cannot.
#[derive(Serialize)]
struct One<T> {
    #[serde(flatten)]
    prediction: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<String>,
}

/// Parameters of a batch.
#[derive(Debug, Deserialize)]
pub(super) struct Batch {
    txs: Vec<Box<RawValue>>,
    #[serde(default)]
    block: Option<BlockId>,
    #[serde(default)]
    basis: Basis,
}

/// What predictions of a batch build on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Basis {
    /// The state before the block alone.
    #[default]
    Parent,
    /// The transactions before them, too.
    Order,
}

/// Predicts many transactions.
pub(super) fn batch(service: &Service, params: Batch) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context(params.block)?;
    let asked = asked_all(service, &params.txs, &context)?;
    let predictions = match params.basis {
        Basis::Parent => {
            let each = asked.iter().map(|asked| service.predict(&context, asked));
            each.collect::<Result<Vec<_>, _>>()?
        }
        Basis::Order => service.predict_in_order(&context, &asked)?,
    };
    let answers = asked.iter().zip(predictions).enumerate().map(|(index, (asked, prediction))| {
        Service::answer(&context, index, asked.hash, &Service::hint(&context, prediction))
    });
    Ok(json(&answers.collect::<Vec<_>>()))
}
