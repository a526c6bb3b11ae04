//! `slotcast analyze`: what does each function of a contract touch?
//!
//! In: codes and artifacts. Out: for each function its accesses and calls, as text or JSON.
//! Invariant: names are added to what is said of the code, and change nothing of it.

mod batch;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, keccak256};
use serde::Serialize;
use slotcast::{
    Clock, Summaries,
    analyzer::describe::{Certainty, FunctionText},
    hints::{AccessDocument, CallDocument, FunctionDocument},
};
use slotcast_contracts::artifacts::{
    Contract as Compiled, NamedAccess, NamedContract, NamedFunction, Nameless, Tool, name_contract,
    read,
};

use crate::{
    args::Analyze,
    failure::{Failure, Verdict},
    render::{BAD, Console, HEAD, count, duration},
    summary_file::SummaryFile,
};

/// What runs when no selector matches.
const FALLBACK: &str = "fallback";

/// The contract whose code it is.
const THIS: &str = "this";

/// Describes all contracts.
pub(crate) fn analyze(
    args: &Analyze,
    threads: usize,
    console: &Console,
) -> Result<Verdict, Failure> {
    if let (Some(input), Some(output)) = (&args.input, &args.output) {
        return batch::batch((input, output), args, threads, console);
    }
    let summary_file = SummaryFile::open(&args.keep, console)?;
    let known = match &args.names {
        Some(path) => read(path)?.contracts,
        None => Vec::new(),
    };
    let mut unnamed = Unnamed::default();
    for argument in &args.codes {
        let found = read(argument)?;
        note_left_out(found.n_left_out, console);
        for compiled in found.contracts {
            let compiled = with_names(compiled, &known, args.names.as_deref(), console);
            let summaries = summary_file.cache(args.fork);
            let (micros, named) = described(&compiled, &summaries);
            if summary_file.is_there() {
                summaries.get(named.code_hash, &compiled.code).complete();
            }
            summary_file.keep(&summaries);
            unnamed.note(&compiled, &named);
            let contract = Contract::new(named, Some(micros));
            match console.is_json() {
                true => console.document(&contract)?,
                false => text(&contract, console)?,
            }
        }
    }
    unnamed.advise(console);
    unnamed.count(console);
    summary_file.close(console);
    Ok(Verdict::Holds)
}

/// Says what of a folder was not looked at.
pub(crate) fn note_left_out(n_left_out: usize, console: &Console) {
    if n_left_out != 0 {
        let contracts = count(n_left_out, "contract", "contracts");
        console.note(format_args!("left out: {contracts} of tests, scripts and dependencies"));
    }
}

/// The code with what is known of the contract that it is.
fn with_names(
    compiled: Compiled,
    known: &[Compiled],
    path: Option<&str>,
    console: &Console,
) -> Compiled {
    let Some(path) = path else { return compiled };
    match known.iter().find(|known| known.is_code(&compiled.code)) {
        // The code is as deployed, so that there are no holes in it.
        Some(known) => known.with_code(compiled.code),
        None => {
            console.note(format_args!("{}: no contract of {path} has this code", compiled.name));
            compiled
        }
    }
}

/// Contracts whose variables nothing is known of.
#[derive(Default)]
pub(crate) struct Unnamed {
    tools: BTreeSet<Tool>,
    has_namespaces: bool,
    n_accesses: usize,
    reasons: BTreeMap<Nameless, usize>,
}

impl Unnamed {
    /// Notes what is missing to name every slot of a contract.
    pub(crate) fn note(&mut self, compiled: &Compiled, contract: &NamedContract) {
        let touches = contract.functions.iter().any(|function| !function.accesses.is_empty());
        match &compiled.layout {
            None if touches && compiled.tool != Tool::Unknown => {
                self.tools.insert(compiled.tool);
            }
            Some(layout)
                if contract.has_slots_outside(layout) && compiled.tool == Tool::Foundry =>
            {
                self.has_namespaces = true;
            }
            _ => {}
        }
        if compiled.layout.is_some() {
            self.n_accesses += contract.n_named().0;
            for (reason, n) in contract.nameless() {
                *self.reasons.entry(reason).or_default() += n;
            }
        }
    }

    /// Says how many slots have no name although there are layouts, and why.
    fn count(&self, console: &Console) {
        let n_nameless: usize = self.reasons.values().sum();
        if n_nameless != 0 {
            let reason = |(reason, n): (&Nameless, &usize)| format!("{n} {}", reason.text());
            let reasons: Vec<String> = self.reasons.iter().map(reason).collect();
            let of = self.n_accesses;
            let reasons = reasons.join(", ");
            console.note(format_args!("{n_nameless} of {of} accesses are unnamed: {reasons}"));
        }
    }

