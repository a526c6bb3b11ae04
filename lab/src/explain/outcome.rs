//! What does a transaction wait for, and what was its result?
//!
//! In: the schedule and the truth. Out: [`DagPart`] and [`OutcomePart`].
//! Invariant: a conflict is named only where the later transaction neither waited for the earlier one nor
//! was told what it leaves.

use alloy_primitives::U256;
use serde::Serialize;
use slotcast_executor::{Horizon, TxOutcome, TxStatus, Wait};
use slotcast_model::{IndexVec, LastWriters, Location, Observation, Prediction, Slot, TxIndex};
use slotcast_scheduler::{Edge, Reason, Schedule};

use super::told::{of_accounts, told_of};
use crate::score_report::Judged;
use slotcast::{Engine, Prepared, graph::Waits};
use slotcast_corpus::RunError;

/// Where a transaction stands in the schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DagPart {
    /// Its layer.
    pub layer: u32,
    /// The earlier transactions it waits for.
    pub waits_for: Vec<EdgePart>,
    /// The later transactions that wait for it.
    pub waited_for_by: Vec<EdgePart>,
}

/// An edge, seen from one of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EdgePart {
    /// The transaction at the other end.
    pub tx: u32,
    /// The first location that the earlier one is predicted to change and the later one to read.
    pub reason: String,
    /// How many such locations there are.
    pub locations: u32,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomePart {
    /// How it ended.
    pub status: String,
    /// The gas it used.
    pub gas_used: u64,
    /// How often it was run.
    pub executions: u32,
    /// The predicted values it ran on instead of waiting for them: slots ascending, then accounts.
    pub ran_on: Vec<PredictedValue>,
    /// What else it read that an earlier transaction changed for which it did not wait.
    pub conflicts: Vec<Conflict>,
}

/// A value that an earlier transaction was predicted to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PredictedValue {
    /// The slot, or the account's balance, nonce or code.
    pub location: String,
    /// The value; of code, its hash as a number.
    pub value: U256,
    /// The transaction that was predicted to leave it.
    pub from: u32,
    /// What was there instead, and the transaction that left it, if one of the block did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Instead>,
}

/// What was there instead of a predicted value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instead {
    /// The value.
    pub value: U256,
    /// The transaction that left it; none where it is the value of before the block.
    pub by: Option<u32>,
}

/// A location that was read too early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// What was read.
    pub location: String,
    /// Who changed it last.
    pub by: u32,
}

/// The edges of `tx`.
pub(super) fn dag(schedule: &Schedule, tx: TxIndex) -> DagPart {
    let part = |other: TxIndex, reason: Reason| {
        let (reason, locations) = match reason {
            Reason::Data { location, n_locations } => (location.to_string(), n_locations),
            Reason::Given => ("given".to_owned(), 0),
        };
        EdgePart { tx: other.0, reason, locations }
    };
    let edges = || schedule.edges();
    DagPart {
        layer: schedule.layer_of(tx).0,
        waits_for: edges()
            .filter(|edge| edge.to == tx)
            .map(|Edge { from, reason, .. }| part(from, reason))
            .collect(),
        waited_for_by: edges()
            .filter(|edge| edge.from == tx)
            .map(|Edge { to, reason, .. }| part(to, reason))
            .collect(),
    }
}

