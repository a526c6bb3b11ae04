//! How does a described function look as JSON?
//!
//! In: what the analyzer says of a function, perhaps with names. Out: [`FunctionDocument`], plain data
//! that `slotcast analyze --json` prints and the service answers.
//! Invariant: equal descriptions give equal documents; what is not known is left out.

use serde::Serialize;
use slotcast_analyzer::{
    describe::{AccessText, CallText, FunctionText},
    limits::StopReason,
};

/// A function as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct FunctionDocument {
    /// Nothing for what runs when no selector matches.
    pub selector: Option<String>,
    /// Its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it touches.
    pub accesses: Vec<AccessDocument>,
    /// What it calls.
    pub calls: Vec<CallDocument>,
    /// What must hold for the call to succeed, as far as it is short.
    pub requires: Vec<String>,
    /// Whether all of the function's own accesses are listed.
    pub coverage: &'static str,
    /// Why they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
}

/// An access to storage.
#[derive(Clone, Debug, Serialize)]
pub struct AccessDocument {
    /// What is done to the slot.
    pub kind: &'static str,
    /// Whose storage it is.
    pub contract: String,
    /// How the slot is computed.
    pub slot: String,
    /// What the source calls the slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it happens each time.
    pub certainty: &'static str,
    /// The condition it depends on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A call.
#[derive(Clone, Debug, Serialize)]
pub struct CallDocument {
    /// How it is called.
    pub kind: &'static str,
    /// Who is called.
    pub target: String,
    /// The selector called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Whether it happens each time.
    pub certainty: &'static str,
}

impl From<FunctionText> for FunctionDocument {
    fn from(function: FunctionText) -> Self {
        let FunctionText { selector, accesses, requires, calls, stop, .. } = function;
        let is_finished = stop == StopReason::Finished;
        Self {
            selector: selector.map(|selector| format!("{selector:#010x}")),
            name: None,
            accesses: accesses.into_iter().map(AccessDocument::from).collect(),
            calls: calls.into_iter().map(CallDocument::from).collect(),
            requires: requires.into_iter().map(|requirement| requirement.text).collect(),
            coverage: if is_finished { "complete" } else { "partial" },
            why: (!is_finished).then(|| stop.text()),
        }
    }
}

impl From<AccessText> for AccessDocument {
    fn from(access: AccessText) -> Self {
        let AccessText { slot, kind, contract, certainty, when, .. } = access;
        let (kind, certainty) = (kind.text(), certainty.text());
        Self { kind, contract, slot, name: None, certainty, when }
    }
}

impl From<CallText> for CallDocument {
    fn from(call: CallText) -> Self {
        let CallText { kind, target, selector, certainty } = call;
        Self { kind: kind.text(), target, selector, certainty: certainty.text() }
    }
}
