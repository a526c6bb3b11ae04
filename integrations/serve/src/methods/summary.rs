//! `slotcast_summary`: what does each function of a contract touch?
//!
//! In: an address and a block. Out: the functions of the code that is there, as `slotcast analyze
//! --json` prints them, without names.

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use slotcast::{
    BaseState, CodeAt,
    analyzer::{
        describe,
        describe::{AccessText, CallText, FunctionText},
        limits::StopReason,
    },
};

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
    functions: Vec<Function>,
}

#[derive(Serialize)]
struct Function {
    /// Nothing for what runs when no selector matches.
    selector: Option<String>,
    accesses: Vec<Access>,
    calls: Vec<Call>,
    requires: Vec<String>,
    coverage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

#[derive(Serialize)]
struct Access {
    kind: &'static str,
    contract: String,
    slot: String,
    certainty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
}

#[derive(Serialize)]
struct Call {
    kind: &'static str,
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    certainty: &'static str,
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
        functions: description.functions.into_iter().map(Function::from).collect(),
    }))
}

impl From<FunctionText> for Function {
    fn from(function: FunctionText) -> Self {
        let FunctionText { selector, accesses, requires, calls, stop } = function;
        let is_finished = stop == StopReason::Finished;
        Self {
            selector: selector.map(|selector| format!("{selector:#010x}")),
            accesses: accesses.into_iter().map(Access::from).collect(),
            calls: calls.into_iter().map(Call::from).collect(),
            requires: requires.into_iter().map(|requirement| requirement.text).collect(),
            coverage: if is_finished { "complete" } else { "partial" },
            why: (!is_finished).then(|| stop.text()),
        }
    }
}

impl From<AccessText> for Access {
    fn from(access: AccessText) -> Self {
        Self {
            kind: access.kind.text(),
            contract: access.contract,
            slot: access.slot,
            certainty: access.certainty.text(),
            when: access.when,
        }
    }
}

impl From<CallText> for Call {
    fn from(call: CallText) -> Self {
        let CallText { kind, target, selector, certainty } = call;
        Self { kind: kind.text(), target, selector, certainty: certainty.text() }
    }
}
