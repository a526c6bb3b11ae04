//! Does each dialect say what was predicted, and nothing twice?

use alloy_consensus::{Header, Signed, TxEnvelope, TxLegacy, transaction::Recovered};
use alloy_primitives::{Address, B256, Signature, TxKind, U64, U256};
use slotcast_executor::{Block, ForkChoice};
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

/// Two transactions from account 1 to account 2 in a block for account 3.
fn block() -> Block {
    let tx = |nonce| {
        let to = TxKind::Call(account(2));
        let tx = TxLegacy { nonce, gas_limit: 100_000, to, ..TxLegacy::default() };
        let signed = Signed::new_unchecked(tx, Signature::test_signature(), B256::ZERO);
        Recovered::new_unchecked(TxEnvelope::Legacy(signed), account(1))
    };
    Block {
        chain_id: 1,
        header: Header { number: 5, beneficiary: account(3), ..Header::default() },
        hash: B256::ZERO,
        transactions: vec![tx(0), tx(1)],
        withdrawals: None,
        forks: ForkChoice::OfChain,
        ommers: vec![],
    }
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
    let predictions = predictions();
    let lists = access_lists(&block(), predictions.iter_enumerated());
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
            AccessList { index: 0, complete: false, access_list: expected },
            AccessList { index: 1, complete: true, access_list: vec![item(2, vec![key(2)])] },
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
