//! Which access list would each transaction carry?
//!
//! In: a block and predictions. Out: [`BlockAccessLists`], with the `accessList` of EIP-2930 for
//! each transaction.
//! Invariants: an account stands once in a list; accounts that are warm anyway (sender, recipient,
//! beneficiary, what the transaction creates) stand there only for their slots.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, B256};
use serde::Serialize;
use slotcast_executor::Block;
use slotcast_model::{Coverage, Prediction, TxIndex};

use super::{SCHEMA_VERSION, key_of};

/// The access lists of some of a block's transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockAccessLists {
    /// The version of the dialect.
    pub schema_version: u64,
    /// The block's number.
    pub block: u64,
    /// One list for each transaction.
    pub txs: Vec<AccessList>,
}

/// The access list of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessList {
    /// The transaction's position in its block.
    pub index: u32,
    /// Whether the list claims to be complete.
    pub complete: bool,
    /// The list, as a transaction carries it.
    pub access_list: Vec<AccessListItem>,
}

/// One account of an access list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessListItem {
    /// The account.
    pub address: Address,
    /// Slots of its storage, ascending.
    pub storage_keys: Vec<B256>,
}

/// The access lists for these transactions of `block`.
pub fn access_lists<'a>(
    block: &Block,
    predictions: impl IntoIterator<Item = (TxIndex, &'a Prediction)>,
) -> BlockAccessLists {
    let list = |(tx, prediction): (TxIndex, &Prediction)| AccessList {
        index: tx.0,
        complete: prediction.coverage() == Coverage::Complete,
        access_list: items(block, tx, prediction),
    };
    BlockAccessLists {
        schema_version: SCHEMA_VERSION,
        block: block.header.number,
        txs: predictions.into_iter().map(list).collect(),
    }
}

fn items(block: &Block, tx: TxIndex, prediction: &Prediction) -> Vec<AccessListItem> {
    let (storage, accounts) = (prediction.storage(), prediction.accounts());
    let transaction = block.transaction(tx);
    let is_warm = |address: &Address| {
        *address == transaction.signer()
            || *address == block.header.beneficiary
            || transaction.to() == Some(*address)
            || accounts.created.contains(address)
    };
    let mut keys: BTreeMap<Address, BTreeSet<B256>> = BTreeMap::new();
    let mentioned = [
        &accounts.balance_reads,
        &accounts.balance_debits,
        &accounts.balance_credits,
        &accounts.code_reads,
        &accounts.destroyed,
    ];
    for address in mentioned.into_iter().flatten().filter(|address| !is_warm(address)) {
        keys.entry(*address).or_default();
    }
    for slot in storage.reads.iter().chain(&storage.deltas) {
        keys.entry(slot.address).or_default().insert(key_of(slot));
    }
    keys.into_iter()
        .map(|(address, keys)| AccessListItem { address, storage_keys: keys.into_iter().collect() })
        .collect()
}
