//! Whom does a transaction wait for, and what became of it?
//!
//! In: the schedule and the truth. Out: [`DagPart`] and [`OutcomePart`].
//! Invariant: a conflict is named only where the later transaction did not wait for the earlier one,
//! directly or by way of others.

use serde::Serialize;
use slotcast_executor::{Advice, Settings, TxOutcome, TxStatus, execute};
use slotcast_model::{IndexVec, LastWriters, Location, Observation, TxIndex};
use slotcast_scheduler::{Edge, Reason, Schedule};

use crate::score_report::Judged;
use slotcast::Prepared;
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
    /// What it read that an earlier transaction changed for which it did not wait.
    pub conflicts: Vec<Conflict>,
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

/// What became of `tx` when the block was run by `schedule`.
pub(super) fn explain(
    prepared: &Prepared,
    schedule: &Schedule,
    judged: &Judged,
    execution: &Settings,
    tx: TxIndex,
) -> Result<OutcomePart, RunError> {
    let advice = Advice::Schedule(schedule, execution);
    let parallel = execute(prepared.block(), prepared.state(), advice)
        .map_err(|source| RunError::of(prepared.block(), source))?;
    let is_again = parallel.reexecuted().binary_search(&tx).is_ok();
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
        conflicts: conflicts(schedule, &judged.truth.observations, tx),
    })
}

/// What `tx` read of transactions that it did not wait for.
fn conflicts(
    schedule: &Schedule,
    observations: &IndexVec<TxIndex, Observation>,
    tx: TxIndex,
) -> Vec<Conflict> {
    let last_writers = LastWriters::before(tx, observations.iter_enumerated());
    let mut is_awaited = vec![false; observations.len()];
    let mut open = vec![tx];
    while let Some(next) = open.pop() {
        for &earlier in schedule.predecessors(next) {
            if !core::mem::replace(&mut is_awaited[earlier.0 as usize], true) {
                open.push(earlier);
            }
        }
    }
    let found = read(&observations[tx]).filter_map(|location| {
        let by = last_writers.of(&location)?;
        (!is_awaited[by.0 as usize]).then(|| Conflict { location: location.to_string(), by: by.0 })
    });
    found.collect()
}

/// What a transaction looked at. Balances that only came to matter as sums are left out.
fn read(observation: &Observation) -> impl Iterator<Item = Location> + '_ {
    let slots = observation.reads.iter().copied().map(Location::Storage);
    let accounts = &observation.accounts;
    let looked_at = accounts.balance_reads.iter();
    let looked_at = looked_at.filter(|it| accounts.balance_debits.binary_search(it).is_err());
    let balances = looked_at.copied().map(Location::Balance);
    let nonces = accounts.nonces.iter().copied().map(Location::Nonce);
    let codes = accounts.code_reads.iter().copied().map(Location::Code);
    slots.chain(balances).chain(nonces).chain(codes)
}
