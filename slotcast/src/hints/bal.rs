//! Which accounts and slots would the block's access list name?
//!
//! In: predictions. Out: [`BlockKeys`]: the shape of an EIP-7928 block access list without values,
//! and beside it what each transaction reads, which such a list does not tell.
//! Invariants: accounts and keys are ascending; a slot stands either among the changes or among the
//! reads of its account; an index is that of the block access list, one more than the transaction's
//! position, since 0 stands for the system calls before the block.
//!
//! The list of a finished block, in the types of `alloy-eip7928`, gives the same shape
//! ([`AccountKeys::from`]), so that prediction and truth can be compared; the other way
//! ([`AccountKeys::with_zeros`]) puts zeros where a list has values.

use std::collections::{BTreeMap, BTreeSet};

use alloy_eip7928::{
    AccountChanges, BalanceChange, BlockAccessIndex, CodeChange, NonceChange, StorageChange,
};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};
use slotcast_model::{Prediction, TxIndex};

use crate::hints::{SCHEMA_VERSION, key_of};

/// The keys of a block access list, and who reads what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotChanges {
    /// The slot's key.
    pub key: B256,
    /// When it may change.
    pub changes: Vec<KeyChange>,
}

/// A change of unknown value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// The block access index of the transaction that changes it.
    pub index: U64,
}

/// The slots one transaction reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxReads {
    /// The transaction's block access index.
    pub index: U64,
    /// Account and key of each slot.
    pub reads: Vec<(Address, B256)>,
}

impl From<&AccountChanges> for AccountKeys {
    /// The keys of a list that has values.
    fn from(account: &AccountChanges) -> Self {
        let at = |index: BlockAccessIndex| KeyChange { index: U64::from(index.get()) };
        let slot = |slot: &alloy_eip7928::SlotChanges| SlotChanges {
            key: slot.slot.into(),
            changes: slot.changes.iter().map(|change| at(change.block_access_index)).collect(),
        };
        let (balances, nonces, codes) =
            (&account.balance_changes, &account.nonce_changes, &account.code_changes);
        Self {
            address: account.address,
            storage_changes: account.storage_changes.iter().map(slot).collect(),
            storage_reads: account.storage_reads.iter().map(|&key| key.into()).collect(),
            balance_changes: balances.iter().map(|change| at(change.block_access_index)).collect(),
            nonce_changes: nonces.iter().map(|change| at(change.block_access_index)).collect(),
            code_changes: codes.iter().map(|change| at(change.block_access_index)).collect(),
        }
    }
}

impl AccountKeys {
    /// The account in the shape of a list that has values, every value being zero.
    pub fn with_zeros(&self) -> AccountChanges {
        let at = |change: &KeyChange| BlockAccessIndex::new(change.index.to());
        let storage = |change: &KeyChange| StorageChange::new(at(change), U256::ZERO);
        let slot = |slot: &SlotChanges| {
            let changes = slot.changes.iter().map(storage).collect();
            alloy_eip7928::SlotChanges::new(slot.key.into(), changes)
        };
        let balance = |change: &KeyChange| BalanceChange::new(at(change), U256::ZERO);
        let nonce = |change: &KeyChange| NonceChange::new(at(change), 0);
        let code = |change: &KeyChange| CodeChange::new(at(change), Bytes::new());
        AccountChanges {
            address: self.address,
            storage_changes: self.storage_changes.iter().map(slot).collect(),
            storage_reads: self.storage_reads.iter().map(|&key| key.into()).collect(),
            balance_changes: self.balance_changes.iter().map(balance).collect(),
            nonce_changes: self.nonce_changes.iter().map(nonce).collect(),
            code_changes: self.code_changes.iter().map(code).collect(),
        }
    }
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
    for address in accounts.created.iter().chain(&accounts.delegated) {
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
