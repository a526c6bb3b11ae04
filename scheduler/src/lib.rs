//! In which order may the transactions of a block run, going by what is predicted of each?
//!
//! In: one [`PredictedAccess`] per transaction, in block order. Out: a [`Schedule`]: a
//! dependency DAG, its layers and its critical path.
//! Invariants: the schedule is a function of its inputs alone; every edge goes from a lower to a
//! higher index; nothing here runs a transaction, starts a thread or knows what a location means
//! beyond equality and order.
//!
//! State is taken to be multi-version: a transaction reads, for each location, the version of the
//! latest earlier change, whenever that change was computed. So only a read of an earlier change
//! makes a dependency; two changes of one location, or a change after a read, make none. For
//! example, with three transactions
//!
//! ```text
//! 0: reads a, writes a      1: writes a      2: reads a
//! ```
//!
//! transaction 2 waits for 1, the last writer of `a`, and no transaction waits for 0: its version of
//! `a` is not read. Layer 0 holds 0 and 1, layer 1 holds 2.

mod conflict;
mod dag;
mod layer;
mod makespan;
mod mode;
mod optimistic;
pub mod partition;
pub mod print;
mod rank;
mod schedule;
mod streamed;
mod weight;

use slotcast_model::{AccessSet, IndexVec, TxIndex};

pub use dag::{Dag, Edge, Reason};
pub use layer::{CriticalPath, LayerIndex};
pub use makespan::{simulate, simulate_unbound};
pub use mode::Mode;
pub use optimistic::{Actual, Simulated, simulate_optimistic};
pub use rank::ranks;
pub use schedule::{Schedule, ScheduleError};
pub use streamed::{Steps, Work, WorkSpan, simulate_streamed, trace_streamed};
pub use weight::CostModel;

/// What the scheduler gets to know about one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PredictedAccess {
    /// The locations it is predicted to read, write and add to.
    pub access: AccessSet,
    /// The gas it is predicted to use.
    pub weight: u64,
}

/// The schedule of a block by what is predicted of its transactions.
pub fn schedule(txs: &IndexVec<TxIndex, PredictedAccess>) -> Schedule {
    let conflict::Conflicts { edges, deltas } = conflict::conflicts(txs);
    let dag = Dag::new(txs.len(), edges)
        .expect("conflicts only look at earlier transactions of the block");
    let weights = txs.iter().map(|tx| tx.weight).collect();
    Schedule::from_dag(dag, weights).with_deltas(deltas)
}
