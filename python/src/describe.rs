//! What does each function of a code touch, as rows?
//!
//! In: codes. Out: rows in order of the codes and of `slotcast analyze --json`.
//! Invariants: there is a row for each access, call and requirement of a function, and one for a
//! function that has none and for a code without functions; a code that cannot be read is one row with
//! an error.

use alloy_primitives::{B256, keccak256};
use slotcast::{
    analyzer::{
        describe::{CallText, Certainty},
        limits::{Limits, StopReason},
    },
    model::Fork,
};
use slotcast_contracts::artifacts::{
    Contract as Compiled, NamedAccess, NamedContract, NamedFunction, name_contract,
};

use crate::{codes::Code, table::Table};

/// What requirements are called among accesses and calls.
const REQUIRES: &str = "requires";

/// A code, described, or why it is none.
pub(crate) struct Described {
    index: u64,
    found: Result<Found, String>,
}

struct Found {
    hash: B256,
    contract: NamedContract,
    missing: Option<String>,
}

/// Describes the code at `index`.
pub(crate) fn describe_code(index: usize, code: &Code, fork: Fork) -> Described {
    let found = code.as_ref().map_err(Clone::clone).map(|code| {
        let compiled = Compiled::bare("", code.clone());
        let contract = name_contract(&compiled, fork, &Limits::default());
        Found { hash: keccak256(code), missing: contract.missing(), contract }
    });
    Described { index: index as u64, found }
}

/// What a row is about, besides its code.
#[derive(Clone, Copy)]
enum Item<'a> {
    /// A function without accesses, calls and requirements, or no function at all.
    Nothing,
    Access(&'a NamedAccess),
    Call(&'a CallText),
    Requirement(&'a str),
}

#[derive(Clone, Copy)]
struct Row<'a> {
    index: u64,
    found: Result<&'a Found, &'a str>,
    function: Option<&'a NamedFunction>,
    item: Item<'a>,
}

/// The rows.
pub(crate) fn table(described: &[Described]) -> Table {
    let rows: Vec<Row<'_>> = described.iter().flat_map(rows_of).collect();
    let contract = || rows.iter().map(|row| row.found.ok().map(|found| &found.contract));
    let function = || rows.iter().map(|row| row.function);
    let number = |of: fn(&NamedContract) -> u32| contract().map(move |it| it.map(of));
    let partial = |it: Option<&NamedFunction>| it.is_some_and(|it| it.stop != StopReason::Finished);
    Table::default()
        .u64s("code_index", rows.iter().map(|row| Some(row.index)))
        .bytes("code_hash", rows.iter().map(|row| row.found.ok().map(|found| found.hash)))
        .u32s("n_code_bytes", number(|contract| contract.size))
        .u32s("n_blocks", number(|contract| contract.n_blocks))
        .u32s("n_unresolved_jumps", number(|contract| contract.n_unresolved))
        .texts("stop_reason", contract().map(|it| it.map(|contract| contract.stop.text())))
        .texts("missing", rows.iter().map(|row| row.found.ok().and_then(|it| it.missing.as_ref())))
        .texts("selector", function().map(selector))
        .texts(
            "coverage",
            function().map(|it| it.map(|_| if partial(it) { "partial" } else { "complete" })),
        )
        .texts("why", function().map(|it| it.filter(|_| partial(it)).map(|it| it.stop.text())))
        .texts("kind", rows.iter().map(|row| row.item.kind()))
        .texts("contract", rows.iter().map(|row| row.item.contract()))
        .texts("slot", rows.iter().map(|row| row.item.slot()))
        .texts("slot_name", rows.iter().map(|row| row.item.slot_name()))
        .texts("call_selector", rows.iter().map(|row| row.item.call_selector()))
        .texts("certainty", rows.iter().map(|row| row.item.certainty()))
        .texts("condition", rows.iter().map(|row| row.item.condition()))
        .texts("error", rows.iter().map(|row| row.found.err()))
}

/// The rows of one code.
fn rows_of(described: &Described) -> Vec<Row<'_>> {
    let index = described.index;
    let found = described.found.as_ref().map_err(String::as_str);
    let row = |function, item| Row { index, found, function, item };
    let Ok(of) = found else { return vec![row(None, Item::Nothing)] };
    let mut rows = Vec::new();
    for function in &of.contract.functions {
        let accesses = function.accesses.iter().map(Item::Access);
        let calls = function.calls.iter().map(Item::Call);
        let requires = function.requires.iter().map(|it| Item::Requirement(&it.text));
        let n_before = rows.len();
        let items = accesses.chain(calls).chain(requires);
        rows.extend(items.map(|item| row(Some(function), item)));
        if rows.len() == n_before {
            rows.push(row(Some(function), Item::Nothing));
        }
    }
    if rows.is_empty() {
        // Code without an entry point, such as a delegation.
        rows.push(row(None, Item::Nothing));
    }
    rows
}

/// The selector; none for what runs when no selector matches.
fn selector(function: Option<&NamedFunction>) -> Option<String> {
    function?.selector.map(|selector| format!("{selector:#010x}"))
}

impl<'a> Item<'a> {
    fn kind(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Access(it) => Some(it.access.kind.text()),
            Self::Call(it) => Some(it.kind.text()),
            Self::Requirement(_) => Some(REQUIRES),
        }
    }

    /// Whose storage it is, or who is called.
    fn contract(self) -> Option<&'a str> {
        match self {
            Self::Access(it) => Some(&it.access.contract),
            Self::Call(it) => Some(&it.target),
            Self::Nothing | Self::Requirement(_) => None,
        }
    }

    fn slot(self) -> Option<&'a str> {
        match self {
            Self::Access(it) => Some(&it.access.slot),
            _ => None,
        }
    }

    /// What a standard calls it.
    fn slot_name(self) -> Option<&'a str> {
        match self {
            Self::Access(it) => it.name.as_deref(),
            _ => None,
        }
    }

    fn call_selector(self) -> Option<&'a str> {
        match self {
            Self::Call(it) => it.selector.as_deref(),
            _ => None,
        }
    }

    fn certainty(self) -> Option<&'static str> {
        let certainty: Option<Certainty> = match self {
            Self::Access(it) => Some(it.access.certainty),
            Self::Call(it) => Some(it.certainty),
            Self::Nothing | Self::Requirement(_) => None,
        };
        certainty.map(Certainty::text)
    }

    /// What an access depends on, or what must hold.
    fn condition(self) -> Option<&'a str> {
        match self {
            Self::Access(it) => it.when.as_deref(),
            Self::Requirement(text) => Some(text),
            Self::Nothing | Self::Call(_) => None,
        }
    }
}
