//! Does each dialect say what was predicted, and nothing twice?

use alloy_eip7928::{AccountChanges, validate_block_access_list};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, U64, U256};
use serde_json::Value;
use slotcast_model::{
    AccountAccess, IndexVec, Prediction, Slot, StateRead, StorageAccess, TxIndex,
};
use slotcast_scheduler::Schedule;

use super::*;

const fn account(n: u8) -> Address {
    Address::with_last_byte(n)
}

fn slot(n: u8, key: u64) -> Slot {
    Slot::new(account(n), U256::from(key))
}

fn key(n: u8) -> B256 {
    B256::with_last_byte(n)
}

/// What both transactions find warm: account 1 calls account 2 in a block for account 3.
const fn warm() -> Warm {
    Warm { sender: account(1), to: Some(account(2)), beneficiary: account(3), vaults: [None; 3] }
}

fn lists() -> BlockAccessLists {
    access_lists(5, predictions().iter_enumerated().map(|(tx, it)| (tx, warm(), it)))
}

/// The first reads, writes and adds; the second reads what the first wrote, and creates.
fn predictions() -> IndexVec<TxIndex, Prediction> {
    let first = StorageAccess {
        reads: vec![slot(2, 1)],
        writes: vec![slot(2, 2)],
        deltas: vec![slot(9, 7)],
    };
    let first_accounts = AccountAccess {
        nonces: vec![account(1)],
        balance_debits: vec![account(1)],
        balance_credits: vec![account(3), account(8)],
        code_reads: vec![account(2), account(7)],
        ..AccountAccess::default()
    };
    let second = StorageAccess { reads: vec![slot(2, 2)], ..StorageAccess::default() };
    let second_accounts = AccountAccess { created: vec![account(6)], ..AccountAccess::default() };
    let word = StateRead { location: slot(2, 1).into(), value: U256::ZERO };
    IndexVec::from(vec![
        Prediction::new(first, first_accounts, vec![], vec![word], vec![]),
        Prediction::new(second, second_accounts, vec![], vec![], vec![]),
    ])
}

#[test]
fn an_access_list_names_what_is_not_warm_anyway() {
    let lists = lists();
    assert_eq!((lists.schema_version, lists.block), (1, 5));
    let item = |n, storage_keys: Vec<B256>| AccessListItem { address: account(n), storage_keys };
    let expected = vec![
        item(2, vec![key(1), key(2)]),
        item(7, vec![]),
        item(8, vec![]),
        item(9, vec![key(7)]),
    ];
    assert_eq!(
        lists.txs,
        [
            TxAccessList { index: 0, complete: false, access_list: AccessList(expected) },
            TxAccessList {
                index: 1,
                complete: true,
                access_list: AccessList(vec![item(2, vec![key(2)])])
            },
        ]
    );
}

#[test]
fn block_keys_tell_changes_from_reads() {
    let predictions = predictions();
    let keys = block_keys(5, predictions.iter_enumerated());
    let of = |n| keys.accounts.iter().find(|keys| keys.address == account(n)).unwrap();
    let at = |indices: &[u64]| -> Vec<KeyChange> {
        indices.iter().map(|&index| KeyChange { index: U64::from(index) }).collect()
    };
    assert_eq!(of(2).storage_reads, [key(1)]);
    assert_eq!(of(2).storage_changes, [SlotChanges { key: key(2), changes: at(&[1]) }]);
    assert_eq!(of(9).storage_changes, [SlotChanges { key: key(7), changes: at(&[1]) }]);
    assert_eq!((&of(1).nonce_changes, &of(1).balance_changes), (&at(&[1]), &at(&[1])));
    assert_eq!((&of(6).nonce_changes, &of(6).code_changes), (&at(&[2]), &at(&[2])));
    assert_eq!(of(8).balance_changes, at(&[1]));
    assert!(of(7).balance_changes.is_empty());
    assert!(keys.accounts.is_sorted_by_key(|keys| keys.address));
    assert_eq!(keys.accounts.len(), 7);
    let reads = |index, reads: &[u8]| TxReads {
        index: U64::from(index),
        reads: reads.iter().map(|&n| (account(2), key(n))).collect(),
    };
    assert_eq!(keys.read_index, [reads(1, &[1, 2]), reads(2, &[2])]);
}

