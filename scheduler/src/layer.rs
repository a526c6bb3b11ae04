//! Which transactions may run side by side, and how long must the block take at least?
//!
//! In: a [`Dag`] and weights. Out: the layer of every transaction and the [`CriticalPath`].
//! Invariants: a transaction stands exactly one layer below the lowest of those it waits for, so
//! the number of layers is the number of transactions on the longest path; ties on the critical
//! path go to the lowest index.

use slotcast_model::{IndexVec, TxIndex, index_newtype};

use crate::Dag;

index_newtype! {
    /// A layer's position in its schedule, from zero.
    pub struct LayerIndex;
}

/// The heaviest chain of transactions that wait for one another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// The sum of the weights on it.
    pub weight: u64,
    /// The transactions on it, ascending.
    pub txs: Vec<TxIndex>,
}

/// Longest-path layering: one below the lowest predecessor, the first layer without any.
pub(crate) fn layer_of_each(dag: &Dag) -> IndexVec<TxIndex, LayerIndex> {
    let mut layer_of = IndexVec::from_elem(LayerIndex(0), dag.n_txs());
    for tx in layer_of.indices() {
        // Block order is a topological order, so predecessors have their layers already.
        let lowest = dag.predecessors(tx).iter().map(|&earlier| layer_of[earlier].0 + 1).max();
        layer_of[tx] = LayerIndex(lowest.unwrap_or(0));
    }
    layer_of
}

/// The transactions of each layer, ascending.
pub(crate) fn group(layer_of: &IndexVec<TxIndex, LayerIndex>) -> Vec<Vec<TxIndex>> {
    let n_layers = layer_of.iter().map(|layer| layer.0 as usize + 1).max().unwrap_or(0);
    let mut layers = vec![Vec::new(); n_layers];
    for (tx, layer) in layer_of.iter_enumerated() {
        layers[layer.0 as usize].push(tx);
    }
    layers
}

/// The heaviest path through `dag`.
pub(crate) fn critical_path(dag: &Dag, weights: &IndexVec<TxIndex, u64>) -> CriticalPath {
    let mut until: IndexVec<TxIndex, u64> = IndexVec::from_elem(0, dag.n_txs());
    let mut heaviest_before: IndexVec<TxIndex, Option<TxIndex>> =
        IndexVec::from_elem(None, dag.n_txs());
    let mut end: Option<TxIndex> = None;
    for tx in until.indices() {
        let mut before: Option<TxIndex> = None;
        for &earlier in dag.predecessors(tx) {
            if before.is_none_or(|best| until[best] < until[earlier]) {
                before = Some(earlier);
            }
        }
        heaviest_before[tx] = before;
        until[tx] = weights[tx].saturating_add(before.map_or(0, |earlier| until[earlier]));
        if end.is_none_or(|best| until[best] < until[tx]) {
            end = Some(tx);
        }
    }
    let weight = end.map_or(0, |tx| until[tx]);
    let mut txs: Vec<TxIndex> = core::iter::successors(end, |&tx| heaviest_before[tx]).collect();
    txs.reverse();
    CriticalPath { weight, txs }
}

#[cfg(test)]
mod tests;
