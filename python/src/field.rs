//! Which field of a recorded block is to blame for an error?
//!
//! In: a [`RunError`]. Out: the field's place from the top of the file.
//! Invariant: none where no single field is.

use slotcast_corpus::{RunError, ValidationError};

/// The field, if it is one.
pub(crate) fn field_of(error: &RunError) -> Option<String> {
    match error {
        RunError::Recording(error) => Some(of_recording(error)),
        RunError::NotWhole { .. } => Some("preStateRoot".to_owned()),
        RunError::Chain { .. } => Some("chainId".to_owned()),
        RunError::Execution { .. } => None,
    }
}

fn of_recording(error: &ValidationError) -> String {
    let of_tx = |index: &usize, field: &str| format!("block.transactions[{index}].{field}");
    match error {
        ValidationError::HeaderHash { .. } => "block.hash".to_owned(),
        ValidationError::Root { field, .. } => format!("block.{field}"),
        ValidationError::BeyondRules { .. } => "block.difficulty".to_owned(),
        ValidationError::Unpaired { absent, .. } => format!("block.{absent}"),
        ValidationError::TransactionHash { index, .. } => of_tx(index, "hash"),
        ValidationError::ChainId { .. } => "chainId".to_owned(),
        ValidationError::Sender { index, .. } => of_tx(index, "from"),
        ValidationError::CodeHash { address, .. } => format!("preState.{address}.codeHash"),
        ValidationError::ParentHash { .. } => "blockHashes".to_owned(),
        ValidationError::Receipts { .. } => "receipts".to_owned(),
    }
}
