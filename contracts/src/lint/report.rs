//! What is to be said of a contract as a whole?
//!
//! In: a contract as `artifacts` describes it. Out: [`Report`].

use std::collections::{BTreeMap, BTreeSet};

use crate::artifacts::{NamedContract, SourceLine};
use alloy_primitives::{B256, U256};
use serde::Serialize;
use slotcast_analyzer::limits::StopReason;

use crate::lint::{
    finding::{Finding, findings},
    function::{Function, Role},
    traffic::{Model, Traffic},
};

/// What makes the users of a contract wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What the contract is called.
    pub contract: String,
    /// Its source file, as the compiler was told; empty when not known.
    pub source: String,
    /// The line that declares it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<SourceLine>,
    /// keccak256 of its code.
    pub code_hash: B256,
    /// Its functions, in order of their signatures.
    pub functions: Vec<FunctionReport>,
    /// What the model gives for the functions open to all callers.
    pub traffic: Traffic,
    /// Slots that make users wait, those without which most is gained first.
    pub findings: Vec<Finding>,
    /// Variables whose slots are the users' own, unless keys are equal.
    pub keyed: Vec<Keyed>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionReport {
    /// Its signature, its selector, or `fallback`.
    pub name: String,
    /// Who calls it.
    pub role: Role,
    /// Calls of other contracts, whose storage is not looked at.
    pub calls: usize,
    /// Why not all of it was looked at, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<&'static str>,
    /// The line that declares it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<SourceLine>,
}

/// A variable whose slots are told apart by the caller or by arguments.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Keyed {
    /// What the functions call the slots they change: these may be one slot when keys are equal.
    pub slots: Vec<String>,
    /// The functions that change them.
    pub functions: Vec<String>,
}

/// Says what makes the users of a contract wait.
///
/// ```
/// use slotcast_analyzer::limits::Limits;
/// use slotcast_contracts::artifacts::{name_contract, read};
/// use slotcast_contracts::lint::{Rule, lint};
/// use slotcast_model::Fork;
///
/// // Every call stores in slot 1 and so waits for the one before it.
/// let contract = &read("0x60003560015500")?.contracts[0];
/// let report = lint(&name_contract(contract, Fork::Osaka, &Limits::default()));
/// assert_eq!(report.findings[0].rule, Rule::SharedWrite);
/// assert_eq!((report.findings[0].slot.as_str(), report.traffic.chain), ("[1]", 16));
/// # Ok::<(), slotcast_contracts::artifacts::ArtifactError>(())
/// ```
pub fn lint(contract: &NamedContract) -> Report {
    let mut functions: Vec<Function> = contract.functions.iter().map(Function::new).collect();
    functions.sort_by(|a, b| a.label.cmp(&b.label));
    let users: Vec<&Function> = functions.iter().filter(|it| it.role == Role::Users).collect();
    let model = Model::new(&users);
    Report {
        contract: contract.name.clone(),
        source: contract.source.clone(),
        declared: contract.declared.clone(),
        code_hash: contract.code_hash,
        traffic: model.traffic(),
        findings: findings(&users, &model),
        keyed: keyed(&users),
        functions: functions.iter().map(FunctionReport::from).collect(),
    }
}

impl From<&Function> for FunctionReport {
    fn from(function: &Function) -> Self {
        let is_finished = function.stop == StopReason::Finished;
        Self {
            name: function.label.clone(),
            role: function.role,
            calls: function.n_calls,
            partial: (!is_finished).then(|| function.stop.text()),
            declared: function.declared.clone(),
        }
    }
}

fn keyed(users: &[&Function]) -> Vec<Keyed> {
    let mut found: BTreeMap<U256, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for function in users {
        for (variable, labels) in &function.own {
            let entry = found.entry(variable.base).or_default();
            entry.0.extend(labels.iter().map(String::as_str));
            entry.1.insert(&function.label);
        }
    }
    let texts = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
    found
        .into_values()
        .map(|(slots, functions)| Keyed { slots: texts(slots), functions: texts(functions) })
        .collect()
}

impl Report {
    /// How many functions have this role.
    pub fn n_functions(&self, role: Role) -> usize {
        self.functions.iter().filter(|function| function.role == role).count()
    }

    /// The line that declares the function of this name, if known.
    pub fn declared(&self, function: &str) -> Option<&SourceLine> {
        self.functions.iter().find(|it| it.name == function)?.declared.as_ref()
    }

    /// How many calls run at a time, in tenths, rounded down; none without calls.
    pub fn at_a_time(&self, chain: u32) -> Option<f64> {
        (chain != 0).then(|| f64::from(self.traffic.calls * 10 / chain) / 10.0)
    }
}
