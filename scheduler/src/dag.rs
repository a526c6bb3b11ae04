//! Which transaction waits for which, and why?
//!
//! In: edges in any order. Out: [`Dag`], with the edges into and out of every transaction.
//! Invariants: every edge goes from a lower to a higher index, so there is no cycle by
//! construction and block order is a topological order; there is at most one edge per pair; edges
//! are ordered by (to, from).

use petgraph::{
    algo::tred::{dag_to_toposorted_adjacency_list, dag_transitive_reduction_closure},
    graph::{DiGraph, NodeIndex},
};
use slotcast_model::{Index, Location, TxIndex};

use crate::ScheduleError;

/// Why a transaction waits for an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The later one is predicted to read what the earlier one is predicted to change.
    Data {
        /// The first such location.
        location: Location,
        /// How many such locations there are.
        n_locations: u32,
    },
    /// The maker of the schedule asked for it.
    Given,
}

/// One dependency: `to` waits for `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The earlier transaction.
    pub from: TxIndex,
    /// The later transaction.
    pub to: TxIndex,
    /// Why it waits.
    pub reason: Reason,
}

/// Dependencies between the transactions of one block.
///
/// Neighbours are kept as compressed rows, because layering and dataflow execution walk them for
/// every block; [`Dag::to_petgraph`] gives the same graph to general algorithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dag {
    predecessors: Rows,
    successors: Rows,
    /// Parallel to the entries of `predecessors`.
    reasons: Vec<Reason>,
}

impl Dag {
    /// The graph over `n_txs` transactions with `edges`, given in any order.
    ///
    /// Of several edges between the same two transactions the one with the least reason is kept.
    ///
    /// # Errors
    ///
    /// When an edge does not go from a lower to a higher index below `n_txs`.
    pub fn new(n_txs: usize, mut edges: Vec<Edge>) -> Result<Self, ScheduleError> {
        for &Edge { from, to, .. } in &edges {
            if n_txs <= to.as_usize() {
                return Err(ScheduleError::Unknown { tx: to, n_txs });
            }
            if to <= from {
                return Err(ScheduleError::Backwards { from, to });
            }
        }
        // The finder of conflicts delivers edges in this order; a policy's come behind them.
        if !edges.is_sorted_by(|left, right| (left.to, left.from) < (right.to, right.from)) {
            edges.sort_by_key(|edge| (edge.to, edge.from, edge.reason));
            edges.dedup_by_key(|edge| (edge.to, edge.from));
        }
        let predecessors = Rows::new(n_txs, edges.iter().map(|edge| (edge.to, edge.from)));
        let successors = Rows::new(n_txs, edges.iter().map(|edge| (edge.from, edge.to)));
        let reasons = edges.into_iter().map(|edge| edge.reason).collect();
        Ok(Self { predecessors, successors, reasons })
    }

    /// How many transactions there are.
    pub fn n_txs(&self) -> usize {
        self.predecessors.len()
    }

    /// How many edges there are.
    pub fn n_edges(&self) -> usize {
        self.reasons.len()
    }

    /// The transactions `tx` waits for, ascending.
    pub fn predecessors(&self, tx: TxIndex) -> &[TxIndex] {
        self.predecessors.row(tx)
    }

    /// The transactions that wait for `tx`, ascending.
    pub fn successors(&self, tx: TxIndex) -> &[TxIndex] {
        self.successors.row(tx)
    }

    /// The edges into `tx`, by ascending source.
    pub fn edges_into(&self, tx: TxIndex) -> impl ExactSizeIterator<Item = Edge> {
        let reasons = &self.reasons[self.predecessors.range(tx)];
        let sources = self.predecessors(tx).iter();
        sources.zip(reasons).map(move |(&from, &reason)| Edge { from, to: tx, reason })
    }

    /// All edges, by (to, from).
    pub fn edges(&self) -> impl Iterator<Item = Edge> {
        (0..self.n_txs()).map(TxIndex::from_usize).flat_map(|tx| self.edges_into(tx))
    }

    /// The same graph for general graph algorithms; node `n` is transaction `n`.
    pub fn to_petgraph(&self) -> DiGraph<TxIndex, Reason, u32> {
        let mut graph = DiGraph::with_capacity(self.n_txs(), self.n_edges());
        for n in 0..self.n_txs() {
            graph.add_node(TxIndex::from_usize(n));
        }
        for Edge { from, to, reason } in self.edges() {
            graph.add_edge(NodeIndex::new(from.as_usize()), NodeIndex::new(to.as_usize()), reason);
        }
        graph
    }

    /// The fewest of these edges that still order every pair these order.
    pub fn transitive_reduction(&self) -> Self {
        // Block order is a topological order, in which the adjacency list numbers nodes again from
        // zero: a node's number stays its transaction's index.
        let block_order: Vec<NodeIndex> = (0..self.n_txs()).map(NodeIndex::new).collect();
        let (list, _) =
            dag_to_toposorted_adjacency_list::<_, NodeIndex>(&self.to_petgraph(), &block_order);
        let (reduced, _) = dag_transitive_reduction_closure(&list);
        let kept = |edge: &Edge| {
            let [from, to] = [edge.from, edge.to].map(|tx| NodeIndex::new(tx.as_usize()));
            reduced.contains_edge(from, to)
        };
        Self::new(self.n_txs(), self.edges().filter(kept).collect())
            .expect("a part of sound edges is sound")
    }
}

/// A list of transactions for every transaction, in two flat arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows {
    /// Where each row starts, and at the end where the last one ends.
    starts: Vec<u32>,
    entries: Vec<TxIndex>,
}

impl Rows {
    /// Rows from (row, entry) pairs; entries of a row keep the order they come in.
    fn new(n_rows: usize, pairs: impl Iterator<Item = (TxIndex, TxIndex)> + Clone) -> Self {
        let mut starts = vec![0u32; n_rows + 1];
        for (row, _) in pairs.clone() {
            starts[row.as_usize() + 1] += 1;
        }
        for row in 0..n_rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut entries = vec![TxIndex::default(); starts[n_rows] as usize];
        for (row, entry) in pairs {
            entries[next[row.as_usize()] as usize] = entry;
            next[row.as_usize()] += 1;
        }
        Self { starts, entries }
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn range(&self, row: TxIndex) -> core::ops::Range<usize> {
        self.starts[row.as_usize()] as usize..self.starts[row.as_usize() + 1] as usize
    }

    fn row(&self, row: TxIndex) -> &[TxIndex] {
        &self.entries[self.range(row)]
    }
}

#[cfg(test)]
mod tests;
