//! Tests of: what is the state after a block, as each of the two left it?

use alloy_primitives::{Address, B256, U256};
use ethrex_common::types::{AccountInfo, AccountUpdate};
use slotcast::executor::{AccountChange, AccountFields, SlotChange};

use super::{Account, World};
use crate::convert::{h160, h256, key, u256};

const AT: Address = Address::with_last_byte(1);

fn world(slots: &[(u64, u64)]) -> World {
    let storage = slots.iter().map(|&(key, value)| (U256::from(key), U256::from(value))).collect();
    World([(AT, Account { nonce: 1, storage, ..Account::default() })].into())
}

fn fields(nonce: u64) -> AccountFields {
    let Account { balance, code_hash, .. } = Account::default();
    AccountFields { balance, nonce, code_hash }
}

#[test]
fn both_kinds_of_changes_lead_to_one_state() {
    let change = AccountChange {
        address: AT,
        before: Some(fields(1)),
        after: Some(fields(2)),
        destroyed: false,
        storage: vec![
            SlotChange { key: U256::from(1), before: U256::from(5), after: U256::ZERO },
            SlotChange { key: U256::from(2), before: U256::ZERO, after: U256::from(6) },
        ],
    };
    let info =
        AccountInfo { nonce: 2, balance: u256(U256::ZERO), code_hash: h256(fields(2).code_hash) };
    let mut update = AccountUpdate { info: Some(info), ..AccountUpdate::new(h160(AT)) };
    update.added_storage.insert(key(U256::from(1)), u256(U256::ZERO));
    update.added_storage.insert(key(U256::from(2)), u256(U256::from(6)));
    let before = world(&[(1, 5)]);
    let ours = before.clone().after_slotcast(&[change]);
    let theirs = before.clone().after_ethrex(&[update]);
    assert_eq!(ours, theirs);
    assert_ne!(ours, before);
    assert_eq!(ours.first_difference(&theirs), None);
    assert!(ours.first_difference(&before).is_some());
}

#[test]
fn an_account_that_is_gone_is_gone_for_both() {
    let change = AccountChange {
        address: AT,
        before: Some(fields(1)),
        after: None,
        destroyed: true,
        storage: vec![],
    };
    let ours = world(&[(1, 5)]).after_slotcast(&[change]);
    let theirs = world(&[(1, 5)]).after_ethrex(&[AccountUpdate::removed(h160(AT))]);
    assert_eq!(ours, theirs);
    assert_eq!(ours, World::default());
}

#[test]
fn the_root_is_that_of_alloys_trie() {
    use slotcast_lab::state_root::whole_state_of;
    let recorded = slotcast_corpus::embedded().unwrap();
    assert_eq!(World::before(&recorded).root(), whole_state_of(&recorded).root());
    assert_ne!(world(&[(1, 5)]).root(), world(&[(1, 6)]).root());
    assert_ne!(World::default().root(), B256::ZERO);
}
