//! What does a contract do, in the words of its source?
//!
//! In: a [`Contract`]. Out: a [`NamedContract`]: the analyzer's description with names for slots,
//! parameters, immutables and libraries.
//! Invariant: what is described is what the analyzer says of the code; names change nothing of it.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use slotcast_analyzer::{
    describe,
    describe::{AccessKind, AccessText, CallText, Certainty, Requirement, ZeroGuard},
    limits::{Limits, StopReason},
};
use slotcast_model::Fork;

use crate::artifacts::{
    Contract, Nameless, SourceLine, StorageLayout, nameless, names, reader::Reader,
};

/// A contract, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedContract {
    /// What the contract is called.
    pub name: String,
    /// Its source file; empty when not known.
    pub source: String,
    /// Of the code, its holes filled.
    pub code_hash: B256,
    /// Bytes of code.
    pub size: u32,
    /// Distinct basic blocks that are reached.
    pub n_blocks: u32,
    /// Those that end in a jump whose target is not known.
    pub n_unresolved: u32,
    /// The worst reason why an analysis ended.
    pub stop: StopReason,
    /// Whether the compiler said where the variables lie.
    pub has_layout: bool,
    /// The line that declares it, if known.
    pub declared: Option<SourceLine>,
    /// The functions, ascending by selector, then what runs when none matches.
    pub functions: Vec<NamedFunction>,
    /// Signatures of the interface that the dispatcher was not seen to look for.
    pub unlisted: Vec<String>,
    /// Whether code may have functions that neither list has: its table could not be searched.
    pub misses_functions: bool,
}

/// A function, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFunction {
    /// Its selector; none for what runs when no selector matches.
    pub selector: Option<u32>,
    /// Its signature, if known.
    pub signature: Option<String>,
    /// What it touches.
    pub accesses: Vec<NamedAccess>,
    /// What must hold, the texts in the words of the source.
    pub requires: Vec<Requirement>,
    /// The slots of which a part must still be zero, as the analyzer has them.
    pub zero_guards: Vec<ZeroGuard>,
    /// What it calls, likewise.
    pub calls: Vec<CallText>,
    /// Why its analysis ended.
    pub stop: StopReason,
    /// The line that declares it, or the variable that it is the getter of, if known.
    pub declared: Option<SourceLine>,
}

/// An access, with names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAccess {
    /// As the analyzer has it.
    pub access: AccessText,
    /// What the source calls the slot.
    pub name: Option<String>,
    /// Why it has no name, if it has none.
    pub nameless: Option<Nameless>,
    /// The slot as the analyzer writes it, with the names of parameters and immutables.
    pub slot: String,
    /// The condition it depends on, in the words of the source.
    pub when: Option<String>,
    /// The line that declares the variable, the first one where it may be several, if known.
    pub declared: Option<SourceLine>,
}

impl NamedFunction {
    /// What to call it: its signature, its selector, or `fallback`.
    pub fn label(&self) -> String {
        match (&self.signature, self.selector) {
            (Some(signature), _) => signature.clone(),
            (None, Some(selector)) => format!("{selector:#010x}"),
            (None, None) => "fallback".to_owned(),
        }
    }

    /// Whether it stores anything.
    pub fn writes(&self) -> bool {
        self.accesses.iter().any(|access| access.access.kind != AccessKind::Read)
    }
}

impl NamedAccess {
    /// What to call the slot: its name, else how it is computed.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("[{}]", self.slot))
    }

    /// Whether it happens each time.
    pub fn is_certain(&self) -> bool {
        self.access.certainty == Certainty::Must
    }
}

