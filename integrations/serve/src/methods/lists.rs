//! `slotcast_createAccessList` and `eth_createAccessList`: which access list would a transaction carry?
//!
//! In: a transaction and a block. Out: the list, and the gas the transaction is expected to use.
//! Invariant: nothing is run, so the gas is an estimate; and the method of the execution API names the
//! state by the block that left it, as everywhere in that API.

use alloy_eips::eip2930::AccessList;
use alloy_primitives::U64;
use serde::Serialize;
use serde_json::value::RawValue;
use slotcast::{
    graph::estimate_gas,
    hints::{Warm, access_list},
    model::{Coverage, Prediction},
};

use super::{OfOne, asked};
use crate::{
    block_context::{BlockContext, BlockName},
    fault::Fault,
    service::{SCHEMA_VERSION, Service, json},
    transaction::Asked,
};

/// As `eth_createAccessList` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfEth {
    access_list: AccessList,
    gas_used: U64,
}

/// The same with what it is worth.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    schema_version: u64,
    block: BlockName,
    access_list: AccessList,
    gas_estimate: U64,
    complete: bool,
    coverage: &'static str,
    /// What may be missing, and why.
    gaps: Vec<&'static str>,
}

/// The list on the state that the named block left.
pub(super) fn of_eth(service: &Service, params: OfOne) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context_after(params.block)?;
    let asked = asked(&params.tx, &context)?;
    let prediction = service.predict(&context, &asked)?;
    Ok(json(&OfEth {
        access_list: list(&context, &asked, &prediction),
        gas_used: U64::from(estimate_gas(&asked.tx, &prediction)),
    }))
}

/// The list of a transaction that is to be part of the named block.
pub(super) fn create(service: &Service, params: OfOne) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context(params.block)?;
    let asked = asked(&params.tx, &context)?;
    let prediction = service.predict(&context, &asked)?;
    let coverage = prediction.coverage();
    Ok(json(&Created {
        schema_version: SCHEMA_VERSION,
        block: context.name(),
        access_list: list(&context, &asked, &prediction),
        gas_estimate: U64::from(estimate_gas(&asked.tx, &prediction)),
        complete: coverage == Coverage::Complete,
        coverage: coverage.text(),
        gaps: prediction.gaps().iter().map(|gap| gap.text()).collect(),
    }))
}

fn list(context: &BlockContext, asked: &Asked, prediction: &Prediction) -> AccessList {
    let warm = Warm {
        sender: asked.tx.signer(),
        to: alloy_consensus::Transaction::to(asked.tx.inner()),
        beneficiary: context.words().coinbase,
    };
    access_list(warm, prediction)
}
