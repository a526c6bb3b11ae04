//! Which pairs of transactions conflict?
//!
//! In: for each transaction the slots it writes, adds to and reads, and those of the latter that are
//! no reason to wait. Out: the conflict edges, and the gas on their longest chain.
//! Invariant: edges are ascending, without repeats, and lead from a lower to a higher index.

use alloy_primitives::map::HashMap;
use slotcast_model::{IndexVec, Slot, TxIndex};

use super::Scored;

/// Pairs (i, j), i before j, where i writes or adds to a slot that j reads or writes.
///
/// Written slots stand among the reads, so the reads are all there is to look at. Those of them that
/// `unread` lists, ascending, are written without being looked at.
pub(super) fn edges<'a>(
    txs: &IndexVec<TxIndex, Scored<'a>>,
    lists: impl Fn(&Scored<'a>) -> (&'a [Slot], &'a [Slot], &'a [Slot]),
    unread: impl Fn(&Scored<'a>) -> &'a [Slot],
) -> Vec<(TxIndex, TxIndex)> {
    let mut writers: HashMap<Slot, Vec<TxIndex>> = HashMap::default();
    let mut edges = Vec::new();
    for (reader, tx) in txs.iter_enumerated() {
        let (writes, adds, reads) = lists(tx);
        let unread = unread(tx);
        for slot in reads.iter().filter(|slot| unread.binary_search(slot).is_err()) {
            if let Some(writers) = writers.get(slot) {
                edges.extend(writers.iter().map(|&writer| (writer, reader)));
            }
        }
        for slot in writes.iter().chain(adds) {
            writers.entry(*slot).or_default().push(reader);
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// The most gas that a chain of edges holds one after the other.
pub(super) fn critical_path(edges: &[(TxIndex, TxIndex)], gas: &IndexVec<TxIndex, u64>) -> u64 {
    // Edges are ascending by their start, and every edge into a start comes before it.
    let mut before = IndexVec::from_elem(0_u64, gas.len());
    for &(from, to) in edges {
        before[to] = before[to].max(before[from] + gas[from]);
    }
    gas.iter_enumerated().map(|(tx, gas)| before[tx] + gas).max().unwrap_or_default()
}

#[cfg(test)]
mod tests;
