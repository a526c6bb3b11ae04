//! `slotcast analyze`: what does each function of a contract touch?
//!
//! In: codes and artifacts. Out: for each function its accesses and calls, as text or JSON.

use alloy_primitives::B256;
use serde::Serialize;
use slotcast::{
    Clock,
    analyzer::{
        analyze as summarise, describe,
        limits::{Limits, StopReason},
        summary::{AccessText, CallText, Certainty, Description, FunctionText},
    },
    model::Fork,
};

use crate::{
    args::Analyze,
    artifact::{self, Code},
    failure::{Failure, Verdict},
    render::{BAD, Console, HEAD, count, duration},
};

/// What runs when no selector matches.
const FALLBACK: &str = "fallback";

/// The contract whose code it is.
const THIS: &str = "this";

/// Describes all contracts.
pub(crate) fn analyze(args: &Analyze, console: &Console) -> Result<Verdict, Failure> {
    for argument in &args.codes {
        for code in artifact::read(argument)? {
            let contract = Contract::new(&code, args.fork);
            match console.is_json() {
                true => console.document(&contract)?,
                false => text(&contract, console)?,
            }
        }
    }
    Ok(Verdict::Holds)
}

/// A contract, described; its JSON form is what `slotcast analyze --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    name: String,
    code_hash: B256,
    size: u32,
    /// How long summarising took; describing for readers is not counted.
    micros: u64,
    stop_reason: &'static str,
    blocks: u32,
    unresolved_jumps: u32,
    functions: Vec<Function>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Function {
    /// Nothing for what runs when no selector matches.
    selector: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    accesses: Vec<Access>,
    calls: Vec<Call>,
    /// Whether all of the function's own accesses are listed.
    coverage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

#[derive(Serialize)]
struct Access {
    kind: &'static str,
    contract: String,
    slot: String,
    /// What the source calls the slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
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

impl Contract {
    fn new(code: &Code, fork: Fork) -> Self {
        let limits = Limits::default();
        let clock = Clock::start();
        drop(summarise(&code.bytes, fork, &limits));
        let micros = clock.micros();
        let Description { code_hash, code_size, functions, n_blocks, n_unresolved, stop } =
            describe(&code.bytes, fork, &limits);
        Self {
            name: code.name.clone(),
            code_hash,
            size: code_size,
            micros,
            stop_reason: stop.text(),
            blocks: n_blocks,
            unresolved_jumps: n_unresolved,
            functions: functions.into_iter().map(|of| Function::new(of, code)).collect(),
        }
    }
}

impl Function {
    fn new(function: FunctionText, code: &Code) -> Self {
        let FunctionText { selector, accesses, calls, stop } = function;
        let is_finished = stop == StopReason::Finished;
        Self {
            selector: selector.map(|selector| format!("{selector:#010x}")),
            name: selector.and_then(|selector| code.signature(selector).map(str::to_owned)),
            accesses: accesses.into_iter().map(|of| Access::new(of, code)).collect(),
            calls: calls.into_iter().map(Call::from).collect(),
            coverage: if is_finished { "complete" } else { "partial" },
            why: (!is_finished).then(|| stop.text()),
        }
    }
}

impl Access {
    fn new(access: AccessText, code: &Code) -> Self {
        let AccessText { slot, kind, contract, certainty, when } = access;
        // A layout is that of the contract itself.
        let name = if contract == THIS { code.variable(&slot) } else { None };
        Self { kind: kind.text(), contract, slot, name, certainty: certainty.text(), when }
    }
}

impl From<CallText> for Call {
    fn from(call: CallText) -> Self {
        let CallText { kind, target, selector, certainty } = call;
        Self { kind: kind.text(), target, selector, certainty: certainty.text() }
    }
}

fn text(contract: &Contract, console: &Console) -> Result<(), Failure> {
    let head = format!(
        "{}: {} bytes, {}, {}, {} in {}",
        contract.name,
        contract.size,
        count(contract.functions.len(), "function", "functions"),
        count(contract.blocks as usize, "block", "blocks"),
        contract.stop_reason,
        duration(contract.micros),
    );
    console.line(console.paint(HEAD, &head))?;
    if contract.unresolved_jumps != 0 {
        let jumps = contract.unresolved_jumps as usize;
        let unresolved = count(jumps, "jump is not resolved", "jumps are not resolved");
        console.line(console.paint(BAD, &unresolved))?;
    }
    contract.functions.iter().try_for_each(|function| one(function, console))
}

fn one(function: &Function, console: &Console) -> Result<(), Failure> {
    let selector = function.selector.as_deref().unwrap_or(FALLBACK);
    let name = function.name.as_deref().map_or_else(String::new, |name| format!(" {name}"));
    let why = function.why.map_or_else(String::new, |why| format!(" (partial: {why})"));
    console.line("")?;
    console.line(format_args!("{}{}", console.paint(HEAD, &format!("{selector}{name}")), why))?;
    let may = |certainty: &str| if certainty == Certainty::May.text() { "may " } else { "" };
    for Access { kind, contract, slot, name, certainty, when } in &function.accesses {
        let of = if contract == THIS { String::new() } else { format!(" of {contract}") };
        let slot = match name {
            Some(name) => format!("{name}  [{slot}]"),
            None => format!("[{slot}]"),
        };
        let when = when.as_ref().map_or_else(String::new, |when| format!("  when {when}"));
        console.line(format_args!("  {}{kind} {slot}{of}{when}", may(certainty)))?;
    }
    for (n, Call { kind, target, selector, certainty }) in function.calls.iter().enumerate() {
        let selector = selector.as_ref().map_or_else(String::new, |it| format!(" selector {it}"));
        console.line(format_args!("  #{n} {}{kind} {target}{selector}", may(certainty)))?;
    }
    Ok(())
}
