//! What does an executor get to know about the order of a block?
//!
//! In: a dependency DAG, or given layers. Out: [`Schedule`], plain data to compare, print
//! and run.
//! Invariants: every transaction stands in exactly one layer, ascending within it; no layer is
//! empty; every edge leads to a strictly later layer. A schedule is advice: an executor must reach
//! the sequential outcome with every one of them.

use alloy_primitives::{B256, Keccak256};
use slotcast_model::{Index, IndexVec, Location, TxIndex};
use thiserror::Error;

use crate::{
    dag::{Dag, Edge, Reason},
    layer::{self, CriticalPath, LayerIndex},
};

/// Why something is no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// A transaction is named that the block does not have.
    #[error("transaction {tx} is not among the {n_txs} of the block")]
    Unknown {
        /// The transaction named.
        tx: TxIndex,
        /// How many the block has.
        n_txs: usize,
    },
    /// A transaction stands in no layer.
    #[error("transaction {tx} stands in no layer")]
    Missing {
        /// The transaction left out.
        tx: TxIndex,
    },
    /// A transaction stands in more than one place.
    #[error("transaction {tx} stands in more than one place")]
    Repeated {
        /// The transaction repeated.
        tx: TxIndex,
    },
    /// A layer holds no transaction.
    #[error("layer {layer} is empty")]
    EmptyLayer {
        /// The empty layer.
        layer: LayerIndex,
    },
    /// The transactions of a layer are not ascending.
    #[error("layer {layer} is not ascending")]
    Unsorted {
        /// The layer out of order.
        layer: LayerIndex,
    },
    /// A transaction would wait for itself or for a later one.
    #[error("transaction {to} cannot wait for transaction {from}, which is not earlier")]
    Backwards {
        /// The one waited for.
        from: TxIndex,
        /// The one that waits.
        to: TxIndex,
    },
    /// A transaction does not stand in a later layer than one it waits for.
    #[error("transaction {to} waits for transaction {from} but stands in no later layer")]
    NotLater {
        /// The one waited for.
        from: TxIndex,
        /// The one that waits.
        to: TxIndex,
    },
}

/// The order a block is to be run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    dag: Dag,
    weights: IndexVec<TxIndex, u64>,
    layers: Vec<Vec<TxIndex>>,
    layer_of: IndexVec<TxIndex, LayerIndex>,
    critical_path: CriticalPath,
    deltas: IndexVec<TxIndex, Vec<Location>>,
}

impl Schedule {
    /// The longest-path layering of `dag`; there is one weight per transaction.
    pub(crate) fn from_dag(dag: Dag, weights: IndexVec<TxIndex, u64>) -> Self {
        let layer_of = layer::layer_of_each(&dag);
        let layers = layer::group(&layer_of);
        Self::assemble(dag, weights, layers, layer_of)
    }

    fn assemble(
        dag: Dag,
        weights: IndexVec<TxIndex, u64>,
        layers: Vec<Vec<TxIndex>>,
        layer_of: IndexVec<TxIndex, LayerIndex>,
    ) -> Self {
        let critical_path = layer::critical_path(&dag, &weights);
        let deltas = IndexVec::from_elem(Vec::new(), layer_of.len());
        let schedule = Self { dag, weights, layers, layer_of, critical_path, deltas };
        debug_assert_eq!(schedule.verify(), Ok(()));
        schedule
    }

    /// The same, where each transaction adds to these locations without waiting for those that changed
    /// them before.
    pub(crate) fn with_deltas(self, deltas: IndexVec<TxIndex, Vec<Location>>) -> Self {
        assert_eq!(self.len(), deltas.len(), "there is one list for each transaction");
        Self { deltas, ..self }
    }

    /// One transaction after the other: each waits for the one before it and has weight 1.
    pub fn sequential(n_txs: usize) -> Self {
        let edge = |n| Edge {
            from: TxIndex::from_usize(n - 1),
            to: TxIndex::from_usize(n),
            reason: Reason::Given,
        };
        let dag = Dag::new(n_txs, (1..n_txs).map(edge).collect())
            .expect("each edge leads to the next transaction of the block");
        Self::from_dag(dag, IndexVec::from_elem(1, n_txs))
    }

    /// All transactions at once: none waits for another, each has weight 1.
    pub fn single_layer(n_txs: usize) -> Self {
        let dag = Dag::new(n_txs, Vec::new()).expect("no edge can go astray");
        Self::from_dag(dag, IndexVec::from_elem(1, n_txs))
    }

    /// Exactly these layers, without edges, each transaction with weight 1.
    ///
    /// The order inside a layer does not matter. Layers need not make sense: a later transaction
    /// may stand in an earlier layer than what it depends on.
    ///
    /// # Errors
    ///
    /// Unless every transaction below `n_txs` stands in exactly one layer and no layer is empty.
    pub fn from_layers(n_txs: usize, mut layers: Vec<Vec<TxIndex>>) -> Result<Self, ScheduleError> {
        for layer in &mut layers {
            layer.sort_unstable();
        }
        let layer_of = place(n_txs, &layers)?;
        let dag = Dag::new(n_txs, Vec::new())?;
        Ok(Self::assemble(dag, IndexVec::from_elem(1, n_txs), layers, layer_of))
    }

