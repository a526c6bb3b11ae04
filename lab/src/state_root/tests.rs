//! Tests of: which root does a whole state have, and which after a block?

use alloy_primitives::{b256, keccak256};
use slotcast_executor::{AccountFields, SlotChange};

use super::*;

fn fields(balance: u64) -> AccountFields {
    AccountFields { balance: U256::from(balance), nonce: 1, code_hash: KECCAK256_EMPTY }
}

fn change(n: u8, after: Option<AccountFields>, storage: &[(u64, u64)]) -> AccountChange {
    let slot = |(key, after): &(u64, u64)| SlotChange {
        key: U256::from(*key),
        before: U256::ZERO,
        after: U256::from(*after),
    };
    AccountChange {
        address: Address::with_last_byte(n),
        before: None,
        after,
        destroyed: false,
        storage: storage.iter().map(slot).collect(),
    }
}

#[test]
fn an_empty_state_has_the_root_of_an_empty_trie() {
    let empty = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
    assert_eq!(WholeState::default().root(), empty);
}

#[test]
fn one_account_has_the_root_that_its_encoding_has() {
    let account = Account { balance: U256::from(5), ..Account::default() };
    let address = Address::with_last_byte(1);
    let state = WholeState { accounts: [(address, account)].into() };
    // A trie with one leaf is that leaf: the whole hashed address, then the encoded account.
    let path = [&[0x20][..], keccak256(address).as_slice()].concat();
    let value = encoded_account();
    let leaf = [
        &[0xf8, (1 + path.len() + 2 + value.len()) as u8, 0xa1][..],
        &path,
        &[0xb8, value.len() as u8],
        &value,
    ]
    .concat();
    assert_eq!(state.root(), keccak256(leaf));
}

/// The list of nonce 0, balance 5, the root of no storage and the hash of no code.
fn encoded_account() -> Vec<u8> {
    let root = WholeState::default().root();
    [&[0xf8, 0x44, 0x80, 0x05, 0xa0][..], root.as_slice(), &[0xa0], KECCAK256_EMPTY.as_slice()]
        .concat()
}

#[test]
fn changes_that_cancel_leave_the_root() {
    let mut state = WholeState::default();
    state.apply(&[change(1, Some(fields(5)), &[(7, 8)]), change(2, Some(fields(6)), &[])]);
    let root = state.root();
    state.apply(&[change(1, Some(fields(5)), &[(9, 1)]), change(3, Some(fields(1)), &[])]);
    assert_ne!(state.root(), root);
    state.apply(&[change(1, Some(fields(5)), &[(9, 0)]), change(3, None, &[])]);
    assert_eq!(state.root(), root);
    let destroyed = AccountChange { destroyed: true, ..change(1, Some(fields(5)), &[(7, 8)]) };
    state.apply(&[destroyed]);
    assert_eq!(state.root(), root, "what it had goes, what it gets stays");
}
