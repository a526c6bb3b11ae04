//! How is a transaction to be run?
//!
//! In: what it waits for. Out: [`Dispatch`].
//! Invariant: it follows from the block, the base state and the advice alone.

use slotcast_model::TxIndex;

use crate::evm::Told;

/// How a transaction is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dispatch {
    /// On everything before it, when its turn comes.
    OnPrefix {
        /// Up to where it waits, for the rank of those it waits for.
        horizon: TxIndex,
        /// About how long it takes.
        nanos: u64,
    },
    /// On everything below its horizon, and validated when its turn comes.
    Speculatively {
        /// The first transaction it does not see.
        horizon: TxIndex,
        /// About how long it takes to run it, and to commit it.
        nanos: [u64; 2],
        /// What else it is told; handed out with the transaction.
        told: Told,
    },
}
