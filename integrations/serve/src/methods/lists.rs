//! `slotcast_createAccessList` and `eth_createAccessList`: which access list would a transaction carry?
//!
//! In: a transaction and a block. Out: the list, and the gas the transaction is expected to use.
//! Invariant: nothing is run, so the gas is an estimate but for payments; and the method of the execution API names the
//! state by the block that left it, as everywhere in that API.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::{Transaction as _, transaction::Recovered};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, U64, U256};
use serde::Serialize;
use serde_json::value::RawValue;
use slotcast::executor::ChainTx;
use slotcast::{
    BaseState, CodeAt,
    graph::estimate_gas,
    hints::{Warm, access_list},
    model::{Coverage, Prediction},
};

use super::{OfOne, asked};
use crate::{
    block_context::{BlockContext, BlockName},
    fault::Fault,
    inclusion::{intrinsic_gas, listed_gas, refund},
    service::{SCHEMA_VERSION, Service, json},
    traced::Seen,
    transaction::Asked,
};

/// As `eth_createAccessList` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfEth {
    access_list: AccessList,
    /// Why the transaction fails, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    gas_used: U64,
}

/// The same with what it is worth.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    schema_version: u64,
    block: BlockName,
    access_list: AccessList,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
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
    let (prediction, seen) = service.predict_traced(&context, &asked)?;
    Ok(json(&OfEth {
        access_list: list(&context, &asked, &prediction, &seen),
        error: error(&seen),
        gas_used: U64::from(gas(&context, &asked.tx, &prediction)),
    }))
}

/// The list of a transaction that is to be part of the named block.
pub(super) fn create(service: &Service, params: OfOne) -> Result<Box<RawValue>, Fault> {
    let context = service.chain.context(params.block)?;
    let asked = asked(&params.tx, &context)?;
    let (prediction, seen) = service.predict_traced(&context, &asked)?;
    let coverage = prediction.coverage();
    Ok(json(&Created {
        schema_version: SCHEMA_VERSION,
        block: context.name(),
        access_list: list(&context, &asked, &prediction, &seen),
        error: error(&seen),
        gas_estimate: U64::from(gas(&context, &asked.tx, &prediction)),
        complete: coverage == Coverage::Complete,
        coverage: coverage.text(),
        gaps: prediction.gaps().iter().map(|gap| gap.text()).collect(),
    }))
}

/// What is predicted to be touched, the slots of contracts that are created, and what the transaction
/// lists itself.
fn list(context: &BlockContext, asked: &Asked, prediction: &Prediction, seen: &Seen) -> AccessList {
    let warm = Warm {
        sender: asked.tx.signer(),
        to: asked.tx.to(),
        beneficiary: context.words().coinbase,
        vaults: context.legs().all(),
    };
    let stated = asked.tx.access_list().cloned().unwrap_or_default();
    let mut all: BTreeMap<Address, BTreeSet<B256>> = BTreeMap::new();
    for item in access_list(warm, prediction).0.into_iter().chain(stated.0) {
        all.entry(item.address).or_default().extend(item.storage_keys);
    }
    for slot in seen.created_slots() {
        all.entry(slot.address).or_default().insert(slot.key.into());
    }
    let item = |(address, keys): (Address, BTreeSet<B256>)| AccessListItem {
        address,
        storage_keys: keys.into_iter().collect(),
    };
    AccessList(all.into_iter().map(item).collect())
}

const fn error(seen: &Seen) -> Option<&'static str> {
    if seen.is_failed { Some("execution reverted") } else { None }
}

/// The gas of a payment, which nothing is estimated of; else an estimate.
fn gas(context: &BlockContext, tx: &Recovered<ChainTx>, prediction: &Prediction) -> u64 {
    let (storage, accounts) = (prediction.storage(), prediction.accounts());
    let is_payment = tx.to().is_some_and(|to| {
        storage.reads.is_empty()
            && storage.deltas.is_empty()
            && accounts.code_reads == [to]
            && matches!(context.code(to), CodeAt::Nothing)
            && !is_precompile(to)
    });
    let [intrinsic, floor] = intrinsic_gas(tx, context.fork());
    let gas = match is_payment {
        true => intrinsic,
        false => estimate_gas(tx, prediction) + listed_gas(tx),
    };
    (gas - refund(tx, context, gas)).max(floor).min(tx.gas_limit())
}

/// Whether a call of the address may run a precompiled contract, which are all below 0x1000.
fn is_precompile(address: Address) -> bool {
    U256::from_be_bytes(address.into_word().0) < U256::from(0x1000)
}
