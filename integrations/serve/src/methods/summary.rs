//! `slotcast_summary`: what does each function of a contract touch?
//!
//! In: an address and a block. Out: the functions of the code that is there, as `slotcast analyze
//! --json` prints them, without names.

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use slotcast::{BaseState, CodeAt, analyzer::describe, hints::FunctionDocument};

use crate::{
    block_context::BlockName,
    fault::Fault,
    service::{SCHEMA_VERSION, Service, json},
};

/// What is asked.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    address: Address,
    #[serde(default)]
    block: Option<BlockId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    schema_version: u64,
    block: BlockName,
    address: Address,
    code_hash: B256,
    size: u32,
    stop_reason: &'static str,
    unresolved_jumps: u32,
    functions: Vec<FunctionDocument>,
}

/// Describes the code at an address.
pub(super) fn summary(service: &Service, params: Asking) -> Result<Box<RawValue>, Fault> {
    let Asking { address, block } = params;
    let context = service.chain.context(block)?;
    let (code_hash, code) = match context.code(address) {
        CodeAt::Known(hash, code) => (hash, code),
        CodeAt::Nothing => {
            return Err(Fault::NotFound(format!("address: there is no code at {address}")));
        }
        CodeAt::Unavailable => {
            context.check()?;
            return Err(Fault::Unavailable(format!(
                "address: the code at {address} was not recorded"
            )));
        }
    };
    let description = describe(&code, context.fork(), service.warm.analysis());
    Ok(json(&Described {
        schema_version: SCHEMA_VERSION,
        block: context.name(),
        address,
        code_hash,
        size: description.code_size,
        stop_reason: description.stop.text(),
        unresolved_jumps: description.n_unresolved,
        functions: description.functions.into_iter().map(FunctionDocument::from).collect(),
    }))
}
