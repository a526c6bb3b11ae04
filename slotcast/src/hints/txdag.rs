//! Which earlier transactions does each transaction depend on?
//!
//! In: a schedule. Out: [`TxDag`], in the manner of BEP-396's plain DAG.
//! Invariants: indices are ascending and lower than the transaction's own; a dependency that follows
//! from others is left out.

use serde::{Deserialize, Serialize};
use slotcast_model::{Index, TxIndex};
use slotcast_scheduler::Schedule;

use crate::hints::SCHEMA_VERSION;

/// BEP-396's number for a DAG that lists dependencies plainly.
const PLAIN: u8 = 1;

/// The dependencies of a block's transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TxDag {
    /// The version of the dialect.
    pub schema_version: u64,
    /// The block's number.
    pub block: u64,
    /// The kind of DAG: plain.
    #[serde(rename = "type")]
    pub kind: u8,
    /// One entry for each transaction, in block order.
    pub tx_deps: Vec<TxDependencies>,
}

/// What one transaction depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TxDependencies {
    /// The transaction's position in its block.
    pub index: u32,
    /// Positions of the transactions it depends on.
    pub tx_indexes: Vec<u32>,
}

impl TxDag {
    /// Every dependency, from the earlier to the later transaction, in the order of the document.
    pub fn edges(&self) -> impl Iterator<Item = (TxIndex, TxIndex)> {
        let of_tx = |tx: &TxDependencies| {
            let to = TxIndex(tx.index);
            tx.tx_indexes.clone().into_iter().map(move |from| (TxIndex(from), to))
        };
        self.tx_deps.iter().flat_map(of_tx)
    }
}

/// The dependencies of these transactions of block `number`, by the schedule of the whole block.
pub fn tx_dag(number: u64, schedule: &Schedule, txs: impl IntoIterator<Item = TxIndex>) -> TxDag {
    let reduced = schedule.dag().transitive_reduction();
    let dependencies = |tx: TxIndex| {
        assert!(tx.as_usize() < schedule.len(), "the transaction is one of the block");
        TxDependencies {
            index: tx.0,
            tx_indexes: reduced.predecessors(tx).iter().map(|tx| tx.0).collect(),
        }
    };
    TxDag {
        schema_version: SCHEMA_VERSION,
        block: number,
        kind: PLAIN,
        tx_deps: txs.into_iter().map(dependencies).collect(),
    }
}
