//! How is a schedule followed?
//!
//! In: a schedule. Out: for each transaction its *horizon*, the first transaction it does not see.
//! Invariant: a transaction sees everything it waits for, and nothing after itself.

use slotcast_model::{Index, TxIndex};

use crate::Schedule;

/// How a schedule is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A transaction waits for every transaction of a lower layer that lies before it.
    Layers,
    /// A transaction waits for those it depends on; layers do not matter.
    Dataflow,
    /// The same, but it does not wait for a slot whose value is predicted, and runs on that value. A
    /// schedule knows no values, so it is followed as in dataflow mode.
    #[default]
    Values,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Layers, Self::Dataflow, Self::Values];

    /// The mode as reports spell it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Dataflow => "dataflow",
            Self::Values => "values",
        }
    }

    /// One more than the highest transaction that `tx` waits for.
    pub fn horizon(self, schedule: &Schedule, tx: TxIndex) -> TxIndex {
        let last = match self {
            Self::Dataflow | Self::Values => schedule.predecessors(tx).last().copied(),
            Self::Layers => {
                let layer = schedule.layer_of(tx);
                // The first layer waits for nothing, so there is nothing to look for.
                let n_before = if layer.as_usize() == 0 { 0 } else { tx.as_usize() };
                let mut before = (0..n_before).rev().map(TxIndex::from_usize);
                before.find(|&earlier| schedule.layer_of(earlier) < layer)
            }
        };
        last.map_or(TxIndex(0), |last| TxIndex(last.0 + 1))
    }
}
