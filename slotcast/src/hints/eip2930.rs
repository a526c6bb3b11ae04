//! Which access list would each transaction carry?
//!
//! In: predictions, and what is warm anyway. Out: [`BlockAccessLists`], with the `accessList` of
//! EIP-2930 for each transaction, in the types of `alloy-eips`.
//! Invariants: an account stands once in a list; accounts that are warm anyway (sender, recipient,
//! beneficiary, what the transaction creates) stand there only for their slots.

use std::collections::{BTreeMap, BTreeSet};

use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use slotcast_executor::Vaults;
use slotcast_model::{Coverage, Prediction, Slot, TxIndex};

use crate::hints::{SCHEMA_VERSION, key_of};

/// The access lists of some of a block's transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockAccessLists {
    /// The version of the dialect.
    pub schema_version: u64,
    /// The block's number.
    pub block: u64,
    /// One list for each transaction.
    pub txs: Vec<TxAccessList>,
}

/// The access list of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TxAccessList {
    /// The transaction's position in its block.
    pub index: u32,
    /// Whether the list claims to be complete.
    pub complete: bool,
    /// The list, as a transaction carries it.
    pub access_list: AccessList,
}

impl TxAccessList {
    /// The slots listed, ascending.
    pub fn slots(&self) -> Vec<Slot> {
        let of_item = |item: &AccessListItem| {
            let address = item.address;
            let keys = item.storage_keys.clone();
            keys.into_iter().map(move |key| Slot::new(address, key.into()))
        };
        let mut slots: Vec<Slot> = self.access_list.0.iter().flat_map(of_item).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

/// The accounts that a transaction finds warm without naming them (EIP-2929, EIP-3651).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warm {
    /// Who sends the transaction.
    pub sender: Address,
    /// The account it calls; none if it creates a contract.
    pub to: Option<Address>,
    /// Who gets the block's fees.
    pub beneficiary: Address,
    /// Who else gets fees: not warm, but no code looks at them for that.
    pub vaults: Vaults,
}

/// The access lists for these transactions of block `number`.
pub fn access_lists<'a>(
    number: u64,
    txs: impl IntoIterator<Item = (TxIndex, Warm, &'a Prediction)>,
) -> BlockAccessLists {
    let list = |(tx, warm, prediction): (TxIndex, Warm, &Prediction)| TxAccessList {
        index: tx.0,
        complete: prediction.coverage() == Coverage::Complete,
        access_list: access_list(warm, prediction),
    };
    BlockAccessLists {
        schema_version: SCHEMA_VERSION,
        block: number,
        txs: txs.into_iter().map(list).collect(),
    }
}

/// The access list for one transaction.
pub fn access_list(warm: Warm, prediction: &Prediction) -> AccessList {
    let (storage, accounts) = (prediction.storage(), prediction.accounts());
    let is_warm = |address: &Address| {
        *address == warm.sender
            || *address == warm.beneficiary
            || warm.to == Some(*address)
            || accounts.created.contains(address)
    };
    let mut keys: BTreeMap<Address, BTreeSet<B256>> = BTreeMap::new();
    let is_vault = |address: &&Address| warm.vaults.contains(&Some(**address));
    let paid = accounts.balance_credits.iter().filter(|address| !is_vault(address));
    let mentioned = [
        &accounts.balance_reads,
        &accounts.balance_debits,
        &accounts.code_reads,
        &accounts.destroyed,
    ];
    let mentioned = mentioned.into_iter().flatten().chain(paid);
    for address in mentioned.filter(|address| !is_warm(address)) {
        keys.entry(*address).or_default();
    }
    for slot in storage.reads.iter().chain(&storage.deltas) {
        keys.entry(slot.address).or_default().insert(key_of(slot));
    }
    let item = |(address, keys): (Address, BTreeSet<B256>)| AccessListItem {
        address,
        storage_keys: keys.into_iter().collect(),
    };
    AccessList(keys.into_iter().map(item).collect())
}
