//! `slotcast_schedule`: in which order may transactions run?
//!
//! In: transactions in an order, or a block with its own. Out: the schedule, as `slotcast schedule
//! --json` prints it.

use alloy_eips::BlockId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use slotcast::hints::ScheduleDocument;
use slotcast::{
    graph::predicted_accesses,
    model::IndexVec,
    scheduler::{self},
};

use super::asked_all;
use crate::{
    fault::Fault,
    service::{SCHEMA_VERSION, Service, json},
    transaction::Asked,
};

/// What is asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    #[serde(default)]
    txs: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    block: Option<BlockId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    schema_version: u64,
    #[serde(flatten)]
    document: ScheduleDocument,
}

/// Schedules transactions.
pub(super) fn schedule(service: &Service, params: Asking) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context(params.block)?;
    let asked = match &params.txs {
        Some(texts) => asked_all(service, texts, &context)?,
        None => {
            let all = service.chain.transactions(&context)?.into_iter();
            all.map(|tx| Asked { hash: Some(*tx.tx_hash()), tx }).collect()
        }
    };
    let predictions = IndexVec::from(service.predict_in_order(&context, &asked)?);
    let block = context.block_with(asked.into_iter().map(|asked| asked.tx).collect());
    let schedule = scheduler::schedule(&predicted_accesses(&block, &predictions, &*context));
    let document = ScheduleDocument::new(block.header.number, &schedule);
    Ok(json(&Versioned { schema_version: SCHEMA_VERSION, document }))
}
