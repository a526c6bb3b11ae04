//! Do slots have the names their sources give them, in code of ours and of others?

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assembled;
mod cases;
mod earlier_stores;
mod lint;
mod names;
mod packages;
mod vyper;

use slotcast_analyzer::limits::Limits;
use slotcast_contracts::artifacts::{Contract, NamedContract, name_contract};
use slotcast_model::Fork;

/// A contract as it reads.
fn named(contract: &Contract) -> NamedContract {
    name_contract(contract, Fork::Osaka, &Limits::default())
}
