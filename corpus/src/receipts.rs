//! What does a recording hold of the receipts of a block that ran?
//!
//! In: a block and its outcome. Out: [`RecordedReceipt`]s.
//! Invariant: nothing is executed here.

use alloy_consensus::{Eip658Value, TxReceipt, Typed2718};
use slotcast::executor::{Block, BlockOutcome, Receipt};

use crate::{RecordedReceipt, RollupFields};

/// The receipts of a block that ran, as a recording holds them.
///
/// ```
/// use slotcast::executor::{Advice, execute};
/// use slotcast_corpus::{self as corpus, prepare, receipts_of};
///
/// let prepared = prepare(&corpus::embedded()?)?;
/// let (block, state) = (prepared.block(), prepared.state());
/// let outcome = execute(block, state, Advice::None)?.into_outcome(state)?;
/// assert_eq!(receipts_of(block, &outcome).len(), 400);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn receipts_of(block: &Block, outcome: &BlockOutcome) -> Vec<RecordedReceipt> {
    let mut used_before = 0;
    let ran = block.transactions.iter().zip(&outcome.receipts);
    ran.map(|(tx, receipt)| {
        let cumulative_gas_used = receipt.cumulative_gas_used();
        let gas_used = cumulative_gas_used - used_before;
        used_before = cumulative_gas_used;
        RecordedReceipt {
            tx_type: receipt.ty(),
            success: success(receipt),
            cumulative_gas_used,
            gas_used,
            logs: receipt.logs().to_vec(),
            transaction_hash: *tx.tx_hash(),
            rollup: RollupFields::of(receipt),
        }
    })
    .collect()
}

/// Before Byzantium a receipt holds a state root instead.
fn success(receipt: &Receipt) -> Option<bool> {
    match receipt.status_or_post_state() {
        Eip658Value::Eip658(success) => Some(success),
        Eip658Value::PostState(_) => None,
    }
}
