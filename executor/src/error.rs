//! Why could a block not be executed at all?
//!
//! In: what went wrong outside the EVM. Out: [`ExecutionError`].
//! Invariants: a revert and a halt are values of the outcome and never stand here, and a rejected
//! transaction only where the caller does not allow any; an error inside a transaction names it.

use slotcast_model::TxIndex;
use thiserror::Error;

use crate::{chain::ChainRules, rejection::Rejection};

/// What a base state, an EVM or a thread pool may report.
pub type Source = Box<dyn core::error::Error + Send + Sync + 'static>;

/// An outside failure: the block has no outcome.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The fork rules of the chain are not known.
    #[error(
        "the rules of chain id {chain_id} are not known; give the block `ForkChoice::Of` its `ChainRules`, or \
         the command --chain: a genesis file, or one of {}",
        ChainRules::names().chain(ChainRules::CONFIGURED).collect::<Vec<_>>().join(", ")
    )]
    UnsupportedChain {
        /// The chain id of the block.
        chain_id: u64,
    },
    /// The base state could not be read.
    #[error("the state could not be read{}: {source}", during(.tx))]
    Database {
        /// The transaction that was running, if one was.
        tx: Option<TxIndex>,
        /// What the base state reported.
        source: Source,
    },
    /// The EVM gave up on a transaction for a reason that is neither the transaction nor the state,
    /// such as a block environment its fork does not allow.
    #[error("the evm cannot run transaction {tx}: {source}")]
    Evm {
        /// The transaction that was running.
        tx: TxIndex,
        /// What the EVM reported.
        source: Source,
    },
    /// A system call, a withdrawal, a reward or a request of the block failed.
    #[error("the block cannot be executed: {source}")]
    Block {
        /// What the block executor reported.
        source: Source,
    },
    /// Code we do not own panicked, typically the base state.
    #[error("transaction {tx} panicked: {message}")]
    Panicked {
        /// The transaction that was running.
        tx: TxIndex,
        /// The text of the panic.
        message: String,
    },
    /// A transaction cannot be included, and the caller asked for a block in which all are.
    #[error("transaction {tx} cannot be included: {reason}")]
    Rejected {
        /// The first such transaction.
        tx: TxIndex,
        /// Why.
        reason: Rejection,
    },
    /// The schedule was made for another block.
    #[error("the schedule is for {n_scheduled} transactions and the block has {n_transactions}")]
    ForeignSchedule {
        /// How many transactions the schedule orders.
        n_scheduled: usize,
        /// How many the block has.
        n_transactions: usize,
    },
    /// The threads could not be started.
    #[error("the thread pool could not be started: {source}")]
    ThreadPool {
        /// What the operating system reported.
        source: Source,
    },
}

fn during(tx: &Option<TxIndex>) -> String {
    tx.map_or_else(String::new, |tx| format!(" in transaction {tx}"))
}
