//! What does a block leave, by itself?
//!
//! In: a recorded block. Out: one line of JSON: the cumulative gas after each transaction, each account
//! that the block changes with the slots it changes, and the block access list (EIP-7928) of running it.
//! `tests/compare` holds this against engines by others.
//!
//!     cargo run --release -p slotcast --example outcome -- block.json.gz

use std::{collections::BTreeMap, error::Error, path::PathBuf};

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use slotcast::executor::{
    AccountChange, SequentialSettings, block_access_list, execute_sequential,
};
use slotcast_corpus::{self as corpus, prepare};

#[expect(clippy::print_stdout, reason = "the line is what the example is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args_os().nth(1).ok_or("name a recorded block")?);
    let prepared = prepare(&corpus::read_file(&path)?)?;
    let (block, state) = (prepared.block(), prepared.state());
    let settings = SequentialSettings { is_observed: false };
    let outcome = execute_sequential(block, state, &settings)?.outcome;
    let used = outcome.receipts.iter().map(|receipt| receipt.cumulative_gas_used);
    let changes: BTreeMap<Address, Value> =
        outcome.state.iter().map(|change| (change.address, account(change))).collect();
    let line = json!({
        "block": block.header.number,
        "cumulativeGasUsed": used.collect::<Vec<_>>(),
        "changes": changes,
        "blockAccessList": block_access_list(block, state)?,
    });
    println!("{line}");
    Ok(())
}

/// The account after the block, or null if it is gone.
fn account(change: &AccountChange) -> Value {
    let Some(after) = change.after else { return Value::Null };
    let slots = change.storage.iter().map(|slot| (slot.key, slot.after));
    json!({
        "balance": after.balance,
        "nonce": U256::from(after.nonce),
        "codeHash": after.code_hash,
        "codeChanged": change.before.is_some_and(|before| before.code_hash != after.code_hash)
            || (change.before.is_none() && after.code_hash != alloy_primitives::KECCAK256_EMPTY),
        "destroyed": change.destroyed,
        "storage": slots.collect::<BTreeMap<U256, U256>>(),
    })
}
