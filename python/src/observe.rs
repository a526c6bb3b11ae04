//! What does each transaction of a block really touch, as rows?
//!
//! In: recorded blocks. Out: rows of kinds `read` and `write` in block order: what cryo's
//! `storage_reads` and `storage_diffs` hold, for those who have no node.
//! Invariant: the block is run sequentially; nothing predicted flows in.

use alloy_primitives::B256;
use slotcast::{
    executor::{SequentialSettings, execute_sequential},
    model::Slot,
};
use slotcast_corpus::RunError;

use crate::{
    blocks::{Source, TxKey, keyed},
    failure::Failure,
    table::Table,
};

/// A slot that a transaction touches.
pub(crate) struct Touched {
    tx: TxKey,
    kind: &'static str,
    slot: Slot,
}

/// Runs a block and looks.
pub(crate) fn observe_block(source: &Source) -> Result<Vec<Touched>, Failure> {
    let opened = source.open()?;
    let (block, state) = (opened.prepared.block(), opened.prepared.state());
    let sequential = execute_sequential(block, state, &SequentialSettings { is_observed: true })
        .map_err(|error| Failure::of_run(&opened.name, &RunError::of(block, error)))?;
    let observations = sequential.observations.iter_enumerated();
    let touched = observations.flat_map(|(index, observation)| {
        let tx = opened.tx(index);
        let touched = move |kind| move |&slot: &Slot| Touched { tx, kind, slot };
        let reads = observation.reads.iter().map(touched("read"));
        reads.chain(observation.writes.iter().map(touched("write")))
    });
    Ok(touched.collect())
}

/// The rows.
pub(crate) fn table(observed: &[Vec<Touched>]) -> Table {
    let rows = || observed.iter().flatten();
    keyed(rows().map(|row| &row.tx))
        .bytes("address", rows().map(|row| Some(row.slot.address)))
        .bytes("slot", rows().map(|row| Some(B256::from(row.slot.key))))
        .texts("kind", rows().map(|row| Some(row.kind)))
}