    /// Says which line of a project's settings would give the names.
    pub(crate) fn advise(&self, console: &Console) {
        for tool in &self.tools {
            let advice = tool.layout_advice();
            console.note(format_args!("without a storage layout slots have no names; {advice}"));
        }
        if self.has_namespaces {
            console.note(
                "some slots lie outside the storage layout; for the names of ERC-7201 namespaces add \
                 `ast = true` to foundry.toml, and name the folder where they are inherited",
            );
        }
    }
}

/// A contract, described; its JSON form is what `slotcast analyze --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    code_hash: B256,
    size: u32,
    /// How long summarising took; describing for readers is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    micros: Option<u64>,
    stop_reason: &'static str,
    blocks: u32,
    unresolved_jumps: u32,
    functions: Vec<FunctionDocument>,
    /// Which functions are missing; none when all are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
}

/// A contract as it reads, and how long summarising it took.
fn described(compiled: &Compiled, summaries: &Summaries) -> (u64, NamedContract) {
    let code_hash = keccak256(&compiled.code);
    let clock = Clock::start();
    drop(summaries.get(code_hash, &compiled.code));
    let micros = clock.micros();
    (micros, name_contract(compiled, summaries.fork(), summaries.limits()))
}

impl Contract {
    fn new(named: NamedContract, micros: Option<u64>) -> Self {
        let missing = named.missing();
        let NamedContract { name, source, code_hash, size, n_blocks, n_unresolved, stop, .. } =
            named;
        Self {
            name,
            source,
            code_hash,
            size,
            micros,
            stop_reason: stop.text(),
            blocks: n_blocks,
            unresolved_jumps: n_unresolved,
            functions: named.functions.into_iter().map(document).collect(),
            missing,
        }
    }
}

/// A function with the names of its source.
fn document(function: NamedFunction) -> FunctionDocument {
    let NamedFunction { selector, signature, accesses, requires, calls, stop, .. } = function;
    let named = |named: NamedAccess| {
        let NamedAccess { access, name, when, .. } = named;
        AccessDocument { name, when, ..access.into() }
    };
    let text = FunctionText {
        selector,
        accesses: Vec::new(),
        requires,
        zero_guards: Vec::new(),
        calls,
        stop,
    };
    let accesses = accesses.into_iter().map(named).collect();
    FunctionDocument { name: signature, accesses, ..text.into() }
}

fn text(contract: &Contract, console: &Console) -> Result<(), Failure> {
    let head = format!(
        "{}: {} bytes, {}, {}, {}{}",
        contract.name,
        contract.size,
        count(contract.functions.len(), "function", "functions"),
        count(contract.blocks as usize, "block", "blocks"),
        contract.stop_reason,
        contract.micros.map_or_else(String::new, |micros| format!(" in {}", duration(micros))),
    );
    console.line(console.paint(HEAD, &head))?;
    if contract.unresolved_jumps != 0 {
        let jumps = contract.unresolved_jumps as usize;
        let unresolved = count(jumps, "jump is not resolved", "jumps are not resolved");
        console.line(console.paint(BAD, &unresolved))?;
    }
    if let Some(missing) = &contract.missing {
        console.line(console.paint(BAD, missing))?;
    }
    contract.functions.iter().try_for_each(|function| one(function, console))
}

fn one(function: &FunctionDocument, console: &Console) -> Result<(), Failure> {
    let selector = function.selector.as_deref().unwrap_or(FALLBACK);
    let name = function.name.as_deref().map_or_else(String::new, |name| format!(" {name}"));
    let why = function.why.map_or_else(String::new, |why| format!(" (partial: {why})"));
    console.line("")?;
    console.line(format_args!("{}{}", console.paint(HEAD, &format!("{selector}{name}")), why))?;
    for requirement in &function.requires {
        console.line(format_args!("  requires {requirement}"))?;
    }
    let may = |certainty: &str| if certainty == Certainty::May.text() { "may " } else { "" };
    for AccessDocument { kind, contract, slot, name, certainty, when } in &function.accesses {
        let of = if contract == THIS { String::new() } else { format!(" of {contract}") };
        let slot = match name {
            Some(name) => format!("{name}  [{slot}]"),
            None => format!("[{slot}]"),
        };
        let when = when.as_ref().map_or_else(String::new, |when| format!("  when {when}"));
        console.line(format_args!("  {}{kind} {slot}{of}{when}", may(certainty)))?;
    }
    for (n, CallDocument { kind, target, selector, certainty }) in function.calls.iter().enumerate()
    {
        let selector = selector.as_ref().map_or_else(String::new, |it| format!(" selector {it}"));
        console.line(format_args!("  #{n} {}{kind} {target}{selector}", may(certainty)))?;
    }
    Ok(())
}