/// What became of `tx` when the block was run by these predictions.
pub(super) fn explain(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    judged: &Judged,
    engine: &Engine,
    tx: TxIndex,
) -> Result<OutcomePart, RunError> {
    let (block, state) = (prepared.block(), prepared.state());
    let executed = engine
        .execute_predicted(block, state, predictions)
        .map_err(|source| RunError::of(block, source))?;
    let is_again = executed.execution.reexecuted().binary_search(&tx).is_ok();
    let is_parallel = engine
        .is_parallel(block, state, Some(predictions))
        .map_err(|source| RunError::of(block, source))?;
    let wait = wait_of(prepared, predictions, engine, tx);
    let told = match is_parallel && wait.horizon != Horizon(tx) {
        true => wait.clone(),
        false => Wait::default(),
    };
    let last_writers = LastWriters::before(tx, judged.truth.observations.iter_enumerated());
    let ran_on = told
        .expected
        .iter()
        .filter_map(|&(slot, value)| ran_on(predictions, judged, &last_writers, tx, slot, value));
    let observation = &judged.truth.observations[tx];
    let is_read = |location: &Location| {
        let relied_on = predictions[tx].relied_on();
        read(observation).any(|it| it == *location)
            || relied_on.iter().any(|word| word.location == *location)
    };
    let of_accounts = of_accounts(prepared, predictions, &last_writers, (tx, &told), is_read)?;
    let ran_on = ran_on.chain(of_accounts);
    let status = match &judged.truth.txs[tx] {
        TxOutcome::Rejected(reason) => format!("rejected: {reason}"),
        TxOutcome::Executed(executed) => match &executed.status {
            TxStatus::Success => "success".to_owned(),
            TxStatus::Revert => "revert".to_owned(),
            TxStatus::Halt(reason) => format!("halt: {reason}"),
        },
    };
    Ok(OutcomePart {
        status,
        gas_used: judged.truth.txs[tx].gas_used().unwrap_or(0),
        executions: 1 + u32::from(is_again),
        ran_on: ran_on.collect(),
        conflicts: conflicts(observation, &last_writers, &wait),
    })
}

/// What the engine has `tx` wait for.
fn wait_of(
    prepared: &Prepared,
    predictions: &IndexVec<TxIndex, Prediction>,
    engine: &Engine,
    tx: TxIndex,
) -> Wait {
    let mut waits = Waits::new(prepared.block(), prepared.state(), engine.settings().mode);
    let mut waits = predictions.iter().map(|prediction| waits.next(prediction));
    waits.nth(tx.0 as usize).expect("there is a prediction for each transaction")
}

/// A predicted value that a transaction ran on; none where it did not look.
fn ran_on(
    predictions: &IndexVec<TxIndex, Prediction>,
    judged: &Judged,
    last_writers: &LastWriters,
    tx: TxIndex,
    slot: Slot,
    value: U256,
) -> Option<PredictedValue> {
    let at = judged.truth.observations[tx].reads.binary_search(&slot).ok()?;
    let found = judged.truth.found[tx][at];
    let leaves = |prediction: &Prediction| {
        let storage = prediction.storage();
        storage.writes.binary_search(&slot).is_ok() || storage.deltas.binary_search(&slot).is_ok()
    };
    let (from, _) =
        predictions.iter_enumerated().take(tx.0 as usize).rfind(|(_, it)| leaves(it))?;
    let location = Location::Storage(slot);
    let by = last_writers.of(&location).map(|by| by.0);
    let instead = (found != value).then_some(Instead { value: found, by });
    Some(PredictedValue { location: location.to_string(), value, from: from.0, instead })
}

/// What `tx` read of transactions that it did not wait for.
fn conflicts(observation: &Observation, last_writers: &LastWriters, told: &Wait) -> Vec<Conflict> {
    let is_expected = |location: &Location| match location {
        Location::Storage(slot) => {
            told.expected.binary_search_by_key(slot, |(slot, _)| *slot).is_ok()
        }
        Location::Balance(address) | Location::Nonce(address) | Location::Code(address) => {
            let at = told.accounts.binary_search_by_key(address, |(address, _)| *address);
            let parts = at.map(|at| told_of(*address, &told.accounts[at].1));
            parts.is_ok_and(|mut parts| parts.any(|(told, _)| told == *location))
        }
    };
    let read = read(observation).filter(|location| !is_expected(location));
    let found = read.filter_map(|location| {
        let by = last_writers.of(&location)?;
        (told.horizon.0 <= by).then(|| Conflict { location: location.to_string(), by: by.0 })
    });
    found.collect()
}

/// What a transaction looked at. Balances that only came to matter as sums are left out.
fn read(observation: &Observation) -> impl Iterator<Item = Location> + '_ {
    let slots = observation.reads.iter().copied().map(Location::Storage);
    let accounts = &observation.accounts;
    let balances = observation.balances_asked.iter().copied().map(Location::Balance);
    let nonces = accounts.nonces.iter().copied().map(Location::Nonce);
    let codes = accounts.code_reads.iter().copied().map(Location::Code);
    slots.chain(balances).chain(nonces).chain(codes)
}
