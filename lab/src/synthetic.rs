//! What would a block of so much gas be like, if all of its transactions were of one kind?
//!
//! In: a scenario and an amount of gas. Out: a sealed block that uses about that much.
//! Invariant: the same scenario and gas give the same block.

use slotcast_corpus::{Plan, PlanError, RecordedBlock, Scenario, generate};

use crate::seal::{SealError, seal};

/// Transactions from which it is learned what one of them uses.
const N_TRIED: usize = 100;

/// The scenarios between whose ends real blocks lie: those without any conflict, and those where
/// three transactions in ten meet.
pub const SYNTHETIC: [Scenario; 6] = [
    Scenario::PaymentsApart,
    Scenario::TokensApart,
    Scenario::PoolsApart,
    Scenario::OneAccount,
    Scenario::OneCounter,
    Scenario::OnePool,
];

/// Why a block could not be generated.
#[derive(Debug, thiserror::Error)]
pub enum SyntheticError {
    /// There is no such block.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It is not valid.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Generates a block of `scenario` that uses about `gas`.
pub fn synthetic_block(scenario: Scenario, gas: u64) -> Result<RecordedBlock, SyntheticError> {
    let of = |n_txs| Plan { n_txs, scenario, ..Plan::default() };
    let tried = seal(generate(&of(N_TRIED))?)?;
    let n_txs = gas.saturating_mul(N_TRIED as u64) / tried.header.gas_used.max(1);
    let n_txs = usize::try_from(n_txs).unwrap_or(usize::MAX).max(1);
    Ok(seal(generate(&of(n_txs))?)?)
}

#[cfg(test)]
mod tests;
