//! Which accounts and slots would the block's access list name?
//!
//! In: predictions. Out: [`BlockKeys`]: the shape of an EIP-7928 block access list without values,
//! and beside it what each transaction reads, which such a list does not tell.
//! Invariants: accounts and keys are ascending; a slot stands either among the changes or among the
//! reads of its account; an index is that of the block access list, one more than the transaction's
//! position, since 0 stands for the system calls before the block.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, U64};
use serde::Serialize;
use slotcast_model::{Prediction, TxIndex};

use super::{SCHEMA_VERSION, key_of};

/// The keys of a block access list, and who reads what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockKeys {
    /// The version of the dialect.
    pub schema_version: u64,
    /// The block's number.
    pub block: u64,
    /// All accounts touched.
    pub accounts: Vec<AccountKeys>,
    /// The slots each transaction reads.
    pub read_index: Vec<TxReads>,
}

/// One account of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountKeys {
    /// The account.
    pub address: Address,
    /// Slots that may change, and when.
    pub storage_changes: Vec<SlotChanges>,
    /// Slots that are only read.
    pub storage_reads: Vec<B256>,
    /// When its balance may change.
    pub balance_changes: Vec<KeyChange>,
    /// When its nonce may change.
    pub nonce_changes: Vec<KeyChange>,
    /// When its code may change.
    pub code_changes: Vec<KeyChange>,
}

/// One slot that may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlotChanges {
    /// The slot's key.
    pub key: B256,
    /// When it may change.
    pub changes: Vec<KeyChange>,
}

/// A change of unknown value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// The block access index of the transaction that changes it.
    pub index: U64,
}

/// The slots one transaction reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TxReads {
    /// The transaction's block access index.
    pub index: U64,
    /// Account and key of each slot.
    pub reads: Vec<(Address, B256)>,
}

/// When what of one account changes.
#[derive(Default)]
struct Touched {
    changes: BTreeMap<B256, BTreeSet<U64>>,
    reads: BTreeSet<B256>,
    balance: BTreeSet<U64>,
    nonce: BTreeSet<U64>,
    code: BTreeSet<U64>,
}

/// The keys that these transactions of block `number` touch.
pub fn block_keys<'a>(
    number: u64,
    predictions: impl IntoIterator<Item = (TxIndex, &'a Prediction)>,
) -> BlockKeys {
    let mut touched: BTreeMap<Address, Touched> = BTreeMap::new();
    let mut read_index = Vec::new();
    for (tx, prediction) in predictions {
        let index = U64::from(u64::from(tx.0) + 1);
        add_storage(&mut touched, index, prediction);
        add_accounts(&mut touched, index, prediction);
        let reads = prediction.storage().reads.iter();
        let reads: Vec<_> = reads.map(|slot| (slot.address, key_of(slot))).collect();
        if !reads.is_empty() {
            read_index.push(TxReads { index, reads });
        }
    }
    let accounts = touched.into_iter().map(|(address, touched)| touched.into_keys_of(address));
    BlockKeys {
        schema_version: SCHEMA_VERSION,
        block: number,
        accounts: accounts.collect(),
        read_index,
    }
}

fn add_storage(touched: &mut BTreeMap<Address, Touched>, index: U64, prediction: &Prediction) {
    let storage = prediction.storage();
    for slot in storage.writes.iter().chain(&storage.deltas) {
        let changes = &mut touched.entry(slot.address).or_default().changes;
        changes.entry(key_of(slot)).or_default().insert(index);
    }
    for slot in &storage.reads {
        touched.entry(slot.address).or_default().reads.insert(key_of(slot));
    }
}

fn add_accounts(touched: &mut BTreeMap<Address, Touched>, index: U64, prediction: &Prediction) {
    let accounts = prediction.accounts();
    for address in accounts.balance_reads.iter().chain(&accounts.code_reads) {
        touched.entry(*address).or_default();
    }
    for address in [&accounts.balance_debits, &accounts.balance_credits, &accounts.destroyed]
        .into_iter()
        .flatten()
    {
        touched.entry(*address).or_default().balance.insert(index);
    }
    for address in accounts.nonces.iter().chain(&accounts.created) {
        touched.entry(*address).or_default().nonce.insert(index);
    }
    for address in &accounts.created {
        touched.entry(*address).or_default().code.insert(index);
    }
}

impl Touched {
    fn into_keys_of(self, address: Address) -> AccountKeys {
        let Self { changes, mut reads, balance, nonce, code } = self;
        reads.retain(|key| !changes.contains_key(key));
        let at = |indices: BTreeSet<U64>| {
            indices.into_iter().map(|index| KeyChange { index }).collect::<Vec<_>>()
        };
        let slot = |(key, indices)| SlotChanges { key, changes: at(indices) };
        AccountKeys {
            address,
            storage_changes: changes.into_iter().map(slot).collect(),
            storage_reads: reads.into_iter().collect(),
            balance_changes: at(balance),
            nonce_changes: at(nonce),
            code_changes: at(code),
        }
    }
}