#[test]
fn what_follows_is_not_in_the_dag() {
    let tx = TxIndex;
    let edges = [(tx(0), tx(1)), (tx(1), tx(3)), (tx(0), tx(3)), (tx(2), tx(3))];
    let schedule = Schedule::from_edges(4, edges).unwrap();
    let dag = tx_dag(5, &schedule, (0..4).map(TxIndex));
    let lists: Vec<&[u32]> = dag.tx_deps.iter().map(|tx| tx.tx_indexes.as_slice()).collect();
    assert_eq!(lists, [&[][..], &[0], &[], &[1, 2]]);
    let text = print(&tx_dag(5, &schedule, [TxIndex(3)]));
    let expected =
        r#"{"schemaVersion":1,"block":5,"type":1,"txDeps":[{"index":3,"txIndexes":[1,2]}]}"#;
    assert_eq!(text, expected);
}

#[test]
fn slots_are_padded_and_nothing_has_a_value() {
    let predictions = predictions();
    let text = print(&block_keys(5, predictions.iter_enumerated()));
    let padded = format!("\"key\":\"0x{}2\"", "0".repeat(63));
    assert!(text.contains(&padded), "{text}");
    assert!(text.contains(r#""changes":[{"index":"0x1"}]"#), "{text}");
    assert!(!text.contains("value"), "{text}");
}

#[test]
fn every_dialect_is_read_back_as_it_was_written() {
    let lists = lists();
    assert_eq!(serde_json::from_str::<BlockAccessLists>(&print(&lists)).unwrap(), lists);
    let keys = block_keys(5, predictions().iter_enumerated());
    assert_eq!(serde_json::from_str::<BlockKeys>(&print(&keys)).unwrap(), keys);
    let schedule = Schedule::from_edges(3, [(TxIndex(0), TxIndex(2))]).unwrap();
    let dag = tx_dag(5, &schedule, (0..3).map(TxIndex));
    let read: TxDag = serde_json::from_str(&print(&dag)).unwrap();
    assert!(read == dag && read.edges().eq([(TxIndex(0), TxIndex(2))]));
}

#[test]
fn an_access_list_holds_the_slots_that_were_predicted() {
    let (lists, predictions) = (lists(), predictions());
    for (list, prediction) in lists.txs.iter().zip(&predictions) {
        let storage = prediction.storage();
        let mut slots = [&storage.reads[..], &storage.deltas].concat();
        slots.sort();
        assert_eq!(list.slots(), slots);
    }
}

/// Puts a value of its kind into every change, as a list that has values writes them.
fn with_values(keys: &BlockKeys) -> Value {
    let mut accounts = serde_json::to_value(&keys.accounts).unwrap();
    for account in accounts.as_array_mut().unwrap() {
        for (kind, name, value) in [
            ("balanceChanges", "value", "0x0"),
            ("nonceChanges", "value", "0x0"),
            ("codeChanges", "code", "0x"),
        ] {
            for change in account[kind].as_array_mut().unwrap() {
                change[name] = value.into();
            }
        }
        for slot in account["storageChanges"].as_array_mut().unwrap() {
            for change in slot["changes"].as_array_mut().unwrap() {
                change["value"] = "0x0".into();
            }
        }
    }
    accounts
}

#[test]
fn block_keys_are_a_block_access_list_without_values() {
    let keys = block_keys(5, predictions().iter_enumerated());
    let list: Vec<AccountChanges> = keys.accounts.iter().map(AccountKeys::with_zeros).collect();
    validate_block_access_list(&list, 2).unwrap();
    let again: Vec<AccountKeys> = list.iter().map(AccountKeys::from).collect();
    assert_eq!(again, keys.accounts);
    let read: Vec<AccountChanges> = serde_json::from_value(with_values(&keys)).unwrap();
    assert_eq!(read, list, "the names are those of the real crate");
}
