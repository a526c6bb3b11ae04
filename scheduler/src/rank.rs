//! Which of the transactions that may start should start first?
//!
//! In: what each transaction is expected to take and up to where it waits ([`Steps`]). Out: for each,
//! how much there is to do one after the other from its start to the end of the block, in the same
//! unit.
//! Invariants: a rank follows from the steps alone, and decides how long a block takes and never what
//! it does; integer arithmetic only.
//!
//! Taken in block order, a long transaction near the end of a block starts last and leaves the other
//! threads with nothing to do. The one with the most to do behind it should start first, the usual
//! rule for such schedules. Behind a transaction are
//!
//! - whatever waits for it: everything with a horizon above it, since a horizon is reached when
//!   everything below it is decided;
//! - the decisions of all later transactions, which are taken one after the other in block order.
//!
//! ```text
//! tx        0   1   2   3          every decision takes 1
//! run       5   9   5  30
//! horizon   0   0   1   0
//! behind    8   3   2   1          0: its decision, then 2 from its start to the end
//! rank     13  12   7  31          3 starts first, then 0
//! ```

use slotcast_model::{Index, IndexVec, TxIndex};

use crate::streamed::Steps;

/// What there is to do one after the other from the start of each transaction to the end of the block.
pub fn ranks(txs: &IndexVec<TxIndex, Steps>) -> IndexVec<TxIndex, u64> {
    let mut ranks = IndexVec::from_elem(0, txs.len());
    // The most that is to do from the start of one that has just this horizon.
    let mut by_horizon = vec![0_u64; txs.len() + 1];
    let (mut waiting, mut decisions) = (0_u64, 0_u64);
    for tx in (0..txs.len()).rev().map(TxIndex::from_usize) {
        let Steps { run, decide, horizon, .. } = txs[tx];
        waiting = waiting.max(by_horizon[tx.as_usize() + 1]);
        let behind = decide.saturating_add(waiting.max(decisions));
        decisions = decisions.saturating_add(decide);
        ranks[tx] = run.unwrap_or(0).saturating_add(behind);
        let of_horizon = &mut by_horizon[horizon.as_usize()];
        *of_horizon = ranks[tx].max(*of_horizon);
    }
    ranks
}

#[cfg(test)]
mod tests;
