//! How much gas does a transaction use, by its prediction?
//!
//! In: a transaction and its prediction. Out: gas.
//! Invariant: a weight is an estimate from the transaction and its prediction alone, so it is there
//! before anything is run and is the same everywhere.

use alloy_consensus::{Transaction as _, transaction::Recovered};
use slotcast_executor::ChainTx;
use slotcast_model::Prediction;

/// Gas before the first instruction.
const INTRINSIC: u64 = 21_000;
/// Gas to create a contract, on top.
const CREATION: u64 = 32_000;
/// Gas for a byte of calldata that is zero, and for one that is not.
const CALLDATA: [u64; 2] = [4, 16];
/// Gas for a slot that is read: the first access, and the instructions that get there.
const READ_SLOT: u64 = 3_000;
/// Gas for a slot that is changed, on top of reading it: between a changed and a new value.
const CHANGED_SLOT: u64 = 8_000;
/// Gas for an account whose code is run or looked at.
const CODE: u64 = 2_600;

/// The gas a transaction is expected to use: what its envelope costs, and a price for everything
/// it is predicted to touch, never more than its limit. The prices fit mainnet blocks of all ages:
/// a transaction that touches storage uses on average 1.3 times more or less than estimated.
///
/// ```
/// use slotcast::{model::{Prediction, TxIndex}, graph::estimate_gas};
/// use slotcast_corpus::{self as corpus, prepare};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let tx = prepared.block().transaction(TxIndex(0));
/// assert!(21_000 <= estimate_gas(tx, &Prediction::default()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn estimate_gas(tx: &Recovered<ChainTx>, prediction: &Prediction) -> u64 {
    let n_zeros = n_zeros(tx.input());
    let n_others = tx.input().len() - n_zeros;
    let storage = prediction.storage();
    let n_read = storage.reads.len() + storage.deltas.len();
    let n_changed = storage.writes.len() + storage.deltas.len();
    let parts = [
        (1, INTRINSIC),
        (usize::from(tx.is_create()), CREATION),
        (n_zeros, CALLDATA[0]),
        (n_others, CALLDATA[1]),
        (n_read, READ_SLOT),
        (n_changed, CHANGED_SLOT),
        (prediction.accounts().code_reads.len(), CODE),
    ];
    let gas = parts.iter().map(|&(n, price)| n as u64 * price).sum::<u64>();
    gas.min(tx.gas_limit())
}

/// How many of the bytes are zero, counted in bytes as far as these go: calldata is long, and a
/// processor adds sixteen bytes or more at a time.
fn n_zeros(bytes: &[u8]) -> usize {
    let of_chunk = |chunk: &[u8]| chunk.iter().map(|byte| u8::from(*byte == 0)).sum::<u8>();
    bytes.chunks(usize::from(u8::MAX)).map(|chunk| usize::from(of_chunk(chunk))).sum()
}

#[cfg(test)]
mod tests;