    /// The layering of exactly these (from, to) pairs, each transaction with weight 1.
    ///
    /// # Errors
    ///
    /// When a pair does not go from a lower to a higher index below `n_txs`.
    pub fn from_edges(
        n_txs: usize,
        pairs: impl IntoIterator<Item = (TxIndex, TxIndex)>,
    ) -> Result<Self, ScheduleError> {
        let edge = |(from, to)| Edge { from, to, reason: Reason::Given };
        let dag = Dag::new(n_txs, pairs.into_iter().map(edge).collect())?;
        Ok(Self::from_dag(dag, IndexVec::from_elem(1, n_txs)))
    }

    /// How many transactions there are.
    pub const fn len(&self) -> usize {
        self.layer_of.len()
    }

    /// Whether the block is empty.
    pub const fn is_empty(&self) -> bool {
        self.layer_of.is_empty()
    }

    /// The layers in order, each with its transactions ascending.
    pub fn layers(&self) -> &[Vec<TxIndex>] {
        &self.layers
    }

    /// The layer `tx` stands in.
    pub fn layer_of(&self, tx: TxIndex) -> LayerIndex {
        self.layer_of[tx]
    }

    /// How many transactions the fullest layer holds.
    pub fn width(&self) -> usize {
        self.layers.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// The dependencies.
    pub const fn dag(&self) -> &Dag {
        &self.dag
    }

    /// The dependencies with their reasons, by (to, from).
    pub fn edges(&self) -> impl Iterator<Item = Edge> {
        self.dag.edges()
    }

    /// The transactions `tx` waits for directly, ascending.
    pub fn predecessors(&self, tx: TxIndex) -> &[TxIndex] {
        self.dag.predecessors(tx)
    }

    /// The transactions that wait for `tx` directly, ascending.
    pub fn successors(&self, tx: TxIndex) -> &[TxIndex] {
        self.dag.successors(tx)
    }

    /// The locations that `tx` is predicted to add to without waiting for those that changed them
    /// before, ascending.
    pub fn deltas(&self, tx: TxIndex) -> &[Location] {
        &self.deltas[tx]
    }

    /// The weight of each transaction, as predicted.
    pub const fn weights(&self) -> &IndexVec<TxIndex, u64> {
        &self.weights
    }

    /// The sum of all weights.
    pub fn total_weight(&self) -> u64 {
        self.weights.iter().fold(0, |sum, &weight| sum.saturating_add(weight))
    }

    /// The heaviest chain of transactions that wait for one another.
    pub const fn critical_path(&self) -> &CriticalPath {
        &self.critical_path
    }

    /// The Keccak-256 hash of weights, layers and edges.
    ///
    /// Reasons explain and decide nothing, so they are left out, and deltas only say which edges
    /// are not there. The encoding is a sequence of
    /// big-endian 64-bit numbers, every list with its length before it.
    pub fn digest(&self) -> B256 {
        let mut hasher = Keccak256::new();
        let mut put = |n: u64| hasher.update(n.to_be_bytes());
        put(self.len() as u64);
        for &weight in &self.weights {
            put(weight);
        }
        put(self.layers.len() as u64);
        for layer in &self.layers {
            put(layer.len() as u64);
            layer.iter().for_each(|tx| put(u64::from(tx.0)));
        }
        put(self.dag.n_edges() as u64);
        for edge in self.edges() {
            put(u64::from(edge.from.0));
            put(u64::from(edge.to.0));
        }
        hasher.finalize()
    }

    /// Checks the invariants that the constructors promise, for a caller that relies on them.
    ///
    /// # Errors
    ///
    /// The first promise found broken.
    pub fn verify(&self) -> Result<(), ScheduleError> {
        let layer_of = place(self.len(), &self.layers)?;
        for (tx, &layer) in layer_of.iter_enumerated() {
            if self.layer_of[tx] != layer {
                return Err(ScheduleError::Repeated { tx });
            }
        }
        for Edge { from, to, .. } in self.edges() {
            if to <= from {
                return Err(ScheduleError::Backwards { from, to });
            }
            if layer_of[to] <= layer_of[from] {
                return Err(ScheduleError::NotLater { from, to });
            }
        }
        Ok(())
    }
}

/// The layer of each transaction, or what is wrong with the layers.
fn place(
    n_txs: usize,
    layers: &[Vec<TxIndex>],
) -> Result<IndexVec<TxIndex, LayerIndex>, ScheduleError> {
    let mut placed: IndexVec<TxIndex, Option<LayerIndex>> = IndexVec::from_elem(None, n_txs);
    for (n, txs) in layers.iter().enumerate() {
        let layer = LayerIndex::from_usize(n);
        if txs.is_empty() {
            return Err(ScheduleError::EmptyLayer { layer });
        }
        if !txs.is_sorted() {
            return Err(ScheduleError::Unsorted { layer });
        }
        for &tx in txs {
            if n_txs <= tx.as_usize() {
                return Err(ScheduleError::Unknown { tx, n_txs });
            }
            if placed[tx].replace(layer).is_some() {
                return Err(ScheduleError::Repeated { tx });
            }
        }
    }
    let placed = placed.iter_enumerated().map(|(tx, layer)| match layer {
        Some(layer) => Ok(*layer),
        None => Err(ScheduleError::Missing { tx }),
    });
    placed.collect()
}

#[cfg(test)]
mod tests;
