//! Tests of [`LastWriters`].

use alloy_primitives::{Address, U256};

use super::*;

#[test]
fn what_is_created_or_destroyed_changes_with_all_it_holds() {
    let account = Address::with_last_byte;
    let slot = |n| Location::from(Slot::new(account(n), U256::ONE));
    let accounts = |created: u8, destroyed: u8| AccountAccess {
        created: vec![account(created)],
        destroyed: vec![account(destroyed)],
        ..AccountAccess::default()
    };
    let makes = Observation { accounts: accounts(1, 2), ..Observation::default() };
    let writes = Observation { writes: vec![Slot::new(account(1), U256::ONE)], ..makes.clone() };
    let delegates = AccountAccess { delegated: vec![account(3)], ..AccountAccess::default() };
    let delegates = Observation { accounts: delegates, ..Observation::default() };
    let observations = [makes, delegates, writes];
    let indexed = || (0..).map(TxIndex).zip(&observations);
    let before = |n| LastWriters::before(TxIndex(n), indexed());
    assert_eq!(before(0).of(&slot(1)), None);
    assert_eq!(before(1).of(&slot(1)), Some(TxIndex(0)));
    assert_eq!(before(1).of(&Location::Nonce(account(2))), Some(TxIndex(0)));
    assert_eq!(before(2).of(&Location::Code(account(3))), Some(TxIndex(1)));
    assert_eq!(before(3).of(&slot(1)), Some(TxIndex(2)));
    assert_eq!(before(3).of(&slot(3)), None, "a delegation leaves storage alone");
}
