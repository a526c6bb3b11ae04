//! Why can a transaction not be included where it stands?
//!
//! In: what revm or the block executor objected to. Out: [`Rejection`], to match on and to print.
//! Invariants: a rejection depends on the transaction and on everything before it in its block, never
//! on how the block was executed; its text is the one that alloy-evm's block executor gives.

use alloy_evm::block::BlockValidationError;
use revm::context::result::InvalidTransaction;
use thiserror::Error;

/// Why a transaction could not be included; the block goes on without it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The transaction is not valid where it stands: its nonce, its funds, its price, its form.
    #[error(transparent)]
    Invalid(#[from] InvalidTransaction),
    /// The block has not enough gas left for it.
    #[error("{}", no_room(*.gas_limit, *.left))]
    NoRoom {
        /// The transaction's gas limit.
        gas_limit: u64,
        /// The gas that the transactions before it left, in the dimension that is short since
        /// Amsterdam.
        left: u64,
    },
}

/// What the block executor says of the same thing.
fn no_room(gas_limit: u64, left: u64) -> BlockValidationError {
    BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
        transaction_gas_limit: gas_limit,
        block_available_gas: left,
    }
}

#[cfg(test)]
mod tests;
