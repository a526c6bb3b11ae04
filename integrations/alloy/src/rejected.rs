//! How does a host learn which transaction of a block is not valid?
//!
//! In: an index and revm's reason. Out: [`RejectedTx`], inside the error that `alloy-evm` has for it.
//! Invariant: a host that knows nothing of us finds revm's reason where it always stands.

use alloy_evm::{
    InvalidTxError,
    block::{BlockExecutionError, BlockValidationError},
};
use alloy_primitives::B256;
use revm::context::result::InvalidTransaction;
use slotcast::{executor::Rejection, model::TxIndex};
use thiserror::Error;

/// A transaction that is not valid where it stands; the error of `BlockValidationError::InvalidTx`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("transaction {tx}: {reason}")]
pub struct RejectedTx {
    /// Its index in the block.
    pub tx: TxIndex,
    /// What revm objects to.
    pub reason: InvalidTransaction,
}

impl InvalidTxError for RejectedTx {
    fn as_invalid_tx_err(&self) -> Option<&InvalidTransaction> {
        Some(&self.reason)
    }
}

/// The error that `alloy-evm`'s block executor gives for a transaction that cannot be included.
pub(crate) fn error_of(tx: TxIndex, hash: B256, rejection: Rejection) -> BlockExecutionError {
    match rejection {
        Rejection::Invalid(reason) => {
            let error = Box::new(RejectedTx { tx, reason });
            BlockValidationError::InvalidTx { hash, error }.into()
        }
        Rejection::NoRoom { gas_limit, left } => {
            BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
                transaction_gas_limit: gas_limit,
                block_available_gas: left,
            }
            .into()
        }
        other => BlockExecutionError::other(other),
    }
}