/// Describes a contract under the rules of `fork`.
///
/// ```
/// use slotcast_analyzer::limits::Limits;
/// use slotcast_contracts::artifacts::{name_contract, read};
/// use slotcast_model::Fork;
///
/// // It stores the first word of calldata in slot 1. An artifact with a layout would have its name.
/// let contract = &read("0x60003560015500")?.contracts[0];
/// let named = name_contract(contract, Fork::Osaka, &Limits::default());
/// assert_eq!(named.functions[0].label(), "fallback");
/// assert_eq!(named.functions[0].accesses.last().unwrap().label(), "[1]");
/// # Ok::<(), slotcast_contracts::artifacts::ArtifactError>(())
/// ```
pub fn name_contract(contract: &Contract, fork: Fork, limits: &Limits) -> NamedContract {
    let description = describe(&contract.code, fork, limits);
    let is_listed = |selector: &u32| {
        description.functions.iter().any(|function| function.selector == Some(*selector))
    };
    // Vyper counts what runs when no selector matches among the functions.
    let is_function = |text: &str| !text.starts_with("__default__(");
    let unlisted = contract.signatures.iter().filter(|(selector, _)| !is_listed(selector));
    let unlisted = unlisted.map(|(_, of)| of.text.clone()).filter(|text| is_function(text));
    let unlisted: Vec<String> = unlisted.collect();
    let misses_functions = description.misses_functions;
    let functions = description.functions.into_iter().map(|function| {
        let reader = Reader::new(contract, function.selector, &function.accesses);
        let signature = function.selector.and_then(|selector| contract.signature(selector));
        let accesses = function.accesses.iter().map(|access| {
            let name = reader.slot(access);
            let reason = || nameless::reason(contract, signature, access);
            NamedAccess {
                nameless: name.is_none().then(reason),
                name,
                slot: reader.text(&access.slot),
                when: access.when.as_deref().map(|when| reader.text(when)),
                declared: declared(contract, access),
                access: access.clone(),
            }
        });
        let accesses = accesses.collect();
        let mut requires: Vec<Requirement> = function
            .requires
            .iter()
            .map(|it| Requirement { text: reader.text(&it.text), ..it.clone() })
            .filter(|it| !is_form(&it.text))
            .collect();
        requires.sort();
        requires.dedup();
        let call = |call: &CallText| {
            let target = reader.text(&call.target);
            CallText { target, ..call.clone() }
        };
        NamedFunction {
            selector: function.selector,
            signature: signature.map(str::to_owned),
            requires,
            zero_guards: function.zero_guards.clone(),
            calls: function.calls.iter().map(call).collect(),
            stop: function.stop,
            declared: match function.selector {
                Some(selector) => contract.lines.functions.get(&selector).cloned(),
                None => contract.lines.fallback.clone(),
            },
            accesses,
        }
    });
    NamedContract {
        name: contract.name.clone(),
        source: contract.source.clone(),
        code_hash: description.code_hash,
        size: description.code_size,
        n_blocks: description.n_blocks,
        n_unresolved: description.n_unresolved,
        stop: description.stop,
        has_layout: contract.layout.is_some(),
        declared: contract.lines.contract.clone(),
        functions: functions.collect(),
        unlisted,
        misses_functions,
    }
}

/// Where the first variable is declared that an access is to.
fn declared(contract: &Contract, access: &AccessText) -> Option<SourceLine> {
    let layout = contract.layout.as_ref()?;
    let variables =
        access.places.iter().flat_map(|place| names::variables(layout, place, access.bits));
    variables.filter_map(|n| contract.lines.variables.get(&n)).min().cloned()
}

/// Whether a requirement is only that calldata be well formed and no ether sent, as compilers check
/// for every function.
fn is_form(text: &str) -> bool {
    let is_same = text.split_once(" == ").is_some_and(|(a, b)| a == b);
    is_same || text == "callvalue == 0" || text.contains("calldatasize")
}

impl NamedContract {
    /// Which functions are missing, as a sentence; none when all are there.
    pub fn missing(&self) -> Option<String> {
        match (self.unlisted.as_slice(), self.misses_functions) {
            ([], false) => None,
            ([], true) => {
                Some("functions may be missing: a selector table could not be searched".to_owned())
            }
            (unlisted, _) => Some(format!("functions are missing: {}", unlisted.join(", "))),
        }
    }

    /// How many accesses there are, and how many of them have a name.
    pub fn n_named(&self) -> (usize, usize) {
        let accesses = self.functions.iter().flat_map(|function| &function.accesses);
        accesses.fold((0, 0), |(n, n_named), access| {
            (n + 1, n_named + usize::from(access.name.is_some()))
        })
    }

    /// How many accesses have no name, by reason.
    pub fn nameless(&self) -> BTreeMap<Nameless, usize> {
        let accesses = self.functions.iter().flat_map(|function| &function.accesses);
        let mut found = BTreeMap::new();
        for reason in accesses.filter_map(|access| access.nameless) {
            *found.entry(reason).or_default() += 1;
        }
        found
    }

    /// Whether some slot lies outside everything that `layout` has, as namespaces do that no layout
    /// mentions.
    pub fn has_slots_outside(&self, layout: &StorageLayout) -> bool {
        let accesses = self.functions.iter().flat_map(|function| &function.accesses);
        let mut places = accesses.flat_map(|access| &access.access.places);
        places.any(|place| !names::covers(layout, place))
    }
}
